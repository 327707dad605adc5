/* SPDX-License-Identifier: MIT */
#include "kernels/heads.h"

#include <math.h>

/* The mask of the call's rows, keys on the channels. */
static struct tensor mask_rows(const struct call *call, int64_t keys)
{
	const struct operand *mask = &call->inputs[3];
	if (mask->shape.rows == keys && mask->shape.channels == 1) {
		struct tensor rows = kernels__operand_rows(call, mask, 0, keys), turned = rows;
		turned.dims[HIDP_AXIS_CHANNELS] = keys;
		turned.dims[HIDP_AXIS_ROWS] = 1;
		turned.strides[HIDP_AXIS_CHANNELS] = rows.strides[HIDP_AXIS_ROWS];
		turned.strides[HIDP_AXIS_ROWS] = keys * rows.strides[HIDP_AXIS_ROWS];
		return turned;
	}
	if (mask->shape.rows == 1)
		return kernels__operand_rows(call, mask, 0, 1);
	return kernels__operand_rows(call, mask, call->row_begin, call->row_end);
}

static void find_operands(const struct build *b, struct heads *h)
{
	const struct call *call = b->call;
	int64_t begin = call->row_begin, end = call->row_end, rows = call->inputs[0].shape.rows;
	if (call->input_count == 1) { /* side by side */
		int64_t channels = call->info.shape.channels;
		struct tensor all = kernels__operand_rows(call, &call->inputs[0], 0, rows);
		h->q = kernels__tensor_cut(all, HIDP_AXIS_CHANNELS, 0, channels);
		h->q = kernels__tensor_cut(h->q, HIDP_AXIS_ROWS, begin, end);
		h->k = kernels__tensor_cut(all, HIDP_AXIS_CHANNELS, channels, 2 * channels);
		h->v = kernels__tensor_cut(all, HIDP_AXIS_CHANNELS, 2 * channels, 3 * channels);
	} else {
		h->q = kernels__operand_rows(call, &call->inputs[0], begin, end);
		h->k = kernels__operand_rows(call, &call->inputs[1], 0, call->inputs[1].shape.rows);
		h->v = kernels__operand_rows(call, &call->inputs[2], 0, call->inputs[2].shape.rows);
	}
	h->masked = b->part.input_count == 4;
	if (h->masked)
		h->mask = mask_rows(call, h->k.dims[HIDP_AXIS_ROWS]);
	h->out = kernels__call_output(call);
}

static struct tensor cut_heads(const struct tensor *t, int64_t first, int64_t count, int64_t size)
{
	return kernels__tensor_cut(*t, HIDP_AXIS_CHANNELS, first * size, (first + count) * size);
}

void kernels__heads_read(const struct build *b, struct heads *h)
{
	find_operands(b, h);
	h->size = h->q.dims[HIDP_AXIS_CHANNELS] / b->part.heads;
	h->value_size = h->v.dims[HIDP_AXIS_CHANNELS] / b->part.heads;
	h->scale = b->part.alpha != 0 ? (float)b->part.alpha : 1 / sqrtf((float)h->size);
	/* of the output there are no other heads than the call's */
	int64_t first = b->call->channel_begin / h->value_size;
	h->count = b->call->channel_end / h->value_size - first;
	h->q = cut_heads(&h->q, first, h->count, h->size);
	h->k = cut_heads(&h->k, first, h->count, h->size);
	h->v = cut_heads(&h->v, first, h->count, h->value_size);
	if (h->masked && h->mask.dims[HIDP_AXIS_WIDTH] != 1)
		h->mask = kernels__tensor_cut(h->mask, HIDP_AXIS_WIDTH, first, first + h->count);
}

struct tensor kernels__head(const struct tensor *t, int64_t image, int64_t head, int64_t size)
{
	struct tensor one = kernels__tensor_cut(*t, HIDP_AXIS_BATCH, image, image + 1);
	return kernels__tensor_cut(one, HIDP_AXIS_CHANNELS, head * size, (head + 1) * size);
}
