/* SPDX-License-Identifier: MIT */
/*
 * Depth first over the stages: every stage that can come next (exact_stages.c), and for
 * each of its shares every way that counts (ways.h). What the stages decided so far cost
 * at least (exact_value.c), and the relaxed shortest path for the rest (bound.h), cut off
 * what cannot be better than the best plan known.
 */
#include "planner/exact_priv.h"

#include <string.h>

/* Work that every option of a step or a split takes, at least. */
#define OPTION_WORK 8
/* Problems with more layers or options than that get so much work at most. */
#define FEW_LAYERS 5
#define FEW_OPTIONS 2048
#define MANY_WORK 3000000
/* Of those with more options than that hardly one is searched to the end: they get less. */
#define MANY_OPTIONS 8192
/* And so do those of which less than that part could be gained. */
#define MUCH_TO_GAIN 0.05

static void *take(struct hidp__exact *x, size_t count, size_t size)
{
	void *p = hidp__arena_calloc(x->arena, count, size);
	x->failed |= p == NULL;
	return p;
}

/* A complete plan that looks better than the best: through check and evaluator like any other. */
static void offer(struct hidp__exact *x, uint32_t depth, const double *mixture, uint32_t routes,
                  double value)
{
	struct hidp__decisions plan = {depth, x->stages};
	uint32_t replicas = 0;
	hidp__exact_deal(x, depth, mixture, routes);
	for (uint32_t s = 0; s < depth; s++) {
		struct hidp__stage *stage = &x->stages[s];
		replicas += stage->kind == HIDP_STAGE_REPLICA;
		for (uint32_t k = 0; k < stage->share_count; k++) {
			const struct hidp__way *way = *hidp__exact_way(x, s, k);
			stage->shares[k].steps = way->steps;
			stage->shares[k].step_count = way->step_count;
			if (!(stage->shares[k].fraction > 1e-12))
				return; /* fewer replicas: looked at elsewhere */
		}
	}
	x->failed |= hidp__search_offer(x->search, &plan) != HIDP_OK;
	/* fractions of several stages do not give every mixture of routes */
	if (replicas > 1 && x->search->value > value * (1 + 1e-9) && value < x->loosest)
		x->loosest = value;
	hidp__exact_spend(x, 40);
}

/* What is left to pay at least behind the stage at `depth`. */
static double rest_behind(const struct hidp__exact *x, uint32_t depth, uint32_t end)
{
	return x->stages[depth].kind == HIDP_STAGE_SPLIT ? x->open_rest[end]
	                                                 : x->bound->behind[end];
}

/* Hand-over before a share: its node's part of the stage before may have ended elsewhere. */
static double hand_over_s(const struct hidp__exact *x, uint32_t depth, uint32_t share,
                          const uint32_t *choice)
{
	const struct hidp__stage *stage = &x->stages[depth];
	const struct hidp__way *way = *hidp__exact_way(x, depth, share);
	hidp_node_id node = stage->shares[share].node;
	const struct hidp__site *site = &x->tables->sites[node];
	for (uint32_t j = 0; depth > 0 && j < stage[-1].share_count; j++) {
		uint8_t state = (*hidp__exact_way(x, depth - 1, j))->end_state;
		if (stage[-1].shares[j].node != node ||
		    (stage[-1].kind == HIDP_STAGE_REPLICA && j != choice[depth - 1]))
			continue;
		if (!way->first_single || state == site->processor_count ||
		    way->first_team != (uint64_t)1 << state)
			return site->sync_s;
	}
	return 0;
}

/* Route r behind the stage at `depth`, in which all shares have their way. */
static void extend_route(struct hidp__exact *x, uint32_t depth, uint32_t r)
{
	const struct hidp__stage *stage = &x->stages[depth];
	bool replica = stage->kind == HIDP_STAGE_REPLICA;
	const struct hidp__exact_route *from =
	        hidp__exact_route(x, depth, replica ? r / stage->share_count : r);
	struct hidp__exact_route *to = hidp__exact_route(x, depth + 1, r);
	const struct hidp__messages *m = hidp__exact_messages(x, depth, r);
	double longest = 0;
	uint32_t choice[HIDP__EXACT_LAYERS_MAX];
	hidp__exact_choices(x, depth + 1, r, choice);
	memcpy(to->busy, from->busy, x->processors * sizeof *to->busy);
	for (uint32_t k = 0; k < stage->share_count; k++) {
		if (replica && k != choice[depth])
			continue;
		const struct hidp__way *way = *hidp__exact_way(x, depth, k);
		const struct hidp__site *site = &x->tables->sites[stage->shares[k].node];
		double hand_over = hand_over_s(x, depth, k, choice);
		double *busy = to->busy + site->first_processor;
		for (uint32_t q = 0; q < site->processor_count; q++)
			busy[q] += way->busy[q] + (way->first_team >> q & 1 ? hand_over : 0);
		double t = m->start_s[k] + way->seconds + hand_over;
		longest = t > longest ? t : longest;
	}
	to->latency_s = from->latency_s + longest;
}

/* All shares of the stage at `depth` have their way: on to the next. */
static void stage_done(struct hidp__exact *x, uint32_t depth, uint32_t end)
{
	uint32_t after = x->route_count[depth + 1];
	double fraction[HIDP__EXACT_ROUTES_MAX];
	if (!hidp__exact_spend(x, 2 * after))
		return;
	for (uint32_t r = 0; r < after; r++)
		extend_route(x, depth, r);
	double priced = hidp__exact_priced(x, depth + 1, after);
	if (!(priced + rest_behind(x, depth, end) < x->search->value * (1 + 1e-13)))
		return;
	bool complete = end == x->layers;
	if (complete || after == 1) {
		hidp__arena_reset(&x->scratch);
		double value = hidp__exact_value(x, depth + 1, after, complete, fraction);
		if (!(value < x->search->value * (1 - 1e-13)))
			return;
		if (complete) {
			offer(x, depth + 1, fraction, after, value);
			return;
		}
	}
	x->before[depth + 1] = priced;
	hidp__exact_next_stages(x, depth + 1, end);
}

static void choose_ways(struct hidp__exact *x, uint32_t depth, uint32_t end, uint32_t share,
                        const struct hidp__ways *const *ways)
{
	/* no stage has more shares than HIDP__EXACT_NODES_MAX: compilers that look far know it too */
	if (share == x->stages[depth].share_count || share == HIDP__EXACT_NODES_MAX) {
		stage_done(x, depth, end);
		return;
	}
	const struct hidp__stage *stage = &x->stages[depth];
	double rest = rest_behind(x, depth, end) + x->before[depth];
	if (stage->kind != HIDP_STAGE_REPLICA)
		rest += x->bound->prices->second * hidp__exact_messages(x, depth, 0)->start_s[share];
	for (uint32_t i = 0; i < ways[share]->count && !x->stopped && !x->failed; i++) {
		const struct hidp__way *way = &ways[share]->items[i];
		if (stage->kind != HIDP_STAGE_REPLICA &&
		    !(rest + way->priced < x->search->value * (1 + 1e-13)))
			continue;
		*hidp__exact_way(x, depth, share) = way;
		choose_ways(x, depth, end, share + 1, ways);
	}
}

void hidp__exact_try_stage(struct hidp__exact *x, uint32_t depth, uint32_t end)
{
	const struct hidp__problem *problem = x->search->problem;
	struct hidp__stage *stage = &x->stages[depth];
	const struct hidp__ways *ways[HIDP__EXACT_NODES_MAX];
	struct hidp__decisions plan = {depth + 1, x->stages};
	bool replica = stage->kind == HIDP_STAGE_REPLICA;
	uint32_t routes = x->route_count[depth] * (replica ? stage->share_count : 1);
	if (routes > HIDP__EXACT_ROUTES_MAX) {
		x->skipped = true;
		return;
	}
	x->route_count[depth + 1] = routes;
	double least_rest = stage->kind == HIDP_STAGE_BRANCH ? 0 : x->open_rest[end];
	for (uint32_t k = 0; k < stage->share_count; k++) {
		hidp__share_rows(problem->model, stage, &stage->shares[k], x->place);
		/* of a replica, any part of the requests */
		double most = replica ? INFINITY : x->search->value - least_rest;
		if (!hidp__ways_of(replica ? x->replica_ways : x->ways, &stage->shares[k], most,
		                   &x->work, &ways[k])) {
			x->failed = true;
			return;
		}
		if (ways[k] == NULL) {
			x->stopped = true;
			return;
		}
		if (ways[k]->count == 0)
			return;
	}
	for (uint32_t r = 0; r < routes; r++) {
		uint32_t choice[HIDP__EXACT_LAYERS_MAX];
		struct hidp__messages found = {.start_s = hidp__exact_messages(x, depth, r)->start_s};
		struct hidp__messages *m = hidp__exact_messages(x, depth, r);
		hidp__exact_choices(x, depth + 1, r, choice);
		hidp__arena_reset(&x->scratch);
		hidp_status s = hidp__evaluate_messages(problem, &plan, end == x->layers, choice,
		                                        &found, &x->scratch);
		x->failed |= s == HIDP_ERR_NOMEM;
		if (s != HIDP_OK || !hidp__exact_spend(x, 10 + 5 * depth))
			return;
		m->delivery_s = found.delivery_s;
		const struct hidp__route *from = &found.route;
		memcpy(m->route.transmit_s, from->transmit_s, x->nodes * sizeof(double));
		memcpy(m->route.receive_s, from->receive_s, x->nodes * sizeof(double));
		memcpy(m->route.medium_busy_s, from->medium_busy_s,
		       problem->cluster->medium_count * sizeof(double));
		memcpy(m->route.takes_part, from->takes_part, x->nodes * sizeof(bool));
	}
	choose_ways(x, depth, end, 0, ways);
}

static bool allocate(struct hidp__exact *x)
{
	const struct hidp_model *model = x->search->problem->model;
	const struct hidp_cluster *c = x->search->problem->cluster;
	size_t depths = (size_t)x->layers + 1;
	x->stages = take(x, depths, sizeof *x->stages);
	x->messages = take(x, depths * HIDP__EXACT_ROUTES_MAX, sizeof *x->messages);
	x->routes = take(x, depths * HIDP__EXACT_ROUTES_MAX, sizeof *x->routes);
	x->chosen = take(x, depths * HIDP__EXACT_NODES_MAX, sizeof *x->chosen);
	x->route_count = take(x, depths, sizeof *x->route_count);
	x->place = take(x, model->layer_count, sizeof *x->place);
	x->open_rest = take(x, depths, sizeof(double));
	x->before = take(x, depths, sizeof(double));
	for (uint32_t d = 0; d < depths && !x->failed; d++) {
		x->stages[d].shares = take(x, HIDP__EXACT_NODES_MAX, sizeof *x->stages[d].shares);
		for (uint32_t k = 0; k < HIDP__EXACT_NODES_MAX && !x->failed; k++) {
			struct hidp__share *s = &x->stages[d].shares[k];
			s->layers = take(x, model->layer_count, sizeof *s->layers);
			s->comp = take(x, model->layer_count, sizeof *s->comp);
		}
		for (uint32_t r = 0; r < HIDP__EXACT_ROUTES_MAX && !x->failed; r++) {
			struct hidp__messages *m = hidp__exact_messages(x, d, r);
			m->start_s = take(x, HIDP__EXACT_NODES_MAX, sizeof(double));
			m->route.transmit_s = take(x, x->nodes, sizeof(double));
			m->route.receive_s = take(x, x->nodes, sizeof(double));
			m->route.medium_busy_s = take(x, (size_t)c->medium_count + 1, sizeof(double));
			m->route.takes_part = take(x, x->nodes, sizeof(bool));
			hidp__exact_route(x, d, r)->busy = take(x, x->processors, sizeof(double));
		}
	}
	return !x->failed;
}

/* A sequence of splits ends at some waist, where one node goes on. */
static void find_open_rest(struct hidp__exact *x)
{
	const struct hidp__bound *b = x->bound;
	x->open_rest[x->layers] = 0;
	for (uint32_t place = x->layers; place-- > 0;) {
		double least = x->open_rest[place + 1];
		for (hidp_node_id n = 0; b->blocks.waists->waist[place] && n < x->nodes; n++) {
			double v = b->enter[hidp__node_at(b, place, n)];
			least = v < least ? v : least;
		}
		x->open_rest[place] = least;
	}
}

static bool limits_processors(const struct hidp_cluster *c)
{
	for (hidp_node_id n = 0; n < c->node_count; n++)
		for (uint32_t q = 0; q < c->nodes[n].processor_count; q++)
			if (c->nodes[n].processors[q].memory_bytes > 0)
				return true;
	return false;
}

/* Divisions of `rows` over two or more of `count` in any order. */
static double divisions(double rows, uint32_t count)
{
	double sum = 0, orders = count, cuts = 1;
	for (uint32_t k = 2; k <= count; k++) {
		orders *= count - k + 1;
		cuts *= (rows - k + 1) / (k - 1);
		if (cuts <= 0)
			break;
		sum += orders * cuts;
	}
	return sum;
}

/* About how many options there are: to begin with more than there is time for makes no sense. */
static double count_options(const struct hidp__search *s)
{
	const struct hidp__tables *t = s->tables;
	double options = 0, nodes = 0, tallest = 1;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		nodes += t->sites[n].usable_count != 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		const struct hidp__work *w = &t->layers[l];
		tallest = (double)w->rows > tallest ? (double)w->rows : tallest;
		for (hidp_node_id n = 0; n < t->node_count; n++) {
			uint32_t usable = t->sites[n].usable_count;
			options += 4 * divisions((double)w->rows, usable);
			if (w->splits_channels)
				options += divisions((double)w->groups, usable);
		}
	}
	return options + (double)t->layer_count * divisions(tallest, (uint32_t)nodes);
}

static bool is_small(const struct hidp__search *s)
{
	const struct hidp_cluster *c = s->problem->cluster;
	return s->tables->layer_count <= HIDP__EXACT_LAYERS_MAX &&
	       c->node_count <= HIDP__EXACT_NODES_MAX &&
	       c->processor_count + 2 * c->node_count + c->medium_count <=
	               HIDP__EXACT_RESOURCES_MAX;
}

/*
 * Is a plan more than something for every layer? What is left out as no better than something
 * else may then be all that is allowed, and much that is tried is not allowed.
 */
static bool is_bound_together(const struct hidp__problem *problem)
{
	return problem->model->colocated != 0 ||
	       (problem->request->options.flags & HIDP_PLAN_CONTIGUOUS) != 0;
}

/*
 * What is left over is for other ways to find a better plan. The smallest problems are mostly
 * done in no time: the few that are not may take it, if it proves something. Of larger ones
 * a plan where there was none is worth more than a better one.
 */
static uint64_t work_allowed(const struct hidp__search *s, double options)
{
	uint64_t left = s->work < s->work_limit ? (s->work_limit - s->work) / 4 * 3 : 0;
	bool few = s->tables->layer_count <= FEW_LAYERS && options <= FEW_OPTIONS &&
	           !is_bound_together(s->problem);
	double most = MANY_WORK;
	if (few)
		return left;
	if (s->value < INFINITY) {
		double gain = 1 - s->lower_bound / s->value;
		most *= fmin(1, MANY_OPTIONS / options) * fmin(1, gain / MUCH_TO_GAIN);
	}
	return (double)left < most ? left : (uint64_t)most;
}

bool hidp__exact_fits(const struct hidp__search *search)
{
	if (!is_small(search))
		return false;
	double options = count_options(search);
	return options * OPTION_WORK <= (double)work_allowed(search, options);
}

/* Which figures of a way count, with this objective and these limits. */
static bool begin_ways(struct hidp__exact *x)
{
	const struct hidp__request *request = x->search->problem->request;
	const struct hidp_plan_options *o = &request->options;
	const struct hidp_cluster *c = x->search->problem->cluster;
	const struct hidp__pricing *p = x->pricing;
	bool energy = p->energy > 0 || o->energy_limit_j > 0;
	double *busy_price = take(x, (size_t)x->processors + 1, sizeof *busy_price);
	if (busy_price == NULL)
		return false;
	for (hidp_node_id n = 0; n < x->nodes && energy; n++) {
		const struct hidp__node *node = &c->nodes[n];
		for (uint32_t q = 0; q < node->processor_count; q++)
			busy_price[node->first_processor + q] = node->processors[q].power_active_w;
	}
	struct hidp__ways_scope scope = {.seconds = p->latency > 0 || o->latency_limit_s > 0 ||
	                                            (energy && !request->stream),
	                                 .each_busy = x->periodic,
	                                 .all = p->memory_binds,
	                                 .busy_price = busy_price,
	                                 .prices = x->bound->prices};
	x->ways = hidp__ways_cache_new(x->tables, &scope, x->arena);
	x->replica_ways = hidp__ways_cache_new(x->tables, &scope, x->arena);
	x->failed |= x->ways == NULL || x->replica_ways == NULL;
	return !x->failed;
}

hidp_status hidp__search_exact(struct hidp__search *search, const struct hidp__pricing *pricing,
                               const struct hidp__bound *bound)
{
	const struct hidp__problem *problem = search->problem;
	const struct hidp_plan_options *o = &problem->request->options;
	bool stream = problem->request->stream;
	uint64_t budget = work_allowed(search, count_options(search));
	struct hidp__arena_mark mark = hidp__arena_here(search->arena);
	struct hidp__exact x = {.search = search,
	                        .tables = search->tables,
	                        .bound = bound,
	                        .pricing = pricing,
	                        .arena = search->arena,
	                        .work = budget,
	                        .loosest = INFINITY,
	                        .periodic = pricing->period > 0 || o->period_limit_s > 0 || stream,
	                        .layers = search->tables->layer_count,
	                        .nodes = problem->cluster->node_count,
	                        .processors = problem->cluster->processor_count};
	hidp__arena_init(&x.scratch, search->arena->ctx);
	if (begin_ways(&x) && allocate(&x)) {
		find_open_rest(&x);
		/* steps of one processor in a row are one here, and stages of one node: for a
		 * processor's memory, and for weights to be loaded, that can matter */
		x.skipped = limits_processors(problem->cluster) ||
		            (o->migration_weight > 0 && stream);
		x.skipped |= is_bound_together(problem);
		x.route_count[0] = 1;
		hidp__exact_next_stages(&x, 0, 0);
		search->work += budget - x.work;
		if (!x.stopped && !x.failed && !x.skipped) {
			hidp__search_raise(search, x.loosest < search->value ? x.loosest
			                                                     : search->value);
			search->exhausted = true;
		}
	}
	hidp__arena_destroy(&x.scratch);
	hidp__arena_back(search->arena, mark);
	return x.failed ? HIDP_ERR_NOMEM : HIDP_OK;
}
