/* SPDX-License-Identifier: MIT */
#include "scenario.h"

static hidp_status new_builder(struct fixture *f)
{
	ACT_MAKING(hidp_cluster_builder, hidp_cluster_builder_new(f->context, &made));
}

static hidp_status builder_from(struct fixture *f)
{
	ACT_MAKING(hidp_cluster_builder, hidp_cluster_builder_from(f->cluster, &made));
}

static void release_builder(struct fixture *f)
{
	hidp_cluster_builder_destroy(f->out->object);
}

static hidp_status add_nodes(struct fixture *f)
{
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	processor.rate_flops[HIDP_CLASS_CONV] = 1e9;
	for (int i = 0; i < 20; i++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		hidp_node_id id = 0;
		hidp_status s = hidp_cluster_builder_add_node(f->cluster_builder, &node, &id,
		                                              &f->diagnostic);
		if (s == HIDP_OK)
			s = hidp_cluster_builder_add_processor(f->cluster_builder, id, &processor,
			                                       NULL, &f->diagnostic);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status add_node(struct fixture *f)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	return hidp_cluster_builder_add_node(f->cluster_builder, &node, &f->out->id,
	                                     &f->diagnostic);
}

static hidp_status add_processors(struct fixture *f)
{
	uint32_t cores[200] = {0};
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	processor.rate_flops[HIDP_CLASS_CONV] = 1e9;
	processor.core_ids = cores;
	processor.core_count = 200;
	for (int i = 0; i < 20; i++) {
		hidp_status s = hidp_cluster_builder_add_processor(
		        f->cluster_builder, 1, &processor, NULL, &f->diagnostic);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status add_processor(struct fixture *f)
{
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	processor.rate_flops[HIDP_CLASS_CONV] = 1e9;
	return hidp_cluster_builder_add_processor(f->cluster_builder, 1, &processor, &f->out->id,
	                                          &f->diagnostic);
}

static hidp_status add_medium(struct fixture *f)
{
	return hidp_cluster_builder_add_medium(f->cluster_builder, "ether", &f->out->id,
	                                       &f->diagnostic);
}

static hidp_status add_media(struct fixture *f)
{
	hidp_status s = HIDP_OK;
	for (int i = 0; s == HIDP_OK && i < 200; i++)
		s = hidp_cluster_builder_add_medium(f->cluster_builder, NULL, NULL, &f->diagnostic);
	return s;
}

static hidp_status add_links(struct fixture *f)
{
	struct hidp_cluster_builder *builder = NULL;
	hidp_status s = hidp_cluster_builder_new(f->context, &builder);
	for (int i = 0; s == HIDP_OK && i < 12; i++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		s = hidp_cluster_builder_add_node(builder, &node, NULL, &f->diagnostic);
	}
	for (uint32_t i = 1; s == HIDP_OK && i < 12; i++) {
		struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
		link.flags = HIDP_LINK_BOTH_WAYS;
		link.to = i;
		link.bandwidth_Bps = 1e6;
		s = hidp_cluster_builder_add_link(builder, &link, &f->diagnostic);
	}
	hidp_cluster_builder_destroy(builder);
	return s;
}

static hidp_status link_all(struct fixture *f)
{
	struct hidp_cluster_builder *builder = NULL;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	link.bandwidth_Bps = 1e6;
	hidp_status s = hidp_cluster_builder_new(f->context, &builder);
	for (int i = 0; s == HIDP_OK && i < 12; i++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		s = hidp_cluster_builder_add_node(builder, &node, NULL, &f->diagnostic);
	}
	if (s == HIDP_OK)
		s = hidp_cluster_builder_link_all(builder, &link, &f->diagnostic);
	hidp_cluster_builder_destroy(builder);
	return s;
}

static hidp_status edit(struct fixture *f)
{
	hidp_status s = hidp_cluster_builder_set_load(f->cluster_builder, 0, 1, 0.5, NULL);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_set_available(f->cluster_builder, 2, false, NULL);
	if (s == HIDP_OK)
		s = hidp_cluster_builder_remove_link(f->cluster_builder, 0, 1, NULL);
	return s;
}

static hidp_status seal(struct fixture *f)
{
	ACT_MAKING(hidp_cluster,
	           hidp_cluster_builder_seal(f->cluster_builder, &made, &f->diagnostic));
}

static void release_cluster(struct fixture *f)
{
	f->out->count = hidp_cluster_node_count(f->out->object);
	hidp_cluster_unref(f->out->object);
}

static hidp_status read_cluster(struct fixture *f)
{
	struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
	struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
	f->out->count = hidp_cluster_node_count(f->cluster) +
	                10 * hidp_cluster_processor_count(f->cluster, 2) +
	                100 * hidp_cluster_medium_count(f->cluster) +
	                1000 * hidp_cluster_next_hop(f->cluster, 0, 2);
	f->out->needed = strlen(hidp_cluster_medium_name(f->cluster, 0));
	hidp_status s = hidp_cluster_find(f->cluster, "node2", &f->out->id);
	if (s == HIDP_OK)
		s = hidp_cluster_node(f->cluster, 2, &node);
	if (s == HIDP_OK)
		s = hidp_cluster_processor(f->cluster, 2, 1, &processor);
	if (s == HIDP_OK)
		s = hidp_cluster_link(f->cluster, 0, 1, &link);
	return s;
}

static hidp_status from_string(struct fixture *f)
{
	const char *text = "2*cpu:50,gpu:400; cpu:20 | lan 940M 0.25ms";
	ACT_MAKING(hidp_cluster,
	           hidp_cluster_from_string(f->context, text, &made, &f->diagnostic));
}

static hidp_status from_wrong_string(struct fixture *f)
{
	const char *text = "2*cpu:50,gpu:400; cpu:20 | lan 940M soon";
	ACT_MAKING(hidp_cluster,
	           hidp_cluster_from_string(f->context, text, &made, &f->diagnostic));
}

static hidp_status from_json(struct fixture *f)
{
	const char *text = f->cluster_json != NULL ? f->cluster_json : "{}";
	ACT_MAKING(hidp_cluster, hidp_cluster_from_json(f->context, text, strlen(text), NULL, NULL,
	                                                &made, &f->diagnostic));
}

static hidp_status from_broken_json(struct fixture *f)
{
	const char *text = f->cluster_json != NULL ? f->cluster_json : "{}";
	ACT_MAKING(hidp_cluster, hidp_cluster_from_json(f->context, text, strlen(text) / 2, NULL,
	                                                NULL, &made, &f->diagnostic));
}

static hidp_status to_json(struct fixture *f)
{
	return hidp_cluster_to_json(f->cluster, f->out->text, sizeof f->out->text,
	                            &f->out->needed);
}

const struct scenario cluster_scenarios[] = {
        {"hidp_cluster_builder_new", "", ALLOCATES, new_builder, release_builder, HIDP_OK, 0},
        {"hidp_cluster_builder_from", "", ALLOCATES, builder_from, release_builder, HIDP_OK, 0},
        {"hidp_cluster_builder_add_node", "one", MAY, add_node, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_add_node", "many", ALLOCATES, add_nodes, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_add_processor", "one", MAY, add_processor, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_add_processor", "many", ALLOCATES, add_processors, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_add_medium", "one", MAY, add_medium, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_add_medium", "many", ALLOCATES, add_media, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_add_link", "", ALLOCATES, add_links, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_link_all", "", ALLOCATES, link_all, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_set_load hidp_cluster_builder_set_available "
         "hidp_cluster_builder_remove_link",
         "", NEVER, edit, NULL, HIDP_OK, 0},
        {"hidp_cluster_builder_seal", "", ALLOCATES, seal, release_cluster, HIDP_OK, 0},
        {"hidp_cluster_node_count hidp_cluster_processor_count hidp_cluster_medium_count "
         "hidp_cluster_next_hop hidp_cluster_medium_name hidp_cluster_find hidp_cluster_node "
         "hidp_cluster_processor hidp_cluster_link",
         "", NEVER, read_cluster, NULL, HIDP_OK, 0},
        {"hidp_cluster_from_string", "", ALLOCATES, from_string, release_cluster, HIDP_OK, 0},
        {"hidp_cluster_from_string", "wrong", ALLOCATES, from_wrong_string, NULL, HIDP_ERR_SYNTAX,
         0},
        {"hidp_cluster_from_json", "", JSON, from_json, release_cluster, HIDP_OK, FIXTURE_TEXTS},
        {"hidp_cluster_from_json", "cut short", JSON, from_broken_json, NULL, HIDP_ERR_SYNTAX,
         FIXTURE_TEXTS},
        {"hidp_cluster_to_json", "", JSON, to_json, NULL, HIDP_OK, 0},
        {0},
};
