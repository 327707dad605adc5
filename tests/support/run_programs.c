/* SPDX-License-Identifier: MIT */
#include "run_programs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes on both sides of a block that nobody may write, and what they and the block hold. */
#define GUARD 256
#define NOTHING 0xff /* as a float: not a number */

struct node {
	struct hidp_programs *programs;
	struct hidp_programs_info info;
	uint32_t processors;
	void **prepared; /* [task] */
	bool *is_prepared;
	size_t scratch_bytes;
};

struct runner {
	const struct hidp_kernels *kernels;
	void *user_data;
	struct hidp_model *model;
	uint32_t node_count;
	struct node *nodes;
};

/* One request. */
struct request {
	const struct runner *runner;
	float *const *tensors;
	uint32_t flags;
	struct hidp_diagnostic *diagnostic;
	struct message *messages;
	struct place *places; /* [node] */
};

struct message {
	unsigned char *bytes; /* NULL: not sent yet */
	size_t size;
};

/* A node's part of a request. */
struct place {
	unsigned char *memory, *block, *before, *scratch;
	bool *done;      /* [task] */
	uint32_t *lanes; /* [processors + 1] next task of each processor, and of those that send */
	uint32_t left;
};

__attribute__((format(printf, 4, 5))) static hidp_status
fail(struct hidp_diagnostic *d, hidp_status status, const char *subject, const char *format, ...)
{
	va_list args;
	if (d == NULL)
		return status;
	d->status = status;
	snprintf(d->subject, sizeof d->subject, "%s", subject);
	va_start(args, format);
	vsnprintf(d->message, sizeof d->message, format, args);
	va_end(args);
	return status;
}

/* Memory, or the end of the program: it is for tests. */
static void *need(size_t count, size_t size)
{
	void *p = calloc(count + 1, size);
	if (p == NULL)
		abort();
	return p;
}

static void *need_aligned(size_t size)
{
	size_t unit = HIDP_BUFFER_ALIGNMENT;
	void *p = aligned_alloc(unit, (size + unit) / unit * unit);
	if (p == NULL)
		abort();
	memset(p, NOTHING, size);
	return p;
}

static struct hidp_program_task task_of(const struct node *n, uint32_t task)
{
	struct hidp_program_task t = HIDP_PROGRAM_TASK_INIT;
	(void)hidp_programs_get_task(n->programs, task, &t);
	return t;
}

static struct hidp_buffer_info buffer_of(const struct node *n, uint32_t buffer)
{
	struct hidp_buffer_info b = HIDP_BUFFER_INFO_INIT;
	(void)hidp_programs_get_buffer(n->programs, buffer, &b);
	return b;
}

/* First byte of a row in a block. */
static unsigned char *row_at(unsigned char *block, const struct hidp_buffer_info *b, int64_t image,
                             int64_t row)
{
	return block + b->offset + (uint64_t)image * b->batch_stride +
	       (uint64_t)(row - b->row_begin) * b->row_stride;
}

static hidp_status prepare_task(const struct runner *r, struct node *n, uint32_t task,
                                struct hidp_diagnostic *diagnostic)
{
	struct hidp_program_task info = task_of(n, task);
	size_t scratch = 0;
	if (info.kind != HIDP_TASK_COMPUTE) {
		if (info.wire_dtype != buffer_of(n, info.buffer).dtype)
			return fail(diagnostic, HIDP_ERR_UNSUPPORTED, "message",
			            "has another dtype on the wire");
		return HIDP_OK;
	}
	hidp_status s = r->kernels->prepare(r->user_data, n->programs, task, &n->prepared[task],
	                                    &scratch, diagnostic);
	n->is_prepared[task] = s == HIDP_OK;
	if (scratch > n->scratch_bytes)
		n->scratch_bytes = scratch;
	return s;
}

static hidp_status prepare_node(const struct runner *r, const struct hidp_plan *plan,
                                uint32_t route, hidp_node_id number,
                                struct hidp_diagnostic *diagnostic)
{
	struct node *n = &r->nodes[number];
	n->info.struct_size = sizeof n->info;
	hidp_status s = hidp_programs_new(plan, route, number, &n->programs, diagnostic);
	if (s == HIDP_OK)
		s = hidp_programs_get_info(n->programs, &n->info);
	if (s != HIDP_OK)
		return s;
	n->processors = hidp_cluster_processor_count(hidp_plan_cluster(plan), number);
	n->prepared = need(n->info.task_count, sizeof *n->prepared);
	n->is_prepared = need(n->info.task_count, sizeof *n->is_prepared);
	for (uint32_t t = 0; t < n->info.task_count && s == HIDP_OK; t++)
		s = prepare_task(r, n, t, diagnostic);
	return s;
}

hidp_status runner_new(const struct hidp_plan *plan, uint32_t route,
                       const struct hidp_kernels *kernels, void *user_data,
                       struct runner **runner_out, struct hidp_diagnostic *diagnostic)
{
	struct runner *r = need(1, sizeof *r);
	hidp_status s = HIDP_OK;
	r->kernels = kernels;
	r->user_data = user_data;
	r->model = hidp_model_ref((struct hidp_model *)(uintptr_t)hidp_plan_model(plan));
	r->node_count = hidp_cluster_node_count(hidp_plan_cluster(plan));
	r->nodes = need(r->node_count, sizeof *r->nodes);
	for (hidp_node_id n = 0; n < r->node_count && s == HIDP_OK; n++)
		s = prepare_node(r, plan, route, n, diagnostic);
	if (s != HIDP_OK)
		runner_free(r);
	else
		*runner_out = r;
	return s;
}

void runner_free(struct runner *runner)
{
	if (runner == NULL)
		return;
	for (uint32_t k = 0; k < runner->node_count; k++) {
		struct node *n = &runner->nodes[k];
		for (uint32_t t = 0; n->is_prepared != NULL && t < n->info.task_count; t++)
			if (n->is_prepared[t])
				runner->kernels->release(runner->user_data, n->prepared[t]);
		hidp_programs_unref(n->programs);
		free(n->prepared);
		free(n->is_prepared);
	}
	hidp_model_unref(runner->model);
	free(runner->nodes);
	free(runner);
}

/* The part of a buffer that a call may write: kept (from block to `before`) or spoilt. */
static void walk_output(const struct node *n, uint32_t task, uint32_t number, unsigned char *block,
                        unsigned char *before)
{
	struct hidp_call call = HIDP_CALL_INIT;
	uint32_t output;
	(void)hidp_programs_get_call(n->programs, task, number, &call);
	(void)hidp_programs_get_operand(n->programs, task, number, HIDP_OPERAND_OUTPUT, &output);
	const struct hidp_buffer_info b = buffer_of(n, output);
	const uint64_t element = b.pixel_stride / (uint64_t)b.shape.channels;
	const size_t size = (size_t)((uint64_t)(call.channel_end - call.channel_begin) * element);
	for (int64_t i = 0; i < b.shape.batch; i++)
		for (int64_t row = call.row_begin; row < call.row_end; row++)
			for (int64_t x = 0; x < b.shape.width; x++) {
				unsigned char *p = row_at(block, &b, i, row) +
				                   (uint64_t)x * b.pixel_stride +
				                   (uint64_t)call.channel_begin * element;
				if (before != NULL)
					memcpy(before + (p - block), p, size);
				else
					memset(p, NOTHING, size);
			}
}

static void copy_rows(const struct node *n, unsigned char *block, uint32_t task, uint32_t number)
{
	uint32_t from, to;
	int64_t begin, end;
	(void)hidp_programs_get_copy(n->programs, task, number, &from, &to, &begin, &end);
	const struct hidp_buffer_info a = buffer_of(n, from), b = buffer_of(n, to);
	for (int64_t i = 0; i < a.shape.batch; i++)
		memcpy(row_at(block, &b, i, begin), row_at(block, &a, i, begin),
		       (size_t)(end - begin) * a.row_stride);
}

/* Everything but what the task's calls may write must be as before. */
static hidp_status check_writes(const struct request *q, const struct node *n,
                                const struct place *p, uint32_t task)
{
	const size_t size = (size_t)n->info.memory_bytes;
	for (uint32_t c = 0; c < task_of(n, task).call_count; c++)
		walk_output(n, task, c, p->block, p->before);
	for (size_t i = 0; i < GUARD; i++)
		if (p->memory[i] != NOTHING || p->block[size + i] != NOTHING)
			return fail(q->diagnostic, HIDP_ERR_PLAN, q->runner->kernels->name,
			            "wrote outside of the block, in task %u", task);
	for (size_t i = 0; i < size; i++)
		if (p->block[i] != p->before[i])
			return fail(q->diagnostic, HIDP_ERR_PLAN, q->runner->kernels->name,
			            "wrote byte %zu of the block, which is in no output of task %u",
			            i, task);
	return HIDP_OK;
}

static hidp_status compute(const struct request *q, const struct node *n, struct place *p,
                           uint32_t task)
{
	const struct hidp_program_task info = task_of(n, task);
	const bool check = (q->flags & RUNNER_CHECK) != 0;
	/* what is there already must not hide what is not written; memory of a single call's
	 * output holds nothing that the call reads */
	if (check && info.call_count == 1)
		walk_output(n, task, 0, p->block, NULL);
	if (check)
		memcpy(p->before, p->block, (size_t)n->info.memory_bytes);
	hidp_status s = q->runner->kernels->run(q->runner->user_data, n->prepared[task], p->block,
	                                        n->scratch_bytes != 0 ? p->scratch : NULL);
	if (s != HIDP_OK)
		return fail(q->diagnostic, s, q->runner->kernels->name, "task %u failed", task);
	if (check)
		s = check_writes(q, n, p, task);
	for (uint32_t c = 0; c < info.copy_count; c++)
		copy_rows(n, p->block, task, c);
	return s;
}

/* Sends or receives: the parts of a message, of each image after image. */
static void carry(const struct request *q, const struct node *n, struct place *p, uint32_t task)
{
	const struct hidp_program_task info = task_of(n, task);
	const struct hidp_buffer_info b = buffer_of(n, info.buffer);
	struct message *m = &q->messages[info.message];
	size_t at = 0;
	if (info.kind == HIDP_TASK_SEND) {
		m->bytes = need((size_t)info.bytes, 1);
		m->size = (size_t)info.bytes;
	}
	for (uint32_t k = 0; k < info.part_count; k++) {
		int64_t begin, end;
		(void)hidp_programs_get_part(n->programs, task, k, &begin, &end);
		size_t size = (size_t)(end - begin) * b.row_stride;
		for (int64_t i = 0; i < b.shape.batch && at + size <= m->size; i++, at += size) {
			unsigned char *rows = row_at(p->block, &b, i, begin);
			if (info.kind == HIDP_TASK_SEND)
				memcpy(m->bytes + at, rows, size);
			else
				memcpy(rows, m->bytes + at, size);
		}
	}
}

static bool may_begin(const struct node *n, const struct place *p, uint32_t task)
{
	const struct hidp_program_task info = task_of(n, task);
	for (uint32_t i = 0; i < info.dependency_count; i++)
		if (!p->done[info.dependencies[i]])
			return false;
	return true;
}

/* The next task of a lane, if it may begin. */
static hidp_status step_lane(const struct request *q, const struct node *n, struct place *p,
                             uint32_t lane, bool *moved)
{
	uint32_t task = p->lanes[lane];
	hidp_status s = HIDP_OK;
	if (task == HIDP_TASK_NONE || !may_begin(n, p, task))
		return HIDP_OK;
	if (lane < n->processors)
		s = compute(q, n, p, task);
	else
		carry(q, n, p, task);
	p->lanes[lane] = hidp_programs_next_task(
		n->programs, lane < n->processors ? HIDP_TASK_COMPUTE : HIDP_TASK_SEND, lane, task);
	p->done[task] = *moved = true;
	p->left--;
	return s;
}

/* All messages that are there and whose memory is free. */
static void receive(const struct request *q, const struct node *n, struct place *p, bool *moved)
{
	uint32_t task = HIDP_TASK_NONE;
	while ((task = hidp_programs_next_task(n->programs, HIDP_TASK_RECEIVE, 0, task)) !=
	       HIDP_TASK_NONE) {
		if (p->done[task] || q->messages[task_of(n, task).message].bytes == NULL ||
		    !may_begin(n, p, task))
			continue;
		carry(q, n, p, task);
		p->done[task] = *moved = true;
		p->left--;
	}
}

static void begin_place(const struct request *q, const struct node *n, struct place *p)
{
	const size_t size = (size_t)n->info.memory_bytes;
	p->memory = need_aligned(size + 2 * GUARD);
	p->block = p->memory + GUARD;
	p->before = need(size, 1);
	p->scratch = need_aligned(n->scratch_bytes);
	p->done = need(n->info.task_count, sizeof *p->done);
	p->lanes = need(n->processors + 1, sizeof *p->lanes);
	p->left = n->info.task_count;
	for (uint32_t i = 0; i <= n->processors; i++)
		p->lanes[i] = hidp_programs_next_task(
			n->programs, i < n->processors ? HIDP_TASK_COMPUTE : HIDP_TASK_SEND, i,
			HIDP_TASK_NONE);
	for (uint32_t b = 0; b < n->info.buffer_count; b++) {
		const struct hidp_buffer_info info = buffer_of(n, b);
		if ((info.flags & HIDP_BUFFER_INPUT) != 0)
			memcpy(p->block + info.offset, q->tensors[info.layer], (size_t)info.bytes);
	}
}

static void end_place(const struct request *q, const struct node *n, struct place *p)
{
	for (uint32_t b = 0; b < n->info.buffer_count; b++) {
		const struct hidp_buffer_info info = buffer_of(n, b);
		struct hidp_layer_info layer = HIDP_LAYER_INFO_INIT;
		(void)hidp_model_layer(q->runner->model, info.layer, &layer);
		/* a model input may be an output as well: the caller has it already */
		if ((info.flags & HIDP_BUFFER_OUTPUT) != 0 && layer.op != HIDP_OP_INPUT &&
		    q->tensors[info.layer] != NULL)
			memcpy(q->tensors[info.layer], p->block + info.offset, (size_t)info.bytes);
	}
	free(p->memory);
	free(p->before);
	free(p->scratch);
	free(p->done);
	free(p->lanes);
}

hidp_status runner_run(const struct runner *runner, float *const *tensors, uint32_t flags,
                       struct hidp_diagnostic *diagnostic)
{
	struct request q = {runner, tensors, flags, diagnostic, NULL, NULL};
	const uint32_t messages = runner->nodes[0].info.message_count;
	hidp_status s = HIDP_OK;
	bool moved = true;
	uint32_t left = 0;
	q.messages = need(messages, sizeof *q.messages);
	q.places = need(runner->node_count, sizeof *q.places);
	for (uint32_t k = 0; k < runner->node_count; k++)
		begin_place(&q, &runner->nodes[k], &q.places[k]);
	while (moved && s == HIDP_OK) {
		moved = false;
		for (uint32_t k = 0; k < runner->node_count; k++) {
			const struct node *n = &runner->nodes[k];
			receive(&q, n, &q.places[k], &moved);
			for (uint32_t i = 0; i <= n->processors && s == HIDP_OK; i++)
				s = step_lane(&q, n, &q.places[k], i, &moved);
		}
	}
	for (uint32_t k = 0; k < runner->node_count; k++) {
		left += q.places[k].left;
		end_place(&q, &runner->nodes[k], &q.places[k]);
	}
	for (uint32_t m = 0; m < messages; m++)
		free(q.messages[m].bytes);
	free(q.messages);
	free(q.places);
	if (s == HIDP_OK && left != 0)
		s = fail(diagnostic, HIDP_ERR_PLAN, "programs", "%u tasks wait for ever", left);
	return s;
}

hidp_status runner_whole_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              struct hidp_plan **plan_out, struct hidp_diagnostic *diagnostic)
{
	const uint32_t count = hidp_model_layer_count(model);
	struct hidp_plan_builder *builder = NULL;
	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
	for (hidp_layer_id l = 0; l < count; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		(void)hidp_model_layer(model, l, &info);
		step.layer_count += info.op != HIDP_OP_INPUT;
	}
	stage.kind = HIDP_STAGE_SINGLE;
	stage.layer_count = count;
	step.kind = HIDP_STEP_SINGLE;
	hidp_status s = hidp_plan_builder_new(model, cluster, NULL, NULL, &builder, diagnostic);
	if (s == HIDP_OK)
		s = hidp_plan_builder_add_stage(builder, &stage, diagnostic);
	if (s == HIDP_OK)
		s = hidp_plan_builder_add_share(builder, &share, diagnostic);
	if (s == HIDP_OK)
		s = hidp_plan_builder_add_step(builder, &step, diagnostic);
	if (s == HIDP_OK)
		s = hidp_plan_builder_add_slice(builder, &slice, diagnostic);
	if (s == HIDP_OK)
		s = hidp_plan_builder_seal(builder, plan_out, diagnostic);
	hidp_plan_builder_destroy(builder);
	return s;
}
