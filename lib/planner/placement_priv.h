/* SPDX-License-Identifier: MIT */
#ifndef HIDP_PLANNER_PLACEMENT_PRIV_H
#define HIDP_PLANNER_PLACEMENT_PRIV_H

#include "planner/placement.h"

/* What the files of placements share. */
struct hidp__placement {
	const struct hidp__tables *tables;
	struct hidp__arena *arena;
	uint32_t first, end; /* layers */
	uint32_t count;      /* processors: the usable ones, of a node or of all */
	uint32_t *number;    /* [processor] in the cluster */
	hidp_node_id *node;  /* [processor] */
	double *seconds;     /* [layer * count + processor] */
	/* [processor] per byte copied in and out, 0: it works in the memory that all share */
	double *in_s, *out_s;
	bool copies;         /* some processor does */
	/* tensors are numbered as in the model */
	double *bytes;       /* [tensor] that others need of it */
	double *least_bytes; /* [tensor] that each of those who read it needs at least */
	bool exact;          /* that is the same for all tensors, and hand-overs take no time */
	uint32_t *readers;   /* [tensor * count + processor] layers there that read it */
	uint32_t *kept;      /* [tensor] times that it is wanted in the shared memory */
	uint32_t *maker;     /* [tensor] processor; count: it is in the shared memory */
	uint32_t items;
	uint32_t *item_of;   /* [layer] */
	uint32_t *item;      /* [items + 1] where the layers of an item begin in `member` */
	uint32_t *member;    /* [layer] layers by item, rising */
	uint32_t *order;     /* [items] every item behind those that it reads, if `ordered` */
	uint32_t *turn;      /* [item] its place in the order */
	bool ordered;
	uint32_t *on;        /* [layer] processor */
	double *loads;       /* [processor] */
	uint64_t work, moves; /* done; what moving items may take */
	uint32_t longest_run; /* items that are moved at once */
};

/* Processors that take the same for every layer. */
struct hidp__classes {
	uint32_t count;
	uint32_t *of;     /* [processor] class */
	uint32_t *one;    /* [class] a processor of it */
	uint32_t *size;   /* [class] processors */
	uint32_t *weight; /* [class] what one of it more adds to the number of a state */
	uint32_t states;  /* how many of each class are taken */
};

/* Does the layer read rows of that tensor, and is this the first feed from it? */
static inline bool hidp__reads_first(const struct hidp__work *w, uint32_t feed)
{
	for (uint32_t i = 0; i < feed; i++)
		if (w->feeds[i].layer == w->feeds[feed].layer)
			return false;
	return hidp__feed_rows(w, &w->feeds[feed]) > 0;
}

/* The item that makes what a layer reads; UINT32_MAX: none of these. */
static inline uint32_t hidp__feeding_item(const struct hidp__placement *p,
                                          const struct hidp__feed *f)
{
	bool ours = f->place != UINT32_MAX && f->place >= p->first && f->place < p->end;
	return ours ? p->item_of[f->place] : UINT32_MAX;
}

/* How many processors of the class are taken in a state. */
static inline uint32_t hidp__taken(const struct hidp__classes *c, uint32_t state, uint32_t class)
{
	return state / c->weight[class] % (c->size[class] + 1);
}

/*
 * planner/items.c: everything but where layers are. `node`: its processors, or HIDP_NODE_NONE:
 * those of all nodes, around `hub`. false: no memory.
 */
bool hidp__placement_begin(struct hidp__placement *placement, const struct hidp__search *search,
                           hidp_node_id node, hidp_node_id hub, uint32_t first, uint32_t end);

/*
 * Items that read of each other, if not directly, become one: in an order of processors they
 * have to be on the same. All are in order then. false: no memory.
 */
bool hidp__placement_order(struct hidp__placement *placement);

/* planner/runs.c: false: no memory. */
bool hidp__classes_find(const struct hidp__placement *placement, struct hidp__classes *classes);

/* The best runs of the items in their order, if they are better than `most`: into placement->on.
 * HIDP_ERR_NOMEM. */
hidp_status hidp__runs_search(struct hidp__placement *placement,
                              const struct hidp__classes *classes, double most, bool *found);

/* Puts items on the processor whose turn it is in its class. */
void hidp__place_run(struct hidp__placement *placement, const struct hidp__classes *classes,
                     uint32_t state, uint32_t class, const uint32_t *items, uint32_t count);

/*
 * planner/ideals.c: the best contiguous placement of all, if its longest load is below `most`:
 * into placement->on. *proven: no other contiguous placement is below what was found, or
 * below `most` if none was; else there were too many. HIDP_ERR_NOMEM.
 */
hidp_status hidp__ideals_search(struct hidp__placement *placement,
                                const struct hidp__classes *classes, double most,
                                uint64_t work_limit, bool *found, bool *proven);

#endif
