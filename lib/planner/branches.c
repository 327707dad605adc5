/* SPDX-License-Identifier: MIT */
/* Independent branches side by side on the processors of one node. */
#include "planner/branches.h"

/* Assignments of components to processors that are considered. */
#define ASSIGNMENTS_MAX 1024

/* How many of the usable processors, the fastest first, may be assigned to `count` components. */
static uint32_t choices(const struct hidp__site *site, uint32_t count)
{
	uint32_t n = site->usable_count, assignments = 1;
	for (uint32_t c = 0; c < count; c++) {
		if (assignments > ASSIGNMENTS_MAX / n)
			return 2;
		assignments *= n;
	}
	return n;
}

static bool read_region(const struct hidp__site *site, const struct hidp__tables *t,
                        const struct hidp__region *region, struct hidp__branching *b,
                        struct hidp__arena *arena)
{
	double bytes = 0;
	b->processors = choices(site, region->count);
	double *seconds = hidp__arena_calloc(arena, (size_t)region->count * b->processors,
	                                     sizeof *seconds);
	if (seconds == NULL)
		return false;
	b->seconds = seconds;
	for (uint32_t l = region->first; l < region->end; l++) {
		const double *single = site->single_s + (size_t)l * site->processor_count;
		double *sum = seconds + region->component[l - region->first] * b->processors;
		for (uint32_t i = 0; i < b->processors; i++)
			sum[i] += single[site->usable[i]];
		bytes += t->layers[l].bytes;
	}
	b->shared_s = site->memory_bandwidth_Bps > 0 ? bytes / site->memory_bandwidth_Bps : 0;
	return true;
}

bool hidp__branches_table(struct hidp__site *site, const struct hidp__tables *tables,
                          struct hidp__arena *arena)
{
	const struct hidp__prices time = {.second = 1, .time_only = true};
	double hand_over;
	size_t count = (size_t)tables->region_count + 1;
	site->branchings = hidp__arena_calloc(arena, count, sizeof *site->branchings);
	site->branch_s = hidp__arena_alloc(arena, count, sizeof *site->branch_s);
	if (site->branchings == NULL || site->branch_s == NULL)
		return false;
	for (uint32_t r = 0; r < tables->region_count; r++) {
		if (site->usable_count > 1 && !read_region(site, tables, &tables->regions[r],
		                                           &site->branchings[r], arena))
			return false;
		site->branch_s[r] = hidp__branch_cost(site, tables, r, &time, &hand_over, NULL);
	}
	return true;
}

/* Components assigned one after another, the last one first. */
struct assignment {
	const struct hidp__branching *b;
	uint32_t processors;
	double second, sync_s;
	double price[HIDP_NODE_PROCESSORS_MAX];
	double owed[HIDP__BRANCHES_MAX]; /* what the components before one cost at least */
	double load[HIDP_NODE_PROCESSORS_MAX];
	uint8_t to[HIDP__BRANCHES_MAX];
	double best, hand_over; /* of the best: its cost, and that of a hand-over before it */
	uint8_t *choice;        /* or NULL */
	bool found;
};

static void price_assignment(struct assignment *a, uint32_t count)
{
	double most = a->b->shared_s, cost = 0, price = 0;
	uint32_t used = 0;
	for (uint32_t i = 0; i < a->processors; i++)
		most = a->load[i] > most ? a->load[i] : most;
	for (uint64_t c = 0, seen = 0; c < count; c++) {
		uint32_t i = a->to[c];
		if (seen >> i & 1)
			continue;
		seen |= (uint64_t)1 << i;
		used++;
		price += a->price[i];
		cost += a->price[i] *
		        (a->load[i] > a->b->shared_s ? a->load[i] : a->b->shared_s);
	}
	cost += a->second * most;
	price += a->second;
	if (used < 2 || !(cost + price * a->sync_s < a->best + a->hand_over))
		return;
	a->found = true;
	a->best = cost;
	a->hand_over = price * a->sync_s;
	for (uint32_t c = 0; a->choice != NULL && c < count; c++)
		a->choice[c] = a->to[c];
}

/* Tries all processors for component c; the others cost `paid`, their longest load is `most`. */
static void assign(struct assignment *a, uint32_t c, uint32_t count, double paid, double most)
{
	const double *seconds = a->b->seconds + c * a->processors;
	for (uint32_t i = 0; i < a->processors; i++) {
		double before = a->load[i], load = before + seconds[i];
		double longest = load > most ? load : most, cost = paid + a->price[i] * seconds[i];
		if (!(cost + a->owed[c] + a->second * longest < a->best + a->hand_over))
			continue;
		a->to[c] = (uint8_t)i;
		a->load[i] = load;
		if (c > 0)
			assign(a, c - 1, count, cost, longest);
		else
			price_assignment(a, count);
		a->load[i] = before;
	}
}

double hidp__branch_cost(const struct hidp__site *site, const struct hidp__tables *tables,
                         uint32_t region, const struct hidp__prices *prices,
                         double *hand_over_price, uint8_t *choice)
{
	const struct hidp__branching *b = &site->branchings[region];
	uint32_t count = tables->regions[region].count;
	struct assignment a;
	*hand_over_price = 0;
	if (b->processors < 2)
		return INFINITY;
	a.b = b;
	a.processors = b->processors;
	a.second = prices->second;
	a.sync_s = site->sync_s;
	a.best = INFINITY;
	a.hand_over = 0;
	a.choice = choice;
	a.found = false;
	for (uint32_t i = 0; i < b->processors; i++) {
		a.load[i] = 0;
		a.price[i] = prices->time_only
		                     ? 0
		                     : prices->busy[site->first_processor + site->usable[i]];
	}
	/* all on one processor does as well as what is dearer, whatever the hand-over costs */
	for (uint32_t i = 0; choice == NULL && !site->copies && i < b->processors; i++) {
		double v = 0;
		for (uint32_t c = 0; c < count; c++)
			v += (a.second + a.price[i]) * b->seconds[c * b->processors + i];
		a.best = v < a.best ? v : a.best;
		a.hand_over += a.price[i] * a.sync_s;
	}
	a.hand_over += a.second * a.sync_s;
	double owed = 0;
	for (uint32_t c = 0; c < count; c++) {
		double least = INFINITY;
		for (uint32_t i = 0; i < b->processors; i++) {
			double v = a.price[i] * b->seconds[c * b->processors + i];
			least = v < least ? v : least; /* 0 * INFINITY is not */
		}
		a.owed[c] = owed;
		owed += least;
	}
	assign(&a, count - 1, count, 0, b->shared_s);
	if (!a.found)
		return INFINITY;
	*hand_over_price = a.hand_over;
	for (uint32_t c = 0; choice != NULL && c < count; c++)
		choice[c] = site->usable[choice[c]];
	return a.best;
}
