/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_ONNX_FROM_TEXT_H
#define HIDP_TESTS_ONNX_FROM_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * ONNX files without the packages that write them. A file is described by lines; what is wrong
 * with them ends the program.
 *
 *     opset 13                       version of ONNX's ops, 13 if it is not there
 *     opset 1 other.domain
 *     input x float 1x3xHx?          a size, a name, or ? for one that is open; "scalar"; "-": no
 * shape info t float 1x4               what is stated of another tensor output y type and dims may
 * follow const w float 2x3 = 1,2,3,4,5,6        raw; one number stands for all; "= ramp": -1 to 1
 *     typed i int64 2 = -1,300       in the field of its type
 *     outside w float 2x3 w.bin 0 24 in another file: name, offset, length ("-": not stated)
 *     sparse s
 *     function other.domain Op
 *     node Conv x,w -> y pads=[1,1,1,1] group=1 alpha=0.5 mode="constant" body=graph
 *     node Op@other.domain x,,w -> y,z name
 *
 * Numbers of an attribute with a point are floats.
 */
struct bytes {
	uint8_t *data;
	size_t size, room;
};

void bytes_free(struct bytes *bytes);
void bytes_add(struct bytes *bytes, const void *data, size_t size);

/* Fields of a message. */
void bytes_varint(struct bytes *message, uint64_t value);
void bytes_number(struct bytes *message, uint32_t field, uint64_t value);
void bytes_field(struct bytes *message, uint32_t field, const void *data, size_t size);
void bytes_text(struct bytes *message, uint32_t field, const char *text);
/* Adds a message, and frees it. */
void bytes_message(struct bytes *message, uint32_t field, struct bytes *inner);

/* The whole file. */
struct bytes onnx_from_text(const char *text);
/* A GraphProto. */
struct bytes onnx_graph_from_text(const char *text);

#endif
