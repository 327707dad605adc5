/* SPDX-License-Identifier: MIT */
/*
 * The planner against every plan there is, on small random problems.
 *
 *     exhaustive [--objective latency|period|energy|weighted|all] [--count N]
 *                [--seed N] [--kinds] [--plain] [--transfers|--apart|--copies]
 *
 * --count problems per objective, the first with --seed, the next with the seed
 * after it; a failure is printed with the seed that repeats it (--count 1). --kinds
 * goes on after failures and prints one line for each. --plain checks the short cuts
 * below with every problem that is small enough, not only with some. --transfers has
 * problems with hubs and with nodes whose transfers are work. --apart has problems in which
 * nodes cannot reach each other, and layers that need nothing of what others make. --copies
 * has problems with processors whose copies take as long as their computing.
 *
 * What is shown, per objective: the planner's value is the best of the plan space
 * (1e-9 relative) for at least 99 % of the problems and for all but one of 1,000 not more
 * than 1 % above it; the lower bound never exceeds the best value; a plan that claims to be
 * proven is the best; and a problem is infeasible for the planner only if it is.
 *
 * The enumeration shares nothing with the planner but the evaluator: plans are made
 * with the plan builder, and their value is what hidp_plan_get_figures() says.
 * space_stages.c goes through doc/plan-space.md "Global": every stage that can come
 * next, on every choice of nodes, in every order, with every division, and so on to
 * the end of the model. space_ways.c goes through "Local": for every share, every
 * sequence of steps. space_search.c combines them. space_fractions.c finds the best
 * fractions of replicas, which are the only choice that is not one of finitely many.
 *
 * Four short cuts keep this quick. None can lose the best plan:
 *
 * 1. Equal shares (same node, layers and rows) have the same ways in all plans; they
 *    are found once.
 * 2. A way to divide a share is measured by the evaluator, in a world in which
 *    everything but this share takes no time: how long it takes, how long each
 *    processor is busy, what memory it needs. By doc/cost-model.md nothing else of a
 *    plan depends on the way but the hand-over before it and the one after it, and
 *    no figure gets smaller when one of these gets larger. So of two ways with the
 *    same ends (same_ends()), one that is not better in anything that objective,
 *    limits or memory look at is left out.
 * 3. Single steps in a row on one processor cost the same as one step where nothing
 *    is copied.
 * 4. A plan in the making is given up when the durations of its shares, their busy
 *    times and their energy (as measured) alone come to more than the best plan.
 *    The search begins with the planner's value for this: it has to find a plan as
 *    good as that, which shows that the planner's plan is in the space, and then
 *    looks for better ones.
 *
 * The test is not blind because of them: for every PLAIN_EVERY-th problem that is
 * small enough all plans are made and evaluated, without these, and the best must
 * be the same.
 *
 * Problems are drawn at random; those with more plans than can be enumerated in
 * reasonable time are passed over before the planner sees them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"
#include "space.h"
#include "tiny.h"

#define SEED 20250800
#define PLANS_MAX 40000
#define PLAIN_MAX 4000
#define PLAIN_EVERY 10
#define SAME 1e-9

enum kind {
	KIND_OPTIMAL,
	KIND_ABOVE,      /* by 1 % at most */
	KIND_FAR_ABOVE,
	KIND_OUTSIDE,    /* better than all plans of the space */
	KIND_BOUND,      /* the lower bound is above the best value */
	KIND_PROVEN,     /* claimed, but there is a better plan */
	KIND_GAVE_UP,    /* "infeasible", but there is a plan */
	KIND_ERROR,      /* another status */
	KIND_SHORT_CUTS, /* the enumeration disagrees with itself */
	KIND_COUNT
};

static const char *const kind_names[] = {
        "optimal",      "not optimal",      "far from optimal", "better than every plan",
        "bound wrong",  "proof wrong",      "wrongly infeasible", "error",
        "short cuts wrong"};

/* What the best plans are made of: how many have it anywhere. */
enum part {
	PART_NODES, /* several */
	PART_SPLIT,
	PART_EXCHANGE, /* splits in a row */
	PART_BRANCH,
	PART_REPLICA,
	PART_STEPS_ROWS,
	PART_STEPS_CHANNELS,
	PART_STEPS_BRANCH,
	PART_APART, /* a node that the input does not reach, or that does not reach the output's */
	PART_COUNT
};

static const char *const part_names[] = {
        "several nodes", "split",         "exchange of halo", "branch",
        "replica",       "rows in nodes", "channels in nodes", "branch in nodes",
        "nodes out of reach"};

struct tally {
	uint64_t instances, infeasible, proven, passed_over, plans, plain, limited;
	uint64_t parts[PART_COUNT];
	uint64_t kinds[KIND_COUNT];
	double worst_ratio;
	double *gaps;
	uint64_t gap_count;
};

struct run {
	hidp_objective objective;
	uint64_t count, seed;
	bool all, kinds, plain;
	enum tiny_kind tiny;
};

static void report(const struct random_instance *in, const struct run *run, hidp_objective objective,
                   enum kind kind, const struct hidp_plan *plan, const struct hidp_plan *best)
{
	if (kind == KIND_OPTIMAL)
		return;
	struct hidp_plan_figures a = HIDP_PLAN_FIGURES_INIT, b = HIDP_PLAN_FIGURES_INIT;
	if (plan != NULL)
		hidp_plan_get_figures(plan, &a);
	if (best != NULL)
		hidp_plan_get_figures(best, &b);
	printf("%s: --objective %s --seed %llu --count 1: planner %.10g, bound %.10g%s, best %.10g\n",
	       kind_names[kind], objective_names[objective], (unsigned long long)in->seed,
	       a.objective, a.lower_bound, a.flags & HIDP_FIGURES_PROVEN ? " (proven)" : "",
	       b.objective);
	if (run->kinds)
		return;
	show_instance(in);
	show_plan("the planner's plan", plan);
	show_plan("the best plan", best);
}

static void count_steps(const struct hidp_plan *plan, uint32_t s, uint32_t k, uint32_t count,
                        bool *has)
{
	for (uint32_t t = 0; t < count; t++) {
		struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
		hidp_plan_get_step(plan, s, k, t, &step);
		has[PART_STEPS_ROWS] |= step.kind == HIDP_STEP_ROWS;
		has[PART_STEPS_CHANNELS] |= step.kind == HIDP_STEP_CHANNELS;
		has[PART_STEPS_BRANCH] |= step.kind == HIDP_STEP_BRANCH;
	}
}

/* Is a node not on the way from the input to the output? */
static bool is_apart(const struct random_instance *in, hidp_node_id node)
{
	const struct hidp_plan_options *o = &in->options;
	hidp_node_id input = o->flags & HIDP_PLAN_INPUT_AT ? o->input_node : o->leader;
	hidp_node_id output = o->flags & HIDP_PLAN_OUTPUT_AT ? o->output_node : o->leader;
	return (node != input &&
	        hidp_cluster_next_hop(in->cluster, input, node) == HIDP_NODE_NONE) ||
	       (node != output &&
	        hidp_cluster_next_hop(in->cluster, node, output) == HIDP_NODE_NONE);
}

static void count_parts(const struct random_instance *in, const struct hidp_plan *plan,
                        struct tally *t)
{
	bool has[PART_COUNT] = {false};
	hidp_node_id first = HIDP_NODE_NONE;
	hidp_stage_kind before = 0;
	for (uint32_t s = 0; s < hidp_plan_stage_count(plan); s++) {
		struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
		hidp_plan_get_stage(plan, s, &stage);
		has[PART_SPLIT] |= stage.kind == HIDP_STAGE_SPLIT;
		has[PART_EXCHANGE] |= stage.kind == HIDP_STAGE_SPLIT && before == stage.kind;
		has[PART_BRANCH] |= stage.kind == HIDP_STAGE_BRANCH;
		has[PART_REPLICA] |= stage.kind == HIDP_STAGE_REPLICA;
		before = stage.kind;
		for (uint32_t k = 0; k < stage.share_count; k++) {
			struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
			hidp_plan_get_share(plan, s, k, &share);
			has[PART_NODES] |= first != HIDP_NODE_NONE && first != share.node;
			first = share.node;
			has[PART_APART] |= is_apart(in, share.node);
			count_steps(plan, s, k, share.step_count, has);
		}
	}
	for (int i = 0; i < PART_COUNT; i++)
		t->parts[i] += has[i];
}

/* Enumerates without short cuts, and compares: `best` is within SAME of the best value. */
static bool plain_agrees(const struct random_instance *in, double best, struct tally *t)
{
	struct space space;
	bool agrees = true;
	if (!space_begin(&space, in, true))
		return true;
	if (space_count(&space, PLAIN_MAX) <= PLAIN_MAX) {
		space_search(&space, INFINITY);
		t->plain++;
		t->plans += space.evaluated;
		if (best == INFINITY || space.best_value == INFINITY)
			agrees = best == space.best_value;
		else
			agrees = fabs(best - space.best_value) <= 2 * SAME * space.best_value;
		if (!agrees)
			printf("short cuts %.17g, plain %.17g\n", best, space.best_value);
	}
	space_end(&space);
	return agrees;
}

static enum kind judge(hidp_status status, const struct hidp_plan_figures *f, double best)
{
	if (status == HIDP_ERR_INFEASIBLE)
		return best == INFINITY ? KIND_OPTIMAL : KIND_GAVE_UP;
	if (status != HIDP_OK)
		return KIND_ERROR;
	if (best == INFINITY)
		return KIND_OUTSIDE;
	if (f->lower_bound > best * (1 + SAME))
		return f->flags & HIDP_FIGURES_PROVEN ? KIND_PROVEN : KIND_BOUND;
	if (f->objective > best * 1.01)
		return KIND_FAR_ABOVE;
	return f->objective > best * (1 + SAME) ? KIND_ABOVE : KIND_OPTIMAL;
}

/*
 * What is tolerated if it is rare: the planner's search is limited in steps, and so are
 * the starts from which fractions of several replica stages are looked for here.
 */
static bool may_be_rare(enum kind kind)
{
	return kind == KIND_FAR_ABOVE || kind == KIND_GAVE_UP || kind == KIND_OUTSIDE;
}

/* One problem, which is known to be small enough. */
static bool compare(struct space *space, const struct run *run, hidp_objective objective,
                    struct tally *t)
{
	const struct random_instance *in = space->instance;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	struct hidp_plan *plan = NULL;
	hidp_status status =
	        hidp_plan(in->model, in->cluster, in->cost, &in->options, &plan, &diag);
	if (status == HIDP_OK)
		hidp_plan_get_figures(plan, &f);
	space_search(space, status == HIDP_OK ? f.objective * (1 + SAME) : INFINITY);
	double best = space->best_value;
	enum kind kind = judge(status, &f, best);
	t->plans += space->evaluated + space->probed;
	t->instances++;
	if (status == HIDP_OK)
		t->gaps[t->gap_count++] = f.gap;
	t->infeasible += best == INFINITY;
	t->limited += in->options.latency_limit_s > 0 || in->options.period_limit_s > 0 ||
	              in->options.energy_limit_j > 0;
	if (space->best != NULL)
		count_parts(in, space->best, t);
	t->proven += (f.flags & HIDP_FIGURES_PROVEN) != 0;
	if (status == HIDP_OK && best < INFINITY && best > 0)
		t->worst_ratio = fmax(t->worst_ratio, f.objective / best);
	t->kinds[kind]++;
	report(in, run, objective, kind, plan, space->best);
	if (kind == KIND_ERROR)
		printf("%s: %s: %s\n", hidp_status_string(status), diag.subject, diag.message);
	bool twice = run->plain || t->instances % PLAIN_EVERY == 0;
	if (kind == KIND_OPTIMAL && twice && !plain_agrees(in, best, t)) {
		kind = KIND_SHORT_CUTS;
		t->kinds[kind]++;
		report(in, run, objective, kind, plan, space->best);
	}
	hidp_plan_unref(plan);
	return kind <= KIND_ABOVE || may_be_rare(kind);
}

static void print_tally(const struct run *run, hidp_objective objective, const struct tally *t,
                        uint64_t last)
{
	double median = t->gap_count > 0 ? t->gaps[t->gap_count / 2] : 0;
	double largest = t->gap_count > 0 ? t->gaps[t->gap_count - 1] : 0;
	printf("%s: seeds %llu to %llu: %llu problems, %llu with limits, %llu infeasible (%llu more "
	       "were too large)\n",
	       objective_names[objective], (unsigned long long)run->seed, (unsigned long long)last,
	       (unsigned long long)t->instances, (unsigned long long)t->limited,
	       (unsigned long long)t->infeasible, (unsigned long long)t->passed_over);
	printf("  %llu optimal, worst ratio %.6f, %llu proven, gap median %.4f, largest %.4f\n",
	       (unsigned long long)t->kinds[KIND_OPTIMAL], t->worst_ratio,
	       (unsigned long long)t->proven, median, largest);
	printf("  %llu plans evaluated, %llu problems without short cuts; best plans with",
	       (unsigned long long)t->plans, (unsigned long long)t->plain);
	for (int i = 0; i < PART_COUNT; i++)
		printf("%s %s %llu", i > 0 ? "," : "", part_names[i],
		       (unsigned long long)t->parts[i]);
	printf("\n");
	for (int k = KIND_ABOVE; k < KIND_COUNT; k++)
		if (t->kinds[k] > 0)
			printf("  %s: %llu\n", kind_names[k], (unsigned long long)t->kinds[k]);
}

/* false: something is wrong that must never be. */
static bool run_objective(const struct run *run, hidp_objective objective,
                          struct hidp_context *context)
{
	struct tally t = {.gaps = calloc(run->count + 1, sizeof *t.gaps)};
	uint64_t last = run->seed;
	bool ok = true;
	for (uint64_t seed = run->seed; t.instances < run->count && (ok || run->kinds); seed++) {
		struct random_instance in;
		struct space space;
		tiny_instance_init(&in, context, objective, run->tiny, seed);
		in.seed = last = seed;
		if (space_begin(&space, &in, false) &&
		    (space_count(&space, PLANS_MAX) <= PLANS_MAX || run->count == 1))
			ok &= compare(&space, run, objective, &t);
		else if (run->count == 1)
			break;
		else
			t.passed_over++;
		space_end(&space);
		random_instance_destroy(&in);
	}
	qsort(t.gaps, t.gap_count, sizeof *t.gaps, by_size);
	print_tally(run, objective, &t, last);
	fflush(stdout);
	if (t.kinds[KIND_OPTIMAL] * 100 < t.instances * 99 && run->count > 1) {
		printf("%s: less than 99 %% are optimal\n", objective_names[objective]);
		ok = false;
	}
	for (int k = 0; k < KIND_COUNT; k++) {
		/* one of a thousand, or of few; of those that depend on these starts, of 250 */
		uint64_t rare = k == KIND_FAR_ABOVE ? 1000 : 250;
		if (!may_be_rare((enum kind)k) || t.kinds[k] * rare <= t.instances ||
		    (t.kinds[k] == 1 && run->count > 1))
			continue;
		printf("%s: too often %s\n", objective_names[objective], kind_names[k]);
		ok = false;
	}
	free(t.gaps);
	return ok;
}

static int usage(void)
{
	fprintf(stderr, "usage: exhaustive [--objective latency|period|energy|weighted|all] "
	                "[--count N] [--seed N] [--kinds] [--plain] [--transfers|--apart|--copies]\n");
	return 2;
}

static bool read_objective(struct run *run, const char *word)
{
	run->all = strcmp(word, "all") == 0;
	for (hidp_objective o = 0; o < 4; o++) {
		if (strcmp(word, objective_names[o]) == 0) {
			run->objective = o;
			return true;
		}
	}
	return run->all;
}

int main(int argc, char **argv)
{
	struct run run = {.count = 3000, .all = true};
	bool seeded = false;
	struct hidp_context *context;
	bool ok = true;
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;
		if (strcmp(argv[i], "--kinds") == 0)
			run.kinds = true;
		else if (strcmp(argv[i], "--plain") == 0)
			run.plain = true;
		else if (strcmp(argv[i], "--transfers") == 0)
			run.tiny = TINY_TRANSFERS;
		else if (strcmp(argv[i], "--apart") == 0)
			run.tiny = TINY_APART;
		else if (strcmp(argv[i], "--copies") == 0)
			run.tiny = TINY_COPIES;
		else if (strcmp(argv[i], "--count") == 0 && more)
			run.count = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--seed") == 0 && more)
			seeded = (run.seed = strtoull(argv[++i], NULL, 0)) != 0;
		else if (strcmp(argv[i], "--objective") != 0 || !more ||
		         !read_objective(&run, argv[++i]))
			return usage();
	}
	if (!seeded)
		run.seed = support_seed("exhaustive", SEED);
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (hidp_objective o = 0; o < 4; o++)
		if (run.all || run.objective == o)
			ok &= run_objective(&run, o, context);
	hidp_context_unref(context);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
