/* SPDX-License-Identifier: MIT */
/* Pools: XNNPACK's where they mean the same as ours, plain loops where it is odd. */
#include <math.h>
#include <stdlib.h>

#include "operator.h"

static enum xnn_status set_up_max(xnn_operator_t op, size_t batch, size_t height, size_t width,
                                  const float *in, float *out, pthreadpool_t threads)
{
	return xnn_setup_max_pooling2d_nhwc_f32(op, batch, height, width, in, out, threads);
}

static enum xnn_status set_up_average(xnn_operator_t op, size_t batch, size_t height, size_t width,
                                      const float *in, float *out, pthreadpool_t threads)
{
	return xnn_setup_average_pooling2d_nhwc_f32(op, batch, height, width, in, out, threads);
}

static enum xnn_status set_up_depthwise(xnn_operator_t op, size_t batch, size_t height,
                                        size_t width, const float *in, float *out,
                                        pthreadpool_t threads)
{
	return xnn_setup_convolution2d_nhwc_f32(op, batch, height, width, in, out, threads);
}

static enum xnn_status set_up_global(xnn_operator_t op, size_t batch, size_t height, size_t width,
                                     const float *in, float *out, pthreadpool_t threads)
{
	return xnn_setup_global_average_pooling_nwc_f32(op, batch, height * width, in, out,
	                                                threads);
}

/* Does XNNPACK's mean leave the padding out, while ours counts it? */
static bool counts_padding(const struct hidp_layer_desc *d, const struct window *w)
{
	return d->op == HIDP_OP_AVERAGE_POOL && !(d->flags & HIDP_LAYER_EXCLUDE_PAD) &&
	       (w->before[0] | w->before[1] | w->after[0] | w->after[1]) != 0;
}

/* Has XNNPACK a depthwise convolution of so many weights that takes no detour? */
static bool has_depthwise(const struct window *w)
{
	int64_t size = w->kernel[0] * w->kernel[1];
	return size == 4 || size == 9 || size == 25;
}

/* A mean that counts its padding is a convolution with equal weights. */
static hidp_status add_depthwise(struct build *b, const struct tensor *in, const struct tensor *out,
                                 const struct window *w)
{
	size_t channels = (size_t)in->dims[HIDP_AXIS_CHANNELS];
	size_t size = (size_t)(w->kernel[0] * w->kernel[1]);
	float *kernel = malloc(channels * size * sizeof *kernel);
	xnn_operator_t op = NULL;
	if (kernel == NULL)
		return kernels__no_memory(b);
	for (size_t i = 0; i < channels * size; i++)
		kernel[i] = 1 / (float)size;
	enum xnn_status status = xnn_create_convolution2d_nhwc_f32(
		(uint32_t)w->before[0], (uint32_t)w->after[1], (uint32_t)w->after[0],
		(uint32_t)w->before[1], (uint32_t)w->kernel[0], (uint32_t)w->kernel[1],
		(uint32_t)w->stride[0], (uint32_t)w->stride[1], 1, 1, (uint32_t)channels, 1, 1,
		xnnpack__pixel_stride(in), xnnpack__pixel_stride(out), kernel, NULL, -INFINITY,
		INFINITY, 0, &op);
	free(kernel);
	return xnnpack__add_operator(b, status, op, set_up_depthwise, in, out);
}

static hidp_status create(struct build *b, const struct tensor *in, const struct tensor *out,
                          const struct window *w)
{
	size_t channels = (size_t)in->dims[HIDP_AXIS_CHANNELS];
	xnn_operator_t op = NULL;
	enum xnn_status status;
	if (counts_padding(&b->part, w))
		return add_depthwise(b, in, out, w);
	if (b->part.op == HIDP_OP_MAX_POOL) {
		status = xnn_create_max_pooling2d_nhwc_f32(
			(uint32_t)w->before[0], (uint32_t)w->after[1], (uint32_t)w->after[0],
			(uint32_t)w->before[1], (uint32_t)w->kernel[0], (uint32_t)w->kernel[1],
			(uint32_t)w->stride[0], (uint32_t)w->stride[1], 1, 1, channels,
			xnnpack__pixel_stride(in), xnnpack__pixel_stride(out), -INFINITY, INFINITY,
			0, &op);
		return xnnpack__add_operator(b, status, op, set_up_max, in, out);
	}
	status = xnn_create_average_pooling2d_nhwc_f32(
		(uint32_t)w->before[0], (uint32_t)w->after[1], (uint32_t)w->after[0],
		(uint32_t)w->before[1], (uint32_t)w->kernel[0], (uint32_t)w->kernel[1],
		(uint32_t)w->stride[0], (uint32_t)w->stride[1], channels, xnnpack__pixel_stride(in),
		xnnpack__pixel_stride(out), -INFINITY, INFINITY, 0, &op);
	return xnnpack__add_operator(b, status, op, set_up_average, in, out);
}

/* XNNPACK has no pools of single elements. */
static bool is_ordinary(const struct build *b)
{
	return kernels__pool_is_ordinary(b) && b->part.kernel[0] * b->part.kernel[1] != 1;
}

hidp_status xnnpack__build_pool(struct build *b)
{
	struct tensor in, out = kernels__call_output(b->call);
	struct window window;
	if (!is_ordinary(b))
		return kernels__add_pool(b);
	hidp_status s = xnnpack__window_input(b, &in, &window);
	if (s != HIDP_OK)
		return s;
	if (!xnnpack__window_fits(&window) ||
	    (counts_padding(&b->part, &window) && !has_depthwise(&window)))
		return kernels__add_pool(b);
	in = kernels__tensor_cut(in, HIDP_AXIS_CHANNELS, b->call->channel_begin,
	                         b->call->channel_end);
	s = xnnpack__make_even(b, &in);
	if (s == HIDP_OK && !xnnpack__add_again(b, &in, &out, &s))
		s = create(b, &in, &out, &window);
	return s;
}

hidp_status xnnpack__build_global_pool(struct build *b)
{
	const struct operand *operand = &b->call->inputs[0];
	struct tensor out = kernels__call_output(b->call);
	struct tensor in = kernels__operand_rows(b->call, operand, 0, operand->shape.rows);
	xnn_operator_t op = NULL;
	in = kernels__tensor_cut(in, HIDP_AXIS_CHANNELS, b->call->channel_begin,
	                         b->call->channel_end);
	hidp_status s = xnnpack__make_even(b, &in);
	if (s != HIDP_OK || xnnpack__add_again(b, &in, &out, &s))
		return s;
	enum xnn_status status = xnn_create_global_average_pooling_nwc_f32(
		(size_t)in.dims[HIDP_AXIS_CHANNELS], xnnpack__pixel_stride(&in),
		xnnpack__pixel_stride(&out), -INFINITY, INFINITY, 0, &op);
	return xnnpack__add_operator(b, status, op, set_up_global, &in, &out);
}
