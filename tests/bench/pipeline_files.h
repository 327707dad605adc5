/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_BENCH_PIPELINE_FILES_H
#define HIDP_TESTS_BENCH_PIPELINE_FILES_H

#include "bench.h"
#include "pipeline_problem.h"

/* Requests in a batch, which all figures are for. */
#define PIPELINE_BATCH 8

/*
 * Reads a problem in the format of PipeEdge's sched-pipeline: models.yml, device_types.yml and
 * devices.yml in a folder, and which model of them. Types that no device has are left out.
 */
void pipeline_files_read(struct pipeline_problem *problem, const char *folder, const char *model);
/*
 * Runs sched-pipeline on these files. *seconds: processor time that it takes beyond what
 * it takes to read them. Returns the period of the stages that it prints; INFINITY: it prints none.
 */
double pipeline_files_run_peer(const struct pipeline_problem *problem, const char *peer,
                               const char *folder, const char *model, double *seconds);

#endif
