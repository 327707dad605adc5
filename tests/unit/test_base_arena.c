/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/arena.h"
#include "base/context_priv.h"
#include "suite.h"

/* An allocator that counts, and can fail. */
struct ledger {
	size_t blocks, bytes, most_blocks, calls;
	size_t fail_from; /* this call and all later ones fail; 0: none */
};

static void *ledger_alloc(void *user_data, size_t size, size_t alignment)
{
	struct ledger *l = user_data;
	ck_assert_uint_gt(size, 0);
	ck_assert_uint_le(alignment, 64);
	l->calls++;
	if (l->fail_from != 0 && l->calls >= l->fail_from)
		return NULL;
	l->blocks++;
	l->bytes += size;
	if (l->blocks > l->most_blocks)
		l->most_blocks = l->blocks;
	void *p = malloc(size);
	return p;
}

static void ledger_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	struct ledger *l = user_data;
	(void)alignment;
	ck_assert_ptr_nonnull(pointer);
	l->blocks--;
	l->bytes -= size;
	free(pointer);
}

static struct ledger ledger;
static struct hidp_context *context;

static void set_up(void)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	ledger = (struct ledger){0};
	options.alloc = ledger_alloc;
	options.free = ledger_free;
	options.alloc_user_data = &ledger;
	ck_assert_int_eq(hidp_context_new(&options, &context), HIDP_OK);
}

/* Sizes handed to free are those asked for, so nothing is left of either count. */
static void tear_down(void)
{
	hidp_context_unref(context);
	ck_assert_uint_eq(ledger.blocks, 0);
	ck_assert_uint_eq(ledger.bytes, 0);
}

START_TEST(test_arena)
{
	struct hidp__arena arena;
	hidp__arena_init(&arena, context);
	size_t before = ledger.calls;
	unsigned char *last = NULL;
	for (int i = 0; i < 1000; i++) {
		unsigned char *p = hidp__arena_alloc(&arena, 10, 1);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		ck_assert_ptr_ne(p, last);
		memset(p, i, 10);
		if (last != NULL)
			ck_assert_uint_eq(last[9], (unsigned char)(i - 1));
		last = p;
	}
	/* many small pieces, few allocations */
	ck_assert_uint_eq(ledger.calls - before, 1);
	ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 1000000)); /* larger than a chunk */
	ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 10));
	hidp__arena_destroy(&arena);
}
END_TEST

START_TEST(test_arena_overflow)
{
	struct hidp__arena arena;
	hidp__arena_init(&arena, context);
	ck_assert_ptr_null(hidp__arena_alloc(&arena, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(hidp__arena_alloc(&arena, SIZE_MAX, 1));
	ck_assert_ptr_null(hidp__arena_calloc(&arena, SIZE_MAX, SIZE_MAX));
	ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, SIZE_MAX, 0));
	hidp__arena_destroy(&arena);
}
END_TEST

START_TEST(test_arena_zeroed)
{
	struct hidp__arena arena;
	hidp__arena_init(&arena, context);
	memset(hidp__arena_alloc(&arena, 1, 60000), 0xff, 60000);
	hidp__arena_reset(&arena);
	const unsigned char *p = hidp__arena_calloc(&arena, 100, 600);
	for (int i = 0; i < 60000; i++)
		ck_assert_uint_eq(p[i], 0);
	hidp__arena_destroy(&arena);
}
END_TEST

START_TEST(test_arena_mark)
{
	struct hidp__arena arena;
	hidp__arena_init(&arena, context);
	unsigned char *kept = hidp__arena_alloc(&arena, 1, 100);
	memset(kept, 7, 100);
	struct hidp__arena_mark mark = hidp__arena_here(&arena);
	void *first = hidp__arena_alloc(&arena, 1, 100);
	hidp__arena_back(&arena, mark);
	ck_assert_ptr_eq(hidp__arena_alloc(&arena, 1, 100), first);
	hidp__arena_back(&arena, mark);
	/* a loop that marks and goes back across chunks settles down */
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 500000));
		hidp__arena_back(&arena, mark);
	}
	size_t calls = ledger.calls;
	for (int i = 0; i < 50; i++) {
		ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 500000));
		hidp__arena_back(&arena, mark);
	}
	ck_assert_uint_eq(ledger.calls, calls);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(kept[i], 7);
	hidp__arena_destroy(&arena);
}
END_TEST

/* A mark from before anything was allocated. */
START_TEST(test_arena_empty_mark)
{
	struct hidp__arena arena;
	hidp__arena_init(&arena, context);
	struct hidp__arena_mark mark = hidp__arena_here(&arena);
	hidp__arena_alloc(&arena, 1, 100);
	hidp__arena_back(&arena, mark);
	ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 100));
	hidp__arena_reset(&arena);
	hidp__arena_reset(&arena);
	ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 100));
	hidp__arena_destroy(&arena);
}
END_TEST

START_TEST(test_arena_no_memory)
{
	struct hidp__arena arena;
	hidp__arena_init(&arena, context);
	ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 100));
	ledger.fail_from = ledger.calls + 1;
	ck_assert_ptr_null(hidp__arena_alloc(&arena, 1, 1000000));
	ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 100)); /* there is still room */
	ledger.fail_from = 0;
	ck_assert_ptr_nonnull(hidp__arena_alloc(&arena, 1, 1000000));
	hidp__arena_destroy(&arena);
}
END_TEST

START_TEST(test_alloc)
{
	unsigned char *p = hidp__alloc(context, 100);
	ck_assert_uint_eq((uintptr_t)p % 16, 0);
	memset(p, 1, 100);
	hidp__free(context, p);
	p = hidp__calloc(context, 10, 30);
	for (int i = 0; i < 300; i++)
		ck_assert_uint_eq(p[i], 0);
	hidp__free(context, p);
	hidp__free(context, NULL);
	ck_assert_ptr_null(hidp__alloc(context, SIZE_MAX - 3));
	ck_assert_ptr_null(hidp__calloc(context, SIZE_MAX / 2, 4));
	char *text = hidp__strdup(context, "text");
	ck_assert_str_eq(text, "text");
	hidp__free(context, text);
}
END_TEST

START_TEST(test_grow)
{
	uint64_t *items = NULL;
	size_t capacity = 0;
	for (size_t i = 0; i < 100; i++) {
		ck_assert(hidp__grow(context, (void **)&items, i, &capacity, sizeof *items));
		ck_assert_uint_gt(capacity, i);
		items[i] = i;
	}
	for (size_t i = 0; i < 100; i++)
		ck_assert_uint_eq(items[i], i);
	/* without memory everything stays as it was */
	uint64_t *old = items;
	size_t old_capacity = capacity;
	ledger.fail_from = ledger.calls + 1;
	ck_assert(!hidp__grow(context, (void **)&items, capacity, &capacity, sizeof *items));
	ck_assert_ptr_eq(items, old);
	ck_assert_uint_eq(capacity, old_capacity);
	ledger.fail_from = 0;
	hidp__free(context, items);
}
END_TEST

START_TEST(test_context_no_memory)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	struct hidp_context *c = NULL;
	struct ledger none = {.fail_from = 1};
	options.alloc = ledger_alloc;
	options.free = ledger_free;
	options.alloc_user_data = &none;
	ck_assert_int_eq(hidp_context_new(&options, &c), HIDP_ERR_NOMEM);
	ck_assert_ptr_null(c);
}
END_TEST

struct heard {
	unsigned count;
	hidp_log_level level;
	char component[32];
	char text[600];
};

static void hear(void *user_data, hidp_log_level level, const char *component, const char *text)
{
	struct heard *h = user_data;
	h->count++;
	h->level = level;
	strncpy(h->component, component, sizeof h->component - 1);
	strncpy(h->text, text, sizeof h->text - 1);
}

START_TEST(test_log)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	struct hidp_context *c;
	struct heard heard = {0};
	options.log = hear;
	options.log_user_data = &heard;
	options.log_level = HIDP_LOG_INFO;
	ck_assert_int_eq(hidp_context_new(&options, &c), HIDP_OK);
	ck_assert(hidp__logs(c, HIDP_LOG_INFO));
	ck_assert(!hidp__logs(c, HIDP_LOG_DEBUG));
	hidp__log(c, HIDP_LOG_DEBUG, "base", "%d", 1);
	ck_assert_uint_eq(heard.count, 0);
	hidp__log(c, HIDP_LOG_WARNING, "base", "%d of %s", 3, "four");
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_uint_eq(heard.level, HIDP_LOG_WARNING);
	ck_assert_str_eq(heard.component, "base");
	ck_assert_str_eq(heard.text, "3 of four");
	hidp_context_unref(c);
	/* without a receiver nothing is heard, whatever the level */
	ck_assert(!hidp__logs(context, HIDP_LOG_WARNING));
	hidp__log(context, HIDP_LOG_WARNING, "base", "nobody listens");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base-arena");
	TCase *tcase = tcase_create("arena");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_arena);
	tcase_add_test(tcase, test_arena_overflow);
	tcase_add_test(tcase, test_arena_zeroed);
	tcase_add_test(tcase, test_arena_mark);
	tcase_add_test(tcase, test_arena_empty_mark);
	tcase_add_test(tcase, test_arena_no_memory);
	tcase_add_test(tcase, test_alloc);
	tcase_add_test(tcase, test_grow);
	tcase_add_test(tcase, test_context_no_memory);
	tcase_add_test(tcase, test_log);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
