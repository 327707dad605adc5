/* SPDX-License-Identifier: MIT */
/* ResNet-50, -101 and -152: bottleneck blocks, the stride in their 3x3 convolution. */
#include <string.h>

#include "net.h"

#define EXPANSION 4

/* Three convolutions beside the identity, or beside a projection where the shape changes. */
static hidp_layer_id bottleneck(struct zoo__net *net, hidp_layer_id in, int64_t width,
                                int64_t stride, bool project)
{
	const struct zoo__conv reduce = {.out = width, .window = zoo__square(1, 1, 0)};
	const struct zoo__conv middle = {.out = width, .window = zoo__square(3, stride, 1)};
	const struct zoo__conv expand = {.out = width * EXPANSION, .window = zoo__square(1, 1, 0)};
	hidp_layer_id x = in, identity = in;
	x = zoo__conv_norm(net, (struct zoo__conv_names){"conv1", "bn1", "relu"}, x, &reduce,
	                   HIDP_ACTIVATION_RELU);
	x = zoo__conv_norm(net, (struct zoo__conv_names){"conv2", "bn2", "relu_1"}, x, &middle,
	                   HIDP_ACTIVATION_RELU);
	x = zoo__conv_norm(net, (struct zoo__conv_names){"conv3", "bn3", NULL}, x, &expand, 0);
	if (project) {
		const struct zoo__conv shortcut = {.out = width * EXPANSION,
		                                   .window = zoo__square(1, stride, 0)};
		identity = zoo__conv_norm(
			net, (struct zoo__conv_names){"downsample.0", "downsample.1", NULL}, in,
			&shortcut, 0);
	}
	x = zoo__binary(net, "add", HIDP_BINARY_ADD, x, identity);
	return zoo__activation(net, "relu_2", x, HIDP_ACTIVATION_RELU);
}

void zoo__resnet(struct zoo__net *net, int depth)
{
	const int blocks[4] = {3, depth == 152 ? 8 : 4,
	                       depth == 50    ? 6
	                       : depth == 101 ? 23
	                                      : 36,
	                       3};
	const struct zoo__conv stem = {.out = 64, .window = zoo__square(7, 2, 3)};
	hidp_layer_id x = zoo__image(net);
	x = zoo__conv_norm(net, (struct zoo__conv_names){"conv1", "bn1", "relu"}, x, &stem,
	                   HIDP_ACTIVATION_RELU);
	x = zoo__pool(net, "maxpool", HIDP_OP_MAX_POOL, x, zoo__square(3, 2, 1));
	for (int stage = 0; stage < 4; stage++) {
		for (int b = 0; b < blocks[stage]; b++) {
			zoo__scope(net, "layer%d.%d.", stage + 1, b);
			x = bottleneck(net, x, (int64_t)64 << stage, b == 0 && stage > 0 ? 2 : 1,
			               b == 0);
		}
	}
	zoo__unscope(net);
	x = zoo__unary(net, "avgpool", HIDP_OP_GLOBAL_POOL, x);
	x = zoo__unary(net, "flatten", HIDP_OP_FLATTEN, x);
	zoo__dense(net, "fc", x, 1000);
}

/* What the blocks add must be small, or 50 of them would add up. */
float zoo__resnet_scale(const char *part)
{
	return strstr(part, ".bn3") != NULL ? 0.2f : 1;
}
