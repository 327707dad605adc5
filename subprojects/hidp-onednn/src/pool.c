/* SPDX-License-Identifier: MIT */
/* Pools: oneDNN's where they mean the same as ours, plain loops where it is odd or slow. */
#include "post.h"

static dnnl_alg_kind_t algorithm_of(const struct hidp_layer_desc *d)
{
	if (d->op == HIDP_OP_MAX_POOL)
		return dnnl_pooling_max;
	return d->flags & HIDP_LAYER_EXCLUDE_PAD ? dnnl_pooling_avg_exclude_padding
	                                         : dnnl_pooling_avg_include_padding;
}

/* *found: whether oneDNN has it, and quickly. */
static hidp_status try_pool(struct build *b, dnnl_alg_kind_t algorithm, const struct tensor *in,
                            const struct tensor *out, const struct dnnl_window *window, bool *found)
{
	struct argument arguments[2] = {{DNNL_ARG_SRC, {0}, in->place},
	                                {DNNL_ARG_DST, {0}, out->place}};
	dnnl_pooling_v2_desc_t desc;
	struct choice choice = {.pd = NULL};
	struct posts none = {.count = 0};
	const struct operation operation = {.desc = &desc};
	hidp_status s = onednn__describe(b, in, FORM_IMAGE, &arguments[0].md);
	*found = false;
	if (s == HIDP_OK)
		s = onednn__describe(b, out, FORM_IMAGE, &arguments[1].md);
	if (s == HIDP_OK)
		s = onednn__check(b,
		                  dnnl_pooling_v2_forward_desc_init(
					  &desc, dnnl_forward_inference, algorithm,
					  &arguments[0].md, &arguments[1].md, window->stride,
					  window->kernel, window->dilation, window->before,
					  window->after),
		                  "a pool");
	if (s == HIDP_OK)
		s = onednn__choose(b, &operation, out, &none, &choice);
	if (s != HIDP_OK)
		return s;
	*found = !onednn__is_reference(choice.pd);
	if (*found)
		s = onednn__add_choice(b, &operation, &choice, arguments, 2, out, &none);
	dnnl_primitive_desc_destroy(choice.pd);
	return s;
}

hidp_status onednn__build_pool(struct build *b)
{
	struct tensor in, out;
	struct dnnl_window window;
	bool found;
	if (!kernels__pool_is_ordinary(b))
		return kernels__add_pool(b);
	out = onednn__dense_output(b);
	hidp_status s = onednn__window_input(b, &in, &window);
	if (s != HIDP_OK)
		return s;
	in = kernels__tensor_cut(in, HIDP_AXIS_CHANNELS, b->call->channel_begin,
	                         b->call->channel_end);
	s = onednn__make_dense(b, &in);
	if (s == HIDP_OK)
		s = try_pool(b, algorithm_of(&b->part), &in, &out, &window, &found);
	if (s != HIDP_OK)
		return s;
	return found ? onednn__finish_output(b, &out) : kernels__add_pool(b);
}

hidp_status onednn__build_global_pool(struct build *b)
{
	const struct operand *operand = &b->call->inputs[0];
	struct tensor out = onednn__dense_output(b);
	struct tensor in = kernels__operand_rows(b->call, operand, 0, operand->shape.rows);
	struct dnnl_window window = {.kernel = {operand->shape.rows, operand->shape.width},
	                             .stride = {1, 1}};
	bool found;
	in = kernels__tensor_cut(in, HIDP_AXIS_CHANNELS, b->call->channel_begin,
	                         b->call->channel_end);
	hidp_status s = onednn__make_dense(b, &in);
	if (s == HIDP_OK)
		s = try_pool(b, dnnl_pooling_avg_exclude_padding, &in, &out, &window, &found);
	if (s == HIDP_OK && !found) {
		b->part.kernel[0] = operand->shape.rows;
		b->part.kernel[1] = operand->shape.width;
		b->part.stride[0] = b->part.stride[1] = 1;
		b->part.dilation[0] = b->part.dilation[1] = 1;
		return kernels__add_pool(b);
	}
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}
