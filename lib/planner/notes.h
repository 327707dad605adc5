/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_NOTES_H
#define HIDP_PLANNER_NOTES_H

#include "planner/problem.h"

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
};

/* No tables. */
void hidp__notes_init(struct hidp__notes *notes, struct hidp_context *context);

/* Frees what there is; no tables. */
void hidp__notes_forget(struct hidp__notes *notes);

/* notes->tables become those of the problem; to be followed by hidp__notes_of(). false: no memory. */
bool hidp__notes_build(struct hidp__notes *notes, const struct hidp__problem *problem);

/* What was found with the tables; NULL: nothing, they are forgotten. */
void hidp__notes_of(struct hidp__notes *notes, struct hidp_plan *plan);

#endif
