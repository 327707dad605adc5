/* SPDX-License-Identifier: MIT */
/*
 * Attention in pieces: softmax(Q K^T * scale + mask) V, with reshapes and transposes that divide
 * the features into heads before and join them after. There are many ways to write these; so what
 * they do is followed axis by axis (view.h), and anything that does the same is a match. The
 * scale may be spread over Q, K and the scores; there need not be a mask.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "attention.h"

struct attention {
	struct node *product;       /* of probabilities and V */
	struct factor factors[3]; /* Q, K, V */
	double scale;               /* on the scores */
	const struct dims *scores;
	struct value *mask;    /* added to the scores; NULL: nothing is */
	struct dims mask_dims; /* images, heads, tokens of Q and of K; all but the last may be 1 */
	struct node *after[CHAIN_MAX];
	int depth;        /* so many nodes behind the product are taken in */
	enum shape shape; /* of what comes out there */
};

/*
 * The scores before a mask is added: input `at` of the addition, if it can be that; the mask is
 * the other one.
 */
static const struct value *unmasked(const struct matching *m, const struct value *sums, int at,
                                    struct value **mask_out)
{
	const struct node *node = hidp_onnx__made_for_this(m, sums, "Add");
	if (node == NULL)
		return NULL;
	const struct value *scores = node->inputs[at];
	*mask_out = node->inputs[1 - at];
	return (*mask_out)->constant == NULL &&
	                       hidp_onnx__same_dims(&scores->dims, &sums->dims)
	               ? scores
	               : NULL;
}

/* The product that makes the scores, before they are scaled. */
static struct node *score_product(const struct matching *m, const struct value *scores,
                                  double *scale)
{
	*scale = 1;
	for (int i = 0; i < SCALES_MAX; i++) {
		double number = 0;
		struct node *node = hidp_onnx__made_for_this(m, scores, "MatMul");
		if (node != NULL)
			return node;
		node = hidp_onnx__maker(scores);
		int at = node != NULL && hidp_onnx__read_once(m, scores)
		                 ? hidp_onnx__scaled_input(node, &number)
		                 : -1;
		if (at < 0)
			return NULL;
		*scale *= number;
		scores = node->inputs[at];
	}
	return NULL;
}

/* A factor of the products, none of which is broadcast. */
static bool fits(const struct value *factor, const struct value *scores)
{
	int rank = scores->dims.rank;
	if (factor->constant != NULL || factor->type != scores->type ||
	    !hidp_onnx__is_float(factor->type) || factor->dims.rank != rank ||
	    hidp_onnx__count(&factor->dims) < 1)
		return false;
	for (int i = 0; i < rank - 2; i++)
		if (factor->dims.size[i] != scores->dims.size[i])
			return false;
	return true;
}

/* The two products around a softmax, over factors that go together. */
static bool find_products(const struct matching *m, const struct node *softmax,
                          const struct value *scores, struct attention *a)
{
	const struct value *shares = softmax->outputs[0];
	int rank = scores->dims.rank;
	int64_t axis = hidp_onnx__int(softmax, "axis", softmax->opset < 13 ? 1 : -1);
	if (rank < 3 || hidp_onnx__axis(axis, rank) != rank - 1)
		return false;
	const struct node *product = score_product(m, scores, &a->scale);
	a->product = hidp_onnx__reader(m, shares, "MatMul");
	a->scores = &scores->dims;
	if (product == NULL || a->product == NULL || a->product->inputs[0] != shares)
		return false;
	struct value *const factors[3] = {product->inputs[0], product->inputs[1],
	                                   a->product->inputs[1]};
	for (int i = 0; i < 3; i++) {
		if (!fits(factors[i], scores))
			return false;
		a->factors[i].transposed = i == 1;
		hidp_onnx__follow_back(m->graph, factors[i], &a->factors[i].chain);
	}
	return true;
}

/* The sizes of all factors, if there are so many heads. */
static bool set_heads(struct attention *a, int64_t heads)
{
	for (int i = 0; i < 3; i++) {
		const struct dims *dims = &a->factors[i].chain.values[0]->dims;
		int64_t rows = dims->size[dims->rank - 2], columns = dims->size[dims->rank - 1];
		int64_t products = 1;
		for (int k = 0; k < dims->rank - 2; k++)
			products *= dims->size[k];
		if (products % heads != 0)
			return false;
		a->factors[i].sizes = (struct sizes){
		        .batch = products / heads,
		        .tokens = a->factors[i].transposed ? columns : rows,
		        .heads = heads,
		        .features = a->factors[i].transposed ? rows : columns,
		};
	}
	return true;
}

/*
 * The largest number of heads below `below` with which some tensor on the way to Q can hold the
 * features of all; 0: none.
 */
static int64_t next_heads(const struct attention *a, int64_t below)
{
	const struct chain *chain = &a->factors[0].chain;
	const struct dims *q = &chain->values[0]->dims;
	int64_t best = 0;
	for (int depth = 0; depth <= chain->count; depth++) {
		const struct dims *dims = &chain->values[depth]->dims;
		int64_t unit = q->size[q->rank - 1] * hidp_onnx__parts_at(chain, depth);
		for (int i = 0; i < dims->rank; i++) {
			int64_t heads = dims->size[i] / unit;
			if (dims->size[i] % unit == 0 && heads < below && heads > best)
				best = heads;
		}
	}
	return best;
}

/*
 * Which axes of the scores the mask has. Scores have an axis for images and one for heads, or one
 * for both.
 */
static bool find_mask_dims(struct attention *a)
{
	if (a->mask == NULL)
		return true;
	const struct sizes *s = &a->factors[0].sizes;
	const struct dims *dims = &a->mask->dims;
	const int rank = a->scores->rank, missing = rank - dims->rank;
	int64_t sizes[HIDP_ONNX_RANK_MAX], products = 1;
	for (int i = 0; i < rank; i++) {
		sizes[i] = i < missing ? 1 : dims->size[i - missing];
		products *= i < rank - 2 ? sizes[i] : 1;
	}
	a->mask_dims = (struct dims){4, {1, 1, sizes[rank - 2], sizes[rank - 1]}};
	if (rank == 4 && a->scores->size[0] == s->batch && a->scores->size[1] == s->heads) {
		a->mask_dims.size[0] = sizes[0];
		a->mask_dims.size[1] = sizes[1];
	} else if (products == s->batch * s->heads) {
		a->mask_dims.size[0] = s->batch;
		a->mask_dims.size[1] = s->heads;
	} else if (products != 1) {
		return false;
	}
	return sizes[rank - 1] == a->scores->size[rank - 1];
}

static double whole_scale(const struct attention *a)
{
	return a->scale * a->factors[0].source.scale * a->factors[1].source.scale;
}

static bool is_usual_scale(const struct attention *a)
{
	double usual = 1 / sqrt((double)a->factors[0].sizes.features);
	return fabs(whole_scale(a) - usual) <= 1e-5 * usual;
}

/* Q and K, with scales that make the usual one together with that of the scores, or else with all
 * of their scales; and V. */
static bool find_sources(struct matching *m, struct attention *a)
{
	struct factor *q = &a->factors[0], *k = &a->factors[1];
	struct source last_q = {.shape = SHAPE_OTHER}, last_k = last_q;
	if (!hidp_onnx__find_source(m, &a->factors[2], 0))
		return false;
	for (int i = 0; i < SCALES_MAX; i++) {
		if (!hidp_onnx__find_source(m, q, i))
			continue;
		for (int j = 0; j < SCALES_MAX; j++) {
			if (!hidp_onnx__find_source(m, k, j))
				continue;
			if (is_usual_scale(a))
				return true;
			last_q = q->source;
			last_k = k->source;
		}
	}
	q->source = last_q;
	k->source = last_k;
	return last_q.shape != SHAPE_OTHER && fabs(whole_scale(a)) >= FLT_MIN &&
	       fabs(whole_scale(a)) <= FLT_MAX;
}

/* Of the result: the queries' tokens, with the values' features. */
static struct sizes result_sizes(const struct attention *a)
{
	struct sizes sizes = a->factors[0].sizes;
	sizes.features = a->factors[2].sizes.features;
	return sizes;
}

/* Follows the result to where its heads are joined again. */
static bool find_end(const struct matching *m, struct attention *a)
{
	const struct sizes sizes = result_sizes(a);
	struct value *value = a->product->outputs[0];
	struct view view, wanted;
	a->shape = SHAPE_OTHER;
	if (!hidp_onnx__product_view(&view, &sizes, false, &value->dims))
		return false;
	for (int depth = 0; depth <= CHAIN_MAX; depth++) {
		/* as the library has them, or tokens first */
		for (int i = 0; i < 2; i++) {
			const int *order = hidp_onnx__orders[i];
			enum shape shape =
			        hidp_onnx__shape_in_order(&sizes, &value->dims, order, 1);
			if (shape > a->shape || hidp_onnx__nodes_needed(shape) > depth ||
			    !hidp_onnx__view_in_order(&wanted, &sizes, order, 1, &value->dims) ||
			    !hidp_onnx__same_view(&view, &wanted))
				continue;
			a->shape = shape;
			a->depth = depth;
		}
		struct node *next = hidp_onnx__read_once(m, value) ? m->user[value->id] : NULL;
		if (depth == CHAIN_MAX || next == NULL || next->dead || next->stated ||
		    !hidp_onnx__gives_one(m, next) || next->inputs[0] != value ||
		    !hidp_onnx__move_view(&view, next))
			break;
		a->after[depth] = next;
		value = next->outputs[0];
	}
	return a->shape != SHAPE_OTHER;
}

static hidp_status become_attention(const struct matching *m, const struct attention *a,
                                    struct node *node)
{
	const struct sizes sizes = result_sizes(a);
	struct value *inputs[4] = {NULL, NULL, NULL, a->mask};
	hidp_status status = HIDP_OK;
	for (int i = 0; i < 3 && status == HIDP_OK; i++)
		status = hidp_onnx__make_factor(m, &a->factors[i], &inputs[i]);
	if (status == HIDP_OK)
		status = hidp_onnx__become(m, node, "hidp", "Attention", inputs,
		                           a->mask != NULL ? 4 : 3);
	if (status == HIDP_OK)
		status = hidp_onnx__set_int(m, node, "heads", sizes.heads);
	if (status == HIDP_OK && !is_usual_scale(a))
		status = hidp_onnx__set_float(m, node, "scale", whole_scale(a));
	if (status == HIDP_OK && a->mask != NULL)
		status = hidp_onnx__set_ints(m, node, "mask_dims", a->mask_dims.size, 4);
	node->outputs[0]->dims = hidp_onnx__ordered_dims(&sizes, hidp_onnx__orders[0]);
	return status;
}

static hidp_status rewrite(const struct matching *m, const struct attention *a)
{
	static const int64_t tokens_first[3] = {1, 0, 2};
	struct node *end = a->depth > 0 ? a->after[a->depth - 1] : a->product;
	if (a->shape == SHAPE_SAME)
		return become_attention(m, a, end);
	struct value *value = a->product->outputs[0];
	hidp_status status = become_attention(m, a, a->product);
	if (a->shape == SHAPE_TRANSPOSED && status == HIDP_OK)
		return hidp_onnx__become_transpose(m, end, value, tokens_first);
	if (a->shape == SHAPE_BOTH && status == HIDP_OK) {
		struct node *before = a->after[a->depth - 2];
		status = hidp_onnx__become_transpose(m, before, value, tokens_first);
		value = before->outputs[0];
	}
	return status == HIDP_OK
	               ? hidp_onnx__become_reshape(m, end, value, &end->outputs[0]->dims)
	               : status;
}

/* All that goes with these scores. */
static bool find_all(struct matching *m, const struct node *softmax,
                     const struct value *scores, struct attention *a)
{
	if (scores == NULL || !find_products(m, softmax, scores, a))
		return false;
	for (int64_t heads = INT64_MAX; (heads = next_heads(a, heads)) > 0;)
		if (heads <= UINT32_MAX && set_heads(a, heads) && find_mask_dims(a) &&
		    find_sources(m, a) && find_end(m, a))
			return true;
	return false;
}

hidp_status hidp_onnx__match_attention(struct matching *matching, struct node *node)
{
	if (!hidp_onnx__is(node, "Softmax"))
		return HIDP_OK;
	/* without a mask, then with either input of the addition as the mask */
	for (int at = -1; at < 2; at++) {
		struct attention a = {0};
		const struct value *scores = node->inputs[0];
		if (at >= 0)
			scores = unmasked(matching, scores, at, &a.mask);
		if (find_all(matching, node, scores, &a))
			return rewrite(matching, &a);
	}
	return HIDP_OK;
}
