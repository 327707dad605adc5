/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_SIMPLEX_H
#define HIDP_TESTS_SIMPLEX_H

#include <stdbool.h>
#include <stdint.h>

#define SIMPLEX_ROWS 48u
#define SIMPLEX_VARIABLES 260u

/*
 * A small linear program: the least price . x with row[i] . x <= limit[i] and x >= 0.
 * Numbers should be about 1.
 */
struct simplex {
	uint32_t variables, rows;
	double price[SIMPLEX_VARIABLES];
	double row[SIMPLEX_ROWS][SIMPLEX_VARIABLES];
	double limit[SIMPLEX_ROWS];
};

/* A new row of zeros; its coefficients. */
double *simplex_add_row(struct simplex *program, double limit);

/* The best x[variables] and its price in *best; false: no x that meets all rows was found. */
bool simplex_solve(const struct simplex *program, double *x, double *best);

#endif
