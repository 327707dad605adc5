/* SPDX-License-Identifier: MIT */
#include "planner/weights.h"

#include <string.h>

bool hidp__weights_new(struct hidp__weights *w, const struct hidp_cluster *c,
                       struct hidp__arena *arena)
{
	w->busy = hidp__arena_calloc(arena, c->processor_count, sizeof(double));
	w->transmit = hidp__arena_calloc(arena, c->node_count, sizeof(double));
	w->receive = hidp__arena_calloc(arena, c->node_count, sizeof(double));
	w->medium = hidp__arena_calloc(arena, (size_t)c->medium_count + 1, sizeof(double));
	return w->busy != NULL && w->transmit != NULL && w->receive != NULL && w->medium != NULL;
}

void hidp__weights_copy(struct hidp__weights *to, const struct hidp__weights *from,
                        const struct hidp_cluster *c)
{
	memcpy(to->busy, from->busy, c->processor_count * sizeof(double));
	memcpy(to->transmit, from->transmit, c->node_count * sizeof(double));
	memcpy(to->receive, from->receive, c->node_count * sizeof(double));
	memcpy(to->medium, from->medium, c->medium_count * sizeof(double));
}

void hidp__weights_price(const struct hidp__weights *w, const struct hidp_cluster *c,
                         struct hidp__prices *prices)
{
	memcpy(prices->busy, w->busy, c->processor_count * sizeof(double));
	memcpy(prices->transmit, w->transmit, c->node_count * sizeof(double));
	memcpy(prices->receive, w->receive, c->node_count * sizeof(double));
	memcpy(prices->medium, w->medium, c->medium_count * sizeof(double));
}

bool hidp__weights_begin(struct hidp__weights *w, const struct hidp__tables *t,
                         struct hidp__arena *arena)
{
	const struct hidp_cluster *c = t->problem->cluster;
	if (!hidp__weights_new(w, c, arena))
		return false;
	/* in proportion to speed, so that every processor is as dear as the others per layer */
	double sum = 0;
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		const struct hidp__site *site = &t->sites[n];
		for (uint32_t i = 0; i < site->usable_count; i++) {
			uint32_t q = site->usable[i];
			double total = 0;
			for (uint32_t l = 0; l < t->layer_count; l++) {
				double s = site->single_s[(size_t)l * site->processor_count + q];
				total += s < INFINITY ? s : 0;
			}
			double v = total > 0 ? 1 / total : 1;
			w->busy[site->first_processor + q] = v;
			sum += v;
		}
	}
	for (uint32_t q = 0; q < c->processor_count && sum > 0; q++)
		w->busy[q] /= sum;
	return true;
}

static void weigh(double *weights, const double *loads, uint32_t count, double step, double largest,
                  double *sum)
{
	for (uint32_t i = 0; i < count; i++) {
		double part = loads[i] / largest;
		weights[i] = weights[i] * exp(step * part) + 1e-4 * step * part;
		*sum += weights[i];
	}
}

static void scale(double *weights, uint32_t count, double factor)
{
	for (uint32_t i = 0; i < count; i++)
		weights[i] *= factor;
}

bool hidp__weights_adjust_by(struct hidp__weights *w, const struct hidp_cluster *c,
                             const struct hidp__evaluation *e, double step)
{
	double sum = 0;
	if (!(e->period_s > 0))
		return false;
	weigh(w->busy, e->busy_s, c->processor_count, step, e->period_s, &sum);
	weigh(w->transmit, e->transmit_s, c->node_count, step, e->period_s, &sum);
	weigh(w->receive, e->receive_s, c->node_count, step, e->period_s, &sum);
	weigh(w->medium, e->medium_busy_s, c->medium_count, step, e->period_s, &sum);
	scale(w->busy, c->processor_count, 1 / sum);
	scale(w->transmit, c->node_count, 1 / sum);
	scale(w->receive, c->node_count, 1 / sum);
	scale(w->medium, c->medium_count, 1 / sum);
	return true;
}

bool hidp__weights_adjust(struct hidp__weights *weights, const struct hidp_cluster *cluster,
                          const struct hidp__evaluation *evaluation)
{
	return hidp__weights_adjust_by(weights, cluster, evaluation, 0.5);
}
