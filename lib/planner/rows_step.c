/* SPDX-License-Identifier: MIT */
/* How a team divides the rows of several layers that it runs through without a hand-over. */
#include "planner/divide.h"
#include "planner/local.h"

/* The layers of the step, and who reads whom among them. */
struct rows {
	const struct hidp__local *local;
	uint32_t first, length;
	const struct hidp__team *team;
	struct hidp__span z; /* rows of the last layer that are divided */
};

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
		rows[i].begin = comp.begin + (begin - s->z.begin) * n / z_rows;
		rows[i].end = comp.begin + (end - s->z.begin) * n / z_rows;
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

double hidp__rows_step(const struct hidp__local *local, uint32_t first, uint32_t length,
                       const struct hidp__team *team, int64_t *counts, double *member_s)
{
	struct rows s = {local, first, length, team, local->comp[first + length - 1]};
	double times[HIDP_NODE_PROCESSORS_MAX] = {0}, moved = 0;
	int64_t best[HIDP_NODE_PROCESSORS_MAX];
	uint32_t n = team->count;
	if (hidp__span_length(s.z) < (int64_t)n)
		return INFINITY;
	if (length == 1)
		return hidp__divide(local->site, &local->tables->layers[local->places[first]],
		                    local->places[first], team, HIDP__ROWS,
		                    hidp__span_length(s.z), counts, member_s);
	if (!first_guess(&s, counts))
		return INFINITY;
	/* the slowest gives a row to the one that is then quickest, as long as that helps */
	double least = INFINITY;
	for (uint32_t round = 0; round < 16; round++) {
		int64_t at = s.z.begin;
		uint32_t slowest = 0, quickest = 0;
		for (uint32_t k = 0; k < n; at += counts[k++]) {
			times[k] = member_time(&s, k, at, at + counts[k], NULL);
			if (times[k] > times[slowest])
				slowest = k;
			if (times[k] < times[quickest])
				quickest = k;
		}
		if (!(times[slowest] < least))
			break;
		least = times[slowest];
		for (uint32_t k = 0; k < n; k++)
			best[k] = counts[k];
		if (counts[slowest] < 2 || slowest == quickest)
			break;
		counts[slowest]--;
		counts[quickest]++;
	}
	if (least == INFINITY)
		return INFINITY;
	int64_t at = s.z.begin;
	bool shares = local->site->memory_bandwidth_Bps > 0;
	for (uint32_t k = 0; k < n; at += counts[k++]) {
		counts[k] = best[k];
		if (shares || member_s != NULL)
			times[k] = member_time(&s, k, at, at + counts[k], &moved);
	}
	double shared = shares ? moved / local->site->memory_bandwidth_Bps : 0;
	for (uint32_t k = 0; member_s != NULL && k < n; k++)
		member_s[k] = times[k] > shared ? times[k] : shared;
	return least > shared ? least : shared;
}
