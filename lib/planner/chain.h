/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_CHAIN_H
#define HIDP_PLANNER_CHAIN_H

#include "planner/pipeline.h"

/*
 * A chain of items, cut into runs of which each has a processor of its own: processors in any
 * order, some of them unused. Items are the layers between two cuts that one tensor crosses.
 */

/*
 * The runs whose longest load is the least, into pipeline->on and pipeline->longest; loads are
 * reckoned as if every run had messages of its own alone, and no medium were shared.
 * pipeline->longest is INFINITY if none was found. *lower_bound: no contiguous plan has a
 * shorter period; INFINITY if there is no such plan, 0 where nothing is known. At most `work` steps are taken. HIDP_ERR_NOMEM.
 */
hidp_status hidp__chain_search(struct hidp__pipeline *pipeline, struct hidp__search *search,
                               uint64_t work, double *lower_bound);

#endif
