/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_GUESS_H
#define HIDP_PLANNER_GUESS_H

#include "planner/bound.h"

/*
 * What splits and branches over several nodes cost about: the counterpart of the
 * spread's bounds, with which the same shortest path finds the plans that are worth
 * building. For every crew (a set of nodes in an order) and every cut it knows the
 * best way to go on with it.
 */

/* Some nodes in the order of their shares, with the part of the rows of each. */
struct hidp__crew {
	uint32_t count;
	const hidp_node_id *nodes;
	double *parts; /* add up to 1 */
};

/* A stage over several nodes, or several split stages in a row with one division. */
struct hidp__run {
	bool branch;
	uint32_t first, end;           /* layers */
	const struct hidp__crew *crew; /* split */
	uint32_t stage_count;          /* split: of the sequence */
	uint32_t *ends;                /* [stage_count] */
	const struct hidp__region *region; /* branch */
	uint8_t node_of[HIDP__BRANCHES_MAX]; /* branch: place in `nodes` of each component */
	hidp_node_id nodes[HIDP__BRANCHES_MAX];
	hidp_node_id next; /* the node that goes on */
};

struct hidp__guess;

/* To guess what is cheaper than paths over single stages. NULL: no memory. */
struct hidp__guess *hidp__guess_new(const struct hidp__bound *plain, struct hidp__arena *arena);

/* As hidp__spread_relax(), and what is to be called once all of a place is known. */
void hidp__guess_relax(struct hidp__guess *guess, struct hidp__bound *bound, uint32_t place);
void hidp__guess_pass(struct hidp__guess *guess, const struct hidp__bound *bound, uint32_t place);

/* The run by which the path leaves a node at a waist; arrays from the arena. false: no memory. */
bool hidp__guess_run(const struct hidp__guess *guess, uint32_t place, hidp_node_id node,
                     struct hidp__run *run, struct hidp__arena *arena);

#endif
