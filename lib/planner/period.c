/* SPDX-License-Identifier: MIT */
/* Streams: what limits the rate of requests, and plans that share it out well. */
#include "planner/period.h"

#include <string.h>

#include "planner/fractions.h"
#include "planner/weights.h"

/* Rounds in which weights are adjusted. */
#define BALANCE_ROUNDS 24

/* One way to let every request through: a processor for every layer. */
struct pipeline {
	const struct hidp__pricing *pricing;
	struct hidp__search *search;
	struct hidp__arena *arena;
	const struct hidp__tables *tables;
	const struct hidp_cluster *cluster;
	struct hidp__weights *weights;
	struct hidp__prices prices;
	double *bytes, *elements; /* [layers + 1] that cross a cut */
	double *rest;             /* [place * processors + processor] still to pay after that processor */
	double *enter;            /* [place * nodes + node] to begin there */
	uint32_t *on;             /* [layer] processor of the cluster */
	hidp_node_id *node_of;    /* [processor of the cluster] */
	struct hidp__evaluation loads; /* of `on` */
	double longest;           /* the largest of them */
};

static bool pipeline_begin(struct pipeline *p, struct hidp__pricing *pricing)
{
	struct hidp__search *search = pricing->search;
	const struct hidp__tables *t = search->tables;
	const struct hidp_cluster *c = t->problem->cluster;
	struct hidp__arena *a = search->arena;
	size_t row = (size_t)t->layer_count + 1;
	*p = (struct pipeline){.pricing = pricing,
	                       .search = search,
	                       .arena = a,
	                       .tables = t,
	                       .cluster = c,
	                       .weights = &pricing->weights};
	p->bytes = hidp__arena_calloc(a, row, sizeof(double));
	p->elements = hidp__arena_calloc(a, row, sizeof(double));
	p->rest = hidp__arena_alloc(a, row * c->processor_count, sizeof(double));
	p->enter = hidp__arena_alloc(a, row * c->node_count, sizeof(double));
	p->on = hidp__arena_alloc(a, row, sizeof *p->on);
	p->node_of = hidp__arena_alloc(a, c->processor_count, sizeof *p->node_of);
	p->loads.busy_s = hidp__arena_alloc(a, c->processor_count, sizeof(double));
	p->loads.transmit_s = hidp__arena_alloc(a, c->node_count, sizeof(double));
	p->loads.receive_s = hidp__arena_alloc(a, c->node_count, sizeof(double));
	p->loads.medium_busy_s = hidp__arena_alloc(a, (size_t)c->medium_count + 1, sizeof(double));
	if (p->bytes == NULL || p->elements == NULL || p->rest == NULL || p->enter == NULL ||
	    p->on == NULL || p->node_of == NULL || p->loads.busy_s == NULL ||
	    p->loads.transmit_s == NULL || p->loads.receive_s == NULL ||
	    p->loads.medium_busy_s == NULL || !hidp__prices_begin(&p->prices, c, a))
		return false;
	hidp__tables_crossing(t, p->bytes, p->elements);
	for (hidp_node_id n = 0; n < c->node_count; n++)
		for (uint32_t q = 0; q < c->nodes[n].processor_count; q++)
			p->node_of[c->nodes[n].first_processor + q] = n;
	return true;
}

static double move_price(const struct pipeline *p, const struct hidp__path *paths, uint32_t place,
                         hidp_node_id from, hidp_node_id to)
{
	const struct hidp__path *path = &paths[(size_t)from * p->cluster->node_count + to];
	if (!path->exists)
		return INFINITY;
	return p->bytes[place] * path->byte_cost + p->elements[place] * path->element_cost;
}

/* What is cheapest from every processor on, backwards; returns the whole. */
static double price_pipeline(struct pipeline *p, const struct hidp__path *paths)
{
	const struct hidp__tables *t = p->tables;
	uint32_t nodes = t->node_count, processors = p->cluster->processor_count;
	uint32_t layers = t->layer_count;
	const struct hidp__request *r = t->problem->request;
	for (uint32_t q = 0; q < processors; q++)
		p->rest[(size_t)layers * processors + q] =
		        p->node_of[q] == r->output_node
		                ? 0
		                : move_price(p, paths, layers, p->node_of[q], r->output_node);
	for (uint32_t place = layers; place-- > 0;) {
		const double *after = p->rest + (size_t)(place + 1) * processors;
		double *enter = p->enter + (size_t)place * nodes;
		for (hidp_node_id n = 0; n < nodes; n++) {
			const struct hidp__site *site = &t->sites[n];
			enter[n] = INFINITY;
			for (uint32_t i = 0; i < site->usable_count; i++) {
				uint32_t q = site->usable[i], all = site->first_processor + q;
				double s = site->single_s[(size_t)place * site->processor_count + q];
				double v = s < INFINITY ? p->weights->busy[all] * (s + site->sync_s) +
				                                  after[all]
				                        : INFINITY;
				enter[n] = v < enter[n] ? v : enter[n];
			}
		}
		for (hidp_node_id n = 0; n < nodes; n++) {
			const struct hidp__site *site = &t->sites[n];
			double least = enter[n];
			for (hidp_node_id m = 0; m < nodes; m++) {
				double v = enter[m];
				if (m == n || v >= least)
					continue;
				v += move_price(p, paths, place, n, m);
				least = v < least ? v : least;
			}
			for (uint32_t q = 0; q < site->processor_count; q++) {
				uint32_t all = site->first_processor + q;
				double s = site->single_s[(size_t)place * site->processor_count + q];
				double v = s < INFINITY ? p->weights->busy[all] * s + after[all]
				                        : INFINITY;
				p->rest[(size_t)place * processors + all] = v < least ? v : least;
			}
		}
	}
	/* before the first layer: on the input node, no processor */
	double least = p->enter[r->input_node];
	for (hidp_node_id m = 0; m < nodes; m++) {
		double v = m == r->input_node
		                   ? INFINITY
		                   : p->enter[m] + move_price(p, paths, 0, r->input_node, m);
		least = v < least ? v : least;
	}
	return least;
}

static void add_move(struct pipeline *p, uint32_t place, hidp_node_id from, hidp_node_id to)
{
	while (from != to) {
		hidp_node_id hop = hidp__next_hop(p->cluster, from, to);
		if (hop == HIDP_NODE_NONE)
			return;
		const struct hidp__link *l = hidp__link(p->cluster, from, hop);
		double size = l->wire_dtype == HIDP_DTYPE_DEFAULT
		                      ? p->bytes[place]
		                      : p->elements[place] * (double)hidp__dtype_bytes(l->wire_dtype);
		double wire = size / l->bandwidth_Bps;
		p->loads.transmit_s[from] += wire;
		p->loads.receive_s[hop] += wire;
		if (l->medium != HIDP_MEDIUM_NONE)
			p->loads.medium_busy_s[l->medium] += wire;
		from = hop;
	}
}

static double most_of(const double *values, uint32_t count, double most)
{
	for (uint32_t i = 0; i < count; i++)
		most = values[i] > most ? values[i] : most;
	return most;
}

/* Follows the cheapest way and sums up what it loads. */
static void follow_pipeline(struct pipeline *p, const struct hidp__path *paths)
{
	const struct hidp__tables *t = p->tables;
	const struct hidp_cluster *c = p->cluster;
	uint32_t processors = c->processor_count, last = UINT32_MAX;
	hidp_node_id at = t->problem->request->input_node;
	memset(p->loads.busy_s, 0, processors * sizeof(double));
	memset(p->loads.transmit_s, 0, c->node_count * sizeof(double));
	memset(p->loads.receive_s, 0, c->node_count * sizeof(double));
	memset(p->loads.medium_busy_s, 0, c->medium_count * sizeof(double));
	for (uint32_t place = 0; place < t->layer_count; place++) {
		double least = INFINITY, took = 0;
		uint32_t next = 0;
		const double *after = p->rest + (size_t)(place + 1) * processors;
		for (uint32_t q = 0; q < processors; q++) {
			hidp_node_id n = p->node_of[q];
			const struct hidp__site *site = &t->sites[n];
			double s = site->single_s[(size_t)place * site->processor_count + q -
			                          site->first_processor];
			if (s == INFINITY)
				continue;
			if (q != last)
				s += site->sync_s;
			double v = p->weights->busy[q] * s + after[q];
			if (n != at)
				v += move_price(p, paths, place, at, n);
			if (v < least) {
				least = v;
				next = q;
				took = s;
			}
		}
		add_move(p, place, at, p->node_of[next]);
		p->loads.busy_s[next] += took;
		p->on[place] = last = next;
		at = p->node_of[next];
	}
	add_move(p, t->layer_count, at, t->problem->request->output_node);
	p->longest = most_of(p->loads.busy_s, processors, 0);
	p->longest = most_of(p->loads.transmit_s, c->node_count, p->longest);
	p->longest = most_of(p->loads.receive_s, c->node_count, p->longest);
	p->longest = most_of(p->loads.medium_busy_s, c->medium_count, p->longest);
	p->loads.period_s = p->longest;
}

/*
 * The steps of a share whose layers run on one processor of its node each: on[count].
 * steps and slices have room for `count`.
 */
static void write_steps(struct hidp__share *share, const struct hidp__site *site,
                        const uint32_t *on, uint32_t count, struct hidp__step *steps,
                        struct hidp__slice *slices)
{
	share->node = site->node;
	share->steps = steps;
	for (uint32_t l = 0; l < count; l++) {
		if (l == 0 || on[l] != on[l - 1]) {
			uint32_t at = share->step_count++;
			slices[at].processor = on[l] - site->first_processor;
			steps[at] = (struct hidp__step){.kind = HIDP_STEP_SINGLE,
			                                .slice_count = 1,
			                                .slices = &slices[at]};
		}
		steps[share->step_count - 1].layer_count++;
	}
}

/* Stages and steps of a processor for every layer, offered. */
static hidp_status offer_layers(struct pipeline *p, const uint32_t *on)
{
	const struct hidp__tables *t = p->tables;
	uint32_t layers = t->layer_count, count = 0;
	struct hidp__stage *stages = hidp__arena_calloc(p->arena, layers, sizeof *stages);
	struct hidp__share *shares = hidp__arena_calloc(p->arena, layers, sizeof *shares);
	struct hidp__step *steps = hidp__arena_calloc(p->arena, layers, sizeof *steps);
	struct hidp__slice *slices = hidp__arena_calloc(p->arena, layers, sizeof *slices);
	if (stages == NULL || shares == NULL || steps == NULL || slices == NULL)
		return HIDP_ERR_NOMEM;
	for (uint32_t first = 0, end; first < layers; first = end) {
		hidp_node_id n = p->node_of[on[first]];
		for (end = first + 1; end < layers && p->node_of[on[end]] == n; end++)
			;
		shares[count].fraction = 1;
		write_steps(&shares[count], &t->sites[n], on + first, end - first, steps + first,
		            slices + first);
		stages[count] =
		        (struct hidp__stage){.kind = HIDP_STAGE_SINGLE,
		                             .layer_count = hidp__stage_layers(t, first, end),
		                             .share_count = 1,
		                             .row_units = 1,
		                             .shares = &shares[count]};
		count++;
	}
	struct hidp__decisions plan = {count, stages};
	return hidp__search_offer(p->search, &plan);
}

/* Prices that are adjusted round by round: what is loaded most becomes dearer. */
static hidp_status balance(struct pipeline *p, uint32_t *best_on, double *best)
{
	const struct hidp_cluster *c = p->cluster;
	uint32_t layers = p->tables->layer_count;
	double dearest = 0;
	struct hidp__weights kept;
	if (!hidp__weights_new(&kept, c, p->arena))
		return HIDP_ERR_NOMEM;
	hidp__weights_copy(&kept, p->weights, c);
	for (uint32_t round = 0; round < BALANCE_ROUNDS; round++) {
		struct hidp__arena_mark mark = hidp__arena_here(p->arena);
		struct hidp__path *paths;
		hidp__weights_price(p->weights, c, &p->prices);
		if (!hidp__paths_build(&paths, c, &p->prices, p->arena))
			return HIDP_ERR_NOMEM;
		double value = price_pipeline(p, paths);
		if (value < INFINITY)
			follow_pipeline(p, paths);
		hidp__arena_back(p->arena, mark);
		p->search->work += (uint64_t)layers * c->processor_count;
		if (value == INFINITY)
			break;
		if (value > dearest) {
			dearest = value;
			hidp__weights_copy(&kept, p->weights, c);
		}
		if (p->longest < *best) {
			*best = p->longest;
			memcpy(best_on, p->on, layers * sizeof *best_on);
		}
		if (value >= *best * (1 - 1e-6) ||
		    !hidp__weights_adjust_by(p->weights, c, &p->loads, 2 / sqrt(1.0 + round)))
			break;
	}
	hidp__weights_copy(p->weights, &kept, c);
	return HIDP_OK;
}

/* The whole model on one node: a processor of it for every layer. */
struct node_pipeline {
	const struct hidp__site *site;
	uint32_t layers;
	double price[HIDP_NODE_PROCESSORS_MAX]; /* [usable] of a second; they add up to 1 */
	double busy[HIDP_NODE_PROCESSORS_MAX];  /* [usable] */
	double *rest; /* [place * usable_count + usable] still to pay after that processor */
	uint32_t *on; /* [layer] processor of the cluster */
};

static bool node_begin(struct node_pipeline *k, const struct pipeline *p, hidp_node_id node)
{
	const struct hidp__site *site = &p->tables->sites[node];
	size_t places = (size_t)p->tables->layer_count + 1;
	double sum = 0;
	k->site = site;
	k->layers = p->tables->layer_count;
	k->rest = hidp__arena_alloc(p->arena, places * site->usable_count, sizeof *k->rest);
	k->on = hidp__arena_alloc(p->arena, k->layers, sizeof *k->on);
	for (uint32_t i = 0; i < site->usable_count; i++) {
		k->price[i] = p->weights->busy[site->first_processor + site->usable[i]] + 1e-12;
		sum += k->price[i];
	}
	for (uint32_t i = 0; i < site->usable_count; i++)
		k->price[i] /= sum;
	return k->rest != NULL && k->on != NULL;
}

/* What is cheapest from every processor on, backwards. */
static void price_node(struct node_pipeline *k)
{
	const struct hidp__site *site = k->site;
	uint32_t usable = site->usable_count;
	for (uint32_t i = 0; i < usable; i++)
		k->rest[(size_t)k->layers * usable + i] = 0;
	for (uint32_t l = k->layers; l-- > 0;) {
		const double *s = site->single_s + (size_t)l * site->processor_count;
		const double *after = k->rest + ((size_t)l + 1) * usable;
		double least = INFINITY;
		for (uint32_t i = 0; i < usable; i++) {
			double v = k->price[i] * (s[site->usable[i]] + site->sync_s) + after[i];
			least = v < least ? v : least;
		}
		for (uint32_t i = 0; i < usable; i++) {
			double v = k->price[i] * s[site->usable[i]] + after[i];
			k->rest[(size_t)l * usable + i] = v < least ? v : least;
		}
	}
}

/* Follows the cheapest way and sums up what it loads; false: some layer runs nowhere here. */
static bool follow_node(struct node_pipeline *k)
{
	const struct hidp__site *site = k->site;
	uint32_t usable = site->usable_count, last = usable;
	for (uint32_t i = 0; i < usable; i++)
		k->busy[i] = 0;
	for (uint32_t l = 0; l < k->layers; l++) {
		const double *s = site->single_s + (size_t)l * site->processor_count;
		const double *after = k->rest + ((size_t)l + 1) * usable;
		double least = INFINITY, took = 0;
		uint32_t next = usable;
		for (uint32_t i = 0; i < usable; i++) {
			double t = s[site->usable[i]] + (i == last ? 0 : site->sync_s);
			double v = k->price[i] * t + after[i];
			if (v < least) {
				least = v;
				next = i;
				took = t;
			}
		}
		if (next == usable)
			return false;
		k->busy[next] += took;
		k->on[l] = site->first_processor + site->usable[next];
		last = next;
	}
	return true;
}

/* What is loaded most becomes dearer. */
static void adjust_node(struct node_pipeline *k, double most, double step)
{
	uint32_t usable = k->site->usable_count;
	double sum = 0;
	for (uint32_t i = 0; i < usable; i++) {
		k->price[i] = k->price[i] * exp(step * k->busy[i] / most) + 1e-9;
		sum += k->price[i];
	}
	for (uint32_t i = 0; i < usable; i++)
		k->price[i] /= sum;
}

/* The best of some rounds: on[layer], and the longest load; INFINITY if the node cannot. */
static hidp_status balance_node(struct pipeline *p, hidp_node_id node, uint32_t *on,
                                 double *longest)
{
	uint32_t layers = p->tables->layer_count, usable = p->tables->sites[node].usable_count;
	struct node_pipeline k;
	if (!node_begin(&k, p, node))
		return HIDP_ERR_NOMEM;
	*longest = INFINITY;
	for (uint32_t round = 0; round < BALANCE_ROUNDS && usable > 0; round++) {
		price_node(&k);
		if (!follow_node(&k))
			return HIDP_OK;
		double most = most_of(k.busy, usable, 0);
		if (most < *longest) {
			*longest = most;
			memcpy(on, k.on, layers * sizeof *on);
		}
		adjust_node(&k, most, 2 / sqrt(1.0 + round));
	}
	p->search->work += (uint64_t)layers * usable * BALANCE_ROUNDS / 4;
	return HIDP_OK;
}

/* A node that could take a part of the requests. */
struct taker {
	hidp_node_id node;
	uint32_t *on;  /* [layer] */
	double *loads; /* [resource] */
	double joules;
};

static hidp_status add_taker(struct pipeline *p, hidp_node_id node, struct taker *takers,
                             uint32_t *count)
{
	const struct hidp_cluster *c = p->cluster;
	struct taker *k = &takers[*count];
	double longest;
	size_t resources = (size_t)c->processor_count + 2 * c->node_count + c->medium_count;
	k->node = node;
	k->on = hidp__arena_alloc(p->arena, p->tables->layer_count, sizeof *k->on);
	k->loads = hidp__arena_alloc(p->arena, resources, sizeof *k->loads);
	if (k->on == NULL || k->loads == NULL)
		return HIDP_ERR_NOMEM;
	hidp_status status = balance_node(p, node, k->on, &longest);
	if (status != HIDP_OK || longest == INFINITY)
		return status;
	status = offer_layers(p, k->on);
	const struct hidp__evaluation *e = &p->search->last;
	if (status != HIDP_OK || !p->search->last_valid)
		return status;
	double *at = k->loads;
	memcpy(at, e->busy_s, c->processor_count * sizeof *at);
	memcpy(at += c->processor_count, e->transmit_s, c->node_count * sizeof *at);
	memcpy(at += c->node_count, e->receive_s, c->node_count * sizeof *at);
	memcpy(at + c->node_count, e->medium_busy_s, c->medium_count * sizeof *at);
	double idle = 0;
	hidp_node_id in = p->tables->problem->request->input_node;
	hidp_node_id out = p->tables->problem->request->output_node;
	for (hidp_node_id n = 0; n < c->node_count; n++)
		if (n == node || n == in || n == out)
			idle += c->nodes[n].desc.power_idle_w;
	k->joules = e->energy_j - idle * e->period_s;
	(*count)++;
	return HIDP_OK;
}

/* How requests are best dealt out to the takers: fraction[count]. */
static bool deal_requests(struct pipeline *p, const struct taker *takers, uint32_t count,
                          double *fraction)
{
	const struct hidp_cluster *c = p->cluster;
	const struct hidp_plan_options *o = &p->tables->problem->request->options;
	const struct hidp__pricing *pricing = p->pricing;
	const double **loads = hidp__arena_alloc(p->arena, count, sizeof *loads);
	double *cost = hidp__arena_alloc(p->arena, count, sizeof *cost), idle = 0, value;
	if (loads == NULL || cost == NULL)
		return false;
	for (uint32_t k = 0; k < count; k++) {
		loads[k] = takers[k].loads;
		cost[k] = pricing->energy * takers[k].joules;
		idle += c->nodes[takers[k].node].desc.power_idle_w;
	}
	struct hidp__dealing d = {
	        .routes = count,
	        .resources = c->processor_count + 2 * c->node_count + c->medium_count,
	        .load = loads,
	        .cost = cost,
	        .worth = pricing->period + pricing->energy * idle,
	        .period_limit = o->period_limit_s > 0 ? o->period_limit_s : INFINITY};
	return hidp__deal(&d, fraction, &value, p->arena);
}

/* The model on several nodes, requests dealt out to them as is best. */
static hidp_status offer_replicas(struct pipeline *p, const struct taker *takers, uint32_t count)
{
	const struct hidp__tables *t = p->tables;
	struct hidp__arena *a = p->arena;
	double *fraction = hidp__arena_alloc(a, count, sizeof *fraction), sum = 0;
	struct hidp__share *shares = hidp__arena_calloc(a, count, sizeof *shares);
	uint32_t used = 0;
	if (fraction == NULL || shares == NULL || !deal_requests(p, takers, count, fraction))
		return HIDP_ERR_NOMEM;
	for (uint32_t k = 0; k < count; k++) {
		if (!(fraction[k] > 1e-6))
			continue;
		struct hidp__step *steps = hidp__arena_calloc(a, t->layer_count, sizeof *steps);
		struct hidp__slice *slices = hidp__arena_calloc(a, t->layer_count, sizeof *slices);
		if (steps == NULL || slices == NULL)
			return HIDP_ERR_NOMEM;
		struct hidp__share *s = &shares[used++];
		s->fraction = fraction[k];
		sum += fraction[k];
		write_steps(s, &t->sites[takers[k].node], takers[k].on, t->layer_count, steps,
		            slices);
	}
	if (used < 2 || used > HIDP_PLAN_ROUTES_MAX)
		return HIDP_OK;
	for (uint32_t k = 0; k < used; k++)
		shares[k].fraction /= sum;
	struct hidp__stage stage = {.kind = HIDP_STAGE_REPLICA,
	                            .layer_count = t->problem->model->layer_count,
	                            .share_count = used,
	                            .row_units = 1,
	                            .shares = shares};
	struct hidp__decisions plan = {1, &stage};
	return hidp__search_offer(p->search, &plan);
}

hidp_status hidp__search_period(struct hidp__pricing *pricing)
{
	struct hidp__search *search = pricing->search;
	const struct hidp__tables *t = search->tables;
	struct pipeline p;
	struct hidp__arena_mark mark = hidp__arena_here(search->arena);
	double best = INFINITY;
	uint32_t *on = hidp__arena_alloc(search->arena, t->layer_count, sizeof *on), count = 0;
	struct taker *takers = hidp__arena_calloc(search->arena, t->node_count, sizeof *takers);
	if (on == NULL || takers == NULL || !pipeline_begin(&p, pricing))
		return HIDP_ERR_NOMEM;
	hidp_status status = balance(&p, on, &best);
	if (status == HIDP_OK && best < INFINITY)
		status = offer_layers(&p, on);
	for (hidp_node_id n = 0; n < t->node_count && status == HIDP_OK; n++)
		if (t->sites[n].usable_count != 0)
			status = add_taker(&p, n, takers, &count);
	if (status == HIDP_OK && count > 1)
		status = offer_replicas(&p, takers, count);
	hidp__arena_back(search->arena, mark);
	return status;
}
