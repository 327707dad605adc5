/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include <hidp/hidp.h>
#include <hidp/plugin/weights.h>

/*
 * What libraries of kernels have in common, whatever engine computes: the object that kernels
 * work on (here), prepared tasks of steps (task.h), the way from a program's calls to steps
 * (call.h, tensor.h, build.h), and the ops that no engine is needed for (build.h). All elements
 * are fp32, and the channels of a pixel lie side by side.
 *
 * It is linked into the libraries that use it. They export nothing of it, and it may change with
 * every release.
 */

/* The object that kernels work on begins with it, or holds it. */
struct kernels {
	struct hidp_model *model;
	struct hidp_weights weights;
	void *weights_user_data;
};

/* Fills in a diagnostic and returns the status. subject: what it is about, the layer's name. */
__attribute__((format(printf, 4, 5))) hidp_status kernels__fail(struct hidp_diagnostic *diagnostic,
                                                                hidp_status status,
                                                                const char *subject,
                                                                const char *format, ...);

/*
 * What a new object is made of. HIDP_ERR_ARGUMENT: a NULL, also where the result goes.
 * HIDP_ERR_ABI: a table that is not of HIDP_PLUGIN_ABI.
 */
hidp_status kernels__check(const struct hidp_model *model, const struct hidp_weights *weights,
                           const void *result, struct hidp_diagnostic *diagnostic);

/* Takes a reference to the model and copies the table of weights. */
void kernels__init(struct kernels *kernels, const struct hidp_model *model,
                   const struct hidp_weights *weights, void *weights_user_data);
void kernels__clear(struct kernels *kernels);

/*
 * Options begin with their struct_size and their flags. Do they ask for nothing but these flags
 * and what `size` bytes hold? HIDP_ERR_ABI: no. NULL asks for nothing.
 */
hidp_status kernels__check_options(const void *options, size_t size, uint32_t flags,
                                   struct hidp_diagnostic *diagnostic);

/* Entry of the table: all ops but custom ones, on fp32 alone. */
hidp_status kernels__supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                              struct hidp_diagnostic *diagnostic);

#endif
