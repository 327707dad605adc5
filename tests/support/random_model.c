/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_instance.h"

/* A tensor made so far; the shapes are reckoned here as well, to know what can follow. */
struct tensor {
	hidp_layer_id id;
	struct hidp_shape shape;
};

struct generator {
	const struct random_params *params;
	struct rng *rng;
	struct hidp_model_builder *builder;
	struct tensor *tensors;
	uint32_t count;
	uint32_t left; /* layers still to be described */
};

static struct hidp_layer_desc begin(hidp_op op)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	d.op = op;
	return d;
}

/* Describes a layer; returns the number of its tensor. */
static uint32_t add(struct generator *g, struct hidp_layer_desc *d, const uint32_t *inputs,
                    uint32_t count, struct hidp_shape shape)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	hidp_layer_id ids[8];
	for (uint32_t i = 0; i < count; i++)
		ids[i] = g->tensors[inputs[i]].id;
	d->inputs = ids;
	d->input_count = count;
	if (!g->params->computable && rng_chance(g->rng, 10))
		d->dtype = (hidp_dtype)rng_between(g->rng, HIDP_DTYPE_FP32, HIDP_DTYPE_INT8);
	if (g->params->dag && rng_chance(g->rng, 3))
		d->flags |= HIDP_LAYER_OUTPUT;
	if (g->params->groups && d->op != HIDP_OP_INPUT && rng_chance(g->rng, 25))
		d->colocation = (uint32_t)rng_between(g->rng, 1, 3);
	if (g->params->one_group && d->op != HIDP_OP_INPUT)
		d->colocation = UINT32_MAX;
	if (g->params->buffers && d->op != HIDP_OP_INPUT && rng_chance(g->rng, 40))
		d->flags |= HIDP_LAYER_MEMORY_MEASURED;
	if (rng_chance(g->rng, 20))
		d->workspace_bytes = (double)rng_below(g->rng, 100000);
	g->tensors = realloc(g->tensors, (g->count + 1) * sizeof *g->tensors);
	g->tensors[g->count].shape = shape;
	support_must(hidp_model_builder_add(g->builder, d, &g->tensors[g->count].id, &diag), &diag,
	             "layer");
	if (d->op != HIDP_OP_INPUT && g->left > 0)
		g->left--;
	return g->count++;
}

static struct hidp_shape shape_of(const struct generator *g, uint32_t tensor)
{
	return g->tensors[tensor].shape;
}

static int64_t pick_channels(struct generator *g)
{
	return rng_between(g->rng, 1, g->params->channels_max);
}

/* A window over rows and columns that fits the input; `keep`: the size stays as it is. */
static void pick_window(struct generator *g, struct hidp_layer_desc *d, struct hidp_shape *shape,
                        bool keep)
{
	static const int64_t kernels[] = {1, 2, 3, 3, 5, 7}, odd[] = {1, 3, 3, 5};
	int64_t *size[2] = {&shape->rows, &shape->width};
	for (int i = 0; i < 2; i++) {
		d->kernel[i] = keep ? odd[rng_below(g->rng, 4)] : kernels[rng_below(g->rng, 6)];
		d->dilation[i] = rng_chance(g->rng, 15) ? 2 : 1;
		d->stride[i] = keep || rng_chance(g->rng, 60) ? 1 : rng_between(g->rng, 2, 3);
		int64_t extent = (d->kernel[i] - 1) * d->dilation[i] + 1;
		if (keep) {
			d->pad[i] = d->pad[i + 2] = (extent - 1) / 2;
		} else {
			d->pad[i] = rng_below(g->rng, (uint64_t)extent + 1) / 2;
			d->pad[i + 2] = rng_below(g->rng, (uint64_t)extent + 1) / 2;
		}
		if (extent > *size[i] + d->pad[i] + d->pad[i + 2]) {
			d->kernel[i] = d->dilation[i] = extent = 1;
			d->pad[i] = d->pad[i + 2] = 0;
		}
		*size[i] = (*size[i] + d->pad[i] + d->pad[i + 2] - extent) / d->stride[i] + 1;
	}
}

static uint32_t add_conv(struct generator *g, uint32_t in, bool keep, int64_t channels)
{
	struct hidp_layer_desc d = begin(HIDP_OP_CONV);
	struct hidp_shape s = shape_of(g, in);
	int64_t from = s.channels;
	pick_window(g, &d, &s, keep);
	d.groups = 1;
	if (channels == 0 && rng_chance(g->rng, 30)) { /* depthwise, with a multiplier at times */
		d.groups = from;
		channels = from * rng_between(g->rng, 1, from <= 8 ? 2 : 1);
	} else if (channels == 0 && from % 2 == 0 && rng_chance(g->rng, 15)) {
		d.groups = 2;
		channels = 2 * rng_between(g->rng, 1, g->params->channels_max / 2 + 1);
	} else if (channels == 0) {
		channels = pick_channels(g);
	}
	if (rng_chance(g->rng, 30))
		d.flags |= HIDP_LAYER_NO_BIAS;
	d.out_channels = s.channels = channels;
	return add(g, &d, &in, 1, s);
}

static uint32_t add_pool(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d =
	        begin(rng_chance(g->rng, 50) ? HIDP_OP_MAX_POOL : HIDP_OP_AVERAGE_POOL);
	struct hidp_shape s = shape_of(g, in);
	pick_window(g, &d, &s, false);
	return add(g, &d, &in, 1, s);
}

static uint32_t add_dense(struct generator *g, uint32_t in, int64_t channels)
{
	struct hidp_layer_desc d = begin(HIDP_OP_DENSE);
	struct hidp_shape s = shape_of(g, in);
	d.out_channels = s.channels = channels;
	return add(g, &d, &in, 1, s);
}

/* Functions without jumps, and after which numbers neither run away nor cease to be numbers. */
static bool is_tame(hidp_activation function)
{
	switch (function) {
	case HIDP_ACTIVATION_EXP:
	case HIDP_ACTIVATION_LOG:
	case HIDP_ACTIVATION_SQRT:
	case HIDP_ACTIVATION_POWER:
	case HIDP_ACTIVATION_RECIPROCAL:
	case HIDP_ACTIVATION_SIGN:
	case HIDP_ACTIVATION_FLOOR:
	case HIDP_ACTIVATION_CEIL:
	case HIDP_ACTIVATION_ROUND:
		return false;
	default:
		return true;
	}
}

static uint32_t add_activation(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_ACTIVATION);
	d.function = (uint32_t)rng_between(g->rng, HIDP_ACTIVATION_RELU, HIDP_ACTIVATION_SOFTSIGN);
	if (g->params->computable && !is_tame(d.function))
		d.function = HIDP_ACTIVATION_SOFTSIGN;
	if (g->params->computable && d.function == HIDP_ACTIVATION_CLIP) {
		d.alpha = -2;
		d.beta = 3;
	} else if (g->params->computable && (d.function == HIDP_ACTIVATION_LEAKY_RELU ||
	                                     d.function == HIDP_ACTIVATION_ELU ||
	                                     d.function == HIDP_ACTIVATION_LINEAR)) {
		d.alpha = 0.25;
	}
	return add(g, &d, &in, 1, shape_of(g, in));
}

static uint32_t add_plain(struct generator *g, uint32_t in, hidp_op op)
{
	struct hidp_layer_desc d = begin(op);
	struct hidp_shape s = shape_of(g, in);
	if (op == HIDP_OP_GLOBAL_POOL)
		s.rows = s.width = 1;
	if (op == HIDP_OP_FLATTEN)
		s = (struct hidp_shape){s.batch, s.channels * s.rows * s.width, 1, 1};
	return add(g, &d, &in, 1, s);
}

static uint32_t add_binary(struct generator *g, uint32_t a, uint32_t b, uint32_t function)
{
	struct hidp_layer_desc d = begin(HIDP_OP_BINARY);
	uint32_t inputs[2] = {a, b};
	d.function = function;
	return add(g, &d, inputs, 2, shape_of(g, a));
}

static uint32_t add_constant(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_BINARY);
	d.function = (uint32_t)rng_between(g->rng, HIDP_BINARY_ADD, HIDP_BINARY_POW);
	if (g->params->computable && d.function == HIDP_BINARY_POW)
		d.function = HIDP_BINARY_ADD; /* of a negative number */
	if (g->params->computable && d.function == HIDP_BINARY_DIV)
		d.function = HIDP_BINARY_MUL; /* by almost nothing: numbers would run away */
	d.shape = (struct hidp_shape){1, shape_of(g, in).channels, 1, 1};
	return add(g, &d, &in, 1, shape_of(g, in));
}

/* A layer whose figures and row rule the host states. */
static uint32_t add_custom(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_CUSTOM);
	struct hidp_shape s = shape_of(g, in);
	struct hidp_row_rule rule = {rng_between(g->rng, 0, 3), rng_between(g->rng, 1, 3),
	                             rng_between(g->rng, -3, 3), rng_between(g->rng, 1, 6)};
	s.rows = rng_between(g->rng, 1, 2 * s.rows);
	s.channels = 2 * rng_between(g->rng, 1, g->params->channels_max);
	d.shape = s;
	d.row_rules = &rule;
	d.op_class = (hidp_op_class)rng_below(g->rng, HIDP_CLASS_COUNT);
	d.flops = (double)rng_below(g->rng, 1000000);
	d.weight_bytes = (double)rng_below(g->rng, 100000);
	d.channel_grain = rng_between(g->rng, 0, 2);
	if (rng_chance(g->rng, 50))
		d.flags |= HIDP_LAYER_OWN_CHANNELS;
	return add(g, &d, &in, 1, s);
}

/*
 * A layer that needs nothing of what it reads, or nothing for its first rows or its last, or that
 * reads nothing at all. What comes before it may be needed by nobody, and is then made all the same.
 */
static uint32_t add_needless(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_CUSTOM);
	struct hidp_shape s = shape_of(g, in);
	struct hidp_row_rule rule = {1, 1, 0, 1};
	int64_t rows = s.rows, away = rng_chance(g->rng, 60) ? 0 : rng_below(g->rng, (uint64_t)rows);
	s.rows = rng_between(g->rng, 1, rows + 1);
	/* beyond the last row, or before the first, but for as many rows as are not `away` */
	rule.pad = rng_chance(g->rng, 50) ? away - rows : s.rows - away;
	d.shape = s;
	d.row_rules = &rule;
	d.op_class = (hidp_op_class)rng_below(g->rng, HIDP_CLASS_COUNT);
	d.flops = (double)rng_below(g->rng, 1000000);
	d.weight_bytes = (double)rng_below(g->rng, 100000);
	return add(g, &d, &in, rng_chance(g->rng, 85), s);
}

static uint32_t add_resize(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_RESIZE);
	struct hidp_shape s = shape_of(g, in);
	d.shape.rows = s.rows = rng_between(g->rng, 1, 2 * s.rows);
	d.shape.width = s.width = rng_between(g->rng, 1, 2 * s.width);
	d.function = (uint32_t)rng_between(g->rng, HIDP_RESIZE_NEAREST,
	                                  HIDP_RESIZE_BILINEAR_CORNERS);
	return add(g, &d, &in, 1, s);
}

static uint32_t add_slice(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_SLICE);
	struct hidp_shape s = shape_of(g, in);
	int64_t *n = rng_chance(g->rng, 50) ? &s.rows : &s.channels;
	d.axis = n == &s.rows ? HIDP_AXIS_ROWS : HIDP_AXIS_CHANNELS;
	d.begin = rng_between(g->rng, 0, *n - 1);
	d.end = rng_between(g->rng, d.begin + 1, *n);
	*n = d.end - d.begin;
	return add(g, &d, &in, 1, s);
}

static uint32_t add_pad(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_PAD);
	struct hidp_shape s = shape_of(g, in);
	for (int i = 0; i < 4; i++)
		d.pad[i] = rng_between(g->rng, 0, 3);
	s.rows += d.pad[0] + d.pad[2];
	s.width += d.pad[1] + d.pad[3];
	return add(g, &d, &in, 1, s);
}

/* The same elements with the columns on the rows, or all of it anew. */
static uint32_t add_reshape(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_RESHAPE);
	struct hidp_shape s = shape_of(g, in);
	if (rng_chance(g->rng, 40)) { /* another cut of the same rows, channels last */
		d.flags = HIDP_LAYER_CHANNELS_LAST;
		const int64_t both = s.rows * s.width;
		int64_t rows = rng_between(g->rng, 1, both);
		while (both % rows != 0)
			rows--;
		s = (struct hidp_shape){s.batch, both / rows, rows, s.channels};
	} else if (rng_chance(g->rng, 70)) {
		s = (struct hidp_shape){s.batch, s.channels, s.rows * s.width, 1};
	} else {
		s = (struct hidp_shape){s.batch, s.width, s.rows, s.channels};
	}
	d.shape = s;
	return add(g, &d, &in, 1, s);
}

static uint32_t add_transpose(struct generator *g, uint32_t in)
{
	static const uint32_t perms[3][3] = {{3, 2, 1}, {2, 1, 3}, {1, 3, 2}};
	struct hidp_layer_desc d = begin(HIDP_OP_TRANSPOSE);
	struct hidp_shape s = shape_of(g, in);
	const int64_t dims[4] = {s.batch, s.channels, s.rows, s.width};
	const uint32_t *perm = perms[rng_below(g->rng, 3)];
	memcpy(d.perm, perm, sizeof d.perm);
	s = (struct hidp_shape){s.batch, dims[perm[0]], dims[perm[1]], dims[perm[2]]};
	return add(g, &d, &in, 1, s);
}

/* What is added to the scores of self-attention. */
static uint32_t add_mask(struct generator *g, uint32_t in, int64_t heads)
{
	struct hidp_layer_desc d = begin(HIDP_OP_INPUT);
	const int64_t rows = shape_of(g, in).rows;
	if (!g->params->dag || rng_chance(g->rng, 50))
		return add_dense(g, in, rows);
	d.shape = (struct hidp_shape){1, rows, rng_chance(g->rng, 50) ? 1 : rows,
	                              rng_chance(g->rng, 50) ? 1 : heads};
	return add(g, &d, NULL, 0, d.shape);
}

/* Self-attention over the rows; the width must be 1. */
static uint32_t add_attention(struct generator *g, uint32_t in)
{
	int64_t heads = rng_between(g->rng, 1, 3);
	struct hidp_shape s = shape_of(g, in);
	struct hidp_layer_desc d = begin(HIDP_OP_ATTENTION);
	s.channels = heads * rng_between(g->rng, 1, 4);
	d.heads = (uint32_t)heads;
	if (rng_chance(g->rng, 50)) {
		uint32_t qkv = add_dense(g, in, 3 * s.channels);
		return add(g, &d, &qkv, 1, s);
	}
	uint32_t parts[4];
	for (int i = 0; i < 3; i++)
		parts[i] = add_dense(g, in, s.channels);
	if (rng_chance(g->rng, 50))
		return add(g, &d, parts, 3, s);
	d.alpha = rng_real(g->rng);
	parts[3] = add_mask(g, in, heads);
	return add(g, &d, parts, 4, s);
}

static uint32_t add_matmul(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_MATMUL);
	struct hidp_shape s = shape_of(g, in);
	uint32_t other = add_dense(g, in, s.channels), inputs[2] = {in, other};
	d.flags = HIDP_LAYER_TRANSPOSE_B;
	s.channels = s.rows;
	return add(g, &d, inputs, 2, s);
}

/* A table, of which some entries are looked up. */
static uint32_t add_embedding(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_EMBEDDING);
	struct hidp_shape s = shape_of(g, in);
	uint32_t numbers = add_dense(g, in, 1);
	d.out_channels = s.channels = pick_channels(g);
	d.end = rng_between(g->rng, 1, 1000);
	return add(g, &d, &numbers, 1, s);
}

/* One layer that follows a tensor. */
static uint32_t add_odd(struct generator *g, uint32_t in)
{
	bool narrow = shape_of(g, in).width == 1;
	switch (rng_below(g->rng, 11)) {
	case 0:
		return add_plain(g, in, HIDP_OP_LAYER_NORM);
	case 1:
		return add_plain(g, in, HIDP_OP_SOFTMAX);
	case 2:
		return add_pad(g, in);
	case 3:
		return add_resize(g, in);
	case 4:
		return add_slice(g, in);
	case 5:
		return add_reshape(g, in);
	case 6:
		return add_transpose(g, in);
	case 7:
		return narrow ? add_attention(g, in) : add_pool(g, in);
	case 8:
		return narrow ? add_matmul(g, in) : add_constant(g, in);
	case 9:
		return g->params->computable ? add_plain(g, in, HIDP_OP_SOFTMAX)
		                             : add_embedding(g, in);
	default:
		return g->params->computable ? add_plain(g, in, HIDP_OP_LAYER_NORM)
		                             : add_custom(g, in);
	}
}

static uint32_t add_any(struct generator *g, uint32_t in)
{
	/* sizes must not run away */
	struct hidp_shape s = shape_of(g, in);
	if (s.rows > 3 * g->params->rows_max || s.width > 3 * g->params->rows_max)
		return add_pool(g, in);
	if (s.channels > 8 * g->params->channels_max)
		return add_dense(g, in, pick_channels(g));
	if (g->params->odd_layers && rng_chance(g->rng, 25))
		return add_odd(g, in);
	switch (rng_below(g->rng, 10)) {
	case 0:
	case 1:
		return add_activation(g, in);
	case 2:
		return add_plain(g, in, HIDP_OP_BATCH_NORM);
	case 3:
		return add_pool(g, in);
	case 4:
		return add_dense(g, in, pick_channels(g));
	case 5:
		return add_constant(g, in);
	default:
		return add_conv(g, in, rng_chance(g->rng, 50), 0);
	}
}

/* A few layers, none of which changes rows and columns. */
static uint32_t add_branch(struct generator *g, uint32_t in, int64_t channels)
{
	uint32_t at = in;
	for (uint64_t n = rng_below(g->rng, 3); n > 0; n--)
		at = rng_chance(g->rng, 70) ? add_conv(g, at, true, pick_channels(g))
		                            : add_activation(g, at);
	if (channels == 0)
		channels = pick_channels(g);
	return add_conv(g, at, true, channels);
}

static uint32_t add_residual(struct generator *g, uint32_t in)
{
	uint32_t other = add_branch(g, in, shape_of(g, in).channels);
	return add_binary(g, other, in, HIDP_BINARY_ADD);
}

static uint32_t add_inception(struct generator *g, uint32_t in)
{
	struct hidp_layer_desc d = begin(HIDP_OP_CONCAT);
	struct hidp_shape s = shape_of(g, in);
	uint32_t count = (uint32_t)rng_between(g->rng, 2, 4), parts[4];
	bool rows = rng_chance(g->rng, 15);
	d.axis = rows ? HIDP_AXIS_ROWS : HIDP_AXIS_CHANNELS;
	int64_t channels = rows ? pick_channels(g) : 0, total = 0;
	for (uint32_t i = 0; i < count; i++) {
		parts[i] = i == 0 && !rows && rng_chance(g->rng, 20) ? in
		                                                     : add_branch(g, in, channels);
		total += shape_of(g, parts[i]).channels;
	}
	s.channels = rows ? channels : total;
	if (rows)
		s.rows *= count;
	return add(g, &d, parts, count, s);
}

/* Squeeze and excite: channels weighed by what is in them. */
static uint32_t add_excite(struct generator *g, uint32_t in)
{
	int64_t channels = shape_of(g, in).channels;
	uint32_t at = add_plain(g, in, HIDP_OP_GLOBAL_POOL);
	at = add_dense(g, at, pick_channels(g));
	at = add_activation(g, at);
	at = add_dense(g, at, channels);
	at = add_activation(g, at);
	return add_binary(g, in, at, HIDP_BINARY_MUL);
}

/* Adds to a tensor an earlier one of the same shape, where there is one. */
static uint32_t add_skip(struct generator *g, uint32_t in)
{
	struct hidp_shape s = shape_of(g, in);
	for (int tries = 0; tries < 8; tries++) {
		uint32_t t = (uint32_t)rng_below(g->rng, g->count);
		if (t != in && memcmp(&g->tensors[t].shape, &s, sizeof s) == 0)
			return add_binary(g, in, t, HIDP_BINARY_ADD);
	}
	return add_any(g, in);
}

static uint32_t add_block(struct generator *g, uint32_t in)
{
	if (g->params->needless && rng_chance(g->rng, 30))
		return add_needless(g, in);
	if (!g->params->dag)
		return add_any(g, in);
	switch (rng_below(g->rng, 12)) {
	case 0:
	case 1:
		return add_residual(g, in);
	case 2:
	case 3:
	case 4:
	case 5:
		return add_inception(g, in);
	case 6:
		return add_excite(g, in);
	case 7:
		return add_skip(g, in);
	default:
		return add_any(g, in);
	}
}

static uint32_t add_input(struct generator *g, int64_t batch)
{
	struct hidp_layer_desc d = begin(HIDP_OP_INPUT);
	d.shape = (struct hidp_shape){
	        batch, rng_between(g->rng, 1, g->params->channels_max),
	        rng_between(g->rng, g->params->rows_min, g->params->rows_max),
	        rng_chance(g->rng, 25) ? 1 : rng_between(g->rng, 1, g->params->rows_max)};
	return add(g, &d, NULL, 0, d.shape);
}

struct hidp_model *random_model(struct hidp_context *context, const struct random_params *params,
                                struct rng *rng)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct generator g = {.params = params, .rng = rng};
	struct hidp_model *model = NULL;
	options.flags = rng_chance(rng, 50) ? HIDP_MODEL_KEEP_UNFUSED : 0;
	options.dtype = params->computable ? HIDP_DTYPE_FP32 : (hidp_dtype)rng_below(rng, 5);
	support_must(hidp_model_builder_new(context, &options, &g.builder), NULL, "model builder");
	g.left = (uint32_t)rng_between(rng, params->layers_min, params->layers_max);
	bool tail = rng_chance(rng, 40);
	int64_t batch = rng_chance(rng, 15) ? 2 : 1;
	uint32_t at = add_input(&g, batch);
	while (g.left > (tail ? 2u : 0u)) {
		at = add_block(&g, at);
		/* some side lines come to an end of their own, or begin at an input of their own */
		if (params->dag && g.left > 2 && rng_chance(rng, 6))
			add_any(&g, (uint32_t)rng_below(rng, g.count));
		if (params->dag && g.left > 3 && rng_chance(rng, 3))
			add_any(&g, add_input(&g, batch));
	}
	if (g.left > 0)
		at = add_plain(&g, at, rng_chance(rng, 70) ? HIDP_OP_GLOBAL_POOL : HIDP_OP_FLATTEN);
	while (g.left > 0)
		at = add_dense(&g, at, pick_channels(&g));
	support_must(hidp_model_builder_seal(g.builder, &model, &diag), &diag, "model");
	hidp_model_builder_destroy(g.builder);
	free(g.tensors);
	return model;
}
