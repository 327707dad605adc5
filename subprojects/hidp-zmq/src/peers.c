/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zmq_priv.h"

struct peer *hidp__zmq_peer(const struct hidp_zmq *zmq, hidp_node_id node)
{
	if (node >= HIDP_CLUSTER_NODES_MAX)
		return NULL;
	return atomic_load_explicit(&zmq->peers[node], memory_order_acquire);
}

bool hidp__zmq_set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/*
 * Machines that vanish are found by TCP: it asks when a connection is silent, and gives up when
 * what it sent is not confirmed. ZeroMQ's own heartbeats are not used: up to and beyond 4.3.4
 * they end the program when they time out while received messages wait to be taken
 * (https://github.com/zeromq/libzmq/issues/4364).
 */
static bool watch_connection(void *socket, int silence_ms)
{
	int seconds = silence_ms / 1000, tries = 5;
	int interval = seconds > 2 * tries ? seconds / (2 * tries) : 1;
	int idle = seconds > interval * tries + 1 ? seconds - interval * tries : 1;
	return hidp__zmq_set_int(socket, ZMQ_TCP_MAXRT, silence_ms) &&
	       hidp__zmq_set_int(socket, ZMQ_TCP_KEEPALIVE, 1) &&
	       hidp__zmq_set_int(socket, ZMQ_TCP_KEEPALIVE_IDLE, idle) &&
	       hidp__zmq_set_int(socket, ZMQ_TCP_KEEPALIVE_INTVL, interval) &&
	       hidp__zmq_set_int(socket, ZMQ_TCP_KEEPALIVE_CNT, tries);
}

bool hidp__zmq_set_common(struct hidp_zmq *zmq, void *socket)
{
	int64_t frame_max = (int64_t)zmq->frame_max + CURVE_EXTRA;
	bool ok = hidp__zmq_set_int(socket, ZMQ_LINGER, 0) &&
	          hidp__zmq_set_int(socket, ZMQ_SNDHWM, zmq->queue_length) &&
	          hidp__zmq_set_int(socket, ZMQ_RCVHWM, zmq->queue_length) &&
	          watch_connection(socket, zmq->silence_ms) &&
	          hidp__zmq_set_int(socket, ZMQ_HANDSHAKE_IVL, 10000) &&
	          zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0;
	if (ok && zmq->curve)
		ok = zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, zmq->secret_key,
		                    sizeof zmq->secret_key) == 0;
	return ok;
}

/*
 * Sending must not wait for a node that was there and is gone, but ZeroMQ only says that it
 * cannot send; a second socket tells why. It must not be full: ZeroMQ would wait.
 */
static bool monitor(struct hidp_zmq *zmq, struct peer *peer)
{
	char endpoint[64];
	snprintf(endpoint, sizeof endpoint, "inproc://hidp-monitor-%u-%u", (unsigned)peer->node,
	         peer->dials++);
	if (zmq_socket_monitor(peer->push, endpoint,
	                       ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) != 0)
		return false;
	peer->monitor = zmq_socket(zmq->context, ZMQ_PAIR);
	return peer->monitor != NULL && hidp__zmq_set_int(peer->monitor, ZMQ_LINGER, 0) &&
	       hidp__zmq_set_int(peer->monitor, ZMQ_RCVHWM, 0) &&
	       zmq_connect(peer->monitor, endpoint) == 0;
}

void hidp__zmq_peer_observe(struct peer *peer)
{
	for (;;) {
		/* an event is two frames: its number and a value, and the endpoint */
		unsigned char event[6];
		int size = zmq_recv(peer->monitor, event, sizeof event, ZMQ_DONTWAIT);
		if (size < 0 && zmq_errno() != EINTR)
			return;
		if (size != (int)sizeof event)
			continue;
		uint16_t number;
		memcpy(&number, event, sizeof number);
		/* attempts that fail end with the second event only */
		if (number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
			peer->connected = true;
			peer->down = false;
			peer->failed_ms = 0;
		} else if (number == ZMQ_EVENT_DISCONNECTED) {
			peer->down |= peer->connected;
			peer->connected = false;
			peer->failed_ms = hidp__zmq_now_ms();
		}
	}
}

/* A socket that connects to the peer and goes on trying. */
static bool dial(struct hidp_zmq *zmq, struct peer *peer)
{
	peer->dialed_ms = hidp__zmq_now_ms();
	peer->push = zmq_socket(zmq->context, ZMQ_PUSH);
	if (peer->push == NULL || !hidp__zmq_set_common(zmq, peer->push))
		return false;
	/* nothing is queued for a node that is not there: it would come when nobody wants it */
	if (!hidp__zmq_set_int(peer->push, ZMQ_IMMEDIATE, 1) ||
	    !hidp__zmq_set_int(peer->push, ZMQ_RECONNECT_IVL, 100) ||
	    !hidp__zmq_set_int(peer->push, ZMQ_RECONNECT_IVL_MAX, 1000) ||
	    !hidp__zmq_set_int(peer->push, ZMQ_IPV6, hidp__zmq_is_ipv6(peer->endpoint)))
		return false;
	if (zmq->curve &&
	    (zmq_setsockopt(peer->push, ZMQ_CURVE_PUBLICKEY, zmq->public_key,
	                    sizeof zmq->public_key) != 0 ||
	     zmq_setsockopt(peer->push, ZMQ_CURVE_SERVERKEY, peer->key, sizeof peer->key) != 0))
		return false;
	return monitor(zmq, peer) && zmq_connect(peer->push, peer->endpoint) == 0;
}

static void close_sockets(struct peer *peer)
{
	if (peer->push != NULL)
		zmq_close(peer->push);
	if (peer->monitor != NULL)
		zmq_close(peer->monitor);
	peer->push = NULL;
	peer->monitor = NULL;
}

/* Connects anew; without sockets or memory that is tried again later. */
static void redial(struct hidp_zmq *zmq, struct peer *peer)
{
	close_sockets(peer);
	peer->failed_ms = 0;
	if (!dial(zmq, peer)) {
		close_sockets(peer);
		peer->failed_ms = hidp__zmq_now_ms();
	}
}

/*
 * ZeroMQ reconnects by itself when a connection breaks, but never again after it met a peer
 * that refused it or spoke nonsense. That can change: the node lists this one later, or comes
 * back to a port where something else was meanwhile.
 */
void hidp__zmq_peer_upkeep(struct hidp_zmq *zmq, struct peer *peer)
{
	if (peer->monitor != NULL)
		hidp__zmq_peer_observe(peer);
	if (peer->failed_ms > 0 && hidp__zmq_now_ms() - peer->failed_ms >= REDIAL_MS)
		redial(zmq, peer);
}

void hidp__zmq_peers_upkeep(struct hidp_zmq *zmq)
{
	for (hidp_node_id n = 0; n < HIDP_CLUSTER_NODES_MAX; n++) {
		struct peer *peer = hidp__zmq_peer(zmq, n);
		/* who sends looks after it too */
		if (peer == NULL || pthread_mutex_trylock(&peer->lock) != 0)
			continue;
		hidp__zmq_peer_upkeep(zmq, peer);
		pthread_mutex_unlock(&peer->lock);
	}
}

void hidp__zmq_peer_is_back(struct hidp_zmq *zmq, struct peer *peer)
{
	/* whoever sends to it finds out by itself */
	if (pthread_mutex_trylock(&peer->lock) != 0)
		return;
	if (peer->monitor != NULL)
		hidp__zmq_peer_observe(peer);
	/* its messages come quicker than a connection is made: one that is tried is left alone */
	bool tried = peer->failed_ms == 0 && hidp__zmq_now_ms() - peer->dialed_ms < REDIAL_MS;
	if (peer->push != NULL && !peer->connected && !tried) {
		peer->down = false;
		redial(zmq, peer);
	}
	pthread_mutex_unlock(&peer->lock);
}

static hidp_status check_key(const struct hidp_zmq *zmq, const char *public_key, uint8_t key[32],
                             const char *name, struct hidp_diagnostic *diagnostic)
{
	if (!zmq->curve && public_key != NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, name,
		                      "has a key, but this node has none");
	if (!zmq->curve)
		return HIDP_OK;
	if (public_key == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, name, "has no public key");
	if (strlen(public_key) != HIDP_ZMQ_KEY_SIZE - 1 || zmq_z85_decode(key, public_key) == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, name,
		                      "public key is not 40 characters of Z85");
	if (strcmp(public_key, zmq->public_key) == 0)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, name,
		                      "public key is that of this node");
	for (hidp_node_id n = 0; n < HIDP_CLUSTER_NODES_MAX; n++) {
		const struct peer *other = hidp__zmq_peer(zmq, n);
		if (other != NULL && memcmp(other->key, key, sizeof other->key) == 0)
			return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, name,
			                      "public key is that of node %u", (unsigned)n);
	}
	return HIDP_OK;
}

static void peer_free(struct peer *peer)
{
	if (peer == NULL)
		return;
	close_sockets(peer);
	pthread_mutex_destroy(&peer->lock);
	free(peer->endpoint);
	free(peer);
}

/* Makes and lists the peer, which then owns the endpoint; all arguments are good. */
static hidp_status list_peer(struct hidp_zmq *zmq, hidp_node_id node, char *endpoint,
                             const uint8_t key[32], struct hidp_diagnostic *diagnostic)
{
	struct peer *peer = calloc(1, sizeof *peer);
	if (peer == NULL || pthread_mutex_init(&peer->lock, NULL) != 0) {
		free(peer);
		return hidp__zmq_fail(diagnostic, HIDP_ERR_NOMEM, endpoint, "out of memory");
	}
	peer->node = node;
	memcpy(peer->key, key, sizeof peer->key);
	snprintf(peer->user_id, sizeof peer->user_id, "%u", (unsigned)node);
	peer->endpoint = endpoint;
	if (!dial(zmq, peer)) {
		int error = zmq_errno();
		peer->endpoint = NULL;
		peer_free(peer);
		return hidp__zmq_fail(diagnostic, HIDP_ERR_TRANSPORT, endpoint,
		                      "cannot be connected to: %s", zmq_strerror(error));
	}
	atomic_store_explicit(&zmq->peers[node], peer, memory_order_release);
	return HIDP_OK;
}

hidp_status hidp_zmq_add_peer(struct hidp_zmq *zmq, hidp_node_id node, const char *endpoint,
                              const char *public_key, struct hidp_diagnostic *diagnostic)
{
	if (zmq == NULL || endpoint == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, "", "an argument is NULL");
	if (node >= HIDP_CLUSTER_NODES_MAX)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_LIMIT, endpoint,
		                      "node %u is not below %u", (unsigned)node,
		                      HIDP_CLUSTER_NODES_MAX);
	if (node == zmq->node)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, endpoint,
		                      "node %u is this node", (unsigned)node);
	char *resolved = NULL;
	hidp_status s = hidp__zmq_resolve(endpoint, &resolved, diagnostic);
	if (s != HIDP_OK)
		return s;
	uint8_t key[32] = {0};
	pthread_mutex_lock(&zmq->lock);
	if (atomic_load(&zmq->closed))
		s = hidp__zmq_fail(diagnostic, HIDP_ERR_CLOSED, endpoint, "transport is closed");
	else if (hidp__zmq_peer(zmq, node) != NULL)
		s = hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, endpoint,
		                   "node %u is listed already", (unsigned)node);
	else if (!zmq->curve && !zmq->allow_clear && !hidp__zmq_is_local(resolved))
		s = hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, endpoint,
		                   "is on another machine, and there are no keys");
	else
		s = check_key(zmq, public_key, key, endpoint, diagnostic);
	if (s == HIDP_OK)
		s = list_peer(zmq, node, resolved, key, diagnostic);
	pthread_mutex_unlock(&zmq->lock);
	if (s != HIDP_OK)
		free(resolved);
	return s;
}

void hidp__zmq_peers_close(struct hidp_zmq *zmq)
{
	/* nobody lists one any more: the transport is closed */
	pthread_mutex_lock(&zmq->lock);
	for (hidp_node_id n = 0; n < HIDP_CLUSTER_NODES_MAX; n++) {
		struct peer *peer = hidp__zmq_peer(zmq, n);
		if (peer == NULL)
			continue;
		pthread_mutex_lock(&peer->lock);
		close_sockets(peer);
		pthread_mutex_unlock(&peer->lock);
	}
	pthread_mutex_unlock(&zmq->lock);
}

void hidp__zmq_peers_free(struct hidp_zmq *zmq)
{
	for (hidp_node_id n = 0; n < HIDP_CLUSTER_NODES_MAX; n++)
		peer_free(hidp__zmq_peer(zmq, n));
}
