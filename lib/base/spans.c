/* SPDX-License-Identifier: MIT */
#include "base/spans.h"

#include <string.h>

bool hidp__spans_add(struct hidp__spans *set, struct hidp__span range, struct hidp__arena *arena)
{
	if (hidp__span_empty(range))
		return true;
	/* items [first, last) touch the range and melt into it */
	uint32_t first = 0;
	while (first < set->count && set->items[first].end < range.begin)
		first++;
	uint32_t last = first;
	while (last < set->count && set->items[last].begin <= range.end)
		last++;
	if (first == last && set->count == set->capacity) {
		uint32_t wanted = set->capacity == 0 ? 2 : set->capacity * 2;
		struct hidp__span *items = hidp__arena_alloc(arena, wanted, sizeof *items);
		if (items == NULL)
			return false;
		if (set->count != 0)
			memcpy(items, set->items, set->count * sizeof *items);
		set->items = items;
		set->capacity = wanted;
	}
	for (uint32_t i = first; i < last; i++)
		range = hidp__span_hull(range, set->items[i]);
	/* `last - first` items become one */
	memmove(set->items + first + 1, set->items + last,
	        (set->count - last) * sizeof *set->items);
	set->items[first] = range;
	set->count = set->count - (last - first) + 1;
	return true;
}

int64_t hidp__spans_count(const struct hidp__spans *set, struct hidp__span range)
{
	int64_t rows = 0;
	for (uint32_t i = 0; i < set->count; i++)
		rows += hidp__span_length(hidp__span_meet(set->items[i], range));
	return rows;
}

bool hidp__spans_next_gap(const struct hidp__spans *set, struct hidp__span range, int64_t *at,
                          struct hidp__span *gap)
{
	int64_t begin = *at;
	for (uint32_t i = 0; i < set->count && begin < range.end; i++) {
		if (set->items[i].end <= begin)
			continue;
		if (set->items[i].begin > begin) {
			*gap = hidp__span_meet((struct hidp__span){begin, set->items[i].begin},
			                       range);
			*at = set->items[i].end;
			return true;
		}
		begin = set->items[i].end;
	}
	if (begin >= range.end)
		return false;
	*gap = (struct hidp__span){begin, range.end};
	*at = range.end;
	return true;
}
