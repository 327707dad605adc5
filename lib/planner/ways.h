/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_WAYS_H
#define HIDP_PLANNER_WAYS_H

#include "planner/search.h"

/*
 * All ways to run a share on its node that could be part of a best plan: every sequence
 * of steps of the plan space, without those that another beats in everything that counts.
 * For small problems.
 */
struct hidp__way {
	double seconds;  /* without a hand-over before the first step */
	double *busy;    /* [processor of the node] likewise */
	double cost;     /* of the busy times, at busy_price */
	double priced;   /* what it adds to the relaxed problem: time and busy times at its prices */
	uint64_t first_team; /* processors of the first step, to which a hand-over is added */
	bool first_single;
	uint8_t end_state; /* processor of the last step, if single; else the number of processors */
	struct hidp__step *steps;
	uint32_t step_count;
};

/* Which figures a way is judged by. */
struct hidp__ways_scope {
	bool seconds;     /* the time it takes */
	bool each_busy;   /* the busy time of every processor; else only what they cost */
	bool all;         /* nothing is left out: memory could decide */
	const double *busy_price; /* [processor of the cluster] */
	const struct hidp__prices *prices; /* of the relaxed problem */
};

struct hidp__ways {
	uint32_t count;
	struct hidp__way *items;
};

struct hidp__ways_cache;

/* false: no memory. */
struct hidp__ways_cache *hidp__ways_cache_new(const struct hidp__tables *tables,
                                              const struct hidp__ways_scope *scope,
                                              struct hidp__arena *arena);

/*
 * The ways of a share (node, layers and comp are read) whose price is not above `most`;
 * NULL if they are more than `work` allows, which is counted down. They live as long as
 * the cache's arena. Asked for the same share again, `most` must not be larger. false:
 * no memory.
 */
bool hidp__ways_of(struct hidp__ways_cache *cache, const struct hidp__share *share, double most,
                   uint64_t *work, const struct hidp__ways **ways_out);

#endif
