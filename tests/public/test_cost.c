/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "plan_fixture.h"

static struct fixture f;
static struct hidp_cost_builder *builder;

/*
 * input [8 rows of 4 channels] -> conv 1 [3x1, 4 channels] -> reshape 2; node 0 has a
 * CPU and a DSP that knows no convolutions, node 1 a CPU.
 */
static void set_up(void)
{
	const struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	fixture_begin(&f);
	hidp_layer_id at = fixture_input(&f, 4, 8);
	d.op = HIDP_OP_CONV;
	d.inputs = &at;
	d.input_count = 1;
	d.out_channels = 4;
	d.kernel[0] = 3;
	d.kernel[1] = 1;
	d.pad[0] = d.pad[2] = 1;
	ck_ok(hidp_model_builder_add(f.model_builder, &d, &at, &f.diag), f.diag);
	d = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
	d.op = HIDP_OP_RESHAPE;
	d.inputs = &at;
	d.input_count = 1;
	d.shape = (struct hidp_shape){1, 4, 4, 2};
	ck_ok(hidp_model_builder_add(f.model_builder, &d, NULL, &f.diag), f.diag);
	fixture_seal_model(&f);
	fixture_node(&f, node);
	processor.overhead_s = 0.001;
	fixture_processor(&f, 0, 1e5, 1e5, processor);
	processor.kind = HIDP_PROCESSOR_DSP;
	processor.rate_flops[HIDP_CLASS_GEMM] = 1e9;
	ck_ok(hidp_cluster_builder_add_processor(f.cluster_builder, 0, &processor, NULL, &f.diag),
	      f.diag);
	fixture_node(&f, node);
	processor.load = 0.5;
	fixture_processor(&f, 1, 0, 1e5, processor);
	fixture_seal_cluster(&f);
	ck_ok(hidp_cost_builder_new(f.model, f.cluster, &builder), f.diag);
}

static void tear_down(void)
{
	hidp_cost_builder_destroy(builder);
	fixture_end(&f);
}

static struct hidp_cost_entry get(const struct hidp_cost *cost, hidp_layer_id layer,
                                  hidp_node_id node, hidp_processor_id processor)
{
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	ck_assert_int_eq(hidp_cost_get(f.model, f.cluster, cost, layer, node, processor, &e),
	                 HIDP_OK);
	return e;
}

static struct hidp_cost *seal(void)
{
	struct hidp_cost *cost = NULL;
	ck_ok(hidp_cost_builder_seal(builder, &cost, &f.diag), f.diag);
	return cost;
}

START_TEST(test_analytic)
{
	/* 8 * 4 * 3 * 4 multiply-accumulates; bytes: 128 in, 128 out, (48 + 4) * 4 of weights */
	struct hidp_cost_entry e = get(NULL, 1, 0, 0);
	assert_close(e.seconds, 0.001 + 768 / 1e5);
	assert_close(e.row_fixed_s, 0.001);
	assert_close(e.channel_fixed_s, 0.001);
	ck_assert_uint_eq(e.flags, 0);
	/* bytes alone, and free of load */
	e = get(NULL, 1, 1, 0);
	assert_close(e.seconds, 0.001 + 464 / 1e5);
	ck_assert_uint_eq(get(NULL, 1, 0, 1).flags, HIDP_COST_UNSUPPORTED);
	/* reshapes cost nothing anywhere */
	for (hidp_processor_id p = 0; p < 2; p++) {
		e = get(NULL, 2, 0, p);
		ck_assert_uint_eq(e.flags, 0);
		ck_assert_double_eq(e.seconds, 0);
	}
}
END_TEST

START_TEST(test_table)
{
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	e.seconds = 0.5;
	e.row_fixed_s = 0.25;
	e.channel_fixed_s = 0.5;
	ck_ok(hidp_cost_builder_set(builder, 1, 0, 1, &e, &f.diag), f.diag);
	e.flags = HIDP_COST_UNSUPPORTED;
	e.seconds = -1; /* not read */
	ck_ok(hidp_cost_builder_set(builder, 1, 1, 0, &e, &f.diag), f.diag);
	struct hidp_cost *cost = seal();
	struct hidp_cost_entry told = get(cost, 1, 0, 1);
	ck_assert_double_eq(told.seconds, 0.5);
	ck_assert_double_eq(told.row_fixed_s, 0.25);
	ck_assert_double_eq(told.channel_fixed_s, 0.5);
	ck_assert_uint_eq(told.flags, 0);
	ck_assert_uint_eq(get(cost, 1, 1, 0).flags, HIDP_COST_UNSUPPORTED);
	assert_close(get(cost, 1, 0, 0).seconds, 0.001 + 768 / 1e5); /* as before */
	/* the builder goes on; what was sealed stays */
	e.flags = 0;
	e.seconds = 7;
	e.row_fixed_s = e.channel_fixed_s = 0;
	ck_ok(hidp_cost_builder_set(builder, 1, 0, 1, &e, &f.diag), f.diag);
	struct hidp_cost *second = seal();
	ck_assert_double_eq(get(cost, 1, 0, 1).seconds, 0.5);
	ck_assert_double_eq(get(second, 1, 0, 1).seconds, 7);
	ck_assert_ptr_eq(hidp_cost_ref(second), second);
	hidp_cost_unref(second);
	hidp_cost_unref(second);
	hidp_cost_unref(cost);
	hidp_cost_unref(NULL);
}
END_TEST

static void refuse(hidp_status status, const char *subject, const char *text, uint32_t layer,
                   uint32_t node, uint32_t processor, struct hidp_cost_entry e)
{
	ck_refused(hidp_cost_builder_set(builder, layer, node, processor, &e, &f.diag), f.diag, status,
	           subject, text);
}

START_TEST(test_refused)
{
	const struct hidp_cost_entry init = HIDP_COST_ENTRY_INIT;
	struct hidp_cost_entry e = init;
	struct hidp_cost *cost = NULL;
	refuse(HIDP_ERR_ARGUMENT, "", "no layer 3", 3, 0, 0, e);
	refuse(HIDP_ERR_ARGUMENT, "", "no layer 1 or processor 0 of node 2", 1, 2, 0, e);
	refuse(HIDP_ERR_ARGUMENT, "", "processor 1 of node 1", 1, 1, 1, e);
	const double bad[] = {-1, NAN, INFINITY};
	for (int k = 0; k < 3; k++) {
		e = init;
		e.seconds = bad[k];
		refuse(HIDP_ERR_COST, "layer1", "on processor cpu0 of node node0", 1, 0, 0, e);
		e.seconds = 1;
		e.row_fixed_s = bad[k];
		refuse(HIDP_ERR_COST, "layer1", "fixed part", 1, 0, 0, e);
		e.row_fixed_s = 0;
		e.channel_fixed_s = bad[k];
		refuse(HIDP_ERR_COST, "layer1", "fixed part", 1, 0, 0, e);
	}
	e = init;
	e.seconds = 1;
	e.row_fixed_s = 1.5;
	refuse(HIDP_ERR_COST, "layer1", "smaller than its fixed part", 1, 0, 0, e);
	e = init;
	e.flags = 2;
	refuse(HIDP_ERR_ABI, "layer1", "flags 0x2", 1, 0, 0, e);
	e.struct_size = 8;
	refuse(HIDP_ERR_ABI, "layer1", "unknown size", 1, 0, 0, e);
	ck_refused(hidp_cost_builder_set(builder, 1, 0, 0, NULL, &f.diag), f.diag,
	           HIDP_ERR_ARGUMENT, "", "NULL");
	ck_refused(hidp_cost_builder_seal(NULL, &cost, &f.diag), f.diag, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	ck_refused(hidp_cost_builder_seal(builder, NULL, &f.diag), f.diag, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	struct hidp_cost_builder *none = NULL;
	ck_assert_int_eq(hidp_cost_builder_new(NULL, f.cluster, &none), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_builder_new(f.model, NULL, &none), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_builder_new(f.model, f.cluster, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_builder_set_callback(NULL, NULL, NULL), HIDP_ERR_ARGUMENT);
	hidp_cost_builder_destroy(NULL);
	e = init;
	ck_assert_int_eq(hidp_cost_get(f.model, f.cluster, NULL, 3, 0, 0, &e), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_get(f.model, f.cluster, NULL, 1, 2, 0, &e), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_get(f.model, f.cluster, NULL, 1, 1, 1, &e), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_get(f.model, f.cluster, NULL, 1, 0, 0, NULL), HIDP_ERR_ARGUMENT);
	e.struct_size = 8;
	ck_assert_int_eq(hidp_cost_get(f.model, f.cluster, NULL, 1, 0, 0, &e), HIDP_ERR_ABI);
}
END_TEST

/* What the callback was asked, and what it does. */
struct asked {
	unsigned count;
	double first_seconds;
	hidp_status answer;
	double seconds;
};

static hidp_status answer(void *user_data, hidp_layer_id layer, hidp_node_id node,
                          hidp_processor_id processor, struct hidp_cost_entry *entry)
{
	struct asked *a = user_data;
	ck_assert_uint_ne(layer, 0); /* model inputs are computed by nobody */
	a->count++;
	if (layer == 1 && node == 0 && processor == 0)
		a->first_seconds = entry->seconds;
	if (layer == 2)
		return HIDP_OK; /* left as it is */
	entry->flags = 0;
	entry->seconds = a->seconds;
	entry->row_fixed_s = entry->channel_fixed_s = 0;
	return a->answer;
}

START_TEST(test_callback)
{
	struct asked asked = {.seconds = 3};
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	e.seconds = 9;
	ck_ok(hidp_cost_builder_set(builder, 1, 1, 0, &e, &f.diag), f.diag);
	ck_assert_int_eq(hidp_cost_builder_set_callback(builder, answer, &asked), HIDP_OK);
	struct hidp_cost *cost = seal();
	/* two layers on three processors, but for what the table says */
	ck_assert_uint_eq(asked.count, 5);
	assert_close(asked.first_seconds, 0.001 + 768 / 1e5);
	ck_assert_double_eq(get(cost, 1, 0, 0).seconds, 3);
	ck_assert_double_eq(get(cost, 1, 0, 1).seconds, 3); /* also where it was unsupported */
	ck_assert_double_eq(get(cost, 1, 1, 0).seconds, 9);
	ck_assert_double_eq(get(cost, 2, 0, 0).seconds, 0);
	hidp_cost_unref(cost);
	/* without it everything is as it was */
	ck_assert_int_eq(hidp_cost_builder_set_callback(builder, NULL, NULL), HIDP_OK);
	cost = seal();
	assert_close(get(cost, 1, 0, 0).seconds, 0.001 + 768 / 1e5);
	hidp_cost_unref(cost);
}
END_TEST

START_TEST(test_callback_refused)
{
	struct asked asked = {.seconds = -1};
	struct hidp_cost *cost = NULL;
	hidp_cost_builder_set_callback(builder, answer, &asked);
	ck_refused(hidp_cost_builder_seal(builder, &cost, &f.diag), f.diag, HIDP_ERR_COST, "layer1",
	           "on processor cpu0 of node node0");
	asked.seconds = 1;
	asked.answer = HIDP_ERR_UNSUPPORTED;
	ck_refused(hidp_cost_builder_seal(builder, &cost, &f.diag), f.diag, HIDP_ERR_UNSUPPORTED,
	           "layer1", "callback failed for processor cpu0 of node node0");
	ck_assert_ptr_null(cost);
}
END_TEST

/* A cost source serves clusters with the same nodes and processors, and no others. */
START_TEST(test_other_cluster)
{
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	const struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	e.seconds = 2;
	ck_ok(hidp_cost_builder_set(builder, 1, 1, 0, &e, &f.diag), f.diag);
	struct hidp_cost *cost = seal();
	ck_ok(hidp_cluster_builder_set_load(f.cluster_builder, 1, 0, 0, &f.diag), f.diag);
	fixture_seal_cluster(&f);
	ck_assert_double_eq(get(cost, 1, 1, 0).seconds, 2);
	fixture_processor(&f, 1, 1, 1, processor);
	fixture_seal_cluster(&f);
	ck_assert_int_eq(hidp_cost_get(f.model, f.cluster, cost, 1, 1, 0, &e), HIDP_ERR_COST);
	hidp_cost_unref(cost);
}
END_TEST

int main(void)
{
	const struct hidp_cost_entry init = HIDP_COST_ENTRY_INIT;
	struct hidp_cost_entry e;
	hidp_cost_entry_init(&e, sizeof e);
	Suite *suite = suite_create("cost");
	TCase *tcase = tcase_create("cost");
	if (memcmp(&init, &e, sizeof e) != 0)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_analytic);
	tcase_add_test(tcase, test_table);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_callback);
	tcase_add_test(tcase, test_callback_refused);
	tcase_add_test(tcase, test_other_cluster);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
