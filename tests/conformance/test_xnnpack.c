/* SPDX-License-Identifier: MIT */
/* What is the own of kernels on XNNPACK: how they are made, and their pools of threads. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <hidp-xnnpack.h>

#include "random_layers.h"
#include "rng.h"
#include "run_programs.h"
#include "suite.h"
#include "zoo.h"

enum { CORES = 3 };

static struct hidp_context *context;
static struct hidp_cluster *cluster; /* a processor of several cores */

static void set_up(void)
{
	struct hidp_cluster_builder *builder;
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	const uint32_t cores[CORES] = {0, 1, 2};
	hidp_node_id id;
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_new(context, &builder), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_add_node(builder, &node, &id, NULL), HIDP_OK);
	processor.core_count = CORES;
	processor.core_ids = cores;
	for (int c = 0; c < (int)HIDP_CLASS_COUNT; c++)
		processor.rate_flops[c] = 1e9;
	ck_assert_int_eq(hidp_cluster_builder_add_processor(builder, id, &processor, NULL, NULL),
	                 HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &cluster, NULL), HIDP_OK);
	hidp_cluster_builder_destroy(builder);
}

static void tear_down(void)
{
	hidp_cluster_unref(cluster);
	hidp_context_unref(context);
}

/* A model, weights for it, kernels, and a plan that is ready to run. */
struct ready {
	struct hidp_model *model;
	struct zoo_weights *weights;
	struct hidp_xnnpack *xnnpack;
	struct runner *runner;
	uint32_t layers;
	size_t *elements; /* [layer] of inputs and outputs, else 0 */
	float **inputs;   /* [layer] */
};

static void get_ready(struct ready *r, hidp_op op, uint64_t seed)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	struct rng rng;
	rng_seed(&rng, seed);
	r->model = random_layers(context, op, &rng);
	r->layers = hidp_model_layer_count(r->model);
	r->elements = calloc(r->layers, sizeof *r->elements);
	r->inputs = calloc(r->layers, sizeof *r->inputs);
	for (hidp_layer_id l = 0; l < r->layers; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		ck_assert_int_eq(hidp_model_layer(r->model, l, &info), HIDP_OK);
		if (info.op != HIDP_OP_INPUT && !(info.flags & HIDP_LAYER_OUTPUT))
			continue;
		r->elements[l] = info.output_bytes / sizeof(float);
		if (info.op != HIDP_OP_INPUT)
			continue;
		r->inputs[l] = malloc(r->elements[l] * sizeof **r->inputs);
		for (size_t i = 0; i < r->elements[l]; i++)
			r->inputs[l][i] = (float)(2 * rng_real(&rng) - 1);
	}
	ck_assert_int_eq(zoo_weights_new(r->model, seed, &r->weights), HIDP_OK);
	ck_ok(hidp_xnnpack_new(r->model, zoo_weights_table(), r->weights, NULL, &r->xnnpack, &d),
	      d);
	ck_ok(runner_whole_plan(r->model, cluster, &plan, &d), d);
	ck_ok(runner_new(plan, 0, hidp_xnnpack_kernels(), r->xnnpack, &r->runner, &d), d);
	hidp_plan_unref(plan);
}

static void free_tensors(const struct ready *r, float **tensors)
{
	for (hidp_layer_id l = 0; l < r->layers; l++)
		free(tensors[l]);
	free(tensors);
}

static void clear(struct ready *r)
{
	runner_free(r->runner);
	hidp_xnnpack_destroy(r->xnnpack);
	zoo_weights_destroy(r->weights);
	hidp_model_unref(r->model);
	free_tensors(r, r->inputs);
	free(r->elements);
}

/* Outputs, as this thread computes them. */
static float **run(const struct ready *r)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	float **tensors = calloc(r->layers, sizeof *tensors);
	for (hidp_layer_id l = 0; l < r->layers; l++)
		tensors[l] = r->inputs[l] != NULL ? r->inputs[l]
		                                  : calloc(r->elements[l] + 1, sizeof **tensors);
	ck_ok(runner_run(r->runner, tensors, RUNNER_CHECK, &d), d);
	for (hidp_layer_id l = 0; l < r->layers; l++)
		if (r->inputs[l] != NULL)
			tensors[l] = NULL;
	return tensors;
}

static void compare(const struct ready *r, float **a, float **b)
{
	for (hidp_layer_id l = 0; l < r->layers; l++)
		if (r->inputs[l] == NULL)
			ck_assert_mem_eq(a[l], b[l], r->elements[l] * sizeof(float));
}

static void enter(const struct ready *r, uint32_t cores)
{
	ck_assert_int_eq(hidp_xnnpack_kernels()->enter(r->xnnpack, cores), HIDP_OK);
}

START_TEST(making_one)
{
	struct rng rng;
	rng_seed(&rng, 1);
	struct hidp_model *model = random_layers(context, HIDP_OP_CONV, &rng);
	struct hidp_weights table = *zoo_weights_table();
	struct {
		struct hidp_xnnpack_options options;
		uint64_t more;
	} later = {{sizeof later, 0}, 0};
	struct hidp_xnnpack *xnnpack = NULL;
	struct hidp_diagnostic d;
	ck_refused(hidp_xnnpack_new(NULL, &table, NULL, NULL, &xnnpack, &d), d, HIDP_ERR_ARGUMENT,
	           "kernels", "NULL");
	ck_refused(hidp_xnnpack_new(model, NULL, NULL, NULL, &xnnpack, &d), d, HIDP_ERR_ARGUMENT,
	           "kernels", "NULL");
	ck_refused(hidp_xnnpack_new(model, &table, NULL, NULL, NULL, &d), d, HIDP_ERR_ARGUMENT,
	           "kernels", "NULL");
	table.abi++;
	ck_refused(hidp_xnnpack_new(model, &table, NULL, NULL, &xnnpack, &d), d, HIDP_ERR_ABI,
	           "weights", "version");
	table.abi--;
	later.options.flags = 1;
	ck_refused(hidp_xnnpack_new(model, &table, NULL, &later.options, &xnnpack, &d), d,
	           HIDP_ERR_ABI, "options", "unknown");
	later.options.flags = 0;
	later.more = 1;
	ck_refused(hidp_xnnpack_new(model, &table, NULL, &later.options, &xnnpack, &d), d,
	           HIDP_ERR_ABI, "options", "unknown");
	ck_assert_ptr_null(xnnpack);
	later.more = 0;
	ck_assert_int_eq(hidp_xnnpack_new(model, &table, NULL, &later.options, &xnnpack, NULL),
	                 HIDP_OK);
	/* the model is kept alive */
	hidp_model_unref(model);
	hidp_xnnpack_destroy(xnnpack);
	hidp_xnnpack_destroy(NULL);
}
END_TEST

/* Whatever number of threads helps, and after it has changed: the same bit by bit. */
START_TEST(pools)
{
	static const uint32_t cores[] = {CORES, 1, 2, CORES, 0};
	for (hidp_op op = HIDP_OP_CONV; op < HIDP_OP_CUSTOM; op++) {
		struct ready r;
		get_ready(&r, op, 7 * op);
		float **expected = run(&r);
		for (size_t i = 0; i < sizeof cores / sizeof cores[0]; i++) {
			enter(&r, cores[i]);
			float **got = run(&r);
			compare(&r, expected, got);
			free_tensors(&r, got);
		}
		enter(&r, 2); /* left to the kernels to end */
		free_tensors(&r, expected);
		clear(&r);
	}
}
END_TEST

struct thread {
	pthread_t id;
	const struct ready *ready;
	uint32_t cores;
	float **outputs;
};

static void *run_thread(void *argument)
{
	struct thread *t = argument;
	enter(t->ready, t->cores);
	for (int i = 0; i < 3; i++) {
		if (t->outputs != NULL)
			free_tensors(t->ready, t->outputs);
		t->outputs = run(t->ready);
	}
	return NULL; /* and its pool ends */
}

/* The same tasks on threads with and without pools, at the same time. */
START_TEST(pools_of_several_threads)
{
	for (hidp_op op = HIDP_OP_CONV; op < HIDP_OP_CUSTOM; op++) {
		struct thread threads[3];
		struct ready r;
		get_ready(&r, op, 11 * op);
		float **expected = run(&r);
		for (uint32_t i = 0; i < 3; i++) {
			threads[i] = (struct thread){.ready = &r, .cores = 1 + i};
			ck_assert_int_eq(
				pthread_create(&threads[i].id, NULL, run_thread, &threads[i]), 0);
		}
		for (int i = 0; i < 3; i++) {
			pthread_join(threads[i].id, NULL);
			compare(&r, expected, threads[i].outputs);
			free_tensors(&r, threads[i].outputs);
		}
		free_tensors(&r, expected);
		clear(&r);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("xnnpack");
	TCase *tc = tcase_create("xnnpack");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, making_one);
	tcase_add_test(tc, pools);
	tcase_add_test(tc, pools_of_several_threads);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
