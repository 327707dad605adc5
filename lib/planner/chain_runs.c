/* SPDX-License-Identifier: MIT */
/* Runs under a threshold: what a processor can do from every cut on. */
#include <stdlib.h>
#include <string.h>

#include "planner/chain_priv.h"

/* Sums of the same figures in another order. */
#define ROUNDING 1e-12

static size_t cell(const struct hidp__chain *c, uint32_t class, uint32_t cut)
{
	return (size_t)class * (c->items + 1) + cut;
}

static int rising(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* Sets of the cuts at which no more crosses than so much; level 0 is nothing. */
static bool find_levels(struct hidp__chain *c)
{
	c->level_bytes = hidp__arena_alloc(c->arena, (size_t)c->items + 1, sizeof(double));
	if (c->level_bytes == NULL)
		return false;
	c->level_bytes[0] = 0;
	memcpy(c->level_bytes + 1, c->bytes + 1, (c->items - 1) * sizeof(double));
	qsort(c->level_bytes, c->items, sizeof(double), rising);
	for (uint32_t i = 0; i < c->items; i++)
		if (i == 0 || c->level_bytes[i] > c->level_bytes[c->levels - 1])
			c->level_bytes[c->levels++] = c->level_bytes[i];
	c->level_cuts = hidp__arena_calloc(c->arena, (size_t)c->levels * c->words, sizeof(uint64_t));
	if (c->level_cuts == NULL)
		return false;
	for (uint32_t i = 0; i < c->levels; i++)
		for (uint32_t cut = 1; cut < c->items; cut++)
			if (c->bytes[cut] <= c->level_bytes[i])
				hidp__put(c->level_cuts + (size_t)i * c->words, cut);
	c->work += (uint64_t)c->levels * c->items / 8;
	return true;
}

bool hidp__chain_runs_begin(struct hidp__chain *c)
{
	if (!find_levels(c))
		return false;
	size_t sets = (size_t)c->classes * c->words;
	c->reach = hidp__arena_alloc(c->arena, (size_t)c->classes * c->items, sizeof *c->reach);
	c->ins = hidp__arena_alloc(c->arena, sets, sizeof *c->ins);
	c->outs = hidp__arena_alloc(c->arena, sets, sizeof *c->outs);
	c->open = hidp__arena_alloc(c->arena, sets, sizeof *c->open);
	c->ends = hidp__arena_calloc(c->arena, c->classes, sizeof *c->ends);
	if (c->reach == NULL || c->ins == NULL || c->outs == NULL || c->open == NULL || c->ends == NULL)
		return false;
	if (c->paired) {
		c->pairs = hidp__arena_alloc(c->arena, sets * c->classes, sizeof *c->pairs);
		if (c->pairs == NULL)
			return false;
	}
	for (uint32_t k = 0; k < c->classes; k++) {
		if (c->fits[k] == NULL && !c->works[k])
			continue;
		c->ends[k] = hidp__arena_alloc(c->arena, (size_t)c->items * c->words,
		                               sizeof **c->ends);
		if (c->ends[k] == NULL)
			return false;
	}
	return true;
}

/* Does a time fit? If not, it may be the next threshold. */
static bool allows(struct hidp__chain *c, double seconds)
{
	if (seconds <= c->most * (1 + ROUNDING))
		return true;
	if (seconds < c->next)
		c->next = seconds;
	return false;
}

/* The longest runs of a class. */
static void find_reach(struct hidp__chain *c, uint32_t class)
{
	const double *until = c->until_s + cell(c, class, 0);
	const uint32_t *barred = c->barred + cell(c, class, 0);
	uint32_t *reach = c->reach + (size_t)class * c->items;
	for (uint32_t begin = 0, end = 0; begin < c->items; begin++) {
		end = end < begin ? begin : end;
		while (end < c->items && barred[end + 1] == barred[begin] &&
		       until[end + 1] - until[begin] <= c->most * (1 + ROUNDING))
			end++;
		if (end < c->items && barred[end + 1] == barred[begin])
			allows(c, until[end + 1] - until[begin]);
		reach[begin] = end;
	}
}

/* The cuts between items at which what crosses is not too much. */
static const uint64_t *find_cuts(struct hidp__chain *c, double Bps)
{
	uint32_t low = 0, high = c->levels; /* level `low` is allowed, level `high` is not */
	while (high - low > 1) {
		uint32_t level = low + (high - low) / 2;
		if (c->level_bytes[level] / Bps <= c->most * (1 + ROUNDING))
			low = level;
		else
			high = level;
	}
	if (high < c->levels)
		allows(c, c->level_bytes[high] / Bps);
	return c->level_cuts + (size_t)low * c->words;
}

static void find_hand_overs(struct hidp__chain *c, uint32_t class)
{
	uint64_t *in = c->ins + (size_t)class * c->words, *out = c->outs + (size_t)class * c->words;
	memcpy(in, find_cuts(c, c->in[class].between), c->words * sizeof *in);
	memcpy(out, find_cuts(c, c->out[class].between), c->words * sizeof *out);
	if (allows(c, hidp__chain_send_s(c, c->in[class].end, 0)))
		hidp__put(in, 0);
	if (allows(c, hidp__chain_send_s(c, c->out[class].end, c->items)))
		hidp__put(out, c->items);
}

static void find_pairs(struct hidp__chain *c)
{
	for (uint32_t at = 0; at < c->classes * c->classes; at++)
		memcpy(c->pairs + (size_t)at * c->words, find_cuts(c, c->pair_Bps[at]),
		       c->words * sizeof *c->pairs);
}

/* What transfers keep a processor busy for at least. */
static double transfer_s(const struct hidp__chain *c, uint32_t class, uint32_t begin, uint32_t end)
{
	const struct hidp__chain_side *in = &c->in[class], *out = &c->out[class];
	return hidp__chain_send_s(c, begin == 0 ? in->own_end : in->own_between, begin) +
	       hidp__chain_send_s(c, end == c->items ? out->own_end : out->own_between, end);
}

/* One by one, where memory or messages count beside the time. */
static void list_ends(struct hidp__chain *c, uint32_t class)
{
	const double *until = c->until_s + cell(c, class, 0);
	const uint64_t *out = c->outs + (size_t)class * c->words;
	for (uint32_t begin = 0; begin < c->items; begin++) {
		uint64_t *ends = c->ends[class] + (size_t)begin * c->words;
		uint32_t last = c->reach[(size_t)class * c->items + begin];
		memset(ends, 0, c->words * sizeof *ends);
		if (last > begin)
			hidp__put_all(ends, begin + 1, last);
		for (uint32_t w = 0; w < c->words; w++)
			ends[w] &= out[w] & (c->fits[class] != NULL
			                             ? c->fits[class][(size_t)begin * c->words + w]
			                             : ~(uint64_t)0);
		for (uint32_t end = begin + 1; end <= last && c->works[class]; end++) {
			double load = until[end] - until[begin] + transfer_s(c, class, begin, end);
			if (hidp__has(ends, end) && !allows(c, load))
				ends[end / 64] &= ~((uint64_t)1 << (end % 64));
		}
	}
}

/*
 * Where a run that begins earlier can begin as well, with the same end: cuts in `ins` that do not
 * make memory or messages more.
 */
static void find_open(struct hidp__chain *c, uint32_t class)
{
	uint64_t *open = c->open + (size_t)class * c->words;
	const uint64_t *in = c->ins + (size_t)class * c->words;
	uint64_t before[64];
	memcpy(open, in, c->words * sizeof *open);
	if (c->ends[class] == NULL)
		return;
	if (c->words > sizeof before / sizeof *before) {
		memset(open, 0, c->words * sizeof *open);
		return;
	}
	memset(before, 0, sizeof before);
	for (uint32_t begin = 0; begin < c->items; begin++) {
		const uint64_t *ends = c->ends[class] + (size_t)begin * c->words;
		bool as_good = true;
		for (uint32_t w = begin / 64; w < c->words; w++) {
			uint64_t behind = w == begin / 64 ? ~(uint64_t)1 << (begin % 64) : ~(uint64_t)0;
			as_good &= (before[w] & behind & ~ends[w]) == 0;
		}
		if (!as_good)
			open[begin / 64] &= ~((uint64_t)1 << (begin % 64));
		for (uint32_t w = 0; w < c->words && hidp__has(in, begin); w++)
			before[w] |= ends[w];
	}
}

void hidp__chain_runs(struct hidp__chain *c, double most)
{
	c->most = most;
	c->next = INFINITY;
	if (c->paired)
		find_pairs(c);
	for (uint32_t k = 0; k < c->classes; k++) {
		find_reach(c, k);
		find_hand_overs(c, k);
		if (c->ends[k] != NULL)
			list_ends(c, k);
		find_open(c, k);
		for (uint32_t j = 0; j < c->classes && c->paired; j++)
			for (uint32_t w = 0; w < c->words; w++)
				c->open[(size_t)k * c->words + w] &=
				        c->pairs[((size_t)j * c->classes + k) * c->words + w];
	}
	c->work += (uint64_t)c->classes * c->items * (c->paired ? c->classes : 1) / 4;
}

void hidp__chain_ends(const struct hidp__chain *c, uint32_t class, const uint64_t *starts,
                      uint64_t *ends)
{
	const uint32_t *reach = c->reach + (size_t)class * c->items;
	const uint64_t *out = c->outs + (size_t)class * c->words;
	memset(ends, 0, c->words * sizeof *ends);
	for (uint32_t cut = 0; (cut = hidp__next_cut(starts, c->words, cut)) < c->items; cut++) {
		if (reach[cut] == cut)
			continue;
		if (c->ends[class] == NULL) {
			hidp__put_all(ends, cut + 1, reach[cut]);
			continue;
		}
		for (uint32_t w = 0; w < c->words; w++)
			ends[w] |= c->ends[class][(size_t)cut * c->words + w];
	}
	for (uint32_t w = 0; w < c->words; w++)
		ends[w] &= out[w];
}

double hidp__chain_load(const struct hidp__chain *c, uint32_t before, const struct hidp__tile *run,
                        uint32_t behind)
{
	uint32_t k = run->class;
	double in = hidp__chain_send_s(c, c->in[k].end, run->begin);
	double out = hidp__chain_send_s(c, c->out[k].end, run->end);
	double seconds = c->until_s[cell(c, k, run->end)] - c->until_s[cell(c, k, run->begin)];
	if (run->begin > 0)
		in = hidp__chain_send_s(c, c->pair_Bps[(size_t)before * c->classes + k], run->begin);
	if (run->end < c->items)
		out = hidp__chain_send_s(c, c->pair_Bps[(size_t)k * c->classes + behind], run->end);
	return fmax(fmax(in, out), seconds + (c->works[k] ? in + out : 0));
}
