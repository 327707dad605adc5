/* SPDX-License-Identifier: MIT */
#include "random_instance.h"

static hidp_processor_id add_processor(struct hidp_cluster_builder *b, hidp_node_id node, bool first,
                                       const struct random_params *params, struct rng *rng)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	hidp_processor_id id;
	double rate = 6e9 * params->speed * rng_scale(rng, 1 / params->spread, params->spread);
	double bandwidth = 5e9 * params->speed * rng_scale(rng, 0.1, 10);
	d.kind = (hidp_processor_kind)rng_below(rng, 5);
	for (unsigned c = 0; c < HIDP_CLASS_COUNT; c++) {
		/* classes differ; either figure can be missing, and both on odd processors */
		bool knows = !params->unequal || first || c == HIDP_CLASS_ELEMENTWISE ||
		             rng_chance(rng, 88);
		if (!knows)
			continue;
		d.rate_flops[c] = rate * rng_scale(rng, 0.1, 1);
		d.bandwidth_Bps[c] = bandwidth * rng_scale(rng, 0.5, 1);
		if (params->unequal && rng_chance(rng, 8))
			*(rng_chance(rng, 50) ? &d.rate_flops[c] : &d.bandwidth_Bps[c]) = 0;
	}
	d.overhead_s = rng_chance(rng, 20) ? 0 : rng_scale(rng, 1e-7, 3e-5);
	d.power_active_w = rng_chance(rng, 10) ? 0 : rng_scale(rng, 0.5, 30);
	if (params->unequal) {
		if (!first && rng_chance(rng, 8))
			d.load = 1;
		else if (rng_chance(rng, 25))
			d.load = rng_real(rng) * 0.9;
		if (rng_chance(rng, 25))
			d.copy_bandwidth_Bps = rng_scale(rng, 1e8, 2e10);
	}
	if (params->copies && rng_chance(rng, 50))
		d.copy_bandwidth_Bps = bandwidth * rng_scale(rng, 0.1, 10);
	if (params->limits && !first && rng_chance(rng, 20))
		d.memory_bytes = (uint64_t)rng_scale(rng, params->memory_min_bytes / 10,
		                                     params->memory_max_bytes / 10);
	support_must(hidp_cluster_builder_add_processor(b, node, &d, &id, &diag), &diag,
	             "processor");
	return id;
}

static void add_node(struct hidp_cluster_builder *b, const struct random_params *params,
                     struct rng *rng)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	hidp_node_id id;
	d.memory_bandwidth_Bps = rng_chance(rng, 50) ? 0 : rng_scale(rng, 1e9, 5e10);
	d.sync_s = rng_chance(rng, 30) ? 0 : rng_scale(rng, 1e-7, 5e-5);
	d.load_bandwidth_Bps = rng_chance(rng, 30) ? 0 : rng_scale(rng, 1e7, 1e9);
	d.power_idle_w = rng_chance(rng, 20) ? 0 : rng_scale(rng, 0.3, 10);
	d.power_transmit_w = rng_chance(rng, 20) ? 0 : rng_scale(rng, 0.1, 3);
	d.power_receive_w = rng_chance(rng, 20) ? 0 : rng_scale(rng, 0.1, 3);
	if (params->odd_links && rng_chance(rng, 30))
		d.nic_bandwidth_Bps = rng_scale(rng, 1e7, 1e9);
	if (params->limits && rng_chance(rng, 20))
		d.memory_bytes = (uint64_t)rng_scale(rng, params->memory_min_bytes,
		                                     params->memory_max_bytes);
	if (params->transfers && rng_chance(rng, 60))
		d.flags |= rng_chance(rng, 50) ? HIDP_NODE_HUB : HIDP_NODE_TRANSFERS_ARE_WORK;
	if (params->buffers && rng_chance(rng, 60)) {
		d.receive_buffers = (uint32_t)rng_below(rng, 4);
		d.send_buffers = (uint32_t)rng_below(rng, 4);
	}
	support_must(hidp_cluster_builder_add_node(b, &d, &id, &diag), &diag, "node");
	int64_t processors =
	        rng_between(rng, params->processors_min, params->processors_max);
	for (int64_t p = 0; p < processors; p++)
		/* the first processor can run everything, so that there is a plan */
		add_processor(b, id, p == 0, params, rng);
}

static struct hidp_link_desc pick_link(const struct random_params *params, uint32_t media,
                                       struct rng *rng)
{
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	d.bandwidth_Bps = rng_scale(rng, 5e6, 2e9);
	d.latency_s = rng_chance(rng, 20) ? 0 : rng_scale(rng, 1e-6, 2e-3);
	if (params->odd_links) {
		if (!params->computable && rng_chance(rng, 25))
			d.wire_dtype = (hidp_dtype)rng_between(rng, 1, 4);
		if (media > 0 && rng_chance(rng, 50))
			d.medium = (hidp_medium_id)rng_below(rng, media);
	}
	return d;
}

static void add_link(struct hidp_cluster_builder *b, struct hidp_link_desc d, hidp_node_id from,
                     hidp_node_id to, bool both)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	d.from = from;
	d.to = to;
	d.flags = both ? HIDP_LINK_BOTH_WAYS : 0;
	support_must(hidp_cluster_builder_add_link(b, &d, &diag), &diag, "link");
}

/* Every node can reach every other, over relays where links are missing. */
static void add_links(struct hidp_cluster_builder *b, uint32_t nodes,
                      const struct random_params *params, struct rng *rng)
{
	uint32_t media = 0;
	if (params->odd_links)
		for (uint64_t m = rng_below(rng, 3); m > 0; m--, media++)
			support_must(hidp_cluster_builder_add_medium(b, NULL, NULL, NULL), NULL,
			             "medium");
	if (!params->odd_links || rng_chance(rng, 30)) {
		struct hidp_link_desc d = pick_link(params, media, rng);
		struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
		support_must(hidp_cluster_builder_link_all(b, &d, &diag), &diag, "links");
		return;
	}
	/* a tree both ways, or a ring one way, and then some more */
	bool ring = rng_chance(rng, 25);
	for (hidp_node_id n = 1; n < nodes; n++)
		add_link(b, pick_link(params, media, rng),
		         ring ? n - 1 : (hidp_node_id)rng_below(rng, n), n, !ring);
	if (ring && nodes > 1)
		add_link(b, pick_link(params, media, rng), nodes - 1, 0, false);
	for (uint64_t more = nodes > 1 ? rng_below(rng, nodes) : 0; more > 0; more--) {
		hidp_node_id from = (hidp_node_id)rng_below(rng, nodes);
		hidp_node_id to = (hidp_node_id)rng_below(rng, nodes);
		if (from != to)
			add_link(b, pick_link(params, media, rng), from, to, rng_chance(rng, 60));
	}
}

struct hidp_cluster *random_cluster(struct hidp_context *context, const struct random_params *params,
                                    struct rng *rng)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster_builder *b;
	struct hidp_cluster *cluster = NULL;
	uint32_t nodes = (uint32_t)rng_between(rng, params->nodes_min, params->nodes_max);
	support_must(hidp_cluster_builder_new(context, &b), NULL, "cluster builder");
	for (uint32_t n = 0; n < nodes; n++)
		add_node(b, params, rng);
	add_links(b, nodes, params, rng);
	if (params->pins && nodes > 1 && rng_chance(rng, 15))
		support_must(hidp_cluster_builder_set_available(
		                     b, (hidp_node_id)rng_between(rng, 1, nodes - 1), false, &diag),
		             &diag, "availability");
	for (hidp_node_id from = 0; from < nodes && params->cut && params->needless; from++)
		for (hidp_node_id to = 0; to < nodes; to++)
			if (from != to && rng_chance(rng, 40))
				support_must(hidp_cluster_builder_remove_link(b, from, to, &diag), &diag,
				             "cut");
	for (uint64_t cuts = params->cut ? 1 + rng_below(rng, 2) : 0; cuts > 0; cuts--)
		support_must(hidp_cluster_builder_remove_link(b, (hidp_node_id)rng_below(rng, nodes),
		                                              (hidp_node_id)rng_below(rng, nodes),
		                                              &diag),
		             &diag, "cut");
	support_must(hidp_cluster_builder_seal(b, &cluster, &diag), &diag, "cluster");
	hidp_cluster_builder_destroy(b);
	return cluster;
}

struct hidp_cost *random_cost(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              struct rng *rng)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost_builder *b;
	struct hidp_cost *cost = NULL;
	support_must(hidp_cost_builder_new(model, cluster, &b), NULL, "cost builder");
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		for (hidp_node_id n = 0; n < hidp_cluster_node_count(cluster); n++) {
			for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(cluster, n);
			     p++) {
				struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
				if (rng_chance(rng, 40))
					continue; /* stays analytic */
				e.seconds = rng_chance(rng, 5) ? 0 : rng_scale(rng, 1e-6, 1e-2);
				e.row_fixed_s = e.seconds * rng_real(rng) * rng_real(rng);
				e.channel_fixed_s = e.seconds * rng_real(rng) * rng_real(rng);
				if (p > 0 && rng_chance(rng, 10))
					e.flags = HIDP_COST_UNSUPPORTED;
				support_must(hidp_cost_builder_set(b, l, n, p, &e, &diag), &diag,
				             "cost");
			}
		}
	}
	support_must(hidp_cost_builder_seal(b, &cost, &diag), &diag, "cost source");
	hidp_cost_builder_destroy(b);
	return cost;
}
