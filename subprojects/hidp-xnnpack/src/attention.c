/* SPDX-License-Identifier: MIT */
/*
 * Attention, head by head, so that the scores of one stay in the cache: a product, a softmax
 * over its rows, and another product. The heads are divided into as many parts as there are
 * threads, which have scratch memory each.
 */
#include <float.h>

#include "build.h"
#include "kernels/heads.h"
#include "norm.h"
#include "product.h"

struct attention {
	struct heads heads;
	int64_t parts;
	struct place scratch;  /* of all parts */
	int64_t part_elements; /* of scratch memory */
};

struct attending {
	const struct attention *attention;
	const struct running *running;
};

/* Adds the mask of a head; of scores that are all infinite there would be no shares. */
static void add_mask(const struct attending *attending, int64_t image, int64_t head, float *scores,
                     int64_t rows, int64_t keys)
{
	struct tensor mask = attending->attention->heads.mask;
	const float *values = kernels__address(attending->running, mask.place);
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
	const struct heads *h = &attending->attention->heads;
	const struct running *running = attending->running;
	int64_t image = number / h->count, head = number % h->count;
	struct tensor q = kernels__head(&h->q, image, head, h->size);
	struct tensor k = kernels__head(&h->k, image, head, h->size);
	struct tensor v = kernels__head(&h->v, image, head, h->value_size);
	struct tensor out = kernels__head(&h->out, image, head, h->value_size);
	int64_t rows = q.dims[HIDP_AXIS_ROWS], keys = k.dims[HIDP_AXIS_ROWS];
	float *panel = scratch + rows * keys;
	struct product scores = {.left = xnnpack__matrix_of(running, &q, false),
	                         .right = xnnpack__matrix_of(running, &k, true),
	                         .out = scratch,
	                         .out_row = keys,
	                         .rows = rows,
	                         .inner = h->size,
	                         .columns = keys,
	                         .scale = h->scale,
	                         .panel = panel};
	struct product values = {.left = {scratch, keys, 1},
	                         .right = xnnpack__matrix_of(running, &v, false),
	                         .out = kernels__address(running, out.place),
	                         .out_row = out.strides[HIDP_AXIS_ROWS],
	                         .rows = rows,
	                         .inner = keys,
	                         .columns = h->value_size,
	                         .scale = 1,
	                         .panel = panel};
	xnnpack__multiply(&scores, 0, keys);
	if (h->masked)
		add_mask(attending, image, head, scratch, rows, keys);
	for (int64_t r = 0; r < rows; r++)
		xnnpack__softmax_line(scratch + r * keys, keys);
	xnnpack__multiply(&values, 0, h->value_size);
}

/* Of all images. */
static int64_t all_heads(const struct heads *h)
{
	return h->count * h->out.dims[HIDP_AXIS_BATCH];
}

static void run_part(void *context, size_t part)
{
	const struct attending *attending = context;
	const struct attention *a = attending->attention;
	float *scratch = kernels__address(attending->running, a->scratch);
	for (int64_t h = (int64_t)part; h < all_heads(&a->heads); h += a->parts)
		run_head(attending, h, scratch + (int64_t)part * a->part_elements);
}

static hidp_status run_attention(const struct step *step, const struct running *running)
{
	const struct attention *a = step->data;
	struct attending attending = {a, running};
	pthreadpool_parallelize_1d(xnnpack__helpers(running), run_part, &attending,
	                           (size_t)a->parts, 0);
	return HIDP_OK;
}

hidp_status xnnpack__build_attention(struct build *b)
{
	struct attention *a = kernels__add_step(b->task, run_attention, sizeof *a);
	if (a == NULL)
		return kernels__no_memory(b);
	const struct heads *h = &a->heads;
	kernels__heads_read(b, &a->heads);
	a->parts = kernels__smaller(b->task->threads, all_heads(h));
	int64_t rows = h->q.dims[HIDP_AXIS_ROWS], keys = h->k.dims[HIDP_AXIS_ROWS];
	a->part_elements = rows * keys + xnnpack__panel_elements(kernels__larger(h->size, keys));
	a->scratch = kernels__scratch(b, (size_t)(a->parts * a->part_elements) * sizeof(float));
	return HIDP_OK;
}
