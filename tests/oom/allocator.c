/* SPDX-License-Identifier: MIT */
#include "allocator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if HIDP_WITH_JSON
#include <jansson.h>
#endif

#define MAGIC_LIVE UINT64_C(0x6c6976652d626c6b)
#define MAGIC_FREE UINT64_C(0x667265652d626c6b)
#define GUARD 32
#define GUARD_BYTE 0x5E
#define FRESH_BYTE 0xCD

/* Precedes the block and its first guard. */
struct record {
	void *raw;
	size_t size;
	size_t alignment;
	uint64_t magic;
};

static void misused(struct allocator *a, const char *how)
{
	if (a->misuses++ == 0)
		a->misuse = how;
}

void allocator_arm(struct allocator *a, uint64_t n, bool fail_on)
{
	a->calls = 0;
	a->failed = 0;
	a->fail_at = n;
	a->fail_on = fail_on;
}

static struct record *record_of(void *block)
{
	return (struct record *)(void *)((unsigned char *)block - GUARD - sizeof(struct record));
}

static void *take(struct allocator *a, size_t size, size_t alignment)
{
	if (size == 0)
		misused(a, "an allocation of 0 bytes");
	if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > 64)
		misused(a, "an alignment that is no power of two up to 64");
	a->calls++;
	if (a->fail_at != 0 && (a->calls == a->fail_at || (a->fail_on && a->calls > a->fail_at))) {
		a->failed++;
		return NULL;
	}
	/* records lie on 64 bytes, blocks therefore too */
	size_t front = 64 * ((sizeof(struct record) + GUARD + 63) / 64);
	if (size > SIZE_MAX - front - GUARD - 64)
		return NULL;
	unsigned char *raw = malloc(front + size + GUARD + 64);
	if (raw == NULL)
		return NULL;
	unsigned char *block = raw + 64 - ((uintptr_t)raw & 63) + front;
	*record_of(block) = (struct record){raw, size, alignment, MAGIC_LIVE};
	memset(block - GUARD, GUARD_BYTE, GUARD);
	memset(block, FRESH_BYTE, size);
	memset(block + size, GUARD_BYTE, GUARD);
	a->live_blocks++;
	a->live_bytes += size;
	if (a->live_bytes > a->peak_bytes)
		a->peak_bytes = a->live_bytes;
	return block;
}

void *allocator_alloc(void *user_data, size_t size, size_t alignment)
{
	struct allocator *a = user_data;
	pthread_mutex_lock(&a->mutex);
	void *block = take(a, size, alignment);
	pthread_mutex_unlock(&a->mutex);
	return block;
}

static bool guarded(const unsigned char *guard)
{
	for (int i = 0; i < GUARD; i++)
		if (guard[i] != GUARD_BYTE)
			return false;
	return true;
}

static void give_back(struct allocator *a, void *pointer, size_t size, size_t alignment)
{
	unsigned char *block = pointer;
	if (pointer == NULL) {
		misused(a, "NULL given back");
		return;
	}
	struct record *r = record_of(pointer);
	if (r->magic != MAGIC_LIVE) {
		misused(a, "something given back that was not allocated, or twice");
		return;
	}
	if (r->size != size)
		misused(a, "a block given back with another size");
	if (r->alignment != alignment)
		misused(a, "a block given back with another alignment");
	if (!guarded(block - GUARD) || !guarded(block + r->size))
		misused(a, "bytes written outside a block");
	r->magic = MAGIC_FREE;
	a->live_blocks--;
	a->live_bytes -= r->size;
	free(r->raw);
}

void allocator_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	struct allocator *a = user_data;
	pthread_mutex_lock(&a->mutex);
	give_back(a, pointer, size, alignment);
	pthread_mutex_unlock(&a->mutex);
}

struct hidp_context *allocator_context(struct allocator *a)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	struct hidp_context *context = NULL;
	options.alloc = allocator_alloc;
	options.free = allocator_free;
	options.alloc_user_data = a;
	return hidp_context_new(&options, &context) == HIDP_OK ? context : NULL;
}

#if HIDP_WITH_JSON
static struct allocator *json_allocator;

/* Jansson expects a malloc, which says in errno that there is no memory. */
static void *json_alloc(size_t size)
{
	void *p = allocator_alloc(json_allocator, size, 16);
	if (p == NULL)
		errno = ENOMEM;
	return p;
}

static void json_free(void *pointer)
{
	if (pointer != NULL)
		allocator_free(json_allocator, pointer, record_of(pointer)->size, 16);
}

void allocator_serve_json(struct allocator *a)
{
	json_allocator = a;
	if (a != NULL)
		json_set_alloc_funcs(json_alloc, json_free);
	else
		json_set_alloc_funcs(malloc, free);
}
#else
void allocator_serve_json(struct allocator *a)
{
	(void)a;
}
#endif
