/* SPDX-License-Identifier: MIT */
/* What options ask of plans, and plans evaluated again under other circumstances. */
#include <math.h>

#include "plan_fixture.h"

static struct fixture f;

/* input [8 rows of 4 bytes] -> a -> b -> c: 8000 FLOPs and 100 bytes of weights each; two nodes. */
static void set_up(void)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	const struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	fixture_begin(&f);
	hidp_layer_id at = fixture_input(&f, 1, 8);
	for (int i = 0; i < 3; i++)
		at = fixture_layer(&f, at, 1, 8, 1, 8000, 100);
	fixture_seal_model(&f);
	node.power_idle_w = 1;
	node.load_bandwidth_Bps = 1000;
	for (hidp_node_id n = 0; n < 2; n++) {
		fixture_node(&f, node);
		fixture_processor(&f, n, 1e6, 0, processor);
		fixture_processor(&f, n, 2e6, 0, processor);
	}
	fixture_link(&f, 0, 1, 1e4, 0.001, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
}

static void tear_down(void)
{
	fixture_end(&f);
}

/* All on one processor. */
static void plan_single(hidp_node_id node, hidp_processor_id processor)
{
	fixture_plan(&f);
	fixture_single_stage(&f, 4, 3, node, processor);
}

static void refuse_options(hidp_status status, const char *subject, const char *text)
{
	struct hidp_plan_builder *b = NULL;
	ck_refused(hidp_plan_builder_new(f.model, f.cluster, NULL, &f.options, &b, &f.diag), f.diag,
	           status, subject, text);
	ck_assert_ptr_null(b);
	hidp_plan_options_init(&f.options, sizeof f.options);
}

START_TEST(test_refused)
{
	const struct {
		size_t offset;
		const char *name;
	} reals[] = {
	        {offsetof(struct hidp_plan_options, latency_weight), "latency_weight"},
	        {offsetof(struct hidp_plan_options, period_weight), "period_weight"},
	        {offsetof(struct hidp_plan_options, energy_weight), "energy_weight"},
	        {offsetof(struct hidp_plan_options, latency_limit_s), "latency_limit_s"},
	        {offsetof(struct hidp_plan_options, period_limit_s), "period_limit_s"},
	        {offsetof(struct hidp_plan_options, energy_limit_j), "energy_limit_j"},
	        {offsetof(struct hidp_plan_options, migration_weight), "migration_weight"},
	};
	for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
		const double bad[] = {-1, NAN, INFINITY};
		for (int k = 0; k < 3; k++) {
			memcpy((char *)&f.options + reals[i].offset, &bad[k], sizeof bad[k]);
			refuse_options(HIDP_ERR_ARGUMENT, "options", reals[i].name);
		}
	}
	f.options.objective = 4;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "objective 4");
	f.options.strategy = 3;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "strategy 3");
	f.options.flags = 32;
	refuse_options(HIDP_ERR_ABI, "options", "flags 0x20");
	f.options.reserved = 1;
	refuse_options(HIDP_ERR_ABI, "options", "unknown");
	f.options.struct_size = 16;
	refuse_options(HIDP_ERR_ABI, "options", "unknown size");
	f.options.leader = 2;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "leader");
	f.options.flags = HIDP_PLAN_INPUT_AT;
	f.options.input_node = 2;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "input");
	f.options.flags = HIDP_PLAN_OUTPUT_AT;
	f.options.output_node = 2;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "output");
	f.options.input_node = 2; /* not read without its flag */
	plan_single(0, 0);
	fixture_seal_plan(&f);
}
END_TEST

START_TEST(test_refused_lists)
{
	const uint32_t one[] = {1, 1}, nodes[] = {0, 1}, bad[] = {9, 9};
	f.options.pin_count = 1;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "an array is NULL");
	f.options.excluded_count = 1;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "an array is NULL");
	f.options.resident_count = 1;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "an array is NULL");
	f.options.pin_count = 2;
	f.options.pin_layers = one;
	f.options.pin_nodes = nodes;
	refuse_options(HIDP_ERR_ARGUMENT, "layer1", "pinned twice");
	f.options.pin_count = 1;
	f.options.pin_layers = bad;
	f.options.pin_nodes = nodes;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "pin 0 names layer 9");
	f.options.pin_count = 1;
	f.options.pin_layers = one;
	f.options.pin_nodes = bad;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "node 9");
	f.options.pin_count = 1;
	f.options.pin_layers = one;
	f.options.pin_nodes = nodes;
	f.options.pin_processors = bad;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "processor 9");
	f.options.excluded_count = 1;
	f.options.excluded_nodes = bad;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "exclusion 0 names node 9");
	f.options.excluded_count = 1;
	f.options.excluded_nodes = nodes;
	f.options.excluded_processors = bad;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "processor 9");
	f.options.flags = HIDP_PLAN_RESIDENT;
	f.options.resident_count = 1;
	f.options.resident_layers = bad;
	f.options.resident_nodes = nodes;
	refuse_options(HIDP_ERR_ARGUMENT, "options", "residency 0 names layer 9");
}
END_TEST

START_TEST(test_pins)
{
	const uint32_t layer[] = {2}, node[] = {0}, processor[] = {1};
	const uint32_t any[] = {HIDP_PROCESSOR_NONE};
	f.options.pin_layers = layer;
	f.options.pin_nodes = node;
	f.options.pin_processors = processor;
	f.options.pin_count = 1;
	plan_single(0, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0",
	                "layer layer2 must not run on processor cpu0 of node node0");
	plan_single(1, 1);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0", "of node node1");
	plan_single(0, 1);
	fixture_seal_plan(&f);
	f.options.pin_processors = any;
	plan_single(0, 0);
	fixture_seal_plan(&f);
	f.options.pin_processors = NULL;
	plan_single(0, 0);
	fixture_seal_plan(&f);
	plan_single(1, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0", "pinned elsewhere");
}
END_TEST

START_TEST(test_exclusions)
{
	const uint32_t node[] = {1}, processor[] = {0};
	f.options.excluded_nodes = node;
	f.options.excluded_processors = processor;
	f.options.excluded_count = 1;
	plan_single(1, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0",
	                "layer layer1 must not run on processor cpu0 of node node1: excluded");
	plan_single(1, 1);
	fixture_seal_plan(&f);
	f.options.excluded_processors = NULL;
	plan_single(1, 1);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0", "excluded");
}
END_TEST

START_TEST(test_unavailable)
{
	ck_ok(hidp_cluster_builder_set_available(f.cluster_builder, 1, false, &f.diag), f.diag);
	fixture_seal_cluster(&f);
	plan_single(1, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0", "unavailable");
	f.options.leader = 1; /* it may still lead */
	plan_single(0, 0);
	fixture_seal_plan(&f);
	f.options.leader = 0;
	ck_ok(hidp_cluster_builder_set_available(f.cluster_builder, 1, true, &f.diag), f.diag);
	ck_ok(hidp_cluster_builder_set_load(f.cluster_builder, 1, 0, 1, &f.diag), f.diag);
	fixture_seal_cluster(&f);
	plan_single(1, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0", "unavailable");
	plan_single(1, 1);
	fixture_seal_plan(&f);
}
END_TEST

START_TEST(test_unable)
{
	struct hidp_cost_builder *b;
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	const struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	const struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	hidp_node_id n = fixture_node(&f, node); /* its processor can do nothing, and no link goes there */
	fixture_processor(&f, n, 0, 0, processor);
	fixture_seal_cluster(&f);
	plan_single(n, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0",
	                "layer layer1 cannot run on processor cpu0 of node node2");
	/* a table can take an ability away, and give it */
	ck_ok(hidp_cost_builder_new(f.model, f.cluster, &b), f.diag);
	e.flags = HIDP_COST_UNSUPPORTED;
	ck_ok(hidp_cost_builder_set(b, 3, 0, 0, &e, &f.diag), f.diag);
	e.flags = 0;
	e.seconds = 0.5;
	for (hidp_layer_id l = 1; l < 4; l++)
		ck_ok(hidp_cost_builder_set(b, l, n, 0, &e, &f.diag), f.diag);
	ck_ok(hidp_cost_builder_seal(b, &f.cost, &f.diag), f.diag);
	hidp_cost_builder_destroy(b);
	plan_single(0, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "stage 0, share 0, step 0", "layer layer3 cannot run");
	plan_single(n, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "layer0",
	                "needed on node node2, which cannot be reached from node node0");
	f.options.flags = HIDP_PLAN_INPUT_AT;
	f.options.input_node = n;
	plan_single(n, 0);
	fixture_refused(&f, HIDP_ERR_PLAN, "layer3",
	                "needed on node node0, which cannot be reached from node node2");
	f.options.leader = n;
	plan_single(n, 0);
	fixture_seal_plan(&f);
	fixture_figures(&f, 1.5, 1.5, 0);
}
END_TEST

/* Each limit holds to the last byte, and a plan that meets it exactly is fine. */
START_TEST(test_memory_limits)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	hidp_cluster_builder_destroy(f.cluster_builder);
	ck_ok(hidp_cluster_builder_new(f.context, &f.cluster_builder), f.diag);
	/* weights 300, input 32, and two tensors of 32 at a time */
	node.memory_bytes = 396;
	fixture_node(&f, node);
	fixture_processor(&f, 0, 1e6, 0, processor);
	processor.memory_bytes = 395;
	fixture_processor(&f, 0, 1e6, 0, processor);
	fixture_seal_cluster(&f);
	plan_single(0, 0);
	fixture_seal_plan(&f);
	fixture_node_figures(&f, 0, 396, 300, 0, 0, 0);
	plan_single(0, 1);
	fixture_refused(&f, HIDP_ERR_INFEASIBLE, "node0",
	                "memory of processor cpu1 of node node0: 396 B are needed, the limit is "
	                "395 B, 1 B too much");
	node.memory_bytes = 395;
	node.name = "small";
	fixture_node(&f, node);
	processor.memory_bytes = 0;
	fixture_processor(&f, 1, 1e6, 0, processor);
	fixture_link(&f, 0, 1, 1e4, 0, HIDP_MEDIUM_NONE);
	fixture_seal_cluster(&f);
	plan_single(1, 0);
	fixture_refused(&f, HIDP_ERR_INFEASIBLE, "small", "memory of the node: 396 B are needed, the limit is 395 B");
}
END_TEST

START_TEST(test_other_limits)
{
	f.options.latency_limit_s = 0.024;
	plan_single(0, 0); /* 24 ms */
	fixture_seal_plan(&f);
	f.options.latency_limit_s = 0.0239;
	plan_single(0, 0);
	fixture_refused(&f, HIDP_ERR_INFEASIBLE, "latency",
	                "24.0 ms is above the limit of 23.9 ms by 100 us");
	f.options.latency_limit_s = 0;
	f.options.period_limit_s = 0.02;
	plan_single(0, 0);
	fixture_refused(&f, HIDP_ERR_INFEASIBLE, "period",
	                "24.0 ms is above the limit of 20.0 ms by 4.00 ms");
	f.options.period_limit_s = 0;
	f.options.energy_limit_j = 0.01;
	plan_single(0, 0);
	fixture_refused(&f, HIDP_ERR_INFEASIBLE, "energy",
	                "24.0 mJ is above the limit of 10.0 mJ by 14.0 mJ");
}
END_TEST

static struct hidp_plan_figures figures(void)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_figures(f.plan, &figures), HIDP_OK);
	return figures;
}

START_TEST(test_objectives)
{
	f.options.latency_weight = 2;
	f.options.period_weight = 3;
	f.options.energy_weight = 5;
	/* latency 24 ms, energy 24 mJ; half as much on the second processor */
	for (hidp_objective o = HIDP_OBJECTIVE_LATENCY; o <= HIDP_OBJECTIVE_WEIGHTED; o++) {
		f.options.objective = o;
		plan_single(0, 0);
		fixture_seal_plan(&f);
		assert_close(figures().objective, o == HIDP_OBJECTIVE_WEIGHTED ? 0.24 : 0.024);
		/* nothing was searched, so nothing is known */
		ck_assert_double_eq(figures().lower_bound, 0);
		ck_assert_double_eq(figures().gap, 1);
		ck_assert_uint_eq(figures().flags, 0);
		ck_assert_uint_eq(figures().work, 0);
	}
}
END_TEST

START_TEST(test_migration)
{
	const uint32_t layers[] = {1, 2, 2}, nodes[] = {0, 0, 1};
	plan_single(0, 0);
	fixture_seal_plan(&f);
	ck_assert_double_eq(figures().migration_s, 0);
	f.options.resident_layers = layers;
	f.options.resident_nodes = nodes;
	f.options.resident_count = 3;
	f.options.migration_weight = 10;
	plan_single(0, 0);
	fixture_seal_plan(&f); /* without the flag they are not read */
	ck_assert_double_eq(figures().migration_s, 0);
	f.options.flags = HIDP_PLAN_RESIDENT;
	plan_single(0, 0);
	fixture_seal_plan(&f);
	/* layer 3's 100 bytes at 1000 a second */
	ck_assert_uint_eq(figures().migration_bytes, 100);
	assert_close(figures().migration_s, 0.1);
	assert_close(figures().objective, 0.024 + 10 * 0.1);
	plan_single(1, 0);
	fixture_seal_plan(&f);
	ck_assert_uint_eq(figures().migration_bytes, 200);
	/* an earlier plan says where weights are, beside the list */
	struct hidp_plan *previous = f.plan;
	f.plan = NULL;
	f.options.previous = previous;
	plan_single(1, 1);
	fixture_seal_plan(&f);
	ck_assert_uint_eq(figures().migration_bytes, 0);
	struct hidp_plan_options told = HIDP_PLAN_OPTIONS_INIT;
	ck_assert_int_eq(hidp_plan_get_options(f.plan, &told), HIDP_OK);
	ck_assert_ptr_null(told.previous);
	ck_assert_uint_eq(told.resident_count, 5); /* 1, 2 on node 0; 1, 2, 3 on node 1 */
	hidp_plan_unref(previous);
}
END_TEST

/* --- evaluated again */

static struct hidp_plan *again(const struct hidp_cluster *cluster, const struct hidp_cost *cost,
                               const struct hidp_plan_options *options)
{
	struct hidp_plan *plan = NULL;
	ck_ok(hidp_plan_evaluate(f.plan, cluster, cost, options, &plan, &f.diag), f.diag);
	return plan;
}

static double latency(struct hidp_plan *plan)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	ck_assert_int_eq(hidp_plan_get_figures(plan, &figures), HIDP_OK);
	hidp_plan_unref(plan);
	return figures.latency_s;
}

START_TEST(test_evaluate)
{
	struct hidp_cost_builder *b;
	struct hidp_cost *cost;
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	plan_single(1, 1);
	fixture_seal_plan(&f);
	/* 4.2 ms there, 12 ms, 4.2 ms back */
	assert_close(latency(again(NULL, NULL, NULL)), 0.0204);
	/* half of the processor is taken, and the link is twice as fast */
	ck_ok(hidp_cluster_builder_set_load(f.cluster_builder, 1, 1, 0.5, &f.diag), f.diag);
	fixture_link(&f, 0, 1, 2e4, 0.001, HIDP_MEDIUM_NONE);
	struct hidp_cluster *before = hidp_cluster_ref(f.cluster);
	fixture_seal_cluster(&f);
	assert_close(latency(again(f.cluster, NULL, NULL)), 0.0026 + 0.024 + 0.0026);
	/* measured */
	ck_ok(hidp_cost_builder_new(f.model, f.cluster, &b), f.diag);
	e.seconds = 0.001;
	ck_ok(hidp_cost_builder_set(b, 1, 1, 1, &e, &f.diag), f.diag);
	ck_ok(hidp_cost_builder_seal(b, &cost, &f.diag), f.diag);
	hidp_cost_builder_destroy(b);
	assert_close(latency(again(NULL, cost, NULL)), 0.0042 + 0.009 + 0.0042);
	struct hidp_plan *both = again(f.cluster, cost, NULL);
	ck_assert_ptr_eq(hidp_plan_cluster(both), f.cluster);
	ck_assert_ptr_eq(hidp_plan_cost(both), cost);
	ck_assert_ptr_eq(hidp_plan_model(both), f.model);
	ck_ok(hidp_plan_verify(both, &f.diag), f.diag);
	hidp_cost_unref(cost);
	/* the cost source comes along where none is given */
	struct hidp_plan *old = f.plan;
	f.plan = both;
	assert_close(latency(again(before, NULL, NULL)), 0.0042 + 0.009 + 0.0042);
	hidp_plan_unref(old);
	hidp_cluster_unref(before);
	/* another leader: nothing has to be sent */
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.leader = 1;
	assert_close(latency(again(f.cluster, NULL, &options)), 0.002 + 0.016);
}
END_TEST

START_TEST(test_evaluate_refused)
{
	struct hidp_plan *plan = NULL;
	struct fixture other;
	const struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	const struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	const uint32_t one[] = {1};
	plan_single(1, 1);
	fixture_seal_plan(&f);
	ck_refused(hidp_plan_evaluate(NULL, NULL, NULL, NULL, &plan, &f.diag), f.diag,
	           HIDP_ERR_ARGUMENT, "", "NULL");
	ck_refused(hidp_plan_evaluate(f.plan, NULL, NULL, NULL, NULL, &f.diag), f.diag,
	           HIDP_ERR_ARGUMENT, "", "NULL");
	fixture_begin(&other);
	fixture_node(&other, node);
	fixture_processor(&other, 0, 1, 0, processor);
	fixture_seal_cluster(&other);
	ck_refused(hidp_plan_evaluate(f.plan, other.cluster, NULL, NULL, &plan, &f.diag), f.diag,
	           HIDP_ERR_ARGUMENT, "", "other nodes or processors");
	fixture_layer(&other, fixture_input(&other, 1, 1), 1, 1, 1, 1, 0);
	fixture_seal_model(&other);
	struct hidp_cost_builder *b;
	ck_ok(hidp_cost_builder_new(other.model, f.cluster, &b), f.diag);
	ck_ok(hidp_cost_builder_seal(b, &other.cost, &f.diag), f.diag);
	hidp_cost_builder_destroy(b);
	ck_refused(hidp_plan_evaluate(f.plan, NULL, other.cost, NULL, &plan, &f.diag), f.diag,
	           HIDP_ERR_COST, "model", "another model");
	fixture_end(&other);
	/* the node is gone, excluded, or too slow */
	ck_ok(hidp_cluster_builder_set_available(f.cluster_builder, 1, false, &f.diag), f.diag);
	fixture_seal_cluster(&f);
	ck_refused(hidp_plan_evaluate(f.plan, f.cluster, NULL, NULL, &plan, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "stage 0, share 0, step 0", "unavailable");
	f.options.excluded_nodes = one;
	f.options.excluded_count = 1;
	ck_refused(hidp_plan_evaluate(f.plan, NULL, NULL, &f.options, &plan, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "stage 0, share 0, step 0", "excluded");
	f.options.excluded_count = 0;
	f.options.latency_limit_s = 0.001;
	ck_refused(hidp_plan_evaluate(f.plan, NULL, NULL, &f.options, &plan, &f.diag), f.diag,
	           HIDP_ERR_INFEASIBLE, "latency", "above the limit");
	/* without a link */
	ck_ok(hidp_cluster_builder_set_available(f.cluster_builder, 1, true, &f.diag), f.diag);
	ck_ok(hidp_cluster_builder_remove_link(f.cluster_builder, 1, 0, &f.diag), f.diag);
	fixture_seal_cluster(&f);
	ck_refused(hidp_plan_evaluate(f.plan, f.cluster, NULL, NULL, &plan, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "layer3", "cannot be reached from node node1");
	ck_assert_ptr_null(plan);
}
END_TEST

/* Replicas need a stream, also when the options change. */
START_TEST(test_evaluate_without_stream)
{
	struct hidp_plan *plan = NULL;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	f.options.flags = HIDP_PLAN_STREAM;
	fixture_plan(&f);
	fixture_stage(&f, HIDP_STAGE_REPLICA, 4, 0);
	for (hidp_node_id n = 0; n < 2; n++) {
		fixture_replica(&f, n, 0.5);
		fixture_single(&f, 3, 0);
	}
	fixture_seal_plan(&f);
	ck_refused(hidp_plan_evaluate(f.plan, NULL, NULL, &options, &plan, &f.diag), f.diag,
	           HIDP_ERR_PLAN, "stage 0", "replicas are for streams");
	options.objective = HIDP_OBJECTIVE_PERIOD;
	hidp_plan_unref(again(NULL, NULL, &options));
}
END_TEST

/* A plan keeps alive what it was made from. */
START_TEST(test_lifetime)
{
	plan_single(1, 1);
	fixture_seal_plan(&f);
	struct hidp_plan *plan = hidp_plan_ref(f.plan);
	ck_assert_ptr_eq(plan, f.plan);
	fixture_end(&f);
	memset(&f, 0, sizeof f);
	ck_assert_str_eq(hidp_model_name(hidp_plan_model(plan)), "model");
	ck_assert_uint_eq(hidp_cluster_node_count(hidp_plan_cluster(plan)), 2);
	ck_assert_int_eq(hidp_plan_verify(plan, NULL), HIDP_OK);
	hidp_plan_unref(plan);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan-options");
	TCase *tcase = tcase_create("options");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_refused_lists);
	tcase_add_test(tcase, test_pins);
	tcase_add_test(tcase, test_exclusions);
	tcase_add_test(tcase, test_unavailable);
	tcase_add_test(tcase, test_unable);
	tcase_add_test(tcase, test_memory_limits);
	tcase_add_test(tcase, test_other_limits);
	tcase_add_test(tcase, test_objectives);
	tcase_add_test(tcase, test_migration);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("evaluate");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_evaluate);
	tcase_add_test(tcase, test_evaluate_refused);
	tcase_add_test(tcase, test_evaluate_without_stream);
	tcase_add_test(tcase, test_lifetime);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
