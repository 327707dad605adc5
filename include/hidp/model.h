/* SPDX-License-Identifier: MIT */
#ifndef HIDP_MODEL_H
#define HIDP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/context.h>
#include <hidp/export.h>
#include <hidp/status.h>

/**
 * @file
 * @brief Models: layers, shapes, row rules.
 */

/**
 * @defgroup model Model
 * @brief A DAG of layers, immutable once sealed.
 *
 * A host describes its network layer by layer to a builder and seals it. The
 * library orders the layers topologically, derives shapes, FLOPs, weight bytes
 * and row rules, checks all of them, and fuses what engines fuse (convolution,
 * batch normalisation, addition, activation). It never sees weights.
 *
 * A tensor has four dimensions: batch, channels, rows (height) and width.
 * Sequences put their tokens on the rows and their features on the channels,
 * with width 1. Every layer has one output tensor.
 *
 * **What ops compute.** All kernels agree on this, but for rounding.
 * - A *convolution* is the sum, over the window and the input channels of the group, of
 *   input times kernel (which is not turned over), plus the bias; around the input are zeros.
 * - The window of output row o, of a convolution or a pool, begins at input row
 *   o * stride - pad. In ceil mode there is one more window if the rows do not come out
 *   even, and if it begins before the end of the input. The same holds for columns.
 * - A *maximum pool* takes the largest of the elements that the window has in the input. An
 *   *average pool* divides their sum by the number of positions that the window has in the
 *   input with its padding, or, with #HIDP_LAYER_EXCLUDE_PAD, in the input alone. A window
 *   without any element of the input gives 0.
 * - A *matrix product* gives, for every image, output row r and channel c, the sum over i of
 *   channel i of row r of the first input times channel c of row i of the second; with
 *   #HIDP_LAYER_TRANSPOSE_B times channel i of row c of the second.
 * - A *binary* function has the first input (or the only one) on its left.
 * - A *batch normalisation* is scale * x + shift: mean and variance are folded into them.
 * - A *layer normalisation* is scale * (x - mean) / sqrt(variance + epsilon) + shift, with
 *   mean and variance (divided by the number of channels) of a position; epsilon is `alpha`.
 * - *Attention* divides the channels of Q, of K and of V into `heads` equal pieces. For each
 *   it gives softmax(alpha * Q K^T + M) V, with the softmax over the rows of K; the results stand
 *   side by side. The mask M, if there is one, has one image or as many as Q, one row or as many as
 *   Q, a channel for each row of K, and width 1 or a column for each head. Or it has a row for
 *   each row of K, one channel and width 1: the same for all rows of Q and all heads, it can be
 *   made by rows. Where a sum is below the lowest finite number it counts as that number, so
 *   what M hides wholly weighs all rows of V alike.
 * - A *resize* of `in` rows to `out` looks at s = (o + 1/2) * in / out - 1/2 for output row o.
 *   The nearest row is floor(s + 1/2); bilinear is row floor(s) and the next, weighed by
 *   their distance from s, each moved to the closest row that exists. With *nearest floor* it is
 *   row floor(o * in / out). With *bilinear corners* s = o * (in - 1) / (out - 1), or 0 if `out`
 *   is 1: the first and the last rows stay where they are. The same for columns.
 * - An *embedding* gives at every position the entry of its table whose number is the input
 *   there: a whole number from 0 to `end` - 1, or counted from the end, from -`end` to -1. Kernels
 *   fail with #HIDP_ERR_ARGUMENT where it is anything else.
 * - *Reshape* and *flatten* count elements in the order batch, channels, rows, width (the last
 *   changes quickest), whatever their order in memory is; a reshape with
 *   #HIDP_LAYER_CHANNELS_LAST counts them in the order batch, rows, width, channels.
 *
 * Thread safety: a builder belongs to one thread at a time; a sealed model can
 * be used from any number of threads.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_model;
struct hidp_model_builder;

/** Number of a layer, from 0, in a builder or in a sealed model (they differ: sealing orders and fuses). */
typedef uint32_t hidp_layer_id;

/** No layer. As an input of a part (hidp_model_part()): the output of the part before it. */
#define HIDP_LAYER_NONE UINT32_MAX

/** Largest number of layers in a model. */
#define HIDP_MODEL_LAYERS_MAX 65536u
/** Largest number of inputs of one layer. */
#define HIDP_LAYER_INPUTS_MAX 1024u
/** Longest name of a layer, node, processor or medium, in bytes without the NUL. */
#define HIDP_NAME_MAX 255u

/** Element types. */
enum hidp_dtype_value {
	HIDP_DTYPE_DEFAULT = 0, /**< in a layer: the model's; in a model: fp32; on a link: what the kernels compute in */
	HIDP_DTYPE_FP32 = 1,    /**< IEEE 754 binary32, 4 bytes */
	HIDP_DTYPE_FP16 = 2,    /**< IEEE 754 binary16, 2 bytes */
	HIDP_DTYPE_BF16 = 3,    /**< bfloat16, 2 bytes */
	HIDP_DTYPE_INT8 = 4     /**< 8-bit integer, signed or unsigned, 1 byte */
};

/** One of #hidp_dtype_value. */
typedef uint32_t hidp_dtype;

/** Operators. */
enum hidp_op_value {
	HIDP_OP_INPUT = 1,        /**< a tensor that the host supplies; `shape` */
	HIDP_OP_CONV = 2,         /**< convolution: `kernel` `stride` `dilation` `pad` `groups` `out_channels` */
	HIDP_OP_DENSE = 3,        /**< linear map of the channels at every position: `out_channels` */
	HIDP_OP_MATMUL = 4,       /**< product of two tensors: rows of the first, `transpose_b` */
	HIDP_OP_MAX_POOL = 5,     /**< maximum over a window: `kernel` `stride` `dilation` `pad` `ceil_mode` */
	HIDP_OP_AVERAGE_POOL = 6, /**< mean over a window: as HIDP_OP_MAX_POOL, and #HIDP_LAYER_EXCLUDE_PAD */
	HIDP_OP_GLOBAL_POOL = 7,  /**< mean over all rows and columns */
	HIDP_OP_ACTIVATION = 8,   /**< one of #hidp_activation_value, element by element */
	HIDP_OP_BINARY = 9,       /**< one of #hidp_binary_value on two tensors, dimensions of 1 are broadcast; with one
	                               input the second operand is a constant of `shape` among the weights */
	HIDP_OP_CONCAT = 10,      /**< inputs side by side along `axis` */
	HIDP_OP_SLICE = 11,       /**< `begin` to `end` (exclusive) along `axis`; a split is several slices */
	HIDP_OP_PAD = 12,         /**< zeros around the rows and columns: `pad` */
	HIDP_OP_RESIZE = 13,      /**< rows and columns resampled to `shape`: `resize` */
	HIDP_OP_BATCH_NORM = 14,  /**< per-channel scale and shift (inference) */
	HIDP_OP_LAYER_NORM = 15,  /**< normalisation over the channels of every position, with scale and shift:
	                               `alpha` */
	HIDP_OP_SOFTMAX = 16,     /**< softmax over the channels of every position */
	HIDP_OP_ATTENTION = 17,   /**< attention of inputs Q, K, V, or Q, K, V and a mask, or of one input that holds
	                               Q, K and V side by side on its channels: `heads` `alpha` */
	HIDP_OP_RESHAPE = 18,     /**< the same elements in `shape`, of any batch: elements count in NCHW order, or in
	                               NHWC order with #HIDP_LAYER_CHANNELS_LAST */
	HIDP_OP_FLATTEN = 19,     /**< all of channels, rows and columns on the channels */
	HIDP_OP_TRANSPOSE = 20,   /**< channels, rows and columns exchanged: `perm` */
	HIDP_OP_CUSTOM = 21,      /**< anything else: the host states shape, FLOPs, bytes and row rules */
	HIDP_OP_EMBEDDING = 22    /**< entries of a table, `end` of them with `out_channels` each; the input is one
	                               channel with their numbers (in fp32 exact up to 2^24) */
};

/** One of #hidp_op_value. */
typedef uint32_t hidp_op;

/** Axes of a tensor. */
enum hidp_axis_value {
	HIDP_AXIS_BATCH = 0,
	HIDP_AXIS_CHANNELS = 1,
	HIDP_AXIS_ROWS = 2,
	HIDP_AXIS_WIDTH = 3
};

/** One of #hidp_axis_value. */
typedef uint32_t hidp_axis;

/** Activation functions. */
enum hidp_activation_value {
	HIDP_ACTIVATION_RELU = 1,         /**< max(x, 0) */
	HIDP_ACTIVATION_RELU6 = 2,        /**< min(max(x, 0), 6) */
	HIDP_ACTIVATION_SIGMOID = 3,      /**< 1 / (1 + exp(-x)) */
	HIDP_ACTIVATION_SILU = 4,         /**< x / (1 + exp(-x)) */
	HIDP_ACTIVATION_HARD_SIGMOID = 5, /**< min(max(alpha * x + beta, 0), 1); both 0 read as 1/6 and 1/2 */
	HIDP_ACTIVATION_HARD_SWISH = 6,   /**< x * min(max(alpha * x + beta, 0), 1); likewise */
	HIDP_ACTIVATION_TANH = 7,         /**< hyperbolic tangent */
	HIDP_ACTIVATION_GELU = 8,         /**< x / 2 * (1 + erf(x / sqrt(2))) */
	HIDP_ACTIVATION_LEAKY_RELU = 9,   /**< x < 0 ? alpha * x : x; 0 is no default */
	HIDP_ACTIVATION_ELU = 10,         /**< x < 0 ? alpha * (exp(x) - 1) : x; 0 is no default */
	HIDP_ACTIVATION_SOFTPLUS = 11,    /**< log(1 + exp(x)) */
	HIDP_ACTIVATION_CLIP = 12,        /**< min(max(x, alpha), beta) */
	HIDP_ACTIVATION_EXP = 13,         /**< exp(x) */
	HIDP_ACTIVATION_LOG = 14,         /**< natural logarithm */
	HIDP_ACTIVATION_SQRT = 15,        /**< square root */
	HIDP_ACTIVATION_ABS = 16,         /**< absolute value */
	HIDP_ACTIVATION_ERF = 17,         /**< error function */
	HIDP_ACTIVATION_LINEAR = 18,      /**< alpha * x + beta; 0 is no default */
	HIDP_ACTIVATION_POWER = 19,       /**< pow(x, alpha) as in C: of a negative x if alpha is whole; 0 is no default */
	HIDP_ACTIVATION_RECIPROCAL = 20,  /**< 1 / x */
	HIDP_ACTIVATION_SIGN = 21,        /**< -1 or 1; x if it is 0 or not a number */
	HIDP_ACTIVATION_FLOOR = 22,       /**< largest whole number that is not above x */
	HIDP_ACTIVATION_CEIL = 23,        /**< smallest whole number that is not below x */
	HIDP_ACTIVATION_ROUND = 24,       /**< nearest whole number; of two, the even one */
	HIDP_ACTIVATION_SIN = 25,         /**< sine */
	HIDP_ACTIVATION_COS = 26,         /**< cosine */
	HIDP_ACTIVATION_SOFTSIGN = 27     /**< x / (1 + abs(x)) */
};

/** One of #hidp_activation_value. */
typedef uint32_t hidp_activation;

/** Binary elementwise functions. */
enum hidp_binary_value {
	HIDP_BINARY_ADD = 1,
	HIDP_BINARY_SUB = 2,
	HIDP_BINARY_MUL = 3,
	HIDP_BINARY_DIV = 4,
	HIDP_BINARY_MIN = 5,
	HIDP_BINARY_MAX = 6,
	HIDP_BINARY_POW = 7 /**< the first to the power of the second, as pow() in C */
};

/** One of #hidp_binary_value. */
typedef uint32_t hidp_binary;

/** How HIDP_OP_RESIZE samples. */
enum hidp_resize_value {
	HIDP_RESIZE_NEAREST = 1,         /**< pixel centres at half-integers */
	HIDP_RESIZE_BILINEAR = 2,        /**< likewise */
	HIDP_RESIZE_NEAREST_FLOOR = 3,   /**< pixels at integers, rounded down */
	HIDP_RESIZE_BILINEAR_CORNERS = 4 /**< the corners of both images are the same */
};

/** One of #hidp_resize_value. */
typedef uint32_t hidp_resize;

/**
 * Classes of work that run at different speeds on the same processor; a
 * processor has one rate and one bandwidth for each.
 */
enum hidp_op_class_value {
	HIDP_CLASS_NONE = 0,        /**< nothing is computed or moved: inputs, reshapes, flattens */
	HIDP_CLASS_CONV3X3 = 1,     /**< dense 3x3 convolution, stride 1, dilation 1 */
	HIDP_CLASS_CONV = 2,        /**< every other convolution that is not depthwise */
	HIDP_CLASS_DEPTHWISE = 3,   /**< convolution with as many groups as input channels */
	HIDP_CLASS_GEMM = 4,        /**< matrix products with more than one row: dense over tokens, matmul, attention */
	HIDP_CLASS_DENSE = 5,       /**< dense layers with a single position: bound by streaming the weights */
	HIDP_CLASS_ELEMENTWISE = 6, /**< activations, binaries, norms, pools, concats, slices, pads, transposes,
	                                 embeddings */
	HIDP_CLASS_CUSTOM = 7       /**< custom layers that state no other class */
};

/** One of #hidp_op_class_value. */
typedef uint32_t hidp_op_class;

/** Number of op classes that this library knows. */
#define HIDP_CLASS_COUNT 8u

/** @brief The four dimensions of a tensor. */
struct hidp_shape {
	int64_t batch;    /**< images or sequences, at least 1 */
	int64_t channels; /**< channels or features, at least 1 */
	int64_t rows;     /**< height or tokens, at least 1 */
	int64_t width;    /**< columns, at least 1; 1 for sequences */
};

/**
 * @brief Which rows of an input a range of output rows needs.
 *
 * Output rows [a, b), a < b, need the input rows from
 * floor((a * stride - pad) / divisor) to
 * floor(((b - 1) * stride - pad + extent - 1) / divisor), both included, as far
 * as they exist. A window of kernel k, stride s, padding p and dilation d is
 * {s, 1, p, (k - 1) * d + 1}; the same rows are {1, 1, 0, 1}; all of H rows are
 * {0, 1, 0, H}.
 */
struct hidp_row_rule {
	int64_t stride;  /**< input rows per output row, times divisor; 0 or more */
	int64_t divisor; /**< 1 or more */
	int64_t pad;     /**< rows before the input's first, times divisor; may be negative */
	int64_t extent;  /**< rows that one output row needs, as above; 1 or more */
};

/** Flags of a layer description. */
enum hidp_layer_flag {
	HIDP_LAYER_OUTPUT = 1u << 0,      /**< the host wants this tensor; layers without consumers are outputs anyway */
	HIDP_LAYER_CEIL_MODE = 1u << 1,   /**< pools: round the output size up */
	HIDP_LAYER_NO_BIAS = 1u << 2,     /**< convolution and dense: no bias among the weights */
	HIDP_LAYER_TRANSPOSE_B = 1u << 3, /**< matmul: the second input's rows are the output's channels */
	HIDP_LAYER_OWN_CHANNELS = 1u << 4, /**< custom: a share of the output channels needs only the same share of
	                                        the input channels */
	HIDP_LAYER_EXCLUDE_PAD = 1u << 5,  /**< average pool: padding does not count in the mean */
	HIDP_LAYER_MEMORY_MEASURED = 1u << 6, /**< not inputs: the bytes of weights and workspace are all that it was
	                                           measured to need; its output takes memory beside them only
	                                           where it is read outside the share, or sent */
	HIDP_LAYER_CHANNELS_LAST = 1u << 7    /**< reshape: elements count in the order batch, rows, width, channels */
};

/**
 * @brief Description of one layer.
 *
 * Fields that an op does not use must be zero. Rows come before columns in all
 * pairs. The library copies everything.
 */
struct hidp_layer_desc {
	uint32_t struct_size;        /**< sizeof(struct hidp_layer_desc) */
	uint32_t flags;              /**< any of #hidp_layer_flag */
	const char *name;            /**< unique, UTF-8, 1 to #HIDP_NAME_MAX bytes; NULL: "layer" and the number */
	hidp_op op;                  /**< one of #hidp_op_value */
	hidp_dtype dtype;            /**< of output and weights; 0: the model's */
	const hidp_layer_id *inputs; /**< [input_count] builder numbers; may name layers that are added later */
	uint32_t input_count;        /**< 0 for inputs; at most #HIDP_LAYER_INPUTS_MAX */
	hidp_axis axis;              /**< concat and slice */
	struct hidp_shape shape;     /**< input, reshape, resize (rows and width only), constant binary, custom */
	int64_t out_channels;        /**< convolution, dense and embedding: 1 or more */
	int64_t kernel[2];           /**< convolution and pools: rows, columns; 1 or more */
	int64_t stride[2];           /**< likewise; 0 reads as 1 for convolutions, as the kernel for pools */
	int64_t dilation[2];         /**< likewise; 0 reads as 1 */
	int64_t pad[4];              /**< convolution, pools, pad: top, left, bottom, right; 0 or more */
	int64_t groups;              /**< convolution: divides both channel counts; 0 reads as 1 */
	int64_t begin;               /**< slice: first index */
	int64_t end;                 /**< slice: one past the last index; embedding: entries, 1 or more */
	uint32_t perm[3];            /**< transpose: which of channels, rows, width (#hidp_axis) becomes each of them */
	uint32_t heads;              /**< attention: divides the channels; 0 reads as 1 */
	uint32_t function;           /**< a #hidp_activation, #hidp_binary or #hidp_resize */
	hidp_op_class op_class;      /**< custom: class of work; 0 reads as #HIDP_CLASS_CUSTOM */
	double alpha;                /**< parameter of the activation (#hidp_activation_value); layer normalisation:
	                                  epsilon, more than 0; 0 reads as 1e-5; attention: factor of the
	                                  scores, normal in fp32; 0 reads as 1 / sqrt(channels of a head of Q) */
	double beta;                 /**< second parameter of the activation */
	double flops;                /**< custom: FLOPs for the whole output (a multiply-accumulate is 2), 0 or more;
	                                  others: 0, or the value to be checked against the derived one, which
	                                  counts multiply-accumulates only */
	double weight_bytes;         /**< custom: bytes of weights, an integer, 0 or more; others: as for flops */
	double workspace_bytes;      /**< scratch memory for the whole output, 0 or more; shrinks with the rows */
	const struct hidp_row_rule *row_rules; /**< custom: [input_count]; others: NULL, or rules to be checked */
	int64_t channel_grain;       /**< custom: output channels can be divided in multiples of this; 0: not at all */
	uint32_t colocation;         /**< group: layers with the same number are computed by one and the same
	                                  processor, undivided; 0: none; not for inputs */
	uint32_t reserved;           /**< 0 */
};

/** Initialiser for a struct hidp_layer_desc. */
#define HIDP_LAYER_DESC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_layer_desc), 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, 0, { 0, 0 },  \
		        { 0, 0 }, { 0, 0 }, { 0, 0, 0, 0 }, 0, 0, 0, { 0, 0, 0 }, 0, 0, 0, 0, 0,   \
		        0, 0, 0, 0, 0, 0, 0                                                        \
	}

/**
 * @brief Sets a layer description to its defaults; the same as #HIDP_LAYER_DESC_INIT.
 *
 * @param[out] desc        The description; not NULL.
 * @param[in]  struct_size sizeof(struct hidp_layer_desc) as the caller knows it.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_layer_desc_init(struct hidp_layer_desc *desc, size_t struct_size);

/** Flags of a model. */
enum hidp_model_flag {
	HIDP_MODEL_KEEP_UNFUSED = 1u << 0 /**< every described layer stays a layer of its own */
};

/** @brief How a model is built. */
struct hidp_model_options {
	uint32_t struct_size; /**< sizeof(struct hidp_model_options) */
	uint32_t flags;       /**< any of #hidp_model_flag */
	const char *name;     /**< name of the model, at most #HIDP_NAME_MAX bytes; NULL: "model" */
	hidp_dtype dtype;     /**< element type of layers that state none; 0: fp32 */
	uint32_t reserved;    /**< 0 */
};

/** Initialiser for a struct hidp_model_options: all defaults. */
#define HIDP_MODEL_OPTIONS_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_model_options), 0, 0, 0, 0                                      \
	}

/**
 * @brief Begins a model.
 *
 * @param[in]  context     Where memory comes from; the builder keeps a reference.
 * @param[in]  options     Options, or NULL for all defaults.
 * @param[out] builder_out The new builder; destroy it with
 *                         hidp_model_builder_destroy().
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_model_builder_new(struct hidp_context *context,
                                            const struct hidp_model_options *options,
                                            struct hidp_model_builder **builder_out);

/**
 * @brief Frees a builder.
 *
 * @param[in] builder A builder, or NULL.
 *
 * Thread safety: the builder must not be in use.
 * @since 1.0
 */
HIDP_API void hidp_model_builder_destroy(struct hidp_model_builder *builder);

/**
 * @brief Adds a layer.
 *
 * Only what can be judged without the other layers is checked here; shapes and
 * connections are checked by hidp_model_builder_seal().
 *
 * @param[in]  builder    The builder.
 * @param[in]  desc       The layer; copied.
 * @param[out] id_out     Its number: 0, 1, 2, ... in order of addition. May be NULL.
 * @param[out] diagnostic Says what is wrong, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI,
 *         #HIDP_ERR_MODEL (a value out of range), #HIDP_ERR_LIMIT. After an
 *         error the builder is as it was before the call.
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_model_builder_add(struct hidp_model_builder *builder,
                                            const struct hidp_layer_desc *desc,
                                            hidp_layer_id *id_out,
                                            struct hidp_diagnostic *diagnostic);

/**
 * @brief Checks the layers, derives all figures and makes an immutable model.
 *
 * Layers keep their order of addition as far as the connections allow it; that
 * order is the one in which plans cut the model into stages. The builder can be
 * used further, to add layers and seal again.
 *
 * @param[in]  builder    The builder.
 * @param[out] model_out  The model, reference count 1; release it with
 *                        hidp_model_unref().
 * @param[out] diagnostic Names the layer and the reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_MODEL
 *         (shape mismatch, cycle, missing input, overflow, kernel larger than
 *         the padded input, stated figure unlike the derived one, no layer that
 *         computes anything, ...).
 *
 * Thread safety: one thread at a time per builder.
 * @since 1.0
 */
HIDP_API hidp_status hidp_model_builder_seal(struct hidp_model_builder *builder,
                                             struct hidp_model **model_out,
                                             struct hidp_diagnostic *diagnostic);

/**
 * @brief Adds a reference.
 *
 * @param[in] model A model; not NULL.
 * @return The same pointer.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API struct hidp_model *hidp_model_ref(struct hidp_model *model);

/**
 * @brief Gives a reference back; the last one frees the model.
 *
 * @param[in] model A model, or NULL.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_model_unref(struct hidp_model *model);

/** @brief What the library knows of a sealed layer. */
struct hidp_layer_info {
	uint32_t struct_size;    /**< sizeof(struct hidp_layer_info), set by the caller */
	uint32_t flags;          /**< of #HIDP_LAYER_OUTPUT and #HIDP_LAYER_MEMORY_MEASURED */
	const char *name;        /**< name of its first part; lives as long as the model */
	hidp_op op;              /**< op of its first part */
	hidp_op_class op_class;  /**< class of work */
	hidp_dtype dtype;        /**< of the output and the weights, never #HIDP_DTYPE_DEFAULT */
	uint32_t input_count;    /**< inputs, see hidp_model_layer_input() */
	uint32_t part_count;     /**< described layers that were fused into it, 1 or more */
	uint32_t consumer_count; /**< layers that read its output */
	struct hidp_shape shape; /**< of the output */
	double flops;            /**< for the whole output: twice its multiply-accumulates, or as a custom layer states */
	uint64_t output_bytes;   /**< bytes of the output */
	uint64_t weight_bytes;   /**< bytes of the weights of all parts */
	uint64_t workspace_bytes; /**< scratch memory for the whole output */
	int64_t channel_grain;   /**< output channels can be divided in multiples of this; 0: not at all */
	uint32_t colocation;     /**< group of its parts; 0: none */
	uint32_t reserved;       /**< 0 */
};

/** Initialiser for a struct hidp_layer_info. */
#define HIDP_LAYER_INFO_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_layer_info), 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, 0, 0, 0,   \
		        0, 0, 0, 0                                                                 \
	}

/**
 * @brief Name of the model.
 *
 * @param[in] model The model.
 * @return A string that lives as long as the model.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const char *hidp_model_name(const struct hidp_model *model);

/**
 * @brief Number of layers, model inputs included.
 *
 * @param[in] model The model.
 * @return 1 or more. Layers are numbered from 0 in topological order.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_model_layer_count(const struct hidp_model *model);

/**
 * @brief What is known of a layer.
 *
 * @param[in]  model    The model.
 * @param[in]  layer    A layer of it.
 * @param[out] info_out Filled in; `struct_size` set by the caller.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such layer), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_model_layer(const struct hidp_model *model, hidp_layer_id layer,
                                      struct hidp_layer_info *info_out);

/**
 * @brief An input of a layer and the rule for its rows.
 *
 * @param[in]  model     The model.
 * @param[in]  layer     A layer of it.
 * @param[in]  index     Which input, from 0.
 * @param[out] input_out The layer that makes it; always a smaller number. May be NULL.
 * @param[out] rule_out  Which of its rows are needed. May be NULL.
 * @param[out] own_channels_out Whether a share of the output channels needs only
 *                       the same share of this input's channels. May be NULL.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such layer or input).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_model_layer_input(const struct hidp_model *model, hidp_layer_id layer,
                                            uint32_t index, hidp_layer_id *input_out,
                                            struct hidp_row_rule *rule_out,
                                            bool *own_channels_out);

/**
 * @brief The description of one part of a layer, as the host gave it.
 *
 * Kernels read here what to compute. Defaults are filled in (strides, names,
 * dtype); `inputs` are numbers of the sealed model, or #HIDP_LAYER_NONE for the
 * output of the part before.
 *
 * @param[in]  model    The model.
 * @param[in]  layer    A layer of it.
 * @param[in]  index    Which part, from 0, in order of execution.
 * @param[out] desc_out Filled in; `struct_size` set by the caller. Its pointers
 *                      live as long as the model.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such layer or part), #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_model_part(const struct hidp_model *model, hidp_layer_id layer,
                                     uint32_t index, struct hidp_layer_desc *desc_out);

/**
 * @brief Finds the layer that holds a described layer.
 *
 * @param[in]  model     The model.
 * @param[in]  name      Name of any described layer, also of one that was fused
 *                       into another.
 * @param[out] layer_out Its number.
 * @return #HIDP_OK, #HIDP_ERR_ARGUMENT (no such name).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_model_find(const struct hidp_model *model, const char *name,
                                     hidp_layer_id *layer_out);

/**
 * @brief The input rows that a range of output rows needs.
 *
 * @param[in]  rule      A row rule.
 * @param[in]  rows      Rows of the input tensor, 1 or more.
 * @param[in]  begin     First output row.
 * @param[in]  end       One past the last output row.
 * @param[out] begin_out First input row.
 * @param[out] end_out   One past the last input row; equal to `begin_out` where
 *                       no row is needed.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_row_rule_apply(const struct hidp_row_rule *rule, int64_t rows, int64_t begin,
                                  int64_t end, int64_t *begin_out, int64_t *end_out);

/**
 * @brief Reads a model from JSON (doc/formats/model.md).
 *
 * @param[in]  context    Where memory comes from.
 * @param[in]  text       UTF-8; need not end with a NUL.
 * @param[in]  length     Bytes of text.
 * @param[in]  flags      Any of #hidp_model_flag, added to those in the document.
 * @param[out] model_out  The model, reference count 1.
 * @param[out] diagnostic Line, column and reason, or NULL.
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_SYNTAX,
 *         #HIDP_ERR_MODEL, #HIDP_ERR_LIMIT, #HIDP_ERR_UNSUPPORTED (built without
 *         JSON).
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_model_from_json(struct hidp_context *context, const char *text,
                                          size_t length, uint32_t flags,
                                          struct hidp_model **model_out,
                                          struct hidp_diagnostic *diagnostic);

/**
 * @brief Writes a model as JSON (doc/formats/model.md).
 *
 * @param[in]  model      The model.
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
HIDP_API hidp_status hidp_model_to_json(const struct hidp_model *model, char *buffer, size_t size,
                                        size_t *needed_out);

/** @} */

HIDP_END_DECLS

#endif
