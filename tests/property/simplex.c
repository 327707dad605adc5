/* SPDX-License-Identifier: MIT */
/* The simplex method on a dense tableau, in two phases, by Bland's rule: slow and safe. */
#include "simplex.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define TINY 1e-12
#define PIVOT 1e-9 /* smaller ones would make noise large */

/*
 * Columns: variables, slacks, the auxiliary variable of the first phase, right side.
 * The last two rows are the prices of the two phases.
 */
#define COLUMNS (SIMPLEX_VARIABLES + SIMPLEX_ROWS + 2)

struct tableau {
	uint32_t rows, columns; /* without prices, without right side */
	uint32_t base[SIMPLEX_ROWS];
	double cell[SIMPLEX_ROWS + 2][COLUMNS];
};

double *simplex_add_row(struct simplex *program, double limit)
{
	assert(program->rows < SIMPLEX_ROWS);
	double *row = program->row[program->rows];
	memset(row, 0, program->variables * sizeof *row);
	program->limit[program->rows++] = limit;
	return row;
}

static void pivot(struct tableau *t, uint32_t row, uint32_t column)
{
	double by = t->cell[row][column];
	for (uint32_t c = 0; c <= t->columns; c++)
		t->cell[row][c] /= by;
	for (uint32_t r = 0; r < t->rows + 2; r++) {
		double factor = t->cell[r][column];
		if (r == row || factor == 0)
			continue;
		for (uint32_t c = 0; c <= t->columns; c++)
			t->cell[r][c] -= factor * t->cell[row][c];
		t->cell[r][column] = 0;
	}
	t->base[row] = column;
}

/* Makes the prices of a phase as small as can be with the first `columns` columns. */
static void minimise(struct tableau *t, uint32_t price, uint32_t columns)
{
	for (int round = 0; round < 10000; round++) {
		uint32_t column = 0, row = t->rows;
		while (column < columns && t->cell[price][column] >= -TINY)
			column++;
		if (column == columns)
			return;
		double least = INFINITY;
		for (uint32_t r = 0; r < t->rows; r++) {
			double a = t->cell[r][column];
			if (a <= PIVOT)
				continue;
			double step = t->cell[r][t->columns] / a;
			if (step < least || (step == least && t->base[r] < t->base[row])) {
				least = step;
				row = r;
			}
		}
		if (row == t->rows)
			return; /* without end; not with the programs of these tests */
		pivot(t, row, column);
	}
}

/* Rounding can spoil a solution: is it one? */
static bool holds(const struct simplex *program, double *x)
{
	for (uint32_t i = 0; i < program->variables; i++) {
		if (x[i] < -1e-9)
			return false;
		x[i] = x[i] > 0 ? x[i] : 0;
	}
	for (uint32_t r = 0; r < program->rows; r++) {
		double sum = 0, size = fabs(program->limit[r]);
		for (uint32_t i = 0; i < program->variables; i++) {
			sum += program->row[r][i] * x[i];
			size += fabs(program->row[r][i] * x[i]);
		}
		if (sum > program->limit[r] + 1e-9 * (1 + size))
			return false;
	}
	return true;
}

bool simplex_solve(const struct simplex *program, double *x, double *best)
{
	struct tableau t = {.rows = program->rows};
	uint32_t n = program->variables, auxiliary = n + program->rows, worst = 0;
	t.columns = auxiliary + 1;
	for (uint32_t r = 0; r < t.rows; r++) {
		memcpy(t.cell[r], program->row[r], n * sizeof(double));
		t.cell[r][n + r] = 1;
		t.cell[r][auxiliary] = -1;
		t.cell[r][t.columns] = program->limit[r];
		t.base[r] = n + r;
		if (program->limit[r] < program->limit[worst])
			worst = r;
	}
	memcpy(t.cell[t.rows], program->price, n * sizeof(double));
	t.cell[t.rows + 1][auxiliary] = 1;
	if (t.rows > 0 && program->limit[worst] < 0) {
		pivot(&t, worst, auxiliary);
		minimise(&t, t.rows + 1, t.columns);
		if (-t.cell[t.rows + 1][t.columns] > 1e-9)
			return false;
		for (uint32_t r = 0; r < t.rows; r++) {
			uint32_t c = 0;
			if (t.base[r] != auxiliary)
				continue;
			while (c < auxiliary && fabs(t.cell[r][c]) <= PIVOT)
				c++;
			if (c < auxiliary)
				pivot(&t, r, c);
		}
	}
	minimise(&t, t.rows, auxiliary);
	memset(x, 0, n * sizeof *x);
	for (uint32_t r = 0; r < t.rows; r++)
		if (t.base[r] < n)
			x[t.base[r]] = t.cell[r][t.columns];
	*best = -t.cell[t.rows][t.columns];
	return holds(program, x);
}
