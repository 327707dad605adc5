/* SPDX-License-Identifier: MIT */
/* hidp run: leads requests on the nodes of a cluster. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "run.h"

const char usage_run[] =
	"Usage: hidp run MODEL [CLUSTER [--node NODE] [--peers FILE]] [option]...\n"
	"\n"
	"Leads requests for MODEL: finds out which nodes of CLUSTER are there ('hidp node'\n"
	"runs on them), plans, sends the plan, and runs; again, if a node is lost. This is a\n"
	"node of the cluster itself. Without --peers it does everything alone, without\n"
	"CLUSTER on the cores of this machine.\n"
	"\n"
	"MODEL is a network of the zoo, an ONNX file or a JSON file; CLUSTER as for 'hidp\n"
	"plan'; both the same on all nodes.\n"
	"\n"
	"Requests:\n"
	"  --repeat N            so many; default: 1\n"
	"  --parallel N          so many at a time; default: 1\n"
	"  --input [NAME=]FILE   .npy or raw elements; once for each model input, in the model's\n"
	"                        order if without names; default: random\n"
	"  --input-seed N        of random inputs\n"
	"  --variety N           so many different random inputs, in turn\n"
	"  --output [NAME=]FILE  the first result as .npy; once for each model output, or for\n"
	"                        those that are named\n"
	"  --deadline TIME       after it, what is under way is begun again\n"
	"  --check[=WHICH]       compare with the undivided model on one processor, with these\n"
	"                        kernels; default: reference\n"
	"  --tolerance X         difference that is allowed, as part of the largest output;\n"
	"                        default: 0 for reference kernels, else 1e-4\n"
	"  --log FILE            a line of JSON for each request\n"
	"  --times FILE          when each task ran last on this node\n"
	"\n"
	"The plan:\n"
	"  --objective WHAT      latency (default), period or throughput, energy\n"
	"  --strategy WHICH      auto (default), paper, single\n"
	"  --stream              requests come one after another\n"
	"  --cost [NODE=]FILE    measured times, from 'hidp profile'\n"
	"  --exclude NODE        compute nothing there\n"
	"  --work N              bound on the search, in steps\n"
	"  --table, --explain    print it, and why\n"
	"  --svg, --trace, --json FILE     write its timeline or itself\n"
	"  -q, --quiet           no progress\n"
	"\n" USAGE_MEMBER "\n"
	"Exit status: 0 all requests done and, with --check, right; 1 failed, 2 wrong\n"
	"arguments.\n";

enum {
	OPT_REPEAT = OPT_MEMBER_OWN,
	OPT_PARALLEL,
	OPT_INPUT,
	OPT_INPUT_SEED,
	OPT_VARIETY,
	OPT_OUTPUT,
	OPT_DEADLINE,
	OPT_CHECK,
	OPT_TOLERANCE,
	OPT_LOG,
	OPT_TIMES,
	OPT_OBJECTIVE,
	OPT_STRATEGY,
	OPT_STREAM,
	OPT_COST,
	OPT_EXCLUDE,
	OPT_WORK,
	OPT_TABLE
};

static const struct option long_options[] = {
	MEMBER_OPTIONS,
	{"repeat", required_argument, NULL, OPT_REPEAT},
	{"parallel", required_argument, NULL, OPT_PARALLEL},
	{"input", required_argument, NULL, OPT_INPUT},
	{"input-seed", required_argument, NULL, OPT_INPUT_SEED},
	{"variety", required_argument, NULL, OPT_VARIETY},
	{"output", required_argument, NULL, OPT_OUTPUT},
	{"deadline", required_argument, NULL, OPT_DEADLINE},
	{"check", optional_argument, NULL, OPT_CHECK},
	{"tolerance", required_argument, NULL, OPT_TOLERANCE},
	{"log", required_argument, NULL, OPT_LOG},
	{"times", required_argument, NULL, OPT_TIMES},
	{"objective", required_argument, NULL, OPT_OBJECTIVE},
	{"strategy", required_argument, NULL, OPT_STRATEGY},
	{"stream", no_argument, NULL, OPT_STREAM},
	{"cost", required_argument, NULL, OPT_COST},
	{"exclude", required_argument, NULL, OPT_EXCLUDE},
	{"work", required_argument, NULL, OPT_WORK},
	{"table", no_argument, NULL, OPT_TABLE},
	{"explain", no_argument, NULL, OPT_EXPLAIN},
	{"svg", required_argument, NULL, OPT_SVG},
	{"trace", required_argument, NULL, OPT_TRACE},
	{"json", required_argument, NULL, OPT_JSON},
	{"quiet", no_argument, NULL, 'q'},
	{NULL, 0, NULL, 0},
};

struct command {
	struct member_options member;
	struct run_options run;
	bool table;
	struct list excluded;
	hidp_node_id excluded_nodes[256];
	hidp_processor_id excluded_processors[256];
};

static bool take_count(const char *text, double least, double most, long *out)
{
	double value;
	if (!parse_number(text, &value) || !(value >= least && value <= most) ||
	    value != (double)(long)value)
		return false;
	*out = (long)value;
	return true;
}

/* false: the option's value is wrong. */
static bool take_option(struct command *c, int option, const char *value)
{
	struct run_options *r = &c->run;
	long number;
	switch (option) {
	case OPT_REPEAT:
		return take_count(value, 1, 1e8, &r->repeat);
	case OPT_PARALLEL:
		return take_count(value, 1, 64, &r->parallel);
	case OPT_VARIETY:
		return take_count(value, 1, 1e4, &r->variety);
	case OPT_INPUT_SEED:
		if (!take_count(value, 0, 9007199254740992.0, &number))
			return false;
		r->input_seed = (uint64_t)number;
		return true;
	case OPT_INPUT:
		return list_add(&r->inputs, value);
	case OPT_OUTPUT:
		return list_add(&r->outputs, value);
	case OPT_DEADLINE:
		return parse_seconds(value, &r->deadline_s) && r->deadline_s > 0;
	case OPT_CHECK:
		r->check = value != NULL ? value : "reference";
		return true;
	case OPT_TOLERANCE:
		return parse_number(value, &r->tolerance) && r->tolerance >= 0;
	case OPT_LOG:
		r->log = value;
		return true;
	case OPT_TIMES:
		r->times = value;
		return true;
	case OPT_OBJECTIVE:
		return find_objective(value, &r->plan.objective);
	case OPT_STRATEGY:
		return find_strategy(value, &r->plan.strategy);
	case OPT_STREAM:
		r->plan.flags |= HIDP_PLAN_STREAM;
		return true;
	case OPT_COST:
		return list_add(&r->costs, value);
	case OPT_WORK:
		if (!take_count(value, 1, 9007199254740992.0, &number))
			return false;
		r->plan.work_limit = (uint64_t)number;
		return true;
	case OPT_EXCLUDE:
		return list_add(&c->excluded, value);
	case OPT_TABLE:
		c->table = true;
		return true;
	default:
		return take_output_option(&r->reports, option, value) ||
		       take_member_option(&c->member, option, value);
	}
}

/* Makes plans for the agent. */
struct planning {
	struct hidp_planner *planner;
	const struct list *costs;
};

static hidp_status make_plan(void *user_data, const struct hidp_model *model,
                             const struct hidp_cluster *cluster,
                             const struct hidp_plan_options *options, struct hidp_plan **plan_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct planning *p = user_data;
	struct hidp_cost *cost;
	/* the cluster changes with the nodes that are there, and costs are for one cluster */
	if (!load_costs(model, cluster, p->costs, &cost))
		return HIDP_ERR_COST;
	hidp_status s =
		hidp_planner_plan(p->planner, model, cluster, cost, options, plan_out, diagnostic);
	hidp_cost_unref(cost);
	return s;
}

/* Closes the agent when the user gives up, so that the followers need not find out. */
static void *wait_for_signal(void *data)
{
	struct member *member = data;
	sigset_t set;
	int number = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR2); /* everything is done */
	while (sigwait(&set, &number) != 0) {
	}
	if (number != SIGUSR2)
		hidp_agent_close(member->agent);
	return NULL;
}

static void block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static bool look_up_excluded(struct command *c, const struct hidp_cluster *cluster)
{
	for (size_t i = 0; i < c->excluded.count; i++) {
		if (!find_place(cluster, c->excluded.items[i], &c->excluded_nodes[i],
		                &c->excluded_processors[i])) {
			complain_place(cluster, "exclude", c->excluded.items[i]);
			return false;
		}
	}
	c->run.plan.excluded_count = c->excluded.count;
	c->run.plan.excluded_nodes = c->excluded_nodes;
	c->run.plan.excluded_processors = c->excluded_processors;
	return true;
}

/* The plan of the last request, in every form that was asked for. */
static int write_plan(struct command *c, const struct member *member)
{
	struct hidp_plan *plan = NULL;
	struct outputs outputs = c->run.reports;
	int rc = CLI_OK;
	outputs.quiet = !c->table;
	if (hidp_agent_plan(member->agent, &plan) != HIDP_OK || plan == NULL)
		return CLI_OK; /* there is none: why has been said */
	rc = write_outputs(plan, &outputs);
	hidp_plan_unref(plan);
	return rc;
}

/* The worse of two. */
static int either(int a, int b)
{
	return a != CLI_OK ? a : b;
}

static int lead(struct command *c, struct member *member)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct requests requests;
	pthread_t watcher;
	int rc = CLI_FAILURE;
	if (requests_new(&requests, &c->run, member)) {
		hidp_status s = hidp_agent_start(member->agent, &said);
		bool watched = s == HIDP_OK &&
		               pthread_create(&watcher, NULL, wait_for_signal, member) == 0;
		if (s != HIDP_OK) {
			complain_status(member->name, s, &said);
		} else {
			requests_run(&requests);
			rc = write_plan(c, member);
			rc = either(requests_report(&requests), rc);
		}
		if (watched) {
			pthread_kill(watcher, SIGUSR2);
			pthread_join(watcher, NULL);
		}
		hidp_agent_close(member->agent);
		if (c->run.times != NULL && requests.done != 0 &&
		    !watch_write_times(member->watches[0], c->run.times, member->name,
		                       requests.last_begin_s, requests.last_end_s))
			rc = either(rc, CLI_FAILURE);
	}
	requests_free(&requests);
	return rc;
}

static int run_command(struct command *c)
{
	struct planning planning = {.costs = &c->run.costs};
	struct member member;
	int rc = CLI_FAILURE;
	block_signals();
	bool ok = member_open(&member, &c->member) && look_up_excluded(c, member.cluster);
	if (ok && hidp_planner_new(member.context, &planning.planner) != HIDP_OK) {
		complain("out of memory");
		ok = false;
	}
	if (ok && hidp_agent_set_planner(member.agent, make_plan, &planning) == HIDP_OK)
		rc = lead(c, &member);
	hidp_agent_destroy(member.agent); /* before its planner */
	member.agent = NULL;
	hidp_planner_destroy(planning.planner);
	member_close(&member);
	return rc;
}

int cmd_run(int argc, char **argv)
{
	static struct command c; /* a few kilobytes of names */
	int option, index = 0;
	c.run.repeat = c.run.parallel = c.run.variety = 1;
	c.run.tolerance = -1;
	c.member.model.seed = ENGINE_SEED;
	hidp_plan_options_init(&c.run.plan, sizeof c.run.plan);
	while ((option = getopt_long(argc, argv, "hqv", long_options, &index)) != -1) {
		if (option == 'h') {
			fputs(usage_run, stdout);
			return CLI_OK;
		}
		if (option == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
		if (!take_option(&c, option, optarg))
			return complain_usage(argv[0], "--%s %s is not understood",
			                      long_options[index].name,
			                      optarg != NULL ? optarg : "");
	}
	if (argc - optind < 1 || argc - optind > 2)
		return complain_usage(argv[0], argc - optind < 1 ? "a model is wanted"
		                                                 : "too many arguments");
	if (argc - optind == 1 && c.member.peers != NULL)
		return complain_usage(argv[0], "--peers wants a cluster");
	if (c.run.check != NULL && !watch_knows(c.run.check))
		return CLI_FAILURE;
	if (!list_add(&c.member.models, argv[optind]))
		return CLI_FAILURE;
	c.member.cluster = optind + 1 < argc ? argv[optind + 1] : NULL;
	return run_command(&c);
}
