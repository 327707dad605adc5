/* SPDX-License-Identifier: MIT */
/* Numbers, escapes and shortening that the reports are written with. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_priv.h"

START_TEST(numbers_with_fixed_decimals)
{
	char b[32];
	ck_assert_str_eq(hidp__text_fixed(0, 3, b), "0.000");
	ck_assert_str_eq(hidp__text_fixed(1.25, 1, b), "1.3");
	ck_assert_str_eq(hidp__text_fixed(-1.5, 2, b), "-1.50");
	ck_assert_str_eq(hidp__text_fixed(-0.0001, 2, b), "0.00");
	ck_assert_str_eq(hidp__text_fixed(0.9999, 3, b), "1.000");
	ck_assert_str_eq(hidp__text_fixed(1234567.891, 0, b), "1234568");
	ck_assert_str_eq(hidp__text_fixed(1e-9, 9, b), "0.000000001");
	ck_assert_str_eq(hidp__text_fixed(9e20, 3, b), "900000000000000000000");
	ck_assert_str_eq(hidp__text_fixed(INFINITY, 3, b), "inf");
	ck_assert_str_eq(hidp__text_fixed(-INFINITY, 3, b), "-inf");
	ck_assert_str_eq(hidp__text_fixed(NAN, 3, b), "nan");
	/* too many digits to show all, but never a number that is another one */
	hidp__text_fixed(2e300, 3, b);
	ck_assert_double_eq(strtod(b, NULL), 2e300);
}
END_TEST

START_TEST(numbers_without_zeros)
{
	char b[32];
	ck_assert_str_eq(hidp__text_short(0, 3, b), "0");
	ck_assert_str_eq(hidp__text_short(1.5, 3, b), "1.5");
	ck_assert_str_eq(hidp__text_short(100, 3, b), "100");
	ck_assert_str_eq(hidp__text_short(100, 0, b), "100");
	ck_assert_str_eq(hidp__text_short(0.0004, 3, b), "0");
	ck_assert_str_eq(hidp__text_short(12.3456, 3, b), "12.346");
}
END_TEST

START_TEST(quantities_for_people)
{
	char b[32];
	ck_assert_str_eq(hidp__text_seconds(0, b), "0 s");
	ck_assert_str_eq(hidp__text_seconds(1.234, b), "1.23 s");
	ck_assert_str_eq(hidp__text_seconds(0.0567, b), "56.7 ms");
	ck_assert_str_eq(hidp__text_seconds(8.9e-6, b), "8.90 us");
	ck_assert_str_eq(hidp__text_seconds(1e-9, b), "0.00 us");
	ck_assert_str_eq(hidp__text_seconds(123456, b), "123456 s");
	ck_assert_str_eq(hidp__text_bytes(0, b), "0 B");
	ck_assert_str_eq(hidp__text_bytes(999, b), "999 B");
	ck_assert_str_eq(hidp__text_bytes(1000, b), "1.00 kB");
	ck_assert_str_eq(hidp__text_bytes(12.34e6, b), "12.3 MB");
	ck_assert_str_eq(hidp__text_bytes(8e9, b), "8.00 GB");
	ck_assert_str_eq(hidp__text_joules(0.0045, b), "4.50 mJ");
	ck_assert_str_eq(hidp__text_joules(INFINITY, b), "inf J");
}
END_TEST

/* The code points of a string, in hexadecimal. */
static const char *codes(const char *string, char buffer[256])
{
	uint32_t c;
	buffer[0] = '\0';
	while ((c = hidp__utf8_next(&string)) != 0)
		sprintf(buffer + strlen(buffer), "%x ", (unsigned)c);
	ck_assert_int_eq(hidp__utf8_next(&string), 0); /* the end stays */
	return buffer;
}

START_TEST(utf8_is_read_and_repaired)
{
	char b[256];
	ck_assert_str_eq(codes("", b), "");
	ck_assert_str_eq(codes("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9c", b), "61 e4 20ac 1f41c ");
	ck_assert_str_eq(codes("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", b),
	                 "7f 80 7ff 800 ffff ");
	ck_assert_str_eq(codes("\xf4\x8f\xbf\xbf", b), "10ffff ");
	ck_assert_str_eq(codes("\x80", b), "fffd ");                   /* no lead */
	ck_assert_str_eq(codes("\xc3", b), "fffd ");                   /* cut short */
	ck_assert_str_eq(codes("\xe2\x82", b), "fffd fffd ");          /* cut short */
	ck_assert_str_eq(codes("\xc3(", b), "fffd 28 ");               /* wrong second byte */
	ck_assert_str_eq(codes("\xc0\xaf", b), "fffd fffd ");          /* longer than need be */
	ck_assert_str_eq(codes("\xe0\x80\xaf", b), "fffd fffd fffd "); /* likewise */
	ck_assert_str_eq(codes("\xed\xa0\x80", b), "fffd fffd fffd "); /* surrogate */
	ck_assert_str_eq(codes("\xf4\x90\x80\x80", b), "fffd fffd fffd fffd "); /* too large */
	ck_assert_str_eq(codes("\xff", b), "fffd ");
	ck_assert_uint_eq(hidp__text_columns("a\xc3\xa4\xe2\x82\xac\xff"), 4);
}
END_TEST

static const char *written(void (*add)(struct hidp__text *, const char *), const char *string,
                           char *buffer, size_t size)
{
	struct hidp__text text;
	ck_assert(hidp__text_begin(&text, buffer, size));
	add(&text, string);
	ck_assert_int_eq(hidp__text_end(&text, NULL), HIDP_OK);
	return buffer;
}

START_TEST(xml_is_escaped)
{
	char b[128];
	ck_assert_str_eq(written(hidp__text_add_xml, "<a>&\"'", b, sizeof b),
	                 "&lt;a&gt;&amp;&quot;&#39;");
	ck_assert_str_eq(written(hidp__text_add_xml, "\x01\x1b\r\t\n", b, sizeof b),
	                 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\t\n");
	ck_assert_str_eq(written(hidp__text_add_xml, "\xc3\xa4\xff\xef\xbf\xbe", b, sizeof b),
	                 "\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd");
}
END_TEST

START_TEST(json_is_escaped)
{
	char b[128];
	ck_assert_str_eq(written(hidp__text_add_json, "a\"b\\c/", b, sizeof b), "\"a\\\"b\\\\c/\"");
	ck_assert_str_eq(written(hidp__text_add_json, "\n\x1f\x7f", b, sizeof b),
	                 "\"\\u000a\\u001f\\u007f\"");
	ck_assert_str_eq(written(hidp__text_add_json, "\xe2\x82\xac\xc3", b, sizeof b),
	                 "\"\xe2\x82\xac\xef\xbf\xbd\"");
}
END_TEST

START_TEST(long_strings_lose_their_middle)
{
	char b[64];
	ck_assert_str_eq(hidp__text_fit("abcdefgh", 8, b, sizeof b), "abcdefgh");
	ck_assert_str_eq(hidp__text_fit("abcdefgh", 7, b, sizeof b), "abc..gh");
	ck_assert_str_eq(hidp__text_fit("abcdefgh", 6, b, sizeof b), "ab..gh");
	ck_assert_str_eq(hidp__text_fit("abcdefgh", 3, b, sizeof b), "a..");
	ck_assert_str_eq(hidp__text_fit("abcdefgh", 2, b, sizeof b), "..");
	ck_assert_str_eq(hidp__text_fit("abcdefgh", 1, b, sizeof b), ".");
	ck_assert_str_eq(hidp__text_fit("abcdefgh", 0, b, sizeof b), "");
	ck_assert_str_eq(hidp__text_fit("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa5", 4, b, sizeof b),
	                 "\xc3\xa4..\xc3\xa5");
}
END_TEST

START_TEST(terminals_get_no_orders)
{
	char b[64];
	ck_assert_str_eq(hidp__text_fit("a\x1b[31m\n\x7f", 40, b, sizeof b), "a?[31m??");
	ck_assert_str_eq(hidp__text_fit("\xc2\x9b"
	                                "1m",
	                                40, b, sizeof b),
	                 "?1m"); /* CSI in Latin-1 */
	ck_assert_str_eq(hidp__text_fit("\xe2\x80\xae"
	                                "x",
	                                40, b, sizeof b),
	                 "?x"); /* right to left */
}
END_TEST

START_TEST(fitting_stays_in_its_buffer)
{
	const char *string = "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac";
	for (size_t columns = 0; columns < 8; columns++) {
		for (size_t size = 1; size < 20; size++) {
			char *b = malloc(size); /* the sanitizer watches its end */
			ck_assert_ptr_nonnull(b);
			hidp__text_fit(string, columns, b, size);
			ck_assert_uint_lt(strlen(b), size);
			ck_assert_uint_le(hidp__text_columns(b), columns);
			ck_assert_ptr_null(strstr(b, "\xef\xbf\xbd")); /* no halves of characters */
			free(b);
		}
	}
}
END_TEST

static const char *verdict(double objective, double lower_bound, uint32_t flags, char buffer[64])
{
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	f.flags = flags;
	f.objective = objective;
	f.lower_bound = lower_bound;
	return hidp__report_verdict(&f, buffer);
}

/* A claim about the optimum is rounded away from it, and "optimal" is said only when proven. */
START_TEST(verdicts_are_never_too_good)
{
	char b[64];
	ck_assert_str_eq(verdict(1, 1, HIDP_FIGURES_PROVEN, b), "proven optimal");
	ck_assert_str_eq(verdict(1, 0, 0, b), "no lower bound");
	ck_assert_str_eq(verdict(1, 0.5, 0, b), "at most 100.0 % above the optimum");
	ck_assert_str_eq(verdict(1.0101, 1, 0, b), "at most 1.1 % above the optimum");
	ck_assert_str_eq(verdict(1.000001, 1, 0, b), "at most 0.1 % above the optimum");
	ck_assert_ptr_nonnull(strstr(verdict(INFINITY, 1, 0, b), "above the optimum"));
}
END_TEST

START_TEST(rates_have_three_digits)
{
	char b[32];
	ck_assert_str_eq(hidp__report_rate(0.5, b), "2.00");
	ck_assert_str_eq(hidp__report_rate(0.1, b), "10.0");
	ck_assert_str_eq(hidp__report_rate(0.001, b), "1000");
	ck_assert_str_eq(hidp__report_rate(1 / 99.99, b), "100");
	ck_assert_str_eq(hidp__report_rate(0, b), "0.00");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *c = tcase_create("text");
	tcase_add_test(c, numbers_with_fixed_decimals);
	tcase_add_test(c, numbers_without_zeros);
	tcase_add_test(c, quantities_for_people);
	tcase_add_test(c, utf8_is_read_and_repaired);
	tcase_add_test(c, xml_is_escaped);
	tcase_add_test(c, json_is_escaped);
	tcase_add_test(c, long_strings_lose_their_middle);
	tcase_add_test(c, terminals_get_no_orders);
	tcase_add_test(c, fitting_stays_in_its_buffer);
	tcase_add_test(c, verdicts_are_never_too_good);
	tcase_add_test(c, rates_have_three_digits);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
