/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_GRAPH_H
#define HIDP_ONNX_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hidp-onnx.h"
#include "pool.h"

/*
 * The graph of a file, on its way to a model: read.c makes it, infer.c works out types, shapes
 * and constants, match.c puts together what exporters spell out, lower.c turns it into layers.
 * Everything lives in one pool until the import is over; elements of initialisers stay in the
 * mapped file.
 */

/* The values of TensorProto.DataType. */
enum element {
	ELEMENT_NONE = 0,
	ELEMENT_FLOAT = 1,
	ELEMENT_UINT8 = 2,
	ELEMENT_INT8 = 3,
	ELEMENT_UINT16 = 4,
	ELEMENT_INT16 = 5,
	ELEMENT_INT32 = 6,
	ELEMENT_INT64 = 7,
	ELEMENT_STRING = 8,
	ELEMENT_BOOL = 9,
	ELEMENT_FLOAT16 = 10,
	ELEMENT_DOUBLE = 11,
	ELEMENT_UINT32 = 12,
	ELEMENT_UINT64 = 13,
	ELEMENT_COMPLEX64 = 14,
	ELEMENT_COMPLEX128 = 15,
	ELEMENT_BFLOAT16 = 16
};

#define RANK_MAX ((int)HIDP_ONNX_RANK_MAX)

/* Sizes of dimensions, all of them known; a dimension of 0 is allowed. rank -1: nothing known. */
struct dims {
	int rank;
	int64_t size[HIDP_ONNX_RANK_MAX];
};

/*
 * A constant: dense, row-major, in the machine's byte order, as wide as its type says (bool: one
 * byte). The elements may lie unaligned (in the file): read them by the functions of tensor.h.
 * Strings are not kept (data NULL).
 */
struct tensor {
	enum element type;
	struct dims dims;
	int64_t count; /* product of the dims */
	const void *data;
};

struct node;

/* What flows along an edge: a graph input, an initialiser, or an output of a node. */
struct value {
	const char *name; /* never NULL; may be "" for values that the importer made */
	uint32_t id;      /* its place in graph->values */
	enum element type;
	struct dims dims;              /* from infer.c on, rank >= 0 */
	const struct tensor *constant; /* its elements where they are known, or NULL */
	struct node *producer;         /* NULL: a graph input or a constant */
	struct dims stated;            /* what the file says of its shape (value_info); -1 in `size` where it leaves it
	                                  open; rank -1: nothing */
	enum element stated_type;
};

enum attribute_kind {
	ATTRIBUTE_FLOAT = 1,
	ATTRIBUTE_INT,
	ATTRIBUTE_STRING,
	ATTRIBUTE_TENSOR,
	ATTRIBUTE_FLOATS,
	ATTRIBUTE_INTS,
	ATTRIBUTE_STRINGS,
	ATTRIBUTE_OTHER /* subgraphs, sparse tensors, types: nothing but the name is kept */
};

struct attribute {
	const char *name;
	enum attribute_kind kind;
	double f;
	int64_t i;
	const char *s; /* NUL-terminated */
	const struct tensor *tensor;
	const float *floats;
	const int64_t *ints;
	const char *const *strings;
	size_t count; /* of floats, ints, strings */
};

struct node {
	const char *name;       /* unique, never empty: the file's, or the op with a number */
	const char *op;         /* "Conv" */
	const char *domain;     /* "" for ONNX's own; others as they stand; "hidp" for what match.c makes */
	int64_t opset;          /* version of its domain */
	struct value **inputs;  /* [input_count]; NULL: left out */
	struct value **outputs; /* [output_count]; NULL: left out */
	uint32_t input_count, output_count;
	struct attribute *attributes; /* [attribute_count] */
	uint32_t attribute_count;
	bool dead;   /* no longer part of the graph */
	bool stated; /* shapes of its outputs depend on elements that are not known, or it has more outputs than its op:
	                they are what the file states, which need not be what the op would make of its inputs */
};

struct graph {
	struct pool *pool;
	const struct hidp_onnx_options *options; /* defaults filled in */
	struct hidp_diagnostic *diagnostic;
	const char *name;
	int64_t opset;
	struct node **nodes; /* [node_count] every node after those that make its inputs */
	uint32_t node_count;
	struct value **values; /* [value_count] */
	uint32_t value_count, value_room;
	struct value **inputs; /* [input_count] without those that have an initialiser */
	uint32_t input_count;
	struct value **outputs; /* [output_count] */
	uint32_t output_count;
};

/* graph.c */
/* A value that the importer makes; NULL: out of memory. */
struct value *hidp_onnx__value(struct graph *graph, const char *name, enum element type,
                               const struct dims *dims);
/* Input i of a node; NULL where there is none. */
struct value *hidp_onnx__input(const struct node *node, uint32_t i);
/* Is it ONNX's own op of that name? */
bool hidp_onnx__is(const struct node *node, const char *op);
const struct attribute *hidp_onnx__attribute(const struct node *node, const char *name);
/* The attribute's value, or the default where it is not given (or of another kind). */
int64_t hidp_onnx__int(const struct node *node, const char *name, int64_t otherwise);
double hidp_onnx__float(const struct node *node, const char *name, double otherwise);
const char *hidp_onnx__string(const struct node *node, const char *name, const char *otherwise);
/* The list and its length; NULL where it is not given. */
const int64_t *hidp_onnx__ints(const struct node *node, const char *name, size_t *count_out);
/* An axis counted from the end if negative; -1: it is none. */
int hidp_onnx__axis(int64_t axis, int rank);
/* Product of the dims; -1: more than fits. */
int64_t hidp_onnx__count(const struct dims *dims);
bool hidp_onnx__same_dims(const struct dims *a, const struct dims *b);
/* "2x3x224x224"; returns the buffer. */
char *hidp_onnx__dims_text(const struct dims *dims, char text[160]);

/* The passes; each fills in graph->diagnostic when it fails. */
/* read.c: the graph of a file. `folder` is where external data lies, or NULL. */
struct files;
hidp_status hidp_onnx__read_graph(struct graph *graph, struct files *files, const void *data,
                                  size_t size, const char *folder);
/* infer.c: types and shapes of all values; what follows from constants becomes constant. */
hidp_status hidp_onnx__infer(struct graph *graph);
/* match.c: ops that exporters spell out; dead nodes are marked. */
hidp_status hidp_onnx__match(struct graph *graph);

/* Fills in the diagnostic, if there is one: subject "node conv1 (Conv)"; returns the status. */
__attribute__((format(printf, 4, 5))) hidp_status
hidp_onnx__fail_node(const struct graph *graph, const struct node *node, hidp_status status,
                     const char *format, ...);
/* The same about anything else, for example "tensor conv1.weight". */
__attribute__((format(printf, 4, 5))) hidp_status
hidp_onnx__fail(const struct graph *graph, const char *subject, hidp_status status,
                const char *format, ...);
/* HIDP_ERR_NOMEM with a diagnostic; HIDP_ERR_LIMIT where it is the pool that may not grow. */
hidp_status hidp_onnx__no_memory(const struct graph *graph);

#endif
