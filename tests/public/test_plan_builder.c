/* SPDX-License-Identifier: MIT */
/* Plans that are none: every kind of them is refused, with the place and the reason. */
#include <math.h>

#include "plan_fixture.h"

static struct fixture f;

/*
 * input -> a, b -> c, five of them: a is layer 1, b 2, c 3 (reads a and b), then
 * d 4, e 5, g 6 in a row; 8 rows of 4 channels. Two nodes of two processors.
 */
static void set_up(void)
{
	const struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	const struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	hidp_layer_id both[2];
	fixture_begin(&f);
	hidp_layer_id at = fixture_input(&f, 4, 8);
	both[0] = fixture_layer(&f, at, 4, 8, 1, 1000, 10);
	both[1] = fixture_custom(&f, &at, 1, 4, 8, 1, 1000, 10, 0, 0, 0); /* not by channels */
	at = fixture_custom(&f, both, 2, 4, 8, 1, 1000, 10, 0, 1, 0);
	for (int i = 0; i < 3; i++)
		at = fixture_layer(&f, at, 4, 8, 3, 1000, 10);
	fixture_seal_model(&f);
	for (int n = 0; n < 2; n++) {
		fixture_node(&f, node);
		fixture_processor(&f, (hidp_node_id)n, 1e6, 0, processor);
		fixture_processor(&f, (hidp_node_id)n, 1e6, 0, processor);
	}
	fixture_link(&f, 0, 1, 1e4, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	fixture_plan(&f);
}

static void tear_down(void)
{
	fixture_end(&f);
}

#define PLAN(subject, text) fixture_refused(&f, HIDP_ERR_PLAN, subject, text)

/* --- what builders refuse at once */

START_TEST(test_arguments)
{
	struct hidp_plan_builder *b = NULL;
	struct hidp_plan *plan = NULL;
	ck_refused(hidp_plan_builder_new(NULL, f.cluster, NULL, NULL, &b, &f.diag), f.diag,
	           HIDP_ERR_ARGUMENT, "", "NULL");
	ck_refused(hidp_plan_builder_new(f.model, NULL, NULL, NULL, &b, &f.diag), f.diag,
	           HIDP_ERR_ARGUMENT, "", "NULL");
	ck_refused(hidp_plan_builder_new(f.model, f.cluster, NULL, NULL, NULL, &f.diag), f.diag,
	           HIDP_ERR_ARGUMENT, "", "NULL");
	ck_assert_ptr_null(b);
	ck_refused(hidp_plan_builder_add_stage(f.plan_builder, NULL, &f.diag), f.diag,
	           HIDP_ERR_ARGUMENT, "", "NULL");
	ck_refused(hidp_plan_builder_seal(NULL, &plan, &f.diag), f.diag, HIDP_ERR_ARGUMENT, "", "NULL");
	ck_refused(hidp_plan_builder_seal(f.plan_builder, NULL, &f.diag), f.diag, HIDP_ERR_ARGUMENT,
	           "", "NULL");
	ck_refused(hidp_plan_verify(NULL, &f.diag), f.diag, HIDP_ERR_ARGUMENT, "", "NULL");
	ck_assert_int_eq(hidp_plan_builder_add_slice(NULL, NULL, NULL), HIDP_ERR_ARGUMENT);
	hidp_plan_builder_destroy(NULL);
	hidp_plan_unref(NULL);
}
END_TEST

START_TEST(test_cost_of_another)
{
	struct fixture other;
	struct hidp_cost_builder *cost_builder;
	struct hidp_plan_builder *b = NULL;
	fixture_begin(&other);
	fixture_layer(&other, fixture_input(&other, 1, 1), 1, 1, 1, 1, 0);
	fixture_seal_model(&other);
	ck_ok(hidp_cost_builder_new(other.model, f.cluster, &cost_builder), f.diag);
	ck_ok(hidp_cost_builder_seal(cost_builder, &other.cost, &f.diag), f.diag);
	hidp_cost_builder_destroy(cost_builder);
	ck_refused(hidp_plan_builder_new(f.model, f.cluster, other.cost, NULL, &b, &f.diag), f.diag,
	           HIDP_ERR_COST, "model", "another model or cluster");
	ck_assert_ptr_null(b);
	fixture_end(&other);
}
END_TEST

static void refuse_stage(hidp_stage_kind kind, uint32_t layers, int64_t units, const char *text)
{
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	d.kind = kind;
	d.layer_count = layers;
	d.row_units = units;
	ck_refused(hidp_plan_builder_add_stage(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_PLAN,
	           "plan", text);
}

START_TEST(test_stage)
{
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	refuse_stage(0, 1, 0, "stage kind 0 is unknown");
	refuse_stage(5, 1, 0, "stage kind 5 is unknown");
	refuse_stage(HIDP_STAGE_SINGLE, 0, 0, "a stage of 0 layers");
	refuse_stage(HIDP_STAGE_SINGLE, 8, 0, "a stage of 8 layers, the model has 7");
	refuse_stage(HIDP_STAGE_SINGLE, 7, 1, "1 row units");
	refuse_stage(HIDP_STAGE_SPLIT, 7, 0, "0 row units");
	refuse_stage(HIDP_STAGE_SPLIT, 7, -3, "-3 row units");
	d.kind = HIDP_STAGE_SINGLE;
	d.layer_count = 7;
	d.flags = 1;
	ck_refused(hidp_plan_builder_add_stage(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_ABI,
	           "plan", "flags 0x1 are unknown");
	d.flags = 0;
	d.struct_size = 8;
	ck_refused(hidp_plan_builder_add_stage(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_ABI,
	           "plan", "unknown size");
}
END_TEST

START_TEST(test_share)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	static const hidp_layer_id layers[] = {1};
	ck_refused(hidp_plan_builder_add_share(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_PLAN,
	           "plan", "a share without a stage");
	fixture_stage(&f, HIDP_STAGE_SINGLE, 7, 0);
	d.node = 2;
	ck_refused(hidp_plan_builder_add_share(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_PLAN,
	           "plan", "node 2");
	d.node = 0;
	d.layers = layers;
	d.layer_count = 1;
	ck_refused(hidp_plan_builder_add_share(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_PLAN,
	           "plan", "outside a branch");
	fixture_stage(&f, HIDP_STAGE_BRANCH, 7, 0);
	d.layer_count = 0;
	ck_refused(hidp_plan_builder_add_share(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_PLAN,
	           "plan", "lists no layers");
	d.layer_count = 8;
	ck_refused(hidp_plan_builder_add_share(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_PLAN,
	           "plan", "more than there are");
	d.layers = NULL;
	d.layer_count = 1;
	ck_refused(hidp_plan_builder_add_share(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_PLAN,
	           "plan", "lists no layers");
	d.reserved = 1;
	ck_refused(hidp_plan_builder_add_share(f.plan_builder, &d, &f.diag), f.diag, HIDP_ERR_ABI,
	           "plan", "unknown");
}
END_TEST

START_TEST(test_step_and_slice)
{
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
	static const hidp_layer_id layers[] = {1};
	ck_refused(hidp_plan_builder_add_step(f.plan_builder, &step, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "a step without a share");
	fixture_stage(&f, HIDP_STAGE_SINGLE, 7, 0);
	ck_refused(hidp_plan_builder_add_step(f.plan_builder, &step, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "a step without a share");
	ck_refused(hidp_plan_builder_add_slice(f.plan_builder, &slice, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "a slice without a step");
	fixture_share(&f, 0, 0, 0);
	ck_refused(hidp_plan_builder_add_slice(f.plan_builder, &slice, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "a slice without a step");
	ck_refused(hidp_plan_builder_add_step(f.plan_builder, &step, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "step kind 0 is unknown");
	step.kind = 5;
	ck_refused(hidp_plan_builder_add_step(f.plan_builder, &step, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "step kind 5 is unknown");
	step.kind = HIDP_STEP_SINGLE;
	ck_refused(hidp_plan_builder_add_step(f.plan_builder, &step, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "a step of 0 layers");
	step.layer_count = 8;
	ck_refused(hidp_plan_builder_add_step(f.plan_builder, &step, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "a step of 8 layers");
	step.layer_count = 1;
	step.flags = 2;
	ck_refused(hidp_plan_builder_add_step(f.plan_builder, &step, &f.diag), f.diag, HIDP_ERR_ABI,
	           "plan", "unknown");
	fixture_step(&f, HIDP_STEP_SINGLE, 6);
	slice.layers = layers;
	slice.layer_count = 1;
	ck_refused(hidp_plan_builder_add_slice(f.plan_builder, &slice, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "plan", "outside a branch");
	slice.flags = 1;
	ck_refused(hidp_plan_builder_add_slice(f.plan_builder, &slice, &f.diag), f.diag,
	           HIDP_ERR_ABI, "plan", "unknown");
	/* none of these calls has left anything behind */
	fixture_slice(&f, 0, 0, 0);
	fixture_seal_plan(&f);
}
END_TEST

/* --- what sealing refuses */

static void one_step(uint32_t layers)
{
	fixture_single(&f, layers, 0);
}

START_TEST(test_too_few_layers)
{
	PLAN("plan", "stages cover 0 of the model's 7 layers");
	fixture_single_stage(&f, 4, 3, 0, 0);
	PLAN("plan", "stages cover 4 of the model's 7 layers");
	fixture_single_stage(&f, 3, 3, 0, 0);
	fixture_seal_plan(&f); /* going on after a refusal is fine */
	fixture_single_stage(&f, 3, 3, 0, 0);
	PLAN("stage 2", "has 3 layers where 0 are left");
}
END_TEST

START_TEST(test_inputs_alone)
{
	fixture_stage(&f, HIDP_STAGE_SINGLE, 1, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_single_stage(&f, 6, 6, 0, 0);
	PLAN("stage 0", "computes nothing");
}
END_TEST

START_TEST(test_share_counts)
{
	fixture_stage(&f, HIDP_STAGE_SINGLE, 7, 0);
	PLAN("stage 0", "has 0 shares");
	fixture_share(&f, 0, 0, 0);
	one_step(6);
	fixture_share(&f, 1, 0, 0);
	one_step(6);
	PLAN("stage 0", "has 2 shares");
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SPLIT, 7, 8);
	fixture_share(&f, 0, 0, 8);
	one_step(6);
	PLAN("stage 0", "has 1 shares");
}
END_TEST

START_TEST(test_node_twice)
{
	fixture_stage(&f, HIDP_STAGE_SPLIT, 7, 8);
	fixture_share(&f, 0, 0, 4);
	one_step(6);
	fixture_share(&f, 0, 4, 8);
	one_step(6);
	PLAN("stage 0", "node node0 has two shares");
}
END_TEST

static void split(int64_t units, int64_t a, int64_t b, int64_t c, int64_t d)
{
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SPLIT, 7, units);
	fixture_share(&f, 0, a, b);
	one_step(6);
	fixture_share(&f, 1, c, d);
	one_step(6);
}

START_TEST(test_row_units)
{
	const int64_t most = (int64_t)1 << 31;
	split(8, 0, 4, 5, 8);
	PLAN("stage 0", "share 1 has row units 5 to 8");
	split(8, 0, 4, 3, 8);
	PLAN("stage 0", "share 1 has row units 3 to 8");
	split(8, 1, 4, 4, 8);
	PLAN("stage 0", "share 0 has row units 1 to 4");
	split(8, 0, 8, 8, 8);
	PLAN("stage 0", "share 1 has row units 8 to 8");
	split(8, 0, 4, 4, 7);
	PLAN("stage 0", "shares end at 7 of 8");
	split(8, 0, 4, 4, 9);
	PLAN("stage 0", "shares end at 9 of 8");
	split(INT64_MAX, 0, 4, 4, INT64_MAX);
	PLAN("stage 0", "row units are out of range");
	split(most + 1, 0, 4, 4, most + 1);
	PLAN("stage 0", "2147483649 row units are out of range");
	split(most, 0, most / 2, most / 2, most);
	fixture_seal_plan(&f);
	split(3, 0, 1, 1, 3); /* not the rows of any tensor, but a division of all */
	fixture_seal_plan(&f);
}
END_TEST

static void replicas(double a, double b)
{
	f.options.flags = HIDP_PLAN_STREAM;
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_REPLICA, 7, 0);
	fixture_replica(&f, 0, a);
	one_step(6);
	fixture_replica(&f, 1, b);
	one_step(6);
}

START_TEST(test_replicas)
{
	fixture_stage(&f, HIDP_STAGE_REPLICA, 7, 0);
	fixture_replica(&f, 0, 0.5);
	one_step(6);
	fixture_replica(&f, 1, 0.5);
	one_step(6);
	PLAN("stage 0", "replicas are for streams");
	replicas(0.5, 0.4);
	PLAN("stage 0", "fractions add up to 0.9");
	replicas(0, 1);
	PLAN("stage 0", "fraction 0 of share 0 is out of range");
	replicas(1.5, -0.5);
	PLAN("stage 0", "fraction 1.5 of share 0 is out of range");
	replicas(NAN, 1);
	PLAN("stage 0", "of share 0 is out of range");
	replicas(1.0 / 3, 2.0 / 3);
	fixture_seal_plan(&f);
}
END_TEST

/* Two to the power of the stages are the routes; 256 are allowed. */
START_TEST(test_routes)
{
	struct fixture big;
	const struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	const struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	fixture_begin(&big);
	hidp_layer_id at = fixture_input(&big, 1, 1);
	for (int i = 0; i < 9; i++)
		at = fixture_layer(&big, at, 1, 1, 1, 1, 0);
	fixture_seal_model(&big);
	for (hidp_node_id n = 0; n < 2; n++) {
		fixture_node(&big, node);
		fixture_processor(&big, n, 1, 0, processor);
	}
	fixture_link(&big, 0, 1, 1, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&big);
	big.options.flags = HIDP_PLAN_STREAM;
	fixture_plan(&big);
	for (int i = 0; i < 8; i++) {
		fixture_stage(&big, HIDP_STAGE_REPLICA, i == 0 ? 2 : 1, 0);
		for (hidp_node_id n = 0; n < 2; n++) {
			fixture_replica(&big, n, 0.5);
			fixture_single(&big, 1, 0);
		}
	}
	fixture_refused(&big, HIDP_ERR_PLAN, "plan", "cover 9 of the model's 10 layers");
	fixture_stage(&big, HIDP_STAGE_REPLICA, 1, 0);
	for (hidp_node_id n = 0; n < 2; n++) {
		fixture_replica(&big, n, 0.5);
		fixture_single(&big, 1, 0);
	}
	fixture_refused(&big, HIDP_ERR_PLAN, "stage 8", "more than 256 routes");
	fixture_end(&big);
}
END_TEST

static void branches(uint32_t layers, const hidp_layer_id *a, uint32_t a_count,
                     const hidp_layer_id *b, uint32_t b_count)
{
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_BRANCH, layers, 0);
	fixture_branch(&f, 0, a, a_count);
	one_step(a_count);
	fixture_branch(&f, 1, b, b_count);
	one_step(b_count);
	if (layers < 7)
		fixture_single_stage(&f, 7 - layers, 7 - layers, 0, 0);
}

START_TEST(test_branches)
{
	static const hidp_layer_id one[] = {1}, two[] = {2}, two_three[] = {2, 3};
	static const hidp_layer_id three_two[] = {3, 2}, zero[] = {0}, six[] = {6}, twice[] = {1, 1};
	branches(3, one, 1, one, 1);
	PLAN("stage 0", "layer 0 of share 1 is not in the stage, given twice or out of order");
	branches(3, one, 1, zero, 1); /* a model input is computed by nobody */
	PLAN("stage 0", "layer 0 of share 1");
	branches(3, one, 1, six, 1);
	PLAN("stage 0", "layer 0 of share 1");
	branches(3, twice, 2, two, 1);
	PLAN("stage 0", "layer 1 of share 0");
	branches(4, one, 1, three_two, 2);
	PLAN("stage 0", "layer 1 of share 1");
	branches(4, one, 1, two, 1);
	PLAN("stage 0", "1 of its 3 layers are in no share");
	branches(4, one, 1, two_three, 2);
	PLAN("stage 0", "which is in another branch");
	branches(3, two, 1, one, 1); /* any order of nodes */
	fixture_seal_plan(&f);
}
END_TEST

/* A stage of all layers on node 0; steps follow. */
static void begin_steps(void)
{
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 7, 0);
	fixture_share(&f, 0, 0, 0);
}

START_TEST(test_step_layers)
{
	begin_steps();
	PLAN("stage 0, share 0", "steps cover 0 of its 6 layers");
	one_step(5);
	PLAN("stage 0, share 0", "steps cover 5 of its 6 layers");
	one_step(2);
	PLAN("stage 0, share 0, step 1", "has 2 layers where 1 are left");
}
END_TEST

START_TEST(test_slice_counts)
{
	begin_steps();
	fixture_step(&f, HIDP_STEP_SINGLE, 6);
	PLAN("stage 0, share 0, step 0", "has 0 slices");
	fixture_slice(&f, 0, 0, 0);
	fixture_slice(&f, 1, 0, 0);
	PLAN("stage 0, share 0, step 0", "has 2 slices");
	begin_steps();
	one_step(5);
	fixture_step(&f, HIDP_STEP_ROWS, 1);
	fixture_slice(&f, 0, 0, 8);
	PLAN("stage 0, share 0, step 1", "has 1 slices");
}
END_TEST

START_TEST(test_slice_processors)
{
	begin_steps();
	fixture_single(&f, 6, 2);
	PLAN("stage 0, share 0, step 0", "slice 0 is on processor 2, which node node0 does not have");
	begin_steps();
	one_step(5);
	fixture_step(&f, HIDP_STEP_ROWS, 1);
	fixture_slice(&f, 1, 0, 4);
	fixture_slice(&f, 1, 4, 8);
	PLAN("stage 0, share 0, step 1", "processor 1 has two slices");
}
END_TEST

static void divide(hidp_step_kind kind, uint32_t before, uint32_t layers, int64_t a, int64_t b,
                   int64_t c, int64_t d)
{
	begin_steps();
	if (before > 0)
		one_step(before);
	fixture_step(&f, kind, layers);
	fixture_slice(&f, 0, a, b);
	fixture_slice(&f, 1, c, d);
	if (before + layers < 6)
		one_step(6 - before - layers);
}

START_TEST(test_rows)
{
	divide(HIDP_STEP_ROWS, 5, 1, 0, 4, 5, 8);
	PLAN("stage 0, share 0, step 1", "slice 1 has 5 to 8");
	divide(HIDP_STEP_ROWS, 5, 1, 0, 5, 4, 8);
	PLAN("stage 0, share 0, step 1", "slice 1 has 4 to 8");
	divide(HIDP_STEP_ROWS, 5, 1, 1, 5, 5, 8);
	PLAN("stage 0, share 0, step 1", "slice 0 has 1 to 5");
	divide(HIDP_STEP_ROWS, 5, 1, 0, 8, 8, 8);
	PLAN("stage 0, share 0, step 1", "slice 1 has 8 to 8");
	divide(HIDP_STEP_ROWS, 5, 1, 0, 4, 4, 7);
	PLAN("stage 0, share 0, step 1", "slices end at 7 of 8");
	divide(HIDP_STEP_ROWS, 5, 1, 0, 4, 4, INT64_MAX);
	PLAN("stage 0, share 0, step 1", "of 8");
	divide(HIDP_STEP_ROWS, 0, 5, 0, 4, 4, 8);
	PLAN("stage 0, share 0, step 0", "divides the rows of 5 layers at once, at most 4");
	divide(HIDP_STEP_ROWS, 2, 4, 0, 4, 4, 8);
	fixture_seal_plan(&f);
}
END_TEST

START_TEST(test_channels)
{
	divide(HIDP_STEP_CHANNELS, 5, 1, 0, 2, 3, 4);
	PLAN("stage 0, share 0, step 1", "slice 1 has 3 to 4");
	divide(HIDP_STEP_CHANNELS, 5, 1, 0, 2, 2, 5);
	PLAN("stage 0, share 0, step 1", "slices end at 5 of 4");
	divide(HIDP_STEP_CHANNELS, 4, 2, 0, 2, 2, 4);
	PLAN("stage 0, share 0, step 1", "divides the channels of 2 layers at once");
	divide(HIDP_STEP_CHANNELS, 1, 1, 0, 1, 1, 2);
	PLAN("stage 0, share 0, step 1", "channels of layer layer2 cannot be divided");
	divide(HIDP_STEP_CHANNELS, 5, 1, 0, 1, 1, 4);
	fixture_seal_plan(&f);
}
END_TEST

/* A share without rows of a layer has nothing to divide. */
START_TEST(test_nothing_to_divide)
{
	struct fixture small;
	const struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	const struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	fixture_begin(&small);
	hidp_layer_id at = fixture_input(&small, 4, 8);
	at = fixture_layer(&small, at, 4, 8, 1, 1, 0);
	fixture_layer(&small, at, 4, 1, 1, 1, 0);
	fixture_seal_model(&small);
	for (hidp_node_id n = 0; n < 2; n++) {
		fixture_node(&small, node);
		fixture_processor(&small, n, 1, 0, processor);
		fixture_processor(&small, n, 1, 0, processor);
	}
	fixture_link(&small, 0, 1, 1, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&small);
	for (hidp_step_kind kind = HIDP_STEP_ROWS; kind <= HIDP_STEP_CHANNELS; kind++) {
		fixture_plan(&small);
		fixture_stage(&small, HIDP_STAGE_SPLIT, 3, 8);
		fixture_share(&small, 0, 0, 4); /* owns 4 rows of the first and none of the second */
		fixture_single(&small, 1, 0);
		fixture_step(&small, kind, 1);
		fixture_slice(&small, 0, 0, 2);
		fixture_slice(&small, 1, 2, 4);
		fixture_share(&small, 1, 4, 8);
		fixture_single(&small, 2, 0);
		fixture_refused(&small, HIDP_ERR_PLAN, "stage 0, share 0, step 1",
		                kind == HIDP_STEP_ROWS ? "of 0" : "no rows of layer layer2 to divide");
	}
	fixture_end(&small);
}
END_TEST

static void branch_step(uint32_t layers, const hidp_layer_id *a, uint32_t a_count,
                        const hidp_layer_id *b, uint32_t b_count)
{
	begin_steps();
	fixture_step(&f, HIDP_STEP_BRANCH, layers);
	fixture_branch_slice(&f, 0, a, a_count);
	fixture_branch_slice(&f, 1, b, b_count);
	one_step(6 - layers);
}

START_TEST(test_branch_step)
{
	static const hidp_layer_id one[] = {1}, two[] = {2}, two_three[] = {2, 3}, three_two[] = {3, 2};
	static const hidp_layer_id six[] = {6}, far[] = {1000000}, twice[] = {1, 1};
	branch_step(2, one, 1, one, 1);
	PLAN("stage 0, share 0, step 0", "layer 0 of slice 1 is not in the step, given twice or out of order");
	branch_step(2, one, 1, six, 1);
	PLAN("stage 0, share 0, step 0", "layer 0 of slice 1");
	branch_step(2, far, 1, two, 1);
	PLAN("stage 0, share 0, step 0", "layer 0 of slice 0");
	branch_step(2, twice, 2, two, 1);
	PLAN("stage 0, share 0, step 0", "layer 1 of slice 0");
	branch_step(3, one, 1, three_two, 2);
	PLAN("stage 0, share 0, step 0", "layer 1 of slice 1");
	branch_step(3, one, 1, two, 1);
	PLAN("stage 0, share 0, step 0", "1 of its 3 layers are in no slice");
	branch_step(3, one, 1, two_three, 2);
	PLAN("stage 0, share 0, step 0", "layer layer3 reads layer layer1, which is in another branch");
	branch_step(2, one, 1, two, 1);
	fixture_seal_plan(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan-builder");
	TCase *tcase = tcase_create("add");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_arguments);
	tcase_add_test(tcase, test_cost_of_another);
	tcase_add_test(tcase, test_stage);
	tcase_add_test(tcase, test_share);
	tcase_add_test(tcase, test_step_and_slice);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("seal");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_too_few_layers);
	tcase_add_test(tcase, test_inputs_alone);
	tcase_add_test(tcase, test_share_counts);
	tcase_add_test(tcase, test_node_twice);
	tcase_add_test(tcase, test_row_units);
	tcase_add_test(tcase, test_replicas);
	tcase_add_test(tcase, test_routes);
	tcase_add_test(tcase, test_branches);
	tcase_add_test(tcase, test_step_layers);
	tcase_add_test(tcase, test_slice_counts);
	tcase_add_test(tcase, test_slice_processors);
	tcase_add_test(tcase, test_rows);
	tcase_add_test(tcase, test_channels);
	tcase_add_test(tcase, test_nothing_to_divide);
	tcase_add_test(tcase, test_branch_step);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
