/* SPDX-License-Identifier: MIT */
/*
 * Sessions and agents that are closed while everything is under way, all nodes in one process:
 *
 *     closing [--count N] [--seed N]
 *
 * Each node is closed by two threads at once, while others submit, wait, cancel, lead and look.
 * Nothing may hang; when closing returns nothing of the node runs any more; what gets through is
 * right. Memory that is given back is overwritten, so that looking at it later shows.
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

#define SEED 20251800
#define THREADS_MAX 24

struct tally {
	uint64_t trials, done, ended, looks, failures;
};

struct trial;

/* A node; user_data of its kernels. */
struct place {
	struct elements kernels; /* first, so that the kernels of elements.h find theirs */
	struct trial *trial;
	struct hidp_session *session; /* one of the two */
	struct hidp_agent *agent;
	atomic_bool is_closed;
};

struct trial {
	struct tally *tally;
	struct random_instance in;
	struct rng rng;
	struct hidp_plan *plan;
	uint32_t node_count, slots;
	struct inproc_hub *hub;
	struct elements_common common;
	struct place *places; /* [node] */
	hidp_node_id input_node, output_node;
	atomic_ullong submitted, done, ended, looks;
	atomic_bool no_more; /* requests are submitted */
	atomic_bool is_over; /* all nodes are closed */
};

static void wrong(struct place *p, const char *what)
{
	elements_wrong(&p->kernels, what, 0);
}

static void nap(unsigned us)
{
	const struct timespec t = {0, (long)us * 1000};
	nanosleep(&t, NULL);
}

/* Memory that is of no use any more once it was given back. */
static void *take(void *user_data, size_t size, size_t alignment)
{
	(void)user_data;
	return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void give_back(void *user_data, void *pointer, size_t size, size_t alignment)
{
	(void)user_data;
	(void)alignment;
	memset(pointer, 0xE8, size);
	free(pointer);
}

static hidp_status run_kernel(void *user_data, void *prepared, void *memory, void *scratch)
{
	struct place *p = user_data;
	if (atomic_load(&p->is_closed))
		wrong(p, "a kernel runs on a node that is closed");
	return elements_kernels()->run(user_data, prepared, memory, scratch);
}

static void note_state(void *user_data, hidp_agent_state state, uint64_t plan_id, const char *text)
{
	struct place *p = user_data;
	(void)state;
	(void)plan_id;
	(void)text;
	if (atomic_load(&p->is_closed))
		wrong(p, "an agent that is closed does something");
}

static hidp_status make_plan(void *user_data, const struct hidp_model *model,
                             const struct hidp_cluster *cluster,
                             const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct trial *t = user_data;
	struct hidp_plan_options o = *options;
	o.work_limit = 20000;
	if (o.leader == t->input_node && t->plan != NULL &&
	    hidp_plan_evaluate(t->plan, cluster, NULL, &o, plan_out, NULL) == HIDP_OK)
		return HIDP_OK;
	return hidp_plan(model, cluster, t->in.cost, &o, plan_out, diagnostic);
}

static void start_session(struct trial *t, hidp_node_id n, const struct hidp_kernels *kernels)
{
	struct hidp_session_options o = HIDP_SESSION_OPTIONS_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct place *p = &t->places[n];
	o.flags = HIDP_SESSION_UNPINNED;
	o.node = n;
	o.slots = t->slots;
	o.spin_s = rng_chance(&t->rng, 50) ? -1 : 0;
	o.plan_id = t->in.seed;
	support_must(hidp_session_new(t->plan, &o, &p->session, &diag), &diag, "session");
	support_must(hidp_session_set_kernels(p->session, HIDP_PROCESSOR_NONE, kernels, p), NULL,
	             "kernels");
	support_must(
		hidp_session_set_transport(p->session, inproc_transport(), inproc_node(t->hub, n)),
		NULL, "transport");
	support_must(hidp_session_start(p->session, &diag), &diag, "start");
}

static void start_agent(struct trial *t, hidp_node_id n, const struct hidp_kernels *kernels)
{
	struct hidp_agent_options o = HIDP_AGENT_OPTIONS_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct place *p = &t->places[n];
	o.flags = HIDP_SESSION_UNPINNED;
	o.node = n;
	o.slots = t->slots;
	o.on_state = note_state;
	o.state_data = p;
	o.spin_s = -1;
	/* mostly a keeper that never sleeps, and so is always just about to do something */
	o.heartbeat_s = rng_chance(&t->rng, 70) ? 1e-6 : 1e-3;
	o.silence_s = 0.3;
	o.attempt_s = 1;
	support_must(hidp_agent_new(t->in.context, t->in.cluster, &o, &p->agent, &diag), &diag,
	             "agent");
	support_must(hidp_agent_set_transport(p->agent, inproc_transport(), inproc_node(t->hub, n)),
	             NULL, "transport");
	support_must(hidp_agent_add_model(p->agent, t->in.model, kernels, p), NULL, "model");
	support_must(hidp_agent_set_planner(p->agent, make_plan, t), NULL, "planner");
	support_must(hidp_agent_start(p->agent, &diag), &diag, "start");
}

/* Submits requests until the input node is closed. */
static void *submit(void *data)
{
	struct place *p = data;
	struct trial *t = p->trial;
	uint32_t count;
	uint64_t request = 0;
	void **inputs = elements_make(t->in.model, true, &count);
	hidp_status s = HIDP_OK;
	while (s == HIDP_OK || s == HIDP_ERR_BUSY) {
		elements_fill(t->in.model, inputs, (uint32_t)atomic_load(&t->submitted) % 250 + 1);
		s = hidp_session_submit(p->session, (const void *const *)inputs, count, &request);
		if (s == HIDP_OK)
			atomic_store(&t->submitted, request + 1);
		else if (s == HIDP_ERR_BUSY)
			nap(20);
	}
	if (s != HIDP_ERR_CLOSED)
		wrong(p, hidp_status_string(s));
	atomic_store(&t->no_more, true);
	elements_free(inputs, count);
	return NULL;
}

/* Waits for one request after the other, until there are no more. */
static void *wait(void *data)
{
	struct place *p = data;
	struct trial *t = p->trial;
	uint32_t count;
	void **outputs = elements_make(t->in.model, false, &count);
	for (uint64_t request = 0;;) {
		/* before there can be another one */
		bool no_more = atomic_load(&t->no_more);
		if (t->input_node == t->output_node && request >= atomic_load(&t->submitted)) {
			if (no_more)
				break;
			nap(20);
			continue;
		}
		bool closed = atomic_load(&p->is_closed);
		hidp_status s = hidp_session_wait(p->session, request, -1, outputs, count);
		if (s == HIDP_OK && !elements_check(t->in.model, outputs, request % 250 + 1))
			wrong(p, "an output is not right");
		atomic_fetch_add(s == HIDP_OK ? &t->done : &t->ended, 1);
		/* lost with the messages of a node that was closed, while others came through */
		bool lost = s == HIDP_ERR_ARGUMENT && t->input_node != t->output_node;
		if (s != HIDP_OK && s != HIDP_ERR_CLOSED && s != HIDP_ERR_CANCELLED &&
		    s != HIDP_ERR_TRANSPORT && !lost)
			wrong(p, hidp_status_string(s));
		/* where requests do not begin, nobody knows whether another one would have come */
		if (closed && t->input_node != t->output_node)
			break;
		if (s == HIDP_ERR_CLOSED)
			nap(20);
		request++;
	}
	elements_free(outputs, count);
	return NULL;
}

/* Leads requests until the agent is closed. */
static void *lead(void *data)
{
	struct place *p = data;
	struct trial *t = p->trial;
	struct hidp_agent_request r = HIDP_AGENT_REQUEST_INIT;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	void **inputs = elements_make(t->in.model, true, &r.input_count);
	void **outputs = elements_make(t->in.model, false, &r.output_count);
	hidp_status s = HIDP_OK;
	r.inputs = (const void *const *)inputs;
	r.outputs = outputs;
	r.options = &options;
	for (uint32_t i = 0; s != HIDP_ERR_CLOSED && !atomic_load(&t->common.is_wrong); i++) {
		struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
		uint32_t mark = i % 250 + 1;
		options.work_limit = 20000 + i / 3; /* now and then another plan */
		elements_fill(t->in.model, inputs, mark);
		s = hidp_agent_run(p->agent, &r, NULL, &diag);
		atomic_fetch_add(s == HIDP_OK ? &t->done : &t->ended, 1);
		if (s == HIDP_OK && !elements_check(t->in.model, outputs, mark))
			wrong(p, "an output is not right");
		else if (s != HIDP_OK && s != HIDP_ERR_CLOSED && s != HIDP_ERR_INFEASIBLE &&
		         s != HIDP_ERR_TIMEOUT)
			wrong(p, diag.message);
		if (s == HIDP_ERR_INFEASIBLE)
			nap(100);
	}
	elements_free(inputs, r.input_count);
	elements_free(outputs, r.output_count);
	return NULL;
}

/* Looks at a node from outside, and gives requests up. */
static void *look(void *data)
{
	struct place *p = data;
	struct trial *t = p->trial;
	for (unsigned i = 0; !atomic_load(&t->is_over); i++) {
		struct hidp_task_statistics one = HIDP_TASK_STATISTICS_INIT;
		struct hidp_session_statistics all = HIDP_SESSION_STATISTICS_INIT;
		if (p->agent != NULL) {
			struct hidp_plan *plan = NULL;
			(void)hidp_agent_get_task_statistics(p->agent, 0, 0, &one);
			support_must(hidp_agent_plan(p->agent, &plan), NULL, "plan");
			hidp_plan_unref(plan);
		} else {
			(void)hidp_session_get_task_statistics(p->session, 0, 0, &one);
			support_must(hidp_session_get_statistics(p->session, &all), NULL,
			             "statistics");
			if (i % 16 == 0)
				(void)hidp_session_cancel(p->session, atomic_load(&t->submitted));
		}
		atomic_fetch_add(&t->looks, 1);
		nap(10);
	}
	return NULL;
}

static void *shut(void *data)
{
	struct place *p = data;
	if (p->agent != NULL)
		hidp_agent_close(p->agent);
	else
		hidp_session_close(p->session);
	atomic_store(&p->is_closed, true);
	return NULL;
}

static pthread_t spawn(void *(*body)(void *), struct place *place)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, body, place) != 0)
		abort();
	return thread;
}

/* Everything under way, and then the nodes are closed one after the other. */
static void run(struct trial *t, bool agents)
{
	pthread_t threads[THREADS_MAX];
	unsigned count = 0;
	uint32_t first = (uint32_t)rng_below(&t->rng, t->node_count);
	if (agents) {
		for (hidp_node_id n = 0; n < 2 && n < t->node_count; n++) {
			threads[count++] = spawn(lead, &t->places[n]);
			threads[count++] = spawn(lead, &t->places[n]);
		}
	} else {
		threads[count++] = spawn(submit, &t->places[t->input_node]);
		threads[count++] = spawn(wait, &t->places[t->output_node]);
	}
	for (hidp_node_id n = 0; n < t->node_count; n++)
		threads[count++] = spawn(look, &t->places[n]);
	for (uint32_t k = 0; k < t->node_count; k++) {
		struct place *p = &t->places[(first + k) % t->node_count];
		nap((unsigned)rng_below(&t->rng, agents ? 6000 : 2000));
		pthread_t other = spawn(shut, p);
		shut(p);
		pthread_join(other, NULL);
	}
	atomic_store(&t->is_over, true);
	while (count > 0)
		pthread_join(threads[--count], NULL);
}

static void start(struct trial *t, bool agents)
{
	static struct hidp_kernels kernels;
	kernels = *elements_kernels();
	kernels.run = run_kernel;
	struct hidp_plan_options o = HIDP_PLAN_OPTIONS_INIT;
	support_must(hidp_plan_get_options(t->plan, &o), NULL, "options");
	t->input_node = (o.flags & HIDP_PLAN_INPUT_AT) != 0 ? o.input_node : o.leader;
	t->output_node = (o.flags & HIDP_PLAN_OUTPUT_AT) != 0 ? o.output_node : o.leader;
	t->node_count = hidp_cluster_node_count(t->in.cluster);
	t->slots = (uint32_t)rng_between(&t->rng, 1, 4);
	t->hub = inproc_hub_new(t->node_count, rng_bits(&t->rng));
	t->places = calloc(t->node_count, sizeof *t->places);
	for (hidp_node_id n = 0; n < t->node_count; n++) {
		t->places[n].kernels = (struct elements){&t->common, n, t->in.model};
		t->places[n].trial = t;
		if (agents)
			start_agent(t, n, &kernels);
		else
			start_session(t, n, &kernels);
	}
}

static void trial(struct tally *tally, struct hidp_context *context, bool agents, uint64_t seed)
{
	struct trial t = {.tally = tally};
	struct random_params p;
	random_params_init(&p);
	rng_seed(&t.rng, seed);
	elements_begin(&t.common, seed);
	p.layers_max = 8;
	p.nodes_min = 1;
	p.nodes_max = 4;
	p.processors_max = 3;
	p.rows_max = 8;
	p.channels_max = 8;
	p.dag = rng_chance(&t.rng, 80);
	p.stream = !agents && rng_chance(&t.rng, 50);
	p.odd_layers = p.odd_links = false;
	if (agents)
		p.unequal = p.pins = p.limits = p.residency = p.measured = false;
	random_instance_init(&t.in, context, &p, seed);
	if (random_plan(&t.in, &t.rng, &t.plan) == HIDP_OK) {
		atomic_store(&t.common.slow_percent, rng_chance(&t.rng, 50) ? 20 : 0);
		start(&t, agents);
		run(&t, agents);
		for (hidp_node_id n = 0; n < t.node_count; n++) {
			hidp_agent_destroy(t.places[n].agent);
			hidp_session_destroy(t.places[n].session);
		}
		inproc_hub_destroy(t.hub);
		free(t.places);
		tally->trials++;
		tally->done += atomic_load(&t.done);
		tally->ended += atomic_load(&t.ended);
		tally->looks += atomic_load(&t.looks);
		if (atomic_load(&t.common.is_wrong)) {
			printf("--seed %llu --count 1: %s\n", (unsigned long long)seed,
			       t.common.wrong);
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
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	struct hidp_context *context;
	bool with_agents = hidp_feature_supported(HIDP_FEATURE_COMPONENT, HIDP_COMPONENT_JSON);
	if (!read_count_and_seed(argc, argv, "closing", &count, &seed))
		return 2;
	options.alloc = take;
	options.free = give_back;
	support_must(hidp_context_new(&options, &context), NULL, "context");
	for (uint64_t i = 0; i < count && tally.failures < 3; i++)
		trial(&tally, context, with_agents && (seed + i) % 2 == 0, seed + i);
	hidp_context_unref(context);
	printf("%llu trials: %llu requests done, %llu not, %llu looks: %llu wrong\n",
	       (unsigned long long)tally.trials, (unsigned long long)tally.done,
	       (unsigned long long)tally.ended, (unsigned long long)tally.looks,
	       (unsigned long long)tally.failures);
	return tally.failures != 0 || tally.trials == 0;
}
