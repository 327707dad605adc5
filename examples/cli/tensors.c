/* SPDX-License-Identifier: MIT */
/* What goes into a model and what comes out of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensors.h"

static struct hidp_layer_info get_layer(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_model_layer(model, layer, &info);
	return info;
}

bool tensors_new(struct tensors *t, const struct hidp_model *model, bool outputs)
{
	uint32_t layers = hidp_model_layer_count(model);
	*t = (struct tensors){0};
	t->layers = calloc(layers, sizeof *t->layers);
	t->data = calloc(layers, sizeof *t->data);
	t->bytes = calloc(layers, sizeof *t->bytes);
	bool ok = t->layers != NULL && t->data != NULL && t->bytes != NULL;
	for (hidp_layer_id l = 0; ok && l < layers; l++) {
		struct hidp_layer_info info = get_layer(model, l);
		if (outputs ? (info.flags & HIDP_LAYER_OUTPUT) == 0 : info.op != HIDP_OP_INPUT)
			continue;
		t->layers[t->count] = l;
		t->bytes[t->count] = (size_t)info.output_bytes;
		t->data[t->count] = calloc(1, t->bytes[t->count] + 1);
		ok = t->data[t->count] != NULL;
		t->count++;
	}
	if (!ok)
		complain("out of memory");
	return ok;
}

void tensors_free(struct tensors *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		free(t->data[i]);
	free(t->layers);
	free(t->data);
	free(t->bytes);
	*t = (struct tensors){0};
}

/* SplitMix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void fill(const struct port *port, size_t count, uint64_t *state, float *values)
{
	for (size_t k = 0; k < count; k++) {
		uint64_t bits = next_random(state);
		/* whole numbers are as a rule places in a table, or truths */
		values[k] = port->type == NUMBER_FP32 || port->type == NUMBER_FP64 ||
		                            port->type == NUMBER_OTHER
		                    ? (float)(bits >> 40) * 0x1p-23f - 1
		                    : (float)(bits >> 63);
	}
}

bool tensors_fill(const struct tensors *t, const struct loaded_model *loaded, uint64_t seed)
{
	uint64_t state = seed;
	uint32_t count;
	struct port *ports = list_ports(loaded, false, &count);
	bool ok = ports != NULL;
	for (uint32_t i = 0; i < t->count && ok; i++)
		for (uint32_t p = 0; p < count && ok; p++) {
			if (ports[p].layer != t->layers[i])
				continue;
			ok = tensors_are_fp32(t, i, loaded->model);
			if (ok)
				fill(&ports[p], t->bytes[i] / sizeof(float), &state, t->data[i]);
		}
	free(ports);
	return ok;
}

bool tensors_are_fp32(const struct tensors *t, uint32_t which, const struct hidp_model *model)
{
	struct hidp_layer_info info = get_layer(model, t->layers[which]);
	if (info.dtype == HIDP_DTYPE_FP32)
		return true;
	complain("%s: its elements are not fp32, and kernels compute nothing else", info.name);
	return false;
}

/* FNV-1a */
uint64_t tensors_digest(const struct tensors *t)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (uint32_t i = 0; i < t->count; i++)
		for (size_t k = 0; k < t->bytes[i]; k++)
			h = (h ^ ((const uint8_t *)t->data[i])[k]) * 0x100000001b3u;
	return h;
}

double tensors_difference(const struct tensors *t, const struct tensors *right)
{
	double most = 0, largest = 0;
	bool same = true;
	for (uint32_t i = 0; i < right->count; i++) {
		const float *a = t->data[i], *b = right->data[i];
		same &= memcmp(a, b, right->bytes[i]) == 0;
		for (size_t k = 0; k < right->bytes[i] / sizeof *b; k++) {
			double difference = fabs((double)a[k] - (double)b[k]);
			if (isnan(difference) || isinf(difference))
				return INFINITY;
			most = fmax(most, difference);
			largest = fmax(largest, fabs((double)b[k]));
		}
	}
	if (same)
		return 0;
	/* not the same, and yet no difference: zeros of other signs */
	return fmax(largest > 0 ? most / largest : INFINITY, 1e-300);
}
