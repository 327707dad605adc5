/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REFERENCE_LAYER_H
#define HIDP_REFERENCE_LAYER_H

#include "op.h"

/* A layer, ready to be computed. */
struct layer {
	struct hidp_shape shape; /* of the output */
	uint32_t input_count;    /* of all parts together */
	uint32_t part_count;
	struct part parts[];
};

/* Are these kernels able to compute it? HIDP_OK or HIDP_ERR_UNSUPPORTED. */
hidp_status hidp_reference__layer_supported(const struct hidp_model *model, hidp_layer_id layer,
                                            struct hidp_diagnostic *diagnostic);

/* Reads a supported layer and gets its weights; free it with hidp_reference__layer_free(). */
hidp_status hidp_reference__layer_load(const struct hidp_model *model, hidp_layer_id id,
                                       const struct hidp_weights *weights, void *user_data,
                                       struct layer **layer_out,
                                       struct hidp_diagnostic *diagnostic);

void hidp_reference__layer_free(struct layer *layer);

#endif
