/* SPDX-License-Identifier: MIT */
/*
 *     onnx-networks KERNELS PLANS FOLDER...
 *
 * Runs networks (case.h) undivided, as the planner divides them over two processors and over
 * three nodes, and by so many random plans over several nodes. All outputs are compared with
 * those of the engine that the files come from. A line for each network; 1 if one is wrong.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "random_instance.h"

#include "reference_plugin.h"
#if HAVE_ONEDNN
#include "onednn_plugin.h"
#endif

#define SEED 20260105
/* An output whose elements are nearly the same says nothing. */
#define SPREAD_LEAST 0.02

static const struct kernels_plugin *find_plugin(const char *name)
{
#if HAVE_ONEDNN
	if (strcmp(name, "onednn") == 0)
		return &onednn_plugin;
#endif
	if (strcmp(name, "reference") == 0)
		return &reference_plugin;
	fprintf(stderr, "there are no kernels %s in this build\n", name);
	exit(2);
}

/* A network that is being tried. */
struct trial {
	struct onnx_case c;
	const struct kernels_plugin *plugin;
	struct hidp_context *context;
	void *object;
	const char *name;
	struct difference whole, worst; /* undivided, and of all divided runs */
	unsigned plans, wrong;
};

static bool try_plan(struct trial *t, const struct hidp_plan *plan, uint32_t route,
                     const char *what, struct difference *out)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = case_run(&t->c, t->plugin, t->object, plan, route, &d);
	if (s != HIDP_OK) {
		printf("%s, %s: %s: %s: %s\n", t->name, what, hidp_status_string(s), d.subject,
		       d.message);
		t->wrong++;
		return false;
	}
	*out = case_compare(&t->c);
	if (!out->within) {
		printf("%s, %s: %s\n", t->name, what, out->where);
		t->wrong++;
	}
	return out->within;
}

static void note_divided(struct trial *t, const struct hidp_plan *plan, uint32_t route,
                         const char *what)
{
	struct difference difference;
	if (try_plan(t, plan, route, what, &difference)) {
		t->worst.most = fmax(t->worst.most, difference.most);
		t->worst.mean = fmax(t->worst.mean, difference.mean);
	}
	t->plans++;
}

static void try_whole(struct trial *t)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	support_must(case_whole_plan(&t->c, t->context, &plan, &d), &d, t->name);
	try_plan(t, plan, 0, "undivided", &t->whole);
	if (t->whole.spread < SPREAD_LEAST) {
		printf("%s: all of an output is the same, or nearly so\n", t->name);
		t->wrong++;
	}
	hidp_plan_unref(plan);
}

static void try_planned(struct trial *t, const char *line)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_cluster *cluster;
	struct hidp_plan *plan;
	options.work_limit = 2000000;
	support_must(hidp_cluster_from_string(t->context, line, &cluster, &d), &d, line);
	support_must(hidp_plan(t->c.model, cluster, NULL, &options, &plan, &d), &d,
	             t->name);
	note_divided(t, plan, 0, line);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
}

static void try_random(struct trial *t, unsigned count)
{
	unsigned run = 0;
	for (uint64_t seed = SEED; run < count && seed < SEED + 10 * (uint64_t)count; seed++) {
		struct hidp_plan *plan;
		uint32_t route;
		char what[64];
		if (case_random_plan(&t->c, t->context, seed, &plan, &route) != HIDP_OK)
			continue;
		snprintf(what, sizeof what, "random plan %" PRIu64, seed);
		note_divided(t, plan, route, what);
		hidp_plan_unref(plan);
		run++;
	}
	if (run < count) {
		printf("%s: only %u of %u random plans can be\n", t->name, run, count);
		t->wrong++;
	}
}

static bool try_network(struct trial *t, const char *folder, unsigned plans)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	const char *slash = strrchr(folder, '/');
	t->name = slash != NULL ? slash + 1 : folder;
	bool ok = case_read(&t->c, folder);
	hidp_status s = ok ? case_open(&t->c, t->context, &d) : HIDP_OK;
	if (ok && s == HIDP_OK && t->c.model != NULL)
		s = case_kernels(&t->c, t->plugin, &t->object, &d);
	if (ok && s == HIDP_OK && t->c.model != NULL)
		s = case_give(&t->c, &d);
	if (s != HIDP_OK)
		printf("%s: %s: %s: %s\n", t->name, hidp_status_string(s), d.subject, d.message);
	ok = ok && s == HIDP_OK;
	if (ok && t->c.model == NULL) {
		printf("%s: its outputs are constant\n", t->name);
		ok = false;
	}
	if (ok) {
		try_whole(t);
		try_planned(t, "cpu:50,cpu:50");
		try_planned(t, "cpu:50,cpu:30; 2*cpu:40 | lan 100G 0.001ms");
		try_random(t, plans);
		t->plugin->destroy(t->object);
		printf("%-20s %6u %8.3g %7.3f  %8.1e %8.1e  %8.1e %8.1e  %5u  %s\n", t->name,
		       hidp_model_layer_count(t->c.model), t->whole.largest,
		       t->whole.spread, t->whole.most, t->whole.mean, t->worst.most, t->worst.mean,
		       t->plans, t->wrong == 0 ? "ok" : "WRONG");
	}
	fflush(stdout);
	case_free(&t->c);
	return ok && t->wrong == 0;
}

int main(int argc, char **argv)
{
	struct hidp_context *context;
	int wrong = 0;
	if (argc < 4) {
		fprintf(stderr, "usage: onnx-networks KERNELS PLANS FOLDER...\n");
		return 2;
	}
	const struct kernels_plugin *plugin = find_plugin(argv[1]);
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	printf("%-20s %6s %8s %7s  %17s  %17s  %5s\n", "", "", "largest", "", "error undivided",
	       "error divided", "");
	printf("%-20s %6s %8s %7s  %8s %8s  %8s %8s  %5s\n", argv[1], "layers", "output", "spread",
	       "most", "mean", "most", "mean", "plans");
	for (int i = 3; i < argc; i++) {
		struct trial *trial = calloc(1, sizeof *trial);
		trial->plugin = plugin;
		trial->context = context;
		wrong += !try_network(trial, argv[i], (unsigned)strtoul(argv[2], NULL, 10));
		free(trial);
	}
	hidp_context_unref(context);
	return wrong != 0;
}
