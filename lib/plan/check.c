/* SPDX-License-Identifier: MIT */
/* What makes decisions a plan: everything covered once, nothing where it cannot be. */
#include <math.h>
#include <stdio.h>

#include "base/diagnostic.h"
#include "base/text.h"
#include "cost/rate.h"
#include "plan/check_priv.h"
#include "plan/evaluate_priv.h"

struct checking {
	const struct hidp__problem *problem;
	struct hidp__arena *arena;
	struct hidp_diagnostic *diagnostic;
	/* [layer] base + the share of its stage, or slice of its step, that has it; less: none */
	uint32_t *group;
	uint32_t base; /* above all numbers given before */
	struct hidp__places places;
	char where[96];  /* the part of the plan under examination */
};

/* What is under examination is only named where somebody wants to read it. */
#define EXAMINE(c, ...)                                                       \
	((c)->diagnostic != NULL                                              \
	         ? (void)snprintf((c)->where, sizeof(c)->where, __VA_ARGS__) \
	         : (void)0)
#define FAIL(c, ...) hidp__fail((c)->diagnostic, HIDP_ERR_PLAN, (c)->where, __VA_ARGS__)

static const char *layer_name(const struct checking *c, hidp_layer_id l)
{
	return c->problem->model->layers[l].name;
}

void hidp__share_rows(const struct hidp_model *model, const struct hidp__stage *stage,
                      struct hidp__share *share, uint32_t *place)
{
	for (uint32_t i = 0; i < share->layer_count; i++) {
		const struct hidp__layer *l = &model->layers[share->layers[i]];
		place[share->layers[i]] = i;
		share->comp[i] = stage->kind == HIDP_STAGE_SPLIT
		                         ? hidp__own_rows(share->units, stage->row_units,
		                                          l->shape.rows)
		                         : (struct hidp__span){0, l->shape.rows};
	}
	for (uint32_t i = share->layer_count; i-- > 0;) {
		const struct hidp__layer *l = &model->layers[share->layers[i]];
		for (uint32_t k = 0; k < l->input_count; k++) {
			const struct hidp__input *in = &l->inputs[k];
			uint32_t at = place[in->layer];
			if (at >= i || share->layers[at] != in->layer)
				continue; /* not made by this share */
			share->comp[at] = hidp__span_hull(
			        share->comp[at],
			        hidp__rule_need(&in->rule, model->layers[in->layer].shape.rows,
			                        share->comp[i]));
		}
	}
}

/* Groups of layers that run side by side must not read each other. */
static hidp_status check_independent(const struct checking *c, const hidp_layer_id *layers,
                                     uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct hidp__layer *l = &c->problem->model->layers[layers[i]];
		for (uint32_t k = 0; k < l->input_count; k++) {
			hidp_layer_id in = l->inputs[k].layer;
			if (c->group[in] >= c->base && c->group[in] != c->group[layers[i]])
				return FAIL(c,
				            "layer %s reads layer %s, which is in another branch",
				            l->name, layer_name(c, in));
		}
	}
	return HIDP_OK;
}

/* May and can the processor run layer i of the share? */
static hidp_status check_processor(const struct checking *c, const struct hidp__share *share,
                                   hidp_processor_id processor, uint32_t i)
{
	const struct hidp__problem *p = c->problem;
	const struct hidp__node *node = &p->cluster->nodes[share->node];
	hidp_layer_id layer = share->layers[i];
	const char *name = node->processors[processor].name;
	if (!hidp__request_allows(p->request, p->cluster, layer, share->node, processor))
		return FAIL(c, "layer %s must not run on processor %s of node %s: excluded, "
		               "unavailable, or pinned elsewhere",
		            layer_name(c, layer), name, node->desc.name);
	struct hidp__rate rate;
	hidp__rate_of(&rate, p->model, p->cluster, p->cost, layer, share->node, processor);
	if (!rate.runs)
		return FAIL(c, "layer %s cannot run on processor %s of node %s",
		            layer_name(c, layer), name, node->desc.name);
	return HIDP_OK;
}

/* The same for all slices of a step; a layer of which a slice has no row is not run there. */
static hidp_status check_processors(struct checking *c, const struct hidp__share *share,
                                    const struct hidp__step *step)
{
	struct hidp__arena_mark mark = hidp__arena_here(c->arena);
	struct hidp__step_rows rows;
	hidp_status s = HIDP_OK;
	if (!hidp__step_rows(c->problem->model, share, step, &rows, c->arena))
		return hidp__fail(c->diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	for (uint32_t k = 0; k < step->slice_count; k++) {
		hidp_processor_id q = step->slices[k].processor;
		for (uint32_t i = 0; i < step->layer_count && s == HIDP_OK; i++) {
			if (hidp__span_empty(rows.rows[(size_t)k * rows.layer_count + i]))
				continue;
			s = check_processor(c, share, q, step->first + i);
			if (s == HIDP_OK)
				s = hidp__place(&c->places, share->layers[step->first + i],
				                share->node, q, c->where, c->diagnostic);
		}
	}
	hidp__arena_back(c->arena, mark);
	return s;
}

static hidp_status check_branch_step(struct checking *c, const struct hidp__share *share,
                                     const struct hidp__step *step)
{
	const hidp_layer_id *layers = share->layers + step->first;
	uint32_t covered = 0;
	for (uint32_t k = 0; k < step->slice_count; k++) {
		const struct hidp__slice *slice = &step->slices[k];
		uint32_t at = 0;
		for (uint32_t i = 0; i < slice->layer_count; i++) {
			while (at < step->layer_count && layers[at] != slice->layers[i])
				at++;
			if (at == step->layer_count || c->group[layers[at]] >= c->base)
				return FAIL(c, "layer %u of slice %u is not in the step, given "
				               "twice or out of order",
				            i, k);
			c->group[layers[at]] = c->base + k;
			covered++;
		}
	}
	if (covered != step->layer_count)
		return FAIL(c, "%u of its %u layers are in no slice", step->layer_count - covered,
		            step->layer_count);
	hidp_status s = check_independent(c, layers, step->layer_count);
	c->base += step->slice_count;
	return s;
}

/* The slices of a step of rows or channels follow each other and cover what is divided. */
static hidp_status check_division(const struct checking *c, const struct hidp__share *share,
                                  const struct hidp__step *step)
{
	uint32_t last = step->first + step->layer_count - 1;
	const struct hidp__layer *z = &c->problem->model->layers[share->layers[last]];
	struct hidp__span whole = share->comp[last];
	if (step->kind == HIDP_STEP_CHANNELS) {
		if (step->layer_count != 1)
			return FAIL(c, "divides the channels of %u layers at once",
			            step->layer_count);
		if (z->channel_grain == 0)
			return FAIL(c, "channels of layer %s cannot be divided", z->name);
		if (hidp__span_empty(whole))
			return FAIL(c, "share has no rows of layer %s to divide", z->name);
		whole = (struct hidp__span){0, z->channel_groups};
	} else if (step->layer_count > HIDP_STEP_LAYERS_MAX) {
		return FAIL(c, "divides the rows of %u layers at once, at most %u are allowed",
		            step->layer_count, HIDP_STEP_LAYERS_MAX);
	}
	int64_t at = whole.begin;
	for (uint32_t k = 0; k < step->slice_count; k++) {
		struct hidp__span range = step->slices[k].range;
		if (range.begin != at || range.end <= at)
			return FAIL(c, "slice %u has %lld to %lld; slices must follow each other "
			               "from %lld to %lld",
			            k, (long long)range.begin, (long long)range.end,
			            (long long)whole.begin, (long long)whole.end);
		at = range.end;
	}
	if (at != whole.end)
		return FAIL(c, "slices end at %lld of %lld", (long long)at, (long long)whole.end);
	return HIDP_OK;
}

static hidp_status check_step(struct checking *c, const struct hidp__share *share,
                              const struct hidp__step *step)
{
	const struct hidp__node *node = &c->problem->cluster->nodes[share->node];
	bool wants_one = step->kind == HIDP_STEP_SINGLE;
	if (c->places.contiguous &&
	    (step->kind == HIDP_STEP_ROWS || step->kind == HIDP_STEP_CHANNELS))
		return FAIL(c, "divides the %s of layers, but the plan is to be contiguous",
		            step->kind == HIDP_STEP_ROWS ? "rows" : "channels");
	if (wants_one ? step->slice_count != 1 : step->slice_count < 2)
		return FAIL(c, "has %u slices", step->slice_count);
	uint64_t used = 0; /* at most 64 processors in a node */
	for (uint32_t k = 0; k < step->slice_count; k++) {
		hidp_processor_id q = step->slices[k].processor;
		if (q >= node->processor_count)
			return FAIL(c, "slice %u is on processor %u, which node %s does not have",
			            k, q, node->desc.name);
		if (used & ((uint64_t)1 << q))
			return FAIL(c, "processor %u has two slices", q);
		used |= (uint64_t)1 << q;
	}
	hidp_status s = HIDP_OK;
	switch (step->kind) {
	case HIDP_STEP_SINGLE:
		break;
	case HIDP_STEP_ROWS:
	case HIDP_STEP_CHANNELS:
		s = check_division(c, share, step);
		break;
	case HIDP_STEP_BRANCH:
		s = check_branch_step(c, share, step);
		break;
	default:
		return FAIL(c, "step kind %u is unknown", step->kind);
	}
	return s == HIDP_OK ? check_processors(c, share, step) : s;
}

static hidp_status check_share(struct checking *c, uint32_t stage, uint32_t share_number,
                               const struct hidp__share *share)
{
	uint32_t at = 0;
	for (uint32_t t = 0; t < share->step_count; t++) {
		const struct hidp__step *step = &share->steps[t];
		EXAMINE(c, "stage %u, share %u, step %u", stage, share_number, t);
		if (step->layer_count == 0 || step->layer_count > share->layer_count - at)
			return FAIL(c, "has %u layers where %u are left in the share",
			            step->layer_count, share->layer_count - at);
		hidp_status s = check_step(c, share, step);
		if (s != HIDP_OK)
			return s;
		at += step->layer_count;
	}
	EXAMINE(c, "stage %u, share %u", stage, share_number);
	if (at != share->layer_count)
		return FAIL(c, "steps cover %u of its %u layers", at, share->layer_count);
	return HIDP_OK;
}

/* Which share has which layer of a branch stage; every layer is in exactly one. */
static hidp_status check_branches(struct checking *c, const struct hidp__stage *stage)
{
	const struct hidp_model *model = c->problem->model;
	hidp_layer_id end = stage->first_layer + stage->layer_count;
	uint32_t computed = 0, covered = 0;
	for (hidp_layer_id l = stage->first_layer; l < end; l++)
		computed += model->layers[l].op != HIDP_OP_INPUT;
	for (uint32_t k = 0; k < stage->share_count; k++) {
		const struct hidp__share *share = &stage->shares[k];
		hidp_layer_id before = HIDP_LAYER_NONE;
		if (share->layer_count == 0)
			return FAIL(c, "share %u has no layers", k);
		for (uint32_t i = 0; i < share->layer_count; i++) {
			hidp_layer_id l = share->layers[i];
			if (l < stage->first_layer || l >= end || c->group[l] >= c->base ||
			    model->layers[l].op == HIDP_OP_INPUT ||
			    (before != HIDP_LAYER_NONE && l <= before))
				return FAIL(c, "layer %u of share %u is not in the stage, given "
				               "twice or out of order",
				            i, k);
			c->group[l] = c->base + k;
			before = l;
			covered++;
		}
	}
	if (covered != computed)
		return FAIL(c, "%u of its %u layers are in no share", computed - covered, computed);
	for (uint32_t k = 0; k < stage->share_count; k++) {
		hidp_status s = check_independent(c, stage->shares[k].layers,
		                                  stage->shares[k].layer_count);
		if (s != HIDP_OK)
			return s;
	}
	c->base += stage->share_count;
	return HIDP_OK;
}

static hidp_status check_stage(struct checking *c, const struct hidp__stage *stage)
{
	const struct hidp__problem *p = c->problem;
	const struct hidp__share *shares = stage->shares;
	bool wants_one = stage->kind == HIDP_STAGE_SINGLE;
	if (stage->kind < HIDP_STAGE_SINGLE || stage->kind > HIDP_STAGE_REPLICA)
		return FAIL(c, "stage kind %u is unknown", stage->kind);
	if (c->places.contiguous &&
	    (stage->kind == HIDP_STAGE_SPLIT || stage->kind == HIDP_STAGE_REPLICA))
		return FAIL(c, "divides %s between nodes, but the plan is to be contiguous",
		            stage->kind == HIDP_STAGE_SPLIT ? "rows" : "requests");
	if (wants_one ? stage->share_count != 1 : stage->share_count < 2)
		return FAIL(c, "has %u shares", stage->share_count);
	for (uint32_t k = 0; k < stage->share_count; k++) {
		if (shares[k].node >= p->cluster->node_count)
			return FAIL(c, "share %u is on node %u, which the cluster does not have", k,
			            shares[k].node);
		for (uint32_t j = 0; j < k; j++)
			if (shares[j].node == shares[k].node)
				return FAIL(c, "node %s has two shares",
				            p->cluster->nodes[shares[k].node].desc.name);
		if (shares[k].layer_count == 0)
			return FAIL(c, "computes nothing");
	}
	if (stage->kind == HIDP_STAGE_SPLIT) {
		int64_t at = 0;
		if (stage->row_units < 1 || stage->row_units > (int64_t)1 << 31)
			return FAIL(c, "%lld row units are out of range",
			            (long long)stage->row_units);
		for (uint32_t k = 0; k < stage->share_count; k++) {
			if (shares[k].units.begin != at || shares[k].units.end <= at)
				return FAIL(c, "share %u has row units %lld to %lld; shares must "
				               "follow each other from 0 to %lld",
				            k, (long long)shares[k].units.begin,
				            (long long)shares[k].units.end,
				            (long long)stage->row_units);
			at = shares[k].units.end;
		}
		if (at != stage->row_units)
			return FAIL(c, "shares end at %lld of %lld row units", (long long)at,
			            (long long)stage->row_units);
	}
	if (stage->kind == HIDP_STAGE_REPLICA) {
		double sum = 0;
		if (!p->request->stream)
			return FAIL(c, "replicas are for streams (option stream)");
		for (uint32_t k = 0; k < stage->share_count; k++) {
			if (!(shares[k].fraction > 0 && shares[k].fraction <= 1))
				return FAIL(c, "fraction %.17g of share %u is out of range",
				            shares[k].fraction, k);
			sum += shares[k].fraction;
		}
		if (fabs(sum - 1) > 1e-9)
			return FAIL(c, "fractions add up to %.17g, not 1", sum);
	}
	if (stage->kind == HIDP_STAGE_BRANCH)
		return check_branches(c, stage);
	return HIDP_OK;
}

hidp_status hidp__check(const struct hidp__problem *problem, struct hidp__decisions *decisions,
                        struct hidp__arena *arena, struct hidp_diagnostic *diagnostic)
{
	const struct hidp_model *model = problem->model;
	struct checking c = {
	        .problem = problem, .arena = arena, .diagnostic = diagnostic, .base = 1};
	uint32_t *place = hidp__arena_calloc(arena, model->layer_count, sizeof *place);
	c.group = hidp__arena_calloc(arena, model->layer_count, sizeof *c.group);
	if (place == NULL || c.group == NULL || !hidp__places_begin(&c.places, problem, arena))
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	uint32_t at = 0, routes = 1;
	for (uint32_t s = 0; s < decisions->stage_count; s++) {
		struct hidp__stage *stage = &decisions->stages[s];
		EXAMINE(&c, "stage %u", s);
		if (stage->first_layer != at || stage->layer_count == 0 ||
		    stage->layer_count > model->layer_count - at)
			return FAIL(&c, "has %u layers where %u are left in the model",
			            stage->layer_count, model->layer_count - at);
		at += stage->layer_count;
		hidp_status status = check_stage(&c, stage);
		if (status != HIDP_OK)
			return status;
		if (stage->kind == HIDP_STAGE_REPLICA) {
			if (stage->share_count > HIDP_PLAN_ROUTES_MAX / routes)
				return FAIL(&c, "with it there are more than %u routes through "
				                "the plan",
				            HIDP_PLAN_ROUTES_MAX);
			routes *= stage->share_count;
		}
		for (uint32_t k = 0; k < stage->share_count; k++) {
			hidp__share_rows(model, stage, &stage->shares[k], place);
			hidp__places_share(&c.places, s, k, stage->kind == HIDP_STAGE_REPLICA);
			status = check_share(&c, s, k, &stage->shares[k]);
			if (status != HIDP_OK)
				return status;
		}
	}
	EXAMINE(&c, "plan");
	if (at != model->layer_count)
		return FAIL(&c, "stages cover %u of the model's %u layers", at, model->layer_count);
	return hidp__places_end(&c.places, c.where, arena, diagnostic);
}

static hidp_status short_of(struct hidp_diagnostic *diag, const char *subject, const char *what,
                            double needed, double limit)
{
	char a[32], b[32], d[32];
	return hidp__fail(diag, HIDP_ERR_INFEASIBLE, subject,
	                  "memory of %s: %s are needed, the limit is %s, %s too much", what,
	                  hidp__text_bytes(needed, a), hidp__text_bytes(limit, b),
	                  hidp__text_bytes(needed - limit, d));
}

hidp_status hidp__check_limits(const struct hidp__problem *problem,
                               const struct hidp__evaluation *e, struct hidp_diagnostic *diagnostic)
{
	const struct hidp_plan_options *o = &problem->request->options;
	for (uint32_t n = 0; n < problem->cluster->node_count; n++) {
		const struct hidp__node *node = &problem->cluster->nodes[n];
		double limit = (double)node->desc.memory_bytes;
		if (limit > 0 && e->memory_bytes[n] > limit)
			return short_of(diagnostic, node->desc.name, "the node",
			                e->memory_bytes[n], limit);
		for (uint32_t p = 0; p < node->processor_count; p++) {
			double needed = e->processor_memory_bytes[node->first_processor + p];
			limit = (double)node->processors[p].memory_bytes;
			if (!(limit > 0 && needed > limit))
				continue;
			char what[sizeof "processor  of node " + 2 * HIDP_NAME_MAX];
			snprintf(what, sizeof what, "processor %s of node %s",
			         node->processors[p].name, node->desc.name);
			return short_of(diagnostic, node->desc.name, what, needed, limit);
		}
	}
	const struct {
		const char *name;
		double value, limit;
		char *(*write)(double value, char buffer[32]);
	} limits[] = {
	        {"latency", e->latency_s, o->latency_limit_s, hidp__text_seconds},
	        {"period", e->period_s, o->period_limit_s, hidp__text_seconds},
	        {"energy", e->energy_j, o->energy_limit_j, hidp__text_joules},
	};
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		double value = limits[i].value, limit = limits[i].limit;
		char a[32], b[32], d[32];
		/* one that is met exactly is met, whatever the last bit of a sum says */
		if (!(limit > 0 && value > limit * (1 + 1e-12)))
			continue;
		return hidp__fail(diagnostic, HIDP_ERR_INFEASIBLE, limits[i].name,
		                  "%s is above the limit of %s by %s", limits[i].write(value, a),
		                  limits[i].write(limit, b), limits[i].write(value - limit, d));
	}
	return HIDP_OK;
}
