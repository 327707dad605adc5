/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_BRANCHES_H
#define HIDP_PLANNER_BRANCHES_H

#include "planner/prices.h"

/* The branchings and times of the site's tables; false: no memory. */
bool hidp__branches_table(struct hidp__site *site, const struct hidp__tables *tables,
                          struct hidp__arena *arena);

/*
 * The cheapest way to run a region's components side by side on a node's processors,
 * hand-over not counted; what that would cost goes to *hand_over_price, the
 * processor of each component to choice, if not NULL. INFINITY: there is none.
 */
double hidp__branch_cost(const struct hidp__site *site, const struct hidp__tables *tables,
                         uint32_t region, const struct hidp__prices *prices,
                         double *hand_over_price, uint8_t *choice);

/* The same from the site's table where only time counts. */
static inline double hidp__branch_price(const struct hidp__site *site,
                                        const struct hidp__tables *tables, uint32_t region,
                                        const struct hidp__prices *prices,
                                        double *hand_over_price)
{
	if (!prices->time_only)
		return hidp__branch_cost(site, tables, region, prices, hand_over_price, NULL);
	*hand_over_price = prices->second * site->sync_s;
	return prices->second * site->branch_s[region];
}

#endif
