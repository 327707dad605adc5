/* SPDX-License-Identifier: MIT */
/* Elementwise arithmetic. Floats are worked out in double precision and rounded to the op's own
 * type, whole numbers in 64 bits, where they wrap, and cut to the type. */
#include "fold.h"

#include <math.h>
#include <string.h>

#include "arithmetic.h"

static void keep(const struct node *node, const struct tensor *tensor)
{
	node->outputs[0]->constant = tensor;
}

hidp_status hidp_onnx__fold_unary(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	const struct unary *op = hidp_onnx__unary(node->op);
	struct tensor *y;
	void *data;
	if (op == NULL || (hidp_onnx__is_float(x->type) ? op->real == NULL : op->whole == NULL))
		return HIDP_OK;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	for (int64_t i = 0; i < y->count; i++)
		if (hidp_onnx__is_float(x->type))
			hidp_onnx__set_number(y->type, data, i,
			                      op->real(hidp_onnx__number(x, i)));
		else
			hidp_onnx__set_integer(y->type, data, i,
			                       op->whole(hidp_onnx__integer(x, i), x->type));
	keep(node, y);
	return HIDP_OK;
}

/* y = a op b, broadcast to y's dims. a may be y itself. */
static void apply(const struct binary *op, const struct tensor *a, const struct tensor *b,
                  const struct tensor *y, void *data)
{
	const bool real = hidp_onnx__is_float(a->type) || hidp_onnx__is_float(b->type);
	struct walk walk;
	hidp_onnx__walk_init(&walk, &y->dims, 2);
	hidp_onnx__walk_dense(&walk, 0, &a->dims);
	hidp_onnx__walk_dense(&walk, 1, &b->dims);
	for (int64_t i = 0; i < y->count; i++, hidp_onnx__walk_step(&walk)) {
		if (real)
			hidp_onnx__set_number(y->type, data, i,
			                      op->real(hidp_onnx__number(a, walk.offset[0]),
			                               hidp_onnx__number(b, walk.offset[1])));
		else
			hidp_onnx__set_integer(y->type, data, i,
			                       op->whole(hidp_onnx__integer(a, walk.offset[0]),
			                                 hidp_onnx__integer(b, walk.offset[1]),
			                                 a->type));
	}
}

static bool any_zero(const struct tensor *tensor)
{
	for (int64_t i = 0; i < tensor->count; i++)
		if (hidp_onnx__integer(tensor, i) == 0)
			return true;
	return false;
}

/* The mean is the sum, divided. */
static void divide(const struct tensor *y, void *data, double by)
{
	for (int64_t i = 0; i < y->count; i++)
		hidp_onnx__set_number(y->type, data, i, hidp_onnx__number(y, i) / by);
}

/* Two inputs, or any number of them. */
hidp_status hidp_onnx__fold_binary(struct folding *folding, struct node *node)
{
	const struct tensor *a = node->inputs[0]->constant;
	const uint32_t given = hidp_onnx__given(node);
	const bool whole = !hidp_onnx__is_float(a->type);
	const struct binary *op = hidp_onnx__binary(node->op, hidp_onnx__int(node, "fmod", 0) != 0);
	struct tensor *y;
	void *data;
	if (op == NULL)
		return HIDP_OK;
	for (uint32_t i = 0; i < given; i++) {
		const struct tensor *t = node->inputs[i]->constant;
		if (hidp_onnx__is_float(t->type) ? op->real == NULL : op->whole == NULL)
			return HIDP_OK;
	}
	if (op->divides && whole && any_zero(node->inputs[1]->constant))
		return hidp_onnx__fail_node(folding->graph, node, HIDP_ERR_MODEL,
		                            "divides a whole number by 0");
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	if (given == 1) { /* of one tensor: itself */
		for (int64_t i = 0; i < y->count; i++)
			hidp_onnx__set_number(y->type, data, i, hidp_onnx__number(a, i));
		if (whole)
			for (int64_t i = 0; i < y->count; i++)
				hidp_onnx__set_integer(y->type, data, i,
				                       hidp_onnx__integer(a, i));
	}
	for (uint32_t i = 1; i < given; i++) {
		if (i > 1 && !hidp_onnx__spend(folding, y->count))
			return hidp_onnx__fail_node(folding->graph, node, HIDP_ERR_LIMIT,
			                            "working out what is constant takes too long");
		apply(op, i == 1 ? a : y, node->inputs[i]->constant, y, data);
	}
	if (strcmp(node->op, "Mean") == 0)
		divide(y, data, given);
	keep(node, y);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_where(struct folding *folding, struct node *node)
{
	const struct tensor *choice = node->inputs[0]->constant;
	const struct tensor *a = node->inputs[1]->constant, *b = node->inputs[2]->constant;
	const size_t bytes = hidp_onnx__element_bytes(a->type);
	struct tensor *y;
	struct walk walk;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	hidp_onnx__walk_init(&walk, &y->dims, 3);
	for (int i = 0; i < 3; i++)
		hidp_onnx__walk_dense(&walk, i, &node->inputs[i]->dims);
	for (int64_t i = 0; i < y->count; i++, hidp_onnx__walk_step(&walk)) {
		const bool first = hidp_onnx__integer(choice, walk.offset[0]) != 0;
		const unsigned char *from = first ? a->data : b->data;
		memcpy((unsigned char *)data + (size_t)i * bytes,
		       from + (size_t)walk.offset[first ? 1 : 2] * bytes, bytes);
	}
	keep(node, y);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_cast(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	struct tensor *y;
	void *data;
	if (node->outputs[0]->type == x->type)
		return hidp_onnx__fold_view(folding, node);
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	if (y->type == ELEMENT_FLOAT)
		hidp_onnx__floats(x, 0, x->count, data);
	else if (hidp_onnx__is_float(x->type) || x->type == ELEMENT_UINT64)
		for (int64_t i = 0; i < y->count; i++)
			hidp_onnx__set_number(y->type, data, i, hidp_onnx__number(x, i));
	else
		for (int64_t i = 0; i < y->count; i++)
			hidp_onnx__set_integer(y->type, data, i, hidp_onnx__integer(x, i));
	keep(node, y);
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_clip(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	const struct value *least = hidp_onnx__input(node, 1), *most = hidp_onnx__input(node, 2);
	const bool real = hidp_onnx__is_float(x->type);
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	const struct binary *max = hidp_onnx__binary("Max", false);
	const struct binary *min = hidp_onnx__binary("Min", false);
	const double low = least != NULL ? hidp_onnx__number(least->constant, 0)
	                                 : -HUGE_VAL;
	const double high = most != NULL ? hidp_onnx__number(most->constant, 0)
	                                 : HUGE_VAL;
	for (int64_t i = 0; i < y->count; i++) {
		if (real) {
			const double v = hidp_onnx__number(x, i);
			hidp_onnx__set_number(y->type, data, i, min->real(max->real(v, low), high));
			continue;
		}
		int64_t v = hidp_onnx__integer(x, i);
		if (least != NULL)
			v = max->whole(v, hidp_onnx__integer(least->constant, 0), x->type);
		if (most != NULL)
			v = min->whole(v, hidp_onnx__integer(most->constant, 0), x->type);
		hidp_onnx__set_integer(y->type, data, i, v);
	}
	keep(node, y);
	return HIDP_OK;
}

/* Nothing is dropped but in training. The mask is true everywhere. */
hidp_status hidp_onnx__fold_dropout(struct folding *folding, struct node *node)
{
	double training = 0;
	if (hidp_onnx__input(node, 2) != NULL)
		hidp_onnx__scalar(node->inputs[2], &training);
	if (training != 0)
		return HIDP_OK;
	if (node->output_count > 1 && node->outputs[1] != NULL) {
		const struct value *mask = node->outputs[1];
		struct tensor *t;
		void *data;
		hidp_status s = hidp_onnx__new_tensor(folding->graph, node, mask->type,
		                                      &mask->dims, &t, &data);
		if (s != HIDP_OK)
			return s;
		memset(data, 1, (size_t)t->count);
		node->outputs[1]->constant = t;
	}
	return hidp_onnx__fold_view(folding, node);
}
