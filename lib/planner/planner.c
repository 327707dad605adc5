/* SPDX-License-Identifier: MIT */
#include <hidp/planner.h>

#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "planner/notes.h"
#include "planner/replan.h"
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
	bool together = s->problem->model->colocated != 0;
	bool contiguous = (s->problem->request->options.flags & HIDP_PLAN_CONTIGUOUS) != 0;
	if (together || contiguous)
		return hidp__fail(diagnostic, HIDP_ERR_INFEASIBLE, "cluster",
		                  "no plan was found that %s%s%s",
		                  together ? "keeps colocated layers together" : "",
		                  together && contiguous ? " and " : "",
		                  contiguous ? "is contiguous" : "");
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

/* `notes`: of earlier searches, and for later ones, or NULL. */
static hidp_status search(const struct hidp__problem *problem, const struct hidp__tables *tables,
                          struct hidp__notes *notes, const struct hidp_plan_options *options,
                          struct hidp_plan **plan_out,
                          struct hidp__arena *arena, struct hidp_diagnostic *diagnostic)
{
	struct hidp__search s;
	struct hidp_plan *plan = NULL;
	hidp_status status = HIDP_ERR_NOMEM;
	if (hidp__search_begin(&s, tables, arena)) {
		s.notes = notes;
		status = run_strategy(&s);
	}
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
		s = search(&problem, &tables, NULL, options, plan_out, &arena, diagnostic);
	hidp__arena_destroy(&arena);
	return s;
}

/* Plans that a planner remembers. */
#define REMEMBERED 8

struct hidp_planner {
	struct hidp_context *context;
	struct hidp_plan *plans[REMEMBERED]; /* the last that was asked for first; NULL: none */
	struct hidp__notes notes;
};

hidp_status hidp_planner_new(struct hidp_context *context, struct hidp_planner **planner_out)
{
	if (context == NULL || planner_out == NULL)
		return HIDP_ERR_ARGUMENT;
	struct hidp_planner *p = hidp__calloc(context, 1, sizeof *p);
	if (p == NULL)
		return HIDP_ERR_NOMEM;
	p->context = hidp_context_ref(context);
	hidp__notes_init(&p->notes, context);
	*planner_out = p;
	return HIDP_OK;
}

void hidp_planner_destroy(struct hidp_planner *planner)
{
	if (planner == NULL)
		return;
	struct hidp_context *context = planner->context;
	for (uint32_t i = 0; i < REMEMBERED; i++)
		hidp_plan_unref(planner->plans[i]);
	hidp__notes_forget(&planner->notes);
	hidp__free(context, planner);
	hidp_context_unref(context);
}

/* Puts a plan first; the one at `from` makes room. */
static void remember(struct hidp_planner *planner, struct hidp_plan *plan, uint32_t from)
{
	struct hidp_plan *gone = planner->plans[from];
	for (; from > 0; from--)
		planner->plans[from] = planner->plans[from - 1];
	planner->plans[0] = hidp_plan_ref(plan);
	hidp_plan_unref(gone);
}

/* Planning with what a planner remembers. */
struct again {
	struct hidp_planner *planner;
	const struct hidp__problem *problem;
	const struct hidp_plan_options *options;
	struct hidp__arena *arena;
};

/* A remembered plan as one of the problem; *plan_out is NULL if that is not possible any more. */
static hidp_status adapt(const struct again *a, const struct hidp_plan *old,
                         struct hidp_plan **plan_out)
{
	const struct hidp__problem *p = a->problem;
	struct hidp_diagnostic unheard = HIDP_DIAGNOSTIC_INIT;
	struct hidp__decisions left;
	*plan_out = NULL;
	if (!hidp__plan_without_lost(old, p, &left, a->arena))
		return HIDP_ERR_NOMEM;
	hidp_status s = hidp__plan_make(p->model, p->cluster, p->cost, a->options, &left, plan_out,
	                                a->arena, &unheard);
	return s == HIDP_ERR_NOMEM ? s : HIDP_OK;
}

/*
 * A remembered plan whose bound holds and which costs about what it did, as a plan of the
 * problem; else *plan_out is NULL.
 */
static hidp_status recall(const struct again *a, struct hidp_plan **plan_out)
{
	for (uint32_t i = 0; i < REMEMBERED && a->planner->plans[i] != NULL; i++) {
		struct hidp_plan *old = a->planner->plans[i], *plan;
		if (!hidp__bound_holds(old, a->problem))
			continue;
		hidp_status s = adapt(a, old, &plan);
		if (s != HIDP_OK)
			return s;
		if (plan == NULL)
			continue;
		if (plan->evaluation.objective > old->evaluation.objective * (1 + HIDP__AS_NEAR)) {
			hidp_plan_unref(plan);
			continue;
		}
		plan->lower_bound = old->lower_bound;
		remember(a->planner, old, i); /* not the new one: what is cheaper says more */
		*plan_out = plan;
		return HIDP_OK;
	}
	return HIDP_OK;
}

/* What no plan is below, as far as plans that are remembered show. */
static double known_bound(const struct again *a)
{
	double known = 0;
	for (uint32_t i = 0; i < REMEMBERED && a->planner->plans[i] != NULL; i++) {
		const struct hidp_plan *plan = a->planner->plans[i];
		if (plan->lower_bound > known && hidp__bound_holds(plan, a->problem))
			known = plan->lower_bound;
	}
	return known;
}

/* The last plan, if it is better than what was found; bounds that still hold. */
static hidp_status carry_over(const struct again *a, struct hidp_plan **plan)
{
	const struct hidp_plan *last = a->planner->plans[0];
	struct hidp_plan *old = NULL;
	(*plan)->lower_bound = fmin(fmax((*plan)->lower_bound, known_bound(a)),
	                            (*plan)->evaluation.objective);
	if (last == NULL || !hidp__same_question(last, a->problem))
		return HIDP_OK;
	hidp_status s = adapt(a, last, &old);
	if (s != HIDP_OK || old == NULL)
		return s;
	if (old->evaluation.objective < (*plan)->evaluation.objective) {
		old->lower_bound = (*plan)->lower_bound;
		old->work = (*plan)->work;
		hidp_plan_unref(*plan);
		*plan = old;
	} else {
		hidp_plan_unref(old);
	}
	return HIDP_OK;
}

/* Searches, and looks what is known besides. */
static hidp_status search_again(const struct again *a, struct hidp_plan **plan_out,
                                struct hidp_diagnostic *diagnostic)
{
	struct hidp__notes *notes = &a->planner->notes;
	struct hidp_plan *plan = NULL;
	hidp_status s = HIDP_ERR_NOMEM;
	if (hidp__notes_build(notes, a->problem))
		s = search(a->problem, &notes->tables, notes, a->options, &plan, a->arena,
		           diagnostic);
	if (s == HIDP_OK)
		s = carry_over(a, &plan);
	if (s == HIDP_OK) {
		hidp__notes_of(notes, plan);
		remember(a->planner, plan, REMEMBERED - 1);
		*plan_out = plan;
		return s;
	}
	hidp_plan_unref(plan);
	hidp__notes_of(notes, NULL);
	return s;
}

hidp_status hidp_planner_plan(struct hidp_planner *planner, const struct hidp_model *model,
                              const struct hidp_cluster *cluster, const struct hidp_cost *cost,
                              const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                              struct hidp_diagnostic *diagnostic)
{
	struct hidp__arena arena;
	struct hidp__request request;
	struct hidp_plan *plan = NULL;
	if (planner == NULL || model == NULL || cluster == NULL || plan_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	hidp_status s = hidp__cost_check(cost, model, cluster, diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp__problem problem = {model, cluster, cost, &request};
	struct again again = {planner, &problem, options, &arena};
	hidp__arena_init(&arena, planner->context);
	s = hidp__request_read(&request, model, cluster, options, &arena, diagnostic);
	if (s == HIDP_OK) {
		s = recall(&again, &plan);
		if (s == HIDP_OK && plan == NULL)
			s = search_again(&again, &plan, diagnostic);
	}
	hidp__arena_destroy(&arena);
	if (s == HIDP_ERR_NOMEM)
		hidp__fail(diagnostic, s, NULL, "out of memory");
	if (s == HIDP_OK)
		*plan_out = plan;
	return s;
}
