/* SPDX-License-Identifier: MIT */
/*
 * A price for every class. Runs that tile the chain, each at the price of its class, cost no less
 * than the cheapest way from end to end, on which a processor may be used again and again. Where
 * that costs more than all processors together no tiling exists. Prices rise for what the
 * cheapest way uses too often, and fall for what it does not use.
 */
#include <string.h>

#include "planner/chain_priv.h"

#define SURELY 1e-9
/* Steps of prices: the first, how the others become smaller, and the least. */
#define STEP 0.5
#define STEP_FALLS 0.98
#define STEP_LEAST 0.02

struct way {
	uint32_t class, end;
};

/*
 * Where runs of a class may end, as far as no earlier end is as cheap: the cheapest comes first,
 * and what a run from the cut at hand does not reach is gone.
 */
struct window {
	uint32_t *cuts;
	uint32_t head, tail;
};

struct hidp__pricing_runs {
	double *price, *rest; /* that are tried */
	struct way *ways;     /* [cut] the cheapest run from there */
	struct window *windows; /* [class] */
	double step;
	uint32_t *used;       /* [class] on the cheapest way */
};

bool hidp__chain_prices_begin(struct hidp__chain *c)
{
	struct hidp__pricing_runs *p = hidp__arena_alloc(c->arena, 1, sizeof *p);
	uint32_t *cuts = hidp__arena_alloc(c->arena, (size_t)c->classes * c->items, sizeof *cuts);
	double sum = 0;
	c->price = hidp__arena_calloc(c->arena, c->classes, sizeof *c->price);
	c->rest = hidp__arena_calloc(c->arena, (size_t)c->items + 1, sizeof *c->rest);
	if (p == NULL || cuts == NULL || c->price == NULL || c->rest == NULL)
		return false;
	p->price = hidp__arena_alloc(c->arena, c->classes, sizeof *p->price);
	p->rest = hidp__arena_alloc(c->arena, (size_t)c->items + 1, sizeof *p->rest);
	p->ways = hidp__arena_alloc(c->arena, c->items, sizeof *p->ways);
	p->windows = hidp__arena_alloc(c->arena, c->classes, sizeof *p->windows);
	p->used = hidp__arena_alloc(c->arena, c->classes, sizeof *p->used);
	if (p->price == NULL || p->rest == NULL || p->ways == NULL || p->windows == NULL ||
	    p->used == NULL)
		return false;
	c->pricing = p;
	p->step = STEP;
	/* in the beginning what they could do of the chain */
	for (uint32_t k = 0; k < c->classes; k++) {
		double all = c->until_s[(size_t)k * (c->items + 1) + c->items];
		p->windows[k].cuts = cuts + (size_t)k * c->items;
		c->price[k] = all > 0 ? 1 / all : 1;
		sum += c->price[k] * c->size[k];
	}
	for (uint32_t k = 0; k < c->classes; k++)
		c->price[k] /= sum;
	return true;
}

/* The cheapest end of a run from a cut on, the cut itself if there is none; cuts come backwards. */
static uint32_t cheapest_end(struct hidp__chain *c, uint32_t class, uint32_t begin,
                             const double *rest, struct window *w)
{
	uint32_t reach = c->reach[(size_t)class * c->items + begin], best = begin;
	if (c->ends[class] != NULL) {
		const uint64_t *ends = c->ends[class] + (size_t)begin * c->words;
		for (uint32_t end = reach; end > begin; end--)
			if (hidp__has(ends, end) && (best == begin || rest[end] < rest[best]))
				best = end;
		c->work += (reach - begin) / 4;
		return best;
	}
	if (hidp__has(c->outs + (size_t)class * c->words, begin + 1)) {
		while (w->tail > w->head && rest[w->cuts[w->tail - 1]] >= rest[begin + 1])
			w->tail--;
		w->cuts[w->tail++] = begin + 1;
	}
	while (w->tail > w->head && w->cuts[w->head] > reach)
		w->head++;
	return w->tail > w->head ? w->cuts[w->head] : begin;
}

/* What the rest costs from every cut on, backwards. */
static void find_rest(struct hidp__chain *c, struct hidp__pricing_runs *p)
{
	double *rest = p->rest;
	rest[c->items] = 0;
	for (uint32_t k = 0; k < c->classes; k++)
		p->windows[k].head = p->windows[k].tail = 0;
	for (uint32_t begin = c->items; begin-- > 0;) {
		rest[begin] = INFINITY;
		for (uint32_t k = 0; k < c->classes; k++) {
			uint32_t end = cheapest_end(c, k, begin, rest, &p->windows[k]);
			if (end == begin || !(rest[end] + p->price[k] < rest[begin]) ||
			    !hidp__has(c->ins + (size_t)k * c->words, begin))
				continue;
			rest[begin] = rest[end] + p->price[k];
			p->ways[begin] = (struct way){k, end};
		}
	}
	c->work += (uint64_t)c->items * c->classes;
}

/* Prices go towards what is used more often than there is of it. */
static void adjust(const struct hidp__chain *c, struct hidp__pricing_runs *p, double step)
{
	double sum = 0;
	memset(p->used, 0, c->classes * sizeof *p->used);
	for (uint32_t cut = 0; cut < c->items; cut = p->ways[cut].end)
		p->used[p->ways[cut].class]++;
	for (uint32_t k = 0; k < c->classes; k++) {
		double over = (double)p->used[k] / c->size[k] - 1;
		p->price[k] *= exp(step * (over > 1 ? 1 : over));
		sum += p->price[k] * c->size[k];
	}
	for (uint32_t k = 0; k < c->classes; k++)
		p->price[k] /= sum;
}

bool hidp__chain_is_too_dear(struct hidp__chain *c, uint32_t rounds)
{
	struct hidp__pricing_runs *p = c->pricing;
	double best = -1;
	memcpy(p->price, c->price, c->classes * sizeof *p->price);
	for (uint32_t i = 0; i <= rounds && !(best > 1 + SURELY); i++) {
		find_rest(c, p);
		if (p->rest[0] > best) {
			best = p->rest[0];
			memcpy(c->price, p->price, c->classes * sizeof *p->price);
			memcpy(c->rest, p->rest, (c->items + 1) * sizeof *p->rest);
		}
		if (p->rest[0] == INFINITY)
			break;
		adjust(c, p, p->step);
		p->step = fmax(p->step * STEP_FALLS, STEP_LEAST);
	}
	c->priced = true;
	return best > 1 + SURELY;
}
