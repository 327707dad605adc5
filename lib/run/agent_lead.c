/* SPDX-License-Identifier: MIT */
/* Leading: who is there, a plan, everybody ready; and who is to blame when it fails. */
#include <string.h>

#include <hidp/report.h>

#include "base/diagnostic.h"
#include "run/agent_priv.h"

/* How long no plan uses a node or a link that one failed for. */
#define BARRED_S 10.0
/* The same for a node that was only silent: once it answers, there is nothing against it. */
#define SILENT_S 1.0

void hidp__lead_call(struct hidp_agent *agent)
{
	struct hidp__wire_header ping = {.type = HIDP__WIRE_PING};
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		hidp__mutex_lock(&agent->mutex);
		/* not before they have the plan: they would say that they do not know it */
		bool calls = agent->lead.plan_id != 0 && agent->lead.is_sent &&
		             n != agent->node && agent->lead.takes_part[n];
		ping.plan_id = agent->lead.plan_id;
		hidp__mutex_unlock(&agent->mutex);
		if (calls)
			hidp__agent_send(agent, n, &ping, NULL, 0);
	}
}

static void bar(struct hidp_agent *agent, hidp_node_id node, uint64_t plan_id, double seconds,
                const char *why)
{
	char text[HIDP_NAME_MAX + 200];
	const char *name = agent->cluster->nodes[node].desc.name;
	hidp__mutex_lock(&agent->mutex);
	agent->peers[node].barred_s = hidp__clock() + seconds;
	hidp__mutex_unlock(&agent->mutex);
	memset(text, 0, sizeof text);
	strncat(text, name, HIDP_NAME_MAX);
	strcat(text, ": ");
	strncat(text, why, 180);
	hidp__agent_say(agent, HIDP_AGENT_RECOVER, plan_id, text);
}

bool hidp__lead_misses(struct hidp_agent *agent, uint64_t plan_id)
{
	double now = hidp__clock();
	bool misses = false;
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		hidp__mutex_lock(&agent->mutex);
		bool counts = agent->lead.plan_id == plan_id && n != agent->node &&
		              agent->lead.takes_part[n];
		bool silent = counts && now - agent->peers[n].heard_s > agent->options.silence_s;
		/* a node that was started anew, quicker than it could be missed */
		bool lost = counts && agent->peers[n].lost == plan_id;
		hidp__mutex_unlock(&agent->mutex);
		if (silent)
			bar(agent, n, plan_id, SILENT_S, "does not answer any more");
		else if (lost)
			bar(agent, n, plan_id, SILENT_S, "knows nothing of the plan any more");
		misses |= silent || lost;
	}
	return misses;
}

void hidp__lead_alone(struct hidp_agent *agent)
{
	hidp__mutex_lock(&agent->mutex);
	for (hidp_node_id n = 0; n < agent->node_count; n++)
		if (n != agent->node)
			agent->peers[n].barred_s = hidp__clock() + BARRED_S;
	hidp__mutex_unlock(&agent->mutex);
}

/* Waits for news until then, unless the agent is closed. */
static bool wait_for_news(struct hidp_agent *agent, unsigned count, double until_s)
{
	return atomic_load(&agent->state) == HIDP__SESSION_STARTED && hidp__clock() < until_s &&
	       (hidp__event_wait(&agent->news, count, 0, until_s), true);
}

/* Asks everybody who has not answered yet. true: there is nobody to wait for. */
static bool ask_around(struct hidp_agent *agent, const struct hidp__loaded *model, bool asks)
{
	struct hidp__wire_header probe = {.type = HIDP__WIRE_PROBE, .request = model->digest};
	bool all = true;
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		hidp__mutex_lock(&agent->mutex);
		const struct hidp__peer *p = &agent->peers[n];
		bool answered = p->here != HIDP_ERR_TIMEOUT && p->probed == model->digest;
		/* who is barred need not be waited for */
		all &= n == agent->node || answered || p->barred_s > hidp__clock();
		hidp__mutex_unlock(&agent->mutex);
		if (asks && !answered && n != agent->node)
			hidp__agent_send(agent, n, &probe, NULL, 0);
	}
	return all;
}

/*
 * Asks who is there and has loaded the model; who does not answer in time is not there.
 * Questions and answers can get lost where connections are new, so they are asked again.
 */
static void analyse(struct hidp_agent *agent, const struct hidp__loaded *model)
{
	double until_s = hidp__clock() + agent->options.silence_s, ask_s = 0;
	hidp__agent_say(agent, HIDP_AGENT_ANALYSE, 0, "who is there?");
	hidp__mutex_lock(&agent->mutex);
	for (hidp_node_id n = 0; n < agent->node_count; n++)
		agent->peers[n].here = HIDP_ERR_TIMEOUT;
	hidp__mutex_unlock(&agent->mutex);
	for (;;) {
		unsigned count = hidp__event_count(&agent->news);
		bool asks = hidp__clock() >= ask_s;
		if (ask_around(agent, model, asks))
			break;
		if (asks)
			ask_s = hidp__clock() + agent->options.heartbeat_s;
		if (hidp__clock() >= until_s ||
		    atomic_load(&agent->state) != HIDP__SESSION_STARTED)
			break;
		hidp__event_wait(&agent->news, count, 0, ask_s < until_s ? ask_s : until_s);
	}
}

void hidp__lead_invite(struct hidp_agent *agent)
{
	struct hidp__wire_header probe = {.type = HIDP__WIRE_PROBE};
	double now = hidp__clock();
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		hidp__mutex_lock(&agent->mutex);
		bool leads = agent->lead.plan_id != 0;
		bool asks = leads && n != agent->node && agent->lead.left_out[n];
		probe.request = agent->lead.digest;
		if (leads && agent->lead.mended_s != 0 && now > agent->lead.mended_s)
			atomic_store(&agent->is_outdated, true);
		hidp__mutex_unlock(&agent->mutex);
		if (asks)
			hidp__agent_send(agent, n, &probe, NULL, 0);
	}
}

void hidp__lead_welcome(struct hidp_agent *agent, hidp_node_id node)
{
	const struct hidp__peer *p = &agent->peers[node];
	if (agent->lead.plan_id != 0 && agent->lead.left_out[node] && p->here == HIDP_OK &&
	    p->probed == agent->lead.digest && p->barred_s <= hidp__clock())
		atomic_store(&agent->is_outdated, true);
}

static bool is_usable(struct hidp_agent *agent, hidp_node_id n, double now)
{
	hidp__mutex_lock(&agent->mutex);
	const struct hidp__peer *p = &agent->peers[n];
	bool usable = n == agent->node || (p->here == HIDP_OK && p->barred_s <= now);
	hidp__mutex_unlock(&agent->mutex);
	return usable;
}

static bool is_cut(struct hidp_agent *agent, hidp_node_id from, hidp_node_id to, double now)
{
	hidp__mutex_lock(&agent->mutex);
	bool cut = agent->cut_s[(size_t)from * agent->node_count + to] > now;
	hidp__mutex_unlock(&agent->mutex);
	return cut;
}

/* Notes what cannot be used now, nodes and links, for the plan that is to be made. */
static void look_around(struct hidp_agent *agent, double now)
{
	struct hidp__lead *lead = &agent->lead;
	size_t links = (size_t)agent->node_count * agent->node_count;
	for (hidp_node_id n = 0; n < agent->node_count; n++)
		lead->left_out[n] = !is_usable(agent, n, now);
	atomic_store(&agent->is_outdated, false);
	lead->mended_s = 0;
	hidp__mutex_lock(&agent->mutex);
	for (size_t i = 0; i < links; i++)
		if (agent->cut_s[i] > now && agent->cut_s[i] > lead->mended_s)
			lead->mended_s = agent->cut_s[i];
	hidp__mutex_unlock(&agent->mutex);
}

/* The cluster without the nodes and links that cannot be used now. */
static hidp_status cluster_now(struct hidp_agent *agent, struct hidp_cluster **cluster_out)
{
	struct hidp_cluster_builder *builder;
	double now = hidp__clock();
	const bool *left_out = agent->lead.left_out;
	hidp_status s = hidp_cluster_builder_from(agent->cluster, &builder);
	if (s != HIDP_OK)
		return s;
	look_around(agent, now);
	for (hidp_node_id n = 0; n < agent->node_count && s == HIDP_OK; n++)
		if (left_out[n])
			s = hidp_cluster_builder_set_available(builder, n, false, NULL);
	for (hidp_node_id n = 0; n < agent->node_count; n++)
		for (hidp_node_id m = 0; m < agent->node_count && s == HIDP_OK; m++) {
			/* nobody relays over a node that is not there */
			bool gone = left_out[n] || left_out[m] || is_cut(agent, n, m, now);
			if (gone && hidp__link(agent->cluster, n, m)->bandwidth_Bps != 0)
				s = hidp_cluster_builder_remove_link(builder, n, m, NULL);
		}
	if (s == HIDP_OK)
		s = hidp_cluster_builder_seal(builder, cluster_out, NULL);
	hidp_cluster_builder_destroy(builder);
	return s;
}

static hidp_status explore(struct hidp_agent *agent, const struct hidp__loaded *model,
                           const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                           struct hidp_agent_report *report, struct hidp_diagnostic *diagnostic)
{
	struct hidp_diagnostic own = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster;
	struct hidp_plan *plan = NULL;
	hidp__agent_say(agent, HIDP_AGENT_EXPLORE, 0, "has a plan made");
	hidp_status s = cluster_now(agent, &cluster);
	if (s != HIDP_OK)
		return hidp__fail(diagnostic, s, NULL, "the cluster of the nodes that are there");
	double begin_s = hidp__clock();
	s = agent->planner(agent->planner_data, model->model, cluster, options, &plan, &own);
	report->planning_s += hidp__clock() - begin_s;
	if (s == HIDP_OK &&
	    (plan == NULL || plan->model != model->model ||
	     plan->request.input_node != agent->node || plan->request.output_node != agent->node)) {
		hidp_plan_unref(plan);
		s = hidp__fail(&own, HIDP_ERR_PLAN, NULL,
		               "the planner made a plan of something else");
	}
	hidp_cluster_unref(cluster);
	if (s == HIDP_OK)
		*plan_out = plan;
	else if (diagnostic != NULL)
		hidp__fail(diagnostic, s, own.subject, "%s", own.message);
	return s;
}

/* Which nodes have something to do in a plan. */
static void find_parts(struct hidp_agent *agent, const struct hidp_plan *plan, bool *takes_part)
{
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		const struct hidp__evaluation *e = &plan->evaluation;
		takes_part[n] = e->transmit_s[n] > 0 || e->receive_s[n] > 0;
	}
	for (uint32_t i = 0; i < plan->evaluation.task_count; i++) {
		const struct hidp__task *t = &plan->evaluation.tasks[i];
		takes_part[t->node] = true;
		if (t->kind == HIDP_TASK_TRANSFER)
			takes_part[t->to] = true;
	}
	/* routes other than the slowest */
	for (uint32_t s = 0; s < plan->decisions.stage_count; s++)
		for (uint32_t k = 0; k < plan->decisions.stages[s].share_count; k++)
			takes_part[plan->decisions.stages[s].shares[k].node] = true;
	takes_part[agent->node] = true;
}

/* Sends the plan to those who take part. */
static hidp_status offload(struct hidp_agent *agent, struct hidp__lead *lead)
{
	const struct hidp__wire_header header = {.type = HIDP__WIRE_PLAN, .plan_id = lead->plan_id};
	size_t length = 0;
	char *text = NULL;
	hidp__agent_say(agent, HIDP_AGENT_OFFLOAD, lead->plan_id, "sends the plan");
	hidp_status s = hidp_plan_to_json(lead->plan, NULL, 0, &length);
	if (s == HIDP_OK) {
		text = hidp__alloc(agent->ctx, length + 1);
		s = text != NULL ? hidp_plan_to_json(lead->plan, text, length + 1, NULL)
		                 : HIDP_ERR_NOMEM;
	}
	for (hidp_node_id n = 0; n < agent->node_count && s == HIDP_OK; n++)
		if (n != agent->node && lead->takes_part[n])
			hidp__agent_send(agent, n, &header, text, length);
	hidp__free(agent->ctx, text);
	return s;
}

/* Waits until all are ready; who is not, in time, is barred. true: everybody is. */
static bool wait_until_ready(struct hidp_agent *agent, const struct hidp__lead *lead)
{
	double until_s = hidp__clock() + agent->options.ready_s, call_s = 0;
	for (;;) {
		bool all = true, failed = false;
		unsigned count = hidp__event_count(&agent->news);
		if (hidp__clock() >= call_s) {
			hidp__lead_call(agent);
			call_s = hidp__clock() + agent->options.heartbeat_s;
		}
		for (hidp_node_id n = 0; n < agent->node_count; n++) {
			struct hidp__peer p;
			if (n == agent->node || !lead->takes_part[n])
				continue;
			hidp__mutex_lock(&agent->mutex);
			p = agent->peers[n];
			hidp__mutex_unlock(&agent->mutex);
			bool answered = p.ready_for == lead->plan_id;
			if (answered && p.ready != HIDP_OK) {
				bar(agent, n, lead->plan_id, BARRED_S,
				    p.why[0] != '\0' ? p.why : "cannot get ready");
				failed = true;
			}
			all &= answered;
		}
		if (failed || hidp__lead_misses(agent, lead->plan_id))
			return false;
		if (all)
			return true;
		if (!wait_for_news(agent, count, call_s < until_s ? call_s : until_s) &&
		    hidp__clock() >= until_s)
			break;
		if (atomic_load(&agent->state) != HIDP__SESSION_STARTED)
			return false;
	}
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		hidp__mutex_lock(&agent->mutex);
		bool answered = agent->peers[n].ready_for == lead->plan_id;
		hidp__mutex_unlock(&agent->mutex);
		if (n != agent->node && lead->takes_part[n] && !answered)
			bar(agent, n, lead->plan_id, BARRED_S, "does not get ready in time");
	}
	return false;
}

/* Room for what the nodes report about requests of the plan. */
static bool make_reports(struct hidp_agent *agent, const struct hidp__hosted *hosted)
{
	uint32_t most = 0;
	for (uint32_t r = 0; hidp_session_programs(hosted->session, r) != NULL; r++) {
		uint32_t count = hidp_session_programs(hosted->session, r)->message_count;
		most = count > most ? count : most;
	}
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		uint8_t *bits = hidp__alloc(agent->ctx, 2 * ((size_t)most / 8 + 1));
		if (bits == NULL)
			return false;
		hidp__mutex_lock(&agent->mutex);
		hidp__free(agent->ctx, agent->peers[n].report);
		agent->peers[n].report = bits;
		agent->peers[n].report_bytes = ((size_t)most + 7) / 8;
		agent->peers[n].reported = 0;
		hidp__mutex_unlock(&agent->mutex);
	}
	return true;
}

/* Numbers of plans rise on each node, also over its restarts. */
static uint64_t next_plan_id(struct hidp_agent *agent)
{
	uint64_t now = (uint64_t)(hidp__wall_clock() * 1e4) & (((uint64_t)1 << 48) - 1);
	uint64_t id = (uint64_t)agent->node << 48 | now;
	if (id <= agent->last_plan_id)
		id = agent->last_plan_id + 1;
	agent->last_plan_id = id;
	return id;
}

/* A plan that has been made: everybody gets ready for it. */
static hidp_status map(struct hidp_agent *agent, const struct hidp__loaded *model,
                       struct hidp_plan *plan, bool *all_ready, struct hidp_diagnostic *diagnostic)
{
	struct hidp__lead *lead = &agent->lead;
	struct hidp__hosted *hosted = NULL;
	double now = hidp__clock();
	hidp__mutex_lock(&agent->mutex);
	lead->plan_id = next_plan_id(agent);
	lead->plan = plan;
	lead->digest = model->digest;
	lead->failed = lead->is_sent = false;
	find_parts(agent, plan, lead->takes_part);
	for (hidp_node_id n = 0; n < agent->node_count; n++)
		if (lead->takes_part[n] && agent->peers[n].here == HIDP_OK)
			agent->peers[n].heard_s = now;
	hidp__mutex_unlock(&agent->mutex);
	lead->predicted_s = plan->evaluation.latency_s;
	hidp_status s = offload(agent, lead);
	if (s != HIDP_OK)
		return hidp__fail(diagnostic, s, NULL, "the plan cannot be sent");
	hidp__mutex_lock(&agent->mutex);
	lead->is_sent = true;
	hidp__mutex_unlock(&agent->mutex);
	hidp__agent_say(agent, HIDP_AGENT_MAP, lead->plan_id, "gets ready");
	s = hidp__agent_host(agent, plan, model, lead->plan_id, agent->node, &hosted, diagnostic);
	hidp__mutex_lock(&agent->mutex);
	lead->hosted = hosted;
	hidp__mutex_unlock(&agent->mutex);
	if (s == HIDP_OK && !make_reports(agent, hosted))
		s = hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	*all_ready = s == HIDP_OK && wait_until_ready(agent, lead);
	return s;
}

void hidp__lead_drop(struct hidp_agent *agent)
{
	struct hidp__lead *lead = &agent->lead;
	const struct hidp__wire_header header = {.type = HIDP__WIRE_DROP, .plan_id = lead->plan_id};
	struct hidp_plan *plan = lead->plan;
	struct hidp__hosted *hosted = lead->hosted;
	if (lead->plan_id == 0)
		return;
	/* others find it no more before it can be cleared away */
	hidp__mutex_lock(&agent->mutex);
	lead->plan_id = 0;
	lead->plan = NULL;
	lead->hosted = NULL;
	hidp__mutex_unlock(&agent->mutex);
	if (hosted != NULL) {
		hidp__agent_retire(agent, hosted);
		hidp__agent_let_go(agent, hosted);
	}
	for (hidp_node_id n = 0; n < agent->node_count; n++)
		if (n != agent->node && lead->takes_part[n])
			hidp__agent_send(agent, n, &header, NULL, 0);
	hidp__free(agent->ctx, lead->asked);
	lead->asked = NULL;
	hidp_plan_unref(plan);
}

/* Bytes that are the same if and only if the same is asked. */
struct bytes {
	struct hidp_context *ctx;
	uint8_t *data;
	size_t count;
	bool ok;
};

static void add(struct bytes *b, const void *data, size_t size)
{
	uint8_t *larger;
	if (!b->ok || size == 0)
		return;
	larger = hidp__alloc(b->ctx, b->count + size);
	b->ok = larger != NULL;
	if (!b->ok)
		return;
	if (b->count != 0)
		memcpy(larger, b->data, b->count);
	memcpy(larger + b->count, data, size);
	hidp__free(b->ctx, b->data);
	b->data = larger;
	b->count += size;
}

static struct bytes asked(struct hidp_agent *agent, const struct hidp_plan_options *options)
{
	struct bytes b = {.ctx = agent->ctx, .ok = true};
	struct hidp_plan_options o = *options;
	const void *arrays[] = {o.pin_layers,     o.pin_nodes,           o.pin_processors,
	                        o.excluded_nodes, o.excluded_processors, o.resident_layers,
	                        o.resident_nodes};
	const size_t counts[] = {o.pin_count,      o.pin_count,      o.pin_count,
	                         o.excluded_count, o.excluded_count, o.resident_count,
	                         o.resident_count};
	o.pin_layers = o.resident_layers = NULL;
	o.pin_nodes = o.excluded_nodes = o.resident_nodes = NULL;
	o.pin_processors = o.excluded_processors = NULL;
	add(&b, &o, sizeof o);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (arrays[i] != NULL)
			add(&b, arrays[i], counts[i] * sizeof(uint32_t));
	return b;
}

hidp_status hidp__lead_prepare(struct hidp_agent *agent, const struct hidp_agent_request *request,
                               struct hidp_agent_report *report, struct hidp_diagnostic *diagnostic)
{
	struct hidp__lead *lead = &agent->lead;
	const struct hidp__loaded *model = &agent->models[request->model];
	struct hidp_plan_options options = *request->options;
	hidp_status s = HIDP_OK;
	options.leader = agent->node;
	options.flags &= ~(uint32_t)(HIDP_PLAN_INPUT_AT | HIDP_PLAN_OUTPUT_AT);
	options.input_node = options.output_node = 0;
	struct bytes key = asked(agent, &options);
	if (!key.ok) {
		hidp__free(agent->ctx, key.data);
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	}
	if (lead->plan_id != 0 && !lead->failed && !atomic_load(&agent->is_outdated) &&
	    lead->model == request->model &&
	    lead->asked_bytes == key.count && memcmp(lead->asked, key.data, key.count) == 0) {
		hidp__free(agent->ctx, key.data);
		return HIDP_OK;
	}
	hidp__lead_drop(agent);
	for (bool ready = false; s == HIDP_OK && !ready;) {
		struct hidp_plan *plan = NULL;
		if (atomic_load(&agent->state) != HIDP__SESSION_STARTED) {
			s = hidp__fail(diagnostic, HIDP_ERR_CLOSED, NULL, "the agent is closed");
			break;
		}
		double begin_s = hidp__clock(), planned_s = report->planning_s;
		analyse(agent, model);
		s = explore(agent, model, &options, &plan, report, diagnostic);
		if (s == HIDP_OK)
			s = map(agent, model, plan, &ready, diagnostic);
		if (!ready)
			hidp__lead_drop(agent);
		report->preparing_s += hidp__clock() - begin_s - (report->planning_s - planned_s);
	}
	if (s == HIDP_OK) {
		lead->model = request->model;
		lead->asked = key.data;
		lead->asked_bytes = key.count;
	} else {
		hidp__free(agent->ctx, key.data);
	}
	return s;
}

static bool bit(const uint8_t *bits, uint32_t i)
{
	return (bits[i / 8] >> (i % 8) & 1u) != 0;
}

/* What the nodes know of a request, this one included. */
static void gather(struct hidp_agent *agent, uint64_t request, uint32_t route)
{
	struct hidp__lead *lead = &agent->lead;
	const struct hidp__wire_header ask = {.type = HIDP__WIRE_ASK,
	                                      .plan_id = lead->plan_id,
	                                      .request = request,
	                                      .route = route};
	double until_s = hidp__clock() + agent->options.silence_s;
	struct hidp__peer *own = &agent->peers[agent->node];
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		hidp__mutex_lock(&agent->mutex);
		agent->peers[n].reported = 0;
		hidp__mutex_unlock(&agent->mutex);
		if (n != agent->node && lead->takes_part[n])
			hidp__agent_send(agent, n, &ask, NULL, 0);
	}
	/* the bits of this node are nobody else's, so its session is asked without the mutex */
	bool busy = false;
	bool known = hidp__session_report(lead->hosted->session, request, own->report,
	                                  own->report + own->report_bytes, &busy);
	hidp__mutex_lock(&agent->mutex);
	own->report_known = known;
	own->report_busy = busy;
	own->reported = request + 1;
	hidp__mutex_unlock(&agent->mutex);
	for (bool all = false; !all;) {
		unsigned count = hidp__event_count(&agent->news);
		all = true;
		hidp__mutex_lock(&agent->mutex);
		for (hidp_node_id n = 0; n < agent->node_count; n++)
			all &= !lead->takes_part[n] || agent->peers[n].reported == request + 1;
		hidp__mutex_unlock(&agent->mutex);
		if (!all && !wait_for_news(agent, count, until_s))
			break;
	}
}

/* What a node has said about a request. */
enum word { NOTHING, KNOWS_NOTHING, IS_WAITING, IS_BUSY };

static enum word word_of(struct hidp_agent *agent, hidp_node_id n, uint64_t request)
{
	enum word word = NOTHING;
	hidp__mutex_lock(&agent->mutex);
	const struct hidp__peer *p = &agent->peers[n];
	if (p->reported == request + 1)
		word = !p->report_known ? KNOWS_NOTHING : p->report_busy ? IS_BUSY : IS_WAITING;
	hidp__mutex_unlock(&agent->mutex);
	return word;
}

void hidp__lead_blame(struct hidp_agent *agent, uint64_t request)
{
	struct hidp__lead *lead = &agent->lead;
	uint32_t route = hidp__session_route(lead->hosted->session, request);
	const struct hidp_programs *own = hidp_session_programs(lead->hosted->session, route);
	bool found = false;
	if (own == NULL)
		return;
	gather(agent, request, route);
	/* a message that was sent and has not come: its link is to blame */
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		struct hidp_programs *p = NULL;
		enum word word = word_of(agent, n, request);
		if (!lead->takes_part[n] || word == NOTHING || word == KNOWS_NOTHING ||
		    hidp_programs_new(lead->plan, route, n, &p, NULL) != HIDP_OK)
			continue;
		hidp__mutex_lock(&agent->mutex);
		for (uint32_t t = 0; t < p->task_count; t++) {
			const struct hidp__program_task *task = &p->tasks[t];
			const struct hidp__peer *to =
				task->kind == HIDP_TASK_SEND ? &agent->peers[task->peer] : NULL;
			if (to == NULL || !bit(agent->peers[n].report, task->message))
				continue;
			if (to->reported == request + 1 && to->report_known &&
			    bit(to->report + to->report_bytes, task->message))
				continue;
			agent->cut_s[(size_t)n * agent->node_count + task->peer] =
				hidp__clock() + BARRED_S;
			found = true;
		}
		hidp__mutex_unlock(&agent->mutex);
		hidp_programs_unref(p);
	}
	if (found) {
		hidp__agent_say(agent, HIDP_AGENT_RECOVER, lead->plan_id,
		                "a message that was sent has not come");
		return;
	}
	/* otherwise who could go on and does not, or says nothing */
	for (hidp_node_id n = 0; n < agent->node_count; n++) {
		enum word word = word_of(agent, n, request);
		if (n == agent->node || !lead->takes_part[n])
			continue;
		if (word == NOTHING)
			bar(agent, n, lead->plan_id, SILENT_S, "does not say what it is doing");
		else if (word == IS_BUSY)
			bar(agent, n, lead->plan_id, BARRED_S, "takes too long");
	}
}
