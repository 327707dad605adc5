/* SPDX-License-Identifier: MIT */
/* What takes dims away, or ranks the elements along one. */
#include "infer.h"

static void drop(struct dims *dims, const bool axes[HIDP_ONNX_RANK_MAX], bool keep)
{
	int rank = 0;
	for (int i = 0; i < dims->rank; i++)
		if (!axes[i])
			dims->size[rank++] = dims->size[i];
		else if (keep)
			dims->size[rank++] = 1;
	dims->rank = rank;
}

hidp_status hidp_onnx__infer_reduce(struct graph *graph, struct node *node)
{
	struct list list;
	bool axes[HIDP_ONNX_RANK_MAX];
	struct dims dims = node->inputs[0]->dims;
	hidp_status s = hidp_onnx__list(graph, node, 1, "axes", &list);
	if (s == HIDP_OK)
		s = hidp_onnx__axes(graph, node, &list, dims.rank,
		                    hidp_onnx__int(node, "noop_with_empty_axes", 0) == 0, axes);
	if (s != HIDP_OK)
		return s;
	drop(&dims, axes, hidp_onnx__int(node, "keepdims", 1) != 0);
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
}

/* ArgMax, ArgMin */
hidp_status hidp_onnx__infer_arg(struct graph *graph, struct node *node)
{
	bool axes[HIDP_ONNX_RANK_MAX] = {false};
	struct dims dims = node->inputs[0]->dims;
	int axis;
	hidp_status s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", 0), dims.rank,
	                                   &axis);
	if (s != HIDP_OK)
		return s;
	if (dims.size[axis] == 0)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "there is nothing along axis %d", axis);
	axes[axis] = true;
	drop(&dims, axes, hidp_onnx__int(node, "keepdims", 1) != 0);
	return hidp_onnx__set_output(graph, node, 0, ELEMENT_INT64, &dims);
}

hidp_status hidp_onnx__infer_top_k(struct graph *graph, struct node *node)
{
	struct list k;
	struct dims dims = node->inputs[0]->dims;
	int axis;
	hidp_status s = hidp_onnx__list(graph, node, 1, NULL, &k);
	if (s == HIDP_OK)
		s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", -1), dims.rank,
		                       &axis);
	if (s != HIDP_OK)
		return s;
	if (k.count != 1 || k.at[0] < 0 || k.at[0] > dims.size[axis])
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "asks for %lld of %lld elements",
		                            k.count == 1 ? (long long)k.at[0] : -1,
		                            (long long)dims.size[axis]);
	dims.size[axis] = k.at[0];
	s = hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
	return s == HIDP_OK ? hidp_onnx__set_output(graph, node, 1, ELEMENT_INT64, &dims) : s;
}

hidp_status hidp_onnx__infer_cumsum(struct graph *graph, struct node *node)
{
	struct list list;
	int axis;
	hidp_status s = hidp_onnx__list(graph, node, 1, NULL, &list);
	if (s == HIDP_OK && list.count != 1)
		s = hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                         "the axis should be one number");
	if (s == HIDP_OK)
		s = hidp_onnx__axis_of(graph, node, list.at[0], node->inputs[0]->dims.rank, &axis);
	/* the shape is the same along whatever axis */
	if (s != HIDP_OK && s != SHAPE_UNKNOWN)
		return s;
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type,
	                             &node->inputs[0]->dims);
}
