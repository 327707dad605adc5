/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_SMALL_NETWORK_H
#define HIDP_TESTS_SMALL_NETWORK_H

#include "kernels.h"

/*
 * The networks of the zoo with images (or rows of tokens) that are small enough to be computed
 * many times in plain C, and large enough to be divided.
 */
#define SMALL_NETWORKS 10

struct small_network {
	const char *name;
	double bar; /* largest error that kernels may have, by the largest element */
	struct hidp_context *context;
	struct hidp_model *model;
	struct zoo_weights *weights;
	hidp_layer_id in, out;
	size_t in_count, out_count; /* elements */
};

/* Makes one of them; what cannot be ends the program. The context's reference is taken. */
void small_network_begin(struct small_network *network, size_t which, struct hidp_context *context);
void small_network_end(struct small_network *network);
/* An input of random elements; for free(). */
float *small_network_input(const struct small_network *network, uint64_t seed);
/* Kernels for it; for the plug-in's destroy. */
void *small_network_kernels(const struct small_network *network,
                            const struct kernels_plugin *plugin);
/* The output of a plan, by the plainest runner; for free(). */
float *small_network_run(const struct small_network *network, const struct kernels_plugin *plugin,
                         void *object, const struct hidp_plan *plan, uint32_t route, float *input);
/* The same, undivided on one processor. */
float *small_network_run_whole(const struct small_network *network,
                               const struct kernels_plugin *plugin, void *object, float *input);

#endif
