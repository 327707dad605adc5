/* SPDX-License-Identifier: MIT */
/*
 * Depth first over the stages: for each next stage every kind, set of nodes and division
 * of doc/plan-space.md, and for each of its shares every way that counts (ways.h). What
 * the stages decided so far cost at least, and the relaxed shortest path for the rest
 * (bound.h), cut off what cannot be better than the best plan known.
 */
#include "planner/exact.h"

#include <string.h>

#include "plan/evaluate_priv.h"
#include "planner/fractions.h"
#include "planner/pricing.h"
#include "planner/ways.h"

/* Larger problems are not begun. */
#define LAYERS_MAX 12
#define NODES_MAX 4
/* Combinations of replicas in one plan. */
#define ROUTES_MAX 36
/* Work that every option of a step or a split takes, at least. */
#define OPTION_WORK 8
/* Problems with more options than that get so much work at most. */
#define FEW_OPTIONS 2048
#define MANY_WORK 3000000
/* Processors, two directions of every node, media. */
#define RESOURCES_MAX 64

/* The stages decided so far, on one route. */
struct route {
	double latency_s;
	double *busy; /* [processor of the cluster] */
};

struct exact {
	struct hidp__search *search;
	const struct hidp__tables *tables;
	const struct hidp__bound *bound;
	struct hidp__pricing *pricing;
	struct hidp__ways_cache *ways, *replica_ways;
	struct hidp__arena *arena;  /* emptied at the end */
	struct hidp__arena scratch; /* emptied with every question */
	double *open_rest;          /* [layer_count + 1] what is left to pay in a sequence of splits */
	uint64_t work;
	bool failed;  /* no memory */
	bool stopped; /* not all was looked at */
	bool skipped; /* plans with many replicas were not */
	double loosest; /* least value of replicas that could be dealt better than they were */
	bool periodic; /* loads count */
	uint32_t layers, nodes, processors;
	struct hidp__stage *stages;      /* [depth] decided */
	struct hidp__messages *messages; /* [depth * ROUTES_MAX + route] */
	struct route *routes;            /* likewise: before the stage at that depth */
	const struct hidp__way **chosen; /* [depth * NODES_MAX + share] */
	uint32_t *route_count;           /* [depth] */
	double *before;                  /* [depth] price of the stages before it, on the cheapest route */
	uint32_t *place;                 /* scratch of the size of the model */
	struct seen **seen;              /* [place * nodes + node] */
};

/*
 * What a way to have the layers before a waist done on one node costs so far. What follows
 * depends on nothing else, so one that is no better in anything needs no second look.
 */
struct seen {
	double latency_s, joules;
	uint8_t end_state;
	bool *takes_part; /* [node] */
	double *loads;    /* [resource] */
	struct seen *next;
};

static bool spend(struct exact *x, uint64_t work)
{
	if (x->work < work) {
		x->work = 0;
		x->stopped = true;
	} else {
		x->work -= work;
	}
	return !x->stopped && !x->failed;
}

static void *take(struct exact *x, size_t count, size_t size)
{
	void *p = hidp__arena_calloc(x->arena, count, size);
	x->failed |= p == NULL;
	return p;
}

static struct route *route_at(const struct exact *x, uint32_t depth, uint32_t r)
{
	return &x->routes[(size_t)depth * ROUTES_MAX + r];
}

static struct hidp__messages *messages_at(const struct exact *x, uint32_t depth, uint32_t r)
{
	return &x->messages[(size_t)depth * ROUTES_MAX + r];
}

static const struct hidp__way **way_at(const struct exact *x, uint32_t depth, uint32_t share)
{
	return &x->chosen[(size_t)depth * NODES_MAX + share];
}

/* Which share of each replica stage the r-th route takes; the last stage counts fastest. */
static void choices_of(const struct exact *x, uint32_t stages, uint32_t r, uint32_t *choice)
{
	for (uint32_t s = stages; s-- > 0;) {
		choice[s] = 0;
		if (x->stages[s].kind != HIDP_STAGE_REPLICA)
			continue;
		choice[s] = r % x->stages[s].share_count;
		r /= x->stages[s].share_count;
	}
}

static uint32_t resources_of(const struct exact *x)
{
	return x->processors + 2 * x->nodes + x->search->problem->cluster->medium_count;
}

/* The loads of all resources in a row, and what they cost without idle power and time. */
static void take_tally(const struct exact *x, const struct route *route,
                       const struct hidp__messages *m, double *loads, double *joules,
                       double *priced)
{
	const struct hidp_cluster *c = x->search->problem->cluster;
	const struct hidp__prices *p = x->bound->prices;
	uint32_t at = 0;
	*joules = *priced = 0;
	for (hidp_node_id n = 0; n < x->nodes; n++) {
		const struct hidp__node *node = &c->nodes[n];
		for (uint32_t q = 0; q < node->processor_count; q++) {
			double s = route->busy[node->first_processor + q];
			loads[at++] = s;
			*joules += s * node->processors[q].power_active_w;
			*priced += s * p->busy[node->first_processor + q];
		}
	}
	for (hidp_node_id n = 0; n < x->nodes; n++) {
		const struct hidp_node_desc *d = &c->nodes[n].desc;
		double out = m->route.transmit_s[n], in = m->route.receive_s[n];
		loads[at++] = out;
		loads[at++] = in;
		*joules += out * d->power_transmit_w + in * d->power_receive_w;
		*priced += out * p->transmit[n] + in * p->receive[n];
	}
	for (hidp_medium_id k = 0; k < c->medium_count; k++) {
		loads[at++] = m->route.medium_busy_s[k];
		*priced += m->route.medium_busy_s[k] * p->medium[k];
	}
}

/* Idle watts of the nodes that take part in any route. */
static double idle_watts(const struct exact *x, uint32_t depth, uint32_t routes)
{
	const struct hidp_cluster *c = x->search->problem->cluster;
	double watts = 0;
	for (hidp_node_id n = 0; n < x->nodes; n++) {
		bool takes_part = false;
		for (uint32_t r = 0; r < routes; r++)
			takes_part |= messages_at(x, depth, r)->route.takes_part[n];
		watts += takes_part ? c->nodes[n].desc.power_idle_w : 0;
	}
	return watts;
}

/*
 * The least value of plans with these routes, dealt as is best; the routes stand before
 * stage `depth`, the messages are those of the stage before it (with `delivery`, of the
 * whole plan). fraction[routes].
 */
static double value_of(struct exact *x, uint32_t depth, uint32_t routes, bool delivery,
                       double *fraction)
{
	const struct hidp__problem *problem = x->search->problem;
	const struct hidp_plan_options *o = &problem->request->options;
	const struct hidp__pricing *p = x->pricing;
	uint32_t resources = resources_of(x);
	double loads[ROUTES_MAX][RESOURCES_MAX], joules[ROUTES_MAX], cost[ROUTES_MAX];
	const double *rows[ROUTES_MAX];
	double latency = 0, priced, idle = idle_watts(x, depth - 1, routes), value;
	bool stream = problem->request->stream;
	for (uint32_t r = 0; r < routes; r++) {
		const struct route *route = route_at(x, depth, r);
		const struct hidp__messages *m = messages_at(x, depth - 1, r);
		double t = route->latency_s + (delivery ? m->delivery_s : 0);
		latency = t > latency ? t : latency;
		take_tally(x, route, m, loads[r], &joules[r], &priced);
		rows[r] = loads[r];
	}
	for (uint32_t r = 0; r < routes; r++) {
		joules[r] += stream ? 0 : idle * latency;
		cost[r] = p->energy * joules[r];
	}
	if (o->latency_limit_s > 0 && latency > o->latency_limit_s * (1 + 1e-12))
		return INFINITY;
	double watts = stream ? idle : 0;
	if (routes == 1) {
		double period = 0;
		for (uint32_t i = 0; i < resources; i++)
			period = loads[0][i] > period ? loads[0][i] : period;
		double energy = joules[0] + watts * period;
		fraction[0] = 1;
		if ((o->period_limit_s > 0 && period > o->period_limit_s * (1 + 1e-12)) ||
		    (o->energy_limit_j > 0 && energy > o->energy_limit_j * (1 + 1e-12)))
			return INFINITY;
		return p->latency * latency + p->period * period + p->energy * energy;
	}
	struct hidp__dealing d = {
	        .routes = routes,
	        .resources = resources,
	        .load = rows,
	        .cost = cost,
	        .worth = p->period + p->energy * watts,
	        .period_limit = o->period_limit_s > 0 ? o->period_limit_s : INFINITY,
	        .energy = o->energy_limit_j > 0 ? joules : NULL,
	        .energy_period = watts,
	        .energy_limit = o->energy_limit_j,
	};
	if (!hidp__deal(&d, fraction, &value, &x->scratch)) {
		x->failed = true;
		return INFINITY;
	}
	return value + p->latency * latency;
}

/* The same at the prices of the relaxed problem, from which `rest` follows on. */
static double priced_value(const struct exact *x, uint32_t depth, uint32_t routes)
{
	double loads[RESOURCES_MAX], joules, priced, least = INFINITY;
	for (uint32_t r = 0; r < routes; r++) {
		const struct route *route = route_at(x, depth, r);
		take_tally(x, route, messages_at(x, depth - 1, r), loads, &joules, &priced);
		double v = priced + x->bound->prices->second * route->latency_s;
		least = v < least ? v : least;
	}
	return least;
}

static void descend(struct exact *x, uint32_t depth, uint32_t place);

/* Was the same reached before for no more? If not, it is noted. */
static bool seen_before(struct exact *x, uint32_t depth, uint32_t end)
{
	const struct hidp__stage *stage = &x->stages[depth];
	const struct hidp__problem *problem = x->search->problem;
	if (stage->kind != HIDP_STAGE_SINGLE || x->route_count[depth + 1] != 1 ||
	    !x->bound->blocks.waists->waist[end] || x->pricing->memory_binds ||
	    problem->request->options.migration_weight > 0)
		return false;
	const struct hidp__messages *m = messages_at(x, depth, 0);
	const struct route *route = route_at(x, depth + 1, 0);
	struct seen **list = &x->seen[end * x->nodes + stage->shares[0].node];
	uint32_t resources = resources_of(x);
	double loads[RESOURCES_MAX], joules, priced;
	uint8_t state = (*way_at(x, depth, 0))->end_state;
	take_tally(x, route, m, loads, &joules, &priced);
	for (const struct seen *s = *list; s != NULL && spend(x, 1); s = s->next) {
		bool better = s->latency_s <= route->latency_s && s->joules <= joules &&
		              (s->end_state == state ||
		               x->tables->sites[stage->shares[0].node].sync_s == 0);
		for (hidp_node_id n = 0; n < x->nodes && better; n++)
			better = s->takes_part[n] <= m->route.takes_part[n];
		for (uint32_t r = 0; r < resources && better && x->periodic; r++)
			better = s->loads[r] <= loads[r];
		if (better)
			return true;
	}
	struct seen *s = take(x, 1, sizeof *s);
	if (s == NULL)
		return false;
	*s = (struct seen){route->latency_s, joules, state, NULL, NULL, *list};
	s->takes_part = take(x, x->nodes, sizeof(bool));
	s->loads = take(x, resources, sizeof(double));
	if (x->failed)
		return false;
	memcpy(s->takes_part, m->route.takes_part, x->nodes * sizeof(bool));
	memcpy(s->loads, loads, resources * sizeof(double));
	*list = s;
	return false;
}

/* Requests dealt to the routes of a complete plan. */
struct hands {
	struct exact *x;
	uint32_t depth, routes, resources, replicas;
	double loads[ROUTES_MAX][RESOURCES_MAX], joules[ROUTES_MAX]; /* without idle power */
	double fraction[LAYERS_MAX][NODES_MAX]; /* 1 for stages that are no replicas */
	struct hidp__dealing dealing;           /* its worth and limits */
};

/* The part of the requests that takes a route; stage `but` left out (LAYERS_MAX: none). */
static double weight_of(const struct hands *h, double fraction[LAYERS_MAX][NODES_MAX], uint32_t r,
                        uint32_t but)
{
	uint32_t choice[LAYERS_MAX];
	double weight = 1;
	choices_of(h->x, h->depth, r, choice);
	for (uint32_t s = 0; s < h->depth; s++)
		if (s != but)
			weight *= fraction[s][choice[s]];
	return weight;
}

/* What fractions come to: loads of all resources, and the value. */
static double try_fractions(const struct hands *h, double fraction[LAYERS_MAX][NODES_MAX],
                            double *loads, double *joules)
{
	double longest = 0, broken = 0;
	memset(loads, 0, h->resources * sizeof *loads);
	*joules = 0;
	for (uint32_t r = 0; r < h->routes; r++) {
		double weight = weight_of(h, fraction, r, LAYERS_MAX);
		for (uint32_t i = 0; i < h->resources; i++)
			loads[i] += weight * h->loads[r][i];
		*joules += weight * h->joules[r];
	}
	for (uint32_t i = 0; i < h->resources; i++)
		longest = loads[i] > longest ? loads[i] : longest;
	/* what breaks a limit is dear, so that the way leads out of it */
	const struct hidp__dealing *d = &h->dealing;
	double energy = *joules + d->energy_period * longest;
	double value = h->x->pricing->energy * *joules + d->worth * longest;
	if (longest > d->period_limit)
		broken += longest / d->period_limit - 1;
	if (d->energy_limit > 0 && energy > d->energy_limit)
		broken += energy / d->energy_limit - 1;
	return value * (1 + 1e4 * broken);
}

/* Fractions of the stages that a mixture of routes amounts to. */
static void read_mixture(const struct hands *h, const double *mixture,
                         double fraction[LAYERS_MAX][NODES_MAX])
{
	for (uint32_t s = 0; s < h->depth; s++)
		for (uint32_t k = 0; k < NODES_MAX; k++)
			fraction[s][k] = h->x->stages[s].kind == HIDP_STAGE_REPLICA ? 0 : 1;
	for (uint32_t r = 0; r < h->routes; r++) {
		uint32_t choice[LAYERS_MAX];
		choices_of(h->x, h->depth, r, choice);
		for (uint32_t s = 0; s < h->depth; s++)
			if (h->x->stages[s].kind == HIDP_STAGE_REPLICA)
				fraction[s][choice[s]] += mixture[r];
	}
}

/*
 * Fractions of several stages give products, not every mixture. Where they are, the loads
 * are taken for linear in every stage's fractions; the best mixture of that points where
 * to go, as far as it helps.
 */
static bool improve_fractions(struct hands *h, double *value)
{
	struct exact *x = h->x;
	double base[RESOURCES_MAX], base_joules, moved[RESOURCES_MAX], moved_joules;
	double loads[ROUTES_MAX][RESOURCES_MAX], cost[ROUTES_MAX], joules[ROUTES_MAX];
	double mixture[ROUTES_MAX], ideal;
	double sums[NODES_MAX][RESOURCES_MAX], sum_joules[NODES_MAX];
	double to[LAYERS_MAX][NODES_MAX], next[LAYERS_MAX][NODES_MAX];
	const double *rows[ROUTES_MAX];
	try_fractions(h, h->fraction, base, &base_joules);
	for (uint32_t r = 0; r < h->routes; r++) {
		rows[r] = loads[r];
		joules[r] = -(h->replicas - 1.0) * base_joules;
		for (uint32_t i = 0; i < h->resources; i++)
			loads[r][i] = -(h->replicas - 1.0) * base[i];
	}
	for (uint32_t s = 0; s < h->depth; s++) {
		if (x->stages[s].kind != HIDP_STAGE_REPLICA)
			continue;
		memset(sums, 0, sizeof sums);
		memset(sum_joules, 0, sizeof sum_joules);
		for (uint32_t r = 0; r < h->routes; r++) {
			uint32_t choice[LAYERS_MAX];
			double weight = weight_of(h, h->fraction, r, s);
			choices_of(x, h->depth, r, choice);
			for (uint32_t i = 0; i < h->resources; i++)
				sums[choice[s]][i] += weight * h->loads[r][i];
			sum_joules[choice[s]] += weight * h->joules[r];
		}
		for (uint32_t r = 0; r < h->routes; r++) {
			uint32_t choice[LAYERS_MAX];
			choices_of(x, h->depth, r, choice);
			for (uint32_t i = 0; i < h->resources; i++)
				loads[r][i] += sums[choice[s]][i];
			joules[r] += sum_joules[choice[s]];
		}
	}
	struct hidp__dealing d = h->dealing;
	for (uint32_t r = 0; r < h->routes; r++)
		cost[r] = x->pricing->energy * joules[r];
	d.load = rows;
	d.cost = cost;
	d.energy = d.energy_limit > 0 ? joules : NULL;
	x->failed |= !hidp__deal(&d, mixture, &ideal, &x->scratch);
	if (x->failed || ideal == INFINITY)
		return false;
	read_mixture(h, mixture, to);
	for (double step = 1; step > 1e-4; step /= 2) {
		for (uint32_t s = 0; s < h->depth; s++)
			for (uint32_t k = 0; k < NODES_MAX; k++)
				next[s][k] = h->fraction[s][k] +
				             step * (to[s][k] - h->fraction[s][k]);
		double v = try_fractions(h, next, moved, &moved_joules);
		if (v < *value * (1 - 1e-13)) {
			*value = v;
			memcpy(h->fraction, next, sizeof next);
			return true;
		}
	}
	return false;
}

/* The fractions of all replica stages of a complete plan, starting from a mixture of routes. */
static void deal_stages(struct exact *x, uint32_t depth, const double *mixture, uint32_t routes)
{
	const struct hidp__request *request = x->search->problem->request;
	const struct hidp_plan_options *o = &request->options;
	struct hands h = {.x = x, .depth = depth, .routes = routes, .resources = resources_of(x)};
	double watts = request->stream ? idle_watts(x, depth - 1, routes) : 0, priced;
	double loads[RESOURCES_MAX], joules;
	h.dealing = (struct hidp__dealing){
	        .routes = routes,
	        .resources = h.resources,
	        .worth = x->pricing->period + x->pricing->energy * watts,
	        .period_limit = o->period_limit_s > 0 ? o->period_limit_s : INFINITY,
	        .energy_period = watts,
	        .energy_limit = o->energy_limit_j};
	for (uint32_t s = 0; s < depth; s++)
		h.replicas += x->stages[s].kind == HIDP_STAGE_REPLICA;
	read_mixture(&h, mixture, h.fraction);
	for (uint32_t r = 0; r < routes && h.replicas > 1; r++)
		take_tally(x, route_at(x, depth, r), messages_at(x, depth - 1, r), h.loads[r],
		           &h.joules[r], &priced);
	if (h.replicas > 1 && spend(x, (uint64_t)routes * 40)) {
		double value = try_fractions(&h, h.fraction, loads, &joules);
		for (uint32_t round = 0; round < 24 && improve_fractions(&h, &value); round++)
			;
	}
	for (uint32_t s = 0; s < depth; s++)
		for (uint32_t k = 0; k < x->stages[s].share_count; k++)
			x->stages[s].shares[k].fraction = h.fraction[s][k];
}

/* A complete plan that looks better than the best: through check and evaluator like any other. */
static void offer(struct exact *x, uint32_t depth, const double *mixture, uint32_t routes,
                  double value)
{
	struct hidp__decisions plan = {depth, x->stages};
	uint32_t replicas = 0;
	deal_stages(x, depth, mixture, routes);
	for (uint32_t s = 0; s < depth; s++) {
		struct hidp__stage *stage = &x->stages[s];
		replicas += stage->kind == HIDP_STAGE_REPLICA;
		for (uint32_t k = 0; k < stage->share_count; k++) {
			const struct hidp__way *way = *way_at(x, s, k);
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
	spend(x, 40);
}

/* All shares of the stage at `depth` have their way: on to the next. */
static void stage_done(struct exact *x, uint32_t depth, uint32_t end)
{
	const struct hidp__stage *stage = &x->stages[depth];
	const struct hidp_cluster *c = x->search->problem->cluster;
	bool replica = stage->kind == HIDP_STAGE_REPLICA;
	uint32_t after = x->route_count[depth + 1], times = replica ? stage->share_count : 1;
	double fraction[ROUTES_MAX];
	if (!spend(x, 2 * after))
		return;
	for (uint32_t r = 0; r < after; r++) {
		const struct route *from = route_at(x, depth, r / times);
		struct route *to = route_at(x, depth + 1, r);
		const struct hidp__messages *m = messages_at(x, depth, r);
		double longest = 0;
		uint32_t choice[LAYERS_MAX];
		choices_of(x, depth + 1, r, choice);
		memcpy(to->busy, from->busy, x->processors * sizeof *to->busy);
		for (uint32_t k = 0; k < stage->share_count; k++) {
			if (replica && k != choice[depth])
				continue;
			const struct hidp__way *way = *way_at(x, depth, k);
			hidp_node_id node = stage->shares[k].node;
			const struct hidp__site *site = &x->tables->sites[node];
			double hand_over = 0;
			for (uint32_t j = 0; depth > 0 && j < x->stages[depth - 1].share_count; j++) {
				const struct hidp__way *before = *way_at(x, depth - 1, j);
				if (x->stages[depth - 1].shares[j].node != node ||
				    (x->stages[depth - 1].kind == HIDP_STAGE_REPLICA &&
				     j != choice[depth - 1]))
					continue;
				if (!way->first_single ||
				    before->end_state == site->processor_count ||
				    way->first_team != (uint64_t)1 << before->end_state)
					hand_over = site->sync_s;
			}
			double *busy = to->busy + c->nodes[node].first_processor;
			for (uint32_t q = 0; q < site->processor_count; q++)
				busy[q] += way->busy[q] +
				           (way->first_team >> q & 1 ? hand_over : 0);
			double t = m->start_s[k] + way->seconds + hand_over;
			longest = t > longest ? t : longest;
		}
		to->latency_s = from->latency_s + longest;
	}
	double rest = stage->kind == HIDP_STAGE_SPLIT ? x->open_rest[end] : x->bound->behind[end];
	double priced = priced_value(x, depth + 1, after);
	if (!(priced + rest < x->search->value * (1 + 1e-13)))
		return;
	bool complete = end == x->layers;
	if (complete || after == 1) {
		hidp__arena_reset(&x->scratch);
		double value = value_of(x, depth + 1, after, complete, fraction);
		if (!(value < x->search->value * (1 - 1e-13)))
			return;
		if (complete) {
			offer(x, depth + 1, fraction, after, value);
			return;
		}
	}
	x->before[depth + 1] = priced;
	if (!seen_before(x, depth, end))
		descend(x, depth + 1, end);
}

static void choose_ways(struct exact *x, uint32_t depth, uint32_t end, uint32_t share,
                        const struct hidp__ways *const *ways)
{
	if (share == x->stages[depth].share_count) {
		stage_done(x, depth, end);
		return;
	}
	const struct hidp__stage *stage = &x->stages[depth];
	double rest = stage->kind == HIDP_STAGE_SPLIT ? x->open_rest[end] : x->bound->behind[end];
	rest += x->before[depth];
	if (stage->kind != HIDP_STAGE_REPLICA)
		rest += x->bound->prices->second * messages_at(x, depth, 0)->start_s[share];
	for (uint32_t i = 0; i < ways[share]->count && !x->stopped && !x->failed; i++) {
		const struct hidp__way *way = &ways[share]->items[i];
		if (stage->kind != HIDP_STAGE_REPLICA &&
		    !(rest + way->priced < x->search->value * (1 + 1e-13)))
			continue;
		*way_at(x, depth, share) = way;
		choose_ways(x, depth, end, share + 1, ways);
	}
}

/* A stage whose shares say node, units and layers: messages, ways, and on. */
static void try_stage(struct exact *x, uint32_t depth, uint32_t end)
{
	const struct hidp__problem *problem = x->search->problem;
	struct hidp__stage *stage = &x->stages[depth];
	const struct hidp__ways *ways[NODES_MAX];
	struct hidp__decisions plan = {depth + 1, x->stages};
	bool replica = stage->kind == HIDP_STAGE_REPLICA;
	uint32_t routes = x->route_count[depth] * (replica ? stage->share_count : 1);
	if (routes > ROUTES_MAX) {
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
		uint32_t choice[LAYERS_MAX];
		struct hidp__messages found = {.start_s = messages_at(x, depth, r)->start_s};
		struct hidp__messages *m = messages_at(x, depth, r);
		choices_of(x, depth + 1, r, choice);
		hidp__arena_reset(&x->scratch);
		hidp_status s = hidp__evaluate_messages(problem, &plan, end == x->layers, choice,
		                                        &found, &x->scratch);
		x->failed |= s == HIDP_ERR_NOMEM;
		if (s != HIDP_OK || !spend(x, 10 + 5 * depth))
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

/* Sets up a stage of the places [first, end); its shares are left to the caller. */
static void begin_stage(struct exact *x, uint32_t depth, uint32_t first, uint32_t end,
                        hidp_stage_kind kind)
{
	struct hidp__stage *stage = &x->stages[depth];
	const struct hidp_model *model = x->search->problem->model;
	uint32_t count = 0;
	stage->kind = kind;
	stage->layer_count = hidp__stage_layers(x->tables, first, end);
	stage->first_layer =
	        depth == 0 ? 0 : stage[-1].first_layer + stage[-1].layer_count;
	stage->row_units = 1;
	hidp_layer_id *layers = (hidp_layer_id *)(uintptr_t)stage->shares[0].layers;
	for (uint32_t i = 0; i < stage->layer_count; i++)
		if (model->layers[stage->first_layer + i].op != HIDP_OP_INPUT)
			layers[count++] = stage->first_layer + i;
	for (uint32_t k = 0; k < NODES_MAX; k++) {
		stage->shares[k].layer_count = count;
		stage->shares[k].units = (struct hidp__span){0, 1};
		if (k > 0)
			memcpy((hidp_layer_id *)(uintptr_t)stage->shares[k].layers, layers,
			       count * sizeof *layers);
	}
}

static bool takes_part(const struct exact *x, hidp_node_id n)
{
	return x->tables->sites[n].usable_count != 0;
}

/* May the splits before this depth end here? */
static bool may_end(const struct exact *x, uint32_t depth, uint32_t place)
{
	const struct hidp__stage *before = &x->stages[depth - 1];
	for (uint32_t k = 0; k < before->share_count; k++)
		if (!hidp__share_is_read(x->tables, place, before->row_units, before->shares[k].units))
			return false;
	return x->bound->blocks.waists->waist[place];
}

static void try_singles(struct exact *x, uint32_t depth, uint32_t first, uint32_t end)
{
	for (hidp_node_id n = 0; n < x->nodes; n++) {
		if (!takes_part(x, n))
			continue;
		/* two stages in a row on a node are one, but for the memory */
		const struct hidp__stage *before = depth > 0 ? &x->stages[depth - 1] : NULL;
		if (before != NULL && before->kind == HIDP_STAGE_SINGLE &&
		    before->shares[0].node == n && !x->pricing->memory_binds)
			continue;
		begin_stage(x, depth, first, end, HIDP_STAGE_SINGLE);
		x->stages[depth].share_count = 1;
		x->stages[depth].shares[0].node = n;
		try_stage(x, depth, end);
	}
}

static bool owns_rows(const struct exact *x, const struct hidp__stage *stage, uint32_t k,
                      uint32_t first, uint32_t end)
{
	for (uint32_t l = first; l < end; l++)
		if (hidp__span_empty(hidp__own_rows(stage->shares[k].units, stage->row_units,
		                                    x->tables->layers[l].rows)))
			return false;
	return true;
}

/* The next share of a split begins at unit `at`, on any node that has none. */
static void divide_units(struct exact *x, uint32_t depth, uint32_t first, uint32_t end,
                         uint32_t share, int64_t at, uint32_t used)
{
	struct hidp__stage *stage = &x->stages[depth];
	for (hidp_node_id n = 0; n < x->nodes && !x->stopped && !x->failed; n++) {
		if (used >> n & 1 || !takes_part(x, n) || share == NODES_MAX)
			continue;
		for (int64_t to = at + 1; to <= stage->row_units && spend(x, 1); to++) {
			stage->shares[share].node = n;
			stage->shares[share].units = (struct hidp__span){at, to};
			if (!owns_rows(x, stage, share, first, end))
				continue;
			if (to < stage->row_units) {
				divide_units(x, depth, first, end, share + 1, to,
				             used | 1u << n);
			} else if (share > 0) {
				stage->share_count = share + 1;
				try_stage(x, depth, end);
			}
		}
	}
}

static void try_splits(struct exact *x, uint32_t depth, uint32_t first, uint32_t end)
{
	struct hidp__stage *stage = &x->stages[depth];
	const struct hidp__stage *before = depth > 0 ? stage - 1 : NULL;
	begin_stage(x, depth, first, end, HIDP_STAGE_SPLIT);
	if (before != NULL && before->kind == HIDP_STAGE_SPLIT) {
		stage->row_units = before->row_units;
		stage->share_count = before->share_count;
		for (uint32_t k = 0; k < before->share_count; k++) {
			stage->shares[k].node = before->shares[k].node;
			stage->shares[k].units = before->shares[k].units;
			if (!owns_rows(x, stage, k, first, end))
				return;
		}
		try_stage(x, depth, end);
		return;
	}
	stage->row_units = 0;
	for (uint32_t l = first; l < end; l++)
		if (x->tables->layers[l].rows > stage->row_units)
			stage->row_units = x->tables->layers[l].rows;
	divide_units(x, depth, first, end, 0, 0, 0);
}

static void try_replicas(struct exact *x, uint32_t depth, uint32_t first, uint32_t end)
{
	for (uint32_t set = 1; set < 1u << x->nodes && !x->stopped && !x->failed; set++) {
		begin_stage(x, depth, first, end, HIDP_STAGE_REPLICA);
		struct hidp__stage *stage = &x->stages[depth];
		bool ok = (set & (set - 1)) != 0;
		stage->share_count = 0;
		for (hidp_node_id n = 0; n < x->nodes; n++) {
			if (!(set >> n & 1))
				continue;
			ok = ok && takes_part(x, n);
			stage->shares[stage->share_count].fraction = 0.5;
			stage->shares[stage->share_count++].node = n;
		}
		if (ok)
			try_stage(x, depth, end);
	}
}

/* The next share of a branch stage gets some of the components that are left. */
static void deal_components(struct exact *x, uint32_t depth, const struct hidp__region *region,
                            uint32_t share, uint32_t left, uint32_t used)
{
	struct hidp__stage *stage = &x->stages[depth];
	for (hidp_node_id n = 0; n < x->nodes && share < NODES_MAX; n++) {
		if (used >> n & 1 || !takes_part(x, n))
			continue;
		for (uint32_t some = left; some != 0; some = (some - 1) & left) {
			if (x->stopped || x->failed)
				return;
			/* deeper shares of the same stage changed nothing here */
			struct hidp__share *s = &stage->shares[share];
			hidp_layer_id *layers = (hidp_layer_id *)(uintptr_t)s->layers;
			uint32_t count = 0;
			for (uint32_t l = region->first; l < region->end; l++)
				if (some >> region->component[l - region->first] & 1)
					layers[count++] = x->tables->layers[l].id;
			s->node = n;
			s->layer_count = count;
			if (left != some) {
				deal_components(x, depth, region, share + 1, left & ~some,
				                used | 1u << n);
			} else if (share > 0) {
				stage->share_count = share + 1;
				try_stage(x, depth, region->end);
			}
		}
	}
}

static void try_branches(struct exact *x, uint32_t depth, uint32_t first)
{
	const struct hidp__tables *t = x->tables;
	for (uint32_t r = t->region_first[first]; r < t->region_first[first + 1]; r++) {
		const struct hidp__region *region = &t->regions[r];
		begin_stage(x, depth, first, region->end, HIDP_STAGE_BRANCH);
		deal_components(x, depth, region, 0, (1u << region->count) - 1, 0);
	}
}

static void descend(struct exact *x, uint32_t depth, uint32_t place)
{
	const struct hidp__blocks *b = &x->bound->blocks;
	bool waist = b->waists->waist[place];
	bool after_split = depth > 0 && x->stages[depth - 1].kind == HIDP_STAGE_SPLIT;
	bool ends = after_split && may_end(x, depth, place);
	for (uint32_t end = x->layers; end > place && !x->stopped && !x->failed; end--) {
		if (!after_split || ends)
			try_singles(x, depth, place, end);
		if (x->nodes > 1 && (after_split || waist))
			try_splits(x, depth, place, end);
		if (x->search->problem->request->stream && !after_split && x->nodes > 1)
			try_replicas(x, depth, place, end);
	}
	if (waist && !after_split && x->nodes > 1)
		try_branches(x, depth, place);
}

static bool allocate(struct exact *x)
{
	const struct hidp_model *model = x->search->problem->model;
	const struct hidp_cluster *c = x->search->problem->cluster;
	size_t depths = (size_t)x->layers + 1;
	x->stages = take(x, depths, sizeof *x->stages);
	x->messages = take(x, depths * ROUTES_MAX, sizeof *x->messages);
	x->routes = take(x, depths * ROUTES_MAX, sizeof *x->routes);
	x->chosen = take(x, depths * NODES_MAX, sizeof *x->chosen);
	x->route_count = take(x, depths, sizeof *x->route_count);
	x->place = take(x, model->layer_count, sizeof *x->place);
	x->open_rest = take(x, depths, sizeof(double));
	x->before = take(x, depths, sizeof(double));
	x->seen = take(x, depths * x->nodes, sizeof *x->seen);
	for (uint32_t d = 0; d < depths && !x->failed; d++) {
		x->stages[d].shares = take(x, NODES_MAX, sizeof *x->stages[d].shares);
		for (uint32_t k = 0; k < NODES_MAX && !x->failed; k++) {
			struct hidp__share *s = &x->stages[d].shares[k];
			s->layers = take(x, model->layer_count, sizeof *s->layers);
			s->comp = take(x, model->layer_count, sizeof *s->comp);
		}
		for (uint32_t r = 0; r < ROUTES_MAX && !x->failed; r++) {
			struct hidp__messages *m = messages_at(x, d, r);
			m->start_s = take(x, NODES_MAX, sizeof(double));
			m->route.transmit_s = take(x, x->nodes, sizeof(double));
			m->route.receive_s = take(x, x->nodes, sizeof(double));
			m->route.medium_busy_s = take(x, (size_t)c->medium_count + 1, sizeof(double));
			m->route.takes_part = take(x, x->nodes, sizeof(bool));
			route_at(x, d, r)->busy = take(x, x->processors, sizeof(double));
		}
	}
	return !x->failed;
}

/* A sequence of splits ends at some waist, where one node goes on. */
static void find_open_rest(struct exact *x)
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

/* About how many options there are to look at: to begin with more than there is time for makes no sense. */
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
	return s->tables->layer_count <= LAYERS_MAX && c->node_count <= NODES_MAX &&
	       c->processor_count + 2 * c->node_count + c->medium_count <=
	               RESOURCES_MAX;
}

/*
 * What is left over is for other ways to find a better plan. Problems that have few options
 * are mostly done in no time: the few that are not may take it.
 */
static uint64_t work_allowed(const struct hidp__search *s)
{
	uint64_t left = s->work < s->work_limit ? (s->work_limit - s->work) / 4 * 3 : 0;
	return count_options(s) <= FEW_OPTIONS || left < MANY_WORK ? left : MANY_WORK;
}

bool hidp__exact_fits(const struct hidp__search *search)
{
	return is_small(search) &&
	       count_options(search) * OPTION_WORK <= (double)work_allowed(search);
}

hidp_status hidp__search_exact(struct hidp__search *search, struct hidp__pricing *pricing,
                               const struct hidp__bound *bound)
{
	const struct hidp__problem *problem = search->problem;
	const struct hidp_plan_options *o = &problem->request->options;
	uint64_t budget = work_allowed(search);
	struct hidp__arena_mark mark = hidp__arena_here(search->arena);
	struct exact x = {.search = search,
	                  .tables = search->tables,
	                  .bound = bound,
	                  .pricing = pricing,
	                  .arena = search->arena,
	                  .work = budget,
	                  .loosest = INFINITY,
	                  .layers = search->tables->layer_count,
	                  .nodes = problem->cluster->node_count,
	                  .processors = problem->cluster->processor_count};
	hidp__arena_init(&x.scratch, search->arena->ctx);
	x.periodic = pricing->period > 0 || o->period_limit_s > 0 || problem->request->stream;
	double *busy_price = take(&x, (size_t)x.processors + 1, sizeof *busy_price);
	for (hidp_node_id n = 0; n < x.nodes && busy_price != NULL; n++) {
		const struct hidp__node *node = &problem->cluster->nodes[n];
		for (uint32_t q = 0; q < node->processor_count; q++)
			busy_price[node->first_processor + q] =
			        pricing->energy > 0 || o->energy_limit_j > 0
			                ? node->processors[q].power_active_w
			                : 0;
	}
	struct hidp__ways_scope scope = {
	        .seconds = pricing->latency > 0 || o->latency_limit_s > 0 ||
	                   (!problem->request->stream &&
	                    (pricing->energy > 0 || o->energy_limit_j > 0)),
	        .each_busy = x.periodic,
	        .all = pricing->memory_binds,
	        .busy_price = busy_price,
	        .prices = bound->prices};
	x.ways = hidp__ways_cache_new(x.tables, &scope, x.arena);
	x.replica_ways = hidp__ways_cache_new(x.tables, &scope, x.arena);
	x.failed |= x.ways == NULL || x.replica_ways == NULL;
	if (!x.failed && allocate(&x)) {
		find_open_rest(&x);
		/* steps of one processor in a row are one here, and stages of one node: for a
		 * processor's memory, and for weights to be loaded, that can matter */
		x.skipped = limits_processors(problem->cluster) ||
		            (o->migration_weight > 0 && problem->request->stream);
		x.route_count[0] = 1;
		descend(&x, 0, 0);
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
