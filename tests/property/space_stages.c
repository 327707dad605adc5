/* SPDX-License-Identifier: MIT */
/* doc/plan-space.md, "Global": which stages can come next. */
#include "space.h"

struct chooser {
	struct space *space;
	struct space_plan *plan;
	struct space_stage *stage;
	space_stage_fn *fn;
};

static void take(struct chooser *c)
{
	c->plan->stage_count++;
	c->fn(c->space, c->plan);
	c->plan->stage_count--;
}

/* Can some processor of the node run each of the layers? */
static bool node_can(const struct space *s, uint32_t members, hidp_node_id node)
{
	for (uint32_t l = 0; l < s->place_count; l++) {
		bool can = !(members >> l & 1);
		for (hidp_processor_id p = 0; p < s->processor_count[node]; p++)
			can |= s->allowed[l][node][p];
		if (!can)
			return false;
	}
	return true;
}

static uint32_t range(uint32_t first, uint32_t end)
{
	return (1u << end) - (1u << first);
}

static bool has_node(const struct space_stage *stage, hidp_node_id node)
{
	for (uint32_t k = 0; k < stage->share_count; k++)
		if (stage->shares[k].node == node)
			return true;
	return false;
}

static void add_share(struct space_stage *stage, hidp_node_id node, uint32_t members)
{
	stage->shares[stage->share_count++] =
	        (struct space_share){.node = node, .members = members};
}

static void each_single(struct chooser *c)
{
	uint32_t members = range(c->stage->first, c->stage->end);
	c->stage->kind = HIDP_STAGE_SINGLE;
	for (hidp_node_id n = 0; n < c->space->node_count; n++) {
		if (!node_can(c->space, members, n))
			continue;
		c->stage->share_count = 0;
		add_share(c->stage, n, members);
		take(c);
	}
	c->stage->share_count = 0;
}

/* Every share owns at least one row of every layer of the stage. */
static bool owns_everything(const struct space *s, const struct space_stage *stage, int64_t begin,
                            int64_t end)
{
	for (uint32_t l = stage->first; l < stage->end; l++) {
		int64_t rows = s->layer[l].shape.rows;
		if (begin * rows / stage->row_units >= end * rows / stage->row_units)
			return false;
	}
	return true;
}

/* Gives rows from `at` on to one node more, in all ways. */
static void each_division(struct chooser *c, int64_t at)
{
	struct space_stage *stage = c->stage;
	uint32_t members = range(stage->first, stage->end);
	if (at == stage->row_units) {
		if (stage->share_count >= 2)
			take(c);
		return;
	}
	for (hidp_node_id n = 0; n < c->space->node_count; n++) {
		if (has_node(stage, n) || !node_can(c->space, members, n))
			continue;
		for (int64_t end = at + 1; end <= stage->row_units; end++) {
			if (!owns_everything(c->space, stage, at, end))
				continue;
			add_share(stage, n, members);
			stage->shares[stage->share_count - 1].row_begin = at;
			stage->shares[stage->share_count - 1].row_end = end;
			each_division(c, end);
			stage->share_count--;
		}
	}
}

static void each_split(struct chooser *c)
{
	struct space_stage *stage = c->stage;
	stage->kind = HIDP_STAGE_SPLIT;
	stage->share_count = 0;
	stage->row_units = 1;
	for (uint32_t l = stage->first; l < stage->end; l++)
		if (c->space->layer[l].shape.rows > stage->row_units)
			stage->row_units = c->space->layer[l].shape.rows;
	each_division(c, 0);
	stage->row_units = 0;
}

/* The sequence of splits goes on with the same nodes and the same division. */
static void go_on(struct chooser *c, const struct space_stage *before)
{
	struct space_stage *stage = c->stage;
	uint32_t members = range(stage->first, stage->end);
	stage->kind = HIDP_STAGE_SPLIT;
	stage->row_units = before->row_units;
	stage->share_count = before->share_count;
	for (uint32_t k = 0; k < stage->share_count; k++) {
		const struct space_share *b = &before->shares[k];
		if (!node_can(c->space, members, b->node) ||
		    !owns_everything(c->space, stage, b->row_begin, b->row_end))
			return;
		stage->shares[k] = (struct space_share){.node = b->node,
		                                        .members = members,
		                                        .row_begin = b->row_begin,
		                                        .row_end = b->row_end};
	}
	take(c);
	stage->row_units = 0;
}

/* The nodes of a branch stage in every order. */
static void each_order(struct chooser *c, const uint32_t *at_node, uint32_t nodes_used)
{
	struct space_stage *stage = c->stage;
	if (stage->share_count == nodes_used) {
		take(c);
		return;
	}
	for (hidp_node_id n = 0; n < c->space->node_count; n++) {
		if (at_node[n] == 0 || has_node(stage, n))
			continue;
		add_share(stage, n, at_node[n]);
		each_order(c, at_node, nodes_used);
		stage->share_count--;
	}
}

/* Component `next` on every node. */
static void each_placement(struct chooser *c, const uint32_t *component, uint32_t components,
                           uint32_t next, uint32_t *at_node)
{
	if (next == components) {
		uint32_t used = 0;
		for (hidp_node_id n = 0; n < c->space->node_count; n++)
			used += at_node[n] != 0;
		c->stage->share_count = 0;
		if (used >= 2)
			each_order(c, at_node, used);
		return;
	}
	uint32_t members = 0;
	for (uint32_t l = c->stage->first; l < c->stage->end; l++)
		if (component[l] == next)
			members |= 1u << l;
	for (hidp_node_id n = 0; n < c->space->node_count; n++) {
		if (!node_can(c->space, members, n))
			continue;
		at_node[n] |= members;
		each_placement(c, component, components, next + 1, at_node);
		at_node[n] &= ~members;
	}
}

static void each_branch(struct chooser *c)
{
	uint32_t component[SPACE_LAYERS], at_node[SPACE_NODES] = {0};
	uint32_t components =
	        space_components(c->space, range(c->stage->first, c->stage->end), component);
	c->stage->kind = HIDP_STAGE_BRANCH;
	if (components >= 2 && components <= 8)
		each_placement(c, component, components, 0, at_node);
}

/*
 * Sets of nodes from `next` on. Their order is no matter: each request meets one of
 * them, and routes are evaluated each by itself.
 */
static void each_replica(struct chooser *c, hidp_node_id next)
{
	uint32_t members = range(c->stage->first, c->stage->end);
	if (next == SPACE_NODES || next == c->space->node_count) {
		uint32_t routes = c->stage->share_count;
		for (uint32_t i = 0; i < c->plan->stage_count; i++)
			if (c->plan->stages[i].kind == HIDP_STAGE_REPLICA)
				routes *= c->plan->stages[i].share_count;
		if (c->stage->share_count >= 2 && routes <= HIDP_PLAN_ROUTES_MAX)
			take(c);
		return;
	}
	each_replica(c, next + 1);
	if (!node_can(c->space, members, next))
		return;
	add_share(c->stage, next, members);
	each_replica(c, next + 1);
	c->stage->share_count--;
}

/*
 * May a sequence of splits end before the layer `next`? At a waist, if every share owns
 * a row that this layer reads of the tensor that crosses.
 */
static bool may_end(const struct space *s, const struct space_plan *plan, uint32_t next)
{
	const struct space_stage *last = &plan->stages[plan->stage_count - 1];
	hidp_layer_id crossing = s->crossing[next];
	uint32_t from = crossing != HIDP_LAYER_NONE ? s->place_of[crossing] : UINT32_MAX;
	uint32_t first = plan->stage_count;
	while (first > 0 && plan->stages[first - 1].kind == HIDP_STAGE_SPLIT)
		first--;
	if (!s->waist[next] || from == UINT32_MAX || from < plan->stages[first].first)
		return false;
	int64_t rows = s->layer[from].shape.rows;
	for (uint32_t k = 0; k < last->share_count; k++) {
		int64_t begin = last->shares[k].row_begin * rows / last->row_units;
		int64_t end = last->shares[k].row_end * rows / last->row_units;
		int64_t read[2] = {rows, 0};
		for (uint32_t i = 0; i < s->layer[next].input_count; i++) {
			hidp_layer_id in;
			struct hidp_row_rule rule;
			int64_t need[2];
			hidp_model_layer_input(s->instance->model, s->id[next], i, &in, &rule,
			                       NULL);
			hidp_row_rule_apply(&rule, rows, 0, s->layer[next].shape.rows, &need[0],
			                    &need[1]);
			if (in != crossing || need[0] >= need[1])
				continue;
			read[0] = need[0] < read[0] ? need[0] : read[0];
			read[1] = need[1] > read[1] ? need[1] : read[1];
		}
		if ((begin > read[0] ? begin : read[0]) >= (end < read[1] ? end : read[1]))
			return false;
	}
	return true;
}

void space_each_stage(struct space *space, struct space_plan *plan, space_stage_fn *fn)
{
	const struct space_stage *before =
	        plan->stage_count > 0 ? &plan->stages[plan->stage_count - 1] : NULL;
	struct space_stage *stage = &plan->stages[plan->stage_count];
	uint32_t first = before != NULL ? before->end : 0;
	struct chooser c = {space, plan, stage, fn};
	for (uint32_t end = first + 1; end <= space->place_count; end++) {
		*stage = (struct space_stage){.first = first, .end = end};
		if (before != NULL && before->kind == HIDP_STAGE_SPLIT) {
			/* behind splits comes more of the same, or at a waist a single stage */
			go_on(&c, before);
			if (may_end(space, plan, first))
				each_single(&c);
			continue;
		}
		each_single(&c);
		if (space->waist[first]) {
			each_split(&c);
			each_branch(&c);
		}
		stage->kind = HIDP_STAGE_REPLICA;
		stage->share_count = 0;
		if (space->stream)
			each_replica(&c, 0);
	}
}
