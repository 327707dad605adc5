/* SPDX-License-Identifier: MIT */
#include "scenario.h"

static hidp_status new_builder(struct fixture *f)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	options.name = "another";
	ACT_MAKING(hidp_model_builder, hidp_model_builder_new(f->context, &options, &made));
}

static void release_builder(struct fixture *f)
{
	hidp_model_builder_destroy(f->out->object);
}

static hidp_status add_layer(struct fixture *f)
{
	const hidp_layer_id inputs[] = {12};
	const struct hidp_row_rule same = {1, 1, 0, 1};
	struct hidp_layer_desc layer = HIDP_LAYER_DESC_INIT;
	layer.op = HIDP_OP_CUSTOM;
	layer.inputs = inputs;
	layer.input_count = 1;
	layer.shape = (struct hidp_shape){1, 10, 1, 1};
	layer.row_rules = &same;
	return hidp_model_builder_add(f->model_builder, &layer, &f->out->id, &f->diagnostic);
}

/* Many layers, so that all arrays and arenas of the builder must grow. */
static hidp_status add_layers(struct fixture *f)
{
	char name[200];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	for (uint32_t i = 0; i < 100; i++) {
		const hidp_layer_id inputs[] = {13 + i};
		struct hidp_layer_desc layer = HIDP_LAYER_DESC_INIT;
		name[0] = (char)('A' + i / 26);
		name[1] = (char)('A' + i % 26);
		layer.op = HIDP_OP_ACTIVATION;
		layer.function = HIDP_ACTIVATION_TANH;
		layer.name = name;
		layer.inputs = inputs;
		layer.input_count = 1;
		hidp_status s =
		        hidp_model_builder_add(f->model_builder, &layer, NULL, &f->diagnostic);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status seal(struct fixture *f)
{
	ACT_MAKING(hidp_model, hidp_model_builder_seal(f->model_builder, &made, &f->diagnostic));
}

static hidp_status seal_unfused(struct fixture *f)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_model_builder *builder = NULL;
	struct hidp_model *made = untouched();
	options.flags = HIDP_MODEL_KEEP_UNFUSED;
	hidp_status s = hidp_model_builder_new(f->context, &options, &builder);
	if (s == HIDP_OK)
		s = fixture_describe_model(builder, &f->diagnostic);
	if (s == HIDP_OK)
		s = hidp_model_builder_seal(builder, &made, &f->diagnostic);
	hidp_model_builder_destroy(builder);
	f->out->object = made;
	return s;
}

/* Layers in the wrong order with a cycle among them: the failure leaks nothing either. */
static hidp_status seal_cycle(struct fixture *f)
{
	struct hidp_model_builder *builder = NULL;
	struct hidp_model *made = untouched();
	hidp_status s = hidp_model_builder_new(f->context, NULL, &builder);
	if (s == HIDP_OK)
		s = fixture_describe_model(builder, &f->diagnostic);
	for (uint32_t i = 0; s == HIDP_OK && i < 2; i++) {
		const hidp_layer_id inputs[] = {15 - i};
		struct hidp_layer_desc layer = HIDP_LAYER_DESC_INIT;
		layer.op = HIDP_OP_SOFTMAX;
		layer.inputs = inputs;
		layer.input_count = 1;
		s = hidp_model_builder_add(builder, &layer, NULL, &f->diagnostic);
	}
	if (s == HIDP_OK)
		s = hidp_model_builder_seal(builder, &made, &f->diagnostic);
	hidp_model_builder_destroy(builder);
	f->out->object = made;
	return s;
}

static void release_model(struct fixture *f)
{
	f->out->count = hidp_model_layer_count(f->out->object);
	hidp_model_unref(f->out->object);
}

static hidp_status read_model(struct fixture *f)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	struct hidp_layer_desc part = HIDP_LAYER_DESC_INIT;
	struct hidp_row_rule rule = {0, 0, 0, 0};
	int64_t begin = 0, end = 0;
	f->out->needed = strlen(hidp_model_name(f->model));
	f->out->count = hidp_model_layer_count(f->model);
	hidp_status s = hidp_model_find(f->model, "second/sum", &f->out->id);
	if (s == HIDP_OK)
		s = hidp_model_layer(f->model, f->out->id, &info);
	if (s == HIDP_OK)
		s = hidp_model_layer_input(f->model, f->out->id, 0, NULL, &rule, NULL);
	if (s == HIDP_OK)
		s = hidp_model_part(f->model, f->out->id, info.part_count - 1, &part);
	hidp_row_rule_apply(&rule, 12, 3, 6, &begin, &end);
	f->out->figures.work = (uint64_t)(100 * begin + end);
	return s;
}

static hidp_status from_json(struct fixture *f)
{
	const char *text = f->model_json != NULL ? f->model_json : "{}";
	ACT_MAKING(hidp_model, hidp_model_from_json(f->context, text, strlen(text), 0, &made,
	                                            &f->diagnostic));
}

static hidp_status from_broken_json(struct fixture *f)
{
	const char *text = f->model_json != NULL ? f->model_json : "{}";
	ACT_MAKING(hidp_model, hidp_model_from_json(f->context, text, strlen(text) / 2, 0, &made,
	                                            &f->diagnostic));
}

static hidp_status to_json(struct fixture *f)
{
	return hidp_model_to_json(f->model, f->out->text, sizeof f->out->text, &f->out->needed);
}

const struct scenario model_scenarios[] = {
        {"hidp_model_builder_new", "", ALLOCATES, new_builder, release_builder, HIDP_OK, 0},
        {"hidp_model_builder_add", "one layer", MAY, add_layer, NULL, HIDP_OK, 0},
        {"hidp_model_builder_add", "100 layers", ALLOCATES, add_layers, NULL, HIDP_OK, 0},
        {"hidp_model_builder_seal", "fused", ALLOCATES, seal, release_model, HIDP_OK, 0},
        {"hidp_model_builder_seal", "unfused", ALLOCATES, seal_unfused, release_model, HIDP_OK, 0},
        {"hidp_model_builder_seal", "a cycle", ALLOCATES, seal_cycle, NULL, HIDP_ERR_MODEL, 0},
        {"hidp_model_name hidp_model_layer_count hidp_model_layer hidp_model_layer_input "
         "hidp_model_part hidp_model_find hidp_row_rule_apply",
         "", NEVER, read_model, NULL, HIDP_OK, 0},
        {"hidp_model_from_json", "", JSON, from_json, release_model, HIDP_OK, FIXTURE_TEXTS},
        {"hidp_model_from_json", "cut short", JSON, from_broken_json, NULL, HIDP_ERR_SYNTAX,
         FIXTURE_TEXTS},
        {"hidp_model_to_json", "", JSON, to_json, NULL, HIDP_OK, 0},
        {0},
};
