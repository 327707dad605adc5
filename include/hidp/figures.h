/* SPDX-License-Identifier: MIT */
#ifndef HIDP_FIGURES_H
#define HIDP_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/export.h>
#include <hidp/model.h>
#include <hidp/plan.h>
#include <hidp/status.h>

/**
 * @file
 * @brief What a plan costs: figures and timeline.
 */

/**
 * @defgroup figures Figures
 * @brief What a plan costs, in total and resource by resource, and its timeline.
 *
 * All of them come from the one evaluator that doc/cost-model.md describes.
 *
 * Thread safety: plans are immutable; any thread, any time.
 * @{
 */

HIDP_BEGIN_DECLS

/** Flags of plan figures. */
enum hidp_figures_flag {
	HIDP_FIGURES_PROVEN = 1u << 0 /**< no plan of the plan space has a smaller objective; the gap is 0 */
};

/** @brief What a plan costs. All figures are smaller-is-better. */
struct hidp_plan_figures {
	uint32_t struct_size;      /**< sizeof(struct hidp_plan_figures), set by the caller */
	uint32_t flags;            /**< any of #hidp_figures_flag */
	double latency_s;          /**< one request alone, from arrival to result; with replicas, the slowest route */
	double period_s;           /**< between requests of a saturated stream: the largest load of a resource */
	double energy_j;           /**< per request */
	double objective;          /**< value of the objective, migration included */
	double lower_bound;        /**< no plan in the plan space has an objective below it */
	double gap;                /**< (objective - lower_bound) / objective; 0 only if proven */
	double migration_s;        /**< time to load the weights that are not resident, node after node */
	uint64_t migration_bytes;  /**< bytes of those weights */
	uint64_t transfer_bytes;   /**< bytes on links per request, on average over the routes */
	uint64_t work;             /**< search steps that the planner took; 0: made by hand, or recalled */
};

/** Initialiser for a struct hidp_plan_figures. */
#define HIDP_PLAN_FIGURES_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_plan_figures), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                  \
	}

/** @brief What a plan asks of a node. */
struct hidp_node_figures {
	uint32_t struct_size;      /**< sizeof(struct hidp_node_figures), set by the caller */
	uint32_t flags;            /**< none defined; 0 */
	uint64_t memory_bytes;     /**< peak: weights, activations, halo, workspace */
	uint64_t weight_bytes;     /**< of it, weights */
	double transmit_s;         /**< time per request on which it sends */
	double receive_s;          /**< time per request on which it receives */
	double energy_j;           /**< per request, all of the node */
};

/** Initialiser for a struct hidp_node_figures. */
#define HIDP_NODE_FIGURES_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_node_figures), 0, 0, 0, 0, 0, 0                                 \
	}

/** @brief What a plan asks of a processor. */
struct hidp_processor_figures {
	uint32_t struct_size;  /**< sizeof(struct hidp_processor_figures), set by the caller */
	uint32_t flags;        /**< none defined; 0 */
	uint64_t memory_bytes; /**< peak of what its slices hold, weights included */
	double busy_s;         /**< time per request that it is busy */
};

/** Initialiser for a struct hidp_processor_figures. */
#define HIDP_PROCESSOR_FIGURES_INIT                                                                \
	{                                                                                          \
		sizeof(struct hidp_processor_figures), 0, 0, 0                                  \
	}

/** Kinds of tasks, in a plan's timeline and in programs. */
enum hidp_task_kind_value {
	HIDP_TASK_COMPUTE = 1,  /**< a slice on a processor */
	HIDP_TASK_TRANSFER = 2, /**< a message on a link (timeline) */
	HIDP_TASK_SEND = 3,     /**< a message as its sender sees it (programs) */
	HIDP_TASK_RECEIVE = 4   /**< a message as its receiver sees it (programs) */
};

/** One of #hidp_task_kind_value. */
typedef uint32_t hidp_task_kind;

/** @brief One bar of the timeline of one request; with replicas, of the slowest route. */
struct hidp_task_info {
	uint32_t struct_size;        /**< sizeof(struct hidp_task_info), set by the caller */
	hidp_task_kind kind;         /**< one of #hidp_task_kind_value */
	uint32_t stage;              /**< stage it belongs to; the number of stages for the delivery of outputs */
	uint32_t share;              /**< share that computes or receives; 0 for the delivery of outputs */
	uint32_t step;               /**< compute: step of the share */
	uint32_t slice;              /**< compute: slice of the step */
	hidp_node_id node;           /**< compute: where; transfer: sender */
	hidp_processor_id processor; /**< compute: on which processor */
	hidp_node_id to;             /**< transfer: receiver */
	hidp_layer_id layer;         /**< compute: first layer; transfer: layer whose output is sent */
	uint32_t layer_count;        /**< compute: layers in the slice */
	hidp_medium_id medium;       /**< transfer: shared medium or #HIDP_MEDIUM_NONE */
	int64_t row_begin;           /**< first row of the last layer, or of the tensor sent */
	int64_t row_end;             /**< one past the last row */
	double start_s;              /**< from the arrival of the request */
	double end_s;                /**< compute: done; transfer: the wire is free again */
	double arrival_s;            /**< transfer: the data is usable; compute: as end_s */
	double wait_s;               /**< compute: hand-over and copies within start_s to end_s */
	uint64_t bytes;              /**< transfer: bytes on the wire */
};

/** Initialiser for a struct hidp_task_info. */
#define HIDP_TASK_INFO_INIT                                                                        \
	{                                                                                          \
		sizeof(struct hidp_task_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
		        0                                                                          \
	}

/**
 * @brief What a plan costs.
 *
 * @param[in]  plan        The plan.
 * @param[out] figures_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_figures(const struct hidp_plan *plan,
                                           struct hidp_plan_figures *figures_out);

/**
 * @brief What a plan asks of a node.
 *
 * @param[in]  plan        The plan.
 * @param[in]  node        A node of its cluster.
 * @param[out] figures_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such node), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_node_figures(const struct hidp_plan *plan, hidp_node_id node,
                                                struct hidp_node_figures *figures_out);

/**
 * @brief What a plan asks of a processor.
 *
 * @param[in]  plan        The plan.
 * @param[in]  node        A node of its cluster.
 * @param[in]  processor   A processor of the node.
 * @param[out] figures_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such processor), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_processor_figures(const struct hidp_plan *plan,
                                                     hidp_node_id node,
                                                     hidp_processor_id processor,
                                                     struct hidp_processor_figures *figures_out);

/**
 * @brief Time per request on which a shared medium is busy.
 *
 * @param[in]  plan       The plan.
 * @param[in]  medium     A medium of its cluster.
 * @param[out] busy_s_out Seconds.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such medium).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_medium_busy(const struct hidp_plan *plan, hidp_medium_id medium,
                                               double *busy_s_out);

/**
 * @brief Number of tasks in the timeline.
 *
 * @param[in] plan The plan.
 * @return 1 or more.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_plan_task_count(const struct hidp_plan *plan);

/**
 * @brief A task of the timeline, in the order in which the plan is carried out.
 *
 * @param[in]  plan     The plan.
 * @param[in]  task     Which task, from 0.
 * @param[out] info_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such task), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_task(const struct hidp_plan *plan, uint32_t task,
                                        struct hidp_task_info *info_out);

/** @} */

HIDP_END_DECLS

#endif
