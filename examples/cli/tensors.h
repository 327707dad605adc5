/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_TENSORS_H
#define HIDP_CLI_TENSORS_H

#include "models.h"

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
/*
 * Random numbers, the same for the same seed: from -1 to 1, and 0 or 1 where whole numbers are
 * wanted. false after a message.
 */
bool tensors_fill(const struct tensors *tensors, const struct loaded_model *loaded, uint64_t seed);
/* Kernels compute nothing else. false after a message. */
bool tensors_are_fp32(const struct tensors *tensors, uint32_t which,
                      const struct hidp_model *model);

/*
 * files.c: tensors in files, "FILE" or "NAME=FILE", with the names, shapes and types of the model's
 * file. Those without a name are meant in its order. All are NumPy's (.npy), or, when they are
 * read, the elements and nothing else.
 */
/* Fills in all inputs; false after a message. */
bool tensors_read(const struct tensors *inputs, const struct loaded_model *loaded,
                  const struct list *files);
/* Whether outputs can be written so; false after a message. */
bool tensors_can_write(const struct loaded_model *loaded, const struct list *files);
bool tensors_write(const struct tensors *outputs, const struct loaded_model *loaded,
                   const struct list *files);

/* The same for the same bytes. */
uint64_t tensors_digest(const struct tensors *tensors);
/*
 * The largest difference of two lists of fp32 tensors, as part of the largest element of the
 * right ones; 0: they are the same bit by bit. Infinity where one is not a number.
 */
double tensors_difference(const struct tensors *tensors, const struct tensors *right);

#endif
