/* SPDX-License-Identifier: MIT */
/* Rows and columns resampled. */
#include "op.h"

/* Where an output row (or column) lies among the input's. */
struct place {
	int64_t low, high; /* the ones around it */
	float weight;      /* of `high` */
};

/* The place at / unit, of which only the rows that exist count. */
static struct place place_at(int64_t at, int64_t unit, int64_t in)
{
	if (at <= 0)
		return (struct place){0, 0, 0};
	struct place p = {.low = at / unit, .weight = (float)(at % unit) / (float)unit};
	p.high = at % unit != 0 && p.low + 1 < in ? p.low + 1 : p.low;
	return p;
}

static struct place place_of(hidp_resize function, int64_t at, int64_t in, int64_t out)
{
	if (function == HIDP_RESIZE_BILINEAR_CORNERS)
		return place_at(at * (in - 1), out > 1 ? out - 1 : 1, in);
	/* s = (at + 1/2) in / out - 1/2, times 2 out, so that all is whole */
	return place_at((2 * at + 1) * in - out, 2 * out, in);
}

static int64_t nearest_of(hidp_resize function, int64_t at, int64_t in, int64_t out)
{
	return function == HIDP_RESIZE_NEAREST ? (2 * at + 1) * in / (2 * out) : at * in / out;
}

static void run_nearest(const struct work *w, int64_t row, int64_t column)
{
	const hidp_resize function = w->part->desc.function;
	const struct hidp_shape *in = &w->part->in, *out = &w->part->out;
	const int64_t y = nearest_of(function, row, in->rows, out->rows);
	const int64_t x = nearest_of(function, column, in->width, out->width);
	const float *from = work_in(w, 0, y, x);
	float *to = work_out(w, row, column);
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		to[c] = from[c];
}

static void run_bilinear(const struct work *w, int64_t row, int64_t column)
{
	const hidp_resize function = w->part->desc.function;
	const struct hidp_shape *in = &w->part->in, *out = &w->part->out;
	const struct place y = place_of(function, row, in->rows, out->rows);
	const struct place x = place_of(function, column, in->width, out->width);
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
	const hidp_resize function = w->part->desc.function;
	const bool nearest =
		function == HIDP_RESIZE_NEAREST || function == HIDP_RESIZE_NEAREST_FLOOR;
	for (int64_t row = w->row_begin; row < w->row_end; row++)
		for (int64_t column = 0; column < w->out->shape.width; column++) {
			if (nearest)
				run_nearest(w, row, column);
			else
				run_bilinear(w, row, column);
		}
}

const struct op hidp_reference__resize = {.run = run};
