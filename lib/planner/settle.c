/* SPDX-License-Identifier: MIT */
/*
 * Idle power counts for the nodes that take part, so they are settled by branch and bound.
 * Looking for plans and proving bounds are two searches: plans are of single stages, whose
 * bound is cheap and close; the bound for several nodes on the same layers is neither.
 */
#include <string.h>

#include "planner/settle.h"

/* Sets that are solved: for plans, and for bounds, which take longer. */
#define PLAN_SETS 32
#define BOUND_SETS 16
/* Sets that are looked at; of most that are not solved something is known without. */
#define MOST_SETS 96
/* Open nodes up to which every set of them is looked at by itself. */
#define FEW_OPEN 4

/* What a second of the settled nodes' idling costs. */
static double idle_price(const struct hidp__pricing *p, const struct hidp__set *set)
{
	const struct hidp__problem *problem = p->search->problem;
	double watts = 0;
	for (hidp_node_id n = 0; n < problem->cluster->node_count; n++)
		watts += set->settled[n] ? problem->cluster->nodes[n].desc.power_idle_w : 0;
	return problem->request->stream ? 0 : (p->energy + p->over[2]) * watts;
}

/*
 * What the bound of a set is at least. The cost of the best plan is a concave function of what
 * a second costs: it is above the line between the bounds of two sets around this one, one
 * with less that is settled, one with more.
 */
static double line_between(const struct hidp__pricing *p, const struct hidp__set *set,
			   const struct hidp__set *most)
{
	double idle = idle_price(p, set) - set->found_idle;
	double whole = most->found_idle - set->found_idle;
	return idle > 0 ? set->found + idle / whole * (most->found - set->found) : set->found;
}

/* What a plan costs at least if idle nodes, and all seconds, cost nothing. */
static bool least_price(struct hidp__pricing *p, const struct hidp__set *set, double *least)
{
	const struct hidp__tables *t = p->search->tables;
	struct hidp__arena_mark mark = hidp__arena_here(p->search->arena);
	struct hidp__prices prices;
	if (!hidp__prices_begin(&prices, p->search->problem->cluster, p->search->arena))
		return false;
	*least = -hidp__pricing_set(p, set->settled, set->banned, &prices);
	for (uint32_t l = 0; l < t->layer_count; l++) {
		double cheapest = INFINITY;
		for (hidp_node_id n = 0; n < t->node_count; n++) {
			const struct hidp__site *site = &t->sites[n];
			for (uint32_t i = 0; i < site->usable_count; i++) {
				uint32_t q = site->usable[i];
				size_t at = (size_t)l * site->processor_count + q;
				double v =
					prices.busy[site->first_processor + q] * site->least_s[at];
				if (site->rates[at].runs && v < cheapest)
					cheapest = v;
			}
		}
		*least += cheapest < INFINITY ? cheapest : 0;
	}
	hidp__arena_back(p->search->arena, mark);
	return true;
}

/* Two sets of one: with and without a node. */
static bool branch(const struct hidp__pricing *p, struct hidp__set *to,
		   const struct hidp__set *from, hidp_node_id node, bool takes_part)
{
	uint32_t nodes = p->search->tables->node_count;
	*to = *from;
	to->settled = hidp__arena_alloc(p->search->arena, nodes, sizeof(bool));
	to->banned = hidp__arena_alloc(p->search->arena, nodes, sizeof(bool));
	if (to->settled == NULL || to->banned == NULL)
		return false;
	memcpy(to->settled, from->settled, nodes * sizeof(bool));
	memcpy(to->banned, from->banned, nodes * sizeof(bool));
	(takes_part ? to->settled : to->banned)[node] = true;
	to->more += takes_part;
	to->solved = false;
	return true;
}

/* Of the nodes that the set leaves open the quickest, but first one that its path uses. */
static hidp_node_id open_node(const struct hidp__tables *t, const struct hidp__set *set,
			      uint32_t *count)
{
	hidp_node_id open = HIDP_NODE_NONE;
	*count = 0;
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		if (set->settled[n] || set->banned[n])
			continue;
		++*count;
		bool better = open == HIDP_NODE_NONE;
		if (!better && set->uses[n] != set->uses[open])
			better = set->uses[n];
		else if (!better)
			better = t->sites[n].sum_s[t->layer_count] <
				 t->sites[open].sum_s[t->layer_count];
		if (better)
			open = n;
	}
	return open;
}

/* The nodes on the last path, kept; NULL: no memory. */
static const bool *keep_uses(const struct hidp__pricing *p)
{
	uint32_t nodes = p->search->tables->node_count;
	bool *uses = hidp__arena_alloc(p->search->arena, nodes, sizeof *uses);
	if (uses != NULL)
		memcpy(uses, p->uses, nodes * sizeof *uses);
	return uses;
}

static hidp_status solve_set(struct hidp__pricing *p, struct hidp__set *set, bool alone,
			     double ceiling)
{
	hidp_status status = alone ? hidp__solve_alone(p, set) : hidp__solve_bound(p, set, ceiling);
	if (status != HIDP_OK)
		return status;
	set->solved = true;
	set->bound = fmax(set->bound, p->bound);
	set->found = p->bound;
	set->found_idle = idle_price(p, set);
	if (!alone)
		return HIDP_OK;
	set->uses = keep_uses(p);
	set->mixed = p->mixed;
	return set->uses != NULL ? HIDP_OK : HIDP_ERR_NOMEM;
}

static uint32_t most_promising(const struct hidp__set *sets, uint32_t count)
{
	uint32_t at = 0;
	for (uint32_t i = 1; i < count; i++)
		if (sets[i].bound < sets[at].bound)
			at = i;
	return at;
}

/*
 * The most promising set first, until none can be better. `alone` looks for plans of single
 * stages, else p->bound becomes what no plan at all is below; `most` has all nodes settled.
 */
static hidp_status settle_nodes(struct hidp__pricing *p, const struct hidp__set *root,
				const struct hidp__set *most, bool alone)
{
	struct hidp__search *s = p->search;
	uint32_t count = 1, solved = 0, open;
	struct hidp__set sets[MOST_SETS + 2];
	double closed = INFINITY; /* bound of what is not looked into any more */
	double worth = alone ? HIDP__SURELY_WORSE : 1;
	sets[0] = *root;
	open_node(s->tables, root, &open);
	/* then only sets with nothing open, and those without the quickest, that are soon dear */
	bool few = !alone && open <= FEW_OPEN;
	for (uint32_t round = 0; count > 0 && round < MOST_SETS; round++) {
		uint32_t at = most_promising(sets, count);
		struct hidp__set set = sets[at];
		if (set.bound >= worth * s->value || (!alone && set.bound >= closed))
			break;
		hidp_node_id node = open_node(s->tables, &set, &open);
		bool skip = few && open > 0 && (set.more > 0 || round == 0);
		if (!set.solved && !skip) {
			if (solved++ == (alone ? PLAN_SETS : BOUND_SETS))
				break;
			hidp_status status = solve_set(p, &set, alone, fmin(closed, s->value));
			if (status != HIDP_OK)
				return status;
			node = open_node(s->tables, &set, &open);
		}
		sets[at] = sets[--count];
		if (open == 0 || set.bound >= worth * s->value) {
			closed = fmin(closed, set.bound);
			continue;
		}
		struct hidp__set *with = &sets[count++], *without = &sets[count++];
		if (!branch(p, with, &set, node, true) || !branch(p, without, &set, node, false))
			return HIDP_ERR_NOMEM;
		with->bound = fmax(with->bound, line_between(p, with, most));
		/* without a node that the path does not depend on, it stays the same */
		without->solved = alone && set.solved && !set.mixed && !set.uses[node];
	}
	for (uint32_t i = 0; i < count; i++)
		closed = fmin(closed, sets[i].bound);
	p->bound = closed;
	return HIDP_OK;
}

/* The set of all nodes comes first, for the line between it and the root. */
static hidp_status settle_from(struct hidp__pricing *p, const struct hidp__set *root, bool alone)
{
	uint32_t nodes = p->search->tables->node_count;
	struct hidp__set most;
	if (!branch(p, &most, root, 0, true))
		return HIDP_ERR_NOMEM;
	for (hidp_node_id n = 0; n < nodes; n++)
		most.settled[n] = !most.banned[n];
	most.more = nodes;
	hidp_status status = solve_set(p, &most, alone, INFINITY);
	return status == HIDP_OK ? settle_nodes(p, root, &most, alone) : status;
}

hidp_status hidp__settle(struct hidp__pricing *p, const struct hidp__set *root)
{
	struct hidp__set first = *root;
	first.solved = true;
	first.uses = keep_uses(p);
	first.mixed = p->mixed;
	first.bound = first.found = p->alone;
	first.found_idle = idle_price(p, root);
	if (first.uses == NULL)
		return HIDP_ERR_NOMEM;
	/* plans first, they set the mark */
	hidp_status status = settle_from(p, &first, true);
	if (status != HIDP_OK || p->search->restricted)
		return status;
	p->search->path_value = p->bound;
	first.solved = false;
	first.found_idle = 0;
	if (!least_price(p, root, &first.found))
		return HIDP_ERR_NOMEM;
	first.bound = first.found;
	status = settle_from(p, &first, false);
	if (status == HIDP_OK)
		hidp__search_raise(p->search, p->bound);
	return status;
}
