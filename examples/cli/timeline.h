/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_TIMELINE_H
#define HIDP_CLI_TIMELINE_H

#include "cli.h"

/* A task that was predicted or measured, from the beginning of the request on. */
struct bar {
	hidp_node_id node;
	hidp_processor_id processor;
	uint32_t stage, step;
	double begin_s, end_s;
};

struct bars {
	struct bar *items;
	size_t count, capacity;
	double end_s; /* of the request */
};

/* A plan, what it says of the processors, and what came of it. */
struct comparison {
	struct hidp_plan *plan;
	const struct hidp_cluster *cluster;
	struct bars predicted, measured;
};

/* times.c: adds the tasks of a file (doc/formats/times.md). false after a message. */
bool read_times(struct comparison *comparison, const char *path);
bool bars_add(struct bars *bars, struct bar bar);

/* picture.c: predicted and measured side by side; free it. NULL: out of memory. */
char *draw_comparison(const struct comparison *comparison, size_t *length_out);

#endif
