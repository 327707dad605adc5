/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_INFER_H
#define HIDP_ONNX_INFER_H

#include "tensor.h"

/*
 * What infer*.c and fold*.c share. Every op has one line in the table of infer_ops.c: a rule that works
 * out types and shapes of the outputs, and perhaps one that works out their elements when those of
 * the inputs are known.
 */

/* No dimension is larger: so sums and products of a few of them fit into 64 bits. */
#define DIM_MAX ((int64_t)INT32_MAX)

/* What a rule says when a shape depends on elements that are not constant. */
#define SHAPE_UNKNOWN ((hidp_status)1)

/* Sets the outputs by hidp_onnx__set_output(). Inputs that must be there are there. */
typedef hidp_status infer_rule(struct graph *graph, struct node *node);

struct folding {
	struct graph *graph;
	int64_t steps; /* how many more elements may be worked out, so that no file takes for ever */
};

/* Makes all outputs of the node constant, or leaves them as they are. Shapes are known, the
 * inputs constant. */
typedef hidp_status fold_rule(struct folding *folding, struct node *node);

/* When the elements of a result are worked out. */
enum fold_kind {
	FOLD_COPY, /* a result of its own, which may be larger than the inputs */
	FOLD_PART, /* the same, but of the first input no more is read than is written */
	FOLD_VIEW, /* the elements of the first input as they lie */
	FOLD_FIRST /* before its shape, which depends on the elements */
};

struct op_rule {
	const char *op;
	uint32_t least, most; /* number of inputs */
	infer_rule *infer;
	fold_rule *fold; /* NULL: never constant */
	enum fold_kind kind;
};

/* infer_ops.c: ONNX's own ops; NULL: not known. */
const struct op_rule *hidp_onnx__op_rule(const char *op);

/* infer.c */
/* Type and shape of output i, if the node has it. */
hidp_status hidp_onnx__set_output(const struct graph *graph, const struct node *node, uint32_t i,
                                  enum element type, const struct dims *dims);
/* HIDP_ERR_MODEL: two inputs that do not go together. */
hidp_status hidp_onnx__mismatch(const struct graph *graph, const struct node *node, uint32_t a,
                                uint32_t b);
hidp_status hidp_onnx__check_rank(const struct graph *graph, const struct node *node, uint32_t i,
                                  int least, int most);
hidp_status hidp_onnx__check_type(const struct graph *graph, const struct node *node, uint32_t a,
                                  uint32_t b);
/* An axis of a tensor of that rank. */
hidp_status hidp_onnx__axis_of(const struct graph *graph, const struct node *node, int64_t axis,
                               int rank, int *axis_out);
/* Numpy's broadcasting; false: they do not match. */
bool hidp_onnx__broadcast(struct dims *dims, const struct dims *other);
/* A tensor with room for elements, zeroed; larger than the options allow: HIDP_ERR_LIMIT. */
hidp_status hidp_onnx__new_tensor(struct graph *graph, const struct node *node, enum element type,
                                  const struct dims *dims, struct tensor **tensor_out,
                                  void **data_out);
/* Number of inputs without those at the end that are left out. */
uint32_t hidp_onnx__given(const struct node *node);

/* A few numbers: axes, a shape, pads. */
struct list {
	bool given;
	size_t count;
	int64_t at[2 * HIDP_ONNX_RANK_MAX];
};

/* What newer opsets give as an input and older ones as an attribute (NULL: has always been an
 * input). SHAPE_UNKNOWN: an input that is no constant. */
hidp_status hidp_onnx__list(const struct graph *graph, const struct node *node, uint32_t input,
                            const char *attribute, struct list *list_out);
/* The axes that a list names, each once; `all` where it is not given or empty. */
hidp_status hidp_onnx__axes(const struct graph *graph, const struct node *node,
                            const struct list *list, int rank, bool all,
                            bool axes_out[HIDP_ONNX_RANK_MAX]);

/* infer_window.c */
/* The window of a convolution or pooling along one axis, with auto_pad and defaults worked out.
 * Of a transposed convolution `after` may be negative: rows that only the bias reaches. */
struct window {
	int64_t kernel, stride, dilation;
	int64_t before, after; /* padding */
	int64_t in, out;
};
/* [rank - 2] of the tensor's dims; kernel NULL: as the attribute kernel_shape says. */
hidp_status hidp_onnx__windows(const struct graph *graph, const struct node *node,
                               const struct dims *in, const int64_t *kernel,
                               struct window windows[HIDP_ONNX_RANK_MAX]);
hidp_status hidp_onnx__transposed_windows(const struct graph *graph, const struct node *node,
                                          const struct dims *in, const int64_t *kernel,
                                          struct window windows[HIDP_ONNX_RANK_MAX]);
infer_rule hidp_onnx__infer_conv, hidp_onnx__infer_conv_transpose, hidp_onnx__infer_conv_integer,
        hidp_onnx__infer_pool, hidp_onnx__infer_global_pool;

/* infer_elementwise.c */
infer_rule hidp_onnx__infer_same, hidp_onnx__infer_same_bool, hidp_onnx__infer_broadcast,
        hidp_onnx__infer_compare, hidp_onnx__infer_power, hidp_onnx__infer_where,
        hidp_onnx__infer_prelu, hidp_onnx__infer_clip, hidp_onnx__infer_softmax,
        hidp_onnx__infer_cast, hidp_onnx__infer_cast_like, hidp_onnx__infer_dropout,
        hidp_onnx__infer_quantize, hidp_onnx__infer_dequantize,
        hidp_onnx__infer_dynamic_quantize;

/* infer_matrix.c */
infer_rule hidp_onnx__infer_matmul, hidp_onnx__infer_matmul_integer, hidp_onnx__infer_gemm,
        hidp_onnx__infer_einsum;

/* infer_norm.c */
infer_rule hidp_onnx__infer_batch_norm, hidp_onnx__infer_channel_norm,
        hidp_onnx__infer_layer_norm, hidp_onnx__infer_recurrent;

/* infer_reduce.c */
infer_rule hidp_onnx__infer_reduce, hidp_onnx__infer_arg, hidp_onnx__infer_top_k,
        hidp_onnx__infer_cumsum;

/* infer_shape.c: what takes tensors as they are and gives them other dims */
infer_rule hidp_onnx__infer_reshape, hidp_onnx__infer_flatten, hidp_onnx__infer_squeeze,
        hidp_onnx__infer_unsqueeze, hidp_onnx__infer_transpose, hidp_onnx__infer_expand,
        hidp_onnx__infer_tile, hidp_onnx__infer_depth_to_space, hidp_onnx__infer_space_to_depth;

/* infer_slice.c: parts and joins */
/* What a Slice takes along one axis: count elements from first on, step apart. */
struct slice {
	int64_t first, step, count;
};
/* [rank] of the first input. */
hidp_status hidp_onnx__slices(const struct graph *graph, const struct node *node,
                              struct slice slices[HIDP_ONNX_RANK_MAX]);
/* Elements added before and after (negative: taken away) along each axis of the first input. */
hidp_status hidp_onnx__pads(const struct graph *graph, const struct node *node,
                            int64_t before[HIDP_ONNX_RANK_MAX],
                            int64_t after[HIDP_ONNX_RANK_MAX]);
infer_rule hidp_onnx__infer_slice, hidp_onnx__infer_split, hidp_onnx__infer_concat,
        hidp_onnx__infer_pad, hidp_onnx__infer_resize;

/* infer_index.c */
infer_rule hidp_onnx__infer_gather, hidp_onnx__infer_gather_elements, hidp_onnx__infer_gather_nd,
        hidp_onnx__infer_scatter_elements, hidp_onnx__infer_scatter_nd, hidp_onnx__infer_one_hot,
        hidp_onnx__infer_non_zero, hidp_onnx__infer_grid_sample, hidp_onnx__infer_roi_align;

/* infer_make.c: tensors out of nothing, or nearly */
infer_rule hidp_onnx__infer_constant, hidp_onnx__infer_constant_of_shape,
        hidp_onnx__infer_shape, hidp_onnx__infer_size, hidp_onnx__infer_range,
        hidp_onnx__infer_eye_like, hidp_onnx__infer_trilu;

#endif
