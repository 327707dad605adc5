/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <math.h>
#include <stddef.h>

#include <hidp/model.h>

#include "vectors.h"

/* A function of x, and of a and b, the parameters. */
#define PLAIN_ACTIVATION(name, value)                                                              \
	static void name(const struct line *line)                                                  \
	{                                                                                          \
		const float *const in = line->x;                                                   \
		float *const out = line->out;                                                      \
		const int64_t count = line->count;                                                 \
		const float a = line->alpha, b = line->beta;                                       \
		(void)a;                                                                           \
		(void)b;                                                                           \
		APART for (int64_t i = 0; i < count; i++)                                          \
		{                                                                                  \
			const float x = in[i];                                                     \
			out[i] = (value);                                                          \
		}                                                                                  \
	}

/* A function of x and y. */
#define PLAIN_BINARY(name, value)                                                                  \
	static void name(const struct line *line)                                                  \
	{                                                                                          \
		const float *const in = line->x, *const other = line->y;                           \
		float *const out = line->out;                                                      \
		const int64_t count = line->count;                                                 \
		if (line->y_step == 0) {                                                           \
			const float y = other[0];                                                  \
			APART for (int64_t i = 0; i < count; i++)                                  \
			{                                                                          \
				const float x = in[i];                                             \
				out[i] = (value);                                                  \
			}                                                                          \
			return;                                                                    \
		}                                                                                  \
		APART for (int64_t i = 0; i < count; i++)                                          \
		{                                                                                  \
			const float x = in[i], y = other[i];                                       \
			out[i] = (value);                                                          \
		}                                                                                  \
	}

/* The same, with vectors. */
#define ACTIVATION(name, value) VECTORS PLAIN_ACTIVATION(name, value)
#define BINARY(name, value) VECTORS PLAIN_BINARY(name, value)

static inline float sigmoid(float x)
{
	return 1 / (1 + exp_of(-x));
}

/* Cephes, tanhf */
static inline float tangent(float x)
{
	float m = absolute(x), z = x * x;
	float near = -5.70498872745e-3f;
	near = near * z + 2.06390887954e-2f;
	near = near * z - 5.37397155531e-2f;
	near = near * z + 1.33314422036e-1f;
	near = near * z - 3.33332819422e-1f;
	near = near * z * x + x;
	float far = 1 - 2 / (exp_of(2 * m) + 1);
	far = x < 0 ? -far : far;
	return m < 0.625f ? near : far;
}

/* erf(x) within 1.5e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26) */
static inline float error_function(float x)
{
	float m = absolute(x), t = 1 / (1 + 0.3275911f * m);
	float p = 1.061405429f;
	p = p * t - 1.453152027f;
	p = p * t + 1.421413741f;
	p = p * t - 0.284496736f;
	p = p * t + 0.254829592f;
	float y = 1 - p * t * exp_of(-m * m);
	return x < 0 ? -y : y;
}

/* e^x - 1 for x <= 0 */
static inline float exp_minus_one(float x)
{
	float near = exp_rest(x) + x, far = exp_of(x) - 1;
	return x > -0.34f ? near : far;
}

ACTIVATION(logistic, sigmoid(x))
ACTIVATION(silu, x *sigmoid(x))
ACTIVATION(hard_sigmoid, clip_to(a *x + b, 0, 1))
ACTIVATION(hard_swish, x *clip_to(a *x + b, 0, 1))
ACTIVATION(hyperbolic, tangent(x))
ACTIVATION(gelu, x / 2 * (1 + error_function(x * 0.707106781f)))
ACTIVATION(leaky_relu, x < 0 ? a * x : x)
ACTIVATION(elu, x < 0 ? a * exp_minus_one(clip_to(x, -88, 0)) : x)
ACTIVATION(clip, clip_to(x, a, b))
ACTIVATION(square_root, sqrtf(x))
ACTIVATION(magnitude, absolute(x))
ACTIVATION(linear, a *x + b)
ACTIVATION(reciprocal, 1 / x)
ACTIVATION(sign, x > 0 ? 1 : x < 0 ? -1 : x)
ACTIVATION(round_down, floorf(x))
ACTIVATION(round_up, ceilf(x))
ACTIVATION(round_to_nearest, nearbyintf(x))
ACTIVATION(softsign, x / (1 + absolute(x)))
BINARY(add, x + y)
BINARY(subtract, x - y)
BINARY(multiply, x *y)
BINARY(divide, x / y)
BINARY(smaller, x < y ? x : y)
BINARY(larger, x > y ? x : y)

/* Not worth series of their own. */
PLAIN_ACTIVATION(softplus, (x > 0 ? x : 0) + log1pf(expf(-fabsf(x))))
PLAIN_ACTIVATION(exponential, expf(x))
PLAIN_ACTIVATION(logarithm, logf(x))
PLAIN_ACTIVATION(error, erff(x))
PLAIN_ACTIVATION(power_of_alpha, powf(x, a))
PLAIN_ACTIVATION(sine, sinf(x))
PLAIN_ACTIVATION(cosine, cosf(x))
PLAIN_BINARY(power, powf(x, y))

void xnnpack__line_clip(const struct line *line)
{
	clip(line);
}

line_fn xnnpack__line_activation(uint32_t function)
{
	static const line_fn functions[] = {
		[HIDP_ACTIVATION_RELU] = xnnpack__line_clip,
		[HIDP_ACTIVATION_RELU6] = xnnpack__line_clip,
		[HIDP_ACTIVATION_SIGMOID] = logistic,
		[HIDP_ACTIVATION_SILU] = silu,
		[HIDP_ACTIVATION_HARD_SIGMOID] = hard_sigmoid,
		[HIDP_ACTIVATION_HARD_SWISH] = hard_swish,
		[HIDP_ACTIVATION_TANH] = hyperbolic,
		[HIDP_ACTIVATION_GELU] = gelu,
		[HIDP_ACTIVATION_LEAKY_RELU] = leaky_relu,
		[HIDP_ACTIVATION_ELU] = elu,
		[HIDP_ACTIVATION_SOFTPLUS] = softplus,
		[HIDP_ACTIVATION_CLIP] = xnnpack__line_clip,
		[HIDP_ACTIVATION_EXP] = exponential,
		[HIDP_ACTIVATION_LOG] = logarithm,
		[HIDP_ACTIVATION_SQRT] = square_root,
		[HIDP_ACTIVATION_ABS] = magnitude,
		[HIDP_ACTIVATION_ERF] = error,
		[HIDP_ACTIVATION_LINEAR] = linear,
		[HIDP_ACTIVATION_POWER] = power_of_alpha,
		[HIDP_ACTIVATION_RECIPROCAL] = reciprocal,
		[HIDP_ACTIVATION_SIGN] = sign,
		[HIDP_ACTIVATION_FLOOR] = round_down,
		[HIDP_ACTIVATION_CEIL] = round_up,
		[HIDP_ACTIVATION_ROUND] = round_to_nearest,
		[HIDP_ACTIVATION_SIN] = sine,
		[HIDP_ACTIVATION_COS] = cosine,
		[HIDP_ACTIVATION_SOFTSIGN] = softsign,
	};
	return function < sizeof functions / sizeof *functions ? functions[function] : NULL;
}

line_fn xnnpack__line_binary(uint32_t function)
{
	static const line_fn functions[] = {
		[HIDP_BINARY_ADD] = add,      [HIDP_BINARY_SUB] = subtract,
		[HIDP_BINARY_MUL] = multiply, [HIDP_BINARY_DIV] = divide,
		[HIDP_BINARY_MIN] = smaller,  [HIDP_BINARY_MAX] = larger,
		[HIDP_BINARY_POW] = power,
	};
	return function < sizeof functions / sizeof *functions ? functions[function] : NULL;
}
