/* SPDX-License-Identifier: MIT */
/* Functions of two tensors, element by element; dimensions of 1 are broadcast. */
#include <math.h>

#include "op.h"

/* The channels of one pixel; a step of 0 repeats a single channel. */
struct pixel {
	const float *in[2];
	int64_t step[2];
	float *out;
	int64_t count;
};

#define EACH(value)                                                                                \
	for (int64_t i = 0; i < p->count; i++) {                                                   \
		const float a = p->in[0][i * p->step[0]], b = p->in[1][i * p->step[1]];            \
		p->out[i] = (value);                                                               \
	}                                                                                          \
	break

static void combine(hidp_binary function, const struct pixel *p)
{
	switch (function) {
	case HIDP_BINARY_ADD:
		EACH(a + b);
	case HIDP_BINARY_SUB:
		EACH(a - b);
	case HIDP_BINARY_MUL:
		EACH(a * b);
	case HIDP_BINARY_DIV:
		EACH(a / b);
	case HIDP_BINARY_MIN:
		EACH(a < b ? a : b);
	case HIDP_BINARY_MAX:
		EACH(a > b ? a : b);
	default: /* HIDP_BINARY_POW */
		EACH(powf(a, b));
	}
}

static void run(const struct work *w)
{
	struct pixel p = {.count = w->channel_end - w->channel_begin};
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		for (int64_t column = 0; column < w->out->shape.width; column++) {
			for (uint32_t i = 0; i < 2; i++) {
				const struct hidp_shape *s = &w->in[i]->shape;
				p.step[i] = s->channels == 1 ? 0 : 1;
				p.in[i] = work_in(w, i, s->rows == 1 ? 0 : row,
				                  s->width == 1 ? 0 : column) +
				          w->channel_begin * p.step[i];
			}
			p.out = work_out(w, row, column) + w->channel_begin;
			combine(w->part->desc.function, &p);
		}
	}
}

/* A constant is another tensor, from batch x channels x rows x width. */
static hidp_status load(struct part *part, const struct source *source)
{
	const struct hidp_shape *s = &part->desc.shape;
	const int64_t plane = s->rows * s->width;
	const float *from;
	if (part->desc.input_count != 1)
		return HIDP_OK;
	hidp_status status =
		hidp_reference__lend(source, HIDP_WEIGHT_CONSTANT, elements_of(s), &from);
	if (status == HIDP_OK)
		status = hidp_reference__pack(source, part, elements_of(s));
	if (status != HIDP_OK)
		return status;
	for (int64_t n = 0; n < s->batch; n++)
		for (int64_t c = 0; c < s->channels; c++)
			for (int64_t i = 0; i < plane; i++)
				part->packed[(n * plane + i) * s->channels + c] =
					from[(n * s->channels + c) * plane + i];
	part->constant = (struct tensor){.constant = part->packed,
	                                 .shape = *s,
	                                 .image_stride = plane * s->channels,
	                                 .row_stride = s->width * s->channels,
	                                 .pixel_stride = s->channels};
	return HIDP_OK;
}

const struct op hidp_reference__binary = {.run = run, .load = load};
