/* SPDX-License-Identifier: MIT */
/*
 * What splits and branches over several nodes cost at least (doc/plan-space.md).
 *
 * A sequence of split stages [first, end) keeps one division, so a node that takes
 * part in it with the part x of the rows pays, at least: for every layer its
 * overhead and its part of the work; and for the halo, along the way, either work on
 * rows that others compute too, or the latency of an exchange, whichever is less.
 * The latter is a shortest path over the cuts of its own; by the triangle inequality
 * the difference of two distances from a common start bounds the distance between.
 */
#include <string.h>

#include "planner/bound.h"

/* What a node pays for the part x of a sequence, at least: start + x * slope, and `least`. */
struct line {
	double start, slope, least;
};

/* Sums over the layers before a place, for one node: [layer_count + 1]. */
struct sums {
	double *least;  /* seconds with one row of every layer */
	double *fixed;  /* seconds whatever the part of the rows */
	double *slope;  /* seconds for all rows, arithmetic alone */
	double *halo;   /* least seconds that the halo costs from the last short layer on */
	uint32_t *idle; /* layers that the node cannot run */
	double *dearer; /* what the processors' time costs more than on the cheapest node */
	double latency_s; /* of the quickest link into the node */
};

struct hidp__spread {
	const struct hidp__bound *bound;
	struct sums *nodes;
	double *balanced; /* sums: all nodes together, nothing but arithmetic */
	double *quickest; /* sums: one row of every layer on the quickest node */
	double *busy;     /* sums: least price of the processors' time on any node */
	double *priced;   /* [node] scratch: what a part costs in prices, by the node that has it */
	uint32_t *short_end; /* [layer_count] first layer from a place on that cannot be divided */
	double latency_s; /* of the quickest link */
	/* scratch of a level: participants by the time at which they have done the least */
	double *start, *rate, *join;
	hidp_node_id *who;
	double *worth;        /* scratch of a place */
	/* of the sequence at hand, whoever holds its tensor: lines, and the nodes by them */
	struct line *lines; /* [node] */
	double *found;      /* [node] scratch */
	hidp_node_id *order;
	uint32_t order_count;
	uint64_t budget;
};

/* Close looks at a sequence, counted in nodes; beyond them only the quick bound holds. */
#define CLOSE_LOOKS 120000

static bool takes_part(const struct hidp__bound *b, hidp_node_id node)
{
	return b->prices->allowed[node] && b->tables->sites[node].usable_count != 0;
}

/* Seconds of one layer on a node per row, at least, and its overhead. */
static void sum_node(struct hidp__spread *s, hidp_node_id node)
{
	const struct hidp__tables *t = s->bound->tables;
	const struct hidp__site *site = &t->sites[node];
	struct sums *n = &s->nodes[node];
	n->least[0] = n->fixed[0] = n->slope[0] = 0;
	n->idle[0] = 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		double rows = (double)t->layers[l].rows;
		double fixed = site->fixed_s[l], slope = site->slope_s[l];
		bool runs = takes_part(s->bound, node) && fixed < INFINITY;
		if (!runs)
			fixed = slope = 0;
		n->idle[l + 1] = n->idle[l] + !runs;
		n->least[l + 1] = n->least[l] + fixed + slope / rows;
		n->fixed[l + 1] = n->fixed[l] + fixed;
		n->slope[l + 1] = n->slope[l] + slope;
	}
}

/* Rows beyond its own that a share computes of the layers before `end` at least, going back. */
struct halo {
	double *above, *below; /* [layer_count] */
	uint32_t *stamp;
	uint32_t mark;
};

static double halo_of(struct halo *h, uint32_t l)
{
	if (h->stamp[l] != h->mark)
		return 0;
	return h->above[l] < h->below[l] ? h->above[l] : h->below[l];
}

static void pass_back(const struct hidp__tables *t, struct halo *h, uint32_t l)
{
	const struct hidp__work *w = &t->layers[l];
	bool known = h->stamp[l] == h->mark;
	double above = known ? h->above[l] : 0, below = known ? h->below[l] : 0;
	for (uint32_t i = 0; i < w->feed_count; i++) {
		const struct hidp_row_rule *r = &w->feeds[i].rule;
		uint32_t from = w->feeds[i].place;
		if (from == UINT32_MAX)
			continue;
		double d = (double)r->divisor, stride = (double)r->stride / d;
		/* where rows are not whole multiples, owning rounds by up to a row on either side */
		double round = (double)w->feeds[i].rows == stride * (double)w->rows ? 0 : 1 + stride;
		double up = above * stride + (double)r->pad / d - round;
		double down = below * stride + (double)(r->extent - r->stride - r->pad) / d - round;
		if (h->stamp[from] != h->mark) {
			h->stamp[from] = h->mark;
			h->above[from] = h->below[from] = 0;
		}
		h->above[from] = up > h->above[from] ? up : h->above[from];
		h->below[from] = down > h->below[from] ? down : h->below[from];
	}
}

/*
 * halo[end] = least over begin of halo[begin] + an exchange + what the halo of a stage
 * [begin, end) costs. Counted anew behind every layer that cannot be divided.
 */
static bool sum_halos(struct hidp__spread *s, struct hidp__arena *arena)
{
	const struct hidp__tables *t = s->bound->tables;
	uint32_t n = t->node_count, layers = t->layer_count, from = 0;
	struct halo h = {.mark = 0};
	double *cost = hidp__arena_alloc(arena, n, sizeof *cost);
	h.above = hidp__arena_alloc(arena, layers, sizeof *h.above);
	h.below = hidp__arena_alloc(arena, layers, sizeof *h.below);
	h.stamp = hidp__arena_calloc(arena, layers, sizeof *h.stamp);
	if (cost == NULL || h.above == NULL || h.below == NULL || h.stamp == NULL)
		return false;
	for (hidp_node_id a = 0; a < n; a++)
		s->nodes[a].halo[0] = 0;
	for (uint32_t end = 1; end <= layers; end++) {
		if (t->layers[end - 1].rows < 2)
			from = end;
		h.mark++;
		uint32_t open = n;
		for (hidp_node_id a = 0; a < n; a++) {
			s->nodes[a].halo[end] = from == end ? 0 : INFINITY;
			cost[a] = 0;
		}
		for (uint32_t begin = end; begin-- > from && open > 0;) {
			double part = halo_of(&h, begin) / (double)t->layers[begin].rows;
			part = part > 1 ? 1 : part;
			pass_back(t, &h, begin);
			open = 0;
			/* rows beyond the cut must be fetched, if all shares need some */
			bool waits = begin > from && t->always && halo_of(&h, begin - 1) > 0;
			for (hidp_node_id a = 0; a < n; a++) {
				struct sums *sums = &s->nodes[a];
				double whole = sums->slope[begin + 1] - sums->slope[begin];
				cost[a] += part * whole;
				if (cost[a] >= sums->halo[end])
					continue; /* a longer stage costs more halo than it saves */
				open++;
				double v = sums->halo[begin] + cost[a] +
				           (waits ? sums->latency_s : 0);
				if (v < sums->halo[end])
					sums->halo[end] = v;
			}
		}
	}
	return true;
}

static void sum_all(struct hidp__spread *s)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__tables *t = b->tables;
	s->balanced[0] = s->quickest[0] = s->busy[0] = 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		double speed = 0, quickest = INFINITY, busy = INFINITY;
		for (hidp_node_id a = 0; a < t->node_count; a++)
			s->priced[a] = INFINITY;
		for (hidp_node_id a = 0; a < t->node_count; a++) {
			const struct hidp__site *site = &t->sites[a];
			if (!takes_part(b, a) || site->fixed_s[l] == INFINITY)
				continue;
			double slope = site->slope_s[l], low = s->nodes[a].least[l + 1] -
			                                       s->nodes[a].least[l];
			speed += slope > 0 ? 1 / slope : INFINITY;
			quickest = low < quickest ? low : quickest;
			for (uint32_t i = 0; i < site->usable_count && !b->prices->time_only; i++) {
				uint32_t q = site->usable[i];
				size_t at = (size_t)l * site->processor_count + q;
				double v = b->prices->busy[site->first_processor + q] *
				           site->least_s[at];
				if (site->rates[at].runs && v < s->priced[a])
					s->priced[a] = v;
			}
		}
		for (hidp_node_id a = 0; a < t->node_count; a++)
			busy = s->priced[a] < busy ? s->priced[a] : busy;
		busy = busy < INFINITY ? busy : 0;
		for (hidp_node_id a = 0; a < t->node_count; a++)
			s->nodes[a].dearer[l + 1] =
			        s->nodes[a].dearer[l] +
			        (s->priced[a] < INFINITY ? s->priced[a] - busy : 0);
		double rounding = 1 - (double)t->node_count / (double)t->layers[l].rows;
		s->balanced[l + 1] = s->balanced[l] + (rounding > 0 ? rounding / speed : 0);
		s->quickest[l + 1] = s->quickest[l] + (quickest < INFINITY ? quickest : 0);
		s->busy[l + 1] = s->busy[l] + busy;
	}
	for (uint32_t l = t->layer_count, end = l; l-- > 0;) {
		if (t->layers[l].rows < 2)
			end = l;
		s->short_end[l] = end;
	}
}

struct hidp__spread *hidp__spread_new(const struct hidp__bound *bound, struct hidp__arena *arena)
{
	const struct hidp__tables *t = bound->tables;
	size_t row = (size_t)t->layer_count + 1;
	struct hidp__spread *s = hidp__arena_calloc(arena, 1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->bound = bound;
	s->budget = CLOSE_LOOKS;
	s->nodes = hidp__arena_calloc(arena, t->node_count, sizeof *s->nodes);
	s->balanced = hidp__arena_alloc(arena, row, sizeof(double));
	s->quickest = hidp__arena_alloc(arena, row, sizeof(double));
	s->busy = hidp__arena_alloc(arena, row, sizeof(double));
	s->short_end = hidp__arena_alloc(arena, row, sizeof(uint32_t));
	s->start = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->rate = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->join = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->worth = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->priced = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->lines = hidp__arena_alloc(arena, t->node_count, sizeof *s->lines);
	s->order = hidp__arena_alloc(arena, t->node_count, sizeof *s->order);
	s->found = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->who = hidp__arena_alloc(arena, t->node_count, sizeof *s->who);
	if (s->nodes == NULL || s->balanced == NULL || s->quickest == NULL || s->busy == NULL ||
	    s->short_end == NULL || s->start == NULL || s->rate == NULL || s->join == NULL ||
	    s->worth == NULL || s->priced == NULL || s->lines == NULL || s->found == NULL || s->order == NULL || s->who == NULL)
		return NULL;
	s->latency_s = INFINITY;
	for (hidp_node_id a = 0; a < t->node_count; a++) {
		struct sums *n = &s->nodes[a];
		n->least = hidp__arena_alloc(arena, row, sizeof(double));
		n->fixed = hidp__arena_alloc(arena, row, sizeof(double));
		n->slope = hidp__arena_alloc(arena, row, sizeof(double));
		n->halo = hidp__arena_alloc(arena, row, sizeof(double));
		n->idle = hidp__arena_alloc(arena, row, sizeof(uint32_t));
		n->dearer = hidp__arena_calloc(arena, row, sizeof(double));
		if (n->least == NULL || n->fixed == NULL || n->slope == NULL || n->halo == NULL ||
		    n->idle == NULL || n->dearer == NULL)
			return NULL;
		n->latency_s = bound->blocks.in[a].exists ? bound->blocks.in[a].latency_s : 0;
		if (n->latency_s < s->latency_s)
			s->latency_s = n->latency_s;
		sum_node(s, a);
	}
	if (!sum_halos(s, arena))
		return NULL;
	sum_all(s);
	return s;
}

/* Puts a participant among the others, by the time at which it has done the least it can do. */
static void add_line(struct hidp__spread *s, uint32_t count, hidp_node_id who,
                     const struct line *line)
{
	uint32_t at = count;
	double join = line->start > line->least ? line->start : line->least;
	for (; at > 0 && s->join[at - 1] > join; at--) {
		s->join[at] = s->join[at - 1];
		s->start[at] = s->start[at - 1];
		s->rate[at] = s->rate[at - 1];
		s->who[at] = s->who[at - 1];
	}
	s->who[at] = who;
	s->join[at] = join;
	s->start[at] = line->start;
	s->rate[at] = line->slope > 0 ? 1 / line->slope : INFINITY;
}

/* Rows of the tensor before a waist that nobody behind it needs. */
static double unread_rows(const struct hidp__bound *b, uint32_t end)
{
	const struct hidp__work *last = &b->tables->layers[end - 1];
	if (end == b->tables->layer_count)
		return 0;
	return (double)last->rows - b->blocks.bytes[end] / last->row_bytes;
}

/*
 * What is left to pay behind a sequence of split stages that lasts `level` seconds at
 * least: on some node the rows come together. It has of them what it could compute
 * itself; to wait until it has more is one way to send less.
 */
static double gather_cost(const struct hidp__spread *s, uint32_t end, uint32_t count, double level,
                          double certain)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__tables *t = b->tables;
	const struct hidp__work *last = &t->layers[end - 1];
	double second = b->prices->second, rows = (double)last->rows, best = INFINITY;
	double elements = (double)t->problem->model->layers[last->id].elements_per_row;
	hidp_node_id output = t->problem->request->output_node;
	double unread = unread_rows(b, end);
	for (hidp_node_id m = 0; m < t->node_count; m++) {
		const struct hidp__path *in = &b->blocks.in[m];
		double part = 0, all = INFINITY;
		if (!in->exists || (end == t->layer_count && m != output))
			continue;
		double rest = end == t->layer_count ? 0 : b->enter[hidp__node_at(b, end, m)];
		if (second * level + rest >= best)
			continue;
		for (uint32_t i = 0; i < count; i++) {
			if (s->who[i] != m)
				continue;
			if (level < s->join[i])
				continue;
			part = (level - s->start[i]) * s->rate[i];
			part = part > 0 ? part < 1 ? part : 1 : 0;
			all = s->start[i] + 1 / s->rate[i];
		}
		/* shares are cut to whole rows */
		double missing = (1 - part) * rows - 2 - unread;
		double wire = missing > 0 ? missing * (last->row_bytes * in->byte_s +
		                                       elements * in->element_s)
		                          : 0;
		double v = level + wire;
		if (all > level && all < v)
			v = all;
		v = second * (v + in->latency_s) + rest;
		double priced = INFINITY; /* the cheapest node to have a part, and bring it here */
		for (uint32_t i = 0; i < count && !b->prices->time_only; i++) {
			const struct hidp__path *path =
			        &b->paths[(size_t)s->who[i] * t->node_count + m];
			double p = s->priced[s->who[i]];
			if (s->who[i] != m)
				p += (rows - unread) * (last->row_bytes * path->byte_cost +
				                        elements * path->element_cost);
			priced = p < priced ? p : priced;
		}
		v += priced < INFINITY ? certain * priced : 0;
		best = v < best ? v : best;
	}
	return best;
}

/* The time to which all participants together are filled with the whole; two at least take part. */
static double fill_level(const struct hidp__spread *s, uint32_t count)
{
	double speed = 0, lead = 0, level = INFINITY;
	for (uint32_t i = 0; i < count && s->join[i] < level; i++) {
		if (s->rate[i] == INFINITY) {
			level = s->join[i];
			break;
		}
		speed += s->rate[i];
		lead += s->start[i] * s->rate[i];
		level = (1 + lead) / speed;
		level = level > s->join[i] ? level : s->join[i];
	}
	return s->join[1] > level ? s->join[1] : level;
}

/* The rows of the layers of a sequence. */
struct heights {
	double fewest;
	double units; /* the most: row units at most */
	bool even;    /* all divide that */
};

/*
 * Two such lines; false: the node cannot take part. Units are cut to whole rows: a part x
 * of R units owns more than x * rows - 1 of a layer, x * rows - (1 - rows / R) if that
 * divides R.
 *
 * By layers: each pays its overhead, and its part of what all processors together
 * would need for the arithmetic. By scaling: multiplying all slices by 1 / x gives a
 * way to run all rows, so with `whole`, the time of that, it pays
 * fixed + x * (whole - fixed).
 */
static bool node_line(const struct hidp__spread *s, hidp_node_id a, uint32_t first, uint32_t end,
                      const struct heights *h, bool scaling, struct line *line)
{
	const struct sums *n = &s->nodes[a];
	const double *sum_s = s->bound->tables->sites[a].sum_s;
	if (!takes_part(s->bound, a) || n->idle[end] != n->idle[first])
		return false;
	double fixed = n->fixed[end] - n->fixed[first];
	double whole = sum_s[end] - sum_s[first];
	double halo = n->halo[end] - n->halo[first] - n->latency_s;
	double work = n->slope[end] - n->slope[first];
	double least = n->least[end] - n->least[first];
	double lost = least - fixed; /* one row of every layer */
	if (scaling) {
		work = whole > fixed ? whole - fixed : 0;
		lost = work / h->fewest;
	}
	if (h->even)
		lost -= work / h->units;
	halo = halo > 0 ? halo : 0;
	line->least = least;
	line->start = fixed - lost + halo;
	line->slope = work - halo; /* the halo ends where all is one's own */
	if (line->slope < 0) {
		line->start += line->slope;
		line->slope = 0;
	}
	return true;
}

/* What a part of a layer's rows may need less than that part of the tensor that crosses a waist. */
static double lost_need(const struct hidp__work *front)
{
	const struct hidp_row_rule *r = &front->feeds[0].rule;
	double rows = (double)front->feeds[0].rows;
	if (front->feed_count != 1 || r->divisor != 1 || r->extent - r->pad < r->stride ||
	    r->stride < 1 || rows + (double)r->pad < (double)(front->rows * r->stride))
		return 1;
	return (double)r->stride / rows; /* units do not cut it evenly */
}

/* Which price a node pays for a part beyond the cheapest node, and what rounding leaves of it. */
static double certain_part(const struct hidp__spread *s, uint32_t first, uint32_t end,
                           const struct heights *h)
{
	const struct hidp__tables *t = s->bound->tables;
	double rounded = 1 / h->fewest - (h->even ? 1 / h->units : 0);
	double lost = lost_need(&t->layers[first]), rows = (double)t->layers[end - 1].rows;
	rounded = lost > rounded ? lost : rounded;
	rounded = 1 / rows > rounded && unread_rows(s->bound, end) > 0 ? 1 / rows : rounded;
	double certain = 1 - (double)s->order_count * rounded;
	return certain > 0 ? certain : 0;
}

/*
 * The lines of all nodes for a sequence, and what it and all behind it cost at least if
 * nothing had to be sent to begin with.
 */
static double prepare_lines(struct hidp__spread *s, uint32_t first, uint32_t end,
                            const struct heights *h, bool scaling)
{
	const struct hidp__tables *t = s->bound->tables;
	s->order_count = 0;
	for (hidp_node_id a = 0; a < t->node_count; a++) {
		struct line *line = &s->lines[a];
		if (!node_line(s, a, first, end, h, scaling, line))
			continue;
		s->priced[a] = s->nodes[a].dearer[end] - s->nodes[a].dearer[first];
		add_line(s, s->order_count++, a, line);
	}
	if (s->order_count < 2)
		return INFINITY;
	memcpy(s->order, s->who, s->order_count * sizeof *s->order);
	return gather_cost(s, end, s->order_count, fill_level(s, s->order_count),
	                   certain_part(s, first, end, h));
}

/*
 * The same when the tensor is on `holder`: all parts add up to 1, each node has finished
 * when start + part * slope has passed, the rows go out from the holder one message after
 * another, and at the end they come together on the node that goes on.
 */
static double split_cost(struct hidp__spread *s, uint32_t first, uint32_t end,
                         const struct heights *heights, hidp_node_id holder)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__tables *t = b->tables;
	uint32_t count = 0;
	bool enters = b->blocks.enters[first];
	double bytes = b->blocks.bytes[first], elements = b->blocks.elements[first];
	double lost = lost_need(&t->layers[first]);
	double least_away = INFINITY, holder_start = INFINITY, holder_slope = 1;
	for (uint32_t i = 0; i < s->order_count; i++) {
		hidp_node_id a = s->order[i];
		const struct hidp__path *path = &b->paths[(size_t)holder * t->node_count + a];
		struct line line = s->lines[a];
		if (!path->exists)
			continue;
		s->priced[a] = s->nodes[a].dearer[end] - s->nodes[a].dearer[first];
		if (a == holder) {
			holder_start = line.start;
			holder_slope = line.slope;
		} else {
			if (enters) {
				double wire = bytes * path->byte_s + elements * path->element_s;
				double arrival = path->latency_s - lost * wire;
				line.start += arrival > 0 ? arrival : 0;
				line.slope += wire;
				line.least += path->latency_s;
				s->priced[a] += bytes * path->byte_cost +
				                elements * path->element_cost;
			}
			least_away = line.least < least_away ? line.least : least_away;
		}
		add_line(s, count++, a, &line);
	}
	if (count < 2)
		return INFINITY;
	double level = fill_level(s, count);
	level = least_away > level ? least_away : level;
	/* everything that leaves the holder leaves it through one interface, and the last
	 * to get its rows still has to compute them */
	const struct hidp__path *out = &b->blocks.out[holder];
	double wire = bytes * out->byte_s + elements * out->element_s;
	double sent = enters && lost < 1 ? 1 - lost : 0, serial = least_away + wire * sent;
	if (serial > holder_start && holder_slope > 0) {
		/* the holder can keep what it can do in that time */
		double ratio = wire / holder_slope;
		serial = (least_away + wire * sent + ratio * holder_start) / (1 + ratio);
		serial = serial > least_away ? serial : least_away;
	} else if (serial > holder_start) {
		serial = holder_start;
	}
	level = serial > level ? serial : level;
	return gather_cost(s, end, count, level, certain_part(s, first, end, heights));
}

/*
 * What makes no difference at a node: a way to leave it that is dearer than to go on
 * there. A stage that is open goes on for no more than one that begins, and a hand-over.
 */
static double indifference(const struct hidp__bound *b, uint32_t place, hidp_node_id node)
{
	const struct hidp__site *site = &b->tables->sites[node];
	size_t at = hidp__node_at(b, place, node);
	double price = b->prices->second;
	if (site->copies || b->leave[at] <= b->enter[at])
		return b->leave[at];
	for (uint32_t q = 0; q < site->processor_count; q++)
		price += b->prices->busy[site->first_processor + q];
	double stay = b->enter[at] + price * site->sync_s;
	return stay < b->leave[at] ? stay : b->leave[at];
}

static void add_height(const struct hidp__tables *t, struct heights *h, uint32_t first,
                       uint32_t place)
{
	int64_t rows = t->layers[place].rows, most = (int64_t)h->units;
	h->fewest = (double)rows < h->fewest ? (double)rows : h->fewest;
	if (rows <= most) {
		h->even &= most % rows == 0;
		return;
	}
	h->units = (double)rows;
	h->even = true;
	for (uint32_t l = first; l < place; l++)
		h->even &= rows % t->layers[l].rows == 0;
}

/* One sequence of splits, for every node that could hold its tensor. */
static void look_closely(struct hidp__spread *s, struct hidp__bound *b, uint32_t place,
                         uint32_t end, const struct heights *h, double busy, double quick)
{
	uint32_t n = b->tables->node_count;
	double *found = s->found, most = 0;
	for (hidp_node_id a = 0; a < n; a++) {
		found[a] = quick;
		most = s->worth[a] > most ? s->worth[a] : most;
	}
	for (int scaling = 0; scaling < 2; scaling++) {
		double common = prepare_lines(s, place, end, h, scaling == 1) + busy;
		s->budget -= s->budget < n ? s->budget : n;
		b->work += n;
		if (common >= most)
			return;
		for (hidp_node_id a = 0; a < n; a++) {
			if (common >= s->worth[a] || found[a] >= s->worth[a]) {
				found[a] = INFINITY;
				continue;
			}
			double v = split_cost(s, place, end, h, a) + busy;
			found[a] = v > found[a] ? v : found[a];
			s->budget -= s->budget < n ? s->budget : n;
			b->work += n;
		}
	}
	for (hidp_node_id a = 0; a < n; a++)
		if (found[a] < s->worth[a])
			s->worth[a] = b->leave[hidp__node_at(b, place, a)] = found[a];
}

static void relax_splits(struct hidp__spread *s, struct hidp__bound *b, uint32_t place)
{
	const struct hidp__tables *t = b->tables;
	uint32_t n = t->node_count;
	double second = b->prices->second, most = 0;
	for (hidp_node_id a = 0; a < n; a++) {
		s->worth[a] = indifference(b, place, a);
		most = s->worth[a] > most ? s->worth[a] : most;
	}
	uint32_t limit = s->short_end[place], seen = place;
	struct heights h = {INFINITY, 0, true};
	for (uint32_t end = place; end < limit;) {
		end = b->blocks.next_waist[end];
		if (end > limit)
			break;
		for (; seen < end; seen++)
			add_height(t, &h, place, seen);
		double all = s->balanced[end] - s->balanced[place];
		double one = s->quickest[end] - s->quickest[place];
		double busy = s->busy[end] - s->busy[place];
		double messages = b->blocks.enters[place] ? 2 : 1;
		double quick = second * ((all > one ? all : one) + messages * s->latency_s) +
		               busy + b->behind[end];
		b->work++;
		if (quick >= most)
			continue;
		bool close = s->budget > 0;
		if (close)
			look_closely(s, b, place, end, &h, busy, quick);
		for (hidp_node_id a = 0; a < n && !close; a++)
			if (quick < s->worth[a])
				s->worth[a] = b->leave[hidp__node_at(b, place, a)] = quick;
	}
}

/* Branches of a block on the node that holds its tensor, and elsewhere, at the same time. */
static void relax_branches(struct hidp__bound *b, const struct hidp__spread *s, uint32_t place)
{
	const struct hidp__tables *t = b->tables;
	const struct hidp__blocks *blocks = &b->blocks;
	uint32_t layers = t->layer_count;
	double second = b->prices->second;
	for (uint32_t r = t->region_first[place]; r < t->region_first[place + 1]; r++) {
		const struct hidp__region *region = &t->regions[r];
		for (hidp_node_id a = 0; a < t->node_count; a++) {
			const double *here = blocks->here + (size_t)a * layers;
			const double *elsewhere = blocks->elsewhere + (size_t)a * layers;
			double on[HIDP__BRANCHES_MAX] = {0}, off[HIDP__BRANCHES_MAX] = {0};
			double best = INFINITY, wire;
			if (!blocks->out[a].exists)
				continue;
			wire = blocks->enters[place]
			               ? hidp__path_cost(&blocks->out[a], second, blocks->bytes[place],
			                                 blocks->elements[place])
			               : 0;
			for (uint32_t l = region->first; l < region->end; l++) {
				uint8_t c = region->component[l - region->first];
				on[c] += here[l];
				off[c] += elsewhere[l];
			}
			for (uint32_t away = 1; away < 1u << region->count; away++) {
				double stay = 0, gone = 0;
				for (uint32_t c = 0; c < region->count; c++) {
					if (away >> c & 1)
						gone = off[c] > gone ? off[c] : gone;
					else
						stay += on[c];
				}
				double v = stay > wire + gone ? stay : wire + gone;
				best = v < best ? v : best;
			}
			double *leave = &b->leave[hidp__node_at(b, place, a)];
			double v = best + b->behind[region->end];
			v += t->always ? second * s->latency_s : 0;
			*leave = v < *leave ? v : *leave;
		}
	}
}

void hidp__spread_relax(struct hidp__spread *spread, struct hidp__bound *bound, uint32_t place)
{
	uint32_t participants = 0;
	for (hidp_node_id a = 0; a < bound->tables->node_count; a++)
		participants += takes_part(bound, a);
	if (participants < 2)
		return;
	if (bound->blocks.waist[place]) {
		relax_splits(spread, bound, place);
		relax_branches(bound, spread, place);
	}
}
