/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_NORM_H
#define XNNPACK_NORM_H

#include <stdint.h>

/* A softmax in place. */
void xnnpack__softmax_line(float *x, int64_t count);

#endif
