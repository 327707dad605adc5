/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REFERENCE_PRODUCTS_H
#define HIDP_REFERENCE_PRODUCTS_H

#include <stdint.h>

/* Products of vectors, for matrix products and attention; always from the first element on. */

/* out[k] = a . b[k], of count elements each; the vectors b[k] lie `stride` elements apart. */
static inline void scalar_products(const float *a, const float *b, int64_t stride, int64_t count,
                                   int64_t vectors, float *out)
{
	enum {
		TOGETHER = 8
	}; /* independent sums, so that additions need not wait for each other */
	int64_t k = 0;
	for (; k + TOGETHER <= vectors; k += TOGETHER) {
		float sums[TOGETHER] = {0};
		for (int64_t i = 0; i < count; i++)
			for (int t = 0; t < TOGETHER; t++)
				sums[t] += a[i] * b[(k + t) * stride + i];
		for (int t = 0; t < TOGETHER; t++)
			out[k + t] = sums[t];
	}
	for (; k < vectors; k++) {
		float sum = 0;
		for (int64_t i = 0; i < count; i++)
			sum += a[i] * b[k * stride + i];
		out[k] = sum;
	}
}

/* out = sum of a[k] * b[k], vectors of count elements that lie `stride` elements apart. */
static inline void weighted_sum(const float *a, const float *b, int64_t stride, int64_t count,
                                int64_t vectors, float *out)
{
	for (int64_t i = 0; i < count; i++)
		out[i] = 0;
	for (int64_t k = 0; k < vectors; k++)
		for (int64_t i = 0; i < count; i++)
			out[i] += a[k] * b[k * stride + i];
}

#endif
