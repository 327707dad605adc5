/* SPDX-License-Identifier: MIT */
#include "product.h"

#include <string.h>

#include "vectors.h"

#define COLUMNS PRODUCT_COLUMNS
#define ROWS 4

struct matrix xnnpack__matrix_of(const struct running *running, const struct tensor *t,
                                 bool transposed)
{
	struct matrix m = {kernels__address(running, t->place), t->strides[HIDP_AXIS_ROWS],
	                   t->strides[HIDP_AXIS_CHANNELS]};
	if (transposed) {
		int64_t row = m.row;
		m.row = m.column;
		m.column = row;
	}
	return m;
}

/* A panel of the right matrix: all its rows, some columns of it side by side, filled with zeros. */
static void pack(const struct matrix *right, int64_t inner, int64_t first, int64_t count,
                 float *panel)
{
	const float *from = right->data + first * right->column;
	if (right->column == 1 && count == COLUMNS) {
		for (int64_t k = 0; k < inner; k++)
			memcpy(panel + k * COLUMNS, from + k * right->row, COLUMNS * sizeof *panel);
		return;
	}
	for (int64_t k = 0; k < inner; k++)
		for (int64_t c = 0; c < COLUMNS; c++)
			panel[k * COLUMNS + c] =
				c < count ? from[k * right->row + c * right->column] : 0;
}

/* sums = some rows of the left matrix * a panel */
VECTORS static void multiply_tile(const float *const left[ROWS], int64_t step, const float *panel,
                                  int64_t inner, float sums[ROWS][COLUMNS])
{
	const float *a = left[0], *b = left[1], *c = left[2], *d = left[3];
	float w[COLUMNS] = {0}, x[COLUMNS] = {0}, y[COLUMNS] = {0}, z[COLUMNS] = {0};
	for (int64_t k = 0; k < inner; k++) {
		const float *row = panel + k * COLUMNS;
		const float p = a[k * step], q = b[k * step], r = c[k * step], s = d[k * step];
		for (int i = 0; i < COLUMNS; i++) {
			w[i] += p * row[i];
			x[i] += q * row[i];
			y[i] += r * row[i];
			z[i] += s * row[i];
		}
	}
	memcpy(sums[0], w, sizeof w);
	memcpy(sums[1], x, sizeof x);
	memcpy(sums[2], y, sizeof y);
	memcpy(sums[3], z, sizeof z);
}

static void multiply_panel(const struct product *p, int64_t first, int64_t count)
{
	for (int64_t i = 0; i < p->rows; i += ROWS) {
		const float *left[ROWS];
		float sums[ROWS][COLUMNS];
		int64_t rows = p->rows - i < ROWS ? p->rows - i : ROWS;
		for (int64_t r = 0; r < ROWS; r++) /* what is too much is computed for nothing */
			left[r] = p->left.data + (i + (r < rows ? r : 0)) * p->left.row;
		multiply_tile(left, p->left.column, p->panel, p->inner, sums);
		for (int64_t r = 0; r < rows; r++)
			for (int64_t c = 0; c < count; c++)
				p->out[(i + r) * p->out_row + first + c] = p->scale * sums[r][c];
	}
}

void xnnpack__multiply(const struct product *product, int64_t begin, int64_t end)
{
	for (int64_t first = begin; first < end; first += COLUMNS) {
		int64_t count = end - first < COLUMNS ? end - first : COLUMNS;
		pack(&product->right, product->inner, first, count, product->panel);
		multiply_panel(product, first, count);
	}
}
