/* SPDX-License-Identifier: MIT */
#include "planner/prices.h"

#include <string.h>

bool hidp__prices_begin(struct hidp__prices *prices, const struct hidp_cluster *cluster,
                        struct hidp__arena *arena)
{
	uint32_t n = cluster->node_count;
	*prices = (struct hidp__prices){.time_only = true};
	prices->busy = hidp__arena_calloc(arena, cluster->processor_count, sizeof(double));
	prices->transmit = hidp__arena_calloc(arena, n, sizeof(double));
	prices->receive = hidp__arena_calloc(arena, n, sizeof(double));
	prices->load = hidp__arena_calloc(arena, n, sizeof(double));
	prices->hold = hidp__arena_calloc(arena, n, sizeof(double));
	prices->medium = hidp__arena_calloc(arena, (size_t)cluster->medium_count + 1, sizeof(double));
	prices->allowed = hidp__arena_alloc(arena, n, sizeof(bool));
	if (prices->busy == NULL || prices->transmit == NULL || prices->receive == NULL ||
	    prices->load == NULL || prices->hold == NULL || prices->medium == NULL ||
	    prices->allowed == NULL)
		return false;
	memset(prices->allowed, true, n * sizeof(bool));
	return true;
}

bool hidp__paths_build(struct hidp__path **paths, const struct hidp_cluster *cluster,
                       const struct hidp__prices *prices, struct hidp__arena *arena)
{
	uint32_t n = cluster->node_count;
	struct hidp__path *all = hidp__arena_alloc(arena, (size_t)n * n, sizeof *all);
	if (all == NULL)
		return false;
	for (hidp_node_id from = 0; from < n; from++) {
		for (hidp_node_id to = 0; to < n; to++) {
			struct hidp__path path = {.exists = true};
			for (hidp_node_id at = from; at != to && path.exists;) {
				hidp_node_id hop = hidp__next_hop(cluster, at, to);
				if (hop == HIDP_NODE_NONE) {
					path.exists = false;
					break;
				}
				const struct hidp__link *l = hidp__link(cluster, at, hop);
				double price = prices->transmit[at] + prices->receive[hop];
				if (l->medium != HIDP_MEDIUM_NONE)
					price += prices->medium[l->medium];
				path.latency_s += l->latency_s;
				if (l->wire_dtype == HIDP_DTYPE_DEFAULT) {
					double s = 1 / l->bandwidth_Bps;
					path.byte_s += s;
					path.slowest_byte_s = fmax(path.slowest_byte_s, s);
					path.byte_cost += price / l->bandwidth_Bps;
				} else {
					double e = (double)hidp__dtype_bytes(l->wire_dtype) /
					           l->bandwidth_Bps;
					path.element_s += e;
					path.slowest_element_s = fmax(path.slowest_element_s, e);
					path.element_cost += price * e;
				}
				at = hop;
			}
			if (path.byte_s > 0)
				path.slowest_element_s = 0;
			all[(size_t)from * n + to] = path;
		}
	}
	*paths = all;
	return true;
}
