/* SPDX-License-Identifier: MIT */
#ifndef HIDP_RUN_PROGRAMS_PRIV_H
#define HIDP_RUN_PROGRAMS_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hidp/program.h>

#include "base/arena.h"
#include "base/spans.h"
#include "plan/plan_priv.h"

/* Some rows of a tensor in the block of a request. */
struct hidp__buffer {
	hidp_layer_id layer;
	uint32_t flags;
	struct hidp__span rows;
	uint64_t offset, bytes;
};

struct hidp__call {
	hidp_layer_id layer;
	struct hidp__span rows, channels;
	uint32_t *operands; /* [inputs of the layer + 1] buffers; the last one is the output's */
};

struct hidp__copy {
	uint32_t from, to; /* buffers */
	struct hidp__span rows;
};

struct hidp__program_task {
	hidp_task_kind kind;
	hidp_processor_id processor;
	uint32_t stage, share, step, slice;
	uint32_t call_count, copy_count, part_count;
	struct hidp__call *calls;
	struct hidp__copy *copies;
	const struct hidp__span *parts;
	uint32_t message;
	hidp_node_id peer;
	uint32_t buffer;
	hidp_dtype wire_dtype;
	uint64_t bytes;
	uint32_t next; /* the next task of the same program */
	uint32_t dependency_count, dependent_count;
	uint32_t *dependencies, *dependents;
};

struct hidp_programs {
	atomic_uint refs;
	struct hidp__arena arena; /* owns everything below */
	struct hidp_plan *plan;
	hidp_node_id node;
	uint32_t route;
	uint32_t task_count, buffer_count, message_count;
	uint64_t memory_bytes, live_bytes;
	struct hidp__program_task *tasks;
	struct hidp__buffer *buffers;
	uint32_t *first_task; /* [processors of the node + 2]: compute, then send, receive */
	uint32_t processor_count;
};

/* A use of a buffer: which rows and channels of it a task reads or writes, and when. */
struct hidp__access {
	uint32_t task; /* HIDP_TASK_NONE: the host, before or after all tasks */
	uint32_t time; /* tasks of the same time may run side by side, others one after another */
	uint32_t call; /* which call of the task; tasks that make none: 0 */
	bool writes;
	struct hidp__span rows, channels;
};

struct hidp__accesses {
	struct hidp__access *items; /* in the order of time, of tasks, of calls */
	size_t count, capacity;
};

/* A pair of tasks: `after` waits for `before`. */
struct hidp__wait {
	uint32_t after, before;
};

struct hidp__waits {
	struct hidp__wait *items;
	size_t count, capacity;
};

/*
 * run/buffers.c: finds a place in the block for every buffer; two that are in use at the
 * same time never share bytes. Tasks that would write over a buffer wait for all that use
 * it: pairs are added to waits. Returns HIDP_OK, HIDP_ERR_NOMEM, HIDP_ERR_LIMIT.
 */
hidp_status hidp__buffers_place(struct hidp_programs *programs,
                                const struct hidp__accesses *accesses, struct hidp__waits *waits,
                                struct hidp__arena *scratch);

/* run/lower.c: fills in everything but plan, node, and route. */
hidp_status hidp__lower(struct hidp_programs *programs, struct hidp__arena *scratch,
                        struct hidp_diagnostic *diagnostic);

/* Bytes from one row to the next: rows are dense. */
static inline uint64_t hidp__row_stride(const struct hidp__layer *layer)
{
	return (uint64_t)layer->row_bytes / (uint64_t)layer->shape.batch;
}

#endif
