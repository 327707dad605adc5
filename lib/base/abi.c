/* SPDX-License-Identifier: MIT */
#include "base/abi.h"

#include <string.h>

static uint32_t size_of(const void *p)
{
	uint32_t size;
	memcpy(&size, p, sizeof size);
	return size;
}

hidp_status hidp__abi_read(void *to, size_t own_size, size_t v1_size, const void *from)
{
	size_t size = size_of(from);
	if (size < v1_size)
		return HIDP_ERR_ABI;
	if (size > own_size) {
		const unsigned char *tail = (const unsigned char *)from + own_size;
		for (size_t i = 0; i < size - own_size; i++)
			if (tail[i] != 0)
				return HIDP_ERR_ABI;
		size = own_size;
	}
	memset(to, 0, own_size);
	memcpy(to, from, size);
	return HIDP_OK;
}

hidp_status hidp__abi_write(void *to, size_t v1_size, const void *from, size_t own_size)
{
	uint32_t size = size_of(to);
	if (size < v1_size)
		return HIDP_ERR_ABI;
	memcpy(to, from, size < own_size ? size : own_size);
	if (size > own_size)
		memset((unsigned char *)to + own_size, 0, size - own_size);
	memcpy(to, &size, sizeof size);
	return HIDP_OK;
}

void hidp__abi_init(void *to, size_t struct_size)
{
	uint32_t size = (uint32_t)struct_size;
	memset(to, 0, struct_size);
	memcpy(to, &size, sizeof size);
}
