/* SPDX-License-Identifier: MIT */
#include "scenario.h"

static hidp_status new_cost_builder(struct fixture *f)
{
	ACT_MAKING(hidp_cost_builder, hidp_cost_builder_new(f->model, f->cluster, &made));
}

static void release_cost_builder(struct fixture *f)
{
	hidp_cost_builder_destroy(f->out->object);
}

static hidp_status slow(void *user_data, hidp_layer_id layer, hidp_node_id node,
                        hidp_processor_id processor, struct hidp_cost_entry *entry)
{
	(void)user_data;
	(void)node;
	entry->seconds += 1e-6 * (layer + processor);
	return HIDP_OK;
}

static hidp_status set_cost(struct fixture *f)
{
	struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
	entry.seconds = 1e-3;
	hidp_status s = hidp_cost_builder_set(f->cost_builder, 1, 0, 0, &entry, &f->diagnostic);
	return s == HIDP_OK ? hidp_cost_builder_set_callback(f->cost_builder, slow, NULL) : s;
}

static hidp_status seal_cost(struct fixture *f)
{
	hidp_status s = hidp_cost_builder_set_callback(f->cost_builder, slow, NULL);
	if (s != HIDP_OK)
		return s;
	ACT_MAKING(hidp_cost, hidp_cost_builder_seal(f->cost_builder, &made, &f->diagnostic));
}

static hidp_status refuse(void *user_data, hidp_layer_id layer, hidp_node_id node,
                          hidp_processor_id processor, struct hidp_cost_entry *entry)
{
	(void)user_data;
	(void)layer;
	(void)node;
	(void)processor;
	(void)entry;
	return HIDP_ERR_COST;
}

static hidp_status seal_refused_cost(struct fixture *f)
{
	hidp_status s = hidp_cost_builder_set_callback(f->cost_builder, refuse, NULL);
	if (s != HIDP_OK)
		return s;
	ACT_MAKING(hidp_cost, hidp_cost_builder_seal(f->cost_builder, &made, &f->diagnostic));
}

static void release_cost(struct fixture *f)
{
	hidp_cost_unref(f->out->object);
}

static hidp_status get_cost(struct fixture *f)
{
	struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
	return hidp_cost_get(f->model, f->cluster, f->cost, 2, 1, 1, &entry);
}

static hidp_status read_costs(struct fixture *f)
{
	const char *text = f->cost_json != NULL ? f->cost_json : "{}";
	return hidp_cost_builder_add_json(f->cost_builder, text, strlen(text), HIDP_NODE_NONE,
	                                  &f->diagnostic);
}

static hidp_status read_broken_costs(struct fixture *f)
{
	const char *text = f->cost_json != NULL ? f->cost_json : "{}";
	return hidp_cost_builder_add_json(f->cost_builder, text, strlen(text) / 2, HIDP_NODE_NONE,
	                                  &f->diagnostic);
}

static hidp_status cost_from_json(struct fixture *f)
{
	const char *text = f->cost_json != NULL ? f->cost_json : "{}";
	ACT_MAKING(hidp_cost, hidp_cost_from_json(f->model, f->cluster, text, strlen(text), &made,
	                                          &f->diagnostic));
}

static hidp_status cost_to_json(struct fixture *f)
{
	return hidp_cost_to_json(f->model, f->cluster, f->cost, f->out->text, sizeof f->out->text,
	                         &f->out->needed);
}

/* Options with all arrays. */
static const hidp_layer_id pinned_layers[] = {7, 8}, resident_layers[] = {1, 2};
static const hidp_node_id pinned_nodes[] = {2, 2}, resident_nodes[] = {2, 2};
static const hidp_processor_id pinned_processors[] = {1, HIDP_PROCESSOR_NONE};
static const hidp_node_id excluded_nodes[] = {1};

static struct hidp_plan_options full_options(const struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.flags = HIDP_PLAN_RESIDENT | HIDP_PLAN_OUTPUT_AT;
	options.objective = HIDP_OBJECTIVE_WEIGHTED;
	options.latency_weight = 1;
	options.energy_weight = 0.1;
	options.migration_weight = 0.5;
	options.output_node = 2;
	options.pin_layers = pinned_layers;
	options.pin_nodes = pinned_nodes;
	options.pin_processors = pinned_processors;
	options.pin_count = 2;
	options.excluded_nodes = excluded_nodes;
	options.excluded_count = 1;
	options.resident_layers = resident_layers;
	options.resident_nodes = resident_nodes;
	options.resident_count = 2;
	options.previous = f->plan;
	return options;
}

static hidp_status new_builder(struct fixture *f)
{
	struct hidp_plan_options options = full_options(f);
	ACT_MAKING(hidp_plan_builder, hidp_plan_builder_new(f->model, f->cluster, f->cost, &options,
	                                                    &made, &f->diagnostic));
}

static void release_builder(struct fixture *f)
{
	hidp_plan_builder_destroy(f->out->object);
}

static hidp_status describe(struct fixture *f,
                            hidp_status (*decisions)(struct hidp_plan_builder *,
                                                     struct hidp_diagnostic *))
{
	struct hidp_plan_builder *builder = NULL;
	hidp_status s = hidp_plan_builder_new(f->model, f->cluster, NULL, NULL, &builder,
	                                      &f->diagnostic);
	for (int i = 0; s == HIDP_OK && i < 8; i++)
		s = decisions(builder, &f->diagnostic);
	hidp_plan_builder_destroy(builder);
	return s;
}

static hidp_status describe_global(struct fixture *f)
{
	return describe(f, fixture_describe_plan);
}

static hidp_status describe_local(struct fixture *f)
{
	return describe(f, fixture_describe_local);
}

static hidp_status seal(struct fixture *f)
{
	ACT_MAKING(hidp_plan, hidp_plan_builder_seal(f->plan_builder, &made, &f->diagnostic));
}

/* The stages once more: too many, which is found out when the plan is sealed. */
static hidp_status seal_wrong(struct fixture *f)
{
	hidp_status s = fixture_describe_local(f->plan_builder, &f->diagnostic);
	if (s != HIDP_OK)
		return s;
	ACT_MAKING(hidp_plan, hidp_plan_builder_seal(f->plan_builder, &made, &f->diagnostic));
}

static void release_plan(struct fixture *f)
{
	f->out->figures.struct_size = sizeof f->out->figures;
	(void)hidp_plan_get_figures(f->out->object, &f->out->figures);
	f->out->count = hidp_plan_task_count(f->out->object);
	hidp_plan_unref(f->out->object);
}

static hidp_status evaluate_loaded(struct fixture *f)
{
	ACT_MAKING(hidp_plan,
	           hidp_plan_evaluate(f->plan, f->loaded, NULL, NULL, &made, &f->diagnostic));
}

static hidp_status evaluate_options(struct fixture *f)
{
	struct hidp_plan_options options = full_options(f);
	ACT_MAKING(hidp_plan, hidp_plan_evaluate(f->local, NULL, f->cost, &options, &made,
	                                         &f->diagnostic));
}

static hidp_status evaluate_limited(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.latency_limit_s = 1e-9;
	ACT_MAKING(hidp_plan,
	           hidp_plan_evaluate(f->local, NULL, NULL, &options, &made, &f->diagnostic));
}

static hidp_status verify(struct fixture *f)
{
	return hidp_plan_verify(f->plan, &f->diagnostic);
}

static hidp_status verify_local(struct fixture *f)
{
	return hidp_plan_verify(f->local, &f->diagnostic);
}

#define FIRST_ERROR(s, call)                                                                       \
	do {                                                                                       \
		hidp_status returned = (call);                                                     \
		(s) = (s) != HIDP_OK ? (s) : returned;                                             \
	} while (0)

static hidp_status read_plan(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_node_figures node = HIDP_NODE_FIGURES_INIT;
	struct hidp_processor_figures processor = HIDP_PROCESSOR_FIGURES_INIT;
	struct hidp_task_info task = HIDP_TASK_INFO_INIT;
	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
	double busy_s = 0;
	int64_t begin, end;
	hidp_status s = HIDP_OK;
	const struct hidp_plan *plan = f->plan;
	if (hidp_plan_model(plan) != f->model || hidp_plan_cluster(plan) != f->cluster ||
	    hidp_plan_cost(plan) != f->cost || hidp_plan_stage_count(plan) != 4)
		return HIDP_ERR_PLAN;
	f->out->figures.struct_size = sizeof f->out->figures;
	f->out->count = hidp_plan_task_count(plan);
	FIRST_ERROR(s, hidp_plan_get_options(plan, &options));
	FIRST_ERROR(s, hidp_plan_get_figures(plan, &f->out->figures));
	FIRST_ERROR(s, hidp_plan_get_node_figures(plan, 2, &node));
	FIRST_ERROR(s, hidp_plan_get_processor_figures(plan, 2, 1, &processor));
	FIRST_ERROR(s, hidp_plan_get_medium_busy(plan, 0, &busy_s));
	FIRST_ERROR(s, hidp_plan_get_task(plan, f->out->count - 1, &task));
	FIRST_ERROR(s, hidp_plan_get_stage(plan, 3, &stage));
	FIRST_ERROR(s, hidp_plan_get_share(plan, 3, 1, &share));
	FIRST_ERROR(s, hidp_plan_get_share_rows(plan, 0, 1, 2, &begin, &end));
	FIRST_ERROR(s, hidp_plan_get_step(plan, 0, 0, 0, &step));
	FIRST_ERROR(s, hidp_plan_get_slice(plan, 0, 0, 0, 1, &slice));
	return s;
}

const struct scenario plan_scenarios[] = {
        {"hidp_cost_builder_new", "", ALLOCATES, new_cost_builder, release_cost_builder, HIDP_OK,
         0},
        {"hidp_cost_builder_set hidp_cost_builder_set_callback", "", NEVER, set_cost, NULL, HIDP_OK,
         0},
        {"hidp_cost_builder_seal", "", ALLOCATES, seal_cost, release_cost, HIDP_OK, 0},
        {"hidp_cost_builder_seal", "refused", ALLOCATES, seal_refused_cost, NULL, HIDP_ERR_COST, 0},
        {"hidp_cost_builder_add_json", "", JSON, read_costs, NULL, HIDP_OK, FIXTURE_TEXTS},
        {"hidp_cost_builder_add_json", "cut short", JSON, read_broken_costs, NULL, HIDP_ERR_SYNTAX,
         FIXTURE_TEXTS},
        {"hidp_cost_from_json", "", JSON, cost_from_json, release_cost, HIDP_OK, FIXTURE_TEXTS},
        {"hidp_cost_to_json", "", JSON, cost_to_json, NULL, HIDP_OK, 0},
        {"hidp_cost_get", "", NEVER, get_cost, NULL, HIDP_OK, 0},
        {"hidp_plan_builder_new", "", ALLOCATES, new_builder, release_builder, HIDP_OK, 0},
        {"hidp_plan_builder_add_stage hidp_plan_builder_add_share hidp_plan_builder_add_step "
         "hidp_plan_builder_add_slice",
         "over nodes", ALLOCATES, describe_global, NULL, HIDP_OK, 0},
        {"hidp_plan_builder_add_stage hidp_plan_builder_add_share hidp_plan_builder_add_step "
         "hidp_plan_builder_add_slice",
         "over processors", ALLOCATES, describe_local, NULL, HIDP_OK, 0},
        {"hidp_plan_builder_seal", "", ALLOCATES, seal, release_plan, HIDP_OK, 0},
        {"hidp_plan_builder_seal", "invalid", ALLOCATES, seal_wrong, NULL, HIDP_ERR_PLAN, 0},
        {"hidp_plan_evaluate", "another load", ALLOCATES, evaluate_loaded, release_plan, HIDP_OK,
         0},
        {"hidp_plan_evaluate", "all options", ALLOCATES, evaluate_options, release_plan, HIDP_OK,
         0},
        {"hidp_plan_evaluate", "a limit", ALLOCATES, evaluate_limited, NULL, HIDP_ERR_INFEASIBLE,
         0},
        {"hidp_plan_verify", "over nodes", ALLOCATES, verify, NULL, HIDP_OK, 0},
        {"hidp_plan_verify", "over processors", ALLOCATES, verify_local, NULL, HIDP_OK, 0},
        {"hidp_plan_model hidp_plan_cluster hidp_plan_cost hidp_plan_stage_count "
         "hidp_plan_task_count hidp_plan_get_options hidp_plan_get_figures "
         "hidp_plan_get_node_figures hidp_plan_get_processor_figures hidp_plan_get_medium_busy "
         "hidp_plan_get_task hidp_plan_get_stage hidp_plan_get_share hidp_plan_get_share_rows "
         "hidp_plan_get_step hidp_plan_get_slice",
         "", NEVER, read_plan, NULL, HIDP_OK, 0},
        {0},
};
