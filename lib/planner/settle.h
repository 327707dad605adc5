/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_SETTLE_H
#define HIDP_PLANNER_SETTLE_H

#include "planner/pricing.h"

/* Paths that cost so much more than the best plan are not worth building. */
#define HIDP__SURELY_WORSE 1.3

/* Some nodes settled to take part or not, the others open. */
struct hidp__set {
	bool *settled, *banned;
	const bool *uses; /* [node] is on the path that was found for it, or for a set around it */
	bool solved, mixed; /* that path may also depend on other nodes */
	double bound;
	double found;      /* bound of the last set around it that was solved, or its own, */
	double found_idle; /* and what a second of the nodes settled there costs */
	uint32_t more;     /* nodes settled since the root */
};

/*
 * Solves the priced problem for a set: offers its path, and a guess of what several nodes
 * could do on the same layers; p->bound is then what no plan over these nodes can be below,
 * p->alone the same for plans of single stages, and p->uses who is on the path.
 * HIDP_OK or HIDP_ERR_NOMEM, as all here.
 */
hidp_status hidp__solve(struct hidp__pricing *p, const struct hidp__set *set);

/* The same without a bound for several nodes on the same layers: p->bound is p->alone. */
hidp_status hidp__solve_alone(struct hidp__pricing *p, const struct hidp__set *set);

/* Nothing but p->bound, as far as it is below `ceiling`. */
hidp_status hidp__solve_bound(struct hidp__pricing *p, const struct hidp__set *set, double ceiling);

/*
 * Which nodes take part, by branch and bound. The root was solved last; offers plans, and
 * raises the search's lower bound.
 */
hidp_status hidp__settle(struct hidp__pricing *p, const struct hidp__set *root);

#endif
