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

#include <hidp/plugin/weights.h>

#include "nodes.h"
#include "zoo.h"
#if CLI_WITH_ONEDNN
#include <hidp-onednn.h>
#endif
#if CLI_WITH_REFERENCE
#include <hidp-reference.h>
#endif

/* A task that was prepared, and the last time that it ran. */
struct prepared {
	struct prepared *next;
	struct engine *engine;
	void *inner;
	struct hidp_program_task task;
	uint32_t route;
	uint64_t generation; /* of the plan that it is of */
	bool released;
	double begin_s, end_s; /* 0: it never ran */
};

struct engine {
	struct hidp_kernels table;
	const struct hidp_kernels *kernels;
	void *kernels_data;
	void (*destroy)(void *);
	struct zoo_weights *weights;
	double slow;
	pthread_mutex_t mutex; /* of what follows */
	struct prepared *prepared;
	const struct hidp_plan *plan; /* of the last task that was prepared; compared alone */
	uint64_t generation;
};

#if CLI_WITH_ONEDNN
static void destroy_onednn(void *data)
{
	hidp_onednn_destroy(data);
}

static hidp_status make_onednn(struct engine *e, const struct hidp_model *model,
                               struct hidp_diagnostic *said)
{
	struct hidp_onednn *onednn = NULL;
	hidp_status s =
		hidp_onednn_new(model, zoo_weights_table(), e->weights, NULL, &onednn, said);
	e->kernels = hidp_onednn_kernels();
	e->kernels_data = onednn;
	e->destroy = destroy_onednn;
	return s;
}
#endif

#if CLI_WITH_REFERENCE
static void destroy_reference(void *data)
{
	hidp_reference_destroy(data);
}

static hidp_status make_reference(struct engine *e, const struct hidp_model *model,
                                  struct hidp_diagnostic *said)
{
	struct hidp_reference *reference = NULL;
	hidp_status s =
		hidp_reference_new(model, zoo_weights_table(), e->weights, &reference, said);
	e->kernels = hidp_reference_kernels();
	e->kernels_data = reference;
	e->destroy = destroy_reference;
	return s;
}
#endif

typedef hidp_status (*make_fn)(struct engine *e, const struct hidp_model *model,
                               struct hidp_diagnostic *said);

/* The best first. */
static const char *const names[] = {
#if CLI_WITH_ONEDNN
	"onednn",
#endif
#if CLI_WITH_REFERENCE
	"reference",
#endif
	NULL};
static const make_fn makes[] = {
#if CLI_WITH_ONEDNN
	make_onednn,
#endif
#if CLI_WITH_REFERENCE
	make_reference,
#endif
	NULL};

const char *const *engine_names(void)
{
	return names;
}

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

static hidp_status engine_supports(void *data, const struct hidp_model *model,
                                   hidp_layer_id layer, struct hidp_diagnostic *diagnostic)
{
	const struct engine *e = data;
	return e->kernels->supports(e->kernels_data, model, layer, diagnostic);
}

/* Tasks of plans before the last are forgotten when they are released. */
static void forget(struct engine *e)
{
	for (struct prepared **at = &e->prepared; *at != NULL;) {
		struct prepared *p = *at;
		if (p->released && p->generation != e->generation) {
			*at = p->next;
			free(p);
		} else {
			at = &p->next;
		}
	}
}

static void remember(struct engine *e, struct prepared *p, const struct hidp_plan *plan)
{
	pthread_mutex_lock(&e->mutex);
	/* what is released may have made room for another plan at the same address */
	bool released = e->prepared == NULL || e->prepared->released;
	if (released || e->plan != plan)
		e->generation++;
	e->plan = plan;
	p->generation = e->generation;
	p->next = e->prepared;
	e->prepared = p;
	forget(e);
	pthread_mutex_unlock(&e->mutex);
}

static hidp_status engine_prepare(void *data, const struct hidp_programs *programs, uint32_t task,
                                  void **prepared_out, size_t *scratch_bytes_out,
                                  struct hidp_diagnostic *diagnostic)
{
	struct engine *e = data;
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	struct prepared *p = calloc(1, sizeof *p);
	if (p == NULL)
		return HIDP_ERR_NOMEM;
	hidp_status s = e->kernels->prepare(e->kernels_data, programs, task, &p->inner,
	                                    scratch_bytes_out, diagnostic);
	if (s != HIDP_OK) {
		free(p);
		return s;
	}
	p->engine = e;
	p->task.struct_size = sizeof p->task;
	hidp_programs_get_task(programs, task, &p->task);
	hidp_programs_get_info(programs, &info);
	p->route = info.route;
	remember(e, p, hidp_programs_plan(programs));
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

static hidp_status engine_run(void *data, void *prepared, void *memory, void *scratch)
{
	struct engine *e = data;
	struct prepared *p = prepared;
	double begin_s = now_s(), work_s = e->slow > 1 ? thread_s() : 0;
	hidp_status s = e->kernels->run(e->kernels_data, p->inner, memory, scratch);
	if (e->slow > 1)
		slow_down(begin_s, thread_s() - work_s, e->slow);
	double end_s = now_s();
	pthread_mutex_lock(&e->mutex);
	p->begin_s = begin_s;
	p->end_s = end_s;
	pthread_mutex_unlock(&e->mutex);
	return s;
}

static void engine_release(void *data, void *prepared)
{
	struct engine *e = data;
	struct prepared *p = prepared;
	e->kernels->release(e->kernels_data, p->inner);
	pthread_mutex_lock(&e->mutex);
	p->released = true;
	forget(e);
	pthread_mutex_unlock(&e->mutex);
}

static hidp_status engine_enter(void *data, uint32_t core_count)
{
	const struct engine *e = data;
	return e->kernels->enter != NULL ? e->kernels->enter(e->kernels_data, core_count) : HIDP_OK;
}

static make_fn find_make(const char *name)
{
	char known[128] = "";
	for (size_t i = 0; names[i] != NULL; i++) {
		if (name == NULL || strcmp(names[i], name) == 0)
			return makes[i];
		snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s",
		         i != 0 ? ", " : "", names[i]);
	}
	complain("--kernels %s: this hidp was built with %s", name, known);
	return NULL;
}

struct engine *engine_new(const struct hidp_model *model, const char *name, uint64_t seed,
                          double slow)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	make_fn make = find_make(name);
	struct engine *e = make != NULL ? calloc(1, sizeof *e) : NULL;
	if (e == NULL || pthread_mutex_init(&e->mutex, NULL) != 0) {
		if (make != NULL)
			complain("out of memory");
		free(e);
		return NULL;
	}
	e->slow = slow;
	hidp_status s = zoo_weights_new(model, seed, &e->weights);
	if (s == HIDP_OK)
		s = make(e, model, &said);
	if (s != HIDP_OK) {
		complain_status("kernels", s, &said);
		engine_free(e);
		return NULL;
	}
	e->table = (struct hidp_kernels){.struct_size = sizeof e->table,
	                                 .abi = HIDP_PLUGIN_ABI,
	                                 .name = e->kernels->name,
	                                 .supports = engine_supports,
	                                 .prepare = engine_prepare,
	                                 .run = engine_run,
	                                 .release = engine_release,
	                                 .enter = engine_enter};
	return e;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	while (engine->prepared != NULL) {
		struct prepared *next = engine->prepared->next;
		free(engine->prepared);
		engine->prepared = next;
	}
	if (engine->kernels_data != NULL)
		engine->destroy(engine->kernels_data);
	zoo_weights_destroy(engine->weights);
	pthread_mutex_destroy(&engine->mutex);
	free(engine);
}

const char *engine_name(const struct engine *engine)
{
	return engine->table.name;
}

const struct hidp_kernels *engine_kernels(const struct engine *engine)
{
	return &engine->table;
}

/* The tasks of the last plan of which any ran. */
static json_t *list_tasks(struct engine *e)
{
	json_t *tasks = json_array();
	uint64_t last = 0;
	pthread_mutex_lock(&e->mutex);
	for (const struct prepared *p = e->prepared; p != NULL; p = p->next)
		if (p->end_s > 0 && p->generation > last)
			last = p->generation;
	for (const struct prepared *p = e->prepared; p != NULL; p = p->next)
		if (p->end_s > 0 && p->generation == last)
			json_array_append_new(
				tasks,
				json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f}", "route",
			                  (json_int_t)p->route, "stage",
			                  (json_int_t)p->task.stage, "share",
			                  (json_int_t)p->task.share, "step",
			                  (json_int_t)p->task.step, "slice",
			                  (json_int_t)p->task.slice, "processor",
			                  (json_int_t)p->task.processor, "begin_s", p->begin_s,
			                  "end_s", p->end_s));
	pthread_mutex_unlock(&e->mutex);
	return tasks;
}

bool engine_write_times(struct engine *engine, const char *path, const char *node, double begin_s,
                        double end_s)
{
	json_t *document = json_pack("{s:s,s:i,s:s,s:o}", "format", "hidp-times", "version", 1,
	                             "node", node, "tasks", list_tasks(engine));
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
