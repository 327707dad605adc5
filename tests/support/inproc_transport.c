/* SPDX-License-Identifier: MIT */
#include "inproc_transport.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rng.h"

#define NODES_MAX 64u

struct parcel {
	struct parcel *next;
	hidp_node_id from;
	uint64_t due_us;
	uint64_t size; /* to deliver */
	unsigned copies;
	hidp_sent_fn done;
	void *done_data;
	size_t count;
	struct hidp_segment segments[]; /* as they were sent */
};

struct node {
	struct inproc_hub *hub;
	hidp_node_id id;
	hidp_receive_fn receive;
	void *receiver;
	pthread_t thread;
	pthread_cond_t changed;
	bool open;
	bool closed;
	struct parcel *inbox;  /* by due time; those of one sender in their order */
	unsigned on_their_way; /* parcels of this node that are not done */
	struct {
		uint64_t sent;
		uint64_t last_due_us;
		bool cut;
	} to[NODES_MAX];
};

struct inproc_hub {
	pthread_mutex_t lock; /* of everything */
	pthread_cond_t done;  /* a parcel is done */
	unsigned nodes;
	uint64_t seed;
	inproc_rule_fn rule;
	void *rule_data;
	bool refusing;
	uint64_t delivered;
	struct node node[NODES_MAX];
};

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

struct inproc_hub *inproc_hub_new(unsigned nodes, uint64_t seed)
{
	struct inproc_hub *hub = calloc(1, sizeof *hub);
	if (hub == NULL || nodes > NODES_MAX)
		abort();
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&hub->lock, NULL);
	pthread_cond_init(&hub->done, NULL);
	hub->nodes = nodes;
	hub->seed = seed;
	for (unsigned n = 0; n < nodes; n++) {
		hub->node[n].hub = hub;
		hub->node[n].id = n;
		pthread_cond_init(&hub->node[n].changed, &attributes);
	}
	pthread_condattr_destroy(&attributes);
	return hub;
}

/* With the lock held, which is released meanwhile: the callback may come back. */
static void finish(struct inproc_hub *hub, struct parcel *parcel, hidp_status status)
{
	struct node *from = &hub->node[parcel->from];
	pthread_mutex_unlock(&hub->lock);
	parcel->done(parcel->done_data, status);
	free(parcel);
	pthread_mutex_lock(&hub->lock);
	from->on_their_way--;
	pthread_cond_broadcast(&hub->done);
}

/* Takes the first parcel of a sender out of an inbox, or NULL. */
static struct parcel *take_from(struct node *node, hidp_node_id from)
{
	for (struct parcel **at = &node->inbox; *at != NULL; at = &(*at)->next)
		if ((*at)->from == from) {
			struct parcel *parcel = *at;
			*at = parcel->next;
			return parcel;
		}
	return NULL;
}

/* Drops what is on its way from a node to another. */
static void drop_parcels(struct inproc_hub *hub, hidp_node_id from, struct node *to,
                         hidp_status status)
{
	struct parcel *parcel;
	while ((parcel = take_from(to, from)) != NULL)
		finish(hub, parcel, status);
}

void inproc_hub_destroy(struct inproc_hub *hub)
{
	/* only what was sent to nodes that never opened is left: their senders have stopped */
	for (unsigned n = 0; n < hub->nodes; n++)
		pthread_cond_destroy(&hub->node[n].changed);
	pthread_cond_destroy(&hub->done);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}

/*
 * Hands over a message, in one to three pieces of a copy that ends where it ends, so that
 * reading past it shows. With the lock held, which is released meanwhile.
 */
static void deliver(struct node *node, struct parcel *parcel)
{
	struct inproc_hub *hub = node->hub;
	pthread_mutex_unlock(&hub->lock);
	unsigned char *copy = malloc(parcel->size > 0 ? parcel->size : 1);
	if (copy == NULL)
		abort();
	uint64_t at = 0;
	for (size_t i = 0; i < parcel->count && at < parcel->size; i++) {
		uint64_t part = parcel->segments[i].size;
		if (part > parcel->size - at)
			part = parcel->size - at;
		if (part > 0)
			memcpy(copy + at, parcel->segments[i].data, part);
		at += part;
	}
	struct hidp_segment segments[3];
	size_t third = parcel->size / 3, count = parcel->size % 3 + 1;
	segments[0] = (struct hidp_segment){copy, count > 1 ? third : parcel->size};
	segments[1] = (struct hidp_segment){copy + third, count > 2 ? 0 : parcel->size - third};
	segments[2] = (struct hidp_segment){copy + third, parcel->size - third};
	for (unsigned i = 0; i < parcel->copies; i++)
		node->receive(node->receiver, parcel->from, segments, count);
	free(copy);
	pthread_mutex_lock(&hub->lock);
	hub->delivered++;
}

static void *run(void *data)
{
	struct node *node = data;
	struct inproc_hub *hub = node->hub;
	pthread_mutex_lock(&hub->lock);
	while (!node->closed) {
		struct parcel *parcel = node->inbox;
		if (parcel == NULL) {
			pthread_cond_wait(&node->changed, &hub->lock);
			continue;
		}
		if (parcel->due_us > now_us()) {
			const struct timespec due = {(time_t)(parcel->due_us / 1000000),
			                             (long)(parcel->due_us % 1000000 * 1000)};
			pthread_cond_timedwait(&node->changed, &hub->lock, &due);
			continue;
		}
		node->inbox = parcel->next;
		deliver(node, parcel);
		finish(hub, parcel, HIDP_OK);
	}
	pthread_mutex_unlock(&hub->lock);
	return NULL;
}

static hidp_status node_open(void *user_data, hidp_receive_fn receive, void *receiver,
                             struct hidp_diagnostic *diagnostic)
{
	struct node *node = user_data;
	(void)diagnostic;
	node->receive = receive;
	node->receiver = receiver;
	if (pthread_create(&node->thread, NULL, run, node) != 0)
		return HIDP_ERR_NOMEM;
	pthread_mutex_lock(&node->hub->lock);
	node->open = true;
	pthread_mutex_unlock(&node->hub->lock);
	return HIDP_OK;
}

static struct parcel *make_parcel(const struct node *node, const struct hidp_segment *segments,
                                  size_t count, hidp_sent_fn done, void *done_data)
{
	struct parcel *parcel = calloc(1, sizeof *parcel + count * sizeof *segments);
	if (parcel == NULL)
		return NULL;
	parcel->from = node->id;
	parcel->copies = 1;
	parcel->done = done;
	parcel->done_data = done_data;
	parcel->count = count;
	memcpy(parcel->segments, segments, count * sizeof *segments);
	for (size_t i = 0; i < count; i++)
		parcel->size += segments[i].size;
	return parcel;
}

/* Decides what becomes of a message, and when. */
static void decide(struct node *node, hidp_node_id to, struct parcel *parcel)
{
	struct inproc_hub *hub = node->hub;
	struct inproc_fate fate = {1, 0, parcel->size};
	const struct inproc_message message = {node->id, to, node->to[to].sent++, parcel->size, 0};
	if (hub->rule != NULL) {
		struct inproc_message random = message;
		struct rng rng;
		rng_seed(&rng, hub->seed ^ message.number << 16 ^ (uint64_t)node->id << 8 ^ to);
		random.random = rng_bits(&rng);
		hub->rule(hub->rule_data, &random, &fate);
	}
	parcel->copies = node->to[to].cut || hub->node[to].closed ? 0 : fate.copies;
	if (fate.size < parcel->size)
		parcel->size = fate.size;
	parcel->due_us = now_us() + fate.delay_us;
	if (parcel->due_us < node->to[to].last_due_us)
		parcel->due_us = node->to[to].last_due_us;
	node->to[to].last_due_us = parcel->due_us;
}

static void put(struct node *node, struct parcel *parcel)
{
	struct parcel **at = &node->inbox;
	while (*at != NULL && (*at)->due_us <= parcel->due_us)
		at = &(*at)->next;
	parcel->next = *at;
	*at = parcel;
	pthread_cond_signal(&node->changed);
}

static hidp_status node_send(void *user_data, hidp_node_id to, const struct hidp_segment *segments,
                             size_t count, hidp_sent_fn done, void *done_data)
{
	struct node *node = user_data;
	struct inproc_hub *hub = node->hub;
	if (to >= hub->nodes || to == node->id || count == 0 || count > HIDP_TRANSPORT_SEGMENTS_MAX)
		return HIDP_ERR_ARGUMENT;
	struct parcel *parcel = make_parcel(node, segments, count, done, done_data);
	if (parcel == NULL)
		return HIDP_ERR_NOMEM;
	pthread_mutex_lock(&hub->lock);
	hidp_status s = HIDP_OK;
	if (node->closed)
		s = HIDP_ERR_CLOSED;
	else if (hub->refusing && node->to[to].cut)
		s = HIDP_ERR_TRANSPORT;
	if (s != HIDP_OK) {
		pthread_mutex_unlock(&hub->lock);
		free(parcel);
		return s;
	}
	decide(node, to, parcel);
	node->on_their_way++;
	if (parcel->copies > 0)
		put(&hub->node[to], parcel);
	else
		finish(hub, parcel, HIDP_OK);
	pthread_mutex_unlock(&hub->lock);
	return HIDP_OK;
}

static void node_close(void *user_data)
{
	struct node *node = user_data;
	pthread_mutex_lock(&node->hub->lock);
	node->closed = true;
	pthread_cond_signal(&node->changed);
	pthread_mutex_unlock(&node->hub->lock);
}

static void node_stop(void *user_data)
{
	struct node *node = user_data;
	struct inproc_hub *hub = node->hub;
	if (node->open)
		pthread_join(node->thread, NULL);
	pthread_mutex_lock(&hub->lock);
	for (unsigned n = 0; n < hub->nodes; n++) {
		drop_parcels(hub, node->id, &hub->node[n], HIDP_ERR_CLOSED);
		drop_parcels(hub, n, node, HIDP_OK);
	}
	/* what others deliver right now */
	while (node->on_their_way > 0)
		pthread_cond_wait(&hub->done, &hub->lock);
	pthread_mutex_unlock(&hub->lock);
}

static const struct hidp_transport transport = {
	.struct_size = sizeof(struct hidp_transport),
	.abi = HIDP_PLUGIN_ABI,
	.name = "inproc",
	.open = node_open,
	.send = node_send,
	.close = node_close,
	.stop = node_stop,
};

const struct hidp_transport *inproc_transport(void)
{
	return &transport;
}

void *inproc_node(struct inproc_hub *hub, hidp_node_id node)
{
	return &hub->node[node];
}

void inproc_set_rule(struct inproc_hub *hub, inproc_rule_fn rule, void *rule_data)
{
	pthread_mutex_lock(&hub->lock);
	hub->rule = rule;
	hub->rule_data = rule_data;
	pthread_mutex_unlock(&hub->lock);
}

void inproc_rule_by_chance(void *rule_data, const struct inproc_message *message,
                           struct inproc_fate *fate)
{
	const struct inproc_chances *chances = rule_data;
	struct rng rng;
	rng_seed(&rng, message->random);
	/* all are drawn, so that one chance does not change what comes of the others */
	bool drop = rng_chance(&rng, chances->drop);
	bool duplicate = rng_chance(&rng, chances->duplicate);
	bool delay = rng_chance(&rng, chances->delay);
	unsigned delay_us = (unsigned)rng_below(&rng, (uint64_t)chances->delay_us_max + 1);
	bool cut = rng_chance(&rng, chances->cut);
	uint64_t size = rng_below(&rng, message->size + 1);
	fate->copies = drop ? 0 : duplicate ? 2 : 1;
	fate->delay_us = delay ? delay_us : 0;
	if (cut)
		fate->size = size;
}

void inproc_set_link(struct inproc_hub *hub, hidp_node_id from, hidp_node_id to, bool whole)
{
	pthread_mutex_lock(&hub->lock);
	hub->node[from].to[to].cut = !whole;
	if (!whole)
		drop_parcels(hub, from, &hub->node[to], HIDP_OK);
	pthread_mutex_unlock(&hub->lock);
}

void inproc_set_node(struct inproc_hub *hub, hidp_node_id node, bool alive)
{
	for (unsigned n = 0; n < hub->nodes; n++)
		if (n != node) {
			inproc_set_link(hub, node, n, alive);
			inproc_set_link(hub, n, node, alive);
		}
}

void inproc_set_refusing(struct inproc_hub *hub, bool refusing)
{
	pthread_mutex_lock(&hub->lock);
	hub->refusing = refusing;
	pthread_mutex_unlock(&hub->lock);
}

uint64_t inproc_delivered(struct inproc_hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	uint64_t delivered = hub->delivered;
	pthread_mutex_unlock(&hub->lock);
	return delivered;
}
