/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_H
#define HIDP_ONNX_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/context.h>
#include <hidp/export.h>
#include <hidp/model.h>
#include <hidp/plugin/weights.h>
#include <hidp/status.h>

/**
 * @file
 * @brief ONNX files as models and weights.
 */

/**
 * @defgroup onnx ONNX files
 * @brief Reads networks that other tools wrote.
 *
 * An ONNX file of opset 11 to 20 becomes a sealed model and a source of weights. Shapes are
 * worked out, constants folded, and what exporters spell out in many nodes (layer
 * normalisation, GELU, SiLU, attention, ...) becomes one layer again. Tensors of any rank are
 * laid out over the four dimensions of the library: images as they are, sequences with their
 * tokens on the rows.
 *
 * The file stays mapped while the object lives. Weights are lent from there where their
 * elements lie as kernels want them, and otherwise copied the first time they are asked for.
 * All arithmetic is fp32, whatever the file holds.
 *
 * An operator that the library does not know becomes a custom layer, if the file states the
 * shapes of its outputs: such a model can be planned, and kernels refuse the layer by name.
 *
 * The files may come from anyone: every length, offset and index is checked, external data
 * is read only from the file's own folder or below, and sizes are limited.
 * @{
 */

HIDP_BEGIN_DECLS

/** Most dimensions of a tensor. */
#define HIDP_ONNX_RANK_MAX 12u

/** @brief The size of a dimension that the file leaves open. */
struct hidp_onnx_dim {
	const char *name; /**< the dimension's name in the file, or "INPUT:AXIS" */
	int64_t value;    /**< its size, 1 or more */
};

/** @brief How a file is read. Zero means the default in every field. */
struct hidp_onnx_options {
	uint32_t struct_size;             /**< sizeof(struct hidp_onnx_options) */
	uint32_t model_flags;             /**< any of #hidp_model_flag */
	const struct hidp_onnx_dim *dims; /**< [dim_count] sizes of open dimensions, by name */
	uint32_t dim_count;               /**< number of `dims` */
	uint32_t node_max;                /**< most nodes in the file; 0: 1,000,000 */
	uint64_t tensor_bytes_max;        /**< largest tensor that is worked out while the file is read, weights that are
	                                       only passed on not counted; 0: 1 GiB */
	int64_t batch;                    /**< size of an open first dimension of an input that is not named in `dims`; 0: 1 */
};

/** Initialiser for a struct hidp_onnx_options: all defaults. */
#define HIDP_ONNX_OPTIONS_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_onnx_options), 0, 0, 0, 0, 0, 0                                 \
	}

struct hidp_onnx;

/**
 * @brief Reads a file.
 *
 * @param[in]  context    Where the model's memory comes from.
 * @param[in]  path       The file; external data is looked for in its folder.
 * @param[in]  options    Options, or NULL for all defaults.
 * @param[out] onnx_out   What was read; destroy it with hidp_onnx_destroy().
 * @param[out] diagnostic Names the node or tensor and the reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT (no such file, or it cannot be read),
 *         #HIDP_ERR_ABI, #HIDP_ERR_SYNTAX (not an ONNX file, or a damaged one),
 *         #HIDP_ERR_MODEL (a graph that makes no sense), #HIDP_ERR_LIMIT,
 *         #HIDP_ERR_UNSUPPORTED (what the library cannot express).
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_onnx_open(struct hidp_context *context, const char *path,
                                    const struct hidp_onnx_options *options,
                                    struct hidp_onnx **onnx_out,
                                    struct hidp_diagnostic *diagnostic);

/**
 * @brief Reads a file that is in memory.
 *
 * @param[in]  context    Where the model's memory comes from.
 * @param[in]  data       The file; it must stay until the object is destroyed.
 * @param[in]  size       Bytes of data.
 * @param[in]  folder     Where external data lies; NULL: there must be none.
 * @param[in]  options    Options, or NULL for all defaults.
 * @param[out] onnx_out   What was read; destroy it with hidp_onnx_destroy().
 * @param[out] diagnostic Names the node or tensor and the reason, or NULL.
 * @return As hidp_onnx_open().
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_onnx_read(struct hidp_context *context, const void *data, size_t size,
                                    const char *folder, const struct hidp_onnx_options *options,
                                    struct hidp_onnx **onnx_out,
                                    struct hidp_diagnostic *diagnostic);

/**
 * @brief Frees the object, its weights and its reference to the model.
 *
 * @param[in] onnx What was read, or NULL. Kernels that use its weights must be gone.
 *
 * Thread safety: the object must not be in use.
 */
HIDP_API void hidp_onnx_destroy(struct hidp_onnx *onnx);

/**
 * @brief The model.
 *
 * @param[in] onnx What was read; not NULL.
 * @return The model, which the object holds a reference to; NULL if all outputs are constant.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API struct hidp_model *hidp_onnx_model(const struct hidp_onnx *onnx);

/**
 * @brief The source of weights. Its `user_data` is a struct hidp_onnx.
 *
 * @return A table that lives as long as the library.
 *
 * Thread safety: any thread, any time; `get` of one object on one thread at a time.
 */
HIDP_API const struct hidp_weights *hidp_onnx_weights(void);

/** @brief An input or an output of the file's graph. */
struct hidp_onnx_tensor {
	uint32_t struct_size;             /**< sizeof(struct hidp_onnx_tensor), set by the caller */
	uint32_t rank;                    /**< number of dimensions, 0 for a scalar */
	const char *name;                 /**< its name in the file; lives as long as the object */
	hidp_layer_id layer;              /**< the layer that is fed or read; #HIDP_LAYER_NONE for an output that is constant
	                                       and an input that nothing reads */
	uint32_t type;                    /**< the file's element type, a value of TensorProto.DataType; 1 is fp32 */
	int64_t dims[HIDP_ONNX_RANK_MAX]; /**< [rank] */
	size_t count;                     /**< number of elements, the product of `dims` */
};

/** Initialiser for a struct hidp_onnx_tensor. */
#define HIDP_ONNX_TENSOR_INIT                                                                      \
	{                                                                                          \
		sizeof(struct hidp_onnx_tensor), 0, 0, 0, 0, { 0 }, 0                              \
	}

/**
 * @brief Number of inputs of the graph, constants not counted.
 *
 * @param[in] onnx What was read; not NULL.
 * @return The number.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API uint32_t hidp_onnx_input_count(const struct hidp_onnx *onnx);

/**
 * @brief Number of outputs of the graph.
 *
 * @param[in] onnx What was read; not NULL.
 * @return The number.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API uint32_t hidp_onnx_output_count(const struct hidp_onnx *onnx);

/**
 * @brief An input of the graph.
 *
 * @param[in]  onnx       What was read.
 * @param[in]  index      Which, from 0, in the order of the file.
 * @param[out] tensor_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_onnx_input(const struct hidp_onnx *onnx, uint32_t index,
                                     struct hidp_onnx_tensor *tensor_out);

/**
 * @brief An output of the graph.
 *
 * @param[in]  onnx       What was read.
 * @param[in]  index      Which, from 0, in the order of the file.
 * @param[out] tensor_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_onnx_output(const struct hidp_onnx *onnx, uint32_t index,
                                      struct hidp_onnx_tensor *tensor_out);

/**
 * @brief Puts an input's elements into the order in which its layer has them.
 *
 * @param[in]  onnx     What was read.
 * @param[in]  index    Which input.
 * @param[in]  elements [count] in the file's order, the last dimension contiguous. Whole
 *                      numbers (token ids) are given as numbers, too.
 * @param[out] tensor   [count] the layer's tensor, as sessions and agents take it.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such input, or nothing reads it).
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_onnx_to_layer(const struct hidp_onnx *onnx, uint32_t index,
                                        const float *elements, float *tensor);

/**
 * @brief Puts a layer's elements into the order of the file's output.
 *
 * @param[in]  onnx     What was read.
 * @param[in]  index    Which output.
 * @param[in]  tensor   [count] the layer's tensor, as sessions and agents give it; not read
 *                      where the output is constant.
 * @param[out] elements [count] in the file's order.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such output).
 *
 * Thread safety: any thread, any time.
 */
HIDP_API hidp_status hidp_onnx_from_layer(const struct hidp_onnx *onnx, uint32_t index,
                                          const float *tensor, float *elements);

/** @} */

HIDP_END_DECLS

#endif
