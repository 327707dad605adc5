/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_LOCAL_H
#define HIDP_PLANNER_LOCAL_H

#include "planner/bound.h"

/* Which steps a share may have. */
enum hidp__local_modes {
	HIDP__LOCAL_ALL = 0,
	HIDP__LOCAL_MODEL, /* single steps: the layers divided among the processors */
	HIDP__LOCAL_DATA,  /* rows steps wherever a layer's rows can be divided */
	HIDP__LOCAL_PAPER  /* the better of these two */
};

/* A share to be divided over the processors of its node. */
struct hidp__local {
	const struct hidp__tables *tables;
	const struct hidp__site *site;
	const struct hidp__prices *prices;
	const uint32_t *places;        /* [count] its layers, rising */
	const struct hidp__span *comp; /* [count] rows of each that it computes */
	uint32_t count;
	const struct hidp__step *before; /* last step of the node in the stage before, or NULL */
	/* with it, and all rows computed of consecutive layers, steps that cannot be on a best
	 * way are not looked at closely; NULL: look at all */
	const struct hidp__bound *bound;
	enum hidp__local_modes modes;
	bool whole; /* all rows of consecutive layers; filled in by hidp__local_plan() */
};

/*
 * The cheapest steps for a share: the second level of the plan, by dynamic
 * programming over (layers done, processor of the last step). *cost is what they
 * cost at the prices, by the planner's reckoning. Steps come from the arena. Returns
 * HIDP_OK, HIDP_ERR_NOMEM, or
 * HIDP_ERR_INFEASIBLE if some layer runs nowhere on the node.
 */
hidp_status hidp__local_plan(const struct hidp__local *local, struct hidp__step **steps,
                             uint32_t *step_count, double *cost, struct hidp__arena *arena);

/* How the layers up to a position were best done, ending in a state. */
struct hidp__cell {
	double cost;
	uint32_t from; /* position before the step */
	uint8_t state; /* state before the step; HIDP__NO_STEP: it is the node's first */
	uint8_t kind;  /* hidp_step_kind */
	uint8_t team;  /* rows and channels: which team */
};

#define HIDP__NO_STEP 0xff

/*
 * planner/steps.c: the steps that lead to a state after the last layer;
 * cells[(count + 1) * (processors + 1)]. false: no memory.
 */
bool hidp__local_steps(const struct hidp__local *local, const struct hidp__cell *cells,
                       uint32_t end_state, struct hidp__step **steps, uint32_t *step_count,
                       struct hidp__arena *arena);

/*
 * planner/rows_step.c: a step of rows of `length` layers from position `first` of the share,
 * or of channels of one, on team number `team` of the site: counts[] rows of its last layer
 * or channel groups for each member, and how long the members are busy. Returns its time
 * without hand-over and copies; INFINITY: there is no such step. Of whole shares each step
 * is reckoned once and kept in the site's tables.
 */
double hidp__team_step(const struct hidp__local *local, uint32_t first, uint32_t length,
                       enum hidp__divided axis, uint32_t team, int64_t *counts,
                       double *member_s);

#endif
