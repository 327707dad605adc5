/* SPDX-License-Identifier: MIT */
#include "planner/halo.h"

#include <string.h>

#include "planner/reach.h"

/* Longest stages that are looked at one by one; of longer ones see fill_row(). */
#define STAGE_MAX 24

/* Stages that end at a place: they begin right before it, one layer before that, ... */
struct stages {
	uint32_t first; /* in the arrays below */
	uint32_t count;
};

/*
 * Figures of all nodes lie side by side, two of each node: lane `node` if its part of
 * the rows is small, lane `node_count + node` if it has nearly all.
 */
struct hidp__halo {
	const struct hidp__tables *tables;
	uint32_t lanes; /* 2 * nodes */
	bool ready;     /* the stages were looked for */
	struct hidp__reach reach;
	double *slope;  /* [place * nodes + node] seconds for all rows */
	double *latency_s, *byte_s, *element_s; /* [node] of messages into it, each the least */
	double *zero;          /* [lane] */
	double *best;          /* [place * lanes + lane] the halos since the last short layer */
	struct stages *stages; /* [layer_count + 1] by their end */
	double *work;          /* [stage * lanes + lane] seconds of work on halo rows */
	double *wait; /* likewise, and until the halo is there: of a stage behind another */
	double *row;  /* [place * lanes + lane] scratch: the halos from a place on */
	uint32_t *waists; /* [layer_count + 1] how many waists there are before a place */
	double **kept;    /* [place] where the halos from there on to the waists behind it are */
	double *spare;    /* where the next are put */
	uint32_t begin;   /* of the sequences at hand */
};

/*
 * Halo rows of a layer on a node that has nearly all of it: the others own a row of
 * every layer (doc/plan-space.md). Between that and `rows` for a small part, what it has
 * is concave.
 */
static double rows_beside_all(double rows, double of)
{
	if (rows <= 1 || of < 2)
		return rows < 1 ? rows : 1;
	double v = 1 - (rows - 1) / (of - 1);
	return v > 0 ? v : 0;
}

/* least = the less of it and a + b, in every lane. */
static void least_sums(double *restrict least, const double *restrict a,
                       const double *restrict b, uint32_t lanes)
{
	for (uint32_t i = 0; i < lanes; i++) {
		double v = a[i] + b[i], was = least[i];
		least[i] = v < was ? v : was;
	}
}

/*
 * One layer more than `shorter`: `reach` rows of its `rows`, and `fetched` rows of the layer
 * before it to wait for.
 */
static void add_layer(const struct hidp__halo *h, uint32_t begin, double reach, double fetched,
                      const double *shorter, double *work, double *wait)
{
	const struct hidp__tables *t = h->tables;
	uint32_t n = t->node_count;
	double rows = (double)t->layers[begin].rows;
	const double *slope = h->slope + (size_t)begin * n;
	for (int nearly = 0; nearly < 2; nearly++, shorter += n, work += n, wait += n) {
		double part = (nearly ? rows_beside_all(reach, rows) : reach) / rows;
		for (uint32_t i = 0; i < n; i++)
			wait[i] = work[i] = shorter[i] + part * slope[i];
		if (!(fetched > 0))
			continue;
		/* all shares have to wait for rows of the layer before the stage */
		const struct hidp__work *w = &t->layers[begin - 1];
		double need = nearly ? rows_beside_all(fetched, (double)w->rows) : fetched;
		double bytes = need * w->row_bytes;
		double elements =
		        need * (double)t->problem->model->layers[w->id].elements_per_row;
		for (uint32_t i = 0; i < n; i++)
			wait[i] += h->latency_s[i] + bytes * h->byte_s[i] +
			           elements * h->element_s[i];
	}
}

/* The stages that end at a place, as far back as they could be worth their halo. */
static void add_stages(struct hidp__halo *h, uint32_t from, uint32_t end)
{
	const struct hidp__tables *t = h->tables;
	uint32_t lanes = h->lanes, count = 0;
	struct stages *s = &h->stages[end];
	double *best = h->best + (size_t)end * lanes;
	s->first = h->stages[end - 1].first + h->stages[end - 1].count;
	hidp__reach_clear(&h->reach);
	for (uint32_t begin = end; begin-- > from && count < STAGE_MAX;) {
		double rows = (double)t->layers[begin].rows, fetched = 0;
		double reach = hidp__reach_least(&h->reach, begin);
		size_t at = (size_t)(s->first + count) * lanes;
		double *work = h->work + at, *wait = h->wait + at;
		bool open = false;
		reach = reach < 0 ? 0 : reach > rows ? rows : reach;
		hidp__reach_back(&h->reach, t, begin, true);
		if (begin > from && t->always)
			fetched = fmin(hidp__reach_least(&h->reach, begin - 1),
			               (double)t->layers[begin - 1].rows);
		add_layer(h, begin, reach, fetched, count > 0 ? work - lanes : h->zero, work, wait);
		least_sums(best, h->best + (size_t)begin * lanes, wait, lanes);
		count++;
		for (uint32_t i = 0; i < lanes && !open; i++)
			open = work[i] < best[i];
		if (!open)
			break; /* a longer stage costs more halo than it saves */
	}
	s->count = count;
}

static void describe_nodes(struct hidp__halo *h, const struct hidp__path *paths)
{
	const struct hidp__tables *t = h->tables;
	uint32_t n = t->node_count;
	for (hidp_node_id a = 0; a < n; a++) {
		const struct hidp__site *site = &t->sites[a];
		struct hidp__path in = HIDP__PATH_NONE;
		for (hidp_node_id from = 0; from < n; from++)
			if (from != a)
				hidp__path_least(&in, &paths[(size_t)from * n + a]);
		h->latency_s[a] = in.exists ? in.latency_s : 0;
		h->byte_s[a] = in.exists ? in.byte_s : 0;
		h->element_s[a] = in.exists ? in.element_s : 0;
		for (uint32_t l = 0; l < t->layer_count; l++) {
			bool runs = site->usable_count != 0 && site->fixed_s[l] < INFINITY;
			h->slope[(size_t)l * n + a] = runs ? site->slope_s[l] : 0;
		}
	}
}

struct hidp__halo *hidp__halo_new(const struct hidp__tables *tables,
                                  const struct hidp__path *paths, struct hidp__arena *arena)
{
	uint32_t n = tables->node_count, layers = tables->layer_count;
	struct hidp__halo *h = hidp__arena_calloc(arena, 1, sizeof *h);
	if (h == NULL)
		return NULL;
	h->tables = tables;
	h->lanes = 2 * n;
	size_t most = (size_t)layers * STAGE_MAX * h->lanes, row = (size_t)layers + 1;
	h->slope = hidp__arena_alloc(arena, (size_t)layers * n, sizeof(double));
	h->latency_s = hidp__arena_alloc(arena, n, sizeof(double));
	h->byte_s = hidp__arena_alloc(arena, n, sizeof(double));
	h->element_s = hidp__arena_alloc(arena, n, sizeof(double));
	h->zero = hidp__arena_calloc(arena, h->lanes, sizeof(double));
	h->best = hidp__arena_alloc(arena, row * h->lanes, sizeof(double));
	h->stages = hidp__arena_calloc(arena, row, sizeof *h->stages);
	h->work = hidp__arena_alloc(arena, most, sizeof(double));
	h->wait = hidp__arena_alloc(arena, most, sizeof(double));
	h->row = hidp__arena_alloc(arena, row * h->lanes, sizeof(double));
	h->waists = hidp__arena_calloc(arena, row, sizeof *h->waists);
	h->kept = hidp__arena_calloc(arena, row, sizeof *h->kept);
	uint32_t waists = 0;
	for (uint32_t l = 0; l < layers; l++)
		waists += tables->waists.waist[l];
	h->spare = hidp__arena_alloc(arena, (size_t)waists * (waists + 1) / 2 * h->lanes,
	                             sizeof(double));
	if (h->slope == NULL || h->latency_s == NULL || h->byte_s == NULL ||
	    h->element_s == NULL || h->zero == NULL || h->best == NULL || h->stages == NULL ||
	    h->work == NULL || h->wait == NULL || h->row == NULL ||
	    h->waists == NULL || h->kept == NULL || h->spare == NULL ||
	    !hidp__reach_new(&h->reach, layers, arena))
		return NULL;
	for (uint32_t l = 0; l < layers; l++)
		h->waists[l + 1] = h->waists[l] + tables->waists.waist[l];
	describe_nodes(h, paths);
	return h;
}

static void find_stages(struct hidp__halo *h)
{
	const struct hidp__tables *t = h->tables;
	uint32_t from = 0;
	for (size_t i = 0; i < ((size_t)t->layer_count + 1) * h->lanes; i++)
		h->best[i] = i < h->lanes ? 0 : INFINITY;
	for (uint32_t end = 1; end <= t->layer_count; end++) {
		if (t->layers[end - 1].rows >= 2) {
			add_stages(h, from, end);
			continue;
		}
		/* cannot be divided: no sequence goes past it */
		from = end;
		h->stages[end].first = h->stages[end - 1].first + h->stages[end - 1].count;
		memset(h->best + (size_t)end * h->lanes, 0, h->lanes * sizeof *h->best);
	}
	h->ready = true;
}

/* The halos of the sequences that begin at `first`, up to all places. */
static void fill_row(struct hidp__halo *h, uint32_t first, uint32_t limit)
{
	uint32_t lanes = h->lanes;
	memset(h->row + (size_t)first * lanes, 0, lanes * sizeof *h->row);
	for (uint32_t end = first + 1; end <= limit; end++) {
		const struct stages *s = &h->stages[end];
		double *row = h->row + (size_t)end * lanes;
		uint32_t count = s->count < end - first ? s->count : end - first;
		/* one stage, or one that is longer than those that were looked at: its layers
		 * before them have no less halo than in a stage of their own */
		const double *most = h->work + (size_t)(s->first + count - 1) * lanes;
		const double *rest = h->row + (size_t)(end - count) * lanes;
		for (uint32_t i = 0; i < lanes; i++)
			row[i] = rest[i] + most[i];
		if (count == end - first)
			count--; /* nothing to wait for */
		for (uint32_t k = 0; k < count; k++)
			least_sums(row, h->row + (size_t)(end - 1 - k) * lanes,
			           h->wait + (size_t)(s->first + k) * lanes, lanes);
	}
}

void hidp__halo_begin(struct hidp__halo *h, uint32_t first, uint32_t limit)
{
	if (!h->ready)
		find_stages(h);
	/* a longer sequence has no less halo: not every waist needs figures of its own */
	h->begin = first;
	if (h->kept[first] == NULL && h->tables->waists.next_waist[first] < limit)
		h->begin = h->tables->waists.next_waist[first];
	if (h->kept[h->begin] != NULL)
		return;
	h->begin = first;
	double **kept = &h->kept[first];
	fill_row(h, first, limit);
	*kept = h->spare;
	for (uint32_t end = first + 1; end <= limit; end++) {
		if (!h->tables->waists.waist[end])
			continue;
		memcpy(h->spare, h->row + (size_t)end * h->lanes, h->lanes * sizeof *h->spare);
		h->spare += h->lanes;
	}
}

void hidp__halo_of(const struct hidp__halo *h, hidp_node_id node, uint32_t end, double *small,
                   double *nearly)
{
	*small = *nearly = 0;
	if (end <= h->begin)
		return;
	const double *found = h->kept[h->begin] +
	                      (size_t)(h->waists[end] - h->waists[h->begin] - 1) * h->lanes;
	*small = found[node];
	*nearly = found[h->tables->node_count + node];
	*nearly = *nearly < *small ? *nearly : *small;
}
