/* SPDX-License-Identifier: MIT */
/* The contract of the report functions: buffers of any size, arguments, repeatability. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "plans.h"

typedef hidp_status (*report_fn)(const struct hidp_plan *, char *, size_t, size_t *);

static const report_fn reports[] = {hidp_plan_to_table, hidp_plan_to_svg, hidp_plan_to_trace};
#define REPORTS (sizeof reports / sizeof *reports)

static char *whole(report_fn report, const struct hidp_plan *plan, size_t *length_out)
{
	size_t length = 0;
	ck_assert_int_eq(report(plan, NULL, 0, &length), HIDP_OK);
	ck_assert_uint_gt(length, 0);
	char *text = malloc(length + 1);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(report(plan, text, length + 1, NULL), HIDP_OK);
	ck_assert_uint_eq(strlen(text), length);
	*length_out = length;
	return text;
}

/* A buffer of any size gets the beginning of the text and a NUL, and nothing behind its end. */
START_TEST(buffers_of_every_size)
{
	struct hidp_plan *plan = make_plan("branch");
	size_t length, needed;
	char *text = whole(reports[_i], plan, &length);
	for (size_t size = 1; size <= length + 2; size++) {
		char *part = malloc(size); /* the sanitizer watches its end */
		ck_assert_ptr_nonnull(part);
		needed = 0;
		ck_assert_int_eq(reports[_i](plan, part, size, &needed), HIDP_OK);
		size_t got = size <= length ? size - 1 : length;
		ck_assert_uint_eq(needed, length);
		ck_assert_int_eq(memcmp(part, text, got), 0);
		ck_assert_int_eq(part[got], '\0');
		free(part);
	}
	free(text);
	hidp_plan_unref(plan);
}
END_TEST

START_TEST(arguments_are_checked)
{
	struct hidp_plan *plan = make_plan("branch");
	char buffer[8] = "before";
	size_t needed = 7;
	ck_assert_int_eq(reports[_i](NULL, buffer, sizeof buffer, &needed), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(reports[_i](plan, NULL, 8, &needed), HIDP_ERR_ARGUMENT);
	ck_assert_str_eq(buffer, "before");
	ck_assert_uint_eq(needed, 7);
	ck_assert_int_eq(reports[_i](plan, NULL, 0, NULL), HIDP_OK);
	hidp_plan_unref(plan);
}
END_TEST

START_TEST(reports_repeat_themselves)
{
	for (size_t i = 0; plan_names[i] != NULL; i++) {
		struct hidp_plan *a = make_plan(plan_names[i]), *b = make_plan(plan_names[i]);
		size_t a_length, b_length;
		char *a_text = whole(reports[_i], a, &a_length);
		char *b_text = whole(reports[_i], b, &b_length);
		ck_assert_uint_eq(a_length, b_length);
		ck_assert_int_eq(memcmp(a_text, b_text, a_length), 0);
		free(a_text);
		free(b_text);
		hidp_plan_unref(a);
		hidp_plan_unref(b);
	}
}
END_TEST

/* Figures so odd that sums overflow may be refused, but they may not break a report. */
START_TEST(times_beyond_all_measure)
{
	static const double bandwidths_Bps[] = {1e-300, 1e-308};
	struct hidp_plan *plan = make_plan("branch");
	report_fn report = reports[_i % REPORTS];
	struct hidp_plan *slow = NULL;
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *cluster;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_builder_from(hidp_plan_cluster(plan), &builder), HIDP_OK);
	link.bandwidth_Bps = bandwidths_Bps[(size_t)_i / REPORTS];
	ck_assert_int_eq(hidp_cluster_builder_link_all(builder, &link, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &cluster, NULL), HIDP_OK);
	if (hidp_plan_evaluate(plan, cluster, NULL, NULL, &slow, NULL) == HIDP_OK) {
		size_t length;
		char *text = whole(report, slow, &length);
		if (report != hidp_plan_to_table) {
			ck_assert_ptr_null(strstr(text, "=\"inf"));
			ck_assert_ptr_null(strstr(text, "=\"nan"));
			ck_assert_ptr_null(strstr(text, ":inf"));
			ck_assert_ptr_null(strstr(text, ":nan"));
		}
		free(text);
		hidp_plan_unref(slow);
	}
	hidp_cluster_builder_destroy(builder);
	hidp_cluster_unref(cluster);
	hidp_plan_unref(plan);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *c = tcase_create("report");
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, buffers_of_every_size, 0, REPORTS);
	tcase_add_loop_test(c, arguments_are_checked, 0, REPORTS);
	tcase_add_loop_test(c, reports_repeat_themselves, 0, REPORTS);
	tcase_add_loop_test(c, times_beyond_all_measure, 0, 2 * REPORTS);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
