/* SPDX-License-Identifier: MIT */
/*
 * Finds a place for every buffer in the block of a request: the largest first, each at
 * the smallest gap that those leave which are in use at the same time.
 */
#include <stdlib.h>
#include <string.h>

#include "run/programs_priv.h"

/* When a buffer is in use: from its first access to its last, both included. */
struct life {
	uint32_t begin, end; /* times */
	/* the task and calls if all uses at that time are one task's, else HIDP_TASK_NONE */
	uint32_t begin_task, begin_call;
	uint32_t end_task, end_call;
};

static struct life life_of(const struct hidp__accesses *a)
{
	struct life f = {.begin = a->items[0].time,
	                 .end = a->items[a->count - 1].time,
	                 .begin_task = a->items[0].task,
	                 .begin_call = a->items[0].call,
	                 .end_task = a->items[a->count - 1].task};
	for (size_t i = 0; i < a->count; i++) {
		const struct hidp__access *x = &a->items[i];
		if (x->time == f.begin) {
			if (x->task != f.begin_task)
				f.begin_task = HIDP_TASK_NONE;
			if (x->call < f.begin_call)
				f.begin_call = x->call;
		}
		if (x->time == f.end) {
			if (x->task != f.end_task)
				f.end_task = HIDP_TASK_NONE;
			if (x->call > f.end_call)
				f.end_call = x->call;
		}
	}
	return f;
}

/* Is the last use of a over before the first of b? Within a task, calls follow each other. */
static bool over_before(const struct life *a, const struct life *b)
{
	if (a->end != b->begin)
		return a->end < b->begin;
	return a->end_task != HIDP_TASK_NONE && a->end_task == b->begin_task &&
	       a->end_call < b->begin_call;
}

static bool together(const struct life *a, const struct life *b)
{
	return !over_before(a, b) && !over_before(b, a);
}

struct placing {
	struct hidp_programs *programs;
	struct life *lives; /* [buffer] */
	uint32_t *order;    /* [buffer] */
	uint32_t *placed;   /* buffers in the way of the next one, by offset */
};

static uint64_t aligned(uint64_t bytes)
{
	return (bytes + HIDP_BUFFER_ALIGNMENT - 1) / HIDP_BUFFER_ALIGNMENT * HIDP_BUFFER_ALIGNMENT;
}

/* The smallest gap that holds it between those that are in the way. */
static uint64_t find_gap(const struct placing *p, uint32_t count, uint64_t bytes)
{
	uint64_t best = 0, best_size = UINT64_MAX, at = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct hidp__buffer *b = &p->programs->buffers[p->placed[i]];
		if (b->offset > at && b->offset - at >= bytes && b->offset - at < best_size) {
			best = at;
			best_size = b->offset - at;
		}
		if (aligned(b->offset + b->bytes) > at)
			at = aligned(b->offset + b->bytes);
	}
	return best_size != UINT64_MAX ? best : at;
}

/* Places the buffers in the given order; returns the size of the block. */
static uint64_t place_in_order(struct placing *p)
{
	struct hidp_programs *programs = p->programs;
	uint64_t size = 0;
	for (uint32_t i = 0; i < programs->buffer_count; i++) {
		struct hidp__buffer *b = &programs->buffers[p->order[i]];
		uint32_t count = 0;
		for (uint32_t j = 0; j < i; j++) {
			uint32_t other = p->order[j], k;
			if (!together(&p->lives[p->order[i]], &p->lives[other]))
				continue;
			for (k = count++; k > 0 && programs->buffers[p->placed[k - 1]].offset >
			                                   programs->buffers[other].offset;
			     k--)
				p->placed[k] = p->placed[k - 1];
			p->placed[k] = other;
		}
		b->offset = find_gap(p, count, b->bytes);
		if (b->offset + b->bytes > size)
			size = b->offset + b->bytes;
	}
	return aligned(size);
}

/* A buffer at one time: the task whose alone it is, and during which of its calls. */
struct stay {
	uint32_t task; /* HIDP_TASK_NONE: it is in use all the time */
	uint32_t first, last;
};

static struct stay stay_of(const struct life *f, uint32_t time)
{
	struct stay s = {HIDP_TASK_NONE, 0, UINT32_MAX};
	if (f->begin == time) {
		s.task = f->begin_task;
		s.first = f->begin_call;
	}
	if (f->end == time) {
		s.task = f->end_task;
		s.last = f->end_call;
	}
	return s;
}

/* The most that is in use at a time: of each task, at its busiest call. */
static uint64_t live_at(const struct placing *p, uint32_t time)
{
	const struct hidp__buffer *buffers = p->programs->buffers;
	uint32_t count = 0;
	uint64_t live = 0;
	for (uint32_t i = 0; i < p->programs->buffer_count; i++) {
		if (p->lives[i].begin > time || p->lives[i].end < time)
			continue;
		if (stay_of(&p->lives[i], time).task == HIDP_TASK_NONE)
			live += buffers[i].bytes;
		else
			p->placed[count++] = i;
	}
	while (count != 0) {
		/* those of the first one's task: the peak is where one of them comes into use */
		uint32_t task = stay_of(&p->lives[p->placed[0]], time).task, others = 0;
		uint64_t peak = 0;
		for (uint32_t i = 0; i < count; i++) {
			struct stay a = stay_of(&p->lives[p->placed[i]], time);
			uint64_t sum = 0;
			for (uint32_t j = 0; j < count && a.task == task; j++) {
				struct stay b = stay_of(&p->lives[p->placed[j]], time);
				if (b.task == task && b.first <= a.first && b.last >= a.first)
					sum += buffers[p->placed[j]].bytes;
			}
			peak = sum > peak ? sum : peak;
		}
		for (uint32_t i = 0; i < count; i++)
			if (stay_of(&p->lives[p->placed[i]], time).task != task)
				p->placed[others++] = p->placed[i];
		count = others;
		live += peak;
	}
	return live;
}

/* The most that is in use at once: it rises only when a buffer comes into use. */
static uint64_t most_live(const struct placing *p)
{
	uint64_t most = 0;
	for (uint32_t i = 0; i < p->programs->buffer_count; i++) {
		uint32_t time = p->lives[p->order[i]].begin;
		if (i != 0 && p->lives[p->order[i - 1]].begin == time)
			continue;
		uint64_t live = live_at(p, time);
		most = live > most ? live : most;
	}
	return most;
}

/* Bytes of the block, and the buffer that had them last. */
struct tenant {
	uint64_t begin, end;
	uint32_t buffer;
};

struct tenants {
	struct tenant *items;
	size_t count, capacity;
};

/* Who writes to b waits for all who use a. */
static bool wait_for(const struct hidp__accesses *a, const struct hidp__accesses *b,
                     struct hidp__waits *waits, struct hidp__arena *arena)
{
	for (size_t i = 0; i < b->count; i++) {
		if (!b->items[i].writes || b->items[i].task == HIDP_TASK_NONE)
			continue;
		for (size_t j = 0; j < a->count; j++) {
			if (a->items[j].task == HIDP_TASK_NONE ||
			    a->items[j].task == b->items[i].task)
				continue;
			if (!hidp__arena_room(arena, (void **)&waits->items, waits->count,
			                      &waits->capacity, sizeof *waits->items))
				return false;
			waits->items[waits->count++] =
				(struct hidp__wait){b->items[i].task, a->items[j].task};
		}
	}
	return true;
}

static bool add_tenant(struct tenants *set, uint64_t begin, uint64_t end, uint32_t buffer,
                       struct hidp__arena *arena)
{
	if (begin >= end)
		return true;
	if (!hidp__arena_room(arena, (void **)&set->items, set->count, &set->capacity,
	                      sizeof *set->items))
		return false;
	set->items[set->count++] = (struct tenant){begin, end, buffer};
	return true;
}

/* Buffers in order of time: each waits for those whose bytes it takes over. */
static bool wait_for_tenants(const struct placing *p, const struct hidp__accesses *accesses,
                             struct hidp__waits *waits, struct hidp__arena *arena)
{
	struct tenants now = {.count = 0}, next = {.count = 0};
	for (uint32_t i = 0; i < p->programs->buffer_count; i++) {
		uint32_t number = p->order[i];
		const struct hidp__buffer *b = &p->programs->buffers[number];
		uint64_t begin = b->offset, end = b->offset + b->bytes;
		next.count = 0;
		for (size_t k = 0; k < now.count; k++) {
			struct tenant t = now.items[k];
			bool touched = t.begin < end && begin < t.end;
			if (touched &&
			    !wait_for(&accesses[t.buffer], &accesses[number], waits, arena))
				return false;
			/* what is left of it, before and behind */
			if (!add_tenant(&next, t.begin, touched ? begin : t.end, t.buffer, arena) ||
			    (touched && !add_tenant(&next, end, t.end, t.buffer, arena)))
				return false;
		}
		if (!add_tenant(&next, begin, end, number, arena))
			return false;
		struct tenants old = now;
		now = next;
		next = old;
	}
	return true;
}

struct key {
	uint64_t first, second;
	uint32_t buffer;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return x->buffer < y->buffer ? -1 : x->buffer > y->buffer;
}

enum order { BY_SIZE, BY_TIME };

static void sort(struct placing *p, enum order order, struct key *keys)
{
	uint32_t count = p->programs->buffer_count;
	for (uint32_t i = 0; i < count; i++) {
		const struct life *f = &p->lives[i];
		uint64_t time = (uint64_t)f->begin << 32 | f->begin_call;
		keys[i] = (struct key){time, 0, i};
		if (order == BY_SIZE)
			keys[i] = (struct key){UINT64_MAX - p->programs->buffers[i].bytes, time, i};
	}
	if (count != 0)
		qsort(keys, count, sizeof *keys, compare_keys);
	for (uint32_t i = 0; i < count; i++)
		p->order[i] = keys[i].buffer;
}

hidp_status hidp__buffers_place(struct hidp_programs *programs,
                                const struct hidp__accesses *accesses, struct hidp__waits *waits,
                                struct hidp__arena *scratch)
{
	struct placing p = {.programs = programs};
	size_t count = (size_t)programs->buffer_count + 1;
	uint64_t sum = 0;
	struct key *keys = hidp__arena_alloc(scratch, count, sizeof *keys);
	p.lives = hidp__arena_alloc(scratch, count, sizeof *p.lives);
	p.order = hidp__arena_alloc(scratch, count, sizeof *p.order);
	p.placed = hidp__arena_alloc(scratch, count, sizeof *p.placed);
	if (keys == NULL || p.lives == NULL || p.order == NULL || p.placed == NULL)
		return HIDP_ERR_NOMEM;
	for (uint32_t i = 0; i < programs->buffer_count; i++) {
		p.lives[i] = life_of(&accesses[i]);
		if (__builtin_add_overflow(sum, aligned(programs->buffers[i].bytes), &sum) ||
		    sum > SIZE_MAX / 2)
			return HIDP_ERR_LIMIT;
	}
	/* neither order is always the better one */
	sort(&p, BY_TIME, keys);
	uint64_t by_time = place_in_order(&p);
	sort(&p, BY_SIZE, keys);
	programs->memory_bytes = place_in_order(&p);
	if (by_time < programs->memory_bytes) {
		sort(&p, BY_TIME, keys);
		programs->memory_bytes = place_in_order(&p);
	}
	if (programs->buffer_count > 0)
		programs->memory_bytes += HIDP_BUFFER_TAIL;
	sort(&p, BY_TIME, keys);
	programs->live_bytes = most_live(&p);
	return wait_for_tenants(&p, accesses, waits, scratch) ? HIDP_OK : HIDP_ERR_NOMEM;
}
