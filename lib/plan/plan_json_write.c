/* SPDX-License-Identifier: MIT */
#include "cluster/cluster_json.h"
#include "model/model_json.h"
#include "plan/plan_json.h"

static void write_cost_entry(struct hidp__json_writer *w, const struct hidp__entry *e,
                             hidp_layer_id layer, hidp_node_id node, hidp_processor_id processor)
{
	bool unsupported = e->state == HIDP__ENTRY_UNSUPPORTED;
	const struct hidp__json_cost c = {{layer, node, processor},
	                                  unsupported ? HIDP_COST_UNSUPPORTED : 0,
	                                  e->seconds,
	                                  e->row_fixed_s,
	                                  e->channel_fixed_s};
	hidp__json_open_flat_object(w, NULL);
	hidp__json_put_fields(w, &hidp__cost_table,
	                      unsupported ? HIDP__JSON_UNSUPPORTED : HIDP__JSON_MEASURED, false,
	                      &c);
	hidp__json_close(w);
}

static void write_cost(struct hidp__json_writer *w, const struct hidp_plan *plan)
{
	const struct hidp_cluster *cluster = plan->cluster;
	hidp__json_open_list(w, "cost");
	for (hidp_layer_id l = 0; l < plan->model->layer_count; l++) {
		for (hidp_node_id n = 0; n < cluster->node_count; n++) {
			const struct hidp__node *node = &cluster->nodes[n];
			for (hidp_processor_id p = 0; p < node->processor_count; p++) {
				const struct hidp__entry *e = hidp__cost_entry(
				        plan->cost, l, node->first_processor + p);
				if (e->state != HIDP__ENTRY_ANALYTIC)
					write_cost_entry(w, e, l, n, p);
			}
		}
	}
	hidp__json_close(w);
}

/* A list of pins, exclusions or residency; arrays may be NULL. */
static void write_targets(struct hidp__json_writer *w, const char *key, uint32_t which,
                          const hidp_layer_id *layers, const hidp_node_id *nodes,
                          const hidp_processor_id *processors, size_t count)
{
	hidp__json_open_list(w, key);
	for (size_t i = 0; i < count; i++) {
		const struct hidp__json_target t = {
		        layers != NULL ? layers[i] : 0, nodes[i],
		        processors != NULL ? processors[i] : HIDP_PROCESSOR_NONE};
		hidp__json_open_flat_object(w, NULL);
		hidp__json_put_fields(w, &hidp__target_table, which, false, &t);
		hidp__json_close(w);
	}
	hidp__json_close(w);
}

static void write_options(struct hidp__json_writer *w, const struct hidp_plan *plan)
{
	struct hidp_plan_options o = plan->request.options;
	if (!(o.flags & HIDP_PLAN_INPUT_AT))
		o.input_node = HIDP_NODE_NONE;
	if (!(o.flags & HIDP_PLAN_OUTPUT_AT))
		o.output_node = HIDP_NODE_NONE;
	hidp__json_open_object(w, "options");
	hidp__json_put_fields(w, &hidp__options_table, HIDP__JSON_ALL, false, &o);
	if (o.pin_count != 0)
		write_targets(w, "pins", HIDP__JSON_PIN, o.pin_layers, o.pin_nodes,
		              o.pin_processors, o.pin_count);
	if (o.excluded_count != 0)
		write_targets(w, "excluded", HIDP__JSON_EXCLUDED, NULL, o.excluded_nodes,
		              o.excluded_processors, o.excluded_count);
	if (o.flags & HIDP_PLAN_RESIDENT)
		write_targets(w, "resident", HIDP__JSON_RESIDENT, o.resident_layers,
		              o.resident_nodes, NULL, o.resident_count);
	hidp__json_close(w);
}

static void write_layers(struct hidp__json_writer *w, const hidp_layer_id *layers, uint32_t count)
{
	hidp__json_open_flat_list(w, "layers");
	for (uint32_t i = 0; i < count; i++)
		hidp__json_put_int(w, NULL, layers[i]);
	hidp__json_close(w);
}

static void write_step(struct hidp__json_writer *w, const struct hidp__step *step)
{
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	d.kind = step->kind;
	d.layer_count = step->layer_count;
	hidp__json_open_flat_object(w, NULL);
	hidp__json_put_fields(w, &hidp__step_table, HIDP__JSON_ALL, false, &d);
	hidp__json_open_flat_list(w, "slices");
	for (uint32_t k = 0; k < step->slice_count; k++) {
		const struct hidp__slice *slice = &step->slices[k];
		struct hidp_slice_desc s = HIDP_SLICE_DESC_INIT;
		s.processor = slice->processor;
		s.begin = slice->range.begin;
		s.end = slice->range.end;
		hidp__json_open_flat_object(w, NULL);
		hidp__json_put_fields(w, &hidp__slice_table, 1u << step->kind, false, &s);
		if (step->kind == HIDP_STEP_BRANCH)
			write_layers(w, slice->layers, slice->layer_count);
		hidp__json_close(w);
	}
	hidp__json_close(w);
	hidp__json_close(w);
}

static void write_share(struct hidp__json_writer *w, hidp_stage_kind kind,
                        const struct hidp__share *share)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	d.node = share->node;
	d.row_begin = share->units.begin;
	d.row_end = share->units.end;
	d.fraction = share->fraction;
	hidp__json_open_object(w, NULL);
	hidp__json_put_fields(w, &hidp__share_table, 1u << kind, false, &d);
	if (kind == HIDP_STAGE_BRANCH)
		write_layers(w, share->layers, share->layer_count);
	hidp__json_open_list(w, "steps");
	for (uint32_t t = 0; t < share->step_count; t++)
		write_step(w, &share->steps[t]);
	hidp__json_close(w);
	hidp__json_close(w);
}

static void write_stages(struct hidp__json_writer *w, const struct hidp__decisions *decisions)
{
	hidp__json_open_list(w, "stages");
	for (uint32_t i = 0; i < decisions->stage_count; i++) {
		const struct hidp__stage *stage = &decisions->stages[i];
		struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
		d.kind = stage->kind;
		d.layer_count = stage->layer_count;
		d.row_units = stage->row_units;
		hidp__json_open_object(w, NULL);
		hidp__json_put_fields(w, &hidp__stage_table, 1u << stage->kind, false, &d);
		hidp__json_open_list(w, "shares");
		for (uint32_t k = 0; k < stage->share_count; k++)
			write_share(w, stage->kind, &stage->shares[k]);
		hidp__json_close(w);
		hidp__json_close(w);
	}
	hidp__json_close(w);
}

static void write_derived_layer(struct hidp__json_writer *w, const struct hidp__layer *l)
{
	const struct hidp__json_derived d = {.name = l->name,
	                                     .op = l->op,
	                                     .op_class = l->op_class,
	                                     .shape = l->shape,
	                                     .element_bytes = hidp__dtype_bytes(l->dtype),
	                                     .weight_bytes = l->weight_bytes,
	                                     .workspace_bytes = l->workspace_bytes,
	                                     .channel_grain = l->channel_grain,
	                                     .flops = l->flops,
	                                     .flags = (l->is_output ? HIDP_LAYER_OUTPUT : 0) |
	                                              (l->memory_measured
	                                                       ? HIDP_LAYER_MEMORY_MEASURED
	                                                       : 0)};
	hidp__json_open_flat_object(w, NULL);
	hidp__json_put_fields(w, &hidp__derived_table, HIDP__JSON_ALL, true, &d);
	hidp__json_open_flat_list(w, "inputs");
	for (uint32_t i = 0; i < l->input_count; i++) {
		const struct hidp__input *in = &l->inputs[i];
		const struct hidp__json_derived_input di = {
		        in->layer, in->own_channels ? HIDP_LAYER_OWN_CHANNELS : 0};
		hidp__json_open_flat_object(w, NULL);
		hidp__json_put_fields(w, &hidp__derived_input_table, HIDP__JSON_ALL, true, &di);
		hidp__json_open_flat_object(w, "row_rule");
		hidp__json_put_fields(w, &hidp__row_rule_table, HIDP__JSON_ALL, true, &in->rule);
		hidp__json_close(w);
		hidp__json_close(w);
	}
	hidp__json_close(w);
	hidp__json_close(w);
}

/* Next hops, if any of them is not simply the node that a message is for. */
static void write_routes(struct hidp__json_writer *w, const struct hidp_cluster *c)
{
	bool direct = true;
	for (size_t i = 0; i < (size_t)c->node_count * c->node_count; i++)
		direct = direct && c->next[i] == i % c->node_count;
	if (direct)
		return;
	hidp__json_open_list(w, "next_hop");
	for (hidp_node_id from = 0; from < c->node_count; from++) {
		hidp__json_open_flat_list(w, NULL);
		for (hidp_node_id to = 0; to < c->node_count; to++) {
			hidp_node_id next = hidp__next_hop(c, from, to);
			if (next == HIDP_NODE_NONE)
				hidp__json_put_null(w, NULL);
			else
				hidp__json_put_int(w, NULL, next);
		}
		hidp__json_close(w);
	}
	hidp__json_close(w);
}

static void write_node_figures(struct hidp__json_writer *w, const struct hidp_plan *plan,
                               hidp_node_id n)
{
	struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
	hidp_plan_get_node_figures(plan, n, &f);
	hidp__json_open_flat_object(w, NULL);
	hidp__json_put_fields(w, &hidp__node_figures_table, HIDP__JSON_ALL, true, &f);
	hidp__json_open_flat_list(w, "processors");
	for (hidp_processor_id p = 0; p < plan->cluster->nodes[n].processor_count; p++) {
		struct hidp_processor_figures pf = HIDP_PROCESSOR_FIGURES_INIT;
		hidp_plan_get_processor_figures(plan, n, p, &pf);
		hidp__json_open_flat_object(w, NULL);
		hidp__json_put_fields(w, &hidp__processor_figures_table, HIDP__JSON_ALL, true, &pf);
		hidp__json_close(w);
	}
	hidp__json_close(w);
	hidp__json_close(w);
}

static void write_figures(struct hidp__json_writer *w, const struct hidp_plan *plan)
{
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	hidp_plan_get_figures(plan, &f);
	hidp__json_open_object(w, "figures");
	hidp__json_put_fields(w, &hidp__figures_table, HIDP__JSON_ALL, true, &f);
	hidp__json_open_list(w, "nodes");
	for (hidp_node_id n = 0; n < plan->cluster->node_count; n++)
		write_node_figures(w, plan, n);
	hidp__json_close(w);
	hidp__json_open_list(w, "media");
	for (hidp_medium_id m = 0; m < plan->cluster->medium_count; m++) {
		hidp__json_open_flat_object(w, NULL);
		hidp__json_put_fields(w, &hidp__medium_figures_table, HIDP__JSON_ALL, true,
		                      &plan->evaluation.medium_busy_s[m]);
		hidp__json_close(w);
	}
	hidp__json_close(w);
	hidp__json_close(w);
}

static void write_timeline(struct hidp__json_writer *w, const struct hidp_plan *plan)
{
	hidp__json_open_list(w, "timeline");
	for (uint32_t i = 0; i < hidp_plan_task_count(plan); i++) {
		struct hidp_task_info t = HIDP_TASK_INFO_INIT;
		hidp_plan_get_task(plan, i, &t);
		hidp__json_open_flat_object(w, NULL);
		hidp__json_put_fields(w, &hidp__task_table, 1u << t.kind, true, &t);
		hidp__json_close(w);
	}
	hidp__json_close(w);
}

void hidp__plan_write(struct hidp__json_writer *w, const struct hidp_plan *plan)
{
	hidp__json_open_object(w, NULL);
	hidp__json_put_format(w, "hidp-plan");
	hidp__model_write(w, "model", plan->model);
	hidp__cluster_write(w, "cluster", plan->cluster);
	if (plan->cost != NULL)
		write_cost(w, plan);
	write_options(w, plan);
	write_stages(w, &plan->decisions);
	hidp__json_open_object(w, "derived");
	hidp__json_open_list(w, "layers");
	for (uint32_t l = 0; l < plan->model->layer_count; l++)
		write_derived_layer(w, &plan->model->layers[l]);
	hidp__json_close(w);
	write_routes(w, plan->cluster);
	hidp__json_close(w);
	write_figures(w, plan);
	write_timeline(w, plan);
	hidp__json_close(w);
}
