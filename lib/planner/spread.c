/* SPDX-License-Identifier: MIT */
/*
 * What splits and branches over several nodes cost at least (doc/plan-space.md): a
 * sequence of split stages takes as long as the node that is last done with its part
 * (parts.h), and the parts add up to 1; before it the rows are sent, behind it they
 * come together again.
 */
#include <string.h>

#include "planner/bound.h"
#include "planner/parts.h"
#include "planner/toll.h"

/* The rows of the layers of a sequence. */
struct heights {
	double fewest;
	double units; /* the most: row units at most */
	bool even;    /* all divide that */
	/* what the prices can lose: where layers have not as many rows as the first, or as there
	 * are row units */
	double lost[2];
};

/* A sequence of splits from the place at hand on. */
struct sequence {
	uint32_t end;
	struct heights heights;
	double busy;  /* the processors' time at the least price */
	double least; /* what it and all behind it cost at least, wherever its tensor is */
	const struct hidp__line *lines; /* by the part of the work */
	uint32_t able;
	double off;
	struct hidp__rounding rounding;
};

struct hidp__spread {
	const struct hidp__bound *bound;
	struct hidp__parts *parts;
	double *balanced; /* sums: all nodes together, nothing but arithmetic */
	double *quickest; /* sums: one row of every layer on the quickest node */
	double *busy;     /* sums: least price of the processors' time on any node */
	double **dearer;  /* [node] sums: what its processors' time costs more than the cheapest node's */
	double *apart;    /* [layer_count] how far the nodes' prices are apart */
	double *priced;   /* [node] scratch: what a layer costs in prices */
	uint32_t *short_end; /* [layer_count] first layer from a place on that cannot be divided */
	double *before;   /* sums: what the layers before a place cost at least, whatever is done */
	/* at waists, where looks are close: what is left to pay where the rows of a sequence come
	 * together, [place * nodes + node], INFINITY: not there; and where that is least */
	double *rest;
	hidp_node_id *rest_first; /* [place] */
	double ceiling;   /* whole paths that are dearer are of no interest */
	double latency_s; /* of the quickest link */
	/* scratch of a level: participants by the time at which they have done the least */
	double *start, *rate, *join;
	hidp_node_id *who;
	double *worth;        /* scratch of a place */
	/* of the sequence at hand, whoever holds its tensor */
	const struct hidp__line *lines; /* [node]; least is INFINITY: it cannot take part */
	uint32_t able;      /* nodes that can */
	double off;         /* by so much the part of one layer can differ from the part of all */
	struct hidp__rounding rounding;
	struct hidp__demands demands; /* [participant] what they would pay */
	hidp_node_id *asked;          /* likewise: who that is */
	double *found;      /* [node] scratch */
	struct sequence *sequences;    /* scratch of a place, [layer_count] */
	struct hidp__line *work_lines; /* their lines by the part of the work, [layer_count * node] */
	struct hidp__line *unit_lines; /* scratch, [node] */
	uint64_t budget;
};

/* Close looks at a sequence, counted in nodes; beyond them only the quick bound holds. */
#define CLOSE_LOOKS 120000
/* Part of a cost that is worth a second look. */
#define MATTERS 0.02
/* Costs so near each other are not told apart: the lower is taken for both. */
#define NO_DIFFERENCE 0.9995

static void sum_all(struct hidp__spread *s)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__tables *t = b->tables;
	s->balanced[0] = s->quickest[0] = s->busy[0] = 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		double speed = 0, quickest = INFINITY, busy = INFINITY;
		for (hidp_node_id a = 0; a < t->node_count; a++) {
			const struct hidp__site *site = &t->sites[a];
			s->priced[a] = INFINITY;
			if (!hidp__takes_part(b->prices, site) || site->fixed_s[l] == INFINITY)
				continue;
			double slope = site->slope_s[l];
			double low = site->fixed_s[l] + slope / (double)t->layers[l].rows;
			speed += slope > 0 ? 1 / slope : INFINITY;
			quickest = low < quickest ? low : quickest;
			for (uint32_t i = 0; i < site->usable_count && !b->prices->time_only; i++) {
				uint32_t q = site->usable[i];
				size_t at = (size_t)l * site->processor_count + q;
				double v = b->prices->busy[site->first_processor + q] *
				           site->whole_s[at];
				if (site->rates[at].runs && v < s->priced[a])
					s->priced[a] = v;
			}
			busy = s->priced[a] < busy ? s->priced[a] : busy;
		}
		busy = busy < INFINITY ? busy : 0;
		for (hidp_node_id a = 0; a < t->node_count; a++)
			s->dearer[a][l + 1] = s->dearer[a][l] +
			                      (s->priced[a] < INFINITY ? s->priced[a] - busy : 0);
		s->apart[l] = b->prices->time_only ? 0 : hidp__apart(s->priced, t->node_count);
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
	s->before[0] = 0;
	for (uint32_t l = 0; l < t->layer_count; l++)
		s->before[l + 1] = fmin(b->blocks.least[l + 1] - b->blocks.least[l],
		                        b->prices->second * (s->balanced[l + 1] - s->balanced[l]) +
		                                s->busy[l + 1] - s->busy[l]);
	/* branches of different nodes run at the same time */
	for (uint32_t r = 0; r < t->region_count; r++)
		for (uint32_t l = t->regions[r].first; l < t->regions[r].end; l++)
			s->before[l + 1] = 0;
	for (uint32_t l = 0; l < t->layer_count; l++)
		s->before[l + 1] += s->before[l];
}

/* Stages that begin at a waist are known: what is left to pay for sequences that end there. */
static void find_rests(struct hidp__spread *s, uint32_t end)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__tables *t = b->tables;
	double *rest = s->rest + (size_t)end * t->node_count;
	hidp_node_id first = 0;
	for (hidp_node_id m = 0; m < t->node_count; m++) {
		if (end < t->layer_count)
			rest[m] = b->enter[hidp__node_at(b, end, m)];
		else
			rest[m] = m == t->problem->request->output_node ? 0 : INFINITY;
		if (!b->blocks.in[m].exists)
			rest[m] = INFINITY;
		first = rest[m] < rest[first] ? m : first;
	}
	s->rest_first[end] = first;
}

struct hidp__spread *hidp__spread_new(const struct hidp__bound *bound, struct hidp__parts *parts,
                                      double ceiling, struct hidp__arena *arena)
{
	const struct hidp__tables *t = bound->tables;
	size_t row = (size_t)t->layer_count + 1;
	struct hidp__spread *s = hidp__arena_calloc(arena, 1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->bound = bound;
	s->parts = parts;
	s->ceiling = ceiling;
	s->budget = parts != NULL ? CLOSE_LOOKS : 0;
	s->balanced = hidp__arena_alloc(arena, row, sizeof(double));
	s->quickest = hidp__arena_alloc(arena, row, sizeof(double));
	s->busy = hidp__arena_alloc(arena, row, sizeof(double));
	s->apart = hidp__arena_alloc(arena, row, sizeof(double));
	s->before = hidp__arena_alloc(arena, row, sizeof(double));
	s->rest = hidp__arena_alloc(arena, parts != NULL ? row * t->node_count : 1, sizeof(double));
	s->rest_first = hidp__arena_alloc(arena, row, sizeof *s->rest_first);
	s->short_end = hidp__arena_alloc(arena, row, sizeof(uint32_t));
	s->dearer = hidp__arena_alloc(arena, t->node_count, sizeof *s->dearer);
	s->start = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->rate = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->join = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->worth = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->priced = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->unit_lines = hidp__arena_alloc(arena, t->node_count, sizeof *s->unit_lines);
	s->work_lines = hidp__arena_alloc(
	        arena, parts != NULL ? (size_t)t->layer_count * t->node_count : 1,
	        sizeof *s->work_lines);
	s->found = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->asked = hidp__arena_alloc(arena, t->node_count, sizeof *s->asked);
	s->demands.work = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->demands.send = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->demands.move = hidp__arena_alloc(arena, t->node_count, sizeof(double));
	s->who = hidp__arena_alloc(arena, t->node_count, sizeof *s->who);
	s->sequences = hidp__arena_alloc(arena, t->layer_count, sizeof *s->sequences);
	if (s->balanced == NULL || s->quickest == NULL || s->busy == NULL || s->before == NULL ||
	    s->rest == NULL || s->rest_first == NULL ||
	    s->apart == NULL || s->asked == NULL || s->demands.work == NULL ||
	    s->demands.send == NULL || s->demands.move == NULL || s->short_end == NULL || s->dearer == NULL || s->start == NULL || s->rate == NULL || s->join == NULL ||
	    s->worth == NULL || s->priced == NULL || s->unit_lines == NULL || s->work_lines == NULL ||
	    s->found == NULL || s->who == NULL || s->sequences == NULL)
		return NULL;
	s->latency_s = INFINITY;
	for (hidp_node_id a = 0; a < t->node_count; a++) {
		double latency = bound->blocks.in[a].exists ? bound->blocks.in[a].latency_s : 0;
		s->latency_s = latency < s->latency_s ? latency : s->latency_s;
		s->dearer[a] = hidp__arena_calloc(arena, row, sizeof(double));
		if (s->dearer[a] == NULL)
			return NULL;
	}
	sum_all(s);
	if (parts != NULL)
		find_rests(s, t->layer_count);
	return s;
}

/* Puts a participant among the others, by the time at which it has done the least it can do. */
static void add_line(struct hidp__spread *s, uint32_t count, hidp_node_id who,
                     const struct hidp__line *line)
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
	return (double)last->rows - b->blocks.waists->bytes[end] / last->row_bytes;
}

static double clamp_part(double part)
{
	return part > 0 ? part < 1 ? part : 1 : 0;
}

/*
 * What parts cost in prices beyond the cheapest node's, at least, if they come together on node
 * m; HIDP_NODE_NONE: wherever that is.
 */
static double gather_price(const struct hidp__spread *s, uint32_t end, uint32_t count,
                           hidp_node_id m, double enough)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__tables *t = b->tables;
	const struct hidp__work *last = &t->layers[end - 1];
	struct hidp__demands d = s->demands;
	double rows = (1 - s->rounding.unread) * (double)last->rows, bytes = rows * last->row_bytes;
	double elements = rows * (double)t->problem->model->layers[last->id].elements_per_row;
	d.count = count;
	for (uint32_t i = 0; i < count; i++) {
		hidp_node_id a = s->asked[i];
		const struct hidp__path *path = &b->paths[(size_t)a * t->node_count];
		d.move[i] = m == HIDP_NODE_NONE || a == m
		                    ? 0
		                    : bytes * path[m].byte_cost + elements * path[m].element_cost;
	}
	return hidp__toll(&d, &s->rounding, enough);
}

/*
 * What it takes until they are there: the node has of the rows what it could compute itself in
 * `level` seconds; to wait until it has more is one way to send less.
 */
static double gather_time(const struct hidp__spread *s, uint32_t end, uint32_t count, double level,
                          hidp_node_id m)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__path *in = &b->blocks.in[m];
	const struct hidp__work *last = &b->tables->layers[end - 1];
	double rows = (double)last->rows, unread = s->rounding.unread * rows;
	double elements = (double)b->tables->problem->model->layers[last->id].elements_per_row;
	double part = 0, all = INFINITY, joined = INFINITY, then = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (s->who[i] != m)
			continue;
		all = s->start[i] + 1 / s->rate[i];
		if (level < s->join[i]) {
			joined = s->join[i];
			then = clamp_part((joined - s->start[i]) * s->rate[i]);
			continue;
		}
		part = clamp_part((level - s->start[i]) * s->rate[i]);
	}
	/* shares are cut to whole rows */
	double row_s = last->row_bytes * in->byte_s + elements * in->element_s;
	double missing = (1 - part - s->off) * rows - 2 - unread;
	double later = (1 - then - s->off) * rows - 2 - unread;
	double v = level + (missing > 0 ? missing * row_s : 0);
	v = fmin(v, joined + (later > 0 ? later * row_s : 0));
	return (all > level && all < v ? all : v) + in->latency_s;
}

/*
 * What is left to pay behind a sequence of split stages that lasts `level` seconds at least, or
 * `enough`: on some node the rows come together. First the node where least is left, then
 * the others as far as they could make a difference.
 */
static double gather_cost(const struct hidp__spread *s, uint32_t end, uint32_t count, double level,
                          double enough)
{
	const struct hidp__bound *b = s->bound;
	double second = b->prices->second, best = enough, least = second * level;
	uint32_t nodes = b->tables->node_count;
	const double *rests = s->rest + (size_t)end * nodes;
	hidp_node_id first = s->rest_first[end];
	if (least + rests[first] >= best)
		return best;
	if (!b->prices->time_only)
		least += gather_price(s, end, count, HIDP_NODE_NONE, best - rests[first] - least);
	for (uint32_t i = 0; i < nodes; i++) {
		hidp_node_id m = i == 0 ? first : i <= first ? i - 1 : i;
		double rest = rests[m], floor = least + rest;
		if (floor >= best)
			continue;
		if (floor >= best * NO_DIFFERENCE) {
			best = floor;
			continue;
		}
		double v = rest;
		if (second > 0)
			v += second * gather_time(s, end, count, level, m);
		if (!b->prices->time_only && v < best)
			v += gather_price(s, end, count, m, best - v);
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

/*
 * Of the tensor that crosses the waist before the sequence a node needs at least its part, as
 * a rule. Of the layers it has parts that differ little, and these differences add up to 0
 * over the nodes.
 */
static struct hidp__rounding round_rows(const struct hidp__spread *s, uint32_t first, uint32_t end,
                                        const struct heights *h)
{
	const struct hidp__tables *t = s->bound->tables;
	const struct hidp__work *front = &t->layers[first], *last = &t->layers[end - 1];
	const struct hidp__feed *feed = &front->feeds[0];
	double front_row = 1 / (double)front->rows, last_row = 1 / (double)last->rows;
	double rounded = 1 / h->fewest - (h->even ? 1 / h->units : 0);
	double need = lost_need(front), part = fmax(need, rounded);
	bool needs_all = need < 1 && feed->rows <= front->rows * feed->rule.stride;
	struct hidp__rounding r = {.part = {{h->lost[0], needs_all ? 0 : need + front_row,
	                                     hidp__parts_differ(last->rows, front->rows)},
	                                    {h->lost[1], need, last_row}},
	                           .unread = unread_rows(s->bound, end) * last_row};
	part = r.unread > 0 ? fmax(last_row, part) : part;
	r.certain = fmax(1 - (double)s->able * part, 0);
	return r;
}

/* A participant pays what its processors cost more than the cheapest node's. */
static void ask(struct hidp__spread *s, uint32_t number, hidp_node_id node, uint32_t first,
                uint32_t end)
{
	s->asked[number] = node;
	s->demands.work[number] = s->dearer[node][end] - s->dearer[node][first];
	s->demands.send[number] = 0;
}

/*
 * The lines of all nodes for a sequence, and what it and all behind it cost at least if
 * nothing had to be sent to begin with.
 */
static double prepare_lines(struct hidp__spread *s, enum hidp__part_of of, uint32_t first,
                            uint32_t end, const struct heights *h, struct hidp__line *lines,
                            double enough)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__tables *t = b->tables;
	s->able = 0;
	s->lines = lines;
	s->off = of == HIDP__PART_OF_WORK ? hidp__parts_off(s->parts, end) : 0;
	for (hidp_node_id a = 0; a < t->node_count; a++) {
		lines[a].least = INFINITY;
		if (!hidp__takes_part(b->prices, &t->sites[a]) ||
		    !hidp__parts_line(s->parts, of, a, end, h->fewest, &lines[a]))
			continue;
		ask(s, s->able, a, first, end);
		add_line(s, s->able++, a, &lines[a]);
	}
	if (s->able < 2)
		return INFINITY;
	s->rounding = round_rows(s, first, end, h);
	return gather_cost(s, end, s->able, fill_level(s, s->able), enough);
}

/*
 * Everything that leaves the holder leaves it through one interface, and the last to get its
 * rows still has to compute them; of its part of the tensor a node needs about all, `sent`.
 */
static double sending_time(const struct hidp__spread *s, uint32_t first, hidp_node_id holder,
                           double sent)
{
	const struct hidp__bound *b = s->bound;
	uint32_t nodes = b->tables->node_count;
	const struct hidp__path *paths = &b->paths[(size_t)holder * nodes];
	const struct hidp__path *out = &b->blocks.out[holder];
	const struct hidp__line *own = &s->lines[holder];
	double wire = b->blocks.waists->bytes[first] * out->byte_s +
	              b->blocks.waists->elements[first] * out->element_s;
	double away = INFINITY, start = own->least < INFINITY ? own->start : INFINITY;
	for (hidp_node_id a = 0; a < nodes; a++)
		if (a != holder && paths[a].exists && s->lines[a].least + paths[a].latency_s < away)
			away = s->lines[a].least + paths[a].latency_s;
	double serial = away + wire * (sent > 0 ? sent : 0);
	if (serial > start && own->slope > 0) {
		/* the holder can keep what it can do in that time */
		double ratio = wire / own->slope;
		serial = (serial + ratio * start) / (1 + ratio);
		return serial > away ? serial : away;
	}
	if (serial > start)
		serial = start;
	return serial > away ? serial : away;
}

/*
 * The same when the tensor is on `holder`: all parts add up to 1, each node has finished
 * when start + part * slope has passed, the rows go out from the holder one message after
 * another, and at the end they come together on the node that goes on.
 */
static double split_cost(struct hidp__spread *s, uint32_t first, uint32_t end,
                         hidp_node_id holder, double enough)
{
	const struct hidp__bound *b = s->bound;
	const struct hidp__tables *t = b->tables;
	const struct hidp__path *paths = &b->paths[(size_t)holder * t->node_count];
	uint32_t count = 0;
	bool enters = b->blocks.waists->enters[first];
	double bytes = b->blocks.waists->bytes[first], elements = b->blocks.waists->elements[first];
	double lost = lost_need(&t->layers[first]) + s->off;
	double serial = enters && b->prices->second > 0 ? sending_time(s, first, holder, 1 - lost) : 0;
	double rest = s->rest[(size_t)end * t->node_count + s->rest_first[end]];
	if (b->prices->second * (serial + s->latency_s) + rest >= enough)
		return enough;
	for (hidp_node_id a = 0; a < t->node_count; a++) {
		const struct hidp__path *path = &paths[a];
		struct hidp__line line = s->lines[a];
		if ((enters && !path->exists) || line.least == INFINITY)
			continue;
		ask(s, count, a, first, end);
		if (a != holder && enters) {
			double wire = first > 0 ? bytes * path->byte_s + elements * path->element_s
			                        : bytes * path->slowest_byte_s +
			                                  elements * path->slowest_element_s;
			line.start += path->latency_s - lost * wire;
			line.slope += wire;
			line.least += path->latency_s;
			s->demands.send[count] = bytes * path->byte_cost + elements * path->element_cost;
		}
		add_line(s, count++, a, &line);
	}
	if (count < 2)
		return INFINITY;
	double level = fill_level(s, count);
	return gather_cost(s, end, count, serial > level ? serial : level, enough);
}

static void add_height(const struct hidp__tables *t, struct heights *h, uint32_t first,
                       uint32_t place, double apart)
{
	int64_t rows = t->layers[place].rows, most = (int64_t)h->units;
	h->lost[0] += apart * hidp__parts_differ(rows, t->layers[first].rows);
	h->lost[1] += apart / (double)rows;
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

static void offer_leave(struct hidp__spread *s, struct hidp__bound *b, uint32_t place,
                        hidp_node_id node, double cost)
{
	if (cost < s->worth[node])
		s->worth[node] = b->leave[hidp__node_at(b, place, node)] = cost;
}

static double most_worth(const struct hidp__spread *s, uint32_t nodes)
{
	double most = 0;
	for (hidp_node_id a = 0; a < nodes; a++)
		most = s->worth[a] > most ? s->worth[a] : most;
	return most;
}

static void count_look(struct hidp__spread *s, struct hidp__bound *b)
{
	uint32_t n = b->tables->node_count;
	s->budget -= s->budget < n ? s->budget : n;
	b->work += n;
}

/* Is much lost by not knowing exactly which part of the rows is sent? */
static bool sending_matters(const struct hidp__spread *s, const struct hidp__bound *b,
                            uint32_t place, const struct sequence *q)
{
	double longest = 0;
	for (hidp_node_id a = 0; a < b->tables->node_count && b->blocks.waists->enters[place]; a++) {
		const struct hidp__path *out = &b->blocks.out[a];
		double wire = b->blocks.waists->bytes[place] * out->byte_s +
		              b->blocks.waists->elements[place] * out->element_s;
		longest = out->exists && wire > longest ? wire : longest;
	}
	return b->prices->second * longest * s->off > MATTERS * q->least;
}

/* For every node that could hold the tensor: what the sequence costs if it does. */
static void look_closely(struct hidp__spread *s, struct hidp__bound *b, uint32_t place,
                         const struct sequence *q)
{
	uint32_t n = b->tables->node_count;
	for (hidp_node_id a = 0; a < n; a++)
		s->found[a] = q->least;
	s->lines = q->lines;
	s->able = q->able;
	s->off = q->off;
	s->rounding = q->rounding;
	double least = q->least;
	for (int of = HIDP__PART_OF_WORK;; of++) {
		bool open = false; /* could it still be worth it to somebody? */
		for (hidp_node_id a = 0; a < n; a++) {
			double *found = &s->found[a];
			*found = least > *found ? least : *found;
			if (*found >= s->worth[a])
				continue;
			double v = split_cost(s, place, q->end, a, s->worth[a]) + q->busy;
			*found = v > *found ? v : *found;
			open |= *found < s->worth[a];
			count_look(s, b);
		}
		if (!open || of == HIDP__PART_OF_UNITS || !sending_matters(s, b, place, q))
			break; /* the part of the work says more */
		count_look(s, b);
		least = prepare_lines(s, HIDP__PART_OF_UNITS, place, q->end, &q->heights,
		                      s->unit_lines, most_worth(s, n)) + q->busy;
	}
	for (hidp_node_id a = 0; a < n; a++)
		offer_leave(s, b, place, a, s->found[a]);
}

/* All sequences from a place on that could be worth it; returns how many. */
static uint32_t find_sequences(struct hidp__spread *s, struct hidp__bound *b, uint32_t place)
{
	uint32_t n = b->tables->node_count, count = 0, seen = place, limit = s->short_end[place];
	double most = most_worth(s, n), messages = b->blocks.waists->enters[place] ? 2 : 1;
	struct heights h = {.fewest = INFINITY, .even = true};
	bool begun = false;
	for (uint32_t end = place; end < limit;) {
		end = b->blocks.waists->next_waist[end];
		if (end > limit)
			break;
		for (; seen < end; seen++)
			add_height(b->tables, &h, place, seen, s->apart[seen]);
		double all = s->balanced[end] - s->balanced[place];
		double one = s->quickest[end] - s->quickest[place];
		double busy = s->busy[end] - s->busy[place];
		/* who has the tensor computes while the others wait for it */
		one += (messages - 1) * s->latency_s;
		double least = b->prices->second * ((all > one ? all : one) + s->latency_s) + busy +
		               b->behind[end];
		b->work++;
		if (least >= most)
			continue;
		if (s->budget > 0) {
			if (!begun)
				hidp__parts_begin(s->parts, place, limit, b->prices->second > 0);
			begun = true;
			double v = prepare_lines(s, HIDP__PART_OF_WORK, place, end, &h,
			                         s->work_lines + (size_t)count * n, most) + busy;
			least = v > least ? v : least;
			count_look(s, b);
		}
		if (least < most)
			s->sequences[count++] = (struct sequence){end, h, busy, least, s->lines,
			                                          s->able, s->off, s->rounding};
	}
	return count;
}

/*
 * What the layers before a waist cost at least if a stage on the node ends there: it ran
 * the last block, or the last layer of a mixed one, for which something was sent.
 */
static double cost_until(const struct hidp__spread *s, const struct hidp__bound *b, uint32_t place,
                         hidp_node_id node)
{
	const double *here = b->blocks.here + (size_t)node * b->tables->layer_count;
	if (place == 0)
		return node == b->tables->problem->request->input_node ? 0 : INFINITY;
	double last = here[place - 1];
	double mixed = last + s->before[place - 1];
	mixed += b->tables->always ? b->prices->second * s->latency_s : 0;
	uint32_t first = place - 1;
	for (; !b->blocks.waists->waist[first]; first--)
		last += here[first - 1];
	last += s->before[first];
	return first < place - 1 && mixed < last ? mixed : last;
}

/* The most promising sequences first: of most of the others only that they are dearer matters. */
static void relax_splits(struct hidp__spread *s, struct hidp__bound *b, uint32_t place)
{
	uint32_t n = b->tables->node_count;
	for (hidp_node_id a = 0; a < n; a++) {
		s->worth[a] = hidp__indifference(b, place, a, b->leave[hidp__node_at(b, place, a)]);
		if (s->ceiling < INFINITY)
			s->worth[a] = fmin(s->worth[a], s->ceiling - cost_until(s, b, place, a));
	}
	bool close = s->budget > 0;
	for (uint32_t count = find_sequences(s, b, place); count > 0;) {
		uint32_t best = 0;
		for (uint32_t i = 1; i < count; i++)
			if (s->sequences[i].least < s->sequences[best].least)
				best = i;
		struct sequence q = s->sequences[best];
		if (q.least >= most_worth(s, n))
			return;
		s->sequences[best] = s->sequences[--count];
		if (close && s->budget > 0) {
			look_closely(s, b, place, &q);
			continue;
		}
		for (hidp_node_id a = 0; a < n; a++)
			offer_leave(s, b, place, a, q.least);
	}
}

/* What a component reads of what was made before its region: the largest tensor. */
struct entry {
	double bytes, elements;
};

static void find_entries(const struct hidp__tables *t, const struct hidp__region *r,
                         struct entry *entries)
{
	memset(entries, 0, r->count * sizeof *entries);
	for (uint32_t l = r->first; l < r->end; l++) {
		const struct hidp__work *w = &t->layers[l];
		struct entry *e = &entries[r->component[l - r->first]];
		for (uint32_t i = 0; i < w->feed_count; i++) {
			const struct hidp__feed *f = &w->feeds[i];
			double rows = hidp__feed_rows(w, f);
			if ((f->place == UINT32_MAX || f->place < r->first) &&
			    rows * f->row_bytes > e->bytes)
				*e = (struct entry){rows * f->row_bytes, rows * f->elements_per_row};
		}
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
		struct entry entries[HIDP__BRANCHES_MAX];
		find_entries(t, region, entries);
		for (hidp_node_id a = 0; a < t->node_count; a++) {
			const double *here = blocks->here + (size_t)a * layers;
			const double *elsewhere = blocks->elsewhere + (size_t)a * layers;
			double on[HIDP__BRANCHES_MAX] = {0}, off[HIDP__BRANCHES_MAX] = {0};
			const struct hidp__path *out = &blocks->out[a];
			double best = INFINITY, wire[HIDP__BRANCHES_MAX];
			for (uint32_t c = 0; c < region->count; c++) {
				const struct entry *e = &entries[c];
				wire[c] = e->bytes > 0 && !out->exists ? INFINITY : 0;
				if (e->bytes > 0 && out->exists)
					wire[c] = hidp__path_cost(out, second, e->bytes, e->elements);
			}
			for (uint32_t l = region->first; l < region->end; l++) {
				uint8_t c = region->component[l - region->first];
				on[c] += here[l];
				off[c] += elsewhere[l];
			}
			for (uint32_t away = 1; away < 1u << region->count; away++) {
				double stay = 0, longest = 0, gone = 0, sent = 0;
				for (uint32_t c = 0; c < region->count; c++) {
					if (away >> c & 1) {
						longest = fmax(longest, wire[c] + off[c]);
						sent = fmax(sent, wire[c]);
						gone += off[c];
					} else {
						stay += on[c];
					}
				}
				/* at the same time, or, where time costs nothing, all together */
				double v = second > 0 ? fmax(stay, longest) : stay + sent + gone;
				best = v < best ? v : best;
			}
			double *leave = &b->leave[hidp__node_at(b, place, a)];
			double v = best + b->behind[region->end];
			v += t->joins ? second * s->latency_s : 0;
			*leave = v < *leave ? v : *leave;
		}
	}
}

void hidp__spread_relax(struct hidp__spread *spread, struct hidp__bound *bound, uint32_t place)
{
	uint32_t participants = 0;
	for (hidp_node_id a = 0; a < bound->tables->node_count; a++)
		participants += hidp__takes_part(bound->prices, &bound->tables->sites[a]);
	if (participants < 2)
		return;
	if (spread->parts != NULL)
		find_rests(spread, place);
	if (bound->blocks.waists->waist[place]) {
		relax_splits(spread, bound, place);
		relax_branches(bound, spread, place);
	}
}
