/* SPDX-License-Identifier: MIT */
#include "post.h"

#include "weights.h"

/* What the parts behind the first one of a layer do, as posts. */
static hidp_status append(struct build *b, struct posts *posts, const struct post *post)
{
	if (posts->count == POSTS_MAX)
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED,
		                  "more than %d functions are fused into it", POSTS_MAX);
	posts->list[posts->count++] = *post;
	return HIDP_OK;
}

static hidp_status eltwise(struct build *b, struct posts *posts, dnnl_alg_kind_t algorithm,
                           double alpha, double beta)
{
	return append(
		b, posts,
		&(struct post){.algorithm = algorithm, .alpha = (float)alpha, .beta = (float)beta});
}

static hidp_status plain(struct build *b, struct posts *posts, const struct hidp_layer_desc *d)
{
	return append(b, posts,
	              &(struct post){.algorithm = POST_PLAIN,
	                             .plain = d->function,
	                             .alpha = (float)d->alpha,
	                             .beta = (float)d->beta});
}

hidp_status onednn__posts_activation(struct build *b, const struct hidp_layer_desc *d,
                                     struct posts *posts)
{
	hidp_status s;
	bool hard = d->alpha != 0 || d->beta != 0; /* of the hard functions: given */
	double alpha = hard ? d->alpha : 1.0 / 6, beta = hard ? d->beta : 0.5;
	switch (d->function) {
	case HIDP_ACTIVATION_RELU:
		return eltwise(b, posts, dnnl_eltwise_relu, 0, 0);
	case HIDP_ACTIVATION_RELU6:
		return eltwise(b, posts, dnnl_eltwise_clip, 0, 6);
	case HIDP_ACTIVATION_SIGMOID:
		return eltwise(b, posts, dnnl_eltwise_logistic, 0, 0);
	case HIDP_ACTIVATION_SILU:
		return eltwise(b, posts, dnnl_eltwise_swish, 1, 0);
	case HIDP_ACTIVATION_HARD_SIGMOID:
		s = eltwise(b, posts, dnnl_eltwise_linear, alpha, beta);
		return s != HIDP_OK ? s : eltwise(b, posts, dnnl_eltwise_clip, 0, 1);
	case HIDP_ACTIVATION_HARD_SWISH:
		if (!hard)
			return eltwise(b, posts, dnnl_eltwise_hardswish, 0, 0);
		return plain(b, posts, d);
	case HIDP_ACTIVATION_TANH:
		return eltwise(b, posts, dnnl_eltwise_tanh, 0, 0);
	case HIDP_ACTIVATION_GELU:
		return eltwise(b, posts, dnnl_eltwise_gelu_erf, 0, 0);
	case HIDP_ACTIVATION_LEAKY_RELU:
		return eltwise(b, posts, dnnl_eltwise_relu, d->alpha, 0);
	case HIDP_ACTIVATION_ELU:
		return eltwise(b, posts, dnnl_eltwise_elu, d->alpha, 0);
	case HIDP_ACTIVATION_SOFTPLUS:
		return eltwise(b, posts, dnnl_eltwise_soft_relu, 0, 0);
	case HIDP_ACTIVATION_CLIP:
		return eltwise(b, posts, dnnl_eltwise_clip, d->alpha, d->beta);
	case HIDP_ACTIVATION_EXP:
		return eltwise(b, posts, dnnl_eltwise_exp, 0, 0);
	case HIDP_ACTIVATION_LOG:
		return eltwise(b, posts, dnnl_eltwise_log, 0, 0);
	case HIDP_ACTIVATION_SQRT:
		return eltwise(b, posts, dnnl_eltwise_sqrt, 0, 0);
	case HIDP_ACTIVATION_ABS:
		return eltwise(b, posts, dnnl_eltwise_abs, 0, 0);
	case HIDP_ACTIVATION_LINEAR:
		return eltwise(b, posts, dnnl_eltwise_linear, d->alpha, d->beta);
	case HIDP_ACTIVATION_ROUND:
		return eltwise(b, posts, dnnl_eltwise_round, 0, 0);
	case HIDP_ACTIVATION_POWER:
		return eltwise(b, posts, dnnl_eltwise_pow, 1, d->alpha);
	case HIDP_ACTIVATION_RECIPROCAL:
		return eltwise(b, posts, dnnl_eltwise_pow, 1, -1);
	case HIDP_ACTIVATION_ERF:
	case HIDP_ACTIVATION_SIGN:
	case HIDP_ACTIVATION_FLOOR:
	case HIDP_ACTIVATION_CEIL:
	case HIDP_ACTIVATION_SIN:
	case HIDP_ACTIVATION_COS:
	case HIDP_ACTIVATION_SOFTSIGN:
		return plain(b, posts, d);
	default:
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "activation %u is not known",
		                  d->function);
	}
}

hidp_status onednn__binary_algorithm(struct build *b, hidp_binary function, dnnl_alg_kind_t *out)
{
	switch (function) {
	case HIDP_BINARY_ADD:
		*out = dnnl_binary_add;
		return HIDP_OK;
	case HIDP_BINARY_SUB:
		*out = dnnl_binary_sub;
		return HIDP_OK;
	case HIDP_BINARY_MUL:
		*out = dnnl_binary_mul;
		return HIDP_OK;
	case HIDP_BINARY_DIV:
		*out = dnnl_binary_div;
		return HIDP_OK;
	case HIDP_BINARY_MIN:
		*out = dnnl_binary_min;
		return HIDP_OK;
	case HIDP_BINARY_MAX:
		*out = dnnl_binary_max;
		return HIDP_OK;
	default:
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "binary function %u is not known",
		                  function);
	}
}

/* Scale and shift of a batch normalisation behind something without weights. */
static hidp_status append_norm(struct build *b, uint32_t part, struct posts *posts)
{
	static const hidp_weight_role roles[2] = {HIDP_WEIGHT_SCALE, HIDP_WEIGHT_SHIFT};
	const int64_t dims[4] = {1, b->call->info.shape.channels, 1, 1};
	hidp_status s = HIDP_OK;
	for (int i = 0; s == HIDP_OK && i < 2; i++) {
		struct post post = {.binary = true};
		const float *lent = NULL;
		post.algorithm = i == 0 ? dnnl_binary_mul : dnnl_binary_add;
		s = onednn__weights(b, part, roles[i], dims[1], &lent);
		if (s != HIDP_OK)
			return s;
		post.operand = onednn__tensor_dense(onednn__constant_place(lent), dims);
		post.operand = onednn__tensor_cut(post.operand, HIDP_AXIS_CHANNELS,
		                                  b->call->channel_begin, b->call->channel_end);
		s = append(b, posts, &post);
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

hidp_status onednn__constant_operand(struct build *b, uint32_t part,
                                     const struct hidp_layer_desc *d, struct tensor *out)
{
	const struct call *call = b->call;
	struct tensor t;
	hidp_status s = onednn__constant(b, part, d, &t);
	if (s != HIDP_OK)
		return s;
	if (t.dims[HIDP_AXIS_BATCH] > 1)
		t = onednn__tensor_cut(t, HIDP_AXIS_BATCH, call->image_begin, call->image_end);
	if (t.dims[HIDP_AXIS_ROWS] > 1)
		t = onednn__tensor_cut(t, HIDP_AXIS_ROWS, call->row_begin, call->row_end);
	if (t.dims[HIDP_AXIS_CHANNELS] > 1)
		t = onednn__tensor_cut(t, HIDP_AXIS_CHANNELS, call->channel_begin,
		                       call->channel_end);
	*out = t;
	return HIDP_OK;
}

static hidp_status append_binary(struct build *b, uint32_t part, const struct hidp_layer_desc *d,
                                 struct posts *posts)
{
	struct post post = {.binary = true};
	hidp_status s = onednn__binary_algorithm(b, d->function, &post.algorithm);
	if (s != HIDP_OK)
		return s;
	if (d->input_count == 1) {
		s = onednn__constant_operand(b, part, d, &post.operand);
		if (s != HIDP_OK)
			return s;
	} else {
		uint32_t input = inputs_before(b, part);
		if (input >= b->call->input_count)
			return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "part %u lacks an input", part);
		post.operand = onednn__call_same(b->call, &b->call->inputs[input]);
	}
	return append(b, posts, &post);
}

hidp_status onednn__posts(struct build *b, uint32_t first, struct posts *posts)
{
	hidp_status s = HIDP_OK;
	for (uint32_t p = first; s == HIDP_OK && p < b->call->info.part_count; p++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		s = hidp_model_part(b->call->model, b->call->layer, p, &d);
		if (s != HIDP_OK)
			return s;
		if (d.op == HIDP_OP_ACTIVATION)
			s = onednn__posts_activation(b, &d, posts);
		else if (d.op == HIDP_OP_BINARY)
			s = append_binary(b, p, &d, posts);
		else if (d.op == HIDP_OP_BATCH_NORM)
			s = append_norm(b, p, posts);
		else
			s = BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "op %u cannot be fused", d.op);
	}
	return s;
}
