/* SPDX-License-Identifier: MIT */
#include "planner/assemble.h"

uint32_t hidp__stage_layers(const struct hidp__tables *tables, uint32_t first, uint32_t end)
{
	/* model inputs belong to the stage of the layer behind them, the last ones to the last stage */
	hidp_layer_id begin = first == 0 ? 0 : tables->layers[first - 1].id + 1;
	hidp_layer_id last = end == tables->layer_count ? tables->problem->model->layer_count
	                                                : tables->layers[end - 1].id + 1;
	return last - begin;
}

struct hidp__span hidp__rows_read(const struct hidp__tables *tables, uint32_t end)
{
	if (end == tables->layer_count)
		return (struct hidp__span){0, tables->layers[end - 1].rows};
	const struct hidp__work *reader = &tables->layers[end];
	struct hidp__span all = {0, 0};
	for (uint32_t i = 0; i < reader->feed_count; i++)
		if (reader->feeds[i].place == end - 1)
			all = hidp__span_hull(
			        all, hidp__rule_need(&reader->feeds[i].rule, reader->feeds[i].rows,
			                             (struct hidp__span){0, reader->rows}));
	return all;
}

bool hidp__share_is_read(const struct hidp__tables *tables, uint32_t end, int64_t row_units,
                         struct hidp__span units)
{
	struct hidp__span own = hidp__own_rows(units, row_units, tables->layers[end - 1].rows);
	return end == tables->layer_count ||
	       !hidp__span_empty(hidp__span_meet(own, hidp__rows_read(tables, end)));
}

/*
 * Row units for the shares of a sequence of split stages: in proportion to the parts,
 * at least `least` each; the last crew members are left out where there is not enough.
 * Returns how many take part; ends[] are the units up to and including each share.
 */
static uint32_t divide_units(const struct hidp__crew *crew, int64_t units, int64_t least,
                             int64_t *ends)
{
	uint32_t count = crew->count;
	while (count > 1 && (int64_t)count * least > units)
		count--;
	double sum = 0, before = 0;
	for (uint32_t i = 0; i < count; i++)
		sum += crew->parts[i];
	int64_t at = 0;
	for (uint32_t i = 0; i < count; i++) {
		int64_t others = (int64_t)(count - 1 - i) * least;
		before += crew->parts[i];
		int64_t end = (int64_t)(before / sum * (double)units + 0.5);
		end = end < at + least ? at + least : end;
		end = end > units - others ? units - others : end;
		ends[i] = at = i == count - 1 ? units : end;
	}
	return count;
}

/* Does every share own a row that is read behind the sequence (doc/plan-space.md)? */
static bool all_read(const struct hidp__tables *t, uint32_t end, int64_t units, const int64_t *ends,
                     uint32_t count)
{
	for (uint32_t k = 0; k < count; k++)
		if (!hidp__share_is_read(t, end, units,
		                         (struct hidp__span){k > 0 ? ends[k - 1] : 0, ends[k]}))
			return false;
	return true;
}

static hidp_status draft_splits(const struct hidp__tables *t, const struct hidp__run *run,
                                struct hidp__stage *stages, struct hidp__arena *arena)
{
	int64_t units = 0, fewest = INT64_MAX;
	int64_t *ends = hidp__arena_alloc(arena, run->crew->count, sizeof *ends);
	if (ends == NULL)
		return HIDP_ERR_NOMEM;
	for (uint32_t l = run->first; l < run->end; l++) {
		int64_t rows = t->layers[l].rows;
		if (l < run->ends[0])
			units = rows > units ? rows : units;
		fewest = rows < fewest ? rows : fewest;
	}
	/* a share with this many units owns a row of every layer */
	int64_t least = (units + fewest - 1) / fewest;
	uint32_t count = divide_units(run->crew, units, least, ends);
	if (count < 2 || !all_read(t, run->end, units, ends, count))
		return HIDP_ERR_INFEASIBLE;
	for (uint32_t i = 0, first = run->first; i < run->stage_count; first = run->ends[i++]) {
		struct hidp__share *shares = hidp__arena_calloc(arena, count, sizeof *shares);
		if (shares == NULL)
			return HIDP_ERR_NOMEM;
		for (uint32_t k = 0; k < count; k++) {
			shares[k].node = run->crew->nodes[k];
			shares[k].units = (struct hidp__span){k > 0 ? ends[k - 1] : 0, ends[k]};
		}
		stages[i] = (struct hidp__stage){
		        .kind = HIDP_STAGE_SPLIT,
		        .layer_count = hidp__stage_layers(t, first, run->ends[i]),
		        .share_count = count,
		        .row_units = units,
		        .shares = shares};
	}
	return HIDP_OK;
}

static hidp_status draft_branch(const struct hidp__tables *t, const struct hidp__run *run,
                                struct hidp__stage *stage, struct hidp__arena *arena)
{
	const struct hidp__region *r = run->region;
	struct hidp__share *shares = hidp__arena_calloc(arena, HIDP__BRANCHES_MAX, sizeof *shares);
	uint32_t count = 0;
	if (shares == NULL)
		return HIDP_ERR_NOMEM;
	for (uint32_t i = 0; i < HIDP__BRANCHES_MAX; i++) {
		hidp_layer_id *layers =
		        hidp__arena_alloc(arena, r->end - r->first, sizeof *layers);
		uint32_t n = 0;
		if (layers == NULL)
			return HIDP_ERR_NOMEM;
		for (uint32_t l = r->first; l < r->end; l++)
			if (run->node_of[r->component[l - r->first]] == i)
				layers[n++] = t->layers[l].id;
		if (n == 0)
			continue;
		shares[count].node = run->nodes[i];
		shares[count].layers = layers;
		shares[count++].layer_count = n;
	}
	*stage = (struct hidp__stage){.kind = HIDP_STAGE_BRANCH,
	                              .layer_count = hidp__stage_layers(t, r->first, r->end),
	                              .share_count = count,
	                              .shares = shares};
	return HIDP_OK;
}

hidp_status hidp__draft_legs(const struct hidp__tables *tables, const struct hidp__leg *legs,
                             uint32_t count, struct hidp__decisions *draft,
                             struct hidp__arena *arena)
{
	hidp_status s = HIDP_OK;
	draft->stage_count = 0;
	for (uint32_t i = 0; i < count; i++)
		draft->stage_count += legs[i].run != NULL && !legs[i].run->branch
		                              ? legs[i].run->stage_count
		                              : 1;
	draft->stages = hidp__arena_calloc(arena, draft->stage_count, sizeof *draft->stages);
	if (draft->stages == NULL)
		return HIDP_ERR_NOMEM;
	struct hidp__stage *stage = draft->stages;
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		const struct hidp__run *run = legs[i].run;
		if (run == NULL) {
			struct hidp__share *share = hidp__arena_calloc(arena, 1, sizeof *share);
			if (share == NULL)
				return HIDP_ERR_NOMEM;
			share->node = legs[i].node;
			*stage++ = (struct hidp__stage){
			        .kind = HIDP_STAGE_SINGLE,
			        .layer_count =
			                hidp__stage_layers(tables, legs[i].first, legs[i].end),
			        .share_count = 1,
			        .shares = share};
		} else if (run->branch) {
			s = draft_branch(tables, run, stage++, arena);
		} else {
			s = draft_splits(tables, run, stage, arena);
			stage += run->stage_count;
		}
	}
	return s;
}

/* The last step of a node's share in a stage; NULL if it has none. */
static const struct hidp__step *last_step(const struct hidp__stage *stage, hidp_node_id node)
{
	for (uint32_t k = 0; k < stage->share_count; k++)
		if (stage->shares[k].node == node)
			return &stage->shares[k].steps[stage->shares[k].step_count - 1];
	return NULL;
}

static hidp_status plan_share(struct hidp__local *local, struct hidp__share *share,
                              enum hidp__local_modes modes, struct hidp__arena *arena)
{
	double cost, other;
	struct hidp__step *steps;
	uint32_t count;
	bool paper = modes == HIDP__LOCAL_PAPER;
	local->modes = paper ? HIDP__LOCAL_MODEL : modes;
	hidp_status s = hidp__local_plan(local, &share->steps, &share->step_count, &cost, arena);
	if (!paper || s == HIDP_ERR_NOMEM)
		return s;
	local->modes = HIDP__LOCAL_DATA;
	hidp_status data = hidp__local_plan(local, &steps, &count, &other, arena);
	if (data == HIDP_OK && (s != HIDP_OK || other < cost)) {
		share->steps = steps;
		share->step_count = count;
		s = HIDP_OK;
	}
	return data == HIDP_ERR_NOMEM ? data : s;
}

hidp_status hidp__assemble(const struct hidp__tables *tables, const struct hidp__prices *prices,
                           const struct hidp__bound *bound, enum hidp__local_modes modes,
                           const struct hidp__decisions *draft, struct hidp__decisions *out,
                           struct hidp__arena *arena)
{
	const struct hidp_model *model = tables->problem->model;
	uint32_t *place = hidp__arena_calloc(arena, model->layer_count, sizeof *place);
	uint32_t *places = hidp__arena_alloc(arena, model->layer_count, sizeof *places);
	if (place == NULL || places == NULL || !hidp__decisions_copy(out, draft, model, arena))
		return HIDP_ERR_NOMEM;
	for (uint32_t s = 0; s < out->stage_count; s++) {
		struct hidp__stage *stage = &out->stages[s];
		for (uint32_t k = 0; k < stage->share_count; k++) {
			struct hidp__share *share = &stage->shares[k];
			hidp__share_rows(model, stage, share, place);
			for (uint32_t i = 0; i < share->layer_count; i++)
				places[i] = tables->place_of[share->layers[i]];
			bool single = stage->kind == HIDP_STAGE_SINGLE && modes == HIDP__LOCAL_ALL;
			struct hidp__local local = {
			        .tables = tables,
			        .site = &tables->sites[share->node],
			        .prices = prices,
			        .places = places,
			        .comp = share->comp,
			        .count = share->layer_count,
			        .before = s > 0 ? last_step(&out->stages[s - 1], share->node)
			                        : NULL,
			        .bound = single ? bound : NULL,
			};
			hidp_status status = plan_share(&local, share, modes, arena);
			if (status != HIDP_OK)
				return status;
		}
	}
	return HIDP_OK;
}
