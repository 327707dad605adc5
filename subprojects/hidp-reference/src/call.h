/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REFERENCE_CALL_H
#define HIDP_REFERENCE_CALL_H

#include "layer.h"

/* Some rows and channels of a layer's output, and the tensors. */
struct call {
	const struct layer *layer;
	int64_t row_begin, row_end;
	int64_t channel_begin, channel_end;
	struct tensor
		*operands; /* [layer->input_count + 1] inputs in their order, then the output */
	const struct tensor **in; /* inputs of the first part, then those of the next ... */
};

/* Makes a call for a layer; rows, channels and operands are up to the caller. false: no memory. */
bool hidp_reference__call_init(struct call *call, const struct layer *layer);

void hidp_reference__call_free(struct call *call);

/* Elements of scratch memory that it takes. */
size_t hidp_reference__call_scratch(const struct call *call);

/* HIDP_OK, or HIDP_ERR_ARGUMENT if the input has no meaning. */
hidp_status hidp_reference__call_run(const struct call *call, unsigned char *memory,
                                     float *scratch);

#endif
