/* SPDX-License-Identifier: MIT */
/* What the planner needs of the model: layers, who feeds them, where branches run side by side. */
#include <string.h>

#include "planner/problem.h"

double hidp__work_bytes(const struct hidp__work *layer, int64_t rows, double channels)
{
	if (layer->free)
		return 0;
	double bytes = ((double)rows * layer->moved_row_bytes + layer->moved_weight_bytes) * channels;
	for (uint32_t i = 0; i < layer->feed_count; i++) {
		const struct hidp__feed *f = &layer->feeds[i];
		double read = (double)hidp__rule_read(&f->rule, f->rows, rows) * f->row_bytes;
		bytes += f->own_channels ? read * channels : read;
	}
	return bytes;
}

/* The first and the last row read the least: what lies between reads more. */
static bool reads_always(const struct hidp__work *w)
{
	if (w->feed_count == 0)
		return false;
	for (uint32_t i = 0; i < w->feed_count; i++) {
		const struct hidp__feed *f = &w->feeds[i];
		struct hidp__span first = {0, 1}, last = {w->rows - 1, w->rows};
		if (hidp__span_empty(hidp__rule_need(&f->rule, f->rows, first)) ||
		    hidp__span_empty(hidp__rule_need(&f->rule, f->rows, last)))
			return false;
	}
	return true;
}

static bool read_layers(struct hidp__tables *t, struct hidp__arena *arena)
{
	const struct hidp_model *model = t->problem->model;
	uint32_t feeds = 0;
	for (uint32_t l = 0; l < model->layer_count; l++)
		feeds += model->layers[l].input_count;
	t->layers = hidp__arena_calloc(arena, model->layer_count, sizeof *t->layers);
	t->place_of = hidp__arena_alloc(arena, model->layer_count, sizeof *t->place_of);
	struct hidp__feed *feed = hidp__arena_alloc(arena, (size_t)feeds + 1, sizeof *feed);
	if (t->layers == NULL || t->place_of == NULL || feed == NULL)
		return false;
	t->layer_count = 0;
	t->always = true;
	for (hidp_layer_id id = 0; id < model->layer_count; id++) {
		const struct hidp__layer *l = &model->layers[id];
		t->place_of[id] = UINT32_MAX;
		if (l->op == HIDP_OP_INPUT)
			continue;
		t->place_of[id] = t->layer_count;
		struct hidp__work *w = &t->layers[t->layer_count++];
		w->id = id;
		w->feed_count = l->input_count;
		w->feeds = feed;
		w->rows = l->shape.rows;
		w->groups = l->channel_groups;
		w->splits_channels = l->channel_grain > 0;
		w->row_bytes = (double)l->row_bytes;
		w->weight_bytes = (double)l->weight_bytes;
		w->moved_row_bytes = hidp__moved_row_bytes(l);
		w->moved_weight_bytes = hidp__moved_weight_bytes(l);
		w->free = l->op_class == HIDP_CLASS_NONE;
		for (uint32_t i = 0; i < l->input_count; i++, feed++) {
			const struct hidp__layer *from = &model->layers[l->inputs[i].layer];
			*feed = (struct hidp__feed){
			        .layer = l->inputs[i].layer,
			        .place = t->place_of[l->inputs[i].layer],
			        .own_channels = l->inputs[i].own_channels,
			        .rule = l->inputs[i].rule,
			        .rows = from->shape.rows,
			        .row_bytes = (double)from->row_bytes,
			        .elements_per_row = (double)from->elements_per_row,
			};
		}
		w->bytes = hidp__work_bytes(w, w->rows, 1);
		w->always = reads_always(w);
		t->always &= w->always;
	}
	uint32_t outputs = 0;
	for (uint32_t p = 0; p < t->layer_count; p++) {
		struct hidp__work *w = &t->layers[p];
		hidp_layer_id last = model->layers[w->id].last_consumer;
		w->last_reader =
		        last == model->layer_count ? t->layer_count : t->place_of[last];
		outputs += w->last_reader == t->layer_count;
	}
	t->joins = t->always && outputs == 1;
	return true;
}

/* Are all rows of one a whole multiple of the other's? */
static bool multiples(int64_t a, int64_t b)
{
	return a == b || a % b == 0 || b % a == 0;
}

/* Marks the layers that are not divided alike with those that may be in a step with them. */
static void find_odd(struct hidp__tables *t)
{
	for (uint32_t l = 0; l < t->layer_count; l++) {
		struct hidp__work *w = &t->layers[l];
		for (uint32_t k = 1; k < HIDP_STEP_LAYERS_MAX && l + k < t->layer_count; k++) {
			bool odd = !multiples(w->rows, w[k].rows);
			w->odd |= odd;
			w[k].odd |= odd;
		}
	}
}

/* Do two layers read the same inputs from the same places, among those from `a` and `b` on? */
static bool read_alike(const struct hidp__work *x, uint32_t a, const struct hidp__work *y,
                       uint32_t b)
{
	for (uint32_t i = 0; i < x->feed_count; i++) {
		uint32_t p = x->feeds[i].place, q = y->feeds[i].place;
		bool inside = p != UINT32_MAX && p >= a;
		if (inside != (q != UINT32_MAX && q >= b) || (inside && p - a != q - b))
			return false;
	}
	return true;
}

/*
 * Runs of layers that repeat: each is compared with the run from the last layer before
 * that has the same figures, which in turn is alike to those before it.
 */
static bool find_alike(struct hidp__tables *t, struct hidp__arena *arena)
{
	const struct hidp_model *model = t->problem->model;
	/* layers with the same figures have the same times, unless measurements or pins tell them apart */
	bool same = t->problem->cost == NULL && t->problem->request->pin_node == NULL;
	uint32_t *latest = hidp__arena_alloc(arena, model->layer_count, sizeof *latest);
	t->alike = hidp__arena_alloc(arena, (size_t)t->layer_count * HIDP_STEP_LAYERS_MAX,
	                             sizeof *t->alike);
	if (latest == NULL || t->alike == NULL)
		return false;
	memset(latest, 0xff, model->layer_count * sizeof *latest);
	for (uint32_t l = 0; l < t->layer_count; l++) {
		uint32_t *alike = t->alike + (size_t)l * HIDP_STEP_LAYERS_MAX;
		uint32_t *twin = &latest[model->layers[t->layers[l].id].twin], before = *twin;
		bool holds = same && before != UINT32_MAX;
		for (uint32_t n = 0; n < HIDP_STEP_LAYERS_MAX; n++) {
			holds = holds && l + n < t->layer_count &&
			        model->layers[t->layers[before + n].id].twin ==
			                model->layers[t->layers[l + n].id].twin &&
			        read_alike(&t->layers[before + n], before, &t->layers[l + n], l);
			alike[n] = holds ? hidp__alike(t, before, n + 1) : l;
		}
		*twin = l;
	}
	return true;
}

/* Components of a growing run of layers, by union and find over at most 64 of them. */
struct forest {
	uint8_t parent[HIDP__BRANCH_LAYERS_MAX];
	uint32_t count;
};

static uint8_t root(struct forest *f, uint8_t i)
{
	while (f->parent[i] != i)
		i = f->parent[i] = f->parent[f->parent[i]];
	return i;
}

static void grow(struct forest *f, const struct hidp__work *layer, uint32_t first, uint32_t place)
{
	uint8_t at = (uint8_t)(place - first);
	f->parent[at] = at;
	f->count++;
	for (uint32_t i = 0; i < layer->feed_count; i++) {
		uint32_t from = layer->feeds[i].place;
		if (from == UINT32_MAX || from < first)
			continue;
		uint8_t a = root(f, (uint8_t)(from - first)), b = root(f, at);
		if (a != b) {
			f->parent[a > b ? a : b] = a > b ? b : a; /* the smaller place is the root */
			f->count--;
		}
	}
}

/* Place of the nearest layer that feeds one; UINT32_MAX: only model inputs do. */
static uint32_t nearest_feed(const struct hidp__work *layer)
{
	uint32_t nearest = UINT32_MAX;
	for (uint32_t i = 0; i < layer->feed_count; i++) {
		uint32_t from = layer->feeds[i].place;
		if (from != UINT32_MAX && (nearest == UINT32_MAX || from > nearest))
			nearest = from;
	}
	return nearest;
}

static bool add_region(struct hidp__tables *t, struct forest *f, uint32_t first, uint32_t end,
                       size_t *capacity, struct hidp__arena *arena)
{
	uint8_t *component = hidp__arena_alloc(arena, end - first, 1);
	uint8_t number[HIDP__BRANCH_LAYERS_MAX];
	uint8_t numbers = 0;
	if (component == NULL)
		return false;
	for (uint32_t i = 0; i < end - first; i++) {
		uint8_t r = root(f, (uint8_t)i);
		if (r == i)
			number[i] = numbers++;
		component[i] = number[r];
	}
	if (t->region_count == *capacity) {
		size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
		struct hidp__region *regions = hidp__arena_alloc(arena, wanted, sizeof *regions);
		if (regions == NULL)
			return false;
		if (t->region_count != 0)
			memcpy(regions, t->regions, t->region_count * sizeof *regions);
		t->regions = regions;
		*capacity = wanted;
	}
	t->regions[t->region_count++] = (struct hidp__region){first, end, f->count, component};
	return true;
}

/*
 * A run [first, end) has two components or more only if some layer after its first
 * reads nothing inside it: one whose nearest feed lies before `first`.
 */
static bool find_regions(struct hidp__tables *t, struct hidp__arena *arena)
{
	uint32_t n = t->layer_count;
	size_t capacity = 0;
	/* begins[first]: the first layer that starts a component of its own in a run from `first` */
	uint32_t *begins = hidp__arena_alloc(arena, n, sizeof *begins);
	t->region_first = hidp__arena_alloc(arena, (size_t)n + 1, sizeof *t->region_first);
	if (begins == NULL || t->region_first == NULL)
		return false;
	memset(begins, 0xff, n * sizeof *begins);
	for (uint32_t l = n; l-- > 1;) {
		uint32_t feed = nearest_feed(&t->layers[l]);
		uint32_t from = feed == UINT32_MAX ? 0 : feed + 1;
		if (l - from > HIDP__BRANCH_LAYERS_MAX - 1)
			from = l - (HIDP__BRANCH_LAYERS_MAX - 1);
		for (uint32_t first = from; first < l; first++)
			begins[first] = l;
	}
	t->region_count = 0;
	t->regions = NULL;
	for (uint32_t first = 0; first < n; first++) {
		t->region_first[first] = t->region_count;
		if (begins[first] == UINT32_MAX)
			continue;
		struct forest f = {.count = 0};
		for (uint32_t l = first; l < n && l - first < HIDP__BRANCH_LAYERS_MAX; l++) {
			grow(&f, &t->layers[l], first, l);
			if (f.count >= 2 && f.count <= HIDP__BRANCHES_MAX &&
			    !add_region(t, &f, first, l + 1, &capacity, arena))
				return false;
		}
	}
	t->region_first[n] = t->region_count;
	return true;
}

void hidp__tables_crossing(const struct hidp__tables *tables, double *bytes, double *elements)
{
	const struct hidp_model *model = tables->problem->model;
	for (hidp_layer_id id = 0; id < model->layer_count; id++) {
		const struct hidp__layer *l = &model->layers[id];
		uint32_t place = tables->place_of[id], end = tables->layer_count;
		double rows = (double)l->shape.rows;
		if (l->last_consumer != model->layer_count)
			end = tables->place_of[l->last_consumer];
		for (uint32_t c = place == UINT32_MAX ? 0 : place + 1; c <= end; c++) {
			bytes[c] += rows * (double)l->row_bytes;
			elements[c] += rows * (double)l->elements_per_row;
		}
	}
}

bool hidp__tables_layers(struct hidp__tables *tables, struct hidp__arena *arena)
{
	if (!read_layers(tables, arena))
		return false;
	find_odd(tables);
	return find_alike(tables, arena) && find_regions(tables, arena);
}
