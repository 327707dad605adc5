/* SPDX-License-Identifier: MIT */
/* Entries of a table, looked up by their numbers. */
#include <string.h>

#include "op.h"

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

static void run(const struct work *w)
{
	const struct hidp_layer_desc *d = &w->part->desc;
	const size_t bytes = (size_t)(w->channel_end - w->channel_begin) * sizeof(float);
	for (int64_t row = w->row_begin; row < w->row_end; row++) {
		for (int64_t column = 0; column < w->out->shape.width; column++) {
			const int64_t entry = entry_of(*work_in(w, 0, row, column), d->end);
			if (entry < 0) {
				*w->status = HIDP_ERR_ARGUMENT;
				return;
			}
			memcpy(work_out(w, row, column) + w->channel_begin,
			       w->part->kernel + entry * d->out_channels + w->channel_begin, bytes);
		}
	}
}

static hidp_status load(struct part *part, const struct source *source)
{
	const struct hidp_layer_desc *d = &part->desc;
	return hidp_reference__lend(source, HIDP_WEIGHT_KERNEL, d->end * d->out_channels,
	                            &part->kernel);
}

const struct op hidp_reference__embedding = {.run = run, .load = load};
