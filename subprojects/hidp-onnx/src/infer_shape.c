/* SPDX-License-Identifier: MIT */
/* Ops that give a tensor other dims. */
#include "infer.h"

#include <string.h>

static hidp_status set(const struct graph *graph, const struct node *node, const struct dims *dims)
{
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, dims);
}

hidp_status hidp_onnx__infer_reshape(struct graph *graph, struct node *node)
{
	const struct dims *in = &node->inputs[0]->dims;
	const bool zero_is_zero = hidp_onnx__int(node, "allowzero", 0) != 0;
	struct list shape;
	struct dims dims;
	int open = -1;
	int64_t known = 1;
	char from[160], to[160];
	hidp_status s = hidp_onnx__list(graph, node, 1, NULL, &shape);
	if (s != HIDP_OK)
		return s;
	if (shape.count > HIDP_ONNX_RANK_MAX)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_LIMIT,
		                            "the shape has %zu dimensions, more than %u",
		                            shape.count, HIDP_ONNX_RANK_MAX);
	dims.rank = (int)shape.count;
	for (int i = 0; i < dims.rank; i++) {
		int64_t size = shape.at[i];
		if (size == 0 && !zero_is_zero) {
			if (i >= in->rank)
				return hidp_onnx__fail_node(
				        graph, node, HIDP_ERR_MODEL,
				        "the shape copies dimension %d, which the input does not have",
				        i);
			size = in->size[i];
		}
		if (size < -1 || size > DIM_MAX || (size == -1 && open >= 0))
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "the shape has %lld as dimension %d%s",
			                            (long long)size, i,
			                            size == -1 ? ", for the second time" : "");
		dims.size[i] = size;
		if (size == -1)
			open = i;
		else if (size > 1 && known > INT64_MAX / size)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_LIMIT,
			                            "the shape is too large");
		else
			known *= size;
	}
	const int64_t count = hidp_onnx__count(in);
	if (open >= 0) {
		if (known == 0 || count % known != 0)
			return hidp_onnx__fail_node(
			        graph, node, HIDP_ERR_MODEL,
			        "a tensor of size %s cannot be given the shape %s",
			        hidp_onnx__dims_text(in, from), hidp_onnx__dims_text(&dims, to));
		dims.size[open] = count / known;
	} else if (known != count) {
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "a tensor of size %s cannot be given the shape %s",
		                            hidp_onnx__dims_text(in, from),
		                            hidp_onnx__dims_text(&dims, to));
	}
	return set(graph, node, &dims);
}

hidp_status hidp_onnx__infer_flatten(struct graph *graph, struct node *node)
{
	const struct dims *in = &node->inputs[0]->dims;
	const int64_t given = hidp_onnx__int(node, "axis", 1);
	struct dims front = *in, back = {.rank = 0};
	int axis = in->rank; /* all dims may be before the axis */
	hidp_status s = given == in->rank ? HIDP_OK
	                                  : hidp_onnx__axis_of(graph, node, given, in->rank, &axis);
	if (s != HIDP_OK)
		return s;
	front.rank = axis;
	back.rank = in->rank - axis;
	memcpy(back.size, in->size + axis, (size_t)back.rank * sizeof back.size[0]);
	return set(graph, node,
	           &(struct dims){.rank = 2,
	                          .size = {hidp_onnx__count(&front), hidp_onnx__count(&back)}});
}

hidp_status hidp_onnx__infer_squeeze(struct graph *graph, struct node *node)
{
	const struct dims *in = &node->inputs[0]->dims;
	struct dims dims = {.rank = 0};
	struct list list;
	bool axes[HIDP_ONNX_RANK_MAX];
	hidp_status s = hidp_onnx__list(graph, node, 1, "axes", &list);
	if (s == HIDP_OK)
		s = hidp_onnx__axes(graph, node, &list, in->rank, false, axes);
	if (s != HIDP_OK)
		return s;
	for (int i = 0; i < in->rank; i++) {
		const bool gone = list.given ? axes[i] : in->size[i] == 1;
		if (!gone)
			dims.size[dims.rank++] = in->size[i];
		else if (in->size[i] != 1)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "dimension %d is %lld, not 1", i,
			                            (long long)in->size[i]);
	}
	return set(graph, node, &dims);
}

hidp_status hidp_onnx__infer_unsqueeze(struct graph *graph, struct node *node)
{
	const struct dims *in = &node->inputs[0]->dims;
	struct list list;
	bool axes[HIDP_ONNX_RANK_MAX];
	hidp_status s = hidp_onnx__list(graph, node, 1, "axes", &list);
	if (s != HIDP_OK)
		return s;
	if (!list.given || list.count + (size_t)in->rank > HIDP_ONNX_RANK_MAX)
		return hidp_onnx__fail_node(graph, node,
		                            list.given ? HIDP_ERR_LIMIT : HIDP_ERR_MODEL,
		                            list.given ? "more than %u dimensions"
		                                       : "axes are missing",
		                            HIDP_ONNX_RANK_MAX);
	struct dims dims = {.rank = in->rank + (int)list.count};
	s = hidp_onnx__axes(graph, node, &list, dims.rank, false, axes);
	if (s != HIDP_OK)
		return s;
	for (int i = 0, from = 0; i < dims.rank; i++)
		dims.size[i] = axes[i] ? 1 : in->size[from++];
	return set(graph, node, &dims);
}

hidp_status hidp_onnx__infer_transpose(struct graph *graph, struct node *node)
{
	const struct dims *in = &node->inputs[0]->dims;
	struct dims dims = {.rank = in->rank};
	bool seen[HIDP_ONNX_RANK_MAX] = {false};
	size_t count;
	const int64_t *order = hidp_onnx__ints(node, "perm", &count);
	if (order != NULL && count != (size_t)in->rank)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "perm has %zu numbers, the tensor %d dimensions", count,
		                            in->rank);
	for (int i = 0; i < in->rank; i++) {
		const int64_t from = order != NULL ? order[i] : in->rank - 1 - i;
		if (from < 0 || from >= in->rank || seen[from])
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "perm is no permutation: %lld at %d",
			                            (long long)from, i);
		seen[from] = true;
		dims.size[i] = in->size[from];
	}
	return set(graph, node, &dims);
}

hidp_status hidp_onnx__infer_expand(struct graph *graph, struct node *node)
{
	struct dims dims = node->inputs[0]->dims, shape;
	struct list list;
	char from[160], to[160];
	hidp_status s = hidp_onnx__list(graph, node, 1, NULL, &list);
	if (s != HIDP_OK)
		return s;
	if (list.count > HIDP_ONNX_RANK_MAX)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_LIMIT,
		                            "the shape has %zu dimensions, more than %u",
		                            list.count, HIDP_ONNX_RANK_MAX);
	shape.rank = (int)list.count;
	for (int i = 0; i < shape.rank; i++) {
		shape.size[i] = list.at[i];
		/* what some exporters write to mean "as it is" */
		if (shape.size[i] == -1)
			shape.size[i] = 1;
	}
	if (!hidp_onnx__broadcast(&dims, &shape))
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "a tensor of size %s cannot be expanded to %s",
		                            hidp_onnx__dims_text(&node->inputs[0]->dims, from),
		                            hidp_onnx__dims_text(&shape, to));
	return set(graph, node, &dims);
}

hidp_status hidp_onnx__infer_tile(struct graph *graph, struct node *node)
{
	struct dims dims = node->inputs[0]->dims;
	struct list list;
	hidp_status s = hidp_onnx__list(graph, node, 1, NULL, &list);
	if (s != HIDP_OK)
		return s;
	if (list.count != (size_t)dims.rank)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "there are %zu repeats for %d dimensions", list.count,
		                            dims.rank);
	for (int i = 0; i < dims.rank; i++) {
		if (list.at[i] < 0 || list.at[i] > DIM_MAX)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "dimension %d is repeated %lld times", i,
			                            (long long)list.at[i]);
		dims.size[i] *= list.at[i];
	}
	return set(graph, node, &dims);
}

/* The size of the blocks; squares must divide what they are taken from. */
static hidp_status read_block(const struct graph *graph, const struct node *node,
                              int64_t *block_out)
{
	*block_out = hidp_onnx__int(node, "blocksize", 0);
	if (*block_out >= 1 && *block_out <= 1 << 15)
		return hidp_onnx__check_rank(graph, node, 0, 4, 4);
	return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL, "blocksize is %lld",
	                            (long long)*block_out);
}

hidp_status hidp_onnx__infer_depth_to_space(struct graph *graph, struct node *node)
{
	const int64_t *in = node->inputs[0]->dims.size;
	int64_t block;
	hidp_status s = read_block(graph, node, &block);
	if (s != HIDP_OK)
		return s;
	if (in[1] % (block * block) != 0)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "%lld channels make no blocks of %lldx%lld",
		                            (long long)in[1], (long long)block, (long long)block);
	return set(graph, node,
	           &(struct dims){.rank = 4,
	                          .size = {in[0], in[1] / (block * block), in[2] * block,
	                                   in[3] * block}});
}

hidp_status hidp_onnx__infer_space_to_depth(struct graph *graph, struct node *node)
{
	const int64_t *in = node->inputs[0]->dims.size;
	int64_t block;
	hidp_status s = read_block(graph, node, &block);
	if (s != HIDP_OK)
		return s;
	if (in[2] % block != 0 || in[3] % block != 0)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "%lldx%lld cannot be parted into blocks of %lldx%lld",
		                            (long long)in[2], (long long)in[3], (long long)block,
		                            (long long)block);
	return set(graph, node,
	           &(struct dims){.rank = 4,
	                          .size = {in[0], in[1] * block * block, in[2] / block,
	                                   in[3] / block}});
}
