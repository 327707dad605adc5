/* SPDX-License-Identifier: MIT */
/*
 * Planning again after one change after another, against planning anew:
 *
 *     replan [--count N] [--seed N]
 *
 * What is searched for again is never worse than what is found anew, nor is its bound lower;
 * what is recalled costs at most half a percent more than when it was found. Plans pass the
 * verifier, bounds are above no plan at all, and another planner with the same history gives
 * the same.
 */
#include <stdio.h>

#include "count_seed.h"
#include "random_instance.h"
#include "same_plan.h"

#define SEED 20261124
#define CHANGES 10
#define SAME 1e-9
#define AS_GOOD 0.005

struct tally {
	unsigned long long plans, recalled, better, wrong;
};

static struct hidp_cluster *change(const struct hidp_cluster *cluster, struct rng *rng)
{
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_cluster *out = NULL;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	uint32_t nodes = hidp_cluster_node_count(cluster);
	hidp_node_id node = (hidp_node_id)rng_below(rng, nodes);
	hidp_node_id to = (hidp_node_id)rng_below(rng, nodes);
	uint32_t count = hidp_cluster_processor_count(cluster, node);
	support_must(hidp_cluster_builder_from(cluster, &builder), NULL, "builder");
	switch (rng_below(rng, 3)) {
	case 0:
		support_must(hidp_cluster_builder_set_available(builder, node, rng_chance(rng, 50),
		                                                &diag),
		             &diag, "availability");
		break;
	case 1:
		support_must(hidp_cluster_builder_set_load(builder, node,
		                                           (uint32_t)rng_below(rng, count),
		                                           0.3 * (double)rng_below(rng, 4), &diag),
		             &diag, "load");
		break;
	default:
		if (node == to || hidp_cluster_link(cluster, node, to, &link) != HIDP_OK ||
		    !(link.bandwidth_Bps > 0))
			break;
		link.bandwidth_Bps *= rng_chance(rng, 50) ? 0.5 : 2;
		support_must(hidp_cluster_builder_add_link(builder, &link, &diag), &diag, "link");
	}
	support_must(hidp_cluster_builder_seal(builder, &out, &diag), &diag, "cluster");
	hidp_cluster_builder_destroy(builder);
	return out;
}

static struct hidp_plan_figures figures_of(const struct hidp_plan *plan)
{
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	support_must(hidp_plan_get_figures(plan, &f), NULL, "figures");
	return f;
}

/* What is wrong with a plan of the first planner; NULL: nothing. */
static const char *judge(const struct hidp_plan *again, const struct hidp_plan *twin,
                         const struct hidp_plan *anew, double *dearest, struct tally *t)
{
	struct hidp_plan_figures a = figures_of(again), b = figures_of(anew);
	bool recalled = a.work == 0;
	t->plans++;
	t->recalled += recalled;
	t->better += a.objective < b.objective * (1 - SAME);
	if (hidp_plan_verify(again, NULL) != HIDP_OK)
		return "the plan does not pass the verifier";
	if (!same_plan(again, twin) || figures_of(twin).lower_bound != a.lower_bound)
		return "the same history gave another plan";
	if (a.lower_bound > a.objective || a.lower_bound > b.objective * (1 + SAME))
		return "the bound is above a plan";
	if (recalled && a.objective > *dearest * (1 + AS_GOOD + SAME))
		return "a plan was recalled that became dearer";
	if (!recalled && a.objective > b.objective * (1 + SAME))
		return "planning anew gave a better plan";
	if (!recalled && a.lower_bound < b.lower_bound * (1 - SAME))
		return "planning anew gave a better bound";
	*dearest = !recalled && a.objective > *dearest ? a.objective : *dearest;
	return NULL;
}

static void try_instance(uint64_t seed, struct tally *t)
{
	struct random_params params;
	struct random_instance in;
	struct hidp_context *context = NULL;
	struct hidp_planner *planners[2] = {NULL, NULL};
	struct rng rng;
	double dearest = 0;
	random_params_init(&params);
	rng_seed(&rng, seed);
	params.nodes_min = 2;
	params.unequal = rng_chance(&rng, 50);
	params.limits = rng_chance(&rng, 25);
	params.measured = rng_chance(&rng, 25);
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	random_instance_init(&in, context, &params, seed);
	in.options.work_limit = 50000;
	struct hidp_cluster *cluster = hidp_cluster_ref(in.cluster);
	for (int i = 0; i < 2; i++)
		support_must(hidp_planner_new(in.context, &planners[i]), NULL, "planner");
	for (int i = 0; i < CHANGES; i++) {
		struct hidp_plan *plans[3] = {NULL, NULL, NULL};
		const char *wrong = NULL;
		hidp_status s = hidp_plan(in.model, cluster, in.cost, &in.options, &plans[2], NULL);
		for (int k = 0; k < 2; k++) {
			hidp_status again = hidp_planner_plan(planners[k], in.model, cluster, in.cost,
			                                      &in.options, &plans[k], NULL);
			if (s == HIDP_OK && again != HIDP_OK)
				wrong = "planning again failed";
			if (s != HIDP_OK && again != s && again != HIDP_OK)
				wrong = "planning again failed otherwise";
		}
		if (s == HIDP_OK && wrong == NULL)
			wrong = judge(plans[0], plans[1], plans[2], &dearest, t);
		if (wrong != NULL) {
			printf("--seed %llu --count 1: change %d: %s\n", (unsigned long long)seed, i,
			       wrong);
			t->wrong++;
		}
		for (int k = 0; k < 3; k++)
			hidp_plan_unref(plans[k]);
		struct hidp_cluster *next = change(cluster, &rng);
		hidp_cluster_unref(cluster);
		cluster = next;
	}
	for (int i = 0; i < 2; i++)
		hidp_planner_destroy(planners[i]);
	hidp_cluster_unref(cluster);
	random_instance_destroy(&in);
	hidp_context_unref(context);
}

int main(int argc, char **argv)
{
	unsigned long long count = 20, seed = SEED;
	struct tally t = {0, 0, 0, 0};
	if (!read_count_and_seed(argc, argv, "replan", &count, &seed))
		return 2;
	for (unsigned long long i = 0; i < count; i++)
		try_instance(seed + i, &t);
	printf("replan: seeds %llu to %llu: %llu plans, %llu recalled, %llu better than anew, "
	       "%llu wrong\n",
	       seed, seed + count - 1, t.plans, t.recalled, t.better, t.wrong);
	return t.wrong != 0 || t.plans == 0;
}
