/* SPDX-License-Identifier: MIT */
/* Constants taken from, or put at, places that other constants name. */
#include "fold.h"

#include <string.h>

static void keep(const struct node *node, const struct tensor *tensor)
{
	node->outputs[0]->constant = tensor;
}

/* Index i of a list; negative ones count from the end. False: there is no such place. */
static bool read_index(const struct tensor *indices, int64_t i, int64_t size, int64_t *out)
{
	*out = hidp_onnx__integer(indices, i);
	if (*out < 0)
		*out += size;
	return *out >= 0 && *out < size;
}

static hidp_status out_of_range(const struct folding *folding, const struct node *node,
                                const struct tensor *indices, int64_t i)
{
	return hidp_onnx__fail_node(folding->graph, node, HIDP_ERR_MODEL,
	                            "index %lld lies outside the tensor",
	                            (long long)hidp_onnx__integer(indices, i));
}

static void copy(void *to, int64_t at, const void *from, int64_t first, int64_t count,
                 size_t bytes)
{
	memcpy((unsigned char *)to + (size_t)at * bytes,
	       (const unsigned char *)from + (size_t)first * bytes, (size_t)count * bytes);
}

/* Product of the dims from one to before another; it fits: the tensor's whole size does. */
static int64_t product(const struct dims *dims, int from, int to)
{
	int64_t p = 1;
	for (int i = from; i < to; i++)
		p *= dims->size[i] > 1 ? dims->size[i] : 1;
	return p;
}

hidp_status hidp_onnx__fold_gather(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant, *indices = node->inputs[1]->constant;
	const int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), x->dims.rank);
	const int64_t outer = product(&x->dims, 0, axis);
	const int64_t inner = product(&x->dims, axis + 1, x->dims.rank);
	const int64_t size = x->dims.size[axis];
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	if (y->count == 0) {
		keep(node, y);
		return HIDP_OK;
	}
	for (int64_t o = 0; o < outer; o++)
		for (int64_t i = 0; i < indices->count; i++) {
			int64_t index;
			if (!read_index(indices, i, size, &index))
				return out_of_range(folding, node, indices, i);
			copy(data, (o * indices->count + i) * inner, x->data,
			     (o * size + index) * inner, inner,
			     hidp_onnx__element_bytes(x->type));
		}
	keep(node, y);
	return HIDP_OK;
}

/* The walk over indices, with the place in a tensor of the same rank but along the axis. */
static void walk_beside(struct walk *walk, const struct tensor *indices, const struct dims *dims,
                        int axis, int64_t *stride_out)
{
	int64_t strides[HIDP_ONNX_RANK_MAX];
	hidp_onnx__strides(dims, strides);
	hidp_onnx__walk_init(walk, &indices->dims, 1);
	for (int i = 0; i < dims->rank; i++)
		walk->stride[0][i] = i == axis ? 0 : strides[i];
	*stride_out = strides[axis];
}

hidp_status hidp_onnx__fold_gather_elements(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant, *indices = node->inputs[1]->constant;
	const int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), x->dims.rank);
	int64_t stride, index;
	struct tensor *y;
	struct walk walk;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	walk_beside(&walk, indices, &x->dims, axis, &stride);
	for (int64_t i = 0; i < y->count; i++, hidp_onnx__walk_step(&walk)) {
		if (!read_index(indices, i, x->dims.size[axis], &index))
			return out_of_range(folding, node, indices, i);
		copy(data, i, x->data, walk.offset[0] + index * stride, 1,
		     hidp_onnx__element_bytes(x->type));
	}
	keep(node, y);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_scatter_elements(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant, *indices = node->inputs[1]->constant;
	const struct tensor *updates = node->inputs[2]->constant;
	const int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), x->dims.rank);
	const size_t bytes = hidp_onnx__element_bytes(x->type);
	int64_t stride, index;
	struct tensor *y;
	struct walk walk;
	void *data;
	if (strcmp(hidp_onnx__string(node, "reduction", "none"), "none") != 0)
		return HIDP_OK;
	for (int i = 0; i < x->dims.rank; i++)
		if (i != axis && indices->dims.size[i] > x->dims.size[i])
			return hidp_onnx__mismatch(folding->graph, node, 0, 1);
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	if (y->count > 0)
		copy(data, 0, x->data, 0, y->count, bytes);
	walk_beside(&walk, indices, &x->dims, axis, &stride);
	for (int64_t i = 0; i < indices->count; i++, hidp_onnx__walk_step(&walk)) {
		if (!read_index(indices, i, x->dims.size[axis], &index))
			return out_of_range(folding, node, indices, i);
		copy(data, walk.offset[0] + index * stride, updates->data, i, 1, bytes);
	}
	keep(node, y);
	return HIDP_OK;
}

/* Where tuple number `t` of the indices leads to: dims from `first` on. */
static hidp_status find_tuple(const struct folding *folding, const struct node *node,
                              const struct tensor *indices, int64_t t, const struct dims *dims,
                              int first, int64_t *offset_out)
{
	const int64_t length = indices->dims.size[indices->dims.rank - 1];
	int64_t offset = 0, index;
	for (int64_t k = 0; k < length; k++) {
		const int64_t size = dims->size[first + k];
		if (!read_index(indices, t * length + k, size, &index))
			return out_of_range(folding, node, indices, t * length + k);
		offset = offset * size + index;
	}
	*offset_out = offset;
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_gather_nd(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant, *indices = node->inputs[1]->constant;
	const int batch = (int)hidp_onnx__int(node, "batch_dims", 0);
	const int length = (int)indices->dims.size[indices->dims.rank - 1];
	const int64_t inner = product(&x->dims, batch + length, x->dims.rank);
	const int64_t each = product(&x->dims, batch, x->dims.rank);
	const int64_t tuples = product(&indices->dims, batch, indices->dims.rank - 1);
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	for (int64_t t = 0; s == HIDP_OK && t < y->count / inner; t++) {
		int64_t offset = 0;
		s = find_tuple(folding, node, indices, t, &x->dims, batch, &offset);
		if (s == HIDP_OK)
			copy(data, t * inner, x->data, t / tuples * each + offset * inner, inner,
			     hidp_onnx__element_bytes(x->type));
	}
	if (s == HIDP_OK)
		keep(node, y);
	return s;
}

hidp_status hidp_onnx__fold_scatter_nd(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant, *indices = node->inputs[1]->constant;
	const struct tensor *updates = node->inputs[2]->constant;
	const int length = (int)indices->dims.size[indices->dims.rank - 1];
	const int64_t inner = product(&x->dims, length, x->dims.rank);
	const size_t bytes = hidp_onnx__element_bytes(x->type);
	struct tensor *y;
	void *data;
	if (strcmp(hidp_onnx__string(node, "reduction", "none"), "none") != 0)
		return HIDP_OK;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s == HIDP_OK && y->count > 0)
		copy(data, 0, x->data, 0, y->count, bytes);
	for (int64_t t = 0; s == HIDP_OK && t < updates->count / inner; t++) {
		int64_t offset = 0;
		s = find_tuple(folding, node, indices, t, &x->dims, 0, &offset);
		if (s == HIDP_OK)
			copy(data, offset * inner, updates->data, t * inner, inner, bytes);
	}
	if (s == HIDP_OK)
		keep(node, y);
	return s;
}

/* An index that is none leaves all of them off. */
hidp_status hidp_onnx__fold_one_hot(struct folding *folding, struct node *node)
{
	const struct tensor *indices = node->inputs[0]->constant;
	const struct tensor *values = node->inputs[2]->constant;
	const size_t bytes = hidp_onnx__element_bytes(values->type);
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	const int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", -1), y->dims.rank);
	const int64_t depth = y->dims.size[axis];
	const int64_t inner = product(&y->dims, axis + 1, y->dims.rank);
	for (int64_t i = 0; i < y->count; i++)
		copy(data, i, values->data, 0, 1, bytes);
	for (int64_t i = 0; i < indices->count; i++) {
		const double number = hidp_onnx__number(indices, i);
		if (!(number >= -(double)depth && number < (double)depth))
			continue;
		const int64_t index = (int64_t)number + (number < 0 ? depth : 0);
		copy(data, (i / inner * depth + index) * inner + i % inner, values->data, 1, 1,
		     bytes);
	}
	keep(node, y);
	return HIDP_OK;
}

/* Its shape is known only now. */
hidp_status hidp_onnx__fold_non_zero(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	struct tensor *y;
	void *data;
	int64_t found = 0;
	for (int64_t i = 0; i < x->count; i++)
		found += hidp_onnx__number(x, i) != 0;
	/* a scalar is a list of one */
	const int rank = x->dims.rank > 0 ? x->dims.rank : 1;
	const struct dims dims = {.rank = 2, .size = {rank, found}};
	hidp_status s = hidp_onnx__set_output(folding->graph, node, 0, ELEMENT_INT64, &dims);
	if (s != HIDP_OK || node->outputs[0] == NULL)
		return s;
	if (!hidp_onnx__spend(folding, 2 * rank * found)) /* they are wide */
		return hidp_onnx__fail_node(folding->graph, node, HIDP_ERR_LIMIT,
		                            "working out what is constant takes too long");
	s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	for (int64_t i = 0, n = 0; i < x->count; i++) {
		if (hidp_onnx__number(x, i) == 0)
			continue;
		int64_t rest = i;
		for (int k = rank - 1; k >= 0; k--) {
			const int64_t size = x->dims.rank > 0 ? x->dims.size[k] : 1;
			hidp_onnx__set_integer(ELEMENT_INT64, data, k * found + n, rest % size);
			rest /= size;
		}
		n++;
	}
	keep(node, y);
	return HIDP_OK;
}
