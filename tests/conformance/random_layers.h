/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_RANDOM_LAYERS_H
#define HIDP_TESTS_RANDOM_LAYERS_H

#include <hidp/hidp.h>

#include "rng.h"

/*
 * A model of fp32 around one layer of that op: small, with any attributes that the op has, and
 * with layers behind it that are fused into it where they can be. Not for inputs and custom
 * layers.
 */
struct hidp_model *random_layers(struct hidp_context *context, hidp_op op, struct rng *rng);

#endif
