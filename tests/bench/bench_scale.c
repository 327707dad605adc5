/* SPDX-License-Identifier: MIT */
/*
 * How planning grows: the paper's networks on 16 nodes, made-up networks of 1,000
 * layers on 64 nodes, and the time against layers and against nodes (plot.py draws
 * it). Memory is what the context's allocator was asked for.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>

static const struct bench_column columns[] = {
        {"group", "group", -8, 0, 0},
        {"model", "model", -15, 0, 0},
        {"layers", "layers", 6, 0, 1},
        {"nodes", "nodes", 5, 0, 1},
        {"processors", "each", 4, 0, 1},
        {"links", "links", -5, 0, 0},
        {"objective", "objective", -9, 0, 0},
        {"median_s", "plan ms", 9, 3, 1e3},
        {"low_s", "25 %", 9, 3, 1e3},
        {"high_s", "75 %", 9, 3, 1e3},
        {"repeats", "times", 5, 0, 1},
        {"work", NULL, 0, 0, 0},
        {"value", NULL, 0, 0, 0},
        {"lower_bound", NULL, 0, 0, 0},
        {"gap", "gap %", 7, 2, 1e2},
        {"proven", "proven", 6, 0, 0},
        {"single_ratio", "single", 7, 3, 1},
        {"calls", "allocs", 7, 0, 1},
        {"peak_bytes", "peak MB", 8, 2, 1e-6},
        {"total_bytes", "in all", 8, 2, 1e-6},
};

/* A place on one of the axes. */
struct place {
	const char *group;
	uint32_t nodes, processors;
	bool shared;
};

static void run_case(const struct bench *bench, struct bench_table *table,
                     const struct hidp_model *model, const struct hidp_cluster *cluster,
                     const struct place *place, hidp_objective objective)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct bench_result result;
	const char *links = place->shared ? "wifi" : "lan";
	uint32_t layers = hidp_model_layer_count(model);
	char what[160];
	snprintf(what, sizeof what, "%s %s %ux%u %s %s", place->group, hidp_model_name(model),
	         layers, place->nodes, links, bench_objectives[objective]);
	if (!bench_wanted(bench, what))
		return;
	options.objective = objective;
	bench_plan(bench, model, cluster, &options, &result);
	if (!result.feasible)
		bench_fail("%s: no plan", what);
	options.strategy = HIDP_STRATEGY_SINGLE;
	struct hidp_plan *single = bench_plan_once(model, cluster, &options);
	double single_value = single != NULL ? bench_figures(single).objective : NAN;
	hidp_plan_unref(single);

	const struct hidp_plan_figures *f = &result.figures;
	bench_text(table, place->group);
	bench_text(table, hidp_model_name(model));
	bench_number(table, layers);
	bench_number(table, place->nodes);
	bench_number(table, place->processors);
	bench_text(table, links);
	bench_text(table, bench_objectives[objective]);
	bench_spread(table, result.time_s);
	bench_number(table, result.time_s.count);
	bench_number(table, (double)f->work);
	bench_number(table, f->objective);
	bench_number(table, f->lower_bound);
	bench_number(table, f->gap);
	bench_text(table, f->flags & HIDP_FIGURES_PROVEN ? "yes" : "no");
	bench_number(table, f->objective / single_value);
	bench_number(table, (double)result.calls);
	bench_number(table, (double)result.peak_bytes);
	bench_number(table, (double)result.total_bytes);
}

/* All objectives; the model's reference is given away. */
static void run_model(const struct bench *bench, struct bench_table *table,
                      struct hidp_model *model, struct place place)
{
	struct hidp_cluster *cluster = bench_wide_cluster(bench->context, place.nodes,
	                                                  place.processors, place.shared);
	for (hidp_objective o = 0; o < 3; o++)
		run_case(bench, table, model, cluster, &place, o);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
}

int main(int argc, char **argv)
{
	static const uint32_t layers[] = {10, 20, 50, 100, 200, 500, 1000, 2000};
	static const uint32_t nodes[] = {1, 2, 4, 8, 16, 32, 64, 128};
	struct bench bench;
	bench_start(&bench, "scale", argc, argv);
	size_t layers_end = bench.quick ? 2 : 8, nodes_end = bench.quick ? 3 : 8;
	uint32_t deep = bench.quick ? 30 : 1000, wide = bench.quick ? 4 : 64;
	int networks = bench.quick ? 1 : BENCH_NETWORKS;
	struct bench_table *table = bench_table_new(&bench, "Large networks and clusters", columns,
	                                            sizeof columns / sizeof columns[0]);
	for (int i = 0; i < networks; i++) {
		struct place place = {"networks", bench.quick ? 4 : 16, 3, false};
		run_model(&bench, table, bench_network(bench.context, bench_networks[i]), place);
	}
	for (enum bench_shape shape = 0; shape < BENCH_SHAPES; shape++) {
		for (int shared = 0; shared < 2; shared++) {
			struct place place = {"large", wide, 4, shared != 0};
			run_model(&bench, table, bench_deep_model(bench.context, shape, deep),
			          place);
		}
	}
	for (size_t i = 0; i < layers_end; i++) {
		struct place place = {"layers", wide, 4, false};
		run_model(&bench, table,
		          bench_deep_model(bench.context, BENCH_RESIDUAL, layers[i]), place);
	}
	for (size_t i = 0; i < nodes_end; i++) {
		struct place place = {"nodes", nodes[i], 4, false};
		run_model(&bench, table, bench_deep_model(bench.context, BENCH_RESIDUAL, deep),
		          place);
	}
	bench_table_end(table);
	return bench_end(&bench);
}
