/* SPDX-License-Identifier: MIT */
/* What plans over several nodes cost, reckoned by hand from doc/cost-model.md. */
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

static const struct hidp_node_desc plain_node = HIDP_NODE_DESC_INIT;
static const struct hidp_processor_desc plain_processor = HIDP_PROCESSOR_DESC_INIT;

/* Nodes that are linked with 10 kB/s and 1 ms, each with a processor of 1 MFLOP/s. */
static void make_nodes(uint32_t count, const hidp_node_id (*links)[2], uint32_t link_count)
{
	for (uint32_t n = 0; n < count; n++)
		fixture_processor(&f, fixture_node(&f, plain_node), 1e6, 0, plain_processor);
	for (uint32_t i = 0; i < link_count; i++)
		fixture_link(&f, links[i][0], links[i][1], 1e4, 0.001, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
}

static uint64_t transfer_bytes(void)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_figures(f.plan, &figures), HIDP_OK);
	return figures.transfer_bytes;
}

/*
 * input [2 x 10 rows, 8 bytes each] -> a [4 channels, 16 bytes a row, window 3]
 * -> b [1 channel, 4 bytes a row]; two nodes of different kinds.
 */
static void make_chain(void)
{
	hidp_layer_id in = fixture_input(&f, 2, 10);
	hidp_layer_id a = fixture_layer(&f, in, 4, 10, 3, 4000, 100);
	fixture_layer(&f, a, 1, 10, 1, 1000, 20);
	fixture_seal_model(&f);
	struct hidp_node_desc n = plain_node;
	struct hidp_processor_desc p = plain_processor;
	n.power_transmit_w = 3;
	n.power_receive_w = 1;
	n.power_idle_w = 2;
	fixture_node(&f, n);
	n.power_idle_w = 4;
	fixture_node(&f, n);
	p.overhead_s = 0.001;
	p.power_active_w = 5;
	fixture_processor(&f, 0, 1e6, 1e5, p);
	p.overhead_s = 0;
	p.power_active_w = 10;
	fixture_processor(&f, 1, 2e6, 0, p);
	fixture_link(&f, 0, 1, 1e4, 0.001, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
}

START_TEST(test_one_processor)
{
	make_chain();
	fixture_plan(&f);
	fixture_single_stage(&f, 3, 2, 0, 0);
	fixture_seal_plan(&f);
	/* a: 1 ms + max(4000 / 1e6, (10 * 8 + 10 * 16 + 100) / 1e5) = 1 + max(4, 3.4) = 5 ms
	 * b: 1 ms + max(1, (10 * 16 + 10 * 4 + 20) / 1e5) = 1 + max(1, 2.2) = 3.2 ms
	 * energy: 8.2 ms * (5 W + 2 W idle) */
	fixture_figures(&f, 0.0082, 0.0082, 0.0574);
	/* weights 120; the input 80 is held, the working set is largest at b: a 160 + b 40 */
	fixture_node_figures(&f, 0, 400, 120, 0, 0, 0.0574);
	fixture_processor_figures(&f, 0, 0, 400, 0.0082);
	fixture_node_figures(&f, 1, 0, 0, 0, 0, 0);
	fixture_processor_figures(&f, 1, 0, 0, 0);
	ck_assert_uint_eq(transfer_bytes(), 0);
}
END_TEST

START_TEST(test_two_nodes)
{
	make_chain();
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_single_stage(&f, 1, 1, 1, 0);
	fixture_seal_plan(&f);
	/* stage 0: a, 5 ms. Stage 1: a's 160 bytes take 16 ms on the wire and 1 ms more,
	 * then b takes 1000 / 2e6 = 0.5 ms. Delivery: 40 bytes, 4 + 1 ms.
	 * The wire from 0 to 1 is what a stream waits for: 16 ms. */
	double node0 = 0.005 * 5 + 0.016 * 3 + 0.004 * 1 + 0.0275 * 2;
	double node1 = 0.0005 * 10 + 0.004 * 3 + 0.016 * 1 + 0.0275 * 4;
	fixture_figures(&f, 0.005 + 0.0175 + 0.005, 0.016, node0 + node1);
	/* node 0: weights 100; in stage 0 input 80 + a 160; in stage 1 a 160; then b 40 */
	fixture_node_figures(&f, 0, 340, 100, 0.016, 0.004, node0);
	fixture_processor_figures(&f, 0, 0, 340, 0.005);
	/* node 1: weights 20; in stage 1 a 160 + b 40 */
	fixture_node_figures(&f, 1, 220, 20, 0.004, 0.016, node1);
	fixture_processor_figures(&f, 1, 0, 220, 0.0005);
	ck_assert_uint_eq(transfer_bytes(), 200);
}
END_TEST

/* The same plan for a stream: idle power counts per period, memory adds up. */
START_TEST(test_two_nodes_stream)
{
	make_chain();
	f.options.flags = HIDP_PLAN_STREAM;
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_single_stage(&f, 1, 1, 1, 0);
	fixture_seal_plan(&f);
	double node0 = 0.005 * 5 + 0.016 * 3 + 0.004 * 1 + 0.016 * 2;
	double node1 = 0.0005 * 10 + 0.004 * 3 + 0.016 * 1 + 0.016 * 4;
	fixture_figures(&f, 0.0275, 0.016, node0 + node1);
	/* 100 + (80 + 160) + 160 + 40;  20 + 0 + (160 + 40) + 40 */
	fixture_node_figures(&f, 0, 540, 100, 0.016, 0.004, node0);
	fixture_node_figures(&f, 1, 260, 20, 0.004, 0.016, node1);
}
END_TEST

/* Input and output elsewhere than at the leader. */
START_TEST(test_input_and_output)
{
	make_chain();
	f.options.flags = HIDP_PLAN_INPUT_AT | HIDP_PLAN_OUTPUT_AT;
	f.options.input_node = 1;
	f.options.output_node = 1;
	fixture_plan(&f);
	fixture_single_stage(&f, 3, 2, 0, 0);
	fixture_seal_plan(&f);
	/* 80 bytes there: 8 + 1 ms; 8.2 ms; 40 bytes back: 4 + 1 ms */
	fixture_figures(&f, 0.009 + 0.0082 + 0.005, 0.0082,
	                0.0082 * 5 + 0.0222 * (2 + 4) + 0.012 * (3 + 1));
	/* node 1 holds the input, and the output that came */
	fixture_node_figures(&f, 1, 80, 0, 0.008, 0.004, 0.008 * 3 + 0.004 * 1 + 0.0222 * 4);
}
END_TEST

/* A NIC that is slower than the link, and half the bytes on the wire. */
START_TEST(test_wire)
{
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	struct hidp_node_desc slow = plain_node;
	hidp_layer_id in = fixture_input(&f, 1, 8);
	fixture_layer(&f, in, 1, 8, 1, 8000, 0);
	fixture_seal_model(&f);
	slow.nic_bandwidth_Bps = 5e3;
	fixture_processor(&f, fixture_node(&f, plain_node), 1e6, 0, plain_processor);
	fixture_processor(&f, fixture_node(&f, slow), 1e6, 0, plain_processor);
	link.from = 0;
	link.to = 1;
	link.bandwidth_Bps = 1e4;
	link.wire_dtype = HIDP_DTYPE_FP16;
	ck_ok(hidp_cluster_builder_add_link(f.cluster_builder, &link, &f.diag), f.diag);
	link.from = 1;
	link.to = 0;
	link.bandwidth_Bps = 4e3;
	link.wire_dtype = HIDP_DTYPE_DEFAULT;
	ck_ok(hidp_cluster_builder_add_link(f.cluster_builder, &link, &f.diag), f.diag);
	fixture_seal_cluster(&f);
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 1, 0);
	fixture_seal_plan(&f);
	/* 8 rows * 2 bytes / 5e3 = 3.2 ms; 8 ms; 8 rows * 4 bytes / 4e3 = 8 ms */
	fixture_figures(&f, 0.0032 + 0.008 + 0.008, 0.008, 0);
	ck_assert_uint_eq(transfer_bytes(), 16 + 32);
}
END_TEST

/* input [8 rows of 4 bytes] -> a [window 3] -> b [window 3], 8000 FLOPs and 12 bytes of weights each */
static void make_windows(void)
{
	static const hidp_node_id links[][2] = {{0, 1}};
	hidp_layer_id in = fixture_input(&f, 1, 8);
	hidp_layer_id a = fixture_layer(&f, in, 1, 8, 3, 8000, 12);
	fixture_layer(&f, a, 1, 8, 3, 8000, 12);
	fixture_seal_model(&f);
	make_nodes(2, links, 1);
}

static void assert_rows(uint32_t stage, uint32_t share, hidp_layer_id layer, int64_t begin, int64_t end)
{
	int64_t b, e;
	ck_assert_int_eq(hidp_plan_get_share_rows(f.plan, stage, share, layer, &b, &e), HIDP_OK);
	ck_assert_int_eq(b, begin);
	ck_assert_int_eq(e, end);
}

START_TEST(test_split)
{
	make_windows();
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SPLIT, 3, 8);
	fixture_share(&f, 0, 0, 5);
	fixture_single(&f, 2, 0);
	fixture_share(&f, 1, 5, 8);
	fixture_single(&f, 2, 0);
	fixture_seal_plan(&f);
	/* the halo is computed twice: a has 6 rows on node 0, 4 on node 1 */
	assert_rows(0, 0, 1, 0, 6);
	assert_rows(0, 0, 2, 0, 5);
	assert_rows(0, 1, 1, 4, 8);
	assert_rows(0, 1, 2, 5, 8);
	/* node 0: 6 + 5 ms. Node 1 needs rows 3 to 8 of the input, 20 bytes, 2 + 1 ms,
	 * and computes 4 + 3 ms. Delivery: rows 5 to 8, 12 bytes, 1.2 + 1 ms. */
	fixture_figures(&f, 0.011 + 0.0022, 0.011, 0);
	/* 24 + input 32 + a 24 + b 20;  24 + input 20 + a 16 + b 12 */
	fixture_node_figures(&f, 0, 100, 24, 0.002, 0.0012, 0);
	fixture_node_figures(&f, 1, 72, 24, 0.0012, 0.002, 0);
	fixture_processor_figures(&f, 0, 0, 24 + 28 + 24 + 20, 0.011);
	fixture_processor_figures(&f, 1, 0, 72, 0.007);
}
END_TEST

START_TEST(test_split_exchange)
{
	make_windows();
	fixture_plan(&f);
	for (uint32_t layers = 2; layers > 0; layers--) {
		fixture_stage(&f, HIDP_STAGE_SPLIT, layers, 8);
		fixture_share(&f, 0, 0, 5);
		fixture_single(&f, 1, 0);
		fixture_share(&f, 1, 5, 8);
		fixture_single(&f, 1, 0);
	}
	fixture_seal_plan(&f);
	assert_rows(0, 0, 1, 0, 5);
	assert_rows(0, 1, 1, 5, 8);
	/* stage 0: 5 ms; 16 bytes, 1.6 + 1 ms, and 3 ms: 5.6 ms.
	 * stage 1: one row each way at once, 0.4 + 1 ms, and 5 or 3 ms: 6.4 ms. */
	fixture_figures(&f, 0.0056 + 0.0064 + 0.0022, 0.01, 0);
	ck_assert_uint_eq(transfer_bytes(), 16 + 4 + 4 + 12);
}
END_TEST

/* Shares that own rows of one layer and none of another. */
START_TEST(test_split_uneven)
{
	static const hidp_node_id links[][2] = {{0, 1}};
	hidp_layer_id in = fixture_input(&f, 1, 8);
	hidp_layer_id a = fixture_layer(&f, in, 1, 8, 1, 8000, 12);
	fixture_layer(&f, a, 1, 1, 15, 1000, 8); /* one row, which needs all of a's first eight */
	fixture_seal_model(&f);
	make_nodes(2, links, 1);
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SPLIT, 3, 8);
	fixture_share(&f, 0, 0, 4);
	fixture_single(&f, 2, 0);
	fixture_share(&f, 1, 4, 8);
	fixture_single(&f, 2, 0);
	fixture_seal_plan(&f);
	/* floor(4 * 1 / 8) = 0: node 0 owns no row of b, node 1 all of it, and with it all of a */
	assert_rows(0, 0, 1, 0, 4);
	assert_rows(0, 0, 2, 0, 0);
	assert_rows(0, 1, 1, 0, 8);
	assert_rows(0, 1, 2, 0, 1);
	/* node 0: 4 ms; node 1: 32 bytes, 3.2 + 1 ms, and 8 + 1 ms; delivery 4 bytes, 0.4 + 1 ms */
	fixture_figures(&f, 0.0132 + 0.0014, 0.009, 0);
	/* what is not computed needs no weights: node 0 has 12 bytes, not 20 */
	fixture_node_figures(&f, 0, 12 + 32 + 16, 12, 0.0032, 0.0004, 0);
}
END_TEST

/* input -> a, b -> c reads both; 32 bytes each */
static void make_fork(void)
{
	hidp_layer_id in = fixture_input(&f, 1, 8);
	hidp_layer_id both[2];
	both[0] = fixture_layer(&f, in, 1, 8, 1, 8000, 0);
	both[1] = fixture_layer(&f, in, 1, 8, 1, 4000, 0);
	fixture_custom(&f, both, 2, 1, 8, 1, 1000, 0, 0, 1, 0);
	fixture_seal_model(&f);
}

START_TEST(test_branch)
{
	static const hidp_node_id links[][2] = {{0, 1}};
	static const hidp_layer_id a[] = {1}, b[] = {2};
	make_fork();
	make_nodes(2, links, 1);
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_BRANCH, 3, 0);
	fixture_branch(&f, 0, a, 1);
	fixture_single(&f, 1, 0);
	fixture_branch(&f, 1, b, 1);
	fixture_single(&f, 1, 0);
	fixture_single_stage(&f, 1, 1, 0, 0);
	fixture_seal_plan(&f);
	/* stage 0: a 8 ms; b 3.2 + 1 + 4 ms. stage 1: b comes in 4.2 ms, c 1 ms */
	fixture_figures(&f, 0.0082 + 0.0052, 0.009, 0);
	/* node 0: input 32 + a 32 in stage 0; a 32 + b 32 + c 32 in stage 1 */
	fixture_node_figures(&f, 0, 96, 0, 0.0032, 0.0032, 0);
	fixture_node_figures(&f, 1, 64, 0, 0.0032, 0.0032, 0);
}
END_TEST

START_TEST(test_replica)
{
	struct hidp_node_desc n = plain_node;
	struct hidp_processor_desc p = plain_processor;
	hidp_layer_id in = fixture_input(&f, 1, 8);
	fixture_layer(&f, in, 1, 8, 1, 8000, 10);
	fixture_seal_model(&f);
	n.power_idle_w = 2;
	n.power_transmit_w = 3;
	n.power_receive_w = 1;
	p.power_active_w = 5;
	fixture_processor(&f, fixture_node(&f, n), 1e6, 0, p);
	fixture_processor(&f, fixture_node(&f, n), 4e6, 0, p);
	fixture_link(&f, 0, 1, 1e4, 0.001, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	f.options.objective = HIDP_OBJECTIVE_PERIOD;
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_REPLICA, 2, 0);
	fixture_replica(&f, 0, 0.75);
	fixture_single(&f, 1, 0);
	fixture_replica(&f, 1, 0.25);
	fixture_single(&f, 1, 0);
	fixture_seal_plan(&f);
	/* three of four requests: 8 ms on node 0. The fourth: 4.2 ms there, 2 ms, 4.2 ms back.
	 * busy: 6 ms and 0.5 ms; the wires 0.25 * 3.2 ms each way */
	double each = 0.0008 * (3 + 1) + 0.006 * 2;
	fixture_figures(&f, 0.0104, 0.006, 2 * each + 0.006 * 5 + 0.0005 * 5);
	ck_assert_uint_eq(transfer_bytes(), 16);
	/* both have the weights; input, output while computing, and output for delivery */
	fixture_node_figures(&f, 0, 10 + 64 + 32, 10, 0.0008, 0.0008, each + 0.006 * 5);
	fixture_node_figures(&f, 1, 10 + 64 + 32, 10, 0.0008, 0.0008, each + 0.0005 * 5);
	/* the timeline is that of the slowest route: there, compute, back */
	ck_assert_uint_eq(hidp_plan_task_count(f.plan), 3);
}
END_TEST

/* A fraction so close to 1 that the other route weighs next to nothing. */
START_TEST(test_replica_rare)
{
	static const hidp_node_id links[][2] = {{0, 1}};
	hidp_layer_id in = fixture_input(&f, 1, 8);
	fixture_layer(&f, in, 1, 8, 1, 8000, 0);
	fixture_seal_model(&f);
	make_nodes(2, links, 1);
	f.options.flags = HIDP_PLAN_STREAM;
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_REPLICA, 2, 0);
	fixture_replica(&f, 0, 1);
	fixture_single(&f, 1, 0);
	fixture_replica(&f, 1, 1e-12);
	fixture_single(&f, 1, 0);
	fixture_seal_plan(&f);
	fixture_figures(&f, 0.0164, 0.008, 0);
	ck_assert_uint_eq(hidp_plan_task_count(f.plan), 3);
}
END_TEST

/*
 * Nodes 0 - 1 - 2 in a line, and 3 at 1. A tensor passes node 1 twice, for readers
 * in two stages: node 1 has no use for it in between and does not keep it.
 */
START_TEST(test_relay)
{
	static const hidp_node_id links[][2] = {{0, 1}, {1, 2}, {1, 3}};
	hidp_layer_id in = fixture_input(&f, 1, 8), both[2] = {in, 0};
	both[1] = fixture_layer(&f, in, 1, 8, 1, 8000, 0);
	fixture_custom(&f, both, 2, 1, 8, 1, 4000, 0, 0, 1, 0);
	fixture_seal_model(&f);
	make_nodes(4, links, 3);
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 2, 0);
	fixture_single_stage(&f, 1, 1, 3, 0);
	fixture_seal_plan(&f);
	/* stage 0: two hops of 4.2 ms, then 8 ms.
	 * stage 1: the input 0 -> 1 at 0, 1 -> 3 at 4.2 to 7.4; a 2 -> 1 when node 1 has received
	 * the input, 3.2 to 6.4, there at 7.4; 1 -> 3 at 7.4 to 10.6, there at 11.6; then 4 ms.
	 * delivery: two hops. */
	fixture_figures(&f, 0.0164 + 0.0156 + 0.0084, 0.0128, 0);
	ck_assert_uint_eq(transfer_bytes(), 64 + 128 + 64);
	/* node 1: the input; then the input and a; then b */
	fixture_node_figures(&f, 1, 64, 0, 4 * 0.0032, 4 * 0.0032, 0);
}
END_TEST

/* Two messages between different pairs of nodes take turns on one medium. */
START_TEST(test_medium)
{
	static const hidp_layer_id a[] = {1}, b[] = {2}, c[] = {3}, d[] = {4};
	hidp_medium_id medium;
	hidp_layer_id in = fixture_input(&f, 1, 8), last[2];
	hidp_layer_id x = fixture_layer(&f, in, 1, 8, 1, 8000, 0);
	hidp_layer_id y = fixture_layer(&f, in, 1, 8, 1, 8000, 0);
	last[0] = fixture_layer(&f, x, 1, 8, 1, 1000, 0);
	last[1] = fixture_layer(&f, y, 1, 8, 1, 1000, 0);
	fixture_custom(&f, last, 2, 1, 8, 1, 1000, 0, 0, 1, 0);
	fixture_seal_model(&f);
	ck_ok(hidp_cluster_builder_add_medium(f.cluster_builder, "air", &medium, &f.diag), f.diag);
	for (int n = 0; n < 4; n++)
		fixture_processor(&f, fixture_node(&f, plain_node), 1e6, 0, plain_processor);
	fixture_link(&f, 0, 1, 1e4, 0.001, medium);
	fixture_link(&f, 2, 3, 1e4, 0.001, medium);
	fixture_link(&f, 0, 2, 1e4, 0.001, HIDP_MEDIUM_NONE);
	fixture_link(&f, 0, 3, 1e4, 0.001, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_BRANCH, 3, 0);
	fixture_branch(&f, 0, a, 1);
	fixture_single(&f, 1, 0);
	fixture_branch(&f, 2, b, 1);
	fixture_single(&f, 1, 0);
	fixture_stage(&f, HIDP_STAGE_BRANCH, 2, 0);
	fixture_branch(&f, 1, c, 1);
	fixture_single(&f, 1, 0);
	fixture_branch(&f, 3, d, 1);
	fixture_single(&f, 1, 0);
	fixture_single_stage(&f, 1, 1, 0, 0);
	fixture_seal_plan(&f);
	/* stage 0: 4.2 + 8 ms on node 2. Stage 1: the second message waits 3.2 ms for the
	 * medium, so 7.4 + 1 ms. Stage 2: the messages wait for node 0's receiving side:
	 * 7.4 + 1 ms. */
	fixture_figures(&f, 0.0122 + 0.0084 + 0.0084, 0.0096, 0);
	double busy;
	ck_assert_int_eq(hidp_plan_get_medium_busy(f.plan, medium, &busy), HIDP_OK);
	assert_close(busy, 3 * 0.0032);
	ck_assert_int_eq(hidp_plan_get_medium_busy(f.plan, medium + 1, &busy), HIDP_ERR_ARGUMENT);
}
END_TEST

/* Every bar of the timeline of the plan of test_two_nodes. */
START_TEST(test_timeline)
{
	static const struct {
		hidp_task_kind kind;
		uint32_t stage;
		hidp_layer_id layer;
		double start_s, end_s, arrival_s;
		uint64_t bytes;
	} bars[] = {
	        {HIDP_TASK_COMPUTE, 0, 1, 0, 0.005, 0.005, 0},
	        {HIDP_TASK_TRANSFER, 1, 1, 0.005, 0.021, 0.022, 160},
	        {HIDP_TASK_COMPUTE, 1, 2, 0.022, 0.0225, 0.0225, 0},
	        {HIDP_TASK_TRANSFER, 2, 2, 0.0225, 0.0265, 0.0275, 40},
	};
	make_chain();
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_single_stage(&f, 1, 1, 1, 0);
	fixture_seal_plan(&f);
	ck_assert_uint_eq(hidp_plan_task_count(f.plan), 4);
	for (uint32_t i = 0; i < 4; i++) {
		struct hidp_task_info t = HIDP_TASK_INFO_INIT;
		ck_assert_int_eq(hidp_plan_get_task(f.plan, i, &t), HIDP_OK);
		ck_assert_uint_eq(t.kind, bars[i].kind);
		ck_assert_uint_eq(t.stage, bars[i].stage);
		ck_assert_uint_eq(t.layer, bars[i].layer);
		assert_close(t.start_s, bars[i].start_s);
		assert_close(t.end_s, bars[i].end_s);
		assert_close(t.arrival_s, bars[i].arrival_s);
		ck_assert_uint_eq(t.bytes, bars[i].bytes);
		ck_assert_int_eq(t.row_begin, 0);
		ck_assert_int_eq(t.row_end, 10);
		ck_assert_uint_eq(t.medium, HIDP_MEDIUM_NONE);
		ck_assert_uint_eq(t.node, i == 0 || i == 1 ? 0 : 1);
	}
	struct hidp_task_info t = HIDP_TASK_INFO_INIT;
	ck_assert_int_eq(hidp_plan_get_task(f.plan, 4, &t), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_plan_get_task(f.plan, 0, NULL), HIDP_ERR_ARGUMENT);
	t.struct_size = 8;
	ck_assert_int_eq(hidp_plan_get_task(f.plan, 0, &t), HIDP_ERR_ABI);
}
END_TEST

/* Of two nodes that no link joins, each is needed: the second layer needs nothing of the first. */
START_TEST(test_nothing_to_send)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	const struct hidp_row_rule beyond = {1, 1, -10, 1};
	hidp_layer_id in = fixture_input(&f, 2, 10), b;
	hidp_layer_id a = fixture_layer(&f, in, 4, 10, 3, 4000, 100);
	d.op = HIDP_OP_CUSTOM;
	d.shape = (struct hidp_shape){1, 1, 10, 1};
	d.inputs = &a;
	d.input_count = 1;
	d.row_rules = &beyond;
	d.flops = 1000;
	ck_assert_int_eq(hidp_model_builder_add(f.model_builder, &d, &b, &f.diag), HIDP_OK);
	fixture_seal_model(&f);
	make_nodes(2, NULL, 0);
	f.options.flags |= HIDP_PLAN_OUTPUT_AT;
	f.options.output_node = 1;
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_single_stage(&f, 1, 1, 1, 0);
	fixture_seal_plan(&f);
	fixture_figures(&f, 0.005, 0.004, 0);
	/* and the planner finds that */
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	struct hidp_plan *plan;
	ck_assert_int_eq(hidp_plan(f.model, f.cluster, NULL, &f.options, &plan, &f.diag), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_figures(plan, &figures), HIDP_OK);
	assert_close(figures.latency_s, 0.005);
	ck_assert_double_le(figures.lower_bound, figures.latency_s);
	hidp_plan_unref(plan);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan-nodes");
	TCase *tcase = tcase_create("nodes");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_one_processor);
	tcase_add_test(tcase, test_two_nodes);
	tcase_add_test(tcase, test_two_nodes_stream);
	tcase_add_test(tcase, test_input_and_output);
	tcase_add_test(tcase, test_wire);
	tcase_add_test(tcase, test_split);
	tcase_add_test(tcase, test_split_exchange);
	tcase_add_test(tcase, test_split_uneven);
	tcase_add_test(tcase, test_branch);
	tcase_add_test(tcase, test_replica);
	tcase_add_test(tcase, test_replica_rare);
	tcase_add_test(tcase, test_relay);
	tcase_add_test(tcase, test_medium);
	tcase_add_test(tcase, test_timeline);
	tcase_add_test(tcase, test_nothing_to_send);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
