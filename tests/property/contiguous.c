/* SPDX-License-Identifier: MIT */
/*
 * Contiguous plans against all of them:
 *
 *     contiguous [--count N] [--seed N]
 *
 * Random graphs of a few layers on accelerators around the memory of a host, as nodes around a
 * hub and as processors of one node, with groups of layers that share a processor and layers
 * that some processors cannot run. Every way to put the layers on processors is made by hand
 * with the plan builder, which takes the contiguous ones alone. The planner's plan must be
 * as good as the best of them, and proven; where hand-overs take time, or not all messages go
 * through the hub, its bound must be below. So it must where nodes are
 * linked at random, without a hub.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <hidp/hidp.h>

#include "count_seed.h"
#include "random_instance.h"
#include "rng.h"

#define SEED 20251300
#define LAYERS_MAX 6
#define PROCESSORS_MAX 4
/* Of a model with few layers. */
#define MANY_PROCESSORS 8
#define FEW_LAYERS 3
#define SAME 1e-9

struct problem {
	struct hidp_context *context;
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_cost *cost;
	struct hidp_plan_options options;
	uint32_t layers, processors;
	bool hands_over; /* and that takes time */
	bool linked;     /* accelerators with each other too */
	bool scattered;  /* no host: nodes with links and processors at random */
	bool chain;      /* layers one after another */
	bool many;      /* processors, and few layers */
	hidp_node_id node[MANY_PROCESSORS];
	hidp_processor_id processor[MANY_PROCESSORS];
};

static void make_model(struct problem *p, struct rng *rng)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_layer_desc in = HIDP_LAYER_DESC_INIT;
	struct hidp_model_builder *builder;
	hidp_layer_id layers[LAYERS_MAX + 1];
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	in.op = HIDP_OP_INPUT;
	in.dtype = HIDP_DTYPE_INT8;
	in.shape = (struct hidp_shape){1, rng_between(rng, 1, 20), 1, 1};
	support_must(hidp_model_builder_new(p->context, &options, &builder), NULL, "builder");
	support_must(hidp_model_builder_add(builder, &in, &layers[0], &diag), &diag, "input");
	p->layers = (uint32_t)rng_between(rng, 2, p->many ? FEW_LAYERS : LAYERS_MAX);
	p->chain = rng_chance(rng, p->scattered ? 75 : 10);
	for (uint32_t l = 1; l <= p->layers; l++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		struct hidp_row_rule rules[LAYERS_MAX];
		hidp_layer_id inputs[LAYERS_MAX];
		d.op = HIDP_OP_CUSTOM;
		d.dtype = HIDP_DTYPE_INT8;
		for (uint32_t from = 0; from < l; from++) {
			bool last = from + 1 == l && d.input_count == 0;
			if (!last && (p->chain || !rng_chance(rng, 40)))
				continue;
			/* some are waited for alone */
			rules[d.input_count] = !p->scattered && rng_chance(rng, 15) ? (struct hidp_row_rule){1, 1, -2, 1}
			                                           : (struct hidp_row_rule){1, 1, 0, 1};
			inputs[d.input_count++] = layers[from];
		}
		d.inputs = inputs;
		d.row_rules = rules;
		d.shape = (struct hidp_shape){1, rng_between(rng, 1, 20), 1, 1};
		d.colocation = rng_chance(rng, 30) ? (uint32_t)rng_between(rng, 1, 2) : 0;
		support_must(hidp_model_builder_add(builder, &d, &layers[l], &diag), &diag, "layer");
	}
	support_must(hidp_model_builder_seal(builder, &p->model, &diag), &diag, "model");
	hidp_model_builder_destroy(builder);
}

static void add_processor(struct problem *p, struct hidp_cluster_builder *builder,
                          hidp_node_id node, double copy_Bps)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	for (uint32_t k = 0; k < HIDP_CLASS_COUNT; k++)
		d.rate_flops[k] = 1;
	d.copy_bandwidth_Bps = copy_Bps;
	p->node[p->processors] = node;
	support_must(hidp_cluster_builder_add_processor(builder, node, &d,
	                                                &p->processor[p->processors++], &diag),
	             &diag, "processor");
}

/* Links of any speed, some missing, some one way, some with elements of another size. */
static void link_nodes(struct hidp_cluster_builder *builder, uint32_t nodes, uint32_t media,
                       struct rng *rng)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	for (hidp_node_id a = 0; a < nodes; a++)
		for (hidp_node_id b = 0; b < nodes; b++) {
			struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
			if (a == b || rng_chance(rng, 15))
				continue;
			link.from = a;
			link.to = b;
			link.flags = rng_chance(rng, 30) ? HIDP_LINK_BOTH_WAYS : 0;
			link.bandwidth_Bps = rng_scale(rng, 1, 100);
			link.wire_dtype = rng_chance(rng, 10) ? HIDP_DTYPE_FP16 : HIDP_DTYPE_DEFAULT;
			if (media > 0 && rng_chance(rng, 30))
				link.medium = 0;
			support_must(hidp_cluster_builder_add_link(builder, &link, &diag), &diag,
			             "link");
		}
}

static void scatter_nodes(struct problem *p, struct rng *rng)
{
	struct hidp_cluster_builder *builder;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	uint32_t nodes = (uint32_t)rng_between(rng, 1, PROCESSORS_MAX);
	bool several = nodes < PROCESSORS_MAX && rng_chance(rng, 30), media = rng_chance(rng, 20);
	support_must(hidp_cluster_builder_new(p->context, &builder), NULL, "builder");
	for (hidp_node_id n = 0; n < nodes; n++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		node.flags = rng_chance(rng, 20) ? HIDP_NODE_TRANSFERS_ARE_WORK : 0;
		node.memory_bytes = rng_chance(rng, 20) ? (uint64_t)rng_between(rng, 20, 150) : 0;
		node.receive_buffers = (uint32_t)rng_below(rng, 3);
		node.send_buffers = (uint32_t)rng_below(rng, 3);
		node.nic_bandwidth_Bps = rng_chance(rng, 50) ? rng_scale(rng, 1, 100) : 0;
		support_must(hidp_cluster_builder_add_node(builder, &node, NULL, &diag), &diag,
		             "node");
		add_processor(p, builder, n, 0);
		if (several && n == 0)
			add_processor(p, builder, n, rng_chance(rng, 30) ? rng_scale(rng, 1, 20) : 0);
	}
	if (media)
		support_must(hidp_cluster_builder_add_medium(builder, NULL, NULL, &diag), &diag,
		             "medium");
	link_nodes(builder, nodes, media, rng);
	p->options.flags |= HIDP_PLAN_INPUT_AT | HIDP_PLAN_OUTPUT_AT;
	p->options.input_node = (hidp_node_id)rng_below(rng, nodes);
	p->options.output_node = (hidp_node_id)rng_below(rng, nodes);
	support_must(hidp_cluster_builder_seal(builder, &p->cluster, &diag), &diag, "cluster");
	hidp_cluster_builder_destroy(builder);
}

static void make_cluster(struct problem *p, struct rng *rng)
{
	struct hidp_cluster_builder *builder;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_node_desc host = HIDP_NODE_DESC_INIT;
	uint32_t cores = (uint32_t)rng_between(rng, 1, 2);
	uint32_t others = (uint32_t)rng_between(rng, p->many ? 3 : 1, p->many ? MANY_PROCESSORS - 2 : 2);
	bool local = rng_chance(rng, 50);
	hidp_node_id hub;
	host.flags = local ? 0 : HIDP_NODE_HUB;
	p->hands_over = rng_chance(rng, 20);
	host.sync_s = p->hands_over ? rng_scale(rng, 0.01, 1) : 0;
	support_must(hidp_cluster_builder_new(p->context, &builder), NULL, "builder");
	support_must(hidp_cluster_builder_add_node(builder, &host, &hub, &diag), &diag, "host");
	for (uint32_t i = 0; i < cores; i++)
		add_processor(p, builder, hub, 0);
	for (uint32_t i = 0; i < others; i++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
		if (local) {
			add_processor(p, builder, hub, rng_scale(rng, 1, 20));
			continue;
		}
		node.flags = HIDP_NODE_TRANSFERS_ARE_WORK;
		support_must(hidp_cluster_builder_add_node(builder, &node, &link.to, &diag), &diag,
		             "node");
		add_processor(p, builder, link.to, 0);
		link.from = hub;
		link.bandwidth_Bps = rng_scale(rng, 1, 20);
		support_must(hidp_cluster_builder_add_link(builder, &link, &diag), &diag, "link");
		link.from = link.to;
		link.to = hub;
		link.bandwidth_Bps = rng_scale(rng, 1, 20);
		support_must(hidp_cluster_builder_add_link(builder, &link, &diag), &diag, "link");
	}
	p->linked = !local && others > 1 && rng_chance(rng, 30);
	if (p->linked) {
		struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
		link.from = 1;
		link.to = 2;
		link.flags = HIDP_LINK_BOTH_WAYS;
		link.bandwidth_Bps = rng_scale(rng, 1, 2000);
		support_must(hidp_cluster_builder_add_link(builder, &link, &diag), &diag, "link");
	}
	support_must(hidp_cluster_builder_seal(builder, &p->cluster, &diag), &diag, "cluster");
	hidp_cluster_builder_destroy(builder);
}

static void make_cost(struct problem *p, struct rng *rng)
{
	struct hidp_cost_builder *builder;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	bool alike = rng_chance(rng, 40);
	support_must(hidp_cost_builder_new(p->model, p->cluster, &builder), NULL, "cost");
	for (hidp_layer_id l = 1; l <= p->layers; l++) {
		double all = rng_chance(rng, 25) ? 0 : rng_scale(rng, 0.1, 10);
		for (uint32_t i = 0; i < p->processors; i++) {
			struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
			e.seconds = alike ? all * (p->node[i] == 0 ? 3 : 1) : all * rng_scale(rng, 0.3, 3);
			e.row_fixed_s = e.channel_fixed_s = e.seconds;
			e.flags = i > 0 && rng_chance(rng, 10) ? HIDP_COST_UNSUPPORTED : 0;
			support_must(hidp_cost_builder_set(builder, l, p->node[i], p->processor[i], &e,
			                                   &diag),
			             &diag, "entry");
		}
	}
	support_must(hidp_cost_builder_seal(builder, &p->cost, &diag), &diag, "cost");
	hidp_cost_builder_destroy(builder);
}

/* A stage for each run of layers on a node, a step for each on a processor. */
static hidp_status add_layers(const struct problem *p, struct hidp_plan_builder *builder,
                              const uint32_t *on)
{
	hidp_status s = HIDP_OK;
	for (uint32_t l = 0; l < p->layers && s == HIDP_OK; l++) {
		struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
		struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
		struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
		struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
		uint32_t stage_end = l + 1, end = l + 1;
		while (stage_end < p->layers && p->node[on[stage_end]] == p->node[on[l]])
			stage_end++;
		while (end < p->layers && on[end] == on[l])
			end++;
		if (l == 0 || p->node[on[l]] != p->node[on[l - 1]]) {
			stage.kind = HIDP_STAGE_SINGLE;
			stage.layer_count = stage_end - l + (l == 0); /* the model input with the first */
			share.node = p->node[on[l]];
			s = hidp_plan_builder_add_stage(builder, &stage, NULL);
			if (s == HIDP_OK)
				s = hidp_plan_builder_add_share(builder, &share, NULL);
		}
		step.kind = HIDP_STEP_SINGLE;
		step.layer_count = end - l;
		slice.processor = p->processor[on[l]];
		slice.end = 1;
		if (s == HIDP_OK)
			s = hidp_plan_builder_add_step(builder, &step, NULL);
		if (s == HIDP_OK)
			s = hidp_plan_builder_add_slice(builder, &slice, NULL);
		l = end - 1;
	}
	return s;
}

/* The period with layer l + 1 on processor on[l]; INFINITY: that is no contiguous plan. */
static double period_of(const struct problem *p, const uint32_t *on)
{
	struct hidp_plan_builder *builder;
	struct hidp_plan *plan = NULL;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	support_must(hidp_plan_builder_new(p->model, p->cluster, p->cost, &p->options, &builder, NULL),
	             NULL, "builder");
	hidp_status s = add_layers(p, builder, on);
	if (s == HIDP_OK)
		s = hidp_plan_builder_seal(builder, &plan, NULL);
	hidp_plan_builder_destroy(builder);
	if (s != HIDP_OK)
		return INFINITY;
	support_must(hidp_plan_verify(plan, NULL), NULL, "verifier");
	support_must(hidp_plan_get_figures(plan, &f), NULL, "figures");
	hidp_plan_unref(plan);
	return f.period_s;
}

static double best_of_all(const struct problem *p)
{
	uint32_t on[LAYERS_MAX] = {0};
	double best = INFINITY;
	for (uint32_t l = 0; l < p->layers;) {
		best = fmin(best, period_of(p, on));
		for (l = 0; l < p->layers && ++on[l] == p->processors; l++)
			on[l] = 0;
	}
	return best;
}

/* Plans; of chains over nodes that are linked at random: all, the best, those proven so. */
struct tally {
	unsigned long long planned, scattered, best, proven;
	unsigned long long missed; /* problems of that kind with a plan that was not found */
};

/* Is the planner's plan as good as the best? */
static bool try_problem(uint64_t seed, struct tally *t)
{
	struct problem p = {.processors = 0};
	struct rng rng;
	struct hidp_plan *plan = NULL;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	rng_seed(&rng, seed);
	support_must(hidp_context_new(NULL, &p.context), NULL, "context");
	p.options = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
	p.options.objective = HIDP_OBJECTIVE_PERIOD;
	p.options.flags = HIDP_PLAN_CONTIGUOUS;
	p.scattered = rng_chance(&rng, 40);
	p.many = !p.scattered && rng_chance(&rng, 15);
	make_model(&p, &rng);
	if (p.scattered)
		scatter_nodes(&p, &rng);
	else
		make_cluster(&p, &rng);
	make_cost(&p, &rng);
	hidp_status s = hidp_plan(p.model, p.cluster, p.cost, &p.options, &plan, &diag);
	double best = best_of_all(&p);
	if (s == HIDP_OK)
		support_must(hidp_plan_get_figures(plan, &f), NULL, "figures");
	t->planned += s == HIDP_OK;
	bool good = s == HIDP_OK ? fabs(f.period_s - best) <= SAME * best && f.gap == 0
	                         : best == INFINITY;
	/* branch steps, which are not tried here, can do with fewer */
	if (s == HIDP_OK && (p.hands_over || p.linked || p.scattered))
		good = f.lower_bound <= best * (1 + SAME);
	if (s == HIDP_ERR_INFEASIBLE && p.scattered && best < INFINITY)
		t->missed++;
	if (s == HIDP_ERR_INFEASIBLE && p.scattered)
		good = best == INFINITY || strncmp(diag.message, "no plan meets", 13) != 0;
	t->scattered += p.scattered && p.chain && s == HIDP_OK;
	t->proven += p.scattered && p.chain && s == HIDP_OK && f.gap == 0;
	t->best += p.scattered && p.chain && s == HIDP_OK && f.period_s <= best * (1 + SAME);
	if (!good)
		printf("--seed %llu --count 1: %s, period %.12g, bound %.12g, best of all %.12g\n",
		       (unsigned long long)seed, s == HIDP_OK ? "planned" : diag.message, f.period_s,
		       f.lower_bound, best);
	hidp_plan_unref(plan);
	hidp_cost_unref(p.cost);
	hidp_cluster_unref(p.cluster);
	hidp_model_unref(p.model);
	hidp_context_unref(p.context);
	return good;
}

int main(int argc, char **argv)
{
	unsigned long long count = 100, seed = SEED, wrong = 0;
	struct tally t = {0, 0, 0, 0, 0};
	if (!read_count_and_seed(argc, argv, "contiguous", &count, &seed))
		return 2;
	for (unsigned long long i = 0; i < count; i++)
		wrong += !try_problem(seed + i, &t);
	printf("contiguous: seeds %llu to %llu: %llu problems, %llu with a plan, %llu not as good as the "
	       "best or not proven\n",
	       seed, seed + count - 1, count, t.planned, wrong);
	printf("contiguous: of %llu plans of chains over nodes linked at random %llu are best, %llu "
	       "proven; %llu problems have a plan that was not found\n",
	       t.scattered, t.best, t.proven, t.missed);
	return wrong != 0 || t.planned == 0;
}
