/* SPDX-License-Identifier: MIT */
#include "post.h"

#include <math.h>

#include "weights.h"

static hidp_status append(struct build *b, struct posts *posts, const struct post *post)
{
	if (posts->count == POSTS_MAX)
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED,
		                  "more than %d functions are fused into it", POSTS_MAX);
	posts->list[posts->count++] = *post;
	return HIDP_OK;
}

hidp_status xnnpack__posts_activation(struct build *b, const struct hidp_layer_desc *d,
                                      struct posts *posts)
{
	struct post post = {.function = xnnpack__line_activation(d->function),
	                    .alpha = (float)d->alpha,
	                    .beta = (float)d->beta};
	bool hard = d->function == HIDP_ACTIVATION_HARD_SIGMOID ||
	            d->function == HIDP_ACTIVATION_HARD_SWISH;
	if (post.function == NULL)
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "activation %u is not known",
		                  d->function);
	if (hard && d->alpha == 0 && d->beta == 0) { /* not given */
		post.alpha = 1.0f / 6;
		post.beta = 0.5f;
	}
	if (d->function == HIDP_ACTIVATION_RELU || d->function == HIDP_ACTIVATION_RELU6) {
		post.alpha = 0;
		post.beta = d->function == HIDP_ACTIVATION_RELU ? INFINITY : 6;
	}
	return append(b, posts, &post);
}

hidp_status xnnpack__posts_binary(struct build *b, uint32_t function, const struct tensor *operand,
                                  struct posts *posts)
{
	struct post post = {
		.function = xnnpack__line_binary(function), .binary = true, .operand = *operand};
	if (post.function == NULL)
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "binary function %u is not known",
		                  function);
	return append(b, posts, &post);
}

/* Scale and shift of a batch normalisation that is not part of a convolution's weights. */
static hidp_status append_norm(struct build *b, uint32_t part, struct posts *posts)
{
	static const hidp_weight_role roles[2] = {HIDP_WEIGHT_SCALE, HIDP_WEIGHT_SHIFT};
	static const uint32_t functions[2] = {HIDP_BINARY_MUL, HIDP_BINARY_ADD};
	const int64_t dims[4] = {1, b->call->info.shape.channels, 1, 1};
	hidp_status s = HIDP_OK;
	for (int i = 0; s == HIDP_OK && i < 2; i++) {
		const float *lent = NULL;
		s = xnnpack__weights(b, part, roles[i], dims[1], &lent);
		if (s != HIDP_OK)
			return s;
		struct tensor t = xnnpack__tensor_dense(xnnpack__constant_place(lent), dims);
		t = xnnpack__tensor_cut(t, HIDP_AXIS_CHANNELS, b->call->channel_begin,
		                        b->call->channel_end);
		s = xnnpack__posts_binary(b, functions[i], &t, posts);
	}
	return s;
}

/* Inputs of the layer that parts before this one read. */
static uint32_t inputs_before(const struct build *b, uint32_t part)
{
	uint32_t count = 0;
	for (uint32_t p = 0; p < part; p++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		if (hidp_model_part(b->call->model, b->call->layer, p, &d) != HIDP_OK)
			break;
		for (uint32_t i = 0; i < d.input_count; i++)
			count += d.inputs[i] != HIDP_LAYER_NONE;
	}
	return count;
}

hidp_status xnnpack__constant_operand(struct build *b, uint32_t part,
                                      const struct hidp_layer_desc *d, struct tensor *out)
{
	const struct call *call = b->call;
	struct tensor t;
	hidp_status s = xnnpack__constant(b, part, d, &t);
	if (s != HIDP_OK)
		return s;
	if (t.dims[HIDP_AXIS_BATCH] > 1)
		t = xnnpack__tensor_cut(t, HIDP_AXIS_BATCH, call->image_begin, call->image_end);
	if (t.dims[HIDP_AXIS_ROWS] > 1)
		t = xnnpack__tensor_cut(t, HIDP_AXIS_ROWS, call->row_begin, call->row_end);
	if (t.dims[HIDP_AXIS_CHANNELS] > 1)
		t = xnnpack__tensor_cut(t, HIDP_AXIS_CHANNELS, call->channel_begin,
		                        call->channel_end);
	*out = t;
	return HIDP_OK;
}

static hidp_status append_binary(struct build *b, uint32_t part, const struct hidp_layer_desc *d,
                                 struct posts *posts)
{
	struct tensor operand;
	if (d->input_count == 1) {
		hidp_status s = xnnpack__constant_operand(b, part, d, &operand);
		if (s != HIDP_OK)
			return s;
	} else {
		uint32_t input = inputs_before(b, part);
		if (input >= b->call->input_count)
			return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "part %u lacks an input", part);
		operand = xnnpack__call_same(b->call, &b->call->inputs[input]);
	}
	return xnnpack__posts_binary(b, d->function, &operand, posts);
}

hidp_status xnnpack__posts(struct build *b, uint32_t first, struct posts *posts)
{
	hidp_status s = HIDP_OK;
	for (uint32_t p = first; s == HIDP_OK && p < b->call->info.part_count; p++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		s = hidp_model_part(b->call->model, b->call->layer, p, &d);
		if (s != HIDP_OK)
			return s;
		if (d.op == HIDP_OP_ACTIVATION)
			s = xnnpack__posts_activation(b, &d, posts);
		else if (d.op == HIDP_OP_BINARY)
			s = append_binary(b, p, &d, posts);
		else if (d.op == HIDP_OP_BATCH_NORM)
			s = append_norm(b, p, posts);
		else
			s = BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "op %u cannot be fused", d.op);
	}
	return s;
}

void xnnpack__take_clip(struct posts *posts, float *low, float *high)
{
	const struct post *first = &posts->list[0];
	*low = -INFINITY;
	*high = INFINITY;
	/* bounds that are no range are left to the post, which has an answer */
	if (posts->count == 0 || first->function != xnnpack__line_clip ||
	    !(first->alpha < first->beta))
		return;
	*low = first->alpha;
	*high = first->beta;
	posts->count--;
	for (uint32_t i = 0; i < posts->count; i++)
		posts->list[i] = posts->list[i + 1];
}

hidp_status xnnpack__finish(struct build *b, const struct tensor *out, const struct posts *posts)
{
	return posts->count != 0 ? xnnpack__add_posts(b, out, out, posts) : HIDP_OK;
}
