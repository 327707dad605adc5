/* SPDX-License-Identifier: MIT */
/*
 * Accelerators that exchange tensors through the memory of their host, reckoned by hand.
 * They move their data themselves, so that transfers are work; the host is a hub.
 */
#include "plan_fixture.h"

static struct fixture f;

static void set_up(void)
{
	fixture_begin(&f);
}

static void tear_down(void)
{
	fixture_end(&f);
}

enum { ACC0, ACC1, HOST };

static const struct hidp_processor_desc plain_processor = HIDP_PROCESSOR_DESC_INIT;

/*
 *     a (40 bytes) -> b (20 bytes) -> d (4 bytes)
 *                  -> c (16 bytes) ->
 *
 * On an accelerator they take 30, 50, 20 and 10 ms, on the host ten times as much. A
 * byte takes 1 ms, so that moving a tensor in or out takes as many ms as it has bytes.
 */
static void make_diamond(uint32_t accelerator_flags, uint32_t host_flags)
{
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	hidp_layer_id a = fixture_custom(&f, NULL, 0, 10, 1, 1, 30e3, 0, 0, 1, 0);
	hidp_layer_id b = fixture_layer(&f, a, 5, 1, 1, 50e3, 0);
	hidp_layer_id c = fixture_layer(&f, a, 4, 1, 1, 20e3, 0);
	hidp_layer_id both[] = {b, c};
	fixture_custom(&f, both, 2, 1, 1, 1, 10e3, 0, 0, 1, 0);
	fixture_seal_model(&f);
	n.flags = accelerator_flags;
	fixture_processor(&f, fixture_node(&f, n), 1e6, 0, plain_processor);
	fixture_processor(&f, fixture_node(&f, n), 1e6, 0, plain_processor);
	n.flags = host_flags;
	fixture_processor(&f, fixture_node(&f, n), 1e5, 0, plain_processor);
	fixture_link(&f, ACC0, HOST, 1000, 0, HIDP_MEDIUM_NONE);
	fixture_link(&f, ACC1, HOST, 1000, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	f.options.objective = HIDP_OBJECTIVE_PERIOD;
	f.options.leader = HOST;
}

static void make_placement(void)
{
	make_diamond(HIDP_NODE_TRANSFERS_ARE_WORK, HIDP_NODE_HUB);
}

/* One layer after another, each on the one processor of its node. */
static void place(hidp_node_id a, hidp_node_id b, hidp_node_id c, hidp_node_id d)
{
	const hidp_node_id nodes[] = {a, b, c, d};
	/* what nobody reads costs nothing: the result is wanted where it is made */
	f.options.flags |= HIDP_PLAN_OUTPUT_AT;
	f.options.output_node = d;
	fixture_plan(&f);
	for (int i = 0; i < 4; i++)
		fixture_single_stage(&f, 1, 1, nodes[i], 0);
	fixture_seal_plan(&f);
}

static double period(void)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_figures(f.plan, &figures), HIDP_OK);
	return figures.period_s;
}

static void check_transfers(hidp_node_id node, double transmit_s, double receive_s)
{
	struct hidp_node_figures figures = HIDP_NODE_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_node_figures(f.plan, node, &figures), HIDP_OK);
	assert_close(figures.transmit_s, transmit_s);
	assert_close(figures.receive_s, receive_s);
}

START_TEST(test_all_on_one)
{
	make_placement();
	place(ACC0, ACC0, ACC0, ACC0);
	assert_close(period(), 0.110);
	place(HOST, HOST, HOST, HOST);
	assert_close(period(), 1.1);
}
END_TEST

START_TEST(test_host_reads)
{
	make_placement();
	place(ACC0, ACC0, ACC1, HOST);
	/* ACC0: a 30, b 50, a out 40, b out 20; ACC1: a in 40, c 20, c out 16; the host: d 100 */
	assert_close(period(), 0.140);
	check_transfers(ACC0, 0.060, 0);
	check_transfers(ACC1, 0.016, 0.040);
	check_transfers(HOST, 0.040, 0.076);
	fixture_processor_figures(&f, ACC0, 0, 100, 0.080);
	fixture_processor_figures(&f, ACC1, 0, 56, 0.020);
	fixture_processor_figures(&f, HOST, 0, 40, 0.100);
}
END_TEST

/* a is sent once, though two others read it, one after another. */
START_TEST(test_sent_once)
{
	make_placement();
	place(ACC0, ACC1, HOST, ACC0);
	/* ACC0: a 30, out 40, b in 20, c in 16, d 10 = 116; ACC1: a in 40, b 50, out 20 = 110;
	 * the host: c 200, and nothing for what passes through its memory */
	assert_close(period(), 0.200);
	check_transfers(ACC0, 0.040, 0.036);
	check_transfers(ACC1, 0.020, 0.040);
	check_transfers(HOST, 0.076, 0.060);
	/* it holds a while b and c are computed, then b, on its way, and c, which it made */
	fixture_node_figures(&f, HOST, 40 + (40 + 16) + (20 + 16), 0, 0.076, 0.060, 0);
	/* on the wire: a to the host and on, b to the host and on, c */
	fixture_figures(&f, 0.030 + 0.080 + 0.050 + 0.200 + 0.056 + 0.010, 0.200, 0);
}
END_TEST

/* The other way round, the host has a's rows as a reader of its own. */
START_TEST(test_sent_once_to_reader)
{
	make_placement();
	place(ACC0, HOST, ACC1, ACC1);
	/* ACC0: a 30, out 40; the host: b 500; ACC1: a in 40, c 20, b in 20, d 10 */
	assert_close(period(), 0.500);
	check_transfers(ACC0, 0.040, 0);
	check_transfers(ACC1, 0, 0.060);
	check_transfers(HOST, 0.060, 0.040);
}
END_TEST

/* An accelerator that needs a tensor twice receives it once. */
START_TEST(test_received_once)
{
	make_placement();
	place(ACC0, ACC1, ACC1, ACC1);
	/* ACC0: 30 + 40; ACC1: 40 + 50 + 20 + 10 */
	assert_close(period(), 0.120);
	check_transfers(ACC0, 0.040, 0);
	check_transfers(ACC1, 0, 0.040);
	place(ACC0, ACC1, ACC0, ACC1);
	/* ACC0: 30 + 40 + 20 + 16; ACC1: 40 + 50 + 16 + 10 */
	assert_close(period(), 0.116);
}
END_TEST

/* Without the flags every direction of a node is a resource of its own. */
START_TEST(test_plain_nodes)
{
	make_diamond(0, 0);
	place(ACC0, ACC1, ACC0, ACC1);
	/* computing 50 and 60, a and c through the host in and out 56 */
	check_transfers(HOST, 0.056, 0.056);
	assert_close(period(), 0.060);
	place(ACC0, ACC0, ACC1, ACC0);
	/* computing 90 and 20 */
	assert_close(period(), 0.090);
}
END_TEST

/* A third accelerator: a hub still has what went to the second, another host does not. */
static void make_third(uint32_t host_flags)
{
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	make_diamond(HIDP_NODE_TRANSFERS_ARE_WORK, host_flags);
	n.flags = HIDP_NODE_TRANSFERS_ARE_WORK;
	fixture_processor(&f, fixture_node(&f, n), 1e6, 0, plain_processor);
	fixture_link(&f, HOST, HOST + 1, 1000, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
}

START_TEST(test_three_accelerators)
{
	make_third(HIDP_NODE_HUB);
	place(ACC0, ACC1, HOST + 1, ACC1);
	/* 30 + 40; 40 + 50 + 16 + 10; 40 + 20 + 16 */
	check_transfers(ACC0, 0.040, 0);
	check_transfers(ACC1, 0, 0.056);
	check_transfers(HOST + 1, 0.016, 0.040);
	check_transfers(HOST, 0.096, 0.056);
	assert_close(period(), 0.116);
}
END_TEST

START_TEST(test_no_hub)
{
	make_third(0);
	place(ACC0, ACC1, HOST + 1, ACC1);
	check_transfers(ACC0, 0.080, 0);
	check_transfers(HOST, 0.096, 0.096);
	assert_close(period(), 0.116);
	place(ACC0, ACC0, HOST + 1, ACC1);
	/* a, b, a out, b out: 30 + 50 + 40 + 20 */
	assert_close(period(), 0.140);
}
END_TEST

/* Every processor of a node is kept from its work by the node's transfers. */
START_TEST(test_work_of_all_processors)
{
	make_placement();
	fixture_processor(&f, ACC0, 1e6, 0, plain_processor);
	fixture_seal_cluster(&f);
	f.options.flags |= HIDP_PLAN_OUTPUT_AT;
	f.options.output_node = ACC1;
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 2, 0);
	fixture_share(&f, ACC0, 0, 0);
	fixture_single(&f, 1, 0);
	fixture_single(&f, 1, 1);
	fixture_single_stage(&f, 1, 1, ACC1, 0);
	fixture_single_stage(&f, 1, 1, ACC1, 0);
	fixture_seal_plan(&f);
	/* out: a 40, b 20; with a 90, with b 110; ACC1: in 60, c 20, d 10 = 90 */
	fixture_processor_figures(&f, ACC0, 0, 40, 0.030);
	fixture_processor_figures(&f, ACC0, 1, 60, 0.050);
	assert_close(period(), 0.110);
}
END_TEST

/* With the result for the host, which receives it without being limited by it. */
START_TEST(test_delivery)
{
	make_placement();
	fixture_plan(&f);
	fixture_single_stage(&f, 4, 4, ACC0, 0);
	fixture_seal_plan(&f);
	assert_close(period(), 0.114);
	check_transfers(HOST, 0, 0.004);
}
END_TEST

/* Plans of the planner are plans, whatever transfers count. */
START_TEST(test_planned)
{
	make_placement();
	ck_ok(hidp_plan(f.model, f.cluster, NULL, &f.options, &f.plan, &f.diag), f.diag);
	ck_ok(hidp_plan_verify(f.plan, &f.diag), f.diag);
	/* all on one accelerator, and the result to the host: 110 + 4 */
	ck_assert_double_le(period(), 0.114 * (1 + 1e-12));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("placement");
	TCase *tc = tcase_create("transfers");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_all_on_one);
	tcase_add_test(tc, test_host_reads);
	tcase_add_test(tc, test_sent_once);
	tcase_add_test(tc, test_sent_once_to_reader);
	tcase_add_test(tc, test_received_once);
	tcase_add_test(tc, test_plain_nodes);
	tcase_add_test(tc, test_three_accelerators);
	tcase_add_test(tc, test_no_hub);
	tcase_add_test(tc, test_work_of_all_processors);
	tcase_add_test(tc, test_delivery);
	tcase_add_test(tc, test_planned);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
