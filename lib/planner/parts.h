/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PARTS_H
#define HIDP_PLANNER_PARTS_H

#include "planner/prices.h"

/*
 * What a part of the rows of a sequence of split stages [first, end) takes on each
 * node, in seconds, at least, whatever the prices: start + part * slope, and never
 * less than `least`. A sequence keeps one division; two or more nodes take part, each
 * with a row of every layer.
 *
 * Layers have different numbers of rows, so a node's part of one is not exactly its part
 * of another. "The part" is either that of the row units, or the mean over the layers,
 * weighed by their work; both add up to 1 over the nodes, and differ by at most
 * hidp__parts_off(). The mean knows better what the work is, the units what is sent.
 */
enum hidp__part_of {
	HIDP__PART_OF_WORK,
	HIDP__PART_OF_UNITS
};

struct hidp__line {
	double start, slope, least;
};

struct hidp__parts;

/* Layers times nodes up to which parts are looked at. */
#define HIDP__PARTS_CELLS_MAX 8192
/* The same of layers squared: what is kept of halos grows so. */
#define HIDP__PARTS_SQUARES_MAX 2097152

/* NULL: no memory. */
struct hidp__parts *hidp__parts_new(const struct hidp__tables *tables,
                                    const struct hidp__path *paths, struct hidp__arena *arena);

/* The sequences that are asked for next begin here and end at `limit` at most; without
 * `timed` only who can take part is of interest, and all times are 0. */
void hidp__parts_begin(struct hidp__parts *parts, uint32_t first, uint32_t limit, bool timed);

/* `fewest`: rows of the shortest layer; false: the node cannot run all layers. */
bool hidp__parts_line(const struct hidp__parts *parts, enum hidp__part_of of,
                      hidp_node_id node, uint32_t end, double fewest, struct hidp__line *line);

/* By so much the part of the row units of [begin, end) can differ from that of the work. */
double hidp__parts_off(const struct hidp__parts *parts, uint32_t end);

#endif
