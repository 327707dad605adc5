/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "same.h"

#define HEAD "{\"format\": \"hidp-cost\", \"version\": 1, \"model\": \"net\",\n"
#define PROCESSORS(...) HEAD "\"processors\": [" __VA_ARGS__ "]}"
#define BOX(processor, ...)                                                                        \
	"{\"node\": \"box\", \"processor\": \"" processor "\", \"costs\": [" __VA_ARGS__ "]}"
#define LAYER(...)                                                                                 \
	HEAD "\"layers\": [" __VA_ARGS__ "], \"processors\": []}"
#define CONV "\"name\": \"conv\", \"dtype\": \"fp32\", \"shape\": [1, 4, 8, 8], "

static struct hidp_model *model;
static struct hidp_cluster *cluster;

static void make(void)
{
	model = formats_cost_model();
	cluster = formats_cost_cluster();
}

static void drop(void)
{
	hidp_model_unref(model);
	hidp_cluster_unref(cluster);
}

static struct hidp_cost_entry entry_of(const struct hidp_cost *cost, hidp_layer_id layer,
                                       hidp_node_id node, hidp_processor_id processor)
{
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	ck_assert_int_eq(hidp_cost_get(model, cluster, cost, layer, node, processor, &e), HIDP_OK);
	return e;
}

START_TEST(reads_times)
{
	static const char text[] = PROCESSORS(
	        BOX("gpu", "{\"layer\": \"pool\", \"unsupported\": true},"
	                   "{\"layer\": \"conv\", \"seconds\": 0.5, \"row_fixed_s\": 0.25, "
	                   "\"channel_fixed_s\": 0.125}"));
	struct hidp_cost *cost = formats_cost(model, cluster, text, strlen(text));
	struct hidp_cost_entry e = entry_of(cost, 1, 0, 1);
	ck_assert_uint_eq(e.flags, 0);
	ck_assert_double_eq(e.seconds, 0.5);
	ck_assert_double_eq(e.row_fixed_s, 0.25);
	ck_assert_double_eq(e.channel_fixed_s, 0.125);
	ck_assert_uint_eq(entry_of(cost, 2, 0, 1).flags, HIDP_COST_UNSUPPORTED);
	/* the rest is analytic */
	for (hidp_layer_id l = 0; l < 3; l++) {
		ck_assert_double_eq(entry_of(cost, l, 0, 0).seconds,
		                    entry_of(NULL, l, 0, 0).seconds);
		ck_assert_double_eq(entry_of(cost, l, 1, 0).seconds,
		                    entry_of(NULL, l, 1, 0).seconds);
	}
	hidp_cost_unref(cost);
}
END_TEST

/* One table after another, the second for a node that it calls otherwise. */
START_TEST(documents_add_up)
{
	static const char first[] = PROCESSORS(
	        BOX("cpu", "{\"layer\": \"conv\", \"seconds\": 1}, {\"layer\": \"pool\", "
	                   "\"seconds\": 2}"));
	static const char second[] = PROCESSORS(
	        "{\"node\": \"elsewhere\", \"processor\": \"cpu\", \"costs\": [{\"layer\": \"conv\", "
	        "\"seconds\": 3}]}");
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost_builder *builder;
	struct hidp_cost *cost = NULL;
	ck_assert_int_eq(hidp_cost_builder_new(model, cluster, &builder), HIDP_OK);
	ck_assert_int_eq(
	        hidp_cost_builder_add_json(builder, first, strlen(first), HIDP_NODE_NONE, NULL),
	        HIDP_OK);
	ck_assert_int_eq(hidp_cost_builder_add_json(builder, second, strlen(second), HIDP_NODE_NONE,
	                                            &said),
	                 HIDP_ERR_COST);
	ck_assert_str_eq(said.subject, "processors[0].node");
	ck_assert_int_eq(hidp_cost_builder_add_json(builder, second, strlen(second), 1, NULL),
	                 HIDP_OK);
	ck_assert_int_eq(hidp_cost_builder_add_json(builder, second, strlen(second), 0, NULL),
	                 HIDP_OK);
	ck_assert_int_eq(hidp_cost_builder_add_json(builder, second, strlen(second), 2, &said),
	                 HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_builder_seal(builder, &cost, NULL), HIDP_OK);
	ck_assert_double_eq(entry_of(cost, 1, 0, 0).seconds, 3); /* the later one counts */
	ck_assert_double_eq(entry_of(cost, 2, 0, 0).seconds, 2);
	ck_assert_double_eq(entry_of(cost, 1, 1, 0).seconds, 3);
	hidp_cost_unref(cost);
	hidp_cost_builder_destroy(builder);
}
END_TEST

START_TEST(refused_documents_leave_nothing_behind)
{
	static const char text[] = PROCESSORS(BOX(
	        "cpu", "{\"layer\": \"conv\", \"seconds\": 1}, {\"layer\": \"none\", \"seconds\": 1}"));
	static const char two[] = PROCESSORS(
	        BOX("cpu", "") ", {\"node\": \"pi\", \"processor\": \"cpu\", \"costs\": []}");
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost_builder *builder;
	struct hidp_cost *cost = NULL;
	ck_assert_int_eq(hidp_cost_builder_new(model, cluster, &builder), HIDP_OK);
	ck_assert_int_eq(
	        hidp_cost_builder_add_json(builder, text, strlen(text), HIDP_NODE_NONE, &said),
	        HIDP_ERR_COST);
	ck_assert_int_eq(hidp_cost_builder_add_json(builder, two, strlen(two), 0, &said),
	                 HIDP_ERR_COST);
	ck_assert_str_eq(said.subject, "processors[1].node");
	ck_assert_ptr_nonnull(strstr(said.message, "tells of several"));
	ck_assert_int_eq(hidp_cost_builder_seal(builder, &cost, NULL), HIDP_OK);
	char *written = formats_write_cost(model, cluster, cost);
	ck_assert_ptr_nonnull(strstr(written, "\"processors\": []"));
	free(written);
	hidp_cost_unref(cost);
	hidp_cost_builder_destroy(builder);
}
END_TEST

static hidp_status count_pairs(void *user_data, hidp_layer_id layer, hidp_node_id node,
                               hidp_processor_id processor, struct hidp_cost_entry *entry)
{
	double *next = user_data;
	entry->seconds = *next += 1 + 0.1 * layer + 0.01 * node + 0.001 * processor;
	entry->row_fixed_s = *next / 3;
	entry->channel_fixed_s = *next / 7;
	if (layer == 2 && node == 1)
		entry->flags = HIDP_COST_UNSUPPORTED;
	return HIDP_OK;
}

START_TEST(writes_what_it_reads)
{
	struct hidp_cost_builder *builder;
	struct hidp_cost *cost = NULL, *again;
	double next = 0.1;
	ck_assert_int_eq(hidp_cost_builder_new(model, cluster, &builder), HIDP_OK);
	ck_assert_int_eq(hidp_cost_builder_set_callback(builder, count_pairs, &next), HIDP_OK);
	ck_assert_int_eq(hidp_cost_builder_seal(builder, &cost, NULL), HIDP_OK);
	char *text = formats_write_cost(model, cluster, cost);
	again = formats_cost(model, cluster, text, strlen(text));
	same_costs(model, cluster, cost, again);
	char *second = formats_write_cost(model, cluster, again);
	ck_assert_str_eq(text, second);
	free(text);
	free(second);
	hidp_cost_unref(cost);
	hidp_cost_unref(again);
	hidp_cost_builder_destroy(builder);
}
END_TEST

START_TEST(writing_checks_its_arguments)
{
	struct hidp_cluster *other = NULL;
	struct hidp_cost *cost = formats_cost(model, cluster, PROCESSORS(""), strlen(PROCESSORS("")));
	size_t needed = 7;
	ck_assert_int_eq(hidp_cluster_from_string(context, "cpu", &other, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_cost_to_json(model, other, cost, NULL, 0, &needed), HIDP_ERR_COST);
	ck_assert_int_eq(hidp_cost_to_json(NULL, cluster, cost, NULL, 0, &needed),
	                 HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_to_json(model, cluster, NULL, NULL, 0, &needed),
	                 HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_to_json(model, cluster, cost, NULL, 1, &needed),
	                 HIDP_ERR_ARGUMENT);
	ck_assert_uint_eq(needed, 7);
	ck_assert_int_eq(hidp_cost_from_json(model, cluster, "{}", 2, NULL, NULL),
	                 HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_cost_from_json(NULL, cluster, "{}", 2, &cost, NULL),
	                 HIDP_ERR_ARGUMENT);
	hidp_cost_unref(cost);
	hidp_cluster_unref(other);
}
END_TEST

static const struct refusal refusals[] = {
        {"@[]", HIDP_ERR_SYNTAX, "document", "must be an object"},
        {"{\"format\": @\"hidp-plan\", \"version\": 1}", HIDP_ERR_SYNTAX, "format", "hidp-cost"},
        {"@{\"format\": \"hidp-cost\", \"version\": 1}", HIDP_ERR_SYNTAX, "document",
         "is missing"},
        {"@" HEAD "\"layers\": []}", HIDP_ERR_SYNTAX, "document", "\"processors\" is missing"},
        {HEAD "@\"speed\": 1, \"processors\": []}", HIDP_ERR_SYNTAX, "speed", "unknown"},
        {"{\"format\": \"hidp-cost\", \"version\": 1, \"model\": @\"other\", \"processors\": []}",
         HIDP_ERR_COST, "model", "another model, \"other\", not of \"net\""},
        {"{\"format\": \"hidp-cost\", \"version\": 1, \"model\": @7, \"processors\": []}",
         HIDP_ERR_SYNTAX, "model", "must be a text"},
        /* layers */
        {LAYER("@{" CONV "\"flops\": 1536, \"weight_bytes\": 64}"), HIDP_ERR_SYNTAX, "layers[0]",
         "\"parts\" is missing"},
        {LAYER("{\"name\": @\"conw\", \"dtype\": \"fp32\", \"shape\": [1, 4, 8, 8], \"flops\": "
               "1536, \"weight_bytes\": 64, \"parts\": 1}"),
         HIDP_ERR_COST, "layers[0].name", "there is no layer \"conw\"; did you mean \"conv\"?"},
        {LAYER("@{" CONV "\"flops\": 1537, \"weight_bytes\": 64, \"parts\": 1}"), HIDP_ERR_COST,
         "layers[0]", "other figures than when it was measured"},
        {LAYER("@{" CONV "\"flops\": 1536, \"weight_bytes\": 63, \"parts\": 1}"), HIDP_ERR_COST,
         "layers[0]", "other figures"},
        {LAYER("@{" CONV "\"flops\": 1536, \"weight_bytes\": 64, \"parts\": 2}"), HIDP_ERR_COST,
         "layers[0]", "other figures"},
        {LAYER("@{\"name\": \"conv\", \"dtype\": \"fp16\", \"shape\": [1, 4, 8, 8], \"flops\": 1536, "
               "\"weight_bytes\": 64, \"parts\": 1}"),
         HIDP_ERR_COST, "layers[0]", "other figures"},
        {LAYER("@{\"name\": \"conv\", \"dtype\": \"fp32\", \"shape\": [1, 4, 8, 9], \"flops\": 1536, "
               "\"weight_bytes\": 64, \"parts\": 1}"),
         HIDP_ERR_COST, "layers[0]", "other figures"},
        {HEAD "\"layers\": @[1, 2, 3, 4], \"processors\": []}", HIDP_ERR_LIMIT, "layers",
         "4 layers, at most 3"},
        /* processors */
        {HEAD "\"processors\": @[1, 2, 3, 4]}", HIDP_ERR_LIMIT, "processors",
         "4 processors, at most 3"},
        {PROCESSORS("@{\"node\": \"box\", \"costs\": []}"), HIDP_ERR_SYNTAX, "processors[0]",
         "\"processor\" is missing"},
        {PROCESSORS("{\"node\": @\"bax\", \"processor\": \"cpu\", \"costs\": []}"), HIDP_ERR_COST,
         "processors[0].node", "there is no node \"bax\""},
        {PROCESSORS("{\"node\": \"pi\", \"processor\": @\"gpu\", \"costs\": []}"), HIDP_ERR_COST,
         "processors[0].processor", "there is no processor \"gpu\""},
        {PROCESSORS(BOX("cpu", "") ",\n{\"node\": \"box\", \"processor\": @\"cpu\", \"costs\": []}"),
         HIDP_ERR_COST, "processors[1].processor", "processor is given twice"},
        {PROCESSORS("{\"node\": \"box\", \"processor\": \"cpu\", \"costs\": @{}}"), HIDP_ERR_SYNTAX,
         "processors[0].costs", "must be a list"},
        /* times */
        {PROCESSORS(BOX("cpu", "@{\"layer\": \"conv\"}")), HIDP_ERR_SYNTAX,
         "processors[0].costs[0]", "\"seconds\" is missing"},
        {PROCESSORS(BOX("cpu", "{\"layer\": \"conv\", \"unsupported\": true, @\"seconds\": 1}")),
         HIDP_ERR_SYNTAX, "processors[0].costs[0].seconds", "an unsupported layer has no"},
        {PROCESSORS(BOX("cpu", "{\"layer\": @\"image2\", \"seconds\": 1}")), HIDP_ERR_COST,
         "processors[0].costs[0].layer", "there is no layer \"image2\""},
        {PROCESSORS(BOX("cpu", "@{\"layer\": \"conv\", \"seconds\": -1}")), HIDP_ERR_COST,
         "processors[0].costs[0]", "negative"},
        {PROCESSORS(BOX("cpu", "@{\"layer\": \"conv\", \"seconds\": 1, \"row_fixed_s\": 2}")),
         HIDP_ERR_COST, "processors[0].costs[0]", "smaller than its fixed part"},
        {PROCESSORS(BOX("cpu", "{\"layer\": \"conv\", \"seconds\": @\"inf\"}")), HIDP_ERR_SYNTAX,
         "processors[0].costs[0].seconds", "must be a number"},
        {PROCESSORS(BOX("cpu", "{\"layer\": \"conv\", \"seconds\": 1}, @{\"layer\": \"conv\", "
                               "\"seconds\": 1}")),
         HIDP_ERR_COST, "processors[0].costs[1]", "layer is given twice"},
};

START_TEST(refuses)
{
	formats_refuse(FORMATS_COST, &refusals[_i]);
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("cost");
	tcase_add_checked_fixture(tc, make, drop);
	tcase_add_test(tc, reads_times);
	tcase_add_test(tc, documents_add_up);
	tcase_add_test(tc, refused_documents_leave_nothing_behind);
	tcase_add_test(tc, writes_what_it_reads);
	tcase_add_test(tc, writing_checks_its_arguments);
	tcase_add_loop_test(tc, refuses, 0, sizeof refusals / sizeof refusals[0]);
	return formats_run(tc);
}
