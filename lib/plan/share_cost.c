/* SPDX-License-Identifier: MIT */
/* What a share costs on its node: doc/cost-model.md section 4. */
#include <string.h>

#include "cost/rate.h"
#include "plan/evaluate_priv.h"
#include "plan/needs.h"

bool hidp__task_add(struct hidp__task_log *log, const struct hidp__task *task)
{
	if (log->count == log->capacity) {
		uint32_t wanted = log->capacity == 0 ? 64 : log->capacity * 2;
		struct hidp__task *tasks = hidp__arena_alloc(log->arena, wanted, sizeof *tasks);
		if (tasks == NULL)
			return false;
		if (log->count != 0)
			memcpy(tasks, log->tasks, log->count * sizeof *tasks);
		log->tasks = tasks;
		log->capacity = wanted;
	}
	log->tasks[log->count++] = *task;
	return true;
}

/* The rows of one slice of a rows step: what it owns, and back from there what that needs. */
static void divided_rows(const struct hidp_model *model, const struct hidp__share *share,
                         const struct hidp__step *step, struct hidp__span range,
                         struct hidp__span *rows)
{
	uint32_t count = step->layer_count;
	const hidp_layer_id *layers = share->layers + step->first;
	const struct hidp__span *comp = share->comp + step->first;
	struct hidp__span z = comp[count - 1];
	int64_t z_rows = hidp__span_length(z);
	for (uint32_t i = 0; i < count; i++) {
		int64_t n = hidp__span_length(comp[i]);
		rows[i].begin = comp[i].begin + (range.begin - z.begin) * n / z_rows;
		rows[i].end = comp[i].begin + (range.end - z.begin) * n / z_rows;
	}
	for (uint32_t i = count; i-- > 0;) {
		const struct hidp__layer *l = &model->layers[layers[i]];
		for (uint32_t k = 0; k < l->input_count; k++) {
			for (uint32_t j = 0; j < i; j++) {
				if (layers[j] != l->inputs[k].layer)
					continue;
				struct hidp__span need = hidp__rule_need(
				        &l->inputs[k].rule, model->layers[layers[j]].shape.rows,
				        rows[i]);
				rows[j] = hidp__span_hull(rows[j], need);
			}
		}
	}
}

bool hidp__step_rows(const struct hidp_model *model, const struct hidp__share *share,
                     const struct hidp__step *step, struct hidp__step_rows *out,
                     struct hidp__arena *arena)
{
	uint32_t count = step->layer_count;
	const struct hidp__span *comp = share->comp + step->first;
	out->layer_count = count;
	out->rows = hidp__arena_alloc(arena, (size_t)step->slice_count * count, sizeof *out->rows);
	if (out->rows == NULL)
		return false;
	for (uint32_t k = 0; k < step->slice_count; k++) {
		const struct hidp__slice *slice = &step->slices[k];
		struct hidp__span *rows = out->rows + (size_t)k * count;
		if (step->kind == HIDP_STEP_ROWS) {
			divided_rows(model, share, step, slice->range, rows);
			continue;
		}
		uint32_t at = 0;
		for (uint32_t i = 0; i < count; i++) {
			rows[i] = comp[i];
			if (step->kind != HIDP_STEP_BRANCH)
				continue;
			if (at < slice->layer_count &&
			    slice->layers[at] == share->layers[step->first + i])
				at++;
			else
				rows[i] = (struct hidp__span){0, 0};
		}
	}
	return true;
}

/* Where the rows of tensors are inside a node that has processors with memory of their own. */
struct residency {
	const struct hidp__problem *problem;
	const struct hidp__node *node;
	struct hidp__needs needs;
	uint32_t places;            /* the node's memory, and one for each processor */
	struct hidp__spans *rows;   /* [layer * places + place]; place 0: the node's memory */
	bool *made;                 /* [layer] by this share: else it is in the node's memory */
	double *busy_s;             /* of the node's processors */
	struct hidp__arena *arena;
};

static bool has_own_memory(const struct hidp__node *node, hidp_processor_id p)
{
	return node->processors[p].copy_bandwidth_Bps > 0;
}

static struct hidp__spans *rows_at(struct residency *r, hidp_layer_id l, uint32_t place)
{
	return &r->rows[(size_t)l * r->places + place];
}

static bool residency_begin(struct residency *r, const struct hidp__problem *problem,
                            const struct hidp__share *share, double *busy_s,
                            struct hidp__arena *arena)
{
	uint32_t layers = problem->model->layer_count;
	*r = (struct residency){.problem = problem,
	                        .node = &problem->cluster->nodes[share->node],
	                        .busy_s = busy_s,
	                        .arena = arena};
	r->places = r->node->processor_count + 1;
	r->rows = hidp__arena_calloc(arena, (size_t)layers * r->places, sizeof *r->rows);
	r->made = hidp__arena_calloc(arena, layers, sizeof *r->made);
	if (r->rows == NULL || r->made == NULL ||
	    !hidp__needs_init(&r->needs, problem->model, arena))
		return false;
	for (uint32_t i = 0; i < share->layer_count; i++)
		r->made[share->layers[i]] = true;
	return true;
}

/*
 * Brings a range of a tensor into the node's memory from the processors that hold
 * what is missing there; their time is added to *wait_s and to their busy times.
 */
static bool copy_out(struct residency *r, hidp_layer_id l, struct hidp__span range, double *wait_s)
{
	double row_bytes = (double)r->problem->model->layers[l].row_bytes;
	for (uint32_t p = 0; p < r->node->processor_count; p++) {
		struct hidp__span gap, part;
		int64_t at = range.begin;
		struct hidp__spans *held = rows_at(r, l, p + 1);
		if (held->count == 0)
			continue;
		int64_t rows = 0;
		while (hidp__spans_next_gap(rows_at(r, l, 0), range, &at, &gap)) {
			/* the set changes below: look again from the start of this gap */
			bool copied = false;
			for (uint32_t i = 0; i < held->count; i++) {
				part = hidp__span_meet(held->items[i], gap);
				if (hidp__span_empty(part))
					continue;
				rows += hidp__span_length(part);
				if (!hidp__spans_add(rows_at(r, l, 0), part, r->arena))
					return false;
				copied = true;
			}
			if (copied)
				at = gap.end;
		}
		if (rows != 0) {
			double t = (double)rows * row_bytes /
			           r->node->processors[p].copy_bandwidth_Bps;
			*wait_s += t;
			r->busy_s[p] += t;
		}
	}
	return true;
}

/* Brings what a slice reads to where it computes; in_s is the part of its own processor. */
static bool fetch(struct residency *r, const hidp_layer_id *layers, const struct hidp__span *rows,
                  uint32_t count, hidp_processor_id p, double *fetch_s, double *in_s)
{
	bool own = has_own_memory(r->node, p);
	hidp__needs_of(&r->needs, layers, rows, count);
	for (uint32_t i = 0; i < r->needs.count; i++) {
		hidp_layer_id l = r->needs.list[i];
		struct hidp__span need = r->needs.rows[l];
		struct hidp__span gap;
		struct hidp__spans *here = rows_at(r, l, own ? p + 1 : 0);
		int64_t at = need.begin, missing_rows = 0;
		if (!r->made[l] && !own)
			continue; /* it came over the network into the node's memory */
		while (hidp__spans_next_gap(here, need, &at, &gap)) {
			missing_rows += hidp__span_length(gap);
			if (r->made[l] && !copy_out(r, l, gap, fetch_s))
				return false;
			if (!own)
				at = gap.end; /* copy_out filled it */
		}
		if (missing_rows == 0 || !own)
			continue;
		double t = (double)missing_rows *
		           (double)r->problem->model->layers[l].row_bytes /
		           r->node->processors[p].copy_bandwidth_Bps;
		*fetch_s += t;
		*in_s += t;
		if (!hidp__spans_add(here, need, r->arena))
			return false;
	}
	return true;
}

/* Notes where a step left its outputs; out_s: what slice k copies out at once. */
static bool settle(struct residency *r, const struct hidp__share *share,
                   const struct hidp__step *step, const struct hidp__step_rows *rows, uint32_t k,
                   double *out_s)
{
	const struct hidp__slice *slice = &step->slices[k];
	hidp_processor_id p = slice->processor;
	bool own = has_own_memory(r->node, p);
	for (uint32_t i = 0; i < step->layer_count; i++) {
		hidp_layer_id l = share->layers[step->first + i];
		struct hidp__span made = rows->rows[(size_t)k * rows->layer_count + i];
		uint32_t place = own ? p + 1 : 0;
		if (step->kind == HIDP_STEP_CHANNELS) {
			const struct hidp__layer *layer = &r->problem->model->layers[l];
			place = 0;
			if (own)
				*out_s += (double)hidp__span_length(made) *
				          (double)layer->row_bytes *
				          (double)hidp__span_length(slice->range) /
				          (double)layer->channel_groups /
				          r->node->processors[p].copy_bandwidth_Bps;
		}
		if (!hidp__spans_add(rows_at(r, l, place), made, r->arena))
			return false;
	}
	return true;
}

/* At the end of the share, what others will read must be in the node's memory. */
static bool flush(struct residency *r, const struct hidp__share *share, double *duration_s)
{
	const struct hidp_model *model = r->problem->model;
	double *each = hidp__arena_calloc(r->arena, r->node->processor_count, sizeof *each);
	double longest = 0;
	if (each == NULL)
		return false;
	for (uint32_t i = 0; i < share->layer_count; i++) {
		hidp_layer_id l = share->layers[i];
		const struct hidp__layer *layer = &model->layers[l];
		bool read_outside = layer->is_output;
		for (uint32_t c = 0; c < layer->consumer_count && !read_outside; c++)
			read_outside = !r->made[layer->consumers[c]];
		if (!read_outside)
			continue;
		for (uint32_t p = 0; p < r->node->processor_count; p++) {
			struct hidp__spans *held = rows_at(r, l, p + 1);
			for (uint32_t k = 0; k < held->count; k++) {
				struct hidp__span gap;
				int64_t at = held->items[k].begin, missing = 0;
				while (hidp__spans_next_gap(rows_at(r, l, 0), held->items[k], &at,
				                            &gap))
					missing += hidp__span_length(gap);
				if (missing == 0)
					continue;
				each[p] += (double)missing * (double)layer->row_bytes /
				           r->node->processors[p].copy_bandwidth_Bps;
				if (!hidp__spans_add(rows_at(r, l, 0), held->items[k], r->arena))
					return false;
			}
		}
	}
	for (uint32_t p = 0; p < r->node->processor_count; p++) {
		r->busy_s[p] += each[p];
		if (each[p] > longest)
			longest = each[p];
	}
	*duration_s += longest;
	return true;
}

static bool hands_over(const struct hidp__step *before, const struct hidp__step *step)
{
	return before != NULL &&
	       (before->kind != HIDP_STEP_SINGLE || step->kind != HIDP_STEP_SINGLE ||
	        before->slices[0].processor != step->slices[0].processor);
}

/* Computing time of a slice, and the bytes it moves. */
static void slice_work(const struct hidp__problem *problem, const struct hidp__share *share,
                       const struct hidp__step *step, uint32_t k,
                       const struct hidp__step_rows *rows, double *seconds, double *bytes)
{
	const struct hidp__slice *slice = &step->slices[k];
	*seconds = *bytes = 0;
	for (uint32_t i = 0; i < step->layer_count; i++) {
		hidp_layer_id l = share->layers[step->first + i];
		const struct hidp__layer *layer = &problem->model->layers[l];
		int64_t r = hidp__span_length(rows->rows[(size_t)k * rows->layer_count + i]);
		enum hidp__divided divided = HIDP__ROWS;
		double channels = 1;
		if (r == 0)
			continue;
		if (step->kind == HIDP_STEP_CHANNELS) {
			divided = HIDP__CHANNELS;
			channels = (double)hidp__span_length(slice->range) /
			           (double)layer->channel_groups;
		}
		struct hidp__rate rate;
		hidp__rate_of(&rate, problem->model, problem->cluster, problem->cost, l,
		              share->node, slice->processor);
		double b = hidp__slice_bytes(problem->model, layer, r, channels);
		double q = (double)r / (double)layer->shape.rows * channels;
		*bytes += b;
		*seconds += hidp__slice_time(&rate, divided, q, b);
	}
}

bool hidp__share_cost(const struct hidp__problem *problem, uint32_t stage_number,
                      uint32_t share_number, const struct hidp__share *share,
                      const struct hidp__step *before, double start_s, double *busy_s,
                      double *duration_s, struct hidp__task_log *log, struct hidp__arena *arena)
{
	const struct hidp__node *node = &problem->cluster->nodes[share->node];
	struct residency residency;
	bool copies = false;
	double now = 0;
	for (uint32_t p = 0; p < node->processor_count; p++)
		copies |= has_own_memory(node, p);
	if (copies && !residency_begin(&residency, problem, share, busy_s, arena))
		return false;
	double *work = hidp__arena_alloc(arena, node->processor_count, sizeof *work);
	if (work == NULL)
		return false;
	for (uint32_t t = 0; t < share->step_count; t++) {
		const struct hidp__step *step = &share->steps[t];
		struct hidp__arena_mark mark = hidp__arena_here(arena);
		struct hidp__step_rows rows;
		double hand_over = hands_over(before, step) ? node->desc.sync_s : 0;
		double all_bytes = 0, longest = 0;
		if (!hidp__step_rows(problem->model, share, step, &rows, arena))
			return false;
		for (uint32_t k = 0; k < step->slice_count; k++) {
			double bytes;
			slice_work(problem, share, step, k, &rows, &work[k], &bytes);
			all_bytes += bytes;
		}
		double shared = 0; /* all slices of a step use the node's memory together */
		if (step->slice_count > 1 && node->desc.memory_bandwidth_Bps > 0)
			shared = all_bytes / node->desc.memory_bandwidth_Bps;
		for (uint32_t k = 0; k < step->slice_count; k++) {
			const struct hidp__slice *slice = &step->slices[k];
			const struct hidp__span *slice_rows =
			        rows.rows + (size_t)k * rows.layer_count;
			double fetch_s = 0, in_s = 0, out_s = 0;
			double busy = work[k] > shared ? work[k] : shared;
			if (copies && !fetch(&residency, share->layers + step->first, slice_rows,
			                     step->layer_count, slice->processor, &fetch_s, &in_s))
				return false;
			if (copies && !settle(&residency, share, step, &rows, k, &out_s))
				return false;
			double d = hand_over + fetch_s + busy + out_s;
			busy_s[slice->processor] += hand_over + in_s + busy + out_s;
			if (d > longest)
				longest = d;
			if (log == NULL)
				continue;
			struct hidp__task task = {
			        .kind = HIDP_TASK_COMPUTE,
			        .stage = stage_number,
			        .share = share_number,
			        .step = t,
			        .slice = k,
			        .node = share->node,
			        .to = HIDP_NODE_NONE,
			        .processor = slice->processor,
			        .layer = slice->layers[0],
			        .layer_count = slice->layer_count,
			        .medium = HIDP_MEDIUM_NONE,
			        .rows = slice_rows[step->layer_count - 1],
			        .start_s = start_s + now,
			        .end_s = start_s + now + d,
			        .arrival_s = start_s + now + d,
			        .wait_s = hand_over + fetch_s + out_s,
			};
			if (step->kind == HIDP_STEP_BRANCH)
				for (uint32_t i = 0; i < step->layer_count; i++)
					if (!hidp__span_empty(slice_rows[i]))
						task.rows = slice_rows[i];
			if (!hidp__task_add(log, &task))
				return false;
		}
		now += longest;
		before = step;
		if (!copies && log == NULL) /* residency and tasks live in the same arena */
			hidp__arena_back(arena, mark);
	}
	if (copies && !flush(&residency, share, &now))
		return false;
	*duration_s = now;
	return true;
}
