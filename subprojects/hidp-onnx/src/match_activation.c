/* SPDX-License-Identifier: MIT */
/* SiLU, hard swish and GELU in pieces. All of them are products with x itself. */
#include <string.h>

#include "match.h"

#define FACTOR_MAX 3
#define DEPTH_MAX 4

/* A product of tensors and numbers, in whatever order it is worked out. */
struct product {
	struct value *factors[FACTOR_MAX];
	int count;
	double number;
};

/* Takes a value apart, as long as nothing else reads it. */
static bool take_apart(const struct matching *m, struct value *value, int depth,
                       struct product *product)
{
	double number = 0;
	struct node *node = hidp_onnx__made_by(value, "Mul");
	bool quotient = node == NULL && (node = hidp_onnx__made_by(value, "Div")) != NULL;
	int scalar = node != NULL ? hidp_onnx__scalar_input(node, &number) : -1;
	if (node == NULL || depth == DEPTH_MAX || (depth > 0 && !hidp_onnx__read_once(m, value)) ||
	    (quotient && scalar != 1)) {
		if (product->count == FACTOR_MAX)
			return false;
		product->factors[product->count++] = value;
		return true;
	}
	if (scalar >= 0) {
		product->number *= quotient ? 1 / number : number;
		return take_apart(m, node->inputs[1 - scalar], depth + 1, product);
	}
	return take_apart(m, node->inputs[0], depth + 1, product) &&
	       take_apart(m, node->inputs[1], depth + 1, product);
}

/* Is it x plus that number? */
static bool is_sum(const struct matching *m, const struct value *value, const struct value *x,
                   double number)
{
	double scalar = 0;
	const struct node *add = hidp_onnx__made_for_this(m, value, "Add");
	int at = add != NULL ? hidp_onnx__scalar_input(add, &scalar) : -1;
	return at >= 0 && hidp_onnx__about(scalar, number) && add->inputs[1 - at] == x;
}

static bool is_sigmoid(const struct matching *m, const struct value *value, const struct value *x)
{
	const struct node *node = hidp_onnx__made_for_this(m, value, "Sigmoid");
	return node != NULL && node->inputs[0] == x;
}

static bool is_hard_sigmoid(const struct matching *m, const struct value *value,
                            const struct value *x)
{
	const struct node *node = hidp_onnx__made_for_this(m, value, "HardSigmoid");
	return node != NULL && node->inputs[0] == x &&
	       hidp_onnx__about(hidp_onnx__float(node, "alpha", 0.2), 1.0 / 6) &&
	       hidp_onnx__about(hidp_onnx__float(node, "beta", 0.5), 0.5);
}

/* min(max(x + 3, 0), 6) */
static bool is_hard_ramp(const struct matching *m, const struct value *value, const struct value *x)
{
	double low = -1, high = 0;
	const struct node *node = hidp_onnx__made_for_this(m, value, "Clip");
	if (node == NULL || node->input_count != 3 || node->inputs[1] == NULL ||
	    node->inputs[2] == NULL)
		return false;
	return hidp_onnx__scalar(node->inputs[1], &low) &&
	       hidp_onnx__scalar(node->inputs[2], &high) && low == 0 && hidp_onnx__about(high, 6) &&
	       is_sum(m, node->inputs[0], x, 3);
}

/* 1 + erf(x / sqrt(2)) */
static bool is_twice_normal(const struct matching *m, const struct value *value,
                            const struct value *x)
{
	double one = 0;
	struct product inner = {.number = 1};
	const struct node *add = hidp_onnx__made_for_this(m, value, "Add");
	int at = add != NULL ? hidp_onnx__scalar_input(add, &one) : -1;
	const struct node *erf = at >= 0 && one == 1
	                                 ? hidp_onnx__made_for_this(m, add->inputs[1 - at], "Erf")
	                                 : NULL;
	/* the argument itself is no more than a product */
	if (erf == NULL || !hidp_onnx__read_once(m, erf->inputs[0]) ||
	    !take_apart(m, erf->inputs[0], 0, &inner))
		return false;
	return inner.count == 1 && inner.factors[0] == x &&
	       hidp_onnx__about(inner.number, 0.70710678118654752440);
}

static const struct {
	double number;
	bool (*is_factor)(const struct matching *m, const struct value *value,
	                  const struct value *x);
	const char *domain, *op;
} activations[] = {
	{1, is_sigmoid, "hidp", "Silu"},
	{1, is_hard_sigmoid, "", "HardSwish"},
	{1.0 / 6, is_hard_ramp, "", "HardSwish"},
	{0.5, is_twice_normal, "hidp", "Gelu"},
};

hidp_status hidp_onnx__match_activation(struct matching *matching, struct node *node)
{
	struct product product = {.number = 1};
	if (!hidp_onnx__is(node, "Mul") && !hidp_onnx__is(node, "Div"))
		return HIDP_OK;
	if (!take_apart(matching, node->outputs[0], 0, &product) || product.count != 2)
		return HIDP_OK;
	for (size_t i = 0; i < sizeof activations / sizeof activations[0]; i++)
		for (int k = 0; k < 2; k++) {
			struct value *x = product.factors[k];
			if (hidp_onnx__about(product.number, activations[i].number) &&
			    hidp_onnx__is_float(x->type) &&
			    hidp_onnx__same_dims(&x->dims, &node->outputs[0]->dims) &&
			    activations[i].is_factor(matching, product.factors[1 - k], x))
				return hidp_onnx__become(matching, node, activations[i].domain,
				                         activations[i].op, &x, 1);
		}
	return HIDP_OK;
}
