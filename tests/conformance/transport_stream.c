/* SPDX-License-Identifier: MIT */
#include "transport_stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rng.h"

#define WAIT_S 120

/* The generator of one message. */
static void message_rng(struct rng *rng, const struct stream_plan *plan, hidp_node_id from,
                        hidp_node_id to, unsigned row, uint64_t number)
{
	rng_seed(rng, plan->seed ^ number << 20 ^ (uint64_t)from << 16 ^ (uint64_t)to << 8 ^ row);
}

static size_t mixed_size(struct rng *rng)
{
	static const size_t edges[] = {33,        255,        4096,       8192,       32768,
	                               65536 - 1, 128u << 10, 128u << 10, 128u << 10, 256u << 10};
	switch (rng_below(rng, 4)) {
	case 0:
		return 0;
	case 1:
		return rng_below(rng, 200);
	case 2: /* around what is an edge for somebody */
		return edges[rng_below(rng, sizeof edges / sizeof *edges)] + rng_below(rng, 130) -
		       32;
	default:
		return rng_below(rng, 64u << 10);
	}
}

/* Draws the size; all rows but the last need a head to be told apart. */
static size_t message_size(struct rng *rng, const struct stream_plan *plan, unsigned row)
{
	size_t size = 0;
	switch (plan->sizes) {
	case STREAM_SMALL:
		size = rng_below(rng, 400);
		break;
	case STREAM_MIXED:
		size = mixed_size(rng);
		break;
	case STREAM_LARGE:
		size = (4u << 20) + rng_below(rng, 20u << 20);
		break;
	}
	return row + 1 < plan->rows && size < STREAM_HEAD ? STREAM_HEAD : size;
}

static uint64_t word_at(uint64_t key, size_t index)
{
	uint64_t z = key + index * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
	return z ^ (z >> 32);
}

/* The bytes of a message: head, then numbers that depend on the key and the place. */
static void fill(unsigned char *data, size_t size, uint64_t key, unsigned row, uint64_t number)
{
	uint64_t head[2] = {row, number};
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word =
			size >= STREAM_HEAD && i < STREAM_HEAD ? head[i / 8] : word_at(key, i / 8);
		memcpy(data + i, &word, size - i < 8 ? size - i : 8);
	}
}

/* Copies size bytes at offset of a message in pieces. */
static void gather(unsigned char *to, const struct hidp_segment *segments, size_t count,
                   size_t offset, size_t size)
{
	for (size_t i = 0; i < count && size > 0; i++) {
		if (offset >= segments[i].size) {
			offset -= segments[i].size;
			continue;
		}
		size_t part = segments[i].size - offset < size ? segments[i].size - offset : size;
		memcpy(to, (const unsigned char *)segments[i].data + offset, part);
		to += part;
		size -= part;
		offset = 0;
	}
}

void stream_sink_init(struct stream_sink *sink, const struct stream_plan *plan, hidp_node_id node,
                      unsigned nodes, bool gaps)
{
	memset(sink, 0, sizeof *sink);
	sink->plan = plan;
	sink->node = node;
	sink->nodes = nodes;
	sink->gaps = gaps;
	pthread_mutex_init(&sink->lock, NULL);
	pthread_cond_init(&sink->changed, NULL);
}

void stream_sink_destroy(struct stream_sink *sink)
{
	pthread_cond_destroy(&sink->changed);
	pthread_mutex_destroy(&sink->lock);
}

static void fail(struct stream_sink *sink, const char *format, va_list args)
{
	if (sink->error[0] == '\0')
		vsnprintf(sink->error, sizeof sink->error, format, args);
	pthread_cond_broadcast(&sink->changed);
}

/* With the lock held. */
__attribute__((format(printf, 2, 3))) static void fail_locked(struct stream_sink *sink,
                                                              const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail(sink, format, args);
	va_end(args);
}

void stream_sink_fail(struct stream_sink *sink, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	pthread_mutex_lock(&sink->lock);
	fail(sink, format, args);
	pthread_mutex_unlock(&sink->lock);
	va_end(args);
}

/* Are these the bytes of that message? */
static bool same_bytes(const struct hidp_segment *segments, size_t count, size_t size, uint64_t key,
                       unsigned row, uint64_t number)
{
	unsigned char *expected = malloc(size + 8), *actual = malloc(size + 8);
	if (expected == NULL || actual == NULL)
		abort();
	fill(expected, size, key, row, number);
	gather(actual, segments, count, 0, size);
	bool same = memcmp(expected, actual, size) == 0;
	free(expected);
	free(actual);
	return same;
}

static void check_message(struct stream_sink *sink, hidp_node_id from,
                          const struct hidp_segment *segments, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += segments[i].size;
	uint64_t head[2] = {sink->plan->rows - 1, sink->next[from][sink->plan->rows - 1]};
	if (size >= STREAM_HEAD)
		gather((unsigned char *)head, segments, count, 0, STREAM_HEAD);
	if (head[0] >= sink->plan->rows || head[1] >= sink->plan->messages) {
		fail_locked(sink, "from %u: row %llu, number %llu, %zu bytes", (unsigned)from,
		            (unsigned long long)head[0], (unsigned long long)head[1], size);
		return;
	}
	unsigned row = (unsigned)head[0];
	uint64_t *next = &sink->next[from][row];
	if (sink->gaps && size < STREAM_HEAD)
		return; /* nothing tells which one it is */
	if (sink->gaps ? head[1] < *next : head[1] != *next) {
		fail_locked(sink, "from %u, row %u: number %llu, expected %llu", (unsigned)from,
		            row, (unsigned long long)head[1], (unsigned long long)*next);
		return;
	}
	struct rng rng;
	message_rng(&rng, sink->plan, from, sink->node, row, head[1]);
	size_t expected = message_size(&rng, sink->plan, row);
	if (size != expected || !same_bytes(segments, count, size, rng_bits(&rng), row, head[1])) {
		fail_locked(sink, "from %u, row %u, number %llu: %zu bytes, expected %zu or others",
		            (unsigned)from, row, (unsigned long long)head[1], size, expected);
		return;
	}
	*next = head[1] + 1;
}

void stream_receive(void *receiver, hidp_node_id from, const struct hidp_segment *segments,
                    size_t count)
{
	struct stream_sink *sink = receiver;
	pthread_mutex_lock(&sink->lock);
	if (sink->over)
		fail_locked(sink, "from %u: a message after stop", (unsigned)from);
	if (sink->inside++ > 0)
		fail_locked(sink, "from %u: receive is called twice at a time", (unsigned)from);
	if (count == 0)
		fail_locked(sink, "from %u: no pieces", (unsigned)from);
	if (from >= sink->nodes || from == sink->node)
		fail_locked(sink, "a message from node %u", (unsigned)from);
	else
		check_message(sink, from, segments, count);
	/* so that a second call would find this one here */
	pthread_mutex_unlock(&sink->lock);
	pthread_mutex_lock(&sink->lock);
	sink->inside--;
	if (from < sink->nodes)
		sink->received[from]++;
	pthread_cond_broadcast(&sink->changed);
	pthread_mutex_unlock(&sink->lock);
}

bool stream_wait(struct stream_sink *sink, hidp_node_id from, uint64_t messages)
{
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WAIT_S;
	pthread_mutex_lock(&sink->lock);
	while (sink->received[from] < messages && sink->error[0] == '\0')
		if (pthread_cond_timedwait(&sink->changed, &sink->lock, &end) == ETIMEDOUT)
			fail_locked(sink, "%llu of %llu messages came from %u",
			            (unsigned long long)sink->received[from],
			            (unsigned long long)messages, (unsigned)from);
	bool ok = sink->error[0] == '\0';
	pthread_mutex_unlock(&sink->lock);
	return ok;
}

struct ticket {
	struct stream_count *count;
	unsigned char *data; /* of the message; NULL when it is done */
	size_t size;
	atomic_uint done;
};

struct stream_tickets {
	unsigned count;
	struct ticket tickets[];
};

void stream_source_init(struct stream_source *source, const struct stream_plan *plan,
                        const struct transport_end *end, hidp_node_id to, unsigned row,
                        struct stream_count *count)
{
	struct stream_tickets *tickets =
		calloc(1, sizeof *tickets + plan->messages * sizeof tickets->tickets[0]);
	if (tickets == NULL)
		abort();
	tickets->count = plan->messages;
	*source = (struct stream_source){plan, end, to, row, count, tickets};
}

void stream_source_destroy(struct stream_source *source)
{
	for (unsigned i = 0; i < source->tickets->count; i++)
		free(source->tickets->tickets[i].data);
	free(source->tickets);
}

static void sent(void *done_data, hidp_status status)
{
	struct ticket *ticket = done_data;
	if (status != HIDP_OK && status != HIDP_ERR_CLOSED)
		atomic_fetch_add(&ticket->count->nonsense, 1);
	if (atomic_fetch_add(&ticket->done, 1) > 0) {
		atomic_fetch_add(&ticket->count->twice, 1);
		return;
	}
	/* the receiver must not get to see this */
	memset(ticket->data, 0xee, ticket->size);
	free(ticket->data);
	ticket->data = NULL;
	atomic_fetch_add(&ticket->count->done, 1);
}

/* Cuts a message at random, also into empty pieces; as often as not into a small head and one. */
static size_t cut(struct rng *rng, const unsigned char *data, size_t size,
                  struct hidp_segment segments[HIDP_TRANSPORT_SEGMENTS_MAX])
{
	size_t count = 0, begin = 0;
	size_t pieces = rng_chance(rng, 50) ? 2 : 1 + rng_below(rng, HIDP_TRANSPORT_SEGMENTS_MAX);
	while (count + 1 < pieces && begin < size) {
		size_t most = count == 0 ? 64 : 2 * (size - begin) / (pieces - count);
		size_t part = rng_chance(rng, 10) ? 0 : rng_below(rng, most + 1);
		if (part > size - begin)
			part = size - begin;
		segments[count].data = part > 0 ? data + begin : NULL;
		segments[count++].size = part;
		begin += part;
	}
	segments[count].data = data + begin;
	segments[count++].size = size - begin;
	return count;
}

hidp_status stream_send(struct stream_source *source, unsigned number)
{
	struct ticket *ticket = &source->tickets->tickets[number];
	struct rng rng;
	message_rng(&rng, source->plan, source->end->node, source->to, source->row, number);
	ticket->count = source->count;
	ticket->size = message_size(&rng, source->plan, source->row);
	ticket->data = malloc(ticket->size + 8);
	if (ticket->data == NULL)
		abort();
	fill(ticket->data, ticket->size, rng_bits(&rng), source->row, number);
	struct hidp_segment segments[HIDP_TRANSPORT_SEGMENTS_MAX];
	size_t count = cut(&rng, ticket->data, ticket->size, segments);
	hidp_status s = source->end->table->send(source->end->user_data, source->to, segments,
	                                         count, sent, ticket);
	/* what the list of pieces says must not matter any more */
	memset(segments, 0xee, sizeof segments);
	if (s == HIDP_OK) {
		atomic_fetch_add(&source->count->accepted, 1);
		return s;
	}
	if (atomic_load(&ticket->done) > 0)
		atomic_fetch_add(&source->count->twice, 1);
	free(ticket->data);
	ticket->data = NULL;
	return s;
}
