/* SPDX-License-Identifier: MIT */
/*
 * How often hidp_plan() and hidp_plan_evaluate() ask the allocator for memory. Arenas
 * grow by factors, so the number may rise with the logarithm of the problem; more
 * would be an allocation in a loop. Counts do not depend on the machine: here, the
 * benchmark does fail when there are too many.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>

static const struct bench_column columns[] = {
        {"model", "model", -15, 0, 0},
        {"layers", "layers", 6, 0, 1},
        {"nodes", "nodes", 5, 0, 1},
        {"objective", "objective", -9, 0, 0},
        {"strategy", "strategy", -8, 0, 0},
        {"calls", "plan", 6, 0, 1},
        {"allowed", "allowed", 7, 0, 1},
        {"peak_bytes", "peak MB", 8, 2, 1e-6},
        {"evaluate_calls", "evaluate", 8, 0, 1},
        {"work", "work", 12, 0, 1},
};

static const char *const strategies[3] = {"auto", "paper", "single"};

/* Arenas double, and there are a few of them; the rest is a constant number of objects. */
static double allowed_calls(size_t peak_bytes)
{
	return 12 + 3 * log2(1 + (double)peak_bytes / 65536);
}

static void run_case(const struct bench *bench, struct bench_table *table,
                     const struct hidp_model *model, const struct hidp_cluster *cluster,
                     hidp_objective objective, hidp_strategy strategy)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan = NULL, *other = NULL;
	char what[160];
	snprintf(what, sizeof what, "%s %ux%u %s %s", hidp_model_name(model),
	         hidp_model_layer_count(model), hidp_cluster_node_count(cluster),
	         bench_objectives[objective], strategies[strategy]);
	if (!bench_wanted(bench, what))
		return;
	options.objective = objective;
	options.strategy = strategy;
	bench_memory_mark();
	struct bench_memory before = bench_memory();
	hidp_status s = hidp_plan(model, cluster, NULL, &options, &plan, &said);
	if (s == HIDP_ERR_INFEASIBLE)
		return;
	bench_must(s, &said, "planning");
	struct bench_memory after = bench_memory();
	bench_must(hidp_plan_evaluate(plan, cluster, NULL, &options, &other, &said), &said,
	           "evaluating");
	uint64_t evaluate_calls = bench_memory().calls - after.calls;
	double calls = (double)(after.calls - before.calls);
	size_t peak = after.peak_bytes - before.marked_bytes;

	bench_text(table, hidp_model_name(model));
	bench_number(table, hidp_model_layer_count(model));
	bench_number(table, hidp_cluster_node_count(cluster));
	bench_text(table, bench_objectives[objective]);
	bench_text(table, strategies[strategy]);
	bench_number(table, calls);
	bench_number(table, floor(allowed_calls(peak)));
	bench_number(table, (double)peak);
	bench_number(table, (double)evaluate_calls);
	bench_number(table, (double)bench_figures(plan).work);
	hidp_plan_unref(other);
	hidp_plan_unref(plan);
	if (calls > allowed_calls(peak) || (double)evaluate_calls > allowed_calls(peak))
		bench_fail("%s: %.0f allocations to plan, %.0f to evaluate, %.0f allowed", what,
		           calls, (double)evaluate_calls, allowed_calls(peak));
}

static void run_problem(const struct bench *bench, struct bench_table *table,
                        struct hidp_model *model, uint32_t nodes)
{
	struct hidp_cluster *cluster = bench_wide_cluster(bench->context, nodes, 4, false);
	for (hidp_objective o = 0; o < 3; o++)
		for (hidp_strategy s = 0; s < 3; s++)
			run_case(bench, table, model, cluster, o, s);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
}

int main(int argc, char **argv)
{
	static const uint32_t layers[] = {10, 30, 100, 300, 1000};
	static const uint32_t nodes[] = {1, 4, 16, 64};
	struct bench bench;
	bench_start(&bench, "allocations", argc, argv);
	struct bench_table *table = bench_table_new(&bench, "Calls of the allocator", columns,
	                                            sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < (bench.quick ? 2 : 5); i++)
		run_problem(&bench, table,
		            bench_deep_model(bench.context, BENCH_RESIDUAL, layers[i]), 4);
	for (size_t i = 0; i < (bench.quick ? 2 : 4); i++)
		run_problem(&bench, table,
		            bench_deep_model(bench.context, BENCH_BRANCHES, bench.quick ? 30 : 200),
		            nodes[i]);
	for (int i = 0; i < (bench.quick ? 1 : BENCH_NETWORKS); i++)
		run_problem(&bench, table, bench_network(bench.context, bench_networks[i]), 4);
	bench_table_end(table);
	printf("\nno more than the growth of arenas explains\n");
	return bench_end(&bench);
}
