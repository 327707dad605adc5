/* SPDX-License-Identifier: MIT */
#include "random_layers.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "random_instance.h"

struct making {
	struct rng *rng;
	struct hidp_model_builder *builder;
};

/* A layer, and the shape of its output as this file reckons it. */
struct made {
	hidp_layer_id id;
	struct hidp_shape shape;
};

static int64_t pick(struct making *m, int64_t low, int64_t high)
{
	return rng_between(m->rng, low, high);
}

static bool chance(struct making *m, unsigned percent)
{
	return rng_chance(m->rng, percent);
}

static struct made add(struct making *m, hidp_op op, struct hidp_layer_desc d,
                       const struct made *inputs, uint32_t count, struct hidp_shape shape)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	hidp_layer_id ids[8];
	struct made made = {.shape = shape};
	for (uint32_t i = 0; i < count; i++)
		ids[i] = inputs[i].id;
	d.op = op;
	d.inputs = ids;
	d.input_count = count;
	support_must(hidp_model_builder_add(m->builder, &d, &made.id, &diag), &diag, "layer");
	return made;
}

static const struct hidp_layer_desc nothing = HIDP_LAYER_DESC_INIT;

/* A model input, at times with a layer behind it, so that only some of its rows are there. */
static struct made add_input(struct making *m, struct hidp_shape shape)
{
	struct hidp_layer_desc d = nothing;
	d.shape = shape;
	struct made in = add(m, HIDP_OP_INPUT, d, NULL, 0, shape);
	if (!chance(m, 50))
		return in;
	d = nothing;
	d.function = HIDP_ACTIVATION_LEAKY_RELU;
	d.alpha = 0.5;
	return add(m, HIDP_OP_ACTIVATION, d, &in, 1, shape);
}

static struct hidp_shape pick_shape(struct making *m)
{
	return (struct hidp_shape){chance(m, 20) ? 2 : 1, pick(m, 1, 24), pick(m, 1, 14),
	                           chance(m, 15) ? 1 : pick(m, 1, 12)};
}

/* Sizes of a window and of an input that it fits. */
static struct hidp_shape pick_window(struct making *m, struct hidp_layer_desc *d,
                                     struct hidp_shape *in)
{
	struct hidp_shape out = *in;
	int64_t *from[2] = {&in->rows, &in->width}, *to[2] = {&out.rows, &out.width};
	for (int i = 0; i < 2; i++) {
		d->kernel[i] = chance(m, 30) ? 1 : pick(m, 1, 5);
		d->stride[i] = chance(m, 50) ? 1 : pick(m, 1, 3);
		d->dilation[i] = chance(m, 75) ? 1 : pick(m, 2, 3);
		int64_t extent = (d->kernel[i] - 1) * d->dilation[i] + 1;
		d->pad[i] = chance(m, 40) ? 0 : pick(m, 0, extent / 2 + 1);
		d->pad[i + 2] = chance(m, 40) ? d->pad[i] : pick(m, 0, extent / 2 + 1);
		if (*from[i] + d->pad[i] + d->pad[i + 2] < extent)
			*from[i] = extent;
		int64_t room = *from[i] + d->pad[i] + d->pad[i + 2] - extent;
		*to[i] = room / d->stride[i] + 1;
		if ((d->flags & HIDP_LAYER_CEIL_MODE) && room % d->stride[i] != 0 &&
		    *to[i] * d->stride[i] < *from[i] + d->pad[i])
			++*to[i];
	}
	return out;
}

static struct made make_conv(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct hidp_shape in = pick_shape(m);
	d.flags = chance(m, 30) ? HIDP_LAYER_NO_BIAS : 0;
	struct hidp_shape out = pick_window(m, &d, &in);
	switch (rng_below(m->rng, 4)) {
	case 0: /* depthwise, with a multiplier at times */
		d.groups = in.channels;
		d.out_channels = in.channels * (chance(m, 70) ? 1 : pick(m, 2, 3));
		break;
	case 1:
		d.groups = pick(m, 2, 4);
		in.channels = d.groups * pick(m, 1, 6);
		d.out_channels = d.groups * pick(m, 1, 11);
		break;
	default:
		d.out_channels = pick(m, 1, 40);
		break;
	}
	out.channels = d.out_channels;
	struct made input = add_input(m, in);
	return add(m, HIDP_OP_CONV, d, &input, 1, out);
}

static struct made make_dense(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct hidp_shape in = pick_shape(m), out = in;
	if (chance(m, 50))
		in.width = out.width = 1;
	d.flags = chance(m, 30) ? HIDP_LAYER_NO_BIAS : 0;
	out.channels = d.out_channels = pick(m, 1, 40);
	struct made input = add_input(m, in);
	return add(m, HIDP_OP_DENSE, d, &input, 1, out);
}

static struct made make_matmul(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct hidp_shape a = pick_shape(m), b;
	a.width = 1;
	d.flags = chance(m, 50) ? HIDP_LAYER_TRANSPOSE_B : 0;
	b = (struct hidp_shape){a.batch, pick(m, 1, 24), a.channels, 1};
	struct hidp_shape out = a;
	out.channels = b.channels;
	if (d.flags != 0)
		b = (struct hidp_shape){a.batch, a.channels, out.channels, 1};
	struct made inputs[2] = {add_input(m, a), add_input(m, b)};
	return add(m, HIDP_OP_MATMUL, d, inputs, 2, out);
}

static struct made make_pool(struct making *m, hidp_op op)
{
	struct hidp_layer_desc d = nothing;
	struct hidp_shape in = pick_shape(m);
	d.flags = chance(m, 40) ? HIDP_LAYER_CEIL_MODE : 0;
	if (op == HIDP_OP_AVERAGE_POOL && chance(m, 50))
		d.flags |= HIDP_LAYER_EXCLUDE_PAD;
	struct hidp_shape out = pick_window(m, &d, &in);
	struct made input = add_input(m, in);
	return add(m, op, d, &input, 1, out);
}

static struct made add_clip(struct making *m, struct made in, double low, double high)
{
	struct hidp_layer_desc d = nothing;
	d.function = HIDP_ACTIVATION_CLIP;
	d.alpha = low;
	d.beta = high;
	return add(m, HIDP_OP_ACTIVATION, d, &in, 1, in.shape);
}

static struct made add_linear(struct making *m, struct made in, double alpha, double beta)
{
	struct hidp_layer_desc d = nothing;
	d.function = HIDP_ACTIVATION_LINEAR;
	d.alpha = alpha;
	d.beta = beta;
	return add(m, HIDP_OP_ACTIVATION, d, &in, 1, in.shape);
}

/* Brings elements to where a function has a finite value and no jump. */
static struct made add_tamed(struct making *m, struct made in, hidp_activation function)
{
	switch (function) {
	case HIDP_ACTIVATION_EXP:
		return add_clip(m, in, -4, 4);
	case HIDP_ACTIVATION_LOG:
	case HIDP_ACTIVATION_SQRT:
	case HIDP_ACTIVATION_POWER:
	case HIDP_ACTIVATION_RECIPROCAL:
		return add_clip(m, in, 0.125, 4);
	case HIDP_ACTIVATION_SIGN:
	case HIDP_ACTIVATION_FLOOR:
	case HIDP_ACTIVATION_CEIL:
	case HIDP_ACTIVATION_ROUND: /* other functions often give 0, 1 and the like exactly */
		return add_linear(m, in, 1, 0.3137);
	default:
		return in;
	}
}

static struct made add_activation(struct making *m, struct made in)
{
	struct hidp_layer_desc d = nothing;
	d.function = (uint32_t)pick(m, HIDP_ACTIVATION_RELU, HIDP_ACTIVATION_SOFTSIGN);
	in = add_tamed(m, in, d.function);
	switch (d.function) {
	case HIDP_ACTIVATION_HARD_SIGMOID:
	case HIDP_ACTIVATION_HARD_SWISH:
		if (chance(m, 50)) {
			d.alpha = 0.2;
			d.beta = 0.4;
		}
		break;
	case HIDP_ACTIVATION_LEAKY_RELU:
	case HIDP_ACTIVATION_ELU:
		d.alpha = rng_real(m->rng);
		break;
	case HIDP_ACTIVATION_CLIP:
	case HIDP_ACTIVATION_LINEAR:
		d.alpha = -rng_real(m->rng);
		d.beta = rng_real(m->rng);
		break;
	case HIDP_ACTIVATION_POWER:
		d.alpha = chance(m, 50) ? (double)pick(m, -2, 3) : 4 * rng_real(m->rng) - 2;
		break;
	default:
		break;
	}
	return add(m, HIDP_OP_ACTIVATION, d, &in, 1, in.shape);
}

/* A shape that is broadcast to another one. */
static struct hidp_shape pick_narrower(struct making *m, struct hidp_shape s)
{
	if (chance(m, 40))
		return s;
	s.batch = chance(m, 50) ? 1 : s.batch;
	s.channels = chance(m, 30) ? 1 : s.channels;
	s.rows = chance(m, 60) ? 1 : s.rows;
	s.width = chance(m, 60) ? 1 : s.width;
	return s;
}

static struct made add_constant(struct making *m, struct made in, hidp_binary function)
{
	struct hidp_layer_desc d = nothing;
	d.function = function;
	d.shape = pick_narrower(m, in.shape);
	return add(m, HIDP_OP_BINARY, d, &in, 1, in.shape);
}

/* The first input of a binary. */
static struct made add_base(struct making *m, struct hidp_shape shape, hidp_binary function)
{
	struct made in = add_input(m, shape);
	return function == HIDP_BINARY_POW ? add_clip(m, in, 0.125, 4) : in;
}

static struct hidp_shape larger(struct hidp_shape a, struct hidp_shape b)
{
	a.batch = a.batch > b.batch ? a.batch : b.batch;
	a.channels = a.channels > b.channels ? a.channels : b.channels;
	a.rows = a.rows > b.rows ? a.rows : b.rows;
	a.width = a.width > b.width ? a.width : b.width;
	return a;
}

static struct made make_binary(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct hidp_shape out = pick_shape(m), a = out, b = out;
	const hidp_binary function = (hidp_binary)pick(m, HIDP_BINARY_ADD, HIDP_BINARY_POW);
	if (chance(m, 30))
		return add_constant(m, add_base(m, out, function), function);
	d.function = function;
	if (chance(m, 20)) { /* a constant that may be larger than the input */
		a = pick_narrower(m, out);
		d.shape = pick_narrower(m, out);
		struct made in = add_base(m, a, function);
		return add(m, HIDP_OP_BINARY, d, &in, 1, larger(a, d.shape));
	}
	if (chance(m, 30)) { /* each may be broadcast */
		a = pick_narrower(m, out);
		b = pick_narrower(m, out);
		out = larger(a, b);
	} else if (chance(m, 50)) {
		a = pick_narrower(m, out);
	} else {
		b = pick_narrower(m, out);
	}
	struct made inputs[2] = {add_base(m, a, function), add_input(m, b)};
	return add(m, HIDP_OP_BINARY, d, inputs, 2, out);
}

static int64_t *dimension(struct hidp_shape *s, hidp_axis axis)
{
	return axis == HIDP_AXIS_CHANNELS ? &s->channels
	       : axis == HIDP_AXIS_ROWS   ? &s->rows
	                                  : &s->width;
}

static struct made make_concat(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct hidp_shape in = pick_shape(m), out = in;
	struct made inputs[5];
	uint32_t count = (uint32_t)pick(m, 1, 5);
	d.axis = (hidp_axis)pick(m, HIDP_AXIS_CHANNELS, HIDP_AXIS_WIDTH);
	*dimension(&out, d.axis) = 0;
	for (uint32_t i = 0; i < count; i++) {
		*dimension(&in, d.axis) = pick(m, 1, 9);
		*dimension(&out, d.axis) += *dimension(&in, d.axis);
		inputs[i] = add_input(m, in);
	}
	return add(m, HIDP_OP_CONCAT, d, inputs, count, out);
}

static struct made make_slice(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct made in = add_input(m, pick_shape(m));
	struct hidp_shape out = in.shape;
	d.axis = (hidp_axis)pick(m, HIDP_AXIS_CHANNELS, HIDP_AXIS_WIDTH);
	int64_t *size = dimension(&out, d.axis);
	d.begin = pick(m, 0, *size - 1);
	d.end = pick(m, d.begin + 1, *size);
	*size = d.end - d.begin;
	return add(m, HIDP_OP_SLICE, d, &in, 1, out);
}

static struct made make_pad(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct made in = add_input(m, pick_shape(m));
	struct hidp_shape out = in.shape;
	for (int i = 0; i < 4; i++)
		d.pad[i] = pick(m, 0, 4);
	out.rows += d.pad[0] + d.pad[2];
	out.width += d.pad[1] + d.pad[3];
	return add(m, HIDP_OP_PAD, d, &in, 1, out);
}

static struct made make_resize(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct made in = add_input(m, pick_shape(m));
	struct hidp_shape out = in.shape;
	d.function = (uint32_t)pick(m, HIDP_RESIZE_NEAREST, HIDP_RESIZE_BILINEAR_CORNERS);
	d.shape.rows = out.rows = chance(m, 30) ? 2 * out.rows : pick(m, 1, 28);
	d.shape.width = out.width = chance(m, 30) ? 2 * out.width : pick(m, 1, 28);
	return add(m, HIDP_OP_RESIZE, d, &in, 1, out);
}

static struct made make_norm(struct making *m, hidp_op op)
{
	struct hidp_layer_desc d = nothing;
	struct made in = add_input(m, pick_shape(m));
	if (op == HIDP_OP_LAYER_NORM && chance(m, 50))
		d.alpha = rng_scale(m->rng, 1e-12, 1e-1);
	return add(m, op, d, &in, 1, in.shape);
}

/* A mask whose elements are 0, or so low that they hide a row. */
static struct made add_hiding(struct making *m, struct made in)
{
	static const double lowest[] = {1e9, 1e9, FLT_MAX, INFINITY};
	struct hidp_layer_desc d = nothing;
	const double low = lowest[rng_below(m->rng, 4)];
	in = add_tamed(m, in, HIDP_ACTIVATION_SIGN);
	d.function = HIDP_ACTIVATION_SIGN;
	in = add(m, HIDP_OP_ACTIVATION, d, &in, 1, in.shape);
	in = add_clip(m, in, 0, 1);
	if (isfinite(low))
		return add_linear(m, in, low, -low);
	d.function = HIDP_ACTIVATION_LOG;
	return add(m, HIDP_OP_ACTIVATION, d, &in, 1, in.shape);
}

/* What is added to the scores, of that shape or broadcast to it; by rows if it has one channel. */
static struct made add_mask(struct making *m, struct hidp_shape shape)
{
	shape.batch = chance(m, 50) ? 1 : shape.batch;
	shape.rows = shape.channels > 1 && chance(m, 50) ? 1 : shape.rows;
	shape.width = chance(m, 50) ? 1 : shape.width;
	struct made in = add_input(m, shape);
	return chance(m, 50) ? in : add_hiding(m, in);
}

static struct made make_attention(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	const int64_t heads = pick(m, 1, 4), query = pick(m, 1, 9), values = pick(m, 1, 9);
	const int64_t batch = chance(m, 20) ? 2 : 1, rows = pick(m, 1, 16);
	struct hidp_shape q = {batch, heads * query, rows, 1}, k = q, v = q, out = q;
	d.heads = (uint32_t)heads;
	d.alpha = chance(m, 50) ? 0 : rng_real(m->rng) - 0.5;
	if (chance(m, 30)) {
		q.channels *= 3;
		struct made in = add_input(m, q);
		return add(m, HIDP_OP_ATTENTION, d, &in, 1, out);
	}
	k.rows = v.rows = pick(m, 1, 16);
	v.channels = out.channels = heads * values;
	struct made inputs[4] = {add_input(m, q), add_input(m, k), add_input(m, v)};
	if (chance(m, 40))
		return add(m, HIDP_OP_ATTENTION, d, inputs, 3, out);
	if (chance(m, 30)) /* of the keys, by rows */
		inputs[3] = add_mask(m, (struct hidp_shape){batch, 1, k.rows, 1});
	else
		inputs[3] = add_mask(m, (struct hidp_shape){batch, k.rows, q.rows, heads});
	return add(m, HIDP_OP_ATTENTION, d, inputs, 4, out);
}

/* A divisor of a number. */
static int64_t pick_divisor(struct making *m, int64_t n)
{
	int64_t d = pick(m, 1, n);
	while (n % d != 0)
		d--;
	return d;
}

/* Any shape of as many elements, often of the same images. */
static struct hidp_shape pick_split(struct making *m, struct hidp_shape s)
{
	int64_t n = s.batch * s.channels * s.rows * s.width;
	struct hidp_shape out = {.batch = chance(m, 70) ? s.batch : pick_divisor(m, n)};
	n /= out.batch;
	out.rows = chance(m, 30) && n % s.rows == 0 ? s.rows : pick_divisor(m, n);
	n /= out.rows;
	out.width = chance(m, 30) ? 1 : pick_divisor(m, n);
	out.channels = n / out.width;
	return out;
}

static struct made make_reshape(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct hidp_shape s = pick_shape(m);
	struct made in = add_input(m, s);
	if (chance(m, 50)) {
		d.flags = HIDP_LAYER_CHANNELS_LAST;
		d.shape = pick_split(m, s);
		return add(m, HIDP_OP_RESHAPE, d, &in, 1, d.shape);
	}
	switch (rng_below(m->rng, 5)) {
	case 0:
		d.shape = (struct hidp_shape){s.batch, s.channels, s.rows * s.width, 1};
		break;
	case 1:
		d.shape = (struct hidp_shape){s.batch, s.channels, s.width, s.rows};
		break;
	case 2:
		d.shape = (struct hidp_shape){s.batch, s.width, s.channels, s.rows};
		break;
	case 3:
		d.shape = (struct hidp_shape){1, s.channels, s.batch * s.rows, s.width};
		break;
	default:
		d.shape = (struct hidp_shape){s.batch, s.channels, 1, s.rows * s.width};
		break;
	}
	return add(m, HIDP_OP_RESHAPE, d, &in, 1, d.shape);
}

static struct made make_transpose(struct making *m)
{
	struct hidp_layer_desc d = nothing;
	struct made in = add_input(m, pick_shape(m));
	struct hidp_shape out = in.shape;
	uint32_t perm[3] = {HIDP_AXIS_CHANNELS, HIDP_AXIS_ROWS, HIDP_AXIS_WIDTH};
	rng_shuffle(m->rng, perm, 3);
	memcpy(d.perm, perm, sizeof perm);
	for (hidp_axis i = 0; i < 3; i++)
		*dimension(&out, HIDP_AXIS_CHANNELS + i) = *dimension(&in.shape, perm[i]);
	return add(m, HIDP_OP_TRANSPOSE, d, &in, 1, out);
}

/* Entries of all numbers that there are, also from the end. */
static struct made make_embedding(struct making *m)
{
	struct hidp_layer_desc d = nothing, whole = nothing;
	struct hidp_shape s = pick_shape(m);
	s.channels = 1;
	d.end = pick(m, 1, 30);
	d.out_channels = pick(m, 1, 24);
	/* inputs are from -2 to 2 */
	struct made in = add_linear(m, add_input(m, s), (double)d.end / 2, 0);
	whole.function = HIDP_ACTIVATION_FLOOR;
	in = add(m, HIDP_OP_ACTIVATION, whole, &in, 1, s);
	in = add_clip(m, in, (double)-d.end, (double)(d.end - 1));
	s.channels = d.out_channels;
	return add(m, HIDP_OP_EMBEDDING, d, &in, 1, s);
}

static struct made make(struct making *m, hidp_op op)
{
	switch (op) {
	case HIDP_OP_CONV:
		return make_conv(m);
	case HIDP_OP_DENSE:
		return make_dense(m);
	case HIDP_OP_MATMUL:
		return make_matmul(m);
	case HIDP_OP_MAX_POOL:
	case HIDP_OP_AVERAGE_POOL:
		return make_pool(m, op);
	case HIDP_OP_ACTIVATION:
		return add_activation(m, add_input(m, pick_shape(m)));
	case HIDP_OP_BINARY:
		return make_binary(m);
	case HIDP_OP_CONCAT:
		return make_concat(m);
	case HIDP_OP_SLICE:
		return make_slice(m);
	case HIDP_OP_PAD:
		return make_pad(m);
	case HIDP_OP_RESIZE:
		return make_resize(m);
	case HIDP_OP_ATTENTION:
		return make_attention(m);
	case HIDP_OP_RESHAPE:
		return make_reshape(m);
	case HIDP_OP_TRANSPOSE:
		return make_transpose(m);
	case HIDP_OP_EMBEDDING:
		return make_embedding(m);
	default:
		break;
	}
	if (op != HIDP_OP_GLOBAL_POOL && op != HIDP_OP_FLATTEN)
		return make_norm(m, op); /* and softmax */
	struct made in = add_input(m, pick_shape(m));
	struct hidp_shape s = in.shape, out = {s.batch, s.channels, 1, 1};
	if (op == HIDP_OP_FLATTEN)
		out.channels *= s.rows * s.width;
	return add(m, op, nothing, &in, 1, out);
}

static struct made add_tensor(struct making *m, struct made in)
{
	struct hidp_layer_desc d = nothing;
	struct made inputs[2] = {in, add_input(m, in.shape)};
	if (chance(m, 50)) {
		inputs[0] = inputs[1];
		inputs[1] = in;
	}
	d.function = HIDP_BINARY_ADD;
	return add(m, HIDP_OP_BINARY, d, inputs, 2, in.shape);
}

/* Layers that engines compute together with the one before. */
static void follow(struct making *m, struct made last)
{
	for (uint64_t n = rng_below(m->rng, 5); n > 0; n--) {
		switch (rng_below(m->rng, 4)) {
		case 0:
			last = add(m, HIDP_OP_BATCH_NORM, nothing, &last, 1, last.shape);
			break;
		case 1:
			last = add_tensor(m, last);
			break;
		case 2:
			last = add_constant(m, last, HIDP_BINARY_ADD);
			break;
		default:
			last = add_activation(m, last);
			break;
		}
	}
}

struct hidp_model *random_layers(struct hidp_context *context, hidp_op op, struct rng *rng)
{
	struct making m = {.rng = rng};
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_model *model = NULL;
	options.flags = chance(&m, 20) ? HIDP_MODEL_KEEP_UNFUSED : 0;
	support_must(hidp_model_builder_new(context, &options, &m.builder), NULL, "builder");
	struct made made = make(&m, op);
	if (chance(&m, 60))
		follow(&m, made);
	support_must(hidp_model_builder_seal(m.builder, &model, &diag), &diag, "model");
	hidp_model_builder_destroy(m.builder);
	return model;
}
