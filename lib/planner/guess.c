/* SPDX-License-Identifier: MIT */
#include "planner/guess.h"

#include <math.h>
#include <string.h>

#include "planner/assemble.h"
#include "planner/reach.h"

/* Most nodes of which every subset is a crew; else: the k fastest, with and without each other. */
#define ALL_CREWS_MAX 3
#define CREW_MAX 8
/* The same where layers times nodes are more than that. */
#define SMALL_CREW_MAX 4
#define CELLS_MAX 8192
/* Nodes on which branches are tried: the one with their tensor, and the two best others. */
#define BRANCH_NODES 3
/* Most layers of one split stage that are considered: the halo grows with every window. */
#define STAGE_LAYERS_MAX 16

/* Components of a region side by side on some nodes: what is needed of a struct hidp__run. */
struct siding {
	const struct hidp__region *region;
	hidp_node_id nodes[BRANCH_NODES], next;
	uint8_t node_of[HIDP__BRANCHES_MAX];
};

struct choice {
	double cost;
	uint32_t end;     /* of the stage */
	uint32_t crew;    /* of starts */
	hidp_node_id next; /* of gathers */
};

/* What a layer takes on a node: whatever the rows, all rows on the best processors, the rest. */
struct seconds {
	double over, full, work;
};

/* Between neighbours in a crew, each that differs in what a message takes. */
struct links {
	uint32_t count;
	const struct hidp__path **paths;
};

struct hidp__guess {
	const struct hidp__tables *tables;
	const struct hidp__prices *prices;
	const struct hidp__path *paths;
	uint32_t crew_count;
	struct hidp__crew *crews;
	struct links *links; /* [crew] */
	struct hidp__path *deal; /* [crew * nodes + node] their parts sent from there, all together */
	struct seconds *seconds; /* [place * nodes + node] */
	double *price; /* [node] a second of computing there, resources alone */
	uint32_t *short_begin; /* [layers + 1]: no layer from here to before the place is short of rows */
	struct choice *going;  /* [crew * (layers + 1) + place] behind an exchange */
	struct choice *gather; /* likewise: a sequence ends there */
	struct choice *start;  /* [node * (layers + 1) + place] a sequence begins, tensor on the node */
	double *worth;           /* likewise: what is dearer makes no difference to a path */
	struct siding *branches; /* [node * (layers + 1) + place] */
	double *branch_cost;
	/* scratch; of the stages that end at a place, the last first: */
	double *sum;
	struct hidp__reach reach;
	struct hidp__span read; /* of the last one's tensor, by the layer behind it */
	uint32_t stage_count;
	double halo[STAGE_LAYERS_MAX];    /* part of the rows that its first layer has beyond its own */
	double fetched[STAGE_LAYERS_MAX]; /* rows before it that come from others */
};

static void time_nodes(struct hidp__guess *g)
{
	const struct hidp__tables *t = g->tables;
	for (hidp_node_id a = 0; a < t->node_count; a++) {
		const struct hidp__site *site = &t->sites[a];
		g->price[a] = INFINITY;
		for (uint32_t i = 0; i < site->usable_count; i++) {
			double p = g->prices->busy[site->first_processor + site->usable[i]];
			g->price[a] = p < g->price[a] ? p : g->price[a];
		}
		for (uint32_t l = 0; l < t->layer_count; l++) {
			double over = INFINITY;
			for (uint32_t i = 0; i < site->usable_count; i++) {
				const struct hidp__rate *r =
				        &site->rates[(size_t)l * site->processor_count +
				                     site->usable[i]];
				double f = r->fixed_s[HIDP__ROWS] * r->slowdown;
				if (r->runs && f < over)
					over = f;
			}
			double full = site->best_s[l];
			over = over < full ? over : full;
			g->seconds[(size_t)l * t->node_count + a] =
			        (struct seconds){over, full, full - over};
		}
	}
}

static bool find_links(const struct hidp__guess *g, const struct hidp__crew *c,
                       struct links *links, struct hidp__arena *arena)
{
	links->count = 0;
	links->paths = hidp__arena_alloc(arena, c->count, sizeof *links->paths);
	if (links->paths == NULL)
		return false;
	for (uint32_t i = 1; i < c->count; i++) {
		const struct hidp__path *p =
		        &g->paths[(size_t)c->nodes[i - 1] * g->tables->node_count + c->nodes[i]];
		bool known = false;
		for (uint32_t k = 0; k < links->count && !known; k++)
			known = p->latency_s == links->paths[k]->latency_s &&
			        p->byte_s == links->paths[k]->byte_s &&
			        p->element_s == links->paths[k]->element_s;
		if (!known)
			links->paths[links->count++] = p;
	}
	return true;
}

/* What it takes to send all of a crew its parts, of each figure the sum. */
static void sum_parts(const struct hidp__guess *g, const struct hidp__crew *c,
                      struct hidp__path *deal)
{
	uint32_t n = g->tables->node_count;
	for (hidp_node_id h = 0; h < n; h++, deal++) {
		*deal = (struct hidp__path){.exists = true};
		for (uint32_t i = 0; i < c->count; i++) {
			const struct hidp__path *p = &g->paths[(size_t)h * n + c->nodes[i]];
			double part = c->nodes[i] != h ? c->parts[i] : 0;
			deal->exists &= p->exists;
			deal->byte_s += part * p->byte_s;
			deal->element_s += part * p->element_s;
			deal->byte_cost += part * p->byte_cost;
			deal->element_cost += part * p->element_cost;
		}
	}
}

static bool add_crew(struct hidp__guess *g, const hidp_node_id *nodes, uint32_t count,
                     const double *total, struct hidp__arena *arena)
{
	struct links *links = &g->links[g->crew_count];
	struct hidp__path *deal = &g->deal[(size_t)g->crew_count * g->tables->node_count];
	struct hidp__crew *c = &g->crews[g->crew_count++];
	hidp_node_id *own = hidp__arena_alloc(arena, count, sizeof *own);
	double speed = 0;
	c->count = count;
	c->nodes = own;
	c->parts = hidp__arena_alloc(arena, count, sizeof *c->parts);
	if (own == NULL || c->parts == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		own[i] = nodes[i];
		speed += 1 / total[nodes[i]];
	}
	for (uint32_t i = 0; i < count; i++)
		c->parts[i] = 1 / total[nodes[i]] / speed;
	sum_parts(g, c, deal);
	return find_links(g, c, links, arena);
}

/* Crews, the fastest node first in each. */
static bool find_crews(struct hidp__guess *g, struct hidp__arena *arena)
{
	const struct hidp__tables *t = g->tables;
	hidp_node_id *order = hidp__arena_alloc(arena, t->node_count, sizeof *order);
	hidp_node_id *some = hidp__arena_alloc(arena, t->node_count, sizeof *some);
	double *total = hidp__arena_calloc(arena, t->node_count, sizeof *total);
	uint32_t n = 0;
	if (order == NULL || some == NULL || total == NULL)
		return false;
	for (hidp_node_id a = 0; a < t->node_count; a++) {
		bool runs = hidp__takes_part(g->prices, &t->sites[a]);
		for (uint32_t l = 0; l < t->layer_count && runs; l++) {
			double s = g->seconds[(size_t)l * t->node_count + a].full;
			/* what a node cannot run is no matter to a split of other layers */
			if (t->layers[l].rows > 1 && s < INFINITY)
				total[a] += s;
		}
		if (!runs || !(total[a] > 0))
			continue;
		uint32_t at = n++;
		for (; at > 0 && total[order[at - 1]] > total[a]; at--)
			order[at] = order[at - 1];
		order[at] = a;
	}
	bool all = n <= ALL_CREWS_MAX;
	size_t most = all ? (size_t)1 << n : (size_t)2 * n;
	g->crews = hidp__arena_alloc(arena, most + 1, sizeof *g->crews);
	g->links = hidp__arena_alloc(arena, most + 1, sizeof *g->links);
	g->deal = hidp__arena_alloc(arena, (most + 1) * t->node_count, sizeof *g->deal);
	if (g->crews == NULL || g->links == NULL || g->deal == NULL)
		return false;
	for (uint32_t chosen = 1; all && chosen < 1u << n; chosen++) {
		uint32_t count = 0;
		for (uint32_t i = 0; i < n; i++)
			if (chosen >> i & 1)
				some[count++] = order[i];
		if (count > 1 && !add_crew(g, some, count, total, arena))
			return false;
	}
	hidp_node_id input = t->problem->request->input_node;
	bool large = (size_t)t->layer_count * t->node_count > CELLS_MAX;
	for (uint32_t k = 2; !all && k <= n && k <= (large ? SMALL_CREW_MAX : CREW_MAX); k++) {
		if (!add_crew(g, order, k, total, arena))
			return false;
		/* and with the node that has the input */
		bool has = !hidp__takes_part(g->prices, &t->sites[input]);
		for (uint32_t i = 0; i < k; i++) {
			some[i] = order[i];
			has |= order[i] == input;
		}
		some[k - 1] = has ? some[k - 1] : input;
		if (!has && !add_crew(g, some, k, total, arena))
			return false;
	}
	return true;
}

/* A path that leaves a node for more than one over single stages does could do without it. */
static void find_worth(struct hidp__guess *g, const struct hidp__bound *plain)
{
	uint32_t layers = g->tables->layer_count;
	for (hidp_node_id a = 0; a < g->tables->node_count; a++)
		for (uint32_t l = 0; l < layers; l++)
			g->worth[(size_t)a * (layers + 1) + l] = hidp__indifference(
			        plain, l, a, plain->leave[hidp__node_at(plain, l, a)]);
}

struct hidp__guess *hidp__guess_new(const struct hidp__bound *plain, struct hidp__arena *arena)
{
	const struct hidp__tables *t = plain->tables;
	uint32_t n = t->node_count, layers = t->layer_count;
	size_t row = (size_t)layers + 1;
	struct hidp__guess *g = hidp__arena_calloc(arena, 1, sizeof *g);
	if (g == NULL)
		return NULL;
	g->tables = t;
	g->prices = plain->prices;
	g->paths = plain->paths;
	g->seconds = hidp__arena_alloc(arena, (size_t)n * layers, sizeof *g->seconds);
	g->price = hidp__arena_alloc(arena, n, sizeof(double));
	if (g->seconds == NULL || g->price == NULL)
		return NULL;
	time_nodes(g);
	if (!find_crews(g, arena))
		return NULL;
	g->short_begin = hidp__arena_alloc(arena, row, sizeof *g->short_begin);
	g->going = hidp__arena_alloc(arena, row * g->crew_count + 1, sizeof *g->going);
	g->gather = hidp__arena_alloc(arena, row * g->crew_count + 1, sizeof *g->gather);
	g->start = hidp__arena_alloc(arena, row * n, sizeof *g->start);
	g->worth = hidp__arena_alloc(arena, row * n, sizeof(double));
	g->branches = hidp__arena_alloc(arena, row * n, sizeof *g->branches);
	g->branch_cost = hidp__arena_alloc(arena, row * n, sizeof(double));
	g->sum = hidp__arena_alloc(arena, n, sizeof(double));
	if (g->short_begin == NULL || g->going == NULL || g->gather == NULL || g->start == NULL ||
	    g->worth == NULL || g->branches == NULL || g->branch_cost == NULL || g->sum == NULL ||
	    !hidp__reach_new(&g->reach, layers, arena))
		return NULL;
	for (size_t i = 0; i < row * g->crew_count; i++)
		g->going[i].cost = g->gather[i].cost = INFINITY;
	for (size_t i = 0; i < row * n; i++)
		g->start[i].cost = g->branch_cost[i] = INFINITY;
	find_worth(g, plain);
	g->short_begin[0] = 0;
	for (uint32_t l = 0; l < layers; l++)
		g->short_begin[l + 1] = t->layers[l].rows < 2 ? l + 1 : g->short_begin[l];
	return g;
}

/* What is the same for all crews about the stages that end at a place. */
static void look_back(struct hidp__guess *g, uint32_t end)
{
	const struct hidp__tables *t = g->tables;
	g->stage_count = end - g->short_begin[end];
	if (g->stage_count > STAGE_LAYERS_MAX)
		g->stage_count = STAGE_LAYERS_MAX;
	g->read = hidp__rows_read(t, end);
	hidp__reach_clear(&g->reach);
	for (uint32_t i = 0; i < g->stage_count; i++) {
		uint32_t begin = end - 1 - i;
		g->halo[i] = hidp__reach_both(&g->reach, begin) / (double)t->layers[begin].rows;
		hidp__reach_back(&g->reach, t, begin, false);
		g->fetched[i] = begin > 0 ? hidp__reach_both(&g->reach, begin - 1) : 0;
	}
}

/* Seconds until rows beside the cut before `begin` have been exchanged. */
static double exchange_s(const struct hidp__guess *g, const struct links *links, uint32_t begin,
                         double rows)
{
	double longest = 0;
	if (!(rows > 0))
		return 0;
	const struct hidp__work *w = &g->tables->layers[begin - 1];
	double elements = (double)g->tables->problem->model->layers[w->id].elements_per_row;
	for (uint32_t i = 0; i < links->count; i++) {
		double s = hidp__path_s(links->paths[i], rows * w->row_bytes, rows * elements);
		longest = s > longest ? s : longest;
	}
	return longest;
}

/* Does every share of a sequence that ends here own a row that is read behind it? */
static bool all_read(const struct hidp__guess *g, const struct hidp__crew *c, uint32_t place)
{
	double rows = (double)g->tables->layers[place - 1].rows, before = 0;
	if (place == g->tables->layer_count)
		return true;
	for (uint32_t i = 0; i < c->count; i++) {
		double begin = floor(before * rows + 0.5);
		before += c->parts[i];
		double end = floor(before * rows + 0.5);
		if (end <= (double)g->read.begin || begin >= (double)g->read.end)
			return false;
	}
	return true;
}

static void guess_gather(struct hidp__guess *g, const struct hidp__bound *b, uint32_t k,
                         uint32_t place)
{
	const struct hidp__tables *t = g->tables;
	const struct hidp__crew *c = &g->crews[k];
	const struct hidp__work *last = &t->layers[place - 1];
	struct choice *out = &g->gather[(size_t)k * (t->layer_count + 1) + place];
	double bytes = (double)last->rows * last->row_bytes;
	double elements = (double)last->rows *
	                  (double)t->problem->model->layers[last->id].elements_per_row;
	for (hidp_node_id m = 0; m < t->node_count; m++) {
		bool end = place == t->layer_count;
		if (end && m != t->problem->request->output_node)
			continue;
		double cost = end ? 0 : b->enter[hidp__node_at(b, place, m)], wire = 0, latency = 0;
		for (uint32_t i = 0; i < c->count && cost < out->cost; i++) {
			const struct hidp__path *p =
			        &g->paths[(size_t)c->nodes[i] * t->node_count + m];
			if (c->nodes[i] == m)
				continue;
			if (!p->exists)
				cost = INFINITY;
			wire += c->parts[i] * (bytes * p->byte_s + elements * p->element_s);
			latency = p->latency_s > latency ? p->latency_s : latency;
			cost += c->parts[i] * (bytes * p->byte_cost + elements * p->element_cost);
		}
		cost += g->prices->second * (wire + latency);
		if (cost < out->cost)
			*out = (struct choice){cost, place, k, m};
	}
}

/*
 * A stage [begin, end) of a sequence that begins with it, its tensor being on any node; `work`
 * seconds pass at least until all are done.
 */
static void guess_start(struct hidp__guess *g, const struct hidp__bound *b, uint32_t k,
                        uint32_t begin, uint32_t end, double rest, double work)
{
	const struct hidp__tables *t = g->tables;
	const struct hidp__crew *c = &g->crews[k];
	bool needed = b->blocks.waists->needed[begin];
	double all_bytes = b->blocks.waists->bytes[begin], second = g->prices->second;
	double all_elements = b->blocks.waists->elements[begin];
	for (hidp_node_id h = 0; h < t->node_count; h++) {
		size_t at = (size_t)h * (t->layer_count + 1) + begin;
		const struct hidp__path *deal = &g->deal[(size_t)k * t->node_count + h];
		double worth = g->start[at].cost < g->worth[at] ? g->start[at].cost : g->worth[at];
		double sent = 0, longest = work, cost = rest;
		if (needed) {
			if (!deal->exists)
				continue;
			sent = all_bytes * deal->byte_s + all_elements * deal->element_s;
			cost += all_bytes * deal->byte_cost + all_elements * deal->element_cost;
		}
		if (cost + second * (sent > work ? sent : work) >= worth)
			continue;
		sent = 0;
		for (uint32_t i = 0; i < c->count && needed; i++) {
			const struct hidp__path *p =
			        &g->paths[(size_t)h * t->node_count + c->nodes[i]];
			if (c->nodes[i] == h)
				continue;
			sent += c->parts[i] * (all_bytes * p->byte_s + all_elements * p->element_s);
			double done = sent + p->latency_s + g->sum[i];
			longest = done > longest ? done : longest;
		}
		cost += second * longest;
		if (cost < worth)
			g->start[at] = (struct choice){cost, end, k, HIDP_NODE_NONE};
	}
}

static void guess_stages(struct hidp__guess *g, const struct hidp__bound *b, uint32_t k,
                         uint32_t end)
{
	const struct hidp__tables *t = g->tables;
	const struct hidp__crew *c = &g->crews[k];
	size_t row = (size_t)k * (t->layer_count + 1);
	double rest = g->gather[row + end].cost < g->going[row + end].cost
	                      ? g->gather[row + end].cost
	                      : g->going[row + end].cost;
	if (rest == INFINITY)
		return;
	for (uint32_t i = 0; i < c->count; i++)
		g->sum[i] = 0;
	double extra = 0;
	for (uint32_t back = 0; back < g->stage_count; back++) {
		uint32_t begin = end - 1 - back;
		const struct seconds *seconds = g->seconds + (size_t)begin * t->node_count;
		double halo = g->halo[back], longest = 0, busy = 0;
		for (uint32_t i = 0; i < c->count; i++) {
			const struct seconds *s = &seconds[c->nodes[i]];
			double edge = i == 0 || i == c->count - 1 ? 0.5 : 1;
			double part = c->parts[i] + edge * halo;
			part = part < 1 ? part : 1;
			g->sum[i] += s->over + part * s->work;
			if (i == 0)
				extra += edge * halo * s->work;
			longest = g->sum[i] > longest ? g->sum[i] : longest;
			busy += g->price[c->nodes[i]] * g->sum[i];
		}
		if (longest == INFINITY)
			break;
		double exchange = exchange_s(g, &g->links[k], begin, g->fetched[back]);
		double v = g->prices->second * (longest + exchange) + busy + rest;
		struct choice *going = &g->going[row + begin];
		if (v < going->cost)
			*going = (struct choice){v, end, k, HIDP_NODE_NONE};
		if (b->blocks.waists->waist[begin])
			guess_start(g, b, k, begin, end, busy + rest, longest);
		if (extra > 4 * exchange && exchange > 0)
			break;
	}
}

void hidp__guess_pass(struct hidp__guess *g, const struct hidp__bound *b, uint32_t place)
{
	if (place == 0 || g->crew_count == 0)
		return;
	look_back(g, place);
	for (uint32_t k = 0; k < g->crew_count; k++) {
		if (b->blocks.waists->waist[place] && all_read(g, &g->crews[k], place))
			guess_gather(g, b, k, place);
		guess_stages(g, b, k, place);
	}
}

/* A region's components on some nodes. */
struct sides {
	const struct hidp__region *region;
	hidp_node_id holder;
	uint32_t node_count;
	hidp_node_id nodes[BRANCH_NODES];
	double seconds[HIDP__BRANCHES_MAX][BRANCH_NODES]; /* [component][node] */
	/* of a component: what it leaves for the layers behind the region */
	double bytes[HIDP__BRANCHES_MAX], elements[HIDP__BRANCHES_MAX];
	double sent[BRANCH_NODES], latency[BRANCH_NODES]; /* of what the region reads, to each node */
	double rest; /* behind the region, at least */
};

static void measure_sides(const struct hidp__guess *g, const struct hidp__bound *b,
                          struct sides *s)
{
	const struct hidp__tables *t = g->tables;
	const struct hidp__region *r = s->region;
	uint32_t n = t->node_count;
	for (uint32_t l = r->first; l < r->end; l++) {
		const struct hidp__work *w = &t->layers[l];
		uint8_t c = r->component[l - r->first];
		for (uint32_t i = 0; i < s->node_count; i++)
			s->seconds[c][i] += g->seconds[(size_t)l * n + s->nodes[i]].full;
		if (w->last_reader < r->end)
			continue;
		s->bytes[c] += (double)w->rows * w->row_bytes;
		s->elements[c] += (double)w->rows *
		                  (double)t->problem->model->layers[w->id].elements_per_row;
	}
	for (uint32_t i = 0; i < s->node_count && b->blocks.waists->needed[r->first]; i++) {
		const struct hidp__path *p = &g->paths[(size_t)s->holder * n + s->nodes[i]];
		if (s->nodes[i] == s->holder)
			continue;
		s->sent[i] = b->blocks.waists->bytes[r->first] * p->byte_s +
		             b->blocks.waists->elements[r->first] * p->element_s;
		s->latency[i] = p->latency_s;
	}
	s->rest = INFINITY;
	for (hidp_node_id m = 0; m < n; m++)
		s->rest = fmin(s->rest, b->enter[hidp__node_at(b, r->end, m)]);
}

/* Where it costs least to bring the outcome together, and that it costs. */
static double join_sides(const struct hidp__guess *g, const struct hidp__bound *b,
                         const struct sides *s, const uint8_t *node_of, hidp_node_id *next)
{
	uint32_t n = g->tables->node_count;
	double best = INFINITY;
	for (hidp_node_id m = 0; m < n; m++) {
		double v = b->enter[hidp__node_at(b, s->region->end, m)], wire = 0, latency = 0;
		for (uint32_t c = 0; c < s->region->count && v < best; c++) {
			hidp_node_id from = s->nodes[node_of[c]];
			const struct hidp__path *p = &g->paths[(size_t)from * n + m];
			if (from == m)
				continue;
			if (!p->exists)
				v = INFINITY;
			wire += s->bytes[c] * p->byte_s + s->elements[c] * p->element_s;
			latency = p->latency_s > latency ? p->latency_s : latency;
		}
		v += g->prices->second * (wire + latency);
		if (v < best) {
			best = v;
			*next = m;
		}
	}
	return best;
}

/* Cost of the region with its components on nodes[node_of[component]], unless above `enough`. */
static double assign_cost(const struct hidp__guess *g, const struct hidp__bound *b,
                          const struct sides *s, const uint8_t *node_of, double enough,
                          hidp_node_id *next)
{
	double time[BRANCH_NODES] = {0}, sent = 0, longest = 0, cost = 0;
	uint32_t used = 0;
	for (uint32_t c = 0; c < s->region->count; c++) {
		time[node_of[c]] += s->seconds[c][node_of[c]];
		used |= 1u << node_of[c];
	}
	if ((used & (used - 1)) == 0)
		return INFINITY;
	for (uint32_t i = 0; i < s->node_count; i++) {
		if (!(used >> i & 1))
			continue;
		sent += s->sent[i];
		double end = (s->nodes[i] != s->holder ? sent + s->latency[i] : 0) + time[i];
		longest = end > longest ? end : longest;
		cost += g->price[s->nodes[i]] * time[i];
	}
	cost += g->prices->second * longest;
	return cost + s->rest < enough ? cost + join_sides(g, b, s, node_of, next) : INFINITY;
}

/* The holder of a region's tensor, and the nodes that could do most of the region for it. */
static void choose_sides(const struct hidp__guess *g, const struct hidp__bound *b,
                         struct sides *s)
{
	const struct hidp__tables *t = g->tables;
	const struct hidp__region *r = s->region;
	uint32_t n = t->node_count;
	double total[BRANCH_NODES] = {INFINITY, INFINITY, INFINITY};
	for (hidp_node_id m = 0; m < n; m++) {
		const struct hidp__path *p = &g->paths[(size_t)s->holder * n + m];
		double v = -1;
		if (!hidp__takes_part(g->prices, &t->sites[m]) ||
		    (b->blocks.waists->needed[r->first] && !p->exists))
			continue;
		if (m != s->holder)
			v = hidp__path_s(p, b->blocks.waists->bytes[r->first],
			                 b->blocks.waists->elements[r->first]);
		for (uint32_t l = r->first; l < r->end && m != s->holder; l++)
			v += g->seconds[(size_t)l * n + m].full;
		uint32_t k = s->node_count < BRANCH_NODES ? s->node_count++ : BRANCH_NODES - 1;
		if (v >= total[k])
			continue;
		for (; k > 0 && total[k - 1] > v; k--) {
			total[k] = total[k - 1];
			s->nodes[k] = s->nodes[k - 1];
		}
		total[k] = v;
		s->nodes[k] = m;
	}
}

/* Tries the components of a region on the holder of its tensor and on the two best others. */
static void guess_branch(struct hidp__guess *g, const struct hidp__bound *b,
                         const struct hidp__region *r, hidp_node_id holder)
{
	size_t at = (size_t)holder * (g->tables->layer_count + 1) + r->first;
	struct sides s = {.region = r, .holder = holder};
	struct siding *found = &g->branches[at];
	uint32_t assignments = 1;
	choose_sides(g, b, &s);
	if (s.node_count < 2)
		return;
	if (r->count > 4)
		s.node_count = 2;
	for (uint32_t c = 0; c < r->count; c++)
		assignments *= s.node_count;
	measure_sides(g, b, &s);
	for (uint32_t a = 0; a < assignments; a++) {
		uint8_t node_of[HIDP__BRANCHES_MAX];
		hidp_node_id next = HIDP_NODE_NONE;
		for (uint32_t c = 0, rest = a; c < r->count; c++, rest /= s.node_count)
			node_of[c] = (uint8_t)(rest % s.node_count);
		double v = assign_cost(g, b, &s, node_of, g->branch_cost[at], &next);
		if (!(v < g->branch_cost[at]))
			continue;
		g->branch_cost[at] = v;
		*found = (struct siding){.region = r, .next = next};
		memcpy(found->nodes, s.nodes, sizeof s.nodes);
		memcpy(found->node_of, node_of, sizeof node_of);
	}
}

/* Can branches over several nodes be cheaper than `worth`? All of one side at best speed. */
static bool branch_helps(const struct hidp__guess *g, const struct hidp__bound *b,
                         const struct hidp__region *r, hidp_node_id holder, double worth)
{
	const struct hidp__blocks *blocks = &b->blocks;
	uint32_t layers = g->tables->layer_count;
	double least = INFINITY, second = g->prices->second;
	double on[HIDP__BRANCHES_MAX] = {0}, off[HIDP__BRANCHES_MAX] = {0};
	const struct hidp__path *out = &blocks->out[holder];
	double wire = 0;
	if (blocks->waists->needed[r->first]) {
		if (!out->exists)
			return false;
		wire = hidp__path_cost(out, second, blocks->waists->bytes[r->first],
		                       blocks->waists->elements[r->first]);
	}
	for (uint32_t l = r->first; l < r->end; l++) {
		on[r->component[l - r->first]] += blocks->here[(size_t)holder * layers + l];
		off[r->component[l - r->first]] += blocks->elsewhere[(size_t)holder * layers + l];
	}
	for (uint32_t away = 1; away < 1u << r->count; away++) {
		double stay = 0, gone = 0;
		for (uint32_t c = 0; c < r->count; c++) {
			if (away >> c & 1)
				gone = off[c] > gone ? off[c] : gone;
			else
				stay += on[c];
		}
		double v = stay > wire + gone ? stay : wire + gone;
		least = v < least ? v : least;
	}
	least += out->exists ? second * out->latency_s : 0;
	return least + b->behind[r->end] < worth;
}

void hidp__guess_relax(struct hidp__guess *g, struct hidp__bound *b, uint32_t place)
{
	const struct hidp__tables *t = g->tables;
	for (hidp_node_id h = 0; h < t->node_count; h++) {
		size_t at = (size_t)h * (t->layer_count + 1) + place;
		size_t node = hidp__node_at(b, place, h);
		double *leave = &b->leave[node];
		*leave = g->start[at].cost < *leave ? g->start[at].cost : *leave;
		double worth = *leave < b->enter[node] ? *leave : b->enter[node];
		for (uint32_t r = t->region_first[place]; r < t->region_first[place + 1]; r++)
			if (branch_helps(g, b, &t->regions[r], h, worth))
				guess_branch(g, b, &t->regions[r], h);
		*leave = g->branch_cost[at] < *leave ? g->branch_cost[at] : *leave;
	}
}

bool hidp__guess_run(const struct hidp__guess *g, uint32_t place, hidp_node_id node,
                     struct hidp__run *run, struct hidp__arena *arena)
{
	uint32_t layers = g->tables->layer_count;
	size_t at = (size_t)node * (layers + 1) + place;
	if (g->branch_cost[at] < g->start[at].cost) {
		const struct siding *found = &g->branches[at];
		*run = (struct hidp__run){.branch = true,
		                          .first = found->region->first,
		                          .end = found->region->end,
		                          .region = found->region,
		                          .next = found->next};
		memcpy(run->nodes, found->nodes, sizeof found->nodes);
		memcpy(run->node_of, found->node_of, sizeof found->node_of);
		return true;
	}
	uint32_t k = g->start[at].crew, end = g->start[at].end;
	size_t row = (size_t)k * (layers + 1);
	*run = (struct hidp__run){.first = place, .crew = &g->crews[k]};
	run->ends = hidp__arena_alloc(arena, layers, sizeof *run->ends);
	if (run->ends == NULL)
		return false;
	run->ends[run->stage_count++] = end;
	while (g->going[row + end].cost < g->gather[row + end].cost) {
		end = g->going[row + end].end;
		run->ends[run->stage_count++] = end;
	}
	run->end = end;
	run->next = g->gather[row + end].next;
	return true;
}
