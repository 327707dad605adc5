/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <stdlib.h>

/* Pixels that one part computes before the next one takes them up, while they are in the cache. */
#define PIXELS 128

/* Inputs of a part, with the constant that is its second operand. */
static uint32_t input_count(const struct part *part)
{
	const struct hidp_layer_desc *d = &part->desc;
	return d->op == HIDP_OP_BINARY ? 2 : d->input_count;
}

/* The layer's inputs are those of its parts in order, but for outputs of parts. */
static void connect(struct call *call)
{
	const struct tensor **in = call->in;
	const struct tensor *next = call->operands;
	for (uint32_t p = 0; p < call->layer->part_count; p++) {
		const struct part *part = &call->layer->parts[p];
		for (uint32_t i = 0; i < part->desc.input_count; i++)
			*in++ = part->desc.inputs[i] != HIDP_LAYER_NONE
			                ? next++
			                : &call->operands[call->layer->input_count];
		if (input_count(part) > part->desc.input_count)
			*in++ = &part->constant;
	}
}

bool hidp_reference__call_init(struct call *call, const struct layer *layer)
{
	size_t count = 0;
	for (uint32_t p = 0; p < layer->part_count; p++)
		count += input_count(&layer->parts[p]);
	*call = (struct call){.layer = layer};
	call->operands = calloc((size_t)layer->input_count + 1, sizeof *call->operands);
	call->in = calloc(count, sizeof *call->in);
	if (call->operands == NULL || call->in == NULL) {
		hidp_reference__call_free(call);
		return false;
	}
	connect(call);
	return true;
}

void hidp_reference__call_free(struct call *call)
{
	free(call->operands);
	free(call->in);
	*call = (struct call){.layer = NULL};
}

size_t hidp_reference__call_scratch(const struct call *call)
{
	size_t most = 0;
	const struct tensor **in = call->in;
	for (uint32_t p = 0; p < call->layer->part_count; p++) {
		const struct part *part = &call->layer->parts[p];
		size_t n = part->op->scratch != NULL ? part->op->scratch(part, in) : 0;
		most = n > most ? n : most;
		in += input_count(part);
	}
	return most;
}

/* All parts, one after another, of some rows of an image. */
static void run_rows(const struct call *call, struct work *w)
{
	w->in = call->in;
	for (uint32_t p = 0; p < call->layer->part_count; p++) {
		w->part = &call->layer->parts[p];
		w->part->op->run(w);
		w->in += input_count(w->part);
	}
}

hidp_status hidp_reference__call_run(const struct call *call, unsigned char *memory, float *scratch)
{
	hidp_status status = HIDP_OK;
	const int64_t width = call->layer->shape.width;
	const int64_t step = width < PIXELS ? PIXELS / width : 1;
	struct work w = {.out = &call->operands[call->layer->input_count],
	                 .memory = memory,
	                 .scratch = scratch,
	                 .channel_begin = call->channel_begin,
	                 .channel_end = call->channel_end,
	                 .status = &status};
	for (w.image = 0; w.image < call->layer->shape.batch; w.image++) {
		for (w.row_begin = call->row_begin;
		     w.row_begin < call->row_end && status == HIDP_OK; w.row_begin = w.row_end) {
			w.row_end = w.row_begin + step;
			w.row_end = w.row_end < call->row_end ? w.row_end : call->row_end;
			run_rows(call, &w);
		}
	}
	return status;
}
