/* SPDX-License-Identifier: MIT */
/* Products of two tensors, whose rows and channels are matrices. */
#include "op.h"
#include "products.h"

static void run(const struct work *w)
{
	const int64_t inner = w->part->in.channels;
	const int64_t stride = w->in[1]->row_stride;
	const int64_t first = w->channel_begin, count = w->channel_end - first;
	const bool transposed = (w->part->desc.flags & HIDP_LAYER_TRANSPOSE_B) != 0;
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		const float *a = work_in(w, 0, row, 0);
		float *out = work_out(w, row, 0) + first;
		if (transposed)
			scalar_products(a, work_in(w, 1, first, 0), stride, inner, count, out);
		else
			weighted_sum(a, work_in(w, 1, 0, 0) + first, stride, count, inner, out);
	}
}

const struct op hidp_reference__matmul = {.run = run};
