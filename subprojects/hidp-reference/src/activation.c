/* SPDX-License-Identifier: MIT */
/* Activation functions, element by element, also in place. */
#include <math.h>

#include "op.h"

/* The channels of one pixel. */
struct pixel {
	const float *in;
	float *out;
	int64_t count;
	float alpha, beta;
};

#define EACH(value)                                                                                \
	for (int64_t i = 0; i < p->count; i++) {                                                   \
		const float x = p->in[i];                                                          \
		p->out[i] = (value);                                                               \
	}                                                                                          \
	break

static inline float clip(float x, float low, float high)
{
	float y = x > low ? x : low;
	return y < high ? y : high;
}

static inline float sign(float x)
{
	return x > 0 ? 1 : x < 0 ? -1 : x;
}

static void activate(hidp_activation function, const struct pixel *p)
{
	const float a = p->alpha, b = p->beta;
	switch (function) {
	case HIDP_ACTIVATION_RELU:
		EACH(x > 0 ? x : 0);
	case HIDP_ACTIVATION_RELU6:
		EACH(clip(x, 0, 6));
	case HIDP_ACTIVATION_SIGMOID:
		EACH(1 / (1 + expf(-x)));
	case HIDP_ACTIVATION_SILU:
		EACH(x / (1 + expf(-x)));
	case HIDP_ACTIVATION_HARD_SIGMOID:
		EACH(clip(a * x + b, 0, 1));
	case HIDP_ACTIVATION_HARD_SWISH:
		EACH(x * clip(a * x + b, 0, 1));
	case HIDP_ACTIVATION_TANH:
		EACH(tanhf(x));
	case HIDP_ACTIVATION_GELU:
		EACH(x / 2 * (1 + erff(x * 0.707106781f)));
	case HIDP_ACTIVATION_LEAKY_RELU:
		EACH(x < 0 ? a * x : x);
	case HIDP_ACTIVATION_ELU:
		EACH(x < 0 ? a * expm1f(x) : x);
	case HIDP_ACTIVATION_SOFTPLUS: /* without an overflow of the exponential */
		EACH((x > 0 ? x : 0) + log1pf(expf(-fabsf(x))));
	case HIDP_ACTIVATION_CLIP:
		EACH(clip(x, a, b));
	case HIDP_ACTIVATION_EXP:
		EACH(expf(x));
	case HIDP_ACTIVATION_LOG:
		EACH(logf(x));
	case HIDP_ACTIVATION_SQRT:
		EACH(sqrtf(x));
	case HIDP_ACTIVATION_ABS:
		EACH(fabsf(x));
	case HIDP_ACTIVATION_ERF:
		EACH(erff(x));
	case HIDP_ACTIVATION_LINEAR:
		EACH(a * x + b);
	case HIDP_ACTIVATION_POWER:
		EACH(powf(x, a));
	case HIDP_ACTIVATION_RECIPROCAL:
		EACH(1 / x);
	case HIDP_ACTIVATION_SIGN:
		EACH(sign(x));
	case HIDP_ACTIVATION_FLOOR:
		EACH(floorf(x));
	case HIDP_ACTIVATION_CEIL:
		EACH(ceilf(x));
	case HIDP_ACTIVATION_ROUND:
		EACH(nearbyintf(x));
	case HIDP_ACTIVATION_SIN:
		EACH(sinf(x));
	case HIDP_ACTIVATION_COS:
		EACH(cosf(x));
	default: /* HIDP_ACTIVATION_SOFTSIGN */
		EACH(x / (1 + fabsf(x)));
	}
}

static void run(const struct work *w)
{
	const struct hidp_layer_desc *d = &w->part->desc;
	struct pixel p = {.count = w->channel_end - w->channel_begin,
	                  .alpha = (float)d->alpha,
	                  .beta = (float)d->beta};
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		for (int64_t column = 0; column < w->out->shape.width; column++) {
			p.in = work_in(w, 0, row, column) + w->channel_begin;
			p.out = work_out(w, row, column) + w->channel_begin;
			activate(d->function, &p);
		}
	}
}

const struct op hidp_reference__activation = {.run = run};
