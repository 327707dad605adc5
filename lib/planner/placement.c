/* SPDX-License-Identifier: MIT */
/*
 * Layers that have to be on one processor are an item, the others each one of its own
 * (items.c). Items are moved from one processor to another, as long as that makes the loads
 * more even; from the best runs (runs.c) as well, and from where something was moved at random.
 */
#include "planner/placement_priv.h"

#include <string.h>

/* Steps of moves. */
#define MOVES_WORK 20000000
/* Where the placement is one of many, so many for each item and processor. */
#define MOVES_EACH 64
/* Steps in which placements are shaken: for every pair of items, and at most. */
#define SHAKES_EACH 1000
#define SHAKES_WORK 8000000
/* Runs that are moved at once to shake a placement, and items of the longest. */
#define SHAKE_RUNS 3
#define SHAKE_LENGTH 4
/* Items of the longest run that is moved at once, likewise. */
#define RUN_MAX 64
#define RUN_MAX_OF_MANY 8

/* Adds what a tensor makes processors copy, `sign` times. */
static void add_copies(struct hidp__placement *p, hidp_layer_id tensor, double sign)
{
	uint32_t maker = p->maker[tensor];
	const uint32_t *readers = p->readers + (size_t)tensor * p->count;
	double bytes = sign * p->bytes[tensor];
	bool leaves = p->kept[tensor] > 0;
	for (uint32_t i = 0; i < p->count; i++) {
		if (readers[i] == 0 || i == maker)
			continue;
		leaves = true;
		p->loads[i] += bytes * p->in_s[i];
	}
	if (leaves && maker < p->count)
		p->loads[maker] += bytes * p->out_s[maker];
}

/* What a processor pays to take over from the one of the layer before. */
static double hand_over_s(const struct hidp__placement *p, uint32_t from, uint32_t to)
{
	bool takes_over = from != to && p->node[from] == p->node[to];
	return takes_over ? p->tables->sites[p->node[to]].sync_s : 0;
}

/* Hand-overs before a layer and behind it, `sign` times. */
static void add_hand_overs(struct hidp__placement *p, uint32_t layer, double sign)
{
	uint32_t on = p->on[layer];
	if (layer > p->first)
		p->loads[on] += sign * hand_over_s(p, p->on[layer - 1], on);
	if (layer + 1 < p->end)
		p->loads[p->on[layer + 1]] += sign * hand_over_s(p, on, p->on[layer + 1]);
}

/* A layer goes to a processor; it can run there. */
static void move_layer(struct hidp__placement *p, uint32_t layer, uint32_t to)
{
	const struct hidp__work *w = &p->tables->layers[layer];
	uint32_t from = p->on[layer];
	p->loads[from] -= p->seconds[(size_t)layer * p->count + from];
	p->loads[to] += p->seconds[(size_t)layer * p->count + to];
	add_hand_overs(p, layer, -1);
	p->on[layer] = to;
	add_hand_overs(p, layer, 1);
	if (!p->copies)
		return;
	add_copies(p, w->id, -1);
	p->maker[w->id] = to;
	add_copies(p, w->id, 1);
	for (uint32_t i = 0; i < w->feed_count; i++) {
		hidp_layer_id tensor = w->feeds[i].layer;
		if (!hidp__reads_first(w, i))
			continue;
		add_copies(p, tensor, -1);
		p->readers[(size_t)tensor * p->count + from]--;
		p->readers[(size_t)tensor * p->count + to]++;
		add_copies(p, tensor, 1);
	}
	p->work += 1 + w->feed_count;
}

/* All layers as given: on[layer] processor. */
static void place_all(struct hidp__placement *p, const uint32_t *on)
{
	size_t tensors = p->tables->problem->model->layer_count;
	memset(p->loads, 0, p->count * sizeof *p->loads);
	memset(p->readers, 0, tensors * p->count * sizeof *p->readers);
	if (on != p->on)
		memcpy(p->on + p->first, on + p->first, (p->end - p->first) * sizeof *on);
	for (uint32_t l = p->first; l < p->end; l++) {
		const struct hidp__work *w = &p->tables->layers[l];
		p->loads[p->on[l]] += p->seconds[(size_t)l * p->count + p->on[l]];
		if (l > p->first)
			p->loads[p->on[l]] += hand_over_s(p, p->on[l - 1], p->on[l]);
		p->maker[w->id] = p->on[l];
		for (uint32_t i = 0; i < w->feed_count; i++)
			if (hidp__reads_first(w, i))
				p->readers[(size_t)w->feeds[i].layer * p->count + p->on[l]]++;
	}
	for (hidp_layer_id i = 0; i < tensors && p->copies; i++)
		add_copies(p, i, 1);
}

static double longest(const struct hidp__placement *p)
{
	double most = 0;
	for (uint32_t i = 0; i < p->count; i++)
		most = p->loads[i] > most ? p->loads[i] : most;
	return most;
}

/* How uneven the loads are: mostly the longest counts, but the others too. */
static double unevenness(const struct hidp__placement *p, double unit)
{
	double sum = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		double x = p->loads[i] / unit;
		x *= x;
		x *= x;
		x *= x;
		sum += x * x;
	}
	return sum;
}

/* Moves the item whose turn it is; false: it cannot run there. */
static bool move_item(struct hidp__placement *p, uint32_t turn, uint32_t to)
{
	uint32_t item = p->order[turn];
	for (uint32_t i = p->item[item]; i < p->item[item + 1]; i++)
		if (p->seconds[(size_t)p->member[i] * p->count + to] == INFINITY)
			return false;
	for (uint32_t i = p->item[item]; i < p->item[item + 1]; i++)
		move_layer(p, p->member[i], to);
	return true;
}

/* Where the item whose turn it is runs. */
static uint32_t place_of(const struct hidp__placement *p, uint32_t turn)
{
	return p->on[p->member[p->item[p->order[turn]]]];
}

/* The best run of items from `turn` on to move elsewhere; its length, 0: none is better. */
static uint32_t find_move(struct hidp__placement *p, uint32_t turn, double unit, uint32_t *where)
{
	uint32_t from = place_of(p, turn), best_length = 0;
	double best = unevenness(p, unit) * (1 - 1e-9);
	for (uint32_t to = 0; to < p->count; to++) {
		uint32_t length = 0;
		if (to == from)
			continue;
		while (length < p->longest_run && turn + length < p->items &&
		       place_of(p, turn + length) == from && move_item(p, turn + length, to)) {
			length++;
			double v = unevenness(p, unit);
			if (v < best) {
				best = v;
				best_length = length;
				*where = to;
			}
		}
		while (length > 0)
			move_item(p, turn + --length, from);
	}
	return best_length;
}

/* Moves items while that makes the loads more even. */
static void even_out(struct hidp__placement *p)
{
	double unit = longest(p);
	uint64_t most = p->work + p->moves;
	for (bool moved = true; moved && p->work < most && unit > 0;) {
		moved = false;
		for (uint32_t turn = 0; turn < p->items; turn++) {
			uint32_t to = 0, length = find_move(p, turn, unit, &to);
			for (uint32_t i = 0; i < length; i++)
				move_item(p, turn + i, to);
			moved |= length > 0;
			p->work += (uint64_t)p->count * p->count;
		}
	}
}

static void keep(const struct hidp__placement *p, struct hidp__pipeline *best)
{
	double most = longest(p);
	if (!(most < best->longest))
		return;
	best->longest = most;
	for (uint32_t l = p->first; l < p->end; l++)
		best->on[l] = p->number[p->on[l]];
}

/* A number below `most`; the same sequence every time. */
static uint32_t draw(uint32_t *random, uint32_t most)
{
	*random = *random * 1664525u + 1013904223u;
	return (*random >> 8) % most;
}

static uint32_t worst_processor(const struct hidp__placement *p)
{
	uint32_t worst = 0;
	for (uint32_t i = 1; i < p->count; i++)
		worst = p->loads[i] > p->loads[worst] ? i : worst;
	return worst;
}

/* Moves some runs elsewhere, the first of them from the processor with the longest load. */
static void shake_once(struct hidp__placement *p, uint32_t *random)
{
	uint32_t worst = worst_processor(p);
	for (uint32_t k = 0; k < SHAKE_RUNS; k++) {
		uint32_t turn = draw(random, p->items), to = draw(random, p->count);
		uint32_t length = 1 + draw(random, SHAKE_LENGTH);
		for (uint32_t i = 0; i < p->items && k == 0 && place_of(p, turn) != worst; i++)
			turn = (turn + 1) % p->items;
		uint32_t from = place_of(p, turn);
		for (uint32_t i = 0; i < length && turn + i < p->items; i++)
			if (to != from && place_of(p, turn + i) == from)
				move_item(p, turn + i, to);
	}
}

/*
 * Away from where moves end: again and again something is moved at random, and then what makes
 * the loads more even. What is not worse is gone on from.
 */
static hidp_status shake(struct hidp__placement *p, struct hidp__pipeline *best, uint64_t work)
{
	uint32_t random = 1, layers = p->tables->layer_count;
	uint32_t *kept = hidp__arena_alloc(p->arena, layers, sizeof *kept);
	uint64_t most = p->work + work;
	if (kept == NULL)
		return HIDP_ERR_NOMEM;
	memcpy(kept, p->on, layers * sizeof *kept);
	while (p->work < most) {
		double before = longest(p);
		shake_once(p, &random);
		even_out(p);
		keep(p, best);
		if (longest(p) <= before * (1 + 1e-12))
			memcpy(kept, p->on, layers * sizeof *kept);
		else
			place_all(p, kept);
		p->work += p->items;
	}
	return HIDP_OK;
}

/* Any placement: each layer where it makes the loads most even. */
static hidp_status improve(struct hidp__placement *p, struct hidp__pipeline *best, uint64_t shakes)
{
	struct hidp__classes classes;
	bool found = false;
	for (uint32_t l = p->first; l < p->end; l++)
		for (uint32_t i = 0; i < p->count; i++)
			if (p->number[i] == best->on[l])
				p->on[l] = i;
	place_all(p, p->on);
	best->longest = longest(p); /* now with all that is copied */
	even_out(p);
	keep(p, best);
	if (!p->copies)
		return HIDP_OK;
	if (!hidp__classes_find(p, &classes))
		return HIDP_ERR_NOMEM;
	hidp_status status = HIDP_OK;
	if (p->ordered)
		status = hidp__runs_search(p, &classes, best->longest, &found);
	if (found) {
		place_all(p, p->on);
		keep(p, best);
		even_out(p);
		keep(p, best);
	}
	return status == HIDP_OK ? shake(p, best, shakes) : status;
}

/* The best contiguous placement: *proven if it is known to be the best. */
static hidp_status be_contiguous(struct hidp__placement *p, struct hidp__pipeline *best,
                                 uint64_t work_limit, bool *proven)
{
	struct hidp__classes classes;
	bool found;
	best->longest = INFINITY;
	*proven = false;
	if (!hidp__placement_order(p) || !hidp__classes_find(p, &classes))
		return HIDP_ERR_NOMEM;
	hidp_status status = hidp__runs_search(p, &classes, INFINITY, &found);
	if (status != HIDP_OK)
		return status;
	if (found) {
		place_all(p, p->on);
		keep(p, best);
	}
	status = hidp__ideals_search(p, &classes, best->longest, work_limit, &found, proven);
	*proven &= p->exact || !found;
	if (status == HIDP_OK && found) {
		place_all(p, p->on);
		keep(p, best);
	}
	return status;
}

/* Steps in which a placement is shaken, of those that are left. */
static uint64_t shakes_of(const struct hidp__placement *p, uint64_t left)
{
	uint64_t most = (uint64_t)p->items * p->items * p->count * SHAKES_EACH;
	most = most < SHAKES_WORK ? most : SHAKES_WORK;
	return most < left / 4 ? most : left / 4;
}

/* `hub`: around it, or HIDP_NODE_NONE; `only`: no other node can compute. */
static hidp_status place(struct hidp__pipeline *best, struct hidp__search *search,
                         enum hidp__placing placing, hidp_node_id node, hidp_node_id hub,
                         uint32_t first, uint32_t end, bool only)
{
	struct hidp__placement p;
	struct hidp__arena_mark mark = hidp__arena_here(search->arena);
	hidp_status status = HIDP_ERR_NOMEM;
	best->proven = false;
	if (hidp__placement_begin(&p, search, node, hub, first, end)) {
		uint64_t left = search->work < search->work_limit ? search->work_limit - search->work
		                                                  : 0;
		p.longest_run = only ? RUN_MAX : RUN_MAX_OF_MANY;
		p.moves = only ? MOVES_WORK : (uint64_t)p.items * p.count * MOVES_EACH;
		if (p.count == 0)
			status = HIDP_OK;
		else if (placing == HIDP__PLACE_CONTIGUOUS)
			status = be_contiguous(&p, best, left, &best->proven);
		else
			status = improve(&p, best, only ? shakes_of(&p, left) : 0);
		search->work += p.work;
	}
	hidp__arena_back(search->arena, mark);
	return status;
}

hidp_status hidp__placement_on(struct hidp__pipeline *pipeline, struct hidp__search *search,
                               enum hidp__placing placing, hidp_node_id node, uint32_t first,
                               uint32_t end)
{
	const struct hidp__tables *t = search->tables;
	bool only = true;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		only &= n == node || t->sites[n].usable_count == 0;
	if (t->sites[node].usable_count < 2 && placing == HIDP__PLACE_ANYWHERE)
		return HIDP_OK;
	return place(pipeline, search, placing, node, HIDP_NODE_NONE, first, end, only);
}

/* Does a link take what it carries as it is, and straight there? */
static bool is_plain_link(const struct hidp_cluster *c, hidp_node_id from, hidp_node_id to)
{
	return hidp__next_hop(c, from, to) == to &&
	       hidp__link(c, from, to)->wire_dtype == HIDP_DTYPE_DEFAULT;
}

/* A node with one processor, which does the transfers: all of them go through the hub. */
static bool is_around(const struct hidp__tables *t, hidp_node_id node, hidp_node_id hub)
{
	const struct hidp_cluster *c = t->problem->cluster;
	const struct hidp__site *site = &t->sites[node];
	if (!(c->nodes[node].desc.flags & HIDP_NODE_TRANSFERS_ARE_WORK) || site->usable_count > 1 ||
	    site->copies || !is_plain_link(c, node, hub) || !is_plain_link(c, hub, node))
		return false;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		if (n != node && n != hub && t->sites[n].usable_count != 0 &&
		    hidp__next_hop(c, node, n) != hub)
			return false;
	return true;
}

/*
 * The hub of a cluster in which all processors exchange tensors through it, and where requests
 * begin and end. HIDP_NODE_NONE: it is no such cluster; what a placement costs there is not
 * what is reckoned here.
 */
static hidp_node_id find_hub(const struct hidp__tables *t)
{
	const struct hidp_cluster *c = t->problem->cluster;
	hidp_node_id hub = t->problem->request->input_node;
	if (hub != t->problem->request->output_node || !(c->nodes[hub].desc.flags & HIDP_NODE_HUB) ||
	    t->sites[hub].copies)
		return HIDP_NODE_NONE;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		if (n != hub && t->sites[n].usable_count != 0 && !is_around(t, n, hub))
			return HIDP_NODE_NONE;
	return hub;
}

hidp_status hidp__placement_through_hub(struct hidp__pipeline *pipeline,
                                        struct hidp__search *search, enum hidp__placing placing)
{
	hidp_node_id hub = find_hub(search->tables);
	if (hub == HIDP_NODE_NONE)
		return HIDP_OK;
	return place(pipeline, search, placing, HIDP_NODE_NONE, hub, 0,
	             search->tables->layer_count, true);
}
