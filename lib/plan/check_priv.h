/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLAN_CHECK_PRIV_H
#define HIDP_PLAN_CHECK_PRIV_H

#include "plan/plan_priv.h"

/*
 * plan/check_place.c: which processors the layers of a plan are on, where more is asked than
 * that they can run them: colocated layers, contiguous plans.
 */
struct hidp__seat;

struct hidp__places {
	const struct hidp__problem *problem;
	bool contiguous;        /* wanted */
	uint32_t *runs_on;      /* [layer] processor of the cluster + 1; only if contiguous */
	struct hidp__seat *seats; /* [layer] of the colocation group whose first layer it is */
	uint32_t stage, share;  /* under examination */
	bool in_replica;
};

/* false: no memory. */
bool hidp__places_begin(struct hidp__places *places, const struct hidp__problem *problem,
                        struct hidp__arena *arena);

/* The layers that follow are of this share; shares come stage by stage. */
void hidp__places_share(struct hidp__places *places, uint32_t stage, uint32_t share,
                        bool in_replica);

/* A slice on that processor of a node computes rows of the layer; `where`: for the diagnostic. */
hidp_status hidp__place(struct hidp__places *places, hidp_layer_id layer, hidp_node_id node,
                        hidp_processor_id processor, const char *where,
                        struct hidp_diagnostic *diagnostic);

/* All layers have their places. */
hidp_status hidp__places_end(const struct hidp__places *places, const char *where,
                             struct hidp__arena *arena, struct hidp_diagnostic *diagnostic);

#endif
