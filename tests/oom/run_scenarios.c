/* SPDX-License-Identifier: MIT */
#include <hidp/plugin/kernels.h>
#include <hidp/plugin/transport.h>

#include "scenario.h"

static hidp_status lower_global(struct fixture *f)
{
	ACT_MAKING(hidp_programs, hidp_programs_new(f->plan, 1, 2, &made, &f->diagnostic));
}

static hidp_status lower_local(struct fixture *f)
{
	ACT_MAKING(hidp_programs, hidp_programs_new(f->local, 0, 0, &made, &f->diagnostic));
}

/* Looks at everything that programs tell, then releases them. */
static void release_programs(struct fixture *f)
{
	struct hidp_programs *p = f->out->object;
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	struct hidp_buffer_info buffer = HIDP_BUFFER_INFO_INIT;
	struct hidp_program_task task = HIDP_PROGRAM_TASK_INIT;
	struct hidp_call call = HIDP_CALL_INIT;
	uint32_t from, to;
	int64_t begin, end;
	double fraction;
	hidp_programs_unref(hidp_programs_ref(p));
	(void)hidp_plan_get_route_fraction(hidp_programs_plan(p), 0, &fraction);
	(void)hidp_programs_get_info(p, &info);
	for (uint32_t b = 0; b < info.buffer_count; b++)
		(void)hidp_programs_get_buffer(p, b, &buffer);
	for (uint32_t t = 0; t < info.task_count; t++) {
		(void)hidp_programs_get_task(p, t, &task);
		for (uint32_t i = 0; i < task.call_count; i++) {
			(void)hidp_programs_get_call(p, t, i, &call);
			(void)hidp_programs_get_operand(p, t, i, 0, &from);
		}
		for (uint32_t i = 0; i < task.copy_count; i++)
			(void)hidp_programs_get_copy(p, t, i, &from, &to, &begin, &end);
		for (uint32_t i = 0; i < task.part_count; i++)
			(void)hidp_programs_get_part(p, t, i, &begin, &end);
	}
	f->out->count = info.task_count;
	f->out->id = hidp_programs_next_task(p, HIDP_TASK_COMPUTE, 0, HIDP_TASK_NONE);
	f->out->needed = hidp_plan_route_count(f->plan);
	hidp_programs_unref(p);
	hidp_programs_unref(NULL);
}

/* Kernels that compute nothing. */
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
	*scratch_bytes_out = 100;
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

/* A transport on which nothing ever comes. */
static hidp_status open_nothing(void *user_data, hidp_receive_fn receive, void *receiver,
                                struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	(void)receive;
	(void)receiver;
	(void)diagnostic;
	return HIDP_OK;
}

static hidp_status send_nothing(void *user_data, hidp_node_id to,
                                const struct hidp_segment *segments, size_t count,
                                hidp_sent_fn done, void *done_data)
{
	(void)user_data;
	(void)to;
	(void)segments;
	(void)count;
	done(done_data, HIDP_OK);
	return HIDP_OK;
}

static void close_nothing(void *user_data)
{
	(void)user_data;
}

static const struct hidp_transport transport = {
	.struct_size = sizeof transport,
	.abi = HIDP_PLUGIN_ABI,
	.name = "nothing",
	.open = open_nothing,
	.send = send_nothing,
	.close = close_nothing,
	.stop = close_nothing,
};

static hidp_status make_session(struct fixture *f, const struct hidp_plan *plan, hidp_node_id node,
                                struct hidp_session **made)
{
	struct hidp_session_options options = HIDP_SESSION_OPTIONS_INIT;
	options.node = node;
	options.flags = HIDP_SESSION_UNPINNED;
	options.slots = 2;
	return hidp_session_new(plan, &options, made, &f->diagnostic);
}

static hidp_status new_session(struct fixture *f)
{
	ACT_MAKING(hidp_session, make_session(f, f->plan, 2, &made));
}

static void release_session(struct fixture *f)
{
	hidp_session_destroy(f->out->object);
	hidp_session_destroy(NULL);
}

static hidp_status start_session(struct fixture *f, const struct hidp_plan *plan, hidp_node_id node)
{
	struct hidp_session *session;
	hidp_status s = make_session(f, plan, node, &session);
	if (s != HIDP_OK)
		return s;
	s = hidp_session_set_kernels(session, HIDP_PROCESSOR_NONE, &kernels, NULL);
	if (s == HIDP_OK)
		s = hidp_session_set_transport(session, &transport, NULL);
	if (s == HIDP_OK)
		s = hidp_session_start(session, &f->diagnostic);
	hidp_session_close(session);
	hidp_session_destroy(session);
	return s;
}

static hidp_status start_global(struct fixture *f)
{
	return start_session(f, f->plan, 2);
}

/* One request after the other, done, cancelled, closed. */
static hidp_status run_local(struct fixture *f)
{
	static float input[1 << 16], output[1 << 16];
	const void *const inputs[] = {input};
	void *const outputs[] = {output};
	struct hidp_session_statistics all = HIDP_SESSION_STATISTICS_INIT;
	struct hidp_task_statistics one = HIDP_TASK_STATISTICS_INIT;
	struct hidp_session_progress progress = HIDP_SESSION_PROGRESS_INIT;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_plan *alone;
	struct hidp_session *session;
	uint64_t request;
	options.leader = 2; /* whose plan it is, so that no messages are needed */
	hidp_status s = hidp_plan_evaluate(f->local, NULL, NULL, &options, &alone, &f->diagnostic);
	if (s != HIDP_OK)
		return s;
	s = make_session(f, alone, 2, &session);
	hidp_plan_unref(alone);
	if (s != HIDP_OK)
		return s;
	s = hidp_session_set_kernels(session, HIDP_PROCESSOR_NONE, &kernels, NULL);
	if (s == HIDP_OK)
		s = hidp_session_start(session, &f->diagnostic);
	for (int i = 0; i < 4 && s == HIDP_OK; i++) {
		s = hidp_session_submit(session, inputs, 1, &request);
		if (s == HIDP_OK)
			s = hidp_session_get_progress(session, request, &progress);
		if (s == HIDP_OK && i == 2)
			s = hidp_session_cancel(session, request);
		if (s == HIDP_OK)
			s = hidp_session_wait(session, request, -1, outputs, 1);
		if (i == 2 && s == HIDP_ERR_CANCELLED)
			s = HIDP_OK;
	}
	if (s == HIDP_OK)
		s = hidp_session_get_statistics(session, &all);
	if (s == HIDP_OK)
		s = hidp_session_get_task_statistics(session, 0, 0, &one);
	if (s == HIDP_OK && (all.requests != 4 || hidp_session_programs(session, 0) == NULL))
		s = HIDP_ERR_ARGUMENT;
	hidp_session_close(session);
	hidp_session_destroy(session);
	return s;
}

static hidp_status new_agent(struct fixture *f)
{
	ACT_MAKING(hidp_agent, hidp_agent_new(f->context, f->cluster, NULL, &made, &f->diagnostic));
}

static void release_agent(struct fixture *f)
{
	hidp_agent_destroy(f->out->object);
	hidp_agent_destroy(NULL);
}

static hidp_status make_plan(void *user_data, const struct hidp_model *model,
                             const struct hidp_cluster *cluster,
                             const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_plan_options o = *options;
	(void)user_data;
	o.work_limit = FIXTURE_WORK;
	return hidp_plan(model, cluster, NULL, &o, plan_out, diagnostic);
}

/* A leader whose followers never answer, so that it does a request alone. */
static hidp_status lead(struct fixture *f)
{
	static float input[1 << 16];
	const void *const inputs[] = {input};
	struct hidp_agent_options options = HIDP_AGENT_OPTIONS_INIT;
	struct hidp_agent_request request = HIDP_AGENT_REQUEST_INIT;
	struct hidp_agent_report report = HIDP_AGENT_REPORT_INIT;
	struct hidp_task_statistics one = HIDP_TASK_STATISTICS_INIT;
	struct hidp_link_times link = HIDP_LINK_TIMES_INIT;
	struct hidp_plan *plan = NULL;
	struct hidp_agent *agent;
	options.node = 2;
	options.flags = HIDP_SESSION_UNPINNED;
	options.silence_s = 1e-3;
	options.heartbeat_s =
		1; /* the keeper stays out of it: its allocations would not be counted */
	options.attempt_s = 5;
	request.inputs = inputs;
	request.input_count = 1;
	hidp_status s = hidp_agent_new(f->context, f->cluster, &options, &agent, &f->diagnostic);
	if (s != HIDP_OK)
		return s;
	s = hidp_agent_set_transport(agent, &transport, NULL);
	if (s == HIDP_OK)
		s = hidp_agent_add_model(agent, f->model, &kernels, NULL);
	if (s == HIDP_OK)
		s = hidp_agent_set_planner(agent, make_plan, NULL);
	if (s == HIDP_OK)
		s = hidp_agent_start(agent, &f->diagnostic);
	if (s == HIDP_OK)
		s = hidp_agent_run(agent, &request, &report, &f->diagnostic);
	if (s == HIDP_OK)
		s = hidp_agent_plan(agent, &plan);
	if (s == HIDP_OK && (plan == NULL || report.attempts == 0))
		s = HIDP_ERR_PLAN;
	hidp_plan_unref(plan);
	if (s == HIDP_OK)
		s = hidp_agent_get_task_statistics(agent, 0, 0, &one);
	/* nobody answers */
	if (s == HIDP_OK)
		s = hidp_agent_measure_link(agent, 0, 1e-3, &link, NULL);
	if (s == HIDP_ERR_TIMEOUT)
		s = HIDP_OK;
	hidp_agent_close(agent);
	hidp_agent_destroy(agent);
	return s;
}

const struct scenario run_scenarios[] = {
	{"hidp_programs_new hidp_programs_ref hidp_programs_unref hidp_programs_plan "
         "hidp_programs_get_info hidp_programs_get_buffer hidp_programs_get_task "
         "hidp_programs_next_task hidp_programs_get_part hidp_programs_get_call "
         "hidp_programs_get_operand hidp_programs_get_copy hidp_plan_route_count "
         "hidp_plan_get_route_fraction",
         "over nodes", ALLOCATES, lower_global, release_programs, HIDP_OK, 0},
	{"hidp_programs_new", "over processors", ALLOCATES, lower_local, release_programs, HIDP_OK,
         0},
	{"hidp_session_new hidp_session_destroy", "", ALLOCATES, new_session, release_session,
         HIDP_OK, 0},
	{"hidp_session_start hidp_session_set_kernels hidp_session_set_transport", "", ALLOCATES,
         start_global, NULL, HIDP_OK, 0},
	{"hidp_session_start hidp_session_submit hidp_session_wait hidp_session_cancel "
         "hidp_session_close hidp_session_get_statistics hidp_session_get_task_statistics "
         "hidp_session_programs hidp_session_get_progress",
         "requests", ALLOCATES, run_local, NULL, HIDP_OK, 0},
	{"hidp_agent_new hidp_agent_destroy", "", JSON, new_agent, release_agent, HIDP_OK, 0},
	{"hidp_agent_set_transport hidp_agent_add_model hidp_agent_set_planner hidp_agent_start "
	 "hidp_agent_run hidp_agent_plan hidp_agent_get_task_statistics hidp_agent_measure_link "
	 "hidp_agent_close",
	 "", SURVIVES, lead, NULL, HIDP_OK, 0},
	{0},
};
