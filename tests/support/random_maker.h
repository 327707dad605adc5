/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_RANDOM_MAKER_H
#define HIDP_TESTS_RANDOM_MAKER_H

#include "random_instance.h"

#define MOST_SHARES 8u

/* A plan in the making. */
struct maker {
	const struct random_instance *instance;
	const struct hidp_model *model;
	const struct hidp_cluster *cluster;
	struct rng *rng;
	struct hidp_plan_builder *builder;
	uint32_t layer_count;
	uint32_t node_count;
	bool stream;
	uint32_t routes;
	/* the last stage, if it was split */
	uint32_t split_count; /* shares; 0: it was not */
	int64_t split_units;
	hidp_node_id split_nodes[MOST_SHARES];
	int64_t split_cuts[MOST_SHARES + 1];
	/* where colocated layers go, all of a group to one place; elsewhere HIDP_NODE_NONE */
	hidp_node_id *seat_node;           /* [layer_count] */
	hidp_processor_id *seat_processor; /* [layer_count] */
	/* scratch */
	hidp_layer_id *layers;  /* [layer_count] layers of the stage */
	hidp_layer_id *list;    /* [layer_count] */
	uint32_t *component;    /* [layer_count] */
	uint32_t *place;        /* [layer_count] of a component: node or processor */
	int64_t *comp;          /* [2 * layer_count] */
};

struct hidp_layer_info maker_layer(const struct hidp_model *model, hidp_layer_id layer);
/* Ends the program, naming the seed, unless the status is HIDP_OK. */
void maker_must(struct maker *m, hidp_status status, const struct hidp_diagnostic *diag);
/* Can some processor of the node run each of these layers? */
bool maker_node_can(const struct maker *m, const hidp_layer_id *layers, uint32_t count,
                    hidp_node_id node);
/* Gives every colocation group a place, any that can run its layers. */
void maker_seat(struct maker *m);
/* Moves the groups among m->layers[count] to a node; false: a group is not all among them, or cannot
 * run there. What was moved may be moved again as long as no step of it was added. */
bool maker_seat_on(struct maker *m, uint32_t count, hidp_node_id node);
/* Numbers the weakly connected components of some layers in m->component; returns how many there are. */
uint32_t maker_components(const struct maker *m, const hidp_layer_id *layers, uint32_t count);
/* The layers whose components are at a place (m->place) into m->list, rising; returns how many. */
uint32_t maker_list_at(const struct maker *m, const hidp_layer_id *layers, uint32_t count,
                       uint32_t place);
/* Adds steps for the layers of a share on a node, whose rows are in m->comp. */
void maker_add_steps(struct maker *m, hidp_node_id node, const hidp_layer_id *layers,
                     uint32_t count);

#endif
