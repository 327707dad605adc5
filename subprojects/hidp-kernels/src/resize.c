/* SPDX-License-Identifier: MIT */
/* Resampling: each row and column of the output is a mean of two of the input, weighed beforehand.
 */
#include "plain.h"

struct sample {
	int64_t low, high; /* offsets in elements */
	float weight;      /* of the second */
};

struct resize {
	struct tensor in, out;
	bool nearest;
	struct sample *columns; /* behind the rows */
	struct sample rows[];
};

/* Where output o of `out` lies among the `in` of the input. */
static struct sample sample_at(hidp_resize function, int64_t o, int64_t in, int64_t out)
{
	int64_t at = (2 * o + 1) * in, unit = 2 * out;
	switch (function) {
	case HIDP_RESIZE_NEAREST:
		return (struct sample){at / unit, at / unit, 0};
	case HIDP_RESIZE_NEAREST_FLOOR:
		return (struct sample){o * in / out, o * in / out, 0};
	case HIDP_RESIZE_BILINEAR_CORNERS: /* at / unit */
		at = o * (in - 1);
		unit = out > 1 ? out - 1 : 1;
		break;
	default: /* HIDP_RESIZE_BILINEAR */
		at = kernels__larger(at - out, 0);
		break;
	}
	struct sample s = {at / unit, at / unit, (float)(at % unit) / (float)unit};
	if (at % unit != 0 && s.low + 1 < in) /* what weighs nothing need not be there */
		s.high++;
	return s;
}

/* Samples of outputs begin to end; the offset of index `first` is 0. */
static void fill_samples(struct sample *samples, int64_t begin, int64_t end, hidp_resize function,
                         int64_t in, int64_t out, int64_t first, int64_t stride)
{
	for (int64_t o = begin; o < end; o++) {
		struct sample s = sample_at(function, o, in, out);
		s.low = (s.low - first) * stride;
		s.high = (s.high - first) * stride;
		samples[o - begin] = s;
	}
}

static void sample_position(const struct resize *r, const float *in, const struct sample *row,
                            const struct sample *column, float *out)
{
	const float *low = in + row->low, *high = in + row->high;
	int64_t channels = r->out.dims[HIDP_AXIS_CHANNELS];
	if (r->nearest) {
		for (int64_t c = 0; c < channels; c++)
			out[c] = low[column->low + c];
		return;
	}
	for (int64_t c = 0; c < channels; c++) {
		float top = low[column->low + c], bottom = high[column->low + c];
		top += (low[column->high + c] - top) * column->weight;
		bottom += (high[column->high + c] - bottom) * column->weight;
		out[c] = top + (bottom - top) * row->weight;
	}
}

static hidp_status run_resize(const struct step *step, const struct running *running)
{
	const struct resize *r = step->data;
	const int64_t *dims = r->out.dims;
	const float *in = kernels__address(running, r->in.place);
	float *out = kernels__address(running, r->out.place);
	for (int64_t n = 0; n < dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t y = 0; y < dims[HIDP_AXIS_ROWS]; y++)
			for (int64_t x = 0; x < dims[HIDP_AXIS_WIDTH]; x++)
				sample_position(r, in + n * r->in.strides[HIDP_AXIS_BATCH],
				                &r->rows[y], &r->columns[x],
				                out + n * r->out.strides[HIDP_AXIS_BATCH] +
				                        y * r->out.strides[HIDP_AXIS_ROWS] +
				                        x * r->out.strides[HIDP_AXIS_WIDTH]);
	return HIDP_OK;
}

hidp_status kernels__build_resize(struct build *b)
{
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	const struct hidp_shape *in = &operand->shape, *out = &call->info.shape;
	int64_t rows = call->row_end - call->row_begin;
	const hidp_resize function = b->part.function;
	struct hidp_row_rule rule;
	int64_t begin, end;
	hidp_status s = hidp_model_layer_input(call->model, call->layer, 0, NULL, &rule, NULL);
	if (s != HIDP_OK)
		return s;
	hidp_row_rule_apply(&rule, in->rows, call->row_begin, call->row_end, &begin, &end);
	size_t size = sizeof(struct resize) + (size_t)(rows + out->width) * sizeof(struct sample);
	struct resize *r = kernels__add_step(b->task, run_resize, size);
	if (r == NULL)
		return kernels__no_memory(b);
	r->nearest = function == HIDP_RESIZE_NEAREST || function == HIDP_RESIZE_NEAREST_FLOOR;
	r->columns = r->rows + rows;
	r->in = kernels__tensor_cut(kernels__operand_rows(call, operand, begin, end),
	                            HIDP_AXIS_CHANNELS, call->channel_begin, call->channel_end);
	r->out = kernels__call_output(call);
	fill_samples(r->rows, call->row_begin, call->row_end, function, in->rows, out->rows, begin,
	             r->in.strides[HIDP_AXIS_ROWS]);
	fill_samples(r->columns, 0, out->width, function, in->width, out->width, 0,
	             r->in.strides[HIDP_AXIS_WIDTH]);
	return HIDP_OK;
}
