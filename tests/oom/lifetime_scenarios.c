/* SPDX-License-Identifier: MIT */
#include "scenario.h"

static hidp_status new_context(struct fixture *f)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	options.alloc = allocator_alloc;
	options.free = allocator_free;
	options.alloc_user_data = &f->allocator;
	ACT_MAKING(hidp_context, hidp_context_new(&options, &made));
}

static void release_context(struct fixture *f)
{
	hidp_context_unref(f->out->object);
}

static hidp_status count_references(struct fixture *f)
{
	hidp_context_unref(hidp_context_ref(f->context));
	hidp_model_unref(hidp_model_ref(f->model));
	hidp_cluster_unref(hidp_cluster_ref(f->cluster));
	hidp_cost_unref(hidp_cost_ref(f->cost));
	hidp_plan_unref(hidp_plan_ref(f->plan));
	return HIDP_OK;
}

static hidp_status release_nothing(struct fixture *f)
{
	(void)f;
	hidp_context_unref(NULL);
	hidp_model_builder_destroy(NULL);
	hidp_model_unref(NULL);
	hidp_cluster_builder_destroy(NULL);
	hidp_cluster_unref(NULL);
	hidp_cost_builder_destroy(NULL);
	hidp_cost_unref(NULL);
	hidp_plan_builder_destroy(NULL);
	hidp_plan_unref(NULL);
	hidp_planner_destroy(NULL);
	return HIDP_OK;
}

static hidp_status initialise(struct fixture *f)
{
	struct hidp_layer_desc layer;
	struct hidp_node_desc node;
	struct hidp_processor_desc processor;
	struct hidp_link_desc link;
	struct hidp_cost_entry entry;
	struct hidp_plan_options options;
	hidp_layer_desc_init(&layer, sizeof layer);
	hidp_node_desc_init(&node, sizeof node);
	hidp_processor_desc_init(&processor, sizeof processor);
	hidp_link_desc_init(&link, sizeof link);
	hidp_cost_entry_init(&entry, sizeof entry);
	hidp_plan_options_init(&options, sizeof options);
	f->out->count = layer.struct_size + node.struct_size + processor.struct_size +
	                link.struct_size + entry.struct_size + options.struct_size;
	return HIDP_OK;
}

static hidp_status tell_versions(struct fixture *f)
{
	f->out->count = hidp_version();
	f->out->needed = strlen(hidp_version_string()) + strlen(hidp_status_string(HIDP_OK));
	return hidp_feature_supported(HIDP_FEATURE_OP, HIDP_OP_CONV) ? HIDP_OK
	                                                             : HIDP_ERR_UNSUPPORTED;
}

const struct scenario lifetime_scenarios[] = {
        {"hidp_context_new", "", ALLOCATES, new_context, release_context, HIDP_OK, 0},
        {"hidp_context_ref hidp_context_unref hidp_model_ref hidp_model_unref hidp_cluster_ref "
         "hidp_cluster_unref hidp_cost_ref hidp_cost_unref hidp_plan_ref hidp_plan_unref",
         "of living objects", NEVER, count_references, NULL, HIDP_OK, 0},
        {"hidp_model_builder_destroy hidp_cluster_builder_destroy hidp_cost_builder_destroy "
         "hidp_plan_builder_destroy hidp_planner_destroy",
         "of NULL", NEVER, release_nothing, NULL, HIDP_OK, 0},
        {"hidp_layer_desc_init hidp_node_desc_init hidp_processor_desc_init hidp_link_desc_init "
         "hidp_cost_entry_init hidp_plan_options_init",
         "", NEVER, initialise, NULL, HIDP_OK, 0},
        {"hidp_version hidp_version_string hidp_status_string hidp_feature_supported", "", NEVER,
         tell_versions, NULL, HIDP_OK, 0},
        {0},
};
