/* SPDX-License-Identifier: MIT */
/* The zoo's weights as kernels ask for them. */
#include <stdlib.h>

#include "zoo.h"

_Static_assert((int)ZOO_WEIGHT == (int)HIDP_WEIGHT_KERNEL &&
                       (int)ZOO_BIAS == (int)HIDP_WEIGHT_BIAS &&
                       (int)ZOO_SCALE == (int)HIDP_WEIGHT_SCALE &&
                       (int)ZOO_SHIFT == (int)HIDP_WEIGHT_SHIFT &&
                       (int)ZOO_CONSTANT == (int)HIDP_WEIGHT_CONSTANT,
               "roles have the same numbers");

/* An array that was asked for. */
struct lent {
	uint32_t part;
	hidp_weight_role role;
	size_t count;
	struct lent *next;
	float values[];
};

struct zoo_weights {
	struct hidp_model *model;
	uint64_t seed;
	struct lent **by_layer; /* [layers] */
};

hidp_status zoo_weights_new(const struct hidp_model *model, uint64_t seed,
                            struct zoo_weights **weights_out)
{
	if (model == NULL || weights_out == NULL)
		return HIDP_ERR_ARGUMENT;
	struct zoo_weights *w = calloc(1, sizeof *w);
	struct lent **by_layer = calloc(hidp_model_layer_count(model), sizeof *by_layer);
	if (w == NULL || by_layer == NULL) {
		free(w);
		free(by_layer);
		return HIDP_ERR_NOMEM;
	}
	/* the model stays as it is; only its references are counted */
	w->model = hidp_model_ref((struct hidp_model *)(uintptr_t)model);
	w->seed = seed;
	w->by_layer = by_layer;
	*weights_out = w;
	return HIDP_OK;
}

void zoo_weights_destroy(struct zoo_weights *weights)
{
	if (weights == NULL)
		return;
	for (uint32_t l = 0; l < hidp_model_layer_count(weights->model); l++) {
		for (struct lent *a = weights->by_layer[l], *next; a != NULL; a = next) {
			next = a->next;
			free(a);
		}
	}
	free(weights->by_layer);
	hidp_model_unref(weights->model);
	free(weights);
}

/* Makes the array of that role, if the part has one. */
static hidp_status make(const struct zoo_weights *w, hidp_layer_id layer, uint32_t part,
                        hidp_weight_role role, struct lent **made_out)
{
	struct zoo_array arrays[ZOO_ARRAYS_MAX];
	size_t count = 0, i = 0;
	hidp_status s = zoo_arrays(w->model, layer, part, arrays, &count);
	if (s != HIDP_OK)
		return s;
	while (i < count && (uint32_t)arrays[i].role != role)
		i++;
	if (i == count)
		return HIDP_ERR_ARGUMENT;
	struct lent *a = malloc(sizeof *a + (size_t)arrays[i].count * sizeof a->values[0]);
	if (a == NULL)
		return HIDP_ERR_NOMEM;
	s = zoo_fill(w->model, layer, part, i, w->seed, 0, arrays[i].count, a->values);
	if (s != HIDP_OK) {
		free(a);
		return s;
	}
	a->part = part;
	a->role = role;
	a->count = (size_t)arrays[i].count;
	*made_out = a;
	return HIDP_OK;
}

static hidp_status get(void *user_data, hidp_layer_id layer, uint32_t part, hidp_weight_role role,
                       const void **data_out, size_t *count_out)
{
	struct zoo_weights *w = user_data;
	if (layer >= hidp_model_layer_count(w->model))
		return HIDP_ERR_ARGUMENT;
	struct lent *a = w->by_layer[layer];
	while (a != NULL && (a->part != part || a->role != role))
		a = a->next;
	if (a == NULL) {
		hidp_status s = make(w, layer, part, role, &a);
		if (s != HIDP_OK)
			return s;
		a->next = w->by_layer[layer];
		w->by_layer[layer] = a;
	}
	*data_out = a->values;
	*count_out = a->count;
	return HIDP_OK;
}

const struct hidp_weights *zoo_weights_table(void)
{
	static const struct hidp_weights table = {sizeof table, HIDP_PLUGIN_ABI, get};
	return &table;
}
