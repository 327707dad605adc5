/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_KERNELS_PRIV_H
#define HIDP_TESTS_KERNELS_PRIV_H

#include <stdio.h>

#include "kernels.h"
#include "plain.h"
#include "random_instance.h"
#include "zoo.h"

/* What the files of the suite of kernels share. */

struct tally {
	uint64_t problems, plans, unsupported, skipped, failures;
	uint64_t supported[HIDP_OP_EMBEDDING + 1],
		seen[HIDP_OP_EMBEDDING + 1]; /* [op of the first layer] */
	double worst;                        /* error, as part of what is allowed */
};

struct problem {
	const struct kernels_plugin *plugin;
	struct tally *tally;
	uint64_t seed;
	struct rng rng;
	struct random_instance in;
	uint32_t layers;
	struct zoo_weights *weights;
	void *object;
	float **inputs; /* [layer] NHWC; NULL: no model input */
	float **whole;  /* [layer] outputs of the undivided plan; NULL: no output */
	struct plain_tensor *truth;
	double *allowed; /* [layer] how far an element may be off; below 0: cannot be said */
	bool failed;
};

#define WRONG(p, ...)                                                                              \
	do {                                                                                       \
		if (!(p)->failed) {                                                                \
			printf("--seed %llu --count 1: ", (unsigned long long)(p)->seed);          \
			printf(__VA_ARGS__);                                                       \
			printf("\n");                                                              \
		}                                                                                  \
		(p)->failed = true;                                                                \
	} while (0)

/* Makes p->object, for a thread of this problem. false: that is wrong, and said. */
bool problem_begin(struct problem *p, const struct hidp_weights *weights, void *user_data);

/* What supports() says of all layers. */
bool problem_is_supported(struct problem *p);

/* Preparing the whole model must fail with this status and this subject; NULL: any. */
void problem_must_be_refused(struct problem *p, hidp_status expected, const char *subject);

/* kernels_refuse.c: weights that are wrong, and dtypes, must be refused. */
void kernels_refuse(const struct kernels_plugin *plugin, struct tally *tally,
                    struct hidp_context *context);

/* kernels_values.c: functions give the values that are known of them. */
void kernels_values(const struct kernels_plugin *plugin, struct tally *tally,
                    struct hidp_context *context);

#endif
