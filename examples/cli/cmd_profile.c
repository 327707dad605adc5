/* SPDX-License-Identifier: MIT */
/* hidp profile: measures how long a model's layers take on this machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "models.h"

const char usage_profile[] =
	"Usage: hidp profile MODEL [option]...\n"
	"       hidp profile --link NODE... --cluster CLUSTER --peers FILE [option]...\n"
	"\n"
	"Measures how long the layers of MODEL, whole and divided, take on the processors of\n"
	"this machine, with the kernels that will compute them. MODEL is a network of the\n"
	"zoo ('hidp models'), an ONNX file or a JSON file. Nothing else should run meanwhile.\n"
	"\n"
	"  --profile FILE        write the node, with measured rates, as a cluster\n"
	"  --cost FILE           write the times, for 'hidp plan --cost'\n"
	"  --check               then run some plans, and compare what they take with what was\n"
	"                        predicted\n"
	"  -q, --quiet           print neither progress nor a table\n"
	"\n"
	"How it is measured:\n"
	"  --kernels WHICH       onednn, xnnpack or reference, as far as they were built;\n"
	"                        default: the quickest\n"
	"  --time TIME           how long, for example 5s; default 20s, the same again with\n"
	"                        --check\n"
	"  --rounds N            run everything at most N times\n"
	"\n"
	"The node:\n"
	"  --name NAME           what it is called; default: the name of the host\n"
	"  --granularity WHAT    what is a processor: cores (default), caches, kinds\n"
	"  --cluster CLUSTER     the first node of this cluster, as it is described there, in\n"
	"                        place of what can be found out about this machine\n"
	"  --boards DIR          folder of board profiles\n"
	"\n"
	"The model:\n" USAGE_MODEL_SIZES
	"  --no-fuse             every layer stays on its own\n"
	"\n"
	"With --link, measures latency and bandwidth of the links between this node of CLUSTER\n"
	"and others, on which 'hidp node' runs:\n"
	"  --link NODE           to which; 'all': every node of the address book; may be repeated\n"
	"  --profile FILE        write CLUSTER with what was measured\n"
	"  --time TIME           how long for each; default 2s\n"
	"  --node NODE           which node of CLUSTER this is; default: the first\n"
	"  --peers FILE, --key FILE, --listen ENDPOINT, --allow-clear   as for 'hidp node', which\n"
	"                        must not run for this node meanwhile\n"
	"\n"
	"Exit status: 0 done, 1 failed (no such model, kernels that cannot run it, a node that\n"
	"does not answer), 2 wrong arguments.\n";

enum {
	OPT_PROFILE = OPT_OWN,
	OPT_COST,
	OPT_CHECK,
	OPT_KERNELS,
	OPT_TIME,
	OPT_ROUNDS,
	OPT_NAME,
	OPT_GRANULARITY,
	OPT_CLUSTER,
	OPT_NO_FUSE,
	OPT_LINK,
	OPT_NODE,
	OPT_PEERS,
	OPT_KEY,
	OPT_LISTEN,
	OPT_ALLOW_CLEAR
};

static const struct option long_options[] = {
	{"profile", required_argument, NULL, OPT_PROFILE},
	{"cost", required_argument, NULL, OPT_COST},
	{"check", no_argument, NULL, OPT_CHECK},
	{"quiet", no_argument, NULL, 'q'},
	{"kernels", required_argument, NULL, OPT_KERNELS},
	{"time", required_argument, NULL, OPT_TIME},
	{"rounds", required_argument, NULL, OPT_ROUNDS},
	{"name", required_argument, NULL, OPT_NAME},
	{"granularity", required_argument, NULL, OPT_GRANULARITY},
	{"cluster", required_argument, NULL, OPT_CLUSTER},
	{"boards", required_argument, NULL, OPT_BOARDS},
	MODEL_SIZE_OPTIONS,
	{"no-fuse", no_argument, NULL, OPT_NO_FUSE},
	{"link", required_argument, NULL, OPT_LINK},
	{"node", required_argument, NULL, OPT_NODE},
	{"peers", required_argument, NULL, OPT_PEERS},
	{"key", required_argument, NULL, OPT_KEY},
	{"listen", required_argument, NULL, OPT_LISTEN},
	{"allow-clear", no_argument, NULL, OPT_ALLOW_CLEAR},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct request {
	struct model_request model;
	const char *kernels, *name, *cluster, *boards, *profile, *cost;
	uint32_t granularity;
	bool check, quiet, has_granularity;
	struct measure_options options;
	struct link_request links;
	const char *of_model; /* an option that only a model has, if any was given */
	const char *of_links; /* likewise of links */
};

static bool take_whole(const char *text, double most, double *out)
{
	return parse_number(text, out) && *out >= 1 && *out <= most && *out == floor(*out);
}

static bool take_granularity(const char *text, struct request *r)
{
	static const char *const words[] = {"cores", "caches", "kinds"};
	for (uint32_t i = 0; i < 3; i++) {
		if (strcmp(words[i], text) == 0) {
			r->granularity = i;
			r->has_granularity = true;
			return true;
		}
	}
	return false;
}

static bool take_link_option(struct link_request *links, int option, const char *value)
{
	const char **text = option == OPT_NODE    ? &links->node
	                    : option == OPT_PEERS ? &links->peers
	                    : option == OPT_KEY   ? &links->key
	                                          : &links->listen;
	if (option == OPT_LINK)
		return list_add(&links->nodes, value);
	if (option == OPT_ALLOW_CLEAR)
		links->allow_clear = true;
	else
		*text = value;
	return true;
}

/* false: the option's value is wrong. */
static bool take_option(struct request *r, int option, const char *value)
{
	double number;
	if (option >= OPT_LINK && option <= OPT_ALLOW_CLEAR)
		return take_link_option(&r->links, option, value);
	switch (option) {
	case OPT_PROFILE:
		r->profile = value;
		return true;
	case OPT_COST:
		r->cost = value;
		return true;
	case OPT_CHECK:
		r->check = true;
		return true;
	case 'q':
		r->quiet = true;
		return true;
	case OPT_KERNELS:
		r->kernels = value;
		return true;
	case OPT_TIME:
		return parse_seconds(value, &r->options.budget_s) && r->options.budget_s > 0;
	case OPT_ROUNDS:
		if (!take_whole(value, 1e9, &number))
			return false;
		r->options.rounds = (uint32_t)number;
		return true;
	case OPT_NAME:
		r->name = value;
		return true;
	case OPT_GRANULARITY:
		return take_granularity(value, r);
	case OPT_CLUSTER:
		r->cluster = value;
		return true;
	case OPT_BOARDS:
		r->boards = value;
		return true;
	case OPT_NO_FUSE:
		r->model.flags |= HIDP_MODEL_KEEP_UNFUSED;
		return true;
	default:
		return take_model_size(&r->model, option, value);
	}
}

static const char *option_name(int option)
{
	for (const struct option *o = long_options; o->name != NULL; o++)
		if (o->val == option)
			return o->name;
	return "?";
}

/* A line that the next one takes the place of, where somebody looks. */
static void show_progress(void *data, uint32_t round, double elapsed_s)
{
	(void)data;
	fprintf(stderr, "\rround %u, %.1f s ", round, elapsed_s);
	fflush(stderr);
}

static void end_progress(const struct request *r)
{
	if (r->options.progress != NULL)
		fprintf(stderr, "\r%*s\r", 32, "");
}

static void print_times(const struct hidp_model *model, const struct request *r,
                        const struct node_times *times)
{
	const char *kernels = r->kernels != NULL ? r->kernels : engine_name(0);
	printf("%s, kernels %s, %u round%s\n", hidp_model_name(model), kernels, times->rounds,
	       times->rounds == 1 ? "" : "s");
	print_node(times->cluster, 0);
	for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(times->cluster, 0); p++) {
		struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
		hidp_cluster_processor(times->cluster, 0, p, &d);
		printf("  %s alone: %.3f ms\n", d.name, times->whole_s[p] * 1e3);
	}
}

static void print_checks(const struct check *checks, size_t count)
{
	double off[CHECKS_MAX];
	printf("\n%-28s %12s %12s  %s\n", "plan", "predicted", "measured", "difference");
	for (size_t i = 0; i < count; i++) {
		double part = checks[i].predicted_s / checks[i].measured_s.median - 1;
		off[i] = fabs(part);
		printf("%-28s %9.3f ms %9.3f ms  %+8.1f %%\n", checks[i].plan,
		       checks[i].predicted_s * 1e3, checks[i].measured_s.median * 1e3, part * 100);
	}
	printf("%-28s %12s %12s  %8.1f %%\n", "median", "", "", spread_of(off, count).median * 100);
}

/* Writes the two documents; false after a message. */
static bool write_times(const struct hidp_model *model, const struct request *r,
                        const struct node_times *times)
{
	size_t size[2] = {0, 0};
	bool ok = true;
	hidp_status s = HIDP_OK;
	if (r->profile != NULL)
		s = hidp_cluster_to_json(times->cluster, NULL, 0, &size[0]);
	if (r->cost != NULL && s == HIDP_OK)
		s = hidp_cost_to_json(model, times->cluster, times->cost, NULL, 0, &size[1]);
	char *text = s == HIDP_OK ? malloc((size[0] > size[1] ? size[0] : size[1]) + 1) : NULL;
	if (text == NULL) {
		complain_status("measured times", s != HIDP_OK ? s : HIDP_ERR_NOMEM, NULL);
		return false;
	}
	if (r->profile != NULL) {
		hidp_cluster_to_json(times->cluster, text, size[0] + 1, NULL);
		ok = write_file(r->profile, text, size[0]);
	}
	if (r->cost != NULL && ok) {
		hidp_cost_to_json(model, times->cluster, times->cost, text, size[1] + 1, NULL);
		ok = write_file(r->cost, text, size[1]);
	}
	free(text);
	return ok;
}

static int measure(const struct request *r, struct hidp_context *context,
                   const struct loaded_model *loaded, const struct hidp_cluster *cluster)
{
	const struct hidp_model *model = loaded->model;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct node_times times;
	struct check checks[CHECKS_MAX];
	struct engine *engine = NULL;
	size_t count = 0;
	hidp_status s = engine_new_weights(r->kernels, model, loaded->weights,
	                                   loaded->weights_data, &engine, &said);
	if (s == HIDP_OK && r->check)
		s = check_predictions(context, model, cluster, engine, &r->options, checks, &count,
		                      &times, &said);
	else if (s == HIDP_OK)
		s = measure_node(context, model, cluster, engine, &r->options, &times, &said);
	engine_destroy(engine);
	end_progress(r);
	if (s != HIDP_OK) {
		complain_status(r->model.name, s, &said);
		return CLI_FAILURE;
	}
	if (!r->quiet)
		print_times(model, r, &times);
	if (!r->quiet && r->check)
		print_checks(checks, count);
	bool ok = write_times(model, r, &times);
	node_times_clear(&times);
	return ok ? CLI_OK : CLI_FAILURE;
}

static int profile(const struct request *r)
{
	struct hidp_context *context;
	struct hidp_cluster *cluster = NULL;
	int rc = CLI_FAILURE;
	if (engine_name(0) == NULL) {
		complain("this build has no kernels to measure");
		return CLI_FAILURE;
	}
	if (hidp_context_new(NULL, &context) != HIDP_OK) {
		complain("out of memory");
		return CLI_FAILURE;
	}
	struct loaded_model model;
	if (load_model(context, &r->model, &model))
		cluster = r->cluster != NULL ? load_cluster(context, r->cluster, r->boards)
		                             : this_machine(context, r->name, r->granularity);
	if (cluster != NULL)
		rc = measure(r, context, &model, cluster);
	hidp_cluster_unref(cluster);
	free_model(&model);
	hidp_context_unref(context);
	return rc;
}

/* Notes what goes with a model alone, and what with links alone. */
static void note_option(struct request *r, int option)
{
	bool both = option == OPT_PROFILE || option == OPT_TIME || option == OPT_CLUSTER ||
	            option == OPT_BOARDS || option == 'q';
	if (option >= OPT_LINK && option <= OPT_ALLOW_CLEAR)
		r->of_links = option_name(option);
	else if (!both)
		r->of_model = option_name(option);
}

static int links(struct request *r, const char *command, bool has_model)
{
	if (has_model)
		return complain_usage(command,
		                      "a model and links are measured one after the other");
	if (r->of_model != NULL)
		return complain_usage(command, "--%s is for a model, not for links", r->of_model);
	if (r->cluster == NULL || r->links.peers == NULL)
		return complain_usage(command, "--link wants --cluster and --peers");
	r->links.cluster = r->cluster;
	r->links.boards = r->boards;
	r->links.profile = r->profile;
	r->links.quiet = r->quiet;
	r->links.time_s = r->options.budget_s;
	return profile_links(&r->links);
}

int cmd_profile(int argc, char **argv)
{
	static struct request r = {.model.seed = ENGINE_SEED};
	int option;
	while ((option = getopt_long(argc, argv, "hq", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage_profile, stdout);
			return CLI_OK;
		}
		if (option == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
		if (!take_option(&r, option, optarg))
			return complain_usage(argv[0], "--%s %s is not understood",
			                      option_name(option), optarg);
		note_option(&r, option);
	}
	if (r.links.nodes.count != 0)
		return links(&r, argv[0], argc != optind);
	if (r.of_links != NULL)
		return complain_usage(argv[0], "--%s goes with --link", r.of_links);
	if (argc - optind != 1)
		return complain_usage(argv[0],
		                      argc == optind ? "a model is wanted" : "too many arguments");
	if (r.cluster != NULL && (r.name != NULL || r.has_granularity))
		return complain_usage(argv[0], "--cluster says what the node is, without --name "
		                               "and --granularity");
	r.model.name = argv[optind];
	if (!r.quiet && isatty(STDERR_FILENO))
		r.options.progress = show_progress;
	return profile(&r);
}
