/* SPDX-License-Identifier: MIT */
/* Pools: XNNPACK's where they mean the same as ours, plain loops for the odd ones. */
#include <math.h>
#include <stdlib.h>

#include "operator.h"
#include "vectors.h"

/* Plain loops */

/* A pool along one axis. */
struct axis {
	int64_t kernel, stride, dilation, pad, pad_after;
	int64_t size;  /* of the whole input */
	int64_t first; /* of the input, that is at hand */
	int64_t begin; /* of the output */
};

struct plain_pool {
	struct tensor in, out;
	struct axis rows, columns;
	bool maximum, exclude_pad;
};

/* Elements of the input in the window at `begin`: kernel indices *from to *to (exclusive). */
static void inside(const struct axis *a, int64_t begin, int64_t low, int64_t high, int64_t *from,
                   int64_t *to)
{
	*from = 0;
	while (*from < a->kernel && begin + *from * a->dilation < low)
		++*from;
	*to = a->kernel;
	while (*to > *from && begin + (*to - 1) * a->dilation >= high)
		--*to;
}

static void pool_position(const struct plain_pool *p, const float *in, float *out, int64_t row,
                          int64_t column)
{
	int64_t y0 = row * p->rows.stride - p->rows.pad;
	int64_t x0 = column * p->columns.stride - p->columns.pad;
	int64_t channels = p->out.dims[HIDP_AXIS_CHANNELS];
	int64_t i0, i1, j0, j1;
	/* positions with the padding, to divide by */
	inside(&p->rows, y0, -p->rows.pad, p->rows.size + p->rows.pad_after, &i0, &i1);
	inside(&p->columns, x0, -p->columns.pad, p->columns.size + p->columns.pad_after, &j0, &j1);
	int64_t divisor = (i1 - i0) * (j1 - j0);
	inside(&p->rows, y0, 0, p->rows.size, &i0, &i1);
	inside(&p->columns, x0, 0, p->columns.size, &j0, &j1);
	if (p->exclude_pad)
		divisor = (i1 - i0) * (j1 - j0);
	for (int64_t c = 0; c < channels; c++)
		out[c] = 0;
	for (int64_t i = i0; i < i1; i++) {
		for (int64_t j = j0; j < j1; j++) {
			int64_t y = y0 + i * p->rows.dilation - p->rows.first;
			int64_t x = x0 + j * p->columns.dilation;
			const float *from = in + y * p->in.strides[HIDP_AXIS_ROWS] +
			                    x * p->in.strides[HIDP_AXIS_WIDTH];
			bool first = i == i0 && j == j0;
			for (int64_t c = 0; c < channels; c++) {
				if (!p->maximum)
					out[c] += from[c];
				else
					out[c] = first || from[c] > out[c] ? from[c] : out[c];
			}
		}
	}
	if (p->maximum || i0 == i1 || j0 == j1)
		return;
	for (int64_t c = 0; c < channels; c++)
		out[c] /= (float)divisor;
}

static hidp_status run_plain(const struct step *step, const struct running *running)
{
	const struct plain_pool *p = step->u.data;
	const int64_t *dims = p->out.dims;
	const float *in = xnnpack__address(running, p->in.place);
	float *out = xnnpack__address(running, p->out.place);
	for (int64_t n = 0; n < dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t y = 0; y < dims[HIDP_AXIS_ROWS]; y++)
			for (int64_t x = 0; x < dims[HIDP_AXIS_WIDTH]; x++)
				pool_position(p, in + n * p->in.strides[HIDP_AXIS_BATCH],
				              out + n * p->out.strides[HIDP_AXIS_BATCH] +
				                      y * p->out.strides[HIDP_AXIS_ROWS] +
				                      x * p->out.strides[HIDP_AXIS_WIDTH],
				              p->rows.begin + y, x);
	return HIDP_OK;
}

static struct axis axis_of(const struct hidp_layer_desc *d, int axis, int64_t size)
{
	return (struct axis){.kernel = d->kernel[axis],
	                     .stride = d->stride[axis],
	                     .dilation = d->dilation[axis],
	                     .pad = d->pad[axis],
	                     .pad_after = d->pad[axis + 2],
	                     .size = size};
}

static hidp_status add_plain(struct build *b)
{
	const struct hidp_layer_desc *d = &b->part;
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	struct hidp_row_rule rule;
	int64_t begin, end;
	hidp_status s = hidp_model_layer_input(call->model, call->layer, 0, NULL, &rule, NULL);
	if (s != HIDP_OK)
		return s;
	hidp_row_rule_apply(&rule, operand->shape.rows, call->row_begin, call->row_end, &begin,
	                    &end);
	struct plain_pool *p = xnnpack__task_add_data(b->task, run_plain, sizeof *p);
	if (p == NULL)
		return xnnpack__no_memory(b);
	*p = (struct plain_pool){.rows = axis_of(d, 0, operand->shape.rows),
	                         .columns = axis_of(d, 1, operand->shape.width),
	                         .maximum = d->op == HIDP_OP_MAX_POOL,
	                         .exclude_pad = (d->flags & HIDP_LAYER_EXCLUDE_PAD) != 0};
	p->rows.first = begin;
	p->rows.begin = call->row_begin;
	p->in = operand->held; /* without any rows there is nothing to read */
	if (begin < end)
		p->in = xnnpack__tensor_cut(xnnpack__operand_rows(call, operand, begin, end),
		                            HIDP_AXIS_CHANNELS, call->channel_begin,
		                            call->channel_end);
	p->out = xnnpack__call_output(call);
	return HIDP_OK;
}

/* Operators */

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
		return xnnpack__no_memory(b);
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

/*
 * Does XNNPACK mean the same by it? Not where a window has no element of the input, or only
 * one, nor where a mean with padding has a window beyond it. A maximum takes what is nearest
 * for an element in the padding, which with a dilation lies between those of the window.
 */
static bool is_ordinary(const struct build *b)
{
	const struct hidp_layer_desc *d = &b->part;
	const struct hidp_shape *in = &b->call->inputs[0].shape, *out = &b->call->info.shape;
	const int64_t in_size[2] = {in->rows, in->width}, out_size[2] = {out->rows, out->width};
	bool with_pad = d->op == HIDP_OP_AVERAGE_POOL && !(d->flags & HIDP_LAYER_EXCLUDE_PAD);
	if (d->kernel[0] * d->kernel[1] == 1)
		return false;
	for (int i = 0; i < 2; i++) {
		int64_t extent = (d->kernel[i] - 1) * d->dilation[i] + 1;
		int64_t last = (out_size[i] - 1) * d->stride[i] - d->pad[i];
		if (d->dilation[i] != 1 || d->pad[i] >= extent || last >= in_size[i] ||
		    (with_pad && last + extent > in_size[i] + d->pad[i + 2]))
			return false;
	}
	return true;
}

hidp_status xnnpack__build_pool(struct build *b)
{
	struct tensor in, out = xnnpack__call_output(b->call);
	struct window window;
	if (!is_ordinary(b))
		return add_plain(b);
	hidp_status s = xnnpack__window_input(b, &b->part, &in, &window);
	if (s != HIDP_OK)
		return s;
	if (!xnnpack__window_fits(&window) ||
	    (counts_padding(&b->part, &window) && !has_depthwise(&window)))
		return add_plain(b);
	in = xnnpack__tensor_cut(in, HIDP_AXIS_CHANNELS, b->call->channel_begin,
	                         b->call->channel_end);
	s = xnnpack__make_even(b, &in);
	if (s == HIDP_OK && !xnnpack__add_again(b, &in, &out, &s))
		s = create(b, &in, &out, &window);
	return s;
}

hidp_status xnnpack__build_global_pool(struct build *b)
{
	const struct operand *operand = &b->call->inputs[0];
	struct tensor out = xnnpack__call_output(b->call);
	struct tensor in = xnnpack__operand_rows(b->call, operand, 0, operand->shape.rows);
	xnn_operator_t op = NULL;
	in = xnnpack__tensor_cut(in, HIDP_AXIS_CHANNELS, b->call->channel_begin,
	                         b->call->channel_end);
	hidp_status s = xnnpack__make_even(b, &in);
	if (s != HIDP_OK || xnnpack__add_again(b, &in, &out, &s))
		return s;
	enum xnn_status status = xnn_create_global_average_pooling_nwc_f32(
		(size_t)in.dims[HIDP_AXIS_CHANNELS], xnnpack__pixel_stride(&in),
		xnnpack__pixel_stride(&out), -INFINITY, INFINITY, 0, &op);
	return xnnpack__add_operator(b, status, op, set_up_global, &in, &out);
}
