/* SPDX-License-Identifier: MIT */
/*
 * The verifier against the check that plans pass when they are made: random plans,
 * each changed somewhere in its private parts. What the check refuses, the verifier
 * must refuse; what it lets pass, the verifier must find right.
 */
#include <stdio.h>

#include "plan/plan_priv.h"
#include "random_instance.h"
#include "suite.h"

struct changing {
	struct rng *rng;
	struct hidp_plan *plan;
	const struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp__stage *stage;
	struct hidp__share *share;
	struct hidp__step *step;
	struct hidp__slice *slice;
	hidp_layer_id list[256];
	uint32_t node, processor;
};

static uint32_t below(struct changing *c, uint32_t limit)
{
	return (uint32_t)rng_below(c->rng, limit);
}

/* One or two more or less. */
static int64_t nudge(struct changing *c)
{
	static const int64_t by[] = {-2, -1, 1, 2};
	return by[below(c, 4)];
}

static void change_begin(struct changing *c)
{
	c->slice->range.begin += nudge(c);
}

static void change_end(struct changing *c)
{
	c->slice->range.end += nudge(c);
}

static void swap_ranges(struct changing *c)
{
	struct hidp__slice *other = &c->step->slices[below(c, c->step->slice_count)];
	struct hidp__span range = c->slice->range;
	c->slice->range = other->range;
	other->range = range;
}

static void change_processor(struct changing *c)
{
	c->slice->processor = below(c, c->cluster->nodes[c->share->node].processor_count + 1);
}

static void change_step_kind(struct changing *c)
{
	c->step->kind = 1 + below(c, 5);
}

static void change_step_layers(struct changing *c)
{
	c->step->layer_count += below(c, 2) ? 1u : UINT32_MAX;
}

static void remove_slice(struct changing *c)
{
	c->step->slice_count--;
}

static void remove_step(struct changing *c)
{
	c->share->step_count--;
}

static void remove_share(struct changing *c)
{
	c->stage->share_count--;
}

static void remove_stage(struct changing *c)
{
	c->plan->decisions.stage_count--;
}

static void change_node(struct changing *c)
{
	c->share->node = below(c, c->cluster->node_count);
}

static void change_fraction(struct changing *c)
{
	c->share->fraction += 0.1 * (double)nudge(c);
}

static void change_stage_kind(struct changing *c)
{
	c->stage->kind = 1 + below(c, 5);
}

static void change_stage_layers(struct changing *c)
{
	c->stage->layer_count += below(c, 2) ? 1u : UINT32_MAX;
}

/* Units, and with them the rows that the share computes: as consistent as a wrong plan can be. */
static void change_units(struct changing *c)
{
	uint32_t *place = calloc(c->model->layer_count, sizeof *place);
	ck_assert_ptr_nonnull(place);
	if (below(c, 2))
		c->share->units.begin += nudge(c);
	else
		c->share->units.end += nudge(c);
	if (c->stage->kind == HIDP_STAGE_SPLIT && c->share->units.begin >= 0 &&
	    c->share->units.end <= c->stage->row_units)
		hidp__share_rows(c->model, c->stage, c->share, place);
	free(place);
}

/* A copy of a list with one layer changed, or the last one left out. */
static const hidp_layer_id *changed_list(struct changing *c, const hidp_layer_id *layers,
                                         uint32_t *count)
{
	ck_assert_uint_le(*count, sizeof c->list / sizeof c->list[0]);
	memcpy(c->list, layers, *count * sizeof *layers);
	if (below(c, 4) == 0)
		--*count;
	else
		c->list[below(c, *count)] = below(c, c->model->layer_count);
	return c->list;
}

static void change_branch(struct changing *c)
{
	if (c->stage->kind == HIDP_STAGE_BRANCH)
		c->share->layers = changed_list(c, c->share->layers, &c->share->layer_count);
	else if (c->step->kind == HIDP_STEP_BRANCH)
		c->slice->layers = changed_list(c, c->slice->layers, &c->slice->layer_count);
}

static void exclude(struct changing *c)
{
	struct hidp_plan_options *o = &c->plan->request.options;
	c->node = c->share->node;
	c->processor = below(c, 3) ? c->slice->processor : HIDP_PROCESSOR_NONE;
	o->excluded_count = 1;
	o->excluded_nodes = &c->node;
	o->excluded_processors = &c->processor;
}

static void pin(struct changing *c)
{
	struct hidp_plan_options *o = &c->plan->request.options;
	c->node = below(c, c->cluster->node_count);
	c->processor = below(c, c->cluster->nodes[c->node].processor_count);
	c->list[0] = c->slice->layers[below(c, c->slice->layer_count)];
	o->pin_count = 1;
	o->pin_layers = c->list;
	o->pin_nodes = &c->node;
	o->pin_processors = &c->processor;
}

/* Any two layers that compute, or one of them alone. */
static void colocate(struct changing *c)
{
	struct hidp_model *m = c->plan->model;
	struct hidp__layer *a = &m->layers[below(c, m->layer_count)];
	struct hidp__layer *b = &m->layers[below(c, m->layer_count)];
	if (a->op == HIDP_OP_INPUT || b->op == HIDP_OP_INPUT)
		return;
	a->colocation = b->colocation = 5;
	a->mate = b->mate = (hidp_layer_id)((a < b ? a : b) - m->layers);
	m->colocated = 2;
}

static void want_contiguous(struct changing *c)
{
	c->plan->request.options.flags |= HIDP_PLAN_CONTIGUOUS;
}

static void take_rate_away(struct changing *c)
{
	struct hidp_processor_desc *p =
	        &c->cluster->nodes[c->share->node].processors[c->slice->processor];
	hidp_op_class class = c->model->layers[c->slice->layers[0]].op_class;
	p->rate_flops[class] = p->bandwidth_Bps[class] = 0;
}

static void switch_off(struct changing *c)
{
	c->cluster->nodes[c->share->node].desc.flags = HIDP_NODE_UNAVAILABLE;
}

static void load_fully(struct changing *c)
{
	c->cluster->nodes[c->share->node].processors[c->slice->processor].load = 1;
}

static void cut_route(struct changing *c)
{
	uint32_t nodes = c->cluster->node_count;
	c->cluster->next[c->share->node * nodes + below(c, nodes)] = HIDP_NODE_NONE;
}

static void shrink_memory(struct changing *c)
{
	struct hidp__node *node = &c->cluster->nodes[c->share->node];
	double used = c->plan->evaluation.memory_bytes[c->share->node];
	node->desc.memory_bytes = (uint64_t)(used / 2) + 1;
}

static void shrink_processor_memory(struct changing *c)
{
	struct hidp__node *node = &c->cluster->nodes[c->share->node];
	double used = c->plan->evaluation.processor_memory_bytes[node->first_processor +
	                                                         c->slice->processor];
	node->processors[c->slice->processor].memory_bytes = (uint64_t)(used / 2) + 1;
}

static void (*const changes[])(struct changing *) = {
        change_begin,      change_end,         swap_ranges,       change_processor,
        change_step_kind,  change_step_layers, remove_slice,      remove_step,
        remove_share,      remove_stage,       change_node,       change_fraction,
        change_stage_kind, change_stage_layers, change_units,     change_branch,
        exclude,           pin,                take_rate_away,    switch_off,
        load_fully,        cut_route,          shrink_memory,     shrink_processor_memory,
        colocate,          want_contiguous,
};
enum { CHANGES = sizeof changes / sizeof changes[0] };

/* How many plans of each change were refused, and let pass. */
static unsigned refused[CHANGES], passed[CHANGES];

static void change_plan(struct changing *c, uint32_t which)
{
	struct hidp_diagnostic made = HIDP_DIAGNOSTIC_INIT, said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan = NULL;
	struct hidp__arena scratch;
	c->stage = &c->plan->decisions.stages[below(c, c->plan->decisions.stage_count)];
	c->share = &c->stage->shares[below(c, c->stage->share_count)];
	c->step = &c->share->steps[below(c, c->share->step_count)];
	c->slice = &c->step->slices[below(c, c->step->slice_count)];
	changes[which](c);
	hidp__arena_init(&scratch, c->plan->arena.ctx);
	hidp_status s = hidp__plan_make(c->model, c->cluster, c->plan->cost,
	                                &c->plan->request.options, &c->plan->decisions, &plan,
	                                &scratch, &made);
	hidp__arena_destroy(&scratch);
	if (s == HIDP_OK) {
		ck_ok(hidp_plan_verify(plan, &said), said);
		hidp_plan_unref(plan);
		passed[which]++;
		return;
	}
	ck_assert_msg(s == HIDP_ERR_PLAN || s == HIDP_ERR_INFEASIBLE, "%s: %s", made.subject,
	              made.message);
	ck_assert_msg(hidp_plan_verify(c->plan, &said) == HIDP_ERR_PLAN,
	              "change %u is not found; the check says %s: %s", which, made.subject,
	              made.message);
	refused[which]++;
}

START_TEST(verifier_and_check_agree)
{
	struct hidp_context *context;
	struct random_params params;
	uint64_t seed = support_seed("verifier_and_check_agree", 20250205);
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	random_params_init(&params);
	params.limits = false; /* so that every random plan can be made */
	for (uint64_t i = 0; i < 200 * CHANGES; i++) {
		struct random_instance instance;
		struct changing c = {.rng = NULL};
		struct rng rng;
		params.dag = i % 4 != 0;
		params.transfers = i % 3 == 0;
		params.groups = i % 5 == 0;
		params.buffers = i % 7 < 3;
		params.undivided = i / CHANGES % 2 == 0;
		random_instance_init(&instance, context, &params, seed + i);
		instance.options.latency_limit_s = 0;
		instance.options.period_limit_s = 0;
		instance.options.energy_limit_j = 0;
		rng_seed(&rng, ~(seed + i));
		ck_assert_int_eq(random_plan(&instance, &rng, &c.plan), HIDP_OK);
		c.rng = &rng;
		c.model = c.plan->model;
		c.cluster = c.plan->cluster;
		change_plan(&c, (uint32_t)(i % CHANGES));
		hidp_plan_unref(c.plan);
		random_instance_destroy(&instance);
	}
	hidp_context_unref(context);
	/* every change was one that matters, at least sometimes */
	for (uint32_t k = 0; k < CHANGES; k++) {
		printf("# change %u: %u refused, %u passed\n", k, refused[k], passed[k]);
		ck_assert_uint_gt(refused[k], 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify_random");
	TCase *tc = tcase_create("agree");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, verifier_and_check_agree);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
