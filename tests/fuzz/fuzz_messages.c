/* SPDX-License-Identifier: MIT */
/*
 * What a node makes of the messages of others. A session and an agent, both new, get whatever
 * the input says: a sequence of messages, each
 *
 *     sender (1 byte)   below 128: to the session, else to the agent; modulo 4: the node
 *     form (1 byte)     even: bytes as they are; odd: a header of fields, then bytes
 *     cut (1 byte)      where the message falls into two pieces
 *     length (1 byte)   bytes that follow
 *
 * The kernels compute nothing; requests begin, are cancelled, and end. Nobody may read or
 * write where nothing is, nothing may hang, and all memory comes back.
 */
#include <stdlib.h>
#include <string.h>

#include <hidp/plugin/kernels.h>
#include <hidp/plugin/transport.h>

#include "fuzz.h"

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

static const struct hidp_kernels kernels = {
        .struct_size = sizeof kernels,
        .abi = HIDP_PLUGIN_ABI,
        .name = "nothing",
        .supports = supports,
        .prepare = prepare,
        .run = run,
        .release = release,
};

/* A transport that delivers what the input says, and sends to nobody. */
struct wire {
	hidp_receive_fn receive;
	void *receiver;
};

static hidp_status wire_open(void *user_data, hidp_receive_fn receive, void *receiver,
                             struct hidp_diagnostic *diagnostic)
{
	struct wire *w = user_data;
	(void)diagnostic;
	*w = (struct wire){receive, receiver};
	return HIDP_OK;
}

static hidp_status wire_send(void *user_data, hidp_node_id to, const struct hidp_segment *segments,
                             size_t count, hidp_sent_fn done, void *done_data)
{
	(void)user_data;
	(void)to;
	(void)segments;
	(void)count;
	done(done_data, HIDP_OK);
	return HIDP_OK;
}

static void wire_close(void *user_data)
{
	(void)user_data;
}

static const struct hidp_transport transport = {
        .struct_size = sizeof transport,
        .abi = HIDP_PLUGIN_ABI,
        .name = "input",
        .open = wire_open,
        .send = wire_send,
        .close = wire_close,
        .stop = wire_close,
};

#define PLAN_ID 1u

/* Three convolutions over three nodes: rows go back and forth. */
static struct hidp_model *make_model(struct hidp_context *context)
{
	struct hidp_model_builder *builder;
	struct hidp_model *model;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	FUZZ_MUST(hidp_model_builder_new(context, NULL, &builder) == HIDP_OK);
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, 1, 6, 2};
	FUZZ_MUST(hidp_model_builder_add(builder, &d, NULL, NULL) == HIDP_OK);
	for (hidp_layer_id l = 0; l < 3; l++) {
		d = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
		d.op = HIDP_OP_CONV;
		d.inputs = &l;
		d.input_count = 1;
		d.out_channels = 1;
		d.kernel[0] = 3;
		d.kernel[1] = 1;
		d.pad[0] = d.pad[2] = 1;
		FUZZ_MUST(hidp_model_builder_add(builder, &d, NULL, NULL) == HIDP_OK);
	}
	FUZZ_MUST(hidp_model_builder_seal(builder, &model, NULL) == HIDP_OK);
	hidp_model_builder_destroy(builder);
	return model;
}

static struct hidp_plan *make_plan(const struct hidp_model *model,
                                   const struct hidp_cluster *cluster)
{
	struct hidp_plan_builder *b;
	struct hidp_plan *plan;
	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
	FUZZ_MUST(hidp_plan_builder_new(model, cluster, NULL, NULL, &b, NULL) == HIDP_OK);
	stage.kind = HIDP_STAGE_SPLIT;
	stage.layer_count = 2;
	stage.row_units = 6;
	FUZZ_MUST(hidp_plan_builder_add_stage(b, &stage, NULL) == HIDP_OK);
	for (hidp_node_id n = 0; n < 3; n++) {
		struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
		share.node = n;
		share.row_begin = 2 * (int64_t)n;
		share.row_end = 2 * (int64_t)n + 2;
		/* model inputs are nobody's work */
		step.kind = HIDP_STEP_SINGLE;
		step.layer_count = 1;
		FUZZ_MUST(hidp_plan_builder_add_share(b, &share, NULL) == HIDP_OK);
		FUZZ_MUST(hidp_plan_builder_add_step(b, &step, NULL) == HIDP_OK);
		FUZZ_MUST(hidp_plan_builder_add_slice(b, &slice, NULL) == HIDP_OK);
	}
	stage.layer_count = 2;
	FUZZ_MUST(hidp_plan_builder_add_stage(b, &stage, NULL) == HIDP_OK);
	for (hidp_node_id n = 0; n < 3; n++) {
		struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
		share.node = n;
		share.row_begin = 2 * (int64_t)n;
		share.row_end = 2 * (int64_t)n + 2;
		step.layer_count = 2;
		FUZZ_MUST(hidp_plan_builder_add_share(b, &share, NULL) == HIDP_OK);
		FUZZ_MUST(hidp_plan_builder_add_step(b, &step, NULL) == HIDP_OK);
		FUZZ_MUST(hidp_plan_builder_add_slice(b, &slice, NULL) == HIDP_OK);
	}
	FUZZ_MUST(hidp_plan_builder_seal(b, &plan, NULL) == HIDP_OK);
	hidp_plan_builder_destroy(b);
	return plan;
}

/* A header as doc/formats/messages.md says, from a few bytes: most of its fields make sense. */
static size_t make_header(uint8_t *to, const uint8_t *from, size_t size, size_t *used)
{
	uint8_t f[8] = {0};
	*used = size < sizeof f ? size : sizeof f;
	memcpy(f, from, *used);
	size_t left = size - *used;
	memset(to, 0, 48);
	memcpy(to, "HIDP", 4);
	to[4] = 1;
	to[6] = f[0] % 32; /* type */
	if (f[1] % 4 != 0) { /* the session's plan; else one of node 1's */
		to[8] = PLAN_ID;
	} else {
		to[8] = f[1];
		to[14] = 1;
	}
	to[16] = f[2] % 8; /* request */
	to[24] = f[3] % 2; /* route */
	to[28] = f[4] % 16; /* message */
	if (f[5] % 2 != 0)
		memset(to + 32, 0xff, 4); /* status -1 */
	to[40] = (uint8_t)(f[6] % 4 != 0 ? left : f[7]); /* bytes */
	return 48;
}

static void deliver(const struct wire *w, const uint8_t *data, size_t size, uint8_t sender,
                    uint8_t form, uint8_t cut)
{
	uint8_t bytes[48 + 256];
	size_t length = 0, used = 0;
	if (form % 2 != 0)
		length = make_header(bytes, data, size, &used);
	memcpy(bytes + length, data + used, size - used);
	length += size - used;
	/* on the heap, so that reading beyond the end is seen */
	size_t first = length != 0 ? cut % (length + 1) : 0;
	uint8_t *a = malloc(first + 1), *b = malloc(length - first + 1);
	FUZZ_MUST(a != NULL && b != NULL);
	memcpy(a, bytes, first);
	memcpy(b, bytes + first, length - first);
	const struct hidp_segment segments[] = {{a, first}, {b, length - first}};
	w->receive(w->receiver, sender % 4, segments, 2);
	free(a);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hidp_context *context = fuzz_begin();
	struct wire to_session = {0}, to_agent = {0};
	struct hidp_session_options so = HIDP_SESSION_OPTIONS_INIT;
	struct hidp_agent_options ao = HIDP_AGENT_OPTIONS_INIT;
	struct hidp_cluster *cluster;
	struct hidp_session *session;
	struct hidp_agent *agent = NULL;
	struct hidp_model *model = make_model(context);
	FUZZ_MUST(hidp_cluster_from_string(context, "cpu; cpu; cpu", &cluster, NULL) == HIDP_OK);
	struct hidp_plan *plan = make_plan(model, cluster);
	so.flags = ao.flags = HIDP_SESSION_UNPINNED;
	so.node = ao.node = 2;
	so.slots = ao.slots = 2;
	so.spin_s = ao.spin_s = -1;
	so.plan_id = PLAN_ID;
	FUZZ_MUST(hidp_session_new(plan, &so, &session, NULL) == HIDP_OK);
	FUZZ_MUST(hidp_session_set_kernels(session, HIDP_PROCESSOR_NONE, &kernels, NULL) == HIDP_OK);
	FUZZ_MUST(hidp_session_set_transport(session, &transport, &to_session) == HIDP_OK);
	FUZZ_MUST(hidp_session_start(session, NULL) == HIDP_OK);
	if (hidp_agent_new(context, cluster, &ao, &agent, NULL) == HIDP_OK) {
		FUZZ_MUST(hidp_agent_set_transport(agent, &transport, &to_agent) == HIDP_OK);
		FUZZ_MUST(hidp_agent_add_model(agent, model, &kernels, NULL) == HIDP_OK);
		FUZZ_MUST(hidp_agent_start(agent, NULL) == HIDP_OK);
	}
	while (size >= 4) {
		size_t length = data[3] < size - 4 ? data[3] : size - 4;
		const struct wire *w = data[0] < 128 || agent == NULL ? &to_session : &to_agent;
		deliver(w, data + 4, length, data[0], data[1], data[2]);
		data += 4 + length;
		size -= 4 + length;
	}
	hidp_agent_destroy(agent);
	hidp_session_destroy(session);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	fuzz_end(context);
	return 0;
}
