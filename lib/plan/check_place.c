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
	places->contiguous = (problem->request->options.flags & HIDP_PLAN_CONTIGUOUS) != 0;
	places->runs_on = hidp__arena_calloc(arena, places->contiguous ? model->layer_count : 1,
	                                     sizeof *places->runs_on);
	places->seats = hidp__arena_calloc(arena, seats, sizeof *places->seats);
	return places->runs_on != NULL && places->seats != NULL;
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
	if (p->contiguous)
		p->runs_on[layer] =
		        p->problem->cluster->nodes[node].first_processor + processor + 1;
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

static hidp_status not_contiguous(const struct hidp__places *p, uint32_t processor,
                                  hidp_layer_id from, hidp_layer_id over, hidp_layer_id to,
                                  const char *where, struct hidp_diagnostic *diagnostic)
{
	const struct hidp__node *nodes = p->problem->cluster->nodes;
	hidp_node_id n = 0;
	while (nodes[n].first_processor + nodes[n].processor_count <= processor)
		n++;
	return hidp__fail(diagnostic, HIDP_ERR_PLAN, where,
	                  "processor %s of node %s computes layer %s and layer %s, but not layer "
	                  "%s on the way from one to the other: the plan is not contiguous",
	                  processor_name(p, n, processor - nodes[n].first_processor),
	                  node_name(p, n), layer_name(p, from), layer_name(p, to),
	                  layer_name(p, over));
}

/*
 * Does a way through the model lead out of the layers of a processor, which are among
 * [first, last], and back? left[layer]: a layer of the processor, + 1, from which a way leads
 * to this one, which is of another; what it holds before is of no interest.
 */
static hidp_status check_way_back(const struct hidp__places *p, uint32_t processor,
                                  hidp_layer_id first, hidp_layer_id last, uint32_t *left,
                                  const char *where, struct hidp_diagnostic *diagnostic)
{
	const struct hidp__layer *layers = p->problem->model->layers;
	for (hidp_layer_id l = first; l <= last; l++) {
		bool here = p->runs_on[l] == processor + 1;
		left[l] = 0;
		for (uint32_t k = 0; k < layers[l].input_count; k++) {
			hidp_layer_id in = layers[l].inputs[k].layer;
			if (in < first)
				continue; /* no layer of the processor leads there */
			bool from_here = p->runs_on[in] == processor + 1;
			if (here && !from_here && left[in] != 0)
				return not_contiguous(p, processor, left[in] - 1, in, l, where,
				                      diagnostic);
			if (!here && (from_here || left[in] != 0))
				left[l] = from_here ? in + 1 : left[in];
		}
	}
	return HIDP_OK;
}

/* Layers by processor, and for how much a processor waits that others make. */
struct waits {
	uint32_t *begin; /* [processors + 2] where its layers begin in `layers` */
	hidp_layer_id *layers;
	uint32_t *count; /* [processor] inputs of its layers that others make and that are not there */
	uint32_t *queue; /* [processor] those that wait for nothing */
};

static bool find_waits(const struct hidp__places *p, struct waits *w, struct hidp__arena *arena)
{
	const struct hidp_model *model = p->problem->model;
	uint32_t processors = p->problem->cluster->processor_count;
	w->begin = hidp__arena_calloc(arena, (size_t)processors + 3, sizeof *w->begin);
	w->layers = hidp__arena_alloc(arena, model->layer_count, sizeof *w->layers);
	w->count = hidp__arena_calloc(arena, processors, sizeof *w->count);
	w->queue = hidp__arena_alloc(arena, processors, sizeof *w->queue);
	if (w->begin == NULL || w->layers == NULL || w->count == NULL || w->queue == NULL)
		return false;
	for (hidp_layer_id l = 0; l < model->layer_count; l++)
		w->begin[p->runs_on[l] + 2]++;
	for (uint32_t q = 0; q <= processors; q++)
		w->begin[q + 2] += w->begin[q + 1];
	for (hidp_layer_id l = 0; l < model->layer_count; l++) {
		uint32_t on = p->runs_on[l];
		w->layers[w->begin[on + 1]++] = l;
		for (uint32_t k = 0; k < model->layers[l].input_count && on != 0; k++) {
			uint32_t from = p->runs_on[model->layers[l].inputs[k].layer];
			w->count[on - 1] += from != 0 && from != on;
		}
	}
	return true;
}

/* What a processor makes is there: others wait for less. Returns how many are in the queue. */
static uint32_t end_waits(const struct hidp__places *p, struct waits *w, uint32_t processor,
                          uint32_t queued)
{
	const struct hidp_model *model = p->problem->model;
	for (uint32_t i = w->begin[processor + 1]; i < w->begin[processor + 2]; i++) {
		const struct hidp__layer *l = &model->layers[w->layers[i]];
		for (uint32_t c = 0; c < l->consumer_count; c++) {
			const struct hidp__layer *reader = &model->layers[l->consumers[c]];
			uint32_t on = p->runs_on[l->consumers[c]] - 1;
			for (uint32_t k = 0; k < reader->input_count && on != processor; k++)
				if (reader->inputs[k].layer == w->layers[i] && --w->count[on] == 0)
					w->queue[queued++] = on;
		}
	}
	return queued;
}

/* Is there an order of the processors in which each reads of those before it alone? */
static hidp_status check_order(const struct hidp__places *p, const char *where,
                               struct hidp__arena *arena, struct hidp_diagnostic *diagnostic)
{
	const struct hidp_cluster *c = p->problem->cluster;
	struct waits w;
	uint32_t queued = 0;
	if (!find_waits(p, &w, arena))
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	for (uint32_t q = 0; q < c->processor_count; q++)
		if (w.count[q] == 0)
			w.queue[queued++] = q;
	for (uint32_t i = 0; i < queued; i++)
		queued = end_waits(p, &w, w.queue[i], queued);
	if (queued == c->processor_count)
		return HIDP_OK;
	for (hidp_node_id n = 0; n < c->node_count; n++)
		for (uint32_t q = 0; q < c->nodes[n].processor_count; q++)
			if (w.count[c->nodes[n].first_processor + q] > 0)
				return hidp__fail(diagnostic, HIDP_ERR_PLAN, where,
				                  "processor %s of node %s waits for others that "
				                  "wait for it: the plan is not contiguous",
				                  processor_name(p, n, q), node_name(p, n));
	return HIDP_OK;
}

/* Takes time linear in layers and inputs for every processor that is used. */
hidp_status hidp__places_end(const struct hidp__places *p, const char *where,
                             struct hidp__arena *arena, struct hidp_diagnostic *diagnostic)
{
	const struct hidp_model *model = p->problem->model;
	uint32_t processors = p->problem->cluster->processor_count;
	if (!p->contiguous)
		return HIDP_OK;
	/* the first and the last layer, + 1, of each processor + 1; of 0, model inputs */
	uint32_t *first = hidp__arena_calloc(arena, (size_t)processors + 1, sizeof *first);
	uint32_t *last = hidp__arena_calloc(arena, (size_t)processors + 1, sizeof *last);
	uint32_t *left = hidp__arena_calloc(arena, model->layer_count, sizeof *left);
	if (first == NULL || last == NULL || left == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	for (hidp_layer_id l = 0; l < model->layer_count; l++) {
		uint32_t on = p->runs_on[l];
		first[on] = first[on] == 0 ? l + 1 : first[on];
		last[on] = l + 1;
	}
	for (uint32_t q = 0; q < processors; q++) {
		if (first[q + 1] == 0)
			continue;
		hidp_status s = check_way_back(p, q, first[q + 1] - 1, last[q + 1] - 1, left,
		                               where, diagnostic);
		if (s != HIDP_OK)
			return s;
	}
	return check_order(p, where, arena, diagnostic);
}
