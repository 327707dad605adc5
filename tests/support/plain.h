/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_PLAIN_H
#define HIDP_TESTS_PLAIN_H

#include <stdbool.h>

#include <hidp/hidp.h>
#include <hidp/plugin/weights.h>

/*
 * Computes models as hidp/model.h explains the ops, element by element in double precision,
 * with no thought of speed, to compare kernels with. Tensors are NCHW here.
 */
struct plain_tensor {
	struct hidp_shape shape;
	double *values;
};

/* Element (image, channel, row, column). */
double *plain_at(const struct plain_tensor *tensor, int64_t n, int64_t c, int64_t y, int64_t x);

int64_t plain_elements(const struct hidp_shape *shape);

/*
 * Computes all layers of a model from the values of its inputs, tensors[layer]; the others are
 * allocated here and freed by the caller. Weights are fp32. false: a custom op, or a weight is
 * missing.
 */
bool plain_run(const struct hidp_model *model, const struct hidp_weights *weights, void *user_data,
               struct plain_tensor *tensors);

#endif
