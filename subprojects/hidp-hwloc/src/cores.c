/* SPDX-License-Identifier: MIT */
/* Which cores there are, of which kind, and which of them make a processor. */
#include "cores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <hwloc/cpukinds.h>

/* What this process may run on; NULL without memory. */
static hwloc_bitmap_t usable_threads(hwloc_topology_t topology, uint32_t flags)
{
	hwloc_bitmap_t set = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology));
	if (set == NULL || (flags & HIDP_HWLOC_UNBOUND) != 0 ||
	    !hwloc_topology_is_thissystem(topology))
		return set;
	hwloc_bitmap_t bound = hwloc_bitmap_alloc();
	if (bound == NULL) {
		hwloc_bitmap_free(set);
		return NULL;
	}
	/* where the system does not tell, the process is not bound */
	if (hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_PROCESS) == 0)
		hwloc_bitmap_and(set, set, bound);
	hwloc_bitmap_free(bound);
	return set;
}

static int kind_of(hwloc_topology_t topology, hwloc_const_bitmap_t threads)
{
	int kind = hwloc_cpukinds_get_by_cpuset(topology, threads, 0);
	return kind >= 0 ? kind : -1;
}

static bool fill(hwloc_topology_t topology, uint32_t flags, hwloc_const_bitmap_t usable,
                 hwloc_obj_type_t type, struct cores *cores)
{
	hwloc_obj_t object = NULL;
	while ((object = hwloc_get_next_obj_by_type(topology, type, object)) != NULL) {
		if (!hwloc_bitmap_intersects(object->cpuset, usable))
			continue;
		struct core *c = &cores->items[cores->count];
		c->object = object;
		c->threads = hwloc_bitmap_dup(object->cpuset);
		if (c->threads == NULL)
			return false;
		cores->count++;
		hwloc_bitmap_and(c->threads, c->threads, usable);
		c->kind = kind_of(topology, c->threads);
		if ((flags & HIDP_HWLOC_ALL_THREADS) == 0)
			hwloc_bitmap_singlify(c->threads);
	}
	return true;
}

/* The outermost data cache of a core that not all usable cores have a part in. */
static hwloc_obj_t own_cache(const struct cores *cores, const struct core *core)
{
	hwloc_obj_t found = NULL;
	for (hwloc_obj_t o = core->object->parent; o != NULL; o = o->parent) {
		bool has_all = true;
		if (!hwloc_obj_type_is_dcache(o->type))
			continue;
		for (uint32_t i = 0; i < cores->count && has_all; i++)
			has_all = hwloc_bitmap_isincluded(cores->items[i].object->cpuset, o->cpuset);
		if (!has_all)
			found = o;
	}
	return found;
}

static bool has_kind(const struct cores *cores, int kind)
{
	for (uint32_t i = 0; i < cores->count; i++)
		if (cores->items[i].kind == kind)
			return true;
	return false;
}

/* hwloc numbers kinds from the slowest up; here the best one comes first. */
static void divide_by_kinds(hwloc_topology_t topology, struct cores *cores)
{
	int kinds = hwloc_cpukinds_get_nr(topology, 0);
	for (int kind = kinds - 1; kind >= -1; kind--) {
		if (!has_kind(cores, kind))
			continue;
		for (uint32_t i = 0; i < cores->count; i++)
			if (cores->items[i].kind == kind)
				cores->items[i].group = cores->group_count;
		cores->group_count++;
	}
}

static void divide_by_caches(struct cores *cores)
{
	for (uint32_t i = 0; i < cores->count; i++)
		cores->items[i].cache = own_cache(cores, &cores->items[i]);
	for (uint32_t i = 0; i < cores->count; i++) {
		struct core *c = &cores->items[i];
		uint32_t k = 0;
		while (k < i && (cores->items[k].kind != c->kind || cores->items[k].cache != c->cache))
			k++;
		c->group = k < i ? cores->items[k].group : cores->group_count++;
	}
}

static void divide(hwloc_topology_t topology, hidp_hwloc_granularity granularity,
                   struct cores *cores)
{
	if (granularity == HIDP_HWLOC_KINDS)
		divide_by_kinds(topology, cores);
	else if (granularity == HIDP_HWLOC_CACHES)
		divide_by_caches(cores);
	else
		for (uint32_t i = 0; i < cores->count; i++)
			cores->items[i].group = cores->group_count++;
}

hidp_status hidp_hwloc__cores(hwloc_topology_t topology, const struct hidp_hwloc_options *options,
                              struct cores *cores_out)
{
	hwloc_obj_type_t type = HWLOC_OBJ_CORE;
	int count = hwloc_get_nbobjs_by_type(topology, type);
	memset(cores_out, 0, sizeof *cores_out);
	if (count <= 0)
		count = hwloc_get_nbobjs_by_type(topology, type = HWLOC_OBJ_PU);
	if (count <= 0)
		return HIDP_OK;
	hwloc_bitmap_t usable = usable_threads(topology, options->flags);
	cores_out->items = calloc((size_t)count, sizeof *cores_out->items);
	bool ok = usable != NULL && cores_out->items != NULL &&
	          fill(topology, options->flags, usable, type, cores_out);
	hwloc_bitmap_free(usable);
	if (!ok) {
		hidp_hwloc__cores_free(cores_out);
		return HIDP_ERR_NOMEM;
	}
	divide(topology, options->granularity, cores_out);
	return HIDP_OK;
}

void hidp_hwloc__cores_free(struct cores *cores)
{
	for (uint32_t i = 0; i < cores->count; i++)
		hwloc_bitmap_free(cores->items[i].threads);
	free(cores->items);
	memset(cores, 0, sizeof *cores);
}

/* What hwloc knows of the frequency of a kind, in Hz; 0: nothing. */
static double kind_hz(hwloc_topology_t topology, int kind)
{
	struct hwloc_info_s *infos = NULL;
	unsigned count = 0;
	if (kind < 0 ||
	    hwloc_cpukinds_get_info(topology, (unsigned)kind, NULL, NULL, &count, &infos, 0) != 0)
		return 0;
	double hz = 0;
	for (unsigned i = 0; i < count; i++) {
		bool largest = strcmp(infos[i].name, "FrequencyMaxMHz") == 0;
		if (largest || (hz <= 0 && strcmp(infos[i].name, "FrequencyBaseMHz") == 0))
			hz = 1e6 * strtod(infos[i].value, NULL);
	}
	return isfinite(hz) && hz > 0 ? hz : 0;
}

double hidp_hwloc__best_hz(hwloc_topology_t topology)
{
	int kinds = hwloc_cpukinds_get_nr(topology, 0);
	double best = 0;
	for (int k = 0; k < kinds; k++) {
		double hz = kind_hz(topology, k);
		best = hz > best ? hz : best;
	}
	return best;
}

double hidp_hwloc__kind_speed(hwloc_topology_t topology, int kind)
{
	int kinds = hwloc_cpukinds_get_nr(topology, 0), efficiency = -1;
	if (kind < 0 || kinds < 2)
		return 1;
	double hz = kind_hz(topology, kind), best = hidp_hwloc__best_hz(topology);
	if (hz > 0)
		return hz / best;
	if (hwloc_cpukinds_get_info(topology, (unsigned)kind, NULL, &efficiency, NULL, NULL, 0) != 0 ||
	    efficiency < 0)
		return 1; /* nobody knows which is better */
	return ldexp(1, efficiency - (kinds - 1));
}
