/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_BUILD_H
#define KERNELS_BUILD_H

#include "call.h"
#include "task.h"

/* The steps of one call while they are being written. */
struct build {
	struct task *task;
	const struct call *call;
	struct hidp_layer_desc part; /* the call's first part */
	size_t scratch;              /* bytes that the call has used so far */
	struct hidp_diagnostic *diagnostic;
};

/* Fails, naming the layer. */
#define BUILD_FAIL(b, status, ...)                                                                 \
	kernels__fail((b)->diagnostic, status, (b)->call->info.name, __VA_ARGS__)

hidp_status kernels__no_memory(struct build *b);

/* Scratch memory for the rest of the call. */
struct place kernels__scratch(struct build *b, size_t bytes);
struct tensor kernels__scratch_tensor(struct build *b, const int64_t dims[4]);

/* Adds a step that copies elements; the tensors have the same dimensions. */
hidp_status kernels__add_copy(struct build *b, const struct tensor *from, const struct tensor *to);

/* Adds a step that sets all elements. */
hidp_status kernels__add_fill(struct build *b, const struct tensor *to, float value);

/* Makes a tensor anew in scratch memory, without gaps. */
hidp_status kernels__add_dense_copy(struct build *b, struct tensor *t);

/*
 * Adds the steps of a call whose op is one of those that move elements, the resampling or the
 * looking up of entries. HIDP_ERR_UNSUPPORTED: it is none of them.
 */
hidp_status kernels__build_plain(struct build *b);

/*
 * Do engines mean the same by a pool? Not where a window has no element of the input, nor where
 * a mean with padding has a window beyond it.
 */
bool kernels__pool_is_ordinary(const struct build *b);

/* Adds a step that computes the pool that `part` describes, whatever it is, in plain loops. */
hidp_status kernels__add_pool(struct build *b);

#endif
