/* SPDX-License-Identifier: MIT */
/*
 * Plans that are broken on purpose. The builder refuses them, so that each is built
 * right and then damaged in its private parts; the verifier must say what is wrong.
 */
#include "plan/plan_priv.h"
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

/* Three nodes of two processors, all linked. */
static void make_nodes(void)
{
	const struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	const struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	for (hidp_node_id n = 0; n < 3; n++) {
		fixture_node(&f, node);
		fixture_processor(&f, n, 1e6, 1e6, processor);
		fixture_processor(&f, n, 2e6, 1e6, processor);
	}
	for (hidp_node_id n = 0; n < 3; n++)
		fixture_link(&f, n, (n + 1) % 3, 1e6, 0.001, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
}

/*
 * input -> layer1 -> layer2 (window 3) -> layer3 | layer4 (8 channels) -> layer5,
 * 16 rows. The first stage is split at row 8 over nodes 0 and 1; on node 0, layers 1
 * and 2 are divided by rows, on node 1 each is a step. Node 2 does the rest, layer 4
 * divided by channels.
 */
static void make_split(void)
{
	hidp_layer_id at = fixture_input(&f, 4, 16);
	for (int i = 1; i <= 5; i++)
		at = fixture_layer(&f, at, 8, 16, i == 2 ? 3 : 1, 1000, 100);
	fixture_seal_model(&f);
	make_nodes();
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_SPLIT, 4, 16);
	fixture_share(&f, 0, 0, 8);
	fixture_step(&f, HIDP_STEP_ROWS, 2);
	fixture_slice(&f, 0, 0, 4);
	fixture_slice(&f, 1, 4, 8);
	fixture_single(&f, 1, 0);
	fixture_share(&f, 1, 8, 16);
	fixture_single(&f, 1, 0);
	fixture_single(&f, 1, 1);
	fixture_single(&f, 1, 0);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 2, 0);
	fixture_share(&f, 2, 0, 0);
	fixture_step(&f, HIDP_STEP_CHANNELS, 1);
	fixture_slice(&f, 0, 0, 3);
	fixture_slice(&f, 1, 3, 8);
	fixture_single(&f, 1, 1);
	fixture_seal_plan(&f);
}

/*
 * input -> layer1 -> { layer2 -> layer3, layer4 } -> layer5 -> { layer6 -> layer8, layer7 }.
 * The first braces are branches on nodes 0 and 1, the second on the processors of node 0.
 */
static void make_branches(void)
{
	static const hidp_layer_id ends[] = {3, 4}, left[] = {2, 3}, right[] = {4};
	static const hidp_layer_id above[] = {6, 8}, below[] = {7};
	hidp_layer_id in = fixture_input(&f, 4, 8);
	hidp_layer_id fork = fixture_layer(&f, in, 4, 8, 1, 1000, 100);
	hidp_layer_id two = fixture_layer(&f, fork, 4, 8, 1, 1000, 100);
	fixture_layer(&f, two, 4, 8, 1, 1000, 100);
	fixture_layer(&f, fork, 4, 8, 1, 1000, 100);
	hidp_layer_id five = fixture_custom(&f, ends, 2, 4, 8, 1, 1000, 100, 0, 1, 0);
	hidp_layer_id six = fixture_layer(&f, five, 4, 8, 1, 1000, 100);
	fixture_layer(&f, five, 4, 8, 1, 1000, 100);
	fixture_layer(&f, six, 4, 8, 1, 1000, 100);
	fixture_seal_model(&f);
	make_nodes();
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_stage(&f, HIDP_STAGE_BRANCH, 3, 0);
	fixture_branch(&f, 0, left, 2);
	fixture_single(&f, 2, 0);
	fixture_branch(&f, 1, right, 1);
	fixture_single(&f, 1, 0);
	fixture_stage(&f, HIDP_STAGE_SINGLE, 4, 0);
	fixture_share(&f, 0, 0, 0);
	fixture_single(&f, 1, 0);
	fixture_step(&f, HIDP_STEP_BRANCH, 3);
	fixture_branch_slice(&f, 0, above, 2);
	fixture_branch_slice(&f, 1, below, 1);
	fixture_seal_plan(&f);
}

/* A stream: input -> layer1 on node 0, layer2 (window 3) -> layer3 in turns on nodes 1 and 2. */
static void make_replicas(void)
{
	hidp_layer_id at = fixture_input(&f, 4, 8);
	for (int i = 1; i <= 3; i++)
		at = fixture_layer(&f, at, 4, 8, i == 3 ? 3 : 1, 1000, 100);
	fixture_seal_model(&f);
	make_nodes();
	f.options.flags = HIDP_PLAN_STREAM;
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 1, 0, 0);
	fixture_stage(&f, HIDP_STAGE_REPLICA, 2, 0);
	for (hidp_node_id n = 1; n <= 2; n++) {
		fixture_replica(&f, n, 0.5);
		fixture_single(&f, 1, 0);
		fixture_single(&f, 1, 0);
	}
	fixture_seal_plan(&f);
}

static struct hidp__stage *stage_at(uint32_t stage)
{
	return &f.plan->decisions.stages[stage];
}

static struct hidp__share *share_at(uint32_t stage, uint32_t share)
{
	return &stage_at(stage)->shares[share];
}

static struct hidp__step *step_at(uint32_t stage, uint32_t share, uint32_t step)
{
	return &share_at(stage, share)->steps[step];
}

static struct hidp__slice *slice_at(uint32_t stage, uint32_t share, uint32_t step, uint32_t slice)
{
	return &step_at(stage, share, step)->slices[slice];
}

static struct hidp__node *node_at(hidp_node_id node)
{
	return &f.plan->cluster->nodes[node];
}

static struct hidp_plan_options *options(void)
{
	return &f.plan->request.options;
}

static void no_route(hidp_node_id from, hidp_node_id to)
{
	f.plan->cluster->next[from * 3 + to] = HIDP_NODE_NONE;
}

static const uint32_t zero[] = {0}, one[] = {1}, two[] = {2};

/* What is done to a plan: the function's name, and its body. */
#define DAMAGE(name, ...)                                                                          \
	static void name(void)                                                                     \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

/* rows and channels that nobody computes, or two do */
DAMAGE(row_missing_between_slices, slice_at(0, 0, 0, 0)->range.end = 3)
DAMAGE(row_missing_behind_slices, slice_at(0, 0, 0, 1)->range.end = 7)
DAMAGE(row_in_two_slices, slice_at(0, 0, 0, 1)->range.begin = 3)
DAMAGE(row_beyond_share, slice_at(0, 0, 0, 1)->range.end = 9)
DAMAGE(slice_of_nothing, slice_at(0, 0, 0, 0)->range.end = 0)
DAMAGE(channel_missing, slice_at(1, 0, 0, 1)->range.end = 7)
DAMAGE(halo_missing_in_share, share_at(0, 1)->comp[0].begin = 8)
DAMAGE(halo_missing_in_replica, share_at(1, 1)->comp[0].begin = 1)
DAMAGE(owned_row_missing, share_at(0, 1)->comp[2].end = 15)
DAMAGE(rows_beyond_tensor, share_at(0, 1)->comp[2].end = 17)
DAMAGE(rows_before_tensor, share_at(0, 1)->comp[2].begin = -1)
DAMAGE(unit_missing_between_shares, share_at(0, 1)->units.begin = 9)
DAMAGE(unit_missing_behind_shares, share_at(0, 1)->units.end = 15)
DAMAGE(unit_in_two_shares, share_at(0, 1)->units.begin = 7)
DAMAGE(no_units, stage_at(0)->row_units = 0)
DAMAGE(too_many_units, stage_at(0)->row_units = INT64_MAX)

/* in the wrong place */
DAMAGE(other_owner, share_at(0, 1)->node = 2)
DAMAGE(two_shares_on_a_node, share_at(0, 1)->node = 0)
DAMAGE(no_such_node, share_at(0, 1)->node = 3)
DAMAGE(no_such_processor, slice_at(0, 0, 0, 1)->processor = 2)
DAMAGE(two_slices_on_a_processor, slice_at(0, 0, 0, 1)->processor = 0)
DAMAGE(pinned_to_another_node, options()->pin_count = 1; options()->pin_layers = two;
       options()->pin_nodes = one)
DAMAGE(pinned_to_another_processor, options()->pin_count = 1; options()->pin_layers = one;
       options()->pin_nodes = zero; options()->pin_processors = one)
DAMAGE(node_excluded, options()->excluded_count = 1; options()->excluded_nodes = two)
DAMAGE(processor_excluded, options()->excluded_count = 1; options()->excluded_nodes = zero;
       options()->excluded_processors = one)
DAMAGE(node_unavailable, node_at(1)->desc.flags = HIDP_NODE_UNAVAILABLE)
DAMAGE(processor_fully_loaded, node_at(1)->processors[1].load = 1)
DAMAGE(processor_cannot_run, node_at(2)->processors[1].rate_flops[HIDP_CLASS_CUSTOM] = 0;
       node_at(2)->processors[1].bandwidth_Bps[HIDP_CLASS_CUSTOM] = 0)
DAMAGE(no_way_to_input, no_route(0, 1))
DAMAGE(no_way_to_tensor, no_route(1, 2))
DAMAGE(no_way_to_output, no_route(2, 0))
DAMAGE(way_in_a_circle, f.plan->cluster->next[1 * 3 + 2] = 0; f.plan->cluster->next[0 * 3 + 2] = 1)

/* memory */
DAMAGE(memory_of_node_short, node_at(0)->desc.memory_bytes = 1000)
DAMAGE(memory_of_processor_short, node_at(1)->processors[0].memory_bytes = 1)
DAMAGE(memory_of_node_wrong, f.plan->evaluation.memory_bytes[2] += 10)
DAMAGE(memory_of_processor_wrong, f.plan->evaluation.processor_memory_bytes[3] -= 10)

/* what is no plan at all */
DAMAGE(stage_kind_unknown, stage_at(0)->kind = 9)
DAMAGE(stage_of_two_single, stage_at(0)->kind = HIDP_STAGE_SINGLE)
DAMAGE(stage_out_of_order, stage_at(1)->first_layer = 3)
DAMAGE(stage_without_layers, stage_at(1)->layer_count = 0)
DAMAGE(stage_too_long, stage_at(1)->layer_count = 3)
DAMAGE(stage_missing, f.plan->decisions.stage_count = 1)
DAMAGE(share_missing, stage_at(0)->share_count = 1)
DAMAGE(layer_of_share_missing, share_at(0, 0)->layer_count = 2)
DAMAGE(layer_of_share_twice, static const hidp_layer_id l[] = {1, 1, 3};
       share_at(0, 0)->layers = l)
DAMAGE(step_kind_unknown, step_at(0, 0, 0)->kind = 9)
DAMAGE(step_of_two_single, step_at(0, 0, 0)->kind = HIDP_STEP_SINGLE)
DAMAGE(step_of_one_slice, step_at(0, 0, 0)->slice_count = 1)
DAMAGE(step_without_layers, step_at(0, 1, 0)->layer_count = 0)
DAMAGE(step_out_of_order, step_at(0, 1, 1)->first = 0)
DAMAGE(step_missing, share_at(0, 1)->step_count = 2)
DAMAGE(channels_of_two_layers, step_at(0, 0, 0)->kind = HIDP_STEP_CHANNELS)
DAMAGE(slice_of_other_layers, slice_at(0, 1, 1, 0)->layers = one)
DAMAGE(slice_of_fewer_layers, slice_at(0, 0, 0, 1)->layer_count = 1)

/* branches */
DAMAGE(layer_in_two_branches, static const hidp_layer_id l[] = {2, 4};
       share_at(1, 1)->layers = l; share_at(1, 1)->layer_count = 2;
       step_at(1, 1, 0)->layer_count = 2; slice_at(1, 1, 0, 0)->layers = l;
       slice_at(1, 1, 0, 0)->layer_count = 2)
DAMAGE(layer_in_no_branch, share_at(1, 0)->layer_count = 1; step_at(1, 0, 0)->layer_count = 1;
       slice_at(1, 0, 0, 0)->layer_count = 1)
DAMAGE(branch_reads_branch, static const hidp_layer_id l[] = {3, 4}; layer_in_no_branch();
       share_at(1, 1)->layers = l; share_at(1, 1)->layer_count = 2;
       step_at(1, 1, 0)->layer_count = 2; slice_at(1, 1, 0, 0)->layers = l;
       slice_at(1, 1, 0, 0)->layer_count = 2)
DAMAGE(branch_of_another_stage, static const hidp_layer_id l[] = {1};
       share_at(1, 1)->layers = l)
DAMAGE(layer_in_two_slices, static const hidp_layer_id l[] = {6}; slice_at(2, 0, 1, 1)->layers = l)
DAMAGE(layer_in_no_slice, slice_at(2, 0, 1, 0)->layer_count = 1)
DAMAGE(slice_reads_slice, static const hidp_layer_id l[] = {7, 8};
       slice_at(2, 0, 1, 0)->layer_count = 1; slice_at(2, 0, 1, 1)->layers = l;
       slice_at(2, 0, 1, 1)->layer_count = 2)

/* replicas */
DAMAGE(fraction_of_nothing, share_at(1, 0)->fraction = 0)
DAMAGE(fractions_too_small, share_at(1, 0)->fraction = 0.25)
DAMAGE(replicas_outside_stream, options()->flags = 0)

static const struct damage {
	void (*make)(void);
	void (*damage)(void);
	const char *subject, *words;
} damages[] = {
        {make_split, row_missing_between_slices, "stage 0, share 0",
         "step 0, slice 1: 4 to 8 does not follow the slice before"},
        {make_split, row_missing_behind_slices, "stage 0, share 0",
         "step 0: its slices end at 7 of 8"},
        {make_split, row_in_two_slices, "stage 0, share 0", "step 0, slice 1: 3 to 8"},
        {make_split, row_beyond_share, "stage 0, share 0", "step 0, slice 1: 4 to 9"},
        {make_split, slice_of_nothing, "stage 0, share 0", "step 0, slice 0: 0 to 0"},
        {make_split, channel_missing, "stage 1, share 0", "step 0: its slices end at 7 of 8"},
        {make_split, halo_missing_in_share, "stage 0, share 1",
         "step 1 computes row 8 of layer layer2, but row 7 of its input layer1 is not on node node1"},
        {make_replicas, halo_missing_in_replica, "stage 1, share 1",
         "step 1 computes row 0 of layer layer3, but row 0 of its input layer2 is not on node node2"},
        {make_split, owned_row_missing, "stage 0, share 1", "row 15 of layer layer3 is not computed"},
        {make_split, rows_beyond_tensor, "stage 0, share 1",
         "rows 8 to 17 of layer layer3 do not exist"},
        {make_split, rows_before_tensor, "stage 0, share 1",
         "rows -1 to 16 of layer layer3 do not exist"},
        {make_split, unit_missing_between_shares, "stage 0, share 1",
         "row units 9 to 16 do not follow the share before"},
        {make_split, unit_missing_behind_shares, "stage 0", "shares cover 15 of 16 row units"},
        {make_split, unit_in_two_shares, "stage 0, share 1", "row units 7 to 16"},
        {make_split, no_units, "stage 0", "0 row units"},
        {make_split, too_many_units, "stage 0", "are too many to count"},

        {make_split, other_owner, "node1", "the node takes 0 bytes, the plan says"},
        {make_split, two_shares_on_a_node, "stage 0, share 1", "its node has another share"},
        {make_split, no_such_node, "stage 0, share 1", "there is no node 3"},
        {make_split, no_such_processor, "stage 0, share 0", "slice 1: there is no processor 2"},
        {make_split, two_slices_on_a_processor, "stage 0, share 0",
         "slice 1: its processor has another slice"},
        {make_split, pinned_to_another_node, "stage 0, share 0",
         "computes layer layer2 on processor cpu0 of node node0, but it is pinned elsewhere"},
        {make_split, pinned_to_another_processor, "stage 0, share 0",
         "computes layer layer1 on processor cpu0 of node node0, but it is pinned elsewhere"},
        {make_split, node_excluded, "stage 1, share 0",
         "uses processor cpu0 of node node2, which is excluded or unavailable"},
        {make_split, processor_excluded, "stage 0, share 0",
         "uses processor cpu1 of node node0, which is excluded"},
        {make_split, node_unavailable, "stage 0, share 1", "processor cpu0 of node node1"},
        {make_split, processor_fully_loaded, "stage 0, share 1",
         "step 1 uses processor cpu1 of node node1"},
        {make_split, processor_cannot_run, "stage 1, share 0",
         "step 0: processor cpu1 of node node2 cannot run layer layer4"},
        {make_split, no_way_to_input, "stage 0, share 1",
         "row 7 of layer layer0 is wanted on node node1, but there is no route from node node0"},
        {make_split, no_way_to_tensor, "stage 1, share 0",
         "row 8 of layer layer3 is wanted on node node2, but there is no route from node node1"},
        {make_split, no_way_to_output, "delivery",
         "row 0 of layer layer5 is wanted on node node0, but there is no route from node node2"},
        {make_split, way_in_a_circle, "stage 1, share 0", "but there is no route"},

        {make_split, memory_of_node_short, "node0", "bytes, its limit is 1000"},
        {make_split, memory_of_processor_short, "cpu0", "bytes, its limit is 1"},
        {make_split, memory_of_node_wrong, "node2", "the plan says"},
        {make_split, memory_of_processor_wrong, "cpu1", "the plan says"},

        {make_split, stage_kind_unknown, "stage 0", "kind 9 is unknown"},
        {make_split, stage_of_two_single, "stage 0", "2 shares in a stage of kind"},
        {make_split, stage_out_of_order, "stage 1", "2 layers from layer 3 do not follow"},
        {make_split, stage_without_layers, "stage 1", "0 layers from layer 4"},
        {make_split, stage_too_long, "stage 1", "3 layers from layer 4"},
        {make_split, stage_missing, "plan", "it has 4 of 6 layers"},
        {make_split, share_missing, "stage 0", "1 shares in a stage of kind"},
        {make_split, layer_of_share_missing, "stage 0, share 0", "2 of the stage's 3 layers"},
        {make_split, layer_of_share_twice, "stage 0, share 0", "layer 1 is out of place"},
        {make_split, step_kind_unknown, "stage 0, share 0", "step 0: kind 9 is unknown"},
        {make_split, step_of_two_single, "stage 0, share 0", "has 2 slices"},
        {make_split, step_of_one_slice, "stage 0, share 0", "has 1 slices"},
        {make_split, step_without_layers, "stage 0, share 1", "step 0 of kind 1 has 0 layers"},
        {make_split, step_out_of_order, "stage 0, share 1", "step 1 does not follow the step before"},
        {make_split, step_missing, "stage 0, share 1", "its steps have 2 of its 3 layers"},
        {make_split, channels_of_two_layers, "stage 0, share 0", "has 2 layers"},
        {make_split, slice_of_other_layers, "stage 0, share 1",
         "step 1: a slice does not have the step's layers"},
        {make_split, slice_of_fewer_layers, "stage 0, share 0",
         "step 0: a slice does not have the step's layers"},

        {make_branches, layer_in_two_branches, "stage 1, share 1",
         "row 0 of layer layer2 belongs to node node0 already"},
        {make_branches, layer_in_no_branch, "stage 1", "row 0 of layer layer3 is computed by no share"},
        {make_branches, branch_reads_branch, "stage 1, share 1",
         "row 0 of layer layer2 is wanted on node node1, but no earlier stage computes it"},
        {make_branches, branch_of_another_stage, "stage 1, share 1", "layer 1 is out of place"},
        {make_branches, layer_in_two_slices, "stage 2, share 0", "step 1, slice 1: layer 6 is out of place"},
        {make_branches, layer_in_no_slice, "stage 2, share 0",
         "step 1: its slices have 2 of its 3 layers"},
        {make_branches, slice_reads_slice, "stage 2, share 0",
         "step 1 computes row 0 of layer layer8, but row 0 of its input layer6 is not on node node0"},

        {make_replicas, fraction_of_nothing, "stage 1, share 0", "a fraction of 0 of the requests"},
        {make_replicas, fractions_too_small, "stage 1", "fractions add up to 0.75"},
        {make_replicas, replicas_outside_stream, "stage 1", "replicas outside a stream"},
};

START_TEST(damage_is_found)
{
	const struct damage *d = &damages[_i];
	d->make();
	d->damage();
	ck_refused(hidp_plan_verify(f.plan, &f.diag), f.diag, HIDP_ERR_PLAN, d->subject, d->words);
	ck_assert_int_eq(hidp_plan_verify(f.plan, NULL), HIDP_ERR_PLAN);
}
END_TEST

/* What was damaged and mended is right again, so that it was the damage that was found. */
START_TEST(mended_plans_are_right)
{
	make_split();
	share_at(0, 1)->comp[0].begin = 8;
	options()->pin_count = 1;
	options()->pin_layers = two;
	options()->pin_nodes = one;
	ck_assert_int_eq(hidp_plan_verify(f.plan, NULL), HIDP_ERR_PLAN);
	options()->pin_count = 0;
	ck_assert_int_eq(hidp_plan_verify(f.plan, NULL), HIDP_ERR_PLAN);
	share_at(0, 1)->comp[0].begin = 7;
	ck_ok(hidp_plan_verify(f.plan, &f.diag), f.diag);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tc = tcase_create("damage");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, damage_is_found, 0, sizeof damages / sizeof damages[0]);
	tcase_add_test(tc, mended_plans_are_right);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
