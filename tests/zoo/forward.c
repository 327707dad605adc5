/* SPDX-License-Identifier: MIT */
#include "forward.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A tensor, and the rest of what computing a part takes. */
struct tensor {
	struct hidp_shape shape;
	float *values;
};

struct work {
	const struct hidp_model *model;
	hidp_layer_id layer;
	uint32_t part;
	uint64_t seed, input_seed;
	struct hidp_layer_desc desc;
	struct tensor in[HIDP_LAYER_INPUTS_MAX < 8 ? HIDP_LAYER_INPUTS_MAX : 8];
	struct tensor out;
};

static int64_t elements(const struct hidp_shape *s)
{
	return s->batch * s->channels * s->rows * s->width;
}

static float *at(const struct tensor *t, int64_t n, int64_t c, int64_t row, int64_t column)
{
	const struct hidp_shape *s = &t->shape;
	return t->values + ((n * s->channels + c) * s->rows + row) * s->width + column;
}

static bool fill(const struct work *w, size_t array, int64_t first, int64_t count, float *out)
{
	return zoo_fill(w->model, w->layer, w->part, array, w->seed, first, count, out) == HIDP_OK;
}

/* Four sums, so that the compiler can keep them in registers. */
static float dot(const float *a, const float *b, int64_t n)
{
	float s[4] = {0};
	int64_t i = 0;
	for (; i + 4 <= n; i += 4)
		for (int k = 0; k < 4; k++)
			s[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		s[0] += a[i] * b[i];
	return (s[0] + s[1]) + (s[2] + s[3]);
}

/* What one output position of a convolution reads, for the channels of one group. */
static void gather(const struct work *w, int64_t n, int64_t group, int64_t row, int64_t column,
                   float *patch)
{
	const struct hidp_layer_desc *d = &w->desc;
	const struct hidp_shape *in = &w->in[0].shape;
	int64_t channels = in->channels / d->groups;
	for (int64_t c = group * channels; c < (group + 1) * channels; c++) {
		for (int64_t i = 0; i < d->kernel[0]; i++) {
			int64_t y = row * d->stride[0] - d->pad[0] + i * d->dilation[0];
			for (int64_t j = 0; j < d->kernel[1]; j++) {
				int64_t x = column * d->stride[1] - d->pad[1] + j * d->dilation[1];
				bool inside = y >= 0 && y < in->rows && x >= 0 && x < in->width;
				*patch++ = inside ? *at(&w->in[0], n, c, y, x) : 0;
			}
		}
	}
}

/* Convolution; a dense layer is one with a kernel of 1 x 1. */
static bool linear(struct work *w)
{
	const struct hidp_layer_desc *d = &w->desc;
	const struct hidp_shape *out = &w->out.shape;
	int64_t k = w->in[0].shape.channels / d->groups * d->kernel[0] * d->kernel[1];
	int64_t plane = out->rows * out->width, per_group = out->channels / d->groups;
	float *patches = malloc((size_t)(plane * k) * sizeof *patches);
	float *weights = malloc((size_t)k * sizeof *weights);
	bool fits = patches != NULL && weights != NULL;
	for (int64_t n = 0; fits && n < out->batch; n++) {
		for (int64_t o = 0; fits && o < out->channels; o++) {
			for (int64_t p = 0; o % per_group == 0 && p < plane; p++)
				gather(w, n, o / per_group, p / out->width, p % out->width,
				       patches + p * k);
			float bias = 0;
			fits = fill(w, 0, o * k, k, weights) &&
			       ((d->flags & HIDP_LAYER_NO_BIAS) || fill(w, 1, o, 1, &bias));
			float *values = at(&w->out, n, o, 0, 0);
			for (int64_t p = 0; p < plane; p++)
				values[p] = bias + dot(weights, patches + p * k, k);
		}
	}
	free(patches);
	free(weights);
	return fits;
}

/* Padding does not win a maximum, but counts in an average, as in torchvision. */
static bool pool(struct work *w)
{
	const struct hidp_layer_desc *d = &w->desc;
	const struct hidp_shape *in = &w->in[0].shape, *out = &w->out.shape;
	bool maximum = d->op == HIDP_OP_MAX_POOL;
	float *value = w->out.values;
	for (int64_t p = 0; p < elements(out); p++) {
		int64_t x0 = p % out->width * d->stride[1] - d->pad[1];
		int64_t y0 = p / out->width % out->rows * d->stride[0] - d->pad[0];
		int64_t plane = p / out->width / out->rows;
		float result = maximum ? -INFINITY : 0;
		for (int64_t y = y0; y < y0 + d->kernel[0]; y++) {
			for (int64_t x = x0; x < x0 + d->kernel[1]; x++) {
				if (y < 0 || y >= in->rows || x < 0 || x >= in->width)
					continue;
				float v = *at(&w->in[0], 0, plane, y, x);
				result = maximum ? fmaxf(result, v) : result + v;
			}
		}
		*value++ = maximum ? result : result / (float)(d->kernel[0] * d->kernel[1]);
	}
	return true;
}

static bool global_pool(struct work *w)
{
	int64_t plane = w->in[0].shape.rows * w->in[0].shape.width;
	for (int64_t i = 0; i < elements(&w->out.shape); i++) {
		float sum = 0;
		for (int64_t k = 0; k < plane; k++)
			sum += w->in[0].values[i * plane + k];
		w->out.values[i] = sum / (float)plane;
	}
	return true;
}

static float activate(hidp_activation function, float x)
{
	switch (function) {
	case HIDP_ACTIVATION_RELU:
		return fmaxf(x, 0);
	case HIDP_ACTIVATION_RELU6:
		return fminf(fmaxf(x, 0), 6);
	case HIDP_ACTIVATION_SIGMOID:
		return 1 / (1 + expf(-x));
	case HIDP_ACTIVATION_SILU:
		return x / (1 + expf(-x));
	case HIDP_ACTIVATION_GELU:
		return x / 2 * (1 + erff(x * 0.70710678f));
	default:
		return NAN;
	}
}

static bool activation(struct work *w)
{
	for (int64_t i = 0; i < elements(&w->out.shape); i++)
		w->out.values[i] = activate(w->desc.function, w->in[0].values[i]);
	return true;
}

/* Where a broadcast operand is read for output position p. */
static float operand(const struct tensor *t, const struct hidp_shape *out, int64_t p)
{
	int64_t x = p % out->width, y = p / out->width % out->rows;
	int64_t c = p / out->width / out->rows % out->channels;
	int64_t n = p / out->width / out->rows / out->channels;
	const struct hidp_shape *s = &t->shape;
	return *at(t, n % s->batch, c % s->channels, y % s->rows, x % s->width);
}

static bool binary(struct work *w)
{
	struct tensor b = w->in[1];
	float *constant = NULL;
	if (w->desc.input_count == 1) {
		int64_t count = elements(&w->desc.shape);
		constant = malloc((size_t)count * sizeof *constant);
		if (constant == NULL || !fill(w, 0, 0, count, constant)) {
			free(constant);
			return false;
		}
		b = (struct tensor){w->desc.shape, constant};
	}
	for (int64_t p = 0; p < elements(&w->out.shape); p++) {
		float x = operand(&w->in[0], &w->out.shape, p);
		float y = operand(&b, &w->out.shape, p);
		w->out.values[p] = w->desc.function == HIDP_BINARY_ADD ? x + y : x * y;
	}
	free(constant);
	return w->desc.function == HIDP_BINARY_ADD || w->desc.function == HIDP_BINARY_MUL;
}

static bool norm(struct work *w)
{
	const struct hidp_shape *s = &w->out.shape;
	int64_t plane = s->rows * s->width;
	bool layer = w->desc.op == HIDP_OP_LAYER_NORM;
	float *arrays = malloc((size_t)(2 * s->channels) * sizeof *arrays);
	bool fits = arrays != NULL && fill(w, 0, 0, s->channels, arrays) &&
	            fill(w, 1, 0, s->channels, arrays + s->channels);
	for (int64_t p = 0; fits && p < s->batch * plane; p++) {
		float *x = w->in[0].values + p / plane * s->channels * plane + p % plane;
		float *y = w->out.values + p / plane * s->channels * plane + p % plane;
		double mean = 0, square = 0;
		for (int64_t c = 0; layer && c < s->channels; c++) {
			mean += (double)x[c * plane];
			square += (double)x[c * plane] * (double)x[c * plane];
		}
		mean /= (double)s->channels;
		double variance = square / (double)s->channels - mean * mean;
		double spread = layer ? sqrt(variance + w->desc.alpha) : 1;
		for (int64_t c = 0; c < s->channels; c++)
			y[c * plane] = (float)(((double)x[c * plane] - mean) / spread) * arrays[c] +
			               arrays[s->channels + c];
	}
	free(arrays);
	return fits;
}

/* One head of attention for one token; scores has room for one number per token. */
static void attend(struct work *w, int64_t n, int64_t head, int64_t token, float *scores)
{
	const struct tensor *in = &w->in[0];
	int64_t width = w->out.shape.channels, tokens = in->shape.rows;
	int64_t size = width / w->desc.heads, c0 = head * size;
	float largest = -INFINITY, sum = 0;
	for (int64_t t = 0; t < tokens; t++) {
		float s = 0;
		for (int64_t c = c0; c < c0 + size; c++)
			s += *at(in, n, c, token, 0) * *at(in, n, width + c, t, 0);
		scores[t] = s / sqrtf((float)size);
		largest = fmaxf(largest, scores[t]);
	}
	for (int64_t t = 0; t < tokens; t++)
		sum += scores[t] = expf(scores[t] - largest);
	for (int64_t c = c0; c < c0 + size; c++) {
		float v = 0;
		for (int64_t t = 0; t < tokens; t++)
			v += scores[t] * *at(in, n, 2 * width + c, t, 0);
		*at(&w->out, n, c, token, 0) = v / sum;
	}
}

static bool attention(struct work *w)
{
	float *scores = malloc((size_t)w->in[0].shape.rows * sizeof *scores);
	if (scores == NULL || w->desc.input_count != 1) {
		free(scores);
		return false;
	}
	for (int64_t n = 0; n < w->out.shape.batch; n++)
		for (int64_t h = 0; h < w->desc.heads; h++)
			for (int64_t t = 0; t < w->out.shape.rows; t++)
				attend(w, n, h, t, scores);
	free(scores);
	return true;
}

/* Layers that only move elements: each output element comes from one place, or is 0. */
static bool move(struct work *w)
{
	const struct hidp_layer_desc *d = &w->desc;
	const struct hidp_shape *s = &w->out.shape;
	float *value = w->out.values;
	for (int64_t p = 0; p < elements(s); p++) {
		int64_t x = p % s->width, y = p / s->width % s->rows;
		int64_t c = p / s->width / s->rows % s->channels;
		int64_t n = p / s->width / s->rows / s->channels;
		const struct tensor *from = &w->in[0];
		if (d->op == HIDP_OP_CONCAT) {
			for (; c >= from->shape.channels; from++)
				c -= from->shape.channels;
		} else if (d->op == HIDP_OP_SLICE) {
			y += d->begin;
		} else if (d->op == HIDP_OP_PAD) {
			y -= d->pad[0];
			x -= d->pad[1];
		} else { /* HIDP_OP_RESIZE */
			y = (2 * y + 1) * from->shape.rows / (2 * s->rows);
			x = (2 * x + 1) * from->shape.width / (2 * s->width);
		}
		bool inside = y >= 0 && y < from->shape.rows && x >= 0 && x < from->shape.width;
		*value++ = inside ? *at(from, n, c, y, x) : 0;
	}
	return true;
}

static bool input(struct work *w)
{
	uint64_t state = w->input_seed;
	for (int64_t i = 0; i < elements(&w->out.shape); i++) {
		double sum = 0; /* of 12 uniform numbers: variance 1 */
		for (int k = 0; k < 12; k++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			sum += (double)(state >> 40) * 0x1p-24 - 0.5;
		}
		w->out.values[i] = (float)sum;
	}
	return true;
}

static bool compute(struct work *w)
{
	switch (w->desc.op) {
	case HIDP_OP_INPUT:
		return input(w);
	case HIDP_OP_DENSE:
		w->desc.groups = 1;
		for (int i = 0; i < 2; i++)
			w->desc.kernel[i] = w->desc.stride[i] = w->desc.dilation[i] = 1;
		return linear(w);
	case HIDP_OP_CONV:
		return linear(w);
	case HIDP_OP_MAX_POOL:
	case HIDP_OP_AVERAGE_POOL:
		return pool(w);
	case HIDP_OP_GLOBAL_POOL:
		return global_pool(w);
	case HIDP_OP_ACTIVATION:
		return activation(w);
	case HIDP_OP_BINARY:
		return binary(w);
	case HIDP_OP_BATCH_NORM:
	case HIDP_OP_LAYER_NORM:
		return norm(w);
	case HIDP_OP_ATTENTION:
		return attention(w);
	case HIDP_OP_CONCAT:
	case HIDP_OP_SLICE:
	case HIDP_OP_PAD:
	case HIDP_OP_RESIZE:
		return move(w);
	case HIDP_OP_RESHAPE:
	case HIDP_OP_FLATTEN:
		memcpy(w->out.values, w->in[0].values,
		       (size_t)elements(&w->out.shape) * sizeof(float));
		return true;
	default:
		return false;
	}
}

/* One layer, part after part; each part writes a buffer of its own. */
static bool run_layer(struct forward *run, struct work *w)
{
	const struct hidp_layer_info *info = &run->info[w->layer];
	struct tensor before = {{0, 0, 0, 0}, NULL};
	for (w->part = 0; w->part < info->part_count; w->part++) {
		w->desc = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
		if (hidp_model_part(w->model, w->layer, w->part, &w->desc) != HIDP_OK ||
		    w->desc.input_count > sizeof w->in / sizeof w->in[0])
			break;
		for (uint32_t i = 0; i < w->desc.input_count; i++) {
			hidp_layer_id in = w->desc.inputs[i];
			w->in[i] = before;
			if (in != HIDP_LAYER_NONE)
				w->in[i] = (struct tensor){run->info[in].shape, run->values[in]};
		}
		w->out.shape = info->shape; /* fusing keeps the shape */
		w->out.values = malloc((size_t)elements(&info->shape) * sizeof(float));
		bool done = w->out.values != NULL && compute(w);
		free(before.values);
		before = w->out;
		if (!done)
			break;
	}
	run->values[w->layer] = before.values;
	return w->part == info->part_count;
}

bool forward_run(const struct hidp_model *model, uint64_t seed, uint64_t input_seed,
                 struct forward *run)
{
	run->layer_count = hidp_model_layer_count(model);
	run->values = calloc(run->layer_count, sizeof *run->values);
	run->info = calloc(run->layer_count, sizeof *run->info);
	if (run->values == NULL || run->info == NULL)
		return false;
	struct work w = {.model = model, .seed = seed, .input_seed = input_seed};
	for (w.layer = 0; w.layer < run->layer_count; w.layer++) {
		run->info[w.layer].struct_size = sizeof run->info[w.layer];
		if (hidp_model_layer(model, w.layer, &run->info[w.layer]) != HIDP_OK ||
		    !run_layer(run, &w))
			return false;
	}
	return true;
}

void forward_free(struct forward *run)
{
	for (uint32_t l = 0; run->values != NULL && l < run->layer_count; l++)
		free(run->values[l]);
	free(run->values);
	free(run->info);
}

double forward_rms(const struct forward *run, hidp_layer_id layer)
{
	int64_t count = elements(&run->info[layer].shape);
	double sum = 0;
	for (int64_t i = 0; i < count; i++)
		sum += (double)run->values[layer][i] * (double)run->values[layer][i];
	return sqrt(sum / (double)count);
}
