/* SPDX-License-Identifier: MIT */
#include <hidp/context.h>
#include <string.h>

#include "base/checked.h"
#include "base/spans.h"
#include "rng.h"
#include "suite.h"

static struct hidp_context *context;
static struct hidp__arena arena;

static void set_up(void)
{
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	hidp__arena_init(&arena, context);
}

static void tear_down(void)
{
	hidp__arena_destroy(&arena);
	hidp_context_unref(context);
}

static struct hidp__span span(int64_t begin, int64_t end)
{
	return (struct hidp__span){begin, end};
}

static void assert_span(struct hidp__span a, int64_t begin, int64_t end)
{
	ck_assert_int_eq(a.begin, begin);
	ck_assert_int_eq(a.end, end);
}

START_TEST(test_span)
{
	ck_assert(hidp__span_empty(span(3, 3)));
	ck_assert(hidp__span_empty(span(4, 3)));
	ck_assert(!hidp__span_empty(span(3, 4)));
	ck_assert_int_eq(hidp__span_length(span(3, 8)), 5);
	ck_assert_int_eq(hidp__span_length(span(8, 3)), 0);
	assert_span(hidp__span_hull(span(2, 4), span(8, 9)), 2, 9);
	assert_span(hidp__span_hull(span(7, 7), span(8, 9)), 8, 9);
	assert_span(hidp__span_hull(span(2, 4), span(0, 0)), 2, 4);
	assert_span(hidp__span_meet(span(2, 6), span(4, 9)), 4, 6);
	ck_assert(hidp__span_empty(hidp__span_meet(span(2, 4), span(4, 9))));
}
END_TEST

START_TEST(test_add)
{
	struct hidp__spans set = {0};
	ck_assert(hidp__spans_add(&set, span(5, 5), &arena));
	ck_assert_uint_eq(set.count, 0);
	ck_assert(hidp__spans_add(&set, span(10, 12), &arena));
	ck_assert(hidp__spans_add(&set, span(2, 4), &arena));
	ck_assert(hidp__spans_add(&set, span(20, 21), &arena));
	ck_assert_uint_eq(set.count, 3);
	assert_span(set.items[0], 2, 4);
	assert_span(set.items[1], 10, 12);
	/* touching ranges melt together */
	ck_assert(hidp__spans_add(&set, span(4, 10), &arena));
	ck_assert_uint_eq(set.count, 2);
	assert_span(set.items[0], 2, 12);
	assert_span(set.items[1], 20, 21);
	/* one that holds all others */
	ck_assert(hidp__spans_add(&set, span(0, 30), &arena));
	ck_assert_uint_eq(set.count, 1);
	assert_span(set.items[0], 0, 30);
	/* one inside */
	ck_assert(hidp__spans_add(&set, span(3, 5), &arena));
	ck_assert_uint_eq(set.count, 1);
}
END_TEST

START_TEST(test_gaps)
{
	struct hidp__spans set = {0};
	struct hidp__span gap;
	int64_t at = 0;
	ck_assert(hidp__spans_next_gap(&set, span(0, 5), &at, &gap));
	assert_span(gap, 0, 5);
	ck_assert(!hidp__spans_next_gap(&set, span(0, 5), &at, &gap));

	hidp__spans_add(&set, span(2, 4), &arena);
	hidp__spans_add(&set, span(6, 7), &arena);
	at = 0;
	ck_assert(hidp__spans_next_gap(&set, span(0, 9), &at, &gap));
	assert_span(gap, 0, 2);
	ck_assert(hidp__spans_next_gap(&set, span(0, 9), &at, &gap));
	assert_span(gap, 4, 6);
	ck_assert(hidp__spans_next_gap(&set, span(0, 9), &at, &gap));
	assert_span(gap, 7, 9);
	ck_assert(!hidp__spans_next_gap(&set, span(0, 9), &at, &gap));
	/* a range that begins and ends inside the set */
	at = 3;
	ck_assert(hidp__spans_next_gap(&set, span(3, 5), &at, &gap));
	assert_span(gap, 4, 5);
	ck_assert(!hidp__spans_next_gap(&set, span(3, 5), &at, &gap));
	ck_assert(hidp__spans_has(&set, span(2, 4)));
	ck_assert(!hidp__spans_has(&set, span(2, 5)));
	ck_assert(hidp__spans_has(&set, span(5, 5)));
}
END_TEST

/* Random sets against one flag per row. */
START_TEST(test_random)
{
	enum { ROWS = 40 };
	struct rng rng;
	rng_seed(&rng, 1 + (uint64_t)_i);
	bool flags[ROWS] = {false};
	struct hidp__spans set = {0};
	for (int i = 0; i < 30; i++) {
		struct hidp__span a = span(rng_between(&rng, 0, ROWS), 0);
		a.end = rng_between(&rng, a.begin, a.begin + 8 < ROWS ? a.begin + 8 : ROWS);
		ck_assert(hidp__spans_add(&set, a, &arena));
		for (int64_t r = a.begin; r < a.end; r++)
			flags[r] = true;
		for (uint32_t k = 0; k < set.count; k++) {
			ck_assert_int_lt(set.items[k].begin, set.items[k].end);
			if (k > 0)
				ck_assert_int_lt(set.items[k - 1].end, set.items[k].begin);
		}
		struct hidp__span range = span(rng_between(&rng, 0, ROWS), 0);
		range.end = rng_between(&rng, range.begin, ROWS);
		int64_t in = 0, gaps = 0, at = range.begin;
		for (int64_t r = range.begin; r < range.end; r++)
			in += flags[r];
		ck_assert_int_eq(hidp__spans_count(&set, range), in);
		struct hidp__span gap;
		while (hidp__spans_next_gap(&set, range, &at, &gap)) {
			ck_assert(!hidp__span_empty(gap));
			for (int64_t r = gap.begin; r < gap.end; r++)
				ck_assert(!flags[r]);
			gaps += hidp__span_length(gap);
		}
		ck_assert_int_eq(gaps, hidp__span_length(range) - in);
	}
}
END_TEST

static void *fail_alloc(void *user_data, size_t size, size_t alignment)
{
	(void)alignment;
	int *left = user_data;
	return (*left)-- > 0 ? malloc(size) : NULL;
}

static void fail_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	(void)user_data;
	(void)size;
	(void)alignment;
	free(pointer);
}

START_TEST(test_no_memory)
{
	int left = 1; /* for the context */
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	options.alloc = fail_alloc;
	options.free = fail_free;
	options.alloc_user_data = &left;
	struct hidp_context *poor;
	ck_assert_int_eq(hidp_context_new(&options, &poor), HIDP_OK);
	struct hidp__arena empty;
	hidp__arena_init(&empty, poor);
	struct hidp__spans set = {0};
	ck_assert(!hidp__spans_add(&set, span(1, 2), &empty));
	ck_assert_uint_eq(set.count, 0);
	ck_assert_ptr_null(hidp__arena_alloc(&empty, 1, 1));
	left = 1;
	ck_assert(hidp__spans_add(&set, span(1, 2), &empty));
	hidp__arena_destroy(&empty);
	hidp_context_unref(poor);
}
END_TEST

START_TEST(test_floor_div)
{
	ck_assert_int_eq(hidp__floor_div(7, 2), 3);
	ck_assert_int_eq(hidp__floor_div(-7, 2), -4);
	ck_assert_int_eq(hidp__floor_div(-8, 2), -4);
	ck_assert_int_eq(hidp__floor_div(-1, 5), -1);
	ck_assert_int_eq(hidp__floor_div(0, 5), 0);
}
END_TEST

START_TEST(test_checked)
{
	int64_t r;
	ck_assert(hidp__add(INT64_MAX - 1, 1, &r) && r == INT64_MAX);
	ck_assert(!hidp__add(INT64_MAX, 1, &r));
	ck_assert(hidp__sub(INT64_MIN + 1, 1, &r) && r == INT64_MIN);
	ck_assert(!hidp__sub(INT64_MIN, 1, &r));
	ck_assert(hidp__mul(INT64_C(1) << 31, INT64_C(1) << 31, &r) && r == INT64_C(1) << 62);
	ck_assert(!hidp__mul(INT64_C(1) << 32, INT64_C(1) << 31, &r));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base-spans");
	TCase *tcase = tcase_create("spans");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_span);
	tcase_add_test(tcase, test_add);
	tcase_add_test(tcase, test_gaps);
	tcase_add_loop_test(tcase, test_random, 0, 100);
	tcase_add_test(tcase, test_no_memory);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("checked");
	tcase_add_test(tcase, test_floor_div);
	tcase_add_test(tcase, test_checked);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
