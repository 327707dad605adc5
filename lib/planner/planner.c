/* SPDX-License-Identifier: MIT */
#include <hidp/planner.h>

#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "planner/search.h"

/* The layer that no processor may run; HIDP_LAYER_NONE: there is none. */
static hidp_layer_id runs_nowhere(const struct hidp__tables *t)
{
	for (uint32_t l = 0; l < t->layer_count; l++) {
		bool runs = false;
		for (hidp_node_id n = 0; n < t->node_count && !runs; n++)
			runs = t->sites[n].best_s[l] < INFINITY;
		if (!runs)
			return t->layers[l].id;
	}
	return HIDP_LAYER_NONE;
}

static hidp_status explain_failure(const struct hidp__search *s, struct hidp_diagnostic *diagnostic)
{
	hidp_layer_id stuck = runs_nowhere(s->tables);
	if (stuck != HIDP_LAYER_NONE)
		return hidp__fail(diagnostic, HIDP_ERR_INFEASIBLE,
		                  s->problem->model->layers[stuck].name,
		                  "no processor that is available and allowed can run the layer");
	if (s->excess < INFINITY && s->exhausted)
		return hidp__fail(diagnostic, HIDP_ERR_INFEASIBLE, s->shortage.subject,
		                  "no plan meets all limits; the closest: %s", s->shortage.message);
	if (s->excess < INFINITY)
		return hidp__fail(diagnostic, HIDP_ERR_INFEASIBLE, s->shortage.subject,
		                  "no plan was found that meets all limits; the closest: %s",
		                  s->shortage.message);
	return hidp__fail(diagnostic, HIDP_ERR_INFEASIBLE, "cluster",
	                  "no plan was found: the nodes that can run the layers cannot reach "
	                  "each other, the input or the output");
}

static hidp_status run_strategy(struct hidp__search *s)
{
	switch (s->problem->request->options.strategy) {
	case HIDP_STRATEGY_SINGLE:
		return hidp__search_single(s);
	case HIDP_STRATEGY_PAPER:
		return hidp__search_paper(s);
	default:
		return hidp__search_auto(s);
	}
}

static hidp_status search(const struct hidp__problem *problem, const struct hidp__tables *tables,
                          const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                          struct hidp__arena *arena, struct hidp_diagnostic *diagnostic)
{
	struct hidp__search s;
	struct hidp_plan *plan = NULL;
	hidp_status status = HIDP_ERR_NOMEM;
	if (hidp__search_begin(&s, tables, arena))
		status = run_strategy(&s);
	if (status == HIDP_OK && s.value == INFINITY)
		status = explain_failure(&s, diagnostic);
	else if (status == HIDP_OK)
		status = hidp__plan_make(problem->model, problem->cluster, problem->cost, options,
		                         &s.best, &plan, arena, diagnostic);
	if (status == HIDP_OK) {
		plan->lower_bound = s.lower_bound < 0 ? 0 : s.lower_bound;
		if (hidp__search_done(&s))
			plan->lower_bound = plan->evaluation.objective;
		plan->work = (double)s.work;
		*plan_out = plan;
	} else if (status == HIDP_ERR_NOMEM) {
		hidp__fail(diagnostic, status, NULL, "out of memory");
	}
	hidp__search_end(&s);
	return status;
}

hidp_status hidp_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                      const struct hidp_cost *cost, const struct hidp_plan_options *options,
                      struct hidp_plan **plan_out, struct hidp_diagnostic *diagnostic)
{
	struct hidp__arena arena;
	struct hidp__request request;
	struct hidp__tables tables;
	if (model == NULL || cluster == NULL || plan_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	hidp_status s = hidp__cost_check(cost, model, cluster, diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp__problem problem = {model, cluster, cost, &request};
	hidp__arena_init(&arena, model->arena.ctx);
	s = hidp__request_read(&request, model, cluster, options, &arena, diagnostic);
	if (s == HIDP_OK && !hidp__tables_build(&tables, &problem, &arena))
		s = hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	if (s == HIDP_OK)
		s = search(&problem, &tables, options, plan_out, &arena, diagnostic);
	hidp__arena_destroy(&arena);
	return s;
}

struct hidp_planner {
	struct hidp_context *context;
};

hidp_status hidp_planner_new(struct hidp_context *context, struct hidp_planner **planner_out)
{
	if (context == NULL || planner_out == NULL)
		return HIDP_ERR_ARGUMENT;
	struct hidp_planner *p = hidp__calloc(context, 1, sizeof *p);
	if (p == NULL)
		return HIDP_ERR_NOMEM;
	p->context = hidp_context_ref(context);
	*planner_out = p;
	return HIDP_OK;
}

void hidp_planner_destroy(struct hidp_planner *planner)
{
	if (planner == NULL)
		return;
	struct hidp_context *context = planner->context;
	hidp__free(context, planner);
	hidp_context_unref(context);
}

hidp_status hidp_planner_plan(struct hidp_planner *planner, const struct hidp_model *model,
                              const struct hidp_cluster *cluster, const struct hidp_cost *cost,
                              const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                              struct hidp_diagnostic *diagnostic)
{
	if (planner == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	return hidp_plan(model, cluster, cost, options, plan_out, diagnostic);
}
