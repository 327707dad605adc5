/* SPDX-License-Identifier: MIT */
/* What is in a file: tensors of all types, open dimensions, names, order, opsets. */
#include <stdio.h>
#include <string.h>

#include <hidp/hidp.h>

#include "reading.h"

static void check_numbers(const float *numbers, const float *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(numbers[i] == wanted[i], "number %zu is %g, not %g", i,
		              (double)numbers[i], (double)wanted[i]);
}

START_TEST(test_elements_of_every_type)
{
	static const struct {
		const char *type, *numbers;
		float wanted[2];
	} cases[] = {
		{"float", "0.5,-3", {0.5F, -3}},
		{"double", "0.5,-3", {0.5F, -3}},
		{"half", "15360,-16384", {1, -2}}, /* bits */
		{"uint8", "200,7", {200, 7}},
		{"int8", "-100,7", {-100, 7}},
		{"uint16", "60000,7", {60000, 7}},
		{"int16", "-30000,7", {-30000, 7}},
		{"int32", "-70000,7", {-70000, 7}},
		{"int64", "-70000,7", {-70000, 7}},
		{"uint32", "70000,7", {70000, 7}},
		{"uint64", "70000,7", {70000, 7}},
		{"bool", "1,0", {1, 0}},
	};
	static const char *const kinds[] = {"const", "typed"};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int k = 0; k < 2; k++) {
			char text[512];
			snprintf(text, sizeof text,
			         "input x float 1x1x2x2\n"
			         "%s raw %s 2x1x1x1 = %s\n"
			         "node Cast raw -> w to=1\n"
			         "node Conv x,w -> y\n"
			         "output y",
			         kinds[k], cases[i].type, cases[i].numbers);
			read_ok(text);
			check_numbers(weights_of(HIDP_OP_CONV, HIDP_WEIGHT_KERNEL, 2),
			              cases[i].wanted, 2);
		}
}
END_TEST

/* Elements one by one, and in two pieces: writers may do that. */
START_TEST(test_elements_in_pieces)
{
	static const float numbers[4] = {1, 2.5F, -3, 4};
	for (int pieces = 1; pieces <= 4; pieces *= 2) {
		struct bytes graph = onnx_graph_from_text("input x float 1x1x2x2\n"
		                                          "node Conv x,w -> y\n"
		                                          "output y");
		struct bytes tensor = {0}, model = {0}, opset = {0};
		bytes_number(&tensor, 1, 4);
		for (int i = 0; i < 3; i++)
			bytes_number(&tensor, 1, 1);
		bytes_number(&tensor, 2, 1);
		bytes_text(&tensor, 8, "w");
		for (int i = 0; i < 4; i += 4 / pieces) {
			if (pieces < 4) {
				bytes_field(&tensor, 4, &numbers[i],
				            sizeof(float) * 4 / (size_t)pieces);
				continue;
			}
			bytes_varint(&tensor, 4 << 3 | 5);
			bytes_add(&tensor, &numbers[i], sizeof(float));
		}
		bytes_message(&graph, 5, &tensor);
		bytes_message(&model, 7, &graph);
		bytes_number(&opset, 2, 13);
		bytes_message(&model, 8, &opset);
		ck_ok(read_bytes(model.data, model.size, NULL), said);
		bytes_free(&model);
		check_numbers(weights_of(HIDP_OP_CONV, HIDP_WEIGHT_KERNEL, 4), numbers, 4);
	}
}
END_TEST

#define CONV_OF(line) "input x float 1x1x2x2\n" line "\nnode Conv x,w -> y\noutput y"

START_TEST(test_tensors_that_make_no_sense)
{
	read_refused(CONV_OF("const w float 2x1x1x1 = 1,2,3"), HIDP_ERR_MODEL, "tensor w",
	             "it has more elements than its dimensions, 2x1x1x1, make");
	read_refused(CONV_OF("typed w int32 3x1x1x1 = 1,2"), HIDP_ERR_MODEL, "tensor w",
	             "it has fewer elements");
	read_refused(CONV_OF("const w float 4294967296x4294967296x1x1 = 1,2"), HIDP_ERR_LIMIT,
	             "tensor w", "too large");
	read_refused(CONV_OF("const w float 18446744073709551615x1x1x1 = 1,2"), HIDP_ERR_MODEL,
	             "tensor w", "its dimension 0 is negative");
	read_refused(CONV_OF("const w float 1x1x1x1x1x1x1x1x1x1x1x1x1 = 1,2"), HIDP_ERR_LIMIT,
	             "tensor w", "it has 13 dimensions, more than 12");
	read_refused(CONV_OF("const w unknown 2 = 1,2"), HIDP_ERR_UNSUPPORTED, "tensor w",
	             "its element type, number 99, is not known");
	read_refused(CONV_OF("const w complex 2 = 1,2"), HIDP_ERR_UNSUPPORTED, "tensor w",
	             "complex");
	read_refused(CONV_OF("typed w int8 1x1x1x1 = 300"), HIDP_ERR_MODEL, "tensor w",
	             "its element 0 does not fit its type");
	read_refused(CONV_OF("sparse w"), HIDP_ERR_UNSUPPORTED, "file", "initialiser w is sparse");
	read_refused(CONV_OF("const w float 2x1x1x1 = 1\nconst w float 2x1x1x1 = 1"),
	             HIDP_ERR_MODEL, "tensor w", "w is there twice");
	/* gigabytes that are not there are not made room for */
	read_refused(CONV_OF("typed w int64 1000000000x1x1x1 = 1,2"), HIDP_ERR_MODEL, "tensor w",
	             "it has fewer elements");
}
END_TEST

START_TEST(test_open_dimensions)
{
	static const char *const text = "input x float batchx3xheightx?\n"
					"input s float ?x3xheightx?\n"
					"node Add x,s -> y\n"
					"output y";
	struct hidp_onnx_dim dims[3] = {{"height", 5}, {"x:3", 7}, {"s:3", 7}};
	struct hidp_onnx_options options = HIDP_ONNX_OPTIONS_INIT;
	struct hidp_onnx_tensor tensor = HIDP_ONNX_TENSOR_INIT;
	options.dims = dims;
	options.dim_count = 3;
	ck_ok(read_text_with(text, &options), said);
	ck_assert_int_eq(hidp_onnx_input(onnx, 0, &tensor), HIDP_OK);
	ck_assert_uint_eq(tensor.rank, 4);
	ck_assert_int_eq(tensor.dims[0], 1);
	ck_assert_int_eq(tensor.dims[2], 5);
	ck_assert_int_eq(tensor.dims[3], 7);
	options.batch = 2;
	ck_ok(read_text_with(text, &options), said);
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_int_eq(hidp_onnx_input(onnx, i, &tensor), HIDP_OK);
		ck_assert_int_eq(tensor.dims[0], 2);
	}
	/* an axis counts for its name */
	dims[0].name = "x:2";
	ck_ok(read_text_with(text, &options), said);
	ck_assert_int_eq(hidp_onnx_input(onnx, 1, &tensor), HIDP_OK);
	ck_assert_int_eq(tensor.dims[2], 5);
	dims[0].name = "height";
	options.dim_count = 2;
	ck_refused(read_text_with(text, &options), said, HIDP_ERR_MODEL, "input s",
	           "its dimension 3 is open: a size must be given for s:3");
	read_refused(text, HIDP_ERR_MODEL, "input x",
	             "its dimension 2, \"height\", is open: a size must be given for height, or "
	             "for x:2");
}
END_TEST

START_TEST(test_sizes_that_make_no_sense)
{
	static const char *const text = "input x float nx3xhx7\nnode Relu x -> y\noutput y";
	struct hidp_onnx_dim dims[2] = {{"h", 5}, {"w", 7}};
	struct hidp_onnx_options options = HIDP_ONNX_OPTIONS_INIT;
	options.dims = dims;
	options.dim_count = 2;
	ck_refused(read_text_with(text, &options), said, HIDP_ERR_ARGUMENT, "options",
	           "the file has no dimension w");
	dims[1].name = "h";
	ck_refused(read_text_with(text, &options), said, HIDP_ERR_ARGUMENT, "options",
	           "dimension h is given twice");
	dims[1].name = "x:2";
	ck_refused(read_text_with(text, &options), said, HIDP_ERR_ARGUMENT, "options",
	           "dimension h is given with two sizes");
	dims[1].name = "x:3";
	dims[1].value = 8;
	ck_refused(read_text_with(text, &options), said, HIDP_ERR_ARGUMENT, "options",
	           "dimension x:3 is 7 in the file, not 8");
	dims[1].value = 0;
	ck_refused(read_text_with(text, &options), said, HIDP_ERR_ARGUMENT, "options",
	           "dimension 1 has no name, or a size that is not between 1 and");
	options.dims = NULL;
	ck_assert_int_eq(read_text_with(text, &options), HIDP_ERR_ARGUMENT);
}
END_TEST

START_TEST(test_inputs)
{
	struct hidp_onnx_tensor tensor = HIDP_ONNX_TENSOR_INIT;
	/* up to IR version 3 initialisers were inputs, too */
	read_ok("input x float 1x1x2x2\ninput w float 1x1x1x1\nconst w float 1x1x1x1 = 2\n"
	        "node Conv x,w -> y\noutput y");
	ck_assert_uint_eq(hidp_onnx_input_count(onnx), 1);
	ck_assert_int_eq(hidp_onnx_input(onnx, 0, &tensor), HIDP_OK);
	ck_assert_str_eq(tensor.name, "x");
	ck_assert_uint_eq(tensor.count, 4);
	read_refused("input x float -\nnode Relu x -> y\noutput y", HIDP_ERR_MODEL, "input x",
	             "the file does not say how many dimensions it has");
	read_refused("input x\nnode Relu x -> y\noutput y", HIDP_ERR_UNSUPPORTED, "input x",
	             "it is no tensor");
	read_refused("input x float 1\ninput x float 1\nnode Relu x -> y\noutput y", HIDP_ERR_MODEL,
	             "input", "x is there twice");
	read_refused("input x unknown 1\nnode Relu x -> y\noutput y", HIDP_ERR_UNSUPPORTED,
	             "input x", "its element type, number 99, is not known");
}
END_TEST

START_TEST(test_names_and_order)
{
	static const char *const unsorted = "input x float 1x2\n"
					    "node Relu b -> y twice\n"
					    "node Sigmoid a -> b twice\n"
					    "node Tanh x -> a\n"
					    "output y";
	struct hidp_onnx_options options = HIDP_ONNX_OPTIONS_INIT;
	hidp_layer_id layers[3];
	options.model_flags = HIDP_MODEL_KEEP_UNFUSED;
	ck_ok(read_text_with(unsorted, &options), said);
	ck_assert_uint_eq(hidp_model_layer_count(hidp_onnx_model(onnx)), 4);
	ck_ok(hidp_model_find(hidp_onnx_model(onnx), "Tanh_2", &layers[0]), said);
	ck_ok(hidp_model_find(hidp_onnx_model(onnx), "twice_1", &layers[1]), said);
	ck_ok(hidp_model_find(hidp_onnx_model(onnx), "twice", &layers[2]), said);
	ck_assert(layers[0] < layers[1] && layers[1] < layers[2]);
	read_refused("input x float 1\nnode Add x,c -> b one\nnode Relu b -> c two\n"
	             "node Relu c -> y\noutput y",
	             HIDP_ERR_MODEL, "node one (Add)", "it needs its own result");
	read_refused("input x float 1\nnode Add x,q -> y sum\noutput y", HIDP_ERR_MODEL,
	             "node sum (Add)", "nothing makes its input q");
	read_refused("input x float 1\nnode Relu x -> y a\nnode Relu x -> y b\noutput y",
	             HIDP_ERR_MODEL, "node b (Relu)", "its output y is made elsewhere, too");
	read_refused("input x float 1\nnode Relu x -> x a\noutput x", HIDP_ERR_MODEL,
	             "node a (Relu)", "its output x is made elsewhere, too");
	read_refused("input x float 1\nnode Relu x -> y\noutput z", HIDP_ERR_MODEL, "output",
	             "nothing makes the output z");
	read_refused("input x float 1\nnode Relu x -> y", HIDP_ERR_MODEL, "file",
	             "the graph has no outputs");
	read_refused("input x float 1\nnode Relu x -> y a k=1 k=2\noutput y", HIDP_ERR_MODEL,
	             "node a (Relu)", "attribute k is there twice");
}
END_TEST

START_TEST(test_opsets)
{
	static const char *const rest = "\ninput x float 1x2\nnode Relu x -> y\noutput y";
	char text[256];
	for (int opset = 9; opset <= 22; opset++) {
		snprintf(text, sizeof text, "opset %d%s", opset, rest);
		if (opset >= 11 && opset <= 20) {
			read_ok(text);
			continue;
		}
		char wanted[64];
		snprintf(wanted, sizeof wanted, "it uses opset %d; opsets 11 to 20 are read",
		         opset);
		read_refused(text, HIDP_ERR_UNSUPPORTED, "file", wanted);
	}
	snprintf(text, sizeof text, "opset 13 ai.onnx\nopset 1 other%s", rest);
	read_ok(text);
	snprintf(text, sizeof text, "opset 13\nopset 7%s", rest);
	read_ok(text);
}
END_TEST

START_TEST(test_ops_that_are_not_known)
{
	/* planned by the shapes that the file states; what only calls itself ours is not believed
	 */
	read_ok("opset 13\nopset 1 hidp\ninput x float 1x4x8\ninfo y float 1x4x8\n"
	        "node Attention@hidp x,x,x -> y heads=2\nnode Foo@other y -> z body=graph\n"
	        "output z float 1x2");
	ck_assert_uint_eq(count_op(HIDP_OP_CUSTOM), 2);
	ck_assert_uint_eq(count_op(HIDP_OP_ATTENTION), 0);
	ck_assert_int_eq(read_text("input x float 1\nnode Foo x -> y a\noutput y"),
	                 HIDP_ERR_UNSUPPORTED);
	ck_assert_str_eq(said.subject, "node a (Foo)");
	read_refused("function other Foo\ninput x float 1\nnode Foo@other x -> y a\n"
	             "output y float 1",
	             HIDP_ERR_UNSUPPORTED, "node a (other.Foo)",
	             "it is a function of the model itself");
	/* one that is not used does no harm */
	read_ok("function other Foo\ninput x float 1x2\nnode Relu x -> y\noutput y");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("onnx read");
	TCase *tests = tcase_create("read");
	tcase_add_checked_fixture(tests, reading_set_up, reading_tear_down);
	tcase_add_test(tests, test_elements_of_every_type);
	tcase_add_test(tests, test_elements_in_pieces);
	tcase_add_test(tests, test_tensors_that_make_no_sense);
	tcase_add_test(tests, test_open_dimensions);
	tcase_add_test(tests, test_sizes_that_make_no_sense);
	tcase_add_test(tests, test_inputs);
	tcase_add_test(tests, test_names_and_order);
	tcase_add_test(tests, test_opsets);
	tcase_add_test(tests, test_ops_that_are_not_known);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
