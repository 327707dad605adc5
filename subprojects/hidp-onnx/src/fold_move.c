/* SPDX-License-Identifier: MIT */
/* Constants that are moved, not changed. */
#include "fold.h"

#include <string.h>

static void keep(const struct node *node, const struct tensor *tensor)
{
	node->outputs[0]->constant = tensor;
}

static size_t bytes_of(const struct node *node)
{
	return hidp_onnx__element_bytes(node->inputs[0]->type);
}

/* The same elements under other dims: nothing is copied. */
hidp_status hidp_onnx__fold_view(struct folding *folding, struct node *node)
{
	struct value *to = node->outputs[0];
	if (to == NULL)
		return HIDP_OK;
	struct tensor *y = hidp_onnx__take(folding->graph->pool, 1, sizeof *y);
	if (y == NULL)
		return hidp_onnx__no_memory(folding->graph);
	*y = *node->inputs[0]->constant;
	y->dims = to->dims;
	to->constant = y;
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_transpose(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	int64_t strides[HIDP_ONNX_RANK_MAX];
	struct tensor *y;
	struct walk walk;
	void *data;
	size_t count;
	const int64_t *order = hidp_onnx__ints(node, "perm", &count);
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	hidp_onnx__strides(&x->dims, strides);
	hidp_onnx__walk_init(&walk, &y->dims, 2);
	hidp_onnx__walk_dense(&walk, 0, &y->dims);
	for (int i = 0; i < y->dims.rank; i++)
		walk.stride[1][i] = strides[order != NULL ? order[i] : y->dims.rank - 1 - i];
	hidp_onnx__walk_copy(&walk, data, x->data, bytes_of(node));
	keep(node, y);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_expand(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	struct tensor *y;
	struct walk walk;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	hidp_onnx__walk_init(&walk, &y->dims, 2);
	hidp_onnx__walk_dense(&walk, 0, &y->dims);
	hidp_onnx__walk_dense(&walk, 1, &x->dims);
	hidp_onnx__walk_copy(&walk, data, x->data, bytes_of(node));
	keep(node, y);
	return HIDP_OK;
}

/* Each dimension in two: which copy, and where in it. */
hidp_status hidp_onnx__fold_tile(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	const int rank = x->dims.rank;
	int64_t from[HIDP_ONNX_RANK_MAX], to[HIDP_ONNX_RANK_MAX];
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	struct walk walk = {.rank = 2 * rank, .operands = 2};
	hidp_onnx__strides(&x->dims, from);
	hidp_onnx__strides(&y->dims, to);
	for (int i = 0; i < rank; i++) {
		walk.size[2 * i] = x->dims.size[i] > 0 ? y->dims.size[i] / x->dims.size[i] : 0;
		walk.size[2 * i + 1] = x->dims.size[i];
		walk.stride[0][2 * i] = to[i] * x->dims.size[i];
		walk.stride[0][2 * i + 1] = to[i];
		walk.stride[1][2 * i + 1] = from[i];
	}
	hidp_onnx__walk_copy(&walk, data, x->data, bytes_of(node));
	keep(node, y);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_slice(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	struct slice slices[HIDP_ONNX_RANK_MAX];
	int64_t strides[HIDP_ONNX_RANK_MAX];
	struct tensor *y;
	struct walk walk;
	void *data;
	hidp_status s = hidp_onnx__slices(folding->graph, node, slices);
	if (s == HIDP_OK)
		s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	hidp_onnx__strides(&x->dims, strides);
	hidp_onnx__walk_init(&walk, &y->dims, 2);
	hidp_onnx__walk_dense(&walk, 0, &y->dims);
	for (int i = 0; i < y->dims.rank; i++) {
		walk.offset[1] += slices[i].first * strides[i];
		/* of a single element the step does not matter, and may be huge */
		if (slices[i].count > 1)
			walk.stride[1][i] = slices[i].step * strides[i];
	}
	hidp_onnx__walk_copy(&walk, data, x->data, bytes_of(node));
	keep(node, y);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_concat(struct folding *folding, struct node *node)
{
	struct tensor *y;
	void *data;
	int64_t first = 0;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	const int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), y->dims.rank);
	for (uint32_t i = 0; i < node->input_count; i++) {
		const struct tensor *x = node->inputs[i]->constant;
		int64_t strides[HIDP_ONNX_RANK_MAX];
		struct walk walk;
		hidp_onnx__strides(&y->dims, strides);
		hidp_onnx__walk_init(&walk, &x->dims, 2);
		for (int k = 0; k < y->dims.rank; k++)
			walk.stride[0][k] = strides[k];
		hidp_onnx__walk_dense(&walk, 1, &x->dims);
		walk.offset[0] = first * strides[axis];
		hidp_onnx__walk_copy(&walk, data, x->data, bytes_of(node));
		first += x->dims.size[axis];
	}
	keep(node, y);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_split(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	const int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), x->dims.rank);
	int64_t strides[HIDP_ONNX_RANK_MAX], first = 0;
	hidp_onnx__strides(&x->dims, strides);
	/* what nothing uses has no size, and the parts behind it no place */
	for (uint32_t i = 0; i < node->output_count; i++)
		if (node->outputs[i] == NULL)
			return HIDP_OK;
	for (uint32_t i = 0; i < node->output_count; i++) {
		struct value *part = node->outputs[i];
		struct tensor *y;
		struct walk walk;
		void *data;
		hidp_status s = hidp_onnx__new_tensor(folding->graph, node, part->type,
		                                      &part->dims, &y, &data);
		if (s != HIDP_OK)
			return s;
		hidp_onnx__walk_init(&walk, &y->dims, 2);
		hidp_onnx__walk_dense(&walk, 0, &y->dims);
		for (int k = 0; k < x->dims.rank; k++)
			walk.stride[1][k] = strides[k];
		walk.offset[1] = first * strides[axis];
		hidp_onnx__walk_copy(&walk, data, x->data, bytes_of(node));
		first += y->dims.size[axis];
		part->constant = y;
	}
	return HIDP_OK;
}

/* The element that a Pad puts around, or 0. */
static hidp_status fill_border(const struct folding *folding, const struct node *node,
                               const struct tensor *y, void *data)
{
	const struct value *input = hidp_onnx__input(node, 2);
	const size_t bytes = hidp_onnx__element_bytes(y->type);
	unsigned char border[16] = {0};
	if (input != NULL && (input->constant->count != 1 || input->type != y->type))
		return hidp_onnx__fail_node(folding->graph, node, HIDP_ERR_MODEL,
		                            "the border should be one number of the tensor's type");
	if (input != NULL)
		memcpy(border, input->constant->data, bytes);
	for (int64_t i = 0; i < y->count; i++)
		memcpy((unsigned char *)data + (size_t)i * bytes, border, bytes);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_pad(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	int64_t before[HIDP_ONNX_RANK_MAX], after[HIDP_ONNX_RANK_MAX];
	int64_t from[HIDP_ONNX_RANK_MAX], to[HIDP_ONNX_RANK_MAX];
	struct tensor *y;
	struct walk walk;
	void *data;
	if (strcmp(hidp_onnx__string(node, "mode", "constant"), "constant") != 0)
		return HIDP_OK;
	hidp_status s = hidp_onnx__pads(folding->graph, node, before, after);
	if (s == HIDP_OK)
		s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s == HIDP_OK)
		s = fill_border(folding, node, y, data);
	if (s != HIDP_OK)
		return s;
	hidp_onnx__strides(&x->dims, from);
	hidp_onnx__strides(&y->dims, to);
	hidp_onnx__walk_init(&walk, &x->dims, 2);
	for (int i = 0; i < x->dims.rank; i++) {
		const int64_t cut = before[i] < 0 ? -before[i] : 0;
		walk.size[i] -= cut + (after[i] < 0 ? -after[i] : 0);
		if (walk.size[i] <= 0) { /* nothing of the input is left */
			keep(node, y);
			return HIDP_OK;
		}
		walk.stride[0][i] = to[i];
		walk.stride[1][i] = from[i];
		walk.offset[0] += (before[i] > 0 ? before[i] : 0) * to[i];
		walk.offset[1] += cut * from[i];
	}
	hidp_onnx__walk_copy(&walk, data, x->data, bytes_of(node));
	keep(node, y);
	return HIDP_OK;
}

/* What lies on the other side of the diagonal becomes 0. */
hidp_status hidp_onnx__fold_trilu(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	const bool upper = hidp_onnx__int(node, "upper", 1) != 0;
	const struct value *input = hidp_onnx__input(node, 1);
	const size_t bytes = bytes_of(node);
	struct tensor *y;
	void *data;
	if (input != NULL && input->constant->count != 1)
		return hidp_onnx__fail_node(folding->graph, node, HIDP_ERR_MODEL,
		                            "input 1 should be one number");
	const int64_t given = input != NULL ? hidp_onnx__integer(input->constant, 0) : 0;
	/* further away than any element it makes no difference how far */
	const int64_t diagonal = given > DIM_MAX ? DIM_MAX : given < -DIM_MAX ? -DIM_MAX : given;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	const int64_t rows = y->dims.size[y->dims.rank - 2];
	const int64_t columns = y->dims.size[y->dims.rank - 1];
	for (int64_t i = 0; i < y->count; i++) {
		const int64_t row = i / columns % rows, column = i % columns;
		if (upper ? column - row >= diagonal : column - row <= diagonal)
			memcpy((unsigned char *)data + (size_t)i * bytes,
			       (const unsigned char *)x->data + (size_t)i * bytes, bytes);
	}
	keep(node, y);
	return HIDP_OK;
}
