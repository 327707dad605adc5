/* SPDX-License-Identifier: MIT */
#include "zmq_priv.h"

static unsigned char *put(unsigned char *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*to++ = (unsigned char)(value >> (8 * i));
	return to;
}

static uint64_t get(const unsigned char **from, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t) * (*from)++ << (8 * i);
	return value;
}

void hidp__zmq_head_write(unsigned char *to, const struct head *head)
{
	to = put(to, head->magic, 4);
	to = put(to, head->from, 2);
	to = put(to, head->to, 2);
	to = put(to, head->life, 8);
	to = put(to, head->number, 8);
	put(to, head->size, 8);
}

void hidp__zmq_head_read(struct head *head, const unsigned char *from)
{
	head->magic = (uint32_t)get(&from, 4);
	head->from = (uint16_t)get(&from, 2);
	head->to = (uint16_t)get(&from, 2);
	head->life = get(&from, 8);
	head->number = get(&from, 8);
	head->size = get(&from, 8);
}
