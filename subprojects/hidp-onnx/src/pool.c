/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN ((size_t)16 << 10)
#define CHUNK_MAX ((size_t)1 << 20)
#define SMALL ((size_t)1 << 10) /* below this, 16 bytes of alignment do */

/* Memory from the C library, zeroed, and never used twice. */
struct chunk {
	struct chunk *older;
	size_t room; /* bytes behind the head */
};

#define HEAD ((sizeof(struct chunk) + 15) / 16 * 16)

void hidp_onnx__pool_init(struct pool *pool, size_t limit)
{
	*pool = (struct pool){ .left = limit };
}

void hidp_onnx__pool_free(struct pool *pool)
{
	while (pool->chunks != NULL) {
		struct chunk *older = pool->chunks->older;
		free(pool->chunks);
		pool->chunks = older;
	}
	pool->used = 0;
}

static struct chunk *new_chunk(size_t room)
{
	struct chunk *chunk = calloc(1, HEAD + room);
	if (chunk != NULL)
		chunk->room = room;
	return chunk;
}

static char *align(char *p, size_t alignment)
{
	return p + (alignment - (uintptr_t)p % alignment) % alignment;
}

/* One that is large has a chunk to itself, behind the newest, which goes on being filled. */
static void *take_large(struct pool *pool, size_t bytes)
{
	struct chunk *chunk = new_chunk(bytes + 64);
	if (chunk == NULL)
		return NULL;
	if (pool->chunks != NULL) {
		chunk->older = pool->chunks->older;
		pool->chunks->older = chunk;
	} else {
		pool->chunks = chunk;
		pool->used = chunk->room;
	}
	return align((char *)chunk + HEAD, 64);
}

/* Makes room for `bytes` in the newest chunk. */
static int grow(struct pool *pool, size_t bytes)
{
	size_t room = pool->chunks == NULL ? CHUNK_MIN : 2 * pool->chunks->room;
	if (room > CHUNK_MAX)
		room = CHUNK_MAX;
	if (room < bytes + 64)
		room = bytes + 64;
	struct chunk *chunk = new_chunk(room);
	if (chunk == NULL)
		return 0;
	chunk->older = pool->chunks;
	pool->chunks = chunk;
	pool->used = 0;
	return 1;
}

void *hidp_onnx__take(struct pool *pool, size_t count, size_t size)
{
	if (size != 0 && count > (SIZE_MAX / 2) / size)
		return NULL;
	size_t bytes = count * size;
	bytes = bytes == 0 ? 16 : (bytes + 15) / 16 * 16;
	if (bytes > pool->left) {
		pool->left = 0;
		return NULL;
	}
	void *memory = NULL;
	if (bytes >= CHUNK_MIN) {
		memory = take_large(pool, bytes);
	} else {
		size_t alignment = bytes < SMALL ? 16 : 64;
		/* what alignment may skip is counted as needed */
		if ((pool->chunks == NULL || pool->chunks->room - pool->used < bytes + 64) &&
		    !grow(pool, bytes))
			return NULL;
		char *begin = (char *)pool->chunks + HEAD;
		char *p = align(begin + pool->used, alignment);
		pool->used = (size_t)(p - begin) + bytes;
		memory = p;
	}
	if (memory != NULL)
		pool->left -= bytes;
	return memory;
}

char *hidp_onnx__copy_text(struct pool *pool, const char *text, size_t length)
{
	char *copy = length == SIZE_MAX ? NULL : hidp_onnx__take(pool, length + 1, 1);
	if (copy != NULL && length > 0)
		memcpy(copy, text, length);
	return copy;
}

char *hidp_onnx__print(struct pool *pool, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = length < 0 ? NULL : hidp_onnx__take(pool, (size_t)length + 1, 1);
	if (text == NULL)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}
