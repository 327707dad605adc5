/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_LOWER_H
#define HIDP_ONNX_LOWER_H

#include "graph.h"
#include "layout.h"
#include "names.h"
#include "tensor.h"

/*
 * From nodes to layers. Layers are collected first and described to the builder at the end, so
 * that an op that turns out to be beyond the library leaves nothing behind.
 */

/* An array of weights: elements of a constant, seen through sizes and strides. */
struct recipe {
	const struct tensor *tensor;
	int rank;
	int64_t size[2 * HIDP_ONNX_RANK_MAX];
	int64_t stride[2 * HIDP_ONNX_RANK_MAX]; /* in elements; 0: the same again */
};

struct array {
	hidp_weight_role role;
	struct recipe recipe;
	struct array *next; /* of the same layer */
};

/* A layer to be. */
struct planned {
	struct hidp_layer_desc desc;
	struct array *arrays;
};

/* A tensor that some layer makes. */
struct operand {
	hidp_layer_id layer;
	struct dims dims;
	struct layout layout;
};

struct lowering {
	struct graph *graph;
	const struct node *node;  /* the one at work */
	int argument;             /* of its entry */
	struct planned *layers;   /* [count] */
	uint32_t count, room;
	struct operand *operands; /* [graph->value_count]; layer HIDP_LAYER_NONE: not made yet */
	bool *wanted;             /* [graph->value_count] something reads it, or it is an output */
	struct names names;       /* of layers */
	uint32_t name_number;     /* the last one behind a name that was taken */
	struct moved *moved;      /* reshapes and transposes that exist already, by hash */
	uint32_t moved_count, moved_room;
};

/* A layer's description with its op set. */
struct hidp_layer_desc hidp_onnx__layer(hidp_op op);
/*
 * Adds a layer that reads these operands; its name comes from the node. `out` is filled in with
 * dims and layout; they must have the shape that the library will derive.
 */
hidp_status hidp_onnx__emit(struct lowering *lw, struct hidp_layer_desc *desc,
                            const struct operand *const *inputs, uint32_t input_count,
                            const struct dims *dims, const struct layout *layout,
                            struct operand *out);
/* Weights of the layer that was added last. */
hidp_status hidp_onnx__add_array(struct lowering *lw, hidp_weight_role role,
                                 const struct recipe *recipe);
/* All of a constant, in its own order. */
struct recipe hidp_onnx__all_of(const struct tensor *tensor);
/* A constant of floats that the importer computes; NULL: no memory. */
struct tensor *hidp_onnx__new_floats(struct lowering *lw, int64_t count, float **data_out);

/* HIDP_ERR_UNSUPPORTED; the node becomes a custom layer, if it can. */
__attribute__((format(printf, 2, 3))) hidp_status
hidp_onnx__unsupported(const struct lowering *lw, const char *format, ...);

/* Input i of the node at work: a tensor that flows. Constants are refused. */
hidp_status hidp_onnx__operand(struct lowering *lw, uint32_t i, struct operand *out);
/* The constant that input i is, or NULL. */
const struct tensor *hidp_onnx__constant(const struct lowering *lw, uint32_t i);
/* Does anything read output i of the node at work? */
bool hidp_onnx__wanted(const struct lowering *lw, uint32_t i);
/* Output i of the node is this. */
void hidp_onnx__made(struct lowering *lw, uint32_t i, const struct operand *operand);

/* arrange.c: the same tensor, its elements moved. `out` may be `in` everywhere. */
hidp_status hidp_onnx__arrange(struct lowering *lw, const struct operand *in,
                               const struct layout *layout, struct operand *out);
/* Elements count row-major, as Reshape of ONNX does. */
hidp_status hidp_onnx__reshape(struct lowering *lw, const struct operand *in,
                               const struct dims *dims, struct operand *out);
/* Axis i of the result is axis perm[i]; nothing moves. */
void hidp_onnx__transpose(const struct operand *in, const int *perm, struct operand *out);
/* Axes of size 1 become larger; same rank. */
hidp_status hidp_onnx__expand(struct lowering *lw, const struct operand *in,
                              const struct dims *dims, struct operand *out);
/* Where an axis leads a group, so that the tensor can be cut, padded and joined along it. */
struct seat {
	hidp_axis axis; /* the axis of the library */
	int64_t step;   /* what one step of the axis takes on that */
	int place;      /* where it stands in the layout, or would if it had size 1 */
	enum group group;
};

/* Lets the axis lead rows, width or, unless `spatial`, channels. */
hidp_status hidp_onnx__lead(struct lowering *lw, const struct operand *in, int axis, bool spatial,
                            struct operand *out, struct seat *seat_out);
/* The layout when the axis in that seat has the size that it has in these dims. */
struct layout hidp_onnx__seated(const struct layout *layout, const struct seat *seat, int axis,
                                const struct dims *dims);

/* lower_shape.c */
hidp_status hidp_onnx__slice(struct lowering *lw, const struct operand *in, int axis,
                             int64_t begin, int64_t end, struct operand *out);
/* With zeros. */
hidp_status hidp_onnx__pad(struct lowering *lw, const struct operand *in, int axis, int64_t before,
                           int64_t behind, struct operand *out);
hidp_status hidp_onnx__concat(struct lowering *lw, const struct operand *ins, uint32_t count,
                              int axis, struct operand *out);
/* Blocks of `size` channels (axis 1) become blocks of pixels, as DepthToSpace does. */
hidp_status hidp_onnx__depth_to_space(struct lowering *lw, const struct operand *in,
                                      const int64_t size[2], bool columns_first,
                                      struct operand *out);

/* lower_math.c */
hidp_status hidp_onnx__activate(struct lowering *lw, const struct operand *in, hidp_activation f,
                                double alpha, double beta, struct operand *out);
/* alpha * x + beta */
hidp_status hidp_onnx__linear(struct lowering *lw, const struct operand *in, double alpha,
                              double beta, struct operand *out);
hidp_status hidp_onnx__combine(struct lowering *lw, hidp_binary f, const struct operand *a,
                              const struct operand *b, struct operand *out);
/* With a constant on the right, broadcast both ways. */
hidp_status hidp_onnx__combine_constant(struct lowering *lw, hidp_binary f, const struct operand *a,
                                       const struct tensor *b, struct operand *out);
/* The same tensor with axes of size 1 in front. */
struct operand hidp_onnx__with_rank(const struct operand *in, int rank);

/* lower_matrix.c */
/* Last axis times out x in weights (or, not `transposed`, in x out), plus a bias or NULL. */
hidp_status hidp_onnx__dense(struct lowering *lw, const struct operand *in,
                             const struct tensor *weights, bool transposed,
                             const struct tensor *bias, struct operand *out);

/* lower_norm.c */
enum reduction { REDUCE_MEAN, REDUCE_MAX };
/* Axes in `mask` become 1. */
hidp_status hidp_onnx__reduce(struct lowering *lw, const struct operand *in, unsigned mask,
                              enum reduction how, struct operand *out);
/* scale and shift along an axis: [size of the axis] */
hidp_status hidp_onnx__scale_shift(struct lowering *lw, const struct operand *in, int axis,
                                   const struct tensor *scale, const struct tensor *shift,
                                   struct operand *out);

/* lower.c: all nodes of the graph that live. The layers lie in lw->layers. */
hidp_status hidp_onnx__lower(struct lowering *lw);

#endif
