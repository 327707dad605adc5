/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_FRACTIONS_H
#define HIDP_PLANNER_FRACTIONS_H

#include "base/arena.h"

/*
 * How requests are best dealt to several routes: the smallest
 *     worth * period + sum of cost[k] * fraction[k]
 * with fractions that are not negative and add up to 1, and
 *     period = the largest over resources r of the sum of load[k][r] * fraction[k].
 */
struct hidp__dealing {
	uint32_t routes;
	uint32_t resources;
	const double *const *load; /* [route] -> [resource] */
	const double *cost;        /* [route] */
	double worth;
	double period_limit;       /* INFINITY: none */
	const double *energy;      /* [route] joules; NULL: no limit of energy */
	double energy_period;      /* joules per second of the period */
	double energy_limit;
	double *weight; /* [resource] filled in: what a second less of it would save; NULL: not asked */
};

/*
 * By the simplex method. Fills in fraction[routes]; *value is the smallest value, INFINITY
 * if the limits cannot be met. Scratch comes from the arena and is given back. false: no
 * memory.
 */
bool hidp__deal(const struct hidp__dealing *dealing, double *fraction, double *value,
                struct hidp__arena *arena);

#endif
