/* SPDX-License-Identifier: MIT */
/*
 * Changes files of protocol buffers as trees: a field deep inside is changed, copied, moved or
 * left out, and the lengths of all that hold it are mended. So most inputs are files still. Every
 * third time libFuzzer's own changes are made to the bytes as they are.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#define FIELD_MAX 512
#define DEPTH_MAX 8

static uint64_t state;

static size_t below(size_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit == 0 ? 0 : (size_t)(state % limit);
}

/* A field: its bytes with the tag, and what it holds. */
struct field {
	const uint8_t *begin, *inner, *end;
	uint32_t type;
};

struct message {
	struct field fields[FIELD_MAX];
	size_t count;
};

struct output {
	uint8_t *data;
	size_t size, room;
	bool full;
};

static const uint8_t *varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
		*value |= (uint64_t)(*at & 0x7f) << shift;
		if (*at++ < 0x80)
			return at;
	}
	return NULL;
}

/* Is it a message of known fields? */
static bool parse(const uint8_t *at, const uint8_t *end, struct message *m)
{
	m->count = 0;
	while (at < end) {
		uint64_t tag, number;
		struct field *f = &m->fields[m->count];
		f->begin = at;
		at = varint(at, end, &tag);
		if (at == NULL || tag >> 3 == 0 || tag >> 3 > 30 || m->count + 1 == FIELD_MAX)
			return false;
		f->type = (uint32_t)tag & 7;
		f->inner = at;
		size_t left = (size_t)(end - at), size = 0;
		if (f->type == 0) {
			at = varint(at, end, &number);
			if (at == NULL)
				return false;
		} else if (f->type == 2) {
			f->inner = at = varint(at, end, &number);
			if (at == NULL || number > (size_t)(end - at))
				return false;
			at += number;
		} else {
			size = f->type == 1 ? 8 : f->type == 5 ? 4 : SIZE_MAX;
			if (size > left)
				return false;
			at += size;
		}
		f->end = at;
		m->count++;
	}
	return m->count > 0;
}

static void put(struct output *out, const void *data, size_t size)
{
	if (size > out->room - out->size) {
		out->full = true;
		return;
	}
	if (size > 0)
		memcpy(out->data + out->size, data, size);
	out->size += size;
}

static void put_varint(struct output *out, uint64_t value)
{
	do {
		uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		put(out, &byte, 1);
		value >>= 7;
	} while (value != 0);
}

/* The tag of a field, as it stands. */
static void put_tag(struct output *out, const struct field *f)
{
	uint64_t tag;
	const uint8_t *behind = varint(f->begin, f->end, &tag);
	put(out, f->begin, (size_t)(behind - f->begin));
}

static void put_field(struct output *out, const struct field *f)
{
	put(out, f->begin, (size_t)(f->end - f->begin));
}

static void put_other_number(struct output *out, const struct field *f)
{
	static const uint64_t odd[] = {0,          1,
	                               2,          3,
	                               7,          8,
	                               16,         255,
	                               65536,      0x7fffffff,
	                               0x80000000, 0xffffffff,
	                               INT64_MAX,  (uint64_t)1 << 63,
	                               UINT64_MAX, UINT64_MAX - 1};
	uint64_t number;
	varint(f->inner, f->end, &number);
	put_tag(out, f);
	put_varint(out, below(3) == 0   ? number + 1
	                : below(2) == 0 ? number - 1
	                                : odd[below(sizeof odd / sizeof odd[0])]);
}

/* A string of bytes that libFuzzer changes. */
static void put_other_bytes(struct output *out, const struct field *f)
{
	size_t size = (size_t)(f->end - f->inner), room = size + 32;
	uint8_t *copy = malloc(room);
	FUZZ_MUST(copy != NULL);
	memcpy(copy, f->inner, size);
	size = LLVMFuzzerMutate(copy, size, room);
	put_tag(out, f);
	put_varint(out, size);
	put(out, copy, size);
	free(copy);
}

/* Any string of the file, such as a name: so that nodes come to read others. */
static bool put_string_of(struct output *out, const struct field *f, const uint8_t *at,
                          const uint8_t *end)
{
	struct message *m = malloc(sizeof *m);
	bool done = false;
	FUZZ_MUST(m != NULL);
	for (int depth = 0; depth < DEPTH_MAX && !done && parse(at, end, m); depth++) {
		const struct field *from = &m->fields[below(m->count)];
		if (from->type != 2)
			continue;
		at = from->inner;
		end = from->end;
		size_t size = (size_t)(end - at);
		if (size == 0 || size > 40 || below(2) == 0)
			continue;
		put_tag(out, f);
		put_varint(out, size);
		put(out, at, size);
		done = true;
	}
	free(m);
	return done;
}

static void change(struct output *out, const uint8_t *at, const uint8_t *end, const uint8_t *root,
                   const uint8_t *root_end, int depth);

static void change_field(struct output *out, const struct field *f, const uint8_t *root,
                         const uint8_t *root_end, int depth)
{
	struct message *inner = malloc(sizeof *inner);
	FUZZ_MUST(inner != NULL);
	if (f->type == 0) {
		put_other_number(out, f);
	} else if (f->type != 2) {
		put_tag(out, f);
		for (const uint8_t *p = f->inner; p < f->end; p++) {
			uint8_t byte = (uint8_t)(below(4) == 0 ? below(256) : *p);
			put(out, &byte, 1);
		}
	} else if (depth < DEPTH_MAX && parse(f->inner, f->end, inner)) {
		struct output changed = {NULL, 0, (size_t)(f->end - f->inner) + 256, false};
		changed.data = malloc(changed.room);
		FUZZ_MUST(changed.data != NULL);
		change(&changed, f->inner, f->end, root, root_end, depth + 1);
		put_tag(out, f);
		put_varint(out, changed.size);
		put(out, changed.data, changed.size);
		free(changed.data);
	} else if (below(2) == 0 || !put_string_of(out, f, root, root_end)) {
		put_other_bytes(out, f);
	}
	free(inner);
}

/* Writes the message with one of its fields, or what is in it, changed. */
static void change(struct output *out, const uint8_t *at, const uint8_t *end, const uint8_t *root,
                   const uint8_t *root_end, int depth)
{
	struct message *m = malloc(sizeof *m);
	FUZZ_MUST(m != NULL && parse(at, end, m));
	size_t which = below(m->count), other = below(m->count), how = below(12);
	for (size_t i = 0; i < m->count; i++) {
		const struct field *f = &m->fields[i];
		if (i != which && !(how == 2 && i == other)) {
			put_field(out, f);
		} else if (how == 0) {
			continue;
		} else if (how == 1) {
			put_field(out, f);
			put_field(out, &m->fields[other]);
		} else if (how == 2) {
			put_field(out, &m->fields[i == which ? other : which]);
		} else {
			change_field(out, f, root, root_end, depth);
		}
	}
	free(m);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct message *m = malloc(sizeof *m);
	struct output out = {malloc(max_size + 1), 0, max_size, false};
	FUZZ_MUST(m != NULL && out.data != NULL);
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	bool changed = below(3) != 0 && parse(data, data + size, m);
	if (changed)
		change(&out, data, data + size, data, data + size, 0);
	changed = changed && !out.full && out.size > 0;
	if (changed)
		memcpy(data, out.data, out.size);
	free(m);
	free(out.data);
	return changed ? out.size : LLVMFuzzerMutate(data, size, max_size);
}
