/* SPDX-License-Identifier: MIT */
/* Nodes and their processors as JSON, in a cluster or as profiles of their own. */
#include <stdio.h>
#include <string.h>

#include "cluster/cluster_json.h"
#include "cluster/cluster_priv.h"

static const char *const kind_words[] = {
        [HIDP_PROCESSOR_CPU] = "cpu",     [HIDP_PROCESSOR_GPU] = "gpu",
        [HIDP_PROCESSOR_NPU] = "npu",     [HIDP_PROCESSOR_DSP] = "dsp",
        [HIDP_PROCESSOR_OTHER] = "other",
};
static const struct hidp__words kinds = {kind_words, sizeof kind_words / sizeof kind_words[0]};

/* Variants of a node: written out in a cluster, as a document, or taken from such a document. */
enum { INLINE = 1, PROFILE = 2, PROFILED = 4 };
#define WRITTEN_OUT (INLINE | PROFILE)
#define NODE(key, kind, member)                                                                    \
	{                                                                                          \
		key, kind, offsetof(struct hidp_node_desc, member), 0, NULL, WRITTEN_OUT, 0        \
	}

static const struct hidp__json_field node_fields[] = {
        {"format", HIDP__JSON_OTHER, 0, 0, NULL, PROFILE, 0},
        {"version", HIDP__JSON_OTHER, 0, 0, NULL, PROFILE, 0},
        {"name", HIDP__JSON_TEXT, offsetof(struct hidp_node_desc, name), 0, NULL, 0, 0},
        {"profile", HIDP__JSON_OTHER, 0, 0, NULL, PROFILED, PROFILED},
        {"unavailable", HIDP__JSON_FLAG, offsetof(struct hidp_node_desc, flags),
         HIDP_NODE_UNAVAILABLE, NULL, INLINE | PROFILED, 0},
        {"loads", HIDP__JSON_OTHER, 0, 0, NULL, PROFILED, 0},
        {"transfers_are_work", HIDP__JSON_FLAG, offsetof(struct hidp_node_desc, flags),
         HIDP_NODE_TRANSFERS_ARE_WORK, NULL, WRITTEN_OUT, 0},
        {"hub", HIDP__JSON_FLAG, offsetof(struct hidp_node_desc, flags), HIDP_NODE_HUB, NULL,
         WRITTEN_OUT, 0},
        NODE("memory_bytes", HIDP__JSON_U64, memory_bytes),
        NODE("memory_bandwidth_Bps", HIDP__JSON_REAL, memory_bandwidth_Bps),
        NODE("sync_s", HIDP__JSON_REAL, sync_s),
        NODE("nic_bandwidth_Bps", HIDP__JSON_REAL, nic_bandwidth_Bps),
        NODE("load_bandwidth_Bps", HIDP__JSON_REAL, load_bandwidth_Bps),
        NODE("power_idle_w", HIDP__JSON_REAL, power_idle_w),
        NODE("power_transmit_w", HIDP__JSON_REAL, power_transmit_w),
        NODE("power_receive_w", HIDP__JSON_REAL, power_receive_w),
        NODE("receive_buffers", HIDP__JSON_U32, receive_buffers),
        NODE("send_buffers", HIDP__JSON_U32, send_buffers),
        {"processors", HIDP__JSON_OTHER, 0, 0, NULL, WRITTEN_OUT, WRITTEN_OUT},
};
static const struct hidp__json_table node_table = HIDP__JSON_TABLE(node_fields);

#define PROCESSOR(key, kind, member)                                                               \
	{                                                                                          \
		key, kind, offsetof(struct hidp_processor_desc, member), 0, NULL, 0, 0             \
	}

static const struct hidp__json_field processor_fields[] = {
        PROCESSOR("name", HIDP__JSON_TEXT, name),
        {"kind", HIDP__JSON_WORD, offsetof(struct hidp_processor_desc, kind), 0, &kinds, 0,
         HIDP__JSON_ALL},
        {"core_ids", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"rate_flops", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"bandwidth_Bps", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        PROCESSOR("overhead_s", HIDP__JSON_REAL, overhead_s),
        PROCESSOR("load", HIDP__JSON_REAL, load),
        PROCESSOR("power_active_w", HIDP__JSON_REAL, power_active_w),
        PROCESSOR("memory_bytes", HIDP__JSON_U64, memory_bytes),
        PROCESSOR("copy_bandwidth_Bps", HIDP__JSON_REAL, copy_bandwidth_Bps),
};
static const struct hidp__json_table processor_table = HIDP__JSON_TABLE(processor_fields);

/* One figure for each op class. */
#define CLASS(key, number)                                                                         \
	{                                                                                          \
		key, HIDP__JSON_REAL, (number) * sizeof(double), 0, NULL, 0, 0                     \
	}

static const struct hidp__json_field class_fields[HIDP_CLASS_COUNT] = {
        CLASS("none", HIDP_CLASS_NONE),
        CLASS("conv3x3", HIDP_CLASS_CONV3X3),
        CLASS("conv", HIDP_CLASS_CONV),
        CLASS("depthwise", HIDP_CLASS_DEPTHWISE),
        CLASS("gemm", HIDP_CLASS_GEMM),
        CLASS("dense", HIDP_CLASS_DENSE),
        CLASS("elementwise", HIDP_CLASS_ELEMENTWISE),
        CLASS("custom", HIDP_CLASS_CUSTOM),
};
static const struct hidp__json_table class_table = HIDP__JSON_TABLE(class_fields);

static hidp_status read_core_ids(struct hidp__cluster_reading *r, const struct hidp__json *at,
                                 struct hidp_processor_desc *d)
{
	struct hidp__json list;
	if (!hidp__json_member(at, "core_ids", &list))
		return HIDP_OK;
	hidp_status s = hidp__json_list(&list, HIDP_PROCESSOR_CORES_MAX, "cores", &d->core_count);
	if (s != HIDP_OK)
		return s;
	uint32_t *ids = hidp__arena_alloc(&r->arena, (size_t)d->core_count + 1, sizeof *ids);
	if (ids == NULL)
		return hidp__json_no_memory(at);
	for (uint32_t i = 0; i < d->core_count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = hidp__json_get_number(&item, UINT32_MAX, "core", &ids[i]);
	}
	d->core_ids = ids;
	return s;
}

static hidp_status read_classes(const struct hidp__json *at, const char *key, double *to)
{
	struct hidp__json child;
	if (!hidp__json_member(at, key, &child))
		return HIDP_OK;
	return hidp__json_read(&child, &class_table, HIDP__JSON_ALL,
	                       NULL, to);
}

static hidp_status read_processor(struct hidp__cluster_reading *r, const struct hidp__json *at,
                                  hidp_node_id node)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__arena_mark mark = hidp__arena_here(&r->arena);
	hidp_status s = hidp__json_read(at, &processor_table,
	                                HIDP__JSON_ALL, NULL, &d);
	if (s == HIDP_OK)
		s = read_core_ids(r, at, &d);
	if (s == HIDP_OK)
		s = read_classes(at, "rate_flops", d.rate_flops);
	if (s == HIDP_OK)
		s = read_classes(at, "bandwidth_Bps", d.bandwidth_Bps);
	if (s == HIDP_OK) {
		s = hidp_cluster_builder_add_processor(r->builder, node, &d, NULL, &said);
		if (s != HIDP_OK)
			s = hidp__json_adopt(at, s, HIDP_ERR_CLUSTER, &said);
	}
	hidp__arena_back(&r->arena, mark);
	return s;
}

/* Remembers what a node is called, for the links; profiles do not live as long as this. */
static hidp_status keep_name(struct hidp__cluster_reading *r, const struct hidp__json *at,
                             const char *name, hidp_node_id id)
{
	char unnamed[16];
	if (name == NULL) {
		snprintf(unnamed, sizeof unnamed, "node%u", id);
		name = unnamed;
	}
	size_t size = strlen(name) + 1;
	char *copy = hidp__arena_alloc(&r->arena, size, 1);
	if (copy == NULL)
		return hidp__json_no_memory(at);
	r->nodes.items[r->nodes.count++] = (struct hidp__json_name){memcpy(copy, name, size), id};
	return HIDP_OK;
}

/* Adds a node written out at `at`; `in_cluster` is where messages about it as a whole belong. */
static hidp_status read_written_node(struct hidp__cluster_reading *r, const struct hidp__json *at,
                                     const struct hidp__json *in_cluster,
                                     const struct hidp_node_desc *d, hidp_node_id *id_out)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json list;
	uint32_t count;
	hidp_status s = hidp_cluster_builder_add_node(r->builder, d, id_out, &said);
	if (s != HIDP_OK)
		return hidp__json_adopt(in_cluster, s, HIDP_ERR_CLUSTER, &said);
	hidp__json_member(at, "processors", &list);
	if ((s = keep_name(r, at, d->name, *id_out)) != HIDP_OK ||
	    (s = hidp__json_list(&list, HIDP_NODE_PROCESSORS_MAX, "processors", &count)) != HIDP_OK)
		return s;
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_processor(r, &item, *id_out);
	}
	if (s == HIDP_OK && count == 0)
		return hidp__json_fail(&list, HIDP_ERR_CLUSTER, "node has no processor");
	return s;
}

/* The names of the processors in a node's document; unnamed ones have no load to set. */
static uint32_t processor_names(const struct hidp__json *profile, const char **names)
{
	struct hidp__json list;
	uint32_t count = 0;
	hidp__json_member(profile, "processors", &list);
	for (size_t i = 0; i < json_array_size(list.value); i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		const char *name = json_string_value(json_object_get(item.value, "name"));
		names[count++] = name != NULL ? name : "";
	}
	return count;
}

/* Loads of a profiled node's processors, by their names. */
static hidp_status read_loads(struct hidp__cluster_reading *r, const struct hidp__json *at,
                              const struct hidp__json *profile, hidp_node_id node)
{
	const char *names[HIDP_NODE_PROCESSORS_MAX], *key;
	struct hidp__json loads;
	json_t *value;
	if (!hidp__json_member(at, "loads", &loads))
		return HIDP_OK;
	if (!json_is_object(loads.value))
		return hidp__json_fail(&loads, HIDP_ERR_SYNTAX, "must be an object");
	uint32_t count = processor_names(profile, names);
	json_object_foreach (loads.value, key, value) {
		struct hidp__json load;
		uint32_t p = 0;
		hidp__json_member(&loads, key, &load);
		while (p < count && strcmp(names[p], key) != 0)
			p++;
		if (p == count)
			return hidp__json_unknown_key(&loads, key, HIDP_ERR_CLUSTER, "processor",
			                              names, count);
		if (!json_is_number(value))
			return hidp__json_fail(&load, HIDP_ERR_SYNTAX, "a load must be a number");
		if (hidp_cluster_builder_set_load(r->builder, node, p, json_number_value(value),
		                                  NULL) != HIDP_OK)
			return hidp__json_fail(&load, HIDP_ERR_CLUSTER,
			                       "load is not within 0 to 1");
	}
	return HIDP_OK;
}

/* Reads the document of a node and adds it, with what `at` says otherwise. */
static hidp_status read_profile(struct hidp__cluster_reading *r, const struct hidp__json *at,
                                const struct hidp__json *profile,
                                const struct hidp_node_desc *otherwise)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	hidp_node_id id = 0;
	hidp_status s = hidp__json_check_format(profile, "hidp-node");
	if (s == HIDP_OK)
		s = hidp__json_read(profile, &node_table, PROFILE,
		                    "a node profile", &d);
	if (s != HIDP_OK)
		return s;
	if (otherwise->name != NULL)
		d.name = otherwise->name;
	d.flags |= otherwise->flags;
	s = read_written_node(r, profile, at, &d, &id);
	return s == HIDP_OK ? read_loads(r, at, profile, id) : s;
}

static bool is_profile_name(const char *name)
{
	static const char allowed[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t length = strlen(name);
	return length > 0 && length <= HIDP_NAME_MAX && strspn(name, allowed) == length;
}

static hidp_status read_profiled_node(struct hidp__cluster_reading *r, const struct hidp__json *at)
{
	struct hidp_node_desc otherwise = HIDP_NODE_DESC_INIT;
	struct hidp__json_document document;
	struct hidp__json name_at, profile;
	const char *name, *text = NULL;
	size_t length = 0;
	hidp_status s = hidp__json_read(at, &node_table, PROFILED,
	                                "a node with a profile", &otherwise);
	if (s != HIDP_OK)
		return s;
	hidp__json_member(at, "profile", &name_at);
	if ((s = hidp__json_get_text(&name_at, &name)) != HIDP_OK)
		return s;
	if (!is_profile_name(name))
		return hidp__json_fail(&name_at, HIDP_ERR_CLUSTER,
		                       "name of a profile must be letters, digits, '_' and '-'");
	if (r->profile == NULL)
		return hidp__json_fail(&name_at, HIDP_ERR_CLUSTER,
		                       "profiles cannot be looked up here; write the node out");
	s = r->profile(r->user_data, name, &text, &length);
	if (s == HIDP_ERR_NOMEM)
		return hidp__json_no_memory(at);
	if (s != HIDP_OK || text == NULL)
		return hidp__json_fail(&name_at, HIDP_ERR_CLUSTER, "there is no profile \"%.48s\"",
		                       name);
	/* what is wrong inside the profile is reported with its lines and columns */
	s = hidp__json_open(&document, name, text, length, at->document->diagnostic, &profile);
	if (s != HIDP_OK)
		return s;
	s = read_profile(r, at, &profile, &otherwise);
	hidp__json_close_document(&document);
	return s;
}

static hidp_status read_node(struct hidp__cluster_reading *r, const struct hidp__json *at)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	struct hidp__json profile;
	hidp_node_id id = 0;
	if (hidp__json_member(at, "profile", &profile))
		return read_profiled_node(r, at);
	hidp_status s = hidp__json_read(at, &node_table, INLINE,
	                                "a node without a profile", &d);
	return s == HIDP_OK ? read_written_node(r, at, at, &d, &id) : s;
}

hidp_status hidp__nodes_read(struct hidp__cluster_reading *r, const struct hidp__json *at)
{
	struct hidp__json list;
	uint32_t count;
	hidp__json_member(at, "nodes", &list);
	hidp_status s = hidp__json_list(&list, HIDP_CLUSTER_NODES_MAX, "nodes", &count);
	if (s != HIDP_OK)
		return s;
	if (count == 0)
		return hidp__json_fail(&list, HIDP_ERR_CLUSTER, "cluster has no nodes");
	r->nodes.items = hidp__arena_alloc(&r->arena, count, sizeof *r->nodes.items);
	if (r->nodes.items == NULL)
		return hidp__json_no_memory(at);
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_node(r, &item);
	}
	hidp__json_names_sort(&r->nodes);
	return s;
}

static void write_classes(struct hidp__json_writer *w, const char *key, const double *figures)
{
	hidp__json_open_flat_object(w, key);
	hidp__json_put_fields(w, &class_table, HIDP__JSON_ALL, false,
	                      figures);
	hidp__json_close(w);
}

static void write_processor(struct hidp__json_writer *w, const struct hidp_processor_desc *p)
{
	hidp__json_open_object(w, NULL);
	hidp__json_put_fields(w, &processor_table,
	                      HIDP__JSON_ALL, false, p);
	if (p->core_count != 0) {
		hidp__json_open_flat_list(w, "core_ids");
		for (uint32_t i = 0; i < p->core_count; i++)
			hidp__json_put_int(w, NULL, p->core_ids[i]);
		hidp__json_close(w);
	}
	write_classes(w, "rate_flops", p->rate_flops);
	write_classes(w, "bandwidth_Bps", p->bandwidth_Bps);
	hidp__json_close(w);
}

void hidp__node_write(struct hidp__json_writer *w, const struct hidp__node *n)
{
	hidp__json_open_object(w, NULL);
	hidp__json_put_fields(w, &node_table, INLINE, false, &n->desc);
	hidp__json_open_list(w, "processors");
	for (uint32_t p = 0; p < n->processor_count; p++)
		write_processor(w, &n->processors[p]);
	hidp__json_close(w);
	hidp__json_close(w);
}
