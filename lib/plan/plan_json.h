/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLAN_PLAN_JSON_H
#define HIDP_PLAN_PLAN_JSON_H

#include <hidp/report.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "plan/plan_priv.h"

/*
 * Plans as JSON (doc/formats/plan.md). What decides is model, cluster, cost, options
 * and stages; the rest follows from them and is written for others to read.
 */

extern const struct hidp__words hidp__stage_words;
extern const struct hidp__words hidp__step_words;
extern const struct hidp__words hidp__task_words;

/* struct hidp_plan_options */
extern const struct hidp__json_table hidp__options_table;
/* One entry of pins, exclusions and residency: struct hidp__json_target. */
struct hidp__json_target {
	hidp_layer_id layer;
	hidp_node_id node;
	hidp_processor_id processor;
};
enum { HIDP__JSON_PIN = 1, HIDP__JSON_EXCLUDED = 2, HIDP__JSON_RESIDENT = 4 };
extern const struct hidp__json_table hidp__target_table;
/* One entry of the costs: struct hidp__json_cost. */
enum { HIDP__JSON_MEASURED = 1, HIDP__JSON_UNSUPPORTED = 2 };
struct hidp__json_cost {
	struct hidp__json_target target;
	uint32_t flags;
	double seconds, row_fixed_s, channel_fixed_s;
};
extern const struct hidp__json_table hidp__cost_table;
/* struct hidp_stage_desc and what is below it; the variant is 1 << kind of the stage or step. */
extern const struct hidp__json_table hidp__stage_table;
extern const struct hidp__json_table hidp__share_table;
extern const struct hidp__json_table hidp__step_table;
extern const struct hidp__json_table hidp__slice_table;
/* What follows: struct hidp__json_derived, hidp_plan_figures etc., hidp_task_info (1 << kind). */
struct hidp__json_derived {
	const char *name;
	hidp_op op;
	hidp_op_class op_class;
	struct hidp_shape shape;
	int64_t element_bytes, weight_bytes, workspace_bytes, channel_grain;
	double flops;
	uint32_t flags; /* HIDP_LAYER_OUTPUT */
};
struct hidp__json_derived_input {
	hidp_layer_id layer;
	uint32_t flags; /* HIDP_LAYER_OWN_CHANNELS */
};
extern const struct hidp__json_table hidp__derived_table;
extern const struct hidp__json_table hidp__derived_input_table;
extern const struct hidp__json_table hidp__figures_table;
extern const struct hidp__json_table hidp__node_figures_table;
extern const struct hidp__json_table hidp__processor_figures_table;
extern const struct hidp__json_table hidp__medium_figures_table; /* double */
extern const struct hidp__json_table hidp__task_table;

/* plan/plan_json_read.c */
hidp_status hidp__plan_read(struct hidp_context *ctx, const struct hidp__json *at,
                            struct hidp_plan **plan_out);
/* plan/plan_json_derived.c: are the parts that follow well-formed, the layers the model's? */
hidp_status hidp__plan_check_derived(const struct hidp__json *at, const struct hidp_model *model);
/* plan/plan_json_write.c */
void hidp__plan_write(struct hidp__json_writer *w, const struct hidp_plan *plan);

#endif
