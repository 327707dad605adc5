/* SPDX-License-Identifier: MIT */
/* Reductions, normalisations, softmax. */
#include <math.h>
#include <string.h>

#include "lower_ops.h"

/* The reduced axes side by side, alone on the rows or on the width. */
static struct layout apart(const struct operand *in, unsigned mask)
{
	struct layout layout = in->layout;
	int first = layout.count, last = 0, n = 0;
	for (int i = 0; i < layout.count; i++) {
		if ((mask >> layout.axis[i] & 1) == 0)
			continue;
		first = i < first ? i : first;
		last = i + 1;
		n++;
	}
	if (last - first != n) { /* behind the others */
		int kept = 0, gone = layout.count - n;
		for (int i = 0; i < layout.count; i++) {
			int axis = in->layout.axis[i];
			layout.axis[mask >> axis & 1 ? gone++ : kept++] = axis;
		}
		first = kept;
		last = layout.count;
		if (layout.end[GROUP_BATCH] > first)
			layout.end[GROUP_BATCH] = first;
	}
	int batch = layout.end[GROUP_BATCH] < first ? layout.end[GROUP_BATCH] : first;
	layout.end[GROUP_BATCH] = batch;
	layout.end[GROUP_ROWS] = batch < first ? first : last;
	layout.end[GROUP_WIDTH] = last;
	return layout;
}

/* Are exactly these axes the rows and the width? */
static bool is_plane(const struct layout *layout, unsigned mask)
{
	for (int i = 0; i < layout->count; i++) {
		enum group g = hidp_onnx__group_of(layout, i);
		if ((g == GROUP_ROWS || g == GROUP_WIDTH) != ((mask >> layout->axis[i] & 1) != 0))
			return false;
	}
	return true;
}

hidp_status hidp_onnx__reduce(struct lowering *lw, const struct operand *in, unsigned mask,
                              enum reduction how, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(how == REDUCE_MAX ? HIDP_OP_MAX_POOL
	                                                                 : HIDP_OP_AVERAGE_POOL);
	struct layout layout = in->layout;
	struct dims dims = in->dims;
	struct operand from;
	bool any = false;
	for (int i = 0; i < layout.count; i++)
		any |= (mask >> layout.axis[i] & 1) != 0;
	if (!any) {
		*out = *in;
		return HIDP_OK;
	}
	if (!is_plane(&layout, mask))
		layout = apart(in, mask);
	hidp_status s = hidp_onnx__arrange(lw, in, &layout, &from);
	if (s != HIDP_OK)
		return s;
	const struct hidp_shape shape = hidp_onnx__shape(&layout, &dims);
	const struct operand *const inputs[] = {&from};
	int row = layout.end[GROUP_BATCH];
	bool rows = row < layout.end[GROUP_ROWS] && (mask >> layout.axis[row] & 1) != 0;
	desc.kernel[0] = rows ? shape.rows : 1;
	desc.kernel[1] = is_plane(&layout, mask) || !rows ? shape.width : 1;
	desc.stride[0] = desc.stride[1] = 1;
	if (how == REDUCE_MEAN && desc.kernel[0] == shape.rows && desc.kernel[1] == shape.width)
		desc = hidp_onnx__layer(HIDP_OP_GLOBAL_POOL);
	for (int i = 0; i < dims.rank; i++)
		if (mask >> i & 1)
			dims.size[i] = 1;
	layout = hidp_onnx__without(&layout, &dims);
	return hidp_onnx__emit(lw, &desc, inputs, 1, &dims, &layout, out);
}

hidp_status hidp_onnx__scale_shift(struct lowering *lw, const struct operand *in, int axis,
                                   const struct tensor *scale, const struct tensor *shift,
                                   struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_BATCH_NORM);
	const struct layout layout = hidp_onnx__channels(&in->layout, &in->dims, &axis, 1);
	const struct recipe scales = hidp_onnx__all_of(scale), shifts = hidp_onnx__all_of(shift);
	struct operand from;
	hidp_status s = hidp_onnx__arrange(lw, in, &layout, &from);
	if (s != HIDP_OK)
		return s;
	const struct operand *const inputs[] = {&from};
	s = hidp_onnx__emit(lw, &desc, inputs, 1, &from.dims, &layout, out);
	if (s == HIDP_OK)
		s = hidp_onnx__add_array(lw, HIDP_WEIGHT_SCALE, &scales);
	return s != HIDP_OK ? s : hidp_onnx__add_array(lw, HIDP_WEIGHT_SHIFT, &shifts);
}

/* Only the first output may be wanted. */
static hidp_status want_one(struct lowering *lw)
{
	for (uint32_t i = 1; i < lw->node->output_count; i++)
		if (hidp_onnx__wanted(lw, i))
			return hidp_onnx__unsupported(lw, "output %u is wanted", i);
	if (!hidp_onnx__is_float(lw->node->outputs[0]->type))
		return hidp_onnx__unsupported(lw, "computes other numbers than floats");
	return HIDP_OK;
}

/* Input i: so many constant numbers. */
static hidp_status numbers(struct lowering *lw, uint32_t i, int64_t count,
                           const struct tensor **out)
{
	*out = hidp_onnx__constant(lw, i);
	if (*out == NULL || (*out)->data == NULL)
		return hidp_onnx__unsupported(lw, "input %u is not constant", i);
	if ((*out)->count != count)
		return hidp_onnx__unsupported(lw, "input %u has %lld elements, it should have %lld",
		                              i, (long long)(*out)->count, (long long)count);
	return HIDP_OK;
}

static hidp_status lower_batch_norm(struct lowering *lw)
{
	const double epsilon = hidp_onnx__float(lw->node, "epsilon", 1e-5);
	const struct tensor *in[5];
	struct operand x;
	float *scale, *shift;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s == HIDP_OK && hidp_onnx__int(lw->node, "training_mode", 0) != 0)
		return hidp_onnx__unsupported(lw, "it is in training mode");
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK)
		return s;
	if (x.dims.rank < 2)
		return hidp_onnx__unsupported(lw, "its input has no channels");
	int64_t n = x.dims.size[1];
	for (uint32_t i = 1; i < 5; i++)
		if ((s = numbers(lw, i, n, &in[i])) != HIDP_OK)
			return s;
	struct tensor *scales = hidp_onnx__new_floats(lw, n, &scale);
	struct tensor *shifts = hidp_onnx__new_floats(lw, n, &shift);
	if (scales == NULL || shifts == NULL)
		return hidp_onnx__no_memory(lw->graph);
	for (int64_t i = 0; i < n; i++) {
		double a = hidp_onnx__number(in[1], i) /
		           sqrt(hidp_onnx__number(in[4], i) + epsilon);
		scale[i] = (float)a;
		shift[i] = (float)(hidp_onnx__number(in[2], i) - a * hidp_onnx__number(in[3], i));
	}
	s = hidp_onnx__scale_shift(lw, &x, 1, scales, shifts, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Over axes first and all behind it; scale and shift [their elements], or NULL for 1 and 0. */
static hidp_status layer_norm(struct lowering *lw, const struct operand *in, int first,
                              double epsilon, const struct tensor *scale,
                              const struct tensor *shift, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_LAYER_NORM);
	int axes[HIDP_ONNX_RANK_MAX], count = 0;
	int64_t n = 1;
	float *ones, *zero;
	struct operand from;
	for (int i = first; i < in->dims.rank; i++) {
		axes[count++] = i;
		n *= in->dims.size[i];
	}
	const struct layout layout = hidp_onnx__channels(&in->layout, &in->dims, axes, count);
	struct recipe scales = {NULL, 1, {n}, {0}}, shifts = scales;
	if ((scales.tensor = hidp_onnx__new_floats(lw, 1, &ones)) == NULL ||
	    (shifts.tensor = hidp_onnx__new_floats(lw, 1, &zero)) == NULL)
		return hidp_onnx__no_memory(lw->graph);
	*ones = 1;
	if (scale != NULL)
		scales = hidp_onnx__all_of(scale);
	if (shift != NULL)
		shifts = hidp_onnx__all_of(shift);
	hidp_status s = hidp_onnx__arrange(lw, in, &layout, &from);
	if (s != HIDP_OK)
		return s;
	const struct operand *const inputs[] = {&from};
	desc.alpha = epsilon > 1e-30 ? epsilon : 1e-30;
	s = hidp_onnx__emit(lw, &desc, inputs, 1, &from.dims, &layout, out);
	if (s == HIDP_OK)
		s = hidp_onnx__add_array(lw, HIDP_WEIGHT_SCALE, &scales);
	return s != HIDP_OK ? s : hidp_onnx__add_array(lw, HIDP_WEIGHT_SHIFT, &shifts);
}

static hidp_status lower_layer_norm(struct lowering *lw)
{
	const struct tensor *scale = NULL, *shift = NULL;
	struct operand x;
	int64_t n = 1;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK)
		return s;
	int axis = hidp_onnx__axis(hidp_onnx__int(lw->node, "axis", -1), x.dims.rank);
	if (axis < 0)
		return hidp_onnx__unsupported(lw, "its axis is none");
	for (int i = axis; i < x.dims.rank; i++)
		n *= x.dims.size[i];
	s = numbers(lw, 1, n, &scale);
	if (s == HIDP_OK && hidp_onnx__input(lw->node, 2) != NULL)
		s = numbers(lw, 2, n, &shift);
	if (s == HIDP_OK)
		s = layer_norm(lw, &x, axis, hidp_onnx__float(lw->node, "epsilon", 1e-5), scale,
		               shift, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

static hidp_status lower_instance_norm(struct lowering *lw)
{
	const struct tensor *scale, *shift;
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK)
		return s;
	if (x.dims.rank < 3)
		return hidp_onnx__unsupported(lw, "its input is no image");
	s = numbers(lw, 1, x.dims.size[1], &scale);
	if (s == HIDP_OK)
		s = numbers(lw, 2, x.dims.size[1], &shift);
	if (s == HIDP_OK)
		s = layer_norm(lw, &x, 2, hidp_onnx__float(lw->node, "epsilon", 1e-5), NULL, NULL,
		               &x);
	if (s == HIDP_OK)
		s = hidp_onnx__scale_shift(lw, &x, 1, scale, shift, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Every number so many times. */
static const struct tensor *repeat(struct lowering *lw, const struct tensor *t, int64_t times)
{
	float *data;
	struct tensor *out = hidp_onnx__new_floats(lw, t->count * times, &data);
	for (int64_t i = 0; out != NULL && i < out->count; i++)
		data[i] = (float)hidp_onnx__number(t, i / times);
	return out;
}

static hidp_status lower_group_norm(struct lowering *lw)
{
	int64_t groups = hidp_onnx__int(lw->node, "num_groups", 1);
	const struct tensor *in[3];
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK)
		return s;
	struct dims dims = x.dims, split = {x.dims.rank + 1, {0}};
	if (dims.rank < 2 || dims.rank == RANK_MAX || groups < 1 || dims.size[1] % groups != 0)
		return hidp_onnx__unsupported(lw, "its groups do not divide its channels");
	for (uint32_t i = 1; i < 3; i++) {
		/* one for each group, since opset 21 one for each channel */
		in[i] = hidp_onnx__constant(lw, i);
		int64_t count = in[i] != NULL && in[i]->count == groups ? groups : dims.size[1];
		if ((s = numbers(lw, i, count, &in[i])) != HIDP_OK)
			return s;
		if (count != dims.size[1] &&
		    (in[i] = repeat(lw, in[i], dims.size[1] / groups)) == NULL)
			return hidp_onnx__no_memory(lw->graph);
	}
	split.size[0] = dims.size[0];
	split.size[1] = groups;
	split.size[2] = dims.size[1] / groups;
	for (int i = 2; i < dims.rank; i++)
		split.size[i + 1] = dims.size[i];
	s = hidp_onnx__reshape(lw, &x, &split, &x);
	if (s == HIDP_OK)
		s = layer_norm(lw, &x, 2, hidp_onnx__float(lw->node, "epsilon", 1e-5), NULL, NULL,
		               &x);
	if (s == HIDP_OK)
		s = hidp_onnx__reshape(lw, &x, &dims, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__scale_shift(lw, &x, 1, in[1], in[2], &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* The axes of a softmax; before opset 13 it is over the given axis and all behind it. */
static unsigned softmax_axes(const struct lowering *lw, int rank)
{
	bool old = lw->node->opset < 13;
	int axis = hidp_onnx__axis(hidp_onnx__int(lw->node, "axis", old ? 1 : -1), rank);
	unsigned mask = 0;
	for (int i = axis; axis >= 0 && i < (old ? rank : axis + 1); i++)
		mask |= 1u << i;
	return mask;
}

static hidp_status lower_softmax(struct lowering *lw)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_SOFTMAX);
	int axes[HIDP_ONNX_RANK_MAX], count = 0;
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK)
		return s;
	unsigned mask = softmax_axes(lw, x.dims.rank);
	for (int i = 0; i < x.dims.rank; i++)
		if (mask >> i & 1)
			axes[count++] = i;
	const struct layout layout = hidp_onnx__channels(&x.layout, &x.dims, axes, count);
	if ((s = hidp_onnx__arrange(lw, &x, &layout, &x)) != HIDP_OK)
		return s;
	const struct operand from = x;
	const struct operand *const inputs[] = {&from};
	s = hidp_onnx__emit(lw, &desc, inputs, 1, &from.dims, &layout, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Elements along the axes in a mask. */
static double size_of(const struct dims *dims, unsigned mask)
{
	double n = 1;
	for (int i = 0; i < dims->rank; i++)
		if (mask >> i & 1)
			n *= (double)dims->size[i];
	return n;
}

static hidp_status sum_of(struct lowering *lw, const struct operand *in, unsigned mask,
                          struct operand *out)
{
	double n = size_of(&in->dims, mask);
	hidp_status s = hidp_onnx__reduce(lw, in, mask, REDUCE_MEAN, out);
	return s != HIDP_OK || n == 1 ? s : hidp_onnx__linear(lw, out, n, 0, out);
}

/* *shifted = x - max(x), *sum = log(sum(exp(shifted))) */
static hidp_status log_sum(struct lowering *lw, const struct operand *x, unsigned mask,
                           struct operand *largest, struct operand *shifted, struct operand *sum)
{
	hidp_status s = hidp_onnx__reduce(lw, x, mask, REDUCE_MAX, largest);
	if (s == HIDP_OK)
		s = hidp_onnx__combine(lw, HIDP_BINARY_SUB, x, largest, shifted);
	if (s == HIDP_OK)
		s = hidp_onnx__activate(lw, shifted, HIDP_ACTIVATION_EXP, 0, 0, sum);
	if (s == HIDP_OK)
		s = sum_of(lw, sum, mask, sum);
	return s != HIDP_OK ? s : hidp_onnx__activate(lw, sum, HIDP_ACTIVATION_LOG, 0, 0, sum);
}

static hidp_status lower_log_softmax(struct lowering *lw)
{
	struct operand x, largest, shifted, sum;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK)
		return s;
	s = log_sum(lw, &x, softmax_axes(lw, x.dims.rank), &largest, &shifted, &sum);
	if (s == HIDP_OK)
		s = hidp_onnx__combine(lw, HIDP_BINARY_SUB, &shifted, &sum, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Which axes a reduction is over; all by default. */
static hidp_status reduced_axes(struct lowering *lw, int rank, unsigned *mask_out)
{
	int64_t list[HIDP_ONNX_RANK_MAX];
	const struct value *given = hidp_onnx__input(lw->node, 1);
	size_t count = 0;
	const int64_t *axes = hidp_onnx__ints(lw->node, "axes", &count);
	*mask_out = 0;
	if (given != NULL) {
		if (!hidp_onnx__integers(given, list, HIDP_ONNX_RANK_MAX, &count))
			return hidp_onnx__unsupported(lw, "its axes are not constant");
		axes = list;
	}
	if (count == 0) {
		bool none = hidp_onnx__int(lw->node, "noop_with_empty_axes", 0) != 0;
		*mask_out = none ? 0 : (1u << rank) - 1;
	}
	for (size_t i = 0; axes != NULL && i < count; i++) {
		int axis = hidp_onnx__axis(axes[i], rank);
		if (axis < 0)
			return hidp_onnx__unsupported(lw, "axis %lld is none", (long long)axes[i]);
		*mask_out |= 1u << axis;
	}
	return HIDP_OK;
}

enum reduce_op {
	REDUCES_MEAN,
	REDUCES_SUM,
	REDUCES_MAX,
	REDUCES_MIN,
	REDUCES_L1,
	REDUCES_L2,
	REDUCES_SQUARES,
	REDUCES_LOG_SUM,
	REDUCES_LOG_SUM_EXP
};

static hidp_status reduce_by(struct lowering *lw, enum reduce_op op, unsigned mask,
                             const struct operand *x, struct operand *y)
{
	struct operand shifted, sum;
	hidp_status s;
	switch (op) {
	case REDUCES_MEAN:
		return hidp_onnx__reduce(lw, x, mask, REDUCE_MEAN, y);
	case REDUCES_SUM:
		return sum_of(lw, x, mask, y);
	case REDUCES_MAX:
		return hidp_onnx__reduce(lw, x, mask, REDUCE_MAX, y);
	case REDUCES_MIN:
		s = hidp_onnx__linear(lw, x, -1, 0, y);
		if (s == HIDP_OK)
			s = hidp_onnx__reduce(lw, y, mask, REDUCE_MAX, y);
		return s != HIDP_OK ? s : hidp_onnx__linear(lw, y, -1, 0, y);
	case REDUCES_L1:
		s = hidp_onnx__activate(lw, x, HIDP_ACTIVATION_ABS, 0, 0, y);
		return s != HIDP_OK ? s : sum_of(lw, y, mask, y);
	case REDUCES_L2:
	case REDUCES_SQUARES:
		s = hidp_onnx__combine(lw, HIDP_BINARY_MUL, x, x, y);
		if (s == HIDP_OK)
			s = sum_of(lw, y, mask, y);
		if (s != HIDP_OK || op == REDUCES_SQUARES)
			return s;
		return hidp_onnx__activate(lw, y, HIDP_ACTIVATION_SQRT, 0, 0, y);
	case REDUCES_LOG_SUM:
		s = sum_of(lw, x, mask, y);
		return s != HIDP_OK ? s
		                    : hidp_onnx__activate(lw, y, HIDP_ACTIVATION_LOG, 0, 0, y);
	default:
		s = log_sum(lw, x, mask, y, &shifted, &sum);
		return s != HIDP_OK ? s : hidp_onnx__combine(lw, HIDP_BINARY_ADD, &sum, y, y);
	}
}

static hidp_status lower_reduce(struct lowering *lw)
{
	unsigned mask;
	struct operand x, y;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK ||
	    (s = reduced_axes(lw, x.dims.rank, &mask)) != HIDP_OK)
		return s;
	s = reduce_by(lw, (enum reduce_op)lw->argument, mask, &x, &y);
	if (s == HIDP_OK)
		s = hidp_onnx__reshape(lw, &y, &lw->node->outputs[0]->dims, &y);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &y);
	return s;
}

/* All but batch and channels. */
static hidp_status lower_global_pool(struct lowering *lw)
{
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__reduce(lw, &x, ((1u << x.dims.rank) - 1) & ~3u,
		                      (enum reduction)lw->argument, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

static hidp_status lower_lp_normalization(struct lowering *lw)
{
	int64_t p = hidp_onnx__int(lw->node, "p", 2);
	struct operand x, norm;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK)
		return s;
	int axis = hidp_onnx__axis(hidp_onnx__int(lw->node, "axis", -1), x.dims.rank);
	if (axis < 0 || (p != 1 && p != 2))
		return hidp_onnx__unsupported(lw, "its axis or its p is none");
	s = reduce_by(lw, p == 1 ? REDUCES_L1 : REDUCES_L2, 1u << axis, &x, &norm);
	if (s == HIDP_OK)
		s = hidp_onnx__combine(lw, HIDP_BINARY_DIV, &x, &norm, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* (x - mean) / (sqrt(variance) + 1e-9) over some axes */
static hidp_status lower_mean_variance(struct lowering *lw)
{
	size_t count;
	const int64_t *axes = hidp_onnx__ints(lw->node, "axes", &count);
	unsigned mask = 0xd; /* 0, 2, 3 */
	struct operand x, mean, variance;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK || (s = want_one(lw)) != HIDP_OK)
		return s;
	for (size_t i = 0; axes != NULL && i < count; i++) {
		int axis = hidp_onnx__axis(axes[i], x.dims.rank);
		if (axis < 0)
			return hidp_onnx__unsupported(lw, "an axis is none");
		mask = (i == 0 ? 0 : mask) | 1u << axis;
	}
	s = hidp_onnx__reduce(lw, &x, mask, REDUCE_MEAN, &mean);
	if (s == HIDP_OK)
		s = hidp_onnx__combine(lw, HIDP_BINARY_SUB, &x, &mean, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__combine(lw, HIDP_BINARY_MUL, &x, &x, &variance);
	if (s == HIDP_OK)
		s = hidp_onnx__reduce(lw, &variance, mask, REDUCE_MEAN, &variance);
	if (s == HIDP_OK)
		s = hidp_onnx__activate(lw, &variance, HIDP_ACTIVATION_SQRT, 0, 0, &variance);
	if (s == HIDP_OK)
		s = hidp_onnx__linear(lw, &variance, 1, 1e-9, &variance);
	if (s == HIDP_OK)
		s = hidp_onnx__combine(lw, HIDP_BINARY_DIV, &x, &variance, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

const struct lower_entry hidp_onnx__lower_norm[] = {
	{"BatchNormalization", lower_batch_norm, 0},
	{"GlobalAveragePool", lower_global_pool, REDUCE_MEAN},
	{"GlobalMaxPool", lower_global_pool, REDUCE_MAX},
	{"GroupNormalization", lower_group_norm, 0},
	{"InstanceNormalization", lower_instance_norm, 0},
	{"LayerNormalization", lower_layer_norm, 0},
	{"LogSoftmax", lower_log_softmax, 0},
	{"LpNormalization", lower_lp_normalization, 0},
	{"MeanVarianceNormalization", lower_mean_variance, 0},
	{"ReduceL1", lower_reduce, REDUCES_L1},
	{"ReduceL2", lower_reduce, REDUCES_L2},
	{"ReduceLogSum", lower_reduce, REDUCES_LOG_SUM},
	{"ReduceLogSumExp", lower_reduce, REDUCES_LOG_SUM_EXP},
	{"ReduceMax", lower_reduce, REDUCES_MAX},
	{"ReduceMean", lower_reduce, REDUCES_MEAN},
	{"ReduceMin", lower_reduce, REDUCES_MIN},
	{"ReduceSum", lower_reduce, REDUCES_SUM},
	{"ReduceSumSquare", lower_reduce, REDUCES_SQUARES},
	{"Softmax", lower_softmax, 0},
	{NULL, NULL, 0},
};
