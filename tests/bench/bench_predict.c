/* SPDX-License-Identifier: MIT */
/*
 * What plans for this machine were predicted to take, from times as `hidp profile` measures
 * them, and what they take. Both are measured by turns, in the same moments.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <hidp-hwloc.h>

#include "measure.h"
#include "zoo.h"

static const struct bench_column columns[] = {
        {"model", "model", -16, 0, 0},
        {"plan", "plan", -20, 0, 0},
        {"predicted_s", "predicted", 9, 3, 1e3},
        {"median_s", "median ms", 9, 3, 1e3},
        {"low_s", NULL, 0, 0, 0},
        {"high_s", NULL, 0, 0, 0},
        {"repeats", "repeats", 7, 0, 1},
        {"difference", "%", 7, 1, 100},
};

static const char *const networks[] = {"mobilenet_v2", "efficientnet_b0", "resnet50",
                                       "inception_v3", "resnet152",       "vgg19"};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

/* Of all plans of all networks, without their signs. */
static double differences[NETWORKS * CHECKS_MAX];
static size_t difference_count;

static struct hidp_cluster *this_machine(struct hidp_context *context)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *cluster = NULL;
	bench_must(hidp_cluster_builder_new(context, &builder), NULL, "a cluster");
	bench_must(hidp_hwloc_describe(NULL, builder, NULL, &said), &said, "this machine");
	bench_must(hidp_cluster_builder_seal(builder, &cluster, &said), &said, "this machine");
	hidp_cluster_builder_destroy(builder);
	return cluster;
}

static void run_network(const struct bench *bench, struct bench_table *table, const char *name,
                        const struct hidp_cluster *cluster)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct measure_options options = {.budget_s = bench->budget_s, .rounds = bench->repeats};
	struct zoo_options zoo = {.image = bench->quick ? 64 : 0};
	struct hidp_model *model = NULL;
	struct engine *engine = NULL;
	struct node_times times;
	struct check checks[CHECKS_MAX];
	size_t count = 0;
	bench_must(zoo_build(bench->context, name, &zoo, &model, &said), &said, name);
	bench_must(engine_new(NULL, model, &engine, &said), &said, name);
	bench_must(check_predictions(bench->context, model, cluster, engine, &options, checks,
	                             &count, &times, &said),
	           &said, name);
	for (size_t i = 0; i < count; i++) {
		const struct spread *took = &checks[i].measured_s;
		double difference = checks[i].predicted_s / took->median - 1;
		differences[difference_count++] = fabs(difference);
		bench_text(table, name);
		bench_text(table, checks[i].plan);
		bench_number(table, checks[i].predicted_s);
		bench_number(table, took->median);
		bench_number(table, took->low);
		bench_number(table, took->high);
		bench_number(table, times.rounds);
		bench_number(table, difference);
	}
	node_times_clear(&times);
	engine_destroy(engine);
	hidp_model_unref(model);
}

int main(int argc, char **argv)
{
	struct bench bench;
	bench_start(&bench, "predict", argc, argv);
	struct hidp_cluster *cluster = this_machine(bench.context);
	struct bench_table *table =
	        bench_table_new(&bench, "predicted and measured, by turns", columns,
	                        sizeof columns / sizeof columns[0]);
	for (int i = 0; i < (bench.quick ? 2 : NETWORKS); i++)
		if (bench_wanted(&bench, networks[i]))
			run_network(&bench, table, networks[i], cluster);
	bench_table_end(table);
	if (difference_count != 0)
		printf("median difference of %zu plans: %.1f %%\n", difference_count,
		       100 * spread_of(differences, difference_count).median);
	hidp_cluster_unref(cluster);
	return bench_end(&bench);
}
