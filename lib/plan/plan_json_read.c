/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/context_priv.h"
#include "cluster/cluster_json.h"
#include "model/model_json.h"
#include "plan/plan_json.h"

static const struct hidp__json_field plan_fields[] = {
        {"format", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"version", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"model", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"cluster", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"cost", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"options", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"stages", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"derived", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"figures", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"timeline", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
};
static const struct hidp__json_table plan_table = HIDP__JSON_TABLE(plan_fields);

/* Pins, exclusions, residency: no document has more. */
#define TARGETS_MAX ((size_t)1 << 20)

struct reading {
	struct hidp__arena arena;
	const struct hidp__json *root;
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_cost *cost;
	struct hidp_plan_options options;
	struct hidp_plan_builder *builder;
};

/* A member that names a layer, node or processor by its number, if it is there. */
static hidp_status check_number(const struct hidp__json *at, const char *key, uint32_t limit,
                                const char *what)
{
	struct hidp__json child;
	uint32_t ignored;
	if (!hidp__json_member(at, key, &child))
		return HIDP_OK;
	return hidp__json_get_number(&child, limit, what, &ignored);
}

/* Do layer, node and processor exist? The object has been read into *t. */
static hidp_status check_target(const struct reading *r, const struct hidp__json *at,
                                const struct hidp__json_target *t)
{
	hidp_status s = check_number(at, "layer", r->model->layer_count, "layer");
	if (s == HIDP_OK)
		s = check_number(at, "node", r->cluster->node_count, "node");
	if (s == HIDP_OK)
		s = check_number(at, "processor", r->cluster->nodes[t->node].processor_count,
		                 "processor");
	return s;
}

static hidp_status read_cost_entry(const struct reading *r, struct hidp_cost_builder *builder,
                                   const struct hidp__json *at)
{
	struct hidp__json_cost c = {.flags = 0};
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	bool unsupported = json_is_true(json_object_get(at->value, "unsupported"));
	hidp_status s = hidp__json_read(
	        at, &hidp__cost_table, unsupported ? HIDP__JSON_UNSUPPORTED : HIDP__JSON_MEASURED,
	        unsupported ? "an unsupported layer" : "a cost", &c);
	if (s == HIDP_OK)
		s = check_target(r, at, &c.target);
	if (s != HIDP_OK)
		return s;
	e.flags = c.flags;
	e.seconds = c.seconds;
	e.row_fixed_s = c.row_fixed_s;
	e.channel_fixed_s = c.channel_fixed_s;
	s = hidp_cost_builder_set(builder, c.target.layer, c.target.node, c.target.processor, &e,
	                          &said);
	return s != HIDP_OK ? hidp__json_adopt(at, s, HIDP_ERR_COST, &said) : HIDP_OK;
}

static hidp_status read_cost(struct reading *r)
{
	struct hidp_cost_builder *builder;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json list;
	uint32_t count;
	if (!hidp__json_member(r->root, "cost", &list))
		return HIDP_OK;
	size_t most = (size_t)r->model->layer_count * r->cluster->processor_count;
	hidp_status s = hidp__json_list(&list, most, "costs", &count);
	if (s != HIDP_OK)
		return s;
	if (hidp_cost_builder_new(r->model, r->cluster, &builder) != HIDP_OK)
		return hidp__json_no_memory(&list);
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_cost_entry(r, builder, &item);
	}
	if (s == HIDP_OK) {
		s = hidp_cost_builder_seal(builder, &r->cost, &said);
		if (s != HIDP_OK)
			s = hidp__json_adopt(&list, s, HIDP_ERR_COST, &said);
	}
	hidp_cost_builder_destroy(builder);
	return s;
}

/* Pins, exclusions or residency as three arrays. */
struct targets {
	uint32_t *layers;
	uint32_t *nodes;
	uint32_t *processors;
	uint32_t count;
	bool given;
};

static hidp_status read_targets(struct reading *r, const struct hidp__json *options,
                                const char *key, uint32_t which, struct targets *out)
{
	struct hidp__json list;
	*out = (struct targets){.given = hidp__json_member(options, key, &list)};
	if (!out->given)
		return HIDP_OK;
	hidp_status s = hidp__json_list(&list, TARGETS_MAX, key, &out->count);
	if (s != HIDP_OK)
		return s;
	size_t room = (size_t)out->count + 1;
	out->layers = hidp__arena_alloc(&r->arena, room, sizeof *out->layers);
	out->nodes = hidp__arena_alloc(&r->arena, room, sizeof *out->nodes);
	out->processors = hidp__arena_alloc(&r->arena, room, sizeof *out->processors);
	if (out->layers == NULL || out->nodes == NULL || out->processors == NULL)
		return hidp__json_no_memory(options);
	for (uint32_t i = 0; i < out->count; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		struct hidp__json_target t = {.processor = HIDP_PROCESSOR_NONE};
		s = hidp__json_read(&item, &hidp__target_table, which, "this list", &t);
		if (s == HIDP_OK)
			s = check_target(r, &item, &t);
		if (s != HIDP_OK)
			return s;
		out->layers[i] = t.layer;
		out->nodes[i] = t.node;
		out->processors[i] = t.processor;
	}
	return HIDP_OK;
}

static hidp_status read_options(struct reading *r)
{
	struct hidp_plan_options *o = &r->options;
	struct hidp__json at;
	struct targets pins, excluded, resident;
	hidp_status s;
	hidp__json_member(r->root, "options", &at);
	*o = (struct hidp_plan_options)HIDP_PLAN_OPTIONS_INIT;
	o->input_node = o->output_node = HIDP_NODE_NONE;
	if ((s = hidp__json_read(&at, &hidp__options_table, HIDP__JSON_ALL, NULL, o)) != HIDP_OK ||
	    (s = check_number(&at, "leader", r->cluster->node_count, "node")) != HIDP_OK ||
	    (s = check_number(&at, "input_node", r->cluster->node_count, "node")) != HIDP_OK ||
	    (s = check_number(&at, "output_node", r->cluster->node_count, "node")) != HIDP_OK ||
	    (s = read_targets(r, &at, "pins", HIDP__JSON_PIN, &pins)) != HIDP_OK ||
	    (s = read_targets(r, &at, "excluded", HIDP__JSON_EXCLUDED, &excluded)) != HIDP_OK ||
	    (s = read_targets(r, &at, "resident", HIDP__JSON_RESIDENT, &resident)) != HIDP_OK)
		return s;
	if (o->input_node != HIDP_NODE_NONE)
		o->flags |= HIDP_PLAN_INPUT_AT;
	else
		o->input_node = 0;
	if (o->output_node != HIDP_NODE_NONE)
		o->flags |= HIDP_PLAN_OUTPUT_AT;
	else
		o->output_node = 0;
	if (resident.given)
		o->flags |= HIDP_PLAN_RESIDENT;
	o->pin_layers = pins.layers;
	o->pin_nodes = pins.nodes;
	o->pin_processors = pins.processors;
	o->pin_count = pins.count;
	o->excluded_nodes = excluded.nodes;
	o->excluded_processors = excluded.processors;
	o->excluded_count = excluded.count;
	o->resident_layers = resident.layers;
	o->resident_nodes = resident.nodes;
	o->resident_count = resident.count;
	return HIDP_OK;
}

static hidp_status begin_plan(struct reading *r)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json at;
	hidp_status s = hidp_plan_builder_new(r->model, r->cluster, r->cost, &r->options,
	                                      &r->builder, &said);
	if (s == HIDP_OK)
		return HIDP_OK;
	hidp__json_member(r->root, "options", &at);
	return hidp__json_adopt(&at, s, HIDP_ERR_PLAN, &said);
}

/* A list of layers, of a branch. */
static hidp_status read_layers(struct reading *r, const struct hidp__json *at,
                               const hidp_layer_id **layers_out, uint32_t *count_out)
{
	struct hidp__json list;
	if (!hidp__json_member(at, "layers", &list))
		return HIDP_OK;
	hidp_status s = hidp__json_list(&list, r->model->layer_count, "layers", count_out);
	if (s != HIDP_OK)
		return s;
	hidp_layer_id *layers =
	        hidp__arena_alloc(&r->arena, (size_t)*count_out + 1, sizeof *layers);
	if (layers == NULL)
		return hidp__json_no_memory(at);
	for (uint32_t i = 0; i < *count_out && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = hidp__json_get_number(&item, r->model->layer_count, "layer", &layers[i]);
	}
	*layers_out = layers;
	return s;
}

/* The kind of a stage or step, which decides what else it may have; `whose` gets "stage split". */
static hidp_status read_kind(const struct hidp__json *at, const struct hidp__words *words,
                             const char *what, uint32_t *kind_out, char whose[32])
{
	struct hidp__json child;
	if (!json_is_object(at->value))
		return hidp__json_fail(at, HIDP_ERR_SYNTAX, "must be an object");
	hidp_status s = hidp__json_need(at, "kind", &child);
	if (s == HIDP_OK)
		s = hidp__json_get_word(&child, words, kind_out);
	if (s == HIDP_OK)
		snprintf(whose, 32, "%s %s", what, words->words[*kind_out]);
	return s;
}

static hidp_status read_slice(struct reading *r, const struct hidp__json *at, hidp_step_kind kind,
                              const char *whose, hidp_node_id node)
{
	struct hidp_slice_desc d = HIDP_SLICE_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp__json_read(at, &hidp__slice_table, 1u << kind, whose, &d);
	if (s == HIDP_OK)
		s = check_number(at, "processor", r->cluster->nodes[node].processor_count,
		                 "processor");
	if (s == HIDP_OK)
		s = read_layers(r, at, &d.layers, &d.layer_count);
	if (s != HIDP_OK)
		return s;
	s = hidp_plan_builder_add_slice(r->builder, &d, &said);
	return s != HIDP_OK ? hidp__json_adopt(at, s, HIDP_ERR_PLAN, &said) : HIDP_OK;
}

static hidp_status read_step(struct reading *r, const struct hidp__json *at, hidp_node_id node)
{
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json list;
	char whose[32];
	uint32_t count;
	hidp_status s = read_kind(at, &hidp__step_words, "step", &d.kind, whose);
	if (s == HIDP_OK)
		s = hidp__json_read(at, &hidp__step_table, 1u << d.kind, whose, &d);
	if (s != HIDP_OK)
		return s;
	s = hidp_plan_builder_add_step(r->builder, &d, &said);
	if (s != HIDP_OK)
		return hidp__json_adopt(at, s, HIDP_ERR_PLAN, &said);
	hidp__json_member(at, "slices", &list);
	s = hidp__json_list(&list, HIDP_NODE_PROCESSORS_MAX, "slices", &count);
	for (uint32_t i = 0; s == HIDP_OK && i < count; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_slice(r, &item, d.kind, whose, node);
	}
	return s;
}

static hidp_status read_share(struct reading *r, const struct hidp__json *at, hidp_stage_kind kind,
                              const char *whose)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json list;
	uint32_t count;
	hidp_status s = hidp__json_read(at, &hidp__share_table, 1u << kind, whose, &d);
	if (s == HIDP_OK)
		s = check_number(at, "node", r->cluster->node_count, "node");
	if (s == HIDP_OK)
		s = read_layers(r, at, &d.layers, &d.layer_count);
	if (s != HIDP_OK)
		return s;
	s = hidp_plan_builder_add_share(r->builder, &d, &said);
	if (s != HIDP_OK)
		return hidp__json_adopt(at, s, HIDP_ERR_PLAN, &said);
	hidp__json_member(at, "steps", &list);
	s = hidp__json_list(&list, r->model->layer_count, "steps", &count);
	for (uint32_t i = 0; s == HIDP_OK && i < count; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_step(r, &item, d.node);
	}
	return s;
}

static hidp_status read_stage(struct reading *r, const struct hidp__json *at)
{
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json list;
	char whose[32];
	uint32_t count;
	hidp_status s = read_kind(at, &hidp__stage_words, "stage", &d.kind, whose);
	if (s == HIDP_OK)
		s = hidp__json_read(at, &hidp__stage_table, 1u << d.kind, whose, &d);
	if (s != HIDP_OK)
		return s;
	s = hidp_plan_builder_add_stage(r->builder, &d, &said);
	if (s != HIDP_OK)
		return hidp__json_adopt(at, s, HIDP_ERR_PLAN, &said);
	hidp__json_member(at, "shares", &list);
	s = hidp__json_list(&list, r->cluster->node_count, "shares", &count);
	for (uint32_t i = 0; s == HIDP_OK && i < count; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_share(r, &item, d.kind, whose);
	}
	return s;
}

/* What the check of the whole plan found wrong, at the stage, share or step that it names. */
static hidp_status refuse_plan(const struct hidp__json *stages, hidp_status status,
                               const struct hidp_diagnostic *said)
{
	unsigned number[3] = {0, 0, 0};
	static const char *const lists[] = {"shares", "steps"};
	struct hidp__json chain[6];
	const struct hidp__json *at = stages;
	int known = sscanf(said->subject, "stage %u, share %u, step %u", &number[0], &number[1],
	                   &number[2]);
	for (int i = 0; i < known; i++) {
		struct hidp__json *list = &chain[2 * i], *item = &chain[2 * i + 1];
		if (i > 0 && !hidp__json_member(at, lists[i - 1], list))
			break;
		*item = hidp__json_item(i > 0 ? list : stages, number[i]);
		if (item->value == NULL)
			break;
		at = item;
	}
	return hidp__json_adopt(at, status, HIDP_ERR_PLAN, said);
}

static hidp_status read_stages(struct reading *r, struct hidp_plan **plan_out)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json list;
	uint32_t count;
	hidp__json_member(r->root, "stages", &list);
	hidp_status s = hidp__json_list(&list, r->model->layer_count, "stages", &count);
	for (uint32_t i = 0; s == HIDP_OK && i < count; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_stage(r, &item);
	}
	if (s != HIDP_OK)
		return s;
	s = hidp_plan_builder_seal(r->builder, plan_out, &said);
	return s != HIDP_OK ? refuse_plan(&list, s, &said) : HIDP_OK;
}

hidp_status hidp__plan_read(struct hidp_context *ctx, const struct hidp__json *at,
                            struct hidp_plan **plan_out)
{
	struct reading r = {.root = at};
	struct hidp__json child;
	struct hidp_plan *plan = NULL;
	hidp_status s = hidp__json_check_format(at, "hidp-plan");
	if (s == HIDP_OK)
		s = hidp__json_read(at, &plan_table, HIDP__JSON_ALL, NULL, NULL);
	if (s != HIDP_OK)
		return s;
	hidp__arena_init(&r.arena, ctx);
	hidp__json_member(at, "model", &child);
	s = hidp__model_read(ctx, &child, 0, &r.model);
	if (s == HIDP_OK) {
		hidp__json_member(at, "cluster", &child);
		s = hidp__cluster_read(ctx, &child, NULL, NULL, &r.cluster);
	}
	if (s == HIDP_OK)
		s = hidp__plan_check_derived(at, r.model);
	if (s == HIDP_OK)
		s = read_cost(&r);
	if (s == HIDP_OK)
		s = read_options(&r);
	if (s == HIDP_OK)
		s = begin_plan(&r);
	if (s == HIDP_OK)
		s = read_stages(&r, &plan);
	hidp_plan_builder_destroy(r.builder);
	hidp_cost_unref(r.cost);
	hidp_cluster_unref(r.cluster);
	hidp_model_unref(r.model);
	hidp__arena_destroy(&r.arena);
	if (s == HIDP_OK)
		*plan_out = plan;
	return s;
}
