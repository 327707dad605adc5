/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_REPLAN_H
#define HIDP_PLANNER_REPLAN_H

#include "plan/plan_priv.h"

/*
 * Does what is known of a plan hold for another problem as well? It does if the same is
 * asked, it has a bound, nothing became cheaper since (so no plan is below the bound), and nothing that the
 * plan uses became dearer (so it costs what it did). The plan is then not to be found anew,
 * whatever else changed.
 */
bool hidp__plan_holds(const struct hidp_plan *plan, const struct hidp__problem *problem);

#endif
