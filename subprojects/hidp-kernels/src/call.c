/* SPDX-License-Identifier: MIT */
#include "kernels/call.h"

#include <stdlib.h>

/* An operand of which no row is read has no buffer, but a shape all the same. */
static hidp_status read_shape(const struct call *call, uint32_t which, struct hidp_shape *shape)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_layer_id layer = call->layer;
	hidp_status s = HIDP_OK;
	if (which != HIDP_OPERAND_OUTPUT)
		s = hidp_model_layer_input(call->model, call->layer, which, &layer, NULL, NULL);
	if (s == HIDP_OK)
		s = hidp_model_layer(call->model, layer, &info);
	*shape = info.shape;
	return s;
}

static hidp_status read_operand(const struct hidp_programs *programs, uint32_t task, uint32_t index,
                                uint32_t which, const struct call *call, struct operand *operand)
{
	struct hidp_buffer_info info = HIDP_BUFFER_INFO_INIT;
	uint32_t buffer;
	hidp_status s = read_shape(call, which, &operand->shape);
	if (s == HIDP_OK)
		s = hidp_programs_get_operand(programs, task, index, which, &buffer);
	if (s == HIDP_OK && buffer != HIDP_BUFFER_NONE)
		s = hidp_programs_get_buffer(programs, buffer, &info);
	if (s != HIDP_OK)
		return s;
	const struct hidp_shape *shape = &operand->shape;
	operand->row_begin = info.row_begin;
	operand->held = (struct tensor){
		{BASE_BLOCK, (uintptr_t)info.offset},
		{shape->batch, shape->channels, info.row_end - info.row_begin, shape->width},
		{(int64_t)(info.batch_stride / sizeof(float)), 1,
	         (int64_t)(info.row_stride / sizeof(float)),
	         (int64_t)(info.pixel_stride / sizeof(float))},
	};
	return HIDP_OK;
}

hidp_status kernels__call_read(const struct hidp_programs *programs, uint32_t task, uint32_t index,
                               struct call *call)
{
	struct hidp_call c = HIDP_CALL_INIT;
	*call = (struct call){.model = hidp_plan_model(hidp_programs_plan(programs))};
	hidp_status s = hidp_programs_get_call(programs, task, index, &c);
	if (s != HIDP_OK)
		return s;
	call->layer = c.layer;
	call->row_begin = c.row_begin;
	call->row_end = c.row_end;
	call->channel_begin = c.channel_begin;
	call->channel_end = c.channel_end;
	call->input_count = c.input_count;
	call->info = (struct hidp_layer_info)HIDP_LAYER_INFO_INIT;
	call->inputs = calloc((size_t)c.input_count + 1, sizeof *call->inputs);
	if (call->inputs == NULL)
		return HIDP_ERR_NOMEM;
	s = hidp_model_layer(call->model, c.layer, &call->info);
	call->image_end = call->info.shape.batch;
	for (uint32_t i = 0; s == HIDP_OK && i < c.input_count; i++)
		s = read_operand(programs, task, index, i, call, &call->inputs[i]);
	if (s == HIDP_OK)
		s = read_operand(programs, task, index, HIDP_OPERAND_OUTPUT, call, &call->output);
	if (s != HIDP_OK)
		kernels__call_clear(call);
	return s;
}

void kernels__call_clear(struct call *call)
{
	free(call->inputs);
	call->inputs = NULL;
}

static bool is_whole(const struct operand *operand)
{
	return operand->held.dims[HIDP_AXIS_ROWS] == operand->shape.rows;
}

bool kernels__call_is_whole(const struct call *call)
{
	if (call->info.shape.batch == 1)
		return true;
	bool whole = is_whole(&call->output) &&
	             call->row_end - call->row_begin == call->info.shape.rows &&
	             call->channel_end - call->channel_begin == call->info.shape.channels;
	for (uint32_t i = 0; i < call->input_count; i++)
		whole = whole && is_whole(&call->inputs[i]) &&
		        call->inputs[i].shape.batch == call->info.shape.batch;
	return whole;
}

struct tensor kernels__operand_all(const struct operand *operand, int64_t begin, int64_t end)
{
	return kernels__tensor_cut(operand->held, HIDP_AXIS_ROWS, begin - operand->row_begin,
	                           end - operand->row_begin);
}

struct tensor kernels__operand_rows(const struct call *call, const struct operand *operand,
                                    int64_t begin, int64_t end)
{
	struct tensor t = kernels__operand_all(operand, begin, end);
	if (t.dims[HIDP_AXIS_BATCH] == 1)
		return t;
	return kernels__tensor_cut(t, HIDP_AXIS_BATCH, call->image_begin, call->image_end);
}

static struct tensor cut_channels(const struct call *call, struct tensor t)
{
	return kernels__tensor_cut(t, HIDP_AXIS_CHANNELS, call->channel_begin, call->channel_end);
}

struct tensor kernels__call_output(const struct call *call)
{
	return cut_channels(
		call, kernels__operand_rows(call, &call->output, call->row_begin, call->row_end));
}

struct tensor kernels__call_same(const struct call *call, const struct operand *operand)
{
	bool rows = operand->shape.rows == call->info.shape.rows;
	struct tensor t = kernels__operand_rows(call, operand, rows ? call->row_begin : 0,
	                                        rows ? call->row_end : operand->shape.rows);
	return operand->shape.channels == call->info.shape.channels ? cut_channels(call, t) : t;
}
