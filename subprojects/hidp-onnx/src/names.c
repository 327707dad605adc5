/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <string.h>

/* Longer chains do not happen by chance: they would make reading a crafted file quadratic. */
#define CHAIN_MAX 256u

struct name {
	struct name *next;
	uint64_t hash;
	const char *text;
	void *what;
};

/* FNV-1a, with its upper bits brought down. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		hash = (hash ^ *p) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

hidp_status hidp_onnx__names_init(const struct graph *graph, struct names *names, uint64_t count)
{
	uint32_t buckets = 16;
	while (buckets < count && buckets < (uint32_t)1 << 30)
		buckets *= 2;
	names->buckets = hidp_onnx__take(graph->pool, buckets, sizeof *names->buckets);
	names->bucket_count = buckets;
	return names->buckets != NULL ? HIDP_OK : hidp_onnx__no_memory(graph);
}

/* The entry, or NULL; `length_out`: how many entries were looked at. */
static struct name *find(const struct names *names, const char *text, uint64_t hash,
                         uint32_t *length_out)
{
	struct name *name = names->buckets[hash & (names->bucket_count - 1)];
	*length_out = 0;
	for (; name != NULL; name = name->next, ++*length_out)
		if (name->hash == hash && strcmp(name->text, text) == 0)
			break;
	return name;
}

void *hidp_onnx__names_find(const struct names *names, const char *name)
{
	uint32_t length = 0;
	const struct name *entry = find(names, name, hash_of(name), &length);
	return entry != NULL ? entry->what : NULL;
}

hidp_status hidp_onnx__names_add(const struct graph *graph, struct names *names, const char *name,
                                 void *what, bool *added_out)
{
	uint64_t hash = hash_of(name);
	uint32_t length = 0;
	*added_out = false;
	if (find(names, name, hash, &length) != NULL)
		return HIDP_OK;
	if (length >= CHAIN_MAX)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_LIMIT,
		                       "its names are too hard to tell apart");
	struct name *entry = hidp_onnx__take(graph->pool, 1, sizeof *entry);
	if (entry == NULL)
		return hidp_onnx__no_memory(graph);
	struct name **bucket = &names->buckets[hash & (names->bucket_count - 1)];
	*entry = (struct name){*bucket, hash, name, what};
	*bucket = entry;
	*added_out = true;
	return HIDP_OK;
}
