/* SPDX-License-Identifier: MIT */
/* The truth: a model run whole, on one processor, with the plainest kernels there are. */
#include "run.h"

static hidp_status make_plan(struct hidp_context *context, const struct hidp_model *model,
                             struct hidp_plan **plan_out, struct hidp_diagnostic *said)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_cluster *cluster;
	options.strategy = HIDP_STRATEGY_SINGLE;
	hidp_status s = hidp_cluster_from_string(context, "cpu:50", &cluster, said);
	if (s != HIDP_OK)
		return s;
	s = hidp_plan(model, cluster, NULL, &options, plan_out, said);
	hidp_cluster_unref(cluster);
	return s;
}

static hidp_status run_whole(const struct hidp_plan *plan, struct watch *watch,
                             const struct tensors *inputs, const struct tensors *outputs,
                             struct hidp_diagnostic *said)
{
	struct hidp_session *session;
	uint64_t request;
	hidp_status s = hidp_session_new(plan, NULL, &session, said);
	if (s != HIDP_OK)
		return s;
	s = hidp_session_set_kernels(session, HIDP_PROCESSOR_NONE, watch_kernels(watch), watch);
	if (s == HIDP_OK)
		s = hidp_session_start(session, said);
	if (s == HIDP_OK)
		s = hidp_session_submit(session, (const void *const *)inputs->data, inputs->count,
		                        &request);
	if (s == HIDP_OK)
		s = hidp_session_wait(session, request, -1, outputs->data, outputs->count);
	hidp_session_destroy(session);
	return s;
}

bool check_run(struct hidp_context *context, const struct loaded_model *model, const char *kernels,
               const struct tensors *inputs, const struct tensors *outputs)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan = NULL;
	struct watch *watch = watch_new(model, kernels, 1);
	if (watch == NULL)
		return false;
	hidp_status s = make_plan(context, model->model, &plan, &said);
	if (s == HIDP_OK)
		s = run_whole(plan, watch, inputs, outputs, &said);
	if (s != HIDP_OK)
		complain_status("unpartitioned run", s, &said);
	hidp_plan_unref(plan);
	watch_free(watch);
	return s == HIDP_OK;
}
