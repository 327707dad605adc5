/* SPDX-License-Identifier: MIT */
/* A build without JSON has the functions all the same, and says what it cannot do. */
#include <stdlib.h>
#include <string.h>

#include "formats.h"

START_TEST(says_so)
{
	static const char text[] = "{}";
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster = NULL;
	size_t needed = 7;
	char buffer[8] = "before";
	ck_assert(!hidp_feature_supported(HIDP_FEATURE_COMPONENT, HIDP_COMPONENT_JSON));
	for (int kind = FORMATS_MODEL; kind <= FORMATS_COST; kind++) {
		memset(&said, 0, sizeof said);
		said.struct_size = sizeof said;
		ck_assert_int_eq(formats_try((enum formats_kind)kind, text, 2, &said),
		                 HIDP_ERR_UNSUPPORTED);
		ck_assert_int_eq(said.status, HIDP_ERR_UNSUPPORTED);
		ck_assert_ptr_nonnull(strstr(said.message, "JSON"));
	}
	ck_assert_int_eq(hidp_cluster_from_string(context, "cpu", &cluster, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_to_json(cluster, buffer, sizeof buffer, &needed),
	                 HIDP_ERR_UNSUPPORTED);
	ck_assert_int_eq(hidp_model_to_json(NULL, buffer, sizeof buffer, &needed),
	                 HIDP_ERR_UNSUPPORTED);
	ck_assert_int_eq(hidp_plan_to_json(NULL, buffer, sizeof buffer, &needed),
	                 HIDP_ERR_UNSUPPORTED);
	ck_assert_int_eq(hidp_cost_to_json(NULL, cluster, NULL, buffer, sizeof buffer, &needed),
	                 HIDP_ERR_UNSUPPORTED);
	ck_assert_str_eq(buffer, "before");
	ck_assert_uint_eq(needed, 7);
	hidp_cluster_unref(cluster);
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("without JSON");
	tcase_add_test(tc, says_so);
	return formats_run(tc);
}
