/* SPDX-License-Identifier: MIT */
/*
 * Attention in pieces: softmax(Q K^T / sqrt(d)) V, with reshapes and transposes that divide the
 * features into heads before and join them after. There are many ways to write these; so what
 * they do is followed element by element (view.h), and anything that does the same is a match.
 */
#include <math.h>
#include <string.h>

#include "match.h"
#include "view.h"

#define CHAIN_MAX 16
#define SCALES_MAX 3 /* on the way to one operand, one less */

/* The axes of all tensors. */
enum { BATCH, TOKENS, HEADS, FEATURES };

struct sizes {
	int64_t batch, tokens, heads, features; /* features of one head */
};

/* Nodes that only move or scale elements, one behind the other. */
struct chain {
	struct node *nodes[CHAIN_MAX]; /* the first makes the operand, or reads the product */
	int count;
};

/* How a tensor differs from batch x tokens x all features. */
enum shape {
	SHAPE_SAME,
	SHAPE_RESHAPED,   /* the same elements in other dims */
	SHAPE_TRANSPOSED, /* three dims in another order */
	SHAPE_BOTH,       /* dims in another order, in other dims */
	SHAPE_OTHER
};

/* Where Q, K or V comes from. */
struct source {
	struct value *value;
	int depth; /* how many nodes of the chain lie between it and the operand */
	enum shape shape;
	int order[3]; /* its axes; features with their heads are HEADS */
	double scale; /* what those nodes multiply it by */
};

struct attention {
	struct node *product; /* of probabilities and V */
	struct value *operands[3];
	struct chain chains[3], after;
	struct sizes sizes[3]; /* of Q, K and V */
	struct source sources[3];
	double scale;     /* on the scores */
	int depth;        /* nodes of `after` that are taken in */
	enum shape shape; /* of what comes out there */
};

static const int orders[6][3] = {
	{BATCH, TOKENS, HEADS}, {TOKENS, BATCH, HEADS}, {BATCH, HEADS, TOKENS},
	{HEADS, BATCH, TOKENS}, {TOKENS, HEADS, BATCH}, {HEADS, TOKENS, BATCH},
};

static int64_t all_features(const struct sizes *s)
{
	return s->heads * s->features;
}

static int64_t size_of(const struct sizes *s, int axis)
{
	return axis == BATCH ? s->batch : axis == TOKENS ? s->tokens : all_features(s);
}

static struct dims ordered_dims(const struct sizes *s, const int order[3])
{
	return (struct dims){3, {size_of(s, order[0]), size_of(s, order[1]), size_of(s, order[2])}};
}

/* A view of three axes in that order; heads and features stand together. */
static bool view_in_order(struct view *view, const struct sizes *s, const int order[3])
{
	int axes[4], count = 0;
	int64_t sizes[4];
	for (int i = 0; i < 3; i++) {
		axes[count] = order[i];
		sizes[count++] = order[i] == HEADS ? s->heads : size_of(s, order[i]);
		if (order[i] == HEADS) {
			axes[count] = FEATURES;
			sizes[count++] = s->features;
		}
	}
	return hidp_onnx__view(view, axes, sizes, count);
}

/* The view that an operand of a product must be, in its dims. */
static bool wanted_view(struct view *view, const struct sizes *s, bool transposed,
                        const struct dims *dims)
{
	const int axes[4] = {BATCH, HEADS, transposed ? FEATURES : TOKENS,
	                     transposed ? TOKENS : FEATURES};
	const int64_t sizes[4] = {s->batch, s->heads, transposed ? s->features : s->tokens,
	                          transposed ? s->tokens : s->features};
	return hidp_onnx__view(view, axes, sizes, 4) && hidp_onnx__reshape_view(view, dims);
}

/* Is it a product or quotient with one number, of the same dims? Then with which input. */
static int scaling(const struct node *node, double *factor_out)
{
	double number = 0;
	bool quotient = hidp_onnx__is(node, "Div");
	if (!quotient && !hidp_onnx__is(node, "Mul"))
		return -1;
	int at = hidp_onnx__scalar_input(node, &number);
	if (at < 0 || (quotient && at != 1) ||
	    !hidp_onnx__same_dims(&node->inputs[1 - at]->dims, &node->outputs[0]->dims))
		return -1;
	*factor_out = quotient ? 1 / number : number;
	return 1 - at;
}

static bool moves(const struct node *node)
{
	return hidp_onnx__only_shapes(node) || hidp_onnx__is(node, "Transpose");
}

/* What a node of a chain moves or scales. */
static struct value *moved(const struct node *node)
{
	double factor = 0;
	int i = moves(node) ? 0 : scaling(node, &factor);
	return i >= 0 ? node->inputs[i] : NULL;
}

static void follow_back(const struct value *value, struct chain *chain)
{
	chain->count = 0;
	while (chain->count < CHAIN_MAX) {
		struct node *node = value->constant == NULL ? value->producer : NULL;
		if (node == NULL || node->dead || node->output_count != 1 || moved(node) == NULL)
			return;
		chain->nodes[chain->count++] = node;
		value = moved(node);
	}
}

/* What a tensor is whose elements are seen so; sets the order of its axes. */
static enum shape shape_of(const struct sizes *s, const struct dims *dims, const int order[3])
{
	struct dims exact = ordered_dims(s, order);
	bool same = hidp_onnx__same_dims(&exact, dims);
	if (memcmp(order, orders[0], sizeof orders[0]) == 0)
		return same ? SHAPE_SAME : SHAPE_RESHAPED;
	return same ? SHAPE_TRANSPOSED : SHAPE_BOTH;
}

/* How many nodes it takes to make it batch x tokens x features. */
static int nodes_needed(enum shape shape)
{
	return shape == SHAPE_SAME ? 0 : shape == SHAPE_BOTH ? 2 : 1;
}

/* May so many nodes at the end of the chain become others? */
static bool are_free(const struct matching *m, const struct chain *chain, int depth, int count)
{
	if (count > depth)
		return false;
	for (int i = 0; i < count; i++)
		if (!hidp_onnx__read_once(m, chain->nodes[i]->outputs[0]))
			return false;
	return true;
}

/* Does the chain make the operand of a tensor with its axes in that order? */
static bool leads_there(const struct attention *a, int which, int depth, const int order[3])
{
	const struct chain *chain = &a->chains[which];
	const struct value *operand = a->operands[which];
	const struct value *from = depth == 0 ? operand : moved(chain->nodes[depth - 1]);
	struct view view, wanted;
	if (!wanted_view(&wanted, &a->sizes[which], which == 1, &operand->dims) ||
	    !view_in_order(&view, &a->sizes[which], order) ||
	    !hidp_onnx__reshape_view(&view, &from->dims))
		return false;
	for (int i = depth; i-- > 0;)
		if (moves(chain->nodes[i]) && !hidp_onnx__move_view(&view, chain->nodes[i]))
			return false;
	return hidp_onnx__same_view(&view, &wanted);
}

/* The best source behind exactly so many scalings; false: there is none. */
static bool find_source(const struct matching *m, const struct attention *a, int which,
                        int scalings, struct source *source)
{
	const struct chain *chain = &a->chains[which];
	double scale = 1, factor = 0;
	source->shape = SHAPE_OTHER;
	for (int depth = 0, passed = 0; depth <= chain->count; depth++) {
		if (depth > 0 && !moves(chain->nodes[depth - 1])) {
			scaling(chain->nodes[depth - 1], &factor);
			scale *= factor;
			passed++;
		}
		struct value *value =
			depth == 0 ? a->operands[which] : moved(chain->nodes[depth - 1]);
		if (passed != scalings || value->constant != NULL)
			continue;
		for (int i = 0; i < 6; i++) {
			enum shape shape = shape_of(&a->sizes[which], &value->dims, orders[i]);
			if (shape < source->shape &&
			    are_free(m, chain, depth, nodes_needed(shape)) &&
			    leads_there(a, which, depth, orders[i])) {
				*source = (struct source){value, depth, shape, {0}, scale};
				memcpy(source->order, orders[i], sizeof orders[i]);
			}
		}
	}
	return source->shape != SHAPE_OTHER;
}

/* Q and K with scales that make 1 / sqrt(d) together with that of the scores. */
static bool find_sources(const struct matching *m, struct attention *a)
{
	double wanted = 1 / sqrt((double)a->sizes[0].features);
	if (!find_source(m, a, 2, 0, &a->sources[2]))
		return false;
	for (int q = 0; q < SCALES_MAX; q++) {
		if (!find_source(m, a, 0, q, &a->sources[0]))
			continue;
		for (int k = 0; k < SCALES_MAX; k++) {
			if (!find_source(m, a, 1, k, &a->sources[1]))
				continue;
			double scale = a->scale * a->sources[0].scale * a->sources[1].scale;
			if (fabs(scale - wanted) <= 1e-5 * wanted)
				return true;
		}
	}
	return false;
}

/* Follows the result to where heads are joined again. */
static bool find_end(const struct matching *m, struct attention *a)
{
	const struct sizes s = {a->sizes[0].batch, a->sizes[0].tokens, a->sizes[0].heads,
	                        a->sizes[2].features};
	struct value *value = a->product->outputs[0];
	struct view view, wanted;
	a->shape = SHAPE_OTHER;
	if (!wanted_view(&view, &s, false, &value->dims))
		return false;
	for (int depth = 0;; depth++) {
		/* only images of sequences are transposed back: tokens first */
		for (int i = 0; i < 2; i++) {
			enum shape shape = shape_of(&s, &value->dims, orders[i]);
			if (shape > a->shape || nodes_needed(shape) > depth ||
			    !view_in_order(&wanted, &s, orders[i]) ||
			    !hidp_onnx__reshape_view(&wanted, &value->dims) ||
			    !hidp_onnx__same_view(&view, &wanted))
				continue;
			a->shape = shape;
			a->depth = depth;
		}
		struct node *next = hidp_onnx__read_once(m, value) ? m->user[value->id] : NULL;
		if (next == NULL || next->dead || depth == CHAIN_MAX || !moves(next) ||
		    next->output_count != 1 || next->inputs[0] != value ||
		    !hidp_onnx__move_view(&view, next))
			break;
		a->after.nodes[a->after.count++] = next;
		value = next->outputs[0];
	}
	return a->shape != SHAPE_OTHER;
}

/* The sizes of all, once it is known how many heads there are. */
static bool set_heads(struct attention *a, int64_t heads)
{
	int64_t products = 1;
	for (int i = 0; i < 3; i++) {
		const struct dims *dims = &a->operands[i]->dims;
		int64_t rows = dims->size[dims->rank - 2], columns = dims->size[dims->rank - 1];
		products = 1;
		for (int k = 0; k < dims->rank - 2; k++)
			products *= dims->size[k];
		if (products % heads != 0)
			return false;
		a->sizes[i] = (struct sizes){products / heads, i == 1 ? columns : rows, heads,
		                             i == 1 ? rows : columns};
	}
	return true;
}

/*
 * The largest number of heads below `below` with which some tensor on the way to Q can be
 * sequences of all their features; 0: none.
 */
static int64_t next_heads(const struct attention *a, int64_t below)
{
	const struct dims *q = &a->operands[0]->dims;
	int64_t features = q->size[q->rank - 1], best = 0;
	for (int depth = 0; depth <= a->chains[0].count; depth++) {
		const struct dims *dims =
			depth == 0 ? q : &moved(a->chains[0].nodes[depth - 1])->dims;
		for (int i = 0; i < dims->rank; i++) {
			int64_t heads = dims->size[i] / features;
			if (dims->size[i] % features == 0 && heads < below && heads > best)
				best = heads;
		}
	}
	return best;
}

static struct node *score_product(const struct matching *m, const struct value *scores,
                                  double *scale)
{
	*scale = 1;
	for (int i = 0; i < SCALES_MAX; i++) {
		double factor = 0;
		struct node *node = hidp_onnx__made_for_this(m, scores, "MatMul");
		if (node != NULL)
			return node;
		node = scores->constant == NULL ? scores->producer : NULL;
		int at = node != NULL && hidp_onnx__read_once(m, scores) ? scaling(node, &factor)
		                                                         : -1;
		if (at < 0)
			return NULL;
		*scale *= factor;
		scores = node->inputs[at];
	}
	return NULL;
}

/* The two products around a softmax, over operands that go together. */
static bool find_products(const struct matching *m, const struct node *softmax, struct attention *a)
{
	const struct value *scores = softmax->inputs[0], *shares = softmax->outputs[0];
	int rank = scores->dims.rank;
	int64_t axis = hidp_onnx__int(softmax, "axis", softmax->opset < 13 ? 1 : -1);
	if (rank < 3 || hidp_onnx__axis(axis, rank) != rank - 1)
		return false;
	const struct node *product = score_product(m, scores, &a->scale);
	a->product = hidp_onnx__reader(m, shares, "MatMul");
	if (product == NULL || a->product == NULL || a->product->inputs[0] != shares)
		return false;
	a->operands[0] = product->inputs[0];
	a->operands[1] = product->inputs[1];
	a->operands[2] = a->product->inputs[1];
	for (int i = 0; i < 3; i++) {
		const struct value *operand = a->operands[i];
		if (operand->constant != NULL || operand->type != scores->type ||
		    !hidp_onnx__is_float(operand->type) || operand->dims.rank != rank ||
		    hidp_onnx__count(&operand->dims) < 1)
			return false;
		/* nothing is broadcast */
		for (int k = 0; k < rank - 2; k++)
			if (operand->dims.size[k] != scores->dims.size[k])
				return false;
		follow_back(operand, &a->chains[i]);
	}
	return true;
}

/* The node becomes one that gives other dims to a tensor; its output has them from now on. */
static hidp_status become_reshape(const struct matching *m, struct node *node, struct value *value,
                                  const struct dims *dims)
{
	const struct dims list = {1, {dims->rank}};
	const struct dims copy = *dims; /* it may be the output's own */
	void *data = NULL;
	struct value *inputs[2] = {value, NULL};
	struct tensor *shape = hidp_onnx__tensor(m->graph, ELEMENT_INT64, &list, &data);
	if (shape == NULL)
		return hidp_onnx__no_memory(m->graph);
	for (int i = 0; i < copy.rank; i++)
		hidp_onnx__set_integer(ELEMENT_INT64, data, i, copy.size[i]);
	hidp_status status = hidp_onnx__constant_value(m, shape, &inputs[1]);
	if (status == HIDP_OK)
		status = hidp_onnx__become(m, node, "", "Reshape", inputs, 2);
	node->outputs[0]->dims = copy;
	return status;
}

static hidp_status become_transpose(const struct matching *m, struct node *node,
                                    struct value *value, const int64_t perm[3])
{
	hidp_status status = hidp_onnx__become(m, node, "", "Transpose", &value, 1);
	node->outputs[0]->dims.rank = 3;
	for (int i = 0; i < 3; i++)
		node->outputs[0]->dims.size[i] = value->dims.size[perm[i]];
	return status == HIDP_OK ? hidp_onnx__set_ints(m, node, "perm", perm, 3) : status;
}

/* Makes a source batch x tokens x features, out of nodes that are not needed any more. */
static hidp_status make_input(const struct matching *m, const struct attention *a, int which,
                              struct value **value_out)
{
	const struct source *source = &a->sources[which];
	struct node *const *nodes = a->chains[which].nodes;
	const struct sizes *sizes = &a->sizes[which];
	struct dims dims = ordered_dims(sizes, source->order);
	struct value *value = source->value;
	int64_t perm[3] = {0};
	hidp_status status = HIDP_OK;
	for (int i = 0; i < 3; i++)
		perm[source->order[i]] = i;
	*value_out = source->shape == SHAPE_SAME ? value : nodes[0]->outputs[0];
	if (source->shape == SHAPE_RESHAPED)
		return become_reshape(m, nodes[0], value, &dims);
	if (source->shape == SHAPE_BOTH) {
		status = become_reshape(m, nodes[1], value, &dims);
		value = nodes[1]->outputs[0];
	}
	if (source->shape != SHAPE_SAME && status == HIDP_OK)
		status = become_transpose(m, nodes[0], value, perm);
	return status;
}

static hidp_status become_attention(const struct matching *m, const struct attention *a,
                                    struct node *node)
{
	const struct dims dims = {
		3,
		{a->sizes[0].batch, a->sizes[0].tokens, a->sizes[0].heads * a->sizes[2].features}};
	struct value *inputs[3] = {NULL, NULL, NULL};
	hidp_status status = HIDP_OK;
	for (int i = 0; i < 3 && status == HIDP_OK; i++)
		status = make_input(m, a, i, &inputs[i]);
	if (status == HIDP_OK)
		status = hidp_onnx__become(m, node, "hidp", "Attention", inputs, 3);
	if (status == HIDP_OK)
		status = hidp_onnx__set_int(m, node, "heads", a->sizes[0].heads);
	node->outputs[0]->dims = dims;
	return status;
}

static hidp_status rewrite(const struct matching *m, const struct attention *a)
{
	static const int64_t tokens_first[3] = {1, 0, 2};
	struct node *end = a->depth > 0 ? a->after.nodes[a->depth - 1] : a->product;
	if (a->shape == SHAPE_SAME)
		return become_attention(m, a, end);
	struct value *value = a->product->outputs[0];
	hidp_status status = become_attention(m, a, a->product);
	if (a->shape == SHAPE_TRANSPOSED && status == HIDP_OK)
		return become_transpose(m, end, value, tokens_first);
	if (a->shape == SHAPE_BOTH && status == HIDP_OK) {
		struct node *before = a->after.nodes[a->depth - 2];
		status = become_transpose(m, before, value, tokens_first);
		value = before->outputs[0];
	}
	return status == HIDP_OK ? become_reshape(m, end, value, &end->outputs[0]->dims) : status;
}

hidp_status hidp_onnx__match_attention(struct matching *matching, struct node *node)
{
	struct attention a = {0};
	if (!hidp_onnx__is(node, "Softmax") || !find_products(matching, node, &a))
		return HIDP_OK;
	int64_t heads = INT64_MAX;
	while ((heads = next_heads(&a, heads)) > 0) {
		a.after.count = 0;
		if (heads <= UINT32_MAX && set_heads(&a, heads) && find_sources(matching, &a) &&
		    find_end(matching, &a))
			return rewrite(matching, &a);
	}
	return HIDP_OK;
}
