/* SPDX-License-Identifier: MIT */
/*
 * Weights out of nothing: element i of an array is a hash of i under a key made of
 * the seed, the part's name and the array's role. The way from the hash to the float
 * is exact up to the last roundings, so that every machine gets the same bits.
 */
#include <math.h>

#include "net.h"

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* FNV-1a. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	return h;
}

/* Where the values of an array lie: middle - reach to middle + reach, uniformly. */
struct range {
	float middle, reach;
};

static struct range range_of(const struct hidp_model *model, const char *part,
                             const struct zoo_array *array)
{
	const struct zoo__network *network = zoo__find(hidp_model_name(model));
	float gain = network != NULL ? network->gain : 2;
	float scale = network != NULL && network->scale != NULL ? network->scale(part) : 1;
	switch (array->role) {
	case ZOO_WEIGHT: {
		int64_t fan_in = array->count / array->dims[0];
		/* a uniform distribution has a third of the square of its reach as variance */
		return (struct range){0, (float)sqrt(3 * (double)gain / (double)fan_in)};
	}
	case ZOO_SCALE:
		return (struct range){scale, scale / 4};
	case ZOO_BIAS:
	case ZOO_SHIFT:
		return (struct range){0, scale / 8};
	default:
		return (struct range){0, 0.5f};
	}
}

static void describe(struct zoo_array *array, enum zoo_role role, unsigned dim_count,
                     const int64_t dims[])
{
	*array = (struct zoo_array){.role = role, .dim_count = dim_count, .count = 1};
	for (unsigned i = 0; i < dim_count; i++) {
		array->dims[i] = dims[i];
		array->count *= dims[i];
	}
}

/* Weight and perhaps bias of a convolution or dense layer, which reads layer->inputs[0]. */
static size_t linear_arrays(const struct hidp_model *model, const struct hidp_layer_desc *d,
                            struct zoo_array *arrays)
{
	struct hidp_layer_info in = HIDP_LAYER_INFO_INIT;
	if (hidp_model_layer(model, d->inputs[0], &in) != HIDP_OK)
		return 0;
	if (d->op == HIDP_OP_CONV) {
		const int64_t dims[4] = {d->out_channels, in.shape.channels / d->groups,
		                         d->kernel[0], d->kernel[1]};
		describe(&arrays[0], ZOO_WEIGHT, 4, dims);
	} else {
		const int64_t dims[2] = {d->out_channels, in.shape.channels};
		describe(&arrays[0], ZOO_WEIGHT, 2, dims);
	}
	if (d->flags & HIDP_LAYER_NO_BIAS)
		return 1;
	describe(&arrays[1], ZOO_BIAS, 1, &d->out_channels);
	return 2;
}

hidp_status zoo_arrays(const struct hidp_model *model, hidp_layer_id layer, uint32_t part,
                       struct zoo_array arrays_out[ZOO_ARRAYS_MAX], size_t *count_out)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	hidp_status s = hidp_model_layer(model, layer, &info);
	if (s == HIDP_OK)
		s = hidp_model_part(model, layer, part, &d);
	if (s != HIDP_OK)
		return s;
	*count_out = 0;
	switch (d.op) {
	case HIDP_OP_CONV:
	case HIDP_OP_DENSE:
		/* they begin a layer, so their input is a layer too */
		*count_out = linear_arrays(model, &d, arrays_out);
		break;
	case HIDP_OP_EMBEDDING: {
		const int64_t dims[2] = {d.end, d.out_channels};
		describe(&arrays_out[0], ZOO_WEIGHT, 2, dims);
		*count_out = 1;
		break;
	}
	case HIDP_OP_BATCH_NORM:
	case HIDP_OP_LAYER_NORM:
		/* fusing keeps the channels */
		describe(&arrays_out[0], ZOO_SCALE, 1, &info.shape.channels);
		describe(&arrays_out[1], ZOO_SHIFT, 1, &info.shape.channels);
		*count_out = 2;
		break;
	case HIDP_OP_BINARY:
		if (d.input_count == 1) {
			const int64_t dims[4] = {d.shape.batch, d.shape.channels, d.shape.rows,
			                         d.shape.width};
			describe(&arrays_out[0], ZOO_CONSTANT, 4, dims);
			*count_out = 1;
		}
		break;
	default:
		break;
	}
	return HIDP_OK;
}

hidp_status zoo_fill(const struct hidp_model *model, hidp_layer_id layer, uint32_t part,
                     size_t index, uint64_t seed, int64_t first, int64_t count, float *values_out)
{
	struct zoo_array arrays[ZOO_ARRAYS_MAX];
	size_t array_count;
	hidp_status s = zoo_arrays(model, layer, part, arrays, &array_count);
	if (s != HIDP_OK)
		return s;
	if (index >= array_count || values_out == NULL || first < 0 || count < 0 ||
	    first > arrays[index].count || count > arrays[index].count - first)
		return HIDP_ERR_ARGUMENT;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	if ((s = hidp_model_part(model, layer, part, &d)) != HIDP_OK)
		return s;
	const struct range range = range_of(model, d.name, &arrays[index]);
	const uint64_t key = mix(mix(seed) ^ hash(d.name)) + (uint64_t)arrays[index].role;
	for (int64_t i = 0; i < count; i++) {
		uint64_t z = mix(key + (uint64_t)(first + i) * 0x9e3779b97f4a7c15u);
		/* an odd number of 25 bits in [-1, 1): times 24 bits of reach it is exact */
		double unit = (double)((int64_t)(z >> 40) * 2 + 1 - ((int64_t)1 << 24)) * 0x1p-24;
		double away = unit * (double)range.reach;
		values_out[i] = (float)((double)range.middle + away);
	}
	return HIDP_OK;
}
