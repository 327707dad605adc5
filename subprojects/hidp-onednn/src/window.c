/* SPDX-License-Identifier: MIT */
#include "build.h"

/*
 * Where windows lie in the padding altogether, oneDNN 2.6 refuses, or forgets what it was to
 * add: then the padding is made up in scratch memory.
 */
static hidp_status make_padding(struct build *b, struct tensor *in, struct window *window)
{
	int64_t dims[4] = {in->dims[0], in->dims[1], in->dims[2], in->dims[3]};
	dims[HIDP_AXIS_ROWS] += window->before[0] + window->after[0];
	dims[HIDP_AXIS_WIDTH] += window->before[1] + window->after[1];
	struct tensor padded = kernels__scratch_tensor(b, dims), middle = padded;
	for (int i = 0; i < 2; i++)
		middle = kernels__tensor_cut(middle, i == 0 ? HIDP_AXIS_ROWS : HIDP_AXIS_WIDTH,
		                             window->before[i],
		                             window->before[i] + in->dims[HIDP_AXIS_ROWS + i]);
	hidp_status s = kernels__add_fill(b, &padded, 0);
	if (s == HIDP_OK)
		s = kernels__add_copy(b, in, &middle);
	for (int i = 0; i < 2; i++)
		window->before[i] = window->after[i] = 0;
	*in = padded;
	return s;
}

static struct tensor no_rows(const struct call *call, const struct operand *operand)
{
	struct tensor t = operand->held;
	t.dims[HIDP_AXIS_ROWS] = 0;
	if (t.dims[HIDP_AXIS_BATCH] > 1)
		t.dims[HIDP_AXIS_BATCH] = call->image_end - call->image_begin;
	return t;
}

/* oneDNN's arrays have more elements than two. */
static struct dnnl_window for_dnnl(const struct window *w)
{
	struct dnnl_window d = {{0}, {0}, {0}, {0}, {0}};
	for (int i = 0; i < 2; i++) {
		d.kernel[i] = w->kernel[i];
		d.stride[i] = w->stride[i];
		d.dilation[i] = w->dilation[i] - 1;
		d.before[i] = w->before[i];
		d.after[i] = w->after[i];
	}
	return d;
}

hidp_status onednn__window_input(struct build *b, struct tensor *in, struct dnnl_window *window)
{
	const struct operand *operand = &b->call->inputs[0];
	hidp_status s = HIDP_OK;
	struct window w;
	int64_t begin, end;
	kernels__window_read(b->call, &b->part, &w, &begin, &end);
	if (begin < end)
		*in = kernels__operand_rows(b->call, operand, begin, end);
	else /* nothing but padding: no rows, and perhaps no buffer */
		*in = no_rows(b->call, operand);
	bool within = true;
	for (int i = 0; i < 2; i++) {
		int64_t extent = kernels__window_extent(&w, i);
		within = within && w.before[i] < extent && w.after[i] < extent;
	}
	if (!within)
		s = make_padding(b, in, &w);
	*window = for_dnnl(&w);
	return s;
}
