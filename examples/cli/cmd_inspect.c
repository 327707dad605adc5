/* SPDX-License-Identifier: MIT */
/* hidp inspect: what is in a model. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "layers.h"
#include "models.h"

const char usage_inspect[] =
	"Usage: hidp inspect MODEL [option]...\n"
	"\n"
	"Prints the layers of MODEL as plans see them: what was fused, shapes, work, weights,\n"
	"which rows of the inputs a row of the output needs, and cut points: places where\n"
	"only one tensor crosses (marked with a line). MODEL is a network of the zoo, an ONNX\n"
	"file, a JSON file, or - for JSON from standard input.\n"
	"\n"
	"  --svg FILE            draw the graph (through Graphviz: dot)\n"
	"  --dot FILE            write the graph as Graphviz reads it\n"
	"  --json FILE           write the model, for programs\n"
	"  -q, --quiet           no table\n"
	"\n"
	"  --dtype TYPE          fp32, fp16, bf16, int8      (networks of the zoo)\n" USAGE_MODEL_SIZES
	"  --no-fuse             every layer stays on its own\n";

enum { OPT_DTYPE = OPT_OWN, OPT_DOT, OPT_NO_FUSE };

static const struct option long_options[] = {
	{"svg", required_argument, NULL, OPT_SVG},
	{"dot", required_argument, NULL, OPT_DOT},
	{"json", required_argument, NULL, OPT_JSON},
	{"quiet", no_argument, NULL, 'q'},
	{"dtype", required_argument, NULL, OPT_DTYPE},
	MODEL_SIZE_OPTIONS,
	{"no-fuse", no_argument, NULL, OPT_NO_FUSE},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct request {
	struct model_request model;
	const char *svg, *dot, *json;
	bool quiet;
};

static bool take_option(struct request *r, int option, const char *value)
{
	switch (option) {
	case OPT_SVG:
		r->svg = value;
		return true;
	case OPT_DOT:
		r->dot = value;
		return true;
	case OPT_JSON:
		r->json = value;
		return true;
	case 'q':
		r->quiet = true;
		return true;
	case OPT_DTYPE:
		r->model.dtype = value;
		return true;
	case OPT_NO_FUSE:
		r->model.flags |= HIDP_MODEL_KEEP_UNFUSED;
		return true;
	default:
		return take_model_size(&r->model, option, value);
	}
}

/* "input  image (1, 3, 224, 224) float32" */
static bool print_ports(const struct loaded_model *loaded, bool outputs)
{
	uint32_t count;
	struct port *ports = list_ports(loaded, outputs, &count);
	for (uint32_t i = 0; i < count && ports != NULL; i++) {
		printf("%-7s %s  ", outputs ? "output" : "input", ports[i].name);
		for (uint32_t d = 0; d < ports[i].rank; d++)
			printf("%s%" PRId64, d == 0 ? "" : " x ", ports[i].dims[d]);
		printf("%s%s%s\n", ports[i].rank == 0 ? "" : "  ", number_name(ports[i].type),
		       ports[i].layer != HIDP_LAYER_NONE ? ""
		       : outputs                         ? "  (constant)"
		                                         : "  (not used)");
	}
	free(ports);
	return ports != NULL;
}

static void print_layers(const struct hidp_model *model, const bool *cuts)
{
	uint32_t count = hidp_model_layer_count(model);
	size_t width = 5, op_width = 2;
	char parts[128], dims[96], rows[128], macs[32], bytes[32];
	for (hidp_layer_id l = 0; l < count; l++) {
		size_t name = strlen(layer_info(model, l).name);
		size_t op = strlen(parts_text(model, l, parts));
		width = name > width ? name : width;
		op_width = op > op_width ? op : op_width;
	}
	width = width < 56 ? width : 56;
	printf("\n%5s  %-*s  %-*s  %-18s  %8s  %8s  %s\n", "", (int)width, "layer", (int)op_width,
	       "op", "output", "MACs", "weights", "rows");
	for (hidp_layer_id l = 0; l < count; l++) {
		struct hidp_layer_info info = layer_info(model, l);
		printf("%5u  %-*s  %-*s  %-18s  %8s  %7sB  %s\n", l, (int)width, info.name,
		       (int)op_width, parts_text(model, l, parts), dims_text(&info.shape, dims),
		       short_count(info.flops / 2, macs),
		       short_count((double)info.weight_bytes, bytes), rows_text(model, l, rows));
		if (cuts[l])
			printf("%5s--\n", "");
	}
}

static void print_totals(const struct hidp_model *model, const bool *cuts)
{
	uint32_t count = hidp_model_layer_count(model), cut_count = 0;
	struct totals sum = add_up(model);
	char text[32];
	for (hidp_layer_id l = 0; l < count; l++)
		cut_count += cuts[l];
	printf("\n%s: %u layers, %u cut point%s, ", hidp_model_name(model), count, cut_count,
	       cut_count == 1 ? "" : "s");
	printf("%s MACs, ", short_count(sum.macs, text));
	printf("%s parameters, ", short_count(sum.parameters, text));
	printf("%sB of weights\n", short_count(sum.weight_bytes, text));
}

static bool print_model(const struct loaded_model *loaded)
{
	bool *cuts = find_cuts(loaded->model);
	if (cuts == NULL) {
		complain("out of memory");
		return false;
	}
	bool ok = print_ports(loaded, false) && print_ports(loaded, true);
	if (ok) {
		print_layers(loaded->model, cuts);
		print_totals(loaded->model, cuts);
	}
	free(cuts);
	return ok;
}

static bool write_graph(const struct request *r, const struct hidp_model *model)
{
	size_t length = 0;
	if (r->dot == NULL && r->svg == NULL)
		return true;
	char *text = model_to_dot(model, &length);
	bool ok = text != NULL;
	ok = ok && (r->dot == NULL || write_file(r->dot, text, length));
	ok = ok && (r->svg == NULL || write_svg(r->svg, text, length));
	free(text);
	return ok;
}

static bool write_json(const struct request *r, const struct hidp_model *model)
{
	size_t length = 0;
	if (r->json == NULL)
		return true;
	hidp_status s = hidp_model_to_json(model, NULL, 0, &length);
	char *text = s == HIDP_OK ? malloc(length + 1) : NULL;
	if (text == NULL || (s = hidp_model_to_json(model, text, length + 1, NULL)) != HIDP_OK) {
		complain_status(r->json, s != HIDP_OK ? s : HIDP_ERR_NOMEM, NULL);
		free(text);
		return false;
	}
	bool ok = write_file(r->json, text, length);
	free(text);
	return ok;
}

/* Only one thing can go to standard output. */
static bool taken(const struct request *r)
{
	const char *const files[] = {r->svg, r->dot, r->json};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i] != NULL && strcmp(files[i], "-") == 0)
			return true;
	return false;
}

static int inspect(const struct request *r)
{
	struct hidp_context *context;
	struct loaded_model loaded;
	if (hidp_context_new(NULL, &context) != HIDP_OK) {
		complain("out of memory");
		return CLI_FAILURE;
	}
	bool ok = load_model(context, &r->model, &loaded);
	if (ok && !r->quiet && !taken(r))
		ok = print_model(&loaded);
	ok = ok && write_graph(r, loaded.model) && write_json(r, loaded.model);
	free_model(&loaded);
	hidp_context_unref(context);
	return ok ? CLI_OK : CLI_FAILURE;
}

int cmd_inspect(int argc, char **argv)
{
	static struct request r; /* a few kilobytes of names */
	int option, index = 0;
	while ((option = getopt_long(argc, argv, "hq", long_options, &index)) != -1) {
		if (option == 'h') {
			fputs(usage_inspect, stdout);
			return CLI_OK;
		}
		if (option == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
		if (!take_option(&r, option, optarg))
			return complain_usage(argv[0], "--%s %s is not understood",
			                      long_options[index].name, optarg);
	}
	if (argc - optind != 1)
		return complain_usage(argv[0],
		                      argc == optind ? "a model is wanted" : "too many arguments");
	r.model.name = argv[optind];
	return inspect(&r);
}
