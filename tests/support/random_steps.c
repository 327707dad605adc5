/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "random_maker.h"

struct hidp_layer_info maker_layer(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	support_must(hidp_model_layer(model, layer, &info), NULL, "layer");
	return info;
}

static bool contains(const hidp_layer_id *layers, uint32_t count, hidp_layer_id layer)
{
	for (uint32_t i = 0; i < count; i++)
		if (layers[i] == layer)
			return true;
	return false;
}

void random_plan_comp(const struct hidp_model *model, const hidp_layer_id *layers, uint32_t count,
                      int64_t unit_begin, int64_t unit_end, int64_t row_units, int64_t *comp)
{
	for (uint32_t i = 0; i < count; i++) {
		int64_t rows = maker_layer(model, layers[i]).shape.rows;
		comp[2 * layers[i]] = unit_begin * rows / row_units;
		comp[2 * layers[i] + 1] = unit_end * rows / row_units;
	}
	for (uint32_t i = count; i-- > 0;) {
		const int64_t *rows = &comp[2 * layers[i]];
		uint32_t inputs = maker_layer(model, layers[i]).input_count;
		for (uint32_t k = 0; k < inputs && rows[0] < rows[1]; k++) {
			hidp_layer_id in;
			struct hidp_row_rule rule;
			int64_t begin, end;
			hidp_model_layer_input(model, layers[i], k, &in, &rule, NULL);
			if (!contains(layers, count, in))
				continue;
			hidp_row_rule_apply(&rule, maker_layer(model, in).shape.rows, rows[0], rows[1],
			                    &begin, &end);
			int64_t *to = &comp[2 * in];
			if (begin >= end)
				continue;
			bool empty = to[0] >= to[1];
			to[0] = empty || begin < to[0] ? begin : to[0];
			to[1] = empty || end > to[1] ? end : to[1];
		}
	}
}

bool random_place_allowed(const struct random_instance *instance, hidp_layer_id layer,
                          hidp_node_id node, hidp_processor_id processor)
{
	const struct hidp_plan_options *o = &instance->options;
	struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	hidp_cluster_node(instance->cluster, node, &n);
	hidp_cluster_processor(instance->cluster, node, processor, &p);
	if ((n.flags & HIDP_NODE_UNAVAILABLE) || p.load >= 1)
		return false;
	for (size_t i = 0; i < o->excluded_count; i++)
		if (o->excluded_nodes[i] == node &&
		    (o->excluded_processors[i] == HIDP_PROCESSOR_NONE ||
		     o->excluded_processors[i] == processor))
			return false;
	for (size_t i = 0; i < o->pin_count; i++)
		if (o->pin_layers[i] == layer &&
		    (o->pin_nodes[i] != node || (o->pin_processors[i] != HIDP_PROCESSOR_NONE &&
		                                 o->pin_processors[i] != processor)))
			return false;
	support_must(hidp_cost_get(instance->model, instance->cluster, instance->cost, layer, node,
	                           processor, &entry),
	             NULL, "cost");
	return !(entry.flags & HIDP_COST_UNSUPPORTED);
}

/* Allowed for the layer, and where its group is seated. */
static bool place_fits(const struct maker *m, hidp_layer_id layer, hidp_node_id node,
                       hidp_processor_id processor)
{
	if (m->seat_node[layer] != HIDP_NODE_NONE &&
	    (m->seat_node[layer] != node || m->seat_processor[layer] != processor))
		return false;
	return random_place_allowed(m->instance, layer, node, processor);
}

static bool processor_can(const struct maker *m, const hidp_layer_id *layers, uint32_t count,
                          hidp_node_id node, hidp_processor_id processor)
{
	for (uint32_t i = 0; i < count; i++)
		if (!place_fits(m, layers[i], node, processor))
			return false;
	return true;
}

/* Seats a whole group there; false: the processor cannot run one of its layers. */
static bool seat_group(struct maker *m, uint32_t group, hidp_node_id node,
                       hidp_processor_id processor)
{
	for (hidp_layer_id l = 0; l < m->layer_count; l++)
		if (maker_layer(m->model, l).colocation == group &&
		    !random_place_allowed(m->instance, l, node, processor))
			return false;
	for (hidp_layer_id l = 0; l < m->layer_count; l++) {
		if (maker_layer(m->model, l).colocation != group)
			continue;
		m->seat_node[l] = node;
		m->seat_processor[l] = processor;
	}
	return true;
}

void maker_seat(struct maker *m)
{
	for (hidp_layer_id l = 0; l < m->layer_count; l++)
		m->seat_node[l] = HIDP_NODE_NONE;
	for (hidp_layer_id l = 0; l < m->layer_count; l++) {
		uint32_t group = maker_layer(m->model, l).colocation;
		bool seated = group == 0 || m->seat_node[l] != HIDP_NODE_NONE;
		for (int tries = 0; tries < 8 && !seated; tries++) {
			hidp_node_id node = (hidp_node_id)rng_below(m->rng, m->node_count);
			uint32_t processors = hidp_cluster_processor_count(m->cluster, node);
			seated = seat_group(m, group, node,
			                    (hidp_processor_id)rng_below(m->rng, processors));
		}
		if (!seated && !seat_group(m, group, 0, 0)) {
			fprintf(stderr, "seed %llu: nothing can run group %u\n",
			        (unsigned long long)m->instance->seed, group);
			exit(1);
		}
	}
}

bool maker_seat_on(struct maker *m, uint32_t count, hidp_node_id node)
{
	uint32_t processors = hidp_cluster_processor_count(m->cluster, node);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t group = maker_layer(m->model, m->layers[i]).colocation;
		if (group == 0)
			continue;
		for (hidp_layer_id l = 0; l < m->layer_count; l++)
			if (maker_layer(m->model, l).colocation == group &&
			    !contains(m->layers, count, l))
				return false;
		hidp_processor_id p = 0;
		while (p < processors && !seat_group(m, group, node, p))
			p++;
		if (p == processors)
			return false;
	}
	return true;
}

bool maker_node_can(const struct maker *m, const hidp_layer_id *layers, uint32_t count,
                     hidp_node_id node)
{
	uint32_t processors = hidp_cluster_processor_count(m->cluster, node);
	for (uint32_t i = 0; i < count; i++) {
		hidp_processor_id p = 0;
		while (p < processors && !place_fits(m, layers[i], node, p))
			p++;
		if (p == processors)
			return false;
	}
	return true;
}

uint32_t maker_components(const struct maker *m, const hidp_layer_id *layers, uint32_t count)
{
	uint32_t found = 0;
	for (uint32_t i = 0; i < count; i++)
		m->component[layers[i]] = i;
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t inputs = maker_layer(m->model, layers[i]).input_count;
			for (uint32_t k = 0; k < inputs; k++) {
				hidp_layer_id in;
				hidp_model_layer_input(m->model, layers[i], k, &in, NULL, NULL);
				if (!contains(layers, count, in))
					continue;
				uint32_t *a = &m->component[layers[i]], *b = &m->component[in];
				changed |= *a != *b;
				*a = *b = *a < *b ? *a : *b;
			}
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *c = &m->component[layers[i]];
		*c = *c == i ? found++ : m->component[layers[*c]];
	}
	return found;
}

uint32_t maker_list_at(const struct maker *m, const hidp_layer_id *layers, uint32_t count,
                        uint32_t place)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < count; i++)
		if (m->place[m->component[layers[i]]] == place)
			m->list[n++] = layers[i];
	return n;
}

void maker_must(struct maker *m, hidp_status status, const struct hidp_diagnostic *diag)
{
	char what[64];
	snprintf(what, sizeof what, "random plan of seed %llu",
	         (unsigned long long)m->instance->seed);
	support_must(status, diag, what);
}

static void add_step(struct maker *m, hidp_step_kind kind, uint32_t layer_count)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	d.kind = kind;
	d.layer_count = layer_count;
	maker_must(m, hidp_plan_builder_add_step(m->builder, &d, &diag), &diag);
}

static void add_slice(struct maker *m, hidp_processor_id processor, int64_t begin, int64_t end,
                      const hidp_layer_id *layers, uint32_t layer_count)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_slice_desc d = HIDP_SLICE_DESC_INIT;
	d.processor = processor;
	d.begin = begin;
	d.end = end;
	d.layers = layers;
	d.layer_count = layer_count;
	maker_must(m, hidp_plan_builder_add_slice(m->builder, &d, &diag), &diag);
}

/* The processors of a node that can run all of some layers, in random order. */
static uint32_t find_processors(const struct maker *m, const hidp_layer_id *layers, uint32_t count,
                                hidp_node_id node, uint32_t *found)
{
	uint32_t n = 0;
	for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(m->cluster, node); p++)
		if (processor_can(m, layers, count, node, p))
			found[n++] = p;
	rng_shuffle(m->rng, found, n);
	return n;
}

/* One step of this kind with the first of these layers; returns how many it took, 0 if it cannot be. */
static uint32_t try_divided(struct maker *m, hidp_node_id node, const hidp_layer_id *layers,
                            uint32_t count, bool channels)
{
	uint32_t processors[HIDP_NODE_PROCESSORS_MAX];
	int64_t cuts[HIDP_NODE_PROCESSORS_MAX + 1];
	uint32_t most = channels ? 1 : HIDP_STEP_LAYERS_MAX;
	uint32_t n = (uint32_t)rng_between(m->rng, 1, count < most ? count : most);
	const int64_t *rows = &m->comp[2 * layers[n - 1]];
	struct hidp_layer_info info = maker_layer(m->model, layers[n - 1]);
	int64_t total = rows[1] - rows[0], first = rows[0];
	if (channels && total > 0) {
		total = info.channel_grain > 0 ? info.shape.channels / info.channel_grain : 0;
		first = 0;
	}
	uint32_t able = find_processors(m, layers, n, node, processors);
	if (total < 2 || able < 2)
		return 0;
	uint32_t slices = (uint32_t)rng_between(m->rng, 2, total < able ? total : able);
	rng_divide(m->rng, total, slices, cuts);
	add_step(m, channels ? HIDP_STEP_CHANNELS : HIDP_STEP_ROWS, n);
	for (uint32_t k = 0; k < slices; k++)
		add_slice(m, processors[k], first + cuts[k], first + cuts[k + 1], NULL, 0);
	return n;
}

static uint32_t try_branches(struct maker *m, hidp_node_id node, const hidp_layer_id *layers,
                             uint32_t count)
{
	uint32_t processors[HIDP_NODE_PROCESSORS_MAX];
	uint32_t n = 0, components = 0, used = 0;
	for (int tries = 0; tries < 4 && components < 2; tries++) {
		n = (uint32_t)rng_between(m->rng, 1, count < 12 ? count : 12);
		components = maker_components(m, layers, n);
	}
	for (uint32_t c = 0; c < components; c++) {
		uint32_t own = 0;
		for (uint32_t i = 0; i < n; i++)
			if (m->component[layers[i]] == c)
				m->list[own++] = layers[i];
		uint32_t able = find_processors(m, m->list, own, node, processors);
		if (able == 0)
			return 0;
		m->place[c] = processors[0];
		used += c > 0 && m->place[c] != m->place[0];
	}
	if (used == 0)
		return 0;
	add_step(m, HIDP_STEP_BRANCH, n);
	for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(m->cluster, node); p++) {
		uint32_t own = maker_list_at(m, layers, n, p);
		if (own > 0)
			add_slice(m, p, 0, 0, m->list, own);
	}
	return n;
}

static uint32_t add_single(struct maker *m, hidp_node_id node, const hidp_layer_id *layers,
                           uint32_t count)
{
	uint32_t processors[HIDP_NODE_PROCESSORS_MAX];
	uint32_t n = (uint32_t)rng_between(m->rng, 1, count);
	if (find_processors(m, layers, n, node, processors) == 0) {
		n = 1;
		find_processors(m, layers, n, node, processors);
	}
	add_step(m, HIDP_STEP_SINGLE, n);
	add_slice(m, processors[0], 0, 0, NULL, 0);
	return n;
}

void maker_add_steps(struct maker *m, hidp_node_id node, const hidp_layer_id *layers,
                      uint32_t count)
{
	while (count > 0) {
		uint32_t n = 0;
		/* undivided: branches and single steps */
		switch (m->instance->undivided ? 3 + rng_below(m->rng, 2) : rng_below(m->rng, 5)) {
		case 0:
		case 1:
			n = try_divided(m, node, layers, count, false);
			break;
		case 2:
			n = try_divided(m, node, layers, count, true);
			break;
		case 3:
			n = try_branches(m, node, layers, count);
			break;
		default:
			break;
		}
		if (n == 0)
			n = add_single(m, node, layers, count);
		layers += n;
		count -= n;
	}
}
