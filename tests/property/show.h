/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_SHOW_H
#define HIDP_TESTS_SHOW_H

#include "random_instance.h"

/* Prints model, cluster and options of a problem, for one who is to find out what went wrong. */
void show_instance(const struct random_instance *instance);

/* Prints a plan as a table; NULL: says that there is none. */
void show_plan(const char *title, const struct hidp_plan *plan);

extern const char *const objective_names[4]; /* [objective] */

/* Smaller first: for qsort() of doubles. */
int by_size(const void *a, const void *b);

#endif
