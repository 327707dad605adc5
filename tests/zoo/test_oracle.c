/* SPDX-License-Identifier: MIT */
/* The zoo against a table of its layers that was made from other sources. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "zoo.h"

#define ENTRIES_MAX 256

/* What the table says of one layer, found out from a model. */
struct entry {
	const char *name; /* of the part */
	const char *kind;
	hidp_op_class op_class;
	double macs, weights;
	double in, out;
	int64_t shape[3];
	int64_t kernel[2], stride; /* 0 where the table has none */
	bool multiplies;
};

/* All entries of a model, in order. */
struct listing {
	const struct hidp_model *model;
	bool transformer;
	struct entry entries[ENTRIES_MAX];
	size_t count;
	double other_weights;    /* in layers that the table leaves out */
	struct entry **by_layer; /* the last entry of each layer, or NULL */
};

static double volume(const struct hidp_shape *s)
{
	return (double)s->batch * (double)s->channels * (double)s->rows * (double)s->width;
}

static const char *kind_of_conv(const struct hidp_layer_desc *d, const struct hidp_layer_info *out,
                                const struct hidp_layer_info *in)
{
	if (out->shape.rows * out->shape.width == 1)
		return "fc";
	if (d->groups == in->shape.channels)
		return "dw";
	if (d->kernel[0] == 1 && d->kernel[1] == 1)
		return "conv1x1";
	return d->kernel[0] == 3 && d->kernel[1] == 3 && d->stride[0] == 1 ? "conv3x3s1"
	                                                                   : "convkxk";
}

/* The kind of entry that a part makes; NULL: none. */
static const char *kind_of(const struct listing *list, const struct hidp_layer_desc *d,
                           const struct hidp_layer_info *out, const struct hidp_layer_info *in)
{
	switch (d->op) {
	case HIDP_OP_CONV:
		return kind_of_conv(d, out, in);
	case HIDP_OP_DENSE:
		return out->shape.rows == 1 ? "fc" : "gemm";
	case HIDP_OP_ATTENTION:
		return "gemm";
	case HIDP_OP_MAX_POOL:
	case HIDP_OP_AVERAGE_POOL:
	case HIDP_OP_GLOBAL_POOL:
		return "elt";
	case HIDP_OP_BINARY:
		return list->transformer ? NULL : "elt";
	default:
		return NULL;
	}
}

static void make_entry(struct entry *e, const char *kind, const struct hidp_layer_desc *d,
                       const struct hidp_layer_info *out, const struct hidp_layer_info *in)
{
	const struct hidp_shape *s = &out->shape;
	*e = (struct entry){.name = d->name, .kind = kind, .op_class = out->op_class};
	e->in = volume(&in->shape) * d->input_count;
	e->out = volume(s);
	if (d->op == HIDP_OP_CONV) {
		memcpy(e->kernel, d->kernel, sizeof e->kernel);
		e->stride = d->stride[0];
	}
	bool tokens = strcmp(kind, "gemm") == 0;
	e->shape[0] = tokens ? s->rows : s->channels;
	e->shape[1] = tokens ? s->channels : s->rows;
	e->shape[2] = s->width;
	e->multiplies = d->op == HIDP_OP_BINARY && d->function == HIDP_BINARY_MUL;
}

/* Elements of the weights of a part. */
static double weights_of(const struct hidp_model *model, hidp_layer_id layer, uint32_t part)
{
	struct zoo_array arrays[ZOO_ARRAYS_MAX];
	size_t count;
	double sum = 0;
	ck_assert_int_eq(zoo_arrays(model, layer, part, arrays, &count), HIDP_OK);
	for (size_t i = 0; i < count; i++)
		sum += (double)arrays[i].count;
	return sum;
}

/* A batch normalisation belongs to the convolution that it reads; other parts without an entry do
 * not. */
static void add_weights(struct listing *list, struct entry *made, const struct hidp_layer_desc *d,
                        struct entry *before, double weights)
{
	if (made == NULL && d->op == HIDP_OP_BATCH_NORM)
		made = before;
	if (made != NULL)
		made->weights += weights;
	else
		list->other_weights += weights;
}

static void list_layer(struct listing *list, hidp_layer_id layer)
{
	struct hidp_layer_info out = HIDP_LAYER_INFO_INIT;
	ck_assert_int_eq(hidp_model_layer(list->model, layer, &out), HIDP_OK);
	double macs = out.flops / 2, weights = 0;
	struct entry *last = NULL;
	for (uint32_t part = 0; part < out.part_count; part++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		ck_assert_int_eq(hidp_model_part(list->model, layer, part, &d), HIDP_OK);
		struct hidp_layer_info in = out; /* the part before: fusing keeps the shape */
		struct entry *before = last, *made = NULL;
		if (d.input_count != 0 && d.inputs[0] != HIDP_LAYER_NONE) {
			ck_assert_int_eq(hidp_model_layer(list->model, d.inputs[0], &in), HIDP_OK);
			before = list->by_layer[d.inputs[0]];
		}
		const char *kind = kind_of(list, &d, &out, &in);
		if (kind != NULL) {
			ck_assert_uint_lt(list->count, ENTRIES_MAX);
			made = last = &list->entries[list->count++];
			make_entry(made, kind, &d, &out, &in);
			/* all that a layer multiplies, its first part does */
			made->macs = macs;
			macs = 0;
		}
		double part_weights = weights_of(list->model, layer, part);
		add_weights(list, made, &d, before, part_weights);
		weights += part_weights;
	}
	ck_assert_msg(macs == 0, "%s multiplies, but has no entry", out.name);
	ck_assert_msg(4 * weights == (double)out.weight_bytes, "%s: %.0f weights in %.0f bytes",
	              out.name, weights, (double)out.weight_bytes);
	list->by_layer[layer] = last;
}

static void list_model(struct listing *list, const struct hidp_model *model, bool transformer)
{
	*list = (struct listing){.model = model, .transformer = transformer};
	list->by_layer = calloc(hidp_model_layer_count(model), sizeof *list->by_layer);
	ck_assert_ptr_nonnull(list->by_layer);
	for (uint32_t l = 0; l < hidp_model_layer_count(model); l++)
		list_layer(list, l);
	free(list->by_layer);
}

static json_int_t integer(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	ck_assert_msg(json_is_integer(value), "the table lacks %s", key);
	return json_integer_value(value);
}

static json_int_t item(const json_t *object, const char *key, size_t index)
{
	const json_t *value = json_array_get(json_object_get(object, key), index);
	ck_assert_msg(json_is_integer(value), "the table lacks %s", key);
	return json_integer_value(value);
}

#define SAME(what, model_value, table_value)                                                       \
	ck_assert_msg((double)(model_value) == (double)(table_value),                              \
	              "entry %zu, %s: %s is %.0f in the model, %.0f in the table", i, e->name,     \
	              what, (double)(model_value), (double)(table_value))

static void compare(const struct listing *list, const json_t *table)
{
	for (size_t i = 0; i < list->count && i < json_array_size(table); i++) {
		const struct entry *e = &list->entries[i];
		const json_t *row = json_array_get(table, i);
		const char *kind = json_string_value(json_object_get(row, "kind"));
		ck_assert_msg(kind != NULL && strcmp(kind, e->kind) == 0,
		              "entry %zu, %s: kind is %s in the model, %s in the table", i, e->name,
		              e->kind, kind);
		SAME("macs", e->macs, integer(row, "macs"));
		SAME("weights", e->weights, integer(row, "weights"));
		SAME("out", e->out, integer(row, "out"));
		SAME("inp", e->multiplies ? 2 * e->out : e->in, integer(row, "inp"));
		for (size_t k = 0; k < 3; k++)
			SAME("shape", e->shape[k], item(row, "shape", k));
		if (json_object_get(row, "k") != NULL) {
			SAME("kernel rows", e->kernel[0], item(row, "k", 0));
			SAME("kernel columns", e->kernel[1], item(row, "k", 1));
			SAME("stride", e->stride, integer(row, "stride"));
		}
	}
	ck_assert_uint_eq(list->count, json_array_size(table));
}

/* The class of every entry; squeeze-excite convolutions are convolutions to the library. */
static void check_classes(const struct listing *list)
{
	static const struct {
		const char *kind;
		hidp_op_class op_class;
	} classes[] = {
		{"conv3x3s1", HIDP_CLASS_CONV3X3}, {"conv1x1", HIDP_CLASS_CONV},
		{"convkxk", HIDP_CLASS_CONV},      {"dw", HIDP_CLASS_DEPTHWISE},
		{"gemm", HIDP_CLASS_GEMM},         {"fc", HIDP_CLASS_DENSE},
		{"elt", HIDP_CLASS_ELEMENTWISE},
	};
	for (size_t i = 0; i < list->count; i++) {
		const struct entry *e = &list->entries[i];
		size_t k = 0;
		while (strcmp(classes[k].kind, e->kind) != 0)
			k++;
		hidp_op_class expected = classes[k].op_class;
		if (expected == HIDP_CLASS_DENSE && e->kernel[0] != 0)
			expected = HIDP_CLASS_CONV;
		/* an addition or activation in a convolution's layer is of that layer's class */
		if (expected != HIDP_CLASS_ELEMENTWISE || e->op_class == HIDP_CLASS_ELEMENTWISE)
			ck_assert_msg(e->op_class == expected, "entry %zu, %s: class %u, not %u", i,
			              e->name, e->op_class, expected);
		else
			ck_assert_msg(e->op_class == HIDP_CLASS_CONV, "entry %zu, %s: class %u", i,
			              e->name, e->op_class);
	}
}

/* Totals as published: parameters, and multiply-accumulates in thousandths of 10^9. */
static const struct total {
	const char *name;
	const char *table; /* name there */
	double params;
	double gmacs;
	double folded; /* parameters that the zoo merges with others */
} totals[] = {
	{"efficientnet_b0", "efficientnet_b0", 5288548, 0.386, 0},
	{"inception_v3", "inception_v3", 23834568, 5.713, 0},
	{"resnet50", "resnet50", 25557032, 4.089, 0},
	{"resnet101", "resnet101", 44549160, 7.801, 0},
	{"resnet152", "resnet152", 60192808, 11.514, 0},
	{"vgg16", "vgg16", 138357544, 15.470, 0},
	{"vgg19", "vgg19", 143667240, 19.632, 0},
	{"mobilenet_v2", "mobilenet_v2", 3504872, 0.301, 0},
	{"vit_b_16", "vit_b_16", 86567656, 17.564, 768}, /* the class token */
	{"bert_base", "bert_base_T128", 85054464, 11.174, 0},
};

static void check_totals(const struct listing *list, const struct total *total)
{
	double macs = 0, weights = list->other_weights;
	for (size_t i = 0; i < list->count; i++) {
		macs += list->entries[i].macs;
		weights += list->entries[i].weights;
	}
	ck_assert_msg(weights + total->folded == total->params, "%s: %.0f parameters", total->name,
	              weights);
	ck_assert_msg(macs > (total->gmacs - 0.0005) * 1e9 && macs < (total->gmacs + 0.0005) * 1e9,
	              "%s: %.0f multiply-accumulates", total->name, macs);
}

/* Twice per network: fused and not. */
START_TEST(layer_by_layer)
{
	const struct total *total = &totals[_i / 2];
	json_error_t error;
	json_t *root = json_load_file(TEST_DATA "/dnn_layers.json", 0, &error);
	ck_assert_msg(root != NULL, "%s", error.text);
	struct hidp_context *context;
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	struct zoo_options options = {.flags = _i % 2 == 0 ? 0 : HIDP_MODEL_KEEP_UNFUSED};
	struct hidp_model *model;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	ck_assert_msg(zoo_build(context, total->name, &options, &model, &d) == HIDP_OK, "%s: %s",
	              d.subject, d.message);
	struct listing list;
	bool transformer =
		strncmp(total->name, "vit", 3) == 0 || strncmp(total->name, "bert", 4) == 0;
	list_model(&list, model, transformer);
	compare(&list, json_object_get(root, total->table));
	check_classes(&list);
	check_totals(&list, total);
	hidp_model_unref(model);
	hidp_context_unref(context);
	json_decref(root);
}
END_TEST

/* The table has no network that is not tested. */
START_TEST(whole_table)
{
	json_error_t error;
	json_t *root = json_load_file(TEST_DATA "/dnn_layers.json", 0, &error);
	ck_assert_msg(root != NULL, "%s", error.text);
	ck_assert_uint_eq(json_object_size(root), sizeof totals / sizeof totals[0]);
	ck_assert_uint_eq(zoo_count(), sizeof totals / sizeof totals[0]);
	for (size_t i = 0; i < zoo_count(); i++) {
		ck_assert_str_eq(zoo_name(i), totals[i].name);
		ck_assert_ptr_nonnull(json_object_get(root, totals[i].table));
	}
	json_decref(root);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle");
	TCase *tc = tcase_create("table");
	tcase_add_loop_test(tc, layer_by_layer, 0, 2 * (int)(sizeof totals / sizeof totals[0]));
	tcase_add_test(tc, whole_table);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
