/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONEDNN_H
#define HIDP_ONEDNN_H

#include <hidp/plugin/kernels.h>
#include <hidp/plugin/weights.h>

/**
 * @file
 * @brief Kernels on oneDNN.
 */

/**
 * @defgroup onednn Kernels on oneDNN
 * @brief Computes models in fp32 on x86 processors, with the primitives of oneDNN 2.
 *
 * A processor of one core runs one thread, a processor of several cores as many threads
 * of oneDNN. Weights are packed once per layer and shared by all tasks whose primitives
 * want them alike. Results agree with exact arithmetic up to rounding; they depend a
 * little on how a layer is divided, because another primitive may then be the best one.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_onednn;

/** Flags of kernels on oneDNN. */
enum hidp_onednn_flag {
	HIDP_ONEDNN_NO_WINOGRAD = 1u << 0 /**< 3x3 convolutions are computed directly: more exact, in less memory, and
	                                       two to three times slower */
};

/** @brief How kernels are made. Zero means the default in every field. */
struct hidp_onednn_options {
	uint32_t struct_size; /**< sizeof(struct hidp_onednn_options) */
	uint32_t flags;       /**< any of #hidp_onednn_flag */
};

/** Initialiser for a struct hidp_onednn_options: all defaults. */
#define HIDP_ONEDNN_OPTIONS_INIT                                                                   \
	{                                                                                          \
		sizeof(struct hidp_onednn_options), 0                                              \
	}

/**
 * @brief Makes kernels for a model.
 *
 * @param[in]  model             The model; a reference is kept. All programs that are
 *                               prepared must be of it.
 * @param[in]  weights           Where its weights are; copied. The arrays that it lends must
 *                               outlive the kernels.
 * @param[in]  weights_user_data First argument of its entries.
 * @param[in]  options           Options, or NULL for all defaults.
 * @param[out] onednn_out        The kernels: `user_data` of hidp_onednn_kernels(). Free
 *                               them with hidp_onednn_destroy().
 * @param[out] diagnostic        Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI,
 *         #HIDP_ERR_UNSUPPORTED (oneDNN cannot use this processor).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_onednn_new(const struct hidp_model *model, const struct hidp_weights *weights,
                                     void *weights_user_data,
                                     const struct hidp_onednn_options *options,
                                     struct hidp_onednn **onednn_out,
                                     struct hidp_diagnostic *diagnostic);

/**
 * @brief Frees kernels.
 *
 * @param[in] onednn Kernels whose prepared tasks have all been released, or NULL.
 *
 * Thread safety: they must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_onednn_destroy(struct hidp_onednn *onednn);

/**
 * @brief The table to give to a session, together with a struct hidp_onednn.
 *
 * @return A constant table.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const struct hidp_kernels *hidp_onednn_kernels(void);

/**
 * @brief Memory of packed weights.
 *
 * @param[in] onednn Kernels.
 * @return Bytes of weights that are held packed now, beside those the host lends.
 *
 * Thread safety: not while a task is prepared or released.
 * @since 1.0
 */
HIDP_API size_t hidp_onednn_packed_bytes(const struct hidp_onednn *onednn);

/** @} */

HIDP_END_DECLS

#endif
