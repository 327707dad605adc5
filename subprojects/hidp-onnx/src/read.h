/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_READ_H
#define HIDP_ONNX_READ_H

#include <onnx.pb-c.h>

#include "files.h"
#include "graph.h"
#include "names.h"
#include "wire.h"

/* A file that is being read. */
struct reading {
	struct graph *graph;
	struct files *files;
	const char *folder; /* where external data lies, or NULL */
	struct skeleton skeleton;
	const Onnx__ModelProto *model;  /* protobuf-c's view of the skeleton, in the graph's pool */
	const Onnx__GraphProto *source; /* its graph */
	struct names values;            /* struct value */
	struct names domains;           /* const int64_t: the version of the opset */
	struct names functions;         /* what the model itself defines, by "domain.op" */
	struct names constants;         /* names of initialisers */
	struct names sizes;             /* const int64_t: the sizes of open dimensions, by name */
	struct names given;             /* the same as the options have them (struct given) */
};

/* read_tensor.c: dims, type and elements, which stay in the file where they can. `subject` is for
 * diagnostics. */
hidp_status hidp_onnx__read_tensor(struct reading *reading, const Onnx__TensorProto *source,
                                   const char *subject, const struct tensor **tensor_out);

/* read_node.c: op, attributes and outputs; inputs are left NULL, and the name may be empty. */
hidp_status hidp_onnx__read_node(struct reading *reading, const Onnx__NodeProto *source,
                                 struct node *node);
/* Gives names to nodes that have none, or one of another node. */
hidp_status hidp_onnx__name_nodes(struct graph *graph);

/* read_dims.c */
/* Finds out which sizes of open dimensions are known. */
hidp_status hidp_onnx__bind_sizes(struct reading *reading);
/* Type and shape of a graph input, all of it known. */
hidp_status hidp_onnx__read_input_type(struct reading *reading, const Onnx__ValueInfoProto *source,
                                       struct value *value);
/* What the file says of another value. */
void hidp_onnx__read_stated(const struct reading *reading, const Onnx__ValueInfoProto *source,
                            struct value *value);

/* sort.c: puts every node after those that make its inputs; HIDP_ERR_MODEL: there is a cycle. */
hidp_status hidp_onnx__sort(struct graph *graph);

#endif
