/* SPDX-License-Identifier: MIT */
#include "task.h"

#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "weights.h"

bool onednn__grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
	void *old, *grown;
	if (count < *room)
		return true;
	uint32_t wanted = *room == 0 ? 8 : *room * 2;
	memcpy(&old, array, sizeof old);
	grown = realloc(old, wanted * size);
	if (grown == NULL)
		return false;
	memcpy(array, &grown, sizeof grown);
	*room = wanted;
	return true;
}

struct step *onednn__task_add_step(struct task *task, onednn__step_fn run)
{
	if (!onednn__grow(&task->steps, task->step_count, &task->step_room, sizeof *task->steps))
		return NULL;
	struct step *step = &task->steps[task->step_count++];
	*step = (struct step){.run = run};
	return step;
}

bool onednn__task_add_argument(struct task *task, const struct argument *argument)
{
	if (!onednn__grow(&task->arguments, task->argument_count, &task->argument_room,
	                  sizeof *task->arguments))
		return false;
	task->arguments[task->argument_count++] = *argument;
	return true;
}

bool onednn__task_hold(struct task *task, struct packed *packed)
{
	if (!onednn__grow(&task->packed, task->packed_count, &task->packed_room,
	                  sizeof *task->packed))
		return false;
	task->packed[task->packed_count++] = packed;
	return true;
}

/* Sets of memory objects */

static void free_binding(const struct task *task, struct binding *binding)
{
	for (uint32_t i = 0; i < task->argument_count; i++)
		if (binding->arguments[i].memory != NULL)
			dnnl_memory_destroy(binding->arguments[i].memory);
	if (binding->stream != NULL)
		dnnl_stream_destroy(binding->stream);
	free(binding);
}

static struct binding *new_binding(const struct task *task)
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

static struct binding *take_binding(struct task *task)
{
	pthread_mutex_lock(&task->lock);
	struct binding *binding = task->bindings;
	if (binding != NULL)
		task->bindings = binding->next;
	pthread_mutex_unlock(&task->lock);
	return binding != NULL ? binding : new_binding(task);
}

static void give_binding(struct task *task, struct binding *binding)
{
	pthread_mutex_lock(&task->lock);
	binding->next = task->bindings;
	task->bindings = binding;
	pthread_mutex_unlock(&task->lock);
}

/* Memory objects keep what they pointed to: with the same block again there is nothing to do. */
static hidp_status point(const struct task *task, struct binding *binding,
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

hidp_status onednn__run_primitive(const struct step *step, const struct running *running)
{
	struct binding *binding = running->binding;
	dnnl_status_t s = dnnl_primitive_execute(step->u.primitive.primitive, binding->stream,
	                                         (int)step->u.primitive.count,
	                                         &binding->arguments[step->u.primitive.first]);
	return s == dnnl_success ? HIDP_OK : onednn__status(s);
}

/* The table's entries */

static hidp_status run_steps(const struct running *running)
{
	const struct task *task = running->task;
	hidp_status s = HIDP_OK;
	for (uint32_t i = 0; s == HIDP_OK && i < task->step_count; i++)
		s = task->steps[i].run(&task->steps[i], running);
	return s;
}

hidp_status onednn__run(void *user_data, void *prepared, void *memory, void *scratch)
{
	struct task *task = prepared;
	struct running running = {task, take_binding(task), {0}};
	(void)user_data;
	if (running.binding == NULL)
		return HIDP_ERR_NOMEM;
	running.bases[BASE_BLOCK] = (uintptr_t)memory;
	running.bases[BASE_SCRATCH] = (uintptr_t)scratch;
	/* primitives must run on as many threads as they were made for */
	int threads = onednn__set_threads(task->threads);
	hidp_status s = point(task, running.binding, running.bases);
	if (s == HIDP_OK)
		s = run_steps(&running);
	onednn__set_threads(threads);
	give_binding(task, running.binding);
	return s;
}

void onednn__release(void *user_data, void *prepared)
{
	struct task *task = prepared;
	(void)user_data;
	while (task->bindings != NULL) {
		struct binding *next = task->bindings->next;
		free_binding(task, task->bindings);
		task->bindings = next;
	}
	for (uint32_t i = 0; i < task->step_count; i++) {
		if (task->steps[i].run == onednn__run_primitive)
			dnnl_primitive_destroy(task->steps[i].u.primitive.primitive);
		if (task->steps[i].owns_data)
			free(task->steps[i].u.data);
	}
	for (uint32_t i = 0; i < task->packed_count; i++)
		onednn__packed_unref(task->onednn, task->packed[i]);
	pthread_mutex_destroy(&task->lock);
	free(task->packed);
	free(task->arguments);
	free(task->steps);
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
	case HIDP_OP_CONCAT:
		return onednn__build_concat(b);
	case HIDP_OP_SLICE:
		return onednn__build_slice(b);
	case HIDP_OP_PAD:
		return onednn__build_pad(b);
	case HIDP_OP_RESIZE:
		return onednn__build_resize(b);
	case HIDP_OP_BATCH_NORM:
		return onednn__build_batch_norm(b);
	case HIDP_OP_LAYER_NORM:
		return onednn__build_layer_norm(b);
	case HIDP_OP_SOFTMAX:
		return onednn__build_softmax(b);
	case HIDP_OP_ATTENTION:
		return onednn__build_attention(b);
	case HIDP_OP_RESHAPE:
	case HIDP_OP_FLATTEN:
		return onednn__build_reshape(b);
	case HIDP_OP_TRANSPOSE:
		return onednn__build_transpose(b);
	case HIDP_OP_EMBEDDING:
		return onednn__build_embedding(b);
	default:
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "op %u is not known", b->part.op);
	}
}

/* All images at once where they lie side by side, else one after another. */
static hidp_status build_images(struct task *task, struct call *call,
                                struct hidp_diagnostic *diagnostic)
{
	struct build b = {task->onednn, task, call, HIDP_LAYER_DESC_INIT, 0, diagnostic};
	hidp_status s = hidp_model_part(call->model, call->layer, 0, &b.part);
	if (s != HIDP_OK)
		return s;
	int64_t batch = call->info.shape.batch;
	int64_t at_once = onednn__call_is_whole(call) ? batch : 1;
	for (int64_t image = 0; s == HIDP_OK && image < batch; image += at_once) {
		call->image_begin = image;
		call->image_end = image + at_once;
		b.scratch = 0;
		s = build_call(&b);
	}
	return s;
}

static hidp_status build_task(struct task *task, const struct hidp_programs *programs,
                              uint32_t index, uint32_t call_count,
                              struct hidp_diagnostic *diagnostic)
{
	for (uint32_t i = 0; i < call_count; i++) {
		struct call call;
		hidp_status s = onednn__call_read(programs, index, i, &call);
		if (s != HIDP_OK)
			return onednn__fail(diagnostic, s, NULL, "call %u of task %u: %s", i, index,
			                    hidp_status_string(s));
		s = onednn__supports(task->onednn, call.model, call.layer, diagnostic);
		if (s == HIDP_OK)
			s = build_images(task, &call, diagnostic);
		onednn__call_clear(&call);
		if (s != HIDP_OK)
			return s;
	}
	task->bindings = new_binding(task);
	if (task->bindings == NULL)
		return onednn__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	return HIDP_OK;
}

/* As many threads as the processor of the task has cores. */
static int threads_of(const struct hidp_programs *programs, hidp_processor_id processor)
{
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	struct hidp_processor_desc desc = HIDP_PROCESSOR_DESC_INIT;
	const struct hidp_cluster *cluster = hidp_plan_cluster(hidp_programs_plan(programs));
	if (hidp_programs_get_info(programs, &info) != HIDP_OK ||
	    hidp_cluster_processor(cluster, info.node, processor, &desc) != HIDP_OK)
		return 1;
	return desc.core_count > 1 ? (int)desc.core_count : 1;
}

hidp_status onednn__prepare(void *user_data, const struct hidp_programs *programs, uint32_t index,
                            void **prepared_out, size_t *scratch_bytes_out,
                            struct hidp_diagnostic *diagnostic)
{
	struct hidp_onednn *onednn = user_data;
	struct hidp_program_task info = HIDP_PROGRAM_TASK_INIT;
	if (hidp_plan_model(hidp_programs_plan(programs)) != onednn->model)
		return onednn__fail(diagnostic, HIDP_ERR_MODEL, NULL,
		                    "the programs are of another model than the kernels");
	hidp_status s = hidp_programs_get_task(programs, index, &info);
	if (s != HIDP_OK)
		return onednn__fail(diagnostic, s, NULL, "there is no task %u", index);
	struct task *task = calloc(1, sizeof *task);
	if (task == NULL || pthread_mutex_init(&task->lock, NULL) != 0) {
		free(task);
		return onednn__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	}
	task->onednn = onednn;
	task->threads = threads_of(programs, info.processor);
	int threads = onednn__set_threads(task->threads);
	s = build_task(task, programs, index, info.call_count, diagnostic);
	onednn__set_threads(threads);
	if (s != HIDP_OK) {
		onednn__release(onednn, task);
		return s;
	}
	*prepared_out = task;
	*scratch_bytes_out = task->scratch_bytes;
	return HIDP_OK;
}
