/* SPDX-License-Identifier: MIT */
/* Attention: for each head and row, the values weighed by how query and keys agree. */
#include <float.h>
#include <math.h>

#include "op.h"
#include "products.h"

/* Q, K and V: inputs, and where in their channels each begins. */
struct operands {
	uint32_t input[3];
	int64_t first[3];
	int64_t query;  /* channels of Q and K per head */
	int64_t values; /* channels of V per head */
	int64_t rows;   /* of K and V */
	float scale;    /* of scores */
};

static struct operands operands_of(const struct work *w)
{
	const int64_t heads = w->part->desc.heads, channels = w->part->in.channels;
	const double alpha = w->part->desc.alpha;
	struct operands o = {.values = w->part->out.channels / heads};
	if (w->part->desc.input_count == 1) {
		o.query = channels / 3 / heads;
		o.first[1] = channels / 3;
		o.first[2] = channels / 3 * 2;
		o.rows = w->in[0]->shape.rows;
	} else {
		o.query = channels / heads;
		o.input[1] = 1;
		o.input[2] = 2;
		o.rows = w->in[1]->shape.rows;
	}
	o.scale = alpha != 0 ? (float)alpha : 1 / sqrtf((float)o.query);
	return o;
}

/* Adds the mask of a head; of scores that are all infinite there would be no shares. */
static void add_mask(const struct work *w, int64_t row, int64_t head, int64_t rows)
{
	const struct hidp_shape *s = &w->in[3]->shape;
	const bool of_keys = s->channels == 1 && s->rows == rows;
	const float *mask = NULL;
	if (!of_keys)
		mask = work_in(w, 3, s->rows == 1 ? 0 : row, s->width == 1 ? 0 : head);
	for (int64_t i = 0; i < rows; i++) {
		float score = w->scratch[i] + (of_keys ? *work_in(w, 3, i, 0) : mask[i]);
		w->scratch[i] = score < -FLT_MAX ? -FLT_MAX : score;
	}
}

/* Turns scores into weights that add up to 1. */
static void softmax(float *scores, int64_t count)
{
	float largest = scores[0], sum = 0;
	for (int64_t i = 1; i < count; i++)
		largest = scores[i] > largest ? scores[i] : largest;
	for (int64_t i = 0; i < count; i++) {
		scores[i] = expf(scores[i] - largest);
		sum += scores[i];
	}
	for (int64_t i = 0; i < count; i++)
		scores[i] /= sum;
}

/* Output channels begin to end, of one head. */
static void run_head(const struct work *w, const struct operands *o, int64_t row, int64_t begin,
                     int64_t end)
{
	const int64_t head = begin / o->values;
	const float *q = work_in(w, o->input[0], row, 0) + o->first[0] + head * o->query;
	const float *k = work_in(w, o->input[1], 0, 0) + o->first[1] + head * o->query;
	const float *v = work_in(w, o->input[2], 0, 0) + o->first[2] + begin;
	scalar_products(q, k, w->in[o->input[1]]->row_stride, o->query, o->rows, w->scratch);
	for (int64_t i = 0; i < o->rows; i++)
		w->scratch[i] *= o->scale;
	if (w->part->desc.input_count == 4)
		add_mask(w, row, head, o->rows);
	softmax(w->scratch, o->rows);
	weighted_sum(w->scratch, v, w->in[o->input[2]]->row_stride, end - begin, o->rows,
	             work_out(w, row, 0) + begin);
}

static void run(const struct work *w)
{
	const struct operands o = operands_of(w);
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		for (int64_t c = w->channel_begin; c < w->channel_end;) {
			int64_t end = (c / o.values + 1) * o.values;
			end = end < w->channel_end ? end : w->channel_end;
			run_head(w, &o, row, c, end);
			c = end;
		}
	}
}

/* A score for each row of K. */
static size_t scratch(const struct part *part, const struct tensor *const *in)
{
	return (size_t)in[part->desc.input_count == 1 ? 0 : 1]->shape.rows;
}

const struct op hidp_reference__attention = {.run = run, .scratch = scratch};
