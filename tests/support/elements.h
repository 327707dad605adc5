/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_ELEMENTS_H
#define HIDP_TESTS_ELEMENTS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hidp/hidp.h>
#include <hidp/plugin/kernels.h>

/*
 * Kernels that compute nothing: every element of a tensor is the name of its place, marked
 * with the request it belongs to. A call must find exactly that in all its inputs, of one
 * request, so that a task that runs too early, a message that goes astray, or memory of two
 * requests that gets mixed up comes to light.
 */

/* What all nodes have in common. */
struct elements_common {
	atomic_uint dice;         /* for delays */
	atomic_uint slow_percent; /* of calls ... */
	atomic_uint slow_us;      /* ... that take so long, ... */
	atomic_uint slow_node;    /* ... and a hundred times as long on this node */
	atomic_int fail_mark;     /* calls for this mark fail with HIDP_ERR_LIMIT; -1: none */
	atomic_bool is_wrong;
	char wrong[256]; /* what was found first, if anything is wrong */
};

/* The kernels of a node: user_data of the table. */
struct elements {
	struct elements_common *common;
	hidp_node_id node;
	const struct hidp_model *model; /* that all programs must be of; NULL: any */
};

void elements_begin(struct elements_common *common, uint64_t seed);
const struct hidp_kernels *elements_kernels(void);
/* Notes that something is wrong, if it is the first thing. */
void elements_wrong(struct elements *kernels, const char *what, hidp_layer_id layer);

/* Whole tensors of a model as a host has them: inputs, or outputs; elements_free() frees them. */
void **elements_make(const struct hidp_model *model, bool inputs, uint32_t *count_out);
void elements_free(void **tensors, uint32_t count);
/* Fills in inputs, or checks outputs (false: they are wrong) of the request with a mark, 1 to 255.
 */
void elements_fill(const struct hidp_model *model, void **inputs, uint32_t mark);
bool elements_check(const struct hidp_model *model, void **outputs, uint32_t mark);

#endif
