/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_BENCH_PLACEMENT_PROBLEM_H
#define HIDP_TESTS_BENCH_PLACEMENT_PROBLEM_H

#include "bench.h"
#include "peer.h"

/*
 * Placement problems in the format of "Efficient Algorithms for Device Placement of DNN Graph
 * Operators" (Tarnawski et al., NeurIPS 2020): k accelerators with memory of their own around
 * the memory of a host with l CPU cores; a placement costs its largest load.
 */
struct placement_file {
	const char *name;      /* in tests/bench/placement/, without .json */
	double cost_factor;    /* on what the file says that tensors cost */
	uint32_t accelerators; /* 0: as the file says */
	uint32_t cpus;         /* likewise */
	double memory;         /* likewise */
};

/* The same problem in the library's terms: seconds are the file's units of time. */
struct placement_problem {
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_cost *cost;
	uint32_t nodes, accelerators;
};

/* `local`: one node with k + l processors; else k nodes around a hub with l. */
void placement_problem_read(struct placement_problem *problem, struct hidp_context *context,
                            const struct placement_file *file, bool local);
void placement_problem_free(struct placement_problem *problem);

/*
 * Runs the authors' program for the contiguous optimum, which reads such a file and writes a
 * placement; *used: what it took. Returns the longest load that it says.
 */
double placement_file_run_peer(const struct placement_file *file, const char *peer,
                               struct bench_peer *used);

#endif
