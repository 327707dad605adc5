/* SPDX-License-Identifier: MIT */
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
	*in = kernels__scratch_tensor(b, dims);
	window->before[0] = window->before[1] = window->after[1] = 0;
	return kernels__add_fill(b, in, 0);
}

hidp_status xnnpack__window_input(struct build *b, struct tensor *in, struct window *window)
{
	int64_t begin, end;
	kernels__window_read(b->call, &b->part, window, &begin, &end);
	if (begin == end)
		return make_padding(b, in, window);
	*in = kernels__operand_rows(b->call, &b->call->inputs[0], begin, end);
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
