/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETURN_UNLESS_OK(call)                                                                     \
	do {                                                                                       \
		hidp_status returned = (call);                                                     \
		if (returned != HIDP_OK)                                                           \
			return returned;                                                           \
	} while (0)

static hidp_status add(struct hidp_model_builder *b, struct hidp_layer_desc layer,
                       const char *name, int32_t first, int32_t second,
                       struct hidp_diagnostic *diag)
{
	const hidp_layer_id inputs[] = {(hidp_layer_id)first, (hidp_layer_id)second};
	layer.struct_size = sizeof layer;
	layer.name = name;
	layer.inputs = inputs;
	layer.input_count = (first >= 0) + (second >= 0);
	return hidp_model_builder_add(b, &layer, NULL, diag);
}

hidp_status fixture_describe_model(struct hidp_model_builder *b, struct hidp_diagnostic *diag)
{
	const struct hidp_layer_desc input = {.op = HIDP_OP_INPUT, .shape = {1, 8, 12, 12}};
	const struct hidp_layer_desc conv3x3 = {.op = HIDP_OP_CONV,
	                                        .out_channels = 8,
	                                        .kernel = {3, 3},
	                                        .pad = {1, 1, 1, 1}};
	const struct hidp_layer_desc conv1x1 = {
	        .op = HIDP_OP_CONV, .out_channels = 4, .kernel = {1, 1}};
	const struct hidp_layer_desc norm = {.op = HIDP_OP_BATCH_NORM};
	const struct hidp_layer_desc relu = {.op = HIDP_OP_ACTIVATION,
	                                     .function = HIDP_ACTIVATION_RELU};
	const struct hidp_layer_desc sum = {.op = HIDP_OP_BINARY, .function = HIDP_BINARY_ADD};
	const struct hidp_layer_desc concat = {.op = HIDP_OP_CONCAT, .axis = HIDP_AXIS_CHANNELS};
	const struct hidp_layer_desc pool = {.op = HIDP_OP_GLOBAL_POOL};
	const struct hidp_layer_desc dense = {.op = HIDP_OP_DENSE, .out_channels = 10};
	const struct hidp_row_rule same = {1, 1, 0, 1};
	const struct hidp_layer_desc custom = {.op = HIDP_OP_CUSTOM,
	                                       .shape = {1, 10, 1, 1},
	                                       .flops = 100,
	                                       .row_rules = &same};
	RETURN_UNLESS_OK(add(b, input, "input", -1, -1, diag));
	RETURN_UNLESS_OK(add(b, conv3x3, "first", 0, -1, diag));
	RETURN_UNLESS_OK(add(b, norm, "first/norm", 1, -1, diag));
	RETURN_UNLESS_OK(add(b, relu, "first/relu", 2, -1, diag));
	RETURN_UNLESS_OK(add(b, conv3x3, "second", 3, -1, diag));
	RETURN_UNLESS_OK(add(b, norm, "second/norm", 4, -1, diag));
	RETURN_UNLESS_OK(add(b, sum, "second/sum", 5, 3, diag));
	RETURN_UNLESS_OK(add(b, relu, "second/relu", 6, -1, diag));
	RETURN_UNLESS_OK(add(b, conv1x1, "left", 7, -1, diag));
	RETURN_UNLESS_OK(add(b, conv3x3, "right", 7, -1, diag));
	RETURN_UNLESS_OK(add(b, concat, "joined", 8, 9, diag));
	RETURN_UNLESS_OK(add(b, pool, "pool", 10, -1, diag));
	RETURN_UNLESS_OK(add(b, dense, "scores", 11, -1, diag));
	return add(b, custom, "ranks", 12, -1, diag);
}

static hidp_status make_model(struct fixture *f)
{
	RETURN_UNLESS_OK(hidp_model_builder_new(f->context, NULL, &f->model_builder));
	RETURN_UNLESS_OK(fixture_describe_model(f->model_builder, &f->diagnostic));
	return hidp_model_builder_seal(f->model_builder, &f->model, &f->diagnostic);
}

static hidp_status add_node(struct hidp_cluster_builder *b, uint32_t n,
                            struct hidp_diagnostic *diag)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	node.memory_bytes = 1u << 30;
	node.memory_bandwidth_Bps = 1e10;
	node.sync_s = 1e-6;
	node.load_bandwidth_Bps = 1e8;
	node.power_idle_w = 1.5;
	RETURN_UNLESS_OK(hidp_cluster_builder_add_node(b, &node, NULL, diag));
	for (uint32_t p = 0; p < 2; p++) {
		struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
		const uint32_t cores[] = {2 * p, 2 * p + 1};
		processor.core_ids = cores;
		processor.core_count = 2;
		for (uint32_t c = 1; c < HIDP_CLASS_COUNT; c++) {
			processor.rate_flops[c] = 1e8 * (1 + p + n);
			processor.bandwidth_Bps[c] = 1e9;
		}
		processor.overhead_s = 1e-6;
		processor.power_active_w = 2 + p;
		if (n == 2 && p == 1) {
			processor.kind = HIDP_PROCESSOR_GPU;
			processor.copy_bandwidth_Bps = 5e9;
		}
		RETURN_UNLESS_OK(hidp_cluster_builder_add_processor(b, n, &processor, NULL, diag));
	}
	return HIDP_OK;
}

static hidp_status make_clusters(struct fixture *f)
{
	struct hidp_cluster_builder *b = NULL, *edited = NULL;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	struct hidp_diagnostic *diag = &f->diagnostic;
	RETURN_UNLESS_OK(hidp_cluster_builder_new(f->context, &f->cluster_builder));
	b = f->cluster_builder;
	for (uint32_t n = 0; n < 3; n++)
		RETURN_UNLESS_OK(add_node(b, n, diag));
	RETURN_UNLESS_OK(hidp_cluster_builder_add_medium(b, "wifi", &link.medium, diag));
	link.bandwidth_Bps = 4e7;
	link.latency_s = 1e-5;
	link.wire_dtype = HIDP_DTYPE_FP16;
	RETURN_UNLESS_OK(hidp_cluster_builder_link_all(b, &link, diag));
	RETURN_UNLESS_OK(hidp_cluster_builder_seal(b, &f->cluster, diag));

	RETURN_UNLESS_OK(hidp_cluster_builder_from(f->cluster, &edited));
	link.to = 1;
	link.bandwidth_Bps = 2e7;
	hidp_status s = hidp_cluster_builder_set_load(edited, 1, 0, 0.4, diag);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_add_link(edited, &link, diag);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_seal(edited, &f->loaded, diag);
	hidp_cluster_builder_destroy(edited);
	return s;
}

static hidp_status make_cost(struct fixture *f)
{
	struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
	entry.seconds = 2e-4;
	entry.row_fixed_s = 1e-5;
	RETURN_UNLESS_OK(hidp_cost_builder_new(f->model, f->cluster, &f->cost_builder));
	for (hidp_node_id n = 0; n < 3; n++)
		RETURN_UNLESS_OK(
		        hidp_cost_builder_set(f->cost_builder, 2, n, 1, &entry, &f->diagnostic));
	return hidp_cost_builder_seal(f->cost_builder, &f->cost, &f->diagnostic);
}

/* A few lines of decisions; lists of layers end with HIDP_LAYER_NONE. */
static hidp_status stage(struct hidp_plan_builder *b, hidp_stage_kind kind, uint32_t layers,
                         int64_t row_units, struct hidp_diagnostic *diag)
{
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	d.kind = kind;
	d.layer_count = layers;
	d.row_units = row_units;
	return hidp_plan_builder_add_stage(b, &d, diag);
}

static hidp_status share(struct hidp_plan_builder *b, hidp_node_id node, int64_t begin, int64_t end,
                         double fraction, hidp_layer_id layer, struct hidp_diagnostic *diag)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	d.node = node;
	d.row_begin = begin;
	d.row_end = end;
	d.fraction = fraction;
	d.layers = layer != HIDP_LAYER_NONE ? &layer : NULL;
	d.layer_count = layer != HIDP_LAYER_NONE;
	return hidp_plan_builder_add_share(b, &d, diag);
}

static hidp_status step(struct hidp_plan_builder *b, hidp_step_kind kind, uint32_t layers,
                        struct hidp_diagnostic *diag)
{
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	d.kind = kind;
	d.layer_count = layers;
	return hidp_plan_builder_add_step(b, &d, diag);
}

static hidp_status slice(struct hidp_plan_builder *b, hidp_processor_id processor, int64_t begin,
                         int64_t end, hidp_layer_id layer, struct hidp_diagnostic *diag)
{
	struct hidp_slice_desc d = HIDP_SLICE_DESC_INIT;
	d.processor = processor;
	d.begin = begin;
	d.end = end;
	d.layers = layer != HIDP_LAYER_NONE ? &layer : NULL;
	d.layer_count = layer != HIDP_LAYER_NONE;
	return hidp_plan_builder_add_slice(b, &d, diag);
}

static hidp_status whole(struct hidp_plan_builder *b, hidp_processor_id processor, uint32_t layers,
                         struct hidp_diagnostic *diag)
{
	RETURN_UNLESS_OK(step(b, HIDP_STEP_SINGLE, layers, diag));
	return slice(b, processor, 0, 0, HIDP_LAYER_NONE, diag);
}

/* Sealed layers: 0 input, 1 first, 2 second, 3 left, 4 right, 5 joined, 6 pool, 7 scores, 8 ranks. */
#define NONE HIDP_LAYER_NONE

hidp_status fixture_describe_plan(struct hidp_plan_builder *b, struct hidp_diagnostic *diag)
{
	RETURN_UNLESS_OK(stage(b, HIDP_STAGE_SPLIT, 3, 12, diag));
	RETURN_UNLESS_OK(share(b, 0, 0, 5, 0, NONE, diag));
	RETURN_UNLESS_OK(step(b, HIDP_STEP_ROWS, 2, diag));
	RETURN_UNLESS_OK(slice(b, 0, 0, 2, NONE, diag));
	RETURN_UNLESS_OK(slice(b, 1, 2, 5, NONE, diag));
	RETURN_UNLESS_OK(share(b, 2, 5, 12, 0, NONE, diag));
	RETURN_UNLESS_OK(whole(b, 1, 2, diag));
	RETURN_UNLESS_OK(stage(b, HIDP_STAGE_BRANCH, 2, 0, diag));
	RETURN_UNLESS_OK(share(b, 0, 0, 0, 0, 3, diag));
	RETURN_UNLESS_OK(whole(b, 1, 1, diag));
	RETURN_UNLESS_OK(share(b, 1, 0, 0, 0, 4, diag));
	RETURN_UNLESS_OK(whole(b, 0, 1, diag));
	RETURN_UNLESS_OK(stage(b, HIDP_STAGE_SINGLE, 2, 0, diag));
	RETURN_UNLESS_OK(share(b, 1, 0, 0, 0, NONE, diag));
	RETURN_UNLESS_OK(whole(b, 1, 2, diag));
	RETURN_UNLESS_OK(stage(b, HIDP_STAGE_REPLICA, 2, 0, diag));
	RETURN_UNLESS_OK(share(b, 1, 0, 0, 0.25, NONE, diag));
	RETURN_UNLESS_OK(whole(b, 0, 2, diag));
	RETURN_UNLESS_OK(share(b, 2, 0, 0, 0.75, NONE, diag));
	return whole(b, 1, 2, diag);
}

hidp_status fixture_describe_local(struct hidp_plan_builder *b, struct hidp_diagnostic *diag)
{
	RETURN_UNLESS_OK(stage(b, HIDP_STAGE_SINGLE, 9, 0, diag));
	RETURN_UNLESS_OK(share(b, 2, 0, 0, 0, NONE, diag));
	RETURN_UNLESS_OK(step(b, HIDP_STEP_CHANNELS, 1, diag));
	RETURN_UNLESS_OK(slice(b, 0, 0, 3, NONE, diag));
	RETURN_UNLESS_OK(slice(b, 1, 3, 8, NONE, diag));
	RETURN_UNLESS_OK(step(b, HIDP_STEP_ROWS, 1, diag));
	RETURN_UNLESS_OK(slice(b, 0, 0, 4, NONE, diag));
	RETURN_UNLESS_OK(slice(b, 1, 4, 12, NONE, diag));
	RETURN_UNLESS_OK(step(b, HIDP_STEP_BRANCH, 2, diag));
	RETURN_UNLESS_OK(slice(b, 0, 0, 0, 3, diag));
	RETURN_UNLESS_OK(slice(b, 1, 0, 0, 4, diag));
	return whole(b, 1, 4, diag);
}

static hidp_status make_plans(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_plan_builder *b = NULL;
	options.flags = HIDP_PLAN_STREAM;
	options.work_limit = FIXTURE_WORK;
	RETURN_UNLESS_OK(hidp_plan_builder_new(f->model, f->cluster, f->cost, &options,
	                                       &f->plan_builder, &f->diagnostic));
	RETURN_UNLESS_OK(fixture_describe_plan(f->plan_builder, &f->diagnostic));
	RETURN_UNLESS_OK(hidp_plan_builder_seal(f->plan_builder, &f->plan, &f->diagnostic));

	options.flags = 0;
	RETURN_UNLESS_OK(
	        hidp_plan_builder_new(f->model, f->cluster, NULL, &options, &b, &f->diagnostic));
	hidp_status s = fixture_describe_local(b, &f->diagnostic);
	if (s == HIDP_OK)
		s = hidp_plan_builder_seal(b, &f->local, &f->diagnostic);
	hidp_plan_builder_destroy(b);
	return s;
}

static hidp_status make_planner(struct fixture *f)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_plan *plan = NULL;
	options.work_limit = FIXTURE_WORK;
	RETURN_UNLESS_OK(hidp_planner_new(f->context, &f->planner));
	RETURN_UNLESS_OK(hidp_planner_plan(f->planner, f->model, f->cluster, f->cost, &options,
	                                   &plan, &f->diagnostic));
	hidp_plan_unref(plan);
	return HIDP_OK;
}

/* The whole text that a writer has for an object. */
#define TEXT_OF(text, writer, ...)                                                                 \
	do {                                                                                       \
		size_t needed = 0;                                                                 \
		RETURN_UNLESS_OK(writer(__VA_ARGS__, NULL, 0, &needed));                           \
		text = malloc(needed + 1);                                                         \
		if (text == NULL)                                                                  \
			return HIDP_ERR_NOMEM;                                                     \
		RETURN_UNLESS_OK(writer(__VA_ARGS__, text, needed + 1, NULL));                     \
	} while (0)

static hidp_status make_texts(struct fixture *f)
{
	if (!hidp_feature_supported(HIDP_FEATURE_COMPONENT, HIDP_COMPONENT_JSON))
		return HIDP_OK;
	TEXT_OF(f->model_json, hidp_model_to_json, f->model);
	TEXT_OF(f->cluster_json, hidp_cluster_to_json, f->cluster);
	TEXT_OF(f->plan_json, hidp_plan_to_json, f->plan);
	TEXT_OF(f->cost_json, hidp_cost_to_json, f->model, f->cluster, f->cost);
	return HIDP_OK;
}

bool fixture_make(struct fixture *f, struct outputs *out, unsigned parts)
{
	hidp_status (*const always[])(struct fixture *) = {make_model, make_clusters, make_cost,
	                                                   make_plans};
	memset(f, 0, sizeof *f);
	f->diagnostic = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	f->out = out;
	f->context = allocator_context(&f->allocator);
	allocator_serve_json(&f->allocator);
	hidp_status s = f->context != NULL ? HIDP_OK : HIDP_ERR_NOMEM;
	for (size_t i = 0; s == HIDP_OK && i < sizeof always / sizeof always[0]; i++)
		s = always[i](f);
	if (s == HIDP_OK && (parts & FIXTURE_PLANNER))
		s = make_planner(f);
	if (s == HIDP_OK && (parts & FIXTURE_TEXTS))
		s = make_texts(f);
	if (s == HIDP_OK)
		return true;
	printf("# the fixture: %s: %s: %s\n", hidp_status_string(s), f->diagnostic.subject,
	       f->diagnostic.message);
	fixture_destroy(f);
	return false;
}

void fixture_destroy(struct fixture *f)
{
	hidp_planner_destroy(f->planner);
	hidp_plan_unref(f->local);
	hidp_plan_unref(f->plan);
	hidp_plan_builder_destroy(f->plan_builder);
	hidp_cost_unref(f->cost);
	hidp_cost_builder_destroy(f->cost_builder);
	hidp_cluster_unref(f->loaded);
	hidp_cluster_unref(f->cluster);
	hidp_cluster_builder_destroy(f->cluster_builder);
	hidp_model_unref(f->model);
	hidp_model_builder_destroy(f->model_builder);
	hidp_context_unref(f->context);
	free(f->model_json);
	free(f->cluster_json);
	free(f->plan_json);
	free(f->cost_json);
	allocator_serve_json(NULL);
}
