/* SPDX-License-Identifier: MIT */
/*
 * Random plans of the networks of the zoo, carried out by processes:
 *
 *     plans [--count N] [--seed N]
 *
 * A process for each of one to four nodes, with an agent that talks to the others over hidp-zmq, in
 * a temporary folder and with keys. One of them leads; in place of a planner it makes plans of all
 * kinds at random, from its seed. Processes live on for some plans. Every output must be, bit by
 * bit, that of the undivided network, at the first attempt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hidp-zmq.h>

#include "count_seed.h"
#include "random_instance.h"
#include "reference_plugin.h"
#include "small_network.h"

#define SEED 20251700
/* Plans that the same processes carry out. */
#define PLANS_EACH 6
#define NODES_MAX 4
/* Different inputs, so that nothing is right because it was there before. */
#define INPUTS 2
/* Nothing is lost here: only what hangs takes so long. */
#define PATIENCE_S 60.0
/* With fewer plans some kind may be missing. */
#define ENOUGH 200

/* What there was; a leader hands it on with its own. */
struct tally {
	unsigned long long plans, requests, wrong, infeasible;
	unsigned long long on_nodes[NODES_MAX + 1];
	unsigned long long stages[HIDP_STAGE_REPLICA + 1], steps[HIDP_STEP_BRANCH + 1];
};

/* A network with what it gives for each input. */
struct network {
	struct small_network small;
	void *kernels; /* all weights are packed before there are other processes */
	float *inputs[INPUTS], *expected[INPUTS];
};

/* Processes that carry out some plans of a network. */
struct group {
	const struct network *network;
	struct tally *tally;
	struct random_instance in;
	struct rng rng;
	struct hidp_plan_options options; /* of the plan under way */
	uint32_t node_count;
	hidp_node_id leader;
	char folder[64];
	struct {
		char endpoint[96];
		char public_key[HIDP_ZMQ_KEY_SIZE], secret_key[HIDP_ZMQ_KEY_SIZE];
	} nodes[NODES_MAX];
	unsigned plans;
};

/* ---- one process ---- */

static struct hidp_zmq *open_transport(const struct group *g, hidp_node_id node)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_zmq_options o = HIDP_ZMQ_OPTIONS_INIT;
	struct hidp_zmq *zmq;
	o.node = node;
	o.endpoint = g->nodes[node].endpoint;
	o.secret_key = g->nodes[node].secret_key;
	o.wait_ms = 20000;
	support_must(hidp_zmq_new(&o, &zmq, &d), &d, "transport");
	for (hidp_node_id n = 0; n < g->node_count; n++)
		if (n != node)
			support_must(hidp_zmq_add_peer(zmq, n, g->nodes[n].endpoint,
			                               g->nodes[n].public_key, &d),
			             &d, "peer");
	return zmq;
}

static void count_kinds(struct tally *tally, const struct hidp_plan *plan)
{
	bool used[NODES_MAX] = {false};
	unsigned nodes = 0;
	for (uint32_t i = 0; i < hidp_plan_stage_count(plan); i++) {
		struct hidp_stage_desc stage = HIDP_STAGE_DESC_INIT;
		hidp_plan_get_stage(plan, i, &stage);
		tally->stages[stage.kind]++;
		for (uint32_t k = 0; k < stage.share_count; k++) {
			struct hidp_share_desc share = HIDP_SHARE_DESC_INIT;
			hidp_plan_get_share(plan, i, k, &share);
			nodes += !used[share.node];
			used[share.node] = true;
			for (uint32_t s = 0; s < share.step_count; s++) {
				struct hidp_step_desc step = HIDP_STEP_DESC_INIT;
				hidp_plan_get_step(plan, i, k, s, &step);
				tally->steps[step.kind]++;
			}
		}
	}
	tally->on_nodes[nodes]++;
}

/* In place of a planner. */
static hidp_status make_plan(void *user_data, const struct hidp_model *model,
                             const struct hidp_cluster *cluster,
                             const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct group *g = user_data;
	struct random_instance in = g->in;
	(void)model;
	in.cluster = (struct hidp_cluster *)(uintptr_t)cluster;
	in.options = *options;
	hidp_status s = random_plan(&in, &g->rng, plan_out);
	if (s == HIDP_OK)
		count_kinds(g->tally, *plan_out);
	else
		snprintf(diagnostic->message, sizeof diagnostic->message, "random plan");
	return s;
}

static struct hidp_agent *open_agent(struct group *g, hidp_node_id node, struct hidp_zmq *zmq)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_agent_options o = HIDP_AGENT_OPTIONS_INIT;
	struct hidp_agent *agent;
	o.flags = HIDP_SESSION_UNPINNED;
	o.node = node;
	o.spin_s = -1;
	o.silence_s = o.ready_s = o.attempt_s = PATIENCE_S;
	support_must(hidp_agent_new(g->in.context, g->in.cluster, &o, &agent, &d), &d, "agent");
	support_must(hidp_agent_set_transport(agent, hidp_zmq_transport(), zmq), NULL, "transport");
	support_must(hidp_agent_add_model(agent, g->in.model, reference_plugin.table(),
	                                  g->network->kernels),
	             NULL, "model");
	support_must(hidp_agent_set_planner(agent, make_plan, g), NULL, "planner");
	support_must(hidp_agent_start(agent, &d), &d, "start");
	return agent;
}

static void note_wrong(const struct group *g, const char *what)
{
	printf("--seed %llu --count %u: %s: %s\n", (unsigned long long)g->in.seed, g->plans,
	       g->network->small.name, what);
	g->tally->wrong++;
}

static bool request(struct group *g, struct hidp_agent *agent, unsigned which)
{
	const struct small_network *small = &g->network->small;
	struct hidp_agent_request r = HIDP_AGENT_REQUEST_INIT;
	struct hidp_agent_report report = HIDP_AGENT_REPORT_INIT;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	const void *input = g->network->inputs[which];
	float *output = malloc(small->out_count * sizeof *output);
	void *outputs[1] = {output};
	memset(output, 0xff, small->out_count * sizeof *output);
	r.options = &g->options;
	r.inputs = &input;
	r.outputs = outputs;
	r.input_count = r.output_count = 1;
	hidp_status s = hidp_agent_run(agent, &r, &report, &d);
	g->tally->requests++;
	if (s != HIDP_OK && s != HIDP_ERR_INFEASIBLE)
		note_wrong(g, d.message);
	else if (s == HIDP_OK && report.attempts != 1)
		note_wrong(g, "it took more than one attempt");
	else if (s == HIDP_OK && memcmp(output, g->network->expected[which],
	                                small->out_count * sizeof *output) != 0)
		note_wrong(g, "not the output of the undivided network");
	free(output);
	return s == HIDP_OK;
}

static void lead(struct group *g, struct hidp_agent *agent, unsigned plans)
{
	for (unsigned i = 0; i < plans && g->tally->wrong < 3; i++) {
		g->plans = i + 1;
		g->options = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
		g->options.leader = g->leader;
		g->options.work_limit = 1 + i; /* what differs is planned anew */
		bool stream = rng_chance(&g->rng, 30);
		if (stream)
			g->options.flags |= HIDP_PLAN_STREAM;
		bool done = request(g, agent, i % INPUTS);
		g->tally->plans += done;
		g->tally->infeasible += !done;
		/* other routes through its replicas, other slots */
		for (unsigned k = 1; k < INPUTS + 1 && stream && done; k++)
			(void)request(g, agent, (i + k) % INPUTS);
	}
}

/* A follower ends when nobody holds the other end of the pipe `until` any more. */
static int run_node(struct group *g, hidp_node_id node, unsigned plans, int until, int result)
{
	const ssize_t size = sizeof *g->tally;
	struct hidp_zmq *zmq = open_transport(g, node);
	struct hidp_agent *agent = open_agent(g, node, zmq);
	char byte;
	bool good = true;
	if (node != g->leader) {
		good = read(until, &byte, 1) == 0;
	} else {
		lead(g, agent, plans);
		good = write(result, g->tally, (size_t)size) == size;
	}
	hidp_agent_destroy(agent);
	hidp_zmq_destroy(zmq);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- all of them ---- */

static void begin_group(struct group *g, struct hidp_context *context, uint64_t seed)
{
	struct random_params params;
	random_params_init(&params);
	params.computable = true;
	rng_seed(&g->rng, seed);
	params.nodes_min = rng_chance(&g->rng, 10) ? 1 : 2;
	params.nodes_max = NODES_MAX;
	params.odd_links = rng_chance(&g->rng, 50);
	g->in = (struct random_instance){.seed = seed,
	                                 .context = context,
	                                 .model = g->network->small.model,
	                                 .options = HIDP_PLAN_OPTIONS_INIT};
	g->in.cluster = random_cluster(context, &params, &g->rng);
	g->node_count = hidp_cluster_node_count(g->in.cluster);
	g->leader = (hidp_node_id)rng_below(&g->rng, g->node_count);
	snprintf(g->folder, sizeof g->folder, "hidp-plans-XXXXXX");
	if (mkdtemp(g->folder) == NULL)
		support_must(HIDP_ERR_LIMIT, NULL, "temporary folder");
	for (hidp_node_id n = 0; n < g->node_count; n++) {
		snprintf(g->nodes[n].endpoint, sizeof g->nodes[n].endpoint, "ipc://%s/%u",
		         g->folder, (unsigned)n);
		support_must(hidp_zmq_keygen(g->nodes[n].public_key, g->nodes[n].secret_key), NULL,
		             "keys");
	}
}

static void end_group(struct group *g)
{
	for (hidp_node_id n = 0; n < g->node_count; n++)
		(void)unlink(g->nodes[n].endpoint + strlen("ipc://"));
	(void)rmdir(g->folder);
	hidp_cluster_unref(g->in.cluster);
}

static void wait_for(struct group *g, pid_t pid)
{
	int status = 0;
	char what[64];
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	snprintf(what, sizeof what, "a process ended with status 0x%x", (unsigned)status);
	note_wrong(g, what);
}

static void run_group(const struct network *network, struct tally *tally, uint64_t seed,
                      unsigned plans)
{
	struct group g = {.network = network, .tally = tally, .plans = plans};
	const ssize_t size = sizeof *tally;
	pid_t pids[NODES_MAX];
	int until[2], result[2];
	begin_group(&g, network->small.context, seed);
	if (pipe(until) != 0 || pipe(result) != 0)
		support_must(HIDP_ERR_LIMIT, NULL, "pipe");
	fflush(stdout);
	for (hidp_node_id n = 0; n < g.node_count; n++) {
		pids[n] = fork();
		if (pids[n] < 0)
			support_must(HIDP_ERR_LIMIT, NULL, "process");
		if (pids[n] == 0) {
			close(until[1]);
			exit(run_node(&g, n, plans, until[0], result[1]));
		}
	}
	close(until[0]);
	close(result[1]);
	if (read(result[0], tally, (size_t)size) != size)
		note_wrong(&g, "nobody says how it went");
	wait_for(&g, pids[g.leader]);
	close(until[1]);
	for (hidp_node_id n = 0; n < g.node_count; n++)
		if (n != g.leader)
			wait_for(&g, pids[n]);
	close(result[0]);
	end_group(&g);
}

static void begin_network(struct network *n, size_t which, struct hidp_context *context)
{
	small_network_begin(&n->small, which, context);
	n->kernels = small_network_kernels(&n->small, &reference_plugin);
	for (unsigned i = 0; i < INPUTS; i++) {
		n->inputs[i] = small_network_input(&n->small, SEED + i);
		n->expected[i] = small_network_run_whole(&n->small, &reference_plugin, n->kernels,
		                                         n->inputs[i]);
	}
}

static void end_network(struct network *n)
{
	for (unsigned i = 0; i < INPUTS; i++) {
		free(n->inputs[i]);
		free(n->expected[i]);
	}
	reference_plugin.destroy(n->kernels);
	small_network_end(&n->small);
}

static bool report(const struct tally *t)
{
	bool all = t->on_nodes[1] * t->on_nodes[2] * t->on_nodes[3] * t->on_nodes[4] != 0;
	printf("%llu plans (%llu infeasible), %llu requests; on", t->plans, t->infeasible,
	       t->requests);
	for (unsigned n = 1; n <= NODES_MAX; n++)
		printf(" %u: %llu,", n, t->on_nodes[n]);
	printf(" nodes; stages single %llu, split %llu, branch %llu, replica %llu; steps single "
	       "%llu, rows %llu, channels %llu, branch %llu; %llu wrong\n",
	       t->stages[1], t->stages[2], t->stages[3], t->stages[4], t->steps[1], t->steps[2],
	       t->steps[3], t->steps[4], t->wrong);
	for (unsigned k = 1; k <= 4; k++)
		all = all && t->stages[k] != 0 && t->steps[k] != 0;
	if (t->plans >= ENOUGH && !all)
		printf("some kind is missing\n");
	return t->wrong == 0 && t->plans != 0 && (all || t->plans < ENOUGH);
}

int main(int argc, char **argv)
{
	unsigned long long count = 80, seed = SEED;
	struct tally tally = {0};
	struct hidp_context *context;
	if (!read_count_and_seed(argc, argv, "plans", &count, &seed))
		return 2;
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (size_t i = 0; i < SMALL_NETWORKS; i++) {
		struct network network;
		bool begun = false;
		/* group k has the seed `seed` + k, and its network follows from it */
		for (unsigned long long k = 0; k * PLANS_EACH < count && tally.wrong == 0; k++) {
			unsigned long long left = count - k * PLANS_EACH;
			if ((seed + k) % SMALL_NETWORKS != i)
				continue;
			if (!begun)
				begin_network(&network, i, context);
			begun = true;
			run_group(&network, &tally, seed + k,
			          left < PLANS_EACH ? (unsigned)left : PLANS_EACH);
		}
		if (begun)
			end_network(&network);
	}
	hidp_context_unref(context);
	return !report(&tally);
}
