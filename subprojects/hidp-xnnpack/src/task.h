/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_TASK_H
#define XNNPACK_TASK_H

#include "kernels/task.h"
#include "xnnpack_priv.h"
#include <pthreadpool.h>

struct operator;

/* The threads that help the one which runs a task; NULL: there are none. */
static inline pthreadpool_t xnnpack__helpers(const struct running *running)
{
	return running->own;
}

/* A prepared task. */
struct xnnpack_task {
	struct task task;
	struct operator** operators;
	uint32_t operator_count, operator_room;
	uint32_t call_operators; /* those of calls before the one that is being built */
	uint32_t next_operator;  /* the next one that the call uses again; their number: none */
	float **arrays;          /* constants of its own */
	uint32_t array_count, array_room;
};

/* Entries of the table. */
hidp_status xnnpack__prepare(void *user_data, const struct hidp_programs *programs, uint32_t index,
                             void **prepared_out, size_t *scratch_bytes_out,
                             struct hidp_diagnostic *diagnostic);
hidp_status xnnpack__run(void *user_data, void *prepared, void *memory, void *scratch);
void xnnpack__release(void *user_data, void *prepared);

/* The operator or array is the task's from here on; false: no memory, it is not. */
bool xnnpack__task_own_operator(struct xnnpack_task *task, struct operator* operator);
bool xnnpack__task_own_array(struct xnnpack_task *task, float *array);

#endif
