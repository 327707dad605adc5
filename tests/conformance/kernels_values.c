/* SPDX-License-Identifier: MIT */
/* Values that are known beforehand, at the ends and the jumps of functions. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels_priv.h"
#include "run_programs.h"

#define VALUES 6

/* A layer of six elements in a row, and what it makes of them. */
struct values {
	const char *what;
	struct hidp_layer_desc desc;
	float in[VALUES], out[VALUES];
};

#define ACTIVATION(name, a, b)                                                                     \
	{                                                                                          \
		.op = HIDP_OP_ACTIVATION, .function = HIDP_ACTIVATION_##name, .alpha = a,          \
		.beta = b                                                                          \
	}

static const struct values cases[] = {
	{"exp",
         ACTIVATION(EXP, 0, 0),
         {0, 1, -1, 0, 0, 0},
         {1, 2.718281828f, 0.3678794412f, 1, 1, 1}},
	{"log",
         ACTIVATION(LOG, 0, 0),
         {1, 2.718281828f, 4, 1, 1, 1},
         {0, 1, 1.386294361f, 0, 0, 0}},
	{"sqrt", ACTIVATION(SQRT, 0, 0), {0, 1, 2.25f, 9, 0.25f, 4}, {0, 1, 1.5f, 3, 0.5f, 2}},
	{"abs", ACTIVATION(ABS, 0, 0), {0, -1.5f, 1.5f, -7, 7, 3}, {0, 1.5f, 1.5f, 7, 7, 3}},
	{"erf",
         ACTIVATION(ERF, 0, 0),
         {0, 0.5f, -0.5f, 9, -9, 0},
         {0, 0.5204998778f, -0.5204998778f, 1, -1, 0}},
	{"linear", ACTIVATION(LINEAR, 2, -3), {0, 1, -1, 2, 3, 4}, {-3, -1, -5, 1, 3, 5}},
	{"a constant", ACTIVATION(LINEAR, 0, 0), {0, 1, -1, 2, 3, 4}, {0, 0, 0, 0, 0, 0}},
	{"cube", ACTIVATION(POWER, 3, 0), {0, 1, -1, 2, -2, 3}, {0, 1, -1, 8, -8, 27}},
	{"fourth power", ACTIVATION(POWER, 4, 0), {0, 1, -1, 2, -2, 3}, {0, 1, 1, 16, 16, 81}},
	{"fifth power", ACTIVATION(POWER, 5, 0), {0, 1, -1, 2, -2, 3}, {0, 1, -1, 32, -32, 243}},
	{"power of -3",
         ACTIVATION(POWER, -3, 0),
         {1, 2, -1, -2, 4, 0.5f},
         {1, 0.125f, -1, -0.125f, 0.015625f, 8}},
	{"power of 1.5",
         ACTIVATION(POWER, 1.5, 0),
         {0, 1, 4, 9, 0.25f, 16},
         {0, 1, 8, 27, 0.125f, 64}},
	{"power of 0", ACTIVATION(POWER, 0, 0), {0, 1, 4, -9, 0.25f, 16}, {1, 1, 1, 1, 1, 1}},
	{"reciprocal",
         ACTIVATION(RECIPROCAL, 0, 0),
         {1, -1, 2, -4, 0.125f, 5},
         {1, -1, 0.5f, -0.25f, 8, 0.2f}},
	{"sign", ACTIVATION(SIGN, 0, 0), {0, 1e-30f, -1e-30f, 5, -5, 0}, {0, 1, -1, 1, -1, 0}},
	{"floor", ACTIVATION(FLOOR, 0, 0), {0, 0.5f, -0.5f, 2, -2, -1.01f}, {0, 0, -1, 2, -2, -2}},
	{"ceil", ACTIVATION(CEIL, 0, 0), {0, 0.5f, -0.5f, 2, -2, 1.01f}, {0, 1, 0, 2, -2, 2}},
	{"round",
         ACTIVATION(ROUND, 0, 0),
         {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 0.51f},
         {0, 2, 2, 0, -2, 1}},
	{"sin",
         ACTIVATION(SIN, 0, 0),
         {0, 1, -1, 100, 0, 0},
         {0, 0.8414709848f, -0.8414709848f, -0.5063656411f, 0, 0}},
	{"cos",
         ACTIVATION(COS, 0, 0),
         {0, 1, -1, 100, 0, 0},
         {1, 0.5403023059f, 0.5403023059f, 0.8623188723f, 1, 1}},
	{"softsign",
         ACTIVATION(SOFTSIGN, 0, 0),
         {0, 1, -1, 3, -3, 7},
         {0, 0.5f, -0.5f, 0.75f, -0.75f, 0.875f}},
};

/* An input, and a layer behind it. */
static struct hidp_model *new_model(struct hidp_context *context, struct hidp_shape shape,
                                    struct hidp_layer_desc layer)
{
	struct hidp_layer_desc input = HIDP_LAYER_DESC_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model_builder *builder;
	struct hidp_model *model;
	hidp_layer_id id;
	input.op = HIDP_OP_INPUT;
	input.shape = shape;
	layer.struct_size = sizeof layer;
	layer.inputs = &id;
	layer.input_count = 1;
	support_must(hidp_model_builder_new(context, NULL, &builder), NULL, "builder");
	support_must(hidp_model_builder_add(builder, &input, &id, &diag), &diag, "layer");
	support_must(hidp_model_builder_add(builder, &layer, NULL, &diag), &diag, "layer");
	support_must(hidp_model_builder_seal(builder, &model, &diag), &diag, "model");
	hidp_model_builder_destroy(builder);
	return model;
}

/* Computes the model once; false: it could not be prepared, and that is said. [layer] */
static bool run_model(struct problem *p, float **tensors, hidp_status *status_out)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	struct runner *runner;
	support_must(runner_whole_plan(p->in.model, p->in.cluster, &plan, &d), &d, "plan");
	hidp_status s = runner_new(plan, 0, p->plugin->table(), p->object, &runner, &d);
	hidp_plan_unref(plan);
	if (s != HIDP_OK) {
		WRONG(p, "%s: %s: %s", hidp_status_string(s), d.subject, d.message);
		return false;
	}
	*status_out = runner_run(runner, tensors, RUNNER_CHECK, &d);
	runner_free(runner);
	return true;
}

static void run_values(struct problem *p, const void *what)
{
	const struct values *v = what;
	float in[VALUES], out[VALUES], *tensors[2] = {in, out};
	hidp_status s;
	memcpy(in, v->in, sizeof in);
	if (!run_model(p, tensors, &s))
		return;
	if (s != HIDP_OK)
		WRONG(p, "%s: %s", v->what, hidp_status_string(s));
	for (int i = 0; i < VALUES && !p->failed; i++) {
		const float allowed = (float)p->plugin->tolerance * (1 + fabsf(v->out[i]));
		if (!(fabsf(out[i] - v->out[i]) <= allowed))
			WRONG(p, "%s of %.9g is %.9g, not %.9g", v->what, (double)v->in[i],
			      (double)out[i], (double)v->out[i]);
	}
}

#define ENTRIES 4
#define FEATURES 3

/* Entries of a table, also from its end; other numbers fail. */
static void run_look_up(struct problem *p, const void *what)
{
	static const float bad[] = {ENTRIES, -ENTRIES - 1, 0.5f,      -0.5f, 1e30f,
	                            -1e30f,  INFINITY,     -INFINITY, NAN};
	float in[VALUES] = {0, 3, -1, -4, 1, -0.0f}, out[VALUES * FEATURES];
	float *tensors[2] = {in, out};
	const void *table;
	size_t count;
	hidp_status s;
	(void)what;
	support_must(zoo_weights_table()->get(p->weights, 1, 0, HIDP_WEIGHT_KERNEL, &table, &count),
	             NULL, "the table");
	const float *entries = table;
	if (!run_model(p, tensors, &s))
		return;
	for (int i = 0; i < VALUES && s == HIDP_OK; i++) {
		int entry = (int)in[i] + (in[i] < 0 ? ENTRIES : 0);
		if (memcmp(out + i * FEATURES, entries + entry * FEATURES,
		           FEATURES * sizeof *out) != 0)
			WRONG(p, "entry %g is another one", (double)in[i]);
	}
	if (s != HIDP_OK)
		WRONG(p, "looking up: %s", hidp_status_string(s));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		in[VALUES - 1] = bad[i];
		if (run_model(p, tensors, &s) && s != HIDP_ERR_ARGUMENT)
			WRONG(p, "entry %g: %s", (double)bad[i], hidp_status_string(s));
	}
}

/* Attention of six rows of one channel, Q, K and V at once, with a mask. */
static struct hidp_model *new_masked(struct hidp_context *context)
{
	const hidp_layer_id inputs[4] = {0, 0, 0, 1};
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model_builder *builder;
	struct hidp_model *model;
	support_must(hidp_model_builder_new(context, NULL, &builder), NULL, "builder");
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, 1, VALUES, 1};
	support_must(hidp_model_builder_add(builder, &d, NULL, &diag), &diag, "input");
	d.shape = (struct hidp_shape){1, VALUES, VALUES, 1};
	support_must(hidp_model_builder_add(builder, &d, NULL, &diag), &diag, "mask");
	d = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
	d.op = HIDP_OP_ATTENTION;
	d.inputs = inputs;
	d.input_count = 4;
	d.alpha = 0.25;
	support_must(hidp_model_builder_add(builder, &d, NULL, &diag), &diag, "attention");
	support_must(hidp_model_builder_seal(builder, &model, &diag), &diag, "model");
	hidp_model_builder_destroy(builder);
	return model;
}

/* A mask hides rows of V; where it hides all, they count alike. */
static void run_mask(struct problem *p, const void *what)
{
	const float values[VALUES] = {1, -2, 4, 8, -3, 6}, low = -INFINITY;
	const float mean = (1 - 2 + 4 + 8 - 3 + 6) / 6.0f;
	/* row 5 weighs the first two by exp(6 * value / 4 + mask) */
	const float first = expf(1.5f + 2), second = expf(-3 + 5);
	const float expected[VALUES] = {mean, mean, mean,
	                                8,    -3,   (first - 2 * second) / (first + second)};
	float in[VALUES], out[VALUES], mask[VALUES * VALUES], *tensors[3] = {in, mask, out};
	hidp_status s;
	(void)what;
	memcpy(in, values, sizeof in);
	for (int i = 0; i < VALUES; i++) {
		mask[i] = low;
		mask[VALUES + i] = -FLT_MAX;
		mask[2 * VALUES + i] = -1e9f;
		mask[3 * VALUES + i] = i == 3 ? 0 : low;
		mask[4 * VALUES + i] = i == 4 ? 0 : -FLT_MAX;
		mask[5 * VALUES + i] = i == 0 ? 2 : i == 1 ? 5 : -1e9f;
	}
	if (!run_model(p, tensors, &s))
		return;
	if (s != HIDP_OK)
		WRONG(p, "masks: %s", hidp_status_string(s));
	for (int i = 0; i < VALUES && !p->failed; i++)
		if (!(fabsf(out[i] - expected[i]) <= (float)p->plugin->tolerance * 10))
			WRONG(p, "mask %d gives %.9g, not %.9g", i, (double)out[i],
			      (double)expected[i]);
}

/* Checks a model, which is released. */
static void check(const struct kernels_plugin *plugin, struct tally *tally,
                  struct hidp_context *context, struct hidp_model *model,
                  void (*run)(struct problem *p, const void *what), const void *what)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct problem p = {
		.plugin = plugin, .tally = tally, .layers = hidp_model_layer_count(model)};
	p.in.model = model;
	support_must(hidp_cluster_from_string(context, "cpu:10", &p.in.cluster, &d), &d, "cluster");
	support_must(zoo_weights_new(p.in.model, 1, &p.weights), NULL, "weights");
	if (problem_begin(&p, zoo_weights_table(), p.weights)) {
		if (problem_is_supported(&p))
			run(&p, what);
		plugin->destroy(p.object);
	}
	zoo_weights_destroy(p.weights);
	hidp_model_unref(p.in.model);
	hidp_cluster_unref(p.in.cluster);
	tally->failures += p.failed;
}

void kernels_values(const struct kernels_plugin *plugin, struct tally *tally,
                    struct hidp_context *context)
{
	const struct hidp_shape row = {1, VALUES, 1, 1}, column = {1, 1, VALUES, 1};
	const struct hidp_layer_desc embedding = {
		.op = HIDP_OP_EMBEDDING, .end = ENTRIES, .out_channels = FEATURES};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check(plugin, tally, context, new_model(context, row, cases[i].desc), run_values,
		      &cases[i]);
	check(plugin, tally, context, new_model(context, column, embedding), run_look_up, NULL);
	check(plugin, tally, context, new_masked(context), run_mask, NULL);
}
