/* SPDX-License-Identifier: MIT */
#include "base/abi.h"
#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "run/programs_priv.h"

uint32_t hidp_plan_route_count(const struct hidp_plan *plan)
{
	uint32_t count = 1;
	for (uint32_t s = 0; s < plan->decisions.stage_count; s++)
		if (plan->decisions.stages[s].kind == HIDP_STAGE_REPLICA)
			count *= plan->decisions.stages[s].share_count;
	return count;
}

hidp_status hidp_plan_get_route_fraction(const struct hidp_plan *plan, uint32_t route,
                                         double *fraction_out)
{
	double fraction = 1;
	if (plan == NULL || fraction_out == NULL || route >= hidp_plan_route_count(plan))
		return HIDP_ERR_ARGUMENT;
	for (uint32_t s = plan->decisions.stage_count; s-- > 0;) {
		const struct hidp__stage *stage = &plan->decisions.stages[s];
		if (stage->kind != HIDP_STAGE_REPLICA)
			continue;
		fraction *= stage->shares[route % stage->share_count].fraction;
		route /= stage->share_count;
	}
	*fraction_out = fraction;
	return HIDP_OK;
}

hidp_status hidp_programs_new(const struct hidp_plan *plan, uint32_t route, hidp_node_id node,
                              struct hidp_programs **programs_out,
                              struct hidp_diagnostic *diagnostic)
{
	if (plan == NULL || programs_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "plan or programs_out is NULL");
	if (node >= plan->cluster->node_count)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "there is no node %u, the cluster has %u", node,
		                  plan->cluster->node_count);
	if (route >= hidp_plan_route_count(plan))
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "there is no route %u, the plan has %u", route,
		                  hidp_plan_route_count(plan));
	struct hidp_context *ctx = plan->arena.ctx;
	struct hidp_programs *p = hidp__calloc(ctx, 1, sizeof *p);
	if (p == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	atomic_init(&p->refs, 1);
	hidp_context_ref(ctx);
	hidp__arena_init(&p->arena, ctx);
	/* references are counted on const objects too */
	p->plan = hidp_plan_ref((struct hidp_plan *)(uintptr_t)plan);
	p->node = node;
	p->route = route;
	struct hidp__arena scratch;
	hidp__arena_init(&scratch, ctx);
	hidp_status s = hidp__lower(p, &scratch, diagnostic);
	hidp__arena_destroy(&scratch);
	if (s != HIDP_OK) {
		hidp_programs_unref(p);
		return s;
	}
	*programs_out = p;
	return HIDP_OK;
}

struct hidp_programs *hidp_programs_ref(struct hidp_programs *programs)
{
	hidp__ref(&programs->refs);
	return programs;
}

void hidp_programs_unref(struct hidp_programs *programs)
{
	if (programs == NULL || !hidp__unref(&programs->refs))
		return;
	struct hidp_context *ctx = programs->arena.ctx;
	hidp_plan_unref(programs->plan);
	hidp__arena_destroy(&programs->arena);
	hidp__free(ctx, programs);
	hidp_context_unref(ctx);
}

const struct hidp_plan *hidp_programs_plan(const struct hidp_programs *programs)
{
	return programs->plan;
}

hidp_status hidp_programs_get_info(const struct hidp_programs *programs,
                                   struct hidp_programs_info *info_out)
{
	if (programs == NULL || info_out == NULL)
		return HIDP_ERR_ARGUMENT;
	const struct hidp_programs_info info = {
		.struct_size = sizeof info,
		.node = programs->node,
		.route = programs->route,
		.task_count = programs->task_count,
		.buffer_count = programs->buffer_count,
		.message_count = programs->message_count,
		.memory_bytes = programs->memory_bytes,
		.live_bytes = programs->live_bytes,
	};
	return hidp__abi_write(info_out, sizeof info, &info, sizeof info);
}

hidp_status hidp_programs_get_buffer(const struct hidp_programs *programs, uint32_t buffer,
                                     struct hidp_buffer_info *info_out)
{
	if (programs == NULL || info_out == NULL || buffer >= programs->buffer_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__buffer *b = &programs->buffers[buffer];
	const struct hidp__layer *layer = &programs->plan->model->layers[b->layer];
	uint64_t row_stride = hidp__row_stride(layer);
	const struct hidp_buffer_info info = {
		.struct_size = sizeof info,
		.flags = b->flags,
		.layer = b->layer,
		.dtype = layer->dtype,
		.shape = layer->shape,
		.row_begin = b->rows.begin,
		.row_end = b->rows.end,
		.offset = b->offset,
		.bytes = b->bytes,
		.batch_stride = row_stride * (uint64_t)hidp__span_length(b->rows),
		.row_stride = row_stride,
		.pixel_stride = row_stride / (uint64_t)layer->shape.width,
	};
	return hidp__abi_write(info_out, sizeof info, &info, sizeof info);
}

hidp_status hidp_programs_get_task(const struct hidp_programs *programs, uint32_t task,
                                   struct hidp_program_task *task_out)
{
	if (programs == NULL || task_out == NULL || task >= programs->task_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__program_task *t = &programs->tasks[task];
	const struct hidp_program_task info = {
		.struct_size = sizeof info,
		.kind = t->kind,
		.processor = t->processor,
		.stage = t->stage,
		.share = t->share,
		.step = t->step,
		.slice = t->slice,
		.call_count = t->call_count,
		.copy_count = t->copy_count,
		.message = t->message,
		.peer = t->peer,
		.buffer = t->buffer,
		.row_begin = t->part_count != 0 ? t->parts[0].begin : 0,
		.row_end = t->part_count != 0 ? t->parts[t->part_count - 1].end : 0,
		.part_count = t->part_count,
		.wire_dtype = t->wire_dtype,
		.bytes = t->bytes,
		.dependency_count = t->dependency_count,
		.dependent_count = t->dependent_count,
		.dependencies = t->dependencies,
		.dependents = t->dependents,
	};
	return hidp__abi_write(task_out, sizeof info, &info, sizeof info);
}

uint32_t hidp_programs_next_task(const struct hidp_programs *programs, hidp_task_kind kind,
                                 hidp_processor_id processor, uint32_t after)
{
	if (programs == NULL)
		return HIDP_TASK_NONE;
	if (after != HIDP_TASK_NONE)
		return after < programs->task_count ? programs->tasks[after].next : HIDP_TASK_NONE;
	switch (kind) {
	case HIDP_TASK_COMPUTE:
		return processor < programs->processor_count ? programs->first_task[processor]
		                                             : HIDP_TASK_NONE;
	case HIDP_TASK_SEND:
		return programs->first_task[programs->processor_count];
	case HIDP_TASK_RECEIVE:
		return programs->first_task[programs->processor_count + 1];
	default:
		return HIDP_TASK_NONE;
	}
}

hidp_status hidp_programs_get_part(const struct hidp_programs *programs, uint32_t task,
                                   uint32_t part, int64_t *row_begin_out, int64_t *row_end_out)
{
	if (programs == NULL || task >= programs->task_count ||
	    part >= programs->tasks[task].part_count || row_begin_out == NULL ||
	    row_end_out == NULL)
		return HIDP_ERR_ARGUMENT;
	*row_begin_out = programs->tasks[task].parts[part].begin;
	*row_end_out = programs->tasks[task].parts[part].end;
	return HIDP_OK;
}

static const struct hidp__call *call_of(const struct hidp_programs *programs, uint32_t task,
                                        uint32_t call)
{
	if (programs == NULL || task >= programs->task_count ||
	    call >= programs->tasks[task].call_count)
		return NULL;
	return &programs->tasks[task].calls[call];
}

hidp_status hidp_programs_get_call(const struct hidp_programs *programs, uint32_t task,
                                   uint32_t call, struct hidp_call *call_out)
{
	const struct hidp__call *c = call_of(programs, task, call);
	if (c == NULL || call_out == NULL)
		return HIDP_ERR_ARGUMENT;
	const struct hidp_call info = {
		.struct_size = sizeof info,
		.layer = c->layer,
		.input_count = programs->plan->model->layers[c->layer].input_count,
		.row_begin = c->rows.begin,
		.row_end = c->rows.end,
		.channel_begin = c->channels.begin,
		.channel_end = c->channels.end,
	};
	return hidp__abi_write(call_out, sizeof info, &info, sizeof info);
}

hidp_status hidp_programs_get_operand(const struct hidp_programs *programs, uint32_t task,
                                      uint32_t call, uint32_t operand, uint32_t *buffer_out)
{
	const struct hidp__call *c = call_of(programs, task, call);
	if (c == NULL || buffer_out == NULL)
		return HIDP_ERR_ARGUMENT;
	uint32_t inputs = programs->plan->model->layers[c->layer].input_count;
	if (operand == HIDP_OPERAND_OUTPUT)
		operand = inputs;
	else if (operand >= inputs)
		return HIDP_ERR_ARGUMENT;
	*buffer_out = c->operands[operand];
	return HIDP_OK;
}

hidp_status hidp_programs_get_copy(const struct hidp_programs *programs, uint32_t task,
                                   uint32_t copy, uint32_t *from_out, uint32_t *to_out,
                                   int64_t *row_begin_out, int64_t *row_end_out)
{
	if (programs == NULL || task >= programs->task_count ||
	    copy >= programs->tasks[task].copy_count || from_out == NULL || to_out == NULL ||
	    row_begin_out == NULL || row_end_out == NULL)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__copy *c = &programs->tasks[task].copies[copy];
	*from_out = c->from;
	*to_out = c->to;
	*row_begin_out = c->rows.begin;
	*row_end_out = c->rows.end;
	return HIDP_OK;
}
