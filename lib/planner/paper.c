/* SPDX-License-Identifier: MIT */
/*
 * Our reading of HiDP (DATE 2025): a node is as fast as its processors together. Over
 * the nodes, the better of the best model partition (a shortest path over layers and
 * nodes) and the best data partition (shares in quanta, the slowest as quick as
 * possible); inside each node the same choice once more (HIDP__LOCAL_PAPER).
 */
#include "planner/search.h"

/* Shares are multiples of 1 / QUANTA of the rows. */
#define QUANTA 64

struct paper {
	struct hidp__search *search;
	const struct hidp__tables *tables;
	const struct hidp__path *paths;
	double *seconds; /* [node * (layers + 1) + place] the layers before it, all processors at work */
	double *bytes, *elements; /* [layers + 1] of the tensors that cross a cut */
	/* [processor] that add up to 1 over those of a node: a mean of their loads with these
	 * weights is not above the largest */
	double *weights;
};

static double node_seconds(const struct hidp__site *site, uint32_t place)
{
	double speed = 0;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		double s = site->single_s[(size_t)place * site->processor_count + site->usable[i]];
		if (!(s > 0))
			return 0;
		speed += 1 / s;
	}
	return 1 / speed;
}

/* As if each processor did the whole model: then all loads count the same. */
static void weigh_processors(double *weights, const struct hidp__site *site, uint32_t layers)
{
	double sum = 0;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		double work = 0;
		for (uint32_t l = 0; l < layers; l++)
			work += site->least_s[(size_t)l * site->processor_count + q];
		weights[site->first_processor + q] = work > 0 ? 1 / work : 0;
		sum += work > 0 ? 1 / work : 0;
	}
	for (uint32_t q = 0; q < site->processor_count; q++)
		weights[site->first_processor + q] /= sum > 0 ? sum : 1;
}

static bool begin(struct paper *p, struct hidp__search *search, const struct hidp__path *paths)
{
	const struct hidp__tables *t = search->tables;
	size_t row = (size_t)t->layer_count + 1;
	*p = (struct paper){.search = search, .tables = t, .paths = paths};
	p->seconds = hidp__arena_alloc(search->arena, row * t->node_count, sizeof(double));
	p->bytes = hidp__arena_calloc(search->arena, row, sizeof(double));
	p->elements = hidp__arena_calloc(search->arena, row, sizeof(double));
	p->weights = hidp__arena_calloc(search->arena, t->problem->cluster->processor_count,
	                                sizeof(double));
	if (p->seconds == NULL || p->bytes == NULL || p->elements == NULL || p->weights == NULL)
		return false;
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		double *s = p->seconds + n * row;
		s[0] = 0;
		for (uint32_t l = 0; l < t->layer_count; l++)
			s[l + 1] = s[l] + node_seconds(&t->sites[n], l);
		weigh_processors(p->weights, &t->sites[n], t->layer_count);
	}
	hidp__tables_crossing(t, p->bytes, p->elements);
	return true;
}

/* Best model partition: stages on nodes, as legs. */
static uint32_t divide_model(const struct paper *p, struct hidp__leg *legs, bool *ok)
{
	const struct hidp__tables *t = p->tables;
	uint32_t n = t->node_count, layers = t->layer_count, count = 0;
	size_t row = (size_t)layers + 1;
	double *best = hidp__arena_alloc(p->search->arena, row * n, sizeof *best);
	hidp_node_id *next = hidp__arena_alloc(p->search->arena, row * n, sizeof *next);
	*ok = best != NULL && next != NULL;
	if (!*ok)
		return 0;
	const struct hidp__request *r = t->problem->request;
	for (uint32_t place = layers + 1; place-- > 0;) {
		for (hidp_node_id a = 0; a < n; a++) {
			double least = INFINITY;
			for (hidp_node_id b = 0; b < n; b++) {
				const struct hidp__path *path = &p->paths[(size_t)a * n + b];
				const double *s = p->seconds + b * row + place;
				double v = INFINITY;
				if (place < layers && s[1] < INFINITY)
					v = s[1] - s[0] + best[(place + 1) * n + b];
				else if (place == layers && b == r->output_node)
					v = 0;
				if (a != b)
					v = path->exists ? v + hidp__path_s(path, p->bytes[place],
					                                    p->elements[place])
					                 : INFINITY;
				if (v < least || (v == least && a == b)) {
					least = v;
					next[place * n + a] = b;
				}
			}
			best[place * n + a] = least;
		}
	}
	p->search->work += (uint64_t)layers * n * n;
	hidp_node_id at = r->input_node;
	if (best[at] == INFINITY)
		return 0;
	for (uint32_t place = 0; place < layers; place++) {
		at = next[place * n + at];
		if (count > 0 && legs[count - 1].node == at)
			legs[count - 1].end = place + 1;
		else
			legs[count++] = (struct hidp__leg){
			        .node = at, .first = place, .end = place + 1};
	}
	return count;
}

/* The layers that can be divided over all nodes: up to the last waist before a short layer. */
static uint32_t divisible(const struct paper *p)
{
	const struct hidp__tables *t = p->tables;
	uint32_t reach = 0, end = 0;
	for (uint32_t l = 0; l < t->layer_count && t->layers[l].rows >= (int64_t)t->node_count; l++) {
		for (uint32_t i = 0; i < t->layers[l].feed_count; i++)
			if (t->layers[l].feeds[i].place == UINT32_MAX)
				reach = l + 1 > reach ? l + 1 : reach;
		/* nothing but its own output is read behind it */
		if (reach <= l + 1)
			end = l + 1;
		reach = t->layers[l].last_reader + 1 > reach && t->layers[l].last_reader != l + 1
		                ? t->layers[l].last_reader + 1
		                : reach;
	}
	return end;
}

/*
 * Shares of layers [0, end): parts[node] quanta, and how long they take if the processors
 * of a node work together perfectly: infinite if there is no division. false: no memory.
 */
static bool divide_data(const struct paper *p, uint32_t end, uint32_t *parts, double *seconds)
{
	const struct hidp__tables *t = p->tables;
	uint32_t n = t->node_count, taken[QUANTA + 1];
	size_t row = (size_t)t->layer_count + 1;
	double best[QUANTA + 1];
	uint8_t *choice = hidp__arena_alloc(p->search->arena, (size_t)n * (QUANTA + 1), 1);
	hidp_node_id from = t->problem->request->input_node, to = t->problem->request->output_node;
	if (choice == NULL)
		return false;
	for (uint32_t q = 0; q <= QUANTA; q++)
		best[q] = q == 0 ? 0 : INFINITY;
	for (hidp_node_id a = 0; a < n; a++) {
		const struct hidp__path *in = &p->paths[(size_t)from * n + a];
		const struct hidp__path *out = &p->paths[(size_t)a * n + to];
		double whole = p->seconds[a * row + end] - p->seconds[a * row], fixed = 0;
		if (a != from) {
			whole += in->exists ? hidp__path_s(in, p->bytes[0], p->elements[0]) - in->latency_s
			                    : INFINITY;
			fixed += in->latency_s;
		}
		if (a != to) {
			whole += out->exists
			                 ? hidp__path_s(out, p->bytes[end], p->elements[end]) - out->latency_s
			                 : INFINITY;
			fixed += out->latency_s;
		}
		for (uint32_t q = QUANTA + 1; q-- > 0;) {
			double least = best[q];
			taken[q] = 0;
			for (uint32_t s = 1; s <= q && whole < INFINITY; s++) {
				double own = fixed + whole * s / QUANTA;
				double v = best[q - s] > own ? best[q - s] : own;
				if (v < least) {
					least = v;
					taken[q] = s;
				}
			}
			best[q] = least;
			choice[(size_t)a * (QUANTA + 1) + q] = (uint8_t)taken[q];
		}
	}
	p->search->work += (uint64_t)n * QUANTA * QUANTA / 2;
	for (uint32_t a = n, q = QUANTA; a-- > 0;) {
		parts[a] = choice[(size_t)a * (QUANTA + 1) + q];
		q -= parts[a];
	}
	*seconds = best[QUANTA];
	return true;
}

/* What a plan, or a part of it, takes at least. */
struct least {
	double latency_s;
	double period_s; /* load of a processor */
	double busy_j;
	double idle_w; /* of its nodes */
};

/* Has such a plan no chance against the best that is known? */
static bool is_hopeless(const struct paper *p, const struct least *least)
{
	const struct hidp__request *r = p->tables->problem->request;
	double elapsed = r->stream ? least->period_s : least->latency_s;
	double value = hidp__request_objective(r, least->latency_s, least->period_s,
	                                       least->busy_j + least->idle_w * elapsed, 0);
	return value >= p->search->value * (1 + 1e-9);
}

/* A part x of a layer's rows on a node. */
static void add_layer(const struct paper *p, const struct hidp__site *site, uint32_t place,
                      double x, struct least *sum)
{
	const struct hidp__node *node = &p->tables->problem->cluster->nodes[site->node];
	double load = INFINITY, joules = INFINITY;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		size_t at = (size_t)place * site->processor_count + q;
		double s = hidp__least_fixed_s(&site->rates[at]) + x * site->least_s[at];
		double weighed = s * p->weights[site->first_processor + q];
		double j = s * node->processors[q].power_active_w;
		if (!site->rates[at].runs)
			continue;
		load = weighed < load ? weighed : load;
		joules = j < joules ? j : joules;
	}
	sum->latency_s += site->fixed_s[place] + x * site->slope_s[place];
	sum->period_s += load;
	sum->busy_j += joules;
}

/* A share of the layers before `end`: the rows that it owns, halo and all. */
static struct least share_least(const struct paper *p, const struct hidp__share *share,
                                int64_t row_units, uint32_t end, struct hidp__span *comp)
{
	const struct hidp__site *site = &p->tables->sites[share->node];
	struct least sum = {0};
	sum.idle_w = p->tables->problem->cluster->nodes[share->node].desc.power_idle_w;
	for (uint32_t l = 0; l < end; l++)
		comp[l] = hidp__own_rows(share->units, row_units, p->tables->layers[l].rows);
	for (uint32_t l = end; l-- > 0;) {
		const struct hidp__work *w = &p->tables->layers[l];
		for (uint32_t i = 0; i < w->feed_count; i++) {
			const struct hidp__feed *f = &w->feeds[i];
			if (f->place == UINT32_MAX)
				continue;
			struct hidp__span need = hidp__rule_need(&f->rule, f->rows, comp[l]);
			comp[f->place] = hidp__span_hull(comp[f->place], need);
		}
		int64_t rows = hidp__span_length(comp[l]);
		if (rows > 0)
			add_layer(p, site, l, (double)rows / (double)w->rows, &sum);
	}
	return sum;
}

/* A single stage. */
static struct least leg_least(const struct paper *p, const struct hidp__leg *leg)
{
	const struct hidp__site *site = &p->tables->sites[leg->node];
	struct least sum = {0};
	for (uint32_t l = leg->first; l < leg->end; l++)
		add_layer(p, site, l, 1, &sum);
	sum.latency_s = site->sum_s[leg->end] - site->sum_s[leg->first]; /* is closer */
	return sum;
}

/* To send what the layer behind a cut reads, where one tensor crosses it. */
static double move_least_s(const struct paper *p, uint32_t place, hidp_node_id from,
                           hidp_node_id to)
{
	const struct hidp__waists *w = &p->tables->waists;
	const struct hidp__path *path = &p->paths[(size_t)from * p->tables->node_count + to];
	if (from == to || !w->waist[place] || !(w->bytes[place] > 0))
		return 0;
	if (place == 0 && p->tables->layers[0].feed_count > 1)
		return 0; /* several messages overtake each other */
	return path->exists ? hidp__path_s(path, w->bytes[place], w->elements[place]) : INFINITY;
}

/* Single stages on the way from the input; idle power of one node is enough for a bound. */
static struct least legs_least(const struct paper *p, const struct hidp__leg *legs, uint32_t count)
{
	hidp_node_id at = p->tables->problem->request->input_node;
	struct least sum = {0};
	sum.idle_w = p->tables->problem->cluster->nodes[at].desc.power_idle_w;
	for (uint32_t i = 0; i < count; at = legs[i++].node) {
		struct least leg = leg_least(p, &legs[i]);
		sum.latency_s += leg.latency_s + move_least_s(p, legs[i].first, at, legs[i].node);
		sum.period_s = fmax(sum.period_s, leg.period_s);
		sum.busy_j += leg.busy_j;
	}
	return sum;
}

/* A split stage of the layers before `end`, and what follows it. */
static struct least split_least(const struct paper *p, const struct hidp__decisions *draft,
                                uint32_t end, struct hidp__span *comp)
{
	const struct hidp__tables *t = p->tables;
	const struct hidp__stage *split = &draft->stages[0];
	const struct hidp__leg rest = {.node = t->problem->request->output_node,
	                               .first = end,
	                               .end = t->layer_count};
	struct least sum = leg_least(p, &rest);
	double longest = 0;
	for (uint32_t k = 0; k < split->share_count; k++) {
		struct least share =
		        share_least(p, &split->shares[k], split->row_units, end, comp);
		longest = fmax(longest, share.latency_s);
		sum.period_s = fmax(sum.period_s, share.period_s);
		sum.busy_j += share.busy_j;
		sum.idle_w += share.idle_w;
	}
	sum.latency_s += longest;
	return sum;
}

/* Is the best plan one of the same single stages, with the quickest steps that they can have? */
static bool is_known(const struct paper *p, const struct hidp__decisions *draft)
{
	const struct hidp__decisions *best = &p->search->best;
	if (p->tables->problem->request->options.objective != HIDP_OBJECTIVE_LATENCY ||
	    !p->search->quickest_steps || best->stage_count != draft->stage_count)
		return false;
	for (uint32_t i = 0; i < draft->stage_count; i++) {
		const struct hidp__stage *a = &best->stages[i], *b = &draft->stages[i];
		if (a->kind != HIDP_STAGE_SINGLE || a->layer_count != b->layer_count ||
		    a->shares[0].node != b->shares[0].node ||
		    p->tables->sites[b->shares[0].node].copies)
			return false;
	}
	return true;
}

/* Best data partition: one split stage, and the rest where the result is wanted. */
static hidp_status offer_data(const struct paper *p, const struct hidp__prices *prices)
{
	const struct hidp__tables *t = p->tables;
	struct hidp__arena *arena = p->search->arena;
	uint32_t n = t->node_count, end = divisible(p);
	bool latency = t->problem->request->options.objective == HIDP_OBJECTIVE_LATENCY;
	double seconds = INFINITY;
	uint32_t *parts = hidp__arena_calloc(arena, n, sizeof *parts);
	hidp_node_id *nodes = hidp__arena_alloc(arena, n, sizeof *nodes);
	double *shares = hidp__arena_alloc(arena, n, sizeof *shares);
	struct hidp__span *comp = hidp__arena_alloc(arena, t->layer_count, sizeof *comp);
	if (parts == NULL || nodes == NULL || shares == NULL || comp == NULL)
		return HIDP_ERR_NOMEM;
	if (end != 0 && !divide_data(p, end, parts, &seconds))
		return HIDP_ERR_NOMEM;
	if (seconds == INFINITY)
		return HIDP_OK;
	if (latency && seconds * (1 - 1.0 / QUANTA) >= p->search->value)
		return HIDP_OK; /* even then it is no better than what is known */
	struct hidp__crew crew = {0, nodes, shares};
	for (hidp_node_id a = 0; a < n; a++) {
		if (parts[a] == 0)
			continue;
		nodes[crew.count] = a;
		shares[crew.count++] = (double)parts[a] / QUANTA;
	}
	if (crew.count < 2)
		return HIDP_OK; /* the model partition has that */
	hidp_node_id to = t->problem->request->output_node;
	struct hidp__run run = {.first = 0,
	                        .end = end,
	                        .crew = &crew,
	                        .stage_count = 1,
	                        .ends = &end,
	                        .next = to};
	struct hidp__leg legs[2] = {{.node = to, .end = end, .run = &run},
	                            {.node = to, .first = end, .end = t->layer_count}};
	struct hidp__decisions draft;
	hidp_status s =
	        hidp__draft_legs(t, legs, end < t->layer_count ? 2 : 1, &draft, arena);
	if (s != HIDP_OK)
		return s == HIDP_ERR_INFEASIBLE ? HIDP_OK : s;
	struct least least = split_least(p, &draft, end, comp);
	if (!is_hopeless(p, &least))
		s = hidp__search_offer_draft(p->search, prices, NULL, HIDP__LOCAL_PAPER, &draft);
	return s == HIDP_ERR_INFEASIBLE ? HIDP_OK : s;
}

hidp_status hidp__search_paper(struct hidp__search *search)
{
	const struct hidp__tables *t = search->tables;
	struct hidp__prices prices;
	struct hidp__path *paths;
	struct paper p;
	struct hidp__decisions draft;
	bool ok;
	if (!hidp__prices_begin(&prices, t->problem->cluster, search->arena))
		return HIDP_ERR_NOMEM;
	prices.second = 1;
	struct hidp__leg *legs = hidp__arena_alloc(search->arena, t->layer_count, sizeof *legs);
	if (!hidp__paths_build(&paths, t->problem->cluster, &prices, search->arena) ||
	    legs == NULL || !begin(&p, search, paths))
		return HIDP_ERR_NOMEM;
	uint32_t count = 0;
	ok = true;
	if (!(search->value <= search->path_value * (1 + 1e-9)))
		count = divide_model(&p, legs, &ok);
	if (!ok)
		return HIDP_ERR_NOMEM;
	struct least least = legs_least(&p, legs, count);
	if (count > 0 && !is_hopeless(&p, &least)) {
		hidp_status s = hidp__draft_legs(t, legs, count, &draft, search->arena);
		if (s == HIDP_OK && !is_known(&p, &draft))
			s = hidp__search_offer_draft(search, &prices, NULL, HIDP__LOCAL_PAPER, &draft);
		if (s != HIDP_OK)
			return s;
	}
	return offer_data(&p, &prices);
}
