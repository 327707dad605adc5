/* SPDX-License-Identifier: MIT */
/* Convolutions, and dense layers over several positions, which are convolutions of 1 x 1. */
#include <math.h>
#include <string.h>

#include "post.h"
#include "weights.h"

/* A convolution of the call's channels. */
struct conv {
	struct tensor in, out; /* dense */
	struct dnnl_window window;
	int64_t groups;
	int64_t per_channel; /* weights of an output channel */
	dnnl_dims_t dims;    /* of the kernel */
	int dim_count;
};

static hidp_status describe(struct build *b, const struct tensor *t, bool any,
                            dnnl_memory_desc_t *md)
{
	const dnnl_dims_t dims = {t->dims[0], t->dims[1], t->dims[2], t->dims[3]};
	if (!any)
		return onednn__describe(b, t, FORM_IMAGE, md);
	return onednn__check(
		b, dnnl_memory_desc_init_by_tag(md, 4, dims, dnnl_f32, dnnl_format_tag_any),
		"a tensor");
}

static hidp_status init_desc(struct build *b, const struct conv *conv, dnnl_alg_kind_t algorithm,
                             const struct argument *bias, dnnl_convolution_desc_t *desc)
{
	/* Winograd's algorithm knows only layouts of its own */
	bool any = algorithm == dnnl_convolution_winograd;
	dnnl_memory_desc_t in, out, kernel;
	hidp_status s = describe(b, &conv->in, any, &in);
	if (s == HIDP_OK)
		s = describe(b, &conv->out, any, &out);
	if (s != HIDP_OK)
		return s;
	dnnl_status_t status = dnnl_memory_desc_init_by_tag(&kernel, conv->dim_count, conv->dims,
	                                                    dnnl_f32, dnnl_format_tag_any);
	if (status == dnnl_success)
		status = dnnl_dilated_convolution_forward_desc_init(
			desc, dnnl_forward_inference, algorithm, &in, &kernel,
			bias != NULL ? &bias->md : NULL, &out, conv->window.stride,
			conv->window.dilation, conv->window.before, conv->window.after);
	return onednn__check(b, status, "a convolution");
}

/* An input or output in the layout that the implementation wants: scratch memory if not ours. */
static hidp_status settle_layout(struct build *b, const struct tensor *t,
                                 const dnnl_memory_desc_t *wanted, struct argument *argument)
{
	dnnl_memory_desc_t own;
	hidp_status s = onednn__describe(b, t, FORM_IMAGE, &own);
	argument->md = *wanted;
	argument->place = t->place;
	if (s == HIDP_OK && !dnnl_memory_desc_equal(&own, wanted))
		argument->place = kernels__scratch(b, dnnl_memory_desc_get_size(wanted));
	return s;
}

static hidp_status add_conv(struct build *b, const struct conv *conv, const struct choice *choice,
                            const struct operation *operation, const struct argument *bias,
                            const struct posts *posts)
{
	struct argument arguments[OPERATION_ARGUMENTS_MAX] = {{.index = DNNL_ARG_SRC}};
	uint32_t count = 2;
	dnnl_memory_desc_t lent;
	dnnl_primitive_desc_t pd = choice->pd;
	hidp_status s = onednn__check(
		b,
		dnnl_memory_desc_init_by_tag(&lent, conv->dim_count, conv->dims, dnnl_f32,
	                                     conv->dim_count == 5 ? dnnl_goihw : dnnl_oihw),
		"a kernel");
	arguments[1].md = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
	if (s == HIDP_OK)
		s = onednn__kernel(b, &lent, conv->per_channel, &arguments[1]);
	if (s == HIDP_OK)
		s = settle_layout(b, &conv->in,
		                  dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0),
		                  &arguments[0]);
	if (s == HIDP_OK && !kernels__same_place(arguments[0].place, conv->in.place)) {
		struct argument from = {0, {0}, conv->in.place};
		s = onednn__describe(b, &conv->in, FORM_IMAGE, &from.md);
		if (s == HIDP_OK)
			s = onednn__add_reorder(b, &from, &arguments[0]);
	}
	if (bias != NULL)
		arguments[count++] = *bias;
	arguments[count].index = DNNL_ARG_DST;
	if (s == HIDP_OK)
		s = settle_layout(b, &conv->out,
		                  dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0),
		                  &arguments[count]);
	if (s != HIDP_OK)
		return s;
	return onednn__add_choice(b, operation, choice, arguments, count + 1, &conv->out, posts);
}

static bool suits_winograd(const struct build *b, const struct conv *conv)
{
	const struct dnnl_window *w = &conv->window;
	return !(onednn__of(b)->flags & HIDP_ONEDNN_NO_WINOGRAD) && conv->groups == 1 &&
	       w->kernel[0] == 3 && w->kernel[1] == 3 && w->stride[0] == 1 && w->stride[1] == 1 &&
	       w->dilation[0] == 0 && w->dilation[1] == 0;
}

/*
 * Time of an implementation of Winograd's algorithm, in parts of a direct convolution's.
 * F(m, 3) does (m + 2)^2 multiplications where a direct one does 9 m^2, and transforms
 * tiles beside, which matters the more the fewer channels there are; but it reads kernels
 * that are (m + 2)^2 / 9 times as large, which matters where there are few positions. The
 * factors fit what was measured on a core with AVX-512: 8 FLOP per byte read.
 */
static double winograd_cost(const void *cost_data, const_dnnl_primitive_desc_t pd)
{
	const struct conv *conv = cost_data;
	double in = (double)conv->in.dims[HIDP_AXIS_CHANNELS];
	double out = (double)conv->out.dims[HIDP_AXIS_CHANNELS];
	double positions = (double)kernels__tensor_positions(&conv->out);
	const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
	double per_tile = (double)dnnl_memory_desc_get_size(md) / sizeof(float) / (in * out);
	double m = sqrt(per_tile) - 2;
	if (onednn__is_reference(pd) || m < 1)
		return 1;
	double tiles = ceil((double)conv->out.dims[HIDP_AXIS_ROWS] / m) *
	               ceil((double)conv->out.dims[HIDP_AXIS_WIDTH] / m) *
	               (double)conv->out.dims[HIDP_AXIS_BATCH];
	double computing = tiles * per_tile / (9 * positions) * (1.3 + 20 / in + 20 / out);
	double reading = 8 * per_tile * sizeof(float) / (2 * 9 * positions);
	return 1.1 * (computing + reading); /* a tie is not worth its memory */
}

/* *choice stays without a primitive where there is none. */
static hidp_status choose_winograd(struct build *b, const struct conv *conv,
                                   const struct argument *bias, struct posts *posts,
                                   dnnl_convolution_desc_t *desc, struct choice *choice)
{
	const struct operation operation = {.desc = desc, .cost = winograd_cost, .cost_data = conv};
	struct hidp_diagnostic *diagnostic = b->diagnostic;
	b->diagnostic = NULL; /* that there is none is no error */
	hidp_status s = init_desc(b, conv, dnnl_convolution_winograd, bias, desc);
	if (s == HIDP_OK)
		s = onednn__choose(b, &operation, &conv->out, posts, choice);
	b->diagnostic = diagnostic;
	if (s == HIDP_ERR_NOMEM)
		return kernels__no_memory(b);
	if (s != HIDP_OK)
		choice->pd = NULL;
	return HIDP_OK;
}

static hidp_status build(struct build *b, struct conv *conv)
{
	struct posts posts = {.count = 0};
	struct argument bias, *own_bias = NULL;
	dnnl_convolution_desc_t desc;
	const struct operation operation = {.desc = &desc};
	struct choice choice = {.pd = NULL};
	hidp_status s = onednn__make_dense(b, &conv->in);
	conv->out = onednn__dense_output(b);
	if (s == HIDP_OK)
		s = kernels__posts(b, 1 + kernels__norm_count(b), &posts);
	if (s == HIDP_OK && onednn__has_bias(b)) {
		own_bias = &bias;
		s = onednn__bias(b, &bias);
	}
	if (s == HIDP_OK && suits_winograd(b, conv))
		s = choose_winograd(b, conv, own_bias, &posts, &desc, &choice);
	if (s == HIDP_OK && choice.pd == NULL) {
		s = init_desc(b, conv, dnnl_convolution_direct, own_bias, &desc);
		if (s == HIDP_OK)
			s = onednn__choose(b, &operation, &conv->out, &posts, &choice);
	}
	if (s != HIDP_OK)
		return s;
	s = add_conv(b, conv, &choice, &operation, own_bias, &posts);
	dnnl_primitive_desc_destroy(choice.pd);
	return s == HIDP_OK ? onednn__finish_output(b, &conv->out) : s;
}

/* Input channels of the groups that the call's output channels belong to. */
static void cut_groups(const struct build *b, struct conv *conv, int64_t in_channels)
{
	int64_t out_group = b->part.out_channels / b->part.groups;
	int64_t in_group = in_channels / b->part.groups;
	int64_t first = b->call->channel_begin / out_group;
	int64_t last = b->call->channel_end / out_group;
	conv->in = kernels__tensor_cut(conv->in, HIDP_AXIS_CHANNELS, first * in_group,
	                               last * in_group);
	conv->groups = last - first;
	conv->dim_count = 5;
	const dnnl_dims_t dims = {conv->groups, out_group, in_group, b->part.kernel[0],
	                          b->part.kernel[1]};
	memcpy(conv->dims, dims, sizeof dims);
	conv->per_channel = in_group * b->part.kernel[0] * b->part.kernel[1];
}

hidp_status onednn__build_conv(struct build *b)
{
	struct conv conv = {.groups = 1, .dim_count = 4};
	int64_t channels = b->call->inputs[0].shape.channels;
	hidp_status s = onednn__window_input(b, &conv.in, &conv.window);
	if (s != HIDP_OK)
		return s;
	if (b->part.groups > 1) {
		cut_groups(b, &conv, channels);
	} else {
		const dnnl_dims_t dims = {b->call->channel_end - b->call->channel_begin, channels,
		                          b->part.kernel[0], b->part.kernel[1]};
		memcpy(conv.dims, dims, sizeof dims);
		conv.per_channel = channels * b->part.kernel[0] * b->part.kernel[1];
	}
	return build(b, &conv);
}

/* A single position per image: streaming the weights is all the work, so they stay as they are. */
static hidp_status build_vector(struct build *b)
{
	const struct call *call = b->call;
	int64_t channels = call->inputs[0].shape.channels;
	struct posts posts = {.count = 0};
	struct argument arguments[OPERATION_ARGUMENTS_MAX] = {{.index = DNNL_ARG_SRC}};
	uint32_t count = 2;
	struct tensor in = kernels__operand_rows(call, &call->inputs[0], 0, 1);
	struct tensor out = onednn__dense_output(b);
	const dnnl_dims_t dims = {call->channel_end - call->channel_begin, channels};
	hidp_status s = onednn__make_dense(b, &in);
	if (s == HIDP_OK)
		s = kernels__posts(b, 1 + kernels__norm_count(b), &posts);
	if (s == HIDP_OK)
		s = onednn__describe(b, &in, FORM_MATRIX, &arguments[0].md);
	arguments[0].place = in.place;
	if (s == HIDP_OK)
		s = onednn__check(
			b,
			dnnl_memory_desc_init_by_tag(&arguments[1].md, 2, dims, dnnl_f32, dnnl_ab),
			"a kernel");
	const dnnl_memory_desc_t lent = arguments[1].md;
	if (s == HIDP_OK)
		s = onednn__kernel(b, &lent, channels, &arguments[1]);
	if (s == HIDP_OK && onednn__has_bias(b))
		s = onednn__bias(b, &arguments[count++]);
	arguments[count] = (struct argument){.index = DNNL_ARG_DST, .place = out.place};
	if (s == HIDP_OK)
		s = onednn__describe(b, &out, FORM_MATRIX, &arguments[count].md);
	if (s != HIDP_OK)
		return s;
	dnnl_inner_product_desc_t desc;
	s = onednn__check(b,
	                  dnnl_inner_product_forward_desc_init(
				  &desc, dnnl_forward_inference, &arguments[0].md, &lent,
				  count == 3 ? &arguments[2].md : NULL, &arguments[count].md),
	                  "a dense layer");
	const struct operation operation = {.desc = &desc, .form = FORM_MATRIX};
	if (s == HIDP_OK)
		s = onednn__add_operation(b, &operation, arguments, count + 1, &out, &posts);
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}

hidp_status onednn__build_dense(struct build *b)
{
	const struct call *call = b->call;
	struct conv conv = {.groups = 1, .dim_count = 4};
	if (call->info.shape.rows * call->info.shape.width == 1)
		return build_vector(b);
	conv.per_channel = call->inputs[0].shape.channels;
	conv.in = kernels__operand_rows(call, &call->inputs[0], call->row_begin, call->row_end);
	const dnnl_dims_t dims = {call->channel_end - call->channel_begin, conv.per_channel, 1, 1};
	memcpy(conv.dims, dims, sizeof dims);
	for (int i = 0; i < 2; i++)
		conv.window.kernel[i] = conv.window.stride[i] = 1;
	return build(b, &conv);
}
