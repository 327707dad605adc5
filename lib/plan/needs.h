/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLAN_NEEDS_H
#define HIDP_PLAN_NEEDS_H

#include "base/arena.h"
#include "base/spans.h"
#include "model/model_priv.h"

/*
 * What some layers read that they do not make: the tensors and the hull of the
 * rows of each. One object serves many questions, without allocating for them.
 */
struct hidp__needs {
	const struct hidp_model *model;
	uint32_t count;
	hidp_layer_id *list;     /* [count] tensors needed, rising */
	struct hidp__span *rows; /* [layer] rows needed of those in the list */
	uint32_t *made;          /* [layer] == stamp: one of the layers asked about */
	uint32_t *listed;        /* [layer] == stamp: in the list */
	uint32_t stamp;
};

/* false: no memory. */
bool hidp__needs_init(struct hidp__needs *needs, const struct hidp_model *model,
                      struct hidp__arena *arena);

/* layers[count] compute the rows comp[count]; those that compute none need nothing. */
void hidp__needs_of(struct hidp__needs *needs, const hidp_layer_id *layers,
                    const struct hidp__span *comp, uint32_t count);

static inline bool hidp__needs_makes(const struct hidp__needs *needs, hidp_layer_id layer)
{
	return needs->made[layer] == needs->stamp;
}

#endif
