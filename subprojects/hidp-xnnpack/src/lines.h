/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_LINES_H
#define XNNPACK_LINES_H

#include <stdint.h>

/* Elementwise functions of elements that lie side by side. */

struct line {
	float *out; /* may be x */
	const float *x;
	const float *y; /* second operand of a binary function */
	int64_t y_step; /* 1, or 0: all the same */
	int64_t count;
	float alpha, beta;
};

typedef void (*line_fn)(const struct line *line);

/* min(max(x, alpha), beta) */
void xnnpack__line_clip(const struct line *line);

/* Of hidp_activation (those that only clip as that, with bounds) and hidp_binary; NULL: not known.
 */
line_fn xnnpack__line_activation(uint32_t function);
line_fn xnnpack__line_binary(uint32_t function);

#endif
