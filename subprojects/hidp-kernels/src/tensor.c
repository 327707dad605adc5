/* SPDX-License-Identifier: MIT */
#include "kernels/tensor.h"

#include <string.h>

struct place kernels__constant_place(const void *data)
{
	return (struct place){BASE_CONSTANT, (uintptr_t)data};
}

bool kernels__same_place(struct place a, struct place b)
{
	return a.base == b.base && a.offset == b.offset;
}

static void dense_strides(const int64_t dims[4], int64_t strides[4])
{
	strides[HIDP_AXIS_CHANNELS] = 1;
	strides[HIDP_AXIS_WIDTH] = dims[HIDP_AXIS_CHANNELS];
	strides[HIDP_AXIS_ROWS] = dims[HIDP_AXIS_WIDTH] * strides[HIDP_AXIS_WIDTH];
	strides[HIDP_AXIS_BATCH] = dims[HIDP_AXIS_ROWS] * strides[HIDP_AXIS_ROWS];
}

struct tensor kernels__tensor_dense(struct place place, const int64_t dims[4])
{
	struct tensor t = {.place = place};
	memcpy(t.dims, dims, sizeof t.dims);
	dense_strides(dims, t.strides);
	return t;
}

struct tensor kernels__tensor_cut(struct tensor t, hidp_axis axis, int64_t begin, int64_t end)
{
	t.place.offset += (uintptr_t)(begin * t.strides[axis]) * sizeof(float);
	t.dims[axis] = end - begin;
	return t;
}

struct tensor kernels__tensor_image(const struct tensor *t, int64_t image)
{
	return t->dims[HIDP_AXIS_BATCH] == 1
	               ? *t
	               : kernels__tensor_cut(*t, HIDP_AXIS_BATCH, image, image + 1);
}

struct tensor kernels__tensor_spread(struct tensor t, const int64_t dims[4])
{
	for (int i = 0; i < 4; i++) {
		if (t.dims[i] == 1 && dims[i] != 1) {
			t.dims[i] = dims[i];
			t.strides[i] = 0;
		}
	}
	return t;
}

bool kernels__tensor_is_dense(const struct tensor *t)
{
	int64_t strides[4];
	dense_strides(t->dims, strides);
	for (int i = 0; i < 4; i++)
		if (t->dims[i] != 1 && t->strides[i] != strides[i])
			return false;
	return true;
}

bool kernels__tensor_same_dims(const struct tensor *a, const struct tensor *b)
{
	return memcmp(a->dims, b->dims, sizeof a->dims) == 0;
}

int64_t kernels__tensor_positions(const struct tensor *t)
{
	return t->dims[HIDP_AXIS_BATCH] * t->dims[HIDP_AXIS_ROWS] * t->dims[HIDP_AXIS_WIDTH];
}

int64_t kernels__tensor_elements(const struct tensor *t)
{
	return kernels__tensor_positions(t) * t->dims[HIDP_AXIS_CHANNELS];
}

uint64_t kernels__tensor_bytes(const struct tensor *t)
{
	return (uint64_t)kernels__tensor_elements(t) * sizeof(float);
}

int64_t kernels__tensor_span(const struct tensor *t)
{
	int64_t last = 0;
	for (int i = 0; i < 4; i++)
		last += (t->dims[i] - 1) * t->strides[i];
	return last + 1;
}
