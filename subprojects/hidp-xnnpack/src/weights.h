/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_WEIGHTS_H
#define XNNPACK_WEIGHTS_H

#include "build.h"

/* Weights as operators want them. Operators pack copies of their own. */

/* An array of weights as the host lends it; it must have so many elements. */
hidp_status xnnpack__weights(struct build *b, uint32_t part, hidp_weight_role role, int64_t count,
                             const float **out);

/* Does the layer have a bias of its own? */
bool xnnpack__own_bias(const struct build *b);

/* Batch normalisations right behind the first part: they are folded into its weights. */
uint32_t xnnpack__norm_count(struct build *b);

/* Weights of the call's output channels, with all normalisations in them. */
struct folded {
	float *kernel; /* output channel x position of the window x input channel */
	float *bias;
};

/* Each output channel has weights for `inputs` input channels at `window` positions. */
hidp_status xnnpack__fold(struct build *b, int64_t window, int64_t inputs, struct folded *out);
void xnnpack__folded_clear(struct folded *folded);

/* The constant operand of a binary part, whole. */
hidp_status xnnpack__constant(struct build *b, uint32_t part, const struct hidp_layer_desc *d,
                              struct tensor *out);

#endif
