/* SPDX-License-Identifier: MIT */
/*
 * Sizes, offsets and values that programs have compiled in. Written by
 * tests/abi/renew.py; a line that no longer holds is a break of the binary interface.
 */
#include <stddef.h>
#include <stdint.h>

#include <hidp/hidp.h>

#define SAME(expression, value) _Static_assert((expression) == (value), #expression)
#define SIZE(name, value) SAME(sizeof(struct name), value)
#define OFFSET(name, field, value) SAME(offsetof(struct name, field), value)

#if UINTPTR_MAX == UINT64_MAX

SIZE(hidp_node_desc, 80);
OFFSET(hidp_node_desc, struct_size, 0);
OFFSET(hidp_node_desc, flags, 4);
OFFSET(hidp_node_desc, name, 8);
OFFSET(hidp_node_desc, memory_bytes, 16);
OFFSET(hidp_node_desc, memory_bandwidth_Bps, 24);
OFFSET(hidp_node_desc, sync_s, 32);
OFFSET(hidp_node_desc, nic_bandwidth_Bps, 40);
OFFSET(hidp_node_desc, load_bandwidth_Bps, 48);
OFFSET(hidp_node_desc, power_idle_w, 56);
OFFSET(hidp_node_desc, power_transmit_w, 64);
OFFSET(hidp_node_desc, power_receive_w, 72);

SIZE(hidp_processor_desc, 328);
OFFSET(hidp_processor_desc, struct_size, 0);
OFFSET(hidp_processor_desc, flags, 4);
OFFSET(hidp_processor_desc, name, 8);
OFFSET(hidp_processor_desc, kind, 16);
OFFSET(hidp_processor_desc, core_count, 20);
OFFSET(hidp_processor_desc, core_ids, 24);
OFFSET(hidp_processor_desc, rate_flops, 32);
OFFSET(hidp_processor_desc, bandwidth_Bps, 160);
OFFSET(hidp_processor_desc, overhead_s, 288);
OFFSET(hidp_processor_desc, load, 296);
OFFSET(hidp_processor_desc, power_active_w, 304);
OFFSET(hidp_processor_desc, memory_bytes, 312);
OFFSET(hidp_processor_desc, copy_bandwidth_Bps, 320);

SIZE(hidp_link_desc, 40);
OFFSET(hidp_link_desc, struct_size, 0);
OFFSET(hidp_link_desc, flags, 4);
OFFSET(hidp_link_desc, from, 8);
OFFSET(hidp_link_desc, to, 12);
OFFSET(hidp_link_desc, bandwidth_Bps, 16);
OFFSET(hidp_link_desc, latency_s, 24);
OFFSET(hidp_link_desc, wire_dtype, 32);
OFFSET(hidp_link_desc, medium, 36);

SIZE(hidp_context_options, 56);
OFFSET(hidp_context_options, struct_size, 0);
OFFSET(hidp_context_options, flags, 4);
OFFSET(hidp_context_options, alloc, 8);
OFFSET(hidp_context_options, free, 16);
OFFSET(hidp_context_options, alloc_user_data, 24);
OFFSET(hidp_context_options, log, 32);
OFFSET(hidp_context_options, log_user_data, 40);
OFFSET(hidp_context_options, log_level, 48);
OFFSET(hidp_context_options, reserved, 52);

SIZE(hidp_cost_entry, 32);
OFFSET(hidp_cost_entry, struct_size, 0);
OFFSET(hidp_cost_entry, flags, 4);
OFFSET(hidp_cost_entry, seconds, 8);
OFFSET(hidp_cost_entry, row_fixed_s, 16);
OFFSET(hidp_cost_entry, channel_fixed_s, 24);

SIZE(hidp_plan_figures, 88);
OFFSET(hidp_plan_figures, struct_size, 0);
OFFSET(hidp_plan_figures, flags, 4);
OFFSET(hidp_plan_figures, latency_s, 8);
OFFSET(hidp_plan_figures, period_s, 16);
OFFSET(hidp_plan_figures, energy_j, 24);
OFFSET(hidp_plan_figures, objective, 32);
OFFSET(hidp_plan_figures, lower_bound, 40);
OFFSET(hidp_plan_figures, gap, 48);
OFFSET(hidp_plan_figures, migration_s, 56);
OFFSET(hidp_plan_figures, migration_bytes, 64);
OFFSET(hidp_plan_figures, transfer_bytes, 72);
OFFSET(hidp_plan_figures, work, 80);

SIZE(hidp_node_figures, 48);
OFFSET(hidp_node_figures, struct_size, 0);
OFFSET(hidp_node_figures, flags, 4);
OFFSET(hidp_node_figures, memory_bytes, 8);
OFFSET(hidp_node_figures, weight_bytes, 16);
OFFSET(hidp_node_figures, transmit_s, 24);
OFFSET(hidp_node_figures, receive_s, 32);
OFFSET(hidp_node_figures, energy_j, 40);

SIZE(hidp_processor_figures, 24);
OFFSET(hidp_processor_figures, struct_size, 0);
OFFSET(hidp_processor_figures, flags, 4);
OFFSET(hidp_processor_figures, memory_bytes, 8);
OFFSET(hidp_processor_figures, busy_s, 16);

SIZE(hidp_task_info, 104);
OFFSET(hidp_task_info, struct_size, 0);
OFFSET(hidp_task_info, kind, 4);
OFFSET(hidp_task_info, stage, 8);
OFFSET(hidp_task_info, share, 12);
OFFSET(hidp_task_info, step, 16);
OFFSET(hidp_task_info, slice, 20);
OFFSET(hidp_task_info, node, 24);
OFFSET(hidp_task_info, processor, 28);
OFFSET(hidp_task_info, to, 32);
OFFSET(hidp_task_info, layer, 36);
OFFSET(hidp_task_info, layer_count, 40);
OFFSET(hidp_task_info, medium, 44);
OFFSET(hidp_task_info, row_begin, 48);
OFFSET(hidp_task_info, row_end, 56);
OFFSET(hidp_task_info, start_s, 64);
OFFSET(hidp_task_info, end_s, 72);
OFFSET(hidp_task_info, arrival_s, 80);
OFFSET(hidp_task_info, wait_s, 88);
OFFSET(hidp_task_info, bytes, 96);

SIZE(hidp_shape, 32);
OFFSET(hidp_shape, batch, 0);
OFFSET(hidp_shape, channels, 8);
OFFSET(hidp_shape, rows, 16);
OFFSET(hidp_shape, width, 24);

SIZE(hidp_row_rule, 32);
OFFSET(hidp_row_rule, stride, 0);
OFFSET(hidp_row_rule, divisor, 8);
OFFSET(hidp_row_rule, pad, 16);
OFFSET(hidp_row_rule, extent, 24);

SIZE(hidp_layer_desc, 272);
OFFSET(hidp_layer_desc, struct_size, 0);
OFFSET(hidp_layer_desc, flags, 4);
OFFSET(hidp_layer_desc, name, 8);
OFFSET(hidp_layer_desc, op, 16);
OFFSET(hidp_layer_desc, dtype, 20);
OFFSET(hidp_layer_desc, inputs, 24);
OFFSET(hidp_layer_desc, input_count, 32);
OFFSET(hidp_layer_desc, axis, 36);
OFFSET(hidp_layer_desc, shape, 40);
OFFSET(hidp_layer_desc, out_channels, 72);
OFFSET(hidp_layer_desc, kernel, 80);
OFFSET(hidp_layer_desc, stride, 96);
OFFSET(hidp_layer_desc, dilation, 112);
OFFSET(hidp_layer_desc, pad, 128);
OFFSET(hidp_layer_desc, groups, 160);
OFFSET(hidp_layer_desc, begin, 168);
OFFSET(hidp_layer_desc, end, 176);
OFFSET(hidp_layer_desc, perm, 184);
OFFSET(hidp_layer_desc, heads, 196);
OFFSET(hidp_layer_desc, function, 200);
OFFSET(hidp_layer_desc, op_class, 204);
OFFSET(hidp_layer_desc, alpha, 208);
OFFSET(hidp_layer_desc, beta, 216);
OFFSET(hidp_layer_desc, flops, 224);
OFFSET(hidp_layer_desc, weight_bytes, 232);
OFFSET(hidp_layer_desc, workspace_bytes, 240);
OFFSET(hidp_layer_desc, row_rules, 248);
OFFSET(hidp_layer_desc, channel_grain, 256);
OFFSET(hidp_layer_desc, colocation, 264);
OFFSET(hidp_layer_desc, reserved, 268);

SIZE(hidp_model_options, 24);
OFFSET(hidp_model_options, struct_size, 0);
OFFSET(hidp_model_options, flags, 4);
OFFSET(hidp_model_options, name, 8);
OFFSET(hidp_model_options, dtype, 16);
OFFSET(hidp_model_options, reserved, 20);

SIZE(hidp_layer_info, 120);
OFFSET(hidp_layer_info, struct_size, 0);
OFFSET(hidp_layer_info, flags, 4);
OFFSET(hidp_layer_info, name, 8);
OFFSET(hidp_layer_info, op, 16);
OFFSET(hidp_layer_info, op_class, 20);
OFFSET(hidp_layer_info, dtype, 24);
OFFSET(hidp_layer_info, input_count, 28);
OFFSET(hidp_layer_info, part_count, 32);
OFFSET(hidp_layer_info, consumer_count, 36);
OFFSET(hidp_layer_info, shape, 40);
OFFSET(hidp_layer_info, flops, 72);
OFFSET(hidp_layer_info, output_bytes, 80);
OFFSET(hidp_layer_info, weight_bytes, 88);
OFFSET(hidp_layer_info, workspace_bytes, 96);
OFFSET(hidp_layer_info, channel_grain, 104);
OFFSET(hidp_layer_info, colocation, 112);
OFFSET(hidp_layer_info, reserved, 116);

SIZE(hidp_plan_options, 184);
OFFSET(hidp_plan_options, struct_size, 0);
OFFSET(hidp_plan_options, flags, 4);
OFFSET(hidp_plan_options, objective, 8);
OFFSET(hidp_plan_options, strategy, 12);
OFFSET(hidp_plan_options, leader, 16);
OFFSET(hidp_plan_options, input_node, 20);
OFFSET(hidp_plan_options, output_node, 24);
OFFSET(hidp_plan_options, reserved, 28);
OFFSET(hidp_plan_options, latency_weight, 32);
OFFSET(hidp_plan_options, period_weight, 40);
OFFSET(hidp_plan_options, energy_weight, 48);
OFFSET(hidp_plan_options, latency_limit_s, 56);
OFFSET(hidp_plan_options, period_limit_s, 64);
OFFSET(hidp_plan_options, energy_limit_j, 72);
OFFSET(hidp_plan_options, migration_weight, 80);
OFFSET(hidp_plan_options, pin_layers, 88);
OFFSET(hidp_plan_options, pin_nodes, 96);
OFFSET(hidp_plan_options, pin_processors, 104);
OFFSET(hidp_plan_options, pin_count, 112);
OFFSET(hidp_plan_options, excluded_nodes, 120);
OFFSET(hidp_plan_options, excluded_processors, 128);
OFFSET(hidp_plan_options, excluded_count, 136);
OFFSET(hidp_plan_options, resident_layers, 144);
OFFSET(hidp_plan_options, resident_nodes, 152);
OFFSET(hidp_plan_options, resident_count, 160);
OFFSET(hidp_plan_options, previous, 168);
OFFSET(hidp_plan_options, work_limit, 176);

SIZE(hidp_stage_desc, 32);
OFFSET(hidp_stage_desc, struct_size, 0);
OFFSET(hidp_stage_desc, flags, 4);
OFFSET(hidp_stage_desc, kind, 8);
OFFSET(hidp_stage_desc, first_layer, 12);
OFFSET(hidp_stage_desc, layer_count, 16);
OFFSET(hidp_stage_desc, share_count, 20);
OFFSET(hidp_stage_desc, row_units, 24);

SIZE(hidp_share_desc, 56);
OFFSET(hidp_share_desc, struct_size, 0);
OFFSET(hidp_share_desc, flags, 4);
OFFSET(hidp_share_desc, node, 8);
OFFSET(hidp_share_desc, step_count, 12);
OFFSET(hidp_share_desc, row_begin, 16);
OFFSET(hidp_share_desc, row_end, 24);
OFFSET(hidp_share_desc, fraction, 32);
OFFSET(hidp_share_desc, layers, 40);
OFFSET(hidp_share_desc, layer_count, 48);
OFFSET(hidp_share_desc, reserved, 52);

SIZE(hidp_step_desc, 24);
OFFSET(hidp_step_desc, struct_size, 0);
OFFSET(hidp_step_desc, flags, 4);
OFFSET(hidp_step_desc, kind, 8);
OFFSET(hidp_step_desc, layer_count, 12);
OFFSET(hidp_step_desc, slice_count, 16);
OFFSET(hidp_step_desc, reserved, 20);

SIZE(hidp_slice_desc, 40);
OFFSET(hidp_slice_desc, struct_size, 0);
OFFSET(hidp_slice_desc, flags, 4);
OFFSET(hidp_slice_desc, processor, 8);
OFFSET(hidp_slice_desc, layer_count, 12);
OFFSET(hidp_slice_desc, begin, 16);
OFFSET(hidp_slice_desc, end, 24);
OFFSET(hidp_slice_desc, layers, 32);

SIZE(hidp_diagnostic, 520);
OFFSET(hidp_diagnostic, struct_size, 0);
OFFSET(hidp_diagnostic, status, 4);
OFFSET(hidp_diagnostic, line, 8);
OFFSET(hidp_diagnostic, column, 12);
OFFSET(hidp_diagnostic, subject, 16);
OFFSET(hidp_diagnostic, message, 144);

#endif

SAME(HIDP_PROCESSOR_CPU, 0);
SAME(HIDP_PROCESSOR_GPU, 1);
SAME(HIDP_PROCESSOR_NPU, 2);
SAME(HIDP_PROCESSOR_DSP, 3);
SAME(HIDP_PROCESSOR_OTHER, 4);
SAME(HIDP_NODE_UNAVAILABLE, 1);
SAME(HIDP_NODE_TRANSFERS_ARE_WORK, 2);
SAME(HIDP_NODE_HUB, 4);
SAME(HIDP_LINK_BOTH_WAYS, 1);
SAME(HIDP_LOG_NONE, 0);
SAME(HIDP_LOG_WARNING, 1);
SAME(HIDP_LOG_INFO, 2);
SAME(HIDP_LOG_DEBUG, 3);
SAME(HIDP_COST_UNSUPPORTED, 1);
SAME(HIDP_FIGURES_PROVEN, 1);
SAME(HIDP_TASK_COMPUTE, 1);
SAME(HIDP_TASK_TRANSFER, 2);
SAME(HIDP_DTYPE_DEFAULT, 0);
SAME(HIDP_DTYPE_FP32, 1);
SAME(HIDP_DTYPE_FP16, 2);
SAME(HIDP_DTYPE_BF16, 3);
SAME(HIDP_DTYPE_INT8, 4);
SAME(HIDP_OP_INPUT, 1);
SAME(HIDP_OP_CONV, 2);
SAME(HIDP_OP_DENSE, 3);
SAME(HIDP_OP_MATMUL, 4);
SAME(HIDP_OP_MAX_POOL, 5);
SAME(HIDP_OP_AVERAGE_POOL, 6);
SAME(HIDP_OP_GLOBAL_POOL, 7);
SAME(HIDP_OP_ACTIVATION, 8);
SAME(HIDP_OP_BINARY, 9);
SAME(HIDP_OP_CONCAT, 10);
SAME(HIDP_OP_SLICE, 11);
SAME(HIDP_OP_PAD, 12);
SAME(HIDP_OP_RESIZE, 13);
SAME(HIDP_OP_BATCH_NORM, 14);
SAME(HIDP_OP_LAYER_NORM, 15);
SAME(HIDP_OP_SOFTMAX, 16);
SAME(HIDP_OP_ATTENTION, 17);
SAME(HIDP_OP_RESHAPE, 18);
SAME(HIDP_OP_FLATTEN, 19);
SAME(HIDP_OP_TRANSPOSE, 20);
SAME(HIDP_OP_CUSTOM, 21);
SAME(HIDP_AXIS_BATCH, 0);
SAME(HIDP_AXIS_CHANNELS, 1);
SAME(HIDP_AXIS_ROWS, 2);
SAME(HIDP_AXIS_WIDTH, 3);
SAME(HIDP_ACTIVATION_RELU, 1);
SAME(HIDP_ACTIVATION_RELU6, 2);
SAME(HIDP_ACTIVATION_SIGMOID, 3);
SAME(HIDP_ACTIVATION_SILU, 4);
SAME(HIDP_ACTIVATION_HARD_SIGMOID, 5);
SAME(HIDP_ACTIVATION_HARD_SWISH, 6);
SAME(HIDP_ACTIVATION_TANH, 7);
SAME(HIDP_ACTIVATION_GELU, 8);
SAME(HIDP_ACTIVATION_LEAKY_RELU, 9);
SAME(HIDP_ACTIVATION_ELU, 10);
SAME(HIDP_ACTIVATION_SOFTPLUS, 11);
SAME(HIDP_ACTIVATION_CLIP, 12);
SAME(HIDP_BINARY_ADD, 1);
SAME(HIDP_BINARY_SUB, 2);
SAME(HIDP_BINARY_MUL, 3);
SAME(HIDP_BINARY_DIV, 4);
SAME(HIDP_BINARY_MIN, 5);
SAME(HIDP_BINARY_MAX, 6);
SAME(HIDP_RESIZE_NEAREST, 1);
SAME(HIDP_RESIZE_BILINEAR, 2);
SAME(HIDP_CLASS_NONE, 0);
SAME(HIDP_CLASS_CONV3X3, 1);
SAME(HIDP_CLASS_CONV, 2);
SAME(HIDP_CLASS_DEPTHWISE, 3);
SAME(HIDP_CLASS_GEMM, 4);
SAME(HIDP_CLASS_DENSE, 5);
SAME(HIDP_CLASS_ELEMENTWISE, 6);
SAME(HIDP_CLASS_CUSTOM, 7);
SAME(HIDP_LAYER_OUTPUT, 1);
SAME(HIDP_LAYER_CEIL_MODE, 2);
SAME(HIDP_LAYER_NO_BIAS, 4);
SAME(HIDP_LAYER_TRANSPOSE_B, 8);
SAME(HIDP_LAYER_OWN_CHANNELS, 16);
SAME(HIDP_MODEL_KEEP_UNFUSED, 1);
SAME(HIDP_OBJECTIVE_LATENCY, 0);
SAME(HIDP_OBJECTIVE_PERIOD, 1);
SAME(HIDP_OBJECTIVE_ENERGY, 2);
SAME(HIDP_OBJECTIVE_WEIGHTED, 3);
SAME(HIDP_STRATEGY_AUTO, 0);
SAME(HIDP_STRATEGY_PAPER, 1);
SAME(HIDP_STRATEGY_SINGLE, 2);
SAME(HIDP_PLAN_STREAM, 1);
SAME(HIDP_PLAN_INPUT_AT, 2);
SAME(HIDP_PLAN_OUTPUT_AT, 4);
SAME(HIDP_PLAN_RESIDENT, 8);
SAME(HIDP_PLAN_CONTIGUOUS, 16);
SAME(HIDP_STAGE_SINGLE, 1);
SAME(HIDP_STAGE_SPLIT, 2);
SAME(HIDP_STAGE_BRANCH, 3);
SAME(HIDP_STAGE_REPLICA, 4);
SAME(HIDP_STEP_SINGLE, 1);
SAME(HIDP_STEP_ROWS, 2);
SAME(HIDP_STEP_CHANNELS, 3);
SAME(HIDP_STEP_BRANCH, 4);
SAME(HIDP_OK, 0);
SAME(HIDP_ERR_NOMEM, -1);
SAME(HIDP_ERR_ARGUMENT, -2);
SAME(HIDP_ERR_ABI, -3);
SAME(HIDP_ERR_MODEL, -4);
SAME(HIDP_ERR_CLUSTER, -5);
SAME(HIDP_ERR_COST, -6);
SAME(HIDP_ERR_PLAN, -7);
SAME(HIDP_ERR_INFEASIBLE, -8);
SAME(HIDP_ERR_SYNTAX, -9);
SAME(HIDP_ERR_LIMIT, -10);
SAME(HIDP_ERR_UNSUPPORTED, -11);
SAME(HIDP_FEATURE_OP, 1);
SAME(HIDP_FEATURE_OP_CLASS, 2);
SAME(HIDP_FEATURE_DTYPE, 3);
SAME(HIDP_FEATURE_OBJECTIVE, 4);
SAME(HIDP_FEATURE_STRATEGY, 5);
SAME(HIDP_FEATURE_STAGE_KIND, 6);
SAME(HIDP_FEATURE_STEP_KIND, 7);
SAME(HIDP_FEATURE_COMPONENT, 8);
SAME(HIDP_COMPONENT_JSON, 1);
SAME(HIDP_NODE_NONE, 4294967295u);
SAME(HIDP_PROCESSOR_NONE, 4294967295u);
SAME(HIDP_MEDIUM_NONE, 4294967295u);
SAME(HIDP_CLUSTER_NODES_MAX, 1024);
SAME(HIDP_NODE_PROCESSORS_MAX, 64);
SAME(HIDP_PROCESSOR_CORES_MAX, 4096);
SAME(HIDP_LAYER_NONE, 4294967295u);
SAME(HIDP_MODEL_LAYERS_MAX, 65536);
SAME(HIDP_LAYER_INPUTS_MAX, 1024);
SAME(HIDP_NAME_MAX, 255);
SAME(HIDP_CLASS_COUNT, 8);
SAME(HIDP_STEP_LAYERS_MAX, 4);
SAME(HIDP_PLAN_ROUTES_MAX, 256);

int main(void)
{
	return 0;
}
