/* SPDX-License-Identifier: MIT */
#ifndef HIDP_RUN_AGENT_PRIV_H
#define HIDP_RUN_AGENT_PRIV_H

#include <hidp/agent.h>

#include "run/session_priv.h"

/*
 * Messages between agents, beside those of their sessions (doc/formats/messages.md):
 *
 *   probe   leader: are you there, and have you loaded the model?   request: its digest
 *   here    the answer; status: HIDP_OK or HIDP_ERR_UNSUPPORTED     request: the digest
 *   plan    leader: get ready for this plan                         bytes: its JSON
 *   ready   the answer; status                                      bytes: why not, as text
 *   drop    leader: the plan is over
 *   ping    leader: are you still there?
 *   pong    the answer; status: HIDP_OK or HIDP_ERR_ARGUMENT: of that plan nothing is known here
 *           message: 1 if it is ready
 *   ask     leader: what has become of this request?
 *   report  the answer; status: HIDP_OK or HIDP_ERR_ARGUMENT; message: 1 if it could do something
 *           bytes: bits of messages sent, bits of messages received
 *   shout   how long does a message take?     request: its number; route: bytes of the answer
 *           bytes: of no meaning
 *   echo    the answer; request: the number   bytes: of no meaning, as many as asked for
 */

/* Longest plan that is accepted: more than the largest models need. */
#define HIDP__PLAN_BYTES_MAX ((size_t)256 << 20)
/* Most bytes of a shout or an echo. */
#define HIDP__ECHO_BYTES_MAX ((size_t)4 << 20)

struct hidp__loaded {
	struct hidp_model *model;
	char *text; /* as JSON: what makes two models the same */
	size_t length;
	uint64_t digest;
	const struct hidp_kernels *kernels;
	void *kernels_data;
};

/* A plan that this node carries out, its own or another's. */
struct hidp__hosted {
	struct hidp__hosted *next;
	uint64_t plan_id;
	hidp_node_id leader;
	double called_s; /* when the leader called for it last; agent's mutex */
	struct hidp_session *session;
	uint32_t users; /* threads that look at it, and the lead that it is of; agent's mutex */
	bool retired;
};

/* Something for the keeper to do. */
struct hidp__job {
	struct hidp__job *next;
	uint16_t type; /* HIDP__WIRE_PLAN or _DROP */
	hidp_node_id from;
	uint64_t plan_id;
	size_t length;
	char text[];
};

/* What a leader knows of a node. */
struct hidp__peer {
	double heard_s;     /* when it last said anything; 0: never */
	double barred_s;    /* until when no plan uses it, because one failed for it */
	uint64_t probed;    /* digest that it answered to */
	hidp_status here;   /* that answer; HIDP_ERR_TIMEOUT: none yet */
	uint64_t ready_for; /* plan that it answered to */
	hidp_status ready;  /* that answer */
	char why[160];      /* if it is not ready */
	uint64_t lost;      /* plan that it knows nothing of, though it takes part */
	uint64_t reported;  /* 1 + request of the last report; 0: none */
	bool report_known, report_busy;
	uint8_t *report;     /* bits sent, bits received */
	size_t report_bytes; /* of each */
};

/* The plan that an agent leads. */
struct hidp__lead {
	uint64_t plan_id; /* 0: none */
	uint32_t model;
	struct hidp_plan *plan;
	void *asked; /* what it was made for: a copy of the options */
	size_t asked_bytes;
	struct hidp__hosted *hosted; /* in use until the plan is dropped */
	bool *takes_part;            /* [node] */
	bool *left_out;              /* [node] could not be used when the plan was made */
	bool is_sent;                /* to all who take part */
	double mended_s; /* when links that were cut then may be used again; 0: none was */
	uint64_t digest; /* of the model */
	double predicted_s;
	bool failed; /* a request came to grief with it */
};

/* The last shout, over the link that is measured. */
struct hidp__shout {
	hidp_node_id to;
	uint64_t number, first; /* an echo of any from the first on will do */
	uint32_t wanted;        /* bytes of its echo */
	double answered_s;      /* when that was here; 0: not yet */
};

struct hidp_agent {
	struct hidp_context *ctx;
	struct hidp_cluster *cluster;
	uint32_t node_count;
	hidp_node_id node;
	struct hidp_agent_options options; /* no zeros left */
	const struct hidp_transport *transport;
	void *transport_data;
	hidp_agent_plan_fn planner;
	void *planner_data;
	struct hidp__loaded *models;
	size_t model_count, model_capacity;
	bool is_open;
	bool has_mutex, has_kernels_mutex, has_lead_mutex, has_close_mutex, has_link_mutex;
	bool has_news, has_keeper_event;
	atomic_int state; /* enum hidp__session_state */

	struct hidp__mutex close_mutex; /* held while the agent is being closed */

	struct hidp__mutex mutex; /* of all that follows, for moments */
	struct hidp__hosted *hosted;
	struct hidp__job *jobs;
	uint32_t job_count;
	uint64_t mapping;         /* the leader's plan that the keeper gets ready for; 0: none */
	struct hidp__peer *peers; /* [node] */
	double *cut_s;            /* [from * nodes + to] until when no plan uses the link */
	atomic_ullong refused;
	atomic_bool is_outdated; /* the plan that is led: what it does without is back */
	struct hidp__event news; /* something that a leader waits for */

	struct hidp__mutex kernels_mutex; /* kernels are prepared by one thread at a time */
	struct hidp__mutex lead_mutex; /* one thread makes plans; held while it waits for others */
	struct hidp__lead lead;        /* read under either, written under both */
	uint64_t last_plan_id;
	uint32_t runs; /* of hidp_agent_run() and hidp_agent_measure_link(); mutex */

	struct hidp__mutex link_mutex; /* held while a link is measured */
	struct hidp__shout shout;      /* mutex */
	void *blank; /* what shouts and echoes are filled with: zeros, made when it is first needed;
	                mutex */

	struct hidp__thread keeper;
	bool keeper_runs;
	struct hidp__event keeper_event;
};

/* run/agent_mail.c: messages. */
void hidp__agent_receive(void *agent, hidp_node_id from, const struct hidp_segment *segments,
                         size_t count);
/* Sends a copy of text behind the header; fills in magic and bytes. false: it cannot go out. */
bool hidp__agent_send(struct hidp_agent *agent, hidp_node_id to,
                      const struct hidp__wire_header *header, const void *text, size_t length);

/* The same followed by so many bytes of no meaning, which are not copied. */
bool hidp__agent_send_blank(struct hidp_agent *agent, hidp_node_id to,
                            const struct hidp__wire_header *header, size_t length);

/* run/agent_keep.c: the keeper, a thread that gets plans ready and calls followers. */
void hidp__keeper_run(void *agent);
void hidp__keeper_add(struct hidp_agent *agent, struct hidp__job *job);
/* A plan for this node to carry out; adds it to those hosted, in use until it is let go. */
hidp_status hidp__agent_host(struct hidp_agent *agent, const struct hidp_plan *plan,
                             const struct hidp__loaded *model, uint64_t plan_id,
                             hidp_node_id leader, struct hidp__hosted **hosted_out,
                             struct hidp_diagnostic *diagnostic);
/* The hosted plan of that number, in use until it is let go; NULL: there is none. */
struct hidp__hosted *hidp__agent_find(struct hidp_agent *agent, uint64_t plan_id);
void hidp__agent_let_go(struct hidp_agent *agent, struct hidp__hosted *hosted);
void hidp__agent_retire(struct hidp_agent *agent, struct hidp__hosted *hosted);
/* Clears away plans that are over and that nobody looks at. */
void hidp__agent_clear(struct hidp_agent *agent);

/* run/agent_lead.c: making a plan hold. */

/* A plan for the request that is ready everywhere, in agent->lead. Called with lead_mutex. */
hidp_status hidp__lead_prepare(struct hidp_agent *agent, const struct hidp_agent_request *request,
                               struct hidp_agent_report *report,
                               struct hidp_diagnostic *diagnostic);
/* Finds out why a request did not get through: nodes and links are marked. Called with lead_mutex.
 */
void hidp__lead_blame(struct hidp_agent *agent, uint64_t request);
/* A node said that it is there: does the plan that is led do without it? Called with mutex. */
void hidp__lead_welcome(struct hidp_agent *agent, hidp_node_id node);
/* Asks the nodes that the plan does without whether they are back. */
void hidp__lead_invite(struct hidp_agent *agent);
/* Gives the current plan up, everywhere. Called with lead_mutex. */
void hidp__lead_drop(struct hidp_agent *agent);
/* Calls those who take part in the plan that is led. */
void hidp__lead_call(struct hidp_agent *agent);
/* Has a node that takes part in the plan been silent for too long? It is barred then. */
bool hidp__lead_misses(struct hidp_agent *agent, uint64_t plan_id);
/* All other nodes are barred: what fails again and again is done here. */
void hidp__lead_alone(struct hidp_agent *agent);

/* Has begun something that hidp_agent_close() waits for; else why not. */
hidp_status hidp__agent_begin(struct hidp_agent *agent, struct hidp_diagnostic *diagnostic);
void hidp__agent_end(struct hidp_agent *agent);

void hidp__agent_say(struct hidp_agent *agent, hidp_agent_state state, uint64_t plan_id,
                     const char *text);

#endif
