/* SPDX-License-Identifier: MIT */
/* Clusters, however the command line names them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char *const *board_folders(const char *boards, const char *folders[4])
{
	size_t count = 0;
	if (boards != NULL) {
		folders[count++] = boards;
	} else {
		folders[count++] = HIDP_BOARDS_INSTALLED;
		folders[count++] = HIDP_BOARDS_SOURCE;
	}
	folders[count] = NULL;
	return folders;
}

/* The file of a board or cluster; false if no folder has it. */
static bool find_board(const char *name, const char *boards, char path[PATH_MAX])
{
	const char *folders[4];
	if (strchr(name, '/') != NULL)
		return false;
	for (const char *const *folder = board_folders(boards, folders); *folder != NULL;
	     folder++) {
		int n = snprintf(path, PATH_MAX, "%s/%s.json", *folder, name);
		if (n > 0 && n < PATH_MAX && access(path, R_OK) == 0)
			return true;
	}
	return false;
}

const char *document_format(const char *text)
{
	static const char *const formats[] = {"hidp-node", "hidp-cluster"};
	const char *at = strstr(text, "\"format\"");
	if (at == NULL)
		return NULL;
	at += strlen("\"format\"");
	at += strspn(at, " \t\r\n:");
	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(formats[i]);
		if (at[0] == '"' && strncmp(at + 1, formats[i], length) == 0 &&
		    at[length + 1] == '"')
			return formats[i];
	}
	return NULL;
}

/* Profiles that a cluster names, kept until it has been read. */
struct profiles {
	const char *boards;
	struct profile {
		struct profile *next;
		char *text;
		char name[HIDP_NAME_MAX + 1];
		char path[PATH_MAX];
	} * list; /* the one that was asked for last comes first */
};

static hidp_status find_profile(void *user_data, const char *name, const char **text_out,
                                size_t *length_out)
{
	struct profiles *profiles = user_data;
	struct profile *profile = calloc(1, sizeof *profile);
	if (profile == NULL)
		return HIDP_ERR_NOMEM;
	snprintf(profile->name, sizeof profile->name, "%s", name);
	if (!find_board(name, profiles->boards, profile->path) ||
	    (profile->text = read_file(profile->path, length_out)) == NULL) {
		free(profile);
		return HIDP_ERR_ARGUMENT;
	}
	profile->next = profiles->list;
	profiles->list = profile;
	*text_out = profile->text;
	return HIDP_OK;
}

static void free_profiles(struct profiles *profiles)
{
	while (profiles->list != NULL) {
		struct profile *next = profiles->list->next;
		free(profiles->list->text);
		free(profiles->list);
		profiles->list = next;
	}
}

/* A mistake inside a profile has the profile's line and column, and begins with its name. */
static void complain_cluster(const char *place, hidp_status status, const struct profiles *profiles,
                             struct hidp_diagnostic *said)
{
	const struct profile *last = profiles->list;
	size_t length = last != NULL ? strlen(last->name) : 0;
	if (last != NULL && said->line != 0 && strncmp(said->subject, last->name, length) == 0 &&
	    (said->subject[length] == ':' || said->subject[length] == '\0')) {
		const char *rest = said->subject + length + strspn(said->subject + length, ": ");
		memmove(said->subject, rest, strlen(rest) + 1);
		place = last->path;
	}
	complain_status(place, status, said);
}

static struct hidp_cluster *cluster_from_text(struct hidp_context *context, const char *place,
                                              const char *text, size_t length, const char *boards)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct profiles profiles = {.boards = boards};
	struct hidp_cluster *cluster = NULL;
	hidp_status s = hidp_cluster_from_json(context, text, length, find_profile, &profiles,
	                                       &cluster, &said);
	if (s != HIDP_OK)
		complain_cluster(place, s, &profiles, &said);
	free_profiles(&profiles);
	return cluster;
}

static struct hidp_cluster *cluster_from_file(struct hidp_context *context, const char *path,
                                              const char *boards)
{
	size_t length;
	char *text = read_file(path, &length);
	if (text == NULL)
		return NULL;
	struct hidp_cluster *cluster = cluster_from_text(context, path, text, length, boards);
	free(text);
	return cluster;
}

/* A board alone is a cluster of one node. */
static struct hidp_cluster *cluster_from_board(struct hidp_context *context, const char *name,
                                               const char *path, const char *boards)
{
	size_t length;
	char *text = read_file(path, &length), document[HIDP_NAME_MAX + 128];
	if (text == NULL)
		return NULL;
	const char *format = document_format(text);
	bool node = format != NULL && strcmp(format, "hidp-node") == 0;
	struct hidp_cluster *cluster = NULL;
	if (node) {
		int n = snprintf(document, sizeof document,
		                 "{\"format\":\"hidp-cluster\",\"version\":1,"
		                 "\"nodes\":[{\"profile\":\"%s\"}]}",
		                 name);
		if (n > 0 && (size_t)n < sizeof document)
			cluster = cluster_from_text(context, path, document, (size_t)n, boards);
	} else {
		cluster = cluster_from_text(context, path, text, length, boards);
	}
	free(text);
	return cluster;
}

static struct hidp_cluster *cluster_from_line(struct hidp_context *context, const char *line)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster = NULL;
	hidp_status s = hidp_cluster_from_string(context, line, &cluster, &said);
	if (s == HIDP_OK)
		return cluster;
	if (said.column == 0) {
		complain_status("cluster", s, &said);
		return NULL;
	}
	complain("cluster: %s, at the mark:", said.message);
	fprintf(stderr, "  %s\n  %*s^\n", line, (int)said.column - 1, "");
	return NULL;
}

struct hidp_cluster *load_cluster(struct hidp_context *context, const char *name,
                                  const char *boards)
{
	char path[PATH_MAX];
	if (strcmp(name, "-") == 0 || access(name, F_OK) == 0)
		return cluster_from_file(context, name, boards);
	if (strpbrk(name, "|:") != NULL)
		return cluster_from_line(context, name);
	if (find_board(name, boards, path))
		return cluster_from_board(context, name, path, boards);
	complain("%s: no such file, board or cluster ('hidp boards' lists them)", name);
	return NULL;
}
