/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_WEIGHTS_H
#define ONEDNN_WEIGHTS_H

#include "build.h"
#include "kernels/weights.h"

/*
 * Weights as primitives want them. What is packed once is shared by all tasks that want
 * the same, and freed when the last of them is released.
 */

/* Does the layer have a bias, its own or that of a batch normalisation? */
bool onednn__has_bias(struct build *b);

/* The bias of the call's output channels. */
hidp_status onednn__bias(struct build *b, struct argument *bias);

/*
 * The kernel of the call's output channels, brought from how the host lends it to
 * `kernel->md`; each output channel has `per_channel` weights.
 */
hidp_status onednn__kernel(struct build *b, const dnnl_memory_desc_t *lent, int64_t per_channel,
                           struct argument *kernel);

/* Of the table of the engine. */
hidp_status onednn__constant(struct build *b, uint32_t part, const int64_t dims[4],
                             const float *lent, struct place *place);

void onednn__packed_unref(struct hidp_onednn *onednn, struct packed *packed);

#endif
