/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_NAMES_H
#define HIDP_ONNX_NAMES_H

#include "graph.h"

/* What is known under a name. Names and table live in the graph's pool. */
struct names {
	struct name **buckets;
	uint32_t bucket_count; /* a power of two */
};

/* For about `count` names. */
hidp_status hidp_onnx__names_init(const struct graph *graph, struct names *names, uint64_t count);
/* What it is; NULL: the name is not known. */
void *hidp_onnx__names_find(const struct names *names, const char *name);
/* Adds `what`, not NULL, unless the name is known: then `added_out` is false. The name is not
 * copied. */
hidp_status hidp_onnx__names_add(const struct graph *graph, struct names *names, const char *name,
                                 void *what, bool *added_out);

#endif
