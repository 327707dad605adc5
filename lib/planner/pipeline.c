/* SPDX-License-Identifier: MIT */
/*
 * Column generation. Under weights of the resources the cheapest pipeline is a shortest path;
 * requests dealt out over the pipelines so far have a least period (fractions.h), whose dual
 * values are the weights that make the next pipeline worth most. In the end the mixture
 * cannot be improved, and its pipelines cost the same: so they can be put together, part of
 * the layers from one and part from another, for about that cost, and with all resources
 * loaded alike.
 */
#include "planner/pipeline.h"

#include <string.h>

#include "planner/fractions.h"

/* Rounds in which what is loaded most becomes dearer, to begin with. */
#define FIRST_ROUNDS 4
/* Rounds after them, in which the weights go towards those of the mixture. */
#define MIXED_ROUNDS 20
/* and one more for so many resources, of which each can need a pipeline of its own in the
 * mixture; where there are very many that takes too long. */
#define RESOURCES_PER_ROUND 8
#define RESOURCES_MAX 128
#define TOWARDS 0.7
/* They end when no weights can make the cheapest pipeline dearer by more than this. */
#define NEAR_ENOUGH 5e-3
/* How often pipelines are put together, where a part of the other may begin, and sizes up to
 * which that is done. */
#define MERGE_ROUNDS 12
#define MERGE_STARTS 16
#define MERGE_WORK 4000000
/* What changes where a part begins and ends makes a load no more than so many times shorter. */
#define LITTLE 1.02
/* A longest load so near that of the mixture is not improved. */
#define BALANCED 0.005

/* A processor that may be used. */
struct place {
	hidp_node_id node;
	uint32_t processor; /* of the cluster */
	const double *seconds; /* [layer * stride] */
	uint32_t stride;
	double sync_s;
};

struct hidp__finder {
	struct hidp__search *search;
	struct hidp__arena *arena;
	const struct hidp__tables *tables;
	const struct hidp_cluster *cluster;
	bool alone;            /* one node, messages are not counted */
	uint32_t first, end;   /* layers */
	struct place *places;  /* [place_count] by node */
	uint32_t place_count;
	uint32_t *first_place; /* [node + 1] */
	uint32_t *place_of;    /* [processor of the cluster] */
	struct hidp__weights *weights;
	struct hidp__prices prices;
	double *bytes, *elements; /* [layers + 1] that cross a cut */
	double *rest;          /* [layer * place_count + place] still to pay after that processor */
	double *enter;         /* [layer * nodes + node] to begin there */
	uint32_t resources;
	uint32_t rounds;       /* at most */
	/* the pipelines so far */
	uint32_t count;
	uint32_t **on;         /* [pipeline] -> [layer] place */
	const double **loads;  /* [pipeline] -> [resource] */
	double *cost, *fraction; /* [pipeline] */
	double *weight;        /* [resource] */
};

static bool find_places(struct hidp__finder *f, hidp_node_id only)
{
	const struct hidp__tables *t = f->tables;
	f->places = hidp__arena_alloc(f->arena, f->cluster->processor_count, sizeof *f->places);
	f->place_of = hidp__arena_alloc(f->arena, f->cluster->processor_count, sizeof *f->place_of);
	f->first_place = hidp__arena_alloc(f->arena, (size_t)t->node_count + 1, sizeof(uint32_t));
	if (f->places == NULL || f->place_of == NULL || f->first_place == NULL)
		return false;
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		const struct hidp__site *site = &t->sites[n];
		f->first_place[n] = f->place_count;
		for (uint32_t i = 0; i < site->usable_count; i++) {
			uint32_t q = site->usable[i];
			if (only != HIDP_NODE_NONE && n != only)
				continue;
			f->place_of[site->first_processor + q] = f->place_count;
			f->places[f->place_count++] =
			        (struct place){n, site->first_processor + q, site->single_s + q,
			                       site->processor_count, site->sync_s};
		}
	}
	f->first_place[t->node_count] = f->place_count;
	return true;
}

static bool begin(struct hidp__finder *f, struct hidp__search *search, struct hidp__weights *weights,
                  hidp_node_id only, uint32_t first, uint32_t end)
{
	const struct hidp__tables *t = search->tables;
	const struct hidp_cluster *c = t->problem->cluster;
	struct hidp__arena *a = search->arena;
	size_t row = (size_t)t->layer_count + 1, most;
	*f = (struct hidp__finder){.search = search,
	                     .arena = a,
	                     .tables = t,
	                     .cluster = c,
	                     .alone = only != HIDP_NODE_NONE,
	                     .first = first,
	                     .end = end,
	                     .weights = weights};
	f->resources = (uint32_t)hidp__resource_count(c);
	f->rounds = FIRST_ROUNDS + MIXED_ROUNDS;
	if (f->resources <= RESOURCES_MAX)
		f->rounds += f->resources / RESOURCES_PER_ROUND;
	most = f->rounds;
	if (!find_places(f, only))
		return false;
	f->bytes = hidp__arena_calloc(a, row, sizeof(double));
	f->elements = hidp__arena_calloc(a, row, sizeof(double));
	f->rest = hidp__arena_alloc(a, row * f->place_count + 1, sizeof(double));
	f->enter = hidp__arena_alloc(a, row * c->node_count, sizeof(double));
	f->on = hidp__arena_alloc(a, most, sizeof *f->on);
	f->loads = hidp__arena_alloc(a, most, sizeof *f->loads);
	f->cost = hidp__arena_calloc(a, most, sizeof(double));
	f->fraction = hidp__arena_calloc(a, most, sizeof(double));
	f->weight = hidp__arena_alloc(a, f->resources, sizeof(double));
	if (f->bytes == NULL || f->elements == NULL || f->rest == NULL || f->enter == NULL ||
	    f->on == NULL || f->loads == NULL || f->cost == NULL || f->fraction == NULL ||
	    f->weight == NULL || !hidp__prices_begin(&f->prices, c, a))
		return false;
	hidp__tables_crossing(t, f->bytes, f->elements);
	return true;
}

static double move_price(const struct hidp__finder *f, const struct hidp__path *paths, uint32_t layer,
                         hidp_node_id from, hidp_node_id to)
{
	const struct hidp__path *path = &paths[(size_t)from * f->cluster->node_count + to];
	if (f->alone || from == to)
		return 0;
	if (!path->exists)
		return INFINITY;
	return f->bytes[layer] * path->byte_cost + f->elements[layer] * path->element_cost;
}

/* What it costs to begin at a layer, node by node, and then to go on from the nodes. */
static void price_layer(struct hidp__finder *f, const struct hidp__path *paths, uint32_t layer)
{
	uint32_t nodes = f->tables->node_count;
	const double *after = f->rest + (size_t)(layer + 1) * f->place_count;
	double *enter = f->enter + (size_t)layer * nodes;
	double *rest = f->rest + (size_t)layer * f->place_count;
	for (hidp_node_id n = 0; n < nodes; n++) {
		enter[n] = INFINITY;
		for (uint32_t i = f->first_place[n]; i < f->first_place[n + 1]; i++) {
			const struct place *p = &f->places[i];
			double w = f->weights->busy[p->processor], s = p->seconds[layer * p->stride];
			rest[i] = s < INFINITY ? w * s + after[i] : INFINITY;
			if (rest[i] + w * p->sync_s < enter[n])
				enter[n] = rest[i] + w * p->sync_s;
		}
	}
	for (hidp_node_id n = 0; n < nodes; n++) {
		double least = enter[n];
		if (f->first_place[n] == f->first_place[n + 1])
			continue;
		for (hidp_node_id m = 0; m < nodes; m++) {
			if (!(enter[m] < least))
				continue;
			double v = enter[m] + move_price(f, paths, layer, n, m);
			least = v < least ? v : least;
		}
		for (uint32_t i = f->first_place[n]; i < f->first_place[n + 1]; i++)
			rest[i] = rest[i] < least ? rest[i] : least;
	}
}

/* The price of the cheapest pipeline. */
static double price(struct hidp__finder *f, const struct hidp__path *paths)
{
	const struct hidp__tables *t = f->tables;
	const struct hidp__request *r = t->problem->request;
	double least = INFINITY;
	const double *enter = f->enter + (size_t)f->first * t->node_count;
	for (uint32_t i = 0; i < f->place_count; i++)
		f->rest[(size_t)f->end * f->place_count + i] =
		        move_price(f, paths, f->end, f->places[i].node, r->output_node);
	for (uint32_t layer = f->end; layer-- > f->first;)
		price_layer(f, paths, layer);
	for (hidp_node_id n = 0; n < t->node_count; n++)
		if (enter[n] < INFINITY)
			least = fmin(least, enter[n] + move_price(f, paths, f->first, r->input_node, n));
	return least;
}

/* Follows the cheapest way: on[layer] place. */
static void follow(const struct hidp__finder *f, const struct hidp__path *paths, uint32_t *on)
{
	const struct hidp__tables *t = f->tables;
	hidp_node_id at = t->problem->request->input_node;
	uint32_t last = UINT32_MAX;
	for (uint32_t layer = f->first; layer < f->end; layer++) {
		const double *after = f->rest + (size_t)(layer + 1) * f->place_count;
		double least = INFINITY;
		uint32_t next = 0;
		for (uint32_t i = 0; i < f->place_count; i++) {
			const struct place *p = &f->places[i];
			double w = f->weights->busy[p->processor], s = p->seconds[layer * p->stride];
			double v = w * (s + (i != last ? p->sync_s : 0)) + after[i];
			if (!(v < least))
				continue;
			v += move_price(f, paths, layer, at, p->node);
			if (v < least) {
				least = v;
				next = i;
			}
		}
		on[layer] = last = next;
		at = f->places[next].node;
	}
}

/* A node sends or receives for so many seconds; `own`: the resource that counts it. */
static void add_transfer(const struct hidp_cluster *c, hidp_node_id node, double wire, double *own,
                         double *loads)
{
	const struct hidp__node *n = &c->nodes[node];
	if (n->desc.flags & HIDP_NODE_HUB)
		return;
	if (!(n->desc.flags & HIDP_NODE_TRANSFERS_ARE_WORK))
		*own += wire;
	else
		for (uint32_t q = 0; q < n->processor_count; q++)
			loads[n->first_processor + q] += wire;
}

/* Loads of what crosses the cut before a layer, times `sign`. */
static void add_move(const struct hidp__finder *f, uint32_t layer, hidp_node_id from, hidp_node_id to,
                     double sign, double *loads)
{
	const struct hidp_cluster *c = f->cluster;
	double *transmit = loads + c->processor_count, *receive = transmit + c->node_count;
	while (from != to && !f->alone) {
		hidp_node_id hop = hidp__next_hop(c, from, to);
		if (hop == HIDP_NODE_NONE)
			return;
		const struct hidp__link *l = hidp__link(c, from, hop);
		double size = l->wire_dtype == HIDP_DTYPE_DEFAULT
		                      ? f->bytes[layer]
		                      : f->elements[layer] * (double)hidp__dtype_bytes(l->wire_dtype);
		double wire = sign * size / l->bandwidth_Bps;
		add_transfer(c, from, wire, &transmit[from], loads);
		add_transfer(c, hop, wire, &receive[hop], loads);
		if (l->medium != HIDP_MEDIUM_NONE)
			receive[c->node_count + l->medium] += wire;
		from = hop;
	}
}

/* Loads of a layer on a place behind another (UINT32_MAX: it is the first), times `sign`. */
static void add_layer(const struct hidp__finder *f, uint32_t layer, uint32_t behind, uint32_t i,
                      double sign, double *loads)
{
	const struct place *p = &f->places[i];
	hidp_node_id from = behind == UINT32_MAX ? f->tables->problem->request->input_node
	                                         : f->places[behind].node;
	loads[p->processor] += sign * (p->seconds[layer * p->stride] + (i != behind ? p->sync_s : 0));
	add_move(f, layer, from, p->node, sign, loads);
}

static void add_delivery(const struct hidp__finder *f, uint32_t last, double sign, double *loads)
{
	add_move(f, f->end, f->places[last].node, f->tables->problem->request->output_node, sign,
	         loads);
}

/* sums[layer * resources]: loads of the layers before; returns the whole, delivered. */
static void sum_loads(const struct hidp__finder *f, const uint32_t *on, double *sums, double *whole)
{
	memset(whole, 0, f->resources * sizeof *whole);
	for (uint32_t l = f->first; l < f->end; l++) {
		if (sums != NULL)
			memcpy(sums + (size_t)l * f->resources, whole, f->resources * sizeof *sums);
		add_layer(f, l, l > f->first ? on[l - 1] : UINT32_MAX, on[l], 1, whole);
	}
	if (sums != NULL)
		memcpy(sums + (size_t)f->end * f->resources, whole, f->resources * sizeof *sums);
	add_delivery(f, on[f->end - 1], 1, whole);
}

static uint32_t worst_of(const struct hidp__finder *f, const double *loads)
{
	uint32_t worst = 0;
	for (uint32_t r = 1; r < f->resources; r++)
		worst = loads[r] > loads[worst] ? r : worst;
	return worst;
}

static double longest_of(const struct hidp__finder *f, const double *loads)
{
	double most = 0;
	for (uint32_t r = 0; r < f->resources; r++)
		most = loads[r] > most ? loads[r] : most;
	return most;
}

static bool add_pipeline(struct hidp__finder *f, const struct hidp__path *paths)
{
	uint32_t layers = f->tables->layer_count;
	uint32_t *on = hidp__arena_alloc(f->arena, layers, sizeof *on);
	double *loads = hidp__arena_alloc(f->arena, f->resources, sizeof *loads);
	if (on == NULL || loads == NULL)
		return false;
	follow(f, paths, on);
	sum_loads(f, on, NULL, loads);
	f->on[f->count] = on;
	f->loads[f->count++] = loads;
	return true;
}

/* Requests dealt out over the pipelines so far: no weights make all of them longer than *mean. */
static bool mix(struct hidp__finder *f, double *mean)
{
	struct hidp__dealing d = {.routes = f->count,
	                          .resources = f->resources,
	                          .load = f->loads,
	                          .cost = f->cost,
	                          .worth = 1,
	                          .period_limit = INFINITY,
	                          .weight = f->weight};
	return hidp__deal(&d, f->fraction, mean, f->arena);
}

static bool keep(struct hidp__finder *f, struct hidp__pipeline *best, const uint32_t *on,
                 const double *loads)
{
	double longest = longest_of(f, loads);
	if (!(longest < best->longest))
		return false;
	best->longest = longest;
	memcpy(best->on, on, f->tables->layer_count * sizeof *on);
	memcpy(best->loads, loads, f->resources * sizeof *loads);
	return true;
}

/* Adds pipelines until the mixture is the best there is; the best of them is kept. */
static hidp_status generate(struct hidp__finder *f, struct hidp__pipeline *best)
{
	double dearest = 0;
	struct hidp__weights kept;
	if (!hidp__weights_new(&kept, f->cluster, f->arena))
		return HIDP_ERR_NOMEM;
	hidp__weights_copy(&kept, f->weights, f->cluster);
	for (uint32_t round = 0; round < f->rounds; round++) {
		struct hidp__path *paths;
		hidp__weights_price(f->weights, f->cluster, &f->prices);
		if (!hidp__paths_build(&paths, f->cluster, &f->prices, f->arena))
			return HIDP_ERR_NOMEM;
		double value = price(f, paths);
		f->search->work += (uint64_t)(f->end - f->first) * f->place_count;
		if (value == INFINITY)
			break;
		if (!add_pipeline(f, paths))
			return HIDP_ERR_NOMEM;
		if (value > dearest) {
			dearest = value;
			hidp__weights_copy(&kept, f->weights, f->cluster);
		}
		const double *loads = f->loads[f->count - 1];
		keep(f, best, f->on[f->count - 1], loads);
		if (dearest >= best->longest * (1 - NEAR_ENOUGH))
			break;
		if (round + 1 < FIRST_ROUNDS) {
			hidp__weights_raise(f->weights, loads, 2 / sqrt(1.0 + round), f->cluster);
			continue;
		}
		if (!mix(f, &best->mean))
			return HIDP_ERR_NOMEM;
		if (dearest >= best->mean * (1 - NEAR_ENOUGH))
			break;
		hidp__weights_copy(f->weights, &kept, f->cluster);
		hidp__weights_towards(f->weights, f->weight, TOWARDS, f->cluster);
	}
	hidp__weights_copy(f->weights, &kept, f->cluster);
	best->mean = fmin(best->mean, best->longest);
	return HIDP_OK;
}

/* Two pipelines, with sums of their loads; layers [first, end) are to come from the other. */
struct merge {
	const uint32_t *here, *there;
	double *here_sums, *there_sums; /* [layer * resources] */
	const double *whole;            /* of `here` */
	double *loads;                  /* of the merged one */
	uint32_t worst;                 /* resource with the longest load */
	uint32_t first, end;            /* of the best */
	double longest;
};

/*
 * The loads with layers [first, end) of the other. false: some load is too long, but for what
 * changes where these layers begin and end, which is little.
 */
static bool exchange(const struct hidp__finder *f, struct merge *m, uint32_t first, uint32_t end)
{
	uint32_t r = f->resources;
	const double *to = m->there_sums + (size_t)end * r, *from = m->there_sums + (size_t)first * r;
	const double *not_to = m->here_sums + (size_t)end * r;
	const double *not_from = m->here_sums + (size_t)first * r;
	double most = m->longest * LITTLE;
	for (uint32_t i = 0; i < r; i++) {
		m->loads[i] = m->whole[i] + to[i] - from[i] - not_to[i] + not_from[i];
		if (m->loads[i] > most)
			return false;
	}
	return true;
}

/* What changes where the other's layers begin and end. */
static void join(const struct hidp__finder *f, struct merge *m, uint32_t first, uint32_t end)
{
	uint32_t here = first > f->first ? m->here[first - 1] : UINT32_MAX;
	uint32_t there = first > f->first ? m->there[first - 1] : UINT32_MAX;
	add_layer(f, first, there, m->there[first], -1, m->loads);
	add_layer(f, first, here, m->there[first], 1, m->loads);
	if (end == f->end) {
		add_delivery(f, m->here[end - 1], -1, m->loads);
		add_delivery(f, m->there[end - 1], 1, m->loads);
		return;
	}
	add_layer(f, end, m->here[end - 1], m->here[end], -1, m->loads);
	add_layer(f, end, m->there[end - 1], m->here[end], 1, m->loads);
}

static void try_merges(const struct hidp__finder *f, struct merge *m)
{
	uint32_t step = (f->end - f->first) / MERGE_STARTS + 1;
	for (uint32_t first = f->first; first < f->end; first += step) {
		const double *here = m->here_sums + m->worst, *there = m->there_sums + m->worst;
		double base = m->whole[m->worst] + here[(size_t)first * f->resources] -
		              there[(size_t)first * f->resources];
		for (uint32_t end = first + 1; end <= f->end; end++) {
			size_t at = (size_t)end * f->resources;
			if (end < f->end && m->here[end - 1] == m->there[end - 1])
				continue; /* the same as with one layer less */
			if (base + there[at] - here[at] > m->longest * LITTLE ||
			    !exchange(f, m, first, end))
				continue;
			join(f, m, first, end);
			double longest = longest_of(f, m->loads);
			if (longest < m->longest) {
				m->longest = longest;
				m->first = first;
				m->end = end;
			}
		}
	}
}

/* Takes layers of other pipelines of the mixture over into the best one, while that helps. */
static hidp_status merge(struct hidp__finder *f, struct hidp__pipeline *best)
{
	uint32_t layers = f->tables->layer_count;
	size_t cells = ((size_t)layers + 1) * f->resources;
	uint32_t *on = hidp__arena_alloc(f->arena, layers, sizeof *on);
	struct merge m = {.here = best->on, .whole = best->loads};
	m.here_sums = hidp__arena_alloc(f->arena, cells, sizeof(double));
	m.there_sums = hidp__arena_alloc(f->arena, cells, sizeof(double));
	m.loads = hidp__arena_alloc(f->arena, f->resources, sizeof(double));
	if (on == NULL || m.here_sums == NULL || m.there_sums == NULL || m.loads == NULL)
		return HIDP_ERR_NOMEM;
	for (uint32_t round = 0; round < MERGE_ROUNDS; round++) {
		uint32_t from = f->count;
		struct merge found = {.longest = best->longest};
		if (best->longest <= best->mean * (1 + BALANCED))
			break;
		sum_loads(f, best->on, m.here_sums, best->loads);
		m.worst = worst_of(f, best->loads);
		for (uint32_t k = 0; k < f->count; k++) {
			if (!(f->fraction[k] > 0))
				continue;
			m.there = f->on[k];
			m.longest = found.longest;
			sum_loads(f, m.there, m.there_sums, m.loads);
			try_merges(f, &m);
			if (m.longest < found.longest) {
				found = m;
				from = k;
			}
		}
		if (from == f->count)
			break;
		memcpy(on, best->on, layers * sizeof *on);
		memcpy(on + found.first, f->on[from] + found.first,
		       (found.end - found.first) * sizeof *on);
		sum_loads(f, on, NULL, m.loads);
		f->search->work += (uint64_t)layers * f->count;
		if (!keep(f, best, on, m.loads))
			break;
	}
	return HIDP_OK;
}

/* The waist behind which most of the mixture goes on elsewhere than on the input node. */
static uint32_t find_leaves(const struct hidp__finder *f)
{
	const struct hidp__tables *t = f->tables;
	hidp_node_id in = t->problem->request->input_node;
	uint32_t leaves = 0;
	double most = 0;
	for (uint32_t l = 1; l < t->layer_count; l++) {
		double part = 0;
		for (uint32_t k = 0; k < f->count && t->waists.waist[l]; k++)
			if (f->places[f->on[k][l - 1]].node == in && f->places[f->on[k][l]].node != in)
				part += f->fraction[k];
		if (part > most) {
			most = part;
			leaves = l;
		}
	}
	return leaves;
}

/* Makes the best pipeline better out of the others, where that does not take too long. */
static hidp_status finish(struct hidp__pipeline *p, struct hidp__finder *f)
{
	uint64_t layers = f->end - f->first;
	hidp_status status = HIDP_OK;
	if (p->longest == INFINITY)
		return HIDP_OK;
	if (layers * layers * f->resources * f->count <= (uint64_t)MERGE_WORK * MERGE_STARTS)
		status = merge(f, p);
	for (uint32_t l = f->first; l < f->end; l++)
		p->on[l] = f->places[p->on[l]].processor;
	return status;
}

static bool pipeline_begin(struct hidp__pipeline *p, const struct hidp__tables *t,
                           struct hidp__arena *arena)
{
	const struct hidp_cluster *c = t->problem->cluster;
	p->longest = p->mean = INFINITY;
	p->leaves = 0;
	p->on = hidp__arena_alloc(arena, t->layer_count, sizeof *p->on);
	p->loads = hidp__arena_alloc(arena, hidp__resource_count(c), sizeof *p->loads);
	return p->on != NULL && p->loads != NULL;
}

hidp_status hidp__pipeline_find(struct hidp__pipeline *p, struct hidp__search *search,
                                struct hidp__weights *weights)
{
	const struct hidp__tables *t = search->tables;
	struct hidp__finder *f = hidp__arena_alloc(search->arena, 1, sizeof *f);
	if (f == NULL || !pipeline_begin(p, t, search->arena) ||
	    !begin(f, search, weights, HIDP_NODE_NONE, 0, t->layer_count))
		return HIDP_ERR_NOMEM;
	hidp_status status = generate(f, p);
	p->finder = f;
	if (status == HIDP_OK && p->longest < INFINITY)
		p->leaves = find_leaves(f);
	return status;
}

hidp_status hidp__pipeline_finish(struct hidp__pipeline *p)
{
	return finish(p, p->finder);
}

hidp_status hidp__pipeline_on(struct hidp__pipeline *p, struct hidp__search *search,
                              hidp_node_id node, uint32_t first, uint32_t end)
{
	struct hidp__finder f;
	struct hidp__weights weights;
	if (!pipeline_begin(p, search->tables, search->arena))
		return HIDP_ERR_NOMEM;
	struct hidp__arena_mark mark = hidp__arena_here(search->arena);
	hidp_status status = HIDP_ERR_NOMEM;
	if (hidp__weights_of_node(&weights, search->tables, node, search->arena) &&
	    begin(&f, search, &weights, node, first, end))
		status = generate(&f, p);
	if (status == HIDP_OK)
		status = finish(p, &f);
	hidp__arena_back(search->arena, mark);
	return status;
}
