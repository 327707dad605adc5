/* SPDX-License-Identifier: MIT */
/* hidp plan: finds the best plan for a model on a cluster. */
#include <stdlib.h>
#include <string.h>

#include "models.h"

const char usage_plan[] =
	"Usage: hidp plan MODEL CLUSTER [option]...\n"
	"\n"
	"Plans how one inference of MODEL is divided over CLUSTER.\n"
	"\n"
	"MODEL is a network of the zoo ('hidp models'), an ONNX file, a JSON file, or - for\n"
	"JSON from standard input. CLUSTER is a JSON file, -, a board or cluster by name\n"
	"('hidp boards'), or a line such as \"2*cpu:50,gpu:400; cpu:20 | lan 940M 0.25ms\".\n"
	"\n"
	"What is wanted:\n"
	"  --objective WHAT      latency (default), period or throughput, energy\n"
	"  --weights L,P,E       instead: a second of latency counts L, one of the period P,\n"
	"                        a joule E\n"
	"  --strategy WHICH      auto (default), paper, single\n"
	"  --stream              requests come one after another\n"
	"  --contiguous          every layer on one processor, and no way through the model\n"
	"                        from a processor to others and back\n"
	"  --latency-limit TIME  no slower than, for example 50ms\n"
	"  --period-limit TIME   a request at least every\n"
	"  --energy-limit J      no more per request, for example 1.5J\n"
	"  --leader NODE         where requests arrive and results are wanted; default:\n"
	"                        the first node\n"
	"  --input NODE          where requests arrive, if not at the leader\n"
	"  --output NODE         where results are wanted, if not at the leader\n"
	"  --pin LAYER=NODE[/PROCESSOR]    run the layer there\n"
	"  --exclude NODE[/PROCESSOR]      compute nothing there\n"
	"  --load NODE[/PROCESSOR]=PART    others take this part of it, 0 to 1\n"
	"  --cost [NODE=]FILE    measured times of the model's layers ('hidp profile'), all of\n"
	"                        them NODE's if one is given; may be repeated\n"
	"  --work N              bound on the search, in steps\n"
	"\n"
	"The model:\n"
	"  --dtype TYPE          fp32, fp16, bf16, int8      (networks of the zoo)\n" USAGE_MODEL_SIZES
	"  --no-fuse             every layer stays on its own\n"
	"\n"
	"Where boards are:\n"
	"  --boards DIR          folder of board profiles\n"
	"\n" USAGE_OUTPUTS "\n"
	"Exit status: 0 done, 1 failed (no plan meets the limits, a bad file), 2 wrong\n"
	"arguments.\n";

enum {
	OPT_OBJECTIVE = OPT_OWN,
	OPT_WEIGHTS,
	OPT_STRATEGY,
	OPT_STREAM,
	OPT_CONTIGUOUS,
	OPT_LATENCY_LIMIT,
	OPT_PERIOD_LIMIT,
	OPT_ENERGY_LIMIT,
	OPT_LEADER,
	OPT_INPUT,
	OPT_OUTPUT,
	OPT_PIN,
	OPT_EXCLUDE,
	OPT_LOAD,
	OPT_COST,
	OPT_WORK,
	OPT_DTYPE,
	OPT_NO_FUSE
};

static const struct option long_options[] = {
	OUTPUT_OPTIONS,
	{"objective", required_argument, NULL, OPT_OBJECTIVE},
	{"weights", required_argument, NULL, OPT_WEIGHTS},
	{"strategy", required_argument, NULL, OPT_STRATEGY},
	{"stream", no_argument, NULL, OPT_STREAM},
	{"contiguous", no_argument, NULL, OPT_CONTIGUOUS},
	{"latency-limit", required_argument, NULL, OPT_LATENCY_LIMIT},
	{"period-limit", required_argument, NULL, OPT_PERIOD_LIMIT},
	{"energy-limit", required_argument, NULL, OPT_ENERGY_LIMIT},
	{"leader", required_argument, NULL, OPT_LEADER},
	{"input", required_argument, NULL, OPT_INPUT},
	{"output", required_argument, NULL, OPT_OUTPUT},
	{"pin", required_argument, NULL, OPT_PIN},
	{"exclude", required_argument, NULL, OPT_EXCLUDE},
	{"load", required_argument, NULL, OPT_LOAD},
	{"cost", required_argument, NULL, OPT_COST},
	{"work", required_argument, NULL, OPT_WORK},
	{"dtype", required_argument, NULL, OPT_DTYPE},
	MODEL_SIZE_OPTIONS,
	{"no-fuse", no_argument, NULL, OPT_NO_FUSE},
	{NULL, 0, NULL, 0},
};

/* The command line; names are looked up when model and cluster are there. */
struct request {
	struct model_request model;
	const char *cluster, *boards, *leader, *input, *output;
	struct list pins, excluded, loads, costs;
	struct hidp_plan_options options;
	struct outputs outputs;
	/* what the options point to */
	hidp_layer_id pin_layers[256];
	hidp_node_id pin_nodes[256], excluded_nodes[256];
	hidp_processor_id pin_processors[256], excluded_processors[256];
};

/* A whole number from 1 on. */
static bool parse_count(const char *text, double most, double *out)
{
	return parse_number(text, out) && *out >= 1 && *out <= most &&
	       *out == (double)(long long)*out;
}

static bool take_weights(const char *text, struct hidp_plan_options *options)
{
	double weights[3];
	if (!parse_list(text, weights, 3) || weights[0] + weights[1] + weights[2] <= 0)
		return false;
	options->objective = HIDP_OBJECTIVE_WEIGHTED;
	options->latency_weight = weights[0];
	options->period_weight = weights[1];
	options->energy_weight = weights[2];
	return true;
}

/* false: the option's value is wrong. */
static bool take_option(struct request *r, int option, const char *value)
{
	double number;
	switch (option) {
	case OPT_OBJECTIVE:
		return find_objective(value, &r->options.objective);
	case OPT_WEIGHTS:
		return take_weights(value, &r->options);
	case OPT_STRATEGY:
		return find_strategy(value, &r->options.strategy);
	case OPT_STREAM:
		r->options.flags |= HIDP_PLAN_STREAM;
		return true;
	case OPT_CONTIGUOUS:
		r->options.flags |= HIDP_PLAN_CONTIGUOUS;
		return true;
	case OPT_LATENCY_LIMIT:
		return parse_seconds(value, &r->options.latency_limit_s) &&
		       r->options.latency_limit_s > 0;
	case OPT_PERIOD_LIMIT:
		return parse_seconds(value, &r->options.period_limit_s) &&
		       r->options.period_limit_s > 0;
	case OPT_ENERGY_LIMIT:
		return parse_joules(value, &r->options.energy_limit_j) &&
		       r->options.energy_limit_j > 0;
	case OPT_LEADER:
		r->leader = value;
		return true;
	case OPT_INPUT:
		r->input = value;
		return true;
	case OPT_OUTPUT:
		r->output = value;
		return true;
	case OPT_PIN:
		return list_add(&r->pins, value);
	case OPT_EXCLUDE:
		return list_add(&r->excluded, value);
	case OPT_LOAD:
		return list_add(&r->loads, value);
	case OPT_COST:
		return list_add(&r->costs, value);
	case OPT_WORK:
		if (!parse_count(value, 1e18, &number))
			return false;
		r->options.work_limit = (uint64_t)number;
		return true;
	case OPT_DTYPE:
		r->model.dtype = value;
		return true;
	case OPT_NO_FUSE:
		r->model.flags |= HIDP_MODEL_KEEP_UNFUSED;
		return true;
	case OPT_BOARDS:
		r->boards = value;
		return true;
	default:
		return take_output_option(&r->outputs, option, value) ||
		       take_model_size(&r->model, option, value);
	}
}

/* What would have been understood, where that is not plain. */
static const char *option_hint(int option)
{
	switch (option) {
	case OPT_OBJECTIVE:
		return ": latency, period, throughput or energy";
	case OPT_STRATEGY:
		return ": auto, paper or single";
	case OPT_WEIGHTS:
		return ": three numbers such as 1,0,0.5";
	case OPT_LATENCY_LIMIT:
	case OPT_PERIOD_LIMIT:
		return ": a time such as 50ms";
	case OPT_ENERGY_LIMIT:
		return ": an energy such as 1.5J";
	case OPT_WORK:
	case OPT_DIM:
		return ": a name and a whole number from 1 on, such as batch=8";
	case OPT_BATCH:
	case OPT_IMAGE:
	case OPT_TOKENS:
		return ": a whole number from 1 on";
	default:
		return "";
	}
}

static const char *option_name(int option)
{
	for (const struct option *o = long_options; o->name != NULL; o++)
		if (o->val == option)
			return o->name;
	return "?";
}

static bool look_up_node(const struct hidp_cluster *cluster, const char *option, const char *name,
                         hidp_node_id *out)
{
	if (name == NULL || hidp_cluster_find(cluster, name, out) == HIDP_OK)
		return true;
	complain_place(cluster, option, name);
	return false;
}

/* "LAYER=NODE[/PROCESSOR]": names may contain '=' too, so every one of them is tried. */
static bool look_up_pin(struct request *r, const struct hidp_model *model,
                        const struct hidp_cluster *cluster, size_t i)
{
	const char *item = r->pins.items[i];
	char layer[HIDP_NAME_MAX + 1];
	bool found = false;
	for (const char *e = strchr(item, '='); e != NULL; e = strchr(e + 1, '=')) {
		size_t length = (size_t)(e - item);
		if (length >= sizeof layer)
			break;
		memcpy(layer, item, length);
		layer[length] = '\0';
		if (hidp_model_find(model, layer, &r->pin_layers[i]) != HIDP_OK)
			continue;
		found = true;
		if (find_place(cluster, e + 1, &r->pin_nodes[i], &r->pin_processors[i]))
			return true;
	}
	if (found)
		complain_place(cluster, "pin", item);
	else
		complain("--pin %s: wanted LAYER=NODE[/PROCESSOR], a layer of the model", item);
	return false;
}

/* Looks up everything that has a name. */
static bool look_up(struct request *r, const struct hidp_model *model,
                    const struct hidp_cluster *cluster)
{
	struct hidp_plan_options *o = &r->options;
	if (!look_up_node(cluster, "leader", r->leader, &o->leader) ||
	    !look_up_node(cluster, "input", r->input, &o->input_node) ||
	    !look_up_node(cluster, "output", r->output, &o->output_node))
		return false;
	if (r->input != NULL)
		o->flags |= HIDP_PLAN_INPUT_AT;
	if (r->output != NULL)
		o->flags |= HIDP_PLAN_OUTPUT_AT;
	for (size_t i = 0; i < r->pins.count; i++)
		if (!look_up_pin(r, model, cluster, i))
			return false;
	for (size_t i = 0; i < r->excluded.count; i++) {
		if (!find_place(cluster, r->excluded.items[i], &r->excluded_nodes[i],
		                &r->excluded_processors[i])) {
			complain_place(cluster, "exclude", r->excluded.items[i]);
			return false;
		}
	}
	o->pin_count = r->pins.count;
	o->pin_layers = r->pin_layers;
	o->pin_nodes = r->pin_nodes;
	o->pin_processors = r->pin_processors;
	o->excluded_count = r->excluded.count;
	o->excluded_nodes = r->excluded_nodes;
	o->excluded_processors = r->excluded_processors;
	return true;
}

static int plan_it(struct request *r, struct hidp_context *context)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster = NULL;
	struct hidp_cost *cost = NULL;
	struct hidp_plan *plan = NULL;
	int rc = CLI_FAILURE;
	struct loaded_model loaded;
	if (load_model(context, &r->model, &loaded))
		cluster = load_cluster(context, r->cluster, r->boards);
	const struct hidp_model *model = loaded.model;
	if (cluster != NULL && apply_loads(&cluster, r->loads.items, r->loads.count) &&
	    look_up(r, model, cluster) && load_costs(model, cluster, &r->costs, &cost)) {
		hidp_status s = hidp_plan(model, cluster, cost, &r->options, &plan, &said);
		if (s == HIDP_OK)
			rc = write_outputs(plan, &r->outputs);
		else
			complain_status("no plan", s, &said);
	}
	hidp_plan_unref(plan);
	hidp_cost_unref(cost);
	hidp_cluster_unref(cluster);
	free_model(&loaded);
	return rc;
}

int cmd_plan(int argc, char **argv)
{
	static struct request r; /* a few kilobytes of names */
	struct hidp_context *context;
	int option;
	hidp_plan_options_init(&r.options, sizeof r.options);
	while ((option = getopt_long(argc, argv, "hq", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage_plan, stdout);
			return CLI_OK;
		}
		if (option == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
		if (!take_option(&r, option, optarg))
			return complain_usage(argv[0], "--%s %s is not understood%s",
			                      option_name(option), optarg,
			                      option_hint(option));
	}
	if (argc - optind != 2)
		return complain_usage(argv[0], argc - optind < 2
		                                       ? "a model and a cluster are wanted"
		                                       : "too many arguments");
	r.model.name = argv[optind];
	r.cluster = argv[optind + 1];
	if (strcmp(r.model.name, "-") == 0 && strcmp(r.cluster, "-") == 0)
		return complain_usage(argv[0], "only one of them can come from standard input");
	if (hidp_context_new(NULL, &context) != HIDP_OK) {
		complain("out of memory");
		return CLI_FAILURE;
	}
	int rc = plan_it(&r, context);
	hidp_context_unref(context);
	return rc;
}
