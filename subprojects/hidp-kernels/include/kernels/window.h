/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_WINDOW_H
#define KERNELS_WINDOW_H

#include "call.h"

/* Windows over rows (0) and columns (1): what a part of a convolution or a pool reads. */
struct window {
	int64_t kernel[2], stride[2], dilation[2];
	int64_t before[2], after[2]; /* padding around what is read */
};

/* Rows or columns from the first to behind the last that one window covers. */
int64_t kernels__window_extent(const struct window *window, int axis);

/*
 * The rows of the call's first input, *begin to *end, that a window needs for the rows of the
 * call, and the padding that is left. Where windows see nothing but padding there are no rows:
 * all padding is in `before`.
 */
void kernels__window_read(const struct call *call, const struct hidp_layer_desc *d,
                          struct window *window, int64_t *begin, int64_t *end);

#endif
