/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "zmq_priv.h"

/*
 * ZeroMQ asks over an inner socket who may come in (its RFC 27): version, request, domain,
 * address, identity, mechanism, and for CURVE the key. The answer gives the connection a name,
 * which the messages then bear.
 */
enum {
	FRAME_VERSION,
	FRAME_REQUEST,
	FRAME_DOMAIN,
	FRAME_ADDRESS,
	FRAME_IDENTITY,
	FRAME_MECHANISM,
	FRAME_KEY,
	FRAMES
};

struct frame {
	unsigned char data[256];
	size_t size;
};

static bool is(const struct frame *frame, const char *text)
{
	return frame->size == strlen(text) && memcmp(frame->data, text, frame->size) == 0;
}

/* Takes a whole question; says whether it has the right number of frames. */
static bool take(void *socket, struct frame frames[FRAMES])
{
	size_t count = 0;
	bool fits = true;
	int more = 1;
	while (more) {
		struct frame surplus, *frame = count < FRAMES ? &frames[count] : &surplus;
		int size = zmq_recv(socket, frame->data, sizeof frame->data, ZMQ_DONTWAIT);
		if (size < 0)
			return false;
		frame->size = (size_t)size;
		if (frame->size > sizeof frame->data) {
			frame->size = sizeof frame->data;
			fits = false;
		}
		count++;
		size_t more_size = sizeof more;
		if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size) != 0)
			return false;
	}
	return fits && count == FRAMES;
}

static const struct peer *peer_of_key(const struct hidp_zmq *zmq, const struct frame *key)
{
	for (hidp_node_id n = 0; n < HIDP_CLUSTER_NODES_MAX; n++) {
		const struct peer *peer = hidp__zmq_peer(zmq, n);
		if (peer != NULL && key->size == sizeof peer->key &&
		    memcmp(peer->key, key->data, key->size) == 0)
			return peer;
	}
	return NULL;
}

static void answer(void *socket, const struct frame *request, const char *status, const char *text,
                   const char *user_id)
{
	/* a question that can no longer be answered ends with its connection */
	if (zmq_send(socket, "1.0", 3, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
	    zmq_send(socket, request->data, request->size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
	    zmq_send(socket, status, strlen(status), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
	    zmq_send(socket, text, strlen(text), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
	    zmq_send(socket, user_id, strlen(user_id), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
		zmq_send(socket, "", 0, ZMQ_DONTWAIT);
}

void hidp__zmq_zap_answer(struct hidp_zmq *zmq)
{
	struct frame frames[FRAMES];
	if (!take(zmq->zap, frames)) {
		frames[FRAME_REQUEST].size = 0;
		answer(zmq->zap, &frames[FRAME_REQUEST], "400", "", "");
		return;
	}
	const struct peer *peer = NULL;
	if (is(&frames[FRAME_VERSION], "1.0") && is(&frames[FRAME_MECHANISM], "CURVE"))
		peer = peer_of_key(zmq, &frames[FRAME_KEY]);
	if (peer != NULL) {
		answer(zmq->zap, &frames[FRAME_REQUEST], "200", "OK", peer->user_id);
		return;
	}
	char key[HIDP_ZMQ_KEY_SIZE] = "";
	if (frames[FRAME_KEY].size == 32)
		zmq_z85_encode(key, frames[FRAME_KEY].data, 32);
	hidp__zmq_refuse(zmq, &zmq->keys_refused, "%.*s has key %s, which is not listed",
	                 (int)frames[FRAME_ADDRESS].size, (const char *)frames[FRAME_ADDRESS].data,
	                 key);
	answer(zmq->zap, &frames[FRAME_REQUEST], "400", "key is not listed", "");
}
