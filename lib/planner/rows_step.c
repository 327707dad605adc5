/* SPDX-License-Identifier: MIT */
/* Steps on a team: how it divides the rows of layers that it runs through without a hand-over. */
#include <string.h>

#include "planner/divide.h"
#include "planner/local.h"

/* The layers of the step, and who reads whom among them. */
struct rows {
	const struct hidp__local *local;
	uint32_t first, length;
	const struct hidp__team *team;
	struct hidp__span z; /* rows of the last layer that are divided */
};

/* a * n / of, rounded down; mostly n == of, and dividing is slow. */
static int64_t part_of(int64_t a, int64_t n, int64_t of)
{
	return n == of ? a : a * n / of;
}

/* Time of the member with rows [begin, end) of the last layer; moved: its bytes are added. */
static double member_time(const struct rows *s, uint32_t member, int64_t begin, int64_t end,
                          double *moved)
{
	const struct hidp__local *lp = s->local;
	struct hidp__span rows[HIDP_STEP_LAYERS_MAX];
	int64_t z_rows = hidp__span_length(s->z);
	double seconds = 0;
	for (uint32_t i = 0; i < s->length; i++) {
		struct hidp__span comp = lp->comp[s->first + i];
		int64_t n = hidp__span_length(comp);
		rows[i].begin = comp.begin + part_of(begin - s->z.begin, n, z_rows);
		rows[i].end = comp.begin + part_of(end - s->z.begin, n, z_rows);
	}
	for (uint32_t i = s->length; i-- > 0;) {
		uint32_t place = lp->places[s->first + i];
		const struct hidp__work *w = &lp->tables->layers[place];
		for (uint32_t f = 0; f < w->feed_count; f++) {
			for (uint32_t j = 0; j < i; j++) {
				if (lp->places[s->first + j] != w->feeds[f].place)
					continue;
				rows[j] = hidp__span_hull(
				        rows[j], hidp__rule_need(&w->feeds[f].rule,
				                                 w->feeds[f].rows, rows[i]));
			}
		}
		int64_t r = hidp__span_length(rows[i]);
		if (r == 0)
			return INFINITY; /* every slice computes something of every layer */
		const struct hidp__rate *rate =
		        &lp->site->rates[(size_t)place * lp->site->processor_count +
		                         s->team->members[member]];
		if (!rate->runs)
			return INFINITY;
		seconds += hidp__rows_s(w, rate, r);
		if (moved != NULL)
			*moved += hidp__work_bytes(w, r, 1);
	}
	return seconds;
}

/* Rows for each member in proportion to its speed over all layers of the step. */
static bool first_guess(const struct rows *s, int64_t *counts)
{
	const struct hidp__local *lp = s->local;
	double start[HIDP_NODE_PROCESSORS_MAX], whole[HIDP_NODE_PROCESSORS_MAX];
	double speed = 0, lead = 0;
	int64_t left = hidp__span_length(s->z), all = left;
	uint32_t n = s->team->count;
	for (uint32_t k = 0; k < n; k++) {
		start[k] = whole[k] = 0;
		for (uint32_t i = 0; i < s->length; i++) {
			uint32_t place = lp->places[s->first + i];
			const struct hidp__work *w = &lp->tables->layers[place];
			const struct hidp__rate *rate =
			        &lp->site->rates[(size_t)place * lp->site->processor_count +
			                         s->team->members[k]];
			double part = (double)hidp__span_length(lp->comp[s->first + i]) /
			              (double)w->rows;
			double work = rate->work_s[HIDP__ROWS];
			if (!rate->runs)
				return false;
			work = w->bytes * rate->byte_s > work ? w->bytes * rate->byte_s : work;
			whole[k] += work * part * rate->slowdown;
			start[k] += rate->fixed_s[HIDP__ROWS] * rate->slowdown;
		}
		if (!(whole[k] > 0))
			return false; /* nothing to divide */
		speed += 1 / whole[k];
		lead += start[k] / whole[k];
	}
	double seconds = (1 + lead) / speed;
	for (uint32_t k = 0; k < n; k++) {
		double rows = floor((seconds - start[k]) / whole[k] * (double)all + 0.5);
		int64_t others = (int64_t)(n - 1 - k);
		counts[k] = rows < 1 ? 1 : (int64_t)rows;
		if (counts[k] > left - others)
			counts[k] = left - others;
		if (k == n - 1)
			counts[k] = left;
		if (counts[k] < 1)
			return false;
		left -= counts[k];
	}
	return true;
}

/* How long the node's memory takes for the rows of all members; 0: it never holds them up. */
static double shared_s(const struct rows *s, const int64_t *counts)
{
	double bandwidth = s->local->site->memory_bandwidth_Bps, moved = 0;
	int64_t at = s->z.begin;
	if (!(bandwidth > 0))
		return 0;
	for (uint32_t k = 0; k < s->team->count; at += counts[k++])
		member_time(s, k, at, at + counts[k], &moved);
	return moved / bandwidth;
}

static double divide_rows(const struct rows *s, int64_t *counts, double *member_s)
{
	double times[HIDP_NODE_PROCESSORS_MAX] = {0}, best_s[HIDP_NODE_PROCESSORS_MAX];
	int64_t best[HIDP_NODE_PROCESSORS_MAX];
	uint32_t n = s->team->count;
	if (hidp__span_length(s->z) < (int64_t)n || !first_guess(s, counts))
		return INFINITY;
	/* the slowest gives a row to the one that is then quickest, as long as that helps */
	double least = INFINITY;
	for (uint32_t round = 0; round < 16; round++) {
		int64_t at = s->z.begin;
		uint32_t slowest = 0, quickest = 0;
		for (uint32_t k = 0; k < n; at += counts[k++]) {
			times[k] = member_time(s, k, at, at + counts[k], NULL);
			if (times[k] > times[slowest])
				slowest = k;
			if (times[k] < times[quickest])
				quickest = k;
		}
		if (!(times[slowest] < least))
			break;
		least = times[slowest];
		memcpy(best, counts, n * sizeof *best);
		memcpy(best_s, times, n * sizeof *best_s);
		if (counts[slowest] < 2 || slowest == quickest)
			break;
		counts[slowest]--;
		counts[quickest]++;
	}
	if (least == INFINITY)
		return INFINITY;
	memcpy(counts, best, n * sizeof *best);
	double shared = shared_s(s, counts);
	for (uint32_t k = 0; k < n; k++)
		member_s[k] = best_s[k] > shared ? best_s[k] : shared;
	return least > shared ? least : shared;
}

/* Steps of all sites together that are kept, times their processors, at most. */
#define KEPT_MAX ((size_t)1 << 19)

bool hidp__kept_begin(struct hidp__site *site, const struct hidp__tables *tables,
                      struct hidp__arena *arena)
{
	size_t steps = hidp__kept_at(site, tables->layer_count, 0, HIDP__CHANNELS, 0);
	size_t members = steps * site->processor_count;
	site->kept_s = NULL;
	if (steps == 0 || members > KEPT_MAX / tables->node_count)
		return true;
	site->kept_s = hidp__arena_alloc(arena, steps, sizeof *site->kept_s);
	site->kept_member_s = hidp__arena_alloc(arena, members, sizeof *site->kept_member_s);
	site->kept_counts = hidp__arena_alloc(arena, members, sizeof *site->kept_counts);
	if (site->kept_s == NULL || site->kept_member_s == NULL || site->kept_counts == NULL)
		return false;
	for (size_t i = 0; i < steps; i++)
		site->kept_s[i] = -1;
	return true;
}

static double reckon(const struct hidp__local *local, uint32_t first, uint32_t length,
                     enum hidp__divided axis, const struct hidp__team *team, int64_t *counts,
                     double *member_s)
{
	struct rows s = {local, first, length, team, local->comp[first + length - 1]};
	uint32_t place = local->places[first];
	if (length == 1)
		return hidp__divide(local->site, &local->tables->layers[place], place, team, axis,
		                    hidp__span_length(s.z), counts, member_s);
	return divide_rows(&s, counts, member_s);
}

double hidp__team_step(const struct hidp__local *local, uint32_t first, uint32_t length,
                       enum hidp__divided axis, uint32_t team, int64_t *counts, double *member_s)
{
	const struct hidp__site *site = local->site;
	const struct hidp__team *members = &site->teams[team];
	if (!local->whole || site->kept_s == NULL)
		return reckon(local, first, length, axis, members, counts, member_s);
	uint32_t place = hidp__alike(local->tables, local->places[first], length);
	size_t at = hidp__kept_at(site, place, length, axis, team);
	double *kept_member_s = site->kept_member_s + at * site->processor_count;
	int64_t *kept_counts = site->kept_counts + at * site->processor_count;
	if (site->kept_s[at] < 0)
		site->kept_s[at] = reckon(local, first, length, axis, members, kept_counts,
		                          kept_member_s);
	if (site->kept_s[at] < INFINITY) {
		memcpy(counts, kept_counts, members->count * sizeof *counts);
		memcpy(member_s, kept_member_s, members->count * sizeof *member_s);
	}
	return site->kept_s[at];
}
