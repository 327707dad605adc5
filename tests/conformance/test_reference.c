/* SPDX-License-Identifier: MIT */
/* What is the reference kernels' own: how they are made, what they refuse, what they keep. */
#include <string.h>

#include <hidp-reference.h>

#include "run_programs.h"
#include "suite.h"
#include "zoo.h"

static struct hidp_context *context;
static struct hidp_cluster *cluster;

static void set_up(void)
{
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_from_string(context, "2*cpu:10", &cluster, NULL), HIDP_OK);
}

static void tear_down(void)
{
	hidp_cluster_unref(cluster);
	hidp_context_unref(context);
}

/* An input, and a layer of that description behind it. */
static struct hidp_model *small_model(int64_t channels, hidp_dtype input_dtype,
                                      struct hidp_layer_desc layer)
{
	struct hidp_model_builder *builder;
	struct hidp_model *model;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_layer_desc input = HIDP_LAYER_DESC_INIT;
	hidp_layer_id id;
	ck_assert_int_eq(hidp_model_builder_new(context, NULL, &builder), HIDP_OK);
	input.op = HIDP_OP_INPUT;
	input.shape = (struct hidp_shape){1, channels, 6, 6};
	input.dtype = input_dtype;
	ck_ok(hidp_model_builder_add(builder, &input, &id, &diag), diag);
	layer.name = "it";
	layer.inputs = &id;
	layer.input_count = 1;
	ck_ok(hidp_model_builder_add(builder, &layer, NULL, &diag), diag);
	ck_ok(hidp_model_builder_seal(builder, &model, &diag), diag);
	hidp_model_builder_destroy(builder);
	return model;
}

static struct hidp_layer_desc conv(void)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	d.op = HIDP_OP_CONV;
	d.out_channels = 8;
	d.kernel[0] = d.kernel[1] = 3;
	return d;
}

START_TEST(making_one)
{
	struct hidp_model *model = small_model(4, 0, conv());
	struct hidp_weights table = *zoo_weights_table();
	struct hidp_reference *reference = NULL;
	struct hidp_diagnostic d;
	ck_refused(hidp_reference_new(NULL, &table, NULL, &reference, &d), d, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	ck_refused(hidp_reference_new(model, NULL, NULL, &reference, &d), d, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	ck_refused(hidp_reference_new(model, &table, NULL, NULL, &d), d, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	ck_assert_int_eq(hidp_reference_new(NULL, NULL, NULL, NULL, NULL), HIDP_ERR_ARGUMENT);
	table.abi++;
	ck_refused(hidp_reference_new(model, &table, NULL, &reference, &d), d, HIDP_ERR_ABI,
	           "weights", "version");
	table.abi--;
	table.struct_size = 8;
	ck_refused(hidp_reference_new(model, &table, NULL, &reference, &d), d, HIDP_ERR_ABI,
	           "weights", "version");
	table.struct_size = sizeof table;
	table.get = NULL;
	ck_refused(hidp_reference_new(model, &table, NULL, &reference, &d), d, HIDP_ERR_ARGUMENT,
	           "weights", "get");
	ck_assert_ptr_null(reference);
	ck_assert_int_eq(hidp_reference_new(model, zoo_weights_table(), NULL, &reference, NULL),
	                 HIDP_OK);
	/* the model is kept alive */
	hidp_model_unref(model);
	hidp_reference_destroy(reference);
	hidp_reference_destroy(NULL);
}
END_TEST

static void refuses(struct hidp_model *model, hidp_layer_id layer, const char *subject,
                    const char *text)
{
	struct hidp_diagnostic d;
	ck_refused(hidp_reference_kernels()->supports(NULL, model, layer, &d), d,
	           HIDP_ERR_UNSUPPORTED, subject, text);
	ck_assert_int_eq(hidp_reference_kernels()->supports(NULL, model, layer, NULL),
	                 HIDP_ERR_UNSUPPORTED);
	hidp_model_unref(model);
}

START_TEST(what_is_not_supported)
{
	const struct hidp_row_rule rule = {1, 1, 0, 1};
	struct hidp_layer_desc custom = HIDP_LAYER_DESC_INIT, half = conv();
	custom.op = HIDP_OP_CUSTOM;
	custom.shape = (struct hidp_shape){1, 4, 6, 6};
	custom.row_rules = &rule;
	half.dtype = HIDP_DTYPE_FP16;
	refuses(small_model(4, 0, custom), 1, "it", "no kernel");
	refuses(small_model(4, 0, half), 1, "it", "dtype");
	refuses(small_model(4, HIDP_DTYPE_INT8, conv()), 1, "it", "input");
	refuses(small_model(4, 0, conv()), 0, "layer0", "no kernel");
	refuses(small_model(4, 0, conv()), 2, "model", "no layer 2");
}
END_TEST

/* The zoo's weights, counted. */
struct counted {
	struct zoo_weights *weights;
	int asked;
};

static hidp_status get(void *user_data, hidp_layer_id layer, uint32_t part, hidp_weight_role role,
                       const void **data_out, size_t *count_out)
{
	struct counted *c = user_data;
	c->asked++;
	return zoo_weights_table()->get(c->weights, layer, part, role, data_out, count_out);
}

static hidp_status prepare(const struct hidp_model *model, struct hidp_reference *reference,
                           struct hidp_diagnostic *diagnostic)
{
	struct hidp_plan *plan;
	struct runner *runner;
	ck_assert_int_eq(runner_whole_plan(model, cluster, &plan, diagnostic), HIDP_OK);
	hidp_status s =
		runner_new(plan, 0, hidp_reference_kernels(), reference, &runner, diagnostic);
	if (s == HIDP_OK)
		runner_free(runner);
	hidp_plan_unref(plan);
	return s;
}

START_TEST(weights_are_asked_for_once)
{
	const struct hidp_weights table = {sizeof table, HIDP_PLUGIN_ABI, get};
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model *model = small_model(4, 0, conv());
	struct hidp_reference *reference;
	struct counted counted = {NULL, 0};
	ck_assert_int_eq(zoo_weights_new(model, 1, &counted.weights), HIDP_OK);
	ck_ok(hidp_reference_new(model, &table, &counted, &reference, &d), d);
	ck_assert_int_eq(counted.asked, 0);
	ck_ok(prepare(model, reference, &d), d);
	ck_ok(prepare(model, reference, &d), d);
	ck_assert_int_eq(counted.asked, 2); /* kernel and bias */
	hidp_reference_destroy(reference);
	zoo_weights_destroy(counted.weights);
	hidp_model_unref(model);
}
END_TEST

/* Plans may come with a model of their own, as from a document; it must be an equal one. */
START_TEST(models_are_compared)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_layer_desc padded = conv(), strided = conv(), sparse = conv();
	padded.pad[0] = 1;
	padded.kernel[0] = 4;
	strided.stride[1] = 4;
	strided.kernel[1] = 1;
	sparse.kernel[0] = 2; /* the same shape and rows */
	sparse.dilation[0] = 2;
	struct hidp_model *model = small_model(4, 0, conv());
	struct hidp_model *equal = small_model(4, 0, conv());
	struct hidp_model *others[] = {small_model(6, 0, conv()), small_model(4, 0, padded),
	                               small_model(4, 0, strided), small_model(4, 0, sparse)};
	struct zoo_weights *weights;
	struct hidp_reference *reference;
	ck_assert_int_eq(zoo_weights_new(model, 1, &weights), HIDP_OK);
	ck_ok(hidp_reference_new(model, zoo_weights_table(), weights, &reference, &d), d);
	ck_ok(prepare(equal, reference, &d), d);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		ck_refused(prepare(others[i], reference, &d), d, HIDP_ERR_MODEL, "model",
		           "another model");
		hidp_model_unref(others[i]);
	}
	hidp_reference_destroy(reference);
	zoo_weights_destroy(weights);
	hidp_model_unref(model);
	hidp_model_unref(equal);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reference");
	TCase *tc = tcase_create("reference");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, making_one);
	tcase_add_test(tc, what_is_not_supported);
	tcase_add_test(tc, weights_are_asked_for_once);
	tcase_add_test(tc, models_are_compared);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
