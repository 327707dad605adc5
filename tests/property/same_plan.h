/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_SAME_PLAN_H
#define HIDP_TESTS_SAME_PLAN_H

#include <hidp/hidp.h>

/* Do two plans for the same problem decide the same, to the last bit, for the same figures? */
bool same_plan(const struct hidp_plan *a, const struct hidp_plan *b);

#endif
