/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_ABSENCE_H
#define HIDP_PLANNER_ABSENCE_H

#include "plan/plan_priv.h"
#include "report/explain_priv.h"

/* Which nodes compute nothing in a plan, and why: absence[node]. false: no memory. */
bool hidp__absences_find(const struct hidp_plan *plan, enum hidp__absence *absence,
                         struct hidp__arena *arena);

#endif
