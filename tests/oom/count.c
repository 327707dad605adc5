/* SPDX-License-Identifier: MIT */
/*
 * Planning and evaluating allocate a small number of times that hardly depends on
 * the size of the problem: nothing is allocated in inner loops.
 */
#include <inttypes.h>
#include <stdio.h>

#include "allocator.h"

#include <hidp/hidp.h>

/* Memory comes in blocks that double in size; that many more of them may be needed. */
#define EXTRA_MAX 24
#define PLAN_CALLS_MAX 160
#define EVALUATE_CALLS_MAX 40

static int results, failures;

static void result(bool good, const char *what, uint64_t few, uint64_t many)
{
	results++;
	failures += !good;
	printf("%s %d - %s: %" PRIu64 " allocations for 40 layers, %" PRIu64 " for 160\n",
	       good ? "ok" : "not ok", results, what, few, many);
}

/* A chain of convolutions, every fourth with a shortcut around it; NULL: something failed. */
static struct hidp_model *make_model(struct hidp_context *context, uint32_t layers)
{
	struct hidp_model_builder *builder = NULL;
	struct hidp_model *model = NULL;
	struct hidp_layer_desc input = HIDP_LAYER_DESC_INIT;
	hidp_layer_id last = 0, before = 0;
	input.op = HIDP_OP_INPUT;
	input.shape = (struct hidp_shape){1, 16, 32, 32};
	if (hidp_model_builder_new(context, NULL, &builder) != HIDP_OK)
		return NULL;
	hidp_status s = hidp_model_builder_add(builder, &input, &last, NULL);
	for (uint32_t i = 1; s == HIDP_OK && i < layers; i++) {
		const hidp_layer_id inputs[] = {last, before};
		struct hidp_layer_desc layer = HIDP_LAYER_DESC_INIT;
		layer.inputs = inputs;
		if (i % 4 == 0) {
			layer.op = HIDP_OP_BINARY;
			layer.function = HIDP_BINARY_ADD;
			layer.input_count = 2;
			before = i;
		} else {
			layer.op = HIDP_OP_CONV;
			layer.input_count = 1;
			layer.out_channels = 16;
			layer.kernel[0] = layer.kernel[1] = 3;
			for (int k = 0; k < 4; k++)
				layer.pad[k] = 1;
		}
		s = hidp_model_builder_add(builder, &layer, &last, NULL);
	}
	if (s == HIDP_OK)
		s = hidp_model_builder_seal(builder, &model, NULL);
	hidp_model_builder_destroy(builder);
	return s == HIDP_OK ? model : NULL;
}

static struct hidp_cluster *make_cluster(struct hidp_context *context)
{
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_cluster *cluster = NULL;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	if (hidp_cluster_builder_new(context, &builder) != HIDP_OK)
		return NULL;
	hidp_status s = HIDP_OK;
	for (uint32_t n = 0; s == HIDP_OK && n < 4; n++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		node.power_idle_w = 1;
		s = hidp_cluster_builder_add_node(builder, &node, NULL, NULL);
		for (uint32_t p = 0; s == HIDP_OK && p < 2; p++) {
			struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
			for (uint32_t c = 1; c < HIDP_CLASS_COUNT; c++) {
				processor.rate_flops[c] = 1e9 * (1 + n + p);
				processor.bandwidth_Bps[c] = 4e9;
			}
			processor.power_active_w = 2;
			s = hidp_cluster_builder_add_processor(builder, n, &processor, NULL, NULL);
		}
	}
	link.bandwidth_Bps = 1e8;
	link.latency_s = 1e-4;
	if (s == HIDP_OK)
		s = hidp_cluster_builder_link_all(builder, &link, NULL);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_seal(builder, &cluster, NULL);
	hidp_cluster_builder_destroy(builder);
	return s == HIDP_OK ? cluster : NULL;
}

struct counts {
	uint64_t seal;
	uint64_t plan[3]; /* per objective */
	uint64_t evaluate;
};

static bool count(uint32_t layers, struct counts *counts)
{
	struct allocator a = {0};
	struct hidp_context *context = allocator_context(&a);
	bool good = false;
	if (context == NULL)
		return false;
	allocator_arm(&a, 0, false);
	struct hidp_model *model = make_model(context, layers);
	counts->seal = a.calls;
	struct hidp_cluster *cluster = make_cluster(context);
	for (hidp_objective o = 0; model != NULL && cluster != NULL && o < 3; o++) {
		struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
		struct hidp_plan *plan = NULL, *again = NULL;
		options.objective = o;
		allocator_arm(&a, 0, false);
		good = hidp_plan(model, cluster, NULL, &options, &plan, NULL) == HIDP_OK;
		counts->plan[o] = a.calls;
		allocator_arm(&a, 0, false);
		good = good && hidp_plan_evaluate(plan, NULL, NULL, NULL, &again, NULL) == HIDP_OK;
		counts->evaluate = a.calls;
		hidp_plan_unref(again);
		hidp_plan_unref(plan);
		if (!good)
			break;
	}
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(context);
	return good && a.live_blocks == 0 && a.misuses == 0;
}

static void compare(const char *what, uint64_t few, uint64_t many, uint64_t most)
{
	result(few > 0 && few <= most && many <= few + EXTRA_MAX, what, few, many);
}

int main(void)
{
	struct counts few = {0}, many = {0};
	bool good = count(40, &few) && count(160, &many);
	result(good, "plans are made, and memory is given back", few.plan[0], many.plan[0]);
	compare("plan for latency", few.plan[0], many.plan[0], PLAN_CALLS_MAX);
	compare("plan for period", few.plan[1], many.plan[1], PLAN_CALLS_MAX);
	compare("plan for energy", few.plan[2], many.plan[2], PLAN_CALLS_MAX);
	compare("evaluate", few.evaluate, many.evaluate, EVALUATE_CALLS_MAX);
	compare("describe and seal a model", few.seal, many.seal, EVALUATE_CALLS_MAX);
	printf("1..%d\n", results);
	return failures != 0;
}
