/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "same.h"

#define HEAD "{\"format\": \"hidp-model\", \"version\": 1,\n"
#define LAYERS(...) HEAD "\"layers\": [\n" __VA_ARGS__ "]}"
#define INPUT "{\"name\": \"in\", \"op\": \"input\", \"shape\": [1, 4, 8, 8]},\n"
/* An input and one layer that reads it, with more attributes. */
#define ONE(op, more) LAYERS(INPUT "{\"name\": \"x\", \"op\": \"" op "\", \"inputs\": [\"in\"]" more "}")
#define CONV(more) ONE("conv", ", \"out_channels\": 4, \"kernel\": [3, 3]" more)

/* Every op and attribute, as C; "models/every_op.json" is the same as a document. */
static struct hidp_model *every_op(void)
{
	char *text = formats_read("tests/formats/models/every_op.json", NULL);
	struct hidp_model *m = formats_model(text, strlen(text));
	free(text);
	return m;
}

static struct hidp_layer_desc part_of(const struct hidp_model *m, const char *name)
{
	hidp_layer_id l = 0;
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	ck_assert_int_eq(hidp_model_find(m, name, &l), HIDP_OK);
	ck_assert_int_eq(hidp_model_layer(m, l, &info), HIDP_OK);
	for (uint32_t p = 0; p < info.part_count; p++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		ck_assert_int_eq(hidp_model_part(m, l, p, &d), HIDP_OK);
		if (strcmp(d.name, name) == 0)
			return d;
	}
	ck_abort_msg("%s is nowhere", name);
}

/* Layers that have the name of their function. */
static void check_functions(const struct hidp_model *m)
{
	static const struct {
		const char *name;
		hidp_activation function;
	} all[] = {
	        {"exp", HIDP_ACTIVATION_EXP},       {"log", HIDP_ACTIVATION_LOG},
	        {"sqrt", HIDP_ACTIVATION_SQRT},     {"abs", HIDP_ACTIVATION_ABS},
	        {"erf", HIDP_ACTIVATION_ERF},       {"linear", HIDP_ACTIVATION_LINEAR},
	        {"power", HIDP_ACTIVATION_POWER},   {"reciprocal", HIDP_ACTIVATION_RECIPROCAL},
	        {"sign", HIDP_ACTIVATION_SIGN},     {"floor", HIDP_ACTIVATION_FLOOR},
	        {"ceil", HIDP_ACTIVATION_CEIL},     {"round", HIDP_ACTIVATION_ROUND},
	        {"sin", HIDP_ACTIVATION_SIN},       {"cos", HIDP_ACTIVATION_COS},
	        {"softsign", HIDP_ACTIVATION_SOFTSIGN},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		ck_assert_uint_eq(part_of(m, all[i].name).function, all[i].function);
	ck_assert_double_eq(part_of(m, "linear").alpha, 2);
	ck_assert_double_eq(part_of(m, "linear").beta, -0.5);
	ck_assert_double_eq(part_of(m, "power").alpha, 3);
	ck_assert_uint_eq(part_of(m, "pow").op, HIDP_OP_BINARY);
	ck_assert_uint_eq(part_of(m, "pow").function, HIDP_BINARY_POW);
}

START_TEST(reads_every_attribute)
{
	struct hidp_model *m = every_op();
	struct hidp_layer_desc d;
	ck_assert_str_eq(hidp_model_name(m), "every op");
	d = part_of(m, "image");
	ck_assert_uint_eq(d.op, HIDP_OP_INPUT);
	ck_assert_uint_eq(d.dtype, HIDP_DTYPE_BF16);
	ck_assert_int_eq(d.shape.batch, 2);
	ck_assert_int_eq(d.shape.channels, 3);
	ck_assert_int_eq(d.shape.rows, 20);
	ck_assert_int_eq(d.shape.width, 24);
	d = part_of(m, "conv");
	ck_assert_uint_eq(d.op, HIDP_OP_CONV);
	ck_assert_int_eq(d.out_channels, 6);
	ck_assert_int_eq(d.kernel[0], 3);
	ck_assert_int_eq(d.kernel[1], 5);
	ck_assert_int_eq(d.stride[0], 1);
	ck_assert_int_eq(d.stride[1], 2);
	ck_assert_int_eq(d.dilation[0], 2);
	ck_assert_int_eq(d.dilation[1], 1);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(d.pad[i], i + 1);
	ck_assert_int_eq(d.groups, 3);
	ck_assert_uint_eq(d.flags, HIDP_LAYER_NO_BIAS | HIDP_LAYER_OUTPUT);
	ck_assert_double_eq(d.workspace_bytes, 100.5);
	d = part_of(m, "max");
	ck_assert_uint_eq(d.op, HIDP_OP_MAX_POOL);
	ck_assert_uint_eq(d.flags, HIDP_LAYER_CEIL_MODE);
	ck_assert_int_eq(d.stride[0], 2);
	d = part_of(m, "average");
	ck_assert_uint_eq(d.flags, HIDP_LAYER_EXCLUDE_PAD);
	d = part_of(m, "cut");
	ck_assert_uint_eq(d.flags, HIDP_LAYER_CHANNELS_LAST);
	d = part_of(m, "layer_norm");
	ck_assert_double_eq(d.alpha, 1e-12);
	d = part_of(m, "hard");
	ck_assert_double_eq(d.alpha, 1.0 / 6);
	ck_assert_double_eq(d.beta, 0.5);
	d = part_of(m, "dense");
	ck_assert_uint_eq(d.op, HIDP_OP_DENSE);
	ck_assert_double_gt(d.flops, 0);
	ck_assert_uint_eq(d.colocation, 1);
	ck_assert_uint_eq(d.flags, HIDP_LAYER_MEMORY_MEASURED);
	d = part_of(m, "matmul");
	ck_assert_uint_eq(d.flags & HIDP_LAYER_TRANSPOSE_B, HIDP_LAYER_TRANSPOSE_B);
	d = part_of(m, "elu");
	ck_assert_uint_eq(d.function, HIDP_ACTIVATION_ELU);
	ck_assert_double_eq(d.alpha, 0.1);
	d = part_of(m, "clip");
	ck_assert_double_eq(d.alpha, -1.5);
	ck_assert_double_eq(d.beta, 6);
	check_functions(m);
	d = part_of(m, "scale");
	ck_assert_uint_eq(d.function, HIDP_BINARY_MUL);
	ck_assert_uint_eq(d.colocation, UINT32_MAX);
	ck_assert_uint_eq(d.input_count, 1);
	ck_assert_int_eq(d.shape.channels, 6);
	d = part_of(m, "concat");
	ck_assert_uint_eq(d.axis, HIDP_AXIS_WIDTH);
	d = part_of(m, "slice");
	ck_assert_uint_eq(d.axis, HIDP_AXIS_ROWS);
	ck_assert_int_eq(d.begin, 2);
	ck_assert_int_eq(d.end, 9);
	d = part_of(m, "resize");
	ck_assert_uint_eq(d.function, HIDP_RESIZE_NEAREST);
	ck_assert_int_eq(d.shape.rows, 14);
	ck_assert_int_eq(d.shape.width, 30);
	ck_assert_uint_eq(part_of(m, "low").function, HIDP_RESIZE_NEAREST_FLOOR);
	ck_assert_uint_eq(part_of(m, "corners").function, HIDP_RESIZE_BILINEAR_CORNERS);
	d = part_of(m, "turn");
	ck_assert_uint_eq(d.perm[0], HIDP_AXIS_ROWS);
	ck_assert_uint_eq(d.perm[1], HIDP_AXIS_WIDTH);
	ck_assert_uint_eq(d.perm[2], HIDP_AXIS_CHANNELS);
	d = part_of(m, "words");
	ck_assert_uint_eq(d.op, HIDP_OP_EMBEDDING);
	ck_assert_int_eq(d.end, 1000);
	ck_assert_int_eq(d.out_channels, 16);
	d = part_of(m, "attention");
	ck_assert_uint_eq(d.heads, 4);
	ck_assert_double_eq(d.alpha, 0);
	d = part_of(m, "masked");
	ck_assert_uint_eq(d.heads, 2);
	ck_assert_uint_eq(d.input_count, 4);
	ck_assert_double_eq(d.alpha, 0.125);
	d = part_of(m, "custom");
	ck_assert_uint_eq(d.op_class, HIDP_CLASS_DEPTHWISE);
	ck_assert_double_eq(d.flops, 1.25e6);
	ck_assert_double_eq(d.weight_bytes, 77);
	ck_assert_int_eq(d.channel_grain, 2);
	ck_assert_uint_eq(d.flags & HIDP_LAYER_OWN_CHANNELS, HIDP_LAYER_OWN_CHANNELS);
	ck_assert_int_eq(d.row_rules[0].stride, 2);
	ck_assert_int_eq(d.row_rules[0].divisor, 3);
	ck_assert_int_eq(d.row_rules[0].pad, -4);
	ck_assert_int_eq(d.row_rules[0].extent, 5);
	ck_assert_int_eq(d.row_rules[1].stride, 1);
	ck_assert_int_eq(d.row_rules[1].extent, 1);
	hidp_model_unref(m);
}
END_TEST

START_TEST(every_op_is_in_the_example)
{
	struct hidp_model *m = every_op();
	uint32_t seen = 0;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(m); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		hidp_model_layer(m, l, &info);
		for (uint32_t p = 0; p < info.part_count; p++) {
			struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
			hidp_model_part(m, l, p, &d);
			seen |= 1u << d.op;
		}
	}
	for (hidp_op op = 0; op < 32; op++)
		ck_assert_msg(!hidp_feature_supported(HIDP_FEATURE_OP, op) || (seen & 1u << op),
		              "op %u is not in it", op);
	hidp_model_unref(m);
}
END_TEST

START_TEST(writes_what_it_reads)
{
	struct hidp_model *m = every_op();
	char *text = formats_write_model(m);
	struct hidp_model *n = formats_model(text, strlen(text));
	same_models(m, n);
	char *again = formats_write_model(n);
	ck_assert_str_eq(again, text);
	free(text);
	free(again);
	hidp_model_unref(m);
	hidp_model_unref(n);
}
END_TEST

START_TEST(keeps_the_fusion)
{
	static const char text[] = LAYERS(
	        INPUT "{\"name\": \"c\", \"op\": \"conv\", \"inputs\": [\"in\"], \"out_channels\": 4, "
	              "\"kernel\": [1, 1]},"
	              "{\"name\": \"r\", \"op\": \"activation\", \"inputs\": [\"c\"], \"function\": "
	              "\"relu\"}");
	struct hidp_model *m = formats_model(text, sizeof text - 1), *n = NULL;
	ck_assert_uint_eq(hidp_model_layer_count(m), 2);
	ck_assert_int_eq(hidp_model_from_json(context, text, sizeof text - 1,
	                                      HIDP_MODEL_KEEP_UNFUSED, &n, NULL),
	                 HIDP_OK);
	ck_assert_uint_eq(hidp_model_layer_count(n), 3);
	/* and says so when it is written */
	char *written = formats_write_model(n);
	ck_assert_ptr_nonnull(strstr(written, "\"keep_unfused\": true"));
	struct hidp_model *again = formats_model(written, strlen(written));
	same_models(n, again);
	free(written);
	hidp_model_unref(again);
	hidp_model_unref(m);
	hidp_model_unref(n);
}
END_TEST

START_TEST(layers_may_come_in_any_order)
{
	static const char text[] = LAYERS(
	        "{\"name\": \"b\", \"op\": \"global_pool\", \"inputs\": [\"a\"]},\n"
	        "{\"name\": \"a\", \"op\": \"max_pool\", \"inputs\": [\"in\"], \"kernel\": [2, 2]},\n"
	        "{\"name\": \"in\", \"op\": \"input\", \"shape\": [1, 4, 8, 8]}");
	struct hidp_model *m = formats_model(text, sizeof text - 1);
	hidp_layer_id a = 0, b = 0;
	hidp_model_find(m, "a", &a);
	hidp_model_find(m, "b", &b);
	ck_assert_uint_eq(a, 1);
	ck_assert_uint_eq(b, 2);
	hidp_model_unref(m);
}
END_TEST

START_TEST(names_are_any_text)
{
	/* quotes, escapes, two-, three- and four-byte characters, a name as long as may be */
	char text[2048], name[256];
	memset(name, 'n', 255);
	name[255] = '\0';
	snprintf(text, sizeof text,
	         HEAD "\"name\": \"\\u00e9\\ud83d\\ude00\", \"layers\": ["
	              "{\"name\": \"a\\\"\\\\\\n\\u0001\", \"op\": \"input\", \"shape\": [1, 1, 1, 1]},"
	              "{\"name\": \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\", \"op\": \"global_pool\", "
	              "\"inputs\": [\"a\\u0022\\u005c\\u000a\\u0001\"]},"
	              "{\"name\": \"%s\", \"op\": \"softmax\", \"inputs\": "
	              "[\"\\u00e9\\u20ac\\ud83d\\ude00\"]}]}",
	         name);
	struct hidp_model *m = formats_model(text, strlen(text));
	ck_assert_str_eq(hidp_model_name(m), "\xc3\xa9\xf0\x9f\x98\x80");
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_model_layer(m, 0, &info);
	ck_assert_str_eq(info.name, "a\"\\\n\001");
	char *written = formats_write_model(m);
	struct hidp_model *n = formats_model(written, strlen(written));
	same_models(m, n);
	free(written);
	hidp_model_unref(m);
	hidp_model_unref(n);
}
END_TEST

START_TEST(a_short_buffer_holds_the_beginning)
{
	struct hidp_model *m = every_op();
	char *whole = formats_write_model(m);
	size_t length = strlen(whole);
	for (size_t size = 0; size <= length + 2; size += size < 70 ? 1 : 97) {
		size_t needed = 0;
		char *part = malloc(size + 1);
		ck_assert_ptr_nonnull(part);
		memset(part, '#', size + 1);
		ck_assert_int_eq(hidp_model_to_json(m, size == 0 ? NULL : part, size, &needed),
		                 HIDP_OK);
		ck_assert_uint_eq(needed, length);
		ck_assert_int_eq(part[size], '#');
		if (size > 0) {
			size_t n = size - 1 < length ? size - 1 : length;
			ck_assert_mem_eq(part, whole, n);
			ck_assert_int_eq(part[n], '\0');
		}
		free(part);
	}
	ck_assert_int_eq(hidp_model_to_json(m, NULL, 1, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_to_json(NULL, NULL, 0, NULL), HIDP_ERR_ARGUMENT);
	free(whole);
	hidp_model_unref(m);
}
END_TEST

static const struct refusal refusals[] = {
        /* the document */
        {"@[]", HIDP_ERR_SYNTAX, "document", "is a list, must be an object"},
        {"@{}", HIDP_ERR_SYNTAX, "document", "\"format\" is missing"},
        {"{\"format\": @1}", HIDP_ERR_SYNTAX, "format", "is a number, must be a text"},
        {"{\"format\": @\"hidp-plan\"}", HIDP_ERR_SYNTAX, "format",
         "is \"hidp-plan\", must be \"hidp-model\""},
        {"@{\"format\": \"hidp-model\"}", HIDP_ERR_SYNTAX, "document", "\"version\" is missing"},
        {"{\"format\": \"hidp-model\",\n \"version\": @2}", HIDP_ERR_SYNTAX, "version",
         "version 2 is unknown"},
        {"{\"format\": \"hidp-model\",\n \"version\": @1.5}", HIDP_ERR_SYNTAX, "version",
         "is not a whole number"},
        {"@{\"format\": \"hidp-model\",\n \"version\": 1}", HIDP_ERR_SYNTAX, "document",
         "\"layers\" is missing"},
        {HEAD "@\"layer\": []}", HIDP_ERR_SYNTAX, "layer",
         "key \"layer\" is unknown; did you mean \"layers\"?"},
        {HEAD "@\"wombat\": []}", HIDP_ERR_SYNTAX, "wombat", "key \"wombat\" is unknown"},
        {HEAD "\"note\": @1}", HIDP_ERR_SYNTAX, "note", "must be a text or a list of texts"},
        {HEAD "\"source\": [\"a\", @{}]}", HIDP_ERR_SYNTAX, "source[1]", "must be a text"},
        {HEAD "\"layers\": @{}}", HIDP_ERR_SYNTAX, "layers", "is an object, must be a list"},
        {"@" LAYERS(""), HIDP_ERR_MODEL, "document", "no layer that computes anything"},
        {"@" LAYERS("{\"name\": \"in\", \"op\": \"input\", \"shape\": [1, 4, 8, 8]}"),
         HIDP_ERR_MODEL, "document", "no layer that computes anything"},
        {HEAD "\"name\": @\"\", \"layers\": []}", HIDP_ERR_MODEL, "name",
         "empty or longer than 255 bytes"},
        {HEAD "\"dtype\": @\"fp8\", \"layers\": []}", HIDP_ERR_SYNTAX, "dtype",
         "\"fp8\" is unknown, must be one of fp32, fp16, bf16, int8"},
        {HEAD "\"dtype\": @\"fp36\", \"layers\": []}", HIDP_ERR_SYNTAX, "dtype",
         "\"fp36\" is unknown; did you mean \"fp32\"?"},
        {HEAD "\"dtype\": @null, \"layers\": []}", HIDP_ERR_SYNTAX, "dtype",
         "is null, must be a text"},
        {HEAD "\"keep_unfused\": @1, \"layers\": []}", HIDP_ERR_SYNTAX, "keep_unfused",
         "is a number, must be true or false"},
        /* layers as such */
        {LAYERS("@1"), HIDP_ERR_SYNTAX, "layers[0]", "a layer must be an object"},
        {LAYERS("@{\"op\": \"input\"}"), HIDP_ERR_SYNTAX, "layers[0]", "\"name\" is missing"},
        {LAYERS("{\"name\": @[]}"), HIDP_ERR_SYNTAX, "layers[0].name", "must be a text"},
        {LAYERS("@{\"name\": \"a\"}"), HIDP_ERR_SYNTAX, "layers[0]", "\"op\" is missing"},
        {LAYERS("{\"name\": \"a\", \"op\": @\"conv2d\"}"), HIDP_ERR_SYNTAX, "layers[0].op",
         "\"conv2d\" is unknown; did you mean \"conv\"?"},
        {LAYERS(INPUT "{\"name\": @\"in\", \"op\": \"softmax\", \"inputs\": [\"in\"]}"),
         HIDP_ERR_MODEL, "layers[1].name", "name is used twice"},
        {LAYERS(INPUT "@{\"name\": \"\", \"op\": \"softmax\", \"inputs\": [\"in\"]}"),
         HIDP_ERR_MODEL, "layers[1]", "name"},
        {LAYERS(INPUT "{\"name\": \"x\", \"op\": \"softmax\", \"inputs\": @\"in\"}"),
         HIDP_ERR_SYNTAX, "layers[1].inputs", "is a text, must be a list"},
        {LAYERS(INPUT "{\"name\": \"x\", \"op\": \"softmax\", \"inputs\": [@0]}"),
         HIDP_ERR_SYNTAX, "layers[1].inputs[0]", "is a number, must be a text"},
        {LAYERS(INPUT "{\"name\": \"x\", \"op\": \"binary\", \"function\": \"add\", \"inputs\": "
                      "[\"in\",\n\n@\"out\"]}"),
         HIDP_ERR_MODEL, "layers[1].inputs[1]", "there is no layer \"out\""},
        {LAYERS(INPUT "@{\"name\": \"x\", \"op\": \"softmax\"}"), HIDP_ERR_SYNTAX, "layers[1]",
         "\"inputs\" is missing"},
        {LAYERS("{\"name\": \"in\", \"op\": \"input\", \"shape\": [1, 4, 8, 8], @\"inputs\": []}"),
         HIDP_ERR_SYNTAX, "layers[0].inputs", "op input has no \"inputs\""},
        {LAYERS("@{\"name\": \"in\", \"op\": \"input\"}"), HIDP_ERR_SYNTAX, "layers[0]",
         "\"shape\" is missing"},
        /* attributes */
        {CONV(", @\"kernal\": 1"), HIDP_ERR_SYNTAX, "layers[1].kernal", "did you mean \"kernel\"?"},
        {CONV(", @\"heads\": 1"), HIDP_ERR_SYNTAX, "layers[1].heads", "op conv has no \"heads\""},
        {ONE("dense", ", \"out_channels\": 1, @\"kernel\": [1, 1]"), HIDP_ERR_SYNTAX,
         "layers[1].kernel", "op dense has no \"kernel\""},
        {CONV(", \"stride\": @1"), HIDP_ERR_SYNTAX, "layers[1].stride",
         "must be a list of 2 whole numbers"},
        {CONV(", \"stride\": @[1]"), HIDP_ERR_SYNTAX, "layers[1].stride",
         "must be a list of 2 whole numbers"},
        {CONV(", \"stride\": [1, @\"1\"]"), HIDP_ERR_SYNTAX, "layers[1].stride[1]",
         "is a text, must be a whole number"},
        {CONV(", \"stride\": [1, @1.25]"), HIDP_ERR_SYNTAX, "layers[1].stride[1]",
         "is not a whole number"},
        {CONV(", \"groups\": @1e300"), HIDP_ERR_SYNTAX, "layers[1].groups",
         "is not a whole number, or too large"},
        {CONV(", \"groups\": @9223372036854775808"), HIDP_ERR_SYNTAX, "document", "too big integer"},
        {CONV(", \"workspace_bytes\": @1e999"), HIDP_ERR_SYNTAX, "document", "overflow"},
        {CONV(", \"workspace_bytes\": @\"inf\""), HIDP_ERR_SYNTAX, "layers[1].workspace_bytes",
         "is a text, must be a number"},
        {CONV(", \"workspace_bytes\": @NaN"), HIDP_ERR_SYNTAX, "document", "invalid token"},
        {CONV(", \"output\": @\"yes\""), HIDP_ERR_SYNTAX, "layers[1].output",
         "is a text, must be true or false"},
        {CONV(", \"colocation\": @0"), HIDP_ERR_SYNTAX, "layers[1].colocation",
         "0 is not within 1 to 4294967295"},
        {CONV(", \"colocation\": @4294967296"), HIDP_ERR_SYNTAX, "layers[1].colocation",
         "4294967296 is not within 1 to 4294967295"},
        {CONV(", \"colocation\": @\"a\""), HIDP_ERR_SYNTAX, "layers[1].colocation",
         "is a text, must be a whole number"},
        {LAYERS("{\"name\": \"in\", \"op\": \"input\", \"shape\": [1, 4, 8, 8], "
                "@\"colocation\": 1}"),
         HIDP_ERR_SYNTAX, "layers[0].colocation", "op input has no \"colocation\""},
        {ONE("attention", ", \"heads\": @-1"), HIDP_ERR_SYNTAX, "layers[1].heads",
         "-1 is not within 0 to 4294967294"},
        {ONE("attention", ", @\"alpha\": 1"), HIDP_ERR_SYNTAX, "layers[1].alpha",
         "op attention has no \"alpha\""},
        {ONE("activation", ", \"function\": @\"add\""), HIDP_ERR_SYNTAX, "layers[1].function",
         "\"add\" is unknown"},
        {ONE("binary", ", \"function\": @\"relu\", \"shape\": [1, 4, 1, 1]"), HIDP_ERR_SYNTAX,
         "layers[1].function", "must be one of add, sub, mul, div, min, max"},
        {LAYERS(INPUT "@{\"name\": \"x\", \"op\": \"activation\", \"inputs\": [\"in\"]}"),
         HIDP_ERR_SYNTAX, "layers[1]", "\"function\" is missing"},
        {ONE("transpose", ", \"perm\": @[\"rows\"]"), HIDP_ERR_SYNTAX, "layers[1].perm",
         "must be a list of three axes"},
        {ONE("transpose", ", \"perm\": [\"rows\", @\"cols\", \"width\"]"), HIDP_ERR_SYNTAX,
         "layers[1].perm[1]", "\"cols\" is unknown"},
        {ONE("custom", ", \"shape\": [1, 4, 8, 8], \"op_class\": @\"none\""), HIDP_ERR_SYNTAX,
         "layers[1].op_class", "must be one of conv3x3, conv, depthwise"},
        {ONE("custom", ", \"shape\": [1, 4, 8, 8], \"row_rules\": @[]"), HIDP_ERR_SYNTAX,
         "layers[1].row_rules", "0 row rules for 1 inputs"},
        {ONE("custom", ", \"shape\": [1, 4, 8, 8], \"row_rules\": [@\"same\"]"), HIDP_ERR_SYNTAX,
         "layers[1].row_rules[0]", "is a text, must be an object"},
        {ONE("custom", ", \"shape\": [1, 4, 8, 8], \"row_rules\": [{@\"step\": 1}]"),
         HIDP_ERR_SYNTAX, "layers[1].row_rules[0].step", "key \"step\" is unknown"},
        /* what the builder says, at the layer that it names */
        {LAYERS(INPUT "@{\"name\": \"x\", \"op\": \"conv\", \"inputs\": [\"in\"], \"out_channels\": "
                      "0, \"kernel\": [3, 3]}"),
         HIDP_ERR_MODEL, "layers[1]", "x: 0 output channels are out of range"},
        {LAYERS(INPUT "{\"name\": \"ok\", \"op\": \"softmax\", \"inputs\": [\"in\"]},\n  @{\"name\": "
                      "\"x\", \"op\": \"conv\", \"inputs\": [\"in\"], \"out_channels\": 1, "
                      "\"kernel\": [9, 9]}"),
         HIDP_ERR_MODEL, "layers[2]", "x: kernel of 9 rows"},
        {LAYERS("@{\"name\": \"a\", \"op\": \"softmax\", \"inputs\": [\"a\"]}"), HIDP_ERR_MODEL,
         "layers[0]", "a: is part of a cycle"},
        {LAYERS(INPUT "@{\"name\": \"x\", \"op\": \"dense\", \"inputs\": [\"in\"], \"out_channels\": "
                      "2, \"flops\": 3}"),
         HIDP_ERR_MODEL, "layers[1]", "x: states 3 FLOPs"},
        /* columns count characters, lines also those in between */
        {"\n\n{\"format\": \"hidp-model\",\r\n\"version\": 1, \"note\": "
         "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\", @\"leyers\": 1}",
         HIDP_ERR_SYNTAX, "leyers", "did you mean \"layers\"?"},
        /* a key from the document does not upset the message */
        {HEAD "@\"a\\n\\u001b[31m\": 1}", HIDP_ERR_SYNTAX, "a??[31m", "key \"a??[31m\" is unknown"},
        /* escapes in keys do not lead astray, nor brackets in texts */
        {HEAD "\"n\\u006fte\": \"}]{[,:\\\"\", \"source\": [\"\\\\\", \"]\"], \"l\\u0061yers\": "
              "[{\"name\": \"}\", \"op\": @1}]}",
         HIDP_ERR_SYNTAX, "layers[0].op", "is a number, must be a text"},
};

START_TEST(refuses)
{
	formats_refuse(FORMATS_MODEL, &refusals[_i]);
}
END_TEST

START_TEST(refuses_too_many_inputs)
{
	char *text = malloc(16384);
	ck_assert_ptr_nonnull(text);
	char *end = stpcpy(text, HEAD "\"layers\": [" INPUT
	                              "{\"name\": \"x\", \"op\": \"concat\", \"axis\": \"rows\", "
	                              "\"inputs\": @[");
	for (int i = 0; i < 1025; i++)
		end = stpcpy(end, i == 0 ? "\"in\"" : ", \"in\"");
	strcpy(end, "]}]}");
	const struct refusal r = {text, HIDP_ERR_LIMIT, "layers[1].inputs",
	                          "1025 inputs, at most 1024 are allowed"};
	formats_refuse(FORMATS_MODEL, &r);
	free(text);
}
END_TEST

START_TEST(refuses_too_many_layers)
{
	size_t n = 65537, size = n * 3 + 256;
	char *text = malloc(size);
	ck_assert_ptr_nonnull(text);
	char *end = stpcpy(text, HEAD "\"layers\": @[");
	for (size_t i = 0; i < n; i++)
		end = stpcpy(end, i == 0 ? "{}" : ",{}");
	strcpy(end, "]}");
	const struct refusal r = {text, HIDP_ERR_LIMIT, "layers",
	                          "65537 layers, at most 65536 are allowed"};
	formats_refuse(FORMATS_MODEL, &r);
	free(text);
}
END_TEST

START_TEST(refuses_wrong_arguments)
{
	static const char text[] = ONE("softmax", "");
	struct hidp_model *m = NULL;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	size_t n = sizeof text - 1;
	ck_assert_int_eq(hidp_model_from_json(NULL, text, n, 0, &m, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_from_json(context, NULL, n, 0, &m, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_from_json(context, text, n, 0, NULL, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_from_json(context, text, n, 2, &m, &said), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(said.status, HIDP_ERR_ARGUMENT);
	ck_assert_ptr_null(m);
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("model");
	tcase_add_test(tc, reads_every_attribute);
	tcase_add_test(tc, every_op_is_in_the_example);
	tcase_add_test(tc, writes_what_it_reads);
	tcase_add_test(tc, keeps_the_fusion);
	tcase_add_test(tc, layers_may_come_in_any_order);
	tcase_add_test(tc, names_are_any_text);
	tcase_add_test(tc, a_short_buffer_holds_the_beginning);
	tcase_add_loop_test(tc, refuses, 0, sizeof refusals / sizeof refusals[0]);
	tcase_add_test(tc, refuses_too_many_inputs);
	tcase_add_test(tc, refuses_too_many_layers);
	tcase_add_test(tc, refuses_wrong_arguments);
	return formats_run(tc);
}
