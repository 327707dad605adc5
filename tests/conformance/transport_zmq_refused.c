/* SPDX-License-Identifier: MIT */
/* What hidp-zmq must not do: let strangers in, listen in the clear, believe what is sent. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <zmq.h>

#include "rng.h"
#include "transport_zmq_node.h"

static void expect_new(const struct hidp_zmq_options *options, hidp_status expected)
{
	struct hidp_zmq *zmq = NULL;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp_zmq_new(options, &zmq, &d);
	ck_assert_msg(s == expected, "%s: %s", options->endpoint, hidp_status_string(s));
	ck_assert((s != HIDP_OK) == (d.message[0] != '\0'));
	ck_assert(s == HIDP_OK || d.status == s);
	hidp_zmq_destroy(zmq);
}

START_TEST(options_are_checked)
{
	struct keys keys = node_keys();
	struct hidp_zmq_options good = node_options(0, &keys), o = good;
	expect_new(&good, HIDP_OK);
	ck_assert_int_eq(hidp_zmq_new(NULL, NULL, NULL), HIDP_ERR_ARGUMENT);
	o.struct_size = 8, expect_new(&o, HIDP_ERR_ABI), o = good;
	o.flags = 2, expect_new(&o, HIDP_ERR_ABI), o = good;
	o.node = HIDP_CLUSTER_NODES_MAX, expect_new(&o, HIDP_ERR_LIMIT), o = good;
	o.message_max = HIDP_TRANSPORT_MESSAGE_MAX + 1, expect_new(&o, HIDP_ERR_ARGUMENT), o = good;
	o.io_threads = 1000, expect_new(&o, HIDP_ERR_ARGUMENT), o = good;
	o.secret_key = "short", expect_new(&o, HIDP_ERR_ARGUMENT), o = good;
	o.secret_key = "                                        ";
	expect_new(&o, HIDP_ERR_ARGUMENT), o = good;
	static const char *const wrong[] = {"",
	                                    "127.0.0.1:5",
	                                    "inproc://a",
	                                    "udp://127.0.0.1:5",
	                                    "tcp://127.0.0.1:65536",
	                                    "tcp://127.0.0.1:-1",
	                                    "tcp://127.0.0.1: 5",
	                                    "tcp://127.0.0.1",
	                                    "ipc://"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		o.endpoint = wrong[i], expect_new(&o, HIDP_ERR_ARGUMENT);
	o.endpoint = "tcp://192.0.2.1:*", expect_new(&o, HIDP_ERR_TRANSPORT);
}
END_TEST

START_TEST(does_not_listen_in_the_clear)
{
	static const char *const elsewhere[] = {
		"tcp://0.0.0.0:*",       "tcp://*:*",
		"tcp://localhost:*",     "tcp://128.0.0.1:*",
		"tcp://[::]:*",          "tcp://lo:*",
		"tcp://127.0.0.1.a.b:*", "tcp://[::ffff:10.0.0.1]:*"};
	static const char *const here[] = {"tcp://127.0.0.1:*", "tcp://127.1.2.3:*"};
	struct keys keys = node_keys();
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
		struct hidp_zmq_options o = node_options(0, NULL);
		o.endpoint = elsewhere[i];
		expect_new(&o, HIDP_ERR_ARGUMENT);
	}
	for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
		struct hidp_zmq_options o = node_options(0, NULL);
		o.endpoint = here[i];
		expect_new(&o, HIDP_OK);
	}
	/* unless it is told to, or has a key */
	struct hidp_zmq_options o = node_options(0, NULL);
	o.endpoint = "tcp://0.0.0.0:*";
	o.flags = HIDP_ZMQ_ALLOW_CLEAR;
	expect_new(&o, HIDP_OK);
	o = node_options(0, &keys);
	o.endpoint = "tcp://0.0.0.0:*";
	expect_new(&o, HIDP_OK);
}
END_TEST

static void expect_peer(struct zmq_node *node, hidp_node_id other, const char *endpoint,
                        const char *key, hidp_status expected)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp_zmq_add_peer(node->zmq, other, endpoint, key, &d);
	ck_assert_msg(s == expected, "%u at %s: %s", other, endpoint, hidp_status_string(s));
	ck_assert((s != HIDP_OK) == (d.message[0] != '\0'));
}

START_TEST(peers_are_checked)
{
	struct keys keys = node_keys(), other = node_keys(), third = node_keys();
	struct hidp_zmq_options o = node_options(0, &keys);
	struct zmq_node node;
	const char *there = "tcp://127.0.0.1:9";
	node_start(&node, &o, &keys);
	expect_peer(&node, 0, there, other.public_key, HIDP_ERR_ARGUMENT);
	expect_peer(&node, HIDP_CLUSTER_NODES_MAX, there, other.public_key, HIDP_ERR_LIMIT);
	expect_peer(&node, 1, there, NULL, HIDP_ERR_ARGUMENT);
	expect_peer(&node, 1, there, "short", HIDP_ERR_ARGUMENT);
	expect_peer(&node, 1, there, keys.public_key, HIDP_ERR_ARGUMENT);
	static const char *const wrong[] = {"",
	                                    "tcp://127.0.0.1",
	                                    "tcp://127.0.0.1:0",
	                                    "tcp://127.0.0.1:*",
	                                    "tcp://127.0.0.1:70000",
	                                    "tcp://:5",
	                                    "ipc://",
	                                    "inproc://x"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_peer(&node, 1, wrong[i], other.public_key, HIDP_ERR_ARGUMENT);
	expect_peer(&node, 1, "tcp://no.such.host.invalid:5", other.public_key, HIDP_ERR_TRANSPORT);
	expect_peer(&node, 1, there, other.public_key, HIDP_OK);
	expect_peer(&node, 1, there, third.public_key, HIDP_ERR_ARGUMENT);
	expect_peer(&node, 2, there, other.public_key, HIDP_ERR_ARGUMENT);
	hidp_zmq_transport()->close(node.zmq);
	expect_peer(&node, 2, there, third.public_key, HIDP_ERR_CLOSED);
	node_stop(&node);

	o = node_options(0, NULL);
	node_start(&node, &o, NULL);
	expect_peer(&node, 1, there, other.public_key, HIDP_ERR_ARGUMENT);
	expect_peer(&node, 1, "tcp://192.0.2.1:5", NULL, HIDP_ERR_ARGUMENT);
	expect_peer(&node, 1, there, NULL, HIDP_OK);
	node_stop(&node);
}
END_TEST

START_TEST(strangers_get_nowhere)
{
	struct keys keys[3] = {node_keys(), node_keys(), node_keys()};
	struct zmq_node node[3];
	struct hidp_zmq_options o;
	for (hidp_node_id n = 0; n < 3; n++) {
		o = node_options(n == 2 ? 1 : n, &keys[n]);
		o.wait_ms = n == 2 ? 300 : o.wait_ms;
		node_start(&node[n], &o, &keys[n]);
	}
	/* the third claims to be the second, knows all that is public, and has another key */
	node_list(&node[0], 1, hidp_zmq_endpoint(node[1].zmq), keys[1].public_key);
	node_list(&node[1], 0, hidp_zmq_endpoint(node[0].zmq), keys[0].public_key);
	node_list(&node[2], 0, hidp_zmq_endpoint(node[0].zmq), keys[0].public_key);
	ck_assert_int_eq(node_send(&node[2], 0, "let me in"), HIDP_ERR_TRANSPORT);
	ck_assert(wait_for_keys_refused(&node[0], 1));
	ck_assert_int_eq(node_send(&node[1], 0, "hello"), HIDP_OK);
	ck_assert(wait_for(&node[0].received, 1));
	ck_assert_str_eq(node[0].last, "hello");
	ck_assert_uint_eq(node[0].last_from, 1);
	ck_assert_uint_eq(node_figures(&node[0]).messages_received, 1);
	ck_assert_uint_eq(node_figures(&node[0]).messages_refused, 0);

	/* it gets in when it is listed, without more ado */
	ck_assert_int_eq(node_send(&node[2], 0, "let me in"), HIDP_ERR_TRANSPORT);
	expect_peer(&node[0], 2, hidp_zmq_endpoint(node[2].zmq), keys[2].public_key, HIDP_OK);
	ck_assert(send_until_accepted(&node[2], 0, "I am the second"));
	/* but still is not who it says it is */
	ck_assert(wait_for_refused(&node[0], 1));
	ck_assert_uint_eq(node[0].received, 1);
	for (unsigned n = 0; n < 3; n++)
		node_stop(&node[n]);
}
END_TEST

struct late_listing {
	struct zmq_node *at;
	const struct zmq_node *of;
};

static void *list_once_refused(void *data)
{
	const struct late_listing *late = data;
	if (wait_for_keys_refused(late->at, 1))
		node_list(late->at, 1, hidp_zmq_endpoint(late->of->zmq), late->of->keys.public_key);
	return NULL;
}

/* Machines start in any order: one that was refused and is listed while it waits gets in. */
START_TEST(listed_while_it_waits)
{
	struct keys keys[2] = {node_keys(), node_keys()};
	struct zmq_node node, early;
	struct hidp_zmq_options o = node_options(0, &keys[0]);
	node_start(&node, &o, &keys[0]);
	o = node_options(1, &keys[1]);
	node_start(&early, &o, &keys[1]);
	struct late_listing late = {&node, &early};
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, list_once_refused, &late), 0);
	node_list(&early, 0, hidp_zmq_endpoint(node.zmq), keys[0].public_key);
	ck_assert_int_eq(node_send(&early, 0, "here I am"), HIDP_OK);
	pthread_join(thread, NULL);
	ck_assert(wait_for(&node.received, 1));
	node_stop(&early);
	node_stop(&node);
}
END_TEST

START_TEST(impostors_learn_nothing)
{
	struct keys keys[2] = {node_keys(), node_keys()}, wrong = node_keys();
	struct zmq_node impostor, node;
	struct hidp_zmq_options o = node_options(0, &wrong);
	node_start(&impostor, &o, &wrong);
	node_list(&impostor, 1, "tcp://127.0.0.1:9", keys[1].public_key);
	o = node_options(1, &keys[1]);
	o.wait_ms = 300;
	node_start(&node, &o, &keys[1]);
	node_list(&node, 0, hidp_zmq_endpoint(impostor.zmq), keys[0].public_key);
	ck_assert_int_eq(node_send(&node, 0, "a secret"), HIDP_ERR_TRANSPORT);
	ck_assert_uint_eq(impostor.received, 0);
	node_stop(&node);
	node_stop(&impostor);
}
END_TEST

/* A client of plain ZeroMQ. */
struct raw {
	void *context;
	void *push;
};

static void raw_open(struct raw *raw, const struct zmq_node *to, const struct keys *keys)
{
	raw->context = zmq_ctx_new();
	raw->push = zmq_socket(raw->context, ZMQ_PUSH);
	int linger = 0;
	zmq_setsockopt(raw->push, ZMQ_LINGER, &linger, sizeof linger);
	if (keys != NULL) {
		zmq_setsockopt(raw->push, ZMQ_CURVE_SERVERKEY, to->keys.public_key,
		               HIDP_ZMQ_KEY_SIZE);
		zmq_setsockopt(raw->push, ZMQ_CURVE_PUBLICKEY, keys->public_key, HIDP_ZMQ_KEY_SIZE);
		zmq_setsockopt(raw->push, ZMQ_CURVE_SECRETKEY, keys->secret_key, HIDP_ZMQ_KEY_SIZE);
	}
	ck_assert_int_eq(zmq_connect(raw->push, hidp_zmq_endpoint(to->zmq)), 0);
}

static void raw_close(struct raw *raw)
{
	zmq_close(raw->push);
	zmq_ctx_term(raw->context);
}

/* What doc/formats/zmq.md says, once more: fields, then the text of the first frame. */
static size_t put_head(unsigned char *to, uint32_t magic, uint16_t from, uint16_t node,
                       uint64_t life, uint64_t number, uint64_t size, const char *text)
{
	const uint64_t fields[] = {magic, from, node, life, number, size};
	static const unsigned bytes[] = {4, 2, 2, 8, 8, 8};
	unsigned char *at = to;
	for (size_t i = 0; i < 6; i++)
		for (unsigned b = 0; b < bytes[i]; b++)
			*at++ = (unsigned char)(fields[i] >> (8 * b));
	memcpy(at, text, strlen(text));
	return (size_t)(at - to) + strlen(text);
}

#define MAGIC UINT32_C(0x014d5a48)

static void malformed_messages(bool curve)
{
	struct keys keys[3] = {node_keys(), node_keys(), node_keys()};
	struct zmq_node node;
	struct hidp_zmq_options o = node_options(0, curve ? &keys[0] : NULL);
	o.message_max = 1 << 20;
	node_start(&node, &o, &keys[0]);
	for (hidp_node_id n = 1; n < 3; n++)
		node_list(&node, n, "tcp://127.0.0.1:9", curve ? keys[n].public_key : NULL);
	struct raw raw;
	raw_open(&raw, &node, curve ? &keys[1] : NULL);
	unsigned char bytes[128];
	uint64_t refused = 0;
#define SEND(size) ck_assert_int_ge(zmq_send(raw.push, bytes, size, 0), 0)
#define REFUSED(size)                                                                              \
	do {                                                                                       \
		SEND(size);                                                                        \
		ck_assert(wait_for_refused(&node, ++refused));                                     \
	} while (0)
	memset(bytes, 0, sizeof bytes);
	REFUSED(0);
	REFUSED(31);
	REFUSED(128);
	REFUSED(put_head(bytes, MAGIC + 1, 1, 0, 7, 1, 2, "ab")); /* another version */
	REFUSED(put_head(bytes, MAGIC, 1, 2, 7, 1, 2, "ab"));     /* for another node */
	REFUSED(put_head(bytes, MAGIC, 5, 0, 7, 1, 2, "ab"));     /* from nobody */
	REFUSED(put_head(bytes, MAGIC, 0, 0, 7, 1, 2, "ab"));     /* from itself */
	REFUSED(put_head(bytes, MAGIC, 65535, 0, 7, 1, 2, "ab"));
	if (curve)
		REFUSED(put_head(bytes, MAGIC, 2, 0, 7, 1, 2, "ab")); /* not its key */
	REFUSED(put_head(bytes, MAGIC, 1, 0, 7, 1, 1, "ab"));         /* too long */
	REFUSED(put_head(bytes, MAGIC, 1, 0, 7, 1, 3, "ab"));         /* too short */
	REFUSED(put_head(bytes, MAGIC, 1, 0, 7, 1, UINT64_MAX, "ab"));
	REFUSED(put_head(bytes, MAGIC, 1, 0, 7, 1, (1 << 20) + 1, "ab"));
	REFUSED(put_head(bytes, MAGIC, 1, 0, 7, 0, 2, "ab")); /* numbers count from 1 */
	/* more frames than any message has, but the right size */
	size_t head = put_head(bytes, MAGIC, 1, 0, 7, 1, 2, "ab");
	ck_assert_int_ge(zmq_send(raw.push, bytes, head, ZMQ_SNDMORE), 0);
	for (unsigned i = 0; i < 5000; i++)
		ck_assert_int_ge(zmq_send(raw.push, "", 0, ZMQ_SNDMORE), 0);
	REFUSED(0);
	/* a frame too many */
	ck_assert_int_ge(zmq_send(raw.push, bytes, head, ZMQ_SNDMORE), 0);
	REFUSED(1);
	ck_assert_uint_eq(node.received, 0);

	/* that one is right, and comes in */
	SEND(put_head(bytes, MAGIC, 1, 0, 7, 5, 5, "right"));
	ck_assert(wait_for(&node.received, 1));
	ck_assert_str_eq(node.last, "right");
	/* twice, and late */
	REFUSED(put_head(bytes, MAGIC, 1, 0, 7, 5, 5, "right"));
	REFUSED(put_head(bytes, MAGIC, 1, 0, 7, 4, 5, "right"));
	/* another life begins anew; late ones of the life before are refused as before */
	SEND(put_head(bytes, MAGIC, 1, 0, 8, 1, 3, "new"));
	ck_assert(wait_for(&node.received, 2));
	REFUSED(put_head(bytes, MAGIC, 1, 0, 7, 5, 5, "right"));
	REFUSED(put_head(bytes, MAGIC, 1, 0, 8, 1, 3, "new"));
	ck_assert_uint_eq(node.received, 2);
	raw_close(&raw);
	node_stop(&node);
}

START_TEST(malformed_messages_in_the_clear)
{
	malformed_messages(false);
}
END_TEST

START_TEST(malformed_messages_with_a_key)
{
	malformed_messages(true);
}
END_TEST

static int tcp_connect(const struct zmq_node *node)
{
	const char *port = strrchr(hidp_zmq_endpoint(node->zmq), ':') + 1;
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons((uint16_t)atoi(port)),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(s, (struct sockaddr *)&address, sizeof address), 0);
	return s;
}

/* Waits until the other side has hung up; what it sends before is thrown away. */
static bool hung_up(int s)
{
	char bytes[256];
	struct timeval most = {30, 0};
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
	for (;;) {
		ssize_t got = recv(s, bytes, sizeof bytes, 0);
		if (got <= 0)
			return got == 0 || errno == ECONNRESET;
	}
}

/* How ZeroMQ's protocol begins (its RFC 23). */
static size_t put_greeting(unsigned char *to, const char *mechanism)
{
	memset(to, 0, 64);
	to[0] = 0xff;
	to[9] = 0x7f;
	to[10] = 3;
	memcpy(to + 12, mechanism, strlen(mechanism));
	return 64;
}

static void garbage(bool curve)
{
	struct keys keys[2] = {node_keys(), node_keys()};
	struct zmq_node node, friend;
	struct hidp_zmq_options o = node_options(0, curve ? &keys[0] : NULL);
	node_start(&node, &o, &keys[0]);
	o = node_options(1, curve ? &keys[1] : NULL);
	node_start(&friend, &o, &keys[1]);
	node_list(&node, 1, hidp_zmq_endpoint(friend.zmq), curve ? keys[1].public_key : NULL);
	node_list(&friend, 0, hidp_zmq_endpoint(node.zmq), curve ? keys[0].public_key : NULL);
	ck_assert_int_eq(node_send(&friend, 0, "before"), HIDP_OK);

	struct rng rng;
	unsigned char bytes[4096];
	rng_seed(&rng, 1);
	int open[100];
	for (int i = 0; i < 100; i++) {
		size_t size = rng_below(&rng, sizeof bytes), begin = 0;
		open[i] = tcp_connect(&node);
		for (size_t k = 0; k < sizeof bytes; k++)
			bytes[k] = (unsigned char)rng_bits(&rng);
		if (i % 3 == 1)
			begin = put_greeting(bytes, i % 2 ? "NULL" : "CURVE");
		if (i % 3 == 2) { /* a frame of 2^62 bytes where a command is due */
			begin = put_greeting(bytes, curve ? "CURVE" : "NULL");
			memcpy(bytes + begin, "\006\100\0\0\0\0\0\0\0", 9);
			size = begin + 9;
		}
		if (size < begin)
			size = begin;
		if (send(open[i], bytes, size, MSG_NOSIGNAL) < 0)
			ck_assert(errno == EPIPE || errno == ECONNRESET);
		if (i % 3 == 2)
			ck_assert(hung_up(open[i]));
		/* others stay open and say no more */
		if (i % 2 == 0) {
			close(open[i]);
			open[i] = -1;
		}
	}
	ck_assert_int_eq(node_send(&friend, 0, "after"), HIDP_OK);
	ck_assert(wait_for(&node.received, 2));
	ck_assert_str_eq(node.last, "after");
	for (int i = 0; i < 100; i++)
		if (open[i] >= 0)
			close(open[i]);
	ck_assert_uint_eq(node_figures(&node).messages_received, 2);
	node_stop(&friend);
	node_stop(&node);
}

START_TEST(garbage_in_the_clear)
{
	garbage(false);
}
END_TEST

START_TEST(garbage_with_a_key)
{
	garbage(true);
}
END_TEST

/* A client in the clear does not get in where keys are wanted. */
START_TEST(clear_clients_get_nowhere)
{
	struct keys keys[2] = {node_keys(), node_keys()};
	struct zmq_node node, clear;
	struct hidp_zmq_options o = node_options(0, &keys[0]);
	node_start(&node, &o, &keys[0]);
	node_list(&node, 1, "tcp://127.0.0.1:9", keys[1].public_key);
	o = node_options(1, NULL);
	o.wait_ms = 300;
	node_start(&clear, &o, NULL);
	node_list(&clear, 0, hidp_zmq_endpoint(node.zmq), NULL);
	ck_assert_int_eq(node_send(&clear, 0, "hello"), HIDP_ERR_TRANSPORT);
	ck_assert_uint_eq(node.received, 0);
	node_stop(&clear);
	node_stop(&node);
}
END_TEST

START_TEST(too_large_messages)
{
	struct keys keys[2] = {node_keys(), node_keys()};
	struct zmq_node node, sender;
	struct hidp_zmq_options o = node_options(0, &keys[0]);
	o.message_max = 1 << 20;
	node_start(&node, &o, &keys[0]);
	o = node_options(1, &keys[1]);
	o.message_max = 8 << 20;
	node_start(&sender, &o, &keys[1]);
	node_list(&node, 1, hidp_zmq_endpoint(sender.zmq), keys[1].public_key);
	node_list(&sender, 0, hidp_zmq_endpoint(node.zmq), keys[0].public_key);
	static char text[(8 << 20) + 2];
	memset(text, 'x', sizeof text - 1);
	ck_assert_int_eq(node_send(&sender, 0, text), HIDP_ERR_LIMIT);
	text[1 << 20] = '\0';
	ck_assert_int_eq(node_send(&sender, 0, text), HIDP_OK);
	ck_assert(wait_for(&node.received, 1));
	ck_assert_uint_eq(node.last_size, 1 << 20);
	text[1 << 20] = 'x';
	text[(1 << 20) + 1] = '\0';
	ck_assert_int_eq(node_send(&sender, 0, text), HIDP_OK);
	ck_assert(wait_for_refused(&node, 1));
	/* and the connection lives on */
	ck_assert_int_eq(node_send(&sender, 0, "small"), HIDP_OK);
	ck_assert(wait_for(&node.received, 2));
	ck_assert_str_eq(node.last, "small");
	node_stop(&sender);
	node_stop(&node);
	ck_assert_uint_eq(sender.done, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zmq refused");
	TCase *c = tcase_create("options");
	tcase_set_timeout(c, 300);
	tcase_add_test(c, options_are_checked);
	tcase_add_test(c, does_not_listen_in_the_clear);
	tcase_add_test(c, peers_are_checked);
	suite_add_tcase(suite, c);
	c = tcase_create("messages");
	tcase_set_timeout(c, 300);
	tcase_add_test(c, strangers_get_nowhere);
	tcase_add_test(c, listed_while_it_waits);
	tcase_add_test(c, impostors_learn_nothing);
	tcase_add_test(c, clear_clients_get_nowhere);
	tcase_add_test(c, malformed_messages_in_the_clear);
	tcase_add_test(c, malformed_messages_with_a_key);
	tcase_add_test(c, garbage_in_the_clear);
	tcase_add_test(c, garbage_with_a_key);
	tcase_add_test(c, too_large_messages);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
