/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_ASSEMBLE_H
#define HIDP_PLANNER_ASSEMBLE_H

#include "planner/guess.h"
#include "planner/local.h"

/*
 * Fills in the second level of a plan: for every share of `draft`, which has stages
 * and shares but no steps, the cheapest steps. `bound` may be NULL. The result is
 * normalised (hidp__decisions_copy) and comes from the arena. Returns HIDP_OK,
 * HIDP_ERR_NOMEM, or HIDP_ERR_INFEASIBLE if some layer runs nowhere on its node.
 */
hidp_status hidp__assemble(const struct hidp__tables *tables, const struct hidp__prices *prices,
                           const struct hidp__bound *bound, enum hidp__local_modes modes,
                           const struct hidp__decisions *draft, struct hidp__decisions *out,
                           struct hidp__arena *arena);

/*
 * A draft from legs. Returns HIDP_OK, HIDP_ERR_NOMEM, or HIDP_ERR_INFEASIBLE if a run has
 * too few rows for two nodes.
 */
hidp_status hidp__draft_legs(const struct hidp__tables *tables, const struct hidp__leg *legs,
                             uint32_t count, struct hidp__decisions *draft,
                             struct hidp__arena *arena);

/* Rows of the tensor that crosses the waist `end` which the layer right behind it reads. */
struct hidp__span hidp__rows_read(const struct hidp__tables *tables, uint32_t end);
/*
 * Does the share with these units own a row that the layer behind a sequence of splits
 * reads, which ends at the waist `end`? A rule of doc/plan-space.md.
 */
bool hidp__share_is_read(const struct hidp__tables *tables, uint32_t end, int64_t row_units,
                         struct hidp__span units);

/* Layers of the model that a stage of the places [first, end) covers, model inputs included. */
uint32_t hidp__stage_layers(const struct hidp__tables *tables, uint32_t first, uint32_t end);

#endif
