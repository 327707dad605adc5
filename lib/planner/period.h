/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PERIOD_H
#define HIDP_PLANNER_PERIOD_H

#include "planner/search.h"

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

/* Weights that are best where transfers cost nothing; false: no memory. */
bool hidp__weights_begin(struct hidp__weights *weights, const struct hidp__tables *tables,
                         struct hidp__arena *arena);

/* More weight on what a plan loads most; false: nothing changes. */
bool hidp__weights_adjust(struct hidp__weights *weights, const struct hidp_cluster *cluster,
                          const struct hidp__evaluation *evaluation);

/*
 * Offers plans for streams: pipelines over processors and nodes, replicas of the whole
 * model. The weights become those under which the cheapest pipeline is dearest.
 */
hidp_status hidp__search_period(struct hidp__search *search, struct hidp__weights *weights);

#endif
