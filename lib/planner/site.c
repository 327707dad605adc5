/* SPDX-License-Identifier: MIT */
/* What the planner needs of one node: its teams of processors and how fast they are. */
#include <assert.h>
#include <string.h>

#include "planner/branches.h"
#include "planner/divide.h"

/* The processors that may be used at all, the fastest first. */
static bool find_usable(struct hidp__site *site, const struct hidp__tables *t,
                        struct hidp__arena *arena)
{
	const struct hidp__problem *p = t->problem;
	uint8_t *usable = hidp__arena_alloc(arena, site->processor_count, 1);
	double *total = hidp__arena_calloc(arena, site->processor_count, sizeof *total);
	if (usable == NULL || total == NULL)
		return false;
	site->usable_count = 0;
	for (uint32_t q = 0; q < site->processor_count; q++) {
		if (p->request->excluded[site->first_processor + q])
			continue;
		/* what it cannot run costs it a second, so that the versatile come first */
		for (uint32_t l = 0; l < t->layer_count; l++) {
			double s = site->single_s[(size_t)l * site->processor_count + q];
			total[q] += s < INFINITY ? s : 1;
		}
		uint32_t at = site->usable_count++;
		for (; at > 0 && total[usable[at - 1]] > total[q]; at--)
			usable[at] = usable[at - 1];
		usable[at] = (uint8_t)q;
	}
	site->usable = usable;
	return true;
}

static bool add_team(struct hidp__team *team, const struct hidp__site *site, uint64_t chosen,
                     struct hidp__arena *arena)
{
	uint8_t *members = hidp__arena_alloc(arena, site->usable_count, 1);
	if (members == NULL)
		return false;
	*team = (struct hidp__team){.members = members};
	for (uint32_t i = 0; i < site->usable_count; i++) {
		if (!(chosen >> i & 1))
			continue;
		members[team->count++] = site->usable[i];
		team->mask |= (uint64_t)1 << site->usable[i];
	}
	return true;
}

static bool find_teams(struct hidp__site *site, struct hidp__arena *arena)
{
	uint32_t n = site->usable_count;
	bool all = n <= HIDP__ALL_SUBSETS_MAX;
	uint32_t most = all ? (1u << n) : n;
	struct hidp__team *teams = hidp__arena_alloc(arena, (size_t)most + 1, sizeof *teams);
	if (teams == NULL)
		return false;
	site->teams = teams;
	site->team_count = 0;
	for (uint32_t i = all ? 1 : 2; i < (all ? most : n + 1); i++) {
		uint64_t chosen = all ? i : n == 64 && i == 64 ? UINT64_MAX : ((uint64_t)1 << i) - 1;
		if ((chosen & (chosen - 1)) == 0)
			continue; /* a team of one is no team */
		if (!add_team(&teams[site->team_count], site, chosen, arena))
			return false;
		site->team_count++;
	}
	return true;
}

static void read_rates(struct hidp__site *site, const struct hidp__tables *t, uint32_t place)
{
	const struct hidp__problem *p = t->problem;
	const struct hidp__work *w = &t->layers[place];
	for (uint32_t q = 0; q < site->processor_count; q++) {
		size_t at = (size_t)place * site->processor_count + q;
		struct hidp__rate *rate = &site->rates[at];
		hidp__rate_of(rate, p->model, p->cluster, p->cost, w->id, site->node, q);
		if (!hidp__request_allows(p->request, p->cluster, w->id, site->node, q))
			rate->runs = false;
		site->single_s[at] =
		        rate->runs ? hidp__slice_time(rate, HIDP__ROWS, 1, w->bytes) : INFINITY;
	}
}

static bool team_runs(const struct hidp__site *site, const struct hidp__team *team, uint32_t place)
{
	for (uint32_t k = 0; k < team->count; k++)
		if (!site->rates[(size_t)place * site->processor_count + team->members[k]].runs)
			return false;
	return true;
}

/* The layer alone, on each team. */
static void time_teams(struct hidp__site *site, const struct hidp__tables *t, uint32_t place)
{
	const struct hidp__work *w = &t->layers[place];
	double best = INFINITY;
	for (uint32_t q = 0; q < site->processor_count; q++) {
		double s = site->single_s[(size_t)place * site->processor_count + q];
		best = s < best ? s : best;
	}
	for (uint32_t k = 0; k < site->team_count; k++) {
		const struct hidp__team *team = &site->teams[k];
		int64_t counts[HIDP_NODE_PROCESSORS_MAX];
		size_t at = (size_t)place * site->team_count + k;
		site->team_s[at] = INFINITY;
		site->team_axis[at] = HIDP__ROWS;
		if (w->free || !team_runs(site, team, place))
			continue;
		site->team_s[at] =
		        hidp__divide(site, w, place, team, HIDP__ROWS, w->rows, counts,
		                     NULL);
		if (w->splits_channels) {
			double s = hidp__divide(site, w, place, team, HIDP__CHANNELS, w->rows,
			                        counts, NULL);
			if (s < site->team_s[at]) {
				site->team_s[at] = s;
				site->team_axis[at] = HIDP__CHANNELS;
			}
		}
		best = site->team_s[at] < best ? site->team_s[at] : best;
	}
	site->best_s[place] = best;
}

/* The least seconds that a processor's arithmetic and moving of the whole layer take. */
static double least_work(const struct hidp__work *w, const struct hidp__rate *rate)
{
	double work = rate->work_s[HIDP__ROWS] < rate->work_s[HIDP__CHANNELS]
	                      ? rate->work_s[HIDP__ROWS]
	                      : rate->work_s[HIDP__CHANNELS];
	if (rate->byte_s > 0) {
		/* r rows move at least r / rows of this, whatever r is */
		double bytes = w->free ? 0 : (double)w->rows * w->row_bytes + w->weight_bytes;
		for (uint32_t i = 0; i < w->feed_count && !w->free; i++) {
			const struct hidp__feed *f = &w->feeds[i];
			double all = (double)hidp__rule_read(&f->rule, f->rows, w->rows);
			double each = (double)w->rows *
			              (double)hidp__rule_read(&f->rule, f->rows, 1);
			bytes += (all < each ? all : each) * f->row_bytes;
		}
		work = bytes * rate->byte_s > work ? bytes * rate->byte_s : work;
	}
	return work * rate->slowdown;
}

/*
 * A bound of what a part x of a layer's rows takes on all of the node's processors
 * together: fixed_s + x * slope_s. Where branches can run side by side a processor
 * can specialise, and only weights that add up to 1 over the processors keep the sum
 * of bounds a bound; `weight` are those.
 */
static void bound_layer(struct hidp__site *site, const struct hidp__tables *t, uint32_t place,
                        const double *weight, bool branches)
{
	const struct hidp__work *w = &t->layers[place];
	double fixed = INFINITY, speed = 0, weighed = INFINITY;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		const struct hidp__rate *rate =
		        &site->rates[(size_t)place * site->processor_count + q];
		if (!rate->runs)
			continue;
		double f = rate->fixed_s[HIDP__ROWS] < rate->fixed_s[HIDP__CHANNELS]
		                   ? rate->fixed_s[HIDP__ROWS]
		                   : rate->fixed_s[HIDP__CHANNELS];
		double work = least_work(w, rate);
		site->least_s[(size_t)place * site->processor_count + q] = work;
		fixed = f * rate->slowdown < fixed ? f * rate->slowdown : fixed;
		speed += work > 0 ? 1 / work : INFINITY;
		weighed = weight[q] * work < weighed ? weight[q] * work : weighed;
	}
	site->fixed_s[place] = branches ? 0 : fixed;
	site->slope_s[place] = branches ? weighed : 1 / speed;
	if (branches && fixed == INFINITY)
		site->fixed_s[place] = INFINITY;
}

/* Are all rows of one a whole multiple of the other's? */
static bool multiples(int64_t a, int64_t b)
{
	return a % b == 0 || b % a == 0;
}

static bool bound_layers(struct hidp__site *site, const struct hidp__tables *t,
                         struct hidp__arena *arena)
{
	double *weight = hidp__arena_calloc(arena, site->processor_count, sizeof *weight);
	bool *branches = hidp__arena_calloc(arena, t->layer_count, sizeof *branches);
	double sum = 0;
	if (weight == NULL || branches == NULL)
		return false;
	for (uint32_t r = 0; r < t->region_count && site->usable_count > 1; r++)
		for (uint32_t l = t->regions[r].first; l < t->regions[r].end; l++)
			branches[l] = true;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		uint32_t q = site->usable[i];
		double total = 0;
		for (uint32_t l = 0; l < t->layer_count; l++) {
			const struct hidp__rate *rate =
			        &site->rates[(size_t)l * site->processor_count + q];
			if (branches[l] && rate->runs)
				total += least_work(&t->layers[l], rate);
		}
		weight[q] = total > 0 ? 1 / total : 0;
		sum += weight[q];
	}
	for (uint32_t q = 0; q < site->processor_count; q++)
		weight[q] = sum > 0 ? weight[q] / sum : 0;
	for (uint32_t l = 0; l < t->layer_count; l++) {
		bound_layer(site, t, l, weight, branches[l]);
		/* in rows steps of several layers the fractions agree to a row only */
		bool odd = false;
		for (uint32_t k = 1; k < HIDP_STEP_LAYERS_MAX; k++)
			odd |= (l >= k && !multiples(t->layers[l - k].rows, t->layers[l].rows)) ||
			       (l + k < t->layer_count &&
			        !multiples(t->layers[l + k].rows, t->layers[l].rows));
		if (odd && site->usable_count > 1) {
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
	double extra[HIDP_STEP_LAYERS_MAX]; /* rows that every slice computes beyond its part, at least */
	double bytes;                       /* that all slices together move, at least */
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
		if (w->rows % z_rows != 0)
			side -= 1;
		step->extra[i] = side;
		step->bytes += w->free ? 0 : (double)w->rows * w->row_bytes + w->weight_bytes;
		for (uint32_t f = 0; f < w->feed_count; f++) {
			uint32_t from = w->feeds[f].place;
			if (from == UINT32_MAX || from < step->first)
				continue;
			const struct hidp_row_rule *r = &w->feeds[f].rule;
			uint32_t j = from - step->first;
			double stride = (double)r->stride / (double)r->divisor;
			double up = above[i] * stride + (double)r->pad / (double)r->divisor - 1;
			double down = below[i] * stride +
			              (double)(r->extent - r->stride - r->pad) / (double)r->divisor - 1;
			if (r->divisor == 1) {
				up += 1;
				down += 1;
			}
			above[j] = up > above[j] ? up : above[j];
			below[j] = down > below[j] ? down : below[j];
		}
	}
}

/* A time below that of every rows step of these layers on the team; *any: if rows could be cut. */
static double bound_rows_step(const struct rows_step *step, const struct hidp__team *team,
                              double *any)
{
	const struct hidp__site *site = step->site;
	const struct hidp__work *layers = step->t->layers;
	double start[HIDP_NODE_PROCESSORS_MAX], whole[HIDP_NODE_PROCESSORS_MAX];
	double speed = 0, lead = 0, last_rows = (double)layers[step->last].rows;
	for (uint32_t k = 0; k < team->count; k++) {
		start[k] = whole[k] = 0;
		for (uint32_t l = step->first; l <= step->last; l++) {
			const struct hidp__rate *rate =
			        &site->rates[(size_t)l * site->processor_count + team->members[k]];
			if (!rate->runs)
				return INFINITY;
			double work = rate->work_s[HIDP__ROWS];
			if (rate->byte_s > 0 && layers[l].bytes > layers[l].weight_bytes) {
				double move = (layers[l].bytes - layers[l].weight_bytes) *
				              rate->byte_s * (1 - 1 / (double)layers[l].rows);
				work = move > work ? move : work;
			}
			work *= rate->slowdown;
			whole[k] += work;
			start[k] += rate->fixed_s[HIDP__ROWS] * rate->slowdown +
			            work * step->extra[l - step->first] / (double)layers[l].rows;
		}
		if (!(whole[k] > 0))
			return *any = 0;
		speed += 1 / whole[k];
		lead += start[k] / whole[k];
	}
	double seconds = (1 + lead) / speed;
	*any = seconds;
	/* whole rows: some member has at least one more than it could finish in that time, or all fit */
	double fits = 0, next = INFINITY;
	for (uint32_t k = 0; k < team->count; k++) {
		double rows = floor((seconds * (1 + 1e-9) - start[k]) / whole[k] * last_rows);
		if (rows < 0)
			rows = 0;
		fits += rows;
		double t = start[k] + (rows + 1) / last_rows * whole[k];
		next = t < next ? t : next;
	}
	if (fits < last_rows && next > seconds)
		seconds = next;
	if (site->memory_bandwidth_Bps > 0 && step->bytes / site->memory_bandwidth_Bps > seconds)
		seconds = step->bytes / site->memory_bandwidth_Bps;
	return seconds > 0 ? seconds : 0;
}

static void bound_rows_steps(struct hidp__site *site, const struct hidp__tables *t, uint32_t first,
                             double *any)
{
	for (uint32_t length = 2; length <= HIDP_STEP_LAYERS_MAX; length++) {
		double *bounds = &site->rows_bound_s[((size_t)first * (HIDP_STEP_LAYERS_MAX - 1) +
		                                      length - 2) * site->team_count];
		struct rows_step step = {site, t, first, first + length - 1, {0}, 0};
		bool fits = step.last < t->layer_count;
		any[length] = INFINITY;
		if (fits)
			find_extra(&step);
		for (uint32_t k = 0; k < site->team_count; k++) {
			double v = INFINITY;
			bounds[k] = INFINITY;
			if (fits && t->layers[step.last].rows >= (int64_t)site->teams[k].count)
				bounds[k] = bound_rows_step(&step, &site->teams[k], &v);
			any[length] = v < any[length] ? v : any[length];
		}
	}
}

/* The shortest that a layer can be on all processors together, if it could be cut anywhere. */
static double fill_layer(const struct hidp__site *site, const struct hidp__work *w, uint32_t place)
{
	double start[HIDP_NODE_PROCESSORS_MAX], rate[HIDP_NODE_PROCESSORS_MAX];
	double speed = 0, lead = 0, level = INFINITY;
	uint32_t count = 0;
	for (uint32_t i = 0; i < site->usable_count; i++) {
		const struct hidp__rate *r =
		        &site->rates[(size_t)place * site->processor_count + site->usable[i]];
		if (!r->runs)
			continue;
		double f = r->fixed_s[HIDP__ROWS] < r->fixed_s[HIDP__CHANNELS]
		                   ? r->fixed_s[HIDP__ROWS]
		                   : r->fixed_s[HIDP__CHANNELS];
		double work = least_work(w, r);
		uint32_t at = count++;
		for (; at > 0 && start[at - 1] > f * r->slowdown; at--) {
			start[at] = start[at - 1];
			rate[at] = rate[at - 1];
		}
		start[at] = f * r->slowdown;
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

static bool sum_layers(struct hidp__site *site, const struct hidp__tables *t,
                       struct hidp__arena *arena)
{
	uint32_t layers = t->layer_count;
	const struct hidp__prices time = {.second = 1, .time_only = true};
	double any[HIDP_STEP_LAYERS_MAX + 1], hand_over;
	site->sum_s = hidp__arena_alloc(arena, (size_t)layers + 1, sizeof *site->sum_s);
	site->branch_s = hidp__arena_alloc(arena, (size_t)t->region_count + 1, sizeof(double));
	if (site->sum_s == NULL || site->branch_s == NULL)
		return false;
	for (uint32_t r = 0; r < t->region_count; r++)
		site->branch_s[r] = INFINITY;
	for (uint32_t l = 0; l <= layers; l++)
		site->sum_s[l] = l == 0 ? 0 : INFINITY;
	for (uint32_t l = 0; l < layers; l++) {
		double sum = site->sum_s[l], one = fill_layer(site, &t->layers[l], l);
		one = one < INFINITY ? one : 0;
		site->sum_s[l + 1] = sum + one < site->sum_s[l + 1] ? sum + one
		                                                    : site->sum_s[l + 1];
		if (site->team_count == 0)
			continue;
		bound_rows_steps(site, t, l, any);
		for (uint32_t n = 2; n <= HIDP_STEP_LAYERS_MAX && l + n <= layers; n++)
			if (sum + any[n] < site->sum_s[l + n])
				site->sum_s[l + n] = sum + any[n];
		for (uint32_t r = t->region_first[l]; r < t->region_first[l + 1]; r++) {
			site->branch_s[r] = hidp__branch_cost(site, t, &t->regions[r], &time,
			                                      &hand_over, NULL);
			double v = sum + site->branch_s[r];
			if (v < site->sum_s[t->regions[r].end])
				site->sum_s[t->regions[r].end] = v;
		}
	}
	return true;
}

static void copy_layer(struct hidp__site *site, uint32_t to, uint32_t from)
{
	size_t p = site->processor_count, n = site->team_count;
	memcpy(site->rates + to * p, site->rates + from * p, p * sizeof *site->rates);
	memcpy(site->single_s + to * p, site->single_s + from * p, p * sizeof *site->single_s);
	if (n != 0) {
		memcpy(site->team_s + to * n, site->team_s + from * n, n * sizeof *site->team_s);
		memcpy(site->team_axis + to * n, site->team_axis + from * n, n);
	}
	site->best_s[to] = site->best_s[from];
}

bool hidp__tables_site(struct hidp__tables *tables, hidp_node_id node, struct hidp__arena *arena)
{
	const struct hidp__problem *p = tables->problem;
	const struct hidp__node *n = &p->cluster->nodes[node];
	struct hidp__site *site = &tables->sites[node];
	uint32_t layers = tables->layer_count;
	*site = (struct hidp__site){.node = node,
	                            .processor_count = n->processor_count,
	                            .first_processor = n->first_processor,
	                            .sync_s = n->desc.sync_s,
	                            .memory_bandwidth_Bps = n->desc.memory_bandwidth_Bps};
	size_t cells = (size_t)layers * n->processor_count;
	double *copy = hidp__arena_calloc(arena, n->processor_count, sizeof *copy);
	site->rates = hidp__arena_alloc(arena, cells, sizeof *site->rates);
	site->single_s = hidp__arena_alloc(arena, cells, sizeof *site->single_s);
	site->least_s = hidp__arena_calloc(arena, cells, sizeof *site->least_s);
	site->fixed_s = hidp__arena_alloc(arena, layers, sizeof *site->fixed_s);
	site->slope_s = hidp__arena_alloc(arena, layers, sizeof *site->slope_s);
	site->best_s = hidp__arena_alloc(arena, layers, sizeof *site->best_s);
	if (copy == NULL || site->rates == NULL || site->least_s == NULL || site->single_s == NULL ||
	    site->fixed_s == NULL || site->slope_s == NULL || site->best_s == NULL)
		return false;
	for (uint32_t q = 0; q < n->processor_count; q++) {
		if (!(n->processors[q].copy_bandwidth_Bps > 0))
			continue;
		copy[q] = 1 / n->processors[q].copy_bandwidth_Bps;
		site->copies = true;
	}
	site->copy_s = copy;

	/* layers with the same figures have the same times, unless pins tell them apart */
	const struct hidp_model *model = p->model;
	bool twins = p->request->pin_node == NULL && p->cost == NULL;
#define TWIN(l) (twins ? tables->place_of[model->layers[tables->layers[l].id].twin] : (l))
	for (uint32_t l = 0; l < layers; l++) {
		if (TWIN(l) == l) {
			read_rates(site, tables, l);
		} else {
			size_t to = (size_t)l * n->processor_count;
			size_t from = (size_t)TWIN(l) * n->processor_count;
			memcpy(site->rates + to, site->rates + from,
			       n->processor_count * sizeof *site->rates);
			memcpy(site->single_s + to, site->single_s + from,
			       n->processor_count * sizeof *site->single_s);
		}
	}
	if (!find_usable(site, tables, arena) || !find_teams(site, arena))
		return false;
	site->team_s = hidp__arena_alloc(arena, (size_t)layers * site->team_count + 1,
	                                 sizeof *site->team_s);
	site->team_axis = hidp__arena_alloc(arena, (size_t)layers * site->team_count + 1, 1);
	site->rows_bound_s =
	        hidp__arena_alloc(arena,
	                          (size_t)layers * (HIDP_STEP_LAYERS_MAX - 1) * site->team_count + 1,
	                          sizeof *site->rows_bound_s);
	if (site->team_s == NULL || site->team_axis == NULL || site->rows_bound_s == NULL)
		return false;
	for (uint32_t l = 0; l < layers; l++) {
		if (TWIN(l) == l)
			time_teams(site, tables, l);
		else
			copy_layer(site, l, TWIN(l));
	}
#undef TWIN
	return sum_layers(site, tables, arena) && bound_layers(site, tables, arena);
}

bool hidp__tables_build(struct hidp__tables *tables, const struct hidp__problem *problem,
                        struct hidp__arena *arena)
{
	*tables = (struct hidp__tables){.problem = problem,
	                                .node_count = problem->cluster->node_count};
	tables->sites = hidp__arena_calloc(arena, tables->node_count, sizeof *tables->sites);
	if (tables->sites == NULL || !hidp__tables_layers(tables, arena) ||
	    !hidp__waists_find(&tables->waists, tables, arena))
		return false;
	for (hidp_node_id n = 0; n < tables->node_count; n++)
		if (!hidp__tables_site(tables, n, arena))
			return false;
	return true;
}
