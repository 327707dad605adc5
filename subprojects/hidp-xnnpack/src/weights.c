/* SPDX-License-Identifier: MIT */
#include "weights.h"

#include <stdlib.h>

static hidp_status fill(struct build *b, int64_t window, int64_t inputs, float *scale,
                        const struct folded *f)
{
	int64_t begin = b->call->channel_begin, count = b->call->channel_end - begin;
	int64_t channels = b->call->info.shape.channels, each = window * inputs;
	const float *kernel = NULL, *bias = NULL;
	hidp_status s = kernels__weights(b, 0, HIDP_WEIGHT_KERNEL, channels * each, &kernel);
	if (s == HIDP_OK && kernels__own_bias(b))
		s = kernels__weights(b, 0, HIDP_WEIGHT_BIAS, channels, &bias);
	if (s == HIDP_OK)
		s = kernels__fold_norms(b, scale, f->bias);
	if (s != HIDP_OK)
		return s;
	for (int64_t o = 0; o < count; o++) {
		const float *from = kernel + (begin + o) * each;
		float *to = f->kernel + o * each;
		for (int64_t w = 0; w < window; w++)
			for (int64_t i = 0; i < inputs; i++)
				to[w * inputs + i] = from[i * window + w] * scale[o];
		if (bias != NULL)
			f->bias[o] += scale[o] * bias[begin + o];
	}
	return HIDP_OK;
}

hidp_status xnnpack__fold(struct build *b, int64_t window, int64_t inputs, struct folded *out)
{
	size_t count = (size_t)(b->call->channel_end - b->call->channel_begin);
	size_t each = (size_t)(window * inputs);
	struct folded f = {.kernel = malloc(count * each * sizeof *f.kernel),
	                   .bias = malloc(count * sizeof *f.bias)};
	float *scale = malloc(count * sizeof *scale);
	hidp_status s = HIDP_OK;
	if (f.kernel == NULL || f.bias == NULL || scale == NULL)
		s = kernels__no_memory(b);
	if (s == HIDP_OK)
		s = fill(b, window, inputs, scale, &f);
	free(scale);
	if (s == HIDP_OK)
		*out = f;
	else
		xnnpack__folded_clear(&f);
	return s;
}

void xnnpack__folded_clear(struct folded *folded)
{
	free(folded->kernel);
	free(folded->bias);
}

hidp_status xnnpack__constant(struct build *b, uint32_t part, const int64_t dims[4],
                              const float *lent, struct place *place)
{
	int64_t channels = dims[HIDP_AXIS_CHANNELS];
	int64_t plane = dims[HIDP_AXIS_ROWS] * dims[HIDP_AXIS_WIDTH];
	size_t count = (size_t)(dims[HIDP_AXIS_BATCH] * channels * plane);
	float *own = malloc(count * sizeof *own);
	(void)part;
	if (own == NULL || !xnnpack__task_own_array(xnnpack__task(b), own)) {
		free(own);
		return kernels__no_memory(b);
	}
	for (int64_t n = 0; n < dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t c = 0; c < channels; c++)
			for (int64_t i = 0; i < plane; i++)
				own[(n * plane + i) * channels + c] =
					lent[(n * channels + c) * plane + i];
	*place = kernels__constant_place(own);
	return HIDP_OK;
}
