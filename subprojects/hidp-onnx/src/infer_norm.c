/* SPDX-License-Identifier: MIT */
/* Normalisation, and recurrent layers. */
#include "infer.h"

#include <string.h>

/* Input i: one number for each channel of the first input. */
static hidp_status check_channels(const struct graph *graph, const struct node *node, uint32_t i,
                                  int64_t channels)
{
	const struct dims *dims = &node->inputs[i]->dims;
	char text[160];
	if (dims->rank == 1 && dims->size[0] == channels)
		return HIDP_OK;
	return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
	                            "input %u is of size %s, there are %lld channels", i,
	                            hidp_onnx__dims_text(dims, text), (long long)channels);
}

hidp_status hidp_onnx__infer_batch_norm(struct graph *graph, struct node *node)
{
	const struct dims *x = &node->inputs[0]->dims;
	/* a tensor of one dimension has one channel */
	const struct dims channels = {.rank = 1, .size = {x->rank > 1 ? x->size[1] : 1}};
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 1, RANK_MAX);
	for (uint32_t i = 1; s == HIDP_OK && i < 5; i++)
		s = check_channels(graph, node, i, channels.size[0]);
	if (s == HIDP_OK)
		s = hidp_onnx__infer_same(graph, node);
	/* mean and variance: of opset 14 the running ones, before that also those of the batch */
	for (uint32_t i = 1; s == HIDP_OK && i < (node->opset >= 14 ? 3 : 5); i++)
		s = hidp_onnx__set_output(graph, node, i, node->inputs[i % 2 != 0 ? 3 : 4]->type,
		                          &channels);
	return s;
}

/* InstanceNormalization, GroupNormalization */
hidp_status hidp_onnx__infer_channel_norm(struct graph *graph, struct node *node)
{
	const struct dims *x = &node->inputs[0]->dims;
	const bool grouped = strcmp(node->op, "GroupNormalization") == 0;
	const int64_t groups = hidp_onnx__int(node, "num_groups", 0);
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, grouped ? 2 : 3, RANK_MAX);
	if (s != HIDP_OK)
		return s;
	if (grouped && (groups < 1 || x->size[1] % groups != 0))
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "%lld channels cannot be parted into %lld groups",
		                            (long long)x->size[1], (long long)groups);
	/* up to opset 20 scale and bias of GroupNormalization are per group */
	const int64_t numbers = grouped && node->opset < 21 ? groups : x->size[1];
	s = check_channels(graph, node, 1, numbers);
	if (s == HIDP_OK)
		s = check_channels(graph, node, 2, numbers);
	return s == HIDP_OK ? hidp_onnx__infer_same(graph, node) : s;
}

hidp_status hidp_onnx__infer_layer_norm(struct graph *graph, struct node *node)
{
	struct dims dims = node->inputs[0]->dims;
	int axis;
	hidp_status s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", -1),
	                                   dims.rank, &axis);
	for (uint32_t i = 1; s == HIDP_OK && i < hidp_onnx__given(node); i++) {
		struct dims joined = dims;
		if (!hidp_onnx__broadcast(&joined, &node->inputs[i]->dims) ||
		    !hidp_onnx__same_dims(&joined, &dims))
			return hidp_onnx__mismatch(graph, node, 0, i);
	}
	if (s == HIDP_OK)
		s = hidp_onnx__infer_same(graph, node);
	if (s != HIDP_OK)
		return s;
	for (int i = axis; i < dims.rank; i++)
		dims.size[i] = 1;
	const int64_t type = hidp_onnx__int(node, "stash_type", ELEMENT_FLOAT);
	if (!hidp_onnx__is_float((enum element)type))
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "stash_type %lld is no floating-point type",
		                            (long long)type);
	s = hidp_onnx__set_output(graph, node, 1, (enum element)type, &dims);
	return s == HIDP_OK ? hidp_onnx__set_output(graph, node, 2, (enum element)type, &dims)
	                    : s;
}

/* RNN, GRU, LSTM */
hidp_status hidp_onnx__infer_recurrent(struct graph *graph, struct node *node)
{
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 3, 3);
	for (uint32_t i = 1; s == HIDP_OK && i < 3; i++)
		s = hidp_onnx__check_rank(graph, node, i, 3, 3);
	if (s != HIDP_OK)
		return s;
	const struct dims *x = &node->inputs[0]->dims, *w = &node->inputs[1]->dims;
	const struct dims *r = &node->inputs[2]->dims;
	const int64_t gates = strcmp(node->op, "LSTM") == 0  ? 4
	                      : strcmp(node->op, "GRU") == 0 ? 3
	                                                     : 1;
	const int64_t directions =
	        strcmp(hidp_onnx__string(node, "direction", "forward"), "bidirectional") == 0 ? 2
	                                                                                       : 1;
	const int64_t hidden = hidp_onnx__int(node, "hidden_size", r->size[2]);
	if (hidden < 1 || hidden > DIM_MAX / gates || w->size[0] != directions ||
	    w->size[1] != gates * hidden || w->size[2] != x->size[2])
		return hidp_onnx__mismatch(graph, node, 0, 1);
	if (r->size[0] != directions || r->size[1] != gates * hidden || r->size[2] != hidden)
		return hidp_onnx__mismatch(graph, node, 1, 2);
	const bool batch_first = hidp_onnx__int(node, "layout", 0) != 0;
	const int64_t batch = x->size[!batch_first], steps = x->size[batch_first];
	struct dims all = {.rank = 4, .size = {steps, directions, batch, hidden}};
	struct dims last = {.rank = 3, .size = {directions, batch, hidden}};
	if (batch_first) {
		all = (struct dims){.rank = 4, .size = {batch, steps, directions, hidden}};
		last = (struct dims){.rank = 3, .size = {batch, directions, hidden}};
	}
	s = hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &all);
	if (s == HIDP_OK)
		s = hidp_onnx__set_output(graph, node, 1, node->inputs[0]->type, &last);
	if (s == HIDP_OK && gates == 4)
		s = hidp_onnx__set_output(graph, node, 2, node->inputs[0]->type, &last);
	return s;
}
