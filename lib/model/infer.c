/* SPDX-License-Identifier: MIT */
/* What follows from a layer's description and its inputs: shape, FLOPs, weights, row rules. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/diagnostic.h"
#include "model/model_priv.h"

/* Everything counted must be exact in a double, and products of two counts in an int64_t. */
#define ELEMENTS_MAX ((int64_t)1 << 53)
#define DIMENSION_MAX ((int64_t)1 << 31)

struct inference {
	const struct hidp_layer_desc *desc;
	const struct hidp_shape *in; /* [input_count] */
	struct hidp__figures *out;
	struct hidp_row_rule *rules;
	struct hidp_diagnostic *diagnostic;
};

#define FAIL(inf, ...)                                                                             \
	hidp__fail((inf)->diagnostic, HIDP_ERR_MODEL, (inf)->desc->name, __VA_ARGS__)

static const struct hidp_row_rule same_rows = {1, 1, 0, 1};

static struct hidp_row_rule all_rows(int64_t rows)
{
	return (struct hidp_row_rule){0, 1, 0, rows};
}

static bool count_elements(const struct hidp_shape *s, int64_t *out)
{
	const int64_t dims[4] = {s->batch, s->channels, s->rows, s->width};
	int64_t n = 1;
	for (int i = 0; i < 4; i++) {
		if (dims[i] < 1 || dims[i] > DIMENSION_MAX || !hidp__mul(n, dims[i], &n) ||
		    n > ELEMENTS_MAX)
			return false;
	}
	*out = n;
	return true;
}

static int64_t *dimension(struct hidp_shape *s, hidp_axis axis)
{
	switch (axis) {
	case HIDP_AXIS_BATCH:
		return &s->batch;
	case HIDP_AXIS_CHANNELS:
		return &s->channels;
	case HIDP_AXIS_ROWS:
		return &s->rows;
	default:
		return &s->width;
	}
}

static hidp_status wants_inputs(const struct inference *inf, uint32_t count)
{
	if (inf->desc->input_count != count)
		return FAIL(inf, "has %u inputs, its op takes %u", inf->desc->input_count, count);
	return HIDP_OK;
}

/* Output size of a window along one axis. */
static hidp_status window(const struct inference *inf, int axis, int64_t in, int64_t *out)
{
	const struct hidp_layer_desc *d = inf->desc;
	const char *what = axis == 0 ? "rows" : "columns";
	int64_t extent = (d->kernel[axis] - 1) * d->dilation[axis] + 1;
	int64_t padded = in + d->pad[axis] + d->pad[axis + 2];
	if (extent > padded)
		return FAIL(inf,
		            "kernel of %lld %s (dilated) is larger than the padded input of %lld",
		            (long long)extent, what, (long long)padded);
	int64_t n = (padded - extent) / d->stride[axis] + 1;
	if ((d->flags & HIDP_LAYER_CEIL_MODE) && (padded - extent) % d->stride[axis] != 0 &&
	    n * d->stride[axis] < in + d->pad[axis])
		n++; /* one more window, if it begins inside the input */
	*out = n;
	return HIDP_OK;
}

static struct hidp_row_rule window_rule(const struct hidp_layer_desc *d)
{
	return (struct hidp_row_rule){d->stride[0], 1, d->pad[0],
	                              (d->kernel[0] - 1) * d->dilation[0] + 1};
}

static hidp_status infer_conv(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	const struct hidp_shape *in = &inf->in[0];
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	if (in->channels % d->groups != 0 || d->out_channels % d->groups != 0)
		return FAIL(inf, "%lld groups do not divide %lld input and %lld output channels",
		            (long long)d->groups, (long long)in->channels,
		            (long long)d->out_channels);
	f->shape = (struct hidp_shape){in->batch, d->out_channels, 0, 0};
	if ((s = window(inf, 0, in->rows, &f->shape.rows)) != HIDP_OK ||
	    (s = window(inf, 1, in->width, &f->shape.width)) != HIDP_OK)
		return s;
	inf->rules[0] = window_rule(d);

	int64_t weights = in->channels / d->groups;
	bool fits = hidp__mul(weights, d->kernel[0], &weights) &&
	            hidp__mul(weights, d->kernel[1], &weights) && weights <= ELEMENTS_MAX;
	double macs_per_output = (double)weights;
	fits = fits && hidp__mul(weights, d->out_channels, &weights);
	if (!(d->flags & HIDP_LAYER_NO_BIAS))
		fits = fits && hidp__add(weights, d->out_channels, &weights);
	if (!fits || weights > ELEMENTS_MAX)
		return FAIL(inf, "has too many weights");
	f->weight_elements = weights;
	f->flops = 2 * macs_per_output * (double)f->shape.batch * (double)f->shape.channels *
	           (double)f->shape.rows * (double)f->shape.width;

	bool dense = d->groups == 1;
	if (!dense && d->groups == in->channels)
		f->op_class = HIDP_CLASS_DEPTHWISE;
	else if (dense && d->kernel[0] == 3 && d->kernel[1] == 3 && d->stride[0] == 1 &&
	         d->stride[1] == 1 && d->dilation[0] == 1 && d->dilation[1] == 1)
		f->op_class = HIDP_CLASS_CONV3X3;
	else
		f->op_class = HIDP_CLASS_CONV;
	f->own_channels = !dense;
	f->channel_grain = dense ? 1 : d->out_channels / d->groups;
	return HIDP_OK;
}

static hidp_status infer_dense(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	f->shape = inf->in[0];
	f->shape.channels = d->out_channels;
	inf->rules[0] = same_rows;
	int64_t weights;
	bool fits = hidp__mul(inf->in[0].channels, d->out_channels, &weights);
	if (!(d->flags & HIDP_LAYER_NO_BIAS))
		fits = fits && hidp__add(weights, d->out_channels, &weights);
	if (!fits || weights > ELEMENTS_MAX)
		return FAIL(inf, "has too many weights");
	double positions =
	        (double)f->shape.batch * (double)f->shape.rows * (double)f->shape.width;
	f->weight_elements = weights;
	f->flops = 2 * positions * (double)inf->in[0].channels * (double)d->out_channels;
	f->op_class =
	        f->shape.rows * f->shape.width == 1 ? HIDP_CLASS_DENSE : HIDP_CLASS_GEMM;
	f->channel_grain = 1;
	return HIDP_OK;
}

static hidp_status infer_embedding(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	if (inf->in[0].channels != 1)
		return FAIL(inf, "%lld channels of its input cannot be numbers of entries",
		            (long long)inf->in[0].channels);
	f->shape = inf->in[0];
	f->shape.channels = d->out_channels;
	inf->rules[0] = same_rows;
	if (!hidp__mul(d->end, d->out_channels, &f->weight_elements) ||
	    f->weight_elements > ELEMENTS_MAX)
		return FAIL(inf, "has too many weights");
	return HIDP_OK;
}

static hidp_status infer_matmul(struct inference *inf)
{
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 2);
	if (s != HIDP_OK)
		return s;
	const struct hidp_shape *a = &inf->in[0], *b = &inf->in[1];
	bool transposed = (inf->desc->flags & HIDP_LAYER_TRANSPOSE_B) != 0;
	int64_t inner = transposed ? b->channels : b->rows;
	if (a->width != 1 || b->width != 1)
		return FAIL(inf, "operands of a matrix product must have width 1");
	if (a->batch != b->batch || a->channels != inner)
		return FAIL(inf,
		            "operands do not match: %lld channels of the first against %lld %s",
		            (long long)a->channels, (long long)inner,
		            transposed ? "channels of the second" : "rows of the second");
	f->shape = *a;
	f->shape.channels = transposed ? b->rows : b->channels;
	inf->rules[0] = same_rows;
	inf->rules[1] = all_rows(b->rows);
	f->flops = 2 * (double)a->batch * (double)a->rows * (double)a->channels *
	           (double)f->shape.channels;
	f->op_class = HIDP_CLASS_GEMM;
	f->channel_grain = 1;
	return HIDP_OK;
}

static hidp_status infer_pool(struct inference *inf)
{
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	f->shape = inf->in[0];
	if ((s = window(inf, 0, inf->in[0].rows, &f->shape.rows)) != HIDP_OK ||
	    (s = window(inf, 1, inf->in[0].width, &f->shape.width)) != HIDP_OK)
		return s;
	inf->rules[0] = window_rule(inf->desc);
	return HIDP_OK;
}

static hidp_status infer_binary(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	struct hidp__figures *f = inf->out;
	struct hidp_shape a, b;
	if (d->input_count == 1) { /* the second operand is a constant */
		int64_t elements;
		a = inf->in[0];
		b = d->shape;
		if (!count_elements(&b, &elements))
			return FAIL(inf, "its constant needs a shape");
		f->weight_elements = elements;
	} else {
		hidp_status s = wants_inputs(inf, 2);
		if (s != HIDP_OK)
			return s;
		a = inf->in[0];
		b = inf->in[1];
	}
	f->shape = a;
	for (hidp_axis axis = HIDP_AXIS_BATCH; axis <= HIDP_AXIS_WIDTH; axis++) {
		int64_t x = *dimension(&a, axis), y = *dimension(&b, axis);
		if (x != y && x != 1 && y != 1)
			return FAIL(inf, "operands do not match: %lld against %lld on axis %u",
			            (long long)x, (long long)y, axis);
		*dimension(&f->shape, axis) = x > y ? x : y;
	}
	for (uint32_t i = 0; i < d->input_count; i++)
		inf->rules[i] = inf->in[i].rows == f->shape.rows ? same_rows
		                                                 : all_rows(inf->in[i].rows);
	return HIDP_OK;
}

static hidp_status infer_concat(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	struct hidp__figures *f = inf->out;
	if (d->input_count < 1)
		return FAIL(inf, "has no inputs");
	f->shape = inf->in[0];
	int64_t total = 0;
	for (uint32_t i = 0; i < d->input_count; i++) {
		struct hidp_shape in = inf->in[i];
		inf->rules[i] = same_rows;
		if (d->axis == HIDP_AXIS_ROWS)
			inf->rules[i].pad = total;
		total += *dimension(&in, d->axis); /* each at most 2^31, 1024 of them */
		*dimension(&in, d->axis) = *dimension(&f->shape, d->axis);
		if (memcmp(&in, &f->shape, sizeof in) != 0)
			return FAIL(inf, "input %u does not match the first beside axis %u", i,
			            d->axis);
	}
	*dimension(&f->shape, d->axis) = total;
	if (d->axis == HIDP_AXIS_CHANNELS) {
		f->channel_grain = 0;
		f->own_channels = false;
	}
	return HIDP_OK;
}

static hidp_status infer_slice(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	f->shape = inf->in[0];
	int64_t *n = dimension(&f->shape, d->axis);
	if (d->begin < 0 || d->end <= d->begin || d->end > *n)
		return FAIL(inf, "range %lld to %lld is not within the %lld of the input",
		            (long long)d->begin, (long long)d->end, (long long)*n);
	*n = d->end - d->begin;
	inf->rules[0] = same_rows;
	if (d->axis == HIDP_AXIS_ROWS)
		inf->rules[0].pad = -d->begin;
	if (d->axis == HIDP_AXIS_CHANNELS) {
		f->channel_grain = 0;
		f->own_channels = false;
	}
	return HIDP_OK;
}

static hidp_status infer_pad(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	inf->out->shape = inf->in[0];
	inf->out->shape.rows += d->pad[0] + d->pad[2];
	inf->out->shape.width += d->pad[1] + d->pad[3];
	inf->rules[0] = (struct hidp_row_rule){1, 1, d->pad[0], 1};
	return HIDP_OK;
}

static struct hidp_row_rule resize_rule(hidp_resize function, int64_t in, int64_t out)
{
	switch (function) {
	/* source of output row o: (2 o + 1) in / (2 out), half a row before it and the next */
	case HIDP_RESIZE_NEAREST:
		return (struct hidp_row_rule){2 * in, 2 * out, -in, 1};
	case HIDP_RESIZE_BILINEAR:
		return (struct hidp_row_rule){2 * in, 2 * out, out - in, 2 * out + 1};
	case HIDP_RESIZE_NEAREST_FLOOR:
		return (struct hidp_row_rule){in, out, 0, 1};
	default: /* HIDP_RESIZE_BILINEAR_CORNERS: o (in - 1) / (out - 1), rounded down and up */
		if (out == 1)
			return (struct hidp_row_rule){0, 1, 0, 1};
		return (struct hidp_row_rule){in - 1, out - 1, 0, out - 1};
	}
}

static hidp_status infer_resize(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	int64_t in = inf->in[0].rows, out = d->shape.rows;
	inf->out->shape = inf->in[0];
	inf->out->shape.rows = out;
	inf->out->shape.width = d->shape.width;
	if (out < 1 || out > DIMENSION_MAX / 4 || d->shape.width < 1 || in > DIMENSION_MAX / 4)
		return FAIL(inf, "has no sensible size to resize to");
	inf->rules[0] = resize_rule(d->function, in, out);
	return HIDP_OK;
}

/* Added to the scores of q against k: of the keys alone, by rows, or with sizes of 1 broadcast. */
static hidp_status infer_mask(struct inference *inf, const struct hidp_shape *q,
                              const struct hidp_shape *k)
{
	const struct hidp_shape *m = &inf->in[3];
	if ((m->batch == 1 || m->batch == q->batch) && m->rows == k->rows && m->channels == 1 &&
	    m->width == 1) {
		inf->rules[3] = all_rows(m->rows);
		return HIDP_OK;
	}
	if ((m->batch != 1 && m->batch != q->batch) || (m->rows != 1 && m->rows != q->rows) ||
	    m->channels != k->rows || (m->width != 1 && m->width != inf->desc->heads))
		return FAIL(inf,
		            "its mask of %lld x %lld x %lld x %lld does not match Q, K and heads",
		            (long long)m->batch, (long long)m->channels, (long long)m->rows,
		            (long long)m->width);
	inf->rules[3] = m->rows == q->rows ? same_rows : all_rows(m->rows);
	return HIDP_OK;
}

static hidp_status infer_attention(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	struct hidp__figures *f = inf->out;
	struct hidp_shape q, k, v;
	if (d->input_count == 1) {
		if (inf->in[0].channels % 3 != 0)
			return FAIL(inf, "%lld channels do not hold Q, K and V side by side",
			            (long long)inf->in[0].channels);
		q = inf->in[0];
		q.channels /= 3;
		k = v = q;
		inf->rules[0] = all_rows(q.rows);
	} else {
		if (d->input_count != 3 && d->input_count != 4)
			return FAIL(inf, "has %u inputs, its op takes 1, 3 or 4", d->input_count);
		q = inf->in[0];
		k = inf->in[1];
		v = inf->in[2];
		inf->rules[0] = same_rows;
		inf->rules[1] = all_rows(k.rows);
		inf->rules[2] = all_rows(v.rows);
	}
	if (q.width != 1 || k.width != 1 || v.width != 1)
		return FAIL(inf, "operands of attention must have width 1");
	if (q.batch != k.batch || k.batch != v.batch || q.channels != k.channels ||
	    k.rows != v.rows)
		return FAIL(inf, "Q, K and V do not match");
	if (q.channels % d->heads != 0 || v.channels % d->heads != 0)
		return FAIL(inf, "%u heads do not divide %lld channels", d->heads,
		            (long long)q.channels);
	if (d->input_count == 4) {
		hidp_status s = infer_mask(inf, &q, &k);
		if (s != HIDP_OK)
			return s;
	}
	f->shape = q;
	f->shape.channels = v.channels;
	f->flops = 2 * (double)q.batch * (double)q.rows * (double)k.rows *
	           ((double)q.channels + (double)v.channels);
	f->op_class = HIDP_CLASS_GEMM;
	f->channel_grain = v.channels / d->heads;
	f->own_channels = true;
	return HIDP_OK;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Output row o holds the elements o * row to (o + 1) * row of its image, with the channels last. */
static struct hidp_row_rule elements_rule(const struct hidp_shape *in, const struct hidp_shape *out)
{
	int64_t from = in->width * in->channels, row = out->width * out->channels;
	int64_t common = common_divisor(from, row);
	return (struct hidp_row_rule){row / common, from / common, 0, row / common};
}

static hidp_status infer_reshape(struct inference *inf)
{
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	const struct hidp_shape *in = &inf->in[0];
	f->shape = inf->desc->shape;
	int64_t before, after;
	if (!count_elements(in, &before) || !count_elements(&f->shape, &after) || before != after)
		return FAIL(inf, "does not keep the number of elements");
	/* With the channels kept, positions keep their order in whichever order elements count:
	 * then too, only rows are cut anew. */
	bool kept = in->channels == f->shape.channels;
	bool last = (inf->desc->flags & HIDP_LAYER_CHANNELS_LAST) != 0;
	if (in->batch == f->shape.batch && (kept || last)) {
		inf->rules[0] = elements_rule(in, &f->shape);
		f->op_class = HIDP_CLASS_NONE;
		f->own_channels = kept;
	} else {
		inf->rules[0] = all_rows(in->rows);
		f->own_channels = false;
	}
	f->channel_grain = 0;
	return HIDP_OK;
}

static hidp_status infer_flatten(struct inference *inf)
{
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	const struct hidp_shape *in = &inf->in[0];
	f->shape = (struct hidp_shape){in->batch, in->channels * in->rows * in->width, 1, 1};
	inf->rules[0] = all_rows(in->rows);
	f->op_class = HIDP_CLASS_NONE;
	f->channel_grain = 0;
	f->own_channels = false;
	return HIDP_OK;
}

static hidp_status infer_transpose(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	struct hidp__figures *f = inf->out;
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	unsigned seen = 0;
	f->shape = inf->in[0];
	for (int i = 0; i < 3; i++) {
		struct hidp_shape in = inf->in[0];
		if (d->perm[i] < HIDP_AXIS_CHANNELS || d->perm[i] > HIDP_AXIS_WIDTH)
			return FAIL(inf, "permutation names axis %u", d->perm[i]);
		seen |= 1u << d->perm[i];
		*dimension(&f->shape, HIDP_AXIS_CHANNELS + (hidp_axis)i) =
		        *dimension(&in, d->perm[i]);
	}
	if (seen != 0xe)
		return FAIL(inf, "permutation names an axis twice");
	bool keeps_rows = d->perm[1] == HIDP_AXIS_ROWS;
	inf->rules[0] = keeps_rows ? same_rows : all_rows(inf->in[0].rows);
	f->own_channels = d->perm[0] == HIDP_AXIS_CHANNELS;
	f->channel_grain = f->own_channels ? 1 : 0;
	return HIDP_OK;
}

static hidp_status infer_custom(struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	struct hidp__figures *f = inf->out;
	f->shape = d->shape;
	f->flops = d->flops;
	f->op_class = d->op_class;
	f->channel_grain = d->channel_grain;
	f->own_channels = (d->flags & HIDP_LAYER_OWN_CHANNELS) != 0;
	if (d->channel_grain > 0 && d->shape.channels % d->channel_grain != 0)
		return FAIL(inf, "channel grain %lld does not divide %lld channels",
		            (long long)d->channel_grain, (long long)d->shape.channels);
	for (uint32_t i = 0; i < d->input_count; i++)
		inf->rules[i] = d->row_rules[i];
	return HIDP_OK;
}

static hidp_status infer_op(struct inference *inf)
{
	struct hidp__figures *f = inf->out;
	/* what holds for elementwise layers; the others say otherwise */
	f->op_class = HIDP_CLASS_ELEMENTWISE;
	f->own_channels = true;
	f->channel_grain = 1;
	switch (inf->desc->op) {
	case HIDP_OP_INPUT:
		f->shape = inf->desc->shape;
		f->op_class = HIDP_CLASS_NONE;
		f->channel_grain = 0;
		return wants_inputs(inf, 0);
	case HIDP_OP_CONV:
		return infer_conv(inf);
	case HIDP_OP_DENSE:
		f->own_channels = false;
		return infer_dense(inf);
	case HIDP_OP_EMBEDDING:
		f->own_channels = false;
		return infer_embedding(inf);
	case HIDP_OP_MATMUL:
		f->own_channels = false;
		return infer_matmul(inf);
	case HIDP_OP_MAX_POOL:
	case HIDP_OP_AVERAGE_POOL:
		return infer_pool(inf);
	case HIDP_OP_BINARY:
		return infer_binary(inf);
	case HIDP_OP_CONCAT:
		return infer_concat(inf);
	case HIDP_OP_SLICE:
		return infer_slice(inf);
	case HIDP_OP_PAD:
		return infer_pad(inf);
	case HIDP_OP_RESIZE:
		return infer_resize(inf);
	case HIDP_OP_ATTENTION:
		return infer_attention(inf);
	case HIDP_OP_RESHAPE:
		return infer_reshape(inf);
	case HIDP_OP_FLATTEN:
		return infer_flatten(inf);
	case HIDP_OP_TRANSPOSE:
		return infer_transpose(inf);
	case HIDP_OP_CUSTOM:
		return infer_custom(inf);
	default:
		break;
	}
	/* one input, whose shape is kept or pooled away */
	hidp_status s = wants_inputs(inf, 1);
	if (s != HIDP_OK)
		return s;
	f->shape = inf->in[0];
	inf->rules[0] = same_rows;
	switch (inf->desc->op) {
	case HIDP_OP_GLOBAL_POOL:
		f->shape.rows = f->shape.width = 1;
		inf->rules[0] = all_rows(inf->in[0].rows);
		break;
	case HIDP_OP_BATCH_NORM:
		f->weight_elements = 2 * f->shape.channels;
		break;
	case HIDP_OP_LAYER_NORM:
		f->weight_elements = 2 * f->shape.channels;
		f->channel_grain = 0;
		f->own_channels = false;
		break;
	case HIDP_OP_SOFTMAX:
		f->channel_grain = 0;
		f->own_channels = false;
		break;
	default: /* HIDP_OP_ACTIVATION */
		break;
	}
	return HIDP_OK;
}

static bool same_rule(const struct hidp_row_rule *a, const struct hidp_row_rule *b)
{
	return a->stride == b->stride && a->divisor == b->divisor && a->pad == b->pad &&
	       a->extent == b->extent;
}

static bool close_to(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fabs(b);
}

/* Figures that the host states although they can be derived must be the derived ones. */
static hidp_status check_stated(const struct inference *inf)
{
	const struct hidp_layer_desc *d = inf->desc;
	const struct hidp__figures *f = inf->out;
	double weight_bytes = (double)f->weight_elements * (double)hidp__dtype_bytes(d->dtype);
	if (d->op == HIDP_OP_CUSTOM)
		return HIDP_OK;
	if (d->flops != 0 && !close_to(d->flops, f->flops))
		return FAIL(inf, "states %.17g FLOPs, derived are %.17g", d->flops, f->flops);
	if (d->weight_bytes != 0 && !close_to(d->weight_bytes, weight_bytes))
		return FAIL(inf, "states %.17g bytes of weights, derived are %.17g",
		            d->weight_bytes, weight_bytes);
	for (uint32_t i = 0; d->row_rules != NULL && i < d->input_count; i++)
		if (!same_rule(&d->row_rules[i], &inf->rules[i]))
			return FAIL(inf, "states another row rule for input %u than its op has", i);
	return HIDP_OK;
}

hidp_status hidp__infer(struct hidp__described *layers, uint32_t at, struct hidp__arena *arena,
                        struct hidp_diagnostic *diagnostic)
{
	struct hidp__described *layer = &layers[at];
	const struct hidp_layer_desc *d = &layer->desc;
	struct hidp__figures f = {.flops = 0};
	struct hidp_row_rule *rules = hidp__arena_alloc(arena, d->input_count + 1, sizeof *rules);
	struct hidp_shape *in = hidp__arena_alloc(arena, d->input_count + 1, sizeof *in);
	if (rules == NULL || in == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, d->name, "out of memory");
	for (uint32_t i = 0; i < d->input_count; i++)
		in[i] = layers[d->inputs[i]].figures.shape;
	f.rules = rules;
	struct inference inf = {d, in, &f, rules, diagnostic};
	hidp_status s = infer_op(&inf);
	if (s != HIDP_OK)
		return s;
	int64_t elements;
	if (!count_elements(&f.shape, &elements))
		return FAIL(&inf, "its output of %lld x %lld x %lld x %lld elements is empty or "
		                  "too large",
		            (long long)f.shape.batch, (long long)f.shape.channels,
		            (long long)f.shape.rows, (long long)f.shape.width);
	if (!(f.flops <= 1e30))
		return FAIL(&inf, "has too many FLOPs");
	if ((s = check_stated(&inf)) != HIDP_OK)
		return s;
	layer->figures = f;
	return HIDP_OK;
}
