/* SPDX-License-Identifier: MIT */
#include "kernels/window.h"

int64_t kernels__window_extent(const struct window *window, int axis)
{
	return (window->kernel[axis] - 1) * window->dilation[axis] + 1;
}

void kernels__window_read(const struct call *call, const struct hidp_layer_desc *d,
                          struct window *window, int64_t *begin, int64_t *end)
{
	const struct hidp_shape *in = &call->inputs[0].shape;
	for (int i = 0; i < 2; i++) {
		window->kernel[i] = d->kernel[i];
		window->stride[i] = d->stride[i];
		window->dilation[i] = d->dilation[i];
	}
	int64_t first = call->row_begin * d->stride[0] - d->pad[0];
	int64_t last =
		(call->row_end - 1) * d->stride[0] - d->pad[0] + kernels__window_extent(window, 0);
	*begin = kernels__larger(first, 0);
	*end = kernels__smaller(last, in->rows);
	bool reads = *begin < *end;
	window->before[0] = reads ? *begin - first : last - first;
	window->after[0] = reads ? last - *end : 0;
	last = (call->info.shape.width - 1) * d->stride[1] - d->pad[1] +
	       kernels__window_extent(window, 1);
	window->before[1] = d->pad[1];
	window->after[1] = kernels__larger(last - in->width, 0);
	if (!reads)
		*end = *begin;
}
