/* SPDX-License-Identifier: MIT */
#include "plan/needs.h"

bool hidp__needs_init(struct hidp__needs *needs, const struct hidp_model *model,
                      struct hidp__arena *arena)
{
	uint32_t n = model->layer_count;
	*needs = (struct hidp__needs){.model = model};
	needs->list = hidp__arena_alloc(arena, n, sizeof *needs->list);
	needs->rows = hidp__arena_alloc(arena, n, sizeof *needs->rows);
	needs->made = hidp__arena_calloc(arena, n, sizeof *needs->made);
	needs->listed = hidp__arena_calloc(arena, n, sizeof *needs->listed);
	return needs->list != NULL && needs->rows != NULL && needs->made != NULL &&
	       needs->listed != NULL;
}

void hidp__needs_of(struct hidp__needs *needs, const hidp_layer_id *layers,
                    const struct hidp__span *comp, uint32_t count)
{
	needs->stamp++;
	needs->count = 0;
	for (uint32_t i = 0; i < count; i++)
		needs->made[layers[i]] = needs->stamp;
	for (uint32_t i = 0; i < count; i++) {
		const struct hidp__layer *l = &needs->model->layers[layers[i]];
		for (uint32_t k = 0; k < l->input_count; k++) {
			hidp_layer_id in = l->inputs[k].layer;
			if (needs->made[in] == needs->stamp)
				continue;
			struct hidp__span rows =
			        hidp__rule_need(&l->inputs[k].rule,
			                        needs->model->layers[in].shape.rows, comp[i]);
			if (hidp__span_empty(rows))
				continue;
			if (needs->listed[in] == needs->stamp) {
				needs->rows[in] = hidp__span_hull(needs->rows[in], rows);
				continue;
			}
			needs->listed[in] = needs->stamp;
			needs->rows[in] = rows;
			/* the list is short; keep it in order */
			uint32_t at = needs->count++;
			for (; at > 0 && needs->list[at - 1] > in; at--)
				needs->list[at] = needs->list[at - 1];
			needs->list[at] = in;
		}
	}
}
