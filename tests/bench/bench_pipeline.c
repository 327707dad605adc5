/* SPDX-License-Identifier: MIT */
/*
 * Pipelines over unlike devices (pipeline/), as contiguous plans and as any. It fails where the
 * contiguous optimum that is known is not found and proven. With --peer, which may be given
 * twice, sched-pipeline runs on the same files.
 */
#include <math.h>
#include <stdio.h>

#include "pipeline_files.h"

/* The optimum, and what the peer's scheduling took, one entry per type; NAN: it was stopped. */
static const struct row {
	const char *name, *model;
	double optimum, peer_s;
} rows[] = {
        {"readme_example", "google/vit-base-patch16-224", 1.548760, NAN},
        {"types4_N4_L48", "synth", NAN, 1.47e-3},
        {"types4_N8_L96", "synth", NAN, 49.1e-3},
        {"types4_N16_L192", "synth", NAN, 3.83},
        {"distinct_N4_L48", "synth", NAN, 1.46e-3},
        {"distinct_N8_L48", "synth", NAN, 99.7e-3},
        {"distinct_N8_L192", "synth", NAN, 2.11},
        {"distinct_N16_L24", "synth", NAN, 16.0},
        {"distinct_N16_L48", "synth", NAN, 96.1},
        {"distinct_N16_L96", "synth", NAN, 571},
};

/* Made up, and larger than the peer can do. */
static const struct {
	uint32_t layers, devices;
} large[] = {{192, 16}, {192, 32}, {192, 64}};

static const struct bench_column columns[] = {
        {"input", "input", -18, 0, 0},
        {"layers", "layers", 6, 0, 1},
        {"devices", "N", 3, 0, 1},
        {"types", "types", 5, 0, 1},
        {"plans", "plans", -10, 0, 0},
        {"median_s", "plan ms", 9, 3, 1e3},
        {"low_s", "25 %", 9, 3, 1e3},
        {"high_s", "75 %", 9, 3, 1e3},
        {"repeats", NULL, 0, 0, 0},
        {"value", "value s", 9, 6, 1},
        {"lower_bound", "bound", 9, 6, 1},
        {"gap", "gap %", 6, 2, 1e2},
        {"proven", "proven", 6, 0, 0},
        {"peak_bytes", "peak MB", 7, 1, 1e-6},
        {"recorded_s", "recorded ms", 11, 2, 1e3},
        {"recorded_times", "times", 8, 0, 1},
        {"peer_value", "peer s", 9, 6, 1},
        {"peer_s", "peer ms", 10, 2, 1e3},
        {"peer_times", "times", 8, 0, 1},
        {"other_value", "other s", 9, 6, 1},
        {"other_s", "other ms", 10, 2, 1e3},
        {"other_times", "times", 8, 0, 1},
};

static struct hidp_plan *plan(const struct pipeline_problem *p, bool contiguous)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_options options = p->options;
	struct hidp_plan *plan;
	options.flags |= contiguous ? HIDP_PLAN_CONTIGUOUS : 0;
	bench_must(hidp_plan(p->model, p->cluster, p->cost, &options, &plan, &said), &said, "plan");
	return plan;
}

static void measure_peer(const struct bench *bench, struct bench_table *table,
                         const struct row *row, const struct pipeline_problem *p, double value,
                         double took, uint32_t number)
{
	const char *peer = number < bench->peer_count ? bench->peers[number] : NULL;
	double seconds = NAN, period = NAN;
	char folder[512];
	if (peer != NULL && row != NULL) {
		snprintf(folder, sizeof folder, "%s/%s", BENCH_PIPELINE, row->name);
		period = pipeline_files_run_peer(p, peer, folder, row->model, &seconds);
		if (period < value * (1 - 1e-9))
			bench_fail("%s: the peer's stages take %.9g, the plan %.9g", row->name,
			           period, value);
	}
	bench_number(table, period);
	bench_number(table, seconds);
	bench_number(table, seconds / took);
}

static void run_case(const struct bench *bench, struct bench_table *table, const char *name,
                     const struct row *row, const struct pipeline_problem *p, bool contiguous)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct bench_sample sample;
	struct hidp_plan *made = plan(p, contiguous);
	struct hidp_plan_figures f = bench_figures(made);
	size_t before = bench_memory().now_bytes;
	double recorded = contiguous && row != NULL ? row->peer_s : NAN;
	bench_must(hidp_plan_verify(made, &said), &said, "verifier");
	bench_memory_mark();
	for (bench_sample_begin(bench, &sample); bench_sample_more(bench, &sample);) {
		double began = bench_now(bench);
		struct hidp_plan *again = plan(p, contiguous);
		bench_sample_add(&sample, bench_now(bench) - began);
		if (!bench_same_plans(made, again))
			bench_fail("%s: not the same plan again", name);
		hidp_plan_unref(again);
	}
	struct bench_spread spread = bench_sample_spread(&sample);
	if (row != NULL && contiguous && !(f.gap == 0 && (isnan(row->optimum) ||
	                                                  fabs(f.objective / row->optimum - 1) < 1e-6)))
		bench_fail("%s: %.9g is not the optimum %.9g, proven", name, f.objective,
		           row->optimum);
	if (row != NULL && !contiguous && f.objective > row->optimum * (1 + 1e-9))
		bench_fail("%s: %.9g is worse than in runs, %.9g", name, f.objective, row->optimum);
	bench_text(table, name);
	bench_number(table, p->layers);
	bench_number(table, p->devices);
	bench_number(table, p->types);
	bench_text(table, contiguous ? "contiguous" : "any");
	bench_spread(table, spread);
	bench_number(table, sample.count);
	bench_number(table, f.objective);
	bench_number(table, f.lower_bound);
	bench_number(table, f.gap);
	bench_text(table, f.flags & HIDP_FIGURES_PROVEN ? "yes" : "no");
	bench_number(table, (double)(bench_memory().peak_bytes - before));
	bench_number(table, recorded);
	bench_number(table, recorded / spread.median);
	for (uint32_t i = 0; i < BENCH_PEERS_MAX; i++)
		measure_peer(bench, table, contiguous ? row : NULL, p, f.objective, spread.median, i);
	hidp_plan_unref(made);
}

static void run_both(const struct bench *bench, struct bench_table *table, const char *name,
                     const struct row *row, struct pipeline_problem *p)
{
	pipeline_problem_express(p, bench->context);
	for (int contiguous = 1; contiguous >= 0; contiguous--)
		run_case(bench, table, name, row, p, contiguous != 0);
	pipeline_problem_end(p);
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct pipeline_problem problem;
	char name[512];
	bench_start(&bench, "pipeline", argc, argv);
	struct bench_table *table = bench_table_new(&bench, "Pipelines over unlike devices", columns,
	                                            sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < sizeof rows / sizeof *rows && !(bench.quick && i > 1); i++) {
		snprintf(name, sizeof name, "%s/%s", BENCH_PIPELINE, rows[i].name);
		if (!bench_wanted(&bench, rows[i].name))
			continue;
		pipeline_files_read(&problem, name, rows[i].model);
		run_both(&bench, table, rows[i].name, &rows[i], &problem);
	}
	for (size_t i = 0; i < sizeof large / sizeof *large && !bench.quick; i++) {
		snprintf(name, sizeof name, "made_N%u_L%u", large[i].devices, large[i].layers);
		if (!bench_wanted(&bench, name))
			continue;
		pipeline_problem_random(&problem, large[i].layers, large[i].devices, 1 + i);
		run_both(&bench, table, name, NULL, &problem);
	}
	bench_table_end(table);
	return bench_end(&bench);
}
