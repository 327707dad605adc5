/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_CONFORMANCE_TRANSPORT_WORLD_H
#define HIDP_TESTS_CONFORMANCE_TRANSPORT_WORLD_H

#include "transport_stream.h"

/* The nodes of this process in one case, with a thread for each row of messages. */

struct world_sender {
	struct stream_source source;
	unsigned begin; /* messages begin to end - 1 */
	unsigned end;
	hidp_status status; /* the first that was not HIDP_OK */
	unsigned sent;
	pthread_t thread;
};

struct world {
	const struct transport_factory *factory;
	const struct stream_plan *plan;
	struct transport_group group;
	struct stream_sink sinks[TRANSPORT_NODES_MAX];   /* [group.local] */
	struct stream_count counts[TRANSPORT_NODES_MAX]; /* [group.local] */
	bool open[TRANSPORT_NODES_MAX];
	bool stopped[TRANSPORT_NODES_MAX];
	struct world_sender senders[TRANSPORT_NODES_MAX * TRANSPORT_NODES_MAX * STREAM_ROWS_MAX];
	unsigned sender_count;
	char error[320]; /* the first one, or empty */
};

/* Makes the transports; false with an error if that fails. */
bool world_make(struct world *world, const struct transport_factory *factory,
                const struct stream_plan *plan, unsigned nodes, unsigned absent, bool gaps);
__attribute__((format(printf, 2, 3))) void world_fail(struct world *world, const char *format, ...);
/* Waits for the other processes. */
void world_meet(struct world *world);
/* Place of a node among the ends of this process, or -1. */
int world_local(const struct world *world, hidp_node_id node);

void world_open(struct world *world, unsigned local);
void world_open_all(struct world *world);

/* Starts the rows from a node of this process to another. */
void world_send(struct world *world, unsigned local, hidp_node_id to, unsigned begin, unsigned end);
/* Starts all rows between all nodes. */
void world_send_all(struct world *world);
/* Waits for all rows; those that had to be sent whole must have been. */
void world_join(struct world *world, bool whole);

void world_close(struct world *world, unsigned local);
void world_stop(struct world *world, unsigned local);
/* Closes and stops what is not yet, checks what became of the messages, and frees all. */
void world_end(struct world *world);

#endif
