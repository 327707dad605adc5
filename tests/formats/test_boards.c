/* SPDX-License-Identifier: MIT */
/*
 * The boards of examples/boards/: their figures reproduce the times that were
 * tabulated together with the rates, for seven networks.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "formats.h"

enum { NETWORKS = 7 };

static const char *const networks[NETWORKS] = {"efficientnet_b0", "inception_v3", "resnet152",
                                               "vgg19",           "resnet50",     "mobilenet_v2",
                                               "vit_b_16"};

struct network {
	struct hidp_model *model;
	uint32_t elementwise;  /* layers of that class */
	double dense_activations; /* bytes that dense layers read and write */
};

static hidp_op_class class_of(const char *kind)
{
	static const struct {
		const char *kind;
		hidp_op_class op_class;
	} kinds[] = {
	        {"conv3x3s1", HIDP_CLASS_CONV3X3}, {"conv1x1", HIDP_CLASS_CONV},
	        {"convkxk", HIDP_CLASS_CONV},      {"dw", HIDP_CLASS_DEPTHWISE},
	        {"gemm", HIDP_CLASS_GEMM},         {"fc", HIDP_CLASS_DENSE},
	        {"elt", HIDP_CLASS_ELEMENTWISE},
	};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].op_class;
	ck_abort_msg("kind %s is unknown", kind);
}

static double number(const json_t *layer, const char *key)
{
	ck_assert(json_is_integer(json_object_get(layer, key)));
	return (double)json_integer_value(json_object_get(layer, key));
}

/*
 * One custom layer for each row of the table, with an input of its own, since the
 * rows say how much a layer reads and not from where.
 */
static struct network build(const json_t *rows)
{
	static const struct hidp_row_rule same_rows = {1, 1, 0, 1};
	struct hidp_model_builder *builder = NULL;
	struct network n = {NULL, 0, 0};
	size_t i;
	json_t *row;
	ck_assert(json_is_array(rows));
	ck_assert_int_eq(hidp_model_builder_new(context, NULL, &builder), HIDP_OK);
	json_array_foreach (rows, i, row) {
		struct hidp_layer_desc in = HIDP_LAYER_DESC_INIT, d = HIDP_LAYER_DESC_INIT;
		hidp_layer_id input = 0;
		double reads = number(row, "inp"), writes = number(row, "out");
		in.op = HIDP_OP_INPUT;
		in.shape = (struct hidp_shape){1, (int64_t)reads, 1, 1};
		ck_assert_int_eq(hidp_model_builder_add(builder, &in, &input, NULL), HIDP_OK);
		d.op = HIDP_OP_CUSTOM;
		d.inputs = &input;
		d.input_count = 1;
		d.row_rules = &same_rows;
		d.shape = (struct hidp_shape){1, (int64_t)writes, 1, 1};
		d.op_class = class_of(json_string_value(json_object_get(row, "kind")));
		d.flops = 2 * number(row, "macs");
		d.weight_bytes = 4 * number(row, "weights");
		ck_assert_int_eq(hidp_model_builder_add(builder, &d, NULL, NULL), HIDP_OK);
		if (d.op_class == HIDP_CLASS_ELEMENTWISE)
			n.elementwise++;
		if (d.op_class == HIDP_CLASS_DENSE)
			n.dense_activations += 4 * (reads + writes);
	}
	ck_assert_int_eq(hidp_model_builder_seal(builder, &n.model, NULL), HIDP_OK);
	hidp_model_builder_destroy(builder);
	return n;
}

static struct hidp_cluster *board(const char *name)
{
	struct formats_profiles profiles = {.folder = "examples/boards"};
	char text[256];
	snprintf(text, sizeof text,
	         "{\"format\": \"hidp-cluster\", \"version\": 1, \"nodes\": [{\"profile\": \"%s\"}]}",
	         name);
	struct hidp_cluster *c = formats_cluster(text, strlen(text), &profiles);
	formats_profiles_free(&profiles);
	return c;
}

static hidp_processor_id find_processor(const struct hidp_cluster *c, const char *name,
                                        struct hidp_processor_desc *out)
{
	for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(c, 0); p++) {
		ck_assert_int_eq(hidp_cluster_processor(c, 0, p, out), HIDP_OK);
		if (strcmp(out->name, name) == 0)
			return p;
	}
	ck_abort_msg("there is no processor %s", name);
}

static double milliseconds(const struct hidp_model *model, const struct hidp_cluster *cluster,
                           hidp_processor_id processor)
{
	double sum = 0;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
		ck_assert_int_eq(hidp_cost_get(model, cluster, NULL, l, 0, processor, &e), HIDP_OK);
		ck_assert_uint_eq(e.flags, 0);
		sum += e.seconds;
	}
	return sum * 1e3;
}

/*
 * The table reckons no overhead for elementwise layers, and for dense layers only
 * the bytes of their weights. The cost model reckons both for all layers; these two
 * differences are taken off, and nothing else differs by more than the table's rounding.
 */
static void check_row(const struct network *nets, const char *board_name,
                      const char *processor_name, const char *figures)
{
	struct hidp_cluster *cluster = board(board_name);
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	hidp_processor_id p = find_processor(cluster, processor_name, &d);
	for (int i = 0; i < NETWORKS; i++) {
		char *end;
		double table = strtod(figures, &end);
		ck_assert_ptr_ne(end, figures);
		figures = end;
		double is = milliseconds(nets[i].model, cluster, p);
		double beside = 1e3 * (nets[i].elementwise * d.overhead_s +
		                       nets[i].dense_activations / d.bandwidth_Bps[HIDP_CLASS_DENSE]);
		ck_assert_msg(fabs(is - beside - table) <= 0.05 + 1e-9,
		              "%s on %s of %s: %.4f ms, of which %.4f are beside the table, which says %.1f",
		              networks[i], processor_name, board_name, is, beside, table);
	}
	hidp_cluster_unref(cluster);
}

START_TEST(times_are_those_of_the_table)
{
	struct network nets[NETWORKS];
	size_t length;
	char *text = formats_read("tests/data/dnn_layers.json", &length);
	json_t *data = json_loadb(text, length, 0, NULL);
	ck_assert_ptr_nonnull(data);
	for (int i = 0; i < NETWORKS; i++)
		nets[i] = build(json_object_get(data, networks[i]));
	json_decref(data);
	free(text);
	text = formats_read("tests/formats/predicted_ms.txt", NULL);
	int rows = 0;
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char name[64], processor[64];
		int at = 0;
		if (line[0] == '#')
			continue;
		ck_assert_int_eq(sscanf(line, "%63s %63s%n", name, processor, &at), 2);
		check_row(nets, name, processor, line + at);
		rows++;
	}
	ck_assert_int_eq(rows, 28);
	free(text);
	for (int i = 0; i < NETWORKS; i++)
		hidp_model_unref(nets[i].model);
}
END_TEST

static const struct {
	const char *name;
	uint32_t processors;
} boards[] = {
        {"hikey970", 3},        {"jetson_agx_orin", 2},    {"jetson_agx_xavier", 2},
        {"jetson_nano", 2},     {"jetson_orin_nano_8", 2}, {"jetson_orin_nx_16", 2},
        {"jetson_orin_nx_8", 2}, {"jetson_tx2", 3},        {"odroid_xu4", 3},
        {"raspberry_pi_3bp", 1}, {"raspberry_pi_4", 1},    {"raspberry_pi_5", 2},
        {"rk3588", 3},
};

START_TEST(profiles_are_complete)
{
	struct hidp_cluster *c = board(boards[_i].name);
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	hidp_cluster_node(c, 0, &n);
	ck_assert_str_eq(n.name, boards[_i].name);
	ck_assert_uint_ge(n.memory_bytes, 1000000000);
	ck_assert_double_gt(n.memory_bandwidth_Bps, 0);
	ck_assert_double_gt(n.sync_s, 0);
	ck_assert_double_gt(n.load_bandwidth_Bps, 0);
	ck_assert_double_gt(n.power_idle_w, 0);
	ck_assert_double_gt(n.power_transmit_w, 0);
	ck_assert_double_gt(n.power_receive_w, 0);
	ck_assert_uint_eq(hidp_cluster_processor_count(c, 0), boards[_i].processors);
	for (hidp_processor_id p = 0; p < boards[_i].processors; p++) {
		struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
		hidp_cluster_processor(c, 0, p, &d);
		ck_assert_double_gt(d.overhead_s, 0);
		ck_assert_double_gt(d.power_active_w, 0);
		/* every class can run */
		for (hidp_op_class k = HIDP_CLASS_CONV3X3; k < HIDP_CLASS_COUNT; k++)
			ck_assert(d.rate_flops[k] > 0 || d.bandwidth_Bps[k] > 0);
		ck_assert_double_eq(d.rate_flops[HIDP_CLASS_ELEMENTWISE], 0);
		for (hidp_op_class k = HIDP_CLASS_CONV3X3; k <= HIDP_CLASS_GEMM; k++)
			ck_assert_double_eq(d.bandwidth_Bps[k], 0);
	}
	hidp_cluster_unref(c);
}
END_TEST

static const struct {
	const char *path;
	double bandwidth_Bps, latency_s;
	uint32_t media;
} clusters[] = {
        {"examples/boards/paper_wifi.json", 80e6 / 8, 3e-3, 1},
        {"examples/boards/paper_lan.json", 941e6 / 8, 0.25e-3, 0},
};

START_TEST(clusters_have_the_boards_of_the_paper)
{
	static const char *const names[] = {"jetson_orin_nx_8", "jetson_tx2", "jetson_nano",
	                                    "raspberry_pi_5", "raspberry_pi_4"};
	struct formats_profiles profiles = {.folder = "examples/boards"};
	size_t length;
	char *text = formats_read(clusters[_i].path, &length);
	struct hidp_cluster *c = formats_cluster(text, length, &profiles);
	ck_assert_uint_eq(hidp_cluster_node_count(c), 5);
	ck_assert_uint_eq(hidp_cluster_medium_count(c), clusters[_i].media);
	for (hidp_node_id n = 0; n < 5; n++) {
		struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
		struct hidp_link_desc l = HIDP_LINK_DESC_INIT;
		hidp_cluster_node(c, n, &d);
		ck_assert_str_eq(d.name, names[n]);
		ck_assert_int_eq(hidp_cluster_link(c, n, (n + 1) % 5, &l), HIDP_OK);
		ck_assert_double_eq(l.bandwidth_Bps, clusters[_i].bandwidth_Bps);
		ck_assert_double_eq(l.latency_s, clusters[_i].latency_s);
		ck_assert_uint_eq(l.medium, clusters[_i].media == 0 ? HIDP_MEDIUM_NONE : 0);
	}
	hidp_cluster_unref(c);
	formats_profiles_free(&profiles);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("boards");
	tcase_add_test(tc, times_are_those_of_the_table);
	tcase_add_loop_test(tc, profiles_are_complete, 0, sizeof boards / sizeof boards[0]);
	tcase_add_loop_test(tc, clusters_have_the_boards_of_the_paper, 0,
	                    sizeof clusters / sizeof clusters[0]);
	return formats_run(tc);
}
