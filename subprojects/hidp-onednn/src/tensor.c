/* SPDX-License-Identifier: MIT */
#include "tensor.h"

#include <string.h>

struct place onednn__constant_place(const void *data)
{
	return (struct place){BASE_CONSTANT, (uintptr_t)data};
}

bool onednn__same_place(struct place a, struct place b)
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

struct tensor onednn__tensor_dense(struct place place, const int64_t dims[4])
{
	struct tensor t = {.place = place};
	memcpy(t.dims, dims, sizeof t.dims);
	dense_strides(dims, t.strides);
	return t;
}

struct tensor onednn__tensor_cut(struct tensor t, hidp_axis axis, int64_t begin, int64_t end)
{
	t.place.offset += (uintptr_t)(begin * t.strides[axis]) * sizeof(float);
	t.dims[axis] = end - begin;
	return t;
}

struct tensor onednn__tensor_spread(struct tensor t, const int64_t dims[4])
{
	for (int i = 0; i < 4; i++) {
		if (t.dims[i] == 1 && dims[i] != 1) {
			t.dims[i] = dims[i];
			t.strides[i] = 0;
		}
	}
	return t;
}

bool onednn__tensor_is_dense(const struct tensor *t)
{
	int64_t strides[4];
	dense_strides(t->dims, strides);
	for (int i = 0; i < 4; i++)
		if (t->dims[i] != 1 && t->strides[i] != strides[i])
			return false;
	return true;
}

bool onednn__tensor_same_dims(const struct tensor *a, const struct tensor *b)
{
	return memcmp(a->dims, b->dims, sizeof a->dims) == 0;
}

int64_t onednn__tensor_positions(const struct tensor *t)
{
	return t->dims[HIDP_AXIS_BATCH] * t->dims[HIDP_AXIS_ROWS] * t->dims[HIDP_AXIS_WIDTH];
}

int64_t onednn__tensor_elements(const struct tensor *t)
{
	return onednn__tensor_positions(t) * t->dims[HIDP_AXIS_CHANNELS];
}

uint64_t onednn__tensor_bytes(const struct tensor *t)
{
	return (uint64_t)onednn__tensor_elements(t) * sizeof(float);
}

bool onednn__tensor_describe(const struct tensor *t, enum form form, dnnl_memory_desc_t *md)
{
	if (form == FORM_MATRIX) {
		const dnnl_dims_t dims = {onednn__tensor_positions(t), t->dims[HIDP_AXIS_CHANNELS]};
		return dnnl_memory_desc_init_by_tag(md, 2, dims, dnnl_f32, dnnl_ab) == dnnl_success;
	}
	const dnnl_dims_t dims = {t->dims[0], t->dims[1], t->dims[2], t->dims[3]};
	if (onednn__tensor_is_dense(t)) /* strides of dimensions of 1 must not tell tensors apart */
		return dnnl_memory_desc_init_by_tag(md, 4, dims, dnnl_f32, dnnl_nhwc) ==
		       dnnl_success;
	const dnnl_dims_t strides = {t->strides[0], t->strides[1], t->strides[2], t->strides[3]};
	return dnnl_memory_desc_init_by_strides(md, 4, dims, dnnl_f32, strides) == dnnl_success;
}
