/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_EXACT_PRIV_H
#define HIDP_PLANNER_EXACT_PRIV_H

#include "plan/evaluate_priv.h"
#include "planner/exact.h"
#include "planner/fractions.h"
#include "planner/ways.h"

/*
 * What the files of the search of small problems share, and nobody else sees: exact.c goes
 * from stage to stage, exact_stages.c knows which stages can come next, exact_value.c what
 * plans and beginnings of plans are worth, exact_deal.c how replicas share out requests.
 */

/* Larger problems are not begun. */
#define HIDP__EXACT_LAYERS_MAX 12
#define HIDP__EXACT_NODES_MAX 4
/* Combinations of replicas in one plan. */
#define HIDP__EXACT_ROUTES_MAX 36
/* Processors, two directions of every node, media. */
#define HIDP__EXACT_RESOURCES_MAX 64

/* The stages decided so far, on one route. */
struct hidp__exact_route {
	double latency_s;
	double *busy; /* [processor of the cluster] */
};

/* What a request on a route takes of the resources. */
struct hidp__exact_tally {
	double loads[HIDP__EXACT_RESOURCES_MAX]; /* seconds of every one, in a row */
	double joules;                           /* without idle power */
};

struct hidp__exact {
	struct hidp__search *search;
	const struct hidp__tables *tables;
	const struct hidp__bound *bound;
	const struct hidp__pricing *pricing;
	struct hidp__ways_cache *ways, *replica_ways;
	struct hidp__arena *arena;  /* emptied at the end */
	struct hidp__arena scratch; /* emptied with every question */
	double *open_rest; /* [layer_count + 1] what is left to pay in a sequence of splits */
	uint64_t work;
	bool failed;    /* no memory */
	bool stopped;   /* not all was looked at */
	bool skipped;   /* plans with many replicas were not */
	double loosest; /* least value of replicas that could be dealt better than they were */
	bool periodic;  /* loads count */
	uint32_t layers, nodes, processors;
	struct hidp__stage *stages;       /* [depth] decided */
	struct hidp__messages *messages;  /* [depth * ROUTES_MAX + route] */
	struct hidp__exact_route *routes; /* likewise: before the stage at that depth */
	const struct hidp__way **chosen;  /* [depth * NODES_MAX + share] */
	uint32_t *route_count;            /* [depth] */
	double *before;  /* [depth] price of the stages before it, on the cheapest route */
	uint32_t *place; /* scratch of the size of the model */
};

static inline bool hidp__exact_spend(struct hidp__exact *x, uint64_t work)
{
	if (x->work < work) {
		x->work = 0;
		x->stopped = true;
	} else {
		x->work -= work;
	}
	return !x->stopped && !x->failed;
}

static inline struct hidp__exact_route *hidp__exact_route(const struct hidp__exact *x,
                                                          uint32_t depth, uint32_t r)
{
	return &x->routes[(size_t)depth * HIDP__EXACT_ROUTES_MAX + r];
}

static inline struct hidp__messages *hidp__exact_messages(const struct hidp__exact *x,
                                                          uint32_t depth, uint32_t r)
{
	return &x->messages[(size_t)depth * HIDP__EXACT_ROUTES_MAX + r];
}

static inline const struct hidp__way **hidp__exact_way(const struct hidp__exact *x, uint32_t depth,
                                                       uint32_t share)
{
	return &x->chosen[(size_t)depth * HIDP__EXACT_NODES_MAX + share];
}

static inline uint32_t hidp__exact_resources(const struct hidp__exact *x)
{
	return x->processors + 2 * x->nodes + x->search->problem->cluster->medium_count;
}

/* Which share of each replica stage the r-th route takes; the last stage counts fastest. */
static inline void hidp__exact_choices(const struct hidp__exact *x, uint32_t stages, uint32_t r,
                                       uint32_t *choice)
{
	for (uint32_t s = stages; s-- > 0;) {
		choice[s] = 0;
		if (x->stages[s].kind != HIDP_STAGE_REPLICA)
			continue;
		choice[s] = r % x->stages[s].share_count;
		r /= x->stages[s].share_count;
	}
}

/* planner/exact.c: a stage whose shares say node, units and layers: its ways, and what follows. */
void hidp__exact_try_stage(struct hidp__exact *x, uint32_t depth, uint32_t end);

/* planner/exact_stages.c: every stage that can come next at a place is tried. */
void hidp__exact_next_stages(struct hidp__exact *x, uint32_t depth, uint32_t place);

/*
 * planner/exact_value.c. In all of it the routes are those before the stage at `depth`,
 * which is not the first, and messages are looked at up to the stage before it.
 *
 * The tally of a route; returns what its loads cost at the prices of the relaxed problem.
 */
double hidp__exact_tally(const struct hidp__exact *x, uint32_t depth, uint32_t r,
                         struct hidp__exact_tally *tally);

/* Idle watts of the nodes that take part in any route. */
double hidp__exact_idle_w(const struct hidp__exact *x, uint32_t depth, uint32_t routes);

/* Worth and limits of dealing requests to routes, for a stream at these idle watts, else 0. */
struct hidp__dealing hidp__exact_dealing(const struct hidp__exact *x, uint32_t routes,
                                         double idle_w);

/*
 * The least value of plans with these routes, dealt as is best: fraction[routes];
 * `delivery`: they are whole plans.
 */
double hidp__exact_value(struct hidp__exact *x, uint32_t depth, uint32_t routes, bool delivery,
                         double *fraction);

/* The same at the prices of the relaxed problem, from which what is left to pay follows on. */
double hidp__exact_priced(const struct hidp__exact *x, uint32_t depth, uint32_t routes);

/*
 * planner/exact_deal.c: the fractions of all replica stages of a complete plan of `depth`
 * stages, starting from a mixture of its routes.
 */
void hidp__exact_deal(struct hidp__exact *x, uint32_t depth, const double *mixture,
                      uint32_t routes);

#endif
