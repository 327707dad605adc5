/* SPDX-License-Identifier: MIT */
/*
 * Sessions of random plans, all nodes in one process:
 *
 *     sessions [--count N] [--seed N]
 *
 * The kernels of elements.h check what they are given. Several requests are under way at once; some
 * are cancelled, some fail in a kernel, messages and kernels are slow at random.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "count_seed.h"
#include "elements.h"
#include "inproc_transport.h"
#include "show.h"

#define SEED 20251600
#define PATIENCE_S 20

struct tally {
	uint64_t plans, requests, done, cancelled, failed, messages, held, looks, failures;
};

struct trial {
	struct tally *tally;
	struct random_instance in;
	struct rng rng;
	struct hidp_plan *plan;
	uint32_t node_count;
	struct inproc_hub *hub;
	struct elements_common common;
	struct elements *kernels; /* [node] */
	struct hidp_session **sessions;
	hidp_node_id input_node, output_node;
};

static void wrong(struct trial *t, const char *what, hidp_node_id node, hidp_layer_id layer)
{
	struct elements k = {&t->common, node, NULL};
	elements_wrong(&k, what, layer);
}

static void nap(unsigned us)
{
	const struct timespec t = {0, (long)us * 1000};
	nanosleep(&t, NULL);
}

static void start(struct trial *t, uint32_t slots)
{
	struct hidp_plan_options o = HIDP_PLAN_OPTIONS_INIT;
	support_must(hidp_plan_get_options(t->plan, &o), NULL, "options");
	t->input_node = (o.flags & HIDP_PLAN_INPUT_AT) != 0 ? o.input_node : o.leader;
	t->output_node = (o.flags & HIDP_PLAN_OUTPUT_AT) != 0 ? o.output_node : o.leader;
	t->node_count = hidp_cluster_node_count(t->in.cluster);
	t->hub = inproc_hub_new(t->node_count, rng_bits(&t->rng));
	t->kernels = calloc(t->node_count, sizeof *t->kernels);
	t->sessions = calloc(t->node_count, sizeof(struct hidp_session *));
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		struct hidp_session_options so = HIDP_SESSION_OPTIONS_INIT;
		struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
		so.flags = HIDP_SESSION_UNPINNED;
		so.node = n;
		so.slots = slots;
		so.spin_s = rng_chance(&t->rng, 50) ? -1 : 0;
		so.plan_id = t->in.seed;
		t->kernels[n] = (struct elements){&t->common, n, t->in.model};
		support_must(hidp_session_new(t->plan, &so, &t->sessions[n], &diag), &diag,
		             "session");
		support_must(hidp_session_set_kernels(t->sessions[n], HIDP_PROCESSOR_NONE,
		                                      elements_kernels(), &t->kernels[n]),
		             NULL, "kernels");
		support_must(hidp_session_set_transport(t->sessions[n], inproc_transport(),
		                                        inproc_node(t->hub, n)),
		             NULL, "transport");
		support_must(hidp_session_start(t->sessions[n], &diag), &diag, "start");
	}
}

struct pending {
	uint64_t request;
	uint32_t mark;
	bool cancelled, fails;
};

/* How far it is only grows; false: it is not under way here. */
static bool look(struct trial *t, hidp_node_id node, uint64_t request)
{
	struct hidp_session_progress p[2] = {HIDP_SESSION_PROGRESS_INIT,
	                                     HIDP_SESSION_PROGRESS_INIT};
	struct hidp_programs_info info = HIDP_PROGRAMS_INFO_INIT;
	for (int i = 0; i < 2; i++)
		if (hidp_session_get_progress(t->sessions[node], request, &p[i]) != HIDP_OK)
			return false;
	hidp_programs_get_info(hidp_session_programs(t->sessions[node], p[0].route), &info);
	if (p[0].task_count != info.task_count || p[1].route != p[0].route ||
	    p[0].tasks_done > info.task_count || p[1].elapsed_s < p[0].elapsed_s)
		wrong(t, "progress makes no sense", node, (hidp_layer_id)request);
	t->tally->looks++;
	return true;
}

static void finish(struct trial *t, const struct pending *p, void **outputs, uint32_t count)
{
	const hidp_node_id anywhere = (hidp_node_id)rng_below(&t->rng, t->node_count);
	(void)look(t, anywhere, p->request);
	hidp_status s = hidp_session_wait(t->sessions[t->output_node], p->request, PATIENCE_S,
	                                  outputs, count);
	if (look(t, t->output_node, p->request))
		wrong(t, "progress after the end", t->output_node, (hidp_layer_id)p->request);
	t->tally->requests++;
	if (s == HIDP_OK) {
		t->tally->done++;
		if (p->fails)
			wrong(t, "a request that fails did not", t->output_node, 0);
		if (!elements_check(t->in.model, outputs, p->mark))
			wrong(t, "an output is not right", t->output_node, 0);
	} else if (s == HIDP_ERR_CANCELLED && p->cancelled) {
		t->tally->cancelled++;
	} else if (s == HIDP_ERR_LIMIT && p->fails) {
		t->tally->failed++;
	} else {
		wrong(t, hidp_status_string(s), t->output_node, (hidp_layer_id)p->request);
	}
}

/* Requests as quickly as slots allow, waited for in their order. */
static void work(struct trial *t, uint32_t requests, uint32_t slots)
{
	struct pending *queue = calloc(slots, sizeof *queue);
	uint32_t input_count, output_count, begun = 0, ended = 0;
	void **inputs = elements_make(t->in.model, true, &input_count);
	void **outputs = elements_make(t->in.model, false, &output_count);
	while (ended < requests && !atomic_load(&t->common.is_wrong)) {
		struct pending p = {.mark = begun % 250 + 1};
		hidp_status s = HIDP_ERR_BUSY;
		bool disturbed = t->input_node == t->output_node;
		if (begun < requests && begun - ended < slots) {
			/* the next failing request is told of before it begins */
			p.fails = disturbed && atomic_load(&t->common.fail_mark) < 0 &&
			          rng_chance(&t->rng, 10);
			if (p.fails)
				atomic_store(&t->common.fail_mark, (int)p.mark);
			elements_fill(t->in.model, inputs, p.mark);
			s = hidp_session_submit(t->sessions[t->input_node],
			                        (const void *const *)inputs, input_count,
			                        &p.request);
		}
		if (s == HIDP_OK) {
			if (disturbed && !p.fails && rng_chance(&t->rng, 10)) {
				nap((unsigned)rng_below(&t->rng, 300));
				p.cancelled = true;
				support_must(
					hidp_session_cancel(t->sessions[t->input_node], p.request),
					NULL, "cancel");
			}
			if (p.request != begun)
				wrong(t, "requests are not counted", t->input_node, 0);
			queue[begun++ % slots] = p;
			continue;
		}
		if (p.fails)
			atomic_store(&t->common.fail_mark, -1);
		if (s != HIDP_ERR_BUSY)
			wrong(t, hidp_status_string(s), t->input_node, 0);
		if (ended == begun) {
			nap(50); /* the output node's word that the result was taken is on its way
			          */
			continue;
		}
		finish(t, &queue[ended % slots], outputs, output_count);
		if (queue[ended % slots].fails)
			atomic_store(&t->common.fail_mark, -1);
		ended++;
	}
	elements_free(inputs, input_count);
	elements_free(outputs, output_count);
	free(queue);
}

static void stop(struct trial *t)
{
	uint32_t first = (uint32_t)rng_below(&t->rng, t->node_count);
	for (uint32_t k = 0; k < t->node_count; k++) {
		hidp_node_id n = (first + k) % t->node_count;
		struct hidp_session_statistics st = HIDP_SESSION_STATISTICS_INIT;
		hidp_session_close(t->sessions[n]);
		support_must(hidp_session_get_statistics(t->sessions[n], &st), NULL, "statistics");
		t->tally->messages += st.messages_received;
		t->tally->held += st.messages_held;
		if (st.messages_refused != 0)
			wrong(t, "messages are refused", n, 0);
	}
	for (hidp_node_id n = 0; n < t->node_count; n++)
		hidp_session_destroy(t->sessions[n]);
	inproc_hub_destroy(t->hub);
	free(t->kernels);
	free(t->sessions);
}

static void trial(struct tally *tally, struct hidp_context *context, uint64_t seed)
{
	struct trial t = {.tally = tally};
	struct random_params p;
	random_params_init(&p);
	rng_seed(&t.rng, seed);
	elements_begin(&t.common, seed);
	p.layers_max = 12;
	p.nodes_max = 4;
	p.processors_max = 3;
	p.rows_max = 12;
	p.channels_max = 8;
	p.dag = rng_chance(&t.rng, 80);
	p.stream = rng_chance(&t.rng, 50);
	p.odd_layers = p.odd_links = false;
	random_instance_init(&t.in, context, &p, seed);
	if (random_plan(&t.in, &t.rng, &t.plan) == HIDP_OK) {
		uint32_t slots = (uint32_t)rng_between(&t.rng, 1, 4);
		struct inproc_chances chances = {.delay = 30, .delay_us_max = 300};
		atomic_store(&t.common.slow_percent, rng_chance(&t.rng, 50) ? 20 : 0);
		start(&t, slots);
		if (rng_chance(&t.rng, 50))
			inproc_set_rule(t.hub, inproc_rule_by_chance, &chances);
		work(&t, 8, slots);
		stop(&t);
		tally->plans++;
		if (atomic_load(&t.common.is_wrong)) {
			t.in.seed = seed;
			printf("--seed %llu --count 1: %s\n", (unsigned long long)seed,
			       t.common.wrong);
			show_instance(&t.in);
			show_plan("the plan", t.plan);
			tally->failures++;
		}
		hidp_plan_unref(t.plan);
	}
	random_instance_destroy(&t.in);
}

int main(int argc, char **argv)
{
	unsigned long long count = 200, seed = SEED;
	struct tally tally = {0};
	struct hidp_context *context;
	if (!read_count_and_seed(argc, argv, "sessions", &count, &seed))
		return 2;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (uint64_t i = 0; i < count && tally.failures < 3; i++)
		trial(&tally, context, seed + i);
	hidp_context_unref(context);
	printf("%llu plans, %llu requests: %llu done, %llu cancelled, %llu failed; %llu messages, "
	       "%llu of them held; looked at %llu times: %llu wrong\n",
	       (unsigned long long)tally.plans, (unsigned long long)tally.requests,
	       (unsigned long long)tally.done, (unsigned long long)tally.cancelled,
	       (unsigned long long)tally.failed, (unsigned long long)tally.messages,
	       (unsigned long long)tally.held, (unsigned long long)tally.looks,
	       (unsigned long long)tally.failures);
	return tally.failures != 0 || tally.plans == 0;
}
