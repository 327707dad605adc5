/* SPDX-License-Identifier: MIT */
/* Pools of any kind in plain loops: for those that engines do not have, or not as they are meant.
 */
#include "kernels/build.h"

/* A pool along one axis. */
struct axis {
	int64_t kernel, stride, dilation, pad, pad_after;
	int64_t size;  /* of the whole input */
	int64_t first; /* of the input, that is at hand */
	int64_t begin; /* of the output */
};

struct pool {
	struct tensor in, out;
	struct axis rows, columns;
	bool maximum, exclude_pad;
};

/* Elements of the input in the window at `begin`: kernel indices *from to *to (exclusive). */
static void inside(const struct axis *a, int64_t begin, int64_t low, int64_t high, int64_t *from,
                   int64_t *to)
{
	*from = 0;
	while (*from < a->kernel && begin + *from * a->dilation < low)
		++*from;
	*to = a->kernel;
	while (*to > *from && begin + (*to - 1) * a->dilation >= high)
		--*to;
}

static void pool_position(const struct pool *p, const float *in, float *out, int64_t row,
                          int64_t column)
{
	int64_t y0 = row * p->rows.stride - p->rows.pad;
	int64_t x0 = column * p->columns.stride - p->columns.pad;
	int64_t channels = p->out.dims[HIDP_AXIS_CHANNELS];
	int64_t i0, i1, j0, j1;
	/* positions with the padding, to divide by */
	inside(&p->rows, y0, -p->rows.pad, p->rows.size + p->rows.pad_after, &i0, &i1);
	inside(&p->columns, x0, -p->columns.pad, p->columns.size + p->columns.pad_after, &j0, &j1);
	int64_t divisor = (i1 - i0) * (j1 - j0);
	inside(&p->rows, y0, 0, p->rows.size, &i0, &i1);
	inside(&p->columns, x0, 0, p->columns.size, &j0, &j1);
	if (p->exclude_pad)
		divisor = (i1 - i0) * (j1 - j0);
	for (int64_t c = 0; c < channels; c++)
		out[c] = 0;
	for (int64_t i = i0; i < i1; i++) {
		for (int64_t j = j0; j < j1; j++) {
			int64_t y = y0 + i * p->rows.dilation - p->rows.first;
			int64_t x = x0 + j * p->columns.dilation;
			const float *from = in + y * p->in.strides[HIDP_AXIS_ROWS] +
			                    x * p->in.strides[HIDP_AXIS_WIDTH];
			bool first = i == i0 && j == j0;
			for (int64_t c = 0; c < channels; c++) {
				if (!p->maximum)
					out[c] += from[c];
				else
					out[c] = first || from[c] > out[c] ? from[c] : out[c];
			}
		}
	}
	if (p->maximum || i0 == i1 || j0 == j1)
		return;
	for (int64_t c = 0; c < channels; c++)
		out[c] /= (float)divisor;
}

static hidp_status run_pool(const struct step *step, const struct running *running)
{
	const struct pool *p = step->data;
	const int64_t *dims = p->out.dims;
	const float *in = kernels__address(running, p->in.place);
	float *out = kernels__address(running, p->out.place);
	for (int64_t n = 0; n < dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t y = 0; y < dims[HIDP_AXIS_ROWS]; y++)
			for (int64_t x = 0; x < dims[HIDP_AXIS_WIDTH]; x++)
				pool_position(p, in + n * p->in.strides[HIDP_AXIS_BATCH],
				              out + n * p->out.strides[HIDP_AXIS_BATCH] +
				                      y * p->out.strides[HIDP_AXIS_ROWS] +
				                      x * p->out.strides[HIDP_AXIS_WIDTH],
				              p->rows.begin + y, x);
	return HIDP_OK;
}

static struct axis axis_of(const struct hidp_layer_desc *d, int axis, int64_t size)
{
	return (struct axis){.kernel = d->kernel[axis],
	                     .stride = d->stride[axis],
	                     .dilation = d->dilation[axis],
	                     .pad = d->pad[axis],
	                     .pad_after = d->pad[axis + 2],
	                     .size = size};
}

hidp_status kernels__add_pool(struct build *b)
{
	const struct hidp_layer_desc *d = &b->part;
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	struct hidp_row_rule rule;
	int64_t begin, end;
	hidp_status s = hidp_model_layer_input(call->model, call->layer, 0, NULL, &rule, NULL);
	if (s != HIDP_OK)
		return s;
	hidp_row_rule_apply(&rule, operand->shape.rows, call->row_begin, call->row_end, &begin,
	                    &end);
	struct pool *p = kernels__add_step(b->task, run_pool, sizeof *p);
	if (p == NULL)
		return kernels__no_memory(b);
	*p = (struct pool){.rows = axis_of(d, 0, operand->shape.rows),
	                   .columns = axis_of(d, 1, operand->shape.width),
	                   .maximum = d->op == HIDP_OP_MAX_POOL,
	                   .exclude_pad = (d->flags & HIDP_LAYER_EXCLUDE_PAD) != 0};
	p->rows.first = begin;
	p->rows.begin = call->row_begin;
	p->in = operand->held; /* without any rows there is nothing to read */
	if (begin < end)
		p->in = kernels__tensor_cut(kernels__operand_rows(call, operand, begin, end),
		                            HIDP_AXIS_CHANNELS, call->channel_begin,
		                            call->channel_end);
	p->out = kernels__call_output(call);
	return HIDP_OK;
}

bool kernels__pool_is_ordinary(const struct build *b)
{
	const struct hidp_layer_desc *d = &b->part;
	const struct hidp_shape *in = &b->call->inputs[0].shape, *out = &b->call->info.shape;
	const int64_t in_size[2] = {in->rows, in->width}, out_size[2] = {out->rows, out->width};
	bool with_pad = d->op == HIDP_OP_AVERAGE_POOL && !(d->flags & HIDP_LAYER_EXCLUDE_PAD);
	for (int i = 0; i < 2; i++) {
		int64_t extent = (d->kernel[i] - 1) * d->dilation[i] + 1;
		int64_t last = (out_size[i] - 1) * d->stride[i] - d->pad[i];
		if (d->dilation[i] != 1 || d->pad[i] >= extent || last >= in_size[i] ||
		    (with_pad && last + extent > in_size[i] + d->pad[i + 2]))
			return false;
	}
	return true;
}
