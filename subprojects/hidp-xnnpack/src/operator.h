/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_OPERATOR_H
#define XNNPACK_OPERATOR_H

#include "build.h"

/*
 * Operators of XNNPACK. One keeps its packed weights, the addresses of its tensors and, for
 * windows, a table of addresses of pixels. The table is made for the first tensors; when
 * others of the same size come, their distance from the first is added, so nothing is
 * allocated once it is there. As the addresses lie in the operator, one thread at a time
 * can run it.
 */

/* Where an operator reads and writes: `height` * `width` positions of `batch` images. */
typedef enum xnn_status (*xnnpack__setup_fn)(xnn_operator_t op, size_t batch, size_t height,
                                             size_t width, const float *in, float *out,
                                             pthreadpool_t threads);

/*
 * Adds a step that runs an operator on what the tensors hold. `status` is what its creation
 * said, `op` what it made and is the task's from here on.
 */
hidp_status xnnpack__add_operator(struct build *b, enum xnn_status status, xnn_operator_t op,
                                  xnnpack__setup_fn setup, const struct tensor *in,
                                  const struct tensor *out);

/*
 * The operators of a call's second image and those behind it are those of the first: adds
 * the step and returns true, if there is one to take.
 */
bool xnnpack__add_again(struct build *b, const struct tensor *in, const struct tensor *out,
                        hidp_status *status);

/* Can the tensor be walked position by position, in one stride? */
bool xnnpack__is_even(const struct tensor *t);

/* Makes it so: itself, or a copy in scratch memory. */
hidp_status xnnpack__make_even(struct build *b, struct tensor *t);

/* Distance of its positions in elements. */
size_t xnnpack__pixel_stride(const struct tensor *t);

void xnnpack__operator_free(struct operator* operator);

#endif
