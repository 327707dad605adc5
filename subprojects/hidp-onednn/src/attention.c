/* SPDX-License-Identifier: MIT */
/*
 * Attention, head by head, so that the scores of one stay in the cache: a product, a
 * softmax over its rows, and another product, on parts of the tensors where they lie.
 */
#include <float.h>
#include <math.h>

#include "matmul.h"
#include "norm.h"

/* Q, K, V and the mask of the call's rows, and of all heads. */
struct heads {
	struct tensor q, k, v, out;
	bool masked;
	struct tensor mask;
	int64_t size, value_size; /* channels of a head: of Q and K, of V */
	float scale;              /* of scores */
};

static struct tensor cut_head(const struct tensor *t, int64_t image, int64_t head, int64_t size)
{
	struct tensor one = onednn__tensor_cut(*t, HIDP_AXIS_BATCH, image, image + 1);
	return onednn__tensor_cut(one, HIDP_AXIS_CHANNELS, head * size, (head + 1) * size);
}

/* What is done to the scores: the mask is added, and of what is infinite then the lowest number. */
static void mask_posts(const struct heads *heads, int64_t image, int64_t head, struct posts *posts)
{
	struct tensor mask = heads->mask;
	if (mask.dims[HIDP_AXIS_BATCH] != 1)
		mask = onednn__tensor_cut(mask, HIDP_AXIS_BATCH, image, image + 1);
	if (mask.dims[HIDP_AXIS_WIDTH] != 1)
		mask = onednn__tensor_cut(mask, HIDP_AXIS_WIDTH, head, head + 1);
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
	struct tensor q = cut_head(&heads->q, image, head, heads->size);
	struct tensor k = cut_head(&heads->k, image, head, heads->size);
	struct tensor v = cut_head(&heads->v, image, head, heads->value_size);
	/* the output begins with the call's first head */
	int64_t first = b->call->channel_begin / heads->value_size;
	struct tensor out = cut_head(&heads->out, image, head - first, heads->value_size);
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

/* The mask of the call's rows, keys on the channels. */
static struct tensor mask_rows(const struct call *call, int64_t keys)
{
	const struct operand *mask = &call->inputs[3];
	if (mask->shape.rows == keys && mask->shape.channels == 1) {
		struct tensor rows = onednn__operand_rows(call, mask, 0, keys), turned = rows;
		turned.dims[HIDP_AXIS_CHANNELS] = keys;
		turned.dims[HIDP_AXIS_ROWS] = 1;
		turned.strides[HIDP_AXIS_CHANNELS] = rows.strides[HIDP_AXIS_ROWS];
		turned.strides[HIDP_AXIS_ROWS] = keys * rows.strides[HIDP_AXIS_ROWS];
		return turned;
	}
	if (mask->shape.rows == 1)
		return onednn__operand_rows(call, mask, 0, 1);
	return onednn__operand_rows(call, mask, call->row_begin, call->row_end);
}

hidp_status onednn__build_attention(struct build *b)
{
	const struct call *call = b->call;
	struct heads h = {.masked = b->part.input_count == 4};
	int64_t begin = call->row_begin, end = call->row_end, rows = call->inputs[0].shape.rows;
	if (call->input_count == 1) { /* side by side */
		int64_t channels = call->info.shape.channels;
		struct tensor all = onednn__operand_rows(call, &call->inputs[0], 0, rows);
		h.q = onednn__tensor_cut(all, HIDP_AXIS_CHANNELS, 0, channels);
		h.q = onednn__tensor_cut(h.q, HIDP_AXIS_ROWS, begin, end);
		h.k = onednn__tensor_cut(all, HIDP_AXIS_CHANNELS, channels, 2 * channels);
		h.v = onednn__tensor_cut(all, HIDP_AXIS_CHANNELS, 2 * channels, 3 * channels);
	} else {
		h.q = onednn__operand_rows(call, &call->inputs[0], begin, end);
		h.k = onednn__operand_rows(call, &call->inputs[1], 0, call->inputs[1].shape.rows);
		h.v = onednn__operand_rows(call, &call->inputs[2], 0, call->inputs[2].shape.rows);
	}
	if (h.masked)
		h.mask = mask_rows(call, h.k.dims[HIDP_AXIS_ROWS]);
	h.out = onednn__call_output(call);
	h.size = h.q.dims[HIDP_AXIS_CHANNELS] / b->part.heads;
	h.value_size = h.v.dims[HIDP_AXIS_CHANNELS] / b->part.heads;
	h.scale = b->part.alpha != 0 ? (float)b->part.alpha : 1 / sqrtf((float)h.size);
	const int64_t dims[4] = {1, h.k.dims[HIDP_AXIS_ROWS], end - begin, 1};
	struct tensor scores = onednn__scratch_tensor(b, dims);
	hidp_status s = HIDP_OK;
	for (int64_t n = 0; s == HIDP_OK && n < h.out.dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t head = call->channel_begin / h.value_size;
		     s == HIDP_OK && head < call->channel_end / h.value_size; head++)
			s = add_head(b, &h, n, head, &scores);
	return s;
}
