/* SPDX-License-Identifier: MIT */
/* Building, sealing and asking a model. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_priv.h"
#include "model_help.h"

#define RELU(n, ...)                                                                               \
	LAYER(.name = n, .op = HIDP_OP_ACTIVATION, .function = HIDP_ACTIVATION_RELU,               \
	      IN(__VA_ARGS__))

static const struct hidp_row_rule same = {1, 1, 0, 1};
START_TEST(names)
{
	char longest[HIDP_NAME_MAX + 2];
	memset(longest, 'x', sizeof longest);
	longest[HIDP_NAME_MAX + 1] = '\0';
	refuse_add(LAYER(.name = "", .op = HIDP_OP_INPUT, .shape = {1, 1, 1, 1}), HIDP_ERR_MODEL,
	           "", "empty");
	char cut[128];
	memcpy(cut, longest, 127);
	cut[127] = '\0';
	refuse_add(LAYER(.name = longest, .op = HIDP_OP_INPUT, .shape = {1, 1, 1, 1}),
	           HIDP_ERR_MODEL, cut, "longer than 255");
	longest[HIDP_NAME_MAX] = '\0';
	add(LAYER(.name = longest, .op = HIDP_OP_INPUT, .shape = {1, 4, 4, 1}));
	add(LAYER(.op = HIDP_OP_SOFTMAX, IN(0)));
	struct hidp_model *m = seal();
	ck_assert_str_eq(info_of(m, 0).name, longest);
	ck_assert_str_eq(info_of(m, 1).name, "layer1");
	ck_assert_str_eq(hidp_model_name(m), "model");
	hidp_layer_id at = 77;
	ck_assert_int_eq(hidp_model_find(m, "layer", &at), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_find(m, "layer11", &at), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_find(m, "", &at), HIDP_ERR_ARGUMENT);
	ck_assert_uint_eq(at, 77);
	ck_assert_uint_eq(find(m, longest, NULL), 0);
	hidp_model_unref(m);
	/* a name given by the host can collide with one that was not */
	add(LAYER(.name = "layer1", .op = HIDP_OP_SOFTMAX, IN(0)));
	refuse_seal(HIDP_ERR_MODEL, "layer1", "used twice");
}
END_TEST

START_TEST(duplicate_of_a_fused_name)
{
	add_input(1, 4, 4, 1);
	add(LAYER(.name = "d", .op = HIDP_OP_DENSE, IN(0), .out_channels = 4));
	add(RELU("r", 1));
	add(LAYER(.name = "r", .op = HIDP_OP_SOFTMAX, IN(2)));
	refuse_seal(HIDP_ERR_MODEL, "r", "used twice");
}
END_TEST

START_TEST(missing_and_cyclic)
{
	refuse_seal(HIDP_ERR_MODEL, "model", "no layer that computes");
	add_input(1, 4, 4, 1);
	refuse_seal(HIDP_ERR_MODEL, "model", "no layer that computes");
	add(RELU("r", 5));
	refuse_seal(HIDP_ERR_MODEL, "r", "input 0 is layer 5, which was never added");
	begin(NULL);
	add_input(1, 4, 4, 1);
	add(RELU("self", 1));
	refuse_seal(HIDP_ERR_MODEL, "self", "cycle");
	begin(NULL);
	add_input(1, 4, 4, 1);
	add(RELU("before", 0));
	add(LAYER(.name = "a", .op = HIDP_OP_BINARY, IN(1, 4), .function = HIDP_BINARY_ADD));
	add(RELU("b", 2));
	add(RELU("c", 3));
	add(RELU("after", 4));
	refuse_seal(HIDP_ERR_MODEL, "a", "cycle");
}
END_TEST

/* Inputs may be added after the layers that read them. */
START_TEST(forward_references)
{
	add(RELU("last", 1));
	add(LAYER(.name = "sum", .op = HIDP_OP_BINARY, IN(2, 3), .function = HIDP_BINARY_SUB));
	add(RELU("left", 4));
	add(LAYER(.name = "right", .op = HIDP_OP_SOFTMAX, IN(4)));
	add(LAYER(.name = "in", .op = HIDP_OP_INPUT, .shape = {1, 4, 4, 1}));
	struct hidp_model *m = seal();
	static const char *const order[] = {"in", "left", "right", "sum"};
	ck_assert_uint_eq(hidp_model_layer_count(m), 4); /* sum takes in last */
	for (uint32_t l = 0; l < 4; l++) {
		ck_assert_str_eq(info_of(m, l).name, order[l]);
		for (uint32_t i = 0; i < info_of(m, l).input_count; i++) {
			hidp_layer_id in;
			ck_assert_int_eq(hidp_model_layer_input(m, l, i, &in, NULL, NULL), HIDP_OK);
			ck_assert_uint_lt(in, l);
		}
	}
	ck_assert_uint_eq(find(m, "last", NULL), 3);
	hidp_model_unref(m);
}
END_TEST

/* Described layers of a random DAG, each reading layers that were added earlier. */
enum { RANDOM_LAYERS = 60 };

static void random_inputs(hidp_layer_id inputs[][2])
{
	for (uint32_t i = 1; i < RANDOM_LAYERS; i++)
		for (int k = 0; k < 2; k++)
			inputs[i][k] = (hidp_layer_id)random_below(i);
}

/* Where the connections allow the order of addition, it is kept; elsewhere the earliest goes first.
 */
START_TEST(order_is_stable)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	random_state = 4711;
	for (int round = 0; round < 200; round++) {
		hidp_layer_id inputs[RANDOM_LAYERS][2], number[RANDOM_LAYERS],
			origin[RANDOM_LAYERS];
		random_inputs(inputs);
		/* add them in a random order; half of the time in their own */
		for (uint32_t i = 0; i < RANDOM_LAYERS; i++)
			origin[i] = i;
		for (uint32_t i = RANDOM_LAYERS; round % 2 == 1 && --i > 0;) {
			uint32_t k = (uint32_t)random_below(i + 1), swap = origin[i];
			origin[i] = origin[k];
			origin[k] = swap;
		}
		for (uint32_t i = 0; i < RANDOM_LAYERS; i++)
			number[origin[i]] = i;
		begin(&options);
		for (uint32_t i = 0; i < RANDOM_LAYERS; i++) {
			const hidp_layer_id *in = inputs[origin[i]];
			if (origin[i] == 0)
				add_input(1, 2, 3, 1);
			else
				add(LAYER(.op = HIDP_OP_BINARY, IN(number[in[0]], number[in[1]]),
				          .function = HIDP_BINARY_MAX));
		}
		struct hidp_model *m = seal();
		/* replay: of the layers that are ready, the earliest added comes next */
		bool done[RANDOM_LAYERS] = {false};
		for (uint32_t l = 0; l < RANDOM_LAYERS; l++) {
			uint32_t next = 0;
			for (;; next++) {
				uint32_t o = origin[next];
				bool ready = o == 0 || (done[number[inputs[o][0]]] &&
				                        done[number[inputs[o][1]]]);
				if (!done[next] && ready)
					break;
			}
			done[next] = true;
			ck_assert_uint_eq((uint32_t)atoi(info_of(m, l).name + strlen("layer")),
			                  next);
			ck_assert(round % 2 == 1 || l == next);
		}
		hidp_model_unref(m);
	}
}
END_TEST

/* The builder goes on after sealing, and what was sealed stays. */
START_TEST(seal_again)
{
	add_input(1, 4, 4, 1);
	add(LAYER(.name = "d", .op = HIDP_OP_DENSE, IN(0), .out_channels = 4));
	struct hidp_model *first = seal();
	add(RELU("r", 1));
	struct hidp_model *second = seal();
	add(LAYER(.name = "bad", .op = HIDP_OP_DENSE, IN(9), .out_channels = 4));
	refuse_seal(HIDP_ERR_MODEL, "bad", "never added");
	hidp_model_builder_destroy(builder);
	builder = NULL;
	ck_assert_uint_eq(hidp_model_layer_count(first), 2);
	ck_assert_uint_eq(info_of(first, 1).part_count, 1);
	ck_assert_uint_eq(info_of(second, 1).part_count, 2);
	ck_assert_ptr_eq(hidp_model_ref(first), first);
	hidp_model_unref(first);
	ck_assert_str_eq(info_of(first, 1).name, "d");
	hidp_model_unref(first);
	hidp_model_unref(second);
	hidp_model_unref(NULL);
	hidp_model_builder_destroy(NULL);
}
END_TEST

/* The library keeps no pointer of the host's. */
START_TEST(everything_is_copied)
{
	char name[] = "first", model_name[] = "net";
	hidp_layer_id inputs[1] = {0};
	struct hidp_row_rule rules[1] = {same};
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	options.name = model_name;
	begin(&options);
	add_input(1, 4, 4, 1);
	struct hidp_layer_desc d =
		*LAYER(.name = name, .op = HIDP_OP_CUSTOM, .inputs = inputs, .input_count = 1,
	               .shape = {1, 4, 4, 1}, .row_rules = rules);
	add(&d);
	memset(name, '?', sizeof name - 1);
	memset(model_name, '?', sizeof model_name - 1);
	inputs[0] = 99;
	rules[0].stride = 7;
	struct hidp_model *m = seal();
	begin(NULL);
	ck_assert_str_eq(hidp_model_name(m), "net");
	ck_assert_str_eq(info_of(m, 1).name, "first");
	struct hidp_layer_desc part = part_of(m, 1, 0);
	ck_assert_uint_eq(part.inputs[0], 0);
	ck_assert_int_eq(part.row_rules[0].stride, 1);
	hidp_model_unref(m);
}
END_TEST

START_TEST(defaults_are_filled_in)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	options.dtype = HIDP_DTYPE_BF16;
	begin(&options);
	add_input(1, 12, 8, 1);
	add(LAYER(.op = HIDP_OP_CONV, IN(0), .out_channels = 12, .kernel = {2, 1}));
	add(LAYER(.op = HIDP_OP_MAX_POOL, IN(1), .kernel = {3, 1}));
	add(LAYER(.op = HIDP_OP_ATTENTION, IN(2)));
	add(LAYER(.op = HIDP_OP_RESIZE, IN(3), .shape = {0, 0, 5, 2},
	          .function = HIDP_RESIZE_NEAREST));
	add(LAYER(.op = HIDP_OP_LAYER_NORM, IN(4)));
	add(LAYER(.op = HIDP_OP_ACTIVATION, IN(5), .function = HIDP_ACTIVATION_HARD_SIGMOID));
	struct hidp_model *m = seal();
	struct hidp_layer_desc d = part_of(m, 1, 0);
	ck_assert(d.stride[0] == 1 && d.stride[1] == 1 && d.dilation[0] == 1 && d.groups == 1);
	ck_assert_uint_eq(d.dtype, HIDP_DTYPE_BF16);
	ck_assert_str_eq(d.name, "layer1");
	ck_assert_uint_eq(d.struct_size, sizeof d);
	d = part_of(m, 2, 0);
	ck_assert(d.stride[0] == 3 && d.stride[1] == 1);
	d = part_of(m, 3, 0);
	ck_assert_uint_eq(d.heads, 1);
	d = part_of(m, 4, 0);
	ck_assert(d.shape.batch == 1 && d.shape.channels == 4 && d.shape.rows == 5 &&
	          d.shape.width == 2);
	ck_assert_double_eq(part_of(m, 5, 0).alpha, 1e-5);
	d = part_of(m, 6, 0);
	ck_assert(d.alpha == 1.0 / 6 && d.beta == 0.5);
	/* a part is a description again, if its inputs are put right */
	begin(NULL);
	add_input(1, 12, 8, 1);
	for (uint32_t l = 1; l < 7; l++) {
		d = part_of(m, l, 0);
		add(&d);
	}
	struct hidp_model *copy = seal();
	for (uint32_t l = 1; l < 5; l++) {
		struct hidp_layer_info a = info_of(m, l), b = info_of(copy, l);
		ck_assert_mem_eq(&a.shape, &b.shape, sizeof a.shape);
		ck_assert(a.flops == b.flops && a.weight_bytes == b.weight_bytes);
	}
	hidp_model_unref(copy);
	hidp_model_unref(m);
}
END_TEST

START_TEST(outputs_and_consumers)
{
	add(LAYER(.name = "i", .op = HIDP_OP_INPUT, .shape = {1, 4, 4, 1},
	          .flags = HIDP_LAYER_OUTPUT));
	add(LAYER(.name = "a", .op = HIDP_OP_SOFTMAX, IN(0), .flags = HIDP_LAYER_OUTPUT));
	add(LAYER(.name = "b", .op = HIDP_OP_SOFTMAX, IN(1)));
	add(LAYER(.name = "c", .op = HIDP_OP_CONCAT, IN(1, 2, 1), .axis = HIDP_AXIS_ROWS));
	add(LAYER(.name = "d", .op = HIDP_OP_SOFTMAX, IN(1)));
	struct hidp_model *m = seal();
	static const struct {
		uint32_t flags, consumers, inputs;
	} expected[] = {{1, 1, 0}, {1, 3, 1}, {0, 1, 1}, {1, 0, 3}, {1, 0, 1}};
	for (uint32_t l = 0; l < 5; l++) {
		struct hidp_layer_info info = info_of(m, l);
		ck_assert_uint_eq(info.flags, expected[l].flags);
		ck_assert_uint_eq(info.consumer_count, expected[l].consumers);
		ck_assert_uint_eq(info.input_count, expected[l].inputs);
	}
	/* inside, consumers are listed once each, rising */
	const struct hidp__layer *a = &m->layers[1];
	ck_assert(a->consumers[0] == 2 && a->consumers[1] == 3 && a->consumers[2] == 4);
	ck_assert_uint_eq(a->last_consumer, 5);
	ck_assert_uint_eq(m->layers[2].last_consumer, 3);
	hidp_model_unref(m);
}
END_TEST

/* Layers with the same figures are known as such; that saves planning time, so it must never be
 * wrong. */
START_TEST(twins)
{
	add_input(1, 4, 12, 4);
	hidp_layer_id x = 0;
	for (int i = 0; i < 6; i++)
		x = add(LAYER(.op = HIDP_OP_CONV, IN(x), .out_channels = 4,
		              .kernel = {i == 4 ? 5 : 3, i == 4 ? 1 : 3},
		              .pad = {i == 4 ? 2 : 1, i == 4 ? 0 : 1, i == 4 ? 2 : 1,
		                      i == 4 ? 0 : 1},
		              .flags = i == 5 ? HIDP_LAYER_NO_BIAS : 0));
	struct hidp_model *m = seal();
	const uint32_t expected[] = {0, 1, 1, 1, 1, 5, 6};
	for (uint32_t l = 0; l < 7; l++)
		ck_assert_uint_eq(m->layers[l].twin, expected[l]);
	hidp_model_unref(m);
}
END_TEST

START_TEST(wrong_arguments)
{
	struct hidp_model_builder *b = NULL;
	struct hidp_model *m = NULL;
	ck_assert_int_eq(hidp_model_builder_new(NULL, NULL, &b), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_builder_new(context, NULL, NULL), HIDP_ERR_ARGUMENT);
	struct hidp_model_options o = HIDP_MODEL_OPTIONS_INIT;
	o.dtype = 5;
	ck_assert_int_eq(hidp_model_builder_new(context, &o, &b), HIDP_ERR_ARGUMENT);
	o.dtype = 0;
	o.name = "";
	ck_assert_int_eq(hidp_model_builder_new(context, &o, &b), HIDP_ERR_ARGUMENT);
	o.name = NULL;
	o.flags = 2;
	ck_assert_int_eq(hidp_model_builder_new(context, &o, &b), HIDP_ERR_ABI);
	o.flags = 0;
	o.reserved = 1;
	ck_assert_int_eq(hidp_model_builder_new(context, &o, &b), HIDP_ERR_ABI);
	ck_assert_ptr_null(b);
	ck_assert_int_eq(hidp_model_builder_add(NULL, RELU("r", 0), NULL, &said),
	                 HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_builder_add(builder, NULL, NULL, &said), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_builder_seal(NULL, &m, &said), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_builder_seal(builder, NULL, &said), HIDP_ERR_ARGUMENT);

	add_input(1, 4, 4, 1);
	add(LAYER(.op = HIDP_OP_SOFTMAX, IN(0)));
	m = seal();
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	hidp_layer_id in;
	ck_assert_int_eq(hidp_model_layer(m, 2, &info), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_layer(m, HIDP_LAYER_NONE, &info), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_layer(NULL, 0, &info), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_layer(m, 0, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_part(m, 2, 0, &desc), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_part(m, 1, 1, &desc), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_part(m, 1, 0, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_part(NULL, 1, 0, &desc), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_layer_input(m, 0, 0, &in, NULL, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_layer_input(m, 1, 1, &in, NULL, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_layer_input(m, 2, 0, &in, NULL, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_layer_input(NULL, 1, 0, &in, NULL, NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_find(m, NULL, &in), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_find(m, "layer1", NULL), HIDP_ERR_ARGUMENT);
	ck_assert_int_eq(hidp_model_find(NULL, "layer1", &in), HIDP_ERR_ARGUMENT);
	hidp_model_unref(m);
}
END_TEST

/* Callers that were compiled against an older or newer header. */
START_TEST(other_struct_sizes)
{
	struct {
		struct hidp_layer_desc desc;
		uint64_t tail;
	} newer = {.desc = *LAYER(.op = HIDP_OP_INPUT, .shape = {1, 4, 4, 1})};
	newer.desc.struct_size = sizeof newer;
	add(&newer.desc);
	newer.tail = 1;
	refuse_add(&newer.desc, HIDP_ERR_ABI, "", "unknown size");
	newer.tail = 0;
	newer.desc.struct_size = sizeof newer.desc - 8;
	refuse_add(&newer.desc, HIDP_ERR_ABI, "", "unknown size");
	newer.desc.struct_size = 0;
	refuse_add(&newer.desc, HIDP_ERR_ABI, "", "unknown size");

	add(LAYER(.op = HIDP_OP_SOFTMAX, IN(0)));
	struct hidp_model *m = seal();
	struct {
		struct hidp_layer_info info;
		uint64_t tail;
	} wide = {.tail = UINT64_MAX};
	wide.info.struct_size = sizeof wide;
	ck_assert_int_eq(hidp_model_layer(m, 1, &wide.info), HIDP_OK);
	ck_assert_uint_eq(wide.info.struct_size, sizeof wide);
	ck_assert_str_eq(wide.info.name, "layer1");
	ck_assert_uint_eq(wide.tail, 0);
	wide.info.struct_size = sizeof wide.info - 1;
	ck_assert_int_eq(hidp_model_layer(m, 1, &wide.info), HIDP_ERR_ABI);
	newer.tail = UINT64_MAX;
	newer.desc.struct_size = sizeof newer;
	ck_assert_int_eq(hidp_model_part(m, 1, 0, &newer.desc), HIDP_OK);
	ck_assert_uint_eq(newer.tail, 0);
	newer.desc.struct_size = 8;
	ck_assert_int_eq(hidp_model_part(m, 1, 0, &newer.desc), HIDP_ERR_ABI);
	hidp_model_unref(m);

	struct {
		struct hidp_model_options options;
		uint64_t tail;
	} options = {.options = HIDP_MODEL_OPTIONS_INIT};
	struct hidp_model_builder *b = NULL;
	options.options.struct_size = sizeof options;
	options.tail = 1;
	ck_assert_int_eq(hidp_model_builder_new(context, &options.options, &b), HIDP_ERR_ABI);
	options.tail = 0;
	ck_assert_int_eq(hidp_model_builder_new(context, &options.options, &b), HIDP_OK);
	hidp_model_builder_destroy(b);
	options.options.struct_size = 4;
	ck_assert_int_eq(hidp_model_builder_new(context, &options.options, &b), HIDP_ERR_ABI);

	struct hidp_layer_desc made, by_macro = HIDP_LAYER_DESC_INIT;
	memset(&made, 0xff, sizeof made);
	hidp_layer_desc_init(&made, sizeof made);
	ck_assert_mem_eq(&made, &by_macro, sizeof made);
}
END_TEST

/* Sums that are too large are refused, not wrapped. */
START_TEST(too_much_together)
{
	add_input(1, 4, 4, 1);
	const double most = (double)((int64_t)1 << 60);
	add(LAYER(.name = "ok", .op = HIDP_OP_CUSTOM, IN(0), .shape = {1, 4, 4, 1},
	          .weight_bytes = most, .workspace_bytes = most, .row_rules = &same));
	struct hidp_model *m = seal();
	ck_assert_uint_eq(info_of(m, 1).weight_bytes, (uint64_t)1 << 60);
	hidp_model_unref(m);
	begin(NULL);
	add_input(1, 4, 4, 1);
	add(LAYER(.name = "d", .op = HIDP_OP_DENSE, IN(0), .out_channels = 4,
	          .workspace_bytes = most));
	add(LAYER(.name = "r", .op = HIDP_OP_ACTIVATION, IN(1), .function = HIDP_ACTIVATION_RELU,
	          .workspace_bytes = most));
	refuse_seal(HIDP_ERR_MODEL, "d", "too many bytes");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *tc = tcase_create("model");
	tcase_add_checked_fixture(tc, model_set_up, model_tear_down);
	tcase_add_test(tc, names);
	tcase_add_test(tc, duplicate_of_a_fused_name);
	tcase_add_test(tc, missing_and_cyclic);
	tcase_add_test(tc, forward_references);
	tcase_add_test(tc, order_is_stable);
	tcase_add_test(tc, seal_again);
	tcase_add_test(tc, everything_is_copied);
	tcase_add_test(tc, defaults_are_filled_in);
	tcase_add_test(tc, outputs_and_consumers);
	tcase_add_test(tc, twins);
	tcase_add_test(tc, wrong_arguments);
	tcase_add_test(tc, other_struct_sizes);
	tcase_add_test(tc, too_much_together);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
