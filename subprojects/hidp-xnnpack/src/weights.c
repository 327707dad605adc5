/* SPDX-License-Identifier: MIT */
#include "weights.h"

#include <stdlib.h>

static const char *role_name(hidp_weight_role role)
{
	switch (role) {
	case HIDP_WEIGHT_KERNEL:
		return "kernel";
	case HIDP_WEIGHT_BIAS:
		return "bias";
	case HIDP_WEIGHT_SCALE:
		return "scale";
	case HIDP_WEIGHT_SHIFT:
		return "shift";
	default:
		return "constant";
	}
}

hidp_status xnnpack__weights(struct build *b, uint32_t part, hidp_weight_role role, int64_t count,
                             const float **out)
{
	struct hidp_xnnpack *x = b->xnnpack;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	const void *data = NULL;
	size_t lent = 0;
	hidp_status s = hidp_model_part(b->call->model, b->call->layer, part, &d);
	if (s != HIDP_OK)
		return s;
	s = x->weights.get(x->weights_user_data, b->call->layer, part, role, &data, &lent);
	if (s == HIDP_ERR_NOMEM)
		return xnnpack__fail(b->diagnostic, s, d.name, "no memory for its %s",
		                     role_name(role));
	if (s != HIDP_OK || data == NULL)
		return xnnpack__fail(b->diagnostic, HIDP_ERR_MODEL, d.name,
		                     "there is no %s among its weights", role_name(role));
	if (lent != (size_t)count)
		return xnnpack__fail(b->diagnostic, HIDP_ERR_MODEL, d.name,
		                     "its %s has %zu elements among the weights, not %lld",
		                     role_name(role), lent, (long long)count);
	*out = data;
	return HIDP_OK;
}

/* Folding batch normalisations */

uint32_t xnnpack__norm_count(struct build *b)
{
	uint32_t count = 0;
	for (uint32_t p = 1; p < b->call->info.part_count; p++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		if (hidp_model_part(b->call->model, b->call->layer, p, &d) != HIDP_OK ||
		    d.op != HIDP_OP_BATCH_NORM)
			break;
		count++;
	}
	return count;
}

bool xnnpack__own_bias(const struct build *b)
{
	return (b->part.flags & HIDP_LAYER_NO_BIAS) == 0;
}

/* What all normalisations together do to the call's channels: y = scale * x + shift. */
static hidp_status combine(struct build *b, uint32_t norms, float *scale, float *shift)
{
	int64_t begin = b->call->channel_begin, count = b->call->channel_end - begin;
	int64_t channels = b->call->info.shape.channels;
	for (int64_t c = 0; c < count; c++) {
		scale[c] = 1;
		shift[c] = 0;
	}
	for (uint32_t p = 1; p <= norms; p++) {
		const float *a = NULL, *add = NULL;
		hidp_status s = xnnpack__weights(b, p, HIDP_WEIGHT_SCALE, channels, &a);
		if (s == HIDP_OK)
			s = xnnpack__weights(b, p, HIDP_WEIGHT_SHIFT, channels, &add);
		if (s != HIDP_OK)
			return s;
		for (int64_t c = 0; c < count; c++) {
			scale[c] *= a[begin + c];
			shift[c] = shift[c] * a[begin + c] + add[begin + c];
		}
	}
	return HIDP_OK;
}

static hidp_status fill(struct build *b, int64_t window, int64_t inputs, float *scale,
                        const struct folded *f)
{
	int64_t begin = b->call->channel_begin, count = b->call->channel_end - begin;
	int64_t channels = b->call->info.shape.channels, each = window * inputs;
	const float *kernel = NULL, *bias = NULL;
	hidp_status s = xnnpack__weights(b, 0, HIDP_WEIGHT_KERNEL, channels * each, &kernel);
	if (s == HIDP_OK && xnnpack__own_bias(b))
		s = xnnpack__weights(b, 0, HIDP_WEIGHT_BIAS, channels, &bias);
	if (s == HIDP_OK)
		s = combine(b, xnnpack__norm_count(b), scale, f->bias);
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
		s = xnnpack__no_memory(b);
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

/* Constants */

hidp_status xnnpack__constant(struct build *b, uint32_t part, const struct hidp_layer_desc *d,
                              struct tensor *out)
{
	const int64_t dims[4] = {d->shape.batch, d->shape.channels, d->shape.rows, d->shape.width};
	const float *lent = NULL;
	struct tensor t = xnnpack__tensor_dense((struct place){BASE_CONSTANT, 0}, dims);
	int64_t count = xnnpack__tensor_elements(&t), plane = dims[2] * dims[3];
	hidp_status s = xnnpack__weights(b, part, HIDP_WEIGHT_CONSTANT, count, &lent);
	if (s != HIDP_OK)
		return s;
	*out = t;
	out->place = xnnpack__constant_place(lent);
	if (dims[1] == 1 || plane == 1)
		return HIDP_OK; /* both orders are the same */
	float *own = malloc((size_t)count * sizeof *own);
	if (own == NULL || !xnnpack__task_own_array(b->task, own)) {
		free(own);
		return xnnpack__no_memory(b);
	}
	for (int64_t n = 0; n < dims[0]; n++)
		for (int64_t c = 0; c < dims[1]; c++)
			for (int64_t i = 0; i < plane; i++)
				own[(n * plane + i) * dims[1] + c] =
					lent[(n * dims[1] + c) * plane + i];
	out->place = xnnpack__constant_place(own);
	return HIDP_OK;
}
