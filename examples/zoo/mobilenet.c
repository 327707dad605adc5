/* SPDX-License-Identifier: MIT */
/* MobileNet-V2: inverted residuals, linear at their narrow ends. */
#include <stdio.h>
#include <string.h>

#include "net.h"

/* A group of blocks: expansion, output channels, how many, stride of the first. */
static const struct group {
	int64_t expand, out;
	int count;
	int64_t stride;
} groups[] = {
	{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2},  {6, 64, 4, 2},
	{6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
};

/* Convolution, norm and ReLU6, named prefix.0 to prefix.2. */
static hidp_layer_id conv_relu6(struct zoo__net *net, const char *prefix, hidp_layer_id in,
                                const struct zoo__conv *conv)
{
	char names[3][32];
	for (int i = 0; i < 3; i++)
		snprintf(names[i], sizeof names[i], "%s.%d", prefix, i);
	return zoo__conv_norm(net, (struct zoo__conv_names){names[0], names[1], names[2]}, in, conv,
	                      HIDP_ACTIVATION_RELU6);
}

static hidp_layer_id inverted_residual(struct zoo__net *net, hidp_layer_id in, int64_t channels,
                                       const struct group *group, int64_t stride)
{
	const int64_t wide = channels * group->expand;
	const struct zoo__conv expand = {.out = wide, .window = zoo__square(1, 1, 0)};
	const struct zoo__conv depthwise = {
		.out = wide, .window = zoo__square(3, stride, 1), .groups = wide};
	const struct zoo__conv project = {.out = group->out, .window = zoo__square(1, 1, 0)};
	hidp_layer_id x = in;
	struct zoo__conv_names last = {"conv.1", "conv.2", NULL};
	if (group->expand != 1) {
		x = conv_relu6(net, "conv.0", x, &expand);
		x = conv_relu6(net, "conv.1", x, &depthwise);
		last = (struct zoo__conv_names){"conv.2", "conv.3", NULL};
	} else {
		x = conv_relu6(net, "conv.0", x, &depthwise);
	}
	x = zoo__conv_norm(net, last, x, &project, 0);
	if (stride == 1 && channels == group->out)
		x = zoo__binary(net, "add", HIDP_BINARY_ADD, in, x);
	return x;
}

void zoo__mobilenet_v2(struct zoo__net *net, int variant)
{
	(void)variant;
	const struct zoo__conv stem = {.out = 32, .window = zoo__square(3, 2, 1)};
	const struct zoo__conv head = {.out = 1280, .window = zoo__square(1, 1, 0)};
	hidp_layer_id x = zoo__image(net);
	x = conv_relu6(net, "features.0", x, &stem);
	int64_t channels = stem.out;
	int number = 1;
	for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
		for (int b = 0; b < groups[g].count; b++) {
			zoo__scope(net, "features.%d.", number++);
			x = inverted_residual(net, x, channels, &groups[g],
			                      b == 0 ? groups[g].stride : 1);
			channels = groups[g].out;
		}
	}
	zoo__unscope(net);
	x = conv_relu6(net, "features.18", x, &head);
	x = zoo__unary(net, "avgpool", HIDP_OP_GLOBAL_POOL, x);
	x = zoo__unary(net, "flatten", HIDP_OP_FLATTEN, x);
	zoo__dense(net, "classifier.1", x, 1000);
}

/* No activation halves what the last convolution of a block gives: its norm has to. */
float zoo__mobilenet_scale(const char *part)
{
	return strstr(part, ".conv.2") != NULL || strstr(part, ".conv.3") != NULL ? 0.5f : 1;
}
