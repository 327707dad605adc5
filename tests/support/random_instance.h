/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_RANDOM_INSTANCE_H
#define HIDP_TESTS_RANDOM_INSTANCE_H

#include <hidp/hidp.h>

#include "rng.h"

/*
 * Random problems and random plans for property tests. Everything goes through the
 * public interface, so that tests can link the library or its core. What cannot
 * happen (the library refuses what was built to be valid) prints the seed and the
 * diagnostic, and ends the program.
 */

/* What random instances are made of; random_params_init() sets sizes that suit most tests. */
struct random_params {
	uint32_t layers_min, layers_max; /* as described, before fusing, model inputs left out */
	uint32_t nodes_min, nodes_max;
	uint32_t processors_min, processors_max; /* of each node */
	int64_t rows_min, rows_max;              /* of the model's input */
	int64_t channels_max;
	bool dag;          /* branches, residuals, several inputs and outputs; else a chain */
	bool odd_layers;   /* also resizes, slices, custom row rules, attention, ... */
	bool computable;   /* fp32, also on links, and no custom layers, so that kernels can compute it */
	bool unequal;      /* processors that cannot run everything, loads, memory of their own */
	bool odd_links;    /* missing and one-way links, media, wire dtypes; else a plain LAN */
	bool cut;          /* some links are missing altogether: nodes may be out of reach, also in one
	                      direction alone; random_plan() does not know how to avoid that */
	bool copies;       /* half of the processors have memory of their own, and copy as slowly as they
	                      compute */
	bool needless;     /* some layers need nothing of what they read, or read nothing, or nothing for
	                      some of their rows; with `cut`, any link may be missing */
	bool measured;     /* half of the instances have a cost table */
	bool pins;         /* some have pins, exclusions, unavailable nodes */
	bool residency;    /* some say which weights are where */
	bool limits;       /* some nodes and processors have little memory */
	bool stream;       /* some are streams; a period objective makes one always */
	bool groups;       /* some layers are colocated */
	bool one_group;    /* all layers are, with each other */
	bool undivided;    /* random plans divide no layer and deal out no requests */
	bool contiguous;   /* plans are to be contiguous; includes `undivided` */
	bool transfers;    /* some nodes are hubs, of some the transfers are work */
	bool buffers;      /* some nodes have buffers for messages, of some layers the memory is measured */
	double speed;      /* factor for all processors: with small models 1 leaves all of it to one node */
	double spread;     /* how far processors lie from the middle, upwards and downwards: a factor */
	double memory_min_bytes, memory_max_bytes; /* with `limits`: of nodes; a tenth of it for processors */
};

void random_params_init(struct random_params *params);

struct random_instance {
	uint64_t seed;
	struct hidp_context *context;
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_cost *cost; /* NULL: analytic */
	struct hidp_plan_options options;
	bool undivided; /* of its parameters */
	/* what the options point to */
	uint32_t *arrays;
};

/* A problem that is the same for the same seed and parameters. The context's reference is taken. */
void random_instance_init(struct random_instance *instance, struct hidp_context *context,
                          const struct random_params *params, uint64_t seed);
void random_instance_destroy(struct random_instance *instance);

/* Parts of it, for tests that need only one. */
struct hidp_model *random_model(struct hidp_context *context, const struct random_params *params,
                                struct rng *rng);
struct hidp_cluster *random_cluster(struct hidp_context *context, const struct random_params *params,
                                    struct rng *rng);
struct hidp_cost *random_cost(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              struct rng *rng);

/*
 * A random plan for the problem: any kinds of stages and steps. It is valid; it
 * may break a memory limit. Returns the status of sealing: HIDP_OK or
 * HIDP_ERR_INFEASIBLE; HIDP_ERR_PLAN if the plan was to be contiguous and several
 * attempts were not; anything else ends the program.
 */
hidp_status random_plan(const struct random_instance *instance, struct rng *rng,
                        struct hidp_plan **plan_out);

/* Rows of each of the model's layers that a share computes; comp[2 * layer] to comp[2 * layer + 1]. */
void random_plan_comp(const struct hidp_model *model, const hidp_layer_id *layers, uint32_t count,
                      int64_t unit_begin, int64_t unit_end, int64_t row_units, int64_t *comp);

/* May and can the layer run there? */
bool random_place_allowed(const struct random_instance *instance, hidp_layer_id layer,
                          hidp_node_id node, hidp_processor_id processor);

/* Ends the program with a message unless the status is HIDP_OK. */
void support_must(hidp_status status, const struct hidp_diagnostic *diagnostic, const char *what);

/* The seed of a test run: HIDP_TEST_SEED of the environment, else the default. Printed. */
uint64_t support_seed(const char *test, uint64_t otherwise);

#endif
