/* SPDX-License-Identifier: MIT */
/*
 * Programs of random plans, carried out on paper:
 *
 *     programs [--count N] [--seed N]
 *
 * The programs of all nodes are walked in a random order that their rules allow, many tasks at
 * once. Every byte of every block remembers which element of which tensor it holds: each call
 * must find the elements that the layer's row rules ask for, when it begins and when it ends,
 * and at the end the output node holds all outputs. What a task does not wait for although it
 * should, and memory that two tensors use at once, comes to light in that way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count_seed.h"
#include "show.h"

#define SEED 20251500

struct tally {
	uint64_t plans, nodes, tasks, messages, copies, failures;
	double worst_waste, worst_share; /* block and live bytes against what is live and the plan says */
};

/* What a processor, or what sends, is at. */
struct lane {
	uint32_t task;  /* HIDP_TASK_NONE: done */
	uint32_t phase; /* two for each call, two for each copy, two to send */
};

struct node {
	struct hidp_programs *programs;
	struct hidp_programs_info info;
	uint32_t processors;
	uint32_t *block; /* [memory_bytes] what each byte holds */
	bool *done;      /* [task] */
	struct lane *lanes; /* [processors + 1] the last one sends */
	uint32_t left;
};

struct message {
	bool sent;
	uint32_t *bytes; /* what it carries */
	size_t size;
	hidp_layer_id layer;
};

struct trial {
	struct tally *tally;
	struct random_instance in;
	struct rng rng;
	struct hidp_plan *plan;
	uint32_t node_count, message_count;
	struct node *nodes;
	struct message *messages;
	char wrong[512]; /* what went wrong first; empty: nothing */
};

#define WRONG(t, ...)                                                                              \
	do {                                                                                       \
		if ((t)->wrong[0] == '\0')                                                         \
			snprintf((t)->wrong, sizeof(t)->wrong, __VA_ARGS__);                       \
	} while (0)

/* The name of an element; never 0, which is what nobody wrote. */
static uint32_t element(hidp_layer_id layer, int64_t image, int64_t row, int64_t column,
                        int64_t channel)
{
	uint64_t h = layer;
	const int64_t at[4] = {image, row, column, channel};
	for (int i = 0; i < 4; i++)
		h = (h ^ (uint64_t)at[i]) * 0x9e3779b97f4a7c15u + (h >> 29);
	return (uint32_t)(h >> 32) | 1u;
}

static struct hidp_buffer_info buffer_of(const struct node *n, uint32_t buffer)
{
	struct hidp_buffer_info b = HIDP_BUFFER_INFO_INIT;
	support_must(hidp_programs_get_buffer(n->programs, buffer, &b), NULL, "buffer");
	return b;
}

static struct hidp_program_task task_of(const struct node *n, uint32_t task)
{
	struct hidp_program_task t = HIDP_PROGRAM_TASK_INIT;
	support_must(hidp_programs_get_task(n->programs, task, &t), NULL, "task");
	return t;
}

struct box {
	int64_t row_begin, row_end, channel_begin, channel_end;
};

enum touch { CHECK, WRITE, SPOIL };

/* Looks at, writes or spoils part of a buffer; a box outside of it is wrong. */
static void touch(struct trial *t, struct node *n, uint32_t buffer, struct box box,
                  enum touch how, const char *who, uint32_t task)
{
	struct hidp_buffer_info b = buffer_of(n, buffer);
	uint64_t size = b.pixel_stride / (uint64_t)b.shape.channels;
	if (box.row_begin >= box.row_end)
		return;
	if (box.row_begin < b.row_begin || box.row_end > b.row_end) {
		WRONG(t, "node %u, task %u, %s: rows %lld to %lld of layer %u, the buffer has %lld to %lld",
		      n->info.node, task, who, (long long)box.row_begin, (long long)box.row_end,
		      b.layer, (long long)b.row_begin, (long long)b.row_end);
		return;
	}
	for (int64_t i = 0; i < b.shape.batch; i++)
		for (int64_t r = box.row_begin; r < box.row_end; r++)
			for (int64_t w = 0; w < b.shape.width; w++)
				for (int64_t c = box.channel_begin; c < box.channel_end; c++) {
					uint64_t at = b.offset + (uint64_t)i * b.batch_stride +
					              (uint64_t)(r - b.row_begin) * b.row_stride +
					              (uint64_t)w * b.pixel_stride + (uint64_t)c * size;
					uint32_t name = element(b.layer, i, r, w, c);
					for (uint64_t k = 0; k < size; k++) {
						uint32_t *byte = &n->block[at + k];
						if (how == CHECK && *byte != name) {
							WRONG(t, "node %u, task %u, %s: row %lld, channel %lld "
							      "of layer %u is not there",
							      n->info.node, task, who, (long long)r,
							      (long long)c, b.layer);
							return;
						}
						if (how != CHECK)
							*byte = how == WRITE ? name : 0;
					}
				}
}

static struct box whole_rows(const struct node *n, uint32_t buffer, int64_t begin, int64_t end)
{
	return (struct box){begin, end, 0, buffer_of(n, buffer).shape.channels};
}

/* The operands of a call: inputs must be there, the output is spoilt and then written. */
static void walk_call(struct trial *t, struct node *n, uint32_t task, uint32_t number, bool ends)
{
	struct hidp_call call = HIDP_CALL_INIT;
	uint32_t output;
	support_must(hidp_programs_get_call(n->programs, task, number, &call), NULL, "call");
	support_must(hidp_programs_get_operand(n->programs, task, number, HIDP_OPERAND_OUTPUT,
	                                       &output),
	             NULL, "output");
	struct box out = {call.row_begin, call.row_end, call.channel_begin, call.channel_end};
	struct hidp_buffer_info made = buffer_of(n, output);
	if (made.layer != call.layer)
		WRONG(t, "node %u, task %u: layer %u is written to the buffer of layer %u",
		      n->info.node, task, call.layer, made.layer);
	for (uint32_t i = 0; i < call.input_count; i++) {
		hidp_layer_id layer;
		struct hidp_row_rule rule;
		bool own;
		uint32_t buffer;
		struct box in;
		support_must(hidp_model_layer_input(t->in.model, call.layer, i, &layer, &rule, &own),
		             NULL, "input");
		support_must(hidp_programs_get_operand(n->programs, task, number, i, &buffer), NULL,
		             "operand");
		if (buffer == HIDP_BUFFER_NONE) {
			struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
			support_must(hidp_model_layer(t->in.model, layer, &info), NULL, "layer");
			hidp_row_rule_apply(&rule, info.shape.rows, call.row_begin, call.row_end,
			                    &in.row_begin, &in.row_end);
			if (in.row_begin < in.row_end)
				WRONG(t, "node %u, task %u: layer %u has no input %u", n->info.node,
				      task, call.layer, i);
			continue;
		}
		struct hidp_buffer_info b = buffer_of(n, buffer);
		if (b.layer != layer) {
			WRONG(t, "node %u, task %u: layer %u reads layer %u in place of %u",
			      n->info.node, task, call.layer, b.layer, layer);
			return;
		}
		hidp_row_rule_apply(&rule, b.shape.rows, call.row_begin, call.row_end,
		                    &in.row_begin, &in.row_end);
		in.channel_begin = 0;
		in.channel_end = b.shape.channels;
		if (own) {
			in.channel_begin =
			        call.channel_begin * b.shape.channels / made.shape.channels;
			in.channel_end = call.channel_end * b.shape.channels / made.shape.channels;
		}
		touch(t, n, buffer, in, CHECK, ends ? "end" : "begin", task);
	}
	touch(t, n, output, out, ends ? WRITE : SPOIL, "output", task);
}

static void walk_copy(struct trial *t, struct node *n, uint32_t task, uint32_t number, bool ends)
{
	uint32_t from, to;
	int64_t begin, end;
	support_must(hidp_programs_get_copy(n->programs, task, number, &from, &to, &begin, &end),
	             NULL, "copy");
	if (buffer_of(n, from).layer != buffer_of(n, to).layer)
		WRONG(t, "node %u, task %u: copy between layers", n->info.node, task);
	touch(t, n, from, whole_rows(n, from, begin, end), CHECK, "copy", task);
	touch(t, n, to, whole_rows(n, to, begin, end), ends ? WRITE : SPOIL, "copy", task);
	t->tally->copies += ends;
}

/* Goes over the bytes of a message in their order; take: into it, else out of it. */
static void carry(struct trial *t, struct node *n, uint32_t task, bool take)
{
	struct hidp_program_task info = task_of(n, task);
	struct message *m = &t->messages[info.message];
	struct hidp_buffer_info b = buffer_of(n, info.buffer);
	size_t at = 0;
	for (uint32_t p = 0; p < info.part_count; p++) {
		int64_t begin, end;
		support_must(hidp_programs_get_part(n->programs, task, p, &begin, &end), NULL,
		             "part");
		if (begin < b.row_begin || end > b.row_end || begin >= end) {
			WRONG(t, "node %u, task %u: message %u has rows that the buffer has not",
			      n->info.node, task, info.message);
			return;
		}
		for (int64_t i = 0; i < b.shape.batch; i++) {
			uint32_t *rows = n->block + b.offset + (uint64_t)i * b.batch_stride +
			                 (uint64_t)(begin - b.row_begin) * b.row_stride;
			size_t size = (size_t)(end - begin) * b.row_stride;
			if (take) {
				m->bytes = realloc(m->bytes, (m->size + size) * sizeof *m->bytes);
				memcpy(m->bytes + m->size, rows, size * sizeof *rows);
				m->size += size;
			} else if (at + size <= m->size) {
				memcpy(rows, m->bytes + at, size * sizeof *rows);
			}
			at += size;
		}
	}
	if (take)
		m->layer = b.layer;
	if (m->layer != b.layer || at != m->size)
		WRONG(t, "node %u, task %u: message %u is of layer %u with %zu bytes, expected %u, %zu",
		      n->info.node, task, info.message, m->layer, m->size, b.layer, at);
}

static void check_message(struct trial *t, struct node *n, uint32_t task)
{
	struct hidp_program_task info = task_of(n, task);
	for (uint32_t p = 0; p < info.part_count; p++) {
		int64_t begin, end;
		support_must(hidp_programs_get_part(n->programs, task, p, &begin, &end), NULL,
		             "part");
		touch(t, n, info.buffer, whole_rows(n, info.buffer, begin, end), CHECK, "message",
		      task);
	}
}

static bool may_begin(const struct node *n, uint32_t task)
{
	struct hidp_program_task info = task_of(n, task);
	for (uint32_t i = 0; i < info.dependency_count; i++)
		if (!n->done[info.dependencies[i]])
			return false;
	return true;
}

static void finish(struct trial *t, struct node *n, uint32_t task)
{
	if (n->done[task])
		WRONG(t, "node %u: task %u is in two programs", n->info.node, task);
	n->done[task] = true;
	n->left--;
	t->tally->tasks++;
}

/* One move of a lane: the beginning or the end of a call, a copy, a message. false: it waits. */
static bool walk_lane(struct trial *t, struct node *n, uint32_t number)
{
	struct lane *lane = &n->lanes[number];
	if (lane->task == HIDP_TASK_NONE)
		return false;
	if (lane->phase == 0 && !may_begin(n, lane->task))
		return false;
	struct hidp_program_task info = task_of(n, lane->task);
	uint32_t step = lane->phase / 2, steps = info.call_count + info.copy_count;
	bool ends = lane->phase % 2 != 0;
	if (info.kind == HIDP_TASK_SEND) {
		struct message *m = &t->messages[info.message];
		steps = 1;
		check_message(t, n, lane->task);
		if (ends && m->sent)
			WRONG(t, "message %u is sent twice", info.message);
		if (ends)
			carry(t, n, lane->task, true);
		m->sent = ends;
	} else if (step < info.call_count) {
		walk_call(t, n, lane->task, step, ends);
	} else {
		walk_copy(t, n, lane->task, step - info.call_count, ends);
	}
	if (++lane->phase == 2 * steps) {
		finish(t, n, lane->task);
		lane->phase = 0;
		lane->task = hidp_programs_next_task(n->programs, info.kind, info.processor,
		                                     lane->task);
	}
	return true;
}

/* A message that came, if its memory is free. */
static bool walk_receive(struct trial *t, struct node *n, uint32_t task)
{
	struct hidp_program_task info = task_of(n, task);
	if (n->done[task] || !t->messages[info.message].sent || !may_begin(n, task))
		return false;
	carry(t, n, task, false);
	check_message(t, n, task);
	finish(t, n, task);
	t->tally->messages++;
	return true;
}

/* A random move of a random node; false: nobody can do anything any more. */
static bool move(struct trial *t)
{
	uint32_t first = (uint32_t)rng_below(&t->rng, t->node_count);
	for (uint32_t k = 0; k < t->node_count; k++) {
		struct node *n = &t->nodes[(first + k) % t->node_count];
		uint32_t lanes = n->processors + 1, from = (uint32_t)rng_below(&t->rng, lanes + 1);
		for (uint32_t i = 0; i <= lanes; i++) {
			uint32_t lane = (from + i) % (lanes + 1);
			if (lane < lanes && walk_lane(t, n, lane))
				return true;
			if (lane < lanes)
				continue;
			for (uint32_t task = HIDP_TASK_NONE;
			     (task = hidp_programs_next_task(n->programs, HIDP_TASK_RECEIVE, 0, task)) !=
			     HIDP_TASK_NONE;)
				if (walk_receive(t, n, task))
					return true;
		}
	}
	return false;
}

static void begin_node(struct trial *t, hidp_node_id node, uint32_t route)
{
	struct node *n = &t->nodes[node];
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	*n = (struct node){.info = HIDP_PROGRAMS_INFO_INIT};
	support_must(hidp_programs_new(t->plan, route, node, &n->programs, &diag), &diag, "programs");
	support_must(hidp_programs_get_info(n->programs, &n->info), NULL, "info");
	n->processors = hidp_cluster_processor_count(t->in.cluster, node);
	n->block = calloc((size_t)n->info.memory_bytes + 1, sizeof *n->block);
	n->done = calloc((size_t)n->info.task_count + 1, sizeof *n->done);
	n->lanes = calloc((size_t)n->processors + 1, sizeof *n->lanes);
	n->left = n->info.task_count;
	for (uint32_t p = 0; p <= n->processors; p++)
		n->lanes[p].task = hidp_programs_next_task(
		        n->programs, p < n->processors ? HIDP_TASK_COMPUTE : HIDP_TASK_SEND, p,
		        HIDP_TASK_NONE);
	for (uint32_t b = 0; b < n->info.buffer_count; b++) {
		struct hidp_buffer_info info = buffer_of(n, b);
		if (info.offset % HIDP_BUFFER_ALIGNMENT != 0 ||
		    info.offset + info.bytes + HIDP_BUFFER_TAIL > n->info.memory_bytes)
			WRONG(t, "node %u: buffer %u lies outside the block", node, b);
		if ((info.flags & HIDP_BUFFER_INPUT) != 0)
			touch(t, n, b, whole_rows(n, b, 0, info.shape.rows), WRITE, "input",
			      HIDP_TASK_NONE);
	}
	t->tally->nodes += n->info.task_count != 0;
}

/* Memory: no more than what lives at once but for gaps, and no more than the plan says. */
static void compare_memory(struct trial *t, const struct node *n)
{
	struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
	support_must(hidp_plan_get_node_figures(t->plan, n->info.node, &f), NULL, "figures");
	double planned = (double)(f.memory_bytes - f.weight_bytes);
	if (n->info.live_bytes > n->info.memory_bytes)
		WRONG(t, "node %u: more lives in the block than it has", n->info.node);
	if (n->info.live_bytes == 0)
		return;
	double waste = (double)n->info.memory_bytes / (double)n->info.live_bytes;
	double share = (double)n->info.live_bytes / planned;
	/* small tensors are lost in the alignment */
	if (n->info.live_bytes > 64 * HIDP_BUFFER_ALIGNMENT && waste > t->tally->worst_waste)
		t->tally->worst_waste = waste;
	if (share > t->tally->worst_share)
		t->tally->worst_share = share;
}

static void end_node(struct trial *t, struct node *n)
{
	uint32_t outputs = 0;
	if (n->left != 0)
		WRONG(t, "node %u: %u tasks are never done", n->info.node, n->left);
	for (uint32_t b = 0; b < n->info.buffer_count; b++) {
		struct hidp_buffer_info info = buffer_of(n, b);
		if ((info.flags & HIDP_BUFFER_OUTPUT) == 0)
			continue;
		outputs++;
		touch(t, n, b, whole_rows(n, b, 0, info.shape.rows), CHECK, "output", HIDP_TASK_NONE);
	}
	struct hidp_plan_options o = HIDP_PLAN_OPTIONS_INIT;
	support_must(hidp_plan_get_options(t->plan, &o), NULL, "options");
	hidp_node_id at = (o.flags & HIDP_PLAN_OUTPUT_AT) != 0 ? o.output_node : o.leader;
	if ((outputs != 0) != (at == n->info.node))
		WRONG(t, "node %u has %u outputs", n->info.node, outputs);
	compare_memory(t, n);
	hidp_programs_unref(n->programs);
	free(n->block);
	free(n->done);
	free(n->lanes);
}

static void run_route(struct trial *t, uint32_t route)
{
	t->node_count = hidp_cluster_node_count(t->in.cluster);
	t->nodes = calloc(t->node_count, sizeof *t->nodes);
	for (hidp_node_id n = 0; n < t->node_count; n++)
		begin_node(t, n, route);
	t->message_count = t->nodes[0].info.message_count;
	t->messages = calloc((size_t)t->message_count + 1, sizeof *t->messages);
	while (t->wrong[0] == '\0' && move(t))
		;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		end_node(t, &t->nodes[n]);
	for (uint32_t m = 0; m < t->message_count; m++) {
		if (!t->messages[m].sent)
			WRONG(t, "message %u is never sent", m);
		free(t->messages[m].bytes);
	}
	free(t->messages);
	free(t->nodes);
}

static void run(struct tally *tally, struct hidp_context *context, uint64_t seed)
{
	struct trial t = {.tally = tally};
	struct random_params p;
	random_params_init(&p);
	rng_seed(&t.rng, seed);
	p.layers_max = 14;
	p.nodes_max = 5;
	p.processors_max = 4;
	p.rows_max = 16;
	p.channels_max = 12;
	p.dag = rng_chance(&t.rng, 80);
	p.odd_layers = rng_chance(&t.rng, 60);
	p.unequal = rng_chance(&t.rng, 40);
	p.odd_links = rng_chance(&t.rng, 40);
	p.stream = rng_chance(&t.rng, 40);
	p.groups = rng_chance(&t.rng, 20);
	p.transfers = rng_chance(&t.rng, 20);
	random_instance_init(&t.in, context, &p, seed);
	if (random_plan(&t.in, &t.rng, &t.plan) == HIDP_OK) {
		uint32_t routes = hidp_plan_route_count(t.plan);
		double sum = 0, fraction;
		for (uint32_t r = 0; r < routes; r++) {
			support_must(hidp_plan_get_route_fraction(t.plan, r, &fraction), NULL, "route");
			sum += fraction;
		}
		if (sum < 1 - 1e-9 || sum > 1 + 1e-9)
			WRONG(&t, "the fractions of the routes add up to %.12g", sum);
		for (uint32_t k = 0; k < 3 && k < routes && t.wrong[0] == '\0'; k++)
			run_route(&t, routes <= 3 ? k : (uint32_t)rng_below(&t.rng, routes));
		tally->plans++;
		if (t.wrong[0] != '\0') {
			t.in.seed = seed;
			printf("--seed %llu --count 1: %s\n", (unsigned long long)seed, t.wrong);
			show_instance(&t.in);
			show_plan("the plan", t.plan);
			tally->failures++;
		}
		hidp_plan_unref(t.plan);
	}
	random_instance_destroy(&t.in);
}

int main(int argc, char **argv)
{
	unsigned long long count = 500, seed = SEED;
	struct tally tally = {0};
	struct hidp_context *context;
	if (!read_count_and_seed(argc, argv, "programs", &count, &seed))
		return 2;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (uint64_t i = 0; i < count && tally.failures < 5; i++)
		run(&tally, context, seed + i);
	hidp_context_unref(context);
	printf("%llu plans, %llu nodes with tasks, %llu tasks, %llu messages, %llu copies: %llu wrong\n"
	       "blocks are at most %.3f times what lives in them at once, which is at most %.3f of "
	       "what the plan says\n",
	       (unsigned long long)tally.plans, (unsigned long long)tally.nodes,
	       (unsigned long long)tally.tasks, (unsigned long long)tally.messages,
	       (unsigned long long)tally.copies, (unsigned long long)tally.failures,
	       tally.worst_waste, tally.worst_share);
	return tally.failures != 0 || tally.plans == 0;
}
