/* SPDX-License-Identifier: MIT */
#ifndef HIDP_MODEL_MODEL_PRIV_H
#define HIDP_MODEL_MODEL_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>

#include <hidp/model.h>

#include "base/arena.h"
#include "base/checked.h"
#include "base/spans.h"

/* An input of a sealed layer. */
struct hidp__input {
	hidp_layer_id layer;
	bool own_channels;
	struct hidp_row_rule rule;
};

/* A sealed layer: what planning needs of it, and the parts it was fused from. */
struct hidp__layer {
	const char *name;
	hidp_op op;
	hidp_op_class op_class;
	hidp_dtype dtype;
	uint32_t input_count;
	uint32_t consumer_count;
	uint32_t part_count;
	const struct hidp__input *inputs;
	const hidp_layer_id *consumers; /* rising */
	const struct hidp_layer_desc *parts;
	struct hidp_shape shape;
	double flops;
	int64_t elements_per_row;
	int64_t row_bytes;
	int64_t weight_bytes;
	int64_t workspace_bytes;
	int64_t channel_grain;  /* 0: channels cannot be divided */
	int64_t channel_groups; /* channels / channel_grain, 1 if they cannot be divided */
	/* the last layer that reads it; the number of layers for a model output, its own number for
	 * a layer that nobody reads (which is a model output too, so this does not happen) */
	hidp_layer_id last_consumer;
	uint32_t colocation; /* group; 0: none */
	hidp_layer_id mate;  /* the first layer of its group; its own number if it has none */
	hidp_layer_id twin; /* the first layer with the same figures: the same costs everywhere */
	bool is_output;
	bool memory_measured; /* HIDP_LAYER_MEMORY_MEASURED */
	bool looks_up; /* of its weights, it reads as much as it writes */
};

struct hidp_model {
	atomic_uint refs;
	uint32_t flags;
	struct hidp__arena arena; /* owns everything below */
	const char *name;
	hidp_dtype dtype;
	uint32_t layer_count;
	uint32_t part_count;
	uint32_t colocated; /* layers that are in some colocation group */
	struct hidp__layer *layers;
	/* names of all parts, sorted, for hidp_model_find() */
	struct hidp__part_name {
		const char *name;
		hidp_layer_id layer;
	} *names;
};

/* Parameters of a layer that states 0. */
#define HIDP__EPSILON 1e-5
#define HIDP__HARD_ALPHA (1.0 / 6)
#define HIDP__HARD_BETA 0.5

/* A hard sigmoid or swish. */
static inline bool hidp__is_hard(const struct hidp_layer_desc *d)
{
	return d->op == HIDP_OP_ACTIVATION && (d->function == HIDP_ACTIVATION_HARD_SIGMOID ||
	                                       d->function == HIDP_ACTIVATION_HARD_SWISH);
}

/* Bytes of one element. */
int64_t hidp__dtype_bytes(hidp_dtype dtype);

/* Rows of a tensor of `rows` rows that the output rows `range` need. */
static inline struct hidp__span hidp__rule_need(const struct hidp_row_rule *rule, int64_t rows,
                                                struct hidp__span range)
{
	if (hidp__span_empty(range))
		return (struct hidp__span){0, 0};
	int64_t first = range.begin * rule->stride - rule->pad;
	int64_t last = (range.end - 1) * rule->stride - rule->pad + rule->extent - 1;
	if (rule->divisor != 1) {
		first = hidp__floor_div(first, rule->divisor);
		last = hidp__floor_div(last, rule->divisor);
	}
	struct hidp__span need = {first > 0 ? first : 0, last + 1 < rows ? last + 1 : rows};
	return hidp__span_empty(need) ? (struct hidp__span){0, 0} : need;
}

/* Rows that r >= 1 output rows read, wherever they lie. */
static inline int64_t hidp__rule_read(const struct hidp_row_rule *rule, int64_t rows, int64_t r)
{
	int64_t last = (r - 1) * rule->stride + rule->extent - 1;
	int64_t n = (rule->divisor == 1 ? last : last / rule->divisor) + 1;
	return n < rows ? n : rows;
}

/* Bytes that computing a row moves, besides inputs. */
static inline double hidp__moved_row_bytes(const struct hidp__layer *layer)
{
	return (layer->looks_up ? 2 : 1) * (double)layer->row_bytes;
}

/* Bytes of weights that computing any rows moves. */
static inline double hidp__moved_weight_bytes(const struct hidp__layer *layer)
{
	return layer->looks_up ? 0 : (double)layer->weight_bytes;
}

/* What inference finds out about one described layer. */
struct hidp__figures {
	struct hidp_shape shape;
	hidp_op_class op_class;
	double flops;
	int64_t weight_elements;
	int64_t channel_grain;
	bool own_channels;
	const struct hidp_row_rule *rules; /* [input_count] */
};

/* A described layer while a model is being sealed. */
struct hidp__described {
	struct hidp_layer_desc desc; /* its pointers belong to the builder */
	struct hidp__figures figures;
	uint32_t uses;  /* inputs of other layers that name it */
	uint32_t user;  /* one of these layers */
	uint32_t group; /* position of the last part of the layer it is fused into */
};

/* model/infer.c: checks layer `at` against its inputs, derives its figures; rules: in the arena. */
hidp_status hidp__infer(struct hidp__described *layers, uint32_t at, struct hidp__arena *arena,
                        struct hidp_diagnostic *diagnostic);

/* model/unused.c: what the description states although its op does not use it; NULL: nothing. */
const char *hidp__find_unused(const struct hidp_layer_desc *desc);

/*
 * model/fuse.c: decides which described layers become one. order[count] lists the
 * layers topologically; on return layers[i].group is the position, in order, of
 * the last part of i's layer.
 */
void hidp__fuse(struct hidp__described *layers, const uint32_t *order, uint32_t count,
                uint32_t *position);

#endif
