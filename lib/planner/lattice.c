/* SPDX-License-Identifier: MIT */
/* The ideals of lumps, each once, found as far as they are reached. */
#include "planner/ideals_priv.h"

#define IDEALS_MAX 65536
/* Entries of the table at first. */
#define TABLE_FIRST 1024
/* What all of them together may take. */
#define LATTICE_BYTES (32 << 20)
/* The rank of all that is to be done, roughly. */
#define RANKS 0x10000000000

static uint64_t *front_of(const struct lattice *l, uint32_t ideal)
{
	return l->front + (size_t)ideal * l->lumps->flow_words;
}

static uint64_t *ready_of(const struct lattice *l, uint32_t ideal)
{
	return l->ready + (size_t)ideal * l->lumps->words;
}

/* Is something of a tensor wanted outside an ideal? */
static bool leaves(const struct flow *f, const uint64_t *set)
{
	return f->kept || !hidp__set_within(f->readers + f->word, set + f->word, f->words);
}

/* The part of a set's hash that a lump is; a set's is that of its lumps, put together. */
static uint64_t hash_lump(uint32_t lump)
{
	uint64_t h = (lump + 1) * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 27) * 0x94d049bb133111ebu;
	return h ^ h >> 31;
}

/* What is made before, and who can begin. */
static void begin_empty(struct lattice *l)
{
	const struct lumps *u = l->lumps;
	memset(l->sets, 0, u->words * sizeof *l->sets);
	memset(l->ready, 0, u->words * sizeof *l->ready);
	memset(l->front, 0, u->flow_words * sizeof *l->front);
	memset(l->work, 0, u->classes->count * sizeof *l->work);
	memset(l->bars, 0, u->classes->count * sizeof *l->bars);
	l->ideals[0] = (struct ideal){0};
	for (uint32_t i = 0; i < u->count; i++)
		if (hidp__set_within(u->needs + (size_t)i * u->words, l->sets, u->words))
			hidp__set_put(l->ready, i);
	for (uint32_t k = 0; k < u->flow_count; k++)
		if (u->flows[k].maker == UINT32_MAX) {
			hidp__set_put(l->front, k);
			l->ideals[0].open += u->flows[k].bytes;
		}
	memset(l->table, 0, l->table_size * sizeof *l->table);
	l->table[0] = 1;
	l->heap[0] = 0;
	l->count = l->heap_count = 1;
}

static void weigh_lumps(struct lattice *l)
{
	const struct lumps *u = l->lumps;
	uint32_t classes = u->classes->count;
	double all = 0;
	for (uint32_t i = 0; i < u->count; i++)
		all += u->seconds[(size_t)i * classes];
	l->rank_s = all > 0 ? RANKS / all : 0;
	for (uint32_t i = 0; i < u->count; i++) {
		l->weight[i] = 1 + (uint64_t)(u->seconds[(size_t)i * classes] * l->rank_s);
		l->all += l->weight[i];
	}
}

bool hidp__lattice_begin(struct lattice *l, const struct lumps *u, size_t more_bytes)
{
	uint32_t classes = u->classes->count;
	size_t each = (2 * (size_t)u->words + u->flow_words) * sizeof(uint64_t) +
	              sizeof *l->ideals + classes * (sizeof *l->work + sizeof *l->bars) +
	              6 * sizeof(uint32_t) + more_bytes;
	*l = (struct lattice){.lumps = u};
	l->most = LATTICE_BYTES / each < IDEALS_MAX ? (uint32_t)(LATTICE_BYTES / each) : IDEALS_MAX;
	l->most += l->most == 0;
	size_t table = TABLE_FIRST;
	while (table < 2 * (size_t)l->most)
		table *= 2;
	l->table_size = TABLE_FIRST;
	l->sets = hidp__arena_alloc(u->arena, (size_t)l->most * u->words + 1, sizeof *l->sets);
	l->ready = hidp__arena_alloc(u->arena, (size_t)l->most * u->words + 1, sizeof *l->ready);
	l->front =
		hidp__arena_alloc(u->arena, (size_t)l->most * u->flow_words + 1, sizeof *l->front);
	l->ideals = hidp__arena_alloc(u->arena, l->most, sizeof *l->ideals);
	l->work = hidp__arena_alloc(u->arena, (size_t)l->most * classes, sizeof *l->work);
	l->bars = hidp__arena_alloc(u->arena, (size_t)l->most * classes, sizeof *l->bars);
	l->weight = hidp__arena_alloc(u->arena, (size_t)u->count + 1, sizeof *l->weight);
	l->table = hidp__arena_alloc(u->arena, table, sizeof *l->table);
	l->heap = hidp__arena_alloc(u->arena, l->most, sizeof *l->heap);
	l->order = hidp__arena_alloc(u->arena, l->most, sizeof *l->order);
	if (l->sets == NULL || l->ready == NULL || l->front == NULL || l->ideals == NULL ||
	    l->work == NULL || l->bars == NULL || l->weight == NULL || l->table == NULL ||
	    l->heap == NULL || l->order == NULL)
		return false;
	weigh_lumps(l);
	begin_empty(l);
	return true;
}

static uint64_t rank_at(const struct lattice *l, uint32_t at)
{
	return l->ideals[l->heap[at]].rank;
}

static void push(struct lattice *l, uint32_t ideal)
{
	uint32_t at = l->heap_count++;
	for (; at > 0 && rank_at(l, (at - 1) / 2) > l->ideals[ideal].rank; at = (at - 1) / 2)
		l->heap[at] = l->heap[(at - 1) / 2];
	l->heap[at] = ideal;
}

bool hidp__lattice_next(struct lattice *l)
{
	uint32_t at = 0;
	if (l->heap_count == 0)
		return false;
	l->order[l->ordered++] = l->heap[0];
	uint32_t last = l->heap[--l->heap_count];
	for (uint32_t next = 1; next < l->heap_count; next = 2 * at + 1) {
		next += next + 1 < l->heap_count && rank_at(l, next + 1) < rank_at(l, next);
		if (l->ideals[last].rank <= rank_at(l, next))
			break;
		l->heap[at] = l->heap[next];
		at = next;
	}
	l->heap[at] = last;
	return true;
}

/* Where in the table an ideal with one lump more is, or would be. */
static uint32_t find_entry(const struct lattice *l, uint32_t from, uint32_t lump, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash % l->table_size), words = l->lumps->words;
	const uint64_t *set = hidp__ideal_set(l, from);
	for (; l->table[at] != 0; at = at + 1 < l->table_size ? at + 1 : 0) {
		uint32_t known = l->table[at] - 1, w = 0;
		const uint64_t *other = hidp__ideal_set(l, known);
		if (l->ideals[known].hash != hash || !hidp__set_has(other, lump))
			continue;
		while (w < words &&
		       (other[w] & ~((uint64_t)(w == lump / 64) << (lump % 64))) == set[w])
			w++;
		if (w == words)
			break;
	}
	return at;
}

/* Tensors that a new ideal makes for others, and all that are there: from those of the one before.
 */
static void open_flows(struct lattice *l, uint32_t from, uint32_t to, uint32_t lump)
{
	const struct lumps *u = l->lumps;
	const uint64_t *set = hidp__ideal_set(l, to);
	struct ideal *ideal = &l->ideals[to];
	uint64_t *front = front_of(l, to);
	memcpy(front, front_of(l, from), u->flow_words * sizeof *front);
	for (uint32_t k = u->touched_begin[lump]; k < u->touched_begin[lump + 1]; k++) {
		uint32_t flow = u->touched[k];
		const struct flow *f = &u->flows[flow];
		bool was = hidp__set_has(front, flow);
		bool there = f->maker == UINT32_MAX || hidp__set_has(set, f->maker);
		if (was == (there && leaves(f, set)))
			continue;
		front[flow / 64] ^= (uint64_t)1 << (flow % 64);
		ideal->open += was ? -f->bytes : f->bytes;
		if (f->maker != UINT32_MAX)
			ideal->made += was ? -f->bytes : f->bytes;
	}
}

/* Everything anew in a table twice as large. */
static void widen_table(struct lattice *l)
{
	l->table_size *= 2;
	memset(l->table, 0, l->table_size * sizeof *l->table);
	for (uint32_t i = 0; i < l->count; i++) {
		uint32_t at = (uint32_t)(l->ideals[i].hash % l->table_size);
		while (l->table[at] != 0)
			at = at + 1 < l->table_size ? at + 1 : 0;
		l->table[at] = i + 1;
	}
}

static void add_ideal(struct lattice *l, uint32_t from, uint32_t lump, uint64_t hash)
{
	const struct lumps *u = l->lumps;
	uint32_t to = l->count++, classes = u->classes->count;
	uint64_t *set = l->sets + (size_t)to * u->words, *ready = ready_of(l, to);
	const uint64_t *readers = u->readers + (size_t)lump * u->words;
	memcpy(set, hidp__ideal_set(l, from), u->words * sizeof *set);
	memcpy(ready, ready_of(l, from), u->words * sizeof *ready);
	hidp__set_put(set, lump);
	ready[lump / 64] ^= (uint64_t)1 << (lump % 64);
	for (uint32_t i = hidp__set_next(readers, u->words, 0); i < u->count;
	     i = hidp__set_next(readers, u->words, i + 1))
		if (hidp__set_within(u->needs + (size_t)i * u->words, set, u->words))
			hidp__set_put(ready, i);
	l->ideals[to] = l->ideals[from];
	l->ideals[to].hash = hash;
	l->ideals[to].rank += l->weight[lump];
	open_flows(l, from, to, lump);
	for (uint32_t k = 0; k < classes; k++) {
		size_t at = (size_t)to * classes + k, before = (size_t)from * classes + k;
		l->work[at] = l->work[before] + u->seconds[(size_t)lump * classes + k];
		l->bars[at] = l->bars[before] + u->barred[(size_t)lump * classes + k];
	}
	push(l, to);
}

bool hidp__lattice_grow(struct lattice *l, uint32_t ideal, uint64_t reach)
{
	const struct lumps *u = l->lumps;
	const struct ideal *one = &l->ideals[ideal];
	const uint64_t *ready = ready_of(l, ideal);
	for (uint32_t i = hidp__set_next(ready, u->words, 0); i < u->count;
	     i = hidp__set_next(ready, u->words, i + 1)) {
		uint64_t hash = one->hash ^ hash_lump(i);
		if (one->rank + l->weight[i] - one->from > reach)
			continue;
		uint32_t at = find_entry(l, ideal, i, hash);
		if (l->table[at] == 0) {
			if (l->count == l->most)
				return false;
			l->table[at] = l->count + 1;
			add_ideal(l, ideal, i, hash);
		}
		struct ideal *to = &l->ideals[l->table[at] - 1];
		if (2 * l->count > l->table_size)
			widen_table(l);
		to->from = to->from > one->from ? to->from : one->from;
	}
	return true;
}
