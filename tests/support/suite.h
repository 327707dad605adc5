/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_SUITE_H
#define HIDP_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

#include <hidp/status.h>

/* Runs the one suite of a test program; what main() returns. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A call that must succeed; `diag` is the diagnostic it was given. */
#define ck_ok(call, diag)                                                                          \
	do {                                                                                       \
		hidp_status ck_ok_status = (call);                                                 \
		ck_assert_msg(ck_ok_status == HIDP_OK, "%s: %s: %s", #call, (diag).subject,        \
		              (diag).message);                                                     \
	} while (0)

/*
 * A call that must fail with this status, and say so in the diagnostic: the
 * subject is this one, and the message contains this text.
 */
#define ck_refused(call, diag, wanted_status, wanted_subject, text)                                \
	do {                                                                                       \
		memset(&(diag), 0, sizeof(diag));                                                  \
		(diag).struct_size = sizeof(diag);                                                 \
		ck_assert_int_eq((call), (wanted_status));                                         \
		ck_assert_int_eq((diag).status, (wanted_status));                                  \
		ck_assert_str_eq((diag).subject, (wanted_subject));                                \
		ck_assert_msg(strstr((diag).message, (text)) != NULL, "the message is \"%s\"",     \
		              (diag).message);                                                     \
	} while (0)

#endif
