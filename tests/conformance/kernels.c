/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count_seed.h"
#include "kernels_priv.h"
#include "random_layers.h"
#include "run_programs.h"

#define SEED 20251600
#define PLANS 4
#define THREADS 3
/* Inputs are changed by this part of themselves to see how much a problem enlarges errors. */
#define NUDGE 1e-5
/* A problem that enlarges them more than this proves nothing. */
#define WORST_CONDITION 1000

static struct hidp_layer_info info_of(const struct problem *p, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	(void)hidp_model_layer(p->in.model, layer, &info);
	return info;
}

static bool is_output(const struct problem *p, hidp_layer_id layer)
{
	const struct hidp_layer_info info = info_of(p, layer);
	return (info.flags & HIDP_LAYER_OUTPUT) != 0 && info.op != HIDP_OP_INPUT;
}

/* Room for the outputs, or for something as large as them; [layer]. */
static float **new_outputs(const struct problem *p)
{
	float **outputs = calloc(p->layers, sizeof *outputs);
	for (hidp_layer_id l = 0; l < p->layers; l++)
		if (is_output(p, l))
			outputs[l] = calloc((size_t)plain_elements(&p->truth[l].shape),
			                    sizeof **outputs);
	return outputs;
}

static void free_all(float **tensors, uint32_t count)
{
	for (uint32_t l = 0; tensors != NULL && l < count; l++)
		free(tensors[l]);
	free(tensors);
}

/* Place of an element, given in the order of NCHW, in NHWC. */
static int64_t in_memory(const struct hidp_shape *s, int64_t i)
{
	int64_t x = i % s->width, y = i / s->width % s->rows, plane = i / s->width / s->rows;
	int64_t c = plane % s->channels, n = plane / s->channels;
	return ((n * s->rows + y) * s->width + x) * s->channels + c;
}

static void make_inputs(struct problem *p)
{
	p->inputs = calloc(p->layers, sizeof *p->inputs);
	for (hidp_layer_id l = 0; l < p->layers; l++) {
		const struct hidp_layer_info info = info_of(p, l);
		if (info.op != HIDP_OP_INPUT)
			continue;
		const int64_t count = plain_elements(&info.shape);
		p->inputs[l] = malloc((size_t)count * sizeof **p->inputs);
		for (int64_t i = 0; i < count; i++)
			p->inputs[l][i] = (float)(4 * rng_real(&p->rng) - 2);
	}
}

/* All tensors in double precision; every input is changed by up to `nudge` of itself. */
static struct plain_tensor *compute_truth(struct problem *p, double nudge)
{
	struct plain_tensor *t = calloc(p->layers, sizeof *t);
	for (hidp_layer_id l = 0; l < p->layers; l++) {
		if (p->inputs[l] == NULL)
			continue;
		t[l].shape = info_of(p, l).shape;
		const int64_t count = plain_elements(&t[l].shape);
		t[l].values = malloc((size_t)count * sizeof *t[l].values);
		for (int64_t i = 0; i < count; i++)
			t[l].values[i] = (double)p->inputs[l][in_memory(&t[l].shape, i)] *
			                 (1 + nudge * (2 * rng_real(&p->rng) - 1));
	}
	if (!plain_run(p->in.model, zoo_weights_table(), p->weights, t))
		WRONG(p, "the model cannot be computed at all");
	return t;
}

static void free_truth(struct plain_tensor *truth, uint32_t count)
{
	for (uint32_t l = 0; l < count; l++)
		free(truth[l].values);
	free(truth);
}

/* The truth, and how far kernels may be from it. */
static void find_truth(struct problem *p)
{
	p->truth = compute_truth(p, 0);
	struct plain_tensor *other = compute_truth(p, NUDGE);
	p->allowed = calloc(p->layers, sizeof *p->allowed);
	for (hidp_layer_id l = 0; l < p->layers && !p->failed; l++) {
		double largest = 0, change = 0;
		for (int64_t i = 0; i < plain_elements(&p->truth[l].shape); i++) {
			const double x = p->truth[l].values[i];
			largest = fabs(x) < 1e30 ? fmax(largest, fabs(x)) : INFINITY;
			change = fmax(change, fabs(x - other[l].values[i]));
		}
		const double condition = change / NUDGE / (largest + 1e-30);
		p->allowed[l] = p->plugin->tolerance * largest * fmax(1, condition);
		if (!(condition < WORST_CONDITION) || !isfinite(largest))
			p->allowed[l] = -1;
	}
	free_truth(other, p->layers);
}

static void compare_with_truth(struct problem *p, float *const *got)
{
	for (hidp_layer_id l = 0; l < p->layers && !p->failed; l++) {
		if (got[l] == NULL || p->allowed[l] < 0)
			continue;
		const struct plain_tensor *t = &p->truth[l];
		for (int64_t i = 0; i < plain_elements(&t->shape); i++) {
			const float x = got[l][in_memory(&t->shape, i)];
			const double error = fabs((double)x - t->values[i]);
			if (error <= p->allowed[l]) {
				const double share = error / (p->allowed[l] + 1e-300);
				p->tally->worst = fmax(p->tally->worst, share);
				continue;
			}
			WRONG(p, "layer %s: element %lld is %.9g, not %.9g; %.3g is allowed",
			      info_of(p, l).name, (long long)i, (double)x, t->values[i],
			      p->allowed[l]);
			break;
		}
	}
}

static void compare_bits(struct problem *p, float *const *a, float *const *b, const char *what)
{
	for (hidp_layer_id l = 0; l < p->layers; l++) {
		if (a[l] == NULL)
			continue;
		const size_t count = (size_t)plain_elements(&p->truth[l].shape);
		for (size_t i = 0; i < count && !p->failed; i++)
			if (memcmp(&a[l][i], &b[l][i], sizeof a[l][i]) != 0)
				WRONG(p, "layer %s, %s: element %zu (NHWC) is %.9g, not %.9g",
				      info_of(p, l).name, what, i, (double)b[l][i],
				      (double)a[l][i]);
	}
}

/* Runs a plan once and compares; NULL: it could not be run. */
static float **run_once(struct problem *p, const struct runner *runner, uint32_t flags)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	float **tensors = new_outputs(p);
	for (hidp_layer_id l = 0; l < p->layers; l++)
		if (p->inputs[l] != NULL)
			tensors[l] = p->inputs[l];
	hidp_status s = runner_run(runner, tensors, flags, &d);
	for (hidp_layer_id l = 0; l < p->layers; l++)
		if (p->inputs[l] != NULL)
			tensors[l] = NULL;
	if (s == HIDP_OK)
		return tensors;
	WRONG(p, "%s: %s: %s", hidp_status_string(s), d.subject, d.message);
	free_all(tensors, p->layers);
	return NULL;
}

/* One of several threads that run the same plan. */
struct thread {
	pthread_t id;
	struct problem *problem;
	const struct runner *runner;
	float **outputs;
};

static void *run_thread(void *argument)
{
	struct thread *t = argument;
	const struct hidp_kernels *k = t->problem->plugin->table();
	if (k->enter == NULL || k->enter(t->problem->object, 0) == HIDP_OK)
		t->outputs = run_once(t->problem, t->runner, 0);
	return NULL;
}

static void run_threads(struct problem *p, const struct runner *runner, float *const *expected)
{
	struct thread threads[THREADS];
	for (int i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){.problem = p, .runner = runner};
		if (pthread_create(&threads[i].id, NULL, run_thread, &threads[i]) != 0)
			abort();
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i].id, NULL);
		if (threads[i].outputs == NULL)
			WRONG(p, "a thread could not run the plan");
		else
			compare_bits(p, expected, threads[i].outputs, "on several threads");
		free_all(threads[i].outputs, p->layers);
	}
}

static void run_plan(struct problem *p, const struct hidp_plan *plan)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct runner *runner;
	const uint32_t routes = hidp_plan_route_count(plan);
	hidp_status s = runner_new(plan, (uint32_t)rng_below(&p->rng, routes), p->plugin->table(),
	                           p->object, &runner, &d);
	if (s != HIDP_OK) {
		WRONG(p, "%s: %s: %s", hidp_status_string(s), d.subject, d.message);
		return;
	}
	float **got = run_once(p, runner, RUNNER_CHECK);
	if (got != NULL) {
		compare_with_truth(p, got);
		if (p->plugin->exact && p->whole != NULL)
			compare_bits(p, p->whole, got, "divided");
		if (rng_chance(&p->rng, 10))
			run_threads(p, runner, got);
	}
	runner_free(runner);
	p->tally->plans++;
	if (p->whole == NULL)
		p->whole = got;
	else
		free_all(got, p->layers);
}

/* The plans of a problem whose instance is ready. */
static void run_problem(struct problem *p)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	p->layers = hidp_model_layer_count(p->in.model);
	support_must(zoo_weights_new(p->in.model, p->seed, &p->weights), NULL, "weights");
	make_inputs(p);
	if (!problem_begin(p, zoo_weights_table(), p->weights)) {
		/* said already */
	} else if (!problem_is_supported(p)) {
		if (p->plugin->complete)
			WRONG(p, "a layer is not supported");
		problem_must_be_refused(p, HIDP_ERR_UNSUPPORTED, NULL);
		p->tally->unsupported++;
	} else {
		find_truth(p);
		support_must(runner_whole_plan(p->in.model, p->in.cluster, &plan, &d), &d, "plan");
		run_plan(p, plan);
		hidp_plan_unref(plan);
		for (int i = 0; i < PLANS && !p->failed; i++) {
			if (random_plan(&p->in, &p->rng, &plan) != HIDP_OK)
				continue;
			run_plan(p, plan);
			hidp_plan_unref(plan);
		}
		for (hidp_layer_id l = 0; l < p->layers; l++)
			p->tally->skipped += is_output(p, l) && p->allowed[l] < 0;
		free_truth(p->truth, p->layers);
		free(p->allowed);
		free_all(p->whole, p->layers);
	}
	if (p->object != NULL)
		p->plugin->destroy(p->object);
	free_all(p->inputs, p->layers);
	zoo_weights_destroy(p->weights);
	p->tally->problems++;
	p->tally->failures += p->failed;
}

/* Nothing but what kernels can be asked to do. */
static struct random_params plain_params(void)
{
	struct random_params params;
	random_params_init(&params);
	params.computable = true;
	params.unequal = params.odd_links = params.measured = params.pins = false;
	params.residency = params.limits = false;
	params.processors_max = 4;
	params.rows_max = 14;
	params.channels_max = 12;
	return params;
}

/* A layer on one node with several processors. */
static void run_layers(struct problem *p, struct hidp_context *context, hidp_op op)
{
	struct random_params params = plain_params();
	params.nodes_min = params.nodes_max = 1;
	params.processors_min = 2;
	params.stream = false;
	p->in = (struct random_instance){.seed = p->seed,
	                                 .context = hidp_context_ref(context),
	                                 .options = HIDP_PLAN_OPTIONS_INIT};
	p->in.model = random_layers(context, op, &p->rng);
	p->in.cluster = random_cluster(context, &params, &p->rng);
	uint64_t unsupported = p->tally->unsupported;
	run_problem(p);
	p->tally->seen[op]++;
	p->tally->supported[op] += unsupported == p->tally->unsupported;
	hidp_model_unref(p->in.model);
	hidp_cluster_unref(p->in.cluster);
	hidp_context_unref(context);
}

/* A network on several nodes. */
static void run_network(struct problem *p, struct hidp_context *context)
{
	struct random_params params = plain_params();
	params.odd_layers = rng_chance(&p->rng, 60);
	random_instance_init(&p->in, context, &params, p->seed);
	run_problem(p);
	random_instance_destroy(&p->in);
}

/* Any op but custom ones. */
static hidp_op pick_op(struct rng *rng)
{
	const hidp_op op = (hidp_op)rng_between(rng, HIDP_OP_CONV, HIDP_OP_EMBEDDING - 1);
	return op < HIDP_OP_CUSTOM ? op : op + 1;
}

static void check_table(const struct kernels_plugin *plugin, struct tally *tally)
{
	const struct hidp_kernels *k = plugin->table();
	if (k == NULL || k->struct_size < sizeof *k || k->abi != HIDP_PLUGIN_ABI ||
	    k->name == NULL || k->supports == NULL || k->prepare == NULL || k->run == NULL ||
	    k->release == NULL) {
		printf("the table of kernels lacks something\n");
		tally->failures++;
	}
}

static void summarise(const struct kernels_plugin *plugin, const struct tally *t)
{
	printf("%s: %llu problems, %llu plans: %llu wrong\n", plugin->table()->name,
	       (unsigned long long)t->problems, (unsigned long long)t->plans,
	       (unsigned long long)t->failures);
	printf("%llu problems are not supported, %llu outputs too sensitive to compare with the "
	       "truth; the largest error was %.3f of what is allowed\n",
	       (unsigned long long)t->unsupported, (unsigned long long)t->skipped, t->worst);
	for (hidp_op op = HIDP_OP_CONV; op <= HIDP_OP_EMBEDDING; op++)
		if (t->supported[op] < t->seen[op])
			printf("op %u: %llu of %llu problems supported\n", op,
			       (unsigned long long)t->supported[op],
			       (unsigned long long)t->seen[op]);
}

int kernels_conformance(const struct kernels_plugin *plugin, int argc, char **argv)
{
	unsigned long long count = 400, seed = SEED;
	struct tally tally = {0};
	struct hidp_context *context;
	if (!read_count_and_seed(argc, argv, argv[0], &count, &seed))
		return 2;
	check_table(plugin, &tally);
	if (tally.failures != 0)
		return 1;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	kernels_refuse(plugin, &tally, context);
	kernels_values(plugin, &tally, context);
	for (uint64_t i = 0; i < count && tally.failures < 5; i++) {
		struct problem p = {.plugin = plugin, .tally = &tally, .seed = seed + i};
		rng_seed(&p.rng, p.seed);
		if (p.seed % 4 == 3)
			run_network(&p, context);
		else
			run_layers(&p, context, pick_op(&p.rng));
	}
	hidp_context_unref(context);
	summarise(plugin, &tally);
	return tally.failures != 0 || tally.plans == 0;
}
