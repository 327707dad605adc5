/* SPDX-License-Identifier: MIT */
#include "kernels/task.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/build.h"

bool kernels__grow(void *array, uint32_t count, uint32_t *room, size_t size)
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

void *kernels__add_step(struct task *task, kernels__step_fn run, size_t size)
{
	if (!kernels__grow(&task->steps, task->step_count, &task->step_room, sizeof *task->steps))
		return NULL;
	void *data = calloc(1, size);
	if (data != NULL)
		task->steps[task->step_count++] = (struct step){run, data};
	return data;
}

hidp_status kernels__task_run(const struct task *task, const struct running *running)
{
	hidp_status s = HIDP_OK;
	for (uint32_t i = 0; s == HIDP_OK && i < task->step_count; i++)
		s = task->steps[i].run(&task->steps[i], running);
	return s;
}

/* As many threads as the processor of the task has cores. */
static uint32_t threads_of(const struct hidp_programs *programs, hidp_processor_id processor)
{
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	struct hidp_processor_desc desc = HIDP_PROCESSOR_DESC_INIT;
	const struct hidp_cluster *cluster = hidp_plan_cluster(hidp_programs_plan(programs));
	if (hidp_programs_get_info(programs, &info) != HIDP_OK ||
	    hidp_cluster_processor(cluster, info.node, processor, &desc) != HIDP_OK)
		return 1;
	return desc.core_count > 1 ? desc.core_count : 1;
}

hidp_status kernels__task_init(struct task *task, const struct engine *engine,
                               const struct kernels *kernels, const struct hidp_programs *programs,
                               uint32_t index, struct hidp_diagnostic *diagnostic)
{
	struct hidp_program_task info = HIDP_PROGRAM_TASK_INIT;
	*task = (struct task){.engine = engine, .kernels = kernels};
	if (hidp_plan_model(hidp_programs_plan(programs)) != kernels->model)
		return kernels__fail(diagnostic, HIDP_ERR_MODEL, "model",
		                     "the programs are of another model than the kernels");
	hidp_status s = hidp_programs_get_task(programs, index, &info);
	if (s != HIDP_OK)
		return kernels__fail(diagnostic, s, "program", "there is no task %u", index);
	task->threads = threads_of(programs, info.processor);
	return HIDP_OK;
}

void kernels__task_clear(struct task *task)
{
	for (uint32_t i = 0; i < task->step_count; i++)
		free(task->steps[i].data);
	free(task->steps);
}

/* All images at once where they lie side by side, else one after another. */
static hidp_status build_images(struct task *task, struct call *call,
                                struct hidp_diagnostic *diagnostic)
{
	struct build b = {
		.task = task, .call = call, .part = HIDP_LAYER_DESC_INIT, .diagnostic = diagnostic};
	hidp_status s = hidp_model_part(call->model, call->layer, 0, &b.part);
	if (s != HIDP_OK)
		return s;
	int64_t batch = call->info.shape.batch;
	int64_t at_once = kernels__call_is_whole(call) ? batch : 1;
	for (int64_t image = 0; s == HIDP_OK && image < batch; image += at_once) {
		call->image_begin = image;
		call->image_end = image + at_once;
		b.scratch = 0;
		s = task->engine->build(&b);
	}
	return s;
}

hidp_status kernels__task_build(struct task *task, const struct hidp_programs *programs,
                                uint32_t index, struct hidp_diagnostic *diagnostic)
{
	struct hidp_program_task info = HIDP_PROGRAM_TASK_INIT;
	hidp_status s = hidp_programs_get_task(programs, index, &info);
	for (uint32_t i = 0; s == HIDP_OK && i < info.call_count; i++) {
		struct call call;
		s = kernels__call_read(programs, index, i, &call);
		if (s != HIDP_OK)
			return kernels__fail(diagnostic, s, "program", "call %u of task %u: %s", i,
			                     index, hidp_status_string(s));
		s = kernels__supports(NULL, call.model, call.layer, diagnostic);
		if (s == HIDP_OK)
			s = build_images(task, &call, diagnostic);
		kernels__call_clear(&call);
	}
	return s;
}
