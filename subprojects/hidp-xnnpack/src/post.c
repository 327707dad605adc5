/* SPDX-License-Identifier: MIT */
#include "post.h"

#include <math.h>

static hidp_status append(struct build *b, struct posts *posts, const struct post *post)
{
	if (posts->count == POSTS_MAX)
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED,
		                  "more than %d functions are fused into it", POSTS_MAX);
	posts->list[posts->count++] = *post;
	return HIDP_OK;
}

hidp_status xnnpack__post_activation(struct build *b, const struct hidp_layer_desc *d,
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

hidp_status xnnpack__post_binary(struct build *b, hidp_binary function,
                                 const struct tensor *operand, struct posts *posts)
{
	struct post post = {
		.function = xnnpack__line_binary(function), .binary = true, .operand = *operand};
	if (post.function == NULL)
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "binary function %u is not known",
		                  function);
	return append(b, posts, &post);
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
