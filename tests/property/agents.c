/* SPDX-License-Identifier: MIT */
/*
 * Agents that lead and follow, all nodes in one process, while others die, freeze, slow down or
 * are cut off, and messages are lost:
 *
 *     agents [--count N] [--seed N]
 *
 * Every request must get through with the right result, or fail with a clear status when the
 * leader alone cannot do it either; nothing may hang. The kernels of elements.h check what they
 * are given. Plans are made by random_plan() in place of a planner, so that all kinds of them
 * are tried; they only use nodes that are there.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "count_seed.h"
#include "elements.h"
#include "inproc_transport.h"
#include "show.h"

#define SEED 20251700
/* Faults are found out after this, so nothing takes longer than a few times as much. */
#define SILENCE_S 0.3
#define ATTEMPT_S 1.0
#define PATIENCE_S 20

struct tally {
	uint64_t trials, requests, done, again, infeasible, failures;
	uint64_t deaths, cuts, losses, slow, looks;
	double longest_s;
};

struct trial {
	struct tally *tally;
	struct random_instance in;
	struct rng rng, plan_rng;
	uint32_t node_count;
	struct inproc_hub *hub;
	struct elements_common common;
	struct elements *kernels;   /* [node] */
	struct hidp_agent **agents; /* [node] */
	hidp_node_id leader;
	struct inproc_chances chances; /* of messages to be lost, for a while */
	uint32_t attempt;              /* that was looked at last */
};

static void wrong(struct trial *t, const char *what)
{
	struct elements k = {&t->common, t->leader, NULL};
	elements_wrong(&k, what, 0);
}

static void nap(unsigned us)
{
	const struct timespec t = {us / 1000000, (long)(us % 1000000) * 1000};
	nanosleep(&t, NULL);
}

/* A random plan, or the planner's where a random one uses what is not there. */
static hidp_status make_plan(void *user_data, const struct hidp_model *model,
                             const struct hidp_cluster *cluster,
                             const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct trial *t = user_data;
	(void)diagnostic;
	struct hidp_plan_options o = *options;
	o.work_limit = 200000;
	/* decisions of a random plan for the whole cluster, if they hold in this one */
	struct random_instance in = t->in;
	in.options = o;
	in.cluster = t->in.cluster;
	struct hidp_plan *plan = NULL, *now = NULL;
	if (rng_chance(&t->plan_rng, 80) && random_plan(&in, &t->plan_rng, &plan) == HIDP_OK) {
		hidp_status s = hidp_plan_evaluate(plan, cluster, NULL, &o, &now, NULL);
		hidp_plan_unref(plan);
		if (s == HIDP_OK) {
			*plan_out = now;
			return HIDP_OK;
		}
	}
	return hidp_plan(model, cluster, t->in.cost, &o, plan_out, diagnostic);
}

static void start(struct trial *t)
{
	t->node_count = hidp_cluster_node_count(t->in.cluster);
	t->hub = inproc_hub_new(t->node_count, rng_bits(&t->rng));
	t->kernels = calloc(t->node_count, sizeof *t->kernels);
	t->agents = calloc(t->node_count, sizeof(struct hidp_agent *));
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		struct hidp_agent_options o = HIDP_AGENT_OPTIONS_INIT;
		struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
		o.flags = HIDP_SESSION_UNPINNED;
		o.node = n;
		o.slots = 2;
		o.spin_s = -1;
		o.heartbeat_s = 0.01;
		o.silence_s = SILENCE_S;
		o.attempt_s = ATTEMPT_S;
		t->kernels[n] = (struct elements){&t->common, n, t->in.model};
		support_must(hidp_agent_new(t->in.context, t->in.cluster, &o, &t->agents[n], &diag),
		             &diag, "agent");
		support_must(hidp_agent_set_transport(t->agents[n], inproc_transport(),
		                                      inproc_node(t->hub, n)),
		             NULL, "transport");
		support_must(hidp_agent_add_model(t->agents[n], t->in.model, elements_kernels(),
		                                  &t->kernels[n]),
		             NULL, "model");
		support_must(hidp_agent_set_planner(t->agents[n], make_plan, t), NULL, "planner");
		support_must(hidp_agent_start(t->agents[n], &diag), &diag, "start");
	}
}

/* Something that goes wrong while a request is under way. */
static void *disturb(void *data)
{
	struct trial *t = data;
	hidp_node_id n = (hidp_node_id)rng_below(&t->rng, t->node_count);
	hidp_node_id m = (hidp_node_id)rng_below(&t->rng, t->node_count);
	nap((unsigned)rng_below(&t->rng, 3000));
	switch (rng_below(&t->rng, 5)) {
	case 0:
	case 1: /* a follower dies */
		if (n != t->leader) {
			inproc_set_node(t->hub, n, false);
			t->tally->deaths++;
		}
		break;
	case 2: /* a link is cut, one way */
		if (n != m) {
			inproc_set_link(t->hub, n, m, false);
			t->tally->cuts++;
		}
		break;
	case 3: /* some messages are lost, of any kind */
		t->chances.drop = (unsigned)rng_between(&t->rng, 5, 40);
		inproc_set_rule(t->hub, inproc_rule_by_chance, &t->chances);
		t->tally->losses++;
		nap((unsigned)rng_below(&t->rng, 400000));
		inproc_set_rule(t->hub, NULL, NULL);
		break;
	default: /* a follower takes its time, now and then too long */
		if (n != t->leader) {
			atomic_store(&t->common.slow_node, n);
			t->tally->slow++;
		}
	}
	return NULL;
}

static void mend(struct trial *t)
{
	for (hidp_node_id n = 0; n < t->node_count; n++)
		inproc_set_node(t->hub, n, true);
	atomic_store(&t->common.slow_node, HIDP_NODE_NONE);
}

static void look(void *data, uint32_t attempt, double part_done)
{
	struct trial *t = data;
	if (attempt < t->attempt || attempt == 0 || !(part_done >= 0 && part_done <= 1))
		wrong(t, "progress makes no sense");
	t->attempt = attempt;
	t->tally->looks++;
}

static void request(struct trial *t, uint32_t number)
{
	struct hidp_agent_request r = HIDP_AGENT_REQUEST_INIT;
	struct hidp_agent_report report = HIDP_AGENT_REPORT_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	uint32_t mark = number % 250 + 1;
	pthread_t thread;
	bool disturbed = rng_chance(&t->rng, 60);
	void **inputs = elements_make(t->in.model, true, &r.input_count);
	void **outputs = elements_make(t->in.model, false, &r.output_count);
	elements_fill(t->in.model, inputs, mark);
	r.inputs = (const void *const *)inputs;
	r.outputs = outputs;
	r.options = &t->in.options;
	r.on_progress = look;
	r.progress_data = t;
	t->attempt = 0;
	if (rng_chance(&t->rng, 30))
		r.deadline_s = 0.2;
	if (disturbed)
		pthread_create(&thread, NULL, disturb, t);
	hidp_status s = hidp_agent_run(t->agents[t->leader], &r, &report, &diag);
	if (disturbed)
		pthread_join(thread, NULL);
	t->tally->requests++;
	if (s == HIDP_OK) {
		t->tally->done++;
		t->tally->again += report.attempts > 1;
		if (report.total_s > t->tally->longest_s)
			t->tally->longest_s = report.total_s;
		if (!elements_check(t->in.model, outputs, mark))
			wrong(t, "an output is not right");
		if (report.total_s > PATIENCE_S)
			wrong(t, "a request took too long");
	} else if (s == HIDP_ERR_INFEASIBLE) {
		t->tally->infeasible++;
	} else {
		wrong(t, diag.message);
	}
	elements_free(inputs, r.input_count);
	elements_free(outputs, r.output_count);
}

static void trial(struct tally *tally, struct hidp_context *context, uint64_t seed)
{
	struct trial t = {.tally = tally};
	struct random_params p;
	random_params_init(&p);
	rng_seed(&t.rng, seed);
	rng_seed(&t.plan_rng, seed * 3 + 1);
	elements_begin(&t.common, seed);
	p.layers_max = 10;
	p.nodes_min = 2;
	p.nodes_max = 4;
	p.processors_max = 2;
	p.rows_max = 12;
	p.channels_max = 8;
	p.dag = rng_chance(&t.rng, 80);
	p.odd_layers = p.odd_links = p.unequal = p.pins = p.limits = p.residency = false;
	p.measured = false;
	random_instance_init(&t.in, context, &p, seed);
	t.leader = (hidp_node_id)rng_below(&t.rng, hidp_cluster_node_count(t.in.cluster));
	t.in.options = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
	t.in.options.leader = t.leader;
	/* long enough for something to go wrong */
	atomic_store(&t.common.slow_us, 1000);
	atomic_store(&t.common.slow_percent, 60);
	start(&t);
	for (uint32_t i = 0; i < 3 && !atomic_load(&t.common.is_wrong); i++) {
		request(&t, i);
		mend(&t);
		if (rng_chance(&t.rng, 30)) /* any node can lead */
			t.leader = (hidp_node_id)rng_below(&t.rng, t.node_count);
	}
	for (hidp_node_id n = 0; n < t.node_count; n++)
		hidp_agent_close(t.agents[n]);
	for (hidp_node_id n = 0; n < t.node_count; n++)
		hidp_agent_destroy(t.agents[n]);
	inproc_hub_destroy(t.hub);
	free(t.kernels);
	free(t.agents);
	tally->trials++;
	if (atomic_load(&t.common.is_wrong)) {
		printf("--seed %llu --count 1: %s\n", (unsigned long long)seed, t.common.wrong);
		tally->failures++;
	}
	random_instance_destroy(&t.in);
}

int main(int argc, char **argv)
{
	unsigned long long count = 60, seed = SEED;
	struct tally tally = {0};
	struct hidp_context *context;
	if (!read_count_and_seed(argc, argv, "agents", &count, &seed))
		return 2;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (uint64_t i = 0; i < count && tally.failures < 3; i++)
		trial(&tally, context, seed + i);
	hidp_context_unref(context);
	printf("%llu trials with %llu deaths, %llu cut links, %llu times of lost messages, %llu "
	       "slow-downs; %llu requests, looked at %llu times: %llu done, %llu of them not at "
	       "once, the longest took %.2f s, %llu infeasible: %llu wrong\n",
	       (unsigned long long)tally.trials, (unsigned long long)tally.deaths,
	       (unsigned long long)tally.cuts, (unsigned long long)tally.losses,
	       (unsigned long long)tally.slow, (unsigned long long)tally.requests,
	       (unsigned long long)tally.looks, (unsigned long long)tally.done,
	       (unsigned long long)tally.again, tally.longest_s,
	       (unsigned long long)tally.infeasible, (unsigned long long)tally.failures);
	return tally.failures != 0 || tally.trials == 0;
}
