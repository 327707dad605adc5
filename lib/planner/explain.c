/* SPDX-License-Identifier: MIT */
/*
 * Why a plan is as it is: the same question is asked again with parts of the answer
 * forbidden. What comes of it is put into words by report/explain_text.c.
 */
#include <hidp/planner.h>
#include <math.h>
#include <stdio.h>

#include "plan/plan_priv.h"
#include "planner/absence.h"
#include "report/explain_priv.h"

/* There are many alternatives, and none has to be the best of its kind: they take less work. */
#define ALTERNATIVE_WORK 2000000

/* Most questions in all, and those about stages among them: each of them is a planning. */
#define QUESTIONS_MAX 48u
#define STAGE_QUESTIONS_MAX 28u
#define STAGE_NODES_MAX 4u /* nodes that a stage's layers are pinned to, one at a time */

struct inquiry {
	const struct hidp_plan *plan;
	const struct hidp__timeline *t;
	struct hidp__explanation *e;
	struct hidp__arena *arena;
};

static void keep_reason(struct hidp__alternative *a, const struct hidp_diagnostic *said)
{
	if (said->subject[0] != '\0')
		snprintf(a->reason, sizeof a->reason, "%.60s: %.96s", said->subject, said->message);
	else
		snprintf(a->reason, sizeof a->reason, "%.150s", said->message);
}

static bool is_input(const struct hidp_model *model, hidp_layer_id layer)
{
	return model->layers[layer].op == HIDP_OP_INPUT;
}

/* One node or processor more that computes nothing. false: no memory. */
static bool exclude(struct hidp_plan_options *o, const struct hidp__alternative *a,
		    struct hidp__arena *arena)
{
	size_t count = o->excluded_count;
	hidp_node_id *nodes = hidp__arena_alloc(arena, count + 1, sizeof *nodes);
	hidp_processor_id *processors = hidp__arena_alloc(arena, count + 1, sizeof *processors);
	if (nodes == NULL || processors == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		nodes[i] = o->excluded_nodes[i];
		processors[i] = o->excluded_processors != NULL ? o->excluded_processors[i]
							       : HIDP_PROCESSOR_NONE;
	}
	nodes[count] = a->node;
	processors[count] = a->processor;
	o->excluded_nodes = nodes;
	o->excluded_processors = processors;
	o->excluded_count = count + 1;
	return true;
}

/* Pins the layers, but those that are pinned there already. false: no memory. */
static bool pin(const struct inquiry *q, struct hidp_plan_options *o,
		const struct hidp__alternative *a)
{
	const struct hidp__request *request = &q->plan->request;
	size_t count = o->pin_count, room = count + (a->last - a->first) + 1;
	hidp_layer_id *layers = hidp__arena_alloc(q->arena, room, sizeof *layers);
	hidp_node_id *nodes = hidp__arena_alloc(q->arena, room, sizeof *nodes);
	hidp_processor_id *processors = hidp__arena_alloc(q->arena, room, sizeof *processors);
	if (layers == NULL || nodes == NULL || processors == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		layers[i] = o->pin_layers[i];
		nodes[i] = o->pin_nodes[i];
		processors[i] =
			o->pin_processors != NULL ? o->pin_processors[i] : HIDP_PROCESSOR_NONE;
	}
	for (hidp_layer_id l = a->first; l <= a->last; l++) {
		if (is_input(q->plan->model, l) ||
		    (request->pin_node != NULL && request->pin_node[l] == a->node))
			continue;
		layers[count] = l;
		nodes[count] = a->node;
		processors[count++] = HIDP_PROCESSOR_NONE;
	}
	o->pin_layers = layers;
	o->pin_nodes = nodes;
	o->pin_processors = processors;
	o->pin_count = count;
	return true;
}

/* false: no memory. */
static bool restrict_options(const struct inquiry *q, const struct hidp__alternative *a,
			     struct hidp_plan_options *o)
{
	switch (a->restriction) {
	case HIDP__WITHOUT_LATENCY_LIMIT:
		o->latency_limit_s = 0;
		return true;
	case HIDP__WITHOUT_PERIOD_LIMIT:
		o->period_limit_s = 0;
		return true;
	case HIDP__WITHOUT_ENERGY_LIMIT:
		o->energy_limit_j = 0;
		return true;
	case HIDP__PAPER_STRATEGY:
		o->strategy = HIDP_STRATEGY_PAPER;
		return true;
	case HIDP__SINGLE_STRATEGY:
		o->strategy = HIDP_STRATEGY_SINGLE;
		return true;
	case HIDP__WITHOUT_NODE:
	case HIDP__WITHOUT_PROCESSOR:
		return exclude(o, a, q->arena);
	case HIDP__LAYERS_ON_NODE:
		return pin(q, o, a);
	default:
		return true;
	}
}

static hidp_status plan_alternative(const struct inquiry *q, struct hidp__alternative *a)
{
	const struct hidp_plan *plan = q->plan;
	struct hidp_plan_options options = q->t->options;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__arena_mark mark = hidp__arena_here(q->arena);
	struct hidp_plan *other;
	if (options.work_limit == 0)
		options.work_limit = ALTERNATIVE_WORK;
	a->status = HIDP_ERR_NOMEM;
	if (restrict_options(q, a, &options))
		a->status =
			hidp_plan(plan->model, plan->cluster, plan->cost, &options, &other, &said);
	hidp__arena_back(q->arena, mark);
	if (a->status == HIDP_ERR_NOMEM)
		return HIDP_ERR_NOMEM;
	if (a->status != HIDP_OK) {
		keep_reason(a, &said);
		return HIDP_OK;
	}
	a->objective = other->evaluation.objective;
	hidp_plan_unref(other);
	return HIDP_OK;
}

static bool same_question(const struct hidp__alternative *a, const struct hidp__alternative *b)
{
	return a->restriction == b->restriction && a->node == b->node &&
	       a->processor == b->processor && a->first == b->first && a->last == b->last;
}

/* Asks, unless that has been asked already, and gives its number; UINT32_MAX: not asked. */
static hidp_status ask(const struct inquiry *q, struct hidp__alternative a, uint32_t most,
		       uint32_t *number_out)
{
	struct hidp__explanation *e = q->e;
	for (*number_out = 0; *number_out < e->alternative_count; ++*number_out)
		if (same_question(&e->alternatives[*number_out], &a))
			return HIDP_OK;
	if (e->alternative_count >= most) {
		*number_out = UINT32_MAX;
		e->not_planned++;
		return HIDP_OK;
	}
	e->alternatives[e->alternative_count++] = a;
	return plan_alternative(q, &e->alternatives[*number_out]);
}

static struct hidp__alternative question(enum hidp__restriction restriction)
{
	return (struct hidp__alternative){.restriction = restriction,
					  .node = HIDP_NODE_NONE,
					  .processor = HIDP_PROCESSOR_NONE};
}

/* What concerns the whole plan: limits and strategies, and a plan that was not searched for. */
static hidp_status ask_in_general(const struct inquiry *q)
{
	const struct hidp_plan_options *o = &q->t->options;
	const struct {
		enum hidp__restriction restriction;
		bool wanted;
	} questions[] = {
		{HIDP__AS_ASKED, !hidp__was_searched(&q->t->figures)},
		{HIDP__WITHOUT_LATENCY_LIMIT, o->latency_limit_s > 0},
		{HIDP__WITHOUT_PERIOD_LIMIT, o->period_limit_s > 0},
		{HIDP__WITHOUT_ENERGY_LIMIT, o->energy_limit_j > 0},
		{HIDP__SINGLE_STRATEGY, o->strategy != HIDP_STRATEGY_SINGLE},
		{HIDP__PAPER_STRATEGY, o->strategy == HIDP_STRATEGY_AUTO},
	};
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		uint32_t number;
		if (!questions[i].wanted)
			continue;
		hidp_status s = ask(q, question(questions[i].restriction), QUESTIONS_MAX, &number);
		if (s != HIDP_OK)
			return s;
	}
	q->e->general_count = q->e->alternative_count;
	return HIDP_OK;
}

static double value_of(const struct hidp__alternative *a)
{
	return a->status == HIDP_OK ? a->objective : INFINITY;
}

/* Its number goes among the group's: the best first, equals in the order of asking. */
static hidp_status ask_of_group(const struct inquiry *q, struct hidp__stage_group *g,
				struct hidp__alternative a)
{
	const struct hidp__alternative *all = q->e->alternatives;
	uint32_t number, at;
	hidp_status s = ask(q, a, STAGE_QUESTIONS_MAX, &number);
	if (s != HIDP_OK || number == UINT32_MAX)
		return s;
	at = g->alternative_count++;
	for (; at != 0 && value_of(&all[g->alternatives[at - 1]]) > value_of(&all[number]); at--)
		g->alternatives[at] = g->alternatives[at - 1];
	g->alternatives[at] = number;
	return HIDP_OK;
}

/* Every node and every processor of the stages in turn must do nothing. */
static hidp_status forbid_places(const struct inquiry *q, struct hidp__stage_group *g)
{
	const struct hidp__stage *stage = &q->plan->decisions.stages[g->first];
	hidp_status s = HIDP_OK;
	for (uint32_t k = 0; k < stage->share_count && q->t->node_count > 1 && s == HIDP_OK; k++) {
		struct hidp__alternative a = question(HIDP__WITHOUT_NODE);
		a.node = stage->shares[k].node;
		s = ask_of_group(q, g, a);
	}
	for (uint32_t l = 0; l < q->t->lane_count && s == HIDP_OK; l++) {
		const struct hidp__lane *lane = &q->t->lanes[l];
		bool here = false;
		for (uint32_t k = 0; k < stage->share_count; k++)
			here |= lane->node == stage->shares[k].node;
		if (lane->kind != HIDP__LANE_PROCESSOR || !here || !(lane->busy_s > 0) ||
		    hidp_cluster_processor_count(q->plan->cluster, lane->node) == 1)
			continue;
		struct hidp__alternative a = question(HIDP__WITHOUT_PROCESSOR);
		a.node = lane->node;
		a.processor = lane->processor;
		s = ask_of_group(q, g, a);
	}
	return s;
}

static bool has_pins_elsewhere(const struct inquiry *q, hidp_layer_id first, hidp_layer_id last,
			       hidp_node_id node)
{
	const hidp_node_id *pins = q->plan->request.pin_node;
	for (hidp_layer_id l = first; l <= last && pins != NULL; l++)
		if (pins[l] != HIDP_NODE_NONE && pins[l] != node)
			return true;
	return false;
}

/* Every other node that computes, and the leader, in turn must run the stages alone. */
static hidp_status move_layers(const struct inquiry *q, struct hidp__stage_group *g)
{
	const struct hidp__stage *stages = q->plan->decisions.stages;
	const struct hidp__stage *last = &stages[g->first + g->count - 1];
	bool single = stages[g->first].kind == HIDP_STAGE_SINGLE;
	uint32_t asked = 0;
	for (hidp_node_id n = 0; n < q->t->node_count && asked < STAGE_NODES_MAX; n++) {
		struct hidp__alternative a = question(HIDP__LAYERS_ON_NODE);
		bool wanted = q->e->absence[n] == HIDP__COMPUTES ||
			      (n == q->t->options.leader && q->e->absence[n] == HIDP__NOT_WORTH_IT);
		a.node = n;
		a.first = stages[g->first].first_layer;
		a.last = last->first_layer + last->layer_count - 1;
		if (!wanted || (single && stages[g->first].shares[0].node == n) ||
		    has_pins_elsewhere(q, a.first, a.last, n))
			continue;
		asked++;
		hidp_status s = ask_of_group(q, g, a);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status ask_of_stages(const struct inquiry *q)
{
	struct hidp__explanation *e = q->e;
	e->groups = hidp__arena_calloc(q->arena, q->t->stage_count, sizeof *e->groups);
	if (e->groups == NULL)
		return HIDP_ERR_NOMEM;
	for (uint32_t s = 0; s < q->t->stage_count;) {
		struct hidp__stage_group *g = &e->groups[e->group_count++];
		g->first = s;
		g->count = hidp__report_like(q->t, s);
		s += g->count;
		g->alternatives = hidp__arena_alloc(q->arena, QUESTIONS_MAX, sizeof(uint32_t));
		if (g->alternatives == NULL)
			return HIDP_ERR_NOMEM;
		hidp_status status = forbid_places(q, g);
		if (status == HIDP_OK)
			status = move_layers(q, g);
		if (status != HIDP_OK)
			return status;
	}
	return HIDP_OK;
}

/* The whole model on one processor, as a plan made by hand. */
static hidp_status try_alone(const struct inquiry *q, struct hidp__alternative *best,
			     hidp_processor_id processor)
{
	const struct hidp_plan *plan = q->plan;
	struct hidp_plan_options options = q->t->options;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__slice slice = {.processor = processor};
	struct hidp__step step = {.kind = HIDP_STEP_SINGLE, .slice_count = 1, .slices = &slice};
	struct hidp__share share = {
		.node = best->node, .fraction = 1, .step_count = 1, .steps = &step};
	struct hidp__stage stage = {.kind = HIDP_STAGE_SINGLE,
				    .layer_count = plan->model->layer_count,
				    .share_count = 1,
				    .row_units = 1,
				    .shares = &share};
	struct hidp__decisions decisions = {1, &stage};
	struct hidp_plan *made;
	for (hidp_layer_id l = 0; l < plan->model->layer_count; l++)
		step.layer_count += !is_input(plan->model, l);
	options.pin_count = 0;
	options.latency_limit_s = options.period_limit_s = options.energy_limit_j = 0;
	hidp_status s = hidp__plan_make(plan->model, plan->cluster, plan->cost, &options,
					&decisions, &made, q->arena, &said);
	if (s != HIDP_OK) {
		if (best->status != HIDP_OK)
			keep_reason(best, &said);
		return s == HIDP_ERR_NOMEM ? s : HIDP_OK;
	}
	if (best->status != HIDP_OK || made->evaluation.objective < best->objective) {
		best->status = HIDP_OK;
		best->processor = processor;
		best->objective = made->evaluation.objective;
		best->arrival_s = best->compute_s = 0;
		for (uint32_t i = 0; i < made->evaluation.task_count; i++) {
			const struct hidp__task *task = &made->evaluation.tasks[i];
			if (task->kind != HIDP_TASK_COMPUTE)
				continue;
			best->arrival_s = task->start_s;
			best->compute_s = task->end_s - task->start_s;
		}
	}
	hidp_plan_unref(made);
	return HIDP_OK;
}

static hidp_status ask_alone(const struct inquiry *q, hidp_node_id node)
{
	const struct hidp__node *n = &q->plan->cluster->nodes[node];
	struct hidp__alternative *a = &q->e->alone[node];
	*a = question(HIDP__ALONE);
	a->node = node;
	a->status = HIDP_ERR_INFEASIBLE;
	for (hidp_processor_id p = 0; p < n->processor_count; p++) {
		if (q->plan->request.excluded[n->first_processor + p])
			continue;
		hidp_status s = try_alone(q, a, p);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

/* Layers to pin to a node that was left out: the first, the heaviest, the last. */
static void choose_layers(const struct hidp_model *model, hidp_layer_id layers[HIDP__PINS_TRIED])
{
	hidp_layer_id first = HIDP_LAYER_NONE, heaviest = 0, last = 0;
	for (hidp_layer_id l = 0; l < model->layer_count; l++) {
		if (is_input(model, l))
			continue;
		if (first == HIDP_LAYER_NONE)
			first = heaviest = l;
		if (model->layers[l].flops > model->layers[heaviest].flops)
			heaviest = l;
		last = l;
	}
	layers[0] = first;
	layers[1] = heaviest;
	layers[2] = last;
}

static hidp_status ask_pinned(const struct inquiry *q, hidp_node_id node,
			      const hidp_layer_id layers[HIDP__PINS_TRIED])
{
	for (uint32_t i = 0; i < HIDP__PINS_TRIED; i++) {
		struct hidp__alternative a = question(HIDP__LAYERS_ON_NODE);
		bool again = false;
		for (uint32_t k = 0; k < i; k++)
			again |= layers[k] == layers[i];
		a.node = node;
		a.first = a.last = layers[i];
		if (again || has_pins_elsewhere(q, a.first, a.last, node))
			continue;
		hidp_status s = ask(q, a, QUESTIONS_MAX, &q->e->pinned[node][i]);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status ask_of_nodes(const struct inquiry *q)
{
	hidp_layer_id layers[HIDP__PINS_TRIED];
	hidp_status s = HIDP_OK;
	choose_layers(q->plan->model, layers);
	for (hidp_node_id n = 0; n < q->t->node_count && s == HIDP_OK; n++)
		if (q->e->absence[n] == HIDP__NOT_WORTH_IT)
			s = ask_alone(q, n);
	for (hidp_node_id n = 0; n < q->t->node_count && s == HIDP_OK; n++)
		if (q->e->absence[n] == HIDP__NOT_WORTH_IT)
			s = ask_pinned(q, n, layers);
	return s;
}

static hidp_status inquire(const struct inquiry *q)
{
	struct hidp__explanation *e = q->e;
	uint32_t nodes = q->t->node_count;
	e->timeline = q->t;
	e->alternatives = hidp__arena_alloc(q->arena, QUESTIONS_MAX, sizeof *e->alternatives);
	e->absence = hidp__arena_alloc(q->arena, nodes, sizeof *e->absence);
	e->alone = hidp__arena_calloc(q->arena, nodes, sizeof *e->alone);
	e->pinned = hidp__arena_alloc(q->arena, nodes, sizeof *e->pinned);
	if (e->alternatives == NULL || e->absence == NULL || e->alone == NULL || e->pinned == NULL)
		return HIDP_ERR_NOMEM;
	if (!hidp__absences_find(q->plan, e->absence, q->arena))
		return HIDP_ERR_NOMEM;
	for (hidp_node_id n = 0; n < nodes; n++)
		for (uint32_t i = 0; i < HIDP__PINS_TRIED; i++)
			e->pinned[n][i] = UINT32_MAX;
	hidp_status s = ask_in_general(q);
	if (s == HIDP_OK)
		s = ask_of_stages(q);
	return s == HIDP_OK ? ask_of_nodes(q) : s;
}

static hidp_status explain(const struct hidp_plan *plan, struct hidp__text *text,
			   struct hidp__arena *arena)
{
	struct hidp__timeline timeline;
	struct hidp__explanation e = {.timeline = &timeline};
	struct inquiry q = {.plan = plan, .t = &timeline, .e = &e, .arena = arena};
	if (!hidp__timeline_make(&timeline, plan, arena))
		return HIDP_ERR_NOMEM;
	hidp_status s = inquire(&q);
	if (s != HIDP_OK)
		return s;
	struct hidp__parts *parts =
		hidp__arena_alloc(arena, (size_t)e.group_count + 1, sizeof *parts);
	if (parts == NULL || !hidp__report_all_parts(&timeline, &parts[0], arena))
		return HIDP_ERR_NOMEM;
	for (uint32_t g = 0; g < e.group_count; g++)
		if (!hidp__report_parts(&timeline, e.groups[g].first, e.groups[g].count,
					&parts[1 + g], arena))
			return HIDP_ERR_NOMEM;
	hidp__explanation_write(text, &e, parts);
	return HIDP_OK;
}

hidp_status hidp_plan_explain(const struct hidp_plan *plan, char *buffer, size_t size,
			      size_t *needed_out)
{
	struct hidp__text text;
	struct hidp__arena arena;
	if (plan == NULL || !hidp__text_begin(&text, buffer, size))
		return HIDP_ERR_ARGUMENT;
	hidp__arena_init(&arena, plan->arena.ctx);
	hidp_status s = explain(plan, &text, &arena);
	hidp__arena_destroy(&arena);
	return s == HIDP_OK ? hidp__text_end(&text, needed_out) : s;
}
