/* SPDX-License-Identifier: MIT */
/*
 * A host of the library as small as it gets, for every way to build against it: C99
 * and C++11, shared and static, installed and as a subproject.
 */
#include <hidp/hidp.h>

#include <stdio.h>

static struct hidp_model *make_model(struct hidp_context *context)
{
	struct hidp_model_builder *builder = NULL;
	struct hidp_model *model = NULL;
	struct hidp_layer_desc input = HIDP_LAYER_DESC_INIT;
	struct hidp_layer_desc conv = HIDP_LAYER_DESC_INIT;
	const hidp_layer_id from_input[] = {0};
	input.op = HIDP_OP_INPUT;
	input.shape.batch = 1;
	input.shape.channels = 64;
	input.shape.rows = input.shape.width = 112;
	conv.op = HIDP_OP_CONV;
	conv.inputs = from_input;
	conv.input_count = 1;
	conv.out_channels = 64;
	conv.kernel[0] = conv.kernel[1] = 3;
	if (hidp_model_builder_new(context, NULL, &builder) != HIDP_OK)
		return NULL;
	if (hidp_model_builder_add(builder, &input, NULL, NULL) != HIDP_OK ||
	    hidp_model_builder_add(builder, &conv, NULL, NULL) != HIDP_OK ||
	    hidp_model_builder_seal(builder, &model, NULL) != HIDP_OK)
		model = NULL;
	hidp_model_builder_destroy(builder);
	return model;
}

int main(void)
{
	struct hidp_diagnostic why = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	struct hidp_context *context = NULL;
	struct hidp_cluster *cluster = NULL;
	struct hidp_plan *plan = NULL;
	if (hidp_version() != HIDP_VERSION || hidp_context_new(NULL, &context) != HIDP_OK)
		return 1;
	struct hidp_model *model = make_model(context);
	hidp_status status = hidp_cluster_from_string(context, "2*cpu:50,gpu:400 | lan 940M 0.25ms",
	                                              &cluster, &why);
	if (status == HIDP_OK)
		status = hidp_plan(model, cluster, NULL, NULL, &plan, &why);
	if (status == HIDP_OK)
		status = hidp_plan_get_figures(plan, &figures);
	if (status == HIDP_OK)
		printf("hidp %s: %.3f ms\n", hidp_version_string(), figures.latency_s * 1e3);
	else
		printf("%s: %s: %s\n", hidp_status_string(status), why.subject, why.message);
	hidp_plan_unref(plan);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(context);
	return status == HIDP_OK && figures.latency_s > 0 ? 0 : 1;
}
