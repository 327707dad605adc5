/* SPDX-License-Identifier: MIT */
/* What is normalised over the channels of every position. */
#include "norm.h"

#include <math.h>

#include "operator.h"
#include "vectors.h"
#include "weights.h"

/* Sums and maxima that do not wait for each other. */
#define LANES 16
/* Elements that a thread takes at a time, or more. */
#define SHARE 16384

VECTORS static float largest(const float *x, int64_t count)
{
	float lanes[LANES], most = x[0];
	int64_t i = 0;
	for (int k = 0; k < LANES; k++)
		lanes[k] = x[0];
	for (; i + LANES <= count; i += LANES)
		for (int k = 0; k < LANES; k++)
			lanes[k] = x[i + k] > lanes[k] ? x[i + k] : lanes[k];
	for (; i < count; i++)
		most = x[i] > most ? x[i] : most;
	for (int k = 0; k < LANES; k++)
		most = lanes[k] > most ? lanes[k] : most;
	return most;
}

VECTORS static float sum_of(const float *x, int64_t count)
{
	float lanes[LANES] = {0}, sum = 0;
	int64_t i = 0;
	for (; i + LANES <= count; i += LANES)
		for (int k = 0; k < LANES; k++)
			lanes[k] += x[i + k];
	for (; i < count; i++)
		sum += x[i];
	for (int k = 0; k < LANES; k++)
		sum += lanes[k];
	return sum;
}

/* Of squares of distances from the mean. */
VECTORS static float sum_of_squares(const float *x, int64_t count, float mean)
{
	float lanes[LANES] = {0}, sum = 0;
	int64_t i = 0;
	for (; i + LANES <= count; i += LANES)
		for (int k = 0; k < LANES; k++)
			lanes[k] += (x[i + k] - mean) * (x[i + k] - mean);
	for (; i < count; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	for (int k = 0; k < LANES; k++)
		sum += lanes[k];
	return sum;
}

VECTORS static void exponentials(float *x, int64_t count, float most)
{
	for (int64_t i = 0; i < count; i++)
		x[i] = exp_of(x[i] - most);
}

VECTORS static void scale_by(float *x, int64_t count, float factor)
{
	for (int64_t i = 0; i < count; i++)
		x[i] *= factor;
}

void xnnpack__softmax_line(float *x, int64_t count)
{
	exponentials(x, count, largest(x, count));
	scale_by(x, count, 1 / sum_of(x, count));
}

static enum xnn_status set_up_softmax(xnn_operator_t op, size_t batch, size_t height, size_t width,
                                      const float *in, float *out, pthreadpool_t threads)
{
	return xnn_setup_softmax_nc_f32(op, batch * height * width, in, out, threads);
}

hidp_status xnnpack__build_softmax(struct build *b)
{
	struct tensor in = kernels__call_same(b->call, &b->call->inputs[0]);
	struct tensor out = kernels__call_output(b->call);
	xnn_operator_t op = NULL;
	hidp_status s = xnnpack__make_even(b, &in);
	if (s != HIDP_OK || xnnpack__add_again(b, &in, &out, &s))
		return s;
	enum xnn_status status = xnn_create_softmax_nc_f32((size_t)in.dims[HIDP_AXIS_CHANNELS],
	                                                   xnnpack__pixel_stride(&in),
	                                                   xnnpack__pixel_stride(&out), 0, &op);
	return xnnpack__add_operator(b, status, op, set_up_softmax, &in, &out);
}

/* Layer normalisation */

struct layer_norm {
	struct tensor in, out;
	const float *scale, *shift;
	float epsilon;
	int64_t together; /* positions that a thread takes at a time */
};

struct normalising {
	const struct layer_norm *norm;
	const float *in;
	float *out;
};

VECTORS static void normalise(const struct layer_norm *n, const float *in, float *out)
{
	const float *const scale = n->scale, *const shift = n->shift;
	int64_t count = n->in.dims[HIDP_AXIS_CHANNELS];
	float mean = sum_of(in, count) / (float)count;
	float factor = 1 / sqrtf(sum_of_squares(in, count, mean) / (float)count + n->epsilon);
	APART for (int64_t i = 0; i < count; i++) out[i] =
		(in[i] - mean) * factor * scale[i] + shift[i];
}

static int64_t offset_of(const struct tensor *t, int64_t position)
{
	int64_t x = position % t->dims[HIDP_AXIS_WIDTH];
	int64_t row = position / t->dims[HIDP_AXIS_WIDTH];
	int64_t image = row / t->dims[HIDP_AXIS_ROWS];
	return x * t->strides[HIDP_AXIS_WIDTH] +
	       row % t->dims[HIDP_AXIS_ROWS] * t->strides[HIDP_AXIS_ROWS] +
	       image * t->strides[HIDP_AXIS_BATCH];
}

static void run_positions(void *context, size_t share)
{
	const struct normalising *w = context;
	const struct layer_norm *n = w->norm;
	int64_t begin = (int64_t)share * n->together;
	int64_t end = kernels__smaller(begin + n->together, kernels__tensor_positions(&n->in));
	for (int64_t i = begin; i < end; i++)
		normalise(n, w->in + offset_of(&n->in, i), w->out + offset_of(&n->out, i));
}

static hidp_status run_layer_norm(const struct step *step, const struct running *running)
{
	const struct layer_norm *n = step->data;
	struct normalising w = {n, kernels__address(running, n->in.place),
	                        kernels__address(running, n->out.place)};
	int64_t positions = kernels__tensor_positions(&n->in);
	pthreadpool_parallelize_1d(xnnpack__helpers(running), run_positions, &w,
	                           (size_t)((positions + n->together - 1) / n->together), 0);
	return HIDP_OK;
}

hidp_status xnnpack__build_layer_norm(struct build *b)
{
	int64_t channels = b->call->info.shape.channels;
	const float *scale = NULL, *shift = NULL;
	hidp_status s = kernels__weights(b, 0, HIDP_WEIGHT_SCALE, channels, &scale);
	if (s == HIDP_OK)
		s = kernels__weights(b, 0, HIDP_WEIGHT_SHIFT, channels, &shift);
	if (s != HIDP_OK)
		return s;
	struct layer_norm *n = kernels__add_step(b->task, run_layer_norm, sizeof *n);
	if (n == NULL)
		return kernels__no_memory(b);
	n->in = kernels__call_same(b->call, &b->call->inputs[0]);
	n->out = kernels__call_output(b->call);
	n->scale = scale;
	n->shift = shift;
	n->epsilon = b->part.alpha != 0 ? (float)b->part.alpha : 1e-5f;
	n->together = kernels__larger(1, SHARE / channels);
	return HIDP_OK;
}
