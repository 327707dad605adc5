/* SPDX-License-Identifier: MIT */
/*
 *     onnx-nodes < FOLDERS
 *
 * Runs models of single nodes (case.h), one folder a line, with the reference kernels: undivided
 * and by some random plans. For each a line "RESULT<tab>FOLDER<tab>WHY": passed, unsupported or
 * failed. A folder is named on standard error before it is begun, so that one that ends the
 * program is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "random_instance.h"
#include "reference_plugin.h"

#define SEED 20260106
#define PLANS 3

static bool is_refusal(hidp_status s)
{
	return s == HIDP_ERR_UNSUPPORTED || s == HIDP_ERR_LIMIT;
}

static const char *compare(const struct onnx_case *c, const char *what, char why[1024])
{
	struct difference difference = case_compare(c);
	if (difference.within)
		return "passed";
	snprintf(why, 1024, "%s: %s", what, difference.where);
	return "failed";
}

static const char *run_plan(struct onnx_case *c, void *object, const struct hidp_plan *plan,
                            uint32_t route, const char *what, char why[1024])
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = case_run(c, &reference_plugin, object, plan, route, &d);
	if (s != HIDP_OK) {
		snprintf(why, 1024, "%s: %s: %s: %s", what, hidp_status_string(s), d.subject,
		         d.message);
		return "failed";
	}
	return compare(c, what, why);
}

static const char *run_divided(struct onnx_case *c, struct hidp_context *context, void *object,
                               char why[1024])
{
	const char *result = "passed";
	for (uint64_t seed = SEED; seed < SEED + PLANS && strcmp(result, "passed") == 0; seed++) {
		struct hidp_plan *plan;
		uint32_t route;
		char what[64];
		if (case_random_plan(c, context, seed, &plan, &route) != HIDP_OK)
			continue;
		snprintf(what, sizeof what, "random plan %llu", (unsigned long long)seed);
		result = run_plan(c, object, plan, route, what, why);
		hidp_plan_unref(plan);
	}
	return result;
}

static const char *refused(hidp_status s, const struct hidp_diagnostic *d, char why[1024])
{
	snprintf(why, 1024, "%s: %s: %s", hidp_status_string(s), d->subject, d->message);
	return is_refusal(s) ? "unsupported" : "failed";
}

static const char *run_case(struct onnx_case *c, struct hidp_context *context, char why[1024])
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	void *object;
	hidp_status s = case_open(c, context, &d);
	if (s == HIDP_OK && c->model == NULL)
		return compare(c, "constant", why);
	if (s == HIDP_OK)
		s = case_kernels(c, &reference_plugin, &object, &d);
	if (s != HIDP_OK)
		return refused(s, &d, why);
	const char *result = "failed";
	s = case_give(c, &d);
	if (s != HIDP_OK) {
		result = refused(s, &d, why);
	} else {
		support_must(case_whole_plan(c, context, &plan, &d), &d, c->folder);
		result = run_plan(c, object, plan, 0, "undivided", why);
		hidp_plan_unref(plan);
	}
	if (strcmp(result, "passed") == 0)
		result = run_divided(c, context, object, why);
	reference_plugin.destroy(object);
	return result;
}

int main(void)
{
	char folder[4096];
	struct hidp_context *context;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	while (fgets(folder, sizeof folder, stdin) != NULL) {
		struct onnx_case *c = calloc(1, sizeof *c);
		char why[1024] = "";
		const char *result = "failed";
		folder[strcspn(folder, "\n")] = '\0';
		fprintf(stderr, "%s\n", folder);
		if (case_read(c, folder))
			result = run_case(c, context, why);
		for (char *at = why; *at != '\0'; at++)
			*at = *at == '\n' || *at == '\t' ? ' ' : *at;
		printf("%s\t%s\t%s\n", result, folder, why);
		fflush(stdout);
		case_free(c);
		free(c);
	}
	hidp_context_unref(context);
	return 0;
}
