/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_BLOCK_H
#define HIDP_PLANNER_BLOCK_H

#include "planner/prices.h"

/* What was found of a mixed block: costs not above the limit; that is -INFINITY at first. */
struct hidp__mixed {
	double limit, cost[2];
};

/*
 * What the blocks between waists (problem.h) cost. Between waists it takes the whole
 * history to say where tensors are; at a waist it takes one node.
 */
struct hidp__blocks {
	const struct hidp__tables *tables;
	const struct hidp__prices *prices;
	const struct hidp__waists *waists;
	uint16_t *place_of; /* scratch, all zero between calls */
	struct hidp__mixed *mixed; /* [place * nodes + node] */
	/* cheapest ways out of and into a node, cheapest computing there and elsewhere */
	struct hidp__path *out; /* [node] to any other: each figure the least of all paths */
	struct hidp__path *in;  /* [node] from any other */
	double *least; /* [layer_count + 1] sums over the layers before of the least cost anywhere */
	double *here;           /* [node * layer_count + place] least cost of a layer on the node */
	double *elsewhere;      /* likewise on any other node */
};

/* false: no memory. */
bool hidp__blocks_build(struct hidp__blocks *blocks, const struct hidp__tables *tables,
                        const struct hidp__prices *prices, const struct hidp__path *paths,
                        struct hidp__arena *arena);

/*
 * The least that the block from the waist `first` on costs if its tensor is on
 * `node` and not all of it runs there: layers run there or elsewhere, what crosses is
 * sent once. cost[0]: the block's output is on the node, cost[1]: elsewhere. Bounds
 * from below. Of costs above `limit` only that is certain. Scratch memory is given back;
 * false: there is none.
 */
bool hidp__block_mixed(const struct hidp__blocks *blocks, uint32_t first, hidp_node_id node,
                       double limit, double cost[2], struct hidp__arena *arena);

/* Which layers run elsewhere then, if the output is at `side`: away[layers of the block]. */
bool hidp__block_sides(const struct hidp__blocks *blocks, uint32_t first, hidp_node_id node,
                       int side, bool *away, struct hidp__arena *arena);

/*
 * What it costs at least to send what crosses a waist along a path: one tensor, or, before
 * place 0, the model inputs that the first layer reads.
 */
static inline double hidp__blocks_entry(const struct hidp__blocks *blocks,
                                        const struct hidp__path *path, uint32_t place)
{
	double bytes = blocks->waists->bytes[place], elements = blocks->waists->elements[place];
	double second = blocks->prices->second;
	return place == 0 ? hidp__path_several_cost(path, second, bytes, elements)
	                  : hidp__path_cost(path, second, bytes, elements);
}

#endif
