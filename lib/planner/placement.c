/* SPDX-License-Identifier: MIT */
/*
 * Layers that have to be on one processor are an item, the others each one of its own. First
 * the items in an order are cut into runs, one for each processor: a dynamic programme over cuts
 * and over how many processors of each class are used (processors that take the same for every
 * layer are a class). What a run copies is that of its layers together, tensor by tensor, not
 * that of one tensor at each end. Then items and runs of them are moved from one processor
 * to another, as long as that makes the loads more even.
 */
#include "planner/placement_priv.h"

#include <string.h>

/* States of the dynamic programme: how many processors of each class are taken. */
#define STATES_MAX 4096
/* Steps of the programme and of moves; beyond them nothing is looked for. */
#define CUTS_WORK 20000000
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

/* The item that makes what a layer reads; UINT32_MAX: none of these. */
static uint32_t feeding_item(const struct hidp__placement *p, const struct hidp__feed *f)
{
	bool ours = f->place != UINT32_MAX && f->place >= p->first && f->place < p->end;
	return ours ? p->item_of[f->place] : UINT32_MAX;
}

/* Is all that an item reads, but for its own layers, of items that have had their turn? */
static bool is_ready(const struct hidp__placement *p, uint32_t item)
{
	for (uint32_t i = p->item[item]; i < p->item[item + 1]; i++) {
		const struct hidp__work *w = &p->tables->layers[p->member[i]];
		for (uint32_t k = 0; k < w->feed_count; k++) {
			uint32_t from = feeding_item(p, &w->feeds[k]);
			if (from != UINT32_MAX && from != item && p->turn[from] == UINT32_MAX)
				return false;
		}
	}
	return true;
}

/*
 * Items that read of each other, if not directly, become one: in an order of processors they
 * have to be on the same. follows[item * words]: the items that read of it. false: no memory.
 */
static bool join_circles(struct hidp__placement *p)
{
	uint32_t words = (p->items + 63) / 64, items = 0;
	uint64_t *follows = hidp__arena_calloc(p->arena, (size_t)p->items * words, sizeof *follows);
	uint32_t *joined = hidp__arena_alloc(p->arena, p->items, sizeof *joined);
	if (follows == NULL || joined == NULL)
		return false;
	for (uint32_t l = p->first; l < p->end; l++)
		for (uint32_t i = 0; i < p->tables->layers[l].feed_count; i++) {
			uint32_t from = feeding_item(p, &p->tables->layers[l].feeds[i]);
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

static bool begin(struct hidp__placement *p, const struct hidp__search *search, hidp_node_id node,
                  hidp_node_id hub, uint32_t first, uint32_t end)
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
	if (!find_items(p))
		return false;
	put_in_order(p);
	return true;
}

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

static bool alike(const struct hidp__placement *p, uint32_t a, uint32_t b)
{
	if (p->in_s[a] != p->in_s[b] || p->out_s[a] != p->out_s[b])
		return false;
	for (uint32_t l = p->first; l < p->end; l++)
		if (p->seconds[(size_t)l * p->count + a] != p->seconds[(size_t)l * p->count + b])
			return false;
	return true;
}

static bool find_classes(const struct hidp__placement *p, struct hidp__classes *c)
{
	uint64_t states = 1;
	c->count = 0;
	c->of = hidp__arena_alloc(p->arena, p->count, sizeof(uint32_t));
	c->one = hidp__arena_alloc(p->arena, p->count, sizeof(uint32_t));
	c->size = hidp__arena_calloc(p->arena, p->count, sizeof(uint32_t));
	c->weight = hidp__arena_alloc(p->arena, p->count, sizeof(uint32_t));
	if (c->of == NULL || c->one == NULL || c->size == NULL || c->weight == NULL)
		return false;
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t k = 0;
		while (k < c->count && !alike(p, i, c->one[k]))
			k++;
		if (k == c->count)
			c->one[c->count++] = i;
		c->of[i] = k;
		c->size[k]++;
	}
	for (uint32_t k = 0; k < c->count; k++) {
		c->weight[k] = (uint32_t)states;
		states *= c->size[k] + 1;
		if (states > STATES_MAX)
			states = STATES_MAX + 1;
	}
	c->states = (uint32_t)states;
	return true;
}

void hidp__place_run(struct hidp__placement *p, const struct hidp__classes *c, uint32_t state,
                     uint32_t class, const uint32_t *items, uint32_t count)
{
	uint32_t processor = 0;
	for (uint32_t left = hidp__taken(c, state, class); left > 0; processor++)
		left -= c->of[processor] == class;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = p->item[items[i]]; k < p->item[items[i] + 1]; k++)
			p->on[p->member[k]] = processor - 1;
}

/* How a state is reached best: the longest load so far, and the last run. */
struct reached {
	double longest;
	uint32_t begin, class;
};

struct cuts {
	struct hidp__placement *p;
	const struct hidp__classes *classes;
	struct reached *reached; /* [turn * states + state] */
	/* of the run at hand */
	uint32_t begin;
	uint32_t *seen;   /* [tensor] begin + 1 of the last run that read it */
	uint32_t *unread; /* [tensor] readers that are yet to come */
	uint32_t *all;    /* [tensor] readers at all */
	double in, out;   /* bytes that it copies */
	double *sum;      /* [class] seconds */
};

static void add_layer_to_run(struct cuts *c, uint32_t layer)
{
	const struct hidp__placement *p = c->p;
	const struct hidp__work *w = &p->tables->layers[layer];
	for (uint32_t k = 0; k < c->classes->count; k++)
		c->sum[k] += p->seconds[(size_t)layer * p->count + c->classes->one[k]];
	for (uint32_t i = 0; i < w->feed_count; i++) {
		const struct hidp__feed *f = &w->feeds[i];
		uint32_t from = feeding_item(p, f);
		bool inside = from != UINT32_MAX && p->turn[from] >= c->begin;
		if (!hidp__reads_first(w, i))
			continue;
		if (inside && --c->unread[f->layer] == 0)
			c->out -= p->bytes[f->layer];
		if (!inside && c->seen[f->layer] != c->begin + 1)
			c->in += p->bytes[f->layer];
		c->seen[f->layer] = c->begin + 1;
	}
	c->unread[w->id] = c->all[w->id] + p->kept[w->id];
	c->out += c->unread[w->id] > 0 ? p->bytes[w->id] : 0;
}

/* The run gets one item more. */
static void add_to_run(struct cuts *c, uint32_t turn)
{
	const struct hidp__placement *p = c->p;
	uint32_t item = p->order[turn];
	for (uint32_t i = p->item[item]; i < p->item[item + 1]; i++)
		add_layer_to_run(c, p->member[i]);
}

/* From every state before the run to the one behind it. */
static void extend_states(struct cuts *c, uint32_t end, uint32_t class, double load)
{
	const struct hidp__classes *s = c->classes;
	const struct reached *from = c->reached + (size_t)c->begin * s->states;
	struct reached *to = c->reached + (size_t)end * s->states + s->weight[class];
	for (uint32_t i = 0; i < s->states; i++) {
		double v = from[i].longest > load ? from[i].longest : load;
		if (v < to[i].longest && hidp__taken(s, i, class) < s->size[class])
			to[i] = (struct reached){v, c->begin, class};
	}
	c->p->work += s->states;
}

static bool begin_cuts(struct cuts *c, struct hidp__placement *p, const struct hidp__classes *classes)
{
	size_t tensors = p->tables->problem->model->layer_count;
	size_t cells = ((size_t)p->items + 1) * classes->states;
	*c = (struct cuts){.p = p, .classes = classes};
	c->reached = hidp__arena_alloc(p->arena, cells, sizeof *c->reached);
	c->seen = hidp__arena_calloc(p->arena, tensors, sizeof(uint32_t));
	c->unread = hidp__arena_calloc(p->arena, tensors, sizeof(uint32_t));
	c->all = hidp__arena_calloc(p->arena, tensors, sizeof(uint32_t));
	c->sum = hidp__arena_alloc(p->arena, classes->count, sizeof(double));
	if (c->reached == NULL || c->seen == NULL || c->unread == NULL || c->all == NULL ||
	    c->sum == NULL)
		return false;
	for (size_t i = 0; i < cells; i++)
		c->reached[i].longest = INFINITY;
	for (uint32_t l = p->first; l < p->end; l++) {
		const struct hidp__work *w = &p->tables->layers[l];
		for (uint32_t i = 0; i < w->feed_count; i++)
			c->all[w->feeds[i].layer] += hidp__reads_first(w, i);
	}
	return true;
}

/* All runs that begin at a turn, as long as one could be better than `most`. */
static void try_runs(struct cuts *c, uint32_t begin, double most)
{
	const struct hidp__placement *p = c->p;
	c->begin = begin;
	c->in = c->out = 0;
	memset(c->sum, 0, c->classes->count * sizeof *c->sum);
	for (uint32_t end = begin + 1; end <= p->items; end++) {
		bool short_enough = false;
		add_to_run(c, end - 1);
		for (uint32_t k = 0; k < c->classes->count; k++) {
			uint32_t one = c->classes->one[k];
			double load = c->sum[k] + c->in * p->in_s[one] + c->out * p->out_s[one];
			short_enough |= c->sum[k] < most;
			if (load < most)
				extend_states(c, end, k, load);
		}
		if (!short_enough)
			return;
	}
}

/* Writes the runs that lead to the best state into p->on; false: there is none. */
static bool follow_cuts(struct cuts *c)
{
	struct hidp__placement *p = c->p;
	const struct hidp__classes *s = c->classes;
	const struct reached *last = c->reached + (size_t)p->items * s->states;
	uint32_t state = 0, end = p->items;
	for (uint32_t i = 1; i < s->states; i++)
		state = last[i].longest < last[state].longest ? i : state;
	if (last[state].longest == INFINITY)
		return false;
	while (end > 0) {
		const struct reached *r = &c->reached[(size_t)end * s->states + state];
		hidp__place_run(p, s, state, r->class, p->order + r->begin, end - r->begin);
		state -= s->weight[r->class];
		end = r->begin;
	}
	return true;
}

/* The best runs of the items in their order, if they are better than `most`: into p->on. */
static hidp_status cut_into_runs(struct hidp__placement *p, const struct hidp__classes *classes,
                                 double most, bool *found)
{
	struct cuts c;
	*found = false;
	if ((uint64_t)p->items * p->items * classes->states > CUTS_WORK)
		return HIDP_OK;
	if (!begin_cuts(&c, p, classes))
		return HIDP_ERR_NOMEM;
	c.reached[0].longest = 0;
	for (uint32_t begin = 0; begin < p->items; begin++)
		try_runs(&c, begin, most);
	*found = follow_cuts(&c);
	return HIDP_OK;
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
	if (!find_classes(p, &classes))
		return HIDP_ERR_NOMEM;
	hidp_status status = HIDP_OK;
	if (p->ordered && classes.states <= STATES_MAX)
		status = cut_into_runs(p, &classes, best->longest, &found);
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
	if (!p->ordered) {
		if (!join_circles(p))
			return HIDP_ERR_NOMEM;
		put_in_order(p);
	}
	if (!find_classes(p, &classes))
		return HIDP_ERR_NOMEM;
	if (classes.states > STATES_MAX)
		return HIDP_OK;
	hidp_status status = cut_into_runs(p, &classes, INFINITY, &found);
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
	if (begin(&p, search, node, hub, first, end)) {
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

/*
 * The hub of a cluster in which all processors exchange tensors through it: requests begin and
 * end there, all other nodes have one processor, which does the transfers, and links with the
 * hub. HIDP_NODE_NONE: it is no such cluster.
 */
static hidp_node_id find_hub(const struct hidp__tables *t)
{
	const struct hidp_cluster *c = t->problem->cluster;
	hidp_node_id hub = t->problem->request->input_node;
	if (hub != t->problem->request->output_node || !(c->nodes[hub].desc.flags & HIDP_NODE_HUB) ||
	    t->sites[hub].copies)
		return HIDP_NODE_NONE;
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		if (n == hub || t->sites[n].usable_count == 0)
			continue;
		if (!(c->nodes[n].desc.flags & HIDP_NODE_TRANSFERS_ARE_WORK) ||
		    t->sites[n].usable_count > 1 || t->sites[n].copies ||
		    hidp__link(c, n, hub) == NULL || hidp__link(c, hub, n) == NULL ||
		    hidp__link(c, n, hub)->wire_dtype != HIDP_DTYPE_DEFAULT ||
		    hidp__link(c, hub, n)->wire_dtype != HIDP_DTYPE_DEFAULT)
			return HIDP_NODE_NONE;
	}
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
