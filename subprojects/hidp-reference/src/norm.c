/* SPDX-License-Identifier: MIT */
/* Normalisations: of a channel, of the channels of a pixel, and softmax over them. */
#include <math.h>

#include "op.h"

static void each_pixel(const struct work *w,
                       void (*run_pixel)(const struct work *, const float *, float *))
{
	for (int64_t row = w->row_begin; row < w->row_end; row++)
		for (int64_t column = 0; column < w->out->shape.width; column++)
			run_pixel(w, work_in(w, 0, row, column), work_out(w, row, column));
}

static void batch_norm(const struct work *w, const float *in, float *out)
{
	const float *scale = w->part->scale, *shift = w->part->shift;
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] = scale[c] * in[c] + shift[c];
}

static void layer_norm(const struct work *w, const float *in, float *out)
{
	const struct part *part = w->part;
	const double channels = (double)part->in.channels;
	double mean = 0, variance = 0;
	for (int64_t c = 0; c < part->in.channels; c++)
		mean += (double)in[c];
	mean /= channels;
	for (int64_t c = 0; c < part->in.channels; c++)
		variance += ((double)in[c] - mean) * ((double)in[c] - mean);
	variance /= channels;
	const double spread = sqrt(variance + part->desc.alpha);
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] = part->scale[c] * (float)(((double)in[c] - mean) / spread) + part->shift[c];
}

static void softmax(const struct work *w, const float *in, float *out)
{
	const int64_t channels = w->part->in.channels;
	float largest = in[0], sum = 0;
	for (int64_t c = 1; c < channels; c++)
		largest = in[c] > largest ? in[c] : largest;
	for (int64_t c = 0; c < channels; c++)
		sum += expf(in[c] - largest);
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] = expf(in[c] - largest) / sum;
}

static void run_batch_norm(const struct work *w)
{
	each_pixel(w, batch_norm);
}

static void run_layer_norm(const struct work *w)
{
	each_pixel(w, layer_norm);
}

static void run_softmax(const struct work *w)
{
	each_pixel(w, softmax);
}

static hidp_status load(struct part *part, const struct source *source)
{
	hidp_status s =
		hidp_reference__lend(source, HIDP_WEIGHT_SCALE, part->out.channels, &part->scale);
	if (s == HIDP_OK)
		s = hidp_reference__lend(source, HIDP_WEIGHT_SHIFT, part->out.channels,
		                         &part->shift);
	return s;
}

const struct op hidp_reference__batch_norm = {.run = run_batch_norm, .load = load};
const struct op hidp_reference__layer_norm = {.run = run_layer_norm, .load = load};
const struct op hidp_reference__softmax = {.run = run_softmax};
