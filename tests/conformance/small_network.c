/* SPDX-License-Identifier: MIT */
#include "small_network.h"

#include <stdlib.h>

#include "random_instance.h"
#include "run_programs.h"
#include "zoo.h"

#define WEIGHTS_SEED 20251700

static const struct {
	const char *name;
	struct zoo_options options;
	double bar;
} smalls[SMALL_NETWORKS] = {
	{"mobilenet_v2", {.image = 64}, 1e-4},    {"resnet50", {.image = 64}, 1e-4},
	{"efficientnet_b0", {.image = 64}, 1e-4}, {"inception_v3", {.image = 75}, 1e-4},
	{"vit_b_16", {.image = 32}, 1e-4},        {"bert_base", {.tokens = 8}, 1e-4},
	{"resnet101", {.image = 32}, 1e-4},       {"resnet152", {.image = 32}, 1e-3},
	{"vgg16", {.image = 32}, 1e-4},           {"vgg19", {.image = 32}, 1e-4},
};

void small_network_begin(struct small_network *network, size_t which, struct hidp_context *context)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct small_network *n = network;
	*n = (struct small_network){
		.name = smalls[which].name, .bar = smalls[which].bar, .context = context};
	support_must(zoo_build(context, n->name, &smalls[which].options, &n->model, &d), &d,
	             "network");
	support_must(zoo_weights_new(n->model, WEIGHTS_SEED, &n->weights), NULL, "weights");
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(n->model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		(void)hidp_model_layer(n->model, l, &info);
		if (info.op == HIDP_OP_INPUT) {
			n->in = l;
			n->in_count = info.output_bytes / sizeof(float);
		} else if ((info.flags & HIDP_LAYER_OUTPUT) != 0) {
			n->out = l;
			n->out_count = info.output_bytes / sizeof(float);
		}
	}
}

void small_network_end(struct small_network *network)
{
	zoo_weights_destroy(network->weights);
	hidp_model_unref(network->model);
}

float *small_network_input(const struct small_network *network, uint64_t seed)
{
	struct rng rng;
	float *input = calloc(network->in_count, sizeof *input);
	rng_seed(&rng, seed);
	for (size_t i = 0; i < network->in_count; i++)
		input[i] = (float)(2 * rng_real(&rng) - 1);
	return input;
}

void *small_network_kernels(const struct small_network *network,
                            const struct kernels_plugin *plugin)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	void *object;
	support_must(
		plugin->create(network->model, zoo_weights_table(), network->weights, &object, &d),
		&d, "kernels");
	const struct hidp_kernels *k = plugin->table();
	if (k->enter != NULL)
		support_must(k->enter(object, 0), NULL, "enter");
	return object;
}

float *small_network_run(const struct small_network *network, const struct kernels_plugin *plugin,
                         void *object, const struct hidp_plan *plan, uint32_t route, float *input)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct runner *runner;
	float **tensors = calloc(hidp_model_layer_count(network->model), sizeof *tensors);
	float *output = calloc(network->out_count, sizeof *output);
	tensors[network->in] = input;
	tensors[network->out] = output;
	support_must(runner_new(plan, route, plugin->table(), object, &runner, &d), &d, "tasks");
	support_must(runner_run(runner, tensors, 0, &d), &d, "run");
	runner_free(runner);
	free(tensors);
	return output;
}

float *small_network_run_whole(const struct small_network *network,
                               const struct kernels_plugin *plugin, void *object, float *input)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster;
	struct hidp_plan *plan;
	support_must(hidp_cluster_from_string(network->context, "cpu:10", &cluster, &d), &d,
	             "cluster");
	support_must(runner_whole_plan(network->model, cluster, &plan, &d), &d, "plan");
	float *output = small_network_run(network, plugin, object, plan, 0, input);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
	return output;
}
