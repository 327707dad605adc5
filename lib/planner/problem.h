/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PROBLEM_H
#define HIDP_PLANNER_PROBLEM_H

#include <math.h>

#include "cost/rate.h"
#include "plan/plan_priv.h"

/*
 * The planner's view of a model on a cluster: plain arrays of numbers, prepared
 * once, so that no search follows a pointer into the model or calls a callback.
 * Layers are counted by their place among the layers that compute ("place"),
 * processors over the whole cluster.
 */

/* Most processors of a node of which every subset is considered; else the k fastest, for each k. */
#define HIDP__ALL_SUBSETS_MAX 3
#define HIDP__SUBSETS_MAX (HIDP_NODE_PROCESSORS_MAX - 1)
/* Branches: doc/plan-space.md. */
#define HIDP__BRANCH_LAYERS_MAX 64
#define HIDP__BRANCHES_MAX 8
/* How many lengths rows steps of several layers may have: 2 .. HIDP_STEP_LAYERS_MAX layers. */
#define HIDP__ROWS_LENGTHS (HIDP_STEP_LAYERS_MAX - 1)

/* Where an input of a layer comes from. */
struct hidp__feed {
	hidp_layer_id layer;
	uint32_t place; /* UINT32_MAX: a model input */
	bool own_channels;
	struct hidp_row_rule rule;
	int64_t rows;
	double row_bytes;
	double elements_per_row;
};

/* What search needs of a layer. */
struct hidp__work {
	hidp_layer_id id;
	uint32_t feed_count;
	const struct hidp__feed *feeds;
	int64_t rows;
	int64_t groups; /* channel groups, 1 if channels cannot be divided */
	double row_bytes;
	double weight_bytes;
	double moved_row_bytes;    /* by computing a row, besides inputs */
	double moved_weight_bytes; /* of weights, by computing any rows */
	double fixed_bytes; /* moved by a slice of any rows: weights, and inputs read whole */
	double bytes;       /* moved by the whole layer */
	uint32_t last_reader; /* place of the last layer that reads it; layer_count for outputs */
	bool splits_channels;
	bool free; /* class none: no bytes, no time unless measured */
	bool always; /* each of its rows reads something of every input, not only padding; has inputs */
	bool odd; /* its rows and those of some layer near it are no whole multiples of each other */
};

/* A run of layers [first, end) that falls into components, for branch steps and stages. */
struct hidp__region {
	uint32_t first, end;
	uint32_t count;           /* of components */
	const uint8_t *component; /* [end - first] */
};

/* A way to use some processors of a node together. */
struct hidp__team {
	uint32_t count;
	const uint8_t *members; /* [count] processors of the node */
	uint64_t mask;
};

/* What running a region's components side by side on one node depends on. */
struct hidp__branching {
	uint32_t processors;   /* that may be assigned, the first of the usable ones; 0: no branches */
	const double *seconds; /* [component * processors + usable processor] */
	double shared_s;       /* the node's memory is busy so long */
};

/* One node; `usable` processors are those that are not excluded or unavailable. */
struct hidp__site {
	hidp_node_id node;
	uint32_t processor_count; /* of the node */
	uint32_t first_processor; /* in the cluster */
	uint32_t usable_count;
	const uint8_t *usable;    /* [usable_count] */
	uint32_t team_count;      /* of two or more processors */
	const struct hidp__team *teams;
	double sync_s;
	double memory_bandwidth_Bps;
	bool copies; /* some processor has memory of its own */
	const double *copy_s; /* [processor] seconds per byte copied, 0: node's memory */
	/* per layer and processor: speeds and full times; INFINITY: cannot run */
	struct hidp__rate *rates; /* [layer * processor_count + processor] */
	double *single_s;         /* likewise: the whole layer on that processor */
	/* per layer and team: the shortest time of a step of the layer alone on all of the team,
	 * without the hand-over; INFINITY: no such step */
	double *team_s;       /* [layer * team_count + team] */
	uint8_t *team_axis;   /* likewise: enum hidp__divided */
	/* bounds of rows steps of several layers from here on: [hidp__rows_at()] */
	double *rows_bound_s;
	/* What steps on a team take that have all rows of their layers, and [.. * processor_count
	 * + member] how long each member is busy, as far as somebody has asked: [hidp__kept_at()];
	 * below 0: nobody has yet. The only part of the tables that a search writes to: a search
	 * and its tables belong to one thread. NULL: too much to keep. */
	double *kept_s;
	double *kept_member_s;
	int64_t *kept_counts; /* likewise: rows or channel groups of each member */
	/* per layer: x of its rows on this node take at least fixed_s + x * slope_s */
	double *fixed_s;
	double *slope_s;
	/* per layer and processor: seconds of the whole layer's work without its overhead, at least */
	double *least_s;
	/* and with it: whatever is divided how, a part x of the layer takes at least x * whole_s;
	 * the same table where nothing but time has a price */
	double *whole_s;
	double *best_s; /* per layer: the shortest step that it has alone, hand-over not counted */
	struct hidp__branching *branchings; /* [region] */
	double *branch_s; /* [region] seconds of its quickest branch step, hand-over not counted */
	/* [layer_count + 1]: the layers before a place, all rows, take at least so long one after
	 * another; the difference of two of them bounds the layers between. Layers that cannot
	 * run count nothing. */
	double *sum_s;
};

/*
 * A *waist* is a cut that one tensor crosses: everything behind it reads, of what
 * was made before it, that tensor alone. The layers between two waists are a block.
 */
struct hidp__read {
	uint8_t slot;
	double bytes, elements; /* of the rows that all rows of the layer need */
};

struct hidp__waists {
	bool *waist;          /* [layer_count + 1] is the cut before a place a waist? */
	uint32_t *next_waist; /* [layer_count] the first waist behind a place */
	double *bytes; /* [layer_count + 1] what the layer behind a waist needs of what crosses */
	double *elements;
	bool *enters;        /* [layer_count] at waists: each row behind it needs something of that */
	bool *needed;        /* [layer_count] at waists: some row of the block does */
	double *smallest;    /* [layer_count] at waists: least bytes of a tensor read in the block, 0
	                        where a layer of it reads nothing */
	uint32_t *live;      /* [layer_count] at waists: most tensors alive at once in the block */
	uint8_t *slot;       /* [layer_count] number of an output among the live ones of its block */
	/* what the layers read, one after another; a layer's first on [layer_count + 1] */
	uint32_t *first_read;
	struct hidp__read *reads;
	uint32_t *given_up; /* [layer_count] slots, bit by bit, that are free again behind a layer */
	uint32_t most_live; /* of the blocks that are looked into (block.c) */
	uint32_t *last_read; /* [layer_count] place of the last layer that reads an output */
};

struct hidp__tables {
	const struct hidp__problem *problem;
	uint32_t layer_count; /* that compute */
	uint32_t node_count;
	struct hidp__work *layers;
	uint32_t *place_of; /* [layer of the model]; UINT32_MAX: a model input */
	/* [layer * HIDP_STEP_LAYERS_MAX + n - 1] an earlier place from which on n layers have the
	 * same figures, and read each other alike, as those from here on: they take the same
	 * time everywhere; the place itself if there is none */
	uint32_t *alike;
	bool always;        /* that is so for all layers */
	bool joins;         /* and all of them lead to one output */
	uint32_t region_count;
	struct hidp__region *regions; /* by rising first, then end */
	uint32_t *region_first;       /* [layer_count + 1] regions that begin at or after a place */
	struct hidp__waists waists;
	struct hidp__site *sites;     /* [node] */
	double largest_s;             /* any time above it is infinite */
};

/* Where the site's tables have a rows step of length >= 2 layers from `place` on. */
static inline size_t hidp__rows_at(const struct hidp__site *site, uint32_t place, uint32_t length,
                                   uint32_t team)
{
	return ((size_t)place * HIDP__ROWS_LENGTHS + length - 2) * site->team_count + team;
}

/* The same of a step with the rows of one layer or several, or with the channels of one. */
static inline size_t hidp__kept_at(const struct hidp__site *site, uint32_t place, uint32_t length,
                                   enum hidp__divided axis, uint32_t team)
{
	uint32_t row = axis == HIDP__CHANNELS ? 0 : length;
	return ((size_t)place * (HIDP_STEP_LAYERS_MAX + 1) + row) * site->team_count + team;
}

/* The place whose times and bounds n layers from `place` on share: an earlier one, or itself. */
static inline uint32_t hidp__alike(const struct hidp__tables *tables, uint32_t place, uint32_t n)
{
	return tables->alike[(size_t)place * HIDP_STEP_LAYERS_MAX + n - 1];
}

/* What a slice of a layer takes however small it is. */
static inline double hidp__least_fixed_s(const struct hidp__rate *rate)
{
	double rows = rate->fixed_s[HIDP__ROWS], channels = rate->fixed_s[HIDP__CHANNELS];
	return (rows < channels ? rows : channels) * rate->slowdown;
}

/* false: no memory. */
bool hidp__tables_build(struct hidp__tables *tables, const struct hidp__problem *problem,
                        struct hidp__arena *arena);

/* planner/layers.c: the part that depends on the model alone. */
bool hidp__tables_layers(struct hidp__tables *tables, struct hidp__arena *arena);

/* Bytes and elements of all tensors that cross every cut whole: [layer_count + 1], zeroed. */
void hidp__tables_crossing(const struct hidp__tables *tables, double *bytes, double *elements);

/* planner/block.c: where one tensor crosses. */
bool hidp__waists_find(struct hidp__waists *waists, const struct hidp__tables *tables,
                       struct hidp__arena *arena);

/* planner/site.c: the part of one node. */
bool hidp__tables_site(struct hidp__tables *tables, hidp_node_id node, struct hidp__arena *arena);
/* planner/site_bounds.c: of it, the bounds and branches: rows_bound_s, sum_s, fixed_s, slope_s. */
bool hidp__site_bounds(struct hidp__site *site, const struct hidp__tables *tables,
                       struct hidp__arena *arena);
/* planner/rows_step.c: of it, kept_s, kept_member_s and kept_counts, empty. */
bool hidp__kept_begin(struct hidp__site *site, const struct hidp__tables *tables,
                      struct hidp__arena *arena);

/* Rows of an input that all rows of the layer need. */
static inline double hidp__feed_rows(const struct hidp__work *layer, const struct hidp__feed *feed)
{
	return (double)hidp__span_length(hidp__rule_need(&feed->rule, feed->rows,
	                                                 (struct hidp__span){0, layer->rows}));
}

/* Bytes that a slice of r >= 1 rows (all channels), or of `channels` of all rows, moves. */
double hidp__work_bytes(const struct hidp__work *layer, int64_t rows, double channels);

/* Time of r >= 1 rows of a layer, all channels. */
static inline double hidp__rows_s(const struct hidp__work *layer, const struct hidp__rate *rate,
                                  int64_t rows)
{
	double bytes = rate->byte_s > 0 ? hidp__work_bytes(layer, rows, 1) : 0;
	return hidp__slice_time(rate, HIDP__ROWS, (double)rows / (double)layer->rows, bytes);
}

#endif
