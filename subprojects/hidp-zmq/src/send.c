/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "zmq_priv.h"

/* What is to be sent of a message; stands at a piece that is not empty, or at the end. */
struct rest {
	const struct hidp_segment *segments;
	size_t count;
	size_t offset; /* of the first one, sent already */
};

/* Pieces that frames refer to; the last of them to go calls `done`. */
struct lent {
	struct hidp_zmq *zmq;
	struct lent *next, **link; /* in zmq->lents */
	atomic_size_t left; /* frames, and the sender while it sends */
	hidp_sent_fn done;
	void *done_data;
};

static void skip_empty(struct rest *rest)
{
	while (rest->count > 0 && rest->segments->size == 0) {
		rest->segments++;
		rest->count--;
	}
}

/* Bytes of the small pieces that come next and are copied into one frame. */
static size_t small_bytes(const struct rest *rest)
{
	size_t bytes = 0;
	if (rest->offset > 0)
		return 0;
	for (size_t i = 0; i < rest->count && rest->segments[i].size <= COPY_MAX; i++) {
		if (bytes + rest->segments[i].size > GATHER_MAX)
			break;
		bytes += rest->segments[i].size;
	}
	return bytes;
}

static void copy_small(struct rest *rest, unsigned char *to, size_t bytes)
{
	while (bytes > 0) {
		memcpy(to, rest->segments->data, rest->segments->size);
		to += rest->segments->size;
		bytes -= rest->segments->size;
		rest->segments++;
		rest->count--;
		skip_empty(rest);
	}
}

static void lent_link(struct hidp_zmq *zmq, struct lent *lent)
{
	pthread_mutex_lock(&zmq->lent_lock);
	lent->next = zmq->lents;
	lent->link = &zmq->lents;
	if (lent->next != NULL)
		lent->next->link = &lent->next;
	zmq->lents = lent;
	pthread_mutex_unlock(&zmq->lent_lock);
}

static void lent_unlink(struct lent *lent)
{
	pthread_mutex_lock(&lent->zmq->lent_lock);
	*lent->link = lent->next;
	if (lent->next != NULL)
		lent->next->link = lent->link;
	pthread_mutex_unlock(&lent->zmq->lent_lock);
}

static void lent_release(void *data, void *hint)
{
	struct lent *lent = hint;
	(void)data;
	if (atomic_fetch_sub_explicit(&lent->left, 1, memory_order_acq_rel) != 1)
		return;
	lent_unlink(lent);
	bool closed = atomic_load_explicit(&lent->zmq->closed, memory_order_relaxed);
	lent->done(lent->done_data, closed ? HIDP_ERR_CLOSED : HIDP_OK);
	free(lent);
}

/*
 * Frames can be lost without being let go of when a connection ends while it is written to
 * (libzmq 4.3.4). Whoever sent them must be told all the same.
 */
void hidp__zmq_send_end(struct hidp_zmq *zmq)
{
	while (zmq->lents != NULL) {
		struct lent *lent = zmq->lents;
		lent_unlink(lent);
		lent->done(lent->done_data, HIDP_ERR_CLOSED);
		free(lent);
	}
}

/* A frame that refers to the next bytes of a large piece. */
static bool lend_frame(const struct hidp_zmq *zmq, struct rest *rest, struct lent *lent,
                       zmq_msg_t *frame)
{
	size_t size = rest->segments->size - rest->offset;
	if (size > zmq->frame_max)
		size = zmq->frame_max;
	/* ZeroMQ does not write to what it sends */
	uintptr_t data = (uintptr_t)rest->segments->data + rest->offset;
	atomic_fetch_add_explicit(&lent->left, 1, memory_order_relaxed);
	if (zmq_msg_init_data(frame, (void *)data, size, lent_release, lent) != 0) {
		atomic_fetch_sub_explicit(&lent->left, 1, memory_order_relaxed);
		return false;
	}
	rest->offset += size;
	if (rest->offset == rest->segments->size) {
		rest->offset = 0;
		rest->segments++;
		rest->count--;
		skip_empty(rest);
	}
	return true;
}

int64_t hidp__zmq_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * Sends the first frame, waiting for a connection or room as long as that is allowed; the
 * peer is locked.
 */
static hidp_status send_first(struct hidp_zmq *zmq, struct peer *peer, zmq_msg_t *frame, int flags)
{
	int64_t end = -1;
	for (;;) {
		if (atomic_load(&zmq->closed))
			return HIDP_ERR_CLOSED;
		if (zmq_msg_send(frame, peer->push, flags | ZMQ_DONTWAIT) >= 0) {
			/* there is a connection, whether or not that is known yet: leave it alone */
			peer->down = false;
			peer->failed_ms = 0;
			return HIDP_OK;
		}
		if (zmq_errno() == EINTR)
			continue;
		if (zmq_errno() != EAGAIN)
			return HIDP_ERR_TRANSPORT;
		int64_t now = hidp__zmq_now_ms();
		if (end >= 0 && now >= end)
			peer->down = true;
		hidp__zmq_peer_upkeep(zmq, peer);
		if (peer->down || peer->push == NULL)
			return HIDP_ERR_TRANSPORT;
		if (end <= now)
			end = now + zmq->wait_ms;
		/* nobody else connects anew while this thread has the peer */
		int64_t until = end;
		if (peer->failed_ms > 0 && peer->failed_ms + REDIAL_MS < end)
			until = peer->failed_ms + REDIAL_MS;
		zmq_pollitem_t items[] = {{peer->push, 0, ZMQ_POLLOUT, 0},
		                          {peer->monitor, 0, ZMQ_POLLIN, 0},
		                          {NULL, zmq->wake[0], ZMQ_POLLIN, 0}};
		zmq_poll(items, 3, until > now ? (long)(until - now) : 0);
	}
}

/*
 * Sends the frames after the first one. They never wait: ZeroMQ queues whole messages. If
 * the connection breaks it drops the rest; if memory is short an early end makes the receiver
 * drop the message. Either way it was accepted and is lost.
 */
static void send_others(struct hidp_zmq *zmq, struct peer *peer, struct rest *rest,
                        struct lent *lent)
{
	while (rest->count > 0) {
		zmq_msg_t frame;
		size_t bytes = small_bytes(rest);
		bool ok;
		if (bytes > 0) {
			ok = zmq_msg_init_size(&frame, bytes) == 0;
			if (ok)
				copy_small(rest, zmq_msg_data(&frame), bytes);
		} else {
			ok = lend_frame(zmq, rest, lent, &frame);
		}
		if (!ok) {
			zmq_msg_init(&frame);
			rest->count = 0;
		}
		int flags = rest->count > 0 ? ZMQ_SNDMORE : 0;
		int sent;
		do
			sent = zmq_msg_send(&frame, peer->push, flags | ZMQ_DONTWAIT);
		while (sent < 0 && zmq_errno() == EINTR);
		if (sent < 0)
			zmq_msg_close(&frame);
	}
}

static hidp_status send_locked(struct hidp_zmq *zmq, struct peer *peer, struct rest *rest,
                               struct lent *lent, uint64_t size)
{
	if (peer->push == NULL)
		return atomic_load(&zmq->closed) ? HIDP_ERR_CLOSED : HIDP_ERR_TRANSPORT;
	zmq_msg_t first;
	size_t bytes = small_bytes(rest);
	if (zmq_msg_init_size(&first, HEAD_SIZE + bytes) != 0)
		return HIDP_ERR_NOMEM;
	const struct head head = {
		.magic = HEAD_MAGIC,
		.from = (uint16_t)zmq->node,
		.to = (uint16_t)peer->node,
		.life = zmq->life,
		.number = peer->number + 1,
		.size = size,
	};
	unsigned char *data = zmq_msg_data(&first);
	hidp__zmq_head_write(data, &head);
	copy_small(rest, data + HEAD_SIZE, bytes);
	hidp_status s = send_first(zmq, peer, &first, rest->count > 0 ? ZMQ_SNDMORE : 0);
	if (s != HIDP_OK) {
		zmq_msg_close(&first);
		return s;
	}
	peer->number++;
	send_others(zmq, peer, rest, lent);
	return HIDP_OK;
}

/* The bytes of a message, or false if its pieces are not in order. */
static bool measure(const struct hidp_segment *segments, size_t count, uint64_t *size_out,
                    bool *large_out)
{
	uint64_t size = 0;
	if (segments == NULL || count == 0 || count > HIDP_TRANSPORT_SEGMENTS_MAX)
		return false;
	*large_out = false;
	for (size_t i = 0; i < count; i++) {
		if (segments[i].size > 0 && segments[i].data == NULL)
			return false;
		if (segments[i].size > COPY_MAX)
			*large_out = true;
		if (segments[i].size > UINT64_MAX - size)
			return false;
		size += segments[i].size;
	}
	*size_out = size;
	return true;
}

hidp_status hidp__zmq_send(void *user_data, hidp_node_id to, const struct hidp_segment *segments,
                           size_t count, hidp_sent_fn done, void *done_data)
{
	struct hidp_zmq *zmq = user_data;
	struct peer *peer = hidp__zmq_peer(zmq, to);
	uint64_t size;
	bool large;
	if (peer == NULL || done == NULL || !measure(segments, count, &size, &large))
		return HIDP_ERR_ARGUMENT;
	if (size > zmq->message_max)
		return HIDP_ERR_LIMIT;
	struct lent *lent = NULL;
	if (large) {
		lent = malloc(sizeof *lent);
		if (lent == NULL)
			return HIDP_ERR_NOMEM;
		*lent = (struct lent){.zmq = zmq, .done = done, .done_data = done_data};
		atomic_init(&lent->left, 1);
		lent_link(zmq, lent);
	}
	struct rest rest = {segments, count, 0};
	skip_empty(&rest);
	pthread_mutex_lock(&peer->lock);
	hidp_status s = send_locked(zmq, peer, &rest, lent, size);
	pthread_mutex_unlock(&peer->lock);
	if (s != HIDP_OK) {
		if (large)
			lent_unlink(lent);
		free(lent);
		return s;
	}
	atomic_fetch_add_explicit(&zmq->messages_sent, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&zmq->bytes_sent, size, memory_order_relaxed);
	if (large)
		lent_release(NULL, lent);
	else
		done(done_data, HIDP_OK);
	return HIDP_OK;
}
