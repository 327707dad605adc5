/* SPDX-License-Identifier: MIT */
#include "plan/check_priv.h"

#include "base/diagnostic.h"

/* Where a colocation group is computed, on the route of the share under examination. */
struct hidp__seat {
	bool taken;
	bool by_replica; /* on other routes it is elsewhere */
	uint32_t stage, share;
	hidp_node_id node;
	hidp_processor_id processor;
	hidp_layer_id layer; /* the first that was seen there */
};

static const char *layer_name(const struct hidp__places *p, hidp_layer_id layer)
{
	return p->problem->model->layers[layer].name;
}

static const char *node_name(const struct hidp__places *p, hidp_node_id node)
{
	return p->problem->cluster->nodes[node].desc.name;
}

static const char *processor_name(const struct hidp__places *p, hidp_node_id node,
                                  hidp_processor_id processor)
{
	return p->problem->cluster->nodes[node].processors[processor].name;
}

bool hidp__places_begin(struct hidp__places *places, const struct hidp__problem *problem,
                        struct hidp__arena *arena)
{
	const struct hidp_model *model = problem->model;
	uint32_t seats = model->colocated != 0 ? model->layer_count : 1;
	*places = (struct hidp__places){.problem = problem};
	places->seats = hidp__arena_calloc(arena, seats, sizeof *places->seats);
	return places->seats != NULL;
}

void hidp__places_share(struct hidp__places *places, uint32_t stage, uint32_t share,
                        bool in_replica)
{
	places->stage = stage;
	places->share = share;
	places->in_replica = in_replica;
}

/*
 * The layers of a group share one processor on every route. No layer has two slices then:
 * the slices of a step, and the shares of a stage, are on different processors.
 */
hidp_status hidp__place(struct hidp__places *p, hidp_layer_id layer, hidp_node_id node,
                        hidp_processor_id processor, const char *where,
                        struct hidp_diagnostic *diagnostic)
{
	const struct hidp__layer *l = &p->problem->model->layers[layer];
	if (l->colocation == 0)
		return HIDP_OK;
	struct hidp__seat *seat = &p->seats[l->mate];
	bool other_route = p->in_replica && seat->stage == p->stage && seat->share != p->share;
	if (!seat->taken || other_route) {
		*seat = (struct hidp__seat){.taken = true,
		                            .by_replica = p->in_replica,
		                            .stage = p->stage,
		                            .share = p->share,
		                            .node = node,
		                            .processor = processor,
		                            .layer = layer};
		return HIDP_OK;
	}
	/* where requests are dealt out, what is in another stage is on the wrong node for some */
	bool torn = seat->stage != p->stage && (seat->by_replica || p->in_replica);
	if (!torn && seat->node == node && seat->processor == processor)
		return HIDP_OK;
	const char *here = processor_name(p, node, processor);
	const char *there = processor_name(p, seat->node, seat->processor);
	if (seat->layer == layer)
		return hidp__fail(diagnostic, HIDP_ERR_PLAN, where,
		                  "layer %s of colocation group %u is divided between processor %s "
		                  "of node %s and processor %s of node %s",
		                  l->name, l->colocation, there, node_name(p, seat->node), here,
		                  node_name(p, node));
	return hidp__fail(diagnostic, HIDP_ERR_PLAN, where,
	                  "layer %s of colocation group %u is computed on processor %s of node "
	                  "%s, but layer %s%s on processor %s of node %s",
	                  l->name, l->colocation, here, node_name(p, node),
	                  layer_name(p, seat->layer),
	                  torn ? ", in another stage, of which one is replicated," : "", there,
	                  node_name(p, seat->node));
}
