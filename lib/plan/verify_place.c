/* SPDX-License-Identifier: MIT */
/* What processors the layers of a plan are on, where more is asked than that they can run them. */
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
	if (l->colocation != 0 && v->runs_on[layer] != HIDP__NEVER)
		return FAIL(v, stage, share,
		            "layer %s has slices on several processors, but it is of colocation "
		            "group %u",
		            l->name, l->colocation);
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
