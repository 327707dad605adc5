/* SPDX-License-Identifier: MIT */
/* What the parts behind the first one of a layer do, as post-ops of oneDNN. */
#include "post.h"

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

hidp_status onednn__post_activation(struct build *b, const struct hidp_layer_desc *d,
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

hidp_status onednn__post_binary(struct build *b, hidp_binary function, const struct tensor *operand,
                                struct posts *posts)
{
	struct post post = {.binary = true, .operand = *operand};
	hidp_status s = onednn__binary_algorithm(b, function, &post.algorithm);
	return s == HIDP_OK ? append(b, posts, &post) : s;
}
