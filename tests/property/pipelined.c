/* SPDX-License-Identifier: MIT */
/*
 * Pipelines over unlike devices against all of them:
 *
 *     pipelined [--count N] [--seed N]
 *
 * Small chains on a few devices, some of them alike, often short of memory or of bandwidth. Every
 * way to cut the chain and to put the stages on devices of their own is reckoned here from the
 * figures of the problem alone. The planner's contiguous plan must be as good as the best
 * of them and proven, use every device for one stage, and be refused with a reason where there is
 * none; by default the plan must not be worse.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "count_seed.h"
#include "pipeline_problem.h"
#include "random_instance.h"
#include "rng.h"

#define SEED 20251400
#define LAYERS_MAX 7
#define DEVICES_MAX 5
/* Some are larger, so that not all sets of devices are gone through. */
#define MORE_LAYERS 16
#define MORE_DEVICES 11
#define SAME 1e-9

struct tally {
	unsigned long long planned, infeasible, stages, wrong;
};

static void make_problem(struct pipeline_problem *p, struct rng *rng)
{
	bool more = rng_chance(rng, 10);
	uint32_t layers = (uint32_t)rng_between(rng, 1, more ? MORE_LAYERS : LAYERS_MAX);
	uint32_t most = more ? MORE_DEVICES : DEVICES_MAX;
	uint32_t types = (uint32_t)rng_between(rng, 1, most);
	uint32_t devices = (uint32_t)rng_between(rng, types, most);
	bool short_of_memory = rng_chance(rng, 60), alike = rng_chance(rng, 20);
	double weight = 0, slow = rng_scale(rng, 0.1, 10);
	pipeline_problem_begin(p, layers, types, devices);
	p->in_bytes = 4.0 * (double)rng_between(rng, 1, 30);
	for (uint32_t l = 0; l < layers; l++) {
		p->out_bytes[l] = 4.0 * (double)rng_between(rng, 1, 30);
		p->mem_bytes[l] = (double)rng_between(rng, 0, 200);
		weight += p->mem_bytes[l];
	}
	for (uint32_t k = 0; k < types; k++) {
		p->Bps[k] = rng_scale(rng, 10, 1000) / slow;
		p->limit[k] = short_of_memory ? ceil(weight * rng_scale(rng, 0.3, 2)) + 200 : 1e6;
		for (uint32_t l = 0; l < layers; l++)
			p->seconds[(size_t)k * layers + l] =
			        slow * (alike ? 1 + k : rng_scale(rng, 0.1, 2));
	}
	for (uint32_t d = 0; d < devices; d++)
		p->type_of[d] = d < types ? d : (uint32_t)rng_below(rng, types);
	/* on the edge: all of the chain needs just what there is, or a byte less */
	if (rng_chance(rng, 20))
		p->limit[0] = pipeline_problem_memory(p, 0, layers) + (double)rng_below(rng, 2);
}

/* What was found out before, by layer, set of devices and the type before; below 0: nothing. */
static double *known;

/*
 * The shortest period of the layers from `first` on, on devices that are not `used`, behind one
 * of the type `before`; by trying all.
 */
static double best_from(const struct pipeline_problem *p, uint32_t first, uint32_t before,
                        uint32_t used)
{
	if (first == p->layers)
		return 0;
	double *best = &known[((size_t)first << p->devices | used) * p->types + before];
	if (*best >= 0)
		return *best;
	*best = INFINITY;
	for (uint32_t d = 0; d < p->devices; d++) {
		uint32_t type = p->type_of[d];
		double seconds = 0, sent = 0;
		if (used >> d & 1)
			continue;
		if (first > 0)
			sent = pipeline_problem_send_s(p, before, type, first);
		for (uint32_t end = first + 1; end <= p->layers; end++) {
			seconds += p->seconds[(size_t)type * p->layers + end - 1];
			if (pipeline_problem_memory(p, first, end) >= p->limit[type])
				continue;
			double rest = best_from(p, end, type, used | 1u << d);
			*best = fmin(*best, fmax(rest, fmax(seconds, sent)));
		}
	}
	return *best;
}

static double best_of_all(const struct pipeline_problem *p)
{
	size_t count = ((size_t)p->layers << p->devices) * p->types;
	known = malloc(count * sizeof *known);
	for (size_t i = 0; i < count; i++)
		known[i] = -1;
	double best = best_from(p, 0, 0, 0);
	free(known);
	return best;
}

static void wrong(struct tally *t, uint64_t seed, const char *what, double value, double best)
{
	printf("--seed %llu --count 1: %s: %.12g, the best of all %.12g\n",
	       (unsigned long long)seed, what, value, best);
	t->wrong++;
}

static void try_contiguous(struct tally *t, const struct pipeline_problem *p, uint64_t seed,
                           double best)
{
	struct hidp_plan_options options = p->options;
	struct hidp_plan *plan = NULL;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	options.flags |= HIDP_PLAN_CONTIGUOUS;
	hidp_status s = hidp_plan(p->model, p->cluster, p->cost, &options, &plan, &said);
	if (s == HIDP_ERR_INFEASIBLE && best == INFINITY && said.subject[0] != '\0' &&
	    said.message[0] != '\0') {
		t->infeasible++;
		return;
	}
	if (s != HIDP_OK) {
		wrong(t, seed, said.message, INFINITY, best);
		return;
	}
	support_must(hidp_plan_verify(plan, &said), &said, "verifier");
	support_must(hidp_plan_get_figures(plan, &f), NULL, "figures");
	if (!(fabs(f.period_s - best) <= SAME * best) || f.gap > 0)
		wrong(t, seed, f.gap > 0 ? "not proven" : "contiguous", f.period_s, best);
	t->planned++;
	t->stages += hidp_plan_stage_count(plan);
	hidp_plan_unref(plan);
}

static void try_any(struct tally *t, const struct pipeline_problem *p, uint64_t seed, double best)
{
	struct hidp_plan *plan = NULL;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp_plan(p->model, p->cluster, p->cost, &p->options, &plan, &said);
	if (s == HIDP_ERR_INFEASIBLE && best == INFINITY)
		return;
	support_must(s, &said, "plan");
	support_must(hidp_plan_verify(plan, &said), &said, "verifier");
	support_must(hidp_plan_get_figures(plan, &f), NULL, "figures");
	if (f.period_s > best * (1 + SAME) || f.lower_bound > best * (1 + SAME))
		wrong(t, seed, "any plan", f.period_s, best);
	hidp_plan_unref(plan);
}

int main(int argc, char **argv)
{
	unsigned long long count = 300, seed = SEED;
	struct tally tally = {0, 0, 0, 0};
	struct hidp_context *context;
	if (!read_count_and_seed(argc, argv, "pipelined", &count, &seed))
		return 2;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (unsigned long long i = 0; i < count; i++) {
		struct pipeline_problem p;
		struct rng rng;
		rng_seed(&rng, seed + i);
		make_problem(&p, &rng);
		pipeline_problem_express(&p, context);
		double best = best_of_all(&p);
		try_contiguous(&tally, &p, seed + i, best);
		try_any(&tally, &p, seed + i, best);
		pipeline_problem_end(&p);
	}
	hidp_context_unref(context);
	printf("pipelined: seeds %llu to %llu: %llu problems, %llu with a plan of %.1f stages, %llu "
	       "without one; %llu not as good as the best or not proven\n",
	       seed, seed + count - 1, count, tally.planned,
	       (double)tally.stages / (double)(tally.planned + !tally.planned), tally.infeasible,
	       tally.wrong);
	return tally.wrong != 0 || tally.planned == 0 || (count >= 100 && tally.infeasible == 0);
}
