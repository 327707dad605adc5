/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ZMQ_PRIV_H
#define HIDP_ZMQ_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <zmq.h>

#include <hidp-zmq.h>

/*
 * One PULL socket takes what arrives from all nodes; one PUSH socket for each other node
 * sends to it. Each PUSH socket has a lock and is used by whatever thread sends; the thread
 * of the transport owns the PULL socket and the one that answers who may come in.
 *
 * A message is one or more frames: the first begins with the head below and goes on with
 * pieces too small to be worth a frame; large pieces have frames of their own, which refer to
 * the sender's memory.
 */

/*
 * Longest frame. With CURVE short ones let the receiver decrypt while the sender encrypts;
 * in the clear they would only cost time. Nobody can make this node hold a longer one, known
 * or not.
 */
#define FRAME_MAX_CURVE ((size_t)256 << 10)
#define FRAME_MAX_CLEAR ((size_t)16 << 20)
/* Frames are not shorter than this, but for the last ones of pieces. */
#define FRAME_MIN ((size_t)256 << 10)
/* Pieces up to this size are copied: ZeroMQ would copy them itself. */
#define COPY_MAX ((size_t)8 << 10)
/* Most bytes that are copied into one frame. */
#define GATHER_MAX ((size_t)64 << 10)
/* What CURVE adds to a frame, rounded up. */
#define CURVE_EXTRA 128

/* How often connections are looked after, and how long one that failed is left to ZeroMQ. */
#define UPKEEP_MS 500
#define REDIAL_MS 1000

/* The head of a message; little-endian on the wire, in this order. */
struct head {
	uint32_t magic;
	uint16_t from;
	uint16_t to;
	uint64_t life;   /* of the sender: drawn when its transport was made */
	uint64_t number; /* counts messages of this life to this node, from 1 */
	uint64_t size;   /* bytes of the message, without the head */
};
#define HEAD_SIZE 32u
#define HEAD_MAGIC UINT32_C(0x014d5a48) /* "HZM", version 1 */

void hidp__zmq_head_write(unsigned char *to, const struct head *head);
void hidp__zmq_head_read(struct head *head, const unsigned char *from);

/* How far messages of a sender's life have come. */
struct life {
	uint64_t id;
	uint64_t number; /* of the last message; 0: none */
};

struct peer {
	hidp_node_id node;
	char *endpoint;
	uint8_t key[32];
	char user_id[12]; /* the node's number as text, by which ZeroMQ calls the connection */

	pthread_mutex_t lock; /* of what follows */
	void *push;           /* NULL: closed */
	void *monitor;        /* tells when its connection comes and goes */
	uint64_t number;      /* of the last message sent */
	unsigned dials;       /* times it was connected to anew */
	int64_t dialed_ms;    /* when it was last */
	int64_t failed_ms;    /* when the connection or an attempt failed; 0: it did not */
	bool connected;       /* as far as it is known */
	bool down;            /* the connection broke, or waiting for one was in vain */

	struct life lives[2]; /* the last two, the current one first; of the receiving thread */
};

/* A message's frames as they arrive; of the receiving thread. */
struct inbox {
	zmq_msg_t *frames;
	struct hidp_segment *segments;
	size_t count;
	size_t capacity;
};

struct hidp_zmq {
	hidp_node_id node;
	bool curve;
	char public_key[HIDP_ZMQ_KEY_SIZE];
	char secret_key[HIDP_ZMQ_KEY_SIZE];
	bool allow_clear;
	uint32_t wait_ms;
	int silence_ms;
	int queue_length;
	uint64_t message_max;
	size_t frame_max;
	uint64_t life;
	hidp_log_fn log;
	void *log_user_data;

	void *context;
	void *pull;
	void *zap; /* NULL without keys */
	char *endpoint;
	int wake[2]; /* readable once the transport is closed */

	pthread_mutex_t lent_lock;
	struct lent *lents;   /* messages that ZeroMQ has not let go of */
	pthread_mutex_t lock; /* for listing peers */
	_Atomic(struct peer *) peers[HIDP_CLUSTER_NODES_MAX];

	hidp_receive_fn receive;
	void *receiver;
	struct inbox inbox;
	pthread_t thread;
	bool has_thread;
	atomic_bool closed;
	bool stopped;

	atomic_uint_fast64_t messages_sent;
	atomic_uint_fast64_t bytes_sent;
	atomic_uint_fast64_t messages_received;
	atomic_uint_fast64_t bytes_received;
	atomic_uint_fast64_t messages_refused;
	atomic_uint_fast64_t keys_refused;
};

/* diagnostic.c: fills in the diagnostic, if there is one, and returns the status. */
__attribute__((format(printf, 4, 5))) hidp_status hidp__zmq_fail(struct hidp_diagnostic *diagnostic,
                                                                 hidp_status status,
                                                                 const char *subject,
                                                                 const char *format, ...);
/* Counts what was refused, and logs it when the count is a power of two. */
__attribute__((format(printf, 3, 4))) void
hidp__zmq_refuse(struct hidp_zmq *zmq, atomic_uint_fast64_t *count, const char *format, ...);

/* endpoint.c: can this be bound, as far as one can see? */
bool hidp__zmq_is_bindable(const char *endpoint);
/* Can only processes of this machine reach the endpoint? */
bool hidp__zmq_is_local(const char *endpoint);
/* Checks where to connect to and looks up the host name; *endpoint_out is for free(). */
hidp_status hidp__zmq_resolve(const char *endpoint, char **endpoint_out,
                              struct hidp_diagnostic *diagnostic);
/* An endpoint with an IPv6 address in brackets? */
bool hidp__zmq_is_ipv6(const char *endpoint);

/* peers.c: the node, if it is listed, or NULL. */
struct peer *hidp__zmq_peer(const struct hidp_zmq *zmq, hidp_node_id node);
/* Once in a while: connects anew where ZeroMQ has given up. */
void hidp__zmq_peers_upkeep(struct hidp_zmq *zmq);
/* The same for one peer, which is locked; `push` may be NULL after it. */
void hidp__zmq_peer_upkeep(struct hidp_zmq *zmq, struct peer *peer);
/* Connects at once to a node that was just heard, if there is no connection yet. */
void hidp__zmq_peer_is_back(struct hidp_zmq *zmq, struct peer *peer);
/* Learns whether the connection came or broke; the peer is locked. */
void hidp__zmq_peer_observe(struct peer *peer);
void hidp__zmq_peers_close(struct hidp_zmq *zmq);
void hidp__zmq_peers_free(struct hidp_zmq *zmq);
bool hidp__zmq_set_int(void *socket, int option, int value);
/* What sockets in both directions have in common. */
bool hidp__zmq_set_common(struct hidp_zmq *zmq, void *socket);

/* send.c */
hidp_status hidp__zmq_send(void *user_data, hidp_node_id to, const struct hidp_segment *segments,
                           size_t count, hidp_sent_fn done, void *done_data);
/* When ZeroMQ is gone: ends what it has lost. */
void hidp__zmq_send_end(struct hidp_zmq *zmq);

/* receive.c: takes a message from the PULL socket, if there is one, and delivers it. */
bool hidp__zmq_receive(struct hidp_zmq *zmq);
void hidp__zmq_inbox_free(struct inbox *inbox);

int64_t hidp__zmq_now_ms(void);

/* zap.c: answers one question who may come in. */
void hidp__zmq_zap_answer(struct hidp_zmq *zmq);

#endif
