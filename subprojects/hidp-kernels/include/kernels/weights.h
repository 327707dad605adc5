/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_WEIGHTS_H
#define KERNELS_WEIGHTS_H

#include "build.h"

/* Weights as the host lends them. */

/* An array of weights; it must have so many elements. HIDP_ERR_MODEL: there is none such. */
hidp_status kernels__weights(struct build *b, uint32_t part, hidp_weight_role role, int64_t count,
                             const float **out);

/* Does the layer have a bias of its own? */
bool kernels__own_bias(const struct build *b);

/* Batch normalisations right behind the first part, which can be folded into its weights. */
uint32_t kernels__norm_count(const struct build *b);

/*
 * What all of them together do to the call's channels: y = scale * x + shift. Both arrays have
 * room for as many.
 */
hidp_status kernels__fold_norms(struct build *b, float *scale, float *shift);

#endif
