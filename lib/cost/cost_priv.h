/* SPDX-License-Identifier: MIT */
#ifndef HIDP_COST_COST_PRIV_H
#define HIDP_COST_COST_PRIV_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/cost.h>

enum hidp__entry_state {
	HIDP__ENTRY_ANALYTIC = 0,
	HIDP__ENTRY_MEASURED = 1,
	HIDP__ENTRY_UNSUPPORTED = 2
};

struct hidp__entry {
	double seconds;
	double row_fixed_s;
	double channel_fixed_s;
	uint32_t state;
};

struct hidp_cost_builder {
	struct hidp_context *ctx;
	const struct hidp_model *model;
	const struct hidp_cluster *cluster;
	struct hidp__entry *entries; /* [layer * processors of all nodes + processor] */
	hidp_cost_fn callback;
	void *user_data;
};

struct hidp_cost {
	atomic_uint refs;
	struct hidp_context *ctx;
	uint32_t layer_count;
	uint32_t node_count;
	uint32_t processor_count;    /* of all nodes */
	uint32_t *first_processor;   /* [node_count] */
	struct hidp__entry *entries; /* [layer * processor_count + processor] */
};

static inline const struct hidp__entry *hidp__cost_entry(const struct hidp_cost *cost,
                                                         uint32_t layer, uint32_t processor)
{
	return &cost->entries[(size_t)layer * cost->processor_count + processor];
}

/* Was the cost source made for as many layers, nodes and processors? NULL (analytic) fits all. */
hidp_status hidp__cost_check(const struct hidp_cost *cost, const struct hidp_model *model,
                             const struct hidp_cluster *cluster,
                             struct hidp_diagnostic *diagnostic);

#endif
