/* SPDX-License-Identifier: MIT */
/*
 * Contiguous placements to the end. An ideal is a set of items that contains all that its items
 * read. Contiguous placements are chains of ideals, from none to all: each step is what one
 * processor runs. A dynamic programme over ideals (as in Tarnawski et al., Efficient
 * Algorithms for Device Placement of DNN Graph Operators, NeurIPS 2020), but one that only asks
 * whether there is a chain with all loads below what is known, and is repeated until there is
 * none. So all that is to be known of an ideal is with which processors taken it can be
 * reached, a bit each; steps that reach nothing new are not looked at, and ideals
 * behind which too much is left for the processors that are left, or that
 * no step reaches, are left out.
 */
#include "planner/ideals_priv.h"

#define STATES_MAX 4096
/* Reached ideals of which one set tells with which processors taken one of them was reached. */
#define BLOCK 64
/* Loads that differ by less are the same. */
#define ROUNDING 1e-12
/* Such a part of a load between what is known and a bound is little. */
#define NEAR 2e-3

struct steps {
	struct hidp__placement *p;
	const struct hidp__classes *classes;
	struct lumps lumps;
	struct lattice lattice;
	double all_s;   /* seconds of the first class for all */
	double *ratio;  /* [class] seconds for one second of the first class, at least */
	uint32_t words; /* of a set of states */
	uint64_t *free; /* [class * words] states in which not all of the class are taken */
	/* of the round at hand */
	double most;      /* loads are to be below it */
	double *room;     /* [state] seconds of the first class that can be left, at most */
	uint64_t *reach;  /* [class] of a step, at most, in ranks of ideals */
	uint64_t longest; /* the longest of them */
	uint32_t *first;  /* [class] first of the reached ideals that a step can come from */
	uint32_t *live;   /* reached ideals, by rank */
	uint32_t live_count;
	uint64_t *reached; /* [live * words] states in which they are */
	uint64_t *blocks;  /* [live / BLOCK * words] states in which one of a block is */
	uint64_t
		*wanted; /* [words] states in which the ideal at hand is not, but that are of use */
	uint64_t *useful; /* [class * words] states from which the class leads to one of those */
	uint64_t *any;    /* [words] from which some class does */
};

/* Seconds of a class for one second of the first class, at least. */
static void find_ratios(struct steps *s)
{
	uint32_t classes = s->classes->count;
	double *ratio = s->ratio;
	for (uint32_t k = 0; k < classes; k++) {
		ratio[k] = k == 0 ? 1 : INFINITY;
		for (uint32_t i = 0; i < s->lumps.count && k > 0; i++) {
			const double *t = s->lumps.seconds + (size_t)i * classes;
			bool barred = s->lumps.barred[(size_t)i * classes + k];
			/* what only others can run is no work of the first class */
			if (t[0] > 0 && !barred && t[k] / t[0] < ratio[k])
				ratio[k] = t[k] / t[0];
		}
	}
}

static bool begin_steps(struct steps *s)
{
	const struct hidp__classes *c = s->classes;
	struct hidp__arena *a = s->p->arena;
	s->words = (c->states + 63) / 64;
	if (!hidp__lumps_find(&s->lumps, s->p, c) ||
	    !hidp__lattice_begin(&s->lattice, &s->lumps,
	                         s->words * sizeof(uint64_t) + sizeof(uint32_t)))
		return false;
	size_t most = s->lattice.most;
	s->ratio = hidp__arena_alloc(a, c->count, sizeof *s->ratio);
	s->free = hidp__arena_calloc(a, (size_t)c->count * s->words, sizeof *s->free);
	s->room = hidp__arena_alloc(a, c->states, sizeof *s->room);
	s->reach = hidp__arena_alloc(a, c->count, sizeof *s->reach);
	s->first = hidp__arena_alloc(a, c->count, sizeof *s->first);
	s->live = hidp__arena_alloc(a, most, sizeof *s->live);
	s->reached = hidp__arena_alloc(a, most * s->words, sizeof *s->reached);
	s->blocks = hidp__arena_alloc(a, (most / BLOCK + 1) * s->words, sizeof *s->blocks);
	s->wanted = hidp__arena_alloc(a, s->words, sizeof *s->wanted);
	s->useful = hidp__arena_alloc(a, (size_t)c->count * s->words, sizeof *s->useful);
	s->any = hidp__arena_alloc(a, s->words, sizeof *s->any);
	if (s->ratio == NULL || s->free == NULL || s->room == NULL || s->reach == NULL ||
	    s->first == NULL || s->live == NULL || s->reached == NULL || s->blocks == NULL ||
	    s->wanted == NULL || s->useful == NULL || s->any == NULL)
		return false;
	for (uint32_t k = 0; k < c->count; k++)
		for (uint32_t i = 0; i < c->states; i++)
			if (hidp__taken(c, i, k) < c->size[k])
				hidp__set_put(s->free + (size_t)k * s->words, i);
	for (uint32_t i = 0; i < s->lumps.count; i++)
		s->all_s += s->lumps.seconds[(size_t)i * c->count];
	find_ratios(s);
	return true;
}

/* What can be left, and how far steps can go, with all loads below `most`. */
static void begin_round(struct steps *s, double most)
{
	const struct hidp__classes *c = s->classes;
	s->most = most * (1 - ROUNDING);
	s->longest = 0;
	s->live_count = 0;
	memset(s->first, 0, c->count * sizeof *s->first);
	for (uint32_t i = 0; i < c->states; i++) {
		s->room[i] = s->all_s * ROUNDING;
		for (uint32_t k = 0; k < c->count; k++)
			s->room[i] += (c->size[k] - hidp__taken(c, i, k)) * (most / s->ratio[k]);
	}
	for (uint32_t k = 0; k < c->count; k++) {
		/* ranks are rounded down, and then 1 more for every lump */
		double ranks =
			most / s->ratio[k] * s->lattice.rank_s * (1 + 1e-9) + s->lumps.count + 1;
		s->reach[k] = ranks < 0x1p62 ? (uint64_t)ranks : (uint64_t)1 << 62;
		s->longest = s->reach[k] > s->longest ? s->reach[k] : s->longest;
	}
}

static double work_of(const struct steps *s, uint32_t from, uint32_t to, uint32_t class)
{
	const double *work = s->lattice.work + class;
	return work[(size_t)to * s->classes->count] - work[(size_t)from * s->classes->count];
}

/* From which states a processor of each class would lead to one that is wanted. */
static void find_useful(struct steps *s)
{
	for (uint32_t k = 0; k < s->classes->count; k++) {
		const uint64_t *free = s->free + (size_t)k * s->words;
		uint32_t by = s->classes->weight[k] % 64, far = s->classes->weight[k] / 64;
		for (uint32_t w = 0; w < s->words; w++) {
			uint64_t low = w + far < s->words ? s->wanted[w + far] : 0;
			uint64_t high = w + far + 1 < s->words ? s->wanted[w + far + 1] : 0;
			uint64_t from = by == 0 ? low : low >> by | high << (64 - by);
			s->useful[(size_t)k * s->words + w] = from & free[w];
		}
	}
}

/* States of which a class would make something that is wanted are put among those reached. */
static void lead(struct steps *s, const uint64_t *states, uint32_t class)
{
	const uint64_t *useful = s->useful + (size_t) class * s->words;
	uint64_t *now = s->reached + (size_t)s->live_count * s->words;
	uint32_t by = s->classes->weight[class] % 64, far = s->classes->weight[class] / 64;
	for (uint32_t w = 0; w + far < s->words; w++) {
		uint64_t from = states[w] & useful[w];
		now[w + far] |= from << by;
		if (by != 0 && w + far + 1 < s->words)
			now[w + far + 1] |= from >> (64 - by);
	}
	for (uint32_t w = 0; w < s->words; w++)
		s->wanted[w] &= ~now[w];
	find_useful(s);
}

/* Does a step read of a tensor? */
static bool is_read_between(const struct flow *f, const uint64_t *from, const uint64_t *to)
{
	for (uint32_t w = f->word; w < f->word + f->words; w++)
		if (f->readers[w] & to[w] & ~from[w])
			return true;
	return false;
}

/* Bytes that a step copies in and out. */
static void measure_step(const struct steps *s, uint32_t from, uint32_t to, double *in, double *out)
{
	const struct lumps *u = &s->lumps;
	const uint64_t *before = s->lattice.front + (size_t)from * u->flow_words;
	const uint64_t *behind = s->lattice.front + (size_t)to * u->flow_words;
	*in = s->lattice.ideals[from].open;
	*out = s->lattice.ideals[to].made;
	for (uint32_t w = 0; w < u->flow_words; w++)
		for (uint64_t both = before[w] & behind[w]; both != 0; both &= both - 1) {
			const struct flow *f = &u->flows[w * 64 + (uint32_t)__builtin_ctzll(both)];
			if (!is_read_between(f, hidp__ideal_set(&s->lattice, from),
			                     hidp__ideal_set(&s->lattice, to)))
				*in -= f->bytes;
			if (f->maker != UINT32_MAX)
				*out -= f->bytes;
		}
}

/* The load of a step, if a class can run it; INFINITY: it cannot. */
static double load_of(const struct steps *s, uint32_t from, uint32_t to, uint32_t class)
{
	const uint32_t *bars = s->lattice.bars + class;
	size_t classes = s->classes->count;
	double load = work_of(s, from, to, class), in, out;
	if (bars[to * classes] != bars[from * classes] || !(load < s->most))
		return INFINITY;
	measure_step(s, from, to, &in, &out);
	uint32_t one = s->classes->one[class];
	return load + in * s->p->in_s[one] + out * s->p->out_s[one];
}

/* A step to an ideal, from one that may not be a part of it; false: it leads to nothing new. */
static bool try_step(struct steps *s, uint32_t n, uint32_t to)
{
	const uint64_t *states = s->reached + (size_t)n * s->words;
	bool leads = false;
	if (!hidp__set_within(hidp__ideal_set(&s->lattice, s->live[n]),
	                      hidp__ideal_set(&s->lattice, to), s->lumps.words))
		return false;
	s->p->work += 4;
	for (uint32_t k = 0; k < s->classes->count; k++) {
		if (n < s->first[k] ||
		    !hidp__sets_meet(states, s->useful + (size_t)k * s->words, s->words) ||
		    !(load_of(s, s->live[n], to, k) < s->most))
			continue;
		lead(s, states, k);
		leads = true;
	}
	return leads;
}

/* States of an ideal behind which not too much is left. */
static bool want_states(struct steps *s, uint32_t ideal)
{
	bool any = false;
	double left = s->all_s - s->lattice.work[(size_t)ideal * s->classes->count];
	if (left > s->room[0])
		return false;
	s->p->work += s->classes->states;
	memset(s->wanted, 0, s->words * sizeof *s->wanted);
	for (uint32_t i = 0; i < s->classes->states; i++)
		if (!(left > s->room[i])) {
			hidp__set_put(s->wanted, i);
			any = true;
		}
	return any;
}

/* The classes' first reached ideals that a step to the one at hand can come from; the first of all.
 */
static uint32_t find_first(struct steps *s, uint32_t ideal)
{
	uint64_t rank = s->lattice.ideals[ideal].rank;
	uint32_t n = s->live_count;
	for (uint32_t k = 0; k < s->classes->count; k++) {
		uint32_t *first = &s->first[k];
		while (*first < s->live_count &&
		       rank - s->lattice.ideals[s->live[*first]].rank > s->reach[k])
			++*first;
		n = *first < n ? *first : n;
	}
	return n;
}

/* From which states some class would lead to a wanted one. Returns up to where these are so. */
static uint32_t unite_useful(struct steps *s, uint32_t n)
{
	uint32_t end = s->live_count;
	memset(s->any, 0, s->words * sizeof *s->any);
	for (uint32_t k = 0; k < s->classes->count; k++) {
		if (s->first[k] > n)
			end = s->first[k] < end ? s->first[k] : end;
		for (uint32_t w = 0; w < s->words && s->first[k] <= n; w++)
			s->any[w] |= s->useful[(size_t)k * s->words + w];
	}
	return end;
}

/* The next one from `n` on, below `end`, from a state of which a step would be of use. */
static uint32_t find_next(const struct steps *s, uint32_t n, uint32_t end)
{
	for (; n < end; n++) {
		while (n % BLOCK == 0 && n + BLOCK <= end &&
		       !hidp__sets_meet(s->blocks + (size_t)(n / BLOCK) * s->words, s->any,
		                        s->words))
			n += BLOCK;
		if (n < end && hidp__sets_meet(s->reached + (size_t)n * s->words, s->any, s->words))
			break;
	}
	return n;
}

/* An ideal is reached in all the states in which it can be; false: in none. */
static bool reach_ideal(struct steps *s, uint32_t ideal)
{
	uint64_t *now = s->reached + (size_t)s->live_count * s->words;
	if (!want_states(s, ideal))
		return false;
	uint32_t n = find_first(s, ideal);
	memset(now, 0, s->words * sizeof *now);
	if (ideal == 0)
		memcpy(now, s->wanted, s->words * sizeof *now);
	find_useful(s);
	while (n < s->live_count) {
		uint32_t end = unite_useful(s, n), begin = n;
		for (bool leads = false; n < end && !leads; n += n < end) {
			n = find_next(s, n, end);
			leads = n < end && try_step(s, n, ideal);
		}
		s->p->work += 1 + (n - begin) / BLOCK;
	}
	return hidp__sets_meet(now, now, s->words);
}

/* Steps can go on from an ideal that has been reached. */
static void add_live(struct steps *s, uint32_t ideal)
{
	uint32_t n = s->live_count++;
	uint64_t *block = s->blocks + (size_t)(n / BLOCK) * s->words;
	s->live[n] = ideal;
	if (n % BLOCK == 0)
		memset(block, 0, s->words * sizeof *block);
	for (uint32_t w = 0; w < s->words; w++)
		block[w] |= s->reached[(size_t)n * s->words + w];
	s->lattice.ideals[ideal].from = s->lattice.ideals[ideal].rank;
}

/* The items of a step, and those that take no time and are read first in it. */
static uint32_t list_step(const struct steps *s, uint32_t from, uint32_t to, uint32_t *items)
{
	const struct hidp__placement *p = s->p;
	const uint32_t *of = s->lumps.of;
	uint32_t count = 0;
	for (uint32_t i = 0; i < p->items; i++)
		if (of[i] != UINT32_MAX && hidp__set_has(hidp__ideal_set(&s->lattice, to), of[i]) &&
		    !hidp__set_has(hidp__ideal_set(&s->lattice, from), of[i]))
			items[count++] = p->order[i];
	for (uint32_t n = 0, own = count; n < own; n++)
		for (uint32_t k = p->item[items[n]]; k < p->item[items[n] + 1]; k++) {
			const struct hidp__work *w = &p->tables->layers[p->member[k]];
			for (uint32_t i = 0; i < w->feed_count; i++) {
				uint32_t item = hidp__feeding_item(p, &w->feeds[i]);
				if (item != UINT32_MAX && of[p->turn[item]] == UINT32_MAX &&
				    count < p->items)
					items[count++] = item;
			}
		}
	return count;
}

/* The step with the least load that leads to a state; its class and load. */
static uint32_t find_step(const struct steps *s, uint32_t to, uint32_t state, uint32_t *class,
                          double *load)
{
	const struct hidp__classes *c = s->classes;
	uint32_t from = 0;
	*load = INFINITY;
	for (uint32_t n = 0; n < to; n++)
		for (uint32_t k = 0; k < c->count; k++) {
			const uint64_t *before = s->reached + (size_t)n * s->words;
			if (hidp__taken(c, state, k) == 0 ||
			    !hidp__set_has(before, state - c->weight[k]) ||
			    !hidp__set_within(hidp__ideal_set(&s->lattice, s->live[n]),
			                      hidp__ideal_set(&s->lattice, s->live[to]),
			                      s->lumps.words))
				continue;
			double v = load_of(s, s->live[n], s->live[to], k);
			if (!(v < *load))
				continue;
			*load = v;
			*class = k;
			from = n;
		}
	return from;
}

/* Places all along a chain to the last of what was reached, from there on; its longest load. */
static double follow(struct steps *s, uint32_t *items)
{
	uint32_t at = s->live_count - 1, class = 0;
	uint32_t state = hidp__set_next(s->reached + (size_t)at * s->words, s->words, 0);
	double longest = 0, load;
	/* backwards, so that what is free stays where it is read first */
	while (at != 0) {
		uint32_t from = find_step(s, at, state, &class, &load);
		uint32_t count = list_step(s, s->live[from], s->live[at], items);
		hidp__place_run(s->p, s->classes, state, class, items, count);
		longest = load > longest ? load : longest;
		state -= s->classes->weight[class];
		at = from;
	}
	return longest;
}

/* No longest load is below this. */
static double find_low(const struct steps *s)
{
	double processors = 0; /* in those of the first class */
	for (uint32_t k = 0; k < s->classes->count; k++)
		processors += s->classes->size[k] / s->ratio[k];
	return processors > 0 ? s->all_s / processors : 0;
}

enum outcome { NO_CHAIN, CHAIN, GAVE_UP };

/* Is there a chain with all loads below `most`? */
static enum outcome look_for_chain(struct steps *s, double most, uint64_t work_limit)
{
	struct lattice *l = &s->lattice;
	uint32_t known = l->ordered;
	begin_round(s, most);
	for (uint32_t i = 0; known != 0 ? i < known : hidp__lattice_next(l); i++) {
		uint32_t ideal = l->order[i];
		s->p->work++;
		if (s->p->work >= work_limit)
			return GAVE_UP;
		if (reach_ideal(s, ideal))
			add_live(s, ideal);
		if (known == 0 && !hidp__lattice_grow(l, ideal, s->longest))
			return GAVE_UP;
	}
	bool all = s->live_count > 0 && l->ideals[s->live[s->live_count - 1]].rank == l->all;
	return all ? CHAIN : NO_CHAIN;
}

hidp_status hidp__ideals_search(struct hidp__placement *p, const struct hidp__classes *classes,
                                double most, uint64_t work_limit, bool *found, bool *proven)
{
	struct steps s = {.p = p, .classes = classes};
	struct hidp__arena_mark mark = hidp__arena_here(p->arena);
	uint32_t *items = hidp__arena_alloc(p->arena, p->items, sizeof *items), chains = 0,
		 halves = 0;
	double low, at = most;
	*found = *proven = false;
	if (classes->states > STATES_MAX)
		return HIDP_OK;
	if (items == NULL || !begin_steps(&s))
		return HIDP_ERR_NOMEM;
	low = find_low(&s);
	if (s.lumps.count == 0) /* nothing takes time anywhere */
		*proven = most < INFINITY;
	for (enum outcome o = NO_CHAIN; !*proven && s.lumps.count > 0 && o != GAVE_UP;) {
		o = look_for_chain(&s, at, work_limit);
		if (o == CHAIN) {
			*found = true;
			most = follow(&s, items);
			chains++;
			halves = 0;
		} else if (o == NO_CHAIN) {
			*proven = at == most;
			low = at;
		}
		/* the more chains, the nearer both ends are brought first, so that not too many
		 * follow */
		bool halfway =
			low < most && halves < chains && (halves == 0 || most - low > NEAR * most);
		at = halfway ? low + (most - low) / 2 : most;
		halves += halfway;
	}
	hidp__arena_back(p->arena, mark);
	return HIDP_OK;
}
