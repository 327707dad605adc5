/* SPDX-License-Identifier: MIT */
/*
 * Attention, head by head, so that the scores of one stay in the cache: a product, a
 * softmax over its rows, and another product, on parts of the tensors where they lie.
 */
#include <float.h>

#include "kernels/heads.h"
#include "matmul.h"
#include "norm.h"

/* What is done to the scores: the mask is added, and of what is infinite then the lowest number. */
static void mask_posts(const struct heads *heads, int64_t image, int64_t head, struct posts *posts)
{
	struct tensor mask = kernels__tensor_image(&heads->mask, image);
	if (mask.dims[HIDP_AXIS_WIDTH] != 1)
		mask = kernels__tensor_cut(mask, HIDP_AXIS_WIDTH, head, head + 1);
	posts->count = 2;
	posts->list[0] =
		(struct post){.algorithm = dnnl_binary_add, .binary = true, .operand = mask};
	posts->list[1] =
		(struct post){.algorithm = dnnl_eltwise_clip, .alpha = -FLT_MAX, .beta = FLT_MAX};
}

static hidp_status add_head(struct build *b, const struct heads *heads, int64_t image, int64_t head,
                            const struct tensor *scores)
{
	struct posts none = {.count = 0}, posts = none;
	struct tensor q = kernels__head(&heads->q, image, head, heads->size);
	struct tensor k = kernels__head(&heads->k, image, head, heads->size);
	struct tensor v = kernels__head(&heads->v, image, head, heads->value_size);
	struct tensor out = kernels__head(&heads->out, image, head, heads->value_size);
	if (heads->masked)
		mask_posts(heads, image, head, &posts);
	const size_t scratch = b->scratch; /* copies of the mask are for this head alone */
	hidp_status s = onednn__add_matmul(b, &q, &k, true, heads->scale, scores, &posts);
	if (s == HIDP_OK)
		s = onednn__add_softmax(b, scores, scores);
	if (s == HIDP_OK)
		s = onednn__add_matmul(b, scores, &v, false, 0, &out, &none);
	b->scratch = scratch;
	return s;
}

hidp_status onednn__build_attention(struct build *b)
{
	struct heads h;
	kernels__heads_read(b, &h);
	const int64_t dims[4] = {1, h.k.dims[HIDP_AXIS_ROWS], h.q.dims[HIDP_AXIS_ROWS], 1};
	struct tensor scores = kernels__scratch_tensor(b, dims);
	hidp_status s = HIDP_OK;
	for (int64_t n = 0; s == HIDP_OK && n < h.out.dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t head = 0; s == HIDP_OK && head < h.count; head++)
			s = add_head(b, &h, n, head, &scores);
	return s;
}
