/* SPDX-License-Identifier: MIT */
/* This machine as a cluster of one node. */
#include "cli.h"

#if HAVE_HWLOC
#include <hidp-hwloc.h>

struct hidp_cluster *this_machine(struct hidp_context *context, const char *name,
                                  uint32_t granularity)
{
	struct hidp_hwloc_options options = HIDP_HWLOC_OPTIONS_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *cluster = NULL;
	options.name = name;
	options.granularity = granularity;
	hidp_status s = hidp_cluster_builder_new(context, &builder);
	if (s == HIDP_OK) {
		s = hidp_hwloc_describe(&options, builder, NULL, &said);
		if (s == HIDP_OK)
			s = hidp_cluster_builder_seal(builder, &cluster, &said);
		hidp_cluster_builder_destroy(builder);
	}
	if (s != HIDP_OK)
		complain_status("this machine", s, &said);
	return cluster;
}
#else
struct hidp_cluster *this_machine(struct hidp_context *context, const char *name,
                                  uint32_t granularity)
{
	(void)context;
	(void)name;
	(void)granularity;
	complain("this build cannot find out about the machine (hwloc): give a cluster");
	return NULL;
}
#endif
