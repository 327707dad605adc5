/* SPDX-License-Identifier: MIT */
#include "fold.h"

#include <string.h>

/* A floating-point result is kept if it is no larger than this, or little larger than what it is
 * made of: a weight is not blown up where one that is broadcast serves as well. */
#define SMALL_BYTES ((int64_t)16 << 20)
#define GROWTH 4

/* Elements worked out in all: a file of ordinary size needs a few for each number in it. */
#define STEPS_PER_ELEMENT 16

static int64_t add(int64_t sum, int64_t more)
{
	return more > INT64_MAX - sum ? INT64_MAX : sum + more;
}

void hidp_onnx__fold_init(struct folding *folding, struct graph *graph)
{
	int64_t elements = 0;
	for (uint32_t i = 0; i < graph->value_count; i++)
		if (graph->values[i]->constant != NULL)
			elements = add(elements, graph->values[i]->constant->count);
	for (uint32_t i = 0; i < graph->node_count; i++)
		for (uint32_t k = 0; k < graph->nodes[i]->attribute_count; k++)
			if (graph->nodes[i]->attributes[k].tensor != NULL)
				elements = add(elements,
				               graph->nodes[i]->attributes[k].tensor->count);
	const uint64_t bytes = graph->options->tensor_bytes_max;
	folding->graph = graph;
	folding->steps = bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes / 4;
	folding->steps = elements > (INT64_MAX - folding->steps) / STEPS_PER_ELEMENT
	                         ? INT64_MAX
	                         : folding->steps + elements * STEPS_PER_ELEMENT;
}

bool hidp_onnx__spend(struct folding *folding, int64_t steps)
{
	if (steps < 0 || steps > folding->steps)
		return false;
	folding->steps -= steps;
	return true;
}

/* Are its elements there? */
static bool readable(const struct value *value)
{
	const struct tensor *t = value->constant;
	return t != NULL && (t->data != NULL || t->count == 0) &&
	       hidp_onnx__element_bytes(t->type) != 0 && t->type != ELEMENT_COMPLEX64 &&
	       t->type != ELEMENT_COMPLEX128;
}

static bool all_constant(const struct node *node)
{
	bool any = false;
	for (uint32_t i = 0; i < node->output_count; i++) {
		if (node->outputs[i] == NULL)
			continue;
		if (node->outputs[i]->constant == NULL)
			return false;
		any = true;
	}
	return any;
}

/* The node has done what it is for. */
static void settle(struct node *node)
{
	for (uint32_t i = 0; i < node->output_count; i++)
		if (node->outputs[i] != NULL)
			node->outputs[i]->producer = NULL;
	node->dead = true;
}

/* A product does not overflow: shapes have been checked for elements of 16 bytes. */
static int64_t bytes_of(const struct value *value)
{
	return hidp_onnx__count(&value->dims) * (int64_t)hidp_onnx__element_bytes(value->type);
}

/* Are the results small enough to be kept? What they cost is *steps_out. */
static bool worth(const struct graph *graph, const struct node *node, enum fold_kind kind,
                  int64_t *steps_out)
{
	int64_t in_bytes = 0, steps = 0;
	for (uint32_t i = 0; i < node->input_count; i++)
		if (node->inputs[i] != NULL) {
			in_bytes = add(in_bytes, bytes_of(node->inputs[i]));
			if (i > 0 || kind != FOLD_PART)
				steps = add(steps, node->inputs[i]->constant->count);
		}
	const int64_t most = in_bytes > INT64_MAX / GROWTH ? INT64_MAX : in_bytes * GROWTH;
	for (uint32_t i = 0; i < node->output_count; i++) {
		const struct value *value = node->outputs[i];
		if (value == NULL || value->dims.rank < 0)
			continue;
		const int64_t bytes = bytes_of(value);
		if ((uint64_t)bytes > graph->options->tensor_bytes_max ||
		    hidp_onnx__element_bytes(value->type) == 0)
			return false;
		if (hidp_onnx__is_float(value->type) && bytes > SMALL_BYTES && bytes > most)
			return false;
		/* wide elements count twice, so that the steps limit the memory as well */
		const int64_t words = bytes / (int64_t)sizeof(float);
		const int64_t count = hidp_onnx__count(&value->dims);
		steps = add(steps, count > words ? count : words);
	}
	*steps_out = steps;
	return true;
}

/* Tensors without elements are constant, whatever they are made of. */
static hidp_status fold_empty(const struct folding *folding, const struct node *node)
{
	for (uint32_t i = 0; i < node->output_count; i++) {
		struct value *value = node->outputs[i];
		struct tensor *tensor;
		void *data;
		if (value == NULL || value->constant != NULL || value->dims.rank < 0 ||
		    hidp_onnx__count(&value->dims) != 0 ||
		    hidp_onnx__element_bytes(value->type) == 0)
			continue;
		hidp_status s = hidp_onnx__new_tensor(folding->graph, node, value->type,
		                                      &value->dims, &tensor, &data);
		if (s != HIDP_OK)
			return s;
		value->constant = tensor;
		value->producer = NULL;
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__fold(struct folding *folding, struct node *node,
                            const struct op_rule *rule)
{
	int64_t steps;
	hidp_status s = fold_empty(folding, node);
	if (s != HIDP_OK)
		return s;
	if (!all_constant(node)) {
		if (rule->fold == NULL || node->output_count == 0 || node->outputs[0] == NULL)
			return HIDP_OK;
		for (uint32_t i = 0; i < node->input_count; i++)
			if (node->inputs[i] != NULL && !readable(node->inputs[i]))
				return HIDP_OK;
		if (rule->kind != FOLD_VIEW) {
			if (!worth(folding->graph, node, rule->kind, &steps))
				return HIDP_OK;
			if (!hidp_onnx__spend(folding, steps))
				return hidp_onnx__fail_node(
				        folding->graph, node, HIDP_ERR_LIMIT,
				        "working out what is constant takes too long");
		}
		s = rule->fold(folding, node);
		if (s != HIDP_OK)
			return s;
	}
	if (all_constant(node))
		settle(node);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_output(struct folding *folding, const struct node *node,
                                   struct tensor **tensor_out, void **data_out)
{
	const struct value *value = node->outputs[0];
	return hidp_onnx__new_tensor(folding->graph, node, value->type, &value->dims, tensor_out,
	                             data_out);
}

void hidp_onnx__strides(const struct dims *dims, int64_t strides[HIDP_ONNX_RANK_MAX])
{
	int64_t stride = 1;
	for (int i = dims->rank - 1; i >= 0; i--) {
		strides[i] = stride;
		/* of an empty tensor the strides do not matter, but must not overflow */
		stride *= dims->size[i] > 1 ? dims->size[i] : 1;
	}
}

void hidp_onnx__walk_init(struct walk *walk, const struct dims *dims, int operands)
{
	*walk = (struct walk){.rank = dims->rank, .operands = operands};
	for (int i = 0; i < dims->rank; i++)
		walk->size[i] = dims->size[i];
}

void hidp_onnx__walk_dense(struct walk *walk, int operand, const struct dims *dims)
{
	int64_t strides[HIDP_ONNX_RANK_MAX];
	hidp_onnx__strides(dims, strides);
	for (int i = 0; i < dims->rank; i++)
		if (dims->size[i] != 1)
			walk->stride[operand][walk->rank - dims->rank + i] = strides[i];
}

/* On to the next place along dimension `from`, or, at its end, along those before it. */
static void advance(struct walk *walk, int from)
{
	for (int i = from; i >= 0; i--) {
		const bool more = ++walk->at[i] < walk->size[i];
		const int64_t steps = more ? 1 : 1 - walk->size[i];
		for (int o = 0; o < walk->operands; o++)
			walk->offset[o] += steps * walk->stride[o][i];
		if (more)
			return;
		walk->at[i] = 0;
	}
}

void hidp_onnx__walk_step(struct walk *walk)
{
	advance(walk, walk->rank - 1);
}

/* Copies elements that lie apart; moves of a size that the compiler knows are fast. */
static void copy_apart(unsigned char *to, int64_t to_step, const unsigned char *from,
                       int64_t from_step, int64_t count, size_t bytes)
{
	const ptrdiff_t t = (ptrdiff_t)(to_step * (int64_t)bytes);
	const ptrdiff_t f = (ptrdiff_t)(from_step * (int64_t)bytes);
	if (bytes == 4)
		for (int64_t i = 0; i < count; i++)
			memcpy(to + i * t, from + i * f, 4);
	else if (bytes == 8)
		for (int64_t i = 0; i < count; i++)
			memcpy(to + i * t, from + i * f, 8);
	else
		for (int64_t i = 0; i < count; i++)
			memcpy(to + i * t, from + i * f, bytes);
}

void hidp_onnx__walk_copy(struct walk *walk, void *to, const void *from, size_t bytes)
{
	const int last = walk->rank - 1;
	const int64_t run = last >= 0 ? walk->size[last] : 1;
	const int64_t to_step = last >= 0 ? walk->stride[0][last] : 1;
	const int64_t from_step = last >= 0 ? walk->stride[1][last] : 1;
	int64_t rows = run > 0 ? 1 : 0;
	for (int i = 0; i < last; i++)
		rows *= walk->size[i];
	for (int64_t i = 0; i < rows; i++) {
		unsigned char *t = (unsigned char *)to + (size_t)walk->offset[0] * bytes;
		const unsigned char *f =
		        (const unsigned char *)from + (size_t)walk->offset[1] * bytes;
		if (to_step == 1 && from_step == 1)
			memcpy(t, f, (size_t)run * bytes);
		else
			copy_apart(t, to_step, f, from_step, run, bytes);
		advance(walk, last - 1);
	}
}
