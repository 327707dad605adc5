/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_CONFORMANCE_ZMQ_NODE_H
#define HIDP_TESTS_CONFORMANCE_ZMQ_NODE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hidp-zmq.h>

/* A node for tests of hidp-zmq alone: counts what it gets and keeps the last message. */

struct keys {
	char public_key[HIDP_ZMQ_KEY_SIZE];
	char secret_key[HIDP_ZMQ_KEY_SIZE];
};

struct zmq_node {
	struct hidp_zmq *zmq;
	struct keys keys;
	atomic_uint received;
	atomic_uint last_from;
	atomic_uint done;
	char last[64]; /* up to its first bytes; valid after `received` was seen to rise */
	atomic_size_t last_size;
};

/* Options with an endpoint on loopback, and a key if there are keys. */
struct hidp_zmq_options node_options(hidp_node_id node, const struct keys *keys);
/* Makes keys; ends the test if that fails. */
struct keys node_keys(void);
/* Makes and opens a node; keys may be NULL. */
void node_start(struct zmq_node *node, const struct hidp_zmq_options *options,
                const struct keys *keys);
void node_stop(struct zmq_node *node);
/* Lists another one. */
void node_list(struct zmq_node *node, hidp_node_id other, const char *endpoint,
               const char *public_key);
/* Sends a text in one piece; the text must live as long as the node. */
hidp_status node_send(struct zmq_node *node, hidp_node_id to, const char *text);
struct hidp_zmq_statistics node_figures(const struct zmq_node *node);

/* Waits until a figure that only rises has come to a value; false if it does not. */
bool wait_for(const atomic_uint *figure, unsigned value);
bool wait_for_refused(const struct zmq_node *node, uint64_t messages);
bool wait_for_keys_refused(const struct zmq_node *node, uint64_t keys);
/* Tries until the message is accepted, or false after a long time. */
bool send_until_accepted(struct zmq_node *node, hidp_node_id to, const char *text);

void pause_ms(long ms);
double seconds(void);

#endif
