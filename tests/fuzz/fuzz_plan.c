/* SPDX-License-Identifier: MIT */
/* Plans from JSON; what was read must also stand before the verifier and the reports. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The verifier goes row by row, over every node: only where that is soon done. */
#define ROWS_MAX 20000.0

static double rows_of(const struct hidp_plan *plan)
{
	const struct hidp_model *model = hidp_plan_model(plan);
	double rows = 0;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		FUZZ_MUST(hidp_model_layer(model, l, &info) == HIDP_OK);
		rows += (double)info.shape.rows * (info.input_count + 1);
	}
	return rows * hidp_cluster_node_count(hidp_plan_cluster(plan));
}

/* All the ways to print it; a cut text and the whole one. */
static void check_report(hidp_status (*report)(const struct hidp_plan *, char *, size_t, size_t *),
                         const struct hidp_plan *plan)
{
	char cut[100];
	size_t needed = 0;
	FUZZ_MUST(report(plan, cut, sizeof cut, &needed) == HIDP_OK);
	FUZZ_MUST(strlen(cut) == (needed < sizeof cut ? needed : sizeof cut - 1));
}

static void check_plan(struct hidp_context *context, const struct hidp_plan *plan)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *again = NULL;
	char *text, *second;
	size_t length, second_length;
	FUZZ_WRITE(hidp_plan_to_json, plan, text, length);
	FUZZ_MUST(hidp_plan_from_json(context, text, length, &again, &said) == HIDP_OK);
	FUZZ_WRITE(hidp_plan_to_json, again, second, second_length);
	FUZZ_MUST(length == second_length && memcmp(text, second, length) == 0);
	free(text);
	free(second);
	hidp_plan_unref(again);
	check_report(hidp_plan_to_table, plan);
	check_report(hidp_plan_to_svg, plan);
	check_report(hidp_plan_to_trace, plan);
	if (rows_of(plan) < ROWS_MAX) {
		hidp_status s = hidp_plan_verify(plan, &said);
		FUZZ_MUST(s == HIDP_OK || s == HIDP_ERR_NOMEM);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_context *context = fuzz_begin();
	struct hidp_plan *plan = NULL;
	hidp_status s = hidp_plan_from_json(context, (const char *)data, size, &plan, &said);
	if (s == HIDP_OK) {
		check_plan(context, plan);
	} else {
		FUZZ_MUST(plan == NULL);
		fuzz_check_refusal(s, &said);
	}
	hidp_plan_unref(plan);
	fuzz_end(context);
	return 0;
}
