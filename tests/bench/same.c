/* SPDX-License-Identifier: MIT */
/* Whether two plans are the same, through all their getters. */
#include "bench.h"

#include <string.h>

static bool same_lists(const uint32_t *a, const uint32_t *b, uint32_t count)
{
	if (count == 0 || a == b)
		return true;
	return a != NULL && b != NULL && memcmp(a, b, count * sizeof *a) == 0;
}

static bool same_slices(const struct hidp_plan *a, const struct hidp_plan *b, uint32_t stage,
                        uint32_t share, uint32_t step, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct hidp_slice_desc x = HIDP_SLICE_DESC_INIT, y = HIDP_SLICE_DESC_INIT;
		bench_must(hidp_plan_get_slice(a, stage, share, step, i, &x), NULL, "slice");
		bench_must(hidp_plan_get_slice(b, stage, share, step, i, &y), NULL, "slice");
		if (x.processor != y.processor || x.begin != y.begin || x.end != y.end ||
		    x.layer_count != y.layer_count ||
		    !same_lists(x.layers, y.layers, x.layer_count))
			return false;
	}
	return true;
}

static bool same_steps(const struct hidp_plan *a, const struct hidp_plan *b, uint32_t stage,
                       uint32_t share, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct hidp_step_desc x = HIDP_STEP_DESC_INIT, y = HIDP_STEP_DESC_INIT;
		bench_must(hidp_plan_get_step(a, stage, share, i, &x), NULL, "step");
		bench_must(hidp_plan_get_step(b, stage, share, i, &y), NULL, "step");
		if (x.kind != y.kind || x.layer_count != y.layer_count ||
		    x.slice_count != y.slice_count ||
		    !same_slices(a, b, stage, share, i, x.slice_count))
			return false;
	}
	return true;
}

static bool same_shares(const struct hidp_plan *a, const struct hidp_plan *b, uint32_t stage,
                        uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct hidp_share_desc x = HIDP_SHARE_DESC_INIT, y = HIDP_SHARE_DESC_INIT;
		bench_must(hidp_plan_get_share(a, stage, i, &x), NULL, "share");
		bench_must(hidp_plan_get_share(b, stage, i, &y), NULL, "share");
		if (x.node != y.node || x.step_count != y.step_count ||
		    x.row_begin != y.row_begin || x.row_end != y.row_end ||
		    x.fraction != y.fraction || x.layer_count != y.layer_count ||
		    !same_lists(x.layers, y.layers, x.layer_count) ||
		    !same_steps(a, b, stage, i, x.step_count))
			return false;
	}
	return true;
}

static bool same_figures(const struct hidp_plan *a, const struct hidp_plan *b)
{
	struct hidp_plan_figures x = bench_figures(a), y = bench_figures(b);
	return x.latency_s == y.latency_s && x.period_s == y.period_s &&
	       x.energy_j == y.energy_j && x.objective == y.objective &&
	       x.transfer_bytes == y.transfer_bytes;
}

bool bench_same_plans(const struct hidp_plan *a, const struct hidp_plan *b)
{
	uint32_t count = hidp_plan_stage_count(a);
	if (count != hidp_plan_stage_count(b) || !same_figures(a, b))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct hidp_stage_desc x = HIDP_STAGE_DESC_INIT, y = HIDP_STAGE_DESC_INIT;
		bench_must(hidp_plan_get_stage(a, i, &x), NULL, "stage");
		bench_must(hidp_plan_get_stage(b, i, &y), NULL, "stage");
		if (x.kind != y.kind || x.first_layer != y.first_layer ||
		    x.layer_count != y.layer_count || x.share_count != y.share_count ||
		    x.row_units != y.row_units || !same_shares(a, b, i, x.share_count))
			return false;
	}
	return true;
}
