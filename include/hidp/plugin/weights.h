/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLUGIN_WEIGHTS_H
#define HIDP_PLUGIN_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/export.h>
#include <hidp/model.h>
#include <hidp/status.h>
#include <hidp/version.h>

/**
 * @file
 * @brief Where kernels find the weights of a model.
 */

/**
 * @defgroup weights Weights
 * @brief The arrays of a model's weights, as importers hand them to kernels.
 *
 * The library itself never sees weights. Kernels and importers agree on this table, so
 * that any kernels can run any importer's models.
 * @{
 */

HIDP_BEGIN_DECLS

/** What an array of weights is. Arrays are dense, the last dimension is contiguous. */
enum hidp_weight_role_value {
	HIDP_WEIGHT_KERNEL = 1,  /**< convolution: output channels x input channels of a group x kernel rows x kernel
	                              columns; dense: output channels x input channels; embedding: entries x output
	                              channels */
	HIDP_WEIGHT_BIAS = 2,    /**< convolution, dense: output channels */
	HIDP_WEIGHT_SCALE = 3,   /**< batch and layer normalisation: channels; what is multiplied */
	HIDP_WEIGHT_SHIFT = 4,   /**< batch and layer normalisation: channels; what is added */
	HIDP_WEIGHT_CONSTANT = 5 /**< second operand of a binary with one input: batch x channels x rows x width */
};

/** One of #hidp_weight_role_value. */
typedef uint32_t hidp_weight_role;

/**
 * @brief A source of weights.
 */
struct hidp_weights {
	uint32_t struct_size; /**< sizeof(struct hidp_weights) */
	uint32_t abi;         /**< #HIDP_PLUGIN_ABI */

	/**
	 * @brief Lends an array. Required.
	 *
	 * Called while kernels are prepared, from one thread at a time; it may block; it must
	 * not call the session. Exceptions and panics must not leave it.
	 *
	 * @param[in]  user_data The pointer given with the table.
	 * @param[in]  layer     A layer of the model.
	 * @param[in]  part      A part of it (hidp_model_part()) that has such an array.
	 * @param[in]  role      Which array, one of #hidp_weight_role_value.
	 * @param[out] data_out  The elements, of the layer's dtype, aligned to it; they stay where
	 *                       they are until the kernels that asked are destroyed.
	 * @param[out] count_out Number of elements, for the caller to check.
	 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (there is no such array).
	 */
	hidp_status (*get)(void *user_data, hidp_layer_id layer, uint32_t part,
	                   hidp_weight_role role, const void **data_out, size_t *count_out);
};

/** @} */

HIDP_END_DECLS

#endif
