/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <string.h>

#include "run/wire.h"
#include "suite.h"

static float as_float(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* What a half says, by the definition. */
static double half_value(uint16_t h)
{
	int exponent = h >> 10 & 31, fraction = h & 1023;
	double value = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
	if (exponent == 31)
		value = fraction == 0 ? INFINITY : NAN;
	return (h & 0x8000) != 0 ? -value : value;
}

START_TEST(test_halves_exactly)
{
	for (uint32_t h = 0; h < 65536; h++) {
		uint16_t half = (uint16_t)h, back;
		float value;
		hidp__wire_convert(&value, HIDP_DTYPE_FP32, &half, HIDP_DTYPE_FP16, 1);
		double wanted = half_value(half);
		ck_assert(isnan(wanted) ? isnan(value) : (double)value == wanted);
		hidp__wire_convert(&back, HIDP_DTYPE_FP16, &value, HIDP_DTYPE_FP32, 1);
		if (!isnan(wanted))
			ck_assert_uint_eq(back, half);
		else
			ck_assert(isnan(half_value(back)));
	}
}
END_TEST

/* Of the two halves around a value the nearer one, and of two as near the even one. */
START_TEST(test_halves_rounded)
{
	for (uint32_t h = 0; h < 0x7bff; h++) {
		double low = half_value((uint16_t)h), high = half_value((uint16_t)(h + 1));
		const double at[] = {0.25, 0.5, 0.75};
		for (int i = 0; i < 3; i++) {
			float value = (float)(low + at[i] * (high - low)), negative = -value;
			uint16_t got, minus;
			hidp__wire_convert(&got, HIDP_DTYPE_FP16, &value, HIDP_DTYPE_FP32, 1);
			hidp__wire_convert(&minus, HIDP_DTYPE_FP16, &negative, HIDP_DTYPE_FP32, 1);
			uint32_t wanted = i == 0 ? h : i == 2 ? h + 1 : h + (h & 1);
			ck_assert_uint_eq(got, wanted);
			ck_assert_uint_eq(minus, wanted | 0x8000);
		}
	}
	const float large[] = {65519.0f, 65520.0f, 1e30f, INFINITY};
	const uint16_t wanted[] = {0x7bff, 0x7c00, 0x7c00, 0x7c00};
	for (int i = 0; i < 4; i++) {
		uint16_t got;
		hidp__wire_convert(&got, HIDP_DTYPE_FP16, &large[i], HIDP_DTYPE_FP32, 1);
		ck_assert_uint_eq(got, wanted[i]);
	}
}
END_TEST

START_TEST(test_bfloats)
{
	const uint32_t bits[] = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001,
	                         0x7f7fffff, 0xff800000, 0x00000001};
	const uint16_t wanted[] = {0x3f80, 0x3f80, 0x3f82, 0x3f81, 0x7f80, 0xff80, 0x0000};
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		float value = as_float(bits[i]);
		uint16_t got;
		hidp__wire_convert(&got, HIDP_DTYPE_BF16, &value, HIDP_DTYPE_FP32, 1);
		ck_assert_uint_eq(got, wanted[i]);
	}
	float nan = as_float(0x7f800001), back;
	uint16_t got;
	hidp__wire_convert(&got, HIDP_DTYPE_BF16, &nan, HIDP_DTYPE_FP32, 1);
	hidp__wire_convert(&back, HIDP_DTYPE_FP32, &got, HIDP_DTYPE_BF16, 1);
	ck_assert(isnan(back));
}
END_TEST

START_TEST(test_header)
{
	const struct hidp__wire_header header = {
	        .type = 7,
	        .plan_id = 0x0123456789abcdefu,
	        .request = 0xfedcba9876543210u,
	        .route = 3,
	        .message = 0xdeadbeefu,
	        .status = -15,
	        .bytes = (uint64_t)1 << 40,
	};
	struct hidp__wire_header back;
	uint8_t bytes[HIDP__WIRE_HEADER];
	hidp__wire_write(&header, bytes);
	ck_assert_mem_eq(bytes, "HIDP", 4);
	ck_assert(hidp__wire_read(&back, bytes));
	ck_assert_uint_eq(back.type, header.type);
	ck_assert_uint_eq(back.plan_id, header.plan_id);
	ck_assert_uint_eq(back.request, header.request);
	ck_assert_uint_eq(back.route, header.route);
	ck_assert_uint_eq(back.message, header.message);
	ck_assert_int_eq(back.status, header.status);
	ck_assert_uint_eq(back.bytes, header.bytes);
	/* magic, version, what must be zero */
	const int places[] = {0, 3, 4, 5, 36, 39};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		hidp__wire_write(&header, bytes);
		bytes[places[i]] ^= 1;
		ck_assert(!hidp__wire_read(&back, bytes));
	}
}
END_TEST

START_TEST(test_pieces)
{
	const char text[] = "pieces of any length";
	const struct hidp_segment segments[] = {
	        {NULL, 0}, {text, 3}, {text + 3, 0}, {text + 3, 10}, {text + 13, 7}, {NULL, 0}};
	char got[32];
	for (size_t step = 1; step <= 20; step++) {
		struct hidp__wire_reader reader = {segments, 6, 0};
		size_t at = 0;
		while (hidp__wire_left(&reader) >= step) {
			ck_assert(hidp__wire_take(&reader, got + at, step));
			at += step;
		}
		ck_assert(!hidp__wire_take(&reader, got + at, step));
		ck_assert_uint_eq(hidp__wire_left(&reader), 20 - at);
		ck_assert(hidp__wire_take(&reader, got + at, 20 - at));
		ck_assert_mem_eq(got, text, 20);
		ck_assert(hidp__wire_take(&reader, got, 0));
		ck_assert(!hidp__wire_take(&reader, got, 1));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("run-wire");
	TCase *tcase = tcase_create("wire");
	tcase_add_test(tcase, test_halves_exactly);
	tcase_add_test(tcase, test_halves_rounded);
	tcase_add_test(tcase, test_bfloats);
	tcase_add_test(tcase, test_header);
	tcase_add_test(tcase, test_pieces);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
