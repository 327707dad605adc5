/* SPDX-License-Identifier: MIT */
/* Plans, timed and checked. */
#include "bench.h"

#include <math.h>
#include <string.h>

struct hidp_plan_figures bench_figures(const struct hidp_plan *plan)
{
	struct hidp_plan_figures figures = HIDP_PLAN_FIGURES_INIT;
	bench_must(hidp_plan_get_figures(plan, &figures), NULL, "figures");
	return figures;
}

/* No benchmark of wrong results. */
static void check(const struct hidp_plan *plan)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_figures f = bench_figures(plan);
	bench_must(hidp_plan_verify(plan, &said), &said, "the plan is wrong");
	if (!(f.objective >= f.lower_bound && f.gap >= 0 && f.gap <= 1))
		bench_fail("objective %g, bound %g, gap %g", f.objective, f.lower_bound, f.gap);
	if (((f.flags & HIDP_FIGURES_PROVEN) != 0) != (f.gap == 0))
		bench_fail("the gap is %g, and proven is %s", f.gap,
		           f.flags & HIDP_FIGURES_PROVEN ? "said" : "not said");
}

struct hidp_plan *bench_plan_once(const struct hidp_model *model,
                                  const struct hidp_cluster *cluster,
                                  const struct hidp_plan_options *options)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan = NULL;
	hidp_status s = hidp_plan(model, cluster, NULL, options, &plan, &said);
	if (s == HIDP_ERR_INFEASIBLE)
		return NULL;
	bench_must(s, &said, "planning");
	check(plan);
	return plan;
}

void bench_plan(const struct bench *bench, const struct hidp_model *model,
                const struct hidp_cluster *cluster, const struct hidp_plan_options *options,
                struct bench_result *result_out)
{
	static struct bench_sample sample;
	bench_memory_mark();
	uint64_t calls = bench_memory().calls;
	struct hidp_plan *first = NULL;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp_plan(model, cluster, NULL, options, &first, &said);
	struct bench_memory m = bench_memory();
	*result_out = (struct bench_result){.feasible = s == HIDP_OK};
	if (s == HIDP_ERR_INFEASIBLE)
		return;
	bench_must(s, &said, "planning");
	check(first);
	result_out->figures = bench_figures(first);
	result_out->calls = m.calls - calls;
	result_out->peak_bytes = m.peak_bytes - m.marked_bytes;
	result_out->total_bytes = m.peak_bytes;

	bench_sample_begin(bench, &sample);
	while (bench_sample_more(bench, &sample)) {
		struct hidp_plan *plan = NULL;
		double start = bench_now(bench);
		s = hidp_plan(model, cluster, NULL, options, &plan, NULL);
		bench_sample_add(&sample, bench_now(bench) - start);
		bench_must(s, NULL, "planning again");
		if (!bench_same_plans(first, plan))
			bench_fail("planning again gave another plan");
		hidp_plan_unref(plan);
	}
	result_out->time_s = bench_sample_spread(&sample);
	hidp_plan_unref(first);
}

