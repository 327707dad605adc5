/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PRICING_H
#define HIDP_PLANNER_PRICING_H

#include "planner/search.h"
#include "planner/weights.h"

/* How an objective with limits becomes prices (auto.c). */
struct hidp__pricing {
	struct hidp__search *search;
	double latency, period, energy; /* worth of a unit of each figure in the objective */
	double over[3];                 /* multipliers of their limits, per unit */
	struct hidp__weights weights;   /* of the resources in the period */
	double *hold;                   /* [node] multiplier of its memory, per byte */
	double *loads;                  /* [resource] scratch */
	double bound;                   /* of the last solution */
	double alone;                   /* the same if no layer is divided among nodes */
	bool *uses;                     /* [node] takes part in the last solution */
	bool mixed;                     /* so may others: blocks on it are mixed */
	uint32_t guesses;               /* runs over several nodes that were looked for */
	bool memory_binds;              /* some plan could need more than a node or processor has */
	bool once; /* nothing is learnt from plans that are not better than the best */
};

/* false: no memory. */
bool hidp__pricing_begin(struct hidp__pricing *pricing, struct hidp__search *search);

/*
 * Fills in the prices if the `settled` nodes take part, the `banned` do not, and the
 * others are free to; returns what the multipliers pay back for their limits.
 */
double hidp__pricing_set(const struct hidp__pricing *pricing, const bool *settled,
                         const bool *banned, struct hidp__prices *prices);

#endif
