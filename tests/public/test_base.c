/* SPDX-License-Identifier: MIT */
/* Contexts, status codes, versions. */
#include <stdio.h>
#include <string.h>

#include <hidp/hidp.h>

#include "suite.h"

START_TEST(test_status)
{
	const int count = -HIDP_ERR_UNSUPPORTED + 1;
	const char *unknown = hidp_status_string(-1000);
	ck_assert_str_eq(unknown, "unknown status");
	ck_assert_str_eq(hidp_status_string(1), unknown);
	ck_assert_str_eq(hidp_status_string(INT32_MIN), unknown);
	ck_assert_str_eq(hidp_status_string(HIDP_ERR_BUSY - 1), unknown);
	ck_assert_str_eq(hidp_status_string(HIDP_ERR_NOMEM), "out of memory");
	/* every code has a text of its own */
	for (int a = 0; a < count; a++) {
		ck_assert_str_ne(hidp_status_string(-a), unknown);
		for (int b = 0; b < a; b++)
			ck_assert_str_ne(hidp_status_string(-a), hidp_status_string(-b));
	}
}
END_TEST

START_TEST(test_version)
{
	char text[32];
	ck_assert_uint_eq(hidp_version(), HIDP_VERSION);
	snprintf(text, sizeof text, "%d.%d.%d", HIDP_VERSION_MAJOR, HIDP_VERSION_MINOR,
	         HIDP_VERSION_PATCH);
	ck_assert_str_eq(hidp_version_string(), text);
	ck_assert_uint_lt(HIDP_VERSION_ENCODE(1, 0, 9), HIDP_VERSION_ENCODE(1, 1, 0));
}
END_TEST

START_TEST(test_features)
{
	static const struct {
		hidp_feature feature;
		uint32_t first, last;
	} families[] = {
	        {HIDP_FEATURE_OP, HIDP_OP_INPUT, HIDP_OP_EMBEDDING},
	        {HIDP_FEATURE_OP_CLASS, HIDP_CLASS_NONE, HIDP_CLASS_CUSTOM},
	        {HIDP_FEATURE_DTYPE, HIDP_DTYPE_DEFAULT, HIDP_DTYPE_INT8},
	        {HIDP_FEATURE_OBJECTIVE, HIDP_OBJECTIVE_LATENCY, HIDP_OBJECTIVE_WEIGHTED},
	        {HIDP_FEATURE_STRATEGY, HIDP_STRATEGY_AUTO, HIDP_STRATEGY_SINGLE},
	        {HIDP_FEATURE_STAGE_KIND, HIDP_STAGE_SINGLE, HIDP_STAGE_REPLICA},
	        {HIDP_FEATURE_STEP_KIND, HIDP_STEP_SINGLE, HIDP_STEP_BRANCH},
	};
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		for (uint32_t v = families[i].first; v <= families[i].last; v++)
			ck_assert(hidp_feature_supported(families[i].feature, v));
		ck_assert(!hidp_feature_supported(families[i].feature, families[i].last + 1));
		ck_assert(!hidp_feature_supported(families[i].feature, UINT32_MAX));
		if (families[i].first > 0)
			ck_assert(!hidp_feature_supported(families[i].feature, 0));
	}
	ck_assert(!hidp_feature_supported(0, 1));
	ck_assert(!hidp_feature_supported(HIDP_FEATURE_COMPONENT + 1, 1));
	ck_assert(!hidp_feature_supported(HIDP_FEATURE_COMPONENT, 0));
	ck_assert(!hidp_feature_supported(HIDP_FEATURE_COMPONENT, HIDP_COMPONENT_JSON + 1));
}
END_TEST

static size_t blocks;

static void *count_alloc(void *user_data, size_t size, size_t alignment)
{
	(void)alignment;
	ck_assert_ptr_eq(user_data, &blocks);
	blocks++;
	return malloc(size);
}

static void count_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	(void)size;
	(void)alignment;
	ck_assert_ptr_eq(user_data, &blocks);
	blocks--;
	free(pointer);
}

START_TEST(test_context)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	struct hidp_context *context = NULL, *none = NULL;
	struct hidp_cluster_builder *builder;
	options.alloc = count_alloc;
	options.free = count_free;
	options.alloc_user_data = &blocks;
	ck_assert_int_eq(hidp_context_new(&options, &context), HIDP_OK);
	ck_assert_uint_eq(blocks, 1);
	ck_assert_ptr_eq(hidp_context_ref(context), context);
	hidp_context_unref(context);
	/* objects keep it alive */
	ck_assert_int_eq(hidp_cluster_builder_new(context, &builder), HIDP_OK);
	hidp_context_unref(context);
	ck_assert_uint_gt(blocks, 1);
	hidp_cluster_builder_destroy(builder);
	ck_assert_uint_eq(blocks, 0);
	hidp_context_unref(NULL);

	ck_assert_int_eq(hidp_context_new(&options, NULL), HIDP_ERR_ARGUMENT);
	options.free = NULL;
	ck_assert_int_eq(hidp_context_new(&options, &none), HIDP_ERR_ARGUMENT);
	options.free = count_free;
	options.alloc = NULL;
	ck_assert_int_eq(hidp_context_new(&options, &none), HIDP_ERR_ARGUMENT);
	options.alloc = count_alloc;
	options.log_level = HIDP_LOG_DEBUG + 1;
	ck_assert_int_eq(hidp_context_new(&options, &none), HIDP_ERR_ARGUMENT);
	options.log_level = 0;
	options.flags = 1;
	ck_assert_int_eq(hidp_context_new(&options, &none), HIDP_ERR_ABI);
	options.flags = 0;
	options.reserved = 1;
	ck_assert_int_eq(hidp_context_new(&options, &none), HIDP_ERR_ABI);
	options.reserved = 0;
	options.struct_size -= 8;
	ck_assert_int_eq(hidp_context_new(&options, &none), HIDP_ERR_ABI);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	hidp_context_unref(context);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *tcase = tcase_create("base");
	tcase_add_test(tcase, test_status);
	tcase_add_test(tcase, test_version);
	tcase_add_test(tcase, test_features);
	tcase_add_test(tcase, test_context);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
