/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLAN_PLAN_PRIV_H
#define HIDP_PLAN_PLAN_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hidp/figures.h>
#include <hidp/plan.h>

#include "base/arena.h"
#include "base/spans.h"
#include "cluster/cluster_priv.h"
#include "cost/cost_priv.h"
#include "model/model_priv.h"

/* The decisions of a plan: what the structs of <hidp/plan.h> describe, as a tree of arrays. */
struct hidp__slice {
	hidp_processor_id processor;
	uint32_t layer_count; /* branch: of layers; else of the step */
	const hidp_layer_id *layers;
	struct hidp__span range; /* rows: of the step's last layer; channels: groups; else empty */
};

struct hidp__step {
	hidp_step_kind kind;
	uint32_t first; /* place of its first layer in the share's list */
	uint32_t layer_count;
	uint32_t slice_count;
	struct hidp__slice *slices;
};

struct hidp__share {
	hidp_node_id node;
	struct hidp__span units; /* split: of the stage's row units */
	double fraction;         /* replica; 1 for the other kinds */
	uint32_t layer_count;
	uint32_t step_count;
	const hidp_layer_id *layers; /* without model inputs */
	struct hidp__step *steps;
	struct hidp__span *comp; /* [layer_count] rows it computes (doc/cost-model.md section 3) */
};

struct hidp__stage {
	hidp_stage_kind kind;
	hidp_layer_id first_layer;
	uint32_t layer_count; /* model inputs included */
	uint32_t share_count;
	int64_t row_units; /* split; else 1 */
	struct hidp__share *shares;
};

struct hidp__decisions {
	uint32_t stage_count;
	struct hidp__stage *stages;
};

/* What is asked of a plan: the options, checked and spread out over layers and processors. */
struct hidp__request {
	struct hidp_plan_options options; /* arrays belong to the request; `previous` is NULL */
	bool stream;
	hidp_node_id input_node;
	hidp_node_id output_node;
	hidp_node_id *pin_node;           /* [layer], HIDP_NODE_NONE: free; NULL: no pins */
	hidp_processor_id *pin_processor; /* [layer], HIDP_PROCESSOR_NONE: free */
	bool *excluded;                   /* [processor of the cluster]; unavailable ones too */
	bool *resident;                   /* [node * layers + layer]; NULL: nothing is said */
};

/* One bar of the timeline. */
struct hidp__task {
	hidp_task_kind kind;
	uint32_t stage, share, step, slice;
	hidp_node_id node, to;
	hidp_processor_id processor;
	hidp_layer_id layer;
	uint32_t layer_count;
	hidp_medium_id medium;
	struct hidp__span rows;
	double start_s, end_s, arrival_s, wait_s;
	uint64_t bytes;
};

/* What a plan costs; arrays over nodes, processors of the cluster, and media. */
struct hidp__evaluation {
	double latency_s, period_s, energy_j, objective;
	double migration_s, migration_bytes, transfer_bytes;
	double *memory_bytes;           /* [node] */
	double *weight_bytes;           /* [node] */
	double *transmit_s;             /* [node] */
	double *receive_s;              /* [node] */
	double *node_energy_j;          /* [node] */
	double *busy_s;                 /* [processor] */
	double *processor_memory_bytes; /* [processor] */
	double *medium_busy_s;          /* [medium] */
	struct hidp__task *tasks;
	uint32_t task_count;
};

/* The problem that a plan answers; all of it outlives the plan's evaluation. */
struct hidp__problem {
	const struct hidp_model *model;
	const struct hidp_cluster *cluster;
	const struct hidp_cost *cost; /* NULL: analytic */
	const struct hidp__request *request;
};

struct hidp_plan {
	atomic_uint refs;
	struct hidp__arena arena; /* owns request, decisions, evaluation */
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_cost *cost;
	struct hidp__request request;
	struct hidp__decisions decisions;
	struct hidp__evaluation evaluation;
	double lower_bound;
	double work;
};

/* plan/request.c: reads options (NULL: defaults) into a request; memory from the arena. */
hidp_status hidp__request_read(struct hidp__request *request, const struct hidp_model *model,
                               const struct hidp_cluster *cluster,
                               const struct hidp_plan_options *options, struct hidp__arena *arena,
                               struct hidp_diagnostic *diagnostic);

/* May the layer run on this processor, as far as pins, exclusions and availability go? */
static inline bool hidp__request_allows(const struct hidp__request *request,
                                        const struct hidp_cluster *cluster, hidp_layer_id layer,
                                        hidp_node_id node, hidp_processor_id processor)
{
	if (request->excluded[cluster->nodes[node].first_processor + processor])
		return false;
	if (request->pin_node == NULL || request->pin_node[layer] == HIDP_NODE_NONE)
		return true;
	return request->pin_node[layer] == node &&
	       (request->pin_processor[layer] == HIDP_PROCESSOR_NONE ||
	        request->pin_processor[layer] == processor);
}

/* Value of the objective for these figures. */
double hidp__request_objective(const struct hidp__request *request, double latency_s,
                               double period_s, double energy_j, double migration_s);

/*
 * plan/check.c: fills in comp, the rows a share computes, from its last layer back to
 * its first; place[layers of the model] is scratch, any numbers.
 */
void hidp__share_rows(const struct hidp_model *model, const struct hidp__stage *stage,
                      struct hidp__share *share, uint32_t *place);

/* plan/check.c: fills in every share's comp and refuses what is no plan at all. */
hidp_status hidp__check(const struct hidp__problem *problem, struct hidp__decisions *decisions,
                        struct hidp__arena *arena, struct hidp_diagnostic *diagnostic);

/*
 * plan/evaluate.c: what a checked plan costs (doc/cost-model.md); tasks only if
 * wanted. Results come from the arena, scratch is left as it was.
 */
hidp_status hidp__evaluate(const struct hidp__problem *problem,
                           const struct hidp__decisions *decisions, bool with_tasks,
                           struct hidp__evaluation *evaluation, struct hidp__arena *arena,
                           struct hidp__arena *scratch, struct hidp_diagnostic *diagnostic);

/*
 * What can limit the rate of requests, one after another: processors, what nodes send,
 * what they receive, media (doc/cost-model.md section 7).
 */
static inline size_t hidp__resource_count(const struct hidp_cluster *cluster)
{
	return (size_t)cluster->processor_count + 2 * (size_t)cluster->node_count +
	       cluster->medium_count;
}

/*
 * plan/evaluate.c: the seconds of each of them that count in the period, of which the
 * largest is the period: loads[hidp__resource_count()]. What a node sends and receives
 * counts on its processors instead if transfers are their work, and nowhere on a hub.
 */
void hidp__resource_loads(const struct hidp_cluster *cluster, const double *busy_s,
                          const double *transmit_s, const double *receive_s,
                          const double *medium_busy_s, double *loads);

/* plan/check.c: refuses a plan that breaks a limit of memory or of the options. */
hidp_status hidp__check_limits(const struct hidp__problem *problem,
                               const struct hidp__evaluation *evaluation,
                               struct hidp_diagnostic *diagnostic);

/*
 * plan/plan.c: a plan from decisions, which are copied. They need not say what
 * follows from the rest: first layers, layers of shares and slices outside
 * branches, comp. Checked, evaluated, and held against the limits; the plan takes
 * its own references. Scratch is left as it was.
 */
hidp_status hidp__plan_make(const struct hidp_model *model, const struct hidp_cluster *cluster,
                            const struct hidp_cost *cost, const struct hidp_plan_options *options,
                            const struct hidp__decisions *decisions, struct hidp_plan **plan_out,
                            struct hidp__arena *scratch, struct hidp_diagnostic *diagnostic);

/*
 * The same normalised copy for one who wants to check and evaluate without making a
 * plan. false: no memory.
 */
bool hidp__decisions_copy(struct hidp__decisions *to, const struct hidp__decisions *from,
                          const struct hidp_model *model, struct hidp__arena *arena);

/* Rows [first, last) of a tensor of `rows` rows that the row units [u, v) of `units` own. */
static inline struct hidp__span hidp__own_rows(struct hidp__span units, int64_t row_units,
                                               int64_t rows)
{
	return (struct hidp__span){units.begin * rows / row_units, units.end * rows / row_units};
}

#endif
