/* SPDX-License-Identifier: MIT */
/* What is normalised over the channels of every position: a matrix of positions and channels. */
#include "norm.h"

#include "weights.h"

hidp_status onednn__add_softmax(struct build *b, const struct tensor *in, const struct tensor *out)
{
	dnnl_memory_desc_t md;
	dnnl_softmax_v2_desc_t desc;
	struct posts none = {.count = 0};
	hidp_status s = onednn__describe(b, in, FORM_MATRIX, &md);
	if (s == HIDP_OK)
		s = onednn__check(b,
		                  dnnl_softmax_v2_forward_desc_init(&desc, dnnl_forward_inference,
		                                                    dnnl_softmax_accurate, &md, &md,
		                                                    1),
		                  "a softmax");
	if (s != HIDP_OK)
		return s;
	const struct argument arguments[2] = {{DNNL_ARG_SRC, md, in->place},
	                                      {DNNL_ARG_DST, md, out->place}};
	const struct operation operation = {.desc = &desc, .form = FORM_MATRIX};
	return onednn__add_operation(b, &operation, arguments, 2, out, &none);
}

hidp_status onednn__build_softmax(struct build *b)
{
	struct tensor in = kernels__call_same(b->call, &b->call->inputs[0]);
	struct tensor out = onednn__dense_output(b);
	hidp_status s = onednn__make_dense(b, &in);
	if (s == HIDP_OK)
		s = onednn__add_softmax(b, &in, &out);
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}

hidp_status onednn__build_layer_norm(struct build *b)
{
	static const hidp_weight_role roles[2] = {HIDP_WEIGHT_SCALE, HIDP_WEIGHT_SHIFT};
	static const int indices[2] = {DNNL_ARG_SCALE, DNNL_ARG_SHIFT};
	struct tensor in = kernels__call_same(b->call, &b->call->inputs[0]);
	struct tensor out = onednn__dense_output(b);
	const dnnl_dims_t channels = {b->call->info.shape.channels};
	struct argument arguments[4] = {{.index = DNNL_ARG_SRC}};
	struct posts none = {.count = 0};
	float epsilon = b->part.alpha != 0 ? (float)b->part.alpha : 1e-5f;
	hidp_status s = onednn__make_dense(b, &in);
	if (s == HIDP_OK)
		s = onednn__describe(b, &in, FORM_MATRIX, &arguments[0].md);
	arguments[0].place = in.place;
	for (int i = 0; s == HIDP_OK && i < 2; i++) {
		struct argument *a = &arguments[1 + i];
		const float *lent = NULL;
		s = kernels__weights(b, 0, roles[i], channels[0], &lent);
		if (s != HIDP_OK)
			break;
		a->index = indices[i];
		a->place = kernels__constant_place(lent);
		s = onednn__check(
			b, dnnl_memory_desc_init_by_tag(&a->md, 1, channels, dnnl_f32, dnnl_a),
			"a scale");
	}
	if (s != HIDP_OK)
		return s;
	arguments[3] = (struct argument){DNNL_ARG_DST, arguments[0].md, out.place};
	dnnl_layer_normalization_desc_t desc;
	s = onednn__check(b,
	                  dnnl_layer_normalization_forward_desc_init(
				  &desc, dnnl_forward_inference, &arguments[0].md, NULL, epsilon,
				  dnnl_use_scale | dnnl_use_shift),
	                  "a normalisation");
	const struct operation operation = {.desc = &desc, .form = FORM_MATRIX};
	if (s == HIDP_OK)
		s = onednn__add_operation(b, &operation, arguments, 4, &out, &none);
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}
