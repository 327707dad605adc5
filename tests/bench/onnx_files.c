/* SPDX-License-Identifier: MIT */
#include "onnx_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A file called model.onnx has its folder's name. */
static void one_file(const char *file, onnx_file_fn each, void *user_data)
{
	static const char end[] = "/model.onnx";
	char name[256];
	size_t length = strlen(file), tail = sizeof end - 1;
	if (length > tail && strcmp(file + length - tail, end) == 0)
		length -= tail;
	size_t from = length;
	while (from > 0 && file[from - 1] != '/')
		from--;
	snprintf(name, sizeof name, "%.*s", (int)(length - from), file + from);
	each(user_data, name, file);
}

void onnx_files(const struct bench *bench, onnx_file_fn each, void *user_data)
{
	size_t length = strlen(bench->files);
	if (length > 5 && strcmp(bench->files + length - 5, ".onnx") == 0) {
		one_file(bench->files, each, user_data);
		return;
	}
	struct dirent **entries;
	int count = scandir(bench->files, &entries, visible, alphasort), found = 0;
	for (int i = 0; i < count; i++) {
		char file[4096];
		snprintf(file, sizeof file, "%s/%s/model.onnx", bench->files, entries[i]->d_name);
		if (access(file, R_OK) == 0) {
			found++;
			if (bench_wanted(bench, entries[i]->d_name))
				each(user_data, entries[i]->d_name, file);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	if (found == 0)
		bench_fail("%s: neither an ONNX file nor a folder of NETWORK/model.onnx",
		           bench->files);
}
