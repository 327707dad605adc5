/* SPDX-License-Identifier: MIT */
/* Convolutions in which every channel is a group of its own. */
#include "op.h"

/* Adds what one element of the kernel gives, for the channels of the work. */
static void add_tap(const struct work *w, const float *in, const float *kernel, float *out)
{
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] += in[c] * kernel[c];
}

static void run_pixel(const struct work *w, int64_t row, int64_t column)
{
	const struct hidp_layer_desc *d = &w->part->desc;
	const struct hidp_shape *in = &w->part->in;
	const float *bias = w->part->bias;
	float *out = work_out(w, row, column);
	for (int64_t c = w->channel_begin; c < w->channel_end; c++)
		out[c] = bias[c];
	for (int64_t i = 0; i < d->kernel[0]; i++) {
		int64_t y = row * d->stride[0] - d->pad[0] + i * d->dilation[0];
		for (int64_t j = 0; j < d->kernel[1]; j++) {
			int64_t x = column * d->stride[1] - d->pad[1] + j * d->dilation[1];
			if (y >= 0 && y < in->rows && x >= 0 && x < in->width)
				add_tap(w, work_in(w, 0, y, x),
				        w->part->kernel + (i * d->kernel[1] + j) * in->channels,
				        out);
		}
	}
}

static void run(const struct work *w)
{
	for (int64_t row = w->row_begin; row < w->row_end; row++)
		for (int64_t column = 0; column < w->out->shape.width; column++)
			run_pixel(w, row, column);
}

/* From channel x tap to tap x channel. */
static hidp_status load(struct part *part, const struct source *source)
{
	const int64_t channels = part->out.channels;
	const int64_t taps = part->desc.kernel[0] * part->desc.kernel[1];
	const float *kernel, *bias = NULL;
	hidp_status s = hidp_reference__lend(source, HIDP_WEIGHT_KERNEL, channels * taps, &kernel);
	if (s == HIDP_OK && !(part->desc.flags & HIDP_LAYER_NO_BIAS))
		s = hidp_reference__lend(source, HIDP_WEIGHT_BIAS, channels, &bias);
	if (s == HIDP_OK)
		s = hidp_reference__pack(source, part, channels * (taps + 1));
	if (s != HIDP_OK)
		return s;
	for (int64_t c = 0; c < channels; c++) {
		for (int64_t t = 0; t < taps; t++)
			part->packed[t * channels + c] = kernel[c * taps + t];
		if (bias != NULL)
			part->packed[taps * channels + c] = bias[c];
	}
	part->kernel = part->packed;
	part->bias = part->packed + taps * channels;
	return HIDP_OK;
}

const struct op hidp_reference__depthwise = {.run = run, .load = load};
