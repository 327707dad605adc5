/* SPDX-License-Identifier: MIT */
/*
 * One image on two cores: a plan that divides every layer as measured times say, run by a
 * session with one thread of the kernels' library per core, against the library's own two
 * threads, run by a session with one processor of two cores; and, with oneDNN, against its own
 * two threads without Winograd's algorithm, as other users of the library have them. With
 * --disturb another process takes a part of the second core's time while all of them run, and the
 * plan is made for what is left of it.
 */
#include "disturb.h"
#include "ready.h"

#include <hidp/session.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct bench_column columns[] = {
	{"model", "model", -16, 0, 0},
	{"one_median_s", "1 core ms", 9, 2, 1e3},
	{"one_low_s", NULL, 0, 0, 0},
	{"one_high_s", NULL, 0, 0, 0},
	{"planned_median_s", "planned ms", 10, 2, 1e3},
	{"planned_low_s", NULL, 0, 0, 0},
	{"planned_high_s", NULL, 0, 0, 0},
	{"threads_median_s", "threads ms", 10, 2, 1e3},
	{"threads_low_s", NULL, 0, 0, 0},
	{"threads_high_s", NULL, 0, 0, 0},
	{"threads_ratio", "/ threads", 9, 3, 1},
	{"predicted_s", "predicted", 9, 2, 1e3},
	{"tasks", "tasks", 5, 0, 1},
	/* where there is such a side */
	{"direct_median_s", "direct ms", 9, 2, 1e3},
	{"direct_low_s", NULL, 0, 0, 0},
	{"direct_high_s", NULL, 0, 0, 0},
	{"direct_ratio", "/ direct", 8, 3, 1},
};

#define COLUMNS (sizeof columns / sizeof *columns)
#define DIRECT_COLUMNS 4

enum { ONE, PLANNED, THREADS, DIRECT, SIDES };

/* DIRECT comes last, as not all kernels have it. */
static int side_count(const struct ready_kernels *kernels)
{
	return kernels->knows_winograd ? SIDES : DIRECT;
}

/* One way to compute the network. */
struct side {
	const struct ready_kernels *kernels;
	void *object;
	struct hidp_session *session;
	float *input, *output;
	struct bench_sample sample;
};

/* Time of the slower half of every layer, or of all of it where it is not divided. */
static void measure(const struct bench *bench, const struct ready_kernels *kernels,
                    const struct hidp_plan *plan, struct zoo_weights *weights, double *seconds)
{
	struct ready ready;
	ready_init(bench, &ready, kernels, plan, weights, false);
	double *least = calloc(ready.info.task_count, sizeof *least);
	if (least == NULL)
		bench_fail("out of memory");
	for (uint32_t i = 0; i < (bench->quick ? 2u : 8u); i++)
		for (uint32_t t = 0; t < ready.info.task_count; t++) {
			double s = ready_run(bench, &ready, t);
			least[t] = i == 0 ? s : fmin(least[t], s);
		}
	for (uint32_t t = 0; t < ready.info.task_count; t++) {
		struct hidp_program_task task = HIDP_PROGRAM_TASK_INIT;
		struct hidp_call call = HIDP_CALL_INIT;
		bench_must(hidp_programs_get_task(ready.programs, t, &task), NULL, "task");
		bench_must(hidp_programs_get_call(ready.programs, t, 0, &call), NULL, "call");
		seconds[call.layer] = fmax(seconds[call.layer], least[t]);
	}
	free(least);
	ready_clear(&ready);
}

/* A table of what layers take, whole and divided in halves by rows and by channels. */
static struct hidp_cost *measured_cost(const struct bench *bench,
                                       const struct ready_kernels *kernels,
                                       const struct hidp_model *model,
                                       const struct hidp_cluster *cluster,
                                       struct zoo_weights *weights)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost_builder *builder;
	struct hidp_cost *cost;
	uint32_t layers = hidp_model_layer_count(model);
	double *seconds = calloc(3 * (size_t)layers, sizeof *seconds);
	if (seconds == NULL)
		bench_fail("out of memory");
	for (uint32_t i = 0; i < 3; i++) {
		struct hidp_plan *plan = ready_plan(model, cluster, READY_LAYERS + i);
		measure(bench, kernels, plan, weights, seconds + i * (size_t)layers);
		hidp_plan_unref(plan);
	}
	bench_must(hidp_cost_builder_new(model, cluster, &builder), NULL, "cost");
	for (hidp_layer_id l = 0; l < layers; l++) {
		struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
		entry.seconds = seconds[l];
		/* half of it takes fixed + (whole - fixed) / 2 */
		entry.row_fixed_s = fmin(fmax(2 * seconds[layers + l] - seconds[l], 0), seconds[l]);
		entry.channel_fixed_s =
			fmin(fmax(2 * seconds[2 * layers + l] - seconds[l], 0), seconds[l]);
		for (hidp_processor_id p = 0; p < 2; p++)
			bench_must(hidp_cost_builder_set(builder, l, 0, p, &entry, &d), &d, "cost");
	}
	bench_must(hidp_cost_builder_seal(builder, &cost, &d), &d, "cost");
	hidp_cost_builder_destroy(builder);
	free(seconds);
	return cost;
}

static void start_side(struct side *side, const struct ready_kernels *kernels,
                       const struct hidp_plan *plan, struct zoo_weights *weights, bool direct,
                       size_t inputs, size_t outputs)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	side->kernels = kernels;
	bench_must(kernels->create(hidp_plan_model(plan), weights, direct, &side->object, &d), &d,
	           "kernels");
	bench_must(hidp_session_new(plan, NULL, &side->session, &d), &d, "session");
	bench_must(hidp_session_set_kernels(side->session, HIDP_PROCESSOR_NONE,
	                                    kernels->table(), side->object),
	           NULL, "kernels");
	bench_must(hidp_session_start(side->session, &d), &d, "session");
	side->input = malloc(inputs);
	side->output = malloc(outputs);
	if (side->input == NULL || side->output == NULL)
		bench_fail("out of memory");
	for (size_t i = 0; i < inputs / sizeof(float); i++)
		side->input[i] = (float)((double)(i * 2654435761u % 65536) / 32768 - 1);
}

static void clear_side(struct side *side)
{
	hidp_session_destroy(side->session);
	side->kernels->destroy(side->object);
	free(side->input);
	free(side->output);
}

static double run(const struct bench *bench, const struct side *side)
{
	const void *inputs[1] = {side->input};
	void *outputs[1] = {side->output};
	uint64_t request;
	double began = bench_now(bench);
	bench_must(hidp_session_submit(side->session, inputs, 1, &request), NULL, "submit");
	bench_must(hidp_session_wait(side->session, request, 60, outputs, 1), NULL, "wait");
	return bench_now(bench) - began;
}

/* All sides give the same result. */
static void compare(const struct side *sides, int count, size_t outputs, const char *name)
{
	double largest = 0;
	for (size_t i = 0; i < outputs / sizeof(float); i++)
		largest = fmax(largest, fabs((double)sides[0].output[i]));
	for (int s = 1; s < count; s++)
		for (size_t i = 0; i < outputs / sizeof(float); i++)
			if (!(fabs((double)(sides[s].output[i] - sides[0].output[i])) <=
			      1e-3 * largest))
				bench_fail("%s: the sides do not compute the same", name);
}

/* A few requests at a time, so that threads that spin after one side leave the next alone. */
static void run_sides(const struct bench *bench, struct side *sides, int count,
                      uint32_t disturbed_core)
{
	struct disturbance disturbance;
	const struct timespec pause = {0, 30000000};
	disturb_begin(&disturbance, disturbed_core, bench->disturb);
	for (int s = 0; s < count; s++)
		bench_sample_begin(bench, &sides[s].sample);
	while (bench_sample_more(bench, &sides[ONE].sample))
		for (int s = 0; s < count; s++) {
			nanosleep(&pause, NULL);
			run(bench, &sides[s]);
			for (int i = 0; i < 3; i++)
				bench_sample_add(&sides[s].sample, run(bench, &sides[s]));
		}
	disturb_end(&disturbance);
}

/* What is handed to a busy core waits there until the system's scheduler takes turns. */
#define TURN_S 4e-3

/* The same node, of which others take a part of the second processor. */
static struct hidp_cluster *loaded(const struct bench *bench, const uint32_t *cores)
{
	const double sync_s = fmax(READY_SYNC_S, bench->disturb * TURN_S);
	struct hidp_cluster *two = ready_cluster(bench, cores, 2, 1, sync_s), *cluster;
	struct hidp_cluster_builder *builder;
	bench_must(hidp_cluster_builder_from(two, &builder), NULL, "cluster");
	hidp_cluster_unref(two);
	bench_must(hidp_cluster_builder_set_load(builder, 0, 1, bench->disturb, NULL), NULL,
	           "load");
	bench_must(hidp_cluster_builder_seal(builder, &cluster, NULL), NULL, "cluster");
	hidp_cluster_builder_destroy(builder);
	return cluster;
}

static void run_network(const struct bench *bench, struct bench_table *table,
                        const struct ready_kernels *kernels, const uint32_t *cores,
                        const char *name)
{
	static struct side sides[SIDES];
	const int count = side_count(kernels);
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model *model = bench_network(bench->context, name);
	struct hidp_cluster *two = ready_cluster(bench, cores, 2, 1, READY_SYNC_S);
	struct hidp_cluster *both = ready_cluster(bench, cores, 1, 2, READY_SYNC_S);
	struct zoo_weights *weights;
	struct hidp_plan *planned;
	struct hidp_layer_info first = HIDP_LAYER_INFO_INIT, last = HIDP_LAYER_INFO_INIT;
	bench_must(hidp_model_layer(model, 0, &first), NULL, "layer");
	bench_must(hidp_model_layer(model, hidp_model_layer_count(model) - 1, &last), NULL,
	           "layer");
	bench_must(zoo_weights_new(model, 1, &weights), NULL, "weights");
	struct hidp_cost *cost = measured_cost(bench, kernels, model, two, weights);
	struct hidp_cluster *left = loaded(bench, cores);
	bench_must(hidp_plan(model, left, cost, NULL, &planned, &d), &d, "plan");
	struct hidp_plan *one = ready_plan(model, two, READY_WHOLE);
	struct hidp_plan *threads = ready_plan(model, both, READY_WHOLE);
	const struct hidp_plan *const plans[SIDES] = {one, planned, threads, threads};
	for (int s = 0; s < count; s++)
		start_side(&sides[s], kernels, plans[s], weights, s == DIRECT, first.output_bytes,
		           last.output_bytes);
	run_sides(bench, sides, count, cores[1]);
	compare(sides, count, last.output_bytes, name);
	struct bench_spread spreads[SIDES];
	bench_text(table, name);
	for (int s = 0; s < count; s++)
		spreads[s] = bench_sample_spread(&sides[s].sample);
	for (int s = 0; s <= THREADS; s++)
		bench_spread(table, spreads[s]);
	bench_number(table, spreads[PLANNED].median / spreads[THREADS].median);
	bench_number(table, bench_figures(planned).latency_s);
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	bench_must(hidp_programs_get_info(hidp_session_programs(sides[PLANNED].session, 0), &info),
	           NULL, "programs");
	bench_number(table, info.task_count);
	if (count == SIDES) {
		bench_spread(table, spreads[DIRECT]);
		bench_number(table, spreads[PLANNED].median / spreads[DIRECT].median);
	}
	for (int s = 0; s < count; s++)
		clear_side(&sides[s]);
	hidp_plan_unref(one);
	hidp_plan_unref(planned);
	hidp_plan_unref(threads);
	hidp_cost_unref(cost);
	zoo_weights_destroy(weights);
	hidp_cluster_unref(two);
	hidp_cluster_unref(both);
	hidp_cluster_unref(left);
	hidp_model_unref(model);
}

int main(int argc, char **argv)
{
	static const char *const networks[] = {
		"mobilenet_v2", "efficientnet_b0", "resnet50", "inception_v3", "resnet152", "vgg19",
	};
	struct bench bench;
	uint32_t cores[2];
	bench_start(&bench, "two_cores", argc, argv);
	const struct ready_kernels *kernels = ready_kernels(bench.kernels);
	char title[96];
	int length =
		snprintf(title, sizeof title, "one image on two cores with %s", kernels->title);
	if (bench.disturb > 0)
		snprintf(title + length, sizeof title - (size_t)length,
		         ", of the second others take %.0f %%", 100 * bench.disturb);
	struct bench_table *table = bench_table_new(
		&bench, title, columns, COLUMNS - (kernels->knows_winograd ? 0 : DIRECT_COLUMNS));
	bool enough = ready_cores(cores, 2) == 2;
	for (size_t i = 0; enough && i < sizeof networks / sizeof *networks; i++)
		if (bench_wanted(&bench, networks[i]) && (!bench.quick || i < 3))
			run_network(&bench, table, kernels, cores, networks[i]);
	bench_table_end(table);
	return bench_end(&bench);
}
