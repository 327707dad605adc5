/* SPDX-License-Identifier: MIT */
/* Memory that messages take besides, and layers of which all memory was measured, by hand. */
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

static const struct hidp_processor_desc plain_processor = HIDP_PROCESSOR_DESC_INIT;

/*
 * a (40 bytes, 100 of weights) -> b (20 bytes, 10 of weights) -> c (4 bytes): a and b on node 0,
 * c on node 2, by way of node 1.
 */
static void make_chain(uint32_t flags, hidp_objective objective)
{
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	hidp_layer_id a = fixture_custom(&f, NULL, 0, 10, 1, 1, 1e3, 100, 0, 1, flags);
	hidp_layer_id b = fixture_custom(&f, &a, 1, 5, 1, 1, 1e3, 10, 0, 1, flags);
	fixture_custom(&f, &b, 1, 1, 1, 1, 1e3, 0, 0, 1, flags);
	fixture_seal_model(&f);
	n.receive_buffers = 2;
	n.send_buffers = 3;
	for (int i = 0; i < 3; i++)
		fixture_processor(&f, fixture_node(&f, n), 1e6, 0, plain_processor);
	fixture_link(&f, 0, 1, 1000, 0, HIDP_MEDIUM_NONE);
	fixture_link(&f, 1, 2, 1000, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	f.options.objective = objective;
	f.options.flags = HIDP_PLAN_OUTPUT_AT;
	f.options.output_node = 2;
	fixture_plan(&f);
	fixture_single_stage(&f, 2, 2, 0, 0);
	fixture_single_stage(&f, 1, 1, 2, 0);
	fixture_seal_plan(&f);
}

static uint64_t memory_of(hidp_node_id node)
{
	struct hidp_node_figures figures = HIDP_NODE_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_node_figures(f.plan, node, &figures), HIDP_OK);
	return figures.memory_bytes;
}

START_TEST(test_buffers_of_streams)
{
	make_chain(0, HIDP_OBJECTIVE_PERIOD);
	/* weights; a and b at work; b until it was sent, and three times while it is */
	ck_assert_uint_eq(memory_of(0), 110 + 60 + 20 + 3 * 20);
	/* b in passing, with two buffers in and three out */
	ck_assert_uint_eq(memory_of(1), 20 + 2 * 20 + 3 * 20);
	/* b and two more of it, c; c until it is delivered */
	ck_assert_uint_eq(memory_of(2), 20 + 2 * 20 + 4 + 4);
}
END_TEST

START_TEST(test_buffers_of_requests)
{
	make_chain(0, HIDP_OBJECTIVE_LATENCY);
	/* the larger of a and b at work, and b that is sent */
	ck_assert_uint_eq(memory_of(0), 110 + 80);
	ck_assert_uint_eq(memory_of(1), 120);
	ck_assert_uint_eq(memory_of(2), 64);
}
END_TEST

START_TEST(test_measured)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	make_chain(HIDP_LAYER_MEMORY_MEASURED, HIDP_OBJECTIVE_PERIOD);
	/* a takes nothing beside its weights, as nobody outside reads it */
	ck_assert_uint_eq(memory_of(0), 110 + 20 + 20 + 3 * 20);
	ck_assert_uint_eq(memory_of(2), 20 + 2 * 20 + 4 + 4);
	ck_assert_int_eq(hidp_model_layer(f.model, 0, &info), HIDP_OK);
	ck_assert_uint_eq(info.flags, HIDP_LAYER_MEMORY_MEASURED);
}
END_TEST

/* All layers on one node that has so much memory. */
static hidp_status plan_within(uint64_t memory_bytes)
{
	struct hidp_cluster_builder *builder;
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_cluster *cluster;
	struct hidp_plan *plan = NULL;
	options.objective = HIDP_OBJECTIVE_PERIOD;
	options.flags = HIDP_PLAN_CONTIGUOUS;
	n.receive_buffers = n.send_buffers = 4; /* there are no messages */
	n.memory_bytes = memory_bytes;
	p.rate_flops[HIDP_CLASS_CUSTOM] = 1e6;
	ck_assert_int_eq(hidp_cluster_builder_new(f.context, &builder), HIDP_OK);
	ck_ok(hidp_cluster_builder_add_node(builder, &n, NULL, &f.diag), f.diag);
	ck_ok(hidp_cluster_builder_add_processor(builder, 0, &p, NULL, &f.diag), f.diag);
	ck_ok(hidp_cluster_builder_seal(builder, &cluster, &f.diag), f.diag);
	hidp_status status = hidp_plan(f.model, cluster, NULL, &options, &plan, &f.diag);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
	hidp_cluster_builder_destroy(builder);
	return status;
}

START_TEST(test_just_enough)
{
	make_chain(HIDP_LAYER_MEMORY_MEASURED, HIDP_OBJECTIVE_PERIOD);
	/* c while it is made, and until it is delivered */
	ck_ok(plan_within(110 + 4 + 4), f.diag);
	ck_refused(plan_within(110 + 4 + 3), f.diag, HIDP_ERR_INFEASIBLE, "node0",
	           "memory of the node");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("buffers");
	TCase *t = tcase_create("buffers");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, test_buffers_of_streams);
	tcase_add_test(t, test_buffers_of_requests);
	tcase_add_test(t, test_measured);
	tcase_add_test(t, test_just_enough);
	suite_add_tcase(s, t);
	return run_suite(s);
}
