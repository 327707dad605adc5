/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the files of some folders: replay FOLDER... */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a folder's files, in order; what begins with a dot is left out. */
static char **list_folder(const char *folder, size_t *count_out)
{
	size_t count = 0, room = 0;
	char **names = NULL;
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		perror(folder);
		exit(2);
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		if (count == room) {
			room = room * 2 + 16;
			names = realloc(names, room * sizeof *names);
			FUZZ_MUST(names != NULL);
		}
		names[count] = malloc(strlen(entry->d_name) + 1);
		FUZZ_MUST(names[count] != NULL);
		strcpy(names[count++], entry->d_name);
	}
	closedir(dir);
	if (count != 0)
		qsort(names, count, sizeof *names, compare);
	*count_out = count;
	return names;
}

static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
		perror(path);
		exit(2);
	}
	long size = ftell(file);
	rewind(file);
	/* exactly as long as the input, so that tools see a byte read behind it */
	uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
	FUZZ_MUST(data != NULL && size >= 0);
	if (fread(data, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(2);
	}
	fclose(file);
	/* named before it runs, as it may end the program */
	printf("# %s, %ld bytes\n", path, size);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
}

int main(int argc, char **argv)
{
	size_t total = 0;
	for (int i = 1; i < argc; i++) {
		size_t count;
		char **names = list_folder(argv[i], &count);
		for (size_t k = 0; k < count; k++) {
			char path[4096];
			snprintf(path, sizeof path, "%s/%s", argv[i], names[k]);
			run_file(path);
			free(names[k]);
		}
		free(names);
		total += count;
	}
	printf("# %zu inputs\n", total);
	return total == 0;
}
