/* SPDX-License-Identifier: MIT */
#ifndef HIDP_MPI_PRIV_H
#define HIDP_MPI_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <mpi.h>

#include <hidp-mpi.h>

/*
 * Whoever sends starts the transfer itself; the thread of the transport takes what arrives and
 * looks which transfers are over. A message is one or more parts, as MPI counts bytes with an
 * int; parts of one message are not mixed with others to the same node.
 */
#define PART_MAX ((size_t)1 << 30)
/* Messages up to this size are copied, so that they are done at once. */
#define COPY_MAX ((size_t)8 << 10)
/* Buffers up to this size are kept for the next message. */
#define KEEP_MAX ((size_t)16 << 20)

enum tag {
	TAG_MORE = 1, /* a part of a message, others follow */
	TAG_LAST = 2, /* the last part */
	TAG_BYE = 3   /* nothing follows any more */
};

/* A message on its way to another node. */
struct parcel {
	struct parcel *next;
	hidp_node_id to;
	hidp_sent_fn done; /* NULL: was called already */
	void *done_data;
	unsigned char *copy; /* of a small message, or NULL */
	size_t begun;        /* transfers, the first ones of requests */
	size_t count;        /* parts */
	MPI_Request requests[];
};

/* Another node. */
struct peer {
	pthread_mutex_t lock; /* held while the parts of a message are begun */
	bool said_bye;        /* nothing is sent any more; guarded by lock */
	uint32_t on_the_way;  /* parcels; guarded by the transport's lock */
	/* of the transport's thread */
	bool heard_bye;
	struct hidp_segment *parts; /* of a message that is not whole */
	size_t part_count;
	uint64_t part_bytes;
};

struct hidp_mpi {
	MPI_Comm communicator;
	hidp_node_id node;
	uint32_t node_count;
	uint32_t queue_length;
	uint32_t wait_ms;
	uint64_t message_max;

	hidp_receive_fn receive;
	void *receiver;
	pthread_t thread;
	bool has_thread;
	bool stopped;
	atomic_bool closed;
	atomic_bool failed; /* MPI did */

	pthread_mutex_t lock; /* of the parcels */
	pthread_cond_t room;  /* some are over, or the transport closed */
	pthread_cond_t work;  /* there are some */
	struct parcel *parcels;
	unsigned char *kept; /* a buffer for what arrives */
	size_t kept_size;
	struct peer *peers; /* [node_count] */
};

/* send.c */
hidp_status hidp__mpi_send(void *user_data, hidp_node_id to, const struct hidp_segment *segments,
                           size_t count, hidp_sent_fn done, void *done_data);
/* Tells a node that nothing is sent to it any more. */
void hidp__mpi_say_bye(struct hidp_mpi *mpi, hidp_node_id to);
/* Looks which parcels are over; says whether any was. */
bool hidp__mpi_finish_parcels(struct hidp_mpi *mpi);
/* Finishes all of them, whatever MPI says. */
void hidp__mpi_abandon_parcels(struct hidp_mpi *mpi);

/* receive.c: takes a part of a message, if one came, and delivers the message if it is whole. */
bool hidp__mpi_receive(struct hidp_mpi *mpi);
void hidp__mpi_drop_parts(struct peer *peer);

#endif
