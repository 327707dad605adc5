/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_NOTES_H
#define HIDP_PLANNER_NOTES_H

#include "planner/problem.h"

/* Plans that are dearer by no more than this part count as good as each other. */
#define HIDP__AS_NEAR 0.005

/* How a node takes requests by itself: what hidp__search_period() found. */
struct hidp__taking {
	uint32_t head;
	uint32_t *on;  /* [layer] processor of the cluster, of the layers it takes; NULL: not known */
	uint64_t work; /* it took to find that */
};

/*
 * The tables of a planner's last search, for its next one. They are the same if the same is
 * asked of the same model and costs, but for the sites of nodes that changed since. What they
 * say is what a search would find anew, so that it makes no difference but in time.
 */
struct hidp__notes {
	struct hidp_context *context;
	struct hidp_plan *of;       /* what was found with them; NULL: there are none */
	struct hidp__arena layers;  /* holds all but the sites, and these: */
	struct hidp__arena *sites;  /* [node] each holds what belongs to its node */
	struct hidp__tables tables;
	struct hidp__taking *takings; /* [node * 3 + enum hidp__taken] */
};

/* What of the layers a node takes by itself. */
enum hidp__taken {
	HIDP__TAKEN_WHOLE,
	HIDP__TAKEN_BEHIND, /* behind a head */
	HIDP__TAKEN_HEAD
};

/* Where a search finds that: as long as the node is what it was, it is the same; or NULL. */
const uint32_t *hidp__notes_find(const struct hidp__notes *notes, hidp_node_id node,
                                 enum hidp__taken taken, uint32_t head, uint64_t *work);

/* Takes it down; false: no memory. */
bool hidp__notes_take(struct hidp__notes *notes, hidp_node_id node, enum hidp__taken taken,
                      uint32_t head, const uint32_t *on, uint64_t work);

/* No tables. */
void hidp__notes_init(struct hidp__notes *notes, struct hidp_context *context);

/* Frees what there is; no tables. */
void hidp__notes_forget(struct hidp__notes *notes);

/* notes->tables become those of the problem; to be followed by hidp__notes_of(). false: no memory. */
bool hidp__notes_build(struct hidp__notes *notes, const struct hidp__problem *problem);

/* What was found with the tables; NULL: nothing, they are forgotten. */
void hidp__notes_of(struct hidp__notes *notes, struct hidp_plan *plan);

#endif
