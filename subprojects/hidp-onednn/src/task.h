/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_TASK_H
#define ONEDNN_TASK_H

#include <pthread.h>
#include <stddef.h>

#include "onednn_priv.h"
#include "tensor.h"

/*
 * A prepared task: steps that are run one after another. Memory objects of oneDNN point
 * to the memory of one run, so a run takes a set of them: as many sets are made, once, as
 * there ever are runs of the task at the same time.
 */

struct task;
struct step;

/* What a running step knows. */
struct running {
	const struct task *task;
	struct binding *binding;
	uintptr_t bases[BASE_COUNT];
};

static inline float *onednn__address(const struct running *running, struct place place)
{
	return (float *)(running->bases[place.base] + place.offset);
}

/* Runs a step. */
typedef hidp_status (*onednn__step_fn)(const struct step *step, const struct running *running);

struct step {
	onednn__step_fn run;
	union {
		struct {
			dnnl_primitive_t primitive;
			uint32_t first, count; /* of the task's arguments */
		} primitive;
		struct {
			struct tensor from, to;
		} copy;
		struct {
			struct tensor to;
			float value;
		} fill;
		struct {
			struct tensor of; /* dense */
			hidp_activation function;
			float alpha, beta;
		} plain;
		struct {
			struct tensor base, exponent, out; /* of the same dimensions */
		} power;
		void *data; /* freed with the step */
	} u;
	bool owns_data;
};

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

struct task {
	struct hidp_onednn *onednn;
	int threads;
	struct step *steps;
	uint32_t step_count, step_room;
	struct argument *arguments;
	uint32_t argument_count, argument_room;
	struct packed **packed; /* held by this task */
	uint32_t packed_count, packed_room;
	size_t scratch_bytes;
	pthread_mutex_t lock; /* over the list of free bindings */
	struct binding *bindings;
};

/* Entries of the table. */
hidp_status onednn__supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                             struct hidp_diagnostic *diagnostic);
hidp_status onednn__prepare(void *user_data, const struct hidp_programs *programs, uint32_t index,
                            void **prepared_out, size_t *scratch_bytes_out,
                            struct hidp_diagnostic *diagnostic);
hidp_status onednn__run(void *user_data, void *prepared, void *memory, void *scratch);
void onednn__release(void *user_data, void *prepared);

/* Adds a step; NULL: no memory. */
struct step *onednn__task_add_step(struct task *task, onednn__step_fn run);

/* Makes room for one more element in an array; false: no memory. */
bool onednn__grow(void *array, uint32_t count, uint32_t *room, size_t size);

/* Adds an argument; false: no memory. */
bool onednn__task_add_argument(struct task *task, const struct argument *argument);

/* The task keeps packed weights until it is released; false: no memory. */
bool onednn__task_hold(struct task *task, struct packed *packed);

/* Runs a primitive with the arguments of the step. */
hidp_status onednn__run_primitive(const struct step *step, const struct running *running);

#endif
