/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_TENSOR_H
#define KERNELS_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include <hidp/model.h>

/* What places are counted from: the two are known when a task is run. */
enum base {
	BASE_BLOCK,    /* the request's block of memory */
	BASE_SCRATCH,  /* scratch memory of the thread */
	BASE_CONSTANT, /* 0: the offset is an address */
	BASE_COUNT
};

/* Where something lies, whatever memory a run is given. */
struct place {
	enum base base;
	uintptr_t offset; /* bytes */
};

/* Some elements of a tensor, fp32. Dimensions and strides are in the order of hidp_axis. */
struct tensor {
	struct place place; /* of its first element */
	int64_t dims[4];
	int64_t strides[4]; /* in elements; 0 repeats */
};

struct place kernels__constant_place(const void *data);
bool kernels__same_place(struct place a, struct place b);

/* A tensor without gaps, channels side by side. */
struct tensor kernels__tensor_dense(struct place place, const int64_t dims[4]);

/* Indices begin to end (exclusive) along an axis. */
struct tensor kernels__tensor_cut(struct tensor t, hidp_axis axis, int64_t begin, int64_t end);

/* One image of a tensor; of one that all images share, the only one. */
struct tensor kernels__tensor_image(const struct tensor *t, int64_t image);

/* The same elements repeated wherever the tensor has 1 and `dims` more. */
struct tensor kernels__tensor_spread(struct tensor t, const int64_t dims[4]);

bool kernels__tensor_is_dense(const struct tensor *t);
bool kernels__tensor_same_dims(const struct tensor *a, const struct tensor *b);
int64_t kernels__tensor_positions(const struct tensor *t); /* batch * rows * width */
int64_t kernels__tensor_elements(const struct tensor *t);
uint64_t kernels__tensor_bytes(const struct tensor *t); /* of a dense one */
int64_t kernels__tensor_span(const struct tensor *t);   /* first element to behind the last */

static inline int64_t kernels__larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t kernels__smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

#endif
