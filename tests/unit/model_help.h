/* SPDX-License-Identifier: MIT */
#ifndef MODEL_HELP_H
#define MODEL_HELP_H

#include <hidp/context.h>
#include <hidp/model.h>

#include "suite.h"

/*
 * What tests of models share. The fixture makes one context and one builder; layers
 * are written as LAYER(.op = HIDP_OP_CONV, IN(0), ...), where IN() lists builder numbers.
 */
extern struct hidp_context *context;
extern struct hidp_model_builder *builder;
extern struct hidp_diagnostic said; /* by the last call that failed */

void model_set_up(void);
void model_tear_down(void);
/* Begins again with an empty builder; options may be NULL. */
void begin(const struct hidp_model_options *options);

#define LAYER(...)                                                                                 \
	(&(const struct hidp_layer_desc){.struct_size = sizeof(struct hidp_layer_desc),            \
	                                 __VA_ARGS__})
#define IN(...)                                                                                    \
	.inputs = (const hidp_layer_id[]){__VA_ARGS__},                                            \
	.input_count = sizeof((const hidp_layer_id[]){__VA_ARGS__}) / sizeof(hidp_layer_id)
/* Tables of layers on inputs that are layers 0, 1, 2 and 3. */
#define INPUTS_MAX 4
#define A IN(0)
#define AB IN(0, 1)
#define ABC IN(0, 1, 2)
#define ABCD IN(0, 1, 2, 3)
#define OP(...)                                                                                    \
	{                                                                                          \
		.struct_size = sizeof(struct hidp_layer_desc), __VA_ARGS__                         \
	}
#define SHAPE(...)                                                                                 \
	(struct hidp_shape)                                                                        \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

/* These must succeed. */
hidp_layer_id add(const struct hidp_layer_desc *desc);
hidp_layer_id add_input(int64_t batch, int64_t channels, int64_t rows, int64_t width);
struct hidp_model *seal(void);
struct hidp_layer_info info_of(const struct hidp_model *model, hidp_layer_id layer);
struct hidp_layer_desc part_of(const struct hidp_model *model, hidp_layer_id layer, uint32_t part);
/* The layer that holds a part, and which part of it that is (may be NULL). */
hidp_layer_id find(const struct hidp_model *model, const char *name, uint32_t *part);

/* These must fail in the given way; the message must hold the words. */
void refuse_add(const struct hidp_layer_desc *desc, hidp_status status, const char *subject,
                const char *words);
void refuse_seal(hidp_status status, const char *subject, const char *words);

/* Numbers from 0 to n - 1 that are the same in every run. */
extern uint64_t random_state;
int64_t random_below(int64_t n);

#endif
