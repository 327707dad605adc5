/* SPDX-License-Identifier: MIT */
/* Why nodes compute nothing. */
#include "planner/absence.h"

#include "cluster/cluster_priv.h"
#include "model/model_priv.h"

/* What layers have to do with the ends of a request. */
struct ends {
	bool *from_input; /* [layer] it needs something of a model input */
	bool *to_output;  /* [layer] a model output needs something of it */
};

static bool reads(const struct hidp_model *m, hidp_layer_id layer, const struct hidp__input *in)
{
	struct hidp__span all = {0, m->layers[layer].shape.rows};
	return !hidp__span_empty(hidp__rule_need(&in->rule, m->layers[in->layer].shape.rows, all));
}

static bool find_ends(const struct hidp_model *m, struct ends *ends, struct hidp__arena *arena)
{
	ends->from_input = hidp__arena_calloc(arena, m->layer_count, sizeof(bool));
	ends->to_output = hidp__arena_calloc(arena, m->layer_count, sizeof(bool));
	if (ends->from_input == NULL || ends->to_output == NULL)
		return false;
	for (hidp_layer_id l = 0; l < m->layer_count; l++) {
		const struct hidp__layer *layer = &m->layers[l];
		ends->from_input[l] = layer->op == HIDP_OP_INPUT;
		for (uint32_t i = 0; i < layer->input_count; i++)
			if (reads(m, l, &layer->inputs[i]))
				ends->from_input[l] |= ends->from_input[layer->inputs[i].layer];
	}
	for (hidp_layer_id l = m->layer_count; l-- > 0;) {
		const struct hidp__layer *layer = &m->layers[l];
		ends->to_output[l] |= layer->is_output;
		for (uint32_t i = 0; i < layer->input_count; i++)
			if (ends->to_output[l] && reads(m, l, &layer->inputs[i]))
				ends->to_output[layer->inputs[i].layer] = true;
	}
	return true;
}

static bool computes(const struct hidp_plan *plan, hidp_node_id node)
{
	for (uint32_t s = 0; s < plan->decisions.stage_count; s++)
		for (uint32_t k = 0; k < plan->decisions.stages[s].share_count; k++)
			if (plan->decisions.stages[s].shares[k].node == node)
				return true;
	return false;
}

/* Could some layer be on a node, with what it needs there, and with what is needed of it back? */
static bool is_in_reach(const struct hidp_plan *plan, const struct ends *ends, hidp_node_id node)
{
	const struct hidp_model *m = plan->model;
	hidp_node_id input = plan->request.input_node, output = plan->request.output_node;
	bool there = node == input || hidp__next_hop(plan->cluster, input, node) != HIDP_NODE_NONE;
	bool back = node == output || hidp__next_hop(plan->cluster, node, output) != HIDP_NODE_NONE;
	for (hidp_layer_id l = 0; l < m->layer_count; l++)
		if (m->layers[l].op != HIDP_OP_INPUT && (there || !ends->from_input[l]) &&
		    (back || !ends->to_output[l]))
			return true;
	return false;
}

static enum hidp__absence absence_of(const struct hidp_plan *plan, const struct ends *ends,
                                     hidp_node_id node)
{
	const struct hidp__node *n = &plan->cluster->nodes[node];
	bool excluded = true, loaded = true;
	if (computes(plan, node))
		return HIDP__COMPUTES;
	for (uint32_t p = 0; p < n->processor_count; p++) {
		excluded &= plan->request.excluded[n->first_processor + p];
		loaded &= n->processors[p].load >= 1;
	}
	if (n->desc.flags & HIDP_NODE_UNAVAILABLE)
		return HIDP__UNAVAILABLE;
	if (loaded)
		return HIDP__LOADED;
	if (excluded)
		return HIDP__EXCLUDED;
	return is_in_reach(plan, ends, node) ? HIDP__NOT_WORTH_IT : HIDP__UNREACHABLE;
}

bool hidp__absences_find(const struct hidp_plan *plan, enum hidp__absence *absence,
                         struct hidp__arena *arena)
{
	struct ends ends;
	if (!find_ends(plan->model, &ends, arena))
		return false;
	for (hidp_node_id n = 0; n < plan->cluster->node_count; n++)
		absence[n] = absence_of(plan, &ends, n);
	return true;
}
