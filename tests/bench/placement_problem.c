/* SPDX-License-Identifier: MIT */
/* Reads placement problems: one layer per node of the file, colour classes as colocation groups. */
#include "placement_problem.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Elements of the tensor that costs most; a byte each. */
#define LARGEST 1e8
/*
 * In the file only what nodes need counts as memory, in the library tensors too. So that
 * they do not matter, bytes of the file count a million times, and there is room besides for
 * all tensors, as much as twenty thousand of these.
 */
#define MEMORY_UNIT 1e6
#define ROOM 2e10

struct reading {
	struct placement_problem *problem;
	struct hidp_context *context;
	json_t *nodes;
	uint32_t count, edge_count;
	uint32_t *from, *to;  /* [edge] node of the file */
	double *cost;         /* [node of the file] to move its output */
	hidp_layer_id *layer; /* likewise */
	double bandwidth_Bps;
	double memory;
	uint32_t accelerators, cpus;
	bool local;
};

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	if (json_is_boolean(value))
		return json_is_true(value);
	if (!json_is_number(value))
		bench_fail("placement problem: \"%s\" is not a number", key);
	return json_number_value(value);
}

static const json_t *node_at(const struct reading *r, uint32_t i)
{
	return json_array_get(r->nodes, i);
}

static uint32_t find_node(const struct reading *r, double id)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (number(node_at(r, i), "id") == id)
			return i;
	bench_fail("placement problem: an edge names node %g", id);
}

/* Which nodes a node reads; returns how many. */
static uint32_t find_inputs(const struct reading *r, uint32_t node, uint32_t *inputs)
{
	uint32_t count = 0;
	for (uint32_t e = 0; e < r->edge_count; e++) {
		uint32_t k = 0;
		if (r->to[e] != node)
			continue;
		while (k < count && inputs[k] != r->from[e])
			k++;
		if (k == HIDP_LAYER_INPUTS_MAX)
			bench_fail("placement problem: node %u has too many inputs", node);
		if (k == count)
			inputs[count++] = r->from[e];
	}
	return count;
}

/* A layer with these inputs; what costs nothing to move is waited for, but no row of it is read. */
static void add_layer(struct hidp_model_builder *builder, struct hidp_layer_desc *desc,
                      const hidp_layer_id *inputs, const bool *read, uint32_t count,
                      hidp_layer_id *layer)
{
	static const struct hidp_row_rule row = {1, 1, 0, 1}, none = {1, 1, -2, 1};
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_row_rule rules[HIDP_LAYER_INPUTS_MAX];
	for (uint32_t i = 0; i < count; i++)
		rules[i] = read[i] ? row : none;
	desc->op = HIDP_OP_CUSTOM;
	desc->dtype = HIDP_DTYPE_INT8;
	desc->inputs = inputs;
	desc->input_count = count;
	desc->row_rules = rules;
	bench_must(hidp_model_builder_add(builder, desc, layer, &said), &said, "layer");
}

static void add_node(struct reading *r, struct hidp_model_builder *builder, hidp_layer_id source,
                     uint32_t node)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	uint32_t from[HIDP_LAYER_INPUTS_MAX];
	hidp_layer_id inputs[HIDP_LAYER_INPUTS_MAX] = {source};
	bool read[HIDP_LAYER_INPUTS_MAX] = {false};
	const json_t *colour = json_object_get(node_at(r, node), "colorClass");
	uint32_t count = find_inputs(r, node, from);
	for (uint32_t i = 0; i < count; i++) {
		inputs[i] = r->layer[from[i]];
		read[i] = r->cost[from[i]] > 0;
	}
	desc.shape = (struct hidp_shape){
	        1, (int64_t)fmax(round(r->cost[node] * r->bandwidth_Bps), 1), 1, 1};
	desc.weight_bytes = floor(number(node_at(r, node), "size")) * MEMORY_UNIT;
	if (json_is_integer(colour))
		desc.colocation = (uint32_t)json_integer_value(colour) + 1;
	add_layer(builder, &desc, inputs, read, count != 0 ? count : 1, &r->layer[node]);
}

/* Nodes of the file behind what they read. */
static uint32_t *order_nodes(const struct reading *r)
{
	uint32_t *order = calloc(r->count, sizeof *order), *waits = calloc(r->count, sizeof *waits);
	uint32_t inputs[HIDP_LAYER_INPUTS_MAX], done = 0;
	for (uint32_t i = 0; i < r->count; i++) {
		waits[i] = find_inputs(r, i, inputs);
		if (waits[i] == 0)
			order[done++] = i;
	}
	for (uint32_t at = 0; at < done; at++)
		for (uint32_t i = 0; i < r->count; i++) {
			uint32_t count = find_inputs(r, i, inputs);
			for (uint32_t k = 0; k < count; k++)
				if (inputs[k] == order[at] && --waits[i] == 0)
					order[done++] = i;
		}
	if (done != r->count)
		bench_fail("placement problem: its graph has a cycle");
	free(waits);
	return order;
}

/* Whatever nobody reads is read, without a row, by a last layer, so that nothing is delivered. */
static void add_end(struct reading *r, struct hidp_model_builder *builder)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	hidp_layer_id inputs[HIDP_LAYER_INPUTS_MAX], layer;
	bool read[HIDP_LAYER_INPUTS_MAX] = {false};
	bool *is_read = calloc(r->count, sizeof *is_read);
	uint32_t count = 0;
	for (uint32_t e = 0; e < r->edge_count; e++)
		is_read[r->from[e]] = true;
	for (uint32_t i = 0; i < r->count; i++) {
		if (is_read[i])
			continue;
		if (count == HIDP_LAYER_INPUTS_MAX)
			bench_fail("placement problem: too many nodes that nobody reads");
		inputs[count++] = r->layer[i];
	}
	desc.name = "end";
	desc.shape = (struct hidp_shape){1, 1, 1, 1};
	add_layer(builder, &desc, inputs, read, count, &layer);
	free(is_read);
}

static void make_model(struct reading *r)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model_builder *builder;
	hidp_layer_id source;
	uint32_t *order = order_nodes(r);
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	bench_must(hidp_model_builder_new(r->context, &options, &builder), NULL, "model");
	desc.op = HIDP_OP_INPUT;
	desc.dtype = HIDP_DTYPE_INT8;
	desc.shape = (struct hidp_shape){1, 1, 1, 1};
	bench_must(hidp_model_builder_add(builder, &desc, &source, &said), &said, "input");
	for (uint32_t i = 0; i < r->count; i++)
		add_node(r, builder, source, order[i]);
	add_end(r, builder);
	bench_must(hidp_model_builder_seal(builder, &r->problem->model, &said), &said, "model");
	hidp_model_builder_destroy(builder);
	free(order);
}

static void add_processor(struct hidp_cluster_builder *builder, hidp_node_id node, double copy_Bps,
                          double memory)
{
	struct hidp_processor_desc desc = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	for (uint32_t c = 0; c < HIDP_CLASS_COUNT; c++)
		desc.rate_flops[c] = 1; /* times come from the table */
	desc.copy_bandwidth_Bps = copy_Bps;
	desc.memory_bytes = (uint64_t)memory;
	bench_must(hidp_cluster_builder_add_processor(builder, node, &desc, NULL, &said), &said,
	           "processor");
}

static void make_cluster(struct reading *r)
{
	struct hidp_node_desc host = HIDP_NODE_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster_builder *builder;
	hidp_node_id hub;
	host.flags = r->local ? 0 : HIDP_NODE_HUB;
	bench_must(hidp_cluster_builder_new(r->context, &builder), NULL, "cluster");
	bench_must(hidp_cluster_builder_add_node(builder, &host, &hub, &said), &said, "host");
	for (uint32_t i = 0; i < r->cpus; i++)
		add_processor(builder, hub, 0, 0);
	for (uint32_t i = 0; i < r->accelerators; i++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
		if (r->local) {
			add_processor(builder, hub, r->bandwidth_Bps, r->memory);
			continue;
		}
		node.flags = HIDP_NODE_TRANSFERS_ARE_WORK;
		node.memory_bytes = (uint64_t)r->memory;
		bench_must(hidp_cluster_builder_add_node(builder, &node, &link.to, &said), &said,
		           "node");
		add_processor(builder, link.to, 0, 0);
		link.from = hub;
		link.flags = HIDP_LINK_BOTH_WAYS;
		link.bandwidth_Bps = r->bandwidth_Bps;
		bench_must(hidp_cluster_builder_add_link(builder, &link, &said), &said, "link");
	}
	bench_must(hidp_cluster_builder_seal(builder, &r->problem->cluster, &said), &said, "cluster");
	hidp_cluster_builder_destroy(builder);
}

static void set_times(const struct reading *r, struct hidp_cost_builder *builder,
                      hidp_layer_id layer, double cpu_s, double accelerator_s, bool supported)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	for (uint32_t i = 0; i < r->cpus + r->accelerators; i++) {
		struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
		bool is_cpu = i < r->cpus;
		entry.seconds = is_cpu ? cpu_s : accelerator_s;
		entry.row_fixed_s = entry.channel_fixed_s = entry.seconds;
		entry.flags = is_cpu || supported ? 0 : HIDP_COST_UNSUPPORTED;
		hidp_node_id node = r->local || is_cpu ? 0 : 1 + i - r->cpus;
		bench_must(hidp_cost_builder_set(builder, layer, node,
		                                 r->local || is_cpu ? i : 0, &entry, &said),
		           &said, "cost");
	}
}

static void make_cost(struct reading *r)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost_builder *builder;
	hidp_layer_id end;
	bench_must(hidp_cost_builder_new(r->problem->model, r->problem->cluster, &builder), NULL,
	           "cost");
	for (uint32_t i = 0; i < r->count; i++) {
		const json_t *node = node_at(r, i);
		set_times(r, builder, r->layer[i], number(node, "cpuLatency"),
		          number(node, "fpgaLatency"), number(node, "supportedOnFpga") != 0);
	}
	bench_must(hidp_model_find(r->problem->model, "end", &end), NULL, "the last layer");
	set_times(r, builder, end, 0, 0, true);
	bench_must(hidp_cost_builder_seal(builder, &r->problem->cost, &said), &said, "cost");
	hidp_cost_builder_destroy(builder);
}

static json_t *load(const struct placement_file *file)
{
	char path[512];
	json_error_t error;
	snprintf(path, sizeof path, "%s/%s.json", BENCH_PLACEMENT, file->name);
	json_t *root = json_load_file(path, 0, &error);
	if (root == NULL)
		bench_fail("%s, line %d: %s", path, error.line, error.text);
	return root;
}

void placement_problem_read(struct placement_problem *problem, struct hidp_context *context,
                            const struct placement_file *file, bool local)
{
	struct reading r = {.problem = problem, .context = context, .local = local};
	double most = 0;
	json_t *root = load(file);
	r.nodes = json_object_get(root, "nodes");
	json_t *edges = json_object_get(root, "edges");
	r.edge_count = (uint32_t)json_array_size(edges);
	r.from = calloc(r.edge_count, sizeof *r.from);
	r.to = calloc(r.edge_count, sizeof *r.to);
	r.count = (uint32_t)json_array_size(r.nodes);
	r.accelerators = file->accelerators != 0 ? file->accelerators
	                                         : (uint32_t)number(root, "maxFPGAs");
	r.cpus = file->cpus != 0 ? file->cpus : (uint32_t)number(root, "maxCPUs");
	r.memory = file->memory > 0 ? file->memory : number(root, "maxSizePerFPGA");
	r.memory = r.memory * MEMORY_UNIT + ROOM;
	r.cost = calloc(r.count, sizeof *r.cost);
	r.layer = calloc(r.count, sizeof *r.layer);
	for (uint32_t e = 0; e < r.edge_count; e++) {
		const json_t *edge = json_array_get(edges, e);
		double cost = number(edge, "cost") * file->cost_factor;
		r.from[e] = find_node(&r, number(edge, "sourceId"));
		r.to[e] = find_node(&r, number(edge, "destId"));
		r.cost[r.from[e]] = cost;
		most = fmax(most, cost);
	}
	r.bandwidth_Bps = LARGEST / (most > 0 ? most : 1);
	make_model(&r);
	make_cluster(&r);
	make_cost(&r);
	problem->nodes = r.count;
	problem->accelerators = r.accelerators;
	free(r.from);
	free(r.to);
	free(r.cost);
	free(r.layer);
	json_decref(root);
}

void placement_problem_free(struct placement_problem *problem)
{
	hidp_cost_unref(problem->cost);
	hidp_cluster_unref(problem->cluster);
	hidp_model_unref(problem->model);
}

/* The file with its other costs, counts and memory. */
static void write_variant(const struct placement_file *file, const char *path)
{
	json_t *root = load(file), *edges = json_object_get(root, "edges");
	for (size_t e = 0; e < json_array_size(edges); e++) {
		json_t *edge = json_array_get(edges, e);
		double cost = number(edge, "cost") * file->cost_factor;
		json_object_set_new(edge, "cost", json_real(cost));
	}
	if (file->accelerators != 0)
		json_object_set_new(root, "maxFPGAs", json_integer(file->accelerators));
	if (file->cpus != 0)
		json_object_set_new(root, "maxCPUs", json_integer(file->cpus));
	if (file->memory > 0)
		json_object_set_new(root, "maxSizePerFPGA", json_real(file->memory));
	if (json_dump_file(root, path, JSON_REAL_PRECISION(17)) != 0)
		bench_fail("%s: cannot be written", path);
	json_decref(root);
}

double placement_file_run_peer(const struct placement_file *file, const char *peer,
                               struct bench_peer *used)
{
	char input[] = "hidp-peer-in-XXXXXX", output[] = "hidp-peer-out-XXXXXX";
	const char *arguments[] = {peer, NULL};
	json_error_t error;
	int in = mkstemp(input), out = mkstemp(output);
	if (in < 0 || out < 0)
		bench_fail("no files for the peer");
	write_variant(file, input);
	*used = bench_run_peer(arguments, input, output);
	json_t *root = json_load_file(output, 0, &error);
	if (root == NULL)
		bench_fail("%s: its output is no JSON: %s", peer, error.text);
	double longest = number(root, "maxLoad");
	json_decref(root);
	close(in);
	close(out);
	unlink(input);
	unlink(output);
	return longest;
}
