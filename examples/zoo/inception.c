/* SPDX-License-Identifier: MIT */
/* Inception-V3 without its auxiliary head. */
#include <stdio.h>

#include "net.h"

/* Convolution without bias, norm and ReLU: name.conv, name.bn, name.relu. */
static hidp_layer_id conv(struct zoo__net *net, const char *name, hidp_layer_id in, int64_t out,
                          struct zoo__window window)
{
	const struct zoo__conv c = {.out = out, .window = window};
	char names[3][48];
	snprintf(names[0], sizeof names[0], "%s.conv", name);
	snprintf(names[1], sizeof names[1], "%s.bn", name);
	snprintf(names[2], sizeof names[2], "%s.relu", name);
	return zoo__conv_norm(net, (struct zoo__conv_names){names[0], names[1], names[2]}, in, &c,
	                      HIDP_ACTIVATION_RELU);
}

static hidp_layer_id conv1x1(struct zoo__net *net, const char *name, hidp_layer_id in, int64_t out)
{
	return conv(net, name, in, out, zoo__square(1, 1, 0));
}

/* A 3x3 convolution that halves rows and columns. */
static hidp_layer_id conv3x3s2(struct zoo__net *net, const char *name, hidp_layer_id in,
                               int64_t out)
{
	return conv(net, name, in, out, zoo__square(3, 2, 0));
}

/* n columns wide, or n rows high. */
static hidp_layer_id conv1xn(struct zoo__net *net, const char *name, hidp_layer_id in, int64_t out,
                             int64_t n)
{
	return conv(net, name, in, out, (struct zoo__window){1, n, 1, 0, n / 2});
}

static hidp_layer_id convnx1(struct zoo__net *net, const char *name, hidp_layer_id in, int64_t out,
                             int64_t n)
{
	return conv(net, name, in, out, (struct zoo__window){n, 1, 1, n / 2, 0});
}

static hidp_layer_id pool_branch(struct zoo__net *net, hidp_layer_id in, int64_t out)
{
	hidp_layer_id x =
		zoo__pool(net, "avg_pool2d", HIDP_OP_AVERAGE_POOL, in, zoo__square(3, 1, 1));
	return conv1x1(net, "branch_pool", x, out);
}

static hidp_layer_id block_a(struct zoo__net *net, hidp_layer_id in, int64_t pool_channels)
{
	hidp_layer_id b[4];
	b[0] = conv1x1(net, "branch1x1", in, 64);
	b[1] = conv1x1(net, "branch5x5_1", in, 48);
	b[1] = conv(net, "branch5x5_2", b[1], 64, zoo__square(5, 1, 2));
	b[2] = conv1x1(net, "branch3x3dbl_1", in, 64);
	b[2] = conv(net, "branch3x3dbl_2", b[2], 96, zoo__square(3, 1, 1));
	b[2] = conv(net, "branch3x3dbl_3", b[2], 96, zoo__square(3, 1, 1));
	b[3] = pool_branch(net, in, pool_channels);
	return zoo__concat(net, "cat", b, 4);
}

static hidp_layer_id block_b(struct zoo__net *net, hidp_layer_id in)
{
	hidp_layer_id b[3];
	b[0] = conv3x3s2(net, "branch3x3", in, 384);
	b[1] = conv1x1(net, "branch3x3dbl_1", in, 64);
	b[1] = conv(net, "branch3x3dbl_2", b[1], 96, zoo__square(3, 1, 1));
	b[1] = conv3x3s2(net, "branch3x3dbl_3", b[1], 96);
	b[2] = zoo__pool(net, "max_pool2d", HIDP_OP_MAX_POOL, in, zoo__square(3, 2, 0));
	return zoo__concat(net, "cat", b, 3);
}

static hidp_layer_id block_c(struct zoo__net *net, hidp_layer_id in, int64_t width)
{
	hidp_layer_id b[4];
	b[0] = conv1x1(net, "branch1x1", in, 192);
	b[1] = conv1x1(net, "branch7x7_1", in, width);
	b[1] = conv1xn(net, "branch7x7_2", b[1], width, 7);
	b[1] = convnx1(net, "branch7x7_3", b[1], 192, 7);
	b[2] = conv1x1(net, "branch7x7dbl_1", in, width);
	b[2] = convnx1(net, "branch7x7dbl_2", b[2], width, 7);
	b[2] = conv1xn(net, "branch7x7dbl_3", b[2], width, 7);
	b[2] = convnx1(net, "branch7x7dbl_4", b[2], width, 7);
	b[2] = conv1xn(net, "branch7x7dbl_5", b[2], 192, 7);
	b[3] = pool_branch(net, in, 192);
	return zoo__concat(net, "cat", b, 4);
}

static hidp_layer_id block_d(struct zoo__net *net, hidp_layer_id in)
{
	hidp_layer_id b[3];
	b[0] = conv1x1(net, "branch3x3_1", in, 192);
	b[0] = conv3x3s2(net, "branch3x3_2", b[0], 320);
	b[1] = conv1x1(net, "branch7x7x3_1", in, 192);
	b[1] = conv1xn(net, "branch7x7x3_2", b[1], 192, 7);
	b[1] = convnx1(net, "branch7x7x3_3", b[1], 192, 7);
	b[1] = conv3x3s2(net, "branch7x7x3_4", b[1], 192);
	b[2] = zoo__pool(net, "max_pool2d", HIDP_OP_MAX_POOL, in, zoo__square(3, 2, 0));
	return zoo__concat(net, "cat", b, 3);
}

/* The branches of this one fork once more. */
static hidp_layer_id block_e(struct zoo__net *net, hidp_layer_id in)
{
	hidp_layer_id b[4], fork[2];
	b[0] = conv1x1(net, "branch1x1", in, 320);
	b[1] = conv1x1(net, "branch3x3_1", in, 384);
	fork[0] = conv1xn(net, "branch3x3_2a", b[1], 384, 3);
	fork[1] = convnx1(net, "branch3x3_2b", b[1], 384, 3);
	b[1] = zoo__concat(net, "cat", fork, 2);
	b[2] = conv1x1(net, "branch3x3dbl_1", in, 448);
	b[2] = conv(net, "branch3x3dbl_2", b[2], 384, zoo__square(3, 1, 1));
	fork[0] = conv1xn(net, "branch3x3dbl_3a", b[2], 384, 3);
	fork[1] = convnx1(net, "branch3x3dbl_3b", b[2], 384, 3);
	b[2] = zoo__concat(net, "cat_1", fork, 2);
	b[3] = pool_branch(net, in, 192);
	return zoo__concat(net, "cat_2", b, 4);
}

static hidp_layer_id stem(struct zoo__net *net)
{
	hidp_layer_id x = zoo__image(net);
	x = conv3x3s2(net, "Conv2d_1a_3x3", x, 32);
	x = conv(net, "Conv2d_2a_3x3", x, 32, zoo__square(3, 1, 0));
	x = conv(net, "Conv2d_2b_3x3", x, 64, zoo__square(3, 1, 1));
	x = zoo__pool(net, "maxpool1", HIDP_OP_MAX_POOL, x, zoo__square(3, 2, 0));
	x = conv1x1(net, "Conv2d_3b_1x1", x, 80);
	x = conv(net, "Conv2d_4a_3x3", x, 192, zoo__square(3, 1, 0));
	return zoo__pool(net, "maxpool2", HIDP_OP_MAX_POOL, x, zoo__square(3, 2, 0));
}

void zoo__inception_v3(struct zoo__net *net, int variant)
{
	(void)variant;
	const int64_t pool_channels[3] = {32, 64, 64}, widths[4] = {128, 160, 160, 192};
	hidp_layer_id x = stem(net);
	for (int i = 0; i < 3; i++) {
		zoo__scope(net, "Mixed_5%c.", 'b' + i);
		x = block_a(net, x, pool_channels[i]);
	}
	zoo__scope(net, "Mixed_6a.");
	x = block_b(net, x);
	for (int i = 0; i < 4; i++) {
		zoo__scope(net, "Mixed_6%c.", 'b' + i);
		x = block_c(net, x, widths[i]);
	}
	zoo__scope(net, "Mixed_7a.");
	x = block_d(net, x);
	for (int i = 0; i < 2; i++) {
		zoo__scope(net, "Mixed_7%c.", 'b' + i);
		x = block_e(net, x);
	}
	zoo__unscope(net);
	x = zoo__unary(net, "avgpool", HIDP_OP_GLOBAL_POOL, x);
	x = zoo__unary(net, "flatten", HIDP_OP_FLATTEN, x);
	zoo__dense(net, "fc", x, 1000);
}
