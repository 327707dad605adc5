/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "random_instance.h"
#include "same.h"

/* A small plan, in pieces that refusals put together anew. */
#define FORMAT "\"format\": \"hidp-plan\", \"version\": 1"
#define MODEL                                                                                      \
	"\"model\": {\"format\": \"hidp-model\", \"version\": 1, \"layers\": ["                    \
	"{\"name\": \"in\", \"op\": \"input\", \"shape\": [1, 4, 8, 8]},"                          \
	"{\"name\": \"l1\", \"op\": \"conv\", \"inputs\": [\"in\"], \"out_channels\": 4, "         \
	"\"kernel\": [1, 1]},"                                                                     \
	"{\"name\": \"l2\", \"op\": \"max_pool\", \"inputs\": [\"l1\"], \"kernel\": [2, 2]}]}"
/* The same with both layers in one colocation group. */
#define COLOCATED                                                                                  \
	"\"model\": {\"format\": \"hidp-model\", \"version\": 1, \"layers\": ["                    \
	"{\"name\": \"in\", \"op\": \"input\", \"shape\": [1, 4, 8, 8]},"                          \
	"{\"name\": \"l1\", \"op\": \"conv\", \"inputs\": [\"in\"], \"out_channels\": 4, "         \
	"\"kernel\": [1, 1], \"colocation\": 3},"                                                  \
	"{\"name\": \"l2\", \"op\": \"max_pool\", \"inputs\": [\"l1\"], \"kernel\": [2, 2], "      \
	"\"colocation\": 3}]}"
#define NODE(name)                                                                                 \
	"{\"name\": \"" name "\", \"processors\": [{\"kind\": \"cpu\", \"rate_flops\": "           \
	"{\"conv\": 1e9, \"elementwise\": 1e9}}, {\"kind\": \"gpu\", \"rate_flops\": "             \
	"{\"conv\": 1e9, \"elementwise\": 1e9}}]}"
#define CLUSTER                                                                                    \
	"\"cluster\": {\"format\": \"hidp-cluster\", \"version\": 1, \"nodes\": [" NODE("a") ", "  \
	NODE("b") "], \"lan\": {\"bandwidth_Bps\": 1e6, \"latency_s\": 0}}"
#define OPTIONS "\"options\": {\"objective\": \"latency\", \"strategy\": \"auto\", \"leader\": 0}"
#define STEP "{\"kind\": \"single\", \"layer_count\": 2, \"slices\": [{\"processor\": 0}]}"
#define SHARE "{\"node\": 0, \"steps\": [" STEP "]}"
#define STAGES "\"stages\": [{\"kind\": \"single\", \"layer_count\": 3, \"shares\": [" SHARE "]}]"
#define PLAN(...) "{" FORMAT ",\n" MODEL ",\n" CLUSTER ",\n" __VA_ARGS__ "}"
#define WITH_OPTIONS(...)                                                                          \
	PLAN("\"options\": {\"objective\": \"latency\", \"strategy\": \"auto\"" __VA_ARGS__ "},\n" STAGES)
#define WITH_STAGES(...) PLAN(OPTIONS ",\n\"stages\": [\n" __VA_ARGS__ "]")
#define WITH_SHARES(...)                                                                           \
	WITH_STAGES("{\"kind\": \"single\", \"layer_count\": 3, \"shares\": [\n" __VA_ARGS__ "]}")
#define WITH_STEPS(...) WITH_SHARES("{\"node\": 0, \"steps\": [\n" __VA_ARGS__ "]}")
#define AND(...) PLAN(OPTIONS ",\n" STAGES ",\n" __VA_ARGS__)

static void check_round_trip(const struct hidp_plan *plan)
{
	char *text = formats_write_plan(plan);
	struct hidp_plan *again = formats_plan(text, strlen(text));
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	same_plans(plan, again);
	hidp_plan_get_figures(again, &f);
	ck_assert_double_eq(f.lower_bound, 0);
	char *text_again = formats_write_plan(again);
	ck_assert_str_eq(text_again, text);
	free(text);
	free(text_again);
	hidp_plan_unref(again);
}

START_TEST(reads_the_least)
{
	static const char text[] = PLAN(OPTIONS ", " STAGES);
	struct hidp_plan *plan = formats_plan(text, sizeof text - 1);
	ck_assert_uint_eq(hidp_plan_stage_count(plan), 1);
	ck_assert_ptr_null(hidp_plan_cost(plan));
	check_round_trip(plan);
	hidp_plan_unref(plan);
}
END_TEST

START_TEST(reads_every_option)
{
	static const char text[] = PLAN(
	        "\"options\": {\"objective\": \"weighted\", \"strategy\": \"paper\", \"stream\": true, "
	        "\"contiguous\": true, "
	        "\"leader\": 1, \"input_node\": 0, \"output_node\": 1, \"latency_weight\": 1, "
	        "\"period_weight\": 2, \"energy_weight\": 3, \"latency_limit_s\": 4, "
	        "\"period_limit_s\": 5, \"energy_limit_j\": 6, \"migration_weight\": 7, "
	        "\"pins\": [{\"layer\": 1, \"node\": 0}, {\"layer\": 2, \"node\": 0, \"processor\": "
	        "0}], \"excluded\": [{\"node\": 1}, {\"node\": 0, \"processor\": 1}], "
	        "\"resident\": [{\"layer\": 1, \"node\": 0}], \"work_limit\": 8}, " STAGES);
	struct hidp_plan *plan = formats_plan(text, sizeof text - 1);
	struct hidp_plan_options o = HIDP_PLAN_OPTIONS_INIT;
	hidp_plan_get_options(plan, &o);
	ck_assert_uint_eq(o.flags, HIDP_PLAN_STREAM | HIDP_PLAN_INPUT_AT | HIDP_PLAN_OUTPUT_AT |
	                                   HIDP_PLAN_RESIDENT | HIDP_PLAN_CONTIGUOUS);
	ck_assert_uint_eq(o.objective, HIDP_OBJECTIVE_WEIGHTED);
	ck_assert_uint_eq(o.strategy, HIDP_STRATEGY_PAPER);
	ck_assert_uint_eq(o.leader, 1);
	ck_assert_uint_eq(o.input_node, 0);
	ck_assert_uint_eq(o.output_node, 1);
	ck_assert_double_eq(o.latency_weight, 1);
	ck_assert_double_eq(o.period_weight, 2);
	ck_assert_double_eq(o.energy_weight, 3);
	ck_assert_double_eq(o.latency_limit_s, 4);
	ck_assert_double_eq(o.period_limit_s, 5);
	ck_assert_double_eq(o.energy_limit_j, 6);
	ck_assert_double_eq(o.migration_weight, 7);
	ck_assert_uint_eq(o.pin_count, 2);
	ck_assert_uint_eq(o.pin_layers[1], 2);
	ck_assert_uint_eq(o.pin_processors[0], HIDP_PROCESSOR_NONE);
	ck_assert_uint_eq(o.pin_processors[1], 0);
	ck_assert_uint_eq(o.excluded_count, 2);
	ck_assert_uint_eq(o.excluded_nodes[0], 1);
	ck_assert_uint_eq(o.excluded_processors[0], HIDP_PROCESSOR_NONE);
	ck_assert_uint_eq(o.excluded_processors[1], 1);
	ck_assert_uint_eq(o.resident_count, 1);
	ck_assert_uint_eq(o.work_limit, 8);
	check_round_trip(plan);
	hidp_plan_unref(plan);
}
END_TEST

START_TEST(residency_of_nothing_is_something)
{
	static const char text[] = PLAN(
	        "\"options\": {\"objective\": \"latency\", \"strategy\": \"auto\", \"leader\": 0, "
	        "\"resident\": []}, " STAGES);
	struct hidp_plan *plan = formats_plan(text, sizeof text - 1);
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	hidp_plan_get_figures(plan, &f);
	ck_assert_uint_eq(f.migration_bytes, (4 * 4 + 4) * 4);
	check_round_trip(plan);
	hidp_plan_unref(plan);
}
END_TEST

START_TEST(figures_are_not_believed)
{
	struct hidp_plan_figures a = HIDP_PLAN_FIGURES_INIT, b = HIDP_PLAN_FIGURES_INIT;
	static const char least[] = PLAN(OPTIONS ", " STAGES);
	struct hidp_plan *plan = formats_plan(least, sizeof least - 1);
	char *text = formats_write_plan(plan);
	hidp_plan_get_figures(plan, &a);
	/* another first digit */
	static const char *const keys[] = {"\"latency_s\": ", "\"lower_bound\": "};
	for (int i = 0; i < 2; i++) {
		char *at = strstr(text, "\"figures\"");
		ck_assert_ptr_nonnull(at);
		at = strstr(at, keys[i]);
		ck_assert_ptr_nonnull(at);
		at += strlen(keys[i]);
		*at = *at == '1' ? '2' : '1';
	}
	struct hidp_plan *again = formats_plan(text, strlen(text));
	hidp_plan_get_figures(again, &b);
	ck_assert_double_eq(b.latency_s, a.latency_s);
	ck_assert_double_eq(b.lower_bound, 0);
	free(text);
	hidp_plan_unref(plan);
	hidp_plan_unref(again);
}
END_TEST

START_TEST(figures_may_be_infinite)
{
	/* so slow that the time overflows */
	static const char text[] =
	        "{" FORMAT ", \"model\": {\"format\": \"hidp-model\", \"version\": 1, \"layers\": ["
	        "{\"name\": \"c\", \"op\": \"custom\", \"shape\": [1, 1, 4, 1], \"flops\": 1e30}]}, "
	        "\"cluster\": {\"format\": \"hidp-cluster\", \"version\": 1, \"nodes\": ["
	        "{\"processors\": [{\"kind\": \"cpu\", \"rate_flops\": {\"custom\": 1e-300}}]}]}, "
	        OPTIONS ", \"stages\": [{\"kind\": \"single\", \"layer_count\": 1, \"shares\": ["
	        "{\"node\": 0, \"steps\": [{\"kind\": \"single\", \"layer_count\": 1, \"slices\": ["
	        "{\"processor\": 0}]}]}]}]}";
	struct hidp_plan *plan = formats_plan(text, sizeof text - 1);
	char *written = formats_write_plan(plan);
	ck_assert_ptr_nonnull(strstr(written, "\"latency_s\": \"inf\""));
	free(written);
	check_round_trip(plan);
	hidp_plan_unref(plan);
}
END_TEST

START_TEST(bytes_may_be_too_many_to_say)
{
	/* 2^60 bytes of weights are the most that a layer may have; 32 times as many are too many */
	char text[8192];
	int at = snprintf(text, sizeof text,
	                  "{" FORMAT ", \"model\": {\"format\": \"hidp-model\", \"version\": 1, "
	                  "\"layers\": [{\"name\": \"in\", \"op\": \"input\", \"shape\": [1, 1, 1, 1]}");
	for (int i = 0; i < 32; i++)
		at += snprintf(text + at, sizeof text - (size_t)at,
		               ", {\"name\": \"l%d\", \"op\": \"custom\", \"inputs\": [\"in\"], "
		               "\"row_rules\": [{}], \"shape\": [1, 1, 1, 1], \"weight_bytes\": "
		               "1152921504606846976}",
		               i);
	snprintf(text + at, sizeof text - (size_t)at,
	         "]}, \"cluster\": {\"format\": \"hidp-cluster\", \"version\": 1, \"nodes\": ["
	         "{\"processors\": [{\"kind\": \"cpu\", \"rate_flops\": {\"custom\": 1}}]}]}, "
	         OPTIONS ", \"stages\": [{\"kind\": \"single\", \"layer_count\": 33, \"shares\": ["
	         "{\"node\": 0, \"steps\": [{\"kind\": \"single\", \"layer_count\": 32, "
	         "\"slices\": [{\"processor\": 0}]}]}]}]}");
	struct hidp_plan *plan = formats_plan(text, strlen(text));
	struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
	struct hidp_processor_figures p = HIDP_PROCESSOR_FIGURES_INIT;
	hidp_plan_get_node_figures(plan, 0, &f);
	hidp_plan_get_processor_figures(plan, 0, 0, &p);
	ck_assert_uint_eq(f.memory_bytes, UINT64_MAX);
	ck_assert_uint_eq(f.weight_bytes, UINT64_MAX);
	ck_assert_uint_eq(p.memory_bytes, UINT64_MAX);
	ck_assert_int_eq(hidp_plan_verify(plan, NULL), HIDP_OK);
	char *written = formats_write_plan(plan);
	ck_assert_ptr_nonnull(strstr(written, "\"weight_bytes\": 9223372036854775807"));
	free(written);
	check_round_trip(plan);
	hidp_plan_unref(plan);
}
END_TEST

/* Random plans of every kind, with measured costs, pins, residency, odd links and layers. */
START_TEST(random_plans_survive)
{
	struct random_params params;
	random_params_init(&params);
	params.dag = params.odd_layers = params.unequal = params.odd_links = true;
	params.measured = params.pins = params.residency = params.stream = true;
	uint64_t seed = support_seed("random_plans_survive", 20241);
	for (uint64_t i = 0; i < 400; i++) {
		struct random_instance instance;
		struct hidp_plan *plan = NULL;
		struct rng rng;
		rng_seed(&rng, seed + i);
		random_instance_init(&instance, context, &params, seed + i);
		if (random_plan(&instance, &rng, &plan) == HIDP_OK) {
			check_round_trip(plan);
			hidp_plan_unref(plan);
		}
		random_instance_destroy(&instance);
	}
}
END_TEST

/* Whatever is cut off or changed in a document, it is read or refused, and nothing else happens. */
START_TEST(damaged_documents_are_refused)
{
	struct hidp_plan *plan = NULL;
	size_t length;
	char *text = formats_read("tests/formats/golden/plan-v1.json", &length);
	for (size_t n = 0; n + 1 < length; n += 1 + n / 64) {
		struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
		ck_assert_int_eq(hidp_plan_from_json(context, text, n, &plan, &said),
		                 HIDP_ERR_SYNTAX);
		ck_assert_uint_ge(said.line, 1);
		ck_assert_uint_ge(said.column, 1);
	}
	struct rng rng;
	rng_seed(&rng, support_seed("damaged_documents_are_refused", 7));
	for (int i = 0; i < 2000; i++) {
		struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
		size_t at = (size_t)rng_below(&rng, length);
		char was = text[at];
		text[at] = (char)rng_below(&rng, 256);
		plan = NULL;
		if (hidp_plan_from_json(context, text, length, &plan, &said) == HIDP_OK)
			hidp_plan_unref(plan);
		else
			ck_assert_uint_ge(said.line, 1);
		text[at] = was;
	}
	free(text);
}
END_TEST

static const struct refusal refusals[] = {
        {"@{" FORMAT "}", HIDP_ERR_SYNTAX, "document", "\"model\" is missing"},
        {"@{" FORMAT ", " MODEL "}", HIDP_ERR_SYNTAX, "document", "\"cluster\" is missing"},
        {"@" PLAN(STAGES), HIDP_ERR_SYNTAX, "document", "\"options\" is missing"},
        {"@" PLAN(OPTIONS), HIDP_ERR_SYNTAX, "document", "\"stages\" is missing"},
        {PLAN("@\"costs\": []"), HIDP_ERR_SYNTAX, "costs", "did you mean \"cost\"?"},
        /* the documents inside keep their paths */
        {"{" FORMAT ", \"model\": @3, \"cluster\": 1, \"options\": 1, \"stages\": 1}",
         HIDP_ERR_SYNTAX, "model", "must be an object"},
        {"{" FORMAT ", \"model\": {\"format\": @\"hidp-cluster\"}, \"cluster\": 1, \"options\": 1, "
         "\"stages\": 1}",
         HIDP_ERR_SYNTAX, "model.format", "must be \"hidp-model\""},
        {"{" FORMAT ", \"model\": {\"format\": \"hidp-model\", \"version\": 1, \"layers\": "
         "[{\"name\": \"x\", \"op\": @\"nop\"}]}, \"cluster\": 1, \"options\": 1, \"stages\": 1}",
         HIDP_ERR_SYNTAX, "model.layers[0].op", "\"nop\" is unknown"},
        {"{" FORMAT ", " MODEL ", \"cluster\": {\"format\": \"hidp-cluster\", \"version\": 1, "
         "\"nodes\": [{\"profile\": @\"board\"}]}, \"options\": 1, \"stages\": 1}",
         HIDP_ERR_CLUSTER, "cluster.nodes[0].profile", "profiles cannot be looked up here"},
        /* costs */
        {AND("\"cost\": @{}"), HIDP_ERR_SYNTAX, "cost", "must be a list"},
        {AND("\"cost\": [@{\"layer\": 1, \"node\": 0}]"), HIDP_ERR_SYNTAX, "cost[0]",
         "\"processor\" is missing"},
        {AND("\"cost\": [{\"layer\": @3, \"node\": 0, \"processor\": 0, \"seconds\": 1}]"),
         HIDP_ERR_SYNTAX, "cost[0].layer", "there is no layer 3, only 0 to 2"},
        {AND("\"cost\": [{\"layer\": 1, \"node\": @2, \"processor\": 0, \"seconds\": 1}]"),
         HIDP_ERR_SYNTAX, "cost[0].node", "there is no node 2, only 0 to 1"},
        {AND("\"cost\": [{\"layer\": 1, \"node\": 0, \"processor\": @2, \"seconds\": 1}]"),
         HIDP_ERR_SYNTAX, "cost[0].processor", "there is no processor 2, only 0 to 1"},
        {AND("\"cost\": [@{\"layer\": 1, \"node\": 0, \"processor\": 0}]"), HIDP_ERR_SYNTAX,
         "cost[0]", "\"seconds\" is missing"},
        {AND("\"cost\": [{\"layer\": 1, \"node\": 0, \"processor\": 0, @\"seconds\": 1, "
             "\"unsupported\": true}]"),
         HIDP_ERR_SYNTAX, "cost[0].seconds", "an unsupported layer has no \"seconds\""},
        {AND("\"cost\": [@{\"layer\": 1, \"node\": 0, \"processor\": 0, \"seconds\": -1}]"),
         HIDP_ERR_COST, "cost[0]", "l1: time -1 s"},
        {AND("\"cost\": @[1,2,3,4,5,6,7,8,9,10,11,12,13]"), HIDP_ERR_LIMIT, "cost",
         "13 costs, at most 12 are allowed"},
        /* colocated layers */
        {"{" FORMAT ",\n" COLOCATED ",\n" CLUSTER ",\n" OPTIONS ",\n\"stages\": [{\"kind\": "
         "\"single\", \"layer_count\": 3, \"shares\": [{\"node\": 0, \"steps\": [{\"kind\": "
         "\"single\", \"layer_count\": 1, \"slices\": [{\"processor\": 0}]},\n@{\"kind\": "
         "\"single\", \"layer_count\": 1, \"slices\": [{\"processor\": 1}]}]}]}]}",
         HIDP_ERR_PLAN, "stages[0].shares[0].steps[1]",
         "layer l2 of colocation group 3 is computed on processor gpu1 of node a, but layer l1 on "
         "processor cpu0 of node a"},
        /* contiguous plans */
        {PLAN("\"options\": {\"objective\": \"latency\", \"strategy\": \"auto\", \"leader\": 0, "
              "\"contiguous\": @1}, " STAGES),
         HIDP_ERR_SYNTAX, "options.contiguous", "must be true or false"},
        {PLAN("\"options\": {\"objective\": \"latency\", \"strategy\": \"auto\", \"leader\": 0, "
              "\"contiguous\": true}, \"stages\": [{\"kind\": \"single\", \"layer_count\": 3, "
              "\"shares\": [{\"node\": 0, \"steps\": [@{\"kind\": \"rows\", \"layer_count\": 2, "
              "\"slices\": [{\"processor\": 0, \"begin\": 0, \"end\": 2}, {\"processor\": 1, "
              "\"begin\": 2, \"end\": 4}]}]}]}]"),
         HIDP_ERR_PLAN, "stages[0].shares[0].steps[0]",
         "divides the rows of layers, but the plan is to be contiguous"},
        /* options */
        {WITH_OPTIONS(", \"leader\": @2"), HIDP_ERR_SYNTAX, "options.leader", "there is no node 2"},
        {WITH_OPTIONS(", \"leader\": 0, \"input_node\": @7"), HIDP_ERR_SYNTAX, "options.input_node",
         "there is no node 7"},
        {WITH_OPTIONS(", \"leader\": 0, @\"output\": 7"), HIDP_ERR_SYNTAX, "options.output",
         "key \"output\" is unknown"},
        {PLAN("\"options\": {\"objective\": @\"speed\", \"strategy\": \"auto\", \"leader\": 0}, " STAGES),
         HIDP_ERR_SYNTAX, "options.objective", "must be one of latency, period, energy, weighted"},
        {PLAN("\"options\": @{\"objective\": \"energy\", \"strategy\": \"auto\"}, " STAGES),
         HIDP_ERR_SYNTAX, "options", "\"leader\" is missing"},
        {PLAN("\"options\": @{\"objective\": \"energy\", \"strategy\": \"auto\", \"leader\": 0, "
              "\"energy_weight\": -1}, " STAGES),
         HIDP_ERR_PLAN, "options", "options: energy_weight is negative"},
        {WITH_OPTIONS(", \"leader\": 0, \"pins\": @{}"), HIDP_ERR_SYNTAX, "options.pins",
         "must be a list"},
        {WITH_OPTIONS(", \"leader\": 0, \"pins\": [@{\"node\": 0}]"), HIDP_ERR_SYNTAX,
         "options.pins[0]", "\"layer\" is missing"},
        {WITH_OPTIONS(", \"leader\": 0, \"pins\": [{\"layer\": 1, \"node\": 0, \"processor\": @9}]"),
         HIDP_ERR_SYNTAX, "options.pins[0].processor", "there is no processor 9"},
        {WITH_OPTIONS(", \"leader\": 0, \"excluded\": [{@\"layer\": 1, \"node\": 0}]"),
         HIDP_ERR_SYNTAX, "options.excluded[0].layer", "this list has no \"layer\""},
        {WITH_OPTIONS(", \"leader\": 0, \"resident\": [{\"layer\": @9, \"node\": 0}]"),
         HIDP_ERR_SYNTAX, "options.resident[0].layer", "there is no layer 9"},
        {PLAN("\"options\": @{\"objective\": \"latency\", \"strategy\": \"auto\", \"leader\": 0, "
              "\"pins\": [{\"layer\": 1, \"node\": 0}, {\"layer\": 1, \"node\": 1}]}, " STAGES),
         HIDP_ERR_PLAN, "options", "l1: layer is pinned twice"},
        /* stages and below */
        {PLAN(OPTIONS ", \"stages\": @{}"), HIDP_ERR_SYNTAX, "stages", "must be a list"},
        {PLAN(OPTIONS ", \"stages\": @[]"), HIDP_ERR_PLAN, "stages",
         "plan: stages cover 0 of the model's 3 layers"},
        {PLAN(OPTIONS ", \"stages\": @[1, 2, 3, 4]"), HIDP_ERR_LIMIT, "stages",
         "4 stages, at most 3 are allowed"},
        {WITH_STAGES("@[]"), HIDP_ERR_SYNTAX, "stages[0]", "must be an object"},
        {WITH_STAGES("@{}"), HIDP_ERR_SYNTAX, "stages[0]", "\"kind\" is missing"},
        {WITH_STAGES("{\"kind\": @\"serial\"}"), HIDP_ERR_SYNTAX, "stages[0].kind",
         "\"serial\" is unknown"},
        {WITH_STAGES("@{\"kind\": \"split\", \"layer_count\": 3, \"shares\": []}"),
         HIDP_ERR_SYNTAX, "stages[0]", "\"row_units\" is missing"},
        {WITH_STAGES("{\"kind\": \"single\", \"layer_count\": 3, @\"row_units\": 8, \"shares\": []}"),
         HIDP_ERR_SYNTAX, "stages[0].row_units", "stage single has no \"row_units\""},
        {WITH_STAGES("@{\"kind\": \"single\", \"layer_count\": 4, \"shares\": []}"), HIDP_ERR_PLAN,
         "stages[0]", "plan: a stage of 4 layers, the model has 3"},
        {WITH_STAGES("@{\"kind\": \"single\", \"layer_count\": 3, \"shares\": []}"), HIDP_ERR_PLAN,
         "stages[0]", "stage 0: has 0 shares"},
        {WITH_SHARES("@1"), HIDP_ERR_SYNTAX, "stages[0].shares[0]", "must be an object"},
        {WITH_SHARES("{\"node\": @2, \"steps\": []}"), HIDP_ERR_SYNTAX, "stages[0].shares[0].node",
         "there is no node 2"},
        {WITH_SHARES("{\"node\": 0, @\"fraction\": 1, \"steps\": []}"), HIDP_ERR_SYNTAX,
         "stages[0].shares[0].fraction", "stage single has no \"fraction\""},
        {WITH_SHARES("@{\"node\": 0, \"steps\": []}"), HIDP_ERR_PLAN, "stages[0].shares[0]",
         "stage 0, share 0: steps cover 0 of its 2 layers"},
        {WITH_STEPS("@{\"layer_count\": 2}"), HIDP_ERR_SYNTAX, "stages[0].shares[0].steps[0]",
         "\"kind\" is missing"},
        {WITH_STEPS("@{\"kind\": \"rows\", \"layer_count\": 2, \"slices\": [{\"processor\": 0, "
                    "\"begin\": 0, \"end\": 3}, {\"processor\": 1, \"begin\": 2, \"end\": 4}]}"),
         HIDP_ERR_PLAN, "stages[0].shares[0].steps[0]",
         "stage 0, share 0, step 0: slice 1 has 2 to 4"},
        {WITH_STEPS("{\"kind\": \"single\", \"layer_count\": 1, \"slices\": [{\"processor\": 0}]}, "
                    "@{\"kind\": \"channels\", \"layer_count\": 1, \"slices\": [{\"processor\": 0, "
                    "\"begin\": 0, \"end\": 3}]}"),
         HIDP_ERR_PLAN, "stages[0].shares[0].steps[1]", "stage 0, share 0, step 1: has 1 slices"},
        {WITH_STEPS("{\"kind\": \"single\", \"layer_count\": 2, \"slices\": [{\"processor\": @2}]}"),
         HIDP_ERR_SYNTAX, "stages[0].shares[0].steps[0].slices[0].processor",
         "there is no processor 2"},
        {WITH_STEPS("{\"kind\": \"single\", \"layer_count\": 2, \"slices\": [{\"processor\": 0, "
                    "@\"begin\": 0}]}"),
         HIDP_ERR_SYNTAX, "stages[0].shares[0].steps[0].slices[0].begin",
         "step single has no \"begin\""},
        {WITH_STEPS("{\"kind\": \"branch\", \"layer_count\": 2, \"slices\": [{\"processor\": 0, "
                    "\"layers\": [@3]}]}"),
         HIDP_ERR_SYNTAX, "stages[0].shares[0].steps[0].slices[0].layers[0]", "there is no layer 3"},
        {WITH_STEPS("{\"kind\": \"branch\", \"layer_count\": 2, \"slices\": [@{\"processor\": 0, "
                    "\"layers\": []}]}"),
         HIDP_ERR_PLAN, "stages[0].shares[0].steps[0].slices[0]", "a branch lists no layers"},
        {WITH_STAGES("{\"kind\": \"single\", \"layer_count\": 2, \"shares\": [{\"node\": 0, "
                     "\"steps\": [{\"kind\": \"single\", \"layer_count\": 1, \"slices\": "
                     "[{\"processor\": 0}]}]}]},\n@{\"kind\": \"replica\", \"layer_count\": 1, "
                     "\"shares\": [{\"node\": 0, \"fraction\": 0.5, \"steps\": [{\"kind\": "
                     "\"single\", \"layer_count\": 1, \"slices\": [{\"processor\": 0}]}]}, "
                     "{\"node\": 1, \"fraction\": 0.5, \"steps\": [{\"kind\": \"single\", "
                     "\"layer_count\": 1, \"slices\": [{\"processor\": 0}]}]}]}"),
         HIDP_ERR_PLAN, "stages[1]", "stage 1: replicas are for streams"},
        {PLAN("\"options\": {\"objective\": \"latency\", \"strategy\": \"auto\", \"leader\": 0, "
              "\"latency_limit_s\": 1e-9},\n\"stages\": @[{\"kind\": \"single\", \"layer_count\": 3, "
              "\"shares\": [" SHARE "]}]"),
         HIDP_ERR_INFEASIBLE, "stages", "latency: "},
        /* what follows from the rest is checked for its form */
        {AND("\"derived\": @{}"), HIDP_ERR_SYNTAX, "derived", "\"layers\" is missing"},
        {AND("\"derived\": {\"layers\": @[]}"), HIDP_ERR_PLAN, "derived.layers",
         "the plan was made for 0 layers, the model falls into 3"},
        {AND("\"derived\": {\"layers\": [{\"name\": \"in\", @\"size\": 1}]}"), HIDP_ERR_SYNTAX,
         "derived.layers[0].size", "key \"size\" is unknown"},
        {AND("\"derived\": {\"layers\": [@{\"name\": \"was\", \"op\": \"input\", \"op_class\": "
             "\"none\", \"shape\": [1, 1, 1, 1], \"element_bytes\": 4, \"flops\": 0, "
             "\"weight_bytes\": 0, \"workspace_bytes\": 0, \"channel_grain\": 0, \"output\": false, "
             "\"inputs\": []}]}"),
         HIDP_ERR_PLAN, "derived.layers[0]", "this one was \"was\" and is \"in\""},
        {AND("\"derived\": {\"layers\": [], \"next_hop\": [[0, null, @\"x\"]]}"), HIDP_ERR_SYNTAX,
         "derived.next_hop[0][2]", "must be a whole number"},
        {AND("\"figures\": @{}"), HIDP_ERR_SYNTAX, "figures", "\"latency_s\" is missing"},
        {AND("\"figures\": {\"latency_s\": @\"fast\"}"), HIDP_ERR_SYNTAX, "figures.latency_s",
         "must be a number or \"inf\""},
        {AND("\"timeline\": @{}"), HIDP_ERR_SYNTAX, "timeline", "must be a list"},
        {AND("\"timeline\": [@0]"), HIDP_ERR_SYNTAX, "timeline[0]", "must be an object"},
        {AND("\"timeline\": [{\"kind\": \"compute\", @\"bytes\": 1}]"), HIDP_ERR_SYNTAX,
         "timeline[0].bytes", "a task that computes has no \"bytes\""},
};

START_TEST(refuses)
{
	formats_refuse(FORMATS_PLAN, &refusals[_i]);
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("plan");
	tcase_add_test(tc, reads_the_least);
	tcase_add_test(tc, reads_every_option);
	tcase_add_test(tc, residency_of_nothing_is_something);
	tcase_add_test(tc, figures_are_not_believed);
	tcase_add_test(tc, figures_may_be_infinite);
	tcase_add_test(tc, bytes_may_be_too_many_to_say);
	tcase_add_test(tc, random_plans_survive);
	tcase_add_test(tc, damaged_documents_are_refused);
	tcase_add_loop_test(tc, refuses, 0, sizeof refusals / sizeof refusals[0]);
	return formats_run(tc);
}
