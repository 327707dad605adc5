/* SPDX-License-Identifier: MIT */
/* The first lines of an explanation: objective, limits, memory, other strategies. */
#include <stdio.h>

#include "report/explain_words.h"

#define PARTS_SHOWN 4u

/* The terms of a weighted sum, where they count. */
static void add_terms(struct hidp__words *w)
{
	const struct hidp_plan_options *o = &w->t->options;
	const struct hidp_plan_figures *f = &w->t->figures;
	const struct {
		const char *name;
		double value;
	} terms[] = {{"latency ", o->latency_weight * f->latency_s},
		     {"period ", o->period_weight * f->period_s},
		     {"energy ", o->energy_weight * f->energy_j},
		     {"migration ", o->migration_weight * f->migration_s}};
	bool any = false;
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		if (!(terms[i].value > 0))
			continue;
		hidp__say(w, any ? ", " : " (");
		hidp__say(w, terms[i].name);
		hidp__say_value(w, terms[i].value);
		any = true;
	}
	hidp__say(w, any ? ")" : "");
}

static void add_objective(struct hidp__words *w)
{
	const struct hidp_plan_figures *f = &w->t->figures;
	char verdict[64];
	hidp__say_label(w, "objective");
	hidp__say(w, hidp__report_objective(w->t->options.objective));
	hidp__say(w, " ");
	hidp__say_value(w, f->objective);
	if (w->t->options.objective == HIDP_OBJECTIVE_WEIGHTED)
		add_terms(w);
	if (f->flags & HIDP_FIGURES_PROVEN) {
		hidp__say(w, ", proven optimal: no plan of the plan space is below it");
	} else if (f->lower_bound > 0) {
		hidp__say(w, "; no plan of the plan space is below ");
		hidp__say_value(w, f->lower_bound);
		hidp__say(w, ", so it is ");
		hidp__say(w, hidp__report_verdict(f, verdict));
	} else {
		hidp__say(w, !hidp__was_searched(&w->t->figures)
				     ? "; this plan was not searched for, no lower bound is known"
				     : "; no lower bound is known");
	}
	hidp__say_end(w);
}

/* Does the question differ from the plan's by the lifting of this limit? */
static const struct hidp__alternative *find_general(const struct hidp__words *w,
						    enum hidp__restriction restriction)
{
	for (uint32_t i = 0; i < w->e->general_count; i++)
		if (w->e->alternatives[i].restriction == restriction)
			return &w->e->alternatives[i];
	return NULL;
}

/* What the planner finds when nothing is changed: the plan itself, unless it was not searched for.
 */
static double planned_value(const struct hidp__words *w)
{
	const struct hidp__alternative *a = find_general(w, HIDP__AS_ASKED);
	return a != NULL && a->status == HIDP_OK ? a->objective : w->t->figures.objective;
}

static bool add_limit(struct hidp__words *w, bool any, enum hidp__restriction lifted,
		      const char *name, double limit, double value, char *(*format)(double, char *))
{
	char buffer[32];
	if (!(limit > 0))
		return any;
	hidp__say(w, any ? "; " : "");
	hidp__say(w, name);
	hidp__say(w, " at most ");
	hidp__say(w, format(limit, buffer));
	hidp__say(w, ", is ");
	hidp__say(w, format(value, buffer));
	const struct hidp__alternative *without = find_general(w, lifted);
	if (without == NULL || without->status != HIDP_OK)
		return true;
	if (without->objective < planned_value(w) * (1 - 1e-9)) {
		hidp__say(w, ": it binds, without it the objective is ");
		hidp__say_value(w, without->objective);
		hidp__say(w, ", ");
		hidp__say_comparison(w, without->objective);
	} else {
		hidp__say(w, ": it does not bind");
	}
	return true;
}

static char *format_seconds(double value, char *buffer)
{
	return hidp__text_seconds(value, buffer);
}

static char *format_joules(double value, char *buffer)
{
	return hidp__text_joules(value, buffer);
}

static void add_limits(struct hidp__words *w)
{
	const struct hidp_plan_options *o = &w->t->options;
	const struct hidp_plan_figures *f = &w->t->figures;
	bool any = false;
	hidp__say_label(w, "limits");
	any = add_limit(w, any, HIDP__WITHOUT_LATENCY_LIMIT, "latency", o->latency_limit_s,
			f->latency_s, format_seconds);
	any = add_limit(w, any, HIDP__WITHOUT_PERIOD_LIMIT, "period", o->period_limit_s,
			f->period_s, format_seconds);
	any = add_limit(w, any, HIDP__WITHOUT_ENERGY_LIMIT, "energy", o->energy_limit_j,
			f->energy_j, format_joules);
	if (!any)
		hidp__say(w, "none but memory");
	hidp__say_end(w);
}

static void add_usage(struct hidp__words *w, uint64_t used, uint64_t limit)
{
	hidp__say_bytes(w, used);
	if (limit != 0) {
		hidp__say(w, " of ");
		hidp__say_bytes(w, limit);
		hidp__say(w, " (");
		hidp__say_percent(w, (double)used, (double)limit);
		hidp__say(w, ")");
	}
}

static void add_memory(struct hidp__words *w)
{
	uint32_t shown = 0, more = 0;
	hidp__say_label(w, "memory");
	for (hidp_node_id n = 0; n < w->t->node_count; n++) {
		struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
		struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
		hidp_cluster_node(w->t->cluster, n, &desc);
		hidp_plan_get_node_figures(w->t->plan, n, &f);
		if (!w->t->node_used[n])
			continue;
		if (shown == HIDP__LISTED) {
			more++;
			continue;
		}
		hidp__say(w, shown++ == 0 ? "" : ", ");
		hidp__say_node(w, n);
		hidp__say(w, " ");
		add_usage(w, f.memory_bytes, desc.memory_bytes);
		for (uint32_t l = 0; l < w->t->lane_count; l++) {
			const struct hidp__lane *lane = &w->t->lanes[l];
			struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
			struct hidp_processor_figures pf = HIDP_PROCESSOR_FIGURES_INIT;
			if (lane->kind != HIDP__LANE_PROCESSOR || lane->node != n)
				continue;
			hidp_cluster_processor(w->t->cluster, n, lane->processor, &p);
			hidp_plan_get_processor_figures(w->t->plan, n, lane->processor, &pf);
			if (p.memory_bytes == 0 || pf.memory_bytes == 0)
				continue;
			hidp__say(w, ", its ");
			hidp__say_processor(w, n, lane->processor);
			hidp__say(w, " ");
			add_usage(w, pf.memory_bytes, p.memory_bytes);
		}
	}
	if (more != 0) {
		hidp__say(w, " and ");
		hidp__say_count(w, more, "node more", "nodes more");
	}
	hidp__say_end(w);
}

static void add_all_parts(struct hidp__words *w, const struct hidp__parts *parts)
{
	static const char *const labels[] = {"time", "period", "energy"};
	hidp__say_label(w, labels[w->basis]);
	hidp__say_part_value(w, parts->total);
	hidp__say(w, w->basis == HIDP_OBJECTIVE_PERIOD ? "; busy per request: " : ": ");
	for (uint32_t i = 0; i < parts->count && i < PARTS_SHOWN; i++) {
		hidp__say(w, i == 0 ? "" : ", ");
		hidp__say_part_name(w, &parts->parts[i]);
		hidp__say(w, " ");
		hidp__say_part_value(w, parts->parts[i].value);
		hidp__say(w, " (");
		hidp__say_percent(w, parts->parts[i].value, parts->total);
		hidp__say(w, ")");
	}
	hidp__say_end(w);
}

static void add_general(struct hidp__words *w)
{
	static const enum hidp__restriction wanted[] = {HIDP__AS_ASKED, HIDP__SINGLE_STRATEGY,
							HIDP__PAPER_STRATEGY};
	bool any = false;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct hidp__alternative *a = find_general(w, wanted[i]);
		if (a == NULL)
			continue;
		if (any)
			hidp__say(w, "; ");
		else
			hidp__say_label(w, "instead");
		hidp__say_alternative(w, a);
		any = true;
	}
	if (any)
		hidp__say_end(w);
}

void hidp__say_head(struct hidp__words *w, const struct hidp__parts *parts)
{
	const struct hidp__timeline *t = w->t;
	uint32_t computing = 0;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		computing += w->e->absence[n] == HIDP__COMPUTES;
	hidp__say_begin(w, 0, 4);
	hidp__say_name(w, hidp_model_name(t->model), 50);
	hidp__say(w, t->stream ? ", a stream led by " : ", led by ");
	hidp__say_node(w, t->options.leader);
	char buffer[64];
	snprintf(buffer, sizeof buffer, ": %u of %u node%s compute%s", computing, t->node_count,
		 t->node_count == 1 ? "" : "s", computing == 1 ? "s" : "");
	hidp__say(w, buffer);
	hidp__say_end(w);
	add_objective(w);
	add_all_parts(w, parts);
	add_limits(w);
	add_memory(w);
	add_general(w);
}
