/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PRICES_H
#define HIDP_PLANNER_PRICES_H

#include "planner/problem.h"

/*
 * Every search minimises one sum: what a second of the request's time costs, and a
 * second of every resource. Latency: a second costs 1. Energy: a second costs the
 * idle watts of the nodes that take part, a second of a processor its active watts.
 * Limits and the period enter as prices too. The objective decides the prices; the
 * search does not know it.
 */
struct hidp__prices {
	double second;
	double *busy;     /* [processor of the cluster] */
	double *transmit; /* [node] */
	double *receive;  /* [node] */
	double *medium;   /* [medium] */
	double *load;     /* [node] a byte of weights that are not resident there */
	double *hold;     /* [node] a byte of any layer's weights */
	bool *allowed;    /* [node] may compute */
	bool time_only;   /* all but `second` are 0 */
};

/* Zero prices, every node allowed; false: no memory. */
bool hidp__prices_begin(struct hidp__prices *prices, const struct hidp_cluster *cluster,
                        struct hidp__arena *arena);

/* A message along a route, hop after hop: seconds, and what it costs. */
struct hidp__path {
	double latency_s;
	double byte_s;       /* per byte of the tensor, where the wire carries its dtype */
	double element_s;    /* per element, where it carries another */
	/* of the slowest hop: several messages behind each other are on all hops at once; where
	 * hops carry both dtypes, those for elements are not counted */
	double slowest_byte_s, slowest_element_s;
	double byte_cost;    /* what these seconds cost the resources of the path */
	double element_cost;
	bool exists;
};

/* No path at all; with hidp__path_least() it becomes the least of several in each figure. */
#define HIDP__PATH_NONE                                                                            \
	((struct hidp__path){INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, \
	                     false})

static inline void hidp__path_least(struct hidp__path *least, const struct hidp__path *other)
{
	if (!other->exists)
		return;
	least->exists = true;
	least->latency_s = fmin(least->latency_s, other->latency_s);
	least->byte_s = fmin(least->byte_s, other->byte_s);
	least->element_s = fmin(least->element_s, other->element_s);
	least->slowest_byte_s = fmin(least->slowest_byte_s, other->slowest_byte_s);
	least->slowest_element_s = fmin(least->slowest_element_s, other->slowest_element_s);
	least->byte_cost = fmin(least->byte_cost, other->byte_cost);
	least->element_cost = fmin(least->element_cost, other->element_cost);
}

/* Paths between all nodes, [from * nodes + to]; false: no memory. */
bool hidp__paths_build(struct hidp__path **paths, const struct hidp_cluster *cluster,
                       const struct hidp__prices *prices, struct hidp__arena *arena);

static inline double hidp__path_s(const struct hidp__path *p, double bytes, double elements)
{
	return p->latency_s + bytes * p->byte_s + elements * p->element_s;
}

/* May a node compute at all? */
static inline bool hidp__takes_part(const struct hidp__prices *prices,
                                    const struct hidp__site *site)
{
	return prices->allowed[site->node] && site->usable_count != 0;
}

/* Time and resources together, in the unit of the objective. */
static inline double hidp__path_cost(const struct hidp__path *p, double second, double bytes,
                                     double elements)
{
	return second * hidp__path_s(p, bytes, elements) + bytes * p->byte_cost +
	       elements * p->element_cost;
}

/* The same for several messages, at least. */
static inline double hidp__path_several_cost(const struct hidp__path *p, double second,
                                             double bytes, double elements)
{
	return second * (p->latency_s + bytes * p->slowest_byte_s +
	                 elements * p->slowest_element_s) +
	       bytes * p->byte_cost + elements * p->element_cost;
}

#endif
