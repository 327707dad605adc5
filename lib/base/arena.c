/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/context_priv.h"

/* A test sets both to 0: then every allocation is one of the context's, and can fail. */
#ifndef HIDP__ARENA_FIRST_CHUNK
#define HIDP__ARENA_FIRST_CHUNK ((size_t)64 * 1024)
/* More than doubling: all chunks together are then well below twice the last one. Allocators
 * that keep so much of what they get back (glibc's) need not ask the system for it again. */
#define HIDP__ARENA_GROWTH 3
#endif
/* Chunks grow up to here: what a large problem leaves unused of the last one is no matter. */
#define LARGEST_CHUNK ((size_t)4 * 1024 * 1024)
#define ALIGNMENT ((size_t)16)

struct hidp__arena_chunk {
	struct hidp__arena_chunk *older;
	size_t size; /* of data */
	_Alignas(16) unsigned char data[];
};

void hidp__arena_init(struct hidp__arena *arena, struct hidp_context *ctx)
{
	*arena = (struct hidp__arena){.ctx = ctx};
}

/* Gives up chunks down to one to keep; the largest of them stays at hand, so that a
 * loop that marks and goes back does not allocate over and over. */
static void free_until(struct hidp__arena *arena, struct hidp__arena_chunk *keep)
{
	while (arena->chunks != keep) {
		struct hidp__arena_chunk *c = arena->chunks, *gone = c;
		arena->chunks = c->older;
		if (arena->spare == NULL || arena->spare->size < c->size) {
			gone = arena->spare;
			arena->spare = c;
		}
		hidp__free(arena->ctx, gone);
	}
}

void hidp__arena_destroy(struct hidp__arena *arena)
{
	hidp__arena_reset(arena);
	hidp__free(arena->ctx, arena->spare);
	arena->spare = NULL;
}

void hidp__arena_reset(struct hidp__arena *arena)
{
	free_until(arena, NULL);
	arena->used = 0;
}

void *hidp__arena_alloc(struct hidp__arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > (SIZE_MAX / 4) / size)
		return NULL;
	size_t bytes = (count * size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	struct hidp__arena_chunk *c = arena->chunks;
	if (c == NULL || bytes > c->size - arena->used) {
		size_t wanted =
		        c == NULL ? HIDP__ARENA_FIRST_CHUNK : c->size * HIDP__ARENA_GROWTH;
		wanted = wanted < LARGEST_CHUNK ? wanted : LARGEST_CHUNK;
		if (wanted < bytes)
			wanted = bytes;
		struct hidp__arena_chunk *fresh = arena->spare;
		if (fresh != NULL && fresh->size >= bytes) {
			arena->spare = NULL;
		} else {
			fresh = hidp__alloc(arena->ctx, sizeof *fresh + wanted);
			if (fresh == NULL)
				return NULL;
			fresh->size = wanted;
		}
		fresh->older = c;
		arena->chunks = c = fresh;
		arena->used = 0;
	}
	void *p = c->data + arena->used;
	arena->used += bytes;
	return p;
}

void *hidp__arena_calloc(struct hidp__arena *arena, size_t count, size_t size)
{
	void *p = hidp__arena_alloc(arena, count, size);
	if (p != NULL)
		memset(p, 0, count * size);
	return p;
}

bool hidp__arena_room(struct hidp__arena *arena, void **items, size_t count, size_t *capacity,
                      size_t size)
{
	if (count < *capacity)
		return true;
	size_t wanted = *capacity == 0 ? 32 : *capacity * 2;
	void *p = hidp__arena_alloc(arena, wanted, size);
	if (p == NULL)
		return false;
	if (count != 0)
		memcpy(p, *items, count * size);
	*items = p;
	*capacity = wanted;
	return true;
}

struct hidp__arena_mark hidp__arena_here(const struct hidp__arena *arena)
{
	return (struct hidp__arena_mark){arena->chunks, arena->used};
}

void hidp__arena_back(struct hidp__arena *arena, struct hidp__arena_mark mark)
{
	free_until(arena, mark.chunk);
	arena->used = mark.used;
}
