/* SPDX-License-Identifier: MIT */
/* Maxima and means over windows, and over everything. */
#include <math.h>

#include "op.h"

/* A window on the input, for one pixel of the output. */
struct window {
	const struct work *work;
	int64_t row, column; /* of its first element; may be outside */
	int64_t inside;      /* elements in the input */
	int64_t padded;      /* elements in the input and its padding */
};

static void add(const struct work *w, const float *in, float *out)
{
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] += in[c];
}

static void keep_larger(const struct work *w, const float *in, float *out)
{
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] = in[c] > out[c] ? in[c] : out[c];
}

/* Walks over the window, row by row, and takes up what is in the input. */
static void walk(struct window *v, void (*take)(const struct work *, const float *, float *),
                 float *out)
{
	const struct work *w = v->work;
	const struct hidp_layer_desc *d = &w->part->desc;
	const struct hidp_shape *in = &w->part->in;
	for (int64_t i = 0; i < d->kernel[0]; i++) {
		int64_t y = v->row + i * d->dilation[0];
		for (int64_t j = 0; j < d->kernel[1]; j++) {
			int64_t x = v->column + j * d->dilation[1];
			/* the first row and column of padding are never exceeded */
			v->padded += y < in->rows + d->pad[2] && x < in->width + d->pad[3];
			if (y < 0 || y >= in->rows || x < 0 || x >= in->width)
				continue;
			take(w, work_in(w, 0, y, x), out);
			v->inside++;
		}
	}
}

static void run_pixel(const struct work *w, int64_t row, int64_t column)
{
	const struct hidp_layer_desc *d = &w->part->desc;
	const bool maximum = d->op == HIDP_OP_MAX_POOL;
	struct window v = {.work = w,
	                   .row = row * d->stride[0] - d->pad[0],
	                   .column = column * d->stride[1] - d->pad[1]};
	float *out = work_out(w, row, column);
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] = maximum ? -INFINITY : 0;
	walk(&v, maximum ? keep_larger : add, out);
	if (maximum && v.inside > 0)
		return;
	int64_t count = d->flags & HIDP_LAYER_EXCLUDE_PAD ? v.inside : v.padded;
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] = v.inside > 0 ? out[c] / (float)count : 0;
}

static void run(const struct work *w)
{
	for (int64_t row = w->row_begin; row < w->row_end; row++)
		for (int64_t column = 0; column < w->out->shape.width; column++)
			run_pixel(w, row, column);
}

static void run_global(const struct work *w)
{
	const struct hidp_shape *in = &w->part->in;
	float *out = work_out(w, 0, 0);
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] = 0;
	for (int64_t y = 0; y < in->rows; y++)
		for (int64_t x = 0; x < in->width; x++)
			add(w, work_in(w, 0, y, x), out);
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] /= (float)(in->rows * in->width);
}

const struct op hidp_reference__pool = {.run = run};
const struct op hidp_reference__global_pool = {.run = run_global};
