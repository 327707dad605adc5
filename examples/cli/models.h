/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_MODELS_H
#define HIDP_CLI_MODELS_H

/* Models and their weights, from the zoo and from files. */

#include <hidp/plugin/weights.h>

#include "cli.h"

/* How a model is asked for on the command line. */
struct model_request {
	const char *name; /* a network of the zoo, a file, or "-" */
	const char *dtype;
	uint32_t flags;            /* any of hidp_model_flag */
	long batch, image, tokens; /* 0: the network's own */
	struct list dims;          /* "NAME=SIZE", of what an ONNX file leaves open */
	uint64_t seed;             /* of the weights of everything but ONNX files */
};

/* What every command says of these. */
#define USAGE_MODEL_SIZES                                                                          \
	"  --batch N             images or sequences at once (zoo; ONNX files that leave it\n"     \
	"                        open)\n"                                                          \
	"  --dim NAME=N          size of what an ONNX file leaves open, by its name there or\n"    \
	"                        as INPUT:AXIS; may be repeated\n"                                 \
	"  --image N             height and width            (networks of the zoo)\n"              \
	"  --tokens N            length of a sequence        (networks of the zoo)\n"

#define MODEL_SIZE_OPTIONS                                                                         \
	{"batch", required_argument, NULL, OPT_BATCH}, {"dim", required_argument, NULL, OPT_DIM},  \
		{"image", required_argument, NULL, OPT_IMAGE},                                     \
	{                                                                                          \
		"tokens", required_argument, NULL, OPT_TOKENS                                      \
	}

/* Takes one of MODEL_SIZE_OPTIONS; false: it is none, or its value is wrong. */
bool take_model_size(struct model_request *request, int option, const char *value);

/* A model, and where kernels find its weights. */
struct loaded_model {
	struct hidp_model *model;
	const struct hidp_weights *weights;
	void *weights_data;
	struct zoo_weights *zoo; /* one of the two owns the weights */
	struct hidp_onnx *onnx;  /* and the model is a file of ONNX */
};

/* false after a message. Free it in any case. */
bool load_model(struct hidp_context *context, const struct model_request *request,
                struct loaded_model *loaded_out);
void free_model(struct loaded_model *loaded);

/* The types of the elements of inputs and outputs in files; all arithmetic is fp32. */
enum number {
	NUMBER_FP32,
	NUMBER_FP64,
	NUMBER_INT64,
	NUMBER_INT32,
	NUMBER_INT16,
	NUMBER_INT8,
	NUMBER_UINT64,
	NUMBER_UINT32,
	NUMBER_UINT16,
	NUMBER_UINT8,
	NUMBER_BOOL,
	NUMBER_OTHER
};

/* npy.c: "int64" */
const char *number_name(enum number type);

#define PORT_RANK_MAX 12

/*
 * An input or an output as its user knows it: with the name, the shape and the type that the file
 * gives it. Those of the zoo and of JSON are batch, rows, width, channels.
 */
struct port {
	const char *name;
	uint32_t index;      /* among the inputs or the outputs */
	hidp_layer_id layer; /* HIDP_LAYER_NONE: nothing reads it, or it is constant */
	uint32_t rank;
	int64_t dims[PORT_RANK_MAX];
	size_t count; /* elements */
	enum number type;
};

/* ports.c: all inputs or all outputs, as they are in the file; NULL after a message. Free the list. */
struct port *list_ports(const struct loaded_model *loaded, bool outputs, uint32_t *count_out);
/* Between the order of a file and that of a layer's tensor; `elements` and `tensor` have count. */
void port_to_layer(const struct loaded_model *loaded, const struct port *input,
                   const float *elements, float *tensor);
void port_from_layer(const struct loaded_model *loaded, const struct port *output,
                     const float *tensor, float *elements);

#endif
