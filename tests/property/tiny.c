/* SPDX-License-Identifier: MIT */
#include "tiny.h"

struct random_params tiny_params(uint64_t kind, struct rng *rng)
{
	/* layers, nodes, processors, rows: at most; with branches? */
	static const struct {
		uint32_t layers, nodes_min, nodes, processors_min, processors, rows;
		bool dag;
	} sizes[] = {
	        {3, 1, 1, 2, 3, 4, false}, {5, 2, 2, 1, 1, 8, false}, {4, 3, 3, 1, 1, 4, false},
	        {3, 2, 2, 1, 2, 4, false}, {5, 2, 2, 1, 2, 3, true},  {3, 3, 3, 1, 2, 3, false},
	        {5, 1, 1, 2, 3, 3, true},  {5, 2, 3, 1, 1, 4, true},  {2, 2, 2, 2, 3, 6, false},
	        {2, 3, 3, 1, 2, 8, false}, {4, 1, 2, 2, 2, 2, true},  {4, 1, 2, 1, 2, 4, true},
	        {5, 2, 3, 1, 2, 1, true},
	};
	const size_t k = kind % (sizeof sizes / sizeof sizes[0]);
	struct random_params p;
	random_params_init(&p);
	p.layers_min = 2;
	p.layers_max = sizes[k].layers;
	p.nodes_min = sizes[k].nodes_min;
	p.nodes_max = sizes[k].nodes;
	p.processors_min = sizes[k].processors_min;
	p.processors_max = sizes[k].processors;
	p.rows_min = sizes[k].rows > 2 ? 2 : 1;
	p.rows_max = sizes[k].rows;
	p.channels_max = 4;
	p.dag = sizes[k].dag;
	p.odd_layers = rng_chance(rng, 60);
	p.unequal = rng_chance(rng, 60);
	p.odd_links = rng_chance(rng, 60);
	p.cut = p.nodes_max > 1 && rng_chance(rng, 12);
	p.measured = rng_chance(rng, 40);
	p.pins = rng_chance(rng, 40);
	p.residency = rng_chance(rng, 40);
	p.limits = rng_chance(rng, 25);
	p.memory_min_bytes = 3e2;
	p.memory_max_bytes = 3e5;
	/* where computing is quick beside the links, or one processor beside the others, one
	 * processor does everything: only sometimes */
	p.speed = rng_chance(rng, 25) ? rng_scale(rng, 1e-3, 1) : rng_scale(rng, 1e-6, 1e-3);
	p.spread = rng_chance(rng, 30) ? 30 : rng_scale(rng, 1, 4);
	return p;
}

/* A limit near the figure of some plan; mostly less, as plans at random are bad. */
static double pick_limit(struct rng *rng, double figure)
{
	return figure * rng_scale(rng, 0.05, 1.5);
}

static void add_limits(struct random_instance *in, struct rng *rng)
{
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	struct hidp_plan_options *o = &in->options;
	struct hidp_plan *some;
	if (random_plan(in, rng, &some) != HIDP_OK)
		return; /* memory is short: limit enough */
	support_must(hidp_plan_get_figures(some, &f), NULL, "figures");
	hidp_plan_unref(some);
	if (o->objective != HIDP_OBJECTIVE_LATENCY && rng_chance(rng, 50))
		o->latency_limit_s = pick_limit(rng, f.latency_s);
	if (o->objective != HIDP_OBJECTIVE_PERIOD && rng_chance(rng, 35))
		o->period_limit_s = pick_limit(rng, f.period_s);
	if (o->objective != HIDP_OBJECTIVE_ENERGY && rng_chance(rng, 35))
		o->energy_limit_j = pick_limit(rng, f.energy_j);
}

void tiny_instance_init(struct random_instance *instance, struct hidp_context *context,
                        hidp_objective objective, enum tiny_kind kind, uint64_t seed)
{
	struct rng rng;
	rng_seed(&rng, seed);
	struct random_params params = tiny_params(rng_bits(&rng), &rng);
	params.transfers = kind == TINY_TRANSFERS;
	params.copies = kind == TINY_COPIES || (kind == TINY_APART && rng_chance(&rng, 50));
	params.needless = kind == TINY_APART;
	params.cut |= kind == TINY_APART && params.nodes_max > 1;
	random_instance_init(instance, context, &params, rng_bits(&rng));
	struct hidp_plan_options *o = &instance->options;
	/* the same model and cluster for every objective */
	rng_seed(&rng, seed * 4 + objective);
	o->objective = objective;
	o->flags &= ~(uint32_t)HIDP_PLAN_STREAM;
	o->latency_weight = o->period_weight = o->energy_weight = 0;
	unsigned streams[] = {10, 100, 35, 50};
	if (rng_chance(&rng, streams[objective]))
		o->flags |= HIDP_PLAN_STREAM;
	if (objective == HIDP_OBJECTIVE_WEIGHTED) {
		o->latency_weight = rng_chance(&rng, 25) ? 0 : rng_real(&rng);
		o->period_weight = rng_chance(&rng, 50) ? 0 : rng_real(&rng);
		o->energy_weight = rng_chance(&rng, 30) ? 0 : rng_scale(&rng, 1e-3, 1);
	}
	if (!params.cut && rng_chance(&rng, 30))
		add_limits(instance, &rng);
}
