/* SPDX-License-Identifier: MIT */
/*
 * What placement problems ask for. Accelerators that exchange tensors through the memory of
 * their host, reckoned by hand: they move their data themselves, so that transfers are work,
 * and the host is a hub. Layers that must stay together.
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

/*
 * input -> l1 -> l2 -> l3, of 4 rows and 2 channels each; groups[i] is that of layer i + 1.
 * Two nodes with two processors each. Names: layer1, ..., node0, ..., cpu0, ...
 */
static void make_chain(const uint32_t groups[3])
{
	const hidp_node_id links[] = {0, 1};
	hidp_layer_id at = fixture_input(&f, 2, 4);
	for (int i = 0; i < 3; i++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		struct hidp_row_rule same_rows = {1, 1, 0, 1};
		d.op = HIDP_OP_CUSTOM;
		d.inputs = &at;
		d.input_count = 1;
		d.shape = (struct hidp_shape){1, 2, 4, 1};
		d.flops = 1000;
		d.row_rules = &same_rows;
		d.channel_grain = 1;
		d.colocation = groups[i];
		ck_ok(hidp_model_builder_add(f.model_builder, &d, &at, &f.diag), f.diag);
	}
	fixture_seal_model(&f);
	for (int n = 0; n < 2; n++) {
		const struct hidp_node_desc plain_node = HIDP_NODE_DESC_INIT;
		fixture_node(&f, plain_node);
		fixture_processor(&f, links[n], 1e6, 0, plain_processor);
		fixture_processor(&f, links[n], 1e6, 0, plain_processor);
	}
	fixture_link(&f, 0, 1, 1e6, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
}

static const uint32_t ends[3] = {7, 0, 7}, second[3] = {0, 5, 0}, last_two[3] = {0, 9, 9};

/* layer1 on processor `a` of node 0, layer2 on node 1, layer3 on processor `b` of `node`. */
static void there_and_back(hidp_processor_id a, hidp_node_id node, hidp_processor_id b)
{
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, a);
	fixture_single_stage(&f, 1, 1, 1, 0);
	fixture_single_stage(&f, 1, 1, node, b);
}

START_TEST(test_group_info)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	struct hidp_layer_desc part = HIDP_LAYER_DESC_INIT;
	make_chain(ends);
	for (hidp_layer_id l = 0; l < 4; l++) {
		ck_assert_int_eq(hidp_model_layer(f.model, l, &info), HIDP_OK);
		ck_assert_uint_eq(info.colocation, l == 0 ? 0 : ends[l - 1]);
		ck_assert_uint_eq(info.reserved, 0);
	}
	ck_assert_int_eq(hidp_model_part(f.model, 3, 0, &part), HIDP_OK);
	ck_assert_uint_eq(part.colocation, 7);
}
END_TEST

START_TEST(test_group_apart)
{
	make_chain(ends);
	there_and_back(1, 0, 1);
	fixture_seal_plan(&f);
	there_and_back(1, 0, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 2, share 0, step 0",
	                "layer layer3 of colocation group 7 is computed on processor cpu0 of node "
	                "node0, but layer layer1 on processor cpu1 of node node0");
	there_and_back(1, 1, 1);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 2, share 0, step 0",
	                "layer layer3 of colocation group 7 is computed on processor cpu1 of node "
	                "node1, but layer layer1 on processor cpu1 of node node0");
}
END_TEST

/* Groups of one layer say that it must not be divided. */
START_TEST(test_group_divided)
{
	make_chain(second);
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 4, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_step(&f, HIDP_STEP_ROWS, 1);
	fixture_slice(&f, 0, 0, 1);
	fixture_slice(&f, 1, 1, 4);
	fixture_single(&f, 1, 1);
	fixture_step(&f, HIDP_STEP_CHANNELS, 1);
	fixture_slice(&f, 0, 0, 1);
	fixture_slice(&f, 1, 1, 2);
	fixture_seal_plan(&f);

	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 4, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_step(&f, HIDP_STEP_ROWS, 2);
	fixture_slice(&f, 0, 0, 1);
	fixture_slice(&f, 1, 1, 4);
	fixture_single(&f, 1, 1);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0",
	                "layer layer2 of colocation group 5 is divided between processor cpu0 of "
	                "node node0 and processor cpu1 of node node0");

	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 4, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_single(&f, 1, 0);
	fixture_step(&f, HIDP_STEP_CHANNELS, 1);
	fixture_slice(&f, 1, 0, 1);
	fixture_slice(&f, 0, 1, 2);
	fixture_single(&f, 1, 1);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 1",
	                "layer layer2 of colocation group 5 is divided between processor cpu1 of "
	                "node node0 and processor cpu0 of node node0");

	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SPLIT, 4, 4);
	fixture_share(&f, 0, 0, 2);
	fixture_single(&f, 3, 0);
	fixture_share(&f, 1, 2, 4);
	fixture_single(&f, 3, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 1, step 0",
	                "layer layer2 of colocation group 5 is divided between processor cpu0 of "
	                "node node0 and processor cpu0 of node node1");
}
END_TEST

/* layer1 on node 0; layer2 on two replicas; layer3 with it, or behind, there or on a processor of node 0. */
static void replicas(bool together, hidp_processor_id q0, hidp_processor_id q1)
{
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_stage(&f, HIDP_STAGE_REPLICA, together ? 2 : 1, 0);
	fixture_replica(&f, 0, 0.5);
	fixture_single(&f, 1, 0);
	if (together)
		fixture_single(&f, 1, q0);
	fixture_replica(&f, 1, 0.5);
	fixture_single(&f, 1, 1);
	if (together)
		fixture_single(&f, 1, q1);
	else
		fixture_single_stage(&f, 1, 1, 0, q0);
}

START_TEST(test_group_replicated)
{
	f.options.flags = HIDP_PLAN_STREAM;
	make_chain(last_two);
	replicas(true, 0, 1); /* each replica has one processor for both */
	fixture_seal_plan(&f);
	replicas(true, 0, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 1, share 1, step 1",
	                "layer layer3 of colocation group 9 is computed on processor cpu0 of node "
	                "node1, but layer layer2 on processor cpu1 of node node1");
	replicas(false, 0, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 2, share 0, step 0",
	                "layer layer3 of colocation group 9 is computed on processor cpu0 of node "
	                "node0, but layer layer2, in another stage, of which one is replicated, on "
	                "processor cpu1 of node node1");
}
END_TEST

/* A group that begins before the replicas. */
START_TEST(test_group_half_replicated)
{
	f.options.flags = HIDP_PLAN_STREAM;
	make_chain(ends);
	fixture_plan(&f);
	fixture_single_stage(&f, 3, 2, 0, 0);
	fixture_stage(&f, HIDP_STAGE_REPLICA, 1, 0);
	fixture_replica(&f, 0, 0.5);
	fixture_single(&f, 1, 0);
	fixture_replica(&f, 1, 0.5);
	fixture_single(&f, 1, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 1, share 0, step 0",
	                "layer layer3 of colocation group 7 is computed on processor cpu0 of node "
	                "node0, but layer layer1, in another stage, of which one is replicated, on "
	                "processor cpu0 of node node0");
}
END_TEST

/* Branches: those of one group go to one node, and to one processor. */
static void make_grouped_branches(void)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	hidp_layer_id in = fixture_input(&f, 2, 1);
	struct hidp_row_rule same_rows = {1, 1, 0, 1};
	d.op = HIDP_OP_CUSTOM;
	d.inputs = &in;
	d.input_count = 1;
	d.shape = (struct hidp_shape){1, 2, 1, 1};
	d.flops = 1000;
	d.row_rules = &same_rows;
	for (int i = 0; i < 3; i++) {
		d.colocation = i == 1 ? 0 : 4;
		ck_ok(hidp_model_builder_add(f.model_builder, &d, NULL, &f.diag), f.diag);
	}
	fixture_seal_model(&f);
	for (int n = 0; n < 2; n++) {
		const struct hidp_node_desc plain_node = HIDP_NODE_DESC_INIT;
		hidp_node_id id = fixture_node(&f, plain_node);
		fixture_processor(&f, id, 1e6, 0, plain_processor);
		fixture_processor(&f, id, 1e6, 0, plain_processor);
	}
	fixture_link(&f, 0, 1, 1e6, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
}

START_TEST(test_group_branches)
{
	static const hidp_layer_id outer[] = {1, 3}, middle[] = {2}, first[] = {1}, rest[] = {2, 3};
	make_grouped_branches();
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_BRANCH, 4, 0);
	fixture_branch(&f, 0, outer, 2);
	fixture_single(&f, 2, 1);
	fixture_branch(&f, 1, middle, 1);
	fixture_single(&f, 1, 0);
	fixture_seal_plan(&f);

	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_BRANCH, 4, 0);
	fixture_branch(&f, 0, first, 1);
	fixture_single(&f, 1, 1);
	fixture_branch(&f, 1, rest, 2);
	fixture_single(&f, 2, 1);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 1, step 0",
	                "layer layer3 of colocation group 4 is computed on processor cpu1 of node "
	                "node1, but layer layer1 on processor cpu1 of node node0");

	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 4, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_step(&f, HIDP_STEP_BRANCH, 3);
	fixture_branch_slice(&f, 1, outer, 2);
	fixture_branch_slice(&f, 0, middle, 1);
	fixture_seal_plan(&f);

	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 4, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_step(&f, HIDP_STEP_BRANCH, 3);
	fixture_branch_slice(&f, 0, first, 1);
	fixture_branch_slice(&f, 1, rest, 2);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0",
	                "layer layer3 of colocation group 4 is computed on processor cpu1 of node "
	                "node0, but layer layer1 on processor cpu0 of node node0");
}
END_TEST

/* All in one group: nothing but one processor for everything is left, or replicas of that. */
START_TEST(test_group_of_all)
{
	static const uint32_t all[3] = {1, 1, 1};
	make_chain(all);
	for (hidp_objective o = HIDP_OBJECTIVE_LATENCY; o <= HIDP_OBJECTIVE_ENERGY; o++) {
		for (hidp_strategy s = HIDP_STRATEGY_AUTO; s <= HIDP_STRATEGY_SINGLE; s++) {
			struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
			if (s == HIDP_STRATEGY_PAPER)
				continue;
			f.options.objective = o;
			f.options.strategy = s;
			hidp_plan_unref(f.plan);
			f.plan = NULL;
			ck_ok(hidp_plan(f.model, f.cluster, NULL, &f.options, &f.plan, &f.diag),
			      f.diag);
			ck_ok(hidp_plan_verify(f.plan, &f.diag), f.diag);
			ck_assert_int_eq(hidp_plan_get_figures(f.plan, &figures), HIDP_OK);
			ck_assert_double_le(figures.lower_bound, figures.objective);
			bool dealt = o == HIDP_OBJECTIVE_PERIOD && s == HIDP_STRATEGY_AUTO;
			assert_close(figures.period_s, dealt ? 0.0015 : 0.003);
		}
	}
}
END_TEST

/* Layers that are pinned apart cannot be together. */
START_TEST(test_group_pinned_apart)
{
	const hidp_layer_id layers[] = {1, 3};
	const hidp_node_id nodes[] = {0, 1};
	struct hidp_plan *none = NULL;
	make_chain(ends);
	f.options.pin_layers = layers;
	f.options.pin_nodes = nodes;
	f.options.pin_count = 2;
	ck_refused(hidp_plan(f.model, f.cluster, NULL, &f.options, &none, &f.diag), f.diag,
	           HIDP_ERR_INFEASIBLE, "cluster", "colocated layers together");
	ck_assert_ptr_null(none);
}
END_TEST

/* The diamond a -> b -> d, a -> c -> d on two nodes with two processors each, plans contiguous. */
static void make_contiguous(void)
{
	hidp_layer_id in = fixture_input(&f, 2, 4);
	hidp_layer_id a = fixture_layer(&f, in, 2, 4, 1, 1000, 0);
	hidp_layer_id b = fixture_layer(&f, a, 2, 4, 1, 1000, 0);
	hidp_layer_id c = fixture_layer(&f, a, 2, 4, 1, 1000, 0);
	hidp_layer_id all[] = {b, c, in};
	fixture_custom(&f, all, 3, 2, 4, 1, 1000, 0, 0, 1, 0);
	fixture_seal_model(&f);
	for (int n = 0; n < 2; n++) {
		const struct hidp_node_desc plain_node = HIDP_NODE_DESC_INIT;
		hidp_node_id id = fixture_node(&f, plain_node);
		fixture_processor(&f, id, 1e6, 0, plain_processor);
		fixture_processor(&f, id, 1e6, 0, plain_processor);
	}
	fixture_link(&f, 0, 1, 1e6, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	f.options.flags = HIDP_PLAN_CONTIGUOUS;
}

/* Each layer on a processor of node 0. */
static void on_processors(hidp_processor_id a, hidp_processor_id b, hidp_processor_id c,
                          hidp_processor_id d)
{
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 5, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_single(&f, 1, a);
	fixture_single(&f, 1, b);
	fixture_single(&f, 1, c);
	fixture_single(&f, 1, d);
}

START_TEST(test_contiguous)
{
	make_contiguous();
	on_processors(0, 0, 0, 0);
	fixture_seal_plan(&f);
	on_processors(0, 0, 1, 1);
	fixture_seal_plan(&f);
	/* b comes between a and c in time, but leads to none of them */
	on_processors(0, 1, 0, 1);
	fixture_seal_plan(&f);
	on_processors(1, 0, 0, 0);
	fixture_seal_plan(&f);
	on_processors(0, 1, 0, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "plan",
	                "processor cpu0 of node node0 computes layer layer1 and layer layer4, but "
	                "not layer layer2 on the way from one to the other: the plan is not "
	                "contiguous");
	on_processors(1, 0, 0, 1);
	fixture_refused(&f, HIDP_ERR_PLAN, "plan",
	                "processor cpu1 of node node0 computes layer layer1 and layer layer4");
	/* over a layer of another node, too; processors with one number are not the same */
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_single_stage(&f, 1, 1, 1, 0);
	fixture_single_stage(&f, 2, 2, 1, 1);
	fixture_seal_plan(&f);
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 1, 1);
	fixture_single_stage(&f, 2, 2, 0, 1);
	fixture_single_stage(&f, 1, 1, 1, 1);
	fixture_refused(&f, HIDP_ERR_PLAN, "plan",
	                "processor cpu1 of node node1 computes layer layer1 and layer layer4, but "
	                "not layer layer2 on the way");
}
END_TEST

START_TEST(test_contiguous_branches)
{
	static const hidp_layer_id b[] = {2}, c[] = {3};
	make_contiguous();
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_stage(&f, HIDP_STAGE_BRANCH, 2, 0);
	fixture_branch(&f, 0, b, 1);
	fixture_single(&f, 1, 0);
	fixture_branch(&f, 1, c, 1);
	fixture_single(&f, 1, 0);
	fixture_single_stage(&f, 1, 1, 1, 0);
	fixture_seal_plan(&f);

	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 5, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_single(&f, 1, 0);
	fixture_step(&f, HIDP_STEP_BRANCH, 2);
	fixture_branch_slice(&f, 0, b, 1);
	fixture_branch_slice(&f, 1, c, 1);
	fixture_single(&f, 1, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "plan",
	                "computes layer layer1 and layer layer4, but not layer layer3");
}
END_TEST

START_TEST(test_contiguous_undivided)
{
	make_contiguous();
	f.options.flags |= HIDP_PLAN_STREAM;
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SPLIT, 5, 4);
	fixture_share(&f, 0, 0, 2);
	fixture_single(&f, 4, 0);
	fixture_share(&f, 1, 2, 4);
	fixture_single(&f, 4, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0",
	                "divides rows between nodes, but the plan is to be contiguous");
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_REPLICA, 5, 0);
	fixture_replica(&f, 0, 0.5);
	fixture_single(&f, 4, 0);
	fixture_replica(&f, 1, 0.5);
	fixture_single(&f, 4, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0",
	                "divides requests between nodes, but the plan is to be contiguous");
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 5, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_single(&f, 3, 0);
	fixture_step(&f, HIDP_STEP_ROWS, 1);
	fixture_slice(&f, 0, 0, 2);
	fixture_slice(&f, 1, 2, 4);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 1",
	                "divides the rows of layers, but the plan is to be contiguous");
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 5, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_step(&f, HIDP_STEP_CHANNELS, 1);
	fixture_slice(&f, 0, 0, 1);
	fixture_slice(&f, 1, 1, 2);
	fixture_single(&f, 3, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0",
	                "divides the channels of layers, but the plan is to be contiguous");
}
END_TEST

/* A plan that is not contiguous is no plan for who wants one. */
START_TEST(test_contiguous_evaluated)
{
	struct hidp_plan *other = NULL;
	struct hidp_plan_options wanted;
	make_contiguous();
	f.options.flags = 0;
	on_processors(0, 1, 0, 0);
	fixture_seal_plan(&f);
	wanted = f.options;
	wanted.flags = HIDP_PLAN_CONTIGUOUS;
	ck_refused(hidp_plan_evaluate(f.plan, NULL, NULL, &wanted, &other, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "not contiguous");
	on_processors(0, 1, 0, 1);
	fixture_seal_plan(&f);
	ck_ok(hidp_plan_evaluate(f.plan, NULL, NULL, &wanted, &other, &f.diag), f.diag);
	ck_ok(hidp_plan_verify(other, &f.diag), f.diag);
	ck_assert_int_eq(hidp_plan_get_options(other, &wanted), HIDP_OK);
	ck_assert_uint_eq(wanted.flags, HIDP_PLAN_CONTIGUOUS);
	hidp_plan_unref(other);
}
END_TEST

START_TEST(test_contiguous_planned)
{
	make_contiguous();
	for (hidp_objective o = HIDP_OBJECTIVE_LATENCY; o <= HIDP_OBJECTIVE_ENERGY; o++) {
		struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
		f.options.objective = o;
		hidp_plan_unref(f.plan);
		f.plan = NULL;
		ck_ok(hidp_plan(f.model, f.cluster, NULL, &f.options, &f.plan, &f.diag), f.diag);
		ck_ok(hidp_plan_verify(f.plan, &f.diag), f.diag);
		ck_assert_int_eq(hidp_plan_get_figures(f.plan, &figures), HIDP_OK);
		ck_assert_double_le(figures.latency_s, 0.0042);
		ck_assert_double_le(figures.lower_bound, figures.objective);
	}
}
END_TEST

/* a and d are pinned to one processor, b to another. */
START_TEST(test_contiguous_pinned)
{
	const hidp_layer_id layers[] = {1, 2, 4};
	const hidp_node_id nodes[] = {0, 0, 0};
	const hidp_processor_id processors[] = {0, 1, 0};
	struct hidp_plan *none = NULL;
	make_contiguous();
	f.options.pin_layers = layers;
	f.options.pin_nodes = nodes;
	f.options.pin_processors = processors;
	f.options.pin_count = 3;
	ck_refused(hidp_plan(f.model, f.cluster, NULL, &f.options, &none, &f.diag), f.diag,
	           HIDP_ERR_INFEASIBLE, "cluster", "no plan was found that is contiguous");
	ck_assert_ptr_null(none);
}
END_TEST

/* Two accelerators, and a host that has the input, 40 bytes, for a layer of 10 ms. */
static struct hidp_cluster *make_host(uint32_t flags)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	struct hidp_cluster_builder *before = f.cluster_builder;
	ck_ok(hidp_cluster_builder_new(f.context, &f.cluster_builder), f.diag);
	hidp_cluster_builder_destroy(before);
	for (hidp_node_id n = ACC0; n <= HOST; n++) {
		d.flags = n == HOST ? flags : 0;
		fixture_node(&f, d);
		fixture_processor(&f, n, n == HOST ? 1 : 1e6, 0, plain_processor);
	}
	fixture_link(&f, ACC0, HOST, 1000, 0, HIDP_MEDIUM_NONE);
	fixture_link(&f, ACC1, HOST, 1000, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	return hidp_cluster_ref(f.cluster);
}

/* What a planner remembers of a plain host, which can send so much and no more, says nothing of a hub. */
START_TEST(test_remembered)
{
	struct hidp_planner *planner = NULL;
	struct hidp_plan *plain = NULL, *fresh = NULL;
	struct hidp_plan_figures a = HIDP_PLAN_FIGURES_INIT, b = HIDP_PLAN_FIGURES_INIT;
	fixture_layer(&f, fixture_input(&f, 10, 1), 1, 1, 1, 10e3, 0);
	fixture_seal_model(&f);
	struct hidp_cluster *host = make_host(0), *hub = make_host(HIDP_NODE_HUB);
	f.options.objective = HIDP_OBJECTIVE_PERIOD;
	f.options.leader = HOST;
	ck_assert_int_eq(hidp_planner_new(f.context, &planner), HIDP_OK);
	ck_ok(hidp_planner_plan(planner, f.model, host, NULL, &f.options, &plain, &f.diag), f.diag);
	ck_ok(hidp_planner_plan(planner, f.model, hub, NULL, &f.options, &f.plan, &f.diag), f.diag);
	ck_ok(hidp_plan(f.model, hub, NULL, &f.options, &fresh, &f.diag), f.diag);
	ck_assert_int_eq(hidp_plan_get_figures(f.plan, &a), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_figures(fresh, &b), HIDP_OK);
	ck_assert_double_eq(a.objective, b.objective);
	ck_assert_double_eq(a.lower_bound, b.lower_bound);
	hidp_plan_unref(plain);
	hidp_plan_unref(fresh);
	hidp_planner_destroy(planner);
	hidp_cluster_unref(host);
	hidp_cluster_unref(hub);
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
	tcase_add_test(tc, test_remembered);
	suite_add_tcase(suite, tc);
	tc = tcase_create("colocation");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_group_info);
	tcase_add_test(tc, test_group_apart);
	tcase_add_test(tc, test_group_divided);
	tcase_add_test(tc, test_group_replicated);
	tcase_add_test(tc, test_group_half_replicated);
	tcase_add_test(tc, test_group_branches);
	tcase_add_test(tc, test_group_of_all);
	tcase_add_test(tc, test_group_pinned_apart);
	suite_add_tcase(suite, tc);
	tc = tcase_create("contiguous");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_contiguous);
	tcase_add_test(tc, test_contiguous_branches);
	tcase_add_test(tc, test_contiguous_undivided);
	tcase_add_test(tc, test_contiguous_evaluated);
	tcase_add_test(tc, test_contiguous_planned);
	tcase_add_test(tc, test_contiguous_pinned);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
