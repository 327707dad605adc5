/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zmq_priv.h"

static bool inbox_grow(struct inbox *inbox)
{
	size_t capacity = inbox->capacity > 0 ? 2 * inbox->capacity : 64;
	zmq_msg_t *frames = malloc(capacity * sizeof *frames);
	struct hidp_segment *segments = malloc(capacity * sizeof *segments);
	if (frames == NULL || segments == NULL) {
		free(frames);
		free(segments);
		return false;
	}
	for (size_t i = 0; i < inbox->count; i++) {
		zmq_msg_init(&frames[i]);
		zmq_msg_move(&frames[i], &inbox->frames[i]);
	}
	free(inbox->frames);
	free(inbox->segments);
	inbox->frames = frames;
	inbox->segments = segments;
	inbox->capacity = capacity;
	return true;
}

static void inbox_clear(struct inbox *inbox)
{
	for (size_t i = 0; i < inbox->count; i++)
		zmq_msg_close(&inbox->frames[i]);
	inbox->count = 0;
}

void hidp__zmq_inbox_free(struct inbox *inbox)
{
	inbox_clear(inbox);
	free(inbox->frames);
	free(inbox->segments);
}

/* Takes the rest of a message and forgets it. */
static void skip_rest(void *pull, bool more)
{
	while (more) {
		zmq_msg_t frame;
		zmq_msg_init(&frame);
		more = zmq_msg_recv(&frame, pull, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&frame);
		zmq_msg_close(&frame);
	}
}

/* Whether it is from whom it says to be, and whom it is for; NULL: no. */
static struct peer *check_sender(struct hidp_zmq *zmq, zmq_msg_t *frame, struct head *head)
{
	if (zmq_msg_size(frame) < HEAD_SIZE)
		return NULL;
	hidp__zmq_head_read(head, zmq_msg_data(frame));
	if (head->magic != HEAD_MAGIC || head->to != zmq->node || head->size > zmq->message_max)
		return NULL;
	struct peer *peer = hidp__zmq_peer(zmq, head->from);
	if (peer == NULL || !zmq->curve)
		return peer;
	const char *user_id = zmq_msg_gets(frame, "User-Id");
	return user_id != NULL && strcmp(user_id, peer->user_id) == 0 ? peer : NULL;
}

/*
 * Takes the frames of one message into the inbox. *from_out is NULL if it is refused; false
 * if there is no message.
 */
static bool collect(struct hidp_zmq *zmq, struct head *head, struct peer **from_out)
{
	struct inbox *inbox = &zmq->inbox;
	uint64_t left = 0, frames_max = 1;
	*from_out = NULL;
	for (bool more = true; more;) {
		if (inbox->count == inbox->capacity && !inbox_grow(inbox)) {
			skip_rest(zmq->pull, true);
			*from_out = NULL;
			return inbox->count > 0;
		}
		zmq_msg_t *frame = &inbox->frames[inbox->count];
		zmq_msg_init(frame);
		if (zmq_msg_recv(frame, zmq->pull, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(frame);
			return false;
		}
		size_t size = zmq_msg_size(frame);
		more = zmq_msg_more(frame);
		if (inbox->count++ == 0) {
			*from_out = check_sender(zmq, frame, head);
			if (*from_out != NULL) {
				left = head->size;
				size -= HEAD_SIZE;
				/* every piece can begin a frame, and so can what is between two */
				frames_max = 2 + 2 * HIDP_TRANSPORT_SEGMENTS_MAX + left / FRAME_MIN;
			}
		}
		if (size > left || inbox->count > frames_max)
			*from_out = NULL;
		if (*from_out == NULL) {
			skip_rest(zmq->pull, more);
			return true;
		}
		left -= size;
	}
	if (left > 0)
		*from_out = NULL;
	return true;
}

/*
 * After a connection broke, what arrived over it can come after the first messages of the
 * next one: such latecomers are lost, so that order is kept. A life that is not known begins
 * wherever it is met. Two are kept because the last messages of one can come after the first
 * of the next.
 */
static bool in_order(struct hidp_zmq *zmq, struct peer *peer, const struct head *head)
{
	struct life *lives = peer->lives;
	if (lives[0].id != head->life) {
		struct life other = lives[1];
		lives[1] = lives[0];
		lives[0] = other.id == head->life ? other : (struct life){head->life, 0};
		/* it is there, so an answer need not wait for the next attempt to reach it */
		if (lives[0].number == 0)
			hidp__zmq_peer_is_back(zmq, peer);
	}
	if (head->number <= lives[0].number)
		return false;
	lives[0].number = head->number;
	return true;
}

static void deliver(struct hidp_zmq *zmq, hidp_node_id from, uint64_t size)
{
	struct inbox *inbox = &zmq->inbox;
	for (size_t i = 0; i < inbox->count; i++) {
		inbox->segments[i].data = zmq_msg_data(&inbox->frames[i]);
		inbox->segments[i].size = zmq_msg_size(&inbox->frames[i]);
	}
	inbox->segments[0].data = (const unsigned char *)inbox->segments[0].data + HEAD_SIZE;
	inbox->segments[0].size -= HEAD_SIZE;
	/* before the call: who reads the figures in it finds itself counted */
	atomic_fetch_add_explicit(&zmq->messages_received, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&zmq->bytes_received, size, memory_order_relaxed);
	/* no frame for a head alone, but for a message of no bytes */
	size_t head_only = inbox->segments[0].size == 0 && inbox->count > 1;
	zmq->receive(zmq->receiver, from, inbox->segments + head_only, inbox->count - head_only);
}

bool hidp__zmq_receive(struct hidp_zmq *zmq)
{
	struct head head;
	struct peer *from;
	if (!collect(zmq, &head, &from))
		return false;
	if (from == NULL)
		hidp__zmq_refuse(
			zmq, &zmq->messages_refused,
			"a message of connection %s is malformed or not from a listed node",
			zmq_msg_gets(&zmq->inbox.frames[0], "Peer-Address"));
	else if (!in_order(zmq, from, &head))
		hidp__zmq_refuse(zmq, &zmq->messages_refused,
		                 "message %llu of node %u came late or twice",
		                 (unsigned long long)head.number, (unsigned)from->node);
	else
		deliver(zmq, from->node, head.size);
	inbox_clear(&zmq->inbox);
	return true;
}
