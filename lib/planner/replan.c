/* SPDX-License-Identifier: MIT */
#include "planner/replan.h"

#include <string.h>

static bool same_array(const void *a, const void *b, size_t count, size_t size)
{
	if (a == NULL || b == NULL)
		return a == b || count == 0;
	return memcmp(a, b, count * size) == 0;
}

static bool same_exclusions(const struct hidp_plan_options *a, const struct hidp_plan_options *b)
{
	return a->excluded_count == b->excluded_count &&
	       same_array(a->excluded_nodes, b->excluded_nodes, a->excluded_count,
	                  sizeof *a->excluded_nodes) &&
	       same_array(a->excluded_processors, b->excluded_processors, a->excluded_count,
	                  sizeof *a->excluded_processors);
}

/* The same question; availability belongs to the cluster. */
static bool same_request(const struct hidp__request *a, const struct hidp__request *b,
                         uint32_t layers, uint32_t nodes)
{
	const struct hidp_plan_options *p = &a->options, *q = &b->options;
	return p->flags == q->flags && p->objective == q->objective &&
	       p->strategy == q->strategy && a->stream == b->stream &&
	       a->input_node == b->input_node && a->output_node == b->output_node &&
	       p->latency_weight == q->latency_weight && p->period_weight == q->period_weight &&
	       p->energy_weight == q->energy_weight && p->latency_limit_s == q->latency_limit_s &&
	       p->period_limit_s == q->period_limit_s && p->energy_limit_j == q->energy_limit_j &&
	       p->migration_weight == q->migration_weight && p->work_limit == q->work_limit &&
	       same_array(a->pin_node, b->pin_node, layers, sizeof *a->pin_node) &&
	       same_array(a->pin_processor, b->pin_processor, layers, sizeof *a->pin_processor) &&
	       same_array(a->resident, b->resident, (size_t)layers * nodes, sizeof *a->resident) &&
	       same_exclusions(p, q);
}

/* Rates and figures of a processor, all but its load. */
static bool same_processor(const struct hidp_processor_desc *a,
                           const struct hidp_processor_desc *b)
{
	return memcmp(a->rate_flops, b->rate_flops, sizeof a->rate_flops) == 0 &&
	       memcmp(a->bandwidth_Bps, b->bandwidth_Bps, sizeof a->bandwidth_Bps) == 0 &&
	       a->overhead_s == b->overhead_s && a->power_active_w == b->power_active_w &&
	       a->memory_bytes == b->memory_bytes &&
	       a->copy_bandwidth_Bps == b->copy_bandwidth_Bps;
}

static bool same_node(const struct hidp_node_desc *a, const struct hidp_node_desc *b)
{
	return ((a->flags ^ b->flags) & ~(uint32_t)HIDP_NODE_UNAVAILABLE) == 0 &&
	       a->memory_bytes == b->memory_bytes &&
	       a->memory_bandwidth_Bps == b->memory_bandwidth_Bps && a->sync_s == b->sync_s &&
	       a->nic_bandwidth_Bps == b->nic_bandwidth_Bps &&
	       a->load_bandwidth_Bps == b->load_bandwidth_Bps &&
	       a->power_idle_w == b->power_idle_w && a->power_transmit_w == b->power_transmit_w &&
	       a->power_receive_w == b->power_receive_w &&
	       a->receive_buffers == b->receive_buffers && a->send_buffers == b->send_buffers;
}

/* Does nothing on the node take less than it did? */
static bool node_is_no_better(const struct hidp__node *now, const struct hidp__node *then)
{
	bool left = (now->desc.flags & HIDP_NODE_UNAVAILABLE) != 0;
	bool was_away = (then->desc.flags & HIDP_NODE_UNAVAILABLE) != 0;
	if ((was_away && !left) || !same_node(&now->desc, &then->desc))
		return false;
	for (uint32_t q = 0; q < now->processor_count; q++) {
		const struct hidp_processor_desc *p = &now->processors[q], *o = &then->processors[q];
		if (!same_processor(p, o) || p->load < o->load)
			return false;
	}
	return true;
}

bool hidp__same_site(const struct hidp__node *now, const struct hidp__node *then)
{
	if (now->desc.flags != then->desc.flags || !same_node(&now->desc, &then->desc))
		return false;
	for (uint32_t q = 0; q < now->processor_count; q++) {
		const struct hidp_processor_desc *p = &now->processors[q], *o = &then->processors[q];
		if (!same_processor(p, o) || p->load != o->load)
			return false;
	}
	return true;
}

/* Routes and their kinds are the same, and no link became faster. */
static bool links_are_no_better(const struct hidp_cluster *now, const struct hidp_cluster *then)
{
	size_t pairs = (size_t)now->node_count * now->node_count;
	if (memcmp(now->next, then->next, pairs * sizeof *now->next) != 0)
		return false;
	for (size_t i = 0; i < pairs; i++) {
		const struct hidp__link *l = &now->links[i], *o = &then->links[i];
		if (l->bandwidth_Bps > o->bandwidth_Bps || l->latency_s < o->latency_s ||
		    l->wire_dtype != o->wire_dtype || l->medium != o->medium)
			return false;
	}
	return true;
}

bool hidp__same_question(const struct hidp_plan *plan, const struct hidp__problem *problem)
{
	const struct hidp_cluster *now = problem->cluster, *then = plan->cluster;
	if (plan->model != problem->model || plan->cost != problem->cost ||
	    now->node_count != then->node_count || now->medium_count != then->medium_count)
		return false;
	for (hidp_node_id n = 0; n < now->node_count; n++)
		if (now->nodes[n].processor_count != then->nodes[n].processor_count)
			return false;
	return same_request(&plan->request, problem->request, problem->model->layer_count,
	                    now->node_count);
}

bool hidp__bound_holds(const struct hidp_plan *plan, const struct hidp__problem *problem)
{
	const struct hidp_cluster *now = problem->cluster, *then = plan->cluster;
	if (!(plan->lower_bound > 0) || !hidp__same_question(plan, problem))
		return false;
	for (hidp_node_id n = 0; n < now->node_count; n++)
		if (!node_is_no_better(&now->nodes[n], &then->nodes[n]))
			return false;
	return links_are_no_better(now, then);
}

static bool is_lost(const struct hidp__problem *problem, hidp_node_id node)
{
	return (problem->cluster->nodes[node].desc.flags & HIDP_NODE_UNAVAILABLE) != 0;
}

bool hidp__plan_without_lost(const struct hidp_plan *plan, const struct hidp__problem *problem,
                             struct hidp__decisions *out, struct hidp__arena *arena)
{
	uint32_t count = plan->decisions.stage_count;
	struct hidp__stage *stages = hidp__arena_alloc(arena, count, sizeof *stages);
	if (stages == NULL)
		return false;
	memcpy(stages, plan->decisions.stages, count * sizeof *stages);
	*out = (struct hidp__decisions){count, stages};
	for (uint32_t i = 0; i < count; i++) {
		struct hidp__stage *s = &stages[i];
		struct hidp__share *left;
		uint32_t used = 0;
		double sum = 0;
		if (s->kind != HIDP_STAGE_REPLICA)
			continue;
		left = hidp__arena_alloc(arena, s->share_count, sizeof *left);
		if (left == NULL)
			return false;
		for (uint32_t k = 0; k < s->share_count; k++) {
			if (is_lost(problem, s->shares[k].node))
				continue;
			sum += s->shares[k].fraction;
			left[used++] = s->shares[k];
		}
		if (used == s->share_count || used == 0)
			continue;
		for (uint32_t k = 0; k < used; k++)
			left[k].fraction /= sum;
		s->shares = left;
		s->share_count = used;
		if (used == 1)
			s->kind = HIDP_STAGE_SINGLE;
	}
	return true;
}
