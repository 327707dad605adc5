/* SPDX-License-Identifier: MIT */
/* Pools: oneDNN's where they mean the same as ours, plain loops for the odd ones. */
#include <stdlib.h>

#include "post.h"

static dnnl_alg_kind_t algorithm_of(const struct hidp_layer_desc *d)
{
	if (d->op == HIDP_OP_MAX_POOL)
		return dnnl_pooling_max;
	return d->flags & HIDP_LAYER_EXCLUDE_PAD ? dnnl_pooling_avg_exclude_padding
	                                         : dnnl_pooling_avg_include_padding;
}

/* *found: whether oneDNN has it, and quickly. */
static hidp_status try_pool(struct build *b, dnnl_alg_kind_t algorithm, const struct tensor *in,
                            const struct tensor *out, const struct window *window, bool *found)
{
	struct argument arguments[2] = {{DNNL_ARG_SRC, {0}, in->place},
	                                {DNNL_ARG_DST, {0}, out->place}};
	dnnl_pooling_v2_desc_t desc;
	struct choice choice = {.pd = NULL};
	struct posts none = {.count = 0};
	const struct operation operation = {.desc = &desc};
	hidp_status s = onednn__describe(b, in, FORM_IMAGE, &arguments[0].md);
	*found = false;
	if (s == HIDP_OK)
		s = onednn__describe(b, out, FORM_IMAGE, &arguments[1].md);
	if (s == HIDP_OK)
		s = onednn__check(b,
		                  dnnl_pooling_v2_forward_desc_init(
					  &desc, dnnl_forward_inference, algorithm,
					  &arguments[0].md, &arguments[1].md, window->stride,
					  window->kernel, window->dilation, window->before,
					  window->after),
		                  "a pool");
	if (s == HIDP_OK)
		s = onednn__choose(b, &operation, out, &none, &choice);
	if (s != HIDP_OK)
		return s;
	*found = !onednn__is_reference(choice.pd);
	if (*found)
		s = onednn__add_choice(b, &operation, &choice, arguments, 2, out, &none);
	dnnl_primitive_desc_destroy(choice.pd);
	return s;
}

/* Plain loops */

/* A pool along one axis. */
struct axis {
	int64_t kernel, stride, dilation, pad, pad_after;
	int64_t size;  /* of the whole input */
	int64_t first; /* of the input, that is at hand */
	int64_t begin; /* of the output */
};

struct plain_pool {
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

static void pool_position(const struct plain_pool *p, const float *in, float *out, int64_t row,
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

static hidp_status run_plain(const struct step *step, const struct running *running)
{
	const struct plain_pool *p = step->u.data;
	const int64_t *dims = p->out.dims;
	const float *in = onednn__address(running, p->in.place);
	float *out = onednn__address(running, p->out.place);
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

static hidp_status add_plain(struct build *b)
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
	struct plain_pool *p = malloc(sizeof *p);
	struct step *step = p != NULL ? onednn__task_add_step(b->task, run_plain) : NULL;
	if (step == NULL) {
		free(p);
		return onednn__no_memory(b);
	}
	step->u.data = p;
	step->owns_data = true;
	*p = (struct plain_pool){.rows = axis_of(d, 0, operand->shape.rows),
	                         .columns = axis_of(d, 1, operand->shape.width),
	                         .maximum = d->op == HIDP_OP_MAX_POOL,
	                         .exclude_pad = (d->flags & HIDP_LAYER_EXCLUDE_PAD) != 0};
	p->rows.first = begin;
	p->rows.begin = call->row_begin;
	p->in = operand->held; /* without any rows there is nothing to read */
	if (begin < end)
		p->in = onednn__tensor_cut(onednn__operand_rows(call, operand, begin, end),
		                           HIDP_AXIS_CHANNELS, call->channel_begin,
		                           call->channel_end);
	p->out = onednn__call_output(call);
	return HIDP_OK;
}

/*
 * Does oneDNN mean the same by it? Not where a window has no element of the input, nor where
 * a mean with padding has a window beyond it.
 */
static bool is_ordinary(const struct build *b)
{
	const struct hidp_layer_desc *d = &b->part;
	const struct hidp_shape *in = &b->call->inputs[0].shape, *out = &b->call->info.shape;
	const int64_t in_size[2] = {in->rows, in->width}, out_size[2] = {out->rows, out->width};
	bool with_pad = algorithm_of(d) == dnnl_pooling_avg_include_padding;
	for (int i = 0; i < 2; i++) {
		int64_t extent = (d->kernel[i] - 1) * d->dilation[i] + 1;
		int64_t last = (out_size[i] - 1) * d->stride[i] - d->pad[i];
		if (d->dilation[i] != 1 || d->pad[i] >= extent || last >= in_size[i] ||
		    (with_pad && last + extent > in_size[i] + d->pad[i + 2]))
			return false;
	}
	return true;
}

hidp_status onednn__build_pool(struct build *b)
{
	struct tensor in, out;
	struct window window;
	bool found;
	if (!is_ordinary(b))
		return add_plain(b);
	out = onednn__dense_output(b);
	hidp_status s = onednn__window_input(b, &b->part, &in, &window);
	if (s != HIDP_OK)
		return s;
	in = onednn__tensor_cut(in, HIDP_AXIS_CHANNELS, b->call->channel_begin,
	                        b->call->channel_end);
	s = onednn__make_dense(b, &in);
	if (s == HIDP_OK)
		s = try_pool(b, algorithm_of(&b->part), &in, &out, &window, &found);
	if (s != HIDP_OK)
		return s;
	return found ? onednn__finish_output(b, &out) : add_plain(b);
}

hidp_status onednn__build_global_pool(struct build *b)
{
	const struct operand *operand = &b->call->inputs[0];
	struct tensor out = onednn__dense_output(b);
	struct tensor in = onednn__operand_rows(b->call, operand, 0, operand->shape.rows);
	struct window window = {.kernel = {operand->shape.rows, operand->shape.width},
	                        .stride = {1, 1}};
	bool found;
	in = onednn__tensor_cut(in, HIDP_AXIS_CHANNELS, b->call->channel_begin,
	                        b->call->channel_end);
	hidp_status s = onednn__make_dense(b, &in);
	if (s == HIDP_OK)
		s = try_pool(b, dnnl_pooling_avg_exclude_padding, &in, &out, &window, &found);
	if (s == HIDP_OK && !found) {
		b->part.kernel[0] = operand->shape.rows;
		b->part.kernel[1] = operand->shape.width;
		b->part.stride[0] = b->part.stride[1] = 1;
		b->part.dilation[0] = b->part.dilation[1] = 1;
		return add_plain(b);
	}
	return s == HIDP_OK ? onednn__finish_output(b, &out) : s;
}
