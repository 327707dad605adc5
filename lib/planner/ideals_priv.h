/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_IDEALS_PRIV_H
#define HIDP_PLANNER_IDEALS_PRIV_H

#include <string.h>

#include "planner/placement_priv.h"

/*
 * What the files of ideals share. A lump is an item with those of which it is clear that
 * they go with it best: they take no time, read of it alone and send nothing. Lumps are
 * numbered so that each stands behind those that it reads. A set of lumps is `words` words.
 */

/* A tensor between lumps. */
struct flow {
	uint32_t maker; /* UINT32_MAX: it is in the shared memory */
	bool kept;      /* wanted there in the end */
	double bytes;
	uint64_t *readers;    /* [words] lumps */
	uint32_t word, words; /* the words of it that are not 0: from, and how many */
};

struct lumps {
	const struct hidp__placement *p;
	const struct hidp__classes *classes;
	struct hidp__arena *arena;
	uint32_t count, words;
	uint32_t *of;      /* [turn of an item] its lump; UINT32_MAX: the item takes no time, reads
	                      nothing and sends nothing, it goes where it is read first */
	uint64_t *needs;   /* [lump * words] lumps that it reads */
	uint64_t *readers; /* [lump * words] lumps that read of it */
	double *seconds;   /* [lump * classes + class]; 0 where it cannot run */
	bool *barred;      /* likewise: it cannot run */
	struct flow *flows;
	uint32_t flow_count, flow_words;
	/* flows that a lump makes or reads: touched[touched_begin[lump] ..] */
	uint32_t *touched, *touched_begin;
};

/* An ideal: a set of lumps that contains all that its lumps read. */
struct ideal {
	uint64_t hash;
	uint64_t rank;     /* whole numbers as good as its work; a part of it has a lower rank */
	uint64_t from;     /* rank of the highest of its parts (or its own) that is reached */
	double made, open; /* bytes wanted outside: of its own tensors, of all */
};

/* Ideals, as far as they have been looked for. */
struct lattice {
	const struct lumps *lumps;
	uint32_t count, most; /* there are, there can be */
	uint64_t *sets;       /* [ideal * words] */
	uint64_t *ready;      /* [ideal * words] lumps outside that read nothing outside */
	uint64_t *front;      /* [ideal * flow_words] flows that are there and wanted outside */
	struct ideal *ideals;
	double *work;     /* [ideal * classes + class] seconds of its lumps */
	uint32_t *bars;   /* likewise: how many of them cannot run */
	uint64_t *weight; /* [lump] what it adds to the rank */
	uint64_t all;     /* rank of the set of all */
	double rank_s;    /* rank for a second of the first class */
	uint32_t *table;  /* [table_size] ideal + 1, by hash of its set; half of it is empty */
	uint32_t table_size;
	uint32_t *heap; /* those that have not had their turn, by rank */
	uint32_t heap_count;
	uint32_t *order; /* those that have, by rank */
	uint32_t ordered;
};

static inline bool hidp__set_has(const uint64_t *set, uint32_t i)
{
	return set[i / 64] >> (i % 64) & 1;
}

static inline void hidp__set_put(uint64_t *set, uint32_t i)
{
	set[i / 64] |= (uint64_t)1 << (i % 64);
}

/* The first member from `i` on; at least words * 64: there is none. */
static inline uint32_t hidp__set_next(const uint64_t *set, uint32_t words, uint32_t i)
{
	for (uint32_t w = i / 64; w < words; w++, i = w * 64) {
		uint64_t here = set[w] >> (i % 64);
		if (here != 0)
			return i + (uint32_t)__builtin_ctzll(here);
	}
	return words * 64;
}

static inline bool hidp__set_within(const uint64_t *a, const uint64_t *b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (a[i] & ~b[i])
			return false;
	return true;
}

static inline bool hidp__sets_meet(const uint64_t *a, const uint64_t *b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (a[i] & b[i])
			return true;
	return false;
}

static inline const uint64_t *hidp__ideal_set(const struct lattice *l, uint32_t ideal)
{
	return l->sets + (size_t)ideal * l->lumps->words;
}

/* ideals_lumps.c: false: no memory. */
bool hidp__lumps_find(struct lumps *lumps, const struct hidp__placement *p,
                      const struct hidp__classes *classes);

/* lattice.c: the empty ideal alone. `more_bytes`: what the caller keeps for each. false: no memory.
 */
bool hidp__lattice_begin(struct lattice *lattice, const struct lumps *lumps, size_t more_bytes);

/*
 * Puts the next ideal by rank in its place in the order; false: there is none. Ideals come
 * behind all their parts if those that they grow from are grown as they come.
 */
bool hidp__lattice_next(struct lattice *lattice);

/*
 * All ideals with one lump more than this one and a rank of at most `reach` above that
 * of its highest part that is reached. false: there are too many.
 */
bool hidp__lattice_grow(struct lattice *lattice, uint32_t ideal, uint64_t reach);

#endif
