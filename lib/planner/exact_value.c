/* SPDX-License-Identifier: MIT */
/* What a plan, or the stages that are decided, are worth in the search of small problems. */
#include "planner/exact_priv.h"

double hidp__exact_tally(const struct hidp__exact *x, uint32_t depth, uint32_t r,
                         struct hidp__exact_tally *tally)
{
	const struct hidp_cluster *c = x->search->problem->cluster;
	const struct hidp__prices *p = x->bound->prices;
	const double *busy = hidp__exact_route(x, depth, r)->busy;
	const struct hidp__route *m = &hidp__exact_messages(x, depth - 1, r)->route;
	double joules = 0, priced = 0;
	hidp__resource_loads(c, busy, m->transmit_s, m->receive_s, m->medium_busy_s, tally->loads);
	for (hidp_node_id n = 0; n < x->nodes; n++) {
		const struct hidp__node *node = &c->nodes[n];
		for (uint32_t q = 0; q < node->processor_count; q++) {
			double s = busy[node->first_processor + q];
			joules += s * node->processors[q].power_active_w;
			priced += s * p->busy[node->first_processor + q];
		}
	}
	for (hidp_node_id n = 0; n < x->nodes; n++) {
		const struct hidp_node_desc *d = &c->nodes[n].desc;
		double out = m->transmit_s[n], in = m->receive_s[n];
		joules += out * d->power_transmit_w + in * d->power_receive_w;
		priced += out * p->transmit[n] + in * p->receive[n];
	}
	for (hidp_medium_id k = 0; k < c->medium_count; k++)
		priced += m->medium_busy_s[k] * p->medium[k];
	tally->joules = joules;
	return priced;
}

double hidp__exact_idle_w(const struct hidp__exact *x, uint32_t depth, uint32_t routes)
{
	const struct hidp_cluster *c = x->search->problem->cluster;
	double watts = 0;
	for (hidp_node_id n = 0; n < x->nodes; n++) {
		bool takes_part = false;
		for (uint32_t r = 0; r < routes; r++)
			takes_part |= hidp__exact_messages(x, depth - 1, r)->route.takes_part[n];
		watts += takes_part ? c->nodes[n].desc.power_idle_w : 0;
	}
	return watts;
}

struct hidp__dealing hidp__exact_dealing(const struct hidp__exact *x, uint32_t routes,
                                         double idle_w)
{
	const struct hidp_plan_options *o = &x->search->problem->request->options;
	return (struct hidp__dealing){
	        .routes = routes,
	        .resources = hidp__exact_resources(x),
	        .worth = x->pricing->period + x->pricing->energy * idle_w,
	        .period_limit = o->period_limit_s > 0 ? o->period_limit_s : INFINITY,
	        .energy_period = idle_w,
	        .energy_limit = o->energy_limit_j,
	};
}

/* Of plans with one route, on which a request takes `joules`, and idle watts for the period. */
static double value_of_one(const struct hidp__exact *x, const double *loads, double latency,
                           double joules, double idle_w)
{
	const struct hidp_plan_options *o = &x->search->problem->request->options;
	const struct hidp__pricing *p = x->pricing;
	uint32_t resources = hidp__exact_resources(x);
	double period = 0;
	for (uint32_t i = 0; i < resources; i++)
		period = loads[i] > period ? loads[i] : period;
	double energy = joules + idle_w * period;
	if ((o->period_limit_s > 0 && period > o->period_limit_s * (1 + 1e-12)) ||
	    (o->energy_limit_j > 0 && energy > o->energy_limit_j * (1 + 1e-12)))
		return INFINITY;
	return p->latency * latency + p->period * period + p->energy * energy;
}

double hidp__exact_value(struct hidp__exact *x, uint32_t depth, uint32_t routes, bool delivery,
                         double *fraction)
{
	const struct hidp__request *request = x->search->problem->request;
	const struct hidp_plan_options *o = &request->options;
	struct hidp__exact_tally tally[HIDP__EXACT_ROUTES_MAX];
	double joules[HIDP__EXACT_ROUTES_MAX], cost[HIDP__EXACT_ROUTES_MAX];
	const double *loads[HIDP__EXACT_ROUTES_MAX];
	double latency = 0, value;
	for (uint32_t r = 0; r < routes; r++) {
		double t = hidp__exact_route(x, depth, r)->latency_s;
		t += delivery ? hidp__exact_messages(x, depth - 1, r)->delivery_s : 0;
		latency = t > latency ? t : latency;
	}
	if (o->latency_limit_s > 0 && latency > o->latency_limit_s * (1 + 1e-12))
		return INFINITY;
	/* idle power is paid for the time of a request, in a stream for the period */
	double watts = hidp__exact_idle_w(x, depth, routes);
	double idle_j = request->stream ? 0 : watts * latency;
	watts = request->stream ? watts : 0;
	for (uint32_t r = 0; r < routes; r++) {
		hidp__exact_tally(x, depth, r, &tally[r]);
		loads[r] = tally[r].loads;
		joules[r] = tally[r].joules + idle_j;
		cost[r] = x->pricing->energy * joules[r];
	}
	if (routes == 1) {
		fraction[0] = 1;
		return value_of_one(x, loads[0], latency, joules[0], watts);
	}
	struct hidp__dealing d = hidp__exact_dealing(x, routes, watts);
	d.load = loads;
	d.cost = cost;
	d.energy = o->energy_limit_j > 0 ? joules : NULL;
	if (!hidp__deal(&d, fraction, &value, &x->scratch)) {
		x->failed = true;
		return INFINITY;
	}
	return value + x->pricing->latency * latency;
}

double hidp__exact_priced(const struct hidp__exact *x, uint32_t depth, uint32_t routes)
{
	struct hidp__exact_tally tally;
	double least = INFINITY;
	for (uint32_t r = 0; r < routes; r++) {
		double v = hidp__exact_tally(x, depth, r, &tally) +
		           x->bound->prices->second * hidp__exact_route(x, depth, r)->latency_s;
		least = v < least ? v : least;
	}
	return least;
}
