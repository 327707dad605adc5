/* SPDX-License-Identifier: MIT */
#include "plans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const plan_names[] = {"one-node", "split", "pipeline", "branch", "replica",
                                  "hostile",  "many",  "wide",     "copies", NULL};

/* Everything here works or the program ends: the plans are fixed. */
static struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;

static void must(hidp_status status)
{
	if (status == HIDP_OK)
		return;
	fprintf(stderr, "%s: %s: %s\n", hidp_status_string(status), diag.subject, diag.message);
	exit(1);
}

struct making {
	struct hidp_context *context;
	struct hidp_model_builder *layers;
	struct hidp_cluster_builder *nodes;
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_plan_builder *plan;
	hidp_layer_id last; /* layer added last */
};

static void begin(struct making *m, const char *model)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	options.name = model;
	must(hidp_context_new(NULL, &m->context));
	must(hidp_model_builder_new(m->context, &options, &m->layers));
	must(hidp_cluster_builder_new(m->context, &m->nodes));
}

static hidp_layer_id add_layer(struct making *m, const struct hidp_layer_desc *desc)
{
	must(hidp_model_builder_add(m->layers, desc, &m->last, &diag));
	return m->last;
}

static hidp_layer_id input(struct making *m, int64_t channels, int64_t size)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	d.name = "image";
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, channels, size, size};
	return add_layer(m, &d);
}

static hidp_layer_id conv(struct making *m, const char *name, hidp_layer_id from, int64_t channels,
                          int64_t kernel, int64_t stride)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	d.name = name;
	d.op = HIDP_OP_CONV;
	d.inputs = &from;
	d.input_count = 1;
	d.out_channels = channels;
	d.kernel[0] = d.kernel[1] = kernel;
	d.stride[0] = d.stride[1] = stride;
	for (int i = 0; i < 4; i++)
		d.pad[i] = kernel / 2;
	return add_layer(m, &d);
}

static hidp_layer_id dense(struct making *m, const char *name, hidp_layer_id from, int64_t channels)
{
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	d.op = HIDP_OP_GLOBAL_POOL;
	d.inputs = &from;
	d.input_count = 1;
	hidp_layer_id pooled = add_layer(m, &d);
	d = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
	d.name = name;
	d.op = HIDP_OP_DENSE;
	d.inputs = &pooled;
	d.input_count = 1;
	d.out_channels = channels;
	return add_layer(m, &d);
}

/* A convolutional network that halves its image every `depth` layers. */
static void chain(struct making *m, int blocks, int depth, int64_t size)
{
	int64_t channels = 64;
	char name[32];
	input(m, 3, size);
	conv(m, "stem", m->last, channels, 7, 2);
	for (int b = 0; b < blocks; b++) {
		for (int i = 0; i < depth; i++) {
			snprintf(name, sizeof name, "conv%d_%d", b + 2, i + 1);
			conv(m, name, m->last, channels, 3, i == 0 && b != 0 ? 2 : 1);
		}
		channels *= 2;
	}
	dense(m, "classes", m->last, 1000);
}

static hidp_node_id node(struct making *m, const char *name, uint64_t memory, double idle_w)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	hidp_node_id id;
	d.name = name;
	d.memory_bytes = memory;
	d.memory_bandwidth_Bps = 30e9;
	d.sync_s = 40e-6;
	d.power_idle_w = idle_w;
	d.power_transmit_w = 0.8;
	d.power_receive_w = 0.6;
	must(hidp_cluster_builder_add_node(m->nodes, &d, &id, &diag));
	return id;
}

static void processor(struct making *m, hidp_node_id on, const char *name, hidp_processor_kind kind,
                      double gflops, double overhead_s)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	d.name = name;
	d.kind = kind;
	for (uint32_t c = 1; c < HIDP_CLASS_COUNT; c++) {
		d.rate_flops[c] = gflops * 1e9;
		d.bandwidth_Bps[c] = 10e9;
	}
	d.overhead_s = overhead_s;
	d.power_active_w = gflops / 30;
	must(hidp_cluster_builder_add_processor(m->nodes, on, &d, NULL, &diag));
}

/* A GPU with memory of its own, behind a bus. */
static void graphics_card(struct making *m, hidp_node_id on, double gflops, double bus_Bps)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	d.name = "card";
	d.kind = HIDP_PROCESSOR_GPU;
	for (uint32_t c = 1; c < HIDP_CLASS_COUNT; c++) {
		d.rate_flops[c] = gflops * 1e9;
		d.bandwidth_Bps[c] = 100e9;
	}
	d.overhead_s = 60e-6;
	d.power_active_w = 60;
	d.memory_bytes = UINT64_C(4000000000);
	d.copy_bandwidth_Bps = bus_Bps;
	must(hidp_cluster_builder_add_processor(m->nodes, on, &d, NULL, &diag));
}

static void link_all(struct making *m, double bandwidth_Bps, double latency_s, const char *medium)
{
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	d.bandwidth_Bps = bandwidth_Bps;
	d.latency_s = latency_s;
	if (medium != NULL)
		must(hidp_cluster_builder_add_medium(m->nodes, medium, &d.medium, &diag));
	must(hidp_cluster_builder_link_all(m->nodes, &d, &diag));
}

/* A Jetson-like, a Pi-like: a node with a GPU and a CPU, and one with a CPU. */
static hidp_node_id jetson(struct making *m, const char *name, double gpu_gflops)
{
	hidp_node_id n = node(m, name, UINT64_C(8000000000), 4);
	processor(m, n, "gpu", HIDP_PROCESSOR_GPU, gpu_gflops, 60e-6);
	processor(m, n, "cpu", HIDP_PROCESSOR_CPU, gpu_gflops / 3, 15e-6);
	return n;
}

static hidp_node_id pi(struct making *m, const char *name, double gflops)
{
	hidp_node_id n = node(m, name, UINT64_C(4000000000), 2.5);
	processor(m, n, "cpu", HIDP_PROCESSOR_CPU, gflops, 20e-6);
	return n;
}

static void sealed(struct making *m, const struct hidp_plan_options *options)
{
	must(hidp_model_builder_seal(m->layers, &m->model, &diag));
	must(hidp_cluster_builder_seal(m->nodes, &m->cluster, &diag));
	must(hidp_plan_builder_new(m->model, m->cluster, NULL, options, &m->plan, &diag));
}

static uint32_t layer_count(const struct making *m)
{
	return hidp_model_layer_count(m->model);
}

static int64_t rows_of(const struct making *m, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	must(hidp_model_layer(m->model, layer, &info));
	return info.shape.rows;
}

static void stage(struct making *m, hidp_stage_kind kind, uint32_t layers, int64_t units)
{
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	d.kind = kind;
	d.layer_count = layers;
	d.row_units = units;
	must(hidp_plan_builder_add_stage(m->plan, &d, &diag));
}

static void share(struct making *m, hidp_node_id on, int64_t begin, int64_t end, double fraction)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	d.node = on;
	d.row_begin = begin;
	d.row_end = end;
	d.fraction = fraction;
	must(hidp_plan_builder_add_share(m->plan, &d, &diag));
}

static void branch_share(struct making *m, hidp_node_id on, const hidp_layer_id *layers,
                         uint32_t count)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	d.node = on;
	d.layers = layers;
	d.layer_count = count;
	must(hidp_plan_builder_add_share(m->plan, &d, &diag));
}

static void step(struct making *m, hidp_step_kind kind, uint32_t layers)
{
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	d.kind = kind;
	d.layer_count = layers;
	must(hidp_plan_builder_add_step(m->plan, &d, &diag));
}

static void slice(struct making *m, hidp_processor_id on, int64_t begin, int64_t end)
{
	struct hidp_slice_desc d = HIDP_SLICE_DESC_INIT;
	d.processor = on;
	d.begin = begin;
	d.end = end;
	must(hidp_plan_builder_add_slice(m->plan, &d, &diag));
}

static void single(struct making *m, uint32_t layers, hidp_processor_id on)
{
	step(m, HIDP_STEP_SINGLE, layers);
	slice(m, on, 0, 0);
}

/* Rows [begin, end) of the step's last layer; processor 0 gets the first three quarters. */
static void rows(struct making *m, uint32_t layers, int64_t begin, int64_t end)
{
	int64_t cut = begin + (end - begin) * 3 / 4;
	step(m, HIDP_STEP_ROWS, layers);
	slice(m, 0, begin, cut);
	slice(m, 1, cut, end);
}

static void clean_up(struct making *m)
{
	hidp_plan_builder_destroy(m->plan);
	hidp_model_builder_destroy(m->layers);
	hidp_cluster_builder_destroy(m->nodes);
	hidp_model_unref(m->model);
	hidp_cluster_unref(m->cluster);
	hidp_context_unref(m->context);
}

static struct hidp_plan *finish(struct making *m)
{
	struct hidp_plan *plan = NULL;
	must(hidp_plan_builder_seal(m->plan, &plan, &diag));
	clean_up(m);
	return plan;
}

/* A GPU and a CPU share the rows of early layers, then the channels of late ones. */
static struct hidp_plan *one_node(void)
{
	struct making m;
	begin(&m, "demo-cnn");
	chain(&m, 4, 4, 224);
	jetson(&m, "orin", 300);
	sealed(&m, NULL);
	stage(&m, HIDP_STAGE_SINGLE, layer_count(&m), 0);
	share(&m, 0, 0, 0, 0);
	rows(&m, 1, 0, 112);
	for (hidp_layer_id l = 2; l + 6 < layer_count(&m); l += 3)
		rows(&m, 3, 0, rows_of(&m, l + 2));
	for (int i = 0; i < 4; i++) {
		step(&m, HIDP_STEP_CHANNELS, 1);
		slice(&m, 0, 0, 384);
		slice(&m, 1, 384, 512);
	}
	single(&m, 1, 1);
	single(&m, 1, 1);
	return finish(&m);
}

/* Four nodes share the rows; the halo is exchanged between the split stages. */
static struct hidp_plan *split(void)
{
	struct making m;
	const int64_t cuts[] = {0, 58, 80, 102, 112};
	begin(&m, "demo-cnn");
	chain(&m, 4, 4, 224);
	pi(&m, "pi5", 60);
	jetson(&m, "orin", 300);
	jetson(&m, "tx2", 120);
	jetson(&m, "nano", 90);
	pi(&m, "pi4", 12);
	link_all(&m, 118e6, 200e-6, NULL);
	sealed(&m, NULL);
	const hidp_node_id order[] = {1, 2, 3, 0};
	const uint32_t layers[] = {4, 4, 4};
	for (uint32_t s = 0; s < 3; s++) {
		stage(&m, HIDP_STAGE_SPLIT, layers[s] + (s == 0), 112);
		for (uint32_t k = 0; k < 4; k++) {
			share(&m, order[k], cuts[k], cuts[k + 1], 0);
			single(&m, 1, 0);
			single(&m, layers[s] - 1, 0);
		}
	}
	stage(&m, HIDP_STAGE_SINGLE, layer_count(&m) - 13, 0);
	share(&m, 1, 0, 0, 0);
	single(&m, layer_count(&m) - 14, 0);
	single(&m, 1, 1);
	return finish(&m);
}

/* Three nodes one after another, for a stream of requests. */
static struct hidp_plan *pipeline(void)
{
	struct making m;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.objective = HIDP_OBJECTIVE_PERIOD;
	begin(&m, "demo-cnn");
	chain(&m, 4, 4, 224);
	pi(&m, "pi5", 60);
	jetson(&m, "tx2", 120);
	jetson(&m, "orin", 300);
	link_all(&m, 118e6, 200e-6, NULL);
	sealed(&m, &options);
	stage(&m, HIDP_STAGE_SINGLE, 3, 0);
	share(&m, 0, 0, 0, 0);
	single(&m, 2, 0);
	stage(&m, HIDP_STAGE_SINGLE, 5, 0);
	share(&m, 1, 0, 0, 0);
	rows(&m, 2, 0, rows_of(&m, 4));
	single(&m, 3, 0);
	stage(&m, HIDP_STAGE_SINGLE, layer_count(&m) - 8, 0);
	share(&m, 2, 0, 0, 0);
	single(&m, layer_count(&m) - 8, 0);
	return finish(&m);
}

/* Inception-like: two branches of a block on another node, over Wi-Fi. */
static struct hidp_plan *branch(void)
{
	struct making m;
	begin(&m, "demo-inception");
	input(&m, 3, 112);
	hidp_layer_id stem = conv(&m, "stem", m.last, 64, 3, 2);
	hidp_layer_id ends[3];
	ends[0] = conv(&m, "1x1", stem, 64, 1, 1);
	conv(&m, "3x3_reduce", stem, 64, 1, 1);
	ends[1] = conv(&m, "3x3", m.last, 256, 3, 1);
	conv(&m, "5x5_reduce", stem, 48, 1, 1);
	ends[2] = conv(&m, "5x5", m.last, 192, 5, 1);
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	d.name = "concat";
	d.op = HIDP_OP_CONCAT;
	d.inputs = ends;
	d.input_count = 3;
	d.axis = HIDP_AXIS_CHANNELS;
	add_layer(&m, &d);
	dense(&m, "classes", m.last, 1000);
	jetson(&m, "tx2", 60);
	jetson(&m, "nano", 45);
	link_all(&m, 30e6, 1e-3, "wifi");
	sealed(&m, NULL);
	stage(&m, HIDP_STAGE_SINGLE, 2, 0);
	share(&m, 0, 0, 0, 0);
	rows(&m, 1, 0, 56);
	stage(&m, HIDP_STAGE_BRANCH, 5, 0);
	const hidp_layer_id here[] = {2, 3, 4}, there[] = {5, 6};
	branch_share(&m, 0, here, 3);
	step(&m, HIDP_STEP_BRANCH, 3);
	struct hidp_slice_desc s = HIDP_SLICE_DESC_INIT;
	s.processor = 0;
	s.layers = here + 1;
	s.layer_count = 2;
	must(hidp_plan_builder_add_slice(m.plan, &s, &diag));
	s.processor = 1;
	s.layers = here;
	s.layer_count = 1;
	must(hidp_plan_builder_add_slice(m.plan, &s, &diag));
	branch_share(&m, 1, there, 2);
	single(&m, 1, 1);
	single(&m, 1, 0);
	stage(&m, HIDP_STAGE_SINGLE, 3, 0);
	share(&m, 0, 0, 0, 0);
	single(&m, 3, 0);
	return finish(&m);
}

/* A stream whose second half is dealt to three nodes. */
static struct hidp_plan *replica(void)
{
	struct making m;
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.flags = HIDP_PLAN_STREAM;
	options.latency_limit_s = 10;
	options.objective = HIDP_OBJECTIVE_ENERGY;
	begin(&m, "demo-cnn");
	chain(&m, 4, 3, 224);
	jetson(&m, "orin", 300);
	jetson(&m, "tx2", 120);
	jetson(&m, "nano", 90);
	link_all(&m, 118e6, 200e-6, NULL);
	sealed(&m, &options);
	stage(&m, HIDP_STAGE_SINGLE, 5, 0);
	share(&m, 0, 0, 0, 0);
	rows(&m, 4, 0, rows_of(&m, 4));
	stage(&m, HIDP_STAGE_REPLICA, layer_count(&m) - 5, 0);
	const double fractions[] = {0.25, 0.4, 0.35};
	for (hidp_node_id n = 0; n < 3; n++) {
		share(&m, n, 0, 0, fractions[n]);
		single(&m, layer_count(&m) - 7, 0);
		single(&m, 2, 1);
	}
	return finish(&m);
}

/* Names that a careless writer would put into the document as they are. */
static struct hidp_plan *hostile(void)
{
	struct making m;
	begin(&m, "<a>&\"'\\ ]]> \xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9c");
	input(&m, 3, 32);
	conv(&m, "</text><script>alert(1)</script>", m.last, 16, 3, 1);
	conv(&m, "tab\there\nand \x1b[31mred\x07", m.last, 16, 3, 1);
	conv(&m, "broken \xff\xc3( \xed\xa0\x80 \xf5\x80\x80\x80 \xc0\xaf", m.last, 16, 3, 1);
	conv(&m,
	     "a_very_long_name_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on_"
	     "until_it_would_break_any_table_that_does_not_shorten_it_somewhere_in_the_middle",
	     m.last, 16, 3, 1);
	conv(&m, "\xd0\xb8\xd0\xbc\xd1\x8f \xe5\x90\x8d\xe5\x89\x8d", m.last, 16, 3, 1);
	hidp_node_id n = node(&m, "<a>&\"'", 0, 1);
	processor(&m, n, "\"}]}", HIDP_PROCESSOR_CPU, 10, 0);
	processor(&m, n, "--><!--", HIDP_PROCESSOR_GPU, 10, 0);
	n = node(&m, "%s%n\\u0000", 1000000000, 1);
	processor(&m, n,
	          "\xe2\x80\xae"
	          "desrever",
	          HIDP_PROCESSOR_NPU, 10, 0);
	link_all(&m, 1e6, 1e-3, "air & <water>");
	sealed(&m, NULL);
	stage(&m, HIDP_STAGE_SINGLE, 3, 0);
	share(&m, 0, 0, 0, 0);
	single(&m, 1, 0);
	rows(&m, 1, 0, 32);
	stage(&m, HIDP_STAGE_SINGLE, 3, 0);
	share(&m, 1, 0, 0, 0);
	single(&m, 3, 0);
	return finish(&m);
}

/* Three hundred layers, each a step of its own, many of them tiny. */
static struct hidp_plan *many(void)
{
	struct making m;
	begin(&m, "deep");
	char name[16];
	chain(&m, 3, 100, 56);
	hidp_node_id orin = jetson(&m, "orin", 300);
	for (int i = 0; i < 8; i++) {
		/* idle ones are left out where there are so many */
		snprintf(name, sizeof name, "spare%d", i);
		processor(&m, orin, name, HIDP_PROCESSOR_CPU, 10, 15e-6);
	}
	pi(&m, "pi5", 60);
	link_all(&m, 118e6, 200e-6, NULL);
	sealed(&m, NULL);
	stage(&m, HIDP_STAGE_SINGLE, layer_count(&m), 0);
	share(&m, 0, 0, 0, 0);
	for (hidp_layer_id l = 1; l < layer_count(&m); l++) {
		int64_t r = rows_of(&m, l);
		if (r >= 7 && l % 5 != 0)
			rows(&m, 1, 0, r);
		else
			single(&m, 1, l % 5 == 0 && l % 2 == 0);
	}
	return finish(&m);
}

/* One stage divided over twelve nodes, and two that have nothing to do. */
static struct hidp_plan *wide(void)
{
	struct making m;
	char name[32];
	begin(&m, "demo-cnn");
	chain(&m, 4, 4, 224);
	for (int n = 0; n < 14; n++) {
		snprintf(name, sizeof name, "camera-%02d.example.org", n);
		jetson(&m, name, 60);
	}
	link_all(&m, 118e6, 200e-6, NULL);
	sealed(&m, NULL);
	stage(&m, HIDP_STAGE_SPLIT, 6, 112);
	for (hidp_node_id n = 0; n < 12; n++) {
		share(&m, n, n * 112 / 12, (n + 1) * 112 / 12, 0);
		single(&m, 2, 0);
		single(&m, 3, 1);
	}
	stage(&m, HIDP_STAGE_SINGLE, layer_count(&m) - 6, 0);
	share(&m, 0, 0, 0, 0);
	/* in so many ways that the table needs a second line */
	rows(&m, 2, 0, rows_of(&m, 7));
	rows(&m, 2, 0, rows_of(&m, 9));
	step(&m, HIDP_STEP_CHANNELS, 1);
	slice(&m, 0, 0, 128);
	slice(&m, 1, 128, 256);
	single(&m, layer_count(&m) - 12, 0);
	single(&m, 1, 1);
	return finish(&m);
}

/* A graphics card that copies in, out for the CPU's sake, and out at the end of a stage. */
static struct hidp_plan *copies(void)
{
	struct making m;
	begin(&m, "demo-cnn");
	chain(&m, 3, 3, 224);
	hidp_node_id pc = node(&m, "pc", UINT64_C(16000000000), 20);
	processor(&m, pc, "cpu", HIDP_PROCESSOR_CPU, 150, 10e-6);
	graphics_card(&m, pc, 1000, 3e9);
	pi(&m, "pi5", 60);
	link_all(&m, 118e6, 200e-6, NULL);
	sealed(&m, NULL);
	stage(&m, HIDP_STAGE_SINGLE, 8, 0);
	share(&m, pc, 0, 0, 0);
	single(&m, 2, 1);
	step(&m, HIDP_STEP_ROWS, 1);
	slice(&m, 1, 0, 80);
	slice(&m, 0, 80, 112);
	single(&m, 4, 1);
	stage(&m, HIDP_STAGE_SINGLE, layer_count(&m) - 8, 0);
	share(&m, 1, 0, 0, 0);
	single(&m, layer_count(&m) - 8, 0);
	return finish(&m);
}

/* A small network for the planner, small enough for it to prove what is best. */
static struct hidp_plan *planned(hidp_objective objective)
{
	struct hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	struct making m;
	struct hidp_plan *plan;
	begin(&m, "tiny-cnn");
	input(&m, 3, 32);
	conv(&m, "stem", m.last, 64, 3, 1);
	conv(&m, "body", m.last, 64, 3, 2);
	dense(&m, "classes", m.last, 10);
	pi(&m, "pi4", 20);
	pi(&m, "pi5", 60);
	jetson(&m, "orin", 900);
	link_all(&m, 118e6, 200e-6, NULL);
	sealed(&m, NULL);
	options.objective = objective;
	if (objective == HIDP_OBJECTIVE_ENERGY)
		options.latency_limit_s = 3e-3;
	must(hidp_plan(m.model, m.cluster, NULL, &options, &plan, &diag));
	clean_up(&m);
	return plan;
}

struct hidp_plan *make_plan(const char *name)
{
	if (strcmp(name, "planned-latency") == 0)
		return planned(HIDP_OBJECTIVE_LATENCY);
	if (strcmp(name, "planned-energy") == 0)
		return planned(HIDP_OBJECTIVE_ENERGY);
	static struct hidp_plan *(*const makers[])(void) = {
		one_node, split, pipeline, branch, replica, hostile, many, wide, copies};
	for (size_t i = 0; plan_names[i] != NULL; i++)
		if (strcmp(plan_names[i], name) == 0)
			return makers[i]();
	fprintf(stderr, "there is no plan %s\n", name);
	return NULL;
}
