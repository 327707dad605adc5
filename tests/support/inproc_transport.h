/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_INPROC_TRANSPORT_H
#define HIDP_TESTS_INPROC_TRANSPORT_H

#include <stdbool.h>

#include <hidp/plugin/transport.h>

/*
 * A transport between nodes of one process, for tests: every node has a thread that delivers.
 * Pieces are not copied when they are sent but when they are delivered, so that memory which
 * is used again too early shows. What happens to a message can be chosen; with the same seed
 * the same happens, whatever the threads do.
 *
 * Thread safety: all functions but new and destroy, any thread, any time.
 */

struct inproc_hub;

/* A message that was sent, as a rule sees it. */
struct inproc_message {
	hidp_node_id from;
	hidp_node_id to;
	uint64_t number; /* from 0, counts messages from this node to that one */
	uint64_t size;   /* bytes */
	uint64_t random; /* depends on the seed, the nodes and the number, and on nothing else */
};

/* What becomes of it. */
struct inproc_fate {
	unsigned copies;   /* 0: lost; 2: comes twice, which transports must not do */
	unsigned delay_us; /* later by so much; messages that follow are not sooner */
	uint64_t size;     /* cut to so many bytes, which transports must not do */
};

/*
 * Decides on each message; called with the hub locked, on the thread that sends. *fate is
 * preset to arrive whole, once and at once.
 */
typedef void (*inproc_rule_fn)(void *rule_data, const struct inproc_message *message,
                               struct inproc_fate *fate);

/* A hub for nodes 0 to nodes - 1, at most 64. */
struct inproc_hub *inproc_hub_new(unsigned nodes, uint64_t seed);
/* All nodes that were opened have been stopped. */
void inproc_hub_destroy(struct inproc_hub *hub);

/* The entries for every node, and the node's pointer to go with it. */
const struct hidp_transport *inproc_transport(void);
void *inproc_node(struct inproc_hub *hub, hidp_node_id node);

/* From now on a rule decides; NULL: none. */
void inproc_set_rule(struct inproc_hub *hub, inproc_rule_fn rule, void *rule_data);

/* Chances in percent, for a rule that needs nothing more: its rule_data. */
struct inproc_chances {
	unsigned drop;
	unsigned duplicate;
	unsigned delay;
	unsigned delay_us_max;
	unsigned cut;
};
void inproc_rule_by_chance(void *chances, const struct inproc_message *message,
                           struct inproc_fate *fate);

/*
 * Cuts or mends the link from a node to another: what is sent over a cut one is lost, and so is
 * what is on its way when it is cut.
 */
void inproc_set_link(struct inproc_hub *hub, hidp_node_id from, hidp_node_id to, bool whole);
/* Cuts or mends all links of a node: as if it died, or came back. */
void inproc_set_node(struct inproc_hub *hub, hidp_node_id node, bool alive);
/* Should sending over a cut link fail, instead of getting lost? At first it does not. */
void inproc_set_refusing(struct inproc_hub *hub, bool refusing);

/* Messages that were delivered, all nodes together. */
uint64_t inproc_delivered(struct inproc_hub *hub);

#endif
