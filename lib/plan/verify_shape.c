/* SPDX-License-Identifier: MIT */
/* The shape of a plan: what stages, shares, steps and slices must look like to mean anything. */
#include <math.h>

#include "base/checked.h"
#include "base/diagnostic.h"
#include "plan/verify_priv.h"

#define FAIL hidp__verify_fail

/* Units or rows that follow each other without gaps and end at `end`, none of them empty. */
static bool follows(struct hidp__span range, int64_t *at, int64_t end)
{
	bool ok = range.begin == *at && range.end > range.begin && range.end <= end;
	*at = range.end;
	return ok;
}

static hidp_status check_split(const struct hidp__verify *v, uint32_t stage)
{
	const struct hidp__stage *g = &v->plan->decisions.stages[stage];
	int64_t at = 0, product;
	if (g->row_units < 1)
		return FAIL(v, stage, HIDP__NO_SHARE, "%lld row units", (long long)g->row_units);
	for (uint32_t i = 0; i < g->layer_count; i++)
		if (!hidp__mul(g->row_units, v->model->layers[g->first_layer + i].shape.rows,
		               &product))
			return FAIL(v, stage, HIDP__NO_SHARE,
			            "%lld row units are too many to count",
			            (long long)g->row_units);
	for (uint32_t k = 0; k < g->share_count; k++)
		if (!follows(g->shares[k].units, &at, g->row_units))
			return FAIL(v, stage, k,
			            "row units %lld to %lld do not follow the share before",
			            (long long)g->shares[k].units.begin,
			            (long long)g->shares[k].units.end);
	if (at != g->row_units)
		return FAIL(v, stage, HIDP__NO_SHARE, "shares cover %lld of %lld row units",
		            (long long)at, (long long)g->row_units);
	return HIDP_OK;
}

static hidp_status check_replica(const struct hidp__verify *v, uint32_t stage)
{
	const struct hidp__stage *g = &v->plan->decisions.stages[stage];
	double sum = 0;
	if (!v->stream)
		return FAIL(v, stage, HIDP__NO_SHARE, "replicas outside a stream");
	for (uint32_t k = 0; k < g->share_count; k++) {
		if (!(g->shares[k].fraction > 0))
			return FAIL(v, stage, k, "a fraction of %g of the requests",
			            g->shares[k].fraction);
		sum += g->shares[k].fraction;
	}
	if (!(fabs(sum - 1) <= 1e-6))
		return FAIL(v, stage, HIDP__NO_SHARE, "fractions add up to %.17g", sum);
	return HIDP_OK;
}

static hidp_status check_stage(const struct hidp__verify *v, uint32_t stage)
{
	const struct hidp__stage *g = &v->plan->decisions.stages[stage];
	bool alone = g->kind == HIDP_STAGE_SINGLE;
	if (alone ? g->share_count != 1 : g->share_count < 2)
		return FAIL(v, stage, HIDP__NO_SHARE, "%u shares in a stage of kind %u",
		            g->share_count, g->kind);
	for (uint32_t k = 0; k < g->share_count; k++) {
		if (g->shares[k].node >= v->nodes)
			return FAIL(v, stage, k, "there is no node %u", g->shares[k].node);
		for (uint32_t j = 0; j < k; j++)
			if (g->shares[j].node == g->shares[k].node)
				return FAIL(v, stage, k, "its node has another share");
	}
	switch (g->kind) {
	case HIDP_STAGE_SINGLE:
	case HIDP_STAGE_BRANCH: /* lists are checked with the layers */
		return HIDP_OK;
	case HIDP_STAGE_SPLIT:
		return check_split(v, stage);
	case HIDP_STAGE_REPLICA:
		return check_replica(v, stage);
	default:
		return FAIL(v, stage, HIDP__NO_SHARE, "kind %u is unknown", g->kind);
	}
}

/* The layers of a share rise and are of its stage; outside branches they are all that compute. */
static hidp_status check_share_layers(const struct hidp__verify *v, uint32_t stage, uint32_t share)
{
	const struct hidp__stage *g = &v->plan->decisions.stages[stage];
	const struct hidp__share *s = &g->shares[share];
	uint32_t computing = 0;
	for (uint32_t i = 0; i < g->layer_count; i++)
		computing += v->model->layers[g->first_layer + i].op != HIDP_OP_INPUT;
	for (uint32_t i = 0; i < s->layer_count; i++) {
		hidp_layer_id l = s->layers[i];
		if (l < g->first_layer || l >= g->first_layer + g->layer_count ||
		    v->model->layers[l].op == HIDP_OP_INPUT || (i > 0 && l <= s->layers[i - 1]))
			return FAIL(v, stage, share, "layer %u is out of place", l);
		if (s->comp[i].begin < 0 || s->comp[i].end > v->model->layers[l].shape.rows)
			return FAIL(v, stage, share, "rows %lld to %lld of layer %s do not exist",
			            (long long)s->comp[i].begin, (long long)s->comp[i].end,
			            v->model->layers[l].name);
	}
	if (g->kind != HIDP_STAGE_BRANCH && s->layer_count != computing)
		return FAIL(v, stage, share, "%u of the stage's %u layers", s->layer_count,
		            computing);
	return HIDP_OK;
}

/* The slices of a branch step share out its layers. */
static hidp_status check_branch(struct hidp__verify *v, uint32_t stage, uint32_t share,
                                uint32_t step)
{
	const struct hidp__share *s = &v->plan->decisions.stages[stage].shares[share];
	const struct hidp__step *t = &s->steps[step];
	uint32_t count = 0;
	v->share_stamp++;
	v->slice_stamp++;
	for (uint32_t i = 0; i < t->layer_count; i++)
		v->in_share[s->layers[t->first + i]] = v->share_stamp;
	for (uint32_t k = 0; k < t->slice_count; k++) {
		const struct hidp__slice *c = &t->slices[k];
		for (uint32_t i = 0; i < c->layer_count; i++) {
			hidp_layer_id l = c->layers[i];
			if (l >= v->layers || v->in_share[l] != v->share_stamp ||
			    v->in_slice[l] == v->slice_stamp ||
			    (i > 0 && l <= c->layers[i - 1]))
				return FAIL(v, stage, share,
				            "step %u, slice %u: layer %u is out of place",
				            step, k, l);
			v->in_slice[l] = v->slice_stamp;
			count++;
		}
	}
	if (count != t->layer_count)
		return FAIL(v, stage, share, "step %u: its slices have %u of its %u layers", step,
		            count, t->layer_count);
	return HIDP_OK;
}

/* The slices of a rows or channels step follow each other and cover what they divide. */
static hidp_status check_cover(const struct hidp__verify *v, uint32_t stage, uint32_t share,
                               uint32_t step)
{
	const struct hidp__share *s = &v->plan->decisions.stages[stage].shares[share];
	const struct hidp__step *t = &s->steps[step];
	uint32_t last = t->first + t->layer_count - 1;
	const struct hidp__layer *l = &v->model->layers[s->layers[last]];
	struct hidp__span all = s->comp[last];
	if (t->kind == HIDP_STEP_CHANNELS)
		all = (struct hidp__span){
		        0, l->channel_grain > 0 ? l->shape.channels / l->channel_grain : 1};
	int64_t at = all.begin;
	for (uint32_t k = 0; k < t->slice_count; k++)
		if (!follows(t->slices[k].range, &at, all.end))
			return FAIL(v, stage, share,
			            "step %u, slice %u: %lld to %lld does not follow the slice "
			            "before",
			            step, k, (long long)t->slices[k].range.begin,
			            (long long)t->slices[k].range.end);
	if (at != all.end)
		return FAIL(v, stage, share, "step %u: its slices end at %lld of %lld", step,
		            (long long)at, (long long)all.end);
	return HIDP_OK;
}

/* Outside branches every slice has all layers of its step. */
static bool have_all_layers(const struct hidp__share *share, const struct hidp__step *step)
{
	for (uint32_t k = 0; k < step->slice_count; k++) {
		const struct hidp__slice *slice = &step->slices[k];
		if (slice->layer_count != step->layer_count)
			return false;
		for (uint32_t i = 0; i < slice->layer_count; i++)
			if (slice->layers[i] != share->layers[step->first + i])
				return false;
	}
	return true;
}

static hidp_status check_step(struct hidp__verify *v, uint32_t stage, uint32_t share, uint32_t step)
{
	const struct hidp__share *s = &v->plan->decisions.stages[stage].shares[share];
	const struct hidp__step *t = &s->steps[step];
	uint32_t processors = hidp_cluster_processor_count(v->cluster, s->node);
	bool alone = t->kind == HIDP_STEP_SINGLE;
	uint32_t most = t->kind == HIDP_STEP_ROWS ? HIDP_STEP_LAYERS_MAX
	                : t->kind == HIDP_STEP_CHANNELS ? 1 : UINT32_MAX;
	if (t->layer_count == 0 || t->layer_count > most ||
	    t->layer_count > s->layer_count - t->first)
		return FAIL(v, stage, share, "step %u of kind %u has %u layers", step, t->kind,
		            t->layer_count);
	if (alone ? t->slice_count != 1 : t->slice_count < 2)
		return FAIL(v, stage, share, "step %u of kind %u has %u slices", step, t->kind,
		            t->slice_count);
	for (uint32_t k = 0; k < t->slice_count; k++) {
		if (t->slices[k].processor >= processors)
			return FAIL(v, stage, share, "step %u, slice %u: there is no processor %u",
			            step, k, t->slices[k].processor);
		for (uint32_t j = 0; j < k; j++)
			if (t->slices[j].processor == t->slices[k].processor)
				return FAIL(v, stage, share,
				            "step %u, slice %u: its processor has another slice",
				            step, k);
	}
	if (t->kind != HIDP_STEP_BRANCH && !have_all_layers(s, t))
		return FAIL(v, stage, share, "step %u: a slice does not have the step's layers",
		            step);
	switch (t->kind) {
	case HIDP_STEP_SINGLE:
		return HIDP_OK;
	case HIDP_STEP_ROWS:
	case HIDP_STEP_CHANNELS:
		return check_cover(v, stage, share, step);
	case HIDP_STEP_BRANCH:
		return check_branch(v, stage, share, step);
	default:
		return FAIL(v, stage, share, "step %u: kind %u is unknown", step, t->kind);
	}
}

static hidp_status check_share(struct hidp__verify *v, uint32_t stage, uint32_t share)
{
	const struct hidp__share *s = &v->plan->decisions.stages[stage].shares[share];
	uint32_t at = 0;
	hidp_status status = check_share_layers(v, stage, share);
	for (uint32_t t = 0; t < s->step_count && status == HIDP_OK; t++) {
		if (s->steps[t].first != at)
			return FAIL(v, stage, share, "step %u does not follow the step before", t);
		status = check_step(v, stage, share, t);
		at += s->steps[t].layer_count;
	}
	if (status == HIDP_OK && at != s->layer_count)
		return FAIL(v, stage, share, "its steps have %u of its %u layers", at,
		            s->layer_count);
	return status;
}

hidp_status hidp__verify_shape(struct hidp__verify *v)
{
	uint32_t layer = 0, routes = 1;
	for (uint32_t s = 0; s < v->stages; s++) {
		const struct hidp__stage *g = &v->plan->decisions.stages[s];
		if (g->first_layer != layer || g->layer_count == 0 ||
		    g->layer_count > v->layers - layer)
			return FAIL(v, s, HIDP__NO_SHARE,
			            "%u layers from layer %u do not follow the stage before",
			            g->layer_count, g->first_layer);
		hidp_status status = check_stage(v, s);
		for (uint32_t k = 0; k < g->share_count && status == HIDP_OK; k++)
			status = check_share(v, s, k);
		if (status != HIDP_OK)
			return status;
		for (uint32_t i = 0; i < g->layer_count; i++)
			v->stage_of[layer++] = s;
		if (g->kind == HIDP_STAGE_REPLICA)
			routes = routes > HIDP_PLAN_ROUTES_MAX / g->share_count
			                 ? HIDP_PLAN_ROUTES_MAX + 1
			                 : routes * g->share_count;
	}
	if (layer != v->layers || routes > HIDP_PLAN_ROUTES_MAX)
		return hidp__fail(v->diagnostic, HIDP_ERR_PLAN, "plan",
		                  "it has %u of %u layers, and %u routes through its replicas",
		                  layer, v->layers, routes);
	return HIDP_OK;
}
