/* SPDX-License-Identifier: MIT */
#include "kernels/weights.h"

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

hidp_status kernels__weights(struct build *b, uint32_t part, hidp_weight_role role, int64_t count,
                             const float **out)
{
	const struct kernels *k = b->task->kernels;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	const void *data = NULL;
	size_t lent = 0;
	hidp_status s = hidp_model_part(b->call->model, b->call->layer, part, &d);
	if (s != HIDP_OK)
		return s;
	s = k->weights.get(k->weights_user_data, b->call->layer, part, role, &data, &lent);
	if (s == HIDP_ERR_NOMEM)
		return kernels__fail(b->diagnostic, s, d.name, "no memory for its %s",
		                     role_name(role));
	if (s != HIDP_OK || data == NULL)
		return kernels__fail(b->diagnostic, HIDP_ERR_MODEL, d.name,
		                     "there is no %s among its weights", role_name(role));
	if (lent != (size_t)count)
		return kernels__fail(b->diagnostic, HIDP_ERR_MODEL, d.name,
		                     "its %s has %zu elements among the weights, not %lld",
		                     role_name(role), lent, (long long)count);
	*out = data;
	return HIDP_OK;
}

bool kernels__own_bias(const struct build *b)
{
	return (b->part.flags & HIDP_LAYER_NO_BIAS) == 0;
}

uint32_t kernels__norm_count(const struct build *b)
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

hidp_status kernels__fold_norms(struct build *b, float *scale, float *shift)
{
	int64_t begin = b->call->channel_begin, count = b->call->channel_end - begin;
	int64_t channels = b->call->info.shape.channels;
	uint32_t norms = kernels__norm_count(b);
	for (int64_t c = 0; c < count; c++) {
		scale[c] = 1;
		shift[c] = 0;
	}
	for (uint32_t p = 1; p <= norms; p++) {
		const float *a = NULL, *add = NULL;
		hidp_status s = kernels__weights(b, p, HIDP_WEIGHT_SCALE, channels, &a);
		if (s == HIDP_OK)
			s = kernels__weights(b, p, HIDP_WEIGHT_SHIFT, channels, &add);
		if (s != HIDP_OK)
			return s;
		for (int64_t c = 0; c < count; c++) {
			scale[c] *= a[begin + c];
			shift[c] = shift[c] * a[begin + c] + add[begin + c];
		}
	}
	return HIDP_OK;
}
