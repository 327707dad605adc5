/* SPDX-License-Identifier: MIT */
/* VGG-16 and -19, without batch normalisation. */
#include <stdio.h>

#include "net.h"

#define FEATURES 7 /* rows and columns that the classifier wants */

static hidp_layer_id numbered(struct zoo__net *net, int *number, hidp_layer_id in, int64_t out)
{
	const struct zoo__conv conv = {.out = out, .window = zoo__square(3, 1, 1), .bias = true};
	char name[16];
	snprintf(name, sizeof name, "%d", (*number)++);
	hidp_layer_id x = zoo__conv(net, name, in, &conv);
	snprintf(name, sizeof name, "%d", (*number)++);
	return zoo__activation(net, name, x, HIDP_ACTIVATION_RELU);
}

/* Averages size x size features to 7 x 7: stretched until 7 divides them, then pooled. */
static hidp_layer_id average(struct zoo__net *net, hidp_layer_id in, int64_t size)
{
	hidp_layer_id x = in;
	int64_t multiple = size % FEATURES == 0 ? size : size * FEATURES;
	if (multiple != size) {
		struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
		desc.shape.rows = desc.shape.width = multiple;
		desc.function = HIDP_RESIZE_NEAREST;
		x = zoo__add(net, "avgpool.resize", HIDP_OP_RESIZE, &x, 1, desc);
	}
	if (multiple != FEATURES)
		x = zoo__pool(net, "avgpool", HIDP_OP_AVERAGE_POOL, x,
		              zoo__square(multiple / FEATURES, multiple / FEATURES, 0));
	return x;
}

void zoo__vgg(struct zoo__net *net, int depth)
{
	const int64_t channels[5] = {64, 128, 256, 512, 512};
	const int late = depth == 19 ? 4 : 3; /* convolutions in each of the last three groups */
	int64_t size = net->options.image;
	if (size < 32 || size > 1 << 20) {
		zoo__refuse(net, HIDP_ERR_ARGUMENT, "images must be 32 to 1048576 rows high");
		return;
	}
	int number = 0;
	hidp_layer_id x = zoo__image(net);
	zoo__scope(net, "features.");
	for (int group = 0; group < 5; group++) {
		for (int i = 0; i < (group < 2 ? 2 : late); i++)
			x = numbered(net, &number, x, channels[group]);
		char name[16];
		snprintf(name, sizeof name, "%d", number++);
		x = zoo__pool(net, name, HIDP_OP_MAX_POOL, x, zoo__square(2, 2, 0));
		size /= 2;
	}
	zoo__unscope(net);
	x = average(net, x, size);
	x = zoo__unary(net, "flatten", HIDP_OP_FLATTEN, x);
	zoo__scope(net, "classifier.");
	x = zoo__dense(net, "0", x, 4096);
	x = zoo__activation(net, "1", x, HIDP_ACTIVATION_RELU);
	x = zoo__dense(net, "3", x, 4096);
	x = zoo__activation(net, "4", x, HIDP_ACTIVATION_RELU);
	zoo__dense(net, "6", x, 1000);
}
