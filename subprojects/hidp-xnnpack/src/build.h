/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_BUILD_H
#define XNNPACK_BUILD_H

#include "call.h"
#include "task.h"
#include "xnnpack_priv.h"

/* The steps of one call while they are being written. */
struct build {
	struct hidp_xnnpack *xnnpack;
	struct task *task;
	const struct call *call;
	struct hidp_layer_desc part; /* the call's first part */
	size_t scratch;              /* bytes that the call has used so far */
	uint32_t next_operator; /* of the task's, that the call uses again; their number: none */
	struct hidp_diagnostic *diagnostic;
};

/* Fails, naming the layer. */
#define BUILD_FAIL(b, status, ...)                                                                 \
	xnnpack__fail((b)->diagnostic, status, (b)->call->info.name, __VA_ARGS__)

hidp_status xnnpack__no_memory(struct build *b);

/* Passes success on; else fails with what XNNPACK says. */
hidp_status xnnpack__check(struct build *b, enum xnn_status status);

/* Scratch memory for the rest of the call. */
struct place xnnpack__scratch(struct build *b, size_t bytes);
struct tensor xnnpack__scratch_tensor(struct build *b, const int64_t dims[4]);

/* Adds a step that copies elements; the tensors have the same dimensions. */
hidp_status xnnpack__add_copy(struct build *b, const struct tensor *from, const struct tensor *to);

/* Adds a step that sets all elements. */
hidp_status xnnpack__add_fill(struct build *b, const struct tensor *to, float value);

/* The rows and columns around an input that a window reads. */
struct window {
	int64_t kernel[2], stride[2], dilation[2];
	int64_t before[2], after[2]; /* padding */
};

/* Do all its numbers fit XNNPACK's? */
bool xnnpack__window_fits(const struct window *window);

/*
 * The rows of an input that a window (convolution or pool) needs for the rows of the call,
 * and the padding that is left. Where windows see nothing else, it is made part of the input.
 */
hidp_status xnnpack__window_input(struct build *b, const struct hidp_layer_desc *d,
                                  struct tensor *in, struct window *window);

/* One per group of ops: adds the steps of the call. */
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
hidp_status xnnpack__build_concat(struct build *b);
hidp_status xnnpack__build_slice(struct build *b);
hidp_status xnnpack__build_pad(struct build *b);
hidp_status xnnpack__build_transpose(struct build *b);
hidp_status xnnpack__build_reshape(struct build *b); /* flatten, too */
hidp_status xnnpack__build_resize(struct build *b);
hidp_status xnnpack__build_embedding(struct build *b);

#endif
