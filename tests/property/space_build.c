/* SPDX-License-Identifier: MIT */
/* From the enumeration to the builder, and what the evaluator says of a single share. */
#include "space.h"

#include <math.h>
#include <string.h>

static void add_step(struct hidp_plan_builder *b, const struct space_step *step)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	d.kind = step->kind;
	d.layer_count = step->layer_count;
	support_must(hidp_plan_builder_add_step(b, &d, &diag), &diag, "step");
	for (uint32_t k = 0; k < step->slice_count; k++) {
		const struct space_slice *from = &step->slices[k];
		struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
		slice.processor = from->processor;
		slice.begin = from->begin;
		slice.end = from->end;
		slice.layer_count = from->layer_count;
		slice.layers = from->layer_count > 0 ? from->layers : NULL;
		support_must(hidp_plan_builder_add_slice(b, &slice, &diag), &diag, "slice");
	}
}

static void add_share(const struct space *s, struct hidp_plan_builder *b,
                      const struct space_stage *stage, const struct space_share *share)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	hidp_layer_id layers[SPACE_LAYERS];
	d.node = share->node;
	d.row_begin = share->row_begin;
	d.row_end = share->row_end;
	d.fraction = share->fraction;
	if (stage->kind == HIDP_STAGE_BRANCH) {
		for (uint32_t l = stage->first; l < stage->end; l++)
			if (share->members >> l & 1)
				layers[d.layer_count++] = s->id[l];
		d.layers = layers;
	}
	support_must(hidp_plan_builder_add_share(b, &d, &diag), &diag, "share");
	for (uint32_t t = 0; t < share->way->step_count; t++)
		add_step(b, &share->way->steps[t]);
}

hidp_status space_build(const struct space *space, const struct hidp_cluster *cluster,
                        const struct hidp_cost *cost, const struct hidp_plan_options *options,
                        const struct space_plan *plan, struct hidp_plan **plan_out,
                        struct hidp_diagnostic *diagnostic)
{
	struct hidp_plan_builder *b;
	support_must(hidp_plan_builder_new(space->instance->model, cluster, cost, options, &b,
	                                   diagnostic),
	             diagnostic, "plan builder");
	for (uint32_t i = 0; i < plan->stage_count; i++) {
		const struct space_stage *stage = &plan->stages[i];
		struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
		d.kind = stage->kind;
		d.layer_count = space_model_layers(space, stage->first, stage->end);
		d.row_units = stage->kind == HIDP_STAGE_SPLIT ? stage->row_units : 0;
		support_must(hidp_plan_builder_add_stage(b, &d, diagnostic), diagnostic, "stage");
		for (uint32_t k = 0; k < stage->share_count; k++)
			add_share(space, b, stage, &stage->shares[k]);
	}
	hidp_status status = hidp_plan_builder_seal(b, plan_out, diagnostic);
	hidp_plan_builder_destroy(b);
	return status;
}

/* Node 0 is the node as it is; nodes 1 and 2 do everything at once. */
static void probe_begin(const struct space *s, hidp_node_id node, struct space_probe *probe)
{
	const struct random_instance *in = s->instance;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster_builder *b;
	struct hidp_node_desc n = s->node[node], helper = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc any = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	struct hidp_cost_builder *costs;
	n.flags = 0;
	n.memory_bytes = 0;
	n.nic_bandwidth_Bps = 0;
	n.name = NULL;
	any.rate_flops[0] = 1;
	link.bandwidth_Bps = INFINITY;
	support_must(hidp_cluster_builder_new(in->context, &b), NULL, "cluster builder");
	support_must(hidp_cluster_builder_add_node(b, &n, NULL, &diag), &diag, "node");
	for (hidp_processor_id p = 0; p < s->processor_count[node]; p++) {
		struct hidp_processor_desc d = s->processor[node][p];
		d.memory_bytes = 0;
		support_must(hidp_cluster_builder_add_processor(b, 0, &d, NULL, &diag), &diag,
		             "processor");
	}
	for (hidp_node_id h = 1; h <= 2; h++) {
		support_must(hidp_cluster_builder_add_node(b, &helper, NULL, &diag), &diag, "node");
		support_must(hidp_cluster_builder_add_processor(b, h, &any, NULL, &diag), &diag,
		             "processor");
	}
	support_must(hidp_cluster_builder_link_all(b, &link, &diag), &diag, "links");
	support_must(hidp_cluster_builder_seal(b, &probe->cluster, &diag), &diag, "cluster");
	hidp_cluster_builder_destroy(b);

	support_must(hidp_cost_builder_new(in->model, probe->cluster, &costs), NULL, "costs");
	for (uint32_t l = 0; l < s->place_count; l++) {
		struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT, analytic = HIDP_COST_ENTRY_INIT;
		for (hidp_node_id h = 1; h <= 2; h++)
			support_must(hidp_cost_builder_set(costs, s->id[l], h, 0, &e, &diag), &diag,
			             "cost");
		for (hidp_processor_id p = 0; p < s->processor_count[node]; p++) {
			support_must(hidp_cost_get(in->model, in->cluster, in->cost, s->id[l], node,
			                           p, &e),
			             NULL, "cost");
			support_must(hidp_cost_get(in->model, in->cluster, NULL, s->id[l], node, p,
			                           &analytic),
			             NULL, "cost");
			if (memcmp(&e, &analytic, sizeof e) != 0) /* measured */
				support_must(hidp_cost_builder_set(costs, s->id[l], 0, p, &e, &diag),
				             &diag, "cost");
		}
	}
	support_must(hidp_cost_builder_seal(costs, &probe->cost, &diag), &diag, "cost source");
	hidp_cost_builder_destroy(costs);
}

static void add_helper(struct space_stage *stage, hidp_node_id node, uint32_t members,
                       int64_t row_begin, int64_t row_end, struct space_way *way)
{
	uint32_t layers = 0;
	for (uint32_t l = stage->first; l < stage->end; l++)
		layers += members >> l & 1;
	*way = (struct space_way){.step_count = 1};
	way->steps[0].kind = HIDP_STEP_SINGLE;
	way->steps[0].layer_count = layers;
	way->steps[0].slice_count = 1;
	stage->shares[stage->share_count++] = (struct space_share){.node = node,
	                                                           .members = members,
	                                                           .row_begin = row_begin,
	                                                           .row_end = row_end,
	                                                           .way = way};
}

static void add_single(struct space_plan *plan, uint32_t first, uint32_t end, struct space_way *way)
{
	struct space_stage *stage = &plan->stages[plan->stage_count];
	if (first == end)
		return;
	*stage = (struct space_stage){.kind = HIDP_STAGE_SINGLE, .first = first, .end = end};
	add_helper(stage, 1, (1u << end) - (1u << first), 0, 0, way);
	plan->stage_count++;
}

void space_measure(struct space *space, const struct space_stage *stage, uint32_t share,
                   struct space_way *way)
{
	const struct space_share *from = &stage->shares[share];
	struct space_probe *probe = &space->probe[from->node];
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	struct hidp_node_figures node = HIDP_NODE_FIGURES_INIT;
	struct hidp_plan *measured;
	struct space_way helpers[4];
	struct space_plan plan = {.stage_count = 0};
	if (probe->cluster == NULL)
		probe_begin(space, from->node, probe);
	/* memory of streams is a sum over stages: what other stages hold hides nothing */
	options.flags = HIDP_PLAN_STREAM;
	options.leader = 1;
	add_single(&plan, 0, stage->first, &helpers[0]);
	struct space_stage *to = &plan.stages[plan.stage_count++];
	*to = *stage;
	to->share_count = 0;
	uint32_t all = (1u << stage->end) - (1u << stage->first);
	if (stage->kind == HIDP_STAGE_REPLICA)
		to->kind = HIDP_STAGE_SINGLE;
	if (stage->kind == HIDP_STAGE_SPLIT && from->row_begin > 0)
		add_helper(to, 1, all, 0, from->row_begin, &helpers[1]);
	if (stage->kind == HIDP_STAGE_BRANCH)
		add_helper(to, 1, all & ~from->members, 0, 0, &helpers[1]);
	to->shares[to->share_count] = *from;
	to->shares[to->share_count].node = 0;
	to->shares[to->share_count++].way = way;
	if (stage->kind == HIDP_STAGE_SPLIT && from->row_end < stage->row_units)
		add_helper(to, 2, all, from->row_end, stage->row_units, &helpers[2]);
	add_single(&plan, stage->end, space->place_count, &helpers[3]);
	support_must(space_build(space, probe->cluster, probe->cost, &options, &plan, &measured,
	                         &diag),
	             &diag, "plan of one share");
	support_must(hidp_plan_get_figures(measured, &figures), NULL, "figures");
	support_must(hidp_plan_get_node_figures(measured, 0, &node), NULL, "figures");
	way->duration_s = figures.latency_s;
	way->memory_bytes = (double)node.memory_bytes;
	for (hidp_processor_id p = 0; p < space->processor_count[from->node]; p++) {
		struct hidp_processor_figures f = HIDP_PROCESSOR_FIGURES_INIT;
		support_must(hidp_plan_get_processor_figures(measured, 0, p, &f), NULL, "figures");
		way->busy_s[p] = f.busy_s;
		way->need_bytes[p] = (double)f.memory_bytes;
	}
	hidp_plan_unref(measured);
	space->probed++;
}
