/* SPDX-License-Identifier: MIT */
/* ONNX Runtime's C interface, as far as it is needed to run a network. */
#include "ort.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/*
 * The library gives out a table of functions; new ones are added at its end, so the places of the
 * first version's hold for every later one. All but those that release return a status: NULL, or
 * an object that has a message.
 */
enum {
	GET_ERROR_MESSAGE = 2,
	CREATE_ENV = 3,
	CREATE_SESSION = 7,
	RUN = 9,
	CREATE_SESSION_OPTIONS = 10,
	SET_EXECUTION_MODE = 13,
	SET_OPTIMIZATION_LEVEL = 23,
	SET_INTRA_OP_THREADS = 24,
	SET_INTER_OP_THREADS = 25,
	CREATE_TENSOR_WITH_DATA = 49,
	CREATE_CPU_MEMORY_INFO = 69,
	RELEASE_ENV = 92,
	RELEASE_MEMORY_INFO = 94,
	RELEASE_SESSION = 95,
	RELEASE_VALUE = 96,
	RELEASE_SESSION_OPTIONS = 100,
};

enum {
	VERSION = 1,
	LOG_ERRORS = 3,
	SEQUENTIAL = 0,
	OPTIMISE_NOTHING = 0,
	OPTIMISE_ALL = 99,
	DEVICE_ALLOCATOR = 0,
	MEMORY_DEFAULT = 0
};

typedef void (*function)(void);
typedef const char *(*message_fn)(const void *status);
typedef void *(*create_env_fn)(int level, const char *name, void **env_out);
typedef void *(*create_session_fn)(const void *env, const char *path, const void *options,
                                   void **session_out);
typedef void *(*run_fn)(void *session, const void *options, const char *const *input_names,
                        const void *const *inputs, size_t input_count,
                        const char *const *output_names, size_t output_count, void **outputs);
typedef void *(*create_options_fn)(void **options_out);
typedef void *(*set_option_fn)(void *options, int value);
typedef void *(*create_tensor_fn)(const void *memory, void *data, size_t bytes, const int64_t *dims,
                                  size_t rank, int type, void **value_out);
typedef void *(*create_memory_fn)(int allocator, int kind, void **memory_out);
typedef void (*release_fn)(void *object);

struct base {
	const function *(*get_api)(uint32_t version);
	const char *(*get_version)(void);
};

struct ort {
	void *library;
	const struct base *base;
	const function *api;
	void *env, *memory;
};

struct ort_session {
	struct ort *ort;
	void *session;
	size_t input_count, output_count;
	const char **names; /* [input_count + output_count] */
	void **values;      /* likewise */
};

static void must(const struct ort *ort, void *status, const char *what)
{
	if (status != NULL)
		bench_fail("%s: %s", what, ((message_fn)ort->api[GET_ERROR_MESSAGE])(status));
}

static void release(const struct ort *ort, int which, void *object)
{
	((release_fn)ort->api[which])(object);
}

struct ort *ort_open(const char *library)
{
	const struct base *(*get_base)(void);
	struct ort *ort = calloc(1, sizeof *ort);
	if (ort == NULL)
		bench_fail("out of memory");
	ort->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	void *symbol = ort->library != NULL ? dlsym(ort->library, "OrtGetApiBase") : NULL;
	if (symbol == NULL)
		bench_fail("%s", dlerror());
	memcpy(&get_base, &symbol, sizeof get_base);
	ort->base = get_base();
	ort->api = ort->base->get_api(VERSION);
	if (ort->api == NULL)
		bench_fail("%s: it has no version %d of its interface", library, VERSION);
	must(ort, ((create_env_fn)ort->api[CREATE_ENV])(LOG_ERRORS, "bench", &ort->env), library);
	must(ort,
	     ((create_memory_fn)ort->api[CREATE_CPU_MEMORY_INFO])(DEVICE_ALLOCATOR, MEMORY_DEFAULT,
	                                                          &ort->memory),
	     library);
	return ort;
}

const char *ort_version(const struct ort *ort)
{
	return ort->base->get_version();
}

void ort_close(struct ort *ort)
{
	if (ort == NULL)
		return;
	release(ort, RELEASE_MEMORY_INFO, ort->memory);
	release(ort, RELEASE_ENV, ort->env);
	dlclose(ort->library);
	free(ort);
}

static void add_tensor(struct ort_session *s, size_t at, const struct ort_tensor *tensor)
{
	s->names[at] = tensor->name;
	must(s->ort,
	     ((create_tensor_fn)s->ort->api[CREATE_TENSOR_WITH_DATA])(
		     s->ort->memory, tensor->data, tensor->bytes, tensor->dims, tensor->rank,
		     tensor->type, &s->values[at]),
	     tensor->name);
}

static void *create_session(struct ort *ort, const char *file, int threads, int optimise)
{
	const function *api = ort->api;
	void *options, *session;
	must(ort, ((create_options_fn)api[CREATE_SESSION_OPTIONS])(&options), file);
	must(ort, ((set_option_fn)api[SET_EXECUTION_MODE])(options, SEQUENTIAL), file);
	must(ort, ((set_option_fn)api[SET_OPTIMIZATION_LEVEL])(options, optimise), file);
	must(ort, ((set_option_fn)api[SET_INTRA_OP_THREADS])(options, threads), file);
	must(ort, ((set_option_fn)api[SET_INTER_OP_THREADS])(options, 1), file);
	must(ort, ((create_session_fn)api[CREATE_SESSION])(ort->env, file, options, &session), file);
	release(ort, RELEASE_SESSION_OPTIONS, options);
	return session;
}

void ort_load(struct ort *ort, const char *file)
{
	release(ort, RELEASE_SESSION, create_session(ort, file, 1, OPTIMISE_NOTHING));
}

struct ort_session *ort_session_new(struct ort *ort, const char *file, int threads,
                                    const struct ort_tensor *inputs, size_t input_count,
                                    const struct ort_tensor *outputs, size_t output_count)
{
	struct ort_session *s = calloc(1, sizeof *s);
	if (s == NULL)
		bench_fail("out of memory");
	*s = (struct ort_session){
		.ort = ort, .input_count = input_count, .output_count = output_count};
	s->names = calloc(input_count + output_count, sizeof *s->names);
	s->values = calloc(input_count + output_count, sizeof *s->values);
	if (s->names == NULL || s->values == NULL)
		bench_fail("out of memory");
	s->session = create_session(ort, file, threads, OPTIMISE_ALL);
	for (size_t i = 0; i < input_count; i++)
		add_tensor(s, i, &inputs[i]);
	for (size_t i = 0; i < output_count; i++)
		add_tensor(s, input_count + i, &outputs[i]);
	return s;
}

void ort_session_run(struct ort_session *s)
{
	const void *const *inputs = (const void *const *)s->values;
	void *status = ((run_fn)s->ort->api[RUN])(s->session, NULL, s->names, inputs,
	                                          s->input_count, s->names + s->input_count,
	                                          s->output_count, s->values + s->input_count);
	must(s->ort, status, "ONNX Runtime");
}

void ort_session_destroy(struct ort_session *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->input_count + s->output_count; i++)
		release(s->ort, RELEASE_VALUE, s->values[i]);
	release(s->ort, RELEASE_SESSION, s->session);
	free(s->names);
	free(s->values);
	free(s);
}
