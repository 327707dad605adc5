/* SPDX-License-Identifier: MIT */
#include "transport.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "transport_world.h"

/* Everybody sends all rows to everybody, and all must arrive. */
static void exchange(struct world *world, const struct transport_factory *factory, unsigned nodes,
                     const struct stream_plan *plan)
{
	if (!world_make(world, factory, plan, nodes, 0, false))
		return;
	world_open_all(world);
	world_send_all(world);
	world_join(world, true);
	for (unsigned i = 0; i < world->group.local; i++)
		for (hidp_node_id from = 0; from < nodes; from++)
			if (from != world->group.ends[i].node)
				stream_wait(&world->sinks[i], from,
				            (uint64_t)plan->rows * plan->messages);
	world_meet(world);
	world_end(world);
}

static void order(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {1, 1, 2000, STREAM_SMALL};
	exchange(world, factory, 3, &plan);
}

static void all_sizes(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {2, 1, 200, STREAM_MIXED};
	exchange(world, factory, 4, &plan);
}

static void large(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {3, 1, 4, STREAM_LARGE};
	exchange(world, factory, 2, &plan);
}

static void many_senders(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {4, STREAM_ROWS_MAX, 60, STREAM_MIXED};
	exchange(world, factory, 3, &plan);
}

static void ignore_done(void *done_data, hidp_status status)
{
	(void)status;
	++*(atomic_uint *)done_data;
}

/* Sends one byte and expects a status. */
static void expect(struct world *world, const struct transport_end *end, hidp_node_id to,
                   size_t count, hidp_status expected)
{
	static const char byte = 1;
	struct hidp_segment segments[HIDP_TRANSPORT_SEGMENTS_MAX + 1];
	atomic_uint done = 0;
	for (size_t i = 0; i < HIDP_TRANSPORT_SEGMENTS_MAX + 1; i++)
		segments[i] = (struct hidp_segment){&byte, 1};
	hidp_status s = end->table->send(end->user_data, to, segments, count, ignore_done, &done);
	if (s != expected)
		world_fail(world, "send of %zu pieces to node %u: %s instead of %s", count,
		           (unsigned)to, hidp_status_string(s), hidp_status_string(expected));
	if (s != HIDP_OK && done > 0)
		world_fail(world, "send failed, and done was called");
}

static void refused(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {5, 1, 1, STREAM_SMALL};
	if (!world_make(world, factory, &plan, 2, 0, false))
		return;
	world_open_all(world);
	for (unsigned i = 0; i < world->group.local; i++) {
		const struct transport_end *end = &world->group.ends[i];
		const struct hidp_transport *table = end->table;
		if (table->struct_size != sizeof *table || table->abi != HIDP_PLUGIN_ABI ||
		    table->name == NULL || table->open == NULL || table->send == NULL ||
		    table->close == NULL || table->stop == NULL)
			world_fail(world, "the table is not complete");
		expect(world, end, end->node, 1, HIDP_ERR_ARGUMENT);
		expect(world, end, 2, 1, HIDP_ERR_ARGUMENT);
		expect(world, end, HIDP_CLUSTER_NODES_MAX, 1, HIDP_ERR_ARGUMENT);
		expect(world, end, UINT32_MAX, 1, HIDP_ERR_ARGUMENT);
		expect(world, end, 1 - end->node, 0, HIDP_ERR_ARGUMENT);
		expect(world, end, 1 - end->node, HIDP_TRANSPORT_SEGMENTS_MAX + 1,
		       HIDP_ERR_ARGUMENT);
	}
	world_meet(world);
	for (unsigned i = 0; i < world->group.local; i++) {
		world_close(world, i);
		world_close(world, i);
		expect(world, &world->group.ends[i], 1 - world->group.ends[i].node, 1,
		       HIDP_ERR_CLOSED);
	}
	world_end(world);
}

/* Answers every message with the same bytes and one more, up to a size. */
struct echo {
	struct world *world;
	const struct transport_end *end;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t size; /* of the last message */
	atomic_uint done;
	unsigned char bytes[256];
};

static void echo_send(struct echo *echo, size_t size)
{
	const struct hidp_segment segment = {echo->bytes, size};
	hidp_status s = echo->end->table->send(echo->end->user_data, 1 - echo->end->node, &segment,
	                                       1, ignore_done, &echo->done);
	if (s != HIDP_OK)
		world_fail(echo->world, "send from receive: %s", hidp_status_string(s));
}

static void echo_receive(void *receiver, hidp_node_id from, const struct hidp_segment *segments,
                         size_t count)
{
	struct echo *echo = receiver;
	size_t size = 0;
	(void)from;
	for (size_t i = 0; i < count; i++)
		size += segments[i].size;
	if (size + 1 < sizeof echo->bytes)
		echo_send(echo, size + 1);
	pthread_mutex_lock(&echo->lock);
	echo->size = size;
	pthread_cond_signal(&echo->changed);
	pthread_mutex_unlock(&echo->lock);
}

static void answers(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {6, 1, 1, STREAM_SMALL};
	static struct echo echoes[2];
	if (!world_make(world, factory, &plan, 2, 0, false))
		return;
	for (unsigned i = 0; i < world->group.local; i++) {
		struct echo *echo = &echoes[i];
		memset(echo, 0, sizeof *echo);
		echo->world = world;
		echo->end = &world->group.ends[i];
		pthread_mutex_init(&echo->lock, NULL);
		pthread_cond_init(&echo->changed, NULL);
		echo->end->table->open(echo->end->user_data, echo_receive, echo, NULL);
	}
	world_meet(world);
	for (unsigned i = 0; i < world->group.local; i++)
		if (echoes[i].end->node == 0)
			echo_send(&echoes[i], 0);
	/* odd sizes go to node 0, the largest is 255; even ones to node 1 */
	for (unsigned i = 0; i < world->group.local; i++) {
		struct echo *echo = &echoes[i];
		size_t last = sizeof echo->bytes - 1 - (echo->end->node == 0 ? 0 : 1);
		struct timespec end;
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += 60;
		pthread_mutex_lock(&echo->lock);
		while (echo->size < last)
			if (pthread_cond_timedwait(&echo->changed, &echo->lock, &end) != 0)
				break;
		if (echo->size < last)
			world_fail(world, "%zu of %zu answers came", echo->size, last);
		pthread_mutex_unlock(&echo->lock);
	}
	world_meet(world);
	world_end(world);
	for (unsigned i = 0; i < world->group.local; i++)
		if (echoes[i].done != sizeof echoes[i].bytes / 2)
			world_fail(world, "%u messages done", echoes[i].done);
}

static void open_late(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {7, 1, 200, STREAM_MIXED};
	if (!world_make(world, factory, &plan, 2, 0, true))
		return;
	int first = world_local(world, 0), second = world_local(world, 1);
	if (first >= 0) {
		world_open(world, (unsigned)first);
		world_send(world, (unsigned)first, 1, 0, 20);
	}
	if (second >= 0)
		world_open(world, (unsigned)second);
	/* what was sent before is lost, came at once, or had to wait */
	world_join(world, true);
	world_meet(world);
	if (first >= 0)
		world_send(world, (unsigned)first, 1, 20, plan.messages);
	world_join(world, true);
	/* those that were sent to an open transport have come */
	if (second >= 0)
		stream_wait(&world->sinks[second], 0, plan.messages - 20);
	world_meet(world);
	world_end(world);
}

static void close_while_sending(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {8, 2, 400, STREAM_MIXED};
	if (!world_make(world, factory, &plan, 3, 0, true))
		return;
	world_open_all(world);
	world_send_all(world);
	int closing = world_local(world, 0);
	if (closing >= 0) {
		stream_wait(&world->sinks[closing], 1, 50);
		world_close(world, (unsigned)closing);
		expect(world, &world->group.ends[closing], 1, 1, HIDP_ERR_CLOSED);
		if (!factory->close_needs_all)
			world_stop(world, (unsigned)closing);
	}
	world_join(world, false);
	/* the others do not mind */
	for (hidp_node_id n = 1; n < 3; n++)
		if (world_local(world, n) >= 0)
			stream_wait(&world->sinks[world_local(world, n)], 3 - n,
			            plan.rows * plan.messages);
	world_meet(world);
	world_end(world);
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void absent_node(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {9, 2, 300, STREAM_MIXED};
	if (!world_make(world, factory, &plan, 3, 1, false))
		return;
	world_open_all(world);
	/* nodes can only be absent where all are in one process */
	world_send(world, 0, 2, 0, plan.messages);
	world_send(world, 1, 2, 0, plan.messages);
	world_send(world, 0, 1, 0, plan.messages);
	world_send(world, 1, 0, 0, plan.messages);
	for (unsigned n = 0; n < 2; n++)
		stream_wait(&world->sinks[n], 1 - n, plan.rows * plan.messages);
	/* some still wait for the absent node: nothing may wait for them */
	double begin = now_s();
	world_end(world);
	double took = now_s() - begin;
	if (took > 10)
		world_fail(world, "closing took %.1f s", took);
}

static void end_at_once(struct world *world, const struct transport_factory *factory)
{
	static const struct stream_plan plan = {10, 1, 20, STREAM_MIXED};
	for (unsigned i = 0; i < 10 && world->error[0] == '\0'; i++) {
		if (!world_make(world, factory, &plan, 3, 0, true))
			return;
		world_open_all(world);
		if (i % 2 > 0)
			world_send_all(world);
		world_end(world);
	}
}

struct conformance_case {
	const char *name;
	void (*run)(struct world *world, const struct transport_factory *factory);
};

static const struct conformance_case cases[] = {
	{"messages of a node come in order", order},
	{"messages of all sizes, in any number of pieces", all_sizes},
	{"large messages in both directions", large},
	{"many threads that send", many_senders},
	{"what cannot be sent", refused},
	{"answers from within receive", answers},
	{"a node that opens late", open_late},
	{"a node that closes while all send", close_while_sending},
	{"a node that is not there", absent_node},
	{"ends as soon as it began", end_at_once},
};

int transport_conformance(const struct transport_factory *factory)
{
	static struct world world;
	const size_t count = sizeof cases / sizeof *cases;
	int failed = 0;
	if (!factory->quiet)
		printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		bool skip = cases[i].run == absent_node && factory->cannot_be_absent;
		world.error[0] = '\0';
		if (!skip)
			cases[i].run(&world, factory);
		failed += world.error[0] != '\0';
		if (!factory->quiet)
			printf("%s %zu - %s: %s%s\n", world.error[0] != '\0' ? "not ok" : "ok",
			       i + 1, factory->name, cases[i].name,
			       skip ? " # SKIP nodes are always there" : "");
		if (world.error[0] != '\0')
			printf("# %s: %s\n", cases[i].name, world.error);
		fflush(stdout);
	}
	return failed > 0;
}
