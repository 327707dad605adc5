/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PERIOD_H
#define HIDP_PLANNER_PERIOD_H

#include "planner/pricing.h"

/*
 * Offers plans for streams to the pricing's search: pipelines over processors and nodes,
 * replicas of the whole model. The pricing's weights become those under which the cheapest
 * pipeline is dearest.
 */
hidp_status hidp__search_period(struct hidp__pricing *pricing);

/*
 * Offers contiguous plans, and raises the search's bound to what none of them is below: for
 * HIDP_PLAN_CONTIGUOUS.
 */
hidp_status hidp__search_contiguous(struct hidp__pricing *pricing);

#endif
