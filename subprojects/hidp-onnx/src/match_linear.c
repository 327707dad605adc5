/* SPDX-License-Identifier: MIT */
/* Padding that convolutions and pools can do themselves; products with constant matrices. */
#include <string.h>

#include "infer.h"
#include "match.h"

/* Zeros around the image? Then how many, before and after each spatial axis. */
static bool find_pad(const struct matching *m, const struct node *pad, int64_t *pads)
{
	int64_t before[HIDP_ONNX_RANK_MAX], after[HIDP_ONNX_RANK_MAX];
	const struct value *with = hidp_onnx__input(pad, 2);
	double number = 0;
	int rank = pad->inputs[0]->dims.rank;
	if (strcmp(hidp_onnx__string(pad, "mode", "constant"), "constant") != 0 || rank < 3 ||
	    (with != NULL && !(hidp_onnx__scalar(with, &number) && number == 0)) ||
	    hidp_onnx__pads(m->graph, pad, before, after) != HIDP_OK)
		return false;
	for (int i = 0; i < rank; i++) {
		if (before[i] < 0 || after[i] < 0 || (i < 2 && (before[i] > 0 || after[i] > 0)))
			return false;
		if (i >= 2) {
			pads[i - 2] = before[i];
			pads[i - 2 + rank - 2] = after[i];
		}
	}
	return true;
}

/* Its own padding, added to that; false: it is worked out by other rules. */
static bool add_own(const struct node *node, int64_t *pads, size_t count, bool *any_out)
{
	size_t given = 0;
	const int64_t *own = hidp_onnx__ints(node, "pads", &given);
	const char *automatic = hidp_onnx__string(node, "auto_pad", "NOTSET");
	bool valid = strcmp(automatic, "VALID") == 0;
	*any_out = false;
	if (!valid && strcmp(automatic, "NOTSET") != 0)
		return false;
	if (own == NULL || valid)
		return true;
	for (size_t i = 0; i < count; i++) {
		if (given != count || own[i] < 0 || own[i] > INT32_MAX)
			return false;
		*any_out = *any_out || own[i] > 0;
		pads[i] += own[i];
	}
	return true;
}

/* Would a window lie in the padding alone? Kernels need not be prepared for that. */
static bool windows_reach_in(const struct node *node, const int64_t *pads, size_t axes)
{
	size_t count = 0, dilation_count = 0;
	const int64_t *kernel = hidp_onnx__ints(node, "kernel_shape", &count);
	const int64_t *dilations = hidp_onnx__ints(node, "dilations", &dilation_count);
	const struct value *weights = hidp_onnx__is(node, "Conv") ? node->inputs[1] : NULL;
	for (size_t i = 0; i < axes; i++) {
		int64_t size = weights != NULL ? weights->dims.size[i + 2]
		               : i < count     ? kernel[i]
		                               : 1;
		int64_t dilation = i < dilation_count ? dilations[i] : 1;
		if (dilation < 1 || dilation > INT32_MAX || size > INT32_MAX)
			return false;
		int64_t extent = (size - 1) * dilation + 1;
		if (pads[i] >= extent || pads[i + axes] >= extent)
			return false;
	}
	return true;
}

hidp_status hidp_onnx__match_pad(struct matching *matching, struct node *node)
{
	int64_t pads[2 * HIDP_ONNX_RANK_MAX];
	bool pool = hidp_onnx__is(node, "AveragePool"), any = false;
	if ((!pool && !hidp_onnx__is(node, "Conv")) || node->input_count == 0)
		return HIDP_OK;
	const struct node *pad = hidp_onnx__made_for_this(matching, node->inputs[0], "Pad");
	if (pad == NULL || !find_pad(matching, pad, pads))
		return HIDP_OK;
	size_t axes = (size_t)pad->inputs[0]->dims.rank - 2;
	if (!add_own(node, pads, 2 * axes, &any) || !windows_reach_in(node, pads, axes))
		return HIDP_OK;
	/* the zeros count in the mean, as they did; so must the pool's own, if there are any */
	if (pool && ((any && hidp_onnx__int(node, "count_include_pad", 0) != 1) ||
	             hidp_onnx__int(node, "ceil_mode", 0) != 0))
		return HIDP_OK;
	struct attribute *kept =
		hidp_onnx__take(matching->graph->pool, node->attribute_count, sizeof *kept);
	uint32_t count = 0;
	if (kept == NULL)
		return hidp_onnx__no_memory(matching->graph);
	for (uint32_t i = 0; i < node->attribute_count; i++)
		if (strcmp(node->attributes[i].name, "pads") != 0 &&
		    strcmp(node->attributes[i].name, "auto_pad") != 0 &&
		    strcmp(node->attributes[i].name, "count_include_pad") != 0)
			kept[count++] = node->attributes[i];
	node->attributes = kept;
	node->attribute_count = count;
	node->inputs[0] = pad->inputs[0];
	hidp_status status = hidp_onnx__set_ints(matching, node, "pads", pads, 2 * axes);
	return status == HIDP_OK && pool
	               ? hidp_onnx__set_int(matching, node, "count_include_pad", 1)
	               : status;
}

/* A constant matrix of numbers? */
static bool is_matrix(const struct value *value)
{
	return value != NULL && value->constant != NULL && value->constant->data != NULL &&
	       value->dims.rank == 2 && value->constant->count > 0 &&
	       hidp_onnx__is_float(value->type);
}

/* A constant that adds one number to each of `count` columns, and broadcasts to no other dims? */
static bool is_bias(const struct value *value, int64_t count, int rank)
{
	if (value == NULL || value->constant == NULL || value->constant->data == NULL ||
	    value->dims.rank < 1 || value->dims.rank > rank || value->constant->count != count)
		return false;
	return value->dims.size[value->dims.rank - 1] == count;
}

static hidp_status become_dense(const struct matching *m, struct node *node, struct value *x,
                                struct value *weights, bool transposed, struct value *bias)
{
	struct value *inputs[3] = {x, weights, bias};
	hidp_status status =
		hidp_onnx__become(m, node, "hidp", "Dense", inputs, bias != NULL ? 3 : 2);
	return status == HIDP_OK ? hidp_onnx__set_int(m, node, "transposed", transposed) : status;
}

static hidp_status match_gemm(const struct matching *m, struct node *node)
{
	struct value *bias = hidp_onnx__input(node, 2);
	if (node->input_count < 2 || !is_matrix(node->inputs[1]) ||
	    node->inputs[0]->constant != NULL || !hidp_onnx__is_float(node->inputs[0]->type) ||
	    hidp_onnx__float(node, "alpha", 1) != 1 || hidp_onnx__int(node, "transA", 0) != 0)
		return HIDP_OK;
	int64_t columns = node->outputs[0]->dims.size[1];
	if (bias != NULL && (hidp_onnx__float(node, "beta", 1) != 1 || !is_bias(bias, columns, 2)))
		return HIDP_OK;
	return become_dense(m, node, node->inputs[0], node->inputs[1],
	                    hidp_onnx__int(node, "transB", 0) != 0, bias);
}

static hidp_status match_matmul(const struct matching *m, struct node *node)
{
	struct value *x = node->inputs[0];
	struct value *weights = hidp_onnx__input(node, 1);
	if (!is_matrix(weights) || x->constant != NULL || !hidp_onnx__is_float(x->type) ||
	    x->dims.rank < 2)
		return HIDP_OK;
	struct value *bias = NULL, *out = node->outputs[0];
	struct node *add = hidp_onnx__reader(m, out, "Add");
	if (add != NULL) {
		bias = add->inputs[add->inputs[0] == out ? 1 : 0];
		if (is_bias(bias, weights->dims.size[1], out->dims.rank))
			node = add;
		else
			bias = NULL;
	}
	return become_dense(m, node, x, weights, false, bias);
}

hidp_status hidp_onnx__match_dense(struct matching *matching, struct node *node)
{
	if (hidp_onnx__is(node, "Gemm"))
		return match_gemm(matching, node);
	return hidp_onnx__is(node, "MatMul") ? match_matmul(matching, node) : HIDP_OK;
}
