/* SPDX-License-Identifier: MIT */
/*
 * The paper's four networks on its five boards, each leading in turn, on Wi-Fi and
 * on a LAN, for each objective: how long planning takes, how good the plan is, and
 * what the strategies paper and single make of the same case.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bench_column columns[] = {
        {"network", "network", -15, 0, 0},
        {"links", "links", -5, 0, 0},
        {"leader", "leader", -16, 0, 0},
        {"objective", "objective", -9, 0, 0},
        {"median_s", "plan ms", 9, 3, 1e3},
        {"low_s", "25 %", 9, 3, 1e3},
        {"high_s", "75 %", 9, 3, 1e3},
        {"repeats", NULL, 0, 0, 0},
        {"work", NULL, 0, 0, 0},
        {"value", "ms or mJ", 10, 3, 1e3},
        {"lower_bound", NULL, 0, 0, 0},
        {"gap", "gap %", 7, 2, 1e2},
        {"proven", "proven", 6, 0, 0},
        {"single_value", NULL, 0, 0, 0},
        {"single_ratio", "single", 7, 3, 1},
        {"single_median_s", NULL, 0, 0, 0},
        {"paper_value", NULL, 0, 0, 0},
        {"paper_ratio", "paper", 7, 3, 1},
        {"paper_median_s", "paper ms", 9, 3, 1e3},
        {"calls", NULL, 0, 0, 0},
        {"peak_bytes", NULL, 0, 0, 0},
};

enum { CASES_MAX = 2 * BENCH_NETWORKS * 5 * 3 };

/* What is summed up at the end, case by case. */
struct summary {
	double seconds[CASES_MAX], gaps[CASES_MAX], over_paper[CASES_MAX], over_single[CASES_MAX];
	uint32_t count, compared, proven;
	char slowest[128], widest[128];
};

static void say_case(struct bench_table *table, const struct bench_result *result,
                     const struct bench_result *single, const struct bench_result *paper)
{
	const struct hidp_plan_figures *f = &result->figures;
	bench_spread(table, result->time_s);
	bench_number(table, result->time_s.count);
	bench_number(table, (double)f->work);
	bench_number(table, f->objective);
	bench_number(table, f->lower_bound);
	bench_number(table, f->gap);
	bench_text(table, f->flags & HIDP_FIGURES_PROVEN ? "yes" : "no");
	bench_number(table, single->feasible ? single->figures.objective : NAN);
	bench_number(table, single->feasible ? f->objective / single->figures.objective : NAN);
	bench_number(table, single->feasible ? single->time_s.median : NAN);
	bench_number(table, paper->feasible ? paper->figures.objective : NAN);
	bench_number(table, paper->feasible ? f->objective / paper->figures.objective : NAN);
	bench_number(table, paper->feasible ? paper->time_s.median : NAN);
	bench_number(table, (double)result->calls);
	bench_number(table, (double)result->peak_bytes);
}

static double largest(const double *values, uint32_t count)
{
	double most = 0;
	for (uint32_t i = 0; i < count; i++)
		most = fmax(most, values[i]);
	return most;
}

static void sum_up(struct summary *sum, const char *what, const struct bench_result *result,
                   const struct bench_result *single, const struct bench_result *paper)
{
	const struct hidp_plan_figures *f = &result->figures;
	if (result->time_s.median > largest(sum->seconds, sum->count))
		snprintf(sum->slowest, sizeof sum->slowest, "%s", what);
	if (f->gap > largest(sum->gaps, sum->count))
		snprintf(sum->widest, sizeof sum->widest, "%s", what);
	sum->seconds[sum->count] = result->time_s.median;
	sum->gaps[sum->count++] = f->gap;
	sum->proven += (f->flags & HIDP_FIGURES_PROVEN) != 0;
	if (single->feasible && paper->feasible) {
		sum->over_single[sum->compared] = f->objective / single->figures.objective;
		sum->over_paper[sum->compared++] = f->objective / paper->figures.objective;
	}
}

static uint32_t at_most(const double *values, uint32_t count, double limit)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < count; i++)
		n += values[i] <= limit;
	return n;
}

static double geometric_mean(const double *values, uint32_t count)
{
	double sum = 0;
	for (uint32_t i = 0; i < count; i++)
		sum += log(values[i]);
	return count != 0 ? exp(sum / count) : NAN;
}

static void say_summary(const struct summary *sum)
{
	struct bench_sample sample = {.count = 0};
	for (uint32_t i = 0; i < sum->count; i++)
		bench_sample_add(&sample, sum->seconds[i]);
	struct bench_spread s = bench_sample_spread(&sample);
	printf("\n%u cases\n", sum->count);
	printf("planning: %u (%.0f %%) within 1 ms; median of medians %.3f ms (%.3f to %.3f), "
	       "largest %.3f ms (%s)\n",
	       at_most(sum->seconds, sum->count, 1e-3),
	       100.0 * at_most(sum->seconds, sum->count, 1e-3) / sum->count, 1e3 * s.median,
	       1e3 * s.low, 1e3 * s.high, 1e3 * largest(sum->seconds, sum->count), sum->slowest);
	printf("gap: %u (%.0f %%) at most 1 %%, %u proven optimal; largest %.2f %%%s%s%s\n",
	       at_most(sum->gaps, sum->count, 0.01),
	       100.0 * at_most(sum->gaps, sum->count, 0.01) / sum->count, sum->proven,
	       1e2 * largest(sum->gaps, sum->count), sum->widest[0] != '\0' ? " (" : "",
	       sum->widest, sum->widest[0] != '\0' ? ")" : "");
	printf("objective, geometric mean: %.3f of strategy paper's, %.3f of strategy single's; "
	       "never above: paper %s, single %s\n",
	       geometric_mean(sum->over_paper, sum->compared),
	       geometric_mean(sum->over_single, sum->compared),
	       largest(sum->over_paper, sum->compared) <= 1 ? "yes" : "no",
	       largest(sum->over_single, sum->compared) <= 1 ? "yes" : "no");
}

struct run {
	const struct bench *bench;
	struct bench_table *table;
	const struct hidp_model *model;
	const struct hidp_cluster *cluster;
	const char *links;
	struct summary sum;
};

static void run_case(struct run *run, hidp_node_id leader, hidp_objective objective)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	struct bench_result result, single, paper;
	char what[128];
	options.leader = leader;
	options.objective = objective;
	bench_must(hidp_cluster_node(run->cluster, leader, &node), NULL, "leader");
	snprintf(what, sizeof what, "%s %s %s %s", hidp_model_name(run->model), run->links,
	         node.name, bench_objectives[objective]);
	if (!bench_wanted(run->bench, what))
		return;
	bench_plan(run->bench, run->model, run->cluster, &options, &result);
	if (!result.feasible)
		bench_fail("%s: no plan", what);
	options.strategy = HIDP_STRATEGY_SINGLE;
	bench_plan(run->bench, run->model, run->cluster, &options, &single);
	options.strategy = HIDP_STRATEGY_PAPER;
	bench_plan(run->bench, run->model, run->cluster, &options, &paper);
	bench_text(run->table, hidp_model_name(run->model));
	bench_text(run->table, run->links);
	bench_text(run->table, node.name);
	bench_text(run->table, bench_objectives[objective]);
	say_case(run->table, &result, &single, &paper);
	sum_up(&run->sum, what, &result, &single, &paper);
}

int main(int argc, char **argv)
{
	static struct run run;
	struct bench bench;
	bench_start(&bench, "paper", argc, argv);
	run.bench = &bench;
	run.table = bench_table_new(&bench, "The paper's networks on its boards", columns,
	                            sizeof columns / sizeof columns[0]);
	for (int lan = 0; lan < 2; lan++) {
		struct hidp_cluster *cluster =
		        bench_boards(bench.context, lan ? "paper_lan" : "paper_wifi");
		run.cluster = cluster;
		run.links = lan ? "lan" : "wifi";
		for (int i = 0; i < (bench.quick ? 1 : BENCH_NETWORKS); i++) {
			struct hidp_model *model = bench_network(bench.context, bench_networks[i]);
			uint32_t leaders = bench.quick ? 1 : hidp_cluster_node_count(cluster);
			run.model = model;
			for (hidp_node_id n = 0; n < leaders; n++)
				for (hidp_objective o = 0; o < 3; o++)
					run_case(&run, n, o);
			hidp_model_unref(model);
		}
		hidp_cluster_unref(cluster);
	}
	bench_table_end(run.table);
	if (run.sum.count != 0)
		say_summary(&run.sum);
	return bench_end(&bench);
}
