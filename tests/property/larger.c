/* SPDX-License-Identifier: MIT */
/*
 * Plans for larger random problems: what holds of every plan, whatever the best is.
 *
 *     larger [--count N] [--seed N] [--part N] [--kinds]
 *
 * --count problems, the first with --seed, the next with the seed after it; --part N
 * leaves out N times as many before. A failure is printed with the seed that repeats
 * it (--count 1). --kinds goes on after failures and prints one line for each.
 *
 * For every problem: the plan passes hidp_plan_verify(), which follows every row of
 * every tensor; it meets the memory limits of nodes and processors and the limits of
 * the options; it is not worse than the plan of the strategy single, of the strategy
 * paper, than the plan without one node or one processor, drawn at random, and, where all
 * nodes are linked straight, than the plan with links that are half as quick; its
 * lower bound is above none of these; gap and proof fit; planning again gives the
 * same plan.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "same_plan.h"
#include "show.h"

#define SEED 20250900
#define SAME 1e-9

enum kind {
	KIND_VERIFY,
	KIND_MEMORY,
	KIND_LIMIT,
	KIND_SINGLE,
	KIND_PAPER,
	KIND_WITHOUT_NODE,
	KIND_WITHOUT_PROCESSOR,
	KIND_SLOWER_LINKS,
	KIND_BOUND,
	KIND_GAP,
	KIND_AGAIN,
	KIND_GAVE_UP,
	KIND_ERROR,
	KIND_COUNT
};

static const char *const kind_names[] = {
        "refused by the verifier",
        "breaks a memory limit",
        "breaks a limit of the options",
        "worse than strategy single",
        "worse than strategy paper",
        "worse than without a node",
        "worse than without a processor",
        "worse than with slower links",
        "bound above a plan",
        "gap or proof wrong",
        "not the same again",
        "wrongly infeasible",
        "error",
};

struct tally {
	uint64_t problems, infeasible, proven, limited;
	uint64_t compared[KIND_COUNT], failed[KIND_COUNT];
	bool fatal; /* something failed that never may */
	double worst[KIND_COUNT]; /* ratios */
	uint64_t failures;
	double *gaps[4]; /* per objective */
	uint64_t gap_count[4];
	uint64_t plans; /* made by the planner, failed ones too */
	clock_t planning;
};

struct run {
	uint64_t count, seed;
	bool kinds;
};

/* A problem, its plan, and where to count. */
struct trial {
	const struct run *run;
	struct tally *tally;
	struct random_instance in;
	struct hidp_plan *plan; /* NULL: infeasible */
	struct hidp_cluster *other; /* to be planned for in place of the problem's, or NULL */
	struct hidp_plan_figures figures;
	bool failed;
};

/*
 * What the planner does not promise yet, only keep rare: that taking something away, or quicker
 * links, never show it a better plan, and that it finds one wherever there is one. Of a hundred.
 */
static double tolerated(enum kind kind)
{
	switch (kind) {
	case KIND_WITHOUT_NODE:
	case KIND_WITHOUT_PROCESSOR:
		return 7;
	case KIND_SLOWER_LINKS:
		return 3;
	case KIND_GAVE_UP:
		return 1;
	default:
		return 0;
	}
}

static bool is_well(const struct tally *tally)
{
	for (int k = 0; k < KIND_COUNT; k++) {
		double most = tolerated((enum kind)k) / 100 *
		              (double)(k == KIND_GAVE_UP ? tally->problems : tally->compared[k]);
		/* few problems say little about a share */
		if (most > 0 && tally->problems < 1000)
			most = most > 5 ? most : 5;
		if ((double)tally->failed[k] > most)
			return false;
	}
	return true;
}

static void fail(struct trial *t, enum kind kind, const struct hidp_plan *other, const char *detail)
{
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	t->tally->failed[kind]++;
	t->tally->failures++;
	t->tally->fatal |= !(tolerated(kind) > 0);
	if (!t->run->kinds && t->run->count > 1 && tolerated(kind) > 0)
		return;
	if (other != NULL)
		hidp_plan_get_figures(other, &f);
	printf("%s: --seed %llu --count 1 (%s): planner %.10g, bound %.10g, other %.10g %s\n",
	       kind_names[kind], (unsigned long long)t->in.seed,
	       objective_names[t->in.options.objective], t->figures.objective,
	       t->figures.lower_bound, f.objective, detail);
	if (!t->run->kinds && !t->failed) {
		show_instance(&t->in);
		show_plan("the plan", t->plan);
		show_plan("the other plan", other);
	}
	t->failed = true;
}

static struct random_params pick_params(struct rng *rng)
{
	struct random_params p;
	random_params_init(&p);
	bool large = rng_chance(rng, 15);
	p.layers_min = large ? 15 : 5;
	p.layers_max = large ? 40 : 15;
	p.nodes_min = 1;
	p.nodes_max = large ? 6 : 4;
	p.processors_max = large ? 4 : 3;
	p.rows_min = 1;
	p.rows_max = rng_chance(rng, 50) ? 8 : 24;
	p.channels_max = 8;
	p.dag = rng_chance(rng, 65);
	p.unequal = rng_chance(rng, 65);
	p.odd_layers = rng_chance(rng, 60);
	p.odd_links = rng_chance(rng, 60);
	p.cut = rng_chance(rng, 10);
	p.measured = rng_chance(rng, 50);
	p.limits = rng_chance(rng, 25);
	p.memory_min_bytes = 1e4;
	p.memory_max_bytes = 3e6;
	p.speed = rng_scale(rng, 1e-4, 1);
	return p;
}

static hidp_status plan_with(const struct trial *t, const struct hidp_plan_options *options,
                             struct hidp_plan **plan, struct hidp_diagnostic *diag)
{
	clock_t start = clock();
	const struct hidp_cluster *cluster = t->other != NULL ? t->other : t->in.cluster;
	hidp_status status = hidp_plan(t->in.model, cluster, t->in.cost, options, plan, diag);
	t->tally->planning += clock() - start;
	t->tally->plans++;
	return status;
}

/* Limits near the figures of the plan without limits: some can be met, some cannot. */
static void add_limits(struct trial *t, struct rng *rng)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	struct hidp_plan_options *o = &t->in.options;
	struct hidp_plan *free_plan;
	if (plan_with(t, o, &free_plan, &diag) != HIDP_OK)
		return;
	hidp_plan_get_figures(free_plan, &f);
	hidp_plan_unref(free_plan);
	if (o->objective != HIDP_OBJECTIVE_LATENCY && rng_chance(rng, 60))
		o->latency_limit_s = f.latency_s * rng_scale(rng, 0.3, 2);
	if (o->objective != HIDP_OBJECTIVE_PERIOD && rng_chance(rng, 40))
		o->period_limit_s = f.period_s * rng_scale(rng, 0.3, 2);
	if (o->objective != HIDP_OBJECTIVE_ENERGY && rng_chance(rng, 40))
		o->energy_limit_j = f.energy_j * rng_scale(rng, 0.3, 2);
	t->tally->limited++;
}

static void check_verified(struct trial *t)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	if (hidp_plan_verify(t->plan, &diag) != HIDP_OK)
		fail(t, KIND_VERIFY, NULL, diag.message);
}

static void check_limits(struct trial *t)
{
	const struct hidp_cluster *cluster = t->in.cluster;
	const struct hidp_plan_options *o = &t->in.options;
	const double limits[3][2] = {{t->figures.latency_s, o->latency_limit_s},
	                             {t->figures.period_s, o->period_limit_s},
	                             {t->figures.energy_j, o->energy_limit_j}};
	for (int i = 0; i < 3; i++)
		if (limits[i][1] > 0 && limits[i][0] > limits[i][1] * (1 + SAME))
			fail(t, KIND_LIMIT, NULL, "");
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(cluster); n++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
		hidp_cluster_node(cluster, n, &node);
		hidp_plan_get_node_figures(t->plan, n, &f);
		if (node.memory_bytes > 0 && f.memory_bytes > node.memory_bytes)
			fail(t, KIND_MEMORY, NULL, node.name);
		for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(cluster, n); p++) {
			struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
			struct hidp_processor_figures g = HIDP_PROCESSOR_FIGURES_INIT;
			hidp_cluster_processor(cluster, n, p, &d);
			hidp_plan_get_processor_figures(t->plan, n, p, &g);
			if (d.memory_bytes > 0 && g.memory_bytes > d.memory_bytes)
				fail(t, KIND_MEMORY, NULL, d.name);
		}
	}
}

static void check_bound(struct trial *t)
{
	const struct hidp_plan_figures *f = &t->figures;
	bool proven = (f->flags & HIDP_FIGURES_PROVEN) != 0;
	if (!(f->lower_bound >= 0) || f->lower_bound > f->objective ||
	    !(f->gap >= 0 && f->gap <= 1) || proven != (f->gap == 0))
		fail(t, KIND_GAP, NULL, "");
}

static void check_again(struct trial *t)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *again = NULL;
	hidp_status status = plan_with(t, &t->in.options, &again, &diag);
	if (status != HIDP_OK || !same_plan(t->plan, again))
		fail(t, KIND_AGAIN, again, "");
	hidp_plan_unref(again);
}

/* No plan that some other way of asking gives is better; nor is it below the bound. */
static void check_against(struct trial *t, enum kind kind, const struct hidp_plan_options *options)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	struct hidp_plan *other = NULL;
	hidp_status status = plan_with(t, options, &other, &diag);
	if (status == HIDP_ERR_INFEASIBLE)
		return;
	if (status != HIDP_OK) {
		fail(t, KIND_ERROR, NULL, diag.message);
		return;
	}
	hidp_plan_get_figures(other, &f);
	t->tally->compared[kind]++;
	if (t->plan == NULL) {
		fail(t, KIND_GAVE_UP, other, kind_names[kind]);
	} else {
		if (f.objective > 0)
			t->tally->worst[kind] =
			        fmax(t->tally->worst[kind], t->figures.objective / f.objective);
		if (t->figures.objective > f.objective * (1 + SAME))
			fail(t, kind, other, "");
		if (t->figures.lower_bound > f.objective * (1 + SAME))
			fail(t, KIND_BOUND, other, kind_names[kind]);
	}
	hidp_plan_unref(other);
}

/* The same without a node, or without a processor. */
static void check_without(struct trial *t, struct rng *rng, bool whole_node)
{
	struct hidp_plan_options o = t->in.options;
	size_t count = o.excluded_count;
	uint32_t *nodes = malloc((count + 1) * sizeof *nodes);
	uint32_t *processors = malloc((count + 1) * sizeof *processors);
	for (size_t i = 0; i < count; i++) {
		nodes[i] = o.excluded_nodes[i];
		processors[i] = o.excluded_processors[i];
	}
	nodes[count] = (uint32_t)rng_below(rng, hidp_cluster_node_count(t->in.cluster));
	processors[count] = (uint32_t)rng_below(
	        rng, hidp_cluster_processor_count(t->in.cluster, nodes[count]));
	if (whole_node)
		processors[count] = HIDP_PROCESSOR_NONE;
	o.excluded_nodes = nodes;
	o.excluded_processors = processors;
	o.excluded_count = count + 1;
	check_against(t, whole_node ? KIND_WITHOUT_NODE : KIND_WITHOUT_PROCESSOR, &o);
	free(nodes);
	free(processors);
}

/*
 * The same with links that are half as quick. Where a message can take several ways, quicker links
 * can send it the slower one (doc/cost-model.md), so only where all ways are straight.
 */
static void check_slower_links(struct trial *t)
{
	struct hidp_cluster_builder *b;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	uint32_t nodes = hidp_cluster_node_count(t->in.cluster);
	support_must(hidp_cluster_builder_from(t->in.cluster, &b), NULL, "cluster builder");
	for (hidp_node_id from = 0; from < nodes; from++) {
		for (hidp_node_id to = 0; to < nodes; to++) {
			struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
			if (from == to)
				continue;
			support_must(hidp_cluster_link(t->in.cluster, from, to, &d), NULL, "link");
			d.bandwidth_Bps /= 2;
			support_must(hidp_cluster_builder_add_link(b, &d, &diag), &diag, "link");
		}
	}
	support_must(hidp_cluster_builder_seal(b, &t->other, &diag), &diag, "cluster");
	hidp_cluster_builder_destroy(b);
	check_against(t, KIND_SLOWER_LINKS, &t->in.options);
	hidp_cluster_unref(t->other);
	t->other = NULL;
}

static void check_strategy(struct trial *t, enum kind kind, hidp_strategy strategy)
{
	struct hidp_plan_options o = t->in.options;
	o.strategy = strategy;
	check_against(t, kind, &o);
}

static void try_one(const struct run *run, struct tally *tally, struct hidp_context *context,
                    uint64_t seed)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct trial t = {.run = run, .tally = tally, .figures = HIDP_PLAN_FIGURES_INIT};
	struct rng rng;
	rng_seed(&rng, seed);
	struct random_params params = pick_params(&rng);
	random_instance_init(&t.in, context, &params, rng_bits(&rng));
	t.in.seed = seed;
	if (rng_chance(&rng, 25))
		add_limits(&t, &rng);
	hidp_status status = plan_with(&t, &t.in.options, &t.plan, &diag);
	tally->problems++;
	if (status == HIDP_OK) {
		hidp_objective o = t.in.options.objective;
		hidp_plan_get_figures(t.plan, &t.figures);
		tally->proven += (t.figures.flags & HIDP_FIGURES_PROVEN) != 0;
		tally->gaps[o][tally->gap_count[o]++] = t.figures.gap;
		check_verified(&t);
		check_limits(&t);
		check_bound(&t);
		check_again(&t);
	} else if (status == HIDP_ERR_INFEASIBLE) {
		tally->infeasible++;
	} else {
		fail(&t, KIND_ERROR, NULL, diag.message);
	}
	check_strategy(&t, KIND_SINGLE, HIDP_STRATEGY_SINGLE);
	check_strategy(&t, KIND_PAPER, HIDP_STRATEGY_PAPER);
	check_without(&t, &rng, true);
	check_without(&t, &rng, false);
	if (!params.odd_links && !params.cut)
		check_slower_links(&t);
	hidp_plan_unref(t.plan);
	random_instance_destroy(&t.in);
}

static void print_tally(const struct run *run, const struct tally *t)
{
	printf("larger: seeds %llu to %llu: %llu problems, %llu infeasible, %llu with limits, "
	       "%llu proven, %llu failures\n",
	       (unsigned long long)run->seed, (unsigned long long)(run->seed + t->problems - 1),
	       (unsigned long long)t->problems, (unsigned long long)t->infeasible,
	       (unsigned long long)t->limited, (unsigned long long)t->proven,
	       (unsigned long long)t->failures);
	printf("  planned %llu times, %.3f ms each\n", (unsigned long long)t->plans,
	       1e3 * (double)t->planning / CLOCKS_PER_SEC / (double)(t->plans > 0 ? t->plans : 1));
	for (int k = 0; k < KIND_COUNT; k++) {
		if (t->compared[k] > 0)
			printf("  %s: %llu of %llu, worst ratio %.9f\n", kind_names[k],
			       (unsigned long long)t->failed[k],
			       (unsigned long long)t->compared[k], t->worst[k]);
		else
			printf("  %s: %llu\n", kind_names[k], (unsigned long long)t->failed[k]);
	}
	for (hidp_objective o = 0; o < 4; o++) {
		uint64_t n = t->gap_count[o];
		qsort(t->gaps[o], n, sizeof *t->gaps[o], by_size);
		if (n > 0)
			printf("  %s: %llu plans, gap median %.4f, nine of ten below %.4f, largest "
			       "%.4f\n",
			       objective_names[o], (unsigned long long)n, t->gaps[o][n / 2],
			       t->gaps[o][n * 9 / 10], t->gaps[o][n - 1]);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct run run = {.count = 20000};
	uint64_t part = 0;
	bool seeded = false;
	struct tally tally = {.problems = 0};
	struct hidp_context *context;
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;
		if (strcmp(argv[i], "--kinds") == 0) {
			run.kinds = true;
		} else if (strcmp(argv[i], "--count") == 0 && more) {
			run.count = strtoull(argv[++i], NULL, 0);
		} else if (strcmp(argv[i], "--seed") == 0 && more) {
			seeded = (run.seed = strtoull(argv[++i], NULL, 0)) != 0;
		} else if (strcmp(argv[i], "--part") == 0 && more) {
			part = strtoull(argv[++i], NULL, 0);
		} else {
			fprintf(stderr, "usage: larger [--count N] [--seed N] [--part N] [--kinds]\n");
			return 2;
		}
	}
	if (!seeded)
		run.seed = support_seed("larger", SEED);
	run.seed += part * run.count;
	for (int o = 0; o < 4; o++)
		tally.gaps[o] = calloc(run.count + 1, sizeof *tally.gaps[o]);
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (uint64_t i = 0; i < run.count && (run.kinds || !tally.fatal); i++)
		try_one(&run, &tally, context, run.seed + i);
	print_tally(&run, &tally);
	hidp_context_unref(context);
	for (int o = 0; o < 4; o++)
		free(tally.gaps[o]);
	return is_well(&tally) ? EXIT_SUCCESS : EXIT_FAILURE;
}
