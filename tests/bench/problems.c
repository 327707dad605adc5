/* SPDX-License-Identifier: MIT */
/* Networks and clusters to plan for. */
#include "bench.h"

#include <stdio.h>

#include "rng.h"
#include "zoo.h"

const char *const bench_objectives[3] = {"latency", "period", "energy"};
const char *const bench_networks[BENCH_NETWORKS] = {"efficientnet_b0", "inception_v3", "resnet152",
                                                    "vgg19"};
const char *const bench_shapes[BENCH_SHAPES] = {"chain", "residual", "branches"};

struct hidp_model *bench_network(struct hidp_context *context, const char *name)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model *model = NULL;
	bench_must(zoo_build(context, name, NULL, &model, &said), &said, name);
	return model;
}

/* A deep network while it is being described. */
struct deep {
	struct hidp_model_builder *builder;
	uint32_t count, layers; /* described so far, and wanted */
};

static hidp_layer_id add(struct deep *deep, struct hidp_layer_desc desc,
                         const hidp_layer_id *inputs, uint32_t input_count)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_layer_id id = 0;
	desc.struct_size = sizeof desc;
	desc.inputs = inputs;
	desc.input_count = input_count;
	bench_must(hidp_model_builder_add(deep->builder, &desc, &id, &said), &said, "layer");
	deep->count++;
	return id;
}

static hidp_layer_id conv(struct deep *deep, hidp_layer_id in, int64_t kernel, int64_t stride,
                          int64_t channels)
{
	int64_t pad = kernel / 2;
	struct hidp_layer_desc desc = {.op = HIDP_OP_CONV,
	                               .out_channels = channels,
	                               .kernel = {kernel, kernel},
	                               .stride = {stride, stride},
	                               .pad = {pad, pad, pad, pad}};
	return add(deep, desc, &in, 1);
}

/* Scale of the next layer: there are four, as in ResNet, with a quarter of the layers each. */
static int64_t scale_at(const struct deep *deep)
{
	int64_t scale = 4 * (int64_t)deep->count / deep->layers;
	return scale < 4 ? scale : 3;
}

/* Each adds one unit and is called only while at least a whole one is wanted. */
static hidp_layer_id unit(struct deep *deep, enum bench_shape shape, hidp_layer_id in)
{
	int64_t width = INT64_C(64) << scale_at(deep);
	struct hidp_layer_desc join = {.op = HIDP_OP_BINARY, .function = HIDP_BINARY_ADD};
	hidp_layer_id parts[3] = {in, in, in};
	switch (shape) {
	case BENCH_RESIDUAL:
		parts[1] = conv(deep, in, 1, 1, width / 2);
		parts[1] = conv(deep, parts[1], 3, 1, width / 2);
		parts[1] = conv(deep, parts[1], 1, 1, width);
		return add(deep, join, parts, 2);
	case BENCH_BRANCHES:
		parts[0] = conv(deep, in, 1, 1, width / 2);
		parts[1] = conv(deep, in, 1, 1, width / 8);
		parts[1] = conv(deep, parts[1], 3, 1, width / 4);
		parts[2] = conv(deep, in, 1, 1, width / 8);
		parts[2] = conv(deep, parts[2], 5, 1, width / 4);
		join = (struct hidp_layer_desc){.op = HIDP_OP_CONCAT, .axis = HIDP_AXIS_CHANNELS};
		return add(deep, join, parts, 3);
	default:
		return conv(deep, in, deep->count % 2 == 0 ? 3 : 1, 1, width);
	}
}

struct hidp_model *bench_deep_model(struct hidp_context *context, enum bench_shape shape,
                                    uint32_t layers)
{
	static const uint32_t unit_layers[BENCH_SHAPES] = {1, 4, 6};
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model *model = NULL;
	struct deep deep = {.layers = layers};
	struct hidp_layer_desc image = {.op = HIDP_OP_INPUT, .shape = {1, 3, 112, 112}};
	struct hidp_layer_desc pool = {.op = HIDP_OP_GLOBAL_POOL};
	struct hidp_layer_desc dense = {.op = HIDP_OP_DENSE, .out_channels = 1000};

	/* unfused, so that the number of layers is what was asked for */
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	options.name = bench_shapes[shape];
	bench_must(hidp_model_builder_new(context, &options, &deep.builder), NULL, "builder");
	hidp_layer_id last = conv(&deep, add(&deep, image, NULL, 0), 7, 2, 64);
	int64_t scale = 0;
	while (deep.count + 2 < layers) {
		/* the end, where no whole unit fits, is a chain */
		bool whole = deep.count + unit_layers[shape] + 2 <= layers;
		if (scale_at(&deep) > scale)
			last = conv(&deep, last, 3, 2, INT64_C(64) << ++scale);
		else
			last = unit(&deep, whole ? shape : BENCH_CHAIN, last);
	}
	last = add(&deep, pool, &last, 1);
	add(&deep, dense, &last, 1);
	bench_must(hidp_model_builder_seal(deep.builder, &model, &said), &said, "model");
	hidp_model_builder_destroy(deep.builder);
	uint32_t count = hidp_model_layer_count(model);
	if (count != layers)
		bench_fail("the model has %u layers, not %u", count, layers);
	return model;
}

static void add_processor(struct hidp_cluster_builder *builder, hidp_node_id node, uint32_t index,
                          struct rng *rng)
{
	/* FLOP/s of the middle of the range: little cores, big cores, GPU, NPU */
	static const struct {
		hidp_processor_kind kind;
		double rate_flops, active_w, overhead_s;
	} kinds[4] = {
	        {HIDP_PROCESSOR_CPU, 12e9, 1.2, 15e-6},
	        {HIDP_PROCESSOR_CPU, 60e9, 4, 20e-6},
	        {HIDP_PROCESSOR_GPU, 200e9, 8, 60e-6},
	        {HIDP_PROCESSOR_NPU, 400e9, 3, 120e-6},
	};
	/* relative to the rate, by class of work */
	static const double by_class[HIDP_CLASS_COUNT] = {0, 2, 1, 0.4, 1, 1, 0, 1};
	struct hidp_processor_desc desc = HIDP_PROCESSOR_DESC_INIT;
	size_t k = index % 4;
	double rate = kinds[k].rate_flops * rng_scale(rng, 0.4, 2.5);
	desc.kind = kinds[k].kind;
	desc.overhead_s = kinds[k].overhead_s * rng_scale(rng, 0.7, 1.4);
	desc.power_active_w = kinds[k].active_w * rng_scale(rng, 0.7, 1.4);
	for (hidp_op_class c = 0; c < HIDP_CLASS_COUNT; c++)
		desc.rate_flops[c] = rate * by_class[c];
	desc.bandwidth_Bps[HIDP_CLASS_DENSE] = rate / 6;
	desc.bandwidth_Bps[HIDP_CLASS_ELEMENTWISE] = rate / 6;
	bench_must(hidp_cluster_builder_add_processor(builder, node, &desc, NULL, NULL), NULL,
	           "processor");
}

struct hidp_cluster *bench_wide_cluster(struct hidp_context *context, uint32_t nodes,
                                        uint32_t processors, bool shared)
{
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster = NULL;
	struct rng rng;
	bench_must(hidp_cluster_builder_new(context, &builder), NULL, "builder");
	for (hidp_node_id n = 0; n < nodes; n++) {
		struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
		rng_seed(&rng, 1000 + n);
		desc.memory_bytes = UINT64_C(1) << rng_between(&rng, 31, 33);
		desc.memory_bandwidth_Bps = rng_scale(&rng, 4e9, 60e9);
		desc.sync_s = 50e-6;
		desc.power_idle_w = rng_scale(&rng, 1, 5);
		desc.power_transmit_w = desc.power_receive_w = 0.4;
		bench_must(hidp_cluster_builder_add_node(builder, &desc, NULL, &said), &said,
		           "node");
		for (uint32_t p = 0; p < processors; p++)
			add_processor(builder, n, p, &rng);
	}
	link.bandwidth_Bps = shared ? 10e6 : 941e6 / 8;
	link.latency_s = shared ? 3e-3 : 0.25e-3;
	if (shared)
		bench_must(hidp_cluster_builder_add_medium(builder, "wifi", &link.medium, &said),
		           &said, "medium");
	bench_must(hidp_cluster_builder_link_all(builder, &link, &said), &said, "links");
	bench_must(hidp_cluster_builder_seal(builder, &cluster, &said), &said, "cluster");
	hidp_cluster_builder_destroy(builder);
	return cluster;
}
