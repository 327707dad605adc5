/* SPDX-License-Identifier: MIT */
/* What the layers take on one node at least: bounds for the searches, from the site's times. */
#include <string.h>

#include "planner/branches.h"

/*
 * A bound of what a part x of a layer's rows takes on all of the node's processors
 * together: fixed_s + x * slope_s. Where branches can run side by side a processor
 * can specialise, and only weights that add up to 1 over the processors keep the sum
 * of bounds a bound; `weight` are those.
 */
static void bound_layer(struct hidp__site *site, uint32_t place, const double *weight,
                        bool branches)
{
	double fixed = INFINITY, speed = 0, weighed = INFINITY;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		const struct hidp__rate *rate =
		        &site->rates[(size_t)place * site->processor_count + q];
		if (!rate->runs)
			continue;
		double f = hidp__least_fixed_s(rate);
		double work = site->least_s[(size_t)place * site->processor_count + q];
		fixed = f < fixed ? f : fixed;
		speed += work > 0 ? 1 / work : INFINITY;
		weighed = weight[q] * work < weighed ? weight[q] * work : weighed;
	}
	site->fixed_s[place] = branches ? 0 : fixed;
	site->slope_s[place] = branches ? weighed : 1 / speed;
	if (branches && fixed == INFINITY)
		site->fixed_s[place] = INFINITY;
}

static bool bound_layers(struct hidp__site *site, const struct hidp__tables *t,
                         struct hidp__arena *arena)
{
	double *weight = hidp__arena_calloc(arena, site->processor_count, sizeof *weight);
	bool *branches = hidp__arena_calloc(arena, t->layer_count, sizeof *branches);
	double sum = 0;
	site->fixed_s = hidp__arena_alloc(arena, t->layer_count, sizeof *site->fixed_s);
	site->slope_s = hidp__arena_alloc(arena, t->layer_count, sizeof *site->slope_s);
	if (weight == NULL || branches == NULL || site->fixed_s == NULL || site->slope_s == NULL)
		return false;
	for (uint32_t r = 0; r < t->region_count && site->usable_count > 1; r++)
		for (uint32_t l = t->regions[r].first; l < t->regions[r].end; l++)
			branches[l] = true;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		double total = 0;
		for (uint32_t l = 0; l < t->layer_count; l++) {
			if (branches[l])
				total += site->least_s[(size_t)l * site->processor_count + q];
		}
		weight[q] = total > 0 ? 1 / total : 0;
		sum += weight[q];
	}
	for (uint32_t q = 0; q < site->processor_count; q++)
		weight[q] = sum > 0 ? weight[q] / sum : 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		bound_layer(site, l, weight, branches[l]);
		/* in rows steps of several layers the fractions agree to a row only */
		if (t->layers[l].odd && site->usable_count > 1) {
			double slack = (double)site->usable_count / (double)t->layers[l].rows;
			site->slope_s[l] *= slack < 1 ? 1 - slack : 0;
		}
	}
	return true;
}

/* What the layers of a rows step have in common, seen from its last layer backwards. */
struct rows_step {
	const struct hidp__site *site;
	const struct hidp__tables *t;
	uint32_t first, last;
	double extra[HIDP_STEP_LAYERS_MAX]; /* part of the rows that every slice has besides, at least */
	double bytes;                       /* that all slices together move, at least */
	/* [processor] what all rows of all layers take, and what slices take however small they are */
	double whole[HIDP_NODE_PROCESSORS_MAX], start[HIDP_NODE_PROCESSORS_MAX];
};

/* Halo rows above and below that the layers behind force on each layer of the step. */
static void find_extra(struct rows_step *step)
{
	double above[HIDP_STEP_LAYERS_MAX] = {0}, below[HIDP_STEP_LAYERS_MAX] = {0};
	const struct hidp__work *layers = step->t->layers;
	uint32_t n = step->last - step->first + 1;
	int64_t z_rows = layers[step->last].rows;
	step->bytes = 0;
	for (uint32_t i = n; i-- > 0;) {
		const struct hidp__work *w = &layers[step->first + i];
		double side = above[i] < below[i] ? above[i] : below[i];
		/* divisions fall on whole rows of the last layer, elsewhere they are rounded */
		if (w->rows != z_rows && w->rows % z_rows != 0)
			side -= 1;
		step->extra[i] = side / (double)w->rows;
		step->bytes += w->free ? 0
		                       : (double)w->rows * w->moved_row_bytes +
		                                 w->moved_weight_bytes;
		for (uint32_t f = 0; f < w->feed_count; f++) {
			uint32_t from = w->feeds[f].place;
			if (from == UINT32_MAX || from < step->first)
				continue;
			const struct hidp_row_rule *r = &w->feeds[f].rule;
			uint32_t j = from - step->first;
			double up = above[i] * (double)r->stride + (double)r->pad;
			double down = below[i] * (double)r->stride +
			              (double)(r->extent - r->stride - r->pad);
			if (r->divisor != 1) {
				up = up / (double)r->divisor - 1;
				down = down / (double)r->divisor - 1;
			}
			above[j] = up > above[j] ? up : above[j];
			below[j] = down > below[j] ? down : below[j];
		}
	}
}

static void sum_processors(struct rows_step *step)
{
	const struct hidp__site *site = step->site;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		double whole = 0, start = 0;
		for (uint32_t l = step->first; l <= step->last; l++) {
			const struct hidp__work *w = &step->t->layers[l];
			const struct hidp__rate *rate =
			        &site->rates[(size_t)l * site->processor_count + q];
			double work = rate->work_s[HIDP__ROWS];
			if (!rate->runs)
				start = INFINITY;
			if (rate->byte_s > 0 && w->bytes > w->moved_weight_bytes) {
				double move = (w->bytes - w->moved_weight_bytes) * rate->byte_s *
				              (1 - 1 / (double)w->rows);
				work = move > work ? move : work;
			}
			work *= rate->slowdown;
			whole += work;
			start += rate->fixed_s[HIDP__ROWS] * rate->slowdown +
			         work * step->extra[l - step->first];
		}
		step->whole[q] = whole;
		step->start[q] = start;
	}
}

/* A time below that of every rows step of these layers on the team; *any: if rows could be cut. */
static double bound_rows_step(const struct rows_step *step, const struct hidp__team *team,
                              double *any)
{
	const struct hidp__site *site = step->site;
	double speed = 0, lead = 0, last_rows = (double)step->t->layers[step->last].rows;
	for (uint32_t k = 0; k < team->count; k++) {
		double start = step->start[team->members[k]], whole = step->whole[team->members[k]];
		if (start == INFINITY)
			return INFINITY;
		if (!(whole > 0))
			return *any = 0;
		speed += 1 / whole;
		lead += start / whole;
	}
	double seconds = (1 + lead) / speed;
	*any = seconds;
	/* whole rows: some member has at least one more than it could finish in that time, or all fit */
	double fits = 0, next = INFINITY;
	for (uint32_t k = 0; k < team->count; k++) {
		double start = step->start[team->members[k]], whole = step->whole[team->members[k]];
		double rows = floor((seconds * (1 + 1e-9) - start) / whole * last_rows);
		if (rows < 0)
			rows = 0;
		fits += rows;
		double t = start + (rows + 1) / last_rows * whole;
		next = t < next ? t : next;
	}
	if (fits < last_rows && next > seconds)
		seconds = next;
	if (site->memory_bandwidth_Bps > 0 && step->bytes / site->memory_bandwidth_Bps > seconds)
		seconds = step->bytes / site->memory_bandwidth_Bps;
	return seconds > 0 ? seconds : 0;
}

/* The same for all teams; returns the least if rows could be cut. */
static double bound_rows_steps(struct hidp__site *site, const struct hidp__tables *t,
                               uint32_t first, uint32_t length)
{
	double *bounds = &site->rows_bound_s[hidp__rows_at(site, first, length, 0)];
	struct rows_step step;
	double any = INFINITY;
	step.site = site;
	step.t = t;
	step.first = first;
	step.last = first + length - 1;
	find_extra(&step);
	sum_processors(&step);
	for (uint32_t k = 0; k < site->team_count; k++) {
		double v = INFINITY;
		bounds[k] = INFINITY;
		if (t->layers[step.last].rows >= (int64_t)site->teams[k].count)
			bounds[k] = bound_rows_step(&step, &site->teams[k], &v);
		any = v < any ? v : any;
	}
	return any;
}

/* The shortest that a layer can be on all processors together, if it could be cut anywhere. */
static double fill_layer(const struct hidp__site *site, uint32_t place)
{
	double start[HIDP_NODE_PROCESSORS_MAX], rate[HIDP_NODE_PROCESSORS_MAX];
	double speed = 0, lead = 0, level = INFINITY;
	uint32_t count = 0;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		size_t cell = (size_t)place * site->processor_count + site->usable[i];
		if (!site->rates[cell].runs)
			continue;
		double f = hidp__least_fixed_s(&site->rates[cell]), work = site->least_s[cell];
		uint32_t at = count++;
		for (; at > 0 && start[at - 1] > f; at--) {
			start[at] = start[at - 1];
			rate[at] = rate[at - 1];
		}
		start[at] = f;
		rate[at] = work > 0 ? 1 / work : INFINITY;
	}
	for (uint32_t i = 0; i < count && start[i] < level; i++) {
		if (rate[i] == INFINITY)
			return start[i];
		speed += rate[i];
		lead += start[i] * rate[i];
		level = (1 + lead) / speed;
	}
	return level;
}

/* fill[layer]; any[layer * HIDP__ROWS_LENGTHS + length - 2]: rows steps, INFINITY: none */
static void fill_layers(struct hidp__site *site, const struct hidp__tables *t, double *fill,
                        double *any)
{
	for (uint32_t l = 0; l < t->layer_count; l++) {
		uint32_t alike = hidp__alike(t, l, 1);
		fill[l] = alike == l ? fill_layer(site, l) : fill[alike];
		for (uint32_t n = 2; n <= HIDP_STEP_LAYERS_MAX && site->team_count != 0; n++) {
			double *v = &any[(size_t)l * HIDP__ROWS_LENGTHS + n - 2];
			double *bounds = site->rows_bound_s + hidp__rows_at(site, l, n, 0);
			alike = hidp__alike(t, l, n);
			*v = INFINITY;
			if (l + n > t->layer_count) {
				for (uint32_t k = 0; k < site->team_count; k++)
					bounds[k] = INFINITY;
			} else if (alike == l) {
				*v = bound_rows_steps(site, t, l, n);
			} else {
				*v = any[(size_t)alike * HIDP__ROWS_LENGTHS + n - 2];
				memcpy(bounds,
				       site->rows_bound_s + hidp__rows_at(site, alike, n, 0),
				       site->team_count * sizeof *bounds);
			}
		}
	}
}

static void offer(double *least, double value)
{
	*least = value < *least ? value : *least;
}

static bool sum_layers(struct hidp__site *site, const struct hidp__tables *t,
                       struct hidp__arena *arena)
{
	size_t layers = t->layer_count, steps = layers * HIDP__ROWS_LENGTHS;
	double *fill = hidp__arena_alloc(arena, layers, sizeof *fill);
	double *any = hidp__arena_alloc(arena, steps, sizeof *any);
	double *sum = site->sum_s = hidp__arena_alloc(arena, layers + 1, sizeof *sum);
	site->rows_bound_s = hidp__arena_alloc(arena, steps * site->team_count + 1, sizeof(double));
	if (fill == NULL || any == NULL || sum == NULL || site->rows_bound_s == NULL)
		return false;
	fill_layers(site, t, fill, any);
	for (uint32_t l = 0; l <= layers; l++)
		sum[l] = l == 0 ? 0 : INFINITY;
	for (uint32_t l = 0; l < layers; l++) {
		offer(&sum[l + 1], sum[l] + (fill[l] < INFINITY ? fill[l] : 0));
		if (site->team_count == 0)
			continue;
		for (uint32_t n = 2; n <= HIDP_STEP_LAYERS_MAX && l + n <= layers; n++)
			offer(&sum[l + n], sum[l] + any[l * HIDP__ROWS_LENGTHS + n - 2]);
		for (uint32_t r = t->region_first[l]; r < t->region_first[l + 1]; r++)
			offer(&sum[t->regions[r].end], sum[l] + site->branch_s[r]);
	}
	return true;
}

bool hidp__site_bounds(struct hidp__site *site, const struct hidp__tables *tables,
                       struct hidp__arena *arena)
{
	return hidp__branches_table(site, tables, arena) && sum_layers(site, tables, arena) &&
	       bound_layers(site, tables, arena);
}
