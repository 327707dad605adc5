/* SPDX-License-Identifier: MIT */
/* All plans, one after another. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "space.h"

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/*
 * The shortest period in which the shares of a replica stage can take all requests
 * between them, beside what else the processors do: in a period T, share k takes at
 * most the part (T - busy) / (its own time) that its busiest processor has time for.
 */
static double replica_period(const struct space *s, const struct space_stage *stage,
                             double busy[SPACE_NODES][SPACE_PROCESSORS])
{
	double low = 0, high = 0;
	for (uint32_t k = 0; k < stage->share_count; k++)
		for (hidp_processor_id p = 0; p < s->processor_count[stage->shares[k].node]; p++)
			high = larger(high, busy[stage->shares[k].node][p] +
			                            stage->shares[k].way->busy_s[p]);
	for (int round = 0; round < 40; round++) {
		double middle = (low + high) / 2, taken = 0;
		for (uint32_t k = 0; k < stage->share_count; k++) {
			const struct space_share *share = &stage->shares[k];
			double part = 1;
			for (hidp_processor_id p = 0; p < s->processor_count[share->node]; p++) {
				double left = middle - busy[share->node][p];
				if (share->way->busy_s[p] * part > left)
					part = left < 0 ? 0 : left / share->way->busy_s[p];
			}
			taken += part;
		}
		*(taken >= 1 ? &high : &low) = middle;
	}
	return low; /* not above the shortest */
}

/* What the plan made so far costs already, by its computing alone. */
static double spent(const struct space *s, const struct space_plan *plan)
{
	const struct hidp_plan_options *o = &s->instance->options;
	double latency = 0, period = 0, energy = 0, idle_w = 0;
	double busy[SPACE_NODES][SPACE_PROCESSORS] = {{0}};
	bool takes_part[SPACE_NODES] = {false};
	for (uint32_t i = 0; i < plan->stage_count; i++) {
		const struct space_stage *stage = &plan->stages[i];
		double longest = 0, least_j = INFINITY;
		for (uint32_t k = 0; k < stage->share_count; k++) {
			const struct space_share *share = &stage->shares[k];
			double j = 0;
			longest = larger(longest, share->way->duration_s);
			takes_part[share->node] = true;
			for (hidp_processor_id p = 0; p < s->processor_count[share->node]; p++) {
				double b = share->way->busy_s[p];
				j += b * s->processor[share->node][p].power_active_w;
				/* a replica may get next to none of the requests */
				if (stage->kind != HIDP_STAGE_REPLICA)
					busy[share->node][p] += b;
			}
			if (stage->kind != HIDP_STAGE_REPLICA)
				energy += j;
			least_j = j < least_j ? j : least_j;
		}
		latency += longest;
		if (stage->kind == HIDP_STAGE_REPLICA)
			energy += least_j;
	}
	for (hidp_node_id n = 0; n < s->node_count; n++) {
		idle_w += takes_part[n] ? s->node[n].power_idle_w : 0;
		for (hidp_processor_id p = 0; p < s->processor_count[n]; p++)
			period = larger(period, busy[n][p]);
	}
	for (uint32_t i = 0; s->by_load && i < plan->stage_count; i++)
		if (plan->stages[i].kind == HIDP_STAGE_REPLICA)
			period = larger(period, replica_period(s, &plan->stages[i], busy));
	energy += idle_w * (s->stream ? period : latency);
	switch (o->objective) {
	case HIDP_OBJECTIVE_LATENCY:
		return latency;
	case HIDP_OBJECTIVE_PERIOD:
		return period;
	case HIDP_OBJECTIVE_ENERGY:
		return energy;
	default:
		return o->latency_weight * latency + o->period_weight * period +
		       o->energy_weight * energy;
	}
}

/* The plan is made: what is it worth? */
static void consider(struct space *s, struct space_plan *plan)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	struct hidp_plan *made = NULL;
	const struct random_instance *in = s->instance;
	bool replicas = false;
	for (uint32_t i = 0; i < plan->stage_count; i++)
		replicas |= plan->stages[i].kind == HIDP_STAGE_REPLICA;
	s->evaluated++;
	if (replicas) {
		if (!space_divide_requests(s, plan, &made))
			return;
	} else {
		hidp_status status = space_build(s, in->cluster, in->cost, &in->options, plan,
		                                 &made, &diag);
		if (status == HIDP_ERR_INFEASIBLE ||
		    (status == HIDP_ERR_PLAN && strstr(diag.message, "cannot be reached") != NULL))
			return;
		support_must(status, &diag, "enumerated plan");
	}
	support_must(hidp_plan_get_figures(made, &figures), NULL, "figures");
	if (figures.objective <= s->value) {
		hidp_plan_unref(s->best);
		s->best = made;
		s->best_value = figures.objective;
		/* equal ones are of no interest any more */
		s->value = figures.objective * (1 - 5e-10);
	} else {
		hidp_plan_unref(made);
	}
}

static void search_stage(struct space *s, struct space_plan *plan);

/* Every way of the shares of the last stage from share k on, and what follows. */
static void each_way(struct space *s, struct space_plan *plan, uint32_t k)
{
	struct space_stage *stage = &plan->stages[plan->stage_count - 1];
	if (k == SPACE_NODES || k == stage->share_count) {
		if (!s->plain && spent(s, plan) > s->value)
			return;
		if (stage->end == s->place_count)
			consider(s, plan);
		else
			space_each_stage(s, plan, search_stage);
		return;
	}
	const struct space_ways *ways = space_find_ways(s, stage, k);
	for (uint32_t i = 0; i < ways->count; i++) {
		stage->shares[k].way = &ways->items[i];
		each_way(s, plan, k + 1);
	}
}

static void search_stage(struct space *s, struct space_plan *plan)
{
	each_way(s, plan, 0);
}

void space_search(struct space *space, double value)
{
	struct space_plan plan = {.stage_count = 0};
	space->value = value;
	space_each_stage(space, &plan, search_stage);
}

static uint64_t ways_of(struct space *s, const struct space_plan *plan)
{
	uint64_t product = 1;
	for (uint32_t i = 0; i < plan->stage_count; i++) {
		const struct space_stage *stage = &plan->stages[i];
		if (stage->kind == HIDP_STAGE_REPLICA) /* each route is evaluated */
			product *= stage->share_count;
		for (uint32_t k = 0; k < stage->share_count; k++) {
			const struct space_ways *ways = space_find_ways(s, stage, k);
			product *= ways == NULL ? s->counted_most : ways->count;
			if (product > s->counted_most)
				return product;
		}
	}
	return product;
}

static void count_stage(struct space *s, struct space_plan *plan)
{
	if (s->counted > s->counted_most)
		return;
	if (plan->stages[plan->stage_count - 1].end < s->place_count)
		space_each_stage(s, plan, count_stage);
	else
		s->counted += ways_of(s, plan);
}

uint64_t space_count(struct space *space, uint64_t most)
{
	struct space_plan plan = {.stage_count = 0};
	space->counted = 0;
	space->counted_most = most;
	space_each_stage(space, &plan, count_stage);
	return space->counted;
}
