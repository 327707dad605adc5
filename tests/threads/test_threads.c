/* SPDX-License-Identifier: MIT */
/*
 * Many threads on the same sealed model, cluster, cost source and plan: each plans
 * for every objective, replans with a planner of its own, evaluates, verifies and
 * writes, and gets, bit for bit, what one thread alone got before. Meant for
 * ThreadSanitizer, useful without.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hidp/hidp.h>

#define THREADS 8
#define OBJECTIVES 3
#define STRATEGIES 3
/* Work limit of the searches; what differs between threads shows early. */
#define WORK 20000
#define TEXT_MAX ((size_t)1 << 17)

/* What is shared. */
static struct hidp_context *context;
static struct hidp_model *model;
static struct hidp_cluster *cluster, *loaded;
static struct hidp_cost *cost;
static struct hidp_plan *shared_plan;

/* What a thread finds out. */
struct findings {
	hidp_status first_error;
	struct hidp_plan_figures planned[OBJECTIVES][STRATEGIES];
	struct hidp_plan_figures replanned[2];
	struct hidp_plan_figures evaluated;
	uint64_t texts[4]; /* hashes of table, picture, trace, explanation */
};

static void note(struct findings *f, hidp_status status)
{
	if (f->first_error == HIDP_OK)
		f->first_error = status;
}

static void figures_of(struct findings *f, struct hidp_plan *plan, struct hidp_plan_figures *to)
{
	to->struct_size = sizeof *to;
	note(f, hidp_plan_get_figures(plan, to));
	note(f, hidp_plan_verify(plan, NULL));
}

static void write_texts(struct findings *f, const struct hidp_plan *plan)
{
	hidp_status (*const writers[])(const struct hidp_plan *, char *, size_t, size_t *) = {
	        hidp_plan_to_table, hidp_plan_to_svg, hidp_plan_to_trace, hidp_plan_explain};
	char *text = malloc(TEXT_MAX);
	if (text == NULL) {
		note(f, HIDP_ERR_NOMEM);
		return;
	}
	for (int w = 0; w < 4; w++) {
		uint64_t hash = UINT64_C(0xcbf29ce484222325);
		size_t needed = 0;
		note(f, writers[w](plan, text, TEXT_MAX, &needed));
		for (size_t i = 0; i < needed && i < TEXT_MAX; i++)
			hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
		f->texts[w] = hash;
	}
	free(text);
}

static void plan_all(struct findings *f)
{
	for (hidp_objective o = 0; o < OBJECTIVES; o++) {
		for (hidp_strategy s = 0; s < STRATEGIES; s++) {
			struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
			struct hidp_plan *plan = NULL;
			options.objective = o;
			options.strategy = s;
			options.work_limit = WORK;
			note(f, hidp_plan(model, cluster, cost, &options, &plan, NULL));
			if (plan != NULL)
				figures_of(f, plan, &f->planned[o][s]);
			hidp_plan_unref(plan);
		}
	}
}

static void replan(struct findings *f)
{
	struct hidp_planner *planner = NULL;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.work_limit = WORK;
	note(f, hidp_planner_new(context, &planner));
	for (int i = 0; planner != NULL && i < 2; i++) {
		struct hidp_plan *plan = NULL;
		note(f, hidp_planner_plan(planner, model, i == 0 ? cluster : loaded, cost,
		                          &options, &plan, NULL));
		if (plan != NULL)
			figures_of(f, plan, &f->replanned[i]);
		hidp_plan_unref(plan);
	}
	hidp_planner_destroy(planner);
}

static void work(struct findings *f)
{
	struct hidp_plan *again = NULL, *held = hidp_plan_ref(shared_plan);
	memset(f, 0, sizeof *f);
	plan_all(f);
	replan(f);
	note(f, hidp_plan_evaluate(held, loaded, NULL, NULL, &again, NULL));
	if (again != NULL)
		figures_of(f, again, &f->evaluated);
	write_texts(f, held);
	hidp_plan_unref(again);
	hidp_plan_unref(held);
}

static struct findings alone;

static void *run_thread(void *argument)
{
	uintptr_t *wrong = argument;
	struct findings *f = malloc(sizeof *f);
	for (int round = 0; f != NULL && round < ROUNDS; round++) {
		work(f);
		*wrong += memcmp(f, &alone, sizeof *f) != 0;
	}
	*wrong += f == NULL;
	free(f);
	return NULL;
}

static hidp_status make_model(void)
{
	struct hidp_model_builder *b = NULL;
	hidp_layer_id last = 0, before = 0;
	struct hidp_layer_desc input = HIDP_LAYER_DESC_INIT;
	input.op = HIDP_OP_INPUT;
	input.shape = (struct hidp_shape){1, 16, 24, 24};
	hidp_status s = hidp_model_builder_new(context, NULL, &b);
	if (s == HIDP_OK)
		s = hidp_model_builder_add(b, &input, &last, NULL);
	for (uint32_t i = 1; s == HIDP_OK && i <= 12; i++) {
		const hidp_layer_id inputs[] = {last, before};
		struct hidp_layer_desc layer = HIDP_LAYER_DESC_INIT;
		layer.inputs = inputs;
		layer.input_count = i % 3 == 0 ? 2 : 1;
		if (i % 3 == 0) {
			layer.op = HIDP_OP_BINARY;
			layer.function = HIDP_BINARY_ADD;
			before = i;
		} else {
			layer.op = HIDP_OP_CONV;
			layer.out_channels = 16;
			layer.kernel[0] = layer.kernel[1] = 3;
			for (int k = 0; k < 4; k++)
				layer.pad[k] = 1;
		}
		s = hidp_model_builder_add(b, &layer, &last, NULL);
	}
	if (s == HIDP_OK)
		s = hidp_model_builder_seal(b, &model, NULL);
	hidp_model_builder_destroy(b);
	return s;
}

static hidp_status make_clusters(void)
{
	struct hidp_cluster_builder *b = NULL;
	hidp_status s = hidp_cluster_from_string(
	        context, "cpu:2,cpu:1; 2*cpu:3,gpu:9 | lan 400M 0.1ms", &cluster, NULL);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_from(cluster, &b);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_set_load(b, 1, 0, 0.4, NULL);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_seal(b, &loaded, NULL);
	hidp_cluster_builder_destroy(b);
	return s;
}

static hidp_status make_cost(void)
{
	struct hidp_cost_builder *b = NULL;
	struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
	entry.seconds = 3e-4;
	hidp_status s = hidp_cost_builder_new(model, cluster, &b);
	if (s == HIDP_OK)
		s = hidp_cost_builder_set(b, 2, 1, 1, &entry, NULL);
	if (s == HIDP_OK)
		s = hidp_cost_builder_seal(b, &cost, NULL);
	hidp_cost_builder_destroy(b);
	return s;
}

int main(void)
{
	hidp_status s = hidp_context_new(NULL, &context);
	if (s == HIDP_OK)
		s = make_model();
	if (s == HIDP_OK)
		s = make_clusters();
	if (s == HIDP_OK)
		s = make_cost();
	struct hidp_plan_options few = HIDP_PLAN_OPTIONS_INIT;
	few.work_limit = WORK; /* holds for the plannings of its explanation too */
	if (s == HIDP_OK)
		s = hidp_plan(model, cluster, cost, &few, &shared_plan, NULL);
	if (s != HIDP_OK) {
		printf("Bail out! preparing: %s\n", hidp_status_string(s));
		return 1;
	}
	work(&alone);

	pthread_t threads[THREADS];
	uintptr_t wrong[THREADS] = {0};
	int started = 0, bad = 0;
	while (started < THREADS &&
	       pthread_create(&threads[started], NULL, run_thread, &wrong[started]) == 0)
		started++;
	for (int t = 0; t < started; t++) {
		pthread_join(threads[t], NULL);
		bad += wrong[t] != 0;
	}
	hidp_plan_unref(shared_plan);
	hidp_cost_unref(cost);
	hidp_cluster_unref(loaded);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(context);

	printf("1..3\n%s 1 - one thread alone: %s\n", alone.first_error == HIDP_OK ? "ok" : "not ok",
	       hidp_status_string(alone.first_error));
	printf("%s 2 - %d of %d threads started\n", started == THREADS ? "ok" : "not ok", started,
	       THREADS);
	printf("%s 3 - %d threads found something else than one alone\n", bad == 0 ? "ok" : "not ok",
	       bad);
	return bad != 0 || started != THREADS || alone.first_error != HIDP_OK;
}
