/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_WEIGHTS_H
#define HIDP_PLANNER_WEIGHTS_H

#include "planner/prices.h"

/*
 * Weights of the resources, which add up to 1: the period is the largest load, so no
 * plan's period is below the weighted mean of its loads.
 */
struct hidp__weights {
	double *busy;     /* [processor of the cluster] */
	double *transmit; /* [node] */
	double *receive;  /* [node] */
	double *medium;   /* [medium] */
};

/* All 0; false: no memory. */
bool hidp__weights_new(struct hidp__weights *weights, const struct hidp_cluster *cluster,
                       struct hidp__arena *arena);

/* Weights that are best where transfers cost nothing; false: no memory. */
bool hidp__weights_begin(struct hidp__weights *weights, const struct hidp__tables *tables,
                         struct hidp__arena *arena);

/* The same where only the processors of one node count; false: no memory. */
bool hidp__weights_of_node(struct hidp__weights *weights, const struct hidp__tables *tables,
                           hidp_node_id node, struct hidp__arena *arena);

void hidp__weights_copy(struct hidp__weights *to, const struct hidp__weights *from,
                        const struct hidp_cluster *cluster);

/* The mean of weights and of others, in the order of hidp__resource_loads(). */
void hidp__weights_towards(struct hidp__weights *weights, const double *others, double part,
                           const struct hidp_cluster *cluster);

/* The weights as prices of the resources; the other prices stay. */
void hidp__weights_price(const struct hidp__weights *weights, const struct hidp_cluster *cluster,
                         struct hidp__prices *prices);

/*
 * More weight on what is loaded most, exp(step) times; loads as of hidp__resource_loads().
 * false: nothing is loaded.
 */
bool hidp__weights_raise(struct hidp__weights *weights, const double *loads, double step,
                         const struct hidp_cluster *cluster);

#endif
