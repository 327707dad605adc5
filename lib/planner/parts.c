/* SPDX-License-Identifier: MIT */
/*
 * A node with a part of the rows pays for every layer its overhead and its part of the
 * work, and for the halo, along the way: either work on rows that others compute too,
 * or an exchange, whichever is less; a shortest path over the cuts.
 *
 * The part of layer l is y_l, within 1 / rows of the node's row units x. With a_l, what
 * of the work of all layers is layer l's (the mean over the nodes), the part is
 * X = sum(a_l * y_l) / sum(a_l). A node's work on l is A_l = s * a_l + d_l, with s its
 * speed and d_l how far it is from being one speed for all layers; so it pays
 * sum(y_l * A_l) >= X * sum(A_l) - sum((off + 1 / rows) * |d_l|): whole rows cost a bound
 * only as much as the nodes differ in what they are good at.
 */
#include "planner/parts.h"

#include <string.h>

#include "planner/halo.h"

/* Sums over the layers before a place, for one node. */
struct sums {
	double fixed;  /* seconds whatever the part of the rows */
	double least;  /* seconds with one row of every layer */
	uint32_t idle; /* layers that the node cannot run */
	uint32_t side; /* layers that may run side by side on several processors */
	/* work, 0: arithmetic on all processors together, 1: as a whole of its steps; on one
	 * row of every layer; by how much it is more than one speed for all layers would make
	 * it; and that of all runs of layers with like rows, without the signs, also divided by
	 * the rows */
	double work[2], row_work[2], skew[2], apart[2], apart_row[2];
	double uneven; /* of the whole steps that go over layers of unlike rows */
};

struct hidp__parts {
	const struct hidp__tables *tables;
	struct sums *sums;       /* [node * (layer_count + 1) + place] */
	double *mean, *mean_row; /* sums of a_l, and a_l / rows */
	uint32_t *like_begin, *like_end; /* [layer_count] the layers around one that have as many rows */
	struct hidp__halo *halo;
	uint32_t begin; /* of the sequences at hand */
	bool timed;     /* their times are asked for */
};

static struct sums *sums_of(const struct hidp__parts *p, hidp_node_id node)
{
	return p->sums + (size_t)node * (p->tables->layer_count + 1);
}

static double work_of(const struct hidp__parts *p, hidp_node_id node, uint32_t l, int way)
{
	const struct hidp__site *site = &p->tables->sites[node];
	return way == 0 ? site->slope_s[l]
	                : site->sum_s[l + 1] - site->sum_s[l] - site->fixed_s[l];
}

static bool runs(const struct hidp__parts *p, hidp_node_id node, uint32_t l)
{
	const struct hidp__site *site = &p->tables->sites[node];
	return site->usable_count != 0 && site->fixed_s[l] < INFINITY;
}

/* The mean over the nodes of what part of its work a layer is. */
static bool find_mean(struct hidp__parts *p, struct hidp__arena *arena)
{
	const struct hidp__tables *t = p->tables;
	double *total = hidp__arena_calloc(arena, t->node_count, sizeof *total);
	if (total == NULL)
		return false;
	for (hidp_node_id a = 0; a < t->node_count; a++)
		for (uint32_t l = 0; l < t->layer_count; l++)
			total[a] += runs(p, a, l) ? work_of(p, a, l, 0) : 0;
	p->mean[0] = p->mean_row[0] = 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		double sum = 0;
		for (hidp_node_id a = 0; a < t->node_count; a++)
			if (runs(p, a, l) && total[a] > 0 && total[a] < INFINITY)
				sum += work_of(p, a, l, 0) / total[a];
		sum /= (double)t->node_count;
		p->mean[l + 1] = p->mean[l] + sum;
		p->mean_row[l + 1] = p->mean_row[l] + sum / (double)t->layers[l].rows;
	}
	return true;
}

/* Layers with as many rows: a node has the same part of all of them. */
static void find_like(struct hidp__parts *p)
{
	const struct hidp__tables *t = p->tables;
	for (uint32_t l = 0; l < t->layer_count; l++)
		p->like_begin[l] = l > 0 && t->layers[l - 1].rows == t->layers[l].rows
		                           ? p->like_begin[l - 1]
		                           : l;
	for (uint32_t l = t->layer_count; l-- > 0;)
		p->like_end[l] = l + 1 < t->layer_count && p->like_begin[l + 1] == p->like_begin[l]
		                         ? p->like_end[l + 1]
		                         : l + 1;
}

/* Rows of the shortest layer that can be in a step with a layer; 0 if all have as many. */
static double uneven_rows(const struct hidp__tables *t, uint32_t l)
{
	int64_t fewest = t->layers[l].rows;
	bool uneven = false;
	uint32_t from = l + 1 > HIDP_STEP_LAYERS_MAX ? l + 1 - HIDP_STEP_LAYERS_MAX : 0;
	for (uint32_t k = from; k < l + HIDP_STEP_LAYERS_MAX && k < t->layer_count; k++) {
		uneven |= t->layers[k].rows != t->layers[l].rows;
		fewest = t->layers[k].rows < fewest ? t->layers[k].rows : fewest;
	}
	return uneven ? (double)fewest : 0;
}

static void sum_node(struct hidp__parts *p, hidp_node_id node)
{
	const struct hidp__tables *t = p->tables;
	const struct hidp__site *site = &t->sites[node];
	struct sums *sums = sums_of(p, node);
	double speed[2], total[2] = {0, 0};
	memset(sums, 0, sizeof *sums);
	for (uint32_t l = 0; l < t->layer_count; l++)
		for (int way = 0; way < 2; way++)
			total[way] += runs(p, node, l) ? work_of(p, node, l, way) : 0;
	for (int way = 0; way < 2; way++)
		speed[way] = p->mean[t->layer_count] > 0 ? total[way] / p->mean[t->layer_count] : 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		const struct sums *like = &sums[p->like_begin[l]];
		struct sums *n = &sums[l + 1];
		double rows = (double)t->layers[l].rows, uneven = uneven_rows(t, l);
		*n = sums[l];
		if (!runs(p, node, l)) {
			n->idle++;
			continue;
		}
		n->fixed += site->fixed_s[l];
		n->least += site->fixed_s[l] + site->slope_s[l] / rows;
		for (int way = 0; way < 2; way++) {
			double work = work_of(p, node, l, way);
			n->work[way] += work;
			n->row_work[way] += work / rows;
			n->skew[way] += work - speed[way] * (p->mean[l + 1] - p->mean[l]);
			double apart = fabs(n->skew[way] - like->skew[way]);
			n->apart[way] = like->apart[way] + apart;
			n->apart_row[way] = like->apart_row[way] + apart / rows;
		}
		/* a step as a whole gets the least part of its layers, and its slices may have a
		 * row less than their part of some of them */
		if (uneven > 0)
			n->uneven += (2 + site->usable_count) / uneven *
			             fabs(work_of(p, node, l, 1));
	}
	if (site->usable_count < 2)
		return;
	for (uint32_t r = 0; r < t->region_count; r++)
		for (uint32_t l = t->regions[r].first; l < t->regions[r].end; l++)
			sums[l + 1].side = 1;
	for (uint32_t l = 0; l < t->layer_count; l++)
		sums[l + 1].side += sums[l].side;
}

static bool allocate(struct hidp__parts *p, struct hidp__arena *arena)
{
	const struct hidp__tables *t = p->tables;
	size_t row = (size_t)t->layer_count + 1;
	p->sums = hidp__arena_alloc(arena, row * t->node_count, sizeof *p->sums);
	p->mean = hidp__arena_alloc(arena, row, sizeof(double));
	p->mean_row = hidp__arena_alloc(arena, row, sizeof(double));
	p->like_begin = hidp__arena_alloc(arena, row, sizeof *p->like_begin);
	p->like_end = hidp__arena_alloc(arena, row, sizeof *p->like_end);
	return p->sums != NULL && p->mean != NULL && p->mean_row != NULL &&
	       p->like_begin != NULL && p->like_end != NULL;
}

struct hidp__parts *hidp__parts_new(const struct hidp__tables *tables,
                                    const struct hidp__path *paths, struct hidp__arena *arena)
{
	struct hidp__parts *p = hidp__arena_calloc(arena, 1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->tables = tables;
	if (!allocate(p, arena) || !find_mean(p, arena))
		return NULL;
	find_like(p);
	for (hidp_node_id a = 0; a < tables->node_count; a++)
		sum_node(p, a);
	p->halo = hidp__halo_new(tables, paths, arena);
	return p->halo != NULL ? p : NULL;
}

void hidp__parts_begin(struct hidp__parts *p, uint32_t first, uint32_t limit, bool timed)
{
	p->begin = first;
	p->timed = timed;
	if (timed)
		hidp__halo_begin(p->halo, first, limit);
}

double hidp__parts_off(const struct hidp__parts *p, uint32_t end)
{
	double mean = p->mean[end] - p->mean[p->begin];
	return mean > 0 ? (p->mean_row[end] - p->mean_row[p->begin]) / mean : 0;
}

/* What whole rows can cost less than the part of the work, over the sequence. */
static double lost_work(const struct hidp__parts *p, const struct sums *sums, int way,
                        uint32_t end, double off)
{
	uint32_t after = p->like_end[p->begin];
	const struct sums *from = sums + p->begin, *to = sums + end, *like = sums + after;
	double first_rows = (double)p->tables->layers[p->begin].rows;
	if (end <= after)
		return (off + 1 / first_rows) * fabs(to->skew[way] - from->skew[way]);
	double head = fabs(like->skew[way] - from->skew[way]);
	return off * (head + to->apart[way] - like->apart[way]) + head / first_rows +
	       to->apart_row[way] - like->apart_row[way];
}

bool hidp__parts_line(const struct hidp__parts *p, enum hidp__part_of of, hidp_node_id node,
                      uint32_t end, double fewest, struct hidp__line *line)
{
	const struct sums *sums = sums_of(p, node), *from = sums + p->begin, *to = sums + end;
	if (to->idle != from->idle)
		return false;
	if (!p->timed) {
		*line = (struct hidp__line){0, 0, 0};
		return true;
	}
	double off = of == HIDP__PART_OF_WORK ? hidp__parts_off(p, end) : 0;
	double fixed = to->fixed - from->fixed, small, nearly;
	double late = fmin(off + 1 / fewest, 1); /* by so much the part of a layer can be larger */
	hidp__halo_of(p->halo, node, end, &small, &nearly);
	small -= late * (small - nearly);
	for (int way = 0; way < 2; way++) {
		double work = to->work[way] - from->work[way];
		double lost = of == HIDP__PART_OF_WORK ? lost_work(p, sums, way, end, off)
		                                       : to->row_work[way] - from->row_work[way];
		if (way == 1)
			lost += to->uneven - from->uneven;
		/* branches side by side may hide the halo of one behind another */
		bool hides = way == 1 && to->side != from->side;
		double start = fixed - lost + (hides ? 0 : small);
		double slope = work + (hides ? 0 : nearly - small);
		if (slope < 0) {
			start += slope;
			slope = 0;
		}
		if (way == 0 || start + 0.5 * slope > line->start + 0.5 * line->slope) {
			line->start = start;
			line->slope = slope;
		}
	}
	line->least = to->least - from->least;
	return true;
}
