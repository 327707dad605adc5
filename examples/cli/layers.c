/* SPDX-License-Identifier: MIT */
/* Layers in words. */
#include "layers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORD(words, i)                                                                             \
	((i) < sizeof(words) / sizeof *(words) && (words)[i] != NULL ? (words)[i] : "?")

const char *op_word(hidp_op op)
{
	static const char *const words[] = {
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
	return WORD(words, op);
}

static const char *function_word(const struct hidp_layer_desc *part)
{
	static const char *const activations[] = {
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
	static const char *const binaries[] = {
		[HIDP_BINARY_ADD] = "add", [HIDP_BINARY_SUB] = "sub", [HIDP_BINARY_MUL] = "mul",
		[HIDP_BINARY_DIV] = "div", [HIDP_BINARY_MIN] = "min", [HIDP_BINARY_MAX] = "max",
		[HIDP_BINARY_POW] = "pow",
	};
	if (part->op == HIDP_OP_ACTIVATION)
		return WORD(activations, part->function);
	if (part->op == HIDP_OP_BINARY)
		return WORD(binaries, part->function);
	return "?";
}

struct hidp_layer_info layer_info(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_model_layer(model, layer, &info);
	return info;
}

char *parts_text(const struct hidp_model *model, hidp_layer_id layer, char text[128])
{
	size_t used = 0;
	struct hidp_layer_info info = layer_info(model, layer);
	text[0] = '\0';
	for (uint32_t i = 0; i < info.part_count && used < 128; i++) {
		struct hidp_layer_desc part = HIDP_LAYER_DESC_INIT;
		hidp_model_part(model, layer, i, &part);
		const char *word = function_word(&part);
		if (word[0] == '?')
			word = op_word(part.op);
		used += (size_t)snprintf(text + used, 128 - used, "%s%s", i == 0 ? "" : "+", word);
	}
	return text;
}

char *dims_text(const struct hidp_shape *s, char text[96])
{
	int n = 0;
	if (s->batch != 1)
		n = snprintf(text, 96, "%" PRId64 " x ", s->batch);
	snprintf(text + n, 96 - (size_t)n, "%" PRId64 " x %" PRId64 " x %" PRId64, s->channels,
	         s->rows, s->width);
	return text;
}

/* A rule, for an input of so many rows, in words. */
static void rule_text(const struct hidp_row_rule *rule, int64_t rows, int64_t output_rows,
                      char text[64])
{
	int64_t begin, end;
	hidp_row_rule_apply(rule, rows, 0, 1, &begin, &end);
	if (output_rows > 1 && rule->stride == 0 && begin == 0 && end == rows)
		snprintf(text, 64, "all");
	else if (rule->stride == 1 && rule->divisor == 1 && rule->extent == 1)
		snprintf(text, 64, rule->pad == 0 ? "same" : "same, %+" PRId64, -rule->pad);
	else if (output_rows == 1 && begin == 0 && end == rows)
		snprintf(text, 64, "all");
	else if (rule->divisor == 1)
		snprintf(text, 64, "window k%" PRId64 " s%" PRId64 " p%" PRId64, rule->extent,
		         rule->stride, rule->pad);
	else
		snprintf(text, 64, "window (k%" PRId64 " s%" PRId64 " p%" PRId64 ")/%" PRId64,
		         rule->extent, rule->stride, rule->pad, rule->divisor);
}

char *rows_text(const struct hidp_model *model, hidp_layer_id layer, char text[128])
{
	struct hidp_layer_info info = layer_info(model, layer);
	char last[64] = "";
	size_t used = 0;
	snprintf(text, 128, "-");
	for (uint32_t i = 0; i < info.input_count && used < 128; i++) {
		struct hidp_row_rule rule;
		hidp_layer_id input;
		char one[64];
		hidp_model_layer_input(model, layer, i, &input, &rule, NULL);
		rule_text(&rule, layer_info(model, input).shape.rows, info.shape.rows, one);
		if (strcmp(one, last) != 0)
			used += (size_t)snprintf(text + used, 128 - used, "%s%s",
			                         used == 0 ? "" : "; ", one);
		memcpy(last, one, sizeof last);
	}
	return text;
}

static double element_bytes(hidp_dtype dtype)
{
	if (dtype == HIDP_DTYPE_FP32)
		return 4;
	return dtype == HIDP_DTYPE_INT8 ? 1 : 2;
}

struct totals add_up(const struct hidp_model *model)
{
	struct totals sum = {0, 0, 0};
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = layer_info(model, l);
		sum.macs += info.flops / 2;
		sum.parameters += (double)info.weight_bytes / element_bytes(info.dtype);
		sum.weight_bytes += (double)info.weight_bytes;
	}
	return sum;
}

/* The last layer that needs each layer's output; itself if none does. */
static void find_last_uses(const struct hidp_model *model, hidp_layer_id *last)
{
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		uint32_t count = layer_info(model, l).input_count;
		last[l] = l;
		for (uint32_t i = 0; i < count; i++) {
			hidp_layer_id input;
			hidp_model_layer_input(model, l, i, &input, NULL, NULL);
			last[input] = l;
		}
	}
}

bool *find_cuts(const struct hidp_model *model)
{
	uint32_t count = hidp_model_layer_count(model), open = 0;
	hidp_layer_id *last = calloc(count, sizeof *last);
	uint32_t *ends = calloc(count, sizeof *ends);
	bool *cuts = calloc(count, sizeof *cuts), computed = false;
	if (last == NULL || ends == NULL || cuts == NULL) {
		free(last);
		free(ends);
		free(cuts);
		return NULL;
	}
	find_last_uses(model, last);
	for (hidp_layer_id l = 0; l < count; l++) {
		ends[last[l]]++;
		open++;
		open -= ends[l];
		computed |= layer_info(model, l).op != HIDP_OP_INPUT;
		cuts[l] = computed && open == 1;
	}
	free(last);
	free(ends);
	return cuts;
}
