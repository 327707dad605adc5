/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_BUILD_H
#define XNNPACK_BUILD_H

#include "kernels/build.h"
#include "kernels/window.h"
#include "task.h"

/* The task that steps are added to. */
static inline struct xnnpack_task *xnnpack__task(const struct build *b)
{
	return (struct xnnpack_task *)b->task;
}

/* Do all numbers of a window fit XNNPACK's? */
bool xnnpack__window_fits(const struct window *window);

/*
 * The rows of an input that a window (convolution or pool) needs for the rows of the call,
 * and the padding that is left. Where windows see nothing else, it is made part of the input.
 */
hidp_status xnnpack__window_input(struct build *b, struct tensor *in, struct window *window);

/* One per group of ops that need more than plain loops: adds the steps of the call. */
hidp_status xnnpack__build_conv(struct build *b);
hidp_status xnnpack__build_dense(struct build *b);
hidp_status xnnpack__build_matmul(struct build *b);
hidp_status xnnpack__build_pool(struct build *b);
hidp_status xnnpack__build_global_pool(struct build *b);
hidp_status xnnpack__build_activation(struct build *b);
hidp_status xnnpack__build_binary(struct build *b);
hidp_status xnnpack__build_batch_norm(struct build *b);
hidp_status xnnpack__build_layer_norm(struct build *b);
hidp_status xnnpack__build_softmax(struct build *b);
hidp_status xnnpack__build_attention(struct build *b);

#endif
