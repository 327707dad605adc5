/* SPDX-License-Identifier: MIT */
/*
 * Public placement problems (placement/, its licence beside it), over nodes and over the
 * processors of one node, contiguous and not. It fails where the contiguous optimum that is
 * known is not found and proven, or where a plan is more than 1 % above the best value known. With
 * --peer the authors' program runs on the same files.
 */
#include "placement_problem.h"

#include <math.h>
#include <stdio.h>

/* What is known: the contiguous optimum, and the best value of any placement; NAN: unknown. */
static const struct row {
	struct placement_file file;
	double contiguous, any;
	double peer_s; /* of the contiguous optimum by the authors' program; NAN: not measured */
} rows[] = {
        {{"layer_bert24_inference", 1, 0, 0, 0}, 17.789906, 17.714719, 0.008},
        {{"layer_gnmt_inference", 1, 0, 0, 0}, 32.910658, 31.687311, 15.6},
        {{"op_bert_l-6_inference", 1, 0, 0, 0}, 29.579506, 28.332191, 2.9},
        {{"op_resnet50_inference", 1, 0, 0, 0}, 124.348850, 124.348850, 0.22},
        {{"layer_bert24_inference", 1000, 0, 0, 0}, 20.591125, NAN, NAN},
        {{"layer_gnmt_inference", 1000, 0, 0, 0}, 44.782172, NAN, NAN},
        {{"op_resnet50_inference", 0.1, 4, 0, 1.258e9}, 86.886258, NAN, NAN},
        {{"op_bert_l-6_inference", 0.5, 5, 2, 0}, 23.913136, NAN, NAN},
};

static const struct bench_column columns[] = {
        {"input", "input", -22, 0, 0},
        {"cost_factor", "costs x", 7, 1, 1},
        {"accelerators", "k", 2, 0, 1},
        {"as", "as", -10, 0, 0},
        {"plans", "plans", -10, 0, 0},
        {"median_s", "plan ms", 9, 3, 1e3},
        {"low_s", "25 %", 9, 3, 1e3},
        {"high_s", "75 %", 9, 3, 1e3},
        {"repeats", NULL, 0, 0, 0},
        {"value", "value", 11, 6, 1},
        {"known", "known", 11, 6, 1},
        {"known_ratio", "ratio", 9, 6, 1},
        {"lower_bound", "bound", 11, 6, 1},
        {"gap", "gap %", 6, 2, 1e2},
        {"proven", "proven", 6, 0, 0},
        {"peak_bytes", "peak MB", 7, 1, 1e-6},
        {"recorded_s", "recorded ms", 11, 0, 1e3},
        {"recorded_times", "times", 8, 0, 1},
        {"peer_value", "peer", 11, 6, 1},
        {"peer_s", "peer ms", 9, 1, 1e3},
        {"peer_times", "times", 8, 0, 1},
        {"peer_bytes", "peer MB", 7, 1, 1e-6},
};

static struct hidp_plan *plan(const struct placement_problem *p, bool contiguous)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	options.objective = HIDP_OBJECTIVE_PERIOD;
	options.flags = contiguous ? HIDP_PLAN_CONTIGUOUS : 0;
	bench_must(hidp_plan(p->model, p->cluster, p->cost, &options, &plan, &said), &said, "plan");
	return plan;
}

/* What the peer finds, if there is one. */
struct found {
	double value, seconds, bytes;
};

static struct found run_peer(const struct bench *bench, const struct row *row)
{
	struct bench_peer used;
	if (bench->peer_count == 0)
		return (struct found){NAN, NAN, NAN};
	double value = placement_file_run_peer(&row->file, bench->peers[0], &used);
	return (struct found){value, used.seconds, (double)used.peak_bytes};
}

static void run_case(const struct bench *bench, struct bench_table *table, const struct row *row,
                     const struct placement_problem *p, struct found peer, bool local,
                     bool contiguous)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct bench_sample sample;
	struct hidp_plan *made = plan(p, contiguous);
	struct hidp_plan_figures f = bench_figures(made);
	double known = contiguous ? row->contiguous : row->any;
	size_t before = bench_memory().now_bytes;
	bench_must(hidp_plan_verify(made, &said), &said, "verifier");
	bench_memory_mark();
	for (bench_sample_begin(bench, &sample); bench_sample_more(bench, &sample);) {
		double began = bench_now(bench);
		struct hidp_plan *again = plan(p, contiguous);
		bench_sample_add(&sample, bench_now(bench) - began);
		if (!bench_same_plans(made, again))
			bench_fail("%s: not the same plan again", row->file.name);
		hidp_plan_unref(again);
	}
	if (contiguous && (!(fabs(f.objective / known - 1) <= 1e-6) || f.gap > 0))
		bench_fail("%s: %.9g is not the contiguous optimum %.9g, proven", row->file.name,
		           f.objective, known);
	if (!contiguous && f.objective > known * 1.01)
		bench_fail("%s: %.9g is more than 1 %% above %.9g", row->file.name, f.objective, known);
	struct bench_spread spread = bench_sample_spread(&sample);
	double recorded = contiguous ? row->peer_s : NAN;
	if (contiguous && f.objective > peer.value * (1 + 1e-6))
		bench_fail("%s: %.9g, the peer has %.9g", row->file.name, f.objective, peer.value);
	bench_text(table, row->file.name);
	bench_number(table, row->file.cost_factor);
	bench_number(table, p->accelerators);
	bench_text(table, local ? "processors" : "nodes");
	bench_text(table, contiguous ? "contiguous" : "any");
	bench_spread(table, spread);
	bench_number(table, sample.count);
	bench_number(table, f.objective);
	bench_number(table, known);
	bench_number(table, f.objective / known);
	bench_number(table, f.lower_bound);
	bench_number(table, f.gap);
	bench_text(table, f.flags & HIDP_FIGURES_PROVEN ? "yes" : "no");
	bench_number(table, (double)(bench_memory().peak_bytes - before));
	bench_number(table, recorded);
	bench_number(table, recorded / spread.median);
	bench_number(table, contiguous ? peer.value : NAN);
	bench_number(table, contiguous ? peer.seconds : NAN);
	bench_number(table, contiguous ? peer.seconds / spread.median : NAN);
	bench_number(table, contiguous ? peer.bytes : NAN);
	hidp_plan_unref(made);
}

int main(int argc, char **argv)
{
	struct bench bench;
	bench_start(&bench, "placement", argc, argv);
	struct bench_table *table = bench_table_new(&bench, "Public placement problems", columns,
	                                            sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char what[128];
		snprintf(what, sizeof what, "%s x%g", rows[i].file.name, rows[i].file.cost_factor);
		if (!bench_wanted(&bench, what))
			continue;
		struct found peer = run_peer(&bench, &rows[i]);
		for (int local = 0; local < 2; local++) {
			struct placement_problem problem;
			placement_problem_read(&problem, bench.context, &rows[i].file, local != 0);
			for (int contiguous = 1; contiguous >= 0; contiguous--)
				run_case(&bench, table, &rows[i], &problem, peer, local != 0,
				         contiguous != 0);
			placement_problem_free(&problem);
		}
		if (bench.quick && i == 0)
			break;
	}
	bench_table_end(table);
	return bench_end(&bench);
}
