/* SPDX-License-Identifier: MIT */
#include "run/wire.h"

#include <string.h>

static void put(uint8_t *to, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *from, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

void hidp__wire_write(const struct hidp__wire_header *header, uint8_t bytes[HIDP__WIRE_HEADER])
{
	memset(bytes, 0, HIDP__WIRE_HEADER);
	put(bytes, HIDP__WIRE_MAGIC, 4);
	put(bytes + 4, HIDP__WIRE_VERSION, 2);
	put(bytes + 6, header->type, 2);
	put(bytes + 8, header->plan_id, 8);
	put(bytes + 16, header->request, 8);
	put(bytes + 24, header->route, 4);
	put(bytes + 28, header->message, 4);
	put(bytes + 32, (uint32_t)header->status, 4);
	put(bytes + 40, header->bytes, 8);
}

bool hidp__wire_read(struct hidp__wire_header *header, const uint8_t bytes[HIDP__WIRE_HEADER])
{
	if (get(bytes, 4) != HIDP__WIRE_MAGIC || get(bytes + 4, 2) != HIDP__WIRE_VERSION ||
	    get(bytes + 36, 4) != 0)
		return false;
	header->type = (uint16_t)get(bytes + 6, 2);
	header->plan_id = get(bytes + 8, 8);
	header->request = get(bytes + 16, 8);
	header->route = (uint32_t)get(bytes + 24, 4);
	header->message = (uint32_t)get(bytes + 28, 4);
	uint32_t status = (uint32_t)get(bytes + 32, 4);
	memcpy(&header->status, &status, sizeof status);
	header->bytes = get(bytes + 40, 8);
	return true;
}

uint64_t hidp__wire_left(const struct hidp__wire_reader *reader)
{
	uint64_t left = 0;
	for (size_t i = 0; i < reader->count; i++)
		left += reader->segments[i].size;
	return reader->count != 0 ? left - reader->offset : 0;
}

bool hidp__wire_take(struct hidp__wire_reader *reader, void *to, size_t size)
{
	uint8_t *at = to;
	if (hidp__wire_left(reader) < size)
		return false;
	while (size != 0) {
		const struct hidp_segment *s = reader->segments;
		size_t n = s->size - reader->offset;
		if (n > size)
			n = size;
		if (n != 0)
			memcpy(at, (const uint8_t *)s->data + reader->offset, n);
		at += n;
		size -= n;
		reader->offset += n;
		if (reader->offset == s->size) {
			reader->segments++;
			reader->count--;
			reader->offset = 0;
		}
	}
	return true;
}

bool hidp__wire_converts(hidp_dtype from, hidp_dtype to)
{
	return from == to || (from != HIDP_DTYPE_INT8 && to != HIDP_DTYPE_INT8);
}

static uint32_t bits_of(float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static float float_of(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* IEEE 754 binary16 */
static float from_half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000u) << 16, rest = h & 0x7fffu;
	if (rest >= 0x7c00u) /* infinity, not a number */
		return float_of(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
	if (rest < 0x400u) /* zero and subnormals: multiples of 2^-24 */
		return float_of(sign | bits_of((float)rest * 0x1p-24f));
	return float_of(sign | ((rest << 13) + ((127u - 15u) << 23)));
}

static uint16_t to_half(float value)
{
	uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000u, rest = bits & 0x7fffffffu;
	if (rest > 0x7f800000u)
		return (uint16_t)(sign | 0x7e00u);
	if (rest >= 0x47800000u) /* 65536 and more */
		return (uint16_t)(sign | 0x7c00u);
	if (rest <
	    0x38800000u) /* below 2^-14: adding a power of two rounds to multiples of 2^-24 */
		return (uint16_t)(sign | (bits_of(float_of(rest) + 0.5f) - bits_of(0.5f)));
	rest += 0xfffu + (rest >> 13 & 1u);
	return (uint16_t)(sign | ((rest - ((127u - 15u) << 23)) >> 13));
}

/* bfloat16: the upper half of binary32 */
static uint16_t to_bfloat(float value)
{
	uint32_t bits = bits_of(value);
	if ((bits & 0x7fffffffu) > 0x7f800000u)
		return (uint16_t)(bits >> 16 | 0x40u);
	return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static float load(const void *from, hidp_dtype type, size_t i)
{
	uint16_t half;
	float value;
	if (type == HIDP_DTYPE_FP32) {
		memcpy(&value, (const uint8_t *)from + 4 * i, sizeof value);
		return value;
	}
	memcpy(&half, (const uint8_t *)from + 2 * i, sizeof half);
	return type == HIDP_DTYPE_FP16 ? from_half(half) : float_of((uint32_t)half << 16);
}

void hidp__wire_convert(void *to, hidp_dtype to_type, const void *from, hidp_dtype from_type,
                        size_t count)
{
	for (size_t i = 0; i < count; i++) {
		float value = load(from, from_type, i);
		if (to_type == HIDP_DTYPE_FP32) {
			memcpy((uint8_t *)to + 4 * i, &value, sizeof value);
			continue;
		}
		uint16_t half = to_type == HIDP_DTYPE_FP16 ? to_half(value) : to_bfloat(value);
		memcpy((uint8_t *)to + 2 * i, &half, sizeof half);
	}
}
