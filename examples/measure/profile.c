/* SPDX-License-Identifier: MIT */
/* Measures a node until its times stand still, and sees how well they predict. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "measure.h"

#define BUDGET_S 20
#define ROUNDS_MIN 5
/* Every so many rounds it is seen whether the medians still move. */
#define ROUNDS_CHECK 8

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Rounds of the node's trials, and of others between them, so that what disturbs the machine
 * disturbs all of them. */
static hidp_status run_rounds(struct node_trials *trials, struct trial *const *others, size_t count,
                              const struct measure_options *options)
{
	double budget = options->budget_s > 0 ? options->budget_s : BUDGET_S, start = now();
	uint32_t most = options->rounds > 0 && options->rounds < TRIAL_RUNS_MAX ? options->rounds
	                                                                       : TRIAL_RUNS_MAX;
	for (uint32_t round = 1;; round++) {
		hidp_status s = node_trials_run(trials);
		for (size_t i = 0; i < count && s == HIDP_OK; i++)
			s = trial_run(others[i]);
		if (s != HIDP_OK)
			return s;
		double elapsed_s = now() - start;
		if (options->progress != NULL)
			options->progress(options->progress_data, round, elapsed_s);
		if (round >= most || (round >= ROUNDS_MIN && elapsed_s >= budget) ||
		    (round % ROUNDS_CHECK == 0 && node_trials_still(trials)))
			return HIDP_OK;
	}
}

hidp_status measure_node(struct hidp_context *context, const struct hidp_model *model,
                         const struct hidp_cluster *cluster, const struct engine *engine,
                         const struct measure_options *options, struct node_times *times_out,
                         struct hidp_diagnostic *diagnostic)
{
	static const struct measure_options none;
	struct node_trials *trials = NULL;
	hidp_status s = node_trials_new(context, model, cluster, engine, &trials, diagnostic);
	if (s == HIDP_OK)
		s = run_rounds(trials, NULL, 0, options != NULL ? options : &none);
	if (s == HIDP_OK)
		s = node_trials_times(trials, times_out, diagnostic);
	node_trials_destroy(trials);
	return s;
}

/* ---- what was predicted and what it took ---- */

struct checking {
	const struct hidp_model *model;
	const struct hidp_cluster *cluster; /* with what was measured first */
	const struct hidp_cost *cost;
	const struct engine *engine;
	struct check *checks;
	struct hidp_plan *plans[CHECKS_MAX];
	struct trial *trials[CHECKS_MAX];
	size_t count;
};

/* Takes the plan over. */
static hidp_status add_plan(struct checking *c, const char *name, struct hidp_plan *plan,
                            struct hidp_diagnostic *diagnostic)
{
	if (c->count == CHECKS_MAX) {
		hidp_plan_unref(plan);
		return HIDP_OK;
	}
	snprintf(c->checks[c->count].plan, sizeof c->checks[0].plan, "%s", name);
	c->plans[c->count] = plan;
	hidp_status s = trial_new(plan, c->engine, UINT32_MAX, &c->trials[c->count], diagnostic);
	c->count++;
	for (int i = 0; i < 2 && s == HIDP_OK; i++)
		s = trial_run(c->trials[c->count - 1]);
	if (s == HIDP_OK)
		trial_forget(c->trials[c->count - 1]);
	return s;
}

/* The planner's plan, on one processor alone unless that is HIDP_PROCESSOR_NONE. */
static hidp_status add_planned(struct checking *c, const char *name, hidp_strategy strategy,
                               hidp_processor_id only, struct hidp_diagnostic *diagnostic)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	hidp_node_id nodes[HIDP_NODE_PROCESSORS_MAX];
	hidp_processor_id processors[HIDP_NODE_PROCESSORS_MAX];
	struct hidp_plan *plan = NULL;
	uint32_t count = hidp_cluster_processor_count(c->cluster, 0);
	for (hidp_processor_id p = 0; p < count && only != HIDP_PROCESSOR_NONE; p++) {
		if (p == only)
			continue;
		nodes[options.excluded_count] = 0;
		processors[options.excluded_count++] = p;
	}
	options.strategy = strategy;
	options.excluded_nodes = nodes;
	options.excluded_processors = processors;
	hidp_status s = hidp_plan(c->model, c->cluster, c->cost, &options, &plan, diagnostic);
	return s == HIDP_OK ? add_plan(c, name, plan, diagnostic) : s;
}

static hidp_status add_split(struct checking *c, const char *name, hidp_step_kind kind,
                             uint32_t first_weight, uint32_t second_weight,
                             struct hidp_diagnostic *diagnostic)
{
	const struct split split = {kind, 2, {0, 1}, {first_weight, second_weight}};
	struct hidp_plan *plan = NULL;
	hidp_status s = split_plan(c->model, c->cluster, &split, &plan, diagnostic);
	return s == HIDP_OK ? add_plan(c, name, plan, diagnostic) : s;
}

static hidp_status make_checks(struct checking *c, struct hidp_diagnostic *diagnostic)
{
	uint32_t processors = hidp_cluster_processor_count(c->cluster, 0);
	hidp_status s = HIDP_OK;
	for (hidp_processor_id p = 0; p < processors && p < 4 && s == HIDP_OK; p++) {
		struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
		char name[32];
		hidp_cluster_processor(c->cluster, 0, p, &d);
		snprintf(name, sizeof name, "%.24s alone", d.name);
		s = add_planned(c, name, HIDP_STRATEGY_AUTO, p, diagnostic);
	}
	if (processors == 1 || s != HIDP_OK)
		return s;
	s = add_planned(c, "planned", HIDP_STRATEGY_AUTO, HIDP_PROCESSOR_NONE, diagnostic);
	if (s == HIDP_OK)
		s = add_planned(c, "as in the paper", HIDP_STRATEGY_PAPER, HIDP_PROCESSOR_NONE,
		                diagnostic);
	if (s == HIDP_OK)
		s = add_split(c, "rows, by halves", HIDP_STEP_ROWS, 1, 1, diagnostic);
	if (s == HIDP_OK)
		s = add_split(c, "rows, two to one", HIDP_STEP_ROWS, 2, 1, diagnostic);
	if (s == HIDP_OK)
		s = add_split(c, "channels, by halves", HIDP_STEP_CHANNELS, 1, 1, diagnostic);
	return s;
}

/* What the plans take by the times that were measured between their runs. */
static hidp_status predict(struct checking *c, const struct node_times *times,
                           struct hidp_diagnostic *diagnostic)
{
	for (size_t i = 0; i < c->count; i++) {
		struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
		struct hidp_plan *priced = NULL;
		hidp_status s = hidp_plan_evaluate(c->plans[i], times->cluster, times->cost, NULL,
		                                   &priced, diagnostic);
		if (s != HIDP_OK)
			return s;
		hidp_plan_get_figures(priced, &f);
		hidp_plan_unref(priced);
		c->checks[i].predicted_s = f.latency_s;
		c->checks[i].measured_s = trial_latency(c->trials[i]);
	}
	return HIDP_OK;
}

hidp_status check_predictions(struct hidp_context *context, const struct hidp_model *model,
                              const struct hidp_cluster *cluster, const struct engine *engine,
                              const struct measure_options *options,
                              struct check checks_out[CHECKS_MAX], size_t *count_out,
                              struct node_times *times_out, struct hidp_diagnostic *diagnostic)
{
	static const struct measure_options none;
	struct checking c = {.model = model, .engine = engine, .checks = checks_out};
	struct node_times first = {.rounds = 0};
	struct node_trials *trials = NULL;
	options = options != NULL ? options : &none;
	hidp_status s = node_trials_new(context, model, cluster, engine, &trials, diagnostic);
	if (s == HIDP_OK)
		s = run_rounds(trials, NULL, 0, options);
	if (s == HIDP_OK)
		s = node_trials_times(trials, &first, diagnostic);
	c.cluster = first.cluster;
	c.cost = first.cost;
	if (s == HIDP_OK)
		s = make_checks(&c, diagnostic);
	if (s == HIDP_OK) {
		node_trials_forget(trials);
		s = run_rounds(trials, c.trials, c.count, options);
	}
	if (s == HIDP_OK)
		s = node_trials_times(trials, times_out, diagnostic);
	if (s == HIDP_OK && (s = predict(&c, times_out, diagnostic)) != HIDP_OK)
		node_times_clear(times_out);
	for (size_t i = 0; i < c.count; i++) {
		trial_destroy(c.trials[i]);
		hidp_plan_unref(c.plans[i]);
	}
	node_trials_destroy(trials);
	node_times_clear(&first);
	*count_out = s == HIDP_OK ? c.count : 0;
	return s;
}
