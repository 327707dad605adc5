/* SPDX-License-Identifier: MIT */
/* Activations, binary functions and batch normalisations that stand alone. */
#include "post.h"
#include "weights.h"

hidp_status onednn__build_activation(struct build *b)
{
	struct tensor in = kernels__call_same(b->call, &b->call->inputs[0]);
	struct tensor out = onednn__dense_output(b);
	struct posts posts = {.count = 0};
	dnnl_memory_desc_t md;
	dnnl_eltwise_desc_t desc;
	hidp_status s = onednn__make_dense(b, &in);
	if (s == HIDP_OK)
		s = onednn__post_activation(b, &b->part, &posts);
	if (s == HIDP_OK)
		s = onednn__describe(b, &in, FORM_IMAGE, &md);
	if (s != HIDP_OK)
		return s;
	const struct post *first = &posts.list[0];
	if (first->algorithm == POST_PLAIN) {
		s = kernels__add_copy(b, &in, &out);
		if (s == HIDP_OK)
			s = onednn__apply_posts(b, &out, &posts, 0);
		return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
	}
	s = onednn__check(b,
	                  dnnl_eltwise_forward_desc_init(&desc, dnnl_forward_inference,
	                                                 first->algorithm, &md, first->alpha,
	                                                 first->beta),
	                  "an activation");
	const struct argument arguments[2] = {{DNNL_ARG_SRC, md, in.place},
	                                      {DNNL_ARG_DST, md, out.place}};
	struct posts none = {.count = 0};
	if (s == HIDP_OK)
		s = onednn__add_operation(b, &(struct operation){.desc = &desc}, arguments, 2, &out,
		                          &none);
	if (s == HIDP_OK)
		s = onednn__apply_posts(b, &out, &posts, 1);
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}

/* out = algorithm(x, y), then the posts; y may have dimensions of 1. */
static hidp_status add_binary(struct build *b, dnnl_alg_kind_t algorithm, struct tensor x,
                              struct tensor y, struct posts *posts)
{
	struct tensor out = onednn__dense_output(b);
	struct argument arguments[3] = {
		{.index = DNNL_ARG_SRC_0}, {.index = DNNL_ARG_SRC_1}, {.index = DNNL_ARG_DST}};
	dnnl_binary_desc_t desc;
	x = kernels__tensor_spread(x, out.dims);
	hidp_status s = onednn__make_dense(b, &x);
	if (s == HIDP_OK)
		s = onednn__make_dense(b, &y);
	if (s == HIDP_OK)
		s = onednn__describe(b, &x, FORM_IMAGE, &arguments[0].md);
	if (s == HIDP_OK)
		s = onednn__describe(b, &y, FORM_IMAGE, &arguments[1].md);
	if (s != HIDP_OK)
		return s;
	arguments[2].md = arguments[0].md;
	arguments[0].place = x.place;
	arguments[1].place = y.place;
	arguments[2].place = out.place;
	s = onednn__check(b,
	                  dnnl_binary_desc_init(&desc, algorithm, &arguments[0].md,
	                                        &arguments[1].md, &arguments[2].md),
	                  "a binary function");
	if (s == HIDP_OK)
		s = onednn__add_operation(b, &(struct operation){.desc = &desc}, arguments, 3, &out,
		                          posts);
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}

/* out = x to the power of y, then the posts: oneDNN does not have it. */
static hidp_status add_power(struct build *b, const struct tensor *x, const struct tensor *y,
                             const struct posts *posts)
{
	struct tensor out = onednn__dense_output(b);
	hidp_status s = onednn__add_power(b, x, y, &out);
	if (s == HIDP_OK)
		s = onednn__apply_posts(b, &out, posts, 0);
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}

hidp_status onednn__build_binary(struct build *b)
{
	const struct call *call = b->call;
	struct posts posts = {.count = 0};
	struct tensor x = kernels__call_same(call, &call->inputs[0]), y;
	struct tensor out = kernels__call_output(call);
	bool power = b->part.function == HIDP_BINARY_POW;
	dnnl_alg_kind_t algorithm = dnnl_alg_kind_undef;
	hidp_status s = HIDP_OK;
	if (!power)
		s = onednn__binary_algorithm(b, b->part.function, &algorithm);
	if (s != HIDP_OK)
		return s;
	if (b->part.input_count == 1)
		s = kernels__constant_operand(b, 0, &b->part, &y);
	else
		y = kernels__call_same(call, &call->inputs[1]);
	if (s == HIDP_OK)
		s = kernels__posts(b, 1, &posts);
	if (s != HIDP_OK)
		return s;
	if (power)
		return add_power(b, &x, &y, &posts);
	bool commutes = algorithm != dnnl_binary_sub && algorithm != dnnl_binary_div;
	if (commutes && kernels__tensor_same_dims(&y, &out))
		return add_binary(b, algorithm, y, x, &posts);
	return add_binary(b, algorithm, x, y, &posts);
}

hidp_status onednn__build_batch_norm(struct build *b)
{
	struct posts posts = {.count = 0};
	struct tensor x = kernels__call_same(b->call, &b->call->inputs[0]);
	/* a product and a sum: the product is the primitive, the rest its posts */
	hidp_status s = kernels__posts(b, 0, &posts);
	if (s != HIDP_OK)
		return s;
	struct post scale = posts.list[0];
	posts.count--;
	for (uint32_t i = 0; i < posts.count; i++)
		posts.list[i] = posts.list[i + 1];
	return add_binary(b, scale.algorithm, x, scale.operand, &posts);
}
