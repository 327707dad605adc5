/* SPDX-License-Identifier: MIT */
/* Windows over rows and columns: what a part of a convolution or a pool reads. */
#include "build.h"

/*
 * Where windows lie in the padding altogether, oneDNN 2.6 refuses, or forgets what it was to
 * add: then the padding is made up in scratch memory.
 */
static hidp_status make_padding(struct build *b, struct tensor *in, struct window *window)
{
	int64_t dims[4] = {in->dims[0], in->dims[1], in->dims[2], in->dims[3]};
	dims[HIDP_AXIS_ROWS] += window->before[0] + window->after[0];
	dims[HIDP_AXIS_WIDTH] += window->before[1] + window->after[1];
	struct tensor padded = onednn__scratch_tensor(b, dims), middle = padded;
	for (int i = 0; i < 2; i++)
		middle = onednn__tensor_cut(middle, i == 0 ? HIDP_AXIS_ROWS : HIDP_AXIS_WIDTH,
		                            window->before[i],
		                            window->before[i] + in->dims[HIDP_AXIS_ROWS + i]);
	hidp_status s = onednn__add_fill(b, &padded, 0);
	if (s == HIDP_OK)
		s = onednn__add_copy(b, in, &middle);
	for (int i = 0; i < 2; i++)
		window->before[i] = window->after[i] = 0;
	*in = padded;
	return s;
}

static struct tensor no_rows(const struct call *call, const struct operand *operand)
{
	struct tensor t = operand->held;
	t.dims[HIDP_AXIS_ROWS] = 0;
	if (t.dims[HIDP_AXIS_BATCH] > 1)
		t.dims[HIDP_AXIS_BATCH] = call->image_end - call->image_begin;
	return t;
}

hidp_status onednn__window_input(struct build *b, const struct hidp_layer_desc *d,
                                 struct tensor *in, struct window *window)
{
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	for (int i = 0; i < 2; i++) {
		window->kernel[i] = d->kernel[i];
		window->stride[i] = d->stride[i];
		window->dilation[i] = d->dilation[i] - 1;
	}
	int64_t extents[2];
	for (int i = 0; i < 2; i++)
		extents[i] = (d->kernel[i] - 1) * d->dilation[i] + 1;
	int64_t begin = call->row_begin * d->stride[0] - d->pad[0];
	int64_t end = (call->row_end - 1) * d->stride[0] - d->pad[0] + extents[0];
	int64_t first = onednn__larger(begin, 0), last = onednn__smaller(end, operand->shape.rows);
	if (first < last)
		*in = onednn__operand_rows(call, operand, first, last);
	else /* nothing but padding: no rows, and perhaps no buffer */
		*in = no_rows(call, operand);
	window->before[0] = first < last ? first - begin : end - begin;
	window->after[0] = first < last ? end - last : 0;
	end = (call->info.shape.width - 1) * d->stride[1] - d->pad[1] + extents[1];
	window->before[1] = d->pad[1];
	window->after[1] = onednn__larger(end - operand->shape.width, 0);
	for (int i = 0; i < 2; i++)
		if (window->before[i] >= extents[i] || window->after[i] >= extents[i])
			return make_padding(b, in, window);
	return HIDP_OK;
}
