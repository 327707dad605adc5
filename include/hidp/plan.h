/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLAN_H
#define HIDP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/cluster.h>
#include <hidp/cost.h>
#include <hidp/export.h>
#include <hidp/model.h>
#include <hidp/options.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Plans: stages, shares, steps, slices, and what they cost.
 */

/**
 * @defgroup plan Plan
 * @brief Who computes what, and what it will cost.
 *
 * A plan divides a model twice. Globally, the layers, in topological order, are
 * cut into *stages*; the nodes of a stage each compute a *share* of it. Locally,
 * the layers of a share are cut into *steps*; the processors of a step each
 * compute a *slice* of it. doc/plan-space.md says which plans there are,
 * doc/cost-model.md what each of them costs, exactly.
 *
 * Plans come from hidp_plan(), from a builder, or from JSON. All of them are
 * checked and evaluated by the same code when they are made, so a struct
 * hidp_plan is always valid and always has its figures.
 *
 * Thread safety: a builder belongs to one thread at a time; a plan is immutable
 * and can be used from any number of threads.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_plan;
struct hidp_plan_builder;

/** How the nodes of a stage divide it. */
enum hidp_stage_kind_value {
	HIDP_STAGE_SINGLE = 1, /**< one node runs it */
	HIDP_STAGE_SPLIT = 2,  /**< its rows are divided over several nodes */
	HIDP_STAGE_BRANCH = 3, /**< independent groups of its layers run on different nodes */
	HIDP_STAGE_REPLICA = 4 /**< several nodes hold it, each request goes to one of them (streams) */
};

/** One of #hidp_stage_kind_value. */
typedef uint32_t hidp_stage_kind;

/** How the processors of a step divide it. */
enum hidp_step_kind_value {
	HIDP_STEP_SINGLE = 1,   /**< one processor runs it */
	HIDP_STEP_ROWS = 2,     /**< the rows of its last layer are divided */
	HIDP_STEP_CHANNELS = 3, /**< the output channels of its one layer are divided */
	HIDP_STEP_BRANCH = 4    /**< independent groups of its layers run on different processors */
};

/** One of #hidp_step_kind_value. */
typedef uint32_t hidp_step_kind;

/** Largest number of layers in a step of kind #HIDP_STEP_ROWS. */
#define HIDP_STEP_LAYERS_MAX 4u
/** Largest number of routes through the replicas of a plan: the product of their numbers. */
#define HIDP_PLAN_ROUTES_MAX 256u

/** @brief A stage: the next `layer_count` layers of the model. */
struct hidp_stage_desc {
	uint32_t struct_size; /**< sizeof(struct hidp_stage_desc) */
	uint32_t flags;       /**< none defined; 0 */
	hidp_stage_kind kind; /**< one of #hidp_stage_kind_value */
	hidp_layer_id first_layer; /**< read only: first layer; stages follow each other without gaps, model
	                                inputs belong to no stage's work */
	uint32_t layer_count; /**< layers of the stage, 1 or more, model inputs among them included */
	uint32_t share_count; /**< read only: number of shares */
	int64_t row_units;    /**< split: the unit in which shares are given is 1/row_units of the rows of any
	                           tensor; 1 to 2^31, usually the rows of the stage's tallest tensor */
};

/** Initialiser for a struct hidp_stage_desc. */
#define HIDP_STAGE_DESC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_stage_desc), 0, 0, 0, 0, 0, 0                                   \
	}

/** @brief A share: what one node computes of a stage. */
struct hidp_share_desc {
	uint32_t struct_size;        /**< sizeof(struct hidp_share_desc) */
	uint32_t flags;              /**< none defined; 0 */
	hidp_node_id node;           /**< the node; at most one share of a stage per node */
	uint32_t step_count;         /**< read only: number of steps */
	int64_t row_begin;           /**< split: first row unit */
	int64_t row_end;             /**< split: one past the last row unit; the shares of a stage follow each
	                                  other and cover 0 to row_units */
	double fraction;             /**< replica: part of the requests that this node gets, more than 0; the
	                                  fractions of a stage add up to 1 */
	const hidp_layer_id *layers; /**< [layer_count] branch: the layers of this share, rising; else NULL */
	uint32_t layer_count;        /**< branch: length of `layers`; else 0 when built, all of the stage's when
	                                  read */
	uint32_t reserved;           /**< 0 */
};

/** Initialiser for a struct hidp_share_desc. */
#define HIDP_SHARE_DESC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_share_desc), 0, 0, 0, 0, 0, 0, 0, 0, 0                          \
	}

/** @brief A step: the next `layer_count` layers of a share. */
struct hidp_step_desc {
	uint32_t struct_size; /**< sizeof(struct hidp_step_desc) */
	uint32_t flags;       /**< none defined; 0 */
	hidp_step_kind kind;  /**< one of #hidp_step_kind_value */
	uint32_t layer_count; /**< layers of the step, 1 or more */
	uint32_t slice_count; /**< read only: number of slices */
	uint32_t reserved;    /**< 0 */
};

/** Initialiser for a struct hidp_step_desc. */
#define HIDP_STEP_DESC_INIT                                                                        \
	{                                                                                          \
		sizeof(struct hidp_step_desc), 0, 0, 0, 0, 0                                       \
	}

/** @brief A slice: what one processor computes of a step. */
struct hidp_slice_desc {
	uint32_t struct_size;        /**< sizeof(struct hidp_slice_desc) */
	uint32_t flags;              /**< none defined; 0 */
	hidp_processor_id processor; /**< the processor; at most one slice of a step per processor */
	uint32_t layer_count;        /**< branch: length of `layers`; else 0 when built, all of the step's when
	                                  read */
	int64_t begin;               /**< rows: first output row of the step's last layer; channels: first group of
	                                  `channel_grain` channels */
	int64_t end;                 /**< one past the last; the slices follow each other and cover the share's
	                                  rows of that layer, or all its channel groups */
	const hidp_layer_id *layers; /**< [layer_count] branch: the layers of this slice, rising; else NULL */
};

/** Initialiser for a struct hidp_slice_desc. */
#define HIDP_SLICE_DESC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_slice_desc), 0, 0, 0, 0, 0, 0                                   \
	}

/**
 * @brief Begins a plan by hand.
 *
 * Stages, shares, steps and slices are added in order: a share belongs to the
 * last stage, a step to the last share, a slice to the last step.
 *
 * @param[in]  model       The model; a reference is kept.
 * @param[in]  cluster     The cluster; a reference is kept.
 * @param[in]  cost        A cost source for them, a reference is kept; NULL: analytic.
 * @param[in]  options     Where input and output are, stream or not, limits,
 *                         residency; the objective fixes what
 *                         the plan's objective is. NULL: all defaults.
 * @param[out] builder_out The new builder; destroy it with
 *                         hidp_plan_builder_destroy().
 * @param[out] diagnostic  Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI,
 *         #HIDP_ERR_COST (the cost source is for another model or cluster).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_builder_new(const struct hidp_model *model,
                                           const struct hidp_cluster *cluster,
                                           const struct hidp_cost *cost,
                                           const struct hidp_plan_options *options,
                                           struct hidp_plan_builder **builder_out,
                                           struct hidp_diagnostic *diagnostic);

/**
 * @brief Frees a builder.
 *
 * @param[in] builder A builder, or NULL.
 *
 * Thread safety: the builder must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_plan_builder_destroy(struct hidp_plan_builder *builder);

/**
 * @brief Adds a stage.
 *
 * @param[in]  builder    The builder.
 * @param[in]  desc       The stage; copied.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI,
 *         #HIDP_ERR_PLAN (a value out of range).
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_builder_add_stage(struct hidp_plan_builder *builder,
                                                 const struct hidp_stage_desc *desc,
                                                 struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a share to the last stage.
 *
 * @param[in]  builder    The builder.
 * @param[in]  desc       The share; copied.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return As hidp_plan_builder_add_stage().
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_builder_add_share(struct hidp_plan_builder *builder,
                                                 const struct hidp_share_desc *desc,
                                                 struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a step to the last share.
 *
 * @param[in]  builder    The builder.
 * @param[in]  desc       The step; copied.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return As hidp_plan_builder_add_stage().
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_builder_add_step(struct hidp_plan_builder *builder,
                                                const struct hidp_step_desc *desc,
                                                struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a slice to the last step.
 *
 * @param[in]  builder    The builder.
 * @param[in]  desc       The slice; copied.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return As hidp_plan_builder_add_stage().
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_builder_add_slice(struct hidp_plan_builder *builder,
                                                 const struct hidp_slice_desc *desc,
                                                 struct hidp_diagnostic *diagnostic);

/**
 * @brief Checks and evaluates the plan.
 *
 * Pins, exclusions, memory and the limits of the options are checked as well.
 *
 * @param[in]  builder    The builder.
 * @param[out] plan_out   The plan, reference count 1; release it with
 *                        hidp_plan_unref(). Its lower bound is 0: nothing was
 *                        searched.
 * @param[out] diagnostic Names stage, share or step and the reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_PLAN
 *         (invalid), #HIDP_ERR_INFEASIBLE (valid, but breaks a limit).
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_builder_seal(struct hidp_plan_builder *builder,
                                            struct hidp_plan **plan_out,
                                            struct hidp_diagnostic *diagnostic);

/**
 * @brief The same decisions, evaluated again under other circumstances: another
 *        load, another link, measured costs.
 *
 * @param[in]  plan       The plan.
 * @param[in]  cluster    A cluster with the same nodes and processors; NULL: the
 *                        plan's own.
 * @param[in]  cost       A cost source; NULL: the plan's own.
 * @param[in]  options    Options; NULL: the plan's own.
 * @param[out] plan_out   The new plan, reference count 1.
 * @param[out] diagnostic As hidp_plan_builder_seal().
 * @return As hidp_plan_builder_seal(), and #HIDP_ERR_COST.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_evaluate(const struct hidp_plan *plan,
                                        const struct hidp_cluster *cluster,
                                        const struct hidp_cost *cost,
                                        const struct hidp_plan_options *options,
                                        struct hidp_plan **plan_out,
                                        struct hidp_diagnostic *diagnostic);

/**
 * @brief Checks a plan by other means than the evaluator.
 *
 * Follows every row of every tensor through the plan, one by one: that each
 * output row of each layer is computed, that each consumer's input rows are
 * present on its node when it needs them, that no processor runs a layer that it
 * cannot, and that memory limits, pins and exclusions hold. Slow and simple on
 * purpose.
 *
 * @param[in]  plan       The plan.
 * @param[out] diagnostic The first thing found wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_PLAN.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_verify(const struct hidp_plan *plan,
                                      struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a reference.
 *
 * @param[in] plan A plan; not NULL.
 * @return The same pointer.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API struct hidp_plan *hidp_plan_ref(struct hidp_plan *plan);

/**
 * @brief Gives a reference back; the last one frees the plan.
 *
 * @param[in] plan A plan, or NULL.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_plan_unref(struct hidp_plan *plan);

/**
 * @brief The model of a plan.
 *
 * @param[in] plan The plan.
 * @return The model; it lives at least as long as the plan.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const struct hidp_model *hidp_plan_model(const struct hidp_plan *plan);

/**
 * @brief The cluster of a plan.
 *
 * @param[in] plan The plan.
 * @return The cluster; it lives at least as long as the plan.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const struct hidp_cluster *hidp_plan_cluster(const struct hidp_plan *plan);

/**
 * @brief The cost source of a plan.
 *
 * @param[in] plan The plan.
 * @return The cost source, which lives at least as long as the plan; NULL: analytic.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const struct hidp_cost *hidp_plan_cost(const struct hidp_plan *plan);

/**
 * @brief The options of a plan.
 *
 * @param[in]  plan        The plan.
 * @param[out] options_out Filled in; `struct_size` set by the caller. Its arrays
 *                         live as long as the plan; `previous` is NULL, its
 *                         residency is among the arrays.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_options(const struct hidp_plan *plan,
                                           struct hidp_plan_options *options_out);

/**
 * @brief Number of stages.
 *
 * @param[in] plan The plan.
 * @return 1 or more.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_plan_stage_count(const struct hidp_plan *plan);

/**
 * @brief A stage.
 *
 * @param[in]  plan     The plan.
 * @param[in]  stage    Which stage, from 0.
 * @param[out] desc_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such stage), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_stage(const struct hidp_plan *plan, uint32_t stage,
                                         struct hidp_stage_desc *desc_out);

/**
 * @brief A share of a stage.
 *
 * @param[in]  plan     The plan.
 * @param[in]  stage    Which stage.
 * @param[in]  share    Which share of it, from 0.
 * @param[out] desc_out Filled in; `struct_size` set by the caller. `layers` lives
 *                      as long as the plan.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such share), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_share(const struct hidp_plan *plan, uint32_t stage,
                                         uint32_t share, struct hidp_share_desc *desc_out);

/**
 * @brief The rows of a layer that a share computes, halo included.
 *
 * @param[in]  plan      The plan.
 * @param[in]  stage     Which stage.
 * @param[in]  share     Which share of it.
 * @param[in]  layer     A layer of the share.
 * @param[out] begin_out First row.
 * @param[out] end_out   One past the last row; equal to `begin_out` if none.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such share, or the layer is not in it).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_share_rows(const struct hidp_plan *plan, uint32_t stage,
                                              uint32_t share, hidp_layer_id layer,
                                              int64_t *begin_out, int64_t *end_out);

/**
 * @brief A step of a share.
 *
 * @param[in]  plan     The plan.
 * @param[in]  stage    Which stage.
 * @param[in]  share    Which share of it.
 * @param[in]  step     Which step of the share, from 0.
 * @param[out] desc_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such step), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_step(const struct hidp_plan *plan, uint32_t stage,
                                        uint32_t share, uint32_t step,
                                        struct hidp_step_desc *desc_out);

/**
 * @brief A slice of a step.
 *
 * @param[in]  plan     The plan.
 * @param[in]  stage    Which stage.
 * @param[in]  share    Which share of it.
 * @param[in]  step     Which step of the share.
 * @param[in]  slice    Which slice of the step, from 0.
 * @param[out] desc_out Filled in; `struct_size` set by the caller. `layers` lives
 *                      as long as the plan.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such slice), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_get_slice(const struct hidp_plan *plan, uint32_t stage,
                                         uint32_t share, uint32_t step, uint32_t slice,
                                         struct hidp_slice_desc *desc_out);

/** @} */

HIDP_END_DECLS

#endif
