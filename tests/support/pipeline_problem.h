/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_PIPELINE_PROBLEM_H
#define HIDP_TESTS_PIPELINE_PROBLEM_H

#include <hidp/hidp.h>

/*
 * Pipelines over unlike devices as PipeEdge's scheduler has them (Hu et al., "PipeEdge: Pipeline
 * Parallelism for Large-Scale Model Inference on Heterogeneous Edge Devices", DSD 2022): a chain
 * of layers is cut into stages, each on a device of its own, some devices unused. A stage
 * computes, sends and receives at the same time; the slowest of all these is the period.
 */
struct pipeline_problem {
	uint32_t layers, types, devices;
	double in_bytes;   /* of the model's input, all of a batch */
	double *out_bytes; /* [layer] */
	double *mem_bytes; /* [layer] */
	double *seconds;   /* [type * layers + layer] */
	double *Bps;       /* [type] between two devices the smaller counts */
	double *limit;     /* [type] bytes of memory, of which not all may be needed */
	uint32_t *type_of; /* [device] */
	/* the same in the library's terms, by pipeline_problem_express() */
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_cost *cost;
	struct hidp_plan_options options;
};

/* Room for a problem, everything 0. */
void pipeline_problem_begin(struct pipeline_problem *problem, uint32_t layers, uint32_t types,
                            uint32_t devices);
/* Every device is of a type of its own; figures vary around those of small computers. */
void pipeline_problem_random(struct pipeline_problem *problem, uint32_t layers, uint32_t devices,
                             uint64_t seed);
void pipeline_problem_express(struct pipeline_problem *problem, struct hidp_context *context);
void pipeline_problem_end(struct pipeline_problem *problem);

/* What a device of the type needs for layers [first, end): buffers for two tensors that come in,
 * two that go out, and one each to work on; what is needed inside is part of the layers'. */
double pipeline_problem_memory(const struct pipeline_problem *problem, uint32_t first,
                               uint32_t end);
/* Seconds from one type of device to another for what the layers before `end` give. */
double pipeline_problem_send_s(const struct pipeline_problem *problem, uint32_t from, uint32_t to,
                               uint32_t end);

#endif
