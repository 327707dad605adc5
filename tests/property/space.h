/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_SPACE_H
#define HIDP_TESTS_SPACE_H

#include "random_instance.h"

/*
 * The plan space of doc/plan-space.md, written down once more: apart from the
 * planner, through the public interface, for small problems. exhaustive.c says how
 * the search is made and why nothing is left out.
 */

#define SPACE_LAYERS 6     /* that compute */
#define SPACE_NODES 3
#define SPACE_PROCESSORS 3 /* of a node */
#define SPACE_ROWS 12      /* of the tallest tensor */

struct space_slice {
	hidp_processor_id processor;
	int64_t begin, end;
	uint32_t layer_count; /* branch; else 0 */
	hidp_layer_id layers[SPACE_LAYERS];
};

struct space_step {
	hidp_step_kind kind;
	uint32_t layer_count, slice_count;
	struct space_slice slices[SPACE_PROCESSORS];
};

/* A way to divide a share over the processors of its node, and what the evaluator says of it. */
struct space_way {
	uint32_t step_count;
	struct space_step steps[SPACE_LAYERS];
	double duration_s; /* no hand-over before it */
	double busy_s[SPACE_PROCESSORS];
	double memory_bytes; /* of the node, but for what does not depend on the way */
	double need_bytes[SPACE_PROCESSORS];
};

/* The ways of one share; equal shares of other plans have the same. */
struct space_ways {
	hidp_node_id node;
	uint32_t members;               /* bit per place: its layers */
	int64_t comp[2 * SPACE_LAYERS]; /* per place: the rows that it computes */
	struct space_way *items;
	uint32_t count, capacity;
	uint64_t considered;
	struct space_ways *next;
};

struct space_share {
	hidp_node_id node;
	int64_t row_begin, row_end;
	double fraction;
	uint32_t members;
	const struct space_ways *ways;
	const struct space_way *way;
};

/* Layers that compute are counted by their place among them. */
struct space_stage {
	hidp_stage_kind kind;
	uint32_t first, end;
	int64_t row_units;
	uint32_t share_count;
	struct space_share shares[SPACE_NODES];
};

struct space_plan {
	uint32_t stage_count;
	struct space_stage stages[SPACE_LAYERS];
};

/* A world in which one node is as it is, and everything else takes no time. */
struct space_probe {
	struct hidp_cluster *cluster;
	struct hidp_cost *cost;
};

struct space {
	const struct random_instance *instance;
	struct hidp_plan_options unlimited; /* its options without limits on figures */
	bool stream;
	bool plain; /* every single plan is evaluated */
	/* which figures the objective and the limits look at */
	bool by_time, by_load, by_energy;
	uint32_t layer_count; /* of the model, inputs included */
	uint32_t place_count;
	hidp_layer_id id[SPACE_LAYERS];
	uint32_t place_of[64]; /* UINT32_MAX: a model input */
	struct hidp_layer_info layer[SPACE_LAYERS];
	bool waist[SPACE_LAYERS + 1];
	hidp_layer_id crossing[SPACE_LAYERS + 1]; /* at waists; HIDP_LAYER_NONE: no tensor crosses */
	uint32_t node_count;
	uint32_t processor_count[SPACE_NODES];
	struct hidp_node_desc node[SPACE_NODES];
	struct hidp_processor_desc processor[SPACE_NODES][SPACE_PROCESSORS];
	bool allowed[SPACE_LAYERS][SPACE_NODES][SPACE_PROCESSORS];
	struct space_ways *ways;
	struct space_probe probe[SPACE_NODES];
	/* the search */
	double value;  /* plans that are not below it are of no interest */
	double best_value; /* INFINITY: none was found */
	struct hidp_plan *best;
	uint64_t evaluated, probed;
	uint64_t counted, counted_most;
};

/* false: the problem is larger than what is enumerated. */
bool space_begin(struct space *space, const struct random_instance *instance, bool plain);
void space_end(struct space *space);

/* Plans that are left to evaluate, more than `most` if there are more. */
uint64_t space_count(struct space *space, uint64_t most);

/* Finds the best plan among those with an objective of at most `value`. */
void space_search(struct space *space, double value);

/* space_stages.c: calls back with every stage that can come next, its shares without ways. */
typedef void space_stage_fn(struct space *space, struct space_plan *plan);
void space_each_stage(struct space *space, struct space_plan *plan, space_stage_fn *fn);

/* Numbers the weakly connected components of some places; returns how many there are. */
uint32_t space_components(const struct space *space, uint32_t members,
                          uint32_t component[SPACE_LAYERS]);

/* Layers of the model that the places [first, end) stand for, model inputs included. */
uint32_t space_model_layers(const struct space *space, uint32_t first, uint32_t end);

/* space_ways.c: the ways of a share of a stage, NULL if there are more than can be handled. */
const struct space_ways *space_find_ways(struct space *space, const struct space_stage *stage,
                                         uint32_t share);

/* space_build.c: a plan for the builder, in any world that has these nodes. */
hidp_status space_build(const struct space *space, const struct hidp_cluster *cluster,
                        const struct hidp_cost *cost, const struct hidp_plan_options *options,
                        const struct space_plan *plan, struct hidp_plan **plan_out,
                        struct hidp_diagnostic *diagnostic);
/* What one way of a share costs where nothing else takes time. */
void space_measure(struct space *space, const struct space_stage *stage, uint32_t share,
                   struct space_way *way);

/*
 * space_fractions.c: gives the replicas of a plan the best fractions, and makes it.
 * false: it breaks limits, or cannot be better than what is known.
 */
bool space_divide_requests(struct space *space, struct space_plan *plan,
                           struct hidp_plan **plan_out);

#endif
