/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REPORT_EXPLAIN_PRIV_H
#define HIDP_REPORT_EXPLAIN_PRIV_H

#include <hidp/status.h>

#include "report/report_priv.h"

/*
 * What planner/explain.c has found out about a plan by planning again, and what the
 * timeline shows: explain_text.c puts it into words.
 */

/* How a question differs from the one that the plan answers. */
enum hidp__restriction {
	HIDP__AS_ASKED, /* not at all */
	HIDP__WITHOUT_LATENCY_LIMIT,
	HIDP__WITHOUT_PERIOD_LIMIT,
	HIDP__WITHOUT_ENERGY_LIMIT,
	HIDP__PAPER_STRATEGY,
	HIDP__SINGLE_STRATEGY,
	HIDP__WITHOUT_NODE,      /* it computes nothing */
	HIDP__WITHOUT_PROCESSOR, /* likewise */
	HIDP__LAYERS_ON_NODE,    /* layers first to last are pinned to the node */
	HIDP__ALONE              /* single strategy, this node alone, no pins and limits */
};

/* Another question, and the best plan that was found for it. */
struct hidp__alternative {
	enum hidp__restriction restriction;
	hidp_node_id node;
	hidp_processor_id processor;
	hidp_layer_id first, last;
	hidp_status status;
	double objective; /* if status is HIDP_OK, as everything below */
	double arrival_s; /* HIDP__ALONE: of the input */
	double compute_s; /* HIDP__ALONE: on `processor` */
	char reason[160]; /* if it is not */
};

/* Stages that follow each other and are carried out in the same way by the same nodes. */
struct hidp__stage_group {
	uint32_t first, count;
	uint32_t *alternatives; /* numbers of those that forbid what the stages do, best first */
	uint32_t alternative_count;
};

enum hidp__absence {
	HIDP__COMPUTES, /* it is not absent */
	HIDP__EXCLUDED, /* by the options */
	HIDP__UNAVAILABLE,
	HIDP__LOADED,      /* others take all of it */
	HIDP__UNREACHABLE, /* every layer needs a way there from the input, or back to the output node */
	HIDP__NOT_WORTH_IT
};

/* Most layers that are pinned, one at a time, to a node that was left out. */
#define HIDP__PINS_TRIED 3u

struct hidp__explanation {
	const struct hidp__timeline *timeline;
	uint32_t alternative_count;
	struct hidp__alternative *alternatives;
	uint32_t general_count; /* the first ones, which are about the whole plan */
	uint32_t group_count;
	struct hidp__stage_group *groups;
	enum hidp__absence *absence;          /* [node] */
	struct hidp__alternative *alone;      /* [node] */
	uint32_t (*pinned)[HIDP__PINS_TRIED]; /* [node] numbers of alternatives, UINT32_MAX: none */
	uint32_t not_planned;                 /* questions beyond the bound */
};

/* What of a plan's cost is looked at: its objective, or the largest part of a weighted sum. */
hidp_objective hidp__report_basis(const struct hidp__timeline *timeline);

/*
 * What the cost of a group of stages is made of. Time: along the path of shares, steps
 * and messages that everything else waits for. Period: busy time of the resources.
 * Energy: what processors, links and idle nodes take.
 */
enum hidp__part_kind {
	HIDP__PART_LANE,     /* a processor, a link, a medium */
	HIDP__PART_HANDOVER, /* hand-overs and copies on a node */
	HIDP__PART_IDLE,     /* power of a node that is switched on */
	HIDP__PART_TRANSMIT, /* the network interface of a node */
	HIDP__PART_RECEIVE
};

struct hidp__part {
	enum hidp__part_kind kind;
	uint32_t number; /* of the lane or node */
	double value;
};

struct hidp__parts {
	double total;
	uint32_t count;
	struct hidp__part *parts; /* the largest first */
};

/* Parts of the cost of stages [first, first + count). false: no memory. */
bool hidp__report_parts(const struct hidp__timeline *timeline, uint32_t first, uint32_t count,
			struct hidp__parts *parts, struct hidp__arena *arena);
/* Parts of the cost of the whole plan, in the resources' own figures. false: no memory. */
bool hidp__report_all_parts(const struct hidp__timeline *timeline, struct hidp__parts *parts,
			    struct hidp__arena *arena);

/* Writes the whole text. parts[0]: of the plan, parts[1 + g]: of group g. */
void hidp__explanation_write(struct hidp__text *text, const struct hidp__explanation *explanation,
			     const struct hidp__parts *parts);

/* Not made by hand; a plan that a planner recalled took no steps, but it has a bound. */
static inline bool hidp__was_searched(const struct hidp_plan_figures *figures)
{
	return figures->work != 0 || figures->lower_bound > 0;
}

#endif
