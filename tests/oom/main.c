/* SPDX-License-Identifier: MIT */
/*
 * Every public function with an allocator that fails at allocation 1, 2, 3, ...
 * until the call gets through: once with that allocation alone failing, once with
 * all after it too. A failing call returns HIDP_ERR_NOMEM, touches no output, leaks
 * nothing, and leaves its objects as they were: repeated with enough memory it
 * succeeds, with the result of a call that never failed.
 *
 *     test_oom            all scenarios, as TAP
 *     test_oom --few      the same with larger steps from the first allocations on
 *     test_oom --list     the functions that they cover
 *     test_oom WORD       scenarios with the word in their name
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

/* Up to this allocation both ways of failing are tried; from there on they take turns, in
 * steps that grow slowly: by one for so many allocations. */
#define BOTH_WAYS_MAX 200
#define STEP_GROWTH 50
#define FEW_BOTH_WAYS_MAX 20
#define FEW_STEP_GROWTH 5

static const struct scenario *const tables[] = {
        lifetime_scenarios, model_scenarios,   cluster_scenarios,
        plan_scenarios,     planner_scenarios, run_scenarios, text_scenarios,
};

/* The outputs of the current call, those of the call that did not fail, and untouched ones. */
static struct outputs now, reference, blank;

static bool with_json(void)
{
	return hidp_feature_supported(HIDP_FEATURE_COMPONENT, HIDP_COMPONENT_JSON);
}

static hidp_status expected(const struct scenario *s)
{
	return (s->kind == JSON || s->kind == SURVIVES) && !with_json() ? HIDP_ERR_UNSUPPORTED : s->expected;
}

static bool complain(const struct scenario *s, uint64_t n, bool on, const char *what, const char *more)
{
	printf("# %s %s: allocation %llu%s: %s%s\n", s->functions, s->what, (unsigned long long)n,
	       on ? " and all after it" : "", what, more);
	return false;
}

/* One call with the nth allocation failing (0: none); false if something is wrong. */
static bool call(const struct scenario *s, struct fixture *f, uint64_t n, bool on)
{
	struct allocator *a = &f->allocator;
	const struct hidp_diagnostic clean = HIDP_DIAGNOSTIC_INIT;
	memcpy(&now, &blank, sizeof now);
	f->diagnostic = clean;
	allocator_arm(a, n, on);
	hidp_status status = s->act(f);
	bool hit = a->failed != 0;
	uint64_t calls = a->calls;
	allocator_arm(a, 0, false);
	a->failed = hit;
	a->calls = calls;

	hidp_status wanted = hit ? HIDP_ERR_NOMEM : expected(s);
	if (s->kind == SURVIVES && status == expected(s))
		wanted = status;
	if (status != wanted) {
		printf("# %s: %s\n", f->diagnostic.subject, f->diagnostic.message);
		return complain(s, n, on, "returned ", hidp_status_string(status));
	}
	if (status != HIDP_OK && memcmp(&now, &blank, sizeof now) != 0)
		return complain(s, n, on, "an output was touched by a call that failed", "");
	if (status == HIDP_OK && memcmp(&f->diagnostic, &clean, sizeof clean) != 0)
		return complain(s, n, on, "the diagnostic was touched by a call that succeeded", "");
	if (f->diagnostic.status != HIDP_OK && f->diagnostic.status != status)
		return complain(s, n, on, "the diagnostic tells another status: ",
		                hidp_status_string(f->diagnostic.status));
	if (status == HIDP_OK && s->release != NULL) {
		s->release(f);
		now.object = blank.object;
	}
	return true;
}

/*
 * A fixture, the call with the nth allocation failing, and again without. n = 0: a call
 * that does not fail, whose outputs are what others are compared with; *total says how
 * often it allocates.
 */
static bool try(const struct scenario *s, uint64_t n, bool on, uint64_t *total)
{
	struct fixture f;
	struct allocator *a = &f.allocator;
	if (!fixture_make(&f, &now, s->parts))
		return false;
	bool good = call(s, &f, n, on);
	if (good && n == 0) {
		*total = a->calls;
		memcpy(&reference, &now, sizeof now);
	} else if (good) {
		if (a->failed == 0 && s->kind != SURVIVES)
			good = complain(s, n, on, "was not asked for", "");
		good = good && call(s, &f, 0, false);
		if (good && memcmp(&now, &reference, sizeof now) != 0)
			good = complain(s, n, on, "the result differs from one that never failed", "");
	}
	fixture_destroy(&f);
	if (a->misuses != 0)
		good = complain(s, n, on, a->misuse, "");
	if (a->live_blocks != 0)
		good = complain(s, n, on, "memory was not given back", "");
	return good;
}

/* Returns how many allocations there were to fail; -1: something is wrong. */
static long run(const struct scenario *s, bool few)
{
	const uint64_t both_max = few ? FEW_BOTH_WAYS_MAX : BOTH_WAYS_MAX;
	const uint64_t growth = few ? FEW_STEP_GROWTH : STEP_GROWTH;
	uint64_t total = 0, tries = 0;
	if (!try(s, 0, false, &total))
		return -1;
	if (total != 0 && (s->kind == NEVER || expected(s) == HIDP_ERR_UNSUPPORTED)) {
		complain(s, 0, false, "allocates, which it must not", "");
		return -1;
	}
	if (total == 0 && s->kind == ALLOCATES) {
		complain(s, 0, false, "does not allocate, but the table says so", "");
		return -1;
	}
	for (uint64_t n = 1; n <= total; n += n <= both_max ? 1 : n / growth) {
		bool both = n <= both_max, on = tries++ & 1;
		if (!try(s, n, on, &total) || (both && !try(s, n, !on, &total)))
			return -1;
	}
	return (long)total;
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
	bool few = argc > 1 && strcmp(argv[1], "--few") == 0;
	const char *word = argc > 1 && !list && !few ? argv[1] : "";
	int count = 0, failed = 0;
	memset(&blank, 0xA5, sizeof blank);
	for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
		for (const struct scenario *s = tables[t]; s->functions != NULL; s++) {
			if (list) {
				puts(s->functions);
				continue;
			}
			if (strstr(s->functions, word) == NULL && strstr(s->what, word) == NULL)
				continue;
			long allocations = run(s, few);
			failed += allocations < 0;
			printf("%s %d - %.60s%s %s: %ld allocations\n", allocations < 0 ? "not ok" : "ok",
			       ++count, s->functions, strlen(s->functions) > 60 ? "..." : "", s->what,
			       allocations);
			fflush(stdout);
		}
	}
	if (!list)
		printf("1..%d\n", count);
	return failed != 0;
}
