/* SPDX-License-Identifier: MIT */
/* The steps of a share, read from the table that planner/local.c filled. */
#include "planner/divide.h"
#include "planner/local.h"

static bool single_step(struct hidp__step *step, uint32_t processor, struct hidp__arena *arena)
{
	step->slice_count = 1;
	step->slices = hidp__arena_calloc(arena, 1, sizeof *step->slices);
	if (step->slices == NULL)
		return false;
	step->slices[0].processor = processor;
	return true;
}

/* Rows of `length` layers from position `from` on, or channels of one, for each of a team. */
static bool team_step(const struct hidp__local *lp, uint32_t from, const struct hidp__team *team,
                      struct hidp__step *step, struct hidp__arena *arena)
{
	int64_t counts[HIDP_NODE_PROCESSORS_MAX];
	uint32_t last = from + step->layer_count - 1;
	struct hidp__span z = lp->comp[last];
	int64_t begin = z.begin;
	step->slice_count = team->count;
	step->slices = hidp__arena_calloc(arena, team->count, sizeof *step->slices);
	if (step->slices == NULL)
		return false;
	if (step->kind == HIDP_STEP_CHANNELS) {
		uint32_t place = lp->places[last];
		hidp__divide(lp->site, &lp->tables->layers[place], place, team, HIDP__CHANNELS,
		             hidp__span_length(z), counts, NULL);
		begin = 0;
	} else {
		hidp__rows_step(lp, from, step->layer_count, team, counts, NULL);
	}
	for (uint32_t k = 0; k < team->count; k++) {
		step->slices[k].processor = team->members[k];
		step->slices[k].range = (struct hidp__span){begin, begin + counts[k]};
		begin += counts[k];
	}
	return true;
}

static const struct hidp__region *region_of(const struct hidp__tables *t, uint32_t first,
                                            uint32_t end)
{
	uint32_t r = t->region_first[first];
	while (t->regions[r].end != end)
		r++;
	return &t->regions[r];
}

static bool branch_step(const struct hidp__local *lp, uint32_t from, struct hidp__step *step,
                        struct hidp__arena *arena)
{
	const struct hidp__site *site = lp->site;
	const struct hidp__tables *t = lp->tables;
	uint32_t first = lp->places[from], length = step->layer_count;
	const struct hidp__region *region = region_of(t, first, first + length);
	uint8_t choice[HIDP__BRANCHES_MAX];
	double hand_over;
	hidp__branch_cost(site, t, region, lp->prices, &hand_over, choice);
	step->slices = hidp__arena_calloc(arena, site->usable_count, sizeof *step->slices);
	step->slice_count = 0;
	if (step->slices == NULL)
		return false;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		struct hidp__slice *slice = &step->slices[step->slice_count];
		hidp_layer_id *layers = hidp__arena_alloc(arena, length, sizeof *layers);
		if (layers == NULL)
			return false;
		for (uint32_t l = 0; l < length; l++)
			if (choice[region->component[l]] == site->usable[i])
				layers[slice->layer_count++] = t->layers[first + l].id;
		if (slice->layer_count == 0)
			continue;
		slice->processor = site->usable[i];
		slice->layers = layers;
		step->slice_count++;
	}
	return true;
}

bool hidp__local_steps(const struct hidp__local *local, const struct hidp__cell *cells,
                       uint32_t end_state, struct hidp__step **steps, uint32_t *step_count,
                       struct hidp__arena *arena)
{
	uint32_t states = local->site->processor_count + 1, state = end_state, at = local->count;
	/* a processor with a memory limit holds less at once if its steps are short */
	const struct hidp__node *node =
	        &local->tables->problem->cluster->nodes[local->site->node];
	struct hidp__step *out = hidp__arena_calloc(arena, local->count, sizeof *out);
	if (out == NULL)
		return false;
	for (uint32_t position = local->count; position > 0;) {
		const struct hidp__cell *c = &cells[(size_t)position * states + state];
		uint32_t length = position - c->from;
		if (c->kind == HIDP_STEP_SINGLE && at < local->count &&
		    out[at].kind == HIDP_STEP_SINGLE && out[at].slices[0].processor == state &&
		    !node->processors[state].memory_bytes) {
			out[at].layer_count += length; /* goes on on the same processor */
		} else {
			struct hidp__step *step = &out[--at];
			bool ok;
			*step = (struct hidp__step){.kind = c->kind, .layer_count = length};
			if (c->kind == HIDP_STEP_SINGLE)
				ok = single_step(step, state, arena);
			else if (c->kind == HIDP_STEP_BRANCH)
				ok = branch_step(local, c->from, step, arena);
			else
				ok = team_step(local, c->from, &local->site->teams[c->team], step,
				               arena);
			if (!ok)
				return false;
		}
		position = c->from;
		state = c->state;
	}
	*steps = out + at;
	*step_count = local->count - at;
	return true;
}
