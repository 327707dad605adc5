/* SPDX-License-Identifier: MIT */
#ifndef HIDP_RUN_SESSION_PRIV_H
#define HIDP_RUN_SESSION_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hidp/plugin/kernels.h>
#include <hidp/plugin/transport.h>
#include <hidp/session.h>

#include "base/context_priv.h"
#include "base/os_thread.h"
#include "run/programs_priv.h"
#include "run/wire.h"

struct hidp__slot;

/* What a route asks of this node. */
struct hidp__route_work {
	struct hidp_programs *programs;
	void **prepared;      /* [task] what the kernels made of it */
	bool *is_prepared;    /* [task] */
	bool *stages;         /* [task] its rows cannot go out as they lie */
	uint32_t *receive_of; /* [message] the task that receives it; HIDP_TASK_NONE */
	struct hidp_task_statistics *times; /* [task] */
	double fraction, credit;            /* input node: dealing out requests */
	uint32_t *peers;                    /* [peer_count] other nodes that work on it */
	uint32_t peer_count;
};

/* A processor and its thread. */
struct hidp__worker {
	struct hidp_session *session;
	hidp_processor_id processor;
	const struct hidp_kernels *kernels;
	void *kernels_data;
	uint32_t task_count; /* of all routes */
	size_t scratch_bytes;
	void *scratch, *scratch_memory;
	struct hidp__thread thread;
	bool has_event, runs;
	atomic_int entered; /* what the kernels' enter said; ENTERING before */
	struct hidp__event event;
};

/* A message on its way out. */
struct hidp__sending {
	struct hidp__slot *slot;
	uint32_t task;
	atomic_bool is_off; /* given to the transport, for the request under way */
	double begin_s;
	void *staging; /* rows that cannot go out as they lie; NULL */
	uint8_t header[HIDP__WIRE_HEADER];
};

/* A message that came before there was room for it. */
struct hidp__held {
	struct hidp__held *next;
	hidp_node_id from;
	struct hidp__wire_header header;
	size_t size;
	uint8_t bytes[];
};

enum hidp__slot_state { HIDP__SLOT_FREE, HIDP__SLOT_ACTIVE, HIDP__SLOT_DONE };

/* A request, from its first message to its last task. */
struct hidp__slot {
	struct hidp_session *session;
	struct hidp__mutex mutex; /* of state, request, held */
	enum hidp__slot_state state;
	_Atomic uint64_t request; /* the current one, or the least that may come next */
	struct hidp__held *held;  /* for later requests */
	uint32_t held_count;
	uint32_t route;
	uint8_t *block;
	void *block_memory;
	atomic_uint *pending;        /* [task] what it still waits for */
	atomic_bool *arrived;        /* [task] messages that receive tasks wait for */
	struct hidp__held **waiting; /* [task] arrived, but its memory is still in use */
	atomic_uint *next;           /* [processor] next task of its program; HIDP_TASK_NONE */
	atomic_uint left;            /* tasks, and threads that look after the slot; 0: over */
	atomic_uint send_wanted;
	uint32_t send_next;
	struct hidp__sending *sendings; /* [task] */
	atomic_int status;              /* the first thing that went wrong */
	atomic_bool cancelled;          /* tasks are passed over */
	atomic_bool taken;              /* input node: the output node has taken the result */
	double begin_s;
	struct hidp__event done;
};

enum hidp__session_state {
	HIDP__SESSION_NEW,
	HIDP__SESSION_STARTED,
	HIDP__SESSION_RETIRED, /* no request begins any more */
	HIDP__SESSION_CLOSED,  /* nor is one under way: workers end */
};

struct hidp_session {
	struct hidp_context *ctx;
	struct hidp_plan *plan;
	uint32_t flags;
	hidp_node_id node;
	double spin_s;
	uint64_t plan_id;
	bool is_input, is_output;
	uint32_t input_count, output_count;
	uint32_t *inputs, *outputs; /* layers */
	uint32_t route_count, slot_count, processor_count, task_max;
	struct hidp__route_work *routes;
	struct hidp__worker *workers;
	struct hidp__slot *slots;
	const struct hidp_transport *transport;
	void *transport_data;
	bool is_shared; /* the transport is an agent's, who opens and closes it and hands on
	                   messages */
	bool is_open;
	atomic_int state;
	struct hidp__mutex mutex; /* of next_request, credits, closing */
	uint64_t next_request;
	struct hidp__mutex times_mutex;
	atomic_uint inside; /* threads of the transport that tell of messages sent */
	atomic_ullong requests, failed, sent, received, refused, held;
	uint64_t memory_bytes;
};

static inline struct hidp__route_work *hidp__slot_route(struct hidp__slot *slot)
{
	return &slot->session->routes[slot->route];
}

static inline const struct hidp__program_task *hidp__slot_task(struct hidp__slot *slot,
                                                               uint32_t task)
{
	return &hidp__slot_route(slot)->programs->tasks[task];
}

/* run/slot.c: requests on this node. */

/* Begins a request in a free slot, with its mutex locked; inputs: NULL but at the input node. */
void hidp__slot_begin(struct hidp__slot *slot, uint64_t request, uint32_t route,
                      const void *const *inputs);
/* Lets the tasks of a request that has begun go; without the mutex. */
void hidp__slot_go(struct hidp__slot *slot);
/* A task is done: those that waited for it are told. The slot may be over afterwards. */
void hidp__slot_complete(struct hidp__slot *slot, uint32_t task);
/* Keeps a slot from being over until hidp__slot_leave(); false: it is over already. */
bool hidp__slot_enter(struct hidp__slot *slot);
void hidp__slot_leave(struct hidp__slot *slot);
/* Gives up a request that is entered: its tasks are passed over. tell: the other nodes, too. */
void hidp__slot_fail(struct hidp__slot *slot, hidp_status status, bool tell);
/* Makes a slot free for its next request, and hands it what was held for that. */
void hidp__slot_release(struct hidp__slot *slot);
/* Notes the time that a task took. */
void hidp__slot_time(struct hidp__slot *slot, uint32_t task, double begin_s, double end_s);

/* run/post.c: messages. */

/* Sends what can be sent, in order. */
void hidp__post_send(struct hidp__slot *slot);
/* A receive task has its message and its memory. */
void hidp__post_unpack(struct hidp__slot *slot, uint32_t task);
/* The result was taken elsewhere, or there will be none; at an input node that is no output node.
 */
void hidp__slot_taken(struct hidp__slot *slot);
/* A receive task has all that it will get. */
void hidp__post_forgo(struct hidp__slot *slot, uint32_t task);
/* A short message to another node. */
void hidp__post_note(struct hidp_session *session, hidp_node_id to,
                     const struct hidp__wire_header *header);
/* Takes a message from the transport: a hidp_receive_fn. */
void hidp__post_receive(void *session, hidp_node_id from, const struct hidp_segment *segments,
                        size_t count);
/* What was held for a slot, now that it is free. */
void hidp__post_take_held(struct hidp__slot *slot);

/* run/session.c: what agents need beside the public functions. */

/* The transport is the agent's: it is neither opened nor closed here. */
void hidp__session_share(struct hidp_session *session, const struct hidp_transport *transport,
                         void *user_data);
/* Requests under way end, no new ones begin; workers go on until all is over. */
void hidp__session_retire(struct hidp_session *session);
/* The route of a request under way; the number of routes if there is no such request. */
uint32_t hidp__session_route(struct hidp_session *session, uint64_t request);
/* Has the table all that is required? */
bool hidp__kernels_fit(const struct hidp_kernels *kernels);
bool hidp__transport_fits(const struct hidp_transport *transport);
/* Is no request left, nor a message on its way out? Then closing does not wait for anybody. */
bool hidp__session_is_over(struct hidp_session *session);
/*
 * What has become of a request here: bits[message] of those sent and received on its route,
 * [(messages + 7) / 8] bytes each, and whether a task has all it needs and is not done. false:
 * the request is not under way here.
 */
bool hidp__session_report(struct hidp_session *session, uint64_t request, uint8_t *sent,
                          uint8_t *received, bool *is_busy);

/* run/worker.c: the thread of a processor; the argument is its worker. */
void hidp__worker_run(void *worker);

#define HIDP__WORKER_ENTERING INT32_MAX

#endif
