/* SPDX-License-Identifier: MIT */
/* ViT-B/16 and BERT-base: twelve encoder blocks over tokens of 768 channels. */
#include "net.h"

#define WIDTH 768
#define HEADS 12
#define BLOCKS 12
#define PATCH 16
#define VIT_EPSILON 1e-6
#define BERT_EPSILON 1e-12

/* Normalises what each half of a block reads. */
static hidp_layer_id vit_block(struct zoo__net *net, hidp_layer_id in)
{
	hidp_layer_id y, x = in;
	y = zoo__layer_norm(net, "ln_1", x, VIT_EPSILON);
	y = zoo__dense(net, "self_attention.in_proj", y, 3 * WIDTH);
	y = zoo__attention(net, "self_attention", y, HEADS);
	y = zoo__dense(net, "self_attention.out_proj", y, WIDTH);
	x = zoo__binary(net, "add", HIDP_BINARY_ADD, y, x);
	y = zoo__layer_norm(net, "ln_2", x, VIT_EPSILON);
	y = zoo__dense(net, "mlp.0", y, 4 * WIDTH);
	y = zoo__activation(net, "mlp.1", y, HIDP_ACTIVATION_GELU);
	y = zoo__dense(net, "mlp.3", y, WIDTH);
	return zoo__binary(net, "add_1", HIDP_BINARY_ADD, x, y);
}

/* Patches become tokens; an empty row on top becomes the class token in the addition. */
static hidp_layer_id embed_patches(struct zoo__net *net, int64_t patches)
{
	const struct zoo__conv patch = {
		.out = WIDTH, .window = zoo__square(PATCH, PATCH, 0), .bias = true};
	hidp_layer_id x = zoo__image(net);
	x = zoo__conv(net, "conv_proj", x, &patch);
	struct hidp_layer_desc tokens = HIDP_LAYER_DESC_INIT;
	tokens.shape = (struct hidp_shape){net->options.batch, WIDTH, patches, 1};
	x = zoo__add(net, "reshape", HIDP_OP_RESHAPE, &x, 1, tokens);
	struct hidp_layer_desc top = HIDP_LAYER_DESC_INIT;
	top.pad[0] = 1;
	x = zoo__add(net, "class_token", HIDP_OP_PAD, &x, 1, top);
	struct hidp_layer_desc position = HIDP_LAYER_DESC_INIT;
	position.shape = (struct hidp_shape){1, WIDTH, patches + 1, 1};
	position.function = HIDP_BINARY_ADD;
	return zoo__add(net, "encoder.pos_embedding", HIDP_OP_BINARY, &x, 1, position);
}

void zoo__vit_b_16(struct zoo__net *net, int variant)
{
	(void)variant;
	int64_t side = net->options.image / PATCH;
	if (net->options.image % PATCH != 0 || side < 1 || side > 1 << 16) {
		zoo__refuse(net, HIDP_ERR_ARGUMENT,
		            "images must be a multiple of %d high, at most %d", PATCH, PATCH << 16);
		return;
	}
	hidp_layer_id x = embed_patches(net, side * side);
	for (int b = 0; b < BLOCKS; b++) {
		zoo__scope(net, "encoder.layers.encoder_layer_%d.", b);
		x = vit_block(net, x);
	}
	zoo__unscope(net);
	x = zoo__layer_norm(net, "encoder.ln", x, VIT_EPSILON);
	struct hidp_layer_desc first = HIDP_LAYER_DESC_INIT;
	first.axis = HIDP_AXIS_ROWS;
	first.end = 1;
	x = zoo__add(net, "getitem", HIDP_OP_SLICE, &x, 1, first);
	zoo__dense(net, "heads.head", x, 1000);
}

/* Normalises what each half of a block makes. */
static hidp_layer_id bert_block(struct zoo__net *net, hidp_layer_id in)
{
	hidp_layer_id y, x = in;
	y = zoo__dense(net, "attention.self.qkv", x, 3 * WIDTH);
	y = zoo__attention(net, "attention.self", y, HEADS);
	y = zoo__dense(net, "attention.output.dense", y, WIDTH);
	y = zoo__binary(net, "attention.output.add", HIDP_BINARY_ADD, y, x);
	x = zoo__layer_norm(net, "attention.output.LayerNorm", y, BERT_EPSILON);
	y = zoo__dense(net, "intermediate.dense", x, 4 * WIDTH);
	y = zoo__activation(net, "intermediate.gelu", y, HIDP_ACTIVATION_GELU);
	y = zoo__dense(net, "output.dense", y, WIDTH);
	y = zoo__binary(net, "output.add", HIDP_BINARY_ADD, y, x);
	return zoo__layer_norm(net, "output.LayerNorm", y, BERT_EPSILON);
}

void zoo__bert_base(struct zoo__net *net, int variant)
{
	(void)variant;
	hidp_layer_id x = zoo__input(net, WIDTH, net->options.tokens, 1);
	for (int b = 0; b < BLOCKS; b++) {
		zoo__scope(net, "encoder.layer.%d.", b);
		x = bert_block(net, x);
	}
}
