/* SPDX-License-Identifier: MIT */
#include "task.h"

#include <stdlib.h>
#include <string.h>

#include "post.h"
#include "weights.h"

bool onednn__task_add_argument(struct onednn_task *task, const struct argument *argument)
{
	if (!kernels__grow(&task->arguments, task->argument_count, &task->argument_room,
	                   sizeof *task->arguments))
		return false;
	task->arguments[task->argument_count++] = *argument;
	return true;
}

bool onednn__task_hold(struct onednn_task *task, struct packed *packed)
{
	if (!kernels__grow(&task->packed, task->packed_count, &task->packed_room,
	                   sizeof *task->packed))
		return false;
	task->packed[task->packed_count++] = packed;
	return true;
}

/* Sets of memory objects */

static void free_binding(const struct onednn_task *task, struct binding *binding)
{
	for (uint32_t i = 0; i < task->argument_count; i++)
		if (binding->arguments[i].memory != NULL)
			dnnl_memory_destroy(binding->arguments[i].memory);
	if (binding->stream != NULL)
		dnnl_stream_destroy(binding->stream);
	free(binding);
}

static struct binding *new_binding(const struct onednn_task *task)
{
	size_t size = sizeof(struct binding) + task->argument_count * sizeof(dnnl_exec_arg_t);
	struct binding *binding = calloc(1, size);
	if (binding == NULL)
		return NULL;
	dnnl_status_t s =
		dnnl_stream_create(&binding->stream, task->onednn->engine, dnnl_stream_in_order);
	for (uint32_t i = 0; s == dnnl_success && i < task->argument_count; i++) {
		const struct argument *a = &task->arguments[i];
		void *handle =
			a->place.base == BASE_CONSTANT ? (void *)a->place.offset : DNNL_MEMORY_NONE;
		binding->arguments[i].arg = a->index;
		s = dnnl_memory_create(&binding->arguments[i].memory, &a->md, task->onednn->engine,
		                       handle);
	}
	if (s != dnnl_success) {
		free_binding(task, binding);
		return NULL;
	}
	return binding;
}

static struct binding *take_binding(struct onednn_task *task)
{
	pthread_mutex_lock(&task->lock);
	struct binding *binding = task->bindings;
	if (binding != NULL)
		task->bindings = binding->next;
	pthread_mutex_unlock(&task->lock);
	return binding != NULL ? binding : new_binding(task);
}

static void give_binding(struct onednn_task *task, struct binding *binding)
{
	pthread_mutex_lock(&task->lock);
	binding->next = task->bindings;
	task->bindings = binding;
	pthread_mutex_unlock(&task->lock);
}

/* Memory objects keep what they pointed to: with the same block again there is nothing to do. */
static hidp_status point(const struct onednn_task *task, struct binding *binding,
                         const uintptr_t bases[BASE_COUNT])
{
	for (uint32_t i = 0; i < task->argument_count; i++) {
		const struct place *place = &task->arguments[i].place;
		if (bases[place->base] == binding->bases[place->base])
			continue;
		void *handle = (void *)(bases[place->base] + place->offset);
		dnnl_status_t s = dnnl_memory_set_data_handle(binding->arguments[i].memory, handle);
		if (s != dnnl_success) {
			memset(binding->bases, 0, sizeof binding->bases);
			return onednn__status(s);
		}
	}
	memcpy(binding->bases, bases, sizeof binding->bases);
	return HIDP_OK;
}

/* Some of the task's arguments go with a primitive. */
struct primitive {
	dnnl_primitive_t primitive;
	uint32_t first, count;
};

static hidp_status run_primitive(const struct step *step, const struct running *running)
{
	const struct primitive *p = step->data;
	struct binding *binding = running->own;
	dnnl_status_t s = dnnl_primitive_execute(p->primitive, binding->stream, (int)p->count,
	                                         &binding->arguments[p->first]);
	return s == dnnl_success ? HIDP_OK : onednn__status(s);
}

bool onednn__task_add_primitive(struct onednn_task *task, dnnl_primitive_t primitive,
                                uint32_t first, uint32_t count)
{
	struct primitive *p = kernels__add_step(&task->task, run_primitive, sizeof *p);
	if (p == NULL)
		return false;
	*p = (struct primitive){primitive, first, count};
	return true;
}

/* The table's entries */

hidp_status onednn__run(void *user_data, void *prepared, void *memory, void *scratch)
{
	struct onednn_task *task = prepared;
	struct binding *binding = take_binding(task);
	struct running running = {
		.bases = {[BASE_BLOCK] = (uintptr_t)memory, [BASE_SCRATCH] = (uintptr_t)scratch},
		.own = binding};
	(void)user_data;
	if (binding == NULL)
		return HIDP_ERR_NOMEM;
	/* primitives must run on as many threads as they were made for */
	int threads = onednn__set_threads((int)task->task.threads);
	hidp_status s = point(task, binding, running.bases);
	if (s == HIDP_OK)
		s = kernels__task_run(&task->task, &running);
	onednn__set_threads(threads);
	give_binding(task, binding);
	return s;
}

void onednn__release(void *user_data, void *prepared)
{
	struct onednn_task *task = prepared;
	(void)user_data;
	while (task->bindings != NULL) {
		struct binding *next = task->bindings->next;
		free_binding(task, task->bindings);
		task->bindings = next;
	}
	for (uint32_t i = 0; i < task->task.step_count; i++) {
		const struct step *step = &task->task.steps[i];
		const struct primitive *p = step->data;
		if (step->run == run_primitive)
			dnnl_primitive_destroy(p->primitive);
	}
	for (uint32_t i = 0; i < task->packed_count; i++)
		onednn__packed_unref(task->onednn, task->packed[i]);
	pthread_mutex_destroy(&task->lock);
	kernels__task_clear(&task->task);
	free(task->packed);
	free(task->arguments);
	free(task);
}

static hidp_status build_call(struct build *b)
{
	switch (b->part.op) {
	case HIDP_OP_CONV:
		return onednn__build_conv(b);
	case HIDP_OP_DENSE:
		return onednn__build_dense(b);
	case HIDP_OP_MATMUL:
		return onednn__build_matmul(b);
	case HIDP_OP_MAX_POOL:
	case HIDP_OP_AVERAGE_POOL:
		return onednn__build_pool(b);
	case HIDP_OP_GLOBAL_POOL:
		return onednn__build_global_pool(b);
	case HIDP_OP_ACTIVATION:
		return onednn__build_activation(b);
	case HIDP_OP_BINARY:
		return onednn__build_binary(b);
	case HIDP_OP_BATCH_NORM:
		return onednn__build_batch_norm(b);
	case HIDP_OP_LAYER_NORM:
		return onednn__build_layer_norm(b);
	case HIDP_OP_SOFTMAX:
		return onednn__build_softmax(b);
	case HIDP_OP_ATTENTION:
		return onednn__build_attention(b);
	default:
		return kernels__build_plain(b);
	}
}

static const struct engine engine = {
	.build = build_call,
	.post_activation = onednn__post_activation,
	.post_binary = onednn__post_binary,
	.constant = onednn__constant,
};

static hidp_status build_task(struct onednn_task *task, const struct hidp_programs *programs,
                              uint32_t index, struct hidp_diagnostic *diagnostic)
{
	hidp_status s = kernels__task_init(&task->task, &engine, &task->onednn->kernels, programs,
	                                   index, diagnostic);
	if (s != HIDP_OK)
		return s;
	int threads = onednn__set_threads((int)task->task.threads);
	s = kernels__task_build(&task->task, programs, index, diagnostic);
	if (s == HIDP_OK && (task->bindings = new_binding(task)) == NULL)
		s = kernels__fail(diagnostic, HIDP_ERR_NOMEM, "kernels", "out of memory");
	onednn__set_threads(threads);
	return s;
}

hidp_status onednn__prepare(void *user_data, const struct hidp_programs *programs, uint32_t index,
                            void **prepared_out, size_t *scratch_bytes_out,
                            struct hidp_diagnostic *diagnostic)
{
	struct onednn_task *task = calloc(1, sizeof *task);
	if (task == NULL || pthread_mutex_init(&task->lock, NULL) != 0) {
		free(task);
		return kernels__fail(diagnostic, HIDP_ERR_NOMEM, "kernels", "out of memory");
	}
	task->onednn = user_data;
	hidp_status s = build_task(task, programs, index, diagnostic);
	if (s != HIDP_OK) {
		onednn__release(user_data, task);
		return s;
	}
	*prepared_out = task;
	*scratch_bytes_out = task->task.scratch_bytes;
	return HIDP_OK;
}
