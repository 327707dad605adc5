/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REPORT_EXPLAIN_WORDS_H
#define HIDP_REPORT_EXPLAIN_WORDS_H

#include "report/explain_priv.h"
#include "report/prose.h"

#define HIDP__LAYER_COLUMNS 48u /* longest "first .. last" */
#define HIDP__LISTED 8u         /* nodes of a list before the rest is counted */

/* An explanation while it is written. */
struct hidp__words {
	struct hidp__prose prose;
	struct hidp__text *text;
	const struct hidp__timeline *t;
	const struct hidp__explanation *e;
	hidp_objective basis; /* hidp__report_basis() */
};

/* A paragraph: its first line begins at `margin`, the others at `indent`. */
void hidp__say_begin(struct hidp__words *w, size_t margin, size_t indent);
/* A paragraph beside a label. */
void hidp__say_label(struct hidp__words *w, const char *label);
void hidp__say_end(struct hidp__words *w);

/* Phrases. */
void hidp__say(struct hidp__words *w, const char *string);
void hidp__say_count(struct hidp__words *w, uint32_t count, const char *one, const char *more);
void hidp__say_seconds(struct hidp__words *w, double seconds);
void hidp__say_bytes(struct hidp__words *w, uint64_t bytes);
void hidp__say_percent(struct hidp__words *w, double part, double whole);
void hidp__say_name(struct hidp__words *w, const char *name, size_t columns);
void hidp__say_node(struct hidp__words *w, hidp_node_id node);
void hidp__say_processor(struct hidp__words *w, hidp_node_id node, hidp_processor_id processor);
void hidp__say_layer(struct hidp__words *w, hidp_layer_id layer);
void hidp__say_value(struct hidp__words *w, double value);
void hidp__say_comparison(struct hidp__words *w, double value);
void hidp__say_part_name(struct hidp__words *w, const struct hidp__part *part);
void hidp__say_part_value(struct hidp__words *w, double value);
void hidp__say_restriction(struct hidp__words *w, const struct hidp__alternative *a);
void hidp__say_reason(struct hidp__words *w, const struct hidp__alternative *a);
void hidp__say_alternative(struct hidp__words *w, const struct hidp__alternative *a);

/* The feasible alternative with the smallest objective; UINT32_MAX: there is none. */
uint32_t hidp__best_alternative(const struct hidp__explanation *e, const uint32_t *numbers,
				uint32_t count);

/* explain_head.c: what is true of the whole plan. */
void hidp__say_head(struct hidp__words *w, const struct hidp__parts *parts);

#endif
