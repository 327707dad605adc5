/* SPDX-License-Identifier: MIT */
/*
 * Describes a small network and two machines, asks for the fastest plan, and
 * prints it.
 *
 *     cc 01-plan-a-model.c $(pkg-config --cflags --libs hidp)
 */
#include <stdio.h>
#include <stdlib.h>

#include <hidp/hidp.h>

static struct hidp_diagnostic diagnostic = HIDP_DIAGNOSTIC_INIT;

/* Every call returns a status; a program that cannot go on says why and ends. */
static void must(hidp_status status)
{
	if (status == HIDP_OK)
		return;
	fprintf(stderr, "%s: %s %s\n", hidp_status_string(status), diagnostic.subject,
	        diagnostic.message);
	exit(1);
}

/* A convolution with as much padding as keeps the size, and its activation. */
static hidp_layer_id add_conv(struct hidp_model_builder *builder, hidp_layer_id from,
                              int64_t channels, int64_t stride)
{
	struct hidp_layer_desc conv = HIDP_LAYER_DESC_INIT, relu = HIDP_LAYER_DESC_INIT;
	hidp_layer_id id;
	conv.op = HIDP_OP_CONV;
	conv.inputs = &from;
	conv.input_count = 1;
	conv.out_channels = channels;
	conv.kernel[0] = conv.kernel[1] = 3;
	conv.stride[0] = conv.stride[1] = stride;
	conv.pad[0] = conv.pad[1] = conv.pad[2] = conv.pad[3] = 1;
	must(hidp_model_builder_add(builder, &conv, &id, &diagnostic));
	relu.op = HIDP_OP_ACTIVATION;
	relu.function = HIDP_ACTIVATION_RELU;
	relu.inputs = &id;
	relu.input_count = 1;
	must(hidp_model_builder_add(builder, &relu, &id, &diagnostic));
	return id;
}

static struct hidp_model *describe_model(struct hidp_context *context)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_layer_desc image = HIDP_LAYER_DESC_INIT, pool = HIDP_LAYER_DESC_INIT;
	struct hidp_layer_desc dense = HIDP_LAYER_DESC_INIT;
	struct hidp_model_builder *builder;
	struct hidp_model *model;
	hidp_layer_id id;

	options.name = "small-cnn";
	must(hidp_model_builder_new(context, &options, &builder));
	image.op = HIDP_OP_INPUT;
	image.shape = (struct hidp_shape){1, 3, 224, 224};
	must(hidp_model_builder_add(builder, &image, &id, &diagnostic));
	id = add_conv(builder, id, 64, 2);
	id = add_conv(builder, id, 128, 1);
	id = add_conv(builder, id, 256, 2);
	id = add_conv(builder, id, 256, 1);
	pool.op = HIDP_OP_GLOBAL_POOL;
	pool.inputs = &id;
	pool.input_count = 1;
	must(hidp_model_builder_add(builder, &pool, &id, &diagnostic));
	dense.op = HIDP_OP_DENSE;
	dense.inputs = &id;
	dense.input_count = 1;
	dense.out_channels = 10;
	must(hidp_model_builder_add(builder, &dense, NULL, &diagnostic));
	must(hidp_model_builder_seal(builder, &model, &diagnostic));
	hidp_model_builder_destroy(builder);
	return model;
}

static void add_processor(struct hidp_cluster_builder *builder, hidp_node_id node, const char *name,
                          hidp_processor_kind kind, double rate_flops, double overhead_s)
{
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	processor.name = name;
	processor.kind = kind;
	/* a profile would state a rate of its own for each class of work */
	for (hidp_op_class c = HIDP_CLASS_CONV3X3; c < HIDP_CLASS_COUNT; c++) {
		processor.rate_flops[c] = rate_flops;
		processor.bandwidth_Bps[c] = 10e9;
	}
	processor.overhead_s = overhead_s;
	processor.power_active_w = 4;
	must(hidp_cluster_builder_add_processor(builder, node, &processor, NULL, &diagnostic));
}

static struct hidp_cluster *describe_cluster(struct hidp_context *context)
{
	struct hidp_node_desc camera = HIDP_NODE_DESC_INIT, gateway = HIDP_NODE_DESC_INIT;
	struct hidp_link_desc lan = HIDP_LINK_DESC_INIT;
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *cluster;
	hidp_node_id node;

	must(hidp_cluster_builder_new(context, &builder));
	camera.name = "camera";
	camera.memory_bytes = UINT64_C(1000000000);
	camera.power_idle_w = 2;
	must(hidp_cluster_builder_add_node(builder, &camera, &node, &diagnostic));
	add_processor(builder, node, "cpu", HIDP_PROCESSOR_CPU, 20e9, 20e-6);
	gateway.name = "gateway";
	gateway.memory_bytes = UINT64_C(8000000000);
	gateway.sync_s = 30e-6; /* handing rows from one processor to another */
	gateway.power_idle_w = 5;
	must(hidp_cluster_builder_add_node(builder, &gateway, &node, &diagnostic));
	add_processor(builder, node, "cpu", HIDP_PROCESSOR_CPU, 80e9, 20e-6);
	add_processor(builder, node, "gpu", HIDP_PROCESSOR_GPU, 250e9, 60e-6);
	lan.bandwidth_Bps = 117e6; /* Gigabit Ethernet */
	lan.latency_s = 200e-6;
	must(hidp_cluster_builder_link_all(builder, &lan, &diagnostic));
	must(hidp_cluster_builder_seal(builder, &cluster, &diagnostic));
	hidp_cluster_builder_destroy(builder);
	return cluster;
}

int main(void)
{
	struct hidp_context *context;
	struct hidp_plan *plan;
	size_t length;

	must(hidp_context_new(NULL, &context));
	struct hidp_model *model = describe_model(context);
	struct hidp_cluster *cluster = describe_cluster(context);

	/* no options: the least latency, request and result at node 0, the camera */
	must(hidp_plan(model, cluster, NULL, NULL, &plan, &diagnostic));

	/* text goes into a buffer of the caller's; a first call tells how large it must be */
	must(hidp_plan_to_table(plan, NULL, 0, &length));
	char *table = malloc(length + 1);
	if (table == NULL)
		return 1;
	must(hidp_plan_to_table(plan, table, length + 1, NULL));
	fputs(table, stdout);

	free(table);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(context);
	return 0;
}
