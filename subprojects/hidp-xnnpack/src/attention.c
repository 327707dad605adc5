/* SPDX-License-Identifier: MIT */
/*
 * Attention, head by head, so that the scores of one stay in the cache: a product, a softmax
 * over its rows, and another product. The heads are divided into as many parts as there are
 * threads, which have scratch memory each.
 */
#include <float.h>
#include <math.h>

#include "build.h"
#include "norm.h"
#include "product.h"

/* Channels of Q, K and V that belong to a head, and the scratch memory of its part. */
struct attention {
	struct tensor q, k, v, out;
	bool masked;
	struct tensor mask;
	int64_t size, value_size; /* channels of a head: of Q and K, of V */
	float scale;              /* of scores */
	int64_t heads;            /* of the call, of all images */
	int64_t parts;
	struct place scratch;
	int64_t part_elements; /* of scratch memory */
};

struct attending {
	const struct attention *attention;
	const struct running *running;
};

static struct tensor cut_head(const struct tensor *t, int64_t image, int64_t head, int64_t size)
{
	struct tensor one = xnnpack__tensor_cut(*t, HIDP_AXIS_BATCH, image, image + 1);
	return xnnpack__tensor_cut(one, HIDP_AXIS_CHANNELS, head * size, (head + 1) * size);
}

/* Adds the mask of a head; of scores that are all infinite there would be no shares. */
static void add_mask(const struct attending *attending, int64_t image, int64_t head, float *scores,
                     int64_t rows, int64_t keys)
{
	struct tensor mask = attending->attention->mask;
	const float *values = xnnpack__address(attending->running, mask.place);
	values += mask.dims[HIDP_AXIS_BATCH] == 1 ? 0 : image * mask.strides[HIDP_AXIS_BATCH];
	values += mask.dims[HIDP_AXIS_WIDTH] == 1 ? 0 : head * mask.strides[HIDP_AXIS_WIDTH];
	const int64_t step = mask.strides[HIDP_AXIS_CHANNELS];
	for (int64_t r = 0; r < rows; r++) {
		const float *line = values;
		line += mask.dims[HIDP_AXIS_ROWS] == 1 ? 0 : r * mask.strides[HIDP_AXIS_ROWS];
		for (int64_t i = 0; i < keys; i++) {
			float score = scores[r * keys + i] + line[i * step];
			scores[r * keys + i] = score < -FLT_MAX ? -FLT_MAX : score;
		}
	}
}

static void run_head(const struct attending *attending, int64_t number, float *scratch)
{
	const struct attention *a = attending->attention;
	const struct running *running = attending->running;
	int64_t heads = a->heads / a->out.dims[HIDP_AXIS_BATCH];
	int64_t image = number / heads, head = number % heads;
	struct tensor q = cut_head(&a->q, image, head, a->size);
	struct tensor k = cut_head(&a->k, image, head, a->size);
	struct tensor v = cut_head(&a->v, image, head, a->value_size);
	struct tensor out = cut_head(&a->out, image, head, a->value_size);
	int64_t rows = q.dims[HIDP_AXIS_ROWS], keys = k.dims[HIDP_AXIS_ROWS];
	float *panel = scratch + rows * keys;
	struct product scores = {.left = xnnpack__matrix_of(running, &q, false),
	                         .right = xnnpack__matrix_of(running, &k, true),
	                         .out = scratch,
	                         .out_row = keys,
	                         .rows = rows,
	                         .inner = a->size,
	                         .columns = keys,
	                         .scale = a->scale,
	                         .panel = panel};
	struct product values = {.left = {scratch, keys, 1},
	                         .right = xnnpack__matrix_of(running, &v, false),
	                         .out = xnnpack__address(running, out.place),
	                         .out_row = out.strides[HIDP_AXIS_ROWS],
	                         .rows = rows,
	                         .inner = keys,
	                         .columns = a->value_size,
	                         .scale = 1,
	                         .panel = panel};
	xnnpack__multiply(&scores, 0, keys);
	if (a->masked)
		add_mask(attending, image, head, scratch, rows, keys);
	for (int64_t r = 0; r < rows; r++)
		xnnpack__softmax_line(scratch + r * keys, keys);
	xnnpack__multiply(&values, 0, a->value_size);
}

static void run_part(void *context, size_t part)
{
	const struct attending *attending = context;
	const struct attention *a = attending->attention;
	float *scratch = xnnpack__address(attending->running, a->scratch);
	for (int64_t h = (int64_t)part; h < a->heads; h += a->parts)
		run_head(attending, h, scratch + (int64_t)part * a->part_elements);
}

static hidp_status run_attention(const struct step *step, const struct running *running)
{
	const struct attention *a = step->u.data;
	struct attending attending = {a, running};
	pthreadpool_parallelize_1d(running->threads, run_part, &attending, (size_t)a->parts, 0);
	return HIDP_OK;
}

/* The mask of the call's rows, keys on the channels. */
static struct tensor mask_rows(const struct call *call, int64_t keys)
{
	const struct operand *mask = &call->inputs[3];
	if (mask->shape.rows == keys && mask->shape.channels == 1) {
		struct tensor rows = xnnpack__operand_rows(call, mask, 0, keys), turned = rows;
		turned.dims[HIDP_AXIS_CHANNELS] = keys;
		turned.dims[HIDP_AXIS_ROWS] = 1;
		turned.strides[HIDP_AXIS_CHANNELS] = rows.strides[HIDP_AXIS_ROWS];
		turned.strides[HIDP_AXIS_ROWS] = keys * rows.strides[HIDP_AXIS_ROWS];
		return turned;
	}
	if (mask->shape.rows == 1)
		return xnnpack__operand_rows(call, mask, 0, 1);
	return xnnpack__operand_rows(call, mask, call->row_begin, call->row_end);
}

static void find_operands(const struct build *b, struct attention *a)
{
	const struct call *call = b->call;
	int64_t begin = call->row_begin, end = call->row_end, rows = call->inputs[0].shape.rows;
	if (call->input_count == 1) { /* side by side */
		int64_t channels = call->info.shape.channels;
		struct tensor all = xnnpack__operand_rows(call, &call->inputs[0], 0, rows);
		a->q = xnnpack__tensor_cut(all, HIDP_AXIS_CHANNELS, 0, channels);
		a->q = xnnpack__tensor_cut(a->q, HIDP_AXIS_ROWS, begin, end);
		a->k = xnnpack__tensor_cut(all, HIDP_AXIS_CHANNELS, channels, 2 * channels);
		a->v = xnnpack__tensor_cut(all, HIDP_AXIS_CHANNELS, 2 * channels, 3 * channels);
	} else {
		a->q = xnnpack__operand_rows(call, &call->inputs[0], begin, end);
		a->k = xnnpack__operand_rows(call, &call->inputs[1], 0, call->inputs[1].shape.rows);
		a->v = xnnpack__operand_rows(call, &call->inputs[2], 0, call->inputs[2].shape.rows);
	}
	a->masked = b->part.input_count == 4;
	if (a->masked)
		a->mask = mask_rows(call, a->k.dims[HIDP_AXIS_ROWS]);
	a->out = xnnpack__call_output(call);
}

/* The channels of the call's heads; those of the output are no others. */
static struct tensor cut_heads(const struct tensor *t, int64_t first, int64_t count, int64_t size)
{
	return xnnpack__tensor_cut(*t, HIDP_AXIS_CHANNELS, first * size, (first + count) * size);
}

hidp_status xnnpack__build_attention(struct build *b)
{
	struct attention *a = xnnpack__task_add_data(b->task, run_attention, sizeof *a);
	if (a == NULL)
		return xnnpack__no_memory(b);
	find_operands(b, a);
	a->size = a->q.dims[HIDP_AXIS_CHANNELS] / b->part.heads;
	a->value_size = a->v.dims[HIDP_AXIS_CHANNELS] / b->part.heads;
	a->scale = b->part.alpha != 0 ? (float)b->part.alpha : 1 / sqrtf((float)a->size);
	int64_t first = b->call->channel_begin / a->value_size;
	int64_t count = b->call->channel_end / a->value_size - first;
	a->q = cut_heads(&a->q, first, count, a->size);
	a->k = cut_heads(&a->k, first, count, a->size);
	a->v = cut_heads(&a->v, first, count, a->value_size);
	if (a->masked && a->mask.dims[HIDP_AXIS_WIDTH] != 1)
		a->mask = xnnpack__tensor_cut(a->mask, HIDP_AXIS_WIDTH, first, first + count);
	a->heads = count * a->out.dims[HIDP_AXIS_BATCH];
	a->parts = xnnpack__smaller((int64_t)b->task->threads, a->heads);
	int64_t rows = a->q.dims[HIDP_AXIS_ROWS], keys = a->k.dims[HIDP_AXIS_ROWS];
	a->part_elements = rows * keys + xnnpack__panel_elements(xnnpack__larger(a->size, keys));
	a->scratch = xnnpack__scratch(b, (size_t)(a->parts * a->part_elements) * sizeof(float));
	return HIDP_OK;
}
