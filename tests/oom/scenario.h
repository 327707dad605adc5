/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_OOM_SCENARIO_H
#define HIDP_TESTS_OOM_SCENARIO_H

#include <string.h>

#include "fixture.h"

enum scenario_kind {
	ALLOCATES, /* each allocation is made to fail in turn */
	MAY,       /* the same, but the objects may have room left, and none is needed */
	NEVER,     /* must not allocate at all */
	JSON,      /* as MAY; without JSON it must say so, and not allocate */
	SURVIVES,  /* as JSON, but other threads allocate too, and a failure may be got over */
};

/* One call under test, on a fixture. */
struct scenario {
	const char *functions; /* public functions that it covers, separated by blanks */
	const char *what;      /* which case of them; "" if there is but one */
	enum scenario_kind kind;
	hidp_status (*act)(struct fixture *f);
	void (*release)(struct fixture *f); /* of out->object, after success; or NULL */
	hidp_status expected;               /* with enough memory */
	unsigned parts;                     /* of the fixture, #fixture_part */
};

/* Tables, each ended by an entry without functions. */
extern const struct scenario lifetime_scenarios[];
extern const struct scenario model_scenarios[];
extern const struct scenario cluster_scenarios[];
extern const struct scenario plan_scenarios[];
extern const struct scenario planner_scenarios[];
extern const struct scenario run_scenarios[];
extern const struct scenario text_scenarios[];

/* What out->object holds when nothing was handed out. */
static inline void *untouched(void)
{
	void *p;
	memset(&p, 0xA5, sizeof p);
	return p;
}

/*
 * The body of most acts: makes an object through the pointer `made` and keeps it in
 * the outputs whatever happened, so that a pointer touched by a failing call shows.
 */
#define ACT_MAKING(type, call)                                                                     \
	do {                                                                                       \
		struct type *made = untouched();                                                   \
		hidp_status status = (call);                                                       \
		f->out->object = made;                                                             \
		return status;                                                                     \
	} while (0)

#endif
