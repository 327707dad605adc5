/* SPDX-License-Identifier: MIT */
#ifndef HIDP_OPTIONS_H
#define HIDP_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/export.h>
#include <hidp/model.h>

/**
 * @file
 * @brief What is asked of a plan: objective, limits, pins, residency.
 */

/**
 * @defgroup options Plan options
 * @brief What is asked of a plan.
 *
 * Thread safety: options belong to the caller; the library only reads them.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_plan;

/** What is to be made small. */
enum hidp_objective_value {
	HIDP_OBJECTIVE_LATENCY = 0, /**< time from one request's arrival to its result at the output node */
	HIDP_OBJECTIVE_PERIOD = 1,  /**< time between requests of a saturated stream, its inverse is throughput */
	HIDP_OBJECTIVE_ENERGY = 2,  /**< energy per request */
	HIDP_OBJECTIVE_WEIGHTED = 3 /**< the weighted sum of the three */
};

/** One of #hidp_objective_value. */
typedef uint32_t hidp_objective;

/** Which plans are considered. */
enum hidp_strategy_value {
	HIDP_STRATEGY_AUTO = 0,  /**< the whole plan space */
	HIDP_STRATEGY_PAPER = 1, /**< our reading of HiDP (DATE 2025): at each level the better of the best
	                              model partition and the best data partition */
	HIDP_STRATEGY_SINGLE = 2 /**< the whole model on one processor of one node */
};

/** One of #hidp_strategy_value. */
typedef uint32_t hidp_strategy;

/** Flags of plan options. */
enum hidp_plan_flag {
	HIDP_PLAN_STREAM = 1u << 0,   /**< requests come one after another: replicas are allowed, idle power counts
	                                   per period, memory counts every stage at once */
	HIDP_PLAN_INPUT_AT = 1u << 1, /**< `input_node` is set; else the input is at the leader */
	HIDP_PLAN_OUTPUT_AT = 1u << 2, /**< `output_node` is set; else the output is wanted at the leader */
	HIDP_PLAN_RESIDENT = 1u << 3, /**< `resident_*` and `previous` say which weights are where already */
	HIDP_PLAN_CONTIGUOUS = 1u << 4 /**< every layer is computed by one processor alone, and there is an order of
	                                    the processors in which each reads only of those before it: no way
	                                    through the model leads from a processor to others and back to it */
};

/**
 * @brief What is asked of a plan. Zero means the default in every field.
 *
 * Arrays are read during the call only.
 */
struct hidp_plan_options {
	uint32_t struct_size;     /**< sizeof(struct hidp_plan_options) */
	uint32_t flags;           /**< any of #hidp_plan_flag */
	hidp_objective objective; /**< one of #hidp_objective_value; #HIDP_OBJECTIVE_PERIOD implies #HIDP_PLAN_STREAM */
	hidp_strategy strategy;   /**< one of #hidp_strategy_value */
	hidp_node_id leader;      /**< where a request arrives and its result is wanted */
	hidp_node_id input_node;  /**< with #HIDP_PLAN_INPUT_AT */
	hidp_node_id output_node; /**< with #HIDP_PLAN_OUTPUT_AT */
	uint32_t reserved;        /**< 0 */
	double latency_weight;    /**< #HIDP_OBJECTIVE_WEIGHTED: per second; 0 or more */
	double period_weight;     /**< likewise per second of the period */
	double energy_weight;     /**< likewise per joule */
	double latency_limit_s;   /**< plans must not be slower; 0: no limit */
	double period_limit_s;    /**< plans must not have a longer period; 0: no limit */
	double energy_limit_j;    /**< plans must not use more; 0: no limit */
	double migration_weight;  /**< added to the objective for every second of loading weights that are not
	                               where the plan wants them; with #HIDP_PLAN_RESIDENT */
	const hidp_layer_id *pin_layers;         /**< [pin_count] layers that must run ... */
	const hidp_node_id *pin_nodes;           /**< [pin_count] ... on this node ... */
	const hidp_processor_id *pin_processors; /**< [pin_count] ... on this processor (#HIDP_PROCESSOR_NONE: any);
	                                              NULL: any */
	size_t pin_count;                        /**< length of the three arrays */
	const hidp_node_id *excluded_nodes;      /**< [excluded_count] nodes that must not compute ... */
	const hidp_processor_id *excluded_processors; /**< [excluded_count] ... or only this processor of them
	                                                   (#HIDP_PROCESSOR_NONE: all); NULL: all */
	size_t excluded_count;                   /**< length of the two arrays */
	const hidp_layer_id *resident_layers;    /**< [resident_count] layers whose weights ... */
	const hidp_node_id *resident_nodes;      /**< [resident_count] ... are in the memory of this node */
	size_t resident_count;                   /**< length of the two arrays */
	const struct hidp_plan *previous;        /**< the weights are also where this plan of the same model has
	                                              them; NULL: none */
	uint64_t work_limit;                     /**< bound on the search, in steps of a few nanoseconds; the result
	                                              depends on it, not on the clock; 0: the default */
};

/** Initialiser for a struct hidp_plan_options: latency, everything allowed, node 0 leads. */
#define HIDP_PLAN_OPTIONS_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_plan_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
		        0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                               \
	}

/**
 * @brief Sets plan options to their defaults; the same as #HIDP_PLAN_OPTIONS_INIT.
 *
 * @param[out] options     The options; not NULL.
 * @param[in]  struct_size sizeof(struct hidp_plan_options) as the caller knows it.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_plan_options_init(struct hidp_plan_options *options, size_t struct_size);

/** @} */

HIDP_END_DECLS

#endif
