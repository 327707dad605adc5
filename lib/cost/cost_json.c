/* SPDX-License-Identifier: MIT */
/* Measured times as JSON (doc/formats/cost.md). */
#include <hidp/cost.h>

#include "base/diagnostic.h"

#if HIDP_WITH_JSON

#include <string.h>

#include "base/arena.h"
#include "base/context_priv.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cluster/cluster_priv.h"
#include "cost/cost_priv.h"
#include "model/model_priv.h"

static const struct hidp__json_field cost_fields[] = {
        {"format", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"version", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"model", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"layers", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"processors", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
};
static const struct hidp__json_table cost_table = HIDP__JSON_TABLE(cost_fields);

/* By what a layer is known again. */
struct layer {
	const char *name;
	hidp_dtype dtype;
	struct hidp_shape shape;
	double flops;
	int64_t weight_bytes;
	uint32_t parts;
};

static const struct hidp__json_field layer_fields[] = {
        {"name", HIDP__JSON_TEXT, offsetof(struct layer, name), 0, NULL, 0, HIDP__JSON_ALL},
        {"dtype", HIDP__JSON_WORD, offsetof(struct layer, dtype), 0, &hidp__dtype_words, 0,
         HIDP__JSON_ALL},
        {"shape", HIDP__JSON_INTS, offsetof(struct layer, shape), 4, NULL, 0, HIDP__JSON_ALL},
        {"flops", HIDP__JSON_REAL, offsetof(struct layer, flops), 0, NULL, 0, HIDP__JSON_ALL},
        {"weight_bytes", HIDP__JSON_INT, offsetof(struct layer, weight_bytes), 0, NULL, 0,
         HIDP__JSON_ALL},
        {"parts", HIDP__JSON_U32, offsetof(struct layer, parts), 0, NULL, 0, HIDP__JSON_ALL},
};
static const struct hidp__json_table layer_table = HIDP__JSON_TABLE(layer_fields);

static const struct hidp__json_field processor_fields[] = {
        {"node", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"processor", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"costs", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
};
static const struct hidp__json_table processor_table = HIDP__JSON_TABLE(processor_fields);

/* Variants of an entry. */
enum { MEASURED = 1, UNSUPPORTED = 2 };

#define TIME(key, needs)                                                                           \
	{                                                                                          \
		#key, HIDP__JSON_REAL, offsetof(struct hidp_cost_entry, key), 0, NULL, MEASURED,   \
			needs                                                                      \
	}

static const struct hidp__json_field entry_fields[] = {
        {"layer", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"unsupported", HIDP__JSON_FLAG, offsetof(struct hidp_cost_entry, flags),
         HIDP_COST_UNSUPPORTED, NULL, 0, 0},
        TIME(seconds, MEASURED),
        TIME(row_fixed_s, 0),
        TIME(channel_fixed_s, 0),
};
static const struct hidp__json_table entry_table = HIDP__JSON_TABLE(entry_fields);

struct reading {
	struct hidp__arena arena;
	struct hidp_cost_builder *builder;
	const struct hidp_model *model;
	const struct hidp_cluster *cluster;
	hidp_node_id node;              /* that the document is for; HIDP_NODE_NONE: as it says */
	const char *node_name;          /* what the document calls that node, once it has */
	struct hidp__json_names layers; /* of the model */
	struct hidp__json_names nodes;  /* of the cluster */
	unsigned char *given;           /* bit set of processors of the cluster */
};

static bool names_alloc(struct reading *r, struct hidp__json_names *names, uint32_t count)
{
	names->items = hidp__arena_alloc(&r->arena, count, sizeof *names->items);
	names->count = count;
	return names->items != NULL;
}

static bool find_names(struct reading *r)
{
	if (!names_alloc(r, &r->layers, r->model->layer_count) ||
	    !names_alloc(r, &r->nodes, r->cluster->node_count))
		return false;
	for (uint32_t l = 0; l < r->layers.count; l++)
		r->layers.items[l] = (struct hidp__json_name){r->model->layers[l].name, l};
	for (uint32_t n = 0; n < r->nodes.count; n++)
		r->nodes.items[n] = (struct hidp__json_name){r->cluster->nodes[n].desc.name, n};
	hidp__json_names_sort(&r->layers);
	hidp__json_names_sort(&r->nodes);
	r->given = hidp__arena_calloc(&r->arena, r->cluster->processor_count / 8 + 1, 1);
	return r->given != NULL;
}

/* Notes that something is given; false if it was before. */
static bool mark(unsigned char *given, uint32_t bit)
{
	bool fresh = !(given[bit / 8] & 1u << bit % 8);
	given[bit / 8] |= (unsigned char)(1u << bit % 8);
	return fresh;
}

static hidp_status read_layer_name(const struct reading *r, const struct hidp__json *at,
                                   const char *key, hidp_layer_id *out)
{
	struct hidp__json name;
	hidp__json_member(at, key, &name);
	return hidp__json_get_name(&name, &r->layers, HIDP_ERR_COST, "layer", out);
}

static hidp_status check_model(const struct reading *r, const struct hidp__json *root)
{
	struct hidp__json at;
	const char *name;
	char given[HIDP__JSON_EXCERPT_MAX + 4], is[HIDP__JSON_EXCERPT_MAX + 4];
	hidp__json_member(root, "model", &at);
	hidp_status s = hidp__json_get_text(&at, &name);
	if (s == HIDP_OK && strcmp(name, r->model->name) != 0)
		s = hidp__json_fail(&at, HIDP_ERR_COST,
		                    "the costs are those of another model, \"%s\", not of \"%s\"",
		                    hidp__json_excerpt(name, given),
		                    hidp__json_excerpt(r->model->name, is));
	return s;
}

/* A network of the same name may have other figures: another image, other layers fused. */
static hidp_status check_layer(const struct reading *r, const struct hidp__json *at)
{
	struct layer was = {.name = NULL};
	hidp_layer_id id;
	hidp_status s = hidp__json_read(at, &layer_table, HIDP__JSON_ALL, NULL, &was);
	if (s == HIDP_OK)
		s = read_layer_name(r, at, "name", &id);
	if (s != HIDP_OK)
		return s;
	const struct hidp__layer *is = &r->model->layers[id];
	if (was.dtype != is->dtype || memcmp(&was.shape, &is->shape, sizeof is->shape) != 0 ||
	    was.flops != is->flops || was.weight_bytes != is->weight_bytes ||
	    was.parts != is->part_count)
		return hidp__json_fail(at, HIDP_ERR_COST,
		                       "the layer has other figures than when it was measured");
	return HIDP_OK;
}

static hidp_status check_layers(const struct reading *r, const struct hidp__json *root)
{
	struct hidp__json list;
	uint32_t count;
	if (!hidp__json_member(root, "layers", &list))
		return HIDP_OK;
	hidp_status s = hidp__json_list(&list, r->model->layer_count, "layers", &count);
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = check_layer(r, &item);
	}
	return s;
}

static hidp_status read_node(struct reading *r, const struct hidp__json *at, hidp_node_id *out)
{
	struct hidp__json node;
	const char *name;
	hidp__json_member(at, "node", &node);
	if (r->node == HIDP_NODE_NONE)
		return hidp__json_get_name(&node, &r->nodes, HIDP_ERR_COST, "node", out);
	hidp_status s = hidp__json_get_text(&node, &name);
	if (s != HIDP_OK)
		return s;
	if (r->node_name == NULL)
		r->node_name = name;
	if (strcmp(name, r->node_name) != 0)
		return hidp__json_fail(&node, HIDP_ERR_COST,
		                       "the document is to be for one node, but tells of several");
	*out = r->node;
	return HIDP_OK;
}

static hidp_status read_processor(struct reading *r, const struct hidp__json *at, hidp_node_id node,
                                  hidp_processor_id *out)
{
	struct hidp__json_name items[HIDP_NODE_PROCESSORS_MAX];
	const struct hidp__node *n = &r->cluster->nodes[node];
	struct hidp__json_names names = {items, n->processor_count};
	struct hidp__json processor;
	for (hidp_processor_id p = 0; p < n->processor_count; p++)
		items[p] = (struct hidp__json_name){n->processors[p].name, p};
	hidp__json_names_sort(&names);
	hidp__json_member(at, "processor", &processor);
	hidp_status s =
	        hidp__json_get_name(&processor, &names, HIDP_ERR_COST, "processor", out);
	if (s == HIDP_OK && !mark(r->given, n->first_processor + *out))
		s = hidp__json_fail(&processor, HIDP_ERR_COST, "processor is given twice");
	return s;
}

static hidp_status read_entry(struct reading *r, const struct hidp__json *at, hidp_node_id node,
                              hidp_processor_id processor, unsigned char *given)
{
	struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	bool unsupported = json_is_true(json_object_get(at->value, "unsupported"));
	hidp_layer_id layer;
	hidp_status s = hidp__json_read(at, &entry_table, unsupported ? UNSUPPORTED : MEASURED,
	                                unsupported ? "an unsupported layer" : "a cost", &e);
	if (s == HIDP_OK)
		s = read_layer_name(r, at, "layer", &layer);
	if (s != HIDP_OK)
		return s;
	if (!mark(given, layer))
		return hidp__json_fail(at, HIDP_ERR_COST, "layer is given twice");
	s = hidp_cost_builder_set(r->builder, layer, node, processor, &e, &said);
	return s != HIDP_OK ? hidp__json_adopt(at, s, HIDP_ERR_COST, &said) : HIDP_OK;
}

static hidp_status read_costs(struct reading *r, const struct hidp__json *at)
{
	struct hidp__arena_mark here = hidp__arena_here(&r->arena);
	struct hidp__json list;
	hidp_processor_id processor;
	hidp_node_id node;
	uint32_t count;
	hidp_status s = hidp__json_read(at, &processor_table, HIDP__JSON_ALL, NULL, NULL);
	if (s == HIDP_OK)
		s = read_node(r, at, &node);
	if (s == HIDP_OK)
		s = read_processor(r, at, node, &processor);
	if (s != HIDP_OK)
		return s;
	hidp__json_member(at, "costs", &list);
	if ((s = hidp__json_list(&list, r->model->layer_count, "costs", &count)) != HIDP_OK)
		return s;
	unsigned char *given = hidp__arena_calloc(&r->arena, r->model->layer_count / 8 + 1, 1);
	if (given == NULL)
		return hidp__json_no_memory(at);
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_entry(r, &item, node, processor, given);
	}
	hidp__arena_back(&r->arena, here);
	return s;
}

static hidp_status read_document(struct reading *r, const struct hidp__json *root)
{
	struct hidp__json list;
	uint32_t count;
	hidp_status s = hidp__json_check_format(root, "hidp-cost");
	if (s == HIDP_OK)
		s = hidp__json_read(root, &cost_table, HIDP__JSON_ALL, NULL, NULL);
	if (s == HIDP_OK && !find_names(r))
		s = hidp__json_no_memory(root);
	if (s == HIDP_OK)
		s = check_model(r, root);
	if (s == HIDP_OK)
		s = check_layers(r, root);
	if (s != HIDP_OK)
		return s;
	hidp__json_member(root, "processors", &list);
	s = hidp__json_list(&list, r->cluster->processor_count, "processors", &count);
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_costs(r, &item);
	}
	return s;
}

hidp_status hidp_cost_builder_add_json(struct hidp_cost_builder *builder, const char *text,
                                       size_t length, hidp_node_id node,
                                       struct hidp_diagnostic *diagnostic)
{
	struct hidp__json_document document;
	struct hidp__json root;
	if (builder == NULL || text == NULL ||
	    (node != HIDP_NODE_NONE && node >= builder->cluster->node_count))
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "an argument is NULL, or there is no node %u", node);
	hidp_status s = hidp__json_open(&document, NULL, text, length, diagnostic, &root);
	if (s != HIDP_OK)
		return s;
	struct reading r = {.builder = builder,
	                    .model = builder->model,
	                    .cluster = builder->cluster,
	                    .node = node};
	hidp__arena_init(&r.arena, builder->ctx);
	/* a document is taken as a whole or not at all */
	size_t count = (size_t)r.model->layer_count * r.cluster->processor_count;
	struct hidp__entry *before = hidp__arena_alloc(&r.arena, count, sizeof *before);
	if (before == NULL) {
		s = hidp__json_no_memory(&root);
	} else {
		memcpy(before, builder->entries, count * sizeof *before);
		s = read_document(&r, &root);
		if (s != HIDP_OK)
			memcpy(builder->entries, before, count * sizeof *before);
	}
	hidp__arena_destroy(&r.arena);
	hidp__json_close_document(&document);
	return s;
}

hidp_status hidp_cost_from_json(const struct hidp_model *model, const struct hidp_cluster *cluster,
                                const char *text, size_t length, struct hidp_cost **cost_out,
                                struct hidp_diagnostic *diagnostic)
{
	struct hidp_cost_builder *builder;
	if (cost_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	hidp_status s = hidp_cost_builder_new(model, cluster, &builder);
	if (s != HIDP_OK)
		return hidp__fail(diagnostic, s, NULL,
		                  s == HIDP_ERR_NOMEM ? "out of memory" : "an argument is NULL");
	s = hidp_cost_builder_add_json(builder, text, length, HIDP_NODE_NONE, diagnostic);
	if (s == HIDP_OK)
		s = hidp_cost_builder_seal(builder, cost_out, diagnostic);
	hidp_cost_builder_destroy(builder);
	return s;
}

static void write_layers(struct hidp__json_writer *w, const struct hidp_model *model)
{
	hidp__json_open_list(w, "layers");
	for (hidp_layer_id l = 0; l < model->layer_count; l++) {
		const struct hidp__layer *layer = &model->layers[l];
		const struct layer f = {layer->name, layer->dtype, layer->shape, layer->flops,
		                        layer->weight_bytes, layer->part_count};
		if (layer->op == HIDP_OP_INPUT)
			continue;
		hidp__json_open_flat_object(w, NULL);
		hidp__json_put_fields(w, &layer_table, HIDP__JSON_ALL, false, &f);
		hidp__json_close(w);
	}
	hidp__json_close(w);
}

/* The entries of a processor of the cluster; nothing if it has none. */
static void write_processor(struct hidp__json_writer *w, const struct hidp_model *model,
                            const struct hidp_cost *cost, const struct hidp__node *node,
                            hidp_processor_id processor)
{
	bool any = false;
	for (hidp_layer_id l = 0; l < model->layer_count; l++) {
		const struct hidp__entry *e =
		        hidp__cost_entry(cost, l, node->first_processor + processor);
		if (e->state == HIDP__ENTRY_ANALYTIC)
			continue;
		if (!any) {
			hidp__json_open_object(w, NULL);
			hidp__json_put_text(w, "node", node->desc.name);
			hidp__json_put_text(w, "processor", node->processors[processor].name);
			hidp__json_open_list(w, "costs");
			any = true;
		}
		bool unsupported = e->state == HIDP__ENTRY_UNSUPPORTED;
		struct hidp_cost_entry entry = HIDP_COST_ENTRY_INIT;
		entry.flags = unsupported ? HIDP_COST_UNSUPPORTED : 0;
		entry.seconds = e->seconds;
		entry.row_fixed_s = e->row_fixed_s;
		entry.channel_fixed_s = e->channel_fixed_s;
		hidp__json_open_flat_object(w, NULL);
		hidp__json_put_text(w, "layer", model->layers[l].name);
		hidp__json_put_fields(w, &entry_table, unsupported ? UNSUPPORTED : MEASURED, false,
		                      &entry);
		hidp__json_close(w);
	}
	if (any) {
		hidp__json_close(w);
		hidp__json_close(w);
	}
}

hidp_status hidp_cost_to_json(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              const struct hidp_cost *cost, char *buffer, size_t size,
                              size_t *needed_out)
{
	struct hidp__text text;
	struct hidp__json_writer w;
	if (model == NULL || cluster == NULL || cost == NULL ||
	    !hidp__text_begin(&text, buffer, size))
		return HIDP_ERR_ARGUMENT;
	hidp_status s = hidp__cost_check(cost, model, cluster, NULL);
	if (s != HIDP_OK)
		return s;
	hidp__json_begin(&w, &text);
	hidp__json_open_object(&w, NULL);
	hidp__json_put_format(&w, "hidp-cost");
	hidp__json_put_text(&w, "model", model->name);
	write_layers(&w, model);
	hidp__json_open_list(&w, "processors");
	for (uint32_t n = 0; n < cluster->node_count; n++)
		for (uint32_t p = 0; p < cluster->nodes[n].processor_count; p++)
			write_processor(&w, model, cost, &cluster->nodes[n], p);
	hidp__json_close(&w);
	hidp__json_close(&w);
	return hidp__text_end(&text, needed_out);
}

#else

hidp_status hidp_cost_builder_add_json(struct hidp_cost_builder *builder, const char *text,
                                       size_t length, hidp_node_id node,
                                       struct hidp_diagnostic *diagnostic)
{
	(void)builder;
	(void)text;
	(void)length;
	(void)node;
	return hidp__fail(diagnostic, HIDP_ERR_UNSUPPORTED, NULL,
	                  "this build of the library does not read JSON");
}

hidp_status hidp_cost_from_json(const struct hidp_model *model, const struct hidp_cluster *cluster,
                                const char *text, size_t length, struct hidp_cost **cost_out,
                                struct hidp_diagnostic *diagnostic)
{
	(void)model;
	(void)cluster;
	(void)text;
	(void)length;
	(void)cost_out;
	return hidp__fail(diagnostic, HIDP_ERR_UNSUPPORTED, NULL,
	                  "this build of the library does not read JSON");
}

hidp_status hidp_cost_to_json(const struct hidp_model *model, const struct hidp_cluster *cluster,
                              const struct hidp_cost *cost, char *buffer, size_t size,
                              size_t *needed_out)
{
	(void)model;
	(void)cluster;
	(void)cost;
	(void)buffer;
	(void)size;
	(void)needed_out;
	return HIDP_ERR_UNSUPPORTED;
}

#endif
