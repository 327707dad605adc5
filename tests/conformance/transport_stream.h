/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_CONFORMANCE_TRANSPORT_STREAM_H
#define HIDP_TESTS_CONFORMANCE_TRANSPORT_STREAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport.h"

/*
 * Rows of messages from one node to another whose sizes and bytes follow from a seed, so that
 * the receiver knows what must come. A message begins with its row and number, if it is large
 * enough; the last row of a pair may have smaller ones, which are only counted.
 */

#define STREAM_ROWS_MAX 4u
/* Where a message of a row says which it is. */
#define STREAM_HEAD 16u

enum stream_sizes {
	STREAM_SMALL, /* up to some hundred bytes */
	STREAM_MIXED, /* from nothing to 256 KiB, at all sizes where transports may change their
	                 ways */
	STREAM_LARGE  /* some MiB */
};

struct stream_plan {
	uint64_t seed;
	unsigned rows;     /* threads that send, of each node to each other */
	unsigned messages; /* in each row */
	enum stream_sizes sizes;
};

/* What the receiver of a node has seen; its lock guards everything in it. */
struct stream_sink {
	const struct stream_plan *plan;
	hidp_node_id node;
	unsigned nodes;
	bool gaps; /* may messages be missing? */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t next[TRANSPORT_NODES_MAX][STREAM_ROWS_MAX]; /* number expected next */
	uint64_t received[TRANSPORT_NODES_MAX];
	unsigned inside; /* calls of receive at this moment */
	bool over;       /* stop has returned */
	char error[256]; /* the first one, or empty */
};

void stream_sink_init(struct stream_sink *sink, const struct stream_plan *plan, hidp_node_id node,
                      unsigned nodes, bool gaps);
void stream_sink_destroy(struct stream_sink *sink);
__attribute__((format(printf, 2, 3))) void stream_sink_fail(struct stream_sink *sink,
                                                            const char *format, ...);
/* A hidp_receive_fn whose receiver is a sink. */
void stream_receive(void *sink, hidp_node_id from, const struct hidp_segment *segments,
                    size_t count);
/* Waits until `messages` have come from a node; false, with an error in the sink, if not. */
bool stream_wait(struct stream_sink *sink, hidp_node_id from, uint64_t messages);

/* What became of the messages of a sender. */
struct stream_count {
	atomic_uint_fast64_t accepted;
	atomic_uint_fast64_t done;
	atomic_uint_fast64_t twice;    /* `done` of the same message again */
	atomic_uint_fast64_t nonsense; /* statuses that `done` must not have */
};

struct stream_tickets; /* one for each message, kept to the end, so that `done` twice shows */

struct stream_source {
	const struct stream_plan *plan;
	const struct transport_end *end;
	hidp_node_id to;
	unsigned row;
	struct stream_count *count;
	struct stream_tickets *tickets;
};

/* Makes tickets for a row; free with stream_source_destroy() after the transport is gone. */
void stream_source_init(struct stream_source *source, const struct stream_plan *plan,
                        const struct transport_end *end, hidp_node_id to, unsigned row,
                        struct stream_count *count);
void stream_source_destroy(struct stream_source *source);
/*
 * Sends message `number` of the row. The memory is overwritten and freed as soon as `done`
 * says that it may be.
 */
hidp_status stream_send(struct stream_source *source, unsigned number);

#endif
