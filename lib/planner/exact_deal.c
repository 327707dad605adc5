/* SPDX-License-Identifier: MIT */
/*
 * Requests dealt to the routes of a complete plan. One replica stage: its shares are the
 * routes, and their best mixture is known. With several, the fractions of the stages
 * multiply, and only some mixtures of routes can be had.
 */
#include "planner/exact_priv.h"

#include <string.h>

/* [stage][share]; 1 for stages that are no replicas. */
struct fractions {
	double of[HIDP__EXACT_LAYERS_MAX][HIDP__EXACT_NODES_MAX];
};

struct hands {
	struct hidp__exact *x;
	uint32_t depth, routes, resources, replicas;
	struct hidp__exact_tally tally[HIDP__EXACT_ROUTES_MAX];
	struct fractions fractions;
	struct hidp__dealing dealing; /* its worth and limits */
};

/* The part of the requests that takes a route; stage `but` left out (LAYERS_MAX: none). */
static double weight_of(const struct hands *h, const struct fractions *f, uint32_t r, uint32_t but)
{
	uint32_t choice[HIDP__EXACT_LAYERS_MAX];
	double weight = 1;
	hidp__exact_choices(h->x, h->depth, r, choice);
	for (uint32_t s = 0; s < h->depth; s++)
		if (s != but)
			weight *= f->of[s][choice[s]];
	return weight;
}

static void add_part(struct hidp__exact_tally *sum, const struct hidp__exact_tally *part,
                     double weight, uint32_t resources)
{
	for (uint32_t i = 0; i < resources; i++)
		sum->loads[i] += weight * part->loads[i];
	sum->joules += weight * part->joules;
}

/* What fractions come to: the mean tally of a request, and the value. */
static double try_fractions(const struct hands *h, const struct fractions *f,
                            struct hidp__exact_tally *mean)
{
	double longest = 0, broken = 0;
	memset(mean, 0, sizeof *mean);
	for (uint32_t r = 0; r < h->routes; r++)
		add_part(mean, &h->tally[r], weight_of(h, f, r, HIDP__EXACT_LAYERS_MAX),
		         h->resources);
	for (uint32_t i = 0; i < h->resources; i++)
		longest = mean->loads[i] > longest ? mean->loads[i] : longest;
	/* what breaks a limit is dear, so that the way leads out of it */
	const struct hidp__dealing *d = &h->dealing;
	double energy = mean->joules + d->energy_period * longest;
	double value = h->x->pricing->energy * mean->joules + d->worth * longest;
	if (longest > d->period_limit)
		broken += longest / d->period_limit - 1;
	if (d->energy_limit > 0 && energy > d->energy_limit)
		broken += energy / d->energy_limit - 1;
	return value * (1 + 1e4 * broken);
}

/* Fractions of the stages that a mixture of routes amounts to. */
static void read_mixture(const struct hands *h, const double *mixture, struct fractions *f)
{
	const struct hidp__stage *stages = h->x->stages;
	for (uint32_t s = 0; s < h->depth; s++)
		for (uint32_t k = 0; k < HIDP__EXACT_NODES_MAX; k++)
			f->of[s][k] = stages[s].kind == HIDP_STAGE_REPLICA ? 0 : 1;
	for (uint32_t r = 0; r < h->routes; r++) {
		uint32_t choice[HIDP__EXACT_LAYERS_MAX];
		hidp__exact_choices(h->x, h->depth, r, choice);
		for (uint32_t s = 0; s < h->depth; s++)
			if (stages[s].kind == HIDP_STAGE_REPLICA)
				f->of[s][choice[s]] += mixture[r];
	}
}

/*
 * The tallies taken for linear in every stage's fractions where these are now: what each
 * route would then add if it were taken by all requests. linear[routes].
 */
static void linearise(const struct hands *h, struct hidp__exact_tally *linear)
{
	struct hidp__exact_tally mean, sums[HIDP__EXACT_NODES_MAX];
	uint32_t choice[HIDP__EXACT_LAYERS_MAX];
	try_fractions(h, &h->fractions, &mean);
	memset(linear, 0, h->routes * sizeof *linear);
	for (uint32_t r = 0; r < h->routes; r++)
		add_part(&linear[r], &mean, -(h->replicas - 1.0), h->resources);
	for (uint32_t s = 0; s < h->depth; s++) {
		if (h->x->stages[s].kind != HIDP_STAGE_REPLICA)
			continue;
		/* with all requests on one share of this stage, the others as they are */
		memset(sums, 0, sizeof sums);
		for (uint32_t r = 0; r < h->routes; r++) {
			hidp__exact_choices(h->x, h->depth, r, choice);
			add_part(&sums[choice[s]], &h->tally[r],
			         weight_of(h, &h->fractions, r, s), h->resources);
		}
		for (uint32_t r = 0; r < h->routes; r++) {
			hidp__exact_choices(h->x, h->depth, r, choice);
			add_part(&linear[r], &sums[choice[s]], 1, h->resources);
		}
	}
}

/* Goes as far towards other fractions as it helps; false: it does not. */
static bool move_fractions(struct hands *h, const struct fractions *to, double *value)
{
	struct fractions next = h->fractions;
	struct hidp__exact_tally mean;
	for (double step = 1; step > 1e-4; step /= 2) {
		for (uint32_t s = 0; s < h->depth; s++)
			for (uint32_t k = 0; k < HIDP__EXACT_NODES_MAX; k++)
				next.of[s][k] = h->fractions.of[s][k] +
				                step * (to->of[s][k] - h->fractions.of[s][k]);
		double v = try_fractions(h, &next, &mean);
		if (v < *value * (1 - 1e-13)) {
			*value = v;
			h->fractions = next;
			return true;
		}
	}
	return false;
}

/*
 * Fractions of several stages give products, not every mixture. Where they are, the loads
 * are taken for linear in every stage's fractions; the best mixture of that points where
 * to go, as far as it helps.
 */
static bool improve_fractions(struct hands *h, double *value)
{
	struct hidp__exact *x = h->x;
	struct hidp__exact_tally linear[HIDP__EXACT_ROUTES_MAX];
	double cost[HIDP__EXACT_ROUTES_MAX], joules[HIDP__EXACT_ROUTES_MAX];
	double mixture[HIDP__EXACT_ROUTES_MAX], ideal;
	const double *loads[HIDP__EXACT_ROUTES_MAX];
	struct fractions to;
	linearise(h, linear);
	for (uint32_t r = 0; r < h->routes; r++) {
		loads[r] = linear[r].loads;
		joules[r] = linear[r].joules;
		cost[r] = x->pricing->energy * joules[r];
	}
	struct hidp__dealing d = h->dealing;
	d.load = loads;
	d.cost = cost;
	d.energy = d.energy_limit > 0 ? joules : NULL;
	x->failed |= !hidp__deal(&d, mixture, &ideal, &x->scratch);
	if (x->failed || ideal == INFINITY)
		return false;
	read_mixture(h, mixture, &to);
	return move_fractions(h, &to, value);
}

void hidp__exact_deal(struct hidp__exact *x, uint32_t depth, const double *mixture,
                      uint32_t routes)
{
	bool stream = x->search->problem->request->stream;
	double idle_w = stream ? hidp__exact_idle_w(x, depth, routes) : 0;
	struct hands h = {.x = x,
	                  .depth = depth,
	                  .routes = routes,
	                  .resources = hidp__exact_resources(x),
	                  .dealing = hidp__exact_dealing(x, routes, idle_w)};
	for (uint32_t s = 0; s < depth; s++)
		h.replicas += x->stages[s].kind == HIDP_STAGE_REPLICA;
	read_mixture(&h, mixture, &h.fractions);
	for (uint32_t r = 0; r < routes && h.replicas > 1; r++)
		hidp__exact_tally(x, depth, r, &h.tally[r]);
	if (h.replicas > 1 && hidp__exact_spend(x, (uint64_t)routes * 40)) {
		struct hidp__exact_tally mean;
		double value = try_fractions(&h, &h.fractions, &mean);
		for (uint32_t round = 0; round < 24 && improve_fractions(&h, &value); round++)
			;
	}
	for (uint32_t s = 0; s < depth; s++)
		for (uint32_t k = 0; k < x->stages[s].share_count; k++)
			x->stages[s].shares[k].fraction = h.fractions.of[s][k];
}
