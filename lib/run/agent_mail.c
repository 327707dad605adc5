/* SPDX-License-Identifier: MIT */
/* What agents say to each other. Called by the transport; nothing here waits for anybody. */
#include <string.h>

#include "run/agent_priv.h"

/* A message of an agent's own; freed when it is off. */
struct letter {
	struct hidp_context *ctx;
	uint8_t bytes[];
};

static void letter_sent(void *data, hidp_status status)
{
	struct letter *letter = data;
	(void)status;
	hidp__free(letter->ctx, letter);
}

bool hidp__agent_send(struct hidp_agent *agent, hidp_node_id to,
                      const struct hidp__wire_header *header, const void *text, size_t length)
{
	struct hidp__wire_header h = *header;
	struct letter *letter =
		hidp__alloc(agent->ctx, sizeof *letter + HIDP__WIRE_HEADER + length);
	if (letter == NULL)
		return false;
	h.bytes = length;
	letter->ctx = agent->ctx;
	hidp__wire_write(&h, letter->bytes);
	if (length != 0)
		memcpy(letter->bytes + HIDP__WIRE_HEADER, text, length);
	const struct hidp_segment segment = {letter->bytes, HIDP__WIRE_HEADER + length};
	if (agent->transport->send(agent->transport_data, to, &segment, 1, letter_sent, letter) ==
	    HIDP_OK)
		return true;
	letter_sent(letter, HIDP_OK);
	return false;
}

/* Zeros for a shout or an echo; they stay until the agent is destroyed. */
static const void *blank_of(struct hidp_agent *agent)
{
	hidp__mutex_lock(&agent->mutex);
	if (agent->blank == NULL)
		agent->blank = hidp__calloc(agent->ctx, 1, HIDP__ECHO_BYTES_MAX);
	const void *blank = agent->blank;
	hidp__mutex_unlock(&agent->mutex);
	return blank;
}

bool hidp__agent_send_blank(struct hidp_agent *agent, hidp_node_id to,
                            const struct hidp__wire_header *header, size_t length)
{
	struct hidp__wire_header h = *header;
	const void *blank = length != 0 ? blank_of(agent) : NULL;
	struct letter *letter = hidp__alloc(agent->ctx, sizeof *letter + HIDP__WIRE_HEADER);
	if (letter == NULL || (length != 0 && blank == NULL)) {
		hidp__free(agent->ctx, letter);
		return false;
	}
	h.bytes = length;
	letter->ctx = agent->ctx;
	hidp__wire_write(&h, letter->bytes);
	const struct hidp_segment segments[2] = {{letter->bytes, HIDP__WIRE_HEADER},
	                                         {blank, length}};
	if (agent->transport->send(agent->transport_data, to, segments, length != 0 ? 2 : 1,
	                           letter_sent, letter) == HIDP_OK)
		return true;
	letter_sent(letter, HIDP_OK);
	return false;
}

static void answer(struct hidp_agent *agent, hidp_node_id to, uint16_t type,
                   const struct hidp__wire_header *question, hidp_status status)
{
	struct hidp__wire_header h = *question;
	h.type = type;
	h.status = status;
	hidp__agent_send(agent, to, &h, NULL, 0);
}

/* Plans and the end of plans take their time: the keeper sees to them. */
static bool add_job(struct hidp_agent *agent, hidp_node_id from,
                    const struct hidp__wire_header *header, struct hidp__wire_reader *reader)
{
	struct hidp__job *job;
	/* plans are numbered by their leaders, so nobody ends another's */
	if (header->plan_id >> 48 != from || header->bytes > HIDP__PLAN_BYTES_MAX)
		return false;
	job = hidp__alloc(agent->ctx, sizeof *job + (size_t)header->bytes);
	if (job == NULL)
		return false;
	*job = (struct hidp__job){.type = header->type,
	                          .from = from,
	                          .plan_id = header->plan_id,
	                          .length = (size_t)header->bytes};
	(void)hidp__wire_take(reader, job->text, job->length);
	hidp__keeper_add(agent, job);
	return true;
}

static bool take_ready(struct hidp_agent *agent, hidp_node_id from,
                       const struct hidp__wire_header *header, struct hidp__wire_reader *reader)
{
	struct hidp__peer *peer = &agent->peers[from];
	char why[sizeof peer->why] = {0};
	size_t length = header->bytes < sizeof why - 1 ? (size_t)header->bytes : sizeof why - 1;
	(void)hidp__wire_take(reader, why, length);
	hidp__mutex_lock(&agent->mutex);
	peer->ready_for = header->plan_id;
	peer->ready = header->status;
	memcpy(peer->why, why, sizeof why);
	hidp__mutex_unlock(&agent->mutex);
	return true;
}

static bool take_report(struct hidp_agent *agent, hidp_node_id from,
                        const struct hidp__wire_header *header, struct hidp__wire_reader *reader)
{
	struct hidp__peer *peer = &agent->peers[from];
	bool known = header->status == HIDP_OK, fits;
	hidp__mutex_lock(&agent->mutex);
	/* asked for: there is room for exactly what the plan has */
	fits = header->plan_id == agent->lead.plan_id &&
	       header->bytes == (known ? 2 * peer->report_bytes : 0);
	if (fits) {
		peer->reported = header->request + 1;
		peer->report_known = known;
		peer->report_busy = header->message != 0;
		(void)hidp__wire_take(reader, peer->report, (size_t)header->bytes);
	}
	hidp__mutex_unlock(&agent->mutex);
	return fits;
}

/* Says what has become of a request of a plan that this node carries out. */
static void report(struct hidp_agent *agent, hidp_node_id to,
                   const struct hidp__wire_header *question)
{
	struct hidp__wire_header h = *question;
	struct hidp__hosted *hosted = hidp__agent_find(agent, question->plan_id);
	const struct hidp_programs *programs =
		hosted != NULL ? hidp_session_programs(hosted->session, question->route) : NULL;
	size_t bytes = programs != NULL ? ((size_t)programs->message_count + 7) / 8 : 0;
	uint8_t *bits = bytes != 0 ? hidp__alloc(agent->ctx, 2 * bytes) : NULL;
	bool busy = false;
	h.type = HIDP__WIRE_REPORT;
	h.status = HIDP_ERR_ARGUMENT;
	if (bits != NULL &&
	    hidp__session_report(hosted->session, question->request, bits, bits + bytes, &busy))
		h.status = HIDP_OK;
	h.message = busy;
	hidp__agent_send(agent, to, &h, bits, h.status == HIDP_OK ? 2 * bytes : 0);
	hidp__free(agent->ctx, bits);
	if (hosted != NULL)
		hidp__agent_let_go(agent, hosted);
}

/* Says as much as is asked for. */
static bool echo(struct hidp_agent *agent, hidp_node_id to, const struct hidp__wire_header *shout)
{
	struct hidp__wire_header h = {.type = HIDP__WIRE_ECHO, .request = shout->request};
	if (shout->bytes > HIDP__ECHO_BYTES_MAX || shout->route > HIDP__ECHO_BYTES_MAX)
		return false;
	hidp__agent_send_blank(agent, to, &h, shout->route);
	return true;
}

static bool take_echo(struct hidp_agent *agent, hidp_node_id from,
                      const struct hidp__wire_header *header)
{
	bool sense;
	hidp__mutex_lock(&agent->mutex);
	struct hidp__shout *shout = &agent->shout;
	/* one that was given up may be answered yet */
	sense = header->request <= shout->number && header->bytes <= HIDP__ECHO_BYTES_MAX;
	if (sense && from == shout->to && header->request >= shout->first &&
	    header->bytes == shout->wanted && shout->answered_s == 0)
		shout->answered_s = hidp__clock();
	hidp__mutex_unlock(&agent->mutex);
	return sense;
}

/*
 * Is this node carrying out a plan, or about to? Not after it was started anew. That it is ready is
 * said every time: what was said when it became so can have been lost.
 */
static void pong(struct hidp_agent *agent, hidp_node_id to, const struct hidp__wire_header *ping)
{
	struct hidp__wire_header h = {.type = HIDP__WIRE_PONG, .plan_id = ping->plan_id};
	hidp__mutex_lock(&agent->mutex);
	bool about_to = agent->mapping == ping->plan_id, is_ready = false;
	for (const struct hidp__job *j = agent->jobs; j != NULL; j = j->next)
		about_to |= j->type == HIDP__WIRE_PLAN && j->plan_id == ping->plan_id;
	for (struct hidp__hosted *hosted = agent->hosted; hosted != NULL; hosted = hosted->next)
		if (hosted->plan_id == ping->plan_id && hosted->leader == to && !hosted->retired) {
			hosted->called_s = hidp__clock();
			is_ready = true;
		}
	hidp__mutex_unlock(&agent->mutex);
	h.status = about_to || is_ready ? HIDP_OK : HIDP_ERR_ARGUMENT;
	h.message = is_ready;
	hidp__agent_send(agent, to, &h, NULL, 0);
}

static void take_pong(struct hidp_agent *agent, hidp_node_id from,
                      const struct hidp__wire_header *header)
{
	struct hidp__peer *peer = &agent->peers[from];
	hidp__mutex_lock(&agent->mutex);
	if (header->plan_id == agent->lead.plan_id) {
		if (header->status != HIDP_OK) {
			peer->lost = header->plan_id;
		} else if (header->message != 0) {
			peer->ready_for = header->plan_id;
			peer->ready = HIDP_OK;
		}
	}
	hidp__mutex_unlock(&agent->mutex);
}

/* A message of a session, or of the agent itself; false: it makes no sense. */
static bool deal_with(struct hidp_agent *agent, hidp_node_id from,
                      const struct hidp__wire_header *header, struct hidp__wire_reader *reader)
{
	bool has_text = header->type == HIDP__WIRE_PLAN || header->type == HIDP__WIRE_READY ||
	                header->type == HIDP__WIRE_REPORT || header->type == HIDP__WIRE_SHOUT ||
	                header->type == HIDP__WIRE_ECHO;
	if (header->bytes != hidp__wire_left(reader) || (header->bytes != 0 && !has_text))
		return false;
	switch (header->type) {
	case HIDP__WIRE_PROBE: {
		hidp_status here = HIDP_ERR_UNSUPPORTED;
		for (size_t i = 0; i < agent->model_count; i++)
			if (agent->models[i].digest == header->request)
				here = HIDP_OK;
		answer(agent, from, HIDP__WIRE_HERE, header, here);
		return true;
	}
	case HIDP__WIRE_HERE:
		hidp__mutex_lock(&agent->mutex);
		agent->peers[from].probed = header->request;
		agent->peers[from].here = header->status;
		hidp__lead_welcome(agent, from);
		hidp__mutex_unlock(&agent->mutex);
		return true;
	case HIDP__WIRE_PLAN:
	case HIDP__WIRE_DROP:
		return add_job(agent, from, header, reader);
	case HIDP__WIRE_READY:
		return take_ready(agent, from, header, reader);
	case HIDP__WIRE_PING:
		pong(agent, from, header);
		return true;
	case HIDP__WIRE_PONG:
		take_pong(agent, from, header);
		return true;
	case HIDP__WIRE_ASK:
		report(agent, from, header);
		return true;
	case HIDP__WIRE_REPORT:
		return take_report(agent, from, header, reader);
	case HIDP__WIRE_SHOUT:
		return echo(agent, from, header);
	case HIDP__WIRE_ECHO:
		return take_echo(agent, from, header);
	default:
		return false;
	}
}

void hidp__agent_receive(void *data, hidp_node_id from, const struct hidp_segment *segments,
                         size_t count)
{
	struct hidp_agent *agent = data;
	struct hidp__wire_reader reader = {segments, count, 0};
	struct hidp__wire_header header;
	uint8_t bytes[HIDP__WIRE_HEADER];
	bool sense = false, tells = false;
	if (from >= agent->node_count || from == agent->node)
		return;
	if (hidp__wire_take(&reader, bytes, sizeof bytes) && hidp__wire_read(&header, bytes)) {
		hidp__mutex_lock(&agent->mutex);
		agent->peers[from].heard_s = hidp__clock();
		hidp__mutex_unlock(&agent->mutex);
		if (header.type < HIDP__WIRE_PROBE) {
			struct hidp__hosted *hosted = hidp__agent_find(agent, header.plan_id);
			if (hosted != NULL) {
				hidp__post_receive(hosted->session, from, segments, count);
				hidp__agent_let_go(agent, hosted);
			}
			return; /* of a plan that is over: too late */
		}
		sense = deal_with(agent, from, &header, &reader);
		tells = header.type != HIDP__WIRE_PING && header.type != HIDP__WIRE_PROBE &&
		        header.type != HIDP__WIRE_SHOUT;
	}
	if (tells)
		hidp__event_tell(&agent->news);
	if (sense)
		return;
	atomic_fetch_add(&agent->refused, 1);
	if (hidp__logs(agent->ctx, HIDP_LOG_WARNING))
		hidp__log(agent->ctx, HIDP_LOG_WARNING, "agent",
		          "a message from node %u is refused", from);
}
