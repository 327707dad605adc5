/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_TASK_H
#define ONEDNN_TASK_H

#include <pthread.h>

#include "kernels/task.h"
#include "onednn_priv.h"

/*
 * A prepared task. Memory objects of oneDNN point to the memory of one run, so a run takes a
 * set of them: as many sets are made, once, as there ever are runs of the task at the same time.
 */

/* An argument of a primitive. */
struct argument {
	int index; /* DNNL_ARG_... */
	dnnl_memory_desc_t md;
	struct place place;
};

struct binding {
	struct binding *next;
	dnnl_stream_t stream;
	uintptr_t bases[BASE_COUNT];
	dnnl_exec_arg_t arguments[]; /* one per argument of the task */
};

struct onednn_task {
	struct task task;
	struct hidp_onednn *onednn;
	struct argument *arguments;
	uint32_t argument_count, argument_room;
	struct packed **packed; /* held by this task */
	uint32_t packed_count, packed_room;
	pthread_mutex_t lock; /* over the list of free bindings */
	struct binding *bindings;
};

/* Entries of the table. */
hidp_status onednn__prepare(void *user_data, const struct hidp_programs *programs, uint32_t index,
                            void **prepared_out, size_t *scratch_bytes_out,
                            struct hidp_diagnostic *diagnostic);
hidp_status onednn__run(void *user_data, void *prepared, void *memory, void *scratch);
void onednn__release(void *user_data, void *prepared);

/* Adds an argument; false: no memory. */
bool onednn__task_add_argument(struct onednn_task *task, const struct argument *argument);

/* The task keeps packed weights until it is released; false: no memory. */
bool onednn__task_hold(struct onednn_task *task, struct packed *packed);

/*
 * Adds a step that runs a primitive with some of the task's arguments. It is the task's from
 * here on; false: no memory, it is not.
 */
bool onednn__task_add_primitive(struct onednn_task *task, dnnl_primitive_t primitive,
                                uint32_t first, uint32_t count);

#endif
