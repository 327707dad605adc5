/* SPDX-License-Identifier: MIT */
#ifndef HIDP_COST_RATE_H
#define HIDP_COST_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/cluster_priv.h"
#include "cost/cost_priv.h"
#include "model/model_priv.h"

/*
 * The speed of one layer on one processor, and the formulas of doc/cost-model.md
 * section 2. Evaluator and planner both take their times from here.
 */
struct hidp__rate {
	double fixed_s[2]; /* part of the time that does not shrink; by enum hidp__divided */
	double work_s[2];  /* time of the whole layer's arithmetic, likewise */
	double byte_s;     /* seconds per byte moved; 0: moving takes no time */
	double slowdown;   /* 1 / (1 - load); 0 if the load is 1 */
	bool supported;    /* the processor can run the layer */
	bool runs;         /* and has time for it */
};

/* What a slice divides: in measured tables rows and channels shrink differently. */
enum hidp__divided { HIDP__ROWS = 0, HIDP__CHANNELS = 1 };

void hidp__rate_of(struct hidp__rate *rate, const struct hidp_model *model,
                   const struct hidp_cluster *cluster, const struct hidp_cost *cost,
                   hidp_layer_id layer, hidp_node_id node, hidp_processor_id processor);

/* Bytes that a slice of `rows` rows and the part `channels` (0 to 1) of the channels moves. */
double hidp__slice_bytes(const struct hidp_model *model, const struct hidp__layer *layer,
                         int64_t rows, double channels);

/* Time of a slice of the part q of a layer that moves `bytes`; q > 0. */
static inline double hidp__slice_time(const struct hidp__rate *rate, enum hidp__divided divided,
                                      double q, double bytes)
{
	double compute = q * rate->work_s[divided], move = bytes * rate->byte_s;
	return (rate->fixed_s[divided] + (compute > move ? compute : move)) * rate->slowdown;
}

#endif
