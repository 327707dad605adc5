/* SPDX-License-Identifier: MIT */
/* What the objects of a plan's document hold. */
#include <hidp/figures.h>

#include "model/model_json.h"
#include "plan/plan_json.h"

#define WORDS(name, array)                                                                         \
	const struct hidp__words name = {array, sizeof(array) / sizeof((array)[0])}
/* An attribute that need not be there, and one that must. */
#define MAY(key, kind, type, member) {key, kind, offsetof(type, member), 0, NULL, 0, 0}
#define MUST(key, kind, type, member)                                                              \
	{key, kind, offsetof(type, member), 0, NULL, 0, HIDP__JSON_ALL}
/* One that belongs to some variants, which must have it. */
#define FOR(which, key, kind, type, member)                                                        \
	{key, kind, offsetof(type, member), 0, NULL, which, which}
#define WORD(key, words, type, member)                                                             \
	{key, HIDP__JSON_WORD, offsetof(type, member), 0, words, 0, HIDP__JSON_ALL}
#define FLAG(key, bit, type, member)                                                               \
	{key, HIDP__JSON_FLAG, offsetof(type, member), bit, NULL, 0, 0}
/* Others are read and written by hand. */
#define HAND(key) {key, HIDP__JSON_OTHER, 0, 0, NULL, 0, 0}
#define HAND_FOR(which, key) {key, HIDP__JSON_OTHER, 0, 0, NULL, which, which}
#define HAND_MUST(key) {key, HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL}

static const char *const objective_words[] = {
        [HIDP_OBJECTIVE_LATENCY] = "latency",
        [HIDP_OBJECTIVE_PERIOD] = "period",
        [HIDP_OBJECTIVE_ENERGY] = "energy",
        [HIDP_OBJECTIVE_WEIGHTED] = "weighted",
};
static WORDS(objectives, objective_words);

static const char *const strategy_words[] = {
        [HIDP_STRATEGY_AUTO] = "auto",
        [HIDP_STRATEGY_PAPER] = "paper",
        [HIDP_STRATEGY_SINGLE] = "single",
};
static WORDS(strategies, strategy_words);

static const char *const stage_words[] = {
        [HIDP_STAGE_SINGLE] = "single",
        [HIDP_STAGE_SPLIT] = "split",
        [HIDP_STAGE_BRANCH] = "branch",
        [HIDP_STAGE_REPLICA] = "replica",
};
WORDS(hidp__stage_words, stage_words);

static const char *const step_words[] = {
        [HIDP_STEP_SINGLE] = "single",
        [HIDP_STEP_ROWS] = "rows",
        [HIDP_STEP_CHANNELS] = "channels",
        [HIDP_STEP_BRANCH] = "branch",
};
WORDS(hidp__step_words, step_words);

static const char *const task_words[] = {
        [HIDP_TASK_COMPUTE] = "compute",
        [HIDP_TASK_TRANSFER] = "transfer",
};
WORDS(hidp__task_words, task_words);

#define O struct hidp_plan_options
static const struct hidp__json_field options_fields[] = {
        WORD("objective", &objectives, O, objective),
        WORD("strategy", &strategies, O, strategy),
        FLAG("stream", HIDP_PLAN_STREAM, O, flags),
        FLAG("contiguous", HIDP_PLAN_CONTIGUOUS, O, flags),
        MUST("leader", HIDP__JSON_U32, O, leader),
        MAY("input_node", HIDP__JSON_ID, O, input_node),
        MAY("output_node", HIDP__JSON_ID, O, output_node),
        MAY("latency_weight", HIDP__JSON_REAL, O, latency_weight),
        MAY("period_weight", HIDP__JSON_REAL, O, period_weight),
        MAY("energy_weight", HIDP__JSON_REAL, O, energy_weight),
        MAY("latency_limit_s", HIDP__JSON_REAL, O, latency_limit_s),
        MAY("period_limit_s", HIDP__JSON_REAL, O, period_limit_s),
        MAY("energy_limit_j", HIDP__JSON_REAL, O, energy_limit_j),
        MAY("migration_weight", HIDP__JSON_REAL, O, migration_weight),
        HAND("pins"),
        HAND("excluded"),
        HAND("resident"),
        MAY("work_limit", HIDP__JSON_U64, O, work_limit),
};
const struct hidp__json_table hidp__options_table = HIDP__JSON_TABLE(options_fields);

#define T struct hidp__json_target
#define ALL_KINDS (HIDP__JSON_PIN | HIDP__JSON_EXCLUDED | HIDP__JSON_RESIDENT)
static const struct hidp__json_field target_fields[] = {
        FOR(HIDP__JSON_PIN | HIDP__JSON_RESIDENT, "layer", HIDP__JSON_U32, T, layer),
        FOR(ALL_KINDS, "node", HIDP__JSON_U32, T, node),
        {"processor", HIDP__JSON_ID, offsetof(T, processor), 0, NULL,
         HIDP__JSON_PIN | HIDP__JSON_EXCLUDED, 0},
};
const struct hidp__json_table hidp__target_table = HIDP__JSON_TABLE(target_fields);

#define C struct hidp__json_cost
static const struct hidp__json_field cost_fields[] = {
        MUST("layer", HIDP__JSON_U32, C, target.layer),
        MUST("node", HIDP__JSON_U32, C, target.node),
        MUST("processor", HIDP__JSON_U32, C, target.processor),
        FLAG("unsupported", HIDP_COST_UNSUPPORTED, C, flags),
        FOR(HIDP__JSON_MEASURED, "seconds", HIDP__JSON_REAL, C, seconds),
        {"row_fixed_s", HIDP__JSON_REAL, offsetof(C, row_fixed_s), 0, NULL, HIDP__JSON_MEASURED,
         0},
        {"channel_fixed_s", HIDP__JSON_REAL, offsetof(C, channel_fixed_s), 0, NULL,
         HIDP__JSON_MEASURED, 0},
};
const struct hidp__json_table hidp__cost_table = HIDP__JSON_TABLE(cost_fields);

#define STAGE(name) (1u << HIDP_STAGE_##name)
#define STEP(name) (1u << HIDP_STEP_##name)

static const struct hidp__json_field stage_fields[] = {
        WORD("kind", &hidp__stage_words, struct hidp_stage_desc, kind),
        MUST("layer_count", HIDP__JSON_U32, struct hidp_stage_desc, layer_count),
        FOR(STAGE(SPLIT), "row_units", HIDP__JSON_INT, struct hidp_stage_desc, row_units),
        HAND_MUST("shares"),
};
const struct hidp__json_table hidp__stage_table = HIDP__JSON_TABLE(stage_fields);

static const struct hidp__json_field share_fields[] = {
        MUST("node", HIDP__JSON_U32, struct hidp_share_desc, node),
        FOR(STAGE(SPLIT), "row_begin", HIDP__JSON_INT, struct hidp_share_desc, row_begin),
        FOR(STAGE(SPLIT), "row_end", HIDP__JSON_INT, struct hidp_share_desc, row_end),
        FOR(STAGE(REPLICA), "fraction", HIDP__JSON_REAL, struct hidp_share_desc, fraction),
        HAND_FOR(STAGE(BRANCH), "layers"),
        HAND_MUST("steps"),
};
const struct hidp__json_table hidp__share_table = HIDP__JSON_TABLE(share_fields);

static const struct hidp__json_field step_fields[] = {
        WORD("kind", &hidp__step_words, struct hidp_step_desc, kind),
        MUST("layer_count", HIDP__JSON_U32, struct hidp_step_desc, layer_count),
        HAND_MUST("slices"),
};
const struct hidp__json_table hidp__step_table = HIDP__JSON_TABLE(step_fields);

static const struct hidp__json_field slice_fields[] = {
        MUST("processor", HIDP__JSON_U32, struct hidp_slice_desc, processor),
        FOR(STEP(ROWS) | STEP(CHANNELS), "begin", HIDP__JSON_INT, struct hidp_slice_desc, begin),
        FOR(STEP(ROWS) | STEP(CHANNELS), "end", HIDP__JSON_INT, struct hidp_slice_desc, end),
        HAND_FOR(STEP(BRANCH), "layers"),
};
const struct hidp__json_table hidp__slice_table = HIDP__JSON_TABLE(slice_fields);

#define D struct hidp__json_derived
static const struct hidp__json_field derived_fields[] = {
        MUST("name", HIDP__JSON_TEXT, D, name),
        WORD("op", &hidp__op_words, D, op),
        WORD("op_class", &hidp__op_class_words, D, op_class),
        {"shape", HIDP__JSON_INTS, offsetof(D, shape), 4, NULL, 0, HIDP__JSON_ALL},
        MUST("element_bytes", HIDP__JSON_INT, D, element_bytes),
        MUST("flops", HIDP__JSON_REAL, D, flops),
        MUST("weight_bytes", HIDP__JSON_INT, D, weight_bytes),
        MUST("workspace_bytes", HIDP__JSON_INT, D, workspace_bytes),
        MUST("channel_grain", HIDP__JSON_INT, D, channel_grain),
        FLAG("output", HIDP_LAYER_OUTPUT, D, flags),
        FLAG("memory_measured", HIDP_LAYER_MEMORY_MEASURED, D, flags),
        HAND_MUST("inputs"),
};
const struct hidp__json_table hidp__derived_table = HIDP__JSON_TABLE(derived_fields);

#define I struct hidp__json_derived_input
static const struct hidp__json_field derived_input_fields[] = {
        MUST("layer", HIDP__JSON_U32, I, layer),
        FLAG("own_channels", HIDP_LAYER_OWN_CHANNELS, I, flags),
        HAND_MUST("row_rule"),
};
const struct hidp__json_table hidp__derived_input_table = HIDP__JSON_TABLE(derived_input_fields);

#define F struct hidp_plan_figures
static const struct hidp__json_field figures_fields[] = {
        MUST("latency_s", HIDP__JSON_FIGURE, F, latency_s),
        MUST("period_s", HIDP__JSON_FIGURE, F, period_s),
        MUST("energy_j", HIDP__JSON_FIGURE, F, energy_j),
        MUST("objective", HIDP__JSON_FIGURE, F, objective),
        MUST("lower_bound", HIDP__JSON_FIGURE, F, lower_bound),
        MUST("gap", HIDP__JSON_FIGURE, F, gap),
        FLAG("proven", HIDP_FIGURES_PROVEN, F, flags),
        MUST("migration_s", HIDP__JSON_FIGURE, F, migration_s),
        MUST("migration_bytes", HIDP__JSON_U64, F, migration_bytes),
        MUST("transfer_bytes", HIDP__JSON_U64, F, transfer_bytes),
        MUST("work", HIDP__JSON_U64, F, work),
        HAND_MUST("nodes"),
        HAND_MUST("media"),
};
const struct hidp__json_table hidp__figures_table = HIDP__JSON_TABLE(figures_fields);

#define N struct hidp_node_figures
static const struct hidp__json_field node_figures_fields[] = {
        MUST("memory_bytes", HIDP__JSON_U64, N, memory_bytes),
        MUST("weight_bytes", HIDP__JSON_U64, N, weight_bytes),
        MUST("transmit_s", HIDP__JSON_FIGURE, N, transmit_s),
        MUST("receive_s", HIDP__JSON_FIGURE, N, receive_s),
        MUST("energy_j", HIDP__JSON_FIGURE, N, energy_j),
        HAND_MUST("processors"),
};
const struct hidp__json_table hidp__node_figures_table = HIDP__JSON_TABLE(node_figures_fields);

#define P struct hidp_processor_figures
static const struct hidp__json_field processor_figures_fields[] = {
        MUST("memory_bytes", HIDP__JSON_U64, P, memory_bytes),
        MUST("busy_s", HIDP__JSON_FIGURE, P, busy_s),
};
const struct hidp__json_table hidp__processor_figures_table =
        HIDP__JSON_TABLE(processor_figures_fields);

static const struct hidp__json_field medium_figures_fields[] = {
        {"busy_s", HIDP__JSON_FIGURE, 0, 0, NULL, 0, HIDP__JSON_ALL},
};
const struct hidp__json_table hidp__medium_figures_table = HIDP__JSON_TABLE(medium_figures_fields);

#define K struct hidp_task_info
#define COMPUTE (1u << HIDP_TASK_COMPUTE)
#define TRANSFER (1u << HIDP_TASK_TRANSFER)
static const struct hidp__json_field task_fields[] = {
        WORD("kind", &hidp__task_words, K, kind),
        MUST("stage", HIDP__JSON_U32, K, stage),
        MUST("share", HIDP__JSON_U32, K, share),
        FOR(COMPUTE, "step", HIDP__JSON_U32, K, step),
        FOR(COMPUTE, "slice", HIDP__JSON_U32, K, slice),
        MUST("node", HIDP__JSON_U32, K, node),
        FOR(COMPUTE, "processor", HIDP__JSON_U32, K, processor),
        FOR(TRANSFER, "to", HIDP__JSON_U32, K, to),
        MUST("layer", HIDP__JSON_U32, K, layer),
        FOR(COMPUTE, "layer_count", HIDP__JSON_U32, K, layer_count),
        {"medium", HIDP__JSON_ID, offsetof(K, medium), 0, NULL, TRANSFER, 0},
        MUST("row_begin", HIDP__JSON_INT, K, row_begin),
        MUST("row_end", HIDP__JSON_INT, K, row_end),
        MUST("start_s", HIDP__JSON_FIGURE, K, start_s),
        MUST("end_s", HIDP__JSON_FIGURE, K, end_s),
        FOR(TRANSFER, "arrival_s", HIDP__JSON_FIGURE, K, arrival_s),
        FOR(COMPUTE, "wait_s", HIDP__JSON_FIGURE, K, wait_s),
        FOR(TRANSFER, "bytes", HIDP__JSON_U64, K, bytes),
};
const struct hidp__json_table hidp__task_table = HIDP__JSON_TABLE(task_fields);
