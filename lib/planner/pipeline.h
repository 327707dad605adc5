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
	uint32_t *on;    /* [layer] processor of the cluster */
	double longest;  /* INFINITY: there is none */
	double *loads;   /* [resource] processors, senders, receivers, media */
	double mean;     /* a mixture of pipelines, requests dealt out to them, has this period */
};

/*
 * The best pipeline that was found, over all nodes, or over one whose messages are not
 * counted. With all nodes the weights become those under which the cheapest pipeline is about
 * dearest: no mixture of pipelines is better than what it costs then. HIDP_ERR_NOMEM.
 */
hidp_status hidp__pipeline_find(struct hidp__pipeline *pipeline, struct hidp__search *search,
                                struct hidp__weights *weights, hidp_node_id only);

#endif
