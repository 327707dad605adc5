/* SPDX-License-Identifier: MIT */
/* What a small problem is made of, as far as the plan space goes. */
#include "space.h"

#include <math.h>
#include <stdlib.h>

static bool read_layers(struct space *s)
{
	const struct hidp_model *model = s->instance->model;
	s->layer_count = hidp_model_layer_count(model);
	if (s->layer_count > sizeof s->place_of / sizeof s->place_of[0])
		return false;
	for (hidp_layer_id l = 0; l < s->layer_count; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		support_must(hidp_model_layer(model, l, &info), NULL, "layer");
		if (info.shape.rows > SPACE_ROWS)
			return false;
		s->place_of[l] = UINT32_MAX;
		if (info.op == HIDP_OP_INPUT)
			continue;
		if (s->place_count == SPACE_LAYERS)
			return false;
		s->layer[s->place_count] = info;
		s->id[s->place_count] = l;
		s->place_of[l] = s->place_count++;
	}
	return true;
}

/*
 * The layers behind a waist read, of everything made before it, nothing but the output of
 * the layer right before it: model inputs count.
 */
static void find_waists(struct space *s)
{
	for (uint32_t cut = 1; cut < s->place_count; cut++) {
		hidp_layer_id crossing = HIDP_LAYER_NONE;
		s->waist[cut] = true;
		for (uint32_t p = cut; p < s->place_count; p++) {
			for (uint32_t i = 0; i < s->layer[p].input_count; i++) {
				hidp_layer_id in;
				hidp_model_layer_input(s->instance->model, s->id[p], i, &in, NULL,
				                       NULL);
				if (s->place_of[in] != UINT32_MAX && s->place_of[in] >= cut)
					continue;
				if (crossing != HIDP_LAYER_NONE && crossing != in)
					s->waist[cut] = false;
				crossing = in;
			}
		}
		if (crossing != HIDP_LAYER_NONE && crossing != s->id[cut - 1])
			s->waist[cut] = false;
		s->crossing[cut] = crossing;
	}
	s->waist[0] = s->waist[s->place_count] = true;
}

static bool read_nodes(struct space *s)
{
	const struct hidp_cluster *cluster = s->instance->cluster;
	s->node_count = hidp_cluster_node_count(cluster);
	if (s->node_count > SPACE_NODES)
		return false;
	for (hidp_node_id n = 0; n < s->node_count; n++) {
		s->processor_count[n] = hidp_cluster_processor_count(cluster, n);
		if (s->processor_count[n] > SPACE_PROCESSORS)
			return false;
		s->node[n] = (struct hidp_node_desc)HIDP_NODE_DESC_INIT;
		support_must(hidp_cluster_node(cluster, n, &s->node[n]), NULL, "node");
		for (hidp_processor_id p = 0; p < s->processor_count[n]; p++) {
			s->processor[n][p] = (struct hidp_processor_desc)HIDP_PROCESSOR_DESC_INIT;
			support_must(hidp_cluster_processor(cluster, n, p, &s->processor[n][p]),
			             NULL, "processor");
			for (uint32_t l = 0; l < s->place_count; l++)
				s->allowed[l][n][p] =
				        random_place_allowed(s->instance, s->id[l], n, p);
		}
	}
	return true;
}

/* Every figure that is looked at only ever gets worse with what it is made of. */
static void read_question(struct space *s)
{
	const struct hidp_plan_options *o = &s->instance->options;
	bool weighted = o->objective == HIDP_OBJECTIVE_WEIGHTED;
	bool energy = o->objective == HIDP_OBJECTIVE_ENERGY ||
	              (weighted && o->energy_weight > 0) || o->energy_limit_j > 0;
	bool period = o->objective == HIDP_OBJECTIVE_PERIOD ||
	              (weighted && o->period_weight > 0) || o->period_limit_s > 0;
	bool latency = o->objective == HIDP_OBJECTIVE_LATENCY ||
	               (weighted && o->latency_weight > 0) || o->latency_limit_s > 0;
	s->stream = (o->flags & HIDP_PLAN_STREAM) != 0 || o->objective == HIDP_OBJECTIVE_PERIOD;
	s->by_energy = energy;
	s->by_load = period || (energy && s->stream);
	s->by_time = latency || (energy && !s->stream);
	s->unlimited = *o;
	s->unlimited.latency_limit_s = 0;
	s->unlimited.period_limit_s = 0;
	s->unlimited.energy_limit_j = 0;
}

bool space_begin(struct space *space, const struct random_instance *instance, bool plain)
{
	*space = (struct space){
	        .instance = instance, .plain = plain, .best_value = INFINITY, .value = INFINITY};
	if (!read_layers(space) || !read_nodes(space))
		return false;
	find_waists(space);
	read_question(space);
	return true;
}

void space_end(struct space *space)
{
	for (uint32_t n = 0; n < SPACE_NODES; n++) {
		hidp_cost_unref(space->probe[n].cost);
		hidp_cluster_unref(space->probe[n].cluster);
	}
	while (space->ways != NULL) {
		struct space_ways *next = space->ways->next;
		free(space->ways->items);
		free(space->ways);
		space->ways = next;
	}
	hidp_plan_unref(space->best);
	space->best = NULL;
}

uint32_t space_model_layers(const struct space *space, uint32_t first, uint32_t end)
{
	/* model inputs belong to the stage of the layer behind them, the last ones to the last stage */
	hidp_layer_id begin = first == 0 ? 0 : space->id[first - 1] + 1;
	return (end == space->place_count ? space->layer_count : space->id[end - 1] + 1) - begin;
}

uint32_t space_components(const struct space *space, uint32_t members,
                          uint32_t component[SPACE_LAYERS])
{
	uint32_t found = 0;
	for (uint32_t p = 0; p < space->place_count; p++) {
		if (!(members >> p & 1))
			continue;
		component[p] = found++;
		for (uint32_t i = 0; i < space->layer[p].input_count; i++) {
			hidp_layer_id in;
			hidp_model_layer_input(space->instance->model, space->id[p], i, &in, NULL,
			                       NULL);
			uint32_t from = space->place_of[in];
			if (from == UINT32_MAX || !(members >> from & 1) ||
			    component[from] == component[p])
				continue;
			/* the two become one, the last number is free again */
			uint32_t a = component[p], b = component[from];
			uint32_t keep = a < b ? a : b, gone = a < b ? b : a;
			found--;
			for (uint32_t q = 0; q <= p; q++) {
				if (!(members >> q & 1))
					continue;
				if (component[q] == gone)
					component[q] = keep;
				else if (component[q] > gone)
					component[q]--;
			}
		}
	}
	return found;
}
