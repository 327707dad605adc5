/* SPDX-License-Identifier: MIT */
/* What kernels must refuse, and how. */
#include <string.h>

#include "kernels_priv.h"
#include "run_programs.h"

bool problem_is_supported(struct problem *p)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	const struct hidp_kernels *k = p->plugin->table();
	for (hidp_layer_id l = 0; l < p->layers; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		(void)hidp_model_layer(p->in.model, l, &info);
		if (info.op == HIDP_OP_INPUT)
			continue;
		hidp_status s = k->supports(p->object, p->in.model, l, &d);
		if (s == HIDP_OK)
			continue;
		if (s != HIDP_ERR_UNSUPPORTED || d.subject[0] == '\0' || d.message[0] == '\0')
			WRONG(p, "supports() says %s, %s: %s", hidp_status_string(s), d.subject,
			      d.message);
		return false;
	}
	return true;
}

void problem_must_be_refused(struct problem *p, hidp_status expected, const char *subject)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan;
	struct runner *runner;
	support_must(runner_whole_plan(p->in.model, p->in.cluster, &plan, &d), &d, "plan");
	hidp_status s = runner_new(plan, 0, p->plugin->table(), p->object, &runner, &d);
	if (s == HIDP_OK)
		runner_free(runner);
	if (s != expected)
		WRONG(p, "prepare() says %s, not %s", hidp_status_string(s),
		      hidp_status_string(expected));
	else if (d.message[0] == '\0' || (subject != NULL && strcmp(d.subject, subject) != 0))
		WRONG(p, "prepare() does not say what is wrong with %s, but: %s: %s",
		      subject != NULL ? subject : "the layer", d.subject, d.message);
	hidp_plan_unref(plan);
}

bool problem_begin(struct problem *p, const struct hidp_weights *weights, void *user_data)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = p->plugin->create(p->in.model, weights, user_data, &p->object, &d);
	if (s != HIDP_OK)
		WRONG(p, "cannot be created: %s: %s: %s", hidp_status_string(s), d.subject,
		      d.message);
	const struct hidp_kernels *k = p->plugin->table();
	if (s == HIDP_OK && k->enter != NULL && (s = k->enter(p->object, 0)) != HIDP_OK)
		WRONG(p, "enter() says %s", hidp_status_string(s));
	return s == HIDP_OK;
}

/* Weights that something is wrong with. */
struct faulty {
	struct zoo_weights *weights;
	hidp_weight_role role; /* of the array */
	hidp_status status;    /* that is returned for it; HIDP_OK: it has one element too few */
};

static hidp_status get_faulty(void *user_data, hidp_layer_id layer, uint32_t part,
                              hidp_weight_role role, const void **data_out, size_t *count_out)
{
	struct faulty *f = user_data;
	if (role == f->role && f->status != HIDP_OK)
		return f->status;
	hidp_status s =
		zoo_weights_table()->get(f->weights, layer, part, role, data_out, count_out);
	if (s == HIDP_OK && role == f->role)
		--*count_out;
	return s;
}

/* A model with every role of weights, of this dtype. */
static struct hidp_model *every_role(struct hidp_context *context, hidp_dtype dtype)
{
	static const hidp_op ops[] = {HIDP_OP_CONV, HIDP_OP_BATCH_NORM, HIDP_OP_BINARY,
	                              HIDP_OP_DENSE, HIDP_OP_LAYER_NORM};
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_model_builder *builder;
	struct hidp_model *model;
	struct hidp_diagnostic diag = HIDP_DIAGNOSTIC_INIT;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	hidp_layer_id id;
	options.dtype = dtype;
	support_must(hidp_model_builder_new(context, &options, &builder), NULL, "builder");
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, 8, 6, 6};
	support_must(hidp_model_builder_add(builder, &d, &id, &diag), &diag, "layer");
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		const bool linear = ops[i] == HIDP_OP_CONV || ops[i] == HIDP_OP_DENSE;
		d = (struct hidp_layer_desc)HIDP_LAYER_DESC_INIT;
		d.op = ops[i];
		d.inputs = &id;
		d.input_count = 1;
		d.out_channels = linear ? 8 : 0;
		d.kernel[0] = d.kernel[1] = ops[i] == HIDP_OP_CONV ? 3 : 0;
		d.function = ops[i] == HIDP_OP_BINARY ? HIDP_BINARY_ADD : 0;
		if (ops[i] == HIDP_OP_BINARY)
			d.shape = (struct hidp_shape){1, 8, 1, 1};
		support_must(hidp_model_builder_add(builder, &d, &id, &diag), &diag, "layer");
	}
	support_must(hidp_model_builder_seal(builder, &model, &diag), &diag, "model");
	hidp_model_builder_destroy(builder);
	return model;
}

/* Who is blamed for a fault of a role: the first part that has such an array. */
static const char *blamed(hidp_weight_role role)
{
	switch (role) {
	case HIDP_WEIGHT_KERNEL:
	case HIDP_WEIGHT_BIAS:
		return "layer1";
	case HIDP_WEIGHT_CONSTANT:
		return "layer3";
	default:
		return "layer2";
	}
}

static void refuse_faulty(const struct kernels_plugin *plugin, struct tally *tally,
                          struct hidp_context *context, struct faulty f)
{
	const struct hidp_weights table = {sizeof table, HIDP_PLUGIN_ABI, get_faulty};
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct problem p = {.plugin = plugin, .tally = tally};
	p.in.model = every_role(context, HIDP_DTYPE_FP32);
	support_must(hidp_cluster_from_string(context, "cpu:10", &p.in.cluster, &d), &d, "cluster");
	support_must(zoo_weights_new(p.in.model, 1, &f.weights), NULL, "weights");
	if (problem_begin(&p, &table, &f)) {
		problem_must_be_refused(
			&p, f.status == HIDP_ERR_NOMEM ? HIDP_ERR_NOMEM : HIDP_ERR_MODEL,
			blamed(f.role));
		plugin->destroy(p.object);
	}
	if (p.failed)
		printf("... with weights of role %u: %s\n", f.role,
		       f.status != HIDP_OK ? hidp_status_string(f.status) : "one element too few");
	zoo_weights_destroy(f.weights);
	hidp_model_unref(p.in.model);
	hidp_cluster_unref(p.in.cluster);
	tally->failures += p.failed;
}

/* supports() and prepare() agree on a dtype. */
static void refuse_dtype(const struct kernels_plugin *plugin, struct tally *tally,
                         struct hidp_context *context, hidp_dtype dtype)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct problem p = {.plugin = plugin, .tally = tally};
	p.in.model = every_role(context, dtype);
	p.layers = hidp_model_layer_count(p.in.model);
	support_must(hidp_cluster_from_string(context, "cpu:10", &p.in.cluster, &d), &d, "cluster");
	support_must(zoo_weights_new(p.in.model, 1, &p.weights), NULL, "weights");
	if (problem_begin(&p, zoo_weights_table(), p.weights)) {
		/* the weights at hand are floats: kernels for others cannot be tried */
		if (!problem_is_supported(&p))
			problem_must_be_refused(&p, HIDP_ERR_UNSUPPORTED, NULL);
		plugin->destroy(p.object);
	}
	if (p.failed)
		printf("... with dtype %u\n", dtype);
	zoo_weights_destroy(p.weights);
	hidp_model_unref(p.in.model);
	hidp_cluster_unref(p.in.cluster);
	tally->failures += p.failed;
}

void kernels_refuse(const struct kernels_plugin *plugin, struct tally *tally,
                    struct hidp_context *context)
{
	static const hidp_status faults[] = {HIDP_ERR_ARGUMENT, HIDP_ERR_NOMEM, HIDP_OK};
	for (hidp_weight_role role = HIDP_WEIGHT_KERNEL; role <= HIDP_WEIGHT_CONSTANT; role++)
		for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
			refuse_faulty(plugin, tally, context,
			              (struct faulty){.role = role, .status = faults[i]});
	for (hidp_dtype dtype = HIDP_DTYPE_FP16; dtype <= HIDP_DTYPE_INT8; dtype++)
		refuse_dtype(plugin, tally, context, dtype);
}
