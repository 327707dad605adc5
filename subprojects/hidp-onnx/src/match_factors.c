/* SPDX-License-Identifier: MIT */
/*
 * Where the factors of attention come from: back over reshapes, transposes and scalings, to a
 * tensor that holds the features of all heads side by side, and perhaps Q, K and V.
 */
#include <string.h>

#include "attention.h"
#include "infer.h"

const int hidp_onnx__orders[6][3] = {
        {BATCH, TOKENS, HEADS}, {TOKENS, BATCH, HEADS}, {BATCH, HEADS, TOKENS},
        {HEADS, BATCH, TOKENS}, {TOKENS, HEADS, BATCH}, {HEADS, TOKENS, BATCH},
};

static int64_t size_of(const struct sizes *s, int axis)
{
	return axis == BATCH ? s->batch : axis == TOKENS ? s->tokens : s->heads * s->features;
}

struct dims hidp_onnx__ordered_dims(const struct sizes *sizes, const int order[3])
{
	struct dims dims = {.rank = 3};
	for (int i = 0; i < 3; i++)
		dims.size[i] = size_of(sizes, order[i]);
	return dims;
}

bool hidp_onnx__view_in_order(struct view *view, const struct sizes *sizes, const int order[3],
                              int64_t parts, const struct dims *dims)
{
	int axes[5], count = 0;
	int64_t size[5];
	for (int i = 0; i < 3; i++) {
		if (order[i] != HEADS) {
			axes[count] = order[i];
			size[count++] = size_of(sizes, order[i]);
			continue;
		}
		axes[count] = PART;
		size[count++] = parts;
		axes[count] = HEADS;
		size[count++] = sizes->heads;
		axes[count] = FEATURES;
		size[count++] = sizes->features;
	}
	return hidp_onnx__view(view, axes, size, count) && hidp_onnx__reshape_view(view, dims);
}

bool hidp_onnx__product_view(struct view *view, const struct sizes *sizes, bool transposed,
                             const struct dims *dims)
{
	int axes[4] = {BATCH, HEADS, TOKENS, FEATURES};
	int64_t size[4] = {sizes->batch, sizes->heads, sizes->tokens, sizes->features};
	if (transposed) {
		axes[2] = FEATURES;
		axes[3] = TOKENS;
		size[2] = sizes->features;
		size[3] = sizes->tokens;
	}
	return hidp_onnx__view(view, axes, size, 4) && hidp_onnx__reshape_view(view, dims);
}

bool hidp_onnx__moves(const struct node *node)
{
	return hidp_onnx__only_shapes(node) || hidp_onnx__is(node, "Transpose");
}

int hidp_onnx__scaled_input(const struct node *node, double *number_out)
{
	double number = 0;
	bool quotient = hidp_onnx__is(node, "Div");
	if (!quotient && !hidp_onnx__is(node, "Mul"))
		return -1;
	int at = hidp_onnx__scalar_input(node, &number);
	if (at < 0 || (quotient && at != 1) ||
	    !hidp_onnx__same_dims(&node->inputs[1 - at]->dims, &node->outputs[0]->dims))
		return -1;
	*number_out = quotient ? 1 / number : number;
	return 1 - at;
}

/* One step along one axis, and all of the others: sets axis and part. */
static bool is_one_step(const struct graph *graph, const struct node *node, struct chain *chain)
{
	struct slice slices[HIDP_ONNX_RANK_MAX];
	const struct dims *in = &node->inputs[0]->dims;
	if (hidp_onnx__slices(graph, node, slices) != HIDP_OK)
		return false;
	chain->axis = -1;
	for (int i = 0; i < in->rank; i++) {
		if (slices[i].count == in->size[i] && slices[i].first == 0)
			continue;
		if (slices[i].count != 1 || chain->axis >= 0)
			return false;
		chain->axis = i;
		chain->part = slices[i].first;
	}
	return true;
}

/* Does the node give, as that value, one of several equal parts of what it reads? */
static bool selects(const struct graph *graph, const struct node *node, const struct value *value,
                    struct chain *chain)
{
	const struct value *in = hidp_onnx__input(node, 0);
	size_t count = 0;
	if (in == NULL || in->dims.rank < 1 ||
	    (node->outputs[0] != value && !hidp_onnx__is(node, "Split")))
		return false;
	chain->axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), in->dims.rank);
	chain->part = 0;
	if (hidp_onnx__is(node, "Gather")) {
		if (!hidp_onnx__integers(node->inputs[1], &chain->part, 1, &count) || count != 1)
			return false;
	} else if (hidp_onnx__is(node, "Split")) {
		while (node->outputs[chain->part] != value)
			chain->part++; /* it is there: the node makes the value */
		if (chain->axis < 0 || value->dims.size[chain->axis] != 1 ||
		    in->dims.size[chain->axis] != node->output_count)
			return false;
	} else if (!hidp_onnx__is(node, "Slice") || !is_one_step(graph, node, chain)) {
		return false;
	}
	if (chain->axis < 0)
		return false;
	chain->parts = in->dims.size[chain->axis];
	chain->part += chain->part < 0 ? chain->parts : 0;
	return chain->part >= 0 && chain->part < chain->parts;
}

void hidp_onnx__follow_back(const struct graph *graph, struct value *value, struct chain *chain)
{
	*chain = (struct chain){.values = {value}, .selection = -1};
	while (chain->count < CHAIN_MAX) {
		struct node *node = value->constant == NULL ? value->producer : NULL;
		double number = 0;
		int i = -1;
		if (node == NULL || node->dead || node->stated)
			return;
		if (chain->selection < 0 && selects(graph, node, value, chain)) {
			chain->selection = chain->count;
			i = 0;
		} else if (node == hidp_onnx__maker(value)) {
			i = hidp_onnx__moves(node) ? 0 : hidp_onnx__scaled_input(node, &number);
		}
		if (i < 0)
			return;
		value = node->inputs[i];
		chain->nodes[chain->count++] = node;
		chain->values[chain->count] = value;
	}
}

int64_t hidp_onnx__parts_at(const struct chain *chain, int depth)
{
	return chain->selection >= 0 && depth > chain->selection ? chain->parts : 1;
}

enum shape hidp_onnx__shape_in_order(const struct sizes *sizes, const struct dims *dims,
                                     const int order[3], int64_t parts)
{
	struct dims exact = hidp_onnx__ordered_dims(sizes, order);
	bool straight = memcmp(order, hidp_onnx__orders[0], sizeof hidp_onnx__orders[0]) == 0;
	for (int i = 0; i < 3; i++)
		exact.size[i] *= order[i] == HEADS ? parts : 1;
	bool same = hidp_onnx__same_dims(&exact, dims);
	if (parts > 1)
		return !same ? SHAPE_OTHER : straight ? SHAPE_PART : SHAPE_PART_TRANSPOSED;
	if (straight)
		return same ? SHAPE_SAME : SHAPE_RESHAPED;
	return same ? SHAPE_TRANSPOSED : SHAPE_BOTH;
}

int hidp_onnx__nodes_needed(enum shape shape)
{
	if (shape == SHAPE_SAME)
		return 0;
	return shape == SHAPE_BOTH || shape == SHAPE_PART_TRANSPOSED ? 2 : 1;
}

/* May so many nodes at the end of the chain, of the first `depth`, become others? */
static bool are_free(const struct matching *m, const struct chain *chain, int depth, int count)
{
	if (count > depth)
		return false;
	for (int i = 0; i < count; i++)
		if (chain->nodes[i]->output_count != 1 ||
		    !hidp_onnx__read_once(m, chain->values[i]))
			return false;
	return true;
}

/* The selected part of a view; false: it is none of the parts that lie side by side. */
static bool select_view(struct view *view, const struct chain *chain)
{
	int axis = chain->axis, begin = axis > 0 ? view->end[axis - 1] : 0;
	const struct atom *atom = &view->atoms[begin];
	if (view->end[axis] != begin + 1 || atom->axis != PART || atom->size != chain->parts)
		return false;
	view->count--;
	memmove(&view->atoms[begin], &view->atoms[begin + 1],
	        (size_t)(view->count - begin) * sizeof *atom);
	for (int i = axis; i < view->dims.rank; i++)
		view->end[i]--;
	view->dims.size[axis] = 1;
	return hidp_onnx__reshape_view(view, &chain->values[chain->selection]->dims);
}

/* Does the chain make the factor of that value, with its axes in that order? */
static bool leads_there(const struct factor *factor, int depth, const int order[3])
{
	const struct chain *chain = &factor->chain;
	struct view view, wanted;
	double number = 0;
	if (!hidp_onnx__product_view(&wanted, &factor->sizes, factor->transposed,
	                             &chain->values[0]->dims) ||
	    !hidp_onnx__view_in_order(&view, &factor->sizes, order,
	                              hidp_onnx__parts_at(chain, depth),
	                              &chain->values[depth]->dims))
		return false;
	for (int i = depth; i-- > 0;) {
		bool known = i == chain->selection
		                     ? select_view(&view, chain)
		                     : hidp_onnx__move_view(&view, chain->nodes[i]) ||
		                               hidp_onnx__scaled_input(chain->nodes[i], &number) >= 0;
		if (!known)
			return false;
	}
	return hidp_onnx__same_view(&view, &wanted);
}

bool hidp_onnx__find_source(struct matching *matching, struct factor *factor,
                            int scalings)
{
	const struct chain *chain = &factor->chain;
	struct source best = {.shape = SHAPE_OTHER};
	double scale = 1, number = 0;
	for (int depth = 0, passed = 0; depth <= chain->count; depth++) {
		if (depth > 0 && hidp_onnx__scaled_input(chain->nodes[depth - 1], &number) >= 0) {
			scale *= number;
			passed++;
		}
		struct value *value = chain->values[depth];
		for (int i = 0; passed == scalings && value->constant == NULL && i < 6; i++) {
			const int *order = hidp_onnx__orders[i];
			enum shape shape =
			        hidp_onnx__shape_in_order(&factor->sizes, &value->dims, order,
			                                  hidp_onnx__parts_at(chain, depth));
			if (shape >= best.shape || matching->views == 0 ||
			    !are_free(matching, chain, depth, hidp_onnx__nodes_needed(shape)))
				continue;
			matching->views--;
			if (!leads_there(factor, depth, order))
				continue;
			best = (struct source){.value = value, .shape = shape, .scale = scale};
			memcpy(best.order, order, sizeof best.order);
		}
	}
	factor->source = best;
	return best.shape != SHAPE_OTHER;
}

static hidp_status integers(const struct matching *m, const int64_t *list, int count,
                            struct value **value_out)
{
	const struct dims dims = {1, {count}};
	void *data = NULL;
	struct tensor *tensor = hidp_onnx__tensor(m->graph, ELEMENT_INT64, &dims, &data);
	if (tensor == NULL)
		return hidp_onnx__no_memory(m->graph);
	for (int i = 0; i < count; i++)
		hidp_onnx__set_integer(ELEMENT_INT64, data, i, list[i]);
	return hidp_onnx__constant_value(m, tensor, value_out);
}

hidp_status hidp_onnx__become_reshape(const struct matching *matching, struct node *node,
                                      struct value *value, const struct dims *dims)
{
	const struct dims copy = *dims; /* it may be the output's own */
	struct value *inputs[2] = {value, NULL};
	hidp_status status = integers(matching, copy.size, copy.rank, &inputs[1]);
	if (status == HIDP_OK)
		status = hidp_onnx__become(matching, node, "", "Reshape", inputs, 2);
	node->outputs[0]->dims = copy;
	return status;
}

hidp_status hidp_onnx__become_transpose(const struct matching *matching, struct node *node,
                                        struct value *value, const int64_t perm[3])
{
	hidp_status status = hidp_onnx__become(matching, node, "", "Transpose", &value, 1);
	node->outputs[0]->dims.rank = 3;
	for (int i = 0; i < 3; i++)
		node->outputs[0]->dims.size[i] = value->dims.size[perm[i]];
	return status == HIDP_OK ? hidp_onnx__set_ints(matching, node, "perm", perm, 3) : status;
}

/* The node becomes one that takes the selected part of the features, which are on that axis. */
static hidp_status become_slice(const struct matching *m, struct node *node, struct value *value,
                                const struct chain *chain, const struct dims *dims, int64_t axis)
{
	const int64_t begin = chain->part * dims->size[axis], end = begin + dims->size[axis];
	struct value *inputs[4] = {value, NULL, NULL, NULL};
	hidp_status status = integers(m, &begin, 1, &inputs[1]);
	if (status == HIDP_OK)
		status = integers(m, &end, 1, &inputs[2]);
	if (status == HIDP_OK)
		status = integers(m, &axis, 1, &inputs[3]);
	if (status == HIDP_OK)
		status = hidp_onnx__become(m, node, "", "Slice", inputs, 4);
	node->outputs[0]->dims = *dims;
	return status;
}

hidp_status hidp_onnx__make_factor(const struct matching *matching,
                                    const struct factor *factor, struct value **value_out)
{
	const struct source *source = &factor->source;
	struct node *const *nodes = factor->chain.nodes;
	struct dims dims = hidp_onnx__ordered_dims(&factor->sizes, source->order);
	struct value *value = source->value;
	int64_t perm[3] = {0};
	hidp_status status = HIDP_OK;
	for (int i = 0; i < 3; i++)
		perm[source->order[i]] = i;
	*value_out = source->shape == SHAPE_SAME ? value : nodes[0]->outputs[0];
	switch (source->shape) {
	case SHAPE_SAME:
		return HIDP_OK;
	case SHAPE_RESHAPED:
		return hidp_onnx__become_reshape(matching, nodes[0], value, &dims);
	case SHAPE_PART:
		return become_slice(matching, nodes[0], value, &factor->chain, &dims, perm[HEADS]);
	case SHAPE_BOTH:
		status = hidp_onnx__become_reshape(matching, nodes[1], value, &dims);
		value = nodes[1]->outputs[0];
		break;
	case SHAPE_PART_TRANSPOSED:
		status = become_slice(matching, nodes[1], value, &factor->chain, &dims,
		                      perm[HEADS]);
		value = nodes[1]->outputs[0];
		break;
	default:
		break;
	}
	return status == HIDP_OK ? hidp_onnx__become_transpose(matching, nodes[0], value, perm)
	                         : status;
}
