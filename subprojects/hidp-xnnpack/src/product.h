/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_PRODUCT_H
#define XNNPACK_PRODUCT_H

#include "task.h"

/*
 * Products of two matrices that are both known only when a task is run: XNNPACK of 2022 has
 * but products with a matrix that is packed beforehand.
 */

/* Elements of a matrix lie `row` and `column` apart. */
struct matrix {
	const float *data;
	int64_t row, column;
};

/* A tensor of one image and width 1: rows and channels, or the other way round. */
struct matrix xnnpack__matrix_of(const struct running *running, const struct tensor *t,
                                 bool transposed);

struct product {
	struct matrix left, right;
	float *out;                   /* columns side by side */
	int64_t out_row;              /* elements between its rows */
	int64_t rows, inner, columns; /* left: rows x inner, right: inner x columns */
	float scale;
	float *panel; /* xnnpack__panel_elements() */
};

/* Columns that are computed together. */
#define PRODUCT_COLUMNS 16

/* Scratch memory of a product. */
static inline int64_t xnnpack__panel_elements(int64_t inner)
{
	return inner * PRODUCT_COLUMNS;
}

/* out = scale * left * right; its columns from begin to end, a multiple of those or the last. */
void xnnpack__multiply(const struct product *product, int64_t begin, int64_t end);

#endif
