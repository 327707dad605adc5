/* SPDX-License-Identifier: MIT */
/* How nodes and processors share the work: what the table and the explanation both say. */
#include <stdio.h>

#include "report/report_priv.h"

char *hidp__report_value(const struct hidp__timeline *t, double value, char buffer[32])
{
	if (t->options.objective == HIDP_OBJECTIVE_WEIGHTED || t->options.migration_weight > 0)
		return hidp__text_short(value, 6, buffer);
	if (t->options.objective == HIDP_OBJECTIVE_ENERGY)
		return hidp__text_joules(value, buffer);
	return hidp__text_seconds(value, buffer);
}

char *hidp__report_part(const struct hidp_stage_desc *stage, const struct hidp_share_desc *share,
			char buffer[80])
{
	char number[32];
	if (stage->kind == HIDP_STAGE_SPLIT)
		snprintf(buffer, 80, "rows %lld-%lld of %lld", (long long)share->row_begin,
			 (long long)share->row_end - 1, (long long)stage->row_units);
	else if (stage->kind == HIDP_STAGE_REPLICA)
		snprintf(buffer, 80, "%s %% of requests",
			 hidp__text_fixed(100 * share->fraction, 1, number));
	else if (stage->kind == HIDP_STAGE_BRANCH)
		snprintf(buffer, 80, "%u layer%s", share->layer_count,
			 share->layer_count == 1 ? "" : "s");
	else
		snprintf(buffer, 80, "all");
	return buffer;
}

/* Part of a step's layers that a slice computes, 0 to 1. */
static double slice_part(const struct hidp__timeline *t, uint32_t stage, uint32_t share,
			 const struct hidp_step_desc *step, const struct hidp_slice_desc *slice)
{
	hidp_layer_id last = slice->layers[slice->layer_count - 1];
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	double whole = 0;
	int64_t begin = 0, end = 0;
	switch (step->kind) {
	case HIDP_STEP_ROWS:
		hidp_plan_get_share_rows(t->plan, stage, share, last, &begin, &end);
		whole = (double)(end - begin);
		break;
	case HIDP_STEP_CHANNELS:
		hidp_model_layer(t->model, last, &info);
		whole = (double)info.shape.channels / (double)info.channel_grain;
		break;
	default:
		return (double)slice->layer_count / step->layer_count;
	}
	return whole > 0 ? (double)(slice->end - slice->begin) / whole : 0;
}

static void add_step(const struct hidp__timeline *t, uint32_t stage, uint32_t share, uint32_t i,
		     struct hidp__layer_group *groups, uint32_t most, uint32_t *count,
		     uint32_t *others)
{
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	double parts[64] = {0};
	uint64_t processors = 0;
	uint32_t g = 0;
	hidp_plan_get_step(t->plan, stage, share, i, &step);
	for (uint32_t k = 0; k < step.slice_count; k++) {
		struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
		hidp_plan_get_slice(t->plan, stage, share, i, k, &slice);
		processors |= UINT64_C(1) << slice.processor;
		parts[slice.processor] = slice_part(t, stage, share, &step, &slice);
	}
	while (g < *count && (groups[g].processors != processors || groups[g].kind != step.kind))
		g++;
	if (g == *count && *count == most) {
		*others += step.layer_count;
		return;
	}
	if (g == *count)
		groups[(*count)++] = (struct hidp__layer_group){processors, step.kind, 0, {0}};
	groups[g].layers += step.layer_count;
	for (uint32_t p = 0; p < 64; p++)
		groups[g].parts[p] += parts[p] * step.layer_count;
}

uint32_t hidp__report_layer_groups(const struct hidp__timeline *t, uint32_t stage, uint32_t count,
				   uint32_t share, struct hidp__layer_group *groups, uint32_t most,
				   uint32_t *others_out)
{
	uint32_t found = 0;
	*others_out = 0;
	for (uint32_t s = stage; s < stage + count; s++) {
		uint32_t steps = hidp__report_share(t->plan, s, share).step_count;
		for (uint32_t i = 0; i < steps; i++)
			add_step(t, s, share, i, groups, most, &found, others_out);
	}
	return found;
}

static bool same_places(const struct hidp__timeline *t, uint32_t a, uint32_t b)
{
	struct hidp_stage_desc p = hidp__report_stage(t->plan, a);
	struct hidp_stage_desc q = hidp__report_stage(t->plan, b);
	if (p.kind != q.kind || p.share_count != q.share_count || p.row_units != q.row_units ||
	    p.kind == HIDP_STAGE_BRANCH)
		return false;
	for (uint32_t k = 0; k < p.share_count; k++) {
		struct hidp_share_desc c = hidp__report_share(t->plan, a, k);
		struct hidp_share_desc d = hidp__report_share(t->plan, b, k);
		if (c.node != d.node || c.row_begin != d.row_begin || c.row_end != d.row_end ||
		    c.fraction != d.fraction)
			return false;
	}
	return true;
}

uint32_t hidp__report_like(const struct hidp__timeline *t, uint32_t first)
{
	uint32_t count = 1;
	while (first + count < t->stage_count && same_places(t, first, first + count))
		count++;
	return count;
}
