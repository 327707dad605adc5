/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_TINY_H
#define HIDP_TESTS_TINY_H

#include "random_instance.h"

enum tiny_kind {
	TINY_PLAIN,
	TINY_TRANSFERS, /* some nodes are hubs, and of some the transfers are work */
	TINY_APART,     /* links are missing, and some layers need nothing of others */
	TINY_COPIES     /* processors with memory of their own for which copies count */
};

/*
 * A random problem that is small enough to be enumerated, and different from seed to seed.
 * The objective is given; limits, where there are some, are near what plans need. The caller
 * destroys it as random_instance_init() says.
 */
void tiny_instance_init(struct random_instance *instance, struct hidp_context *context,
                        hidp_objective objective, enum tiny_kind kind, uint64_t seed);

/* Sizes and kinds of problems; `kind` counts around. */
struct random_params tiny_params(uint64_t kind, struct rng *rng);

#endif
