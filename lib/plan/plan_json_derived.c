/* SPDX-License-Identifier: MIT */
/*
 * The parts of a plan's document that follow from the others. They are read for
 * their form, and not believed; but a model that no longer falls into the layers
 * that the plan speaks of must not pass unnoticed.
 */
#include <string.h>

#include <hidp/figures.h>

#include "model/model_json.h"
#include "plan/plan_json.h"

static const struct hidp__json_field all_fields[] = {
        {"layers", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"next_hop", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
};
static const struct hidp__json_table all_table = HIDP__JSON_TABLE(all_fields);

/* Looks at every item of a list. */
typedef hidp_status (*check_fn)(const struct hidp__json *at);

static hidp_status check_list(const struct hidp__json *list, const char *what, check_fn check)
{
	uint32_t count;
	hidp_status s = hidp__json_list(list, HIDP__JSON_VALUES_MAX, what, &count);
	for (uint32_t i = 0; s == HIDP_OK && i < count; i++) {
		struct hidp__json item = hidp__json_item(list, i);
		s = check(&item);
	}
	return s;
}

static hidp_status check_member_list(const struct hidp__json *at, const char *key, check_fn check)
{
	struct hidp__json list;
	return hidp__json_member(at, key, &list) ? check_list(&list, key, check) : HIDP_OK;
}

static hidp_status check_input(const struct hidp__json *at)
{
	struct hidp__json_derived_input in = {0, 0};
	struct hidp_row_rule rule;
	struct hidp__json child;
	hidp_status s = hidp__json_read(at, &hidp__derived_input_table, HIDP__JSON_ALL, NULL, &in);
	if (s != HIDP_OK)
		return s;
	hidp__json_member(at, "row_rule", &child);
	return hidp__json_read(&child, &hidp__row_rule_table, HIDP__JSON_ALL, NULL, &rule);
}

static hidp_status check_layer(const struct hidp__json *at)
{
	struct hidp__json_derived d = {.name = NULL};
	hidp_status s = hidp__json_read(at, &hidp__derived_table, HIDP__JSON_ALL, NULL, &d);
	return s == HIDP_OK ? check_member_list(at, "inputs", check_input) : s;
}

static hidp_status check_hop(const struct hidp__json *at)
{
	uint32_t ignored;
	if (json_is_null(at->value))
		return HIDP_OK;
	return hidp__json_get_number(at, HIDP_CLUSTER_NODES_MAX, "node", &ignored);
}

static hidp_status check_hops(const struct hidp__json *at)
{
	return check_list(at, "nodes", check_hop);
}

static hidp_status check_same_layers(const struct hidp__json *layers,
                                     const struct hidp_model *model)
{
	size_t count = json_array_size(layers->value);
	for (size_t i = 0; i < count && i < model->layer_count; i++) {
		struct hidp__json item = hidp__json_item(layers, i);
		const char *name = json_string_value(json_object_get(item.value, "name"));
		char was[HIDP__JSON_EXCERPT_MAX + 4], is[HIDP__JSON_EXCERPT_MAX + 4];
		if (strcmp(name, model->layers[i].name) != 0)
			return hidp__json_fail(
			        &item, HIDP_ERR_PLAN,
			        "the plan was made for other layers than the model falls into now: "
			        "this one was \"%s\" and is \"%s\"",
			        hidp__json_excerpt(name, was),
			        hidp__json_excerpt(model->layers[i].name, is));
	}
	if (count != model->layer_count)
		return hidp__json_fail(layers, HIDP_ERR_PLAN,
		                       "the plan was made for %zu layers, the model falls into %u",
		                       count, model->layer_count);
	return HIDP_OK;
}

static hidp_status check_processor_figures(const struct hidp__json *at)
{
	struct hidp_processor_figures f = HIDP_PROCESSOR_FIGURES_INIT;
	return hidp__json_read(at, &hidp__processor_figures_table, HIDP__JSON_ALL, NULL, &f);
}

static hidp_status check_node_figures(const struct hidp__json *at)
{
	struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
	hidp_status s = hidp__json_read(at, &hidp__node_figures_table, HIDP__JSON_ALL, NULL, &f);
	return s == HIDP_OK ? check_member_list(at, "processors", check_processor_figures) : s;
}

static hidp_status check_medium_figures(const struct hidp__json *at)
{
	double busy_s = 0;
	return hidp__json_read(at, &hidp__medium_figures_table, HIDP__JSON_ALL, NULL, &busy_s);
}

static hidp_status check_figures(const struct hidp__json *at)
{
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	hidp_status s = hidp__json_read(at, &hidp__figures_table, HIDP__JSON_ALL, NULL, &f);
	if (s == HIDP_OK)
		s = check_member_list(at, "nodes", check_node_figures);
	return s == HIDP_OK ? check_member_list(at, "media", check_medium_figures) : s;
}

static hidp_status check_task(const struct hidp__json *at)
{
	struct hidp_task_info t = HIDP_TASK_INFO_INIT;
	struct hidp__json kind;
	if (!json_is_object(at->value))
		return hidp__json_fail(at, HIDP_ERR_SYNTAX, "must be an object");
	hidp_status s = hidp__json_need(at, "kind", &kind);
	if (s == HIDP_OK)
		s = hidp__json_get_word(&kind, &hidp__task_words, &t.kind);
	if (s != HIDP_OK)
		return s;
	return hidp__json_read(at, &hidp__task_table, 1u << t.kind,
	                       t.kind == HIDP_TASK_COMPUTE ? "a task that computes"
	                                                   : "a task that transfers",
	                       &t);
}

hidp_status hidp__plan_check_derived(const struct hidp__json *at, const struct hidp_model *model)
{
	struct hidp__json derived, layers, figures;
	hidp_status s = HIDP_OK;
	if (hidp__json_member(at, "derived", &derived)) {
		s = hidp__json_read(&derived, &all_table, HIDP__JSON_ALL, NULL, NULL);
		if (s == HIDP_OK)
			s = check_member_list(&derived, "layers", check_layer);
		if (s == HIDP_OK)
			s = check_member_list(&derived, "next_hop", check_hops);
		if (s == HIDP_OK) {
			hidp__json_member(&derived, "layers", &layers);
			s = check_same_layers(&layers, model);
		}
	}
	if (s == HIDP_OK && hidp__json_member(at, "figures", &figures))
		s = check_figures(&figures);
	return s == HIDP_OK ? check_member_list(at, "timeline", check_task) : s;
}
