/* SPDX-License-Identifier: MIT */
#include "planner/block.h"

#include <string.h>

/* Most tensors alive at once in a block that is looked into; else only its smallest counts. */
#define LIVE_MAX 6

/*
 * A partial assignment of a block: whether something was sent out, and back, and whether
 * any layer is away; above that two bits for each live tensor, whether it is on the node
 * and whether it is elsewhere.
 */
#define SENT_OUT 1u
#define SENT_BACK 2u
#define SOME_AWAY 4u
#define FLAGS 3
#define HERE 1u
#define AWAY 2u

static uint32_t bits_of(uint32_t slot, uint32_t sides)
{
	return sides << (FLAGS + 2 * slot);
}

static size_t state_count(const struct hidp__waists *w)
{
	return (size_t)1 << (FLAGS + 2 * w->most_live);
}

static void find_readers(struct hidp__waists *b, const struct hidp__tables *t)
{
	for (uint32_t l = 0; l < t->layer_count; l++) {
		b->last_read[l] = l;
		for (uint32_t i = 0; i < t->layers[l].feed_count; i++)
			if (t->layers[l].feeds[i].place != UINT32_MAX)
				b->last_read[t->layers[l].feeds[i].place] = l;
	}
}

static void find_waists(struct hidp__waists *b, const struct hidp__tables *t)
{
	uint32_t n = t->layer_count, reach = 0;
	for (uint32_t l = 1; l < n; l++) /* model inputs cross until they are read for the last time */
		for (uint32_t i = 0; i < t->layers[l].feed_count; i++)
			if (t->layers[l].feeds[i].place == UINT32_MAX)
				reach = l;
	b->waist[0] = b->waist[n] = true;
	for (uint32_t c = 1; c < n; c++) {
		/* nothing made before layer c - 1 is read at or behind the cut */
		b->waist[c] = reach < c;
		if (b->last_read[c - 1] > reach)
			reach = b->last_read[c - 1];
	}
	for (uint32_t c = n, next = n; c-- > 0;) {
		b->next_waist[c] = next;
		if (b->waist[c])
			next = c;
	}
}

/* What the layer behind a waist reads of what crosses it; at place 0, of the model inputs. */
static void measure_waist(struct hidp__waists *b, const struct hidp__tables *t, uint32_t place)
{
	const struct hidp__work *w = &t->layers[place];
	for (uint32_t i = 0; i < w->feed_count; i++) {
		const struct hidp__feed *f = &w->feeds[i];
		bool crosses = place == 0 ? f->place == UINT32_MAX : f->place == place - 1;
		for (uint32_t j = 0; crosses && j < i; j++)
			crosses = w->feeds[j].layer != f->layer; /* one message, however often it is read */
		if (!crosses)
			continue;
		b->bytes[place] += hidp__feed_rows(w, f) * f->row_bytes;
		b->elements[place] += hidp__feed_rows(w, f) * f->elements_per_row;
	}
}

/* Gives the outputs of a block numbers; they are free again once nobody reads the output. */
static void number_outputs(struct hidp__waists *b, const struct hidp__tables *t, uint32_t first,
                           uint32_t end)
{
	uint32_t taken = 1, most = 1; /* slot 0: the tensor that crosses the waist */
	double smallest = INFINITY;
	uint32_t entered = first > 0 ? b->last_read[first - 1] : UINT32_MAX;
	b->enters[first] = true;
	for (uint32_t l = first; l < end; l++) {
		const struct hidp__work *w = &t->layers[l];
		uint32_t s = 0;
		for (uint32_t i = 0; i < w->feed_count; i++) {
			double bytes = hidp__feed_rows(w, &w->feeds[i]) * w->feeds[i].row_bytes;
			smallest = bytes < smallest ? bytes : smallest;
			if (w->feeds[i].place != UINT32_MAX && w->feeds[i].place >= first)
				continue;
			b->enters[first] &= w->always;
			b->needed[first] |= bytes > 0;
		}
		if (w->feed_count == 0) {
			b->enters[first] = false;
			smallest = 0;
		}
		while (s < 32 && (taken >> s & 1))
			s++;
		b->slot[l] = (uint8_t)s;
		if (s < 32)
			taken |= 1u << s;
		most = s + 1 > most ? s + 1 : most;
		for (uint32_t k = first; k < l; k++)
			if (b->last_read[k] == l && b->slot[k] < 32)
				taken &= ~(1u << b->slot[k]);
		if (entered == l)
			taken &= ~1u;
	}
	b->live[first] = most;
	b->smallest[first] = smallest;
}

/* The least that a layer costs on a node, whatever the steps around it. */
static double least_cost(const struct hidp__site *site, const struct hidp__prices *prices,
                         uint32_t place)
{
	double busy = INFINITY;
	if (!prices->allowed[site->node] || site->usable_count == 0)
		return INFINITY;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		size_t at = (size_t)place * site->processor_count + q;
		double v = prices->busy[site->first_processor + q] * site->whole_s[at];
		if (site->rates[at].runs && v < busy)
			busy = v;
	}
	return prices->second * (site->fixed_s[place] + site->slope_s[place]) + busy;
}

static void find_costs(struct hidp__blocks *b)
{
	uint32_t n = b->tables->node_count, layers = b->tables->layer_count;
	b->least[0] = 0;
	for (uint32_t place = 0; place < layers; place++) {
		double least = INFINITY, second = INFINITY;
		hidp_node_id who = 0;
		for (hidp_node_id a = 0; a < n; a++) {
			double c = least_cost(&b->tables->sites[a], b->prices, place);
			b->here[(size_t)a * layers + place] = c;
			if (c < least) {
				second = least;
				least = c;
				who = a;
			} else if (c < second) {
				second = c;
			}
		}
		b->least[place + 1] = b->least[place] + least;
		for (hidp_node_id a = 0; a < n; a++)
			b->elsewhere[(size_t)a * layers + place] = a == who ? second : least;
	}
}

/* Which outputs a layer reads, each once, and which nobody reads behind it. */
static void find_reads(struct hidp__waists *b, const struct hidp__tables *t, uint32_t first,
                       uint32_t end)
{
	bool looked_into = b->live[first] <= LIVE_MAX;
	for (uint32_t l = first; l < end; l++) {
		const struct hidp__work *w = &t->layers[l];
		uint32_t count = b->first_read[l], seen = 0;
		for (uint32_t i = 0; i < w->feed_count && looked_into; i++) {
			const struct hidp__feed *f = &w->feeds[i];
			bool entered = f->place == UINT32_MAX || f->place < first;
			uint8_t slot = entered ? 0 : b->slot[f->place];
			double rows = hidp__feed_rows(w, f);
			if (f->place != UINT32_MAX && b->last_read[f->place] == l)
				b->given_up[l] |= 1u << slot;
			if (seen >> slot & 1 || !(rows > 0))
				continue; /* one message, or none */
			seen |= 1u << slot;
			b->reads[count++] = (struct hidp__read){slot, rows * f->row_bytes,
			                                        rows * f->elements_per_row};
		}
		b->first_read[l + 1] = count;
	}
	if (looked_into && b->live[first] > b->most_live)
		b->most_live = b->live[first];
}

bool hidp__waists_find(struct hidp__waists *waists, const struct hidp__tables *tables,
                       struct hidp__arena *arena)
{
	struct hidp__waists *w = waists;
	uint32_t layers = tables->layer_count;
	size_t row = (size_t)layers + 1;
	w->waist = hidp__arena_calloc(arena, row, sizeof *w->waist);
	w->next_waist = hidp__arena_alloc(arena, layers, sizeof *w->next_waist);
	w->bytes = hidp__arena_calloc(arena, row, sizeof *w->bytes);
	w->elements = hidp__arena_calloc(arena, row, sizeof *w->elements);
	w->enters = hidp__arena_calloc(arena, layers, sizeof *w->enters);
	w->needed = hidp__arena_calloc(arena, layers, sizeof *w->needed);
	w->smallest = hidp__arena_calloc(arena, layers, sizeof *w->smallest);
	w->live = hidp__arena_calloc(arena, layers, sizeof *w->live);
	w->slot = hidp__arena_calloc(arena, layers, sizeof *w->slot);
	w->last_read = hidp__arena_alloc(arena, layers, sizeof *w->last_read);
	w->first_read = hidp__arena_calloc(arena, row, sizeof *w->first_read);
	w->given_up = hidp__arena_calloc(arena, layers, sizeof *w->given_up);
	size_t reads = 0;
	for (uint32_t l = 0; l < layers; l++)
		reads += tables->layers[l].feed_count;
	w->reads = hidp__arena_alloc(arena, reads + 1, sizeof *w->reads);
	if (w->first_read == NULL || w->given_up == NULL || w->reads == NULL || w->waist == NULL ||
	    w->next_waist == NULL || w->bytes == NULL || w->elements == NULL ||
	    w->enters == NULL || w->needed == NULL || w->smallest == NULL || w->live == NULL || w->slot == NULL ||
	    w->last_read == NULL)
		return false;
	find_readers(w, tables);
	find_waists(w, tables);
	for (uint32_t place = 0; place < layers; place = w->next_waist[place]) {
		measure_waist(w, tables, place);
		number_outputs(w, tables, place, w->next_waist[place]);
		find_reads(w, tables, place, w->next_waist[place]);
	}
	return true;
}

bool hidp__blocks_build(struct hidp__blocks *blocks, const struct hidp__tables *tables,
                        const struct hidp__prices *prices, const struct hidp__path *paths,
                        struct hidp__arena *arena)
{
	struct hidp__blocks *b = blocks;
	uint32_t n = tables->node_count, layers = tables->layer_count;
	*b = (struct hidp__blocks){.tables = tables, .waists = &tables->waists, .prices = prices};
	b->place_of = hidp__arena_calloc(arena, n > 1 ? state_count(b->waists) : 1, sizeof *b->place_of);
	size_t mixed = n > 1 ? (size_t)layers * n : 0;
	b->mixed = hidp__arena_alloc(arena, mixed + 1, sizeof *b->mixed);
	b->out = hidp__arena_alloc(arena, n, sizeof *b->out);
	b->in = hidp__arena_alloc(arena, n, sizeof *b->in);
	b->least = hidp__arena_alloc(arena, (size_t)layers + 1, sizeof *b->least);
	b->here = hidp__arena_alloc(arena, (size_t)n * layers, sizeof *b->here);
	b->elsewhere = hidp__arena_alloc(arena, (size_t)n * layers, sizeof *b->elsewhere);
	if (b->place_of == NULL || b->mixed == NULL || b->out == NULL || b->in == NULL ||
	    b->least == NULL || b->here == NULL || b->elsewhere == NULL)
		return false;
	for (hidp_node_id a = 0; a < n; a++) {
		b->out[a] = b->in[a] = HIDP__PATH_NONE;
		for (hidp_node_id c = 0; c < n; c++) {
			if (a == c)
				continue;
			hidp__path_least(&b->out[a], &paths[(size_t)a * n + c]);
			hidp__path_least(&b->in[a], &paths[(size_t)c * n + a]);
		}
	}
	for (size_t i = 0; i < mixed; i++)
		b->mixed[i].limit = -INFINITY;
	find_costs(b);
	return true;
}

struct partial {
	double cost;
	uint32_t state;
	uint32_t parent; /* among the partial assignments of the layer before */
	bool away;       /* where the last layer went */
};

/* All that are not dominated, after each layer. */
struct frontier {
	struct partial *items;
	uint32_t count;
	uint32_t capacity;
};

struct mixing {
	const struct hidp__blocks *blocks;
	hidp_node_id node;
	uint32_t first;
	double limit; /* what costs more is of no interest */
	struct hidp__arena *arena;
	uint16_t *place_of; /* [state] place in the frontier + 1 */
};

static bool add_partial(struct mixing *m, struct frontier *f, const struct partial *p)
{
	uint16_t *at = &m->place_of[p->state];
	if (*at != 0) {
		if (p->cost < f->items[*at - 1].cost)
			f->items[*at - 1] = *p;
		return true;
	}
	if (f->count == f->capacity) {
		uint32_t wanted = f->capacity == 0 ? 32 : f->capacity * 2;
		struct partial *items = hidp__arena_alloc(m->arena, wanted, sizeof *items);
		if (items == NULL)
			return false;
		if (f->count != 0)
			memcpy(items, f->items, f->count * sizeof *items);
		f->items = items;
		f->capacity = wanted;
	}
	f->items[f->count++] = *p;
	*at = (uint16_t)f->count; /* no more than there are states */
	return true;
}

/* A layer on one side: what it costs there, and what its reads would if they were not. */
struct side {
	uint32_t bit, sent;
	double cost;
	double latency; /* counted with the first message only: side by side they overlap */
	double message[LIVE_MAX];
};

static void price_side(const struct mixing *m, uint32_t place, bool away, struct side *s)
{
	const struct hidp__blocks *b = m->blocks;
	const struct hidp__waists *w = b->waists;
	const double *costs = (away ? b->elsewhere : b->here) +
	                      (size_t)m->node * b->tables->layer_count;
	const struct hidp__path *path = away ? &b->out[m->node] : &b->in[m->node];
	s->bit = away ? AWAY : HERE;
	s->sent = away ? SENT_OUT : SENT_BACK;
	s->cost = costs[place];
	s->latency = b->prices->second * path->latency_s;
	for (uint32_t i = w->first_read[place]; i < w->first_read[place + 1]; i++)
		s->message[i - w->first_read[place]] =
		        path->exists ? hidp__path_several_cost(path, b->prices->second,
		                                               w->reads[i].bytes,
		                                               w->reads[i].elements)
		                     : INFINITY;
}

/* Puts a layer on one side: pays for computing it and for what it reads from the other. */
static struct partial place_layer(const struct mixing *m, uint32_t place, const struct side *side,
                                  const struct partial *from, uint32_t parent)
{
	const struct hidp__waists *w = m->blocks->waists;
	bool away = side->bit == AWAY;
	struct partial p = {from->cost + side->cost, from->state, parent, away};
	uint32_t first = w->first_read[place], count = w->first_read[place + 1] - first;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t bit = bits_of(w->reads[first + i].slot, side->bit);
		if (p.state & bit)
			continue;
		p.cost += side->message[i] - (p.state & side->sent ? side->latency : 0);
		p.state |= side->sent | bit;
	}
	/* what was read for the last time is forgotten, and the output takes its slot */
	for (uint32_t k = 0; w->given_up[place] >> k != 0; k++)
		if (w->given_up[place] >> k & 1)
			p.state &= ~bits_of(k, HERE | AWAY);
	p.state &= ~bits_of(w->slot[place], HERE | AWAY);
	p.state |= bits_of(w->slot[place], side->bit) | (away ? SOME_AWAY : 0);
	return p;
}

/* All layers of the block; levels[layer] for tracing, or the last two in turn. */
static bool mix(struct mixing *m, uint32_t end, struct frontier *levels, bool trace)
{
	struct partial start = {0, bits_of(0, HERE), 0, false};
	const double *least = m->blocks->least;
	if (!add_partial(m, &levels[0], &start))
		return false;
	for (uint32_t place = m->first; place < end; place++) {
		uint32_t i = place - m->first;
		struct frontier *from = &levels[trace ? i : i & 1];
		struct frontier *to = &levels[trace ? i + 1 : (i + 1) & 1];
		for (uint32_t k = 0; k < from->count; k++)
			m->place_of[from->items[k].state] = 0;
		to->count = 0;
		struct side sides[2];
		price_side(m, place, false, &sides[0]);
		price_side(m, place, true, &sides[1]);
		double most = m->limit - (least[end] - least[place + 1]);
		for (uint32_t k = 0; k < from->count; k++) {
			for (int away = 0; away < 2; away++) {
				struct partial p = place_layer(m, place, &sides[away],
				                               &from->items[k], k);
				if (p.cost < INFINITY && !(p.cost > most) &&
				    !add_partial(m, to, &p))
					return false;
			}
		}
	}
	return true;
}

/* Both figures of hidp__block_mixed(); with `away`, how the one of `side` comes about. */
static bool mix_block(const struct hidp__blocks *blocks, uint32_t first, hidp_node_id node,
                      double limit, double cost[2], int side, bool *away,
                      struct hidp__arena *arena)
{
	uint32_t end = blocks->waists->next_waist[first], layers = end - first;
	const struct hidp__path *out = &blocks->out[node];
	cost[0] = cost[1] = INFINITY;
	if (blocks->tables->always && !out->exists)
		return true; /* what is away has read something */
	if (blocks->waists->live[first] > LIVE_MAX) {
		/* something crosses, at least its smallest tensor */
		if (away != NULL)
			memset(away, true, layers * sizeof *away);
		cost[0] = cost[1] = blocks->least[end] - blocks->least[first];
		if (blocks->tables->always)
			cost[0] = cost[1] += blocks->prices->second * out->latency_s;
		return true;
	}
	struct hidp__arena_mark mark = hidp__arena_here(arena);
	bool trace = away != NULL;
	struct mixing m = {blocks, node, first, limit, arena, blocks->place_of};
	struct frontier *levels =
	        hidp__arena_calloc(arena, trace ? (size_t)layers + 1 : 2, sizeof *levels);
	bool ok = levels != NULL && mix(&m, end, levels, trace);
	const struct frontier *rest = levels != NULL ? &levels[trace ? layers : layers & 1] : NULL;
	for (uint32_t k = 0; ok && k < rest->count; k++)
		m.place_of[rest->items[k].state] = 0;
	if (!ok)
		memset(m.place_of, 0, state_count(blocks->waists) * sizeof *m.place_of);
	if (ok) {
		const struct frontier *last = &levels[trace ? layers : layers & 1];
		uint32_t best[2] = {0, 0}, slot = blocks->waists->slot[end - 1];
		for (uint32_t k = 0; k < last->count; k++) {
			const struct partial *p = &last->items[k];
			int where = p->state & bits_of(slot, HERE) ? 0 : 1;
			if ((p->state & SOME_AWAY) && p->cost < cost[where]) {
				cost[where] = p->cost;
				best[where] = k;
			}
		}
		uint32_t at = trace ? best[side] : 0;
		for (uint32_t i = layers; trace && cost[side] < INFINITY && i > 0; i--) {
			away[i - 1] = levels[i].items[at].away;
			at = levels[i].items[at].parent;
		}
	}
	hidp__arena_back(arena, mark);
	return ok;
}

bool hidp__block_mixed(const struct hidp__blocks *blocks, uint32_t first, hidp_node_id node,
                       double limit, double cost[2], struct hidp__arena *arena)
{
	size_t at = (size_t)first * blocks->tables->node_count + node;
	struct hidp__mixed *kept = &blocks->mixed[at];
	if (limit > kept->limit) {
		kept->limit = -INFINITY;
		if (!mix_block(blocks, first, node, limit, kept->cost, 0, NULL, arena))
			return false;
		kept->limit = limit;
	}
	cost[0] = kept->cost[0];
	cost[1] = kept->cost[1];
	return true;
}

bool hidp__block_sides(const struct hidp__blocks *blocks, uint32_t first, hidp_node_id node,
                       int side, bool *away, struct hidp__arena *arena)
{
	double cost[2];
	return mix_block(blocks, first, node, INFINITY, cost, side, away, arena);
}
