/* SPDX-License-Identifier: MIT */
/* Agents as the host sees them; requests, tried until they get through. */
#include <string.h>

#include "base/abi.h"
#include "base/diagnostic.h"
#include "run/agent_priv.h"

#define HEARTBEAT_S 0.05
#define SILENCE_S 0.5
#define READY_S 60.0
/* After so many attempts the leader does it alone. */
#define ATTEMPTS_TOGETHER 4
#define ATTEMPTS_MAX 6
#define LATE_MAX 2
/* How long a request that was given up may take to be over. */
#define CANCEL_S 1.0

void hidp__agent_say(struct hidp_agent *agent, hidp_agent_state state, uint64_t plan_id,
                     const char *text)
{
	static const char *const names[] = {"idle", "analyse", "explore", "offload",
	                                    "map",  "execute", "recover"};
	if (hidp__logs(agent->ctx, HIDP_LOG_INFO))
		hidp__log(agent->ctx, HIDP_LOG_INFO, "agent", "node %u: %s: %s", agent->node,
		          names[state], text);
	if (agent->options.on_state != NULL)
		agent->options.on_state(agent->options.state_data, state, plan_id, text);
}

static bool is_time(double value)
{
	return value >= 0 && value <= 1e9;
}

static hidp_status read_options(struct hidp_agent_options *o,
                                const struct hidp_agent_options *options,
                                const struct hidp_cluster *cluster,
                                struct hidp_diagnostic *diagnostic)
{
	if (options != NULL) {
		hidp_status s = hidp__abi_read(o, sizeof *o, sizeof *o, options);
		if (s != HIDP_OK)
			return hidp__fail(diagnostic, s, NULL, "options have the wrong size");
	}
	if ((o->flags & ~(uint32_t)HIDP_SESSION_UNPINNED) != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, NULL, "unknown flags 0x%x", o->flags);
	if (o->node >= cluster->node_count)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "there is no node %u, the cluster has %u", o->node,
		                  cluster->node_count);
	if (!is_time(o->heartbeat_s) || !is_time(o->silence_s) || !is_time(o->ready_s) ||
	    !is_time(o->attempt_s) || o->spin_s != o->spin_s || o->slots > HIDP_SESSION_SLOTS_MAX)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "options are out of range");
	o->heartbeat_s = o->heartbeat_s == 0 ? HEARTBEAT_S : o->heartbeat_s;
	o->silence_s = o->silence_s == 0 ? SILENCE_S : o->silence_s;
	o->ready_s = o->ready_s == 0 ? READY_S : o->ready_s;
	return HIDP_OK;
}

static bool make(struct hidp_agent *a)
{
	bool *made[] = {&a->has_mutex, &a->has_kernels_mutex, &a->has_lead_mutex,
	                &a->has_close_mutex, &a->has_link_mutex};
	struct hidp__mutex *mutexes[] = {&a->mutex, &a->kernels_mutex, &a->lead_mutex,
	                                 &a->close_mutex, &a->link_mutex};
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		*made[i] = hidp__mutex_init(mutexes[i]);
		if (!*made[i])
			return false;
	}
	a->has_news = hidp__event_init(&a->news);
	a->has_keeper_event = a->has_news && hidp__event_init(&a->keeper_event);
	a->peers = hidp__calloc(a->ctx, a->node_count, sizeof *a->peers);
	a->cut_s = hidp__calloc(a->ctx, (size_t)a->node_count * a->node_count, sizeof *a->cut_s);
	a->lead.takes_part = hidp__calloc(a->ctx, a->node_count, sizeof *a->lead.takes_part);
	a->lead.left_out = hidp__calloc(a->ctx, a->node_count, sizeof *a->lead.left_out);
	return a->has_keeper_event && a->peers != NULL && a->cut_s != NULL &&
	       a->lead.takes_part != NULL && a->lead.left_out != NULL;
}

hidp_status hidp_agent_new(struct hidp_context *context, const struct hidp_cluster *cluster,
                           const struct hidp_agent_options *options, struct hidp_agent **agent_out,
                           struct hidp_diagnostic *diagnostic)
{
	struct hidp_agent_options o = HIDP_AGENT_OPTIONS_INIT;
	if (context == NULL || cluster == NULL || agent_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "context, cluster or agent_out is NULL");
	if (!HIDP_WITH_JSON)
		return hidp__fail(diagnostic, HIDP_ERR_UNSUPPORTED, NULL,
		                  "plans travel as JSON, and the library was built without it");
	hidp_status s = read_options(&o, options, cluster, diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp_agent *a = hidp__calloc(context, 1, sizeof *a);
	if (a == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	a->ctx = hidp_context_ref(context);
	/* references are counted on const objects too */
	a->cluster = hidp_cluster_ref((struct hidp_cluster *)(uintptr_t)cluster);
	a->node_count = cluster->node_count;
	a->node = o.node;
	a->options = o;
	if (!make(a)) {
		hidp_agent_destroy(a);
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	}
	*agent_out = a;
	return HIDP_OK;
}

void hidp_agent_destroy(struct hidp_agent *agent)
{
	if (agent == NULL)
		return;
	struct hidp_context *ctx = agent->ctx;
	hidp_agent_close(agent);
	for (struct hidp__job *j = agent->jobs, *next; j != NULL; j = next) {
		next = j->next;
		hidp__free(ctx, j);
	}
	for (size_t i = 0; i < agent->model_count; i++) {
		hidp_model_unref(agent->models[i].model);
		hidp__free(ctx, agent->models[i].text);
	}
	for (hidp_node_id n = 0; agent->peers != NULL && n < agent->node_count; n++)
		hidp__free(ctx, agent->peers[n].report);
	if (agent->has_keeper_event)
		hidp__event_destroy(&agent->keeper_event);
	if (agent->has_news)
		hidp__event_destroy(&agent->news);
	if (agent->has_link_mutex)
		hidp__mutex_destroy(&agent->link_mutex);
	if (agent->has_close_mutex)
		hidp__mutex_destroy(&agent->close_mutex);
	if (agent->has_lead_mutex)
		hidp__mutex_destroy(&agent->lead_mutex);
	if (agent->has_kernels_mutex)
		hidp__mutex_destroy(&agent->kernels_mutex);
	if (agent->has_mutex)
		hidp__mutex_destroy(&agent->mutex);
	hidp__free(ctx, agent->models);
	hidp__free(ctx, agent->peers);
	hidp__free(ctx, agent->cut_s);
	hidp__free(ctx, agent->lead.takes_part);
	hidp__free(ctx, agent->lead.left_out);
	hidp__free(ctx, agent->blank);
	hidp_cluster_unref(agent->cluster);
	hidp__free(ctx, agent);
	hidp_context_unref(ctx);
}

hidp_status hidp_agent_set_transport(struct hidp_agent *agent,
                                     const struct hidp_transport *transport, void *user_data)
{
	if (agent == NULL || transport == NULL || atomic_load(&agent->state) != HIDP__SESSION_NEW)
		return HIDP_ERR_ARGUMENT;
	if (!hidp__transport_fits(transport))
		return HIDP_ERR_ABI;
	agent->transport = transport;
	agent->transport_data = user_data;
	return HIDP_OK;
}

/* FNV-1a */
static uint64_t digest(const char *text, size_t length)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < length; i++)
		h = (h ^ (uint8_t)text[i]) * 0x100000001b3u;
	return h;
}

hidp_status hidp_agent_add_model(struct hidp_agent *agent, const struct hidp_model *model,
                                 const struct hidp_kernels *kernels, void *user_data)
{
	struct hidp__loaded loaded = {.kernels = kernels, .kernels_data = user_data};
	if (agent == NULL || model == NULL || kernels == NULL ||
	    atomic_load(&agent->state) != HIDP__SESSION_NEW)
		return HIDP_ERR_ARGUMENT;
	if (!hidp__kernels_fit(kernels))
		return HIDP_ERR_ABI;
	hidp_status s = hidp_model_to_json(model, NULL, 0, &loaded.length);
	if (s != HIDP_OK)
		return s;
	loaded.text = hidp__alloc(agent->ctx, loaded.length + 1);
	if (loaded.text == NULL)
		return HIDP_ERR_NOMEM;
	s = hidp_model_to_json(model, loaded.text, loaded.length + 1, NULL);
	if (s == HIDP_OK && !hidp__grow(agent->ctx, (void **)&agent->models, agent->model_count,
	                                &agent->model_capacity, sizeof *agent->models))
		s = HIDP_ERR_NOMEM;
	if (s != HIDP_OK) {
		hidp__free(agent->ctx, loaded.text);
		return s;
	}
	loaded.digest = digest(loaded.text, loaded.length);
	loaded.model = hidp_model_ref((struct hidp_model *)(uintptr_t)model);
	agent->models[agent->model_count++] = loaded;
	return HIDP_OK;
}

hidp_status hidp_agent_set_planner(struct hidp_agent *agent, hidp_agent_plan_fn planner,
                                   void *user_data)
{
	if (agent == NULL || atomic_load(&agent->state) != HIDP__SESSION_NEW)
		return HIDP_ERR_ARGUMENT;
	agent->planner = planner;
	agent->planner_data = user_data;
	return HIDP_OK;
}

hidp_status hidp_agent_start(struct hidp_agent *agent, struct hidp_diagnostic *diagnostic)
{
	if (agent == NULL || agent->transport == NULL ||
	    atomic_load(&agent->state) != HIDP__SESSION_NEW || agent->keeper_runs)
		return hidp__fail(
			diagnostic, HIDP_ERR_ARGUMENT, NULL,
			"there is no agent, it has no transport, or it was started before");
	atomic_store(&agent->state, HIDP__SESSION_STARTED);
	agent->keeper_runs = hidp__thread_start(&agent->keeper, hidp__keeper_run, agent);
	if (!agent->keeper_runs) {
		hidp_agent_close(agent);
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "its thread cannot be started");
	}
	hidp_status s = agent->transport->open(agent->transport_data, hidp__agent_receive, agent,
	                                       diagnostic);
	if (s != HIDP_OK) {
		hidp_agent_close(agent);
		return s;
	}
	agent->is_open = true;
	hidp__agent_say(agent, HIDP_AGENT_IDLE, 0, "started");
	return HIDP_OK;
}

/* A request under way with a plan. */
struct attempt {
	struct hidp_agent *agent;
	const struct hidp_agent_request *request;
	struct hidp__hosted *hosted;
	uint64_t plan_id;
	double patience_s; /* how long it may take */
	double begin_s;
	double deadline_s; /* 0: none */
	uint32_t number;   /* from 1 */
};

static void pause_shortly(struct hidp_agent *agent)
{
	unsigned count = hidp__event_count(&agent->news);
	hidp__event_wait(&agent->news, count, 0, hidp__clock() + 200e-6);
}

static void say_progress(const struct attempt *a, uint64_t number)
{
	struct hidp_session_progress p = HIDP_SESSION_PROGRESS_INIT;
	if (a->request->on_progress != NULL &&
	    hidp_session_get_progress(a->hosted->session, number, &p) == HIDP_OK)
		a->request->on_progress(a->request->progress_data, a->number,
		                        p.task_count != 0 ? (double)p.tasks_done / p.task_count : 1);
}

/* Waits for the result, and looks after the followers meanwhile. */
static hidp_status execute(struct attempt *a, uint64_t number)
{
	struct hidp_agent *agent = a->agent;
	struct hidp_session *session = a->hosted->session;
	for (;;) {
		hidp_status s = hidp_session_wait(session, number, agent->options.heartbeat_s,
		                                  a->request->outputs, a->request->output_count);
		if (s != HIDP_ERR_TIMEOUT)
			return s;
		double now = hidp__clock();
		bool late = now - a->begin_s > a->patience_s;
		bool over = a->deadline_s != 0 && now > a->deadline_s;
		hidp__lead_call(agent);
		say_progress(a, number);
		if (!late && !over && !hidp__lead_misses(agent, a->plan_id))
			continue;
		hidp__mutex_lock(&agent->lead_mutex);
		if (agent->lead.plan_id == a->plan_id) {
			if (late || over)
				hidp__lead_blame(agent, number);
			agent->lead.failed = true;
		}
		hidp__mutex_unlock(&agent->lead_mutex);
		(void)hidp_session_cancel(session, number);
		s = hidp_session_wait(session, number, CANCEL_S, a->request->outputs,
		                      a->request->output_count);
		return s == HIDP_OK ? s : HIDP_ERR_TIMEOUT;
	}
}

static hidp_status attempt(struct attempt *a)
{
	struct hidp_agent *agent = a->agent;
	uint64_t number;
	hidp_status s;
	for (;;) {
		s = hidp_session_submit(a->hosted->session, a->request->inputs,
		                        a->request->input_count, &number);
		if (s != HIDP_ERR_BUSY)
			break;
		if (atomic_load(&agent->state) != HIDP__SESSION_STARTED)
			return HIDP_ERR_CLOSED;
		pause_shortly(agent);
	}
	if (s != HIDP_OK)
		return s;
	a->begin_s = hidp__clock();
	s = execute(a, number);
	hidp__event_tell(&agent->news); /* a slot is free */
	return s;
}

/* The current plan, ready everywhere, or a new one. */
static hidp_status take_plan(struct attempt *a, struct hidp_agent_report *report,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_agent *agent = a->agent;
	hidp__mutex_lock(&agent->lead_mutex);
	hidp_status s = hidp__lead_prepare(agent, a->request, report, diagnostic);
	if (s == HIDP_OK) {
		hidp__mutex_lock(&agent->mutex);
		a->hosted = agent->lead.hosted;
		a->hosted->users++;
		a->plan_id = agent->lead.plan_id;
		hidp__mutex_unlock(&agent->mutex);
		report->predicted_s = agent->lead.predicted_s;
		report->plan_id = a->plan_id;
		a->patience_s = agent->options.attempt_s;
		if (a->patience_s == 0)
			a->patience_s = 20 * agent->lead.predicted_s + 1;
	}
	hidp__mutex_unlock(&agent->lead_mutex);
	return s;
}

/* Is this something that another plan may mend? */
static bool is_worth_another(hidp_status s)
{
	return s == HIDP_ERR_TIMEOUT || s == HIDP_ERR_TRANSPORT || s == HIDP_ERR_CANCELLED ||
	       s == HIDP_ERR_CLOSED || s == HIDP_ERR_NOMEM;
}

static hidp_status run(struct hidp_agent *agent, const struct hidp_agent_request *request,
                       struct hidp_agent_report *report, struct hidp_diagnostic *diagnostic)
{
	double begin_s = hidp__clock();
	double deadline_s = request->deadline_s > 0 ? begin_s + request->deadline_s : 0;
	unsigned late = 0;
	for (;;) {
		struct attempt a = {.agent = agent, .request = request};
		hidp_status s = take_plan(&a, report, diagnostic);
		if (s != HIDP_OK)
			return s;
		/* after the deadline: one more plan, and if it fails too, the leader alone */
		bool is_late = deadline_s != 0 && hidp__clock() > deadline_s;
		a.deadline_s = is_late ? 0 : deadline_s;
		late += is_late;
		a.number = ++report->attempts;
		hidp__agent_say(agent, HIDP_AGENT_EXECUTE, a.plan_id, "a request begins");
		s = attempt(&a);
		double end_s = hidp__clock();
		hidp__agent_let_go(agent, a.hosted);
		report->latency_s = end_s - a.begin_s;
		report->total_s = end_s - begin_s;
		if (s == HIDP_OK) {
			hidp__agent_say(agent, HIDP_AGENT_IDLE, a.plan_id, "the request is done");
			return HIDP_OK;
		}
		if (atomic_load(&agent->state) != HIDP__SESSION_STARTED)
			return hidp__fail(diagnostic, HIDP_ERR_CLOSED, NULL, "the agent is closed");
		if (!is_worth_another(s) || late == LATE_MAX || report->attempts == ATTEMPTS_MAX)
			return hidp__fail(diagnostic, s, NULL,
			                  "the request failed %u times, the last time: %s",
			                  report->attempts, hidp_status_string(s));
		hidp__agent_say(agent, HIDP_AGENT_RECOVER, a.plan_id, hidp_status_string(s));
		hidp__mutex_lock(&agent->lead_mutex);
		if (agent->lead.plan_id == a.plan_id)
			agent->lead.failed = true;
		if (report->attempts >= ATTEMPTS_TOGETHER || late != 0)
			hidp__lead_alone(agent);
		hidp__mutex_unlock(&agent->lead_mutex);
	}
}

hidp_status hidp__agent_begin(struct hidp_agent *agent, struct hidp_diagnostic *diagnostic)
{
	hidp__mutex_lock(&agent->mutex);
	int state = atomic_load(&agent->state);
	agent->runs += state == HIDP__SESSION_STARTED;
	hidp__mutex_unlock(&agent->mutex);
	if (state == HIDP__SESSION_STARTED)
		return HIDP_OK;
	return hidp__fail(diagnostic,
	                  state == HIDP__SESSION_NEW ? HIDP_ERR_ARGUMENT : HIDP_ERR_CLOSED, NULL,
	                  "the agent is not running");
}

void hidp__agent_end(struct hidp_agent *agent)
{
	hidp__mutex_lock(&agent->mutex);
	agent->runs--;
	hidp__mutex_unlock(&agent->mutex);
	hidp__event_tell(&agent->news);
}

hidp_status hidp_agent_run(struct hidp_agent *agent, const struct hidp_agent_request *request,
                           struct hidp_agent_report *report, struct hidp_diagnostic *diagnostic)
{
	struct hidp_agent_request r = HIDP_AGENT_REQUEST_INIT;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_agent_report own = {.struct_size = sizeof own};
	if (agent == NULL || request == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "agent or request is NULL");
	hidp_status s = hidp__abi_read(&r, sizeof r, sizeof r, request);
	if (s == HIDP_OK && r.options != NULL)
		s = hidp__abi_read(&options, sizeof options, sizeof options, r.options);
	/* not to be found out when all is done */
	if (report != NULL && report->struct_size < sizeof own)
		s = HIDP_ERR_ABI;
	if (s != HIDP_OK || r.flags != 0 || r.reserved != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, NULL,
		                  "request or report has the wrong size");
	if (agent->planner == NULL || r.model >= agent->model_count || !(r.deadline_s >= 0))
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "there is no planner, no model %u, or no such deadline", r.model);
	r.options = &options;
	s = hidp__agent_begin(agent, diagnostic);
	if (s != HIDP_OK)
		return s;
	s = run(agent, &r, &own, diagnostic);
	hidp__agent_end(agent);
	if (s == HIDP_OK && report != NULL)
		s = hidp__abi_write(report, sizeof own, &own, sizeof own);
	return s;
}

hidp_status hidp_agent_plan(struct hidp_agent *agent, struct hidp_plan **plan_out)
{
	if (agent == NULL || plan_out == NULL)
		return HIDP_ERR_ARGUMENT;
	hidp__mutex_lock(&agent->mutex);
	struct hidp_plan *plan = agent->lead.plan_id != 0 ? agent->lead.plan : NULL;
	if (plan != NULL)
		hidp_plan_ref(plan);
	hidp__mutex_unlock(&agent->mutex);
	*plan_out = plan;
	return HIDP_OK;
}

hidp_status hidp_agent_get_task_statistics(struct hidp_agent *agent, uint32_t route, uint32_t task,
                                           struct hidp_task_statistics *statistics_out)
{
	struct hidp__hosted *hosted = NULL;
	if (agent == NULL)
		return HIDP_ERR_ARGUMENT;
	hidp__mutex_lock(&agent->mutex);
	if (agent->lead.plan_id != 0 && agent->lead.hosted != NULL) {
		hosted = agent->lead.hosted;
		hosted->users++;
	}
	hidp__mutex_unlock(&agent->mutex);
	if (hosted == NULL)
		return HIDP_ERR_ARGUMENT;
	hidp_status s =
		hidp_session_get_task_statistics(hosted->session, route, task, statistics_out);
	hidp__agent_let_go(agent, hosted);
	return s;
}

/* All plans end, its own and others'. */
static void retire_all(struct hidp_agent *agent)
{
	struct hidp__hosted *next;
	do {
		hidp__mutex_lock(&agent->mutex);
		for (next = agent->hosted; next != NULL && next->retired;)
			next = next->next;
		if (next != NULL)
			next->users++;
		hidp__mutex_unlock(&agent->mutex);
		if (next != NULL) {
			hidp__agent_retire(agent, next);
			hidp__agent_let_go(agent, next);
		}
	} while (next != NULL);
}

/* All threads come to an end, and what is carried out. */
static void end_agent(struct hidp_agent *agent)
{
	bool runs;
	hidp__event_tell(&agent->news);
	hidp__event_tell(&agent->keeper_event);
	retire_all(agent);
	do { /* requests under way end, since their plans have */
		hidp__mutex_lock(&agent->mutex);
		runs = agent->runs != 0;
		hidp__mutex_unlock(&agent->mutex);
		if (runs)
			pause_shortly(agent);
	} while (runs);
	if (agent->keeper_runs)
		hidp__thread_join(&agent->keeper);
	hidp__lead_drop(agent);
	if (agent->is_open) {
		agent->transport->close(agent->transport_data);
		agent->transport->stop(agent->transport_data);
	}
	/* nothing is on its way out any more, so workers come to an end by themselves */
	while (agent->hosted != NULL) {
		hidp__agent_clear(agent);
		if (agent->hosted != NULL)
			pause_shortly(agent);
	}
}

void hidp_agent_close(struct hidp_agent *agent)
{
	if (agent == NULL || !agent->has_close_mutex)
		return;
	/* who closes it as well waits until it is closed */
	hidp__mutex_lock(&agent->close_mutex);
	hidp__mutex_lock(&agent->mutex);
	int before = atomic_exchange(&agent->state, HIDP__SESSION_CLOSED);
	hidp__mutex_unlock(&agent->mutex);
	if (before == HIDP__SESSION_STARTED)
		end_agent(agent);
	hidp__mutex_unlock(&agent->close_mutex);
}
