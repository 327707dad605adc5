/* SPDX-License-Identifier: MIT */
/* The whole model on one processor of one node: what a framework does without a planner. */
#include "planner/search.h"

/* The figures of one processor, as far as they do not need the evaluator: never above them. */
static double least_value(const struct hidp__search *s, const struct hidp__site *site, uint32_t q)
{
	const struct hidp__problem *p = s->problem;
	const struct hidp__node *node = &p->cluster->nodes[site->node];
	double busy = 0;
	for (uint32_t l = 0; l < s->tables->layer_count; l++)
		busy += site->single_s[(size_t)l * site->processor_count + q];
	double energy = busy * (node->processors[q].power_active_w + node->desc.power_idle_w);
	return hidp__request_objective(p->request, busy, busy, energy, 0);
}

static hidp_status offer_processor(struct hidp__search *s, hidp_node_id node, uint32_t processor)
{
	struct hidp__slice slice = {.processor = processor};
	struct hidp__step step = {.kind = HIDP_STEP_SINGLE,
	                          .layer_count = s->tables->layer_count,
	                          .slice_count = 1,
	                          .slices = &slice};
	struct hidp__share share = {.node = node, .fraction = 1, .step_count = 1, .steps = &step};
	struct hidp__stage stage = {.kind = HIDP_STAGE_SINGLE,
	                            .layer_count = s->problem->model->layer_count,
	                            .share_count = 1,
	                            .row_units = 1,
	                            .shares = &share};
	struct hidp__decisions plan = {1, &stage};
	return hidp__search_offer(s, &plan);
}

hidp_status hidp__search_single(struct hidp__search *s)
{
	for (hidp_node_id n = 0; n < s->tables->node_count; n++) {
		const struct hidp__site *site = &s->tables->sites[n];
		for (uint32_t i = 0; i < site->usable_count; i++) {
			uint32_t q = site->usable[i];
			double least = least_value(s, site, q);
			s->work += s->tables->layer_count;
			if (least == INFINITY || least >= s->value)
				continue;
			hidp_status status = offer_processor(s, n, q);
			if (status != HIDP_OK)
				return status;
		}
	}
	return HIDP_OK;
}
