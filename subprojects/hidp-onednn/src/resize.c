/* SPDX-License-Identifier: MIT */
/* Resampling: each row and column of the output is a mean of two of the input, weighed beforehand.
 */
#include <stdlib.h>

#include "build.h"

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

static int64_t clamp(int64_t i, int64_t size)
{
	return i < 0 ? 0 : i < size ? i : size - 1;
}

/* Samples of outputs begin to end; the offset of index `first` is 0. */
static void fill_samples(struct sample *samples, int64_t begin, int64_t end, bool nearest,
                         int64_t in, int64_t out, int64_t first, int64_t stride)
{
	for (int64_t o = begin; o < end; o++) {
		struct sample *s = &samples[o - begin];
		int64_t twice = (2 * o + 1) * in; /* over 2 * out: half a step beyond the source */
		int64_t low = nearest ? twice / (2 * out) : (twice + out) / (2 * out) - 1;
		double where = (double)twice / (2 * (double)out) - 0.5;
		s->weight = nearest ? 0 : (float)(where - (double)low);
		s->low = (clamp(low, in) - first) * stride;
		s->high = nearest ? s->low : (clamp(low + 1, in) - first) * stride;
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
	const struct resize *r = step->u.data;
	const int64_t *dims = r->out.dims;
	const float *in = onednn__address(running, r->in.place);
	float *out = onednn__address(running, r->out.place);
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

hidp_status onednn__build_resize(struct build *b)
{
	const struct call *call = b->call;
	const struct operand *operand = &call->inputs[0];
	const struct hidp_shape *in = &operand->shape, *out = &call->info.shape;
	int64_t rows = call->row_end - call->row_begin;
	bool nearest = b->part.function == HIDP_RESIZE_NEAREST;
	struct hidp_row_rule rule;
	int64_t begin, end;
	hidp_status s = hidp_model_layer_input(call->model, call->layer, 0, NULL, &rule, NULL);
	if (s != HIDP_OK)
		return s;
	hidp_row_rule_apply(&rule, in->rows, call->row_begin, call->row_end, &begin, &end);
	struct resize *r = malloc(sizeof *r + (size_t)(rows + out->width) * sizeof(struct sample));
	struct step *step = r != NULL ? onednn__task_add_step(b->task, run_resize) : NULL;
	if (step == NULL) {
		free(r);
		return onednn__no_memory(b);
	}
	step->u.data = r;
	step->owns_data = true;
	r->nearest = nearest;
	r->columns = r->rows + rows;
	r->in = onednn__tensor_cut(onednn__operand_rows(call, operand, begin, end),
	                           HIDP_AXIS_CHANNELS, call->channel_begin, call->channel_end);
	r->out = onednn__call_output(call);
	fill_samples(r->rows, call->row_begin, call->row_end, nearest, in->rows, out->rows, begin,
	             r->in.strides[HIDP_AXIS_ROWS]);
	fill_samples(r->columns, 0, out->width, nearest, in->width, out->width, 0,
	             r->in.strides[HIDP_AXIS_WIDTH]);
	return HIDP_OK;
}
