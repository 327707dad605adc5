/* SPDX-License-Identifier: MIT */
/* The arrays of a model's weights, out of the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.h"

/* Parts of layers by name. */
static uint64_t hash_text(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	return h;
}

static struct source **look_up(const struct sources *sources, const char *name)
{
	size_t i = hash_text(name) & (sources->room - 1);
	while (sources->table[i] != NULL && strcmp(sources->table[i]->name, name) != 0)
		i = (i + 1) & (sources->room - 1);
	return &sources->table[i];
}

bool hidp_onnx__sources(struct sources *sources, const struct planned *layers, uint32_t count,
                        struct pool *pool)
{
	uint32_t wanted = 0;
	for (uint32_t i = 0; i < count; i++)
		wanted += layers[i].arrays != NULL;
	sources->room = 16;
	while (sources->room < 2 * (size_t)wanted + 2)
		sources->room *= 2;
	sources->table = hidp_onnx__take(pool, sources->room, sizeof(struct source *));
	struct source *list = hidp_onnx__take(pool, wanted + 1u, sizeof *list);
	if (sources->table == NULL || list == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (layers[i].arrays == NULL)
			continue;
		list->name = layers[i].desc.name;
		for (const struct array *a = layers[i].arrays; a != NULL; a = a->next)
			if (a->role <= HIDP_WEIGHT_CONSTANT)
				list->recipes[a->role] = &a->recipe;
		*look_up(sources, list->name) = list;
		list++;
	}
	return true;
}

void hidp_onnx__sources_free(struct sources *sources)
{
	for (size_t i = 0; i < sources->room && sources->table != NULL; i++)
		for (int role = 0; sources->table[i] != NULL && role <= HIDP_WEIGHT_CONSTANT; role++)
			free(sources->table[i]->copies[role]);
}

static bool count_of(const struct recipe *recipe, size_t *count_out)
{
	size_t n = 1;
	for (int i = 0; i < recipe->rank; i++) {
		if (recipe->size[i] < 1 || (size_t)recipe->size[i] > SIZE_MAX / sizeof(float) / n)
			return false;
		n *= (size_t)recipe->size[i];
	}
	*count_out = n;
	return true;
}

/* The elements as they stand in the file will do. */
static bool is_lent(const struct recipe *recipe, size_t count)
{
	return recipe->tensor->type == ELEMENT_FLOAT && recipe->rank == 1 &&
	       (recipe->stride[0] == 1 || count == 1) &&
	       (uintptr_t)recipe->tensor->data % sizeof(float) == 0;
}

/* Rows of the innermost dimension, one after another. */
static void copy_all(const struct recipe *recipe, float *to)
{
	int64_t index[2 * HIDP_ONNX_RANK_MAX] = {0}, at = 0;
	const int last = recipe->rank - 1;
	const int64_t run = recipe->size[last], stride = recipe->stride[last];
	for (;;) {
		if (stride == 1)
			hidp_onnx__floats(recipe->tensor, at, run, to);
		else
			for (int64_t i = 0; i < run; i++)
				hidp_onnx__floats(recipe->tensor, at + i * stride, 1, to + i);
		to += run;
		int k = last - 1;
		for (; k >= 0; k--) {
			at += recipe->stride[k];
			if (++index[k] < recipe->size[k])
				break;
			at -= recipe->stride[k] * recipe->size[k];
			index[k] = 0;
		}
		if (k < 0)
			return;
	}
}

/* Of fp32, without a call for each element. */
static void transpose_floats(const struct recipe *recipe, float *to)
{
	const unsigned char *from = recipe->tensor->data;
	const int64_t rows = recipe->size[0], columns = recipe->size[1];
	/* in tiles, so that both sides stay in cache */
	for (int64_t r0 = 0; r0 < rows; r0 += 32)
		for (int64_t c0 = 0; c0 < columns; c0 += 32)
			for (int64_t r = r0; r < rows && r < r0 + 32; r++)
				for (int64_t c = c0; c < columns && c < c0 + 32; c++)
					memcpy(&to[r * columns + c],
					       from + (r * recipe->stride[0] +
					               c * recipe->stride[1]) *
					                      (int64_t)sizeof(float),
					       sizeof(float));
}

static hidp_status lend(struct source *source, hidp_weight_role role, const void **data_out,
                        size_t *count_out)
{
	const struct recipe *recipe = source->recipes[role];
	size_t count;
	if (!count_of(recipe, &count))
		return HIDP_ERR_NOMEM;
	*count_out = count;
	if (is_lent(recipe, count)) {
		*data_out = recipe->tensor->data;
		return HIDP_OK;
	}
	if (source->copies[role] == NULL) {
		float *copy = malloc(count * sizeof *copy);
		if (copy == NULL)
			return HIDP_ERR_NOMEM;
		if (recipe->rank == 2 && recipe->tensor->type == ELEMENT_FLOAT)
			transpose_floats(recipe, copy);
		else if (recipe->rank == 0)
			hidp_onnx__floats(recipe->tensor, 0, 1, copy);
		else
			copy_all(recipe, copy);
		source->copies[role] = copy;
	}
	*data_out = source->copies[role];
	return HIDP_OK;
}

static hidp_status get(void *user_data, hidp_layer_id layer, uint32_t part, hidp_weight_role role,
                       const void **data_out, size_t *count_out)
{
	struct hidp_onnx *onnx = user_data;
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	hidp_status s = hidp_model_part(onnx->model, layer, part, &desc);
	if (s != HIDP_OK)
		return s;
	struct source *source = *look_up(&onnx->sources, desc.name);
	if (source == NULL || role > HIDP_WEIGHT_CONSTANT || source->recipes[role] == NULL)
		return HIDP_ERR_ARGUMENT;
	return lend(source, role, data_out, count_out);
}

const struct hidp_weights *hidp_onnx_weights(void)
{
	static const struct hidp_weights table = {sizeof table, HIDP_PLUGIN_ABI, get};
	return &table;
}
