/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REFERENCE_OP_H
#define HIDP_REFERENCE_OP_H

#include <stdbool.h>

#include <hidp/plugin/weights.h>

#include "tensor.h"

/* One part of a layer, with its weights as its op wants them. */
struct part {
	struct hidp_layer_desc desc; /* its pointers belong to the model */
	const struct op *op;
	struct hidp_shape in;  /* of its first input */
	struct hidp_shape out; /* of its output */
	const float *scale;    /* normalisations: [channels] */
	const float *shift;
	const float *bias;      /* convolution, dense: in blocks like the kernel */
	const float *kernel;    /* convolution, dense: rearranged; embedding: the table */
	const float *zeros;     /* convolution: what stands around the input */
	struct tensor constant; /* binary with one input */
	float *packed;          /* memory of what was rearranged */
};

/* Where a part's weights come from. */
struct source {
	const struct hidp_weights *table;
	void *user_data;
	hidp_layer_id layer;
	uint32_t part;
	const char *name; /* of the part */
	struct hidp_diagnostic *diagnostic;
};

/* An array of weights, of that many elements. */
hidp_status hidp_reference__lend(const struct source *source, hidp_weight_role role, int64_t count,
                                 const float **data_out);

/* Memory for rearranged weights, all zeros, which becomes part->packed. */
hidp_status hidp_reference__pack(const struct source *source, struct part *part, int64_t count);

/* How parts of one op are computed. */
struct op {
	/* Computes the work. Elements depend on their place alone, not on what else is asked for.
	 */
	void (*run)(const struct work *work);
	/* Gets the weights and rearranges them; NULL: there are none. */
	hidp_status (*load)(struct part *part, const struct source *source);
	/* Elements of scratch memory that running takes; NULL: none. */
	size_t (*scratch)(const struct part *part, const struct tensor *const *in);
};

/* The op of that number; NULL: not one of ours. */
const struct op *hidp_reference__op(hidp_op op);

/* Each in the file of its name, but for the first two. */
extern const struct op hidp_reference__conv;  /* linear.c */
extern const struct op hidp_reference__dense; /* linear.c */
extern const struct op hidp_reference__depthwise;
extern const struct op hidp_reference__embedding;
extern const struct op hidp_reference__matmul;
extern const struct op hidp_reference__pool;
extern const struct op hidp_reference__global_pool; /* pool.c */
extern const struct op hidp_reference__activation;
extern const struct op hidp_reference__binary;
extern const struct op hidp_reference__batch_norm; /* norm.c */
extern const struct op hidp_reference__layer_norm; /* norm.c */
extern const struct op hidp_reference__softmax;    /* norm.c */
extern const struct op hidp_reference__attention;
extern const struct op hidp_reference__concat;    /* move.c */
extern const struct op hidp_reference__slice;     /* move.c */
extern const struct op hidp_reference__pad;       /* move.c */
extern const struct op hidp_reference__reshape;   /* move.c; flatten too */
extern const struct op hidp_reference__transpose; /* move.c */
extern const struct op hidp_reference__resize;

/* A convolution in which every channel is a group of its own. */
static inline bool is_depthwise(const struct part *part)
{
	const struct hidp_layer_desc *d = &part->desc;
	return d->op == HIDP_OP_CONV && d->groups == part->in.channels &&
	       d->groups == d->out_channels;
}

static inline int64_t elements_of(const struct hidp_shape *s)
{
	return s->batch * s->channels * s->rows * s->width;
}

#endif
