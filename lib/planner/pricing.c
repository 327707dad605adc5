/* SPDX-License-Identifier: MIT */
#include "planner/pricing.h"

/* Could some plan need more memory than there is? Reckoned with room to spare. */
static bool memory_binds(const struct hidp__search *s)
{
	const struct hidp_model *model = s->problem->model;
	const struct hidp_cluster *cluster = s->problem->cluster;
	double weights = 0, others = 0, limit = INFINITY, buffers = 0;
	for (hidp_layer_id l = 0; l < model->layer_count; l++) {
		const struct hidp__layer *layer = &model->layers[l];
		weights += (double)layer->weight_bytes;
		others += (double)layer->shape.rows * (double)layer->row_bytes +
		          (double)layer->workspace_bytes;
	}
	for (hidp_node_id n = 0; n < cluster->node_count; n++) {
		const struct hidp__node *node = &cluster->nodes[n];
		double most = (double)node->desc.memory_bytes;
		double slices = node->processor_count + 1;
		others = others > 0 ? others : 0;
		if (most > 0 && most / slices < limit)
			limit = most / slices;
		buffers = fmax(buffers, (double)node->desc.receive_buffers +
		                                (double)node->desc.send_buffers);
		for (uint32_t q = 0; q < node->processor_count; q++) {
			most = (double)node->processors[q].memory_bytes;
			if (most > 0 && most / slices < limit)
				limit = most / slices;
		}
	}
	double stages = s->problem->request->stream ? (double)model->layer_count + 1 : 1;
	/* a tensor may be sent to every other node */
	buffers *= (double)cluster->node_count;
	return weights + (2 + buffers) * others * stages > limit;
}

bool hidp__pricing_begin(struct hidp__pricing *p, struct hidp__search *search)
{
	const struct hidp_plan_options *o = &search->problem->request->options;
	uint32_t n = search->tables->node_count;
	*p = (struct hidp__pricing){.search = search, .memory_binds = memory_binds(search)};
	p->latency = o->objective == HIDP_OBJECTIVE_LATENCY;
	p->period = o->objective == HIDP_OBJECTIVE_PERIOD;
	p->energy = o->objective == HIDP_OBJECTIVE_ENERGY;
	if (o->objective == HIDP_OBJECTIVE_WEIGHTED) {
		p->latency = o->latency_weight;
		p->period = o->period_weight;
		p->energy = o->energy_weight;
	}
	p->hold = hidp__arena_calloc(search->arena, n, sizeof *p->hold);
	p->uses = hidp__arena_calloc(search->arena, n, sizeof *p->uses);
	p->loads = hidp__arena_alloc(search->arena, hidp__resource_count(search->problem->cluster),
	                             sizeof *p->loads);
	return p->hold != NULL && p->uses != NULL && p->loads != NULL &&
	       hidp__weights_begin(&p->weights, search->tables, search->arena);
}

double hidp__pricing_set(const struct hidp__pricing *p, const bool *settled, const bool *banned,
                         struct hidp__prices *prices)
{
	const struct hidp__problem *problem = p->search->problem;
	const struct hidp_cluster *cluster = problem->cluster;
	const struct hidp_plan_options *o = &problem->request->options;
	double energy = p->energy + p->over[2], idle = 0, paid = 0;
	for (hidp_node_id n = 0; n < cluster->node_count; n++)
		idle += settled[n] ? energy * cluster->nodes[n].desc.power_idle_w : 0;
	double period = p->period + p->over[1];
	prices->second = p->latency + p->over[0];
	if (problem->request->stream)
		period += idle;
	else
		prices->second += idle;
	prices->time_only = energy == 0 && period == 0;
	hidp__weights_price(&p->weights, cluster, prices);
	for (hidp_node_id n = 0; n < cluster->node_count; n++) {
		const struct hidp__node *node = &cluster->nodes[n];
		for (uint32_t q = 0; q < node->processor_count; q++) {
			double *busy = &prices->busy[node->first_processor + q];
			*busy = energy * node->processors[q].power_active_w + period * *busy;
		}
		prices->transmit[n] =
		        energy * node->desc.power_transmit_w + period * prices->transmit[n];
		prices->receive[n] =
		        energy * node->desc.power_receive_w + period * prices->receive[n];
		if (node->desc.load_bandwidth_Bps > 0)
			prices->load[n] = o->migration_weight / node->desc.load_bandwidth_Bps;
		prices->hold[n] = p->hold[n];
		paid += p->hold[n] * (double)node->desc.memory_bytes;
		prices->allowed[n] = !banned[n];
	}
	for (hidp_medium_id m = 0; m < cluster->medium_count; m++)
		prices->medium[m] *= period;
	return paid + p->over[0] * o->latency_limit_s + p->over[1] * o->period_limit_s +
	       p->over[2] * o->energy_limit_j;
}
