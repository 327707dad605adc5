/* SPDX-License-Identifier: MIT */
#ifndef HIDP_RUN_WIRE_H
#define HIDP_RUN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/model.h>
#include <hidp/plugin/transport.h>

/* Messages between sessions: doc/formats/messages.md. */

enum hidp__wire_type {
	HIDP__WIRE_ROWS = 1,   /* rows of a tensor */
	HIDP__WIRE_CANCEL = 2, /* a request is given up */
	HIDP__WIRE_TAKEN = 3,  /* the result of a request was taken */
	/* between agents; what they mean is in run/agent_priv.h */
	HIDP__WIRE_PROBE = 16,
	HIDP__WIRE_HERE = 17,
	HIDP__WIRE_PLAN = 18,
	HIDP__WIRE_READY = 19,
	HIDP__WIRE_DROP = 20,
	HIDP__WIRE_PING = 21,
	HIDP__WIRE_PONG = 22,
	HIDP__WIRE_ASK = 23,
	HIDP__WIRE_REPORT = 24,
	HIDP__WIRE_SHOUT = 25,
	HIDP__WIRE_ECHO = 26,
};

#define HIDP__WIRE_MAGIC 0x50444948u /* "HIDP" */
#define HIDP__WIRE_VERSION 1u
#define HIDP__WIRE_HEADER 48u

/* What stands before everything else in a message. */
struct hidp__wire_header {
	uint16_t type;
	uint64_t plan_id;
	uint64_t request;
	uint32_t route;
	uint32_t message; /* rows: number of the message on its route */
	int32_t status;   /* cancel: why */
	uint64_t bytes;   /* rows: that follow */
};

void hidp__wire_write(const struct hidp__wire_header *header, uint8_t bytes[HIDP__WIRE_HEADER]);
/* false: this is no header, or one of another version. */
bool hidp__wire_read(struct hidp__wire_header *header, const uint8_t bytes[HIDP__WIRE_HEADER]);

/* A place in the pieces of a message. */
struct hidp__wire_reader {
	const struct hidp_segment *segments;
	size_t count;  /* pieces left */
	size_t offset; /* in the first of them */
};

/* Bytes that are left; as much as fits into the type. */
uint64_t hidp__wire_left(const struct hidp__wire_reader *reader);
/* Copies the next bytes out; false: there are not so many, and nothing was read. */
bool hidp__wire_take(struct hidp__wire_reader *reader, void *to, size_t size);

/* Can elements of one type be carried as another? Only floats. */
bool hidp__wire_converts(hidp_dtype from, hidp_dtype to);
/* Converts dense elements, rounding to nearest even; the arrays must not overlap. */
void hidp__wire_convert(void *to, hidp_dtype to_type, const void *from, hidp_dtype from_type,
                        size_t count);

#endif
