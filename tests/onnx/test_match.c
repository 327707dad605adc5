/* SPDX-License-Identifier: MIT */
/*
 * What exporters spell out becomes one layer again, and what only looks like it does not. That
 * the numbers are right is shown by the networks.
 */
#include <stdio.h>
#include <string.h>

#include <hidp/hidp.h>

#include "reading.h"

/* The input is x, the output y. */
static uint32_t layers_of(const char *dims, const char *lines)
{
	char text[4096];
	struct hidp_onnx_options options = HIDP_ONNX_OPTIONS_INIT;
	options.model_flags = HIDP_MODEL_KEEP_UNFUSED;
	snprintf(text, sizeof text, "input x float %s\n%s\noutput y", dims, lines);
	ck_ok(read_text_with(text, &options), said);
	return hidp_model_layer_count(hidp_onnx_model(onnx)) - 1;
}

/* One layer, and no more, that is this activation. */
static void check_activation(const char *dims, const char *lines, uint32_t function)
{
	uint32_t count = layers_of(dims, lines);
	ck_assert_msg(count == 1, "%u layers:\n%s", count, lines);
	ck_assert_uint_eq(only_layer(HIDP_OP_ACTIVATION).function, function);
}

START_TEST(test_silu)
{
	check_activation("1x3x4x4", "node Sigmoid x -> s\nnode Mul x,s -> y", HIDP_ACTIVATION_SILU);
	check_activation("1x3x4x4", "node Sigmoid x -> s\nnode Mul s,x -> y", HIDP_ACTIVATION_SILU);
	/* of something else, and where the sigmoid is wanted for itself */
	ck_assert_uint_gt(layers_of("1x3x4x4", "node Neg x -> z\nnode Sigmoid z -> s\n"
	                                       "node Mul x,s -> y"),
	                  2);
	ck_assert_uint_eq(layers_of("1x3x4x4", "node Sigmoid x -> s\nnode Mul x,s -> y\noutput s"),
	                  2);
	ck_assert_uint_eq(count_op(HIDP_OP_BINARY), 1);
	/* the square of a sigmoid is no such thing */
	layers_of("1x3x4x4", "node Sigmoid x -> s\nnode Mul s,s -> y");
	ck_assert_uint_eq(count_op(HIDP_OP_BINARY), 1);
}
END_TEST

#define CONSTANTS                                                                                  \
	"const three float scalar = 3\nconst six float scalar = 6\nconst zero float scalar = 0\n"  \
	"const sixth float 1 = 0.16666667\n"

START_TEST(test_hard_swish)
{
	static const char *const forms[] = {
		"node HardSigmoid x -> s alpha=0.1666666716 beta=0.5\nnode Mul x,s -> y",
		CONSTANTS "node Add x,three -> a\nnode Clip a,zero,six -> c\nnode Mul x,c -> m\n"
			  "node Div m,six -> y",
		CONSTANTS "node Add three,x -> a\nnode Clip a,zero,six -> c\nnode Div c,six -> m\n"
			  "node Mul m,x -> y",
		CONSTANTS
		"node Add x,three -> a\nnode Clip a,zero,six -> c\nnode Mul c,sixth -> m\n"
		"node Mul x,m -> y",
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		check_activation("1x3x4x4", forms[i], HIDP_ACTIVATION_HARD_SWISH);
	/* ONNX's own defaults are others */
	ck_assert_uint_eq(layers_of("1x3x4x4", "node HardSigmoid x -> s\nnode Mul x,s -> y"), 2);
	ck_assert_uint_gt(layers_of("1x3x4x4",
	                            CONSTANTS "node Add x,three -> a\nnode Clip a,zero,three -> c\n"
	                                      "node Mul x,c -> m\nnode Div m,six -> y"),
	                  1);
}
END_TEST

#define HALVES                                                                                     \
	"const half float scalar = 0.5\nconst one float 1 = 1\nconst root float scalar = "         \
	"1.4142135\n"                                                                              \
	"const inverse float scalar = 0.70710677\nconst near float scalar = 0.7072\n"

START_TEST(test_gelu)
{
	static const char *const forms[] = {
		HALVES "node Div x,root -> d\nnode Erf d -> e\nnode Add e,one -> a\n"
		       "node Mul x,a -> m\nnode Mul m,half -> y",
		HALVES "node Mul x,inverse -> d\nnode Erf d -> e\nnode Add one,e -> a\n"
		       "node Mul a,half -> m\nnode Mul m,x -> y",
		HALVES "node Div x,root -> d\nnode Erf d -> e\nnode Add e,one -> a\n"
		       "node Mul half,x -> h\nnode Mul h,a -> y",
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		check_activation("1x4x8", forms[i], HIDP_ACTIVATION_GELU);
	ck_assert_uint_gt(layers_of("1x4x8", HALVES
	                            "node Mul x,near -> d\nnode Erf d -> e\nnode Add e,one -> a\n"
	                            "node Mul x,a -> m\nnode Mul m,half -> y"),
	                  1);
	/* not halved; of another tensor */
	ck_assert_uint_gt(layers_of("1x4x8", HALVES
	                            "node Div x,root -> d\nnode Erf d -> e\nnode Add e,one -> a\n"
	                            "node Mul x,a -> y"),
	                  1);
	ck_assert_uint_gt(layers_of("1x4x8", HALVES
	                            "node Neg x -> n\nnode Div n,root -> d\nnode Erf d -> e\n"
	                            "node Add e,one -> a\nnode Mul x,a -> m\nnode Mul m,half -> y"),
	                  2);
}
END_TEST

#define NORM_CONSTANTS                                                                             \
	"const eps float scalar = 0.001\nconst two float scalar = 2\n"                             \
	"const g float 8 = ramp\nconst b float 1x1x8 = 0.5\nconst rows float 4x1 = ramp\n"
#define NORM                                                                                       \
	NORM_CONSTANTS                                                                             \
		"node ReduceMean x -> m axes=[-1]\nnode Sub x,m -> d\nnode Pow d,two -> q\n"       \
		"node ReduceMean q -> v axes=[-1]\nnode Add v,eps -> w\nnode Sqrt w -> r\n"        \
		"node Div d,r -> n\n"

START_TEST(test_layer_norm)
{
	static const char *const forms[] = {
		NORM "node Mul n,g -> s\nnode Add s,b -> y",
		NORM "node Mul g,n -> s\nnode Identity s -> y",
		NORM "node Add n,b -> y",
		NORM "node Identity n -> y",
		/* the difference twice, the square as a product, one over the root */
		NORM_CONSTANTS
		"const last int64 1 = 2\nnode ReduceMean x -> m axes=[2]\nnode Sub x,m -> d\n"
		"node Sub x,m -> c\nnode Mul c,c -> q\nnode ReduceMean q -> v axes=[-1]\n"
		"node Add eps,v -> w\nnode Sqrt w -> r\nnode Reciprocal r -> i\nnode Mul d,i -> n\n"
		"node Mul n,g -> s\nnode Add s,b -> y",
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		uint32_t count = layers_of("1x4x8", forms[i]);
		const struct hidp_layer_desc norm = only_layer(HIDP_OP_LAYER_NORM);
		ck_assert_double_eq_tol(norm.alpha, 1e-3, 1e-8);
		ck_assert_msg(count == 1 || (count == 2 && count_op(HIDP_OP_ACTIVATION) == 1),
		              "%u layers:\n%s", count, forms[i]);
		const float *scale = weights_of(HIDP_OP_LAYER_NORM, HIDP_WEIGHT_SCALE, 8);
		const float *shift = weights_of(HIDP_OP_LAYER_NORM, HIDP_WEIGHT_SHIFT, 8);
		ck_assert(scale[0] ==
		          (strstr(forms[i], "g -> s") || strstr(forms[i], "Mul g") ? -1.0F : 1.0F));
		ck_assert(shift[3] == (strstr(forms[i], "b -> y") ? 0.5F : 0.0F));
	}
	/* a factor for each row is none of the norm's */
	ck_assert_uint_eq(layers_of("1x4x8", NORM "node Mul n,rows -> y"), 2);
	ck_assert_uint_eq(count_op(HIDP_OP_LAYER_NORM), 1);
	/* over the rows */
	layers_of("1x4x8", NORM_CONSTANTS
	          "node ReduceMean x -> m axes=[1]\nnode Sub x,m -> d\nnode Pow d,two -> q\n"
	          "node ReduceMean q -> v axes=[-1]\nnode Add v,eps -> w\nnode Sqrt w -> r\n"
	          "node Div d,r -> y");
	ck_assert_uint_eq(count_op(HIDP_OP_LAYER_NORM), 0);
}
END_TEST

/*
 * Two sequences of 6 tokens with 12 features, in 3 heads; K and V are made of x by other weights.
 */
#define PROJECT                                                                                    \
	"const wq float 12x12 = ramp\nconst wk float 12x12 = ramp\nconst wv float 12x12 = ramp\n"  \
	"node MatMul x,wq -> q\nnode MatMul x,wk -> k\nnode MatMul x,wv -> v\n"                    \
	"const heads int64 4 = 2,6,3,4\nconst all int64 3 = 2,6,12\nconst two float scalar = 2\n"  \
	"const wrong float scalar = 2.001\nconst root float 1 = 1.4142135\n"                       \
	"const mask float 1x1x6x6 = ramp\n"
#define SPLIT(x)                                                                                   \
	"node Reshape " x ",heads -> " x "4\nnode Transpose " x "4 -> " x "h perm=[0,2,1,3]\n"
#define JOIN                                                                                       \
	"node MatMul p,vh -> o\nnode Transpose o -> ot perm=[0,2,1,3]\nnode Reshape ot,all -> y\n"

static void check_attention(const char *dims, const char *lines, uint32_t heads)
{
	layers_of(dims, lines);
	ck_assert_msg(count_op(HIDP_OP_ATTENTION) == 1, "no match:\n%s", lines);
	ck_assert_uint_eq(only_layer(HIDP_OP_ATTENTION).heads, heads);
	ck_assert_uint_eq(count_op(HIDP_OP_MATMUL), 0);
	ck_assert_uint_eq(count_op(HIDP_OP_SOFTMAX), 0);
}

START_TEST(test_attention)
{
	static const char *const forms[] = {
		/* scores divided */
		PROJECT SPLIT("q") SPLIT("k") SPLIT(
			"v") "node Transpose kh -> kt perm=[0,1,3,2]\nnode MatMul qh,kt -> s\n"
			     "node Div s,two -> t\nnode Softmax t -> p\n" JOIN,
		/* both factors divided, keys transposed at once */
		PROJECT SPLIT("q") SPLIT(
			"v") "node Reshape k,heads -> k4\nnode Transpose k4 -> kt perm=[0,2,3,1]\n"
			     "node Div qh,root -> qd\nnode Div kt,root -> kd\nnode MatMul qd,kd -> "
	                     "s\n"
			     "node Softmax s -> p axis=3\n" JOIN,
		/* queries divided before there are heads */
		PROJECT "node Div q,two -> z\n" SPLIT("z") SPLIT("k") SPLIT(
			"v") "node Transpose kh -> kt perm=[0,1,3,2]\nnode MatMul zh,kt -> s\n"
			     "node Softmax s -> p\n" JOIN,
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		check_attention("2x6x12", forms[i], 3);
		ck_assert_uint_eq(count_op(HIDP_OP_DENSE), 3);
		ck_assert_uint_eq(hidp_model_layer_count(hidp_onnx_model(onnx)), 5);
	}
}
END_TEST

START_TEST(test_attention_tokens_first)
{
	/* heads and batch on one axis, as PyTorch has them */
	check_attention("6x2x12",
	                PROJECT
	                "const bmm int64 3 = 6,6,4\nconst first int64 2 = 12,12\n"
	                "node Reshape q,bmm -> q3\nnode Transpose q3 -> qh perm=[1,0,2]\n"
	                "node Reshape k,bmm -> k3\nnode Transpose k3 -> kt perm=[1,2,0]\n"
	                "node Reshape v,bmm -> v3\nnode Transpose v3 -> vh perm=[1,0,2]\n"
	                "node Div qh,two -> qd\nnode MatMul qd,kt -> s\nnode Softmax s -> p\n"
	                "node MatMul p,vh -> o\nnode Transpose o -> ot perm=[1,0,2]\n"
	                "node Reshape ot,first -> y",
	                3);
}
END_TEST

START_TEST(test_attention_in_parts)
{
	/* Q, K and V side by side; the part is an axis of its own */
	check_attention("2x6x12",
	                "const w float 12x36 = ramp\nnode MatMul x,w -> qkv\n"
	                "const five int64 5 = 2,6,3,3,4\nconst all int64 3 = 2,6,12\n"
	                "const zero int64 scalar = 0\nconst one int64 scalar = 1\n"
	                "const last int64 scalar = -1\nconst two float scalar = 2\n"
	                "node Reshape qkv,five -> r\nnode Transpose r -> t perm=[2,0,3,1,4]\n"
	                "node Gather t,zero -> qh axis=0\nnode Gather t,one -> kh axis=0\n"
	                "node Gather t,last -> vh axis=0\n"
	                "node Transpose kh -> kt perm=[0,1,3,2]\nnode MatMul qh,kt -> s\n"
	                "node Div s,two -> d\nnode Softmax d -> p\n" JOIN,
	                3);
	ck_assert_uint_eq(count_op(HIDP_OP_TRANSPOSE), 0);
}
END_TEST

START_TEST(test_attention_of_another_scale)
{
	layers_of("2x6x12", PROJECT SPLIT("q") SPLIT("k") SPLIT(
	                            "v") "node Transpose kh -> kt perm=[0,1,3,2]\n"
	                                 "node MatMul qh,kt -> s\nnode Div s,wrong -> t\n"
	                                 "node Softmax t -> p\n" JOIN);
	ck_assert_double_eq_tol(only_layer(HIDP_OP_ATTENTION).alpha, 1 / 2.001, 1e-7);
}
END_TEST

START_TEST(test_attention_that_is_none)
{
	static const char *const forms[] = {
		/* a constant mask, softmax along the queries */
		PROJECT SPLIT("q") SPLIT("k") SPLIT(
			"v") "node Transpose kh -> kt perm=[0,1,3,2]\nnode MatMul qh,kt -> s\n"
			     "node Div s,two -> t\nnode Add t,mask -> u\nnode Softmax u -> "
	                     "p\n" JOIN,
		PROJECT SPLIT("q") SPLIT("k") SPLIT(
			"v") "node Transpose kh -> kt perm=[0,1,3,2]\nnode MatMul qh,kt -> s\n"
			     "node Div s,two -> t\nnode Softmax t -> p axis=2\n" JOIN,
		/* features of a head are every third one: keys and queries do not agree */
		PROJECT SPLIT("q") SPLIT(
			"v") "const other int64 4 = 2,6,4,3\nnode Reshape k,other -> k4\n"
			     "node Transpose k4 -> kt perm=[0,3,2,1]\nnode MatMul qh,kt -> s\n"
			     "node Div s,two -> t\nnode Softmax t -> p\n" JOIN,
		/* the probabilities are wanted, too */
		PROJECT SPLIT("q") SPLIT("k") SPLIT(
			"v") "node Transpose kh -> kt perm=[0,1,3,2]\nnode MatMul qh,kt -> s\n"
			     "node Div s,two -> t\nnode Softmax t -> p\noutput p\n" JOIN,
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		layers_of("2x6x12", forms[i]);
		ck_assert_msg(count_op(HIDP_OP_ATTENTION) == 0, "a match:\n%s", forms[i]);
		ck_assert_uint_eq(count_op(HIDP_OP_MATMUL), 2);
		ck_assert_uint_eq(count_op(HIDP_OP_SOFTMAX), 1);
	}
}
END_TEST

#define PADS "const pads int64 8 = 0,0,1,2,0,0,1,0\nconst w float 3x3x3x3 = ramp\n"

START_TEST(test_pad)
{
	ck_assert_uint_eq(layers_of("1x3x8x8", PADS "node Pad x,pads -> p\n"
	                                            "node Conv p,w -> y pads=[1,0,1,1]"),
	                  1);
	const struct hidp_layer_desc conv = only_layer(HIDP_OP_CONV);
	ck_assert_int_eq(conv.pad[0], 2);
	ck_assert_int_eq(conv.pad[1], 2);
	ck_assert_int_eq(conv.pad[2], 2);
	ck_assert_int_eq(conv.pad[3], 1);
	/* the zeros count in a mean, as they did */
	ck_assert_uint_eq(layers_of("1x3x8x8", PADS "node Pad x,pads -> p\n"
	                                            "node AveragePool p -> y kernel_shape=[3,3]"),
	                  1);
	ck_assert_uint_eq(only_layer(HIDP_OP_AVERAGE_POOL).flags & HIDP_LAYER_EXCLUDE_PAD, 0);
	/* ones around, mirrors, own padding that does not count */
	ck_assert_uint_gt(layers_of("1x3x8x8", PADS "const one float scalar = 1\n"
	                                            "node Pad x,pads,one -> p\n"
	                                            "node Conv p,w -> y"),
	                  1);
	ck_assert_uint_gt(layers_of("1x3x8x8", PADS
	                            "node Pad x,pads -> p\n"
	                            "node AveragePool p -> y kernel_shape=[3,3] pads=[1,1,1,1]"),
	                  1);
}
END_TEST

START_TEST(test_nothing_done)
{
	static const char *const lines =
		"const zero float scalar = 0\nconst one float 1x1x1 = 1\nconst none int64 6 = 0\n"
		"const same int64 3 = 1,4,8\nconst other int64 4 = 1,2,2,8\n"
		"const begin int64 1 = 0\nconst end int64 1 = 99\nconst axis int64 1 = 1\n"
		"const off bool scalar = 0\nconst ratio float scalar = 0.5\n"
		"node Identity x -> a\nnode Dropout a,ratio,off -> b,mask\nnode Cast b -> c to=11\n"
		"node Cast c -> d to=1\nnode Reshape d,other -> e\nnode Reshape e,same -> f\n"
		"node Transpose f -> g perm=[0,2,1]\nnode Transpose g -> h perm=[0,2,1]\n"
		"node Add h,zero -> i\nnode Mul one,i -> j\nnode Pad j,none -> k\n"
		"node Slice k,begin,end,axis -> l\nnode Expand l,same -> m\nnode Concat m -> n "
	        "axis=1\n"
		"node Relu n -> y\nnode Tanh n -> unused";
	ck_assert_uint_eq(layers_of("1x4x8", lines), 1);
	/* backwards is not nothing, nor is a shift by one */
	ck_assert_uint_gt(layers_of("1x4x8", "const minus int64 1 = -1\nconst end int64 1 = -99\n"
	                                     "const axis int64 1 = 1\n"
	                                     "node Slice x,minus,end,axis,minus -> z\n"
	                                     "node Relu z -> y"),
	                  1);
	ck_assert_uint_gt(layers_of("1x4x8", "const shift int64 6 = 0,1,0,0,-1,0\n"
	                                     "node Pad x,shift -> z\nnode Relu z -> y"),
	                  1);
}
END_TEST

START_TEST(test_dense)
{
	ck_assert_uint_eq(layers_of("1x4x8", "const w float 8x3 = ramp\nconst b float 3 = 1,2,3\n"
	                                     "node MatMul x,w -> m\nnode Add b,m -> y"),
	                  1);
	const float *bias = weights_of(HIDP_OP_DENSE, HIDP_WEIGHT_BIAS, 3);
	const float *kernel = weights_of(HIDP_OP_DENSE, HIDP_WEIGHT_KERNEL, 24);
	ck_assert(bias[0] == 1 && bias[2] == 3);
	/* out x in */
	ck_assert(kernel[0] == -1 && kernel[23] == 1);
	ck_assert_float_eq_tol(kernel[1], -1 + 3 * 2.0F / 23, 1e-6F);
	ck_assert_uint_eq(layers_of("4x8", "const w float 3x8 = ramp\nconst b float 3 = 1,2,3\n"
	                                   "node Gemm x,w,b -> y transB=1"),
	                  1);
	/* one for each row is no bias */
	ck_assert_uint_eq(layers_of("1x4x8", "const w float 8x3 = ramp\nconst b float 4x1 = ramp\n"
	                                     "node MatMul x,w -> m\nnode Add b,m -> y"),
	                  2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("onnx match");
	TCase *tests = tcase_create("match");
	tcase_add_checked_fixture(tests, reading_set_up, reading_tear_down);
	tcase_add_test(tests, test_silu);
	tcase_add_test(tests, test_hard_swish);
	tcase_add_test(tests, test_gelu);
	tcase_add_test(tests, test_layer_norm);
	tcase_add_test(tests, test_attention);
	tcase_add_test(tests, test_attention_tokens_first);
	tcase_add_test(tests, test_attention_in_parts);
	tcase_add_test(tests, test_attention_of_another_scale);
	tcase_add_test(tests, test_attention_that_is_none);
	tcase_add_test(tests, test_pad);
	tcase_add_test(tests, test_nothing_done);
	tcase_add_test(tests, test_dense);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
