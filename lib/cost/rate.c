/* SPDX-License-Identifier: MIT */
#include "cost/rate.h"

void hidp__rate_of(struct hidp__rate *rate, const struct hidp_model *model,
                   const struct hidp_cluster *cluster, const struct hidp_cost *cost,
                   hidp_layer_id layer, hidp_node_id node, hidp_processor_id processor)
{
	const struct hidp__layer *l = &model->layers[layer];
	const struct hidp__node *n = &cluster->nodes[node];
	const struct hidp_processor_desc *p = &n->processors[processor];
	*rate = (struct hidp__rate){.slowdown = p->load < 1 ? 1 / (1 - p->load) : 0};
	if (cost != NULL) {
		const struct hidp__entry *e = hidp__cost_entry(
		        cost, layer, n->first_processor + processor);
		if (e->state == HIDP__ENTRY_UNSUPPORTED)
			return;
		if (e->state == HIDP__ENTRY_MEASURED) {
			rate->fixed_s[HIDP__ROWS] = e->row_fixed_s;
			rate->fixed_s[HIDP__CHANNELS] = e->channel_fixed_s;
			rate->work_s[HIDP__ROWS] = e->seconds - e->row_fixed_s;
			rate->work_s[HIDP__CHANNELS] = e->seconds - e->channel_fixed_s;
			rate->supported = true;
			rate->runs = p->load < 1;
			return;
		}
	}
	hidp_op_class c = l->op_class;
	rate->supported = c == HIDP_CLASS_NONE || p->rate_flops[c] > 0 || p->bandwidth_Bps[c] > 0;
	rate->runs = rate->supported && p->load < 1;
	if (c == HIDP_CLASS_NONE || !rate->supported)
		return; /* takes no time anywhere */
	double work = p->rate_flops[c] > 0 ? l->flops / p->rate_flops[c] : 0;
	rate->fixed_s[HIDP__ROWS] = rate->fixed_s[HIDP__CHANNELS] = p->overhead_s;
	rate->work_s[HIDP__ROWS] = rate->work_s[HIDP__CHANNELS] = work;
	rate->byte_s = p->bandwidth_Bps[c] > 0 ? 1 / p->bandwidth_Bps[c] : 0;
}

double hidp__slice_bytes(const struct hidp_model *model, const struct hidp__layer *layer,
                         int64_t rows, double channels)
{
	if (layer->op_class == HIDP_CLASS_NONE || rows <= 0)
		return 0;
	double bytes = ((double)rows * hidp__moved_row_bytes(layer) +
	                hidp__moved_weight_bytes(layer)) *
	               channels;
	for (uint32_t i = 0; i < layer->input_count; i++) {
		const struct hidp__input *in = &layer->inputs[i];
		const struct hidp__layer *from = &model->layers[in->layer];
		double read = (double)hidp__rule_read(&in->rule, from->shape.rows, rows) *
		              (double)from->row_bytes;
		bytes += in->own_channels ? read * channels : read;
	}
	return bytes;
}
