/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_TENSORS_H
#define HIDP_CLI_TENSORS_H

#include "cli.h"

/* The inputs or the outputs of a model, as sessions and agents want them. */
struct tensors {
	uint32_t count;
	hidp_layer_id *layers; /* [count] rising */
	void **data;           /* [count] */
	size_t *bytes;         /* [count] */
};

/* Room for all inputs, or all outputs; false after a message. Free it in any case. */
bool tensors_new(struct tensors *tensors, const struct hidp_model *model, bool outputs);
void tensors_free(struct tensors *tensors);
/* Random numbers from -1 to 1, the same for the same seed. false after a message. */
bool tensors_fill(const struct tensors *tensors, const struct hidp_model *model, uint64_t seed);
/* A file of NumPy (.npy), or the elements and nothing else. false after a message. */
bool tensors_read(const struct tensors *tensors, uint32_t which, const struct hidp_model *model,
                  const char *path);
/* Writes .npy. false after a message. */
bool tensors_write(const struct tensors *tensors, uint32_t which, const struct hidp_model *model,
                   const char *path);
/* The same for the same bytes. */
uint64_t tensors_digest(const struct tensors *tensors);
/*
 * The largest difference of two lists of fp32 tensors, as part of the largest element of the
 * right ones; 0: they are the same bit by bit. Infinity where one is not a number.
 */
double tensors_difference(const struct tensors *tensors, const struct tensors *right);

#endif
