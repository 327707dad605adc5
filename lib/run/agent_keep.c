/* SPDX-License-Identifier: MIT */
/*
 * The keeper of an agent: a thread that gets ready for the plans of leaders, calls the
 * followers of its own plan, and clears away what is over.
 */
#include <string.h>

#include "base/diagnostic.h"
#include "run/agent_priv.h"

#include <hidp/report.h>

/* A leader that is silent so many times longer than a follower may be is gone. */
#define LEADER_PATIENCE 20

/* How often nodes that are missing are asked whether they are back. */
#define INVITE_S 1.0

/* Jobs that wait; who sends more plans than this at once means no good. */
#define JOBS_MAX 64

void hidp__keeper_add(struct hidp_agent *agent, struct hidp__job *job)
{
	struct hidp__job **last = &agent->jobs;
	hidp__mutex_lock(&agent->mutex);
	bool room = agent->job_count < JOBS_MAX;
	if (room) {
		while (*last != NULL)
			last = &(*last)->next;
		*last = job;
		agent->job_count++;
	}
	hidp__mutex_unlock(&agent->mutex);
	if (room)
		hidp__event_tell(&agent->keeper_event);
	else
		hidp__free(agent->ctx, job);
}

static void destroy_session(struct hidp_agent *agent, struct hidp_session *session)
{
	hidp__mutex_lock(&agent->kernels_mutex);
	hidp_session_destroy(session);
	hidp__mutex_unlock(&agent->kernels_mutex);
}

/* A session that runs; NULL after an error. */
static hidp_status make_session(struct hidp_agent *agent, const struct hidp_plan *plan,
                                const struct hidp__loaded *model, uint64_t plan_id,
                                struct hidp_session **session_out,
                                struct hidp_diagnostic *diagnostic)
{
	struct hidp_session_options options = HIDP_SESSION_OPTIONS_INIT;
	struct hidp_session *session = NULL;
	options.flags = agent->options.flags;
	options.node = agent->node;
	options.slots = agent->options.slots;
	options.spin_s = agent->options.spin_s;
	options.plan_id = plan_id;
	hidp_status s = hidp_session_new(plan, &options, &session, diagnostic);
	if (s != HIDP_OK)
		return s;
	hidp__session_share(session, agent->transport, agent->transport_data);
	s = hidp_session_set_kernels(session, HIDP_PROCESSOR_NONE, model->kernels,
	                             model->kernels_data);
	hidp__mutex_lock(&agent->kernels_mutex);
	if (s == HIDP_OK)
		s = hidp_session_start(session, diagnostic);
	hidp__mutex_unlock(&agent->kernels_mutex);
	if (s == HIDP_OK)
		*session_out = session;
	else
		destroy_session(agent, session);
	return s;
}

hidp_status hidp__agent_host(struct hidp_agent *agent, const struct hidp_plan *plan,
                             const struct hidp__loaded *model, uint64_t plan_id,
                             hidp_node_id leader, struct hidp__hosted **hosted_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp__hosted *hosted = hidp__calloc(agent->ctx, 1, sizeof *hosted);
	if (hosted == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	hosted->plan_id = plan_id;
	hosted->leader = leader;
	hosted->users = 1;
	hidp_status s = make_session(agent, plan, model, plan_id, &hosted->session, diagnostic);
	if (s != HIDP_OK) {
		hidp__free(agent->ctx, hosted);
		return s;
	}
	hosted->called_s = hidp__clock();
	/* who closes the agent retires what is there then, and nothing may come after */
	hidp__mutex_lock(&agent->mutex);
	bool is_open = atomic_load(&agent->state) == HIDP__SESSION_STARTED;
	if (is_open) {
		hosted->next = agent->hosted;
		agent->hosted = hosted;
	}
	hidp__mutex_unlock(&agent->mutex);
	if (!is_open) {
		destroy_session(agent, hosted->session);
		hidp__free(agent->ctx, hosted);
		return hidp__fail(diagnostic, HIDP_ERR_CLOSED, NULL, "the agent is closed");
	}
	*hosted_out = hosted;
	return HIDP_OK;
}

struct hidp__hosted *hidp__agent_find(struct hidp_agent *agent, uint64_t plan_id)
{
	struct hidp__hosted *h;
	hidp__mutex_lock(&agent->mutex);
	for (h = agent->hosted; h != NULL && (h->plan_id != plan_id || h->retired);)
		h = h->next;
	if (h != NULL)
		h->users++;
	hidp__mutex_unlock(&agent->mutex);
	return h;
}

void hidp__agent_let_go(struct hidp_agent *agent, struct hidp__hosted *hosted)
{
	hidp__mutex_lock(&agent->mutex);
	bool is_last = --hosted->users == 0 && hosted->retired;
	hidp__mutex_unlock(&agent->mutex);
	if (is_last)
		hidp__event_tell(&agent->keeper_event);
}

void hidp__agent_retire(struct hidp_agent *agent, struct hidp__hosted *hosted)
{
	hidp__mutex_lock(&agent->mutex);
	hosted->retired = true;
	hosted->users++;
	hidp__mutex_unlock(&agent->mutex);
	hidp__session_retire(hosted->session);
	hidp__agent_let_go(agent, hosted);
}

/* The model that a plan is about, if this node has loaded it. */
static const struct hidp__loaded *find_model(const struct hidp_agent *agent,
                                             const struct hidp_model *model)
{
	const struct hidp__loaded *found = NULL;
	size_t length = 0;
	char *text = NULL;
	if (hidp_model_to_json(model, NULL, 0, &length) == HIDP_OK)
		text = hidp__alloc(agent->ctx, length + 1);
	if (text == NULL || hidp_model_to_json(model, text, length + 1, NULL) != HIDP_OK)
		length = 0;
	for (size_t i = 0; i < agent->model_count && length != 0; i++)
		if (agent->models[i].length == length &&
		    memcmp(agent->models[i].text, text, length) == 0)
			found = &agent->models[i];
	hidp__free(agent->ctx, text);
	return found;
}

/* The same plan of the model that this node has loaded, which is what its kernels know. */
static hidp_status adopt(struct hidp_agent *agent, struct hidp_plan **plan,
                         const struct hidp_model *model, struct hidp_diagnostic *diagnostic)
{
	struct hidp_plan *own = NULL;
	struct hidp__arena scratch;
	hidp__arena_init(&scratch, agent->ctx);
	hidp_status s = hidp__plan_make(model, (*plan)->cluster, (*plan)->cost,
	                                &(*plan)->request.options, &(*plan)->decisions, &own,
	                                &scratch, diagnostic);
	hidp__arena_destroy(&scratch);
	if (s != HIDP_OK)
		return s;
	hidp_plan_unref(*plan);
	*plan = own;
	return HIDP_OK;
}

/* Gets ready for a leader's plan. */
static hidp_status follow(struct hidp_agent *agent, const struct hidp__job *job,
                          struct hidp_diagnostic *diagnostic)
{
	struct hidp_plan *plan;
	struct hidp__hosted *hosted = hidp__agent_find(agent, job->plan_id);
	if (hosted != NULL) { /* it was told twice */
		hidp__agent_let_go(agent, hosted);
		return HIDP_OK;
	}
	hidp_status s = hidp_plan_from_json(agent->ctx, job->text, job->length, &plan, diagnostic);
	if (s != HIDP_OK)
		return s;
	const struct hidp__loaded *model = find_model(agent, hidp_plan_model(plan));
	if (model == NULL)
		s = hidp__fail(diagnostic, HIDP_ERR_UNSUPPORTED,
		               hidp_model_name(hidp_plan_model(plan)),
		               "this node has not loaded the model, or another one of this name");
	else if (hidp_cluster_node_count(hidp_plan_cluster(plan)) != agent->node_count ||
	         hidp_cluster_processor_count(hidp_plan_cluster(plan), agent->node) !=
	                 hidp_cluster_processor_count(agent->cluster, agent->node))
		s = hidp__fail(diagnostic, HIDP_ERR_CLUSTER, NULL,
		               "the leader's cluster is not the one that this node is in");
	if (s == HIDP_OK)
		s = adopt(agent, &plan, model->model, diagnostic);
	if (s == HIDP_OK)
		s = hidp__agent_host(agent, plan, model, job->plan_id, job->from, &hosted,
		                     diagnostic);
	if (s == HIDP_OK)
		hidp__agent_let_go(agent, hosted);
	hidp_plan_unref(plan);
	return s;
}

static void do_job(struct hidp_agent *agent, const struct hidp__job *job)
{
	struct hidp_diagnostic diagnostic = HIDP_DIAGNOSTIC_INIT;
	if (job->type == HIDP__WIRE_DROP) {
		struct hidp__hosted *hosted = hidp__agent_find(agent, job->plan_id);
		if (hosted == NULL)
			return;
		hidp__agent_say(agent, HIDP_AGENT_IDLE, job->plan_id, "the leader gives it up");
		hidp__agent_retire(agent, hosted);
		hidp__agent_let_go(agent, hosted);
		return;
	}
	hidp__agent_say(agent, HIDP_AGENT_MAP, job->plan_id, "gets ready for a leader's plan");
	hidp_status s = follow(agent, job, &diagnostic);
	char text[sizeof diagnostic.subject + sizeof diagnostic.message + 3] = "";
	if (s != HIDP_OK) {
		strcpy(text, diagnostic.subject);
		strcat(text, diagnostic.subject[0] != '\0' ? ": " : "");
		strcat(text, diagnostic.message);
	}
	const struct hidp__wire_header header = {
		.type = HIDP__WIRE_READY, .plan_id = job->plan_id, .status = s};
	hidp__agent_say(agent, s == HIDP_OK ? HIDP_AGENT_EXECUTE : HIDP_AGENT_IDLE, job->plan_id,
	                s == HIDP_OK ? "ready" : text);
	hidp__agent_send(agent, job->from, &header, text, strlen(text));
}

/* Clears away plans that are over and that nobody looks at. */
void hidp__agent_clear(struct hidp_agent *agent)
{
	struct hidp__hosted *gone = NULL;
	hidp__mutex_lock(&agent->mutex);
	for (struct hidp__hosted **at = &agent->hosted; *at != NULL;) {
		struct hidp__hosted *h = *at;
		if (h->retired && h->users == 0 && hidp__session_is_over(h->session)) {
			*at = h->next;
			h->next = gone;
			gone = h;
		} else {
			at = &h->next;
		}
	}
	hidp__mutex_unlock(&agent->mutex);
	while (gone != NULL) {
		struct hidp__hosted *next = gone->next;
		destroy_session(agent, gone->session);
		hidp__free(agent->ctx, gone);
		gone = next;
	}
}

/*
 * Calls those who take part in the plan that is led. Leaders that do not call for a plan any more
 * are gone, or lead another one and it was lost that they gave this one up.
 */
static void call_around(struct hidp_agent *agent)
{
	double now = hidp__clock();
	struct hidp__hosted *orphan = NULL;
	hidp__lead_call(agent);
	hidp__mutex_lock(&agent->mutex);
	for (struct hidp__hosted *h = agent->hosted; h != NULL && orphan == NULL; h = h->next)
		if (!h->retired && h->leader != agent->node &&
		    now - h->called_s > LEADER_PATIENCE * agent->options.silence_s)
			orphan = h;
	if (orphan != NULL)
		orphan->users++;
	hidp__mutex_unlock(&agent->mutex);
	if (orphan != NULL) {
		hidp__agent_say(agent, HIDP_AGENT_IDLE, orphan->plan_id,
		                "its leader does not call any more");
		hidp__agent_retire(agent, orphan);
		hidp__agent_let_go(agent, orphan);
	}
}

void hidp__keeper_run(void *data)
{
	struct hidp_agent *agent = data;
	double call_s = hidp__clock(), invite_s = call_s;
	while (atomic_load(&agent->state) == HIDP__SESSION_STARTED) {
		unsigned count = hidp__event_count(&agent->keeper_event);
		hidp__mutex_lock(&agent->mutex);
		struct hidp__job *job = agent->jobs;
		if (job != NULL) {
			agent->jobs = job->next;
			agent->job_count--;
			agent->mapping = job->type == HIDP__WIRE_PLAN ? job->plan_id : 0;
		}
		hidp__mutex_unlock(&agent->mutex);
		if (job != NULL) {
			do_job(agent, job);
			hidp__free(agent->ctx, job);
			hidp__mutex_lock(&agent->mutex);
			agent->mapping = 0;
			hidp__mutex_unlock(&agent->mutex);
		}
		hidp__agent_clear(agent);
		if (hidp__clock() >= call_s) {
			call_around(agent);
			call_s = hidp__clock() + agent->options.heartbeat_s;
		}
		if (hidp__clock() >= invite_s) {
			hidp__lead_invite(agent);
			invite_s = hidp__clock() + INVITE_S;
		}
		if (job == NULL)
			hidp__event_wait(&agent->keeper_event, count, 0, call_s);
	}
}
