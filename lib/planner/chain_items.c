/* SPDX-License-Identifier: MIT */
/* What chains are made of: items, what crosses the cuts, classes of processors, messages. */
#include <string.h>

#include "planner/chain_priv.h"

/* Layers of one group are computed by one processor: no cut lies between them. */
static void join_groups(const struct hidp__tables *t, bool *cuts)
{
	const struct hidp_model *m = t->problem->model;
	for (uint32_t l = 0; l < t->layer_count && m->colocated > 0; l++) {
		uint32_t mate = m->layers[t->layers[l].id].mate;
		uint32_t from = m->layers[t->layers[l].id].colocation != 0 ? t->place_of[mate] : l;
		for (uint32_t cut = from + 1; cut <= l; cut++)
			cuts[cut] = false;
	}
}

/* What is read of what crosses a cut: all of a tensor that several layers read. */
static void measure_cut(struct hidp__chain *c, uint32_t item)
{
	const struct hidp__tables *t = c->tables;
	uint32_t first = c->first[item];
	for (uint32_t l = first; l < c->first[item + 1]; l++) {
		const struct hidp__work *w = &t->layers[l];
		double bytes = 0, elements = 0;
		for (uint32_t i = 0; i < w->feed_count; i++) {
			const struct hidp__feed *f = &w->feeds[i];
			double rows = hidp__feed_rows(w, f);
			if (item == 0 ? f->place != UINT32_MAX : f->place != first - 1)
				continue;
			bytes = fmax(bytes, rows * f->row_bytes);
			elements = fmax(elements, rows * f->elements_per_row);
		}
		c->bytes[item] = fmax(c->bytes[item], bytes);
		c->elements[item] = fmax(c->elements[item], elements);
	}
}

static bool find_items(struct hidp__chain *c)
{
	const struct hidp__tables *t = c->tables;
	const struct hidp__work *last = &t->layers[t->layer_count - 1];
	bool *cuts = hidp__arena_alloc(c->arena, (size_t)t->layer_count + 1, sizeof *cuts);
	c->first = hidp__arena_alloc(c->arena, (size_t)t->layer_count + 1, sizeof *c->first);
	c->bytes = hidp__arena_calloc(c->arena, (size_t)t->layer_count + 1, sizeof *c->bytes);
	c->elements = hidp__arena_calloc(c->arena, (size_t)t->layer_count + 1, sizeof *c->elements);
	if (cuts == NULL || c->first == NULL || c->bytes == NULL || c->elements == NULL)
		return false;
	c->complete = true;
	for (uint32_t l = 0; l <= t->layer_count; l++) {
		cuts[l] = t->waists.waist[l];
		c->complete &= cuts[l];
	}
	join_groups(t, cuts);
	for (uint32_t l = 0; l < t->layer_count; l++)
		if (cuts[l])
			c->first[c->items++] = l;
	c->first[c->items] = t->layer_count;
	for (uint32_t i = 0; i < c->items; i++)
		measure_cut(c, i);
	if (last->last_reader == t->layer_count) {
		c->bytes[c->items] = (double)last->rows * last->row_bytes;
		c->elements[c->items] = c->bytes[c->items] / last->row_bytes *
		                        (double)t->problem->model->layers[last->id].elements_per_row;
	}
	c->words = c->items / 64 + 1;
	return true;
}

/* Bytes per second over a link, of what crosses the cut where the wire makes least of it. */
static double hop_Bps(const struct hidp__chain *c, hidp_node_id from, hidp_node_id to)
{
	const struct hidp__link *l = hidp__link(c->tables->problem->cluster, from, to);
	double shrinks = 0;
	if (l->wire_dtype == HIDP_DTYPE_DEFAULT)
		return l->bandwidth_Bps;
	for (uint32_t cut = 0; cut <= c->items; cut++)
		if (c->elements[cut] > 0)
			shrinks = fmax(shrinks, c->bytes[cut] / c->elements[cut]);
	return l->bandwidth_Bps * shrinks / (double)hidp__dtype_bytes(l->wire_dtype);
}

/*
 * How fast a message leaves a node for another, and how fast it comes there; hubs do not care.
 * 0: not at all. Returns the slower.
 */
static double send_Bps(const struct hidp__chain *c, hidp_node_id from, hidp_node_id to, double *out,
                       double *in)
{
	const struct hidp_cluster *cluster = c->tables->problem->cluster;
	hidp_node_id at = from, next = hidp__next_hop(cluster, from, to);
	*out = *in = from == to ? INFINITY : 0;
	if (from == to || next == HIDP_NODE_NONE)
		return *out;
	*out = hop_Bps(c, from, next);
	for (; next != to; next = hidp__next_hop(cluster, at, to))
		at = next;
	*in = hop_Bps(c, at, to);
	if (cluster->nodes[from].desc.flags & HIDP_NODE_HUB)
		*out = INFINITY;
	if (cluster->nodes[to].desc.flags & HIDP_NODE_HUB)
		*in = INFINITY;
	return fmin(*out, *in);
}

/* What two nodes can be told apart by. */
static bool same_node(const struct hidp__chain *c, hidp_node_id a, hidp_node_id b)
{
	const struct hidp__problem *p = c->tables->problem;
	const struct hidp__node *x = &p->cluster->nodes[a], *y = &p->cluster->nodes[b];
	const struct hidp__request *r = p->request;
	const uint32_t flags = HIDP_NODE_HUB | HIDP_NODE_TRANSFERS_ARE_WORK;
	return a != r->input_node && a != r->output_node && b != r->input_node &&
	       b != r->output_node && (x->desc.flags & flags) == (y->desc.flags & flags) &&
	       x->desc.memory_bytes == y->desc.memory_bytes &&
	       x->desc.receive_buffers == y->desc.receive_buffers &&
	       x->desc.send_buffers == y->desc.send_buffers && x->processor_count == 1 &&
	       y->processor_count == 1 &&
	       x->processors[0].memory_bytes == y->processors[0].memory_bytes;
}

static bool same_link(const struct hidp_cluster *c, hidp_node_id a, hidp_node_id b,
                      hidp_node_id x, hidp_node_id y)
{
	const struct hidp__link *l = hidp__link(c, a, b), *k = hidp__link(c, x, y);
	bool straight = hidp__next_hop(c, a, b) == b;
	return l->bandwidth_Bps == k->bandwidth_Bps && l->wire_dtype == k->wire_dtype &&
	       straight == (hidp__next_hop(c, x, y) == y) && straight;
}

static const double *seconds_of(const struct hidp__chain *c, uint32_t processor, uint32_t *stride)
{
	const struct hidp__site *site = &c->tables->sites[c->node[processor]];
	*stride = site->processor_count;
	return site->single_s + (c->number[processor] - site->first_processor);
}

static bool alike(const struct hidp__chain *c, uint32_t a, uint32_t b)
{
	const struct hidp_cluster *cluster = c->tables->problem->cluster;
	hidp_node_id x = c->node[a], y = c->node[b];
	uint32_t step_a, step_b;
	const double *s_a = seconds_of(c, a, &step_a), *s_b = seconds_of(c, b, &step_b);
	if (x == y || !same_node(c, x, y))
		return false;
	for (uint32_t l = 0; l < c->tables->layer_count; l++)
		if (s_a[(size_t)l * step_a] != s_b[(size_t)l * step_b])
			return false;
	for (hidp_node_id n = 0; n < cluster->node_count; n++) {
		bool is_end = n == c->tables->problem->request->input_node ||
		              n == c->tables->problem->request->output_node;
		if (n == x || n == y || (c->tables->sites[n].usable_count == 0 && !is_end))
			continue;
		/* an end may be linked in one direction alone */
		bool reads = is_end && hidp__next_hop(cluster, n, x) != n;
		if (!same_link(cluster, x, n, y, n) &&
		    !(is_end && hidp__next_hop(cluster, x, n) == HIDP_NODE_NONE &&
		      hidp__next_hop(cluster, y, n) == HIDP_NODE_NONE))
			return false;
		if (!same_link(cluster, n, x, n, y) &&
		    !(reads && hidp__next_hop(cluster, n, x) == HIDP_NODE_NONE &&
		      hidp__next_hop(cluster, n, y) == HIDP_NODE_NONE))
			return false;
	}
	return same_link(cluster, x, y, y, x);
}

static bool find_classes(struct hidp__chain *c)
{
	const struct hidp__tables *t = c->tables;
	size_t most = t->problem->cluster->processor_count;
	c->number = hidp__arena_alloc(c->arena, most, sizeof *c->number);
	c->node = hidp__arena_alloc(c->arena, most, sizeof *c->node);
	c->class_of = hidp__arena_alloc(c->arena, most, sizeof *c->class_of);
	c->one = hidp__arena_alloc(c->arena, most, sizeof *c->one);
	c->size = hidp__arena_calloc(c->arena, most, sizeof *c->size);
	if (c->number == NULL || c->node == NULL || c->class_of == NULL || c->one == NULL ||
	    c->size == NULL)
		return false;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		for (uint32_t i = 0; i < t->sites[n].usable_count; i++) {
			uint32_t at = c->count++, k = 0;
			c->number[at] = t->sites[n].first_processor + t->sites[n].usable[i];
			c->node[at] = n;
			while (k < c->classes && !alike(c, at, c->one[k]))
				k++;
			if (k == c->classes)
				c->one[c->classes++] = at;
			c->class_of[at] = k;
			c->size[k]++;
			c->work += c->classes + t->node_count;
		}
	return true;
}

static bool read_seconds(struct hidp__chain *c)
{
	size_t row = (size_t)c->items + 1;
	c->until_s = hidp__arena_alloc(c->arena, c->classes * row, sizeof *c->until_s);
	c->barred = hidp__arena_alloc(c->arena, c->classes * row, sizeof *c->barred);
	c->works = hidp__arena_alloc(c->arena, c->classes, sizeof *c->works);
	if (c->until_s == NULL || c->barred == NULL || c->works == NULL)
		return false;
	for (uint32_t k = 0; k < c->classes; k++) {
		uint32_t stride, barred = 0;
		const double *s = seconds_of(c, c->one[k], &stride);
		double *until = c->until_s + k * row, sum = 0;
		const struct hidp__node *n =
		        &c->tables->problem->cluster->nodes[c->node[c->one[k]]];
		c->works[k] = (n->desc.flags & HIDP_NODE_TRANSFERS_ARE_WORK) != 0;
		until[0] = 0;
		c->barred[k * row] = 0;
		for (uint32_t i = 0; i < c->items; i++) {
			bool runs = true;
			for (uint32_t l = c->first[i]; l < c->first[i + 1]; l++) {
				runs &= s[(size_t)l * stride] < INFINITY;
				sum += runs ? s[(size_t)l * stride] : 0;
			}
			barred += !runs;
			until[i + 1] = sum;
			c->barred[k * row + i + 1] = barred;
		}
	}
	return true;
}

/* Another processor of the class, or the same if there is none. */
static uint32_t another(const struct hidp__chain *c, uint32_t class)
{
	for (uint32_t i = c->one[class] + 1; i < c->count; i++)
		if (c->class_of[i] == class)
			return i;
	return c->one[class];
}

/* Between runs: with the best partner. */
static void find_speeds(struct hidp__chain *c)
{
	for (uint32_t k = 0; k < c->classes; k++)
		for (uint32_t j = 0; j < c->classes; j++) {
			uint32_t to = j == k ? another(c, k) : c->one[j];
			double *Bps = &c->pair_Bps[k * c->classes + j], out, in;
			*Bps = 0;
			if (to == c->one[k])
				continue;
			*Bps = send_Bps(c, c->node[c->one[k]], c->node[to], &out, &in);
			c->out[k].between = fmax(c->out[k].between, *Bps);
			c->out[k].own_between = fmax(c->out[k].own_between, out);
			c->in[j].between = fmax(c->in[j].between, *Bps);
			c->in[j].own_between = fmax(c->in[j].own_between, in);
		}
	for (uint32_t k = 0; k < c->classes; k++)
		for (uint32_t j = 0; j < c->classes; j++)
			if (j != k || c->size[k] > 1)
				c->paired |= c->pair_Bps[k * c->classes + j] <
				             fmin(c->out[k].between, c->in[j].between);
}

double hidp__chain_send_s(const struct hidp__chain *c, double Bps, uint32_t cut)
{
	return c->bytes[cut] > 0 ? c->bytes[cut] / Bps : 0;
}

static bool read_messages(struct hidp__chain *c)
{
	const struct hidp__request *r = c->tables->problem->request;
	c->in = hidp__arena_calloc(c->arena, c->classes, sizeof *c->in);
	c->out = hidp__arena_calloc(c->arena, c->classes, sizeof *c->out);
	c->pair_Bps = hidp__arena_alloc(c->arena, (size_t)c->classes * c->classes,
	                                sizeof *c->pair_Bps);
	if (c->in == NULL || c->out == NULL || c->pair_Bps == NULL)
		return false;
	find_speeds(c);
	for (uint32_t k = 0; k < c->classes; k++) {
		hidp_node_id at = c->node[c->one[k]];
		double other;
		c->in[k].end = send_Bps(c, r->input_node, at, &other, &c->in[k].own_end);
		c->out[k].end = send_Bps(c, at, r->output_node, &c->out[k].own_end, &other);
	}
	return true;
}

bool hidp__chain_begin(struct hidp__chain *c)
{
	if (!find_items(c))
		return false;
	if (c->items > HIDP__CHAIN_ITEMS_MAX)
		return true;
	return find_classes(c) && read_seconds(c) && read_messages(c) && hidp__chain_memory(c);
}
