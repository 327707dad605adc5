/* SPDX-License-Identifier: MIT */
/* Convolutions: dense, in groups, depthwise. */
#include "operator.h"
#include "post.h"
#include "weights.h"

/* A convolution of the call's channels. */
struct conv {
	struct tensor in, out;
	struct window window;
	int64_t groups, group_in, group_out;
	float low, high; /* bounds of the output */
};

static enum xnn_status set_up(xnn_operator_t op, size_t batch, size_t height, size_t width,
                              const float *in, float *out, pthreadpool_t threads)
{
	return xnn_setup_convolution2d_nhwc_f32(op, batch, height, width, in, out, threads);
}

static hidp_status create(struct build *b, const struct conv *c)
{
	const struct window *w = &c->window;
	struct folded folded;
	xnn_operator_t op = NULL;
	hidp_status s = xnnpack__fold(b, w->kernel[0] * w->kernel[1], c->group_in, &folded);
	if (s != HIDP_OK)
		return s;
	enum xnn_status status = xnn_create_convolution2d_nhwc_f32(
		(uint32_t)w->before[0], (uint32_t)w->after[1], (uint32_t)w->after[0],
		(uint32_t)w->before[1], (uint32_t)w->kernel[0], (uint32_t)w->kernel[1],
		(uint32_t)w->stride[0], (uint32_t)w->stride[1], (uint32_t)w->dilation[0],
		(uint32_t)w->dilation[1], (uint32_t)c->groups, (size_t)c->group_in,
		(size_t)c->group_out, xnnpack__pixel_stride(&c->in), xnnpack__pixel_stride(&c->out),
		folded.kernel, folded.bias, c->low, c->high, 0, &op);
	xnnpack__folded_clear(&folded);
	return xnnpack__add_operator(b, status, op, set_up, &c->in, &c->out);
}

/* Input channels of the groups that the call's output channels belong to. */
static void cut_groups(const struct build *b, struct conv *c)
{
	int64_t first = b->call->channel_begin / c->group_out;
	int64_t last = b->call->channel_end / c->group_out;
	c->in = kernels__tensor_cut(c->in, HIDP_AXIS_CHANNELS, first * c->group_in,
	                            last * c->group_in);
	c->groups = last - first;
}

hidp_status xnnpack__build_conv(struct build *b)
{
	struct conv c = {.groups = b->part.groups};
	struct posts posts = {.count = 0};
	hidp_status s = xnnpack__window_input(b, &c.in, &c.window);
	if (s != HIDP_OK)
		return s;
	c.group_in = c.in.dims[HIDP_AXIS_CHANNELS] / c.groups;
	c.group_out = b->part.out_channels / c.groups;
	if (c.groups > 1)
		cut_groups(b, &c);
	else
		c.group_out = b->call->channel_end - b->call->channel_begin;
	c.out = kernels__call_output(b->call);
	if (!xnnpack__window_fits(&c.window) || c.groups > INT32_MAX)
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "it is too large for XNNPACK");
	s = xnnpack__make_even(b, &c.in);
	if (s == HIDP_OK)
		s = kernels__posts(b, 1 + kernels__norm_count(b), &posts);
	if (s != HIDP_OK)
		return s;
	xnnpack__take_clip(&posts, &c.low, &c.high);
	if (!xnnpack__add_again(b, &c.in, &c.out, &s))
		s = create(b, &c);
	return s == HIDP_OK ? xnnpack__finish(b, &c.out, &posts) : s;
}
