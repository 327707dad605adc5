/* SPDX-License-Identifier: MIT */
#include <hidp/cluster.h>

#include "base/diagnostic.h"

#if HIDP_WITH_JSON

#include "base/context_priv.h"
#include "cluster/cluster_json.h"
#include "cluster/cluster_priv.h"

/* Variants of a link: one, or between all nodes. */
enum { LINK = 1, LAN = 2 };

static const struct hidp__json_field link_fields[] = {
        {"from", HIDP__JSON_OTHER, 0, 0, NULL, LINK, LINK},
        {"to", HIDP__JSON_OTHER, 0, 0, NULL, LINK, LINK},
        {"both_ways", HIDP__JSON_FLAG, offsetof(struct hidp_link_desc, flags),
         HIDP_LINK_BOTH_WAYS, NULL, LINK, 0},
        {"bandwidth_Bps", HIDP__JSON_REAL_INF, offsetof(struct hidp_link_desc, bandwidth_Bps), 0,
         NULL, 0, LINK | LAN},
        {"latency_s", HIDP__JSON_REAL, offsetof(struct hidp_link_desc, latency_s), 0, NULL, 0,
         LINK | LAN},
        {"wire_dtype", HIDP__JSON_WORD, offsetof(struct hidp_link_desc, wire_dtype), 0,
         &hidp__dtype_words, 0, 0},
        {"medium", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
};
static const struct hidp__json_table link_table = HIDP__JSON_TABLE(link_fields);

static const struct hidp__json_field cluster_fields[] = {
        {"format", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"version", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"nodes", HIDP__JSON_OTHER, 0, 0, NULL, 0, HIDP__JSON_ALL},
        {"media", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"lan", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
        {"links", HIDP__JSON_OTHER, 0, 0, NULL, 0, 0},
};
static const struct hidp__json_table cluster_table = HIDP__JSON_TABLE(cluster_fields);

static hidp_status read_media(struct hidp__cluster_reading *r, const struct hidp__json *at)
{
	struct hidp__json list;
	if (!hidp__json_member(at, "media", &list))
		return HIDP_OK;
	hidp_status s = hidp__json_list(&list, HIDP_CLUSTER_NODES_MAX, "media", &r->media.count);
	if (s != HIDP_OK)
		return s;
	r->media.items =
	        hidp__arena_alloc(&r->arena, (size_t)r->media.count + 1, sizeof *r->media.items);
	if (r->media.items == NULL)
		return hidp__json_no_memory(at);
	for (uint32_t i = 0; i < r->media.count; i++) {
		struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
		struct hidp__json item = hidp__json_item(&list, i);
		const char *name;
		if ((s = hidp__json_get_text(&item, &name)) != HIDP_OK)
			return s;
		s = hidp_cluster_builder_add_medium(r->builder, name, NULL, &said);
		if (s != HIDP_OK)
			return hidp__json_adopt(&item, s, HIDP_ERR_CLUSTER, &said);
		r->media.items[i] = (struct hidp__json_name){name, i};
	}
	hidp__json_names_sort(&r->media);
	return HIDP_OK;
}

/* What links and LANs have in common. */
static hidp_status read_link_figures(struct hidp__cluster_reading *r, const struct hidp__json *at,
                                     uint32_t variant, struct hidp_link_desc *d)
{
	struct hidp__json medium;
	hidp_status s = hidp__json_read(at, &link_table, variant,
	                                variant == LAN ? "\"lan\"" : NULL, d);
	if (s == HIDP_OK && hidp__json_member(at, "medium", &medium))
		s = hidp__json_get_name(&medium, &r->media, HIDP_ERR_CLUSTER, "medium", &d->medium);
	return s;
}

static hidp_status read_lan(struct hidp__cluster_reading *r, const struct hidp__json *at)
{
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__json lan;
	if (!hidp__json_member(at, "lan", &lan))
		return HIDP_OK;
	hidp_status s = read_link_figures(r, &lan, LAN, &d);
	if (s != HIDP_OK)
		return s;
	s = hidp_cluster_builder_link_all(r->builder, &d, &said);
	return s != HIDP_OK ? hidp__json_adopt(&lan, s, HIDP_ERR_CLUSTER, &said) : HIDP_OK;
}

static hidp_status read_end(struct hidp__cluster_reading *r, const struct hidp__json *at,
                            const char *key, hidp_node_id *out)
{
	struct hidp__json end;
	hidp__json_member(at, key, &end);
	return hidp__json_get_name(&end, &r->nodes, HIDP_ERR_CLUSTER, "node", out);
}

/* Notes that a link is given; false if it was before. */
static bool mark_given(struct hidp__cluster_reading *r, hidp_node_id from, hidp_node_id to)
{
	size_t bit = (size_t)from * r->nodes.count + to;
	bool fresh = !(r->given[bit / 8] & 1u << bit % 8);
	r->given[bit / 8] |= (unsigned char)(1u << bit % 8);
	return fresh;
}

static hidp_status read_link(struct hidp__cluster_reading *r, const struct hidp__json *at)
{
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = read_link_figures(r, at, LINK, &d);
	if (s == HIDP_OK)
		s = read_end(r, at, "from", &d.from);
	if (s == HIDP_OK)
		s = read_end(r, at, "to", &d.to);
	if (s != HIDP_OK)
		return s;
	if (!mark_given(r, d.from, d.to) ||
	    ((d.flags & HIDP_LINK_BOTH_WAYS) && !mark_given(r, d.to, d.from)))
		return hidp__json_fail(at, HIDP_ERR_CLUSTER, "link is given twice");
	s = hidp_cluster_builder_add_link(r->builder, &d, &said);
	return s != HIDP_OK ? hidp__json_adopt(at, s, HIDP_ERR_CLUSTER, &said) : HIDP_OK;
}

static hidp_status read_links(struct hidp__cluster_reading *r, const struct hidp__json *at)
{
	struct hidp__json list;
	uint32_t count;
	size_t pairs = (size_t)r->nodes.count * r->nodes.count;
	if (!hidp__json_member(at, "links", &list))
		return HIDP_OK;
	hidp_status s = hidp__json_list(&list, pairs, "links", &count);
	if (s != HIDP_OK)
		return s;
	r->given = hidp__arena_calloc(&r->arena, pairs / 8 + 1, 1);
	if (r->given == NULL)
		return hidp__json_no_memory(at);
	for (uint32_t i = 0; i < count && s == HIDP_OK; i++) {
		struct hidp__json item = hidp__json_item(&list, i);
		s = read_link(r, &item);
	}
	return s;
}

hidp_status hidp__cluster_read(struct hidp_context *ctx, const struct hidp__json *at,
                               hidp_profile_fn profile, void *user_data,
                               struct hidp_cluster **cluster_out)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp__cluster_reading r = {.profile = profile, .user_data = user_data};
	hidp_status s = hidp__json_check_format(at, "hidp-cluster");
	if (s == HIDP_OK)
		s = hidp__json_read(at, &cluster_table,
		                    HIDP__JSON_ALL, NULL, NULL);
	if (s != HIDP_OK)
		return s;
	if (hidp_cluster_builder_new(ctx, &r.builder) != HIDP_OK)
		return hidp__json_no_memory(at);
	hidp__arena_init(&r.arena, ctx);
	if ((s = hidp__nodes_read(&r, at)) == HIDP_OK && (s = read_media(&r, at)) == HIDP_OK &&
	    (s = read_lan(&r, at)) == HIDP_OK && (s = read_links(&r, at)) == HIDP_OK) {
		s = hidp_cluster_builder_seal(r.builder, cluster_out, &said);
		if (s != HIDP_OK)
			s = hidp__json_adopt(at, s, HIDP_ERR_CLUSTER, &said);
	}
	hidp__arena_destroy(&r.arena);
	hidp_cluster_builder_destroy(r.builder);
	return s;
}

static bool same_link(const struct hidp__link *a, const struct hidp__link *b)
{
	return a->stated_Bps == b->stated_Bps && a->latency_s == b->latency_s &&
	       a->wire_dtype == b->wire_dtype && a->medium == b->medium;
}

/* If all nodes are linked with each other: what most of the links are like (Boyer and Moore). */
static const struct hidp__link *usual_link(const struct hidp_cluster *c)
{
	const struct hidp__link *usual = NULL;
	size_t lead = 0, pairs = (size_t)c->node_count * c->node_count;
	for (size_t i = 0; i < pairs; i++) {
		const struct hidp__link *l = &c->links[i];
		if (i % c->node_count == i / c->node_count)
			continue;
		if (!(l->bandwidth_Bps > 0))
			return NULL;
		if (lead == 0)
			usual = l;
		if (same_link(l, usual))
			lead++;
		else
			lead--;
	}
	return usual;
}

static void write_link(struct hidp__json_writer *w, const char *key, const struct hidp_cluster *c,
                       hidp_node_id from, hidp_node_id to, bool both_ways,
                       const struct hidp__link *l)
{
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	d.flags = both_ways ? HIDP_LINK_BOTH_WAYS : 0;
	d.bandwidth_Bps = l->stated_Bps;
	d.latency_s = l->latency_s;
	d.wire_dtype = l->wire_dtype;
	hidp__json_open_flat_object(w, key);
	if (key == NULL) {
		hidp__json_put_text(w, "from", c->nodes[from].desc.name);
		hidp__json_put_text(w, "to", c->nodes[to].desc.name);
	}
	hidp__json_put_fields(w, &link_table,
	                      key == NULL ? LINK : LAN, false, &d);
	if (l->medium != HIDP_MEDIUM_NONE)
		hidp__json_put_text(w, "medium", c->media[l->medium]);
	hidp__json_close(w);
}

/* Is there a link that "lan" does not tell? */
static bool has_links_beside(const struct hidp_cluster *c, const struct hidp__link *usual)
{
	for (size_t i = 0; i < (size_t)c->node_count * c->node_count; i++)
		if (c->links[i].bandwidth_Bps > 0 &&
		    (usual == NULL || !same_link(&c->links[i], usual)))
			return true;
	return false;
}

static void write_links(struct hidp__json_writer *w, const struct hidp_cluster *c)
{
	const struct hidp__link *usual = usual_link(c);
	if (usual != NULL)
		write_link(w, "lan", c, 0, 0, false, usual);
	if (!has_links_beside(c, usual))
		return;
	hidp__json_open_list(w, "links");
	for (hidp_node_id a = 0; a < c->node_count; a++) {
		for (hidp_node_id b = a + 1; b < c->node_count; b++) {
			const struct hidp__link *there = hidp__link(c, a, b);
			const struct hidp__link *back = hidp__link(c, b, a);
			bool there_too = there->bandwidth_Bps > 0 &&
			                 (usual == NULL || !same_link(there, usual));
			bool back_too = back->bandwidth_Bps > 0 &&
			                (usual == NULL || !same_link(back, usual));
			bool alike = there_too && back_too && same_link(there, back);
			if (there_too)
				write_link(w, NULL, c, a, b, alike, there);
			if (back_too && !alike)
				write_link(w, NULL, c, b, a, false, back);
		}
	}
	hidp__json_close(w);
}

void hidp__cluster_write(struct hidp__json_writer *w, const char *key,
                         const struct hidp_cluster *cluster)
{
	hidp__json_open_object(w, key);
	hidp__json_put_format(w, "hidp-cluster");
	hidp__json_open_list(w, "nodes");
	for (uint32_t n = 0; n < cluster->node_count; n++)
		hidp__node_write(w, &cluster->nodes[n]);
	hidp__json_close(w);
	if (cluster->medium_count != 0) {
		hidp__json_open_flat_list(w, "media");
		for (uint32_t m = 0; m < cluster->medium_count; m++)
			hidp__json_put_text(w, NULL, cluster->media[m]);
		hidp__json_close(w);
	}
	write_links(w, cluster);
	hidp__json_close(w);
}

hidp_status hidp_cluster_from_json(struct hidp_context *context, const char *text, size_t length,
                                   hidp_profile_fn profile, void *user_data,
                                   struct hidp_cluster **cluster_out,
                                   struct hidp_diagnostic *diagnostic)
{
	struct hidp__json_document document;
	struct hidp__json root;
	if (context == NULL || text == NULL || cluster_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL, "an argument is NULL");
	hidp_status s = hidp__json_open(&document, NULL, text, length, diagnostic, &root);
	if (s != HIDP_OK)
		return s;
	s = hidp__cluster_read(context, &root, profile, user_data, cluster_out);
	hidp__json_close_document(&document);
	return s;
}

hidp_status hidp_cluster_to_json(const struct hidp_cluster *cluster, char *buffer, size_t size,
                                 size_t *needed_out)
{
	struct hidp__text text;
	struct hidp__json_writer w;
	if (cluster == NULL || !hidp__text_begin(&text, buffer, size))
		return HIDP_ERR_ARGUMENT;
	hidp__json_begin(&w, &text);
	hidp__cluster_write(&w, NULL, cluster);
	return hidp__text_end(&text, needed_out);
}

#else

hidp_status hidp_cluster_from_json(struct hidp_context *context, const char *text, size_t length,
                                   hidp_profile_fn profile, void *user_data,
                                   struct hidp_cluster **cluster_out,
                                   struct hidp_diagnostic *diagnostic)
{
	(void)context;
	(void)text;
	(void)length;
	(void)profile;
	(void)user_data;
	(void)cluster_out;
	return hidp__fail(diagnostic, HIDP_ERR_UNSUPPORTED, NULL,
	                  "this build of the library does not read JSON");
}

hidp_status hidp_cluster_to_json(const struct hidp_cluster *cluster, char *buffer, size_t size,
                                 size_t *needed_out)
{
	(void)cluster;
	(void)buffer;
	(void)size;
	(void)needed_out;
	return HIDP_ERR_UNSUPPORTED;
}

#endif
