/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_SEARCH_H
#define HIDP_PLANNER_SEARCH_H

#include "planner/assemble.h"

struct hidp__notes;

/*
 * One search for the best plan: what it works on, the best plan so far, and what is
 * proven. The strategies (auto.c, paper.c, single.c) offer it plans; every plan that
 * is offered goes through the one check and the one evaluator.
 */
struct hidp__search {
	const struct hidp__problem *problem;
	const struct hidp__tables *tables;
	struct hidp__notes *notes;      /* of earlier searches, or NULL */
	struct hidp__parts *parts;      /* of these tables (parts.h), or NULL */
	struct hidp__arena *arena;      /* lives as long as the search */
	struct hidp__arena offers;      /* emptied with every offer */
	struct hidp__arena kept;        /* holds the best */
	struct hidp__decisions best;
	double value;                   /* of the best; INFINITY: there is none */
	bool quickest_steps;            /* the steps of the best are the quickest for its stages */
	double lower_bound;
	struct hidp__evaluation last;   /* of the last plan that was offered, until the next */
	bool last_valid;
	double excess; /* least by which a plan broke a limit, relative; INFINITY: none did */
	struct hidp_diagnostic shortage; /* what that plan was short of */
	bool *is_short; /* [processor] its memory, or its node's, was short for some plan */
	bool restricted;                /* not all of the plan space is searched: nothing is proven */
	double path_value;              /* no plan without splits and branches over nodes is below */
	double mixed_value;             /* the period: no mixture of pipelines is below (pipeline.h) */
	bool exhausted;                 /* every plan that could be better was looked at */
	uint64_t work, work_limit;
	uint64_t work_before_exact;     /* what one look at the problem took */
};

/* A default for work_limit: hardly ever reached, by small problems that resist (exact.c). */
#define HIDP__WORK_DEFAULT 64000000

/* false: no memory; to be ended all the same. */
bool hidp__search_begin(struct hidp__search *search, const struct hidp__tables *tables,
                        struct hidp__arena *arena);
void hidp__search_end(struct hidp__search *search);

/*
 * Checks and evaluates a plan, and keeps it if it is the best so far. HIDP_OK also
 * when the plan was not worth keeping; HIDP_ERR_NOMEM.
 */
hidp_status hidp__search_offer(struct hidp__search *search, const struct hidp__decisions *plan);

/* Fills in the local level of a draft (assemble.h) and offers it. */
hidp_status hidp__search_offer_draft(struct hidp__search *search,
                                     const struct hidp__prices *prices,
                                     const struct hidp__bound *bound,
                                     enum hidp__local_modes modes,
                                     const struct hidp__decisions *draft);

/* Nothing below this can exist; only ever raised. */
void hidp__search_raise(struct hidp__search *search, double lower_bound);

/* Is the best plan proven to be the best there is? */
static inline bool hidp__search_done(const struct hidp__search *s)
{
	return s->lower_bound >= s->value * (1 - 1e-12);
}

/* The strategies. HIDP_OK also when they found nothing; HIDP_ERR_NOMEM. */
hidp_status hidp__search_single(struct hidp__search *search);
hidp_status hidp__search_paper(struct hidp__search *search);
hidp_status hidp__search_auto(struct hidp__search *search);

#endif
