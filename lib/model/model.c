/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/abi.h"
#include "base/context_priv.h"
#include "model/model_priv.h"

int64_t hidp__dtype_bytes(hidp_dtype dtype)
{
	switch (dtype) {
	case HIDP_DTYPE_FP16:
	case HIDP_DTYPE_BF16:
		return 2;
	case HIDP_DTYPE_INT8:
		return 1;
	default:
		return 4;
	}
}

void hidp_row_rule_apply(const struct hidp_row_rule *rule, int64_t rows, int64_t begin, int64_t end,
                         int64_t *begin_out, int64_t *end_out)
{
	struct hidp__span need = hidp__rule_need(rule, rows, (struct hidp__span){begin, end});
	*begin_out = need.begin;
	*end_out = need.end;
}

struct hidp_model *hidp_model_ref(struct hidp_model *model)
{
	hidp__ref(&model->refs);
	return model;
}

void hidp_model_unref(struct hidp_model *model)
{
	if (model == NULL || !hidp__unref(&model->refs))
		return;
	struct hidp_context *ctx = model->arena.ctx;
	hidp__arena_destroy(&model->arena);
	hidp__free(ctx, model);
	hidp_context_unref(ctx);
}

const char *hidp_model_name(const struct hidp_model *model)
{
	return model->name;
}

uint32_t hidp_model_layer_count(const struct hidp_model *model)
{
	return model->layer_count;
}

hidp_status hidp_model_layer(const struct hidp_model *model, hidp_layer_id layer,
                             struct hidp_layer_info *info_out)
{
	if (model == NULL || info_out == NULL || layer >= model->layer_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__layer *l = &model->layers[layer];
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	info.flags = (l->is_output ? HIDP_LAYER_OUTPUT : 0) |
	             (l->memory_measured ? HIDP_LAYER_MEMORY_MEASURED : 0);
	info.name = l->name;
	info.op = l->op;
	info.op_class = l->op_class;
	info.dtype = l->dtype;
	info.input_count = l->input_count;
	info.part_count = l->part_count;
	info.consumer_count = l->consumer_count;
	info.shape = l->shape;
	info.flops = l->flops;
	info.output_bytes = (uint64_t)(l->row_bytes * l->shape.rows);
	info.weight_bytes = (uint64_t)l->weight_bytes;
	info.workspace_bytes = (uint64_t)l->workspace_bytes;
	info.channel_grain = l->channel_grain;
	info.colocation = l->colocation;
	return hidp__abi_write(info_out, sizeof info, &info, sizeof info);
}

hidp_status hidp_model_layer_input(const struct hidp_model *model, hidp_layer_id layer,
                                   uint32_t index, hidp_layer_id *input_out,
                                   struct hidp_row_rule *rule_out, bool *own_channels_out)
{
	if (model == NULL || layer >= model->layer_count ||
	    index >= model->layers[layer].input_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__input *in = &model->layers[layer].inputs[index];
	if (input_out != NULL)
		*input_out = in->layer;
	if (rule_out != NULL)
		*rule_out = in->rule;
	if (own_channels_out != NULL)
		*own_channels_out = in->own_channels;
	return HIDP_OK;
}

hidp_status hidp_model_part(const struct hidp_model *model, hidp_layer_id layer, uint32_t index,
                            struct hidp_layer_desc *desc_out)
{
	if (model == NULL || desc_out == NULL || layer >= model->layer_count ||
	    index >= model->layers[layer].part_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp_layer_desc *part = &model->layers[layer].parts[index];
	return hidp__abi_write(desc_out, sizeof *part, part, sizeof *part);
}

hidp_status hidp_model_find(const struct hidp_model *model, const char *name,
                            hidp_layer_id *layer_out)
{
	if (model == NULL || name == NULL || layer_out == NULL)
		return HIDP_ERR_ARGUMENT;
	uint32_t low = 0, high = model->part_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(name, model->names[middle].name);
		if (order == 0) {
			*layer_out = model->names[middle].layer;
			return HIDP_OK;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return HIDP_ERR_ARGUMENT;
}
