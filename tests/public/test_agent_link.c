/* SPDX-License-Identifier: MIT */
/* Links whose delay and bandwidth are known, as agents measure them. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <hidp/hidp.h>

#include "inproc_transport.h"
#include "random_instance.h"
#include "suite.h"

#define NODES 3u

static struct hidp_context *context;
static struct hidp_cluster *cluster;
static struct inproc_hub *hub;
static struct hidp_agent *agents[NODES];
static struct hidp_diagnostic said;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void set_up(void)
{
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	ck_ok(hidp_context_new(NULL, &context), said);
	ck_ok(hidp_cluster_from_string(context, "3*cpu:10 | lan", &cluster, &said), said);
	hub = inproc_hub_new(NODES, 1);
	for (hidp_node_id n = 0; n < NODES; n++) {
		struct hidp_agent_options o = HIDP_AGENT_OPTIONS_INIT;
		o.node = n;
		ck_ok(hidp_agent_new(context, cluster, &o, &agents[n], &said), said);
		ck_ok(hidp_agent_set_transport(agents[n], inproc_transport(), inproc_node(hub, n)),
		      said);
		ck_ok(hidp_agent_start(agents[n], &said), said);
	}
}

static void tear_down(void)
{
	for (hidp_node_id n = 0; n < NODES; n++)
		hidp_agent_close(agents[n]);
	for (hidp_node_id n = 0; n < NODES; n++)
		hidp_agent_destroy(agents[n]);
	inproc_hub_destroy(hub);
	hidp_cluster_unref(cluster);
	hidp_context_unref(context);
}

/* A link as it is described: its delay, and its bandwidth from node 0 and towards it. */
struct link {
	unsigned delay_us;
	double there_Bps, back_Bps;
	unsigned lost; /* of the first messages of each node */
};

static void be(void *link, const struct inproc_message *message, struct inproc_fate *fate)
{
	const struct link *l = link;
	double Bps = message->from == 0 ? l->there_Bps : l->back_Bps;
	fate->delay_us = l->delay_us + (unsigned)(1e6 * (double)message->size / Bps);
	if (message->number < l->lost)
		fate->copies = 0;
}

/* Lenient, for machines that are busy: both what is short and what is long takes longer then. */
static bool is_close(const struct link *link, const struct hidp_link_times *times)
{
	const double delay_s = 1e-6 * link->delay_us,
		     there = times->bandwidth_Bps / link->there_Bps,
		     back = times->back_bandwidth_Bps / link->back_Bps;
	ck_assert_double_ge(times->latency_s, delay_s);
	ck_assert_uint_ge(times->rounds, 3);
	ck_assert_uint_ge(times->bytes, 1 << 16);
	return times->latency_s < delay_s + 10e-3 && there > 0.5 && there < 1.5 && back > 0.5 &&
	       back < 1.5;
}

START_TEST(as_it_is)
{
	static const struct link links[] = {
		{3000, 20e6, 4e6, 0},   /* one way quicker than the other */
		{200, 100e6, 100e6, 0}, /* Gigabit Ethernet, about */
		{60000, 40e6, 40e6, 0}, /* far away */
		{1000, 30e6, 30e6, 3},  /* connections begin with what is lost */
	};
	struct link link = links[_i];
	struct hidp_link_times times = HIDP_LINK_TIMES_INIT;
	bool close = false;
	inproc_set_rule(hub, be, &link);
	for (int tries = 0; tries < 10 && !close; tries++) {
		ck_ok(hidp_agent_measure_link(agents[0], 2, 0.5, &times, &said), said);
		close = is_close(&link, &times);
	}
	ck_assert_msg(close, "latency %g s, %g B/s there, %g B/s back", times.latency_s,
	              times.bandwidth_Bps, times.back_bandwidth_Bps);
}
END_TEST

START_TEST(nobody_is_there)
{
	struct hidp_link_times times = HIDP_LINK_TIMES_INIT;
	inproc_set_node(hub, 1, false);
	for (int refusing = 0; refusing < 2; refusing++) {
		double begin = now();
		inproc_set_refusing(hub, refusing);
		ck_refused(hidp_agent_measure_link(agents[0], 1, 0.2, &times, &said), said,
		           HIDP_ERR_TIMEOUT, "node1", "does not answer");
		ck_assert_double_ge(now() - begin, 0.19);
		ck_assert_double_lt(now() - begin, 10);
		ck_assert_double_eq(times.latency_s, 0);
	}
	/* and the others are none the worse */
	ck_ok(hidp_agent_measure_link(agents[0], 2, 0.1, &times, &said), said);
	inproc_set_node(hub, 1, true);
	inproc_set_refusing(hub, false);
	ck_ok(hidp_agent_measure_link(agents[0], 1, 0.1, &times, &said), said);
}
END_TEST

START_TEST(what_is_wrong)
{
	struct hidp_link_times times = HIDP_LINK_TIMES_INIT;
	struct hidp_agent *idle;
	ck_refused(hidp_agent_measure_link(agents[0], 0, 0, &times, &said), said, HIDP_ERR_ARGUMENT,
	           "", "no other node 0");
	ck_refused(hidp_agent_measure_link(agents[0], NODES, 0, &times, &said), said,
	           HIDP_ERR_ARGUMENT, "", "no other node 3");
	ck_refused(hidp_agent_measure_link(agents[0], 1, -1, &times, &said), said,
	           HIDP_ERR_ARGUMENT, "", "no such time");
	ck_refused(hidp_agent_measure_link(agents[0], 1, 0, NULL, &said), said, HIDP_ERR_ARGUMENT,
	           "", "NULL");
	ck_refused(hidp_agent_measure_link(NULL, 1, 0, &times, &said), said, HIDP_ERR_ARGUMENT, "",
	           "NULL");
	times.struct_size--;
	ck_refused(hidp_agent_measure_link(agents[0], 1, 0, &times, &said), said, HIDP_ERR_ABI, "",
	           "size");
	times.struct_size++;
	ck_ok(hidp_agent_new(context, cluster, NULL, &idle, &said), said);
	ck_refused(hidp_agent_measure_link(idle, 1, 0, &times, &said), said, HIDP_ERR_ARGUMENT, "",
	           "not running");
	hidp_agent_destroy(idle);
	hidp_agent_close(agents[0]);
	ck_refused(hidp_agent_measure_link(agents[0], 1, 0, &times, &said), said, HIDP_ERR_CLOSED,
	           "", "not running");
}
END_TEST

struct measuring {
	hidp_node_id from, to;
	hidp_status status;
};

static void *measure(void *data)
{
	struct measuring *m = data;
	struct hidp_link_times times = HIDP_LINK_TIMES_INIT;
	m->status = hidp_agent_measure_link(agents[m->from], m->to, 0.3, &times, NULL);
	return NULL;
}

/* Two at once from one node, and one the other way. */
START_TEST(several_at_once)
{
	struct measuring all[] = {{0, 1, 1}, {0, 2, 1}, {1, 0, 1}};
	pthread_t threads[3];
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, measure, &all[i]);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(all[i].status, HIDP_OK);
	}
}
END_TEST

static void *measure_long(void *status)
{
	struct hidp_link_times times = HIDP_LINK_TIMES_INIT;
	*(hidp_status *)status = hidp_agent_measure_link(agents[0], 1, 1e6, &times, NULL);
	return NULL;
}

START_TEST(closed_meanwhile)
{
	static struct link slow = {100000, 1e6, 1e6, 0};
	const struct timespec a_while = {0, 250000000};
	hidp_status status = HIDP_OK;
	pthread_t thread;
	inproc_set_rule(hub, be, &slow);
	pthread_create(&thread, NULL, measure_long, &status);
	nanosleep(&a_while, NULL);
	hidp_agent_close(agents[0]);
	pthread_join(thread, NULL);
	ck_assert_int_eq(status, HIDP_ERR_CLOSED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_link");
	TCase *tc = tcase_create("agent_link");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, as_it_is, 0, 4);
	tcase_add_test(tc, nobody_is_there);
	tcase_add_test(tc, what_is_wrong);
	tcase_add_test(tc, several_at_once);
	tcase_add_test(tc, closed_meanwhile);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
