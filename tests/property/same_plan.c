/* SPDX-License-Identifier: MIT */
#include "same_plan.h"

#include <string.h>

static bool same_layers(const hidp_layer_id *a, uint32_t a_count, const hidp_layer_id *b,
                        uint32_t b_count)
{
	return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

static bool same_step(const struct hidp_plan *a, const struct hidp_plan *b, uint32_t s, uint32_t k,
                      uint32_t t)
{
	struct hidp_step_desc x = HIDP_STEP_DESC_INIT, y = HIDP_STEP_DESC_INIT;
	hidp_plan_get_step(a, s, k, t, &x);
	hidp_plan_get_step(b, s, k, t, &y);
	if (x.kind != y.kind || x.layer_count != y.layer_count || x.slice_count != y.slice_count)
		return false;
	for (uint32_t i = 0; i < x.slice_count; i++) {
		struct hidp_slice_desc p = HIDP_SLICE_DESC_INIT, q = HIDP_SLICE_DESC_INIT;
		hidp_plan_get_slice(a, s, k, t, i, &p);
		hidp_plan_get_slice(b, s, k, t, i, &q);
		if (p.processor != q.processor || p.begin != q.begin || p.end != q.end ||
		    !same_layers(p.layers, p.layer_count, q.layers, q.layer_count))
			return false;
	}
	return true;
}

static bool same_share(const struct hidp_plan *a, const struct hidp_plan *b, uint32_t s, uint32_t k)
{
	struct hidp_share_desc x = HIDP_SHARE_DESC_INIT, y = HIDP_SHARE_DESC_INIT;
	hidp_plan_get_share(a, s, k, &x);
	hidp_plan_get_share(b, s, k, &y);
	if (x.node != y.node || x.row_begin != y.row_begin || x.row_end != y.row_end ||
	    memcmp(&x.fraction, &y.fraction, sizeof x.fraction) != 0 ||
	    x.step_count != y.step_count ||
	    !same_layers(x.layers, x.layer_count, y.layers, y.layer_count))
		return false;
	for (uint32_t t = 0; t < x.step_count; t++)
		if (!same_step(a, b, s, k, t))
			return false;
	return true;
}

static bool same_stage(const struct hidp_plan *a, const struct hidp_plan *b, uint32_t s)
{
	struct hidp_stage_desc x = HIDP_STAGE_DESC_INIT, y = HIDP_STAGE_DESC_INIT;
	hidp_plan_get_stage(a, s, &x);
	hidp_plan_get_stage(b, s, &y);
	if (x.kind != y.kind || x.first_layer != y.first_layer || x.layer_count != y.layer_count ||
	    x.share_count != y.share_count || x.row_units != y.row_units)
		return false;
	for (uint32_t k = 0; k < x.share_count; k++)
		if (!same_share(a, b, s, k))
			return false;
	return true;
}

bool same_plan(const struct hidp_plan *a, const struct hidp_plan *b)
{
	struct hidp_plan_figures x = HIDP_PLAN_FIGURES_INIT, y = HIDP_PLAN_FIGURES_INIT;
	hidp_plan_get_figures(a, &x);
	hidp_plan_get_figures(b, &y);
	if (memcmp(&x, &y, sizeof x) != 0 || hidp_plan_stage_count(a) != hidp_plan_stage_count(b))
		return false;
	for (uint32_t s = 0; s < hidp_plan_stage_count(a); s++)
		if (!same_stage(a, b, s))
			return false;
	return true;
}
