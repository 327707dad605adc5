/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLAN_VERIFY_PRIV_H
#define HIDP_PLAN_VERIFY_PRIV_H

#include "plan/plan_priv.h"

/* A row that is not on a node. */
#define HIDP__NEVER UINT32_MAX
/* As a share in a diagnostic: the whole stage. */
#define HIDP__NO_SHARE UINT32_MAX

/* What a node holds on the route that is followed; NULL where it never had a row. */
struct hidp__verify_node {
	uint32_t *since; /* [row] twice the first stage in which the row is there as the stage
	                  * begins, plus one if a message brought it; NEVER */
	uint32_t *until; /* [layer] the last stage in which the node has a use for the tensor;
	                  * NEVER: not asked yet */
	double *held;    /* [stage] bytes held, as differences from the stage before */
};

/*
 * What verifying a plan keeps track of. Nothing here is shared with the evaluator
 * or with the check that plans pass when they are made: rows are followed one by
 * one, each with a place of its own in arrays over all rows of all tensors.
 */
struct hidp__verify {
	const struct hidp_plan *plan;
	const struct hidp_model *model;
	const struct hidp_cluster *cluster;
	struct hidp_diagnostic *diagnostic;
	struct hidp__arena arena;
	struct hidp_plan_options options;
	hidp_node_id input_node, output_node;
	bool stream;
	uint32_t layers, nodes, stages;
	uint32_t *stage_of;   /* [layer] the stage that computes it; for model inputs, 0 */
	size_t *first_row;    /* [layer + 1] place of the layer's first row among all rows */
	uint32_t *choice;     /* [stage] share that the route takes in replica stages */
	struct hidp__verify_node *held; /* [node] */
	hidp_node_id *owner;  /* [row], HIDP_NODE_NONE: nobody has computed it yet */
	unsigned char *made;  /* [row] computed by an earlier step of the running share */
	uint32_t *runs_on;    /* [layer] processor of the cluster that computes it on the route;
	                       * NEVER: not yet; of several, one */
	struct hidp__span *comp;  /* [layer] rows that the running share computes */
	struct hidp__span *slice; /* [layer] rows that the running slice computes */
	uint32_t *in_share;       /* [layer] == share_stamp: a layer of the running share */
	uint32_t *in_slice;       /* [layer] == slice_stamp: a layer of the running slice */
	uint32_t share_stamp, slice_stamp;
	struct hidp__span *need; /* [layer] rows wanted of tensors made elsewhere; scratch */
	hidp_layer_id *flood;    /* [layer] scratch */
	double *rows;            /* [layer] rows computed, added up over slices; scratch */
	uint32_t *last;          /* [layer] scratch */
	double *weights;         /* [node] bytes */
	double *activations;     /* [node] bytes; the largest over the routes so far */
	double *share_work;      /* [share of the plan] working set */
	double *processor_work;  /* [processor] the largest over stages, or the sum */
	double *processor_weights; /* [processor] bytes */
};

__attribute__((format(printf, 4, 5))) hidp_status hidp__verify_fail(const struct hidp__verify *v,
                                                                    uint32_t stage, uint32_t share,
                                                                    const char *format, ...);

/* Rows of an input with `rows` rows that the output rows [begin, end) need. */
struct hidp__span hidp__verify_need(const struct hidp_row_rule *rule, int64_t rows, int64_t begin,
                                    int64_t end);

/* Does the route that is followed take this share? */
bool hidp__verify_takes(const struct hidp__verify *v, uint32_t stage, uint32_t share);

/* Fills v->comp and v->in_share for a share. */
void hidp__verify_enter_share(struct hidp__verify *v, uint32_t stage, uint32_t share);
/* Fills v->slice and v->in_slice for a slice of a step of that share. */
void hidp__verify_enter_slice(struct hidp__verify *v, const struct hidp__share *share,
                              const struct hidp__step *step, const struct hidp__slice *slice);

/* plan/verify_shape.c: is it a plan: stages, shares, steps, slices that cover what they divide? */
hidp_status hidp__verify_shape(struct hidp__verify *v);

/* plan/verify_place.c: a slice computes rows of the layer; of some layers it must be the first. */
hidp_status hidp__verify_runs(struct hidp__verify *v, uint32_t stage, uint32_t share,
                              hidp_layer_id layer, hidp_processor_id processor);
/* Is the plan contiguous, if that was asked for? Its only route has been followed. */
hidp_status hidp__verify_contiguous(const struct hidp__verify *v);
/* Does every colocation group share one processor, on the route that has been followed? */
hidp_status hidp__verify_colocation(const struct hidp__verify *v);

/* plan/verify_memory.c: what shares, slices and weights take; once, before routes are followed. */
void hidp__verify_reckon(struct hidp__verify *v);
/* The last stage in which a node has a use for a tensor; `owns`: it owns rows of it. */
uint32_t hidp__verify_last_use(const struct hidp__verify *v, hidp_node_id node,
                               hidp_layer_id tensor, bool owns);
/* What nodes hold on the route that has been followed. */
void hidp__verify_reckon_route(struct hidp__verify *v);
/* Do nodes and processors stay within their limits, and are the plan's figures right? */
hidp_status hidp__verify_limits(const struct hidp__verify *v);

#endif
