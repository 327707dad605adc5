/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_CHAIN_PRIV_H
#define HIDP_PLANNER_CHAIN_PRIV_H

#include "planner/chain.h"

/*
 * Bytes per second that a class receives, or sends, at most, whoever is on the other side: between
 * runs, and at the end of the chain. Both sides count, or only what keeps the processor busy,
 * which is less on the way over other nodes.
 */
struct hidp__chain_side {
	double between, end;
	double own_between, own_end;
};

/*
 * What the files of chains share. Cut c lies before item c; cut 0 and cut `items` are the ends.
 * A set of cuts is a row of `words` words. Processors of which each is as good as the other are a
 * class.
 */
struct hidp__chain {
	const struct hidp__tables *tables;
	struct hidp__arena *arena;
	bool complete;        /* no contiguous plan is cut elsewhere */
	uint32_t items, words;
	uint32_t *first;      /* [items + 1] layer */
	double *bytes, *elements; /* [items + 1] that cross a cut: model inputs, ..., outputs */
	uint32_t count;       /* processors */
	uint32_t *number;     /* [processor] in the cluster */
	hidp_node_id *node;   /* [processor] */
	uint32_t *class_of;   /* [processor] */
	uint32_t classes;
	uint32_t *one, *size; /* [class] a processor, and how many there are */
	double *until_s;      /* [class * (items + 1)] seconds of the items before a cut */
	uint32_t *barred;     /* likewise: items that it cannot run */
	struct hidp__chain_side *in, *out; /* [class] */
	bool paired;          /* with whom makes a difference: */
	double *pair_Bps;     /* [from * classes + to] */
	bool *works;          /* [class] transfers are work */
	uint64_t **fits;      /* [class] -> [cut * words] ends of the runs that memory has room for;
	                       * NULL: all */
	uint32_t levels;      /* of what crosses cuts between items: */
	double *level_bytes;
	uint64_t *level_cuts; /* [level * words] cuts at which no more crosses */
	/* for one threshold: what no load may be above */
	double most;
	double next;          /* nothing changes below */
	uint32_t *reach;      /* [class * items + cut] end of the longest run from there */
	uint64_t *ins, *outs; /* [class * words] where a run may begin, and end */
	uint64_t *pairs;      /* [(from * classes + to) * words] where one may hand over to the other */
	uint64_t **ends;      /* [class] -> [cut * words] ends of runs, where `reach` does not say it */
	uint64_t *open;       /* [class * words] where a run of it may begin if any may that begins before */
	/* prices (chain_prices.c): of one processor of a class, so that all of them together cost 1 */
	bool priced;
	struct hidp__pricing_runs *pricing;
	double *price;        /* [class] */
	double *rest;         /* [items + 1] what the items behind a cut cost at least */
	uint64_t work;
};

static inline bool hidp__has(const uint64_t *set, uint32_t cut)
{
	return set[cut / 64] >> (cut % 64) & 1;
}

static inline void hidp__put(uint64_t *set, uint32_t cut)
{
	set[cut / 64] |= (uint64_t)1 << (cut % 64);
}

/* Cuts first .. last are put into a set. */
static inline void hidp__put_all(uint64_t *set, uint32_t first, uint32_t last)
{
	for (uint32_t w = first / 64; w <= last / 64; w++) {
		uint64_t all = ~(uint64_t)0;
		if (w == first / 64)
			all &= ~(uint64_t)0 << (first % 64);
		if (w == last / 64)
			all &= ~(uint64_t)0 >> (63 - last % 64);
		set[w] |= all;
	}
}

/* The first cut of a set from `cut` on; `items` + 1 or more: none. */
static inline uint32_t hidp__next_cut(const uint64_t *set, uint32_t words, uint32_t cut)
{
	for (uint32_t w = cut / 64; w < words; w++) {
		uint64_t here = set[w];
		if (w == cut / 64)
			here &= ~(uint64_t)0 << (cut % 64);
		if (here != 0)
			return w * 64 + (uint32_t)__builtin_ctzll(here);
	}
	return words * 64;
}

/* A run of a class, from cut to cut. */
struct hidp__tile {
	uint32_t class, begin, end;
};

/* Items that sets of cuts are made for. */
#define HIDP__CHAIN_ITEMS_MAX 4000

/* chain_items.c: everything but what belongs to a threshold; false: no memory. */
bool hidp__chain_begin(struct hidp__chain *chain);
/* Seconds for what crosses a cut. */
double hidp__chain_send_s(const struct hidp__chain *chain, double bandwidth_Bps, uint32_t cut);

/* chain_runs.c: which runs there are, none of whose loads is above `most`. */
bool hidp__chain_runs_begin(struct hidp__chain *chain);
void hidp__chain_runs(struct hidp__chain *chain, double most);
/* Adds the ends of all runs of a class that begin at these cuts, which allow it. */
void hidp__chain_ends(const struct hidp__chain *chain, uint32_t class, const uint64_t *starts,
                      uint64_t *ends);
/* The longest load of a run between runs of two classes, if there are such. */
double hidp__chain_load(const struct hidp__chain *chain, uint32_t before,
                        const struct hidp__tile *run, uint32_t behind);

/* chain_memory.c: fills in `fits`. */
bool hidp__chain_memory(struct hidp__chain *chain);

/*
 * chain_prices.c: no runs tile the chain if what they cost, without anybody being counted twice,
 * is above what all processors cost. true: that is so. Else `price` and `rest` are of use.
 */
bool hidp__chain_prices_begin(struct hidp__chain *chain);
bool hidp__chain_is_too_dear(struct hidp__chain *chain, uint32_t rounds);

/* chain_tile.c: runs of processors of their own, one behind the other. */
enum hidp__tiling {
	HIDP__TILED,
	HIDP__NO_TILING,
	HIDP__NOT_TILED /* none was found, though not all were tried */
};

struct hidp__tiler;

/* Sets of processors, each with a class to end with where that makes a difference, that there can
 * be; UINT32_MAX: more than that. */
uint32_t hidp__tile_states(const struct hidp__chain *chain);
/* At most `width` sets of processors of each size are gone on from. NULL: no memory. */
struct hidp__tiler *hidp__tiler_new(struct hidp__chain *chain, uint32_t width);
enum hidp__tiling hidp__tile(struct hidp__tiler *tiler, uint32_t width, uint64_t work,
                             struct hidp__tile *tiles, uint32_t *count);

#endif
