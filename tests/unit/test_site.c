/* SPDX-License-Identifier: MIT */
/*
 * What the planner reckons once for a node, against doing it the long way: the division
 * of one layer against all divisions, branches against all assignments, and steps that
 * layers share because they are alike against each by itself.
 */
#include <math.h>

#include "planner/branches.h"
#include "planner/divide.h"
#include "planner/local.h"
#include "random_instance.h"
#include "suite.h"

#define PROBLEMS 500
#define ROUNDING 1e-12

struct fixture {
	struct hidp_context *context;
	struct random_instance in;
	struct hidp__arena arena;
	struct hidp__request request;
	struct hidp__problem problem;
	struct hidp__tables tables;
	struct rng rng;
};

static void begin(struct fixture *f, uint64_t seed, bool alike)
{
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_context *context;
	struct random_params params;
	random_params_init(&params);
	params.layers_max = 30;
	if (alike) { /* few kinds of layers, and nothing that tells them apart */
		params.layers_min = 20;
		params.layers_max = 60;
		params.channels_max = 2;
		params.measured = params.pins = params.odd_layers = false;
	}
	rng_seed(&f->rng, seed);
	ck_ok(hidp_context_new(NULL, &context), diag);
	random_instance_init(&f->in, context, &params, seed);
	hidp__arena_init(&f->arena, context);
	ck_ok(hidp__request_read(&f->request, f->in.model, f->in.cluster, &f->in.options, &f->arena,
	                         &diag),
	      diag);
	f->problem = (struct hidp__problem){f->in.model, f->in.cluster, f->in.cost, &f->request};
	ck_assert(hidp__tables_build(&f->tables, &f->problem, &f->arena));
	f->context = context;
}

static void end(struct fixture *f)
{
	hidp__arena_destroy(&f->arena);
	random_instance_destroy(&f->in);
	hidp_context_unref(f->context);
}

static bool same(double a, double b)
{
	return a == b || fabs(a - b) <= ROUNDING * fabs(b);
}

/* How long a member of a team is busy with some units of a layer. */
static double member_time(const struct hidp__site *site, const struct hidp__work *w, uint32_t place,
                          uint32_t q, enum hidp__divided axis, int64_t units)
{
	const struct hidp__rate *rate = &site->rates[(size_t)place * site->processor_count + q];
	double part = (double)units / (double)(axis == HIDP__ROWS ? w->rows : w->groups);
	double bytes = axis == HIDP__ROWS ? hidp__work_bytes(w, units, 1)
	                                  : hidp__work_bytes(w, w->rows, part);
	return hidp__slice_time(rate, axis, part, bytes);
}

/* The least longest time over all divisions among two. */
static double best_division(const struct hidp__site *site, const struct hidp__work *w,
                            uint32_t place, const struct hidp__team *team, enum hidp__divided axis)
{
	int64_t units = axis == HIDP__ROWS ? w->rows : w->groups;
	double best = INFINITY;
	for (int64_t n = 1; n < units; n++) {
		double a = member_time(site, w, place, team->members[0], axis, n);
		double b = member_time(site, w, place, team->members[1], axis, units - n);
		best = fmin(best, fmax(a, b));
	}
	return best;
}

static bool can_run(const struct hidp__site *site, uint32_t place, const struct hidp__team *team)
{
	for (uint32_t k = 0; k < team->count; k++)
		if (!site->rates[(size_t)place * site->processor_count + team->members[k]].runs)
			return false;
	return true;
}

static uint64_t check_divisions(const struct fixture *f, struct hidp__site *site, uint32_t place)
{
	const struct hidp__work *w = &f->tables.layers[place];
	int64_t counts[HIDP_NODE_PROCESSORS_MAX];
	uint64_t checked = 0;
	site->memory_bandwidth_Bps = 0; /* else all divisions may take as long as the memory does */
	for (uint32_t k = 0; k < site->team_count; k++) {
		const struct hidp__team *team = &site->teams[k];
		if (team->count != 2 || w->free || !can_run(site, place, team))
			continue;
		for (int axis = HIDP__ROWS; axis <= HIDP__CHANNELS; axis++) {
			double found = hidp__divide(site, w, place, team, (enum hidp__divided)axis,
			                            w->rows, counts, NULL);
			double best =
			        best_division(site, w, place, team, (enum hidp__divided)axis);
			ck_assert_msg(same(found, best), "layer %u: %.17g, not %.17g", place, found,
			              best);
			checked++;
		}
	}
	return checked;
}

START_TEST(a_layer_is_divided_best)
{
	uint64_t checked = 0;
	for (uint64_t seed = 1; seed <= PROBLEMS; seed++) {
		struct fixture f;
		begin(&f, seed, false);
		for (uint32_t n = 0; n < f.tables.node_count; n++)
			for (uint32_t l = 0; l < f.tables.layer_count; l++)
				checked += check_divisions(&f, &f.tables.sites[n], l);
		end(&f);
	}
	ck_assert_uint_gt(checked, 1000);
}
END_TEST

/* An assignment of components to processors as a number in base `usable_count`. */
static double assignment_price(const struct fixture *f, const struct hidp__site *site,
                               const struct hidp__region *region,
                               const struct hidp__prices *prices, uint64_t assignment,
                               double *hand_over)
{
	double load[HIDP_NODE_PROCESSORS_MAX] = {0}, bytes = 0, cost = 0;
	uint32_t to[HIDP__BRANCHES_MAX], used = 0;
	bool uses[HIDP_NODE_PROCESSORS_MAX] = {false};
	for (uint32_t c = 0; c < region->count; c++, assignment /= site->usable_count)
		to[c] = site->usable[assignment % site->usable_count];
	for (uint32_t l = region->first; l < region->end; l++) {
		uint32_t q = to[region->component[l - region->first]];
		load[q] += site->single_s[(size_t)l * site->processor_count + q];
		bytes += f->tables.layers[l].bytes;
		used += !uses[q];
		uses[q] = true;
	}
	double shared = site->memory_bandwidth_Bps > 0 ? bytes / site->memory_bandwidth_Bps : 0;
	double longest = shared, second = prices->second;
	for (uint32_t q = 0; q < site->processor_count; q++) {
		if (!uses[q])
			continue;
		longest = fmax(longest, load[q]);
		cost += prices->busy[site->first_processor + q] * fmax(load[q], shared);
		second += prices->busy[site->first_processor + q];
	}
	*hand_over = second * site->sync_s;
	return used > 1 ? cost + prices->second * longest : INFINITY;
}

static bool check_region(const struct fixture *f, const struct hidp__site *site, uint32_t r,
                         const struct hidp__prices *prices)
{
	const struct hidp__region *region = &f->tables.regions[r];
	uint8_t choice[HIDP__BRANCHES_MAX];
	double best = INFINITY, hand_over;
	uint64_t assignments = 1;
	for (uint32_t c = 0; c < region->count; c++)
		assignments *= site->usable_count;
	if (site->usable_count < 2 || assignments > 1024)
		return false;
	for (uint64_t a = 0; a < assignments; a++) {
		double cost = assignment_price(f, site, region, prices, a, &hand_over);
		best = fmin(best, cost + hand_over);
	}
	double found = hidp__branch_cost(site, &f->tables, r, prices, &hand_over, choice);
	ck_assert_msg(same(found + hand_over, best), "region %u: %.17g, not %.17g", r,
	              found + hand_over, best);
	uint64_t chosen = 0;
	for (uint32_t c = region->count; found < INFINITY && c-- > 0;)
		for (uint32_t i = 0; i < site->usable_count; i++)
			if (site->usable[i] == choice[c])
				chosen = chosen * site->usable_count + i;
	if (found < INFINITY)
		ck_assert(same(assignment_price(f, site, region, prices, chosen, &hand_over), found));
	return true;
}

START_TEST(branches_are_assigned_best)
{
	uint64_t checked = 0;
	for (uint64_t seed = 1; seed <= PROBLEMS; seed++) {
		struct fixture f;
		struct hidp__prices prices;
		begin(&f, seed, false);
		ck_assert(hidp__prices_begin(&prices, f.in.cluster, &f.arena));
		prices.second = rng_chance(&f.rng, 80) ? rng_scale(&f.rng, 0.1, 10) : 0;
		prices.time_only = false;
		for (uint32_t q = 0; q < f.in.cluster->processor_count; q++)
			prices.busy[q] = rng_chance(&f.rng, 80) ? rng_scale(&f.rng, 0.1, 10) : 0;
		for (uint32_t n = 0; n < f.tables.node_count; n++)
			for (uint32_t r = 0; r < f.tables.region_count; r++)
				checked += check_region(&f, &f.tables.sites[n], r, &prices);
		end(&f);
	}
	ck_assert_uint_gt(checked, 1000);
}
END_TEST

/* One step, from the table and afresh; returns whether it came from an earlier layer's place. */
static bool check_step(const struct hidp__local *local, uint32_t first, uint32_t length,
                       enum hidp__divided axis, uint32_t team)
{
	int64_t kept[HIDP_NODE_PROCESSORS_MAX], fresh[HIDP_NODE_PROCESSORS_MAX];
	double kept_s[HIDP_NODE_PROCESSORS_MAX], fresh_s[HIDP_NODE_PROCESSORS_MAX];
	struct hidp__site site = *local->site;
	struct hidp__local alone = *local;
	site.kept_s = NULL;
	alone.site = &site;
	double a = hidp__team_step(local, first, length, axis, team, kept, kept_s);
	double b = hidp__team_step(&alone, first, length, axis, team, fresh, fresh_s);
	ck_assert(same(a, b));
	for (uint32_t k = 0; a < INFINITY && k < site.teams[team].count; k++) {
		ck_assert_int_eq(kept[k], fresh[k]);
		ck_assert(same(kept_s[k], fresh_s[k]));
	}
	return a < INFINITY && hidp__alike(local->tables, first, length) != first;
}

START_TEST(steps_that_are_alike_take_as_long)
{
	uint64_t shared = 0;
	for (uint64_t seed = 1; seed <= PROBLEMS; seed++) {
		struct fixture f;
		begin(&f, seed, true);
		uint32_t layers = f.tables.layer_count;
		uint32_t *places = hidp__arena_alloc(&f.arena, layers, sizeof *places);
		struct hidp__span *comp = hidp__arena_alloc(&f.arena, layers, sizeof *comp);
		ck_assert(places != NULL && comp != NULL);
		for (uint32_t l = 0; l < layers; l++) {
			places[l] = l;
			comp[l] = (struct hidp__span){0, f.tables.layers[l].rows};
		}
		for (uint32_t n = 0; n < f.tables.node_count; n++) {
			const struct hidp__site *site = &f.tables.sites[n];
			struct hidp__local local = {.tables = &f.tables,
			                            .site = site,
			                            .places = places,
			                            .comp = comp,
			                            .count = layers,
			                            .whole = true};
			for (uint32_t l = 0; l < layers; l++)
				for (uint32_t k = 0; k < site->team_count; k++)
					for (uint32_t m = 1; m <= HIDP_STEP_LAYERS_MAX && l + m <= layers; m++)
						shared += check_step(&local, l, m, HIDP__ROWS, k);
		}
		end(&f);
	}
	ck_assert_uint_gt(shared, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("site");
	TCase *tc = tcase_create("site");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_layer_is_divided_best);
	tcase_add_test(tc, branches_are_assigned_best);
	tcase_add_test(tc, steps_that_are_alike_take_as_long);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
