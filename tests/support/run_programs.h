/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_RUN_PROGRAMS_H
#define HIDP_TESTS_RUN_PROGRAMS_H

#include <stdbool.h>

#include <hidp/hidp.h>
#include <hidp/plugin/kernels.h>

/*
 * Carries out a plan with kernels on one thread, all nodes in turn: the plainest runner
 * there is. Tensors are arrays of floats, all of a tensor, NHWC; messages must carry them as
 * they are.
 */
struct runner;

/*
 * Lowers the plan and prepares all tasks. What fails is named in the diagnostic. `user_data`
 * is the kernels', whose `enter` is up to the caller.
 */
hidp_status runner_new(const struct hidp_plan *plan, uint32_t route,
                       const struct hidp_kernels *kernels, void *user_data,
                       struct runner **runner_out, struct hidp_diagnostic *diagnostic);
void runner_free(struct runner *runner);

enum runner_flag {
	/* Fails with HIDP_ERR_PLAN if a task writes beyond the rows and channels of its calls. */
	RUNNER_CHECK = 1u << 0
};

/*
 * One request; several at a time from different threads. tensors[layer]: of a model input,
 * what it holds; of a model output, where it goes (NULL: nowhere); others are not read.
 */
hidp_status runner_run(const struct runner *runner, float *const *tensors, uint32_t flags,
                       struct hidp_diagnostic *diagnostic);

/* A plan that computes everything on one processor of one node, undivided. */
hidp_status runner_whole_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              struct hidp_plan **plan_out, struct hidp_diagnostic *diagnostic);

#endif
