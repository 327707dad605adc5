/* SPDX-License-Identifier: MIT */
/* EfficientNet-B0: inverted residuals with squeeze and excitation. */
#include <stdio.h>

#include "net.h"

/* A group of blocks: expansion, kernel, stride of the first, output channels, how many. */
static const struct group {
	int64_t expand, kernel, stride, out;
	int count;
} groups[] = {
	{1, 3, 1, 16, 1},  {6, 3, 2, 24, 2},  {6, 5, 2, 40, 2},  {6, 3, 2, 80, 3},
	{6, 5, 1, 112, 3}, {6, 5, 2, 192, 4}, {6, 3, 1, 320, 1},
};

/* Convolution, norm and, unless it is the linear end of a block, SiLU: prefix.0 to prefix.2. */
static hidp_layer_id conv_silu(struct zoo__net *net, const char *prefix, hidp_layer_id in,
                               const struct zoo__conv *conv, bool linear)
{
	char names[3][32];
	for (int i = 0; i < 3; i++)
		snprintf(names[i], sizeof names[i], "%s.%d", prefix, i);
	return zoo__conv_norm(
		net, (struct zoo__conv_names){names[0], names[1], linear ? NULL : names[2]}, in,
		conv, HIDP_ACTIVATION_SILU);
}

static hidp_layer_id squeeze_excite(struct zoo__net *net, const char *prefix, hidp_layer_id in,
                                    int64_t channels, int64_t squeezed)
{
	const struct zoo__conv down = {
		.out = squeezed, .window = zoo__square(1, 1, 0), .bias = true};
	const struct zoo__conv up = {.out = channels, .window = zoo__square(1, 1, 0), .bias = true};
	char name[48];
#define NAME(last) (snprintf(name, sizeof name, "%s.%s", prefix, last), name)
	hidp_layer_id s = zoo__unary(net, NAME("avgpool"), HIDP_OP_GLOBAL_POOL, in);
	s = zoo__conv(net, NAME("fc1"), s, &down);
	s = zoo__activation(net, NAME("activation"), s, HIDP_ACTIVATION_SILU);
	s = zoo__conv(net, NAME("fc2"), s, &up);
	s = zoo__activation(net, NAME("scale_activation"), s, HIDP_ACTIVATION_SIGMOID);
	return zoo__binary(net, NAME("mul"), HIDP_BINARY_MUL, s, in);
#undef NAME
}

static hidp_layer_id block(struct zoo__net *net, hidp_layer_id in, int64_t channels,
                           const struct group *group, int64_t stride)
{
	const int64_t wide = channels * group->expand, k = group->kernel;
	const struct zoo__conv expand = {.out = wide, .window = zoo__square(1, 1, 0)};
	const struct zoo__conv depthwise = {
		.out = wide, .window = zoo__square(k, stride, k / 2), .groups = wide};
	const struct zoo__conv project = {.out = group->out, .window = zoo__square(1, 1, 0)};
	hidp_layer_id x = in;
	char name[16];
	int number = 0;
#define NEXT (snprintf(name, sizeof name, "block.%d", number++), name)
	if (group->expand != 1)
		x = conv_silu(net, NEXT, x, &expand, false);
	x = conv_silu(net, NEXT, x, &depthwise, false);
	x = squeeze_excite(net, NEXT, x, wide, channels / 4);
	x = conv_silu(net, NEXT, x, &project, true);
#undef NEXT
	if (stride == 1 && channels == group->out)
		x = zoo__binary(net, "add", HIDP_BINARY_ADD, x, in);
	return x;
}

void zoo__efficientnet_b0(struct zoo__net *net, int variant)
{
	(void)variant;
	const struct zoo__conv stem = {.out = 32, .window = zoo__square(3, 2, 1)};
	const struct zoo__conv head = {.out = 1280, .window = zoo__square(1, 1, 0)};
	hidp_layer_id x = zoo__image(net);
	x = conv_silu(net, "features.0", x, &stem, false);
	int64_t channels = stem.out;
	for (int g = 0; g < (int)(sizeof groups / sizeof groups[0]); g++) {
		for (int b = 0; b < groups[g].count; b++) {
			zoo__scope(net, "features.%d.%d.", g + 1, b);
			x = block(net, x, channels, &groups[g], b == 0 ? groups[g].stride : 1);
			channels = groups[g].out;
		}
	}
	zoo__unscope(net);
	x = conv_silu(net, "features.8", x, &head, false);
	x = zoo__unary(net, "avgpool", HIDP_OP_GLOBAL_POOL, x);
	x = zoo__unary(net, "flatten", HIDP_OP_FLATTEN, x);
	zoo__dense(net, "classifier.1", x, 1000);
}
