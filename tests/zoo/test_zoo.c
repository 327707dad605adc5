/* SPDX-License-Identifier: MIT */
/* The zoo: what fuses, sizes, weights; that it can be divided. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <check.h>

#include "common.h"

/*
 * How many layers of each make a network has when it is fused; the parts of a layer
 * as letters: C convolution, D dense, n batch norm, a activation, b binary, l layer
 * norm, t attention, M A G max, average and global pool, c concat, s slice, p pad,
 * h reshape, f flatten, I input.
 */
#define LETTERS "?ICD?MAGabcsp?nl?thf?"

static const struct make {
	const char *name;
	struct {
		const char *parts;
		int count;
	} layers[12];
} makes[] = {
	{"efficientnet_b0",
	 {{"I", 1},
	  {"Cna", 33},
	  {"Ca", 32},
	  {"Cn", 7},
	  {"Cnb", 9},
	  {"b", 16},
	  {"G", 17},
	  {"f", 1},
	  {"D", 1}}},
	{"inception_v3",
	 {{"I", 1}, {"Cna", 94}, {"M", 4}, {"A", 9}, {"c", 15}, {"G", 1}, {"f", 1}, {"D", 1}}},
	{"resnet50",
	 {{"I", 1}, {"Cna", 33}, {"Cn", 4}, {"Cnba", 16}, {"M", 1}, {"G", 1}, {"f", 1}, {"D", 1}}},
	{"resnet101",
	 {{"I", 1}, {"Cna", 67}, {"Cn", 4}, {"Cnba", 33}, {"M", 1}, {"G", 1}, {"f", 1}, {"D", 1}}},
	{"resnet152", /* 155 convolutions */
	 {{"I", 1}, {"Cna", 101}, {"Cn", 4}, {"Cnba", 50}, {"M", 1}, {"G", 1}, {"f", 1}, {"D", 1}}},
	{"vgg16", {{"I", 1}, {"Ca", 13}, {"M", 5}, {"f", 1}, {"Da", 2}, {"D", 1}}},
	{"vgg19", {{"I", 1}, {"Ca", 16}, {"M", 5}, {"f", 1}, {"Da", 2}, {"D", 1}}},
	{"mobilenet_v2",
	 {{"I", 1}, {"Cna", 35}, {"Cn", 7}, {"Cnb", 10}, {"G", 1}, {"f", 1}, {"D", 1}}},
	{"vit_b_16",
	 {{"I", 1},
	  {"C", 1},
	  {"h", 1},
	  {"p", 1},
	  {"b", 1},
	  {"l", 25},
	  {"D", 13},
	  {"t", 12},
	  {"Db", 24},
	  {"Da", 12},
	  {"s", 1}}},
	{"bert_base", {{"I", 1}, {"D", 12}, {"t", 12}, {"Db", 24}, {"Da", 12}, {"l", 24}}},
};

START_TEST(fused_layers)
{
	const struct make *make = &makes[_i];
	ck_assert_str_eq(make->name, zoo_name((size_t)_i));
	struct hidp_model *model = build(make->name, (struct zoo_options){0});
	int found[12] = {0};
	for (uint32_t l = 0; l < hidp_model_layer_count(model); l++) {
		char parts[16] = "";
		uint32_t count = info_of(model, l).part_count;
		ck_assert_uint_lt(count, sizeof parts);
		for (uint32_t p = 0; p < count; p++)
			parts[p] = LETTERS[part_of(model, l, p).op];
		size_t k = 0;
		while (k < 12 && make->layers[k].parts != NULL &&
		       strcmp(make->layers[k].parts, parts) != 0)
			k++;
		ck_assert_msg(k < 12 && make->layers[k].parts != NULL, "%s: a layer of parts %s",
		              info_of(model, l).name, parts);
		found[k]++;
	}
	for (size_t k = 0; k < 12 && make->layers[k].parts != NULL; k++)
		ck_assert_msg(found[k] == make->layers[k].count, "%s: %d layers of parts %s",
		              make->name, found[k], make->layers[k].parts);
	hidp_model_unref(model);
}
END_TEST

/* Fusing loses no part, keeps sums, and every name can be found. */
START_TEST(fused_and_not)
{
	const char *name = zoo_name((size_t)_i);
	struct hidp_model *fused = build(name, (struct zoo_options){0});
	struct hidp_model *plain =
		build(name, (struct zoo_options){.flags = HIDP_MODEL_KEEP_UNFUSED});
	double flops[2] = {0}, weights[2] = {0};
	uint32_t parts = 0;
	for (uint32_t l = 0; l < hidp_model_layer_count(fused); l++) {
		flops[0] += info_of(fused, l).flops;
		weights[0] += (double)info_of(fused, l).weight_bytes;
		parts += info_of(fused, l).part_count;
	}
	for (uint32_t l = 0; l < hidp_model_layer_count(plain); l++) {
		struct hidp_layer_info info = info_of(plain, l);
		flops[1] += info.flops;
		weights[1] += (double)info.weight_bytes;
		ck_assert_uint_eq(info.part_count, 1);
		hidp_layer_id at;
		ck_assert_int_eq(hidp_model_find(fused, info.name, &at), HIDP_OK);
		struct hidp_layer_info holder = info_of(fused, at);
		ck_assert_mem_eq(&holder.shape, &info.shape, sizeof info.shape);
		bool holds = false;
		for (uint32_t p = 0; p < holder.part_count; p++)
			holds |= strcmp(part_of(fused, at, p).name, info.name) == 0;
		ck_assert(holds);
	}
	ck_assert_uint_eq(parts, hidp_model_layer_count(plain));
	ck_assert_double_eq(flops[0], flops[1]);
	ck_assert_double_eq(weights[0], weights[1]);
	ck_assert_str_eq(hidp_model_name(fused), name);
	hidp_model_unref(fused);
	hidp_model_unref(plain);
}
END_TEST

static struct hidp_shape last_shape(const struct hidp_model *model)
{
	return info_of(model, hidp_model_layer_count(model) - 1).shape;
}

static void check_shape(struct hidp_shape s, int64_t batch, int64_t channels, int64_t rows)
{
	ck_assert_int_eq(s.batch, batch);
	ck_assert_int_eq(s.channels, channels);
	ck_assert_int_eq(s.rows, rows);
	ck_assert_int_eq(s.width, 1);
}

/* Other batches, element types and sizes of images and sequences. */
START_TEST(other_options)
{
	const char *name = zoo_name((size_t)_i);
	bool bert = strcmp(name, "bert_base") == 0;
	struct hidp_model *model = build(name, (struct zoo_options){0});
	check_shape(last_shape(model), 1, bert ? 768 : 1000, bert ? 128 : 1);
	double weights = 0;
	for (uint32_t l = 0; l < hidp_model_layer_count(model); l++)
		weights += (double)info_of(model, l).weight_bytes;
	hidp_model_unref(model);

	model = build(name, (struct zoo_options){.batch = 3, .dtype = HIDP_DTYPE_FP16});
	check_shape(last_shape(model), 3, bert ? 768 : 1000, bert ? 128 : 1);
	double half = 0;
	for (uint32_t l = 0; l < hidp_model_layer_count(model); l++) {
		half += (double)info_of(model, l).weight_bytes;
		ck_assert_uint_eq(info_of(model, l).dtype, HIDP_DTYPE_FP16);
	}
	ck_assert_double_eq(2 * half, weights);
	hidp_model_unref(model);

	static const int64_t images[] = {75, 96, 160, 224, 299, 448, 640};
	for (size_t i = 0; i < sizeof images / sizeof images[0]; i++) {
		if (strcmp(name, "vit_b_16") == 0 && images[i] % 16 != 0)
			continue;
		model = build(name, (struct zoo_options){.image = images[i]});
		check_shape(last_shape(model), 1, bert ? 768 : 1000, bert ? 128 : 1);
		ck_assert_int_eq(info_of(model, 0).shape.rows, bert ? 128 : images[i]);
		hidp_model_unref(model);
	}
	model = build(name, (struct zoo_options){.tokens = 7});
	check_shape(last_shape(model), 1, bert ? 768 : 1000, bert ? 7 : 1);
	hidp_model_unref(model);
}
END_TEST

static void refused(const char *name, struct zoo_options options, hidp_status status,
                    const char *subject, const char *words)
{
	struct hidp_model *model = NULL;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	ck_assert_int_eq(zoo_build(context, name, &options, &model, &d), status);
	ck_assert_int_eq(d.status, status);
	ck_assert_ptr_null(model);
	ck_assert_str_eq(d.subject, subject);
	ck_assert_msg(strstr(d.message, words) != NULL, "%s", d.message);
	ck_assert_int_eq(zoo_build(context, name, &options, &model, NULL), status);
}

START_TEST(refusals)
{
	refused("resnet34", (struct zoo_options){0}, HIDP_ERR_ARGUMENT, "resnet34", "no network");
	refused("vit_b_16", (struct zoo_options){.image = 100}, HIDP_ERR_ARGUMENT, "vit_b_16",
	        "multiple of 16");
	refused("vgg16", (struct zoo_options){.image = 31}, HIDP_ERR_ARGUMENT, "vgg16", "32 to");
	refused("vgg16", (struct zoo_options){.image = INT64_MAX}, HIDP_ERR_ARGUMENT, "vgg16",
	        "32 to");
	refused("inception_v3", (struct zoo_options){.image = 74}, HIDP_ERR_MODEL,
	        "Mixed_7a.branch3x3_2.conv", "larger than the padded input");
	refused("resnet50", (struct zoo_options){.image = -1}, HIDP_ERR_MODEL, "input", "empty");
	refused("resnet50", (struct zoo_options){.batch = -1}, HIDP_ERR_MODEL, "input", "empty");
	refused("bert_base", (struct zoo_options){.tokens = INT64_MAX}, HIDP_ERR_MODEL, "input",
	        "too large");
	refused("vgg16", (struct zoo_options){.dtype = 99}, HIDP_ERR_ARGUMENT, "vgg16", "dtype 99");
	refused("vgg16", (struct zoo_options){.flags = 4}, HIDP_ERR_ABI, "vgg16", "flags 0x4");
	struct hidp_model *model = NULL;
	ck_assert_int_eq(zoo_build(NULL, "vgg16", NULL, &model, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_build(context, NULL, NULL, &model, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_build(context, "vgg16", NULL, NULL, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_ptr_null(model);
	ck_assert_ptr_null(zoo_name(zoo_count()));
}
END_TEST

/* Any layer in which a part of the given name is, and which part. */
static void find_part(const struct hidp_model *model, const char *name, hidp_layer_id *layer,
                      uint32_t *part)
{
	ck_assert_int_eq(hidp_model_find(model, name, layer), HIDP_OK);
	for (*part = 0; strcmp(part_of(model, *layer, *part).name, name) != 0; ++*part)
		;
}

static void fill(const struct hidp_model *model, const char *name, size_t index, uint64_t seed,
                 int64_t first, int64_t count, float *out)
{
	hidp_layer_id layer;
	uint32_t part;
	find_part(model, name, &layer, &part);
	ck_assert_int_eq(zoo_fill(model, layer, part, index, seed, first, count, out), HIDP_OK);
}

/* Weights must never change: results computed elsewhere, or long ago, depend on them. */
START_TEST(weights_are_fixed)
{
	struct hidp_model *model = build("resnet50", (struct zoo_options){0});
	static const struct {
		const char *part;
		size_t index;
		uint64_t seed;
		int64_t at;
		float value;
	} known[] = {
		{"conv1", 0, 0, 0, 0x1.f3bfc2p-4f},
		{"conv1", 0, 0, 9407, 0x1.1104d8p-4f},
		{"layer4.2.conv2", 0, 123456789, 2359295, 0x1.a6f20ep-6f},
		{"bn1", 0, 0, 5, 0x1.c27268p-1f},
		{"layer3.1.bn3", 0, 0, 1023, 0x1.52d4ep-3f},
		{"layer3.1.bn3", 1, 42, 0, 0x1.2d2c1p-7f},
		{"fc", 1, UINT64_MAX, 999, 0x1.bf8966p-4f},
		{"fc", 0, 7, 2047999, 0x1.8396ep-5f},
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		float value;
		fill(model, known[i].part, known[i].index, known[i].seed, known[i].at, 1, &value);
		ck_assert_msg(memcmp(&value, &known[i].value, sizeof value) == 0, "%s[%d]: %a",
		              known[i].part, (int)known[i].at, (double)value);
	}
	hidp_model_unref(model);
}
END_TEST

/* A value depends on seed, part and index alone: not on fusing, image, dtype, or on what else is
 * asked for. */
START_TEST(weights_depend_on_little)
{
	struct hidp_model *a = build("resnet50", (struct zoo_options){0});
	struct hidp_model *b =
		build("resnet50", (struct zoo_options){.flags = HIDP_MODEL_KEEP_UNFUSED,
	                                               .image = 64,
	                                               .batch = 2,
	                                               .dtype = HIDP_DTYPE_BF16});
	static const char *const parts[] = {"conv1", "layer3.2.conv2", "fc", "bn1", "layer4.2.bn3"};
	enum { N = 64 };
	float x[N], y[N], z[N];
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		fill(a, parts[i], 0, 5, 0, N, x);
		fill(b, parts[i], 0, 5, 0, N, y);
		ck_assert_mem_eq(x, y, sizeof x);
		for (int k = N; k-- > 0;)
			fill(a, parts[i], 0, 5, k, 1, &y[k]);
		ck_assert_mem_eq(x, y, sizeof x);
		fill(a, parts[i], 0, 6, 0, N, z);
		for (int k = 0; k < N; k++)
			ck_assert(x[k] != z[k]);
	}
	fill(a, "bn1", 0, 5, 0, N, x);
	fill(a, "bn1", 1, 5, 0, N, y);
	fill(a, "layer1.0.bn1", 0, 5, 0, N, z);
	for (int k = 0; k < N; k++)
		ck_assert(x[k] != z[k] && 8 * y[k] != 4 * (x[k] - 1));
	hidp_model_unref(a);
	hidp_model_unref(b);
}
END_TEST

/* Mean 0, and a variance of gain / fan-in; no two in a row alike. */
START_TEST(weights_are_spread)
{
	static const struct {
		const char *network, *part;
		double gain, fan_in;
	} cases[] = {
		{"resnet50", "layer2.0.conv2", 2, 128 * 9},
		{"mobilenet_v2", "features.17.conv.1.0", 2, 9},
		{"vgg16", "classifier.3", 2, 4096},
		{"vit_b_16", "heads.head", 1, 768},
		{"efficientnet_b0", "features.8.0", 2.25, 320},
	};
	enum { N = 8192 };
	static float x[N];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hidp_model *model = build(cases[i].network, (struct zoo_options){0});
		fill(model, cases[i].part, 0, 1, 0, N, x);
		double mean = 0, square = 0, next = 0, variance = cases[i].gain / cases[i].fan_in;
		for (int k = 0; k < N; k++) {
			mean += (double)x[k] / N;
			square += (double)x[k] * (double)x[k] / N;
			if (k > 0)
				next += (double)x[k - 1] * (double)x[k] / N;
		}
		/* four standard deviations of each estimate */
		ck_assert_double_lt(fabs(mean), 4 * sqrt(variance / N));
		ck_assert_double_lt(fabs(square / variance - 1), 4 * sqrt(0.8 / N));
		ck_assert_double_lt(fabs(next / variance), 4 / sqrt(N));
		hidp_model_unref(model);
	}
}
END_TEST

START_TEST(arrays_of_parts)
{
	struct hidp_model *model = build("vit_b_16", (struct zoo_options){.image = 32});
	struct zoo_array arrays[ZOO_ARRAYS_MAX];
	size_t count;
	hidp_layer_id layer;
	uint32_t part;
	find_part(model, "conv_proj", &layer, &part);
	ck_assert_int_eq(zoo_arrays(model, layer, part, arrays, &count), HIDP_OK);
	ck_assert_uint_eq(count, 2);
	ck_assert(arrays[0].role == ZOO_WEIGHT && arrays[0].dim_count == 4 &&
	          arrays[0].count == 768 * 3 * 16 * 16);
	ck_assert(arrays[0].dims[0] == 768 && arrays[0].dims[1] == 3 && arrays[0].dims[2] == 16 &&
	          arrays[0].dims[3] == 16);
	ck_assert(arrays[1].role == ZOO_BIAS && arrays[1].dim_count == 1 && arrays[1].count == 768);
	find_part(model, "encoder.pos_embedding", &layer, &part);
	ck_assert_int_eq(zoo_arrays(model, layer, part, arrays, &count), HIDP_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert(arrays[0].role == ZOO_CONSTANT && arrays[0].dim_count == 4 &&
	          arrays[0].count == 768 * 5);
	find_part(model, "encoder.ln", &layer, &part);
	ck_assert_int_eq(zoo_arrays(model, layer, part, arrays, &count), HIDP_OK);
	ck_assert_uint_eq(count, 2);
	ck_assert(arrays[0].role == ZOO_SCALE && arrays[1].role == ZOO_SHIFT &&
	          arrays[0].count == 768 && arrays[1].count == 768);
	/* a residual addition behind a dense layer has none */
	find_part(model, "encoder.layers.encoder_layer_3.add", &layer, &part);
	ck_assert_uint_eq(part, 1);
	ck_assert_int_eq(zoo_arrays(model, layer, part, arrays, &count), HIDP_OK);
	ck_assert_uint_eq(count, 0);

	float x[4];
	find_part(model, "heads.head", &layer, &part);
	ck_assert_int_eq(zoo_arrays(model, layer, part + 1, arrays, &count), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_arrays(model, layer + 1, 0, arrays, &count), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_fill(model, layer, part, 1, 0, 998, 2, x), HIDP_OK);
	ck_assert_int_eq(zoo_fill(model, layer, part, 1, 0, 1000, 0, x), HIDP_OK);
	ck_assert_int_eq(zoo_fill(model, layer, part, 1, 0, 998, 3, x), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_fill(model, layer, part, 1, 0, 1001, 0, x), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_fill(model, layer, part, 1, 0, -1, 1, x), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_fill(model, layer, part, 1, 0, 1, -1, x), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_fill(model, layer, part, 2, 0, 0, 1, x), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_fill(model, layer, part, 1, 0, 0, 1, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(zoo_fill(model, layer + 1, 0, 0, 0, 0, 1, x), HIDP_ERR_ARGUMENT);
	hidp_model_unref(model);
}
END_TEST

static double latency(const struct hidp_model *model, const struct hidp_cluster *cluster,
                      uint32_t strategy)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	struct hidp_plan *plan;
	options.strategy = strategy;
	ck_assert_int_eq(hidp_plan(model, cluster, NULL, &options, &plan, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_plan_get_figures(plan, &figures), HIDP_OK);
	hidp_plan_unref(plan);
	return figures.latency_s;
}

/*
 * Where messages cost next to nothing three nodes are nearly three times as quick as one. A vector
 * for all rows stands in every block of EfficientNet and cannot be divided.
 */
START_TEST(divides_well)
{
	const char *name = zoo_name((size_t)_i);
	struct hidp_model *model = build(name, (struct zoo_options){0});
	struct hidp_cluster *cluster;
	ck_assert_int_eq(hidp_cluster_from_string(context, "3*cpu:0.1 | lan 3200M 0.1ms", &cluster,
	                                          NULL),
	                 HIDP_OK);
	double ratio = latency(model, cluster, HIDP_STRATEGY_AUTO) /
	               latency(model, cluster, HIDP_STRATEGY_SINGLE);
	ck_assert_msg(ratio < (strcmp(name, "efficientnet_b0") == 0 ? 0.75 : 0.38),
	              "%s: %g of one node's latency", name, ratio);
	hidp_cluster_unref(cluster);
	hidp_model_unref(model);
}
END_TEST

int main(void)
{
	const int networks = (int)zoo_count();
	Suite *suite = suite_create("zoo");
	TCase *tc = tcase_create("descriptions");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, fused_layers, 0, networks);
	tcase_add_loop_test(tc, fused_and_not, 0, networks);
	tcase_add_loop_test(tc, other_options, 0, networks);
	tcase_add_loop_test(tc, divides_well, 0, networks);
	tcase_add_test(tc, refusals);
	suite_add_tcase(suite, tc);
	tc = tcase_create("weights");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, weights_are_fixed);
	tcase_add_test(tc, weights_depend_on_little);
	tcase_add_test(tc, weights_are_spread);
	tcase_add_test(tc, arrays_of_parts);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
