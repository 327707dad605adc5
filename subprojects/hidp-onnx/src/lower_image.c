/* SPDX-License-Identifier: MIT */
/* Convolutions, pools and what else works on images. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lower_ops.h"

/* A window of rows and columns, as the attributes of a node describe it. */
struct window {
	int64_t kernel[2], stride[2], dilation[2], pad[4]; /* as in struct hidp_layer_desc */
};

/* Two numbers of an attribute; on the rows alone if the image has no columns. */
static bool pair(const struct lowering *lw, const char *name, int spatial, int64_t out[2])
{
	size_t count;
	const int64_t *list = hidp_onnx__ints(lw->node, name, &count);
	out[0] = out[1] = 1;
	if (list == NULL)
		return true;
	if (count != (size_t)spatial)
		return false;
	for (int i = 0; i < spatial; i++)
		out[i] = list[i];
	return out[0] >= 1 && out[1] >= 1 && out[0] < INT32_MAX && out[1] < INT32_MAX;
}

/* Pads that keep ceil(in / stride) outputs. */
static void pad_same(struct window *w, const int64_t in[2], bool upper)
{
	for (int i = 0; i < 2; i++) {
		int64_t out = (in[i] + w->stride[i] - 1) / w->stride[i];
		int64_t all = (out - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 -
		              in[i];
		all = all < 0 ? 0 : all;
		w->pad[i] = upper ? all / 2 : all - all / 2;
		w->pad[i + 2] = all - w->pad[i];
	}
}

static hidp_status read_window(struct lowering *lw, const struct dims *in, struct window *w)
{
	const int spatial = in->rank - 2;
	const char *automatic = hidp_onnx__string(lw->node, "auto_pad", "NOTSET");
	const int64_t size[2] = {in->size[2], spatial > 1 ? in->size[3] : 1};
	size_t count;
	const int64_t *pads = hidp_onnx__ints(lw->node, "pads", &count);
	memset(w->pad, 0, sizeof w->pad);
	if (!pair(lw, "strides", spatial, w->stride) || !pair(lw, "dilations", spatial, w->dilation))
		return hidp_onnx__unsupported(lw, "its strides or dilations are out of range");
	if (strcmp(automatic, "SAME_UPPER") == 0 || strcmp(automatic, "SAME_LOWER") == 0) {
		pad_same(w, size, strcmp(automatic, "SAME_UPPER") == 0);
		return HIDP_OK;
	}
	if (pads == NULL || strcmp(automatic, "VALID") == 0)
		return HIDP_OK;
	if (count != 2 * (size_t)spatial)
		return hidp_onnx__unsupported(lw, "it has %zu pads", count);
	for (int i = 0; i < spatial; i++) {
		w->pad[i] = pads[i];
		w->pad[i + 2] = pads[spatial + i];
		if (pads[i] < 0 || pads[spatial + i] < 0 || pads[i] > INT32_MAX ||
		    pads[spatial + i] > INT32_MAX)
			return hidp_onnx__unsupported(lw, "a pad is out of range");
	}
	return HIDP_OK;
}

/* Input 0 with one or two spatial dimensions, laid out as an image. */
static hidp_status image_operand(struct lowering *lw, struct operand *x)
{
	hidp_status s = hidp_onnx__operand(lw, 0, x);
	if (s != HIDP_OK)
		return s;
	if (x->dims.rank != 3 && x->dims.rank != 4)
		return hidp_onnx__unsupported(lw, "it works on %d dimensions", x->dims.rank - 2);
	if (!hidp_onnx__is_float(lw->node->outputs[0]->type))
		return hidp_onnx__unsupported(lw, "computes other numbers than floats");
	const struct layout layout = hidp_onnx__image(&x->dims);
	return hidp_onnx__arrange(lw, x, &layout, x);
}

static void fill_window(struct hidp_layer_desc *desc, const struct window *w)
{
	memcpy(desc->kernel, w->kernel, sizeof desc->kernel);
	memcpy(desc->stride, w->stride, sizeof desc->stride);
	memcpy(desc->dilation, w->dilation, sizeof desc->dilation);
	memcpy(desc->pad, w->pad, sizeof desc->pad);
}

/* Does the library come to as many outputs as the standard does? */
static hidp_status check_outputs(struct lowering *lw, const struct dims *in,
                                 const struct window *w, bool ceiling)
{
	const struct dims *out = &lw->node->outputs[0]->dims;
	for (int i = 0; i < in->rank - 2; i++) {
		int64_t size = in->size[2 + i], padded = size + w->pad[i] + w->pad[i + 2];
		int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
		if (extent > padded)
			return hidp_onnx__unsupported(lw, "its window is larger than its input");
		int64_t n = (padded - extent) / w->stride[i] + 1;
		if (ceiling && (padded - extent) % w->stride[i] != 0 &&
		    n * w->stride[i] < size + w->pad[i])
			n++;
		if (n != out->size[2 + i])
			return hidp_onnx__unsupported(lw, "%lld windows, its shape says %lld",
			                              (long long)n, (long long)out->size[2 + i]);
	}
	return HIDP_OK;
}

static hidp_status emit_image(struct lowering *lw, struct hidp_layer_desc *desc,
                              const struct operand *x, const struct dims *dims,
                              struct operand *out)
{
	const struct operand from = *x;
	const struct operand *const inputs[] = {&from};
	const struct layout layout = hidp_onnx__image(dims);
	return hidp_onnx__emit(lw, desc, inputs, 1, dims, &layout, out);
}

static hidp_status lower_conv(struct lowering *lw)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_CONV);
	const struct tensor *weights = hidp_onnx__constant(lw, 1);
	const struct tensor *bias = hidp_onnx__constant(lw, 2);
	struct window w;
	struct operand x;
	hidp_status s = image_operand(lw, &x);
	if (s != HIDP_OK)
		return s;
	if (weights == NULL || weights->data == NULL || weights->dims.rank != x.dims.rank)
		return hidp_onnx__unsupported(lw, "its weights are not constant");
	const int64_t *k = weights->dims.size;
	desc.groups = hidp_onnx__int(lw->node, "group", 1);
	desc.out_channels = k[0];
	w.kernel[0] = k[2];
	w.kernel[1] = x.dims.rank > 3 ? k[3] : 1;
	if (desc.groups < 1 || k[1] > x.dims.size[1] / desc.groups ||
	    k[1] * desc.groups != x.dims.size[1] || k[0] % desc.groups != 0)
		return hidp_onnx__unsupported(lw, "its groups do not match its channels");
	if ((s = read_window(lw, &x.dims, &w)) != HIDP_OK ||
	    (s = check_outputs(lw, &x.dims, &w, false)) != HIDP_OK)
		return s;
	if (bias == NULL && hidp_onnx__input(lw->node, 2) != NULL)
		return hidp_onnx__unsupported(lw, "its bias is not constant");
	if (bias != NULL && (bias->data == NULL || bias->count != k[0]))
		return hidp_onnx__unsupported(lw, "its bias does not match its channels");
	fill_window(&desc, &w);
	desc.flags = bias == NULL ? HIDP_LAYER_NO_BIAS : 0;
	const struct recipe kernel = hidp_onnx__all_of(weights);
	s = emit_image(lw, &desc, &x, &lw->node->outputs[0]->dims, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__add_array(lw, HIDP_WEIGHT_KERNEL, &kernel);
	if (s == HIDP_OK && bias != NULL) {
		const struct recipe shift = hidp_onnx__all_of(bias);
		s = hidp_onnx__add_array(lw, HIDP_WEIGHT_BIAS, &shift);
	}
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

static hidp_status lower_pool(struct lowering *lw)
{
	struct hidp_layer_desc desc = hidp_onnx__layer((hidp_op)lw->argument);
	bool ceiling = hidp_onnx__int(lw->node, "ceil_mode", 0) != 0;
	struct window w;
	struct operand x;
	hidp_status s = image_operand(lw, &x);
	if (s != HIDP_OK)
		return s;
	if (hidp_onnx__wanted(lw, 1))
		return hidp_onnx__unsupported(lw, "its indices are wanted");
	if (!pair(lw, "kernel_shape", x.dims.rank - 2, w.kernel) ||
	    hidp_onnx__ints(lw->node, "kernel_shape", &(size_t){0}) == NULL)
		return hidp_onnx__unsupported(lw, "its kernel is out of range");
	if ((s = read_window(lw, &x.dims, &w)) != HIDP_OK ||
	    (s = check_outputs(lw, &x.dims, &w, ceiling)) != HIDP_OK)
		return s;
	fill_window(&desc, &w);
	desc.flags = ceiling ? HIDP_LAYER_CEIL_MODE : 0;
	if (desc.op == HIDP_OP_AVERAGE_POOL && hidp_onnx__int(lw->node, "count_include_pad", 0) == 0)
		desc.flags |= HIDP_LAYER_EXCLUDE_PAD;
	s = emit_image(lw, &desc, &x, &lw->node->outputs[0]->dims, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/*
 * A transposed convolution of stride s: output s * q + p is an ordinary convolution of the input
 * around q, with every s-th element of the kernel from p on, turned over. So it is s * s
 * convolutions side by side, whose channels then become pixels.
 */
struct transposed {
	int64_t groups, in, out; /* channels of a group */
	int64_t kernel[2];       /* of the file */
	int64_t taps[2];         /* of a convolution */
	struct window w;
};

static const struct tensor *phase_kernels(struct lowering *lw, const struct tensor *weights,
                                          const struct transposed *t)
{
	const int64_t *s = t->w.stride, *k = t->kernel, *taps = t->taps;
	float *to;
	int64_t outs = t->groups * t->out * s[0] * s[1];
	struct tensor *kernels = hidp_onnx__new_floats(lw, outs * t->in * taps[0] * taps[1], &to);
	if (kernels == NULL)
		return NULL;
	for (int64_t o = 0; o < outs; o++) {
		int64_t phase = o % (s[0] * s[1]), channel = o / (s[0] * s[1]);
		int64_t group = channel / t->out, in_group = channel % t->out;
		for (int64_t i = 0; i < t->in; i++) {
			for (int64_t y = 0; y < taps[0]; y++) {
				for (int64_t x = 0; x < taps[1]; x++, to++) {
					int64_t at_y = (taps[0] - 1 - y) * s[0] + phase / s[1];
					int64_t at_x = (taps[1] - 1 - x) * s[1] + phase % s[1];
					if (at_y % t->w.dilation[0] != 0 ||
					    at_x % t->w.dilation[1] != 0)
						continue;
					at_y /= t->w.dilation[0];
					at_x /= t->w.dilation[1];
					if (at_y >= k[0] || at_x >= k[1])
						continue;
					int64_t from = (group * t->in + i) * t->out + in_group;
					hidp_onnx__floats(weights,
					                  (from * k[0] + at_y) * k[1] + at_x, 1,
					                  to);
				}
			}
		}
	}
	return kernels;
}

/* Cuts off and adds, so that rows or columns begin at `begin` and there are `size`. */
static hidp_status crop(struct lowering *lw, struct operand *x, int axis, int64_t begin,
                        int64_t size)
{
	int64_t there = x->dims.size[axis], end = begin + size;
	if (begin < 0 || begin >= there)
		return hidp_onnx__unsupported(lw, "it cuts everything off");
	hidp_status s = hidp_onnx__slice(lw, x, axis, begin, end < there ? end : there, x);
	return s != HIDP_OK || end <= there ? s : hidp_onnx__pad(lw, x, axis, 0, end - there, x);
}

/* Where the output begins in the full one: pads, or what the output's size asks for. */
static hidp_status transposed_begin(struct lowering *lw, const struct dims *in,
                                    const struct transposed *t, int64_t begin[2])
{
	const struct dims *out = &lw->node->outputs[0]->dims;
	const char *automatic = hidp_onnx__string(lw->node, "auto_pad", "NOTSET");
	int64_t more[2] = {0, 0};
	size_t count;
	const int64_t *list = hidp_onnx__ints(lw->node, "output_padding", &count);
	bool sized = hidp_onnx__ints(lw->node, "output_shape", &(size_t){0}) != NULL;
	for (size_t i = 0; list != NULL && i < count && i < 2; i++)
		more[i] = list[i];
	bool same = strncmp(automatic, "SAME", 4) == 0;
	for (int i = 0; i < in->rank - 2; i++) {
		int64_t full = t->w.stride[i] * (in->size[2 + i] - 1) + more[i] +
		               (t->kernel[i] - 1) * t->w.dilation[i] + 1;
		int64_t all = full - out->size[2 + i];
		begin[i] = t->w.pad[i];
		if (sized || same)
			begin[i] = strcmp(automatic, "SAME_UPPER") == 0 ? all / 2 : all - all / 2;
	}
	return HIDP_OK;
}

static hidp_status lower_conv_transpose(struct lowering *lw)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_CONV);
	const struct tensor *weights = hidp_onnx__constant(lw, 1);
	const struct tensor *bias = hidp_onnx__constant(lw, 2);
	const struct dims *out = &lw->node->outputs[0]->dims;
	struct transposed t;
	struct operand x;
	int64_t begin[2] = {0, 0};
	hidp_status s = image_operand(lw, &x);
	if (s != HIDP_OK)
		return s;
	if (weights == NULL || weights->data == NULL || weights->dims.rank != x.dims.rank ||
	    (bias == NULL && hidp_onnx__input(lw->node, 2) != NULL))
		return hidp_onnx__unsupported(lw, "its weights are not constant");
	const int64_t *k = weights->dims.size;
	if (k[0] != x.dims.size[1] || (bias != NULL && bias->count != out->size[1]))
		return hidp_onnx__unsupported(lw, "its weights do not match its channels");
	t.kernel[0] = k[2];
	t.kernel[1] = x.dims.rank > 3 ? k[3] : 1;
	memcpy(t.w.kernel, t.kernel, sizeof t.kernel);
	t.groups = hidp_onnx__int(lw->node, "group", 1);
	if (t.groups < 1 || k[0] % t.groups != 0)
		return hidp_onnx__unsupported(lw, "its groups do not match its channels");
	t.in = k[0] / t.groups;
	t.out = k[1];
	if ((s = read_window(lw, &x.dims, &t.w)) != HIDP_OK)
		return s;
	for (int i = 0; i < 2; i++) {
		int64_t extent = (t.kernel[i] - 1) * t.w.dilation[i] + 1;
		if (t.w.stride[i] > 64 || extent > 4096)
			return hidp_onnx__unsupported(lw, "its stride or its kernel is too large");
		t.taps[i] = (extent + t.w.stride[i] - 1) / t.w.stride[i];
	}
	if ((s = transposed_begin(lw, &x.dims, &t, begin)) != HIDP_OK)
		return s;
	const struct tensor *kernels = phase_kernels(lw, weights, &t);
	if (kernels == NULL)
		return hidp_onnx__no_memory(lw->graph);
	/* with columns, and with what the convolutions make */
	struct dims full = {4, {x.dims.size[0], x.dims.size[1], x.dims.size[2],
	                        x.dims.rank > 3 ? x.dims.size[3] : 1}};
	if ((s = hidp_onnx__reshape(lw, &x, &full, &x)) != HIDP_OK)
		return s;
	full.size[1] = t.groups * t.out * t.w.stride[0] * t.w.stride[1];
	full.size[2] += t.taps[0] - 1;
	full.size[3] += t.taps[1] - 1;
	desc.groups = t.groups;
	desc.out_channels = full.size[1];
	desc.flags = HIDP_LAYER_NO_BIAS;
	for (int i = 0; i < 2; i++) {
		desc.kernel[i] = t.taps[i];
		desc.pad[i] = desc.pad[i + 2] = t.taps[i] - 1;
	}
	const struct recipe kernel = hidp_onnx__all_of(kernels);
	s = emit_image(lw, &desc, &x, &full, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__add_array(lw, HIDP_WEIGHT_KERNEL, &kernel);
	if (s == HIDP_OK)
		s = hidp_onnx__depth_to_space(lw, &x, t.w.stride, true, &x);
	if (s == HIDP_OK)
		s = crop(lw, &x, 2, begin[0], out->size[2]);
	if (s == HIDP_OK)
		s = crop(lw, &x, 3, begin[1], out->rank > 3 ? out->size[3] : 1);
	if (s == HIDP_OK && bias != NULL) {
		struct tensor *column = hidp_onnx__take(lw->graph->pool, 1, sizeof *column);
		if (column == NULL)
			return hidp_onnx__no_memory(lw->graph);
		*column = *bias;
		column->dims = (struct dims){3, {bias->count, 1, 1}};
		s = hidp_onnx__combine_constant(lw, HIDP_BINARY_ADD, &x, column, &x);
	}
	if (s == HIDP_OK)
		s = hidp_onnx__reshape(lw, &x, out, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Where output o looks in the input, as the standard has it. */
static double standard_coordinate(const char *mode, int64_t o, int64_t in, int64_t out,
                                  double scale)
{
	if (strcmp(mode, "align_corners") == 0) {
		/* the size as the scale has it, which need not be whole */
		double last = (double)in * scale - 1;
		return out == 1 ? 0 : (double)o * (double)(in - 1) / last;
	}
	if (strcmp(mode, "asymmetric") == 0)
		return (double)o / scale;
	if (strcmp(mode, "pytorch_half_pixel") == 0 && out == 1)
		return 0;
	if (strcmp(mode, "half_pixel") == 0 || strcmp(mode, "pytorch_half_pixel") == 0)
		return ((double)o + 0.5) / scale - 0.5;
	return NAN;
}

static double standard_round(const char *mode, double x)
{
	if (strcmp(mode, "floor") == 0)
		return floor(x);
	if (strcmp(mode, "ceil") == 0)
		return ceil(x);
	if (strcmp(mode, "round_prefer_ceil") == 0)
		return floor(x + 0.5);
	return ceil(x - 0.5);
}

/* The same by the library's functions. */
static double library_coordinate(hidp_resize function, int64_t o, int64_t in, int64_t out)
{
	double half = ((double)o + 0.5) * (double)in / (double)out;
	switch (function) {
	case HIDP_RESIZE_NEAREST:
		return (double)((2 * o + 1) * in / (2 * out));
	case HIDP_RESIZE_NEAREST_FLOOR:
		return (double)(o * in / out);
	case HIDP_RESIZE_BILINEAR:
		return half - 0.5;
	default:
		return out == 1 ? 0 : (double)o * (double)(in - 1) / (double)(out - 1);
	}
}

static double within(double x, int64_t size)
{
	return x < 0 ? 0 : x > (double)(size - 1) ? (double)(size - 1) : x;
}

/* Does the function look where the standard looks, all along an axis? */
static bool resizes_alike(const struct lowering *lw, hidp_resize function, int64_t in, int64_t out,
                          double scale)
{
	bool nearest = function == HIDP_RESIZE_NEAREST || function == HIDP_RESIZE_NEAREST_FLOOR;
	const char *mode = hidp_onnx__string(lw->node, "coordinate_transformation_mode",
	                                     "half_pixel");
	const char *rounding = hidp_onnx__string(lw->node, "nearest_mode", "round_prefer_floor");
	if (in > 1 << 16 || out > 1 << 16)
		return false;
	for (int64_t o = 0; o < out; o++) {
		double a = standard_coordinate(mode, o, in, out, scale);
		double b = library_coordinate(function, o, in, out);
		if (nearest)
			a = standard_round(rounding, a);
		if (!(fabs(within(a, in) - within(b, in)) <= 1e-5))
			return false;
	}
	return true;
}

static hidp_status lower_resize(struct lowering *lw)
{
	static const hidp_resize nearest[] = {HIDP_RESIZE_NEAREST, HIDP_RESIZE_NEAREST_FLOOR};
	static const hidp_resize linear[] = {HIDP_RESIZE_BILINEAR, HIDP_RESIZE_BILINEAR_CORNERS};
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_RESIZE);
	const struct dims *to = &lw->node->outputs[0]->dims;
	const char *mode = hidp_onnx__string(lw->node, "mode", "nearest");
	const struct tensor *scales = hidp_onnx__constant(lw, 2);
	const hidp_resize *functions = strcmp(mode, "nearest") == 0 ? nearest
	                               : strcmp(mode, "linear") == 0 ? linear
	                                                             : NULL;
	double scale[2] = {1, 1};
	struct operand x;
	hidp_status s = image_operand(lw, &x);
	if (s != HIDP_OK)
		return s;
	if (functions == NULL || hidp_onnx__int(lw->node, "antialias", 0) != 0)
		return hidp_onnx__unsupported(lw, "mode %s", mode);
	if (to->size[0] != x.dims.size[0] || to->size[1] != x.dims.size[1])
		return hidp_onnx__unsupported(lw, "it changes more than rows and columns");
	for (int i = 0; i < to->rank - 2; i++) {
		scale[i] = (double)to->size[2 + i] / (double)x.dims.size[2 + i];
		if (scales != NULL && scales->data != NULL && scales->count == to->rank)
			scale[i] = hidp_onnx__number(scales, 2 + i);
	}
	for (int k = 0; k < 2; k++) {
		bool alike = true;
		for (int i = 0; i < to->rank - 2; i++)
			alike &= resizes_alike(lw, functions[k], x.dims.size[2 + i],
			                       to->size[2 + i], scale[i]);
		if (alike && desc.function == 0)
			desc.function = functions[k];
	}
	if (desc.function == 0)
		return hidp_onnx__unsupported(lw, "it looks between other pixels");
	desc.shape.rows = to->size[2];
	desc.shape.width = to->rank > 3 ? to->size[3] : 1;
	s = emit_image(lw, &desc, &x, to, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* x / (bias + alpha / size * the sum of the squares of the channels around)^beta */
static hidp_status lower_lrn(struct lowering *lw)
{
	const struct node *n = lw->node;
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_AVERAGE_POOL);
	int64_t size = hidp_onnx__int(n, "size", 0);
	struct operand x, y;
	hidp_status s = image_operand(lw, &x);
	if (s != HIDP_OK)
		return s;
	if (size < 1 || size > x.dims.size[1] * 2)
		return hidp_onnx__unsupported(lw, "its size is %lld", (long long)size);
	s = hidp_onnx__combine(lw, HIDP_BINARY_MUL, &x, &x, &y);
	if (s != HIDP_OK)
		return s;
	/* the channels alone on the width, and everything else before them */
	struct layout layout = y.layout;
	layout.end[GROUP_ROWS] = layout.end[GROUP_WIDTH];
	layout.end[GROUP_WIDTH] = layout.count;
	if ((s = hidp_onnx__arrange(lw, &y, &layout, &y)) != HIDP_OK)
		return s;
	const struct operand from = y;
	const struct operand *const inputs[] = {&from};
	desc.kernel[0] = 1;
	desc.kernel[1] = size;
	desc.stride[0] = desc.stride[1] = 1;
	desc.pad[1] = (size - 1) / 2;
	desc.pad[3] = size - 1 - desc.pad[1];
	s = hidp_onnx__emit(lw, &desc, inputs, 1, &from.dims, &layout, &y);
	if (s == HIDP_OK)
		s = hidp_onnx__linear(lw, &y, hidp_onnx__float(n, "alpha", 1e-4),
		                      hidp_onnx__float(n, "bias", 1), &y);
	if (s == HIDP_OK)
		s = hidp_onnx__activate(lw, &y, HIDP_ACTIVATION_POWER,
		                        -hidp_onnx__float(n, "beta", 0.75), 0, &y);
	if (s == HIDP_OK)
		s = hidp_onnx__combine(lw, HIDP_BINARY_MUL, &x, &y, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

const struct lower_entry hidp_onnx__lower_image[] = {
	{"AveragePool", lower_pool, HIDP_OP_AVERAGE_POOL},
	{"Conv", lower_conv, 0},
	{"ConvTranspose", lower_conv_transpose, 0},
	{"LRN", lower_lrn, 0},
	{"MaxPool", lower_pool, HIDP_OP_MAX_POOL},
	{"Resize", lower_resize, 0},
	{NULL, NULL, 0},
};
