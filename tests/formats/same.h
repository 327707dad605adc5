/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_SAME_H
#define HIDP_TESTS_SAME_H

#include <hidp/hidp.h>

/* Compare two objects through all their getters; they must not differ in anything. */
void same_models(const struct hidp_model *a, const struct hidp_model *b);
void same_clusters(const struct hidp_cluster *a, const struct hidp_cluster *b);
void same_costs(const struct hidp_model *model, const struct hidp_cluster *cluster,
                const struct hidp_cost *a, const struct hidp_cost *b);
/* Decisions, options, costs, figures and timeline; search effort and bounds are left out. */
void same_plans(const struct hidp_plan *a, const struct hidp_plan *b);

#endif
