/* SPDX-License-Identifier: MIT */
#ifndef HIDP_XNNPACK_H
#define HIDP_XNNPACK_H

#include <hidp/plugin/kernels.h>
#include <hidp/plugin/weights.h>

/**
 * @file
 * @brief Kernels on XNNPACK.
 */

/**
 * @defgroup xnnpack Kernels on XNNPACK
 * @brief Computes models in fp32 on Arm and x86 processors, with the operators of XNNPACK.
 *
 * Convolutions, dense layers of several positions, pools and softmax layers are XNNPACK's.
 * What it has no operator for is plain C, written so that compilers use vectors: products
 * of two tensors and attention, layer normalisation, elementwise functions (all that follow
 * a layer in one pass), moving and resampling. Dense layers of one position are, too: they
 * read the weights where the host lends them, and so need no copy of them.
 *
 * An operator has its packed weights to itself: a task packs those of its convolutions and
 * dense layers, so two plans that are ready at the same time need them twice. It also keeps
 * the addresses of its tensors: where a host runs the same task for several requests at the
 * same time, they take turns, operator by operator. Sessions never do that, as a task
 * belongs to one processor.
 *
 * A processor of one core runs one thread, a processor of several cores a pool of them,
 * which is made when a thread enters and ends with it. Results agree with exact arithmetic
 * up to rounding; they depend a little on how a layer is divided.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_xnnpack;

/** @brief How kernels are made. Zero means the default in every field. */
struct hidp_xnnpack_options {
	uint32_t struct_size; /**< sizeof(struct hidp_xnnpack_options) */
	uint32_t flags;       /**< none defined; 0 */
};

/** Initialiser for a struct hidp_xnnpack_options: all defaults. */
#define HIDP_XNNPACK_OPTIONS_INIT                                                                  \
	{                                                                                          \
		sizeof(struct hidp_xnnpack_options), 0                                             \
	}

/**
 * @brief Makes kernels for a model.
 *
 * XNNPACK as a whole is made ready by the first call, and stays so until the program ends.
 *
 * @param[in]  model             The model; a reference is kept. All programs that are
 *                               prepared must be of it.
 * @param[in]  weights           Where its weights are; copied. The arrays that it lends must
 *                               outlive the kernels.
 * @param[in]  weights_user_data First argument of its entries.
 * @param[in]  options           Options, or NULL for all defaults.
 * @param[out] xnnpack_out       The kernels: `user_data` of hidp_xnnpack_kernels(). Free
 *                               them with hidp_xnnpack_destroy().
 * @param[out] diagnostic        Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI, #HIDP_ERR_LIMIT
 *         (too many kernels in this process: each needs a place for a value per thread),
 *         #HIDP_ERR_UNSUPPORTED (XNNPACK cannot use this processor).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_xnnpack_new(const struct hidp_model *model,
                                      const struct hidp_weights *weights, void *weights_user_data,
                                      const struct hidp_xnnpack_options *options,
                                      struct hidp_xnnpack **xnnpack_out,
                                      struct hidp_diagnostic *diagnostic);

/**
 * @brief Frees kernels.
 *
 * @param[in] xnnpack Kernels whose prepared tasks have all been released, or NULL.
 *
 * Thread safety: they must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_xnnpack_destroy(struct hidp_xnnpack *xnnpack);

/**
 * @brief The table to give to a session, together with a struct hidp_xnnpack.
 *
 * @return A constant table.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const struct hidp_kernels *hidp_xnnpack_kernels(void);

/** @} */

HIDP_END_DECLS

#endif
