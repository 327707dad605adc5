/* SPDX-License-Identifier: MIT */
/* Compute tasks of programs: all that these kernels ask programs. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "fail.h"
#include "reference.h"

struct task {
	uint32_t call_count; /* of those that are made */
	struct call calls[];
};

/* What reading a task takes. */
struct reading {
	struct hidp_reference *reference;
	const struct hidp_programs *programs;
	const struct hidp_model *model; /* of the programs */
	uint32_t task;
	struct hidp_diagnostic *diagnostic;
};

static bool same_shape(const struct hidp_shape *a, const struct hidp_shape *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* Do two parts compute the same? From axis to row rules, descriptions are numbers without gaps. */
static bool same_part(const struct hidp_model *a, const struct hidp_model *b, hidp_layer_id layer,
                      uint32_t part)
{
	struct hidp_layer_desc x = HIDP_LAYER_DESC_INIT, y = HIDP_LAYER_DESC_INIT;
	(void)hidp_model_part(a, layer, part, &x);
	(void)hidp_model_part(b, layer, part, &y);
	return x.op == y.op && x.flags == y.flags && x.dtype == y.dtype &&
	       x.input_count == y.input_count &&
	       memcmp(&x.axis, &y.axis,
	              offsetof(struct hidp_layer_desc, row_rules) -
	                      offsetof(struct hidp_layer_desc, axis)) == 0;
}

/* Do two models have the same layer, and its inputs, under the same numbers? */
static bool same_layer(const struct hidp_model *a, const struct hidp_model *b, hidp_layer_id layer)
{
	struct hidp_layer_info x = HIDP_LAYER_INFO_INIT, y = HIDP_LAYER_INFO_INIT;
	if (hidp_model_layer(a, layer, &x) != HIDP_OK || hidp_model_layer(b, layer, &y) != HIDP_OK)
		return false;
	if (strcmp(x.name, y.name) != 0 || x.part_count != y.part_count ||
	    x.input_count != y.input_count || !same_shape(&x.shape, &y.shape))
		return false;
	for (uint32_t p = 0; p < x.part_count; p++)
		if (!same_part(a, b, layer, p))
			return false;
	for (uint32_t i = 0; i < x.input_count; i++) {
		struct hidp_layer_info in_x = HIDP_LAYER_INFO_INIT, in_y = HIDP_LAYER_INFO_INIT;
		hidp_layer_id from_x, from_y;
		(void)hidp_model_layer_input(a, layer, i, &from_x, NULL, NULL);
		(void)hidp_model_layer_input(b, layer, i, &from_y, NULL, NULL);
		(void)hidp_model_layer(a, from_x, &in_x);
		(void)hidp_model_layer(b, from_y, &in_y);
		if (from_x != from_y || !same_shape(&in_x.shape, &in_y.shape))
			return false;
	}
	return true;
}

/* An operand of which no row is read has a shape all the same. */
static void read_missing(const struct reading *r, hidp_layer_id layer, uint32_t input,
                         struct tensor *tensor)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_layer_id from = layer;
	(void)hidp_model_layer_input(r->model, layer, input, &from, NULL, NULL);
	(void)hidp_model_layer(r->model, from, &info);
	tensor->shape = info.shape;
}

static hidp_status read_operand(const struct reading *r, hidp_layer_id layer, uint32_t call,
                                uint32_t operand, struct tensor *tensor)
{
	struct hidp_buffer_info b = HIDP_BUFFER_INFO_INIT;
	uint32_t buffer;
	hidp_status s = hidp_programs_get_operand(r->programs, r->task, call, operand, &buffer);
	if (s == HIDP_OK && buffer == HIDP_BUFFER_NONE) {
		read_missing(r, layer, operand, tensor);
		return HIDP_OK;
	}
	if (s == HIDP_OK)
		s = hidp_programs_get_buffer(r->programs, buffer, &b);
	if (s != HIDP_OK)
		return s;
	*tensor = (struct tensor){.offset = (size_t)b.offset,
	                          .shape = b.shape,
	                          .row_begin = b.row_begin,
	                          .image_stride = (int64_t)(b.batch_stride / sizeof(float)),
	                          .row_stride = (int64_t)(b.row_stride / sizeof(float)),
	                          .pixel_stride = (int64_t)(b.pixel_stride / sizeof(float))};
	return HIDP_OK;
}

static hidp_status read_call(const struct reading *r, uint32_t number, struct call *call)
{
	struct hidp_call c = HIDP_CALL_INIT;
	const struct layer *layer;
	hidp_status s = hidp_programs_get_call(r->programs, r->task, number, &c);
	if (s != HIDP_OK)
		return s;
	if (r->model != r->reference->model && !same_layer(r->model, r->reference->model, c.layer))
		return hidp_reference__fail(r->diagnostic, HIDP_ERR_MODEL,
		                            hidp_model_name(r->model),
		                            "is another model than these kernels were made for");
	s = hidp_reference__want_layer(r->reference, c.layer, &layer, r->diagnostic);
	if (s != HIDP_OK)
		return s;
	if (!hidp_reference__call_init(call, layer))
		return hidp_reference__fail(r->diagnostic, HIDP_ERR_NOMEM,
		                            layer->parts[0].desc.name, "out of memory");
	call->row_begin = c.row_begin;
	call->row_end = c.row_end;
	call->channel_begin = c.channel_begin;
	call->channel_end = c.channel_end;
	s = read_operand(r, c.layer, number, HIDP_OPERAND_OUTPUT,
	                 &call->operands[layer->input_count]);
	for (uint32_t i = 0; i < layer->input_count && s == HIDP_OK; i++)
		s = read_operand(r, c.layer, number, i, &call->operands[i]);
	return s;
}

hidp_status hidp_reference__prepare(void *user_data, const struct hidp_programs *programs,
                                    uint32_t task, void **prepared_out, size_t *scratch_bytes_out,
                                    struct hidp_diagnostic *diagnostic)
{
	struct hidp_program_task info = HIDP_PROGRAM_TASK_INIT;
	const struct reading r = {.reference = user_data,
	                          .programs = programs,
	                          .model = hidp_plan_model(hidp_programs_plan(programs)),
	                          .task = task,
	                          .diagnostic = diagnostic};
	hidp_status s = hidp_programs_get_task(programs, task, &info);
	if (s != HIDP_OK)
		return s;
	struct task *t = calloc(1, sizeof *t + info.call_count * sizeof *t->calls);
	if (t == NULL)
		return hidp_reference__fail(diagnostic, HIDP_ERR_NOMEM, "", "out of memory");
	size_t scratch = 0;
	while (t->call_count < info.call_count && s == HIDP_OK) {
		struct call *call = &t->calls[t->call_count];
		s = read_call(&r, t->call_count++, call);
		size_t wanted = s == HIDP_OK ? hidp_reference__call_scratch(call) : 0;
		scratch = wanted > scratch ? wanted : scratch;
	}
	if (s != HIDP_OK) {
		hidp_reference__release(user_data, t);
		return s;
	}
	*prepared_out = t;
	*scratch_bytes_out = scratch * sizeof(float);
	return HIDP_OK;
}

hidp_status hidp_reference__run(void *user_data, void *prepared, void *memory, void *scratch)
{
	const struct task *t = prepared;
	(void)user_data;
	hidp_status s = HIDP_OK;
	for (uint32_t c = 0; c < t->call_count && s == HIDP_OK; c++)
		s = hidp_reference__call_run(&t->calls[c], memory, scratch);
	return s;
}

void hidp_reference__release(void *user_data, void *prepared)
{
	struct task *t = prepared;
	(void)user_data;
	for (uint32_t c = 0; c < t->call_count; c++)
		hidp_reference__call_free(&t->calls[c]);
	free(t);
}
