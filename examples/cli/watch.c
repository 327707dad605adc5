/* SPDX-License-Identifier: MIT */
/*
 * Kernels for a model. Those of a plug-in, wrapped in a table that remembers when each task
 * ran, and that makes a node slower than it is, for trials on one machine.
 */
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"
#include "nodes.h"

/* A task that was prepared, and the last time that it ran. */
struct prepared {
	struct prepared *next;
	void *inner;
	struct hidp_program_task task;
	uint32_t route;
	uint64_t generation; /* of the plan that it is of */
	bool released;
	double begin_s, end_s; /* 0: it never ran */
};

struct watch {
	struct hidp_kernels table;
	struct engine *engine;
	const struct hidp_kernels *kernels; /* the engine's */
	void *kernels_data;
	double slow;
	pthread_mutex_t mutex; /* of what follows */
	struct prepared *prepared;
	const struct hidp_plan *plan; /* of the last task that was prepared; compared alone */
	uint64_t generation;
};

double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double thread_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void sleep_until(double until_s)
{
	struct timespec t = {.tv_sec = (time_t)until_s,
	                     .tv_nsec = (long)(1e9 * (until_s - (double)(time_t)until_s))};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
	}
}

static hidp_status watch_supports(void *data, const struct hidp_model *model, hidp_layer_id layer,
                                  struct hidp_diagnostic *diagnostic)
{
	const struct watch *w = data;
	return w->kernels->supports(w->kernels_data, model, layer, diagnostic);
}

/* Tasks of plans before the last are forgotten when they are released. */
static void forget(struct watch *w)
{
	for (struct prepared **at = &w->prepared; *at != NULL;) {
		struct prepared *p = *at;
		if (p->released && p->generation != w->generation) {
			*at = p->next;
			free(p);
		} else {
			at = &p->next;
		}
	}
}

static void remember(struct watch *w, struct prepared *p, const struct hidp_plan *plan)
{
	pthread_mutex_lock(&w->mutex);
	/* what is released may have made room for another plan at the same address */
	bool released = w->prepared == NULL || w->prepared->released;
	if (released || w->plan != plan)
		w->generation++;
	w->plan = plan;
	p->generation = w->generation;
	p->next = w->prepared;
	w->prepared = p;
	forget(w);
	pthread_mutex_unlock(&w->mutex);
}

static hidp_status watch_prepare(void *data, const struct hidp_programs *programs, uint32_t task,
                                 void **prepared_out, size_t *scratch_bytes_out,
                                 struct hidp_diagnostic *diagnostic)
{
	struct watch *w = data;
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	struct prepared *p = calloc(1, sizeof *p);
	if (p == NULL)
		return HIDP_ERR_NOMEM;
	hidp_status s = w->kernels->prepare(w->kernels_data, programs, task, &p->inner,
	                                    scratch_bytes_out, diagnostic);
	if (s != HIDP_OK) {
		free(p);
		return s;
	}

	p->task.struct_size = sizeof p->task;
	hidp_programs_get_task(programs, task, &p->task);
	hidp_programs_get_info(programs, &info);
	p->route = info.route;
	remember(w, p, hidp_programs_plan(programs));
	*prepared_out = p;
	return HIDP_OK;
}

/*
 * A slower processor takes so many times the processor time that the kernel took: what others
 * on this machine take from it is not added, so that several nodes on few cores are as slow as
 * they say. Sleeping too long is made up for by the next task.
 */
static void slow_down(double begin_s, double work_s, double slow)
{
	static _Thread_local double ahead_s; /* it should be so much later than it is */
	double until_s = begin_s + slow * work_s + ahead_s, now = now_s();
	if (until_s > now)
		sleep_until(until_s);
	now = now_s();
	ahead_s = until_s - now;
	/* it is not made up for what was lost for good */
	if (ahead_s < -200e-6)
		ahead_s = 0;
}

static hidp_status watch_run(void *data, void *prepared, void *memory, void *scratch)
{
	struct watch *w = data;
	struct prepared *p = prepared;
	double begin_s = now_s(), work_s = w->slow > 1 ? thread_s() : 0;
	hidp_status s = w->kernels->run(w->kernels_data, p->inner, memory, scratch);
	if (w->slow > 1)
		slow_down(begin_s, thread_s() - work_s, w->slow);
	double end_s = now_s();
	pthread_mutex_lock(&w->mutex);
	p->begin_s = begin_s;
	p->end_s = end_s;
	pthread_mutex_unlock(&w->mutex);
	return s;
}

static void watch_release(void *data, void *prepared)
{
	struct watch *w = data;
	struct prepared *p = prepared;
	w->kernels->release(w->kernels_data, p->inner);
	pthread_mutex_lock(&w->mutex);
	p->released = true;
	forget(w);
	pthread_mutex_unlock(&w->mutex);
}

static hidp_status watch_enter(void *data, uint32_t core_count)
{
	const struct watch *w = data;
	return w->kernels->enter != NULL ? w->kernels->enter(w->kernels_data, core_count) : HIDP_OK;
}

static void complain_kernels(const char *name)
{
	char known[128] = "";
	for (size_t i = 0; engine_name(i) != NULL; i++)
		snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s",
		         i != 0 ? ", " : "", engine_name(i));
	complain("%s: no such kernels; this hidp was built with %s", name, known);
}

bool watch_knows(const char *name)
{
	for (size_t i = 0; engine_name(i) != NULL; i++)
		if (strcmp(engine_name(i), name) == 0)
			return true;
	complain_kernels(name);
	return false;
}

struct watch *watch_new(const struct loaded_model *model, const char *name, double slow)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	if (name != NULL && !watch_knows(name))
		return NULL;
	struct watch *w = calloc(1, sizeof *w);
	if (w == NULL || pthread_mutex_init(&w->mutex, NULL) != 0) {
		complain("out of memory");
		free(w);
		return NULL;
	}
	w->slow = slow;
	hidp_status s = engine_new_weights(name, model->model, model->weights,
	                                   model->weights_data, &w->engine, &said);
	if (s != HIDP_OK) {
		complain_status("kernels", s, &said);
		watch_free(w);
		return NULL;
	}
	w->kernels = engine_kernels(w->engine);
	w->kernels_data = engine_data(w->engine);
	w->table = (struct hidp_kernels){.struct_size = sizeof w->table,
	                                 .abi = HIDP_PLUGIN_ABI,
	                                 .name = w->kernels->name,
	                                 .supports = watch_supports,
	                                 .prepare = watch_prepare,
	                                 .run = watch_run,
	                                 .release = watch_release,
	                                 .enter = watch_enter};
	return w;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	while (watch->prepared != NULL) {
		struct prepared *next = watch->prepared->next;
		free(watch->prepared);
		watch->prepared = next;
	}
	engine_destroy(watch->engine);
	pthread_mutex_destroy(&watch->mutex);
	free(watch);
}

const struct hidp_kernels *watch_kernels(const struct watch *watch)
{
	return &watch->table;
}

/* The tasks of the last plan of which any ran. */
static json_t *list_tasks(struct watch *w)
{
	json_t *tasks = json_array();
	uint64_t last = 0;
	pthread_mutex_lock(&w->mutex);
	for (const struct prepared *p = w->prepared; p != NULL; p = p->next)
		if (p->end_s > 0 && p->generation > last)
			last = p->generation;
	for (const struct prepared *p = w->prepared; p != NULL; p = p->next)
		if (p->end_s > 0 && p->generation == last)
			json_array_append_new(tasks,
			                      json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f}",
			                                "route", (json_int_t)p->route, "stage",
			                                (json_int_t)p->task.stage, "share",
			                                (json_int_t)p->task.share, "step",
			                                (json_int_t)p->task.step, "slice",
			                                (json_int_t)p->task.slice, "processor",
			                                (json_int_t)p->task.processor, "begin_s",
			                                p->begin_s, "end_s", p->end_s));
	pthread_mutex_unlock(&w->mutex);
	return tasks;
}

bool watch_write_times(struct watch *watch, const char *path, const char *node, double begin_s,
                       double end_s)
{
	json_t *document = json_pack("{s:s,s:i,s:s,s:o}", "format", "hidp-times", "version", 1,
	                             "node", node, "tasks", list_tasks(watch));
	if (document != NULL && end_s > 0)
		json_object_set_new(document, "request",
		                    json_pack("{s:f,s:f}", "begin_s", begin_s, "end_s", end_s));
	char *text = document != NULL ? json_dumps(document, JSON_INDENT(1)) : NULL;
	bool ok = text != NULL && write_file(path, text, strlen(text));
	if (text == NULL)
		complain("%s: out of memory", path);
	free(text);
	json_decref(document);
	return ok;
}
