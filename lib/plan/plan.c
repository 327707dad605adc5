/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/abi.h"
#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "plan/plan_priv.h"

static hidp_layer_id *copy_layers(const hidp_layer_id *layers, uint32_t count,
                                  struct hidp__arena *arena)
{
	hidp_layer_id *copy = hidp__arena_alloc(arena, (size_t)count + 1, sizeof *copy);
	if (copy != NULL && count != 0)
		memcpy(copy, layers, count * sizeof *copy);
	return copy;
}

static bool copy_steps(struct hidp__share *to, const struct hidp__share *from,
                       struct hidp__arena *arena)
{
	uint32_t at = 0;
	to->steps = hidp__arena_alloc(arena, (size_t)from->step_count + 1, sizeof *to->steps);
	to->comp = hidp__arena_calloc(arena, (size_t)to->layer_count + 1, sizeof *to->comp);
	if (to->steps == NULL || to->comp == NULL)
		return false;
	for (uint32_t t = 0; t < from->step_count; t++) {
		const struct hidp__step *f = &from->steps[t];
		struct hidp__step *s = &to->steps[t];
		*s = *f;
		s->first = at;
		s->slices =
		        hidp__arena_alloc(arena, (size_t)f->slice_count + 1, sizeof *s->slices);
		if (s->slices == NULL)
			return false;
		for (uint32_t k = 0; k < f->slice_count; k++) {
			s->slices[k] = f->slices[k];
			if (f->kind == HIDP_STEP_BRANCH) {
				s->slices[k].layers = copy_layers(
				        f->slices[k].layers, f->slices[k].layer_count, arena);
				if (s->slices[k].layers == NULL)
					return false;
			} else {
				/* too many layers are found out by the check */
				s->slices[k].layers = to->layers + (at < to->layer_count ? at : 0);
				s->slices[k].layer_count = f->layer_count;
			}
			if (f->kind == HIDP_STEP_SINGLE || f->kind == HIDP_STEP_BRANCH)
				s->slices[k].range = (struct hidp__span){0, 0};
		}
		at = f->layer_count > UINT32_MAX - at ? UINT32_MAX : at + f->layer_count;
	}
	return true;
}

bool hidp__decisions_copy(struct hidp__decisions *to, const struct hidp__decisions *from,
                          const struct hidp_model *model, struct hidp__arena *arena)
{
	uint64_t first = 0;
	to->stage_count = from->stage_count;
	to->stages =
	        hidp__arena_alloc(arena, (size_t)from->stage_count + 1, sizeof *to->stages);
	if (to->stages == NULL)
		return false;
	for (uint32_t i = 0; i < from->stage_count; i++) {
		const struct hidp__stage *f = &from->stages[i];
		struct hidp__stage *s = &to->stages[i];
		uint64_t end = first + f->layer_count;
		uint32_t count = 0;
		*s = *f;
		s->first_layer = first < model->layer_count ? (hidp_layer_id)first : 0;
		if (f->kind != HIDP_STAGE_SPLIT)
			s->row_units = 1;
		if (end > model->layer_count)
			end = model->layer_count; /* found out by the check */
		size_t most = (size_t)(end > first ? end - first : 0) + 1;
		hidp_layer_id *layers = hidp__arena_alloc(arena, most, sizeof *layers);
		s->shares = hidp__arena_alloc(arena, (size_t)f->share_count + 1, sizeof *s->shares);
		if (layers == NULL || s->shares == NULL)
			return false;
		for (uint64_t l = first; l < end; l++)
			if (model->layers[l].op != HIDP_OP_INPUT)
				layers[count++] = (hidp_layer_id)l;
		for (uint32_t k = 0; k < f->share_count; k++) {
			struct hidp__share *share = &s->shares[k];
			*share = f->shares[k];
			share->layers = layers;
			share->layer_count = count;
			if (f->kind == HIDP_STAGE_BRANCH) {
				share->layer_count = f->shares[k].layer_count;
				share->layers = copy_layers(f->shares[k].layers,
				                            share->layer_count, arena);
				if (share->layers == NULL)
					return false;
			}
			if (f->kind != HIDP_STAGE_SPLIT)
				share->units = (struct hidp__span){0, 1};
			if (f->kind != HIDP_STAGE_REPLICA)
				share->fraction = 1;
			if (!copy_steps(share, &f->shares[k], arena))
				return false;
		}
		first += f->layer_count;
	}
	return true;
}

hidp_status hidp__plan_make(const struct hidp_model *model, const struct hidp_cluster *cluster,
                            const struct hidp_cost *cost, const struct hidp_plan_options *options,
                            const struct hidp__decisions *decisions, struct hidp_plan **plan_out,
                            struct hidp__arena *scratch, struct hidp_diagnostic *diagnostic)
{
	struct hidp_context *ctx = model->arena.ctx;
	struct hidp_plan *p = hidp__calloc(ctx, 1, sizeof *p);
	if (p == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	atomic_init(&p->refs, 1);
	hidp_context_ref(ctx);
	hidp__arena_init(&p->arena, ctx);
	/* references are counted on const objects too */
	p->model = hidp_model_ref((struct hidp_model *)(uintptr_t)model);
	p->cluster = hidp_cluster_ref((struct hidp_cluster *)(uintptr_t)cluster);
	if (cost != NULL)
		p->cost = hidp_cost_ref((struct hidp_cost *)(uintptr_t)cost);
	const struct hidp__problem problem = {model, cluster, cost, &p->request};
	struct hidp__arena_mark mark = hidp__arena_here(scratch);
	hidp_status s =
	        hidp__request_read(&p->request, model, cluster, options, &p->arena, diagnostic);
	if (s == HIDP_OK && !hidp__decisions_copy(&p->decisions, decisions, model, &p->arena))
		s = hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	if (s == HIDP_OK)
		s = hidp__check(&problem, &p->decisions, scratch, diagnostic);
	if (s == HIDP_OK)
		s = hidp__evaluate(&problem, &p->decisions, true, &p->evaluation, &p->arena,
		                   scratch, diagnostic);
	if (s == HIDP_OK)
		s = hidp__check_limits(&problem, &p->evaluation, diagnostic);
	hidp__arena_back(scratch, mark);
	if (s != HIDP_OK) {
		hidp_plan_unref(p);
		return s;
	}
	*plan_out = p;
	return HIDP_OK;
}

hidp_status hidp_plan_evaluate(const struct hidp_plan *plan, const struct hidp_cluster *cluster,
                               const struct hidp_cost *cost,
                               const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                               struct hidp_diagnostic *diagnostic)
{
	if (plan == NULL || plan_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	const struct hidp_cluster *own = plan->cluster;
	if (cluster == NULL)
		cluster = own;
	if (cost == NULL)
		cost = plan->cost;
	bool fits = cluster->node_count == own->node_count;
	for (uint32_t n = 0; fits && n < own->node_count; n++)
		fits = cluster->nodes[n].processor_count == own->nodes[n].processor_count;
	if (!fits)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "the cluster has other nodes or processors than the plan's");
	hidp_status s = hidp__cost_check(cost, plan->model, cluster, diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp__arena scratch;
	hidp__arena_init(&scratch, plan->arena.ctx);
	s = hidp__plan_make(plan->model, cluster, cost,
	                    options != NULL ? options : &plan->request.options, &plan->decisions,
	                    plan_out, &scratch, diagnostic);
	hidp__arena_destroy(&scratch);
	return s;
}

struct hidp_plan *hidp_plan_ref(struct hidp_plan *plan)
{
	hidp__ref(&plan->refs);
	return plan;
}

void hidp_plan_unref(struct hidp_plan *plan)
{
	if (plan == NULL || !hidp__unref(&plan->refs))
		return;
	struct hidp_context *ctx = plan->arena.ctx;
	hidp__arena_destroy(&plan->arena);
	hidp_model_unref(plan->model);
	hidp_cluster_unref(plan->cluster);
	hidp_cost_unref(plan->cost);
	hidp__free(ctx, plan);
	hidp_context_unref(ctx);
}

const struct hidp_model *hidp_plan_model(const struct hidp_plan *plan)
{
	return plan->model;
}

const struct hidp_cluster *hidp_plan_cluster(const struct hidp_plan *plan)
{
	return plan->cluster;
}

const struct hidp_cost *hidp_plan_cost(const struct hidp_plan *plan)
{
	return plan->cost;
}

hidp_status hidp_plan_get_options(const struct hidp_plan *plan,
                                  struct hidp_plan_options *options_out)
{
	if (plan == NULL || options_out == NULL)
		return HIDP_ERR_ARGUMENT;
	const struct hidp_plan_options *o = &plan->request.options;
	return hidp__abi_write(options_out, sizeof *o, o, sizeof *o);
}

/* Whole bytes; sums of what very many layers hold may be more than a uint64_t can say. */
static uint64_t whole(double bytes)
{
	return bytes < 0x1p64 ? (uint64_t)bytes : UINT64_MAX;
}

hidp_status hidp_plan_get_figures(const struct hidp_plan *plan,
                                  struct hidp_plan_figures *figures_out)
{
	if (plan == NULL || figures_out == NULL)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__evaluation *e = &plan->evaluation;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	f.latency_s = e->latency_s;
	f.period_s = e->period_s;
	f.energy_j = e->energy_j;
	f.objective = e->objective;
	f.lower_bound = plan->lower_bound;
	if (plan->lower_bound >= e->objective)
		f.flags = HIDP_FIGURES_PROVEN;
	else
		f.gap = (e->objective - plan->lower_bound) / e->objective;
	f.migration_s = e->migration_s;
	f.migration_bytes = whole(e->migration_bytes);
	f.transfer_bytes = whole(e->transfer_bytes);
	f.work = whole(plan->work);
	return hidp__abi_write(figures_out, sizeof f, &f, sizeof f);
}

hidp_status hidp_plan_get_node_figures(const struct hidp_plan *plan, hidp_node_id node,
                                       struct hidp_node_figures *figures_out)
{
	if (plan == NULL || figures_out == NULL || node >= plan->cluster->node_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__evaluation *e = &plan->evaluation;
	struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
	f.memory_bytes = whole(ceil(e->memory_bytes[node]));
	f.weight_bytes = whole(e->weight_bytes[node]);
	f.transmit_s = e->transmit_s[node];
	f.receive_s = e->receive_s[node];
	f.energy_j = e->node_energy_j[node];
	return hidp__abi_write(figures_out, sizeof f, &f, sizeof f);
}

hidp_status hidp_plan_get_processor_figures(const struct hidp_plan *plan, hidp_node_id node,
                                            hidp_processor_id processor,
                                            struct hidp_processor_figures *figures_out)
{
	if (plan == NULL || figures_out == NULL || node >= plan->cluster->node_count ||
	    processor >= plan->cluster->nodes[node].processor_count)
		return HIDP_ERR_ARGUMENT;
	uint32_t at = plan->cluster->nodes[node].first_processor + processor;
	struct hidp_processor_figures f = HIDP_PROCESSOR_FIGURES_INIT;
	f.memory_bytes = whole(ceil(plan->evaluation.processor_memory_bytes[at]));
	f.busy_s = plan->evaluation.busy_s[at];
	return hidp__abi_write(figures_out, sizeof f, &f, sizeof f);
}

hidp_status hidp_plan_get_medium_busy(const struct hidp_plan *plan, hidp_medium_id medium,
                                      double *busy_s_out)
{
	if (plan == NULL || busy_s_out == NULL || medium >= plan->cluster->medium_count)
		return HIDP_ERR_ARGUMENT;
	*busy_s_out = plan->evaluation.medium_busy_s[medium];
	return HIDP_OK;
}

uint32_t hidp_plan_stage_count(const struct hidp_plan *plan)
{
	return plan->decisions.stage_count;
}

static const struct hidp__stage *find_stage(const struct hidp_plan *plan, uint32_t stage)
{
	if (plan == NULL || stage >= plan->decisions.stage_count)
		return NULL;
	return &plan->decisions.stages[stage];
}

static const struct hidp__share *find_share(const struct hidp_plan *plan, uint32_t stage,
                                            uint32_t share)
{
	const struct hidp__stage *s = find_stage(plan, stage);
	return s != NULL && share < s->share_count ? &s->shares[share] : NULL;
}

static const struct hidp__step *find_step(const struct hidp_plan *plan, uint32_t stage,
                                          uint32_t share, uint32_t step)
{
	const struct hidp__share *s = find_share(plan, stage, share);
	return s != NULL && step < s->step_count ? &s->steps[step] : NULL;
}

hidp_status hidp_plan_get_stage(const struct hidp_plan *plan, uint32_t stage,
                                struct hidp_stage_desc *desc_out)
{
	const struct hidp__stage *s = find_stage(plan, stage);
	if (s == NULL || desc_out == NULL)
		return HIDP_ERR_ARGUMENT;
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	d.kind = s->kind;
	d.first_layer = s->first_layer;
	d.layer_count = s->layer_count;
	d.share_count = s->share_count;
	d.row_units = s->kind == HIDP_STAGE_SPLIT ? s->row_units : 0;
	return hidp__abi_write(desc_out, sizeof d, &d, sizeof d);
}

hidp_status hidp_plan_get_share(const struct hidp_plan *plan, uint32_t stage, uint32_t share,
                                struct hidp_share_desc *desc_out)
{
	const struct hidp__share *s = find_share(plan, stage, share);
	if (s == NULL || desc_out == NULL)
		return HIDP_ERR_ARGUMENT;
	hidp_stage_kind kind = plan->decisions.stages[stage].kind;
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	d.node = s->node;
	d.step_count = s->step_count;
	if (kind == HIDP_STAGE_SPLIT) {
		d.row_begin = s->units.begin;
		d.row_end = s->units.end;
	}
	d.fraction = kind == HIDP_STAGE_REPLICA ? s->fraction : 0;
	d.layers = s->layers;
	d.layer_count = s->layer_count;
	return hidp__abi_write(desc_out, sizeof d, &d, sizeof d);
}

hidp_status hidp_plan_get_share_rows(const struct hidp_plan *plan, uint32_t stage, uint32_t share,
                                     hidp_layer_id layer, int64_t *begin_out, int64_t *end_out)
{
	const struct hidp__share *s = find_share(plan, stage, share);
	if (s == NULL || begin_out == NULL || end_out == NULL)
		return HIDP_ERR_ARGUMENT;
	for (uint32_t i = 0; i < s->layer_count; i++) {
		if (s->layers[i] != layer)
			continue;
		bool empty = hidp__span_empty(s->comp[i]);
		*begin_out = empty ? 0 : s->comp[i].begin;
		*end_out = empty ? 0 : s->comp[i].end;
		return HIDP_OK;
	}
	return HIDP_ERR_ARGUMENT;
}

hidp_status hidp_plan_get_step(const struct hidp_plan *plan, uint32_t stage, uint32_t share,
                               uint32_t step, struct hidp_step_desc *desc_out)
{
	const struct hidp__step *s = find_step(plan, stage, share, step);
	if (s == NULL || desc_out == NULL)
		return HIDP_ERR_ARGUMENT;
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	d.kind = s->kind;
	d.layer_count = s->layer_count;
	d.slice_count = s->slice_count;
	return hidp__abi_write(desc_out, sizeof d, &d, sizeof d);
}

hidp_status hidp_plan_get_slice(const struct hidp_plan *plan, uint32_t stage, uint32_t share,
                                uint32_t step, uint32_t slice, struct hidp_slice_desc *desc_out)
{
	const struct hidp__step *s = find_step(plan, stage, share, step);
	if (s == NULL || desc_out == NULL || slice >= s->slice_count)
		return HIDP_ERR_ARGUMENT;
	struct hidp_slice_desc d = HIDP_SLICE_DESC_INIT;
	d.processor = s->slices[slice].processor;
	d.layers = s->slices[slice].layers;
	d.layer_count = s->slices[slice].layer_count;
	d.begin = s->slices[slice].range.begin;
	d.end = s->slices[slice].range.end;
	return hidp__abi_write(desc_out, sizeof d, &d, sizeof d);
}

uint32_t hidp_plan_task_count(const struct hidp_plan *plan)
{
	return plan->evaluation.task_count;
}

hidp_status hidp_plan_get_task(const struct hidp_plan *plan, uint32_t task,
                               struct hidp_task_info *info_out)
{
	if (plan == NULL || info_out == NULL || task >= plan->evaluation.task_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__task *t = &plan->evaluation.tasks[task];
	struct hidp_task_info d = HIDP_TASK_INFO_INIT;
	d.kind = t->kind;
	d.stage = t->stage;
	d.share = t->share;
	d.step = t->step;
	d.slice = t->slice;
	d.node = t->node;
	d.processor = t->processor;
	d.to = t->to;
	d.layer = t->layer;
	d.layer_count = t->layer_count;
	d.medium = t->medium;
	d.row_begin = t->rows.begin;
	d.row_end = t->rows.end;
	d.start_s = t->start_s;
	d.end_s = t->end_s;
	d.arrival_s = t->arrival_s;
	d.wait_s = t->wait_s;
	d.bytes = t->bytes;
	return hidp__abi_write(info_out, sizeof d, &d, sizeof d);
}
