/* SPDX-License-Identifier: MIT */
/*
 * Plans six convolutions for two cores of this machine and runs the plan: a session
 * with one worker per core, the kernels of hidp-reference, weights from a callback. The
 * result is compared with that of one worker alone.
 *
 *     cc 03-run-a-plan.c $(pkg-config --cflags --libs hidp hidp-reference)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hidp-reference.h>
#include <hidp/hidp.h>
#include <hidp/plugin/weights.h>

#define LAYERS 6
#define CHANNELS 16
#define SIZE 64

static struct hidp_diagnostic diagnostic = HIDP_DIAGNOSTIC_INIT;

static void must(hidp_status status)
{
	if (status == HIDP_OK)
		return;
	fprintf(stderr, "%s: %s %s\n", hidp_status_string(status), diagnostic.subject,
	        diagnostic.message);
	exit(1);
}

static struct hidp_model *describe_model(struct hidp_context *context)
{
	struct hidp_layer_desc layer = HIDP_LAYER_DESC_INIT;
	struct hidp_model_builder *builder;
	struct hidp_model *model;
	hidp_layer_id id;

	must(hidp_model_builder_new(context, NULL, &builder));
	layer.op = HIDP_OP_INPUT;
	layer.shape = (struct hidp_shape){1, CHANNELS, SIZE, SIZE};
	must(hidp_model_builder_add(builder, &layer, &id, &diagnostic));
	layer = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
	layer.op = HIDP_OP_CONV;
	layer.inputs = &id;
	layer.input_count = 1;
	layer.out_channels = CHANNELS;
	layer.kernel[0] = layer.kernel[1] = 3;
	layer.pad[0] = layer.pad[1] = layer.pad[2] = layer.pad[3] = 1;
	layer.flags = HIDP_LAYER_NO_BIAS;
	for (int i = 0; i < LAYERS; i++)
		must(hidp_model_builder_add(builder, &layer, &id, &diagnostic));
	must(hidp_model_builder_seal(builder, &model, &diagnostic));
	hidp_model_builder_destroy(builder);
	return model;
}

/* Weights: an importer would hand out its file's arrays here. */
static float kernel[CHANNELS * CHANNELS * 3 * 3];

static hidp_status get_weights(void *user_data, hidp_layer_id layer, uint32_t part,
                               hidp_weight_role role, const void **data_out, size_t *count_out)
{
	(void)user_data;
	(void)layer;
	(void)part;
	if (role != HIDP_WEIGHT_KERNEL)
		return HIDP_ERR_ARGUMENT;
	*data_out = kernel;
	*count_out = sizeof kernel / sizeof *kernel;
	return HIDP_OK;
}

static const struct hidp_weights weights = {
        .struct_size = sizeof weights,
        .abi = HIDP_PLUGIN_ABI,
        .get = get_weights,
};

/* Runs one request of a plan on this node, with all its processors. */
static void run(const struct hidp_plan *plan, struct hidp_reference *reference, const float *input,
                float *output)
{
	struct hidp_session_options options = HIDP_SESSION_OPTIONS_INIT;
	const void *const inputs[] = {input};
	void *const outputs[] = {output};
	struct hidp_session *session;
	uint64_t request;

	must(hidp_session_new(plan, &options, &session, &diagnostic));
	must(hidp_session_set_kernels(session, HIDP_PROCESSOR_NONE, hidp_reference_kernels(),
	                              reference));
	must(hidp_session_start(session, &diagnostic));
	must(hidp_session_submit(session, inputs, 1, &request));
	must(hidp_session_wait(session, request, -1, outputs, 1));

	/* what was planned, task by task, beside what it took */
	const struct hidp_programs *programs = hidp_session_programs(session, 0);
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	must(hidp_programs_get_info(programs, &info));
	for (uint32_t t = 0; t < info.task_count; t++) {
		struct hidp_program_task task = HIDP_PROGRAM_TASK_INIT;
		struct hidp_task_statistics took = HIDP_TASK_STATISTICS_INIT;
		must(hidp_programs_get_task(programs, t, &task));
		must(hidp_session_get_task_statistics(session, 0, t, &took));
		printf("  task %u on processor %u: step %u, %u layers, %.2f to %.2f ms\n", t,
		       task.processor, task.step, task.call_count, took.last_begin_s * 1e3,
		       took.last_end_s * 1e3);
	}
	hidp_session_destroy(session);
}

int main(void)
{
	static float input[SIZE * SIZE * CHANNELS], one[SIZE * SIZE * CHANNELS],
	        two[SIZE * SIZE * CHANNELS];
	struct hidp_plan_options alone = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_plan *plan_alone, *plan;
	struct hidp_reference *reference;
	struct hidp_cluster *cluster;
	struct hidp_context *context;

	for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++)
		kernel[i] = (float)((int)(i * 7 % 31) - 15) / 128;
	for (size_t i = 0; i < sizeof input / sizeof *input; i++)
		input[i] = (float)((int)(i * 13 % 101) - 50) / 50;

	must(hidp_context_new(NULL, &context));
	struct hidp_model *model = describe_model(context);
	/* one node of two processors that do 2 GFLOP/s each */
	must(hidp_cluster_from_string(context, "cpu:2,cpu:2", &cluster, &diagnostic));
	must(hidp_plan(model, cluster, NULL, NULL, &plan, &diagnostic));
	alone.strategy = HIDP_STRATEGY_SINGLE;
	must(hidp_plan(model, cluster, NULL, &alone, &plan_alone, &diagnostic));
	must(hidp_reference_new(model, &weights, NULL, &reference, &diagnostic));

	printf("one worker\n");
	run(plan_alone, reference, input, one);
	printf("two workers\n");
	run(plan, reference, input, two);
	bool same = memcmp(one, two, sizeof one) == 0;
	printf("the results are %s\n", same ? "the same, bit by bit" : "not the same");

	hidp_reference_destroy(reference);
	hidp_plan_unref(plan_alone);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(context);
	return same ? 0 : 1;
}
