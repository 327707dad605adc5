/* SPDX-License-Identifier: MIT */
/* Primitives with what is done to their output: in one step where oneDNN does that well. */
#include "post.h"

/*
 * Operands must be dense, and either as large as the output or one value per channel: oneDNN
 * is slow with others, and not always right (2.6: a value per image and channel).
 */
static hidp_status settle_operands(struct build *b, const struct tensor *out, struct posts *posts)
{
	hidp_status s = HIDP_OK;
	for (uint32_t i = 0; s == HIDP_OK && i < posts->count; i++) {
		struct tensor *t = &posts->list[i].operand;
		if (!posts->list[i].binary)
			continue;
		if (kernels__tensor_positions(t) != 1)
			*t = kernels__tensor_spread(*t, out->dims);
		s = onednn__make_dense(b, t);
	}
	return s;
}

/*
 * An addition of a whole tensor to a result is done by preloading the output: the fast
 * convolutions can add to it, but do not read other tensors.
 */
static bool is_sum(const struct post *post, const struct tensor *out)
{
	return post->binary && post->algorithm == dnnl_binary_add &&
	       kernels__tensor_same_dims(&post->operand, out);
}

static uint32_t find_sum(const struct posts *posts, const struct tensor *out)
{
	uint32_t i = 0;
	while (i < posts->count && !is_sum(&posts->list[i], out))
		i++;
	return i;
}

static hidp_status append_to(struct build *b, dnnl_post_ops_t ops, const struct post *post,
                             enum form form)
{
	dnnl_memory_desc_t md;
	hidp_status s;
	if (!post->binary)
		return onednn__check(b,
		                     dnnl_post_ops_append_eltwise(ops, 1, post->algorithm,
		                                                  post->alpha, post->beta),
		                     "an activation");
	if ((s = onednn__describe(b, &post->operand, form, &md)) != HIDP_OK)
		return s;
	return onednn__check(b, dnnl_post_ops_append_binary(ops, post->algorithm, &md),
	                     "a binary function");
}

/* Attributes with the first `count` posts; number `sum` of them adds to the output. */
static hidp_status make_attributes(struct build *b, const struct operation *operation,
                                   const struct posts *posts, uint32_t count, uint32_t sum,
                                   dnnl_primitive_attr_t *out)
{
	dnnl_primitive_attr_t attr = NULL;
	dnnl_post_ops_t ops = NULL;
	hidp_status s = onednn__check(b, dnnl_primitive_attr_create(&attr), "attributes");
	if (s != HIDP_OK)
		return s;
	s = onednn__check(b,
	                  dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user),
	                  "scratchpads");
	if (s == HIDP_OK && operation->scale != 0)
		s = onednn__check(
			b, dnnl_primitive_attr_set_output_scales(attr, 1, 0, &operation->scale),
			"a scale");
	if (s == HIDP_OK)
		s = onednn__check(b, dnnl_post_ops_create(&ops), "post-ops");
	for (uint32_t i = 0; s == HIDP_OK && i < count; i++) {
		if (i == sum)
			s = onednn__check(b, dnnl_post_ops_append_sum(ops, 1), "a sum");
		else
			s = append_to(b, ops, &posts->list[i], operation->form);
	}
	if (s == HIDP_OK)
		s = onednn__check(b, dnnl_primitive_attr_set_post_ops(attr, ops), "post-ops");
	if (ops != NULL)
		dnnl_post_ops_destroy(ops);
	if (s == HIDP_OK)
		*out = attr;
	else
		dnnl_primitive_attr_destroy(attr);
	return s;
}

/* The cheapest implementation; *pd_out stays as it is if there is none. */
static dnnl_status_t cheapest(const struct operation *operation, dnnl_primitive_attr_t attr,
                              dnnl_engine_t engine, dnnl_primitive_desc_t *pd_out)
{
	dnnl_primitive_desc_iterator_t iterator;
	dnnl_status_t status =
		dnnl_primitive_desc_iterator_create(&iterator, operation->desc, attr, engine, NULL);
	double least = 1;
	if (status != dnnl_success)
		return status;
	do {
		dnnl_primitive_desc_t pd = dnnl_primitive_desc_iterator_fetch(iterator);
		double cost = pd != NULL ? operation->cost(operation->cost_data, pd) : 1;
		if (cost < least) {
			if (*pd_out != NULL)
				dnnl_primitive_desc_destroy(*pd_out);
			*pd_out = pd;
			least = cost;
		} else if (pd != NULL) {
			dnnl_primitive_desc_destroy(pd);
		}
	} while (dnnl_primitive_desc_iterator_next(iterator) == dnnl_success);
	dnnl_primitive_desc_iterator_destroy(iterator);
	return dnnl_success;
}

/* An implementation with the first `count` posts; *pd_out is NULL if there is none. */
static hidp_status try_posts(struct build *b, const struct operation *operation,
                             const struct posts *posts, uint32_t count, uint32_t sum,
                             dnnl_primitive_desc_t *pd_out)
{
	dnnl_primitive_attr_t attr;
	dnnl_engine_t engine = onednn__of(b)->engine;
	dnnl_status_t status;
	hidp_status s = make_attributes(b, operation, posts, count, sum, &attr);
	if (s != HIDP_OK)
		return s;
	*pd_out = NULL;
	if (operation->cost != NULL) {
		status = cheapest(operation, attr, engine, pd_out);
	} else {
		status = dnnl_primitive_desc_create(pd_out, operation->desc, attr, engine, NULL);
		if (status != dnnl_success)
			*pd_out = NULL;
	}
	dnnl_primitive_attr_destroy(attr);
	return status == dnnl_out_of_memory ? kernels__no_memory(b) : HIDP_OK;
}

/* oneDNN 2.6 gives two post-ops of the same function the parameters of one of them. */
static bool clash(const struct post *a, const struct post *b)
{
	return !a->binary && !b->binary && a->algorithm == b->algorithm &&
	       (a->alpha != b->alpha || a->beta != b->beta);
}

/* One whole tensor can be added; with another one, convolutions of oneDNN 2.6 go wrong. */
static bool can_fuse(const struct posts *posts, uint32_t sum)
{
	for (uint32_t i = 0; i < posts->count; i++) {
		const struct post *post = &posts->list[i];
		if (post->algorithm == POST_PLAIN)
			return false;
		if (post->binary && i != sum && kernels__tensor_positions(&post->operand) != 1)
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (clash(&posts->list[i], &posts->list[k]))
				return false;
	}
	return true;
}

/* A good implementation, with or without the posts; else whichever there is. */
hidp_status onednn__choose(struct build *b, const struct operation *operation,
                           const struct tensor *out, struct posts *posts, struct choice *choice)
{
	dnnl_primitive_desc_t fused = NULL, alone = NULL;
	hidp_status s = settle_operands(b, out, posts);
	uint32_t count = posts->count, sum = find_sum(posts, out);
	if (s == HIDP_OK && can_fuse(posts, sum))
		s = try_posts(b, operation, posts, count, sum, &fused);
	if (s != HIDP_OK)
		return s;
	*choice = (struct choice){fused, count, sum};
	if (count == 0 || (fused != NULL && !onednn__is_reference(fused)))
		return fused != NULL ? HIDP_OK
		                     : BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED,
		                                  "oneDNN has no implementation of it");
	if ((s = try_posts(b, operation, posts, 0, 0, &alone)) != HIDP_OK) {
		if (fused != NULL)
			dnnl_primitive_desc_destroy(fused);
		return s;
	}
	if (fused == NULL && alone == NULL)
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "oneDNN has no implementation of it");
	if (fused != NULL && (alone == NULL || onednn__is_reference(alone))) {
		if (alone != NULL)
			dnnl_primitive_desc_destroy(alone);
		return HIDP_OK;
	}
	if (fused != NULL)
		dnnl_primitive_desc_destroy(fused);
	*choice = (struct choice){alone, 0, 0};
	return HIDP_OK;
}

/* The output as oneDNN is to write it, from or to its place among our tensors. */
static hidp_status bring(struct build *b, enum form form, const struct tensor *t,
                         const struct argument *other, bool to_other)
{
	struct argument own = {0, {0}, t->place};
	hidp_status s = onednn__describe(b, t, form, &own.md);
	if (s != HIDP_OK)
		return s;
	return to_other ? onednn__add_reorder(b, &own, other) : onednn__add_reorder(b, other, &own);
}

/* What a sum adds to is put into the output beforehand. */
static hidp_status preload(struct build *b, enum form form, const struct tensor *operand,
                           const struct argument *dst, const struct tensor *out)
{
	if (kernels__same_place(dst->place, out->place))
		return kernels__add_copy(b, operand, out);
	return bring(b, form, operand, dst, true);
}

hidp_status onednn__add_choice(struct build *b, const struct operation *operation,
                               const struct choice *choice, const struct argument *arguments,
                               uint32_t count, const struct tensor *out, const struct posts *posts)
{
	struct argument all[OPERATION_ARGUMENTS_MAX + POSTS_MAX];
	const struct argument *dst = &arguments[count - 1];
	hidp_status s = HIDP_OK;
	for (uint32_t i = 0; i < count; i++)
		all[i] = arguments[i];
	for (uint32_t i = 0; s == HIDP_OK && i < choice->posts; i++) {
		const struct tensor *operand = &posts->list[i].operand;
		if (i == choice->sum) {
			s = preload(b, operation->form, operand, dst, out);
		} else if (posts->list[i].binary) {
			all[count].index = DNNL_ARG_ATTR_MULTIPLE_POST_OP((int)i) | DNNL_ARG_SRC_1;
			all[count].place = operand->place;
			s = onednn__describe(b, operand, operation->form, &all[count].md);
			count++;
		}
	}
	if (s == HIDP_OK)
		s = onednn__add_primitive(b, choice->pd, all, count);
	if (s == HIDP_OK && !kernels__same_place(dst->place, out->place))
		s = bring(b, operation->form, out, dst, false);
	return s == HIDP_OK ? onednn__apply_posts(b, out, posts, choice->posts) : s;
}

hidp_status onednn__add_operation(struct build *b, const struct operation *operation,
                                  const struct argument *arguments, uint32_t count,
                                  const struct tensor *out, struct posts *posts)
{
	struct choice choice;
	hidp_status s = onednn__choose(b, operation, out, posts, &choice);
	if (s != HIDP_OK)
		return s;
	s = onednn__add_choice(b, operation, &choice, arguments, count, out, posts);
	dnnl_primitive_desc_destroy(choice.pd);
	return s;
}

/* Posts as steps of their own */

static hidp_status apply_eltwise(struct build *b, const struct tensor *out, const struct post *post)
{
	dnnl_memory_desc_t md;
	dnnl_eltwise_desc_t desc;
	hidp_status s = onednn__describe(b, out, FORM_IMAGE, &md);
	if (s == HIDP_OK)
		s = onednn__check(b,
		                  dnnl_eltwise_forward_desc_init(&desc, dnnl_forward_inference,
		                                                 post->algorithm, &md, post->alpha,
		                                                 post->beta),
		                  "an activation");
	if (s != HIDP_OK)
		return s;
	const struct argument arguments[2] = {{DNNL_ARG_SRC, md, out->place},
	                                      {DNNL_ARG_DST, md, out->place}};
	struct posts none = {.count = 0};
	return onednn__add_operation(b, &(struct operation){.desc = &desc}, arguments, 2, out,
	                             &none);
}

static hidp_status apply_binary(struct build *b, const struct tensor *out, const struct post *post)
{
	dnnl_memory_desc_t md, operand;
	dnnl_binary_desc_t desc;
	struct tensor t = post->operand;
	hidp_status s = onednn__make_dense(b, &t);
	if (s == HIDP_OK)
		s = onednn__describe(b, out, FORM_IMAGE, &md);
	if (s == HIDP_OK)
		s = onednn__describe(b, &t, FORM_IMAGE, &operand);
	if (s == HIDP_OK)
		s = onednn__check(b,
		                  dnnl_binary_desc_init(&desc, post->algorithm, &md, &operand, &md),
		                  "a binary function");
	if (s != HIDP_OK)
		return s;
	const struct argument arguments[3] = {{DNNL_ARG_SRC_0, md, out->place},
	                                      {DNNL_ARG_SRC_1, operand, t.place},
	                                      {DNNL_ARG_DST, md, out->place}};
	struct posts none = {.count = 0};
	return onednn__add_operation(b, &(struct operation){.desc = &desc}, arguments, 3, out,
	                             &none);
}

hidp_status onednn__apply_posts(struct build *b, const struct tensor *out,
                                const struct posts *posts, uint32_t first)
{
	hidp_status s = HIDP_OK;
	for (uint32_t i = first; s == HIDP_OK && i < posts->count; i++) {
		const struct post *post = &posts->list[i];
		if (post->binary)
			s = apply_binary(b, out, post);
		else if (post->algorithm == POST_PLAIN)
			s = onednn__add_plain(b, post->plain, out, post->alpha, post->beta);
		else
			s = apply_eltwise(b, out, post);
	}
	return s;
}
