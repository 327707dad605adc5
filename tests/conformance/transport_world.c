/* SPDX-License-Identifier: MIT */
#include "transport_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void world_fail(struct world *world, const char *format, ...)
{
	va_list args;
	if (world->error[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(world->error, sizeof world->error, format, args);
	va_end(args);
}

bool world_make(struct world *world, const struct transport_factory *factory,
                const struct stream_plan *plan, unsigned nodes, unsigned absent, bool gaps)
{
	memset(world, 0, sizeof *world);
	world->factory = factory;
	world->plan = plan;
	if (!factory->make(factory->data, nodes, absent, &world->group)) {
		world_fail(world, "the transports cannot be made");
		return false;
	}
	for (unsigned i = 0; i < world->group.local; i++)
		stream_sink_init(&world->sinks[i], plan, world->group.ends[i].node, nodes, gaps);
	return true;
}

void world_meet(struct world *world)
{
	const struct transport_factory *factory = world->factory;
	if (factory->agree != NULL && !factory->agree(factory->data, world->error[0] == '\0'))
		world_fail(world, "another process failed");
}

int world_local(const struct world *world, hidp_node_id node)
{
	for (unsigned i = 0; i < world->group.local; i++)
		if (world->group.ends[i].node == node)
			return (int)i;
	return -1;
}

void world_open(struct world *world, unsigned local)
{
	const struct transport_end *end = &world->group.ends[local];
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	if (end->table->open(end->user_data, stream_receive, &world->sinks[local], &d) != HIDP_OK)
		world_fail(world, "open of node %u: %s: %s", (unsigned)end->node, d.subject,
		           d.message);
	world->open[local] = true;
}

void world_open_all(struct world *world)
{
	for (unsigned i = 0; i < world->group.local; i++)
		world_open(world, i);
	world_meet(world);
}

static void *send_row(void *data)
{
	struct world_sender *sender = data;
	for (unsigned n = sender->begin; n < sender->end; n++) {
		sender->status = stream_send(&sender->source, n);
		if (sender->status != HIDP_OK)
			break;
		sender->sent++;
	}
	return NULL;
}

void world_send(struct world *world, unsigned local, hidp_node_id to, unsigned begin, unsigned end)
{
	for (unsigned row = 0; row < world->plan->rows; row++) {
		struct world_sender *sender = &world->senders[world->sender_count++];
		stream_source_init(&sender->source, world->plan, &world->group.ends[local], to, row,
		                   &world->counts[local]);
		sender->begin = begin;
		sender->end = end;
		pthread_create(&sender->thread, NULL, send_row, sender);
	}
}

void world_send_all(struct world *world)
{
	for (unsigned i = 0; i < world->group.local; i++)
		for (hidp_node_id to = 0; to < world->group.nodes; to++)
			if (to != world->group.ends[i].node)
				world_send(world, i, to, 0, world->plan->messages);
}

void world_join(struct world *world, bool whole)
{
	for (unsigned i = 0; i < world->sender_count; i++) {
		struct world_sender *sender = &world->senders[i];
		if (sender->end == 0)
			continue; /* joined before */
		pthread_join(sender->thread, NULL);
		if (whole && sender->status != HIDP_OK)
			world_fail(world, "send from %u to %u: %s",
			           (unsigned)sender->source.end->node, (unsigned)sender->source.to,
			           hidp_status_string(sender->status));
		sender->end = 0;
	}
}

void world_close(struct world *world, unsigned local)
{
	const struct transport_end *end = &world->group.ends[local];
	end->table->close(end->user_data);
}

void world_stop(struct world *world, unsigned local)
{
	const struct transport_end *end = &world->group.ends[local];
	end->table->stop(end->user_data);
	world->stopped[local] = true;
	struct stream_sink *sink = &world->sinks[local];
	pthread_mutex_lock(&sink->lock);
	sink->over = true;
	if (sink->inside > 0 && sink->error[0] == '\0')
		snprintf(sink->error, sizeof sink->error, "receive runs after stop");
	pthread_mutex_unlock(&sink->lock);
}

static void check_counts(struct world *world, unsigned local)
{
	const struct stream_count *count = &world->counts[local];
	unsigned long long accepted = atomic_load(&count->accepted),
			   done = atomic_load(&count->done), twice = atomic_load(&count->twice),
			   nonsense = atomic_load(&count->nonsense);
	if (accepted != done || twice > 0 || nonsense > 0)
		world_fail(world,
		           "node %u: %llu messages accepted, %llu done, %llu done twice or "
		           "after they failed, %llu with a wrong status",
		           (unsigned)world->group.ends[local].node, accepted, done, twice,
		           nonsense);
	if (world->sinks[local].error[0] != '\0')
		world_fail(world, "node %u: %s", (unsigned)world->group.ends[local].node,
		           world->sinks[local].error);
}

void world_end(struct world *world)
{
	for (unsigned i = 0; i < world->group.local; i++)
		world_close(world, i);
	world_join(world, false);
	for (unsigned i = 0; i < world->group.local; i++)
		if (!world->stopped[i])
			world_stop(world, i);
	for (unsigned i = 0; i < world->group.local; i++)
		check_counts(world, i);
	world->factory->destroy(world->factory->data, &world->group);
	for (unsigned i = 0; i < world->sender_count; i++)
		stream_source_destroy(&world->senders[i].source);
	for (unsigned i = 0; i < world->group.local; i++)
		stream_sink_destroy(&world->sinks[i]);
	world_meet(world);
}
