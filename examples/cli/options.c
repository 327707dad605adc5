/* SPDX-License-Identifier: MIT */
/* Arguments that are words, and those that name things of a cluster. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct word {
	const char *word;
	uint32_t value;
};

static bool find_word(const struct word *words, const char *word, uint32_t *out)
{
	for (; words->word != NULL; words++) {
		if (strcmp(words->word, word) == 0) {
			*out = words->value;
			return true;
		}
	}
	return false;
}

bool find_objective(const char *text, uint32_t *out)
{
	static const struct word objectives[] = {{"latency", HIDP_OBJECTIVE_LATENCY},
	                                         {"period", HIDP_OBJECTIVE_PERIOD},
	                                         {"throughput", HIDP_OBJECTIVE_PERIOD},
	                                         {"energy", HIDP_OBJECTIVE_ENERGY},
	                                         {NULL, 0}};
	return find_word(objectives, text, out);
}

bool find_strategy(const char *text, uint32_t *out)
{
	static const struct word strategies[] = {{"auto", HIDP_STRATEGY_AUTO},
	                                         {"paper", HIDP_STRATEGY_PAPER},
	                                         {"single", HIDP_STRATEGY_SINGLE},
	                                         {NULL, 0}};
	return find_word(strategies, text, out);
}

bool list_add(struct list *list, const char *item)
{
	if (list->count == sizeof list->items / sizeof *list->items)
		return false;
	list->items[list->count++] = item;
	return true;
}

static bool find_processor(const struct hidp_cluster *cluster, hidp_node_id node, const char *name,
                           hidp_processor_id *out)
{
	uint32_t count = hidp_cluster_processor_count(cluster, node);
	for (hidp_processor_id p = 0; p < count; p++) {
		struct hidp_processor_desc desc = HIDP_PROCESSOR_DESC_INIT;
		if (hidp_cluster_processor(cluster, node, p, &desc) == HIDP_OK &&
		    strcmp(desc.name, name) == 0) {
			*out = p;
			return true;
		}
	}
	return false;
}

/* Names may contain slashes themselves, so every one of them is tried. */
bool find_place(const struct hidp_cluster *cluster, const char *text, hidp_node_id *node_out,
                hidp_processor_id *processor_out)
{
	char node[HIDP_NAME_MAX + 1];
	*processor_out = HIDP_PROCESSOR_NONE;
	if (hidp_cluster_find(cluster, text, node_out) == HIDP_OK)
		return true;
	for (const char *slash = strchr(text, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - text);
		if (length >= sizeof node)
			break;
		memcpy(node, text, length);
		node[length] = '\0';
		if (hidp_cluster_find(cluster, node, node_out) == HIDP_OK &&
		    find_processor(cluster, *node_out, slash + 1, processor_out))
			return true;
	}
	return false;
}

void complain_place(const struct hidp_cluster *cluster, const char *option, const char *item)
{
	char names[512] = "";
	size_t used = 0;
	uint32_t count = hidp_cluster_node_count(cluster);
	for (hidp_node_id n = 0; n < count; n++) {
		struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
		hidp_cluster_node(cluster, n, &desc);
		if (used + strlen(desc.name) + 32 > sizeof names) {
			snprintf(names + used, sizeof names - used, " and %u more", count - n);
			break;
		}
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
		                         n == 0 ? "" : ", ", desc.name);
	}
	complain("--%s %s: the cluster has no such node or processor; its nodes are %s", option,
	         item, names);
}

static bool apply_load(const struct hidp_cluster *cluster, struct hidp_cluster_builder *builder,
                       const char *item)
{
	const char *equals = strrchr(item, '=');
	char place[2 * HIDP_NAME_MAX + 2];
	hidp_node_id node;
	hidp_processor_id processor;
	double load;
	if (equals == NULL || !parse_number(equals + 1, &load) || !(load >= 0 && load <= 1)) {
		complain("--load %s: wanted NODE[/PROCESSOR]=LOAD, a load from 0 to 1", item);
		return false;
	}
	snprintf(place, sizeof place, "%.*s", (int)(equals - item), item);
	if (!find_place(cluster, place, &node, &processor)) {
		complain_place(cluster, "load", item);
		return false;
	}
	uint32_t count = hidp_cluster_processor_count(cluster, node);
	for (hidp_processor_id p = 0; p < count; p++)
		if (processor == HIDP_PROCESSOR_NONE || processor == p)
			hidp_cluster_builder_set_load(builder, node, p, load, NULL);
	return true;
}

bool apply_loads(struct hidp_cluster **cluster, const char *const *loads, size_t count)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *changed;
	if (count == 0)
		return true;
	hidp_status s = hidp_cluster_builder_from(*cluster, &builder);
	if (s != HIDP_OK) {
		complain_status("cluster", s, NULL);
		return false;
	}
	bool ok = true;
	for (size_t i = 0; i < count && ok; i++)
		ok = apply_load(*cluster, builder, loads[i]);
	if (ok && (s = hidp_cluster_builder_seal(builder, &changed, &said)) != HIDP_OK) {
		complain_status("cluster", s, &said);
		ok = false;
	}
	if (ok) {
		hidp_cluster_unref(*cluster);
		*cluster = changed;
	}
	hidp_cluster_builder_destroy(builder);
	return ok;
}
