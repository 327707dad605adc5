/* SPDX-License-Identifier: MIT */
/*
 * Products of two tensors, image by image. They are divided into as many parts as there are
 * threads, which have scratch memory each.
 */
#include "post.h"
#include "product.h"

struct matmul {
	struct tensor left, right, out; /* of one image */
	bool transposed;
	int64_t parts;
	struct place scratch;
};

struct multiplying {
	const struct matmul *matmul;
	const struct running *running;
};

static void run_columns(void *context, size_t part)
{
	const struct multiplying *multiplying = context;
	const struct matmul *m = multiplying->matmul;
	const struct running *running = multiplying->running;
	int64_t inner = m->left.dims[HIDP_AXIS_CHANNELS];
	struct product p = {.left = xnnpack__matrix_of(running, &m->left, false),
	                    .right = xnnpack__matrix_of(running, &m->right, m->transposed),
	                    .out = kernels__address(running, m->out.place),
	                    .out_row = m->out.strides[HIDP_AXIS_ROWS],
	                    .rows = m->left.dims[HIDP_AXIS_ROWS],
	                    .inner = inner,
	                    .columns = m->out.dims[HIDP_AXIS_CHANNELS],
	                    .scale = 1};
	p.panel = kernels__address(running, m->scratch) +
	          (int64_t)part * xnnpack__panel_elements(inner);
	int64_t blocks = (p.columns + PRODUCT_COLUMNS - 1) / PRODUCT_COLUMNS;
	int64_t begin = blocks * (int64_t)part / m->parts * PRODUCT_COLUMNS;
	int64_t end = blocks * (int64_t)(part + 1) / m->parts * PRODUCT_COLUMNS;
	xnnpack__multiply(&p, begin, kernels__smaller(end, p.columns));
}

static hidp_status run_matmul(const struct step *step, const struct running *running)
{
	const struct matmul *m = step->data;
	struct multiplying multiplying = {m, running};
	pthreadpool_parallelize_1d(xnnpack__helpers(running), run_columns, &multiplying,
	                           (size_t)m->parts, 0);
	return HIDP_OK;
}

hidp_status xnnpack__build_matmul(struct build *b)
{
	const struct call *call = b->call;
	bool transposed = (b->part.flags & HIDP_LAYER_TRANSPOSE_B) != 0;
	struct posts posts = {.count = 0};
	struct tensor left =
		kernels__operand_rows(call, &call->inputs[0], call->row_begin, call->row_end);
	struct tensor right =
		kernels__operand_rows(call, &call->inputs[1], 0, call->inputs[1].shape.rows);
	right = kernels__tensor_cut(right, transposed ? HIDP_AXIS_ROWS : HIDP_AXIS_CHANNELS,
	                            call->channel_begin, call->channel_end);
	struct tensor out = kernels__call_output(call);
	size_t panel = (size_t)xnnpack__panel_elements(left.dims[HIDP_AXIS_CHANNELS]);
	struct place scratch = kernels__scratch(b, b->task->threads * panel * sizeof(float));
	for (int64_t n = 0; n < out.dims[HIDP_AXIS_BATCH]; n++) {
		struct matmul *m = kernels__add_step(b->task, run_matmul, sizeof *m);
		if (m == NULL)
			return kernels__no_memory(b);
		*m = (struct matmul){.left = kernels__tensor_image(&left, n),
		                     .right = kernels__tensor_image(&right, n),
		                     .out = kernels__tensor_image(&out, n),
		                     .transposed = transposed,
		                     .parts = (int64_t)b->task->threads,
		                     .scratch = scratch};
	}
	hidp_status s = kernels__posts(b, 1, &posts);
	return s == HIDP_OK ? xnnpack__finish(b, &out, &posts) : s;
}
