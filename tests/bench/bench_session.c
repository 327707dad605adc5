/* SPDX-License-Identifier: MIT */
/*
 * What the runtime itself costs: chains of tiny layers, with kernels that do nothing, so that
 * all the time is the session's own.
 *
 *     task      one worker runs all layers: a task after another
 *     hand-over two workers take turns: each task waits for the other worker's last
 *     message   two sessions take turns, over a transport: each task waits for a message;
 *               beside it the transport alone, with messages of the same size, in turns with it
 *
 * A repetition is a request (or as many messages); its time is divided by their number.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hidp/plugin/kernels.h>
#include <hidp/plugin/transport.h>

#include "bench.h"
#ifdef BENCH_ZMQ
#include <hidp-zmq.h>
#endif

#define LAYERS 256u
#define HEADER_BYTES 48u /* doc/formats/messages.md */

static const struct bench_column columns[] = {
        {"what", "what", -22, 0, 0},
        {"count", "of them", 8, 0, 1},
        {"bytes", "bytes", 9, 0, 1},
        {"session_median_s", "us each", 9, 2, 1e6},
        {"session_low_s", "25 %", 9, 2, 1e6},
        {"session_high_s", "75 %", 9, 2, 1e6},
        {"alone_median_s", "alone us", 9, 2, 1e6},
        {"alone_low_s", NULL, 0, 0, 0},
        {"alone_high_s", NULL, 0, 0, 0},
        {"beyond_s", "beyond us", 9, 2, 1e6}, /* difference of the medians */
};

static hidp_status supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                            struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	(void)model;
	(void)layer;
	(void)diagnostic;
	return HIDP_OK;
}

static hidp_status prepare(void *user_data, const struct hidp_programs *programs, uint32_t task,
                           void **prepared_out, size_t *scratch_bytes_out,
                           struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	(void)programs;
	(void)task;
	(void)diagnostic;
	*prepared_out = NULL;
	*scratch_bytes_out = 0;
	return HIDP_OK;
}

static hidp_status run(void *user_data, void *prepared, void *memory, void *scratch)
{
	(void)user_data;
	(void)prepared;
	(void)memory;
	(void)scratch;
	return HIDP_OK;
}

static void release(void *user_data, void *prepared)
{
	(void)user_data;
	(void)prepared;
}

static const struct hidp_kernels nothing = {
        .struct_size = sizeof nothing,
        .abi = HIDP_PLUGIN_ABI,
        .name = "nothing",
        .supports = supports,
        .prepare = prepare,
        .run = run,
        .release = release,
};

/* A chain of activations on tensors of so many elements. */
static struct hidp_model *make_chain(struct hidp_context *context, uint32_t layers,
                                     int64_t elements)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_model_builder *b;
	struct hidp_model *model;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	bench_must(hidp_model_builder_new(context, &options, &b), NULL, "model");
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, elements, 1, 1};
	bench_must(hidp_model_builder_add(b, &d, NULL, NULL), NULL, "input");
	for (hidp_layer_id l = 0; l < layers; l++) {
		d = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
		d.op = HIDP_OP_ACTIVATION;
		d.function = HIDP_ACTIVATION_RELU;
		d.inputs = &l;
		d.input_count = 1;
		bench_must(hidp_model_builder_add(b, &d, NULL, NULL), NULL, "layer");
	}
	bench_must(hidp_model_builder_seal(b, &model, NULL), NULL, "model");
	hidp_model_builder_destroy(b);
	return model;
}

/* Nodes of processors of one core each: 0, 1, ... over all of them. */
static struct hidp_cluster *make_cluster(struct hidp_context *context, uint32_t nodes,
                                         uint32_t processors)
{
	struct hidp_cluster_builder *b;
	struct hidp_cluster *cluster;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	uint32_t core = 0;
	bench_must(hidp_cluster_builder_new(context, &b), NULL, "cluster");
	for (hidp_node_id n = 0; n < nodes; n++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		bench_must(hidp_cluster_builder_add_node(b, &node, NULL, NULL), NULL, "node");
		for (uint32_t p = 0; p < processors; p++) {
			struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
			for (uint32_t c = 0; c < HIDP_CLASS_COUNT; c++)
				d.rate_flops[c] = d.bandwidth_Bps[c] = 1e10;
			d.core_ids = &core;
			d.core_count = 1;
			bench_must(hidp_cluster_builder_add_processor(b, n, &d, NULL, NULL), NULL,
			           "processor");
			core++;
		}
	}
	link.bandwidth_Bps = 1e9;
	if (nodes > 1)
		bench_must(hidp_cluster_builder_link_all(b, &link, NULL), NULL, "links");
	bench_must(hidp_cluster_builder_seal(b, &cluster, NULL), NULL, "cluster");
	hidp_cluster_builder_destroy(b);
	return cluster;
}

/* Layer after layer on the next processor of one node, or on the next node. */
static struct hidp_plan *make_plan(const struct hidp_model *model,
                                   const struct hidp_cluster *cluster, uint32_t turns,
                                   bool over_nodes)
{
	struct hidp_plan_builder *b;
	struct hidp_plan *plan;
	uint32_t layers = hidp_model_layer_count(model) - 1;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	bench_must(hidp_plan_builder_new(model, cluster, NULL, NULL, &b, &said), &said, "plan");
	for (uint32_t l = 0; l < layers; l++) {
		struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
		struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
		struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
		struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
		if (l == 0 || over_nodes) {
			stage.kind = HIDP_STAGE_SINGLE;
			stage.layer_count = over_nodes ? 1 + (l == 0) : layers + 1;
			share.node = over_nodes ? l % turns : 0;
			bench_must(hidp_plan_builder_add_stage(b, &stage, &said), &said, "stage");
			bench_must(hidp_plan_builder_add_share(b, &share, &said), &said, "share");
		}
		step.kind = HIDP_STEP_SINGLE;
		step.layer_count = 1;
		slice.processor = over_nodes ? 0 : l % turns;
		bench_must(hidp_plan_builder_add_step(b, &step, &said), &said, "step");
		bench_must(hidp_plan_builder_add_slice(b, &slice, &said), &said, "slice");
	}
	bench_must(hidp_plan_builder_seal(b, &plan, &said), &said, "plan");
	hidp_plan_builder_destroy(b);
	return plan;
}

/* Ends of a transport between two nodes. */
struct ends {
	const struct hidp_transport *transport;
	void *data[2];
};

static void start(const struct hidp_plan *plan, hidp_node_id node, const struct ends *ends,
                  struct hidp_session **session)
{
	struct hidp_session_options o = HIDP_SESSION_OPTIONS_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	o.node = node;
	bench_must(hidp_session_new(plan, &o, session, &said), &said, "session");
	bench_must(hidp_session_set_kernels(*session, HIDP_PROCESSOR_NONE, &nothing, NULL), NULL,
	           "kernels");
	if (ends != NULL)
		bench_must(hidp_session_set_transport(*session, ends->transport, ends->data[node]),
		           NULL, "transport");
	bench_must(hidp_session_start(*session, &said), &said, "start");
}

/* Seconds of one request. */
static double request(const struct bench *bench, struct hidp_session *session, const void *input)
{
	const void *const inputs[] = {input};
	uint64_t number;
	double begin = bench_now(bench);
	bench_must(hidp_session_submit(session, inputs, 1, &number), NULL, "submit");
	bench_must(hidp_session_wait(session, number, 60, NULL, 0), NULL, "wait");
	return bench_now(bench) - begin;
}

static void add_row(struct bench_table *table, const char *what, uint32_t count, double bytes,
                    struct bench_sample *own, struct bench_sample *alone)
{
	struct bench_spread s = bench_sample_spread(own);
	struct bench_spread none = {.median = NAN, .low = NAN, .high = NAN};
	struct bench_spread a = alone != NULL ? bench_sample_spread(alone) : none;
	bench_text(table, what);
	bench_number(table, count);
	bench_number(table, bytes);
	bench_spread(table, s);
	bench_spread(table, a);
	bench_number(table, s.median - a.median);
}

/* Tasks of one worker, and hand-overs between two, in turns. */
static void bench_workers(const struct bench *bench, struct bench_table *table)
{
	struct bench_sample alone, together;
	struct hidp_session *one, *two;
	float input[16] = {0};
	struct hidp_context *context;
	bench_must(hidp_context_new(NULL, &context), NULL, "context");
	struct hidp_model *model = make_chain(context, LAYERS, 16);
	struct hidp_cluster *cluster = make_cluster(context, 1, 2);
	struct hidp_plan *plan_one = make_plan(model, cluster, 1, false);
	struct hidp_plan *plan_two = make_plan(model, cluster, 2, false);
	start(plan_one, 0, NULL, &one);
	start(plan_two, 0, NULL, &two);
	bench_sample_begin(bench, &alone);
	bench_sample_begin(bench, &together);
	request(bench, one, input);
	request(bench, two, input);
	while (bench_sample_more(bench, &together)) {
		bench_sample_add(&alone, request(bench, one, input) / LAYERS);
		bench_sample_add(&together, request(bench, two, input) / LAYERS);
	}
	add_row(table, "task", LAYERS, 64, &alone, NULL);
	add_row(table, "hand-over", LAYERS, 64, &together, &alone);
	hidp_session_destroy(one);
	hidp_session_destroy(two);
	hidp_plan_unref(plan_one);
	hidp_plan_unref(plan_two);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(context);
}

/* A ball that goes back and forth over a transport. */
struct ball {
	const struct ends *ends;
	const uint8_t *data;
	size_t size;
	atomic_uint left; /* times that it still has to fly */
};

struct player {
	struct ball *ball;
	hidp_node_id node;
};

static void off(void *data, hidp_status status)
{
	(void)data;
	(void)status;
}

static void hit(struct ball *ball, hidp_node_id from)
{
	const struct hidp_segment segments[] = {{ball->data, HEADER_BYTES},
	                                        {ball->data + HEADER_BYTES, ball->size}};
	bench_must(ball->ends->transport->send(ball->ends->data[from], 1 - from, segments, 2, off,
	                                       NULL),
	           NULL, "send");
}

static void returned(void *receiver, hidp_node_id from, const struct hidp_segment *segments,
                     size_t count)
{
	struct player *p = receiver;
	(void)segments;
	(void)count;
	if (atomic_fetch_sub(&p->ball->left, 1) > 1)
		hit(p->ball, 1 - from);
}

static double play(const struct bench *bench, struct ball *ball, unsigned times)
{
	double begin = bench_now(bench);
	atomic_store(&ball->left, times);
	hit(ball, 0);
	while (atomic_load(&ball->left) != 0)
		;
	return bench_now(bench) - begin;
}

typedef bool (*make_ends_fn)(struct ends *ends);
typedef void (*free_ends_fn)(struct ends *ends);

static void bench_messages(const struct bench *bench, struct bench_table *table, const char *what,
                           make_ends_fn make_ends, free_ends_fn free_ends, int64_t elements)
{
	const uint32_t layers = 64;
	struct bench_sample own, alone;
	struct ends for_sessions, for_ball;
	struct hidp_session *sessions[2];
	struct hidp_context *context;
	size_t size = (size_t)elements * sizeof(float);
	uint8_t *data = calloc(1, HEADER_BYTES + size);
	if (!bench_wanted(bench, what) || !make_ends(&for_sessions) || !make_ends(&for_ball)) {
		free(data);
		return;
	}
	bench_must(hidp_context_new(NULL, &context), NULL, "context");
	struct hidp_model *model = make_chain(context, layers, elements);
	struct hidp_cluster *cluster = make_cluster(context, 2, 1);
	struct hidp_plan *plan = make_plan(model, cluster, 2, true);
	struct ball ball = {&for_ball, data, size, 0};
	struct player players[2] = {{&ball, 0}, {&ball, 1}};
	for (hidp_node_id n = 0; n < 2; n++) {
		start(plan, n, &for_sessions, &sessions[n]);
		bench_must(for_ball.transport->open(for_ball.data[n], returned, &players[n], NULL),
		           NULL, "open");
	}
	bench_sample_begin(bench, &own);
	bench_sample_begin(bench, &alone);
	request(bench, sessions[0], data);
	play(bench, &ball, layers);
	/* the last layer is on node 1, so its result is the last of as many messages */
	while (bench_sample_more(bench, &own)) {
		bench_sample_add(&own, request(bench, sessions[0], data) / layers);
		bench_sample_add(&alone, play(bench, &ball, layers) / layers);
	}
	add_row(table, what, layers, (double)size, &own, &alone);
	for (hidp_node_id n = 0; n < 2; n++) {
		hidp_session_destroy(sessions[n]);
		for_ball.transport->close(for_ball.data[n]);
	}
	for (hidp_node_id n = 0; n < 2; n++)
		for_ball.transport->stop(for_ball.data[n]);
	free_ends(&for_ball);
	free_ends(&for_sessions);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(context);
	free(data);
}

#ifdef BENCH_ZMQ
static bool make_zmq(struct ends *ends, bool curve)
{
	struct hidp_zmq *zmq[2];
	char public_keys[2][HIDP_ZMQ_KEY_SIZE], secret_keys[2][HIDP_ZMQ_KEY_SIZE];
	for (hidp_node_id n = 0; n < 2; n++) {
		struct hidp_zmq_options o = HIDP_ZMQ_OPTIONS_INIT;
		o.endpoint = "tcp://127.0.0.1:*";
		o.node = n;
		o.wait_ms = 20000;
		if (curve && hidp_zmq_keygen(public_keys[n], secret_keys[n]) != HIDP_OK)
			return false;
		o.secret_key = curve ? secret_keys[n] : NULL;
		bench_must(hidp_zmq_new(&o, &zmq[n], NULL), NULL, "zmq");
		ends->data[n] = zmq[n];
	}
	for (hidp_node_id n = 0; n < 2; n++)
		bench_must(hidp_zmq_add_peer(zmq[n], 1 - n, hidp_zmq_endpoint(zmq[1 - n]),
		                             curve ? public_keys[1 - n] : NULL, NULL),
		           NULL, "peer");
	ends->transport = hidp_zmq_transport();
	return true;
}

static bool make_zmq_clear(struct ends *ends)
{
	return make_zmq(ends, false);
}

static bool make_zmq_curve(struct ends *ends)
{
	return make_zmq(ends, true);
}

static void free_zmq(struct ends *ends)
{
	for (hidp_node_id n = 0; n < 2; n++)
		hidp_zmq_destroy(ends->data[n]);
}
#endif

int main(int argc, char **argv)
{
	struct bench bench;
	bench_start(&bench, "session", argc, argv);
	bench.cpu_time = false; /* others do the work */
	struct bench_table *table =
	        bench_table_new(&bench, "What the runtime itself costs", columns,
	                        sizeof columns / sizeof *columns);
	if (bench_wanted(&bench, "workers"))
		bench_workers(&bench, table);
#ifdef BENCH_ZMQ
	bench_messages(&bench, table, "message, ZeroMQ", make_zmq_clear, free_zmq, 16);
	bench_messages(&bench, table, "message, ZeroMQ, 1 MB", make_zmq_clear, free_zmq, 250000);
	bench_messages(&bench, table, "message, CURVE", make_zmq_curve, free_zmq, 16);
	bench_messages(&bench, table, "message, CURVE, 1 MB", make_zmq_curve, free_zmq, 250000);
#endif
	bench_table_end(table);
	return bench_end(&bench);
}
