/* SPDX-License-Identifier: MIT */
/* Clusters of the boards of examples/boards/. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROFILES_MAX = 64 };

/* Texts that live until the cluster has been read. */
struct profiles {
	char *texts[PROFILES_MAX];
	size_t count;
};

static char *read_file(const char *path, size_t *length_out)
{
	char *text = NULL;
	size_t length = 0, room = 0, n;
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	do {
		if (length == room) {
			room = room != 0 ? 2 * room : 4096;
			text = realloc(text, room);
			if (text == NULL)
				bench_fail("out of memory");
		}
		n = fread(text + length, 1, room - length, file);
		length += n;
	} while (n != 0);
	if (ferror(file))
		bench_fail("%s: %s", path, strerror(errno));
	fclose(file);
	*length_out = length;
	return text;
}

static char *read_board(const char *name, size_t *length_out)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.json", BENCH_BOARDS, name);
	return read_file(path, length_out);
}

static hidp_status find_profile(void *user_data, const char *name, const char **text_out,
                                size_t *length_out)
{
	struct profiles *profiles = user_data;
	if (profiles->count == PROFILES_MAX)
		return HIDP_ERR_LIMIT;
	char *text = read_board(name, length_out);
	if (text == NULL)
		return HIDP_ERR_ARGUMENT;
	profiles->texts[profiles->count++] = text;
	*text_out = text;
	return HIDP_OK;
}

struct hidp_cluster *bench_cluster(struct hidp_context *context, const char *text, size_t length)
{
	struct profiles profiles = {.count = 0};
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster = NULL;
	bench_must(hidp_cluster_from_json(context, text, length, find_profile, &profiles, &cluster,
	                                  &said),
	           &said, "cluster");
	for (size_t i = 0; i < profiles.count; i++)
		free(profiles.texts[i]);
	return cluster;
}

struct hidp_cluster *bench_boards(struct hidp_context *context, const char *name)
{
	size_t length;
	char *text = read_board(name, &length);
	if (text == NULL)
		bench_fail("%s/%s.json: %s", BENCH_BOARDS, name, strerror(errno));
	struct hidp_cluster *cluster = bench_cluster(context, text, length);
	free(text);
	return cluster;
}
