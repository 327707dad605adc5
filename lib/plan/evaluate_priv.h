/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLAN_EVALUATE_PRIV_H
#define HIDP_PLAN_EVALUATE_PRIV_H

#include "plan/plan_priv.h"

/*
 * What one request costs on one route: collected while the route is walked, then
 * weighed together with the others.
 */
struct hidp__route {
	double latency_s;
	double *busy_s;        /* [processor] */
	double *transmit_s;    /* [node] */
	double *receive_s;     /* [node] */
	double *medium_busy_s; /* [medium] */
	double transfer_bytes;
	bool *takes_part; /* [node] computes, sends, receives or relays */
};

/* Appends to a timeline; tasks == NULL in `log` means that none is kept. */
struct hidp__task_log {
	struct hidp__task *tasks;
	uint32_t count;
	uint32_t capacity;
	struct hidp__arena *arena;
};

bool hidp__task_add(struct hidp__task_log *log, const struct hidp__task *task);

/* The rows that each slice of a step computes; row [slice][layer of the step]. */
struct hidp__step_rows {
	struct hidp__span *rows; /* [slice_count * layer_count] */
	uint32_t layer_count;
};

/* One message: rows of a tensor over a link. */
struct hidp__message {
	hidp_layer_id layer;
	hidp_node_id from, to;
	uint32_t stage, share; /* for whom it is sent */
	hidp_dtype wire_dtype;
	uint32_t part_count;
	const struct hidp__span *parts; /* of the rows; disjoint, rising */
	uint64_t bytes;
};

/* What the messages of the first stages of a plan come to, on one route. */
struct hidp__messages {
	bool keep; /* list them, in the order in which they are sent */
	struct hidp__message *list;
	size_t count, capacity;
	double *start_s;   /* [share of the last stage] when it has all it needs; the caller's */
	double delivery_s; /* of the outputs, if the stages are all */
	struct hidp__route route; /* its latency and busy times mean nothing */
};

/*
 * plan/evaluate.c: the messages of the stages decided so far, whose shares need comp but
 * no steps; choice[stage]: share on the route, of replica stages. What the stages behind
 * read stays present everywhere. Memory comes from the arena. Returns HIDP_OK,
 * HIDP_ERR_NOMEM, or HIDP_ERR_PLAN if something cannot be reached.
 */
hidp_status hidp__evaluate_messages(const struct hidp__problem *problem,
                                    const struct hidp__decisions *decisions, bool complete,
                                    uint32_t *choice, struct hidp__messages *messages,
                                    struct hidp__arena *scratch);

/*
 * plan/share_cost.c: the rows of the slices of a step (doc/cost-model.md section
 * 4); place[layer] is scratch of the model's size. false: no memory.
 */
bool hidp__step_rows(const struct hidp_model *model, const struct hidp__share *share,
                     const struct hidp__step *step, struct hidp__step_rows *out,
                     struct hidp__arena *arena);

/*
 * The duration of a share, from its start to the end of its last step; `before` is
 * the last step of the node's share in the stage before, NULL if it has none. Busy times
 * are added to busy_s[processor of the node]. With a log, tasks are added that
 * begin at start_s. false: no memory.
 */
bool hidp__share_cost(const struct hidp__problem *problem, uint32_t stage_number,
                      uint32_t share_number, const struct hidp__share *share,
                      const struct hidp__step *before, double start_s, double *busy_s,
                      double *duration_s, struct hidp__task_log *log, struct hidp__arena *arena);

/*
 * plan/memory.c: what a share needs of memory (doc/cost-model.md section 9).
 * working_set: of the node. need[processor of the node]: the largest need of a slice
 * on each processor, weights apart. fraction[layer * processors + processor]: raised
 * to the part of the layer's channels that the processor computes.
 */
bool hidp__share_memory(const struct hidp_model *model, const struct hidp__share *share,
                        uint32_t processor_count, double *working_set, double *need,
                        double *fraction, struct hidp__arena *arena);

#endif
