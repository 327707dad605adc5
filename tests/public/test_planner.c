/* SPDX-License-Identifier: MIT */
/* What a planner remembers, and when it must not. */
#include "plan_fixture.h"

static struct fixture f;
static struct hidp_planner *planner;

static const struct hidp_node_desc plain_node = HIDP_NODE_DESC_INIT;
static const struct hidp_processor_desc plain_processor = HIDP_PROCESSOR_DESC_INIT;

/* Four layers that one processor computes in 0.4 s; two fast processors and one that is too slow. */
static void set_up(void)
{
	fixture_begin(&f);
	hidp_layer_id at = fixture_input(&f, 4, 8);
	for (int i = 0; i < 4; i++)
		at = fixture_layer(&f, at, 4, 8, 3, 1e5, 64);
	fixture_seal_model(&f);
	struct hidp_node_desc node = plain_node;
	node.power_idle_w = 1;
	node.sync_s = 1e-6;
	fixture_node(&f, node);
	fixture_processor(&f, 0, 1e6, 0, plain_processor);
	fixture_processor(&f, 0, 1e6, 0, plain_processor);
	fixture_node(&f, node);
	fixture_processor(&f, 1, 1e3, 0, plain_processor);
	fixture_link(&f, 0, 1, 1e5, 0.001, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	ck_assert_int_eq(hidp_planner_new(f.context, &planner), HIDP_OK);
}

static void tear_down(void)
{
	hidp_planner_destroy(planner);
	fixture_end(&f);
}

/* The fixture's cluster with another load of one processor. */
static struct hidp_cluster *loaded(hidp_node_id node, hidp_processor_id processor, double load)
{
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *cluster;
	ck_assert_int_eq(hidp_cluster_builder_from(f.cluster, &builder), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_set_load(builder, node, processor, load, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &cluster, NULL), HIDP_OK);
	hidp_cluster_builder_destroy(builder);
	return cluster;
}

static struct hidp_cluster *slower_link(double bandwidth_Bps)
{
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *cluster;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	ck_assert_int_eq(hidp_cluster_builder_from(f.cluster, &builder), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_link(f.cluster, 0, 1, &link), HIDP_OK);
	link.bandwidth_Bps = bandwidth_Bps;
	ck_assert_int_eq(hidp_cluster_builder_add_link(builder, &link, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &cluster, NULL), HIDP_OK);
	hidp_cluster_builder_destroy(builder);
	return cluster;
}

static void check_same_words(const struct hidp_plan *a, const struct hidp_plan *b)
{
	char of_a[8192], of_b[8192];
	ck_assert_int_eq(hidp_plan_explain(a, of_a, sizeof of_a, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_plan_explain(b, of_b, sizeof of_b, NULL), HIDP_OK);
	ck_assert_str_eq(of_a, of_b);
}

/*
 * Plans for the cluster and gives the reference to it away. The figures must be those of
 * planning anew; returns whether the planner knew the plan, and so did not search.
 */
static bool knows(struct hidp_cluster *cluster, const struct hidp_plan_options *options)
{
	struct hidp_plan *plan = NULL, *anew = NULL;
	struct hidp_plan_figures a = HIDP_PLAN_FIGURES_INIT, b = HIDP_PLAN_FIGURES_INIT;
	ck_assert_int_eq(hidp_planner_plan(planner, f.model, cluster, NULL, options, &plan, &f.diag),
	                 HIDP_OK);
	ck_assert_int_eq(hidp_plan(f.model, cluster, NULL, options, &anew, &f.diag), HIDP_OK);
	ck_assert_ptr_eq(hidp_plan_cluster(plan), cluster);
	ck_assert_int_eq(hidp_plan_verify(plan, &f.diag), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_figures(plan, &a), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_figures(anew, &b), HIDP_OK);
	assert_close(a.objective, b.objective);
	ck_assert_double_le(a.lower_bound, b.objective);
	ck_assert_double_gt(b.work, 0);
	bool known = a.work == 0;
	if (known && a.lower_bound == b.lower_bound) /* it is still one that was searched for */
		check_same_words(plan, anew);
	hidp_plan_unref(plan);
	hidp_plan_unref(anew);
	hidp_cluster_unref(cluster);
	return known;
}

START_TEST(test_same_again)
{
	ck_assert(!knows(hidp_cluster_ref(f.cluster), NULL));
	ck_assert(knows(hidp_cluster_ref(f.cluster), NULL));
	/* equal, if another object */
	ck_assert(knows(loaded(1, 0, 0), NULL));
}
END_TEST

START_TEST(test_what_is_not_used)
{
	ck_assert(!knows(hidp_cluster_ref(f.cluster), NULL));
	/* the slow processor and the way to it do not matter as long as they get worse */
	ck_assert(knows(loaded(1, 0, 0.5), NULL));
	ck_assert(knows(loaded(1, 0, 1), NULL));
	ck_assert(knows(slower_link(1e4), NULL));
	/* a faster way could */
	ck_assert(!knows(slower_link(1e9), NULL));
}
END_TEST

START_TEST(test_what_is_used)
{
	ck_assert(!knows(hidp_cluster_ref(f.cluster), NULL));
	ck_assert(!knows(loaded(0, 0, 0.5), NULL));
	ck_assert(!knows(loaded(0, 0, 0.2), NULL));
	/* both are remembered */
	ck_assert(knows(loaded(0, 0, 0.5), NULL));
	ck_assert(knows(hidp_cluster_ref(f.cluster), NULL));
}
END_TEST

START_TEST(test_what_gets_better)
{
	ck_assert(!knows(loaded(1, 0, 0.5), NULL));
	ck_assert(!knows(hidp_cluster_ref(f.cluster), NULL));
}
END_TEST

START_TEST(test_other_questions)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	const hidp_node_id excluded = 1;
	ck_assert(!knows(hidp_cluster_ref(f.cluster), NULL));
	options.objective = HIDP_OBJECTIVE_ENERGY;
	ck_assert(!knows(hidp_cluster_ref(f.cluster), &options));
	options = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
	options.latency_limit_s = 10;
	ck_assert(!knows(hidp_cluster_ref(f.cluster), &options));
	options = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
	options.leader = 1;
	ck_assert(!knows(hidp_cluster_ref(f.cluster), &options));
	options = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
	options.excluded_nodes = &excluded;
	options.excluded_count = 1;
	ck_assert(!knows(hidp_cluster_ref(f.cluster), &options));
	ck_assert(knows(hidp_cluster_ref(f.cluster), &options));
	ck_assert(knows(hidp_cluster_ref(f.cluster), NULL));
}
END_TEST

START_TEST(test_forgets)
{
	ck_assert(!knows(hidp_cluster_ref(f.cluster), NULL));
	for (int i = 1; i <= 8; i++)
		ck_assert(!knows(loaded(0, 0, 0.8 - i * 0.05), NULL));
	ck_assert(!knows(hidp_cluster_ref(f.cluster), NULL));
}
END_TEST

START_TEST(test_failure)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_plan *plan = NULL;
	options.latency_limit_s = 1e-9;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(hidp_planner_plan(planner, f.model, f.cluster, NULL, &options, &plan,
		                                   &f.diag),
		                 HIDP_ERR_INFEASIBLE);
	ck_assert_ptr_null(plan);
	ck_assert_int_eq(hidp_planner_plan(NULL, f.model, f.cluster, NULL, NULL, &plan, &f.diag),
	                 HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_planner_plan(planner, f.model, f.cluster, NULL, NULL, NULL, &f.diag),
	                 HIDP_ERR_ARGUMENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("planner");
	TCase *tcase = tcase_create("remembering");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_same_again);
	tcase_add_test(tcase, test_what_is_not_used);
	tcase_add_test(tcase, test_what_is_used);
	tcase_add_test(tcase, test_what_gets_better);
	tcase_add_test(tcase, test_other_questions);
	tcase_add_test(tcase, test_forgets);
	tcase_add_test(tcase, test_failure);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
