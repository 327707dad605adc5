/* SPDX-License-Identifier: MIT */
/*
 * Layer normalisation in pieces: d / sqrt(mean(d^2) + epsilon) with d = x - mean(x), and perhaps
 * a scale and a shift.
 */
#include <string.h>

#include "infer.h"
#include "match.h"

/* What is found. */
struct norm {
	struct value *x;
	int first; /* the mean is over this axis and all behind it */
	double epsilon;
	struct dims dims; /* those axes */
	int64_t count;    /* product of the dims */
	const struct value *scale, *shift;
};

/* The one whose mean over the last axes this is; sets, or compares, the first of them. */
static struct value *mean_of(const struct matching *m, const struct value *value, int *first)
{
	struct list list;
	bool axes[HIDP_ONNX_RANK_MAX];
	const struct node *node = hidp_onnx__made_by(value, "ReduceMean");
	if (node == NULL || hidp_onnx__int(node, "keepdims", 1) != 1)
		return NULL;
	int rank = node->inputs[0]->dims.rank, begin = 0;
	if (hidp_onnx__list(m->graph, node, 1, "axes", &list) != HIDP_OK || list.count == 0 ||
	    hidp_onnx__axes(m->graph, node, &list, rank, false, axes) != HIDP_OK)
		return NULL;
	while (begin < rank && !axes[begin])
		begin++;
	for (int i = begin; i < rank; i++)
		if (!axes[i])
			return NULL;
	if (*first >= 0 && *first != begin)
		return NULL;
	*first = begin;
	return node->inputs[0];
}

/* The x of x - mean(x). */
static struct value *centred(const struct matching *m, const struct value *value, int *first)
{
	const struct node *sub = hidp_onnx__made_by(value, "Sub");
	if (sub == NULL || mean_of(m, sub->inputs[1], first) != sub->inputs[0])
		return NULL;
	return sub->inputs[0];
}

/* The a of a^n. */
static struct value *power(const struct value *value, double n)
{
	double exponent = 0;
	const struct node *node = hidp_onnx__made_by(value, "Pow");
	if (node != NULL && hidp_onnx__scalar(node->inputs[1], &exponent) && exponent == n)
		return node->inputs[0];
	if (n == 2 && (node = hidp_onnx__made_by(value, "Mul")) != NULL &&
	    node->inputs[0] == node->inputs[1])
		return node->inputs[0];
	if (n == 0.5 && (node = hidp_onnx__made_by(value, "Sqrt")) != NULL)
		return node->inputs[0];
	return NULL;
}

/* The a of 1 / sqrt(a). */
static struct value *inverse_root(const struct value *value)
{
	double one = 0;
	struct value *a = power(value, -0.5);
	const struct node *node = hidp_onnx__made_by(value, "Reciprocal");
	if (a != NULL)
		return a;
	if (node != NULL)
		return power(node->inputs[0], 0.5);
	node = hidp_onnx__made_by(value, "Div");
	return node != NULL && hidp_onnx__scalar(node->inputs[0], &one) && one == 1
	               ? power(node->inputs[1], 0.5)
	               : NULL;
}

/* d times or divided by the root of a: true if a is its variance with epsilon. */
static bool is_normal(const struct matching *m, const struct value *d, const struct value *a,
                      struct norm *norm)
{
	const struct node *add = hidp_onnx__made_by(a, "Add");
	int at = add != NULL ? hidp_onnx__scalar_input(add, &norm->epsilon) : -1;
	norm->first = -1;
	norm->x = centred(m, d, &norm->first);
	if (norm->x == NULL || at < 0 || !(norm->epsilon >= 0))
		return false;
	const struct value *squares = mean_of(m, add->inputs[1 - at], &norm->first);
	const struct value *root = squares != NULL ? power(squares, 2) : NULL;
	/* exporters may work out the difference twice */
	return root != NULL && (root == d || centred(m, root, &norm->first) == norm->x);
}

static bool find_norm(const struct matching *m, const struct node *node, struct norm *norm)
{
	if (node->input_count != 2 || node->inputs[0] == NULL || node->inputs[1] == NULL)
		return false;
	if (hidp_onnx__is(node, "Div"))
		return is_normal(m, node->inputs[0], power(node->inputs[1], 0.5), norm);
	if (!hidp_onnx__is(node, "Mul"))
		return false;
	return is_normal(m, node->inputs[0], inverse_root(node->inputs[1]), norm) ||
	       is_normal(m, node->inputs[1], inverse_root(node->inputs[0]), norm);
}

/* A constant for each element that is normalised together, or one for all? */
static bool is_parameter(const struct norm *norm, const struct value *value)
{
	const struct tensor *t = value->constant;
	if (t == NULL || t->data == NULL || !hidp_onnx__is_float(t->type))
		return false;
	if (t->count == 1)
		return t->dims.rank <= norm->x->dims.rank;
	if (t->count != norm->count || t->dims.rank > norm->x->dims.rank)
		return false;
	/* the dims from the back, and ones in front */
	for (int i = 1; i <= t->dims.rank; i++) {
		int64_t size = i <= norm->dims.rank ? norm->dims.size[norm->dims.rank - i] : 1;
		if (t->dims.size[t->dims.rank - i] != size)
			return false;
	}
	return true;
}

/* The node that adds or multiplies by a parameter what `value` is, and nothing else reads. */
static struct node *with_parameter(const struct matching *m, const struct norm *norm,
                                   const struct value *value, const char *op,
                                   const struct value **parameter_out)
{
	struct node *node = hidp_onnx__reader(m, value, op);
	if (node == NULL)
		return NULL;
	const struct value *other = node->inputs[node->inputs[0] == value ? 1 : 0];
	if (other == NULL || !is_parameter(norm, other))
		return NULL;
	*parameter_out = other;
	return node;
}

/* As many numbers as are normalised together: the parameter's, or all the same. */
static hidp_status make_parameter(const struct matching *m, const struct norm *norm,
                                  const struct value *parameter, double otherwise,
                                  struct value **value_out)
{
	void *data = NULL;
	struct tensor *t;
	double number = otherwise;
	if (parameter != NULL && parameter->constant->count == norm->count) {
		t = hidp_onnx__take(m->graph->pool, 1, sizeof *t);
		if (t == NULL)
			return hidp_onnx__no_memory(m->graph);
		*t = *parameter->constant;
		t->dims = norm->dims;
		return hidp_onnx__constant_value(m, t, value_out);
	}
	if (parameter != NULL)
		number = hidp_onnx__number(parameter->constant, 0);
	t = hidp_onnx__tensor(m->graph, ELEMENT_FLOAT, &norm->dims, &data);
	if (t == NULL)
		return hidp_onnx__no_memory(m->graph);
	for (int64_t i = 0; i < norm->count; i++)
		hidp_onnx__set_number(ELEMENT_FLOAT, data, i, number);
	return hidp_onnx__constant_value(m, t, value_out);
}

hidp_status hidp_onnx__match_layer_norm(struct matching *matching, struct node *node)
{
	struct norm norm = {0};
	if (!find_norm(matching, node, &norm) || !hidp_onnx__is_float(norm.x->type) ||
	    !hidp_onnx__same_dims(&norm.x->dims, &node->outputs[0]->dims))
		return HIDP_OK;
	for (int i = norm.first; i < norm.x->dims.rank; i++)
		norm.dims.size[norm.dims.rank++] = norm.x->dims.size[i];
	norm.count = hidp_onnx__count(&norm.dims);
	if (norm.count < 1)
		return HIDP_OK;
	struct node *last = node;
	struct node *next = with_parameter(matching, &norm, last->outputs[0], "Mul", &norm.scale);
	if (next != NULL)
		last = next;
	next = with_parameter(matching, &norm, last->outputs[0], "Add", &norm.shift);
	if (next != NULL)
		last = next;
	struct value *inputs[3] = {norm.x, NULL, NULL};
	hidp_status status = make_parameter(matching, &norm, norm.scale, 1, &inputs[1]);
	if (status == HIDP_OK)
		status = make_parameter(matching, &norm, norm.shift, 0, &inputs[2]);
	if (status == HIDP_OK)
		status = hidp_onnx__become(matching, last, "", "LayerNormalization", inputs, 3);
	if (status == HIDP_OK)
		status = hidp_onnx__set_int(matching, last, "axis", norm.first - norm.x->dims.rank);
	if (status == HIDP_OK)
		status = hidp_onnx__set_float(matching, last, "epsilon", norm.epsilon);
	return status;
}
