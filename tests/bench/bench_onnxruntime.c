/* SPDX-License-Identifier: MIT */
/*
 * The same ONNX files in ONNX Runtime, with one thread and with two, and here: read by hidp-onnx,
 * run with oneDNN on one core, and on two as planned with times measured before. All by turns in
 * one process, one image at a time; inputs and outputs as the file has them on either side.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include "ready.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hidp-onednn.h>
#include <hidp-onnx.h>

#include "measure.h"
#include "onnx_files.h"
#include "ort.h"

static const struct bench_column columns[] = {
	{"network", "network", -18, 0, 0},
	{"ort_1_median_s", "ORT 1 ms", 9, 2, 1e3},
	{"ort_1_low_s", NULL, 0, 0, 0},
	{"ort_1_high_s", NULL, 0, 0, 0},
	{"ort_2_median_s", "ORT 2 ms", 9, 2, 1e3},
	{"ort_2_low_s", NULL, 0, 0, 0},
	{"ort_2_high_s", NULL, 0, 0, 0},
	{"hidp_1_median_s", "hidp 1 ms", 9, 2, 1e3},
	{"hidp_1_low_s", NULL, 0, 0, 0},
	{"hidp_1_high_s", NULL, 0, 0, 0},
	{"hidp_2_median_s", "hidp 2 ms", 9, 2, 1e3},
	{"hidp_2_low_s", NULL, 0, 0, 0},
	{"hidp_2_high_s", NULL, 0, 0, 0},
	{"predicted_2_s", "predicted", 9, 2, 1e3},
	{"ratio_1", "1 / ORT", 8, 3, 1},
	{"ratio_2", "2 / ORT", 8, 3, 1},
	{"difference", "difference", 10, 6, 1},
};

/* Of the largest output; more is another result, not another order of additions. */
#define DIFFERENCE_MAX 1e-2

enum { ORT_1, ORT_2, HIDP_1, HIDP_2, SIDES };
enum { TENSORS_MAX = 8 };

/* One network, all sides. */
struct network {
	struct hidp_onnx *onnx;
	struct hidp_onednn *onednn;
	struct hidp_session *sessions[SIDES]; /* of hidp */
	struct ort_session *peers[SIDES];     /* of ONNX Runtime, NULL without */
	uint32_t input_count, output_count;
	struct hidp_onnx_tensor inputs[TENSORS_MAX], outputs[TENSORS_MAX];
	void *given[TENSORS_MAX];     /* inputs as the file has them */
	float *elements[TENSORS_MAX]; /* the same as numbers */
	float *made[TENSORS_MAX];     /* outputs of hidp, as the file has them */
	float *peer_made[TENSORS_MAX];
	float *layers_in[TENSORS_MAX], *layers_out[TENSORS_MAX]; /* as layers have them */
	double predicted_s;
	struct bench_sample samples[SIDES];
};

static void *make(size_t bytes)
{
	void *data = calloc(1, bytes > 0 ? bytes : 1);
	if (data == NULL)
		bench_fail("out of memory");
	return data;
}

/* ---- tensors ---- */

enum { TYPE_FLOAT = 1, TYPE_INT32 = 6, TYPE_INT64 = 7 };

static size_t element_bytes(const struct hidp_onnx_tensor *tensor)
{
	switch (tensor->type) {
	case TYPE_FLOAT:
	case TYPE_INT32:
		return 4;
	case TYPE_INT64:
		return 8;
	default:
		bench_fail("%s: elements are neither fp32 nor whole numbers", tensor->name);
	}
}

/* Numbers of an image from -1 to 1; whole ones 0 and 1, which tables and masks have, too. */
static void fill(const struct hidp_onnx_tensor *tensor, void *given, float *elements)
{
	uint32_t state = 1;
	for (size_t i = 0; i < tensor->count; i++) {
		state = state * 1664525 + 1013904223;
		int32_t bit = (int32_t)(state >> 31);
		int64_t wide = bit;
		elements[i] = tensor->type == TYPE_FLOAT ? (float)(state >> 8) * 0x1p-23f - 1
		                                         : (float)bit;
		if (tensor->type == TYPE_FLOAT)
			memcpy((char *)given + i * 4, &elements[i], 4);
		else if (tensor->type == TYPE_INT32)
			memcpy((char *)given + i * 4, &bit, 4);
		else
			memcpy((char *)given + i * 8, &wide, 8);
	}
}

static void make_tensors(struct network *n)
{
	n->input_count = hidp_onnx_input_count(n->onnx);
	n->output_count = hidp_onnx_output_count(n->onnx);
	if (n->input_count > TENSORS_MAX || n->output_count > TENSORS_MAX)
		bench_fail("too many inputs or outputs");
	for (uint32_t i = 0; i < n->input_count; i++) {
		struct hidp_onnx_tensor *t = &n->inputs[i];
		*t = (struct hidp_onnx_tensor)HIDP_ONNX_TENSOR_INIT;
		bench_must(hidp_onnx_input(n->onnx, i, t), NULL, "input");
		n->given[i] = make(t->count * element_bytes(t));
		n->elements[i] = make(t->count * sizeof(float));
		n->layers_in[i] = make(t->count * sizeof(float));
		fill(t, n->given[i], n->elements[i]);
	}
	for (uint32_t i = 0; i < n->output_count; i++) {
		struct hidp_onnx_tensor *t = &n->outputs[i];
		*t = (struct hidp_onnx_tensor)HIDP_ONNX_TENSOR_INIT;
		bench_must(hidp_onnx_output(n->onnx, i, t), NULL, "output");
		if (t->type != TYPE_FLOAT || t->layer == HIDP_LAYER_NONE)
			bench_fail("%s: an output that is not fp32, or constant", t->name);
		n->made[i] = make(t->count * sizeof(float));
		n->peer_made[i] = make(t->count * sizeof(float));
		n->layers_out[i] = make(t->count * sizeof(float));
	}
}

static void clear_tensors(struct network *n)
{
	for (uint32_t i = 0; i < TENSORS_MAX; i++) {
		free(n->given[i]);
		free(n->elements[i]);
		free(n->layers_in[i]);
		free(n->made[i]);
		free(n->peer_made[i]);
		free(n->layers_out[i]);
	}
}

/* ---- hidp's side ---- */

static struct hidp_session *start(const struct network *n, const struct hidp_plan *plan)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_session *session;
	bench_must(hidp_session_new(plan, NULL, &session, &d), &d, "session");
	bench_must(hidp_session_set_kernels(session, HIDP_PROCESSOR_NONE, hidp_onednn_kernels(),
	                                    n->onednn),
	           NULL, "kernels");
	bench_must(hidp_session_start(session, &d), &d, "session");
	return session;
}

static struct hidp_plan *plan_for(const struct hidp_model *model, const struct node_times *times,
                                  bool one)
{
	static const hidp_node_id node = 0;
	static const hidp_processor_id second = 1;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	options.excluded_count = one ? 1 : 0;
	options.excluded_nodes = &node;
	options.excluded_processors = &second;
	bench_must(hidp_plan(model, times->cluster, times->cost, &options, &plan, &d), &d, "plan");
	return plan;
}

/* Measures what layers take, plans for one core and for two, and starts the workers. */
static void start_hidp(const struct bench *bench, struct network *n, const uint32_t *cores)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	const struct hidp_model *model = hidp_onnx_model(n->onnx);
	const struct measure_options options = {.budget_s = bench->budget_s,
	                                        .rounds = bench->repeats};
	struct hidp_cluster *two = ready_cluster(bench, cores, 2, 1, READY_SYNC_S);
	struct node_times times;
	bench_must(hidp_onednn_new(model, hidp_onnx_weights(), n->onnx, NULL, &n->onednn, &d), &d,
	           "kernels");
	struct engine *engine = engine_of(hidp_onednn_kernels(), n->onednn);
	if (engine == NULL)
		bench_fail("out of memory");
	bench_must(measure_node(bench->context, model, two, engine, &options, &times, &d), &d,
	           "measuring");
	for (int side = HIDP_1; side <= HIDP_2; side++) {
		struct hidp_plan *plan = plan_for(model, &times, side == HIDP_1);
		n->sessions[side] = start(n, plan);
		n->predicted_s = bench_figures(plan).latency_s;
		hidp_plan_unref(plan);
	}
	node_times_clear(&times);
	engine_destroy(engine);
	hidp_cluster_unref(two);
}

static void run_hidp(struct network *n, struct hidp_session *session)
{
	uint64_t request;
	for (uint32_t i = 0; i < n->input_count; i++)
		bench_must(hidp_onnx_to_layer(n->onnx, i, n->elements[i], n->layers_in[i]), NULL,
		           "input");
	bench_must(hidp_session_submit(session, (const void *const *)n->layers_in, n->input_count,
	                               &request),
	           NULL, "submit");
	bench_must(hidp_session_wait(session, request, 60, (void *const *)n->layers_out,
	                             n->output_count),
	           NULL, "wait");
	for (uint32_t i = 0; i < n->output_count; i++)
		bench_must(hidp_onnx_from_layer(n->onnx, i, n->layers_out[i], n->made[i]), NULL,
		           "output");
}

/* ---- ONNX Runtime's ---- */

static void start_peer(struct network *n, struct ort *ort, const char *file)
{
	struct ort_tensor inputs[TENSORS_MAX], outputs[TENSORS_MAX];
	for (uint32_t i = 0; i < n->input_count; i++) {
		const struct hidp_onnx_tensor *t = &n->inputs[i];
		inputs[i] = (struct ort_tensor){
			.name = t->name,
			.type = (int32_t)t->type,
			.rank = t->rank,
			.dims = t->dims,
			.data = n->given[i],
			.bytes = t->count * element_bytes(t),
		};
	}
	for (uint32_t i = 0; i < n->output_count; i++) {
		const struct hidp_onnx_tensor *t = &n->outputs[i];
		outputs[i] = (struct ort_tensor){
			.name = t->name,
			.type = (int32_t)t->type,
			.rank = t->rank,
			.dims = t->dims,
			.data = n->peer_made[i],
			.bytes = t->count * sizeof(float),
		};
	}
	for (int side = ORT_1; side <= ORT_2; side++)
		n->peers[side] = ort_session_new(ort, file, side == ORT_1 ? 1 : 2, inputs,
		                                 n->input_count, outputs, n->output_count);
}

/* ---- both ---- */

/* This thread may run on so many of the cores; ONNX Runtime computes on it. */
static void keep_to(const uint32_t *cores, uint32_t count)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	for (uint32_t i = 0; i < count; i++)
		CPU_SET(cores[i], &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

/* Sessions have threads of their own: processor time is that of all. */
static double now(const struct bench *bench)
{
	struct timespec t;
	clock_gettime(bench->cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double run(const struct bench *bench, struct network *n, int side)
{
	double began = now(bench);
	if (n->peers[side] != NULL)
		ort_session_run(n->peers[side]);
	else
		run_hidp(n, n->sessions[side]);
	return now(bench) - began;
}

/* A few at a time, so that threads that spin after one side leave the next alone. */
static void run_sides(const struct bench *bench, struct network *n, const uint32_t *cores)
{
	const struct timespec pause = {0, 30000000};
	for (int s = 0; s < SIDES; s++)
		bench_sample_begin(bench, &n->samples[s]);
	while (bench_sample_more(bench, &n->samples[HIDP_1]))
		for (int s = 0; s < SIDES; s++) {
			if (n->peers[s] == NULL && n->sessions[s] == NULL)
				continue;
			keep_to(cores, s == ORT_1 ? 1 : 2);
			nanosleep(&pause, NULL);
			run(bench, n, s);
			for (int i = 0; i < 3; i++)
				bench_sample_add(&n->samples[s], run(bench, n, s));
		}
	keep_to(cores, 2);
}

/* Largest difference between the two, as a part of the largest element. */
static double difference(const struct network *n, const char *name)
{
	double worst = 0;
	for (uint32_t i = 0; i < n->output_count; i++) {
		double largest = 0, most = 0;
		for (size_t k = 0; k < n->outputs[i].count; k++) {
			double x = (double)n->made[i][k], y = (double)n->peer_made[i][k];
			if (!isfinite(x) || !isfinite(y))
				bench_fail("%s: an output that is no number", name);
			largest = fmax(largest, fabs(y));
			most = fmax(most, fabs(x - y));
		}
		worst = fmax(worst, most / largest);
	}
	if (!(worst <= DIFFERENCE_MAX))
		bench_fail("%s: the results are %g of the largest output apart", name, worst);
	return worst;
}

static void add_row(struct bench_table *table, struct network *n, const char *name)
{
	struct bench_spread spreads[SIDES];
	bool peer = n->peers[ORT_1] != NULL;
	bench_text(table, name);
	for (int s = 0; s < SIDES; s++) {
		spreads[s] = (struct bench_spread){NAN, NAN, NAN, 0};
		if (n->samples[s].count > 0)
			spreads[s] = bench_sample_spread(&n->samples[s]);
		bench_spread(table, spreads[s]);
	}
	bench_number(table, n->predicted_s);
	bench_number(table, spreads[HIDP_1].median / spreads[ORT_1].median);
	bench_number(table, spreads[HIDP_2].median / spreads[ORT_2].median);
	bench_number(table, peer ? difference(n, name) : NAN);
}

static void run_network(const struct bench *bench, struct bench_table *table, struct ort *ort,
                        const uint32_t *cores, const char *name, const char *file)
{
	static struct network n; /* samples are large */
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	memset(&n, 0, sizeof n);
	bench_must(hidp_onnx_open(bench->context, file, NULL, &n.onnx, &d), &d, file);
	make_tensors(&n);
	start_hidp(bench, &n, cores);
	if (ort != NULL)
		start_peer(&n, ort, file);
	run_sides(bench, &n, cores);
	add_row(table, &n, name);
	for (int s = 0; s < SIDES; s++) {
		ort_session_destroy(n.peers[s]);
		hidp_session_destroy(n.sessions[s]);
	}
	hidp_onednn_destroy(n.onednn);
	hidp_onnx_destroy(n.onnx);
	clear_tensors(&n);
}

struct sides {
	const struct bench *bench;
	struct bench_table *table;
	struct ort *ort;
	const uint32_t *cores;
};

static void run_file(void *user_data, const char *name, const char *file)
{
	const struct sides *s = user_data;
	run_network(s->bench, s->table, s->ort, s->cores, name, file);
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct ort *ort = NULL;
	uint32_t cores[2];
	char title[128];
	bench_start(&bench, "onnxruntime", argc, argv);
	if (bench.files == NULL || ready_cores(cores, 2) < 2) {
		puts(bench.files == NULL ? "skipped: --files says which ONNX files to run"
		                         : "skipped: there are no two cores");
		bench_end(&bench);
		return 77;
	}
	keep_to(cores, 2); /* and with it all threads to come */
	if (bench.peer_count > 0)
		ort = ort_open(bench.peers[0]);
	else
		puts("without --peer LIBONNXRUNTIME there is nothing to compare with");
	snprintf(title, sizeof title, "ONNX files, one image, %s%.40s",
	         ort != NULL ? "against ONNX Runtime " : "hidp alone",
	         ort != NULL ? ort_version(ort) : "");
	struct bench_table *table =
		bench_table_new(&bench, title, columns, sizeof columns / sizeof *columns);
	struct sides sides = {&bench, table, ort, cores};
	onnx_files(&bench, run_file, &sides);
	bench_table_end(table);
	ort_close(ort);
	return bench_end(&bench);
}
