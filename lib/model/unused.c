/* SPDX-License-Identifier: MIT */
/*
 * Fields of a layer description that its op does not use. They must be zero: a host
 * that sets one means something by it, and a later release may give it a meaning.
 */
#include <string.h>

#include "model/model_priv.h"

#define OP(name) (1u << HIDP_OP_##name)
#define POOLS (OP(MAX_POOL) | OP(AVERAGE_POOL))
#define WINDOWS (OP(CONV) | POOLS)
#define MEMBER(member)                                                                             \
	offsetof(struct hidp_layer_desc, member), sizeof(((struct hidp_layer_desc *)0)->member)

/* A field, and the ops that use it. */
static const struct {
	char name[24]; /* no pointer, so that the table needs no relocation */
	size_t offset;
	size_t size;
	uint32_t ops;
} fields[] = {
	{"an axis", MEMBER(axis), OP(CONCAT) | OP(SLICE)},
	{"a shape", MEMBER(shape), OP(INPUT) | OP(BINARY) | OP(RESHAPE) | OP(RESIZE) | OP(CUSTOM)},
	{"output channels", MEMBER(out_channels), OP(CONV) | OP(DENSE) | OP(EMBEDDING)},
	{"a kernel", MEMBER(kernel), WINDOWS},
	{"a stride", MEMBER(stride), WINDOWS},
	{"a dilation", MEMBER(dilation), WINDOWS},
	{"padding", MEMBER(pad), WINDOWS | OP(PAD)},
	{"groups", MEMBER(groups), OP(CONV)},
	{"a begin", MEMBER(begin), OP(SLICE)},
	{"an end", MEMBER(end), OP(SLICE) | OP(EMBEDDING)},
	{"a permutation", MEMBER(perm), OP(TRANSPOSE)},
	{"heads", MEMBER(heads), OP(ATTENTION)},
	{"a function", MEMBER(function), OP(ACTIVATION) | OP(BINARY) | OP(RESIZE)},
	{"an op class", MEMBER(op_class), OP(CUSTOM)},
	{"a parameter", MEMBER(alpha), OP(ACTIVATION) | OP(LAYER_NORM) | OP(ATTENTION)},
	{"a second parameter", MEMBER(beta), OP(ACTIVATION)},
	{"a channel grain", MEMBER(channel_grain), OP(CUSTOM)},
	{"a colocation group", MEMBER(colocation), ~OP(INPUT)},
};

static const struct {
	char name[32];
	uint32_t flag;
	uint32_t ops;
} flags[] = {
	{"ceil mode", HIDP_LAYER_CEIL_MODE, POOLS},
	{"excluded padding", HIDP_LAYER_EXCLUDE_PAD, OP(AVERAGE_POOL)},
	{"no bias", HIDP_LAYER_NO_BIAS, OP(CONV) | OP(DENSE)},
	{"a transposed second input", HIDP_LAYER_TRANSPOSE_B, OP(MATMUL)},
	{"own channels", HIDP_LAYER_OWN_CHANNELS, OP(CUSTOM)},
	{"channels last", HIDP_LAYER_CHANNELS_LAST, OP(RESHAPE)},
	{"measured memory", HIDP_LAYER_MEMORY_MEASURED, ~OP(INPUT)},
};

const char *hidp__find_unused(const struct hidp_layer_desc *desc)
{
	static const unsigned char zero[sizeof(struct hidp_shape)];
	const uint32_t op = 1u << desc->op;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if ((fields[i].ops & op) == 0 &&
		    memcmp((const char *)desc + fields[i].offset, zero, fields[i].size) != 0)
			return fields[i].name;
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if ((flags[i].ops & op) == 0 && (desc->flags & flags[i].flag) != 0)
			return flags[i].name;
	/* only the constant of a binary with one input has a shape */
	if (desc->op == HIDP_OP_BINARY && desc->input_count != 1 &&
	    memcmp(&desc->shape, zero, sizeof desc->shape) != 0)
		return "a shape";
	return NULL;
}
