/* SPDX-License-Identifier: MIT */
/* Plans with a step for every layer. */
#include "measure.h"

static struct hidp_layer_info layer_of(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_model_layer(model, layer, &info);
	return info;
}

int64_t split_units(const struct hidp_model *model, hidp_layer_id layer, const struct split *split)
{
	struct hidp_layer_info info = layer_of(model, layer);
	if (info.op == HIDP_OP_INPUT || info.colocation != 0)
		return 1;
	if (split->kind == HIDP_STEP_ROWS)
		return info.shape.rows;
	if (split->kind == HIDP_STEP_CHANNELS && info.channel_grain > 0)
		return info.shape.channels / info.channel_grain;
	return 1;
}

void split_part(const struct split *split, int64_t units, uint32_t part, int64_t *begin_out,
                int64_t *end_out)
{
	int64_t total = 0, before = 0, count = split->count;
	for (uint32_t i = 0; i < split->count; i++)
		total += split->weights[i];
	for (uint32_t i = 0; i < part; i++)
		before += split->weights[i];
	/* one each, and the rest in proportion, rounded to the nearest */
	int64_t rest = units - count;
	*begin_out = part + (2 * rest * before + total) / (2 * total);
	*end_out = part + 1 + (2 * rest * (before + split->weights[part]) + total) / (2 * total);
}

static hidp_status add_layer(struct hidp_plan_builder *builder, const struct hidp_model *model,
                             hidp_layer_id layer, const struct split *split,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	int64_t units = split_units(model, layer, split);
	bool divided = split->kind != HIDP_STEP_SINGLE && units >= split->count;
	step.kind = divided ? split->kind : HIDP_STEP_SINGLE;
	step.layer_count = 1;
	hidp_status s = hidp_plan_builder_add_step(builder, &step, diagnostic);
	for (uint32_t i = 0; s == HIDP_OK && i < (divided ? split->count : 1); i++) {
		struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
		slice.processor = split->processors[i];
		if (divided)
			split_part(split, units, i, &slice.begin, &slice.end);
		s = hidp_plan_builder_add_slice(builder, &slice, diagnostic);
	}
	return s;
}

hidp_status split_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                       const struct split *split, struct hidp_plan **plan_out,
                       struct hidp_diagnostic *diagnostic)
{
	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
	struct hidp_plan_builder *builder;
	hidp_status s = hidp_plan_builder_new(model, cluster, NULL, NULL, &builder, diagnostic);
	if (s != HIDP_OK)
		return s;
	stage.kind = HIDP_STAGE_SINGLE;
	stage.layer_count = hidp_model_layer_count(model);
	s = hidp_plan_builder_add_stage(builder, &stage, diagnostic);
	if (s == HIDP_OK)
		s = hidp_plan_builder_add_share(builder, &share, diagnostic);
	for (hidp_layer_id l = 0; s == HIDP_OK && l < stage.layer_count; l++)
		if (layer_of(model, l).op != HIDP_OP_INPUT)
			s = add_layer(builder, model, l, split, diagnostic);
	if (s == HIDP_OK)
		s = hidp_plan_builder_seal(builder, plan_out, diagnostic);
	hidp_plan_builder_destroy(builder);
	return s;
}
