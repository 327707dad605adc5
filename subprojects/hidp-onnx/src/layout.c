/* SPDX-License-Identifier: MIT */
#include "layout.h"

#include <string.h>

int hidp_onnx__group_begin(const struct layout *layout, enum group group)
{
	return group == GROUP_BATCH ? 0 : layout->end[group - 1];
}

int hidp_onnx__group_end(const struct layout *layout, enum group group)
{
	return group == GROUP_CHANNELS ? layout->count : layout->end[group];
}

enum group hidp_onnx__group_of(const struct layout *layout, int place)
{
	enum group group = GROUP_BATCH;
	while (group < GROUP_CHANNELS && place >= layout->end[group])
		group++;
	return group;
}

int hidp_onnx__place_of(const struct layout *layout, int axis)
{
	for (int i = 0; i < layout->count; i++)
		if (layout->axis[i] == axis)
			return i;
	return -1;
}

void hidp_onnx__append(struct layout *layout, const struct dims *dims, int axis, enum group group)
{
	if (dims->size[axis] == 1)
		return;
	layout->axis[layout->count++] = axis;
	for (enum group g = group; g < GROUP_CHANNELS; g++)
		layout->end[g] = layout->count;
}

static int64_t product(const struct layout *layout, const struct dims *dims, enum group group)
{
	int64_t n = 1;
	for (int i = hidp_onnx__group_begin(layout, group);
	     i < hidp_onnx__group_end(layout, group); i++)
		n *= dims->size[layout->axis[i]];
	return n;
}

struct hidp_shape hidp_onnx__shape(const struct layout *layout, const struct dims *dims)
{
	return (struct hidp_shape){
		.batch = product(layout, dims, GROUP_BATCH),
		.channels = product(layout, dims, GROUP_CHANNELS),
		.rows = product(layout, dims, GROUP_ROWS),
		.width = product(layout, dims, GROUP_WIDTH),
	};
}

bool hidp_onnx__same_order(const struct layout *a, const struct layout *b)
{
	return a->count == b->count &&
	       memcmp(a->axis, b->axis, (size_t)a->count * sizeof *a->axis) == 0;
}

bool hidp_onnx__same_layout(const struct layout *a, const struct layout *b)
{
	return hidp_onnx__same_order(a, b) && memcmp(a->end, b->end, sizeof a->end) == 0;
}

struct layout hidp_onnx__image(const struct dims *dims)
{
	struct layout layout = {0};
	if (dims->rank > 0)
		hidp_onnx__append(&layout, dims, 0, GROUP_BATCH);
	if (dims->rank > 2)
		hidp_onnx__append(&layout, dims, 2, GROUP_ROWS);
	for (int i = 3; i < dims->rank; i++)
		hidp_onnx__append(&layout, dims, i, GROUP_WIDTH);
	if (dims->rank > 1)
		hidp_onnx__append(&layout, dims, 1, GROUP_CHANNELS);
	return layout;
}

struct layout hidp_onnx__natural(const struct dims *dims)
{
	struct layout layout = {0};
	int rows = 0;
	for (int i = 1; i < dims->rank - 1; i++)
		if (dims->size[i] > dims->size[rows])
			rows = i;
	for (int i = 0; i < dims->rank; i++)
		hidp_onnx__append(&layout, dims, i,
		                  i == dims->rank - 1 ? GROUP_CHANNELS
		                  : i < rows          ? GROUP_BATCH
		                  : i == rows         ? GROUP_ROWS
		                                      : GROUP_WIDTH);
	return layout;
}

static bool is_among(int axis, const int *axes, int count)
{
	for (int i = 0; i < count; i++)
		if (axes[i] == axis)
			return true;
	return false;
}

struct layout hidp_onnx__channels(const struct layout *layout, const struct dims *dims,
                                  const int *axes, int count)
{
	struct layout out = {0}, wanted = {0};
	enum group last = GROUP_BATCH;
	bool has_rows = false;
	int here = hidp_onnx__group_begin(layout, GROUP_CHANNELS);
	for (int i = 0; i < count; i++)
		hidp_onnx__append(&wanted, dims, axes[i], GROUP_CHANNELS);
	if (layout->count - here == wanted.count &&
	    memcmp(layout->axis + here, wanted.axis,
	           (size_t)wanted.count * sizeof *wanted.axis) == 0)
		return *layout;
	for (int i = 0; i < layout->count; i++)
		has_rows |= !is_among(layout->axis[i], axes, count) &&
		            hidp_onnx__group_of(layout, i) == GROUP_ROWS;
	for (int i = 0; i < layout->count; i++) {
		enum group group = hidp_onnx__group_of(layout, i);
		if (is_among(layout->axis[i], axes, count))
			continue;
		if (group == GROUP_CHANNELS)
			group = GROUP_WIDTH;
		if (group == GROUP_WIDTH && !has_rows) {
			group = GROUP_ROWS;
			has_rows = true; /* the next one stays on the width */
		}
		last = group > last ? group : last;
		hidp_onnx__append(&out, dims, layout->axis[i], last);
	}
	for (int i = 0; i < count; i++)
		hidp_onnx__append(&out, dims, axes[i], GROUP_CHANNELS);
	return out;
}

struct layout hidp_onnx__without(const struct layout *layout, const struct dims *dims)
{
	struct layout out = {0};
	for (int i = 0; i < layout->count; i++)
		hidp_onnx__append(&out, dims, layout->axis[i], hidp_onnx__group_of(layout, i));
	return out;
}
