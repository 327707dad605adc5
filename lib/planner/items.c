/* SPDX-License-Identifier: MIT */
/* What is placed: layers that share a processor as one item, tensors, processors. */
#include <string.h>

#include "planner/placement_priv.h"

static void measure_tensors(struct hidp__placement *p)
{
	const struct hidp__tables *t = p->tables;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		const struct hidp__work *w = &t->layers[l];
		double all = (double)w->rows * w->row_bytes;
		if (w->last_reader == t->layer_count) { /* an output of the model */
			p->bytes[w->id] = fmax(p->bytes[w->id], all);
			p->least_bytes[w->id] = fmin(p->least_bytes[w->id], all);
		}
		for (uint32_t i = 0; i < w->feed_count; i++) {
			const struct hidp__feed *f = &w->feeds[i];
			double bytes = hidp__feed_rows(w, f) * f->row_bytes;
			if (!(bytes > 0))
				continue;
			p->bytes[f->layer] = fmax(p->bytes[f->layer], bytes);
			p->least_bytes[f->layer] = fmin(p->least_bytes[f->layer], bytes);
			if (hidp__reads_first(w, i) && l >= p->end)
				p->kept[f->layer]++;
		}
		p->kept[w->id] += w->last_reader == t->layer_count;
	}
}

/* The item of an earlier layer of the same group; UINT32_MAX: none. */
static uint32_t item_of_group(const struct hidp__placement *p, uint32_t layer)
{
	const struct hidp_model *m = p->tables->problem->model;
	uint32_t group = m->layers[p->tables->layers[layer].id].colocation;
	for (uint32_t l = p->first; l < layer && group != 0; l++)
		if (m->layers[p->tables->layers[l].id].colocation == group)
			return p->item_of[l];
	return UINT32_MAX;
}

/* The layers of the items, one item after another. */
static void list_members(struct hidp__placement *p)
{
	memset(p->item, 0, ((size_t)p->items + 2) * sizeof *p->item);
	for (uint32_t l = p->first; l < p->end; l++)
		p->item[p->item_of[l] + 2]++;
	/* item[i + 1]: where the next member of item i goes, in the end where it ends */
	for (uint32_t i = 0; i < p->items; i++)
		p->item[i + 2] += p->item[i + 1];
	for (uint32_t l = p->first; l < p->end; l++)
		p->member[p->item[p->item_of[l] + 1]++] = l;
}

/* Layers of one group are one item. */
static bool find_items(struct hidp__placement *p)
{
	uint32_t layers = p->tables->layer_count;
	p->item_of = hidp__arena_alloc(p->arena, layers, sizeof(uint32_t));
	p->item = hidp__arena_calloc(p->arena, (size_t)layers + 2, sizeof(uint32_t));
	p->member = hidp__arena_alloc(p->arena, layers, sizeof(uint32_t));
	p->order = hidp__arena_alloc(p->arena, layers, sizeof(uint32_t));
	p->turn = hidp__arena_alloc(p->arena, layers, sizeof(uint32_t));
	if (p->item_of == NULL || p->item == NULL || p->member == NULL || p->order == NULL ||
	    p->turn == NULL)
		return false;
	p->items = 0;
	for (uint32_t l = p->first; l < p->end; l++) {
		uint32_t item = item_of_group(p, l);
		p->item_of[l] = item != UINT32_MAX ? item : p->items++;
	}
	list_members(p);
	return true;
}

/* Is all that an item reads, but for its own layers, of items that have had their turn? */
static bool is_ready(const struct hidp__placement *p, uint32_t item)
{
	for (uint32_t i = p->item[item]; i < p->item[item + 1]; i++) {
		const struct hidp__work *w = &p->tables->layers[p->member[i]];
		for (uint32_t k = 0; k < w->feed_count; k++) {
			uint32_t from = hidp__feeding_item(p, &w->feeds[k]);
			if (from != UINT32_MAX && from != item && p->turn[from] == UINT32_MAX)
				return false;
		}
	}
	return true;
}

/* follows[item * words]: the items that read of it. */
static bool join_circles(struct hidp__placement *p)
{
	uint32_t words = (p->items + 63) / 64, items = 0;
	uint64_t *follows = hidp__arena_calloc(p->arena, (size_t)p->items * words, sizeof *follows);
	uint32_t *joined = hidp__arena_alloc(p->arena, p->items, sizeof *joined);
	if (follows == NULL || joined == NULL)
		return false;
	for (uint32_t l = p->first; l < p->end; l++)
		for (uint32_t i = 0; i < p->tables->layers[l].feed_count; i++) {
			uint32_t from = hidp__feeding_item(p, &p->tables->layers[l].feeds[i]);
			if (from != UINT32_MAX)
				follows[(size_t)from * words + p->item_of[l] / 64] |=
				        (uint64_t)1 << (p->item_of[l] % 64);
		}
	for (uint32_t k = 0; k < p->items; k++)
		for (uint32_t i = 0; i < p->items; i++)
			for (uint32_t w = 0; w < words && follows[(size_t)i * words + k / 64] >> (k % 64) & 1;
			     w++)
				follows[(size_t)i * words + w] |= follows[(size_t)k * words + w];
	for (uint32_t i = 0; i < p->items; i++) {
		joined[i] = UINT32_MAX;
		for (uint32_t k = 0; k < i && joined[i] == UINT32_MAX; k++)
			if (follows[(size_t)i * words + k / 64] >> (k % 64) & 1 &&
			    follows[(size_t)k * words + i / 64] >> (i % 64) & 1)
				joined[i] = joined[k];
		joined[i] = joined[i] != UINT32_MAX ? joined[i] : items++;
	}
	for (uint32_t l = p->first; l < p->end; l++)
		p->item_of[l] = joined[p->item_of[l]];
	p->items = items;
	list_members(p);
	return true;
}

/* Items in the order of their first layers, but behind what they read; groups may go in circles. */
static void put_in_order(struct hidp__placement *p)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < p->items; i++)
		p->turn[i] = UINT32_MAX;
	for (bool moved = true; moved && count < p->items;) {
		moved = false;
		for (uint32_t i = 0; i < p->items; i++) {
			if (p->turn[i] != UINT32_MAX || !is_ready(p, i))
				continue;
			p->turn[i] = count;
			p->order[count++] = i;
			moved = true;
		}
	}
	p->ordered = count == p->items;
	for (uint32_t i = 0; i < p->items && !p->ordered; i++)
		p->order[i] = i;
}

/* Seconds per byte from a node to its neighbour. */
static double link_s(const struct hidp_cluster *c, hidp_node_id from, hidp_node_id to)
{
	return 1 / hidp__link(c, from, to)->bandwidth_Bps;
}

static void add_processors(struct hidp__placement *p, hidp_node_id node, hidp_node_id hub)
{
	const struct hidp_cluster *c = p->tables->problem->cluster;
	const struct hidp__site *site = &p->tables->sites[node];
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i], at = p->count++;
		p->number[at] = site->first_processor + q;
		p->node[at] = node;
		p->in_s[at] = p->out_s[at] = site->copy_s[q];
		if (hub != HIDP_NODE_NONE && node != hub) {
			p->in_s[at] = link_s(c, hub, node);
			p->out_s[at] = link_s(c, node, hub);
		}
		p->copies |= p->in_s[at] + p->out_s[at] > 0;
	}
}

static void read_seconds(struct hidp__placement *p)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct hidp__site *site = &p->tables->sites[p->node[i]];
		for (uint32_t l = 0; l < p->tables->layer_count; l++)
			p->seconds[(size_t)l * p->count + i] =
			        site->single_s[(size_t)l * site->processor_count + p->number[i] -
			                       site->first_processor];
	}
}

bool hidp__placement_begin(struct hidp__placement *p, const struct hidp__search *search,
                           hidp_node_id node, hidp_node_id hub, uint32_t first, uint32_t end)
{
	const struct hidp__tables *t = search->tables;
	struct hidp__arena *a = search->arena;
	size_t tensors = t->problem->model->layer_count;
	size_t most = t->problem->cluster->processor_count;
	*p = (struct hidp__placement){.tables = t, .arena = a, .first = first, .end = end};
	p->number = hidp__arena_alloc(a, most, sizeof(uint32_t));
	p->node = hidp__arena_alloc(a, most, sizeof *p->node);
	p->in_s = hidp__arena_alloc(a, most, sizeof(double));
	p->out_s = hidp__arena_alloc(a, most, sizeof(double));
	if (p->number == NULL || p->node == NULL || p->in_s == NULL || p->out_s == NULL)
		return false;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		if (node == n || node == HIDP_NODE_NONE)
			add_processors(p, n, hub);
	p->seconds = hidp__arena_alloc(a, (size_t)t->layer_count * p->count + 1, sizeof(double));
	p->bytes = hidp__arena_calloc(a, tensors, sizeof(double));
	p->least_bytes = hidp__arena_alloc(a, tensors, sizeof(double));
	p->readers = hidp__arena_calloc(a, tensors * p->count + 1, sizeof(uint32_t));
	p->kept = hidp__arena_calloc(a, tensors, sizeof(uint32_t));
	p->maker = hidp__arena_alloc(a, tensors, sizeof(uint32_t));
	p->on = hidp__arena_alloc(a, t->layer_count, sizeof(uint32_t));
	p->loads = hidp__arena_calloc(a, (size_t)p->count + 1, sizeof(double));
	if (p->seconds == NULL || p->bytes == NULL || p->least_bytes == NULL ||
	    p->readers == NULL || p->kept == NULL || p->maker == NULL || p->on == NULL || p->loads == NULL)
		return false;
	read_seconds(p);
	for (size_t i = 0; i < tensors; i++) {
		p->maker[i] = p->count;
		p->least_bytes[i] = INFINITY;
	}
	measure_tensors(p);
	p->exact = true;
	for (size_t i = 0; i < tensors; i++) {
		p->least_bytes[i] = fmin(p->least_bytes[i], p->bytes[i]);
		p->exact &= p->least_bytes[i] == p->bytes[i];
	}
	for (uint32_t i = 1; i < p->count; i++)
		p->exact &= p->node[i] != p->node[i - 1] || !(t->sites[p->node[i]].sync_s > 0);
	if (!find_items(p))
		return false;
	put_in_order(p);
	return true;
}

bool hidp__placement_order(struct hidp__placement *p)
{
	if (p->ordered)
		return true;
	if (!join_circles(p))
		return false;
	put_in_order(p);
	return true;
}
