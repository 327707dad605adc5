/* SPDX-License-Identifier: MIT */
/* Elements taken from, or put at, places that other tensors name. */
#include "infer.h"

#include <string.h>

static hidp_status check_index_type(const struct graph *graph, const struct node *node, uint32_t i)
{
	const enum element type = node->inputs[i]->type;
	if (type == ELEMENT_INT64 || type == ELEMENT_INT32)
		return HIDP_OK;
	return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
	                            "input %u is of type %d, indices are int32 or int64", i, type);
}

/* Appends dims `from` to `to` of another tensor. */
static hidp_status append(const struct graph *graph, const struct node *node, struct dims *dims,
                          const struct dims *other, int from, int to)
{
	for (int i = from; i < to; i++) {
		if (dims->rank == RANK_MAX)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_LIMIT,
			                            "the output has more than %d dimensions",
			                            RANK_MAX);
		dims->size[dims->rank++] = other->size[i];
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__infer_gather(struct graph *graph, struct node *node)
{
	const struct dims *data = &node->inputs[0]->dims, *indices = &node->inputs[1]->dims;
	struct dims dims = {.rank = 0};
	int axis;
	hidp_status s = check_index_type(graph, node, 1);
	if (s == HIDP_OK)
		s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", 0), data->rank,
		                       &axis);
	if (s == HIDP_OK)
		s = append(graph, node, &dims, data, 0, axis);
	if (s == HIDP_OK)
		s = append(graph, node, &dims, indices, 0, indices->rank);
	if (s == HIDP_OK)
		s = append(graph, node, &dims, data, axis + 1, data->rank);
	return s == HIDP_OK
	               ? hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims)
	               : s;
}

hidp_status hidp_onnx__infer_gather_elements(struct graph *graph, struct node *node)
{
	const struct dims *data = &node->inputs[0]->dims, *indices = &node->inputs[1]->dims;
	int axis;
	hidp_status s = check_index_type(graph, node, 1);
	if (s == HIDP_OK)
		s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", 0), data->rank,
		                       &axis);
	if (s != HIDP_OK)
		return s;
	if (indices->rank != data->rank)
		return hidp_onnx__mismatch(graph, node, 0, 1);
	for (int i = 0; i < data->rank; i++)
		if (i != axis && indices->size[i] > data->size[i])
			return hidp_onnx__mismatch(graph, node, 0, 1);
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, indices);
}

hidp_status hidp_onnx__infer_gather_nd(struct graph *graph, struct node *node)
{
	const struct dims *data = &node->inputs[0]->dims, *indices = &node->inputs[1]->dims;
	const int64_t batch = hidp_onnx__int(node, "batch_dims", 0);
	struct dims dims = {.rank = 0};
	hidp_status s = check_index_type(graph, node, 1);
	if (s == HIDP_OK)
		s = hidp_onnx__check_rank(graph, node, 0, 1, RANK_MAX);
	if (s == HIDP_OK)
		s = hidp_onnx__check_rank(graph, node, 1, 1, RANK_MAX);
	if (s != HIDP_OK)
		return s;
	const int64_t tuple = indices->size[indices->rank - 1];
	if (batch < 0 || batch >= data->rank || batch >= indices->rank || tuple < 1 ||
	    tuple > data->rank - batch)
		return hidp_onnx__mismatch(graph, node, 0, 1);
	for (int i = 0; i < batch; i++)
		if (data->size[i] != indices->size[i])
			return hidp_onnx__mismatch(graph, node, 0, 1);
	s = append(graph, node, &dims, indices, 0, indices->rank - 1);
	if (s == HIDP_OK)
		s = append(graph, node, &dims, data, (int)(batch + tuple), data->rank);
	return s == HIDP_OK
	               ? hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims)
	               : s;
}

hidp_status hidp_onnx__infer_scatter_elements(struct graph *graph, struct node *node)
{
	const struct dims *data = &node->inputs[0]->dims, *indices = &node->inputs[1]->dims;
	int axis;
	hidp_status s = check_index_type(graph, node, 1);
	if (s == HIDP_OK)
		s = hidp_onnx__check_type(graph, node, 0, 2);
	if (s == HIDP_OK)
		s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", 0), data->rank,
		                       &axis);
	if (s != HIDP_OK)
		return s;
	if (indices->rank != data->rank)
		return hidp_onnx__mismatch(graph, node, 0, 1);
	if (!hidp_onnx__same_dims(indices, &node->inputs[2]->dims))
		return hidp_onnx__mismatch(graph, node, 1, 2);
	return hidp_onnx__infer_same(graph, node);
}

hidp_status hidp_onnx__infer_scatter_nd(struct graph *graph, struct node *node)
{
	const struct dims *data = &node->inputs[0]->dims, *indices = &node->inputs[1]->dims;
	struct dims dims = {.rank = 0};
	hidp_status s = check_index_type(graph, node, 1);
	if (s == HIDP_OK)
		s = hidp_onnx__check_type(graph, node, 0, 2);
	if (s == HIDP_OK)
		s = hidp_onnx__check_rank(graph, node, 1, 1, RANK_MAX);
	if (s != HIDP_OK)
		return s;
	const int64_t tuple = indices->size[indices->rank - 1];
	if (tuple < 0 || tuple > data->rank)
		return hidp_onnx__mismatch(graph, node, 0, 1);
	s = append(graph, node, &dims, indices, 0, indices->rank - 1);
	if (s == HIDP_OK)
		s = append(graph, node, &dims, data, (int)tuple, data->rank);
	if (s == HIDP_OK && !hidp_onnx__same_dims(&dims, &node->inputs[2]->dims))
		s = hidp_onnx__mismatch(graph, node, 1, 2);
	return s == HIDP_OK ? hidp_onnx__infer_same(graph, node) : s;
}

hidp_status hidp_onnx__infer_one_hot(struct graph *graph, struct node *node)
{
	const struct dims *indices = &node->inputs[0]->dims, *values = &node->inputs[2]->dims;
	struct dims dims = {.rank = 0};
	double depth;
	int axis;
	if (values->rank != 1 || values->size[0] != 2)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "the values should be two, off and on");
	if (node->inputs[1]->constant == NULL)
		return SHAPE_UNKNOWN;
	if (!hidp_onnx__scalar(node->inputs[1], &depth) || !(depth >= 1) ||
	    !(depth <= (double)DIM_MAX))
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "the depth should be one number above 0");
	const struct dims deep = {.rank = 1, .size = {(int64_t)depth}};
	hidp_status s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", -1),
	                                   indices->rank + 1, &axis);
	if (s == HIDP_OK)
		s = append(graph, node, &dims, indices, 0, axis);
	if (s == HIDP_OK)
		s = append(graph, node, &dims, &deep, 0, 1);
	if (s == HIDP_OK)
		s = append(graph, node, &dims, indices, axis, indices->rank);
	return s == HIDP_OK
	               ? hidp_onnx__set_output(graph, node, 0, node->inputs[2]->type, &dims)
	               : s;
}

/* How many there are only its elements tell: see hidp_onnx__fold_non_zero(). */
hidp_status hidp_onnx__infer_non_zero(struct graph *graph, struct node *node)
{
	(void)graph;
	(void)node;
	return SHAPE_UNKNOWN;
}

hidp_status hidp_onnx__infer_grid_sample(struct graph *graph, struct node *node)
{
	const struct dims *in = &node->inputs[0]->dims, *grid = &node->inputs[1]->dims;
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 3, RANK_MAX);
	if (s != HIDP_OK)
		return s;
	if (grid->rank != in->rank || grid->size[0] != in->size[0] ||
	    grid->size[grid->rank - 1] != in->rank - 2)
		return hidp_onnx__mismatch(graph, node, 0, 1);
	struct dims dims = {.rank = in->rank, .size = {in->size[0], in->size[1]}};
	memcpy(dims.size + 2, grid->size + 1, (size_t)(in->rank - 2) * sizeof dims.size[0]);
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
}

hidp_status hidp_onnx__infer_roi_align(struct graph *graph, struct node *node)
{
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 4, 4);
	if (s == HIDP_OK)
		s = hidp_onnx__check_rank(graph, node, 1, 2, 2);
	if (s != HIDP_OK)
		return s;
	const struct dims dims = {.rank = 4,
	                          .size = {node->inputs[1]->dims.size[0],
	                                   node->inputs[0]->dims.size[1],
	                                   hidp_onnx__int(node, "output_height", 1),
	                                   hidp_onnx__int(node, "output_width", 1)}};
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
}
