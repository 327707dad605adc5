/* SPDX-License-Identifier: MIT */
/* The address book: where the nodes of a cluster are, and their public keys. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

/* Says what is wrong with `peers[i].member` of the file. */
static bool wrong(const char *path, size_t i, const char *member, const char *what)
{
	complain("%s: peers[%zu]%s%s: %s", path, i, member[0] != '\0' ? "." : "", member, what);
	return false;
}

/* A text of a peer: NULL if there is none. */
static bool take_text(const char *path, size_t i, const json_t *entry, const char *member,
                      bool required, const char **out)
{
	const json_t *value = json_object_get(entry, member);
	*out = NULL;
	if (value == NULL)
		return !required || wrong(path, i, member, "is missing");
	if (!json_is_string(value))
		return wrong(path, i, member, "is not a text");
	*out = json_string_value(value);
	return true;
}

static bool take_peer(const char *path, size_t i, const json_t *entry,
                      const struct hidp_cluster *cluster, struct peer *peers)
{
	static const char *const members[] = {"name", "endpoint", "public_key"};
	const char *texts[3], *key;
	json_t *value;
	hidp_node_id node;
	if (!json_is_object(entry))
		return wrong(path, i, "", "is not an object");
	json_object_foreach((json_t *)(uintptr_t)entry, key, value)
	{
		bool known = false;
		for (size_t m = 0; m < 3; m++)
			known |= strcmp(key, members[m]) == 0;
		if (!known)
			return wrong(path, i, key, "is unknown");
	}
	for (size_t m = 0; m < 3; m++)
		if (!take_text(path, i, entry, members[m], m < 2, &texts[m]))
			return false;
	if (hidp_cluster_find(cluster, texts[0], &node) != HIDP_OK)
		return wrong(path, i, texts[0], "the cluster has no such node");
	if (peers[node].endpoint != NULL)
		return wrong(path, i, texts[0], "the node is listed twice");
	peers[node].endpoint = strdup(texts[1]);
	peers[node].public_key = texts[2] != NULL ? strdup(texts[2]) : NULL;
	if (peers[node].endpoint == NULL || (texts[2] != NULL && peers[node].public_key == NULL))
		return wrong(path, i, "", "out of memory");
	return true;
}

static bool take_document(const char *path, const json_t *document,
                          const struct hidp_cluster *cluster, struct peer *peers)
{
	const char *format = json_string_value(json_object_get(document, "format")), *key;
	const json_t *list = json_object_get(document, "peers");
	json_t *value;
	if (format == NULL || strcmp(format, "hidp-peers") != 0 ||
	    json_integer_value(json_object_get(document, "version")) != 1) {
		complain("%s: this is no document of format hidp-peers, version 1", path);
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)document, key, value)
	{
		if (strcmp(key, "format") != 0 && strcmp(key, "version") != 0 &&
		    strcmp(key, "peers") != 0) {
			complain("%s: %s is unknown", path, key);
			return false;
		}
	}
	if (!json_is_array(list)) {
		complain("%s: peers: a list is wanted", path);
		return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!take_peer(path, i, json_array_get(list, i), cluster, peers))
			return false;
	return true;
}

struct peer *load_peers(const char *path, const struct hidp_cluster *cluster)
{
	uint32_t count = hidp_cluster_node_count(cluster);
	struct peer *peers = calloc(count, sizeof *peers);
	json_error_t error;
	size_t length;
	char *text = peers != NULL ? read_file(path, &length) : NULL;
	json_t *document =
		text != NULL ? json_loadb(text, length, JSON_REJECT_DUPLICATES, &error) : NULL;
	if (text != NULL && document == NULL)
		complain("%s:%d:%d: %s", path, error.line, error.column, error.text);
	bool ok = document != NULL && take_document(path, document, cluster, peers);
	json_decref(document);
	free(text);
	if (ok)
		return peers;
	free_peers(peers, count);
	return NULL;
}

void free_peers(struct peer *peers, uint32_t count)
{
	for (uint32_t n = 0; peers != NULL && n < count; n++) {
		free(peers[n].endpoint);
		free(peers[n].public_key);
	}
	free(peers);
}
