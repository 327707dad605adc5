/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_BOUND_H
#define HIDP_PLANNER_BOUND_H

#include "planner/block.h"
#include "planner/branches.h"

struct hidp__node_prices;

/*
 * The relaxed problem: a shortest path over (layers done, node, processor), in
 * which no edge costs more than what a plan would pay. Its length is a lower bound
 * on every plan, its values bound what is left to pay from any point on, and as far
 * as it takes edges that a plan can follow it is the best plan.
 *
 * Nodes change at waists (block.h). In between, a block that does not run on one
 * node alone is one *mixed* edge. A state is the processor of the last step, or
 * "team" (the number of processors of the node) for a step on several.
 */
struct hidp__bound {
	const struct hidp__tables *tables;
	const struct hidp__prices *prices;
	const struct hidp__path *paths;
	struct hidp__blocks blocks;
	struct hidp__node_prices *node_prices; /* [node] of those that take part */
	uint32_t state_count;
	uint32_t *first_state; /* [node] */
	double *stay;          /* layers before a place done, the stage goes on */
	double *enter;         /* a stage begins there; what it reads is present */
	double *leave;         /* at waists: a stage ends there */
	double *behind;        /* [place] what is left to pay, wherever everything is */
	uint16_t *stay_choice; /* layers of the next step (0: the stage ends) and the state after it */
	uint16_t *enter_choice;
	struct hidp__spread *spread; /* bounds for several nodes, or NULL */
	struct hidp__guess *guess;   /* guesses for several nodes, or NULL */
	double value;                /* of the whole path */
	uint64_t work;
};

/* Places of the arrays above. */
static inline size_t hidp__stay_at(const struct hidp__bound *b, uint32_t place, hidp_node_id node)
{
	return (size_t)place * b->state_count + b->first_state[node];
}

static inline size_t hidp__node_at(const struct hidp__bound *b, uint32_t place, hidp_node_id node)
{
	return (size_t)place * b->tables->node_count + node;
}

/* What the path does where several nodes could work on the same layers. */
enum hidp__spread_kind {
	HIDP__SPREAD_NONE,  /* nothing: all edges but mixed blocks and local rows steps are exact */
	HIDP__SPREAD_BOUND, /* splits and branches for no more than they cost: a lower bound */
	HIDP__SPREAD_GUESS  /* for about what they cost: a path that is worth building */
};

struct hidp__parts;

/* How several nodes are looked at. */
struct hidp__spreading {
	enum hidp__spread_kind kind;
	/* with SPREAD_NONE of the same tables, prices and paths, or NULL unless SPREAD_GUESS */
	const struct hidp__bound *like;
	struct hidp__parts *parts; /* SPREAD_BOUND: of the tables, or NULL for a quick bound only */
	/* likewise: paths that are longer are of no interest; of places that only they go through,
	 * the values may be too large */
	double ceiling;
};

/* Finds the shortest path; false: no memory. */
bool hidp__bound_build(struct hidp__bound *bound, const struct hidp__tables *tables,
                       const struct hidp__prices *prices, const struct hidp__path *paths,
                       struct hidp__spreading spreading, struct hidp__arena *arena);

struct hidp__run;

/* A part of the path: a single stage on a node, or a run over several (guess.h). */
struct hidp__leg {
	hidp_node_id node;
	uint32_t first, end; /* layers */
	const struct hidp__run *run;
	bool mixed; /* stands for blocks that run partly on any other node */
};

/*
 * The legs of the shortest path (not of a bound with SPREAD_BOUND, whose edges cannot
 * be followed); legs[layer_count]; none if there is no path. false: no memory.
 */
bool hidp__bound_path(const struct hidp__bound *bound, struct hidp__leg *legs, uint32_t *count,
                      struct hidp__arena *arena);

/*
 * What makes no difference at a node that costs `leave` to leave: to leave it for more than
 * it costs to go on there. A stage that is open goes on for no more than one that begins,
 * and a hand-over.
 */
double hidp__indifference(const struct hidp__bound *bound, uint32_t place, hidp_node_id node,
                          double leave);

/* planner/spread.c: relaxed edges for splits and branches over several nodes. */
struct hidp__spread;
struct hidp__spread *hidp__spread_new(const struct hidp__bound *bound, struct hidp__parts *parts,
                                      double ceiling, struct hidp__arena *arena);
/* Lowers leave at a waist where spreading the next layers could be cheaper. */
void hidp__spread_relax(struct hidp__spread *spread, struct hidp__bound *bound, uint32_t place);

#endif
