/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char *const objective_names[4] = {"latency", "period", "energy", "weighted"};

int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void show_options(const struct hidp_plan_options *o)
{
	printf("options: objective %" PRIu32 ", flags 0x%" PRIx32 ", leader %" PRIu32
	       ", input at %" PRIu32 ", output at %" PRIu32 "\n",
	       o->objective, o->flags, o->leader, o->input_node, o->output_node);
	printf("weights: latency %g, period %g, energy %g, migration %g\n", o->latency_weight,
	       o->period_weight, o->energy_weight, o->migration_weight);
	printf("limits: latency %.17g, period %.17g, energy %.17g\n", o->latency_limit_s,
	       o->period_limit_s, o->energy_limit_j);
	for (size_t i = 0; i < o->pin_count; i++)
		printf("pin: layer %" PRIu32 " to node %" PRIu32 ", processor %" PRId32 "\n",
		       o->pin_layers[i], o->pin_nodes[i], (int32_t)o->pin_processors[i]);
	for (size_t i = 0; i < o->excluded_count; i++)
		printf("excluded: node %" PRIu32 ", processor %" PRId32 "\n", o->excluded_nodes[i],
		       (int32_t)o->excluded_processors[i]);
	for (size_t i = 0; i < o->resident_count; i++)
		printf("resident: layer %" PRIu32 " on node %" PRIu32 "\n", o->resident_layers[i],
		       o->resident_nodes[i]);
}

static void show_costs(const struct random_instance *in)
{
	printf("costs (seconds, fixed for rows, fixed for channels):\n");
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(in->model); l++) {
		for (hidp_node_id n = 0; n < hidp_cluster_node_count(in->cluster); n++) {
			for (hidp_processor_id p = 0;
			     p < hidp_cluster_processor_count(in->cluster, n); p++) {
				struct hidp_cost_entry e = HIDP_COST_ENTRY_INIT;
				hidp_cost_get(in->model, in->cluster, in->cost, l, n, p, &e);
				if (e.flags & HIDP_COST_UNSUPPORTED)
					printf("  layer %" PRIu32 ", node %" PRIu32
					       ", processor %" PRIu32 ": cannot run\n",
					       l, n, p);
				else
					printf("  layer %" PRIu32 ", node %" PRIu32
					       ", processor %" PRIu32 ": %.6g %.6g %.6g\n",
					       l, n, p, e.seconds, e.row_fixed_s,
					       e.channel_fixed_s);
			}
		}
	}
}

void show_instance(const struct random_instance *instance)
{
	size_t length;
	printf("model:\n");
	if (hidp_model_to_json(instance->model, NULL, 0, &length) == HIDP_OK) {
		char *text = malloc(length + 1);
		hidp_model_to_json(instance->model, text, length + 1, NULL);
		printf("%s\n", text);
		free(text);
	}
	printf("cluster:\n");
	if (hidp_cluster_to_json(instance->cluster, NULL, 0, &length) == HIDP_OK) {
		char *text = malloc(length + 1);
		hidp_cluster_to_json(instance->cluster, text, length + 1, NULL);
		printf("%s\n", text);
		free(text);
	}
	if (instance->cost != NULL)
		show_costs(instance);
	show_options(&instance->options);
}

void show_plan(const char *title, const struct hidp_plan *plan)
{
	size_t length;
	printf("%s:%s\n", title, plan == NULL ? " none" : "");
	if (plan == NULL || hidp_plan_to_table(plan, NULL, 0, &length) != HIDP_OK)
		return;
	char *text = malloc(length + 1);
	hidp_plan_to_table(plan, text, length + 1, NULL);
	printf("%s\n", text);
	free(text);
}
