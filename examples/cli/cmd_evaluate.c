/* SPDX-License-Identifier: MIT */
/* hidp evaluate: reads a plan and says what it costs, here or elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char usage_evaluate[] =
	"Usage: hidp evaluate PLAN [option]...\n"
	"\n"
	"Reads a plan that 'hidp plan --json' or a program has written, checks it, and\n"
	"says what it costs. PLAN is a file, or - for standard input.\n"
	"\n"
	"  --cluster CLUSTER     on this cluster instead of its own; it must have the same\n"
	"                        nodes and processors\n"
	"  --load NODE[/PROCESSOR]=PART    others take this part of it, 0 to 1\n"
	"  --verify              follow every row of every tensor through the plan\n"
	"  --boards DIR          folder of board profiles\n"
	"\n" USAGE_OUTPUTS "\n"
	"Exit status: 0 done, 1 failed (an invalid plan, a limit broken), 2 wrong arguments.\n";

enum { OPT_CLUSTER = OPT_OWN, OPT_LOAD, OPT_VERIFY };

static const struct option long_options[] = {
	OUTPUT_OPTIONS,
	{"cluster", required_argument, NULL, OPT_CLUSTER},
	{"load", required_argument, NULL, OPT_LOAD},
	{"verify", no_argument, NULL, OPT_VERIFY},
	{NULL, 0, NULL, 0},
};

struct request {
	const char *plan, *cluster, *boards;
	struct list loads;
	bool verify;
	struct outputs outputs;
};

static struct hidp_plan *read_plan(struct hidp_context *context, const char *path)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan = NULL;
	size_t length;
	char *text = read_file(path, &length);
	if (text == NULL)
		return NULL;
	hidp_status s = hidp_plan_from_json(context, text, length, &plan, &said);
	if (s != HIDP_OK)
		complain_status(path, s, &said);
	free(text);
	return plan;
}

/* The same plan under other circumstances; *plan is replaced. false after a message. */
static bool move_plan(const struct request *r, struct hidp_context *context,
                      struct hidp_plan **plan)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *moved = NULL;
	struct hidp_cluster *cluster = NULL;
	if (r->cluster == NULL && r->loads.count == 0)
		return true;
	if (r->cluster != NULL) {
		cluster = load_cluster(context, r->cluster, r->boards);
	} else {
		struct hidp_cluster_builder *builder;
		if (hidp_cluster_builder_from(hidp_plan_cluster(*plan), &builder) == HIDP_OK) {
			hidp_cluster_builder_seal(builder, &cluster, NULL);
			hidp_cluster_builder_destroy(builder);
		}
	}
	if (cluster != NULL && apply_loads(&cluster, r->loads.items, r->loads.count)) {
		hidp_status s = hidp_plan_evaluate(*plan, cluster, NULL, NULL, &moved, &said);
		if (s != HIDP_OK)
			complain_status(r->plan, s, &said);
	}
	hidp_cluster_unref(cluster);
	if (moved == NULL)
		return false;
	hidp_plan_unref(*plan);
	*plan = moved;
	return true;
}

static int evaluate(const struct request *r, struct hidp_context *context)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan = read_plan(context, r->plan);
	int rc = CLI_FAILURE;
	if (plan != NULL && move_plan(r, context, &plan)) {
		hidp_status s = r->verify ? hidp_plan_verify(plan, &said) : HIDP_OK;
		if (s == HIDP_OK)
			rc = write_outputs(plan, &r->outputs);
		else
			complain_status(r->plan, s, &said);
	}
	hidp_plan_unref(plan);
	return rc;
}

int cmd_evaluate(int argc, char **argv)
{
	struct request r = {.plan = NULL};
	struct hidp_context *context;
	int option;
	while ((option = getopt_long(argc, argv, "hq", long_options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(usage_evaluate, stdout);
			return CLI_OK;
		case '?':
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		case OPT_CLUSTER:
			r.cluster = optarg;
			break;
		case OPT_LOAD:
			if (!list_add(&r.loads, optarg))
				return complain_usage(argv[0], "too many loads");
			break;
		case OPT_VERIFY:
			r.verify = true;
			break;
		case OPT_BOARDS:
			r.boards = optarg;
			break;
		default:
			take_output_option(&r.outputs, option, optarg);
		}
	}
	if (argc - optind != 1)
		return complain_usage(argv[0],
		                      argc == optind ? "a plan is wanted" : "too many arguments");
	r.plan = argv[optind];
	if (r.cluster != NULL && strcmp(r.cluster, "-") == 0 && strcmp(r.plan, "-") == 0)
		return complain_usage(argv[0], "only one of them can come from standard input");
	if (hidp_context_new(NULL, &context) != HIDP_OK) {
		complain("out of memory");
		return CLI_FAILURE;
	}
	int rc = evaluate(&r, context);
	hidp_context_unref(context);
	return rc;
}
