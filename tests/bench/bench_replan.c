/* SPDX-License-Identifier: MIT */
/*
 * Planning again after one change, by a planner that remembers, against planning
 * anew. Each repetition has a planner of its own that knows the cluster as it was,
 * and nothing else: a changed one is known only as far as the change does not matter.
 * Both must give plans that are as good, and bounds that hold.
 */
#include "bench.h"

#include <stdio.h>

static const struct bench_column columns[] = {
        {"model", "model", -15, 0, 0},
        {"nodes", "nodes", 5, 0, 1},
        {"links", "links", -5, 0, 0},
        {"objective", "objective", -9, 0, 0},
        {"change", "change", -22, 0, 0},
        {"again_median_s", "again ms", 9, 3, 1e3},
        {"again_low_s", NULL, 0, 0, 0},
        {"again_high_s", NULL, 0, 0, 0},
        {"anew_median_s", "anew ms", 9, 3, 1e3},
        {"anew_low_s", NULL, 0, 0, 0},
        {"anew_high_s", NULL, 0, 0, 0},
        {"ratio_median", "ratio", 7, 3, 1},
        {"ratio_low", "25 %", 7, 3, 1},
        {"ratio_high", "75 %", 7, 3, 1},
        {"repeats", NULL, 0, 0, 0},
        {"how", "how", 8, 0, 0},          /* recalled: the last plan holds; searched */
        {"worse", "as good", 8, 4, 1},    /* objective of again / anew */
};

enum change {
	LEAVES,  /* a node is not available any more */
	RETURNS, /* it is again */
	LOADED,  /* others take a part of a processor that the plan uses */
	SLOWER,  /* the links between the leader and another node lose half their rate */
	CHANGES
};

static const char *const change_names[CHANGES] = {
        "a node leaves", "a node returns", "a processor at 40 %", "a link at half rate"};

/* The node that the plan uses most, beside the leader; else the last one. */
static hidp_node_id busiest_node(const struct hidp_plan *plan, hidp_node_id leader)
{
	const struct hidp_cluster *cluster = hidp_plan_cluster(plan);
	uint32_t nodes = hidp_cluster_node_count(cluster);
	hidp_node_id who = leader == nodes - 1 ? 0 : nodes - 1;
	double most = 0;
	for (hidp_node_id n = 0; n < nodes; n++) {
		double busy = 0;
		for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(cluster, n); p++) {
			struct hidp_processor_figures f = HIDP_PROCESSOR_FIGURES_INIT;
			bench_must(hidp_plan_get_processor_figures(plan, n, p, &f), NULL,
			           "figures");
			busy += f.busy_s;
		}
		if (n != leader && busy > most) {
			most = busy;
			who = n;
		}
	}
	return who;
}

static hidp_processor_id busiest_processor(const struct hidp_plan *plan, hidp_node_id node)
{
	uint32_t count = hidp_cluster_processor_count(hidp_plan_cluster(plan), node);
	hidp_processor_id who = 0;
	double most = 0;
	for (hidp_processor_id p = 0; p < count; p++) {
		struct hidp_processor_figures f = HIDP_PROCESSOR_FIGURES_INIT;
		bench_must(hidp_plan_get_processor_figures(plan, node, p, &f), NULL, "figures");
		if (f.busy_s > most) {
			most = f.busy_s;
			who = p;
		}
	}
	return who;
}

static void slow_link(struct hidp_cluster_builder *builder, const struct hidp_cluster *cluster,
                      hidp_node_id from, hidp_node_id to)
{
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	bench_must(hidp_cluster_link(cluster, from, to, &link), NULL, "link");
	link.bandwidth_Bps /= 2;
	bench_must(hidp_cluster_builder_add_link(builder, &link, NULL), NULL, "link");
}

/* The cluster after the change; for RETURNS, the one without the node. */
static struct hidp_cluster *changed(const struct hidp_plan *plan, enum change change)
{
	const struct hidp_cluster *cluster = hidp_plan_cluster(plan);
	const hidp_node_id leader = 0;
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_cluster *out = NULL;
	hidp_node_id node = busiest_node(plan, leader);
	bench_must(hidp_cluster_builder_from(cluster, &builder), NULL, "builder");
	if (change == LEAVES || change == RETURNS) {
		bench_must(hidp_cluster_builder_set_available(builder, node, false, NULL), NULL,
		           "availability");
	} else if (change == LOADED) {
		hidp_processor_id p = busiest_processor(plan, leader);
		bench_must(hidp_cluster_builder_set_load(builder, leader, p, 0.4, NULL), NULL,
		           "load");
	} else {
		slow_link(builder, cluster, leader, node);
		slow_link(builder, cluster, node, leader);
	}
	bench_must(hidp_cluster_builder_seal(builder, &out, NULL), NULL, "cluster");
	hidp_cluster_builder_destroy(builder);
	return out;
}

struct times {
	struct bench_sample again, anew, ratio;
	bool known;   /* the last plan held */
	double worse; /* objective of again / anew */
};

/* One repetition. */
static void repeat(const struct bench *bench, const struct hidp_model *model,
                   const struct hidp_cluster *before, const struct hidp_cluster *after,
                   const struct hidp_plan_options *options, struct times *times)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_planner *planner = NULL;
	struct hidp_plan *old = NULL, *again = NULL, *anew = NULL;
	bench_must(hidp_planner_new(bench->context, &planner), NULL, "planner");
	bench_must(hidp_planner_plan(planner, model, before, NULL, options, &old, &said), &said,
	           "planning");
	double start = bench_now(bench);
	bench_must(hidp_planner_plan(planner, model, after, NULL, options, &again, &said), &said,
	           "planning again");
	double middle = bench_now(bench);
	bench_must(hidp_plan(model, after, NULL, options, &anew, &said), &said, "planning anew");
	double end = bench_now(bench);
	double best = bench_figures(anew).objective;
	times->worse = bench_figures(again).objective / best;
	if (bench_figures(again).lower_bound > best)
		bench_fail("planning anew found a plan below the bound of planning again");
	times->known = bench_figures(again).work == 0;
	if (!times->known && times->worse > 1 + 1e-12)
		bench_fail("searching again gave a worse plan than planning anew");
	if (!times->known && bench_figures(again).lower_bound < bench_figures(anew).lower_bound)
		bench_fail("searching again gave a lower bound than planning anew");
	bench_sample_add(&times->again, middle - start);
	bench_sample_add(&times->anew, end - middle);
	bench_sample_add(&times->ratio, (middle - start) / (end - middle));
	hidp_plan_unref(old);
	hidp_plan_unref(again);
	hidp_plan_unref(anew);
	hidp_planner_destroy(planner);
}

struct summary {
	struct bench_sample ratios, recalled;
	double worst;
};

struct problem {
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	const char *links;
};

static void run_change(const struct bench *bench, struct bench_table *table,
                       const struct problem *p, const struct hidp_plan *plan,
                       enum change change, struct summary *summary)
{
	static struct times times;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	bench_must(hidp_plan_get_options(plan, &options), NULL, "options");
	struct hidp_cluster *other = changed(plan, change);
	const struct hidp_cluster *before = change == RETURNS ? other : p->cluster;
	const struct hidp_cluster *after = change == RETURNS ? p->cluster : other;
	times.anew.count = times.ratio.count = 0;
	bench_sample_begin(bench, &times.again);
	repeat(bench, p->model, before, after, &options, &times); /* to warm up */
	times.again.count = times.anew.count = times.ratio.count = 0;
	while (bench_sample_more(bench, &times.again))
		repeat(bench, p->model, before, after, &options, &times);
	hidp_cluster_unref(other);

	struct bench_spread ratio = bench_sample_spread(&times.ratio);
	bench_text(table, hidp_model_name(p->model));
	bench_number(table, hidp_cluster_node_count(p->cluster));
	bench_text(table, p->links);
	bench_text(table, bench_objectives[options.objective]);
	bench_text(table, change_names[change]);
	bench_spread(table, bench_sample_spread(&times.again));
	bench_spread(table, bench_sample_spread(&times.anew));
	bench_spread(table, ratio);
	bench_number(table, ratio.count);
	bench_text(table, times.known ? "recalled" : "searched");
	bench_number(table, times.worse);
	bench_sample_add(&summary->ratios, ratio.median);
	if (times.known)
		bench_sample_add(&summary->recalled, ratio.median);
	summary->worst = times.worse > summary->worst ? times.worse : summary->worst;
}

/* Gives the references of the problem away. */
static void run_problem(const struct bench *bench, struct bench_table *table, struct problem p,
                        struct summary *summary)
{
	for (hidp_objective o = 0; o < 3; o++) {
		struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
		options.objective = o;
		struct hidp_plan *plan = NULL;
		for (enum change change = 0; change < CHANGES; change++) {
			char what[160];
			snprintf(what, sizeof what, "%s %u %s %s %s", hidp_model_name(p.model),
			         hidp_cluster_node_count(p.cluster), p.links, bench_objectives[o],
			         change_names[change]);
			if (!bench_wanted(bench, what))
				continue;
			if (plan == NULL)
				plan = bench_plan_once(p.model, p.cluster, &options);
			if (plan == NULL)
				bench_fail("%s: no plan", what);
			run_change(bench, table, &p, plan, change, summary);
		}
		hidp_plan_unref(plan);
	}
	hidp_model_unref(p.model);
	hidp_cluster_unref(p.cluster);
}

int main(int argc, char **argv)
{
	static struct summary summary;
	struct bench bench;
	bench_start(&bench, "replan", argc, argv);
	struct bench_table *table = bench_table_new(&bench, "Planning again after one change",
	                                            columns, sizeof columns / sizeof columns[0]);
	uint32_t wide = bench.quick ? 4 : 16;
	for (int i = 0; i < (bench.quick ? 1 : BENCH_NETWORKS); i++) {
#ifdef BENCH_BOARDS
		for (int lan = 0; lan < 2; lan++) {
			struct problem p = {
			        bench_network(bench.context, bench_networks[i]),
			        bench_boards(bench.context, lan ? "paper_lan" : "paper_wifi"),
			        lan ? "lan" : "wifi"};
			run_problem(&bench, table, p, &summary);
		}
#endif
		struct problem p = {bench_network(bench.context, bench_networks[i]),
		                    bench_wide_cluster(bench.context, wide, 3, false), "lan"};
		run_problem(&bench, table, p, &summary);
	}
	if (!bench.quick) {
		struct problem p = {bench_deep_model(bench.context, BENCH_RESIDUAL, 1000),
		                    bench_wide_cluster(bench.context, 64, 4, false), "lan"};
		run_problem(&bench, table, p, &summary);
	}
	bench_table_end(table);
	if (summary.ratios.count != 0) {
		uint32_t fifth = 0, count = summary.ratios.count, recalled = summary.recalled.count;
		for (uint32_t i = 0; i < count; i++)
			fifth += summary.ratios.values[i] <= 0.2;
		struct bench_spread s = bench_sample_spread(&summary.ratios);
		printf("\n%u cases; objective at most %.4f of planning anew, bounds hold in all of them\n"
		       "ratio again / anew: median of medians %.3f (%.3f to %.3f), largest %.3f; "
		       "at most 1/5 in %u (%.0f %%)\n",
		       count, summary.worst, s.median, s.low, s.high,
		       summary.ratios.values[count - 1], fifth, 100.0 * fifth / count);
		if (recalled != 0) {
			s = bench_sample_spread(&summary.recalled);
			printf("the last plan holds in %u of them: ratio %.3f (%.3f to %.3f), largest %.3f\n",
			       recalled, s.median, s.low, s.high,
			       summary.recalled.values[recalled - 1]);
		}
	}
	return bench_end(&bench);
}
