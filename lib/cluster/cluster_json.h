/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLUSTER_CLUSTER_JSON_H
#define HIDP_CLUSTER_CLUSTER_JSON_H

#include <hidp/cluster.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"

/* Clusters as JSON (doc/formats/cluster.md), in other documents too. Only in builds with JSON. */

hidp_status hidp__cluster_read(struct hidp_context *ctx, const struct hidp__json *at,
                               hidp_profile_fn profile, void *user_data,
                               struct hidp_cluster **cluster_out);
void hidp__cluster_write(struct hidp__json_writer *w, const char *key,
                         const struct hidp_cluster *cluster);

/* cluster/node_json.c */

/* A cluster while it is being read. */
struct hidp__cluster_reading {
	struct hidp__arena arena;
	struct hidp_cluster_builder *builder;
	hidp_profile_fn profile;
	void *user_data;
	struct hidp__json_names nodes;
	struct hidp__json_names media;
	unsigned char *given; /* bit set of links [from * nodes + to] that the list has had */
};

struct hidp__node;
/* Reads the member "nodes" of the cluster. */
hidp_status hidp__nodes_read(struct hidp__cluster_reading *r, const struct hidp__json *at);
void hidp__node_write(struct hidp__json_writer *w, const struct hidp__node *node);

#endif
