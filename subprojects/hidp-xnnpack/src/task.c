/* SPDX-License-Identifier: MIT */
#include "task.h"

#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "operator.h"
#include "threads.h"

/* Makes room for one more element in an array; false: no memory. */
static bool grow(void *array, uint32_t count, uint32_t *room, size_t size)
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

struct step *xnnpack__task_add_step(struct task *task, xnnpack__step_fn run)
{
	if (!grow(&task->steps, task->step_count, &task->step_room, sizeof *task->steps))
		return NULL;
	struct step *step = &task->steps[task->step_count++];
	*step = (struct step){.run = run};
	return step;
}

void *xnnpack__task_add_data(struct task *task, xnnpack__step_fn run, size_t size)
{
	void *data = calloc(1, size);
	struct step *step = data != NULL ? xnnpack__task_add_step(task, run) : NULL;
	if (step == NULL) {
		free(data);
		return NULL;
	}
	step->u.data = data;
	step->owns_data = true;
	return data;
}

bool xnnpack__task_own_operator(struct task *task, struct operator* operator)
{
	if (!grow(&task->operators, task->operator_count, &task->operator_room,
	          sizeof(struct operator*)))
		return false;
	task->operators[task->operator_count++] = operator;
	return true;
}

bool xnnpack__task_own_array(struct task *task, float *array)
{
	if (!grow(&task->arrays, task->array_count, &task->array_room, sizeof *task->arrays))
		return false;
	task->arrays[task->array_count++] = array;
	return true;
}

/* The table's entries */

hidp_status xnnpack__run(void *user_data, void *prepared, void *memory, void *scratch)
{
	const struct task *task = prepared;
	struct running running = {.threads = xnnpack__threads(user_data)};
	running.bases[BASE_BLOCK] = (uintptr_t)memory;
	running.bases[BASE_SCRATCH] = (uintptr_t)scratch;
	hidp_status s = HIDP_OK;
	for (uint32_t i = 0; s == HIDP_OK && i < task->step_count; i++)
		s = task->steps[i].run(&task->steps[i], &running);
	return s;
}

void xnnpack__release(void *user_data, void *prepared)
{
	struct task *task = prepared;
	(void)user_data;
	for (uint32_t i = 0; i < task->step_count; i++)
		if (task->steps[i].owns_data)
			free(task->steps[i].u.data);
	for (uint32_t i = 0; i < task->operator_count; i++)
		xnnpack__operator_free(task->operators[i]);
	for (uint32_t i = 0; i < task->array_count; i++)
		free(task->arrays[i]);
	free(task->arrays);
	free(task->operators);
	free(task->steps);
	free(task);
}

static hidp_status build_call(struct build *b)
{
	switch (b->part.op) {
	case HIDP_OP_CONV:
		return xnnpack__build_conv(b);
	case HIDP_OP_DENSE:
		return xnnpack__build_dense(b);
	case HIDP_OP_MATMUL:
		return xnnpack__build_matmul(b);
	case HIDP_OP_MAX_POOL:
	case HIDP_OP_AVERAGE_POOL:
		return xnnpack__build_pool(b);
	case HIDP_OP_GLOBAL_POOL:
		return xnnpack__build_global_pool(b);
	case HIDP_OP_ACTIVATION:
		return xnnpack__build_activation(b);
	case HIDP_OP_BINARY:
		return xnnpack__build_binary(b);
	case HIDP_OP_CONCAT:
		return xnnpack__build_concat(b);
	case HIDP_OP_SLICE:
		return xnnpack__build_slice(b);
	case HIDP_OP_PAD:
		return xnnpack__build_pad(b);
	case HIDP_OP_RESIZE:
		return xnnpack__build_resize(b);
	case HIDP_OP_BATCH_NORM:
		return xnnpack__build_batch_norm(b);
	case HIDP_OP_LAYER_NORM:
		return xnnpack__build_layer_norm(b);
	case HIDP_OP_SOFTMAX:
		return xnnpack__build_softmax(b);
	case HIDP_OP_ATTENTION:
		return xnnpack__build_attention(b);
	case HIDP_OP_RESHAPE:
	case HIDP_OP_FLATTEN:
		return xnnpack__build_reshape(b);
	case HIDP_OP_TRANSPOSE:
		return xnnpack__build_transpose(b);
	case HIDP_OP_EMBEDDING:
		return xnnpack__build_embedding(b);
	default:
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "op %u is not known", b->part.op);
	}
}

/* All images at once where they lie side by side, else one after another. */
static hidp_status build_images(struct task *task, struct call *call,
                                struct hidp_diagnostic *diagnostic)
{
	struct build b = {.xnnpack = task->xnnpack,
	                  .task = task,
	                  .call = call,
	                  .part = HIDP_LAYER_DESC_INIT,
	                  .diagnostic = diagnostic};
	hidp_status s = hidp_model_part(call->model, call->layer, 0, &b.part);
	if (s != HIDP_OK)
		return s;
	int64_t batch = call->info.shape.batch;
	int64_t at_once = xnnpack__call_is_whole(call) ? batch : 1;
	uint32_t first_operator = task->operator_count;
	for (int64_t image = 0; s == HIDP_OK && image < batch; image += at_once) {
		call->image_begin = image;
		call->image_end = image + at_once;
		b.scratch = 0;
		b.next_operator = first_operator;
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
		hidp_status s = xnnpack__call_read(programs, index, i, &call);
		if (s != HIDP_OK)
			return xnnpack__fail(diagnostic, s, NULL, "call %u of task %u: %s", i,
			                     index, hidp_status_string(s));
		s = xnnpack__supports(task->xnnpack, call.model, call.layer, diagnostic);
		if (s == HIDP_OK)
			s = build_images(task, &call, diagnostic);
		xnnpack__call_clear(&call);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

/* As many threads as the processor of the task has cores. */
static size_t threads_of(const struct hidp_programs *programs, hidp_processor_id processor)
{
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	struct hidp_processor_desc desc = HIDP_PROCESSOR_DESC_INIT;
	const struct hidp_cluster *cluster = hidp_plan_cluster(hidp_programs_plan(programs));
	if (hidp_programs_get_info(programs, &info) != HIDP_OK ||
	    hidp_cluster_processor(cluster, info.node, processor, &desc) != HIDP_OK)
		return 1;
	return desc.core_count > 1 ? desc.core_count : 1;
}

hidp_status xnnpack__prepare(void *user_data, const struct hidp_programs *programs, uint32_t index,
                             void **prepared_out, size_t *scratch_bytes_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_xnnpack *xnnpack = user_data;
	struct hidp_program_task info = HIDP_PROGRAM_TASK_INIT;
	if (hidp_plan_model(hidp_programs_plan(programs)) != xnnpack->model)
		return xnnpack__fail(diagnostic, HIDP_ERR_MODEL, "model",
		                     "the programs are of another model than the kernels");
	hidp_status s = hidp_programs_get_task(programs, index, &info);
	if (s != HIDP_OK)
		return xnnpack__fail(diagnostic, s, NULL, "there is no task %u", index);
	struct task *task = calloc(1, sizeof *task);
	if (task == NULL)
		return xnnpack__fail(diagnostic, HIDP_ERR_NOMEM, "kernels", "out of memory");
	task->xnnpack = xnnpack;
	task->threads = threads_of(programs, info.processor);
	s = build_task(task, programs, index, info.call_count, diagnostic);
	if (s != HIDP_OK) {
		xnnpack__release(xnnpack, task);
		return s;
	}
	*prepared_out = task;
	*scratch_bytes_out = task->scratch_bytes;
	return HIDP_OK;
}
