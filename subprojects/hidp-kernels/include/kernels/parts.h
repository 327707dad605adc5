/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_PARTS_H
#define KERNELS_PARTS_H

#include "build.h"

/* The parts behind a layer's first: what is done to the elements of its output. */

/* The images, rows and channels that the call wants of the constant operand of a binary part. */
hidp_status kernels__constant_operand(struct build *b, uint32_t part,
                                      const struct hidp_layer_desc *d, struct tensor *out);

/*
 * What the parts of a layer from `first` on do to its output, noted down by the engine.
 * HIDP_ERR_UNSUPPORTED: an op that cannot be fused, or what the engine refuses.
 */
hidp_status kernels__posts(struct build *b, uint32_t first, struct posts *posts);

#endif
