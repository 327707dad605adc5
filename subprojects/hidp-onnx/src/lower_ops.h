/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_LOWER_OPS_H
#define HIDP_ONNX_LOWER_OPS_H

#include "lower.h"

/* One op of the node at work, lw->node; HIDP_ERR_UNSUPPORTED by hidp_onnx__unsupported(). */
typedef hidp_status lower_fn(struct lowering *lw);

struct lower_entry {
	const char *op;
	lower_fn *lower;
	int argument; /* of functions that serve several ops: lw->argument */
};

/* Tables of ops, each ends with an entry without a name. */
extern const struct lower_entry hidp_onnx__lower_math[], hidp_onnx__lower_shape[],
        hidp_onnx__lower_matrix[], hidp_onnx__lower_norm[], hidp_onnx__lower_image[],
        hidp_onnx__lower_own[]; /* of the domain "hidp" */

/* lower_table.c: NULL: it is an op that is not known. */
const struct lower_entry *hidp_onnx__find_lower(const struct node *node);

#endif
