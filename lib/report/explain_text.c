/* SPDX-License-Identifier: MIT */
/* An explanation: stage by stage, then the nodes that have none. */
#include <stdio.h>

#include "report/explain_words.h"

#define GROUPS_SHOWN 6u /* ways in which processors of a share work together */
#define ALTERNATIVES_SHOWN 6u

/* "cpu 21 % + gpu 79 % by rows, 11 layers". */
static void add_layer_group(struct hidp__words *w, hidp_node_id node,
			    const struct hidp__layer_group *group)
{
	static const char *const by[] = {"", "", " by rows", " by channels", " by branches"};
	uint32_t shown = 0, more = 0;
	for (uint32_t p = 0; p < 64; p++) {
		if (!(group->processors >> p & 1))
			continue;
		if (shown == 4) {
			more++;
			continue;
		}
		hidp__say(w, shown++ == 0 ? "" : " + ");
		hidp__say_processor(w, node, p);
		if (group->kind != HIDP_STEP_SINGLE) {
			hidp__say(w, " ");
			hidp__say_percent(w, group->parts[p], group->layers);
		}
	}
	if (more != 0) {
		hidp__say(w, " + ");
		hidp__say_count(w, more, "more", "more");
	}
	hidp__say(w, by[group->kind <= HIDP_STEP_BRANCH ? group->kind : 0]);
	hidp__say(w, ", ");
	hidp__say_count(w, group->layers, "layer", "layers");
}

static void add_share(struct hidp__words *w, const struct hidp__stage_group *group, uint32_t k)
{
	struct hidp_stage_desc stage = hidp__report_stage(w->t->plan, group->first);
	struct hidp_share_desc share = hidp__report_share(w->t->plan, group->first, k);
	struct hidp__layer_group groups[GROUPS_SHOWN];
	char part[80];
	uint32_t others;
	uint32_t count = hidp__report_layer_groups(w->t, group->first, group->count, k, groups,
						   GROUPS_SHOWN, &others);
	hidp__say_begin(w, 2, 4);
	hidp__say_node(w, share.node);
	hidp__say(w, " computes ");
	hidp__say(w, hidp__report_part(&stage, &share, part));
	if (stage.kind == HIDP_STAGE_SPLIT) {
		hidp__say(w, " (");
		hidp__say_percent(w, (double)(share.row_end - share.row_begin),
				  (double)stage.row_units);
		hidp__say(w, ")");
	}
	for (uint32_t g = 0; g < count; g++) {
		hidp__say(w, g == 0 ? ": " : "; ");
		add_layer_group(w, share.node, &groups[g]);
	}
	if (others != 0) {
		hidp__say(w, "; otherwise ");
		hidp__say_count(w, others, "layer", "layers");
	}
	hidp__say_end(w);
}

static void add_binding(struct hidp__words *w, const struct hidp__parts *parts)
{
	if (parts->count == 0)
		return;
	hidp__say_begin(w, 2, 4);
	hidp__say(w, w->basis == HIDP_OBJECTIVE_ENERGY ? "Largest consumer: " : "Binding: ");
	hidp__say_part_name(w, &parts->parts[0]);
	hidp__say(w, w->basis == HIDP_OBJECTIVE_PERIOD ? ", busy " : ", ");
	hidp__say_part_value(w, parts->parts[0].value);
	hidp__say(w, w->basis == HIDP_OBJECTIVE_ENERGY   ? " of about "
		     : w->basis == HIDP_OBJECTIVE_PERIOD ? " of the "
							 : " of ");
	hidp__say_part_value(w, parts->total);
	hidp__say(w, w->basis == HIDP_OBJECTIVE_PERIOD ? " period (" : " (");
	hidp__say_percent(w, parts->parts[0].value, parts->total);
	hidp__say(w, ")");
	if (parts->count > 1) {
		hidp__say(w, "; then ");
		hidp__say_part_name(w, &parts->parts[1]);
		hidp__say(w, ", ");
		hidp__say_part_value(w, parts->parts[1].value);
	}
	hidp__say(w, ".");
	hidp__say_end(w);
}

static void add_choices(struct hidp__words *w, const struct hidp__stage_group *group)
{
	const struct hidp__alternative *all = w->e->alternatives;
	uint32_t count = group->alternative_count;
	if (count == 0)
		return;
	hidp__say_begin(w, 2, 4);
	if (all[group->alternatives[0]].status != HIDP_OK)
		hidp__say(w, count == 1 ? "No plan was found for the alternative: "
					: "No plan was found for any alternative: ");
	else if (count == 1)
		hidp__say(w, "The alternative that was planned: ");
	else
		hidp__say_count(w, count, "", "alternatives were planned, the best first: ");
	for (uint32_t i = 0; i < count && i < ALTERNATIVES_SHOWN; i++) {
		hidp__say(w, i == 0 ? "" : "; ");
		hidp__say_alternative(w, &all[group->alternatives[i]]);
	}
	if (count > ALTERNATIVES_SHOWN) {
		hidp__say(w, "; ");
		hidp__say_count(w, count - ALTERNATIVES_SHOWN, "more", "more");
	}
	hidp__say(w, ".");
	hidp__say_end(w);
}

static void add_group(struct hidp__words *w, const struct hidp__stage_group *group,
		      const struct hidp__parts *parts)
{
	const struct hidp__timeline *t = w->t;
	struct hidp_stage_desc stage = hidp__report_stage(t->plan, group->first);
	uint32_t last = group->first + group->count - 1;
	struct hidp__layer_range layers = hidp__report_stage_layers(t->plan, group->first);
	double duration = t->stage_start_s[last + 1] - t->stage_start_s[group->first];
	char buffer[HIDP__LABEL_SIZE];
	layers.last = hidp__report_stage_layers(t->plan, last).last;
	for (uint32_t s = group->first + 1; s <= last; s++)
		layers.count += hidp__report_stage_layers(t->plan, s).count;
	if (group->count == 1)
		snprintf(buffer, sizeof buffer, "Stage %u, ", group->first + 1);
	else
		snprintf(buffer, sizeof buffer, "Stages %u to %u, ", group->first + 1, last + 1);
	hidp__text_adds(w->text, "\n");
	hidp__say_begin(w, 0, 4);
	hidp__say(w, buffer);
	hidp__say(w, hidp__report_stage_kind(stage.kind));
	hidp__say(w, ": ");
	hidp__say(w, hidp__report_range(t->model, &layers, HIDP__LAYER_COLUMNS, buffer));
	hidp__say(w, ", ");
	hidp__say_count(w, layers.count, "layer", "layers");
	hidp__say(w, ", ");
	hidp__say_seconds(w, duration);
	hidp__say(w, ", ");
	hidp__say_percent(w, duration, t->figures.latency_s);
	hidp__say(w, " of the latency");
	hidp__say_end(w);
	for (uint32_t k = 0; k < stage.share_count && k < HIDP__LISTED; k++)
		add_share(w, group, k);
	if (stage.share_count > HIDP__LISTED) {
		hidp__say_begin(w, 2, 4);
		hidp__say(w, "and ");
		hidp__say_count(w, stage.share_count - HIDP__LISTED, "node more", "nodes more");
		hidp__say_end(w);
	}
	add_binding(w, parts);
	add_choices(w, group);
}

static void add_delivery(struct hidp__words *w)
{
	const struct hidp__timeline *t = w->t;
	const struct hidp__share_times *delivery = &t->shares[t->stage_count][0];
	if (!(delivery->arrival_s > 0))
		return;
	hidp__text_adds(w->text, "\n");
	hidp__say_begin(w, 0, 4);
	hidp__say(w, "Delivery: ");
	hidp__say_bytes(w, delivery->receive_bytes);
	hidp__say(w, " of results, ");
	hidp__say_seconds(w, t->figures.latency_s - t->stage_start_s[t->stage_count]);
	hidp__say(w, ".");
	hidp__say_end(w);
}

static void add_alone(struct hidp__words *w, const struct hidp__alternative *alone)
{
	if (alone->status != HIDP_OK) {
		hidp__say(w, " alone it cannot run the model");
		hidp__say_reason(w, alone);
		hidp__say(w, ".");
		return;
	}
	hidp__say(w, " alone ");
	hidp__say_value(w, alone->objective);
	hidp__say(w, " against ");
	hidp__say_value(w, w->t->figures.objective);
	hidp__say(w, ", ");
	hidp__say_comparison(w, alone->objective);
	hidp__say(w, ": its quickest processor, ");
	hidp__say_processor(w, alone->node, alone->processor);
	hidp__say(w, ", computes for ");
	hidp__say_seconds(w, alone->compute_s);
	if (alone->arrival_s > 0) {
		hidp__say(w, ", and the input takes ");
		hidp__say_seconds(w, alone->arrival_s);
		hidp__say(w, " to get there");
	}
	hidp__say(w, ".");
}

static void add_pinned(struct hidp__words *w, const uint32_t pinned[HIDP__PINS_TRIED])
{
	const struct hidp__explanation *e = w->e;
	uint32_t best = hidp__best_alternative(e, pinned, HIDP__PINS_TRIED), tried = 0;
	for (uint32_t i = 0; i < HIDP__PINS_TRIED; i++) {
		if (pinned[i] == UINT32_MAX)
			continue;
		hidp__say(w, tried++ == 0 ? " Planned with " : ", ");
		hidp__say_layer(w, e->alternatives[pinned[i]].first);
	}
	if (tried == 0)
		return;
	hidp__say(w, tried == 1 ? " on it: " : " on it, one at a time: ");
	if (best == UINT32_MAX) {
		hidp__say(w, "no plan was found.");
		return;
	}
	hidp__say_value(w, e->alternatives[best].objective);
	hidp__say(w, ", ");
	hidp__say_comparison(w, e->alternatives[best].objective);
	if (tried > 1) {
		hidp__say(w, ", with ");
		hidp__say_layer(w, e->alternatives[best].first);
	}
	hidp__say(w, ".");
}

static void add_left_out(struct hidp__words *w)
{
	static const char *const why[] = {
		"",
		" excluded by the options.",
		" not available.",
		" its processors are fully taken by others.",
		" no way there from the input, or back to where the result is wanted.",
		"",
	};
	const struct hidp__explanation *e = w->e;
	bool any = false;
	for (hidp_node_id n = 0; n < w->t->node_count; n++) {
		if (e->absence[n] == HIDP__COMPUTES)
			continue;
		if (!any)
			hidp__text_adds(w->text, "\nNodes that compute nothing\n");
		any = true;
		hidp__say_begin(w, 2, 4);
		hidp__say_node(w, n);
		if (n == w->t->options.leader)
			hidp__say(w, ", the leader");
		hidp__say(w, ":");
		hidp__say(w, why[e->absence[n]]);
		if (e->absence[n] == HIDP__NOT_WORTH_IT) {
			add_alone(w, &e->alone[n]);
			add_pinned(w, e->pinned[n]);
		}
		hidp__say_end(w);
	}
}

/* Processors that rest on nodes that compute. */
static void add_resting(struct hidp__words *w)
{
	const struct hidp__timeline *t = w->t;
	uint32_t shown = 0, more = 0;
	for (uint32_t l = 0; l < t->lane_count; l++) {
		const struct hidp__lane *lane = &t->lanes[l];
		if (lane->kind != HIDP__LANE_PROCESSOR || lane->busy_s > 0 ||
		    w->e->absence[lane->node] != HIDP__COMPUTES)
			continue;
		if (shown == 2 * HIDP__LISTED) {
			more++;
			continue;
		}
		if (shown == 0) {
			hidp__text_adds(w->text, "\n");
			hidp__say_begin(w, 0, 4);
			hidp__say(w, "Processors that rest on nodes that compute: ");
		}
		hidp__say(w, shown++ == 0 ? "" : ", ");
		hidp__say_processor(w, lane->node, lane->processor);
		hidp__say(w, " of ");
		hidp__say_node(w, lane->node);
	}
	if (more != 0) {
		hidp__say(w, " and ");
		hidp__say_count(w, more, "more", "more");
	}
	if (shown != 0) {
		hidp__say(w, ".");
		hidp__say_end(w);
	}
}

void hidp__explanation_write(struct hidp__text *text, const struct hidp__explanation *e,
			     const struct hidp__parts *parts)
{
	struct hidp__words w = {.text = text, .t = e->timeline, .e = e};
	w.basis = hidp__report_basis(e->timeline);
	hidp__say_head(&w, &parts[0]);
	for (uint32_t g = 0; g < e->group_count; g++)
		add_group(&w, &e->groups[g], &parts[1 + g]);
	add_delivery(&w);
	add_left_out(&w);
	add_resting(&w);
	hidp__text_adds(text, "\n");
	hidp__say_begin(&w, 0, 4);
	hidp__say(&w,
		  "Each alternative is the best plan that was found under its restriction; there "
		  "may be better ones.");
	if (e->not_planned != 0) {
		hidp__say(&w, " ");
		hidp__say_count(&w, e->not_planned, "more was", "more were");
		hidp__say(&w, " not planned, for time.");
	}
	hidp__say_end(&w);
}
