/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_ATTENTION_H
#define HIDP_ONNX_ATTENTION_H

#include "match.h"
#include "view.h"

/* What match_attention.c and match_factors.c share. */

#define CHAIN_MAX 16
#define SCALES_MAX 3 /* on the way to one factor, one less */

/* The axes of all tensors. HEADS stands for heads and features together, too. */
enum { BATCH, TOKENS, HEADS, FEATURES, PART };

struct sizes {
	int64_t batch, tokens, heads, features; /* features of one head */
};

/* Nodes that only move, scale or select elements, one behind the other. */
struct chain {
	struct node *nodes[CHAIN_MAX];       /* the first makes the factor */
	struct value *values[CHAIN_MAX + 1]; /* the factor, then what each of the nodes reads */
	int count;
	int selection; /* the node that takes one of several equal parts, or -1 */
	int axis;      /* along this axis of what it reads */
	int64_t part, parts;
};

/* How a tensor differs from batch x tokens x all features; first what takes least. */
enum shape {
	SHAPE_SAME,
	SHAPE_RESHAPED,        /* the same elements in other dims */
	SHAPE_TRANSPOSED,      /* three dims in another order */
	SHAPE_PART,            /* it has more features, such as those of K and V */
	SHAPE_BOTH,            /* another order, and other dims */
	SHAPE_PART_TRANSPOSED, /* another order, and more features */
	SHAPE_OTHER
};

/* Where Q, K or V comes from. */
struct source {
	struct value *value;
	enum shape shape;
	int order[3]; /* its axes */
	double scale; /* what the nodes between it and the factor multiply it by */
};

/* Q, K or V, as it goes into a product; K is transposed there. */
struct factor {
	struct chain chain;
	struct sizes sizes;
	struct source source;
	bool transposed;
};

/* The orders of BATCH, TOKENS and HEADS. The first is that of the library. */
extern const int hidp_onnx__orders[6][3];

struct dims hidp_onnx__ordered_dims(const struct sizes *sizes, const int order[3]);
/* What a tensor is whose axes stand in that order; its features are those of so many parts. */
enum shape hidp_onnx__shape_in_order(const struct sizes *sizes, const struct dims *dims,
                                     const int order[3], int64_t parts);
/* How many nodes it takes to make it batch x tokens x features. */
int hidp_onnx__nodes_needed(enum shape shape);
/* A view of these dims over the axes in that order; false: there is none. */
bool hidp_onnx__view_in_order(struct view *view, const struct sizes *sizes, const int order[3],
                              int64_t parts, const struct dims *dims);
/* The view that a factor, or the result, of a product is, in its dims. */
bool hidp_onnx__product_view(struct view *view, const struct sizes *sizes, bool transposed,
                             const struct dims *dims);
/* Does the node only move elements? */
bool hidp_onnx__moves(const struct node *node);
/* A product or quotient with one number: the input that is scaled; -1: it is none. */
int hidp_onnx__scaled_input(const struct node *node, double *number_out);

/* match_factors.c */
void hidp_onnx__follow_back(const struct graph *graph, struct value *value, struct chain *chain);
/* How many parts lie side by side in value number `depth` of the chain. */
int64_t hidp_onnx__parts_at(const struct chain *chain, int depth);
/* Finds the best source behind so many scalings; false: there is none. */
bool hidp_onnx__find_source(struct matching *matching, struct factor *factor,
                            int scalings);
/* Makes the source batch x tokens x features, out of nodes that are not needed any more. */
hidp_status hidp_onnx__make_factor(const struct matching *matching,
                                    const struct factor *factor, struct value **value_out);
/* The node becomes a Reshape or a Transpose; its output has these dims from now on. */
hidp_status hidp_onnx__become_reshape(const struct matching *matching, struct node *node,
                                      struct value *value, const struct dims *dims);
hidp_status hidp_onnx__become_transpose(const struct matching *matching, struct node *node,
                                        struct value *value, const int64_t perm[3]);

#endif
