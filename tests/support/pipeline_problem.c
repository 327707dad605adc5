/* SPDX-License-Identifier: MIT */
#include "pipeline_problem.h"

#include <math.h>
#include <stdlib.h>

#include "random_instance.h"
#include "rng.h"

/* Elements of a batch are counted in the rows' width, so that nothing can be divided. */
#define ELEMENT 4.0

void pipeline_problem_begin(struct pipeline_problem *p, uint32_t layers, uint32_t types,
                            uint32_t devices)
{
	*p = (struct pipeline_problem){.layers = layers, .types = types, .devices = devices};
	p->out_bytes = calloc(layers, sizeof(double));
	p->mem_bytes = calloc(layers, sizeof(double));
	p->seconds = calloc((size_t)types * layers, sizeof(double));
	p->Bps = calloc(types, sizeof(double));
	p->limit = calloc(types, sizeof(double));
	p->type_of = calloc(devices, sizeof(uint32_t));
}

void pipeline_problem_random(struct pipeline_problem *p, uint32_t layers, uint32_t devices,
                             uint64_t seed)
{
	static const double outs[] = {2, 1, 5, 1};
	struct rng rng;
	rng_seed(&rng, seed);
	pipeline_problem_begin(p, layers, devices, devices);
	p->in_bytes = 4816896;
	for (uint32_t l = 0; l < layers; l++) {
		p->out_bytes[l] = l + 1 < layers ? 6455296 * outs[l % 4] : 32000;
		p->mem_bytes[l] = floor(rng_scale(&rng, 2e7, 3.5e7));
	}
	for (uint32_t k = 0; k < devices; k++) {
		double slow = rng_scale(&rng, 0.05, 0.35);
		p->Bps[k] = 131072 * floor(rng_scale(&rng, 100, 1000));
		p->limit[k] = 68719476736;
		p->type_of[k] = k;
		for (uint32_t l = 0; l < layers; l++)
			p->seconds[(size_t)k * layers + l] =
			        slow * (l % 4 == 1 ? 0.25 : 1) * rng_scale(&rng, 0.8, 1.2);
	}
}

void pipeline_problem_end(struct pipeline_problem *p)
{
	hidp_cost_unref(p->cost);
	hidp_cluster_unref(p->cluster);
	hidp_model_unref(p->model);
	free(p->out_bytes);
	free(p->mem_bytes);
	free(p->seconds);
	free(p->Bps);
	free(p->limit);
	free(p->type_of);
}

static double in_bytes(const struct pipeline_problem *p, uint32_t first)
{
	return first > 0 ? p->out_bytes[first - 1] : p->in_bytes;
}

double pipeline_problem_memory(const struct pipeline_problem *p, uint32_t first, uint32_t end)
{
	double bytes = in_bytes(p, first) * (first > 0 ? 3 : 1) + p->out_bytes[end - 1] * 3;
	for (uint32_t l = first; l < end; l++)
		bytes += p->mem_bytes[l];
	return bytes;
}

double pipeline_problem_send_s(const struct pipeline_problem *p, uint32_t from, uint32_t to,
                               uint32_t end)
{
	return p->out_bytes[end - 1] / fmin(p->Bps[from], p->Bps[to]);
}

/* The input is with the first layer, whose memory holds it; none of it is sent. */
static void make_model(struct pipeline_problem *p, struct hidp_context *context)
{
	static const struct hidp_row_rule row = {1, 1, 0, 1}, none = {1, 1, -2, 1};
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_layer_desc in = HIDP_LAYER_DESC_INIT;
	struct hidp_model_builder *builder;
	hidp_layer_id before;
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	support_must(hidp_model_builder_new(context, &options, &builder), NULL, "model");
	in.op = HIDP_OP_INPUT;
	in.dtype = HIDP_DTYPE_FP32;
	in.shape = (struct hidp_shape){1, 1, 1, 1};
	support_must(hidp_model_builder_add(builder, &in, &before, &said), &said, "input");
	for (uint32_t l = 0; l < p->layers; l++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		d.flags = HIDP_LAYER_MEMORY_MEASURED;
		d.op = HIDP_OP_CUSTOM;
		d.dtype = HIDP_DTYPE_FP32;
		d.inputs = &before;
		d.input_count = 1;
		d.row_rules = l > 0 ? &row : &none;
		d.shape = (struct hidp_shape){1, 1, 1, (int64_t)(p->out_bytes[l] / ELEMENT)};
		d.weight_bytes = p->mem_bytes[l] + (l == 0 ? p->in_bytes : 0);
		support_must(hidp_model_builder_add(builder, &d, &before, &said), &said, "layer");
	}
	support_must(hidp_model_builder_seal(builder, &p->model, &said), &said, "model");
	hidp_model_builder_destroy(builder);
}

static hidp_node_id add_node(const struct pipeline_problem *p, struct hidp_cluster_builder *builder,
                             const struct hidp_node_desc *desc)
{
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_node_id node;
	(void)p;
	for (uint32_t c = 0; c < HIDP_CLASS_COUNT; c++)
		processor.rate_flops[c] = 1; /* times come from the table */
	support_must(hidp_cluster_builder_add_node(builder, desc, &node, &said), &said, "node");
	support_must(hidp_cluster_builder_add_processor(builder, node, &processor, NULL, &said),
	             &said, "processor");
	return node;
}

static void add_link(struct hidp_cluster_builder *builder, hidp_node_id from, hidp_node_id to,
                     double bandwidth_Bps)
{
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	link.from = from;
	link.to = to;
	link.bandwidth_Bps = bandwidth_Bps;
	support_must(hidp_cluster_builder_add_link(builder, &link, &said), &said, "link");
}

/*
 * Device d is node d. Requests begin on a node that computes nothing, which every device can hear
 * in no time, and end on one that hears every device in no time.
 */
static void make_cluster(struct pipeline_problem *p, struct hidp_context *context)
{
	struct hidp_cluster_builder *builder;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_node_desc end = HIDP_NODE_DESC_INIT;
	support_must(hidp_cluster_builder_new(context, &builder), NULL, "cluster");
	for (uint32_t d = 0; d < p->devices; d++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		node.memory_bytes = (uint64_t)ceil(p->limit[p->type_of[d]]) - 1;
		node.receive_buffers = 2;
		node.send_buffers = 1;
		add_node(p, builder, &node);
	}
	end.flags = HIDP_NODE_UNAVAILABLE;
	p->options.input_node = p->options.leader = add_node(p, builder, &end);
	p->options.output_node = add_node(p, builder, &end);
	for (uint32_t d = 0; d < p->devices; d++) {
		double Bps = p->Bps[p->type_of[d]];
		add_link(builder, p->options.input_node, d, INFINITY);
		add_link(builder, d, p->options.output_node, INFINITY);
		for (uint32_t k = 0; k < p->devices; k++)
			if (k != d)
				add_link(builder, d, k, fmin(Bps, p->Bps[p->type_of[k]]));
	}
	support_must(hidp_cluster_builder_seal(builder, &p->cluster, &said), &said, "cluster");
	hidp_cluster_builder_destroy(builder);
}

static void make_cost(struct pipeline_problem *p)
{
	struct hidp_cost_builder *builder;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	support_must(hidp_cost_builder_new(p->model, p->cluster, &builder), NULL, "cost");
	for (uint32_t d = 0; d < p->devices; d++)
		for (uint32_t l = 0; l < p->layers; l++) {
			struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
			entry.seconds = p->seconds[(size_t)p->type_of[d] * p->layers + l];
			entry.row_fixed_s = entry.channel_fixed_s = entry.seconds;
			support_must(hidp_cost_builder_set(builder, l + 1, d, 0, &entry, &said),
			             &said, "cost");
		}
	support_must(hidp_cost_builder_seal(builder, &p->cost, &said), &said, "cost");
	hidp_cost_builder_destroy(builder);
}

void pipeline_problem_express(struct pipeline_problem *p, struct hidp_context *context)
{
	p->options = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
	p->options.objective = HIDP_OBJECTIVE_PERIOD;
	p->options.flags = HIDP_PLAN_INPUT_AT | HIDP_PLAN_OUTPUT_AT;
	make_model(p, context);
	make_cluster(p, context);
	make_cost(p);
}
