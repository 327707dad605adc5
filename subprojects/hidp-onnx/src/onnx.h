/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_ONNX_H
#define HIDP_ONNX_ONNX_H

#include "files.h"
#include "lower.h"

/* Where the weights of a described layer come from. */
struct source {
	const char *name;
	const struct recipe *recipes[HIDP_WEIGHT_CONSTANT + 1]; /* by role */
	float *copies[HIDP_WEIGHT_CONSTANT + 1];                /* made when they are asked for */
};

/* By name. */
struct sources {
	struct source **table; /* [room] */
	size_t room;
};

/* An input or output of the graph. */
struct port {
	struct hidp_onnx_tensor info;
	struct layout layout;
	const struct tensor *constant;
};

struct hidp_onnx {
	struct pool pool;
	struct files files;
	struct hidp_model *model;
	struct sources sources;
	struct port *inputs, *outputs;
	uint32_t input_count, output_count;
};

/* weights.c */
bool hidp_onnx__sources(struct sources *sources, const struct planned *layers, uint32_t count,
                        struct pool *pool);
void hidp_onnx__sources_free(struct sources *sources);

#endif
