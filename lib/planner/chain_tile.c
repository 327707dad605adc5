/* SPDX-License-Identifier: MIT */
/*
 * Sets of processors, one size after another, and the cuts that their runs, one behind the other,
 * reach from the beginning. A set that cannot pay for the rest is given up (chain_prices.c), and
 * of the cuts of a set those from where nothing better begins than from a later one.
 */
#include <stdlib.h>
#include <string.h>

#include "planner/chain_priv.h"

#define NO_CLASS UINT32_MAX
#define ROUNDING 1e-9
/* States of a size that are made, for each that is gone on from. */
#define MADE 4

struct hidp__tiler {
	struct hidp__chain *chain;
	uint32_t width;      /* states of a size that there is room for */
	uint32_t key_words;
	uint32_t *word, *shift; /* [class] where a state's key has how many of it are used */
	uint64_t *mask;      /* [class] and how large that can be */
	uint32_t room;       /* for states */
	uint64_t *keys;      /* [state * key_words] */
	uint64_t *cuts;      /* [state * words] that are reached */
	uint32_t *last;      /* [state] class of the last run, if that makes a difference */
	double *left;        /* [state] what the processors that are not used cost */
	double *slack;       /* [state] how much more that is than what the rest costs */
	uint32_t *begin;     /* [size + 1] first state */
	uint64_t *table;     /* hash: stamp and state */
	uint32_t table_size, stamp;
	uint64_t *starts, *ends; /* [words] of the run at hand */
	double *sorted;
	bool all;            /* nothing was left out so far */
};

uint32_t hidp__tile_states(const struct hidp__chain *c)
{
	uint64_t states = c->paired ? c->classes : 1;
	for (uint32_t k = 0; k < c->classes && states < UINT32_MAX; k++)
		states *= c->size[k] + 1;
	return states < UINT32_MAX ? (uint32_t)states : UINT32_MAX;
}

static bool lay_out_keys(struct hidp__tiler *t)
{
	const struct hidp__chain *c = t->chain;
	uint32_t shift = 0;
	t->word = hidp__arena_alloc(c->arena, c->classes, sizeof *t->word);
	t->shift = hidp__arena_alloc(c->arena, c->classes, sizeof *t->shift);
	t->mask = hidp__arena_alloc(c->arena, c->classes, sizeof *t->mask);
	if (t->word == NULL || t->shift == NULL || t->mask == NULL)
		return false;
	t->key_words = 1;
	for (uint32_t k = 0; k < c->classes; k++) {
		uint32_t bits = 1;
		while (c->size[k] >> bits != 0)
			bits++;
		if (shift + bits > 64) {
			t->key_words++;
			shift = 0;
		}
		t->word[k] = t->key_words - 1;
		t->shift[k] = shift;
		t->mask[k] = ((uint64_t)1 << bits) - 1;
		shift += bits;
	}
	return true;
}

struct hidp__tiler *hidp__tiler_new(struct hidp__chain *c, uint32_t width)
{
	uint32_t states = hidp__tile_states(c);
	uint32_t sizes = c->count < c->items ? c->count : c->items;
	struct hidp__tiler *t = hidp__arena_calloc(c->arena, 1, sizeof *t);
	if (t == NULL)
		return NULL;
	t->chain = c;
	t->width = width < states ? width : states;
	uint64_t room = (uint64_t)t->width * sizes;
	uint64_t made = (uint64_t)t->width * MADE;
	room = room < states ? room : states;
	made = made < states ? made : states;
	t->room = (uint32_t)(room + made + 1);
	for (t->table_size = 8; t->table_size < 2 * made;)
		t->table_size *= 2;
	if (!lay_out_keys(t))
		return NULL;
	t->keys = hidp__arena_alloc(c->arena, (size_t)t->room * t->key_words, sizeof *t->keys);
	t->cuts = hidp__arena_alloc(c->arena, (size_t)t->room * c->words, sizeof *t->cuts);
	t->last = hidp__arena_alloc(c->arena, t->room, sizeof *t->last);
	t->left = hidp__arena_alloc(c->arena, t->room, sizeof *t->left);
	t->slack = hidp__arena_alloc(c->arena, t->room, sizeof *t->slack);
	t->sorted = hidp__arena_alloc(c->arena, made + 1, sizeof *t->sorted);
	t->begin = hidp__arena_alloc(c->arena, (size_t)sizes + 2, sizeof *t->begin);
	t->table = hidp__arena_calloc(c->arena, t->table_size, sizeof *t->table);
	t->starts = hidp__arena_alloc(c->arena, c->words, sizeof *t->starts);
	t->ends = hidp__arena_alloc(c->arena, c->words, sizeof *t->ends);
	bool ok = t->keys != NULL && t->cuts != NULL && t->last != NULL && t->left != NULL &&
	          t->slack != NULL && t->sorted != NULL && t->begin != NULL && t->table != NULL &&
	          t->starts != NULL && t->ends != NULL;
	return ok ? t : NULL;
}

static uint64_t *key_of(const struct hidp__tiler *t, uint32_t state)
{
	return t->keys + (size_t)state * t->key_words;
}

static uint64_t *cuts_of(const struct hidp__tiler *t, uint32_t state)
{
	return t->cuts + (size_t)state * t->chain->words;
}

static uint32_t used(const struct hidp__tiler *t, uint32_t state, uint32_t class)
{
	return key_of(t, state)[t->word[class]] >> t->shift[class] & t->mask[class];
}

/* Where a run of a class can begin behind a state: into t->starts. false: nowhere. */
static bool find_starts(struct hidp__tiler *t, uint32_t state, uint32_t class)
{
	const struct hidp__chain *c = t->chain;
	const uint64_t *cuts = cuts_of(t, state), *in = c->ins + (size_t)class * c->words;
	uint64_t any = 0;
	for (uint32_t w = 0; w < c->words; w++) {
		t->starts[w] = cuts[w] & in[w];
		if (c->paired && t->last[state] != NO_CLASS)
			t->starts[w] &= c->pairs[((size_t)t->last[state] * c->classes + class) *
			                                 c->words +
			                         w];
		any |= t->starts[w];
	}
	return any != 0;
}

/* Takes away the ends from which what is left does not pay for the rest; slack of the others. */
static double drop_ends(struct hidp__tiler *t, double left)
{
	const struct hidp__chain *c = t->chain;
	double slack = -INFINITY;
	for (uint32_t cut = 0; (cut = hidp__next_cut(t->ends, c->words, cut)) <= c->items; cut++) {
		double more = c->priced ? left - c->rest[cut] : cut;
		if (c->priced && more < -ROUNDING)
			t->ends[cut / 64] &= ~((uint64_t)1 << (cut % 64));
		else if (more > slack)
			slack = more;
	}
	return slack;
}

/* The state with one processor of the class more; `count`, which grows: where it is written. */
static void add_state(struct hidp__tiler *t, uint32_t from, uint32_t class, uint32_t *count,
                      uint32_t most, double left, double slack)
{
	const struct hidp__chain *c = t->chain;
	uint32_t last = c->paired ? class : NO_CLASS, state = *count;
	uint64_t *key = key_of(t, state), hash = last;
	memcpy(key, key_of(t, from), t->key_words * sizeof *key);
	key[t->word[class]] += (uint64_t)1 << t->shift[class];
	for (uint32_t w = 0; w < t->key_words; w++)
		hash = (hash ^ key[w]) * 0x9e3779b97f4a7c15u + (hash >> 29);
	uint32_t at = (uint32_t)(hash >> 32) & (t->table_size - 1);
	for (; t->table[at] >> 32 == t->stamp; at = (at + 1) & (t->table_size - 1)) {
		uint32_t known = (uint32_t)t->table[at];
		if (t->last[known] != last ||
		    memcmp(key_of(t, known), key, t->key_words * sizeof *key) != 0)
			continue;
		for (uint32_t w = 0; w < c->words; w++)
			cuts_of(t, known)[w] |= t->ends[w];
		t->slack[known] = fmax(t->slack[known], slack);
		return;
	}
	if (*count == most) {
		t->all = false;
		return;
	}
	t->table[at] = (uint64_t)t->stamp << 32 | state;
	t->last[state] = last;
	t->left[state] = left;
	t->slack[state] = slack;
	memcpy(cuts_of(t, state), t->ends, c->words * sizeof *t->ends);
	(*count)++;
}

/* Keeps of a state's cuts those from where something begins that does not begin later as well. */
static void drop_early(struct hidp__tiler *t, uint32_t state)
{
	const struct hidp__chain *c = t->chain;
	uint64_t *cuts = cuts_of(t, state);
	memcpy(t->starts, cuts, c->words * sizeof *cuts);
	for (uint32_t k = 0; k < c->classes; k++)
		for (uint32_t w = 0; w < c->words && used(t, state, k) < c->size[k]; w++)
			t->starts[w] &= c->open[(size_t)k * c->words + w];
	for (uint32_t w = c->words; w-- > 0;) {
		if (t->starts[w] == 0)
			continue;
		cuts[w] &= ~(uint64_t)0 << (63 - __builtin_clzll(t->starts[w]));
		memset(cuts, 0, w * sizeof *cuts);
		return;
	}
}

static int falling(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x < *y) - (*x > *y);
}

/* Only `width` states are gone on from, those with most slack. */
static void narrow(struct hidp__tiler *t, uint32_t begin, uint32_t *end, uint32_t width)
{
	uint32_t count = *end - begin, kept = begin, level = 0;
	if (count <= width)
		return;
	t->all = false;
	memcpy(t->sorted, t->slack + begin, count * sizeof *t->sorted);
	qsort(t->sorted, count, sizeof *t->sorted, falling);
	double least = t->sorted[width - 1];
	for (uint32_t i = 0; i < width; i++)
		level += t->sorted[i] == least;
	for (uint32_t s = begin; s < *end; s++) {
		if (t->slack[s] < least || (t->slack[s] == least && level == 0))
			continue;
		level -= t->slack[s] == least;
		memcpy(key_of(t, kept), key_of(t, s), t->key_words * sizeof *t->keys);
		memcpy(cuts_of(t, kept), cuts_of(t, s), t->chain->words * sizeof *t->cuts);
		t->last[kept] = t->last[s];
		t->left[kept] = t->left[s];
		t->slack[kept++] = t->slack[s];
	}
	*end = kept;
}

/* From a state, `size` processors in, with a run of a class to a cut: the run, and where it was
 * before. */
static uint32_t find_before(struct hidp__tiler *t, uint32_t size, uint32_t state,
                            struct hidp__tile *tile)
{
	const struct hidp__chain *c = t->chain;
	for (uint32_t k = 0; k < c->classes; k++) {
		if (used(t, state, k) == 0 || (c->paired && t->last[state] != k))
			continue;
		uint64_t *key = key_of(t, state);
		key[t->word[k]] -= (uint64_t)1 << t->shift[k];
		uint32_t from = t->begin[size - 1];
		for (; from < t->begin[size]; from++) {
			uint32_t cut = 0;
			if (memcmp(key_of(t, from), key, t->key_words * sizeof *key) != 0 ||
			    !find_starts(t, from, k))
				continue;
			while ((cut = hidp__next_cut(t->starts, c->words, cut)) < c->items) {
				uint64_t one[64] = {0};
				hidp__put(one, cut);
				hidp__chain_ends(c, k, one, t->ends);
				if (hidp__has(t->ends, tile->end))
					break;
				cut++;
			}
			if (cut < c->items) {
				tile->class = k;
				tile->begin = cut;
				break;
			}
		}
		key[t->word[k]] += (uint64_t)1 << t->shift[k];
		if (from < t->begin[size])
			return from;
	}
	return UINT32_MAX;
}

/* The runs up to a last one of the class behind a state; how many. */
static uint32_t follow(struct hidp__tiler *t, uint32_t size, uint32_t state, uint32_t class,
                       struct hidp__tile *tiles)
{
	const struct hidp__chain *c = t->chain;
	uint32_t count = size + 1, end = c->items;
	find_starts(t, state, class);
	for (uint32_t cut = 0; (cut = hidp__next_cut(t->starts, c->words, cut)) < c->items; cut++) {
		uint64_t one[64] = {0};
		hidp__put(one, cut);
		hidp__chain_ends(c, class, one, t->ends);
		if (hidp__has(t->ends, c->items))
			end = cut;
	}
	tiles[size] = (struct hidp__tile){class, end, c->items};
	while (size > 0 && state != UINT32_MAX) {
		tiles[size - 1].end = tiles[size].begin;
		state = find_before(t, size, state, &tiles[size - 1]);
		size--;
	}
	return state != UINT32_MAX ? count : 0;
}

/* All states behind one; true: a run reaches the end, of class *class. */
static bool go_on(struct hidp__tiler *t, uint32_t state, uint32_t *count, uint32_t most,
                  uint32_t *class)
{
	struct hidp__chain *c = t->chain;
	drop_early(t, state);
	for (uint32_t k = 0; k < c->classes; k++) {
		if (used(t, state, k) == c->size[k] || !find_starts(t, state, k))
			continue;
		hidp__chain_ends(c, k, t->starts, t->ends);
		c->work += 12 + 3 * (uint64_t)c->words;
		if (hidp__has(t->ends, c->items)) {
			*class = k;
			return true;
		}
		double left = t->left[state] - (c->priced ? c->price[k] : 0);
		double slack = drop_ends(t, left);
		if (slack > -INFINITY)
			add_state(t, state, k, count, most, left, slack);
	}
	return false;
}

enum hidp__tiling hidp__tile(struct hidp__tiler *t, uint32_t width, uint64_t work,
                             struct hidp__tile *tiles, uint32_t *count)
{
	struct hidp__chain *c = t->chain;
	uint32_t sizes = c->count < c->items ? c->count : c->items;
	t->all = true;
	memset(key_of(t, 0), 0, t->key_words * sizeof *t->keys);
	memset(cuts_of(t, 0), 0, c->words * sizeof *t->cuts);
	hidp__put(cuts_of(t, 0), 0);
	t->last[0] = NO_CLASS;
	t->left[0] = 1;
	t->begin[0] = 0;
	t->begin[1] = 1;
	width = width < t->width ? width : t->width;
	for (uint32_t size = 0; size < sizes; size++) {
		uint32_t end = t->begin[size + 1];
		uint64_t room = (uint64_t)end + (uint64_t)width * MADE;
		uint32_t most = room < t->room ? (uint32_t)room : t->room - 1, class;
		if (end == t->begin[size])
			break;
		t->stamp++;
		for (uint32_t s = t->begin[size]; s < t->begin[size + 1]; s++) {
			if (c->work > work)
				return HIDP__NOT_TILED;
			if (go_on(t, s, &end, most, &class)) {
				*count = follow(t, size, s, class, tiles);
				return *count > 0 ? HIDP__TILED : HIDP__NOT_TILED;
			}
		}
		narrow(t, t->begin[size + 1], &end, width);
		if (size + 1 < sizes)
			t->begin[size + 2] = end;
	}
	return t->all ? HIDP__NO_TILING : HIDP__NOT_TILED;
}
