/* SPDX-License-Identifier: MIT */
/* hidp-zmq when nodes die, stop answering, come back, or something else has their port. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport_zmq_node.h"

/* An endpoint on loopback that was free just now. */
static void free_endpoint(char endpoint[64])
{
	struct hidp_zmq *zmq;
	struct hidp_zmq_options options = node_options(0, NULL);
	ck_assert_int_eq(hidp_zmq_new(&options, &zmq, NULL), HIDP_OK);
	strcpy(endpoint, hidp_zmq_endpoint(zmq));
	hidp_zmq_destroy(zmq);
}

/* Binds an endpoint that was in use until now. */
static void start_again(struct zmq_node *node, const struct hidp_zmq_options *options,
                        const struct keys *keys)
{
	struct hidp_zmq *zmq = NULL;
	double end = seconds() + 30;
	while (hidp_zmq_new(options, &zmq, NULL) != HIDP_OK && seconds() < end)
		pause_ms(10);
	ck_assert_ptr_nonnull(zmq);
	hidp_zmq_destroy(zmq);
	node_start(node, options, keys);
}

/* Sends until it fails; false if it does not. */
static bool send_until_refused(struct zmq_node *node, hidp_node_id to, double most_s)
{
	for (double end = seconds() + most_s; seconds() < end; pause_ms(1)) {
		hidp_status s = node_send(node, to, "anybody there?");
		if (s != HIDP_OK)
			return s == HIDP_ERR_TRANSPORT;
	}
	return false;
}

/* The same with large messages. */
static bool flood_until_refused(struct zmq_node *node, hidp_node_id to, double most_s)
{
	static char text[1 << 20];
	memset(text, 'x', sizeof text - 1);
	for (double end = seconds() + most_s; seconds() < end;) {
		hidp_status s = node_send(node, to, text);
		if (s != HIDP_OK)
			return s == HIDP_ERR_TRANSPORT;
	}
	return false;
}

START_TEST(comes_back)
{
	struct keys keys[2] = {node_keys(), node_keys()};
	struct zmq_node leader, follower;
	struct hidp_zmq_options o = node_options(0, &keys[0]);
	char endpoint[64];
	free_endpoint(endpoint);
	node_start(&leader, &o, &keys[0]);
	node_list(&leader, 1, endpoint, keys[1].public_key);
	for (unsigned life = 0; life < 3; life++) {
		o = node_options(1, &keys[1]);
		o.endpoint = endpoint;
		start_again(&follower, &o, &keys[1]);
		node_list(&follower, 0, hidp_zmq_endpoint(leader.zmq), keys[0].public_key);
		ck_assert(send_until_accepted(&leader, 1, "welcome"));
		ck_assert(wait_for(&follower.received, 1));
		ck_assert(send_until_accepted(&follower, 0, "thanks"));
		ck_assert(wait_for(&leader.received, life + 1));
		node_stop(&follower);
		/* it does not wait for a node that was there, though it may wait for one that was
		 * not */
		double begin = seconds();
		ck_assert(send_until_refused(&leader, 1, 10));
		ck_assert(seconds() - begin < 10);
	}
	unsigned accepted = (unsigned)node_figures(&leader).messages_sent;
	node_stop(&leader);
	ck_assert_uint_eq(leader.done, accepted);
}
END_TEST

/*
 * A process that runs node 1 until it is killed; it waits for a byte before it begins. Made
 * before there are any threads.
 */
static pid_t make_process(const struct keys keys[2], const char *own, const char *leader, int go[2])
{
	ck_assert_int_eq(pipe(go), 0);
	pid_t parent = getpid(), pid = fork();
	if (pid != 0)
		return pid;
	char byte;
	if (read(go[0], &byte, 1) != 1)
		_exit(1);
	struct zmq_node node;
	struct hidp_zmq_options o = node_options(1, &keys[1]);
	o.endpoint = own;
	start_again(&node, &o, &keys[1]);
	node_list(&node, 0, leader, keys[0].public_key);
	while (getppid() == parent)
		if (node_send(&node, 0, "alive") != HIDP_OK)
			pause_ms(10);
	_exit(0);
}

START_TEST(dies_and_stops_answering)
{
	struct keys keys[2] = {node_keys(), node_keys()};
	struct zmq_node leader;
	char own[64], endpoint[64];
	free_endpoint(own);
	free_endpoint(endpoint);
	int go[2][2];
	pid_t process = make_process(keys, own, endpoint, go[0]);
	pid_t next = make_process(keys, own, endpoint, go[1]);
	ck_assert_int_eq(write(go[0][1], "", 1), 1);
	struct hidp_zmq_options o = node_options(0, &keys[0]);
	o.endpoint = endpoint;
	o.wait_ms = 2000;
	o.queue_length = 16;
	start_again(&leader, &o, &keys[0]);
	node_list(&leader, 1, own, keys[1].public_key);
	ck_assert(send_until_accepted(&leader, 1, "hello"));
	ck_assert(wait_for(&leader.received, 100));

	/* what it does not take is queued by ZeroMQ and both kernels until there is no room */
	kill(process, SIGSTOP);
	ck_assert(flood_until_refused(&leader, 1, 60));
	double refused = seconds();
	ck_assert_int_eq(node_send(&leader, 1, "hello"), HIDP_ERR_TRANSPORT);
	ck_assert(seconds() - refused < 1);
	kill(process, SIGCONT);
	ck_assert(send_until_accepted(&leader, 1, "hello"));
	ck_assert(wait_for(&leader.received, leader.received + 100));

	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
	double begin = seconds();
	ck_assert(send_until_refused(&leader, 1, 30));
	ck_assert(seconds() - begin < 10);
	unsigned received = leader.received;
	ck_assert_int_eq(write(go[1][1], "", 1), 1);
	ck_assert(send_until_accepted(&leader, 1, "hello again"));
	ck_assert(wait_for(&leader.received, received + 100));
	kill(next, SIGKILL);
	waitpid(next, NULL, 0);
	for (unsigned i = 0; i < 4; i++)
		close(go[i / 2][i % 2]);

	unsigned accepted = (unsigned)node_figures(&leader).messages_sent;
	node_stop(&leader);
	ck_assert_uint_eq(leader.done, accepted);
}
END_TEST

/* ZeroMQ itself never tries again after it met something that does not speak its protocol. */
START_TEST(port_was_taken_by_something_else)
{
	struct keys keys[2] = {node_keys(), node_keys()};
	struct zmq_node leader, follower;
	char endpoint[64];
	free_endpoint(endpoint);
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons((uint16_t)atoi(strrchr(endpoint, ':') + 1)),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(listener, 5), 0);

	struct hidp_zmq_options o = node_options(0, &keys[0]);
	o.wait_ms = 100;
	node_start(&leader, &o, &keys[0]);
	node_list(&leader, 1, endpoint, keys[1].public_key);
	for (unsigned i = 0; i < 2; i++) { /* it tries again after the first answer, too */
		/* a greeting that begins well and wants another mechanism */
		static const char answer[64] = "\xff\0\0\0\0\0\0\0\0\x7f\3\0PLAIN";
		int s = accept(listener, NULL, NULL);
		ck_assert_int_ge(s, 0);
		ck_assert_int_eq(send(s, answer, sizeof answer, MSG_NOSIGNAL), sizeof answer);
		char bytes[64];
		while (recv(s, bytes, sizeof bytes, 0) > 0)
			;
		close(s);
	}
	close(listener);
	ck_assert_int_eq(node_send(&leader, 1, "hello"), HIDP_ERR_TRANSPORT);

	o = node_options(1, &keys[1]);
	o.endpoint = endpoint;
	start_again(&follower, &o, &keys[1]);
	node_list(&follower, 0, hidp_zmq_endpoint(leader.zmq), keys[0].public_key);
	ck_assert(send_until_accepted(&leader, 1, "hello"));
	ck_assert(wait_for(&follower.received, 1));
	node_stop(&follower);
	node_stop(&leader);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zmq alive");
	TCase *c = tcase_create("nodes");
	tcase_set_timeout(c, 300);
	tcase_add_test(c, comes_back);
	tcase_add_test(c, dies_and_stops_answering);
	tcase_add_test(c, port_was_taken_by_something_else);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
