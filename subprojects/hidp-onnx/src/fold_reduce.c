/* SPDX-License-Identifier: MIT */
/* Sums and the like over constants. */
#include "fold.h"

#include <math.h>
#include <string.h>

#include "arithmetic.h"

static hidp_status too_long(const struct folding *folding, const struct node *node)
{
	return hidp_onnx__fail_node(folding->graph, node, HIDP_ERR_LIMIT,
	                            "working out what is constant takes too long");
}

/* What is done to each element before it is joined to the others by `join`. */
struct reduction {
	const char *op, *join;
	double start;
	double (*before)(double);
};

static double square(double x)
{
	return x * x;
}

static const struct reduction *find_reduction(const char *op)
{
	static const struct reduction all[] = {
	        {"ReduceL1", "Add", 0, fabs},        {"ReduceL2", "Add", 0, square},
	        {"ReduceMax", "Max", -HUGE_VAL, NULL}, {"ReduceMean", "Add", 0, NULL},
	        {"ReduceMin", "Min", HUGE_VAL, NULL},  {"ReduceProd", "Mul", 1, NULL},
	        {"ReduceSum", "Add", 0, NULL},       {"ReduceSumSquare", "Add", 0, square},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(all[i].op, op) == 0)
			return &all[i];
	return NULL;
}

/* The walk over the input, with the place in the output. */
static void walk_over(struct walk *walk, const struct tensor *x, const bool *axes)
{
	int64_t stride = 1;
	hidp_onnx__walk_init(walk, &x->dims, 1);
	for (int i = x->dims.rank - 1; i >= 0; i--)
		if (!axes[i]) {
			walk->stride[0][i] = stride;
			stride *= x->dims.size[i];
		}
}

static void reduce_real(const struct reduction *r, const struct tensor *x, const bool *axes,
                        double *sums, int64_t count)
{
	const struct binary *join = hidp_onnx__binary(r->join, false);
	struct walk walk;
	for (int64_t i = 0; i < count; i++)
		sums[i] = r->start;
	walk_over(&walk, x, axes);
	for (int64_t i = 0; i < x->count; i++, hidp_onnx__walk_step(&walk)) {
		const double v = hidp_onnx__number(x, i);
		double *sum = &sums[walk.offset[0]];
		*sum = join->real(*sum, r->before != NULL ? r->before(v) : v);
	}
}

static void reduce_whole(const struct reduction *r, const struct tensor *x, const bool *axes,
                         int64_t *sums, int64_t count)
{
	const struct binary *join = hidp_onnx__binary(r->join, false);
	const struct binary *times = hidp_onnx__binary("Mul", false);
	const struct unary *magnitude = hidp_onnx__unary("Abs");
	const bool is_unsigned = x->type == ELEMENT_UINT64;
	struct walk walk;
	for (int64_t i = 0; i < count; i++)
		sums[i] = r->start < 0   ? (is_unsigned ? 0 : INT64_MIN)
		          : r->start > 1 ? (is_unsigned ? -1 : INT64_MAX)
		                         : (int64_t)r->start;
	walk_over(&walk, x, axes);
	for (int64_t i = 0; i < x->count; i++, hidp_onnx__walk_step(&walk)) {
		int64_t v = hidp_onnx__integer(x, i);
		if (r->before == square)
			v = times->whole(v, v, x->type);
		else if (r->before != NULL)
			v = magnitude->whole(v, x->type);
		sums[walk.offset[0]] = join->whole(sums[walk.offset[0]], v, x->type);
	}
}

hidp_status hidp_onnx__fold_reduce(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	const struct reduction *r = find_reduction(node->op);
	const bool real = hidp_onnx__is_float(x->type);
	const bool mean = strcmp(node->op, "ReduceMean") == 0;
	struct list list;
	bool axes[HIDP_ONNX_RANK_MAX];
	struct tensor *y;
	void *data;
	/* of nothing there is no mean, and no largest */
	if (r == NULL || x->count == 0 || (!real && strcmp(node->op, "ReduceL2") == 0))
		return HIDP_OK;
	hidp_status s = hidp_onnx__list(folding->graph, node, 1, "axes", &list);
	if (s == HIDP_OK)
		s = hidp_onnx__axes(folding->graph, node, &list, x->dims.rank,
		                    hidp_onnx__int(node, "noop_with_empty_axes", 0) == 0, axes);
	if (s == HIDP_OK)
		s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	void *sums = hidp_onnx__take(folding->graph->pool, (size_t)y->count, 8);
	if (sums == NULL)
		return hidp_onnx__no_memory(folding->graph);
	if (real)
		reduce_real(r, x, axes, sums, y->count);
	else
		reduce_whole(r, x, axes, sums, y->count);
	for (int64_t i = 0; i < y->count; i++) {
		const int64_t each = x->count / y->count;
		if (!real) {
			const int64_t sum = ((int64_t *)sums)[i];
			hidp_onnx__set_integer(y->type, data, i, mean ? sum / each : sum);
			continue;
		}
		double sum = ((double *)sums)[i];
		if (mean)
			sum /= (double)each;
		if (strcmp(node->op, "ReduceL2") == 0)
			sum = sqrt(sum);
		hidp_onnx__set_number(y->type, data, i, sum);
	}
	node->outputs[0]->constant = y;
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_cumsum(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	const bool exclusive = hidp_onnx__int(node, "exclusive", 0) != 0;
	const bool reverse = hidp_onnx__int(node, "reverse", 0) != 0;
	const bool real = hidp_onnx__is_float(x->type);
	int64_t strides[HIDP_ONNX_RANK_MAX];
	struct list list;
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__list(folding->graph, node, 1, NULL, &list);
	if (s == HIDP_OK)
		s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	const int axis = hidp_onnx__axis(list.at[0], x->dims.rank);
	const int64_t size = x->dims.size[axis];
	hidp_onnx__strides(&x->dims, strides);
	/* each sum is the one before it and one element more */
	for (int64_t n = 0; n < y->count; n++) {
		const int64_t i = reverse ? y->count - 1 - n : n;
		const int64_t at = i / strides[axis] % size;
		const int64_t last = reverse ? i + strides[axis] : i - strides[axis];
		const bool first = at == (reverse ? size - 1 : 0);
		const int64_t term = exclusive ? last : i;
		if (real) {
			const double sum = first ? 0 : hidp_onnx__number(y, last);
			hidp_onnx__set_number(
			        y->type, data, i,
			        first && exclusive ? 0 : sum + hidp_onnx__number(x, term));
		} else {
			const uint64_t sum = first ? 0 : (uint64_t)hidp_onnx__integer(y, last);
			hidp_onnx__set_integer(
			        y->type, data, i,
			        first && exclusive
			                ? 0
			                : (int64_t)(sum + (uint64_t)hidp_onnx__integer(x, term)));
		}
	}
	node->outputs[0]->constant = y;
	return HIDP_OK;
}

/* Row and column of one element of a product, and the distance between their elements. */
struct dot {
	const struct tensor *a, *b;
	int64_t a_first, a_step, b_first, b_step, count;
};

static void set_dot(const struct dot *dot, const struct tensor *y, void *data, int64_t i)
{
	double real = 0;
	uint64_t whole = 0;
	for (int64_t k = 0; k < dot->count; k++) {
		const int64_t a = dot->a_first + k * dot->a_step;
		const int64_t b = dot->b_first + k * dot->b_step;
		if (hidp_onnx__is_float(y->type))
			real += hidp_onnx__number(dot->a, a) * hidp_onnx__number(dot->b, b);
		else
			whole += (uint64_t)hidp_onnx__integer(dot->a, a) *
			         (uint64_t)hidp_onnx__integer(dot->b, b);
	}
	if (hidp_onnx__is_float(y->type))
		hidp_onnx__set_number(y->type, data, i, real);
	else
		hidp_onnx__set_integer(y->type, data, i, (int64_t)whole);
}

/* Small products: what positions and masks are made of. */
hidp_status hidp_onnx__fold_matmul(struct folding *folding, struct node *node)
{
	const struct tensor *a = node->inputs[0]->constant, *b = node->inputs[1]->constant;
	/* vectors become matrices of one row or column, and the result gets these as well */
	struct dims x = a->dims, z = b->dims, box;
	struct tensor *y;
	struct walk walk;
	void *data;
	if (x.rank == 1)
		x = (struct dims){.rank = 2, .size = {1, x.size[0]}};
	if (z.rank == 1)
		z = (struct dims){.rank = 2, .size = {z.size[0], 1}};
	const int64_t rows = x.size[x.rank - 2], inner = x.size[x.rank - 1];
	const int64_t columns = z.size[z.rank - 1];
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	if (inner > 0 && y->count > INT64_MAX / inner)
		return too_long(folding, node);
	if (!hidp_onnx__spend(folding, y->count * inner))
		return too_long(folding, node);
	/* the stacks of matrices are walked through, as if one element each */
	struct dims x_stack = x, z_stack = z;
	x_stack.rank -= 2;
	z_stack.rank -= 2;
	box = x_stack;
	hidp_onnx__broadcast(&box, &z_stack);
	hidp_onnx__walk_init(&walk, &box, 2);
	hidp_onnx__walk_dense(&walk, 0, &x_stack);
	hidp_onnx__walk_dense(&walk, 1, &z_stack);
	for (int64_t i = 0; i < y->count; i++) {
		const int64_t row = i / columns % rows, column = i % columns;
		if (i > 0 && row == 0 && column == 0)
			hidp_onnx__walk_step(&walk);
		const struct dot dot = {.a = a,
		                        .b = b,
		                        .a_first = (walk.offset[0] * rows + row) * inner,
		                        .a_step = 1,
		                        .b_first = walk.offset[1] * inner * columns + column,
		                        .b_step = columns,
		                        .count = inner};
		set_dot(&dot, y, data, i);
	}
	node->outputs[0]->constant = y;
	return HIDP_OK;
}
