/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLUSTER_CLUSTER_PRIV_H
#define HIDP_CLUSTER_CLUSTER_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hidp/cluster.h>

#include "base/arena.h"

/* Processors and nodes are kept as their descriptions; pointers belong to the cluster. */
struct hidp__node {
	struct hidp_node_desc desc;
	uint32_t processor_count;
	uint32_t first_processor; /* among the processors of the whole cluster */
	struct hidp_processor_desc *processors;
};

/* A directed link as transfers see it. */
struct hidp__link {
	double bandwidth_Bps; /* 0: there is no link; NIC limits are within */
	double latency_s;
	double stated_Bps; /* without the NIC limits */
	hidp_dtype wire_dtype;
	hidp_medium_id medium;
};

struct hidp_cluster {
	atomic_uint refs;
	struct hidp__arena arena; /* owns everything below */
	uint32_t node_count;
	uint32_t medium_count;
	uint32_t processor_count; /* of all nodes */
	struct hidp__node *nodes;
	const char **media;
	struct hidp__link *links; /* [from * node_count + to] */
	hidp_node_id *next;       /* [from * node_count + to] next hop */
};

static inline const struct hidp__link *hidp__link(const struct hidp_cluster *c, hidp_node_id from,
                                                  hidp_node_id to)
{
	return &c->links[(size_t)from * c->node_count + to];
}

static inline hidp_node_id hidp__next_hop(const struct hidp_cluster *c, hidp_node_id from,
                                          hidp_node_id to)
{
	return c->next[(size_t)from * c->node_count + to];
}

#endif
