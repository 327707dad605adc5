/* SPDX-License-Identifier: MIT */
/* hidp models: the networks of the zoo, and the layers of a model. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "zoo.h"

const char usage_models[] =
	"Usage: hidp models [MODEL] [option]...\n"
	"\n"
	"Lists the networks of the zoo, or the layers of MODEL: a network of the zoo, a JSON\n"
	"file, or - for standard input.\n"
	"\n"
	"  --dtype TYPE          fp32, fp16, bf16, int8      (networks of the zoo)\n"
	"  --no-fuse             every layer stays on its own\n";

static const struct option long_options[] = {
	{"dtype", required_argument, NULL, 'd'},
	{"no-fuse", no_argument, NULL, 'n'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const char *op_word(hidp_op op)
{
	static const char *const words[] = {
		"?",          "input",        "conv",        "dense",      "matmul",
		"max_pool",   "average_pool", "global_pool", "activation", "binary",
		"concat",     "slice",        "pad",         "resize",     "batch_norm",
		"layer_norm", "softmax",      "attention",   "reshape",    "flatten",
		"transpose",  "custom",
	};
	return op < sizeof words / sizeof *words ? words[op] : words[0];
}

static struct hidp_layer_info layer_info(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	hidp_model_layer(model, layer, &info);
	return info;
}

struct totals {
	double macs, parameters, weight_bytes;
};

static double element_bytes(hidp_dtype dtype)
{
	if (dtype == HIDP_DTYPE_FP32)
		return 4;
	return dtype == HIDP_DTYPE_INT8 ? 1 : 2;
}

static struct totals add_up(const struct hidp_model *model)
{
	struct totals sum = {0, 0, 0};
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = layer_info(model, l);
		sum.macs += info.flops / 2;
		sum.parameters += (double)info.weight_bytes / element_bytes(info.dtype);
		sum.weight_bytes += (double)info.weight_bytes;
	}
	return sum;
}

static int list_models(struct hidp_context *context, const struct model_request *request)
{
	printf("%-18s %6s  %8s  %10s  %s\n", "network", "layers", "MACs", "parameters", "input");
	for (size_t i = 0; i < zoo_count(); i++) {
		struct model_request one = *request;
		char macs[32], parameters[32];
		one.name = zoo_name(i);
		struct hidp_model *model = load_model(context, &one);
		if (model == NULL)
			return CLI_FAILURE;
		struct totals sum = add_up(model);
		struct hidp_shape in = layer_info(model, 0).shape;
		printf("%-18s %6u  %8s  %10s  %lld x %lld x %lld\n", one.name,
		       hidp_model_layer_count(model), short_count(sum.macs, macs),
		       short_count(sum.parameters, parameters), (long long)in.channels,
		       (long long)in.rows, (long long)in.width);
		hidp_model_unref(model);
	}
	return CLI_OK;
}

static int list_layers(struct hidp_context *context, const struct model_request *request)
{
	struct hidp_model *model = load_model(context, request);
	char macs[32], bytes[32], shape[96];
	size_t width = 5;
	if (model == NULL)
		return CLI_FAILURE;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		size_t n = strlen(layer_info(model, l).name);
		width = n > width ? n : width;
	}
	width = width < 40 ? width : 40;
	printf("%5s  %-*s  %-12s  %5s  %-18s  %8s  %8s\n", "", (int)width, "layer", "op", "parts",
	       "output", "MACs", "weights");
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = layer_info(model, l);
		struct hidp_shape s = info.shape;
		int n = 0;
		if (s.batch != 1)
			n = snprintf(shape, sizeof shape, "%lld x ", (long long)s.batch);
		snprintf(shape + n, sizeof shape - (size_t)n, "%lld x %lld x %lld",
		         (long long)s.channels, (long long)s.rows, (long long)s.width);
		printf("%5u  %-*s  %-12s  %5u  %-18s  %8s  %7sB\n", l, (int)width, info.name,
		       op_word(info.op), info.part_count, shape, short_count(info.flops / 2, macs),
		       short_count((double)info.weight_bytes, bytes));
	}
	struct totals sum = add_up(model);
	printf("%s: %u layers, %s MACs, ", hidp_model_name(model), hidp_model_layer_count(model),
	       short_count(sum.macs, macs));
	printf("%s parameters, ", short_count(sum.parameters, macs));
	printf("%sB of weights\n", short_count(sum.weight_bytes, bytes));
	hidp_model_unref(model);
	return CLI_OK;
}

int cmd_models(int argc, char **argv)
{
	struct model_request request = {.name = NULL};
	struct hidp_context *context;
	int option;
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage_models, stdout);
			return CLI_OK;
		}
		if (option == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
		if (option == 'd')
			request.dtype = optarg;
		else
			request.flags |= HIDP_MODEL_KEEP_UNFUSED;
	}
	if (argc - optind > 1)
		return complain_usage(argv[0], "too many arguments");
	if (hidp_context_new(NULL, &context) != HIDP_OK) {
		complain("out of memory");
		return CLI_FAILURE;
	}
	request.name = argv[optind];
	int rc = request.name != NULL ? list_layers(context, &request)
	                              : list_models(context, &request);
	hidp_context_unref(context);
	return rc;
}
