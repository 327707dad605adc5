/* SPDX-License-Identifier: MIT */
/* Windows over rows and columns: what a part of a convolution or a pool reads. */
#include "build.h"

/*
 * Windows that see nothing but padding: no rows, and perhaps no buffer, but operators want an
 * input. The padding is made up in scratch memory.
 */
static hidp_status make_padding(struct build *b, struct tensor *in, struct window *window)
{
	const struct call *call = b->call;
	const struct hidp_shape *shape = &call->inputs[0].shape;
	const int64_t dims[4] = {shape->batch > 1 ? call->image_end - call->image_begin : 1,
	                         shape->channels, window->before[0],
	                         window->before[1] + shape->width + window->after[1]};
	*in = xnnpack__scratch_tensor(b, dims);
	window->before[0] = window->before[1] = window->after[1] = 0;
	return xnnpack__add_fill(b, in, 0);
}

hidp_status xnnpack__window_input(struct build *b, const struct hidp_layer_desc *d,
                                  struct tensor *in, struct window *window)
{
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	for (int i = 0; i < 2; i++) {
		window->kernel[i] = d->kernel[i];
		window->stride[i] = d->stride[i];
		window->dilation[i] = d->dilation[i];
	}
	int64_t extents[2];
	for (int i = 0; i < 2; i++)
		extents[i] = (d->kernel[i] - 1) * d->dilation[i] + 1;
	int64_t begin = call->row_begin * d->stride[0] - d->pad[0];
	int64_t end = (call->row_end - 1) * d->stride[0] - d->pad[0] + extents[0];
	int64_t first = xnnpack__larger(begin, 0),
		last = xnnpack__smaller(end, operand->shape.rows);
	window->before[0] = first < last ? first - begin : end - begin;
	window->after[0] = first < last ? end - last : 0;
	end = (call->info.shape.width - 1) * d->stride[1] - d->pad[1] + extents[1];
	window->before[1] = d->pad[1];
	window->after[1] = xnnpack__larger(end - operand->shape.width, 0);
	if (first >= last)
		return make_padding(b, in, window);
	*in = xnnpack__operand_rows(call, operand, first, last);
	return HIDP_OK;
}

bool xnnpack__window_fits(const struct window *window)
{
	for (int i = 0; i < 2; i++)
		if (window->kernel[i] > INT32_MAX || window->stride[i] > INT32_MAX ||
		    window->dilation[i] > INT32_MAX || window->before[i] > INT32_MAX ||
		    window->after[i] > INT32_MAX)
			return false;
	return true;
}
