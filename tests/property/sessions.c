/* SPDX-License-Identifier: MIT */
/*
 * Sessions of random plans, all nodes in one process:
 *
 *     sessions [--count N] [--seed N]
 *
 * The kernels compute nothing: every element of a tensor is the name of its place, marked with
 * the request it belongs to. A call must find exactly that in all its inputs, of one request,
 * so that a task that runs too early, a message that goes astray, or memory of two requests
 * that gets mixed up comes to light. Several requests are under way at once; some are
 * cancelled, some fail in a kernel, messages and kernels are slow at random.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hidp/plugin/kernels.h>

#include "count_seed.h"
#include "inproc_transport.h"
#include "show.h"

#define SEED 20251600
#define PATIENCE_S 20

struct tally {
	uint64_t plans, requests, done, cancelled, failed, messages, held, failures;
};

struct trial;

/* The kernels of a node. */
struct element_kernels {
	struct trial *trial;
	hidp_node_id node;
};

struct trial {
	struct tally *tally;
	struct random_instance in;
	struct rng rng;
	struct hidp_plan *plan;
	uint32_t node_count;
	struct inproc_hub *hub;
	struct element_kernels *kernels;
	struct hidp_session **sessions;
	hidp_node_id input_node, output_node;
	atomic_uint dice;      /* for delays */
	unsigned slow_percent; /* of calls */
	atomic_int fail_mark;  /* the request of this mark fails; -1: none */
	atomic_bool is_wrong;
	char wrong[256];
};

static void wrong(struct trial *t, const char *what, hidp_node_id node, hidp_layer_id layer)
{
	if (!atomic_exchange(&t->is_wrong, true))
		snprintf(t->wrong, sizeof t->wrong, "%s: node %u, layer %u", what, node, layer);
}

static void nap(unsigned us)
{
	const struct timespec t = {0, (long)us * 1000};
	nanosleep(&t, NULL);
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
	struct prepared *p = malloc(sizeof *p);
	(void)user_data;
	(void)diagnostic;
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

static hidp_status run_call(struct element_kernels *k, const struct prepared *p, uint32_t number,
                            uint8_t *memory)
{
	struct trial *t = k->trial;
	struct hidp_call call = HIDP_CALL_INIT;
	uint32_t mark = NO_MARK, output;
	support_must(hidp_programs_get_call(p->programs, p->task, number, &call), NULL, "call");
	for (uint32_t i = 0; i < call.input_count; i++) {
		struct hidp_row_rule rule;
		struct hidp_buffer_info b = HIDP_BUFFER_INFO_INIT;
		uint32_t buffer;
		struct box box;
		support_must(hidp_model_layer_input(t->in.model, call.layer, i, NULL, &rule, NULL),
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
		support_must(hidp_model_layer(t->in.model, call.layer, &info), NULL, "layer");
		support_must(hidp_model_layer_input(t->in.model, call.layer, i, NULL, NULL, &own),
		             NULL, "input");
		if (own) {
			box.channel_begin =
				call.channel_begin * b.shape.channels / info.shape.channels;
			box.channel_end = call.channel_end * b.shape.channels / info.shape.channels;
		}
		if (!visit(memory, &b, box, &mark, false))
			wrong(t, "an input is not there", k->node, call.layer);
	}
	if ((int)mark == atomic_load(&t->fail_mark))
		return HIDP_ERR_LIMIT;
	if (rng_chance(&(struct rng){atomic_fetch_add(&t->dice, 7919)}, t->slow_percent))
		nap(100);
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
	struct element_kernels *k = user_data;
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

static const struct hidp_kernels element_kernels = {
	.struct_size = sizeof element_kernels,
	.abi = HIDP_PLUGIN_ABI,
	.name = "elements",
	.supports = supports,
	.prepare = prepare,
	.run = run,
	.release = release,
};

static void start(struct trial *t, uint32_t slots)
{
	struct hidp_plan_options o = HIDP_PLAN_OPTIONS_INIT;
	support_must(hidp_plan_get_options(t->plan, &o), NULL, "options");
	t->input_node = (o.flags & HIDP_PLAN_INPUT_AT) != 0 ? o.input_node : o.leader;
	t->output_node = (o.flags & HIDP_PLAN_OUTPUT_AT) != 0 ? o.output_node : o.leader;
	t->node_count = hidp_cluster_node_count(t->in.cluster);
	t->hub = inproc_hub_new(t->node_count, rng_bits(&t->rng));
	t->kernels = calloc(t->node_count, sizeof *t->kernels);
	t->sessions = calloc(t->node_count, sizeof(struct hidp_session *));
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		struct hidp_session_options so = HIDP_SESSION_OPTIONS_INIT;
		struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
		so.flags = HIDP_SESSION_UNPINNED;
		so.node = n;
		so.slots = slots;
		so.spin_s = rng_chance(&t->rng, 50) ? -1 : 0;
		so.plan_id = t->in.seed;
		t->kernels[n] = (struct element_kernels){t, n};
		support_must(hidp_session_new(t->plan, &so, &t->sessions[n], &diag), &diag,
		             "session");
		support_must(hidp_session_set_kernels(t->sessions[n], HIDP_PROCESSOR_NONE,
		                                      &element_kernels, &t->kernels[n]),
		             NULL, "kernels");
		support_must(hidp_session_set_transport(t->sessions[n], inproc_transport(),
		                                        inproc_node(t->hub, n)),
		             NULL, "transport");
		support_must(hidp_session_start(t->sessions[n], &diag), &diag, "start");
	}
}

/* Whole tensors, as the host knows them: by rising layer. */
static void **make_tensors(struct trial *t, bool inputs, uint32_t *count)
{
	uint32_t layers = hidp_model_layer_count(t->in.model);
	void **tensors = calloc(layers, sizeof *tensors);
	*count = 0;
	for (hidp_layer_id l = 0; l < layers; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		support_must(hidp_model_layer(t->in.model, l, &info), NULL, "layer");
		if (inputs ? info.op == HIDP_OP_INPUT : (info.flags & HIDP_LAYER_OUTPUT) != 0)
			tensors[(*count)++] = calloc(1, (size_t)info.output_bytes);
	}
	return tensors;
}

/* Fills in or checks all elements of inputs or outputs. */
static void visit_tensors(struct trial *t, void **tensors, bool inputs, uint32_t mark)
{
	uint32_t layers = hidp_model_layer_count(t->in.model), at = 0;
	for (hidp_layer_id l = 0; l < layers; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		support_must(hidp_model_layer(t->in.model, l, &info), NULL, "layer");
		if (!(inputs ? info.op == HIDP_OP_INPUT : (info.flags & HIDP_LAYER_OUTPUT) != 0))
			continue;
		struct hidp_buffer_info b = HIDP_BUFFER_INFO_INIT;
		b.layer = l;
		b.shape = info.shape;
		b.batch_stride = info.output_bytes / (uint64_t)info.shape.batch;
		b.row_stride = b.batch_stride / (uint64_t)info.shape.rows;
		b.pixel_stride = b.row_stride / (uint64_t)info.shape.width;
		const struct box all = {0, info.shape.rows, 0, info.shape.channels};
		if (!visit(tensors[at++], &b, all, &mark, inputs))
			wrong(t, "an output is not right", t->output_node, l);
	}
}

struct pending {
	uint64_t request;
	uint32_t mark;
	bool cancelled, fails;
};

static void finish(struct trial *t, const struct pending *p, void **outputs, uint32_t count)
{
	hidp_status s = hidp_session_wait(t->sessions[t->output_node], p->request, PATIENCE_S,
	                                  outputs, count);
	t->tally->requests++;
	if (s == HIDP_OK) {
		t->tally->done++;
		if (p->fails)
			wrong(t, "a request that fails did not", t->output_node, 0);
		visit_tensors(t, outputs, false, p->mark);
	} else if (s == HIDP_ERR_CANCELLED && p->cancelled) {
		t->tally->cancelled++;
	} else if (s == HIDP_ERR_LIMIT && p->fails) {
		t->tally->failed++;
	} else {
		wrong(t, hidp_status_string(s), t->output_node, (hidp_layer_id)p->request);
	}
}

/* Requests as quickly as slots allow, waited for in their order. */
static void work(struct trial *t, uint32_t requests, uint32_t slots)
{
	struct pending *queue = calloc(slots, sizeof *queue);
	uint32_t input_count, output_count, begun = 0, ended = 0;
	void **inputs = make_tensors(t, true, &input_count);
	void **outputs = make_tensors(t, false, &output_count);
	while (ended < requests && !atomic_load(&t->is_wrong)) {
		struct pending p = {.mark = begun % 250 + 1};
		hidp_status s = HIDP_ERR_BUSY;
		bool disturbed = t->input_node == t->output_node;
		if (begun < requests && begun - ended < slots) {
			/* the next failing request is told of before it begins */
			p.fails = disturbed && atomic_load(&t->fail_mark) < 0 &&
			          rng_chance(&t->rng, 10);
			if (p.fails)
				atomic_store(&t->fail_mark, (int)p.mark);
			visit_tensors(t, inputs, true, p.mark);
			s = hidp_session_submit(t->sessions[t->input_node],
			                        (const void *const *)inputs, input_count,
			                        &p.request);
		}
		if (s == HIDP_OK) {
			if (disturbed && !p.fails && rng_chance(&t->rng, 10)) {
				nap((unsigned)rng_below(&t->rng, 300));
				p.cancelled = true;
				support_must(
					hidp_session_cancel(t->sessions[t->input_node], p.request),
					NULL, "cancel");
			}
			if (p.request != begun)
				wrong(t, "requests are not counted", t->input_node, 0);
			queue[begun++ % slots] = p;
			continue;
		}
		if (p.fails)
			atomic_store(&t->fail_mark, -1);
		if (s != HIDP_ERR_BUSY)
			wrong(t, hidp_status_string(s), t->input_node, 0);
		if (ended == begun) {
			nap(50); /* the output node's word that the result was taken is on its way
			          */
			continue;
		}
		finish(t, &queue[ended % slots], outputs, output_count);
		if (queue[ended % slots].fails)
			atomic_store(&t->fail_mark, -1);
		ended++;
	}
	for (uint32_t i = 0; i < input_count; i++)
		free(inputs[i]);
	for (uint32_t i = 0; i < output_count; i++)
		free(outputs[i]);
	free(inputs);
	free(outputs);
	free(queue);
}

static void stop(struct trial *t)
{
	uint32_t first = (uint32_t)rng_below(&t->rng, t->node_count);
	for (uint32_t k = 0; k < t->node_count; k++) {
		hidp_node_id n = (first + k) % t->node_count;
		struct hidp_session_statistics st = HIDP_SESSION_STATISTICS_INIT;
		hidp_session_close(t->sessions[n]);
		support_must(hidp_session_get_statistics(t->sessions[n], &st), NULL, "statistics");
		t->tally->messages += st.messages_received;
		t->tally->held += st.messages_held;
		if (st.messages_refused != 0)
			wrong(t, "messages are refused", n, 0);
	}
	for (hidp_node_id n = 0; n < t->node_count; n++)
		hidp_session_destroy(t->sessions[n]);
	inproc_hub_destroy(t->hub);
	free(t->kernels);
	free(t->sessions);
}

static void trial(struct tally *tally, struct hidp_context *context, uint64_t seed)
{
	struct trial t = {.tally = tally};
	struct random_params p;
	random_params_init(&p);
	rng_seed(&t.rng, seed);
	atomic_init(&t.fail_mark, -1);
	atomic_init(&t.dice, (unsigned)seed);
	p.layers_max = 12;
	p.nodes_max = 4;
	p.processors_max = 3;
	p.rows_max = 12;
	p.channels_max = 8;
	p.dag = rng_chance(&t.rng, 80);
	p.stream = rng_chance(&t.rng, 50);
	p.odd_layers = p.odd_links = false;
	random_instance_init(&t.in, context, &p, seed);
	if (random_plan(&t.in, &t.rng, &t.plan) == HIDP_OK) {
		uint32_t slots = (uint32_t)rng_between(&t.rng, 1, 4);
		struct inproc_chances chances = {.delay = 30, .delay_us_max = 300};
		t.slow_percent = rng_chance(&t.rng, 50) ? 20 : 0;
		start(&t, slots);
		if (rng_chance(&t.rng, 50))
			inproc_set_rule(t.hub, inproc_rule_by_chance, &chances);
		work(&t, 8, slots);
		stop(&t);
		tally->plans++;
		if (atomic_load(&t.is_wrong)) {
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
	unsigned long long count = 200, seed = SEED;
	struct tally tally = {0};
	struct hidp_context *context;
	if (!read_count_and_seed(argc, argv, "sessions", &count, &seed))
		return 2;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (uint64_t i = 0; i < count && tally.failures < 3; i++)
		trial(&tally, context, seed + i);
	hidp_context_unref(context);
	printf("%llu plans, %llu requests: %llu done, %llu cancelled, %llu failed; %llu messages, "
	       "%llu of them held: %llu wrong\n",
	       (unsigned long long)tally.plans, (unsigned long long)tally.requests,
	       (unsigned long long)tally.done, (unsigned long long)tally.cancelled,
	       (unsigned long long)tally.failed, (unsigned long long)tally.messages,
	       (unsigned long long)tally.held, (unsigned long long)tally.failures);
	return tally.failures != 0 || tally.plans == 0;
}
