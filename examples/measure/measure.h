/* SPDX-License-Identifier: MIT */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/hidp.h>
#include <hidp/plugin/kernels.h>
#include <hidp/plugin/weights.h>

/*
 * Measuring: how long the layers of a model take on the processors of this machine, with the
 * kernels and sessions that will do the work. What comes out is what the planner reads: a cluster
 * with measured rates, and a cost table.
 */

/* ---- engine.c: kernels by name ---- */

struct engine;

/* Names of the kernels that this was built with, the quickest first; NULL: no more. */
const char *engine_name(size_t index);
/* The seed of the zoo's weights where nobody asks for another. */
#define ENGINE_SEED 1
/*
 * Kernels for a model with the zoo's weights; NULL as name: the quickest. HIDP_ERR_ARGUMENT: there
 * are none of that name.
 */
hidp_status engine_new(const char *name, const struct hidp_model *model,
                       struct engine **engine_out, struct hidp_diagnostic *diagnostic);
/* The same with other weights, which must outlive the engine. */
hidp_status engine_new_weights(const char *name, const struct hidp_model *model,
                               const struct hidp_weights *weights, void *weights_data,
                               struct engine **engine_out, struct hidp_diagnostic *diagnostic);
/* Other kernels; they must outlive the engine. NULL without memory. */
struct engine *engine_of(const struct hidp_kernels *kernels, void *data);
void engine_destroy(struct engine *engine);
const struct hidp_kernels *engine_kernels(const struct engine *engine);
void *engine_data(const struct engine *engine);

/* ---- trial.c: a plan, carried out again and again ---- */

/* Quartiles of a sample. */
struct spread {
	double low, median, high;
};

struct spread spread_of(double *values, size_t count);

/* Runs that a trial remembers. */
#define TRIAL_RUNS_MAX 256

struct trial;

/*
 * A session of node 0 on the plan. Processors from `idle_from` on compute nothing at all: what
 * they leave undone does not change how long the others take. Kernels are prepared once per
 * engine, as far as they can be.
 */
hidp_status trial_new(const struct hidp_plan *plan, const struct engine *engine,
                      hidp_processor_id idle_from, struct trial **trial_out,
                      struct hidp_diagnostic *diagnostic);
void trial_destroy(struct trial *trial);
/* One request, from its submission to its result; its times are remembered. */
hidp_status trial_run(struct trial *trial);
/* Forgets all runs so far: they warmed up. */
void trial_forget(struct trial *trial);
size_t trial_count(const struct trial *trial);
/* Of whole requests. */
struct spread trial_latency(const struct trial *trial);

/* For plans of one share: steps are numbered from 0, each layer is one where split_plan() made it. */

/* Median time in which a slice was computed. */
double trial_slice_s(const struct trial *trial, uint32_t step, uint32_t slice);
/*
 * Median time from the end of the step before to the end of this one. The first one begins with
 * the request, so taking its input is part of it.
 */
double trial_step_s(const struct trial *trial, uint32_t step);
/* The same less the step's longest slice: hand-over, or taking the input. */
double trial_gap_s(const struct trial *trial, uint32_t step);

/* ---- split.c: plans with a step for every layer ---- */

/* How the layers are divided over processors of node 0. */
struct split {
	hidp_step_kind kind; /* single, rows or channels; layers that cannot be divided so are single */
	uint32_t count;      /* of processors; single: 1 */
	hidp_processor_id processors[8]; /* single layers are the first one's */
	uint32_t weights[8];             /* parts are in proportion to these */
};

hidp_status split_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                       const struct split *split, struct hidp_plan **plan_out,
                       struct hidp_diagnostic *diagnostic);
/* Rows or groups of channels that a split divides in a layer; less than `count`: it is not divided. */
int64_t split_units(const struct hidp_model *model, hidp_layer_id layer, const struct split *split);
/* The part of them that a processor of it computes: [begin, end). */
void split_part(const struct split *split, int64_t units, uint32_t part, int64_t *begin_out,
                int64_t *end_out);

/* ---- node.c: a node ---- */

/* What was measured on a node; release it with node_times_clear(). */
struct node_times {
	struct hidp_cost *cost;       /* of every layer on every processor of `cluster` */
	struct hidp_cluster *cluster; /* the node alone, with the rates that follow, and the hand-over */
	double sync_s;                /* a hand-over; as described if there is but one processor */
	double whole_s[HIDP_NODE_PROCESSORS_MAX]; /* the whole model on each processor alone */
	uint32_t rounds;
};

void node_times_clear(struct node_times *times);

/*
 * Trials of node 0 of a cluster, which should be this machine: the model on each processor alone,
 * then its layers' rows and channels divided, so that every layer is timed as it will be run, with
 * the caches as the layer before left them and the neighbours busy. Processors that nothing tells
 * apart but their names and cores are taken for one. The machine should have nothing else to do.
 */
struct node_trials;
hidp_status node_trials_new(struct hidp_context *context, const struct hidp_model *model,
                            const struct hidp_cluster *cluster, const struct engine *engine,
                            struct node_trials **trials_out, struct hidp_diagnostic *diagnostic);
void node_trials_destroy(struct node_trials *trials);
/* Each of them once; and forgets what was run so far. */
hidp_status node_trials_run(struct node_trials *trials);
void node_trials_forget(struct node_trials *trials);
/* Whether the medians are where they were when this was asked last. */
bool node_trials_still(struct node_trials *trials);
/* What follows from the runs so far. */
hidp_status node_trials_times(struct node_trials *trials, struct node_times *times_out,
                              struct hidp_diagnostic *diagnostic);

/* ---- rates.c: rates that follow from times ---- */

/*
 * Node 0 of a cluster alone, with the rates that its processors' times in the cost source amount
 * to, class by class. Classes that the model has no layers of keep their rates, changed by as much
 * as those that it has are on average.
 */
hidp_status measured_rates(struct hidp_context *context, const struct hidp_model *model,
                           const struct hidp_cluster *cluster, const struct hidp_cost *cost,
                           double sync_s, struct hidp_cluster **cluster_out,
                           struct hidp_diagnostic *diagnostic);

/* ---- profile.c: a node until its times stand still, and how well they predict ---- */

/* Zero is the default in every field. */
struct measure_options {
	double budget_s; /* measure no longer than so, but for a few rounds; 0: 20 */
	uint32_t rounds; /* at most so many rounds; 0: as many as fit */
	void (*progress)(void *data, uint32_t round, double elapsed_s); /* or NULL */
	void *progress_data;
};

/* Measures node 0 of a cluster. */
hidp_status measure_node(struct hidp_context *context, const struct hidp_model *model,
                         const struct hidp_cluster *cluster, const struct engine *engine,
                         const struct measure_options *options, struct node_times *times_out,
                         struct hidp_diagnostic *diagnostic);

/* What a plan was predicted to take, and took. */
struct check {
	char plan[32]; /* what kind of plan it is */
	double predicted_s;
	struct spread measured_s;
};

#define CHECKS_MAX 16

/*
 * Measures node 0, plans with what was measured, and then measures anew with the plans run in
 * between: predictions are made with times of the same moments. Plans are those of the planner,
 * on each processor alone and on all, and some made by hand. *count_out of them are filled in.
 */
hidp_status check_predictions(struct hidp_context *context, const struct hidp_model *model,
                              const struct hidp_cluster *cluster, const struct engine *engine,
                              const struct measure_options *options,
                              struct check checks_out[CHECKS_MAX], size_t *count_out,
                              struct node_times *times_out, struct hidp_diagnostic *diagnostic);

#endif
