/* SPDX-License-Identifier: MIT */
/* hidp models: the networks of the zoo, and the layers of a model. */
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "models.h"
#include "zoo.h"

const char usage_models[] =
	"Usage: hidp models [MODEL] [option]...\n"
	"\n"
	"Lists the networks of the zoo, or the layers of MODEL: a network of the zoo, an ONNX\n"
	"file, a JSON file, or - for standard input. 'hidp inspect' says more of one.\n"
	"\n"
	"  --dtype TYPE          fp32, fp16, bf16, int8      (networks of the zoo)\n"
	"  --no-fuse             every layer stays on its own\n";

static const struct option long_options[] = {
	{"dtype", required_argument, NULL, 'd'},
	{"no-fuse", no_argument, NULL, 'n'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int list_models(struct hidp_context *context, const struct model_request *request)
{
	printf("%-18s %6s  %8s  %10s  %s\n", "network", "layers", "MACs", "parameters", "input");
	for (size_t i = 0; i < zoo_count(); i++) {
		struct model_request one = *request;
		char macs[32], parameters[32];
		one.name = zoo_name(i);
		struct loaded_model loaded;
		if (!load_model(context, &one, &loaded)) {
			free_model(&loaded);
			return CLI_FAILURE;
		}
		const struct hidp_model *model = loaded.model;
		struct totals sum = add_up(model);
		struct hidp_shape in = layer_info(model, 0).shape;
		printf("%-18s %6u  %8s  %10s  %lld x %lld x %lld\n", one.name,
		       hidp_model_layer_count(model), short_count(sum.macs, macs),
		       short_count(sum.parameters, parameters), (long long)in.channels,
		       (long long)in.rows, (long long)in.width);
		free_model(&loaded);
	}
	return CLI_OK;
}

static void print_layers(const struct hidp_model *model)
{
	char macs[32], bytes[32], shape[96];
	size_t width = 5;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		size_t n = strlen(layer_info(model, l).name);
		width = n > width ? n : width;
	}
	width = width < 40 ? width : 40;
	printf("%5s  %-*s  %-12s  %5s  %-18s  %8s  %8s\n", "", (int)width, "layer", "op", "parts",
	       "output", "MACs", "weights");
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = layer_info(model, l);
		printf("%5u  %-*s  %-12s  %5u  %-18s  %8s  %7sB\n", l, (int)width, info.name,
		       op_word(info.op), info.part_count, dims_text(&info.shape, shape),
		       short_count(info.flops / 2, macs),
		       short_count((double)info.weight_bytes, bytes));
	}
	struct totals sum = add_up(model);
	printf("%s: %u layers, %s MACs, ", hidp_model_name(model), hidp_model_layer_count(model),
	       short_count(sum.macs, macs));
	printf("%s parameters, ", short_count(sum.parameters, macs));
	printf("%sB of weights\n", short_count(sum.weight_bytes, bytes));
}

static int list_layers(struct hidp_context *context, const struct model_request *request)
{
	struct loaded_model loaded;
	bool ok = load_model(context, request, &loaded);
	if (ok)
		print_layers(loaded.model);
	free_model(&loaded);
	return ok ? CLI_OK : CLI_FAILURE;
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
