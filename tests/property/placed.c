/* SPDX-License-Identifier: MIT */
/*
 * Colocated layers, contiguous plans, hubs and transfers that are work, at random:
 *
 *     placed [--count N] [--seed N]
 *
 * Whatever the planner returns for such a problem passes the verifier, is not worse than
 * everything on one processor, and its lower bound is above no plan made at random. Where
 * something runs on one processor as a whole, there is a plan, also with all layers in one
 * group.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

#define SEED 20251200
#define SAME 1e-9
/* Plans at random, each of which must be above the bound. */
#define PLANS 12

struct tally {
	uint64_t problems, planned, alone, compared, grouped, contiguous, failures;
};

struct trial {
	struct tally *tally;
	struct random_instance in;
	uint64_t seed;
};

static void fail(struct trial *t, const char *what, const struct hidp_plan *plan,
                 const struct hidp_plan *other, const char *detail)
{
	t->in.seed = t->seed;
	printf("%s: --seed %llu --count 1: %s\n", what, (unsigned long long)t->seed, detail);
	show_instance(&t->in);
	if (plan != NULL)
		show_plan("the plan", plan);
	if (other != NULL)
		show_plan("the other plan", other);
	t->tally->failures++;
}

static struct hidp_plan_figures figures_of(const struct hidp_plan *plan)
{
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	support_must(hidp_plan_get_figures(plan, &f), NULL, "figures");
	return f;
}

/* A plan of the strategy; NULL: there is none. */
static struct hidp_plan *plan_as(struct trial *t, hidp_strategy strategy)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_options o = t->in.options;
	struct hidp_plan *plan = NULL;
	o.strategy = strategy;
	hidp_status s = hidp_plan(t->in.model, t->in.cluster, t->in.cost, &o, &plan, &diag);
	if (s == HIDP_ERR_INFEASIBLE)
		return NULL;
	if (s != HIDP_OK) {
		fail(t, "error", NULL, NULL, diag.message);
		return NULL;
	}
	if (hidp_plan_verify(plan, &diag) != HIDP_OK)
		fail(t, "refused by the verifier", plan, NULL, diag.message);
	return plan;
}

/* Some processor can run all layers, pins and exclusions allowing. */
static bool runs_alone(const struct random_instance *in)
{
	uint32_t layers = hidp_model_layer_count(in->model);
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(in->cluster); n++) {
		for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(in->cluster, n);
		     p++) {
			hidp_layer_id l = 0;
			struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
			for (; l < layers; l++) {
				hidp_model_layer(in->model, l, &info);
				if (info.op != HIDP_OP_INPUT && !random_place_allowed(in, l, n, p))
					break;
			}
			if (l == layers)
				return true;
		}
	}
	return false;
}

static void compare_at_random(struct trial *t, const struct hidp_plan *plan, struct rng *rng)
{
	struct hidp_plan_figures f = figures_of(plan);
	for (int i = 0; i < PLANS; i++) {
		struct hidp_plan *other = NULL;
		if (random_plan(&t->in, rng, &other) != HIDP_OK)
			continue;
		t->tally->compared++;
		if (f.lower_bound > figures_of(other).objective * (1 + SAME))
			fail(t, "bound above a plan", plan, other, "");
		hidp_plan_unref(other);
	}
}

static void try_one(struct tally *tally, struct hidp_context *context, uint64_t seed)
{
	struct trial t = {.tally = tally, .seed = seed};
	struct random_params p;
	struct rng rng;
	rng_seed(&rng, seed);
	random_params_init(&p);
	p.layers_max = rng_chance(&rng, 50) ? 6 : 14;
	p.rows_max = 8;
	p.channels_max = 8;
	p.dag = rng_chance(&rng, 75);
	p.odd_links = rng_chance(&rng, 50);
	p.groups = rng_chance(&rng, 40);
	p.one_group = !p.groups && rng_chance(&rng, 20);
	p.transfers = rng_chance(&rng, 70);
	p.contiguous = rng_chance(&rng, 40);
	p.undivided = rng_chance(&rng, 30);
	p.speed = rng_scale(&rng, 1e-4, 1);
	random_instance_init(&t.in, context, &p, rng_bits(&rng));
	tally->problems++;
	tally->grouped += p.groups || p.one_group;
	tally->contiguous += p.contiguous;
	struct hidp_plan *plan = plan_as(&t, HIDP_STRATEGY_AUTO);
	struct hidp_plan *single = plan_as(&t, HIDP_STRATEGY_SINGLE);
	struct hidp_plan *paper = plan_as(&t, HIDP_STRATEGY_PAPER);
	bool alone = runs_alone(&t.in);
	tally->planned += plan != NULL;
	tally->alone += alone;
	if (alone && (plan == NULL || single == NULL))
		fail(&t, "no plan, but one processor could do everything", plan, single, "");
	if (plan != NULL && single != NULL) {
		double value = figures_of(single).objective;
		if (figures_of(plan).objective > value * (1 + SAME))
			fail(&t, "worse than strategy single", plan, single, "");
		if (figures_of(plan).lower_bound > value * (1 + SAME))
			fail(&t, "bound above strategy single", plan, single, "");
	}
	if (plan != NULL && paper != NULL &&
	    figures_of(plan).lower_bound > figures_of(paper).objective * (1 + SAME))
		fail(&t, "bound above strategy paper", plan, paper, "");
	if (plan != NULL)
		compare_at_random(&t, plan, &rng);
	hidp_plan_unref(plan);
	hidp_plan_unref(single);
	hidp_plan_unref(paper);
	random_instance_destroy(&t.in);
}

int main(int argc, char **argv)
{
	struct hidp_context *context;
	struct tally tally = {.problems = 0};
	uint64_t count = 400, seed = 0;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--count") == 0)
			count = strtoull(argv[i + 1], NULL, 0);
		else if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 0);
		else
			return 2;
	}
	if (seed == 0)
		seed = support_seed("placed", SEED);
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (uint64_t i = 0; i < count && tally.failures < 5; i++)
		try_one(&tally, context, seed + i);
	hidp_context_unref(context);
	printf("placed: %llu problems, %llu with groups, %llu contiguous; %llu planned, %llu could be "
	       "done by one processor; %llu plans at random; %llu failures\n",
	       (unsigned long long)tally.problems, (unsigned long long)tally.grouped,
	       (unsigned long long)tally.contiguous, (unsigned long long)tally.planned,
	       (unsigned long long)tally.alone, (unsigned long long)tally.compared,
	       (unsigned long long)tally.failures);
	return tally.failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
