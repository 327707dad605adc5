/* SPDX-License-Identifier: MIT */
#ifndef ZOO_FORWARD_H
#define ZOO_FORWARD_H

#include <stdbool.h>

#include "zoo.h"

/*
 * Computes a network of the zoo in the plainest way there is, part by part, with the
 * zoo's weights of one seed and an input of mean 0 and variance 1 of another. It is here to see
 * that descriptions and weights make sense, not to be fast or complete.
 */
struct forward {
	uint32_t layer_count;
	float **values;               /* [layer_count] outputs, NCHW */
	struct hidp_layer_info *info; /* [layer_count] */
};

/* false: no memory, or an op that this cannot compute. Release with forward_free() either way. */
bool forward_run(const struct hidp_model *model, uint64_t seed, uint64_t input_seed,
                 struct forward *run);
void forward_free(struct forward *run);

/* Root mean square of a layer's output; not finite if any element is not. */
double forward_rms(const struct forward *run, hidp_layer_id layer);

#endif
