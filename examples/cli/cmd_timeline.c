/* SPDX-License-Identifier: MIT */
/* hidp timeline: what a plan said, and what came of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

const char usage_timeline[] =
	"Usage: hidp timeline PLAN TIMES... [--svg FILE]\n"
	"\n"
	"Sets the times that nodes have measured (the option 'times' of 'hidp run' and 'hidp\n"
	"node') beside those that the plan predicted (the option 'json' of 'hidp run'). The\n"
	"nodes' clocks must agree, as they do on one machine.\n"
	"\n"
	"  --svg FILE            predicted and measured rows side by side\n"
	"  -q, --quiet           no table\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong arguments.\n";

static const struct option long_options[] = {
	{"svg", required_argument, NULL, OPT_SVG},
	{"quiet", no_argument, NULL, 'q'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool add_predicted(struct comparison *c)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	hidp_plan_get_figures(c->plan, &figures);
	c->predicted.end_s = figures.latency_s;
	for (uint32_t i = 0; i < hidp_plan_task_count(c->plan); i++) {
		struct hidp_task_info t = HIDP_TASK_INFO_INIT;
		if (hidp_plan_get_task(c->plan, i, &t) != HIDP_OK || t.kind != HIDP_TASK_COMPUTE)
			continue;
		if (!bars_add(&c->predicted, (struct bar){t.node, t.processor, t.stage, t.step,
		                                          t.start_s, t.end_s}))
			return false;
	}
	return true;
}

/* Times from the beginning of the request: the leader's file says when that was. */
static void begin_at_zero(struct bars *bars)
{
	double begin_s = INFINITY, end_s = 0;
	bool marked = false;
	for (size_t i = 0; i < bars->count; i++) {
		const struct bar *bar = &bars->items[i];
		if (bar->node == HIDP_NODE_NONE && !marked) {
			begin_s = bar->begin_s;
			marked = true;
		} else if (!marked) {
			begin_s = fmin(begin_s, bar->begin_s);
		}
		end_s = fmax(end_s, bar->end_s);
	}
	bars->end_s = bars->count == 0 ? 0 : (bars->end_s > 0 ? bars->end_s : end_s) - begin_s;
	for (size_t i = 0; i < bars->count; i++) {
		bars->items[i].begin_s -= begin_s;
		bars->items[i].end_s -= begin_s;
	}
}

static double stage_s(const struct bars *bars, hidp_node_id node, uint32_t stage)
{
	double sum = 0;
	for (size_t i = 0; i < bars->count; i++)
		if (bars->items[i].node == node && bars->items[i].stage == stage)
			sum += bars->items[i].end_s - bars->items[i].begin_s;
	return sum;
}

static void print_table(const struct comparison *c)
{
	uint32_t stages = hidp_plan_stage_count(c->plan);
	printf("%-24s %12s %12s %8s\n", "computing", "predicted", "measured", "ratio");
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(c->cluster); n++) {
		struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
		double predicted = 0, measured = 0;
		hidp_cluster_node(c->cluster, n, &desc);
		for (uint32_t s = 0; s < stages; s++) {
			double p = stage_s(&c->predicted, n, s), m = stage_s(&c->measured, n, s);
			char label[32];
			predicted += p;
			measured += m;
			snprintf(label, sizeof label, "  stage %u", s + 1);
			if (stages > 1 && stages <= 24 && p > 0)
				printf("%-24s %9.2f ms %9.2f ms %8.2f\n", label, 1e3 * p, 1e3 * m,
				       m / p);
		}
		if (predicted > 0)
			printf("%-24.24s %9.2f ms %9.2f ms %8.2f\n", desc.name, 1e3 * predicted,
			       1e3 * measured, measured / predicted);
	}
	printf("%-24s %9.2f ms %9.2f ms %8.2f\n", "latency", 1e3 * c->predicted.end_s,
	       1e3 * c->measured.end_s, c->measured.end_s / c->predicted.end_s);
}

static bool write_picture(const struct comparison *c, const char *path)
{
	size_t length;
	char *text = draw_comparison(c, &length);
	if (text == NULL) {
		complain("%s: out of memory", path);
		return false;
	}
	bool ok = write_file(path, text, length);
	free(text);
	return ok;
}

static bool read_plan(struct comparison *c, struct hidp_context *context, const char *path)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	size_t length;
	char *text = read_file(path, &length);
	if (text == NULL)
		return false;
	hidp_status s = hidp_plan_from_json(context, text, length, &c->plan, &said);
	free(text);
	if (s != HIDP_OK) {
		complain_status(path, s, &said);
		return false;
	}
	c->cluster = hidp_plan_cluster(c->plan);
	return true;
}

static int compare(int count, char **paths, const char *svg, bool quiet)
{
	struct comparison c = {0};
	struct hidp_context *context;
	if (hidp_context_new(NULL, &context) != HIDP_OK) {
		complain("out of memory");
		return CLI_FAILURE;
	}
	bool ok = read_plan(&c, context, paths[0]) && add_predicted(&c);
	for (int i = 1; ok && i < count; i++)
		ok = read_times(&c, paths[i]);
	if (ok) {
		begin_at_zero(&c.measured);
		if (!quiet)
			print_table(&c);
		ok = svg == NULL || write_picture(&c, svg);
	}
	free(c.predicted.items);
	free(c.measured.items);
	hidp_plan_unref(c.plan);
	hidp_context_unref(context);
	return ok ? CLI_OK : CLI_FAILURE;
}

int cmd_timeline(int argc, char **argv)
{
	const char *svg = NULL;
	bool quiet = false;
	int option;
	while ((option = getopt_long(argc, argv, "hq", long_options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(usage_timeline, stdout);
			return CLI_OK;
		case 'q':
			quiet = true;
			break;
		case OPT_SVG:
			svg = optarg;
			break;
		default:
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
	}
	if (argc - optind < 2)
		return complain_usage(argv[0], "a plan and files of times are wanted");
	return compare(argc - optind, argv + optind, svg, quiet);
}
