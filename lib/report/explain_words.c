/* SPDX-License-Identifier: MIT */
/* The phrases of which an explanation is made. */
#include "report/explain_words.h"

#include <math.h>
#include <stdio.h>

#define LABEL 13        /* column at which the text beside a label begins */
#define NAME_COLUMNS 20 /* longest name of a node or processor, as in the table */
#define REASON_COLUMNS 120u

void hidp__say_begin(struct hidp__words *w, size_t margin, size_t indent)
{
	hidp__prose_begin(&w->prose, w->text, margin, indent);
}

void hidp__say_label(struct hidp__words *w, const char *label)
{
	hidp__say_begin(w, 2, LABEL);
	hidp__prose_label(&w->prose, label);
}

void hidp__say_end(struct hidp__words *w)
{
	hidp__prose_end(&w->prose);
}

void hidp__say(struct hidp__words *w, const char *string)
{
	hidp__prose_add(&w->prose, string);
}

void hidp__say_count(struct hidp__words *w, uint32_t count, const char *one, const char *more)
{
	char buffer[80];
	snprintf(buffer, sizeof buffer, "%u %s", count, count == 1 ? one : more);
	hidp__say(w, buffer);
}

void hidp__say_seconds(struct hidp__words *w, double seconds)
{
	char buffer[32];
	hidp__say(w, hidp__text_seconds(seconds, buffer));
}

void hidp__say_bytes(struct hidp__words *w, uint64_t bytes)
{
	char buffer[32];
	hidp__say(w, hidp__text_bytes((double)bytes, buffer));
}

void hidp__say_percent(struct hidp__words *w, double part, double whole)
{
	char number[32], buffer[40];
	hidp__text_fixed(whole > 0 ? 100 * part / whole : 0, 0, number);
	snprintf(buffer, sizeof buffer, "%s %%", number);
	hidp__say(w, buffer);
}

void hidp__say_name(struct hidp__words *w, const char *name, size_t columns)
{
	char buffer[HIDP__LABEL_SIZE];
	hidp__say(w, hidp__text_fit(name, columns, buffer, sizeof buffer));
}

void hidp__say_node(struct hidp__words *w, hidp_node_id node)
{
	hidp__say_name(w, hidp__report_node_name(w->t->cluster, node), NAME_COLUMNS);
}

void hidp__say_processor(struct hidp__words *w, hidp_node_id node, hidp_processor_id processor)
{
	hidp__say_name(w, hidp__report_processor_name(w->t->cluster, node, processor),
		       NAME_COLUMNS);
}

void hidp__say_layer(struct hidp__words *w, hidp_layer_id layer)
{
	hidp__say_name(w, hidp__report_layer_name(w->t->model, layer), HIDP__LAYER_COLUMNS);
}

void hidp__say_value(struct hidp__words *w, double value)
{
	char buffer[32];
	hidp__say(w, hidp__report_value(w->t, value, buffer));
}

/* "12 % more", "2.3 times as much". */
void hidp__say_comparison(struct hidp__words *w, double value)
{
	double own = w->t->figures.objective;
	double more = own > 0 ? 100 * (value / own - 1) : 0;
	char number[32], buffer[64];
	if (!(fabs(more) >= 1e-7))
		snprintf(buffer, sizeof buffer, "the same");
	else if (fabs(more) < 0.05)
		snprintf(buffer, sizeof buffer, "less than 0.1 %% %s", more > 0 ? "more" : "less");
	else if (more >= 99.5)
		snprintf(buffer, sizeof buffer, "%s times as much",
			 hidp__text_fixed(value / own, value / own < 9.95 ? 1 : 0, number));
	else
		snprintf(buffer, sizeof buffer, "%s %% %s",
			 hidp__text_fixed(fabs(more), fabs(more) < 9.95 ? 1 : 0, number),
			 more > 0 ? "more" : "less");
	hidp__say(w, buffer);
}

void hidp__say_part_name(struct hidp__words *w, const struct hidp__part *part)
{
	static const char *const words[] = {"", "hand-overs and copies on ", "idle power of ",
					    "sending by ", "receiving by "};
	if (part->kind != HIDP__PART_LANE) {
		hidp__say(w, words[part->kind]);
		hidp__say_node(w, part->number);
		return;
	}
	const struct hidp__lane *lane = &w->t->lanes[part->number];
	switch (lane->kind) {
	case HIDP__LANE_PROCESSOR:
		hidp__say_processor(w, lane->node, lane->processor);
		hidp__say(w, " of ");
		hidp__say_node(w, lane->node);
		break;
	case HIDP__LANE_LINK:
		hidp__say(w, "the link ");
		hidp__say_node(w, lane->node);
		hidp__say(w, " to ");
		hidp__say_node(w, lane->to);
		break;
	case HIDP__LANE_SENDS:
		hidp__say(w, "messages of ");
		hidp__say_node(w, lane->node);
		break;
	case HIDP__LANE_MEDIUM:
		hidp__say(w, "the medium ");
		hidp__say_name(w, hidp_cluster_medium_name(w->t->cluster, lane->medium),
			       NAME_COLUMNS);
		break;
	}
}

void hidp__say_part_value(struct hidp__words *w, double value)
{
	char buffer[32];
	if (w->basis == HIDP_OBJECTIVE_ENERGY)
		hidp__say(w, hidp__text_joules(value, buffer));
	else
		hidp__say_seconds(w, value);
}

void hidp__say_restriction(struct hidp__words *w, const struct hidp__alternative *a)
{
	switch (a->restriction) {
	case HIDP__PAPER_STRATEGY:
		hidp__say(w, "the paper's strategy");
		break;
	case HIDP__SINGLE_STRATEGY:
		hidp__say(w, "the whole model on one processor");
		break;
	case HIDP__WITHOUT_NODE:
		hidp__say(w, "without ");
		hidp__say_node(w, a->node);
		break;
	case HIDP__WITHOUT_PROCESSOR:
		hidp__say(w, "without ");
		hidp__say_processor(w, a->node, a->processor);
		hidp__say(w, " of ");
		hidp__say_node(w, a->node);
		break;
	case HIDP__LAYERS_ON_NODE:
		hidp__say(w, a->first == a->last ? "this layer on " : "these layers on ");
		hidp__say_node(w, a->node);
		break;
	default:
		hidp__say(w, "the planner's own plan");
		break;
	}
}

void hidp__say_reason(struct hidp__words *w, const struct hidp__alternative *a)
{
	char buffer[HIDP__LABEL_SIZE];
	hidp__say(w, " (");
	hidp__say(w, hidp__text_fit(a->reason, REASON_COLUMNS, buffer, sizeof buffer));
	hidp__say(w, ")");
}

void hidp__say_alternative(struct hidp__words *w, const struct hidp__alternative *a)
{
	hidp__say_restriction(w, a);
	if (a->status == HIDP_OK) {
		hidp__say(w, ", ");
		hidp__say_value(w, a->objective);
		hidp__say(w, ", ");
		hidp__say_comparison(w, a->objective);
		if (hidp__was_searched(&w->t->figures) && a->objective < w->t->figures.objective * (1 - 1e-9))
			hidp__say(w, ", which the search had missed");
	} else {
		hidp__say(w, ", none found");
		hidp__say_reason(w, a);
	}
}

uint32_t hidp__best_alternative(const struct hidp__explanation *e, const uint32_t *numbers,
				uint32_t count)
{
	uint32_t best = UINT32_MAX;
	for (uint32_t i = 0; i < count; i++) {
		if (numbers[i] == UINT32_MAX)
			continue;
		const struct hidp__alternative *a = &e->alternatives[numbers[i]];
		if (a->status == HIDP_OK &&
		    (best == UINT32_MAX || a->objective < e->alternatives[best].objective))
			best = numbers[i];
	}
	return best;
}
