/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_READY_H
#define HIDP_TESTS_READY_H

#include "bench.h"
#include "zoo.h"
#include <hidp/plugin/kernels.h>

/* Kernels that a benchmark can be about. */
struct ready_kernels {
	const char *name, *title;
	const struct hidp_kernels *(*table)(void);
	/* direct: without Winograd's algorithm, where they know it */
	hidp_status (*create)(const struct hidp_model *model, struct zoo_weights *weights,
	                      bool direct, void **object_out, struct hidp_diagnostic *diagnostic);
	void (*destroy)(void *object);
	bool knows_winograd;
};

/* Those of a name, or the first that were built; ends the program if there are none. */
const struct ready_kernels *ready_kernels(const char *name);

/* A hand-over between cores that have nothing else to do. */
#define READY_SYNC_S 3e-6
/* A node with processors of so many cores each, one after another from the list. */
struct hidp_cluster *ready_cluster(const struct bench *bench, const uint32_t *cores,
                                   uint32_t processors, uint32_t cores_each, double sync_s);

/* How the layers of a network are made steps of a plan. */
enum ready_steps {
	READY_WHOLE,  /* all in one step on the first processor */
	READY_LAYERS, /* one step per layer, likewise */
	READY_ROWS,   /* one per layer, halves of the rows on two processors where there are two */
	READY_CHANNELS, /* one per layer, halves of the channels likewise */
};

/* A plan by hand on the only node. */
struct hidp_plan *ready_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              enum ready_steps steps);

/* A plan that is ready to be carried out by one thread. */
struct ready {
	const struct ready_kernels *kernels;
	void *object;
	struct hidp_programs *programs;
	struct hidp_programs_info info;
	void **prepared; /* [task] */
	size_t scratch_bytes;
	double prepare_s;
	char *memory, *scratch;
};

void ready_init(const struct bench *bench, struct ready *ready, const struct ready_kernels *kernels,
                const struct hidp_plan *plan, struct zoo_weights *weights, bool direct);
void ready_clear(struct ready *ready);

/* Runs a task; how long it takes. */
double ready_run(const struct bench *bench, const struct ready *ready, uint32_t task);

/* The cores this thread may run on; how many, at most `max`. */
uint32_t ready_cores(uint32_t *cores, uint32_t max);
/* Keeps this thread on a core. */
void ready_pin(uint32_t core);

#endif
