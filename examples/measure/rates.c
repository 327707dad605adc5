/* SPDX-License-Identifier: MIT */
/* Rates of a processor that follow from the times of layers. */
#include <math.h>

#include "measure.h"

/* Layers of less than so many FLOPs to a byte are bound by moving bytes. */
#define FLOPS_PER_BYTE 4

/* What the layers of a class amount to. */
struct sum {
	double flops, bytes, seconds, analytic_s;
	uint32_t layers;
};

/* Bytes that a layer reads and writes. */
static double layer_bytes(const struct hidp_model *model, hidp_layer_id layer,
                          const struct hidp_layer_info *info)
{
	double bytes = (double)info->output_bytes;
	bytes += info->op == HIDP_OP_EMBEDDING ? bytes : (double)info->weight_bytes;
	for (uint32_t i = 0; i < info->input_count; i++) {
		struct hidp_layer_info from = HIDP_LAYER_INFO_INIT;
		hidp_layer_id input;
		hidp_model_layer_input(model, layer, i, &input, NULL, NULL);
		hidp_model_layer(model, input, &from);
		bytes += (double)from.output_bytes;
	}
	return bytes;
}

/* Sums by class; returns the least time of any layer, which is what starting one takes. */
static double add_up(const struct hidp_model *model, const struct hidp_cluster *cluster,
                     const struct hidp_cost *cost, hidp_processor_id processor,
                     struct sum sums[HIDP_CLASS_COUNT])
{
	double least = INFINITY;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		struct hidp_cost_entry took = HIDP_COST_ENTRY_INIT, guess = HIDP_COST_ENTRY_INIT;
		hidp_model_layer(model, l, &info);
		hidp_cost_get(model, cluster, cost, l, 0, processor, &took);
		hidp_cost_get(model, cluster, NULL, l, 0, processor, &guess);
		if (info.op == HIDP_OP_INPUT || info.op_class == HIDP_CLASS_NONE ||
		    took.flags != 0 || guess.flags != 0)
			continue;
		struct sum *sum = &sums[info.op_class];
		sum->flops += info.flops;
		sum->bytes += layer_bytes(model, l, &info);
		sum->seconds += took.seconds;
		sum->analytic_s += guess.seconds;
		sum->layers++;
		least = fmin(least, took.seconds);
	}
	return isfinite(least) ? least : 0;
}

static void set_rates(struct hidp_processor_desc *d, const struct sum sums[HIDP_CLASS_COUNT])
{
	double log_ratio = 0, count = 0;
	for (hidp_op_class c = 1; c < HIDP_CLASS_COUNT; c++) {
		const struct sum *sum = &sums[c];
		/* what is left of the time when every layer has been started */
		double seconds = sum->seconds - sum->layers * d->overhead_s;
		if (!(seconds > 0))
			continue;
		bool moves = sum->flops < FLOPS_PER_BYTE * sum->bytes;
		d->rate_flops[c] = moves ? 0 : sum->flops / seconds;
		d->bandwidth_Bps[c] = moves ? sum->bytes / seconds : 0;
		if (sum->analytic_s > 0) {
			log_ratio += log(sum->analytic_s / sum->seconds);
			count++;
		}
	}
	double factor = count > 0 ? exp(log_ratio / count) : 1;
	for (hidp_op_class c = 1; c < HIDP_CLASS_COUNT; c++) {
		if (sums[c].layers != 0)
			continue;
		d->rate_flops[c] *= factor;
		d->bandwidth_Bps[c] *= factor;
	}
}

hidp_status measured_rates(struct hidp_context *context, const struct hidp_model *model,
                           const struct hidp_cluster *cluster, const struct hidp_cost *cost,
                           double sync_s, struct hidp_cluster **cluster_out,
                           struct hidp_diagnostic *diagnostic)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	struct hidp_cluster_builder *builder;
	hidp_status s = hidp_cluster_builder_new(context, &builder);
	if (s != HIDP_OK)
		return s;
	hidp_cluster_node(cluster, 0, &node);
	node.sync_s = sync_s;
	s = hidp_cluster_builder_add_node(builder, &node, NULL, diagnostic);
	uint32_t count = hidp_cluster_processor_count(cluster, 0);
	for (hidp_processor_id p = 0; p < count && s == HIDP_OK; p++) {
		struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
		struct sum sums[HIDP_CLASS_COUNT] = {{0, 0, 0, 0, 0}};
		hidp_cluster_processor(cluster, 0, p, &d);
		d.overhead_s = add_up(model, cluster, cost, p, sums);
		set_rates(&d, sums);
		s = hidp_cluster_builder_add_processor(builder, 0, &d, NULL, diagnostic);
	}
	if (s == HIDP_OK)
		s = hidp_cluster_builder_seal(builder, cluster_out, diagnostic);
	hidp_cluster_builder_destroy(builder);
	return s;
}
