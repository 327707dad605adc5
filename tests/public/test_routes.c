/* SPDX-License-Identifier: MIT */
/* Routes against brute force. */
#include <math.h>
#include <string.h>

#include <hidp/hidp.h>

#include "rng.h"
#include "suite.h"

static struct hidp_context *context;
static struct hidp_cluster_builder *builder;
static struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;

static void set_up(void)
{
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_new(context, &builder), HIDP_OK);
}

static void tear_down(void)
{
	hidp_cluster_builder_destroy(builder);
	hidp_context_unref(context);
}

static void add_node(double nic_bandwidth_Bps)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	hidp_node_id id;
	node.nic_bandwidth_Bps = nic_bandwidth_Bps;
	ck_ok(hidp_cluster_builder_add_node(builder, &node, &id, &diag), diag);
	ck_ok(hidp_cluster_builder_add_processor(builder, id, &processor, NULL, &diag), diag);
}

static void add_link(hidp_node_id from, hidp_node_id to, double bandwidth_Bps, double latency_s)
{
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	link.from = from;
	link.to = to;
	link.bandwidth_Bps = bandwidth_Bps;
	link.latency_s = latency_s;
	ck_ok(hidp_cluster_builder_add_link(builder, &link, &diag), diag);
}

static struct hidp_cluster *seal(void)
{
	struct hidp_cluster *cluster;
	ck_ok(hidp_cluster_builder_seal(builder, &cluster, &diag), diag);
	return cluster;
}

/* Time of 1 MiB over one link; infinite where there is none. */
static double link_time(const struct hidp_cluster *c, hidp_node_id from, hidp_node_id to)
{
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	if (hidp_cluster_link(c, from, to, &link) != HIDP_OK)
		return INFINITY;
	double rate = link.bandwidth_Bps;
	for (int end = 0; end < 2; end++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		hidp_cluster_node(c, end == 0 ? from : to, &node);
		if (node.nic_bandwidth_Bps > 0 && node.nic_bandwidth_Bps < rate)
			rate = node.nic_bandwidth_Bps;
	}
	return link.latency_s + 1048576 / rate;
}

/* The shortest time over any way that visits no node twice. */
static double shortest(const struct hidp_cluster *c, hidp_node_id at, hidp_node_id to,
                       unsigned visited)
{
	double best = INFINITY;
	if (at == to)
		return 0;
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(c); n++) {
		if (visited & (1u << n))
			continue;
		double t = link_time(c, at, n);
		if (t < INFINITY)
			best = fmin(best, t + shortest(c, n, to, visited | 1u << n));
	}
	return best;
}

static void assert_routes(const struct hidp_cluster *c)
{
	uint32_t nodes = hidp_cluster_node_count(c);
	for (hidp_node_id from = 0; from < nodes; from++) {
		for (hidp_node_id to = 0; to < nodes; to++) {
			double best = shortest(c, from, to, 1u << from), sum = 0;
			hidp_node_id at = from, hops = 0;
			if (best == INFINITY) {
				ck_assert_uint_eq(hidp_cluster_next_hop(c, from, to),
				                  HIDP_NODE_NONE);
				continue;
			}
			while (at != to) {
				hidp_node_id next = hidp_cluster_next_hop(c, at, to);
				ck_assert_uint_lt(next, nodes);
				sum += link_time(c, at, next);
				at = next;
				ck_assert_uint_lt(hops++, nodes); /* comes to an end */
			}
			ck_assert_msg(sum <= best * (1 + 1e-12), "%u to %u: %.17g instead of %.17g",
			              from, to, sum, best);
		}
	}
}

START_TEST(test_random)
{
	struct rng rng;
	rng_seed(&rng, 100 + (uint64_t)_i);
	uint32_t nodes = (uint32_t)rng_between(&rng, 1, 7);
	for (uint32_t n = 0; n < nodes; n++)
		add_node(rng_chance(&rng, 30) ? rng_scale(&rng, 1e5, 1e8) : 0);
	for (uint64_t i = rng_below(&rng, nodes * nodes + 1); i > 0 && nodes > 1; i--) {
		hidp_node_id a = (hidp_node_id)rng_below(&rng, nodes);
		hidp_node_id b = (hidp_node_id)rng_below(&rng, nodes);
		/* few different figures, so that many routes are equally fast; some take no time at all */
		double rate = _i % 2 ? rng_scale(&rng, 1e5, 1e9)
		              : rng_chance(&rng, 20) ? INFINITY
		                                     : 1048576 << rng_below(&rng, 3);
		if (a != b)
			add_link(a, b, rate, (double)rng_below(&rng, 3));
	}
	struct hidp_cluster *c = seal();
	assert_routes(c);
	hidp_cluster_unref(c);
}
END_TEST

/* Times of very different sizes, whose sums are rounded differently in different orders. */
START_TEST(test_rounding)
{
	struct rng rng;
	rng_seed(&rng, 900 + (uint64_t)_i);
	for (uint32_t n = 0; n < 7; n++)
		add_node(0);
	for (hidp_node_id a = 0; a < 7; a++)
		for (hidp_node_id b = 0; b < 7; b++)
			if (a != b && rng_chance(&rng, 60))
				add_link(a, b, INFINITY, rng_scale(&rng, 1e-25, 1e5));
	struct hidp_cluster *c = seal();
	assert_routes(c);
	hidp_cluster_unref(c);
}
END_TEST

/* Of equal routes the direct one; else the one over the smaller node. */
START_TEST(test_ties)
{
	for (int n = 0; n < 4; n++)
		add_node(0);
	add_link(0, 2, INFINITY, 1);
	add_link(2, 3, INFINITY, 1);
	add_link(0, 1, INFINITY, 1);
	add_link(1, 3, INFINITY, 1);
	struct hidp_cluster *c = seal();
	ck_assert_uint_eq(hidp_cluster_next_hop(c, 0, 3), 1);
	ck_assert_uint_eq(hidp_cluster_next_hop(c, 3, 0), HIDP_NODE_NONE);
	ck_assert_uint_eq(hidp_cluster_next_hop(c, 2, 2), 2);
	ck_assert_uint_eq(hidp_cluster_next_hop(c, 0, 4), HIDP_NODE_NONE);
	ck_assert_uint_eq(hidp_cluster_next_hop(c, 4, 0), HIDP_NODE_NONE);
	hidp_cluster_unref(c);
	add_link(0, 3, INFINITY, 2);
	c = seal();
	ck_assert_uint_eq(hidp_cluster_next_hop(c, 0, 3), 3);
	hidp_cluster_unref(c);
}
END_TEST

/* A detour is taken where it is faster for 1 MiB, whatever a single byte would take. */
START_TEST(test_detour)
{
	for (int n = 0; n < 3; n++)
		add_node(0);
	add_link(0, 2, 1048576, 0);
	add_link(0, 1, INFINITY, 0.4);
	add_link(1, 2, INFINITY, 0.4);
	struct hidp_cluster *c = seal();
	ck_assert_uint_eq(hidp_cluster_next_hop(c, 0, 2), 1);
	hidp_cluster_unref(c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("routes");
	TCase *tcase = tcase_create("routes");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, test_random, 0, 200);
	tcase_add_loop_test(tcase, test_rounding, 0, 100);
	tcase_add_test(tcase, test_ties);
	tcase_add_test(tcase, test_detour);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
