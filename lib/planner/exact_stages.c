/* SPDX-License-Identifier: MIT */
/* The stages that can come next: every kind, set of nodes and division of doc/plan-space.md. */
#include "planner/exact_priv.h"

#include <string.h>

/* Sets up a stage of the places [first, end); its shares are left to the caller. */
static void begin_stage(struct hidp__exact *x, uint32_t depth, uint32_t first, uint32_t end,
                        hidp_stage_kind kind)
{
	struct hidp__stage *stage = &x->stages[depth];
	const struct hidp_model *model = x->search->problem->model;
	uint32_t count = 0;
	stage->kind = kind;
	stage->layer_count = hidp__stage_layers(x->tables, first, end);
	stage->first_layer =
	        depth == 0 ? 0 : stage[-1].first_layer + stage[-1].layer_count;
	stage->row_units = 1;
	hidp_layer_id *layers = (hidp_layer_id *)(uintptr_t)stage->shares[0].layers;
	for (uint32_t i = 0; i < stage->layer_count; i++)
		if (model->layers[stage->first_layer + i].op != HIDP_OP_INPUT)
			layers[count++] = stage->first_layer + i;
	for (uint32_t k = 0; k < HIDP__EXACT_NODES_MAX; k++) {
		stage->shares[k].layer_count = count;
		stage->shares[k].units = (struct hidp__span){0, 1};
		if (k > 0)
			memcpy((hidp_layer_id *)(uintptr_t)stage->shares[k].layers, layers,
			       count * sizeof *layers);
	}
}

static bool takes_part(const struct hidp__exact *x, hidp_node_id n)
{
	return hidp__takes_part(x->bound->prices, &x->tables->sites[n]);
}

/* May the splits before this depth end here? */
static bool may_end(const struct hidp__exact *x, uint32_t depth, uint32_t place)
{
	const struct hidp__stage *before = &x->stages[depth - 1];
	for (uint32_t k = 0; k < before->share_count; k++)
		if (!hidp__share_is_read(x->tables, place, before->row_units, before->shares[k].units))
			return false;
	return x->bound->blocks.waists->waist[place];
}

static void try_singles(struct hidp__exact *x, uint32_t depth, uint32_t first, uint32_t end)
{
	for (hidp_node_id n = 0; n < x->nodes; n++) {
		if (!takes_part(x, n))
			continue;
		/* two stages in a row on a node are one, but for the memory, and for copies: they
		 * are made by all processors at once where a stage ends */
		const struct hidp__stage *before = depth > 0 ? &x->stages[depth - 1] : NULL;
		if (before != NULL && before->kind == HIDP_STAGE_SINGLE &&
		    before->shares[0].node == n && !x->pricing->memory_binds &&
		    !x->tables->sites[n].copies)
			continue;
		begin_stage(x, depth, first, end, HIDP_STAGE_SINGLE);
		x->stages[depth].share_count = 1;
		x->stages[depth].shares[0].node = n;
		hidp__exact_try_stage(x, depth, end);
	}
}

static bool owns_rows(const struct hidp__exact *x, const struct hidp__stage *stage, uint32_t k,
                      uint32_t first, uint32_t end)
{
	for (uint32_t l = first; l < end; l++)
		if (hidp__span_empty(hidp__own_rows(stage->shares[k].units, stage->row_units,
		                                    x->tables->layers[l].rows)))
			return false;
	return true;
}

/* The next share of a split begins at unit `at`, on any node that has none. */
static void divide_units(struct hidp__exact *x, uint32_t depth, uint32_t first, uint32_t end,
                         uint32_t share, int64_t at, uint32_t used)
{
	struct hidp__stage *stage = &x->stages[depth];
	for (hidp_node_id n = 0; n < x->nodes && !x->stopped && !x->failed; n++) {
		if (used >> n & 1 || !takes_part(x, n) || share == HIDP__EXACT_NODES_MAX)
			continue;
		for (int64_t to = at + 1; to <= stage->row_units && hidp__exact_spend(x, 1); to++) {
			stage->shares[share].node = n;
			stage->shares[share].units = (struct hidp__span){at, to};
			if (!owns_rows(x, stage, share, first, end))
				continue;
			if (to < stage->row_units) {
				divide_units(x, depth, first, end, share + 1, to,
				             used | 1u << n);
			} else if (share > 0) {
				stage->share_count = share + 1;
				hidp__exact_try_stage(x, depth, end);
			}
		}
	}
}

static void try_splits(struct hidp__exact *x, uint32_t depth, uint32_t first, uint32_t end)
{
	struct hidp__stage *stage = &x->stages[depth];
	const struct hidp__stage *before = depth > 0 ? stage - 1 : NULL;
	begin_stage(x, depth, first, end, HIDP_STAGE_SPLIT);
	if (before != NULL && before->kind == HIDP_STAGE_SPLIT) {
		stage->row_units = before->row_units;
		stage->share_count = before->share_count;
		for (uint32_t k = 0; k < before->share_count; k++) {
			stage->shares[k].node = before->shares[k].node;
			stage->shares[k].units = before->shares[k].units;
			if (!owns_rows(x, stage, k, first, end))
				return;
		}
		hidp__exact_try_stage(x, depth, end);
		return;
	}
	stage->row_units = 0;
	for (uint32_t l = first; l < end; l++)
		if (x->tables->layers[l].rows > stage->row_units)
			stage->row_units = x->tables->layers[l].rows;
	divide_units(x, depth, first, end, 0, 0, 0);
}

static void try_replicas(struct hidp__exact *x, uint32_t depth, uint32_t first, uint32_t end)
{
	for (uint32_t set = 1; set < 1u << x->nodes && !x->stopped && !x->failed; set++) {
		begin_stage(x, depth, first, end, HIDP_STAGE_REPLICA);
		struct hidp__stage *stage = &x->stages[depth];
		bool ok = (set & (set - 1)) != 0;
		stage->share_count = 0;
		for (hidp_node_id n = 0; n < x->nodes; n++) {
			if (!(set >> n & 1))
				continue;
			ok = ok && takes_part(x, n);
			stage->shares[stage->share_count].fraction = 0.5;
			stage->shares[stage->share_count++].node = n;
		}
		if (ok)
			hidp__exact_try_stage(x, depth, end);
	}
}

/* The next share of a branch stage gets some of the components that are left. */
static void deal_components(struct hidp__exact *x, uint32_t depth,
                            const struct hidp__region *region, uint32_t share,
                            uint32_t left, uint32_t used)
{
	struct hidp__stage *stage = &x->stages[depth];
	for (hidp_node_id n = 0; n < x->nodes && share < HIDP__EXACT_NODES_MAX; n++) {
		if (used >> n & 1 || !takes_part(x, n))
			continue;
		for (uint32_t some = left; some != 0; some = (some - 1) & left) {
			if (x->stopped || x->failed)
				return;
			/* deeper shares of the same stage changed nothing here */
			struct hidp__share *s = &stage->shares[share];
			hidp_layer_id *layers = (hidp_layer_id *)(uintptr_t)s->layers;
			uint32_t count = 0;
			for (uint32_t l = region->first; l < region->end; l++)
				if (some >> region->component[l - region->first] & 1)
					layers[count++] = x->tables->layers[l].id;
			s->node = n;
			s->layer_count = count;
			if (left != some) {
				deal_components(x, depth, region, share + 1, left & ~some,
				                used | 1u << n);
			} else if (share > 0) {
				stage->share_count = share + 1;
				hidp__exact_try_stage(x, depth, region->end);
			}
		}
	}
}

static void try_branches(struct hidp__exact *x, uint32_t depth, uint32_t first)
{
	const struct hidp__tables *t = x->tables;
	for (uint32_t r = t->region_first[first]; r < t->region_first[first + 1]; r++) {
		const struct hidp__region *region = &t->regions[r];
		begin_stage(x, depth, first, region->end, HIDP_STAGE_BRANCH);
		deal_components(x, depth, region, 0, (1u << region->count) - 1, 0);
	}
}

void hidp__exact_next_stages(struct hidp__exact *x, uint32_t depth, uint32_t place)
{
	const struct hidp__blocks *b = &x->bound->blocks;
	bool waist = b->waists->waist[place];
	bool after_split = depth > 0 && x->stages[depth - 1].kind == HIDP_STAGE_SPLIT;
	bool ends = after_split && may_end(x, depth, place);
	for (uint32_t end = x->layers; end > place && !x->stopped && !x->failed; end--) {
		if (!after_split || ends)
			try_singles(x, depth, place, end);
		if (x->nodes > 1 && (after_split || waist))
			try_splits(x, depth, place, end);
		if (x->search->problem->request->stream && !after_split && x->nodes > 1)
			try_replicas(x, depth, place, end);
	}
	if (waist && !after_split && x->nodes > 1)
		try_branches(x, depth, place);
}
