/* SPDX-License-Identifier: MIT */
#include "cluster/cluster_priv.h"

#include <string.h>

#include "base/abi.h"
#include "base/context_priv.h"

struct hidp_cluster *hidp_cluster_ref(struct hidp_cluster *cluster)
{
	hidp__ref(&cluster->refs);
	return cluster;
}

void hidp_cluster_unref(struct hidp_cluster *cluster)
{
	if (cluster == NULL || !hidp__unref(&cluster->refs))
		return;
	struct hidp_context *ctx = cluster->arena.ctx;
	hidp__arena_destroy(&cluster->arena);
	hidp__free(ctx, cluster);
	hidp_context_unref(ctx);
}

uint32_t hidp_cluster_node_count(const struct hidp_cluster *cluster)
{
	return cluster->node_count;
}

uint32_t hidp_cluster_processor_count(const struct hidp_cluster *cluster, hidp_node_id node)
{
	return node < cluster->node_count ? cluster->nodes[node].processor_count : 0;
}

uint32_t hidp_cluster_medium_count(const struct hidp_cluster *cluster)
{
	return cluster->medium_count;
}

hidp_status hidp_cluster_node(const struct hidp_cluster *cluster, hidp_node_id node,
                              struct hidp_node_desc *desc_out)
{
	if (cluster == NULL || desc_out == NULL || node >= cluster->node_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp_node_desc *d = &cluster->nodes[node].desc;
	return hidp__abi_write(desc_out, sizeof *d, d, sizeof *d);
}

hidp_status hidp_cluster_processor(const struct hidp_cluster *cluster, hidp_node_id node,
                                   hidp_processor_id processor,
                                   struct hidp_processor_desc *desc_out)
{
	if (cluster == NULL || desc_out == NULL || node >= cluster->node_count ||
	    processor >= cluster->nodes[node].processor_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp_processor_desc *d = &cluster->nodes[node].processors[processor];
	return hidp__abi_write(desc_out, sizeof *d, d, sizeof *d);
}

hidp_status hidp_cluster_link(const struct hidp_cluster *cluster, hidp_node_id from,
                              hidp_node_id to, struct hidp_link_desc *desc_out)
{
	if (cluster == NULL || desc_out == NULL || from >= cluster->node_count ||
	    to >= cluster->node_count)
		return HIDP_ERR_ARGUMENT;
	const struct hidp__link *l = hidp__link(cluster, from, to);
	if (!(l->bandwidth_Bps > 0))
		return HIDP_ERR_ARGUMENT;
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	d.from = from;
	d.to = to;
	d.bandwidth_Bps = l->stated_Bps;
	d.latency_s = l->latency_s;
	d.wire_dtype = l->wire_dtype;
	d.medium = l->medium;
	return hidp__abi_write(desc_out, sizeof d, &d, sizeof d);
}

hidp_node_id hidp_cluster_next_hop(const struct hidp_cluster *cluster, hidp_node_id from,
                                   hidp_node_id to)
{
	if (from >= cluster->node_count || to >= cluster->node_count)
		return HIDP_NODE_NONE;
	return hidp__next_hop(cluster, from, to);
}

const char *hidp_cluster_medium_name(const struct hidp_cluster *cluster, hidp_medium_id medium)
{
	return medium < cluster->medium_count ? cluster->media[medium] : NULL;
}

hidp_status hidp_cluster_find(const struct hidp_cluster *cluster, const char *name,
                              hidp_node_id *node_out)
{
	if (cluster == NULL || name == NULL || node_out == NULL)
		return HIDP_ERR_ARGUMENT;
	for (hidp_node_id n = 0; n < cluster->node_count; n++) {
		if (strcmp(cluster->nodes[n].desc.name, name) == 0) {
			*node_out = n;
			return HIDP_OK;
		}
	}
	return HIDP_ERR_ARGUMENT;
}
