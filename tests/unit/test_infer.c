/* SPDX-License-Identifier: MIT */
/* What follows from a description: shape, FLOPs, weights, class, row rules. */
#include <math.h>
#include <string.h>

#include "model_help.h"

#define SAME                                                                                       \
	{                                                                                          \
		1, 1, 0, 1                                                                         \
	}
#define ALL(rows)                                                                                  \
	{                                                                                          \
		0, 1, 0, rows                                                                      \
	}
#define NONE HIDP_CLASS_NONE
#define CONV3X3 HIDP_CLASS_CONV3X3
#define CONV HIDP_CLASS_CONV
#define DEPTHWISE HIDP_CLASS_DEPTHWISE
#define GEMM HIDP_CLASS_GEMM
#define DENSE HIDP_CLASS_DENSE
#define ELEMENTWISE HIDP_CLASS_ELEMENTWISE

struct derived {
	struct hidp_shape shape;
	double macs;
	uint64_t weights;
	hidp_op_class op_class;
	int64_t grain;
	bool own[INPUTS_MAX];
	struct hidp_row_rule rules[INPUTS_MAX];
};

struct good {
	const char *what;
	struct hidp_shape in[INPUTS_MAX];
	struct hidp_layer_desc desc;
	struct derived is;
};

static const struct hidp_row_rule custom_rules[2] = {{3, 2, -1, 5}, ALL(4)};

static const struct good convolutions[] = {
	{"3x3",
	 {{2, 16, 10, 12}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 32, .kernel = {3, 3}, .pad = {1, 1, 1, 1}),
	 {{2, 32, 10, 12},
	  16.0 * 9 * 2 * 32 * 120,
	  16 * 9 * 32 + 32,
	  CONV3X3,
	  1,
	  {false},
	  {{1, 1, 1, 3}}}},
	{"no bias",
	 {{1, 3, 224, 224}},
	 OP(.op = HIDP_OP_CONV, A, .flags = HIDP_LAYER_NO_BIAS, .out_channels = 64,
	    .kernel = {7, 7}, .stride = {2, 2}, .pad = {3, 3, 3, 3}),
	 {{1, 64, 112, 112}, 118013952, 9408, CONV, 1, {false}, {{2, 1, 3, 7}}}},
	{"3x3 with stride 2 is another class",
	 {{1, 8, 9, 9}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 8, .kernel = {3, 3}, .stride = {2, 2}),
	 {{1, 8, 4, 4}, 8.0 * 9 * 8 * 16, 584, CONV, 1, {false}, {{2, 1, 0, 3}}}},
	{"stride over columns alone",
	 {{1, 8, 9, 9}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 8, .kernel = {3, 3}, .stride = {1, 2}),
	 {{1, 8, 7, 4}, 8.0 * 9 * 8 * 28, 584, CONV, 1, {false}, {{1, 1, 0, 3}}}},
	{"dilation",
	 {{1, 4, 20, 20}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 4, .kernel = {3, 3}, .dilation = {2, 3},
	    .pad = {2, 3, 2, 3}),
	 {{1, 4, 20, 20}, 4.0 * 9 * 4 * 400, 148, CONV, 1, {false}, {{1, 1, 2, 5}}}},
	{"1x7",
	 {{1, 4, 9, 9}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 6, .kernel = {1, 7}, .pad = {0, 3, 0, 3}),
	 {{1, 6, 9, 9}, 4.0 * 7 * 6 * 81, 4 * 7 * 6 + 6, CONV, 1, {false}, {{1, 1, 0, 1}}}},
	{"7x1",
	 {{1, 4, 9, 9}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 6, .kernel = {7, 1}, .pad = {3, 0, 3, 0}),
	 {{1, 6, 9, 9}, 4.0 * 7 * 6 * 81, 4 * 7 * 6 + 6, CONV, 1, {false}, {{1, 1, 3, 7}}}},
	{"other padding on each side",
	 {{1, 2, 8, 8}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 2, .kernel = {3, 3}, .stride = {2, 2},
	    .pad = {0, 0, 1, 2}),
	 {{1, 2, 4, 4}, 2.0 * 9 * 2 * 16, 38, CONV, 1, {false}, {{2, 1, 0, 3}}}},
	{"padding above alone",
	 {{1, 2, 8, 8}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 2, .kernel = {4, 4}, .pad = {3, 1, 0, 2}),
	 {{1, 2, 8, 8}, 2.0 * 16 * 2 * 64, 66, CONV, 1, {false}, {{1, 1, 3, 4}}}},
	{"kernel as large as the padded input",
	 {{1, 5, 6, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 7, .kernel = {8, 4}, .pad = {1, 0, 1, 0}),
	 {{1, 7, 1, 1}, 5.0 * 32 * 7, 5 * 32 * 7 + 7, CONV, 1, {false}, {{1, 1, 1, 8}}}},
	{"depthwise",
	 {{1, 32, 14, 14}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 32, .groups = 32, .kernel = {5, 5},
	    .pad = {2, 2, 2, 2}),
	 {{1, 32, 14, 14}, 25.0 * 32 * 196, 26 * 32, DEPTHWISE, 1, {true}, {{1, 1, 2, 5}}}},
	{"depthwise with a multiplier",
	 {{1, 8, 4, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 24, .groups = 8, .kernel = {1, 1}),
	 {{1, 24, 4, 4}, 24.0 * 16, 48, DEPTHWISE, 3, {true}, {SAME}}},
	{"grouped",
	 {{1, 12, 4, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 18, .groups = 3, .kernel = {3, 3},
	    .pad = {1, 1, 1, 1}),
	 {{1, 18, 4, 4}, 4.0 * 9 * 18 * 16, 4 * 9 * 18 + 18, CONV, 6, {true}, {{1, 1, 1, 3}}}},
	{"one input channel is no depthwise",
	 {{1, 1, 4, 4}},
	 OP(.op = HIDP_OP_CONV, A, .out_channels = 2, .groups = 1, .kernel = {1, 1}),
	 {{1, 2, 4, 4}, 32, 4, CONV, 1, {false}, {SAME}}},
};

static const struct good products[] = {
	{"dense on one position",
	 {{4, 512, 1, 1}},
	 OP(.op = HIDP_OP_DENSE, A, .out_channels = 1000),
	 {{4, 1000, 1, 1}, 4.0 * 512000, 513000, DENSE, 1, {false}, {SAME}}},
	{"dense on tokens",
	 {{2, 64, 10, 1}},
	 OP(.op = HIDP_OP_DENSE, A, .out_channels = 16, .flags = HIDP_LAYER_NO_BIAS),
	 {{2, 16, 10, 1}, 2.0 * 10 * 64 * 16, 1024, GEMM, 1, {false}, {SAME}}},
	{"embedding",
	 {{2, 1, 10, 3}},
	 OP(.op = HIDP_OP_EMBEDDING, A, .out_channels = 16, .end = 1000),
	 {{2, 16, 10, 3}, 0, 16000, ELEMENTWISE, 1, {false}, {SAME}}},
	{"matmul",
	 {{3, 8, 5, 1}, {3, 6, 8, 1}},
	 OP(.op = HIDP_OP_MATMUL, AB),
	 {{3, 6, 5, 1}, 3.0 * 5 * 8 * 6, 0, GEMM, 1, {false, false}, {SAME, ALL(8)}}},
	{"matmul, second transposed",
	 {{3, 8, 5, 1}, {3, 8, 6, 1}},
	 OP(.op = HIDP_OP_MATMUL, AB, .flags = HIDP_LAYER_TRANSPOSE_B),
	 {{3, 6, 5, 1}, 3.0 * 5 * 8 * 6, 0, GEMM, 1, {false, false}, {SAME, ALL(6)}}},
	{"attention",
	 {{2, 24, 7, 1}, {2, 24, 9, 1}, {2, 12, 9, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABC, .heads = 4),
	 {{2, 12, 7, 1},
	  2.0 * 7 * 9 * (24 + 12),
	  0,
	  GEMM,
	  3,
	  {true, true, true},
	  {SAME, ALL(9), ALL(9)}}},
	{"attention with one head",
	 {{1, 24, 7, 1}, {1, 24, 9, 1}, {1, 12, 9, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABC),
	 {{1, 12, 7, 1}, 7.0 * 9 * 36, 0, GEMM, 12, {true, true, true}, {SAME, ALL(9), ALL(9)}}},
	{"attention, packed",
	 {{1, 36, 7, 1}},
	 OP(.op = HIDP_OP_ATTENTION, A, .heads = 3),
	 {{1, 12, 7, 1}, 7.0 * 7 * 24, 0, GEMM, 4, {false}, {ALL(7)}}},
	{"attention with a mask",
	 {{2, 24, 7, 1}, {2, 24, 12, 1}, {2, 12, 12, 1}, {2, 12, 7, 4}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4, .alpha = -0.5),
	 {{2, 12, 7, 1},
	  2.0 * 7 * 12 * (24 + 12),
	  0,
	  GEMM,
	  3,
	  {true, true, true, false},
	  {SAME, ALL(12), ALL(12), SAME}}},
	{"attention with one mask for all",
	 {{2, 24, 7, 1}, {2, 24, 9, 1}, {2, 12, 9, 1}, {1, 9, 1, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4),
	 {{2, 12, 7, 1},
	  2.0 * 7 * 9 * (24 + 12),
	  0,
	  GEMM,
	  3,
	  {true, true, true, false},
	  {SAME, ALL(9), ALL(9), ALL(1)}}},
	{"attention with a mask of keys",
	 {{2, 24, 7, 1}, {2, 24, 9, 1}, {2, 12, 9, 1}, {2, 1, 9, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD, .heads = 4),
	 {{2, 12, 7, 1},
	  2.0 * 7 * 9 * (24 + 12),
	  0,
	  GEMM,
	  3,
	  {true, true, true, false},
	  {SAME, ALL(9), ALL(9), ALL(9)}}},
	{"attention of one tensor, in all its places",
	 {{1, 4, 4, 1}},
	 OP(.op = HIDP_OP_ATTENTION, IN(0, 0, 0, 0)),
	 {{1, 4, 4, 1}, 128, 0, GEMM, 4, {true, true, true, false}, {SAME, ALL(4), ALL(4), SAME}}},
	{"attention of one row, with a mask",
	 {{1, 24, 1, 1}, {1, 24, 9, 1}, {1, 12, 9, 1}, {1, 9, 1, 1}},
	 OP(.op = HIDP_OP_ATTENTION, ABCD),
	 {{1, 12, 1, 1},
	  9.0 * 36,
	  0,
	  GEMM,
	  12,
	  {true, true, true, false},
	  {SAME, ALL(9), ALL(9), SAME}}},
};

static const struct good pools[] = {
	{"max",
	 {{1, 64, 112, 112}},
	 OP(.op = HIDP_OP_MAX_POOL, A, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}),
	 {{1, 64, 56, 56}, 0, 0, ELEMENTWISE, 1, {true}, {{2, 1, 1, 3}}}},
	{"the stride is the kernel if none is given",
	 {{1, 3, 9, 8}},
	 OP(.op = HIDP_OP_AVERAGE_POOL, A, .kernel = {3, 2}),
	 {{1, 3, 3, 4}, 0, 0, ELEMENTWISE, 1, {true}, {{3, 1, 0, 3}}}},
	/* values of torch.nn.MaxPool2d */
	{"floor",
	 {{1, 1, 6, 6}},
	 OP(.op = HIDP_OP_MAX_POOL, A, .kernel = {3, 3}, .stride = {2, 2}),
	 {{1, 1, 2, 2}, 0, 0, ELEMENTWISE, 1, {true}, {{2, 1, 0, 3}}}},
	{"ceil",
	 {{1, 1, 6, 6}},
	 OP(.op = HIDP_OP_MAX_POOL, A, .kernel = {3, 3}, .stride = {2, 2},
	    .flags = HIDP_LAYER_CEIL_MODE),
	 {{1, 1, 3, 3}, 0, 0, ELEMENTWISE, 1, {true}, {{2, 1, 0, 3}}}},
	{"ceil, but the last window would begin in the padding",
	 {{1, 1, 2, 4}},
	 OP(.op = HIDP_OP_MAX_POOL, A, .kernel = {2, 2}, .stride = {3, 3}, .pad = {1, 1, 1, 1},
	    .flags = HIDP_LAYER_CEIL_MODE),
	 {{1, 1, 1, 2}, 0, 0, ELEMENTWISE, 1, {true}, {{3, 1, 1, 2}}}},
	{"ceil with an exact fit",
	 {{1, 1, 7, 7}},
	 OP(.op = HIDP_OP_AVERAGE_POOL, A, .kernel = {3, 3}, .stride = {2, 2},
	    .flags = HIDP_LAYER_CEIL_MODE),
	 {{1, 1, 3, 3}, 0, 0, ELEMENTWISE, 1, {true}, {{2, 1, 0, 3}}}},
	{"dilated",
	 {{1, 1, 9, 9}},
	 OP(.op = HIDP_OP_MAX_POOL, A, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {3, 2}),
	 {{1, 1, 3, 5}, 0, 0, ELEMENTWISE, 1, {true}, {{1, 1, 0, 7}}}},
	{"global",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_GLOBAL_POOL, A),
	 {{2, 5, 1, 1}, 0, 0, ELEMENTWISE, 1, {true}, {ALL(7)}}},
};

static const struct good elementwise[] = {
	{"activation",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_ACTIVATION, A, .function = HIDP_ACTIVATION_CLIP, .alpha = -1, .beta = 2),
	 {{2, 5, 7, 6}, 0, 0, ELEMENTWISE, 1, {true}, {SAME}}},
	{"addition",
	 {{2, 5, 7, 6}, {2, 5, 7, 6}},
	 OP(.op = HIDP_OP_BINARY, AB, .function = HIDP_BINARY_ADD),
	 {{2, 5, 7, 6}, 0, 0, ELEMENTWISE, 1, {true, true}, {SAME, SAME}}},
	{"a factor per channel",
	 {{2, 5, 7, 6}, {2, 5, 1, 1}},
	 OP(.op = HIDP_OP_BINARY, AB, .function = HIDP_BINARY_MUL),
	 {{2, 5, 7, 6}, 0, 0, ELEMENTWISE, 1, {true, true}, {SAME, ALL(1)}}},
	{"both are broadcast",
	 {{1, 5, 1, 6}, {2, 1, 7, 1}},
	 OP(.op = HIDP_OP_BINARY, AB, .function = HIDP_BINARY_MAX),
	 {{2, 5, 7, 6}, 0, 0, ELEMENTWISE, 1, {true, false}, {ALL(1), SAME}}},
	{"one channel that every share needs",
	 {{1, 1, 7, 6}, {1, 5, 7, 6}},
	 OP(.op = HIDP_OP_BINARY, AB, .function = HIDP_BINARY_DIV),
	 {{1, 5, 7, 6}, 0, 0, ELEMENTWISE, 1, {false, true}, {SAME, SAME}}},
	{"a single row needs no broadcast",
	 {{1, 4, 1, 6}, {1, 4, 1, 1}},
	 OP(.op = HIDP_OP_BINARY, AB, .function = HIDP_BINARY_SUB),
	 {{1, 4, 1, 6}, 0, 0, ELEMENTWISE, 1, {true, true}, {SAME, SAME}}},
	{"a constant",
	 {{3, 5, 7, 6}},
	 OP(.op = HIDP_OP_BINARY, A, .function = HIDP_BINARY_ADD, .shape = {1, 5, 7, 1}),
	 {{3, 5, 7, 6}, 0, 35, ELEMENTWISE, 1, {true}, {SAME}}},
	{"a constant that is larger",
	 {{3, 5, 1, 6}},
	 OP(.op = HIDP_OP_BINARY, A, .function = HIDP_BINARY_MIN, .shape = {1, 1, 7, 1}),
	 {{3, 5, 7, 6}, 0, 7, ELEMENTWISE, 1, {true}, {ALL(1)}}},
	{"batch norm",
	 {{3, 5, 7, 6}},
	 OP(.op = HIDP_OP_BATCH_NORM, A),
	 {{3, 5, 7, 6}, 0, 10, ELEMENTWISE, 1, {true}, {SAME}}},
	{"layer norm",
	 {{3, 5, 7, 1}},
	 OP(.op = HIDP_OP_LAYER_NORM, A),
	 {{3, 5, 7, 1}, 0, 10, ELEMENTWISE, 0, {false}, {SAME}}},
	{"softmax",
	 {{3, 5, 7, 6}},
	 OP(.op = HIDP_OP_SOFTMAX, A),
	 {{3, 5, 7, 6}, 0, 0, ELEMENTWISE, 0, {false}, {SAME}}},
};

static const struct good moves[] = {
	{"concat of channels",
	 {{1, 5, 7, 6}, {1, 2, 7, 6}, {1, 5, 7, 6}},
	 OP(.op = HIDP_OP_CONCAT, ABC, .axis = HIDP_AXIS_CHANNELS),
	 {{1, 12, 7, 6}, 0, 0, ELEMENTWISE, 0, {false, false, false}, {SAME, SAME, SAME}}},
	{"concat of rows",
	 {{1, 5, 7, 6}, {1, 5, 1, 6}, {1, 5, 4, 6}},
	 OP(.op = HIDP_OP_CONCAT, ABC, .axis = HIDP_AXIS_ROWS),
	 {{1, 5, 12, 6},
	  0,
	  0,
	  ELEMENTWISE,
	  1,
	  {true, true, true},
	  {SAME, {1, 1, 7, 1}, {1, 1, 8, 1}}}},
	{"concat of columns",
	 {{1, 5, 7, 6}, {1, 5, 7, 2}},
	 OP(.op = HIDP_OP_CONCAT, AB, .axis = HIDP_AXIS_WIDTH),
	 {{1, 5, 7, 8}, 0, 0, ELEMENTWISE, 1, {true, true}, {SAME, SAME}}},
	{"concat of one",
	 {{1, 5, 7, 6}},
	 OP(.op = HIDP_OP_CONCAT, A, .axis = HIDP_AXIS_CHANNELS),
	 {{1, 5, 7, 6}, 0, 0, ELEMENTWISE, 0, {false}, {SAME}}},
	{"slice of channels",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_SLICE, A, .axis = HIDP_AXIS_CHANNELS, .begin = 1, .end = 3),
	 {{2, 2, 7, 6}, 0, 0, ELEMENTWISE, 0, {false}, {SAME}}},
	{"slice of rows",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_SLICE, A, .axis = HIDP_AXIS_ROWS, .begin = 3, .end = 7),
	 {{2, 5, 4, 6}, 0, 0, ELEMENTWISE, 1, {true}, {{1, 1, -3, 1}}}},
	{"slice of columns",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_SLICE, A, .axis = HIDP_AXIS_WIDTH, .begin = 0, .end = 1),
	 {{2, 5, 7, 1}, 0, 0, ELEMENTWISE, 1, {true}, {SAME}}},
	{"pad",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_PAD, A, .pad = {1, 2, 3, 4}),
	 {{2, 5, 11, 12}, 0, 0, ELEMENTWISE, 1, {true}, {{1, 1, 1, 1}}}},
	{"resize to nearest",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_RESIZE, A, .function = HIDP_RESIZE_NEAREST, .shape = {0, 0, 14, 9}),
	 {{2, 5, 14, 9}, 0, 0, ELEMENTWISE, 1, {true}, {{14, 28, -7, 1}}}},
	{"resize between",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_RESIZE, A, .function = HIDP_RESIZE_BILINEAR, .shape = {0, 0, 3, 2}),
	 {{2, 5, 3, 2}, 0, 0, ELEMENTWISE, 1, {true}, {{14, 6, -4, 7}}}},
	{"resize rounding down",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_RESIZE, A, .function = HIDP_RESIZE_NEAREST_FLOOR, .shape = {0, 0, 14, 9}),
	 {{2, 5, 14, 9}, 0, 0, ELEMENTWISE, 1, {true}, {{7, 14, 0, 1}}}},
	{"resize with aligned corners",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_RESIZE, A, .function = HIDP_RESIZE_BILINEAR_CORNERS,
	    .shape = {0, 0, 3, 2}),
	 {{2, 5, 3, 2}, 0, 0, ELEMENTWISE, 1, {true}, {{6, 2, 0, 2}}}},
	{"resize with aligned corners to one row",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_RESIZE, A, .function = HIDP_RESIZE_BILINEAR_CORNERS,
	    .shape = {0, 0, 1, 2}),
	 {{2, 5, 1, 2}, 0, 0, ELEMENTWISE, 1, {true}, {{0, 1, 0, 1}}}},
	{"image to tokens",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {2, 5, 42, 1}),
	 {{2, 5, 42, 1}, 0, 0, NONE, 0, {true}, {{1, 6, 0, 1}}}},
	{"tokens to image",
	 {{2, 5, 42, 1}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {2, 5, 7, 6}),
	 {{2, 5, 7, 6}, 0, 0, NONE, 0, {true}, {{6, 1, 0, 6}}}},
	{"reshape of channels",
	 {{2, 6, 7, 6}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {2, 3, 14, 6}),
	 {{2, 3, 14, 6}, 0, 0, ELEMENTWISE, 0, {false}, {ALL(7)}}},
	{"reshape with the channels last",
	 {{2, 6, 7, 6}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {2, 9, 14, 2}, .flags = HIDP_LAYER_CHANNELS_LAST),
	 {{2, 9, 14, 2}, 0, 0, NONE, 0, {false}, {{1, 2, 0, 1}}}},
	{"channels last, rows that are no multiples",
	 {{1, 5, 4, 3}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {1, 5, 6, 2}, .flags = HIDP_LAYER_CHANNELS_LAST),
	 {{1, 5, 6, 2}, 0, 0, NONE, 0, {true}, {{2, 3, 0, 2}}}},
	{"channels last, rows and channels",
	 {{1, 6, 4, 5}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {1, 5, 6, 4}, .flags = HIDP_LAYER_CHANNELS_LAST),
	 {{1, 5, 6, 4}, 0, 0, NONE, 0, {false}, {{2, 3, 0, 2}}}},
	{"channels last, the same rows",
	 {{2, 6, 7, 6}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {2, 3, 7, 12}, .flags = HIDP_LAYER_CHANNELS_LAST),
	 {{2, 3, 7, 12}, 0, 0, NONE, 0, {false}, {SAME}}},
	{"channels last, other images",
	 {{2, 6, 7, 6}},
	 OP(.op = HIDP_OP_RESHAPE, A, .shape = {14, 6, 6, 1}, .flags = HIDP_LAYER_CHANNELS_LAST),
	 {{14, 6, 6, 1}, 0, 0, ELEMENTWISE, 0, {false}, {ALL(7)}}},
	{"flatten",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_FLATTEN, A),
	 {{2, 210, 1, 1}, 0, 0, NONE, 0, {false}, {ALL(7)}}},
	{"rows and columns exchanged",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_TRANSPOSE, A,
	    .perm = {HIDP_AXIS_CHANNELS, HIDP_AXIS_WIDTH, HIDP_AXIS_ROWS}),
	 {{2, 5, 6, 7}, 0, 0, ELEMENTWISE, 1, {true}, {ALL(7)}}},
	{"channels and columns exchanged",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_TRANSPOSE, A,
	    .perm = {HIDP_AXIS_WIDTH, HIDP_AXIS_ROWS, HIDP_AXIS_CHANNELS}),
	 {{2, 6, 7, 5}, 0, 0, ELEMENTWISE, 0, {false}, {SAME}}},
	{"all exchanged",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_TRANSPOSE, A,
	    .perm = {HIDP_AXIS_ROWS, HIDP_AXIS_WIDTH, HIDP_AXIS_CHANNELS}),
	 {{2, 7, 6, 5}, 0, 0, ELEMENTWISE, 0, {false}, {ALL(7)}}},
	{"nothing exchanged",
	 {{2, 5, 7, 6}},
	 OP(.op = HIDP_OP_TRANSPOSE, A,
	    .perm = {HIDP_AXIS_CHANNELS, HIDP_AXIS_ROWS, HIDP_AXIS_WIDTH}),
	 {{2, 5, 7, 6}, 0, 0, ELEMENTWISE, 1, {true}, {SAME}}},
	{"custom",
	 {{1, 5, 7, 6}, {1, 9, 4, 1}},
	 OP(.op = HIDP_OP_CUSTOM, AB, .shape = {1, 12, 8, 3}, .flops = 2e6, .weight_bytes = 400,
	    .row_rules = custom_rules, .channel_grain = 4, .flags = HIDP_LAYER_OWN_CHANNELS,
	    .op_class = HIDP_CLASS_GEMM),
	 {{1, 12, 8, 3}, 1e6, 100, GEMM, 4, {true, true}, {{3, 2, -1, 5}, ALL(4)}}},
	{"custom of no class",
	 {{1, 5, 7, 6}},
	 OP(.op = HIDP_OP_CUSTOM, A, .shape = {1, 12, 8, 3}, .row_rules = custom_rules),
	 {{1, 12, 8, 3}, 0, 0, HIDP_CLASS_CUSTOM, 0, {false}, {{3, 2, -1, 5}}}},
};

static void check_rule(const char *what, const struct hidp_row_rule *is,
                       const struct hidp_row_rule *want)
{
	ck_assert_msg(is->stride == want->stride && is->divisor == want->divisor &&
	                      is->pad == want->pad && is->extent == want->extent,
	              "%s: rule {%lld, %lld, %lld, %lld}", what, (long long)is->stride,
	              (long long)is->divisor, (long long)is->pad, (long long)is->extent);
}

static void check_good(const struct good *g)
{
	begin(NULL);
	for (int i = 0; i < INPUTS_MAX; i++) {
		struct hidp_shape s = g->in[i].batch != 0 ? g->in[i] : SHAPE(1, 1, 1, 1);
		add_input(s.batch, s.channels, s.rows, s.width);
	}
	hidp_layer_id id = add(&g->desc);
	struct hidp_model *model = seal();
	struct hidp_layer_info info = info_of(model, id);
	const struct derived *is = &g->is;
	ck_assert_msg(memcmp(&info.shape, &is->shape, sizeof info.shape) == 0,
	              "%s: shape %lld x %lld x %lld x %lld", g->what, (long long)info.shape.batch,
	              (long long)info.shape.channels, (long long)info.shape.rows,
	              (long long)info.shape.width);
	ck_assert_msg(info.flops == 2 * is->macs, "%s: %f FLOPs", g->what, info.flops);
	ck_assert_msg(info.weight_bytes == 4 * is->weights, "%s: %llu bytes of weights", g->what,
	              (unsigned long long)info.weight_bytes);
	ck_assert_msg(info.op_class == is->op_class, "%s: class %u", g->what, info.op_class);
	ck_assert_msg(info.channel_grain == is->grain, "%s: grain %lld", g->what,
	              (long long)info.channel_grain);
	ck_assert_uint_eq(info.input_count, g->desc.input_count);
	int64_t elements = is->shape.batch * is->shape.channels * is->shape.rows * is->shape.width;
	ck_assert_uint_eq(info.output_bytes, (uint64_t)(4 * elements));
	for (uint32_t i = 0; i < info.input_count; i++) {
		hidp_layer_id from;
		struct hidp_row_rule rule;
		bool own;
		ck_assert_int_eq(hidp_model_layer_input(model, id, i, &from, &rule, &own), HIDP_OK);
		ck_assert_uint_eq(from, g->desc.inputs[i]);
		check_rule(g->what, &rule, &is->rules[i]);
		ck_assert_msg(own == is->own[i], "%s: own channels of input %u", g->what, i);
	}
	hidp_model_unref(model);
}

#define CHECK_ALL(cases)                                                                           \
	for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++)                            \
	check_good(&(cases)[i])

START_TEST(derived_convolutions)
{
	CHECK_ALL(convolutions);
}
END_TEST

START_TEST(derived_products)
{
	CHECK_ALL(products);
}
END_TEST

START_TEST(derived_pools)
{
	CHECK_ALL(pools);
}
END_TEST

START_TEST(derived_elementwise)
{
	CHECK_ALL(elementwise);
}
END_TEST

START_TEST(derived_moves)
{
	CHECK_ALL(moves);
}
END_TEST

/* Stating the right figures changes nothing, stating others is refused. */
START_TEST(stated_figures)
{
	const struct hidp_row_rule right = {2, 1, 1, 3}, wrong = {2, 1, 0, 3};
	struct hidp_layer_desc d =
		*LAYER(.op = HIDP_OP_CONV, IN(0), .out_channels = 8, .kernel = {3, 3},
	               .stride = {2, 2}, .pad = {1, 1, 1, 1}, .flops = 2.0 * 3 * 9 * 8 * 25,
	               .weight_bytes = 4 * 224, .row_rules = &right, .name = "c");
	add_input(1, 3, 10, 10);
	add(&d);
	hidp_model_unref(seal());
	static const struct {
		double flops, weight_bytes;
		const char *words;
	} cases[] = {
		{10801, 0, "FLOPs"}, {0, 897, "bytes of weights"}, {0, 892, "bytes of weights"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(NULL);
		add_input(1, 3, 10, 10);
		d.flops = cases[i].flops;
		d.weight_bytes = cases[i].weight_bytes;
		add(&d);
		refuse_seal(HIDP_ERR_MODEL, "c", cases[i].words);
	}
	begin(NULL);
	add_input(1, 3, 10, 10);
	d.weight_bytes = 0;
	d.row_rules = &wrong;
	add(&d);
	refuse_seal(HIDP_ERR_MODEL, "c", "row rule for input 0");
	begin(NULL);
	add_input(1, 3, 10, 10);
	add(LAYER(.name = "r", .op = HIDP_OP_SOFTMAX, IN(0), .flops = 1));
	refuse_seal(HIDP_ERR_MODEL, "r", "FLOPs");
}
END_TEST

START_TEST(bytes_follow_the_dtype)
{
	static const struct {
		hidp_dtype dtype;
		uint64_t bytes;
	} cases[] = {{HIDP_DTYPE_FP32, 4},
	             {HIDP_DTYPE_FP16, 2},
	             {HIDP_DTYPE_BF16, 2},
	             {HIDP_DTYPE_INT8, 1}};
	for (size_t i = 0; i < 4; i++) {
		struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
		options.dtype = cases[i].dtype;
		begin(&options);
		add_input(1, 3, 4, 4);
		add(LAYER(.op = HIDP_OP_CONV, IN(0), .out_channels = 2, .kernel = {1, 1}));
		add(LAYER(.op = HIDP_OP_SOFTMAX, IN(1), .dtype = HIDP_DTYPE_FP16));
		struct hidp_model *m = seal();
		ck_assert_uint_eq(info_of(m, 0).dtype, cases[i].dtype);
		ck_assert_uint_eq(info_of(m, 1).dtype, cases[i].dtype);
		ck_assert_uint_eq(info_of(m, 1).output_bytes, 32 * cases[i].bytes);
		ck_assert_uint_eq(info_of(m, 1).weight_bytes, 8 * cases[i].bytes);
		ck_assert_uint_eq(info_of(m, 2).output_bytes, 64);
		hidp_model_unref(m);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("infer");
	TCase *tc = tcase_create("infer");
	tcase_add_checked_fixture(tc, model_set_up, model_tear_down);
	tcase_add_test(tc, derived_convolutions);
	tcase_add_test(tc, derived_products);
	tcase_add_test(tc, derived_pools);
	tcase_add_test(tc, derived_elementwise);
	tcase_add_test(tc, derived_moves);
	tcase_add_test(tc, stated_figures);
	tcase_add_test(tc, bytes_follow_the_dtype);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
