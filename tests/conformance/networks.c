/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count_seed.h"
#include "kernels.h"
#include "random_instance.h"
#include "run_programs.h"
#include "zoo.h"

#define SEED 20251700

/* Small enough to be computed many times, large enough to be divided. */
static const struct small {
	const char *name;
	struct zoo_options options;
	double bar; /* largest error, by the largest element */
} smalls[] = {
	{"mobilenet_v2", {.image = 64}, 1e-4},    {"resnet50", {.image = 64}, 1e-4},
	{"efficientnet_b0", {.image = 64}, 1e-4}, {"inception_v3", {.image = 75}, 1e-4},
	{"vit_b_16", {.image = 32}, 1e-4},        {"bert_base", {.tokens = 8}, 1e-4},
	{"resnet101", {.image = 32}, 1e-4},       {"resnet152", {.image = 32}, 1e-3},
	{"vgg16", {.image = 32}, 1e-4},           {"vgg19", {.image = 32}, 1e-4},
};

#define NETWORKS (sizeof smalls / sizeof smalls[0])

/* A network with an input, and the kernels that are to compute it. */
struct network {
	const struct small *small;
	const struct kernels_plugin *plugin;
	struct hidp_context *context;
	struct hidp_model *model;
	struct zoo_weights *weights;
	void *object;
	hidp_layer_id in, out;
	size_t in_count, out_count; /* elements */
	float *input, *expected, *whole;
};

static void begin_network(struct network *n)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct rng rng;
	rng_seed(&rng, SEED);
	support_must(zoo_build(n->context, n->small->name, &n->small->options, &n->model, &d), &d,
	             "network");
	support_must(zoo_weights_new(n->model, SEED, &n->weights), NULL, "weights");
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(n->model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		(void)hidp_model_layer(n->model, l, &info);
		if (info.op == HIDP_OP_INPUT) {
			n->in = l;
			n->in_count = info.output_bytes / sizeof *n->input;
		} else if ((info.flags & HIDP_LAYER_OUTPUT) != 0) {
			n->out = l;
			n->out_count = info.output_bytes / sizeof *n->expected;
		}
	}
	n->input = calloc(n->in_count, sizeof *n->input);
	for (size_t i = 0; i < n->in_count; i++)
		n->input[i] = (float)(2 * rng_real(&rng) - 1);
}

static void end_network(struct network *n)
{
	n->plugin->destroy(n->object);
	zoo_weights_destroy(n->weights);
	hidp_model_unref(n->model);
	free(n->input);
	free(n->expected);
	free(n->whole);
}

static float *run(const struct network *n, const struct kernels_plugin *plugin, void *object,
                  const struct hidp_plan *plan, uint32_t route)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct runner *runner;
	float **tensors = calloc(hidp_model_layer_count(n->model), sizeof *tensors);
	float *output = calloc(n->out_count, sizeof *output);
	tensors[n->in] = n->input;
	tensors[n->out] = output;
	support_must(runner_new(plan, route, plugin->table(), object, &runner, &d), &d, "tasks");
	support_must(runner_run(runner, tensors, 0, &d), &d, "run");
	runner_free(runner);
	free(tensors);
	return output;
}

static float *run_whole(const struct network *n, const struct kernels_plugin *plugin, void *object)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster;
	struct hidp_plan *plan;
	support_must(hidp_cluster_from_string(n->context, "cpu:10", &cluster, &d), &d, "cluster");
	support_must(runner_whole_plan(n->model, cluster, &plan, &d), &d, "plan");
	float *output = run(n, plugin, object, plan, 0);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
	return output;
}

static void *create(const struct network *n, const struct kernels_plugin *plugin)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	void *object;
	support_must(plugin->create(n->model, zoo_weights_table(), n->weights, &object, &d), &d,
	             "kernels");
	const struct hidp_kernels *k = plugin->table();
	if (k->enter != NULL)
		support_must(k->enter(object, 0), NULL, "enter");
	return object;
}

/* The largest error, by the largest element; infinite if something is not a number. */
static double error_of(const struct network *n, const float *got)
{
	double largest = 0, error = 0;
	for (size_t i = 0; i < n->out_count; i++) {
		const double off = fabs((double)got[i] - (double)n->expected[i]);
		largest = fmax(largest, fabs((double)n->expected[i]));
		error = off <= error ? error : isfinite(off) ? off : INFINITY;
	}
	return error / largest;
}

static bool check(const struct network *n, const float *got, const char *what, uint64_t seed)
{
	const double error = error_of(n, got);
	const bool close = error <= n->small->bar;
	const bool same =
		!n->plugin->exact || memcmp(got, n->whole, n->out_count * sizeof *got) == 0;
	if (!close)
		printf("%s, %s (seed %llu): off by %.3g of the largest output\n", n->small->name,
		       what, (unsigned long long)seed, error);
	if (!same)
		printf("%s, %s (seed %llu): not the same as the undivided network\n",
		       n->small->name, what, (unsigned long long)seed);
	return close && same;
}

/* A random cluster and a random plan for it. */
static bool run_random(const struct network *n, uint64_t seed)
{
	struct random_params params;
	struct random_instance in = {.seed = seed,
	                             .context = n->context,
	                             .model = n->model,
	                             .options = HIDP_PLAN_OPTIONS_INIT};
	struct rng rng;
	struct hidp_plan *plan;
	bool good = true;
	random_params_init(&params);
	params.unequal = params.odd_links = false;
	rng_seed(&rng, seed);
	in.cluster = random_cluster(n->context, &params, &rng);
	if (rng_chance(&rng, 30))
		in.options.flags |= HIDP_PLAN_STREAM;
	if (random_plan(&in, &rng, &plan) == HIDP_OK) {
		uint32_t route = (uint32_t)rng_below(&rng, hidp_plan_route_count(plan));
		float *got = run(n, n->plugin, n->object, plan, route);
		good = check(n, got, "divided", seed);
		free(got);
		hidp_plan_unref(plan);
	}
	hidp_cluster_unref(in.cluster);
	return good;
}

int kernels_networks(const struct kernels_plugin *plugin, const struct kernels_plugin *truth,
                     int argc, char **argv)
{
	unsigned long long count = 20, seed = SEED, wrong = 0;
	double worst = 0;
	struct hidp_context *context;
	if (!read_count_and_seed(argc, argv, argv[0], &count, &seed))
		return 2;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (size_t i = 0; i < NETWORKS && i < count; i++) {
		struct network n = {.small = &smalls[i], .plugin = plugin, .context = context};
		begin_network(&n);
		void *other = create(&n, truth);
		n.expected = run_whole(&n, truth, other);
		truth->destroy(other);
		n.object = create(&n, plugin);
		n.whole = run_whole(&n, plugin, n.object);
		wrong += !check(&n, n.whole, "whole", seed);
		worst = fmax(worst, error_of(&n, n.whole));
		for (uint64_t k = i; k < count && wrong < 5; k += NETWORKS)
			wrong += !run_random(&n, seed + k);
		end_network(&n);
	}
	hidp_context_unref(context);
	printf("%s: %llu plans of networks, %llu wrong; whole they are off by at most %.3g\n",
	       plugin->table()->name, count, wrong, worst);
	return wrong != 0;
}
