/* SPDX-License-Identifier: MIT */
#include "planner/bound.h"

#include <string.h>

#include "planner/guess.h"
#include "planner/node_prices.h"

/* What a node can do with the layers from a place on, and what follows. */
struct options {
	double team;         /* a step of several processors, hand-over included */
	double team_first;   /* the same as the first step of a stage: no hand-over */
	uint8_t team_length; /* layers of these steps */
	uint8_t team_first_length;
	double single[HIDP_NODE_PROCESSORS_MAX]; /* one layer on one processor, no hand-over */
};

/* A choice: so many layers, then in that state; 0 layers: the stage ends. */
static uint16_t choose(uint32_t length, uint32_t state)
{
	return (uint16_t)(length << 8 | state);
}

static void offer(double *best, uint8_t *length, double value, uint32_t n)
{
	if (value < *best) {
		*best = value;
		*length = (uint8_t)n;
	}
}

/* Bytes that a layer reads, each tensor once. */
static double read_bytes(const struct hidp__work *w)
{
	double all = 0;
	for (uint32_t i = 0; i < w->feed_count; i++) {
		const struct hidp__feed *f = &w->feeds[i];
		bool again = false;
		for (uint32_t j = 0; j < i; j++)
			again |= w->feeds[j].layer == f->layer;
		if (!again)
			all += hidp__feed_rows(w, f) * f->row_bytes;
	}
	return all;
}

/* Options for a stage that is open at `place` or begins there. */
static void find_options(const struct hidp__bound *b, const struct hidp__site *site, uint32_t place,
                         const struct hidp__node_prices *np, struct options *o)
{
	const struct hidp__tables *t = b->tables;
	uint32_t team = site->processor_count;
	const double *weights = np->weights + place;
	double load = weights[1] - weights[0], second = b->prices->second;
	const double *next = b->stay + hidp__stay_at(b, place + 1, site->node);
	o->team = o->team_first = INFINITY;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		o->single[q] = np->processor[q] *
		                       site->single_s[(size_t)place * site->processor_count + q] +
		               next[q] + load;
	}
	/* what follows steps of 1 .. HIDP_STEP_LAYERS_MAX layers */
	double after[HIDP_STEP_LAYERS_MAX + 1];
	uint32_t most = 1;
	after[1] = next[team] + load;
	for (uint32_t n = 2; site->team_count != 0 && n <= HIDP_STEP_LAYERS_MAX &&
	                     place + n <= t->layer_count; n++) {
		after[n] = b->stay[hidp__stay_at(b, place + n, site->node) + team] + weights[n] -
		           weights[0];
		most = n;
	}
	for (uint32_t k = 0; k < site->team_count; k++) {
		const double *bounds = site->rows_bound_s + (size_t)place *
		                       (HIDP_STEP_LAYERS_MAX - 1) * site->team_count + k;
		const double *busy = np->team_busy;
		double best = second * site->team_s[(size_t)place * site->team_count + k] + after[1];
		uint8_t length = 1;
		if (busy != NULL) {
			busy += (size_t)k * (t->layer_count + 1) + place;
			best += busy[1] - busy[0];
		}
		for (uint32_t n = 2; n <= most; n++)
			offer(&best, &length,
			      second * bounds[(n - 2) * site->team_count] + after[n] +
			              (busy != NULL ? busy[n] - busy[0] : 0),
			      n);
		offer(&o->team_first, &o->team_first_length, best, length);
		offer(&o->team, &o->team_length, best + np->team[k] * site->sync_s, length);
	}
	for (uint32_t r = t->region_first[place];
	     site->usable_count > 1 && r < t->region_first[place + 1]; r++) {
		uint32_t end = t->regions[r].end;
		if (np->branch_first[r] == INFINITY)
			continue;
		double rest = b->stay[hidp__stay_at(b, end, site->node) + team] +
		              np->weights[end] - np->weights[place];
		offer(&o->team_first, &o->team_first_length, np->branch_first[r] + rest, end - place);
		offer(&o->team, &o->team_length, np->branch[r] + rest, end - place);
	}
}

static void fill_enter(struct hidp__bound *b, const struct hidp__site *site, uint32_t place,
                       const struct hidp__node_prices *np, const struct options *o)
{
	size_t at = hidp__node_at(b, place, site->node);
	double best = o->team_first;
	double copied = site->copies ? read_bytes(&b->tables->layers[place]) : 0;
	uint16_t choice = choose(o->team_first_length, site->processor_count);
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		double v = o->single[q] + np->processor[q] * copied * site->copy_s[q];
		if (v <= best) {
			best = v;
			choice = choose(1, q);
		}
	}
	b->enter[at] = best;
	b->enter_choice[at] = choice;
}

/* Bytes that a layer reads of the one just before it. */
static double latest_bytes(const struct hidp__bound *b, uint32_t place)
{
	const struct hidp__work *w = &b->tables->layers[place];
	double most = 0;
	for (uint32_t i = 0; i < w->feed_count; i++) {
		const struct hidp__feed *f = &w->feeds[i];
		if (f->place != place - 1)
			continue;
		double bytes = hidp__feed_rows(w, f) * f->row_bytes;
		most = bytes > most ? bytes : most;
	}
	return most;
}

static void fill_stay(struct hidp__bound *b, const struct hidp__site *site, uint32_t place,
                      const struct hidp__node_prices *np, const struct options *o)
{
	size_t at = hidp__stay_at(b, place, site->node);
	uint32_t team = site->processor_count;
	double leave = b->leave[hidp__node_at(b, place, site->node)];
	double latest = 0, made = 0; /* bytes that processors with own memory would copy */
	if (site->copies && place > 0) {
		const struct hidp__work *w = &b->tables->layers[place - 1];
		made = (double)w->rows * w->row_bytes;
		latest = latest_bytes(b, place);
	}
	for (uint32_t i = 0; i <= site->usable_count; i++) {
		uint32_t s = i < site->usable_count ? site->usable[i] : team;
		double out_s = s < team ? site->copy_s[s] : 0;
		double price = s < team ? np->processor[s] : b->prices->second;
		double best = leave + price * made * out_s;
		uint16_t choice = choose(0, 0);
		if (o->team < best) {
			best = o->team;
			choice = choose(o->team_length, team);
		}
		for (uint32_t j = 0; j < site->usable_count; j++) {
			uint32_t q = site->usable[j];
			double v = o->single[q];
			/* of a team, it may have made what it reads */
			double copied = s < team ? latest * site->copy_s[q] : 0;
			if (q != s)
				v += np->processor[q] * (site->sync_s + copied) +
				     price * latest * out_s;
			if (v < best) {
				best = v;
				choice = choose(1, q);
			}
		}
		b->stay[at + s] = best;
		b->stay_choice[at + s] = choice;
	}
}

/* What is left to pay at a waist whose tensor is on a node, wherever the next stage is. */
static double value_at(const struct hidp__bound *b, uint32_t place, hidp_node_id node)
{
	size_t at = hidp__node_at(b, place, node);
	return b->enter[at] < b->leave[at] ? b->enter[at] : b->leave[at];
}

double hidp__indifference(const struct hidp__bound *b, uint32_t place, hidp_node_id node,
                          double leave)
{
	const struct hidp__site *site = &b->tables->sites[node];
	double enter = b->enter[hidp__node_at(b, place, node)], price = b->prices->second;
	if (site->copies || leave <= enter)
		return leave;
	for (uint32_t q = 0; q < site->processor_count; q++)
		price += b->prices->busy[site->first_processor + q];
	double stay = enter + price * site->sync_s;
	return stay < leave ? stay : leave;
}

/* How a stage on a node goes on behind a waist: on another node, or with a mixed block. */
struct departure {
	double cost;
	hidp_node_id next; /* on this node, unless mixed */
	bool mixed;
	int side; /* where the mixed block leaves its output: 0 here, 1 elsewhere */
};

#define NO_DEPARTURE ((struct departure){INFINITY, HIDP_NODE_NONE, false, 0})

static void offer_moves(const struct hidp__bound *b, uint32_t place, hidp_node_id from,
                        struct departure *d)
{
	uint32_t n = b->tables->node_count;
	for (hidp_node_id to = 0; to < n; to++) {
		const struct hidp__path *path = &b->paths[(size_t)from * n + to];
		double v = b->enter[hidp__node_at(b, place, to)];
		if (to == from || v >= d->cost || (b->blocks.waists->needed[place] && !path->exists))
			continue;
		if (b->blocks.waists->bytes[place] > 0)
			v += hidp__blocks_entry(&b->blocks, path, place);
		if (v < d->cost)
			*d = (struct departure){v, to, false, 0};
	}
}

static bool offer_mixed(const struct hidp__bound *b, uint32_t place, hidp_node_id from,
                        struct departure *d, struct hidp__arena *arena)
{
	const struct hidp__blocks *blocks = &b->blocks;
	uint32_t end = blocks->waists->next_waist[place], n = b->tables->node_count;
	double here = value_at(b, end, from), away = INFINITY, cost[2];
	if (end == place + 1)
		return true; /* a block of one layer runs somewhere */
	if (n < 2)
		return true;
	for (hidp_node_id m = 0; m < n; m++)
		if (m != from && value_at(b, end, m) < away)
			away = value_at(b, end, m);
	/* anything mixed sends something */
	const struct hidp__path *out = &blocks->out[from];
	double least = blocks->least[end] - blocks->least[place];
	double smallest = blocks->waists->smallest[place];
	if (smallest > 0 && !out->exists)
		return true;
	if (smallest > 0)
		least += b->prices->second *
		         (out->latency_s + (out->element_s > 0 ? 0 : smallest) * out->byte_s);
	double best = d->cost < b->enter[hidp__node_at(b, place, from)]
	                      ? d->cost
	                      : b->enter[hidp__node_at(b, place, from)];
	double rest = here < away ? here : away;
	if (!(least + rest < best))
		return true; /* staying or moving is as cheap */
	/* what is dearer makes no difference; sums may differ by their rounding */
	double limit = hidp__indifference(b, place, from, d->cost) * (1 + 1e-12) - rest;
	if (!hidp__block_mixed(blocks, place, from, limit, cost, arena))
		return false;
	if (cost[0] + here < d->cost)
		*d = (struct departure){cost[0] + here, from, true, 0};
	if (cost[1] + away < d->cost)
		*d = (struct departure){cost[1] + away, from, true, 1};
	return true;
}

static bool depart(const struct hidp__bound *b, uint32_t place, hidp_node_id from,
                   struct departure *d, struct hidp__arena *arena)
{
	*d = NO_DEPARTURE;
	offer_moves(b, place, from, d);
	return offer_mixed(b, place, from, d, arena);
}

static void fill_end(struct hidp__bound *b)
{
	const struct hidp__tables *t = b->tables;
	uint32_t n = t->node_count, place = t->layer_count;
	const struct hidp__work *last = &t->layers[place - 1];
	double rows = (double)last->rows;
	double elements = rows * (double)t->problem->model->layers[last->id].elements_per_row;
	hidp_node_id to = t->problem->request->output_node;
	for (hidp_node_id from = 0; from < n; from++) {
		const struct hidp__path *path = &b->paths[(size_t)from * n + to];
		const struct hidp__site *site = &t->sites[from];
		size_t at = hidp__stay_at(b, place, from);
		double leave = from == to ? 0
		               : path->exists
		                       ? hidp__path_cost(path, b->prices->second,
		                                         rows * last->row_bytes, elements)
		                       : INFINITY;
		b->leave[hidp__node_at(b, place, from)] = leave;
		for (uint32_t s = 0; s <= site->processor_count; s++) {
			double flush = 0;
			if (s < site->processor_count)
				flush = (b->prices->second +
				         b->prices->busy[site->first_processor + s]) *
				        rows * last->row_bytes * site->copy_s[s];
			b->stay[at + s] = leave + flush;
		}
	}
	b->behind[place] = 0;
}

static bool allocate(struct hidp__bound *b, const struct hidp__bound *like,
                     struct hidp__arena *arena)
{
	const struct hidp__tables *t = b->tables;
	size_t places = (size_t)t->layer_count + 1;
	b->first_state = hidp__arena_alloc(arena, t->node_count, sizeof *b->first_state);
	if (b->first_state == NULL)
		return false;
	if (like != NULL) {
		b->blocks = like->blocks;
		b->node_prices = like->node_prices;
	} else if (!hidp__blocks_build(&b->blocks, t, b->prices, b->paths, arena) ||
	           !hidp__node_prices_build(&b->node_prices, t, b->prices, arena)) {
		return false;
	}
	b->state_count = 0;
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		b->first_state[n] = b->state_count;
		b->state_count += t->sites[n].processor_count + 1;
	}
	size_t stays = places * b->state_count, nodes = places * t->node_count;
	b->stay = hidp__arena_alloc(arena, stays, sizeof *b->stay);
	b->stay_choice = hidp__arena_calloc(arena, stays, sizeof *b->stay_choice);
	b->enter = hidp__arena_alloc(arena, nodes, sizeof *b->enter);
	b->enter_choice = hidp__arena_calloc(arena, nodes, sizeof *b->enter_choice);
	b->leave = hidp__arena_alloc(arena, nodes, sizeof *b->leave);
	b->behind = hidp__arena_alloc(arena, places, sizeof *b->behind);
	if (b->stay == NULL || b->enter == NULL || b->leave == NULL || b->behind == NULL ||
	    b->stay_choice == NULL || b->enter_choice == NULL)
		return false;
	for (size_t i = 0; i < stays; i++)
		b->stay[i] = INFINITY;
	for (size_t i = 0; i < nodes; i++)
		b->enter[i] = b->leave[i] = INFINITY;
	return true;
}

/* What it costs to leave a waist; blocks are mixed last, where nothing else is cheaper. */
static bool fill_leave(struct hidp__bound *b, uint32_t place, struct hidp__arena *arena)
{
	uint32_t n = b->tables->node_count;
	for (hidp_node_id node = 0; node < n; node++) {
		struct departure d = NO_DEPARTURE;
		offer_moves(b, place, node, &d);
		b->leave[hidp__node_at(b, place, node)] = d.cost;
	}
	if (b->spread != NULL)
		hidp__spread_relax(b->spread, b, place);
	for (hidp_node_id node = 0; node < n; node++) {
		double *leave = &b->leave[hidp__node_at(b, place, node)];
		struct departure d = NO_DEPARTURE;
		d.cost = *leave;
		if (!offer_mixed(b, place, node, &d, arena))
			return false;
		*leave = d.cost;
	}
	return true;
}

/* All values at a place, those behind it being known. */
static bool fill_place(struct hidp__bound *b, uint32_t place, struct options *options,
                       struct hidp__arena *arena)
{
	const struct hidp__node_prices *np = b->node_prices;
	uint32_t n = b->tables->node_count, waist = b->blocks.waists->next_waist[place];
	for (hidp_node_id node = 0; node < n; node++) {
		if (!hidp__takes_part(b->prices, &b->tables->sites[node]))
			continue;
		find_options(b, &b->tables->sites[node], place, &np[node], &options[node]);
		fill_enter(b, &b->tables->sites[node], place, &np[node], &options[node]);
		b->work += (uint64_t)b->tables->sites[node].team_count + 1;
	}
	if (b->blocks.waists->waist[place]) {
		if (!fill_leave(b, place, arena))
			return false;
		b->work += (uint64_t)n * n;
		if (b->guess != NULL)
			hidp__guess_relax(b->guess, b, place);
		b->behind[place] = INFINITY;
		for (hidp_node_id node = 0; node < n; node++) {
			double v = value_at(b, place, node);
			b->behind[place] = v < b->behind[place] ? v : b->behind[place];
		}
	} else {
		b->behind[place] = b->blocks.least[waist] - b->blocks.least[place] + b->behind[waist];
	}
	if (b->guess != NULL)
		hidp__guess_pass(b->guess, b, place);
	for (hidp_node_id node = 0; node < n; node++)
		if (hidp__takes_part(b->prices, &b->tables->sites[node]))
			fill_stay(b, &b->tables->sites[node], place, &np[node], &options[node]);
	return true;
}

bool hidp__bound_build(struct hidp__bound *bound, const struct hidp__tables *tables,
                       const struct hidp__prices *prices, const struct hidp__path *paths,
                       struct hidp__spreading spreading, struct hidp__arena *arena)
{
	struct hidp__bound *b = bound;
	*b = (struct hidp__bound){.tables = tables, .prices = prices, .paths = paths};
	struct options *options = hidp__arena_alloc(arena, tables->node_count, sizeof *options);
	if (options == NULL || !allocate(b, spreading.like, arena))
		return false;
	uint32_t several = 0;
	for (hidp_node_id node = 0; node < tables->node_count; node++)
		several += hidp__takes_part(b->prices, &b->tables->sites[node]);
	if (several > 1 && spreading.kind == HIDP__SPREAD_BOUND) {
		b->spread = hidp__spread_new(b, spreading.parts, spreading.ceiling, arena);
		if (b->spread == NULL)
			return false;
	} else if (several > 1 && spreading.kind == HIDP__SPREAD_GUESS) {
		b->guess = hidp__guess_new(spreading.like, arena);
		if (b->guess == NULL)
			return false;
	}
	fill_end(b);
	if (b->guess != NULL)
		hidp__guess_pass(b->guess, b, tables->layer_count);
	for (uint32_t place = tables->layer_count; place-- > 0;)
		if (!fill_place(b, place, options, arena))
			return false;
	/* before place 0 nobody computed: the model inputs lie on the input node */
	b->value = value_at(b, 0, tables->problem->request->input_node);
	return true;
}

/* The other node on which layers [first, end) are done soonest, tables alone considered. */
static hidp_node_id other_node(const struct hidp__bound *b, uint32_t first, uint32_t end,
                               hidp_node_id home, bool ends_there)
{
	uint32_t n = b->tables->node_count;
	double best = INFINITY;
	hidp_node_id who = HIDP_NODE_NONE;
	for (hidp_node_id m = 0; m < n; m++) {
		const struct hidp__path *to = &b->paths[(size_t)home * n + m];
		double smallest = b->blocks.waists->smallest[first];
		if (m == home || !hidp__takes_part(b->prices, &b->tables->sites[m]) ||
		    (smallest > 0 && !to->exists))
			continue;
		double v = ends_there ? value_at(b, end, m) : 0;
		if (smallest > 0)
			v += hidp__path_cost(to, b->prices->second, smallest, 0);
		for (uint32_t l = first; l < end; l++)
			v += b->prices->second * b->tables->sites[m].best_s[l];
		if (v < best) {
			best = v;
			who = m;
		}
	}
	return who;
}

/* The legs so far, and where the path stands. */
struct walk {
	const struct hidp__bound *b;
	struct hidp__leg *legs;
	uint32_t count;
	uint32_t place;
	hidp_node_id node;
	struct hidp__arena *arena;
	bool failed; /* no memory */
};

static void add_leg(struct walk *w, hidp_node_id node, uint32_t first, uint32_t end, bool mixed)
{
	struct hidp__leg *last = w->count > 0 ? &w->legs[w->count - 1] : NULL;
	if (last != NULL && last->run == NULL && last->node == node) {
		last->end = end;
		last->mixed |= mixed;
	} else {
		w->legs[w->count++] = (struct hidp__leg){node, first, end, NULL, mixed};
	}
}

/* A stage that begins on the node, as far as it goes; false: nothing can run there. */
static bool follow_stage(struct walk *w)
{
	const struct hidp__bound *b = w->b;
	uint32_t first = w->place, layers = b->tables->layer_count;
	size_t at = hidp__node_at(b, w->place, w->node);
	uint16_t choice = b->enter[at] < INFINITY ? b->enter_choice[at] : 0;
	while (choice >> 8 != 0 && w->place < layers) {
		w->place += choice >> 8;
		if (w->place < layers)
			choice = b->stay_choice[hidp__stay_at(b, w->place, w->node) +
			                        (choice & 0xff)];
	}
	add_leg(w, w->node, first, w->place, false);
	return w->place > first;
}

static bool follow_run(struct walk *w)
{
	struct hidp__run *run = hidp__arena_alloc(w->arena, 1, sizeof *run);
	if (run == NULL || !hidp__guess_run(w->b->guess, w->place, w->node, run, w->arena)) {
		w->failed = true;
		return false;
	}
	w->legs[w->count++] = (struct hidp__leg){run->next, run->first, run->end, run, false};
	w->place = run->end;
	w->node = run->next;
	return w->place == w->b->tables->layer_count || follow_stage(w);
}

static bool follow_mixed(struct walk *w, const struct departure *d)
{
	const struct hidp__bound *b = w->b;
	uint32_t first = w->place, end = b->blocks.waists->next_waist[first];
	bool *away = hidp__arena_alloc(w->arena, end - first, sizeof *away);
	hidp_node_id other = other_node(b, first, end, w->node, d->side == 1);
	if (away == NULL ||
	    !hidp__block_sides(&b->blocks, first, w->node, d->side, away, w->arena)) {
		w->failed = true;
		return false;
	}
	if (other == HIDP_NODE_NONE)
		return false;
	for (uint32_t l = first; l < end; l++)
		add_leg(w, away[l - first] ? other : w->node, l, l + 1, true);
	w->node = d->side == 1 ? other : w->node;
	w->place = end;
	return true;
}

bool hidp__bound_path(const struct hidp__bound *b, struct hidp__leg *legs, uint32_t *count,
                      struct hidp__arena *arena)
{
	struct walk w = {.b = b,
	                 .legs = legs,
	                 .node = b->tables->problem->request->input_node,
	                 .arena = arena};
	bool open = false; /* a stage is open on the node: it leaves, or it would not have ended */
	while (w.place < b->tables->layer_count) {
		size_t at = hidp__node_at(b, w.place, w.node);
		struct departure d;
		bool ok;
		if (!open && b->enter[at] < INFINITY && b->enter[at] <= b->leave[at]) {
			ok = follow_stage(&w);
			open = true;
		} else if (!depart(b, w.place, w.node, &d, arena)) {
			return false;
		} else if (b->leave[at] < d.cost) {
			ok = b->guess != NULL && follow_run(&w);
			open = true;
		} else if (d.mixed) {
			ok = follow_mixed(&w, &d);
			open = false;
		} else {
			w.node = d.next;
			ok = d.next != HIDP_NODE_NONE && follow_stage(&w);
			open = true;
		}
		if (!ok) {
			*count = 0;
			return !w.failed;
		}
	}
	*count = w.count;
	return true;
}
