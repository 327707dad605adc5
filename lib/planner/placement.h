/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PLACEMENT_H
#define HIDP_PLANNER_PLACEMENT_H

#include "planner/pipeline.h"

/* Which placements are looked for. */
enum hidp__placing {
	HIDP__PLACE_ANYWHERE,  /* any: as even as moving layers makes it */
	HIDP__PLACE_CONTIGUOUS /* contiguous ones (HIDP_PLAN_CONTIGUOUS), to the end if there are not
	                          too many */
};

/*
 * Layers [first, end) on the processors of one node, each on one of them, with what tensors
 * cost that processors with memory of their own copy: once out of a memory, and once into
 * every other one that needs it. The pipeline of these layers becomes one with a shorter
 * longest load, if one is found, or the best contiguous one. HIDP_ERR_NOMEM.
 */
hidp_status hidp__placement_on(struct hidp__pipeline *pipeline, struct hidp__search *search,
                               enum hidp__placing placing, hidp_node_id node, uint32_t first,
                               uint32_t end);

/*
 * The same for all layers over all nodes of a cluster in which processors exchange tensors
 * through a hub, and do these transfers themselves; in other clusters nothing changes.
 */
hidp_status hidp__placement_through_hub(struct hidp__pipeline *pipeline,
                                        struct hidp__search *search, enum hidp__placing placing);

#endif
