/* SPDX-License-Identifier: MIT */
/* What ideals are made of: lumps of items, and the tensors between them. */
#include "planner/ideals_priv.h"

/* What is to be known of an item to find where it goes. */
struct trait {
	bool does;     /* it takes time, or cannot run somewhere, or sends a tensor */
	bool receives; /* from the shared memory */
};

static uint32_t turn_of(const struct hidp__placement *p, uint32_t place)
{
	bool ours = place != UINT32_MAX && place >= p->first && place < p->end;
	return ours ? p->turn[p->item_of[place]] : UINT32_MAX;
}

static bool moves_bytes(const struct hidp__placement *p, const struct hidp__work *w, uint32_t feed)
{
	return hidp__feed_rows(w, &w->feeds[feed]) > 0 && p->least_bytes[w->feeds[feed].layer] > 0;
}

/* Who does something, and who receives what no item makes. */
static void find_traits(const struct lumps *u, struct trait *traits)
{
	const struct hidp__placement *p = u->p;
	for (uint32_t layer = p->first; layer < p->end; layer++) {
		const struct hidp__work *w = &p->tables->layers[layer];
		uint32_t turn = p->turn[p->item_of[layer]];
		for (uint32_t k = 0; k < u->classes->count; k++) /* INFINITY: it cannot run there */
			traits[turn].does |=
				p->seconds[(size_t)layer * p->count + u->classes->one[k]] > 0;
		traits[turn].does |= p->kept[w->id] > 0 && p->least_bytes[w->id] > 0;
		for (uint32_t i = 0; i < w->feed_count; i++) {
			uint32_t from = turn_of(p, w->feeds[i].place);
			if (from == turn || !moves_bytes(p, w, i))
				continue;
			if (from == UINT32_MAX)
				traits[turn].receives = true;
			else
				traits[from].does = true;
		}
	}
}

/* Of which lump an item is, in the order of turns. */
static void find_lump(struct lumps *u, const struct trait *t, uint32_t turn)
{
	const struct hidp__placement *p = u->p;
	uint32_t read = UINT32_MAX;
	bool reads_several = false;
	for (uint32_t k = p->item[p->order[turn]]; k < p->item[p->order[turn] + 1]; k++) {
		const struct hidp__work *w = &p->tables->layers[p->member[k]];
		for (uint32_t i = 0; i < w->feed_count; i++) {
			uint32_t from = turn_of(p, w->feeds[i].place);
			if (from == UINT32_MAX || from == turn || u->of[from] == UINT32_MAX)
				continue;
			reads_several |= read != UINT32_MAX && read != u->of[from];
			read = u->of[from];
		}
	}
	u->of[turn] = t->does || t->receives || reads_several ? u->count++ : read;
}

static bool find_lumps(struct lumps *u)
{
	struct trait *traits = hidp__arena_calloc(u->arena, u->p->items, sizeof *traits);
	u->of = hidp__arena_alloc(u->arena, u->p->items, sizeof *u->of);
	if (traits == NULL || u->of == NULL)
		return false;
	find_traits(u, traits);
	for (uint32_t i = 0; i < u->p->items; i++)
		find_lump(u, &traits[i], i);
	u->words = (u->count + 63) / 64;
	return true;
}

/* Seconds of the lumps, and what they read. */
static bool read_lumps(struct lumps *u)
{
	const struct hidp__placement *p = u->p;
	uint32_t classes = u->classes->count;
	size_t sets = (size_t)u->count * u->words + 1;
	u->needs = hidp__arena_calloc(u->arena, sets, sizeof *u->needs);
	u->readers = hidp__arena_calloc(u->arena, sets, sizeof *u->readers);
	u->seconds =
		hidp__arena_calloc(u->arena, (size_t)u->count * classes + 1, sizeof *u->seconds);
	u->barred = hidp__arena_calloc(u->arena, (size_t)u->count * classes + 1, sizeof *u->barred);
	if (u->needs == NULL || u->readers == NULL || u->seconds == NULL || u->barred == NULL)
		return false;
	for (uint32_t layer = p->first; layer < p->end; layer++) {
		const struct hidp__work *w = &p->tables->layers[layer];
		uint32_t lump = u->of[p->turn[p->item_of[layer]]];
		for (uint32_t k = 0; k < classes && lump != UINT32_MAX; k++) {
			double s = p->seconds[(size_t)layer * p->count + u->classes->one[k]];
			u->barred[(size_t)lump * classes + k] |= s == INFINITY;
			u->seconds[(size_t)lump * classes + k] += s < INFINITY ? s : 0;
		}
		for (uint32_t i = 0; i < w->feed_count; i++) {
			uint32_t turn = turn_of(p, w->feeds[i].place);
			uint32_t from = turn != UINT32_MAX ? u->of[turn] : UINT32_MAX;
			if (from == UINT32_MAX || from == lump)
				continue;
			hidp__set_put(u->needs + (size_t)lump * u->words, from);
			hidp__set_put(u->readers + (size_t)from * u->words, lump);
		}
	}
	return true;
}

/* Which words of its readers are not 0. */
static void find_words(struct flow *f, uint32_t words)
{
	uint32_t end = words;
	while (end > 0 && f->readers[end - 1] == 0)
		end--;
	for (f->word = 0; f->word < end && f->readers[f->word] == 0;)
		f->word++;
	f->words = end - f->word;
}

/* Tensors that others read than the lump that makes them. */
static bool read_flows(struct lumps *u)
{
	const struct hidp__placement *p = u->p;
	size_t tensors = p->tables->problem->model->layer_count;
	uint64_t *readers = hidp__arena_calloc(u->arena, tensors * u->words + 1, sizeof *readers);
	u->flows = hidp__arena_alloc(u->arena, tensors, sizeof *u->flows);
	if (readers == NULL || u->flows == NULL)
		return false;
	for (uint32_t layer = p->first; layer < p->end; layer++) {
		const struct hidp__work *w = &p->tables->layers[layer];
		uint32_t lump = u->of[p->turn[p->item_of[layer]]];
		for (uint32_t i = 0; i < w->feed_count; i++) {
			uint32_t turn = turn_of(p, w->feeds[i].place);
			if (moves_bytes(p, w, i) && (turn == UINT32_MAX || u->of[turn] != lump))
				hidp__set_put(readers + (size_t)w->feeds[i].layer * u->words, lump);
		}
	}
	for (hidp_layer_id t = 0; t < tensors; t++) {
		uint32_t turn = turn_of(p, p->tables->place_of[t]);
		struct flow f = {.maker = turn != UINT32_MAX ? u->of[turn] : UINT32_MAX,
		                 .kept = turn != UINT32_MAX && p->kept[t] > 0,
		                 .bytes = p->least_bytes[t],
		                 .readers = readers + (size_t)t * u->words};
		find_words(&f, u->words);
		if ((f.kept || f.words > 0) && f.bytes > 0)
			u->flows[u->flow_count++] = f;
	}
	u->flow_words = (u->flow_count + 63) / 64;
	return true;
}

/* A flow of a lump: counted before they are listed. */
static void add_touched(struct lumps *u, uint32_t lump, uint32_t flow)
{
	if (u->touched == NULL)
		u->touched_begin[lump + 2]++;
	else
		u->touched[u->touched_begin[lump + 1]++] = flow;
}

static void add_all_touched(struct lumps *u)
{
	for (uint32_t k = 0; k < u->flow_count; k++) {
		const struct flow *f = &u->flows[k];
		if (f->maker != UINT32_MAX)
			add_touched(u, f->maker, k);
		for (uint32_t i = hidp__set_next(f->readers, u->words, 0); i < u->count;
		     i = hidp__set_next(f->readers, u->words, i + 1))
			add_touched(u, i, k);
	}
}

/* Which flows change when a lump joins an ideal. */
static bool find_touched(struct lumps *u)
{
	u->touched_begin = hidp__arena_calloc(u->arena, (size_t)u->count + 2, sizeof(uint32_t));
	if (u->touched_begin == NULL)
		return false;
	add_all_touched(u);
	for (uint32_t i = 0; i < u->count; i++)
		u->touched_begin[i + 2] += u->touched_begin[i + 1];
	/* [i + 1]: where the next flow of lump i goes, in the end where they end */
	size_t count = u->count > 0 ? u->touched_begin[u->count + 1] : 0;
	u->touched = hidp__arena_alloc(u->arena, count + 1, sizeof *u->touched);
	if (u->touched == NULL)
		return false;
	add_all_touched(u);
	return true;
}

bool hidp__lumps_find(struct lumps *u, const struct hidp__placement *p,
                      const struct hidp__classes *classes)
{
	*u = (struct lumps){.p = p, .classes = classes, .arena = p->arena};
	return find_lumps(u) && read_lumps(u) && read_flows(u) && find_touched(u);
}
