/* SPDX-License-Identifier: MIT */
/* Rows and columns resampled; pixel centres lie at half-integers. */
#include "op.h"

/* Where an output row (or column) lies among the input's. */
struct place {
	int64_t low, high; /* the ones around it */
	float weight;      /* of `high` */
};

static struct place place_of(int64_t at, int64_t in, int64_t out)
{
	/* s = (at + 1/2) in / out - 1/2, times 2 out, so that all is whole */
	const int64_t s = (2 * at + 1) * in - out, unit = 2 * out;
	if (s <= 0)
		return (struct place){0, 0, 0};
	struct place p = {.low = s / unit, .weight = (float)(s % unit) / (float)unit};
	p.high = p.low + 1 < in ? p.low + 1 : in - 1;
	return p;
}

static void run_nearest(const struct work *w, int64_t row, int64_t column)
{
	const struct hidp_shape *in = &w->part->in, *out = &w->part->out;
	const int64_t y = (2 * row + 1) * in->rows / (2 * out->rows);
	const int64_t x = (2 * column + 1) * in->width / (2 * out->width);
	const float *from = work_in(w, 0, y, x);
	float *to = work_out(w, row, column);
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		to[c] = from[c];
}

static void run_bilinear(const struct work *w, int64_t row, int64_t column)
{
	const struct hidp_shape *in = &w->part->in, *out = &w->part->out;
	const struct place y = place_of(row, in->rows, out->rows);
	const struct place x = place_of(column, in->width, out->width);
	const float *a = work_in(w, 0, y.low, x.low), *b = work_in(w, 0, y.low, x.high);
	const float *c = work_in(w, 0, y.high, x.low), *d = work_in(w, 0, y.high, x.high);
	float *to = work_out(w, row, column);
	for (int64_t i = w->channel_begin; i < w->channel_end; i++) {
		float low = (1 - x.weight) * a[i] + x.weight * b[i];
		float high = (1 - x.weight) * c[i] + x.weight * d[i];
		to[i] = (1 - y.weight) * low + y.weight * high;
	}
}

static void run(const struct work *w)
{
	for (int64_t row = w->row_begin; row < w->row_end; row++)
		for (int64_t column = 0; column < w->out->shape.width; column++) {
			if (w->part->desc.function == HIDP_RESIZE_NEAREST)
				run_nearest(w, row, column);
			else
				run_bilinear(w, row, column);
		}
}

const struct op hidp_reference__resize = {.run = run};
