/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_TASK_H
#define KERNELS_TASK_H

#include "kernels.h"
#include "tensor.h"

/* A prepared task: steps that are run one after another. */

struct build;
struct posts;
struct step;

/* What an engine brings along. */
struct engine {
	/* Adds the steps of a call; of ops that need no engine by kernels__build_plain(). */
	hidp_status (*build)(struct build *b);

	/*
	 * What is done to the elements of an output, noted down behind what `posts` has: an
	 * activation, or a binary function whose second operand has the output's dimensions or 1.
	 * What posts are is the engine's.
	 */
	hidp_status (*post_activation)(struct build *b, const struct hidp_layer_desc *d,
	                               struct posts *posts);
	hidp_status (*post_binary)(struct build *b, hidp_binary function,
	                           const struct tensor *operand, struct posts *posts);

	/*
	 * Puts a part's constant, of these dimensions, where the channels of a pixel lie side by
	 * side; `lent`, as the host has it, is image by image and channel by channel. It stays as
	 * long as the task.
	 */
	hidp_status (*constant)(struct build *b, uint32_t part, const int64_t dims[4],
	                        const float *lent, struct place *place);

	size_t behind; /* bytes behind a tensor that the engine may read */
};

/* What a running step knows. */
struct running {
	uintptr_t bases[BASE_COUNT];
	void *own; /* the engine's */
};

static inline float *kernels__address(const struct running *running, struct place place)
{
	return (float *)(running->bases[place.base] + place.offset);
}

/* Runs a step. */
typedef hidp_status (*kernels__step_fn)(const struct step *step, const struct running *running);

struct step {
	kernels__step_fn run;
	void *data; /* freed with the step */
};

/* What an engine prepares begins with it. */
struct task {
	const struct engine *engine;
	const struct kernels *kernels;
	uint32_t threads; /* cores of its processor */
	struct step *steps;
	uint32_t step_count, step_room;
	size_t scratch_bytes;
};

/*
 * Begins a task of a program, with nothing in it yet. HIDP_ERR_MODEL: the program is of another
 * model. Whatever it returns, the task has to be cleared.
 */
hidp_status kernels__task_init(struct task *task, const struct engine *engine,
                               const struct kernels *kernels, const struct hidp_programs *programs,
                               uint32_t index, struct hidp_diagnostic *diagnostic);
void kernels__task_clear(struct task *task);

/* Adds the steps of all its calls. */
hidp_status kernels__task_build(struct task *task, const struct hidp_programs *programs,
                                uint32_t index, struct hidp_diagnostic *diagnostic);

/* Runs the steps. */
hidp_status kernels__task_run(const struct task *task, const struct running *running);

/* Adds a step with data of its own, which begin as zeros; NULL: no memory. */
void *kernels__add_step(struct task *task, kernels__step_fn run, size_t size);

/* Makes room for one more element; array: address of the pointer to them. false: no memory. */
bool kernels__grow(void *array, uint32_t count, uint32_t *room, size_t size);

#endif
