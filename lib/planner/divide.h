/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_DIVIDE_H
#define HIDP_PLANNER_DIVIDE_H

#include "planner/problem.h"

/*
 * The division of one layer over a team that makes its slowest member finish
 * earliest: counts[team->count] rows, or channel groups, at least one each. `rows`
 * are the rows that are computed in all: divided along the rows, kept along the
 * channels. Returns the time of the step without its hand-over and without copies,
 * INFINITY if there is no such division. Exact: no other division is shorter.
 * member_s[team->count], if not NULL: how long each member is busy.
 */
double hidp__divide(const struct hidp__site *site, const struct hidp__work *layer, uint32_t place,
                    const struct hidp__team *team, enum hidp__divided axis, int64_t rows,
                    int64_t *counts, double *member_s);

#endif
