/* SPDX-License-Identifier: MIT */
#include "planner/fractions.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/*
 * A tableau in the form: basic = b - sum of a * nonbasic, all variables at least 0. The
 * last route's fraction is 1 minus the others, which leaves inequalities only.
 *
 * Columns: the other routes, the period, one variable for each limit that says how far
 * it is broken (at a price above everything), and b. Rows: the resources, the limits,
 * that last fraction, and what is minimised.
 */
struct tableau {
	uint32_t rows, columns; /* without b and without the objective */
	double *cell;           /* [(rows + 1) * (columns + 1)] */
	uint32_t *basic;        /* [row] variable; columns first, then slacks */
	uint32_t *nonbasic;     /* [column] */
	uint32_t period;        /* column; the two behind it say how far the limits are broken */
	uint32_t limit, joules; /* rows of the limits: of the period, of energy */
	uint32_t last;          /* row of the last route's fraction */
	double unit, dearest;   /* what loads and worth are divided by */
};

static double *at(const struct tableau *t, uint32_t row, uint32_t column)
{
	return &t->cell[(size_t)row * (t->columns + 1) + column];
}

static void pivot(struct tableau *t, uint32_t row, uint32_t column)
{
	uint32_t width = t->columns + 1;
	double *own = at(t, row, 0), p = own[column];
	for (uint32_t c = 0; c < width; c++)
		own[c] /= p;
	for (uint32_t r = 0; r <= t->rows; r++) {
		double *cells = at(t, r, 0), f = cells[column];
		if (r == row || f == 0)
			continue;
		for (uint32_t c = 0; c < width; c++)
			cells[c] -= f * own[c];
		cells[column] = -f / p;
	}
	own[column] = 1 / p;
	uint32_t v = t->basic[row];
	t->basic[row] = t->nonbasic[column];
	t->nonbasic[column] = v;
}

/* The steepest column first, the smallest variable (Bland) once it may be going in circles. */
static bool improve(struct tableau *t, uint32_t round)
{
	uint32_t column = t->columns, row = t->rows;
	double most = 1e-13, least = INFINITY;
	for (uint32_t c = 0; c < t->columns; c++) {
		double v = *at(t, t->rows, c);
		bool bland = round > 200;
		if (v <= 1e-13)
			continue;
		if (bland ? column == t->columns || t->nonbasic[c] < t->nonbasic[column] : v > most) {
			most = v;
			column = c;
		}
	}
	if (column == t->columns)
		return false;
	for (uint32_t r = 0; r < t->rows; r++) {
		double a = *at(t, r, column);
		if (a <= 1e-12)
			continue;
		double ratio = *at(t, r, t->columns) / a;
		if (ratio < least || (ratio == least && t->basic[r] < t->basic[row])) {
			least = ratio;
			row = r;
		}
	}
	if (row == t->rows)
		return false;
	pivot(t, row, column);
	return true;
}

/* Makes a row's b at least 0 by bringing in a variable that lowers it. */
static void repair(struct tableau *t, uint32_t row, uint32_t column)
{
	if (*at(t, row, t->columns) < 0)
		pivot(t, row, column);
}

static bool tableau_begin(struct tableau *t, const struct hidp__dealing *d,
                          struct hidp__arena *arena)
{
	uint32_t others = d->routes - 1;
	*t = (struct tableau){.rows = d->resources + 3,
	                      .columns = others + 3,
	                      .period = others,
	                      .limit = d->resources,
	                      .joules = d->resources + 1,
	                      .last = d->resources + 2};
	t->cell = hidp__arena_calloc(arena, (size_t)(t->rows + 1) * (t->columns + 1),
	                             sizeof(double));
	t->basic = hidp__arena_alloc(arena, t->rows, sizeof *t->basic);
	t->nonbasic = hidp__arena_alloc(arena, t->columns, sizeof *t->nonbasic);
	if (t->cell == NULL || t->basic == NULL || t->nonbasic == NULL)
		return false;
	for (uint32_t c = 0; c < t->columns; c++)
		t->nonbasic[c] = c;
	for (uint32_t r = 0; r < t->rows; r++)
		t->basic[r] = t->columns + r;
	return true;
}

/* All in units of the largest load and the largest worth, so that one tolerance serves. */
static void find_units(struct tableau *t, const struct hidp__dealing *d)
{
	double unit = 0;
	for (uint32_t r = 0; r < d->resources; r++)
		for (uint32_t k = 0; k < d->routes; k++)
			unit = d->load[k][r] > unit ? d->load[k][r] : unit;
	t->unit = unit > 0 ? unit : 1;
	double dearest = d->worth * t->unit;
	for (uint32_t k = 0; k < d->routes; k++)
		dearest = fabs(d->cost[k]) > dearest ? fabs(d->cost[k]) : dearest;
	t->dearest = dearest > 0 ? dearest : 1;
}

/* The rows of the resources; returns the one with the largest load of the last route. */
static uint32_t fill_resources(struct tableau *t, const struct hidp__dealing *d)
{
	uint32_t others = d->routes - 1, worst = 0;
	for (uint32_t r = 0; r < d->resources; r++) {
		double base = d->load[others][r] / t->unit;
		for (uint32_t k = 0; k < others; k++)
			*at(t, r, k) = d->load[k][r] / t->unit - base;
		*at(t, r, t->period) = -1;
		*at(t, r, t->columns) = -base;
		if (base > d->load[others][worst] / t->unit)
			worst = r;
	}
	return worst;
}

/* The rows of the limits, of the last fraction, and what is minimised. */
static void fill_others(struct tableau *t, const struct hidp__dealing *d)
{
	uint32_t others = d->routes - 1, period = t->period, end = t->columns;
	*at(t, t->limit, period) = 1;
	*at(t, t->limit, period + 1) = -1;
	*at(t, t->limit, end) = d->period_limit < INFINITY ? d->period_limit / t->unit : 1e9;
	*at(t, t->joules, period + 2) = -1;
	*at(t, t->joules, end) = 1e9;
	if (d->energy != NULL) {
		double scale = d->energy_limit;
		for (uint32_t k = 0; k < others; k++)
			*at(t, t->joules, k) = (d->energy[k] - d->energy[others]) / scale;
		*at(t, t->joules, period) = d->energy_period * t->unit / scale;
		*at(t, t->joules, end) = 1 - d->energy[others] / scale;
	}
	for (uint32_t k = 0; k < others; k++) {
		*at(t, t->last, k) = 1;
		*at(t, t->rows, k) = -(d->cost[k] - d->cost[others]) / t->dearest;
	}
	*at(t, t->last, end) = 1;
	*at(t, t->rows, period) = -d->worth * t->unit / t->dearest;
	*at(t, t->rows, period + 1) = *at(t, t->rows, period + 2) = -1e6;
}

/* The fractions that the tableau stands for; returns how far a limit is broken. */
static double read_fractions(const struct tableau *t, const struct hidp__dealing *d,
                             double *fraction)
{
	uint32_t others = d->routes - 1;
	double broken = 0, rest = 1;
	memset(fraction, 0, d->routes * sizeof *fraction);
	for (uint32_t r = 0; r < t->rows; r++) {
		double v = *at(t, r, t->columns);
		if (t->basic[r] < others)
			fraction[t->basic[r]] = v > 0 ? v : 0;
		else if (t->basic[r] == t->period + 1 || t->basic[r] == t->period + 2)
			broken = v > broken ? v : broken;
	}
	for (uint32_t k = 0; k < others; k++)
		rest -= fraction[k];
	fraction[others] = rest > 0 ? rest : 0;
	return broken;
}

/* What the slacks of the resources have left in the objective: they bind, or it is 0. */
static void read_weights(const struct tableau *t, const struct hidp__dealing *d)
{
	memset(d->weight, 0, d->resources * sizeof *d->weight);
	for (uint32_t c = 0; c < t->columns; c++) {
		uint32_t row = t->nonbasic[c] - t->columns;
		if (t->nonbasic[c] >= t->columns && row < d->resources)
			d->weight[row] = fmax(-*at(t, t->rows, c), 0) * t->dearest / t->unit;
	}
}

static double value_of(const struct hidp__dealing *d, const double *fraction)
{
	double sum = 0, longest = 0;
	for (uint32_t r = 0; r < d->resources; r++) {
		double load = 0;
		for (uint32_t k = 0; k < d->routes; k++)
			load += fraction[k] * d->load[k][r];
		longest = load > longest ? load : longest;
	}
	for (uint32_t k = 0; k < d->routes; k++)
		sum += fraction[k] * d->cost[k];
	return sum + d->worth * longest;
}

bool hidp__deal(const struct hidp__dealing *d, double *fraction, double *value,
                struct hidp__arena *arena)
{
	struct hidp__arena_mark mark = hidp__arena_here(arena);
	struct tableau t;
	if (!tableau_begin(&t, d, arena))
		return false;
	find_units(&t, d);
	uint32_t worst = fill_resources(&t, d);
	fill_others(&t, d);
	repair(&t, worst, t.period);
	repair(&t, t.limit, t.period + 1);
	repair(&t, t.joules, t.period + 2);
	for (uint32_t round = 0; round < 2000 && improve(&t, round); round++)
		;
	double broken = read_fractions(&t, d, fraction);
	if (d->weight != NULL)
		read_weights(&t, d);
	*value = broken > 1e-9 ? INFINITY : value_of(d, fraction);
	hidp__arena_back(arena, mark);
	return true;
}
