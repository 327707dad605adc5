/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REFERENCE_H
#define HIDP_REFERENCE_H

#include <hidp/model.h>
#include <hidp/plugin/kernels.h>
#include <hidp/plugin/weights.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Kernels in portable C.
 */

/**
 * @defgroup reference Reference kernels
 * @brief Kernels in portable C, which other kernels are compared with.
 *
 * They compute every op but custom ones, in fp32. Each element of an output is computed
 * by the same additions and multiplications in the same order, whatever part of the output
 * is asked for: results are the same bit by bit, however a plan divides the network, on
 * all machines whose compilers and mathematical functions round alike. They are plain and
 * not quick: measure plans on them only for want of others.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_reference;

/**
 * @brief Gets ready to compute a model.
 *
 * Weights are asked for when a task is prepared, once per layer, and rearranged copies of
 * the larger ones kept for all tasks until the object is destroyed.
 *
 * @param[in]  model             The model; a reference is kept.
 * @param[in]  weights           Where its weights are; copied.
 * @param[in]  weights_user_data First argument of the entries of `weights`.
 * @param[out] reference_out     The new object; destroy it with hidp_reference_destroy().
 * @param[out] diagnostic        Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI (the table of
 *         weights has another version).
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_reference_new(const struct hidp_model *model,
                                        const struct hidp_weights *weights, void *weights_user_data,
                                        struct hidp_reference **reference_out,
                                        struct hidp_diagnostic *diagnostic);

/**
 * @brief Frees the object and the weights that it keeps.
 *
 * @param[in] reference An object whose tasks are all released, or NULL.
 *
 * Thread safety: the object must not be in use.
 */
HIDP_API void hidp_reference_destroy(struct hidp_reference *reference);

/**
 * @brief The kernels. Their `user_data` is a struct hidp_reference.
 *
 * @return A table that lives as long as the library.
 *
 * Thread safety: any thread, any time; `prepare` and `release` of one object on one
 * thread at a time, also if several sessions use it.
 */
HIDP_API const struct hidp_kernels *hidp_reference_kernels(void);

/** @} */

HIDP_END_DECLS

#endif
