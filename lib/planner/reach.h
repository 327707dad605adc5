/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_REACH_H
#define HIDP_PLANNER_REACH_H

#include "planner/problem.h"

/*
 * How far a share of a split stage reaches beyond its own rows: the halo that the
 * layers behind force on each layer, above and below, followed back layer by layer.
 */
struct hidp__reach {
	double *above, *below; /* [layer_count] rows; valid where stamp is mark */
	uint32_t *stamp;
	uint32_t mark;
};

static inline bool hidp__reach_new(struct hidp__reach *r, uint32_t layers,
                                   struct hidp__arena *arena)
{
	*r = (struct hidp__reach){.above = hidp__arena_alloc(arena, layers, sizeof *r->above),
	                          .below = hidp__arena_alloc(arena, layers, sizeof *r->below),
	                          .stamp = hidp__arena_calloc(arena, layers, sizeof *r->stamp)};
	return r->above != NULL && r->below != NULL && r->stamp != NULL;
}

/* Another stage, of which no layer is known yet. */
static inline void hidp__reach_clear(struct hidp__reach *r)
{
	r->mark++;
}

/* Rows on the side that reaches less: what every share has, also the first and the last. */
static inline double hidp__reach_least(const struct hidp__reach *r, uint32_t place)
{
	if (r->stamp[place] != r->mark)
		return 0;
	return r->above[place] < r->below[place] ? r->above[place] : r->below[place];
}

/* Rows on both sides. */
static inline double hidp__reach_both(const struct hidp__reach *r, uint32_t place)
{
	return r->stamp[place] == r->mark ? r->above[place] + r->below[place] : 0;
}

/*
 * Takes a layer into the stage, the layers behind it being in it: what it reads. With
 * `least` no share reaches less, however rows are cut: where a cut between output rows is
 * not one between input rows, owning rounds by up to a stride less a row (or less than a
 * row), and by up to a row on either side where they are no whole multiples.
 */
static inline void hidp__reach_back(struct hidp__reach *r, const struct hidp__tables *t,
                                    uint32_t place, bool least)
{
	const struct hidp__work *w = &t->layers[place];
	bool known = r->stamp[place] == r->mark;
	double above = known ? r->above[place] : 0, below = known ? r->below[place] : 0;
	for (uint32_t i = 0; i < w->feed_count; i++) {
		const struct hidp_row_rule *rule = &w->feeds[i].rule;
		uint32_t from = w->feeds[i].place;
		if (from == UINT32_MAX)
			continue;
		double d = (double)rule->divisor, stride = (double)rule->stride / d;
		double up = above * stride + (double)rule->pad / d;
		double down = below * stride +
		              (double)(rule->extent - rule->stride - rule->pad) / d;
		if (least && (double)w->feeds[i].rows != stride * (double)w->rows) {
			up -= 1 + stride;
			down -= 1 + stride;
		} else if (least) {
			up -= (d - 1) / d;
			down -= stride > 1 ? stride - 1 : 0;
		}
		if (r->stamp[from] != r->mark) {
			r->stamp[from] = r->mark;
			r->above[from] = r->below[from] = 0;
		}
		r->above[from] = up > r->above[from] ? up : r->above[from];
		r->below[from] = down > r->below[from] ? down : r->below[from];
	}
}

#endif
