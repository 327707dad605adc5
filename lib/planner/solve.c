/* SPDX-License-Identifier: MIT */
/* The priced problem for one set of nodes: its paths, and what no plan is below. */
#include <string.h>

#include "planner/guess.h"
#include "planner/parts.h"
#include "planner/settle.h"

#define GUESSES 2
/* What several nodes could save at most, to be looked for. */
#define WORTH_A_GUESS 2e-3

static hidp_status offer_path(struct hidp__pricing *p, const struct hidp__prices *prices,
			      const struct hidp__bound *path, const struct hidp__bound *local)
{
	struct hidp__search *s = p->search;
	struct hidp__leg *legs = hidp__arena_alloc(s->arena, s->tables->layer_count, sizeof *legs);
	struct hidp__decisions draft;
	uint32_t count;
	if (legs == NULL || !hidp__bound_path(path, legs, &count, s->arena))
		return HIDP_ERR_NOMEM;
	if (count == 0)
		return HIDP_OK;
	hidp_status status = hidp__draft_legs(s->tables, legs, count, &draft, s->arena);
	if (status == HIDP_OK)
		status = hidp__search_offer_draft(s, prices, local, HIDP__LOCAL_ALL, &draft);
	return status == HIDP_ERR_INFEASIBLE ? HIDP_OK : status;
}

static bool mark_users(struct hidp__pricing *p, const struct hidp__bound *bound)
{
	const struct hidp__tables *t = p->search->tables;
	struct hidp__leg *legs = hidp__arena_alloc(p->search->arena, t->layer_count, sizeof *legs);
	uint32_t count;
	if (legs == NULL || !hidp__bound_path(bound, legs, &count, p->search->arena))
		return false;
	memset(p->uses, 0, t->node_count * sizeof *p->uses);
	p->mixed = false;
	for (uint32_t i = 0; i < count; i++) {
		p->uses[legs[i].node] = true;
		p->mixed |= legs[i].mixed;
	}
	return true;
}

/* The prices of a set of nodes, and what belongs to them. */
struct priced {
	struct hidp__prices prices;
	struct hidp__path *paths;
	double paid; /* what the multipliers pay back for their limits */
};

static bool price_set(struct hidp__pricing *p, const struct hidp__set *set, struct priced *out)
{
	struct hidp__search *s = p->search;
	if (!hidp__prices_begin(&out->prices, s->problem->cluster, s->arena))
		return false;
	out->paid = hidp__pricing_set(p, set->settled, set->banned, &out->prices);
	return hidp__paths_build(&out->paths, s->problem->cluster, &out->prices, s->arena);
}

/* A plan in which several nodes work on the same layers, if that looks cheaper. */
static hidp_status try_guess(struct hidp__pricing *p, const struct priced *c,
			     const struct hidp__bound *plain)
{
	struct hidp__search *s = p->search;
	struct hidp__bound guess;
	struct hidp__spreading guessed = {.kind = HIDP__SPREAD_GUESS, .like = plain};
	if (!(c->prices.second > 0) || p->guesses++ >= GUESSES)
		return HIDP_OK;
	if (!hidp__bound_build(&guess, s->tables, &c->prices, c->paths, guessed, s->arena))
		return HIDP_ERR_NOMEM;
	s->work += guess.work;
	return guess.value < plain->value ? offer_path(p, &c->prices, &guess, plain) : HIDP_OK;
}

/* What a plan costs at least in which several nodes may work on the same layers: p->bound. */
static bool bound_spread(struct hidp__pricing *p, const struct priced *c,
			 const struct hidp__bound *plain, double ceiling)
{
	struct hidp__search *s = p->search;
	struct hidp__bound spread;
	ceiling += c->paid;
	if (plain != NULL && plain->value < ceiling)
		ceiling = plain->value;
	struct hidp__spreading relaxed = {HIDP__SPREAD_BOUND, plain, s->parts, ceiling};
	if (!hidp__bound_build(&spread, s->tables, &c->prices, c->paths, relaxed, s->arena))
		return false;
	s->work += spread.work;
	p->bound = (spread.value < ceiling ? spread.value : ceiling) - c->paid;
	return true;
}

/* Several nodes at work on the same layers: what that costs at least, and plans that try it. */
static hidp_status solve_spread(struct hidp__pricing *p, const struct priced *c,
				const struct hidp__bound *plain)
{
	struct hidp__search *s = p->search;
	bool apart = true;
	if (!s->restricted) {
		if (!bound_spread(p, c, plain, s->value))
			return HIDP_ERR_NOMEM;
		apart = p->bound + c->paid < plain->value * (1 - WORTH_A_GUESS);
	}
	return apart && p->bound < s->value ? try_guess(p, c, plain) : HIDP_OK;
}

/* Prices of a set, the shortest path over single stages, and who is on it. */
static hidp_status solve_plain(struct hidp__pricing *p, const struct hidp__set *set,
                               struct priced *c, struct hidp__bound *plain)
{
	struct hidp__search *s = p->search;
	struct hidp__spreading alone = {.kind = HIDP__SPREAD_NONE};
	if (!price_set(p, set, c) ||
	    !hidp__bound_build(plain, s->tables, &c->prices, c->paths, alone, s->arena) ||
	    !mark_users(p, plain))
		return HIDP_ERR_NOMEM;
	s->work += plain->work;
	p->bound = p->alone = plain->value - c->paid;
	return HIDP_OK;
}

/*
 * Solves the priced problem: offers its path and returns in p->bound what no plan over
 * these nodes can be below.
 */
hidp_status hidp__solve(struct hidp__pricing *p, const struct hidp__set *set)
{
	struct hidp__search *s = p->search;
	struct hidp__arena_mark mark = hidp__arena_here(s->arena);
	struct priced c;
	struct hidp__bound plain;
	hidp_status status = solve_plain(p, set, &c, &plain);
	if (status == HIDP_OK) {
		if (c.prices.time_only && c.prices.second == p->latency && p->latency > 0 &&
		    !s->restricted)
			s->path_value = plain.value;
		if (!p->once || p->bound < s->value)
			status = offer_path(p, &c.prices, &plain, &plain);
	}
	if (status == HIDP_OK && s->tables->node_count > 1 && p->bound > s->lower_bound)
		status = solve_spread(p, &c, &plain);
	hidp__arena_back(s->arena, mark);
	return status;
}

/* Does the plan of the last path idle as much as was paid for? Then it costs what its bound says. */
static bool idles_fully(const struct hidp__pricing *p, const struct hidp__set *set)
{
	const struct hidp__request *r = p->search->problem->request;
	bool all = !p->mixed;
	for (hidp_node_id n = 0; n < p->search->tables->node_count; n++)
		all &= !set->settled[n] || p->uses[n] || n == r->input_node || n == r->output_node;
	return all;
}

/* The same without bounds for several nodes at work on the same layers. */
hidp_status hidp__solve_alone(struct hidp__pricing *p, const struct hidp__set *set)
{
	struct hidp__search *s = p->search;
	struct hidp__arena_mark mark = hidp__arena_here(s->arena);
	struct priced c;
	struct hidp__bound plain;
	hidp_status status = solve_plain(p, set, &c, &plain);
	double worth = idles_fully(p, set) ? 1 : HIDP__SURELY_WORSE;
	if (status == HIDP_OK && p->bound < s->value * worth)
		status = offer_path(p, &c.prices, &plain, &plain);
	/* for the root, and for one node more */
	if (status == HIDP_OK && (p->guesses == 0 || set->more == 1))
		status = try_guess(p, &c, &plain);
	hidp__arena_back(s->arena, mark);
	return status;
}

/* Nothing but these bounds: for all plans. */
hidp_status hidp__solve_bound(struct hidp__pricing *p, const struct hidp__set *set, double ceiling)
{
	struct hidp__arena_mark mark = hidp__arena_here(p->search->arena);
	struct priced c;
	bool ok = price_set(p, set, &c) && bound_spread(p, &c, NULL, ceiling);
	hidp__arena_back(p->search->arena, mark);
	return ok ? HIDP_OK : HIDP_ERR_NOMEM;
}
