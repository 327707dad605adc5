/* SPDX-License-Identifier: MIT */
/* Convolutions and pooling. */
#include "infer.h"

#include <string.h>

/* An attribute with one number for each axis; where it is not given all are `otherwise`. */
static hidp_status read_numbers(const struct graph *graph, const struct node *node,
                                const char *name, int n, int64_t least, int64_t otherwise,
                                int64_t *out)
{
	size_t count;
	const int64_t *ints = hidp_onnx__ints(node, name, &count);
	if (count != 0 && count != (size_t)n)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "attribute %s has %zu numbers, should have %d", name,
		                            count, n);
	for (int i = 0; i < n; i++) {
		out[i] = count != 0 ? ints[i] : otherwise;
		if (out[i] < least || out[i] > DIM_MAX)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "attribute %s has a value of %lld", name,
			                            (long long)out[i]);
	}
	return HIDP_OK;
}

enum auto_pad { PAD_EXPLICIT, PAD_VALID, PAD_SAME_UPPER, PAD_SAME_LOWER };

static hidp_status read_auto_pad(const struct graph *graph, const struct node *node,
                                 enum auto_pad *out)
{
	static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
	const char *text = hidp_onnx__string(node, "auto_pad", "NOTSET");
	for (int i = 0; i < 4; i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum auto_pad)i;
			return HIDP_OK;
		}
	return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL, "auto_pad is \"%.40s\"", text);
}

/* Everything about the windows but what depends on the padding. */
static hidp_status read_windows(const struct graph *graph, const struct node *node,
                                const struct dims *in, const int64_t *kernel,
                                struct window *windows)
{
	const int n = in->rank - 2;
	int64_t numbers[2 * HIDP_ONNX_RANK_MAX];
	size_t given;
	hidp_onnx__ints(node, "kernel_shape", &given);
	if (kernel == NULL && given == 0)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "attribute kernel_shape is missing");
	hidp_status s = read_numbers(graph, node, "kernel_shape", n, 1, 1, numbers);
	for (int i = 0; s == HIDP_OK && i < n; i++) {
		if (kernel != NULL && given != 0 && kernel[i] != numbers[i])
			return hidp_onnx__fail_node(
			        graph, node, HIDP_ERR_MODEL,
			        "kernel_shape says %lld along axis %d, the weights %lld",
			        (long long)numbers[i], i + 2, (long long)kernel[i]);
		windows[i] = (struct window){.in = in->size[i + 2],
		                             .kernel = kernel != NULL ? kernel[i] : numbers[i]};
		if (windows[i].kernel < 1)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "the kernel is empty");
	}
	if (s == HIDP_OK)
		s = read_numbers(graph, node, "strides", n, 1, 1, numbers);
	for (int i = 0; s == HIDP_OK && i < n; i++)
		windows[i].stride = numbers[i];
	if (s == HIDP_OK)
		s = read_numbers(graph, node, "dilations", n, 1, 1, numbers);
	for (int i = 0; s == HIDP_OK && i < n; i++)
		windows[i].dilation = numbers[i];
	if (s == HIDP_OK)
		s = read_numbers(graph, node, "pads", 2 * n, 0, 0, numbers);
	for (int i = 0; s == HIDP_OK && i < n; i++) {
		windows[i].before = numbers[i];
		windows[i].after = numbers[i + n];
	}
	return s;
}

/* How far the window reaches, its first element to its last. */
static int64_t reach(const struct window *w)
{
	return w->dilation * (w->kernel - 1) + 1;
}

static void split_padding(struct window *w, int64_t padding, bool more_after)
{
	w->before = more_after ? padding / 2 : padding - padding / 2;
	w->after = padding - w->before;
}

static hidp_status place_window(const struct graph *graph, const struct node *node,
                                struct window *w, enum auto_pad pad, bool ceil)
{
	if (pad == PAD_SAME_UPPER || pad == PAD_SAME_LOWER) {
		w->out = (w->in + w->stride - 1) / w->stride;
		const int64_t padding = (w->out - 1) * w->stride + reach(w) - w->in;
		split_padding(w, padding > 0 ? padding : 0, pad == PAD_SAME_UPPER);
		return HIDP_OK;
	}
	if (pad == PAD_VALID)
		w->before = w->after = 0;
	const int64_t room = w->in + w->before + w->after - reach(w);
	if (room < 0)
		return hidp_onnx__fail_node(
		        graph, node, HIDP_ERR_MODEL,
		        "a window of %lld does not fit into %lld elements (padding %lld and %lld)",
		        (long long)reach(w), (long long)w->in, (long long)w->before,
		        (long long)w->after);
	w->out = room / w->stride + 1;
	/* One more that begins within the tensor and runs over its end. */
	if (ceil && room % w->stride != 0 && w->out * w->stride < w->in + w->before) {
		if (pad == PAD_VALID)
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_UNSUPPORTED,
			                            "ceil_mode with auto_pad VALID is ambiguous");
		w->out++;
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__windows(const struct graph *graph, const struct node *node,
                               const struct dims *in, const int64_t *kernel,
                               struct window windows[HIDP_ONNX_RANK_MAX])
{
	enum auto_pad pad = PAD_EXPLICIT;
	const bool ceil = hidp_onnx__int(node, "ceil_mode", 0) != 0;
	hidp_status s = read_windows(graph, node, in, kernel, windows);
	if (s == HIDP_OK)
		s = read_auto_pad(graph, node, &pad);
	for (int i = 0; s == HIDP_OK && i < in->rank - 2; i++)
		s = place_window(graph, node, &windows[i], pad, ceil);
	return s;
}

hidp_status hidp_onnx__transposed_windows(const struct graph *graph, const struct node *node,
                                          const struct dims *in, const int64_t *kernel,
                                          struct window windows[HIDP_ONNX_RANK_MAX])
{
	const int n = in->rank - 2;
	enum auto_pad pad = PAD_EXPLICIT;
	int64_t more[HIDP_ONNX_RANK_MAX];
	size_t stated_count;
	const int64_t *stated = hidp_onnx__ints(node, "output_shape", &stated_count);
	hidp_status s = read_windows(graph, node, in, kernel, windows);
	if (s == HIDP_OK)
		s = read_numbers(graph, node, "output_padding", n, 0, 0, more);
	if (s == HIDP_OK)
		s = read_auto_pad(graph, node, &pad);
	if (s != HIDP_OK)
		return s;
	if (stated_count != 0 && stated_count != (size_t)n && stated_count != (size_t)n + 2)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "attribute output_shape has %zu numbers, should have %d",
		                            stated_count, n);
	for (int i = 0; i < n; i++) {
		struct window *w = &windows[i];
		/* what comes out without padding; output_padding is more at the end */
		const int64_t full = w->stride * (w->in - 1) + more[i] + reach(w);
		const bool same = pad == PAD_SAME_UPPER || pad == PAD_SAME_LOWER;
		if (stated_count != 0 || same) {
			w->out = stated_count != 0 ? stated[stated_count - (size_t)n + (size_t)i]
			                           : w->in * w->stride;
			if (w->out < 1 || w->out > DIM_MAX)
				return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
				                            "output_shape has a value of %lld",
				                            (long long)w->out);
			/* what is cut off is as if padded; what is missing is at the end */
			const int64_t cut = full - w->out;
			split_padding(w, cut > 0 ? cut : 0, pad == PAD_SAME_UPPER);
			w->after = cut - w->before - more[i];
		} else {
			if (pad == PAD_VALID)
				w->before = w->after = 0;
			w->out = full - w->before - w->after;
			w->after -= more[i];
		}
		if (w->in < 1 || w->out < 1)
			return hidp_onnx__fail_node(
			        graph, node, HIDP_ERR_MODEL,
			        "nothing would be left along axis %d: %lld elements, padding %lld and %lld",
			        i + 2, (long long)w->in, (long long)w->before,
			        (long long)w->after);
	}
	return HIDP_OK;
}

static hidp_status set_windows(const struct graph *graph, const struct node *node, uint32_t output,
                               enum element type, int64_t batch, int64_t channels,
                               const struct window *windows, int n)
{
	struct dims dims = {.rank = n + 2, .size = {batch, channels}};
	for (int i = 0; i < n; i++)
		dims.size[i + 2] = windows[i].out;
	return hidp_onnx__set_output(graph, node, output, type, &dims);
}

static hidp_status check_bias(const struct graph *graph, const struct node *node, uint32_t i,
                              int64_t channels)
{
	const struct value *bias = hidp_onnx__input(node, i);
	char text[160];
	if (bias == NULL || (bias->dims.rank == 1 && bias->dims.size[0] == channels))
		return HIDP_OK;
	return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
	                            "the bias is of size %s, the output has %lld channels",
	                            hidp_onnx__dims_text(&bias->dims, text),
	                            (long long)channels);
}

/* Inputs x and w of a convolution: as many dimensions, and groups that divide both. */
static hidp_status check_weights(const struct graph *graph, const struct node *node, uint32_t x,
                                 uint32_t w, bool transposed, int64_t *groups_out)
{
	const struct dims *in = &node->inputs[x]->dims, *weights = &node->inputs[w]->dims;
	const int64_t groups = hidp_onnx__int(node, "group", 1);
	hidp_status s = hidp_onnx__check_rank(graph, node, x, 3, RANK_MAX);
	if (s != HIDP_OK)
		return s;
	if (weights->rank != in->rank)
		return hidp_onnx__mismatch(graph, node, x, w);
	const int64_t channels = in->size[1];
	if (groups < 1 || groups > DIM_MAX || channels % groups != 0 ||
	    (transposed ? weights->size[0] != channels
	                : weights->size[1] != channels / groups || weights->size[0] % groups != 0)) {
		char first[160], second[160];
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "an input of %s does not match weights of %s in %lld groups",
		                            hidp_onnx__dims_text(in, first),
		                            hidp_onnx__dims_text(weights, second),
		                            (long long)groups);
	}
	*groups_out = groups;
	return HIDP_OK;
}

static hidp_status infer_conv(struct graph *graph, struct node *node, uint32_t w, uint32_t bias,
                              enum element type)
{
	struct window windows[HIDP_ONNX_RANK_MAX];
	int64_t groups = 1;
	hidp_status s = check_weights(graph, node, 0, w, false, &groups);
	if (s != HIDP_OK)
		return s;
	const struct dims *in = &node->inputs[0]->dims, *weights = &node->inputs[w]->dims;
	s = check_bias(graph, node, bias, weights->size[0]);
	if (s == HIDP_OK)
		s = hidp_onnx__windows(graph, node, in, &weights->size[2], windows);
	return s == HIDP_OK ? set_windows(graph, node, 0, type, in->size[0], weights->size[0],
	                                  windows, in->rank - 2)
	                    : s;
}

hidp_status hidp_onnx__infer_conv(struct graph *graph, struct node *node)
{
	/* QLinearConv: x and w each with scale and zero point, y's scale and zero point, bias */
	if (strcmp(node->op, "QLinearConv") == 0)
		return infer_conv(graph, node, 3, 8, node->inputs[7]->type);
	hidp_status s = hidp_onnx__check_type(graph, node, 0, 1);
	return s == HIDP_OK ? infer_conv(graph, node, 1, 2, node->inputs[0]->type) : s;
}

hidp_status hidp_onnx__infer_conv_integer(struct graph *graph, struct node *node)
{
	/* inputs 2 and 3 are zero points, and there is no bias */
	return infer_conv(graph, node, 1, UINT32_MAX, ELEMENT_INT32);
}

hidp_status hidp_onnx__infer_conv_transpose(struct graph *graph, struct node *node)
{
	struct window windows[HIDP_ONNX_RANK_MAX];
	int64_t groups = 1;
	hidp_status s = check_weights(graph, node, 0, 1, true, &groups);
	if (s == HIDP_OK)
		s = hidp_onnx__check_type(graph, node, 0, 1);
	if (s != HIDP_OK)
		return s;
	const struct dims *in = &node->inputs[0]->dims, *weights = &node->inputs[1]->dims;
	const int64_t channels = weights->size[1] * groups;
	s = check_bias(graph, node, 2, channels);
	if (s == HIDP_OK)
		s = hidp_onnx__transposed_windows(graph, node, in, &weights->size[2], windows);
	return s == HIDP_OK ? set_windows(graph, node, 0, node->inputs[0]->type, in->size[0],
	                                  channels, windows, in->rank - 2)
	                    : s;
}

hidp_status hidp_onnx__infer_pool(struct graph *graph, struct node *node)
{
	struct window windows[HIDP_ONNX_RANK_MAX];
	const struct value *x = node->inputs[0];
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 3, RANK_MAX);
	if (s == HIDP_OK)
		s = hidp_onnx__windows(graph, node, &x->dims, NULL, windows);
	if (s == HIDP_OK)
		s = set_windows(graph, node, 0, x->type, x->dims.size[0], x->dims.size[1], windows,
		                x->dims.rank - 2);
	if (s == HIDP_OK && strcmp(node->op, "MaxPool") == 0)
		s = set_windows(graph, node, 1, ELEMENT_INT64, x->dims.size[0], x->dims.size[1],
		                windows, x->dims.rank - 2);
	return s;
}

hidp_status hidp_onnx__infer_global_pool(struct graph *graph, struct node *node)
{
	struct dims dims = node->inputs[0]->dims;
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 2, RANK_MAX);
	if (s != HIDP_OK)
		return s;
	for (int i = 2; i < dims.rank; i++)
		dims.size[i] = 1;
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type, &dims);
}
