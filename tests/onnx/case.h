/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_ONNX_CASE_H
#define HIDP_TESTS_ONNX_CASE_H

#include <stdbool.h>

#include <hidp-onnx.h>
#include <hidp/hidp.h>

#include "kernels.h"
#include "npy.h"

/*
 * A model with inputs and the outputs that are right for them: a folder with model.onnx, files
 * of NumPy, and index.txt, which says what they are:
 *
 *     bar NUMBER         differences that are allowed: as part of an output's largest element, ...
 *     relative NUMBER    ... as part of the element itself, ...
 *     absolute NUMBER    ... and as they are; all three together
 *     dim NAME SIZE      an open dimension
 *     input NAME FILE    one after another as in the model
 *     output NAME FILE
 */

#define CASE_ARRAYS_MAX 64
#define CASE_DIMS_MAX 16

struct array {
	char name[256];
	struct npy npy;
	char *file;     /* its bytes */
	float *values;  /* the elements as fp32 */
	size_t count;
};

struct onnx_case {
	const char *folder;
	double bar, relative, absolute;
	struct hidp_onnx_dim dims[CASE_DIMS_MAX];
	uint32_t dim_count;
	char dim_names[CASE_DIMS_MAX][256];
	struct array inputs[CASE_ARRAYS_MAX], outputs[CASE_ARRAYS_MAX];
	uint32_t input_count, output_count;
	/* from case_open() on */
	struct hidp_onnx *onnx;
	struct hidp_model *model; /* NULL: all outputs are constant */
	float **tensors; /* [layers] inputs as they are, outputs as they come out; others NULL */
};

/* false after a message. Free it in any case. */
bool case_read(struct onnx_case *c, const char *folder);
/* Imports the model. */
hidp_status case_open(struct onnx_case *c, struct hidp_context *context,
                      struct hidp_diagnostic *diagnostic);
/* Hands the inputs over. HIDP_ERR_ARGUMENT: they do not fit. */
hidp_status case_give(struct onnx_case *c, struct hidp_diagnostic *diagnostic);
void case_free(struct onnx_case *c);

/* Kernels for it. */
hidp_status case_kernels(const struct onnx_case *c, const struct kernels_plugin *plugin,
                         void **object_out, struct hidp_diagnostic *diagnostic);
/* Runs a route of a plan, all nodes in this thread. */
hidp_status case_run(const struct onnx_case *c, const struct kernels_plugin *plugin, void *object,
                     const struct hidp_plan *plan, uint32_t route,
                     struct hidp_diagnostic *diagnostic);
/* The undivided plan. */
hidp_status case_whole_plan(const struct onnx_case *c, struct hidp_context *context,
                            struct hidp_plan **plan_out, struct hidp_diagnostic *diagnostic);
/*
 * A random plan for a random cluster of several nodes, and a route of it. HIDP_ERR_INFEASIBLE: the
 * one that came up cannot be.
 */
hidp_status case_random_plan(const struct onnx_case *c, struct hidp_context *context,
                             uint64_t seed, struct hidp_plan **plan_out, uint32_t *route_out);

/* How far the outputs are from what they should be. */
struct difference {
	double largest;  /* element of all that are expected */
	double spread;   /* standard deviation of an output's elements by its largest; the least */
	double most;     /* difference, by the largest element of its output; infinite if not finite */
	double mean;     /* likewise, of all elements */
	bool within;     /* what is allowed, all of them */
	char where[640]; /* the first that is not within: output and place, or shapes */
};

struct difference case_compare(const struct onnx_case *c);

#endif
