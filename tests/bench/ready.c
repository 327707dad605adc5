/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sched_setaffinity */
#include "ready.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

struct hidp_cluster *ready_cluster(const struct bench *bench, const uint32_t *cores,
                                   uint32_t processors, uint32_t cores_each, double sync_s)
{
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *cluster;
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	hidp_node_id id;
	bench_must(hidp_cluster_builder_new(bench->context, &builder), NULL, "cluster");
	node.sync_s = sync_s;
	bench_must(hidp_cluster_builder_add_node(builder, &node, &id, NULL), NULL, "node");
	for (uint32_t p = 0; p < processors; p++) {
		struct hidp_processor_desc desc = HIDP_PROCESSOR_DESC_INIT;
		desc.core_count = cores_each;
		desc.core_ids = cores + p * cores_each;
		for (int c = 0; c < (int)HIDP_CLASS_COUNT; c++)
			desc.rate_flops[c] = 1e11;
		bench_must(hidp_cluster_builder_add_processor(builder, id, &desc, NULL, NULL), NULL,
		           "processor");
	}
	bench_must(hidp_cluster_builder_seal(builder, &cluster, NULL), NULL, "cluster");
	hidp_cluster_builder_destroy(builder);
	return cluster;
}

static void add_slice(struct hidp_plan_builder *builder, hidp_processor_id processor, int64_t begin,
                      int64_t end)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
	slice.processor = processor;
	slice.begin = begin;
	slice.end = end;
	bench_must(hidp_plan_builder_add_slice(builder, &slice, &d), &d, "slice");
}

static void add_step(struct hidp_plan_builder *builder, uint32_t layer_count,
                     const struct hidp_layer_info *layer, enum ready_steps steps)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	int64_t parts = 1;
	if (steps == READY_ROWS)
		parts = layer->shape.rows;
	else if (steps == READY_CHANNELS && layer->channel_grain > 0)
		parts = layer->shape.channels / layer->channel_grain;
	step.layer_count = layer_count;
	step.kind = HIDP_STEP_SINGLE;
	if (parts > 1)
		step.kind = steps == READY_ROWS ? HIDP_STEP_ROWS : HIDP_STEP_CHANNELS;
	bench_must(hidp_plan_builder_add_step(builder, &step, &d), &d, "step");
	if (parts > 1) {
		add_slice(builder, 0, 0, parts / 2);
		add_slice(builder, 1, parts / 2, parts);
	} else {
		add_slice(builder, 0, 0, 0);
	}
}

struct hidp_plan *ready_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              enum ready_steps steps)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_builder *builder = NULL;
	struct hidp_plan *plan = NULL;
	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
	uint32_t count = hidp_model_layer_count(model), computed = 0;
	bench_must(hidp_plan_builder_new(model, cluster, NULL, NULL, &builder, &d), &d, "builder");
	stage.kind = HIDP_STAGE_SINGLE;
	stage.layer_count = count;
	bench_must(hidp_plan_builder_add_stage(builder, &stage, &d), &d, "stage");
	bench_must(hidp_plan_builder_add_share(builder, &share, &d), &d, "share");
	for (hidp_layer_id l = 0; l < count; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		bench_must(hidp_model_layer(model, l, &info), NULL, "layer");
		if (info.op == HIDP_OP_INPUT)
			continue;
		computed++;
		if (steps != READY_WHOLE)
			add_step(builder, 1, &info, steps);
	}
	if (steps == READY_WHOLE)
		add_step(builder, computed, NULL, steps);
	bench_must(hidp_plan_builder_seal(builder, &plan, &d), &d, "plan");
	hidp_plan_builder_destroy(builder);
	return plan;
}

/* The block, with its inputs filled in. */
static void make_memory(struct ready *r)
{
	size_t bytes = ((size_t)r->info.memory_bytes + 63) / 64 * 64;
	uint32_t state = 1;
	r->memory = aligned_alloc(64, bytes);
	r->scratch = aligned_alloc(64, (r->scratch_bytes + 64) / 64 * 64);
	if (r->memory == NULL || r->scratch == NULL)
		bench_fail("out of memory");
	memset(r->memory, 0, bytes);
	memset(r->scratch, 0, r->scratch_bytes);
	for (uint32_t i = 0; i < r->info.buffer_count; i++) {
		struct hidp_buffer_info buffer = HIDP_BUFFER_INFO_INIT;
		bench_must(hidp_programs_get_buffer(r->programs, i, &buffer), NULL, "buffer");
		if (!(buffer.flags & HIDP_BUFFER_INPUT))
			continue;
		for (uint64_t k = 0; k < buffer.bytes; k += sizeof(float)) {
			state = state * 1664525 + 1013904223;
			float value = (float)(state >> 8) * 0x1p-23f - 1;
			memcpy(r->memory + buffer.offset + k, &value, sizeof value);
		}
	}
}

void ready_init(const struct bench *bench, struct ready *r, const struct ready_kernels *kernels,
                const struct hidp_plan *plan, struct zoo_weights *weights, bool direct)
{
	const struct hidp_kernels *table = kernels->table();
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	*r = (struct ready){.kernels = kernels, .info = HIDP_PROGRAMS_INFO_INIT};
	bench_must(kernels->create(hidp_plan_model(plan), weights, direct, &r->object, &d), &d,
	           "kernels");
	bench_must(hidp_programs_new(plan, 0, 0, &r->programs, &d), &d, "programs");
	bench_must(hidp_programs_get_info(r->programs, &r->info), NULL, "programs");
	bench_must(table->enter(r->object, 1), NULL, "enter");
	r->prepared = calloc(r->info.task_count, sizeof *r->prepared);
	if (r->prepared == NULL)
		bench_fail("out of memory");
	double began = bench_now(bench);
	for (uint32_t t = 0; t < r->info.task_count; t++) {
		size_t scratch;
		bench_must(
			table->prepare(r->object, r->programs, t, &r->prepared[t], &scratch, &d),
			&d, "prepare");
		r->scratch_bytes = scratch > r->scratch_bytes ? scratch : r->scratch_bytes;
	}
	r->prepare_s = bench_now(bench) - began;
	make_memory(r);
}

void ready_clear(struct ready *r)
{
	for (uint32_t t = 0; t < r->info.task_count; t++)
		r->kernels->table()->release(r->object, r->prepared[t]);
	free(r->prepared);
	free(r->memory);
	free(r->scratch);
	hidp_programs_unref(r->programs);
	r->kernels->destroy(r->object);
}

double ready_run(const struct bench *bench, const struct ready *r, uint32_t task)
{
	double began = bench_now(bench);
	bench_must(r->kernels->table()->run(r->object, r->prepared[task], r->memory, r->scratch),
	           NULL, "run");
	return bench_now(bench) - began;
}

uint32_t ready_cores(uint32_t *cores, uint32_t max)
{
	cpu_set_t set;
	uint32_t count = 0;
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 0;
	for (uint32_t i = 0; i < CPU_SETSIZE && count < max; i++)
		if (CPU_ISSET(i, &set))
			cores[count++] = i;
	return count;
}

void ready_pin(uint32_t core)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}
