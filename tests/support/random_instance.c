/* SPDX-License-Identifier: MIT */
#include "random_instance.h"

#include <stdio.h>
#include <stdlib.h>

void random_params_init(struct random_params *params)
{
	*params = (struct random_params){
	        .layers_min = 2,
	        .layers_max = 14,
	        .nodes_min = 1,
	        .nodes_max = 4,
	        .processors_min = 1,
	        .processors_max = 3,
	        .rows_min = 1,
	        .rows_max = 24,
	        .channels_max = 16,
	        .dag = true,
	        .odd_layers = true,
	        .unequal = true,
	        .odd_links = true,
	        .measured = true,
	        .pins = true,
	        .residency = true,
	        .stream = true,
	        .speed = 1,
	        .spread = 30,
	        .memory_min_bytes = 1e5,
	        .memory_max_bytes = 1e8,
	};
}

void support_must(hidp_status status, const struct hidp_diagnostic *diagnostic, const char *what)
{
	if (status == HIDP_OK)
		return;
	fprintf(stderr, "%s: %s: %s: %s\n", what, hidp_status_string(status),
	        diagnostic != NULL ? diagnostic->subject : "",
	        diagnostic != NULL ? diagnostic->message : "");
	exit(1);
}

uint64_t support_seed(const char *test, uint64_t otherwise)
{
	const char *text = getenv("HIDP_TEST_SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : otherwise;
	fprintf(stderr, "%s: seed %llu\n", test, (unsigned long long)seed);
	return seed;
}

/* The arrays that options point to, one behind the other. */
struct arrays {
	uint32_t *items;
	size_t used;
};

static uint32_t *room(struct arrays *a, size_t count)
{
	uint32_t *p = a->items + a->used;
	a->used += count;
	return p;
}

/* Excludes nodes or processors, but never the first processor of all. */
static void add_exclusions(struct random_instance *in, struct arrays *a, struct rng *rng)
{
	uint32_t nodes = hidp_cluster_node_count(in->cluster);
	size_t count = rng_below(rng, 3);
	uint32_t *where = room(a, count), *what = room(a, count);
	for (size_t i = 0; i < count; i++) {
		where[i] = (uint32_t)rng_below(rng, nodes);
		uint32_t processors = hidp_cluster_processor_count(in->cluster, where[i]);
		what[i] = where[i] != 0 && rng_chance(rng, 50) ? HIDP_PROCESSOR_NONE
		                                               : (uint32_t)rng_below(rng, processors);
		if (where[i] == 0 && what[i] == 0)
			count = i; /* keep what there is */
	}
	in->options.excluded_nodes = where;
	in->options.excluded_processors = what;
	in->options.excluded_count = count;
}

/* Pins a few layers to places that can run them. */
static void add_pins(struct random_instance *in, struct arrays *a, struct rng *rng)
{
	uint32_t layers = hidp_model_layer_count(in->model);
	uint32_t nodes = hidp_cluster_node_count(in->cluster);
	uint32_t *what = room(a, 3), *where = room(a, 3), *which = room(a, 3);
	size_t count = 0;
	for (uint64_t n = rng_below(rng, 4); n > 0; n--) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		hidp_layer_id l = (hidp_layer_id)rng_below(rng, layers);
		hidp_node_id node = (hidp_node_id)rng_below(rng, nodes);
		hidp_processor_id p = (hidp_processor_id)rng_below(
		        rng, hidp_cluster_processor_count(in->cluster, node));
		bool known = false;
		hidp_model_layer(in->model, l, &info);
		for (size_t i = 0; i < count; i++)
			known |= what[i] == l;
		/* other layers of a group might not be able to follow it */
		known |= info.colocation != 0;
		if (known || info.op == HIDP_OP_INPUT || !random_place_allowed(in, l, node, p))
			continue;
		what[count] = l;
		where[count] = node;
		which[count++] = rng_chance(rng, 50) ? p : HIDP_PROCESSOR_NONE;
	}
	in->options.pin_layers = what;
	in->options.pin_nodes = where;
	in->options.pin_processors = which;
	in->options.pin_count = count;
}

static void add_residency(struct random_instance *in, struct arrays *a, struct rng *rng)
{
	uint32_t layers = hidp_model_layer_count(in->model);
	uint32_t nodes = hidp_cluster_node_count(in->cluster);
	uint32_t *what = room(a, layers), *where = room(a, layers);
	in->options.flags |= HIDP_PLAN_RESIDENT;
	in->options.migration_weight = rng_chance(rng, 50) ? 0 : rng_real(rng);
	in->options.resident_layers = what;
	in->options.resident_nodes = where;
	in->options.resident_count = rng_below(rng, (uint64_t)layers + 1);
	for (size_t i = 0; i < in->options.resident_count; i++) {
		what[i] = (uint32_t)rng_below(rng, layers);
		where[i] = (uint32_t)rng_below(rng, nodes);
	}
}

static void add_options(struct random_instance *in, const struct random_params *params,
                        struct rng *rng)
{
	struct hidp_plan_options *o = &in->options;
	uint32_t layers = hidp_model_layer_count(in->model);
	uint32_t nodes = hidp_cluster_node_count(in->cluster);
	struct arrays a = {calloc(2 * layers + 16, sizeof(uint32_t)), 0};
	in->arrays = a.items;
	o->objective = (hidp_objective)rng_below(rng, 4);
	if (!params->stream && o->objective == HIDP_OBJECTIVE_PERIOD)
		o->objective = HIDP_OBJECTIVE_LATENCY;
	if (o->objective == HIDP_OBJECTIVE_WEIGHTED) {
		o->latency_weight = rng_real(rng);
		o->period_weight = rng_chance(rng, 50) ? 0 : rng_real(rng);
		o->energy_weight = rng_chance(rng, 50) ? 0 : rng_real(rng);
	}
	if (params->stream && rng_chance(rng, 30))
		o->flags |= HIDP_PLAN_STREAM;
	o->leader = (hidp_node_id)rng_below(rng, nodes);
	if (rng_chance(rng, 25)) {
		o->flags |= HIDP_PLAN_INPUT_AT;
		o->input_node = (hidp_node_id)rng_below(rng, nodes);
	}
	if (rng_chance(rng, 25)) {
		o->flags |= HIDP_PLAN_OUTPUT_AT;
		o->output_node = (hidp_node_id)rng_below(rng, nodes);
	}
	if (params->pins && rng_chance(rng, 30))
		add_exclusions(in, &a, rng);
	if (params->pins && rng_chance(rng, 30))
		add_pins(in, &a, rng);
	if (params->residency && rng_chance(rng, 30))
		add_residency(in, &a, rng);
	if (params->contiguous)
		o->flags |= HIDP_PLAN_CONTIGUOUS;
	in->undivided = params->undivided || params->contiguous;
}

void random_instance_init(struct random_instance *instance, struct hidp_context *context,
                          const struct random_params *params, uint64_t seed)
{
	struct rng rng;
	rng_seed(&rng, seed);
	*instance = (struct random_instance){.seed = seed, .options = HIDP_PLAN_OPTIONS_INIT};
	instance->context = hidp_context_ref(context);
	instance->model = random_model(context, params, &rng);
	instance->cluster = random_cluster(context, params, &rng);
	if (params->measured && rng_chance(&rng, 50))
		instance->cost = random_cost(instance->model, instance->cluster, &rng);
	add_options(instance, params, &rng);
}

void random_instance_destroy(struct random_instance *instance)
{
	hidp_cost_unref(instance->cost);
	hidp_cluster_unref(instance->cluster);
	hidp_model_unref(instance->model);
	hidp_context_unref(instance->context);
	free(instance->arrays);
}
