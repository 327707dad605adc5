/* SPDX-License-Identifier: MIT */
/* Memory of nodes and processors (doc/cost-model.md section 9), counted row by row. */
#include <math.h>
#include <string.h>

#include "base/diagnostic.h"
#include "plan/verify_priv.h"

static double output_bytes(const struct hidp__verify *v, hidp_layer_id layer)
{
	return v->rows[layer] * (double)v->model->layers[layer].row_bytes;
}

/* Is the tensor read by a layer that is not marked, or wanted by the host? */
static bool read_elsewhere(const struct hidp__verify *v, hidp_layer_id layer, const uint32_t *mark,
                           uint32_t stamp)
{
	const struct hidp__layer *l = &v->model->layers[layer];
	for (uint32_t c = 0; c < l->consumer_count; c++)
		if (mark[l->consumers[c]] != stamp)
			return true;
	return l->is_output;
}

/*
 * The largest sum, over the layers in order, of the outputs made so far that are
 * still wanted, and the layer's workspace. v->rows says how many rows of each
 * output there are; mark[l] == stamp where l is one of the layers.
 */
static double working_set(struct hidp__verify *v, const hidp_layer_id *layers, uint32_t count,
                          const uint32_t *mark, uint32_t stamp)
{
	double now = 0, largest = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct hidp__layer *l = &v->model->layers[layers[i]];
		v->last[layers[i]] = HIDP__NEVER;
		if (!read_elsewhere(v, layers[i], mark, stamp))
			v->last[layers[i]] = l->consumers[l->consumer_count - 1];
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct hidp__layer *l = &v->model->layers[layers[i]];
		bool counts = !l->memory_measured || v->last[layers[i]] == HIDP__NEVER;
		now += counts ? output_bytes(v, layers[i]) : 0;
		double workspace =
		        (double)l->workspace_bytes * v->rows[layers[i]] / (double)l->shape.rows;
		if (largest < now + workspace)
			largest = now + workspace;
		for (uint32_t k = 0; k < l->input_count; k++) {
			hidp_layer_id in = l->inputs[k].layer;
			if (mark[in] != stamp || v->last[in] != layers[i])
				continue;
			/* layer i was the last to read it */
			now -= v->model->layers[in].memory_measured ? 0 : output_bytes(v, in);
			v->last[in] = HIDP__NEVER;
		}
	}
	return largest;
}

/* Adds up, over the slices of a step, the rows that each computes of its layers. */
static void count_rows(struct hidp__verify *v, const struct hidp__share *share,
                       const struct hidp__step *step)
{
	for (uint32_t i = 0; i < step->layer_count; i++)
		v->rows[share->layers[step->first + i]] = 0;
	/* each slice of a channels step computes the same rows */
	uint32_t slices = step->kind == HIDP_STEP_CHANNELS ? 1 : step->slice_count;
	for (uint32_t k = 0; k < slices; k++) {
		const struct hidp__slice *slice = &step->slices[k];
		hidp__verify_enter_slice(v, share, step, slice);
		for (uint32_t i = 0; i < slice->layer_count; i++)
			v->rows[slice->layers[i]] +=
			        (double)hidp__span_length(v->slice[slice->layers[i]]);
	}
}

/* Rows that the slice entered needs of tensors that it does not make, in bytes. */
static double slice_inputs(struct hidp__verify *v, const struct hidp__slice *slice)
{
	double bytes = 0;
	memset(v->need, 0, v->layers * sizeof *v->need);
	for (uint32_t i = 0; i < slice->layer_count; i++) {
		const struct hidp__layer *l = &v->model->layers[slice->layers[i]];
		struct hidp__span rows = v->slice[slice->layers[i]];
		for (uint32_t k = 0; k < l->input_count; k++) {
			hidp_layer_id in = l->inputs[k].layer;
			if (v->in_slice[in] == v->slice_stamp)
				continue;
			struct hidp__span need = hidp__verify_need(&l->inputs[k].rule,
			                                           v->model->layers[in].shape.rows,
			                                           rows.begin, rows.end);
			v->need[in] = hidp__span_hull(v->need[in], need);
		}
	}
	for (hidp_layer_id t = 0; t < v->layers; t++)
		bytes += (double)hidp__span_length(v->need[t]) *
		         (double)v->model->layers[t].row_bytes;
	return bytes;
}

/* Weights and working set of a slice; `most` holds its processor's largest slice of the stage. */
static void reckon_slice(struct hidp__verify *v, const struct hidp__share *share,
                         const struct hidp__step *step, const struct hidp__slice *slice,
                         double *most)
{
	uint32_t first = v->cluster->nodes[share->node].first_processor;
	hidp__verify_enter_slice(v, share, step, slice);
	for (uint32_t i = 0; i < slice->layer_count; i++) {
		hidp_layer_id layer = slice->layers[i];
		const struct hidp__layer *l = &v->model->layers[layer];
		double part = 1;
		v->rows[layer] = (double)hidp__span_length(v->slice[layer]);
		if (v->rows[layer] == 0) {
			v->in_slice[layer] = 0; /* it does not run here at all */
			continue;
		}
		if (step->kind == HIDP_STEP_CHANNELS)
			part = (double)(slice->range.end - slice->range.begin) *
			       (double)l->channel_grain / (double)l->shape.channels;
		v->processor_weights[first + slice->processor] +=
		        ceil((double)l->weight_bytes * part);
	}
	double bytes = slice_inputs(v, slice) +
	               working_set(v, slice->layers, slice->layer_count, v->in_slice,
	                           v->slice_stamp);
	if (most[slice->processor] < bytes)
		most[slice->processor] = bytes;
}

/* The processors' part of a share. */
static void reckon_slices(struct hidp__verify *v, const struct hidp__share *share)
{
	const struct hidp__node *node = &v->cluster->nodes[share->node];
	double most[HIDP_NODE_PROCESSORS_MAX] = {0};
	for (uint32_t t = 0; t < share->step_count; t++)
		for (uint32_t k = 0; k < share->steps[t].slice_count; k++)
			reckon_slice(v, share, &share->steps[t], &share->steps[t].slices[k], most);
	for (uint32_t p = 0; p < node->processor_count; p++) {
		double *work = &v->processor_work[node->first_processor + p];
		if (v->stream)
			*work += most[p];
		else if (*work < most[p])
			*work = most[p];
	}
}

void hidp__verify_reckon(struct hidp__verify *v)
{
	size_t at = 0;
	for (uint32_t s = 0; s < v->stages; s++) {
		for (uint32_t k = 0; k < v->plan->decisions.stages[s].share_count; k++) {
			const struct hidp__share *share = &v->plan->decisions.stages[s].shares[k];
			hidp__verify_enter_share(v, s, k);
			for (uint32_t i = 0; i < share->layer_count; i++)
				if (!hidp__span_empty(share->comp[i]))
					v->weights[share->node] +=
					        (double)v->model->layers[share->layers[i]]
					                .weight_bytes;
			reckon_slices(v, share);
			for (uint32_t t = 0; t < share->step_count; t++)
				count_rows(v, share, &share->steps[t]);
			v->share_work[at++] = working_set(v, share->layers, share->layer_count,
			                                  v->in_share, v->share_stamp);
		}
	}
}

/* Has a share of the node in this stage, on the route followed, a layer that reads the tensor? */
static bool reads_on(const struct hidp__verify *v, hidp_node_id node, uint32_t stage,
                     hidp_layer_id reader)
{
	const struct hidp__stage *g = &v->plan->decisions.stages[stage];
	for (uint32_t k = 0; k < g->share_count; k++) {
		if (g->shares[k].node != node || !hidp__verify_takes(v, stage, k))
			continue;
		for (uint32_t i = 0; i < g->shares[k].layer_count; i++)
			if (g->shares[k].layers[i] == reader)
				return true;
	}
	return false;
}

uint32_t hidp__verify_last_use(const struct hidp__verify *v, hidp_node_id node,
                               hidp_layer_id tensor, bool owns)
{
	const struct hidp__layer *l = &v->model->layers[tensor];
	struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
	uint32_t last = 0;
	hidp_cluster_node(v->cluster, node, &desc);
	owns |= (desc.flags & HIDP_NODE_HUB) != 0; /* as if it owned everything */
	if (l->is_output && (owns || node == v->output_node))
		return v->stages;
	for (uint32_t c = 0; c < l->consumer_count; c++) {
		uint32_t stage = v->stage_of[l->consumers[c]];
		if (stage > last && (owns || reads_on(v, node, stage, l->consumers[c])))
			last = stage;
	}
	return last;
}

void hidp__verify_reckon_route(struct hidp__verify *v)
{
	for (hidp_node_id n = 0; n < v->nodes; n++) {
		double held = 0, bytes = 0;
		size_t at = 0;
		if (v->held[n].since == NULL)
			continue;
		for (uint32_t s = 0; s <= v->stages; s++) {
			held += v->held[n].held[s];
			double here = held;
			const struct hidp__stage *g = &v->plan->decisions.stages[s];
			for (uint32_t k = 0; s < v->stages && k < g->share_count; k++, at++)
				if (g->shares[k].node == n && hidp__verify_takes(v, s, k))
					here += v->share_work[at];
			if (v->stream)
				bytes += here;
			else if (bytes < here)
				bytes = here;
		}
		if (v->activations[n] < bytes)
			v->activations[n] = bytes;
	}
}

/* Two sums of the same bytes, added up in another order; figures are rounded up to whole bytes. */
static bool differs(double bytes, uint64_t figure)
{
	double stated = (double)figure;
	if (stated >= 0x1p64 && bytes > stated)
		return false; /* too many to be stated */
	return !(fabs(ceil(bytes) - stated) <= 1 + 1e-9 * bytes);
}

/* Figures of other bytes than were counted, or more of them than the limit. */
static hidp_status check_bytes(const struct hidp__verify *v, const char *what, const char *name,
                               double bytes, uint64_t figure, uint64_t limit)
{
	if (differs(bytes, figure))
		return hidp__fail(v->diagnostic, HIDP_ERR_PLAN, name,
		                  "the %s takes %.17g bytes, the plan says %llu", what, bytes,
		                  (unsigned long long)figure);
	if (limit != 0 && bytes > (double)limit * (1 + 1e-12))
		return hidp__fail(v->diagnostic, HIDP_ERR_PLAN, name,
		                  "the %s takes %.17g bytes, its limit is %llu", what, bytes,
		                  (unsigned long long)limit);
	return HIDP_OK;
}

hidp_status hidp__verify_limits(const struct hidp__verify *v)
{
	for (hidp_node_id n = 0; n < v->nodes; n++) {
		const struct hidp__node *node = &v->cluster->nodes[n];
		struct hidp_node_figures figures = HIDP_NODE_FIGURES_INIT;
		hidp_plan_get_node_figures(v->plan, n, &figures);
		hidp_status s = check_bytes(v, "node", node->desc.name,
		                            v->weights[n] + v->activations[n],
		                            figures.memory_bytes, node->desc.memory_bytes);
		for (hidp_processor_id p = 0; p < node->processor_count && s == HIDP_OK; p++) {
			const struct hidp_processor_desc *d = &node->processors[p];
			struct hidp_processor_figures f = HIDP_PROCESSOR_FIGURES_INIT;
			uint32_t at = node->first_processor + p;
			hidp_plan_get_processor_figures(v->plan, n, p, &f);
			s = check_bytes(v, "processor", d->name,
			                v->processor_weights[at] + v->processor_work[at],
			                f.memory_bytes, d->memory_bytes);
		}
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}
