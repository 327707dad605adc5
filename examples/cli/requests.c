/* SPDX-License-Identifier: MIT */
/* Requests to the agent, their results, and a line that says how far it is. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#define SHOW_S 1.0 /* how often progress is said where lines cannot be overwritten */
#define SHOW_TERMINAL_S 0.1

static const struct loaded_model *the_model(const struct requests *r)
{
	return &r->member->models[0];
}

static bool make_inputs(struct requests *r, long which)
{
	const struct run_options *o = r->options;
	struct tensors *inputs = &r->inputs[which];
	if (!tensors_new(inputs, the_model(r)->model, false))
		return false;
	if (o->inputs.count == 0)
		return tensors_fill(inputs, the_model(r), o->input_seed + (uint64_t)which);
	return tensors_read(inputs, the_model(r), &o->inputs);
}

static bool make_truths(struct requests *r)
{
	const struct run_options *o = r->options;
	for (long i = 0; o->check != NULL && i < o->variety; i++)
		if (!tensors_new(&r->truths[i], the_model(r)->model, true) ||
		    !check_run(r->member->context, the_model(r), o->check, &r->inputs[i],
		               &r->truths[i]))
			return false;
	return true;
}

bool requests_new(struct requests *r, const struct run_options *o, struct member *member)
{
	*r = (struct requests){.options = o, .member = member};
	pthread_mutex_init(&r->mutex, NULL);
	r->inputs = calloc((size_t)o->variety, sizeof *r->inputs);
	r->truths = calloc((size_t)o->variety, sizeof *r->truths);
	r->latencies_s = calloc((size_t)o->repeat, sizeof *r->latencies_s);
	if (r->inputs == NULL || r->truths == NULL || r->latencies_s == NULL) {
		complain("out of memory");
		return false;
	}
	for (long i = 0; i < o->variety; i++)
		if (!make_inputs(r, i))
			return false;
	if (!tensors_new(&r->first, the_model(r)->model, true) ||
	    !tensors_can_write(the_model(r), &o->outputs))
		return false;
	r->log = o->log != NULL ? fopen(o->log, "w") : NULL;
	if (o->log != NULL && r->log == NULL) {
		complain("%s: %s", o->log, strerror(errno));
		return false;
	}
	bool exact = strcmp(watch_kernels(member->watches[0])->name, "reference") == 0;
	r->tolerance = o->tolerance >= 0 ? o->tolerance : exact ? 0 : 1e-4;
	return make_truths(r);
}

void requests_free(struct requests *r)
{
	for (long i = 0; i < r->options->variety; i++) {
		if (r->inputs != NULL)
			tensors_free(&r->inputs[i]);
		if (r->truths != NULL)
			tensors_free(&r->truths[i]);
	}
	tensors_free(&r->first);
	free(r->inputs);
	free(r->truths);
	free(r->latencies_s);
	if (r->log != NULL)
		fclose(r->log);
	pthread_mutex_destroy(&r->mutex);
}

/* Called with the mutex. */
static void show_progress(struct requests *r, double latency_s)
{
	bool terminal = isatty(STDOUT_FILENO), last;
	long over = r->done + r->failed;
	double now = now_s();
	last = over == r->options->repeat;
	if (r->options->reports.quiet ||
	    (!last && now - r->shown_s < (terminal ? SHOW_TERMINAL_S : SHOW_S)))
		return;
	r->shown_s = now;
	printf("%srequest %ld of %ld: %.2f ms, predicted %.2f ms, %ld begun again, %ld failed%s",
	       terminal ? "\r" : "", over, r->options->repeat, 1e3 * latency_s,
	       1e3 * r->predicted_s, r->again, r->failed, terminal && !last ? "\033[K" : "\n");
	fflush(stdout);
}

/* A request as one thread sees it. */
struct under_way {
	struct requests *requests;
	long number;
};

/* How far a request is that takes its time, where somebody looks. */
static void show_part(void *data, uint32_t attempt, double part_done)
{
	const struct under_way *u = data;
	struct requests *r = u->requests;
	double now = now_s();
	(void)attempt;
	if (r->options->reports.quiet || !isatty(STDOUT_FILENO))
		return;
	pthread_mutex_lock(&r->mutex);
	if (now - r->shown_s >= SHOW_TERMINAL_S) {
		r->shown_s = now;
		printf("\rrequest %ld of %ld: %.0f %% of the leader's tasks\033[K", u->number + 1,
		       r->options->repeat, 100 * part_done);
		fflush(stdout);
	}
	pthread_mutex_unlock(&r->mutex);
}

static void write_log(struct requests *r, long number, hidp_status status,
                      const struct hidp_agent_report *report, uint64_t digest, double difference)
{
	if (r->log == NULL)
		return;
	fprintf(r->log,
	        "{\"request\":%ld,\"status\":%d,\"attempts\":%u,\"plan\":%" PRIu64
	        ",\"latency_s\":%.9g,\"predicted_s\":%.9g,\"planning_s\":%.9g,"
	        "\"preparing_s\":%.9g,\"total_s\":%.9g,\"digest\":\"%016" PRIx64
	        "\",\"difference\":%.3g}\n",
	        number, (int)status, report->attempts, report->plan_id, report->latency_s,
	        report->predicted_s, report->planning_s, report->preparing_s, report->total_s,
	        digest, isfinite(difference) ? difference : 1e300);
	fflush(r->log);
}

/* What became of a request; `difference` from the truth. */
static void note(struct requests *r, long number, hidp_status status,
                 const struct hidp_agent_report *report, const struct tensors *outputs,
                 const struct hidp_diagnostic *said)
{
	const struct tensors *truth = &r->truths[number % r->options->variety];
	double end_s = now_s();
	bool done = status == HIDP_OK;
	uint64_t digest = done ? tensors_digest(outputs) : 0;
	double difference =
		done && r->options->check != NULL ? tensors_difference(outputs, truth) : 0;
	pthread_mutex_lock(&r->mutex);
	if (done) {
		r->latencies_s[r->done++] = report->latency_s;
		r->again += report->attempts > 1;
		r->predicted_s = report->predicted_s;
		r->planning_s += report->planning_s;
		r->preparing_s += report->preparing_s;
		if (r->done == 1)
			r->first_end_s = end_s;
		r->last_begin_s = end_s - report->latency_s;
		r->last_end_s = end_s;
		r->worst = fmax(r->worst, difference);
		r->wrong += difference > r->tolerance;
		if (number == 0) {
			r->digest = digest;
			r->has_digest = true;
			for (uint32_t i = 0; i < outputs->count; i++)
				memcpy(r->first.data[i], outputs->data[i], outputs->bytes[i]);
		}
	} else {
		char place[48];
		r->failed++;
		snprintf(place, sizeof place, "request %ld", number);
		complain_status(place, status, said);
	}
	write_log(r, number, status, report, digest, difference);
	show_progress(r, done ? report->latency_s : 0);
	pthread_mutex_unlock(&r->mutex);
}

static void *run_some(void *data)
{
	struct requests *r = data;
	struct tensors outputs;
	bool ok = tensors_new(&outputs, the_model(r)->model, true);
	while (ok) {
		struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
		struct hidp_agent_request request = HIDP_AGENT_REQUEST_INIT;
		struct hidp_agent_report report = HIDP_AGENT_REPORT_INIT;
		pthread_mutex_lock(&r->mutex);
		long number = r->next < r->options->repeat ? r->next++ : -1;
		pthread_mutex_unlock(&r->mutex);
		if (number < 0)
			break;
		struct under_way under_way = {r, number};
		const struct tensors *inputs = &r->inputs[number % r->options->variety];
		request.options = &r->options->plan;
		request.inputs = (const void *const *)inputs->data;
		request.input_count = inputs->count;
		request.outputs = outputs.data;
		request.output_count = outputs.count;
		request.deadline_s = r->options->deadline_s;
		request.on_progress = show_part;
		request.progress_data = &under_way;
		hidp_status s = hidp_agent_run(r->member->agent, &request, &report, &said);
		note(r, number, s, &report, &outputs, &said);
		ok = s != HIDP_ERR_CLOSED;
	}
	tensors_free(&outputs);
	return NULL;
}

void requests_run(struct requests *r)
{
	pthread_t threads[64];
	long count = r->options->parallel - 1, started = 0;
	while (started < count && pthread_create(&threads[started], NULL, run_some, r) == 0)
		started++;
	run_some(r);
	for (long i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void print_latency(struct requests *r)
{
	qsort(r->latencies_s, (size_t)r->done, sizeof *r->latencies_s, compare);
	double median = r->latencies_s[r->done / 2];
	printf("latency     median %.2f ms, from %.2f to %.2f ms\n", 1e3 * median,
	       1e3 * r->latencies_s[0], 1e3 * r->latencies_s[r->done - 1]);
	printf("predicted   %.2f ms; measured / predicted %.2f\n", 1e3 * r->predicted_s,
	       median / r->predicted_s);
	printf("planning    %.2f ms in total, getting ready %.1f ms\n", 1e3 * r->planning_s,
	       1e3 * r->preparing_s);
}

/* How many are done in a second, from the first result to the last. */
static void print_rate(const struct requests *r)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	struct hidp_plan *plan = NULL;
	double time_s = r->last_end_s - r->first_end_s;
	if (r->done < 2 || time_s <= 0)
		return;
	printf("throughput  %.2f requests/s", (double)(r->done - 1) / time_s);
	if (r->options->parallel > 1 && hidp_agent_plan(r->member->agent, &plan) == HIDP_OK &&
	    plan != NULL && hidp_plan_get_figures(plan, &figures) == HIDP_OK)
		printf(", predicted %.2f", 1 / figures.period_s);
	hidp_plan_unref(plan);
	putchar('\n');
}

int requests_report(struct requests *r)
{
	const struct run_options *o = r->options;
	long asked = o->repeat;
	printf("requests    %ld: %ld done, %ld failed, %ld begun again\n", asked, r->done,
	       asked - r->done, r->again);
	if (r->done != 0)
		print_latency(r);
	print_rate(r);
	if (r->has_digest)
		printf("result      digest %016" PRIx64 "\n", r->digest);
	if (o->check != NULL && r->done != 0) {
		if (r->worst == 0)
			printf("check       all equal to the undivided run with %s, bit by bit\n",
			       o->check);
		else
			printf("check       %ld of %ld agree with the undivided run with %s: "
			       "within "
			       "%.1e of the largest output, %.1e are allowed\n",
			       r->done - r->wrong, r->done, o->check, r->worst, r->tolerance);
	}
	bool ok = !r->has_digest || tensors_write(&r->first, the_model(r), &o->outputs);
	ok = ok && r->done == asked && r->wrong == 0;
	return ok ? CLI_OK : CLI_FAILURE;
}
