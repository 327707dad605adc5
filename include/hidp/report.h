/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REPORT_H
#define HIDP_REPORT_H

#include <stddef.h>

#include <hidp/context.h>
#include <hidp/export.h>
#include <hidp/plan.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Plans as JSON, table, picture and trace.
 */

/**
 * @defgroup report Reports
 * @brief A plan on paper: JSON for programs, a table and a picture for people, a
 *        trace for Perfetto.
 *
 * Thread safety: plans are immutable; any thread, any time.
 * @{
 */

HIDP_BEGIN_DECLS

/**
 * @brief Writes a plan as JSON (doc/formats/plan.md): model, cluster, costs,
 *        decisions and figures.
 *
 * @param[in]  plan       The plan.
 * @param[out] buffer     Receives the text and a NUL, as far as it fits; may be
 *                        NULL if size is 0.
 * @param[in]  size       Bytes of buffer.
 * @param[out] needed_out Bytes of the whole text without the NUL. May be NULL.
 * @return #HIDP_OK (also when the text was cut short), #HIDP_ERR_NOMEM,
 *         #HIDP_ERR_ARGUMENT, #HIDP_ERR_UNSUPPORTED (built without JSON).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_to_json(const struct hidp_plan *plan, char *buffer, size_t size,
                                       size_t *needed_out);

/**
 * @brief Reads a plan from JSON (doc/formats/plan.md), and checks and evaluates it.
 *
 * Figures in the document are not believed: the plan's are computed anew, and
 * its lower bound is 0.
 *
 * @param[in]  context    Where memory comes from.
 * @param[in]  text       UTF-8; need not end with a NUL.
 * @param[in]  length     Bytes of text.
 * @param[out] plan_out   The plan, reference count 1.
 * @param[out] diagnostic Line, column and reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_SYNTAX,
 *         #HIDP_ERR_MODEL, #HIDP_ERR_CLUSTER, #HIDP_ERR_COST, #HIDP_ERR_PLAN,
 *         #HIDP_ERR_INFEASIBLE, #HIDP_ERR_LIMIT, #HIDP_ERR_UNSUPPORTED (built
 *         without JSON).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_from_json(struct hidp_context *context, const char *text,
                                         size_t length, struct hidp_plan **plan_out,
                                         struct hidp_diagnostic *diagnostic);

/**
 * @brief Writes a plan as a table for a terminal.
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
HIDP_API hidp_status hidp_plan_to_table(const struct hidp_plan *plan, char *buffer, size_t size,
                                        size_t *needed_out);

/**
 * @brief Draws the timeline as SVG: one row per processor and link over all nodes.
 *
 * @param[in]  plan       The plan.
 * @param[out] buffer     Receives the text and a NUL, as far as it fits; may be
 *                        NULL if size is 0.
 * @param[in]  size       Bytes of buffer.
 * @param[out] needed_out Bytes of the whole text without the NUL. May be NULL.
 * @return As hidp_plan_to_table().
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_to_svg(const struct hidp_plan *plan, char *buffer, size_t size,
                                      size_t *needed_out);

/**
 * @brief Writes the timeline in the Trace Event format that Perfetto and
 *        chrome://tracing read.
 *
 * @param[in]  plan       The plan.
 * @param[out] buffer     Receives the text and a NUL, as far as it fits; may be
 *                        NULL if size is 0.
 * @param[in]  size       Bytes of buffer.
 * @param[out] needed_out Bytes of the whole text without the NUL. May be NULL.
 * @return As hidp_plan_to_table().
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_plan_to_trace(const struct hidp_plan *plan, char *buffer, size_t size,
                                        size_t *needed_out);

/** @} */

HIDP_END_DECLS

#endif
