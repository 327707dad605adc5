/* SPDX-License-Identifier: MIT */
/* What all documents have in common: syntax, limits, places. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_locate.h"
#include "base/json_write.h"
#include "formats.h"

#define OPEN "{\"format\": \"hidp-model\", \"version\": 1, "

static const struct refusal refusals[] = {
        {"@", HIDP_ERR_SYNTAX, "document", "near end of file"},
        {" \n\t @", HIDP_ERR_SYNTAX, "document", "near end of file"},
        {"{@", HIDP_ERR_SYNTAX, "document", "string or '}' expected near end of file"},
        {"{\"format\": \"hidp-model\"@", HIDP_ERR_SYNTAX, "document", "'}' expected near end of file"},
        {"@null", HIDP_ERR_SYNTAX, "document", "'[' or '{' expected near 'null'"},
        {"{} @{}", HIDP_ERR_SYNTAX, "document", "end of file expected near '{'"},
        {"{}\n@x", HIDP_ERR_SYNTAX, "document", "end of file expected near 'x'"},
        {OPEN "@}", HIDP_ERR_SYNTAX, "document", "string or '}' expected near '}'"},
        {OPEN "\n   @'a': 1}", HIDP_ERR_SYNTAX, "document", "string or '}' expected near '''"},
        {OPEN "\"a\" @1}", HIDP_ERR_SYNTAX, "document", "':' expected near '1'"},
        {OPEN "\"a\": 1 @\"b\": 2}", HIDP_ERR_SYNTAX, "document", "'}' expected near '\"b\"'"},
        {OPEN "\"a\": [1 @2]}", HIDP_ERR_SYNTAX, "document", "']' expected near '2'"},
        {OPEN "\"a\": @tru}", HIDP_ERR_SYNTAX, "document", "invalid token near 'tru'"},
        {OPEN "\"a\": @NaN}", HIDP_ERR_SYNTAX, "document", "invalid token near 'NaN'"},
        {OPEN "\"a\": @Infinity}", HIDP_ERR_SYNTAX, "document", "invalid token near 'Infinity'"},
        {OPEN "\"a\": @-}", HIDP_ERR_SYNTAX, "document", "invalid token near '-'"},
        {OPEN "\"a\": @01}", HIDP_ERR_SYNTAX, "document", "invalid token near '0'"},
        {OPEN "\"a\": @1.}", HIDP_ERR_SYNTAX, "document", "invalid token near '1.'"},
        {OPEN "\"a\": @1e999}", HIDP_ERR_SYNTAX, "document", "real number overflow"},
        {OPEN "\"a\": @-99999999999999999999}", HIDP_ERR_SYNTAX, "document",
         "too big negative integer"},
        {OPEN "\"a\": @\"no end}", HIDP_ERR_SYNTAX, "document", "premature end of input"},
        {OPEN "\"a\": @\"two\nlines\"}", HIDP_ERR_SYNTAX, "document", "unexpected newline"},
        {OPEN "\"a\": @\"\\x\"}", HIDP_ERR_SYNTAX, "document", "invalid escape"},
        {OPEN "\"a\": @\"\\ud800\"}", HIDP_ERR_SYNTAX, "document", "invalid Unicode"},
        {OPEN "\"a\": @\"nul \\u0000\"}", HIDP_ERR_SYNTAX, "document", "the character U+0000"},
        {OPEN "@\"nul \\u0000\": 1}", HIDP_ERR_SYNTAX, "document", "the character U+0000"},
        {OPEN "\"\xc3\xa9\": \"\xe2\x82\xac\", \"a\": \"\xf0\x9f\x98\x80@\xff\"}", HIDP_ERR_SYNTAX,
         "document", "unable to decode byte 0xff"},
        {OPEN "\"a\": \"@\xed\xa0\x80\"}", HIDP_ERR_SYNTAX, "document", "unable to decode byte 0xed"},
        {OPEN "\"a\": \"@\xc0\x80\"}", HIDP_ERR_SYNTAX, "document", "unable to decode byte 0xc0"},
        {"@\xef\xbb\xbf{}", HIDP_ERR_SYNTAX, "document", "'[' or '{' expected"},
        {OPEN "\"name\": \"x\",\n \"dtype\": 1,\n  @\"n\\u0061me\": 2}", HIDP_ERR_SYNTAX, "document",
         "duplicate object key"},
        {OPEN "\"a\": @/* no */ 1}", HIDP_ERR_SYNTAX, "document", "invalid token near '/'"},
};

START_TEST(refuses)
{
	formats_refuse(FORMATS_MODEL, &refusals[_i]);
}
END_TEST

static double seconds(void)
{
	struct timespec t;
	timespec_get(&t, TIME_UTC);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A document of this length, all of it the given bytes over and over. */
static char *repeat(const char *bytes, size_t length)
{
	char *text = malloc(length);
	size_t n = strlen(bytes);
	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < length; i++)
		text[i] = bytes[i % n];
	return text;
}

START_TEST(refuses_100_megabytes_at_once)
{
	size_t length = 100000000;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	char *text = repeat("[", length);
	double start = seconds();
	ck_assert_int_eq(formats_try(FORMATS_MODEL, text, length, &said), HIDP_ERR_LIMIT);
	ck_assert_double_lt(seconds() - start, 5);
	ck_assert_uint_eq(said.line, 0);
	ck_assert_ptr_nonnull(strstr(said.message, "100000000 bytes, at most 67108864"));
	free(text);
}
END_TEST

START_TEST(refuses_depth)
{
	/* 32 levels are deep enough, also of brackets that nobody closes */
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	char *text = repeat("[", 10000);
	ck_assert_int_eq(formats_try(FORMATS_PLAN, text, 10000, &said), HIDP_ERR_LIMIT);
	ck_assert_uint_eq(said.line, 1);
	ck_assert_uint_eq(said.column, 33);
	ck_assert_ptr_nonnull(strstr(said.message, "nested deeper than 32 levels"));
	ck_assert_int_eq(formats_try(FORMATS_PLAN, text, 32, &said), HIDP_ERR_SYNTAX);
	free(text);
	text = repeat("{\"a\":", 10000);
	ck_assert_int_eq(formats_try(FORMATS_CLUSTER, text, 10000, &said), HIDP_ERR_LIMIT);
	ck_assert_uint_eq(said.column, 32 * 5 + 1);
	free(text);
	/* brackets in texts do not count */
	static const char deep[] = OPEN "\"note\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}";
	ck_assert_int_eq(formats_try(FORMATS_MODEL, deep, sizeof deep - 1, &said), HIDP_ERR_SYNTAX);
	ck_assert_str_eq(said.message, "\"layers\" is missing");
}
END_TEST

START_TEST(refuses_too_many_values)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	size_t length = (size_t)32 << 20;
	char *text = repeat("0,", length);
	text[0] = '[';
	double start = seconds();
	ck_assert_int_eq(formats_try(FORMATS_MODEL, text, length, &said), HIDP_ERR_LIMIT);
	ck_assert_double_lt(seconds() - start, 5);
	ck_assert_ptr_nonnull(strstr(said.message, "holds more than 4194304 values"));
	free(text);
}
END_TEST

START_TEST(finds_places)
{
	static const char text[] = "{\"a\": [10, {\"b\\\"]\": 2, \"c\": [[], {}, \"}\"]}],\n \"d\": 4}";
	static const struct {
		size_t way[4], depth;
		bool key;
		const char *rest;
	} cases[] = {
	        {{0}, 0, false, "{\"a\""},        {{0}, 1, true, "\"a\": ["},
	        {{0}, 1, false, "[10"},           {{0, 0}, 2, false, "10, "},
	        {{0, 1}, 2, false, "{\"b"},       {{0, 1, 0}, 3, true, "\"b\\\"]\""},
	        {{0, 1, 0}, 3, false, "2, "},     {{0, 1, 1}, 3, true, "\"c\""},
	        {{0, 1, 1, 0}, 4, false, "[], "}, {{0, 1, 1, 1}, 4, false, "{}, "},
	        {{0, 1, 1, 2}, 4, false, "\"}\""}, {{1}, 1, true, "\"d\""},
	        {{1}, 1, false, "4}"},
	        /* ways that lead nowhere end where they leave the text */
	        {{7}, 1, false, "{\"a\""},        {{0, 0, 3}, 3, false, "10, "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t at = hidp__json_offset(text, sizeof text - 1, cases[i].way, cases[i].depth,
		                              cases[i].key);
		ck_assert_msg(strncmp(text + at, cases[i].rest, strlen(cases[i].rest)) == 0,
		              "case %zu: %s", i, text + at);
	}
	struct hidp__json_place place = hidp__json_place("\xc3\xa9\n\r\nab\xe2\x82\xac" "c", 10, 9);
	ck_assert_uint_eq(place.line, 3);
	ck_assert_uint_eq(place.column, 4);
}
END_TEST

static const struct {
	double value;
	const char *text;
} numbers[] = {
        {0, "0"}, {-0.0, "0"}, {1, "1"}, {-17, "-17"}, {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"}, {2e-05, "2e-05"}, {1e22, "1e+22"}, {1e300, "1e+300"},
        {123456, "123456"}, {1e6, "1e6"}, {1100000, "1.1e6"}, {1234567, "1234567"}, {5e10, "50e9"},
        {86.7e9, "86.7e9"}, {-86.7e9, "-86.7e9"}, {117625000, "117.625e6"}, {4e15, "4e15"},
        {9007199254740991.0, "9007199254740991"}, {9007199254740992.0, "9007199254740992"},
        {5e-324, "4.94065645841247e-324"}, {1000001, "1000001"}, {999999, "999999"},
        {10000000, "10e6"}, {12300000, "12.3e6"},
};

START_TEST(writes_numbers)
{
	char buffer[64];
	struct hidp__text text;
	struct hidp__json_writer w;
	hidp__text_begin(&text, buffer, sizeof buffer);
	hidp__json_begin(&w, &text);
	hidp__json_put_real(&w, NULL, numbers[_i].value);
	hidp__text_end(&text, NULL);
	ck_assert_str_eq(buffer, numbers[_i].text);
	ck_assert_double_eq(strtod(buffer, NULL), numbers[_i].value);
}
END_TEST

START_TEST(writes_layout)
{
	char buffer[512];
	struct hidp__text text;
	struct hidp__json_writer w;
	hidp__text_begin(&text, buffer, sizeof buffer);
	hidp__json_begin(&w, &text);
	hidp__json_open_object(&w, NULL);
	hidp__json_open_list(&w, "empty");
	hidp__json_close(&w);
	hidp__json_open_list(&w, "lines");
	hidp__json_open_flat_object(&w, NULL);
	hidp__json_put_text(&w, "t\"\\\t", "\"\\\n\x7f\xc3\xa9\xff");
	hidp__json_open_list(&w, "inside a flat one");
	hidp__json_put_int(&w, NULL, INT64_MIN);
	hidp__json_put_bool(&w, NULL, true);
	hidp__json_put_null(&w, NULL);
	hidp__json_close(&w);
	hidp__json_close(&w);
	hidp__json_open_flat_list(&w, NULL);
	hidp__json_close(&w);
	hidp__json_close(&w);
	hidp__json_close(&w);
	hidp__text_end(&text, NULL);
	ck_assert_str_eq(buffer,
	                 "{\n"
	                 "  \"empty\": [],\n"
	                 "  \"lines\": [\n"
	                 "    {\"t\\\"\\\\\\u0009\": \"\\\"\\\\\\u000a\\u007f\xc3\xa9\xef\xbf\xbd\", "
	                 "\"inside a flat one\": [-9223372036854775808, true, null]},\n"
	                 "    []\n"
	                 "  ]\n"
	                 "}\n");
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("json");
	tcase_add_loop_test(tc, refuses, 0, sizeof refusals / sizeof refusals[0]);
	tcase_add_test(tc, refuses_100_megabytes_at_once);
	tcase_add_test(tc, refuses_depth);
	tcase_add_test(tc, refuses_too_many_values);
	tcase_add_test(tc, finds_places);
	tcase_add_loop_test(tc, writes_numbers, 0, sizeof numbers / sizeof numbers[0]);
	tcase_add_test(tc, writes_layout);
	return formats_run(tc);
}
