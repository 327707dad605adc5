/* SPDX-License-Identifier: MIT */
/*
 * Checks plans by other means than the evaluator: every row of every tensor is
 * followed through the plan, one by one. Slow and simple on purpose; it shares no
 * code with what it checks but the plan's own data.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/context_priv.h"
#include "base/diagnostic.h"
#include "plan/verify_priv.h"

hidp_status hidp__verify_fail(const struct hidp__verify *v, uint32_t stage, uint32_t share,
                              const char *format, ...)
{
	char subject[64], message[sizeof((struct hidp_diagnostic *)0)->message];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	if (stage == v->stages)
		snprintf(subject, sizeof subject, "delivery");
	else if (share == HIDP__NO_SHARE)
		snprintf(subject, sizeof subject, "stage %u", stage);
	else
		snprintf(subject, sizeof subject, "stage %u, share %u", stage, share);
	return hidp__fail(v->diagnostic, HIDP_ERR_PLAN, subject, "%s", message);
}

#define FAIL hidp__verify_fail

static const char *layer_name(const struct hidp__verify *v, hidp_layer_id layer)
{
	return v->model->layers[layer].name;
}

static const char *node_name(const struct hidp__verify *v, hidp_node_id node)
{
	return v->cluster->nodes[node].desc.name;
}

static const struct hidp__share *share_at(const struct hidp__verify *v, uint32_t stage,
                                          uint32_t share)
{
	return &v->plan->decisions.stages[stage].shares[share];
}

struct hidp__span hidp__verify_need(const struct hidp_row_rule *rule, int64_t rows, int64_t begin,
                                    int64_t end)
{
	if (begin >= end)
		return (struct hidp__span){0, 0};
	int64_t first = hidp__floor_div(begin * rule->stride - rule->pad, rule->divisor);
	int64_t last = hidp__floor_div((end - 1) * rule->stride - rule->pad + rule->extent - 1,
	                               rule->divisor);
	if (first < 0)
		first = 0;
	if (last > rows - 1)
		last = rows - 1;
	return last < first ? (struct hidp__span){0, 0} : (struct hidp__span){first, last + 1};
}

bool hidp__verify_takes(const struct hidp__verify *v, uint32_t stage, uint32_t share)
{
	return v->plan->decisions.stages[stage].kind != HIDP_STAGE_REPLICA ||
	       v->choice[stage] == share;
}

void hidp__verify_enter_share(struct hidp__verify *v, uint32_t stage, uint32_t share)
{
	const struct hidp__share *s = share_at(v, stage, share);
	v->share_stamp++;
	for (uint32_t i = 0; i < s->layer_count; i++) {
		v->in_share[s->layers[i]] = v->share_stamp;
		v->comp[s->layers[i]] = s->comp[i];
	}
}

/* What a slice owns of a layer of its step: the whole, or its part of the rows. */
static struct hidp__span slice_owns(const struct hidp__verify *v, const struct hidp__step *step,
                                    const struct hidp__slice *slice, hidp_layer_id layer,
                                    hidp_layer_id last)
{
	struct hidp__span all = v->comp[layer], z = v->comp[last];
	int64_t rows = hidp__span_length(all), of = hidp__span_length(z);
	if (step->kind != HIDP_STEP_ROWS || step->slice_count == 1)
		return all;
	return (struct hidp__span){all.begin + (slice->range.begin - z.begin) * rows / of,
	                           all.begin + (slice->range.end - z.begin) * rows / of};
}

void hidp__verify_enter_slice(struct hidp__verify *v, const struct hidp__share *share,
                              const struct hidp__step *step, const struct hidp__slice *slice)
{
	const hidp_layer_id *layers = share->layers + step->first;
	uint32_t count = step->layer_count;
	if (step->kind == HIDP_STEP_BRANCH) {
		layers = slice->layers;
		count = slice->layer_count;
	}
	v->slice_stamp++;
	for (uint32_t i = 0; i < count; i++) {
		v->in_slice[layers[i]] = v->slice_stamp;
		v->slice[layers[i]] =
		        slice_owns(v, step, slice, layers[i], layers[count - 1]);
	}
	/* backwards: what later layers of the slice need is computed too */
	for (uint32_t i = count; i-- > 0;) {
		const struct hidp__layer *l = &v->model->layers[layers[i]];
		struct hidp__span rows = v->slice[layers[i]];
		for (uint32_t k = 0; k < l->input_count; k++) {
			hidp_layer_id in = l->inputs[k].layer;
			if (v->in_slice[in] != v->slice_stamp)
				continue;
			struct hidp__span need = hidp__verify_need(&l->inputs[k].rule,
			                                           v->model->layers[in].shape.rows,
			                                           rows.begin, rows.end);
			v->slice[in] = hidp__span_hull(v->slice[in], need);
		}
	}
}

static bool owns(const struct hidp__verify *v, hidp_node_id node, hidp_layer_id layer)
{
	for (size_t row = v->first_row[layer]; row < v->first_row[layer + 1]; row++)
		if (v->owner[row] == node)
			return true;
	return false;
}

/* The last stage in which a node keeps a tensor; it has an owner by now. */
static uint32_t until(const struct hidp__verify *v, hidp_node_id node, hidp_layer_id layer)
{
	uint32_t *last = &v->held[node].until[layer];
	if (*last == HIDP__NEVER)
		*last = hidp__verify_last_use(v, node, layer, owns(v, node, layer));
	return *last;
}

/* Is the row on the node as the stage begins, not given up yet, or did its messages bring it? */
static bool present(const struct hidp__verify *v, hidp_node_id node, hidp_layer_id layer, int64_t r,
                    uint32_t stage)
{
	if (v->held[node].since == NULL)
		return false;
	uint32_t since = v->held[node].since[v->first_row[layer] + (size_t)r];
	return since != HIDP__NEVER && since / 2 <= stage &&
	       (since == 2 * stage + 1 || until(v, node, layer) >= stage);
}

static bool begin_node(struct hidp__verify *v, struct hidp__verify_node *n)
{
	size_t rows = v->first_row[v->layers], stages = (size_t)v->stages + 3;
	if (n->since == NULL) {
		n->since = hidp__arena_alloc(&v->arena, rows, sizeof *n->since);
		n->until = hidp__arena_alloc(&v->arena, v->layers, sizeof *n->until);
		n->held = hidp__arena_alloc(&v->arena, stages, sizeof *n->held);
	}
	if (n->since == NULL || n->until == NULL || n->held == NULL)
		return false;
	memset(n->since, 0xff, rows * sizeof *n->since);
	memset(n->until, 0xff, v->layers * sizeof *n->until);
	memset(n->held, 0, stages * sizeof *n->held);
	return true;
}

/* Puts a row on a node for as long as the node has a use for it: from the stage that begins or, if
 * `message`, is beginning. false: no memory. */
static bool put(struct hidp__verify *v, hidp_node_id node, hidp_layer_id layer, int64_t r,
                uint32_t stage, bool message)
{
	struct hidp__verify_node *n = &v->held[node];
	if (n->since == NULL && !begin_node(v, n))
		return false;
	if (present(v, node, layer, r, stage))
		return true;
	uint32_t last = until(v, node, layer);
	if (message && last < stage)
		last = stage;
	n->since[v->first_row[layer] + (size_t)r] = 2 * stage + message;
	if (last >= stage) {
		n->held[stage] += (double)v->model->layers[layer].row_bytes;
		n->held[last + 1] -= (double)v->model->layers[layer].row_bytes;
	}
	return true;
}

static hidp_status out_of_memory(const struct hidp__verify *v)
{
	return hidp__fail(v->diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
}

/* What a message with a row takes besides, in its stage, where it comes from and where it goes. */
static void fill_buffers(struct hidp__verify *v, uint32_t stage, hidp_node_id from, hidp_node_id to,
                         hidp_layer_id layer)
{
	double bytes = (double)v->model->layers[layer].row_bytes;
	double sent = bytes * v->cluster->nodes[from].desc.send_buffers;
	double received = bytes * v->cluster->nodes[to].desc.receive_buffers;
	v->held[from].held[stage] += sent;
	v->held[from].held[stage + 1] -= sent;
	v->held[to].held[stage] += received;
	v->held[to].held[stage + 1] -= received;
}

/* Sends one row from its owner to a node, hop by hop. */
static hidp_status bring(struct hidp__verify *v, uint32_t stage, uint32_t share, hidp_node_id to,
                         hidp_layer_id layer, int64_t r)
{
	hidp_node_id at = v->owner[v->first_row[layer] + (size_t)r];
	if (present(v, to, layer, r, stage))
		return HIDP_OK;
	if (at == HIDP_NODE_NONE || !present(v, at, layer, r, stage))
		return FAIL(v, stage, share,
		            "row %lld of layer %s is wanted on node %s, but no earlier stage "
		            "computes it",
		            (long long)r, layer_name(v, layer), node_name(v, to));
	for (uint32_t hops = 0; at != to; hops++) {
		hidp_node_id next = hidp_cluster_next_hop(v->cluster, at, to);
		if (next == HIDP_NODE_NONE || hops == v->nodes)
			return FAIL(v, stage, share,
			            "row %lld of layer %s is wanted on node %s, but there is no "
			            "route from node %s",
			            (long long)r, layer_name(v, layer), node_name(v, to),
			            node_name(v, at));
		bool carries = !present(v, next, layer, r, stage);
		if (!put(v, next, layer, r, stage, true))
			return out_of_memory(v);
		if (carries)
			fill_buffers(v, stage, at, next, layer);
		at = next;
	}
	return HIDP_OK;
}

/* The messages of a share: all that its layers read and none of them makes. */
static hidp_status receive(struct hidp__verify *v, uint32_t stage, uint32_t share)
{
	const struct hidp__share *s = share_at(v, stage, share);
	hidp__verify_enter_share(v, stage, share);
	memset(v->need, 0, v->layers * sizeof *v->need);
	for (uint32_t i = 0; i < s->layer_count; i++) {
		const struct hidp__layer *l = &v->model->layers[s->layers[i]];
		for (uint32_t k = 0; k < l->input_count; k++) {
			hidp_layer_id in = l->inputs[k].layer;
			if (v->in_share[in] == v->share_stamp)
				continue;
			struct hidp__span need = hidp__verify_need(&l->inputs[k].rule,
			                                           v->model->layers[in].shape.rows,
			                                           s->comp[i].begin,
			                                           s->comp[i].end);
			v->need[in] = hidp__span_hull(v->need[in], need);
		}
	}
	for (hidp_layer_id t = 0; t < v->layers; t++) {
		for (int64_t r = v->need[t].begin; r < v->need[t].end; r++) {
			hidp_status status = bring(v, stage, share, s->node, t, r);
			if (status != HIDP_OK)
				return status;
		}
	}
	return HIDP_OK;
}

/* Can the running slice read this row: made by itself or an earlier step, or on the node? */
static bool readable(const struct hidp__verify *v, uint32_t stage, hidp_node_id node,
                     hidp_layer_id layer, int64_t r)
{
	if (v->in_slice[layer] == v->slice_stamp)
		return r >= v->slice[layer].begin && r < v->slice[layer].end;
	if (v->in_share[layer] == v->share_stamp)
		return v->made[v->first_row[layer] + (size_t)r] != 0;
	return present(v, node, layer, r, stage);
}

/* Every input row of every row that the running slice computes of a layer. */
static hidp_status check_reads(const struct hidp__verify *v, uint32_t stage, uint32_t share,
                               uint32_t step, hidp_layer_id layer)
{
	hidp_node_id node = share_at(v, stage, share)->node;
	const struct hidp__layer *l = &v->model->layers[layer];
	for (uint32_t k = 0; k < l->input_count; k++) {
		hidp_layer_id in = l->inputs[k].layer;
		struct hidp__span seen = {0, 0};
		for (int64_t r = v->slice[layer].begin; r < v->slice[layer].end; r++) {
			struct hidp__span need =
			        hidp__verify_need(&l->inputs[k].rule,
			                          v->model->layers[in].shape.rows, r, r + 1);
			if (need.begin == seen.begin && need.end == seen.end)
				continue; /* the same as for the row before */
			seen = need;
			for (int64_t x = need.begin; x < need.end; x++)
				if (!readable(v, stage, node, in, x))
					return FAIL(v, stage, share,
					            "step %u computes row %lld of layer %s, but "
					            "row %lld of its input %s is not on node %s "
					            "by then",
					            step, (long long)r, layer_name(v, layer),
					            (long long)x, layer_name(v, in),
					            node_name(v, node));
		}
	}
	return HIDP_OK;
}

static bool excluded(const struct hidp__verify *v, hidp_node_id node, hidp_processor_id processor)
{
	const struct hidp_plan_options *o = &v->options;
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	hidp_cluster_node(v->cluster, node, &n);
	hidp_cluster_processor(v->cluster, node, processor, &p);
	if ((n.flags & HIDP_NODE_UNAVAILABLE) != 0 || p.load >= 1)
		return true;
	for (size_t i = 0; i < o->excluded_count; i++)
		if (o->excluded_nodes[i] == node &&
		    (o->excluded_processors == NULL ||
		     o->excluded_processors[i] == HIDP_PROCESSOR_NONE ||
		     o->excluded_processors[i] == processor))
			return true;
	return false;
}

/* May and can the processor run the layer? */
static hidp_status check_place(const struct hidp__verify *v, uint32_t stage, uint32_t share,
                               uint32_t step, hidp_layer_id layer, hidp_processor_id processor)
{
	const struct hidp_plan_options *o = &v->options;
	hidp_node_id node = share_at(v, stage, share)->node;
	const char *name = v->cluster->nodes[node].processors[processor].name;
	struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
	if (excluded(v, node, processor))
		return FAIL(v, stage, share,
		            "step %u uses processor %s of node %s, which is excluded or "
		            "unavailable",
		            step, name, node_name(v, node));
	for (size_t i = 0; i < o->pin_count; i++)
		if (o->pin_layers[i] == layer &&
		    (o->pin_nodes[i] != node ||
		     (o->pin_processors != NULL && o->pin_processors[i] != HIDP_PROCESSOR_NONE &&
		      o->pin_processors[i] != processor)))
			return FAIL(v, stage, share,
			            "step %u computes layer %s on processor %s of node %s, but it "
			            "is pinned elsewhere",
			            step, layer_name(v, layer), name, node_name(v, node));
	if (hidp_cost_get(v->model, v->cluster, hidp_plan_cost(v->plan), layer, node, processor,
	                  &entry) != HIDP_OK ||
	    (entry.flags & HIDP_COST_UNSUPPORTED) != 0)
		return FAIL(v, stage, share, "step %u: processor %s of node %s cannot run layer %s",
		            step, name, node_name(v, node), layer_name(v, layer));
	return HIDP_OK;
}

static hidp_status run_slice(struct hidp__verify *v, uint32_t stage, uint32_t share, uint32_t step,
                             const struct hidp__slice *slice)
{
	const struct hidp__share *s = share_at(v, stage, share);
	hidp__verify_enter_slice(v, s, &s->steps[step], slice);
	for (uint32_t i = 0; i < slice->layer_count; i++) {
		hidp_layer_id layer = slice->layers[i];
		if (hidp__span_empty(v->slice[layer]))
			continue; /* nothing is run */
		hidp_status status = check_place(v, stage, share, step, layer, slice->processor);
		if (status == HIDP_OK)
			status = hidp__verify_runs(v, stage, share, layer, slice->processor);
		if (status == HIDP_OK)
			status = check_reads(v, stage, share, step, layer);
		if (status != HIDP_OK)
			return status;
	}
	return HIDP_OK;
}

/* Marks what the slices of a step have made; it can be read from the next step on. */
static void end_step(struct hidp__verify *v, const struct hidp__share *share,
                     const struct hidp__step *step)
{
	for (uint32_t k = 0; k < step->slice_count; k++) {
		const struct hidp__slice *slice = &step->slices[k];
		hidp__verify_enter_slice(v, share, step, slice);
		for (uint32_t i = 0; i < slice->layer_count; i++) {
			struct hidp__span rows = v->slice[slice->layers[i]];
			if (!hidp__span_empty(rows))
				memset(v->made + v->first_row[slice->layers[i]] + rows.begin, 1,
				       (size_t)(rows.end - rows.begin));
		}
	}
}

/* Rows of a layer that a share owns; every row has one owner. */
static struct hidp__span share_owns(const struct hidp__verify *v, uint32_t stage, uint32_t share,
                                    hidp_layer_id layer)
{
	const struct hidp__stage *g = &v->plan->decisions.stages[stage];
	const struct hidp__share *s = &g->shares[share];
	int64_t rows = v->model->layers[layer].shape.rows;
	if (g->kind != HIDP_STAGE_SPLIT)
		return (struct hidp__span){0, rows};
	return (struct hidp__span){s->units.begin * rows / g->row_units,
	                           s->units.end * rows / g->row_units};
}

/* All that the share is to compute must be made, what it owns among it; then it is on its node. */
static hidp_status end_share(struct hidp__verify *v, uint32_t stage, uint32_t share)
{
	const struct hidp__share *s = share_at(v, stage, share);
	for (uint32_t i = 0; i < s->layer_count; i++) {
		hidp_layer_id layer = s->layers[i];
		struct hidp__span own = share_owns(v, stage, share, layer);
		for (int64_t r = 0; r < v->model->layers[layer].shape.rows; r++) {
			size_t row = v->first_row[layer] + (size_t)r;
			bool owned = r >= own.begin && r < own.end;
			bool stated = r >= s->comp[i].begin && r < s->comp[i].end;
			if ((owned || stated) && !v->made[row])
				return FAIL(v, stage, share, "row %lld of layer %s is not computed",
				            (long long)r, layer_name(v, layer));
			if (owned && v->owner[row] != HIDP_NODE_NONE)
				return FAIL(v, stage, share,
				            "row %lld of layer %s belongs to node %s already",
				            (long long)r, layer_name(v, layer),
				            node_name(v, v->owner[row]));
			if (owned)
				v->owner[row] = s->node;
		}
		for (int64_t r = 0; r < v->model->layers[layer].shape.rows; r++) {
			unsigned char *made = &v->made[v->first_row[layer] + (size_t)r];
			if (*made && !put(v, s->node, layer, r, stage + 1, false))
				return out_of_memory(v);
			*made = 0;
		}
	}
	return HIDP_OK;
}

static hidp_status run_share(struct hidp__verify *v, uint32_t stage, uint32_t share)
{
	const struct hidp__share *s = share_at(v, stage, share);
	hidp_status status = HIDP_OK;
	hidp__verify_enter_share(v, stage, share);
	for (uint32_t t = 0; t < s->step_count; t++) {
		for (uint32_t k = 0; k < s->steps[t].slice_count && status == HIDP_OK; k++)
			status = run_slice(v, stage, share, t, &s->steps[t].slices[k]);
		if (status != HIDP_OK)
			return status;
		end_step(v, s, &s->steps[t]);
	}
	return end_share(v, stage, share);
}

/* Every row of every layer of the stage has found its owner. */
static hidp_status check_owned(const struct hidp__verify *v, uint32_t stage)
{
	const struct hidp__stage *g = &v->plan->decisions.stages[stage];
	for (uint32_t i = 0; i < g->layer_count; i++)
		for (size_t row = v->first_row[g->first_layer + i];
		     row < v->first_row[g->first_layer + i + 1]; row++)
			if (v->owner[row] == HIDP_NODE_NONE)
				return FAIL(v, stage, HIDP__NO_SHARE,
				            "row %zu of layer %s is computed by no share",
				            row - v->first_row[g->first_layer + i],
				            layer_name(v, g->first_layer + i));
	return HIDP_OK;
}

static hidp_status run_stage(struct hidp__verify *v, uint32_t stage)
{
	hidp_status status = HIDP_OK;
	uint32_t count = v->plan->decisions.stages[stage].share_count;
	for (uint32_t k = 0; k < count && status == HIDP_OK; k++)
		if (hidp__verify_takes(v, stage, k))
			status = receive(v, stage, k);
	for (uint32_t k = 0; k < count && status == HIDP_OK; k++)
		if (hidp__verify_takes(v, stage, k))
			status = run_share(v, stage, k);
	return status == HIDP_OK ? check_owned(v, stage) : status;
}

/* Model inputs are on the input node, nothing else is anywhere. */
static hidp_status begin_route(struct hidp__verify *v)
{
	size_t rows = v->first_row[v->layers];
	for (size_t row = 0; row < rows; row++)
		v->owner[row] = HIDP_NODE_NONE;
	memset(v->runs_on, 0xff, v->layers * sizeof *v->runs_on);
	for (hidp_node_id n = 0; n < v->nodes; n++)
		if (v->held[n].since != NULL && !begin_node(v, &v->held[n]))
			return out_of_memory(v);
	for (hidp_layer_id l = 0; l < v->layers; l++) {
		if (v->model->layers[l].op != HIDP_OP_INPUT)
			continue;
		for (size_t row = v->first_row[l]; row < v->first_row[l + 1]; row++)
			v->owner[row] = v->input_node;
		for (int64_t r = 0; r < v->model->layers[l].shape.rows; r++)
			if (!put(v, v->input_node, l, r, 0, false))
				return out_of_memory(v);
	}
	return HIDP_OK;
}

static hidp_status follow_route(struct hidp__verify *v)
{
	hidp_status status = begin_route(v);
	for (uint32_t s = 0; s < v->stages && status == HIDP_OK; s++)
		status = run_stage(v, s);
	for (hidp_layer_id l = 0; l < v->layers && status == HIDP_OK; l++) {
		if (!v->model->layers[l].is_output)
			continue;
		for (int64_t r = 0; r < v->model->layers[l].shape.rows && status == HIDP_OK; r++)
			status = bring(v, v->stages, 0, v->output_node, l, r);
	}
	if (status == HIDP_OK)
		status = hidp__verify_colocation(v);
	if (status == HIDP_OK)
		hidp__verify_reckon_route(v);
	return status;
}

/* The next combination of replicas; false after the last one. */
static bool next_route(struct hidp__verify *v)
{
	for (uint32_t s = 0; s < v->stages; s++) {
		const struct hidp__stage *g = &v->plan->decisions.stages[s];
		if (g->kind == HIDP_STAGE_REPLICA && ++v->choice[s] < g->share_count)
			return true;
		v->choice[s] = 0;
	}
	return false;
}

static bool set_up(struct hidp__verify *v)
{
	struct hidp__arena *a = &v->arena;
	size_t layers = v->layers, nodes = v->nodes, processors = v->cluster->processor_count;
	size_t shares = 0;
	for (uint32_t s = 0; s < v->stages; s++)
		shares += v->plan->decisions.stages[s].share_count;
	v->first_row = hidp__arena_calloc(a, layers + 1, sizeof *v->first_row);
	if (v->first_row == NULL)
		return false;
	for (size_t l = 0; l < layers; l++)
		v->first_row[l + 1] = v->first_row[l] + (size_t)v->model->layers[l].shape.rows;
	v->stage_of = hidp__arena_calloc(a, layers, sizeof *v->stage_of);
	v->choice = hidp__arena_calloc(a, v->stages, sizeof *v->choice);
	v->held = hidp__arena_calloc(a, nodes, sizeof *v->held);
	v->owner = hidp__arena_alloc(a, v->first_row[layers], sizeof *v->owner);
	v->made = hidp__arena_calloc(a, v->first_row[layers], sizeof *v->made);
	v->runs_on = hidp__arena_calloc(a, layers, sizeof *v->runs_on);
	v->comp = hidp__arena_calloc(a, layers, sizeof *v->comp);
	v->slice = hidp__arena_calloc(a, layers, sizeof *v->slice);
	v->in_share = hidp__arena_calloc(a, layers, sizeof *v->in_share);
	v->in_slice = hidp__arena_calloc(a, layers, sizeof *v->in_slice);
	v->need = hidp__arena_calloc(a, layers, sizeof *v->need);
	v->flood = hidp__arena_calloc(a, layers, sizeof *v->flood);
	v->rows = hidp__arena_calloc(a, layers, sizeof *v->rows);
	v->last = hidp__arena_calloc(a, layers, sizeof *v->last);
	v->weights = hidp__arena_calloc(a, nodes, sizeof *v->weights);
	v->activations = hidp__arena_calloc(a, nodes, sizeof *v->activations);
	v->share_work = hidp__arena_calloc(a, shares, sizeof *v->share_work);
	v->processor_work = hidp__arena_calloc(a, processors, sizeof *v->processor_work);
	v->processor_weights = hidp__arena_calloc(a, processors, sizeof *v->processor_weights);
	return v->stage_of != NULL && v->choice != NULL && v->held != NULL && v->owner != NULL &&
	       v->made != NULL && v->runs_on != NULL && v->flood != NULL && v->comp != NULL && v->slice != NULL && v->in_share != NULL &&
	       v->in_slice != NULL && v->need != NULL && v->rows != NULL && v->last != NULL &&
	       v->weights != NULL && v->activations != NULL && v->share_work != NULL &&
	       v->processor_work != NULL && v->processor_weights != NULL;
}

hidp_status hidp_plan_verify(const struct hidp_plan *plan, struct hidp_diagnostic *diagnostic)
{
	if (plan == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	struct hidp__verify v = {.plan = plan,
	                         .model = hidp_plan_model(plan),
	                         .cluster = hidp_plan_cluster(plan),
	                         .diagnostic = diagnostic,
	                         .options = HIDP_PLAN_OPTIONS_INIT,
	                         .stages = hidp_plan_stage_count(plan)};
	hidp_plan_get_options(plan, &v.options);
	v.layers = hidp_model_layer_count(v.model);
	v.nodes = hidp_cluster_node_count(v.cluster);
	v.stream = (v.options.flags & HIDP_PLAN_STREAM) != 0 ||
	           v.options.objective == HIDP_OBJECTIVE_PERIOD;
	v.input_node = (v.options.flags & HIDP_PLAN_INPUT_AT) ? v.options.input_node
	                                                      : v.options.leader;
	v.output_node = (v.options.flags & HIDP_PLAN_OUTPUT_AT) ? v.options.output_node
	                                                        : v.options.leader;
	hidp__arena_init(&v.arena, plan->arena.ctx);
	hidp_status status = set_up(&v) ? hidp__verify_shape(&v) : out_of_memory(&v);
	if (status == HIDP_OK) {
		hidp__verify_reckon(&v);
		do
			status = follow_route(&v);
		while (status == HIDP_OK && next_route(&v));
	}
	if (status == HIDP_OK)
		status = hidp__verify_contiguous(&v);
	if (status == HIDP_OK)
		status = hidp__verify_limits(&v);
	hidp__arena_destroy(&v.arena);
	return status;
}
