/* SPDX-License-Identifier: MIT */
#include "planner/node_prices.h"

#include "planner/branches.h"

/* What the weights of the layers cost on a node: migration, and memory that is short. */
static bool price_weights(const struct hidp__tables *t, const struct hidp__prices *prices,
			  const struct hidp__site *site, struct hidp__node_prices *np,
			  struct hidp__arena *arena)
{
	const struct hidp__request *r = t->problem->request;
	double hold = prices->hold[site->node], load = prices->load[site->node];
	np->weights = hidp__arena_alloc(arena, (size_t)t->layer_count + 1, sizeof(double));
	if (np->weights == NULL)
		return false;
	np->weights[0] = 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		const struct hidp__work *w = &t->layers[l];
		size_t at = (size_t)site->node * t->problem->model->layer_count + w->id;
		bool there = r->resident == NULL || r->resident[at];
		np->weights[l + 1] = np->weights[l] + w->weight_bytes * (hold + (there ? 0 : load));
	}
	return true;
}

/* The processors' own time of team steps: overheads, and the work at the cheapest price. */
static bool price_teams(const struct hidp__tables *t, const struct hidp__prices *prices,
			const struct hidp__site *site, struct hidp__node_prices *np,
			struct hidp__arena *arena)
{
	const double *busy = prices->busy + site->first_processor;
	np->team_busy = NULL;
	if (prices->time_only || site->team_count == 0)
		return true;
	np->team_busy = hidp__arena_alloc(arena, (size_t)site->team_count * (t->layer_count + 1),
					  sizeof(double));
	if (np->team_busy == NULL)
		return false;
	for (uint32_t k = 0; k < site->team_count; k++) {
		const struct hidp__team *team = &site->teams[k];
		double *sum = np->team_busy + (size_t)k * (t->layer_count + 1);
		sum[0] = 0;
		for (uint32_t l = 0; l < t->layer_count; l++) {
			double fixed = 0, least = INFINITY;
			for (uint32_t i = 0; i < team->count; i++) {
				uint32_t q = team->members[i];
				size_t at = (size_t)l * site->processor_count + q;
				double v = busy[q] * site->least_s[at];
				fixed += busy[q] * hidp__least_fixed_s(&site->rates[at]);
				least = v < least ? v : least;
			}
			sum[l + 1] = sum[l] + fixed + least;
		}
	}
	return true;
}

bool hidp__node_prices_build(struct hidp__node_prices **out, const struct hidp__tables *t,
			     const struct hidp__prices *prices, struct hidp__arena *arena)
{
	struct hidp__node_prices *all = hidp__arena_alloc(arena, t->node_count, sizeof *all);
	if (all == NULL)
		return false;
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		const struct hidp__site *site = &t->sites[n];
		const double *busy = prices->busy + site->first_processor;
		size_t regions = site->usable_count > 1 ? t->region_count : 0;
		if (!hidp__takes_part(prices, site))
			continue; /* nobody asks */
		all[n].processor = hidp__arena_alloc(arena, site->processor_count, sizeof(double));
		all[n].team =
			hidp__arena_alloc(arena, (size_t)site->team_count + 1, sizeof(double));
		all[n].branch = hidp__arena_alloc(arena, regions + 1, sizeof(double));
		all[n].branch_first = hidp__arena_alloc(arena, regions + 1, sizeof(double));
		if (all[n].processor == NULL || all[n].team == NULL || all[n].branch == NULL ||
		    all[n].branch_first == NULL ||
		    !price_weights(t, prices, site, &all[n], arena) ||
		    !price_teams(t, prices, site, &all[n], arena))
			return false;
		for (uint32_t q = 0; q < site->processor_count; q++)
			all[n].processor[q] = prices->second + busy[q];
		for (uint32_t k = 0; k < site->team_count; k++) {
			all[n].team[k] = prices->second;
			for (uint32_t i = 0; i < site->teams[k].count; i++)
				all[n].team[k] += busy[site->teams[k].members[i]];
		}
		for (uint32_t r = 0; r < regions; r++) {
			double hand_over = 0;
			all[n].branch_first[r] = INFINITY;
			if (prices->allowed[n])
				all[n].branch_first[r] =
					hidp__branch_price(site, t, r, prices, &hand_over);
			all[n].branch[r] = all[n].branch_first[r] + hand_over;
		}
	}
	*out = all;
	return true;
}
