/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_NODE_PRICES_H
#define HIDP_PLANNER_NODE_PRICES_H

#include "planner/prices.h"

/* What of the prices of a node does not change from place to place on a path. */
struct hidp__node_prices {
	double *processor;    /* [processor] a second of it */
	double *team;         /* [team] a second of all of it: a hand-over */
	double *team_busy;    /* [team * (layers + 1) + place] its processors' time for the layers
				 before a place, at least; NULL: it costs nothing */
	double *branch;       /* [region] hand-over included */
	double *branch_first; /* [region] */
	double *weights;      /* [layers + 1] to have the weights of the layers before a place */
};

/* Of all nodes that take part; false: no memory. */
bool hidp__node_prices_build(struct hidp__node_prices **out, const struct hidp__tables *tables,
			     const struct hidp__prices *prices, struct hidp__arena *arena);

#endif
