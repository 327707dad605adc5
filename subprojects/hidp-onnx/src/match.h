/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_MATCH_H
#define HIDP_ONNX_MATCH_H

#include "tensor.h"

/*
 * What match*.c share. A rule looks at one node, the last of the pattern that it knows, and at
 * what leads there. If that is the pattern, the node becomes the op that the pattern spells out;
 * the others, which nothing needs any more, die when the pass is over. Nodes that are matched
 * anyhow may be used again in place, so that the order of the nodes stays right.
 */
struct matching {
	struct graph *graph;
	uint32_t count;      /* of values when the pass began; later ones are constants */
	uint32_t room;       /* of the tables */
	uint32_t *uses;      /* [count] how many inputs of nodes read it */
	struct node **user;  /* [count] the last that does */
	struct value **same; /* [count] the value that takes its place, or NULL */
	uint32_t views;      /* how many more may be followed, so that no file takes for ever */
};

/* The node has a first output, and no other that is read. */
typedef hidp_status match_rule(struct matching *matching, struct node *node);

/* match_drop.c: nodes that change nothing */
match_rule hidp_onnx__match_nothing;
/* match_activation.c */
match_rule hidp_onnx__match_activation;
/* match_norm.c */
match_rule hidp_onnx__match_layer_norm;
/* match_attention.c */
match_rule hidp_onnx__match_attention;
/* match_linear.c */
match_rule hidp_onnx__match_pad, hidp_onnx__match_dense;

/* The node whose first output the value is; NULL: there is none, or it is not known what it does. */
struct node *hidp_onnx__maker(const struct value *value);
/* The node of ONNX's own op `op` that makes the value, or NULL. */
struct node *hidp_onnx__made_by(const struct value *value, const char *op);
/* The same, and nothing else reads the value. */
struct node *hidp_onnx__made_for_this(const struct matching *matching, const struct value *value,
                                      const char *op);
/* Is it read once, and no output of the graph? */
bool hidp_onnx__read_once(const struct matching *matching, const struct value *value);
bool hidp_onnx__is_output(const struct matching *matching, const struct value *value);
/* Is the first output the only one that is wanted? Others may be there, such as a dropout's mask. */
bool hidp_onnx__gives_one(const struct matching *matching, const struct node *node);
/* The only node that reads it, if it is of that op. */
struct node *hidp_onnx__reader(const struct matching *matching, const struct value *value,
                               const char *op);
/* Of a node's two inputs, the number of the one that is a constant with one element; -1: none. */
int hidp_onnx__scalar_input(const struct node *node, double *scalar_out);
/* Equal but for rounding. */
bool hidp_onnx__about(double a, double b);

/* The node becomes another one, of the same name and outputs, without attributes. */
hidp_status hidp_onnx__become(const struct matching *matching, struct node *node,
                              const char *domain, const char *op, struct value *const *inputs,
                              uint32_t input_count);
/* Gives it one more attribute. */
hidp_status hidp_onnx__set_int(const struct matching *matching, struct node *node, const char *name,
                               int64_t value);
hidp_status hidp_onnx__set_ints(const struct matching *matching, struct node *node,
                                const char *name, const int64_t *values, size_t count);
hidp_status hidp_onnx__set_float(const struct matching *matching, struct node *node,
                                 const char *name, double value);
/* A constant of the importer; data is in the pool, or lives as long. */
hidp_status hidp_onnx__constant_value(const struct matching *matching, const struct tensor *tensor,
                                      struct value **value_out);

#endif
