/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_maker.h"

#define MOST_ROUTES 24u

static void add_stage(struct maker *m, hidp_stage_kind kind, uint32_t layer_count, int64_t row_units)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	d.kind = kind;
	d.layer_count = layer_count;
	d.row_units = row_units;
	maker_must(m, hidp_plan_builder_add_stage(m->builder, &d, &diag), &diag);
	m->split_count = 0;
}

static void add_share(struct maker *m, struct hidp_share_desc d, const hidp_layer_id *layers,
                      uint32_t count, int64_t units)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	bool split = d.row_end > 0;
	maker_must(m, hidp_plan_builder_add_share(m->builder, &d, &diag), &diag);
	random_plan_comp(m->model, layers, count, split ? d.row_begin : 0, split ? d.row_end : 1,
	                 split ? units : 1, m->comp);
	/* the list given may be the scratch that steps use */
	hidp_layer_id *copy = malloc(count * sizeof *copy);
	memcpy(copy, layers, count * sizeof *copy);
	maker_add_steps(m, d.node, copy, count);
	free(copy);
}

/* Nodes that can run all of some layers, in random order, at most MOST_SHARES. */
static uint32_t find_nodes(const struct maker *m, uint32_t count, hidp_node_id *found)
{
	hidp_node_id *all = malloc(m->node_count * sizeof *all);
	uint32_t n = 0;
	for (hidp_node_id node = 0; node < m->node_count; node++)
		if (maker_node_can(m, m->layers, count, node))
			all[n++] = node;
	rng_shuffle(m->rng, all, n);
	n = n < MOST_SHARES ? n : MOST_SHARES;
	memcpy(found, all, n * sizeof *all);
	free(all);
	return n;
}

static bool try_single_stage(struct maker *m, uint32_t stage_layers, uint32_t count)
{
	hidp_node_id nodes[MOST_SHARES];
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	if (find_nodes(m, count, nodes) == 0)
		return false;
	add_stage(m, HIDP_STAGE_SINGLE, stage_layers, 0);
	d.node = nodes[0];
	add_share(m, d, m->layers, count, 0);
	return true;
}

static bool all_can(const struct maker *m, const hidp_node_id *nodes, uint32_t count,
                    uint32_t layer_count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!maker_node_can(m, m->layers, layer_count, nodes[i]))
			return false;
	return true;
}

static bool try_split_stage(struct maker *m, uint32_t stage_layers, uint32_t count)
{
	hidp_node_id nodes[MOST_SHARES];
	int64_t cuts[MOST_SHARES + 1], units = 1, tallest = 1;
	uint32_t shares = m->split_count;
	for (uint32_t i = 0; i < count; i++) {
		int64_t rows = maker_layer(m->model, m->layers[i]).shape.rows;
		tallest = rows > tallest ? rows : tallest;
	}
	if (shares > 0 && rng_chance(m->rng, 60) && all_can(m, m->split_nodes, shares, count)) {
		/* goes on as the stage before, with the halo exchanged at the cut */
		units = m->split_units;
		memcpy(nodes, m->split_nodes, sizeof nodes);
		memcpy(cuts, m->split_cuts, sizeof cuts);
	} else {
		units = rng_chance(m->rng, 60) ? tallest : rng_between(m->rng, 1, 2 * tallest);
		uint32_t able = find_nodes(m, count, nodes);
		if (able < 2 || units < 2)
			return false;
		shares = (uint32_t)rng_between(m->rng, 2, units < able ? units : able);
		rng_divide(m->rng, units, shares, cuts);
	}
	add_stage(m, HIDP_STAGE_SPLIT, stage_layers, units);
	for (uint32_t k = 0; k < shares; k++) {
		struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
		d.node = nodes[k];
		d.row_begin = cuts[k];
		d.row_end = cuts[k + 1];
		add_share(m, d, m->layers, count, units);
	}
	m->split_count = shares;
	m->split_units = units;
	memcpy(m->split_nodes, nodes, sizeof nodes);
	memcpy(m->split_cuts, cuts, sizeof cuts);
	return true;
}

static bool try_branch_stage(struct maker *m, uint32_t stage_layers, uint32_t count)
{
	uint32_t components = maker_components(m, m->layers, count), used = 0;
	for (uint32_t c = 0; c < components; c++) {
		hidp_node_id *able = malloc(m->node_count * sizeof *able);
		uint32_t n = 0, own = 0;
		for (uint32_t i = 0; i < count; i++)
			if (m->component[m->layers[i]] == c)
				m->list[own++] = m->layers[i];
		for (hidp_node_id node = 0; node < m->node_count; node++)
			if (maker_node_can(m, m->list, own, node))
				able[n++] = node;
		if (n > 0)
			m->place[c] = able[rng_below(m->rng, n)];
		free(able);
		if (n == 0)
			return false;
		used += c > 0 && m->place[c] != m->place[0];
	}
	if (used == 0)
		return false;
	/* adding steps numbers components anew: keep what was decided here */
	hidp_layer_id *lists = malloc(count * sizeof *lists);
	uint32_t *sizes = calloc(m->node_count, sizeof *sizes), at = 0;
	for (hidp_node_id node = 0; node < m->node_count; node++) {
		sizes[node] = maker_list_at(m, m->layers, count, node);
		memcpy(lists + at, m->list, sizes[node] * sizeof *lists);
		at += sizes[node];
	}
	add_stage(m, HIDP_STAGE_BRANCH, stage_layers, 0);
	at = 0;
	for (hidp_node_id node = 0; node < m->node_count; at += sizes[node++]) {
		struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
		d.node = node;
		d.layers = lists + at;
		d.layer_count = sizes[node];
		if (sizes[node] > 0)
			add_share(m, d, lists + at, sizes[node], 0);
	}
	free(lists);
	free(sizes);
	return true;
}

/* The same for replicas, each of which has processors of its own for colocated layers. */
static uint32_t find_replicas(struct maker *m, uint32_t count, hidp_node_id *found)
{
	uint32_t n = 0;
	hidp_node_id *all = malloc(m->node_count * sizeof *all);
	hidp_node_id *seat_node = malloc(m->layer_count * sizeof *seat_node);
	hidp_processor_id *seat_processor = malloc(m->layer_count * sizeof *seat_processor);
	memcpy(seat_node, m->seat_node, m->layer_count * sizeof *seat_node);
	memcpy(seat_processor, m->seat_processor, m->layer_count * sizeof *seat_processor);
	for (hidp_node_id node = 0; node < m->node_count; node++)
		if (maker_seat_on(m, count, node) && maker_node_can(m, m->layers, count, node))
			all[n++] = node;
	memcpy(m->seat_node, seat_node, m->layer_count * sizeof *seat_node);
	memcpy(m->seat_processor, seat_processor, m->layer_count * sizeof *seat_processor);
	rng_shuffle(m->rng, all, n);
	n = n < MOST_SHARES ? n : MOST_SHARES;
	memcpy(found, all, n * sizeof *all);
	free(all);
	free(seat_node);
	free(seat_processor);
	return n;
}

static bool try_replica_stage(struct maker *m, uint32_t stage_layers, uint32_t count)
{
	hidp_node_id nodes[MOST_SHARES];
	uint32_t able = find_replicas(m, count, nodes);
	double weights[MOST_SHARES], sum = 0;
	if (!m->stream || able < 2)
		return false;
	uint32_t shares = (uint32_t)rng_between(m->rng, 2, able < 4 ? able : 4);
	if (m->routes * shares > MOST_ROUTES)
		return false;
	m->routes *= shares;
	add_stage(m, HIDP_STAGE_REPLICA, stage_layers, 0);
	for (uint32_t k = 0; k < shares; k++)
		sum += weights[k] = 0.1 + rng_real(m->rng);
	for (uint32_t k = 0; k < shares; k++) {
		struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
		d.node = nodes[k];
		d.fraction = weights[k] / sum;
		maker_seat_on(m, count, nodes[k]);
		add_share(m, d, m->layers, count, 0);
	}
	return true;
}

/* Computing layers among [first, first + count) into m->layers. */
static uint32_t list_computing(struct maker *m, hidp_layer_id first, uint32_t count)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < count; i++)
		if (maker_layer(m->model, first + i).op != HIDP_OP_INPUT)
			m->layers[n++] = first + i;
	return n;
}

/* How many layers a stage takes that begins at `first`: about `most`; they are listed in m->layers. */
static uint32_t pick_range(struct maker *m, hidp_layer_id first, uint32_t most, uint32_t *computing)
{
	uint32_t left = m->layer_count - first, least = 1;
	while (list_computing(m, first, least) == 0)
		least++; /* no stage of inputs alone ... */
	uint32_t want = (uint32_t)rng_between(m->rng, 1, most < left ? most : left);
	if (want < least)
		want = least;
	if (want < left && list_computing(m, first + want, left - want) == 0)
		want = left; /* ... also not at the end */
	*computing = list_computing(m, first, want);
	return want;
}

/* Adds a stage that begins at `first`; returns its number of layers. */
static uint32_t make_stage(struct maker *m, hidp_layer_id first)
{
	for (int tries = 0; tries < 3; tries++) {
		uint32_t n, want = pick_range(m, first, rng_chance(m->rng, 30) ? UINT32_MAX : 8, &n);
		bool ok;
		/* undivided: single stages and branches */
		switch (rng_below(m->rng, 7) & (m->instance->undivided ? 4 : 7)) {
		case 1:
		case 2:
		case 3:
			ok = try_split_stage(m, want, n);
			break;
		case 4:
		case 5:
			for (int more = 0; more < 4 && maker_components(m, m->layers, n) < 2; more++)
				want = pick_range(m, first, 16, &n);
			ok = try_branch_stage(m, want, n);
			break;
		case 6:
			ok = try_replica_stage(m, want, n);
			break;
		default:
			ok = try_single_stage(m, want, n);
			break;
		}
		if (ok)
			return want;
	}
	/* what pins ask for may need a stage of its own */
	uint32_t n, want = pick_range(m, first, 1, &n);
	if (!try_single_stage(m, want, n)) {
		fprintf(stderr, "seed %llu: no node can run layer %u\n",
		        (unsigned long long)m->instance->seed, m->layers[0]);
		exit(1);
	}
	return want;
}

static hidp_status try_plan(const struct random_instance *instance, struct rng *rng,
                            struct hidp_plan **plan_out)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct maker m = {.instance = instance,
	                  .model = instance->model,
	                  .cluster = instance->cluster,
	                  .rng = rng,
	                  .routes = 1};
	m.layer_count = hidp_model_layer_count(m.model);
	m.node_count = hidp_cluster_node_count(m.cluster);
	m.stream = (instance->options.flags & HIDP_PLAN_STREAM) != 0 ||
	           instance->options.objective == HIDP_OBJECTIVE_PERIOD;
	m.layers = malloc(m.layer_count * sizeof *m.layers);
	m.list = malloc(m.layer_count * sizeof *m.list);
	m.component = malloc(m.layer_count * sizeof *m.component);
	m.place = malloc(m.layer_count * sizeof *m.place);
	m.seat_node = malloc(m.layer_count * sizeof *m.seat_node);
	m.seat_processor = malloc(m.layer_count * sizeof *m.seat_processor);
	m.comp = calloc(m.layer_count, 2 * sizeof *m.comp);
	maker_must(&m, hidp_plan_builder_new(instance->model, instance->cluster, instance->cost,
	                               &instance->options, &m.builder, &diag),
	     &diag);
	maker_seat(&m);
	for (hidp_layer_id first = 0; first < m.layer_count;)
		first += make_stage(&m, first);
	hidp_status status = hidp_plan_builder_seal(m.builder, plan_out, &diag);
	bool may_lead_back = instance->options.flags & HIDP_PLAN_CONTIGUOUS;
	if (status != HIDP_ERR_INFEASIBLE && !(status == HIDP_ERR_PLAN && may_lead_back))
		maker_must(&m, status, &diag);
	hidp_plan_builder_destroy(m.builder);
	free(m.layers);
	free(m.list);
	free(m.component);
	free(m.place);
	free(m.seat_node);
	free(m.seat_processor);
	free(m.comp);
	return status;
}

hidp_status random_plan(const struct random_instance *instance, struct rng *rng,
                        struct hidp_plan **plan_out)
{
	hidp_status status = HIDP_ERR_PLAN;
	for (int tries = 0; tries < 40 && status == HIDP_ERR_PLAN; tries++)
		status = try_plan(instance, rng, plan_out);
	return status;
}
