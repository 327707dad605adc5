/* SPDX-License-Identifier: MIT */
/* Ops that only move elements. */
#include <string.h>

#include "op.h"

/* Copies channels `from` on of a pixel to channels begin to end of another. */
static void copy(const float *from, float *to, int64_t begin, int64_t end)
{
	if (begin < end)
		memcpy(to + begin, from, (size_t)(end - begin) * sizeof *to);
}

/* One of the inputs of a concatenation; `first` is where it begins on the axis. */
static void copy_input(const struct work *w, uint32_t input, int64_t first, int64_t row)
{
	const struct hidp_shape *s = &w->in[input]->shape;
	int64_t begin = w->channel_begin, end = w->channel_end;
	int64_t channels = 0, rows = 0, columns = 0; /* that are before it in the output */
	switch (w->part->desc.axis) {
	case HIDP_AXIS_CHANNELS:
		channels = first;
		begin = begin > first ? begin : first;
		end = end < first + s->channels ? end : first + s->channels;
		break;
	case HIDP_AXIS_ROWS:
		rows = first;
		if (row < first || row >= first + s->rows)
			return;
		break;
	default:
		columns = first;
		break;
	}
	for (int64_t column = 0; column < s->width; column++)
		copy(work_in(w, input, row - rows, column) + begin - channels,
		     work_out(w, row, column + columns), begin, end);
}

static void run_concat(const struct work *w)
{
	const struct hidp_layer_desc *d = &w->part->desc;
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		int64_t first = 0;
		for (uint32_t i = 0; i < d->input_count; i++) {
			const struct hidp_shape *s = &w->in[i]->shape;
			copy_input(w, i, first, row);
			first += d->axis == HIDP_AXIS_CHANNELS ? s->channels
			         : d->axis == HIDP_AXIS_ROWS   ? s->rows
			                                       : s->width;
		}
	}
}

static void run_slice(const struct work *w)
{
	const struct hidp_layer_desc *d = &w->part->desc;
	const int64_t rows = d->axis == HIDP_AXIS_ROWS ? d->begin : 0;
	const int64_t columns = d->axis == HIDP_AXIS_WIDTH ? d->begin : 0;
	const int64_t channels = d->axis == HIDP_AXIS_CHANNELS ? d->begin : 0;
	for (int64_t row = w->row_begin; row < w->row_end; row++)
		for (int64_t column = 0; column < w->out->shape.width; column++)
			copy(work_in(w, 0, row + rows, column + columns) + w->channel_begin +
			             channels,
			     work_out(w, row, column), w->channel_begin, w->channel_end);
}

static void run_pad(const struct work *w)
{
	const struct hidp_shape *in = &w->part->in;
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		int64_t y = row - w->part->desc.pad[0];
		for (int64_t column = 0; column < w->out->shape.width; column++) {
			int64_t x = column - w->part->desc.pad[1];
			float *out = work_out(w, row, column);
			if (y >= 0 && y < in->rows && x >= 0 && x < in->width)
				copy(work_in(w, 0, y, x) + w->channel_begin, out, w->channel_begin,
				     w->channel_end);
			else
				for (int64_t c = w->channel_begin; c < w->channel_end; c++)
					out[c] = 0;
		}
	}
}

/* An element of a tensor. */
struct place {
	int64_t image, channel, row, column;
};

/* The number of an element in the order batch, channels, rows, width, or with the channels last. */
static int64_t number_of(const struct hidp_shape *s, bool channels_last, struct place p)
{
	if (channels_last)
		return ((p.image * s->rows + p.row) * s->width + p.column) * s->channels +
		       p.channel;
	return ((p.image * s->channels + p.channel) * s->rows + p.row) * s->width + p.column;
}

/* The element of that number. */
static struct place place_of(const struct hidp_shape *s, bool channels_last, int64_t number)
{
	struct place p = {.channel = number % s->channels};
	if (channels_last)
		number /= s->channels;
	p.column = number % s->width;
	p.row = number / s->width % s->rows;
	p.image = number / s->width / s->rows;
	if (!channels_last) {
		p.channel = p.image % s->channels;
		p.image /= s->channels;
	}
	return p;
}

/* Elements keep their number. */
static void run_reshape(const struct work *w)
{
	const struct hidp_shape *to = &w->part->out, *from = &w->part->in;
	const bool last = (w->part->desc.flags & HIDP_LAYER_CHANNELS_LAST) != 0;
	struct work read = *w;
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		for (int64_t column = 0; column < to->width; column++) {
			float *out = work_out(w, row, column);
			for (int64_t c = w->channel_begin; c < w->channel_end; c++) {
				const struct place at = {w->image, c, row, column};
				const struct place p =
					place_of(from, last, number_of(to, last, at));
				read.image = p.image;
				out[c] = work_in(&read, 0, p.row, p.column)[p.channel];
			}
		}
	}
}

static void run_transpose(const struct work *w)
{
	const uint32_t *perm = w->part->desc.perm;
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		for (int64_t column = 0; column < w->out->shape.width; column++) {
			float *out = work_out(w, row, column);
			for (int64_t c = w->channel_begin; c < w->channel_end; c++) {
				int64_t at[4]; /* by axis, in the input */
				at[perm[0]] = c;
				at[perm[1]] = row;
				at[perm[2]] = column;
				out[c] = work_in(w, 0, at[HIDP_AXIS_ROWS],
				                 at[HIDP_AXIS_WIDTH])[at[HIDP_AXIS_CHANNELS]];
			}
		}
	}
}

const struct op hidp_reference__concat = {.run = run_concat};
const struct op hidp_reference__slice = {.run = run_slice};
const struct op hidp_reference__pad = {.run = run_pad};
const struct op hidp_reference__reshape = {.run = run_reshape};
const struct op hidp_reference__transpose = {.run = run_transpose};
