/* SPDX-License-Identifier: MIT */
/*
 * The fractions of replicas. For given stages, shares and steps, every figure is
 * made of what the routes cost and of the fractions (doc/cost-model.md section 6):
 * busy times and energy are sums over the routes, weighed by products of fractions,
 * the period is the largest of such sums, the latency does not depend on them.
 *
 * If requests could be dealt to routes as a whole, the best weights of the routes
 * would be a linear program. With one replica stage that is the answer. With several
 * it bounds the answer from below, which shows most plans to be of no interest; for
 * the others fractions are found step by step, each a linear program for a small
 * change of all fractions, from several starts. This may miss the best; then the
 * value that the planner is held against is worse than it could be, and where that
 * shows at all, it shows as a planner that is better than every plan.
 *
 * A fraction of zero is not allowed; where it would be best, the plan without the
 * share is at least as good, and enumerated too.
 */
#include <math.h>
#include <string.h>

#include "simplex.h"
#include "space.h"

#define RESOURCES (SPACE_NODES * (SPACE_PROCESSORS + 2) + 4)
#define ROUTES HIDP_PLAN_ROUTES_MAX
#define LEAST_FRACTION 1e-9
#define STEPS_MAX 200
#define STARTS_MAX 60u
#define FIRST_REACH 0.1 /* a larger one jumps over the nearest valley */

/* What one request costs on one route. */
struct route {
	double load[RESOURCES];
	double work_j; /* energy but for idle watts */
	uint32_t share[SPACE_LAYERS]; /* per stage */
};

struct routes {
	struct space *space;
	struct space_plan *plan;
	struct route route[ROUTES];
	uint32_t count;
	uint32_t resources;
	double idle_w;
	bool takes_part[SPACE_NODES];
	double period_price, energy_price; /* in the objective */
	double scale_s, scale_j;           /* what makes numbers about 1 */
	struct simplex program;
};

static bool read_route(struct routes *r, const struct space_plan *single, struct route *route)
{
	const struct space *s = r->space;
	const struct random_instance *in = s->instance;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	uint32_t at = 0;
	hidp_status status = space_build(s, in->cluster, in->cost, &s->unlimited, single, &plan, &diag);
	if (status == HIDP_ERR_INFEASIBLE ||
	    (status == HIDP_ERR_PLAN && strstr(diag.message, "cannot be reached") != NULL))
		return false;
	support_must(status, &diag, "route");
	route->work_j = 0;
	for (hidp_node_id n = 0; n < s->node_count; n++) {
		struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
		hidp_plan_get_node_figures(plan, n, &f);
		uint32_t flags = s->node[n].flags;
		bool counts = !(flags & (HIDP_NODE_HUB | HIDP_NODE_TRANSFERS_ARE_WORK));
		double work = flags & HIDP_NODE_TRANSFERS_ARE_WORK ? f.transmit_s + f.receive_s : 0;
		route->load[at++] = counts ? f.transmit_s : 0;
		route->load[at++] = counts ? f.receive_s : 0;
		route->work_j += f.transmit_s * s->node[n].power_transmit_w +
		                 f.receive_s * s->node[n].power_receive_w;
		r->takes_part[n] |= f.transmit_s > 0 || f.receive_s > 0;
		for (hidp_processor_id p = 0; p < s->processor_count[n]; p++) {
			struct hidp_processor_figures g = HIDP_PROCESSOR_FIGURES_INIT;
			hidp_plan_get_processor_figures(plan, n, p, &g);
			route->load[at++] = g.busy_s + work;
			route->work_j += g.busy_s * s->processor[n][p].power_active_w;
		}
	}
	for (hidp_medium_id m = 0; m < hidp_cluster_medium_count(in->cluster); m++)
		hidp_plan_get_medium_busy(plan, m, &route->load[at++]);
	r->resources = at;
	hidp_plan_unref(plan);
	return true;
}

/* Every route as a plan of its own, with single stages in place of replicas. */
static bool read_routes(struct routes *r, struct space_plan *single, uint32_t stage,
                        uint32_t *chosen)
{
	if (stage == r->plan->stage_count) {
		struct route *route = &r->route[r->count++];
		memcpy(route->share, chosen, sizeof route->share);
		return read_route(r, single, route);
	}
	const struct space_stage *from = &r->plan->stages[stage];
	struct space_stage *to = &single->stages[stage];
	*to = *from;
	chosen[stage] = 0;
	for (uint32_t k = 0; k < from->share_count; k++)
		r->takes_part[from->shares[k].node] = true;
	if (from->kind != HIDP_STAGE_REPLICA)
		return read_routes(r, single, stage + 1, chosen);
	to->kind = HIDP_STAGE_SINGLE;
	to->share_count = 1;
	for (uint32_t k = 0; k < from->share_count; k++) {
		chosen[stage] = k;
		to->shares[0] = from->shares[k];
		if (!read_routes(r, single, stage + 1, chosen))
			return false;
	}
	return true;
}

/* Fractions of the replica stages, one behind the other. */
struct point {
	uint32_t count;
	double fraction[SPACE_LAYERS * SPACE_NODES];
};

/* What some weights of the routes come to, in scaled numbers. */
struct sums {
	double load[RESOURCES], period, work_j, cost;
};

static double cost_of(const struct routes *r, double period, double work_j)
{
	return r->period_price * r->scale_s * period +
	       r->energy_price * (r->scale_j * work_j + r->idle_w * r->scale_s * period);
}

static void find_scales(struct routes *r)
{
	r->scale_s = r->scale_j = 0;
	for (uint32_t i = 0; i < r->count; i++) {
		for (uint32_t q = 0; q < r->resources; q++)
			r->scale_s = fmax(r->scale_s, r->route[i].load[q]);
		r->scale_j = fmax(r->scale_j, r->route[i].work_j);
	}
	r->scale_s = r->scale_s > 0 ? r->scale_s : 1;
	r->scale_j = fmax(r->scale_j, r->idle_w * r->scale_s);
	r->scale_j = r->scale_j > 0 ? r->scale_j : 1;
	for (uint32_t i = 0; i < r->count; i++) {
		for (uint32_t q = 0; q < r->resources; q++)
			r->route[i].load[q] /= r->scale_s;
		r->route[i].work_j /= r->scale_j;
	}
}

/* Rows for the limits of the options: `period` is the variable of that name, work[] the energy's factors. */
static void add_limits(struct routes *r, uint32_t period, const double *work, double work_j)
{
	const struct hidp_plan_options *o = &r->space->instance->options;
	if (o->period_limit_s > 0)
		simplex_add_row(&r->program, o->period_limit_s / r->scale_s)[period] = 1;
	if (o->energy_limit_j > 0) {
		double *row = simplex_add_row(&r->program, o->energy_limit_j / r->scale_j - work_j);
		memcpy(row, work, period * sizeof *row);
		row[period] = r->idle_w * r->scale_s / r->scale_j;
	}
}

/* What a second of the period and a joule cost. */
static void set_prices(struct routes *r, uint32_t period, const double *work, double second,
                       double joule)
{
	for (uint32_t i = 0; i < period; i++)
		r->program.price[i] = joule * r->scale_j * work[i];
	r->program.price[period] = (second + joule * r->idle_w) * r->scale_s;
	double most = 0; /* prices, too, should be about 1 */
	for (uint32_t i = 0; i <= period; i++)
		most = fmax(most, fabs(r->program.price[i]));
	for (uint32_t i = 0; i <= period && most > 0; i++)
		r->program.price[i] /= most;
}

/* The best weights of the routes, each for itself; their cost, INFINITY: none meet the limits. */
static double solve_routes(struct routes *r, double *weights)
{
	double x[SIMPLEX_VARIABLES], work[ROUTES], unused, work_j = 0;
	uint32_t n = r->count;
	r->program.variables = n + 1;
	r->program.rows = 0;
	for (uint32_t q = 0; q < r->resources; q++) {
		double *row = simplex_add_row(&r->program, 0);
		for (uint32_t i = 0; i < n; i++)
			row[i] = r->route[i].load[q];
		row[n] = -1;
	}
	double *all = simplex_add_row(&r->program, 1), *least = simplex_add_row(&r->program, -1);
	for (uint32_t i = 0; i < n; i++) {
		all[i] = 1;
		least[i] = -1;
		work[i] = r->route[i].work_j;
	}
	add_limits(r, n, work, 0);
	set_prices(r, n, work, r->period_price, r->energy_price);
	if (!simplex_solve(&r->program, x, &unused))
		return INFINITY;
	for (uint32_t i = 0; i < n; i++) {
		weights[i] = x[i];
		work_j += x[i] * work[i];
	}
	return cost_of(r, x[n], work_j);
}

static double weight_of(const struct routes *r, const struct route *route, const struct point *at,
                        uint32_t without)
{
	double weight = 1;
	for (uint32_t s = 0, first = 0; s < r->plan->stage_count; s++) {
		const struct space_stage *stage = &r->plan->stages[s];
		if (stage->kind != HIDP_STAGE_REPLICA)
			continue;
		if (s != without)
			weight *= at->fraction[first + route->share[s]];
		first += stage->share_count;
	}
	return weight;
}

static void sum_up(const struct routes *r, const struct point *at, struct sums *sums)
{
	*sums = (struct sums){.period = 0};
	for (uint32_t i = 0; i < r->count; i++) {
		double weight = weight_of(r, &r->route[i], at, UINT32_MAX);
		for (uint32_t q = 0; q < r->resources; q++)
			sums->load[q] += weight * r->route[i].load[q];
		sums->work_j += weight * r->route[i].work_j;
	}
	for (uint32_t q = 0; q < r->resources; q++)
		sums->period = fmax(sums->period, sums->load[q]);
	sums->cost = cost_of(r, sums->period, sums->work_j);
}

/* By how much a limit is broken, relative; 0: not at all. */
static double excess_of(double figure, double limit)
{
	return limit > 0 && figure > limit * (1 + 1e-12) ? figure / limit - 1 : 0;
}

static double period_excess(const struct routes *r, const struct sums *sums)
{
	return excess_of(r->scale_s * sums->period, r->space->instance->options.period_limit_s);
}

static double energy_excess(const struct routes *r, const struct sums *sums)
{
	return excess_of(r->scale_j * sums->work_j + r->idle_w * r->scale_s * sums->period,
	                 r->space->instance->options.energy_limit_j);
}

static double excess(const struct routes *r, const struct sums *sums)
{
	return fmax(period_excess(r, sums), energy_excess(r, sums));
}

/* How the sums change with each fraction, the other stages' being as they are. */
static void find_slopes(const struct routes *r, const struct point *at, double slope[][RESOURCES],
                        double *work)
{
	memset(slope, 0, at->count * sizeof *slope);
	memset(work, 0, at->count * sizeof *work);
	for (uint32_t s = 0, first = 0; s < r->plan->stage_count; s++) {
		if (r->plan->stages[s].kind != HIDP_STAGE_REPLICA)
			continue;
		for (uint32_t i = 0; i < r->count; i++) {
			const struct route *route = &r->route[i];
			double weight = weight_of(r, route, at, s);
			uint32_t k = first + route->share[s];
			for (uint32_t q = 0; q < r->resources; q++)
				slope[k][q] += weight * route->load[q];
			work[k] += weight * route->work_j;
		}
		first += r->plan->stages[s].share_count;
	}
}

/*
 * The best point within `reach` of another, as far as straight lines tell. The
 * variables are how far each fraction lies above the least it can be.
 */
static bool step(struct routes *r, const struct point *at, const struct sums *sums, double reach,
                 struct point *to)
{
	double slope[SPACE_LAYERS * SPACE_NODES][RESOURCES], work[SPACE_LAYERS * SPACE_NODES];
	double low[SPACE_LAYERS * SPACE_NODES], x[SIMPLEX_VARIABLES], unused, work_j = sums->work_j;
	uint32_t n = at->count;
	find_slopes(r, at, slope, work);
	r->program.variables = n + 1;
	r->program.rows = 0;
	for (uint32_t k = 0; k < n; k++) {
		low[k] = fmax(LEAST_FRACTION, at->fraction[k] - reach);
		work_j -= work[k] * (at->fraction[k] - low[k]);
		simplex_add_row(&r->program, at->fraction[k] + reach - low[k])[k] = 1;
	}
	for (uint32_t q = 0; q < r->resources; q++) {
		double base = sums->load[q];
		bool used = false;
		for (uint32_t k = 0; k < n; k++) {
			base -= slope[k][q] * (at->fraction[k] - low[k]);
			used |= slope[k][q] > 0;
		}
		if (!used)
			continue;
		double *row = simplex_add_row(&r->program, -base);
		for (uint32_t k = 0; k < n; k++)
			row[k] = slope[k][q];
		row[n] = -1;
	}
	for (uint32_t s = 0, first = 0; s < r->plan->stage_count; s++) {
		uint32_t shares = r->plan->stages[s].share_count;
		if (r->plan->stages[s].kind != HIDP_STAGE_REPLICA)
			continue;
		double left = 1;
		for (uint32_t k = first; k < first + shares; k++)
			left -= low[k];
		double *all = simplex_add_row(&r->program, left);
		double *least = simplex_add_row(&r->program, -left);
		for (uint32_t k = first; k < first + shares; k++) {
			all[k] = 1;
			least[k] = -1;
		}
		first += shares;
	}
	uint32_t rows = r->program.rows;
	set_prices(r, n, work, r->period_price, r->energy_price);
	add_limits(r, n, work, work_j);
	if (!simplex_solve(&r->program, x, &unused)) {
		/* the limits are out of reach: towards the one that is broken most */
		bool period = period_excess(r, sums) > energy_excess(r, sums);
		r->program.rows = rows;
		set_prices(r, n, work, period ? 1 : 0, period ? 0 : 1);
		if (!simplex_solve(&r->program, x, &unused))
			return false;
	}
	to->count = n;
	for (uint32_t k = 0; k < n; k++)
		to->fraction[k] = low[k] + x[k];
	return true;
}

static bool is_better(const struct routes *r, const struct sums *a, const struct sums *b)
{
	double x = excess(r, a), y = excess(r, b);
	return x != y ? x < y : a->cost < b->cost * (1 - 1e-14);
}

/* Walks downhill from a point. */
static void descend(struct routes *r, struct point *at, struct sums *sums)
{
	double reach = FIRST_REACH;
	sum_up(r, at, sums);
	for (int i = 0; i < STEPS_MAX && reach > 1e-10; i++) {
		struct point to;
		struct sums there;
		if (!step(r, at, sums, reach, &to))
			return;
		sum_up(r, &to, &there);
		if (is_better(r, &there, sums)) {
			*at = to;
			*sums = there;
			reach = fmin(2 * reach, 0.5);
		} else {
			reach /= 4;
		}
	}
}

/* Where to start from: of each stage nearly all to one share, or most, or the same to all. */
static uint32_t choices(const struct space_stage *stage)
{
	return stage->kind == HIDP_STAGE_REPLICA ? 2 * stage->share_count + 1 : 1;
}

static void begin(const struct space_plan *plan, uint32_t number, struct point *at)
{
	at->count = 0;
	for (uint32_t s = 0; s < plan->stage_count; s++) {
		uint32_t n = plan->stages[s].share_count, chosen = number % choices(&plan->stages[s]);
		if (plan->stages[s].kind != HIDP_STAGE_REPLICA)
			continue;
		number /= choices(&plan->stages[s]);
		for (uint32_t k = 0; k < n; k++) {
			double large = chosen <= n ? 0.95 : 0.7, f = 1.0 / n;
			if (chosen > 0)
				f = k == (chosen - 1) % n ? large : (1 - large) / (n - 1);
			at->fraction[at->count++] = f;
		}
	}
}

static void take_fractions(struct space_plan *plan, const struct point *at)
{
	for (uint32_t s = 0, first = 0; s < plan->stage_count; s++) {
		struct space_stage *stage = &plan->stages[s];
		double left = 1;
		if (stage->kind != HIDP_STAGE_REPLICA)
			continue;
		for (uint32_t k = 0; k < stage->share_count; k++) {
			stage->shares[k].fraction = at->fraction[first++];
			if (k + 1 == stage->share_count)
				stage->shares[k].fraction = left;
			left -= stage->shares[k].fraction;
		}
	}
}

/* The best fractions of several replica stages that can be found; false: none of interest. */
static bool search_fractions(struct routes *r, double bound, struct point *best)
{
	struct sums least = {.period = 0};
	uint32_t starts = 1;
	bool found = false;
	for (uint32_t s = 0; s < r->plan->stage_count; s++)
		starts *= choices(&r->plan->stages[s]);
	for (uint32_t i = 0; i < starts; i += 1 + starts / STARTS_MAX) {
		struct point at;
		struct sums sums;
		begin(r->plan, i, &at);
		descend(r, &at, &sums);
		if (excess(r, &sums) > 0 || (found && !is_better(r, &sums, &least)))
			continue;
		*best = at;
		least = sums;
		found = true;
		if (least.cost <= bound * (1 + 1e-12))
			break;
	}
	return found;
}

/* What the objective takes of latency and migration, which the fractions do not change. */
static double rest_of_objective(const struct routes *r, const struct hidp_plan_figures *f)
{
	const struct hidp_plan_options *o = &r->space->instance->options;
	double rest = o->flags & HIDP_PLAN_RESIDENT ? o->migration_weight * f->migration_s : 0;
	if (o->objective == HIDP_OBJECTIVE_LATENCY)
		rest += f->latency_s;
	if (o->objective == HIDP_OBJECTIVE_WEIGHTED)
		rest += o->latency_weight * f->latency_s;
	return rest;
}

static hidp_status evaluate(struct space *s, const struct hidp_plan_options *options,
                            const struct space_plan *plan, struct hidp_plan **plan_out)
{
	const struct random_instance *in = s->instance;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	hidp_status status = space_build(s, in->cluster, in->cost, options, plan, plan_out, &diag);
	if (status != HIDP_ERR_INFEASIBLE)
		support_must(status, &diag, "plan with replicas");
	return status;
}

static void find_prices(struct routes *r)
{
	const struct hidp_plan_options *o = &r->space->instance->options;
	bool weighted = o->objective == HIDP_OBJECTIVE_WEIGHTED;
	r->energy_price = r->period_price = 0;
	if (o->objective == HIDP_OBJECTIVE_ENERGY || weighted)
		r->energy_price = weighted ? o->energy_weight : 1;
	if (o->objective == HIDP_OBJECTIVE_PERIOD || weighted)
		r->period_price = weighted ? o->period_weight : 1;
	r->takes_part[o->flags & HIDP_PLAN_INPUT_AT ? o->input_node : o->leader] = true;
	r->takes_part[o->flags & HIDP_PLAN_OUTPUT_AT ? o->output_node : o->leader] = true;
	r->idle_w = 0;
	for (hidp_node_id n = 0; n < r->space->node_count; n++)
		r->idle_w += r->takes_part[n] ? r->space->node[n].power_idle_w : 0;
}

bool space_divide_requests(struct space *space, struct space_plan *plan, struct hidp_plan **plan_out)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	struct space_plan single = {.stage_count = plan->stage_count};
	struct routes r; /* large: only what is read below is set */
	struct point best;
	double weights[ROUTES];
	uint32_t chosen[SPACE_LAYERS] = {0}, replicas = 0;
	r.space = space;
	r.plan = plan;
	r.count = 0;
	memset(r.takes_part, 0, sizeof r.takes_part);
	if (!read_routes(&r, &single, 0, chosen))
		return false;
	find_prices(&r);
	find_scales(&r);
	double bound = solve_routes(&r, weights);
	if (bound == INFINITY || (!space->plain && bound > space->value))
		return false;
	for (uint32_t i = 0; i < plan->stage_count; i++)
		replicas += plan->stages[i].kind == HIDP_STAGE_REPLICA;
	begin(plan, 0, &best);
	if (replicas == 1) {
		double sum = 0;
		for (uint32_t k = 0; k < best.count; k++)
			sum += best.fraction[k] = fmax(weights[k], LEAST_FRACTION);
		for (uint32_t k = 0; k < best.count; k++)
			best.fraction[k] /= sum;
	} else {
		/* what latency and migration add is known once the plan is evaluated */
		take_fractions(plan, &best);
		if (evaluate(space, &space->unlimited, plan, plan_out) != HIDP_OK)
			return false;
		hidp_plan_get_figures(*plan_out, &figures);
		hidp_plan_unref(*plan_out);
		*plan_out = NULL;
		bool hopeless = bound + rest_of_objective(&r, &figures) > space->value;
		if ((hopeless && !space->plain) || !search_fractions(&r, bound, &best))
			return false;
	}
	take_fractions(plan, &best);
	return evaluate(space, &space->instance->options, plan, plan_out) == HIDP_OK;
}
