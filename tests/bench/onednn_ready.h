/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_ONEDNN_READY_H
#define HIDP_TESTS_ONEDNN_READY_H

#include "bench.h"
#include "hidp-onednn.h"
#include "zoo.h"

/* How the layers of a network are made steps of a plan. */
enum onednn_steps {
	ONEDNN_WHOLE,  /* all in one step on the first processor */
	ONEDNN_LAYERS, /* one step per layer, likewise */
	ONEDNN_ROWS,   /* one per layer, halves of the rows on two processors where there are two */
	ONEDNN_CHANNELS, /* one per layer, halves of the channels likewise */
};

/* A plan by hand on the only node. */
struct hidp_plan *onednn_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              enum onednn_steps steps);

/* A plan that is ready to be carried out by one thread. */
struct onednn_ready {
	struct hidp_onednn *onednn;
	struct hidp_programs *programs;
	struct hidp_programs_info info;
	void **prepared; /* [task] */
	size_t scratch_bytes;
	double prepare_s;
	char *memory, *scratch;
};

void onednn_ready_init(const struct bench *bench, struct onednn_ready *ready,
                       const struct hidp_plan *plan, struct zoo_weights *weights, uint32_t flags);
void onednn_ready_clear(struct onednn_ready *ready);

/* Runs a task; how long it takes. */
double onednn_ready_run(const struct bench *bench, const struct onednn_ready *ready, uint32_t task);

/* The cores this thread may run on; how many, at most `max`. */
uint32_t onednn_cores(uint32_t *cores, uint32_t max);
/* Keeps this thread on a core. */
void onednn_pin(uint32_t core);

#endif
