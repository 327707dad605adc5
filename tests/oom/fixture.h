/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_OOM_FIXTURE_H
#define HIDP_TESTS_OOM_FIXTURE_H

#include <stdbool.h>

#include <hidp/hidp.h>

#include "allocator.h"

#define TEXT_MAX ((size_t)1 << 18)

/* Work limit of plans: enough for every part of the search to begin, little enough to
 * plan some ten thousand times. */
#define FIXTURE_WORK 10000

/*
 * What a call hands out. Filled with 0xA5 before every call; a call that fails
 * must leave all of it so. What a call that succeeds wrote must be the same in every
 * repetition, but for the object, which is put back before the comparison.
 */
struct outputs {
	void *object;
	uint32_t id;
	uint32_t count;
	size_t needed;
	struct hidp_plan_figures figures;
	char text[TEXT_MAX];
};

/*
 * One of everything, made with a healthy allocator:
 *   model    a residual block, two branches, concat, pool, dense; fused
 *   cluster  three nodes of two processors on a shared medium, one with memory of its own
 *   cost     a table with a few entries
 *   plan     split, branch, single and replica stages (a stream)
 *   local    one stage; steps of all kinds
 */
struct fixture {
	struct allocator allocator;
	struct hidp_context *context;
	struct hidp_model_builder *model_builder;
	struct hidp_model *model;
	struct hidp_cluster_builder *cluster_builder;
	struct hidp_cluster *cluster;
	struct hidp_cluster *loaded; /* the same cluster with other loads and a slower link */
	struct hidp_cost_builder *cost_builder;
	struct hidp_cost *cost;
	struct hidp_plan_builder *plan_builder;
	struct hidp_plan *plan;
	struct hidp_plan *local;
	struct hidp_planner *planner; /* has planned once */
	char *model_json;             /* texts are the C library's memory; NULL without JSON */
	char *cluster_json;
	char *plan_json;
	char *cost_json;
	struct hidp_diagnostic diagnostic;
	struct outputs *out;
};

/* Parts that take their time and that few scenarios need. */
enum fixture_part {
	FIXTURE_PLANNER = 1u << 0,
	FIXTURE_TEXTS = 1u << 1,
};

/* false and a message on standard output when the fixture cannot be made. */
bool fixture_make(struct fixture *f, struct outputs *out, unsigned parts);
void fixture_destroy(struct fixture *f);

/* Adds the layers of the fixture's model to a builder. */
hidp_status fixture_describe_model(struct hidp_model_builder *builder,
                                   struct hidp_diagnostic *diagnostic);

/* Adds the decisions of one of the fixture's plans to a builder. */
hidp_status fixture_describe_plan(struct hidp_plan_builder *builder,
                                  struct hidp_diagnostic *diagnostic);
hidp_status fixture_describe_local(struct hidp_plan_builder *builder,
                                   struct hidp_diagnostic *diagnostic);

#endif
