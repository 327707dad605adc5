/* SPDX-License-Identifier: MIT */
/* Types and shapes of all values, node by node; what follows from constants becomes constant. */
#include "infer.h"

#include <stdio.h>
#include <string.h>

#include "fold.h"

static hidp_status check_dims(const struct graph *graph, const char *name, const struct dims *dims)
{
	int64_t count = 1;
	for (int i = 0; i < dims->rank; i++) {
		const int64_t size = dims->size[i];
		if (size < 0)
			return hidp_onnx__fail(graph, name, HIDP_ERR_MODEL,
			                       "dimension %d of the tensor is negative", i);
		if (size > DIM_MAX)
			return hidp_onnx__fail(graph, name, HIDP_ERR_LIMIT,
			                       "dimension %d of the tensor is %lld, more than %lld",
			                       i, (long long)size, (long long)DIM_MAX);
		/* an empty tensor must not have strides that do not fit, either; 16: the largest
		   element's bytes */
		if (size > 1 && count > INT64_MAX / 16 / size)
			return hidp_onnx__fail(graph, name, HIDP_ERR_LIMIT,
			                       "the tensor's size does not fit into 64 bits");
		count *= size > 1 ? size : 1;
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__set_output(const struct graph *graph, const struct node *node, uint32_t i,
                                  enum element type, const struct dims *dims)
{
	if (i >= node->output_count || node->outputs[i] == NULL)
		return HIDP_OK;
	char text[160];
	hidp_status s = check_dims(graph, "tensor", dims);
	if (s != HIDP_OK)
		return hidp_onnx__fail_node(graph, node, s,
		                            "output %u would be of size %s, %s", i,
		                            hidp_onnx__dims_text(dims, text),
		                            s == HIDP_ERR_LIMIT ? "which is too large"
		                                                : "which makes no sense");
	node->outputs[i]->type = type;
	node->outputs[i]->dims = *dims;
	return HIDP_OK;
}

hidp_status hidp_onnx__mismatch(const struct graph *graph, const struct node *node, uint32_t a,
                                uint32_t b)
{
	char first[160], second[160];
	return hidp_onnx__fail_node(
	        graph, node, HIDP_ERR_MODEL, "inputs %u and %u do not match: %s and %s", a, b,
	        hidp_onnx__dims_text(&node->inputs[a]->dims, first),
	        hidp_onnx__dims_text(&node->inputs[b]->dims, second));
}

hidp_status hidp_onnx__check_rank(const struct graph *graph, const struct node *node, uint32_t i,
                                  int least, int most)
{
	const struct dims *dims = &node->inputs[i]->dims;
	char text[160];
	if (dims->rank >= least && dims->rank <= most)
		return HIDP_OK;
	return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
	                            "input %u is of size %s, which has too %s dimensions", i,
	                            hidp_onnx__dims_text(dims, text),
	                            dims->rank < least ? "few" : "many");
}

hidp_status hidp_onnx__check_type(const struct graph *graph, const struct node *node, uint32_t a,
                                  uint32_t b)
{
	if (node->inputs[a]->type == node->inputs[b]->type)
		return HIDP_OK;
	return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
	                            "inputs %u and %u are of types %d and %d, which must be the same",
	                            a, b, node->inputs[a]->type, node->inputs[b]->type);
}

hidp_status hidp_onnx__axis_of(const struct graph *graph, const struct node *node, int64_t axis,
                               int rank, int *axis_out)
{
	*axis_out = hidp_onnx__axis(axis, rank);
	if (*axis_out >= 0)
		return HIDP_OK;
	return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
	                            "axis %lld is none of a tensor of %d dimensions",
	                            (long long)axis, rank);
}

bool hidp_onnx__broadcast(struct dims *dims, const struct dims *other)
{
	struct dims joined = dims->rank >= other->rank ? *dims : *other;
	for (int i = 1; i <= joined.rank; i++) {
		const int64_t a = i <= dims->rank ? dims->size[dims->rank - i] : 1;
		const int64_t b = i <= other->rank ? other->size[other->rank - i] : 1;
		if (a != b && a != 1 && b != 1)
			return false;
		joined.size[joined.rank - i] = a == 1 ? b : a;
	}
	*dims = joined;
	return true;
}

hidp_status hidp_onnx__new_tensor(struct graph *graph, const struct node *node, enum element type,
                                  const struct dims *dims, struct tensor **tensor_out,
                                  void **data_out)
{
	const int64_t count = hidp_onnx__count(dims);
	const size_t bytes = hidp_onnx__element_bytes(type);
	*tensor_out = hidp_onnx__tensor(graph, type, dims, data_out);
	if (*tensor_out != NULL)
		return HIDP_OK;
	if (count < 0 || bytes == 0 || (uint64_t)count > graph->options->tensor_bytes_max / bytes)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_LIMIT,
		                            "makes a tensor that is larger than is allowed");
	return hidp_onnx__no_memory(graph);
}

uint32_t hidp_onnx__given(const struct node *node)
{
	uint32_t count = node->input_count;
	while (count > 0 && node->inputs[count - 1] == NULL)
		count--;
	return count;
}

hidp_status hidp_onnx__list(const struct graph *graph, const struct node *node, uint32_t input,
                            const char *attribute, struct list *list_out)
{
	const size_t room = sizeof list_out->at / sizeof list_out->at[0];
	const struct value *value = hidp_onnx__input(node, input);
	*list_out = (struct list){.given = value != NULL};
	if (value != NULL) {
		if (value->constant == NULL)
			return SHAPE_UNKNOWN;
		if (hidp_onnx__integers(value, list_out->at, room, &list_out->count))
			return HIDP_OK;
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "input %u should be a list of at most %zu whole numbers",
		                            input, room);
	}
	size_t count = 0;
	const int64_t *ints =
	        attribute != NULL ? hidp_onnx__ints(node, attribute, &count) : NULL;
	if (count > room)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "attribute %s has %zu numbers, more than %zu", attribute,
		                            count, room);
	list_out->given = ints != NULL;
	list_out->count = count;
	if (count > 0)
		memcpy(list_out->at, ints, count * sizeof *ints);
	return HIDP_OK;
}

hidp_status hidp_onnx__axes(const struct graph *graph, const struct node *node,
                            const struct list *list, int rank, bool all,
                            bool axes_out[HIDP_ONNX_RANK_MAX])
{
	for (int i = 0; i < RANK_MAX; i++)
		axes_out[i] = list->count == 0 && all && i < rank;
	for (size_t i = 0; i < list->count; i++) {
		int axis;
		hidp_status s = hidp_onnx__axis_of(graph, node, list->at[i], rank, &axis);
		if (s != HIDP_OK)
			return s;
		if (axes_out[axis])
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "axis %d is named twice", axis);
		axes_out[axis] = true;
	}
	return HIDP_OK;
}

/* What the file says of the shapes of the outputs, where nothing else is known. */
static hidp_status take_stated(const struct graph *graph, const struct node *node,
                               const char *why)
{
	for (uint32_t i = 0; i < node->output_count; i++) {
		struct value *value = node->outputs[i];
		if (value == NULL || value->dims.rank >= 0)
			continue;
		bool known = value->stated.rank >= 0 && value->stated_type != ELEMENT_NONE;
		for (int k = 0; known && k < value->stated.rank; k++)
			known = value->stated.size[k] >= 0;
		if (!known)
			return hidp_onnx__fail_node(
			        graph, node, HIDP_ERR_UNSUPPORTED,
			        "the shape of output %.60s is not known: %s, and the file does not state it",
			        value->name, why);
		hidp_status s = hidp_onnx__set_output(graph, node, i, value->stated_type,
		                                      &value->stated);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status check_inputs(const struct graph *graph, const struct node *node,
                                const struct op_rule *rule)
{
	const uint32_t given = hidp_onnx__given(node);
	if (given > rule->most)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "has %u inputs, at most %u make sense", given,
		                            rule->most);
	for (uint32_t i = 0; i < rule->least; i++)
		if (hidp_onnx__input(node, i) == NULL)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "input %u is missing", i);
	return HIDP_OK;
}

/* The input whose elements would have to be known. */
static const char *not_constant(const struct node *node)
{
	for (uint32_t i = node->input_count; i-- > 0;)
		if (node->inputs[i] != NULL && node->inputs[i]->constant == NULL)
			return node->inputs[i]->name;
	return "";
}

static hidp_status infer_node(struct graph *graph, struct node *node, const struct op_rule *rule)
{
	char why[120];
	for (uint32_t i = 0; i < node->output_count; i++)
		if (node->outputs[i] != NULL)
			node->outputs[i]->dims.rank = -1;
	if (rule == NULL)
		return take_stated(graph, node, "the op is not one that is known");
	hidp_status s = check_inputs(graph, node, rule);
	if (s == HIDP_OK)
		s = rule->infer(graph, node);
	if (s == HIDP_OK) {
		for (uint32_t i = 0; i < node->output_count; i++)
			if (node->outputs[i] != NULL && node->outputs[i]->dims.rank < 0)
				node->stated = true;
		return take_stated(graph, node, "the op has no such output");
	}
	if (s != SHAPE_UNKNOWN)
		return s;
	snprintf(why, sizeof why, "it depends on elements of %.60s, which are no constants",
	         not_constant(node));
	node->stated = true;
	return take_stated(graph, node, why);
}

/* What the graph starts from. */
static hidp_status check_values(struct graph *graph)
{
	char text[100];
	for (uint32_t i = 0; i < graph->value_count; i++) {
		struct value *value = graph->values[i];
		if (value->constant != NULL) {
			value->type = value->constant->type;
			value->dims = value->constant->dims;
		}
		if (value->dims.rank < 0)
			continue;
		snprintf(text, sizeof text, "tensor %.80s", value->name);
		hidp_status s = check_dims(graph, text, &value->dims);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status check_known(const struct graph *graph, const struct node *node)
{
	for (uint32_t i = 0; i < node->input_count; i++)
		if (node->inputs[i] != NULL && (node->inputs[i]->dims.rank < 0 ||
		                                node->inputs[i]->type == ELEMENT_NONE))
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_UNSUPPORTED,
			                            "type or shape of input %.60s is not known",
			                            node->inputs[i]->name);
	return HIDP_OK;
}

static hidp_status visit(struct folding *folding, struct node *node)
{
	struct graph *graph = folding->graph;
	const struct op_rule *rule =
	        node->domain[0] == '\0' ? hidp_onnx__op_rule(node->op) : NULL;
	hidp_status s = check_known(graph, node);
	if (s == HIDP_OK && rule != NULL && rule->kind == FOLD_FIRST) {
		s = check_inputs(graph, node, rule);
		if (s == HIDP_OK)
			s = hidp_onnx__fold(folding, node, rule);
		if (node->dead)
			return s;
	}
	if (s == HIDP_OK)
		s = infer_node(graph, node, rule);
	if (s == HIDP_OK && rule != NULL)
		s = hidp_onnx__fold(folding, node, rule);
	return s;
}

hidp_status hidp_onnx__infer(struct graph *graph)
{
	struct folding folding;
	hidp_status s = check_values(graph);
	hidp_onnx__fold_init(&folding, graph);
	for (uint32_t i = 0; s == HIDP_OK && i < graph->node_count; i++)
		if (!graph->nodes[i]->dead)
			s = visit(&folding, graph->nodes[i]);
	return s;
}
