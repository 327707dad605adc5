/* SPDX-License-Identifier: MIT */
/* What processors the layers of a plan are on, where more is asked than that they can run them. */
#include <string.h>

#include "base/diagnostic.h"
#include "plan/verify_priv.h"

#define FAIL hidp__verify_fail

/* Name of a processor of the cluster, and of its node. */
static const char *processor_name(const struct hidp__verify *v, uint32_t processor,
                                  const char **node_out)
{
	hidp_node_id n = 0;
	while (processor >= v->cluster->nodes[n].first_processor +
	                            v->cluster->nodes[n].processor_count)
		n++;
	*node_out = v->cluster->nodes[n].desc.name;
	return v->cluster->nodes[n]
	        .processors[processor - v->cluster->nodes[n].first_processor]
	        .name;
}

hidp_status hidp__verify_runs(struct hidp__verify *v, uint32_t stage, uint32_t share,
                              hidp_layer_id layer, hidp_processor_id processor)
{
	const struct hidp__layer *l = &v->model->layers[layer];
	hidp_node_id node = v->plan->decisions.stages[stage].shares[share].node;
	bool again = v->runs_on[layer] != HIDP__NEVER;
	if (again && l->colocation != 0)
		return FAIL(v, stage, share,
		            "layer %s has slices on several processors, but it is of colocation "
		            "group %u",
		            l->name, l->colocation);
	if (again && (v->options.flags & HIDP_PLAN_CONTIGUOUS))
		return FAIL(v, stage, share,
		            "layer %s has slices on several processors, but the plan is to be "
		            "contiguous",
		            l->name);
	v->runs_on[layer] = v->cluster->nodes[node].first_processor + processor;
	return HIDP_OK;
}

hidp_status hidp__verify_colocation(const struct hidp__verify *v)
{
	for (hidp_layer_id l = 0; l < v->layers; l++) {
		const struct hidp__layer *layer = &v->model->layers[l];
		uint32_t here = v->runs_on[l], there = v->runs_on[layer->mate];
		const char *node, *other_node;
		if (layer->colocation == 0 || here == there)
			continue;
		const char *name = processor_name(v, here, &node);
		const char *other = processor_name(v, there, &other_node);
		return FAIL(v, v->stage_of[l], HIDP__NO_SHARE,
		            "layer %s of colocation group %u is on processor %s of node %s, layer "
		            "%s on processor %s of node %s",
		            layer->name, layer->colocation, name, node,
		            v->model->layers[layer->mate].name, other, other_node);
	}
	return HIDP_OK;
}

/* Stages and steps that give layers, or requests, to several. */
static hidp_status check_undivided(const struct hidp__verify *v)
{
	for (uint32_t s = 0; s < v->stages; s++) {
		const struct hidp__stage *g = &v->plan->decisions.stages[s];
		if (g->kind != HIDP_STAGE_SINGLE && g->kind != HIDP_STAGE_BRANCH)
			return FAIL(v, s, HIDP__NO_SHARE, "kind %u in a contiguous plan", g->kind);
		for (uint32_t k = 0; k < g->share_count; k++) {
			for (uint32_t t = 0; t < g->shares[k].step_count; t++) {
				hidp_step_kind kind = g->shares[k].steps[t].kind;
				if (kind != HIDP_STEP_SINGLE && kind != HIDP_STEP_BRANCH)
					return FAIL(v, s, k,
					            "step %u is of kind %u in a contiguous plan",
					            t, kind);
			}
		}
	}
	return HIDP_OK;
}

/* Floods what the layers of a processor lead to, as far as other processors compute it. */
static hidp_status check_processor(const struct hidp__verify *v, uint32_t processor)
{
	uint32_t count = 0;
	memset(v->last, 0, v->layers * sizeof *v->last);
	for (hidp_layer_id l = 0; l < v->layers; l++)
		if (v->runs_on[l] == processor)
			v->flood[count++] = l;
	for (uint32_t at = 0; at < count; at++) {
		const struct hidp__layer *l = &v->model->layers[v->flood[at]];
		bool outside = v->runs_on[v->flood[at]] != processor;
		for (uint32_t c = 0; c < l->consumer_count; c++) {
			hidp_layer_id reader = l->consumers[c];
			const char *node;
			if (outside && v->runs_on[reader] == processor) {
				const char *name = processor_name(v, processor, &node);
				return FAIL(v, v->stage_of[reader], HIDP__NO_SHARE,
				            "processor %s of node %s computes layer %s, but not "
				            "layer %s, which leads to it from others of its layers",
				            name, node, v->model->layers[reader].name, l->name);
			}
			if (v->runs_on[reader] == processor || v->last[reader] != 0)
				continue;
			v->last[reader] = 1; /* seen */
			v->flood[count++] = reader;
		}
	}
	return HIDP_OK;
}

/*
 * Processors in an order: each behind those that it reads of. Ranks that grow without end show
 * that there is none; flood[layer] holds the rank of the layer's processor.
 */
static hidp_status check_ranks(const struct hidp__verify *v)
{
	const struct hidp_model *m = v->model;
	bool grows = true;
	for (hidp_layer_id l = 0; l < m->layer_count; l++)
		v->flood[l] = 0;
	for (uint32_t round = 0; grows && round <= m->layer_count; round++) {
		grows = false;
		for (hidp_layer_id l = 0; l < m->layer_count; l++) {
			for (uint32_t i = 0; i < m->layers[l].input_count; i++) {
				hidp_layer_id from = m->layers[l].inputs[i].layer;
				bool other = v->runs_on[from] != v->runs_on[l];
				uint32_t least = v->flood[from] + (other && v->runs_on[from] != HIDP__NEVER);
				if (v->flood[l] >= least)
					continue;
				for (hidp_layer_id k = 0; k < m->layer_count; k++)
					if (v->runs_on[k] == v->runs_on[l] && v->runs_on[k] != HIDP__NEVER &&
					    v->flood[k] < least) {
						v->flood[k] = least;
						grows = true;
					}
			}
		}
	}
	if (!grows)
		return HIDP_OK;
	return FAIL(v, v->stage_of[m->layer_count - 1], HIDP__NO_SHARE,
	            "processors wait for each other: there is no order in which each reads of those "
	            "before it");
}

hidp_status hidp__verify_contiguous(const struct hidp__verify *v)
{
	hidp_status status = HIDP_OK;
	if (!(v->options.flags & HIDP_PLAN_CONTIGUOUS))
		return HIDP_OK;
	status = check_undivided(v);
	for (uint32_t p = 0; p < v->cluster->processor_count && status == HIDP_OK; p++)
		status = check_processor(v, p);
	return status == HIDP_OK ? check_ranks(v) : status;
}
