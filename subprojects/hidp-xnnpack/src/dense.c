/* SPDX-License-Identifier: MIT */
/* Dense layers. */

#include "operator.h"
#include "post.h"
#include "vectors.h"
#include "weights.h"

static enum xnn_status set_up(xnn_operator_t op, size_t batch, size_t height, size_t width,
                              const float *in, float *out, pthreadpool_t threads)
{
	return xnn_setup_fully_connected_nc_f32(op, batch * height * width, in, out, threads);
}

static hidp_status create(struct build *b, const struct tensor *in, const struct tensor *out,
                          float low, float high)
{
	struct folded folded;
	xnn_operator_t op = NULL;
	int64_t inputs = in->dims[HIDP_AXIS_CHANNELS];
	hidp_status s = xnnpack__fold(b, 1, inputs, &folded);
	if (s != HIDP_OK)
		return s;
	enum xnn_status status = xnn_create_fully_connected_nc_f32(
		(size_t)inputs, (size_t)out->dims[HIDP_AXIS_CHANNELS], xnnpack__pixel_stride(in),
		xnnpack__pixel_stride(out), folded.kernel, folded.bias, low, high, 0, &op);
	xnnpack__folded_clear(&folded);
	return xnnpack__add_operator(b, status, op, set_up, in, out);
}

static hidp_status build_matrix(struct build *b, struct tensor *in, const struct tensor *out)
{
	struct posts posts = {.count = 0};
	struct tensor to = *out;
	float low, high;
	hidp_status s = xnnpack__make_even(b, in);
	if (s == HIDP_OK)
		s = kernels__posts(b, 1 + kernels__norm_count(b), &posts);
	if (s != HIDP_OK)
		return s;
	xnnpack__take_clip(&posts, &low, &high);
	if (!xnnpack__add_again(b, in, &to, &s))
		s = create(b, in, &to, low, high);
	return s == HIDP_OK ? xnnpack__finish(b, &to, &posts) : s;
}

/* A single position: streaming the weights is all the work, so they stay where they are. */

/* Sums of a scalar product that do not wait for each other. */
#define LANES 32
/* Output channels that a thread takes at a time. */
#define TOGETHER 16

struct vector {
	const float *kernel, *bias; /* of the call's first channel; bias: NULL for none */
	struct place in, out;
	int64_t inputs, outputs;
};

struct vector_product {
	const struct vector *vector;
	const float *in;
	float *out;
};

VECTORS static float scalar_product(const float *a, const float *b, int64_t count)
{
	float sums[LANES] = {0}, sum = 0;
	int64_t i = 0;
	for (; i + LANES <= count; i += LANES)
		for (int k = 0; k < LANES; k++)
			sums[k] += a[i + k] * b[i + k];
	for (; i < count; i++)
		sum += a[i] * b[i];
	for (int k = 0; k < LANES; k++)
		sum += sums[k];
	return sum;
}

static void run_together(void *context, size_t index)
{
	const struct vector_product *p = context;
	const struct vector *v = p->vector;
	int64_t begin = (int64_t)index * TOGETHER;
	int64_t end = kernels__smaller(begin + TOGETHER, v->outputs);
	for (int64_t o = begin; o < end; o++)
		p->out[o] = scalar_product(v->kernel + o * v->inputs, p->in, v->inputs) +
		            (v->bias != NULL ? v->bias[o] : 0);
}

static hidp_status run_vector(const struct step *step, const struct running *running)
{
	const struct vector *v = step->data;
	struct vector_product p = {v, kernels__address(running, v->in),
	                           kernels__address(running, v->out)};
	pthreadpool_parallelize_1d(xnnpack__helpers(running), run_together, &p,
	                           (size_t)((v->outputs + TOGETHER - 1) / TOGETHER), 0);
	return HIDP_OK;
}

static hidp_status build_vector(struct build *b, const struct tensor *in, const struct tensor *out)
{
	struct posts posts = {.count = 0};
	const struct call *call = b->call;
	int64_t inputs = in->dims[HIDP_AXIS_CHANNELS], channels = call->info.shape.channels;
	const float *kernel = NULL, *bias = NULL;
	hidp_status s = kernels__weights(b, 0, HIDP_WEIGHT_KERNEL, channels * inputs, &kernel);
	if (s == HIDP_OK && kernels__own_bias(b))
		s = kernels__weights(b, 0, HIDP_WEIGHT_BIAS, channels, &bias);
	if (s == HIDP_OK)
		s = kernels__posts(b, 1, &posts);
	if (s != HIDP_OK)
		return s;
	struct vector *v = kernels__add_step(b->task, run_vector, sizeof *v);
	if (v == NULL)
		return kernels__no_memory(b);
	*v = (struct vector){.kernel = kernel + call->channel_begin * inputs,
	                     .bias = bias != NULL ? bias + call->channel_begin : NULL,
	                     .in = in->place,
	                     .out = out->place,
	                     .inputs = inputs,
	                     .outputs = out->dims[HIDP_AXIS_CHANNELS]};
	return xnnpack__finish(b, out, &posts);
}

hidp_status xnnpack__build_dense(struct build *b)
{
	const struct call *call = b->call;
	struct tensor in =
		kernels__operand_rows(call, &call->inputs[0], call->row_begin, call->row_end);
	struct tensor out = kernels__call_output(call);
	if (kernels__tensor_positions(&out) == 1)
		return build_vector(b, &in, &out);
	return build_matrix(b, &in, &out);
}
