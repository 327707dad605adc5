/* SPDX-License-Identifier: MIT */
/*
 * What measures, with kernels that take a time that is known.
 * Machines are busy: times are medians of many, and what is asked of them is lenient.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "measure.h"
#include "zoo.h"

static struct hidp_context *context;
static struct hidp_diagnostic said;

static void set_up(void)
{
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
}

static void tear_down(void)
{
	hidp_context_unref(context);
}

static void must(hidp_status s)
{
	ck_assert_msg(s == HIDP_OK, "%d: %s: %s", s, said.subject, said.message);
}

static struct hidp_cluster *cluster_of(const char *line)
{
	struct hidp_cluster *cluster = NULL;
	must(hidp_cluster_from_string(context, line, &cluster, &said));
	return cluster;
}

/* ---- kernels that take a known time ---- */

/* On processor p, what a layer takes times `slow[p]`. */
#define SECONDS 400e-6
#define ROW_FIXED 100e-6
#define CHANNEL_FIXED 200e-6

struct known {
	double slow[4];
};

struct task {
	double seconds;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static hidp_status supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                            struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	(void)model;
	(void)layer;
	(void)diagnostic;
	return HIDP_OK;
}

static double call_seconds(const struct hidp_call *call, const struct hidp_layer_info *info)
{
	double rows = (double)(call->row_end - call->row_begin) / (double)info->shape.rows;
	double channels = (double)(call->channel_end - call->channel_begin) /
	                  (double)info->shape.channels;
	if (channels < 1)
		return CHANNEL_FIXED + channels * (SECONDS - CHANNEL_FIXED);
	return ROW_FIXED + rows * (SECONDS - ROW_FIXED);
}

static hidp_status prepare(void *user_data, const struct hidp_programs *programs, uint32_t task,
                           void **prepared_out, size_t *scratch_bytes_out,
                           struct hidp_diagnostic *diagnostic)
{
	const struct known *known = user_data;
	struct hidp_program_task t = HIDP_PROGRAM_TASK_INIT;
	struct task *p = calloc(1, sizeof *p);
	(void)diagnostic;
	if (p == NULL)
		return HIDP_ERR_NOMEM;
	hidp_programs_get_task(programs, task, &t);
	for (uint32_t i = 0; i < t.call_count; i++) {
		struct hidp_call call = HIDP_CALL_INIT;
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		hidp_programs_get_call(programs, task, i, &call);
		hidp_model_layer(hidp_plan_model(hidp_programs_plan(programs)), call.layer, &info);
		p->seconds += call_seconds(&call, &info) * known->slow[t.processor];
	}
	*prepared_out = p;
	*scratch_bytes_out = 0;
	return HIDP_OK;
}

static hidp_status run(void *user_data, void *prepared, void *memory, void *scratch)
{
	const struct task *t = prepared;
	double end = now() + t->seconds;
	(void)user_data;
	(void)memory;
	(void)scratch;
	while (now() < end)
		;
	return HIDP_OK;
}

static void release(void *user_data, void *prepared)
{
	(void)user_data;
	free(prepared);
}

static const struct hidp_kernels kernels = {
        sizeof kernels, HIDP_PLUGIN_ABI, "known", supports, prepare, run, release, NULL,
};

/* A chain of convolutions and something that has no channels to divide. */
static struct hidp_model *make_model(void)
{
	struct hidp_model_builder *builder;
	struct hidp_model *model = NULL;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	hidp_layer_id id;
	must(hidp_model_builder_new(context, NULL, &builder));
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, 8, 16, 4};
	must(hidp_model_builder_add(builder, &d, &id, &said));
	for (int i = 0; i < 4; i++) {
		d = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
		d.op = i < 3 ? HIDP_OP_CONV : HIDP_OP_LAYER_NORM;
		d.out_channels = i < 3 ? 8 : 0;
		d.kernel[0] = d.kernel[1] = i < 3;
		d.inputs = &id;
		d.input_count = 1;
		must(hidp_model_builder_add(builder, &d, &id, &said));
	}
	must(hidp_model_builder_seal(builder, &model, &said));
	hidp_model_builder_destroy(builder);
	return model;
}

static void is_near(double value, double wanted, double tolerance, const char *what)
{
	ck_assert_msg(fabs(value - wanted) <= tolerance, "%s is %g s, not %g", what, value, wanted);
}

/* Layer 2: neither the first one, which takes the input, nor one that cannot be divided. */
static struct hidp_cost_entry middle(const struct hidp_model *model,
                                     const struct hidp_cluster *cluster,
                                     const struct node_times *times, hidp_processor_id processor)
{
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	ck_assert_int_eq(hidp_cost_get(model, cluster, times->cost, 2, 0, processor, &e), HIDP_OK);
	return e;
}

/* Measures nodes on which processor p is so much slower than it should be. */
static void check_node(const char *line, struct known known)
{
	struct hidp_model *model = make_model();
	struct hidp_cluster *cluster = cluster_of(line);
	struct engine *engine = engine_of(&kernels, &known);
	struct measure_options options = {.budget_s = 5, .rounds = 40};
	struct node_times times;
	uint32_t count = hidp_cluster_processor_count(cluster, 0);
	must(measure_node(context, model, cluster, engine, &options, &times, &said));
	ck_assert_uint_ge(times.rounds, 5);
	for (hidp_processor_id p = 0; p < count; p++) {
		struct hidp_cost_entry e = middle(model, cluster, &times, p);
		double slow = known.slow[p];
		is_near(e.seconds, SECONDS * slow, 40e-6 * slow, "the whole layer");
		is_near(e.row_fixed_s, ROW_FIXED * slow, 60e-6 * slow, "what rows leave");
		is_near(e.channel_fixed_s, CHANNEL_FIXED * slow, 60e-6 * slow,
		        "what channels leave");
		ck_assert_double_ge(times.whole_s[p], 4 * SECONDS * slow);
	}
	ck_assert_uint_eq(hidp_cluster_node_count(times.cluster), 1);
	ck_assert_uint_eq(hidp_cluster_processor_count(times.cluster, 0), count);
	node_times_clear(&times);
	engine_destroy(engine);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
}

START_TEST(one_processor)
{
	check_node("cpu:50", (struct known){{1}});
}
END_TEST

START_TEST(two_processors)
{
	check_node("cpu:50,cpu:25", (struct known){{1, 2}});
}
END_TEST

START_TEST(processors_that_are_alike)
{
	struct known known = {{1, 1}};
	struct hidp_model *model = make_model();
	struct hidp_cluster *cluster = cluster_of("cpu:50,cpu:50");
	struct engine *engine = engine_of(&kernels, &known);
	struct measure_options options = {.budget_s = 5, .rounds = 20};
	struct node_times times;
	must(measure_node(context, model, cluster, engine, &options, &times, &said));
	for (hidp_layer_id l = 1; l < hidp_model_layer_count(model); l++) {
		struct hidp_cost_entry a = HIDP_COST_ENTRY_INIT, b = a;
		hidp_cost_get(model, cluster, times.cost, l, 0, 0, &a);
		hidp_cost_get(model, cluster, times.cost, l, 0, 1, &b);
		ck_assert_mem_eq(&a, &b, sizeof a);
	}
	node_times_clear(&times);
	engine_destroy(engine);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
}
END_TEST

START_TEST(checks_name_their_plans)
{
	struct known known = {{1, 1}};
	struct hidp_model *model = make_model();
	struct hidp_cluster *cluster = cluster_of("cpu:50,cpu:50");
	struct engine *engine = engine_of(&kernels, &known);
	struct measure_options options = {.budget_s = 2, .rounds = 20};
	struct node_times times;
	struct check checks[CHECKS_MAX];
	size_t count = 0;
	must(check_predictions(context, model, cluster, engine, &options, checks, &count, &times,
	                       &said));
	ck_assert_uint_eq(count, 7);
	ck_assert_str_eq(checks[0].plan, "cpu0 alone");
	ck_assert_str_eq(checks[2].plan, "planned");
	for (size_t i = 0; i < count; i++) {
		/* nothing runs faster than its kernels; two processors at most halve the time */
		ck_assert_double_ge(checks[i].measured_s.median, 2 * SECONDS);
		ck_assert_double_ge(checks[i].predicted_s, 2 * SECONDS);
		ck_assert_double_le(checks[i].measured_s.low, checks[i].measured_s.median);
	}
	/* one processor has nothing to wait for: the layers one after another */
	double sum = 0;
	for (hidp_layer_id l = 1; l < hidp_model_layer_count(model); l++) {
		struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
		hidp_cost_get(model, times.cluster, times.cost, l, 0, 0, &e);
		sum += e.seconds;
	}
	is_near(checks[0].predicted_s, sum, 1e-9, "a processor alone");
	node_times_clear(&times);
	engine_destroy(engine);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
}
END_TEST

/* ---- plans ---- */

START_TEST(parts_cover_everything)
{
	static const struct split splits[] = {
	        {HIDP_STEP_ROWS, 2, {0, 1}, {1, 1}},
	        {HIDP_STEP_ROWS, 2, {0, 1}, {1, 3}},
	        {HIDP_STEP_ROWS, 3, {0, 1, 2}, {5, 1, 1}},
	        {HIDP_STEP_ROWS, 8, {0, 1, 2, 3, 4, 5, 6, 7}, {1, 1, 1, 1, 1, 1, 1, 1}},
	};
	const struct split *split = &splits[_i];
	for (int64_t units = split->count; units < 300; units++) {
		int64_t before = 0, begin, end, total = 0;
		for (uint32_t k = 0; k < split->count; k++)
			total += split->weights[k];
		for (uint32_t k = 0; k < split->count; k++) {
			split_part(split, units, k, &begin, &end);
			ck_assert_int_eq(begin, before);
			ck_assert_int_gt(end, begin);
			double fair = (double)(units * split->weights[k]) / (double)total;
			ck_assert_double_le(fabs((double)(end - begin) - fair),
			                    (double)split->count);
			before = end;
		}
		ck_assert_int_eq(before, units);
	}
}
END_TEST

START_TEST(every_network_can_be_split)
{
	static const hidp_step_kind kinds[] = {HIDP_STEP_SINGLE, HIDP_STEP_ROWS,
	                                       HIDP_STEP_CHANNELS};
	struct hidp_model *model = NULL;
	struct hidp_cluster *cluster = cluster_of("cpu,cpu");
	must(zoo_build(context, zoo_name((size_t)_i), NULL, &model, &said));
	for (int k = 0; k < 3; k++) {
		struct split split = {kinds[k], k == 0 ? 1 : 2, {0, 1}, {1, 3}};
		struct hidp_plan *plan = NULL;
		must(split_plan(model, cluster, &split, &plan, &said));
		must(hidp_plan_verify(plan, &said));
		hidp_plan_unref(plan);
	}
	hidp_model_unref(model);
	hidp_cluster_unref(cluster);
}
END_TEST

/* ---- rates ---- */

/* Times that a processor with other rates would have give these rates back. */
START_TEST(rates_follow_from_times)
{
	struct hidp_model *model = NULL;
	struct hidp_cluster *node = cluster_of("cpu:50"), *measured = NULL;
	struct hidp_cost_builder *builder;
	struct hidp_cost *cost = NULL;
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT, guess = d;
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	must(zoo_build(context, "vgg19", NULL, &model, &said));
	must(hidp_cost_builder_new(model, node, &builder));
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
		hidp_model_layer(model, l, &info);
		/* an overhead of 1 us, which some layer without any work shows */
		e.seconds = 1e-6 + (info.op_class == HIDP_CLASS_CONV3X3
		                            ? info.flops / 200e9
		                            : (double)info.weight_bytes / 16e9);
		must(hidp_cost_builder_set(builder, l, 0, 0, &e, &said));
	}
	must(hidp_cost_builder_seal(builder, &cost, &said));
	must(measured_rates(context, model, node, cost, 3e-6, &measured, &said));
	hidp_cluster_processor(measured, 0, 0, &d);
	hidp_cluster_processor(node, 0, 0, &guess);
	hidp_cluster_node(measured, 0, &n);
	ck_assert_double_eq(n.sync_s, 3e-6);
	ck_assert_double_eq_tol(d.overhead_s, 1e-6, 1e-12);
	ck_assert_double_eq_tol(d.rate_flops[HIDP_CLASS_CONV3X3], 200e9, 1e6);
	/* dense layers move their weights, and little else */
	ck_assert_double_eq(d.rate_flops[HIDP_CLASS_DENSE], 0);
	ck_assert_double_eq_tol(d.bandwidth_Bps[HIDP_CLASS_DENSE], 16e9, 0.01e9);
	/* what there is none of changes as much as the others on average */
	double factor = d.rate_flops[HIDP_CLASS_DEPTHWISE] / guess.rate_flops[HIDP_CLASS_DEPTHWISE];
	ck_assert_double_gt(factor, 1);
	ck_assert_double_lt(factor, 4.01);
	ck_assert_str_eq(d.name, guess.name);
	hidp_cost_unref(cost);
	hidp_cost_builder_destroy(builder);
	hidp_cluster_unref(measured);
	hidp_cluster_unref(node);
	hidp_model_unref(model);
}
END_TEST

START_TEST(spreads)
{
	double values[] = {5, 1, 4, 2, 3}, two[] = {2, 1};
	struct spread s = spread_of(values, 5);
	ck_assert_double_eq(s.low, 2);
	ck_assert_double_eq(s.median, 3);
	ck_assert_double_eq(s.high, 4);
	ck_assert_double_eq(spread_of(two, 2).median, 1.5);
	ck_assert_double_eq(spread_of(two, 0).median, 0);
}
END_TEST

/* ---- kernels by name ---- */

START_TEST(engines_by_name)
{
	struct hidp_model *model = make_model();
	struct engine *engine = NULL;
	ck_assert_int_eq(engine_new("no such kernels", model, &engine, &said), HIDP_ERR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(said.message, "none of that name"));
	for (size_t i = 0; engine_name(i) != NULL; i++) {
		must(engine_new(engine_name(i), model, &engine, &said));
		ck_assert_str_eq(engine_kernels(engine)->name, engine_name(i));
		ck_assert_ptr_nonnull(engine_data(engine));
		engine_destroy(engine);
	}
	engine_destroy(NULL);
	hidp_model_unref(model);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("measure");
	TCase *tc = tcase_create("measure");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, one_processor);
	tcase_add_test(tc, two_processors);
	tcase_add_test(tc, processors_that_are_alike);
	tcase_add_test(tc, checks_name_their_plans);
	tcase_add_loop_test(tc, parts_cover_everything, 0, 4);
	tcase_add_loop_test(tc, every_network_can_be_split, 0, (int)zoo_count());
	tcase_add_test(tc, rates_follow_from_times);
	tcase_add_test(tc, spreads);
	tcase_add_test(tc, engines_by_name);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
