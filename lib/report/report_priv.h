/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REPORT_REPORT_PRIV_H
#define HIDP_REPORT_REPORT_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/figures.h>
#include <hidp/plan.h>

#include "base/arena.h"
#include "base/text.h"

/*
 * Reports read a plan through the public getters, like any host; the timeline
 * below is what the picture and the trace have in common.
 */

/* Reports are made now and then: small code is better than fast code. */
#define HIDP__SMALL __attribute__((cold))

/* What has a row of its own in a timeline. */
enum hidp__lane_kind {
	HIDP__LANE_PROCESSOR = 1,
	HIDP__LANE_LINK,  /* messages from a node to one other */
	HIDP__LANE_SENDS, /* messages from a node to many others: it sends one at a time */
	HIDP__LANE_MEDIUM /* messages on a shared medium; belongs to no node */
};

struct hidp__lane {
	enum hidp__lane_kind kind;
	hidp_node_id node; /* HIDP_NODE_NONE for a medium */
	hidp_processor_id processor;
	hidp_node_id to; /* link */
	hidp_medium_id medium;
	uint32_t first, count; /* its tasks in the timeline's list, in order of time */
	double busy_s;         /* per request */
	double load_s;         /* of a processor: the same, and transfers that are its work */
};

/* Most links of a node that get a lane each. */
#define HIDP__LANE_LINKS_MAX 4u
/* Nodes with more processors show only those that work. */
#define HIDP__LANE_PROCESSORS_MAX 8u

/* One share as the timeline shows it; with replicas, only shares on the slowest route have tasks.
 */
struct hidp__share_times {
	double start_s, end_s;  /* computing; end_s < start_s: it has no tasks */
	double arrival_s;       /* of the last message for it */
	uint64_t receive_bytes; /* in messages for it; 0 for none */
};

struct hidp__timeline {
	const struct hidp_plan *plan;
	const struct hidp_model *model;
	const struct hidp_cluster *cluster;
	struct hidp_plan_figures figures;
	struct hidp_plan_options options;
	bool stream;
	uint32_t stage_count;
	uint32_t node_count;
	uint32_t task_count;
	struct hidp_task_info *tasks; /* [task_count] sorted by lane, then time */
	uint32_t lane_count;
	struct hidp__lane *lanes;          /* by node; processors before links; media last */
	double *stage_start_s;             /* [stage_count + 2] the last two: delivery, end */
	struct hidp__share_times **shares; /* [stage_count + 1][share]; the last: the delivery */
	uint32_t *stage_group;             /* [stage_count] stages alike in a row have one number */
	uint32_t group_count;
	bool *node_used;                   /* [node_count] has a share, sends or receives */
};

/* Memory comes from the arena. false: there is none. */
HIDP__SMALL bool hidp__timeline_make(struct hidp__timeline *timeline, const struct hidp_plan *plan,
                                     struct hidp__arena *arena);

/* When the last task of a stage ends; copies may follow before the stage does. */
double hidp__timeline_end(const struct hidp__timeline *timeline, uint32_t stage);

/* The context that a plan takes its memory from. */
struct hidp_context *hidp__report_context(const struct hidp_plan *plan);

/* Getters that cannot fail on a valid plan, by value. */
struct hidp_stage_desc hidp__report_stage(const struct hidp_plan *plan, uint32_t stage);
struct hidp_share_desc hidp__report_share(const struct hidp_plan *plan, uint32_t stage,
                                          uint32_t share);
struct hidp_step_desc hidp__report_step(const struct hidp_plan *plan,
                                        const struct hidp_task_info *task);
const char *hidp__report_node_name(const struct hidp_cluster *cluster, hidp_node_id node);
const char *hidp__report_processor_name(const struct hidp_cluster *cluster, hidp_node_id node,
                                        hidp_processor_id processor);
const char *hidp__report_layer_name(const struct hidp_model *model, hidp_layer_id layer);
int64_t hidp__report_layer_rows(const struct hidp_model *model, hidp_layer_id layer);

/* Words: "single", "split", ...; "rows", "channels", ...; "latency", ... */
const char *hidp__report_stage_kind(hidp_stage_kind kind);
const char *hidp__report_step_kind(hidp_step_kind kind);
const char *hidp__report_objective(hidp_objective objective);

/* The layers of a compute task, or of a stage without model inputs: first, last, how many. */
struct hidp__layer_range {
	hidp_layer_id first, last;
	uint32_t count;
};

struct hidp__layer_range hidp__report_task_layers(const struct hidp_plan *plan,
                                                  const struct hidp_task_info *task);
HIDP__SMALL struct hidp__layer_range hidp__report_stage_layers(const struct hidp_plan *plan,
                                                               uint32_t stage);

/* How many stages from this one on are carried out in the same way by the same nodes. */
HIDP__SMALL uint32_t hidp__report_like(const struct hidp__timeline *timeline, uint32_t first);

#define HIDP__LABEL_SIZE 768

/* "conv1", "conv1 .. pool5" within that many columns, longer names shortened. Returns buffer. */
HIDP__SMALL char *hidp__report_range(const struct hidp_model *model,
                                     const struct hidp__layer_range *range, size_t columns,
                                     char buffer[HIDP__LABEL_SIZE]);

/* Requests per second at a period, with three digits. Returns buffer. */
char *hidp__report_rate(double period_s, char buffer[32]);

/* A value of the objective, in its unit where it has one. Returns buffer. */
char *hidp__report_value(const struct hidp__timeline *timeline, double value, char buffer[32]);

/* How good the plan is known to be: "proven optimal", "at most 1.2 % above the optimum", ... */
char *hidp__report_verdict(const struct hidp_plan_figures *figures, char buffer[64]);

/* Which part of its stage a share is: "all", "rows 0-57 of 112", ... Returns buffer. */
char *hidp__report_part(const struct hidp_stage_desc *stage, const struct hidp_share_desc *share,
                        char buffer[80]);

/* Layers of a share that the same processors compute in the same way. */
struct hidp__layer_group {
	uint64_t processors; /* one bit each */
	hidp_step_kind kind;
	uint32_t layers;
	double parts[64]; /* of the layers, summed; by processor */
};

/*
 * Fills in groups[0..most) with the layers of that share of `count` stages, in the order
 * in which they come first; returns how many, and in others_out the layers beyond.
 */
HIDP__SMALL uint32_t hidp__report_layer_groups(const struct hidp__timeline *timeline,
                                               uint32_t stage, uint32_t count, uint32_t share,
                                               struct hidp__layer_group *groups, uint32_t most,
                                               uint32_t *others_out);

/* What the public functions do: make the timeline and write to the caller's buffer. */
typedef void (*hidp__report_fn)(struct hidp__text *text, const struct hidp__timeline *timeline);
HIDP__SMALL hidp_status hidp__report_write(const struct hidp_plan *plan, char *buffer, size_t size,
                                           size_t *needed_out, hidp__report_fn write);

#endif
