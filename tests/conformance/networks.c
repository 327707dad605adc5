/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count_seed.h"
#include "random_instance.h"
#include "small_network.h"

#define SEED 20251700

/* A network and the kernels that are to compute it. */
struct network {
	struct small_network small;
	const struct kernels_plugin *plugin;
	void *object;
	float *input, *expected, *whole;
};

/* The largest error, by the largest element; infinite if something is not a number. */
static double error_of(const struct network *n, const float *got)
{
	double largest = 0, error = 0;
	for (size_t i = 0; i < n->small.out_count; i++) {
		const double off = fabs((double)got[i] - (double)n->expected[i]);
		largest = fmax(largest, fabs((double)n->expected[i]));
		error = off <= error ? error : isfinite(off) ? off : INFINITY;
	}
	return error / largest;
}

static bool check(const struct network *n, const float *got, const char *what, uint64_t seed)
{
	const double error = error_of(n, got);
	const bool close = error <= n->small.bar;
	const bool same =
		!n->plugin->exact || memcmp(got, n->whole, n->small.out_count * sizeof *got) == 0;
	if (!close)
		printf("%s, %s (seed %llu): off by %.3g of the largest output\n", n->small.name,
		       what, (unsigned long long)seed, error);
	if (!same)
		printf("%s, %s (seed %llu): not the same as the undivided network\n", n->small.name,
		       what, (unsigned long long)seed);
	return close && same;
}

/* A random cluster and a random plan for it. */
static bool run_random(const struct network *n, uint64_t seed)
{
	struct random_params params;
	struct random_instance in = {.seed = seed,
	                             .context = n->small.context,
	                             .model = n->small.model,
	                             .options = HIDP_PLAN_OPTIONS_INIT};
	struct rng rng;
	struct hidp_plan *plan;
	bool good = true;
	random_params_init(&params);
	params.unequal = params.odd_links = false;
	rng_seed(&rng, seed);
	in.cluster = random_cluster(n->small.context, &params, &rng);
	if (rng_chance(&rng, 30))
		in.options.flags |= HIDP_PLAN_STREAM;
	if (random_plan(&in, &rng, &plan) == HIDP_OK) {
		uint32_t route = (uint32_t)rng_below(&rng, hidp_plan_route_count(plan));
		float *got =
			small_network_run(&n->small, n->plugin, n->object, plan, route, n->input);
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
	for (size_t i = 0; i < SMALL_NETWORKS && i < count; i++) {
		struct network n = {.plugin = plugin};
		small_network_begin(&n.small, i, context);
		n.input = small_network_input(&n.small, SEED);
		void *other = small_network_kernels(&n.small, truth);
		n.expected = small_network_run_whole(&n.small, truth, other, n.input);
		truth->destroy(other);
		n.object = small_network_kernels(&n.small, plugin);
		n.whole = small_network_run_whole(&n.small, plugin, n.object, n.input);
		wrong += !check(&n, n.whole, "whole", seed);
		worst = fmax(worst, error_of(&n, n.whole));
		for (uint64_t k = i; k < count && wrong < 5; k += SMALL_NETWORKS)
			wrong += !run_random(&n, seed + k);
		plugin->destroy(n.object);
		free(n.input);
		free(n.expected);
		free(n.whole);
		small_network_end(&n.small);
	}
	hidp_context_unref(context);
	printf("%s: %llu plans of networks, %llu wrong; whole they are off by at most %.3g\n",
	       plugin->table()->name, count, wrong, worst);
	return wrong != 0;
}
