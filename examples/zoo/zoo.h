/* SPDX-License-Identifier: MIT */
#ifndef ZOO_H
#define ZOO_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/hidp.h>
#include <hidp/plugin/weights.h>

/*
 * The zoo: well-known networks for examples, tests and benchmarks. They are
 * described through the public interface, layer by layer as an exporter of a
 * framework would, in the definitions (and with the names) of torchvision; BERT as
 * in its paper. Dropout and other layers that do nothing at inference are left out,
 * and so is Inception's auxiliary head. Networks end in logits.
 *
 * Images have three channels on a square. VGG, whose classifier wants 7 x 7
 * features, averages others to that size by area: as torchvision does where the
 * features are 1, 2 or a multiple of 7 high, nearly so elsewhere. ViT's class token
 * is part of the first row of its position embedding. BERT begins with embedded
 * tokens (768 channels) and ends with the last encoder block.
 *
 * Weights are pseudo-random, but the same everywhere: they depend on a seed, the
 * network, the name of the part and the index, so any piece of any array can be had
 * at any time, in any order, on any node. They are scaled so that activations keep
 * their magnitude from the first layer to the last.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* How a network is built. Zero is the network's own default in every field. */
struct zoo_options {
	uint32_t flags;   /* any of hidp_model_flag */
	hidp_dtype dtype; /* of all layers; 0: fp32 */
	int64_t batch;    /* images or sequences; 0: 1 */
	int64_t image;    /* height and width; 0: 224, Inception 299; ViT: a multiple of 16 */
	int64_t tokens;   /* rows of BERT's input; 0: 128 */
};

/* Networks are numbered from 0. */
size_t zoo_count(void);

/* Name of a network, which is the name of its model too; NULL if there is none of that number. */
const char *zoo_name(size_t index);

/*
 * Builds a network. options may be NULL; what does not concern the network (image for
 * BERT, tokens for the others) is ignored. Release *model_out with
 * hidp_model_unref(). HIDP_ERR_ARGUMENT: no such network, or a size that it cannot
 * take; or what the library says.
 */
hidp_status zoo_build(struct hidp_context *context, const char *name,
                      const struct zoo_options *options, struct hidp_model **model_out,
                      struct hidp_diagnostic *diagnostic);

/* What an array of weights is. */
enum zoo_role {
	ZOO_WEIGHT = 1, /* convolution: output channels x input channels of a group x kernel rows x
	                   kernel columns; dense: output channels x input channels */
	ZOO_BIAS = 2,   /* convolution, dense: output channels */
	ZOO_SCALE = 3,  /* batch and layer normalisation: channels */
	ZOO_SHIFT = 4,  /* likewise */
	ZOO_CONSTANT =
		5 /* second operand of a binary with one input: batch x channels x rows x width */
};

/* An array of weights; the last dimension is contiguous. */
struct zoo_array {
	enum zoo_role role;
	unsigned dim_count; /* 1, 2 or 4 */
	int64_t dims[4];
	int64_t count; /* elements: the product of the dimensions */
};

#define ZOO_ARRAYS_MAX 2

/*
 * The arrays of one part (hidp_model_part()) of a layer, in the order in which they
 * stand in memory: weight then bias, scale then shift, or constant. Their elements
 * over all parts of a layer make up its weight_bytes. Works for any model; a custom
 * part has none. HIDP_ERR_ARGUMENT: no such layer or part.
 */
hidp_status zoo_arrays(const struct hidp_model *model, hidp_layer_id layer, uint32_t part,
                       struct zoo_array arrays_out[ZOO_ARRAYS_MAX], size_t *count_out);

/*
 * Elements first to first + count (exclusive) of array `index` of a part, as floats
 * whatever the dtype. HIDP_ERR_ARGUMENT: no such array or element.
 */
hidp_status zoo_fill(const struct hidp_model *model, hidp_layer_id layer, uint32_t part,
                     size_t index, uint64_t seed, int64_t first, int64_t count, float *values_out);

/*
 * The weights of a model, of any model, with the table by which kernels ask for them; its
 * user_data is the object. Arrays are made when they are first asked for, from one thread at a
 * time, as floats, and stay until the object is destroyed.
 */
struct zoo_weights;
hidp_status zoo_weights_new(const struct hidp_model *model, uint64_t seed,
                            struct zoo_weights **weights_out);
void zoo_weights_destroy(struct zoo_weights *weights);
const struct hidp_weights *zoo_weights_table(void);

#ifdef __cplusplus
}
#endif

#endif
