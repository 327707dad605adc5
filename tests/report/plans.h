/* SPDX-License-Identifier: MIT */
#ifndef TESTS_REPORT_PLANS_H
#define TESTS_REPORT_PLANS_H

#include <hidp/hidp.h>

/*
 * Plans made by hand, one for each kind of picture: "one-node", "split",
 * "pipeline", "branch", "replica", "hostile" (names that must be escaped), "many"
 * (hundreds of steps), "wide" (many nodes), "copies" (a processor with memory of its
 * own); and two that the planner makes, "planned-latency" and "planned-energy", which are
 * not among the names below. NULL: there is no such plan, for which a message goes to stderr.
 */
struct hidp_plan *make_plan(const char *name);

/* Names of all of them, NULL at the end. */
extern const char *const plan_names[];

#endif
