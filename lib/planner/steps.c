/* SPDX-License-Identifier: MIT */
/* The steps of a share, read from the table that planner/local.c filled. */
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

/* Rows of some layers from position `from` on, or channels of one, for each of a team. */
static bool team_step(const struct hidp__local *lp, uint32_t from, uint32_t number,
                      struct hidp__step *step, struct hidp__arena *arena)
{
	const struct hidp__team *team = &lp->site->teams[number];
	bool channels = step->kind == HIDP_STEP_CHANNELS;
	int64_t counts[HIDP_NODE_PROCESSORS_MAX];
	double member_s[HIDP_NODE_PROCESSORS_MAX];
	int64_t begin = channels ? 0 : lp->comp[from + step->layer_count - 1].begin;
	step->slice_count = team->count;
	step->slices = hidp__arena_calloc(arena, team->count, sizeof *step->slices);
	if (step->slices == NULL)
		return false;
	hidp__team_step(lp, from, step->layer_count, channels ? HIDP__CHANNELS : HIDP__ROWS, number,
	                counts, member_s);
	for (uint32_t k = 0; k < team->count; k++) {
		step->slices[k].processor = team->members[k];
		step->slices[k].range = (struct hidp__span){begin, begin + counts[k]};
		begin += counts[k];
	}
	return true;
}

static uint32_t region_of(const struct hidp__tables *t, uint32_t first, uint32_t end)
{
	uint32_t r = t->region_first[first];
	while (t->regions[r].end != end)
		r++;
	return r;
}

static bool branch_step(const struct hidp__local *lp, uint32_t from, struct hidp__step *step,
                        struct hidp__arena *arena)
{
	const struct hidp__site *site = lp->site;
	const struct hidp__tables *t = lp->tables;
	uint32_t first = lp->places[from], length = step->layer_count;
	uint32_t number = region_of(t, first, first + length);
	const struct hidp__region *region = &t->regions[number];
	uint8_t choice[HIDP__BRANCHES_MAX];
	double hand_over;
	hidp__branch_cost(site, t, number, lp->prices, &hand_over, choice);
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
				ok = team_step(local, c->from, c->team, step, arena);
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
