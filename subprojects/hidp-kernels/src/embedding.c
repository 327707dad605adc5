/* SPDX-License-Identifier: MIT */
/* Entries of a table, looked up by their numbers. */
#include <string.h>

#include "kernels/weights.h"
#include "plain.h"

struct embedding {
	struct tensor in, out; /* the same positions */
	const float *table;    /* from the call's first channel on */
	int64_t entries;
	int64_t stride; /* elements from an entry to the next */
};

/* The entry that a number names; below 0: none. */
static int64_t entry_of(float number, int64_t entries)
{
	if (!((double)number >= -(double)entries && (double)number < (double)entries))
		return -1; /* nor is it a number at all */
	int64_t entry = (int64_t)number;
	if ((float)entry != number)
		return -1;
	return entry < 0 ? entry + entries : entry;
}

static int64_t offset_of(const struct tensor *t, int64_t n, int64_t y, int64_t x)
{
	return n * t->strides[HIDP_AXIS_BATCH] + y * t->strides[HIDP_AXIS_ROWS] +
	       x * t->strides[HIDP_AXIS_WIDTH];
}

static hidp_status run_embedding(const struct step *step, const struct running *running)
{
	const struct embedding *e = step->data;
	const int64_t *dims = e->out.dims;
	const size_t bytes = (size_t)dims[HIDP_AXIS_CHANNELS] * sizeof(float);
	const float *in = kernels__address(running, e->in.place);
	float *out = kernels__address(running, e->out.place);
	for (int64_t n = 0; n < dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t y = 0; y < dims[HIDP_AXIS_ROWS]; y++)
			for (int64_t x = 0; x < dims[HIDP_AXIS_WIDTH]; x++) {
				const float number = in[offset_of(&e->in, n, y, x)];
				const int64_t entry = entry_of(number, e->entries);
				if (entry < 0)
					return HIDP_ERR_ARGUMENT;
				memcpy(out + offset_of(&e->out, n, y, x),
				       e->table + entry * e->stride, bytes);
			}
	return HIDP_OK;
}

hidp_status kernels__build_embedding(struct build *b)
{
	const struct call *call = b->call;
	const int64_t count = b->part.end * b->part.out_channels;
	const float *table;
	hidp_status s = kernels__weights(b, 0, HIDP_WEIGHT_KERNEL, count, &table);
	if (s != HIDP_OK)
		return s;
	struct embedding *e = kernels__add_step(b->task, run_embedding, sizeof *e);
	if (e == NULL)
		return kernels__no_memory(b);
	*e = (struct embedding){
		.in = kernels__operand_rows(call, &call->inputs[0], call->row_begin, call->row_end),
		.out = kernels__call_output(call),
		.table = table + call->channel_begin,
		.entries = b->part.end,
		.stride = b->part.out_channels};
	return HIDP_OK;
}
