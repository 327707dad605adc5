/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_HALO_H
#define HIDP_PLANNER_HALO_H

#include "planner/prices.h"

/*
 * What the halo of a sequence of split stages [first, end) costs a node at least: along
 * the way either work on rows that others compute too, or an exchange of rows between
 * two stages, whichever is less; a shortest path over the cuts.
 */
struct hidp__halo;

/* NULL: no memory. */
struct hidp__halo *hidp__halo_new(const struct hidp__tables *tables,
                                  const struct hidp__path *paths, struct hidp__arena *arena);

/* The sequences that are asked for next begin at this waist and end at waists up to `limit`,
 * which is always the same for it. */
void hidp__halo_begin(struct hidp__halo *halo, uint32_t first, uint32_t limit);

/*
 * Seconds if the node's part is small, and if it has nearly all; in between it is no less
 * than a line.
 */
void hidp__halo_of(const struct hidp__halo *halo, hidp_node_id node, uint32_t end, double *small,
                   double *nearly);

#endif
