/* SPDX-License-Identifier: MIT */
/* Texts for callers' buffers, structs that grow, diagnostics. */
#include <string.h>

#include "base/abi.h"
#include "base/diagnostic.h"
#include "base/text.h"
#include "suite.h"

START_TEST(test_fits)
{
	char buffer[16];
	struct hidp__text text;
	size_t needed = 99;
	ck_assert(hidp__text_begin(&text, buffer, sizeof buffer));
	hidp__text_adds(&text, "one ");
	hidp__text_addf(&text, "%d ", 2);
	hidp__text_add(&text, "three and more", 5);
	ck_assert_int_eq(hidp__text_end(&text, &needed), HIDP_OK);
	ck_assert_uint_eq(needed, 11);
	ck_assert_str_eq(buffer, "one 2 three");
}
END_TEST

/* Whatever the size, the text is cut, ends with a NUL and nothing behind it is written. */
START_TEST(test_cut)
{
	char buffer[16];
	struct hidp__text text;
	size_t needed, size = (size_t)_i;
	memset(buffer, '#', sizeof buffer);
	ck_assert(hidp__text_begin(&text, buffer, size));
	hidp__text_adds(&text, "abcd");
	hidp__text_addf(&text, "%s", "efgh");
	ck_assert_int_eq(hidp__text_end(&text, &needed), HIDP_OK);
	ck_assert_uint_eq(needed, 8);
	if (size > 0)
		ck_assert_uint_eq(strlen(buffer), size <= 8 ? size - 1 : 8);
	ck_assert_mem_eq(buffer, "abcdefgh", size == 0 ? 0 : size <= 8 ? size - 1 : 8);
	for (size_t i = size; i < sizeof buffer; i++)
		ck_assert_int_eq(buffer[i], '#');
}
END_TEST

START_TEST(test_count_only)
{
	struct hidp__text text;
	size_t needed;
	ck_assert(hidp__text_begin(&text, NULL, 0));
	hidp__text_adds(&text, "abcd");
	ck_assert_int_eq(hidp__text_end(&text, &needed), HIDP_OK);
	ck_assert_uint_eq(needed, 4);
	ck_assert_int_eq(hidp__text_end(&text, NULL), HIDP_OK);
	ck_assert(!hidp__text_begin(&text, NULL, 1));
}
END_TEST

START_TEST(test_units)
{
	char b[32];
	ck_assert_str_eq(hidp__text_seconds(0, b), "0 s");
	ck_assert_str_eq(hidp__text_seconds(1.5, b), "1.50 s");
	ck_assert_str_eq(hidp__text_seconds(0.0123, b), "12.3 ms");
	ck_assert_str_eq(hidp__text_seconds(0.000123456, b), "123 us");
	ck_assert_str_eq(hidp__text_seconds(1e-9, b), "0.00 us");
	ck_assert_str_eq(hidp__text_seconds(9.996, b), "10.0 s");
	ck_assert_str_eq(hidp__text_bytes(0, b), "0 B");
	ck_assert_str_eq(hidp__text_bytes(12, b), "12 B");
	ck_assert_str_eq(hidp__text_bytes(1234, b), "1.23 kB");
	ck_assert_str_eq(hidp__text_bytes(5.6e9, b), "5.60 GB");
}
END_TEST

/* A struct of the first release, one of ours, and one of the future. */
struct v1 {
	uint32_t struct_size;
	uint32_t a;
};

struct v2 {
	uint32_t struct_size;
	uint32_t a;
	uint64_t b;
};

struct v3 {
	uint32_t struct_size;
	uint32_t a;
	uint64_t b, c;
};

START_TEST(test_abi_read)
{
	struct v2 own;
	struct v1 older = {sizeof older, 5};
	ck_assert_int_eq(hidp__abi_read(&own, sizeof own, sizeof older, &older), HIDP_OK);
	ck_assert_uint_eq(own.a, 5);
	ck_assert_uint_eq(own.b, 0);
	struct v3 newer = {sizeof newer, 6, 7, 0};
	ck_assert_int_eq(hidp__abi_read(&own, sizeof own, sizeof older, &newer), HIDP_OK);
	ck_assert_uint_eq(own.a, 6);
	ck_assert_uint_eq(own.b, 7);
	newer.c = 1; /* it asks for what we do not know */
	ck_assert_int_eq(hidp__abi_read(&own, sizeof own, sizeof older, &newer), HIDP_ERR_ABI);
	older.struct_size = sizeof older - 1;
	ck_assert_int_eq(hidp__abi_read(&own, sizeof own, sizeof older, &older), HIDP_ERR_ABI);
	older.struct_size = 0;
	ck_assert_int_eq(hidp__abi_read(&own, sizeof own, sizeof older, &older), HIDP_ERR_ABI);
}
END_TEST

START_TEST(test_abi_write)
{
	struct v2 own = {sizeof own, 5, 6};
	struct v1 older[2] = {{sizeof older[0], 1}, {77, 88}};
	ck_assert_int_eq(hidp__abi_write(older, sizeof older[0], &own, sizeof own), HIDP_OK);
	ck_assert_uint_eq(older[0].struct_size, sizeof older[0]);
	ck_assert_uint_eq(older[0].a, 5);
	ck_assert_uint_eq(older[1].struct_size, 77); /* not written beyond its size */
	struct v3 newer = {sizeof newer, 1, 2, 3};
	ck_assert_int_eq(hidp__abi_write(&newer, sizeof older[0], &own, sizeof own), HIDP_OK);
	ck_assert_uint_eq(newer.struct_size, sizeof newer);
	ck_assert_uint_eq(newer.b, 6);
	ck_assert_uint_eq(newer.c, 0);
	older[0].struct_size = 4;
	older[0].a = 9;
	ck_assert_int_eq(hidp__abi_write(older, sizeof older[0], &own, sizeof own), HIDP_ERR_ABI);
	ck_assert_uint_eq(older[0].a, 9);
}
END_TEST

START_TEST(test_abi_init)
{
	struct v3 s;
	memset(&s, 0xff, sizeof s);
	hidp__abi_init(&s, sizeof(struct v2));
	ck_assert_uint_eq(s.struct_size, sizeof(struct v2));
	ck_assert_uint_eq(s.a, 0);
	ck_assert_uint_eq(s.b, 0);
	ck_assert_uint_eq(s.c, UINT64_MAX);
}
END_TEST

struct table {
	uint32_t struct_size;
	uint32_t flags;
	void (*first)(void);
	void (*second)(void);
};

static void nothing(void)
{
}

START_TEST(test_abi_has)
{
	struct table t = {sizeof t, 0, nothing, NULL};
	ck_assert(HIDP__HAS(&t, first));
	ck_assert(!HIDP__HAS(&t, second));
	t.second = nothing;
	ck_assert(HIDP__HAS(&t, second));
	t.struct_size = offsetof(struct table, second);
	ck_assert(HIDP__HAS(&t, first));
	ck_assert(!HIDP__HAS(&t, second));
}
END_TEST

START_TEST(test_fail)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	ck_assert_int_eq(hidp__fail(&d, HIDP_ERR_MODEL, "conv1", "stride is %d", 0),
	                 HIDP_ERR_MODEL);
	ck_assert_int_eq(d.status, HIDP_ERR_MODEL);
	ck_assert_uint_eq(d.line, 0);
	ck_assert_str_eq(d.subject, "conv1");
	ck_assert_str_eq(d.message, "stride is 0");
	ck_assert_int_eq(hidp__fail_at(&d, HIDP_ERR_SYNTAX, 3, 14, NULL, "no"), HIDP_ERR_SYNTAX);
	ck_assert_uint_eq(d.line, 3);
	ck_assert_uint_eq(d.column, 14);
	ck_assert_str_eq(d.subject, "");
	ck_assert_uint_eq(d.struct_size, sizeof d);
	ck_assert_int_eq(hidp__fail(NULL, HIDP_ERR_PLAN, "x", "y"), HIDP_ERR_PLAN);
}
END_TEST

START_TEST(test_fail_cut)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	char text[1000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	hidp__fail(&d, HIDP_ERR_MODEL, text, "%s", text);
	ck_assert_uint_eq(strlen(d.subject), sizeof d.subject - 1);
	ck_assert_uint_eq(strlen(d.message), sizeof d.message - 1);
}
END_TEST

/* One that is too small for us stays as it is, and the status is still that of the failure. */
START_TEST(test_fail_small)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	d.struct_size = 8;
	ck_assert_int_eq(hidp__fail(&d, HIDP_ERR_MODEL, "a", "b"), HIDP_ERR_MODEL);
	ck_assert_int_eq(d.status, 0);
	ck_assert_str_eq(d.message, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base-text");
	TCase *tcase = tcase_create("text");
	tcase_add_test(tcase, test_fits);
	tcase_add_loop_test(tcase, test_cut, 0, 12);
	tcase_add_test(tcase, test_count_only);
	tcase_add_test(tcase, test_units);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("abi");
	tcase_add_test(tcase, test_abi_read);
	tcase_add_test(tcase, test_abi_write);
	tcase_add_test(tcase, test_abi_init);
	tcase_add_test(tcase, test_abi_has);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("diagnostic");
	tcase_add_test(tcase, test_fail);
	tcase_add_test(tcase, test_fail_cut);
	tcase_add_test(tcase, test_fail_small);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
