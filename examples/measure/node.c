/* SPDX-License-Identifier: MIT */
/* A node's real kernels, layer by layer, within the whole model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

/* Runs of every trial before the first that counts. */
#define WARM_UP 2
/* Even parts count as much as so many others. */
#define EVEN_WEIGHT 4
/* Medians that move by no more stand still. */
#define STILL 0.005

/* Parts of a layer that two processors take. */
static const uint32_t parts[][2] = {{1, 1}, {1, 3}, {3, 1}};
#define PARTS (sizeof parts / sizeof parts[0])

/* Trials of a node: first one for each processor alone, then the divided ones. */
struct node_trials {
	struct hidp_context *context;
	const struct hidp_model *model;
	struct hidp_cluster *node;    /* alone, as it was described */
	struct hidp_cluster *cluster; /* with an idle processor if the node has but one */
	uint32_t processors;          /* that are measured */
	hidp_processor_id like[HIDP_NODE_PROCESSORS_MAX]; /* the first processor that is alike */
	struct split splits[HIDP_NODE_PROCESSORS_MAX * (1 + 2 * PARTS)];
	struct trial *items[HIDP_NODE_PROCESSORS_MAX * (1 + 2 * PARTS)];
	double medians[HIDP_NODE_PROCESSORS_MAX * (1 + 2 * PARTS)]; /* when last checked */
	uint32_t count;
	double sync_s; /* of the last node_trials_times() */
};

static void add_split(struct node_trials *t, hidp_step_kind kind, uint32_t count, hidp_processor_id first,
                      const uint32_t *weights)
{
	struct split *s = &t->splits[t->count++];
	s->kind = kind;
	s->count = count;
	for (uint32_t i = 0; i < count; i++) {
		s->processors[i] = first + i;
		s->weights[i] = weights != NULL ? weights[i] : 1;
	}
}

/* Neighbours share a layer in several proportions, and up to eight of them evenly. */
static void choose_splits(struct node_trials *t)
{
	static const hidp_step_kind kinds[] = {HIDP_STEP_ROWS, HIDP_STEP_CHANNELS};
	uint32_t together = t->processors < 8 ? t->processors : 8;
	for (hidp_processor_id p = 0; p < t->processors; p++)
		add_split(t, HIDP_STEP_SINGLE, 1, p, NULL);
	for (int k = 0; k < 2; k++) {
		/* of an odd number the last but one is in two pairs */
		for (hidp_processor_id p = 0; p < t->processors; p += 2) {
			bool last = p + 1 == t->processors && p > 0;
			for (size_t i = 0; i < PARTS; i++)
				add_split(t, kinds[k], 2, last ? p - 1 : p, parts[i]);
		}
		if (together > 2)
			add_split(t, kinds[k], together, 0, NULL);
	}
}

/* Node 0 of a cluster, without the others: costs and plans are for it alone. */
static hidp_status take_node(struct node_trials *t, const struct hidp_cluster *cluster,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	struct hidp_cluster_builder *builder;
	hidp_status s = hidp_cluster_builder_new(t->context, &builder);
	if (s != HIDP_OK)
		return s;
	hidp_cluster_node(cluster, 0, &node);
	s = hidp_cluster_builder_add_node(builder, &node, NULL, diagnostic);
	t->processors = hidp_cluster_processor_count(cluster, 0);
	for (hidp_processor_id p = 0; p < t->processors && s == HIDP_OK; p++) {
		struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
		hidp_cluster_processor(cluster, 0, p, &d);
		s = hidp_cluster_builder_add_processor(builder, 0, &d, NULL, diagnostic);
	}
	if (s == HIDP_OK)
		s = hidp_cluster_builder_seal(builder, &t->node, diagnostic);
	hidp_cluster_builder_destroy(builder);
	return s;
}

/* The node, with a second processor that computes nothing if it has but one. */
static hidp_status make_cluster(struct node_trials *t, struct hidp_diagnostic *diagnostic)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_cluster_builder *builder;
	hidp_status s = hidp_cluster_builder_from(t->node, &builder);
	if (s != HIDP_OK)
		return s;
	if (t->processors == 1) {
		hidp_cluster_processor(t->node, 0, 0, &d);
		d.name = strcmp(d.name, "idle") != 0 ? "idle" : "idle too";
		d.core_count = 0;
		d.core_ids = NULL;
		s = hidp_cluster_builder_add_processor(builder, 0, &d, NULL, diagnostic);
	}
	if (s == HIDP_OK)
		s = hidp_cluster_builder_seal(builder, &t->cluster, diagnostic);
	hidp_cluster_builder_destroy(builder);
	return s;
}

void node_trials_destroy(struct node_trials *trials)
{
	if (trials == NULL)
		return;
	for (uint32_t i = 0; i < trials->count; i++)
		trial_destroy(trials->items[i]);
	hidp_cluster_unref(trials->cluster);
	hidp_cluster_unref(trials->node);
	free(trials);
}

static hidp_status make_trials(struct node_trials *t, const struct engine *engine,
                               struct hidp_diagnostic *diagnostic)
{
	hidp_status s = HIDP_OK;
	choose_splits(t);
	for (uint32_t i = 0; i < t->count && s == HIDP_OK; i++) {
		struct hidp_plan *plan = NULL;
		s = split_plan(t->model, t->cluster, &t->splits[i], &plan, diagnostic);
		if (s == HIDP_OK)
			s = trial_new(plan, engine, t->processors, &t->items[i], diagnostic);
		hidp_plan_unref(plan);
		for (int k = 0; k < WARM_UP && s == HIDP_OK; k++)
			s = trial_run(t->items[i]);
		if (s == HIDP_OK)
			trial_forget(t->items[i]);
	}
	return s;
}

/* Processors that nothing tells apart but their names and cores are measured as one. */
static bool alike(const struct hidp_cluster *cluster, hidp_processor_id a, hidp_processor_id b)
{
	struct hidp_processor_desc x = HIDP_PROCESSOR_DESC_INIT, y = x;
	hidp_cluster_processor(cluster, 0, a, &x);
	hidp_cluster_processor(cluster, 0, b, &y);
	return x.kind == y.kind && x.core_count == y.core_count && x.load == y.load &&
	       x.overhead_s == y.overhead_s && x.memory_bytes == y.memory_bytes &&
	       x.copy_bandwidth_Bps == y.copy_bandwidth_Bps &&
	       memcmp(x.rate_flops, y.rate_flops, sizeof x.rate_flops) == 0 &&
	       memcmp(x.bandwidth_Bps, y.bandwidth_Bps, sizeof x.bandwidth_Bps) == 0;
}

static void find_alike(struct node_trials *t)
{
	for (hidp_processor_id p = 0; p < t->processors; p++) {
		t->like[p] = 0;
		while (!alike(t->cluster, t->like[p], p))
			t->like[p]++;
	}
}

/* Least squares of t = fixed + q (seconds - fixed): what is too little here is too much there. */
struct fit {
	double seconds, above, below;
};

static void fit_add(struct fit *f, double q, double t, double weight)
{
	if (!(t > 0))
		return;
	f->above += weight * (1 - q) * (t - q * f->seconds);
	f->below += weight * (1 - q) * (1 - q);
}

static double fit_fixed(const struct fit *f)
{
	double fixed = f->below > 0 ? f->above / f->below : 0;
	return fixed < 0 ? 0 : fixed > f->seconds ? f->seconds : fixed;
}

/* The whole layer on the processors that are alike. */
static double seconds_of(const struct node_trials *t, uint32_t step, hidp_processor_id like)
{
	double values[HIDP_NODE_PROCESSORS_MAX];
	size_t count = 0;
	for (hidp_processor_id p = 0; p < t->processors; p++)
		if (t->like[p] == like)
			values[count++] = trial_step_s(t->items[p], step);
	double seconds = spread_of(values, count).median;
	return seconds > 0 ? seconds : 0;
}

/* Does a trial divide layers evenly over processors that are alike? */
static bool is_even(const struct node_trials *t, const struct split *split)
{
	for (uint32_t k = 0; k < split->count; k++)
		if (split->processors[k] >= t->processors ||
		    t->like[split->processors[k]] != t->like[split->processors[0]] ||
		    split->weights[k] != split->weights[0])
			return false;
	return true;
}

/*
 * Adds what a trial tells of a layer that it divides. Where alike processors have equal parts, as
 * plans will give them, what counts is the step: they wait for whoever is the last.
 */
static void add_samples(const struct node_trials *t, uint32_t trial, int64_t units, uint32_t step,
                        hidp_processor_id like, struct fit *fit)
{
	const struct split *split = &t->splits[trial];
	int64_t begin, end;
	bool even = is_even(t, split);
	for (uint32_t k = 0; k < split->count; k++) {
		hidp_processor_id p = split->processors[k];
		if (p >= t->processors || t->like[p] != like || (even && k != 0))
			continue;
		split_part(split, units, k, &begin, &end);
		double q = (double)(end - begin) / (double)units;
		if (even)
			fit_add(fit, q, trial_step_s(t->items[trial], step) - t->sync_s,
			        EVEN_WEIGHT);
		else /* whatever the part, the input is taken as a whole */
			fit_add(fit, q,
			        trial_slice_s(t->items[trial], step, k) +
			                (step == 0 ? trial_gap_s(t->items[trial], 0) : 0),
			        1);
	}
}

/* What a layer takes on the processors that are alike, over all trials that divide it. */
static struct hidp_cost_entry entry_of(const struct node_trials *t, hidp_layer_id layer,
                                       uint32_t step, hidp_processor_id like)
{
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	e.seconds = seconds_of(t, step, like);
	struct fit rows = {e.seconds, 0, 0}, channels = rows;
	for (uint32_t i = t->processors; i < t->count; i++) {
		int64_t units = split_units(t->model, layer, &t->splits[i]);
		if (units >= t->splits[i].count)
			add_samples(t, i, units, step, like,
			            t->splits[i].kind == HIDP_STEP_ROWS ? &rows : &channels);
	}
	e.row_fixed_s = fit_fixed(&rows);
	e.channel_fixed_s = fit_fixed(&channels);
	return e;
}

static bool is_input(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_model_layer(model, layer, &info);
	return info.op == HIDP_OP_INPUT;
}

static hidp_status make_cost(const struct node_trials *t, struct hidp_cost **cost_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_cost_builder *builder;
	hidp_status s = hidp_cost_builder_new(t->model, t->node, &builder);
	if (s != HIDP_OK)
		return s;
	uint32_t step = 0;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(t->model); l++) {
		if (is_input(t->model, l))
			continue;
		for (hidp_processor_id p = 0; p < t->processors && s == HIDP_OK; p++) {
			struct hidp_cost_entry e = entry_of(t, l, step, t->like[p]);
			s = hidp_cost_builder_set(builder, l, 0, p, &e, diagnostic);
		}
		step++;
	}
	if (s == HIDP_OK)
		s = hidp_cost_builder_seal(builder, cost_out, diagnostic);
	hidp_cost_builder_destroy(builder);
	return s;
}

/* The median over the steps of all trials that divide a layer evenly; `otherwise` without any. */
static double find_sync(const struct node_trials *t, double otherwise)
{
	uint32_t layers = hidp_model_layer_count(t->model), count = 0;
	double *gaps = calloc((size_t)layers * t->count + 1, sizeof *gaps);
	if (gaps == NULL || t->processors == 1) {
		free(gaps);
		return otherwise;
	}
	for (uint32_t i = t->processors; i < t->count; i++) {
		uint32_t step = 0;
		bool even = t->splits[i].weights[0] == t->splits[i].weights[1];
		for (hidp_layer_id l = 0; l < layers; l++) {
			if (is_input(t->model, l))
				continue;
			if (even && step > 0 &&
			    split_units(t->model, l, &t->splits[i]) >= t->splits[i].count)
				gaps[count++] = trial_gap_s(t->items[i], step);
			step++;
		}
	}
	double sync = count > 0 ? spread_of(gaps, count).median : otherwise;
	free(gaps);
	return sync > 0 ? sync : 0;
}

hidp_status node_trials_new(struct hidp_context *context, const struct hidp_model *model,
                            const struct hidp_cluster *cluster, const struct engine *engine,
                            struct node_trials **trials_out, struct hidp_diagnostic *diagnostic)
{
	struct node_trials *t = calloc(1, sizeof *t);
	if (t == NULL)
		return HIDP_ERR_NOMEM;
	t->context = context;
	t->model = model;
	hidp_status s = take_node(t, cluster, diagnostic);
	if (s == HIDP_OK)
		s = make_cluster(t, diagnostic);
	if (s == HIDP_OK)
		s = make_trials(t, engine, diagnostic);
	if (s != HIDP_OK) {
		node_trials_destroy(t);
		return s;
	}
	find_alike(t);
	*trials_out = t;
	return HIDP_OK;
}

hidp_status node_trials_run(struct node_trials *trials)
{
	hidp_status s = HIDP_OK;
	for (uint32_t i = 0; i < trials->count && s == HIDP_OK; i++)
		s = trial_run(trials->items[i]);
	return s;
}

void node_trials_forget(struct node_trials *trials)
{
	for (uint32_t i = 0; i < trials->count; i++)
		trial_forget(trials->items[i]);
}

bool node_trials_still(struct node_trials *trials)
{
	bool is = true;
	for (uint32_t i = 0; i < trials->count; i++) {
		double median = trial_latency(trials->items[i]).median;
		is = is && fabs(median - trials->medians[i]) <= STILL * median;
		trials->medians[i] = median;
	}
	return is;
}

hidp_status node_trials_times(struct node_trials *trials, struct node_times *times_out,
                              struct hidp_diagnostic *diagnostic)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	memset(times_out, 0, sizeof *times_out);
	hidp_cluster_node(trials->node, 0, &node);
	times_out->sync_s = trials->sync_s = find_sync(trials, node.sync_s);
	hidp_status s = make_cost(trials, &times_out->cost, diagnostic);
	if (s != HIDP_OK)
		return s;
	times_out->rounds = (uint32_t)trial_count(trials->items[0]);
	for (hidp_processor_id p = 0; p < trials->processors; p++)
		times_out->whole_s[p] = trial_latency(trials->items[p]).median;
	s = measured_rates(trials->context, trials->model, trials->node, times_out->cost,
	                   times_out->sync_s, &times_out->cluster, diagnostic);
	if (s != HIDP_OK)
		node_times_clear(times_out);
	return s;
}

void node_times_clear(struct node_times *times)
{
	hidp_cost_unref(times->cost);
	hidp_cluster_unref(times->cluster);
	memset(times, 0, sizeof *times);
}
