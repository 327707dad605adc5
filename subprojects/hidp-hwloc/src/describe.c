/* SPDX-License-Identifier: MIT */
/* A machine as a node. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hidp-hwloc.h>
#include <hwloc.h>

#include "cores.h"
#include "fail.h"

#define OVERHEAD_S 1e-6
#define SYNC_S 5e-6
#define MEMORY_FRACTION 0.75
#define FLOPS_PER_CYCLE 16
#define USUAL_HZ 2e9
#define CORE_BANDWIDTH_BPS 8e9

/* Options of our size: a caller's of another version may be shorter or longer. */
static hidp_status read_options(const struct hidp_hwloc_options *from,
                                struct hidp_hwloc_options *to, struct hidp_diagnostic *diagnostic)
{
	const struct hidp_hwloc_options none = HIDP_HWLOC_OPTIONS_INIT;
	if (from == NULL)
		from = &none;
	/* there is one version so far */
	if (from->struct_size < sizeof *to)
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_ABI, "options of unknown size");
	const unsigned char *tail = (const unsigned char *)from;
	for (size_t i = sizeof *to; i < from->struct_size; i++)
		if (tail[i] != 0)
			return hidp_hwloc__fail(diagnostic, HIDP_ERR_ABI, "options of a later version");
	*to = *from;
	if ((to->flags & ~(uint32_t)(HIDP_HWLOC_ALL_THREADS | HIDP_HWLOC_UNBOUND)) != 0)
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_ABI, "flags 0x%x are unknown", to->flags);
	if (to->granularity > HIDP_HWLOC_KINDS)
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_ARGUMENT, "granularity %u is unknown",
		                        to->granularity);
	if (!(to->memory_fraction >= 0 && to->memory_fraction <= 1) ||
	    !(to->core_flops >= 0 && isfinite(to->core_flops)) ||
	    !(to->core_bandwidth_Bps >= 0 && isfinite(to->core_bandwidth_Bps)))
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_ARGUMENT,
		                        "memory fraction %g, %g FLOP/s or %g byte/s is out of range",
		                        to->memory_fraction, to->core_flops, to->core_bandwidth_Bps);
	return HIDP_OK;
}

/* Rates of a processor of so many cores, each so fast beside the best of the machine. */
static void guess_rates(const struct hidp_hwloc_options *o, double best_hz, double cores,
                        double speed, struct hidp_processor_desc *d)
{
	static const double parts[HIDP_CLASS_COUNT] = {
		[HIDP_CLASS_CONV3X3] = 1,      [HIDP_CLASS_CONV] = 0.8, [HIDP_CLASS_DEPTHWISE] = 0.25,
		[HIDP_CLASS_GEMM] = 0.8,       [HIDP_CLASS_DENSE] = 0.8, [HIDP_CLASS_CUSTOM] = 0.8,
	};
	double flops = o->core_flops > 0
	                       ? o->core_flops
	                       : FLOPS_PER_CYCLE * (best_hz > 0 ? best_hz : USUAL_HZ);
	double bandwidth = o->core_bandwidth_Bps > 0 ? o->core_bandwidth_Bps : CORE_BANDWIDTH_BPS;
	for (hidp_op_class c = 0; c < HIDP_CLASS_COUNT; c++)
		d->rate_flops[c] = parts[c] * flops * cores * speed;
	d->bandwidth_Bps[HIDP_CLASS_DENSE] = bandwidth * cores;
	d->bandwidth_Bps[HIDP_CLASS_ELEMENTWISE] = bandwidth * cores;
	d->overhead_s = OVERHEAD_S;
}

/* "core3", "cores0-3,8"; what does not fit is left to the cluster to name. */
static bool name_group(const struct cores *cores, uint32_t group, char name[HIDP_NAME_MAX + 1])
{
	hwloc_bitmap_t numbers = hwloc_bitmap_alloc();
	if (numbers == NULL)
		return false;
	for (uint32_t i = 0; i < cores->count; i++)
		if (cores->items[i].group == group)
			hwloc_bitmap_set(numbers, cores->items[i].object->logical_index);
	const char *word = hwloc_bitmap_weight(numbers) == 1 ? "core" : "cores";
	int n = snprintf(name, HIDP_NAME_MAX + 1, "%s", word);
	int rest = hwloc_bitmap_list_snprintf(name + n, (size_t)(HIDP_NAME_MAX + 1 - n), numbers);
	hwloc_bitmap_free(numbers);
	if (rest < 0 || n + rest > (int)HIDP_NAME_MAX)
		name[0] = '\0';
	return true;
}

/* Numbers of the hardware threads of a group; how many there are. */
static uint32_t group_threads(const struct cores *cores, uint32_t group, uint32_t *ids)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < cores->count; i++) {
		const struct core *c = &cores->items[i];
		if (c->group != group)
			continue;
		for (int id = hwloc_bitmap_first(c->threads); id >= 0;
		     id = hwloc_bitmap_next(c->threads, id)) {
			if (ids != NULL && count < HIDP_PROCESSOR_CORES_MAX)
				ids[count] = (uint32_t)id;
			count++;
		}
	}
	return count;
}

static hidp_status add_processor(hwloc_topology_t topology, const struct hidp_hwloc_options *o,
                                 const struct cores *cores, uint32_t group,
                                 struct hidp_cluster_builder *builder, hidp_node_id node,
                                 uint32_t *ids, struct hidp_diagnostic *diagnostic)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	char name[HIDP_NAME_MAX + 1];
	double count = 0, speed = 0;
	if (!name_group(cores, group, name))
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_NOMEM, "out of memory");
	for (uint32_t i = 0; i < cores->count; i++) {
		if (cores->items[i].group != group)
			continue;
		count++;
		speed = hidp_hwloc__kind_speed(topology, cores->items[i].kind);
	}
	d.name = name[0] != '\0' ? name : NULL;
	d.kind = HIDP_PROCESSOR_CPU;
	d.core_count = group_threads(cores, group, ids);
	d.core_ids = ids;
	guess_rates(o, hidp_hwloc__best_hz(topology), count, speed, &d);
	return hidp_cluster_builder_add_processor(builder, node, &d, NULL, diagnostic);
}

/* Nothing may be wrong after the node was added but for want of memory. */
static hidp_status check_cores(const struct cores *cores, struct hidp_diagnostic *diagnostic)
{
	if (cores->count == 0)
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_CLUSTER,
		                        "there is no core that this process may use");
	if (cores->group_count > HIDP_NODE_PROCESSORS_MAX)
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_LIMIT,
		                        "%u processors, at most %u are allowed: let cores that share a "
		                        "cache, or all of a kind, be one",
		                        cores->group_count, HIDP_NODE_PROCESSORS_MAX);
	for (uint32_t g = 0; g < cores->group_count; g++) {
		uint32_t threads = group_threads(cores, g, NULL);
		if (threads > HIDP_PROCESSOR_CORES_MAX)
			return hidp_hwloc__fail(diagnostic, HIDP_ERR_LIMIT,
			                        "a processor of %u hardware threads, at most %u are "
			                        "allowed",
			                        threads, HIDP_PROCESSOR_CORES_MAX);
	}
	return HIDP_OK;
}

static hidp_status add_node(hwloc_topology_t topology, const struct hidp_hwloc_options *o,
                            const struct cores *cores, struct hidp_cluster_builder *builder,
                            hidp_node_id *node_out, struct hidp_diagnostic *diagnostic)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	hwloc_obj_t root = hwloc_get_root_obj(topology);
	hidp_node_id node;
	hidp_status s = check_cores(cores, diagnostic);
	if (s != HIDP_OK)
		return s;
	uint32_t *ids = calloc(HIDP_PROCESSOR_CORES_MAX, sizeof *ids);
	if (ids == NULL)
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_NOMEM, "out of memory");
	double fraction = o->memory_fraction > 0 ? o->memory_fraction : MEMORY_FRACTION;
	d.name = o->name != NULL ? o->name : hwloc_obj_get_info_by_name(root, "HostName");
	d.memory_bytes = (uint64_t)((double)root->total_memory * fraction);
	d.sync_s = SYNC_S;
	s = hidp_cluster_builder_add_node(builder, &d, &node, diagnostic);
	for (uint32_t g = 0; s == HIDP_OK && g < cores->group_count; g++)
		s = add_processor(topology, o, cores, g, builder, node, ids, diagnostic);
	free(ids);
	if (s == HIDP_OK && node_out != NULL)
		*node_out = node;
	return s;
}

hidp_status hidp_hwloc_describe(const struct hidp_hwloc_options *options,
                                struct hidp_cluster_builder *builder, hidp_node_id *node_out,
                                struct hidp_diagnostic *diagnostic)
{
	struct hidp_hwloc_options o;
	struct cores cores;
	hwloc_topology_t own = NULL;
	if (builder == NULL)
		return hidp_hwloc__fail(diagnostic, HIDP_ERR_ARGUMENT, "an argument is NULL");
	hidp_status s = read_options(options, &o, diagnostic);
	if (s != HIDP_OK)
		return s;
	if (o.topology == NULL) {
		if (hwloc_topology_init(&own) != 0)
			return hidp_hwloc__fail(diagnostic, HIDP_ERR_NOMEM, "out of memory");
		if (hwloc_topology_load(own) != 0) {
			hwloc_topology_destroy(own);
			return hidp_hwloc__fail(diagnostic, HIDP_ERR_ARGUMENT,
			                        "hwloc cannot find out what this machine is like");
		}
		o.topology = own;
	}
	s = hidp_hwloc__cores(o.topology, &o, &cores);
	if (s != HIDP_OK) {
		hidp_hwloc__fail(diagnostic, s, "out of memory");
	} else {
		s = add_node(o.topology, &o, &cores, builder, node_out, diagnostic);
		hidp_hwloc__cores_free(&cores);
	}
	if (own != NULL)
		hwloc_topology_destroy(own);
	return s;
}
