/* SPDX-License-Identifier: MIT */
/* What an explanation says must be so: planned again here, with the same numbers. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plans.h"
#include "random_instance.h"
#include "suite.h"

#define TEXT_SIZE 65536
#define INSTANCES 12 /* each is planned some dozens of times */

static char *explain(const struct hidp_plan *plan)
{
	size_t length = 0;
	char *text = malloc(TEXT_SIZE);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(hidp_plan_explain(plan, text, TEXT_SIZE, &length), HIDP_OK);
	ck_assert_uint_lt(length, TEXT_SIZE);
	ck_assert_uint_eq(strlen(text), length);
	return text;
}

/* The same words on one line: breaks and indents become single spaces. */
static void join_lines(char *text)
{
	char *to = text;
	for (const char *from = text; *from != '\0'; from++) {
		bool blank = *from == ' ' || *from == '\n';
		if (!blank)
			*to++ = *from;
		else if (to != text && to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
}

static void expect_words(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) != NULL, "\"%s\" is not in: %s", words, text);
}

static bool computes(const struct hidp_plan *plan, hidp_node_id node)
{
	for (uint32_t s = 0; s < hidp_plan_stage_count(plan); s++) {
		struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
		hidp_plan_get_stage(plan, s, &stage);
		for (uint32_t k = 0; k < stage.share_count; k++) {
			struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
			hidp_plan_get_share(plan, s, k, &share);
			if (share.node == node)
				return true;
		}
	}
	return false;
}

static const char *name_of(const struct hidp_cluster *cluster, hidp_node_id node)
{
	struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
	hidp_cluster_node(cluster, node, &desc);
	return desc.name;
}

/* Lines fit a terminal, and every node without a share has a line in the last section, no other. */
static void check_shape(const struct hidp_plan *plan, const char *text)
{
	const struct hidp_cluster *cluster = hidp_plan_cluster(plan);
	const char *idle = strstr(text, "\nNodes that compute nothing\n");
	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		ck_assert_msg(length <= 100, "%zu columns: %.*s", length, (int)length, line);
		ck_assert_msg(length == 0 || line[length - 1] != ' ', "a space at the end: %.*s",
			      (int)length, line);
		line += length + 1;
	}
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(cluster); n++) {
		char wanted[2][HIDP_NAME_MAX + 16];
		bool found = false;
		snprintf(wanted[0], sizeof wanted[0], "\n  %s:", name_of(cluster, n));
		snprintf(wanted[1], sizeof wanted[1], "\n  %s, the leader:", name_of(cluster, n));
		for (size_t i = 0; i < 2 && idle != NULL; i++)
			found |= strstr(idle, wanted[i]) != NULL;
		ck_assert_msg(found != computes(plan, n), "node %s in: %s", name_of(cluster, n),
			      text);
	}
}

/* The headline figure is the table's, and optimality is claimed where it is proven. */
static void check_figures(const struct hidp_plan *plan, const char *text)
{
	static const char *const names[] = {"latency", "period", "energy"};
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	hidp_plan_get_options(plan, &options);
	hidp_plan_get_figures(plan, &figures);
	ck_assert_int_eq(strstr(text, "proven optimal") != NULL,
			 (figures.flags & HIDP_FIGURES_PROVEN) != 0);
	if (options.objective == HIDP_OBJECTIVE_WEIGHTED || options.migration_weight > 0)
		return;
	char *table = malloc(TEXT_SIZE), line[80], value[40], wanted[128];
	ck_assert_int_eq(hidp_plan_to_table(plan, table, TEXT_SIZE, NULL), HIDP_OK);
	snprintf(line, sizeof line, "\n  %-8s  ", names[options.objective]);
	const char *at = strstr(table, line);
	ck_assert_ptr_nonnull(at);
	snprintf(value, sizeof value, "%s", at + strlen(line));
	strchr(value, ' ')[1 + strcspn(strchr(value, ' ') + 1, " ,\n")] = '\0';
	snprintf(wanted, sizeof wanted, "objective %s %s", names[options.objective], value);
	expect_words(text, wanted);
	free(table);
}

static struct hidp_plan *plan_without(const struct random_instance *r,
				      const struct hidp_plan_options *asked,
				      const hidp_node_id *nodes, size_t count)
{
	struct hidp_plan_options options = *asked;
	struct hidp_plan *plan = NULL;
	options.excluded_nodes = nodes;
	options.excluded_processors = NULL;
	options.excluded_count = count;
	if (options.work_limit == 0)
		options.work_limit = 2000000; /* as hidp_plan_explain() says */
	hidp_plan(r->model, r->cluster, r->cost, &options, &plan, NULL);
	return plan;
}

static double latency_of(const struct hidp_plan *plan)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	hidp_plan_get_figures(plan, &figures);
	return figures.latency_s;
}

/*
 * The numbers of the alternatives, from plans made here. For latency, without pins and
 * limits. Returns how many were compared.
 */
static unsigned check_alternatives(const struct random_instance *r, const struct hidp_plan *plan,
				   const char *text)
{
	uint32_t count = hidp_cluster_node_count(r->cluster);
	char a[32], b[32], wanted[256];
	unsigned compared = 0;
	for (hidp_node_id n = 0; n < count; n++) {
		hidp_node_id others[16];
		size_t other_count = 0;
		for (hidp_node_id m = 0; m < count; m++)
			if (m != n)
				others[other_count++] = m;
		if (computes(plan, n)) {
			snprintf(wanted, sizeof wanted, "without %s,", name_of(r->cluster, n));
			if (strstr(text, wanted) == NULL)
				continue; /* beyond the first ones, which are shown */
			struct hidp_plan *other = plan_without(r, &r->options, &n, 1);
			if (other != NULL)
				snprintf(wanted, sizeof wanted, "without %s, %s,",
					 name_of(r->cluster, n),
					 hidp__text_seconds(latency_of(other), a));
			else
				snprintf(wanted, sizeof wanted, "without %s, none found",
					 name_of(r->cluster, n));
			expect_words(text, wanted);
			hidp_plan_unref(other);
			compared++;
			continue;
		}
		struct hidp_plan_options single = r->options;
		single.strategy = HIDP_STRATEGY_SINGLE;
		struct hidp_plan *alone = plan_without(r, &single, others, other_count);
		if (alone != NULL) {
			snprintf(wanted, sizeof wanted, ": alone %s against %s,",
				 hidp__text_seconds(latency_of(alone), a),
				 hidp__text_seconds(latency_of(plan), b));
			expect_words(text, wanted);
			compared++;
		}
		hidp_plan_unref(alone);
	}
	return compared;
}

START_TEST(random_plans_are_explained)
{
	uint64_t seed = support_seed("explain", 20261123) + 1000 * (uint64_t)_i;
	struct random_params params;
	struct hidp_context *context;
	unsigned explained = 0, compared = 0;
	random_params_init(&params);
	params.nodes_min = 1;
	params.nodes_max = 4;
	params.layers_max = 8;
	params.rows_max = 24;
	params.dag = params.unequal = true;
	params.pins = params.limits = params.residency = params.stream = params.cut = _i == 1;
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	for (uint64_t i = 0; i < INSTANCES; i++) {
		struct random_instance r;
		struct hidp_plan *plan;
		random_instance_init(&r, context, &params, seed + i);
		if (_i == 0)
			r.options = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
		if (i % 4 != 0) /* for every alternative as well; else its own limit, below */
			r.options.work_limit = 1000000;
		if (hidp_plan(r.model, r.cluster, r.cost, &r.options, &plan, NULL) == HIDP_OK) {
			char *text = explain(plan);
			if (i % 4 == 0) {
				char *again = explain(plan);
				ck_assert_str_eq(text, again);
				free(again);
			}
			check_shape(plan, text);
			join_lines(text);
			check_figures(plan, text);
			if (_i == 0)
				compared += check_alternatives(&r, plan, text);
			free(text);
			hidp_plan_unref(plan);
			explained++;
		}
		random_instance_destroy(&r);
	}
	hidp_context_unref(context);
	ck_assert_uint_gt(explained, INSTANCES / 3);
	if (_i == 0)
		ck_assert_uint_gt(compared, INSTANCES);
}
END_TEST

START_TEST(plans_made_by_hand_are_explained)
{
	for (size_t i = 0; plan_names[i] != NULL; i++) {
		struct hidp_plan *plan = make_plan(plan_names[i]);
		char *text = explain(plan);
		if (strcmp(plan_names[i], "hostile") != 0 && strcmp(plan_names[i], "wide") != 0)
			check_shape(plan, text);
		join_lines(text);
		expect_words(text, "this plan was not searched for");
		expect_words(text, "instead the planner's own plan");
		ck_assert_ptr_null(strstr(text, "missed"));
		free(text);
		hidp_plan_unref(plan);
	}
}
END_TEST

START_TEST(buffers_and_arguments)
{
	struct hidp_plan *plan = make_plan("branch");
	char *text = explain(plan), small[64] = "before";
	size_t length = strlen(text), needed = 7;
	for (size_t size = 0; size <= sizeof small; size += sizeof small / 2) {
		ck_assert_int_eq(hidp_plan_explain(plan, size != 0 ? small : NULL, size, &needed),
				 HIDP_OK);
		ck_assert_uint_eq(needed, length);
		ck_assert_int_eq(
			memcmp(small, size != 0 ? text : "before", size != 0 ? size - 1 : 6), 0);
	}
	needed = 7;
	ck_assert_int_eq(hidp_plan_explain(NULL, small, 8, &needed), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_plan_explain(plan, NULL, 8, &needed), HIDP_ERR_ARGUMENT);
	ck_assert_uint_eq(needed, 7);
	free(text);
	hidp_plan_unref(plan);
}
END_TEST

/* Nodes 0 to 5: the leader, one too weak, one excluded, unavailable, taken by others, out of reach.
 */
START_TEST(nodes_are_left_out_for_a_reason)
{
	static const hidp_node_id excluded[] = {2};
	struct hidp_plan *sample = make_plan("one-node"), *plan;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *line, *cluster;
	struct hidp_context *context;
	struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	hidp_node_id far;
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	ck_ok(hidp_cluster_from_string(context, "cpu:50,gpu:400; cpu:1; 3*cpu:90 | lan 940M 0.25ms",
				       &line, &said),
	      said);
	ck_assert_int_eq(hidp_cluster_builder_from(line, &builder), HIDP_OK);
	ck_ok(hidp_cluster_processor(line, 0, 0, &processor), said);
	desc.name = "far";
	ck_ok(hidp_cluster_builder_add_node(builder, &desc, &far, &said), said);
	ck_ok(hidp_cluster_builder_add_processor(builder, far, &processor, NULL, &said), said);
	ck_ok(hidp_cluster_builder_set_available(builder, 3, false, &said), said);
	ck_ok(hidp_cluster_builder_set_load(builder, 4, 0, 1, &said), said);
	ck_ok(hidp_cluster_builder_seal(builder, &cluster, &said), said);
	options.excluded_nodes = excluded;
	options.excluded_count = 1;
	ck_ok(hidp_plan(hidp_plan_model(sample), cluster, NULL, &options, &plan, &said), said);
	char *text = explain(plan);
	check_shape(plan, text);
	join_lines(text);
	expect_words(text, " node1: alone ");
	expect_words(text, " node2: excluded by the options.");
	expect_words(text, " node3: not available.");
	expect_words(text, " node4: its processors are fully taken by others.");
	expect_words(text,
		     " far: no way there from the input, or back to where the result is wanted.");
	free(text);
	hidp_plan_unref(plan);
	hidp_plan_unref(sample);
	hidp_cluster_builder_destroy(builder);
	hidp_cluster_unref(cluster);
	hidp_cluster_unref(line);
	hidp_context_unref(context);
}
END_TEST

static hidp_layer_id add_custom(struct hidp_model_builder *builder, const hidp_layer_id *inputs,
				const struct hidp_row_rule *rules, uint32_t count)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	hidp_layer_id layer;
	desc.op = HIDP_OP_CUSTOM;
	desc.dtype = HIDP_DTYPE_INT8;
	desc.shape = (struct hidp_shape){1, 8, 1, 8};
	desc.flops = 1e6;
	desc.inputs = inputs;
	desc.input_count = count;
	desc.row_rules = rules;
	ck_ok(hidp_model_builder_add(builder, &desc, &layer, &said), said);
	return layer;
}

/*
 * A node that the input has no way to may still compute what needs nothing of it, and
 * one without a way back nothing that the result needs: whether some layer could be there
 * depends on the model.
 */
START_TEST(reach_is_that_of_layers)
{
	static const struct hidp_row_rule row = {1, 1, 0, 1}, none = {1, 1, -2, 1};
	for (int apart = 0; apart < 2; apart++) {
		struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
		struct hidp_layer_desc in = HIDP_LAYER_DESC_INIT;
		struct hidp_processor_desc quick = HIDP_PROCESSOR_DESC_INIT, slow;
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
		struct hidp_model_builder *builder;
		struct hidp_cluster_builder *nodes;
		struct hidp_context *context;
		struct hidp_model *model;
		struct hidp_cluster *cluster;
		struct hidp_plan *plan;
		hidp_layer_id source, both[2];
		hidp_node_id leader, back;
		ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
		ck_assert_int_eq(hidp_model_builder_new(context, NULL, &builder), HIDP_OK);
		in.op = HIDP_OP_INPUT;
		in.dtype = HIDP_DTYPE_INT8;
		in.shape = (struct hidp_shape){1, 8, 1, 8};
		ck_ok(hidp_model_builder_add(builder, &in, &source, &said), said);
		both[0] = add_custom(builder, &source, &row, 1);
		both[1] = add_custom(builder, &source, apart ? &none : &row, 1);
		add_custom(builder, both, (struct hidp_row_rule[]){row, row}, 2);
		ck_ok(hidp_model_builder_seal(builder, &model, &said), said);
		for (uint32_t k = 0; k < HIDP_CLASS_COUNT; k++)
			quick.rate_flops[k] = 1e12;
		slow = quick;
		for (uint32_t k = 0; k < HIDP_CLASS_COUNT; k++)
			slow.rate_flops[k] = 1e6;
		ck_assert_int_eq(hidp_cluster_builder_new(context, &nodes), HIDP_OK);
		node.name = "leader";
		ck_ok(hidp_cluster_builder_add_node(nodes, &node, &leader, &said), said);
		ck_ok(hidp_cluster_builder_add_processor(nodes, leader, &quick, NULL, &said), said);
		node.name = "back";
		ck_ok(hidp_cluster_builder_add_node(nodes, &node, &back, &said), said);
		ck_ok(hidp_cluster_builder_add_processor(nodes, back, &slow, NULL, &said), said);
		link.from = back;
		link.to = leader;
		link.bandwidth_Bps = 1e6;
		ck_ok(hidp_cluster_builder_add_link(nodes, &link, &said), said);
		ck_ok(hidp_cluster_builder_seal(nodes, &cluster, &said), said);
		ck_ok(hidp_plan(model, cluster, NULL, NULL, &plan, &said), said);
		char *text = explain(plan);
		join_lines(text);
		bool unreachable = strstr(text, " back: no way there from the input") != NULL;
		ck_assert_msg(unreachable == (apart == 0), "%s", text);
		if (apart == 1)
			expect_words(text, " back: alone ");
		free(text);
		hidp_plan_unref(plan);
		hidp_cluster_unref(cluster);
		hidp_cluster_builder_destroy(nodes);
		hidp_model_unref(model);
		hidp_model_builder_destroy(builder);
		hidp_context_unref(context);
	}
}
END_TEST

/* A limit that costs something is said to bind, and at what price; one far away is not. */
START_TEST(limits_bind_or_not)
{
	struct hidp_plan *sample = make_plan("pipeline"), *fast, *frugal, *bound;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	const struct hidp_model *model = hidp_plan_model(sample);
	const struct hidp_cluster *cluster = hidp_plan_cluster(sample);
	char number[32], wanted[128];
	ck_ok(hidp_plan(model, cluster, NULL, &options, &fast, &said), said);
	options.objective = HIDP_OBJECTIVE_ENERGY;
	ck_ok(hidp_plan(model, cluster, NULL, &options, &frugal, &said), said);
	ck_assert(latency_of(fast) < latency_of(frugal));
	options.latency_limit_s = latency_of(frugal) * 2;
	ck_ok(hidp_plan(model, cluster, NULL, &options, &bound, &said), said);
	char *text = explain(bound);
	join_lines(text);
	expect_words(text, ": it does not bind memory ");
	free(text);
	hidp_plan_unref(bound);
	options.latency_limit_s = latency_of(fast);
	ck_ok(hidp_plan(model, cluster, NULL, &options, &bound, &said), said);
	text = explain(bound);
	join_lines(text);
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	hidp_plan_get_figures(frugal, &figures);
	snprintf(wanted, sizeof wanted, ": it binds, without it the objective is %s, ",
		 hidp__text_joules(figures.energy_j, number));
	expect_words(text, wanted);
	free(text);
	hidp_plan_unref(bound);
	hidp_plan_unref(fast);
	hidp_plan_unref(frugal);
	hidp_plan_unref(sample);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explain");
	TCase *c = tcase_create("explain");
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, random_plans_are_explained, 0, 2);
	tcase_add_test(c, plans_made_by_hand_are_explained);
	tcase_add_test(c, buffers_and_arguments);
	tcase_add_test(c, nodes_are_left_out_for_a_reason);
	tcase_add_test(c, reach_is_that_of_layers);
	tcase_add_test(c, limits_bind_or_not);
	suite_add_tcase(suite, c);
	return run_suite(suite);
}
