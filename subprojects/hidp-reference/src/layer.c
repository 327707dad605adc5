/* SPDX-License-Identifier: MIT */
#include "layer.h"

#include <stdlib.h>

#include "fail.h"

hidp_status hidp_reference__layer_supported(const struct hidp_model *model, hidp_layer_id layer,
                                            struct hidp_diagnostic *diagnostic)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT, input = HIDP_LAYER_INFO_INIT;
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	if (hidp_model_layer(model, layer, &info) != HIDP_OK)
		return hidp_reference__fail(diagnostic, HIDP_ERR_UNSUPPORTED, "model",
		                            "has no layer %u", layer);
	for (uint32_t p = 0; p < info.part_count; p++) {
		(void)hidp_model_part(model, layer, p, &desc);
		if (hidp_reference__op(desc.op) == NULL)
			return hidp_reference__fail(diagnostic, HIDP_ERR_UNSUPPORTED, desc.name,
			                            "there is no kernel for op %u", desc.op);
		if (desc.dtype != HIDP_DTYPE_FP32)
			return hidp_reference__fail(diagnostic, HIDP_ERR_UNSUPPORTED, desc.name,
			                            "its dtype is not fp32");
	}
	for (uint32_t i = 0; i < info.input_count; i++) {
		hidp_layer_id from;
		(void)hidp_model_layer_input(model, layer, i, &from, NULL, NULL);
		(void)hidp_model_layer(model, from, &input);
		if (input.dtype != HIDP_DTYPE_FP32)
			return hidp_reference__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
			                            "the dtype of its input %s is not fp32",
			                            input.name);
	}
	return HIDP_OK;
}

/* A part reads layers, or the part before it, whose output has the layer's shape. */
static void read_part(const struct hidp_model *model, const struct hidp_layer_info *info,
                      struct part *part)
{
	const struct hidp_layer_desc *d = &part->desc;
	struct hidp_layer_info input = HIDP_LAYER_INFO_INIT;
	part->op = hidp_reference__op(d->op);
	part->in = part->out = info->shape;
	if (d->inputs[0] != HIDP_LAYER_NONE &&
	    hidp_model_layer(model, d->inputs[0], &input) == HIDP_OK)
		part->in = input.shape;
}

hidp_status hidp_reference__layer_load(const struct hidp_model *model, hidp_layer_id id,
                                       const struct hidp_weights *weights, void *user_data,
                                       struct layer **layer_out, struct hidp_diagnostic *diagnostic)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_status s = hidp_model_layer(model, id, &info);
	if (s != HIDP_OK)
		return s;
	struct layer *l = calloc(1, sizeof *l + info.part_count * sizeof *l->parts);
	if (l == NULL)
		return hidp_reference__fail(diagnostic, HIDP_ERR_NOMEM, info.name, "out of memory");
	l->shape = info.shape;
	l->input_count = info.input_count;
	l->part_count = info.part_count;
	for (uint32_t p = 0; p < l->part_count && s == HIDP_OK; p++) {
		struct part *part = &l->parts[p];
		part->desc.struct_size = sizeof part->desc;
		s = hidp_model_part(model, id, p, &part->desc);
		if (s != HIDP_OK)
			break;
		read_part(model, &info, part);
		const struct source source = {.table = weights,
		                              .user_data = user_data,
		                              .layer = id,
		                              .part = p,
		                              .name = part->desc.name,
		                              .diagnostic = diagnostic};
		if (part->op->load != NULL)
			s = part->op->load(part, &source);
	}
	if (s != HIDP_OK) {
		hidp_reference__layer_free(l);
		return s;
	}
	*layer_out = l;
	return HIDP_OK;
}

void hidp_reference__layer_free(struct layer *layer)
{
	if (layer == NULL)
		return;
	for (uint32_t p = 0; p < layer->part_count; p++)
		free(layer->parts[p].packed);
	free(layer);
}
