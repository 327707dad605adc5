/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_CONFORMANCE_TRANSPORT_H
#define HIDP_TESTS_CONFORMANCE_TRANSPORT_H

#include <stdbool.h>

#include <hidp/plugin/transport.h>

/*
 * What every transport must do. A factory makes connected transports; the cases use nothing
 * but their tables. Nodes may be threads of one process, or processes that run the same cases
 * side by side.
 */

#define TRANSPORT_NODES_MAX 8u

/* The transport of a node of this process. */
struct transport_end {
	const struct hidp_transport *table;
	void *user_data;
	hidp_node_id node;
};

struct transport_group {
	unsigned nodes;                                 /* numbers 0 to nodes - 1 */
	unsigned local;                                 /* how many of them are in this process */
	struct transport_end ends[TRANSPORT_NODES_MAX]; /* [local] */
	void *data;                                     /* of the factory */
};

struct transport_factory {
	const char *name;
	/*
	 * Makes transports that know each other and are not open. The last `absent` nodes are
	 * known to the others, but not there. Returns false if that is impossible.
	 */
	bool (*make)(void *data, unsigned nodes, unsigned absent, struct transport_group *group);
	/* Frees transports that were stopped. */
	void (*destroy)(void *data, struct transport_group *group);
	/*
	 * Waits for the other processes, and says whether all of them are content; NULL: there
	 * are none.
	 */
	bool (*agree)(void *data, bool content);
	void *data;
	bool cannot_be_absent; /* nodes are always there */
	bool close_needs_all;  /* stop ends when all nodes have closed */
	bool quiet;            /* another process reports */
};

/* Runs all cases and writes what came of it as TAP; returns an exit status. */
int transport_conformance(const struct transport_factory *factory);

#endif
