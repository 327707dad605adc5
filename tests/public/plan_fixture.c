/* SPDX-License-Identifier: MIT */
#include "plan_fixture.h"

#include <math.h>

void fixture_begin(struct fixture *f)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	*f = (struct fixture){.options = HIDP_PLAN_OPTIONS_INIT, .diag = HIDP_DIAGNOSTIC_INIT};
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	ck_ok(hidp_context_new(NULL, &f->context), f->diag);
	ck_ok(hidp_model_builder_new(f->context, &options, &f->model_builder), f->diag);
	ck_ok(hidp_cluster_builder_new(f->context, &f->cluster_builder), f->diag);
}

void fixture_end(struct fixture *f)
{
	hidp_plan_unref(f->plan);
	hidp_plan_builder_destroy(f->plan_builder);
	hidp_cost_unref(f->cost);
	hidp_cluster_unref(f->cluster);
	hidp_cluster_builder_destroy(f->cluster_builder);
	hidp_model_unref(f->model);
	hidp_model_builder_destroy(f->model_builder);
	hidp_context_unref(f->context);
}

hidp_layer_id fixture_input(struct fixture *f, int64_t channels, int64_t rows)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	hidp_layer_id id;
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, channels, rows, 1};
	ck_ok(hidp_model_builder_add(f->model_builder, &d, &id, &f->diag), f->diag);
	return id;
}

hidp_layer_id fixture_custom(struct fixture *f, const hidp_layer_id *inputs, uint32_t count,
                             int64_t channels, int64_t rows, int64_t window, double flops,
                             double weight_bytes, double workspace_bytes, int64_t channel_grain,
                             uint32_t flags)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	struct hidp_row_rule rules[4];
	hidp_layer_id id;
	for (uint32_t i = 0; i < count; i++)
		rules[i] = (struct hidp_row_rule){1, 1, (window - 1) / 2, window};
	d.op = HIDP_OP_CUSTOM;
	d.inputs = inputs;
	d.input_count = count;
	d.shape = (struct hidp_shape){1, channels, rows, 1};
	d.flops = flops;
	d.weight_bytes = weight_bytes;
	d.workspace_bytes = workspace_bytes;
	d.row_rules = rules;
	d.channel_grain = channel_grain;
	d.flags = flags;
	ck_ok(hidp_model_builder_add(f->model_builder, &d, &id, &f->diag), f->diag);
	return id;
}

hidp_layer_id fixture_layer(struct fixture *f, hidp_layer_id input, int64_t channels, int64_t rows,
                            int64_t window, double flops, double weight_bytes)
{
	return fixture_custom(f, &input, 1, channels, rows, window, flops, weight_bytes, 0, 1, 0);
}

void fixture_seal_model(struct fixture *f)
{
	ck_ok(hidp_model_builder_seal(f->model_builder, &f->model, &f->diag), f->diag);
}

hidp_node_id fixture_node(struct fixture *f, struct hidp_node_desc desc)
{
	hidp_node_id id;
	desc.struct_size = sizeof desc;
	ck_ok(hidp_cluster_builder_add_node(f->cluster_builder, &desc, &id, &f->diag), f->diag);
	return id;
}

hidp_processor_id fixture_processor(struct fixture *f, hidp_node_id node, double rate_flops,
                                    double bandwidth_Bps, struct hidp_processor_desc desc)
{
	hidp_processor_id id;
	desc.struct_size = sizeof desc;
	for (unsigned c = 0; c < HIDP_CLASS_COUNT; c++) {
		desc.rate_flops[c] = rate_flops;
		desc.bandwidth_Bps[c] = bandwidth_Bps;
	}
	ck_ok(hidp_cluster_builder_add_processor(f->cluster_builder, node, &desc, &id, &f->diag),
	      f->diag);
	return id;
}

void fixture_link(struct fixture *f, hidp_node_id a, hidp_node_id b, double bandwidth_Bps,
                  double latency_s, hidp_medium_id medium)
{
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	d.flags = HIDP_LINK_BOTH_WAYS;
	d.from = a;
	d.to = b;
	d.bandwidth_Bps = bandwidth_Bps;
	d.latency_s = latency_s;
	d.medium = medium;
	ck_ok(hidp_cluster_builder_add_link(f->cluster_builder, &d, &f->diag), f->diag);
}

void fixture_seal_cluster(struct fixture *f)
{
	hidp_cluster_unref(f->cluster);
	ck_ok(hidp_cluster_builder_seal(f->cluster_builder, &f->cluster, &f->diag), f->diag);
}

void fixture_plan(struct fixture *f)
{
	hidp_plan_builder_destroy(f->plan_builder);
	f->plan_builder = NULL;
	ck_ok(hidp_plan_builder_new(f->model, f->cluster, f->cost, &f->options, &f->plan_builder,
	                            &f->diag),
	      f->diag);
}

void fixture_stage(struct fixture *f, hidp_stage_kind kind, uint32_t layers, int64_t row_units)
{
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	d.kind = kind;
	d.layer_count = layers;
	d.row_units = row_units;
	ck_ok(hidp_plan_builder_add_stage(f->plan_builder, &d, &f->diag), f->diag);
}

static void add_share(struct fixture *f, struct hidp_share_desc d)
{
	ck_ok(hidp_plan_builder_add_share(f->plan_builder, &d, &f->diag), f->diag);
}

void fixture_share(struct fixture *f, hidp_node_id node, int64_t begin, int64_t end)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	d.node = node;
	d.row_begin = begin;
	d.row_end = end;
	add_share(f, d);
}

void fixture_replica(struct fixture *f, hidp_node_id node, double fraction)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	d.node = node;
	d.fraction = fraction;
	add_share(f, d);
}

void fixture_branch(struct fixture *f, hidp_node_id node, const hidp_layer_id *layers,
                    uint32_t count)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	d.node = node;
	d.layers = layers;
	d.layer_count = count;
	add_share(f, d);
}

void fixture_step(struct fixture *f, hidp_step_kind kind, uint32_t layers)
{
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	d.kind = kind;
	d.layer_count = layers;
	ck_ok(hidp_plan_builder_add_step(f->plan_builder, &d, &f->diag), f->diag);
}

static void add_slice(struct fixture *f, struct hidp_slice_desc d)
{
	ck_ok(hidp_plan_builder_add_slice(f->plan_builder, &d, &f->diag), f->diag);
}

void fixture_slice(struct fixture *f, hidp_processor_id processor, int64_t begin, int64_t end)
{
	struct hidp_slice_desc d = HIDP_SLICE_DESC_INIT;
	d.processor = processor;
	d.begin = begin;
	d.end = end;
	add_slice(f, d);
}

void fixture_branch_slice(struct fixture *f, hidp_processor_id processor,
                          const hidp_layer_id *layers, uint32_t count)
{
	struct hidp_slice_desc d = HIDP_SLICE_DESC_INIT;
	d.processor = processor;
	d.layers = layers;
	d.layer_count = count;
	add_slice(f, d);
}

void fixture_single(struct fixture *f, uint32_t layers, hidp_processor_id processor)
{
	fixture_step(f, HIDP_STEP_SINGLE, layers);
	fixture_slice(f, processor, 0, 0);
}

void fixture_single_stage(struct fixture *f, uint32_t layers, uint32_t computing,
                          hidp_node_id node, hidp_processor_id processor)
{
	fixture_stage(f, HIDP_STAGE_SINGLE, layers, 0);
	fixture_share(f, node, 0, 0);
	fixture_single(f, computing, processor);
}

void fixture_seal_plan(struct fixture *f)
{
	hidp_plan_unref(f->plan);
	f->plan = NULL;
	ck_ok(hidp_plan_builder_seal(f->plan_builder, &f->plan, &f->diag), f->diag);
	ck_ok(hidp_plan_verify(f->plan, &f->diag), f->diag);
}

void fixture_refused(struct fixture *f, hidp_status status, const char *subject, const char *text)
{
	struct hidp_plan *none = NULL;
	ck_refused(hidp_plan_builder_seal(f->plan_builder, &none, &f->diag), f->diag, status, subject,
	           text);
	ck_assert_ptr_null(none);
}

void assert_close(double value, double expected)
{
	ck_assert_msg(fabs(value - expected) <= 1e-12 * fabs(expected), "%.17g is not %.17g", value,
	              expected);
}

void fixture_figures(const struct fixture *f, double latency_s, double period_s, double energy_j)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_figures(f->plan, &figures), HIDP_OK);
	assert_close(figures.latency_s, latency_s);
	assert_close(figures.period_s, period_s);
	assert_close(figures.energy_j, energy_j);
}

void fixture_node_figures(const struct fixture *f, hidp_node_id node, uint64_t memory_bytes,
                          uint64_t weight_bytes, double transmit_s, double receive_s,
                          double energy_j)
{
	struct hidp_node_figures figures = HIDP_NODE_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_node_figures(f->plan, node, &figures), HIDP_OK);
	ck_assert_uint_eq(figures.memory_bytes, memory_bytes);
	ck_assert_uint_eq(figures.weight_bytes, weight_bytes);
	assert_close(figures.transmit_s, transmit_s);
	assert_close(figures.receive_s, receive_s);
	assert_close(figures.energy_j, energy_j);
}

void fixture_processor_figures(const struct fixture *f, hidp_node_id node,
                               hidp_processor_id processor, uint64_t memory_bytes, double busy_s)
{
	struct hidp_processor_figures figures = HIDP_PROCESSOR_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_processor_figures(f->plan, node, processor, &figures),
	                 HIDP_OK);
	ck_assert_uint_eq(figures.memory_bytes, memory_bytes);
	assert_close(figures.busy_s, busy_s);
}
