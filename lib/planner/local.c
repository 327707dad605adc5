/* SPDX-License-Identifier: MIT */
#include "planner/local.h"

struct search {
	const struct hidp__local *lp;
	uint32_t states;          /* processors of the node, and one for several of them */
	struct hidp__cell *cells; /* [(count + 1) * states] */
	double limit;             /* dearer ways are of no interest */
};

static struct hidp__cell *cell_at(const struct search *s, uint32_t position, uint32_t state)
{
	return &s->cells[(size_t)position * s->states + state];
}

static uint32_t place_of(const struct search *s, uint32_t position)
{
	return s->lp->places[position];
}

static double price_of(const struct search *s, uint32_t processor)
{
	return s->lp->prices->second +
	       s->lp->prices->busy[s->lp->site->first_processor + processor];
}

static double team_price(const struct search *s, const struct hidp__team *team)
{
	double price = s->lp->prices->second;
	for (uint32_t k = 0; k < team->count; k++)
		price += s->lp->prices->busy[s->lp->site->first_processor + team->members[k]];
	return price;
}

/* What the members' own times cost beyond the step's. */
static double members_price(const struct search *s, const struct hidp__team *team,
                            const double *member_s)
{
	double price = 0;
	for (uint32_t k = 0; k < team->count && !s->lp->prices->time_only; k++)
		price += s->lp->prices->busy[s->lp->site->first_processor + team->members[k]] *
		         member_s[k];
	return price;
}

/* The least that is still to be paid from a position on, as far as the bound knows. */
static double rest(const struct search *s, uint32_t position, uint32_t state)
{
	const struct hidp__bound *b = s->lp->bound;
	if (b == NULL)
		return 0;
	uint32_t end = place_of(s, s->lp->count - 1) + 1, node = s->lp->site->node;
	uint32_t place = position < s->lp->count ? place_of(s, position) : end;
	double leave = b->leave[hidp__node_at(b, end, node)];
	double stay = b->stay[hidp__stay_at(b, place, node) + state];
	return leave < INFINITY && stay < INFINITY ? stay - leave : 0;
}

static void relax(struct search *s, uint32_t position, uint32_t state, double cost, uint32_t from,
                  uint32_t from_state, hidp_step_kind kind, uint32_t team)
{
	struct hidp__cell *c = cell_at(s, position, state);
	if (cost < c->cost)
		*c = (struct hidp__cell){cost, from, (uint8_t)from_state, (uint8_t)kind, (uint8_t)team};
}

/* Seconds of copying what a layer reads: made by the layer before it, or not by this share. */
static void reading(const struct search *s, uint32_t position, double *latest, double *foreign)
{
	const struct hidp__work *w = &s->lp->tables->layers[place_of(s, position)];
	uint32_t first = place_of(s, 0);
	*latest = *foreign = 0;
	for (uint32_t f = 0; f < w->feed_count; f++) {
		const struct hidp__feed *feed = &w->feeds[f];
		struct hidp__span need =
		        hidp__rule_need(&feed->rule, feed->rows, s->lp->comp[position]);
		double bytes = (double)hidp__span_length(need) * feed->row_bytes;
		if (feed->place == UINT32_MAX || feed->place < first)
			*foreign += bytes;
		else if (position > 0 && feed->place == place_of(s, position - 1))
			*latest += bytes;
	}
}

static void try_singles(struct search *s, uint32_t position, uint32_t state, double cost)
{
	const struct hidp__site *site = s->lp->site;
	uint32_t place = place_of(s, position);
	int64_t rows = hidp__span_length(s->lp->comp[position]);
	double latest = 0, foreign = 0;
	if (site->copies)
		reading(s, position, &latest, &foreign);
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		size_t at = (size_t)place * site->processor_count + q;
		if (!site->rates[at].runs)
			continue;
		double seconds = 0;
		if (s->lp->whole)
			seconds = site->single_s[at];
		else if (rows > 0)
			seconds = hidp__rows_s(&s->lp->tables->layers[place], &site->rates[at], rows);
		if (state != HIDP__NO_STEP && state != q)
			seconds += site->sync_s;
		if (site->copies) {
			seconds += foreign * site->copy_s[q];
			if (state != q)
				seconds += latest * (site->copy_s[q] +
				                     (state < site->processor_count
				                              ? site->copy_s[state]
				                              : 0));
		}
		double v = cost + price_of(s, q) * seconds;
		if (v + rest(s, position + 1, q) < s->limit)
			relax(s, position + 1, q, v, position, state, HIDP_STEP_SINGLE, 0);
	}
}

/* Copies in and out that slices of a step on several processors do, at most: its estimate. */
static double team_copies(const struct search *s, uint32_t first, uint32_t length,
                          const struct hidp__team *team)
{
	const struct hidp__site *site = s->lp->site;
	double longest = 0, speed = 0, latest, foreign;
	if (!site->copies)
		return 0;
	reading(s, first, &latest, &foreign);
	uint32_t last = first + length - 1;
	double bytes = latest + foreign +
	               (double)hidp__span_length(s->lp->comp[last]) *
	                       s->lp->tables->layers[place_of(s, last)].row_bytes;
	for (uint32_t k = 0; k < team->count; k++)
		speed += 1 / site->single_s[(size_t)place_of(s, first) * site->processor_count +
		                            team->members[k]];
	for (uint32_t k = 0; k < team->count; k++) {
		uint32_t q = team->members[k];
		double part = 1 / site->single_s[(size_t)place_of(s, first) * site->processor_count + q] /
		              speed;
		double t = bytes * part * site->copy_s[q];
		longest = t > longest ? t : longest;
	}
	return longest;
}

/* Does the layer run on all of the team? */
static bool runs_on(const struct search *s, uint32_t position, const struct hidp__team *team)
{
	const struct hidp__site *site = s->lp->site;
	size_t at = (size_t)place_of(s, position) * site->processor_count;
	for (uint32_t i = 0; i < team->count; i++)
		if (!site->rates[at + team->members[i]].runs)
			return false;
	return true;
}

static bool can_divide(const struct search *s, uint32_t position, const struct hidp__team *team)
{
	return !s->lp->tables->layers[place_of(s, position)].free &&
	       hidp__span_length(s->lp->comp[position]) >= (int64_t)team->count &&
	       runs_on(s, position, team);
}

/* A layer alone on a team, along its rows or its channels. */
static void try_layer(struct search *s, uint32_t position, uint32_t state, double cost, uint32_t k,
                      double hand_over)
{
	const struct hidp__local *lp = s->lp;
	const struct hidp__site *site = lp->site;
	const struct hidp__team *team = &site->teams[k];
	uint32_t place = place_of(s, position), several = site->processor_count;
	const struct hidp__work *w = &lp->tables->layers[place];
	int64_t counts[HIDP_NODE_PROCESSORS_MAX];
	double member_s[HIDP_NODE_PROCESSORS_MAX], second = lp->prices->second;
	double copies = team_price(s, team) * team_copies(s, position, 1, team);
	size_t at = (size_t)place * site->team_count + k;
	if (lp->whole && lp->prices->time_only && lp->modes == HIDP__LOCAL_ALL) {
		double v = cost + hand_over + second * site->team_s[at] + copies;
		hidp_step_kind kind = site->team_axis[at] == HIDP__CHANNELS ? HIDP_STEP_CHANNELS
		                                                            : HIDP_STEP_ROWS;
		if (v + rest(s, position + 1, several) < s->limit)
			relax(s, position + 1, several, v, position, state, kind, k);
		return;
	}
	if (w->free || !runs_on(s, position, team))
		return;
	for (int i = HIDP__ROWS; i <= HIDP__CHANNELS; i++) {
		enum hidp__divided axis = (enum hidp__divided)i;
		if (axis == HIDP__CHANNELS &&
		    (!w->splits_channels || lp->modes == HIDP__LOCAL_DATA))
			continue;
		double seconds = hidp__team_step(lp, position, 1, axis, k, counts, member_s);
		if (seconds == INFINITY)
			continue;
		double v = cost + hand_over + second * seconds +
		           members_price(s, team, member_s) + copies;
		if (v + rest(s, position + 1, several) < s->limit)
			relax(s, position + 1, several, v, position, state,
			      axis == HIDP__ROWS ? HIDP_STEP_ROWS : HIDP_STEP_CHANNELS, k);
	}
}

/* Several layers on a team without a hand-over between them. */
static void try_layers(struct search *s, uint32_t position, uint32_t n, uint32_t state, double cost,
                       uint32_t k, double hand_over)
{
	const struct hidp__local *lp = s->lp;
	const struct hidp__site *site = lp->site;
	const struct hidp__team *team = &site->teams[k];
	uint32_t place = place_of(s, position), several = site->processor_count;
	int64_t counts[HIDP_NODE_PROCESSORS_MAX];
	double member_s[HIDP_NODE_PROCESSORS_MAX], bound = 0, second = lp->prices->second;
	if (lp->places[position + n - 1] == place + n - 1)
		bound = site->rows_bound_s[hidp__rows_at(site, place, n, k)];
	if (!lp->whole) /* of part of the rows: about */
		bound *= (double)hidp__span_length(lp->comp[position]) /
		         (double)lp->tables->layers[place].rows;
	double v = cost + hand_over + second * bound;
	if (bound == INFINITY || v >= cell_at(s, position + n, several)->cost ||
	    v + rest(s, position + n, several) >= s->limit)
		return;
	double seconds = hidp__team_step(lp, position, n, HIDP__ROWS, k, counts, member_s);
	if (seconds == INFINITY)
		return;
	v = cost + hand_over + second * seconds + members_price(s, team, member_s) +
	    team_price(s, team) * team_copies(s, position, n, team);
	if (v + rest(s, position + n, several) < s->limit)
		relax(s, position + n, several, v, position, state, HIDP_STEP_ROWS, k);
}

static void try_teams(struct search *s, uint32_t position, uint32_t state, double cost)
{
	const struct hidp__site *site = s->lp->site;
	for (uint32_t k = 0; k < site->team_count; k++) {
		const struct hidp__team *team = &site->teams[k];
		double hand_over = state != HIDP__NO_STEP ? team_price(s, team) * site->sync_s : 0;
		try_layer(s, position, state, cost, k, hand_over);
		for (uint32_t n = 2; n <= HIDP_STEP_LAYERS_MAX && position + n <= s->lp->count; n++)
			try_layers(s, position, n, state, cost, k, hand_over);
	}
}

static void try_branches(struct search *s, uint32_t position, uint32_t state, double cost)
{
	const struct hidp__tables *t = s->lp->tables;
	uint32_t place = place_of(s, position), several = s->lp->site->processor_count;
	if (!s->lp->whole || s->lp->site->usable_count < 2)
		return;
	for (uint32_t r = t->region_first[place]; r < t->region_first[place + 1]; r++) {
		uint32_t n = t->regions[r].end - place;
		double hand_over;
		if (n > s->lp->count - position ||
		    cost + rest(s, position + n, several) >= s->limit)
			continue;
		double v = cost + hidp__branch_price(s->lp->site, t, r, s->lp->prices, &hand_over);
		if (state != HIDP__NO_STEP)
			v += hand_over;
		if (v + rest(s, position + n, several) < s->limit)
			relax(s, position + n, several, v, position, state, HIDP_STEP_BRANCH, 0);
	}
}

/* What is to be copied to the node's memory at the end. */
static double last_copy(const struct search *s, uint32_t state)
{
	const struct hidp__site *site = s->lp->site;
	if (!site->copies || state >= site->processor_count)
		return 0;
	uint32_t last = s->lp->count - 1;
	return price_of(s, state) * (double)hidp__span_length(s->lp->comp[last]) *
	       s->lp->tables->layers[place_of(s, last)].row_bytes * site->copy_s[state];
}

/* Layers divided along their rows wherever that is possible leave single steps for the others. */
static bool allows_single(const struct search *s, uint32_t position)
{
	if (s->lp->modes != HIDP__LOCAL_DATA)
		return true;
	for (uint32_t k = 0; k < s->lp->site->team_count; k++)
		if (can_divide(s, position, &s->lp->site->teams[k]))
			return false;
	return true;
}

static void try_all(struct search *s, uint32_t position, uint32_t state, double cost)
{
	if (s->lp->modes != HIDP__LOCAL_MODEL)
		try_teams(s, position, state, cost);
	if (s->lp->modes == HIDP__LOCAL_ALL)
		try_branches(s, position, state, cost);
}

static double run(struct search *s, uint32_t start, uint32_t *end_state)
{
	uint32_t count = s->lp->count;
	double best = INFINITY;
	for (size_t i = 0; i < ((size_t)count + 1) * s->states; i++)
		s->cells[i].cost = INFINITY;
	if (allows_single(s, 0))
		try_singles(s, 0, start, 0);
	try_all(s, 0, start, 0);
	for (uint32_t position = 1; position < count; position++) {
		/* a step of several processors does not care which single one ran before */
		bool single = allows_single(s, position);
		double least = INFINITY;
		uint32_t least_state = 0;
		for (uint32_t state = 0; state < s->states; state++) {
			double cost = cell_at(s, position, state)->cost;
			if (cost == INFINITY)
				continue;
			if (single)
				try_singles(s, position, state, cost);
			if (cost < least) {
				least = cost;
				least_state = state;
			}
		}
		if (least < INFINITY)
			try_all(s, position, least_state, least);
	}
	for (uint32_t state = 0; state < s->states; state++) {
		double v = cell_at(s, count, state)->cost + last_copy(s, state);
		if (v < best) {
			best = v;
			*end_state = state;
		}
	}
	return best;
}

/* What the bound says that the share costs; 0: nothing. */
static double least_cost(const struct search *s, uint32_t start)
{
	const struct hidp__local *lp = s->lp;
	const struct hidp__bound *b = lp->bound;
	hidp_node_id node = lp->site->node;
	if (b == NULL || !lp->whole || lp->modes != HIDP__LOCAL_ALL)
		return 0;
	/* of copies and weights the two do not have the same idea */
	if (lp->site->copies || lp->prices->hold[node] > 0 || lp->prices->load[node] > 0)
		return 0;
	if (start != HIDP__NO_STEP)
		return rest(s, 0, start);
	uint32_t first = place_of(s, 0), end = place_of(s, lp->count - 1) + 1;
	double least = b->enter[hidp__node_at(b, first, node)] - b->leave[hidp__node_at(b, end, node)];
	return least < INFINITY ? least : 0; /* nor if it is INFINITY - INFINITY */
}

/*
 * The steps cost hardly more than the bound says: at first, only ways that are little dearer
 * are looked at. Where some are found the best is among them.
 */
static double run_near(struct search *s, uint32_t start, uint32_t *end_state)
{
	double least = least_cost(s, start);
	for (double slack = 1e-3; least > 0 && slack < 1; slack *= 8) {
		s->limit = least * (1 + slack);
		double cost = run(s, start, end_state);
		if (cost < s->limit)
			return cost;
	}
	s->limit = INFINITY;
	return run(s, start, end_state);
}

static bool is_whole(const struct hidp__local *local)
{
	for (uint32_t i = 0; i < local->count; i++)
		if (local->places[i] != local->places[0] + i ||
		    hidp__span_length(local->comp[i]) !=
		            local->tables->layers[local->places[i]].rows)
			return false;
	return true;
}

hidp_status hidp__local_plan(const struct hidp__local *local, struct hidp__step **steps,
                             uint32_t *step_count, double *cost, struct hidp__arena *arena)
{
	const struct hidp__site *site = local->site;
	struct hidp__local own = *local;
	struct search s = {.lp = &own, .states = site->processor_count + 1};
	uint32_t start = HIDP__NO_STEP, end_state = 0;
	own.whole = is_whole(local);
	if (local->before != NULL)
		start = local->before->kind == HIDP_STEP_SINGLE
		                ? local->before->slices[0].processor
		                : site->processor_count;
	s.cells = hidp__arena_alloc(arena, ((size_t)local->count + 1) * s.states, sizeof *s.cells);
	if (s.cells == NULL)
		return HIDP_ERR_NOMEM;
	*cost = run_near(&s, start, &end_state);
	if (*cost == INFINITY)
		return HIDP_ERR_INFEASIBLE;
	return hidp__local_steps(&own, s.cells, end_state, steps, step_count, arena)
	               ? HIDP_OK
	               : HIDP_ERR_NOMEM;
}
