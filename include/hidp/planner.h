/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_H
#define HIDP_PLANNER_H

#include <stddef.h>

#include <hidp/export.h>
#include <hidp/plan.h>
#include <hidp/status.h>

/**
 * @file
 * @brief The planner.
 */

/**
 * @defgroup planner Planner
 * @brief Finds the best plan, and says how good it is.
 *
 * The result of hidp_plan() depends on the arguments alone: the same model, cluster,
 * costs and options give the same plan, whatever the machine, its clock or the number
 * of threads that plan at the same time. What a struct hidp_planner gives also depends
 * on what it was asked before.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_planner;

/**
 * @brief Finds the best plan.
 *
 * @param[in]  model      The model; the plan keeps a reference.
 * @param[in]  cluster    The cluster; the plan keeps a reference.
 * @param[in]  cost       A cost source for them, the plan keeps a reference;
 *                        NULL: analytic.
 * @param[in]  options    What is asked; NULL: latency, everything allowed, node 0
 *                        leads.
 * @param[out] plan_out   The plan, reference count 1; release it with
 *                        hidp_plan_unref().
 * @param[out] diagnostic The reason when it fails, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI,
 *         #HIDP_ERR_COST (the cost source is for another model or cluster),
 *         #HIDP_ERR_INFEASIBLE (no plan meets the limits, or none was found; the
 *         diagnostic says what is short and by how much).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                               const struct hidp_cost *cost,
                               const struct hidp_plan_options *options,
                               struct hidp_plan **plan_out, struct hidp_diagnostic *diagnostic);

/**
 * @brief Makes a planner that remembers its last plans: planning again after a
 *        change of availability or of a link that no longer matters, or that was
 *        known before, takes no search.
 *
 * @param[in]  context     Where memory comes from; the planner keeps a reference.
 * @param[out] planner_out The new planner; destroy it with hidp_planner_destroy().
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_planner_new(struct hidp_context *context,
                                      struct hidp_planner **planner_out);

/**
 * @brief Frees a planner.
 *
 * @param[in] planner A planner, or NULL.
 *
 * Thread safety: the planner must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_planner_destroy(struct hidp_planner *planner);

/**
 * @brief Finds the best plan, as hidp_plan() does, with what it remembers.
 *
 * A plan that the planner remembers is the result, evaluated again, if the same is
 * asked for the same model and costs, nothing in the cluster became cheaper since
 * (processors less busy, nodes available again, links faster), and the plan, replicas on
 * nodes that left dealt to the others, costs at most half a percent more than it did. No
 * other plan can then be below the bound that the plan had. Otherwise it searches, with
 * what it kept of the last search for nodes that did not change; the result is that of
 * hidp_plan(), or better: the last plan, if that still can be and costs less, and the
 * highest bound that is known to hold. The last 8 plans are remembered, so that a
 * cluster that is again what it was is known as well. The same questions in the same
 * order have the same results.
 *
 * @param[in]  planner    The planner; it keeps references to the plans that it
 *                        remembers and so to their models, clusters and costs, and the
 *                        arrays of its last search, until it is destroyed.
 * @param[in]  model      The model.
 * @param[in]  cluster    The cluster, often an edited copy of the last one
 *                        (hidp_cluster_builder_from()).
 * @param[in]  cost       A cost source for them; NULL: analytic.
 * @param[in]  options    What is asked; NULL: all defaults.
 * @param[out] plan_out   The plan, reference count 1.
 * @param[out] diagnostic The reason when it fails, or NULL.
 * @return As hidp_plan().
 *
 * Thread safety: one thread at a time per planner.
 * @since 1.0
 */
HIDP_API hidp_status hidp_planner_plan(struct hidp_planner *planner,
                                       const struct hidp_model *model,
                                       const struct hidp_cluster *cluster,
                                       const struct hidp_cost *cost,
                                       const struct hidp_plan_options *options,
                                       struct hidp_plan **plan_out,
                                       struct hidp_diagnostic *diagnostic);

/**
 * @brief Explains a plan to a person.
 *
 * Per stage the chosen mode, its binding resource, the best alternative that was
 * found and what it would have cost; which nodes were left out, and why.
 * Alternatives are planned anew, at most 48 of them, with a work limit of 2,000,000 if
 * the plan's options have none, so this takes some dozens of times as long as planning
 * did.
 *
 * @param[in]  plan       The plan.
 * @param[out] buffer     Receives the text and a NUL, as far as it fits; may be
 *                        NULL if size is 0.
 * @param[in]  size       Bytes of buffer.
 * @param[out] needed_out Bytes of the whole text without the NUL. May be NULL.
 * @return #HIDP_OK (also when the text was cut short), #HIDP_ERR_NOMEM,
 *         #HIDP_ERR_ARGUMENT.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_explain(const struct hidp_plan *plan, char *buffer, size_t size,
                                       size_t *needed_out);

/** @} */

HIDP_END_DECLS

#endif
