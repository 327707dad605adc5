/* SPDX-License-Identifier: MIT */
/* Products of two tensors, image by image: matrices of rows and channels, with any strides. */
#include "matmul.h"

hidp_status onednn__add_matmul(struct build *b, const struct tensor *left,
                               const struct tensor *right, bool transposed, float scale,
                               const struct tensor *out, struct posts *posts)
{
	const struct tensor *tensors[3] = {left, right, out};
	static const int indices[3] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
	struct argument arguments[3];
	for (int i = 0; i < 3; i++) {
		const struct tensor *t = tensors[i];
		dnnl_dims_t dims = {t->dims[HIDP_AXIS_ROWS], t->dims[HIDP_AXIS_CHANNELS]};
		dnnl_dims_t strides = {t->strides[HIDP_AXIS_ROWS], t->strides[HIDP_AXIS_CHANNELS]};
		if (transposed && i == 1) {
			const int64_t dim = dims[0], stride = strides[0];
			dims[0] = dims[1];
			dims[1] = dim;
			strides[0] = strides[1];
			strides[1] = stride;
		}
		hidp_status s = onednn__check(b,
		                              dnnl_memory_desc_init_by_strides(
						      &arguments[i].md, 2, dims, dnnl_f32, strides),
		                              "a matrix");
		if (s != HIDP_OK)
			return s;
		arguments[i].index = indices[i];
		arguments[i].place = t->place;
	}
	dnnl_matmul_desc_t desc;
	hidp_status s =
		onednn__check(b,
	                      dnnl_matmul_desc_init(&desc, &arguments[0].md, &arguments[1].md, NULL,
	                                            &arguments[2].md),
	                      "a matrix product");
	if (s != HIDP_OK)
		return s;
	const struct operation operation = {.desc = &desc, .form = FORM_MATRIX, .scale = scale};
	return onednn__add_operation(b, &operation, arguments, 3, out, posts);
}

/* The posts with one image of their operands. */
static void cut_posts(const struct posts *all, int64_t n, struct posts *posts)
{
	*posts = *all;
	for (uint32_t i = 0; i < posts->count; i++)
		if (posts->list[i].binary)
			posts->list[i].operand = kernels__tensor_image(&all->list[i].operand, n);
}

hidp_status onednn__build_matmul(struct build *b)
{
	const struct call *call = b->call;
	bool transposed = (b->part.flags & HIDP_LAYER_TRANSPOSE_B) != 0;
	struct posts posts = {.count = 0}, of_image;
	struct tensor left =
		kernels__operand_rows(call, &call->inputs[0], call->row_begin, call->row_end);
	struct tensor right =
		kernels__operand_rows(call, &call->inputs[1], 0, call->inputs[1].shape.rows);
	right = kernels__tensor_cut(right, transposed ? HIDP_AXIS_ROWS : HIDP_AXIS_CHANNELS,
	                            call->channel_begin, call->channel_end);
	struct tensor out = onednn__dense_output(b);
	hidp_status s = kernels__posts(b, 1, &posts);
	for (int64_t n = 0; s == HIDP_OK && n < out.dims[HIDP_AXIS_BATCH]; n++) {
		struct tensor l = kernels__tensor_image(&left, n),
			      r = kernels__tensor_image(&right, n),
			      o = kernels__tensor_image(&out, n);
		cut_posts(&posts, n, &of_image);
		s = onednn__add_matmul(b, &l, &r, transposed, 0, &o, &of_image);
	}
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}
