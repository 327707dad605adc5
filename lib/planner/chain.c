/* SPDX-License-Identifier: MIT */
/*
 * The least threshold under which runs of processors of their own tile the chain. Between a
 * threshold under which that was proven impossible and the longest load of what was found, more
 * and more is tried: prices first, then few sets of processors of every size, then many.
 */
#include <string.h>

#include "planner/chain_priv.h"

/* Two thresholds that cannot be told apart. */
#define SAME 1e-12
/* Up to so many sets of processors in all prices are not worth it, or not to be adjusted. */
#define UNPRICED 80
#define ALL 640
/* Of more than these so many of each size are gone on from at first, and so many in the end. */
#define FEW 64
#define MANY 16384
#define BYTES_MAX 24000000
/* Rounds of prices. */
#define PRICE_ROUNDS 24
/* and, in the end, how often the bound is raised, in how many rounds each, with how much of the
 * work that may be done. */
#define RAISES 9
#define RAISE_ROUNDS 160
#define RAISE_PART 0.15
/* Beyond these nothing is looked for. */
#define CLASSES_MAX 256
#define CELLS_MAX 400000

struct thresholds {
	struct hidp__chain *c;
	struct hidp__tiler *tiler;
	uint32_t width;   /* of the tiler */
	bool priced;
	uint32_t rounds;  /* in which prices are adjusted */
	uint64_t work;    /* at most */
	double lower;     /* nothing below */
	double upper;     /* what was found */
	struct hidp__tile *tiles, *tried;
	uint32_t count;
};

/* Is the longest load of what was found the least? */
static bool is_met(double lower, double upper)
{
	return lower >= upper * (1 - SAME);
}

static double longest(const struct hidp__chain *c, const struct hidp__tile *tiles, uint32_t count)
{
	double most = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t before = i > 0 ? tiles[i - 1].class : 0;
		uint32_t behind = i + 1 < count ? tiles[i + 1].class : 0;
		most = fmax(most, hidp__chain_load(c, before, &tiles[i], behind));
	}
	return most;
}

/* Looks under one threshold, and moves a bound. */
static enum hidp__tiling look(struct thresholds *t, double most)
{
	struct hidp__chain *c = t->c;
	uint32_t count;
	hidp__chain_runs(c, most);
	enum hidp__tiling tiling = HIDP__NOT_TILED;
	c->priced = false;
	if (t->priced && hidp__chain_is_too_dear(c, t->rounds))
		tiling = HIDP__NO_TILING;
	else
		tiling = hidp__tile(t->tiler, t->width, t->work, t->tried, &count);
	if (tiling == HIDP__NO_TILING)
		t->lower = fmax(t->lower, c->next);
	if (tiling != HIDP__TILED)
		return tiling;
	double value = longest(c, t->tried, count);
	if (value < t->upper) {
		struct hidp__tile *other = t->tiles;
		t->upper = value;
		t->count = count;
		t->tiles = t->tried;
		t->tried = other;
	}
	return tiling;
}

/* Halves what is between the bounds, leaving out what could not be told. */
static void halve(struct thresholds *t, double near)
{
	double floor = t->lower;
	while (!is_met(floor, t->upper) && t->upper - floor > near * t->upper &&
	       t->c->work < t->work) {
		double before = t->upper, most = (floor + t->upper) / 2;
		enum hidp__tiling tiling = look(t, most);
		/* what tiles can take longer, as messages depend on both sides */
		if (tiling == HIDP__NOT_TILED || (tiling == HIDP__TILED && !(t->upper < before)))
			floor = fmax(floor, fmin(t->c->next, t->upper));
		floor = fmax(floor, t->lower);
	}
}

/* Up from a guess, until something is found. false: there is nothing. */
static bool find_any(struct thresholds *t, double guess)
{
	for (double most = guess; t->c->work < t->work; most *= 1.25) {
		if (most < t->lower)
			most = t->lower;
		enum hidp__tiling tiling = look(t, most);
		if (tiling == HIDP__TILED)
			return true;
		if (t->c->next == INFINITY)
			return false; /* all runs were allowed */
		if (t->c->next > most)
			most = fmax(most, t->c->next / 1.25);
	}
	return false;
}

/* Items that every processor alone could do in a second, together. */
static double guess_most(const struct hidp__chain *c)
{
	double each = 0, largest = 0;
	for (uint32_t k = 0; k < c->classes; k++) {
		double all = c->until_s[(size_t)k * (c->items + 1) + c->items];
		each += all > 0 ? c->size[k] / all : 0;
	}
	for (uint32_t i = 0; i < c->items; i++) {
		double least = INFINITY;
		for (uint32_t k = 0; k < c->classes; k++) {
			const double *until = c->until_s + (size_t)k * (c->items + 1);
			const uint32_t *barred = c->barred + (size_t)k * (c->items + 1);
			if (barred[i + 1] == barred[i])
				least = fmin(least, until[i + 1] - until[i]);
		}
		largest = fmax(largest, least);
	}
	return fmax(each > 0 ? 1.05 / each : 0, largest);
}

static uint32_t width_of(const struct hidp__chain *c)
{
	uint32_t sizes = c->count < c->items ? c->count : c->items;
	size_t bytes = ((size_t)c->words + c->count / 32 + 5) * 8 * sizes;
	size_t width = BYTES_MAX / bytes;
	return width < MANY ? (uint32_t)width : MANY;
}

/* The bound as far as prices alone show it. */
static void raise_bound(struct thresholds *t)
{
	double high = t->upper;
	uint64_t most = t->work + (uint64_t)((double)t->work * RAISE_PART);
	for (int i = 0; i < RAISES && !is_met(t->lower, high) && t->c->work < most; i++) {
		double threshold = (t->lower + high) / 2;
		hidp__chain_runs(t->c, threshold);
		if (hidp__chain_is_too_dear(t->c, RAISE_ROUNDS))
			t->lower = fmax(t->lower, t->c->next);
		else
			high = threshold;
	}
}

/* HIDP_ERR_NOMEM. */
static hidp_status search(struct thresholds *t)
{
	struct hidp__chain *c = t->c;
	uint32_t states = hidp__tile_states(c);
	bool large = states > ALL;
	t->tiles = hidp__arena_alloc(c->arena, c->count, sizeof *t->tiles);
	t->tried = hidp__arena_alloc(c->arena, c->count, sizeof *t->tried);
	t->width = large ? FEW : ALL;
	t->tiler = hidp__tiler_new(c, t->width);
	if (t->tiles == NULL || t->tried == NULL || t->tiler == NULL)
		return HIDP_ERR_NOMEM;
	t->priced = states > UNPRICED;
	t->rounds = large ? PRICE_ROUNDS : 0;
	if (find_any(t, guess_most(c)))
		halve(t, 0);
	if (is_met(t->lower, t->upper) || !large)
		return HIDP_OK;
	t->width = width_of(c);
	t->tiler = hidp__tiler_new(c, t->width);
	if (t->tiler == NULL)
		return HIDP_ERR_NOMEM;
	if (t->upper < INFINITY)
		look(t, t->upper * (1 - SAME));
	else if (!find_any(t, guess_most(c)))
		return HIDP_OK;
	halve(t, 0);
	if (!is_met(t->lower, t->upper))
		raise_bound(t);
	return HIDP_OK;
}

static hidp_status write_pipeline(const struct hidp__chain *c, const struct thresholds *t,
                                  struct hidp__pipeline *pipeline)
{
	uint32_t *turn = hidp__arena_calloc(c->arena, c->classes, sizeof *turn);
	if (turn == NULL)
		return HIDP_ERR_NOMEM;
	pipeline->longest = t->upper;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct hidp__tile *tile = &t->tiles[i];
		uint32_t processor = turn[tile->class];
		while (c->class_of[processor] != tile->class)
			processor++;
		turn[tile->class] = processor + 1;
		for (uint32_t l = c->first[tile->begin]; l < c->first[tile->end]; l++)
			pipeline->on[l] = c->number[processor];
	}
	return HIDP_OK;
}

hidp_status hidp__chain_search(struct hidp__pipeline *pipeline, struct hidp__search *search_,
                               uint64_t work, double *lower_bound)
{
	struct hidp__arena_mark mark = hidp__arena_here(search_->arena);
	struct hidp__chain c = {.tables = search_->tables, .arena = search_->arena};
	struct thresholds t = {.c = &c, .work = work, .upper = INFINITY};
	hidp_status status = HIDP_ERR_NOMEM;
	pipeline->longest = INFINITY;
	*lower_bound = 0;
	if (hidp__chain_begin(&c)) {
		status = HIDP_OK;
		if (c.items <= HIDP__CHAIN_ITEMS_MAX && c.classes <= CLASSES_MAX && c.count > 0 &&
		    (uint64_t)c.classes * c.items * c.words <= CELLS_MAX)
			status = hidp__chain_runs_begin(&c) && hidp__chain_prices_begin(&c)
			                 ? search(&t)
			                 : HIDP_ERR_NOMEM;
		if (status == HIDP_OK && t.upper < INFINITY)
			status = write_pipeline(&c, &t, pipeline);
		if (status == HIDP_OK && c.complete)
			*lower_bound = is_met(t.lower, t.upper) ? t.upper : t.lower;
	}
	search_->work += c.work;
	hidp__arena_back(search_->arena, mark);
	return status;
}
