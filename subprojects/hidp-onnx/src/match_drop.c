/* SPDX-License-Identifier: MIT */
/* Nodes that change nothing: what reads their result may as well read their input. */
#include "infer.h"
#include "match.h"
#include "view.h"

/* Longer ones are not looked at for being all zero, or all one. */
#define CONSTANT_MAX 1024

/* How far back a reshape may be undone. */
#define CHAIN_MAX 8

static bool same_shape(const struct node *node)
{
	return hidp_onnx__same_dims(&node->inputs[0]->dims, &node->outputs[0]->dims);
}

/* A cast between types that are all fp32 to the library, or that keeps every number. */
static bool is_idle_cast(const struct node *node)
{
	enum element from = node->inputs[0]->type, to = node->outputs[0]->type;
	return from == to || (hidp_onnx__is_float(from) && hidp_onnx__is_float(to)) ||
	       (from == ELEMENT_INT32 && to == ELEMENT_INT64);
}

/* Not in training, or with nothing to be dropped. */
static bool is_idle_dropout(const struct node *node)
{
	const struct value *ratio = hidp_onnx__input(node, 1);
	const struct value *training = hidp_onnx__input(node, 2);
	double number = 0;
	if (training == NULL || (hidp_onnx__scalar(training, &number) && number == 0))
		return true;
	return ratio != NULL && hidp_onnx__scalar(ratio, &number) && number == 0;
}

/* A mean or a maximum of single elements. */
static bool is_idle_pool(const struct node *node)
{
	static const char *const lists[] = {"kernel_shape", "strides"};
	if (!same_shape(node))
		return false;
	for (size_t i = 0; i < 2; i++) {
		size_t count = 0;
		const int64_t *list = hidp_onnx__ints(node, lists[i], &count);
		if (list == NULL && i == 0)
			return false;
		for (size_t k = 0; k < count; k++)
			if (list[k] != 1)
				return false;
	}
	/* of the same shape, and so without padding */
	return true;
}

static bool is_all(const struct value *value, double number)
{
	const struct tensor *t = value->constant;
	if (t == NULL || t->data == NULL || t->count > CONSTANT_MAX)
		return false;
	for (int64_t i = 0; i < t->count; i++)
		if (hidp_onnx__number(t, i) != number)
			return false;
	return true;
}

/* The input that comes out unchanged when the other one is 0 or 1; NULL: none does. */
static struct value *neutral(const struct node *node)
{
	static const struct {
		const char *op;
		double number;
		bool either; /* both inputs may be the constant, not only the second */
	} ops[] = {
		{"Add", 0, true},  {"Sub", 0, false}, {"Mul", 1, true},
		{"Div", 1, false}, {"Pow", 1, false},
	};
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (!hidp_onnx__is(node, ops[i].op))
			continue;
		for (uint32_t k = ops[i].either ? 0 : 1; k < 2; k++) {
			struct value *other = node->inputs[1 - k];
			if (other->type == node->outputs[0]->type &&
			    hidp_onnx__same_dims(&other->dims, &node->outputs[0]->dims) &&
			    is_all(node->inputs[k], ops[i].number))
				return other;
		}
	}
	return NULL;
}

static bool is_idle_pad(const struct graph *graph, const struct node *node)
{
	int64_t before[HIDP_ONNX_RANK_MAX], after[HIDP_ONNX_RANK_MAX];
	if (hidp_onnx__pads(graph, node, before, after) != HIDP_OK)
		return false;
	for (int i = 0; i < node->inputs[0]->dims.rank; i++)
		if (before[i] != 0 || after[i] != 0)
			return false;
	return true;
}

static bool is_idle_slice(const struct graph *graph, const struct node *node)
{
	struct slice slices[HIDP_ONNX_RANK_MAX];
	if (!same_shape(node) || hidp_onnx__slices(graph, node, slices) != HIDP_OK)
		return false;
	for (int i = 0; i < node->inputs[0]->dims.rank; i++)
		if (slices[i].step < 0 && slices[i].count > 1)
			return false;
	return true;
}

/* Do the axes that are not of size 1 keep their order? */
static bool keeps_order(const struct dims *dims, const int *perm)
{
	int last = -1;
	for (int i = 0; i < dims->rank; i++) {
		if (dims->size[perm[i]] == 1)
			continue;
		if (perm[i] < last)
			return false;
		last = perm[i];
	}
	return true;
}

static struct value *transposed_back(const struct node *node)
{
	int perm[HIDP_ONNX_RANK_MAX], first[HIDP_ONNX_RANK_MAX];
	struct value *in = node->inputs[0];
	if (!hidp_onnx__permutation(node, perm))
		return NULL;
	if (same_shape(node) && keeps_order(&in->dims, perm))
		return in;
	const struct node *before = hidp_onnx__made_by(in, "Transpose");
	if (before == NULL || !hidp_onnx__permutation(before, first))
		return NULL;
	for (int i = 0; i < in->dims.rank; i++)
		perm[i] = first[perm[i]];
	in = before->inputs[0];
	return hidp_onnx__same_dims(&in->dims, &node->outputs[0]->dims) &&
	                       keeps_order(&in->dims, perm)
	               ? in
	               : NULL;
}

/* What had the same shape before it was reshaped, perhaps several times. */
static struct value *reshaped_back(const struct node *node)
{
	const struct dims *dims = &node->outputs[0]->dims;
	for (int i = 0; i < CHAIN_MAX; i++) {
		struct value *in = node->inputs[0];
		if (hidp_onnx__same_dims(&in->dims, dims))
			return in;
		node = hidp_onnx__maker(in);
		if (node == NULL || !hidp_onnx__only_shapes(node))
			return NULL;
	}
	return NULL;
}

/* The value that the node's result equals; NULL: it does something. */
static struct value *unchanged(const struct graph *graph, const struct node *node)
{
	struct value *in = node->inputs[0];
	if (hidp_onnx__is(node, "Identity"))
		return in;
	if (hidp_onnx__is(node, "Dropout"))
		return is_idle_dropout(node) ? in : NULL;
	if (hidp_onnx__is(node, "Cast") || hidp_onnx__is(node, "CastLike"))
		return is_idle_cast(node) ? in : NULL;
	if (hidp_onnx__only_shapes(node))
		return reshaped_back(node);
	if (hidp_onnx__is(node, "Transpose"))
		return transposed_back(node);
	if (hidp_onnx__is(node, "Expand") || hidp_onnx__is(node, "Tile"))
		return same_shape(node) ? in : NULL;
	if (hidp_onnx__is(node, "Pad"))
		return is_idle_pad(graph, node) ? in : NULL;
	if (hidp_onnx__is(node, "Slice"))
		return is_idle_slice(graph, node) ? in : NULL;
	if (hidp_onnx__is(node, "Concat") || hidp_onnx__is(node, "Sum") ||
	    hidp_onnx__is(node, "Mean") || hidp_onnx__is(node, "Max") || hidp_onnx__is(node, "Min"))
		return node->input_count == 1 ? in : NULL;
	if (hidp_onnx__is(node, "Split"))
		return node->output_count == 1 && same_shape(node) ? in : NULL;
	if (hidp_onnx__is(node, "AveragePool") || hidp_onnx__is(node, "MaxPool"))
		return is_idle_pool(node) ? in : NULL;
	return node->input_count == 2 && node->inputs[1] != NULL ? neutral(node) : NULL;
}

hidp_status hidp_onnx__match_nothing(struct matching *matching, struct node *node)
{
	if (node->domain[0] != '\0' || node->stated || node->input_count == 0 ||
	    node->inputs[0] == NULL)
		return HIDP_OK;
	/* an output of the graph keeps its name */
	if (hidp_onnx__is_output(matching, node->outputs[0]))
		return HIDP_OK;
	struct value *same = unchanged(matching->graph, node);
	if (same != NULL)
		matching->same[node->outputs[0]->id] = same;
	return HIDP_OK;
}
