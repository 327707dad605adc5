/* SPDX-License-Identifier: MIT */
#include "planner/search.h"

bool hidp__search_begin(struct hidp__search *search, const struct hidp__tables *tables,
                        struct hidp__arena *arena)
{
	uint64_t limit = tables->problem->request->options.work_limit;
	*search = (struct hidp__search){.problem = tables->problem,
	                                .tables = tables,
	                                .arena = arena,
	                                .value = INFINITY,
	                                .excess = INFINITY,
	                                .work_limit = limit != 0 ? limit : HIDP__WORK_DEFAULT};
	hidp__arena_init(&search->offers, arena->ctx);
	hidp__arena_init(&search->kept, arena->ctx);
	search->is_short = hidp__arena_calloc(arena, tables->problem->cluster->processor_count,
	                                      sizeof(bool));
	return search->is_short != NULL;
}

void hidp__search_end(struct hidp__search *search)
{
	hidp__arena_destroy(&search->offers);
	hidp__arena_destroy(&search->kept);
}

/*
 * By how much the worst of the limits is broken, relative to it; 0: none. Marks the
 * processors whose memory is short.
 */
static double measure_excess(const struct hidp__search *s, const struct hidp__evaluation *e)
{
	const struct hidp__problem *problem = s->problem;
	const struct hidp_plan_options *o = &problem->request->options;
	const double values[] = {e->latency_s, e->period_s, e->energy_j};
	const double limits[] = {o->latency_limit_s, o->period_limit_s, o->energy_limit_j};
	double worst = 0;
	for (int i = 0; i < 3; i++)
		if (limits[i] > 0 && values[i] / limits[i] - 1 > worst)
			worst = values[i] / limits[i] - 1;
	for (uint32_t n = 0; n < problem->cluster->node_count; n++) {
		const struct hidp__node *node = &problem->cluster->nodes[n];
		double limit = (double)node->desc.memory_bytes;
		bool over = limit > 0 && e->memory_bytes[n] > limit;
		if (over && e->memory_bytes[n] / limit - 1 > worst)
			worst = e->memory_bytes[n] / limit - 1;
		for (uint32_t p = 0; p < node->processor_count; p++) {
			double need = e->processor_memory_bytes[node->first_processor + p];
			limit = (double)node->processors[p].memory_bytes;
			if (limit > 0 && need / limit - 1 > worst)
				worst = need / limit - 1;
			if (over || (limit > 0 && need > limit))
				s->is_short[node->first_processor + p] = true;
		}
	}
	return worst;
}

hidp_status hidp__search_offer(struct hidp__search *s, const struct hidp__decisions *plan)
{
	const struct hidp__problem *p = s->problem;
	struct hidp__decisions copy;
	struct hidp_diagnostic diagnostic = HIDP_DIAGNOSTIC_INIT;
	s->last_valid = false;
	hidp__arena_reset(&s->offers);
	if (!hidp__decisions_copy(&copy, plan, p->model, &s->offers))
		return HIDP_ERR_NOMEM;
	hidp_status status = hidp__check(p, &copy, &s->offers, NULL);
	if (status == HIDP_OK)
		status = hidp__evaluate(p, &copy, false, &s->last, &s->offers, s->arena,
		                        &diagnostic);
	if (status == HIDP_ERR_NOMEM)
		return status;
	s->work += 64 + (uint64_t)s->tables->layer_count * copy.stage_count;
	if (status != HIDP_OK)
		return HIDP_OK; /* no plan: a pin, or no way from node to node */
	s->last_valid = true;
	status = hidp__check_limits(p, &s->last, &diagnostic);
	if (status != HIDP_OK) {
		double excess = measure_excess(s, &s->last);
		if (excess < s->excess) {
			s->excess = excess;
			s->shortage = diagnostic;
		}
		return HIDP_OK;
	}
	if (s->last.objective >= s->value)
		return HIDP_OK;
	s->value = s->last.objective;
	s->quickest_steps = false;
	hidp__arena_reset(&s->kept);
	return hidp__decisions_copy(&s->best, &copy, p->model, &s->kept) ? HIDP_OK
	                                                                 : HIDP_ERR_NOMEM;
}

hidp_status hidp__search_offer_draft(struct hidp__search *s, const struct hidp__prices *prices,
                                     const struct hidp__bound *bound,
                                     enum hidp__local_modes modes,
                                     const struct hidp__decisions *draft)
{
	struct hidp__arena_mark mark = hidp__arena_here(s->arena);
	struct hidp__decisions full;
	double before = s->value;
	hidp_status status =
	        hidp__assemble(s->tables, prices, bound, modes, draft, &full, s->arena);
	if (status == HIDP_OK)
		status = hidp__search_offer(s, &full);
	if (s->value < before)
		s->quickest_steps = modes == HIDP__LOCAL_ALL && prices->time_only;
	hidp__arena_back(s->arena, mark);
	return status == HIDP_ERR_INFEASIBLE ? HIDP_OK : status;
}

void hidp__search_raise(struct hidp__search *search, double lower_bound)
{
	if (!search->restricted && lower_bound > search->lower_bound)
		search->lower_bound = lower_bound;
}
