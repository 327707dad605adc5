/* SPDX-License-Identifier: MIT */
/* Passes over the graph that put together what exporters spell out. */
#include "match.h"

#include <math.h>
#include <string.h>

/* Outputs of the graph are read this often, and not by nodes alone. */
#define OUTPUT ((uint32_t)1 << 31)

/* Attention of a large network takes some thousands. */
#define VIEWS_MAX 1000000u

struct node *hidp_onnx__maker(const struct value *value)
{
	struct node *node = value != NULL && value->constant == NULL ? value->producer : NULL;
	return node != NULL && !node->dead && !node->stated && node->outputs[0] == value ? node
	                                                                                  : NULL;
}

struct node *hidp_onnx__made_by(const struct value *value, const char *op)
{
	struct node *node = hidp_onnx__maker(value);
	return node != NULL && hidp_onnx__is(node, op) ? node : NULL;
}

bool hidp_onnx__read_once(const struct matching *matching, const struct value *value)
{
	return value->id < matching->count && matching->uses[value->id] == 1;
}

bool hidp_onnx__is_output(const struct matching *matching, const struct value *value)
{
	return value->id < matching->count && matching->uses[value->id] >= OUTPUT;
}

struct node *hidp_onnx__made_for_this(const struct matching *matching, const struct value *value,
                                      const char *op)
{
	struct node *node = hidp_onnx__made_by(value, op);
	return node != NULL && hidp_onnx__read_once(matching, value) ? node : NULL;
}

bool hidp_onnx__gives_one(const struct matching *matching, const struct node *node)
{
	for (uint32_t i = 1; i < node->output_count; i++)
		if (node->outputs[i] != NULL && matching->uses[node->outputs[i]->id] > 0)
			return false;
	return node->output_count > 0 && node->outputs[0] != NULL;
}

struct node *hidp_onnx__reader(const struct matching *matching, const struct value *value,
                               const char *op)
{
	if (!hidp_onnx__read_once(matching, value))
		return NULL;
	struct node *node = matching->user[value->id];
	if (node == NULL || node->dead || !hidp_onnx__gives_one(matching, node) ||
	    !hidp_onnx__is(node, op))
		return NULL;
	/* it may have become another one meanwhile */
	for (uint32_t i = 0; i < node->input_count; i++)
		if (node->inputs[i] == value)
			return node;
	return NULL;
}

int hidp_onnx__scalar_input(const struct node *node, double *scalar_out)
{
	for (uint32_t i = 0; i < 2; i++) {
		const struct value *input = hidp_onnx__input(node, i);
		if (input != NULL && hidp_onnx__scalar(input, scalar_out))
			return (int)i;
	}
	return -1;
}

bool hidp_onnx__about(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fabs(b);
}

hidp_status hidp_onnx__become(const struct matching *matching, struct node *node,
                              const char *domain, const char *op, struct value *const *inputs,
                              uint32_t input_count)
{
	struct graph *graph = matching->graph;
	struct value **list = hidp_onnx__take(graph->pool, input_count, sizeof *list);
	if (list == NULL)
		return hidp_onnx__no_memory(graph);
	memcpy(list, inputs, input_count * sizeof *list);
	node->domain = domain;
	node->op = op;
	node->opset = domain[0] == '\0' ? graph->opset : 1;
	node->inputs = list;
	node->input_count = input_count;
	node->attributes = NULL;
	node->attribute_count = 0;
	return HIDP_OK;
}

/* Room for one more, at the end. */
static struct attribute *add_attribute(const struct matching *matching, struct node *node,
                                       const char *name)
{
	uint32_t count = node->attribute_count;
	struct attribute *attributes =
		hidp_onnx__take(matching->graph->pool, (size_t)count + 1, sizeof *attributes);
	if (attributes == NULL)
		return NULL;
	if (count > 0)
		memcpy(attributes, node->attributes, count * sizeof *attributes);
	attributes[count].name = name;
	node->attributes = attributes;
	node->attribute_count = count + 1;
	return &attributes[count];
}

hidp_status hidp_onnx__set_int(const struct matching *matching, struct node *node, const char *name,
                               int64_t value)
{
	struct attribute *attribute = add_attribute(matching, node, name);
	if (attribute == NULL)
		return hidp_onnx__no_memory(matching->graph);
	attribute->kind = ATTRIBUTE_INT;
	attribute->i = value;
	return HIDP_OK;
}

hidp_status hidp_onnx__set_ints(const struct matching *matching, struct node *node,
                                const char *name, const int64_t *values, size_t count)
{
	struct attribute *attribute = add_attribute(matching, node, name);
	int64_t *ints = hidp_onnx__take(matching->graph->pool, count, sizeof *ints);
	if (attribute == NULL || ints == NULL)
		return hidp_onnx__no_memory(matching->graph);
	memcpy(ints, values, count * sizeof *ints);
	attribute->kind = ATTRIBUTE_INTS;
	attribute->ints = ints;
	attribute->count = count;
	return HIDP_OK;
}

hidp_status hidp_onnx__set_float(const struct matching *matching, struct node *node,
                                 const char *name, double value)
{
	struct attribute *attribute = add_attribute(matching, node, name);
	if (attribute == NULL)
		return hidp_onnx__no_memory(matching->graph);
	attribute->kind = ATTRIBUTE_FLOAT;
	attribute->f = value;
	return HIDP_OK;
}

hidp_status hidp_onnx__constant_value(const struct matching *matching, const struct tensor *tensor,
                                      struct value **value_out)
{
	struct value *value = hidp_onnx__value(matching->graph, "", tensor->type, &tensor->dims);
	if (value == NULL)
		return hidp_onnx__no_memory(matching->graph);
	value->constant = tensor;
	*value_out = value;
	return HIDP_OK;
}

static bool flows(const struct value *value)
{
	return value != NULL && value->constant == NULL;
}

/* Clears the tables; they are taken anew when there are more values than they have room for. */
static bool make_room(struct matching *m)
{
	m->count = m->graph->value_count;
	if (m->count > m->room) {
		m->room =
			m->count <= UINT32_MAX - m->count / 8 ? m->count + m->count / 8 : m->count;
		m->uses = hidp_onnx__take(m->graph->pool, m->room, sizeof *m->uses);
		m->user = hidp_onnx__take(m->graph->pool, m->room, sizeof(struct node *));
		m->same = hidp_onnx__take(m->graph->pool, m->room, sizeof(struct value *));
		return m->uses != NULL && m->user != NULL && m->same != NULL;
	}
	memset(m->uses, 0, m->count * sizeof *m->uses);
	memset(m->user, 0, m->count * sizeof(struct node *));
	memset(m->same, 0, m->count * sizeof(struct value *));
	return true;
}

/* Nodes that no output needs are dead; how often what is left reads each value. */
static hidp_status survey(struct matching *m)
{
	struct graph *graph = m->graph;
	if (!make_room(m))
		return hidp_onnx__no_memory(graph);
	for (uint32_t i = 0; i < graph->output_count; i++)
		m->uses[graph->outputs[i]->id] = OUTPUT;
	for (uint32_t i = graph->node_count; i-- > 0;) {
		struct node *node = graph->nodes[i];
		bool needed = false;
		for (uint32_t k = 0; k < node->output_count; k++)
			needed = needed ||
			         (flows(node->outputs[k]) && m->uses[node->outputs[k]->id] > 0);
		node->dead = node->dead || !needed;
		for (uint32_t k = 0; k < node->input_count && !node->dead; k++) {
			if (node->inputs[k] == NULL)
				continue;
			m->uses[node->inputs[k]->id]++;
			m->user[node->inputs[k]->id] = node;
		}
	}
	return HIDP_OK;
}

static hidp_status pass(struct matching *m, match_rule *rule)
{
	struct graph *graph = m->graph;
	hidp_status status = survey(m);
	for (uint32_t i = 0; i < graph->node_count && status == HIDP_OK; i++) {
		struct node *node = graph->nodes[i];
		if (node->dead)
			continue;
		/* what takes a value's place has nothing in its own */
		for (uint32_t k = 0; k < node->input_count; k++) {
			struct value *input = node->inputs[k];
			if (input != NULL && input->id < m->count && m->same[input->id] != NULL)
				node->inputs[k] = m->same[input->id];
		}
		if (hidp_onnx__gives_one(m, node))
			status = rule(m, node);
	}
	return status;
}

hidp_status hidp_onnx__match(struct graph *graph)
{
	static match_rule *const rules[] = {
		hidp_onnx__match_nothing,    hidp_onnx__match_activation,
		hidp_onnx__match_layer_norm, hidp_onnx__match_attention,
		hidp_onnx__match_pad,        hidp_onnx__match_dense,
	};
	struct matching m = {.graph = graph, .views = VIEWS_MAX};
	hidp_status status = HIDP_OK;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0] && status == HIDP_OK; i++)
		status = pass(&m, rules[i]);
	return status == HIDP_OK ? survey(&m) : status;
}
