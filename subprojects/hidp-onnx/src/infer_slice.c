/* SPDX-License-Identifier: MIT */
/* Parts of tensors, tensors joined, borders added, images resized. */
#include "infer.h"

#include <math.h>
#include <string.h>

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* As numpy slices: what lies outside is cut off. */
static struct slice make_slice(int64_t start, int64_t end, int64_t step, int64_t size)
{
	if (start < 0)
		start += size; /* a size is not negative: no overflow */
	if (end < 0)
		end += size;
	struct slice slice = {.step = step};
	int64_t span;
	if (step > 0) {
		slice.first = clamp(start, 0, size);
		span = clamp(end, 0, size) - slice.first;
	} else {
		slice.first = clamp(start, 0, size - 1);
		span = slice.first - clamp(end, -1, size - 1);
		step = step == INT64_MIN ? INT64_MAX : -step;
	}
	if (size > 0 && span > 0)
		slice.count = (span - 1) / step + 1;
	return slice;
}

hidp_status hidp_onnx__slices(const struct graph *graph, const struct node *node,
                              struct slice slices[HIDP_ONNX_RANK_MAX])
{
	const struct dims *in = &node->inputs[0]->dims;
	struct list starts, ends, axes, steps;
	bool seen[HIDP_ONNX_RANK_MAX] = {false};
	hidp_status s = hidp_onnx__list(graph, node, 1, NULL, &starts);
	if (s == HIDP_OK)
		s = hidp_onnx__list(graph, node, 2, NULL, &ends);
	if (s == HIDP_OK)
		s = hidp_onnx__list(graph, node, 3, NULL, &axes);
	if (s == HIDP_OK)
		s = hidp_onnx__list(graph, node, 4, NULL, &steps);
	if (s != HIDP_OK)
		return s;
	if (starts.count != ends.count || (axes.given && axes.count != starts.count) ||
	    (steps.given && steps.count != starts.count) || starts.count > (size_t)in->rank)
		return hidp_onnx__fail_node(
		        graph, node, HIDP_ERR_MODEL,
		        "%zu starts, %zu ends, %zu axes and %zu steps for %d dimensions",
		        starts.count, ends.count, axes.count, steps.count, in->rank);
	for (int i = 0; i < in->rank; i++)
		slices[i] = (struct slice){.step = 1, .count = in->size[i]};
	for (size_t i = 0; i < starts.count; i++) {
		int axis;
		const int64_t step = steps.given ? steps.at[i] : 1;
		s = hidp_onnx__axis_of(graph, node, axes.given ? axes.at[i] : (int64_t)i, in->rank,
		                       &axis);
		if (s != HIDP_OK)
			return s;
		if (seen[axis] || step == 0)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            seen[axis] ? "axis %d is named twice"
			                                       : "a step along axis %d is 0",
			                            axis);
		seen[axis] = true;
		slices[axis] = make_slice(starts.at[i], ends.at[i], step, in->size[axis]);
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__infer_slice(struct graph *graph, struct node *node)
{
	struct slice slices[HIDP_ONNX_RANK_MAX];
	struct dims dims = node->inputs[0]->dims;
	hidp_status s = hidp_onnx__slices(graph, node, slices);
	if (s != HIDP_OK)
		return s;
	for (int i = 0; i < dims.rank; i++)
		dims.size[i] = slices[i].count;
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
}

/* The sizes of the parts, if they are stated: a tensor or a list. */
struct parts {
	int64_t count; /* 0: not stated */
	const struct tensor *tensor;
	const int64_t *ints;
};

static hidp_status read_parts(const struct graph *graph, const struct node *node,
                              struct parts *parts)
{
	const struct value *input = hidp_onnx__input(node, 1);
	*parts = (struct parts){.tensor = input != NULL ? input->constant : NULL};
	if (input != NULL) {
		const struct tensor *t = parts->tensor;
		if (t == NULL)
			return SHAPE_UNKNOWN;
		if (t->type != ELEMENT_INT64 || t->dims.rank != 1 || t->data == NULL)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "the sizes should be a list of whole numbers");
		parts->count = t->count;
		return HIDP_OK;
	}
	size_t count;
	parts->ints = hidp_onnx__ints(node, "split", &count);
	parts->count = (int64_t)count;
	return HIDP_OK;
}

static int64_t size_of_part(const struct parts *parts, int64_t i)
{
	return parts->tensor != NULL ? hidp_onnx__integer(parts->tensor, i) : parts->ints[i];
}

hidp_status hidp_onnx__infer_split(struct graph *graph, struct node *node)
{
	struct dims dims = node->inputs[0]->dims;
	const int64_t count = node->output_count;
	struct parts parts;
	int axis;
	int64_t sum = 0;
	hidp_status s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", 0), dims.rank,
	                                   &axis);
	if (s == HIDP_OK)
		s = read_parts(graph, node, &parts);
	if (s != HIDP_OK)
		return s;
	const int64_t all = dims.size[axis];
	const int64_t wanted =
	        parts.count != 0 ? parts.count : hidp_onnx__int(node, "num_outputs", count);
	if (count == 0 || wanted != count)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "is split into %lld parts, but has %lld outputs",
		                            (long long)wanted, (long long)count);
	/* only from opset 18 on may the last part be smaller */
	const int64_t even = (all + count - 1) / count;
	if (parts.count == 0 && (node->opset < 18 ? all % count != 0 : even * (count - 1) > all))
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "%lld elements cannot be split into %lld equal parts",
		                            (long long)all, (long long)count);
	for (int64_t i = 0; s == HIDP_OK && i < count; i++) {
		const int64_t size = parts.count != 0 ? size_of_part(&parts, i)
		                     : i < count - 1  ? even
		                                      : all - even * (count - 1);
		if (size < 0 || size > all - sum)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "part %lld is to be %lld of %lld elements",
			                            (long long)i, (long long)size, (long long)all);
		sum += size;
		dims.size[axis] = size;
		s = hidp_onnx__set_output(graph, node, (uint32_t)i, node->inputs[0]->type, &dims);
	}
	if (s == HIDP_OK && sum != all)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "the parts are %lld of %lld elements", (long long)sum,
		                            (long long)all);
	return s;
}

hidp_status hidp_onnx__infer_concat(struct graph *graph, struct node *node)
{
	struct dims dims = node->inputs[0]->dims;
	int axis;
	hidp_status s;
	if (hidp_onnx__attribute(node, "axis") == NULL)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL, "axis is missing");
	s = hidp_onnx__axis_of(graph, node, hidp_onnx__int(node, "axis", 0), dims.rank, &axis);
	for (uint32_t i = 1; s == HIDP_OK && i < node->input_count; i++) {
		if (node->inputs[i] == NULL)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "input %u is missing", i);
		struct dims other = node->inputs[i]->dims;
		const int64_t more = axis < other.rank ? other.size[axis] : 0;
		if (axis < other.rank)
			other.size[axis] = dims.size[axis];
		if (!hidp_onnx__same_dims(&dims, &other))
			return hidp_onnx__mismatch(graph, node, 0, i);
		if (more > DIM_MAX - dims.size[axis])
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_LIMIT,
			                            "the joined tensor is too large");
		dims.size[axis] += more;
		s = hidp_onnx__check_type(graph, node, 0, i);
	}
	return s == HIDP_OK
	               ? hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims)
	               : s;
}

hidp_status hidp_onnx__pads(const struct graph *graph, const struct node *node,
                            int64_t before[HIDP_ONNX_RANK_MAX],
                            int64_t after[HIDP_ONNX_RANK_MAX])
{
	const struct dims *in = &node->inputs[0]->dims;
	struct list pads, axes;
	bool seen[HIDP_ONNX_RANK_MAX];
	hidp_status s = hidp_onnx__list(graph, node, 1, NULL, &pads);
	if (s == HIDP_OK)
		s = hidp_onnx__list(graph, node, 3, NULL, &axes);
	if (s == HIDP_OK)
		s = hidp_onnx__axes(graph, node, &axes, in->rank, false, seen);
	if (s != HIDP_OK)
		return s;
	const size_t n = axes.given ? axes.count : (size_t)in->rank;
	if (pads.count != 2 * n)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "there are %zu pads for %zu dimensions", pads.count, n);
	for (int i = 0; i < in->rank; i++)
		before[i] = after[i] = 0;
	for (size_t i = 0; i < n; i++) {
		const int axis =
		        axes.given ? hidp_onnx__axis(axes.at[i], in->rank) : (int)i;
		before[axis] = pads.at[i];
		after[axis] = pads.at[i + n];
		if (before[axis] < -DIM_MAX || before[axis] > DIM_MAX || after[axis] < -DIM_MAX ||
		    after[axis] > DIM_MAX)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "pads of %lld and %lld along axis %d",
			                            (long long)before[axis], (long long)after[axis],
			                            axis);
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__infer_pad(struct graph *graph, struct node *node)
{
	int64_t before[HIDP_ONNX_RANK_MAX], after[HIDP_ONNX_RANK_MAX];
	struct dims dims = node->inputs[0]->dims;
	hidp_status s = hidp_onnx__pads(graph, node, before, after);
	if (s != HIDP_OK)
		return s;
	for (int i = 0; i < dims.rank; i++) {
		const int64_t size = dims.size[i] + before[i] + after[i];
		/* what is taken away must be there */
		if (size < 0 || dims.size[i] + before[i] < 0 || dims.size[i] + after[i] < 0)
			return hidp_onnx__fail_node(
			        graph, node, HIDP_ERR_MODEL,
			        "pads of %lld and %lld leave nothing of %lld elements",
			        (long long)before[i], (long long)after[i], (long long)dims.size[i]);
		dims.size[i] = size;
	}
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
}

/* The axes that a Resize names, in its order; all of them where it names none. */
static hidp_status resized_axes(const struct graph *graph, const struct node *node, int rank,
                                int axes[HIDP_ONNX_RANK_MAX], int *count_out)
{
	struct list list;
	bool seen[HIDP_ONNX_RANK_MAX];
	hidp_status s = hidp_onnx__list(graph, node, UINT32_MAX, "axes", &list);
	if (s == HIDP_OK)
		s = hidp_onnx__axes(graph, node, &list, rank, false, seen);
	if (s != HIDP_OK)
		return s;
	*count_out = list.count != 0 ? (int)list.count : rank;
	for (int i = 0; i < *count_out; i++)
		axes[i] = list.count != 0 ? hidp_onnx__axis(list.at[i], rank) : i;
	return HIDP_OK;
}

static hidp_status scaled(const struct graph *graph, const struct node *node,
                          const struct tensor *scales, const int *axes, struct dims *dims)
{
	for (int64_t i = 0; i < scales->count; i++) {
		/* the standard's own rule is in fp32 */
		const float scale = (float)hidp_onnx__number(scales, i);
		const float size = floorf((float)dims->size[axes[i]] * scale);
		if (!(scale > 0) || !(size <= (float)(DIM_MAX / 2)))
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "a scale of %g along axis %d", (double)scale,
			                            axes[i]);
		dims->size[axes[i]] = (int64_t)size;
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__infer_resize(struct graph *graph, struct node *node)
{
	const struct value *scales = hidp_onnx__input(node, 2);
	const struct value *sizes = hidp_onnx__input(node, 3);
	struct dims dims = node->inputs[0]->dims;
	int axes[HIDP_ONNX_RANK_MAX], count;
	hidp_status s = resized_axes(graph, node, dims.rank, axes, &count);
	if (s != HIDP_OK)
		return s;
	/* an empty list is as good as none */
	if (scales != NULL && hidp_onnx__count(&scales->dims) == 0)
		scales = NULL;
	if (sizes != NULL && hidp_onnx__count(&sizes->dims) == 0)
		sizes = NULL;
	if ((scales == NULL) == (sizes == NULL))
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "either scales or sizes must be given");
	if ((scales != NULL ? scales : sizes)->constant == NULL)
		return SHAPE_UNKNOWN;
	const struct tensor *t = (scales != NULL ? scales : sizes)->constant;
	if (t->count != count || t->dims.rank != 1 || t->data == NULL)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "there are %lld scales or sizes for %d dimensions",
		                            (long long)t->count, count);
	if (scales != NULL &&
	    strcmp(hidp_onnx__string(node, "coordinate_transformation_mode", ""),
	           "tf_crop_and_resize") == 0)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_UNSUPPORTED,
		                            "crops to a region of interest");
	if (scales != NULL) {
		s = scaled(graph, node, t, axes, &dims);
	} else {
		const char *policy =
		        hidp_onnx__string(node, "keep_aspect_ratio_policy", "stretch");
		if (strcmp(policy, "stretch") != 0)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_UNSUPPORTED,
			                            "keep_aspect_ratio_policy is %.40s", policy);
		for (int i = 0; i < count; i++)
			dims.size[axes[i]] = hidp_onnx__integer(t, i);
	}
	return s == HIDP_OK
	               ? hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims)
	               : s;
}
