/* SPDX-License-Identifier: MIT */
#include "planner/divide.h"

/* The time of one member as a function of its units (rows or channel groups). */
struct curve {
	double fixed_s;
	double unit_s; /* arithmetic per unit */
	double byte_s;
	double slowdown;
};

struct division {
	const struct hidp__work *layer;
	enum hidp__divided axis;
	int64_t rows;
	int64_t units;
	bool moves; /* bytes matter to some member */
	double bytes_fixed, bytes_unit; /* u units have about bytes_fixed + u * bytes_unit, never less */
	uint32_t count;
	struct curve curves[HIDP_NODE_PROCESSORS_MAX];
};

static double bytes_of(const struct division *d, int64_t units)
{
	if (d->axis == HIDP__ROWS)
		return hidp__work_bytes(d->layer, units, 1);
	return hidp__work_bytes(d->layer, d->rows, (double)units / (double)d->layer->groups);
}

static double time_of(const struct division *d, uint32_t k, int64_t units)
{
	const struct curve *c = &d->curves[k];
	double compute = (double)units * c->unit_s;
	double move = c->byte_s > 0 ? bytes_of(d, units) * c->byte_s : 0;
	return (c->fixed_s + (compute > move ? compute : move)) * c->slowdown;
}

/*
 * Most units that a member can finish in `seconds`, give or take rounding; *speed, if not
 * NULL: units per second around there, 0: none yet.
 */
static double units_in(const struct division *d, uint32_t k, double seconds, double *speed)
{
	const struct curve *c = &d->curves[k];
	double left = seconds / c->slowdown - c->fixed_s;
	double units = c->unit_s > 0 ? left / c->unit_s : (left >= 0 ? (double)d->units : -1);
	double slope = c->unit_s > 0 ? 1 / (c->unit_s * c->slowdown) : 0;
	if (c->byte_s > 0) {
		double moved = (left / c->byte_s - d->bytes_fixed) / d->bytes_unit;
		if (moved < units) {
			units = moved;
			slope = 1 / (c->byte_s * d->bytes_unit * c->slowdown);
		}
	}
	if (speed != NULL)
		*speed = units > 0 ? slope : 0;
	return units;
}

/* When arithmetic alone counts: members join in the order in which they can begin. */
static double enough_linear(const struct division *d)
{
	uint32_t order[HIDP_NODE_PROCESSORS_MAX];
	double speed = 0, lead = 0, seconds = INFINITY;
	for (uint32_t k = 0; k < d->count; k++) {
		double start = d->curves[k].fixed_s * d->curves[k].slowdown;
		uint32_t at = k;
		for (; at > 0; at--) {
			const struct curve *before = &d->curves[order[at - 1]];
			if (before->fixed_s * before->slowdown <= start)
				break;
			order[at] = order[at - 1];
		}
		order[at] = k;
	}
	for (uint32_t i = 0; i < d->count; i++) {
		const struct curve *c = &d->curves[order[i]];
		double start = c->fixed_s * c->slowdown, unit = c->unit_s * c->slowdown;
		if (start >= seconds)
			break;
		if (!(unit > 0))
			return start;
		speed += 1 / unit;
		lead += start / unit;
		seconds = ((double)d->units + lead) / speed;
	}
	return seconds;
}

/* In general: along the tangent, within bounds that close in; from below. */
static double enough_moving(const struct division *d)
{
	double low = 0, high = time_of(d, 0, d->units), at = high, units = (double)d->units;
	for (int i = 0; i < 40 && high - low > 1e-9 * high; i++) {
		double done = 0, speed = 0;
		for (uint32_t k = 0; k < d->count; k++) {
			double own_speed, own = units_in(d, k, at, &own_speed);
			done += own > 0 ? own : 0;
			speed += own_speed;
		}
		if (done < units)
			low = at;
		else
			high = at;
		if (fabs(done - units) < 1e-9 * units)
			return at * (1 - 2e-9);
		at += (units - done) / speed;
		if (!(at > low && at < high))
			at = low + (high - low) / 2;
	}
	return low;
}

static void begin(struct division *d, const struct hidp__site *site,
                  const struct hidp__work *layer, uint32_t place, const struct hidp__team *team,
                  enum hidp__divided axis, int64_t rows, int64_t units)
{
	double whole = (double)rows / (double)layer->rows;
	d->layer = layer;
	d->axis = axis;
	d->rows = rows;
	d->units = units;
	d->moves = false;
	d->count = team->count;
	for (uint32_t k = 0; k < team->count; k++) {
		const struct hidp__rate *rate =
		        &site->rates[(size_t)place * site->processor_count + team->members[k]];
		d->curves[k] = (struct curve){rate->fixed_s[axis],
		                              rate->work_s[axis] * whole / (double)d->units,
		                              rate->byte_s, rate->slowdown};
		d->moves |= rate->byte_s > 0;
	}
	if (!d->moves)
		return;
	double one = bytes_of(d, 1), all = bytes_of(d, d->units);
	d->bytes_unit = d->units > 1 ? (all - one) / (double)(d->units - 1) : all;
	d->bytes_fixed = one - d->bytes_unit;
	if (!(d->bytes_unit > 0))
		d->moves = false;
	if (d->bytes_fixed < 0)
		d->bytes_fixed = 0;
}

double hidp__divide(const struct hidp__site *site, const struct hidp__work *layer, uint32_t place,
                    const struct hidp__team *team, enum hidp__divided axis, int64_t rows,
                    int64_t *counts, double *member_s)
{
	struct division d;
	int64_t all = axis == HIDP__ROWS ? rows : layer->groups;
	if (rows < 1 || all < (int64_t)team->count)
		return INFINITY;
	begin(&d, site, layer, place, team, axis, rows, all);
	double seconds = d.moves ? enough_moving(&d) : enough_linear(&d);
	int64_t left = d.units;
	for (uint32_t k = 0; k < d.count; k++) {
		double units = floor(units_in(&d, k, seconds, NULL) * (1 - 1e-12));
		int64_t n = units < 1 ? 1 : units > (double)d.units ? d.units : (int64_t)units;
		/* the guess may be high where bytes are not quite linear */
		while (n > 1 && time_of(&d, k, n) > seconds)
			n--;
		counts[k] = n;
		left -= n;
	}
	while (left < 0) { /* everyone has one, or rounding upwards: take from the slowest */
		uint32_t worst = 0;
		for (uint32_t k = 1; k < d.count; k++)
			if (counts[k] > 1 && (counts[worst] == 1 ||
			                      time_of(&d, k, counts[k]) > time_of(&d, worst, counts[worst])))
				worst = k;
		counts[worst]--;
		left++;
	}
	/* give what is left, unit by unit, to whoever would then finish earliest */
	double next[HIDP_NODE_PROCESSORS_MAX];
	for (uint32_t k = 0; left > 0 && k < d.count; k++)
		next[k] = time_of(&d, k, counts[k] + 1);
	for (; left > 0; left--) {
		uint32_t best = 0;
		for (uint32_t k = 1; k < d.count; k++)
			if (next[k] < next[best])
				best = k;
		counts[best]++;
		next[best] = time_of(&d, best, counts[best] + 1);
	}
	double longest = 0, moved = 0;
	for (uint32_t k = 0; k < d.count; k++) {
		double t = time_of(&d, k, counts[k]);
		longest = t > longest ? t : longest;
		if (member_s != NULL)
			member_s[k] = t;
		if (site->memory_bandwidth_Bps > 0)
			moved += bytes_of(&d, counts[k]);
	}
	double shared = moved > 0 ? moved / site->memory_bandwidth_Bps : 0;
	for (uint32_t k = 0; member_s != NULL && k < d.count; k++)
		member_s[k] = member_s[k] > shared ? member_s[k] : shared;
	return longest > shared ? longest : shared;
}
