/* SPDX-License-Identifier: MIT */
/* Layers that only move elements. */
#include <string.h>

#include "plain.h"

static int64_t size_along(const struct hidp_shape *shape, hidp_axis axis)
{
	const int64_t dims[4] = {shape->batch, shape->channels, shape->rows, shape->width};
	return dims[axis];
}

/* What the call writes, along an axis. */
static void written(const struct call *call, hidp_axis axis, int64_t *begin, int64_t *end)
{
	const int64_t begins[4] = {call->image_begin, call->channel_begin, call->row_begin, 0};
	const int64_t ends[4] = {call->image_end, call->channel_end, call->row_end,
	                         call->info.shape.width};
	*begin = begins[axis];
	*end = ends[axis];
}

/*
 * Copies what lies in the call of the input elements that go to `at` and following along
 * one axis, and to the same indices along the others.
 */
static hidp_status add_shifted(struct build *b, const struct operand *operand, hidp_axis axis,
                               int64_t from, int64_t count, int64_t at)
{
	struct tensor out = kernels__call_output(b->call), in = operand->held;
	int64_t begin[4], end[4];
	for (hidp_axis a = 0; a < 4; a++) {
		int64_t low, high;
		written(b->call, a, &low, &high);
		begin[a] = a == axis ? kernels__larger(low, at) : low;
		end[a] = a == axis ? kernels__smaller(high, at + count) : high;
		if (begin[a] >= end[a])
			return HIDP_OK;
		out = kernels__tensor_cut(out, a, begin[a] - low, end[a] - low);
		int64_t shift = a == axis ? from - at : 0;
		int64_t first = a == HIDP_AXIS_ROWS ? operand->row_begin : 0;
		in = kernels__tensor_cut(in, a, begin[a] + shift - first, end[a] + shift - first);
	}
	return kernels__add_copy(b, &in, &out);
}

hidp_status kernels__build_concat(struct build *b)
{
	hidp_status s = HIDP_OK;
	int64_t at = 0;
	for (uint32_t i = 0; s == HIDP_OK && i < b->call->input_count; i++) {
		const struct operand *operand = &b->call->inputs[i];
		int64_t count = size_along(&operand->shape, b->part.axis);
		s = add_shifted(b, operand, b->part.axis, 0, count, at);
		at += count;
	}
	return s;
}

hidp_status kernels__build_slice(struct build *b)
{
	return add_shifted(b, &b->call->inputs[0], b->part.axis, b->part.begin,
	                   b->part.end - b->part.begin, 0);
}

/* Zeros, and the input on them: columns are padded in the output, rows may be nothing else. */
hidp_status kernels__build_pad(struct build *b)
{
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	const int64_t *pad = b->part.pad;
	struct tensor out = kernels__call_output(call);
	int64_t begin = kernels__larger(call->row_begin, pad[0]);
	int64_t end = kernels__smaller(call->row_end, pad[0] + operand->shape.rows);
	bool bordered = pad[1] > 0 || pad[3] > 0 || begin > call->row_begin || end < call->row_end;
	hidp_status s = bordered ? kernels__add_fill(b, &out, 0) : HIDP_OK;
	if (s != HIDP_OK || begin >= end)
		return s;
	struct tensor in = kernels__operand_rows(call, operand, begin - pad[0], end - pad[0]);
	in = kernels__tensor_cut(in, HIDP_AXIS_CHANNELS, call->channel_begin, call->channel_end);
	out = kernels__tensor_cut(out, HIDP_AXIS_ROWS, begin - call->row_begin,
	                          end - call->row_begin);
	out = kernels__tensor_cut(out, HIDP_AXIS_WIDTH, pad[1], pad[1] + operand->shape.width);
	return kernels__add_copy(b, &in, &out);
}

hidp_status kernels__build_transpose(struct build *b)
{
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	bool keeps_rows = b->part.perm[1] == HIDP_AXIS_ROWS;
	struct tensor in = kernels__operand_rows(call, operand, keeps_rows ? call->row_begin : 0,
	                                         keeps_rows ? call->row_end : operand->shape.rows);
	struct tensor turned = in, out = kernels__call_output(call);
	for (int i = 0; i < 3; i++) {
		turned.dims[1 + i] = in.dims[b->part.perm[i]];
		turned.strides[1 + i] = in.strides[b->part.perm[i]];
	}
	turned = kernels__tensor_cut(turned, HIDP_AXIS_CHANNELS, call->channel_begin,
	                             call->channel_end);
	if (!keeps_rows)
		turned =
			kernels__tensor_cut(turned, HIDP_AXIS_ROWS, call->row_begin, call->row_end);
	return kernels__add_copy(b, &turned, &out);
}

/* Elements in another shape */

struct reshape {
	struct tensor in; /* from row first_row on, all images */
	struct tensor out;
	struct hidp_shape in_shape, out_shape;
	int64_t first_row;  /* of the input */
	int64_t image, row; /* of the whole output, that `out` begins with */
};

/* Where the element is that counts as number `i` of the input. */
static int64_t input_offset(const struct reshape *r, int64_t i)
{
	const struct hidp_shape *s = &r->in_shape;
	int64_t x = i % s->width;
	i /= s->width;
	int64_t y = i % s->rows;
	i /= s->rows;
	int64_t c = i % s->channels;
	return i / s->channels * r->in.strides[HIDP_AXIS_BATCH] +
	       (y - r->first_row) * r->in.strides[HIDP_AXIS_ROWS] +
	       x * r->in.strides[HIDP_AXIS_WIDTH] + c;
}

static hidp_status run_reshape(const struct step *step, const struct running *running)
{
	const struct reshape *r = step->data;
	const struct hidp_shape *s = &r->out_shape;
	const int64_t *dims = r->out.dims, *strides = r->out.strides;
	const float *in = kernels__address(running, r->in.place);
	float *out = kernels__address(running, r->out.place);
	for (int64_t n = 0; n < dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t y = 0; y < dims[HIDP_AXIS_ROWS]; y++)
			for (int64_t x = 0; x < dims[HIDP_AXIS_WIDTH]; x++)
				for (int64_t c = 0; c < dims[HIDP_AXIS_CHANNELS]; c++) {
					int64_t plane = (r->image + n) * s->channels + c;
					int64_t i = (plane * s->rows + r->row + y) * s->width + x;
					out[n * strides[HIDP_AXIS_BATCH] +
					    y * strides[HIDP_AXIS_ROWS] +
					    x * strides[HIDP_AXIS_WIDTH] + c] =
						in[input_offset(r, i)];
				}
	return HIDP_OK;
}

static hidp_status add_reshape(struct build *b, int64_t begin, int64_t end)
{
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	struct reshape *r = kernels__add_step(b->task, run_reshape, sizeof *r);
	if (r == NULL)
		return kernels__no_memory(b);
	*r = (struct reshape){.in = kernels__operand_all(operand, begin, end),
	                      .out = kernels__call_output(call),
	                      .in_shape = operand->shape,
	                      .out_shape = call->info.shape,
	                      .first_row = begin,
	                      .image = call->image_begin,
	                      .row = call->row_begin};
	return HIDP_OK;
}

/* One image as channels in a row, in the order of elements: both sides are views of it. */
static struct tensor unrolled(const struct tensor *dense, const struct hidp_shape *shape)
{
	struct tensor t = *dense;
	t.dims[HIDP_AXIS_CHANNELS] = shape->channels;
	t.dims[HIDP_AXIS_ROWS] = shape->rows;
	t.dims[HIDP_AXIS_WIDTH] = shape->width;
	t.strides[HIDP_AXIS_WIDTH] = 1;
	t.strides[HIDP_AXIS_ROWS] = shape->width;
	t.strides[HIDP_AXIS_CHANNELS] = shape->rows * shape->width;
	return t;
}

/*
 * With the channels last, elements keep their order in memory: a dense input, with the shape
 * and the strides of the output. Where images are others than before, it is there whole.
 */
static hidp_status add_channels_last(struct build *b, struct tensor in, int64_t begin, bool images)
{
	const struct call *call = b->call;
	const struct hidp_shape *from = &call->inputs[0].shape, *to = &call->info.shape;
	const int64_t row = to->width * to->channels;
	struct tensor out = kernels__call_output(call);
	int64_t first = call->row_begin * row - begin * from->width * from->channels;
	if (!images) {
		in.strides[HIDP_AXIS_BATCH] = to->rows * row;
		first += call->image_begin * to->rows * row;
	}
	in.place.offset += (uintptr_t)first * sizeof(float);
	memcpy(in.dims, out.dims, sizeof in.dims);
	in.strides[HIDP_AXIS_ROWS] = row;
	in.strides[HIDP_AXIS_WIDTH] = to->channels;
	return kernels__add_copy(b, &in, &out);
}

static bool is_vector(const struct hidp_shape *shape)
{
	return shape->rows == 1 && shape->width == 1;
}

hidp_status kernels__build_reshape(struct build *b)
{
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	const struct hidp_shape *in_shape = &operand->shape, *out_shape = &call->info.shape;
	struct tensor out = kernels__call_output(call);
	struct hidp_row_rule rule;
	int64_t begin, end;
	hidp_status s = hidp_model_layer_input(call->model, call->layer, 0, NULL, &rule, NULL);
	if (s != HIDP_OK)
		return s;
	hidp_row_rule_apply(&rule, in_shape->rows, call->row_begin, call->row_end, &begin, &end);
	bool images = in_shape->batch == out_shape->batch;
	struct tensor in = kernels__operand_all(operand, begin, end);
	if (images)
		in = kernels__operand_rows(call, operand, begin, end);
	/* with as many channels as before, positions keep their order: the same pixels */
	if ((b->part.flags & HIDP_LAYER_CHANNELS_LAST) ||
	    (images && in_shape->channels == out_shape->channels))
		return add_channels_last(b, in, begin, images);
	if (images && is_vector(out_shape)) {
		out = unrolled(&out, in_shape);
		return kernels__add_copy(b, &in, &out);
	}
	if (images && is_vector(in_shape)) {
		in = kernels__tensor_cut(unrolled(&in, out_shape), HIDP_AXIS_ROWS, call->row_begin,
		                         call->row_end);
		return kernels__add_copy(b, &in, &out);
	}
	return add_reshape(b, begin, end);
}
