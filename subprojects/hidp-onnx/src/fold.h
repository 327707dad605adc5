/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_FOLD_H
#define HIDP_ONNX_FOLD_H

#include "infer.h"

/* What fold*.c share: constants worked out of constants. */

void hidp_onnx__fold_init(struct folding *folding, struct graph *graph);
/* Makes the node's outputs constant, if that is possible and worth it. */
hidp_status hidp_onnx__fold(struct folding *folding, struct node *node,
                            const struct op_rule *rule);

/* False: so many more elements would take too long. */
bool hidp_onnx__spend(struct folding *folding, int64_t steps);
/* Output 0 as a constant with room for its elements, which are 0. */
hidp_status hidp_onnx__fold_output(struct folding *folding, const struct node *node,
                                   struct tensor **tensor_out, void **data_out);

/*
 * A way through the elements of several tensors at once: all places of a box, the last dimension
 * the fastest, with the offset into each tensor, in elements.
 */
#define WALK_RANK_MAX (2 * RANK_MAX)
struct walk {
	int rank;
	int64_t size[WALK_RANK_MAX], at[WALK_RANK_MAX];
	int operands;
	int64_t stride[3][WALK_RANK_MAX];
	int64_t offset[3];
};

void hidp_onnx__walk_init(struct walk *walk, const struct dims *dims, int operands);
/* A dense tensor of the box's own dims, or of dims that are broadcast to them. */
void hidp_onnx__walk_dense(struct walk *walk, int operand, const struct dims *dims);
void hidp_onnx__walk_step(struct walk *walk);
/* The distance between neighbours along each dimension of a dense tensor. */
void hidp_onnx__strides(const struct dims *dims, int64_t strides[HIDP_ONNX_RANK_MAX]);
/* Copies elements of so many bytes: operand 0 is where to, operand 1 where from. */
void hidp_onnx__walk_copy(struct walk *walk, void *to, const void *from, size_t bytes);

/* fold_elementwise.c */
fold_rule hidp_onnx__fold_unary, hidp_onnx__fold_binary, hidp_onnx__fold_where,
        hidp_onnx__fold_cast, hidp_onnx__fold_clip, hidp_onnx__fold_dropout;
/* fold_quantize.c */
fold_rule hidp_onnx__fold_quantize, hidp_onnx__fold_dequantize;
/* fold_move.c */
fold_rule hidp_onnx__fold_view, hidp_onnx__fold_transpose, hidp_onnx__fold_expand,
        hidp_onnx__fold_tile, hidp_onnx__fold_slice, hidp_onnx__fold_concat,
        hidp_onnx__fold_split, hidp_onnx__fold_pad, hidp_onnx__fold_trilu;
/* fold_index.c */
fold_rule hidp_onnx__fold_gather, hidp_onnx__fold_gather_elements, hidp_onnx__fold_gather_nd,
        hidp_onnx__fold_scatter_elements, hidp_onnx__fold_scatter_nd, hidp_onnx__fold_one_hot,
        hidp_onnx__fold_non_zero;
/* fold_reduce.c */
fold_rule hidp_onnx__fold_reduce, hidp_onnx__fold_cumsum, hidp_onnx__fold_matmul;
/* fold_make.c */
fold_rule hidp_onnx__fold_constant_of_shape, hidp_onnx__fold_range, hidp_onnx__fold_eye_like;

#endif
