/* SPDX-License-Identifier: MIT */
#include "planner/ways.h"

#include <string.h>

#include "plan/evaluate_priv.h"

/* A step that could come next: what it costs by itself. */
struct option {
	struct hidp__step step;
	double seconds, cost, priced;
	double *busy;
	uint64_t team;
};

/* The first layers of a share, done in some way. */
struct partial {
	struct hidp__way way;
	const struct partial *before;
	const struct option *last;
	struct partial *next; /* in the list of those that have done as much */
};

struct entry {
	struct hidp__share key;
	struct hidp__ways ways;
	struct entry *next;
};

#define BUCKETS 1024

struct hidp__ways_cache {
	const struct hidp__tables *tables;
	struct hidp__ways_scope scope;
	struct hidp__arena *arena;
	struct entry *entries[BUCKETS];
};

/* One share in the making. */
struct making {
	struct hidp__ways_cache *cache;
	const struct hidp__site *site;
	const struct hidp__share *share;
	struct partial **done; /* [layer_count + 1] lists */
	struct option *options; /* that begin at a position, as a list in an array */
	uint32_t option_count, option_capacity;
	double most;  /* dearer ways are of no interest */
	double second; /* price of a second of the relaxed problem */
	uint64_t *work;
	bool no_memory;
	bool no_work; /* left for all that there is to do */
};

static bool gave_up(const struct making *m)
{
	return m->no_memory || m->no_work;
}

static bool spend(struct making *m, uint64_t work)
{
	if (*m->work < work) {
		*m->work = 0;
		m->no_work = true;
	} else {
		*m->work -= work;
	}
	return !gave_up(m);
}

static void *take(struct making *m, size_t count, size_t size)
{
	void *p = hidp__arena_alloc(m->cache->arena, count, size);
	m->no_memory |= p == NULL;
	return p;
}

/* Prices a step of the share that begins at `position`; adds it to the options. */
static void add_option(struct making *m, uint32_t position, const struct hidp__step *step)
{
	const struct hidp__problem *p = m->cache->tables->problem;
	uint32_t processors = m->site->processor_count;
	struct hidp__step own = *step;
	own.first = 0;
	struct hidp__share part = *m->share;
	part.layers += position;
	part.comp += position;
	part.layer_count = step->layer_count;
	part.step_count = 1;
	part.steps = &own;
	if (!spend(m, 4))
		return;
	if (m->option_count == m->option_capacity) {
		uint32_t wanted = m->option_capacity == 0 ? 64 : 2 * m->option_capacity;
		struct option *options = take(m, wanted, sizeof *options);
		if (options == NULL)
			return;
		if (m->option_count != 0)
			memcpy(options, m->options, m->option_count * sizeof *options);
		m->options = options;
		m->option_capacity = wanted;
	}
	struct option o = {.step = *step};
	o.busy = take(m, processors, sizeof *o.busy);
	o.step.slices = take(m, step->slice_count, sizeof *o.step.slices);
	if (gave_up(m))
		return;
	memset(o.busy, 0, processors * sizeof *o.busy);
	memcpy(o.step.slices, step->slices, step->slice_count * sizeof *step->slices);
	struct hidp__arena_mark mark = hidp__arena_here(m->cache->arena);
	m->no_memory |= !hidp__share_cost(p, 0, 0, &part, NULL, 0, o.busy, &o.seconds, NULL,
	                                  m->cache->arena);
	hidp__arena_back(m->cache->arena, mark);
	o.step.first = position;
	for (uint32_t k = 0; k < step->slice_count; k++)
		o.team |= (uint64_t)1 << step->slices[k].processor;
	o.priced = m->second * o.seconds;
	for (uint32_t q = 0; q < processors; q++) {
		uint32_t at = m->site->first_processor + q;
		o.cost += o.busy[q] * m->cache->scope.busy_price[at];
		o.priced += o.busy[q] * m->cache->scope.prices->busy[at];
	}
	if (o.priced > m->most)
		return;
	m->options[m->option_count++] = o;
}

static bool runs(const struct making *m, uint32_t position, uint32_t processor)
{
	uint32_t place = m->cache->tables->place_of[m->share->layers[position]];
	return hidp__span_empty(m->share->comp[position]) ||
	       m->site->rates[(size_t)place * m->site->processor_count + processor].runs;
}

static bool all_run(const struct making *m, uint32_t position, uint32_t length, uint32_t processor)
{
	for (uint32_t i = 0; i < length; i++)
		if (!runs(m, position + i, processor))
			return false;
	return true;
}

/* A division over several processors in the making. */
struct dividing {
	struct making *m;
	uint32_t position, length;
	hidp_step_kind kind;
	bool any_order; /* it makes no difference who is first */
	int64_t begin, end;
	uint32_t count;
	struct hidp__slice slices[HIDP_NODE_PROCESSORS_MAX];
};

/* Does every slice compute a row of every layer? */
static bool has_rows(const struct dividing *d, const struct hidp__step *step)
{
	struct making *m = d->m;
	struct hidp__step own = *step;
	struct hidp__share part = *m->share;
	struct hidp__step_rows rows;
	own.first = 0;
	part.layers += d->position;
	part.comp += d->position;
	part.layer_count = d->length;
	struct hidp__arena_mark mark = hidp__arena_here(m->cache->arena);
	bool ok = hidp__step_rows(m->cache->tables->problem->model, &part, &own, &rows,
	                          m->cache->arena);
	m->no_memory |= !ok;
	for (uint32_t i = 0; ok && i < step->slice_count * d->length; i++)
		ok = !hidp__span_empty(rows.rows[i]);
	hidp__arena_back(m->cache->arena, mark);
	return ok;
}

/* The next slice begins at `at`, on any processor that has none. */
static void divide(struct dividing *d, int64_t at, uint64_t used)
{
	const struct hidp__site *site = d->m->site;
	for (uint32_t i = 0; i < site->usable_count && !gave_up(d->m); i++) {
		uint32_t q = site->usable[i];
		if (used >> q & 1 || !all_run(d->m, d->position, d->length, q))
			continue;
		if (d->any_order && d->count > 0 && d->slices[d->count - 1].processor > q)
			continue;
		struct hidp__slice *slice = &d->slices[d->count++];
		*slice = (struct hidp__slice){.processor = q,
		                              .layer_count = d->length,
		                              .layers = d->m->share->layers + d->position};
		for (int64_t end = at + 1; end < d->end && !gave_up(d->m); end++) {
			slice->range = (struct hidp__span){at, end};
			divide(d, end, used | (uint64_t)1 << q);
		}
		slice->range = (struct hidp__span){at, d->end};
		struct hidp__step step = {.kind = d->kind,
		                          .first = d->position,
		                          .layer_count = d->length,
		                          .slice_count = d->count,
		                          .slices = d->slices};
		if (d->count > 1 && spend(d->m, 1) &&
		    (d->kind == HIDP_STEP_CHANNELS || has_rows(d, &step)))
			add_option(d->m, d->position, &step);
		d->count--;
	}
}

/* Components of layers that follow each other in the share: number of each; returns how many. */
static uint32_t find_components(const struct making *m, uint32_t position, uint32_t length,
                                uint8_t *component)
{
	const struct hidp_model *model = m->cache->tables->problem->model;
	const hidp_layer_id *layers = m->share->layers + position;
	uint32_t count = 0;
	for (uint32_t i = 0; i < length; i++) {
		const struct hidp__layer *l = &model->layers[layers[i]];
		component[i] = (uint8_t)i;
		for (uint32_t k = 0; k < l->input_count; k++) {
			for (uint32_t j = 0; j < i; j++) {
				uint8_t from = component[j], to = component[i];
				if (layers[j] != l->inputs[k].layer || from == to)
					continue;
				for (uint32_t n = 0; n <= i; n++)
					if (component[n] == to)
						component[n] = from;
			}
		}
	}
	for (uint32_t i = 0; i < length; i++) { /* roots get numbers in order */
		uint32_t same = 0;
		while (component[same] != component[i])
			same++;
		if (same == i)
			count++;
	}
	return count;
}

/* Every assignment of the components to at least two processors. */
static void add_branches(struct making *m, uint32_t position, uint32_t length)
{
	uint8_t component[HIDP__BRANCH_LAYERS_MAX], root[HIDP__BRANCHES_MAX];
	uint32_t n = m->site->usable_count, found = 0;
	uint32_t count = find_components(m, position, length, component);
	if (n < 2 || count < 2 || count > HIDP__BRANCHES_MAX)
		return;
	for (uint32_t i = 0; i < length; i++) {
		uint32_t c = 0;
		while (c < found && root[c] != component[i])
			c++;
		if (c == found)
			root[found++] = component[i];
		component[i] = (uint8_t)(c | 0x80); /* numbered */
	}
	uint64_t assignments = 1;
	for (uint32_t c = 0; c < count; c++)
		assignments *= n;
	for (uint64_t a = 0; a < assignments && spend(m, 1); a++) {
		struct hidp__slice slices[HIDP_NODE_PROCESSORS_MAX];
		uint32_t used = 0;
		bool ok = true;
		for (uint32_t p = 0; p < n && ok; p++) {
			hidp_layer_id *layers = take(m, length, sizeof *layers);
			uint32_t some = 0, q = m->site->usable[p];
			if (layers == NULL)
				return;
			for (uint32_t i = 0; i < length; i++) {
				uint64_t rest = a;
				for (uint32_t c = component[i] & 0x7f; c > 0; c--)
					rest /= n;
				if (rest % n != p)
					continue;
				layers[some++] = m->share->layers[position + i];
				ok &= runs(m, position + i, q);
			}
			if (some > 0)
				slices[used++] = (struct hidp__slice){.processor = q,
				                                      .layer_count = some,
				                                      .layers = layers};
		}
		struct hidp__step step = {.kind = HIDP_STEP_BRANCH,
		                          .first = position,
		                          .layer_count = length,
		                          .slice_count = used,
		                          .slices = slices};
		if (ok && used > 1)
			add_option(m, position, &step);
	}
}

static void add_singles(struct making *m, uint32_t position)
{
	for (uint32_t i = 0; i < m->site->usable_count; i++) {
		struct hidp__slice slice = {.processor = m->site->usable[i],
		                            .layer_count = 1,
		                            .layers = m->share->layers + position};
		struct hidp__step step = {.kind = HIDP_STEP_SINGLE,
		                          .first = position,
		                          .layer_count = 1,
		                          .slice_count = 1,
		                          .slices = &slice};
		if (runs(m, position, slice.processor))
			add_option(m, position, &step);
	}
}

static void find_options(struct making *m, uint32_t position)
{
	const struct hidp__share *share = m->share;
	const struct hidp__tables *t = m->cache->tables;
	m->option_count = m->option_capacity = 0;
	add_singles(m, position);
	for (uint32_t n = 1; n <= share->layer_count - position && !gave_up(m); n++) {
		/* where a slice lies matters to what it shares, copies and holds */
		bool any_order = n == 1 && !m->site->copies && !m->cache->scope.all;
		struct dividing d = {m, position, n, HIDP_STEP_ROWS, any_order, 0, 0, 0, {{0}}};
		struct hidp__span last = share->comp[position + n - 1];
		const struct hidp__work *w = &t->layers[t->place_of[share->layers[position]]];
		d.begin = last.begin;
		d.end = last.end;
		if (n <= HIDP_STEP_LAYERS_MAX && hidp__span_length(last) > 1)
			divide(&d, d.begin, 0);
		if (n == 1 && w->splits_channels && !hidp__span_empty(last)) {
			d.kind = HIDP_STEP_CHANNELS;
			d.begin = 0;
			d.end = w->groups;
			divide(&d, 0, 0);
		}
		if (n > 1 && n <= HIDP__BRANCH_LAYERS_MAX)
			add_branches(m, position, n);
	}
}

/* Is a, with all that counts, at least as good as b? */
static bool beats(const struct making *m, const struct partial *a, const struct partial *b)
{
	const struct hidp__ways_scope *s = &m->cache->scope;
	const struct hidp__way *v = &a->way, *w = &b->way;
	if (s->all || m->site->copies)
		return false;
	if (m->site->sync_s > 0 &&
	    (v->end_state != w->end_state || v->first_team != w->first_team ||
	     v->first_single != w->first_single))
		return false;
	if ((s->seconds && v->seconds > w->seconds) || v->cost > w->cost)
		return false;
	for (uint32_t q = 0; s->each_busy && q < m->site->processor_count; q++)
		if (v->busy[q] > w->busy[q])
			return false;
	return true;
}

static void add_partial(struct making *m, uint32_t position, const struct partial *candidate)
{
	struct partial **list = &m->done[position];
	for (struct partial **at = list; *at != NULL;) {
		if (!spend(m, 1) || beats(m, *at, candidate))
			return;
		if (beats(m, candidate, *at))
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	if (!spend(m, 4))
		return;
	struct partial *p = take(m, 1, sizeof *p);
	double *busy = take(m, m->site->processor_count, sizeof *busy);
	if (gave_up(m))
		return;
	*p = *candidate;
	memcpy(busy, candidate->way.busy, m->site->processor_count * sizeof *busy);
	p->way.busy = busy;
	p->next = *list;
	*list = p;
}

/* One more step after what is done. */
static void extend(struct making *m, const struct partial *before, const struct option *o)
{
	uint32_t processors = m->site->processor_count;
	double busy[HIDP_NODE_PROCESSORS_MAX];
	struct partial p = {.before = before, .last = o};
	bool single = o->step.kind == HIDP_STEP_SINGLE;
	uint32_t state = single ? o->step.slices[0].processor : processors;
	bool hand_over = before != NULL && !(single && before->way.end_state == state);
	double h = hand_over ? m->site->sync_s : 0;
	p.way.seconds = o->seconds + h;
	p.way.cost = o->cost;
	p.way.priced = o->priced + h * m->second;
	for (uint32_t q = 0; q < processors; q++) {
		bool member = o->team >> q & 1;
		busy[q] = o->busy[q] + (member ? h : 0);
		if (member) {
			uint32_t at = m->site->first_processor + q;
			p.way.cost += h * m->cache->scope.busy_price[at];
			p.way.priced += h * m->cache->scope.prices->busy[at];
		}
	}
	p.way.first_team = o->team;
	p.way.first_single = single;
	if (before != NULL) {
		p.way.seconds += before->way.seconds;
		p.way.cost += before->way.cost;
		p.way.priced += before->way.priced;
		p.way.first_team = before->way.first_team;
		p.way.first_single = before->way.first_single;
		for (uint32_t q = 0; q < processors; q++)
			busy[q] += before->way.busy[q];
	}
	p.way.end_state = (uint8_t)state;
	p.way.busy = busy;
	if (p.way.priced > m->most)
		return;
	add_partial(m, o->step.first + o->step.layer_count, &p);
}

/* Writes the steps of a finished way, neighbours on one processor as one. */
static void write_steps(struct making *m, const struct partial *p, struct hidp__way *way)
{
	uint32_t count = m->share->layer_count, at = count;
	struct hidp__step *steps = take(m, count, sizeof *steps);
	for (; p != NULL && steps != NULL; p = p->before) {
		const struct hidp__step *s = &p->last->step;
		/* a processor holds less at once if its steps are short */
		bool joins = !m->cache->scope.all && at < count && s->kind == HIDP_STEP_SINGLE &&
		             steps[at].kind == HIDP_STEP_SINGLE &&
		             steps[at].slices[0].processor == s->slices[0].processor;
		if (!joins)
			steps[--at] = *s;
		else
			steps[at].layer_count += s->layer_count;
		if (joins || s->kind == HIDP_STEP_SINGLE) {
			struct hidp__slice *slice = take(m, 1, sizeof *slice);
			if (slice == NULL)
				return;
			*slice = s->slices[0];
			slice->layer_count = steps[at].layer_count;
			steps[at].slices = slice;
			steps[at].first = s->first;
		}
	}
	if (steps == NULL)
		return;
	way->steps = steps + at;
	way->step_count = count - at;
}

/* With processors that copy, steps do not add up: the whole share is priced anew. */
static void price_whole(struct making *m, struct hidp__way *way)
{
	struct hidp__share share = *m->share;
	share.steps = way->steps;
	share.step_count = way->step_count;
	memset(way->busy, 0, m->site->processor_count * sizeof *way->busy);
	way->cost = way->priced = 0;
	struct hidp__arena_mark mark = hidp__arena_here(m->cache->arena);
	m->no_memory |= !hidp__share_cost(m->cache->tables->problem, 0, 0, &share, NULL, 0,
	                                  way->busy, &way->seconds, NULL, m->cache->arena);
	hidp__arena_back(m->cache->arena, mark);
	way->priced = m->second * way->seconds;
	for (uint32_t q = 0; q < m->site->processor_count; q++) {
		uint32_t at = m->site->first_processor + q;
		way->cost += way->busy[q] * m->cache->scope.busy_price[at];
		way->priced += way->busy[q] * m->cache->scope.prices->busy[at];
	}
}

static void make(struct making *m, struct hidp__ways *ways)
{
	uint32_t count = m->share->layer_count;
	m->done = take(m, (size_t)count + 1, sizeof *m->done);
	if (gave_up(m))
		return;
	memset(m->done, 0, ((size_t)count + 1) * sizeof *m->done);
	for (uint32_t position = 0; position < count && !gave_up(m); position++) {
		if (position > 0 && m->done[position] == NULL)
			continue;
		find_options(m, position);
		for (uint32_t i = 0; i < m->option_count && !gave_up(m); i++) {
			if (position == 0)
				extend(m, NULL, &m->options[i]);
			for (struct partial *p = m->done[position]; p != NULL && !gave_up(m);
			     p = p->next)
				extend(m, p, &m->options[i]);
		}
	}
	for (struct partial *p = m->done[count]; p != NULL; p = p->next)
		ways->count++;
	ways->items = take(m, (size_t)ways->count + 1, sizeof *ways->items);
	if (gave_up(m))
		return;
	uint32_t at = 0;
	for (struct partial *p = m->done[count]; p != NULL && !gave_up(m); p = p->next) {
		struct hidp__way *way = &ways->items[at++];
		*way = p->way;
		write_steps(m, p, way);
		if (m->site->copies && spend(m, 8))
			price_whole(m, way);
	}
}

struct hidp__ways_cache *hidp__ways_cache_new(const struct hidp__tables *tables,
                                              const struct hidp__ways_scope *scope,
                                              struct hidp__arena *arena)
{
	struct hidp__ways_cache *c = hidp__arena_calloc(arena, 1, sizeof *c);
	if (c != NULL) {
		c->tables = tables;
		c->scope = *scope;
		c->arena = arena;
	}
	return c;
}

static bool same_share(const struct hidp__share *a, const struct hidp__share *b)
{
	return a->node == b->node && a->layer_count == b->layer_count &&
	       memcmp(a->layers, b->layers, a->layer_count * sizeof *a->layers) == 0 &&
	       memcmp(a->comp, b->comp, a->layer_count * sizeof *a->comp) == 0;
}

static uint64_t hash_share(const struct hidp__share *s)
{
	uint64_t h = s->node;
	for (uint32_t i = 0; i < s->layer_count; i++) {
		h = (h ^ s->layers[i]) * 0x9e3779b97f4a7c15u;
		h = (h ^ (uint64_t)s->comp[i].begin) * 0x9e3779b97f4a7c15u;
		h = (h ^ (uint64_t)s->comp[i].end) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

bool hidp__ways_of(struct hidp__ways_cache *cache, const struct hidp__share *share, double most,
                   uint64_t *work, const struct hidp__ways **ways_out)
{
	*ways_out = NULL;
	struct entry **bucket = &cache->entries[hash_share(share) % BUCKETS];
	for (struct entry *e = *bucket; e != NULL; e = e->next) {
		if (same_share(&e->key, share)) {
			*ways_out = &e->ways;
			return true;
		}
	}
	struct entry *e = hidp__arena_calloc(cache->arena, 1, sizeof *e);
	hidp_layer_id *layers =
	        hidp__arena_alloc(cache->arena, share->layer_count, sizeof *layers);
	struct hidp__span *comp = hidp__arena_alloc(cache->arena, share->layer_count, sizeof *comp);
	if (e == NULL || layers == NULL || comp == NULL)
		return false;
	memcpy(layers, share->layers, share->layer_count * sizeof *layers);
	memcpy(comp, share->comp, share->layer_count * sizeof *comp);
	e->key = (struct hidp__share){.node = share->node,
	                              .fraction = 1,
	                              .layer_count = share->layer_count,
	                              .layers = layers,
	                              .comp = comp};
	struct making m = {.cache = cache,
	                   .site = &cache->tables->sites[share->node],
	                   .share = &e->key,
	                   .most = most * (1 + 1e-12),
	                   .second = cache->scope.prices->second,
	                   .work = work};
	if (m.site->copies) /* what steps cost does not add up */
		m.most = INFINITY;
	make(&m, &e->ways);
	if (gave_up(&m))
		return !m.no_memory;
	e->next = *bucket;
	*bucket = e;
	*ways_out = &e->ways;
	return true;
}
