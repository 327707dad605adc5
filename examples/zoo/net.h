/* SPDX-License-Identifier: MIT */
#ifndef ZOO_NET_H
#define ZOO_NET_H

#include <stdbool.h>

#include "zoo.h"

/*
 * A network while it is being described. After a call that failed, the following
 * ones do nothing; the first failure is what zoo_build() returns.
 */
struct zoo__net {
	struct hidp_model_builder *builder;
	struct hidp_diagnostic *diagnostic;
	hidp_status status;
	const char *name;
	struct zoo_options options; /* no zeros left */
	char scope[96];             /* stands before the names of layers */
};

/* A network of the zoo. */
struct zoo__network {
	const char *name;
	void (*describe)(struct zoo__net *net, int variant);
	int variant;   /* depth, where a family has several */
	int64_t image; /* default height and width */
	/* Variance of weights, times their fan-in, that keeps the magnitude: 2 before a ReLU. */
	float gain;
	/* Part of the magnitude that a batch normalisation lets through; NULL: all of it. */
	float (*scale)(const char *part);
};

/* The network of that name, or NULL. */
const struct zoo__network *zoo__find(const char *name);

/* One per family. */
void zoo__efficientnet_b0(struct zoo__net *net, int variant);
void zoo__inception_v3(struct zoo__net *net, int variant);
void zoo__resnet(struct zoo__net *net, int depth);
void zoo__vgg(struct zoo__net *net, int depth);
void zoo__mobilenet_v2(struct zoo__net *net, int variant);
void zoo__vit_b_16(struct zoo__net *net, int variant);
void zoo__bert_base(struct zoo__net *net, int variant);
float zoo__resnet_scale(const char *part);
float zoo__mobilenet_scale(const char *part);

/* Fails, because of the network as a whole. */
__attribute__((format(printf, 3, 4))) void zoo__refuse(struct zoo__net *net, hidp_status status,
                                                       const char *format, ...);

/* What stands before the names of the layers that follow, for example "layer1.0.". */
__attribute__((format(printf, 2, 3))) void zoo__scope(struct zoo__net *net, const char *format,
                                                      ...);

/* Nothing, from here on. */
void zoo__unscope(struct zoo__net *net);

/* A window over rows and columns. */
struct zoo__window {
	int64_t rows, columns;
	int64_t stride;
	int64_t pad_rows, pad_columns; /* on both sides */
};

static inline struct zoo__window zoo__square(int64_t kernel, int64_t stride, int64_t pad)
{
	return (struct zoo__window){kernel, kernel, stride, pad, pad};
}

/* A convolution. */
struct zoo__conv {
	int64_t out; /* channels */
	struct zoo__window window;
	int64_t groups; /* 0: 1 */
	bool bias;
};

/* The names of a convolution, the normalisation behind it and its activation (or NULL). */
struct zoo__conv_names {
	const char *conv, *norm, *activation;
};

/*
 * Each of these adds a layer called scope + name, and returns its number. zoo__add()
 * takes a description that lacks name, op and inputs; the others make one.
 */
hidp_layer_id zoo__add(struct zoo__net *net, const char *name, hidp_op op,
                       const hidp_layer_id *inputs, uint32_t input_count,
                       struct hidp_layer_desc desc);
hidp_layer_id zoo__input(struct zoo__net *net, int64_t channels, int64_t rows, int64_t width);
hidp_layer_id zoo__image(struct zoo__net *net);
hidp_layer_id zoo__conv(struct zoo__net *net, const char *name, hidp_layer_id in,
                        const struct zoo__conv *conv);
hidp_layer_id zoo__dense(struct zoo__net *net, const char *name, hidp_layer_id in, int64_t out);
hidp_layer_id zoo__pool(struct zoo__net *net, const char *name, hidp_op op, hidp_layer_id in,
                        struct zoo__window window);
hidp_layer_id zoo__activation(struct zoo__net *net, const char *name, hidp_layer_id in,
                              hidp_activation function);
hidp_layer_id zoo__binary(struct zoo__net *net, const char *name, hidp_binary function,
                          hidp_layer_id a, hidp_layer_id b);
/* Layers with one input that need no more than that. */
hidp_layer_id zoo__unary(struct zoo__net *net, const char *name, hidp_op op, hidp_layer_id in);
hidp_layer_id zoo__layer_norm(struct zoo__net *net, const char *name, hidp_layer_id in,
                              double epsilon);
hidp_layer_id zoo__concat(struct zoo__net *net, const char *name, const hidp_layer_id *inputs,
                          uint32_t count);
hidp_layer_id zoo__attention(struct zoo__net *net, const char *name, hidp_layer_id qkv,
                             uint32_t heads);

/* Convolution, batch normalisation and, if it has a name, activation. */
hidp_layer_id zoo__conv_norm(struct zoo__net *net, struct zoo__conv_names names, hidp_layer_id in,
                             const struct zoo__conv *conv, hidp_activation function);

#endif
