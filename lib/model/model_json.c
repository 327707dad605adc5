/* SPDX-License-Identifier: MIT */
#include <hidp/model.h>

#include "base/diagnostic.h"

#if HIDP_WITH_JSON

#include <string.h>

#include "base/context_priv.h"
#include "model/model_json.h"
#include "model/model_priv.h"

#define WORDS(name, array)                                                                         \
	const struct hidp__words name = {array, sizeof(array) / sizeof((array)[0])}

static const char *const op_words[] = {
        [HIDP_OP_INPUT] = "input",
        [HIDP_OP_CONV] = "conv",
        [HIDP_OP_DENSE] = "dense",
        [HIDP_OP_MATMUL] = "matmul",
        [HIDP_OP_MAX_POOL] = "max_pool",
        [HIDP_OP_AVERAGE_POOL] = "average_pool",
        [HIDP_OP_GLOBAL_POOL] = "global_pool",
        [HIDP_OP_ACTIVATION] = "activation",
        [HIDP_OP_BINARY] = "binary",
        [HIDP_OP_CONCAT] = "concat",
        [HIDP_OP_SLICE] = "slice",
        [HIDP_OP_PAD] = "pad",
        [HIDP_OP_RESIZE] = "resize",
        [HIDP_OP_BATCH_NORM] = "batch_norm",
        [HIDP_OP_LAYER_NORM] = "layer_norm",
        [HIDP_OP_SOFTMAX] = "softmax",
        [HIDP_OP_ATTENTION] = "attention",
        [HIDP_OP_RESHAPE] = "reshape",
        [HIDP_OP_FLATTEN] = "flatten",
        [HIDP_OP_TRANSPOSE] = "transpose",
        [HIDP_OP_CUSTOM] = "custom",
        [HIDP_OP_EMBEDDING] = "embedding",
};
WORDS(hidp__op_words, op_words);

static const char *const op_class_words[] = {
        [HIDP_CLASS_NONE] = "none",
        [HIDP_CLASS_CONV3X3] = "conv3x3",
        [HIDP_CLASS_CONV] = "conv",
        [HIDP_CLASS_DEPTHWISE] = "depthwise",
        [HIDP_CLASS_GEMM] = "gemm",
        [HIDP_CLASS_DENSE] = "dense",
        [HIDP_CLASS_ELEMENTWISE] = "elementwise",
        [HIDP_CLASS_CUSTOM] = "custom",
};
WORDS(hidp__op_class_words, op_class_words);
_Static_assert(sizeof op_class_words / sizeof op_class_words[0] == HIDP_CLASS_COUNT,
               "every class has a word");

static const char *const axis_words[] = {
        [HIDP_AXIS_BATCH] = "batch",
        [HIDP_AXIS_CHANNELS] = "channels",
        [HIDP_AXIS_ROWS] = "rows",
        [HIDP_AXIS_WIDTH] = "width",
};
static WORDS(axes, axis_words);

static const char *const activation_words[] = {
        [HIDP_ACTIVATION_RELU] = "relu",
        [HIDP_ACTIVATION_RELU6] = "relu6",
        [HIDP_ACTIVATION_SIGMOID] = "sigmoid",
        [HIDP_ACTIVATION_SILU] = "silu",
        [HIDP_ACTIVATION_HARD_SIGMOID] = "hard_sigmoid",
        [HIDP_ACTIVATION_HARD_SWISH] = "hard_swish",
        [HIDP_ACTIVATION_TANH] = "tanh",
        [HIDP_ACTIVATION_GELU] = "gelu",
        [HIDP_ACTIVATION_LEAKY_RELU] = "leaky_relu",
        [HIDP_ACTIVATION_ELU] = "elu",
        [HIDP_ACTIVATION_SOFTPLUS] = "softplus",
        [HIDP_ACTIVATION_CLIP] = "clip",
        [HIDP_ACTIVATION_EXP] = "exp",
        [HIDP_ACTIVATION_LOG] = "log",
        [HIDP_ACTIVATION_SQRT] = "sqrt",
        [HIDP_ACTIVATION_ABS] = "abs",
        [HIDP_ACTIVATION_ERF] = "erf",
        [HIDP_ACTIVATION_LINEAR] = "linear",
        [HIDP_ACTIVATION_POWER] = "power",
        [HIDP_ACTIVATION_RECIPROCAL] = "reciprocal",
        [HIDP_ACTIVATION_SIGN] = "sign",
        [HIDP_ACTIVATION_FLOOR] = "floor",
        [HIDP_ACTIVATION_CEIL] = "ceil",
        [HIDP_ACTIVATION_ROUND] = "round",
        [HIDP_ACTIVATION_SIN] = "sin",
        [HIDP_ACTIVATION_COS] = "cos",
        [HIDP_ACTIVATION_SOFTSIGN] = "softsign",
};
static WORDS(activations, activation_words);

static const char *const binary_words[] = {
        [HIDP_BINARY_ADD] = "add", [HIDP_BINARY_SUB] = "sub", [HIDP_BINARY_MUL] = "mul",
        [HIDP_BINARY_DIV] = "div", [HIDP_BINARY_MIN] = "min", [HIDP_BINARY_MAX] = "max",
        [HIDP_BINARY_POW] = "pow",
};
static WORDS(binaries, binary_words);

static const char *const resize_words[] = {
        [HIDP_RESIZE_NEAREST] = "nearest",
        [HIDP_RESIZE_BILINEAR] = "bilinear",
        [HIDP_RESIZE_NEAREST_FLOOR] = "nearest_floor",
        [HIDP_RESIZE_BILINEAR_CORNERS] = "bilinear_corners",
};
static WORDS(resizes, resize_words);

/* A custom layer has some class; "none" is for those that the library derives. */
static const char *const custom_class_words[] = {
        [HIDP_CLASS_CONV3X3] = "conv3x3",     [HIDP_CLASS_CONV] = "conv",
        [HIDP_CLASS_DEPTHWISE] = "depthwise", [HIDP_CLASS_GEMM] = "gemm",
        [HIDP_CLASS_DENSE] = "dense",         [HIDP_CLASS_ELEMENTWISE] = "elementwise",
        [HIDP_CLASS_CUSTOM] = "custom",
};
static WORDS(custom_classes, custom_class_words);

#define OP(name) (1u << HIDP_OP_##name)
#define POOLS (OP(MAX_POOL) | OP(AVERAGE_POOL))
#define WINDOWS (OP(CONV) | POOLS)
#define FEATURES (OP(CONV) | OP(DENSE) | OP(EMBEDDING))
#define COMPUTED (~OP(INPUT))
#define AT(member) offsetof(struct hidp_layer_desc, member)

/* Which attributes an op has, and which it must state; the variant is OP(op). */
static const struct hidp__json_field layer_fields[] = {
        {"name", HIDP__JSON_TEXT, AT(name), 0, NULL, 0, HIDP__JSON_ALL},
        {"op", HIDP__JSON_WORD, AT(op), 0, &hidp__op_words, 0, HIDP__JSON_ALL},
        {"dtype", HIDP__JSON_WORD, AT(dtype), 0, &hidp__dtype_words, 0, 0},
        {"inputs", HIDP__JSON_OTHER, 0, 0, NULL, COMPUTED, COMPUTED & ~OP(CUSTOM)},
        {"output", HIDP__JSON_FLAG, AT(flags), HIDP_LAYER_OUTPUT, NULL, 0, 0},
        {"memory_measured", HIDP__JSON_FLAG, AT(flags), HIDP_LAYER_MEMORY_MEASURED, NULL, 0, 0},
        {"colocation", HIDP__JSON_GROUP, AT(colocation), 0, NULL, COMPUTED, 0},
        {"shape", HIDP__JSON_INTS, AT(shape), 4, NULL,
         OP(INPUT) | OP(BINARY) | OP(RESHAPE) | OP(CUSTOM), OP(INPUT) | OP(RESHAPE) | OP(CUSTOM)},
        {"size", HIDP__JSON_INTS, AT(shape.rows), 2, NULL, OP(RESIZE), OP(RESIZE)},
        {"out_channels", HIDP__JSON_INT, AT(out_channels), 0, NULL, FEATURES, FEATURES},
        {"kernel", HIDP__JSON_INTS, AT(kernel), 2, NULL, WINDOWS, WINDOWS},
        {"stride", HIDP__JSON_INTS, AT(stride), 2, NULL, WINDOWS, 0},
        {"dilation", HIDP__JSON_INTS, AT(dilation), 2, NULL, WINDOWS, 0},
        {"pad", HIDP__JSON_INTS, AT(pad), 4, NULL, WINDOWS | OP(PAD), OP(PAD)},
        {"groups", HIDP__JSON_INT, AT(groups), 0, NULL, OP(CONV), 0},
        {"no_bias", HIDP__JSON_FLAG, AT(flags), HIDP_LAYER_NO_BIAS, NULL, OP(CONV) | OP(DENSE), 0},
        {"ceil_mode", HIDP__JSON_FLAG, AT(flags), HIDP_LAYER_CEIL_MODE, NULL, POOLS, 0},
        {"exclude_pad", HIDP__JSON_FLAG, AT(flags), HIDP_LAYER_EXCLUDE_PAD, NULL,
         OP(AVERAGE_POOL), 0},
        {"transpose_b", HIDP__JSON_FLAG, AT(flags), HIDP_LAYER_TRANSPOSE_B, NULL, OP(MATMUL), 0},
        {"channels_last", HIDP__JSON_FLAG, AT(flags), HIDP_LAYER_CHANNELS_LAST, NULL, OP(RESHAPE), 0},
        {"axis", HIDP__JSON_WORD, AT(axis), 0, &axes, OP(CONCAT) | OP(SLICE),
         OP(CONCAT) | OP(SLICE)},
        {"begin", HIDP__JSON_INT, AT(begin), 0, NULL, OP(SLICE), 0},
        {"end", HIDP__JSON_INT, AT(end), 0, NULL, OP(SLICE), OP(SLICE)},
        {"entries", HIDP__JSON_INT, AT(end), 0, NULL, OP(EMBEDDING), OP(EMBEDDING)},
        {"perm", HIDP__JSON_OTHER, 0, 0, NULL, OP(TRANSPOSE), OP(TRANSPOSE)},
        {"heads", HIDP__JSON_U32, AT(heads), 0, NULL, OP(ATTENTION), 0},
        {"function", HIDP__JSON_WORD, AT(function), 0, &activations, OP(ACTIVATION),
         OP(ACTIVATION)},
        {"function", HIDP__JSON_WORD, AT(function), 0, &binaries, OP(BINARY), OP(BINARY)},
        {"function", HIDP__JSON_WORD, AT(function), 0, &resizes, OP(RESIZE), OP(RESIZE)},
        {"alpha", HIDP__JSON_REAL, AT(alpha), 0, NULL, OP(ACTIVATION), 0},
        {"epsilon", HIDP__JSON_REAL, AT(alpha), 0, NULL, OP(LAYER_NORM), 0},
        {"scale", HIDP__JSON_REAL, AT(alpha), 0, NULL, OP(ATTENTION), 0},
        {"beta", HIDP__JSON_REAL, AT(beta), 0, NULL, OP(ACTIVATION), 0},
        {"op_class", HIDP__JSON_WORD, AT(op_class), 0, &custom_classes, OP(CUSTOM), 0},
        {"flops", HIDP__JSON_REAL, AT(flops), 0, NULL, COMPUTED, 0},
        {"weight_bytes", HIDP__JSON_REAL, AT(weight_bytes), 0, NULL, COMPUTED, 0},
        {"workspace_bytes", HIDP__JSON_REAL, AT(workspace_bytes), 0, NULL, 0, 0},
        {"row_rules", HIDP__JSON_OTHER, 0, 0, NULL, COMPUTED, 0},
        {"channel_grain", HIDP__JSON_INT, AT(channel_grain), 0, NULL, OP(CUSTOM), 0},
        {"own_channels", HIDP__JSON_FLAG, AT(flags), HIDP_LAYER_OWN_CHANNELS, NULL, OP(CUSTOM), 0},
};
static const struct hidp__json_table layer_table = HIDP__JSON_TABLE(layer_fields);
_Static_assert(offsetof(struct hidp_shape, width) ==
                       offsetof(struct hidp_shape, batch) + 3 * sizeof(int64_t),
               "a shape reads as four numbers");

static const struct hidp__json_field row_rule_fields[] = {
        {"stride", HIDP__JSON_INT, offsetof(struct hidp_row_rule, stride), 0, NULL, 0, 0},
        {"divisor", HIDP__JSON_INT, offsetof(struct hidp_row_rule, divisor), 0, NULL, 0, 0},
        {"pad", HIDP__JSON_INT, offsetof(struct hidp_row_rule, pad), 0, NULL, 0, 0},
        {"extent", HIDP__JSON_INT, offsetof(struct hidp_row_rule, extent), 0, NULL, 0, 0},
};
const struct hidp__json_table hidp__row_rule_table = HIDP__JSON_TABLE(row_rule_fields);

static const struct hidp__json_field model_fields[] = {
        {"format", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"version", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"name", HIDP__JSON_TEXT, offsetof(struct hidp_model_options, name), 0, NULL, 0, 0},
        {"dtype", HIDP__JSON_WORD, offsetof(struct hidp_model_options, dtype), 0,
         &hidp__dtype_words, 0, 0},
        {"keep_unfused", HIDP__JSON_FLAG, offsetof(struct hidp_model_options, flags),
         HIDP_MODEL_KEEP_UNFUSED, NULL, 0, 0},
        {"layers", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
};
static const struct hidp__json_table model_table = HIDP__JSON_TABLE(model_fields);

struct reading {
	struct hidp__arena arena;
	struct hidp_model_builder *builder;
	struct hidp__json layers;
	struct hidp__json_names names;
};

/* Collects the names of all layers, so that inputs can name any of them. */
static hidp_status read_names(struct reading *r)
{
	struct hidp__json_names *names = &r->names;
	hidp_status s = hidp__json_list(&r->layers, HIDP_MODEL_LAYERS_MAX, "layers", &names->count);
	if (s != HIDP_OK)
		return s;
	names->items =
	        hidp__arena_alloc(&r->arena, (size_t)names->count + 1, sizeof *names->items);
	if (names->items == NULL)
		return hidp__json_no_memory(&r->layers);
	for (uint32_t i = 0; i < names->count; i++) {
		struct hidp__json layer = hidp__json_item(&r->layers, i), name;
		if (!json_is_object(layer.value))
			return hidp__json_fail(&layer, HIDP_ERR_SYNTAX,
			                       "a layer must be an object");
		if ((s = hidp__json_need(&layer, "name", &name)) != HIDP_OK ||
		    (s = hidp__json_get_text(&name, &names->items[i].name)) != HIDP_OK)
			return s;
		names->items[i].number = i;
	}
	uint32_t twice = hidp__json_names_sort(names);
	if (twice != UINT32_MAX) {
		struct hidp__json layer = hidp__json_item(&r->layers, twice), name;
		hidp__json_member(&layer, "name", &name);
		return hidp__json_fail(&name, HIDP_ERR_MODEL, "name is used twice");
	}
	return HIDP_OK;
}

static hidp_status read_inputs(struct reading *r, const struct hidp__json *at,
                               struct hidp_layer_desc *d)
{
	struct hidp__json list;
	if (!hidp__json_member(at, "inputs", &list))
		return HIDP_OK;
	hidp_status s = hidp__json_list(&list, HIDP_LAYER_INPUTS_MAX, "inputs", &d->input_count);
	if (s != HIDP_OK)
		return s;
	hidp_layer_id *inputs =
	        hidp__arena_alloc(&r->arena, (size_t)d->input_count + 1, sizeof *inputs);
	if (inputs == NULL)
		return hidp__json_no_memory(at);
	for (uint32_t i = 0; i < d->input_count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = hidp__json_get_name(&item, &r->names, HIDP_ERR_MODEL, "layer", &inputs[i]);
	}
	d->inputs = inputs;
	return s;
}

static hidp_status read_row_rules(struct reading *r, const struct hidp__json *at,
                                  struct hidp_layer_desc *d)
{
	struct hidp__json list;
	uint32_t count;
	if (!hidp__json_member(at, "row_rules", &list))
		return HIDP_OK;
	hidp_status s = hidp__json_list(&list, HIDP_LAYER_INPUTS_MAX, "row rules", &count);
	if (s != HIDP_OK)
		return s;
	if (count != d->input_count)
		return hidp__json_fail(&list, HIDP_ERR_SYNTAX, "%u row rules for %u inputs", count,
		                       d->input_count);
	struct hidp_row_rule *rules =
	        hidp__arena_alloc(&r->arena, (size_t)count + 1, sizeof *rules);
	if (rules == NULL)
		return hidp__json_no_memory(at);
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		rules[i] = (struct hidp_row_rule){1, 1, 0, 1};
		s = hidp__json_read(&item, &hidp__row_rule_table, HIDP__JSON_ALL, NULL, &rules[i]);
	}
	d->row_rules = rules;
	return s;
}

static hidp_status read_perm(const struct hidp__json *at, struct hidp_layer_desc *d)
{
	struct hidp__json list;
	if (!hidp__json_member(at, "perm", &list))
		return HIDP_OK;
	if (!json_is_array(list.value) || json_array_size(list.value) != 3)
		return hidp__json_fail(&list, HIDP_ERR_SYNTAX, "must be a list of three axes");
	for (size_t i = 0; i < 3; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		hidp_status s = hidp__json_get_word(&item, &axes, &d->perm[i]);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status read_layer(struct reading *r, uint32_t number)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json at = hidp__json_item(&r->layers, number), op;
	struct hidp__arena_mark mark = hidp__arena_here(&r->arena);
	hidp_status s = hidp__json_need(&at, "op", &op);
	if (s != HIDP_OK || (s = hidp__json_get_word(&op, &hidp__op_words, &d.op)) != HIDP_OK)
		return s;
	char whose[32] = "op ";
	strcat(whose, op_words[d.op]);
	s = hidp__json_read(&at, &layer_table, 1u << d.op, whose, &d);
	if (s == HIDP_OK)
		s = read_inputs(r, &at, &d);
	if (s == HIDP_OK)
		s = read_row_rules(r, &at, &d);
	if (s == HIDP_OK)
		s = read_perm(&at, &d);
	if (s == HIDP_OK) {
		s = hidp_model_builder_add(r->builder, &d, NULL, &said);
		if (s != HIDP_OK)
			s = hidp__json_adopt(&at, s, HIDP_ERR_MODEL, &said);
	}
	hidp__arena_back(&r->arena, mark);
	return s;
}

/* The layer that the builder speaks of: its name, perhaps cut short. */
static struct hidp__json layer_of(const struct reading *r, const struct hidp__json *root,
                                  const struct hidp_diagnostic *said)
{
	size_t length = strlen(said->subject);
	for (uint32_t i = 0; i < r->names.count; i++) {
		const struct hidp__json_name *n = &r->names.items[i];
		if (strncmp(n->name, said->subject, length) == 0 &&
		    (n->name[length] == '\0' || length + 1 == sizeof said->subject))
			return hidp__json_item(&r->layers, n->number);
	}
	return *root;
}

static hidp_status read_layers(struct reading *r, const struct hidp__json *at,
                               struct hidp_model **model_out)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = read_names(r);
	for (uint32_t i = 0; i < r->names.count && s == HIDP_OK; i++)
		s = read_layer(r, i);
	if (s != HIDP_OK)
		return s;
	s = hidp_model_builder_seal(r->builder, model_out, &said);
	if (s != HIDP_OK) {
		struct hidp__json layer = layer_of(r, at, &said);
		s = hidp__json_adopt(&layer, s, HIDP_ERR_MODEL, &said);
	}
	return s;
}

hidp_status hidp__model_read(struct hidp_context *ctx, const struct hidp__json *at, uint32_t flags,
                             struct hidp_model **model_out)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct reading r = {.builder = NULL};
	struct hidp__json name;
	hidp_status s = hidp__json_check_format(at, "hidp-model");
	if (s == HIDP_OK)
		s = hidp__json_read(at, &model_table, HIDP__JSON_ALL, NULL, &options);
	if (s != HIDP_OK)
		return s;
	if (hidp__json_member(at, "name", &name) &&
	    (options.name[0] == '\0' || strlen(options.name) > HIDP_NAME_MAX))
		return hidp__json_fail(&name, HIDP_ERR_MODEL,
		                       "name is empty or longer than %u bytes", HIDP_NAME_MAX);
	options.flags |= flags;
	s = hidp_model_builder_new(ctx, &options, &r.builder);
	if (s != HIDP_OK)
		return hidp__json_no_memory(at);
	hidp__arena_init(&r.arena, ctx);
	hidp__json_member(at, "layers", &r.layers);
	s = read_layers(&r, at, model_out);
	hidp__arena_destroy(&r.arena);
	hidp_model_builder_destroy(r.builder);
	return s;
}

/* Takes out what the reader would fill in again. */
static void drop_defaults(struct hidp_layer_desc *d, const struct hidp_model *model)
{
	bool pools = (POOLS & 1u << d->op) != 0;
	if (d->dtype == model->dtype)
		d->dtype = HIDP_DTYPE_DEFAULT;
	if (d->stride[0] == (pools ? d->kernel[0] : 1) &&
	    d->stride[1] == (pools ? d->kernel[1] : 1))
		d->stride[0] = d->stride[1] = 0;
	if (d->dilation[0] == 1 && d->dilation[1] == 1)
		d->dilation[0] = d->dilation[1] = 0;
	if (d->groups == 1)
		d->groups = 0;
	if (d->heads == 1)
		d->heads = 0;
	if (d->op == HIDP_OP_LAYER_NORM && d->alpha == HIDP__EPSILON)
		d->alpha = 0;
	if (hidp__is_hard(d) && d->alpha == HIDP__HARD_ALPHA && d->beta == HIDP__HARD_BETA)
		d->alpha = d->beta = 0;
	if (d->op_class == HIDP_CLASS_CUSTOM)
		d->op_class = 0;
}

static void write_part(struct hidp__json_writer *w, const struct hidp_model *model,
                       const struct hidp__layer *layer, uint32_t part)
{
	/* name and op come first, then the inputs */
	const struct hidp__json_table head = {layer_fields, 2};
	const struct hidp__json_table rest = {layer_table.fields + 2, layer_table.count - 2};
	struct hidp_layer_desc d = layer->parts[part];
	drop_defaults(&d, model);
	hidp__json_open_flat_object(w, NULL);
	hidp__json_put_fields(w, &head, 1u << d.op, false, &d);
	if (d.op != HIDP_OP_INPUT) {
		hidp__json_open_flat_list(w, "inputs");
		for (uint32_t i = 0; i < d.input_count; i++) {
			const struct hidp_layer_desc *from = &layer->parts[part - 1];
			if (d.inputs[i] != HIDP_LAYER_NONE) {
				const struct hidp__layer *l = &model->layers[d.inputs[i]];
				from = &l->parts[l->part_count - 1];
			}
			hidp__json_put_text(w, NULL, from->name);
		}
		hidp__json_close(w);
	}
	hidp__json_put_fields(w, &rest, 1u << d.op, false, &d);
	if (d.op == HIDP_OP_TRANSPOSE) {
		hidp__json_open_flat_list(w, "perm");
		for (int i = 0; i < 3; i++)
			hidp__json_put_text(w, NULL, axis_words[d.perm[i]]);
		hidp__json_close(w);
	}
	if (d.row_rules != NULL && d.input_count != 0) {
		hidp__json_open_flat_list(w, "row_rules");
		for (uint32_t i = 0; i < d.input_count; i++) {
			hidp__json_open_flat_object(w, NULL);
			hidp__json_put_fields(w, &hidp__row_rule_table, HIDP__JSON_ALL, true,
			                      &d.row_rules[i]);
			hidp__json_close(w);
		}
		hidp__json_close(w);
	}
	hidp__json_close(w);
}

void hidp__model_write(struct hidp__json_writer *w, const char *key, const struct hidp_model *model)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	options.name = model->name;
	options.flags = model->flags;
	options.dtype = model->dtype;
	hidp__json_open_object(w, key);
	hidp__json_put_format(w, "hidp-model");
	hidp__json_put_fields(w, &model_table, HIDP__JSON_ALL, false, &options);
	hidp__json_open_list(w, "layers");
	for (uint32_t l = 0; l < model->layer_count; l++)
		for (uint32_t p = 0; p < model->layers[l].part_count; p++)
			write_part(w, model, &model->layers[l], p);
	hidp__json_close(w);
	hidp__json_close(w);
}

hidp_status hidp_model_from_json(struct hidp_context *context, const char *text, size_t length,
                                 uint32_t flags, struct hidp_model **model_out,
                                 struct hidp_diagnostic *diagnostic)
{
	struct hidp__json_document document;
	struct hidp__json root;
	if (context == NULL || text == NULL || model_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	if ((flags & ~(uint32_t)HIDP_MODEL_KEEP_UNFUSED) != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "flags 0x%x are unknown",
		                  flags);
	hidp_status s = hidp__json_open(&document, NULL, text, length, diagnostic, &root);
	if (s != HIDP_OK)
		return s;
	s = hidp__model_read(context, &root, flags, model_out);
	hidp__json_close_document(&document);
	return s;
}

hidp_status hidp_model_to_json(const struct hidp_model *model, char *buffer, size_t size,
                               size_t *needed_out)
{
	struct hidp__text text;
	struct hidp__json_writer w;
	if (model == NULL || !hidp__text_begin(&text, buffer, size))
		return HIDP_ERR_ARGUMENT;
	hidp__json_begin(&w, &text);
	hidp__model_write(&w, NULL, model);
	return hidp__text_end(&text, needed_out);
}

#else

hidp_status hidp_model_from_json(struct hidp_context *context, const char *text, size_t length,
                                 uint32_t flags, struct hidp_model **model_out,
                                 struct hidp_diagnostic *diagnostic)
{
	(void)context;
	(void)text;
	(void)length;
	(void)flags;
	(void)model_out;
	return hidp__fail(diagnostic, HIDP_ERR_UNSUPPORTED, NULL,
	                  "this build of the library does not read JSON");
}

hidp_status hidp_model_to_json(const struct hidp_model *model, char *buffer, size_t size,
                               size_t *needed_out)
{
	(void)model;
	(void)buffer;
	(void)size;
	(void)needed_out;
	return HIDP_ERR_UNSUPPORTED;
}

#endif
