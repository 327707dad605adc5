/* SPDX-License-Identifier: MIT */
#include "transport_zmq_node.h"

#include <check.h>
#include <string.h>
#include <time.h>

#define WAIT_S 30

struct hidp_zmq_options node_options(hidp_node_id node, const struct keys *keys)
{
	struct hidp_zmq_options options = HIDP_ZMQ_OPTIONS_INIT;
	options.node = node;
	options.endpoint = "tcp://127.0.0.1:*";
	options.secret_key = keys != NULL ? keys->secret_key : NULL;
	options.wait_ms = 20000; /* a machine can be slow */
	return options;
}

struct keys node_keys(void)
{
	struct keys keys;
	ck_assert_int_eq(hidp_zmq_keygen(keys.public_key, keys.secret_key), HIDP_OK);
	return keys;
}

static void receive(void *receiver, hidp_node_id from, const struct hidp_segment *segments,
                    size_t count)
{
	struct zmq_node *node = receiver;
	size_t size = 0;
	memset(node->last, 0, sizeof node->last);
	for (size_t i = 0; i < count; i++) {
		const char *data = segments[i].data;
		for (size_t k = 0; k < segments[i].size; k++, size++)
			if (size < sizeof node->last - 1)
				node->last[size] = data[k];
	}
	node->last_size = size;
	node->last_from = from;
	node->received++;
}

static void sent(void *done_data, hidp_status status)
{
	struct zmq_node *node = done_data;
	(void)status;
	node->done++;
}

void node_start(struct zmq_node *node, const struct hidp_zmq_options *options,
                const struct keys *keys)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	memset(node, 0, sizeof *node);
	if (keys != NULL)
		node->keys = *keys;
	ck_assert_msg(hidp_zmq_new(options, &node->zmq, &d) == HIDP_OK, "%s: %s", d.subject,
	              d.message);
	ck_assert_int_eq(hidp_zmq_transport()->open(node->zmq, receive, node, NULL), HIDP_OK);
}

void node_stop(struct zmq_node *node)
{
	hidp_zmq_transport()->close(node->zmq);
	hidp_zmq_transport()->stop(node->zmq);
	hidp_zmq_destroy(node->zmq);
}

void node_list(struct zmq_node *node, hidp_node_id other, const char *endpoint,
               const char *public_key)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	ck_assert_msg(hidp_zmq_add_peer(node->zmq, other, endpoint, public_key, &d) == HIDP_OK,
	              "%s: %s", d.subject, d.message);
}

hidp_status node_send(struct zmq_node *node, hidp_node_id to, const char *text)
{
	const struct hidp_segment segment = {text, strlen(text)};
	return hidp_zmq_transport()->send(node->zmq, to, &segment, 1, sent, node);
}

struct hidp_zmq_statistics node_figures(const struct zmq_node *node)
{
	struct hidp_zmq_statistics figures = HIDP_ZMQ_STATISTICS_INIT;
	ck_assert_int_eq(hidp_zmq_get_statistics(node->zmq, &figures), HIDP_OK);
	return figures;
}

void pause_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}

double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool wait_for(const atomic_uint *figure, unsigned value)
{
	for (double end = seconds() + WAIT_S; seconds() < end; pause_ms(1))
		if (atomic_load(figure) >= value)
			return true;
	return false;
}

bool wait_for_refused(const struct zmq_node *node, uint64_t messages)
{
	for (double end = seconds() + WAIT_S; seconds() < end; pause_ms(1))
		if (node_figures(node).messages_refused >= messages)
			return true;
	return false;
}

bool wait_for_keys_refused(const struct zmq_node *node, uint64_t keys)
{
	for (double end = seconds() + WAIT_S; seconds() < end; pause_ms(1))
		if (node_figures(node).keys_refused >= keys)
			return true;
	return false;
}

bool send_until_accepted(struct zmq_node *node, hidp_node_id to, const char *text)
{
	for (double end = seconds() + WAIT_S; seconds() < end; pause_ms(1))
		if (node_send(node, to, text) == HIDP_OK)
			return true;
	return false;
}
