/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_NPY_H
#define HIDP_CLI_NPY_H

/* NumPy's files (.npy), and elements one by one. */

#include "models.h"

/* Bytes of an element; NUMBER_OTHER has none. */
size_t number_bytes(enum number type);
/*
 * Elements of some type as fp32; false: one of the whole numbers is not the same as fp32, and
 * *which_out says which.
 */
bool numbers_to_fp32(enum number type, const void *data, size_t count, float *out,
                     size_t *which_out);
/* The reverse, with whole numbers rounded to the nearest. */
void numbers_from_fp32(enum number type, const float *values, size_t count, void *out);

/* An array in a file that was read. */
struct npy {
	enum number type;
	uint32_t rank;
	int64_t dims[PORT_RANK_MAX];
	const void *data;
	size_t bytes; /* of data */
};

/* Whether a file says that it is one. */
bool npy_is(const char *file, size_t length);
/* What is in it; false after a message. */
bool npy_parse(const char *path, const char *file, size_t length, struct npy *npy_out);
/* A whole file with room for the elements; NULL after a message. Free it. */
char *npy_make(enum number type, uint32_t rank, const int64_t *dims, size_t count, void **data_out,
               size_t *length_out);
/* "(1, 3, 224, 224)", "(5,)", "()": how NumPy writes a shape. Returns text. */
char *npy_shape(uint32_t rank, const int64_t *dims, char text[320]);

#endif
