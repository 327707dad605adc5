/* SPDX-License-Identifier: MIT */
/* Matrix products, dense layers, attention. */
#include <string.h>

#include "infer.h"
#include "lower_ops.h"

hidp_status hidp_onnx__dense(struct lowering *lw, const struct operand *in,
                             const struct tensor *weights, bool transposed,
                             const struct tensor *bias, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_DENSE);
	struct dims dims = in->dims;
	const int last = dims.rank - 1;
	int rank = weights->dims.rank;
	struct operand from;
	if (rank < 2 || weights->data == NULL || last < 0)
		return hidp_onnx__unsupported(lw, "its weights are no matrix of numbers");
	for (int i = 0; i < rank - 2; i++)
		if (weights->dims.size[i] != 1)
			return hidp_onnx__unsupported(lw, "it has several constant matrices");
	int64_t n = weights->dims.size[transposed ? rank - 2 : rank - 1];
	int64_t k = weights->dims.size[transposed ? rank - 1 : rank - 2];
	if (k != dims.size[last] || n < 1)
		return hidp_onnx__unsupported(lw, "its weights do not match its input");
	if (bias != NULL && (bias->data == NULL || (bias->count != n && bias->count != 1)))
		return hidp_onnx__unsupported(lw, "its bias does not match its weights");
	const struct layout before = hidp_onnx__channels(&in->layout, &dims, &last, 1);
	hidp_status s = hidp_onnx__arrange(lw, in, &before, &from);
	if (s != HIDP_OK)
		return s;
	struct layout layout = before;
	layout.count = layout.end[GROUP_WIDTH]; /* the last axis becomes another one */
	dims.size[last] = n;
	hidp_onnx__append(&layout, &dims, last, GROUP_CHANNELS);
	const struct operand *const inputs[] = {&from};
	struct recipe kernel = {.tensor = weights, .rank = 2, .size = {n, k}, .stride = {1, n}};
	if (transposed)
		kernel = hidp_onnx__all_of(weights);
	desc.out_channels = n;
	desc.flags = bias == NULL ? HIDP_LAYER_NO_BIAS : 0;
	s = hidp_onnx__emit(lw, &desc, inputs, 1, &dims, &layout, out);
	if (s == HIDP_OK)
		s = hidp_onnx__add_array(lw, HIDP_WEIGHT_KERNEL, &kernel);
	if (s == HIDP_OK && bias != NULL) {
		struct recipe shift = hidp_onnx__all_of(bias);
		shift.size[0] = n;
		shift.stride[0] = bias->count == 1 ? 0 : 1;
		s = hidp_onnx__add_array(lw, HIDP_WEIGHT_BIAS, &shift);
	}
	return s;
}

/* The last two axes change places. */
static void swap_last(const struct operand *in, struct operand *out)
{
	int perm[HIDP_ONNX_RANK_MAX], rank = in->dims.rank;
	for (int i = 0; i < rank; i++)
		perm[i] = i;
	perm[rank - 1] = rank - 2;
	perm[rank - 2] = rank - 1;
	hidp_onnx__transpose(in, perm, out);
}

/* Batch, then one axis on the rows and one on the channels. */
static struct layout matrix(const struct dims *dims, int rows, int channels)
{
	struct layout layout = {0};
	for (int i = 0; i < dims->rank - 2; i++)
		hidp_onnx__append(&layout, dims, i, GROUP_BATCH);
	hidp_onnx__append(&layout, dims, rows, GROUP_ROWS);
	hidp_onnx__append(&layout, dims, channels, GROUP_CHANNELS);
	return layout;
}

/* Both operands flow and have rank 2 or more. */
static hidp_status multiply(struct lowering *lw, const struct operand *a, const struct operand *b,
                            struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_MATMUL);
	struct dims left = a->dims, right = b->dims, batch, dims;
	int64_t m = left.size[left.rank - 2], n = right.size[right.rank - 1];
	left.rank -= 2;
	right.rank -= 2;
	batch = left;
	if (!hidp_onnx__broadcast(&batch, &right) || batch.rank + 2 > RANK_MAX)
		return hidp_onnx__unsupported(lw, "operands do not match");
	const int rank = batch.rank + 2, row = rank - 2, column = rank - 1;
	struct operand x = hidp_onnx__with_rank(a, rank), y = hidp_onnx__with_rank(b, rank);
	dims = batch;
	dims.rank = rank;
	dims.size[row] = m;
	dims.size[column] = x.dims.size[column];
	hidp_status s = hidp_onnx__expand(lw, &x, &dims, &x);
	dims.size[row] = y.dims.size[row];
	dims.size[column] = n;
	bool shared = hidp_onnx__count(&y.dims) == y.dims.size[row] * n; /* one for all */
	if (s == HIDP_OK && !shared)
		s = hidp_onnx__expand(lw, &y, &dims, &y);
	if (s != HIDP_OK)
		return s;
	struct layout lx = matrix(&x.dims, row, column), ly = matrix(&y.dims, row, column);
	if (shared) /* the batch is more rows */
		lx.end[GROUP_BATCH] = 0;
	if (hidp_onnx__place_of(&y.layout, column) < hidp_onnx__place_of(&y.layout, row)) {
		ly = matrix(&y.dims, column, row);
		desc.flags = HIDP_LAYER_TRANSPOSE_B;
	}
	s = hidp_onnx__arrange(lw, &x, &lx, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__arrange(lw, &y, &ly, &y);
	if (s != HIDP_OK)
		return s;
	const struct operand *const inputs[] = {&x, &y};
	dims.size[row] = m;
	struct layout layout = matrix(&dims, row, column);
	if (shared)
		layout.end[GROUP_BATCH] = 0;
	return hidp_onnx__emit(lw, &desc, inputs, 2, &dims, &layout, out);
}

/* The matrix times what flows: of the transposed, a dense layer. */
static hidp_status constant_left(struct lowering *lw, const struct tensor *a,
                                 const struct operand *b, struct operand *out)
{
	struct operand x;
	if (b->dims.rank < 2)
		return hidp_onnx__unsupported(lw, "a constant times a vector");
	swap_last(b, &x);
	hidp_status s = hidp_onnx__dense(lw, &x, a, true, NULL, &x);
	if (s == HIDP_OK)
		swap_last(&x, out);
	return s;
}

/* A vector becomes a matrix of one row, or of one column. */
static hidp_status as_matrix(struct lowering *lw, struct operand *x, bool column)
{
	struct dims dims = {2, {1, x->dims.size[0]}};
	if (x->dims.rank != 1)
		return HIDP_OK;
	if (column)
		dims = (struct dims){2, {x->dims.size[0], 1}};
	return hidp_onnx__reshape(lw, x, &dims, x);
}

static hidp_status lower_matmul(struct lowering *lw)
{
	const struct tensor *left = hidp_onnx__constant(lw, 0), *right = hidp_onnx__constant(lw, 1);
	struct operand a, b, out;
	struct tensor column;
	hidp_status s = HIDP_OK;
	if (!hidp_onnx__is_float(lw->node->outputs[0]->type))
		return hidp_onnx__unsupported(lw, "multiplies whole numbers");
	if (left == NULL && (s = hidp_onnx__operand(lw, 0, &a)) == HIDP_OK)
		s = as_matrix(lw, &a, false);
	if (s == HIDP_OK && right == NULL && (s = hidp_onnx__operand(lw, 1, &b)) == HIDP_OK)
		s = as_matrix(lw, &b, true);
	if (s != HIDP_OK)
		return s;
	if (left != NULL && right != NULL)
		return hidp_onnx__unsupported(lw, "both operands are constant");
	if (right != NULL && right->dims.rank == 1) {
		column = *right;
		column.dims = (struct dims){2, {right->count, 1}};
		struct tensor *kept = hidp_onnx__take(lw->graph->pool, 1, sizeof *kept);
		if (kept == NULL)
			return hidp_onnx__no_memory(lw->graph);
		*kept = column;
		right = kept;
	}
	if (right != NULL)
		s = hidp_onnx__dense(lw, &a, right, false, NULL, &out);
	else if (left != NULL)
		s = constant_left(lw, left, &b, &out);
	else
		s = multiply(lw, &a, &b, &out);
	if (s == HIDP_OK)
		s = hidp_onnx__reshape(lw, &out, &lw->node->outputs[0]->dims, &out);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &out);
	return s;
}

/* alpha * A * B, then beta * C */
static hidp_status lower_gemm(struct lowering *lw)
{
	const struct node *n = lw->node;
	const struct tensor *b = hidp_onnx__constant(lw, 1), *bias = hidp_onnx__constant(lw, 2);
	const double alpha = hidp_onnx__float(n, "alpha", 1), beta = hidp_onnx__float(n, "beta", 1);
	bool trans_b = hidp_onnx__int(n, "transB", 0) != 0;
	struct operand x, y;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	if (!hidp_onnx__is_float(n->outputs[0]->type))
		return hidp_onnx__unsupported(lw, "multiplies whole numbers");
	if (hidp_onnx__int(n, "transA", 0) != 0)
		swap_last(&x, &x);
	bool inside = b != NULL && bias != NULL && alpha == 1 && beta == 1 &&
	              (bias->count == 1 || bias->dims.size[bias->dims.rank - 1] == bias->count) &&
	              (bias->count == 1 || bias->count == n->outputs[0]->dims.size[1]);
	if (b != NULL) {
		s = hidp_onnx__dense(lw, &x, b, trans_b, inside ? bias : NULL, &x);
	} else if ((s = hidp_onnx__operand(lw, 1, &y)) == HIDP_OK) {
		if (trans_b)
			swap_last(&y, &y);
		s = multiply(lw, &x, &y, &x);
	}
	if (s == HIDP_OK && alpha != 1)
		s = hidp_onnx__linear(lw, &x, alpha, 0, &x);
	if (s == HIDP_OK && !inside && bias != NULL && beta == 1) {
		s = hidp_onnx__combine_constant(lw, HIDP_BINARY_ADD, &x, bias, &x);
	} else if (s == HIDP_OK && !inside && bias != NULL) {
		float *data;
		struct tensor *scaled = hidp_onnx__new_floats(lw, bias->count, &data);
		if (scaled == NULL)
			return hidp_onnx__no_memory(lw->graph);
		scaled->dims = bias->dims;
		hidp_onnx__floats(bias, 0, bias->count, data);
		for (int64_t i = 0; i < bias->count; i++)
			data[i] = (float)(beta * data[i]);
		s = hidp_onnx__combine_constant(lw, HIDP_BINARY_ADD, &x, scaled, &x);
	} else if (s == HIDP_OK && bias == NULL && hidp_onnx__input(n, 2) != NULL) {
		s = hidp_onnx__operand(lw, 2, &y);
		if (s == HIDP_OK && beta != 1)
			s = hidp_onnx__linear(lw, &y, beta, 0, &y);
		if (s == HIDP_OK)
			s = hidp_onnx__combine(lw, HIDP_BINARY_ADD, &x, &y, &x);
	}
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* x, weights, bias or nothing; attribute "transposed": the weights are out x in */
static hidp_status lower_dense(struct lowering *lw)
{
	const struct tensor *weights = hidp_onnx__constant(lw, 1);
	bool transposed = hidp_onnx__int(lw->node, "transposed", 0) != 0;
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	if (weights == NULL)
		return hidp_onnx__unsupported(lw, "its weights are not constant");
	s = hidp_onnx__dense(lw, &x, weights, transposed, hidp_onnx__constant(lw, 2), &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Added to the scores; attribute "mask_dims": images, heads, tokens of Q and of K */
static hidp_status lower_mask(struct lowering *lw, struct operand *mask)
{
	size_t count = 0;
	const int64_t *sizes = hidp_onnx__ints(lw->node, "mask_dims", &count);
	struct dims dims = {4, {0}};
	struct layout layout = {0};
	hidp_status s = hidp_onnx__operand(lw, 3, mask);
	if (s != HIDP_OK)
		return s;
	if (count != 4)
		return hidp_onnx__unsupported(lw, "its mask has no dimensions");
	memcpy(dims.size, sizes, 4 * sizeof *sizes);
	if ((s = hidp_onnx__reshape(lw, mask, &dims, mask)) != HIDP_OK)
		return s;
	const int place = hidp_onnx__place_of(&mask->layout, 3);
	const bool by_rows = dims.size[1] == 1 && dims.size[2] == 1 && place >= 0 &&
	                     hidp_onnx__group_of(&mask->layout, place) == GROUP_ROWS;
	hidp_onnx__append(&layout, &dims, 0, GROUP_BATCH);
	if (by_rows) { /* as it is, so that it need not be whole to be made */
		hidp_onnx__append(&layout, &dims, 3, GROUP_ROWS);
	} else {
		hidp_onnx__append(&layout, &dims, 2, GROUP_ROWS);
		hidp_onnx__append(&layout, &dims, 1, GROUP_WIDTH);
		hidp_onnx__append(&layout, &dims, 3, GROUP_CHANNELS);
	}
	return hidp_onnx__arrange(lw, mask, &layout, mask);
}

/* Q, K, V: batch x tokens x features; a mask or none; attribute "scale", or else 1 / sqrt(d) */
static hidp_status lower_attention(struct lowering *lw)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_ATTENTION);
	struct operand in[4], out;
	const struct operand *const inputs[] = {&in[0], &in[1], &in[2], &in[3]};
	const uint32_t count = hidp_onnx__input(lw->node, 3) != NULL ? 4 : 3;
	struct layout layout = {0};
	for (uint32_t i = 0; i < 3; i++) {
		hidp_status s = hidp_onnx__operand(lw, i, &in[i]);
		if (s != HIDP_OK)
			return s;
		if (in[i].dims.rank != 3)
			return hidp_onnx__unsupported(lw, "its operands are no sequences");
		layout = matrix(&in[i].dims, 1, 2);
		if ((s = hidp_onnx__arrange(lw, &in[i], &layout, &in[i])) != HIDP_OK)
			return s;
	}
	desc.heads = (uint32_t)hidp_onnx__int(lw->node, "heads", 1);
	desc.alpha = hidp_onnx__float(lw->node, "scale", 0);
	const struct dims *dims = &lw->node->outputs[0]->dims;
	hidp_status s = count == 4 ? lower_mask(lw, &in[3]) : HIDP_OK;
	layout = matrix(dims, 1, 2);
	if (s == HIDP_OK)
		s = hidp_onnx__emit(lw, &desc, inputs, count, dims, &layout, &out);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &out);
	return s;
}

static hidp_status lower_activation(struct lowering *lw)
{
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__activate(lw, &x, (hidp_activation)lw->argument, 0, 0, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

const struct lower_entry hidp_onnx__lower_matrix[] = {
	{"Gemm", lower_gemm, 0},
	{"MatMul", lower_matmul, 0},
	{NULL, NULL, 0},
};

const struct lower_entry hidp_onnx__lower_own[] = {
	{"Attention", lower_attention, 0},
	{"Dense", lower_dense, 0},
	{"Gelu", lower_activation, HIDP_ACTIVATION_GELU},
	{"Silu", lower_activation, HIDP_ACTIVATION_SILU},
	{NULL, NULL, 0},
};
