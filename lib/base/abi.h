/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_ABI_H
#define HIDP_BASE_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/status.h>

/*
 * Growable structs begin with a struct_size that the caller sets. Reading one
 * copies it to a local struct of our own size: what an older caller does not have
 * reads as zero, what a newer caller has and we do not know must be zero.
 */

/* Copies *from into to[own_size]; v1_size is the size in the first release. */
hidp_status hidp__abi_read(void *to, size_t own_size, size_t v1_size, const void *from);

/* Copies as much of from[own_size] into *to as the caller's struct_size allows. */
hidp_status hidp__abi_write(void *to, size_t v1_size, const void *from, size_t own_size);

/* Sets a caller's struct of struct_size bytes to zero, but for that first field. */
void hidp__abi_init(void *to, size_t struct_size);

/* Is the member inside the struct that the caller knows, and not NULL? */
#define HIDP__HAS(table, member)                                                                   \
	((table)->struct_size >=                                                                   \
	         offsetof(__typeof__(*(table)), member) + sizeof((table)->member) &&               \
	 (table)->member != NULL)

#endif
