/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REFERENCE_REFERENCE_H
#define HIDP_REFERENCE_REFERENCE_H

#include <hidp-reference.h>

#include "layer.h"

struct hidp_reference {
	struct hidp_model *model;
	struct hidp_weights weights;
	void *weights_user_data;
	uint32_t layer_count;
	struct layer *layers[]; /* [layer_count] those that were wanted so far */
};

/* The layer with its weights, loaded when it is first asked for. */
hidp_status hidp_reference__want_layer(struct hidp_reference *reference, hidp_layer_id id,
                                       const struct layer **layer_out,
                                       struct hidp_diagnostic *diagnostic);

/* task.c: entries of the table of kernels. */
hidp_status hidp_reference__prepare(void *user_data, const struct hidp_programs *programs,
                                    uint32_t task, void **prepared_out, size_t *scratch_bytes_out,
                                    struct hidp_diagnostic *diagnostic);
hidp_status hidp_reference__run(void *user_data, void *prepared, void *memory, void *scratch);
void hidp_reference__release(void *user_data, void *prepared);

#endif
