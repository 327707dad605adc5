/* SPDX-License-Identifier: MIT */
#include "same.h"

#include <check.h>
#include <string.h>

/* Bits, so that not-a-number is the same as itself. */
static void same_real(double a, double b, const char *what)
{
	ck_assert_msg(memcmp(&a, &b, sizeof a) == 0 || a == b, "%s: %.17g and %.17g", what, a, b);
}

#define REAL(member) same_real(x.member, y.member, #member)
#define INT(member) ck_assert_int_eq((int64_t)x.member, (int64_t)y.member)
#define TEXT(member) ck_assert_str_eq(x.member, y.member)

static void same_shapes(struct hidp_shape x, struct hidp_shape y)
{
	INT(batch);
	INT(channels);
	INT(rows);
	INT(width);
}

static void same_rules(const struct hidp_row_rule *a, const struct hidp_row_rule *b)
{
	const struct hidp_row_rule x = *a, y = *b;
	INT(stride);
	INT(divisor);
	INT(pad);
	INT(extent);
}

static void same_parts(const struct hidp_model *a, const struct hidp_model *b, hidp_layer_id layer,
                       uint32_t part)
{
	struct hidp_layer_desc x = HIDP_LAYER_DESC_INIT, y = HIDP_LAYER_DESC_INIT;
	ck_assert_int_eq(hidp_model_part(a, layer, part, &x), HIDP_OK);
	ck_assert_int_eq(hidp_model_part(b, layer, part, &y), HIDP_OK);
	TEXT(name);
	INT(flags);
	INT(op);
	INT(dtype);
	INT(input_count);
	for (uint32_t i = 0; i < x.input_count; i++)
		INT(inputs[i]);
	INT(axis);
	same_shapes(x.shape, y.shape);
	INT(out_channels);
	for (int i = 0; i < 2; i++) {
		INT(kernel[i]);
		INT(stride[i]);
		INT(dilation[i]);
	}
	for (int i = 0; i < 4; i++)
		INT(pad[i]);
	INT(groups);
	INT(begin);
	INT(end);
	for (int i = 0; i < 3; i++)
		INT(perm[i]);
	INT(heads);
	INT(function);
	INT(op_class);
	REAL(alpha);
	REAL(beta);
	REAL(flops);
	REAL(weight_bytes);
	REAL(workspace_bytes);
	INT(channel_grain);
	INT(colocation);
	ck_assert_int_eq(x.row_rules == NULL, y.row_rules == NULL);
	for (uint32_t i = 0; x.row_rules != NULL && i < x.input_count; i++)
		same_rules(&x.row_rules[i], &y.row_rules[i]);
}

static void same_layers(const struct hidp_model *a, const struct hidp_model *b, hidp_layer_id layer)
{
	struct hidp_layer_info x = HIDP_LAYER_INFO_INIT, y = HIDP_LAYER_INFO_INIT;
	ck_assert_int_eq(hidp_model_layer(a, layer, &x), HIDP_OK);
	ck_assert_int_eq(hidp_model_layer(b, layer, &y), HIDP_OK);
	TEXT(name);
	INT(flags);
	INT(op);
	INT(op_class);
	INT(dtype);
	INT(input_count);
	INT(part_count);
	INT(consumer_count);
	same_shapes(x.shape, y.shape);
	REAL(flops);
	INT(output_bytes);
	INT(weight_bytes);
	INT(workspace_bytes);
	INT(channel_grain);
	INT(colocation);
	for (uint32_t i = 0; i < x.input_count; i++) {
		hidp_layer_id from_a = 0, from_b = 0;
		struct hidp_row_rule rule_a, rule_b;
		bool own_a = false, own_b = false;
		hidp_model_layer_input(a, layer, i, &from_a, &rule_a, &own_a);
		hidp_model_layer_input(b, layer, i, &from_b, &rule_b, &own_b);
		ck_assert_uint_eq(from_a, from_b);
		ck_assert_int_eq(own_a, own_b);
		same_rules(&rule_a, &rule_b);
	}
	for (uint32_t p = 0; p < x.part_count; p++)
		same_parts(a, b, layer, p);
}

void same_models(const struct hidp_model *a, const struct hidp_model *b)
{
	ck_assert_str_eq(hidp_model_name(a), hidp_model_name(b));
	ck_assert_uint_eq(hidp_model_layer_count(a), hidp_model_layer_count(b));
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(a); l++)
		same_layers(a, b, l);
}

static void same_processors(const struct hidp_cluster *a, const struct hidp_cluster *b,
                            hidp_node_id n, hidp_processor_id p)
{
	struct hidp_processor_desc x = HIDP_PROCESSOR_DESC_INIT, y = HIDP_PROCESSOR_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_processor(a, n, p, &x), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_processor(b, n, p, &y), HIDP_OK);
	TEXT(name);
	INT(flags);
	INT(kind);
	INT(core_count);
	for (uint32_t i = 0; i < x.core_count; i++)
		INT(core_ids[i]);
	for (hidp_op_class c = 0; c < HIDP_CLASS_COUNT; c++) {
		REAL(rate_flops[c]);
		REAL(bandwidth_Bps[c]);
	}
	REAL(overhead_s);
	REAL(load);
	REAL(power_active_w);
	INT(memory_bytes);
	REAL(copy_bandwidth_Bps);
}

static void same_nodes(const struct hidp_cluster *a, const struct hidp_cluster *b, hidp_node_id n)
{
	struct hidp_node_desc x = HIDP_NODE_DESC_INIT, y = HIDP_NODE_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_node(a, n, &x), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_node(b, n, &y), HIDP_OK);
	TEXT(name);
	INT(flags);
	INT(memory_bytes);
	REAL(memory_bandwidth_Bps);
	REAL(sync_s);
	REAL(nic_bandwidth_Bps);
	REAL(load_bandwidth_Bps);
	REAL(power_idle_w);
	REAL(power_transmit_w);
	REAL(power_receive_w);
	INT(receive_buffers);
	INT(send_buffers);
	ck_assert_uint_eq(hidp_cluster_processor_count(a, n), hidp_cluster_processor_count(b, n));
	for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(a, n); p++)
		same_processors(a, b, n, p);
}

static void same_links(const struct hidp_cluster *a, const struct hidp_cluster *b, hidp_node_id from,
                       hidp_node_id to)
{
	struct hidp_link_desc x = HIDP_LINK_DESC_INIT, y = HIDP_LINK_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_link(a, from, to, &x), hidp_cluster_link(b, from, to, &y));
	INT(from);
	INT(to);
	REAL(bandwidth_Bps);
	REAL(latency_s);
	INT(wire_dtype);
	INT(medium);
	ck_assert_uint_eq(hidp_cluster_next_hop(a, from, to), hidp_cluster_next_hop(b, from, to));
}

void same_clusters(const struct hidp_cluster *a, const struct hidp_cluster *b)
{
	ck_assert_uint_eq(hidp_cluster_node_count(a), hidp_cluster_node_count(b));
	ck_assert_uint_eq(hidp_cluster_medium_count(a), hidp_cluster_medium_count(b));
	for (hidp_medium_id m = 0; m < hidp_cluster_medium_count(a); m++)
		ck_assert_str_eq(hidp_cluster_medium_name(a, m), hidp_cluster_medium_name(b, m));
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(a); n++) {
		same_nodes(a, b, n);
		for (hidp_node_id m = 0; m < hidp_cluster_node_count(a); m++)
			same_links(a, b, n, m);
	}
}

void same_costs(const struct hidp_model *model, const struct hidp_cluster *cluster,
                const struct hidp_cost *a, const struct hidp_cost *b)
{
	ck_assert_int_eq(a == NULL, b == NULL);
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		for (hidp_node_id n = 0; n < hidp_cluster_node_count(cluster); n++) {
			for (uint32_t p = 0; p < hidp_cluster_processor_count(cluster, n); p++) {
				struct hidp_cost_entry x = HIDP_COST_ENTRY_INIT, y = x;
				hidp_cost_get(model, cluster, a, l, n, p, &x);
				hidp_cost_get(model, cluster, b, l, n, p, &y);
				INT(flags);
				REAL(seconds);
				REAL(row_fixed_s);
				REAL(channel_fixed_s);
			}
		}
	}
}

static void same_lists(const uint32_t *a, const uint32_t *b, size_t count, const char *what)
{
	/* without a list every entry is "any" */
	for (size_t i = 0; i < count; i++)
		ck_assert_msg((a != NULL ? a[i] : UINT32_MAX) == (b != NULL ? b[i] : UINT32_MAX),
		              "%s %zu", what, i);
}

static void same_options(const struct hidp_plan *a, const struct hidp_plan *b)
{
	struct hidp_plan_options x = HIDP_PLAN_OPTIONS_INIT, y = HIDP_PLAN_OPTIONS_INIT;
	ck_assert_int_eq(hidp_plan_get_options(a, &x), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_options(b, &y), HIDP_OK);
	INT(flags);
	INT(objective);
	INT(strategy);
	INT(leader);
	if (x.flags & HIDP_PLAN_INPUT_AT)
		INT(input_node);
	if (x.flags & HIDP_PLAN_OUTPUT_AT)
		INT(output_node);
	REAL(latency_weight);
	REAL(period_weight);
	REAL(energy_weight);
	REAL(latency_limit_s);
	REAL(period_limit_s);
	REAL(energy_limit_j);
	REAL(migration_weight);
	INT(pin_count);
	same_lists(x.pin_layers, y.pin_layers, x.pin_count, "pin");
	same_lists(x.pin_nodes, y.pin_nodes, x.pin_count, "pin");
	same_lists(x.pin_processors, y.pin_processors, x.pin_count, "pin");
	INT(excluded_count);
	same_lists(x.excluded_nodes, y.excluded_nodes, x.excluded_count, "exclusion");
	same_lists(x.excluded_processors, y.excluded_processors, x.excluded_count, "exclusion");
	INT(resident_count);
	same_lists(x.resident_layers, y.resident_layers, x.resident_count, "residency");
	same_lists(x.resident_nodes, y.resident_nodes, x.resident_count, "residency");
	INT(work_limit);
}

static void same_steps(const struct hidp_plan *a, const struct hidp_plan *b, uint32_t stage,
                       uint32_t share, uint32_t step)
{
	struct hidp_step_desc x = HIDP_STEP_DESC_INIT, y = HIDP_STEP_DESC_INIT;
	ck_assert_int_eq(hidp_plan_get_step(a, stage, share, step, &x), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_step(b, stage, share, step, &y), HIDP_OK);
	INT(kind);
	INT(layer_count);
	INT(slice_count);
	for (uint32_t k = 0; k < x.slice_count; k++) {
		struct hidp_slice_desc s = HIDP_SLICE_DESC_INIT, t = HIDP_SLICE_DESC_INIT;
		ck_assert_int_eq(hidp_plan_get_slice(a, stage, share, step, k, &s), HIDP_OK);
		ck_assert_int_eq(hidp_plan_get_slice(b, stage, share, step, k, &t), HIDP_OK);
		ck_assert_uint_eq(s.processor, t.processor);
		ck_assert_int_eq(s.begin, t.begin);
		ck_assert_int_eq(s.end, t.end);
		ck_assert_uint_eq(s.layer_count, t.layer_count);
		same_lists(s.layers, t.layers, s.layer_count, "layer of a slice");
	}
}

static void same_shares(const struct hidp_plan *a, const struct hidp_plan *b, uint32_t stage,
                        uint32_t share)
{
	struct hidp_share_desc x = HIDP_SHARE_DESC_INIT, y = HIDP_SHARE_DESC_INIT;
	ck_assert_int_eq(hidp_plan_get_share(a, stage, share, &x), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_share(b, stage, share, &y), HIDP_OK);
	INT(node);
	INT(step_count);
	INT(row_begin);
	INT(row_end);
	REAL(fraction);
	INT(layer_count);
	same_lists(x.layers, y.layers, x.layer_count, "layer of a share");
	for (uint32_t t = 0; t < x.step_count; t++)
		same_steps(a, b, stage, share, t);
}

static void same_stages(const struct hidp_plan *a, const struct hidp_plan *b)
{
	ck_assert_uint_eq(hidp_plan_stage_count(a), hidp_plan_stage_count(b));
	for (uint32_t s = 0; s < hidp_plan_stage_count(a); s++) {
		struct hidp_stage_desc x = HIDP_STAGE_DESC_INIT, y = HIDP_STAGE_DESC_INIT;
		ck_assert_int_eq(hidp_plan_get_stage(a, s, &x), HIDP_OK);
		ck_assert_int_eq(hidp_plan_get_stage(b, s, &y), HIDP_OK);
		INT(kind);
		INT(first_layer);
		INT(layer_count);
		INT(share_count);
		INT(row_units);
		for (uint32_t k = 0; k < x.share_count; k++)
			same_shares(a, b, s, k);
	}
}

static void same_figures(const struct hidp_plan *a, const struct hidp_plan *b)
{
	const struct hidp_cluster *cluster = hidp_plan_cluster(a);
	struct hidp_plan_figures x = HIDP_PLAN_FIGURES_INIT, y = HIDP_PLAN_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_figures(a, &x), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_figures(b, &y), HIDP_OK);
	REAL(latency_s);
	REAL(period_s);
	REAL(energy_j);
	REAL(objective);
	REAL(migration_s);
	INT(migration_bytes);
	INT(transfer_bytes);
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(cluster); n++) {
		struct hidp_node_figures p = HIDP_NODE_FIGURES_INIT, q = HIDP_NODE_FIGURES_INIT;
		ck_assert_int_eq(hidp_plan_get_node_figures(a, n, &p), HIDP_OK);
		ck_assert_int_eq(hidp_plan_get_node_figures(b, n, &q), HIDP_OK);
		ck_assert_mem_eq(&p, &q, sizeof p);
		for (uint32_t k = 0; k < hidp_cluster_processor_count(cluster, n); k++) {
			struct hidp_processor_figures r = HIDP_PROCESSOR_FIGURES_INIT, s = r;
			hidp_plan_get_processor_figures(a, n, k, &r);
			hidp_plan_get_processor_figures(b, n, k, &s);
			ck_assert_mem_eq(&r, &s, sizeof r);
		}
	}
	for (hidp_medium_id m = 0; m < hidp_cluster_medium_count(cluster); m++) {
		double p = -1, q = -2;
		hidp_plan_get_medium_busy(a, m, &p);
		hidp_plan_get_medium_busy(b, m, &q);
		same_real(p, q, "medium");
	}
	ck_assert_uint_eq(hidp_plan_task_count(a), hidp_plan_task_count(b));
	for (uint32_t t = 0; t < hidp_plan_task_count(a); t++) {
		struct hidp_task_info p = HIDP_TASK_INFO_INIT, q = HIDP_TASK_INFO_INIT;
		hidp_plan_get_task(a, t, &p);
		hidp_plan_get_task(b, t, &q);
		ck_assert_mem_eq(&p, &q, sizeof p);
	}
}

void same_plans(const struct hidp_plan *a, const struct hidp_plan *b)
{
	same_models(hidp_plan_model(a), hidp_plan_model(b));
	same_clusters(hidp_plan_cluster(a), hidp_plan_cluster(b));
	same_costs(hidp_plan_model(a), hidp_plan_cluster(a), hidp_plan_cost(a), hidp_plan_cost(b));
	same_options(a, b);
	same_stages(a, b);
	same_figures(a, b);
}
