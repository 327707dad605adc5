/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_TENSOR_H
#define XNNPACK_TENSOR_H

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

struct place xnnpack__constant_place(const void *data);

/* A tensor without gaps, channels side by side. */
struct tensor xnnpack__tensor_dense(struct place place, const int64_t dims[4]);

/* Indices begin to end (exclusive) along an axis. */
struct tensor xnnpack__tensor_cut(struct tensor t, hidp_axis axis, int64_t begin, int64_t end);

/* The same elements repeated wherever the tensor has 1 and `dims` more. */
struct tensor xnnpack__tensor_spread(struct tensor t, const int64_t dims[4]);

bool xnnpack__tensor_is_dense(const struct tensor *t);
bool xnnpack__tensor_same_dims(const struct tensor *a, const struct tensor *b);
int64_t xnnpack__tensor_positions(const struct tensor *t); /* batch * rows * width */
int64_t xnnpack__tensor_elements(const struct tensor *t);
uint64_t xnnpack__tensor_bytes(const struct tensor *t); /* of a dense one */
int64_t
xnnpack__tensor_span(const struct tensor *t); /* from the first element to behind the last */

static inline int64_t xnnpack__larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t xnnpack__smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

#endif
