/* SPDX-License-Identifier: MIT */
/*
 * The whole plan space. Whatever the objective, the work is done by one shortest path
 * (bound.h) under prices; what is hard about an objective is put into the prices:
 *
 * - a limit costs what breaks it a multiplier (Lagrange), and the bound stays a bound;
 * - the period is the largest load of a resource, so never below a weighted mean of the
 *   loads: each second of a resource costs its weight;
 * - idle power counts for the nodes that take part: these are settled by branch and
 *   bound, the others are free of charge until they are settled.
 */
#include <string.h>

#include "planner/exact.h"
#include "planner/parts.h"
#include "planner/period.h"
#include "planner/settle.h"

/* Rounds in which multipliers and weights are adjusted; sets of nodes that are settled. */
#define ROUNDS 16
#define STREAM_ROUNDS 3 /* weights were found before (period.h) */
/* A gap up to which no other ways are tried to find a better plan. */
#define CLOSE_ENOUGH 0.05
/* Nor where a period is so near that of the best mixture of pipelines. */
#define NEAR_MIXED 0.1
/* Problems that took more work are not looked at once more without parts of the cluster. */
#define WITHOUT_WORK 60000
/* The same if nodes were settled: some parts were left out already. */
#define WITHOUT_WORK_SETTLED 49000

/* A limit as a fraction: how far the last plan is above it; below 0: under it. */
static double above(double value, double limit)
{
	return limit > 0 ? value / limit - 1 : 0;
}

/* Moves multipliers along what the last plan broke; false: nothing binds. */
static bool adjust(struct hidp__pricing *p)
{
	struct hidp__search *s = p->search;
	const struct hidp__problem *problem = s->problem;
	const struct hidp_plan_options *o = &problem->request->options;
	const struct hidp__evaluation *e = &s->last;
	double limits[3] = {o->latency_limit_s, o->period_limit_s, o->energy_limit_j};
	double g[3] = {above(e->latency_s, limits[0]), above(e->period_s, limits[1]),
	               above(e->energy_j, limits[2])};
	double norm = 0;
	bool moves = false;
	for (int i = 0; i < 3; i++)
		norm += g[i] * g[i];
	for (hidp_node_id n = 0; n < problem->cluster->node_count; n++) {
		double m = (double)problem->cluster->nodes[n].desc.memory_bytes;
		double over = above(e->memory_bytes[n], m);
		if (over > 0 || p->hold[n] > 0)
			norm += over * over;
	}
	double target = s->value < INFINITY ? s->value : 1.5 * fabs(p->bound) + 1e-12;
	double step = norm > 0 ? (target > p->bound ? target - p->bound : 0) / norm : 0;
	for (int i = 0; i < 3; i++) {
		if (!(limits[i] > 0))
			continue;
		double was = p->over[i], now = was + step * g[i] / limits[i];
		p->over[i] = now > 0 ? now : 0;
		moves |= p->over[i] != was;
	}
	for (hidp_node_id n = 0; n < problem->cluster->node_count; n++) {
		double m = (double)problem->cluster->nodes[n].desc.memory_bytes;
		if (!(m > 0))
			continue;
		double was = p->hold[n], now = was + step * above(e->memory_bytes[n], m) / m;
		p->hold[n] = now > 0 ? now : 0;
		moves |= p->hold[n] != was;
	}
	if (p->period + p->over[1] > 0 || (problem->request->stream && p->energy > 0)) {
		hidp__resource_loads(problem->cluster, e->busy_s, e->transmit_s, e->receive_s,
		                     e->medium_busy_s, p->loads);
		moves |= hidp__weights_raise(&p->weights, p->loads, 0.5, problem->cluster);
	}
	return moves;
}

static bool has_limits(const struct hidp__search *s)
{
	const struct hidp_plan_options *o = &s->problem->request->options;
	return o->latency_limit_s > 0 || o->period_limit_s > 0 || o->energy_limit_j > 0;
}

/* Is some node that computes short of memory in the last plan, or is no plan known yet? */
static bool is_short(const struct hidp__search *s)
{
	return s->value == INFINITY && s->excess < INFINITY;
}

static hidp_status run(struct hidp__pricing *p, const struct hidp__set *root)
{
	struct hidp__search *s = p->search;
	bool streams = p->period > 0 || (s->problem->request->stream && p->energy > 0);
	bool settles = p->energy + p->over[2] > 0 && s->tables->node_count > 1;
	hidp_status status;
	if (settles && !has_limits(s) && !streams) {
		status = hidp__solve_alone(p, root);
		if (status != HIDP_OK)
			return status;
		if (!is_short(s))
			return hidp__settle(p, root);
	}
	p->once = !streams && !has_limits(s);
	status = hidp__solve(p, root);
	if (status != HIDP_OK)
		return status;
	hidp__search_raise(s, p->bound);
	/* where nothing but the period counts its weights are the best already (period.h) */
	bool rounds = has_limits(s) || (streams && p->latency + p->energy > 0) || is_short(s);
	uint32_t most = rounds ? streams ? STREAM_ROUNDS : ROUNDS : 0;
	for (uint32_t i = 0; i < most && !hidp__search_done(s) && s->last_valid; i++) {
		if (!adjust(p))
			break;
		status = hidp__solve(p, root);
		if (status != HIDP_OK)
			return status;
		hidp__search_raise(s, p->bound);
	}
	settles = p->energy + p->over[2] > 0 && s->tables->node_count > 1;
	return settles && !hidp__search_done(s) ? hidp__settle(p, root) : HIDP_OK;
}

static hidp_status prepare_parts(struct hidp__search *s)
{
	struct hidp__prices prices;
	struct hidp__path *paths;
	size_t cells = (size_t)s->tables->layer_count * s->tables->node_count;
	s->parts = NULL;
	if (s->restricted || s->tables->node_count < 2 || cells > HIDP__PARTS_CELLS_MAX ||
	    cells * s->tables->layer_count > HIDP__PARTS_SQUARES_MAX)
		return HIDP_OK;
	if (!hidp__prices_begin(&prices, s->problem->cluster, s->arena) ||
	    !hidp__paths_build(&paths, s->problem->cluster, &prices, s->arena))
		return HIDP_ERR_NOMEM;
	s->parts = hidp__parts_new(s->tables, paths, s->arena);
	return s->parts != NULL ? HIDP_OK : HIDP_ERR_NOMEM;
}

/* Streams and the shortest paths; what is proven goes to the search. */
static hidp_status look(struct hidp__pricing *p, const struct hidp__set *root)
{
	const struct hidp__request *r = p->search->problem->request;
	hidp_status status = HIDP_OK;
	if (r->stream && r->options.flags & HIDP_PLAN_CONTIGUOUS)
		status = hidp__search_contiguous(p);
	if (status != HIDP_OK || hidp__search_done(p->search))
		return status;
	status = prepare_parts(p->search);
	if (status == HIDP_OK && p->search->problem->request->stream)
		status = hidp__search_period(p);
	return status == HIDP_OK ? run(p, root) : status;
}

/* The same search as if some processors were gone: gone[processor of the cluster]. */
static hidp_status look_without(struct hidp__search *s, const struct hidp__set *root, const bool *gone)
{
	const struct hidp__tables *all = s->tables;
	struct hidp__arena_mark mark = hidp__arena_here(s->arena);
	const struct hidp_cluster *c = s->problem->cluster;
	struct hidp__request request = *s->problem->request;
	struct hidp__problem problem = *s->problem;
	struct hidp__tables tables = *all;
	struct hidp__pricing p;
	problem.request = &request;
	tables.problem = &problem;
	request.excluded = hidp__arena_alloc(s->arena, c->processor_count, sizeof(bool));
	tables.sites = hidp__arena_alloc(s->arena, all->node_count, sizeof *tables.sites);
	if (request.excluded == NULL || tables.sites == NULL)
		return HIDP_ERR_NOMEM;
	memcpy(request.excluded, s->problem->request->excluded, c->processor_count * sizeof(bool));
	memcpy(tables.sites, all->sites, all->node_count * sizeof *tables.sites);
	hidp_status status = HIDP_OK;
	for (hidp_node_id n = 0; n < c->node_count && status == HIDP_OK; n++) {
		bool changes = false;
		for (uint32_t q = 0; q < c->nodes[n].processor_count; q++) {
			uint32_t at = c->nodes[n].first_processor + q;
			changes |= gone[at] && !request.excluded[at];
			request.excluded[at] |= gone[at];
		}
		if (changes && !hidp__tables_site(&tables, n, s->arena))
			status = HIDP_ERR_NOMEM;
	}
	struct hidp__parts *parts = s->parts;
	s->tables = &tables;
	s->restricted = true;
	if (status == HIDP_OK)
		status = hidp__pricing_begin(&p, s) ? look(&p, root) : HIDP_ERR_NOMEM;
	s->tables = all;
	s->parts = parts;
	s->restricted = false;
	hidp__arena_back(s->arena, mark);
	return status;
}

/* Nodes and processors that a plan uses: used[processor of the cluster]. */
static void mark_used(const struct hidp__search *s, bool *used)
{
	const struct hidp_cluster *c = s->problem->cluster;
	memset(used, 0, c->processor_count * sizeof *used);
	for (uint32_t i = 0; i < s->best.stage_count; i++) {
		for (uint32_t k = 0; k < s->best.stages[i].share_count; k++) {
			const struct hidp__share *share = &s->best.stages[i].shares[k];
			for (uint32_t t = 0; t < share->step_count; t++)
				for (uint32_t n = 0; n < share->steps[t].slice_count; n++)
					used[c->nodes[share->node].first_processor +
					     share->steps[t].slices[n].processor] = true;
		}
	}
}

/* One after another without what the plan uses, or what was short of memory. */
static hidp_status leave_out(struct hidp__search *s, const struct hidp__set *root, const bool *used,
                             bool *gone, uint64_t cost, uint64_t most)
{
	const struct hidp_cluster *c = s->problem->cluster;
	for (hidp_node_id n = 0; n < c->node_count; n++) {
		const struct hidp__node *node = &c->nodes[n];
		uint32_t first = node->first_processor, count = node->processor_count, uses = 0;
		for (uint32_t q = 0; q < count; q++)
			uses += used[first + q];
		/* every processor by itself, then the whole node */
		for (uint32_t q = 0; q <= count && uses > 0; q++) {
			bool whole = q == count;
			if (whole ? count == 1 : !used[first + q])
				continue;
			if (s->work + cost > s->work_limit || s->work > most)
				return HIDP_OK;
			for (uint32_t i = 0; i < count; i++)
				gone[first + i] = whole || i == q;
			hidp_status status = look_without(s, root, gone);
			memset(gone + first, 0, count * sizeof *gone);
			if (status != HIDP_OK)
				return status;
		}
	}
	return HIDP_OK;
}

/* Is the plan about the shortest path over single stages, which considers doing without? */
static bool follows_path(const struct hidp__search *s)
{
	for (uint32_t i = 0; i < s->best.stage_count; i++)
		if (s->best.stages[i].kind != HIDP_STAGE_SINGLE)
			return false;
	for (uint32_t q = 0; q < s->problem->cluster->processor_count; q++)
		if (s->is_short[q])
			return false;
	return s->value <= s->path_value * 1.01;
}

/*
 * Where much is left unproven: would the plan be better if it did without something? As
 * long as that helps and there is time.
 */
static hidp_status do_without(struct hidp__search *s, const struct hidp__set *root, bool settles)
{
	if (follows_path(s) || s->value <= s->mixed_value * (1 + NEAR_MIXED))
		return HIDP_OK;
	uint32_t processors = s->problem->cluster->processor_count;
	bool *used = hidp__arena_alloc(s->arena, processors, sizeof *used);
	bool *gone = hidp__arena_calloc(s->arena, processors, sizeof *gone);
	uint64_t cost = s->work_before_exact;
	/* of large problems few variations, or none */
	uint64_t large = settles ? WITHOUT_WORK_SETTLED : WITHOUT_WORK;
	uint64_t most = cost < large ? s->work + 8 * large : 0;
	hidp_status status = HIDP_OK;
	if (used == NULL || gone == NULL)
		return HIDP_ERR_NOMEM;
	for (bool better = true; better && status == HIDP_OK;) {
		double value = s->value;
		bool is_short = false;
		mark_used(s, used);
		for (uint32_t q = 0; q < processors; q++) {
			is_short |= s->is_short[q];
			used[q] |= s->is_short[q] || value == INFINITY;
			gone[q] = s->is_short[q];
		}
		if (is_short && s->work + cost <= s->work_limit && s->work <= most)
			status = look_without(s, root, gone);
		memset(gone, 0, processors * sizeof *gone);
		if (status == HIDP_OK)
			status = leave_out(s, root, used, gone, cost, most);
		better = s->value < value * (1 - 1e-12);
	}
	return status;
}

/* Small problems to the end. */
static hidp_status exhaust(struct hidp__pricing *p, const struct hidp__set *root)
{
	struct hidp__search *s = p->search;
	struct hidp__arena_mark mark = hidp__arena_here(s->arena);
	struct hidp__prices prices;
	struct hidp__path *paths;
	struct hidp__bound bound;
	struct hidp__spreading relaxed = {HIDP__SPREAD_BOUND, NULL, s->parts, INFINITY};
	hidp_status status = HIDP_ERR_NOMEM;
	if (!hidp__exact_fits(s))
		return HIDP_OK;
	memset(p->over, 0, sizeof p->over);
	memset(p->hold, 0, s->tables->node_count * sizeof *p->hold);
	if (hidp__prices_begin(&prices, s->problem->cluster, s->arena)) {
		hidp__pricing_set(p, root->settled, root->banned, &prices);
		if (hidp__paths_build(&paths, s->problem->cluster, &prices, s->arena) &&
		    hidp__bound_build(&bound, s->tables, &prices, paths, relaxed, s->arena))
			status = hidp__search_exact(s, p, &bound);
	}
	hidp__arena_back(s->arena, mark);
	return status;
}

hidp_status hidp__search_auto(struct hidp__search *search)
{
	const struct hidp__request *r = search->problem->request;
	uint32_t n = search->tables->node_count;
	struct hidp__pricing p;
	struct hidp__set root = {.bound = -INFINITY};
	root.settled = hidp__arena_calloc(search->arena, n, sizeof(bool));
	root.banned = hidp__arena_calloc(search->arena, n, sizeof(bool));
	if (root.settled == NULL || root.banned == NULL || !hidp__pricing_begin(&p, search))
		return HIDP_ERR_NOMEM;
	root.settled[r->input_node] = root.settled[r->output_node] = true;
	hidp_status status = look(&p, &root);
	if (status == HIDP_OK && !hidp__search_done(search))
		status = hidp__search_single(search);
	if (status == HIDP_OK && !hidp__search_done(search))
		status = hidp__search_paper(search);
	search->work_before_exact = search->work;
	if (status == HIDP_OK && !hidp__search_done(search))
		status = exhaust(&p, &root);
	if (status == HIDP_OK && !search->exhausted &&
	    !(search->lower_bound >= search->value * (1 - CLOSE_ENOUGH)))
		status = do_without(search, &root, p.energy > 0);
	return status;
}
