/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_REPLAN_H
#define HIDP_PLANNER_REPLAN_H

#include "plan/plan_priv.h"

/* What is known of a plan, for a problem that differs in what the cluster is like. */

/* Was the same asked, of the same model and costs, on as many nodes and processors? */
bool hidp__same_question(const struct hidp_plan *plan, const struct hidp__problem *problem);

/*
 * Does the plan's lower bound hold for the problem? It does if the same is asked and nothing
 * became cheaper since: what a plan costs now, it cost no more then.
 */
bool hidp__bound_holds(const struct hidp_plan *plan, const struct hidp__problem *problem);

/* Is a node, with as many processors, what it was? */
bool hidp__same_site(const struct hidp__node *now, const struct hidp__node *then);

/*
 * The plan as it can be for the problem: replicas on nodes that left are dealt to the others.
 * Arrays that differ come from the arena; not checked. false: no memory.
 */
bool hidp__plan_without_lost(const struct hidp_plan *plan, const struct hidp__problem *problem,
                             struct hidp__decisions *out, struct hidp__arena *arena);

#endif
