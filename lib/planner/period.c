/* SPDX-License-Identifier: MIT */
/* Streams: what limits the rate of requests, and plans that share it out well. */
#include "planner/period.h"

#include <string.h>

#include "planner/chain.h"
#include "planner/fractions.h"
#include "planner/notes.h"
#include "planner/placement.h"

/* Part of a period that is not worth another look. */
#define AS_GOOD 1e-3
/* Steps that runs of a chain may take at least, where they are one plan of many. */
#define CHAIN_WORK 200000
/* and at most where they are all that is asked for, if nobody says how long to look. */
#define CHAIN_WORK_DEFAULT 32000000

/* Offers plans made of pipelines: one over all nodes, or one on each, requests dealt out to them. */
struct offers {
	const struct hidp__pricing *pricing;
	struct hidp__search *search;
	struct hidp__arena *arena;
	const struct hidp__tables *tables;
	const struct hidp_cluster *cluster;
	hidp_node_id *node_of; /* [processor of the cluster] */
	/* requests are dealt out behind these layers, which the input node runs for all of them */
	uint32_t head;
	const uint32_t *head_on; /* [head] processor of the cluster */
	uint32_t able;           /* nodes that can compute */
};

static bool begin(struct offers *p, struct hidp__pricing *pricing)
{
	struct hidp__search *search = pricing->search;
	const struct hidp_cluster *c = search->problem->cluster;
	*p = (struct offers){.pricing = pricing,
	                     .search = search,
	                     .arena = search->arena,
	                     .tables = search->tables,
	                     .cluster = c};
	p->node_of = hidp__arena_alloc(p->arena, c->processor_count, sizeof *p->node_of);
	if (p->node_of == NULL)
		return false;
	for (hidp_node_id n = 0; n < c->node_count; n++) {
		p->able += p->tables->sites[n].usable_count != 0;
		for (uint32_t q = 0; q < c->nodes[n].processor_count; q++)
			p->node_of[c->nodes[n].first_processor + q] = n;
	}
	return true;
}

/*
 * The steps of a share whose layers run on one processor of its node each: on[count].
 * steps and slices have room for `count`.
 */
static void write_steps(struct hidp__share *share, const struct hidp__site *site,
                        const uint32_t *on, uint32_t count, struct hidp__step *steps,
                        struct hidp__slice *slices)
{
	share->node = site->node;
	share->steps = steps;
	for (uint32_t l = 0; l < count; l++) {
		if (l == 0 || on[l] != on[l - 1]) {
			uint32_t at = share->step_count++;
			slices[at].processor = on[l] - site->first_processor;
			steps[at] = (struct hidp__step){.kind = HIDP_STEP_SINGLE,
			                                .slice_count = 1,
			                                .slices = &slices[at]};
		}
		steps[share->step_count - 1].layer_count++;
	}
}

/* Stages and steps of a processor for every layer, offered. */
static hidp_status offer_layers(struct offers *p, const uint32_t *on)
{
	const struct hidp__tables *t = p->tables;
	uint32_t layers = t->layer_count, count = 0;
	struct hidp__stage *stages = hidp__arena_calloc(p->arena, layers, sizeof *stages);
	struct hidp__share *shares = hidp__arena_calloc(p->arena, layers, sizeof *shares);
	struct hidp__step *steps = hidp__arena_calloc(p->arena, layers, sizeof *steps);
	struct hidp__slice *slices = hidp__arena_calloc(p->arena, layers, sizeof *slices);
	if (stages == NULL || shares == NULL || steps == NULL || slices == NULL)
		return HIDP_ERR_NOMEM;
	for (uint32_t first = 0, end; first < layers; first = end) {
		hidp_node_id n = p->node_of[on[first]];
		for (end = first + 1; end < layers && p->node_of[on[end]] == n; end++)
			;
		shares[count].fraction = 1;
		write_steps(&shares[count], &t->sites[n], on + first, end - first, steps + first,
		            slices + first);
		stages[count] =
		        (struct hidp__stage){.kind = HIDP_STAGE_SINGLE,
		                             .layer_count = hidp__stage_layers(t, first, end),
		                             .share_count = 1,
		                             .row_units = 1,
		                             .shares = &shares[count]};
		count++;
	}
	struct hidp__decisions plan = {count, stages};
	return hidp__search_offer(p->search, &plan);
}

/* A node that could take a part of the requests. */
struct taker {
	hidp_node_id node;
	uint32_t *on;  /* [layer] */
	double *loads; /* [resource] */
	double joules;
};

/* Layers that one node takes by itself; what earlier searches found is the same. */
static hidp_status find_taking(struct offers *p, hidp_node_id node, enum hidp__taken taken,
                               uint32_t head, struct hidp__pipeline *pipeline)
{
	struct hidp__search *s = p->search;
	struct hidp__notes *notes = s->restricted || p->able < 2 ? NULL : s->notes;
	uint32_t layers = p->tables->layer_count;
	uint32_t first = taken == HIDP__TAKEN_HEAD ? 0 : head;
	uint32_t end = taken == HIDP__TAKEN_HEAD ? head : layers;
	uint64_t before = s->work, work;
	const uint32_t *on = NULL;
	if (notes != NULL)
		on = hidp__notes_find(notes, node, taken, head, &work);
	if (on != NULL) {
		pipeline->longest = 0;
		pipeline->on = hidp__arena_alloc(p->arena, layers, sizeof *on);
		if (pipeline->on == NULL)
			return HIDP_ERR_NOMEM;
		memcpy(pipeline->on, on, layers * sizeof *on);
		s->work += work;
		return HIDP_OK;
	}
	hidp_status status = hidp__pipeline_on(pipeline, s, node, first, end);
	if (status != HIDP_OK || pipeline->longest == INFINITY)
		return status;
	if (taken != HIDP__TAKEN_HEAD)
		status = hidp__placement_on(pipeline, s, HIDP__PLACE_ANYWHERE, node, first, end);
	if (status == HIDP_OK && notes != NULL &&
	    !hidp__notes_take(notes, node, taken, head, pipeline->on, s->work - before))
		status = HIDP_ERR_NOMEM;
	return status;
}

static hidp_status add_taker(struct offers *p, hidp_node_id node, struct taker *takers,
                             uint32_t *count)
{
	const struct hidp_cluster *c = p->cluster;
	struct taker *k = &takers[*count];
	struct hidp__pipeline pipeline;
	k->node = node;
	k->loads = hidp__arena_alloc(p->arena, hidp__resource_count(c), sizeof *k->loads);
	if (k->loads == NULL)
		return HIDP_ERR_NOMEM;
	hidp_status status = find_taking(
	        p, node, p->head > 0 ? HIDP__TAKEN_BEHIND : HIDP__TAKEN_WHOLE, p->head, &pipeline);
	if (status != HIDP_OK || pipeline.longest == INFINITY)
		return status;
	k->on = pipeline.on;
	if (p->head > 0)
		memcpy(k->on, p->head_on, p->head * sizeof *k->on);
	status = offer_layers(p, k->on);
	const struct hidp__evaluation *e = &p->search->last;
	if (status != HIDP_OK || !p->search->last_valid)
		return status;
	hidp__resource_loads(c, e->busy_s, e->transmit_s, e->receive_s, e->medium_busy_s, k->loads);
	double idle = 0;
	hidp_node_id in = p->tables->problem->request->input_node;
	hidp_node_id out = p->tables->problem->request->output_node;
	for (hidp_node_id n = 0; n < c->node_count; n++)
		if (n == node || n == in || n == out)
			idle += c->nodes[n].desc.power_idle_w;
	k->joules = e->energy_j - idle * e->period_s;
	(*count)++;
	return HIDP_OK;
}

/* How requests are best dealt out to the takers: fraction[count]. */
static bool deal_requests(struct offers *p, const struct taker *takers, uint32_t count,
                          double *fraction)
{
	const struct hidp_cluster *c = p->cluster;
	const struct hidp_plan_options *o = &p->tables->problem->request->options;
	const struct hidp__pricing *pricing = p->pricing;
	const double **loads = hidp__arena_alloc(p->arena, count, sizeof *loads);
	double *cost = hidp__arena_alloc(p->arena, count, sizeof *cost), idle = 0, value;
	if (loads == NULL || cost == NULL)
		return false;
	for (uint32_t k = 0; k < count; k++) {
		loads[k] = takers[k].loads;
		cost[k] = pricing->energy * takers[k].joules;
		idle += c->nodes[takers[k].node].desc.power_idle_w;
	}
	struct hidp__dealing d = {
	        .routes = count,
	        .resources = (uint32_t)hidp__resource_count(c),
	        .load = loads,
	        .cost = cost,
	        .worth = pricing->period + pricing->energy * idle,
	        .period_limit = o->period_limit_s > 0 ? o->period_limit_s : INFINITY};
	return hidp__deal(&d, fraction, &value, p->arena);
}

/* A share with the layers from `first` on, on one processor each; false: no memory. */
static bool write_share(const struct offers *p, struct hidp__share *share, hidp_node_id node,
                        const uint32_t *on, uint32_t first, uint32_t end)
{
	struct hidp__step *steps = hidp__arena_calloc(p->arena, end - first, sizeof *steps);
	struct hidp__slice *slices = hidp__arena_calloc(p->arena, end - first, sizeof *slices);
	if (steps == NULL || slices == NULL)
		return false;
	write_steps(share, &p->tables->sites[node], on + first, end - first, steps, slices);
	return true;
}

/* All behind the head on several nodes, requests dealt out to them as is best. */
static hidp_status offer_replicas(struct offers *p, const struct taker *takers, uint32_t count)
{
	const struct hidp__tables *t = p->tables;
	struct hidp__arena *a = p->arena;
	double *fraction = hidp__arena_alloc(a, count, sizeof *fraction), sum = 0;
	struct hidp__share *shares = hidp__arena_calloc(a, count, sizeof *shares);
	struct hidp__share head = {.fraction = 1};
	uint32_t used = 0;
	if (fraction == NULL || shares == NULL || !deal_requests(p, takers, count, fraction))
		return HIDP_ERR_NOMEM;
	for (uint32_t k = 0; k < count; k++) {
		if (!(fraction[k] > 1e-6))
			continue;
		struct hidp__share *s = &shares[used++];
		s->fraction = fraction[k];
		sum += fraction[k];
		if (!write_share(p, s, takers[k].node, takers[k].on, p->head, t->layer_count))
			return HIDP_ERR_NOMEM;
	}
	if (used < 2 || used > HIDP_PLAN_ROUTES_MAX)
		return HIDP_OK;
	for (uint32_t k = 0; k < used; k++)
		shares[k].fraction /= sum;
	if (p->head > 0 && !write_share(p, &head, t->problem->request->input_node, p->head_on, 0,
	                                p->head))
		return HIDP_ERR_NOMEM;
	struct hidp__stage stages[] = {
	        {.kind = HIDP_STAGE_SINGLE,
	         .layer_count = p->head > 0 ? hidp__stage_layers(t, 0, p->head) : 0,
	         .share_count = 1,
	         .row_units = 1,
	         .shares = &head},
	        {.kind = HIDP_STAGE_REPLICA,
	         .layer_count = hidp__stage_layers(t, p->head, t->layer_count),
	         .share_count = used,
	         .row_units = 1,
	         .shares = shares}};
	struct hidp__decisions plan = {p->head > 0 ? 2 : 1, p->head > 0 ? stages : stages + 1};
	return hidp__search_offer(p->search, &plan);
}

/* Requests dealt out to all nodes that can take them. */
static hidp_status offer_takers(struct offers *p)
{
	const struct hidp__tables *t = p->tables;
	struct taker *takers = hidp__arena_calloc(p->arena, t->node_count, sizeof *takers);
	uint32_t count = 0;
	hidp_status status = takers != NULL ? HIDP_OK : HIDP_ERR_NOMEM;
	for (hidp_node_id n = 0; n < t->node_count && status == HIDP_OK; n++)
		if (t->sites[n].usable_count != 0)
			status = add_taker(p, n, takers, &count);
	return status == HIDP_OK && count > 1 ? offer_replicas(p, takers, count) : status;
}

/* The same behind what the input node does for all requests, so that less is sent. */
static hidp_status offer_head(struct offers *p, uint32_t head)
{
	struct hidp__pipeline pipeline;
	hidp_status status = find_taking(p, p->tables->problem->request->input_node,
	                                 HIDP__TAKEN_HEAD, head, &pipeline);
	if (status != HIDP_OK || pipeline.longest == INFINITY)
		return status;
	p->head = head;
	p->head_on = pipeline.on;
	return offer_takers(p);
}

/*
 * Every layer on one processor, and those of a processor next to each other: over the nodes
 * around a hub, or on one node.
 */
static hidp_status offer_contiguous(struct offers *p, struct hidp__pipeline *all)
{
	const struct hidp__tables *t = p->tables;
	hidp_node_id only = HIDP_NODE_NONE;
	all->proven = false;
	all->longest = INFINITY;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		only = t->sites[n].usable_count != 0 ? n : only;
	hidp_status status = hidp__placement_through_hub(all, p->search, HIDP__PLACE_CONTIGUOUS);
	if (status == HIDP_OK && p->able == 1)
		status = hidp__placement_on(all, p->search, HIDP__PLACE_CONTIGUOUS, only, 0,
		                            t->layer_count);
	if (status != HIDP_OK || all->longest == INFINITY)
		return status;
	return offer_layers(p, all->on);
}

/* Runs of a chain over all nodes; *lower_bound: of contiguous plans. */
static hidp_status offer_chain(struct offers *p, uint64_t work, double *lower_bound)
{
	const struct hidp__tables *t = p->tables;
	struct hidp__pipeline chain;
	chain.on = hidp__arena_alloc(p->arena, t->layer_count, sizeof *chain.on);
	if (chain.on == NULL)
		return HIDP_ERR_NOMEM;
	hidp_status status = hidp__chain_search(&chain, p->search, work, lower_bound);
	if (status != HIDP_OK || chain.longest == INFINITY)
		return status;
	return offer_layers(p, chain.on);
}

/*
 * The same as one plan of many, which may take as long as what was looked at before: where runs
 * cost what is reckoned, as no processors share a node, and no links a medium.
 */
static hidp_status offer_chain_too(struct offers *p)
{
	struct hidp__search *s = p->search;
	double unused;
	for (hidp_node_id n = 0; n < p->tables->node_count; n++)
		if (p->tables->sites[n].usable_count > 1 || p->cluster->medium_count > 0)
			return HIDP_OK;
	uint64_t left = s->work < s->work_limit ? s->work_limit - s->work : 0;
	uint64_t most = s->work > CHAIN_WORK ? s->work : CHAIN_WORK;
	return offer_chain(p, most < left ? most : left, &unused);
}

static bool period_only(const struct hidp__pricing *pricing)
{
	return pricing->period == 1 && pricing->latency + pricing->energy == 0;
}

/* Runs of a chain; what no contiguous plan is below. */
static hidp_status bound_chain(struct offers *p)
{
	struct hidp__search *s = p->search;
	double lower_bound;
	uint64_t left = s->work < s->work_limit ? s->work_limit - s->work : 0;
	if (s->problem->request->options.work_limit == 0 && left > CHAIN_WORK_DEFAULT)
		left = CHAIN_WORK_DEFAULT;
	hidp_status status = offer_chain(p, left, &lower_bound);
	/* there is none: what is looked at from here on shows what is short */
	s->exhausted |= lower_bound == INFINITY && !s->restricted;
	if (status == HIDP_OK && period_only(p->pricing) && lower_bound < INFINITY)
		hidp__search_raise(s, lower_bound);
	return status;
}

hidp_status hidp__search_contiguous(struct hidp__pricing *pricing)
{
	struct hidp__search *s = pricing->search;
	struct hidp__arena_mark mark = hidp__arena_here(s->arena);
	struct offers p;
	struct hidp__pipeline all;
	if (!begin(&p, pricing))
		return HIDP_ERR_NOMEM;
	all.on = hidp__arena_alloc(s->arena, s->tables->layer_count, sizeof *all.on);
	hidp_status status = all.on != NULL ? offer_contiguous(&p, &all) : HIDP_ERR_NOMEM;
	/* where none was left out, the best is known */
	if (status == HIDP_OK && all.proven && period_only(pricing))
		hidp__search_raise(s, all.longest);
	if (status == HIDP_OK && !hidp__search_done(s))
		status = bound_chain(&p);
	hidp__arena_back(s->arena, mark);
	return status;
}

/* Layers where they make the loads most even; where memory is short, also in runs. */
static hidp_status offer_placements(struct offers *p, struct hidp__pipeline *all)
{
	struct hidp__search *s = p->search;
	hidp_status status = hidp__pipeline_finish(all);
	if (status == HIDP_OK && all->longest < INFINITY)
		status = hidp__placement_through_hub(all, s, HIDP__PLACE_ANYWHERE);
	if (status == HIDP_OK && all->longest < INFINITY)
		status = offer_layers(p, all->on);
	if (status == HIDP_OK && p->pricing->memory_binds)
		status = offer_contiguous(p, all);
	return status;
}

hidp_status hidp__search_period(struct hidp__pricing *pricing)
{
	struct hidp__search *search = pricing->search;
	struct offers p;
	struct hidp__pipeline all;
	struct hidp__arena_mark mark = hidp__arena_here(search->arena);
	if (!begin(&p, pricing))
		return HIDP_ERR_NOMEM;
	hidp_status status = hidp__pipeline_find(&all, search, &pricing->weights);
	if (pricing->period == 1 && !search->restricted)
		search->mixed_value = all.mean;
	bool contiguous = (search->problem->request->options.flags & HIDP_PLAN_CONTIGUOUS) != 0;
	if (status == HIDP_OK && !contiguous)
		status = offer_takers(&p);
	if (status == HIDP_OK && !contiguous && all.leaves > 0)
		status = offer_head(&p, all.leaves);
	/* what is as good as the mixture of pipelines is hardly made better by moving layers */
	bool as_good = search->value <= search->mixed_value * (1 + AS_GOOD);
	if (status == HIDP_OK && !contiguous && !as_good)
		status = offer_chain_too(&p);
	if (status == HIDP_OK && !contiguous && !as_good)
		status = offer_placements(&p, &all);
	hidp__arena_back(search->arena, mark);
	return status;
}
