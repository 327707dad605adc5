/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* A part of a layer, to be computed. */
struct plain {
	struct hidp_layer_desc d;
	struct plain_tensor in[HIDP_LAYER_INPUTS_MAX < 16 ? HIDP_LAYER_INPUTS_MAX : 16];
	struct plain_tensor out;
	const float *weights[HIDP_WEIGHT_CONSTANT + 1]; /* [role] */
};

/* Where an element is. */
struct spot {
	int64_t n, c, y, x;
};

double *plain_at(const struct plain_tensor *t, int64_t n, int64_t c, int64_t y, int64_t x)
{
	const struct hidp_shape *s = &t->shape;
	return t->values + ((n * s->channels + c) * s->rows + y) * s->width + x;
}

int64_t plain_elements(const struct hidp_shape *s)
{
	return s->batch * s->channels * s->rows * s->width;
}

static bool is_inside(const struct hidp_shape *s, int64_t y, int64_t x)
{
	return y >= 0 && y < s->rows && x >= 0 && x < s->width;
}

static double conv(const struct plain *p, struct spot o)
{
	const struct hidp_layer_desc *d = &p->d;
	const struct plain_tensor *in = &p->in[0];
	const int64_t channels = in->shape.channels / d->groups;
	const int64_t group = o.c / (d->out_channels / d->groups);
	const float *kernel =
		p->weights[HIDP_WEIGHT_KERNEL] + o.c * channels * d->kernel[0] * d->kernel[1];
	double sum = d->flags & HIDP_LAYER_NO_BIAS ? 0 : (double)p->weights[HIDP_WEIGHT_BIAS][o.c];
	for (int64_t c = 0; c < channels; c++)
		for (int64_t i = 0; i < d->kernel[0]; i++)
			for (int64_t j = 0; j < d->kernel[1]; j++) {
				int64_t y = o.y * d->stride[0] - d->pad[0] + i * d->dilation[0];
				int64_t x = o.x * d->stride[1] - d->pad[1] + j * d->dilation[1];
				double w =
					(double)kernel[(c * d->kernel[0] + i) * d->kernel[1] + j];
				if (is_inside(&in->shape, y, x))
					sum += w * *plain_at(in, o.n, group * channels + c, y, x);
			}
	return sum;
}

static double dense(const struct plain *p, struct spot o)
{
	const int64_t channels = p->in[0].shape.channels;
	double sum =
		p->d.flags & HIDP_LAYER_NO_BIAS ? 0 : (double)p->weights[HIDP_WEIGHT_BIAS][o.c];
	for (int64_t c = 0; c < channels; c++)
		sum += (double)p->weights[HIDP_WEIGHT_KERNEL][o.c * channels + c] *
		       *plain_at(&p->in[0], o.n, c, o.y, o.x);
	return sum;
}

static double matmul(const struct plain *p, struct spot o)
{
	const bool transposed = (p->d.flags & HIDP_LAYER_TRANSPOSE_B) != 0;
	double sum = 0;
	for (int64_t k = 0; k < p->in[0].shape.channels; k++)
		sum += *plain_at(&p->in[0], o.n, k, o.y, 0) *
		       *plain_at(&p->in[1], o.n, transposed ? k : o.c, transposed ? o.c : k, 0);
	return sum;
}

static double pool(const struct plain *p, struct spot o)
{
	const struct hidp_layer_desc *d = &p->d;
	const struct hidp_shape *in = &p->in[0].shape;
	double largest = -INFINITY, sum = 0;
	int64_t padded = 0, inside = 0;
	for (int64_t i = 0; i < d->kernel[0]; i++)
		for (int64_t j = 0; j < d->kernel[1]; j++) {
			int64_t y = o.y * d->stride[0] - d->pad[0] + i * d->dilation[0];
			int64_t x = o.x * d->stride[1] - d->pad[1] + j * d->dilation[1];
			padded += y < in->rows + d->pad[2] && x < in->width + d->pad[3];
			if (!is_inside(in, y, x))
				continue;
			inside++;
			sum += *plain_at(&p->in[0], o.n, o.c, y, x);
			largest = fmax(largest, *plain_at(&p->in[0], o.n, o.c, y, x));
		}
	if (inside == 0)
		return 0;
	if (d->op == HIDP_OP_MAX_POOL)
		return largest;
	return sum / (double)(d->flags & HIDP_LAYER_EXCLUDE_PAD ? inside : padded);
}

static double global_pool(const struct plain *p, struct spot o)
{
	const struct hidp_shape *in = &p->in[0].shape;
	double sum = 0;
	for (int64_t y = 0; y < in->rows; y++)
		for (int64_t x = 0; x < in->width; x++)
			sum += *plain_at(&p->in[0], o.n, o.c, y, x);
	return sum / (double)(in->rows * in->width);
}

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static double clip(double x, double low, double high)
{
	return fmin(fmax(x, low), high);
}

static double activation(const struct plain *p, struct spot o)
{
	const double x = *plain_at(&p->in[0], o.n, o.c, o.y, o.x);
	const double a = p->d.alpha, b = p->d.beta;
	switch (p->d.function) {
	case HIDP_ACTIVATION_RELU:
		return fmax(x, 0);
	case HIDP_ACTIVATION_RELU6:
		return clip(x, 0, 6);
	case HIDP_ACTIVATION_SIGMOID:
		return sigmoid(x);
	case HIDP_ACTIVATION_SILU:
		return x * sigmoid(x);
	case HIDP_ACTIVATION_HARD_SIGMOID:
		return clip(a * x + b, 0, 1);
	case HIDP_ACTIVATION_HARD_SWISH:
		return x * clip(a * x + b, 0, 1);
	case HIDP_ACTIVATION_TANH:
		return tanh(x);
	case HIDP_ACTIVATION_GELU:
		return 0.5 * x * (1 + erf(x / sqrt(2)));
	case HIDP_ACTIVATION_LEAKY_RELU:
		return x < 0 ? a * x : x;
	case HIDP_ACTIVATION_ELU:
		return x < 0 ? a * (exp(x) - 1) : x;
	case HIDP_ACTIVATION_SOFTPLUS:
		return x > 30 ? x : log(1 + exp(x));
	case HIDP_ACTIVATION_CLIP:
		return clip(x, a, b);
	case HIDP_ACTIVATION_EXP:
		return exp(x);
	case HIDP_ACTIVATION_LOG:
		return log(x);
	case HIDP_ACTIVATION_SQRT:
		return sqrt(x);
	case HIDP_ACTIVATION_ABS:
		return fabs(x);
	case HIDP_ACTIVATION_ERF:
		return erf(x);
	case HIDP_ACTIVATION_LINEAR:
		return a * x + b;
	case HIDP_ACTIVATION_POWER:
		return pow(x, a);
	case HIDP_ACTIVATION_RECIPROCAL:
		return 1 / x;
	case HIDP_ACTIVATION_SIGN:
		return x == 0 ? 0 : copysign(1, x);
	case HIDP_ACTIVATION_FLOOR:
		return floor(x);
	case HIDP_ACTIVATION_CEIL:
		return ceil(x);
	case HIDP_ACTIVATION_ROUND:
		return rint(x);
	case HIDP_ACTIVATION_SIN:
		return sin(x);
	case HIDP_ACTIVATION_COS:
		return cos(x);
	default: /* HIDP_ACTIVATION_SOFTSIGN */
		return x / (1 + fabs(x));
	}
}

/* An operand, wherever it is only one long as often as needed. */
static double broadcast(const struct plain_tensor *t, struct spot o)
{
	const struct hidp_shape *s = &t->shape;
	return *plain_at(t, o.n % s->batch, o.c % s->channels, o.y % s->rows, o.x % s->width);
}

static double constant(const struct plain *p, struct spot o)
{
	const struct hidp_shape *s = &p->d.shape;
	const int64_t at[4] = {o.n % s->batch, o.c % s->channels, o.y % s->rows, o.x % s->width};
	const float *values = p->weights[HIDP_WEIGHT_CONSTANT];
	return (double)values[((at[0] * s->channels + at[1]) * s->rows + at[2]) * s->width + at[3]];
}

static double binary(const struct plain *p, struct spot o)
{
	const double a = broadcast(&p->in[0], o);
	const double b = p->d.input_count == 1 ? constant(p, o) : broadcast(&p->in[1], o);
	switch (p->d.function) {
	case HIDP_BINARY_ADD:
		return a + b;
	case HIDP_BINARY_SUB:
		return a - b;
	case HIDP_BINARY_MUL:
		return a * b;
	case HIDP_BINARY_DIV:
		return a / b;
	case HIDP_BINARY_MIN:
		return fmin(a, b);
	case HIDP_BINARY_MAX:
		return fmax(a, b);
	default: /* HIDP_BINARY_POW */
		return pow(a, b);
	}
}

static double concat(const struct plain *p, struct spot o)
{
	const struct plain_tensor *in = p->in;
	for (;; in++) {
		int64_t *at = &o.c, size = in->shape.channels;
		if (p->d.axis == HIDP_AXIS_ROWS) {
			at = &o.y;
			size = in->shape.rows;
		} else if (p->d.axis == HIDP_AXIS_WIDTH) {
			at = &o.x;
			size = in->shape.width;
		}
		if (*at < size)
			return *plain_at(in, o.n, o.c, o.y, o.x);
		*at -= size;
	}
}

static double slice(const struct plain *p, struct spot o)
{
	o.c += p->d.axis == HIDP_AXIS_CHANNELS ? p->d.begin : 0;
	o.y += p->d.axis == HIDP_AXIS_ROWS ? p->d.begin : 0;
	o.x += p->d.axis == HIDP_AXIS_WIDTH ? p->d.begin : 0;
	return *plain_at(&p->in[0], o.n, o.c, o.y, o.x);
}

static double pad(const struct plain *p, struct spot o)
{
	int64_t y = o.y - p->d.pad[0], x = o.x - p->d.pad[1];
	return is_inside(&p->in[0].shape, y, x) ? *plain_at(&p->in[0], o.n, o.c, y, x) : 0;
}

/* Source of an output row or column. */
static double source(hidp_resize function, int64_t at, int64_t in, int64_t out)
{
	if (function == HIDP_RESIZE_BILINEAR_CORNERS)
		return out == 1 ? 0 : (double)at * (double)(in - 1) / (double)(out - 1);
	return ((double)at + 0.5) * (double)in / (double)out - 0.5;
}

static int64_t nearest(hidp_resize function, int64_t at, int64_t in, int64_t out)
{
	if (function == HIDP_RESIZE_NEAREST_FLOOR)
		return at * in / out;
	/* halves are exact only as whole numbers: floor((at + 1/2) in / out) */
	return (2 * at + 1) * in / (2 * out);
}

static double bilinear(const struct plain *p, struct spot o)
{
	const struct hidp_shape *in = &p->in[0].shape, *out = &p->out.shape;
	const double sy = source(p->d.function, o.y, in->rows, out->rows);
	const double sx = source(p->d.function, o.x, in->width, out->width);
	double sum = 0;
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 2; j++) {
			double fy = floor(sy) + i, fx = floor(sx) + j;
			double weight = (1 - fabs(sy - fy)) * (1 - fabs(sx - fx));
			int64_t y = (int64_t)clip(fy, 0, (double)(in->rows - 1));
			int64_t x = (int64_t)clip(fx, 0, (double)(in->width - 1));
			sum += weight * *plain_at(&p->in[0], o.n, o.c, y, x);
		}
	return sum;
}

static double resize(const struct plain *p, struct spot o)
{
	const struct hidp_shape *in = &p->in[0].shape, *out = &p->out.shape;
	const hidp_resize function = p->d.function;
	if (function == HIDP_RESIZE_BILINEAR || function == HIDP_RESIZE_BILINEAR_CORNERS)
		return bilinear(p, o);
	return *plain_at(&p->in[0], o.n, o.c, nearest(function, o.y, in->rows, out->rows),
	                 nearest(function, o.x, in->width, out->width));
}

static double batch_norm(const struct plain *p, struct spot o)
{
	return (double)p->weights[HIDP_WEIGHT_SCALE][o.c] *
	               *plain_at(&p->in[0], o.n, o.c, o.y, o.x) +
	       (double)p->weights[HIDP_WEIGHT_SHIFT][o.c];
}

static double layer_norm(const struct plain *p, struct spot o)
{
	const int64_t channels = p->in[0].shape.channels;
	double mean = 0, variance = 0;
	for (int64_t c = 0; c < channels; c++)
		mean += *plain_at(&p->in[0], o.n, c, o.y, o.x) / (double)channels;
	for (int64_t c = 0; c < channels; c++) {
		double away = *plain_at(&p->in[0], o.n, c, o.y, o.x) - mean;
		variance += away * away / (double)channels;
	}
	return (double)p->weights[HIDP_WEIGHT_SCALE][o.c] *
	               (*plain_at(&p->in[0], o.n, o.c, o.y, o.x) - mean) /
	               sqrt(variance + p->d.alpha) +
	       (double)p->weights[HIDP_WEIGHT_SHIFT][o.c];
}

static double softmax(const struct plain *p, struct spot o)
{
	double sum = 0, mine = *plain_at(&p->in[0], o.n, o.c, o.y, o.x);
	for (int64_t c = 0; c < p->in[0].shape.channels; c++)
		sum += exp(*plain_at(&p->in[0], o.n, c, o.y, o.x) - mine);
	return 1 / sum;
}

/* A score with its mask, in fp32: a mask that is large enough takes in all of the score. */
static double masked(double score, double mask)
{
	return fmax((double)((float)score + (float)mask), -FLT_MAX);
}

/* What is added to the score of a row of K. */
static double mask_at(const struct plain *p, int64_t keys, struct spot o, int64_t key, int64_t head)
{
	const struct plain_tensor *mask = &p->in[3];
	if (mask->shape.channels != keys) /* a row for each */
		return broadcast(mask, (struct spot){o.n, 0, key, 0});
	return broadcast(mask, (struct spot){o.n, key, o.y, head});
}

static double attention(const struct plain *p, struct spot o)
{
	const bool packed = p->d.input_count == 1;
	const struct plain_tensor *q = &p->in[0], *k = packed ? q : &p->in[1];
	const struct plain_tensor *v = packed ? q : &p->in[2];
	const int64_t width = packed ? q->shape.channels / 3 : q->shape.channels;
	const int64_t size = width / p->d.heads;
	const int64_t head = o.c / (p->out.shape.channels / p->d.heads);
	const int64_t k0 = packed ? width : 0, v0 = packed ? 2 * width : 0;
	const double scale = p->d.alpha != 0 ? p->d.alpha : 1 / sqrt((double)size);
	double sum = 0, weights = 0, largest = -INFINITY;
	double *scores = malloc((size_t)k->shape.rows * sizeof *scores);
	if (scores == NULL)
		abort();
	for (int64_t row = 0; row < k->shape.rows; row++) {
		double score = 0;
		for (int64_t i = head * size; i < (head + 1) * size; i++)
			score += *plain_at(q, o.n, i, o.y, 0) * *plain_at(k, o.n, k0 + i, row, 0);
		scores[row] = score * scale;
		if (p->d.input_count == 4)
			scores[row] =
				masked(scores[row], mask_at(p, k->shape.rows, o, row, head));
		largest = fmax(largest, scores[row]);
	}
	for (int64_t row = 0; row < k->shape.rows; row++) {
		const double weight = exp(scores[row] - largest);
		weights += weight;
		sum += weight * *plain_at(v, o.n, v0 + o.c, row, 0);
	}
	free(scores);
	return sum / weights;
}

static double reshape(const struct plain *p, struct spot o)
{
	const struct hidp_shape *to = &p->out.shape, *from = &p->in[0].shape;
	if ((p->d.flags & HIDP_LAYER_CHANNELS_LAST) == 0)
		return p->in[0].values[plain_at(&p->out, o.n, o.c, o.y, o.x) - p->out.values];
	int64_t i = ((o.n * to->rows + o.y) * to->width + o.x) * to->channels + o.c;
	int64_t pixel = i / from->channels, row = pixel / from->width;
	return *plain_at(&p->in[0], row / from->rows, i % from->channels, row % from->rows,
	                 pixel % from->width);
}

static double embedding(const struct plain *p, struct spot o)
{
	int64_t entry = (int64_t)*plain_at(&p->in[0], o.n, 0, o.y, o.x);
	entry += entry < 0 ? p->d.end : 0;
	return (double)p->weights[HIDP_WEIGHT_KERNEL][entry * p->d.out_channels + o.c];
}

static double transpose(const struct plain *p, struct spot o)
{
	int64_t at[4] = {o.n, 0, 0, 0};
	at[p->d.perm[0]] = o.c;
	at[p->d.perm[1]] = o.y;
	at[p->d.perm[2]] = o.x;
	return *plain_at(&p->in[0], at[0], at[1], at[2], at[3]);
}

static double (*const ops[])(const struct plain *, struct spot) = {
	[HIDP_OP_CONV] = conv,
	[HIDP_OP_DENSE] = dense,
	[HIDP_OP_MATMUL] = matmul,
	[HIDP_OP_MAX_POOL] = pool,
	[HIDP_OP_AVERAGE_POOL] = pool,
	[HIDP_OP_GLOBAL_POOL] = global_pool,
	[HIDP_OP_ACTIVATION] = activation,
	[HIDP_OP_BINARY] = binary,
	[HIDP_OP_CONCAT] = concat,
	[HIDP_OP_SLICE] = slice,
	[HIDP_OP_PAD] = pad,
	[HIDP_OP_RESIZE] = resize,
	[HIDP_OP_BATCH_NORM] = batch_norm,
	[HIDP_OP_LAYER_NORM] = layer_norm,
	[HIDP_OP_SOFTMAX] = softmax,
	[HIDP_OP_ATTENTION] = attention,
	[HIDP_OP_RESHAPE] = reshape,
	[HIDP_OP_FLATTEN] = reshape,
	[HIDP_OP_TRANSPOSE] = transpose,
	[HIDP_OP_CUSTOM] = NULL,
	[HIDP_OP_EMBEDDING] = embedding,
};

static void compute(const struct plain *p)
{
	const struct hidp_shape *s = &p->out.shape;
	struct spot o;
	for (o.n = 0; o.n < s->batch; o.n++)
		for (o.c = 0; o.c < s->channels; o.c++)
			for (o.y = 0; o.y < s->rows; o.y++)
				for (o.x = 0; o.x < s->width; o.x++)
					*plain_at(&p->out, o.n, o.c, o.y, o.x) = ops[p->d.op](p, o);
}

static bool has_weight(const struct hidp_layer_desc *d, hidp_weight_role role)
{
	const bool linear = d->op == HIDP_OP_CONV || d->op == HIDP_OP_DENSE;
	const bool norm = d->op == HIDP_OP_BATCH_NORM || d->op == HIDP_OP_LAYER_NORM;
	switch (role) {
	case HIDP_WEIGHT_KERNEL:
		return linear || d->op == HIDP_OP_EMBEDDING;
	case HIDP_WEIGHT_BIAS:
		return linear && (d->flags & HIDP_LAYER_NO_BIAS) == 0;
	case HIDP_WEIGHT_SCALE:
	case HIDP_WEIGHT_SHIFT:
		return norm;
	default:
		return d->op == HIDP_OP_BINARY && d->input_count == 1;
	}
}

/* One part of a layer; `before` is the output of the part before it. */
static bool run_part(struct plain *p, const struct hidp_weights *weights, void *user_data,
                     hidp_layer_id layer, uint32_t part, const struct plain_tensor *tensors,
                     const struct plain_tensor *before)
{
	if (p->d.input_count > sizeof p->in / sizeof p->in[0] || ops[p->d.op] == NULL)
		return false;
	for (uint32_t i = 0; i < p->d.input_count; i++)
		p->in[i] = p->d.inputs[i] == HIDP_LAYER_NONE ? *before : tensors[p->d.inputs[i]];
	for (hidp_weight_role role = HIDP_WEIGHT_KERNEL; role <= HIDP_WEIGHT_CONSTANT; role++) {
		const void *data;
		size_t count;
		if (!has_weight(&p->d, role))
			continue;
		if (weights->get(user_data, layer, part, role, &data, &count) != HIDP_OK)
			return false;
		p->weights[role] = data;
	}
	p->out.values = calloc((size_t)plain_elements(&p->out.shape), sizeof *p->out.values);
	if (p->out.values != NULL)
		compute(p);
	return p->out.values != NULL;
}

bool plain_run(const struct hidp_model *model, const struct hidp_weights *weights, void *user_data,
               struct plain_tensor *tensors)
{
	bool done = true;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		struct plain_tensor before = {.values = NULL};
		(void)hidp_model_layer(model, l, &info);
		tensors[l].shape = info.shape;
		if (info.op == HIDP_OP_INPUT)
			continue;
		for (uint32_t k = 0; k < info.part_count && done; k++) {
			struct plain p = {.d = HIDP_LAYER_DESC_INIT, .out = {.shape = info.shape}};
			(void)hidp_model_part(model, l, k, &p.d);
			done = run_part(&p, weights, user_data, l, k, tensors, &before);
			free(before.values);
			before = p.out;
		}
		tensors[l].values = before.values;
	}
	return done;
}
