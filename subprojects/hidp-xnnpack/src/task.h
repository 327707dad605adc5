/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_TASK_H
#define XNNPACK_TASK_H

#include <stddef.h>

#include "tensor.h"
#include "xnnpack_priv.h"
#include <pthreadpool.h>

/* A prepared task: steps that are run one after another. */

struct operator;
struct step;
struct task;

/* What a running step knows. */
struct running {
	pthreadpool_t threads; /* NULL: this one alone */
	uintptr_t bases[BASE_COUNT];
};

static inline float *xnnpack__address(const struct running *running, struct place place)
{
	return (float *)(running->bases[place.base] + place.offset);
}

/* Runs a step. */
typedef hidp_status (*xnnpack__step_fn)(const struct step *step, const struct running *running);

struct step {
	xnnpack__step_fn run;
	union {
		struct {
			struct operator* operator;
			struct place in, out;
		} operator;
		struct {
			struct tensor from, to;
		} copy;
		struct {
			struct tensor to;
			float value;
		} fill;
		void *data; /* freed with the step */
	} u;
	bool owns_data;
};

struct task {
	struct hidp_xnnpack *xnnpack;
	size_t threads; /* cores of its processor: into so many parts work is divided */
	struct step *steps;
	uint32_t step_count, step_room;
	struct operator** operators;
	uint32_t operator_count, operator_room;
	float **arrays; /* constants of its own */
	uint32_t array_count, array_room;
	size_t scratch_bytes;
};

/* Entries of the table. */
hidp_status xnnpack__supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                              struct hidp_diagnostic *diagnostic);
hidp_status xnnpack__prepare(void *user_data, const struct hidp_programs *programs, uint32_t index,
                             void **prepared_out, size_t *scratch_bytes_out,
                             struct hidp_diagnostic *diagnostic);
hidp_status xnnpack__run(void *user_data, void *prepared, void *memory, void *scratch);
void xnnpack__release(void *user_data, void *prepared);

/* Adds a step; NULL: no memory. */
struct step *xnnpack__task_add_step(struct task *task, xnnpack__step_fn run);

/* Adds a step with data of its own, which begin as zeros; NULL: no memory. */
void *xnnpack__task_add_data(struct task *task, xnnpack__step_fn run, size_t size);

/* The operator or array is the task's from here on; false: no memory, it is not. */
bool xnnpack__task_own_operator(struct task *task, struct operator* operator);
bool xnnpack__task_own_array(struct task *task, float *array);

#endif
