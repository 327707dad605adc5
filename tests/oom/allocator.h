/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_OOM_ALLOCATOR_H
#define HIDP_TESTS_OOM_ALLOCATOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/context.h>

/*
 * An allocator that fails on demand and watches how it is used: every block is
 * given back once, with the size and alignment it was asked for, and nothing is
 * written around it.
 */
struct allocator {
	pthread_mutex_t mutex; /* of all the rest while several threads are at it */
	size_t live_blocks;
	size_t live_bytes;
	size_t peak_bytes;
	uint64_t calls;   /* allocations asked for since the last arming */
	uint64_t fail_at; /* which of them fails, from 1; 0: none */
	bool fail_on;     /* and all after it */
	uint64_t failed;  /* how many did */
	uint64_t misuses;
	const char *misuse; /* the first kind of misuse */
};

/* From now on the nth allocation fails (0: none); with fail_on, all after it too. */
void allocator_arm(struct allocator *a, uint64_t n, bool fail_on);

/* A context whose memory comes from the allocator. */
struct hidp_context *allocator_context(struct allocator *a);

void *allocator_alloc(void *user_data, size_t size, size_t alignment);
void allocator_free(void *user_data, void *pointer, size_t size, size_t alignment);

/*
 * Makes the JSON library use the same allocator: it has one for the whole process,
 * so this names the allocator of the scenario that is running. NULL: the C library's.
 */
void allocator_serve_json(struct allocator *a);

#endif
