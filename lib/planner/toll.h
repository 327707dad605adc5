/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_TOLL_H
#define HIDP_PLANNER_TOLL_H

#include "planner/problem.h"

/*
 * What a sequence of split stages costs in the prices of the resources, whoever is waited for.
 * Such a sum is cheapest if one node has all the rows, were it not for rounding: parts are
 * whole rows, and what is free below a row can be had by many nodes.
 */

/* What each participant would pay for all of a sequence, beyond the cheapest node's price. */
struct hidp__demands {
	double *work; /* for its processors */
	double *send; /* to be sent what the sequence reads */
	double *move; /* to bring the outcome to where it comes together */
	uint32_t count;
};

/*
 * What rounding can take off. Of the layers a node has different parts, as cuts are rounded;
 * its part of the sequence is that of the first layer, or that of the row units.
 */
struct hidp__rounding {
	double certain; /* such a part of the rows is divided alike in all layers */
	struct hidp__rounded_part {
		double lost;   /* so much less is paid for the processors */
		double unsent; /* so much of its part a node may do without being sent anything */
		double off;    /* by so much its part of the last layer may be another */
	} part[2];
	double unread; /* part of the outcome that nobody behind it reads */
};

/* A sum that is no less than what all parts together pay; no more is looked for than `enough`. */
double hidp__toll(const struct hidp__demands *demands, const struct hidp__rounding *rounding,
                  double enough);

/*
 * The sum of value[a] * off_a over some nodes is no less than minus this, if every off_a lies
 * within 1 of 0 and they add up to 0: how far the values are from one that they have in
 * common. Infinite values do not count.
 */
double hidp__apart(const double *value, uint32_t count);

/*
 * By how much a node's part of a layer with `rows` can differ from its part of one with
 * `others`: cuts are rounded to whole rows.
 */
double hidp__parts_differ(int64_t rows, int64_t others);

#endif
