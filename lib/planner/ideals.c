/* SPDX-License-Identifier: MIT */
/*
 * Contiguous placements to the end. An ideal is a set of items that contains all that its items
 * read. Contiguous placements are chains of ideals, from none to all: each step is what one
 * processor runs. A dynamic programme over all ideals (as in Tarnawski et al., Efficient
 * Algorithms for Device Placement of DNN Graph Operators, NeurIPS 2020), which leaves out
 * what cannot be better than what is known: steps that are too long, and ideals behind which
 * too much is left for the processors that are left.
 */
#include <stdlib.h>
#include <string.h>

#include "planner/placement_priv.h"

#define IDEALS_MAX 65536
#define STATES_MAX 4096
/* What finding the ideals may take. */
#define LATTICE_WORK 100000000

/* A tensor between items. */
struct flow {
	uint32_t maker;  /* item's turn; UINT32_MAX: it is in the shared memory */
	bool kept;       /* wanted there in the end */
	double bytes;
	const uint64_t *readers; /* [words] turns of items */
	uint32_t word, words;    /* the words of it that are not 0: from, and how many */
};

/* How an ideal is reached best with some processors taken. */
struct reached {
	double longest;
	uint32_t from, class; /* ideal before the last step, and who ran it */
};

/* An ideal, and its work. */
struct ranked {
	double work;
	uint32_t ideal;
};

struct lattice {
	struct hidp__placement *p;
	const struct hidp__classes *classes;
	struct hidp__arena *arena;
	uint32_t words;
	uint64_t *needs;         /* [turn * words] items that an item reads */
	uint64_t *free;          /* [words] items that take no time, read nothing and send nothing: they
	                            go where they are read first */
	/* [turn] the item that such an item goes with: it takes no time, reads that alone and sends
	 * nothing; or UINT32_MAX */
	uint32_t *tied;
	struct flow *flows;
	uint32_t flow_count;
	double *seconds;         /* [turn * classes + class]; 0 where it cannot run */
	bool *barred;            /* likewise: it cannot run */
	/* ideals by size */
	uint32_t count;
	uint64_t *sets;          /* [ideal * words] */
	double *work;            /* [ideal * classes + class] seconds of its items */
	uint32_t *bars;          /* likewise: how many of them cannot run */
	double *open;            /* [ideal] bytes that its items make for others */
	uint32_t *next, *next_begin; /* ideals with one item more: next[next_begin[ideal] ..] */
	uint32_t next_count;
	uint32_t *table;         /* [TABLE] ideal + 1, by hash of its set */
	struct reached *reached; /* [ideal * states + state] */
	uint32_t *live;          /* [class * states] of the ideal at hand, those that a step goes on from */
	uint32_t *live_count;    /* [class] */
	struct ranked *order;    /* [ideal] by the seconds that the first class takes for its items */
	uint32_t *front;         /* [flow] those that leave the ideal at hand */
	uint32_t front_count;
	/* flows that an item makes or reads: touched[touched_begin[turn] ..] */
	uint32_t *touched, *touched_begin;
	uint32_t *counted;       /* [flow] ideal + 1 for which it was counted last */
};

#define TABLE (4 * IDEALS_MAX)

static bool has(const uint64_t *set, uint32_t i)
{
	return set[i / 64] >> (i % 64) & 1;
}

static void put(uint64_t *set, uint32_t i)
{
	set[i / 64] |= (uint64_t)1 << (i % 64);
}

static bool is_within(const uint64_t *a, const uint64_t *b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (a[i] & ~b[i])
			return false;
	return true;
}

/* Does a set have something of what `b` has and `a` has not? */
static bool meets(const uint64_t *set, const uint64_t *a, const uint64_t *b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (set[i] & b[i] & ~a[i])
			return true;
	return false;
}

static const uint64_t *set_of(const struct lattice *l, uint32_t ideal)
{
	return l->sets + (size_t)ideal * l->words;
}

/* Seconds of the items, and what they read. */
static bool read_items(struct lattice *l)
{
	const struct hidp__placement *p = l->p;
	uint32_t classes = l->classes->count;
	l->needs = hidp__arena_calloc(l->arena, (size_t)p->items * l->words, sizeof(uint64_t));
	l->free = hidp__arena_calloc(l->arena, l->words, sizeof(uint64_t));
	l->tied = hidp__arena_alloc(l->arena, p->items, sizeof(uint32_t));
	l->seconds = hidp__arena_calloc(l->arena, (size_t)p->items * classes, sizeof(double));
	l->barred = hidp__arena_calloc(l->arena, (size_t)p->items * classes, sizeof(bool));
	if (l->needs == NULL || l->free == NULL || l->tied == NULL || l->seconds == NULL ||
	    l->barred == NULL)
		return false;
	for (uint32_t layer = p->first; layer < p->end; layer++) {
		const struct hidp__work *w = &p->tables->layers[layer];
		uint32_t turn = p->turn[p->item_of[layer]];
		for (uint32_t k = 0; k < classes; k++) {
			double s = p->seconds[(size_t)layer * p->count + l->classes->one[k]];
			l->barred[(size_t)turn * classes + k] |= s == INFINITY;
			l->seconds[(size_t)turn * classes + k] += s < INFINITY ? s : 0;
		}
		for (uint32_t i = 0; i < w->feed_count; i++) {
			uint32_t from = w->feeds[i].place;
			if (from == UINT32_MAX || from < p->first || from >= p->end)
				continue;
			from = p->turn[p->item_of[from]];
			if (from != turn)
				put(l->needs + (size_t)turn * l->words, from);
		}
	}
	return true;
}

/* Tensors that others read than the item that makes them. */
static void find_words(struct flow *f, uint32_t words)
{
	uint32_t end = words;
	while (end > 0 && f->readers[end - 1] == 0)
		end--;
	for (f->word = 0; f->word < end && f->readers[f->word] == 0;)
		f->word++;
	f->words = end - f->word;
}

static bool read_flows(struct lattice *l)
{
	const struct hidp__placement *p = l->p;
	size_t tensors = p->tables->problem->model->layer_count;
	uint64_t *readers = hidp__arena_calloc(l->arena, tensors * l->words, sizeof *readers);
	l->flows = hidp__arena_alloc(l->arena, tensors, sizeof *l->flows);
	l->front = hidp__arena_alloc(l->arena, tensors, sizeof *l->front);
	if (readers == NULL || l->flows == NULL || l->front == NULL)
		return false;
	for (uint32_t layer = p->first; layer < p->end; layer++) {
		const struct hidp__work *w = &p->tables->layers[layer];
		for (uint32_t i = 0; i < w->feed_count; i++)
			if (hidp__feed_rows(w, &w->feeds[i]) > 0)
				put(readers + (size_t)w->feeds[i].layer * l->words,
				    p->turn[p->item_of[layer]]);
	}
	for (hidp_layer_id t = 0; t < tensors; t++) {
		uint32_t place = p->tables->place_of[t];
		bool ours = place != UINT32_MAX && place >= p->first && place < p->end;
		struct flow f = {.maker = ours ? p->turn[p->item_of[place]] : UINT32_MAX,
		                 .kept = ours && p->kept[t] > 0,
		                 .bytes = p->least_bytes[t],
		                 .readers = readers + (size_t)t * l->words};
		bool others = f.kept;
		for (uint32_t i = 0; i < p->items; i++)
			others |= i != f.maker && has(f.readers, i);
		find_words(&f, l->words);
		if (others && f.bytes > 0)
			l->flows[l->flow_count++] = f;
	}
	return true;
}

/* Does an item take time, or send a tensor? */
static bool does_something(const struct lattice *l, uint32_t item)
{
	uint32_t classes = l->classes->count;
	bool does = false;
	for (uint32_t k = 0; k < classes; k++)
		does |= l->seconds[(size_t)item * classes + k] > 0 ||
		        l->barred[(size_t)item * classes + k];
	for (uint32_t k = 0; k < l->flow_count; k++)
		does |= l->flows[k].maker == item;
	return does;
}

/* Items that need not be looked at by themselves, as it is clear where they go best. */
static void find_followers(struct lattice *l)
{
	for (uint32_t i = 0; i < l->p->items; i++) {
		uint32_t needs = 0, last = 0;
		bool reads = false, reads_others = false;
		uint64_t *set = l->needs + (size_t)i * l->words;
		for (uint32_t w = 0; w < l->words; w++)
			set[w] &= ~l->free[w];
		for (uint32_t k = 0; k < l->p->items; k++)
			if (has(set, k)) {
				needs++;
				last = k;
			}
		for (uint32_t k = 0; k < l->flow_count; k++) {
			reads |= has(l->flows[k].readers, i);
			reads_others |= has(l->flows[k].readers, i) && l->flows[k].maker != last;
		}
		l->tied[i] = UINT32_MAX;
		if (does_something(l, i))
			continue;
		if (needs == 0 && !reads)
			put(l->free, i);
		else if (needs == 1 && !reads_others)
			l->tied[i] = last;
	}
}

/* Is something of a tensor wanted outside an ideal? */
static bool leaves(const struct flow *f, const uint64_t *set)
{
	return f->kept || !is_within(f->readers + f->word, set + f->word, f->words);
}

/* Which flows change when an item joins an ideal. false: no memory. */
static bool find_touched(struct lattice *l)
{
	size_t count = 0;
	l->touched_begin = hidp__arena_calloc(l->arena, (size_t)l->p->items + 1, sizeof(uint32_t));
	l->counted = hidp__arena_calloc(l->arena, (size_t)l->flow_count + 1, sizeof(uint32_t));
	if (l->touched_begin == NULL || l->counted == NULL)
		return false;
	for (int pass = 0; pass < 2; pass++) {
		count = 0;
		for (uint32_t i = 0; i < l->p->items; i++) {
			l->touched_begin[i] = (uint32_t)count;
			for (uint32_t k = 0; k < l->flow_count; k++) {
				if (l->flows[k].maker != i && !has(l->flows[k].readers, i))
					continue;
				if (pass == 1)
					l->touched[count] = k;
				count++;
			}
		}
		if (pass == 0)
			l->touched = hidp__arena_alloc(l->arena, count + 1, sizeof *l->touched);
		if (l->touched == NULL)
			return false;
	}
	l->touched_begin[l->p->items] = (uint32_t)count;
	return true;
}

/* Bytes that a new ideal makes for others, from those of the one it grew from. */
static double count_open(struct lattice *l, uint32_t from, uint32_t to)
{
	double open = l->open[from];
	for (uint32_t i = 0; i < l->p->items; i++) {
		if (!has(set_of(l, to), i) || has(set_of(l, from), i))
			continue;
		for (uint32_t k = l->touched_begin[i]; k < l->touched_begin[i + 1]; k++) {
			const struct flow *f = &l->flows[l->touched[k]];
			if (l->counted[l->touched[k]] == to + 1 || f->maker == UINT32_MAX)
				continue;
			l->counted[l->touched[k]] = to + 1;
			bool was = has(set_of(l, from), f->maker) && leaves(f, set_of(l, from));
			bool is = has(set_of(l, to), f->maker) && leaves(f, set_of(l, to));
			open += was == is ? 0 : is ? f->bytes : -f->bytes;
		}
	}
	return open;
}

/* The number of a set; it is new if it is the last. IDEALS_MAX: there are too many. */
static uint32_t find_ideal(struct lattice *l, const uint64_t *set)
{
	uint64_t hash = 0;
	for (uint32_t i = 0; i < l->words; i++)
		hash = (hash ^ set[i]) * 0x9e3779b97f4a7c15u + (hash >> 29);
	uint32_t at = (uint32_t)(hash >> 32) % TABLE;
	for (; l->table[at] != 0; at = (at + 1) % TABLE)
		if (memcmp(set_of(l, l->table[at] - 1), set, l->words * sizeof *set) == 0)
			return l->table[at] - 1;
	if (l->count == IDEALS_MAX)
		return IDEALS_MAX;
	memcpy(l->sets + (size_t)l->count * l->words, set, l->words * sizeof *set);
	l->table[at] = l->count + 1;
	return l->count++;
}

/* All ideals with one item more than this one; false: too many. */
static bool grow(struct lattice *l, uint32_t ideal, uint64_t *set, uint32_t most_next)
{
	const struct hidp__placement *p = l->p;
	uint32_t classes = l->classes->count;
	l->next_begin[ideal] = l->next_count;
	for (uint32_t i = 0; i < p->items; i++) {
		const uint64_t *from = set_of(l, ideal);
		if (has(from, i) || has(l->free, i) || l->tied[i] != UINT32_MAX ||
		    !is_within(l->needs + (size_t)i * l->words, from, l->words))
			continue;
		memcpy(set, from, l->words * sizeof *set);
		put(set, i);
		for (uint32_t k = i + 1; k < p->items; k++)
			if (l->tied[k] != UINT32_MAX && has(set, l->tied[k]))
				put(set, k);
		uint32_t known = l->count, to = find_ideal(l, set);
		if (to == IDEALS_MAX || l->next_count == most_next)
			return false;
		l->next[l->next_count++] = to;
		if (to < known)
			continue;
		l->open[to] = count_open(l, ideal, to);
		for (uint32_t k = 0; k < classes; k++) {
			size_t at = (size_t)to * classes + k, before = (size_t)ideal * classes + k;
			l->work[at] = l->work[before] + l->seconds[(size_t)i * classes + k];
			l->bars[at] = l->bars[before] + l->barred[(size_t)i * classes + k];
		}
	}
	return true;
}

/* *complete: not too many. false: no memory. */
static bool find_ideals(struct lattice *l, bool *complete)
{
	struct hidp__placement *p = l->p;
	uint32_t most_next = 16 * IDEALS_MAX;
	uint64_t *set = hidp__arena_calloc(l->arena, l->words, sizeof *set);
	l->sets = hidp__arena_alloc(l->arena, (size_t)IDEALS_MAX * l->words, sizeof *l->sets);
	l->work = hidp__arena_alloc(l->arena, (size_t)IDEALS_MAX * l->classes->count, sizeof(double));
	l->bars = hidp__arena_alloc(l->arena, (size_t)IDEALS_MAX * l->classes->count, sizeof(uint32_t));
	l->open = hidp__arena_alloc(l->arena, IDEALS_MAX, sizeof *l->open);
	l->next = hidp__arena_alloc(l->arena, most_next, sizeof *l->next);
	l->next_begin = hidp__arena_alloc(l->arena, IDEALS_MAX + 1, sizeof *l->next_begin);
	l->table = hidp__arena_calloc(l->arena, TABLE, sizeof *l->table);
	*complete = false;
	if (set == NULL || l->sets == NULL || l->work == NULL || l->bars == NULL ||
	    l->open == NULL || l->next == NULL ||
	    l->next_begin == NULL || l->table == NULL || !find_touched(l))
		return false;
	find_ideal(l, set);
	l->open[0] = 0;
	memset(l->work, 0, l->classes->count * sizeof *l->work);
	memset(l->bars, 0, l->classes->count * sizeof *l->bars);
	for (uint32_t i = 0; i < l->count; i++) {
		p->work += p->items;
		if ((uint64_t)i * p->items * l->words > LATTICE_WORK || !grow(l, i, set, most_next))
			return true;
	}
	l->next_begin[l->count] = l->next_count;
	*complete = true;
	return true;
}

static int compare_work(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->work != y->work)
		return x->work < y->work ? -1 : 1;
	return (x->ideal > y->ideal) - (x->ideal < y->ideal);
}

static bool begin_steps(struct lattice *l)
{
	size_t states = l->classes->states;
	l->reached = hidp__arena_alloc(l->arena, l->count * states, sizeof *l->reached);
	l->order = hidp__arena_alloc(l->arena, l->count, sizeof *l->order);
	l->live = hidp__arena_alloc(l->arena, l->classes->count * states, sizeof *l->live);
	l->live_count = hidp__arena_alloc(l->arena, l->classes->count, sizeof *l->live_count);
	if (l->reached == NULL || l->order == NULL || l->live == NULL || l->live_count == NULL)
		return false;
	for (uint32_t i = 0; i < l->count; i++)
		l->order[i] = (struct ranked){l->work[(size_t)i * l->classes->count], i};
	qsort(l->order, l->count, sizeof *l->order, compare_work);
	for (size_t i = 0; i < l->count * states; i++)
		l->reached[i].longest = INFINITY;
	l->reached[0].longest = 0;
	return true;
}

/* Tensors that are there before a step and that somebody could read in it. */
static void find_front(struct lattice *l, uint32_t ideal)
{
	l->front_count = 0;
	for (uint32_t k = 0; k < l->flow_count; k++) {
		const struct flow *f = &l->flows[k];
		bool made = f->maker == UINT32_MAX || has(set_of(l, ideal), f->maker);
		if (made && leaves(f, set_of(l, ideal)))
			l->front[l->front_count++] = k;
	}
}

/* Bytes that a step copies in and out. */
static void measure_step(const struct lattice *l, uint32_t from, uint32_t to, double *in,
                         double *out)
{
	*in = 0;
	*out = l->open[to];
	for (uint32_t i = 0; i < l->front_count; i++) {
		const struct flow *f = &l->flows[l->front[i]];
		if (meets(f->readers + f->word, set_of(l, from) + f->word,
		          set_of(l, to) + f->word, f->words))
			*in += f->bytes;
		if (f->maker != UINT32_MAX && leaves(f, set_of(l, to)))
			*out -= f->bytes;
	}
}

/*
 * Seconds of the first class that the processors which are left can save, within `most` each:
 * every one of them takes others at least `ratio[class]` seconds.
 */
static double room_left(const struct lattice *l, uint32_t state, double most, const double *ratio)
{
	const struct hidp__classes *c = l->classes;
	double room = 0;
	for (uint32_t k = 0; k < c->count; k++)
		room += (c->size[k] - hidp__taken(c, state, k)) * (most / ratio[k]);
	return room;
}

/* Seconds of the first class that an ideal leaves. */
static double work_left(const struct lattice *l, uint32_t ideal)
{
	uint32_t classes = l->classes->count;
	return l->work[(size_t)(l->count - 1) * classes] - l->work[(size_t)ideal * classes];
}

/* Seconds of a class for one second of the first class, at least. */
static void find_ratios(const struct lattice *l, double *ratio)
{
	uint32_t classes = l->classes->count;
	for (uint32_t k = 0; k < classes; k++) {
		ratio[k] = k == 0 ? 1 : INFINITY;
		for (uint32_t i = 0; i < l->p->items && k > 0; i++) {
			const double *s = l->seconds + (size_t)i * classes;
			bool barred = l->barred[(size_t)i * classes + k];
			/* what only others can run is no work of the first class */
			if (s[0] > 0 && !barred && s[k] / s[0] < ratio[k])
				ratio[k] = s[k] / s[0];
		}
	}
}

/* The states of an ideal that a step of a class can go on from. */
static void list_live(struct lattice *l, uint32_t from)
{
	const struct hidp__classes *c = l->classes;
	const struct reached *r = l->reached + (size_t)from * c->states;
	for (uint32_t k = 0; k < c->count; k++) {
		l->live_count[k] = 0;
		for (uint32_t i = 0; i < c->states; i++)
			if (r[i].longest < INFINITY && hidp__taken(c, i, k) < c->size[k])
				l->live[(size_t)k * c->states + l->live_count[k]++] = i;
	}
}

/* From every state of an ideal to those of one behind it, the class running the step. */
static void reach(struct lattice *l, uint32_t from, uint32_t to, uint32_t class, double load)
{
	const struct hidp__classes *c = l->classes;
	const struct reached *before = l->reached + (size_t)from * c->states;
	struct reached *behind = l->reached + (size_t)to * c->states + c->weight[class];
	const uint32_t *live = l->live + (size_t)class * c->states;
	for (uint32_t n = 0; n < l->live_count[class]; n++) {
		uint32_t i = live[n];
		double v = before[i].longest > load ? before[i].longest : load;
		if (v < behind[i].longest)
			behind[i] = (struct reached){v, from, class};
	}
}

/* What can be left behind a step from this ideal, at most. */
static double room_behind(const struct lattice *l, uint32_t from, double most, const double *ratio)
{
	const struct hidp__classes *c = l->classes;
	const struct reached *r = l->reached + (size_t)from * c->states;
	double room = 0;
	for (uint32_t i = 0; i < c->states; i++)
		for (uint32_t k = 0; k < c->count; k++)
			if (r[i].longest < INFINITY && hidp__taken(c, i, k) < c->size[k])
				room = fmax(room, room_left(l, i + c->weight[k], most, ratio));
	return room;
}

/* The first place in the order by work from which on an ideal leaves no more than that. */
static uint32_t find_place(const struct lattice *l, double most_left)
{
	uint32_t low = 0, high = l->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (work_left(l, l->order[middle].ideal) > most_left)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Which classes can run a step in less than `most`, transfers not counted: bit by bit. */
static uint64_t runs_on(const struct lattice *l, uint32_t from, uint32_t to, double most)
{
	uint32_t classes = l->classes->count;
	uint64_t runs = 0;
	for (uint32_t k = 0; k < classes; k++) {
		size_t at = (size_t)to * classes + k, before = (size_t)from * classes + k;
		if (l->bars[at] == l->bars[before] && l->work[at] - l->work[before] < most &&
		    l->live_count[k] > 0)
			runs |= (uint64_t)1 << (k % 64);
	}
	return runs;
}

/*
 * All steps from an ideal that are below `most`: to every ideal that holds it, of which the work
 * shows that it can be run in time, and that the rest can.
 */
static void step(struct lattice *l, uint32_t from, double most, const double *ratio)
{
	const struct hidp__classes *c = l->classes;
	double longest = 0, before = l->work[(size_t)from * c->count];
	find_front(l, from);
	list_live(l, from);
	for (uint32_t k = 0; k < c->count; k++)
		longest = fmax(longest, most / ratio[k]);
	for (uint32_t n = find_place(l, room_behind(l, from, most, ratio)); n < l->count; n++) {
		uint32_t to = l->order[n].ideal;
		double in, out;
		if (l->order[n].work - before > longest * (1 + 1e-12))
			break;
		l->p->work++;
		uint64_t runs = to > from ? runs_on(l, from, to, most) : 0;
		if (runs == 0 || !is_within(set_of(l, from), set_of(l, to), l->words))
			continue;
		l->p->work += 4;
		measure_step(l, from, to, &in, &out);
		for (uint32_t k = 0; k < c->count; k++) {
			double s = l->work[(size_t)to * c->count + k] -
			           l->work[(size_t)from * c->count + k];
			double load = s + in * l->p->in_s[c->one[k]] + out * l->p->out_s[c->one[k]];
			bool able = l->bars[(size_t)to * c->count + k] ==
			            l->bars[(size_t)from * c->count + k];
			if (runs >> (k % 64) & 1 && able && load < most)
				reach(l, from, to, k, load);
		}
	}
}

/* Drops states from which nothing better can follow; false: none is left. */
static bool prune(struct lattice *l, uint32_t ideal, double most, const double *ratio)
{
	struct reached *r = l->reached + (size_t)ideal * l->classes->states;
	bool any = false;
	for (uint32_t i = 0; i < l->classes->states; i++) {
		if (r[i].longest < INFINITY &&
		    work_left(l, ideal) > room_left(l, i, most, ratio))
			r[i].longest = INFINITY;
		any |= r[i].longest < INFINITY;
	}
	return any;
}

/* The items of a step, and what is free and read in it. */
static uint32_t list_step(const struct lattice *l, uint32_t from, uint32_t to, uint32_t *items)
{
	const struct hidp__placement *p = l->p;
	uint32_t count = 0;
	for (uint32_t i = 0; i < p->items; i++)
		if (has(set_of(l, to), i) && !has(set_of(l, from), i))
			items[count++] = p->order[i];
	for (uint32_t n = 0, own = count; n < own; n++)
		for (uint32_t k = p->item[items[n]]; k < p->item[items[n] + 1]; k++) {
			const struct hidp__work *w = &p->tables->layers[p->member[k]];
			for (uint32_t i = 0; i < w->feed_count; i++) {
				uint32_t place = w->feeds[i].place;
				bool ours = place != UINT32_MAX && place >= p->first && place < p->end;
				uint32_t item = ours ? p->item_of[place] : 0;
				if (ours && has(l->free, p->turn[item]) && count < p->items)
					items[count++] = item;
			}
		}
	return count;
}

/* Writes the chain of the best state of the last ideal; false: there is none. */
static bool follow(struct lattice *l, uint32_t *items)
{
	const struct hidp__classes *c = l->classes;
	uint32_t at = l->count - 1, state = 0;
	for (uint32_t i = 1; i < c->states; i++)
		if (l->reached[(size_t)at * c->states + i].longest <
		    l->reached[(size_t)at * c->states + state].longest)
			state = i;
	if (l->reached[(size_t)at * c->states + state].longest == INFINITY)
		return false;
	/* backwards, so that what is free stays where it is read first */
	while (at != 0) {
		const struct reached *r = &l->reached[(size_t)at * c->states + state];
		uint32_t count = list_step(l, r->from, at, items);
		hidp__place_run(l->p, c, state, r->class, items, count);
		state -= c->weight[r->class];
		at = r->from;
	}
	return true;
}

hidp_status hidp__ideals_search(struct hidp__placement *p, const struct hidp__classes *classes,
                                double most, uint64_t work_limit, bool *found, bool *proven)
{
	struct lattice l = {.p = p, .classes = classes, .arena = p->arena};
	struct hidp__arena_mark mark = hidp__arena_here(p->arena);
	double *ratio = hidp__arena_alloc(p->arena, classes->count, sizeof *ratio);
	uint32_t *items = hidp__arena_alloc(p->arena, p->items, sizeof *items);
	bool complete;
	l.words = (p->items + 63) / 64;
	*found = *proven = false;
	if (classes->states > STATES_MAX)
		return HIDP_OK;
	if (ratio == NULL || items == NULL || !read_items(&l) || !read_flows(&l))
		return HIDP_ERR_NOMEM;
	find_followers(&l);
	if (!find_ideals(&l, &complete))
		return HIDP_ERR_NOMEM;
	if (complete) {
		uint32_t i = 0;
		if (!begin_steps(&l))
			return HIDP_ERR_NOMEM;
		find_ratios(&l, ratio);
		for (; i + 1 < l.count && p->work < work_limit; i++)
			if (prune(&l, i, most, ratio))
				step(&l, i, most, ratio);
		*found = follow(&l, items);
		*proven = i + 1 == l.count;
	}
	hidp__arena_back(p->arena, mark);
	return HIDP_OK;
}
