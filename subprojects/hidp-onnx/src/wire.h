/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_WIRE_H
#define HIDP_ONNX_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "graph.h"

/*
 * The wire format of protocol buffers, as far as it takes to leave weights where they are.
 * protobuf-c would copy them; so it is given a skeleton of the file, in which the elements of
 * each tensor are replaced by the number of a record that says where they lie. Subgraphs,
 * documentation, training and what is not known stay out, so that messages in the skeleton are
 * nested a fixed number of times.
 */

/* One field of a message. */
struct field {
	uint32_t number;
	uint32_t type;        /* of enum wire */
	uint64_t value;       /* where it is a number */
	const uint8_t *bytes; /* where it is a string of bytes: those; otherwise the number's */
	size_t size;
	const uint8_t *begin; /* the whole field, its tag included, ends at bytes + size */
};

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct walk {
	const uint8_t *at, *end;
};

/* The next field; 0: the message is over; -1: it is damaged. */
int hidp_onnx__field(struct walk *walk, struct field *field);
/* Takes a number of variable length; false: it is damaged. */
bool hidp_onnx__varint(struct walk *walk, uint64_t *value_out);

/* The fields of TensorProto that hold elements. */
enum tensor_field {
	TENSOR_NONE = 0,
	TENSOR_FLOAT = 4,
	TENSOR_INT32 = 5,
	TENSOR_STRING = 6,
	TENSOR_INT64 = 7,
	TENSOR_RAW = 9,
	TENSOR_DOUBLE = 10,
	TENSOR_UINT64 = 11
};

/* Where the elements of a tensor lie. */
struct record {
	const uint8_t *message; /* the whole tensor */
	size_t message_size;
	enum tensor_field field; /* which field holds them */
	bool mixed;              /* several fields do */
	uint32_t pieces;         /* how often that field is there */
	const uint8_t *bytes;    /* the last piece */
	size_t size;
	uint32_t type; /* its wire type */
};

struct skeleton {
	uint8_t *bytes;
	size_t size;
	struct record *records;
	uint32_t record_count;
	uint64_t node_count;
};

/* In the skeleton, raw_data is the number of the record, in so many bytes, least byte first. */
#define RECORD_BYTES 4u

/* Makes the skeleton of a file, in the graph's pool. */
hidp_status hidp_onnx__skeleton(const struct graph *graph, const void *data, size_t size,
                                struct skeleton *skeleton_out);

#endif
