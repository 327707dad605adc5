/* SPDX-License-Identifier: MIT */
/* A plan, carried out again and again by a session. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"

/* A request that takes longer than this hangs. */
#define PATIENCE_S 600

struct trial {
	struct hidp_session *session;
	const struct hidp_programs *programs;
	uint32_t task_count, input_count;
	void **inputs;     /* [input_count] */
	size_t run_count;
	double latencies[TRIAL_RUNS_MAX];
	/* [task_count][TRIAL_RUNS_MAX], after the beginning of the request */
	double *begins, *ends;
	/* tasks by their steps: first[step] to first[step + 1] of the list `tasks` */
	uint32_t step_count, *first, *tasks;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t count, double q)
{
	double at = q * (double)(count - 1);
	size_t low = (size_t)at, high = low + 1 < count ? low + 1 : low;
	return sorted[low] + (at - (double)low) * (sorted[high] - sorted[low]);
}

struct spread spread_of(double *values, size_t count)
{
	if (count == 0)
		return (struct spread){0, 0, 0};
	qsort(values, count, sizeof *values, compare);
	return (struct spread){quantile(values, count, 0.25), quantile(values, count, 0.5),
	                       quantile(values, count, 0.75)};
}

/* Kernels that compute nothing. */
static hidp_status supports_all(void *user_data, const struct hidp_model *model,
                                hidp_layer_id layer, struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	(void)model;
	(void)layer;
	(void)diagnostic;
	return HIDP_OK;
}

static hidp_status prepare_nothing(void *user_data, const struct hidp_programs *programs,
                                   uint32_t task, void **prepared_out, size_t *scratch_bytes_out,
                                   struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	(void)programs;
	(void)task;
	(void)diagnostic;
	*prepared_out = NULL;
	*scratch_bytes_out = 0;
	return HIDP_OK;
}

static hidp_status run_nothing(void *user_data, void *prepared, void *memory, void *scratch)
{
	(void)user_data;
	(void)prepared;
	(void)memory;
	(void)scratch;
	return HIDP_OK;
}

static void release_nothing(void *user_data, void *prepared)
{
	(void)user_data;
	(void)prepared;
}

static const struct hidp_kernels idle = {
	sizeof idle,     HIDP_PLUGIN_ABI, "idle",          supports_all,
	prepare_nothing, run_nothing,     release_nothing, NULL,
};

/* Elements of an image as a camera would give them, the same every time. */
static void fill_input(void *data, size_t bytes)
{
	float *values = data;
	uint32_t state = 1;
	for (size_t i = 0; i < bytes / sizeof *values; i++) {
		state = state * 1664525u + 1013904223u;
		values[i] = (float)(state >> 8) / (float)(1 << 23) - 1;
	}
}

static bool make_inputs(struct trial *t, const struct hidp_model *model)
{
	uint32_t layers = hidp_model_layer_count(model);
	t->inputs = calloc(layers, sizeof *t->inputs);
	for (hidp_layer_id l = 0; t->inputs != NULL && l < layers; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		hidp_model_layer(model, l, &info);
		if (info.op != HIDP_OP_INPUT)
			continue;
		void *data = calloc(1, (size_t)info.output_bytes);
		if (data == NULL)
			return false;
		if (info.dtype == HIDP_DTYPE_FP32)
			fill_input(data, (size_t)info.output_bytes);
		t->inputs[t->input_count++] = data;
	}
	return t->inputs != NULL;
}

/* Sorts the tasks that compute by their steps. */
static bool find_steps(struct trial *t)
{
	struct hidp_program_task task = HIDP_PROGRAM_TASK_INIT;
	uint32_t *steps = calloc(t->task_count + 1, sizeof *steps);
	t->tasks = calloc(t->task_count + 1, sizeof *t->tasks);
	if (steps == NULL || t->tasks == NULL) {
		free(steps);
		return false;
	}
	for (uint32_t i = 0; i < t->task_count; i++) {
		hidp_programs_get_task(t->programs, i, &task);
		steps[i] = task.kind == HIDP_TASK_COMPUTE ? task.step : UINT32_MAX;
		if (task.kind == HIDP_TASK_COMPUTE && task.step >= t->step_count)
			t->step_count = task.step + 1;
	}
	t->first = calloc(t->step_count + 1, sizeof *t->first);
	uint32_t used = 0;
	for (uint32_t s = 0; t->first != NULL && s < t->step_count; s++) {
		t->first[s] = used;
		for (uint32_t i = 0; i < t->task_count; i++)
			if (steps[i] == s)
				t->tasks[used++] = i;
		t->first[s + 1] = used;
	}
	free(steps);
	return t->first != NULL;
}

static hidp_status begin(struct trial *t, const struct hidp_plan *plan, const struct engine *engine,
                         hidp_processor_id idle_from, struct hidp_diagnostic *diagnostic)
{
	uint32_t processors = hidp_cluster_processor_count(hidp_plan_cluster(plan), 0);
	hidp_status s = hidp_session_new(plan, NULL, &t->session, diagnostic);
	for (hidp_processor_id p = 0; s == HIDP_OK && p < processors; p++)
		s = p < idle_from ? hidp_session_set_kernels(t->session, p, engine_kernels(engine),
		                                             engine_data(engine))
		                  : hidp_session_set_kernels(t->session, p, &idle, NULL);
	if (s == HIDP_OK)
		s = hidp_session_start(t->session, diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	t->programs = hidp_session_programs(t->session, 0);
	hidp_programs_get_info(t->programs, &info);
	t->task_count = info.task_count;
	size_t samples = (size_t)info.task_count * TRIAL_RUNS_MAX + 1;
	t->begins = malloc(samples * sizeof *t->begins);
	t->ends = malloc(samples * sizeof *t->ends);
	if (t->begins == NULL || t->ends == NULL || !find_steps(t) ||
	    !make_inputs(t, hidp_plan_model(plan)))
		return HIDP_ERR_NOMEM;
	return HIDP_OK;
}

hidp_status trial_new(const struct hidp_plan *plan, const struct engine *engine,
                      hidp_processor_id idle_from, struct trial **trial_out,
                      struct hidp_diagnostic *diagnostic)
{
	struct trial *t = calloc(1, sizeof *t);
	if (t == NULL)
		return HIDP_ERR_NOMEM;
	hidp_status s = begin(t, plan, engine, idle_from, diagnostic);
	if (s != HIDP_OK) {
		trial_destroy(t);
		return s;
	}
	*trial_out = t;
	return HIDP_OK;
}

void trial_destroy(struct trial *trial)
{
	if (trial == NULL)
		return;
	hidp_session_destroy(trial->session);
	for (uint32_t i = 0; i < trial->input_count; i++)
		free(trial->inputs[i]);
	free(trial->inputs);
	free(trial->begins);
	free(trial->ends);
	free(trial->first);
	free(trial->tasks);
	free(trial);
}

hidp_status trial_run(struct trial *trial)
{
	struct hidp_task_statistics times = HIDP_TASK_STATISTICS_INIT;
	uint64_t request;
	if (trial->run_count == TRIAL_RUNS_MAX)
		return HIDP_ERR_LIMIT;
	size_t run = trial->run_count;
	double start = now();
	hidp_status s = hidp_session_submit(trial->session, (const void *const *)trial->inputs,
	                                    trial->input_count, &request);
	if (s == HIDP_OK)
		s = hidp_session_wait(trial->session, request, PATIENCE_S, NULL, 0);
	if (s != HIDP_OK)
		return s;
	trial->latencies[run] = now() - start;
	for (uint32_t i = 0; i < trial->task_count; i++) {
		hidp_session_get_task_statistics(trial->session, 0, i, &times);
		trial->begins[(size_t)i * TRIAL_RUNS_MAX + run] = times.last_begin_s;
		trial->ends[(size_t)i * TRIAL_RUNS_MAX + run] = times.last_end_s;
	}
	trial->run_count++;
	return HIDP_OK;
}

void trial_forget(struct trial *trial)
{
	trial->run_count = 0;
}

size_t trial_count(const struct trial *trial)
{
	return trial->run_count;
}

struct spread trial_latency(const struct trial *trial)
{
	double values[TRIAL_RUNS_MAX];
	memcpy(values, trial->latencies, sizeof values);
	return spread_of(values, trial->run_count);
}

static double took(const struct trial *t, uint32_t task, size_t run)
{
	size_t at = (size_t)task * TRIAL_RUNS_MAX + run;
	return t->ends[at] - t->begins[at];
}

/* When the last slice of a step ended; the request's beginning before the first step. */
static double step_end(const struct trial *t, uint32_t step, size_t run)
{
	double end = 0;
	for (uint32_t i = t->first[step]; i < t->first[step + 1]; i++)
		end = fmax(end, t->ends[(size_t)t->tasks[i] * TRIAL_RUNS_MAX + run]);
	return end;
}

/* From the end of a step to the end of the next; the first begins with the request. */
static double step_took(const struct trial *t, uint32_t step, size_t run)
{
	return step_end(t, step, run) - (step > 0 ? step_end(t, step - 1, run) : 0);
}

static double longest_slice(const struct trial *t, uint32_t step, size_t run)
{
	double longest = 0;
	for (uint32_t i = t->first[step]; i < t->first[step + 1]; i++)
		longest = fmax(longest, took(t, t->tasks[i], run));
	return longest;
}

double trial_slice_s(const struct trial *trial, uint32_t step, uint32_t slice)
{
	double values[TRIAL_RUNS_MAX];
	for (size_t run = 0; run < trial->run_count; run++)
		values[run] = took(trial, trial->tasks[trial->first[step] + slice], run);
	return spread_of(values, trial->run_count).median;
}

double trial_step_s(const struct trial *trial, uint32_t step)
{
	double values[TRIAL_RUNS_MAX];
	for (size_t run = 0; run < trial->run_count; run++)
		values[run] = step_took(trial, step, run);
	return spread_of(values, trial->run_count).median;
}

double trial_gap_s(const struct trial *trial, uint32_t step)
{
	double values[TRIAL_RUNS_MAX];
	for (size_t run = 0; run < trial->run_count; run++)
		values[run] = step_took(trial, step, run) - longest_slice(trial, step, run);
	return spread_of(values, trial->run_count).median;
}
