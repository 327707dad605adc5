/* SPDX-License-Identifier: MIT */
#ifndef HIDP_HWLOC_CORES_H
#define HIDP_HWLOC_CORES_H

#include <stdbool.h>
#include <stdint.h>

#include <hidp-hwloc.h>
#include <hwloc.h>

/* A core that may be used. */
struct core {
	hwloc_obj_t object; /* a core, or a hardware thread where hwloc knows no cores */
	hwloc_bitmap_t threads; /* of it, those that may be used */
	int kind;               /* hwloc's number, which rises with the speed; -1: none */
	hwloc_obj_t cache;      /* that it shares with some but not all; NULL: none, or not asked for */
	uint32_t group;         /* which processor it belongs to, from 0 */
};

struct cores {
	struct core *items;
	uint32_t count;
	uint32_t group_count;
};

/*
 * cores.c: the cores of a topology that may be used, divided into processors by their group.
 * HIDP_OK or HIDP_ERR_NOMEM; none at all is no error here.
 */
hidp_status hidp_hwloc__cores(hwloc_topology_t topology, const struct hidp_hwloc_options *options,
                              struct cores *cores_out);
void hidp_hwloc__cores_free(struct cores *cores);

/* Speed of a kind beside that of the best one, which has 1; -1 is the only kind. */
double hidp_hwloc__kind_speed(hwloc_topology_t topology, int kind);
/* Largest frequency of the best kind in Hz; 0: unknown. */
double hidp_hwloc__best_hz(hwloc_topology_t topology);

#endif
