/* SPDX-License-Identifier: MIT */
#include "planner/notes.h"

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
	if (arenas == NULL || t->sites == NULL || !hidp__tables_layers(t, &notes->layers) ||
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
	hidp_plan_ref(plan);
	hidp_plan_unref(notes->of);
	notes->of = plan;
}
