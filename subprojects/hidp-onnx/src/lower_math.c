/* SPDX-License-Identifier: MIT */
/* Ops that work element by element. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "infer.h"
#include "lower_ops.h"

/* Other types flow as numbers, but arithmetic on them is not that of floats. */
static hidp_status want_floats(struct lowering *lw)
{
	for (uint32_t i = 0; i < lw->node->output_count; i++)
		if (hidp_onnx__wanted(lw, i) &&
		    !hidp_onnx__is_float(lw->node->outputs[i]->type))
			return hidp_onnx__unsupported(lw, "computes other numbers than floats");
	return HIDP_OK;
}

hidp_status hidp_onnx__activate(struct lowering *lw, const struct operand *in, hidp_activation f,
                                double alpha, double beta, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_ACTIVATION);
	const struct operand from = *in;
	const struct operand *const inputs[] = {&from};
	desc.function = f;
	desc.alpha = alpha;
	desc.beta = beta;
	return hidp_onnx__emit(lw, &desc, inputs, 1, &from.dims, &from.layout, out);
}

hidp_status hidp_onnx__linear(struct lowering *lw, const struct operand *in, double alpha,
                              double beta, struct operand *out)
{
	return hidp_onnx__activate(lw, in, HIDP_ACTIVATION_LINEAR, alpha, beta, out);
}

struct operand hidp_onnx__with_rank(const struct operand *in, int rank)
{
	struct operand out = *in;
	int more = rank - in->dims.rank;
	out.dims.rank = rank;
	for (int i = 0; i < rank; i++)
		out.dims.size[i] = i < more ? 1 : in->dims.size[i - more];
	for (int i = 0; i < in->layout.count; i++)
		out.layout.axis[i] += more;
	return out;
}

/* In every group, do all axes have size 1 in `dims`, or none? */
static bool fits(const struct layout *layout, const struct dims *dims)
{
	for (enum group g = GROUP_BATCH; g <= GROUP_CHANNELS; g++) {
		int begin = hidp_onnx__group_begin(layout, g);
		for (int i = begin; i < hidp_onnx__group_end(layout, g); i++)
			if ((dims->size[layout->axis[i]] == 1) !=
			    (dims->size[layout->axis[begin]] == 1))
				return false;
	}
	return true;
}

/* Other groups for the same axes, so that it fits; false: four are not enough. */
static bool make_fit(struct layout *layout, const struct dims *dims)
{
	static const enum group groups[5][4] = {
		{0},
		{GROUP_CHANNELS},
		{GROUP_ROWS, GROUP_CHANNELS},
		{GROUP_ROWS, GROUP_WIDTH, GROUP_CHANNELS},
		{GROUP_BATCH, GROUP_ROWS, GROUP_WIDTH, GROUP_CHANNELS}};
	int runs = 1, run = 0;
	if (fits(layout, dims))
		return true;
	for (int i = 1; i < layout->count; i++)
		runs += (dims->size[layout->axis[i]] == 1) !=
		        (dims->size[layout->axis[i - 1]] == 1);
	if (runs > 4)
		return false;
	for (enum group g = GROUP_BATCH; g < GROUP_CHANNELS; g++)
		layout->end[g] = 0;
	for (int i = 0; i < layout->count; i++) {
		if (i > 0 && (dims->size[layout->axis[i]] == 1) !=
		                     (dims->size[layout->axis[i - 1]] == 1))
			run++;
		for (enum group g = groups[runs][run]; g < GROUP_CHANNELS; g++)
			layout->end[g] = i + 1;
	}
	return true;
}

hidp_status hidp_onnx__combine(struct lowering *lw, hidp_binary f, const struct operand *a,
                              const struct operand *b, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_BINARY);
	struct dims dims = a->dims;
	hidp_status s = HIDP_OK;
	if (!hidp_onnx__broadcast(&dims, &b->dims))
		return hidp_onnx__unsupported(lw, "operands do not match");
	struct operand in[2] = {hidp_onnx__with_rank(a, dims.rank),
	                        hidp_onnx__with_rank(b, dims.rank)};
	/* the larger one says how the result lies */
	int large = hidp_onnx__count(&in[0].dims) >= hidp_onnx__count(&in[1].dims) ? 0 : 1;
	struct operand *big = &in[large], *small = &in[1 - large];
	if (!hidp_onnx__same_dims(&big->dims, &dims))
		s = hidp_onnx__expand(lw, big, &dims, big);
	struct layout layout = big->layout;
	if (s == HIDP_OK && !make_fit(&layout, &small->dims))
		s = hidp_onnx__expand(lw, small, &dims, small);
	const struct layout restricted = hidp_onnx__without(&layout, &small->dims);
	if (s == HIDP_OK)
		s = hidp_onnx__arrange(lw, small, &restricted, small);
	if (s == HIDP_OK)
		s = hidp_onnx__arrange(lw, big, &layout, big);
	if (s != HIDP_OK)
		return s;
	const struct operand *const inputs[] = {&in[0], &in[1]};
	desc.function = f;
	return hidp_onnx__emit(lw, &desc, inputs, 2, &dims, &layout, out);
}

/* x f number, where one function of x says so; *done_out otherwise stays false. */
static hidp_status binary_number(struct lowering *lw, hidp_binary f, const struct operand *x,
                                 double number, struct operand *out, bool *done_out)
{
	*done_out = isfinite(number);
	switch (*done_out ? f : 0) {
	case HIDP_BINARY_ADD:
		return hidp_onnx__linear(lw, x, 1, number, out);
	case HIDP_BINARY_SUB:
		return hidp_onnx__linear(lw, x, 1, -number, out);
	case HIDP_BINARY_MUL:
		return hidp_onnx__linear(lw, x, number, 0, out);
	case HIDP_BINARY_DIV:
		if (isfinite(1 / number) && fabs(1 / number) >= FLT_MIN)
			return hidp_onnx__linear(lw, x, 1 / number, 0, out);
		break;
	case HIDP_BINARY_POW:
		return hidp_onnx__activate(lw, x, HIDP_ACTIVATION_POWER, number, 0, out);
	default:
		break;
	}
	*done_out = false;
	return HIDP_OK;
}

/* The constant's elements in the order batch, channels, rows, width of a layout. */
static struct recipe spread(const struct layout *layout, const struct dims *dims,
                            const struct tensor *b, struct hidp_shape *shape_out)
{
	static const enum group order[] = {GROUP_BATCH, GROUP_CHANNELS, GROUP_ROWS, GROUP_WIDTH};
	struct recipe recipe = {.tensor = b};
	struct dims mine = {dims->rank, {0}}; /* of b, with ones in front */
	int64_t stride[HIDP_ONNX_RANK_MAX], next = 1, size[4] = {1, 1, 1, 1};
	for (int i = dims->rank - 1; i >= 0; i--) {
		int k = i - (dims->rank - b->dims.rank);
		mine.size[i] = k < 0 ? 1 : b->dims.size[k];
		stride[i] = mine.size[i] == 1 ? 0 : next;
		next *= mine.size[i];
	}
	for (size_t g = 0; g < 4; g++) {
		int begin = hidp_onnx__group_begin(layout, order[g]);
		int end = hidp_onnx__group_end(layout, order[g]);
		bool there = false;
		for (int i = begin; i < end; i++)
			there |= mine.size[layout->axis[i]] != 1;
		for (int i = begin; there && i < end; i++) {
			recipe.size[recipe.rank] = dims->size[layout->axis[i]];
			recipe.stride[recipe.rank++] = stride[layout->axis[i]];
			size[g] *= dims->size[layout->axis[i]];
		}
	}
	*shape_out = (struct hidp_shape){
		.batch = size[0], .channels = size[1], .rows = size[2], .width = size[3]};
	return recipe;
}

hidp_status hidp_onnx__combine_constant(struct lowering *lw, hidp_binary f, const struct operand *a,
                                       const struct tensor *b, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_BINARY);
	struct dims dims = a->dims;
	bool done = false;
	if (b->data == NULL || b->count < 1 || b->dims.rank > RANK_MAX)
		return hidp_onnx__unsupported(lw, "a constant has no numbers");
	if (!hidp_onnx__broadcast(&dims, &b->dims))
		return hidp_onnx__unsupported(lw, "operands do not match");
	struct operand in = hidp_onnx__with_rank(a, dims.rank);
	hidp_status s = hidp_onnx__expand(lw, &in, &dims, &in);
	if (s == HIDP_OK && b->count == 1)
		s = binary_number(lw, f, &in, hidp_onnx__number(b, 0), out, &done);
	if (s != HIDP_OK || done)
		return s;
	const struct operand *const inputs[] = {&in};
	const struct recipe recipe = spread(&in.layout, &dims, b, &desc.shape);
	desc.function = f;
	s = hidp_onnx__emit(lw, &desc, inputs, 1, &dims, &in.layout, out);
	return s != HIDP_OK ? s : hidp_onnx__add_array(lw, HIDP_WEIGHT_CONSTANT, &recipe);
}

/* constant f x */
static hidp_status constant_binary(struct lowering *lw, hidp_binary f, const struct tensor *a,
                                   const struct operand *x, struct operand *out)
{
	hidp_status s;
	switch (f) {
	case HIDP_BINARY_SUB:
		s = hidp_onnx__linear(lw, x, -1, 0, out);
		f = HIDP_BINARY_ADD;
		break;
	case HIDP_BINARY_DIV:
		s = hidp_onnx__activate(lw, x, HIDP_ACTIVATION_RECIPROCAL, 0, 0, out);
		f = HIDP_BINARY_MUL;
		break;
	case HIDP_BINARY_POW:
		/* a^x = e^(x ln a) */
		if (a->count != 1 || !(hidp_onnx__number(a, 0) > 0))
			return hidp_onnx__unsupported(lw, "the base of a power is constant");
		s = hidp_onnx__linear(lw, x, log(hidp_onnx__number(a, 0)), 0, out);
		return s != HIDP_OK
		               ? s
		               : hidp_onnx__activate(lw, out, HIDP_ACTIVATION_EXP, 0, 0, out);
	default:
		*out = *x;
		s = HIDP_OK;
		break;
	}
	return s != HIDP_OK ? s : hidp_onnx__combine_constant(lw, f, out, a, out);
}

/* x f input i, whichever of them is constant; x is NULL for input 0. */
static hidp_status fold_in(struct lowering *lw, hidp_binary f, uint32_t i, struct operand *x)
{
	const struct tensor *left = i == 1 ? hidp_onnx__constant(lw, 0) : NULL;
	const struct tensor *right = hidp_onnx__constant(lw, i);
	struct operand other;
	hidp_status s;
	if (right != NULL)
		return hidp_onnx__combine_constant(lw, f, x, right, x);
	if ((s = hidp_onnx__operand(lw, i, &other)) != HIDP_OK)
		return s;
	return left != NULL ? constant_binary(lw, f, left, &other, x)
	                    : hidp_onnx__combine(lw, f, x, &other, x);
}

/* Several inputs, from left to right; the argument says how. */
static hidp_status lower_binary(struct lowering *lw)
{
	const struct node *node = lw->node;
	struct operand x = {.layer = HIDP_LAYER_NONE};
	hidp_status s = want_floats(lw);
	if (s == HIDP_OK && hidp_onnx__constant(lw, 0) == NULL)
		s = hidp_onnx__operand(lw, 0, &x);
	else if (s == HIDP_OK && (node->input_count < 2 || hidp_onnx__constant(lw, 1) != NULL))
		return hidp_onnx__unsupported(lw, "two of its inputs are constant");
	for (uint32_t i = 1; i < node->input_count && s == HIDP_OK; i++)
		s = fold_in(lw, (hidp_binary)lw->argument, i, &x);
	if (s == HIDP_OK && hidp_onnx__is(node, "Mean"))
		s = hidp_onnx__linear(lw, &x, 1.0 / node->input_count, 0, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

static hidp_status lower_unary(struct lowering *lw)
{
	struct operand x;
	hidp_status s = want_floats(lw);
	if (s == HIDP_OK)
		s = hidp_onnx__operand(lw, 0, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__activate(lw, &x, (hidp_activation)lw->argument, 0, 0, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* x times a function of x */
static hidp_status times(struct lowering *lw, const struct operand *x, struct operand *y)
{
	return hidp_onnx__combine(lw, HIDP_BINARY_MUL, x, y, y);
}

static hidp_status gelu_tanh(struct lowering *lw, const struct operand *x, struct operand *y)
{
	/* x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) */
	const double root = 0.79788456080286535588;
	hidp_status s = hidp_onnx__activate(lw, x, HIDP_ACTIVATION_POWER, 2, 0, y);
	if (s == HIDP_OK)
		s = hidp_onnx__linear(lw, y, 0.044715 * root, root, y);
	if (s == HIDP_OK)
		s = times(lw, x, y);
	if (s == HIDP_OK)
		s = hidp_onnx__activate(lw, y, HIDP_ACTIVATION_TANH, 0, 0, y);
	if (s == HIDP_OK)
		s = hidp_onnx__linear(lw, y, 0.5, 0.5, y);
	return s != HIDP_OK ? s : times(lw, x, y);
}

/* An activation whose parameters are attributes, or that is made of several. */
static hidp_status activate_by_name(struct lowering *lw, const struct operand *x,
                                    struct operand *y)
{
	const struct node *n = lw->node;
	const char *op = n->op;
	double alpha;
	hidp_status s;
	if (strcmp(op, "LeakyRelu") == 0)
		return hidp_onnx__activate(lw, x, HIDP_ACTIVATION_LEAKY_RELU,
		                           hidp_onnx__float(n, "alpha", 0.01), 0, y);
	if (strcmp(op, "Elu") == 0)
		return hidp_onnx__activate(lw, x, HIDP_ACTIVATION_ELU,
		                           hidp_onnx__float(n, "alpha", 1), 0, y);
	if (strcmp(op, "HardSigmoid") == 0)
		return hidp_onnx__activate(lw, x, HIDP_ACTIVATION_HARD_SIGMOID,
		                           hidp_onnx__float(n, "alpha", 0.2),
		                           hidp_onnx__float(n, "beta", 0.5), y);
	if (strcmp(op, "Neg") == 0)
		return hidp_onnx__linear(lw, x, -1, 0, y);
	if (strcmp(op, "Selu") == 0) {
		s = hidp_onnx__activate(lw, x, HIDP_ACTIVATION_ELU,
		                        hidp_onnx__float(n, "alpha", 1.67326319217681884765625), 0,
		                        y);
		alpha = hidp_onnx__float(n, "gamma", 1.05070102214813232421875);
		return s != HIDP_OK ? s : hidp_onnx__linear(lw, y, alpha, 0, y);
	}
	if (strcmp(op, "Celu") == 0) {
		alpha = hidp_onnx__float(n, "alpha", 1);
		if (!isfinite(1 / alpha))
			return hidp_onnx__unsupported(lw, "alpha is %g", alpha);
		s = hidp_onnx__linear(lw, x, 1 / alpha, 0, y);
		if (s == HIDP_OK)
			s = hidp_onnx__activate(lw, y, HIDP_ACTIVATION_ELU, 1, 0, y);
		return s != HIDP_OK ? s : hidp_onnx__linear(lw, y, alpha, 0, y);
	}
	if (strcmp(op, "Mish") == 0) {
		s = hidp_onnx__activate(lw, x, HIDP_ACTIVATION_SOFTPLUS, 0, 0, y);
		if (s == HIDP_OK)
			s = hidp_onnx__activate(lw, y, HIDP_ACTIVATION_TANH, 0, 0, y);
		return s != HIDP_OK ? s : times(lw, x, y);
	}
	/* Gelu */
	if (strcmp(hidp_onnx__string(n, "approximate", "none"), "tanh") == 0)
		return gelu_tanh(lw, x, y);
	return hidp_onnx__activate(lw, x, HIDP_ACTIVATION_GELU, 0, 0, y);
}

static hidp_status lower_activation(struct lowering *lw)
{
	struct operand x, y;
	hidp_status s = want_floats(lw);
	if (s == HIDP_OK)
		s = hidp_onnx__operand(lw, 0, &x);
	if (s == HIDP_OK)
		s = activate_by_name(lw, &x, &y);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &y);
	return s;
}

/* max(x, 0) + slope * min(x, 0) */
static hidp_status lower_prelu(struct lowering *lw)
{
	const struct tensor *slope = hidp_onnx__constant(lw, 1);
	struct operand x, y, z;
	hidp_status s = want_floats(lw);
	if (s == HIDP_OK)
		s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	if (slope != NULL && slope->count == 1) {
		s = hidp_onnx__activate(lw, &x, HIDP_ACTIVATION_LEAKY_RELU,
		                        hidp_onnx__number(slope, 0), 0, &y);
	} else {
		s = hidp_onnx__activate(lw, &x, HIDP_ACTIVATION_CLIP, -FLT_MAX, 0, &z);
		if (s == HIDP_OK)
			s = fold_in(lw, HIDP_BINARY_MUL, 1, &z);
		if (s == HIDP_OK)
			s = hidp_onnx__activate(lw, &x, HIDP_ACTIVATION_RELU, 0, 0, &y);
		if (s == HIDP_OK)
			s = hidp_onnx__combine(lw, HIDP_BINARY_ADD, &y, &z, &y);
	}
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &y);
	return s;
}

/* A bound of Clip: an input that is constant or left out. */
static hidp_status bound(struct lowering *lw, uint32_t i, double otherwise, double *out)
{
	const struct value *value = hidp_onnx__input(lw->node, i);
	*out = otherwise;
	if (value == NULL)
		return HIDP_OK;
	if (!hidp_onnx__scalar(value, out) || isnan(*out))
		return hidp_onnx__unsupported(lw, "its bounds are not constant");
	if (*out > FLT_MAX)
		*out = FLT_MAX;
	else if (*out < -FLT_MAX)
		*out = -FLT_MAX;
	return HIDP_OK;
}

static hidp_status lower_clip(struct lowering *lw)
{
	double low, high;
	struct operand x;
	hidp_status s = want_floats(lw);
	if (s == HIDP_OK)
		s = bound(lw, 1, -FLT_MAX, &low);
	if (s == HIDP_OK)
		s = bound(lw, 2, FLT_MAX, &high);
	if (s == HIDP_OK)
		s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	if (low > high)
		low = high; /* as min(max(x, low), high) gives */
	if (low == 0 && high == FLT_MAX)
		s = hidp_onnx__activate(lw, &x, HIDP_ACTIVATION_RELU, 0, 0, &x);
	else if (low == 0 && high == 6)
		s = hidp_onnx__activate(lw, &x, HIDP_ACTIVATION_RELU6, 0, 0, &x);
	else
		s = hidp_onnx__activate(lw, &x, HIDP_ACTIVATION_CLIP, low, high, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Casts between floats, and from whole numbers to floats: all flow as fp32. */
static hidp_status lower_cast(struct lowering *lw)
{
	const struct value *in = hidp_onnx__input(lw->node, 0);
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	if (in->type != lw->node->outputs[0]->type &&
	    !hidp_onnx__is_float(lw->node->outputs[0]->type))
		return hidp_onnx__unsupported(lw, "casts to whole numbers");
	hidp_onnx__made(lw, 0, &x);
	return HIDP_OK;
}

/* Identity, and Dropout where it is not in training. */
static hidp_status lower_same(struct lowering *lw)
{
	const struct value *training = hidp_onnx__input(lw->node, 2);
	double number = 0;
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s == HIDP_OK && hidp_onnx__wanted(lw, 1))
		return hidp_onnx__unsupported(lw, "its mask is wanted");
	if (s == HIDP_OK && training != NULL &&
	    (!hidp_onnx__scalar(training, &number) || number != 0))
		return hidp_onnx__unsupported(lw, "it is in training mode");
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Element of a constant that is broadcast to dims, at an index of those. */
static double broadcast_number(const struct tensor *t, const struct dims *dims, int64_t index)
{
	int64_t at = 0, stride = 1;
	for (int i = dims->rank - 1, k = t->dims.rank - 1; i >= 0; i--, k--) {
		int64_t here = index % dims->size[i];
		index /= dims->size[i];
		if (k < 0)
			break;
		if (t->dims.size[k] != 1)
			at += here * stride;
		stride *= t->dims.size[k];
	}
	return hidp_onnx__number(t, at);
}

/* (condition == when ? choice or 1 : 0), broadcast */
static struct tensor *masked(struct lowering *lw, const struct tensor *condition, bool when,
                             const struct tensor *choice)
{
	struct dims dims = condition->dims;
	float *data;
	if (choice != NULL && !hidp_onnx__broadcast(&dims, &choice->dims))
		return NULL;
	int64_t count = hidp_onnx__count(&dims);
	struct tensor *out = count < 1 ? NULL : hidp_onnx__new_floats(lw, count, &data);
	if (out == NULL)
		return NULL;
	out->dims = dims;
	for (int64_t i = 0; i < count; i++)
		if ((broadcast_number(condition, &dims, i) != 0) == when)
			data[i] = choice != NULL ? (float)broadcast_number(choice, &dims, i) : 1;
	return out;
}

/* One side of Where: the operand where the condition is `when`, else 0, added to *sum. */
static hidp_status choose(struct lowering *lw, const struct tensor *condition, uint32_t i,
                          bool when, struct operand *sum)
{
	const struct tensor *mask = masked(lw, condition, when, hidp_onnx__constant(lw, i));
	struct operand x;
	if (mask == NULL)
		return hidp_onnx__no_memory(lw->graph);
	if (hidp_onnx__constant(lw, i) != NULL)
		return hidp_onnx__combine_constant(lw, HIDP_BINARY_ADD, sum, mask, sum);
	hidp_status s = hidp_onnx__operand(lw, i, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__combine_constant(lw, HIDP_BINARY_MUL, &x, mask, &x);
	if (s == HIDP_OK && sum->layer != HIDP_LAYER_NONE)
		return hidp_onnx__combine(lw, HIDP_BINARY_ADD, sum, &x, sum);
	*sum = x;
	return s;
}

/* With a constant condition: masks for either side, and a sum. */
static hidp_status lower_where(struct lowering *lw)
{
	const struct tensor *condition = hidp_onnx__constant(lw, 0);
	struct operand sum = {.layer = HIDP_LAYER_NONE};
	hidp_status s = want_floats(lw);
	if (s != HIDP_OK)
		return s;
	if (condition == NULL || condition->data == NULL)
		return hidp_onnx__unsupported(lw, "its condition is not constant");
	/* what flows comes first */
	bool first = hidp_onnx__constant(lw, 1) == NULL;
	s = choose(lw, condition, first ? 1 : 2, first, &sum);
	if (s == HIDP_OK)
		s = choose(lw, condition, first ? 2 : 1, !first, &sum);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &sum);
	return s;
}

const struct lower_entry hidp_onnx__lower_math[] = {
	{"Abs", lower_unary, HIDP_ACTIVATION_ABS},
	{"Add", lower_binary, HIDP_BINARY_ADD},
	{"Cast", lower_cast, 0},
	{"CastLike", lower_cast, 0},
	{"Ceil", lower_unary, HIDP_ACTIVATION_CEIL},
	{"Celu", lower_activation, 0},
	{"Clip", lower_clip, 0},
	{"Cos", lower_unary, HIDP_ACTIVATION_COS},
	{"Div", lower_binary, HIDP_BINARY_DIV},
	{"Dropout", lower_same, 0},
	{"Elu", lower_activation, 0},
	{"Erf", lower_unary, HIDP_ACTIVATION_ERF},
	{"Exp", lower_unary, HIDP_ACTIVATION_EXP},
	{"Floor", lower_unary, HIDP_ACTIVATION_FLOOR},
	{"Gelu", lower_activation, 0},
	{"HardSigmoid", lower_activation, 0},
	{"HardSwish", lower_unary, HIDP_ACTIVATION_HARD_SWISH},
	{"Identity", lower_same, 0},
	{"LeakyRelu", lower_activation, 0},
	{"Log", lower_unary, HIDP_ACTIVATION_LOG},
	{"Max", lower_binary, HIDP_BINARY_MAX},
	{"Mean", lower_binary, HIDP_BINARY_ADD},
	{"Min", lower_binary, HIDP_BINARY_MIN},
	{"Mish", lower_activation, 0},
	{"Mul", lower_binary, HIDP_BINARY_MUL},
	{"Neg", lower_activation, 0},
	{"PRelu", lower_prelu, 0},
	{"Pow", lower_binary, HIDP_BINARY_POW},
	{"Reciprocal", lower_unary, HIDP_ACTIVATION_RECIPROCAL},
	{"Relu", lower_unary, HIDP_ACTIVATION_RELU},
	{"Round", lower_unary, HIDP_ACTIVATION_ROUND},
	{"Selu", lower_activation, 0},
	{"Sigmoid", lower_unary, HIDP_ACTIVATION_SIGMOID},
	{"Sign", lower_unary, HIDP_ACTIVATION_SIGN},
	{"Sin", lower_unary, HIDP_ACTIVATION_SIN},
	{"Softplus", lower_unary, HIDP_ACTIVATION_SOFTPLUS},
	{"Softsign", lower_unary, HIDP_ACTIVATION_SOFTSIGN},
	{"Sqrt", lower_unary, HIDP_ACTIVATION_SQRT},
	{"Sub", lower_binary, HIDP_BINARY_SUB},
	{"Sum", lower_binary, HIDP_BINARY_ADD},
	{"Tanh", lower_unary, HIDP_ACTIVATION_TANH},
	{"Where", lower_where, 0},
	{NULL, NULL, 0},
};
