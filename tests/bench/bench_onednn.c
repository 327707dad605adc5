/* SPDX-License-Identifier: MIT */
/*
 * Kernels on oneDNN on one pinned core: networks as one task, as a task per layer (what
 * many tasks cost), and with direct convolutions alone (what Winograd's algorithm brings).
 */
#include "ready.h"

#include <hidp-onednn.h>

static const struct bench_column columns[] = {
	{"model", "model", -16, 0, 0},
	{"whole_median_s", "whole ms", 9, 2, 1e3},
	{"whole_low_s", NULL, 0, 0, 0},
	{"whole_high_s", NULL, 0, 0, 0},
	{"layers_median_s", "layers ms", 9, 2, 1e3},
	{"layers_low_s", NULL, 0, 0, 0},
	{"layers_high_s", NULL, 0, 0, 0},
	{"direct_median_s", "direct ms", 9, 2, 1e3},
	{"direct_low_s", NULL, 0, 0, 0},
	{"direct_high_s", NULL, 0, 0, 0},
	{"prepare_s", "prepare ms", 10, 0, 1e3},
	{"packed_bytes", "packed MB", 9, 1, 1e-6},
	{"scratch_bytes", "scratch MB", 10, 1, 1e-6},
	{"block_bytes", "block MB", 8, 1, 1e-6},
	{"tasks", "tasks", 5, 0, 1},
};

/* All tasks one after another; how long they take. */
static double run(const struct bench *bench, const struct ready *ready)
{
	double seconds = 0;
	for (uint32_t t = 0; t < ready->info.task_count; t++)
		seconds += ready_run(bench, ready, t);
	return seconds;
}

static void run_network(const struct bench *bench, struct bench_table *table,
                        const struct hidp_cluster *cluster, const char *name)
{
	static struct bench_sample samples[3];
	struct hidp_model *model = bench_network(bench->context, name);
	struct zoo_weights *weights;
	const struct ready_kernels *kernels = ready_kernels("onednn");
	struct ready ready[3];
	bench_must(zoo_weights_new(model, 1, &weights), NULL, "weights");
	for (int i = 0; i < 3; i++) {
		struct hidp_plan *plan =
			ready_plan(model, cluster, i == 1 ? READY_LAYERS : READY_WHOLE);
		ready_init(bench, &ready[i], kernels, plan, weights, i == 2);
		hidp_plan_unref(plan);
		run(bench, &ready[i]); /* to warm up */
		bench_sample_begin(bench, &samples[i]);
	}
	if (ready[0].info.task_count != 1 || ready[1].info.task_count <= 1)
		bench_fail("%s: not the tasks that were wanted", name);
	while (bench_sample_more(bench, &samples[0]))
		for (int i = 0; i < 3; i++)
			bench_sample_add(&samples[i], run(bench, &ready[i]));
	bench_text(table, name);
	for (int i = 0; i < 3; i++)
		bench_spread(table, bench_sample_spread(&samples[i]));
	bench_number(table, ready[1].prepare_s); /* the first one made the weights, too */
	bench_number(table, (double)hidp_onednn_packed_bytes(ready[0].object));
	bench_number(table, (double)ready[0].scratch_bytes);
	bench_number(table, (double)ready[0].info.memory_bytes);
	bench_number(table, ready[1].info.task_count);
	for (int i = 0; i < 3; i++)
		ready_clear(&ready[i]);
	zoo_weights_destroy(weights);
	hidp_model_unref(model);
}

int main(int argc, char **argv)
{
	static const char *const networks[] = {
		"mobilenet_v2", "efficientnet_b0", "resnet50", "inception_v3",
		"resnet152",    "vgg19",           "vit_b_16", "bert_base",
	};
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster;
	struct bench bench;
	uint32_t cores[64];
	bench_start(&bench, "onednn", argc, argv);
	uint32_t count = ready_cores(cores, 64);
	if (count > 0)
		ready_pin(cores[count - 1]);
	bench_must(hidp_cluster_from_string(bench.context, "cpu:100", &cluster, &d), &d, "cluster");
	struct bench_table *table = bench_table_new(&bench, "networks on one core with oneDNN",
	                                            columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
		if (bench_wanted(&bench, networks[i]) && (!bench.quick || i < 3))
			run_network(&bench, table, cluster, networks[i]);
	bench_table_end(table);
	hidp_cluster_unref(cluster);
	return bench_end(&bench);
}
