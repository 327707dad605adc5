/* SPDX-License-Identifier: MIT */
#include "scenario.h"

static hidp_status plan_as(struct fixture *f, hidp_objective objective, hidp_strategy strategy)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.objective = objective;
	options.strategy = strategy;
	options.work_limit = FIXTURE_WORK;
	if (objective == HIDP_OBJECTIVE_WEIGHTED) {
		options.latency_weight = 1;
		options.period_weight = 2;
		options.energy_weight = 0.01;
	}
	ACT_MAKING(hidp_plan, hidp_plan(f->model, f->cluster, f->cost, &options, &made,
	                                &f->diagnostic));
}

#define PLAN_AS(name, objective, strategy)                                                         \
	static hidp_status name(struct fixture *f)                                                 \
	{                                                                                          \
		return plan_as(f, HIDP_OBJECTIVE_##objective, HIDP_STRATEGY_##strategy);           \
	}

PLAN_AS(latency_auto, LATENCY, AUTO)
PLAN_AS(latency_paper, LATENCY, PAPER)
PLAN_AS(latency_single, LATENCY, SINGLE)
PLAN_AS(period_auto, PERIOD, AUTO)
PLAN_AS(period_paper, PERIOD, PAPER)
PLAN_AS(period_single, PERIOD, SINGLE)
PLAN_AS(energy_auto, ENERGY, AUTO)
PLAN_AS(energy_paper, ENERGY, PAPER)
PLAN_AS(energy_single, ENERGY, SINGLE)
PLAN_AS(weighted_auto, WEIGHTED, AUTO)
PLAN_AS(weighted_paper, WEIGHTED, PAPER)
PLAN_AS(weighted_single, WEIGHTED, SINGLE)

static hidp_status bounded(struct fixture *f)
{
	const hidp_layer_id pinned_layer = 7, resident_layer = 2;
	const hidp_node_id pinned_node = 1, resident_node = 2, excluded_node = 0;
	const hidp_processor_id excluded_processor = 1;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.flags = HIDP_PLAN_STREAM | HIDP_PLAN_INPUT_AT | HIDP_PLAN_OUTPUT_AT |
	                HIDP_PLAN_RESIDENT;
	options.objective = HIDP_OBJECTIVE_ENERGY;
	options.work_limit = FIXTURE_WORK;
	options.input_node = 1;
	options.output_node = 2;
	options.latency_limit_s = 1;
	options.period_limit_s = 1;
	options.energy_limit_j = 100;
	options.migration_weight = 1;
	options.pin_layers = &pinned_layer;
	options.pin_nodes = &pinned_node;
	options.pin_count = 1;
	options.excluded_nodes = &excluded_node;
	options.excluded_processors = &excluded_processor;
	options.excluded_count = 1;
	options.resident_layers = &resident_layer;
	options.resident_nodes = &resident_node;
	options.resident_count = 1;
	options.previous = f->plan;
	ACT_MAKING(hidp_plan,
	           hidp_plan(f->model, f->cluster, NULL, &options, &made, &f->diagnostic));
}

static hidp_status infeasible(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.latency_limit_s = 1e-9;
	options.work_limit = FIXTURE_WORK;
	ACT_MAKING(hidp_plan,
	           hidp_plan(f->model, f->cluster, f->cost, &options, &made, &f->diagnostic));
}

static hidp_status contiguous(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.flags = HIDP_PLAN_CONTIGUOUS;
	options.objective = HIDP_OBJECTIVE_PERIOD;
	options.work_limit = FIXTURE_WORK;
	ACT_MAKING(hidp_plan,
	           hidp_plan(f->model, f->cluster, f->cost, &options, &made, &f->diagnostic));
}

static void release_plan(struct fixture *f)
{
	f->out->figures.struct_size = sizeof f->out->figures;
	(void)hidp_plan_get_figures(f->out->object, &f->out->figures);
	f->out->count = hidp_plan_task_count(f->out->object);
	hidp_plan_unref(f->out->object);
}

static hidp_status new_planner(struct fixture *f)
{
	ACT_MAKING(hidp_planner, hidp_planner_new(f->context, &made));
}

static void release_planner(struct fixture *f)
{
	hidp_planner_destroy(f->out->object);
}

/* The fixture's planner has planned for `cluster`; a failed call must not spoil what it remembers. */
static hidp_status plan_again(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.work_limit = FIXTURE_WORK;
	ACT_MAKING(hidp_plan, hidp_planner_plan(f->planner, f->model, f->loaded, f->cost, &options,
	                                        &made, &f->diagnostic));
}

/* It knows the plan. */
static hidp_status plan_known(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.work_limit = FIXTURE_WORK;
	ACT_MAKING(hidp_plan, hidp_planner_plan(f->planner, f->model, f->cluster, f->cost, &options,
	                                        &made, &f->diagnostic));
}

static hidp_status plan_otherwise(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.objective = HIDP_OBJECTIVE_PERIOD;
	options.work_limit = FIXTURE_WORK;
	options.leader = 1;
	ACT_MAKING(hidp_plan, hidp_planner_plan(f->planner, f->model, f->loaded, NULL, &options,
	                                        &made, &f->diagnostic));
}

static hidp_status explain(struct fixture *f)
{
	return hidp_plan_explain(f->local, f->out->text, sizeof f->out->text, &f->out->needed);
}

static hidp_status explain_stream(struct fixture *f)
{
	return hidp_plan_explain(f->plan, f->out->text, sizeof f->out->text, &f->out->needed);
}

#define PLANS(what, act) {"hidp_plan", what, ALLOCATES, act, release_plan, HIDP_OK, 0}

const struct scenario planner_scenarios[] = {
        PLANS("latency, auto", latency_auto),
        PLANS("latency, paper", latency_paper),
        PLANS("latency, single", latency_single),
        PLANS("period, auto", period_auto),
        PLANS("period, paper", period_paper),
        PLANS("period, single", period_single),
        PLANS("energy, auto", energy_auto),
        PLANS("energy, paper", energy_paper),
        PLANS("energy, single", energy_single),
        PLANS("weighted, auto", weighted_auto),
        PLANS("weighted, paper", weighted_paper),
        PLANS("weighted, single", weighted_single),
        PLANS("all options", bounded),
        PLANS("contiguous", contiguous),
        {"hidp_plan", "infeasible", ALLOCATES, infeasible, NULL, HIDP_ERR_INFEASIBLE, 0},
        {"hidp_planner_new", "", ALLOCATES, new_planner, release_planner, HIDP_OK, 0},
        {"hidp_planner_plan", "another load", ALLOCATES, plan_again, release_plan, HIDP_OK,
         FIXTURE_PLANNER},
        {"hidp_planner_plan", "known", ALLOCATES, plan_known, release_plan, HIDP_OK,
         FIXTURE_PLANNER},
        {"hidp_planner_plan", "another objective", ALLOCATES, plan_otherwise, release_plan, HIDP_OK,
         FIXTURE_PLANNER},
        {"hidp_plan_explain", "one request", ALLOCATES, explain, NULL, HIDP_OK, 0},
        {"hidp_plan_explain", "a stream", ALLOCATES, explain_stream, NULL, HIDP_OK, 0},
        {0},
};
