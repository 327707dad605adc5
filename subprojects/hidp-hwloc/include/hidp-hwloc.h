/* SPDX-License-Identifier: MIT */
#ifndef HIDP_HWLOC_H
#define HIDP_HWLOC_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/export.h>
#include <hidp/status.h>

/**
 * @file
 * @brief This machine as a node.
 */

/**
 * @defgroup hwloc This machine
 * @brief This machine as a node of a cluster: its cores as processors, their numbers for pinning,
 *        its memory.
 *
 * hwloc finds out which cores there are, of which kind, and what they share. How fast they are
 * it does not know: rates are guesses until they are measured (`hidp profile`).
 * @{
 */

HIDP_BEGIN_DECLS

struct hwloc_topology;

/** What becomes a processor. */
enum hidp_hwloc_granularity_value {
	HIDP_HWLOC_CORES = 0, /**< every core: for kernels that run on one thread */
	HIDP_HWLOC_CACHES = 1, /**< cores of one kind that share the outermost cache that not all cores share; all of a
	                            kind if there is none */
	HIDP_HWLOC_KINDS = 2   /**< all cores of a kind: for kernels with threads of their own */
};

/** One of #hidp_hwloc_granularity_value. */
typedef uint32_t hidp_hwloc_granularity;

/** Flags of a description. */
enum hidp_hwloc_flag {
	HIDP_HWLOC_ALL_THREADS = 1u << 0, /**< core numbers of all hardware threads of a core, not of the first alone */
	HIDP_HWLOC_UNBOUND = 1u << 1      /**< also cores that no thread of this process is bound to */
};

/** @brief How a machine is described. Zero means the default in every field. */
struct hidp_hwloc_options {
	uint32_t struct_size; /**< sizeof(struct hidp_hwloc_options) */
	uint32_t flags;       /**< any of #hidp_hwloc_flag */
	const char *name;     /**< of the node; NULL: the name of the host, or as the cluster builder names nodes */
	struct hwloc_topology *topology; /**< a loaded topology (hwloc_topology_t), for example of another machine;
	                                      NULL: this machine's */
	hidp_hwloc_granularity granularity; /**< one of #hidp_hwloc_granularity_value */
	uint32_t reserved;      /**< 0 */
	double memory_fraction; /**< part of the memory that plans may use, at most 1; 0: three quarters */
	double core_flops;      /**< FLOP/s of a core of the best kind in 3x3 convolutions; 0: 16 in every cycle, at
	                             2 GHz where hwloc knows no frequency */
	double core_bandwidth_Bps; /**< bytes/s that a core can move; 0: 8e9 */
};

/** Initialiser for a struct hidp_hwloc_options: all defaults. */
#define HIDP_HWLOC_OPTIONS_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_hwloc_options), 0, 0, 0, 0, 0, 0, 0, 0                          \
	}

/**
 * @brief Adds a machine to a cluster.
 *
 * Only cores that this process may use become processors: those that the system allows it, and,
 * of this machine, those that some thread of it is bound to. They keep hwloc's order; kinds come with the best
 * one first. Processors are called by their cores as hwloc counts them: "core3", "cores0-3",
 * "cores0-3,8-11"; their core numbers are the operating system's.
 *
 * Guessed are, for every core: `core_flops` in 3x3 convolutions, in proportion to the largest
 * frequency of its kind, or, where that is unknown, half as much as the next better kind; four
 * fifths of it in other convolutions, matrix products and custom layers, a quarter in depthwise
 * ones; `core_bandwidth_Bps` in dense and elementwise layers; a microsecond for every
 * layer, and five for a hand-over. A processor of n cores has n times the rates.
 *
 * @param[in]  options    Options, or NULL for all defaults.
 * @param[in]  builder    The cluster.
 * @param[out] node_out   Number of the node. May be NULL.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (an option is out of range, hwloc cannot
 *         look at this machine), #HIDP_ERR_ABI, #HIDP_ERR_CLUSTER (no core may be used, the name
 *         is taken), #HIDP_ERR_LIMIT (more processors than a node can have, more core numbers
 *         than a processor). After an error but #HIDP_ERR_NOMEM the builder is as it was before.
 *
 * Thread safety: one thread at a time per builder and per topology.
 */
HIDP_API hidp_status hidp_hwloc_describe(const struct hidp_hwloc_options *options,
                                         struct hidp_cluster_builder *builder,
                                         hidp_node_id *node_out,
                                         struct hidp_diagnostic *diagnostic);

/** @} */

HIDP_END_DECLS

#endif
