/* SPDX-License-Identifier: MIT */
/*
 * A program as it was compiled against the released interface: it includes
 * released.h in place of the library's headers, makes and reads one of everything,
 * and runs with the library of today. Structs that a later release has grown stay
 * small here; growing.h plays the program from the future.
 */
#include "released.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "growing.h"

static int failures;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("old_program.c:%d: not so: %s\n", __LINE__, #condition);            \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

#define OK(call) CHECK((call) == HIDP_OK)

static size_t live_blocks;

static void *counted_alloc(void *user_data, size_t size, size_t alignment)
{
	void *p = NULL;
	size_t *live = user_data;
	if (posix_memalign(&p, alignment < sizeof p ? sizeof p : alignment, size) != 0)
		return NULL;
	++*live;
	return p;
}

static void counted_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	size_t *live = user_data;
	(void)size;
	(void)alignment;
	--*live;
	free(pointer);
}

/* What a later library adds must not change what an older program asked for. */
#define READS(struct_type, valid, call)                                                            \
	do {                                                                                       \
		struct grown_##struct_type g;                                                      \
		memset(&g, 0, sizeof g);                                                           \
		g.known = (valid);                                                                 \
		g.known.struct_size = sizeof g; /* a newer program that asks for nothing new */    \
		const struct struct_type *given = &g.known;                                        \
		OK(call);                                                                          \
		g.unknown[3] = 1; /* ... and for something new */                                  \
		CHECK((call) == HIDP_ERR_ABI);                                                     \
		g.known.struct_size = sizeof g.known - 4; /* smaller than there ever was */        \
		CHECK((call) == HIDP_ERR_ABI);                                                     \
	} while (0)

#define WRITES(struct_type, call)                                                                  \
	do {                                                                                       \
		struct grown_##struct_type g;                                                      \
		memset(&g, 0xA5, sizeof g);                                                        \
		struct struct_type *filled = &g.known;                                             \
		g.known.struct_size = sizeof g; /* a newer program: the rest reads as zero */      \
		OK(call);                                                                          \
		CHECK(g.known.struct_size == sizeof g && g.unknown[0] == 0 && g.unknown[31] == 0); \
		memset(&g, 0xA5, sizeof g);                                                        \
		g.known.struct_size = sizeof g.known; /* this program: nothing behind the struct */ \
		OK(call);                                                                          \
		CHECK(g.known.struct_size == sizeof g.known && g.unknown[0] == 0xA5);              \
		g.known.struct_size = sizeof g.known - 4;                                          \
		CHECK((call) == HIDP_ERR_ABI);                                                     \
	} while (0)

static struct hidp_context *make_context(void)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	struct hidp_context *ctx = NULL;
	options.alloc = counted_alloc;
	options.free = counted_free;
	options.alloc_user_data = &live_blocks;
	READS(hidp_context_options, options,
	      hidp_context_new(given, &ctx) == HIDP_OK ? (hidp_context_unref(ctx), HIDP_OK)
	                                               : HIDP_ERR_ABI);
	OK(hidp_context_new(&options, &ctx));
	return ctx;
}

static struct hidp_model *make_model(struct hidp_context *ctx)
{
	struct hidp_diagnostic why = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_model_builder *builder = NULL;
	struct hidp_model *model = NULL;
	READS(hidp_model_options, options,
	      hidp_model_builder_new(ctx, given, &builder) == HIDP_OK
	              ? (hidp_model_builder_destroy(builder), HIDP_OK)
	              : HIDP_ERR_ABI);
	options.name = "small";
	OK(hidp_model_builder_new(ctx, &options, &builder));

	struct hidp_layer_desc input = HIDP_LAYER_DESC_INIT;
	hidp_layer_id id = 99;
	input.op = HIDP_OP_INPUT;
	input.shape = (struct hidp_shape){1, 3, 16, 16};
	OK(hidp_model_builder_add(builder, &input, &id, &why));
	CHECK(id == 0);

	struct hidp_layer_desc conv = HIDP_LAYER_DESC_INIT;
	const hidp_layer_id from_input[] = {0}, from_conv[] = {1};
	conv.op = HIDP_OP_CONV;
	conv.name = "conv";
	conv.inputs = from_input;
	conv.input_count = 1;
	conv.out_channels = 8;
	conv.kernel[0] = conv.kernel[1] = 3;
	for (int i = 0; i < 4; i++)
		conv.pad[i] = 1;
	OK(hidp_model_builder_add(builder, &conv, &id, &why));

	struct hidp_layer_desc pool = HIDP_LAYER_DESC_INIT;
	pool.op = HIDP_OP_MAX_POOL;
	pool.inputs = from_conv;
	pool.input_count = 1;
	pool.kernel[0] = pool.kernel[1] = 2;
	OK(hidp_model_builder_add(builder, &pool, &id, &why));
	CHECK(id == 2);
	OK(hidp_model_builder_seal(builder, &model, &why));

	struct hidp_layer_desc more = input;
	more.name = "another";
	READS(hidp_layer_desc, more,
	      hidp_model_builder_add(builder, given, &id, &why));
	hidp_model_builder_destroy(builder);
	return model;
}

static void read_model(const struct hidp_model *model)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_layer_id layer = 99;
	OK(hidp_model_find(model, "conv", &layer));
	CHECK(layer == 1);
	OK(hidp_model_layer(model, layer, &info));
	CHECK(info.flops == 2.0 * 16 * 16 * 8 * 27 && info.weight_bytes == 4 * (8 * 27 + 8));
	CHECK(info.shape.channels == 8 && info.shape.rows == 16 && info.output_bytes == 8192);
	WRITES(hidp_layer_info, hidp_model_layer(model, layer, filled));
	WRITES(hidp_layer_desc, hidp_model_part(model, layer, 0, filled));
	struct hidp_row_rule rule;
	OK(hidp_model_layer_input(model, layer, 0, NULL, &rule, NULL));
	CHECK(rule.stride == 1 && rule.divisor == 1 && rule.pad == 1 && rule.extent == 3);
}

static struct hidp_cluster *make_cluster(struct hidp_context *ctx)
{
	struct hidp_diagnostic why = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_cluster *cluster = NULL;
	OK(hidp_cluster_builder_new(ctx, &builder));
	for (uint32_t n = 0; n < 2; n++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		node.memory_bytes = 1u << 30;
		node.power_idle_w = 2;
		OK(hidp_cluster_builder_add_node(builder, &node, NULL, &why));
		for (uint32_t p = 0; p < 2; p++) {
			struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
			for (uint32_t c = 0; c < HIDP_CLASS_COUNT; c++)
				processor.rate_flops[c] = 1e9 * (1 + p);
			processor.power_active_w = 3;
			OK(hidp_cluster_builder_add_processor(builder, n, &processor, NULL, &why));
		}
	}
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	link.flags = HIDP_LINK_BOTH_WAYS;
	link.to = 1;
	link.bandwidth_Bps = 1e8;
	link.latency_s = 1e-4;
	OK(hidp_cluster_builder_add_link(builder, &link, &why));
	OK(hidp_cluster_builder_seal(builder, &cluster, &why));

	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	READS(hidp_node_desc, node, hidp_cluster_builder_add_node(builder, given, NULL, &why));
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	processor.rate_flops[HIDP_CLASS_CONV] = 1e9;
	READS(hidp_processor_desc, processor,
	      hidp_cluster_builder_add_processor(builder, 0, given, NULL, &why));
	READS(hidp_link_desc, link, hidp_cluster_builder_add_link(builder, given, &why));
	hidp_cluster_builder_destroy(builder);
	return cluster;
}

static void read_cluster(const struct hidp_cluster *cluster)
{
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	OK(hidp_cluster_link(cluster, 0, 1, &link));
	CHECK(link.bandwidth_Bps == 1e8 && link.latency_s == 1e-4);
	CHECK(link.medium == HIDP_MEDIUM_NONE);
	WRITES(hidp_node_desc, hidp_cluster_node(cluster, 0, filled));
	WRITES(hidp_processor_desc, hidp_cluster_processor(cluster, 0, 1, filled));
	WRITES(hidp_link_desc, hidp_cluster_link(cluster, 0, 1, filled));
}

static struct hidp_cost *make_cost(const struct hidp_model *model,
                                   const struct hidp_cluster *cluster)
{
	struct hidp_diagnostic why = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost_builder *builder = NULL;
	struct hidp_cost *cost = NULL;
	struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
	entry.seconds = 0.5;
	OK(hidp_cost_builder_new(model, cluster, &builder));
	READS(hidp_cost_entry, entry, hidp_cost_builder_set(builder, 1, 0, 0, given, &why));
	OK(hidp_cost_builder_seal(builder, &cost, &why));
	hidp_cost_builder_destroy(builder);
	WRITES(hidp_cost_entry, hidp_cost_get(model, cluster, cost, 1, 0, 0, filled));
	OK(hidp_cost_get(model, cluster, cost, 1, 0, 0, &entry));
	CHECK(entry.seconds == 0.5);
	return cost;
}

/* One split stage: rows 0 to 4 of 8 on node 0, on two processors by rows; the rest on node 1. */
static struct hidp_plan *make_plan(const struct hidp_model *model,
                                   const struct hidp_cluster *cluster,
                                   const struct hidp_cost *cost)
{
	struct hidp_diagnostic why = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_plan_builder *builder = NULL;
	struct hidp_plan *plan = NULL;
	READS(hidp_plan_options, options,
	      hidp_plan_builder_new(model, cluster, cost, given, &builder, &why) == HIDP_OK
	              ? (hidp_plan_builder_destroy(builder), HIDP_OK)
	              : HIDP_ERR_ABI);
	OK(hidp_plan_builder_new(model, cluster, cost, &options, &builder, &why));

	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	stage.kind = HIDP_STAGE_SPLIT;
	stage.layer_count = 3;
	stage.row_units = 8;
	OK(hidp_plan_builder_add_stage(builder, &stage, &why));
	for (uint32_t n = 0; n < 2; n++) {
		struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
		struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
		struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
		share.node = n;
		share.row_begin = n * 4;
		share.row_end = n * 4 + 4;
		OK(hidp_plan_builder_add_share(builder, &share, &why));
		step.kind = n == 0 ? HIDP_STEP_ROWS : HIDP_STEP_SINGLE;
		step.layer_count = 2;
		OK(hidp_plan_builder_add_step(builder, &step, &why));
		slice.begin = 0;
		slice.end = n == 0 ? 1 : 0;
		OK(hidp_plan_builder_add_slice(builder, &slice, &why));
		slice.processor = 1;
		slice.begin = 1;
		slice.end = 4;
		if (n == 0)
			OK(hidp_plan_builder_add_slice(builder, &slice, &why));
	}
	OK(hidp_plan_builder_seal(builder, &plan, &why));
	if (plan == NULL)
		printf("%s: %s\n", why.subject, why.message);

	struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
	step.kind = HIDP_STEP_SINGLE;
	step.layer_count = 1;
	READS(hidp_stage_desc, stage, hidp_plan_builder_add_stage(builder, given, &why));
	READS(hidp_share_desc, share, hidp_plan_builder_add_share(builder, given, &why));
	READS(hidp_step_desc, step, hidp_plan_builder_add_step(builder, given, &why));
	READS(hidp_slice_desc, slice, hidp_plan_builder_add_slice(builder, given, &why));
	hidp_plan_builder_destroy(builder);
	return plan;
}

static void read_plan(const struct hidp_plan *plan)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	struct hidp_task_info task = HIDP_TASK_INFO_INIT;
	double end_s = 0;
	OK(hidp_plan_get_figures(plan, &figures));
	CHECK(figures.latency_s > 0 && figures.objective == figures.latency_s);
	CHECK(figures.period_s > 0 && figures.energy_j > 0 && figures.transfer_bytes > 0);
	for (uint32_t t = 0; t < hidp_plan_task_count(plan); t++) {
		OK(hidp_plan_get_task(plan, t, &task));
		end_s = task.arrival_s > end_s ? task.arrival_s : end_s;
	}
	CHECK(end_s == figures.latency_s);
	WRITES(hidp_plan_options, hidp_plan_get_options(plan, filled));
	WRITES(hidp_plan_figures, hidp_plan_get_figures(plan, filled));
	WRITES(hidp_node_figures, hidp_plan_get_node_figures(plan, 0, filled));
	WRITES(hidp_processor_figures, hidp_plan_get_processor_figures(plan, 0, 1, filled));
	WRITES(hidp_task_info, hidp_plan_get_task(plan, 0, filled));
	WRITES(hidp_stage_desc, hidp_plan_get_stage(plan, 0, filled));
	WRITES(hidp_share_desc, hidp_plan_get_share(plan, 0, 1, filled));
	WRITES(hidp_step_desc, hidp_plan_get_step(plan, 0, 0, 0, filled));
	WRITES(hidp_slice_desc, hidp_plan_get_slice(plan, 0, 0, 0, 1, filled));
}

/* The programs of node 0. */
static void read_programs(const struct hidp_plan *plan)
{
	struct hidp_programs *programs = NULL;
	OK(hidp_programs_new(plan, 0, 0, &programs, NULL));
	if (programs == NULL)
		return;
	uint32_t task = hidp_programs_next_task(programs, HIDP_TASK_COMPUTE, 0, HIDP_TASK_NONE);
	CHECK(hidp_plan_route_count(plan) == 1 && task != HIDP_TASK_NONE);
	WRITES(hidp_programs_info, hidp_programs_get_info(programs, filled));
	WRITES(hidp_buffer_info, hidp_programs_get_buffer(programs, 0, filled));
	WRITES(hidp_program_task, hidp_programs_get_task(programs, task, filled));
	WRITES(hidp_call, hidp_programs_get_call(programs, task, 0, filled));
	hidp_programs_unref(programs);
}

static hidp_status new_session(const struct hidp_plan *plan,
                               const struct hidp_session_options *options)
{
	struct hidp_session *session = NULL;
	hidp_status s = hidp_session_new(plan, options, &session, NULL);
	hidp_session_destroy(session);
	return s;
}

/* A session of node 0. */
static void read_session(const struct hidp_plan *plan)
{
	struct hidp_session_options options = HIDP_SESSION_OPTIONS_INIT;
	struct hidp_session *session = NULL;
	READS(hidp_session_options, options, new_session(plan, given));
	OK(hidp_session_new(plan, &options, &session, NULL));
	if (session == NULL)
		return;
	WRITES(hidp_session_statistics, hidp_session_get_statistics(session, filled));
	WRITES(hidp_task_statistics, hidp_session_get_task_statistics(session, 0, 0, filled));
	{
		struct grown_hidp_session_progress g; /* there is no request */
		memset(&g, 0xA5, sizeof g);
		g.known.struct_size = sizeof g;
		CHECK(hidp_session_get_progress(session, 0, &g.known) == HIDP_ERR_ARGUMENT);
		CHECK(g.known.route == 0xA5A5A5A5 && g.unknown[0] == 0xA5);
	}
	hidp_session_destroy(session);
}

static hidp_status new_agent(struct hidp_context *ctx, const struct hidp_cluster *cluster,
                             const struct hidp_agent_options *options)
{
	struct hidp_agent *agent = NULL;
	hidp_status s = hidp_agent_new(ctx, cluster, options, &agent, NULL);
	hidp_agent_destroy(agent);
	return s;
}

/* An agent that is not started: that is what is wrong with a request, and nothing else. */
static void read_agent(struct hidp_context *ctx, const struct hidp_cluster *cluster)
{
	struct hidp_agent_options options = HIDP_AGENT_OPTIONS_INIT;
	struct hidp_agent_request request = HIDP_AGENT_REQUEST_INIT;
	struct hidp_agent *agent = NULL;
	if (!hidp_feature_supported(HIDP_FEATURE_COMPONENT, HIDP_COMPONENT_JSON)) {
		CHECK(hidp_agent_new(ctx, cluster, NULL, &agent, NULL) == HIDP_ERR_UNSUPPORTED);
		return;
	}
	READS(hidp_agent_options, options, new_agent(ctx, cluster, given));
	OK(hidp_agent_new(ctx, cluster, NULL, &agent, NULL));
	if (agent == NULL)
		return;
	{
		struct grown_hidp_agent_request g;
		memset(&g, 0, sizeof g);
		g.known = request;
		g.known.struct_size = sizeof g;
		CHECK(hidp_agent_run(agent, &g.known, NULL, NULL) == HIDP_ERR_ARGUMENT);
		g.unknown[3] = 1;
		CHECK(hidp_agent_run(agent, &g.known, NULL, NULL) == HIDP_ERR_ABI);
		g.known.struct_size = sizeof g.known - 4;
		CHECK(hidp_agent_run(agent, &g.known, NULL, NULL) == HIDP_ERR_ABI);
	}
	{
		struct grown_hidp_agent_report g;
		memset(&g, 0xA5, sizeof g);
		g.known.struct_size = sizeof g;
		CHECK(hidp_agent_run(agent, &request, &g.known, NULL) == HIDP_ERR_ARGUMENT);
		CHECK(g.known.attempts == 0xA5A5A5A5 && g.unknown[0] == 0xA5);
		g.known.struct_size = sizeof g.known - 4;
		CHECK(hidp_agent_run(agent, &request, &g.known, NULL) == HIDP_ERR_ABI);
	}
	{
		struct grown_hidp_link_times g;
		memset(&g, 0xA5, sizeof g);
		g.known.struct_size = sizeof g;
		CHECK(hidp_agent_measure_link(agent, 1, 0, &g.known, NULL) == HIDP_ERR_ARGUMENT);
		CHECK(g.known.rounds == 0xA5A5A5A5 && g.unknown[0] == 0xA5);
		g.known.struct_size = sizeof g.known - 4;
		CHECK(hidp_agent_measure_link(agent, 1, 0, &g.known, NULL) == HIDP_ERR_ABI);
	}
	hidp_agent_destroy(agent);
}

/* A failing call fills in a diagnostic as far as the program knows it, and no further. */
static void read_diagnostic(struct hidp_context *ctx)
{
	struct grown_hidp_diagnostic g;
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_cluster *cluster = NULL;
	OK(hidp_cluster_builder_new(ctx, &builder));
	memset(&g, 0xA5, sizeof g);
	g.known.struct_size = sizeof g.known;
	CHECK(hidp_cluster_builder_seal(builder, &cluster, &g.known) == HIDP_ERR_CLUSTER);
	CHECK(g.known.status == HIDP_ERR_CLUSTER && g.known.message[0] != '\0');
	CHECK(cluster == NULL && g.unknown[0] == 0xA5);
	hidp_cluster_builder_destroy(builder);
}

int main(void)
{
	CHECK(hidp_version() >= HIDP_VERSION);
	CHECK(hidp_feature_supported(HIDP_FEATURE_OP, HIDP_OP_CONV));
	struct hidp_context *ctx = make_context();
	struct hidp_model *model = make_model(ctx);
	struct hidp_cluster *cluster = make_cluster(ctx);
	struct hidp_cost *cost = make_cost(model, cluster);
	struct hidp_plan *plan = make_plan(model, cluster, cost);
	struct hidp_plan *again = NULL;
	read_model(model);
	read_cluster(cluster);
	if (plan != NULL) {
		read_plan(plan);
		read_programs(plan);
		read_session(plan);
		OK(hidp_plan_verify(plan, NULL));
		OK(hidp_plan_evaluate(plan, NULL, NULL, NULL, &again, NULL));
	}
	read_agent(ctx, cluster);
	read_diagnostic(ctx);
	hidp_plan_unref(again);
	hidp_plan_unref(plan);
	hidp_cost_unref(cost);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(ctx);
	CHECK(live_blocks == 0);
	printf("%d findings\n", failures);
	return failures != 0;
}
