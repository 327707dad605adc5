/* SPDX-License-Identifier: MIT */
/* doc/plan-space.md, "Local": the ways to divide a share over the processors of its node. */
#include "space.h"

#include <stdlib.h>
#include <string.h>

/* Shares with more ways than this are not enumerated. */
#define WAYS_MAX 6000

struct divider {
	struct space *space;
	const struct space_stage *stage;
	uint32_t share;
	struct space_ways *ways;
	uint32_t count; /* layers of the share */
	uint32_t place[SPACE_LAYERS];
	struct space_way way;
	bool counting; /* only that */
};

static void each_step(struct divider *d, uint32_t at);

static const int64_t *comp_of(const struct divider *d, uint32_t at)
{
	return &d->ways->comp[2 * d->place[at]];
}

static bool may_run(const struct divider *d, uint32_t at, uint32_t length, hidp_processor_id p)
{
	for (uint32_t i = at; i < at + length; i++)
		if (!d->space->allowed[d->place[i]][d->ways->node][p])
			return false;
	return true;
}

static bool has_processor(const struct space_step *step, hidp_processor_id p)
{
	for (uint32_t k = 0; k < step->slice_count; k++)
		if (step->slices[k].processor == p)
			return true;
	return false;
}

static struct space_step *begin_step(struct divider *d, hidp_step_kind kind, uint32_t length)
{
	struct space_step *step = &d->way.steps[d->way.step_count++];
	step->kind = kind;
	step->layer_count = length;
	step->slice_count = 0;
	return step;
}

/*
 * Two single steps in a row on one processor cost what one of both costs, and need
 * as much: nothing is handed over. That is so unless slices fetch or limits count them.
 */
static bool is_one_step(const struct divider *d, hidp_processor_id p)
{
	const struct space *s = d->space;
	hidp_node_id n = d->ways->node;
	if (s->plain || d->way.step_count == 0 || s->processor[n][p].memory_bytes > 0)
		return false;
	for (hidp_processor_id q = 0; q < s->processor_count[n]; q++)
		if (s->processor[n][q].copy_bandwidth_Bps > 0)
			return false;
	const struct space_step *before = &d->way.steps[d->way.step_count - 1];
	return before->kind == HIDP_STEP_SINGLE && before->slices[0].processor == p;
}

static void each_single(struct divider *d, uint32_t at, uint32_t length)
{
	for (hidp_processor_id p = 0; p < d->space->processor_count[d->ways->node]; p++) {
		if (!may_run(d, at, length, p) || is_one_step(d, p))
			continue;
		struct space_step *step = begin_step(d, HIDP_STEP_SINGLE, length);
		step->slices[step->slice_count++] = (struct space_slice){.processor = p};
		each_step(d, at + length);
		d->way.step_count--;
	}
}

/* Does a slice with rows [begin, end) of the last layer compute a row of every layer? */
static bool computes_everything(const struct divider *d, uint32_t at, uint32_t length,
                                int64_t begin, int64_t end)
{
	int64_t rows[2 * SPACE_LAYERS];
	const int64_t *z = comp_of(d, at + length - 1);
	for (uint32_t i = 0; i < length; i++) {
		const int64_t *l = comp_of(d, at + i);
		rows[2 * i] = l[0] + (begin - z[0]) * (l[1] - l[0]) / (z[1] - z[0]);
		rows[2 * i + 1] = l[0] + (end - z[0]) * (l[1] - l[0]) / (z[1] - z[0]);
	}
	for (uint32_t i = length; i-- > 0;) {
		uint32_t p = d->place[at + i];
		if (rows[2 * i] >= rows[2 * i + 1])
			return false;
		for (uint32_t k = 0; k < d->space->layer[p].input_count; k++) {
			hidp_layer_id in;
			struct hidp_row_rule rule;
			hidp_model_layer_input(d->space->instance->model, d->space->id[p], k, &in,
			                       &rule, NULL);
			for (uint32_t j = 0; j < i; j++) {
				int64_t need[2];
				if (d->space->id[d->place[at + j]] != in)
					continue;
				hidp_row_rule_apply(&rule,
				                    d->space->layer[d->place[at + j]].shape.rows,
				                    rows[2 * i], rows[2 * i + 1], &need[0],
				                    &need[1]);
				if (need[0] >= need[1])
					continue;
				bool empty = rows[2 * j] >= rows[2 * j + 1];
				if (empty || need[0] < rows[2 * j])
					rows[2 * j] = need[0];
				if (empty || need[1] > rows[2 * j + 1])
					rows[2 * j + 1] = need[1];
			}
		}
	}
	return true;
}

/* Gives rows, or channel groups, from `begin` on to one processor more, in all ways. */
static void each_division(struct divider *d, uint32_t at, uint32_t length, int64_t begin,
                          int64_t total_end)
{
	struct space_step *step = &d->way.steps[d->way.step_count - 1];
	if (begin == total_end) {
		if (step->slice_count >= 2)
			each_step(d, at + length);
		return;
	}
	for (hidp_processor_id p = 0; p < d->space->processor_count[d->ways->node]; p++) {
		if (has_processor(step, p) || !may_run(d, at, length, p))
			continue;
		for (int64_t end = begin + 1; end <= total_end; end++) {
			if (step->kind == HIDP_STEP_ROWS &&
			    !computes_everything(d, at, length, begin, end))
				continue;
			step->slices[step->slice_count++] = (struct space_slice){
			        .processor = p, .begin = begin, .end = end};
			each_division(d, at, length, end, total_end);
			step->slice_count--;
		}
	}
}

static void each_divided(struct divider *d, uint32_t at, uint32_t length)
{
	const struct hidp_layer_info *layer = &d->space->layer[d->place[at]];
	const int64_t *z = comp_of(d, at + length - 1);
	if (length <= HIDP_STEP_LAYERS_MAX) {
		begin_step(d, HIDP_STEP_ROWS, length);
		each_division(d, at, length, z[0], z[1]);
		d->way.step_count--;
	}
	if (length == 1 && layer->channel_grain > 0) {
		begin_step(d, HIDP_STEP_CHANNELS, 1);
		each_division(d, at, 1, 0, layer->shape.channels / layer->channel_grain);
		d->way.step_count--;
	}
}

/* The processors of a branch step in every order. */
static void each_order(struct divider *d, uint32_t at, uint32_t length, const uint32_t *members,
                       uint32_t used)
{
	struct space_step *step = &d->way.steps[d->way.step_count - 1];
	if (step->slice_count == used) {
		each_step(d, at + length);
		return;
	}
	for (hidp_processor_id p = 0; p < d->space->processor_count[d->ways->node]; p++) {
		if (members[p] == 0 || has_processor(step, p))
			continue;
		struct space_slice *slice = &step->slices[step->slice_count++];
		*slice = (struct space_slice){.processor = p};
		for (uint32_t l = 0; l < d->space->place_count; l++)
			if (members[p] >> l & 1)
				slice->layers[slice->layer_count++] = d->space->id[l];
		each_order(d, at, length, members, used);
		step->slice_count--;
	}
}

static void each_placement(struct divider *d, uint32_t at, uint32_t length,
                           const uint32_t *component, uint32_t components, uint32_t next,
                           uint32_t *members)
{
	uint32_t processors = d->space->processor_count[d->ways->node];
	if (next == components) {
		uint32_t used = 0;
		for (hidp_processor_id p = 0; p < processors; p++)
			used += members[p] != 0;
		if (used < 2)
			return;
		begin_step(d, HIDP_STEP_BRANCH, length);
		each_order(d, at, length, members, used);
		d->way.step_count--;
		return;
	}
	uint32_t own = 0;
	for (uint32_t i = at; i < at + length; i++)
		if (component[d->place[i]] == next)
			own |= 1u << d->place[i];
	for (hidp_processor_id p = 0; p < processors; p++) {
		bool can = true;
		for (uint32_t l = 0; l < d->space->place_count; l++)
			can &= !(own >> l & 1) || d->space->allowed[l][d->ways->node][p];
		if (!can)
			continue;
		members[p] |= own;
		each_placement(d, at, length, component, components, next + 1, members);
		members[p] &= ~own;
	}
}

static void each_branch(struct divider *d, uint32_t at, uint32_t length)
{
	uint32_t component[SPACE_LAYERS], members[SPACE_PROCESSORS] = {0}, all = 0;
	for (uint32_t i = at; i < at + length; i++)
		all |= 1u << d->place[i];
	uint32_t components = space_components(d->space, all, component);
	if (components >= 2 && components <= 8)
		each_placement(d, at, length, component, components, 0, members);
}

/*
 * What a way adds to later costs beside its figures: the next step of the node waits
 * for a hand-over unless both are single steps on one processor; likewise this way's
 * first step. Ways with the same ends are interchangeable there.
 */
static bool same_ends(const struct space_way *a, const struct space_way *b)
{
	const struct space_step *x = &a->steps[a->step_count - 1], *y = &b->steps[b->step_count - 1];
	bool xs = x->kind == HIDP_STEP_SINGLE, ys = y->kind == HIDP_STEP_SINGLE;
	if (xs != ys || (xs && x->slices[0].processor != y->slices[0].processor))
		return false;
	x = &a->steps[0];
	y = &b->steps[0];
	xs = x->kind == HIDP_STEP_SINGLE;
	ys = y->kind == HIDP_STEP_SINGLE;
	if (xs != ys || x->slice_count != y->slice_count)
		return false;
	for (uint32_t k = 0; k < x->slice_count; k++)
		if (!has_processor(y, x->slices[k].processor))
			return false;
	return true;
}

/* Is `a` at most `b` in all that the objective, the limits and the memory look at? */
static bool as_good(const struct space *s, hidp_node_id n, const struct space_way *a,
                    const struct space_way *b)
{
	double energy_a = 0, energy_b = 0;
	if (s->node[n].sync_s > 0 && !same_ends(a, b))
		return false;
	if (s->by_time && a->duration_s > b->duration_s)
		return false;
	if (s->node[n].memory_bytes > 0 && a->memory_bytes > b->memory_bytes)
		return false;
	for (hidp_processor_id p = 0; p < s->processor_count[n]; p++) {
		energy_a += a->busy_s[p] * s->processor[n][p].power_active_w;
		energy_b += b->busy_s[p] * s->processor[n][p].power_active_w;
		if (s->by_load && a->busy_s[p] > b->busy_s[p])
			return false;
		if (s->processor[n][p].memory_bytes > 0 && a->need_bytes[p] > b->need_bytes[p])
			return false;
	}
	return !s->by_energy || energy_a <= energy_b;
}

static void keep_way(struct divider *d)
{
	struct space_ways *w = d->ways;
	w->considered++;
	if (d->counting)
		return;
	space_measure(d->space, d->stage, d->share, &d->way);
	if (!d->space->plain) {
		for (uint32_t i = 0; i < w->count; i++)
			if (as_good(d->space, w->node, &w->items[i], &d->way))
				return;
		uint32_t kept = 0;
		for (uint32_t i = 0; i < w->count; i++)
			if (!as_good(d->space, w->node, &d->way, &w->items[i]))
				w->items[kept++] = w->items[i];
		w->count = kept;
	}
	if (w->count == w->capacity) {
		w->capacity = w->capacity == 0 ? 8 : 2 * w->capacity;
		w->items = realloc(w->items, w->capacity * sizeof *w->items);
		if (w->items == NULL)
			abort();
	}
	w->items[w->count++] = d->way;
}

static void each_step(struct divider *d, uint32_t at)
{
	if (d->counting && d->ways->considered > WAYS_MAX)
		return;
	if (at == d->count) {
		keep_way(d);
		return;
	}
	for (uint32_t length = 1; length <= d->count - at; length++) {
		each_single(d, at, length);
		each_divided(d, at, length);
		each_branch(d, at, length);
	}
}

static struct space_ways *look_up(const struct space *s, const struct space_ways *wanted)
{
	for (struct space_ways *w = s->ways; w != NULL; w = w->next)
		if (w->node == wanted->node && w->members == wanted->members &&
		    memcmp(w->comp, wanted->comp, sizeof w->comp) == 0)
			return w;
	return NULL;
}

static void find_comp(const struct space *s, const struct space_stage *stage,
                      const struct space_share *share, struct space_ways *ways)
{
	hidp_layer_id layers[SPACE_LAYERS] = {0};
	int64_t comp[2 * 64];
	uint32_t count = 0;
	bool split = stage->kind == HIDP_STAGE_SPLIT;
	for (uint32_t l = 0; l < s->place_count; l++)
		if (share->members >> l & 1)
			layers[count++] = s->id[l];
	random_plan_comp(s->instance->model, layers, count, split ? share->row_begin : 0,
	                 split ? share->row_end : 1, split ? stage->row_units : 1, comp);
	for (uint32_t i = 0; i < count; i++) {
		ways->comp[2 * s->place_of[layers[i]]] = comp[2 * layers[i]];
		ways->comp[2 * s->place_of[layers[i]] + 1] = comp[2 * layers[i] + 1];
	}
}

const struct space_ways *space_find_ways(struct space *space, const struct space_stage *stage,
                                         uint32_t share)
{
	const struct space_share *at = &stage->shares[share];
	struct space_ways wanted = {.node = at->node, .members = at->members};
	struct divider d = {.space = space, .stage = stage, .share = share, .counting = true};
	find_comp(space, stage, at, &wanted);
	struct space_ways *w = look_up(space, &wanted);
	if (w == NULL) {
		w = malloc(sizeof *w);
		if (w == NULL)
			abort();
		*w = wanted;
		w->next = space->ways;
		space->ways = w;
		d.ways = w;
		for (uint32_t l = 0; l < space->place_count; l++)
			if (at->members >> l & 1)
				d.place[d.count++] = l;
		each_step(&d, 0);
		if (w->considered <= WAYS_MAX) {
			w->considered = 0;
			d.counting = false;
			each_step(&d, 0);
		}
	}
	return w->considered > WAYS_MAX ? NULL : w;
}
