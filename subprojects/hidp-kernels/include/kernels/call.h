/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_CALL_H
#define KERNELS_CALL_H

#include <hidp/program.h>

#include "tensor.h"

/* A tensor that a call reads or writes: the rows that its buffer holds. */
struct operand {
	struct tensor held;
	int64_t row_begin;       /* number of the first row held */
	struct hidp_shape shape; /* of the whole tensor */
};

/* Everything that a program says of one call. */
struct call {
	const struct hidp_model *model;
	hidp_layer_id layer;
	struct hidp_layer_info info;
	int64_t row_begin, row_end;
	int64_t channel_begin, channel_end;
	int64_t image_begin, image_end; /* of the batch: all, or one of them */
	uint32_t input_count;
	struct operand *inputs; /* [input_count] */
	struct operand output;
};

/* Reads a call; release it with kernels__call_clear(). HIDP_ERR_NOMEM, or what hidp says. */
hidp_status kernels__call_read(const struct hidp_programs *programs, uint32_t task, uint32_t index,
                               struct call *call);
void kernels__call_clear(struct call *call);

/* Does every operand lie in one piece over all images? Else the images are taken one by one. */
bool kernels__call_is_whole(const struct call *call);

/* Rows begin to end of an operand, by their numbers in the whole tensor, of all its images. */
struct tensor kernels__operand_all(const struct operand *operand, int64_t begin, int64_t end);

/* The same of the call's images (or of the only one). */
struct tensor kernels__operand_rows(const struct call *call, const struct operand *operand,
                                    int64_t begin, int64_t end);

/* The rows and channels that the call writes. */
struct tensor kernels__call_output(const struct call *call);

/*
 * What an elementwise layer reads of an operand for them: the same rows and channels, of
 * dimensions of 1 all there is.
 */
struct tensor kernels__call_same(const struct call *call, const struct operand *operand);

#endif
