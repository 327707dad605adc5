/* SPDX-License-Identifier: MIT */
/* From nodes to layers: what all ops share, and the way through the graph. */
#include "lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lower_ops.h"

struct hidp_layer_desc hidp_onnx__layer(hidp_op op)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	desc.op = op;
	return desc;
}

/* The file's name as far as it is free, else with a number behind, which only grows. */
static hidp_status new_name(struct lowering *lw, const char *wish, const char **name_out)
{
	struct graph *graph = lw->graph;
	hidp_status s = HIDP_OK;
	bool added = false;
	/* room for a number */
	char *stem = hidp_onnx__print(graph->pool, "%.*s", (int)HIDP_NAME_MAX - 12, wish);
	char *name = stem;
	if (name != NULL && name[0] != '\0')
		s = hidp_onnx__names_add(graph, &lw->names, name, name, &added);
	while (s == HIDP_OK && !added) {
		name = stem != NULL
		               ? hidp_onnx__print(graph->pool, "%s:%u", stem, ++lw->name_number)
		               : NULL;
		if (name == NULL)
			return hidp_onnx__no_memory(graph);
		s = hidp_onnx__names_add(graph, &lw->names, name, name, &added);
	}
	*name_out = name;
	return s;
}

static bool make_room(struct lowering *lw)
{
	if (lw->count < lw->room)
		return true;
	uint32_t room = lw->room == 0 ? 256 : lw->room * 2;
	struct planned *layers = hidp_onnx__take(lw->graph->pool, room, sizeof *layers);
	if (layers == NULL)
		return false;
	if (lw->count > 0)
		memcpy(layers, lw->layers, lw->count * sizeof *layers);
	lw->layers = layers;
	lw->room = room;
	return true;
}

hidp_status hidp_onnx__emit(struct lowering *lw, struct hidp_layer_desc *desc,
                            const struct operand *const *inputs, uint32_t input_count,
                            const struct dims *dims, const struct layout *layout,
                            struct operand *out)
{
	/* some of them are not needed in the end */
	if (lw->count >= 4 * HIDP_MODEL_LAYERS_MAX)
		return hidp_onnx__fail(lw->graph, "file", HIDP_ERR_LIMIT,
		                       "it makes more than %u layers", HIDP_MODEL_LAYERS_MAX);
	if (!make_room(lw))
		return hidp_onnx__no_memory(lw->graph);
	hidp_layer_id *ids = hidp_onnx__take(lw->graph->pool, input_count + 1u, sizeof *ids);
	struct planned *layer = &lw->layers[lw->count];
	if (ids == NULL)
		return hidp_onnx__no_memory(lw->graph);
	for (uint32_t i = 0; i < input_count; i++)
		ids[i] = inputs[i]->layer;
	*layer = (struct planned){.desc = *desc};
	layer->desc.inputs = input_count > 0 ? ids : NULL;
	layer->desc.input_count = input_count;
	hidp_status s = layer->desc.name == NULL
	                        ? new_name(lw, lw->node->name, &layer->desc.name)
	                        : HIDP_OK;
	if (s != HIDP_OK)
		return s;
	struct operand made = {lw->count, *dims, *layout};
	*out = made;
	lw->count++;
	return HIDP_OK;
}

hidp_status hidp_onnx__add_array(struct lowering *lw, hidp_weight_role role,
                                 const struct recipe *recipe)
{
	struct array *array = hidp_onnx__take(lw->graph->pool, 1, sizeof *array);
	struct planned *layer = &lw->layers[lw->count - 1];
	if (array == NULL)
		return hidp_onnx__no_memory(lw->graph);
	*array = (struct array){role, *recipe, layer->arrays};
	layer->arrays = array;
	return HIDP_OK;
}

struct recipe hidp_onnx__all_of(const struct tensor *tensor)
{
	return (struct recipe){
		.tensor = tensor, .rank = 1, .size = {tensor->count}, .stride = {1}};
}

struct tensor *hidp_onnx__new_floats(struct lowering *lw, int64_t count, float **data_out)
{
	const struct dims dims = {1, {count}};
	void *data;
	struct tensor *tensor = hidp_onnx__tensor(lw->graph, ELEMENT_FLOAT, &dims, &data);
	*data_out = data;
	return tensor;
}

hidp_status hidp_onnx__unsupported(const struct lowering *lw, const char *format, ...)
{
	char message[256];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return hidp_onnx__fail_node(lw->graph, lw->node, HIDP_ERR_UNSUPPORTED, "%s", message);
}

const struct tensor *hidp_onnx__constant(const struct lowering *lw, uint32_t i)
{
	const struct value *value = hidp_onnx__input(lw->node, i);
	return value != NULL ? value->constant : NULL;
}

hidp_status hidp_onnx__operand(struct lowering *lw, uint32_t i, struct operand *out)
{
	const struct value *value = hidp_onnx__input(lw->node, i);
	if (value == NULL)
		return hidp_onnx__unsupported(lw, "input %u is missing", i);
	if (value->constant != NULL)
		return hidp_onnx__unsupported(lw, "input %u is constant", i);
	*out = lw->operands[value->id];
	if (out->layer == HIDP_LAYER_NONE)
		return hidp_onnx__unsupported(lw, "input %u is made by nothing", i);
	return HIDP_OK;
}

bool hidp_onnx__wanted(const struct lowering *lw, uint32_t i)
{
	const struct node *node = lw->node;
	return i < node->output_count && node->outputs[i] != NULL &&
	       lw->wanted[node->outputs[i]->id];
}

void hidp_onnx__made(struct lowering *lw, uint32_t i, const struct operand *operand)
{
	if (i < lw->node->output_count && lw->node->outputs[i] != NULL) {
		struct operand *out = &lw->operands[lw->node->outputs[i]->id];
		*out = *operand;
		out->dims = lw->node->outputs[i]->dims;
	}
}

/* What the library can hold: numbers, at most 2^40 of them, none of the dimensions 0. */
static hidp_status check_value(const struct lowering *lw, const struct value *value)
{
	int64_t count = hidp_onnx__count(&value->dims);
	char text[160];
	if (value->dims.rank < 0)
		return hidp_onnx__unsupported(lw, "the shape of %s is not known", value->name);
	if (hidp_onnx__element_bytes(value->type) == 0 || value->type == ELEMENT_COMPLEX64 ||
	    value->type == ELEMENT_COMPLEX128)
		return hidp_onnx__unsupported(lw, "%s is not made of numbers", value->name);
	if (count < 1 || count > (int64_t)1 << 40)
		return hidp_onnx__unsupported(lw, "%s has the size %s", value->name,
		                              hidp_onnx__dims_text(&value->dims, text));
	return HIDP_OK;
}

static hidp_status check_values(const struct lowering *lw)
{
	const struct node *node = lw->node;
	for (uint32_t i = 0; i < node->output_count; i++) {
		if (!hidp_onnx__wanted(lw, i))
			continue;
		hidp_status s = check_value(lw, node->outputs[i]);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

/*
 * A layer that can be planned and not be run. It has the node's cost as far as anyone can know
 * it: what it reads and writes. Further outputs become layers of their own that read the first.
 */
static hidp_status lower_unknown(struct lowering *lw)
{
	const struct node *node = lw->node;
	const struct operand *inputs[HIDP_LAYER_INPUTS_MAX];
	struct hidp_row_rule *rules;
	struct operand first = {.layer = HIDP_LAYER_NONE};
	uint32_t count = 0;
	double weight_bytes = 0;
	for (uint32_t i = 0; i < node->input_count; i++) {
		const struct value *value = node->inputs[i];
		if (value == NULL)
			continue;
		if (value->constant != NULL)
			weight_bytes += 4.0 * (double)value->constant->count;
		else if (lw->operands[value->id].layer != HIDP_LAYER_NONE &&
		         count < HIDP_LAYER_INPUTS_MAX)
			inputs[count++] = &lw->operands[value->id];
	}
	if (count == 0)
		return hidp_onnx__unsupported(lw, "nothing flows into it, and it is not constant");
	rules = hidp_onnx__take(lw->graph->pool, count, sizeof *rules);
	if (rules == NULL)
		return hidp_onnx__no_memory(lw->graph);
	for (uint32_t i = 0; i < count; i++)
		rules[i] = (struct hidp_row_rule){
			0, 1, 0, hidp_onnx__shape(&inputs[i]->layout, &inputs[i]->dims).rows};
	for (uint32_t i = 0; i < node->output_count; i++) {
		const struct value *value = node->outputs[i];
		struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_CUSTOM);
		const struct operand *from[] = {&first};
		struct operand made;
		if (!hidp_onnx__wanted(lw, i))
			continue;
		const struct layout layout = hidp_onnx__natural(&value->dims);
		bool is_first = first.layer == HIDP_LAYER_NONE;
		desc.shape = hidp_onnx__shape(&layout, &value->dims);
		hidp_status s = HIDP_OK;
		const char *wish =
		        hidp_onnx__print(lw->graph->pool, "%.200s (%.40s)", node->name, node->op);
		if (wish == NULL)
			return hidp_onnx__no_memory(lw->graph);
		if ((s = new_name(lw, wish, &desc.name)) != HIDP_OK)
			return s;
		desc.weight_bytes = is_first ? weight_bytes : 0;
		if (!is_first)
			rules[0].extent = hidp_onnx__shape(&first.layout, &first.dims).rows;
		desc.row_rules = rules;
		s = hidp_onnx__emit(lw, &desc, is_first ? inputs : from,
		                                is_first ? count : 1, &value->dims, &layout, &made);
		if (s != HIDP_OK)
			return s;
		if (is_first) {
			first = made;
			/* the rules of the first must stay as they are */
			rules = hidp_onnx__take(lw->graph->pool, 1, sizeof *rules);
			if (rules == NULL)
				return hidp_onnx__no_memory(lw->graph);
			*rules = (struct hidp_row_rule){0, 1, 0, 1};
		}
		hidp_onnx__made(lw, i, &made);
	}
	return HIDP_OK;
}

static hidp_status lower_node(struct lowering *lw)
{
	const struct lower_entry *entry = hidp_onnx__find_lower(lw->node);
	const uint32_t count = lw->count;
	struct hidp_diagnostic *d = lw->graph->diagnostic;
	hidp_status s = check_values(lw);
	if (s != HIDP_OK)
		return s;
	/* what is left out may be all that the op is known by */
	if (entry == NULL || lw->node->stated || lw->node->outputs[0] == NULL)
		return lower_unknown(lw);
	lw->argument = entry->argument;
	s = entry->lower(lw);
	if (s != HIDP_ERR_UNSUPPORTED)
		return s;
	lw->count = count;
	s = lower_unknown(lw);
	if (s == HIDP_OK && d != NULL && d->struct_size >= sizeof *d)
		d->status = HIDP_OK;
	return s;
}

/* Does every output of the node that is wanted follow from constants? */
static bool is_settled(const struct lowering *lw)
{
	const struct node *node = lw->node;
	for (uint32_t i = 0; i < node->output_count; i++)
		if (hidp_onnx__wanted(lw, i) && node->outputs[i]->constant == NULL)
			return false;
	return true;
}

static void find_wanted(const struct lowering *lw)
{
	const struct graph *graph = lw->graph;
	for (uint32_t i = 0; i < graph->output_count; i++)
		lw->wanted[graph->outputs[i]->id] = true;
	for (uint32_t i = 0; i < graph->node_count; i++)
		for (uint32_t k = 0; !graph->nodes[i]->dead && k < graph->nodes[i]->input_count; k++)
			if (graph->nodes[i]->inputs[k] != NULL)
				lw->wanted[graph->nodes[i]->inputs[k]->id] = true;
}

/* The layout in which most of those who read it want an input. */
static struct layout input_layout(const struct graph *graph, const struct value *value)
{
	static const char *const images[] = {"Conv",    "ConvTranspose",      "MaxPool",
	                                     "AveragePool", "GlobalAveragePool",  "Resize",
	                                     "GlobalMaxPool", "BatchNormalization", "Pad",
	                                     "InstanceNormalization"};
	if (value->dims.rank == 4)
		return hidp_onnx__image(&value->dims);
	if (value->dims.rank == 2 && !hidp_onnx__is_float(value->type)) { /* token ids, or what hides some of them */
		struct layout tokens = {0};
		hidp_onnx__append(&tokens, &value->dims, 0, GROUP_BATCH);
		hidp_onnx__append(&tokens, &value->dims, 1, GROUP_ROWS);
		return tokens;
	}
	for (uint32_t i = 0; i < graph->node_count && value->dims.rank == 3; i++)
		for (size_t k = 0; k < sizeof images / sizeof images[0]; k++)
			if (hidp_onnx__input(graph->nodes[i], 0) == value &&
			    hidp_onnx__is(graph->nodes[i], images[k]))
				return hidp_onnx__image(&value->dims);
	return hidp_onnx__natural(&value->dims);
}

static hidp_status lower_input(struct lowering *lw, const struct value *value)
{
	const struct node source = {.name = value->name, .op = "input", .domain = ""};
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_INPUT);
	lw->node = &source;
	hidp_status s = check_value(lw, value);
	if (s != HIDP_OK)
		return s;
	const struct layout layout = input_layout(lw->graph, value);
	desc.shape = hidp_onnx__shape(&layout, &value->dims);
	s = hidp_onnx__emit(lw, &desc, NULL, 0, &value->dims, &layout, &lw->operands[value->id]);
	lw->node = NULL;
	return s;
}

/* Something that is wanted from the graph must be a layer of its own, and no input. */
static hidp_status lower_output(struct lowering *lw, const struct value *value)
{
	struct operand *out = &lw->operands[value->id];
	if (value->constant != NULL)
		return HIDP_OK;
	if (out->layer == HIDP_LAYER_NONE)
		return hidp_onnx__fail(lw->graph, value->name, HIDP_ERR_MODEL,
		                       "output of the graph that nothing makes");
	if (lw->layers[out->layer].desc.op == HIDP_OP_INPUT) {
		const struct node sink = {.name = value->name, .op = "output", .domain = ""};
		struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_RESHAPE);
		const struct operand from = *out;
		const struct operand *const inputs[] = {&from};
		desc.flags = HIDP_LAYER_CHANNELS_LAST;
		desc.shape = hidp_onnx__shape(&from.layout, &from.dims);
		lw->node = &sink;
		hidp_status s = hidp_onnx__emit(lw, &desc, inputs, 1, &from.dims, &from.layout,
		                                out);
		lw->node = NULL;
		if (s != HIDP_OK)
			return s;
	}
	lw->layers[out->layer].desc.flags |= HIDP_LAYER_OUTPUT;
	return HIDP_OK;
}

/* Layers that lead to no output of the graph go; the others keep their order. */
static hidp_status sweep(struct lowering *lw)
{
	uint32_t *to = hidp_onnx__take(lw->graph->pool, lw->count + 1u, sizeof *to);
	uint32_t kept = 0;
	if (to == NULL)
		return hidp_onnx__no_memory(lw->graph);
	for (uint32_t i = lw->count; i-- > 0;) {
		const struct hidp_layer_desc *d = &lw->layers[i].desc;
		if (to[i] == 0 && !(d->flags & HIDP_LAYER_OUTPUT))
			continue;
		to[i] = 1;
		for (uint32_t k = 0; k < d->input_count; k++)
			to[d->inputs[k]] = 1;
	}
	for (uint32_t i = 0; i < lw->count; i++) {
		if (to[i] == 0) {
			to[i] = HIDP_LAYER_NONE;
			continue;
		}
		/* ids were taken from the pool for this layer alone */
		hidp_layer_id *ids = (hidp_layer_id *)(uintptr_t)lw->layers[i].desc.inputs;
		for (uint32_t k = 0; k < lw->layers[i].desc.input_count; k++)
			ids[k] = to[ids[k]];
		lw->layers[kept] = lw->layers[i];
		to[i] = kept++;
	}
	lw->count = kept;
	for (uint32_t i = 0; i < lw->graph->value_count; i++)
		if (lw->operands[i].layer != HIDP_LAYER_NONE)
			lw->operands[i].layer = to[lw->operands[i].layer];
	return HIDP_OK;
}

hidp_status hidp_onnx__lower(struct lowering *lw)
{
	struct graph *graph = lw->graph;
	hidp_status s = HIDP_OK;
	lw->operands = hidp_onnx__take(graph->pool, graph->value_count + 1u, sizeof *lw->operands);
	lw->wanted = hidp_onnx__take(graph->pool, graph->value_count + 1u, sizeof *lw->wanted);
	if (lw->operands == NULL || lw->wanted == NULL)
		return hidp_onnx__no_memory(graph);
	/* layers are about as many as nodes */
	s = hidp_onnx__names_init(graph, &lw->names, 64 + 4 * (uint64_t)graph->node_count);
	find_wanted(lw);
	for (uint32_t i = 0; i < graph->value_count; i++)
		lw->operands[i].layer = HIDP_LAYER_NONE;
	for (uint32_t i = 0; i < graph->input_count && s == HIDP_OK; i++)
		s = lower_input(lw, graph->inputs[i]);
	for (uint32_t i = 0; i < graph->node_count && s == HIDP_OK; i++) {
		lw->node = graph->nodes[i];
		if (!lw->node->dead && !is_settled(lw))
			s = lower_node(lw);
	}
	for (uint32_t i = 0; i < graph->output_count && s == HIDP_OK; i++)
		s = lower_output(lw, graph->outputs[i]);
	return s == HIDP_OK ? sweep(lw) : s;
}
