/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_WEIGHTS_H
#define XNNPACK_WEIGHTS_H

#include "build.h"
#include "kernels/weights.h"

/* Weights as operators want them. Operators pack copies of their own. */

/* Weights of the call's output channels, with all normalisations in them. */
struct folded {
	float *kernel; /* output channel x position of the window x input channel */
	float *bias;
};

/* Each output channel has weights for `inputs` input channels at `window` positions. */
hidp_status xnnpack__fold(struct build *b, int64_t window, int64_t inputs, struct folded *out);
void xnnpack__folded_clear(struct folded *folded);

/* Of the table of the engine. */
hidp_status xnnpack__constant(struct build *b, uint32_t part, const int64_t dims[4],
                              const float *lent, struct place *place);

#endif
