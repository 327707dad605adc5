/* SPDX-License-Identifier: MIT */
/* Wrong descriptions: each kind is refused with its status, and names the layer and the reason. */
#include <math.h>

#include "model_help.h"

static const struct hidp_row_rule same = {1, 1, 0, 1};
static const struct hidp_row_rule two_rules[2] = {{3, 2, -1, 5}, {0, 1, 0, 4}};
static const struct hidp_row_rule odd_rules[] = {
	{-1, 1, 0, 1},        {(int64_t)1 << 31, 1, 0, 1}, {1, 0, 0, 1},         {1, -1, 0, 1},
	{1, INT64_MAX, 0, 1}, {1, 1, INT64_MIN, 1},        {1, 1, INT64_MAX, 1}, {1, 1, 0, 0},
	{1, 1, 0, INT64_MAX},
};

/* What a description is refused for without knowing other layers. */
static const struct unadded {
	struct hidp_layer_desc desc;
	hidp_status status;
	const char *words;
} by_add[] = {
	{OP(.op = 0), HIDP_ERR_MODEL, "op 0 is unknown"},
	{OP(.op = 23), HIDP_ERR_MODEL, "op 23 is unknown"},
	{OP(.op = UINT32_MAX), HIDP_ERR_MODEL, "is unknown"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .dtype = 5), HIDP_ERR_MODEL, "dtype 5"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .flags = 1u << 31), HIDP_ERR_ABI, "0x80000000"},
	{OP(.op = HIDP_OP_SOFTMAX, .input_count = 1), HIDP_ERR_ARGUMENT, "inputs is NULL"},
	{OP(.op = HIDP_OP_CONCAT, .axis = 1, .input_count = 1025), HIDP_ERR_LIMIT, "1024 inputs"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(65536)), HIDP_ERR_MODEL, "layer 65536"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(HIDP_LAYER_NONE)), HIDP_ERR_MODEL, "cannot exist"},
	{OP(.op = HIDP_OP_ACTIVATION, IN(0), .function = 7, .alpha = NAN), HIDP_ERR_MODEL,
	 "not finite"},
	{OP(.op = HIDP_OP_ACTIVATION, IN(0), .function = 7, .beta = INFINITY), HIDP_ERR_MODEL,
	 "not finite"},
	{OP(.op = HIDP_OP_ATTENTION, IN(0), .alpha = INFINITY), HIDP_ERR_MODEL, "not finite"},
	{OP(.op = HIDP_OP_ATTENTION, IN(0), .alpha = 1e-40), HIDP_ERR_MODEL, "factor of 1e-40"},
	{OP(.op = HIDP_OP_ATTENTION, IN(0), .alpha = -1e39), HIDP_ERR_MODEL, "factor of -1e+39"},
	{OP(.op = HIDP_OP_ACTIVATION, IN(0), .function = 0), HIDP_ERR_MODEL, "activation 0"},
	{OP(.op = HIDP_OP_ACTIVATION, IN(0), .function = 28), HIDP_ERR_MODEL, "activation 28"},
	{OP(.op = HIDP_OP_BINARY, IN(0, 0), .function = 8), HIDP_ERR_MODEL, "binary function 8"},
	{OP(.op = HIDP_OP_RESIZE, IN(0), .function = 5, .shape = {0, 0, 1, 1}), HIDP_ERR_MODEL,
	 "mode 5"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .flops = -1), HIDP_ERR_MODEL, "FLOPs"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .flops = NAN), HIDP_ERR_MODEL, "FLOPs"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .flops = 1e31), HIDP_ERR_MODEL, "FLOPs"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .weight_bytes = -4), HIDP_ERR_MODEL, "bytes of weights"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .weight_bytes = 0.5), HIDP_ERR_MODEL, "bytes of weights"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .weight_bytes = 1e19), HIDP_ERR_MODEL,
	 "bytes of weights"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .workspace_bytes = NAN), HIDP_ERR_MODEL, "workspace"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .workspace_bytes = -1), HIDP_ERR_MODEL, "workspace"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1), HIDP_ERR_MODEL, "kernel of 0"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {3, -3}), HIDP_ERR_MODEL,
	 "kernel of -3"},
	{OP(.op = HIDP_OP_MAX_POOL, IN(0), .kernel = {INT64_MAX, 1}), HIDP_ERR_MODEL, "kernel of"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {3, 3}, .stride = {-1, 1}),
	 HIDP_ERR_MODEL, "stride of -1"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {3, 3},
	    .stride = {1, INT64_MIN}),
	 HIDP_ERR_MODEL, "stride of"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {3, 3}, .dilation = {1, -2}),
	 HIDP_ERR_MODEL, "dilation of -2"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {3, 3},
	    .dilation = {INT64_MAX, 1}),
	 HIDP_ERR_MODEL, "dilation of"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {1 << 20, 3},
	    .dilation = {1 << 20, 1}),
	 HIDP_ERR_MODEL, "dilated kernel"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {3, 3}, .pad = {0, 0, -1, 0}),
	 HIDP_ERR_MODEL, "padding of -1"},
	{OP(.op = HIDP_OP_PAD, IN(0), .pad = {0, INT64_MAX, 0, 0}), HIDP_ERR_MODEL, "padding of"},
	{OP(.op = HIDP_OP_CONV, IN(0), .kernel = {3, 3}), HIDP_ERR_MODEL, "0 output channels"},
	{OP(.op = HIDP_OP_DENSE, IN(0), .out_channels = -1), HIDP_ERR_MODEL, "-1 output channels"},
	{OP(.op = HIDP_OP_DENSE, IN(0), .out_channels = INT64_MAX), HIDP_ERR_MODEL,
	 "output channels"},
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {1, 1}, .groups = -2),
	 HIDP_ERR_MODEL, "-2 groups"},
	{OP(.op = HIDP_OP_CONCAT, IN(0), .axis = HIDP_AXIS_BATCH), HIDP_ERR_MODEL, "axis 0"},
	{OP(.op = HIDP_OP_SLICE, IN(0), .axis = 4, .end = 1), HIDP_ERR_MODEL, "axis 4"},
	{OP(.op = HIDP_OP_CUSTOM, IN(0), .shape = {1, 1, 1, 1}), HIDP_ERR_MODEL, "no row rules"},
	{OP(.op = HIDP_OP_CUSTOM, .shape = {1, 1, 1, 1}, .op_class = 8), HIDP_ERR_MODEL,
	 "op class 8"},
	{OP(.op = HIDP_OP_CUSTOM, .shape = {1, 1, 1, 1}, .channel_grain = -1), HIDP_ERR_MODEL,
	 "grain is negative"},
	{OP(.op = HIDP_OP_EMBEDDING, IN(0), .end = 5), HIDP_ERR_MODEL, "0 output channels"},
	{OP(.op = HIDP_OP_EMBEDDING, IN(0), .out_channels = 5), HIDP_ERR_MODEL, "0 entries"},
	{OP(.op = HIDP_OP_EMBEDDING, IN(0), .out_channels = 5, .end = -1), HIDP_ERR_MODEL,
	 "-1 entries"},
	{OP(.op = HIDP_OP_EMBEDDING, IN(0), .out_channels = 5, .end = INT64_MAX), HIDP_ERR_MODEL,
	 "entries are out of range"},
	{OP(.op = HIDP_OP_EMBEDDING, IN(0), .out_channels = 5, .end = 5, .begin = 1),
	 HIDP_ERR_MODEL, "a begin"},
	/* fields and flags that the op does not use */
	{OP(.op = HIDP_OP_CONV, IN(0), .out_channels = 1, .kernel = {1, 1},
	    .flags = HIDP_LAYER_CEIL_MODE),
	 HIDP_ERR_MODEL, "ceil mode"},
	{OP(.op = HIDP_OP_MAX_POOL, IN(0), .kernel = {1, 1}, .flags = HIDP_LAYER_NO_BIAS),
	 HIDP_ERR_MODEL, "no bias"},
	{OP(.op = HIDP_OP_MAX_POOL, IN(0), .kernel = {1, 1}, .flags = HIDP_LAYER_EXCLUDE_PAD),
	 HIDP_ERR_MODEL, "excluded padding"},
	{OP(.op = HIDP_OP_DENSE, IN(0), .out_channels = 1, .flags = HIDP_LAYER_TRANSPOSE_B),
	 HIDP_ERR_MODEL, "transposed"},
	{OP(.op = HIDP_OP_FLATTEN, IN(0), .flags = HIDP_LAYER_CHANNELS_LAST), HIDP_ERR_MODEL,
	 "channels last, which"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .flags = HIDP_LAYER_OWN_CHANNELS), HIDP_ERR_MODEL,
	 "own channels"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .axis = 1), HIDP_ERR_MODEL, "an axis"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .shape = {0, 1, 0, 0}), HIDP_ERR_MODEL, "a shape"},
	{OP(.op = HIDP_OP_BINARY, IN(0, 0), .function = 1, .shape = {1, 1, 1, 1}), HIDP_ERR_MODEL,
	 "a shape"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .out_channels = 1), HIDP_ERR_MODEL,
	 "output channels, which"},
	{OP(.op = HIDP_OP_DENSE, IN(0), .out_channels = 1, .kernel = {1, 0}), HIDP_ERR_MODEL,
	 "a kernel"},
	{OP(.op = HIDP_OP_PAD, IN(0), .stride = {0, 1}), HIDP_ERR_MODEL, "a stride"},
	{OP(.op = HIDP_OP_GLOBAL_POOL, IN(0), .dilation = {1, 1}), HIDP_ERR_MODEL, "a dilation"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .pad = {0, 0, 0, 1}), HIDP_ERR_MODEL, "padding, which"},
	{OP(.op = HIDP_OP_MAX_POOL, IN(0), .kernel = {1, 1}, .groups = 1), HIDP_ERR_MODEL,
	 "groups, which"},
	{OP(.op = HIDP_OP_CONCAT, IN(0), .axis = 1, .begin = 1), HIDP_ERR_MODEL, "a begin"},
	{OP(.op = HIDP_OP_CONCAT, IN(0), .axis = 1, .end = 1), HIDP_ERR_MODEL, "an end"},
	{OP(.op = HIDP_OP_RESHAPE, IN(0), .shape = {1, 1, 1, 1}, .perm = {0, 0, 3}), HIDP_ERR_MODEL,
	 "a permutation"},
	{OP(.op = HIDP_OP_MATMUL, IN(0, 0), .heads = 1), HIDP_ERR_MODEL, "heads, which"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .function = 1), HIDP_ERR_MODEL, "a function"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .op_class = HIDP_CLASS_GEMM), HIDP_ERR_MODEL,
	 "an op class"},
	{OP(.op = HIDP_OP_BINARY, IN(0, 0), .function = 1, .alpha = 1), HIDP_ERR_MODEL,
	 "a parameter"},
	{OP(.op = HIDP_OP_LAYER_NORM, IN(0), .beta = 1), HIDP_ERR_MODEL, "a second parameter"},
	{OP(.op = HIDP_OP_LAYER_NORM, IN(0), .alpha = -1e-5), HIDP_ERR_MODEL,
	 "epsilon of -1e-05"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .channel_grain = 1), HIDP_ERR_MODEL, "a channel grain"},
	{OP(.op = HIDP_OP_INPUT, .shape = {1, 1, 1, 1}, .colocation = 1), HIDP_ERR_MODEL,
	 "a colocation group, which"},
	{OP(.op = HIDP_OP_SOFTMAX, IN(0), .reserved = 1), HIDP_ERR_ABI, "unknown"},
};

START_TEST(refused_by_add)
{
	add_input(1, 4, 4, 1);
	struct hidp_layer_desc d = by_add[_i].desc;
	d.name = "culprit";
	refuse_add(&d, by_add[_i].status, "culprit", by_add[_i].words);
	/* the builder is as it was */
	ck_assert_uint_eq(add(LAYER(.op = HIDP_OP_SOFTMAX, IN(0))), 1);
	struct hidp_model *m = seal();
	ck_assert_uint_eq(hidp_model_layer_count(m), 2);
	hidp_model_unref(m);
}
END_TEST

START_TEST(odd_row_rules)
{
	add_input(1, 4, 4, 1);
	for (size_t i = 0; i < sizeof odd_rules / sizeof odd_rules[0]; i++) {
		const struct hidp_row_rule rules[2] = {same, odd_rules[i]};
		refuse_add(LAYER(.name = "x", .op = HIDP_OP_CUSTOM, IN(0, 0), .shape = {1, 1, 1, 1},
		                 .row_rules = rules),
		           HIDP_ERR_MODEL, "x", "row rule of input 1");
	}
}
END_TEST

/* What sealing refuses: the inputs, the layer, and words of the message. */
static const struct unsealed {
	struct hidp_shape in[INPUTS_MAX];
	struct hidp_layer_desc desc;
	const char *words;
} by_seal[] = {
	{{{1, 3, 4, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 2, .kernel = {5, 1}),
	 "kernel of 5 rows"},
	{{{1, 3, 4, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 2, .kernel = {1, 3}, .dilation = {1, 2}),
	 "kernel of 5 columns"},
	{{{1, 3, 4, 4}},
	 OP(.op = HIDP_OP_MAX_POOL, A, .kernel = {7, 7}, .pad = {1, 1, 1, 1}),
	 "padded input of 6"},
	{{{1, 3, 4, 4}},
	 OP(.op = HIDP_OP_AVERAGE_POOL, A, .kernel = {5, 5}, .flags = HIDP_LAYER_CEIL_MODE),
	 "larger than"},
	{{{1, 6, 4, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 8, .kernel = {1, 1}, .groups = 4),
	 "4 groups"},
	{{{1, 8, 4, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 6, .kernel = {1, 1}, .groups = 4),
	 "4 groups"},
	{{{1, 8, 4, 4}, {1, 8, 4, 4}},
	 OP(.op = HIDP_OP_CONV, AB, .out_channels = 6, .kernel = {1, 1}),
	 "takes 1"},
	{{{1, 3, 4, 4}},
	 OP(.op = HIDP_OP_CONV, .out_channels = 6, .kernel = {1, 1}),
	 "has 0 inputs"},
	{{{1, 1 << 21, 4, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 1 << 30, .kernel = {4, 4}),
	 "too many weights"},
	{{{1, 1 << 30, 1, 1}},
	 OP(.op = HIDP_OP_DENSE, A, .out_channels = 1 << 30),
	 "too many weights"},
	{{{1, 4, 1 << 26, 1 << 24}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 1 << 20, .kernel = {1, 1}),
	 "too large"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_EMBEDDING, A, .out_channels = 2, .end = 2),
	 "4 channels of its input"},
	{{{1, 1, 4, 1}},
	 OP(.op = HIDP_OP_EMBEDDING, A, .out_channels = 1 << 30, .end = 1 << 30),
	 "too many weights"},
	{{{1, 4, 4, 1}, {1, 4, 5, 1}}, OP(.op = HIDP_OP_MATMUL, AB), "do not match"},
	{{{1, 4, 4, 1}, {1, 5, 4, 1}},
	 OP(.op = HIDP_OP_MATMUL, AB, .flags = HIDP_LAYER_TRANSPOSE_B),
	 "do not match"},
	{{{2, 4, 4, 1}, {1, 4, 4, 1}}, OP(.op = HIDP_OP_MATMUL, AB), "do not match"},
	{{{1, 4, 4, 2}, {1, 4, 4, 1}}, OP(.op = HIDP_OP_MATMUL, AB), "width 1"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_MATMUL, A), "takes 2"},
	{{{1, 4, 4, 1}, {1, 3, 4, 1}},
	 OP(.op = HIDP_OP_BINARY, AB, .function = HIDP_BINARY_ADD),
	 "4 against 3 on axis 1"},
	{{{1, 4, 4, 1}, {1, 4, 2, 1}},
	 OP(.op = HIDP_OP_BINARY, AB, .function = HIDP_BINARY_ADD),
	 "on axis 2"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}, {1, 4, 4, 1}},
	 OP(.op = HIDP_OP_BINARY, ABC, .function = HIDP_BINARY_ADD),
	 "takes 2"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_BINARY, A, .function = HIDP_BINARY_ADD), "needs a shape"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_BINARY, A, .function = HIDP_BINARY_ADD, .shape = {1, 4, -1, 1}),
	 "needs a shape"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_BINARY, .function = HIDP_BINARY_ADD), "has 0 inputs"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_CONCAT, .axis = HIDP_AXIS_ROWS), "has no inputs"},
	{{{1, 4, 4, 1}, {1, 4, 4, 2}},
	 OP(.op = HIDP_OP_CONCAT, AB, .axis = HIDP_AXIS_ROWS),
	 "input 1 does not match"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}, {2, 4, 4, 1}},
	 OP(.op = HIDP_OP_CONCAT, ABC, .axis = HIDP_AXIS_CHANNELS),
	 "input 2"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_SLICE, A, .axis = HIDP_AXIS_ROWS, .begin = 2, .end = 5),
	 "range 2 to 5"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_SLICE, A, .axis = HIDP_AXIS_ROWS, .begin = -1, .end = 3),
	 "range -1 to 3"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_SLICE, A, .axis = HIDP_AXIS_CHANNELS, .begin = 2, .end = 2),
	 "range 2 to 2"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_PAD, A, .pad = {0, 1 << 30, 0, 1 << 30}), "too large"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_RESIZE, A, .function = HIDP_RESIZE_NEAREST, .shape = {0, 0, 0, 3}),
	 "no sensible size"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_RESIZE, A, .function = HIDP_RESIZE_NEAREST, .shape = {0, 0, 3, -3}),
	 "no sensible size"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_RESIZE, A, .function = HIDP_RESIZE_BILINEAR,
	    .shape = {0, 0, (int64_t)1 << 40, 3}),
	 "no sensible size"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_RESHAPE, A, .shape = {1, 4, 5, 1}), "number of elements"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_RESHAPE, A), "number of elements"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {-1, -4, 4, 1}),
	 "number of elements"},
	{{{1, 1 << 20, 1 << 20, 2}}, OP(.op = HIDP_OP_FLATTEN, A), "too large"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_TRANSPOSE, A), "names axis 0"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_TRANSPOSE, A, .perm = {1, 2, 4}), "names axis 4"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_TRANSPOSE, A, .perm = {1, 2, 2}), "twice"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_ATTENTION, A), "side by side"},
	{{{1, 6, 4, 2}}, OP(.op = HIDP_OP_ATTENTION, A), "width 1"},
	{{{1, 12, 4, 1}}, OP(.op = HIDP_OP_ATTENTION, A, .heads = 3), "3 heads"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}}, OP(.op = HIDP_OP_ATTENTION, AB), "takes 1, 3 or 4"},
	{{{1, 4, 4, 1}, {1, 5, 4, 1}, {1, 4, 4, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABC),
	 "do not match"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}, {1, 4, 5, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABC),
	 "do not match"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}, {2, 4, 4, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABC),
	 "do not match"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}, {1, 6, 4, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABC, .heads = 4),
	 "4 heads"},
	{{{3, 4, 5, 1}, {3, 4, 6, 1}, {3, 4, 6, 1}, {2, 6, 5, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4),
	 "mask of 2 x 6 x 5 x 1"},
	{{{3, 4, 5, 1}, {3, 4, 6, 1}, {3, 4, 6, 1}, {3, 5, 5, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4),
	 "mask of 3 x 5 x 5 x 1"},
	{{{3, 4, 5, 1}, {3, 4, 6, 1}, {3, 4, 6, 1}, {3, 1, 5, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4),
	 "mask of 3 x 1 x 5 x 1"},
	{{{3, 4, 5, 1}, {3, 4, 6, 1}, {3, 4, 6, 1}, {3, 1, 6, 4}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4),
	 "mask of 3 x 1 x 6 x 4"},
	{{{3, 4, 5, 1}, {3, 4, 6, 1}, {3, 4, 6, 1}, {1, 6, 4, 4}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4),
	 "mask of 1 x 6 x 4 x 4"},
	{{{3, 4, 5, 1}, {3, 4, 6, 1}, {3, 4, 6, 1}, {1, 6, 5, 2}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4),
	 "mask of 1 x 6 x 5 x 2"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_CUSTOM, A, .row_rules = two_rules), "empty or too large"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_CUSTOM, A, .row_rules = two_rules, .shape = {1, 6, 4, 1},
	    .channel_grain = 4),
	 "grain 4"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_INPUT, A, .shape = {1, 6, 4, 1}), "has 1 inputs"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_INPUT, .shape = {1, 6, 0, 1}), "empty or too large"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_INPUT, .shape = {1 << 20, 1 << 20, 1 << 14, 1}),
	 "empty or too large"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_INPUT, .shape = {1, (int64_t)1 << 32, 1, 1}),
	 "empty or too large"},
	{{{1, 1, 1, 1}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 1, .kernel = {1 << 26, 1 << 26},
	    .pad = {1 << 27, 1 << 26, (1 << 26) - 2, (1 << 26) - 2}),
	 "too many FLOPs"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}}, OP(.op = HIDP_OP_DENSE, AB, .out_channels = 1), "takes 1"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}}, OP(.op = HIDP_OP_MAX_POOL, AB, .kernel = {1, 1}), "takes 1"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}},
	 OP(.op = HIDP_OP_SLICE, AB, .axis = HIDP_AXIS_ROWS, .end = 1),
	 "takes 1"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}}, OP(.op = HIDP_OP_PAD, AB), "takes 1"},
	{{{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_RESIZE, .function = HIDP_RESIZE_NEAREST, .shape = {0, 0, 1, 1}),
	 "takes 1"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_RESHAPE, .shape = {1, 4, 4, 1}), "takes 1"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}}, OP(.op = HIDP_OP_FLATTEN, AB), "takes 1"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}},
	 OP(.op = HIDP_OP_TRANSPOSE, AB, .perm = {1, 2, 3}),
	 "takes 1"},
	{{{1, 4, 4, 1}, {1, 4, 4, 1}}, OP(.op = HIDP_OP_GLOBAL_POOL, AB), "takes 1"},
	{{{1, 4, 4, 1}}, OP(.op = HIDP_OP_ACTIVATION, .function = HIDP_ACTIVATION_RELU), "takes 1"},
};

START_TEST(refused_by_seal)
{
	const struct unsealed *bad = &by_seal[_i];
	for (int i = 0; i < INPUTS_MAX; i++) {
		struct hidp_shape s = bad->in[i].batch != 0 ? bad->in[i] : SHAPE(1, 1, 1, 1);
		add_input(s.batch, s.channels, s.rows, s.width);
	}
	struct hidp_layer_desc d = bad->desc;
	d.name = "culprit";
	add(&d);
	add(LAYER(.op = HIDP_OP_SOFTMAX, IN(3)));
	refuse_seal(HIDP_ERR_MODEL, "culprit", bad->words);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("refused");
	TCase *tc = tcase_create("refused");
	tcase_add_checked_fixture(tc, model_set_up, model_tear_down);
	tcase_add_loop_test(tc, refused_by_add, 0, (int)(sizeof by_add / sizeof by_add[0]));
	tcase_add_loop_test(tc, refused_by_seal, 0, (int)(sizeof by_seal / sizeof by_seal[0]));
	tcase_add_test(tc, odd_row_rules);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
