/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PIPELINE_H
#define HIDP_PLANNER_PIPELINE_H

#include "planner/search.h"
#include "planner/weights.h"

/*
 * Pipelines: every layer on one processor, every request through all of them. The longest
 * load of a resource is the period.
 */
struct hidp__pipeline {
	uint32_t *on;    /* [layer] processor of the cluster; of the layers that are asked for */
	double longest;  /* INFINITY: there is none */
	double *loads;   /* [resource] processors, senders, receivers, media */
	double mean;     /* a mixture of pipelines, requests dealt out to them, has this period */
	bool proven;     /* no contiguous one is better (placement.h) */
	uint32_t leaves; /* all nodes: a waist behind which the mixture leaves the input node; 0: none */
	struct hidp__finder *finder; /* all nodes: what hidp__pipeline_finish() goes on with */
};

/*
 * The best mixture of pipelines over all nodes. The weights become those under which the
 * cheapest pipeline is about dearest: no mixture of pipelines is better than what it costs
 * then. The arena keeps what is needed to go on. HIDP_ERR_NOMEM.
 */
hidp_status hidp__pipeline_find(struct hidp__pipeline *pipeline, struct hidp__search *search,
                                struct hidp__weights *weights);

/* Its best pipeline, made better out of the others; `on` is filled in only here. */
hidp_status hidp__pipeline_finish(struct hidp__pipeline *pipeline);

/* Both for layers [first, end) on one node; no messages are counted. */
hidp_status hidp__pipeline_on(struct hidp__pipeline *pipeline, struct hidp__search *search,
                              hidp_node_id node, uint32_t first, uint32_t end);

#endif
