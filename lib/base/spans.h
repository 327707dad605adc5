/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_SPANS_H
#define HIDP_BASE_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* A half-open range of rows; empty when end <= begin. */
struct hidp__span {
	int64_t begin;
	int64_t end;
};

static inline bool hidp__span_empty(struct hidp__span a)
{
	return a.end <= a.begin;
}

static inline int64_t hidp__span_length(struct hidp__span a)
{
	return a.end > a.begin ? a.end - a.begin : 0;
}

/* The smallest range that holds both. */
static inline struct hidp__span hidp__span_hull(struct hidp__span a, struct hidp__span b)
{
	if (hidp__span_empty(a))
		return b;
	if (hidp__span_empty(b))
		return a;
	return (struct hidp__span){a.begin < b.begin ? a.begin : b.begin,
	                           a.end > b.end ? a.end : b.end};
}

static inline struct hidp__span hidp__span_meet(struct hidp__span a, struct hidp__span b)
{
	return (struct hidp__span){a.begin > b.begin ? a.begin : b.begin,
	                           a.end < b.end ? a.end : b.end};
}

/* A set of rows: disjoint, not touching, non-empty ranges in rising order. */
struct hidp__spans {
	struct hidp__span *items;
	uint32_t count;
	uint32_t capacity;
};

/* Adds a range; memory comes from the arena. false: no memory, the set is as it was. */
bool hidp__spans_add(struct hidp__spans *set, struct hidp__span range, struct hidp__arena *arena);
/* Rows of the range that are in the set. */
int64_t hidp__spans_count(const struct hidp__spans *set, struct hidp__span range);
static inline bool hidp__spans_has(const struct hidp__spans *set, struct hidp__span range)
{
	return hidp__spans_count(set, range) == hidp__span_length(range);
}

/*
 * Walks over the parts of a range that are not in the set: start with *at =
 * range.begin, call until it returns false.
 */
bool hidp__spans_next_gap(const struct hidp__spans *set, struct hidp__span range, int64_t *at,
                          struct hidp__span *gap);

#endif
