/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_EXACT_H
#define HIDP_PLANNER_EXACT_H

#include "planner/bound.h"
#include "planner/pricing.h"

/* Is the problem small enough for what is left of the work limit? */
bool hidp__exact_fits(const struct hidp__search *search);

/*
 * Small problems to the end: every plan of the plan space that could be better than
 * the best so far. Where that takes too long the search is left as it was. The bound is
 * that of the pricing without multipliers of limits.
 */
hidp_status hidp__search_exact(struct hidp__search *search, const struct hidp__pricing *pricing,
                               const struct hidp__bound *bound);

#endif
