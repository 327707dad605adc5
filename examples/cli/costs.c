/* SPDX-License-Identifier: MIT */
/* Cost tables, as "FILE" or "NODE=FILE". */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* "NODE=FILE", unless there is a file of that name; names may contain '=', so all are tried. */
static const char *split_node(const struct hidp_cluster *cluster, const char *item,
                              hidp_node_id *node_out)
{
	char name[HIDP_NAME_MAX + 1];
	*node_out = HIDP_NODE_NONE;
	if (access(item, F_OK) == 0)
		return item;
	for (const char *e = strchr(item, '='); e != NULL; e = strchr(e + 1, '=')) {
		size_t length = (size_t)(e - item);
		if (length >= sizeof name)
			break;
		memcpy(name, item, length);
		name[length] = '\0';
		if (hidp_cluster_find(cluster, name, node_out) == HIDP_OK)
			return e + 1;
	}
	return item;
}

static bool load_one(struct hidp_cost_builder *builder, const struct hidp_cluster *cluster,
                     const char *item)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_node_id node;
	size_t length;
	const char *path = split_node(cluster, item, &node);
	if (node == HIDP_NODE_NONE && strchr(item, '=') != NULL && access(item, F_OK) != 0) {
		complain_place(cluster, "cost", item);
		return false;
	}
	char *text = read_file(path, &length);
	if (text == NULL)
		return false;
	hidp_status s = hidp_cost_builder_add_json(builder, text, length, node, &said);
	if (s != HIDP_OK)
		complain_status(path, s, &said);
	free(text);
	return s == HIDP_OK;
}

bool load_costs(const struct hidp_model *model, const struct hidp_cluster *cluster,
                const struct list *files, struct hidp_cost **cost_out)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost_builder *builder;
	*cost_out = NULL;
	if (files->count == 0)
		return true;
	hidp_status s = hidp_cost_builder_new(model, cluster, &builder);
	if (s != HIDP_OK) {
		complain_status("costs", s, NULL);
		return false;
	}
	bool ok = true;
	for (size_t i = 0; i < files->count && ok; i++)
		ok = load_one(builder, cluster, files->items[i]);
	if (ok && (s = hidp_cost_builder_seal(builder, cost_out, &said)) != HIDP_OK) {
		complain_status("costs", s, &said);
		ok = false;
	}
	hidp_cost_builder_destroy(builder);
	return ok;
}
