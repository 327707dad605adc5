/* SPDX-License-Identifier: MIT */
/* hidp node: a machine that waits for the plans of others and carries them out. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "measure.h"
#include "nodes.h"

const char usage_node[] =
	"Usage: hidp node CLUSTER MODEL... --node NODE --peers FILE [option]...\n"
	"\n"
	"Runs this machine as a node of CLUSTER, until it is told to end (SIGTERM or SIGINT):\n"
	"it takes part in the plans of the nodes in its address book, for every MODEL that\n"
	"it has loaded. 'hidp run' on one of them leads.\n"
	"\n"
	"MODEL is a network of the zoo, an ONNX file or a JSON file; CLUSTER as for 'hidp\n"
	"plan'; both the same on all nodes.\n"
	"\n" USAGE_MEMBER "  --times FILE          at the end, write when each task ran last\n"
	"\n"
	"Exit status: 0 told to end, 1 failed, 2 wrong arguments.\n";

enum { OPT_TIMES = OPT_MEMBER_OWN };

static const struct option long_options[] = {
	MEMBER_OPTIONS,
	{"times", required_argument, NULL, OPT_TIMES},
	{NULL, 0, NULL, 0},
};

static int wait_for_the_end(const struct member *m)
{
	sigset_t set;
	int number = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	while (sigwait(&set, &number) != 0) {
	}
	if (m->verbose)
		fprintf(stderr, "%.3f %s: ends: %s\n", now_s(), m->name, strsignal(number));
	return CLI_OK;
}

static int run_node(const struct member_options *options, const char *times)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct member member;
	sigset_t set;
	int rc = CLI_FAILURE;
	/* before there is any other thread: only the one that waits for them gets them */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (member_open(&member, options)) {
		hidp_status s = hidp_agent_start(member.agent, &said);
		if (s == HIDP_OK) {
			printf("%s listens at %s, %zu model%s, %s kernels\n", member.name,
			       hidp_zmq_endpoint(member.zmq), member.model_count,
			       member.model_count == 1 ? "" : "s",
			       watch_kernels(member.watches[0])->name);
			fflush(stdout);
			rc = wait_for_the_end(&member);
		} else {
			complain_status(member.name, s, &said);
		}
		hidp_agent_close(member.agent);
		if (rc == CLI_OK && times != NULL &&
		    !watch_write_times(member.watches[0], times, member.name, 0, 0))
			rc = CLI_FAILURE;
	}
	member_close(&member);
	return rc;
}

int cmd_node(int argc, char **argv)
{
	static struct member_options options = {.model.seed = ENGINE_SEED};
	const char *times = NULL;
	int option, index = 0;
	while ((option = getopt_long(argc, argv, "hv", long_options, &index)) != -1) {
		if (option == 'h') {
			fputs(usage_node, stdout);
			return CLI_OK;
		}
		if (option == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
		if (option == OPT_TIMES)
			times = optarg;
		else if (!take_member_option(&options, option, optarg))
			return complain_usage(argv[0], "--%s %s is not understood",
			                      long_options[index].name, optarg);
	}
	if (argc - optind < 2)
		return complain_usage(argv[0], "a cluster and a model are wanted");
	if (options.node == NULL || options.peers == NULL)
		return complain_usage(argv[0], "--node and --peers are required");
	options.cluster = argv[optind++];
	while (optind < argc)
		if (!list_add(&options.models, argv[optind++]))
			return complain_usage(argv[0], "too many models");
	return run_node(&options, times);
}
