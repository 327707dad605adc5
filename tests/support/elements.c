/* SPDX-License-Identifier: MIT */
#include "elements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "random_instance.h"

static void nap(unsigned us)
{
	const struct timespec t = {us / 1000000, (long)(us % 1000000) * 1000};
	nanosleep(&t, NULL);
}

void elements_begin(struct elements_common *common, uint64_t seed)
{
	atomic_init(&common->dice, (unsigned)seed);
	atomic_init(&common->slow_percent, 0);
	atomic_init(&common->slow_us, 100);
	atomic_init(&common->slow_node, HIDP_NODE_NONE);
	atomic_init(&common->fail_mark, -1);
	atomic_init(&common->is_wrong, false);
}

void elements_wrong(struct elements *kernels, const char *what, hidp_layer_id layer)
{
	struct elements_common *c = kernels->common;
	if (!atomic_exchange(&c->is_wrong, true))
		snprintf(c->wrong, sizeof c->wrong, "%s: node %u, layer %u", what, kernels->node,
		         layer);
}

/* The name of an element of a request: the mark is in every byte, whatever the dtype. */
static uint32_t element(hidp_layer_id layer, int64_t image, int64_t row, int64_t column,
                        int64_t channel, uint32_t mark)
{
	uint64_t h = layer;
	const int64_t at[4] = {image, row, column, channel};
	for (int i = 0; i < 4; i++)
		h = (h ^ (uint64_t)at[i]) * 0x9e3779b97f4a7c15u + (h >> 29);
	return (uint32_t)(h >> 32) ^ (mark * 0x01010101u);
}

struct box {
	int64_t row_begin, row_end, channel_begin, channel_end;
};

#define NO_MARK UINT32_MAX

/* Checks (and finds out the mark, if it is not known yet) or writes part of a buffer. */
static bool visit(uint8_t *memory, const struct hidp_buffer_info *b, struct box box, uint32_t *mark,
                  bool writes)
{
	size_t size = (size_t)(b->pixel_stride / (uint64_t)b->shape.channels);
	for (int64_t i = 0; i < b->shape.batch; i++)
		for (int64_t r = box.row_begin; r < box.row_end; r++)
			for (int64_t w = 0; w < b->shape.width; w++)
				for (int64_t c = box.channel_begin; c < box.channel_end; c++) {
					uint8_t *at =
						memory + b->offset + (uint64_t)i * b->batch_stride +
						(uint64_t)(r - b->row_begin) * b->row_stride +
						(uint64_t)w * b->pixel_stride + (uint64_t)c * size;
					uint32_t found = 0;
					memcpy(&found, at, size);
					if (*mark == NO_MARK)
						*mark = (found ^ element(b->layer, i, r, w, c, 0)) &
						        0xff;
					uint32_t name = element(b->layer, i, r, w, c, *mark);
					if (writes)
						memcpy(at, &name, size);
					else if (memcmp(at, &name, size) != 0)
						return false;
				}
	return true;
}

static hidp_status supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                            struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	(void)model;
	(void)layer;
	(void)diagnostic;
	return HIDP_OK;
}

struct prepared {
	const struct hidp_programs *programs;
	uint32_t task;
};

static hidp_status prepare(void *user_data, const struct hidp_programs *programs, uint32_t task,
                           void **prepared_out, size_t *scratch_bytes_out,
                           struct hidp_diagnostic *diagnostic)
{
	struct elements *k = user_data;
	struct prepared *p = malloc(sizeof *p);
	(void)diagnostic;
	if (k->model != NULL && hidp_plan_model(hidp_programs_plan(programs)) != k->model)
		elements_wrong(k, "programs are of another model than the kernels", 0);
	*p = (struct prepared){programs, task};
	*prepared_out = p;
	*scratch_bytes_out = 64;
	return HIDP_OK;
}

static void release(void *user_data, void *prepared)
{
	(void)user_data;
	free(prepared);
}

static hidp_status run_call(struct elements *k, const struct prepared *p, uint32_t number,
                            uint8_t *memory)
{
	struct hidp_call call = HIDP_CALL_INIT;
	uint32_t mark = NO_MARK, output;
	support_must(hidp_programs_get_call(p->programs, p->task, number, &call), NULL, "call");
	for (uint32_t i = 0; i < call.input_count; i++) {
		struct hidp_row_rule rule;
		struct hidp_buffer_info b = HIDP_BUFFER_INFO_INIT;
		uint32_t buffer;
		struct box box;
		support_must(
			hidp_model_layer_input(hidp_plan_model(hidp_programs_plan(p->programs)),
		                               call.layer, i, NULL, &rule, NULL),
			NULL, "input");
		support_must(hidp_programs_get_operand(p->programs, p->task, number, i, &buffer),
		             NULL, "operand");
		if (buffer == HIDP_BUFFER_NONE)
			continue;
		support_must(hidp_programs_get_buffer(p->programs, buffer, &b), NULL, "buffer");
		hidp_row_rule_apply(&rule, b.shape.rows, call.row_begin, call.row_end,
		                    &box.row_begin, &box.row_end);
		box.channel_begin = 0;
		box.channel_end = b.shape.channels;
		/* of a divided layer only its own channels may be there yet */
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		bool own;
		support_must(hidp_model_layer(hidp_plan_model(hidp_programs_plan(p->programs)),
		                              call.layer, &info),
		             NULL, "layer");
		support_must(
			hidp_model_layer_input(hidp_plan_model(hidp_programs_plan(p->programs)),
		                               call.layer, i, NULL, NULL, &own),
			NULL, "input");
		if (own) {
			box.channel_begin =
				call.channel_begin * b.shape.channels / info.shape.channels;
			box.channel_end = call.channel_end * b.shape.channels / info.shape.channels;
		}
		if (!visit(memory, &b, box, &mark, false))
			elements_wrong(k, "an input is not there", call.layer);
	}
	if ((int)mark == atomic_load(&k->common->fail_mark))
		return HIDP_ERR_LIMIT;
	struct rng dice = {atomic_fetch_add(&k->common->dice, 7919)};
	if (rng_chance(&dice, atomic_load(&k->common->slow_percent)))
		nap(atomic_load(&k->common->slow_us) *
		    (atomic_load(&k->common->slow_node) == k->node ? 100 : 1));
	if (mark == NO_MARK)
		mark = 0; /* made of nothing: random models have no such layers but by chance */
	support_must(hidp_programs_get_operand(p->programs, p->task, number, HIDP_OPERAND_OUTPUT,
	                                       &output),
	             NULL, "output");
	struct hidp_buffer_info b = HIDP_BUFFER_INFO_INIT;
	support_must(hidp_programs_get_buffer(p->programs, output, &b), NULL, "buffer");
	const struct box box = {call.row_begin, call.row_end, call.channel_begin, call.channel_end};
	visit(memory, &b, box, &mark, true);
	return HIDP_OK;
}

static hidp_status run(void *user_data, void *prepared, void *memory, void *scratch)
{
	struct elements *k = user_data;
	const struct prepared *p = prepared;
	struct hidp_program_task task = HIDP_PROGRAM_TASK_INIT;
	memset(scratch, 0xA5, 64);
	support_must(hidp_programs_get_task(p->programs, p->task, &task), NULL, "task");
	for (uint32_t i = 0; i < task.call_count; i++) {
		hidp_status s = run_call(k, p, i, memory);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static const struct hidp_kernels table = {
	.struct_size = sizeof table,
	.abi = HIDP_PLUGIN_ABI,
	.name = "elements",
	.supports = supports,
	.prepare = prepare,
	.run = run,
	.release = release,
};

const struct hidp_kernels *elements_kernels(void)
{
	return &table;
}

static bool is_end(const struct hidp_model *model, hidp_layer_id layer, bool inputs,
                   struct hidp_layer_info *info)
{
	*info = (struct hidp_layer_info)HIDP_LAYER_INFO_INIT;
	support_must(hidp_model_layer(model, layer, info), NULL, "layer");
	return inputs ? info->op == HIDP_OP_INPUT : (info->flags & HIDP_LAYER_OUTPUT) != 0;
}

void **elements_make(const struct hidp_model *model, bool inputs, uint32_t *count_out)
{
	uint32_t layers = hidp_model_layer_count(model), count = 0;
	void **tensors = calloc(layers, sizeof *tensors);
	struct hidp_layer_info info;
	for (hidp_layer_id l = 0; l < layers; l++)
		if (is_end(model, l, inputs, &info))
			tensors[count++] = calloc(1, (size_t)info.output_bytes);
	*count_out = count;
	return tensors;
}

void elements_free(void **tensors, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		free(tensors[i]);
	free(tensors);
}

static bool visit_ends(const struct hidp_model *model, void **tensors, bool inputs, uint32_t mark)
{
	uint32_t layers = hidp_model_layer_count(model), at = 0;
	struct hidp_layer_info info;
	for (hidp_layer_id l = 0; l < layers; l++) {
		struct hidp_buffer_info b = HIDP_BUFFER_INFO_INIT;
		if (!is_end(model, l, inputs, &info))
			continue;
		b.layer = l;
		b.shape = info.shape;
		b.batch_stride = info.output_bytes / (uint64_t)info.shape.batch;
		b.row_stride = b.batch_stride / (uint64_t)info.shape.rows;
		b.pixel_stride = b.row_stride / (uint64_t)info.shape.width;
		const struct box all = {0, info.shape.rows, 0, info.shape.channels};
		if (!visit(tensors[at++], &b, all, &mark, inputs))
			return false;
	}
	return true;
}

void elements_fill(const struct hidp_model *model, void **inputs, uint32_t mark)
{
	visit_ends(model, inputs, true, mark);
}

bool elements_check(const struct hidp_model *model, void **outputs, uint32_t mark)
{
	return visit_ends(model, outputs, false, mark);
}
