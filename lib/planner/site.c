/* SPDX-License-Identifier: MIT */
/* What the planner needs of one node: its teams of processors and how fast they are. */
#include <string.h>

#include "planner/branches.h"
#include "planner/divide.h"

/* The processors that may be used at all, the fastest first. */
static bool find_usable(struct hidp__site *site, const struct hidp__tables *t,
                        struct hidp__arena *arena)
{
	const struct hidp__problem *p = t->problem;
	uint8_t *usable = hidp__arena_alloc(arena, site->processor_count, 1);
	double *total = hidp__arena_calloc(arena, site->processor_count, sizeof *total);
	if (usable == NULL || total == NULL)
		return false;
	site->usable_count = 0;
	for (uint32_t q = 0; q < site->processor_count; q++) {
		if (p->request->excluded[site->first_processor + q])
			continue;
		/* what it cannot run costs it a second, so that the versatile come first */
		for (uint32_t l = 0; l < t->layer_count; l++) {
			double s = site->single_s[(size_t)l * site->processor_count + q];
			total[q] += s < INFINITY ? s : 1;
		}
		uint32_t at = site->usable_count++;
		for (; at > 0 && total[usable[at - 1]] > total[q]; at--)
			usable[at] = usable[at - 1];
		usable[at] = (uint8_t)q;
	}
	site->usable = usable;
	return true;
}

static bool add_team(struct hidp__team *team, const struct hidp__site *site, uint64_t chosen,
                     struct hidp__arena *arena)
{
	uint8_t *members = hidp__arena_alloc(arena, site->usable_count, 1);
	if (members == NULL)
		return false;
	*team = (struct hidp__team){.members = members};
	for (uint32_t i = 0; i < site->usable_count; i++) {
		if (!(chosen >> i & 1))
			continue;
		members[team->count++] = site->usable[i];
		team->mask |= (uint64_t)1 << site->usable[i];
	}
	return true;
}

static bool find_teams(struct hidp__site *site, struct hidp__arena *arena)
{
	uint32_t n = site->usable_count;
	bool all = n <= HIDP__ALL_SUBSETS_MAX;
	uint32_t most = all ? (1u << n) : n;
	struct hidp__team *teams = hidp__arena_alloc(arena, (size_t)most + 1, sizeof *teams);
	if (teams == NULL)
		return false;
	site->teams = teams;
	site->team_count = 0;
	for (uint32_t i = all ? 1 : 2; i < (all ? most : n + 1); i++) {
		uint64_t chosen = all ? i : n == 64 && i == 64 ? UINT64_MAX : ((uint64_t)1 << i) - 1;
		if ((chosen & (chosen - 1)) == 0)
			continue; /* a team of one is no team */
		if (!add_team(&teams[site->team_count], site, chosen, arena))
			return false;
		site->team_count++;
	}
	return true;
}

static void read_rates(struct hidp__site *site, const struct hidp__tables *t, uint32_t place)
{
	const struct hidp__problem *p = t->problem;
	const struct hidp__work *w = &t->layers[place];
	for (uint32_t q = 0; q < site->processor_count; q++) {
		size_t at = (size_t)place * site->processor_count + q;
		struct hidp__rate *rate = &site->rates[at];
		hidp__rate_of(rate, p->model, p->cluster, p->cost, w->id, site->node, q);
		if (!hidp__request_allows(p->request, p->cluster, w->id, site->node, q))
			rate->runs = false;
		site->single_s[at] =
		        rate->runs ? hidp__slice_time(rate, HIDP__ROWS, 1, w->bytes) : INFINITY;
	}
}

static bool team_runs(const struct hidp__site *site, const struct hidp__team *team, uint32_t place)
{
	for (uint32_t k = 0; k < team->count; k++)
		if (!site->rates[(size_t)place * site->processor_count + team->members[k]].runs)
			return false;
	return true;
}

/* Bytes of which r rows move at least r / rows, whatever r is. */
static double least_bytes(const struct hidp__work *w)
{
	double bytes = w->free ? 0 : (double)w->rows * w->moved_row_bytes + w->moved_weight_bytes;
	for (uint32_t i = 0; i < w->feed_count && !w->free; i++) {
		const struct hidp__feed *f = &w->feeds[i];
		double all = (double)hidp__rule_read(&f->rule, f->rows, w->rows);
		double each = (double)w->rows * (double)hidp__rule_read(&f->rule, f->rows, 1);
		bytes += fmin(all, each) * f->row_bytes;
	}
	return bytes;
}

/*
 * The least seconds that the whole layer takes on a processor, without its overhead and with it.
 * A part of it takes less by rows or by channels, whichever is less for it: that is concave, and so
 * not below the line from the lesser overhead to the lesser of both for the whole layer.
 */
static void find_least(const struct hidp__work *w, const struct hidp__rate *rate, double *whole_s,
                       double *work_s)
{
	double move = rate->byte_s > 0 ? least_bytes(w) * rate->byte_s : 0;
	double rows = fmax(rate->work_s[HIDP__ROWS], move);
	double channels = fmax(rate->work_s[HIDP__CHANNELS], move);
	double whole = fmin(rate->fixed_s[HIDP__ROWS] + rows,
	                    rate->fixed_s[HIDP__CHANNELS] + channels) * rate->slowdown;
	double work = whole - hidp__least_fixed_s(rate);
	*whole_s = whole;
	*work_s = work > 0 ? work : 0; /* last: both may be the same table */
}

/* The layer alone, on each processor and each team. */
static void time_layer(struct hidp__site *site, const struct hidp__tables *t, uint32_t place)
{
	const struct hidp__work *w = &t->layers[place];
	double best = INFINITY;
	for (uint32_t q = 0; q < site->processor_count; q++) {
		double s = site->single_s[(size_t)place * site->processor_count + q];
		best = s < best ? s : best;
	}
	for (uint32_t i = 0; i < site->usable_count; i++) {
		size_t at = (size_t)place * site->processor_count + site->usable[i];
		if (site->rates[at].runs)
			find_least(w, &site->rates[at], &site->whole_s[at], &site->least_s[at]);
	}
	for (uint32_t k = 0; k < site->team_count; k++) {
		const struct hidp__team *team = &site->teams[k];
		int64_t counts[HIDP_NODE_PROCESSORS_MAX];
		size_t at = (size_t)place * site->team_count + k;
		site->team_s[at] = INFINITY;
		site->team_axis[at] = HIDP__ROWS;
		if (w->free || !team_runs(site, team, place))
			continue;
		site->team_s[at] =
		        hidp__divide(site, w, place, team, HIDP__ROWS, w->rows, counts,
		                     NULL);
		if (w->splits_channels) {
			double s = hidp__divide(site, w, place, team, HIDP__CHANNELS, w->rows,
			                        counts, NULL);
			if (s < site->team_s[at]) {
				site->team_s[at] = s;
				site->team_axis[at] = HIDP__CHANNELS;
			}
		}
		best = site->team_s[at] < best ? site->team_s[at] : best;
	}
	site->best_s[place] = best;
}

/* The rows of a table of a layer with the same figures are the same. */
static void copy_rates(struct hidp__site *site, uint32_t to, uint32_t from)
{
	size_t p = site->processor_count;
	memcpy(site->rates + to * p, site->rates + from * p, p * sizeof *site->rates);
	memcpy(site->single_s + to * p, site->single_s + from * p, p * sizeof *site->single_s);
}

static void copy_times(struct hidp__site *site, uint32_t to, uint32_t from)
{
	size_t p = site->processor_count, n = site->team_count;
	memcpy(site->least_s + to * p, site->least_s + from * p, p * sizeof *site->least_s);
	if (site->whole_s != site->least_s)
		memcpy(site->whole_s + to * p, site->whole_s + from * p, p * sizeof *site->whole_s);
	site->best_s[to] = site->best_s[from];
	if (n == 0)
		return;
	memcpy(site->team_s + to * n, site->team_s + from * n, n * sizeof *site->team_s);
	memcpy(site->team_axis + to * n, site->team_axis + from * n, n);
}

/* Where channels are never divided, what that would take must not make bounds lower. */
static void forget_channels(struct hidp__site *site, const struct hidp__tables *t)
{
	for (uint32_t l = 0; l < t->layer_count; l++) {
		struct hidp__rate *rates = site->rates + (size_t)l * site->processor_count;
		if (site->usable_count > 1 && t->layers[l].splits_channels)
			continue;
		for (uint32_t q = 0; q < site->processor_count; q++) {
			rates[q].fixed_s[HIDP__CHANNELS] = rates[q].fixed_s[HIDP__ROWS];
			rates[q].work_s[HIDP__CHANNELS] = rates[q].work_s[HIDP__ROWS];
		}
	}
}

/* What depends on the processors alone. */
static bool read_node(struct hidp__site *site, const struct hidp__tables *t,
                      struct hidp__arena *arena)
{
	const struct hidp__node *n = &t->problem->cluster->nodes[site->node];
	size_t cells = (size_t)t->layer_count * n->processor_count;
	double *copy = hidp__arena_calloc(arena, n->processor_count, sizeof *copy);
	site->rates = hidp__arena_alloc(arena, cells, sizeof *site->rates);
	site->single_s = hidp__arena_alloc(arena, cells, sizeof *site->single_s);
	if (copy == NULL || site->rates == NULL || site->single_s == NULL)
		return false;
	for (uint32_t q = 0; q < n->processor_count; q++) {
		if (!(n->processors[q].copy_bandwidth_Bps > 0))
			continue;
		copy[q] = 1 / n->processors[q].copy_bandwidth_Bps;
		site->copies = true;
	}
	site->copy_s = copy;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		uint32_t from = hidp__alike(t, l, 1);
		if (from == l)
			read_rates(site, t, l);
		else
			copy_rates(site, l, from);
	}
	if (!find_usable(site, t, arena))
		return false;
	if (t->problem->cost != NULL)
		forget_channels(site, t);
	return find_teams(site, arena);
}

/* Can a second of a processor cost anything? */
static bool has_prices(const struct hidp__request *r)
{
	const struct hidp_plan_options *o = &r->options;
	return o->objective != HIDP_OBJECTIVE_LATENCY || o->period_limit_s > 0 ||
	       o->energy_limit_j > 0 || r->stream;
}

bool hidp__tables_site(struct hidp__tables *tables, hidp_node_id node, struct hidp__arena *arena)
{
	const struct hidp__node *n = &tables->problem->cluster->nodes[node];
	struct hidp__site *site = &tables->sites[node];
	uint32_t layers = tables->layer_count;
	*site = (struct hidp__site){.node = node,
	                            .processor_count = n->processor_count,
	                            .first_processor = n->first_processor,
	                            .sync_s = n->desc.sync_s,
	                            .memory_bandwidth_Bps = n->desc.memory_bandwidth_Bps};
	if (!read_node(site, tables, arena))
		return false;
	size_t cells = (size_t)layers * n->processor_count;
	size_t teams = (size_t)layers * site->team_count + 1;
	site->least_s = hidp__arena_calloc(arena, cells, sizeof *site->least_s);
	site->whole_s = site->least_s;
	if (has_prices(tables->problem->request))
		site->whole_s = hidp__arena_calloc(arena, cells, sizeof *site->whole_s);
	site->best_s = hidp__arena_alloc(arena, layers, sizeof *site->best_s);
	site->team_s = hidp__arena_alloc(arena, teams, sizeof *site->team_s);
	site->team_axis = hidp__arena_alloc(arena, teams, 1);
	if (site->least_s == NULL || site->whole_s == NULL || site->best_s == NULL ||
	    site->team_s == NULL || site->team_axis == NULL)
		return false;
	for (uint32_t l = 0; l < layers; l++) {
		uint32_t from = hidp__alike(tables, l, 1);
		if (from == l)
			time_layer(site, tables, l);
		else
			copy_times(site, l, from);
	}
	return hidp__site_bounds(site, tables, arena) && hidp__kept_begin(site, tables, arena);
}

bool hidp__tables_build(struct hidp__tables *tables, const struct hidp__problem *problem,
                        struct hidp__arena *arena)
{
	*tables = (struct hidp__tables){.problem = problem,
	                                .node_count = problem->cluster->node_count};
	tables->sites = hidp__arena_calloc(arena, tables->node_count, sizeof *tables->sites);
	if (tables->sites == NULL || !hidp__tables_layers(tables, arena) ||
	    !hidp__waists_find(&tables->waists, tables, arena))
		return false;
	for (hidp_node_id n = 0; n < tables->node_count; n++)
		if (!hidp__tables_site(tables, n, arena))
			return false;
	return true;
}
