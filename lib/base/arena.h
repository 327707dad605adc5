/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_ARENA_H
#define HIDP_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include <hidp/context.h>

struct hidp__arena_chunk;

/*
 * Memory that is freed all at once: a few large chunks, each several times the size of
 * the last, so that building something allocates a handful of times whatever its
 * size. After a failed allocation the arena stays usable.
 */
struct hidp__arena {
	struct hidp_context *ctx;
	struct hidp__arena_chunk *chunks; /* newest first */
	struct hidp__arena_chunk *spare;  /* given up, kept for the next need; or NULL */
	size_t used;                      /* in the newest chunk */
};

/* Where an arena stood; going back gives up what was allocated since. */
struct hidp__arena_mark {
	struct hidp__arena_chunk *chunk;
	size_t used;
};

void hidp__arena_init(struct hidp__arena *arena, struct hidp_context *ctx);
void hidp__arena_destroy(struct hidp__arena *arena);
/* Empties the arena but keeps its largest chunk at hand. */
void hidp__arena_reset(struct hidp__arena *arena);
/* count * size bytes, aligned to 16, not zeroed; NULL without memory or on overflow. */
void *hidp__arena_alloc(struct hidp__arena *arena, size_t count, size_t size);
void *hidp__arena_calloc(struct hidp__arena *arena, size_t count, size_t size);
/* Room for one more element: another *items, twice as large, if count == *capacity. false: no memory. */
bool hidp__arena_room(struct hidp__arena *arena, void **items, size_t count, size_t *capacity,
                      size_t size);
struct hidp__arena_mark hidp__arena_here(const struct hidp__arena *arena);
void hidp__arena_back(struct hidp__arena *arena, struct hidp__arena_mark mark);

#endif
