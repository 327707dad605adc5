/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_BUILD_H
#define ONEDNN_BUILD_H

#include "kernels/build.h"
#include "kernels/window.h"
#include "task.h"

/* The task that steps are added to, and the object that it belongs to. */
static inline struct onednn_task *onednn__task(const struct build *b)
{
	return (struct onednn_task *)b->task;
}

static inline struct hidp_onednn *onednn__of(const struct build *b)
{
	return onednn__task(b)->onednn;
}

/* Passes success on; else fails with what oneDNN says. */
hidp_status onednn__check(struct build *b, dnnl_status_t status, const char *what);

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

/* As oneDNN describes tensors: four dimensions, or positions and channels (dense only). */
enum form { FORM_IMAGE, FORM_MATRIX };

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

/* A window as oneDNN wants it. */
struct dnnl_window {
	dnnl_dims_t kernel, stride, dilation; /* the last counted from 0 */
	dnnl_dims_t before, after;            /* padding */
};

/*
 * The rows of an input that a window (convolution or pool) needs for the rows of the call,
 * and the padding that is left. Where windows see nothing else, it is made part of the input.
 */
hidp_status onednn__window_input(struct build *b, struct tensor *in, struct dnnl_window *window);

/* One per group of ops that are oneDNN's: adds the steps of the call. */
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

#endif
