/* SPDX-License-Identifier: MIT */
/* What plans over the processors of one node cost, reckoned by hand from doc/cost-model.md. */
#include "plan_fixture.h"

static struct fixture f;

static const struct hidp_node_desc plain_node = HIDP_NODE_DESC_INIT;
static const struct hidp_processor_desc plain_processor = HIDP_PROCESSOR_DESC_INIT;

static void set_up(void)
{
	fixture_begin(&f);
}

static void tear_down(void)
{
	fixture_end(&f);
}

/* Begins a plan of one stage on node 0; steps follow. */
static void begin_share(uint32_t layers)
{
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, layers, 0);
	fixture_share(&f, 0, 0, 0);
}

/* input [8 rows of 4 bytes] -> a [window 3] -> b [window 3] of so many rows */
static void make_windows(int64_t b_rows, double b_flops)
{
	hidp_layer_id in = fixture_input(&f, 1, 8);
	hidp_layer_id a = fixture_layer(&f, in, 1, 8, 3, 8000, 12);
	fixture_layer(&f, a, 1, b_rows, 3, b_flops, 12);
	fixture_seal_model(&f);
}

static void make_node(struct hidp_node_desc node)
{
	fixture_node(&f, node);
	fixture_processor(&f, 0, 1e6, 0, plain_processor);
	fixture_processor(&f, 0, 0.5e6, 0, plain_processor);
	fixture_seal_cluster(&f);
}

START_TEST(test_rows)
{
	struct hidp_node_desc node = plain_node;
	node.sync_s = 0.0001;
	node.memory_bandwidth_Bps = 1e4;
	make_windows(8, 8000);
	make_node(node);
	begin_share(3);
	fixture_single(&f, 1, 0);
	fixture_step(&f, HIDP_STEP_ROWS, 1);
	fixture_slice(&f, 0, 0, 5);
	fixture_slice(&f, 1, 5, 8);
	fixture_seal_plan(&f);
	/* a: 8 ms, and its bytes do not count against the node's memory: one slice.
	 * b: 5 and 6 ms; bytes (7 + 5) * 4 + 12 = 60 and (5 + 3) * 4 + 12 = 44, together
	 * 104 / 1e4 = 10.4 ms for both; a hand-over of 0.1 ms before */
	fixture_figures(&f, 0.008 + 0.0105, 0.0185, 0);
	/* weights 24, input 32, a 32 + b 32 */
	fixture_node_figures(&f, 0, 120, 24, 0, 0, 0);
	/* its slices: input 32 + a 32; a's rows 0 to 6 and 5 of b */
	fixture_processor_figures(&f, 0, 0, 24 + 64, 0.0185);
	/* a's rows 4 to 8, and 3 of b */
	fixture_processor_figures(&f, 0, 1, 12 + 16 + 12, 0.0105);
}
END_TEST

/* Two layers in one step: rows are owned in proportion, halo is computed twice. */
START_TEST(test_rows_of_two_layers)
{
	make_windows(4, 4000);
	make_node(plain_node);
	begin_share(3);
	fixture_step(&f, HIDP_STEP_ROWS, 2);
	fixture_slice(&f, 0, 0, 1);
	fixture_slice(&f, 1, 1, 4);
	fixture_seal_plan(&f);
	/* b's row 0 needs a's 0 and 1, and the slice owns just these: 2 + 1 ms at 1 MFLOP/s.
	 * b's rows 1 to 4 need a's 0 to 5, the slice owns 2 to 8, so it computes all 8:
	 * 16 + 6 ms at half the speed */
	fixture_figures(&f, 0.022, 0.022, 0);
	/* 24 + input 32 + (2 + 8) * 4 + (1 + 3) * 4 */
	fixture_node_figures(&f, 0, 24 + 32 + 40 + 16, 24, 0, 0, 0);
	fixture_processor_figures(&f, 0, 0, 24 + 12 + 8 + 4, 0.003);
	fixture_processor_figures(&f, 0, 1, 24 + 32 + 32 + 12, 0.022);
}
END_TEST

/* A slice that has no row of a layer need not be able, or allowed, to run it. */
START_TEST(test_slice_without_rows)
{
	struct hidp_cost_builder *b;
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	const hidp_layer_id pinned = 1;
	const hidp_node_id node = 0;
	const hidp_processor_id processor = 1;
	/* two heads of one input: one of 1 row, one of 8 */
	hidp_layer_id in = fixture_input(&f, 1, 8);
	hidp_layer_id a = fixture_layer(&f, in, 1, 1, 1, 1000, 12);
	fixture_layer(&f, in, 1, 8, 1, 8000, 12);
	fixture_seal_model(&f);
	make_node(plain_node);
	ck_assert_uint_eq(a, pinned);
	ck_ok(hidp_cost_builder_new(f.model, f.cluster, &b), f.diag);
	e.flags = HIDP_COST_UNSUPPORTED;
	ck_ok(hidp_cost_builder_set(b, a, 0, 0, &e, &f.diag), f.diag);
	ck_ok(hidp_cost_builder_seal(b, &f.cost, &f.diag), f.diag);
	hidp_cost_builder_destroy(b);
	for (int pin = 0; pin < 2; pin++) {
		begin_share(3);
		fixture_step(&f, HIDP_STEP_ROWS, 2);
		fixture_slice(&f, 0, 0, 4);
		fixture_slice(&f, 1, 4, 8);
		fixture_seal_plan(&f);
		/* the row of a belongs to rows 4 to 8: 4 ms, and 2 + 8 ms at half the speed */
		fixture_figures(&f, 0.010, 0.010, 0);
		/* its weights and its rows of b; rows 0 to 4 of the input */
		fixture_processor_figures(&f, 0, 0, 12 + 16 + 16, 0.004);
		/* both weights, one row of a and four of b; rows 0 to 8 of the input */
		fixture_processor_figures(&f, 0, 1, 24 + 20 + 32, 0.010);
		begin_share(3);
		fixture_step(&f, HIDP_STEP_ROWS, 2);
		fixture_slice(&f, 1, 0, 4);
		fixture_slice(&f, 0, 4, 8);
		fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0",
		                pin ? "layer layer1 must not run on processor cpu0 of node node0"
		                    : "layer layer1 cannot run on processor cpu0 of node node0");
		f.options.pin_layers = &pinned;
		f.options.pin_nodes = &node;
		f.options.pin_processors = &processor;
		f.options.pin_count = 1;
	}
}
END_TEST

/* A CPU that works in the node's memory, and a GPU twice as fast with its own, copied at 10 kB/s. */
static void make_gpu(void)
{
	struct hidp_node_desc node = plain_node;
	struct hidp_processor_desc gpu = plain_processor;
	node.sync_s = 0.0001;
	gpu.kind = HIDP_PROCESSOR_GPU;
	gpu.copy_bandwidth_Bps = 1e4;
	fixture_node(&f, node);
	fixture_processor(&f, 0, 1e6, 0, plain_processor);
	fixture_processor(&f, 0, 2e6, 0, gpu);
	fixture_seal_cluster(&f);
}

/* input [32 bytes] -> a [4 channels, 128 bytes] -> b [32 bytes] */
static void make_channels(void)
{
	hidp_layer_id in = fixture_input(&f, 1, 8);
	hidp_layer_id a = fixture_layer(&f, in, 4, 8, 1, 8000, 41);
	fixture_layer(&f, a, 1, 8, 1, 2000, 8);
	fixture_seal_model(&f);
}

START_TEST(test_channels)
{
	make_channels();
	make_gpu();
	begin_share(3);
	fixture_step(&f, HIDP_STEP_CHANNELS, 1);
	fixture_slice(&f, 0, 0, 1);
	fixture_slice(&f, 1, 1, 4);
	fixture_single(&f, 1, 1);
	fixture_seal_plan(&f);
	/* a: the CPU takes 2 ms. The GPU copies the input in, 3.2 ms, takes 3 ms, and copies
	 * its three channels out, 96 bytes, 9.6 ms: 15.8 ms.
	 * b on the GPU: hand-over 0.1 ms, all of a copied in, 12.8 ms, 1 ms.
	 * At the end b is copied out, 3.2 ms. */
	fixture_figures(&f, 0.0158 + 0.0139 + 0.0032, 0.0329, 0);
	fixture_node_figures(&f, 0, 49 + 32 + 128 + 32, 49, 0, 0, 0);
	/* a quarter of the weights, rounded up; three quarters, and b's */
	fixture_processor_figures(&f, 0, 0, 11 + 32 + 128, 0.002);
	fixture_processor_figures(&f, 0, 1, 31 + 8 + 160, 0.0329);
}
END_TEST

/* Inputs of which a slice needs only its own channels are read in part. */
START_TEST(test_own_channels)
{
	struct hidp_node_desc node = plain_node;
	hidp_layer_id in = fixture_input(&f, 4, 8);
	fixture_custom(&f, &in, 1, 4, 8, 1, 0, 0, 0, 2, HIDP_LAYER_OWN_CHANNELS);
	fixture_seal_model(&f);
	fixture_node(&f, node);
	fixture_processor(&f, 0, 0, 1e4, plain_processor);
	fixture_processor(&f, 0, 0, 1e4, plain_processor);
	fixture_seal_cluster(&f);
	begin_share(2);
	fixture_step(&f, HIDP_STEP_CHANNELS, 1);
	fixture_slice(&f, 0, 0, 1); /* two groups of two channels */
	fixture_slice(&f, 1, 1, 2);
	fixture_seal_plan(&f);
	/* half of 128 bytes in and of 128 bytes out */
	fixture_figures(&f, 0.0128, 0.0128, 0);
}
END_TEST

/* The CPU reads what the GPU has made: the GPU copies it out when it is needed. */
START_TEST(test_copy_between)
{
	make_channels();
	make_gpu();
	begin_share(3);
	fixture_single(&f, 1, 1);
	fixture_single(&f, 1, 0);
	fixture_seal_plan(&f);
	/* a: 3.2 ms in, 4 ms. b: 0.1 ms, 12.8 ms for the copy, 2 ms */
	fixture_figures(&f, 0.0072 + 0.0149, 0.02, 0);
	fixture_processor_figures(&f, 0, 1, 41 + 32 + 128, 0.0072 + 0.0128);
	fixture_processor_figures(&f, 0, 0, 8 + 128 + 32, 0.0021);
	/* waiting: hand-over and copies, not computing */
	struct hidp_task_info t = HIDP_TASK_INFO_INIT;
	ck_assert_int_eq(hidp_plan_get_task(f.plan, 1, &t), HIDP_OK);
	assert_close(t.start_s, 0.0072);
	assert_close(t.end_s, 0.0221);
	assert_close(t.wait_s, 0.0129);
}
END_TEST

/* Rows that two GPUs computed both of are copied out once, by the first. */
START_TEST(test_copy_once)
{
	struct hidp_processor_desc gpu = plain_processor;
	hidp_layer_id in = fixture_input(&f, 1, 4), a[2];
	a[0] = fixture_layer(&f, in, 1, 4, 1, 4000, 0);
	a[1] = fixture_layer(&f, a[0], 1, 4, 3, 4000, 0);
	fixture_custom(&f, a, 2, 1, 4, 1, 0, 0, 0, 1, 0);
	fixture_seal_model(&f);
	gpu.copy_bandwidth_Bps = 1e4;
	fixture_node(&f, plain_node);
	fixture_processor(&f, 0, 1e6, 0, gpu);
	fixture_processor(&f, 0, 1e6, 0, gpu);
	fixture_seal_cluster(&f);
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 3, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_step(&f, HIDP_STEP_ROWS, 2);
	fixture_slice(&f, 0, 0, 2);
	fixture_slice(&f, 1, 2, 4);
	fixture_single_stage(&f, 1, 1, 0, 0);
	fixture_seal_plan(&f);
	/* each computes 2 rows of the second layer and 3 of the first: 1.2 ms in, 3 + 2 ms.
	 * At the end the first GPU copies its 3 and 2 rows out, 2 ms, the second 1 and 2.
	 * Stage 1: 8 rows are copied in, 3.2 ms, there is nothing to compute, and 4 out, 1.6 ms. */
	fixture_figures(&f, 0.0062 + 0.002 + 0.0032 + 0.0016, 0.0082 + 0.0048, 0);
	fixture_processor_figures(&f, 0, 1, 12 + 12 + 8, 0.0062 + 0.0012);
}
END_TEST

START_TEST(test_branch)
{
	static const hidp_layer_id a[] = {1}, b[] = {2};
	struct hidp_node_desc node = plain_node;
	hidp_layer_id in = fixture_input(&f, 1, 8), both[2];
	both[0] = fixture_layer(&f, in, 1, 8, 1, 8000, 0);
	both[1] = fixture_layer(&f, in, 1, 8, 1, 3000, 0);
	fixture_custom(&f, both, 2, 1, 8, 1, 1000, 0, 0, 1, 0);
	fixture_seal_model(&f);
	node.sync_s = 0.0001;
	make_node(node);
	begin_share(4);
	fixture_step(&f, HIDP_STEP_BRANCH, 2);
	fixture_branch_slice(&f, 0, a, 1);
	fixture_branch_slice(&f, 1, b, 1);
	fixture_single(&f, 1, 1);
	fixture_seal_plan(&f);
	/* 8 ms beside 6 ms; hand-over; 2 ms */
	fixture_figures(&f, 0.008 + 0.0001 + 0.002, 0.0081, 0);
	fixture_processor_figures(&f, 0, 0, 64, 0.008);
	fixture_processor_figures(&f, 0, 1, 96, 0.0081);
}
END_TEST

/* No hand-over from one single step to the next on the same processor, also across stages. */
START_TEST(test_hand_over)
{
	struct hidp_node_desc node = plain_node;
	node.sync_s = 0.001;
	make_windows(8, 8000);
	make_node(node);
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_single_stage(&f, 1, 1, 0, 0);
	fixture_seal_plan(&f);
	fixture_figures(&f, 0.016, 0.016, 0);
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_single_stage(&f, 1, 1, 0, 1);
	fixture_seal_plan(&f);
	fixture_figures(&f, 0.008 + 0.001 + 0.016, 0.017, 0);
}
END_TEST

/* A processor of which others take half, and measured times. */
START_TEST(test_load_and_table)
{
	struct hidp_cost_builder *b;
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	hidp_layer_id in = fixture_input(&f, 1, 8);
	fixture_layer(&f, in, 4, 8, 1, 8000, 0);
	fixture_seal_model(&f);
	make_node(plain_node);
	ck_ok(hidp_cost_builder_new(f.model, f.cluster, &b), f.diag);
	e.seconds = 0.010;
	e.row_fixed_s = 0.002;
	e.channel_fixed_s = 0.004;
	ck_ok(hidp_cost_builder_set(b, 1, 0, 1, &e, &f.diag), f.diag);
	ck_ok(hidp_cost_builder_seal(b, &f.cost, &f.diag), f.diag);
	hidp_cost_builder_destroy(b);
	ck_ok(hidp_cluster_builder_set_load(f.cluster_builder, 0, 1, 0.5, &f.diag), f.diag);
	fixture_seal_cluster(&f);

	begin_share(2);
	fixture_step(&f, HIDP_STEP_ROWS, 1);
	fixture_slice(&f, 0, 0, 5);
	fixture_slice(&f, 1, 5, 8);
	fixture_seal_plan(&f);
	/* 5 / 8 * 8 ms; (2 + 3 / 8 * 8) / 0.5 = 10 ms */
	fixture_figures(&f, 0.010, 0.010, 0);
	fixture_processor_figures(&f, 0, 0, 20 + 80, 0.005);

	begin_share(2);
	fixture_step(&f, HIDP_STEP_CHANNELS, 1);
	fixture_slice(&f, 0, 0, 3);
	fixture_slice(&f, 1, 3, 4);
	fixture_seal_plan(&f);
	/* 3 / 4 * 8 ms; (4 + 1 / 4 * 6) / 0.5 = 11 ms */
	fixture_figures(&f, 0.011, 0.011, 0);
}
END_TEST

/* Workspace shrinks with the rows, and outputs that nobody needs any more are given up. */
START_TEST(test_working_set)
{
	hidp_layer_id in = fixture_input(&f, 1, 8), at = in;
	for (int i = 0; i < 3; i++)
		at = fixture_custom(&f, &at, 1, 1, 8, 1, 0, 0, i == 1 ? 800 : 0, 1, 0);
	fixture_seal_model(&f);
	make_node(plain_node);
	begin_share(4);
	fixture_single(&f, 1, 0);
	fixture_step(&f, HIDP_STEP_ROWS, 1);
	fixture_slice(&f, 0, 0, 6);
	fixture_slice(&f, 1, 6, 8);
	fixture_single(&f, 1, 0);
	fixture_seal_plan(&f);
	/* input 32, the first's output 32, the second's 32 and workspace 800 */
	fixture_node_figures(&f, 0, 896, 0, 0, 0, 0);
	/* a slice of it: 6 rows in, 6 out, 600; 2 and 2 and 200 */
	fixture_processor_figures(&f, 0, 0, 24 + 24 + 600, 0);
	fixture_processor_figures(&f, 0, 1, 8 + 8 + 200, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan-processors");
	TCase *tcase = tcase_create("processors");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_rows);
	tcase_add_test(tcase, test_rows_of_two_layers);
	tcase_add_test(tcase, test_slice_without_rows);
	tcase_add_test(tcase, test_channels);
	tcase_add_test(tcase, test_own_channels);
	tcase_add_test(tcase, test_copy_between);
	tcase_add_test(tcase, test_copy_once);
	tcase_add_test(tcase, test_branch);
	tcase_add_test(tcase, test_hand_over);
	tcase_add_test(tcase, test_load_and_table);
	tcase_add_test(tcase, test_working_set);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
