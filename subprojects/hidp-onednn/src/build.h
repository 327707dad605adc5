/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_BUILD_H
#define ONEDNN_BUILD_H

#include "call.h"
#include "onednn_priv.h"
#include "task.h"

/* The steps of one call while they are being written. */
struct build {
	struct hidp_onednn *onednn;
	struct task *task;
	const struct call *call;
	struct hidp_layer_desc part; /* the call's first part */
	size_t scratch;              /* bytes that the call has used so far */
	struct hidp_diagnostic *diagnostic;
};

/* Fails, naming the layer. */
#define BUILD_FAIL(b, status, ...)                                                                 \
	onednn__fail((b)->diagnostic, status, (b)->call->info.name, __VA_ARGS__)

hidp_status onednn__no_memory(struct build *b);

/* Passes success on; else fails with what oneDNN says. */
hidp_status onednn__check(struct build *b, dnnl_status_t status, const char *what);

/* Scratch memory for the rest of the call. */
struct place onednn__scratch(struct build *b, size_t bytes);
struct tensor onednn__scratch_tensor(struct build *b, const int64_t dims[4]);

/* Adds a step that copies elements; the tensors have the same dimensions. */
hidp_status onednn__add_copy(struct build *b, const struct tensor *from, const struct tensor *to);

/* Adds a step that sets all elements. */
hidp_status onednn__add_fill(struct build *b, const struct tensor *to, float value);

/* Adds a step that applies an activation, which oneDNN does not have, to a dense tensor. */
hidp_status onednn__add_plain(struct build *b, hidp_activation function, const struct tensor *of,
                              float alpha, float beta);

/* Adds a step that raises elements to powers; dimensions are those of the output, or 1. */
hidp_status onednn__add_power(struct build *b, const struct tensor *base,
                              const struct tensor *exponent, const struct tensor *out);

/* Makes a tensor dense: itself, or a copy in scratch memory. */
hidp_status onednn__make_dense(struct build *b, struct tensor *t);

/* The output of the call, or, if that has gaps, a dense tensor in scratch memory instead ... */
struct tensor onednn__dense_output(struct build *b);
/* ... which is copied to where it belongs. */
hidp_status onednn__finish_output(struct build *b, const struct tensor *out);

hidp_status onednn__describe(struct build *b, const struct tensor *t, enum form form,
                             dnnl_memory_desc_t *md);

/* Adds a step that runs a primitive, whose scratchpad is seen to. */
hidp_status onednn__add_primitive(struct build *b, const_dnnl_primitive_desc_t pd,
                                  const struct argument *arguments, uint32_t count);

/* Adds a step that brings elements from one layout to another. */
hidp_status onednn__add_reorder(struct build *b, const struct argument *from,
                                const struct argument *to);

/* Is it one of the plain implementations, which are hundreds of times slower? */
bool onednn__is_reference(const_dnnl_primitive_desc_t pd);

/* The rows and columns around an input that a window reads. */
struct window {
	dnnl_dims_t kernel, stride, dilation; /* the last as oneDNN counts it: from 0 */
	dnnl_dims_t before, after;            /* padding */
};

/*
 * The rows of an input that a window (convolution or pool) needs for the rows of the call,
 * and the padding that is left. Where windows see nothing else, it is made part of the input.
 */
hidp_status onednn__window_input(struct build *b, const struct hidp_layer_desc *d,
                                 struct tensor *in, struct window *window);

/* One per group of ops: adds the steps of the call. */
hidp_status onednn__build_conv(struct build *b);
hidp_status onednn__build_dense(struct build *b);
hidp_status onednn__build_matmul(struct build *b);
hidp_status onednn__build_pool(struct build *b);
hidp_status onednn__build_global_pool(struct build *b);
hidp_status onednn__build_activation(struct build *b);
hidp_status onednn__build_binary(struct build *b);
hidp_status onednn__build_batch_norm(struct build *b);
hidp_status onednn__build_layer_norm(struct build *b);
hidp_status onednn__build_softmax(struct build *b);
hidp_status onednn__build_attention(struct build *b);
hidp_status onednn__build_concat(struct build *b);
hidp_status onednn__build_slice(struct build *b);
hidp_status onednn__build_pad(struct build *b);
hidp_status onednn__build_transpose(struct build *b);
hidp_status onednn__build_reshape(struct build *b); /* flatten, too */
hidp_status onednn__build_resize(struct build *b);
hidp_status onednn__build_embedding(struct build *b);

#endif
