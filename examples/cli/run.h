/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_RUN_H
#define HIDP_CLI_RUN_H

#include <pthread.h>

#include "nodes.h"
#include "tensors.h"

/* check.c: the outputs of the undivided model on one processor. false after a message. */
bool check_run(struct hidp_context *context, const struct loaded_model *model, const char *kernels,
               const struct tensors *inputs, const struct tensors *outputs);

/* What is asked of the requests. */
struct run_options {
	long repeat, variety, parallel;
	uint64_t input_seed;
	struct list inputs, outputs; /* "FILE" or "NAME=FILE" */
	struct list costs;           /* files */
	double deadline_s, tolerance;       /* tolerance < 0: that of the kernels */
	const char *check, *times, *log;
	struct hidp_plan_options plan;
	struct outputs reports;
};

/* requests.c: requests, one after another or several at once, and what became of them. */
struct requests {
	const struct run_options *options;
	struct member *member;
	/* [variety] */
	struct tensors *inputs, *truths;
	double tolerance;
	FILE *log;
	pthread_mutex_t mutex; /* of all that follows */
	long next, done, failed, again, wrong;
	double *latencies_s; /* [done] */
	double predicted_s, planning_s, preparing_s, worst;
	double first_end_s;              /* of the first that was done */
	double last_begin_s, last_end_s; /* of the last */
	uint64_t digest;                 /* of the first request's result */
	bool has_digest;
	double shown_s;
	struct tensors first; /* its result */
};

/* false after a message; free it in any case. */
bool requests_new(struct requests *requests, const struct run_options *options,
                  struct member *member);
void requests_free(struct requests *requests);
/* Runs them all. */
void requests_run(struct requests *requests);
/* Prints how they went; what the command returns. */
int requests_report(struct requests *requests);

#endif
