/* SPDX-License-Identifier: MIT */
/* What a share needs of memory: doc/cost-model.md section 9. */
#include "plan/evaluate_priv.h"
#include "plan/needs.h"

/* Some layers in order of execution, and how many rows of each are computed. */
struct run {
	const struct hidp_model *model;
	const hidp_layer_id *layers;
	const int64_t *rows; /* halo computed twice counts twice */
	uint32_t count;
	uint32_t *place;     /* [layer of the model] place in layers, if it is there */
	uint32_t *last_read; /* [count] place of the last layer of the run that reads it */
};

#define OUTLIVES UINT32_MAX

static bool in_run(const struct run *run, hidp_layer_id l)
{
	return run->place[l] < run->count && run->layers[run->place[l]] == l;
}

/* Bytes that the output of a layer takes; none if it stays inside and that was measured. */
static double output_bytes(const struct run *run, uint32_t i)
{
	const struct hidp__layer *l = &run->model->layers[run->layers[i]];
	if (l->memory_measured && run->last_read[i] != OUTLIVES)
		return 0;
	return (double)run->rows[i] * (double)l->row_bytes;
}

/* The largest sum of live outputs and workspace while the layers run one after another. */
static double working_set(const struct run *run)
{
	double live = 0, peak = 0;
	for (uint32_t i = 0; i < run->count; i++)
		run->place[run->layers[i]] = i;
	for (uint32_t i = 0; i < run->count; i++) {
		const struct hidp__layer *l = &run->model->layers[run->layers[i]];
		run->last_read[i] = l->is_output ? OUTLIVES : i;
		for (uint32_t c = 0; c < l->consumer_count && run->last_read[i] != OUTLIVES; c++)
			run->last_read[i] = in_run(run, l->consumers[c])
			                            ? run->place[l->consumers[c]]
			                            : OUTLIVES;
	}
	for (uint32_t i = 0; i < run->count; i++) {
		const struct hidp__layer *l = &run->model->layers[run->layers[i]];
		double rows = (double)run->rows[i];
		double workspace = (double)l->workspace_bytes * rows / (double)l->shape.rows;
		live += output_bytes(run, i);
		if (live + workspace > peak)
			peak = live + workspace;
		/* inputs that nobody reads any more; a layer may read one of them twice */
		for (uint32_t k = 0; k < l->input_count; k++) {
			hidp_layer_id in = l->inputs[k].layer;
			if (!in_run(run, in) || run->last_read[run->place[in]] != i)
				continue;
			live -= output_bytes(run, run->place[in]);
			/* gone, not to be counted again */
			run->last_read[run->place[in]] = OUTLIVES;
		}
	}
	return peak;
}

bool hidp__share_memory(const struct hidp_model *model, const struct hidp__share *share,
                        uint32_t processor_count, double *working_set_bytes, double *need,
                        double *fraction, struct hidp__arena *arena)
{
	uint32_t n = share->layer_count;
	struct hidp__needs needs;
	struct run run = {.model = model};
	int64_t *share_rows = hidp__arena_calloc(arena, n, sizeof *share_rows);
	int64_t *slice_rows = hidp__arena_alloc(arena, n, sizeof *slice_rows);
	struct hidp__span *slice_comp = hidp__arena_alloc(arena, n, sizeof *slice_comp);
	hidp_layer_id *slice_layers = hidp__arena_alloc(arena, n, sizeof *slice_layers);
	run.place = hidp__arena_calloc(arena, model->layer_count, sizeof *run.place);
	run.last_read = hidp__arena_alloc(arena, n, sizeof *run.last_read);
	if (share_rows == NULL || slice_rows == NULL || slice_comp == NULL ||
	    slice_layers == NULL || run.place == NULL || run.last_read == NULL ||
	    !hidp__needs_init(&needs, model, arena))
		return false;

	for (uint32_t t = 0; t < share->step_count; t++) {
		const struct hidp__step *step = &share->steps[t];
		struct hidp__arena_mark mark = hidp__arena_here(arena);
		struct hidp__step_rows rows;
		if (!hidp__step_rows(model, share, step, &rows, arena))
			return false;
		for (uint32_t k = 0; k < step->slice_count; k++) {
			const struct hidp__slice *slice = &step->slices[k];
			const struct hidp__span *comp = rows.rows + (size_t)k * rows.layer_count;
			double channels = 1;
			uint32_t count = 0;
			if (step->kind == HIDP_STEP_CHANNELS)
				channels = (double)hidp__span_length(slice->range) /
				           (double)model->layers[share->layers[step->first]]
				                   .channel_groups;
			for (uint32_t i = 0; i < step->layer_count; i++) {
				hidp_layer_id l = share->layers[step->first + i];
				int64_t r = hidp__span_length(comp[i]);
				if (step->kind != HIDP_STEP_CHANNELS || k == 0)
					share_rows[step->first + i] += r;
				if (r == 0)
					continue;
				slice_layers[count] = l;
				slice_rows[count] = r;
				slice_comp[count++] = comp[i];
				double *f = &fraction[(size_t)l * processor_count +
				                     slice->processor];
				if (channels > *f)
					*f = channels;
			}
			run.layers = slice_layers;
			run.rows = slice_rows;
			run.count = count;
			double bytes = working_set(&run);
			hidp__needs_of(&needs, slice_layers, slice_comp, count);
			for (uint32_t i = 0; i < needs.count; i++)
				bytes += (double)hidp__span_length(needs.rows[needs.list[i]]) *
				         (double)model->layers[needs.list[i]].row_bytes;
			if (bytes > need[slice->processor])
				need[slice->processor] = bytes;
		}
		hidp__arena_back(arena, mark);
	}
	run.layers = share->layers;
	run.rows = share_rows;
	run.count = n;
	*working_set_bytes = working_set(&run);
	return true;
}
