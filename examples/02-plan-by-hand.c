/* SPDX-License-Identifier: MIT */
/*
 * Makes a plan by hand, asks what it costs, and compares it with the plan that
 * the library finds. A program can evaluate any division of its own this way.
 *
 *     cc 02-plan-by-hand.c $(pkg-config --cflags --libs hidp)
 */
#include <stdio.h>
#include <stdlib.h>

#include <hidp/hidp.h>

static struct hidp_diagnostic diagnostic = HIDP_DIAGNOSTIC_INIT;

static void must(hidp_status status)
{
	if (status == HIDP_OK)
		return;
	fprintf(stderr, "%s: %s %s\n", hidp_status_string(status), diagnostic.subject,
	        diagnostic.message);
	exit(1);
}

/* Six convolutions one after another. */
static struct hidp_model *describe_model(struct hidp_context *context)
{
	struct hidp_layer_desc layer = HIDP_LAYER_DESC_INIT;
	struct hidp_model_builder *builder;
	struct hidp_model *model;
	hidp_layer_id id;

	must(hidp_model_builder_new(context, NULL, &builder));
	layer.op = HIDP_OP_INPUT;
	layer.shape = (struct hidp_shape){1, 3, 128, 128};
	must(hidp_model_builder_add(builder, &layer, &id, &diagnostic));
	layer = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
	layer.op = HIDP_OP_CONV;
	layer.inputs = &id;
	layer.input_count = 1;
	layer.out_channels = 64;
	layer.kernel[0] = layer.kernel[1] = 3;
	layer.pad[0] = layer.pad[1] = layer.pad[2] = layer.pad[3] = 1;
	for (int i = 0; i < 6; i++)
		must(hidp_model_builder_add(builder, &layer, &id, &diagnostic));
	must(hidp_model_builder_seal(builder, &model, &diagnostic));
	hidp_model_builder_destroy(builder);
	return model;
}

/* All six layers as one stage: rows 0 to 63 here, 64 to 127 on the other node. */
static struct hidp_plan *plan_by_hand(const struct hidp_model *model,
                                      const struct hidp_cluster *cluster)
{
	struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
	struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
	struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
	struct hidp_plan_builder *builder;
	struct hidp_plan *plan;

	must(hidp_plan_builder_new(model, cluster, NULL, NULL, &builder, &diagnostic));
	stage.kind = HIDP_STAGE_SPLIT;
	stage.layer_count = hidp_model_layer_count(model);
	stage.row_units = 128; /* shares are given in 128ths of the rows */
	must(hidp_plan_builder_add_stage(builder, &stage, &diagnostic));
	for (hidp_node_id node = 0; node < 2; node++) {
		struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
		share.node = node;
		share.row_begin = 64 * (int64_t)node;
		share.row_end = share.row_begin + 64;
		must(hidp_plan_builder_add_share(builder, &share, &diagnostic));
		/* within the node, processor 0 computes all layers; the model's input is none */
		step.kind = HIDP_STEP_SINGLE;
		step.layer_count = hidp_model_layer_count(model) - 1;
		must(hidp_plan_builder_add_step(builder, &step, &diagnostic));
		must(hidp_plan_builder_add_slice(builder, &slice, &diagnostic));
	}
	must(hidp_plan_builder_seal(builder, &plan, &diagnostic));
	hidp_plan_builder_destroy(builder);
	return plan;
}

static double print_figures(const char *name, const struct hidp_plan *plan)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	must(hidp_plan_get_figures(plan, &figures));
	printf("%-8s latency %7.2f ms, energy %6.3f J, %8.1f kB over links\n", name,
	       figures.latency_s * 1e3, figures.energy_j, (double)figures.transfer_bytes / 1e3);
	return figures.latency_s;
}

int main(void)
{
	struct hidp_context *context;
	struct hidp_cluster *cluster;
	struct hidp_plan *best;

	must(hidp_context_new(NULL, &context));
	struct hidp_model *model = describe_model(context);
	/* two nodes, the second twice as fast; doc/formats/cluster.md has the grammar */
	must(hidp_cluster_from_string(context, "cpu:20; cpu:40 | lan 940M 0.25ms", &cluster,
	                              &diagnostic));

	struct hidp_plan *halves = plan_by_hand(model, cluster);
	must(hidp_plan_verify(halves, &diagnostic)); /* every row is computed where it is needed */
	double by_hand = print_figures("by hand", halves);
	must(hidp_plan(model, cluster, NULL, NULL, &best, &diagnostic));
	double planned = print_figures("planned", best);
	printf("the planner's is %.2f times as fast\n", by_hand / planned);

	hidp_plan_unref(best);
	hidp_plan_unref(halves);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
	hidp_context_unref(context);
	return planned <= by_hand ? 0 : 1; /* nobody beats the planner by hand */
}
