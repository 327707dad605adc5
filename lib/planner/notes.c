/* SPDX-License-Identifier: MIT */
#include "planner/notes.h"

#include <string.h>

#include "planner/replan.h"

void hidp__notes_init(struct hidp__notes *notes, struct hidp_context *context)
{
	*notes = (struct hidp__notes){.context = context};
	hidp__arena_init(&notes->layers, context);
}

void hidp__notes_forget(struct hidp__notes *notes)
{
	for (hidp_node_id n = 0; notes->sites != NULL && n < notes->tables.node_count; n++)
		hidp__arena_destroy(&notes->sites[n]);
	hidp__arena_destroy(&notes->layers);
	hidp_plan_unref(notes->of);
	hidp__notes_init(notes, notes->context);
}

static bool build(struct hidp__notes *notes, const struct hidp__problem *problem)
{
	uint32_t nodes = problem->cluster->node_count;
	struct hidp__tables *t = &notes->tables;
	struct hidp__arena *arenas = hidp__arena_alloc(&notes->layers, nodes, sizeof *arenas);
	*t = (struct hidp__tables){.problem = problem, .node_count = nodes};
	t->sites = hidp__arena_calloc(&notes->layers, nodes, sizeof *t->sites);
	notes->takings = hidp__arena_calloc(&notes->layers, 3 * (size_t)nodes,
	                                    sizeof *notes->takings);
	if (arenas == NULL || t->sites == NULL || notes->takings == NULL || !hidp__tables_layers(t, &notes->layers) ||
	    !hidp__waists_find(&t->waists, t, &notes->layers))
		return false;
	for (hidp_node_id n = 0; n < nodes; n++)
		hidp__arena_init(&arenas[n], notes->context);
	notes->sites = arenas;
	for (hidp_node_id n = 0; n < nodes; n++)
		if (!hidp__tables_site(t, n, &arenas[n]))
			return false;
	return true;
}

static bool bring_up_to_date(struct hidp__notes *notes, const struct hidp__problem *problem)
{
	const struct hidp_cluster *then = notes->of->cluster;
	notes->tables.problem = problem;
	for (hidp_node_id n = 0; n < problem->cluster->node_count; n++) {
		if (hidp__same_site(&problem->cluster->nodes[n], &then->nodes[n]))
			continue;
		hidp__arena_reset(&notes->sites[n]);
		memset(&notes->takings[3 * (size_t)n], 0, 3 * sizeof *notes->takings);
		if (!hidp__tables_site(&notes->tables, n, &notes->sites[n]))
			return false;
	}
	return true;
}

bool hidp__notes_build(struct hidp__notes *notes, const struct hidp__problem *problem)
{
	if (notes->of != NULL && hidp__same_question(notes->of, problem))
		return bring_up_to_date(notes, problem);
	hidp__notes_forget(notes);
	return build(notes, problem);
}

void hidp__notes_of(struct hidp__notes *notes, struct hidp_plan *plan)
{
	if (plan == NULL) {
		hidp__notes_forget(notes);
		return;
	}
	notes->tables.problem = NULL; /* until the next */
	hidp_plan_ref(plan);
	hidp_plan_unref(notes->of);
	notes->of = plan;
}

const uint32_t *hidp__notes_find(const struct hidp__notes *notes, hidp_node_id node,
                                 enum hidp__taken taken, uint32_t head, uint64_t *work)
{
	const struct hidp__taking *t = &notes->takings[3 * (size_t)node + taken];
	*work = t->work;
	return t->head == head ? t->on : NULL;
}

bool hidp__notes_take(struct hidp__notes *notes, hidp_node_id node, enum hidp__taken taken,
                      uint32_t head, const uint32_t *on, uint64_t work)
{
	struct hidp__taking *t = &notes->takings[3 * (size_t)node + taken];
	uint32_t layers = notes->tables.layer_count;
	uint32_t first = taken == HIDP__TAKEN_HEAD ? 0 : head;
	uint32_t end = taken == HIDP__TAKEN_HEAD ? head : layers;
	if (t->on == NULL)
		t->on = hidp__arena_calloc(&notes->sites[node], layers, sizeof *t->on);
	if (t->on == NULL)
		return false;
	memcpy(t->on + first, on + first, (end - first) * sizeof *on);
	t->head = head;
	t->work = work;
	return true;
}
