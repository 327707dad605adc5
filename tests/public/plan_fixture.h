/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_PLAN_FIXTURE_H
#define HIDP_TESTS_PLAN_FIXTURE_H

#include <string.h>

#include <hidp/hidp.h>

#include "suite.h"

/*
 * Small models, clusters and plans that can be reckoned by hand. Everything lives
 * in one fixture; fixture_end() releases what was made. Calls that must succeed
 * fail the test otherwise.
 */
struct fixture {
	struct hidp_context *context;
	struct hidp_model_builder *model_builder;
	struct hidp_cluster_builder *cluster_builder;
	struct hidp_plan_builder *plan_builder;
	struct hidp_model *model;
	struct hidp_cluster *cluster;
	struct hidp_cost *cost;
	struct hidp_plan *plan;
	struct hidp_plan_options options;
	struct hidp_diagnostic diag;
};

void fixture_begin(struct fixture *f);
void fixture_end(struct fixture *f);

/* --- models: no fusing, fp32, width 1: a row has 4 bytes for each channel */

hidp_layer_id fixture_input(struct fixture *f, int64_t channels, int64_t rows);
/* A custom layer of one input that a window of `window` rows slides over; class custom. */
hidp_layer_id fixture_layer(struct fixture *f, hidp_layer_id input, int64_t channels, int64_t rows,
                            int64_t window, double flops, double weight_bytes);
/* The same with several inputs, all with that window, and more figures. */
hidp_layer_id fixture_custom(struct fixture *f, const hidp_layer_id *inputs, uint32_t count,
                             int64_t channels, int64_t rows, int64_t window, double flops,
                             double weight_bytes, double workspace_bytes, int64_t channel_grain,
                             uint32_t flags);
void fixture_seal_model(struct fixture *f);

/* --- clusters: one rate for all classes; 0: bytes take no time */

hidp_node_id fixture_node(struct fixture *f, struct hidp_node_desc desc);
hidp_processor_id fixture_processor(struct fixture *f, hidp_node_id node, double rate_flops,
                                    double bandwidth_Bps, struct hidp_processor_desc desc);
void fixture_link(struct fixture *f, hidp_node_id a, hidp_node_id b, double bandwidth_Bps,
                  double latency_s, hidp_medium_id medium);
void fixture_seal_cluster(struct fixture *f);

/* --- plans: each adds to what the last one of its parents was */

void fixture_plan(struct fixture *f);
void fixture_stage(struct fixture *f, hidp_stage_kind kind, uint32_t layers, int64_t row_units);
void fixture_share(struct fixture *f, hidp_node_id node, int64_t begin, int64_t end);
void fixture_replica(struct fixture *f, hidp_node_id node, double fraction);
void fixture_branch(struct fixture *f, hidp_node_id node, const hidp_layer_id *layers,
                    uint32_t count);
void fixture_step(struct fixture *f, hidp_step_kind kind, uint32_t layers);
void fixture_slice(struct fixture *f, hidp_processor_id processor, int64_t begin, int64_t end);
void fixture_branch_slice(struct fixture *f, hidp_processor_id processor,
                          const hidp_layer_id *layers, uint32_t count);
/* One step with one slice that has the next layers of the share. */
void fixture_single(struct fixture *f, uint32_t layers, hidp_processor_id processor);
/* A stage of one node and one processor; `computing` of its layers are no model inputs. */
void fixture_single_stage(struct fixture *f, uint32_t layers, uint32_t computing,
                          hidp_node_id node, hidp_processor_id processor);
/* Seals; the plan must also pass the verifier. */
void fixture_seal_plan(struct fixture *f);
/* Sealing must be refused. */
void fixture_refused(struct fixture *f, hidp_status status, const char *subject, const char *text);

/* --- figures, exact to 1e-12 */

void fixture_figures(const struct fixture *f, double latency_s, double period_s, double energy_j);
void fixture_node_figures(const struct fixture *f, hidp_node_id node, uint64_t memory_bytes,
                          uint64_t weight_bytes, double transmit_s, double receive_s,
                          double energy_j);
void fixture_processor_figures(const struct fixture *f, hidp_node_id node,
                               hidp_processor_id processor, uint64_t memory_bytes, double busy_s);
void assert_close(double value, double expected);

#endif
