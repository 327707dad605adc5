/* SPDX-License-Identifier: MIT */
/*
 * The items in their order, cut into runs, one for each processor: a dynamic programme over cuts
 * and over how many processors of each class are used. What a run copies is that of its layers
 * together, tensor by tensor, not that of one tensor at each end.
 */
#include <string.h>

#include "planner/placement_priv.h"

/* States of the dynamic programme, and its steps; beyond them nothing is looked for. */
#define STATES_MAX 4096
#define CUTS_WORK 20000000

static bool alike(const struct hidp__placement *p, uint32_t a, uint32_t b)
{
	if (p->in_s[a] != p->in_s[b] || p->out_s[a] != p->out_s[b])
		return false;
	for (uint32_t l = p->first; l < p->end; l++)
		if (p->seconds[(size_t)l * p->count + a] != p->seconds[(size_t)l * p->count + b])
			return false;
	return true;
}

bool hidp__classes_find(const struct hidp__placement *p, struct hidp__classes *c)
{
	uint64_t states = 1;
	c->count = 0;
	c->of = hidp__arena_alloc(p->arena, p->count, sizeof(uint32_t));
	c->one = hidp__arena_alloc(p->arena, p->count, sizeof(uint32_t));
	c->size = hidp__arena_calloc(p->arena, p->count, sizeof(uint32_t));
	c->weight = hidp__arena_alloc(p->arena, p->count, sizeof(uint32_t));
	if (c->of == NULL || c->one == NULL || c->size == NULL || c->weight == NULL)
		return false;
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t k = 0;
		while (k < c->count && !alike(p, i, c->one[k]))
			k++;
		if (k == c->count)
			c->one[c->count++] = i;
		c->of[i] = k;
		c->size[k]++;
	}
	for (uint32_t k = 0; k < c->count; k++) {
		c->weight[k] = (uint32_t)states;
		states *= c->size[k] + 1;
		if (states > STATES_MAX)
			states = STATES_MAX + 1;
	}
	c->states = (uint32_t)states;
	return true;
}

void hidp__place_run(struct hidp__placement *p, const struct hidp__classes *c, uint32_t state,
                     uint32_t class, const uint32_t *items, uint32_t count)
{
	uint32_t processor = 0;
	for (uint32_t left = hidp__taken(c, state, class); left > 0; processor++)
		left -= c->of[processor] == class;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = p->item[items[i]]; k < p->item[items[i] + 1]; k++)
			p->on[p->member[k]] = processor - 1;
}

/* How a state is reached best: the longest load so far, and the last run. */
struct reached {
	double longest;
	uint32_t begin, class;
};

/* What an item reads of another's. */
struct read {
	hidp_layer_id tensor;
	uint32_t maker; /* turn of the item that makes it; UINT32_MAX: none does */
};

struct cuts {
	struct hidp__placement *p;
	const struct hidp__classes *classes;
	struct reached *reached; /* [turn * states + state] */
	double *seconds;         /* [turn * classes + class] */
	struct read *reads;      /* of all items, by turn */
	uint32_t *read;          /* [turn + 1] where those of an item begin */
	/* of the run at hand */
	uint32_t begin;
	uint32_t *seen;   /* [tensor] begin + 1 of the last run that read it */
	uint32_t *unread; /* [tensor] readers that are yet to come */
	uint32_t *all;    /* [tensor] items that read it, but for its maker; those outside too */
	double in, out;   /* bytes that it copies */
	double *sum;      /* [class] seconds */
};

/* The run gets one item more. */
static void add_to_run(struct cuts *c, uint32_t turn)
{
	const struct hidp__placement *p = c->p;
	uint32_t item = p->order[turn], classes = c->classes->count;
	for (uint32_t k = 0; k < classes; k++)
		c->sum[k] += c->seconds[(size_t)turn * classes + k];
	for (uint32_t i = c->read[turn]; i < c->read[turn + 1]; i++) {
		const struct read *r = &c->reads[i];
		bool inside = r->maker != UINT32_MAX && r->maker >= c->begin;
		if (inside && --c->unread[r->tensor] == 0)
			c->out -= p->bytes[r->tensor];
		if (!inside && c->seen[r->tensor] != c->begin + 1)
			c->in += p->bytes[r->tensor];
		c->seen[r->tensor] = c->begin + 1;
	}
	for (uint32_t i = p->item[item]; i < p->item[item + 1]; i++) {
		hidp_layer_id made = p->tables->layers[p->member[i]].id;
		c->unread[made] = c->all[made];
		c->out += c->all[made] > 0 ? p->bytes[made] : 0;
	}
}

/* From every state before the run to the one behind it. */
static void extend_states(struct cuts *c, uint32_t end, uint32_t class, double load)
{
	const struct hidp__classes *s = c->classes;
	const struct reached *from = c->reached + (size_t)c->begin * s->states;
	struct reached *to = c->reached + (size_t)end * s->states + s->weight[class];
	for (uint32_t i = 0; i < s->states; i++) {
		double v = from[i].longest > load ? from[i].longest : load;
		if (v < to[i].longest && hidp__taken(s, i, class) < s->size[class])
			to[i] = (struct reached){v, c->begin, class};
	}
	c->p->work += s->states;
}

/* What items take and what they read. */
static void read_items(struct cuts *c)
{
	const struct hidp__placement *p = c->p;
	uint32_t classes = c->classes->count, count = 0;
	for (uint32_t turn = 0; turn < p->items; turn++) {
		uint32_t item = p->order[turn];
		c->read[turn] = count;
		for (uint32_t i = p->item[item]; i < p->item[item + 1]; i++) {
			uint32_t layer = p->member[i];
			const struct hidp__work *w = &p->tables->layers[layer];
			for (uint32_t k = 0; k < classes; k++)
				c->seconds[(size_t)turn * classes + k] +=
					p->seconds[(size_t)layer * p->count + c->classes->one[k]];
			c->all[w->id] += p->kept[w->id];
			for (uint32_t f = 0; f < w->feed_count; f++) {
				uint32_t from = hidp__feeding_item(p, &w->feeds[f]);
				if (from == item || !hidp__reads_first(w, f))
					continue;
				uint32_t maker = from != UINT32_MAX ? p->turn[from] : UINT32_MAX;
				c->reads[count++] = (struct read){w->feeds[f].layer, maker};
				c->all[w->feeds[f].layer]++;
			}
		}
	}
	c->read[p->items] = count;
}

static bool begin_cuts(struct cuts *c, struct hidp__placement *p,
                       const struct hidp__classes *classes)
{
	size_t tensors = p->tables->problem->model->layer_count;
	size_t cells = ((size_t)p->items + 1) * classes->states, feeds = 0;
	*c = (struct cuts){.p = p, .classes = classes};
	for (uint32_t l = p->first; l < p->end; l++)
		feeds += p->tables->layers[l].feed_count;
	c->reached = hidp__arena_alloc(p->arena, cells, sizeof *c->reached);
	c->seconds =
		hidp__arena_calloc(p->arena, (size_t)p->items * classes->count, sizeof(double));
	c->reads = hidp__arena_alloc(p->arena, feeds + 1, sizeof *c->reads);
	c->read = hidp__arena_alloc(p->arena, (size_t)p->items + 1, sizeof *c->read);
	c->seen = hidp__arena_calloc(p->arena, tensors, sizeof(uint32_t));
	c->unread = hidp__arena_calloc(p->arena, tensors, sizeof(uint32_t));
	c->all = hidp__arena_calloc(p->arena, tensors, sizeof(uint32_t));
	c->sum = hidp__arena_alloc(p->arena, classes->count, sizeof(double));
	if (c->reached == NULL || c->seconds == NULL || c->reads == NULL || c->read == NULL ||
	    c->seen == NULL || c->unread == NULL || c->all == NULL || c->sum == NULL)
		return false;
	for (size_t i = 0; i < cells; i++)
		c->reached[i].longest = INFINITY;
	read_items(c);
	return true;
}

/* All runs that begin at a turn, as long as one could be better than `most`. */
static void try_runs(struct cuts *c, uint32_t begin, double most)
{
	const struct hidp__placement *p = c->p;
	c->begin = begin;
	c->in = c->out = 0;
	memset(c->sum, 0, c->classes->count * sizeof *c->sum);
	for (uint32_t end = begin + 1; end <= p->items; end++) {
		bool short_enough = false;
		add_to_run(c, end - 1);
		for (uint32_t k = 0; k < c->classes->count; k++) {
			uint32_t one = c->classes->one[k];
			double load = c->sum[k] + c->in * p->in_s[one] + c->out * p->out_s[one];
			short_enough |= c->sum[k] < most;
			if (load < most)
				extend_states(c, end, k, load);
		}
		if (!short_enough)
			return;
	}
}

/* Writes the runs that lead to the best state into p->on; false: there is none. */
static bool follow_cuts(struct cuts *c)
{
	struct hidp__placement *p = c->p;
	const struct hidp__classes *s = c->classes;
	const struct reached *last = c->reached + (size_t)p->items * s->states;
	uint32_t state = 0, end = p->items;
	for (uint32_t i = 1; i < s->states; i++)
		state = last[i].longest < last[state].longest ? i : state;
	if (last[state].longest == INFINITY)
		return false;
	while (end > 0) {
		const struct reached *r = &c->reached[(size_t)end * s->states + state];
		hidp__place_run(p, s, state, r->class, p->order + r->begin, end - r->begin);
		state -= s->weight[r->class];
		end = r->begin;
	}
	return true;
}

hidp_status hidp__runs_search(struct hidp__placement *p, const struct hidp__classes *classes,
                              double most, bool *found)
{
	struct cuts c;
	*found = false;
	if (classes->states > STATES_MAX ||
	    (uint64_t)p->items * p->items * classes->states > CUTS_WORK)
		return HIDP_OK;
	if (!begin_cuts(&c, p, classes))
		return HIDP_ERR_NOMEM;
	c.reached[0].longest = 0;
	for (uint32_t begin = 0; begin < p->items; begin++)
		try_runs(&c, begin, most);
	*found = follow_cuts(&c);
	return HIDP_OK;
}
