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

static const double *go_towards(double *weights, const double *others, double part, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		weights[i] += part * (others[i] - weights[i]);
	return others + count;
}

void hidp__weights_towards(struct hidp__weights *w, const double *others, double part,
                           const struct hidp_cluster *c)
{
	others = go_towards(w->busy, others, part, c->processor_count);
	others = go_towards(w->transmit, others, part, c->node_count);
	others = go_towards(w->receive, others, part, c->node_count);
	go_towards(w->medium, others, part, c->medium_count);
}

/* What a second of the node's transfers costs: nothing on a hub, and its processors' time where
 * they do the work. */
static double transfer_weight(const struct hidp__weights *w, const struct hidp__node *n, double own)
{
	double sum = 0;
	if (n->desc.flags & HIDP_NODE_HUB)
		return 0;
	if (!(n->desc.flags & HIDP_NODE_TRANSFERS_ARE_WORK))
		return own;
	for (uint32_t q = 0; q < n->processor_count; q++)
		sum += w->busy[n->first_processor + q];
	return sum;
}

void hidp__weights_price(const struct hidp__weights *w, const struct hidp_cluster *c,
                         struct hidp__prices *prices)
{
	memcpy(prices->busy, w->busy, c->processor_count * sizeof(double));
	memcpy(prices->medium, w->medium, c->medium_count * sizeof(double));
	for (hidp_node_id n = 0; n < c->node_count; n++) {
		prices->transmit[n] = transfer_weight(w, &c->nodes[n], w->transmit[n]);
		prices->receive[n] = transfer_weight(w, &c->nodes[n], w->receive[n]);
	}
}

/* In proportion to speed, so that every processor is as dear as the others per layer. */
static double weigh_node(struct hidp__weights *w, const struct hidp__tables *t, hidp_node_id node)
{
	const struct hidp__site *site = &t->sites[node];
	double sum = 0;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		double total = 0;
		for (uint32_t l = 0; l < t->layer_count; l++) {
			double s = site->single_s[(size_t)l * site->processor_count + q];
			total += s < INFINITY ? s : 0;
		}
		w->busy[site->first_processor + q] = total > 0 ? 1 / total : 1;
		sum += w->busy[site->first_processor + q];
	}
	return sum;
}

static void scale(double *weights, uint32_t count, double factor)
{
	for (uint32_t i = 0; i < count; i++)
		weights[i] *= factor;
}

bool hidp__weights_begin(struct hidp__weights *w, const struct hidp__tables *t,
                         struct hidp__arena *arena)
{
	double sum = 0;
	if (!hidp__weights_new(w, t->problem->cluster, arena))
		return false;
	for (hidp_node_id n = 0; n < t->node_count; n++)
		sum += weigh_node(w, t, n);
	scale(w->busy, t->problem->cluster->processor_count, sum > 0 ? 1 / sum : 1);
	return true;
}

bool hidp__weights_of_node(struct hidp__weights *w, const struct hidp__tables *t,
                           hidp_node_id node, struct hidp__arena *arena)
{
	if (!hidp__weights_new(w, t->problem->cluster, arena))
		return false;
	double sum = weigh_node(w, t, node);
	scale(w->busy, t->problem->cluster->processor_count, sum > 0 ? 1 / sum : 1);
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

static const double *weigh_all(double *weights, const double *loads, uint32_t count, double step,
                               double largest, double *sum)
{
	weigh(weights, loads, count, step, largest, sum);
	return loads + count;
}

bool hidp__weights_raise(struct hidp__weights *w, const double *loads, double step,
                         const struct hidp_cluster *c)
{
	size_t count = hidp__resource_count(c);
	double largest = 0, sum = 0;
	for (size_t i = 0; i < count; i++)
		largest = loads[i] > largest ? loads[i] : largest;
	if (!(largest > 0))
		return false;
	loads = weigh_all(w->busy, loads, c->processor_count, step, largest, &sum);
	loads = weigh_all(w->transmit, loads, c->node_count, step, largest, &sum);
	loads = weigh_all(w->receive, loads, c->node_count, step, largest, &sum);
	weigh_all(w->medium, loads, c->medium_count, step, largest, &sum);
	scale(w->busy, c->processor_count, 1 / sum);
	scale(w->transmit, c->node_count, 1 / sum);
	scale(w->receive, c->node_count, 1 / sum);
	scale(w->medium, c->medium_count, 1 / sum);
	return true;
}
