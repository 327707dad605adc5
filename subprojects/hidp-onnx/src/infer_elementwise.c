/* SPDX-License-Identifier: MIT */
#include "infer.h"

#include <string.h>

hidp_status hidp_onnx__infer_same(struct graph *graph, struct node *node)
{
	const struct value *x = node->inputs[0];
	return hidp_onnx__set_output(graph, node, 0, x->type, &x->dims);
}

hidp_status hidp_onnx__infer_same_bool(struct graph *graph, struct node *node)
{
	return hidp_onnx__set_output(graph, node, 0, ELEMENT_BOOL, &node->inputs[0]->dims);
}

/* The dims of all inputs broadcast together. */
static hidp_status broadcast_inputs(const struct graph *graph, const struct node *node,
                                    struct dims *dims_out)
{
	const uint32_t given = hidp_onnx__given(node);
	*dims_out = node->inputs[0]->dims;
	for (uint32_t i = 1; i < given; i++) {
		if (node->inputs[i] == NULL)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "input %u is missing", i);
		if (!hidp_onnx__broadcast(dims_out, &node->inputs[i]->dims))
			return hidp_onnx__mismatch(graph, node, 0, i);
	}
	return HIDP_OK;
}

static hidp_status broadcast_same_type(struct graph *graph, struct node *node, enum element type)
{
	const uint32_t given = hidp_onnx__given(node);
	struct dims dims;
	hidp_status s = broadcast_inputs(graph, node, &dims);
	for (uint32_t i = 1; s == HIDP_OK && i < given; i++)
		s = hidp_onnx__check_type(graph, node, 0, i);
	return s == HIDP_OK ? hidp_onnx__set_output(graph, node, 0, type, &dims) : s;
}

hidp_status hidp_onnx__infer_broadcast(struct graph *graph, struct node *node)
{
	return broadcast_same_type(graph, node, node->inputs[0]->type);
}

hidp_status hidp_onnx__infer_compare(struct graph *graph, struct node *node)
{
	return broadcast_same_type(graph, node, ELEMENT_BOOL);
}

/* The exponent may be of another type. */
hidp_status hidp_onnx__infer_power(struct graph *graph, struct node *node)
{
	struct dims dims;
	hidp_status s = broadcast_inputs(graph, node, &dims);
	return s == HIDP_OK
	               ? hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims)
	               : s;
}

hidp_status hidp_onnx__infer_where(struct graph *graph, struct node *node)
{
	struct dims dims;
	if (node->inputs[0]->type != ELEMENT_BOOL)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "the condition is of type %d, not bool",
		                            node->inputs[0]->type);
	hidp_status s = hidp_onnx__check_type(graph, node, 1, 2);
	if (s == HIDP_OK)
		s = broadcast_inputs(graph, node, &dims);
	return s == HIDP_OK
	               ? hidp_onnx__set_output(graph, node, 0, node->inputs[1]->type, &dims)
	               : s;
}

/* The slope is broadcast to the input, never the other way round. */
hidp_status hidp_onnx__infer_prelu(struct graph *graph, struct node *node)
{
	struct dims dims = node->inputs[0]->dims;
	hidp_status s = hidp_onnx__check_type(graph, node, 0, 1);
	if (s != HIDP_OK)
		return s;
	if (!hidp_onnx__broadcast(&dims, &node->inputs[1]->dims) ||
	    !hidp_onnx__same_dims(&dims, &node->inputs[0]->dims))
		return hidp_onnx__mismatch(graph, node, 0, 1);
	return hidp_onnx__infer_same(graph, node);
}

hidp_status hidp_onnx__infer_clip(struct graph *graph, struct node *node)
{
	for (uint32_t i = 1; i < 3; i++) {
		if (hidp_onnx__input(node, i) == NULL)
			continue;
		hidp_status s = hidp_onnx__check_type(graph, node, 0, i);
		if (s != HIDP_OK)
			return s;
		if (hidp_onnx__count(&node->inputs[i]->dims) != 1)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "input %u should be one number", i);
	}
	return hidp_onnx__infer_same(graph, node);
}

hidp_status hidp_onnx__infer_softmax(struct graph *graph, struct node *node)
{
	int axis;
	const int64_t otherwise =
	        strcmp(node->op, "LpNormalization") == 0 || node->opset >= 13 ? -1 : 1;
	const struct attribute *given = hidp_onnx__attribute(node, "axis");
	const int rank = node->inputs[0]->dims.rank;
	/* before opset 13 the axis parts the dims in two, and all of them may be before it */
	if (node->opset < 13 && otherwise == 1 &&
	    hidp_onnx__int(node, "axis", otherwise) == rank)
		return hidp_onnx__infer_same(graph, node);
	if (rank == 0 && given == NULL)
		return hidp_onnx__infer_same(graph, node);
	hidp_status s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", otherwise),
	                                   rank, &axis);
	return s == HIDP_OK ? hidp_onnx__infer_same(graph, node) : s;
}

hidp_status hidp_onnx__infer_cast(struct graph *graph, struct node *node)
{
	const int64_t to = hidp_onnx__int(node, "to", 0);
	if (to <= ELEMENT_NONE || to > ELEMENT_BFLOAT16)
		return hidp_onnx__fail_node(graph, node,
		                            to > ELEMENT_BFLOAT16 ? HIDP_ERR_UNSUPPORTED
		                                                  : HIDP_ERR_MODEL,
		                            "casts to type %lld, which is not known",
		                            (long long)to);
	return hidp_onnx__set_output(graph, node, 0, (enum element)to, &node->inputs[0]->dims);
}

hidp_status hidp_onnx__infer_cast_like(struct graph *graph, struct node *node)
{
	return hidp_onnx__set_output(graph, node, 0, node->inputs[1]->type,
	                             &node->inputs[0]->dims);
}

hidp_status hidp_onnx__infer_dropout(struct graph *graph, struct node *node)
{
	hidp_status s = hidp_onnx__infer_same(graph, node);
	return s == HIDP_OK ? hidp_onnx__set_output(graph, node, 1, ELEMENT_BOOL,
	                                            &node->inputs[0]->dims)
	                    : s;
}

/* One scale for all elements, or one for each place on the axis. */
static hidp_status check_scale(const struct graph *graph, const struct node *node)
{
	const struct dims *x = &node->inputs[0]->dims, *scale = &node->inputs[1]->dims;
	int axis;
	if (hidp_onnx__int(node, "block_size", 0) != 0)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_UNSUPPORTED,
		                            "quantises block by block");
	if (hidp_onnx__input(node, 2) != NULL &&
	    !hidp_onnx__same_dims(scale, &node->inputs[2]->dims))
		return hidp_onnx__mismatch(graph, node, 1, 2);
	if (scale->rank == 0 || (scale->rank == 1 && scale->size[0] == 1))
		return HIDP_OK;
	hidp_status s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", 1), x->rank,
	                                   &axis);
	if (s == HIDP_OK && (scale->rank != 1 || scale->size[0] != x->size[axis]))
		s = hidp_onnx__mismatch(graph, node, 0, 1);
	return s;
}

hidp_status hidp_onnx__infer_quantize(struct graph *graph, struct node *node)
{
	const struct value *zero = hidp_onnx__input(node, 2);
	hidp_status s = check_scale(graph, node);
	return s == HIDP_OK ? hidp_onnx__set_output(graph, node, 0,
	                                            zero != NULL ? zero->type : ELEMENT_UINT8,
	                                            &node->inputs[0]->dims)
	                    : s;
}

hidp_status hidp_onnx__infer_dequantize(struct graph *graph, struct node *node)
{
	hidp_status s = check_scale(graph, node);
	if (s == HIDP_OK && hidp_onnx__input(node, 2) != NULL)
		s = hidp_onnx__check_type(graph, node, 0, 2);
	return s == HIDP_OK ? hidp_onnx__set_output(graph, node, 0, node->inputs[1]->type,
	                                            &node->inputs[0]->dims)
	                    : s;
}

hidp_status hidp_onnx__infer_dynamic_quantize(struct graph *graph, struct node *node)
{
	const struct dims scalar = {.rank = 0};
	hidp_status s = hidp_onnx__set_output(graph, node, 0, ELEMENT_UINT8,
	                                      &node->inputs[0]->dims);
	if (s == HIDP_OK)
		s = hidp_onnx__set_output(graph, node, 1, ELEMENT_FLOAT, &scalar);
	return s == HIDP_OK ? hidp_onnx__set_output(graph, node, 2, ELEMENT_UINT8, &scalar) : s;
}
