/* SPDX-License-Identifier: MIT */
/*
 * Costs from JSON, for a model of five layers and a cluster of two nodes that are the same
 * for all inputs: alone, and after another document for the same node.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char model_text[] =
        "{\"format\": \"hidp-model\", \"version\": 1, \"name\": \"net\", \"layers\": ["
        "{\"name\": \"image\", \"op\": \"input\", \"shape\": [1, 3, 8, 8]},"
        "{\"name\": \"conv\", \"op\": \"conv\", \"inputs\": [\"image\"], \"out_channels\": 4, "
        "\"kernel\": [3, 3]},"
        "{\"name\": \"relu\", \"op\": \"activation\", \"inputs\": [\"conv\"], \"function\": \"relu\"},"
        "{\"name\": \"pool\", \"op\": \"max_pool\", \"inputs\": [\"relu\"], \"kernel\": [2, 2]},"
        "{\"name\": \"dense\", \"op\": \"dense\", \"inputs\": [\"pool\"], \"out_channels\": 5}]}";
static const char cluster_text[] =
        "{\"format\": \"hidp-cluster\", \"version\": 1, \"nodes\": ["
        "{\"name\": \"box\", \"processors\": [{\"name\": \"cpu\", \"kind\": \"cpu\"}, "
        "{\"name\": \"gpu\", \"kind\": \"gpu\"}]},"
        "{\"name\": \"pi\", \"processors\": [{\"name\": \"cpu\", \"kind\": \"cpu\"}]}]}";
static const char first[] =
        "{\"format\": \"hidp-cost\", \"version\": 1, \"model\": \"net\", \"processors\": ["
        "{\"node\": \"pi\", \"processor\": \"cpu\", \"costs\": [{\"layer\": \"conv\", \"seconds\": "
        "0.5, \"row_fixed_s\": 0.125}]}]}";

/* What was read is written, read again, and written the same. */
static void check_cost(const struct hidp_model *model, const struct hidp_cluster *cluster,
                       const struct hidp_cost *cost)
{
	struct hidp_cost *again = NULL;
	size_t length = 0, second_length = 0;
	FUZZ_MUST(hidp_cost_to_json(model, cluster, cost, NULL, 0, &length) == HIDP_OK);
	char *text = malloc(length + 1);
	FUZZ_MUST(text != NULL);
	FUZZ_MUST(hidp_cost_to_json(model, cluster, cost, text, length + 1, NULL) == HIDP_OK);
	FUZZ_MUST(hidp_cost_from_json(model, cluster, text, length, &again, NULL) == HIDP_OK);
	FUZZ_MUST(hidp_cost_to_json(model, cluster, again, NULL, 0, &second_length) == HIDP_OK);
	FUZZ_MUST(length == second_length);
	char *second = malloc(length + 1);
	FUZZ_MUST(second != NULL);
	FUZZ_MUST(hidp_cost_to_json(model, cluster, again, second, length + 1, NULL) == HIDP_OK);
	FUZZ_MUST(memcmp(text, second, length) == 0);
	hidp_cost_unref(again);
	free(second);
	free(text);
}

static void read_after(const struct hidp_model *model, const struct hidp_cluster *cluster,
                       const char *text, size_t size)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost_builder *builder;
	struct hidp_cost *cost = NULL;
	if (hidp_cost_builder_new(model, cluster, &builder) != HIDP_OK)
		return;
	FUZZ_MUST(hidp_cost_builder_add_json(builder, first, sizeof first - 1, HIDP_NODE_NONE,
	                                     NULL) == HIDP_OK);
	hidp_status s = hidp_cost_builder_add_json(builder, text, size, 1, &said);
	if (s != HIDP_OK)
		fuzz_check_refusal(s, &said);
	FUZZ_MUST(hidp_cost_builder_seal(builder, &cost, NULL) == HIDP_OK);
	check_cost(model, cluster, cost);
	hidp_cost_unref(cost);
	hidp_cost_builder_destroy(builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_context *context = fuzz_begin();
	struct hidp_cluster *cluster = NULL;
	struct hidp_model *model = NULL;
	struct hidp_cost *cost = NULL;
	FUZZ_MUST(hidp_model_from_json(context, model_text, sizeof model_text - 1, 0, &model,
	                               NULL) == HIDP_OK);
	FUZZ_MUST(hidp_cluster_from_json(context, cluster_text, sizeof cluster_text - 1, NULL, NULL,
	                                 &cluster, NULL) == HIDP_OK);
	hidp_status s =
	        hidp_cost_from_json(model, cluster, (const char *)data, size, &cost, &said);
	if (s == HIDP_OK) {
		check_cost(model, cluster, cost);
	} else {
		FUZZ_MUST(cost == NULL);
		fuzz_check_refusal(s, &said);
	}
	read_after(model, cluster, (const char *)data, size);
	hidp_cost_unref(cost);
	hidp_model_unref(model);
	hidp_cluster_unref(cluster);
	fuzz_end(context);
	return 0;
}
